"""Views as HTML: well-formed, escaped, small, and of use without scripts."""

import re

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import PartitionSpec as P

import scopejax as sj

from ..helpers.meshes import mesh_of
from ..helpers.pages_of_views import Page
from ..helpers.specs import SPECS, spec

TAGS = {
    *("div", "style", "script", "b", "span", "input", "output", "button", "code"),
    *("ul", "li", "details", "summary", "dl", "dt", "dd", "p", "i", "em"),
}
HOSTILE = [
    "<script>alert(1)<",
    "\"quoted\" 'twice'",
    "&lt;b&gt;",
    "</summary><img src=x onerror=alert(1)>",
    "]]><!--",
    "a`b|c*d_e",
    "\x1b[31mred\u202e",
]


def manifest_of(specs):
    """A manifest of those variables."""
    return sj.Manifest(specs)


def page(view):
    """Its page, read."""
    return Page(view._repr_html_())


def model(scope):
    """Scopes, a stack, a frozen variable."""
    scope.get_variable("step", (), "int32", trainable=False)
    split = (scope / "head").with_options(partitioner=lambda **_: P("data"))
    split.get_variable("kernel", (8, 2), regularizer=jnp.sum, axes=("in", "out"))
    jax.vmap(lambda s: s.get_variable("w", (2,)))((scope / "layers").stack(3))


MANIFEST = sj.transform(model).manifest()


@pytest.mark.smoke
def test_a_manifest_shows_the_cells_of_its_variables():
    """Each variable and scope has a row; the head names the columns."""
    found = page(manifest_of(SPECS))
    head, *rows = found.rows
    assert head[:6] == ["variable", "shape", "dtype", "count", "bytes", "initializer"]
    cells = {row[0]: row for row in rows}
    assert list(cells) == [
        *("alpha", "zeta", "tower/", "scale", "h2/", "bias", "kernel", "h10/"),
    ]
    assert cells["alpha"][1:6] == [
        *("(1000, 1000)", "float32", "1,000,000", "3.8 MiB", "zeros"),
    ]
    assert cells["h2/"][1:5] == ["2 variables", "", "20", "72 B"]
    assert cells["zeta"][6] == "not trainable"
    assert set(found.tags) <= TAGS


def test_an_opened_variable_tells_all_that_is_known():
    """Behind a row stand regularizer, axes, stack and the line that defined it."""
    text = page(MANIFEST).text
    for told in ("regularizer sum", "axes in, out", "stack 3 layers of shape (2,)"):
        assert told in text
    assert text.count("test_html.py:") == 3


def test_a_manifest_without_variables_has_a_page():
    """Nothing to show is no error."""
    assert "0 variables" in page(manifest_of([])).text


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_never_markup(name):
    """Whatever a variable is called, the page has our tags alone, and the name."""
    plain, hostile = (
        page(manifest_of([spec(f"a/{n}", (2,)), spec("b", (2,), where=n)]))
        for n in ("plain", name)
    )
    assert set(hostile.tags) == set(plain.tags)
    assert hostile.tags["script"] == 1
    shown = name.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e")
    assert shown.split("/")[-1] in [row[0] for row in hostile.rows]
    assert f"defined at {shown}" in hostile.text


@pytest.mark.parametrize("name", HOSTILE)
def test_all_views_escape_names(name):
    """So do the views of trees, changes, differences and scopes."""
    before = {name: jnp.ones(2), "odd": name, "s": {name: jnp.ones(1)}}
    after = {name: jnp.zeros(2), "odd": name}
    one = sj.Manifest([spec("w", (2,), where=name)])
    views = [
        sj.show(before, stats=True),
        sj.compare(before, after),
        sj.compare(before, after, sort="max"),
        sj.Scope({"s": {name.replace("/", ""): jnp.ones(2)}}),
        sj.Manifest([spec(name)]).diff(one),
        one["w"],
    ]
    for view in views:
        assert set(page(view).tags) <= TAGS


