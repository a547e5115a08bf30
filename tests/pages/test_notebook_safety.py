"""A notebook's cells, run in any order, again, and interrupted, in a real IPython."""

import sys
import textwrap
import threading

import jax
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from ..helpers.meshes import all_bits

SETUP = """
import signal
import jax, jax.numpy as jnp
import scopejax as sj
x = jnp.ones((2, 3))
key = jax.random.key(0)
"""
MODEL = """
def model(scope, x):
    dense = scope / "dense"
    kernel = dense.get_variable("kernel", (3, 4))
    count = scope.get_variable("count", (), "int32", trainable=False)
    scope.assign("count", count + 1)
    return jax.nn.relu(x @ kernel).sum()
net = sj.transform_with_state(model)
"""
INIT = "params, state = net.init(key, x)"
APPLY = "out, after = jax.jit(net.apply)(params, state, x)"
GRAD = "grads = jax.grad(lambda p: net.apply(p, state, x)[0])(params)"
SHOW = "view = sj.compare(params, jax.tree.map(lambda p: p + 0.1, params))"
CELLS = (MODEL, INIT, APPLY, GRAD, SHOW)
NAMES = ("params", "state", "out", "after", "grads")


class Notebook:
    """A shell whose cells have to succeed, unless told otherwise."""

    def __init__(self, shell):
        self.shell = shell
        self.run(SETUP)

    def run(self, *cells):
        """Runs cells; an error in one of them is the caller's."""
        for cell in cells:
            self.shell.run_cell(textwrap.dedent(cell)).raise_error()

    def interrupted(self, cell):
        """Runs a cell that the user interrupts."""
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            self.run(cell)

    def __getitem__(self, name):
        return self.shell.user_ns[name]

    def results(self):
        """The bits of all that the cells have computed."""
        values = {name: self[name] for name in NAMES}
        assert not any(isinstance(v, jax.core.Tracer) for v in jax.tree.leaves(values))
        return all_bits(values)


@pytest.fixture
def notebook():
    """A fresh notebook that keeps no history on disk."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    yield Notebook(shell)
    shell.restore_sys_module_state()


@pytest.fixture
def expected(notebook):
    """What the cells compute when each is run once, in order."""
    notebook.run(*CELLS)
    return notebook.results()


@pytest.mark.parametrize("again", range(len(CELLS)))
def test_a_cell_that_is_run_again_gives_the_same(notebook, expected, again):
    """Running one cell again, and those that follow or not, changes no value."""
    notebook.run(CELLS[again])
    assert notebook.results() == expected
    notebook.run(CELLS[again], *CELLS[again:])
    assert notebook.results() == expected


@pytest.mark.smoke
@pytest.mark.parametrize("seed", range(3))
def test_cells_can_be_run_out_of_order(notebook, expected, seed):
    """Once all names exist, the cells give the same in any order."""
    for cell in np.random.default_rng(seed).permutation(len(CELLS)):
        notebook.run(CELLS[cell])
        assert notebook.results() == expected


def test_a_view_is_the_same_each_time(notebook):
    """What a cell displays depends on the values alone, so that diffs stay empty."""
    notebook.run(*CELLS)
    once = notebook["view"]._repr_html_()
    notebook.run(*CELLS)
    assert notebook["view"]._repr_html_() == once


def test_a_model_that_is_defined_anew_is_the_new_one(notebook, expected):
    """A redefined model is traced anew, and the old definition gives the old values."""
    notebook.run(MODEL.replace("(3, 4)", "(3, 5)"), INIT, APPLY)
    assert notebook["params"]["dense"]["kernel"].shape == (3, 5)
    notebook.run(*CELLS)
    assert notebook.results() == expected


def test_a_global_that_a_model_reads_may_change(notebook):
    """An initializer that reads a global is run with its value of now."""
    notebook.run(
        """
        scale = 1.0
        def init(key, shape, dtype):
            return jnp.full(shape, scale, dtype)
        net = sj.transform(lambda s: s.get_variable("w", (2,), initializer=init))
        one = net.init(key)["w"]
        """,
        "scale = 2.0",
        "two = net.init(key)['w']",
    )
    assert notebook["one"].tolist() == [1.0, 1.0]
    assert notebook["two"].tolist() == [2.0, 2.0]


def test_autoreload_takes_a_module_with_a_model(notebook, tmp_path, monkeypatch):
    """`%autoreload 2` brings the new model, and the manifests say what changed."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = tmp_path / "reloaded_model.py"
    source = "def model(s, x):\n    return x @ s.get_variable('w', (3, {}))\n"
    module.write_text(source.format(4))
    notebook.run("%load_ext autoreload", "%autoreload 2", "import reloaded_model as m")
    cell = "net = sj.transform(m.model); now = net.manifest(x); w = net.init(key, x)"
    notebook.run(cell, "before, first = now, w")
    module.write_text("# moved down\n\n" + source.format(4))
    notebook.run(cell, "moved = now.diff(before)")
    assert not notebook["moved"]
    assert all_bits(notebook["w"]) == all_bits(notebook["first"])
    module.write_text(source.format(16))
    notebook.run(cell, "changed = now.diff(before)")
    assert str(notebook["changed"]) == "1 changed.\n  ~ w: shape (3, 4) -> (3, 16)"
    assert notebook["w"]["w"].shape == (3, 16)


