"""TensorFlow's checkpoints, loaded as params and written from them."""

import os
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import checkpoints, tf1
from scopejax.checkpoints._tensorflow import Bundle

from ..helpers.bundles import DATA, EXPECTED, digest
from ..helpers.refusals import refusal
from .test_checkpoints import DTYPES, same

TRAINING = DATA / "training" / "model.ckpt-4"
PARTITIONED = DATA / "partitioned" / "model.ckpt"
VARIABLES = {
    *("model/h0/b", "model/h0/w", "model/h1/b", "model/h1/w"),
    "model/moving_mean",
}


def assert_expected(case, tree, stored=lambda name: name):
    """The numbers are those that TensorFlow reads."""
    for name, leaf in sj.to_flat(tree).items():
        about = EXPECTED[case][stored(name)]
        assert str(leaf.dtype) == about["dtype"]
        assert list(leaf.shape) == about["shape"]
        assert digest(np.asarray(leaf)) == about["sha256"]


# Reading


@pytest.mark.smoke
@pytest.mark.parametrize(
    "path", [TRAINING, f"{TRAINING}.index", DATA / "training"], ids=str
)
def test_each_way_to_name_a_checkpoint(path):
    """A prefix, its index and the folder are the same variables, without slots."""
    loaded = checkpoints.load(path)
    assert set(sj.to_flat(loaded)) == VARIABLES
    assert_expected("training/model.ckpt-4", loaded)


def test_the_slots_are_listed():
    """What optimizers kept is told by their names for it."""
    expected = {"non_slot", "ExponentialMovingAverage", "Momentum", "Adam", "Adam_1"}
    assert set(checkpoints.slots(TRAINING)) == expected
    assert checkpoints.slots(DATA / "sharded") == ()


@pytest.mark.parametrize(
    ("slot", "stored"),
    [
        ("Adam", "train/{}/Adam"),
        ("Adam_1", "train/{}/Adam_1"),
        ("Momentum", "{}/Momentum"),
        ("ExponentialMovingAverage", "{}/ExponentialMovingAverage"),
    ],
)
def test_a_slot_has_the_names_of_the_variables(slot, stored):
    """What was kept for a variable is loaded under its name."""
    loaded = checkpoints.load(TRAINING, slot=slot)
    assert set(sj.to_flat(loaded)) <= VARIABLES
    assert "model/h0/w" in sj.to_flat(loaded)
    assert_expected("training/model.ckpt-4", loaded, stored.format)


def test_what_there_is_once():
    """The global step is an int64, and cast where the mode is off."""
    with pytest.raises(sj.VariableMismatchError, match="global_step has 64 bits"):
        checkpoints.load(TRAINING, slot="non_slot")
    once = checkpoints.load(TRAINING, slot="non_slot", cast={"global_step": "int32"})
    assert once["global_step"] == 4
    with jax.enable_x64(True):
        once = checkpoints.load(TRAINING, slot="non_slot")
        assert_expected("training/model.ckpt-4", once)


def test_a_slot_that_there_is_not():
    """A slot of another name is an error that lists those there are."""
    error = refusal(
        sj.CheckpointError,
        lambda: checkpoints.load(TRAINING, slot="Adamm"),
        "has no slot 'Adamm'",
    )
    assert "Adam" in error.nearest


@pytest.mark.parametrize("name", ["quantized", "text"])
def test_what_is_no_array_is_refused(name):
    """Text and quantized numbers are errors by name, and can be left out."""
    path = DATA / "no_arrays" / "model.ckpt"
    with pytest.raises(sj.CheckpointError, match=f"tensor {name}: there are no"):
        checkpoints.load(path, select=name)
    with pytest.raises(sj.CheckpointError, match=r"select="):
        checkpoints.load(path)
    assert_expected("no_arrays/model.ckpt", checkpoints.load(path, select="plain"))


def test_partitioned_variables_are_whole():
    """A variable in pieces is loaded as one, and so are its slots."""
    with jax.enable_x64(True):
        loaded = checkpoints.load(PARTITIONED)
        assert_expected("partitioned/model.ckpt", loaded)
        moments = checkpoints.load(PARTITIONED, slot="Adam")
        assert_expected("partitioned/model.ckpt", moments, "{}/Adam".format)
    assert "rows" in sj.to_flat(loaded)
    assert "rows" in sj.to_flat(moments)


def test_a_checkpoint_that_is_not_there(tmp_path):
    """Loading what does not exist is Python's own error."""
    with pytest.raises(FileNotFoundError, match="No such file"):
        checkpoints.load(tmp_path / "model.ckpt-1")


