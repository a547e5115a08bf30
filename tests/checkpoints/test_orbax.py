"""Orbax's directories: written and read shard by shard, and those of others read."""

import os
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

import scopejax as sj
from scopejax import checkpoints
from scopejax.checkpoints._load import open_checkpoint

from ..helpers.refusals import refusal
from ..helpers.trees import GOOD, NET
from .test_checkpoints import DTYPES, NARROW, same

TAKEN = [*DTYPES, *(dtype for dtype in NARROW if dtype != "uint4")]
TREE = {"a": {"w": jnp.arange(6.0).reshape(2, 3), "b": jnp.int32(3)}}


@pytest.fixture
def folder(tmp_path):
    """Where a directory is to be written."""
    return tmp_path / "step_1"


def mesh(*shape):
    """The eight devices in a mesh of one or two axes."""
    names = ("x", "y")[: len(shape)]
    return jax.make_mesh(shape, names, axis_types=(AxisType.Auto,) * len(shape))


# There and back


def test_every_dtype_comes_back(folder):
    """Each dtype that JAX has, scalars too, is loaded bit for bit as a JAX array."""
    params = {
        dtype: {"w": jnp.asarray(np.arange(6).reshape(2, 3) % 2, dtype)}
        for dtype in TAKEN
    }
    params |= {"scalars": {dtype: params[dtype]["w"][1, 0] for dtype in TAKEN}}
    checkpoints.save(folder, params)
    loaded = checkpoints.load(folder)
    assert same(params, loaded)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(loaded))


@pytest.mark.smoke
def test_64_bits_come_back_in_their_mode(folder):
    """NumPy's 64 bits are saved, refused where the mode is off, and cast."""
    wide = {"w": np.array([1.5, 1e300]), "n": np.array(2**40)}
    checkpoints.save(folder, wide)
    with pytest.raises(sj.VariableMismatchError, match="n has 64 bits in the file"):
        checkpoints.load(folder)
    with pytest.raises(sj.VariableMismatchError, match="do not fit into int32"):
        checkpoints.load(folder, select="n", cast="int32")
    with jax.enable_x64(True):
        assert same(checkpoints.load(folder), wide)


def test_a_model_fits_what_is_loaded(folder):
    """What a model's manifest says is found, renamed, cast and turned."""
    checkpoints.save(folder, GOOD)
    NET.check(checkpoints.load(folder, NET.manifest()))
    loaded = checkpoints.load(
        folder,
        rename={"encoder/*": "e/*"},
        cast={"e/*": "bfloat16"},
        transpose={"e/kernel": (1, 0)},
    )
    assert loaded["e"]["kernel"].shape == (3, 2)
    assert loaded["e"]["bias"].dtype == jnp.bfloat16
    assert same({"step": loaded["step"]}, {"step": GOOD["step"]})


def test_shards_go_to_another_mesh(folder):
    """Saved from eight devices, an array is put onto another mesh, bit for bit."""
    numbers = np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32)
    rows = NamedSharding(mesh(8), PartitionSpec("x"))
    checkpoints.save(folder, {"w": jax.device_put(numbers, rows), "b": jnp.ones(4)})
    tiles = NamedSharding(mesh(2, 4), PartitionSpec("y", "x"))
    whole = NamedSharding(mesh(2, 4), PartitionSpec())
    want = {
        "w": jax.ShapeDtypeStruct((16, 8), "float32", sharding=tiles),
        "b": jax.ShapeDtypeStruct((4,), "float32", sharding=whole),
    }
    loaded = checkpoints.load(folder, want)
    assert loaded["w"].sharding == tiles
    assert loaded["b"].sharding == whole
    assert {shard.data.shape for shard in loaded["w"].addressable_shards} == {(4, 4)}
    assert same(loaded, {"w": numbers, "b": np.ones(4, np.float32)})
    want["w"] = jax.ShapeDtypeStruct((16, 8), "bfloat16", sharding=tiles)
    cast = checkpoints.load(folder, want, cast=True)["w"]
    assert cast.sharding == tiles
    assert same({"w": cast}, {"w": numbers.astype(jnp.bfloat16)})


