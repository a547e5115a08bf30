"""`show`: trees of arrays of any kind, and their figures."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax.views import _statistics
from scopejax.views._statistics import changes, statistics

from ..helpers.closeness import assert_close
from ..helpers.meshes import mesh_of
from ..helpers.pages_of_views import Page

PARAMS = {"head": {"w": jnp.ones((2, 3)), "b": jnp.zeros(3)}, "n": jnp.int32(1)}


def cells(view):
    """The cells of each line of the text, by its first word."""
    return {line.split()[0]: line.split()[1:] for line in str(view).splitlines()}


@pytest.mark.smoke
def test_a_tree_is_shown_in_all_ways():
    """Text, Markdown, HTML, and the REPL's text tell the same variables."""
    view = sj.show(PARAMS)
    assert repr(view) == str(view)
    assert cells(view)["w"] == ["(2,", "3)", "float32", "6", "24", "B"]
    assert "| `head/` | 2 variables |" in view.to_markdown()
    assert [row[0] for row in Page(view._repr_html_()).rows[1:]] == [
        *("n", "head/", "b", "w"),
    ]


def test_the_state_of_an_optimizer_is_shown():
    """Any pytree will do, and moments carry the facts of their variables."""
    net = sj.transform(lambda s: (s / "head").get_variable("w", (2, 3)))
    params = net.init(jax.random.key(0))
    manifest = net.manifest()
    view = sj.show(optax.adam(0.1).init(params), manifest)
    found = {"/".join(item.path): item.spec for item in view.items}
    assert list(found) == ["0/count", "0/mu/head/w", "0/nu/head/w"]
    assert found["0/mu/head/w"] is manifest["head/w"]
    assert found["0/count"] is None


def test_flat_names_are_nested():
    """A flat dict with full names is shown as the tree it stands for."""
    assert str(sj.show(sj.to_flat(PARAMS))) == str(sj.show(PARAMS))


def test_leaves_that_are_no_arrays_are_shown():
    """Numbers, text and abstract arrays have a row, and nothing is computed of them."""
    tree = {
        "number": 3,
        "text": "x" * 99,
        "abstract": jax.ShapeDtypeStruct((2,), jnp.float32),
        "key": jax.random.key(0),
        "host": np.ones(2, np.float64),
        "spec": sj.transform(lambda s: s.get_variable("w", (7,))).manifest()["w"],
    }
    lines = cells(sj.show(tree, stats=True))
    assert lines["number"] == ["()", "int", "1", "0", "B", "3"]
    assert lines["abstract"][:3] == ["(2,)", "float32", "2"]
    assert lines["key"][1] == "key<fry>"
    assert lines["host"][-3:] == ["on", "the", "host"]
    assert lines["spec"][0] == "(7,)"


def test_a_bare_array_is_shown():
    """A tree that is one leaf has one row."""
    assert cells(sj.show(jnp.ones(2)))["array"][0] == "(2,)"


def test_a_donated_array_is_shown():
    """An array that is gone says so; its figures are left out."""
    x = jnp.ones(2)
    x.delete()
    assert "deleted" in str(sj.show({"x": x}, stats=True))


def test_a_traced_tree_is_shown():
    """Within `jit` shapes are shown, and no figures."""
    seen = []
    jax.jit(lambda tree: seen.append(str(sj.show(tree, stats=True))) or 1)(PARAMS)
    assert "traced" in seen[0]


def test_constants_within_a_trace_have_figures():
    """What is no tracer is computed at once, also while another function is traced."""
    seen = []
    jax.jit(lambda: seen.append(str(sj.show(PARAMS, stats=True))) or 1)()
    assert seen == [str(sj.show(PARAMS, stats=True))]


def test_a_tree_that_is_not_the_models_says_so():
    """With a manifest, another shape or dtype is marked."""
    manifest = sj.transform(lambda s: s.get_variable("w", (2, 3))).manifest()
    text = str(sj.show({"w": jnp.ones((3, 2), "int8")}, manifest))
    assert "the model has (2, 3), the model has float32" in text


def test_a_manifest_and_a_scope_are_shown_as_by_themselves():
    """`show` of what has a view is that view; a scope tells its options."""
    manifest = sj.transform(lambda s: s.get_variable("w", (2,))).manifest()
    assert sj.show(manifest)._repr_html_() == manifest._repr_html_()
    scope = sj.Scope(PARAMS).with_options(dtype="bfloat16") / "head"
    assert sj.show(scope)._repr_html_() == scope._repr_html_()
    assert "Options: dtype=bfloat16." in str(sj.show(scope))
    assert list(cells(sj.show(scope)))[2:4] == ["b", "w"]
    view = sj.show(PARAMS)
    assert sj.show(view) is view


def test_a_scope_that_is_recorded_can_be_shown():
    """A cell may display a scope within a model, and the model is none the worse."""
    pages = []

    def model(scope):
        pages.append((scope / "a")._repr_html_())
        return (scope / "a").get_variable("w", (2,))

    params = sj.transform(model).init(jax.random.key(0))
    assert "being recorded" in pages[0]
    assert sj.transform(model).apply(params).shape == (2,)


# Figures


