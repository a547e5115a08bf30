"""Bars: what a terminal and a notebook show, and that they change nothing."""

import errno
import io
import json
import os
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import checkpoints, tf1

from ..helpers.meshes import all_bits
from ..helpers.terminals import Terminal, bars

ROOT = Path(__file__).parents[2]
SHOW_CURSOR, CLEAR_LINE = b"\x1b[?25h", b"\x1b[2K"


def model(scope, x):
    x = sj.layers.dense(scope / "hidden", x, 256)
    return sj.layers.dense(scope / "head", x, 256)


def with_state(scope, x):
    return sj.layers.batch_norm(scope / "bn", model(scope, x), is_training=True)


def in_tf1s_style(x):
    return x @ tf1.get_variable("kernel", [256, 512])


def from_inputs(scope, x):
    return model(scope, x - scope.get_variable("shift", initializer=x.mean(0)[None]))


X = jnp.ones((2, 256))
WAYS = {
    "transform": (sj.transform(model).init, "514.0 of 514.0 KiB, 4 variables"),
    "transform_with_state": (
        sj.transform_with_state(with_state).init,
        "518.0 of 518.0 KiB, 8 variables",
    ),
    "tf1": (tf1.transform(in_tf1s_style).init, "512.0 of 512.0 KiB, 1 variable"),
    "from inputs": (
        sj.transform(from_inputs).init,
        "515.0 of 515.0 KiB, 5 variables",
    ),
    "manifest": (
        lambda key, x, **more: sj.transform(model).manifest(x).initialize(key, **more),
        "514.0 of 514.0 KiB, 4 variables",
    ),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("init", "last"), WAYS.values(), ids=WAYS)
def test_init_shows_what_it_makes(terminal, key, init, last):
    """The last numbers are those of the variables, and then the bar is gone."""
    with terminal:
        shown = init(key, X, progress=True)
    lines = terminal.text()
    assert lines[-1].startswith("making")
    assert last in lines[-1]
    assert terminal.written().endswith(CLEAR_LINE)
    assert SHOW_CURSOR in terminal.written()
    assert not bars()
    assert all_bits(shown) == all_bits(init(key, X))


def test_what_is_given_is_not_made(terminal, key):
    """The numbers are those of what is missing."""
    net = sj.transform(model)
    given = {"head": net.init(key, X)["head"]}
    with terminal:
        net.init(key, X, given=given, progress=True)
    assert "257.0 of 257.0 KiB, 2 variables" in terminal.text()[-1]


@pytest.mark.parametrize("size", [1, 8])
def test_init_on_a_mesh_shows_whole_variables(terminal, key, size):
    """A variable in parts counts whole."""
    mesh = jax.make_mesh((size,), ("data",), devices=jax.devices()[:size])
    with terminal:
        sj.transform(model).init(key, X, mesh=mesh, progress=True)
    assert "514.0 of 514.0 KiB, 4 variables" in terminal.text()[-1]


def test_recording_shows_what_is_seen(terminal, key):
    """Before the total is known the variables of the model so far are counted."""

    def slow(scope):
        for i in range(3):
            scope.get_variable(f"w{i}", (2,))
        seen = threading.Event()
        seen.wait(0.5)  # some looks

    with terminal:
        sj.transform(slow).init(key, progress=True)
    assert any(re.match("recording.* 3 variables", line) for line in terminal.text())


def test_programs_are_counted(terminal, key):
    """What is compiled for an initializer counts; in the next init it is there."""

    def own(key, shape, dtype):
        return jax.random.normal(key, shape, dtype) ** 3

    net = sj.transform(lambda scope: scope.get_variable("w", (3,), initializer=own))
    with terminal:
        net.init(key, progress=True)
        net.init(key, progress=True)
    lines = [line for line in terminal.text() if "12 of 12 B" in line]
    assert "2 programs" in lines[0]  # it is drawn fused, and compared
    assert "program" not in lines[-1]


def test_within_jit_the_recording_alone_is_shown(terminal, key):
    """Nothing is made in a trace, and the bar claims nothing."""
    net = sj.transform(model)
    with terminal:
        made = jax.jit(lambda key: net.init(key, X, progress=True))(key)
    assert all_bits(made) == all_bits(jax.jit(lambda key: net.init(key, X))(key))
    assert all(line.startswith("recording") for line in terminal.text())


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("early", [True, False], ids=["recording", "making"])
def test_what_breaks_off_takes_the_bar_away(terminal, key, error, early):
    """The cursor is back, and so are the streams; the error is the model's own."""

    def fail(*_):
        raise error("own")

    def failing(scope):
        model(scope, X)
        if early:
            fail()
        scope.get_variable("w", (2,), initializer=fail)

    raised = sj.InitializerError if error is ZeroDivisionError and not early else error
    with terminal:
        streams = sys.stdout, sys.stderr
        with pytest.raises(raised, match="own"):
            sj.transform(failing).init(key, progress=True)
        assert (sys.stdout, sys.stderr) == streams
    assert not bars()
    assert SHOW_CURSOR in terminal.written()
    assert terminal.written().endswith(CLEAR_LINE)


