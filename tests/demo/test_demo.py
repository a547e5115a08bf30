"""The demo: its command line, what it prints and writes, and its model."""

import io
import os
import re
import subprocess
import sys
from unittest.mock import Mock

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file

import scopejax as sj
import scopejax.__main__ as command
from scopejax import demo
from scopejax.demo import _data, _evaluate, _model, _picture, _story, _train
from scopejax.demo._progress import progress

from ..helpers.closeness import assert_close

pytestmark = pytest.mark.xdist_group("demo")
EXTRAS = ("matplotlib", "optax", "rich", "safetensors", "sklearn")
NET = sj.transform(_model.siamese)


def python(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-W", "error", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "JAX_NUMPY_RANK_PROMOTION": "raise"},
        **options,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of a few steps: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    process = python("-m", "scopejax", "demo", "--steps", "4", cwd=folder)
    printed, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    return folder / "demo_out", printed


@pytest.fixture(scope="module")
def digits():
    """The digits to train on."""
    return _data.split(0)[0]


@pytest.fixture(scope="module")
def batch(digits):
    """A few pairs."""
    return _data.pairs(digits, np.arange(64), np.random.default_rng(0))


@pytest.fixture(scope="module")
def params(batch):
    """The initial values."""
    return NET.init(jax.random.key(0), batch.left, batch.right)


class TestRun:
    def test_prints_the_table(self, finished):
        """Each scope is in it once, with what is in it."""
        _, printed = finished
        assert re.findall(r"^tower/ +(\S+ \S+)", printed, re.M) == ["8 variables"]
        assert re.findall(r"^total +(\S+ \S+)", printed, re.M) == ["12 variables"]

    def test_shows_the_accident(self, finished):
        """The error names the variable and both calls."""
        _, printed = finished
        assert "VariableExistsError: Variable tower/conv1/kernel already" in printed
        asked, first = re.findall(r"^ +(?:asked|first).* called at (.*)", printed, re.M)
        assert asked.endswith("in forgetful")
        assert first.endswith("in forgetful")
        assert asked != first

    def test_writes_the_weights(self, finished, batch):
        """The file holds the variables under their full names, and it says so."""
        folder, printed = finished
        weights = load_file(folder / "digits.safetensors")
        assert set(weights) == set(NET.manifest(batch.left, batch.right))
        assert weights["tower/conv1/kernel"].shape == (3, 3, 1, 16)
        assert "its logits are bitwise the same" in printed

    def test_draws_the_picture(self, finished):
        """It is a PNG with something on it."""
        folder, _ = finished
        png = (folder / "digits.png").read_bytes()
        assert png.startswith(b"\x89PNG")
        assert len(png) > 50_000

    def test_reports_in_plain_text_where_there_is_no_terminal(self, finished):
        """Progress and accuracy come as lines, without control codes."""
        _, printed = finished
        for part in ("step 4 of 4  loss", "% of 360 images", "% of 3,600 pairs"):
            assert part in printed
        assert not {"\x1b", "\r"} & set(printed)

    def test_fails_where_weights_do_not_come_back(self, monkeypatch, tmp_path, capsys):
        """Other logits than before are said, and an exit status of 1."""
        monkeypatch.setattr(_story, "is_bitwise", lambda before, after: False)
        monkeypatch.setattr(_story, "train", lambda net, params, *_: (params, [1]))
        monkeypatch.setattr(_story, "draw", lambda *_: None)
        assert demo.run(1, 0, tmp_path) == 1
        assert "its logits are NOT bitwise the same" in capsys.readouterr().out

    def test_stops_quietly_where_nobody_reads(self, tmp_path):
        """A closed pipe, as `head` leaves it, is no traceback."""
        process = python("-m", "scopejax", "demo", "--steps", "1", cwd=tmp_path)
        process.stdout.close()
        with process.stderr:
            assert process.stderr.read() == ""
        assert process.wait(60) == 1


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("", "required: command"),
            ("demo --steps 0", "must be a whole number from 1 to 10,000,000, but is"),
            ("demo --steps -5", "but is '-5'"),
            ("demo --steps ten", "but is 'ten'"),
            ("demo --seed -1", "must be a whole number from 0"),
            ("demo --colour red", "unrecognized arguments: --colour"),
        ],
    )
    def test_refuses_bad_ones(self, options, message, capsys):
        """One line says what is wrong; the exit status is 2."""
        with pytest.raises(SystemExit, match=r"^2$"):
            command.main(options.split())
        error = capsys.readouterr().err
        assert error.startswith("python -m scopejax")
        assert message in error
        assert error.count("\n") == 1

    @pytest.mark.parametrize(
        ("below", "message"),
        [(".", "is a file, and a folder is needed"), ("x", "cannot write to the")],
    )
    def test_refuses_what_cannot_be_a_folder(self, below, message, tmp_path, capsys):
        """It is found before any work is done."""
        (tmp_path / "file").touch()
        out = str(tmp_path / "file" / below)
        assert command.main(["demo", "--out", out]) == 2
        captured = capsys.readouterr()
        assert message in captured.err
        assert captured.err.count("\n") == 1
        assert captured.out == ""

    def test_helps(self, capsys):
        """The help shows all options with their defaults."""
        with pytest.raises(SystemExit, match=r"^0$"):
            command.main(["demo", "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert all(option in text for option in ("--steps N", "--seed N", "--out DIR"))
        assert "(default: demo_out)" in text

    def test_passes_them_on(self, monkeypatch, tmp_path):
        """`run` gets what was asked for, and gives the exit status."""
        monkeypatch.setattr(demo, "run", run := Mock(return_value=7))
        options = ["--steps", "3", "--seed", "5", "--out", str(tmp_path)]
        assert command.main(["demo", *options]) == 7
        run.assert_called_once_with(3, 5, tmp_path, "digits")

    def test_can_be_interrupted(self, monkeypatch, capsys):
        """Control-C is no traceback."""
        monkeypatch.setattr(demo, "run", Mock(side_effect=KeyboardInterrupt))
        assert command.main(["demo"]) == 130
        assert "Interrupted." in capsys.readouterr().err


BLOCKED = """
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {extras}:
            raise ImportError(name)

sys.meta_path.insert(0, Blocker())
import scopejax
sys.argv = ["scopejax", "demo"]
runpy.run_module("scopejax", run_name="__main__")
"""


class TestExtras:
    def test_are_not_needed_to_import(self, tmp_path):
        """Without any of them scopejax imports, and the demo says what to install."""
        code = BLOCKED.format(extras=set(EXTRAS))
        process = python("-c", code, cwd=tmp_path)
        printed, error = process.communicate(timeout=60)
        assert (process.returncode, printed) == (2, "")
        assert error == (
            "python -m scopejax demo: the demo needs matplotlib:"
            " pip install 'scopejax[demo]'\n"
        )
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("module", EXTRAS)
    def test_are_named_as_pip_knows_them(self, module, monkeypatch, tmp_path, capsys):
        """Each one that is missing is named."""
        monkeypatch.setitem(sys.modules, module, None)
        assert demo.run(1, 0, tmp_path) == 2
        package = "scikit-learn" if module == "sklearn" else module
        assert f"needs {package}: pip install" in capsys.readouterr().err


class TestModel:
    def test_has_one_tower(self, batch):
        """Two calls of the tower make its variables once."""
        manifest = NET.manifest(batch.left, batch.right)
        towers = [name for name in manifest if name.endswith("conv1/kernel")]
        assert towers == ["tower/conv1/kernel"]
        assert len(manifest.select("tower/**")) == 8

    def test_judges_pairs_alike_from_both_sides(self, batch, params):
        """One tower serves both sides, so left and right may be swapped."""
        digit, same = NET.apply(params, batch.left, batch.right)
        assert (digit.shape, same.shape) == ((64, 10), (64,))
        assert_close(same, NET.apply(params, batch.right, batch.left)[1])
        assert np.ptp(same) > 0.1

    def test_refuses_to_share_by_accident(self, batch):
        """Without `reuse` the second call is an error."""
        forgetful = sj.transform(_model.forgetful)
        with pytest.raises(
            sj.VariableExistsError, match="Variable tower/conv1/kernel already exists"
        ):
            forgetful.manifest(batch.left, batch.right)


class TestData:
    def test_holds_out_a_fifth(self):
        """No image is both trained on and held out, and all labels are in both."""
        train, held_out = _data.split(3)
        assert (len(train.images), len(held_out.images)) == (1437, 360)
        assert train.images.dtype == np.float32
        assert (train.images.min(), train.images.max()) == (0, 1)
        trained_on = {image.tobytes() for image in train.images}
        assert not any(image.tobytes() in trained_on for image in held_out.images)
        assert set(train.labels) == set(held_out.labels) == set(range(10))

    def test_pairs_half_of_them_the_same(self, digits):
        """The left images are those asked for; guessing is right half the time."""
        pairs = _data.pairs(digits, np.arange(1437), np.random.default_rng(0))
        np.testing.assert_array_equal(pairs.left_label, digits.labels)
        assert 0.45 < pairs.same.mean() < 0.55


class TestTraining:
    def test_has_a_loss_of_guessing_at_first(self, batch, params):
        """It is the cross entropy of both heads, and its dtypes are strict."""
        loss = _train.loss_function(NET, jax.tree.map(np.zeros_like, params), batch)
        assert_close(loss, np.log(10) + np.log(2), ulps=8)

    def test_learns_the_same_each_time(self, digits, batch, params):
        """Both heads beat guessing; a seed gives the same params, bit for bit."""

        def trained():
            source = _train.batches(digits, np.random.default_rng(7))
            with jax.numpy_dtype_promotion("standard"):  # Adam: 0.9 ** count
                return _train.train(NET, params, source, 60)

        (one, losses), (other, same_losses) = trained(), trained()
        assert all(jax.tree.leaves(jax.tree.map(np.array_equal, one, other)))
        assert losses == same_losses
        assert losses[-1] < losses[0] / 3
        verdicts = _evaluate.judge(NET, one, batch)
        digit, same = _evaluate.accuracy(verdicts, batch)
        assert (digit > 0.9, same > 0.75) == (True, True)

    def test_shows_a_bar_in_a_terminal(self, monkeypatch):
        """It counts the steps and shows the loss."""

        class Terminal(io.StringIO):
            def isatty(self):
                return True

        terminal = Terminal()
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr(sys, "stdout", terminal)
        with progress(3) as report:
            report(3, 0.5)
        assert "3/3" in terminal.getvalue()
        assert "loss 0.500" in terminal.getvalue()


class TestPicture:
    def test_puts_tiles_side_by_side(self):
        """Gaps between them are empty, and there is none around them."""
        tiles = np.arange(8.0).reshape(2, 2, 1, 2)
        gap = np.nan
        np.testing.assert_array_equal(
            _picture.mosaic(tiles),
            [[0, 1, gap, 2, 3], [gap] * 5, [4, 5, gap, 6, 7]],
        )

    def test_finds_the_hardest_pairs(self, batch):
        """The worst mistake comes first, and no image is shown twice."""
        right = np.where(batch.same, 5.0, -5.0)
        right[7] *= -1
        chosen = _picture.hardest(batch, _evaluate.Verdicts(right, right))
        assert chosen[0] == 7
        shown = [side[i].tobytes() for side in batch[:2] for i in chosen]
        assert len(set(shown)) == 2 * len(chosen) == 12
