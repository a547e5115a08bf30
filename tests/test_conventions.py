"""What holds for every file of the project."""

import ast
import re
from pathlib import Path

import pytest

import scopejax

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "scopejax"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

# Each file imports from files above it only. A package stands for all of its files.
LAYERS = [
    "_errors",
    "_where",
    "_naming",
    "_dtypes",
    "_options",
    "_spec",
    "_tree",
    "initializers",
    "_keys",
    "_record",
    "_place",
    "_profile",
    "_request",
    "_checks",
    "_lookup",
    "_fields",
    "_scope",
    "_pytree",
    "_signature",
    "_materialize",
    "_match",
    "summary",
    "_compare",
    "_manifest",
    "_transform",
    "checkpoints",
    "layers",
    "demo",
    "__main__",
]


def module(path):
    """The name of a file in the list of layers."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """The modules of scopejax that a file imports, at any depth of its code."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = [*base, *(node.module.split(".") if node.module else [])]
            names = [[*target, alias.name] for alias in node.names]
            yield from (name[1] for name in names if len(name) > 1)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_are_a_straight_line(path):
    """A file imports from files above it in the list, and stands in the list."""
    name = module(path)
    if name == "__init__":
        return
    above = LAYERS[: LAYERS.index(name)]
    if path.parent != PACKAGE:
        above = [*above, name]  # the files of one package know each other
    assert set(imported(path)) & set(LAYERS) <= set(above)


@pytest.mark.parametrize(
    "path", [*SOURCES, *TESTS], ids=lambda path: str(path.relative_to(ROOT))
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


@pytest.mark.parametrize(
    "name", sorted(name for name in vars(scopejax) if not name.startswith("_"))
)
def test_public_names_are_documented(name):
    """Every public name has a docstring; functions and classes an example."""
    value = getattr(scopejax, name)
    doc = value.__doc__ or ""
    assert doc.strip()
    error = isinstance(value, type) and issubclass(value, Exception)
    if callable(value) and not error and name != "Transformed":
        assert ">>>" in doc


def test_the_version_is_in_the_changelog():
    """The newest entry of the changelog is this version."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[?([\d.]+)", changelog, re.MULTILINE)
    assert newest
    assert newest[1] == scopejax.__version__
