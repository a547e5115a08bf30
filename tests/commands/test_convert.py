"""``python -m scopejax convert``: from each format to each, with changes on the way."""

import itertools
import os
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors import numpy as tensors

import scopejax.__main__ as command
from scopejax import checkpoints
from scopejax.checkpoints._items import of_slot
from scopejax.checkpoints._load import open_checkpoint

DATA = Path(__file__).parents[1] / "data"
BITS = np.array([0x7FC00001, 0x80000000, 0x7F800000, 1], np.uint32)  # NaN, -0, inf
TREE = {
    "net": {
        "w": BITS.view(np.float32).reshape(2, 2),
        "h": np.array([0.5, np.nan]).astype(jnp.bfloat16),
        "z": np.array([1 - 2j], np.complex64),
    },
    "on": np.array([[True, False, True]]),
    "half": np.array([65504, -0.0], np.float16),
    "step": np.array(2**53 + 1, np.int64),
    "bytes": np.arange(5, dtype=np.uint8),
}
NAMES = {"safetensors": "{}.safetensors", "orbax": "{}", "tf1": "{}.ckpt-1"}


def contents(path, slot=""):
    """Name -> dtype, shape and bytes of all arrays."""
    with open_checkpoint(path, None) as reader:
        return {
            e.name: (e.dtype, e.shape, np.array(reader.read(e)).tobytes())
            for e in of_slot(reader, slot)
        }


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The same tree in each format."""
    folder = tmp_path_factory.mktemp("saved")
    for name in NAMES.values():
        checkpoints.save(folder / name.format("a"), TREE)
    return folder


@pytest.fixture
def convert(capsys):
    """Runs the command; what it printed behind the target's name."""

    def run(source, target, *options):
        assert command.main(["convert", str(source), str(target), *options]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        assert captured.out.startswith(f"{target}: ")
        return captured.out.removeprefix(f"{target}: ")

    return run


@pytest.fixture
def refusal(capsys, tmp_path):
    """Runs the command; what it complained of, where it left all files as they were."""

    def run(source, target, *options):
        before = sorted(tmp_path.rglob("*"))
        assert command.main(["convert", str(source), str(target), *options]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("python -m scopejax: ")
        assert "Traceback" not in captured.err
        assert sorted(tmp_path.rglob("*")) == before
        return captured.err

    return run


# From each to each


@pytest.mark.smoke
@pytest.mark.parametrize(("one", "two"), list(itertools.product(NAMES, NAMES)))
def test_all_bits_arrive(saved, tmp_path, convert, one, two):
    """There and back, every number has the bits that it had, NaN's too."""
    source = saved / NAMES[one].format("a")
    there = tmp_path / NAMES[two].format("there")
    back = tmp_path / NAMES[one].format("back")
    expected = contents(source)
    assert convert(source, there) == "7 arrays\n"
    assert convert(there, back) == "7 arrays\n"
    assert contents(there) == contents(back) == expected
    assert expected["net/w"] == ("float32", (2, 2), BITS.tobytes())


def test_a_copy_is_the_file_that_save_writes(saved, tmp_path, convert):
    """Byte for byte, metadata included."""
    convert(saved / "a.ckpt-1", tmp_path / "b.safetensors")
    file = (saved / "a.safetensors").read_bytes()
    assert (tmp_path / "b.safetensors").read_bytes() == file


def test_what_another_program_noted_stays(path, tmp_path, convert):
    """Its metadata are copied; the digest is that of what is written."""
    tensors.save_file({"w": np.ones(2)}, path, {"note": "mine", "digest": "old"})
    convert(path, tmp_path / "b.safetensors")
    with open_checkpoint(tmp_path / "b.safetensors", None) as reader:
        assert reader.metadata["note"] == "mine"
        assert len(reader.metadata["digest"]) == 64


def test_formats_may_be_named(saved, tmp_path, convert):
    """Where the paths do not tell."""
    target = tmp_path / "net.bin"
    convert(saved / "a", target, "--from", "orbax", "--to", "safetensors")
    convert(target, tmp_path / "b.d", "--from", "safetensors", "--to", "orbax")
    assert contents(tmp_path / "b.d") == contents(saved / "a")


@pytest.mark.parametrize("options", [(), ("--cast", "float16")])
def test_a_file_can_be_converted_to_itself(saved, path, convert, options):
    """It is read from the old file until the new one takes its place."""
    path.write_bytes((saved / "a.safetensors").read_bytes())
    rest = {"net/z", "on", "half", "step", "bytes"}
    before = contents(path)
    assert convert(path, path, *options) == "7 arrays\n"
    after = contents(path)
    assert all(after[name] == before[name] for name in rest)
    assert (after == before) == (not options)
    assert os.listdir(path.parent) == [path.name]


def test_a_file_is_replaced(path, saved, convert):
    """A safetensors file takes the place of an older one."""
    checkpoints.save(path, {"old": np.ones(2)})
    convert(saved / "a", path)
    assert contents(path) == contents(saved / "a")


# Changes on the way


def test_what_is_left_out_is_told(tmp_path, convert):
    """Slots by their names, and how many were not selected."""
    out = convert(DATA / "training", tmp_path / "b", "--select", "**/h0/*")
    assert out == (
        "2 arrays; left out: 3 of non_slot, 4 of ExponentialMovingAverage, 4 of"
        " Momentum, 4 of Adam, 4 of Adam_1, 3 that were not selected\n"
    )
    assert set(contents(tmp_path / "b")) == {"model/h0/w", "model/h0/b"}


def test_a_slot_becomes_variables(path, convert):
    """What an optimizer kept, under the variables' names."""
    out = convert(DATA / "training", path, "--slot", "Adam")
    assert out.startswith("4 arrays; left out: 3 of non_slot, 5 of the variables, ")
    assert contents(path) == contents(DATA / "training", "Adam")


def test_names_change(path, convert):
    """The first renaming that fits counts, and a selection goes by the new names."""
    renamings = ("--rename", "model/h0/*=first/*", "--rename", "model/**=net/**")
    convert(DATA / "training", path, *renamings)
    names = {"first/w", "first/b", "net/h1/w", "net/h1/b", "net/moving_mean"}
    assert set(contents(path)) == names
    convert(DATA / "training", path, *renamings, "--select", "first/*")
    assert set(contents(path)) == {"first/w", "first/b"}


def test_a_cast_is_of_one_kind(saved, path, convert):
    """Floating-point numbers are cast; integers, bools and complex numbers are not."""
    convert(saved / "a", path, "--cast", "float32")
    dtypes = {name: dtype for name, (dtype, *_) in contents(path).items()}
    assert dtypes == {
        "net/w": "float32",
        "net/h": "float32",
        "half": "float32",
        "net/z": "complex64",
        "on": "bool",
        "step": "int64",
        "bytes": "uint8",
    }


def test_a_cast_gives_the_nearest_number(path, tmp_path, convert):
    """As JAX casts."""
    numbers = np.linspace(-3, 3, 101, dtype=np.float32)
    tensors.save_file({"w": numbers}, path)
    convert(path, tmp_path / "b.safetensors", "--cast", "bfloat16")
    bits = jnp.asarray(numbers).astype(jnp.bfloat16).tobytes()
    assert contents(tmp_path / "b.safetensors") == {"w": ("bfloat16", (101,), bits)}


# What is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--select model/h9", "No variable matches 'model/h9'"),
        ("--rename net/**=a/**", "nothing in the checkpoint is called 'net/**'"),
        ("--rename model/**=model", "wildcards"),
        ("--rename model/h0/w=model/h0", "cannot be both a variable and a scope"),
        ("--rename model/h0/w=model/h0/b", "would both be called model/h0/b"),
        ("--cast flot", "'flot' is not a dtype"),
        ("--cast str", "Name one of numbers: bfloat16."),
        ("--slot Adm", "no slot 'Adm'"),
        ("--slot Adm", "remedy    python -m scopejax inspect PATH lists them."),
    ],
)
@pytest.mark.parametrize("name", NAMES.values())
def test_what_makes_no_sense_is_refused(tmp_path, refusal, name, options, words):
    """Before anything is written."""
    target = tmp_path / name.format("b")
    assert words in refusal(DATA / "training", target, *options.split())


