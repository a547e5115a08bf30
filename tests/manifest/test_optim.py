"""Training aids over optax: masks, freezing, constraints, regularizers, partition."""

import functools
import re

import chex
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given

import scopejax as sj
from scopejax import optim, regularizers

from ..helpers.closeness import assert_close

KEY = jax.random.key(0)
X = jnp.ones((2, 3))


def model(scope, x):
    """An encoder of two layers, and a head."""
    for name in ("h0", "h1"):
        x = jnp.tanh(sj.layers.dense(scope / "encoder" / name, x, 3))
    return sj.layers.dense(scope / "head", x, 1)


NET = sj.transform(model)
MANIFEST, PARAMS = NET.manifest(X), NET.init(KEY, X)


def trained(optimizer, steps=3, net=NET, params=PARAMS):
    """Params after some steps."""
    state = optimizer.init(params)

    @jax.jit
    def step(params, state):
        grads = jax.grad(lambda p: (net.apply(p, X) ** 2).sum())(params)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    for _ in range(steps):
        params, state = step(params, state)
    return params


def changed(after, before=PARAMS):
    """The names of the variables that differ."""
    one, two = sj.to_flat(after), sj.to_flat(before)
    return {name for name in one if not np.array_equal(one[name], two[name])}


ENCODER = {f"encoder/{h}/{n}" for h in ("h0", "h1") for n in ("kernel", "bias")}
HEAD = {"head/kernel", "head/bias"}
PATTERNS = {
    "glob": ("encoder/**",),
    "expression": (re.compile(r"encoder/h\d/\w+"),),
    "predicate": (lambda spec: spec.path[0] == "encoder",),
    "several": ("encoder/h0/*", "encoder/h1/*"),
}


@pytest.mark.parametrize("patterns", PATTERNS.values(), ids=PATTERNS)
def test_a_scope_is_frozen_in_one_line(patterns):
    """optax freezes what a mask says, to the bit; the rest is trained."""
    frozen = MANIFEST.mask(*patterns)
    optimizer = optax.chain(
        optax.sgd(0.1, momentum=0.9), optax.transforms.freeze(frozen)
    )
    assert changed(trained(optimizer)) == HEAD


@pytest.mark.smoke
def test_a_scope_that_is_not_trainable_is_masked():
    """`trainable=False` on a scope, and the mask of what is trainable."""
    net = sj.transform(
        lambda s, x: sj.layers.dense(
            s / "head",
            sj.layers.dense(s.with_options(trainable=False) / "encoder", x, 3),
            1,
        )
    )
    params = net.init(KEY, X)
    frozen = jax.tree.map(lambda t: not t, net.manifest(X).mask(trainable=True))
    optimizer = optax.chain(optax.sgd(0.1), optax.transforms.freeze(frozen))
    assert changed(trained(optimizer, net=net, params=params), params) == HEAD


def test_labels_choose_optimizers():
    """Each scope has its optimizer, by the first pattern that matches."""
    labels = MANIFEST.labels({"head/bias": "none", "head/*": "fast", "**": "none"})
    optimizer = optax.partition(
        {"fast": optax.sgd(0.1), "none": optax.set_to_zero()}, labels
    )
    assert changed(trained(optimizer)) == {"head/kernel"}


def test_weight_decay_on_kernels_alone():
    """A mask of kernels keeps weight decay off biases."""
    optimizer = optax.add_decayed_weights(0.1, mask=MANIFEST.mask("**/kernel"))
    zeros = jax.tree.map(jnp.zeros_like, PARAMS)
    updates, _ = optimizer.update(zeros, optimizer.init(PARAMS), PARAMS)
    for name, update in sj.to_flat(updates).items():
        assert bool((update != 0).any()) == name.endswith("kernel")


# Partition and merge


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (MANIFEST.select("head/**"), HEAD),
        (MANIFEST.select(collection="trainable_variables"), ENCODER | HEAD),
        (MANIFEST.select(lambda spec: spec.size > 1), ENCODER | {"head/kernel"}),
    ],
)
def test_partition_and_merge_are_inverse(chosen, names):
    """What is split is joined again: the same arrays, not copies."""
    inside, outside = chosen.partition(PARAMS)
    assert set(sj.to_flat(inside)) == names
    joined = sj.to_flat(sj.merge(inside, outside))
    assert all(joined[name] is leaf for name, leaf in sj.to_flat(PARAMS).items())


def test_a_gradient_through_partition_and_merge_costs_nothing():
    """The program is the one of the gradient by the part alone: no copies."""
    chosen = MANIFEST.select("head/**")

    def through(params):
        inside, outside = chosen.partition(params)
        return jax.grad(lambda p: NET.apply(sj.merge(p, outside), X).sum())(inside)

    def plain(params):
        def loss(head):
            return NET.apply({"encoder": params["encoder"], "head": head}, X).sum()

        return {"head": jax.grad(loss)(params["head"])}

    ours, theirs = (str(jax.make_jaxpr(f)(PARAMS)) for f in (through, plain))
    assert ours == theirs
    assert "copy" not in jax.jit(through).lower(PARAMS).as_text()


# Constraints


def constrained(scope, x):
    """A weight that is not negative, one of unit columns in a stack, and a free one."""
    w = scope.get_variable("w", (3,), constraint=jax.nn.relu)

    def layer(x, scope):
        u = scope.get_variable("u", (3, 3), constraint=unit)
        return x @ u, None

    x, _ = jax.lax.scan(layer, x, (scope / "layers").stack(2))
    return sj.layers.dense(scope / "head", x * w[None], 1)


