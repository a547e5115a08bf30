"""`Scope.record` and `capture`: intermediate values, beside what a model returns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.refusals import refusal

KEY, X = jax.random.key(0), jnp.linspace(-1, 1, 8).reshape(2, 4)


def layer(x, scope):
    """One of a stack."""
    x = jnp.tanh(sj.layers.dense(scope / "fc", x, 4))
    scope.record("hidden", x)
    return x, None


def plain(scope, x):
    """Values in the model's own trace, at several depths, of other dtypes."""
    x = (scope / "a").record("x", x + 1)
    (scope / "a" / "b").record("half", x.astype(jnp.bfloat16))
    scope.record("count", jnp.int32(3))
    scope.record("number", 2.5)
    return x.sum()


def jitted(scope, x):
    """Blocks behind `jit`, which is traced once for both."""
    block = jax.jit(lambda scope, x: layer(x, scope)[0])
    for i in range(2):
        x = block(scope / f"h{i}", x)
    return x


def remat(scope, x):
    """The same behind `checkpoint`."""
    block = jax.checkpoint(lambda scope, x: layer(x, scope)[0])
    for i in range(2):
        x = block(scope / f"h{i}", x)
    return x


def by_hand(scope, x):
    """A loop in Python."""
    for i in range(2):
        x, _ = layer(x, scope / f"h{i}")
    return x


def scanned(scope, x):
    """A stack in a `scan`."""
    return jax.lax.scan(layer, x, (scope / "layers").stack(3))[0]


def rematted_scan(scope, x):
    """The same, each layer behind `checkpoint`."""
    return jax.lax.scan(jax.checkpoint(layer), x, (scope / "layers").stack(3))[0]


def branch(scope, x):
    """A value in one branch and another in the other."""
    return jax.lax.cond(
        x[0, 0] < 0,
        lambda x: scope.record("low", x * 2),
        lambda x: scope.record("high", x * 3),
        x,
    )


def looped(scope, x):
    """A loop that keeps the last value."""

    def step(i, x):
        return scope.record("x", x + i)

    return jax.lax.fori_loop(0, 3, step, x)


def members(scope, x):
    """Members of an ensemble."""
    return jax.vmap(lambda scope: layer(x, scope)[0])((scope / "members").stack(3))


MODELS = {
    f.__name__: f
    for f in (
        *(plain, jitted, remat, by_hand, scanned, rematted_scan),
        *(branch, looped, members),
    )
}


def captured_by(model, wrap=lambda f: f):
    """A model's captured values by full name, and its output."""
    net = sj.transform(model)
    params = net.init(KEY, X)
    out, captured = wrap(net.capture)(params, X)
    np.testing.assert_allclose(out, wrap(net.apply)(params, X), rtol=1e-6)
    return sj.to_flat(captured), out


@pytest.mark.smoke
@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["plainly", "jit"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_output_is_that_of_apply(model, wrap):
    """Looking changes nothing, whatever transform the value is in."""
    assert captured_by(model, wrap)[0]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_recording_costs_nothing(model):
    """The program of `apply` is that of the model without a name for anything."""
    net = sj.transform(model)
    params = net.init(KEY, X)
    named = jax.make_jaxpr(net.apply)(params, X)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sj.Scope, "record", lambda scope, name, value: value)
        unnamed = jax.make_jaxpr(net.apply)(params, X)
    assert str(named) == str(unnamed)


def test_values_are_named_by_scope():
    """Full names, dtypes as they are; a number becomes an array."""
    captured, _ = captured_by(plain)
    assert set(captured) == {"a/x", "a/b/half", "count", "number"}
    np.testing.assert_array_equal(captured["a/x"], X + 1)
    assert captured["a/b/half"].dtype == jnp.bfloat16
    assert captured["count"] == 3
    assert captured["number"] == 2.5


@pytest.mark.parametrize("model", [scanned, rematted_scan])
def test_each_layer_of_a_stack_has_its_value(model):
    """Stacked as the variables are, equal to a loop in Python."""
    net = sj.transform(model)
    params = net.init(KEY, X)
    captured = net.capture(params, X)[1]["layers"]["hidden"]
    x = X
    for i in range(3):
        item = jax.tree.map(lambda w, i=i: w[i], params["layers"])
        x = jnp.tanh(x @ item["fc"]["kernel"] + item["fc"]["bias"][None])
        np.testing.assert_allclose(captured[i], x, rtol=1e-6, atol=1e-7)


