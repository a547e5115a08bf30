"""Partitioners: what each says of a variable, and what is refused, by name."""

import math
import re

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import AbstractMesh
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import partitioners

from ..helpers.meshes import mesh_of

MESH = AbstractMesh((4, 2), ("data", "model"))


def spec_of(inherited, shape=(8, 6), mesh=MESH, stack=None, **arguments):
    """How the variable ``net/w`` is split, as a tuple."""

    def model(scope):
        scope = scope.with_options(partitioner=inherited) / "net"

        def ask(scope):
            scope.get_variable("w", shape, **arguments)

        jax.vmap(ask)(scope.stack(stack)) if stack else ask(scope)

    manifest = sj.transform(model).manifest()
    return tuple(manifest.shardings(mesh)["net"]["w"].spec)


def always(*entries):
    """A partitioner that answers this `PartitionSpec`."""
    return lambda shape, dtype: P(*entries)


# What each says


@pytest.mark.smoke
def test_without_a_partitioner_variables_are_whole():
    """And `replicated` switches an inherited one off."""
    assert spec_of(None) == ()
    assert spec_of(always("data"), partitioner=partitioners.replicated) == ()


def test_a_spec_may_leave_out_its_end():
    """Entries at the end may be missing, and one axis may have two of the mesh."""
    assert spec_of(always("data")) == ("data",)
    assert spec_of(always(("data", "model"))) == (("data", "model"),)
    assert spec_of(always(None, "model")) == (None, "model")


def test_by_name_takes_the_first_that_matches():
    """The table is read from its top; a rule may be a partitioner itself."""
    table = partitioners.by_name(
        {
            "net/w": partitioners.largest_axis("model"),
            re.compile(".*"): P("data"),
        }
    )
    assert spec_of(table) == ("model",)
    other = partitioners.by_name({"other/**": P("model"), "**": P("data")})
    assert spec_of(other) == ("data",)
    counts = partitioners.by_name({"**": lambda shape, dtype: [4, 1]})
    assert spec_of(counts) == ("data",)


def test_by_axes_follows_the_names_of_axes():
    """Named axes go to the mesh axes of the rules; unnamed ones are not split."""
    rules = partitioners.by_axes({"embed": "data", "mlp": "model", "heads": None})
    assert spec_of(rules, axes=("embed", "mlp")) == ("data", "model")
    assert spec_of(rules, axes=("heads", None)) == ()
    assert spec_of(rules) == ()
    both = partitioners.by_axes({"embed": ("data", "model")})
    assert spec_of(both, axes=("embed", None)) == (("data", "model"),)


SIZES = st.lists(st.sampled_from([1, 2, 3, 4, 6, 8, 12]), min_size=1, max_size=4)


@given(SIZES)
def test_the_largest_axis_that_comes_out_even(sizes):
    """It is the longest that the mesh axis divides; where none is, nothing is split."""
    entries = spec_of(partitioners.largest_axis("data"), tuple(sizes))
    even = [size for size in sizes if size % 4 == 0]
    if even:
        assert sizes[entries.index("data")] == max(even)
    assert entries.count("data") == bool(even)


@given(SIZES, st.integers(0, 200))
def test_fsdp_leaves_small_variables_whole(sizes, least):
    """Those of fewer numbers than asked for are not split; all others as above."""
    fsdp = partitioners.fsdp("data", min_size=least)
    largest = spec_of(partitioners.largest_axis("data"), tuple(sizes))
    expected = largest if math.prod(sizes) >= least else ()
    assert spec_of(fsdp, tuple(sizes)) == expected


def test_fsdp_over_another_partitioner():
    """It splits what the other leaves, and nothing where the axis is taken."""
    columns = partitioners.fsdp("data", min_size=0, over=always(None, "model"))
    assert spec_of(columns, (8, 16)) == ("data", "model")
    taken = partitioners.fsdp("data", min_size=0, over=always("data"))
    assert spec_of(taken, (8, 16)) == ("data",)
    stages = partitioners.stacked("model")
    over_stages = partitioners.fsdp("data", min_size=0, over=stages)
    assert spec_of(over_stages, (8,), stack=2) == ("model", "data")


def test_a_stack_stays_whole_unless_asked():
    """The leading axes of a stack are not split, but by `stacked`."""
    assert spec_of(always("data"), stack=8) == (None, "data")
    pipeline = partitioners.stacked("model", always("data"))
    assert spec_of(pipeline, stack=8) == ("model", "data")
    assert spec_of(partitioners.stacked("model"), stack=8) == ("model",)
    assert spec_of(partitioners.largest_axis("data"), (8, 3), stack=64) == (
        *(None, "data"),
    )


@pytest.mark.parametrize(
    ("counts", "shape", "expected"),
    [
        ((4, 1), (8, 6), ("data",)),
        ((2, 1), (8, 6), ("model",)),
        ((8, 1), (8, 6), ("data",)),
        ((1, 2), (8, 6), (None, "model")),
        ((4, 2), (8, 6), ("data", "model")),
        ((4, 4), (8, 4), ("data", "model")),
        ((6, 1), (12, 6), ("model",)),
        ((3, 1), (6, 6), ()),
        ((4, 1), (6, 6), ("model",)),
        ((2, 1), (5, 6), ()),
        ((1, 1), (8, 6), ()),
    ],
)
def test_counts_go_to_a_mesh_axis_that_divides_them(counts, shape, expected):
    """TF1's counts take the largest axis that fits, and none where none does."""
    assert spec_of(lambda shape, dtype: list(counts), shape) == expected


