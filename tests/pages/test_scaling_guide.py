"""The guide to scaling runs on eight devices, and prints what it says."""

import itertools
import re

import pytest

from scopejax import partitioners

from ..helpers.pages import ROOT, blocks, out_of_the_box, run

GUIDE = ROOT / "docs" / "scaling.md"


@pytest.fixture
def _as_a_user_runs_it():
    """JAX as it is out of the box."""
    with out_of_the_box():
        yield


@pytest.mark.usefixtures("_as_a_user_runs_it")
def test_blocks_print_what_follows():
    """Each block prints the text block that comes after it, and nothing else."""
    names = {"__name__": "guide"}
    found = [*blocks(GUIDE), ("", "", 0)]
    for (kind, code, line), (after, expected, _) in itertools.pairwise(found):
        if kind == "python":
            shown = run(GUIDE, code, line, names)
            assert _lines(shown) == (_lines(expected) if after == "text" else "")


def _lines(text):
    """Text with the guide's own lines by name alone."""
    return re.sub(r"(docs/)?scaling\.md:\d+", "scaling.md", text)


@pytest.mark.smoke
def test_every_partitioner_is_in_the_guide():
    """Each partitioner is in the table, and each that code calls is there."""
    text = GUIDE.read_text()
    rows = re.findall(r"^\| (`.*?) \|", text[text.index("| partitioner |") :], re.M)
    found = {name for row in rows for name in re.findall(r"`(\w+)[(`]", row)}
    assert {name for name in partitioners.__all__ if name != "Partition"} <= found
    assert all(
        hasattr(partitioners, name) for name in re.findall(r"partitioners\.(\w+)", text)
    )
