"""State of layers, stacks and mapped models, and what apply makes of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.closeness import assert_close
from ..helpers.state_programs import KEY, X, agree


def counted(scope, x):
    """A layer with a weight and a moving mean, that counts its calls."""
    w = scope.get_variable("w", (2,), initializer=jax.nn.initializers.ones)
    mean = scope.get_variable("mean", (2,), trainable=False)
    n = scope.get_variable("n", (), "int32", trainable=False)
    scope.assign("mean", 0.9 * mean + 0.1 * x)
    scope.assign("n", n + 1)
    mean = scope.with_options(reuse=True).get_variable("mean", (2,))
    return jnp.tanh(w * x - mean * 0.1)


def shared_counted(scope, x):
    """The same for scopes that are asked twice."""
    return counted(scope.with_options(reuse=sj.AUTO_REUSE), x)


def by_scan(scope, x):
    """Layers one after the other."""
    layers = (scope / "layers").stack(3)
    return jax.lax.scan(lambda x, s: (shared_counted(s, x), None), x, layers)[0]


def by_remat(scope, x):
    """The same with checkpoints."""
    body = sj.remat(lambda s, x: shared_counted(s, x))
    layers = (scope / "layers").stack(3)
    return jax.lax.scan(lambda x, s: (body(s, x), None), x, layers)[0]


def by_jit(scope, x):
    """The same with a jitted body."""
    layers = (scope / "layers").stack(3)
    body = jax.jit(shared_counted)
    return jax.lax.scan(lambda x, s: (body(s, x), None), x, layers)[0]


def unstacked(tree, i):
    """The variables of layer `i`."""
    return jax.tree.map(lambda a: a[i], tree["layers"])


@pytest.mark.parametrize("model", [by_scan, by_remat, by_jit])
def test_a_scanned_stack_is_its_layers_in_turn(model):
    """Each layer of a stack has its own state, as if written out; with gradients."""
    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    single = sj.transform_with_state(shared_counted)

    def ours(params):
        y, new = net.apply(params, state, X)
        return y.sum(), new

    def theirs(params):
        x, layers = X, []
        for i in range(3):
            x, new = single.apply(unstacked(params, i), unstacked(state, i), x)
            layers.append(new)
        return x.sum(), {"layers": jax.tree.map(lambda *xs: jnp.stack(xs), *layers)}

    grad = jax.jit(jax.value_and_grad(ours, has_aux=True))(params)
    agree(grad, jax.value_and_grad(theirs, has_aux=True)(params))


def test_a_mapped_stack_is_its_members_side_by_side():
    """`vmap` over a stacked scope writes each member's state; with gradients."""
    xs = jnp.stack([X, 2 * X, -X])

    def model(scope, xs):
        members = (scope / "layers").stack(3)
        return jax.vmap(lambda s, x: shared_counted(s, x))(members, xs)

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, xs)
    single = sj.transform_with_state(shared_counted)

    def ours(params):
        y, new = net.apply(params, state, xs)
        return (y**2).sum(), new

    def theirs(params):
        outs = [
            single.apply(unstacked(params, i), unstacked(state, i), xs[i])
            for i in range(3)
        ]
        y = jnp.stack([y for y, _ in outs])
        news = jax.tree.map(lambda *a: jnp.stack(a), *[new for _, new in outs])
        return (y**2).sum(), {"layers": news}

    grad = jax.jit(jax.value_and_grad(ours, has_aux=True))(params)
    agree(grad, jax.value_and_grad(theirs, has_aux=True)(params))


@pytest.mark.smoke
def test_a_mean_over_the_examples_is_one_state_for_all():
    """Under `vmap(apply)` a state that is the same for all comes back as one."""

    def model(scope, x):
        old = scope.get_variable("mean", (2,), trainable=False)
        scope.assign("mean", 0.5 * old + 0.5 * jax.lax.pmean(x, "examples"))
        return x - old

    net = sj.transform_with_state(model)
    state, xs = {"mean": jnp.ones(2)}, jnp.stack([X, 2 * X])
    mapped = jax.vmap(
        net.apply, (None, None, 0), out_axes=(0, None), axis_name="examples"
    )
    _, new = mapped({}, state, xs)
    assert_close(new["mean"], 0.5 + 0.75 * X, ulps=8)


def test_apply_may_be_mapped_itself():
    """Under `vmap(apply)` each example gets a state of its own."""
    net = sj.transform_with_state(counted)
    params, state = net.init(KEY, X)
    xs = jnp.stack([X, 2 * X])
    y, new = jax.vmap(net.apply, (None, None, 0))(params, state, xs)
    for i in range(2):
        agree(
            (y[i], jax.tree.map(lambda a, i=i: a[i], new)),
            net.apply(params, state, xs[i]),
        )