@pytest.mark.parametrize(
    "partitioner",
    [
        partitioners.fixed_size_partitioner(4),
        partitioners.variable_axis_size_partitioner(48),
        partitioners.min_max_variable_partitioner(4, min_slice_size=48),
    ],
)
def test_the_three_of_tf1(partitioner):
    """TF1's own partitioners are used as they are."""
    assert partitioner(shape=[8, 6], dtype=jnp.float32) == [4, 1]
    assert spec_of(partitioner) == ("data",)


def test_a_scalar_has_no_partition():
    """As in TF1 a scalar's partitioner is not asked."""
    assert spec_of(always("data"), ()) == ()


# What is refused

REFUSED = {
    "an axis the mesh has not": (
        always("modle"),
        r"(?s)Variable net/w cannot be partitioned.*axes of the mesh: data, model"
        r".*'modle'.*asked for at .*test_partitioners.*nearest names +model",
    ),
    "an axis twice": (
        always("data", "data"),
        r"(?s)Variable net/w .*each mesh axis at most once.*'data' 2 times",
    ),
    "an axis twice in one entry": (
        always(("model", "model")),
        r"(?s)Variable net/w .*each mesh axis at most once.*'model' 2 times",
    ),
    "an axis that is not a multiple": (
        always(None, "data"),
        r"(?s)Variable net/w .*axis 1 of shape \(8, 6\) to be a multiple of 4, the size"
        r" of 'data'.*found +6",
    ),
    "two axes that are not a divisor": (
        always(None, ("data", "model")),
        r"(?s)Variable net/w .*a multiple of 8",
    ),
    "no pattern": (
        partitioners.by_name({"other/**": P()}),
        r"(?s)No pattern says how to partition net/w.*'\*\*'",
    ),
    "a pattern's axis": (
        partitioners.by_name({"**": P("row")}),
        r"(?s)Variable net/w .*'row'",
    ),
    "a rule too long": (
        partitioners.by_name({"**": P(None, None, "data")}),
        r"(?s)Variable net/w .*an entry for each axis of shape \(8, 6\), or fewer",
    ),
    "an unknown axis of fsdp": (
        partitioners.fsdp("row", min_size=0),
        r"(?s)Variable net/w .*'row'",
    ),
    "a stack that is none": (
        partitioners.stacked("model"),
        r"(?s)Variable net/w .*1 mesh axes for the stack.*a stack of 0 axes",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    """Each names the variable, what was expected and found, and a remedy."""
    partitioner, message = REFUSED[case]
    with pytest.raises(sj.InvalidArgumentError, match=message) as caught:
        spec_of(partitioner)
    assert "remedy" in str(caught.value)


@pytest.mark.parametrize("how", ["init", "jit", "shapes", "initialize"])
def test_refused_wherever_the_mesh_comes_in(how, key):
    """The error is the same from all that take a mesh."""
    net = sj.transform(
        lambda scope: scope.get_variable("w", (6,), partitioner=always("data"))
    )
    mesh = mesh_of(4, 2)
    call = {
        "init": lambda: net.init(key, mesh=mesh),
        "jit": lambda: jax.jit(lambda key: net.init(key, mesh=mesh))(key),
        "shapes": lambda: net.manifest().shapes(mesh),
        "initialize": lambda: net.manifest().initialize(key, mesh=mesh),
    }[how]
    with pytest.raises(sj.InvalidArgumentError, match="Variable w cannot be part"):
        call()


def test_axes_have_to_be_as_many_as_the_shape_has():
    """Names of axes that are too few, or one text, are refused as they are given."""
    for axes in (("embed",), "em", ("a", "b", "c")):
        with pytest.raises(sj.InvalidArgumentError, match=r"net/w has 2 axes, and oth"):
            spec_of(None, axes=axes)


def test_a_name_without_a_rule():
    """It is named, with the nearest that has one."""
    rules = partitioners.by_axes({"embed": "data"})
    with pytest.raises(
        sj.InvalidArgumentError,
        match=r"(?s)no rule for the axis 'embde' of net/w.*em",
    ):
        spec_of(rules, axes=("embde", None))


def test_shardings_need_a_mesh():
    """There is none unless one is passed or set."""
    manifest = sj.transform(lambda scope: scope.get_variable("w", (8,))).manifest()
    with pytest.raises(sj.InvalidArgumentError, match="There is no mesh"):
        manifest.shardings()
    with pytest.raises(sj.InvalidArgumentError, match=r"must be a jax\.sharding\.Mesh"):
        manifest.shardings(jax.devices())
    assert manifest.shapes()["w"].sharding is None


def test_variables_need_devices(key):
    """An abstract mesh says where variables would lie, and has no room for them."""
    net = sj.transform(lambda scope: scope.get_variable("w", (8,)))
    with pytest.raises(sj.InvalidArgumentError, match="on an abstract mesh"):
        net.init(key, mesh=MESH)
