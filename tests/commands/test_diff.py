"""``python -m scopejax diff``: one line for each variable that differs."""

import itertools
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import scopejax.__main__ as command
from scopejax import checkpoints

DATA = Path(__file__).parents[1] / "data"
TREE = {
    "net": {
        "w": np.array([[1, np.nan], [-2, np.inf]], np.float32),
        "h": np.array([0.5, 1.5]).astype(jnp.bfloat16),
    },
    "step": np.array(2**53, np.int64),
}
NAMES = {"safetensors": "a.safetensors", "orbax": "a", "tf1": "a.ckpt-1"}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The same tree in each format."""
    folder = tmp_path_factory.mktemp("saved")
    for name in NAMES.values():
        checkpoints.save(folder / name, TREE)
    return folder


@pytest.fixture
def diff(capsys):
    """Runs the command; its status and what it printed."""

    def run(one, two, *options):
        status = command.main(["diff", str(one), str(two), *options])
        captured = capsys.readouterr()
        assert captured.err == ""
        return status, captured.out

    return run


@pytest.fixture
def diff_trees(tmp_path, diff):
    """The same of two trees."""

    def run(one, two, *options):
        paths = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
        for path, tree in zip(paths, (one, two), strict=True):
            checkpoints.save(path, tree)
        return diff(*paths, *options)

    return run


@pytest.mark.smoke
@pytest.mark.parametrize(("one", "two"), list(itertools.product(NAMES, NAMES)))
def test_equal_checkpoints_do_not_differ(saved, diff, one, two):
    """Whatever their formats are; NaN equals NaN."""
    found = diff(saved / NAMES[one], saved / NAMES[two])
    assert found == (0, "No difference.\n")


def test_formats_may_be_named(saved, diff, tmp_path):
    """Of either, where the paths do not tell."""
    odd = tmp_path / "net.bin"
    odd.write_bytes((saved / "a.safetensors").read_bytes())
    named = ("--from", "safetensors"), ("--to", "orbax")
    assert diff(odd, saved / "a", *named[0], *named[1])[0] == 0
    line = ["diff", str(saved / "a"), str(odd), *named[1]]
    assert command.main(line) == 2


def test_a_folder_without_a_checkpoint_is_told(capsys, tmp_path):
    """With the options that name formats here."""
    assert command.main(["diff", str(tmp_path), str(DATA / "training")]) == 2
    assert "Pass --from for A or --to for B, one of" in capsys.readouterr().err


def test_one_array_is_counted_as_one(diff, tmp_path):
    """A slot with one array in it."""
    for name, tree in (
        ("a", {"step": np.int32(1)}),
        ("b", {"global_step": np.int64(7)}),
    ):
        checkpoints.save(tmp_path / f"{name}.ckpt-1", tree)
    _, out = diff(tmp_path / "b.ckpt-1", tmp_path / "a.ckpt-1")
    assert "(non_slot): only in the first, 1 array\n" in out


def test_each_difference_has_a_line(diff_trees):
    """Names first, then shapes, dtypes and numbers, in the order of the file."""
    one = {
        "a": np.zeros((2, 3)),
        "b": np.zeros(2),
        "c": np.array([1.0, 2.0, np.nan]),
        "d": np.zeros(2),
        "same": np.ones(1),
    }
    two = {
        "a": np.zeros((3, 2)),
        "b": np.zeros(2, np.float32),
        "c": np.array([1.0, 4.5, np.nan]),
        "e": np.zeros((), np.int32),
        "same": np.ones(1),
    }
    assert diff_trees(one, two) == (
        1,
        "missing     d: only in the first, shape (2,), dtype float64\n"
        "missing     e: only in the second, shape (), dtype int32\n"
        "shape       a: (2, 3) and (3, 2)\n"
        "dtype       b: float64 and float32\n"
        "values      c: 1 of 3 numbers, by 2.5 at most\n",
    )


@pytest.mark.parametrize(
    ("one", "two", "options", "status"),
    [
        ([1.0, -2.0], [1.0, -2.0], "--rtol 0.1", 0),
        ([1.0, -2.0], [1.0, -2.1], "--rtol 0.1", 0),
        ([1.0, -2.0], [1.0, -2.5], "--rtol 0.1", 1),
        ([1.0, -2.0], [1.0, -2.5], "--atol 0.5", 0),
        ([1.0, -2.0], [1.0, -2.5], "--atol 0.25", 1),
        ([1.0, -2.0], [1.0, -2.5], "--atol 0.25 --rtol 0.1", 0),
        ([np.nan], [np.nan], "", 0),
        ([np.nan], [1.0], "--atol 1e300", 1),
        ([np.inf], [np.inf], "", 0),
        ([np.inf], [-np.inf], "--rtol 10", 1),
        ([1.0], [np.inf], "--rtol 10", 1),
        ([0.0], [-0.0], "", 0),
    ],
)
def test_tolerances_decide(diff_trees, one, two, options, status):
    """They are those of `numpy.allclose`: relative to the second, on top of each
    other."""
    found = diff_trees({"w": np.array(one)}, {"w": np.array(two)}, *options.split())
    assert found[0] == status


def test_integers_are_compared_as_such(diff_trees):
    """2**53 and its successor are one number in floating point."""
    one, two = (np.array([2**53 + n], np.int64) for n in (0, 1))
    line = "values      step: 1 of 1 numbers, by 1 at most\n"
    assert diff_trees({"step": one}, {"step": two}, "--atol", "0.5") == (1, line)
    assert diff_trees({"step": one}, {"step": two}, "--atol", "1")[0] == 0


def test_an_infinite_difference_is_told(diff_trees):
    """There is no number for it."""
    one, two = {"w": np.array([np.nan, 1.0])}, {"w": np.array([1.0, np.inf])}
    line = "values      w: 2 of 2 numbers, by inf at most\n"
    assert diff_trees(one, two) == (1, line)


def test_a_slot_that_one_has_is_one_line(diff, tmp_path):
    """Both ways; a variable of it has a line where both have the slot."""
    variables = tmp_path / "variables.safetensors"
    checkpoints.save(variables, checkpoints.load(DATA / "training"))
    lines = [
        f"missing     ({slot}): only in the {{}}, {count} arrays"
        for slot, count in (
            ("non_slot", 3),
            ("ExponentialMovingAverage", 4),
            ("Momentum", 4),
            ("Adam", 4),
            ("Adam_1", 4),
        )
    ]
    text = "\n".join([*lines, ""])
    assert diff(DATA / "training", variables) == (1, text.replace("{}", "first"))
    assert diff(variables, DATA / "training") == (1, text.replace("{}", "second"))


def test_what_is_no_array_cannot_be_compared(diff):
    """It is said, and counts as a difference."""
    path = DATA / "no_arrays" / "model.ckpt"
    status, out = diff(path, path)
    assert status == 1
    assert "unread      text: dtype string\n" in out
    assert "plain" not in out


def test_a_glob_chooses(diff_trees):
    """What it does not cover may differ; what one of the two lacks is a difference."""
    one = {"a": {"w": np.ones(2)}, "b": np.ones(1)}
    two = {"a": {"w": np.ones(2)}, "c": np.ones(1)}
    assert diff_trees(one, two, "--match", "a/**") == (0, "No difference.\n")
    line = "missing     b: only in the first, shape (1,), dtype float64\n"
    assert diff_trees(one, two, "--match", "b") == (1, line)
    assert diff_trees(two, one, "--match", "b")[1] == line.replace("first", "second")


@pytest.mark.parametrize(
    ("one", "two", "options", "words"),
    [
        ("training", "lost", "", f"there is no {DATA / 'lost'}"),
        ("lost", "training", "", f"there is no {DATA / 'lost'}"),
        ("training", "expected.json", "", "is no whole safetensors file"),
        ("training", "training", "--match z/**", "Nothing in the checkpoint matches"),
    ],
)
def test_what_goes_wrong_is_told_in_words(capsys, one, two, options, words):
    """The status is 2, and nothing is printed but the reason."""
    line = ["diff", str(DATA / one), str(DATA / two), *options.split()]
    assert command.main(line) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("python -m scopejax: ")
    assert words in captured.err


@pytest.mark.parametrize("option", ["--rtol", "--atol"])
@pytest.mark.parametrize("number", ["-1", "nan", "inf", "some", ""])
def test_a_tolerance_is_a_number(capsys, option, number):
    """Anything else is refused in a line, with status 2."""
    with pytest.raises(SystemExit, match=r"^2$"):
        command.main(["diff", "a", "b", f"{option}={number}"])
    error = capsys.readouterr().err
    assert f"{option}: must be a number from 0 on, but is {number!r}" in error
    assert error.count("\n") == 1
