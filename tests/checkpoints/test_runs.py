"""All of a run in a checkpoint: any pytree comes back as it was, leaf by leaf."""

import dataclasses
import typing

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from safetensors import numpy as tensors

import scopejax as sj
from scopejax import checkpoints

from ..helpers.pages import out_of_the_box
from ..helpers.refusals import refusal

PARAMS = {
    "dense": {"kernel": jnp.ones((2, 3), jnp.bfloat16), "bias": jnp.zeros(3)},
    "head": {"kernel": jnp.ones((3, 1))},
}
FORMS = {"safetensors": "run.safetensors", "orbax": "step_1"}


class Run(typing.NamedTuple):
    """A run as a named tuple."""

    params: typing.Any
    opt_state: typing.Any
    step: int


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Held:
    """A run as a class that JAX knows."""

    params: typing.Any
    key: jax.Array


@pytest.fixture(params=FORMS.values(), ids=FORMS)
def place(request, tmp_path):
    """Where a run is to be written, once for each format."""
    return tmp_path / request.param


def bits(leaf):
    """All there is to know about a leaf."""
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return str(leaf.dtype), bits(jax.random.key_data(leaf))
    weak = getattr(leaf, "weak_type", None)
    dtype, shape = getattr(leaf, "dtype", None), getattr(leaf, "shape", None)
    kind = jax.Array if isinstance(leaf, jax.Array) else type(leaf)
    return kind, dtype, shape, weak, np.asarray(leaf).tobytes()


def alike(one, two):
    """Whether two trees have the same structure and the same leaves, bit for bit."""
    assert jax.tree.structure(one) == jax.tree.structure(two)
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True)
    return all(bits(a) == bits(b) for a, b in pairs)


def other(leaf):
    """A leaf of the same kind with another value."""
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.clone(leaf)
    if isinstance(leaf, jax.Array):
        return leaf * 0
    return type(leaf)(0) if not isinstance(leaf, np.ndarray) else np.zeros_like(leaf)


# There and back

STEPS = optax.schedules.cosine_decay_schedule(0.1, 10)
OPTIMIZERS = {
    "adam": optax.adam(0.1),
    "adamw": optax.adamw(STEPS, mask={"dense": True, "head": False}),
    "chain": optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(STEPS, 0.9)),
    "labels": optax.partition(
        {"slow": optax.sgd(0.1), "fast": optax.adam(0.1)},
        {"dense": "slow", "head": "fast"},
    ),
    "masked": optax.masked(optax.adam(0.1), {"dense": True, "head": False}),
    "frozen": optax.partition(
        {"on": optax.adam(0.1), "off": optax.set_to_zero()},
        {"dense": "on", "head": "off"},
    ),
    "accumulated": optax.MultiSteps(optax.adam(0.1), 2),
    "hyperparameters": optax.inject_hyperparams(optax.sgd)(learning_rate=STEPS),
    "finite": optax.apply_if_finite(optax.adam(0.1), 3),
    "factored": optax.adafactor(0.1),
    "noise": optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(1)), optax.sgd(0.1)),
    "lion": optax.lion(0.1, mu_dtype="bfloat16"),
    "ema": optax.chain(optax.sgd(0.1), optax.ema(0.9)),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_what_optax_makes_comes_back(place, optimizer):
    """The state of any optimizer fits the state that it begins with, bit for bit."""
    grads = jax.tree.map(lambda w: jnp.full_like(w, 0.1), PARAMS)
    with out_of_the_box():
        begin = optimizer.init(PARAMS)
        state = jax.jit(optimizer.update)(grads, begin, PARAMS)[1]
    checkpoints.save(place, {"opt_state": state})
    loaded = checkpoints.load(place, like={"opt_state": begin})
    assert alike(loaded, {"opt_state": state})
    assert alike(checkpoints.load(place, like=begin, item="opt_state"), state)


LEAVES = {
    "int": 3,
    "negative": -7,
    "large int": 2**40,
    "bool": True,
    "float": 0.1,
    "infinity": float("inf"),
    "key": jax.random.key(3),
    "keys": jax.random.split(jax.random.key(3), 4),
    "rbg key": jax.random.key(3, impl="rbg"),
    "raw key": jax.random.PRNGKey(3),
    "bfloat16": jnp.full((2, 2), 1.3, jnp.bfloat16),
    "weak": jnp.asarray(1.5),
    "weak int": jnp.asarray(3),
    "numpy": np.arange(3, dtype=np.int64),
    "numpy float64": np.array([0.1]),
}


@pytest.mark.smoke
@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES)
def test_every_leaf_comes_back_as_it_was(place, leaf):
    """Numbers of Python, keys, arrays of JAX and of NumPy are again what they were."""
    run = {"nest": [leaf, ()], "w": jnp.ones(2)}
    checkpoints.save(place, run)
    assert alike(checkpoints.load(place, like=jax.tree.map(other, run)), run)


@pytest.mark.parametrize("leaf", ["int", "float", "bool", "key", "keys", "rbg key"])
def test_numbers_and_keys_are_such_without_like(place, leaf):
    """What a leaf was is written beside it, so nothing has to say it."""
    checkpoints.save(place, {"w": jnp.ones(2), "leaf": LEAVES[leaf]})
    assert alike(checkpoints.load(place)["leaf"], LEAVES[leaf])


