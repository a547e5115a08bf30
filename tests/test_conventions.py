"""What holds for every file of the project."""

import ast
import re
from pathlib import Path

import pytest

import scopejax
from scopejax import initializers

from .public_names import NAMES

pytestmark = pytest.mark.smoke

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
    "_running",
    "_options",
    "_spec",
    "_copies",
    "_mesh",
    "_partition",
    "_placing",
    "_tree",
    "_arguments",
    "_reach",
    "_replicas",
    "_state",
    "initializers",
    "_keys",
    "_record",
    "_place",
    "_profile",
    "_request",
    "_pending",
    "_checks",
    "_lookup",
    "_assign",
    "_getter",
    "_fields",
    "_scope",
    "_pytree",
    "_signature",
    "_summary",
    "_bars",
    "_progress",
    "_kinds",
    "_plain",
    "_threefry",
    "_recipe",
    "_rows",
    "_files",
    "_version",
    "_digest",
    "_bundle",
    "_verdicts",
    "_fused",
    "_grouped",
    "_sharded",
    "_materialize",
    "_match",
    "_compare",
    "_differences",
    "_manifest",
    "views",
    "_displays",
    "_initialize",
    "graphs",
    "_transformed",
    "_transform",
    "_remat",
    "getters",
    "regularizers",
    "optim",
    "checkpoints",
    "layers",
    "interop",
    "tf1",
    "partitioners",
    "demo",
    "commands",
    "__main__",
]

# The same within scopejax/tf1.
TF1_LAYERS = [
    "_errors",
    "_graph_keys",
    "_caches",
    "_runs",
    "_array_like",
    "_shape",
    "_sharing",
    "_dtypes",
    "_arguments",
    "_devices",
    "_names",
    "_counters",
    "_initial",
    "_cells",
    "_values",
    "_state",
    "_opened",
    "_graph",
    "_current",
    "_missing",
    "errors",
    "compat",
    "_initializer",
    "_initializers_fixed",
    "_initializers_random",
    "_start",
    "_operation",
    "_creation",
    "_variable",
    "_losses",
    "_partitioned",
    "_partitioners",
    "_partitions",
    "_shards",
    "_store",
    "_scope_object",
    "_get_variable",
    "_name_scopes",
    "_scopes",
    "_partitioned_list",
    "_templates",
    "_eager",
    "_functions",
    "_session",
    "initializers",
    "losses",
    "train",
    "keras",
    "_transform",
]

# What scopejax/tf1 takes from the core besides public names: words, not machinery.
TF1_HELPERS = {
    "_where": {"CallPath", "innermost_line", "is_jax", "user_line", "user_steps"},
    "_naming": {"Path", "nearest"},
    "_dtypes": {"as_dtype", "constant"},
    "_partition": {"Partition"},
    "_copies": {"moved"},
    "_options": {"MEMORIES"},
    "_replicas": {"summand"},
    "_spec": {"Combining"},
}


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


TF1 = [path for path in SOURCES if path.parent == PACKAGE / "tf1"]


def from_imports(path, level):
    """The `from` imports of a file that go up by `level`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == level:
            yield node.module, [alias.name for alias in node.names]


@pytest.mark.parametrize("path", TF1, ids=lambda path: path.name)
def test_tf1_is_a_straight_line_too(path):
    """A file of tf1 imports from files above it in its own list, and stands in it."""
    if path.stem == "__init__":
        return
    above = TF1_LAYERS[: TF1_LAYERS.index(path.stem)]
    for module, names in from_imports(path, 1):
        targets = [module.partition(".")[0]] if module else names
        assert set(targets) <= set(above)


@pytest.mark.parametrize("path", TF1, ids=lambda path: path.name)
def test_tf1_stands_on_the_public_core(path):
    """What tf1 takes from the core is public, or a helper for names and lines."""
    for module, names in from_imports(path, 2):
        for name in names:
            public = module is None or hasattr(getattr(scopejax, name, None), "__doc__")
            in_public_module = module in ("initializers", "checkpoints", "layers")
            helper = name in TF1_HELPERS.get(module, ())
            assert public or in_public_module or helper, (module, name)


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