def test_a_terminal_that_goes_away_stops_nothing(monkeypatch, key):
    """The variables are made; there is nobody to tell."""

    class Gone(io.StringIO):
        def isatty(self):
            return True

        def write(self, text):
            raise OSError(errno.EIO, "the terminal is gone")

    monkeypatch.setattr(sys, "stderr", Gone())
    made = sj.transform(model).init(key, X, progress=True)
    assert jax.tree.map(jnp.shape, made)["head"]["bias"] == (256,)
    assert not bars()


def test_without_rich_it_is_a_line_of_text(terminal, key, monkeypatch):
    """It is written over itself and blank in the end, without control codes."""
    for name in ("rich.console", "rich.progress"):
        monkeypatch.setitem(sys.modules, name, None)
    with terminal:
        sj.transform(model).init(key, X, progress=True)
    assert "making: 514.0 of 514.0 KiB, 4 variables" in terminal.text()[-1]
    assert b"\x1b" not in terminal.written()
    assert re.search(rb"\r +\r$", terminal.written())


def test_output_that_goes_to_a_file_stays_there(terminal, key, capsys):
    """What a model prints while the bar is shown is no part of the bar."""

    def printing(scope):
        print("seen")
        return scope.get_variable("w", (2,))

    with terminal:
        sj.transform(printing).init(key, progress=True)
    assert capsys.readouterr().out == "seen\n"
    assert b"seen" not in terminal.written()


def test_nothing_is_written_where_there_is_no_terminal(tmp_path, key, capfd):
    """In a file, or behind a pipe, nothing is shown at all."""
    net = sj.transform(model)
    params = net.init(key, X, progress=True)
    net.manifest(X).initialize(key, progress=True)
    checkpoints.save(tmp_path / "net.safetensors", params, progress=True)
    checkpoints.load(tmp_path / "net.safetensors", progress=True)
    assert capfd.readouterr() == ("", "")


def test_no_bar_costs_nothing(key, monkeypatch):
    """Unless asked for, no thread of a bar is started and no rich is imported."""
    code = """
        import sys, threading
        from tests.text.test_progress import *

        started = []
        start = threading.Thread.start
        def noted(thread):
            started.append(thread.name)
            start(thread)
        threading.Thread.start = noted
        sj.transform(model).init(jax.random.key(0), X)
        assert "scopejax-bar" not in started, started
        assert not [name for name in sys.modules if name.split(".")[0] == "rich"]
    """
    run(code, subprocess.DEVNULL)


def run(code, stderr, env=()):
    """What a fresh Python writes to standard output."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "TERM": "xterm-256color", **dict(env)},
        cwd=ROOT,
        timeout=120,
        check=True,
    )
    return done.stdout.decode()


COUNTED = """
    import hashlib, json
    from tests.text.test_progress import *

    compiled = []
    def listen(event, *_, **__):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(event)
    key = jax.random.key(0)
    jax.monitoring.register_event_duration_secs_listener(listen)
    params = sj.transform(model).init(key, X, progress=PROGRESS)
    jax.block_until_ready(params)
    bits = hashlib.sha256(repr(all_bits(params)).encode()).hexdigest()
    print(json.dumps([len(compiled), bits]))
"""


def test_as_many_programs_are_compiled(tmp_path):
    """With a bar on a terminal and without, in fresh processes: the same bits, too."""
    found = []
    for progress in (True, False):
        terminal = Terminal()
        env = {"SCOPEJAX_CACHE_DIR": str(tmp_path / str(progress))}
        code = COUNTED.replace("PROGRESS", str(progress))
        found.append(json.loads(run(code, terminal.side, env)))
        assert bool(terminal.text()) is progress
    assert found[0] == found[1]
    assert found[0][0] > 0


@pytest.mark.parametrize("progress", [1, None, "yes", np.True_, 0.5])
def test_progress_is_a_bool(tmp_path, key, progress):
    """Anything else is refused by name; a model may have meant it as its own."""
    net, path = sj.transform(model), tmp_path / "net.safetensors"
    checkpoints.save(path, {"w": jnp.ones(2)})
    for call in (
        lambda: net.init(key, X, progress=progress),
        lambda: sj.transform_with_state(model).init(key, X, progress=progress),
        lambda: tf1.transform(in_tf1s_style).init(key, X, progress=progress),
        lambda: net.manifest(X).initialize(key, progress=progress),
        lambda: checkpoints.save(path, {"w": jnp.ones(2)}, progress=progress),
        lambda: checkpoints.load(path, progress=progress),
        lambda: checkpoints.load_matching(path, {}, progress=progress),
    ):
        with pytest.raises(sj.InvalidArgumentError, match="progress must be True") as e:
            call()
        assert e.value.found == type(progress).__name__