NODES = {
    "dict": {"params": PARAMS, "none": None, "empty": {}, "lists": [[], [3]]},
    "named tuple": Run(PARAMS, optax.adam(0.1).init(PARAMS), 3),
    "class": Held(PARAMS, jax.random.key(1)),
    "tuple": (PARAMS, [1, (2.5, None)], optax.EmptyState()),
}


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_every_node_comes_back(place, node):
    """Dicts, lists, tuples, named tuples and classes; what is empty stays empty."""
    checkpoints.save(place, node)
    assert alike(checkpoints.load(place, like=jax.tree.map(other, node)), node)


def test_abstract_leaves_are_enough(place):
    """`jax.eval_shape` says what is wanted, keys and shardings too."""

    def begin():
        params = {"w": jnp.ones(4)}
        return Run(params, optax.adam(0.1).init(params), jnp.int32(0)), jax.random.key(
            2
        )

    run, like = begin(), jax.eval_shape(begin)
    checkpoints.save(place, run)
    assert alike(checkpoints.load(place, like=like), run)


def test_in_the_background(place):
    """`save_async` takes all that `save` takes."""
    run = NODES["named tuple"]
    checkpoints.save_async(place, run).result()
    assert alike(checkpoints.load(place, like=run), run)


@pytest.mark.smoke
def test_names_are_key_paths(tmp_path):
    """Keys, places and fields, joined by slashes, in the file as in what is loaded."""
    file = tmp_path / "run.safetensors"
    opt_state = optax.adam(0.1).init({"w": jnp.ones(2)})
    checkpoints.save(file, {"opt_state": opt_state, "step": 3})
    names = {"step", "opt_state/0/count", "opt_state/0/mu/w", "opt_state/0/nu/w"}
    assert set(tensors.load_file(file)) == names
    assert set(sj.to_flat(checkpoints.load(file))) == names


def test_a_run_goes_to_another_mesh(place):
    """What has a sharding goes there; what JAX may move may still be moved."""
    mesh = jax.make_mesh((8,), ("x",), axis_types=(AxisType.Auto,))
    rows = NamedSharding(mesh, PartitionSpec("x"))
    run = {"w": jnp.arange(16.0), "keys": jax.random.split(jax.random.key(0), 8)}
    checkpoints.save(place, run | {"count": jnp.int32(3), "step": 3})
    like = jax.device_put(run, rows) | {"count": jnp.int32(0), "step": 0}
    loaded = checkpoints.load(place, like=like)
    assert loaded["w"].sharding == loaded["keys"].sharding == rows
    assert not loaded["count"].committed
    step = jax.jit(lambda run: (run["w"] + run["step"], run["count"] + 1))
    np.testing.assert_array_equal(step(loaded)[0], np.arange(16.0) + 3)


# Numbers of Python have no width


def test_an_array_takes_a_number(place):
    """A step that was a number fits one that is an array by now, and the reverse."""
    checkpoints.save(place, {"n": 3, "x": 0.5, "array": jnp.int32(4)})
    like = {"n": jnp.int32(0), "x": jnp.bfloat16(0), "array": 0}
    loaded = checkpoints.load(place, like=like)
    assert alike(loaded, {"n": jnp.int32(3), "x": jnp.bfloat16(0.5), "array": 4})
    want = {"n": jax.ShapeDtypeStruct((), "uint8")}
    assert checkpoints.load(place, want, select="n")["n"].dtype == "uint8"
    cast = checkpoints.load(place, cast={"x": "float32"})
    assert alike(cast["x"], jnp.float32(0.5))
    checkpoints.save(place.with_name("large.safetensors"), {"n": 300})
    with pytest.raises(sj.VariableMismatchError, match="do not fit into uint8"):
        checkpoints.load(place.with_name("large.safetensors"), want)


# What does not fit


MISFITS = {
    "number": ({"step": 0.5}, "dtype       step: expected float and found int"),
    "array": ({"step": jnp.ones(2)}, "shape       step: expected \\(2,\\)"),
    "no key": ({"key": 3}, "dtype       key: expected int and found key<threefry2x32>"),
    "other keys": (
        {"key": jax.random.key(0, impl="rbg")},
        "expected key<rbg> and found key<threefry2x32>",
    ),
    "several keys": (
        {"key": jax.random.split(jax.random.key(0))},
        "shape       key: expected \\(2,\\)",
    ),
    "raw key": ({"key": jnp.zeros(2)}, "expected float32 and found key<threefry"),
    "missing": ({"other": 0}, "missing     other: shape \\(\\), dtype int"),
    "unexpected": ({"step": ...}, "unexpected  step"),
}


@pytest.mark.parametrize(("change", "line"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_told(place, change, line):
    """All differences are listed by name, with kinds of leaves as dtypes."""
    run = {"step": 3, "key": jax.random.key(0), "w": jnp.ones(2)}
    checkpoints.save(place, run)
    like = {k: leaf for k, leaf in (run | change).items() if leaf is not ...}
    refusal(
        sj.VariableMismatchError, lambda: checkpoints.load(place, like=like), match=line
    )


REFUSED = {
    "text": ({"a": ["text"]}, {}, "a/0 is 'text'"),
    "not a tree": (jnp.ones(2), {}, "like must be a nested dict"),
    "select": ({"w": 1}, {"select": "w"}, "select and like cannot be given both"),
    "target": ({"w": 1}, {"target": {"w": jnp.ones(2)}}, "target and like cannot be"),
}


@pytest.mark.parametrize(("like", "options", "why"), REFUSED.values(), ids=REFUSED)
def test_a_like_that_cannot_be_is_refused(path, like, options, why):
    """It is a pytree of arrays and numbers, and says alone what is wanted."""
    checkpoints.save(path, {"w": jnp.ones(2)})
    refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.load(path, like=like, **options),
        match=why,
    )
