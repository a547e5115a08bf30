"""The table of variables: order, subtotals, and how initializers are described."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import partitioners
from scopejax._base.numbers import bytes_text
from scopejax._text import table as summary

from ..helpers.specs import SPECS, spec


def labels(specs):
    """The first cells of the table."""
    return [cells[0] for cells in summary.rows(specs)]


@pytest.mark.smoke
def test_rows_are_in_natural_order():
    """A scope's own variables come first, then its scopes; `h2` before `h10`."""
    assert labels(SPECS) == [
        "alpha",
        "zeta",
        "tower/",
        "scale",
        "h2/",
        "bias",
        "kernel",
        "h10/",
        "kernel",
        "total",
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_creation_does_not_matter(seed):
    """The table is the same for any order of the variables."""
    shuffled = [SPECS[i] for i in np.random.default_rng(seed).permutation(len(SPECS))]
    assert summary.rows(shuffled) == summary.rows(SPECS)
    assert summary.to_text(iter(shuffled)) == summary.to_text(SPECS)


def test_each_row_has_the_facts_of_its_variable():
    """Shape, dtype, count, bytes, initializer, trainable, and the line."""
    rows = {cells[0]: cells for cells in summary.rows(SPECS)}
    assert rows["alpha"][:7] == (
        "alpha",
        "(1000, 1000)",
        "float32",
        "1,000,000",
        "3.8 MiB",
        "zeros",
        "yes",
    )
    assert rows["zeta"][:7] == ("zeta", "()", "int32", "1", "4 B", "zeros", "no")
    (line,) = (cells for cells in summary.rows(SPECS) if "model.py" in cells[-1])
    assert line[-1] == "model.py:3 in dense"


def test_scopes_have_subtotals():
    """A scope's row counts its variables, numbers and bytes, at every depth."""
    rows = {cells[0]: cells for cells in summary.rows(SPECS)}
    assert rows["h2/"][1:5] == ("2 variables", "", "20", "72 B")
    assert rows["h10/"][1:5] == ("1 variable", "", "16", "64 B")
    assert rows["tower/"][1:5] == ("4 variables", "", "37", "140 B")
    assert rows["total"][1:5] == ("6 variables", "", "1,000,038", "3.8 MiB")


def test_an_empty_table_has_a_total():
    """A model without variables has a table too."""
    assert summary.rows([]) == [("total", "0 variables", "", "0", "0 B", "", "", "")]
    manifest = sj.transform(lambda scope: None).manifest()
    assert "0 variables" in str(manifest)
    assert "0 variables" in manifest.to_markdown()
    assert "0 variables" in manifest._repr_html_()
    assert repr(manifest) == "<Manifest of 0 variables, 0 numbers>"


def test_empty_arrays_count_nothing():
    """A variable with a size of zero has no numbers and no bytes."""
    ((_, *facts), _) = summary.rows([spec("w", (0, 3))])
    assert facts[:4] == ["(0, 3)", "float32", "0", "0 B"]


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (2**20, "1.0 MiB"),
        (2**30, "1.0 GiB"),
        (2**40, "1.0 TiB"),
        (5 * 2**50, "5120.0 TiB"),
    ],
)
def test_bytes_are_in_binary_units(nbytes, text):
    """Each unit is 1024 of the one before."""
    assert bytes_text(nbytes) == text


@given(nbytes=st.integers(0, 2**45))
def test_bytes_are_told_to_a_tenth(nbytes):
    """The text is the number of bytes, rounded to a tenth of its unit."""
    number, unit = bytes_text(nbytes).split()
    size = 1024 ** ["B", "KiB", "MiB", "GiB", "TiB"].index(unit)
    assert abs(float(number) * size - nbytes) <= 0.051 * size
    assert float(number) <= 1024 or unit == "TiB"


# Initializers


class Special:
    """An initializer with a class of its own."""

    def __call__(self, key, shape, dtype):
        """Zeros."""
        return jnp.zeros(shape, dtype)


def plain(key, shape, dtype):
    """An initializer that is a function."""
    return jnp.zeros(shape, dtype)


INITIALIZERS = [
    (jax.nn.initializers.zeros, "zeros"),
    (jax.nn.initializers.normal(0.02), "normal(0.02)"),
    (jax.nn.initializers.constant(3), "constant(3)"),
    (sj.initializers.glorot_uniform, "glorot_uniform"),
    (sj.initializers.he_normal, "he_normal"),
    (sj.initializers.variance_scaling(3.0, "fan_in", "normal"), "variance_scaling("),
    (plain, "plain"),
    (Special(), "Special"),
    (functools.partial(plain), "partial"),
    (1.5, "value"),
    (np.zeros(3), "value"),
    (jnp.zeros(3), "value"),
]


