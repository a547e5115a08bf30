"""The guide for modules of other libraries runs, and prints what it says."""

import re

from scopejax import interop

from ..helpers.pages import ROOT, printed

GUIDE = ROOT / "docs" / "interop.md"


def plain(text):
    """Text without what depends on the widths of columns."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line.strip("-") for line in lines]


def test_blocks_print_what_follows():
    """Each block prints the text block that comes after it, and nothing else."""
    for code, shown, said in printed(GUIDE):
        assert plain(shown.replace("docs/interop.md", "interop.md")) == plain(said), (
            code
        )


def test_every_name_is_in_the_guide():
    """Each function of interop is mentioned, and each mentioned one is there."""
    text = GUIDE.read_text()
    public = {name for name in vars(interop) if not name.startswith("_")}
    mentioned = set(re.findall(r"interop\.(\w+)\(", text))
    mentioned |= set(re.findall(r"`((?:from|to)_\w+)\(", text))
    assert mentioned == public
