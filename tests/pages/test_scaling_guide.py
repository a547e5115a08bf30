"""The guide to scaling runs on eight devices, and prints what it says."""

import re

import pytest

from scopejax import partitioners

from ..helpers.pages import ROOT, printed

GUIDE = ROOT / "docs" / "scaling.md"


def test_blocks_print_what_follows():
    """Each block prints the text block that comes after it, and nothing else."""
    for code, shown, said in printed(GUIDE):
        assert _lines(shown) == _lines(said), code


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