def test_transforms_around_a_block_give_the_same():
    """`jit` and `checkpoint` around a block give what a call of it gives."""
    want, _ = captured_by(by_hand)
    for model in (jitted, remat):
        found, _ = captured_by(model)
        assert found.keys() == want.keys()
        for name, value in want.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-6)


def test_loops_and_branches():
    """The last step counts, and what was not taken is zeros."""
    captured, _ = captured_by(branch)
    np.testing.assert_array_equal(captured["low"], X * 2)
    np.testing.assert_array_equal(captured["high"], jnp.zeros_like(X))
    captured, out = captured_by(looped)
    np.testing.assert_array_equal(captured["x"], out)


def test_state_comes_out_as_well():
    """With state the result is that of `apply`, and the captured values beside."""

    def model(scope, x):
        x = sj.layers.batch_norm(scope / "norm", x, is_training=True)
        return scope.record("normed", x)

    net = sj.transform_with_state(model)
    params, state = net.init(KEY, X)
    (out, after), captured = net.capture(params, state, X)
    expected = net.apply(params, state, X)
    jax.tree.map(np.testing.assert_array_equal, (out, after), expected)
    np.testing.assert_array_equal(captured["normed"], out)
    assert jax.tree.structure(after) == jax.tree.structure(state)


def test_a_value_may_be_called_as_a_variable():
    """Neither a variable nor a scope of that name is in its way."""

    def model(scope, x):
        kernel = scope.get_variable("kernel", (4,))
        bias = (scope / "block").get_variable("bias", (4,))
        return scope.record("block", scope.record("kernel", kernel * 2) + bias)

    captured, out = captured_by(model)
    np.testing.assert_array_equal(captured["block"], out)
    assert captured.keys() == {"block", "kernel"}


def test_gradients_pass_by():
    """The gradient of the output is that of `apply`; what is captured is constant."""
    net = sj.transform(scanned)
    params = net.init(KEY, X)

    def loss(params):
        out, captured = net.capture(params, X)
        return (out**2).sum() + sum(leaf.sum() for leaf in jax.tree.leaves(captured))

    expected = jax.grad(lambda params: (net.apply(params, X) ** 2).sum())(params)
    jax.tree.map(np.testing.assert_array_equal, jax.grad(loss)(params), expected)


def test_a_key_reaches_the_model():
    """`key=` is that of `apply`."""

    def model(scope, x):
        return scope.record("noise", jax.random.normal(scope.key("n"), x.shape))

    net = sj.transform(model)
    out, captured = net.capture({}, X, key=KEY)
    np.testing.assert_array_equal(out, net.apply({}, X, key=KEY))
    np.testing.assert_array_equal(captured["noise"], out)


# What is refused


def test_a_name_is_recorded_once():
    """A second value under a name is an error with both lines; `reuse` keeps it."""

    def model(scope, x, reuse=None):
        scope.record("x", x)
        return scope.with_options(reuse=reuse).record("x", x + 1)

    net = sj.transform(model)
    for use in (net.manifest, lambda x: net.init(KEY, x)):
        error = refusal(
            sj.VariableExistsError,
            lambda use=use: use(X),
            match="The value x was recorded already",
            name="x",
        )
        assert "in model" in error.first
    out, captured = net.capture({}, X, reuse=True)
    np.testing.assert_array_equal(captured["x"], out)


BAD = {
    "text": ("text", sj.InvalidArgumentError, "The value given for x is no array"),
    "key": (KEY, sj.InvalidArgumentError, "key<fry> is not a dtype"),
}


@pytest.mark.parametrize(("value", "kind", "why"), BAD.values(), ids=BAD)
def test_a_value_is_an_array(value, kind, why):
    """What isn't an array of numbers is refused while the model is recorded."""
    net = sj.transform(lambda scope: scope.record("x", value))
    refusal(kind, net.manifest, match=why, name="x")


def test_a_stack_records_nothing():
    """A whole stack has no value of its own."""
    net = sj.transform(lambda scope: scope.stack(3).record("x", 1.0))
    with pytest.raises(
        sj.ScopeUsageError, match="The value x is asked of a stack of 3"
    ):
        net.manifest()
    with pytest.raises(
        sj.ScopeUsageError, match="The value x is asked of a stack of 3"
    ):
        net.apply({})


def test_vmap_over_the_value_alone_is_refused():
    """There is one cell and many values: an error with the name, in `capture` alone."""

    def model(scope, x):
        return jax.vmap(lambda row: scope.record("row", row * 2))(x)

    net = sj.transform(model)
    np.testing.assert_array_equal(net.apply({}, X), X * 2)
    with pytest.raises(sj.ScopeUsageError, match="row cannot be captured here"):
        net.capture({}, X)
