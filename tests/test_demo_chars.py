"""The demo on characters: its text, its training loop, stopping and resuming."""

import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
from unittest.mock import Mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file

import scopejax as sj
from scopejax import demo
from scopejax.demo._obstacles import Obstacle
from scopejax.demo._progress import progress
from scopejax.demo.chars import (
    _evaluate,
    _signals,
    _snapshot,
    _step,
    _story,
    _text,
    _train,
)
from scopejax.demo.chars._model import Sizes

COMMAND = ("-W", "error", "-m", "scopejax", "demo", "--model", "chars", "--steps", "40")
SMALL = Sizes(width=16, layers=2, heads=2, window=16)
SETTINGS = _step.Settings(7, 0, SMALL, batch=8)
TEXT = _text.Text(
    _text.encode("    def f(self, x):\n        return x + 1\n\n" * 100),
    _text.encode("    def g(self):\n        return self.x\n\n" * 100),
)
SIGNALS = pytest.mark.parametrize("signum", _signals.SIGNALS, ids=lambda s: s.name)


@pytest.fixture(autouse=True)
def standard():
    """Adam mixes dtypes: 0.9 ** count."""
    with jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture(scope="module", autouse=True)
def compiled_once():
    """Steps of the same settings are compiled once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_train, "make_step", functools.cache(_step.make_step))
        evaluate = _evaluate.make_evaluate(SETTINGS, TEXT.held_out)
        patch.setattr(_train, "make_evaluate", lambda *_: evaluate)
        yield


@pytest.fixture(scope="module")
def identity():
    """That of the small run."""
    return _snapshot.identity(SETTINGS, TEXT)


@pytest.fixture
def small(monkeypatch):
    """The story of the small run, as a function of a folder, without the picture."""
    monkeypatch.setattr(_story, "read", lambda: TEXT)
    monkeypatch.setattr(_story, "Settings", lambda *_: SETTINGS)
    monkeypatch.setattr(_story, "draw", lambda *_: None)
    monkeypatch.setattr(_story, "sample", lambda *_: "class A:\n")
    return lambda out: _story.tell(SETTINGS.steps, SETTINGS.seed, out)


@pytest.fixture
def at_step(monkeypatch):
    """Has a function called when that step has been made."""

    def call(number, function):
        report = contextlib.nullcontext(lambda step, _: step == number and function())
        monkeypatch.setattr(_train, "progress", lambda *_: report)

    return call


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
    assert (run.returncode, errors) == (0, "")
    return folder / "demo_out", printed


def equal(one, other):
    """Whether two trees are the same to the bit."""
    same = jax.tree.map(lambda a, b: np.asarray(a).tobytes() == np.asarray(b).tobytes())
    return all(jax.tree.leaves(same(one, other)))


class TestRun:
    def test_prints_the_table_first(self, finished):
        """The layers are one stack, and the averages are left out."""
        _, printed = finished
        table = printed.partition("Training on")[0]
        assert re.findall(r"^total +(\S+ \S+)", table, re.M) == ["20 variables"]
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
        np.testing.assert_allclose(float(before), np.log2(_text.VOCABULARY), atol=0.02)
        assert float(after) < 5

    def test_writes_text(self, finished):
        """The sample goes on from its prompt, in characters that print."""
        lines = re.findall(r"^  │ (.*)$", finished[1], re.M)
        assert lines[0].startswith("class ")
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
        assert (run.returncode, errors) == (143, "")
        assert "Stopped by SIGTERM after step" in printed
        assert [f.name for f in (tmp_path / "demo_out").iterdir()] == [
            "chars.snapshot.safetensors"
        ]
        run = process(tmp_path, cache)
        printed, errors = run.communicate(timeout=180)
        assert (run.returncode, errors) == (0, "")
        assert "Going on after step" in printed
        for name in ("chars.safetensors", "chars.png"):
            one, other = finished[0] / name, tmp_path / "demo_out" / name
            assert one.read_bytes() == other.read_bytes()


class TestStopping:
    @SIGNALS
    def test_finishes_the_step(self, signum, at_step, small, tmp_path, capsys):
        """It says how to go on and exits as a shell would say it."""
        at_step(3, lambda: signal.raise_signal(signum))
        (tmp_path / "a b").mkdir()
        assert small(tmp_path / "a b") == 128 + signum
        printed = capsys.readouterr().out
        assert f"Stopped by {signum.name} after step 3 of 7" in printed
        command = "python -m scopejax demo --model chars --steps 7 --seed 0"
        assert f"  {command} --out '{tmp_path}/a b'\n" in printed

    @SIGNALS
    def test_goes_on_bit_for_bit(self, signum, at_step, identity, path):
        """Weights, averages, optimizer and losses are those of a run in one piece."""
        save = functools.partial(_snapshot.save, path, identity=identity)
        whole, _ = _train.train(SETTINGS, TEXT, None, save)
        at_step(3, lambda: signal.raise_signal(signum))
        half, received = _train.train(SETTINGS, TEXT, None, save)
        assert (len(half.losses), received) == (3, signum)
        before = _snapshot.load(path, SETTINGS, identity)
        after, received = _train.train(SETTINGS, TEXT, before, save)
        assert received is None
        assert equal(after, whole)

    def test_loses_little_in_a_crash(self, at_step, identity, path, monkeypatch):
        """A snapshot is taken every so often, unasked."""
        monkeypatch.setattr(_train, "SAVE_EVERY", 2)
        save = functools.partial(_snapshot.save, path, identity=identity)
        at_step(5, Mock(side_effect=MemoryError("crash")))
        with pytest.raises(MemoryError, match="crash"):
            _train.train(SETTINGS, TEXT, None, save)
        assert len(_snapshot.load(path, SETTINGS, identity).losses) == 4

    def test_goes_on_after_the_last_step(self, small, tmp_path, monkeypatch, capsys):
        """Interrupted while it evaluates, it trains no more and finishes."""
        with monkeypatch.context() as patch:
            patch.setattr(_story, "sample", Mock(side_effect=KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt, match=r"^$"):
                small(tmp_path)
        capsys.readouterr()
        assert small(tmp_path) == 0
        assert "Going on after step 7." in capsys.readouterr().out
        assert [f.name for f in tmp_path.iterdir()] == ["chars.safetensors"]

    def test_starts_anew_when_it_is_over(self, small, tmp_path, capsys):
        """The same command, run again, is a new run with the same end."""
        assert small(tmp_path) == 0
        weights = (tmp_path / "chars.safetensors").read_bytes()
        capsys.readouterr()
        assert small(tmp_path) == 0
        assert "Going on" not in capsys.readouterr().out
        assert (tmp_path / "chars.safetensors").read_bytes() == weights

    def test_asks_once(self):
        """The first signal is noted, the second acts; afterwards all is as before."""
        before = [signal.getsignal(number) for number in _signals.SIGNALS]
        with _signals.stop_requests() as stopped:
            assert stopped() is None
            signal.raise_signal(signal.SIGINT)
            assert stopped() == signal.SIGINT
            with pytest.raises(KeyboardInterrupt, match=r"^$"):
                signal.raise_signal(signal.SIGINT)
        assert [signal.getsignal(number) for number in _signals.SIGNALS] == before

    def test_ignores_what_was_ignored(self, monkeypatch):
        """A signal that the shell has switched off, as nohup does, stays so."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with _signals.stop_requests() as stopped:
                signal.raise_signal(signal.SIGINT)
                assert stopped() is None
        finally:
            signal.signal(signal.SIGINT, before)


