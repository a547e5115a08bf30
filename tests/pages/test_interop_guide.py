"""The guide for modules of other libraries runs, and prints what it says."""

import itertools
import re

import pytest

from scopejax import interop

from ..helpers.pages import ROOT, blocks, out_of_the_box, run

GUIDE = ROOT / "docs" / "interop.md"


@pytest.fixture
def _as_a_user_runs_it():
    """JAX as it is out of the box."""
    with out_of_the_box():
        yield


def plain(text):
    """Text without what depends on the widths of columns."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line.strip("-") for line in lines]


@pytest.mark.usefixtures("_as_a_user_runs_it")
def test_blocks_print_what_follows():
    """Each block prints the text block that comes after it, and nothing else."""
    names = {"__name__": "guide"}
    found = [*blocks(GUIDE), ("", "", 0)]
    for (kind, code, line), (after, expected, _) in itertools.pairwise(found):
        if kind == "python":
            shown = run(GUIDE, code, line, names).replace(
                "docs/interop.md", "interop.md"
            )
            assert bool(shown) == (after == "text"), code
            assert plain(shown) == (plain(expected) if shown else [])


def test_every_name_is_in_the_guide():
    """Each function of interop is mentioned, and each mentioned one is there."""
    text = GUIDE.read_text()
    public = {name for name in vars(interop) if not name.startswith("_")}
    mentioned = set(re.findall(r"interop\.(\w+)\(", text))
    mentioned |= set(re.findall(r"`((?:from|to)_\w+)\(", text))
    assert mentioned == public
