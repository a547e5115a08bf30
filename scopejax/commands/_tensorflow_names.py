"""The names of TensorFlow that a program uses, found in its text without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

_SPELLINGS = ("compat.v1", "_api.v1")


class Use(NamedTuple):
    """One place where a program names something of TensorFlow.

    Attributes:
      name: the dotted name below ``tensorflow``; ``feed_dict`` stands for itself.
      line: of the file, from 1 on.
    """

    name: str
    line: int


def uses(source: str, file: str) -> list[Use]:
    """Each use, by line.

    What a module is called is followed through imports and plain assignments:
    ``layers = tf.contrib.layers``.

    Raises:
      SyntaxError: it is no Python 3.

    >>> uses("import tensorflow as tf\\nx = tf.train.Saver()", "a.py")
    [Use(name='train.Saver', line=2)]
    """
    tree = ast.parse(source, file)
    names = _Aliases()
    before = -1
    while before != len(names.known):  # an alias may stand for an alias
        before = len(names.known)
        names.visit(tree)
    found = _Uses(names.known)
    found.visit(tree)
    return sorted({*found.uses}, key=lambda use: (use.line, use.name))


def below_tensorflow(module: str) -> str | None:
    """The path of a module below ``tensorflow``; None for other modules.

    >>> below_tensorflow("tensorflow.compat.v1.train"), below_tensorflow("numpy")
    ('train', None)
    """
    if module == "scopejax.tf1":
        return ""
    root, _, path = module.partition(".")
    if root != "tensorflow":
        return None
    for spelling in _SPELLINGS:
        if path == spelling or path.startswith(spelling + "."):
            return path[len(spelling) + 1 :]
    return path


def _joined(path: str, name: str) -> str:
    found = below_tensorflow(
        f"tensorflow.{path}.{name}" if path else f"tensorflow.{name}"
    )
    assert found is not None
    return found


class _Aliases(ast.NodeVisitor):
    """What local names stand for.

    Attributes:
      known: local name -> path below ``tensorflow``.
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            path = below_tensorflow(alias.name)
            if path is not None and alias.asname:
                self.known[alias.asname] = path
            elif path is not None and alias.name.startswith("tensorflow"):
                self.known["tensorflow"] = ""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias, path in _imported(node):
            self.known[alias.asname or alias.name] = path

    def visit_Assign(self, node: ast.Assign) -> None:
        path = dotted(node.value, self.known)
        for target in node.targets:
            if path is not None and isinstance(target, ast.Name) and _is_module(path):
                self.known.setdefault(target.id, path)


def _imported(node: ast.ImportFrom) -> Iterator[tuple[ast.alias, str]]:
    if node.level or node.module is None:
        return
    for alias in node.names:
        module = below_tensorflow(node.module)
        if module is not None and alias.name != "*":
            yield alias, _joined(module, alias.name)
        elif below_tensorflow(f"{node.module}.{alias.name}") == "":  # from scopejax
            yield alias, ""


def _is_module(path: str) -> bool:
    """Whether a path may be a module's: TensorFlow's are in lower case."""
    last = path.rpartition(".")[2]
    return last.islower() or not last


def dotted(node: ast.AST, known: dict[str, str]) -> str | None:
    """The path that an expression such as ``tf.train.Saver`` names, or None."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in known:
        return None
    path = known[node.id]
    for name in reversed(names):
        path = _joined(path, name)
    return path


class _Uses(ast.NodeVisitor):
    """What is used, once the aliases are known."""

    def __init__(self, known: dict[str, str]) -> None:
        self.uses: list[Use] = []
        self._known = known

    def _note(self, path: str | None, node: ast.AST) -> None:
        if path:
            self.uses.append(Use(path, getattr(node, "lineno", 0)))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._note(below_tensorflow(alias.name), node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for _, path in _imported(node):
            self._note(path, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = dotted(node, self._known)
        if path is None:
            self.generic_visit(node)
        self._note(path, node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._note(self._known.get(node.id), node)

    def visit_Call(self, node: ast.Call) -> None:
        for fed in _fed(node):
            self._note("feed_dict", fed)
        self.generic_visit(node)


def _fed(node: ast.Call) -> Iterator[ast.AST]:
    """What a call feeds: by its keyword, or as the second argument of ``run``."""
    yield from (word.value for word in node.keywords if word.arg == "feed_dict")
    function, second = node.func, node.args[1:2]
    if isinstance(function, ast.Attribute) and function.attr == "run":
        yield from (given for given in second if isinstance(given, ast.Dict))