@pytest.fixture
def saved(identity, tmp_path):
    """The snapshot of a run after three steps, in the file that the story looks for."""
    file = tmp_path / "chars.snapshot.safetensors"
    losses = [6.0, 5.0, 4.0]
    _snapshot.save(
        file, _snapshot.Snapshot(_step.start(SETTINGS), losses, []), identity
    )
    return file


class TestSnapshot:
    @pytest.mark.parametrize(
        ("other", "message"),
        [
            (SETTINGS._replace(steps=8), "steps is 7, here 8"),
            (SETTINGS._replace(seed=1), "seed is 0, here 1"),
            (SETTINGS._replace(sizes=SMALL._replace(width=32)), "width is 16, here 32"),
        ],
    )
    def test_is_not_mixed_with_another_run(self, other, message, saved):
        """What differs is said, and what to do."""
        with pytest.raises(Obstacle, match=f"another run: {message}; delete it to"):
            _snapshot.load(saved, other, _snapshot.identity(other, TEXT))

    def test_is_of_one_text_and_one_version(self, saved, monkeypatch):
        """Another text or another JAX would give other weights."""
        monkeypatch.setattr(jax, "__version__", "0.0.1")
        text = TEXT._replace(train=TEXT.train[1:])
        with pytest.raises(Obstacle, match=r"jax is [\d.]+, here 0.0.1, text is \w+,"):
            _snapshot.load(saved, SETTINGS, _snapshot.identity(SETTINGS, text))

    @pytest.mark.parametrize("length", [0, 5, 1000, -1])
    def test_refuses_what_is_cut_short(self, length, saved, identity):
        """A damaged file is no traceback, and stays where it is."""
        saved.write_bytes(saved.read_bytes()[:length])
        with pytest.raises(Obstacle, match=r"is damaged \(.*\); delete it to start"):
            _snapshot.load(saved, SETTINGS, identity)
        assert saved.exists()

    @pytest.mark.parametrize(
        "change",
        [
            lambda tree: tree.pop("identity"),
            lambda tree: tree.pop("optimizer"),
            lambda tree: tree["optimizer"].pop("0"),
            lambda tree: tree["state"].pop("places_ema"),
            lambda tree: tree["params"].update(
                places=jnp.zeros((16, 16), jnp.bfloat16)
            ),
            lambda tree: tree.update(losses=jnp.zeros(0)),
            lambda tree: tree.update(identity=jnp.zeros(3)),
        ],
    )
    def test_refuses_what_does_not_fit(self, change, saved, identity):
        """A file that another program wrote or changed is damaged too."""
        tree = sj.checkpoints.load(saved)
        change(tree)
        sj.checkpoints.save(saved, tree)
        with pytest.raises(Obstacle, match="is damaged"):
            _snapshot.load(saved, SETTINGS, identity)

    def test_is_looked_at_before_any_work(self, saved, capsys, monkeypatch):
        """The command ends with one line and an exit status of 2."""
        monkeypatch.setattr(_story, "read", lambda: TEXT)
        assert demo.run(7, 0, saved.parent, "chars") == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert (
            "is of another run: batch is 8, here 16, width is 16, here" in captured.err
        )