FLOATS = st.lists(st.floats(width=32), min_size=1, max_size=8)


@given(numbers=FLOATS)
def test_figures_are_those_of_the_finite_numbers(numbers):
    """NaN and infinities are counted, and the rest is as NumPy has it, at any scale."""
    x = np.array(numbers, np.float32)
    (found,) = statistics({"x": jnp.array(x)}).values()
    finite = x[np.isfinite(x)].astype(np.float64)
    finite[np.abs(finite) < np.finfo(np.float32).tiny] = 0  # the CPU flushes them
    assert (found.nan, found.inf) == (np.isnan(x).sum(), np.isinf(x).sum())
    if not finite.size:
        assert np.isnan(found[:4]).all()
        return
    size = np.abs(finite).max()
    expected = finite.min(), finite.mean(), finite.max(), finite.std()
    np.testing.assert_allclose(found[:4], expected, rtol=1e-5, atol=2e-6 * size + 1e-37)


@pytest.mark.parametrize(
    ("array", "ends"),
    [
        (np.array([-(2**31), 2**31 - 1], np.int32), (-(2**31), 2**31 - 1)),
        (np.array([2**63 - 1, 5], np.int64), (5.0, 2.0**63)),
        (np.array([True, False]), (0.0, 1.0)),
        (np.array([3 + 4j], np.complex64), (5.0, 5.0)),
        (np.array([1.5, 3.0], jnp.bfloat16), (1.5, 3.0)),
        (np.array([1.5, 3.0], jnp.float8_e4m3fn), (1.5, 3.0)),
    ],
)
def test_figures_of_any_dtype(array, ends):
    """Whole numbers keep their ends exactly; complex ones are measured."""
    (found,) = statistics({"x": array}).values()
    assert (found.min, found.max) == ends


def figures(array):
    """Those of an array, in the precision that they were computed in."""
    return jax.tree.map(np.float32, statistics({"x": array}))


@pytest.mark.parametrize("kind", [AxisType.Auto, AxisType.Explicit])
@pytest.mark.parametrize("memory", ["device", "pinned_host"])
def test_figures_of_sharded_arrays(kind, memory):
    """Wherever an array is, within its mesh or without, the figures are the same."""
    mesh = mesh_of(4, 2, kind=kind)
    sharding = NamedSharding(mesh, P("data", "model"), memory_kind=memory)
    x = jax.device_put(np.arange(32.0, dtype=np.float32).reshape(8, 4), sharding)
    expected = figures(np.asarray(x))
    assert_close(figures(x), expected)
    with jax.set_mesh(mesh):
        assert_close(figures(x), expected)
    text = str(sj.show({"x": x}))
    assert ("pinned_host" in text) == (memory == "pinned_host")


def test_one_program_serves_all_arrays_of_a_shape():
    """Forty variables of two shapes are compiled for twice."""
    tree = {f"h{i}": jnp.full((3 + i % 2, 7), i, jnp.float16) for i in range(40)}
    programs = _statistics._statistics, _statistics._batched
    before = sum(program._cache_size() for program in programs)
    sj.show(tree, stats=True)
    assert sum(program._cache_size() for program in programs) == before + 2


@pytest.mark.parametrize("n", [15, 16, 64, 65, 130])
def test_many_small_arrays_have_the_figures_of_each_alone(n):
    """They go through a program together, also what is NaN or infinite."""
    tree = {i: jnp.array([i, -i, jnp.nan if i % 3 else 2.0, 7.0]) for i in range(n)}
    together = statistics(tree)
    alone = {k: v for i in tree for k, v in statistics({i: tree[i]}).items()}
    assert list(together) == list(tree)
    assert_close(jax.tree.map(np.float32, together), jax.tree.map(np.float32, alone))
    shuffled = {n - i: x for i, x in tree.items()}
    pairs = {i: (tree[i], shuffled[n - i] + 1) for i in tree}
    together = changes(pairs)
    alone = {k: v for i, pair in pairs.items() for k, v in changes({i: pair}).items()}
    assert_close(jax.tree.map(np.float32, together), jax.tree.map(np.float32, alone))


def test_figures_do_not_trip_over_debug_nans():
    """`jax_debug_nans` finds nothing in the programs, whatever the array holds."""
    with jax.debug_nans(True):
        found = sj.show({"x": np.array([np.nan, np.inf], np.float32)}, stats=True)
    assert "1 NaN, 1 inf" in str(found)


# Values


def test_values_are_drawn_by_treescope():
    """Each array has a heatmap in its row, sharded and explicit ones too."""
    mesh = mesh_of(2, kind=AxisType.Explicit)
    w = jax.device_put(jnp.ones((8, 6)), NamedSharding(mesh, P("data")))
    text = sj.show({"w": w, "n": 3}, values=True)._repr_html_()
    assert "arrayviz" in text or "treescope" in text
    assert "The values of 1 of 2 arrays are drawn." in text


def test_values_without_treescope_name_the_extra(monkeypatch):
    """What is missing is named with the command that installs it."""
    monkeypatch.setitem(sys.modules, "treescope", None)
    with pytest.raises(ImportError, match=r"pip install 'scopejax\[notebooks\]'"):
        sj.show(PARAMS, values=True)
