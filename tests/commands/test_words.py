"""What the library tells those who write Python, told on the command line."""

import ast
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax
from scopejax import ScopeError
from scopejax.commands._words import (
    _INSTEAD,
    OF_TWO,
    for_stream,
    printable,
    told,
)

PACKAGE = Path(scopejax.__file__).parent
HEARD = [*PACKAGE.glob("checkpoints/**/*.py")]
# What no command can make the library say.
UNHEARD = (
    "cast=",  # the 64 bits of `load`, and its casts to a target
    "into=",  # of layers
    "item=",  # of `load`, where a target or a like is given
    "slot=",  # of `load` without a slot; inspect and convert have --slot
    "jax.random",  # of what is saved by a program
    "Saver()",  # of TensorFlow itself
)


def remedies(path):
    """The texts that a file gives as remedies, with nothing for what varies."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg == "remedy":
            texts = (n for n in ast.walk(node.value) if isinstance(n, ast.Constant))
            yield "".join(str(text.value) for text in texts)


SAID = sorted({text for path in HEARD for text in remedies(path)})


@pytest.mark.smoke
@pytest.mark.parametrize("words", [{}, OF_TWO])
@pytest.mark.parametrize("remedy", SAID)
def test_no_remedy_speaks_python(remedy, words):
    """No keyword, no call and no attribute of a module is asked for."""
    if any(word in remedy for word in UNHEARD):
        return
    found = told(ScopeError("No.", remedy=remedy), words)
    assert not re.search(r"\w=|\w\(|jax\.", found)


@pytest.mark.parametrize("python", _INSTEAD)
def test_the_table_is_needed(python):
    """Each entry replaces something that the library says."""
    sources = [*HEARD, PACKAGE / "_base" / "dtypes.py"]
    assert any(python in text for path in sources for text in remedies(path))


def test_all_is_told_but_lines_of_code():
    """What was expected and found, and the nearest names."""
    error = ScopeError("No.", expected="a", found="b", where="x:1", nearest=["c", "d"])
    assert told(error, {}) == "No.\n  expected  a\n  found     b\n  nearest   c, d"


@given(st.text())
def test_printable_text_stays(text):
    """What is shown is printable, and text that was is left alone."""
    shown = printable(text)
    assert not shown or shown.isprintable()
    assert shown == text or not text.isprintable()


@given(st.text(), st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]))
def test_any_stream_can_show_it(text, encoding):
    """In lines, as many as there were."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    shown = for_stream(text, stream)
    stream.write(shown)
    assert shown.count("\n") == text.count("\n")


def test_a_stream_without_an_encoding_takes_all():
    """Such as one in memory."""
    assert for_stream("é\ud800", io.StringIO()) == "é\\ud800"
