"""Stopping the demo on characters, and going on bit for bit."""

import contextlib
import functools
import signal
from unittest.mock import Mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import demo
from scopejax.demo._obstacles import Obstacle
from scopejax.demo.chars import _evaluate, _signals, _snapshot, _step, _story, _train

from ..helpers.chars_settings import SETTINGS, SMALL, TEXT

# One worker runs them all: what they share is made once.
pytestmark = pytest.mark.xdist_group("demo of chars, resumed")

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
def run():
    """The initial values of the small run."""
    with jax.numpy_dtype_promotion("standard"):
        return _step.start(SETTINGS)


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


def equal(one, other):
    """Whether two trees are the same to the bit."""
    same = jax.tree.map(
        lambda a, b: bytes(np.array(a)) == bytes(np.array(b)), one, other
    )
    return all(jax.tree.leaves(same))


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
def saved(identity, run, tmp_path):
    """The snapshot of a run after two steps, in the file that the story looks for."""
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
            lambda tree: tree.update(held_out=jnp.zeros(1)),
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
