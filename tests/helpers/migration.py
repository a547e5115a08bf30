"""A GPT-2 moved in three ways: line by line, with scopes as values, with a scan.

The models are those of notebooks/07_from_tf1.py, which docs/migrating_gpt2.md shows as
well. The program in TensorFlow is tests/data/gpt2_tiny/make_gpt2_tiny.py.
"""

import ast
import types

from .pages import ROOT

NOTEBOOK = ROOT / "notebooks" / "07_from_tf1.py"


def functions(path):
    """Name -> source, of the functions at the top of a file."""
    text = path.read_text()
    return {
        node.name: ast.get_source_segment(text, node)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }


def _is_definition(node):
    """Whether it defines a name of the models: no picture is drawn, nothing is run."""
    text = ast.unparse(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "matplotlib" not in text
    return isinstance(node, ast.FunctionDef) or text.startswith("HParams = ")


def _definitions():
    tree = ast.parse(NOTEBOOK.read_text())
    tree.body = [node for node in tree.body if _is_definition(node)]
    names = {}
    exec(compile(tree, NOTEBOOK, "exec"), names)
    return types.SimpleNamespace(**names)


models = _definitions()
