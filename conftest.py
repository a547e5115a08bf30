"""Doctests are found in the file that they are written in.

Public classes and functions say that they live where users import them, and doctest
would look for their examples there, without those of their methods.
"""

import ast
import doctest
import functools
import inspect

_usual = doctest.DocTestFinder._from_module  # type: ignore[attr-defined]


@functools.cache
def _classes_in(file):
    with open(file, encoding="utf-8") as text:
        body = ast.parse(text.read()).body
    return {node.name for node in body if isinstance(node, ast.ClassDef)}


def _from_module(self, module, found):
    ours = (getattr(found, "__module__", None) or "").startswith("scopejax")
    if module is not None and ours and inspect.isfunction(found):
        return inspect.unwrap(found).__code__.co_filename == module.__file__
    if module is not None and ours and inspect.isclass(found):
        return found.__name__ in _classes_in(module.__file__)
    return _usual(self, module, found)


doctest.DocTestFinder._from_module = _from_module
