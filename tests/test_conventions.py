"""What holds for every file of the project."""

import ast
import re
from pathlib import Path

import pytest

import scopejax
from scopejax import initializers

from .helpers.public_names import NAMES

pytestmark = pytest.mark.smoke

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "scopejax"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize(
    "path",
    [*SOURCES, *(path for path in TESTS if not path.name.endswith("_cases.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_are_short(path):
    """No file is much longer than 300 lines; prose in docstrings counts half."""
    tree = ast.parse(path.read_text())
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef)
    documented = [node for node in ast.walk(tree) if isinstance(node, nodes)]
    prose = sum(len((ast.get_docstring(n) or "").splitlines()) for n in documented)
    assert len(path.read_text().splitlines()) - prose / 2 <= 300


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_tests_say_what_they_test(path):
    """Each test has a docstring of one sentence, and each raises a match."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), node.name
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises":
            assert "match" in {word.arg for word in node.keywords}, ast.unparse(node)


# What the functions that return it show, and values, whose docstrings Python drops.
SHOWN_ELSEWHERE = {"Transformed", "TransformedWithState"}
VALUES = {
    name for name in vars(initializers) if name.startswith(("glorot_", "he_", "lecun_"))
}


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_public_names_are_documented(module, name):
    """Every public name has a docstring; functions and classes an example."""
    value = getattr(module, name)
    doc = value.__doc__ or ""
    assert doc.strip() or name in VALUES
    error = isinstance(value, type) and issubclass(value, Exception)
    if callable(value) and not error and name not in SHOWN_ELSEWHERE | VALUES:
        assert ">>>" in doc


def test_the_version_is_in_the_changelog():
    """The newest entry of the changelog is this version."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[?([\d.]+)", changelog, re.MULTILINE)
    assert newest
    assert newest[1] == scopejax.__version__
