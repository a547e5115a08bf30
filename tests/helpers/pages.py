"""The code blocks of the project's pages, run as a reader runs them."""

import contextlib
import io
import itertools
import re
import tempfile
import textwrap
from pathlib import Path

import jax

ROOT = Path(__file__).parents[2]
# Within a tab a block is indented.
BLOCK = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
END = ("", "", 0)  # after the last block of a page


def blocks(page):
    """`(language, code, line of the code)` of each block."""
    text = page.read_text()
    for match in BLOCK.finditer(text):
        code = textwrap.dedent(match[3])
        yield match[2], code, text.count("\n", 0, match.start(3))


def run(page, code, line, names):
    """What a block prints; its lines are counted as those of the page."""
    return _printed(code, str(page.relative_to(ROOT)), line, names)


def _printed(code, file, line, names):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * line + code, file, "exec"), names)
    return out.getvalue()


def printed(page):
    """`(code, what it prints, what the page says)` of each Python block, run in order.

    JAX is as it is out of the box. Where no text block follows, the page says nothing.
    """
    names = {"__name__": "guide"}
    with out_of_the_box():
        for (kind, code, line), after in itertools.pairwise([*blocks(page), END]):
            if kind == "python":
                shown = run(page, code, line, names)
                yield code, shown, after[1] if after[0] == "text" else ""


def told(page):
    """`(code, what it told, what the page says)` of each Python block, run in order.

    The blocks are lines of one file, ``model.py``, in an empty folder. An error that
    ends a block is told as Python tells it. Where no text block follows, the page says
    nothing; a block without text is a mistake.
    """
    names, line = {"__name__": "model"}, 0
    empty = tempfile.TemporaryDirectory()
    with empty as folder, contextlib.chdir(folder), out_of_the_box():
        for (kind, code, _), after in itertools.pairwise([*blocks(page), END]):
            assert after[0] != "text" or after[1].strip(), f"{page}: an empty block"
            if kind == "python":
                shown = _told(code, line, names)
                yield code, shown, after[1] if after[0] == "text" else ""
                line += code.count("\n") + 1


def _told(code, line, names):
    try:
        text = _printed(code, "model.py", line, names)
    except Exception as error:
        notes = [note for note in getattr(error, "__notes__", ()) if "docs" in note]
        text = "\n".join([f"{type(error).__name__}: {error}", *notes, ""])
    return re.sub(r", called at \S*tests/helpers/pages.py:\d+ in \w+", "", text)


@contextlib.contextmanager
def out_of_the_box():
    """JAX as it is without the settings of the tests."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield
