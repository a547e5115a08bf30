"""The README's blocks run, and print what it says."""

import itertools
import re

import jax
import pytest

from ..helpers.pages import ROOT, blocks, run

README = ROOT / "README.md"


@pytest.fixture(autouse=True)
def _as_a_user_runs_it():
    """A README adds biases as everybody does, by rank promotion."""
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.mark.smoke
def test_python_blocks_print_what_follows():
    """Each block prints the text block that comes after it, blanks aside."""
    found = list(blocks(README))
    names = {"__name__": "readme"}
    printed = 0
    for (kind, code, line), (after, expected, _) in itertools.pairwise(found):
        if kind == "python":
            shown = run(README, code, line, names)
            printed += bool(shown)
            if shown:
                assert after == "text"
                assert _plain(shown) == _plain(expected)
    assert printed == 8


@pytest.mark.smoke
def test_the_accident_is_the_one_shown():
    """The error in the README is the one that its example gives without reuse."""
    found = list(blocks(README))
    code, shown = found[0][1], found[2][1]
    code = code.replace(".with_options(reuse=True)", "")
    message = ""
    try:
        exec(compile(code, "model.py", "exec"), {"__name__": "model"})
    except ValueError as error:
        message = str(error)
    assert _plain(re.sub(r", called at [^,]* in <module>", "", message)) == _plain(
        shown
    )


def test_the_picture_is_the_graph_of_its_model():
    """The drawing is what `net.graph` saves for the first block."""
    names = {"__name__": "readme"}
    _, code, line = next(blocks(README))
    run(README, code, line, names)
    graph = names["net"].graph(names["left"], names["right"])
    assert (ROOT / "docs" / "siamese.svg").read_text() == graph.to_svg()


def test_the_first_two_commands_are_the_set_up():
    """The first block for a shell runs the demo, the second the tests."""
    commands = [code for kind, code, _ in blocks(README) if kind == "sh"]
    assert "scopejax demo" in commands[0]
    assert "pytest" in commands[1]
    assert all("pip install" in command for command in commands[:2])


def _plain(text):
    """Text without what depends on the widths of columns."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [re.sub(r"README.md:\d+", "README.md", line.strip("-")) for line in lines]