def test_a_page_needs_nothing_from_the_network():
    """No address, no import, no source is in a page."""
    text = sj.show({"w": jnp.ones(2)}, stats=True)._repr_html_()
    assert not re.search(r"https?:|//|url\(|@import|src=|href=", text)


def test_pages_can_stand_side_by_side():
    """A page has no id, and a script that serves trees which were not served yet."""
    text = MANIFEST._repr_html_()
    assert " id=" not in text
    assert ".sj-view:not([data-live])" in text
    assert text == MANIFEST._repr_html_()


def test_a_page_is_of_use_without_the_script():
    """The search box is hidden until the script runs; the tree is there without it."""
    text = re.sub(r"<(script|style)>.*?</\1>", "", MANIFEST._repr_html_(), flags=re.S)
    assert '<div class="sj-tools" hidden>' in text
    assert Page(text).rows == page(MANIFEST).rows


def test_both_themes_have_colours():
    """A reader who prefers dark gets it, and a notebook's own colours come first."""
    text = MANIFEST._repr_html_()
    assert "prefers-color-scheme:dark" in text.replace(": ", ":")
    assert "var(--jp-layout-color0" in text
    assert "@container(max-width:" in text


def test_a_small_tree_is_open():
    """What fits a screen is shown at once; the facts of a variable are not."""
    assert page(manifest_of(SPECS)).opened == ["tower/", "h2/", "h10/"]


@pytest.fixture(scope="module")
def large():
    """The page of 10,000 variables."""
    specs = [spec(f"t{i // 1000}/h{i // 10}/w{i % 10}", (64, 64)) for i in range(10000)]
    return manifest_of(specs)._repr_html_()


def test_ten_thousand_variables_stay_usable(large):
    """Their page is below three megabytes, closed, and says what it left out."""
    assert len(large) < 3_000_000
    found = Page(large)
    assert found.opened == []
    assert len(found.rows) == 1 + 10 + 1000 + 10000
    assert "More than 2,000 variables" in found.text
    assert "dl" not in found.tags


def test_a_page_has_little_beyond_its_rows():
    """Style and script take a few kilobytes, once for each output."""
    assert len(manifest_of([])._repr_html_()) < 9000


# Sharding


def grids(view):
    """The devices of each cell of each grid."""
    found = re.findall(r'class="sj-grid"[^>]*>(.*?)</div>', view._repr_html_())
    return [re.findall(r">([\d,]+)</i>", grid) for grid in found]


def test_a_sharded_array_has_a_grid():
    """Each part is a cell with the devices that have it, in rows and columns."""
    mesh = mesh_of(4, 2)
    put = jax.sharding.NamedSharding
    tree = {
        "both": jax.device_put(jnp.ones((4, 2)), put(mesh, P("data", "model"))),
        "rows": jax.device_put(jnp.ones((4, 2)), put(mesh, P("data"))),
        "whole": jax.device_put(jnp.ones((4, 2)), put(mesh, P())),
    }
    view = sj.show(tree)
    assert grids(view) == [
        [*"01234567"],
        ["0,1", "2,3", "4,5", "6,7"],
    ]
    assert '<div class="sj-grid" style="--n:2">' in view._repr_html_()
    assert '<div class="sj-grid" style="--n:1">' in view._repr_html_()
    assert "(data, model)" in str(view)


def test_a_manifest_shows_where_variables_would_be():
    """Within a mesh a manifest has the grid of each variable; without, none."""
    assert grids(MANIFEST) == []
    with jax.set_mesh(mesh_of(8)):
        assert grids(MANIFEST) == [[*"01234567"]]
    with jax.set_mesh(mesh_of(2, 4)):
        assert grids(MANIFEST) == [["0,1,2,3", "4,5,6,7"]]


def test_a_manifest_that_does_not_fit_the_mesh_is_shown_still():
    """The variable that cannot be split says why; nothing raises."""
    odd = sj.Manifest([spec("w", (3,), partition=P("data"))])
    with jax.set_mesh(mesh_of(2)):
        assert "does not fit the mesh" in page(odd).text
