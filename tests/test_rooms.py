"""The rooms of the package, and that imports run in a straight line."""

import ast

import pytest

import scopejax

from .helpers.imports import MODULES, imported

pytestmark = pytest.mark.smoke

# The rooms, in the order of a variable's life, and the files in each, in order. A file
# imports from rooms above its own, and within it from files before it. Where there are
# no names, the files of a room know each other.
ROOMS = {
    "_base": "homes displayed numbers texts errors lines answers files names missing"
    " dtypes trees arguments keys",
    "_jax": "memory calls mesh surroundings reach",
    "initializers": "",
    "regularizers": "",
    "_spec": "functions sameness options spec partition",
    "_scope": "named copies replicas request record place state checks from_inputs"
    " getter lookup assign sources fields pytree scope",
    "layers": "_base _linear _attention _recurrent _norm _state",
    "_text": "table bars progress",
    "_version": "",
    "_making": "verdicts threefry recipe kind put plain rows fused sharded in_trace"
    " maker",
    "_manifest": "patterns fit diff union digest manifest",
    "views": None,
    "graphs": None,
    "_model": "boundary init transformed transform remat",
    "getters": "",
    "optim": "",
    "checkpoints": None,
    "interop": None,
    "tf1": "",  # see below
    "partitioners": "",
    "demo": None,
    "commands": None,
    "__main__": "",
}

# The same within scopejax/tf1.
TF1_ROOMS = {
    "_words": "missing errors graph_keys array_like shape dtypes arguments devices",
    "errors": "",
    "compat": "",
    "_initial": "values base fixed random",
    "_graph": "caches runs names counters cells values state opened graph current",
    "_variables": "start operation creation variable losses partitioned partitioners"
    " partitions sharing shards store",
    "_scopes": "scope get_variable name_scopes scopes partitioned_list templates eager",
    "_running": "functions session transform",
    "initializers": "",
    "losses": "",
    "train": "",
    "keras": None,
}

# What scopejax/tf1 takes from the core besides public names: words, not machinery.
TF1_HELPERS = {
    "_base.lines": {"CallPath", "innermost_line", "is_jax", "user_line", "user_steps"},
    "_base.names": {"Path", "nearest"},
    "_base.dtypes": {"as_dtype", "constant"},
    "_spec.partition": {"Partition"},
    "_jax.memory": {"MEMORIES", "moved"},
    "_scope.replicas": {"summand"},
    "_spec.spec": {"Combining"},
    "_model.transformed": {"made_by", "require_model"},
}


def standing(names, rooms=ROOMS):
    """Where a module stands: one number for each level; rooms without order end it."""
    room, *inside = names
    assert room in rooms, f"{room} stands in no list"
    floor = list(rooms).index(room)
    if room == "tf1" and inside:
        return floor, *standing(inside, TF1_ROOMS)
    if not inside or rooms[room] is None:
        return (floor,)
    return floor, rooms[room].split().index(inside[0])


@pytest.mark.parametrize("names", [n for n in MODULES if n], ids="/".join)
def test_imports_are_a_straight_line(names):
    """A module imports from those above it; a package also from what is in it."""
    here = standing(names)
    for target in filter(None, imported(names)):
        inside = target[: len(names)] == names
        there = standing(target)
        alike = there == here and len(here) < len(names)  # of a room without order
        assert inside or there < here or alike, f"{'/'.join(target)} is not above"


@pytest.mark.parametrize(
    "room", [n for n in MODULES if n and n[-1][0] == "_"], ids="/".join
)
def test_a_room_says_what_lives_there(room):
    """A private package has a docstring alone: what is in it, and where to begin."""
    if MODULES[room].stem == "__init__":
        doc = ast.get_docstring(ast.parse(MODULES[room].read_text())) or ""
        assert "Begin with" in " ".join(doc.split())


TF1 = [n for n in MODULES if n[:1] == ("tf1",) and len(n) > 1]


@pytest.mark.parametrize("names", TF1, ids="/".join)
def test_tf1_stands_on_the_public_core(names):
    """What tf1 takes from the core is public, or a helper for names and lines."""
    path = MODULES[names]
    up = len(names if path.stem == "__init__" else names[:-1]) + 1
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == up:
            for alias in node.names:
                module, name = node.module, alias.name
                public = module is None or name in scopejax.__dict__
                in_public_module = module in ("initializers", "checkpoints", "layers")
                helper = name in TF1_HELPERS.get(module, ())
                assert public or in_public_module or helper, (module, name)
