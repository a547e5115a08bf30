"""The custom getters of `scopejax.getters`, one by one and together."""

import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import getters

from ..helpers.closeness import assert_close

KEY = jax.random.key(0)
X = jax.random.normal(jax.random.key(1), (4, 3))


def dense(scope, x, features=5):
    """A kernel and a bias, by full names."""
    return sj.layers.dense(scope / "head", x, features)


def under(getter, model=dense):
    """A model under a getter."""
    return lambda scope, x: model(scope.with_options(custom_getter=getter), x)


def stacked(scope, x):
    """Layers under `lax.scan`, and one of its own."""

    def layer(x, scope):
        return jnp.tanh(sj.layers.dense(scope, x, x.shape[-1])), None

    x, _ = jax.lax.scan(layer, x, (scope / "layers").stack(2))
    return dense(scope, x)


ALL = {
    "cast": getters.cast("float16"),
    "weight_norm": getters.weight_norm(),
    "spectral_norm": getters.spectral_norm(),
    "lora": getters.lora(2, 4.0),
    "ema": getters.ema(0.9),
    "gaussian": getters.gaussian_noise(0.1),
    "bernoulli": getters.bernoulli_noise(0.5),
}


@pytest.mark.smoke
@pytest.mark.parametrize("getter", ALL.values(), ids=ALL)
def test_a_getter_is_a_value(getter):
    """Getters of equal settings are equal, so JAX's caches take them for one."""
    again = type(getter)(**{f: getattr(getter, f) for f in getter.__dataclass_fields__})
    assert getter == again
    assert hash(getter) == hash(again)


@pytest.mark.parametrize("model", [dense, stacked])
@pytest.mark.parametrize("getter", ALL.values(), ids=ALL)
def test_it_works_in_stacks_under_jit_and_grad(getter, model):
    """Each trains: finite gradients, the same variables from init and apply."""
    net = sj.transform_with_state(under(getter, model))
    params, state = net.init(KEY, X)

    @jax.jit
    @jax.value_and_grad
    def loss(params):
        out, new = net.apply(params, state, X, key=KEY)
        chex.assert_trees_all_equal_shapes_and_dtypes(new, state)
        return (out.astype(jnp.float32) ** 2).sum()

    value, grads = loss(params)
    chex.assert_tree_all_finite((value, grads))
    assert sum(jnp.abs(g).sum() for g in jax.tree.leaves(grads)) > 0
    net.check(params, state, X)


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("cast", "ema", "lora")])
def test_where_chooses(name):
    """What `where` does not mean stays as it is; the full name is what it sees."""
    kind = type(ALL[name])
    args = [0.5] if name in ("gaussian", "bernoulli") else []
    plain = sj.transform(dense).init(KEY, X)
    for where in ("other/**", re.compile("kernel"), lambda name: name == "kernel"):
        net = sj.transform(under(kind(*args, where=where)))
        chex.assert_trees_all_equal(net.init(KEY, X), plain)
        np.testing.assert_array_equal(
            net.apply(plain, X, key=KEY), sj.transform(dense).apply(plain, X)
        )
    seen = []
    net = sj.transform_with_state(under(kind(*args, where=seen.append)))
    net.init(KEY, X)
    assert seen == ["head/kernel", "head/bias"]


def test_cast_stores_float32_and_computes_in_half():
    """The params are float32, what a layer reads is bfloat16; whole numbers stay."""

    def model(scope, x):
        step = scope.get_variable("step", (), "int32", trainable=False)
        w = scope.get_variable("w", (3,))
        return step, w

    net = sj.transform(under(getters.cast("bfloat16"), model))
    params = net.init(KEY, X)
    assert params["w"].dtype == jnp.float32
    step, w = net.apply(params, X)
    assert (step.dtype, w.dtype) == (jnp.int32, jnp.bfloat16)


def test_cast_leaves_state_as_it_is():
    """Moving averages keep their digits; `where` takes what is frozen as well."""

    def model(scope, x):
        x = sj.layers.batch_norm(scope / "bn", x, is_training=True)
        mean = scope.get_variable("mean", (3,), trainable=False)
        scope.assign("mean", 0.5 * mean + x.mean(0).astype(mean.dtype))
        return sj.layers.dense(scope / "head", x.astype("bfloat16"), 2)

    net = sj.transform_with_state(under(getters.cast("bfloat16"), model))
    params, state = net.init(KEY, X)
    out, new = net.apply(params, state, X)
    assert out.dtype == jnp.bfloat16
    chex.assert_trees_all_equal_shapes_and_dtypes(new, state)
    frozen = getters.cast("bfloat16", where="**/frozen")
    scope = sj.Scope({"a": {"frozen": jnp.ones(2), "state": jnp.ones(2)}})
    scope = (scope / "a").with_options(custom_getter=frozen, trainable=False)
    dtypes = [scope.get_variable(n, (2,)).dtype for n in ("frozen", "state")]
    assert dtypes == [jnp.bfloat16, jnp.float32]


