"""``python -m scopejax inspect``: the table, JSON, and what cannot be shown."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors import numpy as tensors

import scopejax as sj
import scopejax.__main__ as command
from scopejax import checkpoints

DATA = Path(__file__).parents[1] / "data"
TREE = {
    "net": {
        "w": np.array([[1, np.nan], [-2, np.inf]], np.float32),
        "h": np.array([0.5, 1.5]).astype(jnp.bfloat16),
    },
    "on": np.array([True, False]),
    "step": np.array(7, np.int64),
}
NAMES = {"safetensors": "a.safetensors", "orbax": "a", "tf1": "a.ckpt-1"}

TABLE = """
variable  shape        dtype     count  bytes
---------------------------------------------
on        (2,)         bool          2    2 B
step      ()           int64         1    8 B
net/      2 variables                6   20 B
  h       (2,)         bfloat16      2    4 B
  w       (2, 2)       float32       4   16 B
---------------------------------------------
total     4 variables                9   30 B
"""

FIGURES = """
variable  shape        dtype     count  bytes  min  mean  max  NaN
------------------------------------------------------------------
on        (2,)         bool          2    2 B    0   0.5    1    0
step      ()           int64         1    8 B    7     7    7    0
net/      2 variables                6   20 B
  h       (2,)         bfloat16      2    4 B  0.5     1  1.5    0
  w       (2, 2)       float32       4   16 B   -2   inf  inf    1
------------------------------------------------------------------
total     4 variables                9   30 B
"""

ADAM = """
variable  shape        dtype    count  bytes
--------------------------------------------
(Adam)/   4 variables              32  128 B
  model/  4 variables              32  128 B
    h0/   2 variables              20   80 B
      b   (5,)         float32      5   20 B
      w   (3, 5)       float32     15   60 B
    h1/   2 variables              12   48 B
      b   (2,)         float32      2    8 B
      w   (5, 2)       float32     10   40 B
--------------------------------------------
total     4 variables              32  128 B

kept by optimizers (--slot NAME shows one)
  Adam: 4 variables, 128 B
  Adam_1: 4 variables, 128 B
  ExponentialMovingAverage: 4 variables, 128 B
  Momentum: 4 variables, 128 B
  non_slot: 3 variables, 16 B
"""

NO_ARRAYS = """
variable   shape        dtype    count  bytes  min  mean  max  NaN
------------------------------------------------------------------
plain      (3,)         float32      3   12 B    0     1    2    0
quantized  (2,)         qint8        2    2 B
text       (3,)         string       3  209 B
variant    ()           variant      1   38 B
------------------------------------------------------------------
total      4 variables               9  261 B
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The same tree in each format."""
    folder = tmp_path_factory.mktemp("saved")
    for name in NAMES.values():
        checkpoints.save(folder / name, TREE)
    return folder


@pytest.fixture
def inspect(capsys):
    """Runs the command; its output, where it ended well and complained of nothing."""

    def run(path, *options):
        assert command.main(["inspect", str(path), *options]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return run


@pytest.fixture
def refusal(capsys):
    """Runs the command; what it complained of, where it ended with status 2."""

    def run(path, *options):
        assert command.main(["inspect", str(path), *options]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("python -m scopejax: ")
        assert "Traceback" not in captured.err
        return captured.err

    return run


def strict(text):
    """JSON as its standard has it, without NaN and Infinity."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


# The table


@pytest.mark.smoke
@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize(("options", "table"), [((), TABLE), (("--stats",), FIGURES)])
def test_the_table_is_the_same_in_each_format(saved, inspect, kind, options, table):
    """Names, shapes, dtypes and bytes, with figures where they are asked for."""
    path = saved / NAMES[kind]
    heading, rest = inspect(path, *options).split("\n", 1)
    assert rest == table
    by = f"  written by scopejax {sj.__version__}  digest " if kind != "tf1" else ""
    assert heading.startswith(f"{path}  {kind}{by}")
    assert "which" not in heading


def test_a_slot_has_a_table_of_its_own(inspect):
    """What an optimizer kept is listed by the variables' names, slots at the end."""
    heading, rest = inspect(DATA / "training", "--slot", "Adam").split("\n", 1)
    assert heading == f"{DATA / 'training'}  tf1"
    assert rest == ADAM


def test_what_is_no_array_is_listed(inspect):
    """Text and TensorFlow's own dtypes have a row, and no figures."""
    out = inspect(DATA / "no_arrays" / "model.ckpt", "--stats")
    assert out.split("\n", 1)[1] == NO_ARRAYS


def test_dtypes_that_jax_has_not_are_listed(path, inspect):
    """A safetensors file with 4-bit floats, written by hand."""
    part = {"dtype": "F4", "shape": [4], "data_offsets": [0, 2]}
    header = json.dumps({"w": part}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"ab")
    assert "w         (4,)        F4         4    2 B\n" in inspect(path, "--stats")
    (row,) = strict(inspect(path, "--stats", "--json"))["variables"]
    assert row == {"name": "w", "shape": [4], "dtype": "F4", "bytes": 2}