def test_without_a_target_arrays_come_to_one_device(folder):
    """Whatever mesh an array was saved from, it is loaded whole."""
    rows = NamedSharding(mesh(8), PartitionSpec("x"))
    checkpoints.save(folder, {"w": jax.device_put(jnp.arange(16.0), rows)})
    loaded = checkpoints.load(folder)["w"]
    assert loaded.devices() == {jax.devices()[0]}
    assert same({"w": loaded}, {"w": jnp.arange(16.0)})


def test_saving_in_the_background(folder):
    """The future waits until all is there, and what is wrong is told at once."""
    params = jax.tree.map(jnp.array, TREE)
    saving = checkpoints.save_async(folder, params)
    jax.tree.map(lambda leaf: leaf.delete(), params)
    assert saving.result() is None
    assert same(checkpoints.load(folder), TREE)
    with pytest.raises(sj.InvalidArgumentError, match="cannot be replaced at once"):
        checkpoints.save_async(folder, TREE)


def test_what_is_written_beside(folder):
    """The digest is that of the model's manifest."""
    checkpoints.save(folder, GOOD)
    with open_checkpoint(folder, None) as reader:
        assert dict(reader.metadata) == {
            "digest": NET.manifest().digest,
            "scopejax": sj.__version__,
        }


# What cannot be saved


REFUSED = {
    "empty": ({"a": {"w": jnp.ones((2, 0))}}, "takes no array without numbers", "a/w"),
    "uint4": ({"a": {"w": jnp.ones(2, "uint4")}}, "orbax has no dtype uint4", "a/w"),
    "text": ({"t": np.array(["x"])}, "its dtype is <U1", "t"),
    "nothing": ({}, "takes no tree without arrays", None),
}


@pytest.mark.parametrize(("tree", "message", "name"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_saved_is_refused(folder, tree, message, name):
    """A bad leaf is an error with its name, and nothing is written."""
    good = {"good": jnp.ones(2)} if tree else {}
    refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.save(folder, tree | good),
        message,
        name=name,
    )
    assert os.listdir(folder.parent) == []


@pytest.mark.parametrize("there", ["directory", "checkpoint", "file"])
def test_what_is_there_is_not_replaced(folder, there):
    """A directory or file of that name is an error, and stays as it is."""
    if there == "checkpoint":
        checkpoints.save(folder, TREE)
    elif there == "directory":
        folder.mkdir()
    else:
        folder.touch()
    before = sorted(folder.parent.rglob("*"))
    refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.save(folder, {"w": jnp.zeros(2)}),
        "exists, and a directory cannot be replaced at once",
    )
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize("save", [checkpoints.save, checkpoints.save_async])
def test_a_folder_that_is_not_there_is_not_made(folder, save):
    """As with files: a misspelt path makes no folders."""
    with pytest.raises(FileNotFoundError, match=f"No such file.*'{folder}'"):
        save(folder / "below", TREE)
    assert os.listdir(folder.parent) == []


# Directories of others


def test_the_state_of_anothers_training_is_read(folder):
    """Lists, tuples and optax's states are named by their keys and places."""
    params = {"w": jnp.arange(3.0)}
    state = {"params": params, "opt": optax.adam(1e-3).init(params), "rng": [1, None]}
    with ocp.StandardCheckpointer() as other:
        other.save(folder.absolute(), state)
    loaded = checkpoints.load(folder, cast={"rng/0": "int32"})
    flat = sj.to_flat(loaded)
    assert set(flat) == {
        *("params/w", "rng/0"),
        *("opt/0/count", "opt/0/mu/w", "opt/0/nu/w"),
    }
    assert flat["rng/0"] == 1
    assert same({"w": flat["params/w"]}, params)
    moments = checkpoints.load(folder, select="opt/0/mu/**")
    assert same(moments, {"opt": {"0": {"mu": {"w": jnp.zeros(3)}}}})