def test_weight_norm_keeps_direction_and_length():
    """Each column has the length g, whatever the length of v; gradients too."""
    net = sj.transform(under(getters.weight_norm(), lambda s, x: kernel(s, (3, 5))))
    params = net.init(KEY, X)
    assert params["kernel_g"].shape == (5,)
    lengths = jnp.linalg.norm(net.apply(params, X), axis=0)
    assert_close(lengths, params["kernel_g"])
    longer = {**params, "kernel": 3 * params["kernel"]}
    assert_close(net.apply(longer, X), net.apply(params, X))


def kernel(scope, shape):
    """A kernel at the root."""
    return scope.get_variable("kernel", shape)


@pytest.mark.parametrize("shape", [(6, 4), (3, 3, 2, 5)])
def test_spectral_norm_divides_by_the_largest_singular_value(shape):
    """After some steps of power iteration the largest singular value is 1."""
    getter = getters.spectral_norm(iterations=5)
    net = sj.transform_with_state(under(getter, lambda s, x: kernel(s, shape)))
    params, state = net.init(KEY, X)
    for _ in range(20):
        w, state = net.apply(params, state, X)
    singular = jnp.linalg.svd(w.reshape(-1, shape[-1]), compute_uv=False)
    np.testing.assert_allclose(singular[0], 1, rtol=1e-4)
    fixed = getters.spectral_norm(update=False)
    still = sj.transform_with_state(under(fixed, lambda s, x: kernel(s, shape)))
    same, new = still.apply(params, state, X)
    chex.assert_trees_all_equal(new, state)
    np.testing.assert_allclose(same, w, rtol=1e-4, atol=1e-5)


def test_noise_is_drawn_by_name_and_key():
    """The noise depends on apply's key and the full name; rates of 0 need no key."""

    def two(scope, x):
        return kernel(scope / "a", (50, 40)), kernel(scope / "b", (50, 40))

    net = sj.transform(under(getters.gaussian_noise(0.5), two))
    zeros = jax.tree.map(jnp.zeros_like, net.init(KEY, X))
    a, b = net.apply(zeros, X, key=KEY)
    assert not (a == b).any()
    np.testing.assert_allclose(a.std(), 0.5, rtol=0.05)
    again, _ = net.apply(zeros, X, key=KEY)
    np.testing.assert_array_equal(a, again)
    ones = jax.tree.map(jnp.ones_like, zeros)
    drop = sj.transform(under(getters.bernoulli_noise(0.25), two))
    dropped, _ = drop.apply(ones, X, key=KEY)
    np.testing.assert_allclose((dropped == 0).mean(), 0.25, atol=0.04)
    kept = dropped[dropped != 0]
    assert_close(kept, np.full(kept.shape, 1 / 0.75), ulps=8)
    for off in (getters.gaussian_noise(0.0), getters.bernoulli_noise(0.0)):
        plain, _ = sj.transform(under(off, two)).apply(ones, X)
        np.testing.assert_array_equal(plain, ones["a"]["kernel"])


def test_a_shared_weight_has_one_noise():
    """A tower that is used twice has the same noise in both, as it has one kernel."""

    def twice(scope, x):
        shared = (scope / "tower").with_options(reuse=sj.AUTO_REUSE)
        return kernel(shared, (3, 3)) - kernel(shared, (3, 3))

    net = sj.transform(under(getters.gaussian_noise(1.0), twice))
    out = net.apply(net.init(KEY, X), X, key=KEY)
    np.testing.assert_array_equal(out, jnp.zeros((3, 3)))


def test_getters_compose():
    """Stored in float32 and averaged, adapted, normalised, computed in bfloat16."""

    def model(scope, x):
        for getter in (
            getters.ema(0.5),
            getters.lora(2),
            getters.weight_norm(),
            getters.cast("bfloat16"),
        ):
            scope = scope.with_options(custom_getter=getter)
        return (scope / "head").get_variable("kernel", (3, 5))

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    flat = {**sj.to_flat(params), **sj.to_flat(state)}
    adapters = {"head/kernel_lora_a", "head/kernel_lora_b"}
    assert {"head/kernel", "head/kernel_g", *adapters} <= set(flat)
    assert {f"{name}_ema" for name in adapters} <= set(flat)
    assert {a.dtype.name for a in flat.values()} == {"float32"}
    out, new = net.apply(params, state, X)
    assert out.dtype == jnp.bfloat16
    chex.assert_trees_all_equal_shapes_and_dtypes(new, state)


def test_averaging_without_state_is_refused():
    """`ema` in training assigns: under `transform` that is an error with a way out."""
    with pytest.raises(sj.ScopeUsageError, match="transform_with_state"):
        sj.transform(under(getters.ema(0.5))).init(KEY, X)
    evaluating = sj.transform(under(getters.ema(0.5, evaluate=True)))
    params = evaluating.init(KEY, X)
    np.testing.assert_array_equal(
        evaluating.apply(params, X), sj.transform(dense).apply(_plain(params), X)
    )


def _plain(params):
    return sj.from_flat(
        {n: a for n, a in sj.to_flat(params).items() if not n.endswith("_ema")}
    )
