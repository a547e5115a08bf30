"""What goes to another process: models, manifests, and what scopes are given."""

import copy
import multiprocessing
import pickle

import chex
import jax
import jax.numpy as jnp
import pytest
from jax.nn.initializers import zeros
from jax.sharding import AbstractMesh
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import getters, initializers, partitioners, regularizers, tf1

X = jnp.ones((2, 3))
TABLE = partitioners.by_name({"**/kernel": P(None, "data"), "**": P()})


def positive(w):
    """A constraint."""
    return jnp.maximum(w, 0)


def model(scope, x, features):
    """A layer with all that a scope can be given."""
    scope = scope.with_options(
        partitioner=TABLE, regularizer=regularizers.l2(0.1), constraint=positive
    )
    return sj.layers.dense(scope / "fc", x, features)


def stateful(scope, x):
    """A layer with state."""
    return sj.layers.batch_norm(scope / "bn", x, is_training=True)


def of_tf1(x):
    """A function in TF1's style."""
    return x @ tf1.get_variable("kernel", [x.shape[-1], 2])


def again(value):
    """The value, through a pickle."""
    return pickle.loads(pickle.dumps(value))


NETS = {
    "transform": (sj.transform(model), (X, 4)),
    "with state": (sj.transform_with_state(stateful), (X,)),
    "of tf1": (tf1.transform(of_tf1), (X,)),
    "of tf1, with state": (tf1.transform_with_state(of_tf1), (X,)),
}
nets = pytest.mark.parametrize(("net", "args"), NETS.values(), ids=NETS)


@pytest.mark.smoke
@nets
@pytest.mark.parametrize("through", [again, copy.copy, copy.deepcopy])
def test_a_net_is_the_same_behind_a_pickle(net, args, through, key):
    """Where the model pickles, its functions do, and make and compute the same."""
    other = through(net)
    assert type(other) is type(net)
    made, found = net.init(key, *args), other.init(key, *args)
    chex.assert_trees_all_equal(made, found)
    trees = made if isinstance(made, tuple) else (made,)
    chex.assert_trees_all_equal(net.apply(*trees, *args), other.apply(*trees, *args))


@nets
def test_a_manifest_is_the_same_behind_a_pickle(net, args, key):
    """Names, specs and what they make: nothing has changed."""
    manifest = net.manifest(*args)
    other = again(manifest)
    assert list(other) == list(manifest)
    assert not other.diff(manifest)
    assert str(other) == str(manifest)
    chex.assert_trees_all_equal(other.initialize(key), manifest.initialize(key))
    for spec in manifest.values():
        assert again(spec).shape == spec.shape


def test_shardings_are_the_same_behind_a_pickle():
    """What a partitioner decides once there is a mesh, it decides there too."""
    mesh = AbstractMesh((2,), ("data",))
    manifest = NETS["transform"][0].manifest(X, 4)
    assert again(manifest).shardings(mesh) == manifest.shardings(mesh)


GIVEN = {
    "glorot_uniform": initializers.glorot_uniform,
    "variance_scaling": initializers.variance_scaling(2.0, "fan_in", "normal"),
    "orthogonal": initializers.orthogonal,
    "InitialValueOf": initializers.InitialValueOf("w"),
    "l1": regularizers.l1(0.1),
    "l1_l2": regularizers.l1_l2(0.1, 0.2),
    "no_regularizer": sj.no_regularizer,
    "AUTO_REUSE": sj.AUTO_REUSE,
    "by_axes": partitioners.by_axes({"embed": None, "mlp": "model"}),
    "largest_axis": partitioners.largest_axis("data"),
    "fsdp": partitioners.fsdp("data", over=TABLE),
    "stacked": partitioners.stacked("stage", TABLE),
    "in_memory": partitioners.in_memory("pinned_host"),
    "replicated": partitioners.replicated,
    "fixed_size": partitioners.fixed_size_partitioner(2),
    "variable_axis": partitioners.variable_axis_size_partitioner(64),
    "min_max": partitioners.min_max_variable_partitioner(4, min_slice_size=8),
    "cast": getters.cast("bfloat16"),
    "weight_norm": getters.weight_norm(),
    "spectral_norm": getters.spectral_norm(),
    "lora": getters.lora(rank=2),
    "ema": getters.ema(0.9),
    "gaussian_noise": getters.gaussian_noise(0.1),
    "bernoulli_noise": getters.bernoulli_noise(0.1),
}


@pytest.mark.parametrize("value", GIVEN.values(), ids=GIVEN)
def test_what_a_scope_is_given_is_the_same_behind_a_pickle(value):
    """Initializers, regularizers, partitioners and getters: by what they do."""
    from scopejax._spec.functions import describe
    from scopejax._spec.sameness import same

    assert same(again(value), value)
    assert not callable(value) or describe(again(value)) == describe(value)


PARTITIONERS = (
    *("by_axes", "largest_axis", "fsdp", "stacked", "in_memory", "replicated"),
    *("fixed_size", "variable_axis", "min_max"),
)


@pytest.mark.parametrize("name", PARTITIONERS)
def test_a_partitioner_answers_the_same_behind_a_pickle(name):
    """Counts and partitions are equal."""
    value = GIVEN[name]
    ask = {"shape": (8, 6), "dtype": jnp.dtype("float32")}
    assert str(again(value)(**ask)) == str(value(**ask))


def test_a_net_of_other_functions_is_no_net_of_the_model():
    """One whose functions were replaced is not taken for that of the model."""
    net = sj.transform(model)._replace(apply=again)
    with pytest.raises((AttributeError, pickle.PicklingError), match="local object"):
        pickle.dumps(net)


def initialized(net, x):
    """What a process makes, as NumPy's arrays."""
    return jax.device_get(net.init(jax.random.key(0), x, 4))


def test_a_process_that_is_spawned_is_given_a_net():
    """`multiprocessing` sends it: the values are those of this process."""
    net = sj.transform(model)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(initialized, (net, jax.device_get(X)))
    chex.assert_trees_all_equal(found, initialized(net, X))


def test_values_of_zeros_are_no_matter():
    """JAX's own initializers that are functions of a module pickle as they did."""
    assert again(zeros) is zeros
