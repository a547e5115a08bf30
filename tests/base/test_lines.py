"""Whose line it is, and how it is shown."""

import functools
import os
import sys
import types

import jax
import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax._base import lines as where


def model(scope):
    return jax.jit(lambda: scope.get_variable("w", (2,)))()


LINE = model.__code__.co_firstlineno + 1
FILE = os.path.relpath(__file__)


@pytest.mark.smoke
def test_frames_of_libraries_are_no_place():
    """The line is the user's, although JAX's own frames lie in between."""
    assert sj.transform(model).manifest()["w"].where == f"{FILE}:{LINE} in <lambda>"


def test_layers_are_libraries():
    """A variable of a layer is made at the line that calls the layer."""

    def net(scope):
        return sj.layers.dense(scope, jnp.ones((1, 2)), 3)

    line = net.__code__.co_firstlineno + 1
    made = sj.transform(net).manifest()["kernel"].where
    assert made == f"{FILE}:{line} in net"


def test_a_file_elsewhere_has_its_whole_path(tmp_path):
    """What is not below the working directory is shown so that it can be opened."""
    names = {}
    path = tmp_path / "elsewhere.py"
    exec(compile("def f(s): return s.get_variable('w')", path, "exec"), names)
    with pytest.raises(sj.InvalidArgumentError, match="shape") as caught:
        sj.transform(names["f"]).manifest()
    assert caught.value.where.startswith(f"{path}:1 in f")


def test_an_installed_file_is_short_in_the_table(tmp_path, monkeypatch):
    """The table shows a package's file by its path within the installation."""
    monkeypatch.syspath_prepend(tmp_path)
    names = {}
    path = tmp_path / "package" / "model.py"
    exec(compile("def f(s): return s.get_variable('w', ())", path, "exec"), names)
    spec = sj.transform(names["f"]).manifest()["w"]
    assert spec.where == os.path.join("package", "model.py") + ":1 in f"


@pytest.mark.parametrize(
    ("compiler", "expected"),
    [
        (
            types.SimpleNamespace(format_code_name=lambda _: ("Cell", "In[3]")),
            "Cell In[3]",
        ),
        (types.SimpleNamespace(format_code_name=lambda _: None), FILE),
        (types.SimpleNamespace(), FILE),  # IPython 7
    ],
)
def test_cells_have_names(monkeypatch, compiler, expected):
    """In a notebook the place is the cell, where IPython can tell."""
    shell = types.SimpleNamespace(compile=compiler)
    module = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", module)
    assert where.user_line().startswith(f"{expected}:")


@pytest.mark.parametrize("shell", ["IPython/core", "ipykernel"])
def test_what_runs_a_cell_is_not_shown(shell):
    """The line of a cell is called by nobody, though a shell's frames are around it."""
    names = {"line": where.user_line}
    exec(compile("def cell(): return line()", "cell.py", "exec"), names)
    runs = f"/env/lib/{shell}/shell.py"
    exec(compile("def run(): return cell()", runs, "exec"), names)
    assert names["run"]() == "cell.py:1 in cell"


def test_a_thread_of_libraries_has_no_line():
    """Where no user's frame is on the stack, the place is unknown."""
    assert where.innermost_line(where.CallPath(())) == "unknown"
    assert str(where.CallPath(())) == "unknown"


def test_partial_functions_have_lines():
    """A wrapper without a frame of its own does not hide the line."""
    partial = functools.partial(sj.Scope.get_variable, name="w", shape=())
    spec = sj.transform(lambda scope: partial(scope)).manifest()["w"]
    assert spec.where.startswith(FILE)
