"""The demo on characters: what it prints and writes, its text and its model."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file

import scopejax as sj
import scopejax.__main__ as command
from scopejax import demo
from scopejax.demo._progress import progress
from scopejax.demo.chars import _evaluate, _step, _text

from ..helpers.chars_settings import SETTINGS, SMALL
from ..helpers.closeness import assert_close

# One worker runs them all: what they share is made once.
pytestmark = pytest.mark.xdist_group("demo of chars")

COMMAND = ("-W", "error", "-m", "scopejax", "demo", "--model", "chars", "--steps", "40")


@pytest.fixture(autouse=True)
def standard():
    """Adam mixes dtypes: 0.9 ** count."""
    with jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture(scope="module")
def run():
    """The initial values of the small run."""
    with jax.numpy_dtype_promotion("standard"):
        return _step.start(SETTINGS)


@pytest.fixture(scope="module")
def apply():
    """The small model, compiled."""
    return jax.jit(_step.make_net(SETTINGS).apply, static_argnames="is_training")


def process(folder, cache):
    """The demo with 40 steps, as a process of its own."""
    return subprocess.Popen(
        [sys.executable, *COMMAND],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={
            **os.environ,
            "JAX_NUMPY_RANK_PROMOTION": "raise",
            "JAX_COMPILATION_CACHE_DIR": str(cache),
        },
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where processes share what they compile."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, cache):
    """A run that nobody stopped: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("chars")
    run = process(folder, cache)
    printed, errors = run.communicate(timeout=180)
    assert (run.returncode, own(errors)) == (0, "")
    return folder / "demo_out", printed


def own(errors):
    """What the demo wrote, without XLA's log: it tells how old its cache of code is."""
    return "".join(
        line
        for line in errors.splitlines(keepends=True)
        if not re.match(r"[IWEF]\d{4} ", line)
    )


