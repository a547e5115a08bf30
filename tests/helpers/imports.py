"""The modules of the package, and what each of them imports."""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "scopejax"


def names_of(path):
    """`("_base", "errors")` for scopejax/_base/errors.py."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


MODULES = {names_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(names):
    """The modules of scopejax that a module imports, at any depth of its code."""
    path = MODULES[names]
    package = names if path.stem == "__init__" else names[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = (*base, *(node.module.split(".") if node.module else ()))
            for alias in node.names:
                name = (*target, alias.name)
                yield name if name in MODULES else target


def arrows(inside=()):
    """The rooms that each room imports, sorted: of the package, or of one in it.

    The front door of the package, `__init__.py`, is not a room.
    """
    depth, found = len(inside), defaultdict(set)
    within = [n for n in MODULES if len(n) > depth and n[:depth] == inside]
    for names in within:
        here = names[depth]
        targets = [t for t in imported(names) if len(t) > depth and t[:depth] == inside]
        found[here] |= {target[depth] for target in targets} - {here}
    return {room: sorted(targets) for room, targets in sorted(found.items())}