class TestText:
    def test_holds_out_whole_modules(self):
        """Every tenth module is held out, and none of it is trained on."""
        files = _text.modules(_text.Path(_text.sysconfig.get_path("stdlib")))
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
        assert _text.encode(text).max() < _text.VOCABULARY

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
    def test_sees_no_later_character(self):
        """A change in the last character changes the last logits alone."""
        net, run = _step.make_net(SETTINGS), _step.start(SETTINGS)
        ids = jnp.arange(16, dtype=jnp.uint8)[None]
        logits, _ = net.apply(run.params, run.state, ids, is_training=False)
        changed = ids.at[0, -1].set(90)
        other, _ = net.apply(run.params, run.state, changed, is_training=False)
        np.testing.assert_array_equal(logits[0, :-1], other[0, :-1])
        assert not np.array_equal(logits[0, -1], other[0, -1])
        assert logits.dtype == jnp.float32

    def test_is_evaluated_with_averages(self):
        """Other weights with the same averages give the same logits."""
        net, run = _step.make_net(SETTINGS), _step.start(SETTINGS)
        ids = jnp.arange(16, dtype=jnp.uint8)[None]
        other = jax.tree.map(jnp.zeros_like, run.params)
        np.testing.assert_array_equal(
            net.apply(run.params, run.state, ids, is_training=False)[0],
            net.apply(other, run.state, ids, is_training=False)[0],
        )

    def test_moves_each_average_once(self):
        """The tied table is read twice, and its average moves once."""
        net, run = _step.make_net(SETTINGS), _step.start(SETTINGS)
        ids, key = jnp.zeros((1, 16), jnp.uint8), jax.random.key(0)
        ones = jax.tree.map(jnp.ones_like, run.params)
        zeros = jax.tree.map(jnp.zeros_like, run.state)
        _, moved = net.apply(ones, zeros, ids, is_training=True, key=key)
        for average in jax.tree.leaves(moved):
            np.testing.assert_allclose(average, 1 - SMALL.decay, rtol=1e-5)

    def test_decays_kernels_alone(self):
        """Without gradients, kernels shrink and nothing else moves."""
        run, optimizer = _step.start(SETTINGS), _step.make_optimizer(SETTINGS)
        nothing = jax.tree.map(jnp.zeros_like, run.params)
        updates, _ = optimizer.update(nothing, run.optimizer, run.params)
        moved = {n for n, u in sj.to_flat(updates).items() if np.any(u)}
        assert moved == {n for n in sj.to_flat(updates) if n.endswith("/kernel")}


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
