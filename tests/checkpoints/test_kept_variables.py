"""Averages and a global step, which a program makes as variables, out and in."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import checkpoints, tf1
from scopejax.checkpoints._tensorflow import Bundle

from ..helpers.bundles import DATA

TRAINING = DATA / "training" / "model.ckpt-4"
SHAPES = {"h0/b": [5], "h0/w": [3, 5], "h1/b": [2], "h1/w": [5, 2]}
WAYS = [
    lambda path, tree: checkpoints.save(path, tree),
    lambda path, tree: checkpoints.save_async(path, tree).result(),
]


def program(scope="model"):
    """What wrote the checkpoint of tests/data/training, without its optimizers."""
    with tf1.variable_scope(scope):
        weights = [tf1.get_variable(n, shape) for n, shape in SHAPES.items()]
        tf1.get_variable("moving_mean", [5], trainable=False)
    average = tf1.train.ExponentialMovingAverage(0.9)
    average.apply(weights)
    tf1.train.get_or_create_global_step()
    return sum(jnp.sum(average.average(w)) for w in weights)


@pytest.fixture(scope="module")
def net():
    """The program as pure functions."""
    return tf1.transform_with_state(program)


@pytest.mark.smoke
def test_the_checkpoint_of_the_same_program_loads(net):
    """TensorFlow's own: averages and an int64 step are variables of the manifest."""
    tree = checkpoints.load(TRAINING, net.manifest())
    flat = sj.to_flat(tree)
    assert (flat["global_step"], flat["global_step"].dtype) == (4, np.int32)
    with Bundle(TRAINING) as bundle:
        for name in SHAPES:
            stored = f"model/{name}/ExponentialMovingAverage"
            found = flat[f"model/{name}:/ExponentialMovingAverage"]
            np.testing.assert_array_equal(found, bundle.read(stored))
            np.testing.assert_array_equal(
                flat[f"model/{name}"], bundle.read(f"model/{name}")
            )
    with jax.enable_x64(True):
        wide = checkpoints.load(TRAINING, net.manifest())
        assert wide["global_step"].dtype == np.int64


@pytest.mark.parametrize("save", WAYS)
def test_a_checkpoint_of_its_own_loads(save, net, key, tmp_path):
    """What is saved loads against the manifest, and the step is int64 in the file."""
    path = tmp_path / "net.ckpt-1"
    tree = sj.merge(*net.init(key))
    tree["global_step"] = jnp.int32(7)
    save(path, tree)
    with Bundle(path) as bundle:
        assert bundle.tensors["global_step"].dtype == "int64"
        assert "model/h0/w/ExponentialMovingAverage" in bundle.tensors
    loaded = checkpoints.load(path, net.manifest())
    jax.tree.map(np.testing.assert_array_equal, loaded, tree)
    assert jax.tree.map(lambda x: x.dtype, loaded) == jax.tree.map(
        lambda x: x.dtype, tree
    )


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_an_array_of_numpy_is_written_as_it_is(dtype, tmp_path):
    """So a step that TensorFlow has as int32 can be written."""
    path = tmp_path / "net.ckpt-1"
    checkpoints.save(
        path, {"global_step": np.array(3, dtype), "a": {"b": jnp.int32(4)}}
    )
    with Bundle(path) as bundle:
        assert bundle.tensors["global_step"].dtype == np.dtype(dtype)
        assert bundle.tensors["a/b"].dtype == "int32"


def test_they_are_renamed_and_selected_as_the_others(net):
    """rename goes by the names in the file, select by the model's."""
    other = tf1.transform_with_state(lambda: program("other"))
    renamed = checkpoints.load(
        TRAINING, other.manifest(), rename={"model/**": "other/**"}
    )
    there = checkpoints.load(TRAINING, net.manifest())
    jax.tree.map(np.testing.assert_array_equal, renamed["other"], there["model"])
    only = checkpoints.load(TRAINING, net.manifest(), select="**/w:/*")
    assert list(sj.to_flat(only)) == [
        "model/h0/w:/ExponentialMovingAverage",
        "model/h1/w:/ExponentialMovingAverage",
    ]


def test_what_the_model_has_not_is_left(net):
    """A model without averages loads as before, and one that has more misses some."""
    plain = tf1.transform(lambda: tf1.get_variable("model/moving_mean", [5]).value())
    loaded = checkpoints.load(TRAINING, plain.manifest(), select="model/moving_mean")
    assert list(sj.to_flat(loaded)) == ["model/moving_mean"]

    def more():
        tf1.get_variable("extra/ExponentialMovingAverage", [2])
        return program()

    wanted = tf1.transform(lambda: tf1.get_variable("x", [])).manifest()
    with pytest.raises(sj.VariableMismatchError, match=r"missing.*x"):
        checkpoints.load(TRAINING, wanted)
    _, report = checkpoints.load_matching(
        TRAINING, tf1.transform_with_state(more).manifest()
    )
    assert report.missing == ("extra/ExponentialMovingAverage",)
    assert report.unused == ()


def test_a_step_that_does_not_fit_is_refused(tmp_path):
    """A step beyond 32 bits is an error, not another number."""
    path = tmp_path / "net.ckpt-1"
    checkpoints.save(path, {"global_step": np.array(2**40)})

    def stepped():
        return tf1.train.get_or_create_global_step().assign_add(1)

    manifest = tf1.transform_with_state(stepped).manifest()
    with pytest.raises(sj.VariableMismatchError, match="global_step has numbers that"):
        checkpoints.load(path, manifest)
