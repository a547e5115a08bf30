"""The page about the insides: its picture, and the rooms and files that it names."""

import re
import runpy

import pytest

from ..helpers.imports import arrows
from ..helpers.pages import ROOT
from ..test_rooms import ROOMS, TF1_ROOMS

DOCS = ROOT / "docs"
HOW = DOCS / "how_it_works.md"
PATH = re.compile(r"`([\w./]+/[\w.]*\.(?:py|md|toml|json))`")


def test_the_picture_is_that_of_the_imports():
    """The committed picture is what its script draws of today's imports."""
    drawn = runpy.run_path(str(DOCS / "rooms.py"))["picture"]()
    committed = (DOCS / "rooms.svg").read_text()
    assert committed == drawn, "run `python docs/rooms.py`"
    assert "(rooms.svg)" in HOW.read_text()


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("rooms", "inside"), [(ROOMS, ()), (TF1_ROOMS, ("tf1",))], ids=["all", "tf1"]
)
def test_no_arrow_runs_upward(rooms, inside):
    """A room imports only rooms that stand before it in the order of rooms."""
    order = list(rooms)
    for room, targets in arrows(inside).items():
        for target in targets:
            assert order.index(target) < order.index(room), f"{room} -> {target}"


@pytest.mark.smoke
def test_the_page_has_a_section_for_each_room():
    """The sections stand in the order of the rooms, and no room lacks its own."""
    heads = re.findall(r"^#{2,3} (.*)$", HOW.read_text(), re.MULTILINE)
    named = [name for head in heads for name in re.findall(r"`([\w/]+)`", head)]
    rooms = [room for room in ROOMS if room != "tf1"]
    assert [name for name in named if name in rooms] == rooms
    tf1 = [f"tf1/{room}" for room in TF1_ROOMS if room.startswith("_")]
    assert [name for name in named if name.startswith("tf1/")] == tf1


@pytest.mark.smoke
@pytest.mark.parametrize("page", [HOW, ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name)
def test_files_that_are_named_exist(page):
    """Each path that the page writes leads to a file, from the root or the package."""
    paths = set(PATH.findall(page.read_text()))
    assert paths
    for path in paths:
        assert any((top / path).exists() for top in (ROOT, ROOT / "scopejax")), path
