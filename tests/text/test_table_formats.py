"""The two ways to print the table of variables: text and Markdown."""

import re

import jax
import pytest

import scopejax as sj
from scopejax._text import table as summary

from ..helpers.specs import SPECS, spec

HEAD = ("variable", "shape", "dtype", "count", "bytes", "initializer", "trainable")


# Text


def model(scope):
    """A model with scopes, stacks and a frozen variable."""
    scope.get_variable("step", (), "int32", trainable=False)
    (scope / "head").get_variable("kernel", (4, 2))
    return jax.lax.scan(
        lambda x, s: (x + s.get_variable("bias", (4,)).sum(), None),
        0.0,
        (scope / "layers").stack(3),
    )


MANIFEST = sj.transform(model).manifest()


@pytest.mark.smoke
def test_text_is_aligned():
    """Every line starts its columns at one place, and none ends in blanks."""
    lines = summary.to_text(SPECS).splitlines()
    head, rule, *body = lines
    assert [word for word in HEAD if word in head] == list(HEAD)
    assert "defined at" in head
    assert set(rule) == {"-"}
    assert len(rule) == max(map(len, lines))
    assert body[-2] == rule
    assert body[-1].startswith("total")
    assert all(line == line.rstrip() for line in lines)
    start = head.index("dtype")
    kinds = {line[start : start + 7].strip() for line in body if set(line) != {"-"}}
    assert kinds == {"float32", "float16", "int32", ""}
    end = head.index("count") + len("count")
    counts = [line[:end].split()[-1] for line in body if set(line) != {"-"}]
    assert "1,000,000" in counts
    assert "16" in counts


def test_text_shows_depth_by_two_blanks():
    """A variable stands two columns to the right of its scope."""
    lines = summary.to_text(SPECS).splitlines()
    starts = [line.split()[0] for line in lines]
    depths = {w: len(x) - len(x.lstrip()) for w, x in zip(starts, lines, strict=True)}
    assert depths["tower/"] == 0
    assert depths["h2/"] == depths["scale"] == 2
    assert depths["bias"] == 4


def test_a_manifest_prints_its_table():
    """`print(manifest)` shows the table, with the lines that made the variables."""
    text = str(MANIFEST)
    assert text == summary.to_text(MANIFEST.values())
    assert "(3, 4)" in text
    assert text.count("test_table_formats.py:") == 3
    assert (
        repr(MANIFEST) == "<Manifest of 3 variables, 21 numbers, 20 of them trainable>"
    )


# Markdown


NASTY = [
    spec("a|b", (2,), where="model|x.py:3 in f"),
    spec("<script>alert(1)</script>", (2,)),
    spec("&amp;/'q\"", (2,)),
    spec("a`b", (2,)),
    spec("*bold*_it_", (2,)),
]


def test_markdown_is_a_table():
    """Each line has the same number of cells; numbers stand on the right."""
    lines = summary.to_markdown(SPECS).splitlines()
    assert len(lines) == 2 + len(summary.rows(SPECS))
    assert {line.count("|") for line in lines} == {len(HEAD) + 2}
    assert lines[1] == "| --- | --- | --- | ---: | ---: | --- | --- | --- |"
    assert MANIFEST.to_markdown() == summary.to_markdown(MANIFEST.values())


def test_markdown_keeps_names_in_their_cell():
    """A bar in a name is escaped, so that the table keeps its columns."""
    for line in summary.to_markdown(NASTY).splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        assert len(cells) == len(HEAD) + 3