def test_a_glob_chooses(saved, inspect):
    """Only what it covers is shown and counted."""
    out = inspect(saved / "a", "--match", "net/*")
    assert "total     2 variables                6   20 B\n" in out
    assert "step" not in out


def test_a_digest_of_other_variables_is_said(path, inspect):
    """A file that was written again, with the old metadata, is told by its digest."""
    tensors.save_file({"w": np.ones(2)}, path, {"digest": "0123456789abcdef" * 4})
    heading = inspect(path).split("\n", 1)[0]
    tail = "digest 0123456789ab, which its variables have not"
    assert heading == f"{path}  safetensors  {tail}"


def test_a_file_of_another_program_has_no_digest(path, inspect):
    """Nothing is said about what is not there."""
    tensors.save_file({"w": np.ones(2)}, path)
    assert inspect(path).split("\n", 1)[0] == f"{path}  safetensors"


def test_a_file_without_arrays_has_a_table(path, inspect):
    """It has a total of nothing."""
    tensors.save_file({}, path)
    assert "total     0 variables" in inspect(path, "--stats")
    assert strict(inspect(path, "--stats", "--json"))["variables"] == []


# JSON


@pytest.mark.parametrize("kind", NAMES)
def test_json_agrees_with_the_table(saved, inspect, kind):
    """It has the same rows; infinities are text, which JSON has no numbers for."""
    found = strict(inspect(saved / NAMES[kind], "--json", "--stats"))
    rows = {row.pop("name"): row for row in found["variables"]}
    assert rows["net/w"] == {
        "shape": [2, 2],
        "dtype": "float32",
        "bytes": 16,
        "min": -2.0,
        "mean": "inf",
        "max": "inf",
        "NaN": 1,
    }
    assert rows["step"]["max"] == 7
    assert (found["format"], found["count"], found["bytes"]) == (kind, 9, 30)
    assert (len(rows), found["slots"]) == (4, [])
    assert set(found["metadata"]) == (
        {"scopejax", "digest"} if kind != "tf1" else set()
    )


def test_json_of_infinities_of_both_signs_is_valid(path, inspect):
    """Their mean is NaN, which goes as text; an array of NaN alone has no figures."""
    w = np.array([np.inf, -np.inf], np.float32)
    tensors.save_file({"w": w, "x": np.full(3, np.nan, np.float32)}, path)
    rows = strict(inspect(path, "--json", "--stats"))["variables"]
    figures = {
        row["name"]: [row[f] for f in ("min", "mean", "max", "NaN")] for row in rows
    }
    assert figures == {"w": ["-inf", "nan", "inf", 0], "x": [None, None, None, 3]}


def test_json_names_slots(inspect):
    """Rows of a slot say so."""
    found = strict(inspect(DATA / "training", "--json", "--slot", "Momentum"))
    assert {row["slot"] for row in found["variables"]} == {"Momentum"}
    assert found["slots"][:2] == ["Adam", "Adam_1"]


# What goes wrong


def test_a_missing_file_is_named(tmp_path, refusal):
    """So is a folder above it that is not there."""
    lost = tmp_path / "lost"
    for path in (lost, lost / "a.safetensors", lost / "b" / "a.ckpt-1"):
        assert refusal(path) == f"python -m scopejax: there is no {lost}\n"


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("expected.json", (), "is no whole safetensors file"),
        (".", (), "no checkpoint is there"),
        (".", (), "Pass --format, one of orbax"),
        ("training", ("--format", "safetensors"), "training is a folder"),
        ("version_1/model.ckpt", (), "old format V1"),
        ("training", ("--slot", "Adm"), "no slot 'Adm'.\n  nearest   Adam, Adam_1"),
        ("training", ("--match", "model/h0/v"), "matches 'model/h0/v'.\n  nearest"),
        ("expected.json", ("--format", "orbax"), "cannot be read by orbax"),
        ("expected.json", ("--format", "tf1"), "there is no"),
    ],
)
def test_what_is_no_checkpoint_is_told_in_words(refusal, path, options, words):
    """The status is 2, and nothing is printed but the reason."""
    assert words in refusal(DATA / path, *options)


@pytest.mark.parametrize("length", [0, 5, 40, -1])
def test_a_file_that_is_cut_short_is_told(saved, path, refusal, length):
    """Wherever the end is missing."""
    path.write_bytes((saved / "a.safetensors").read_bytes()[:length])
    assert "is no whole safetensors file" in refusal(path)


def test_a_checkpoint_whose_data_are_cut_short_is_told(saved, tmp_path, refusal):
    """TensorFlow's index tells how long they were."""
    for file in saved.glob("a.ckpt-1.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    data = tmp_path / "a.ckpt-1.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    assert "a.ckpt-1" in refusal(tmp_path / "a.ckpt-1", "--stats")


@pytest.mark.parametrize("options", ["", "a b", "a --format npz", "a --colour"])
def test_bad_options_are_refused_in_a_line(options, capsys):
    """It points to the help."""
    with pytest.raises(SystemExit, match=r"^2$"):
        command.main(["inspect", *options.split()])
    error = capsys.readouterr().err
    assert error.startswith("python -m scopejax")
    assert error.endswith("(--help shows the options)\n")
    assert error.count("\n") == 1