@pytest.mark.parametrize(
    ("initializer", "text"), INITIALIZERS, ids=[t for _, t in INITIALIZERS]
)
def test_an_initializer_is_described(initializer, text):
    """The table shows the call that made an initializer, as far as it can be told."""
    assert summary.describe(initializer).startswith(text)


def test_an_initializer_that_is_not_whole_yet_is_described():
    """A function that refers to what is defined later does not hinder the table."""

    def initializer(key, shape, dtype):
        return later(key, shape, dtype)

    assert isinstance(summary.describe(initializer), str)
    later = plain
    assert later


# Families


VARIABLES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["a", "b", "h2", "h10"]), max_size=2),
        st.sampled_from(["kernel", "bias", "1", "10", "2"]),
        st.lists(st.integers(0, 4), max_size=2),
        st.sampled_from(["float32", "float16", "int8"]),
    ),
    max_size=8,
)


@given(variables=VARIABLES)
def test_subtotals_add_up(variables):
    """The total is that of the variables, and each is in the table once."""
    specs = {}
    for scopes, name, shape, dtype in variables:
        full = "/".join([*scopes, name])
        specs[full] = spec(full, tuple(shape), dtype)
    rows = summary.rows(specs.values())
    variables = [row for row in rows[:-1] if not row[0].endswith("/")]
    count = sum(s.size for s in specs.values())
    nbytes = sum(s.nbytes for s in specs.values())
    assert len(variables) == len(specs)
    assert sum(int(row[3].replace(",", "")) for row in variables) == count
    assert rows[-1][3] == f"{count:,}"
    assert rows[-1][4] == bytes_text(nbytes)
    scopes = {
        "/".join(s.path[:d]) for s in specs.values() for d in range(1, len(s.path))
    }
    assert sum(row[0].endswith("/") for row in rows) == len(scopes)
    assert len({len(row) for row in rows}) == 1


def test_partitions_have_a_column_where_there_are_any():
    """It says what the partitioners said, in words of the mesh."""

    def model(scope):
        both = partitioners.in_memory("pinned_host", partitioners.largest_axis("data"))
        scope.get_variable("a", (4,), partitioner=both)
        scope.get_variable("b", (4,), partitioner=lambda shape, dtype: [2])
        scope.get_variable("c", (4, 2), partitioner=lambda shape, dtype: P(None, "x"))
        scope.get_variable("d", (4,))
        stages = partitioners.stacked("stage")
        jax.vmap(lambda s: s.get_variable("e", (2,), partitioner=stages))(
            scope.stack(3)
        )

    manifest = sj.transform(model).manifest()
    assert "| partition |" in manifest.to_markdown().splitlines()[0]
    cells = {row[0]: row[5] for row in summary.rows(manifest.values())}
    assert cells == {
        "a": "largest on data, in pinned_host",
        "b": "(2)",
        "c": "(-, x)",
        "d": "",
        "e": "stack on stage",
        "total": "",
    }
    assert len(str(manifest).splitlines()) == 9
    assert "<span>partition</span>" in manifest._repr_html_()
    assert "partition" not in str(manifest.select("d"))


def test_a_name_of_many_scopes_is_shown_short():
    """Below some levels the rest of a name is one row, cut; nothing recurses."""
    path = ("d",) * 900

    def deep(scope):
        for component in path:
            scope = scope / component
        scope.get_variable("w", ())
        scope.get_variable("v", (2,))

    manifest = sj.transform(deep).manifest()
    rows = labels(manifest.values())
    assert rows.count("d/") == 48
    assert rows[-3].endswith("/d/v")
    assert "..." in rows[-3]
    assert "d/w" in manifest._repr_html_()
    assert "d/w" in manifest.to_markdown()
    assert "0 changed" not in str(sj.compare(manifest.shapes(), manifest.shapes()))


@pytest.mark.parametrize("text", ["\x1b[31m", "a\nb", "\r", "\u202e", "\x9b"])
def test_control_characters_are_escaped_everywhere(text):
    """No table, view, graph, profile or error obeys what a name holds."""

    def model(scope, x):
        return jnp.tanh(x * (scope / text).get_variable("w", (3,)))

    net, x = sj.transform(model), jnp.ones(3)
    manifest = net.manifest(x)
    with pytest.raises(sj.VariableMismatchError, match="differs") as info:
        manifest.check({})
    shown = [
        *(str(manifest), manifest.to_markdown(), manifest._repr_html_()),
        *(str(net.graph(x)), net.graph(x).to_svg()),
        *(str(net.profile(x)), net.profile(x).to_markdown()),
        *(str(sj.show(manifest.shapes())), str(manifest.diff({}))),
    ]
    for found in shown:
        assert text not in found
    assert text == "a\nb" or text not in str(info.value)
    assert len(manifest.to_markdown().splitlines()) == 5
