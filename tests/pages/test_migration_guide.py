"""The guide that moves a GPT-2 runs, prints what it says, and shows what is tested."""

import re

import pytest

from ..helpers.migration import NOTEBOOK, functions
from ..helpers.pages import ROOT, blocks, printed

GUIDE = ROOT / "docs" / "migrating_gpt2.md"
PROGRAM = ROOT / "tests" / "data" / "gpt2_tiny" / "make_gpt2_tiny.py"
ROW = re.compile(r"^\| `(.*)` \| `(.*)` \|$", re.MULTILINE)
DROPPED = {"shape_list", "train_op"}


def program():
    """The functions of TensorFlow's program, without those that record it."""
    found = functions(PROGRAM)
    names = list(found)
    return {name: found[name] for name in names[: names.index("record")]}


def test_python_blocks_print_what_follows(monkeypatch):
    """Each block prints the text block that comes after it, and each of those is."""
    monkeypatch.chdir(ROOT)
    texts = 0
    for code, shown, said in printed(GUIDE):
        assert shown == said, code
        texts += bool(said)
    assert texts == sum(kind == "text" for kind, *_ in blocks(GUIDE))


@pytest.mark.smoke
def test_the_program_shown_is_the_one_that_was_run():
    """TensorFlow's functions stand in the guide as in the script that was run."""
    shown = next(code for kind, code, _ in blocks(GUIDE) if kind == "python tf1")
    assert all(source in shown for source in program().values())


def moved():
    """The functions of that program in JAX, line by line."""
    found = functions(NOTEBOOK)
    return {name: found[name] for name in program() if name not in DROPPED}


def test_the_models_shown_are_those_that_are_tested():
    """The guide has the notebook's functions, up to the model with a scan."""
    text, found = GUIDE.read_text(), list(functions(NOTEBOOK).items())
    last = [name for name, _ in found].index("scanned_gpt2")
    missing = {name for name, code in found[: last + 1] if code not in text}
    assert missing == {"differences"}


def test_the_table_turns_one_program_into_the_other():
    """TensorFlow's functions with the table's replacements are those of JAX."""
    old = program()
    for name, expected in moved().items():
        source = old[name]
        for before, after in ROW.findall(GUIDE.read_text()):
            source = source.replace(before, after)
        assert source == expected


def test_the_lines_are_counted():
    """The guide says how many lines there are, and how many stay."""
    old = program()
    pairs = [
        pair
        for name, source in moved().items()
        for pair in zip(old[name].splitlines(), source.splitlines(), strict=True)
    ]
    pairs = [pair for pair in pairs if pair[0].strip()]
    same = sum(old == new for old, new in pairs)
    sentence = f"Of the {len(pairs)} lines that stay, {same} are as they were."
    assert sentence in GUIDE.read_text()


def test_links_lead_somewhere():
    """Each link has a heading of the guide, or a file."""
    text = GUIDE.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings}
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    files = [link for link in links if not link.startswith("#")]
    assert all((GUIDE.parent / file).exists() for file in files)
