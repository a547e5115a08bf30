"""Initial values that the model computes from its inputs."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn.initializers import normal, zeros

import scopejax as sj

from ..helpers.closeness import assert_close

KEY = jax.random.key(0)
X = jax.random.normal(jax.random.key(1), (64, 3)) * 4 + 7


def act_norm(scope, x):
    """ActNorm (Kingma and Dhariwal, 2018): the first batch comes out normalized."""
    shift = scope.get_variable("shift", initializer=-x.mean(0))
    scale = scope.get_variable("scale", initializer=1 / x.std(0))
    return (x + shift[None]) * scale[None]


def dense(scope, x, features):
    """A layer whose outputs have unit variance on the first batch."""
    v = scope.get_variable("v", (x.shape[-1], features), initializer=normal(1.0))
    y = x @ v
    g = scope.get_variable("g", initializer=1 / y.std(0))
    return y * g[None]


def deep(scope, x):
    """Values that depend on values, on other variables, and on a scan between."""
    for i in range(3):
        x = jnp.tanh(dense(scope / f"h{i}", act_norm(scope / f"n{i}", x), 3))

    def layer(x, scope):
        return x + jnp.tanh(sj.layers.dense(scope, x, 3)), None

    x, _ = jax.lax.scan(layer, x, (scope / "layers").stack(2))
    return act_norm(scope / "last", x)


def test_the_first_batch_comes_out_normalized():
    """ActNorm's way: after init, that batch has mean 0 and variance 1 by feature."""
    net = sj.transform(deep)
    y = net.apply(net.init(KEY, X), X)
    assert_close(y.mean(0), np.zeros(3))
    assert_close(y.std(0), np.ones(3))


@pytest.mark.smoke
def test_weight_norm_starts_with_unit_variance():
    """Weight norm's way: each layer's outputs have unit variance on that batch."""
    net = sj.transform(lambda s, x: dense(s, x, 5))
    assert_close(net.apply(net.init(KEY, X), X).std(0), np.ones(5))


def test_the_values_are_those_of_a_plain_computation():
    """What init returns is what the formulas give when computed by hand."""
    params = sj.transform(lambda s, x: act_norm(s, x)).init(KEY, X)
    assert_close(params["shift"], -X.mean(0))
    assert_close(params["scale"], 1 / X.std(0), ulps=16)


def test_the_other_variables_are_as_ever():
    """A variable beside such ones has the value it has without them."""

    def both(scope, x):
        return sj.layers.dense(scope / "head", act_norm(scope / "norm", x), 4)

    alone = sj.transform(lambda s, x: sj.layers.dense(s / "head", x, 4)).init(KEY, X)
    chex.assert_trees_all_equal(sj.transform(both).init(KEY, X)["head"], alone["head"])


def test_the_order_is_that_of_creation():
    """The manifest and the params list such variables where they were created."""
    net = sj.transform(deep)
    assert list(sj.to_flat(net.init(KEY, X))) == list(net.manifest(X))


def test_the_manifest_says_from_inputs():
    """The table shows where the value comes from; no number is computed for it."""
    shape = jax.ShapeDtypeStruct((64, 3), jnp.float32)
    manifest = sj.transform(lambda s, x: act_norm(s, x)).manifest(shape)
    assert repr(manifest["shift"].initializer) == "from_inputs"
    assert "from_inputs" in str(manifest)
    assert manifest["shift"].shape == (3,)


def test_reading_it_again_gives_the_value():
    """A shared variable has its value at the second reading, also behind `jit`."""

    def model(scope, x):
        first = scope.get_variable("w", initializer=x.mean(0))
        again = scope.with_options(reuse=True)
        within = jax.jit(lambda s: s.get_variable("w", (3,)))(again)
        total = first + again.get_variable("w", (3,)) + within
        return scope.get_variable("three", initializer=total)

    params = sj.transform(model).init(KEY, X)
    assert_close(params["three"], 3 * X.mean(0), ulps=8)


def test_given_values_are_kept_and_the_rest_follows_from_them():
    """With `given` the model is run on those values."""

    def model(scope, x):
        w = scope.get_variable("w", initializer=x.mean(0))
        return scope.get_variable("twice", initializer=2 * w)

    params = sj.transform(model).init(KEY, X, given={"w": jnp.ones(3)})
    chex.assert_trees_all_equal(params, {"w": jnp.ones(3), "twice": 2 * jnp.ones(3)})


def test_it_works_under_an_outer_jit_and_abstractly():
    """`jax.jit(init)` gives the same values, `jax.eval_shape` their shapes."""
    net = sj.transform(deep)
    params = net.init(KEY, X)
    assert_close(jax.jit(net.init)(KEY, X), params)
    shapes = jax.eval_shape(net.init, KEY, X)
    chex.assert_trees_all_equal_shapes_and_dtypes(shapes, params)