def test_a_jitted_layer_is_traced_once_for_all():
    """State does not keep a jitted block from being traced once for many layers."""
    traces = []

    @jax.jit
    def block(scope, x):
        traces.append(scope)
        return counted(scope, x)

    def model(scope, x):
        for i in range(5):
            x = block(scope / f"h{i}", x)
        return x

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    traces.clear()
    _, new = jax.jit(net.apply)(params, state, X)
    assert len(traces) == 1
    assert [new[f"h{i}"]["n"].item() for i in range(5)] == [1] * 5


def test_a_jitted_body_that_is_called_twice_writes_twice():
    """The second call of a jitted function writes too, though JAX has it in a cache."""

    def model(scope, x):
        body = jax.jit(shared_counted)
        return body(scope / "a", body(scope / "a", x))

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    _, new = net.apply(params, state, X)
    assert new["a"]["n"].item() == 2


def test_the_state_comes_back_in_its_structure():
    """Structure and dtypes are those of what came in, written or not."""
    net = sj.transform_with_state(counted)
    params, state = net.init(KEY, X)
    given_state = {**jax.tree.map(np.asarray, state), "unused": {"deep": np.ones(1)}}
    given_state["empty"] = {}
    _, new = net.apply(params, given_state, X)
    assert jax.tree.structure(new) == jax.tree.structure(given_state)
    agree(new["unused"]["deep"], jnp.ones(1))
    assert given_state["n"] == 0


def test_no_gradient_flows_through_state():
    """What was written is a constant for the gradient, as in TF1."""

    def model(scope, x):
        scope.get_variable("a", (2,), trainable=False)
        scope.assign("a", x * 3)
        return (scope.with_options(reuse=True).get_variable("a", (2,)) * x).sum()

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    (_, new), grads = jax.value_and_grad(
        lambda x: net.apply(params, state, x), has_aux=True
    )(X)
    np.testing.assert_array_equal(grads, 3 * X)
    np.testing.assert_array_equal(new["a"], 3 * X)


def test_the_gradient_by_the_state_is_zero():
    """What comes in as state is a constant, read where `apply` began or in a loop."""

    def model(scope, x):
        a = scope.get_variable("a", (2,), trainable=False)
        n = scope.get_variable("n", (2,), "int32", trainable=False)
        again = scope.with_options(reuse=True)
        in_loop = jax.lax.map(lambda x: again.get_variable("a", (2,)) * x, x[:1])
        return (a * x + in_loop[0]).sum() + n.sum().astype(x.dtype)

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    state = jax.tree.map(jnp.ones_like, state)
    grads = jax.grad(lambda a: net.apply(params, {**state, "a": a}, X)[0])(state["a"])
    np.testing.assert_array_equal(grads, jnp.zeros(2))
    _, tangent = jax.jvp(
        lambda a: net.apply(params, {**state, "a": a}, X)[0], (state["a"],), (X,)
    )
    assert tangent.item() == 0


def test_the_program_is_that_of_values_passed_on_by_hand():
    """Where no transform takes the state, its jaxpr has no reference at all."""
    net = sj.transform_with_state(counted)
    params, state = net.init(KEY, X)
    ours = jax.make_jaxpr(net.apply)(params, state, X)
    assert "Ref" not in str(ours)
    layers = sj.transform_with_state(by_scan)
    assert "Ref" in str(jax.make_jaxpr(layers.apply)(*layers.init(KEY, X), X))


def test_the_inputs_are_never_changed_and_nothing_leaks():
    """Applies are pure: the state given stays, and two calls agree."""
    net = sj.transform_with_state(by_scan)
    params, state = net.init(KEY, X)
    before = jax.tree.map(np.array, state)
    with jax.checking_leaks():
        first = net.apply(params, state, X)
        second = jax.jit(net.apply)(params, state, X)
    agree(first, second)
    agree(before, state)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "bool", "int32"])
def test_whole_numbers_keep_every_bit(dtype):
    """Integers and bools come back as they were written, at the ends of their range."""
    limits = (0, 1) if dtype == "bool" else (jnp.iinfo(dtype).min, jnp.iinfo(dtype).max)
    values = jnp.array(limits, dtype)

    def model(scope, x):
        scope.get_variable("n", (2,), dtype, trainable=False)

        def body(x, _):
            old = scope.with_options(reuse=True).get_variable("n", (2,), dtype)
            scope.assign("n", old[::-1])
            return x * 2, old

        return jax.lax.scan(body, x, None, length=3)[1]

    net = sj.transform_with_state(model)
    _, new = jax.jit(net.apply)({}, {"n": values}, 1.0)
    agree(new, {"n": values[::-1]})
