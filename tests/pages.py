"""The code blocks of the project's pages, run as a reader runs them."""

import contextlib
import io
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """`(language, code, line of the code)` of each block."""
    text = page.read_text()
    for match in BLOCK.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start(2))


def run(page, code, line, names):
    """What a block prints; its lines are counted as those of the page."""
    out = io.StringIO()
    file = str(page.relative_to(ROOT))
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * line + code, file, "exec"), names)
    return out.getvalue()