def test_it_works_with_state_and_random_keys():
    """The pass that computes the values may assign state and draw random numbers."""

    def model(scope, x):
        count = scope.get_variable("n", (), "int32", zeros, trainable=False)
        scope.assign("n", count + 1)
        noise = jax.random.normal(scope.key("noise"), x.shape)
        return scope.get_variable("w", initializer=(x + noise).mean(0))

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    assert state["n"].item() == 0
    out, state = net.apply(params, state, X, key=KEY)
    np.testing.assert_array_equal(out, params["w"])
    assert state["n"].item() == 1


def test_such_a_value_may_be_state_that_is_assigned():
    """It starts as the data say, not as what the model assigns while init runs it."""

    def double(scope):
        again = scope.with_options(reuse=True)
        scope.assign("mean", 2 * again.get_variable("mean", (3,)))

    def model(scope, x):
        mean = scope.get_variable("mean", initializer=x.mean(0), trainable=False)
        scope.assign("mean", mean + 1)
        jax.jit(double)(scope)
        now = scope.with_options(reuse=True).get_variable("mean", (3,))
        return scope.get_variable("w", initializer=now)

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    assert_close(state["mean"], X.mean(0), ulps=8)
    assert_close(params["w"], 2 * (X.mean(0) + 1), ulps=8)
    _, new = net.apply(params, state, X)
    assert_close(new["mean"], params["w"], ulps=8)


def test_a_moving_average_of_it_starts_as_it_does():
    """The EMA getter copies a value that the model computes from its inputs."""

    def model(scope, x):
        return act_norm(scope.with_options(custom_getter=sj.getters.ema(0.5)), x)

    params, state = sj.transform_with_state(model).init(KEY, X)
    for name, value in params.items():
        np.testing.assert_array_equal(state[f"{name}_ema"], value)


def test_nothing_leaks():
    """The values of the extra pass do not outlive it."""
    with jax.checking_leaks():
        sj.transform(deep).init(KEY, X)


def test_shapes_alone_are_refused():
    """Where values are to be computed from inputs, init needs their numbers."""
    net = sj.transform(act_norm)
    shape = jax.ShapeDtypeStruct((64, 3), jnp.float32)
    with pytest.raises(sj.InvalidArgumentError, match="init was given shapes") as info:
        net.init(KEY, shape)
    assert info.value.name == "shift"
    given = {"shift": jnp.zeros(3), "scale": jnp.ones(3)}
    assert set(net.init(KEY, shape, given=given)) == {"shift", "scale"}


def test_a_mapped_axis_is_named_by_the_map_around_init():
    """In init such a model runs on numbers, where the axis has to be there."""

    def model(scope, x):
        mean = jax.lax.pmean(x.mean(0), "replicas")
        return x + scope.get_variable("shift", initializer=-mean)[None]

    def normed(scope, x):
        scope.get_variable("w", initializer=x.mean(0))
        norm = {"is_training": True, "axis_name": "replicas"}
        return sj.layers.batch_norm(scope / "bn", x, **norm)

    net = sj.transform_with_state(normed)
    with pytest.raises(sj.InitializerError, match="unbound axis name") as info:
        net.init(KEY, X)
    assert "vmap" in info.value.remedy
    xs = jnp.stack([X, X + 2])
    mapped = jax.vmap(
        sj.transform(model).init, (None, 0), axis_name="replicas", out_axes=None
    )
    assert_close(mapped(KEY, xs)["shift"], -X.mean(0) - 1)


def test_a_manifest_alone_cannot_make_them():
    """`Manifest.initialize` has no model to run, and says what to do."""
    manifest = sj.transform(act_norm).manifest(X)
    with pytest.raises(sj.InitializerError, match="a manifest does not have") as info:
        manifest.initialize(KEY)
    assert info.value.name == "shift"
    assert "given=" in info.value.remedy


def copying(source, shape=(2,), dtype="float32"):
    """A model with a variable `w`, and `v` that starts as `source` does."""

    def model(scope):
        scope.get_variable("a/w", (2,))
        like = sj.initializers.InitialValueOf(source)
        scope.get_variable("v", shape, dtype, like)

    return sj.transform(model)


def test_a_copy_starts_as_the_other_variable():
    """`InitialValueOf` copies what was made, or given, in the dtype of its own."""
    params = copying("a/w", dtype="bfloat16").init(KEY)
    np.testing.assert_array_equal(params["v"], params["a"]["w"].astype("bfloat16"))
    given = {"a": {"w": jnp.arange(2.0)}}
    np.testing.assert_array_equal(copying("a/w").init(KEY, given=given)["v"], [0, 1])


@pytest.mark.parametrize(
    ("source", "shape", "found"),
    [("a/v", (2,), "none"), ("a/w", (3,), r"shape \(2,\)"), ("v", (2,), "none")],
)
def test_a_copy_of_what_does_not_fit_is_refused(source, shape, found):
    """A copy needs another variable of its very shape."""
    with pytest.raises(sj.InitializerError, match=found) as info:
        copying(source, shape).init(KEY)
    assert info.value.name == "v"