def test_text_is_refused_by_name(folder):
    """A leaf that is no array is an error with its name, and can be left out."""
    with ocp.PyTreeCheckpointer() as other:
        other.save(folder.absolute(), {"w": jnp.ones(2), "meta": {"name": "hello"}})
    refusal(
        sj.CheckpointError,
        lambda: checkpoints.load(folder),
        "meta/name is no array",
        name="meta/name",
    )
    assert same(checkpoints.load(folder, select="w"), {"w": jnp.ones(2)})


def test_steps_of_a_manager_are_read(tmp_path):
    """The directory of a step is a checkpoint; so is that of one of its items."""
    with ocp.CheckpointManager(tmp_path.absolute() / "one") as manager:
        manager.save(3, args=ocp.args.StandardSave(TREE))
    with ocp.CheckpointManager(tmp_path.absolute() / "two") as manager:
        manager.save(3, args=ocp.args.Composite(state=ocp.args.StandardSave(TREE)))
    assert same(checkpoints.load(tmp_path / "one" / "3"), TREE)
    assert same(checkpoints.load(tmp_path / "two" / "3" / "state"), TREE)
    assert same(checkpoints.load(tmp_path / "one"), TREE)
    assert same(checkpoints.load(tmp_path / "two" / "3"), {"state": TREE})


def test_orbax_reads_what_is_written(folder):
    """The directory is orbax's own, in the structure of the tree."""
    checkpoints.save(folder, TREE)
    with ocp.StandardCheckpointer() as other:
        restored = other.restore(folder.absolute(), jax.tree.map(jnp.zeros_like, TREE))
    assert same(restored, TREE)


# Damage


def lost(folder, name):
    """Takes a file or a directory away."""
    found = folder / name
    shutil.rmtree(found) if found.is_dir() else found.unlink()


def cut(folder, name):
    """Cuts each file that fits in half."""
    files = [path for path in folder.glob(name) if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        *((lost, name) for name in ("_METADATA", "manifest.ocdbt", "d")),
        *((cut, name) for name in ("_METADATA", "manifest.ocdbt", "d/*")),
    ],
)
def test_a_damaged_directory_is_refused(folder, harm, name):
    """A directory that is not whole is an error that names it."""
    # Of several arrays some are still being read when the first one fails, and orbax
    # then calls into an event loop that it has closed.
    checkpoints.save(folder, {"w": jnp.arange(6.0)})
    harm(folder, name)
    refusal(
        sj.CheckpointError,
        lambda: checkpoints.load(folder),
        f"{folder} cannot be read by orbax",
    )


def test_damaged_numbers_are_refused(folder):
    """So is one that has all of its files but not all of the numbers."""
    numbers = np.random.default_rng(0).integers(0, 256, 100_000, np.uint8)
    checkpoints.save(folder, {"w": numbers})
    files = [path for path in folder.rglob("d/*") if path.stat().st_size > 90_000]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:50_000])
    refusal(
        sj.CheckpointError,
        lambda: checkpoints.load(folder),
        f"{folder} cannot be read by orbax",
    )


def test_an_unfinished_directory_is_none(folder):
    """What orbax has not given its name yet is no checkpoint."""
    checkpoints.save(folder, TREE)
    unfinished = folder.rename(f"{folder}.orbax-checkpoint-tmp")
    with pytest.raises(sj.InvalidArgumentError, match="no checkpoint is there"):
        checkpoints.load(unfinished)


def test_a_directory_that_is_not_there(folder):
    """Loading what does not exist is Python's own error."""
    with pytest.raises(FileNotFoundError, match="No such file"):
        checkpoints.load(folder)
    with pytest.raises(FileNotFoundError, match="No such file"):
        checkpoints.load(folder, format="orbax")