def unit(w):
    """Columns of length 1."""
    return w / jnp.linalg.norm(w, axis=0, keepdims=True)


def test_constraints_hold_after_each_update():
    """`optim.constrain` leads to what `project` gives; the rest moves as without."""
    net = sj.transform(constrained)
    manifest = net.manifest(X)
    params = manifest.project(net.init(KEY, X))
    free = trained(optax.sgd(0.3), 1, net, params)
    held = trained(
        optax.chain(optax.sgd(0.3), optim.constrain(manifest)), 1, net, params
    )
    assert_close(held, manifest.project(free))
    chex.assert_trees_all_equal(held["head"], free["head"])
    assert (held["w"] >= 0).all()
    assert_close(jnp.linalg.norm(held["layers"]["u"], axis=1), jnp.ones((2, 3)))


floats = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)


@given(floats, floats)
def test_what_must_not_be_negative_never_is(value, update):
    """Rounding in the last sum cannot lead to the wrong side of zero."""
    net = sj.transform(lambda s: s.get_variable("w", (), constraint=jax.nn.relu))
    params = {"w": jnp.float32(abs(value))}
    transform = optim.constrain(net.manifest())
    updates, _ = transform.update({"w": jnp.float32(update)}, None, params)
    assert optax.apply_updates(params, updates)["w"] >= 0


def test_constrain_needs_params():
    """An update without params is refused, with the call that is meant."""
    transform = optim.constrain(MANIFEST)
    with pytest.raises(sj.InvalidArgumentError, match="needs the params") as info:
        transform.update(PARAMS, transform.init(PARAMS))
    assert "optimizer.update(grads, state, params)" in info.value.remedy


def test_constrain_takes_a_part_of_the_model():
    """Params that are a part of the manifest's are constrained as far as they go."""
    net = sj.transform(constrained)
    manifest = net.manifest(X)
    inside, _ = manifest.select("w").partition(net.init(KEY, X))
    down = jax.tree.map(lambda w: -10 * jnp.abs(w) - 1, inside)
    updates, _ = optim.constrain(manifest).update(down, None, inside)
    np.testing.assert_array_equal(inside["w"] + updates["w"], jnp.zeros(3))


# Regularizers


def test_a_scope_regularizes_its_kernels():
    """The scope's regularizer is on kernels and tables; biases and scales have none."""

    def regularized(scope, ids):
        scope = scope.with_options(regularizer=regularizers.l2(0.5))
        x = sj.layers.embedding(scope / "table", ids, 7, 3)
        x = sj.layers.layer_norm(scope / "norm", x)
        off = scope.with_options(regularizer=sj.no_regularizer)
        x = sj.layers.dense(off / "free", x, 3)
        own = {"regularizer": regularizers.l1(0.1)}
        return sj.layers.dense(scope / "head", x, 3), scope.get_variable("v", (), **own)

    net = sj.transform(regularized)
    ids = jnp.zeros(2, jnp.int32)
    manifest = net.manifest(ids)
    assert {n for n, spec in manifest.items() if spec.regularizer} == {
        "table/table",
        "head/kernel",
        "v",
    }
    params = jax.tree.map(jnp.ones_like, net.init(KEY, ids))
    assert_close(manifest.regularization_loss(params), 0.5 * (21 + 9) + 0.1, ulps=8)
    grads = jax.grad(manifest.regularization_loss)(params)
    np.testing.assert_array_equal(grads["head"]["kernel"], jnp.ones((3, 3)))
    np.testing.assert_array_equal(grads["free"]["kernel"], jnp.zeros((3, 3)))


FLOATS = functools.partial(st.floats, width=32, allow_subnormal=False)


@given(st.lists(FLOATS(-100, 100), min_size=1), FLOATS(0, 2))
def test_penalties_are_sums(values, weight):
    """L1 is the sum of sizes, L2 of squares, both the sum of the two."""
    w = jnp.array(values, jnp.float32)
    exact = np.array(values, np.float64)
    one, two = weight * np.abs(exact).sum(), weight * (exact**2).sum()
    assert_close(regularizers.l1(weight)(w), one)
    assert_close(regularizers.l2(weight)(w), two)
    both = regularizers.l1_l2(weight, weight)
    assert_close(both(w), one + two)
    assert both(w.astype(jnp.bfloat16)).dtype == jnp.float32


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "0.1", None])
def test_a_weight_that_is_none_is_refused(weight):
    """A regularizer's weight is a finite number that is not negative."""
    for make in (regularizers.l1, regularizers.l2):
        with pytest.raises(sj.InvalidArgumentError, match="A regularizer's weight"):
            make(weight)


def test_the_trainable_part_of_a_manifest_fits_the_params():
    """With state, its masks and labels have the structure that optax is given."""

    def model(scope, x):
        mean = scope.get_variable("mean", (3,), trainable=False)
        scope.assign("mean", x.mean(0))
        return sj.layers.dense(scope / "head", x - mean[None], 2)

    net, x = sj.transform_with_state(model), jnp.ones((2, 3))
    params, _ = net.init(jax.random.key(0), x)
    trainable = net.manifest(x).trainable
    mask = trainable.mask("**/kernel")
    assert jax.tree.structure(mask) == jax.tree.structure(params)
    optimizer = optax.masked(optax.sgd(0.5), mask)
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    assert jax.tree.structure(updates) == jax.tree.structure(params)