def test_numbers_that_do_not_fit_are_refused(saved, path, refusal):
    """The old file stays."""
    checkpoints.save(path, {"old": np.ones(2)})
    before = path.read_bytes()
    words = refusal(saved / "a.ckpt-1", path, "--cast", "int8")
    assert "step has numbers that do not fit into int8" in words
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["orbax", "tf1"])
def test_what_exists_is_not_replaced(saved, tmp_path, convert, refusal, kind):
    """What consists of several files stays, even where it is the source."""
    target = tmp_path / NAMES[kind].format("b")
    convert(saved / "a.safetensors", target)
    before = contents(target)
    for source in (target, saved / "a.safetensors"):
        assert re.search("exists, and .* cannot be replaced", refusal(source, target))
    assert contents(target) == before


@pytest.mark.parametrize("name", NAMES.values())
def test_what_is_no_array_is_refused(tmp_path, refusal, name):
    """Text and quantized numbers; a selection goes around them."""
    words = refusal(DATA / "no_arrays" / "model.ckpt", tmp_path / name.format("b"))
    assert re.search("quantized|text|variant", words)


def test_a_selection_goes_around_what_is_no_array(path, convert):
    """The rest is written."""
    out = convert(DATA / "no_arrays" / "model.ckpt", path, "--select", "plain")
    assert out == "1 array; left out: 3 that were not selected\n"


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("lost", "b.safetensors", f"there is no {DATA / 'lost'}\n"),
        ("training", "lost/b.safetensors", "/lost\n"),
        ("training", "lost/b.ckpt-1", "/lost\n"),
        ("training", "lost/b", "/lost\n"),
        ("training", "lost/c/b", "/lost\n"),
        ("training", "b.npz", "'.npz' stands for none"),
        ("training", "b.npz", "Pass --from for A or --to for B, one of"),
        ("expected.json", "b.safetensors", "is no whole safetensors file"),
        ("dtypes/model.ckpt", "b", "The name '/a' has an empty component"),
    ],
)
def test_what_cannot_be_read_or_written_is_told(
    tmp_path, refusal, source, target, words
):
    """In words, with the file's name."""
    assert words in refusal(DATA / source, tmp_path / target)


@pytest.mark.parametrize("length", [-1, -40])
def test_a_file_that_is_cut_short_leaves_nothing(saved, tmp_path, refusal, length):
    """Neither a target nor a file beside it."""
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes((saved / "a.safetensors").read_bytes()[:length])
    assert "no whole safetensors file" in refusal(cut, tmp_path / "b")


@pytest.mark.parametrize("text", ["a", "=a", "a=", ""])
def test_a_renaming_has_two_sides(capsys, text):
    """Anything else is refused in a line, with status 2."""
    with pytest.raises(SystemExit, match=r"^2$"):
        command.main(["convert", "a", "b", "--rename", text])
    error = capsys.readouterr().err
    assert f"must be OLD=NEW, but is {text!r}" in error
    assert error.count("\n") == 1