def test_a_checkpoint_without_its_data(tmp_path):
    """An index whose data file is gone is an error that names the tensor."""
    shutil.copy(f"{TRAINING}.index", tmp_path / "model.ckpt-4.index")
    with pytest.raises((sj.CheckpointError, FileNotFoundError), match="data-00000"):
        checkpoints.load(tmp_path / "model.ckpt-4")


# Writing


TF1_DTYPES = [*DTYPES, "float8_e5m2", "float8_e4m3fn"]


def test_every_dtype_comes_back(tmp_path):
    """Each dtype that TensorFlow has is loaded bit for bit."""
    params = {
        dtype: {"w": jnp.asarray(np.arange(6).reshape(2, 3) % 2, dtype)}
        for dtype in TF1_DTYPES
    }
    params["more"] = {"empty": jnp.ones((2, 0)), "scalar": jnp.bfloat16(3)}
    path = tmp_path / "model.ckpt-7"
    checkpoints.save(path, params)
    assert same(checkpoints.load(path), params)
    assert same(checkpoints.load(f"{path}.index"), params)
    assert sorted(os.listdir(tmp_path)) == [
        "model.ckpt-7.data-00000-of-00001",
        "model.ckpt-7.index",
    ]


def test_a_checkpoint_is_not_replaced(tmp_path):
    """A checkpoint of that prefix is an error, and stays as it is."""
    path = tmp_path / "model.ckpt-7"
    checkpoints.save(path, {"w": jnp.ones(2)})
    refusal(
        sj.CheckpointError,
        lambda: checkpoints.save(path, {"w": jnp.zeros(3)}),
        "exists, and its two files cannot be replaced at once",
    )
    assert same(checkpoints.load(path), {"w": jnp.ones(2)})


REFUSED = {
    "a dtype": ({"a": {"w": jnp.ones(2, "float8_e8m0fnu")}}, "has no dtype", "a/w"),
    "one name twice": ({"a": {"v": 1.0, "v:0": 2.0}}, "are both a/v", "a/v:0"),
    "a key": ({"a": {"k": jax.random.key(0)}}, "its dtype is key", "a/k"),
}


@pytest.mark.parametrize(("tree", "message", "name"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_saved_is_refused(tmp_path, tree, message, name):
    """A bad leaf or name is an error with it, and no file is left."""
    refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.save(tmp_path / "model.ckpt-1", tree),
        message,
        name=name,
    )
    assert os.listdir(tmp_path) == []


def test_saving_in_the_background(tmp_path):
    """The arrays are copied first: what becomes of them is no matter."""
    params = {"w": np.ones(3, np.float32)}
    saving = checkpoints.save_async(tmp_path / "model.ckpt-1", params)
    params["w"][:] = 0
    saving.result()
    assert same(checkpoints.load(tmp_path / "model.ckpt-1"), {"w": jnp.ones(3)})


def test_a_model_in_tf1s_style_has_tensorflows_names(tmp_path):
    """What a dict has no room for goes by TensorFlow's names, and comes back."""

    def model():
        u, v = tf1.get_variable("u", [1]), tf1.get_variable("v", [1])
        with tf1.variable_scope("v"):
            return u, v, tf1.get_variable("w", [2])

    path = tmp_path / "model.ckpt-7"
    params = tf1.transform(model).init(jax.random.key(0))
    assert any(":" in name for name in sj.to_flat(params))
    checkpoints.save(path, params)
    with Bundle(path) as bundle:
        assert set(bundle.tensors) == {"u", "v", "v/w"}
        for place, name in checkpoints.to_tf1_names(sj.to_flat(params)).items():
            stored, leaf = bundle.read(name), sj.to_flat(params)[place]
            np.testing.assert_array_equal(stored, leaf)


W = jnp.ones(2)


@pytest.mark.parametrize(
    "tree",
    [{"model": {"Adam": W}}, {"model": {"Adam": W, "b": W}}, {"global_step": W[0]}],
)
def test_what_is_taken_for_a_slot_is_not_lost_in_silence(tmp_path, tree):
    """A variable that is called as a slot is told by `load`, not left out."""
    checkpoints.save(tmp_path / "model.ckpt-1", tree)
    refusal(
        sj.CheckpointError,
        lambda: checkpoints.load(tmp_path / "model.ckpt-1"),
        "is what an optimizer keeps for",
    )


def test_a_slot_without_its_variable_is_loaded_by_its_name(tmp_path):
    """So a file of moving averages alone can be read, or the rest selected."""
    path = tmp_path / "model.ckpt-1"
    checkpoints.save(path, {"w": {"ExponentialMovingAverage": W}, "b": W})
    found = checkpoints.load(path, slot="ExponentialMovingAverage")
    assert same(found, {"w": W})
    assert same(checkpoints.load(path, select="**"), {"b": W})
