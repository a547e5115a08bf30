"""The guide for TF1 programs runs, prints what it says, and misses no name."""

import ast
import enum
import inspect
import itertools
import re
from pathlib import Path
from types import ModuleType

import pytest

from scopejax import tf1

from ..helpers.pages import ROOT, blocks, printed

GUIDE = ROOT / "docs" / "from_tf1.md"
ROW = re.compile(r"^\| (`.*?) \| ([^|]*) \| (.*) \|$", re.MULTILINE)
ARGUMENT = re.compile(r"(.*)\((?:(\w+)=|\*\*?(\w+))\)")
MODULES = {
    "": tf1,
    "compat.": tf1.compat,
    "errors.": tf1.errors,
    "initializers.": tf1.initializers,
    "keras.": tf1.keras,
    "keras.utils.": tf1.keras.utils,
    "logging.": tf1.logging,
    "losses.": tf1.losses,
    "train.": tf1.train,
}
READINGS = {"same", "JAX reading", "ignored", "refused", "added"}


@pytest.fixture
def _as_a_user_runs_it():
    """A default graph that nobody inherits."""
    tf1.reset_default_graph()
    yield
    tf1.reset_default_graph()


def section(heading):
    """The text below a heading, up to the next one of its level."""
    level = heading.split(" ")[0]
    _, _, text = GUIDE.read_text().partition(f"\n{heading}\n")
    assert text, heading
    return re.split(rf"^{level} ", text, flags=re.MULTILINE)[0]


# Blocks


def plain(text):
    """Text without what depends on the widths of columns and the guide's lines."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [
        re.sub(r"from_tf1.md:\d+", "from_tf1.md", line.strip("-")) for line in lines
    ]


@pytest.mark.usefixtures("_as_a_user_runs_it")
def test_python_blocks_print_what_follows():
    """Each block prints the text block that comes after it, and each of those is."""
    for code, shown, said in printed(GUIDE):
        assert plain(shown) == plain(said), code


@pytest.mark.smoke
def test_a_text_block_is_what_a_python_block_prints():
    """No output stands in the guide that nothing has printed."""
    found = [("", "", 0), *blocks(GUIDE)]
    for (before, *_), (kind, code, _) in itertools.pairwise(found):
        assert kind in ("python", "python tf1", "text")
        assert kind != "text" or before == "python", code


# The table


def rows():
    """`(name, reading, why)` of each name in the table of what there is."""
    table = section("## What there is").partition("### What is not there")[0]
    for cell, reading, why in ROW.findall(table):
        for name in re.findall(r"`([^`]+)`", cell):
            yield name, reading, why


ROWS = {name: reading for name, reading, _ in rows()}


def exported(module):
    """The names that a module defines, or imports in order to hand them on."""
    for node in ast.parse(Path(module.__file__).read_text()).body:
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [alias.asname for alias in node.names if alias.asname == alias.name]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            inside = itertools.chain.from_iterable(map(ast.walk, node.targets))
            names = [leaf.id for leaf in inside if isinstance(leaf, ast.Name)]
        yield from (name for name in names if not name.startswith("_"))


def public():
    """Each public name, with its module, and what it is."""
    for prefix, module in MODULES.items():
        for name in exported(module):
            yield prefix + name, getattr(module, name)


PUBLIC = dict(public())
CALLABLE = {
    name: value
    for name, value in PUBLIC.items()
    if callable(value)
    and not (isinstance(value, type) and issubclass(value, enum.Enum | Exception))
}


def parameters(function):
    """The parameters of a function, or of a class's constructor."""
    return set(inspect.signature(function).parameters)


def described(name):
    """The parameters of `name` that the table has a row for."""
    matches = [ARGUMENT.fullmatch(row) for row in ROWS]
    return {m[2] or m[3] for m in matches if m and m[1] == name}


def attribute(path):
    """What a dotted name stands for; None is told from what is not there."""
    value = tf1
    for part in path.split("."):
        value = getattr(value, part)
    return value


def test_the_walk_finds_the_package():
    """The names that the other tests go by are those of every module."""
    assert {"get_variable", "float32", "train", "zeros_initializer"} <= set(PUBLIC)
    assert {"train.get_global_step", "initializers.zeros"} <= set(PUBLIC)
    assert {"keras.utils.track_tf1_style_variables"} <= set(PUBLIC)
    assert {"losses.get_regularization_loss"} <= set(PUBLIC)
    modules = {value for value in PUBLIC.values() if isinstance(value, ModuleType)}
    assert modules | {tf1} == set(MODULES.values())


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_has_a_row(name):
    """What can be imported stands in the table."""
    assert name in ROWS


@pytest.mark.parametrize("name", sorted(CALLABLE))
def test_every_argument_has_a_row(name):
    """The arguments stand in the table, below one of the names of what takes them."""
    same = [other for other, value in CALLABLE.items() if value is CALLABLE[name]]
    assert parameters(CALLABLE[name]) in [described(other) for other in same]


@pytest.mark.parametrize(
    "kind", ["GraphKeys", "VariableAggregation", "VariableSynchronization"]
)
def test_every_member_has_a_row(kind):
    """The table has the names of all collections and all members of the enums."""
    value = getattr(tf1, kind)
    is_enum = issubclass(value, enum.Enum)
    members = value.__members__ if is_enum else vars(value)
    public_ones = {name for name in members if not name.startswith("_")}
    assert {f"{kind}.{name}" for name in public_ones} <= set(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_no_row_is_of_what_does_not_exist(row):
    """Each row names something that is there, and an argument that it takes."""
    match = ARGUMENT.fullmatch(row)
    value = attribute(match[1] if match else row)
    if match:
        assert (match[2] or match[3]) in parameters(value)


def test_rows_have_a_reading_and_stand_once():
    """A row says one of five things, and no name has two rows."""
    names = [name for name, *_ in rows()]
    assert len(names) == len(set(names))
    assert set(ROWS.values()) <= READINGS


def test_arguments_stand_below_what_takes_them():
    """The rows of arguments follow the row of their function."""
    last = None
    for name in ROWS:
        match = ARGUMENT.fullmatch(name)
        if match:
            assert PUBLIC[match[1]] is last, name
        elif name in PUBLIC:
            last = PUBLIC[name]


NUMERIC = {"signal"}


def test_what_is_not_there_is_not_there():
    """The names of the second table are errors that lead to the guide, or modules."""
    cells = re.findall(r"^\| (.*?) \|", section("### What is not there"), re.MULTILINE)
    names = set(re.findall(r"`tf\.([\w.]+)`", " ".join(cells))) - NUMERIC
    absent = {n for n in names if not isinstance(PUBLIC.get(n), ModuleType)}
    absent -= {"math", "nn", "image", "linalg", "layers", "contrib", "distributions"}
    absent -= {"nn.rnn_cell"}  # of which rarer names are not there
    for name in absent:
        with pytest.raises(AttributeError, match=r"docs/from_tf1\.md has the table"):
            attribute(name)
    assert len(absent) > 25


# The rest


def test_there_are_thirty_differences():
    """The differences are numbered from 1 to 30, and each says what scopejax does."""
    text = section("## Where TF1 differs from its own documentation")
    found = re.findall(r"^(\d+)\. (.*)$", text, re.MULTILINE)
    assert [int(number) for number, _ in found] == list(range(1, 31))
    assert all(" scopejax: " in line for _, line in found)


def test_links_lead_to_headings():
    """Each link within the guide has a heading."""
    text = GUIDE.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors
