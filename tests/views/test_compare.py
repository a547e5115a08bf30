"""`compare`: what happened to each variable between two trees."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P
from rich.console import Console

import scopejax as sj
from scopejax.views._statistics import changes

from ..helpers.meshes import mesh_of
from ..helpers.pages_of_views import Page

BEFORE = {
    "a": {"kept": jnp.ones(2), "moved": jnp.array([3.0, 4.0])},
    "gone": jnp.ones(1),
    "grown": jnp.ones((2, 2)),
    "same": {"w": jnp.ones(3), "empty": jnp.ones((0, 2))},
}
AFTER = {
    "a": {"kept": jnp.ones(2), "moved": jnp.array([3.0, 5.0])},
    "grown": jnp.ones((2, 3)),
    "new": jnp.ones(1),
    "same": {"w": jnp.ones(3), "empty": jnp.ones((0, 2))},
}


def statuses(view):
    """The status of each variable, in the order that is shown."""
    return {"/".join(item.path): item.status for item in view.items}


@pytest.mark.smoke
def test_every_variable_has_a_status():
    """What was added, removed, reshaped and left alone is told, and counted."""
    view = sj.compare(BEFORE, AFTER)
    assert statuses(view) == {
        "a/kept": "unchanged",
        "a/moved": "",
        "grown": "reshaped",
        "new": "added",
        "same/empty": "unchanged",
        "same/w": "unchanged",
        "gone": "removed",
    }
    told = "1 changed, 3 unchanged, 1 added, 1 removed, 1 reshaped."
    assert str(view).splitlines()[-1] == told
    assert view.to_markdown().splitlines()[-1] == told
    assert "was (2, 2)" in str(view)


def test_scopes_have_the_change_of_all_in_them():
    """The norms of a scope are those of its variables put together."""
    rows = {row[0]: row for row in Page(sj.compare(BEFORE, AFTER)._repr_html_()).rows}
    assert rows["moved"][1:5] == ["(2,)", "1", "20%", "1"]
    assert rows["a/"][1:5] == ["2 variables", "1", f"{100 / 27**0.5:.3g}%", "1"]


def test_what_is_unchanged_is_greyed_and_closed():
    """A scope in which nothing changed is closed; others are open."""
    view = sj.compare(BEFORE, AFTER)
    assert Page(view._repr_html_()).opened == ["a/"]
    assert '<summary class="sj-row sj-scope quiet">' in view._repr_html_()


def test_nothing_to_compare():
    """Two empty trees are no error."""
    assert "Nothing to compare." in str(sj.compare({}, {}))


@pytest.mark.parametrize(
    ("sort", "order"),
    [("change", ["big", "small"]), ("relative", ["small", "big"])],
)
def test_a_list_has_the_greatest_first(sort, order):
    """Sorted by a figure, full names are listed, and what is unchanged comes last."""
    before = {"s": {"big": jnp.array([100.0]), "small": jnp.array([0.1])}, "k": 1.0}
    after = {"s": {"big": jnp.array([110.0]), "small": jnp.array([0.2])}, "k": 1.0}
    view = sj.compare(before, after, sort=sort)
    assert [item.path for item in view.items] == [
        *((f"s/{name}",) for name in order),
        ("unchanged", "k"),
    ]
    text = str(view)
    assert text.index(f"s/{order[0]}") < text.index(f"s/{order[1]}")


def test_an_unknown_order_is_refused():
    """The error lists the orders that there are."""
    with pytest.raises(sj.InvalidArgumentError, match="'name', 'change', 'relative'"):
        sj.compare({}, {}, sort="size")


def test_a_trainable_variable_that_did_not_change_is_told():
    """With the manifest, variables that an optimizer should have moved stand out."""

    def model(scope):
        scope.get_variable("dead", (2,))
        scope.get_variable("step", (), trainable=False)

    net = sj.transform(model)
    params = net.init(jax.random.key(0))
    text = str(sj.compare(params, params, net.manifest()))
    assert text.count("unchanged though trainable") == 1
    assert text.count("unchanged, not trainable") == 1


def test_a_nan_is_told():
    """What became NaN or infinite is counted; the norm is of the rest."""
    view = sj.compare({"w": jnp.ones(3)}, {"w": jnp.array([jnp.nan, jnp.inf, 3.0])})
    assert "1 NaN, 1 inf" in str(view)
    assert view.items[0].figures.norm == 2.0


def test_another_dtype_is_told():
    """A cast is no equality, and its rounding is the change."""
    view = sj.compare({"w": jnp.ones(2)}, {"w": jnp.ones(2, jnp.bfloat16)})
    assert "float32 -> bfloat16" in str(view)
    assert view.items[0].figures.norm == 0.0


def test_what_cannot_be_compared_says_so():
    """Keys have no numbers: unless one is the very same, nothing is claimed."""
    one, two = jax.random.key(0), jax.random.key(0)
    assert statuses(sj.compare({"k": one}, {"k": two})) == {"k": "unknown"}
    assert statuses(sj.compare({"k": one}, {"k": one})) == {"k": "unchanged"}


def test_trees_may_lie_on_different_devices():
    """One tree on the host, one split over a mesh with explicit axes."""
    mesh = mesh_of(4, kind=AxisType.Explicit)
    x = np.arange(8.0, dtype=np.float32)
    y = jax.device_put(x + 1, NamedSharding(mesh, P("data")))
    for before, after in ((x, y), (y, x), (y, y + 1)):
        (found,) = changes({"x": (before, after)}).values()
        assert found.max == 1.0


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
PAIRS = st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=6)


@given(pairs=PAIRS)
def test_figures_are_those_of_numpy(pairs):
    """Norms and the greatest change are as NumPy has them, at any scale."""
    before, after = np.array(pairs, np.float32).T
    (found,) = changes({"x": (jnp.array(before), jnp.array(after))}).values()
    old, new = before.astype(np.float64), after.astype(np.float64)
    if np.abs(new - old).max() > np.finfo(np.float32).max:
        return
    near = {"rtol": 1e-5, "atol": 1e-37}
    np.testing.assert_allclose(found.before, np.sqrt((old**2).sum()), **near)
    np.testing.assert_allclose(found.norm, np.sqrt(((new - old) ** 2).sum()), **near)
    np.testing.assert_allclose(found.max, np.abs(new - old).max(), **near)


@given(pairs=st.lists(st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 2), min_size=1))
def test_whole_numbers_are_compared_exactly(pairs):
    """A counter beyond what floats can tell apart still counts as changed."""
    before, after = np.array(pairs, np.int32).T
    (found,) = changes({"x": (before, after)}).values()
    assert found.same == (before == after).all()
    expected = np.abs(after.astype(np.int64) - before.astype(np.int64)).max()
    np.testing.assert_allclose(found.max, expected, rtol=1e-6)


# In a terminal


def printed(thing, width=80):
    """What rich prints in a terminal of that width, without colours."""
    console = Console(width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_rich_prints_a_table():
    """Signs tell what was added and removed; remarks follow."""
    text = printed(sj.compare(BEFORE, AFTER))
    for told in ("+ new", "- gone", "~ grown", "20%", "1 changed, 3 unchanged"):
        assert told in text
    assert "  w " not in text  # of a scope in which nothing changed


@pytest.mark.parametrize("width", [30, 40, 100])
def test_rich_fits_the_terminal(width):
    """A narrow terminal has fewer columns, and no line that is cut or wrapped."""
    text = printed(sj.show(BEFORE, stats=True), width)
    assert len(text.splitlines()) == 2 + 8 + 1
    assert ("std" in text) == (width == 100)


def test_rich_takes_names_as_they_are():
    """A name with rich's markup is text."""
    assert "[bold]x[/bold]" in printed(
        sj.show({"[bold]x[": {"bold]": jnp.ones(1)}})
    ) or ("[bold]x[/" in printed(sj.show({"[bold]x[/bold]": jnp.ones(1)})))


def test_rich_prints_what_scopejax_has():
    """Manifests, specs, scopes and differences print as tables."""
    manifest = sj.transform(lambda s: s.get_variable("w", (2,))).manifest()
    scope = sj.Scope({"w": jnp.ones(2)})
    for thing in (manifest, manifest["w"], scope, manifest.diff(sj.Manifest([]))):
        assert "(2,)" in printed(thing)


def test_rich_prints_large_trees_by_their_scopes():
    """Beyond a hundred rows deep scopes are shown by their totals."""
    text = printed(
        sj.show({f"h{i}": {f"w{j}": i for j in range(9)} for i in range(50)})
    )
    assert "h49/" in text
    assert "w8" not in text