# Interrupted


INTERRUPT = "signal.raise_signal(signal.SIGINT)"
FRAGILE = f"""
armed = set()
def maybe(place):
    if place in armed:
        {INTERRUPT}
def init(key, shape, dtype):
    maybe("initializer")
    return jax.nn.initializers.normal(1.0)(key, shape, dtype)
def model(scope, x):
    def block(x, layer):
        kernel = layer.get_variable("kernel", (3, 3), initializer=init)
        maybe("scan")
        return jnp.tanh(x @ kernel), None
    x, _ = jax.lax.scan(block, x, (scope / "layers").stack(2))
    count = scope.get_variable("count", (), "int32", trainable=False)
    scope.assign("count", count + 1)
    maybe("model")
    return jax.jit(lambda s, x: (x @ s.get_variable("out", (3, 4))).sum())(scope, x)
net = sj.transform_with_state(model)
"""


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        (INIT, "initializer"),
        (INIT, "scan"),
        (INIT, "model"),
        (APPLY, "scan"),
        (APPLY, "model"),
        (GRAD, "scan"),
    ],
    ids=[
        "init-initializer",
        "init-scan",
        "init-model",
        "apply-scan",
        "apply-model",
        "grad",
    ],
)
def test_an_interrupted_cell_leaves_nothing_behind(notebook, cell, place):
    """After an interrupt anywhere the same cells give what they give without one."""
    notebook.run(FRAGILE, INIT, APPLY, GRAD)
    expected, threads = notebook.results(), threading.active_count()
    notebook.run(FRAGILE, f"armed.add({place!r})")
    with jax.checking_leaks():
        notebook.interrupted(cell)
    notebook.run("armed.clear()")
    assert threading.active_count() <= threads
    with jax.checking_leaks():
        notebook.run(INIT, APPLY, GRAD)
    assert notebook.results() == expected


def test_an_interrupted_manifest_leaves_nothing_behind(notebook):
    """A manifest, a new scope and a view work after an interrupt within a manifest."""
    notebook.run(FRAGILE, "whole = str(net.manifest(x))", "armed.add('model')")
    notebook.interrupted("net.manifest(x)")
    notebook.run("armed.clear()", "again = str(net.manifest(x))", INIT, SHOW)
    assert notebook["again"] == notebook["whole"]
    notebook.run("w = sj.Scope(params).get_variable('out', (3, 4))")
    assert notebook["w"].shape == (3, 4)


def test_an_error_within_a_model_leaves_nothing_behind(notebook):
    """A model that fails half-way, and is then mended, is as if it had never failed."""
    notebook.run(FRAGILE, INIT, APPLY, GRAD)
    expected = notebook.results()
    notebook.run(FRAGILE.replace('maybe("model")', "raise RuntimeError('oh')"))
    with pytest.raises(RuntimeError, match="oh"):
        notebook.run(INIT)
    with pytest.raises(RuntimeError, match="oh"):
        notebook.run(APPLY)
    notebook.run(FRAGILE, INIT, APPLY, GRAD)
    assert notebook.results() == expected