class TestRun:
    def test_prints_the_table_first(self, finished):
        """The layers are one stack, and the averages are left out."""
        _, printed = finished
        table = printed.partition("Training on")[0]
        assert re.findall(r"^total +(\S+ \S+)", table, re.M) == ["22 variables"]
        assert re.search(r"^      kernel +\(3, \d+, \d+\)", table, re.M)

    def test_writes_weights_and_averages(self, finished):
        """Each is there under its full name, in float32, and the snapshot is gone."""
        folder, _ = finished
        assert {file.name for file in folder.iterdir()} == {
            "chars.safetensors",
            "chars.png",
        }
        weights = load_file(folder / "chars.safetensors")
        plain = {name for name in weights if not name.endswith("_ema")}
        assert set(weights) == plain | {f"{name}_ema" for name in plain}
        assert {str(array.dtype) for array in weights.values()} == {"float32"}
        table = weights["characters/table"]
        assert not np.array_equal(table, weights["characters/table_ema"])

    def test_draws_the_picture(self, finished):
        """It is a PNG with something on it."""
        png = (finished[0] / "chars.png").read_bytes()
        assert png.startswith(b"\x89PNG")
        assert len(png) > 30_000

    def test_learns(self, finished):
        """It begins at guessing; averages of held-out text come down from there."""
        before, after = re.findall(r"([\d.]+) bits per character$", finished[1], re.M)
        np.testing.assert_allclose(float(before), np.log2(_text.VOCABULARY), atol=0.1)
        assert float(after) < float(before) - 0.5

    def test_writes_text(self, finished):
        """The sample goes on from its prompt, in characters that print."""
        lines = re.findall(r"^  │ (.*)$", finished[1], re.M)
        assert lines[0].startswith("    def ")
        assert sum(map(len, lines)) > 300
        assert all(line.isprintable() for line in lines)

    def test_is_quiet_where_there_is_no_terminal(self, finished):
        """Progress comes as lines with a speed, without control codes."""
        _, printed = finished
        assert re.search(r"step 40 of 40  loss \S+  [\d,]+ characters/s\n", printed)
        assert not {"\x1b", "\r"} & set(printed)

    def test_goes_on_after_a_signal(self, finished, cache, tmp_path):
        """Killed by SIGTERM and started again it writes the same files, bit for bit."""
        run = process(tmp_path, cache)
        while "step  4 of 40" not in run.stdout.readline():
            assert run.poll() is None
        run.send_signal(signal.SIGTERM)
        printed, errors = run.communicate(timeout=60)
        assert (run.returncode, own(errors)) == (143, "")
        assert "Stopped by SIGTERM after step" in printed
        assert [f.name for f in (tmp_path / "demo_out").iterdir()] == [
            "chars.snapshot.safetensors"
        ]
        run = process(tmp_path, cache)
        printed, errors = run.communicate(timeout=180)
        assert (run.returncode, own(errors)) == (0, "")
        assert "Going on after step" in printed
        for name in ("chars.safetensors", "chars.png"):
            one, other = finished[0] / name, tmp_path / "demo_out" / name
            assert one.read_bytes() == other.read_bytes()


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "arguments"),
        [
            ("", (1000, 0, Path("demo_out"), "digits")),
            ("--model chars", (1000, 0, Path("demo_out"), "chars")),
            ("--model chars --steps 3 --seed 5", (3, 5, Path("demo_out"), "chars")),
        ],
    )
    def test_passes_them_on(self, options, arguments, monkeypatch):
        """The digits are what is trained where nothing is said."""
        monkeypatch.setattr(demo, "run", run := Mock(return_value=143))
        assert command.main(["demo", *options.split()]) == 143
        run.assert_called_once_with(*arguments)

    def test_refuses_other_models(self, capsys):
        """One line says which there are."""
        with pytest.raises(SystemExit, match=r"^2$"):
            command.main(["demo", "--model", "words"])
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "'words' (choose from" in error
        assert "chars" in error

    def test_helps(self, capsys):
        """The help says what a run started again does."""
        with pytest.raises(SystemExit, match=r"^0$"):
            command.main(["demo", "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert "A finished run that is started again starts anew." in text
        assert "(default: digits)" in text


class TestText:
    def test_holds_out_whole_modules(self):
        """Every tenth module is held out, and none of it is trained on."""
        files = _text.modules(Path(_text.sysconfig.get_path("stdlib")))
        text = _text.read()
        held_out = files[::10]
        trained_on = [file for file in files if file not in held_out]
        assert len(text.train) == sum(len(_text.join([f])) for f in trained_on)
        np.testing.assert_array_equal(text.held_out, _text.join(held_out))
        assert not set(held_out) & set(trained_on)

    def test_is_the_same_each_time(self):
        """Two readings agree, and a digest tells texts apart."""
        one, other = _text.read(), _text.read()
        assert one.digest == other.digest
        assert one.digest != one._replace(train=one.train[1:]).digest

    def test_encodes_what_prints(self):
        """There and back; what is not in the vocabulary is left out."""
        text = "def f(x):\n    return '~' # ok\n"
        assert _text.decode(_text.encode(text)) == text
        assert _text.decode(_text.encode("é\x00a\r\n\tb")) == "a\n        b"
        assert len(_text.encode("        x")) == 3
        everything = _text.encode("".join(map(chr, range(0x110))))
        assert set(everything.tolist()) == set(range(_text.VOCABULARY))

    def test_needs_sources(self, tmp_path, monkeypatch, capsys):
        """A Python without them is told so in one line."""
        (tmp_path / "abc.py").write_text("pass\n")
        (tmp_path / "not_a_module_of_python.py").write_text("pass\n" * 100_000)
        monkeypatch.setattr(_text.sysconfig, "get_path", lambda _: str(tmp_path))
        assert demo.run(1, 0, tmp_path / "out", "chars") == 2
        error = capsys.readouterr().err
        assert "holds 1 of them: run it with a Python that has its .py files" in error
        assert error.count("\n") == 1


class TestModel:
    def test_sees_no_later_character(self, apply, run):
        """A change in the last character changes the last logits alone."""
        ids = jnp.arange(16, dtype=jnp.uint8)[None]
        logits, _ = apply(run.params, run.state, ids, is_training=False)
        changed = ids.at[0, -1].set(90)
        other, _ = apply(run.params, run.state, changed, is_training=False)
        np.testing.assert_array_equal(logits[0, :-1], other[0, :-1])
        assert not np.array_equal(logits[0, -1], other[0, -1])
        assert logits.dtype == jnp.float32

    def test_is_evaluated_with_averages(self, apply, run):
        """Other weights with the same averages give the same logits."""
        ids = jnp.arange(16, dtype=jnp.uint8)[None]
        other = jax.tree.map(jnp.zeros_like, run.params)
        np.testing.assert_array_equal(
            apply(run.params, run.state, ids, is_training=False)[0],
            apply(other, run.state, ids, is_training=False)[0],
        )

    def test_moves_each_average_once(self, apply, run):
        """In a stack too, a step brings it nearer by one minus the decay."""
        ids, key = jnp.zeros((1, 16), jnp.uint8), jax.random.key(0)
        ones = jax.tree.map(jnp.ones_like, run.params)
        zeros = jax.tree.map(jnp.zeros_like, run.state)
        _, moved = apply(ones, zeros, ids, is_training=True, key=key)
        for average in jax.tree.leaves(moved):
            expected = np.full(average.shape, 1 - SMALL.decay)
            assert_close(average, expected, scale=1 - SMALL.decay)

    def test_decays_kernels_alone(self, run):
        """Without gradients, kernels shrink and nothing else moves."""
        update = jax.jit(_step.make_optimizer(SETTINGS).update)
        nothing = jax.tree.map(jnp.zeros_like, run.params)
        updates = sj.to_flat(update(nothing, run.optimizer, run.params)[0])
        moved = {name for name, change in updates.items() if np.any(change)}
        assert moved == {name for name in updates if name.endswith("/kernel")}


class TestEvaluation:
    @pytest.mark.parametrize(
        ("steps", "points"),
        [(1, [0, 1]), (4, [0, 1, 2, 3, 4]), (1000, list(range(0, 1001, 100)))],
    )
    def test_is_due_ten_times(self, steps, points):
        """Before the first step, after the last, and evenly between."""
        assert _evaluate.due(steps) == points

    def test_takes_windows_from_end_to_end(self):
        """The first begins the text and the last ends it."""
        windows = _evaluate.even_windows(np.arange(100), 3, 10)
        assert windows[:, 0].tolist() == [0, 45, 90]
        assert windows[-1, -1] == 99


def test_progress_counts_from_where_it_was(capsys):
    """The speed is that of the steps made now, and the first has none."""
    with progress(10, 5, 100, "characters") as report:
        report(6, 1.0)
        report(7, 1.0)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "  step  6 of 10  loss 1.000"
    assert re.fullmatch(r"  step  7 of 10  loss 1.000  [\d,]+ characters/s", second)
