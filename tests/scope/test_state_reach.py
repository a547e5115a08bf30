"""Where JAX's references go, where they do not, and that errors say so."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax
import scopejax as sj

from ..helpers.refusals import refusal

KEY = jax.random.key(0)
X = jnp.arange(3.0)
STATE = {"a": {"mean": jnp.zeros(3)}}


def stateful(model):
    """The transformed model."""
    return sj.transform_with_state(model)


def reader(scope, x):
    """Reads state, and writes none."""
    return (scope / "a").get_variable("mean", (3,), trainable=False) * x


def writer(scope, x):
    """Writes state, and reads none."""
    (scope / "a").assign("mean", x)
    return x**2


def created(scope, x, body):
    """The same, after the variable has been created."""
    (scope / "a").get_variable("mean", (3,), trainable=False)
    return body(scope.with_options(reuse=True), x)


def written_before(body):
    """The body, after another transform has written what it reads."""
    return lambda s, x: body(s, x + 0 * jax.jit(writer)(s, x))


def in_scan(body):
    """The body, in a scan of two steps."""
    return lambda s, x: jax.lax.scan(
        lambda x, _: (body(s, x), None), x, None, length=2
    )[0]


def in_branch(body):
    """The body, in a branch of `cond`."""
    return lambda s, x: jax.lax.cond(x[0] < 1, body, lambda s, x: x, s, x)


def in_switch(body):
    """The body, in a branch of `switch`."""
    return lambda s, x: jax.lax.switch(1, [lambda s, x: x, body], s, x)


def in_while(body):
    """The body, in a `while_loop` whose result is not differentiated."""

    def run(s, x):
        still = jax.lax.stop_gradient(x)
        loop = jax.lax.while_loop(
            lambda c: c[0] < 2, lambda c: (c[0] + 1, body(s, c[1])), (0, still)
        )
        return x + loop[1]

    return run


def in_grad(body):
    """The body, in a gradient of the model's own."""
    return lambda s, x: jax.grad(lambda x: body(s, x).sum())(x)


def in_checkpoint(body):
    """The body, in JAX's checkpoint."""
    return lambda s, x: jax.checkpoint(body)(s, x)


BRANCH, WHILE = "in a branch within a loop", "in a while_loop within jax.checkpoint"
GAPS = {
    "cond in scan, write": (in_scan(in_branch(writer)), BRANCH),
    "cond in scan, read": (written_before(in_scan(in_branch(reader))), BRANCH),
    "switch in scan": (in_scan(in_switch(writer)), BRANCH),
    "while in checkpoint, write": (in_checkpoint(in_while(writer)), WHILE),
    "while in checkpoint, read": (
        written_before(in_checkpoint(in_while(reader))),
        WHILE,
    ),
    "while in remat": (sj.remat(in_while(writer)), WHILE),
}


# An assertion in JAX fails without a word.
JAX_SAYS = r"State effect not supported|Cannot lower jaxpr with effects|^\s*(-|$)"


def gradient_of(body, wrap=lambda apply: apply):
    """The gradient of a model around `body`, by its input."""
    net = stateful(lambda s, x: created(s, x, body).sum())
    return jax.grad(lambda x: wrap(net.apply)({}, STATE, x)[0])


@pytest.mark.smoke
@pytest.mark.parametrize(("body", "where"), GAPS.values(), ids=GAPS)
def test_where_jax_cannot_follow_is_told(body, where):
    """State under `grad` where JAX has gaps: an error by name, with a way out."""
    error = refusal(
        sj.ScopeUsageError, lambda: gradient_of(body)(X), match=where, name="a/mean"
    )
    assert error.remedy
    net = stateful(lambda s, x: created(s, x, body))
    _, new = net.apply({}, net.init(KEY, X)[1], X)  # without grad all is well
    assert new["a"]["mean"].shape == (3,)


@pytest.mark.parametrize("body", [body for body, _ in GAPS.values()], ids=GAPS)
def test_the_gaps_are_jaxs_own(body, monkeypatch):
    """Without our error JAX fails there; a row that JAX has mended has to go."""
    monkeypatch.setattr(scopejax._jax.reach, "_GAPS", ())
    with pytest.raises(Exception, match=JAX_SAYS) as info:
        gradient_of(body, jax.jit)(X)
    assert not isinstance(info.value, sj.ScopeError)


FINE = {
    "scan": in_scan(writer),
    "cond": in_branch(writer),
    "switch": in_switch(writer),
    "grad": in_grad(writer),
    "scan in cond": in_branch(in_scan(writer)),
    "grad in scan": in_scan(in_grad(writer)),
    "cond in grad": in_grad(in_branch(writer)),
    "remat of cond": sj.remat(in_branch(writer)),
    "scan of remat": in_scan(sj.remat(writer)),
    "checkpoint, write": in_checkpoint(writer),
    "checkpoint, read": in_checkpoint(reader),
    "scan of checkpoint": in_scan(in_checkpoint(writer)),
    "checkpoint of scan": in_checkpoint(in_scan(writer)),
    "checkpoint of cond": in_checkpoint(in_branch(writer)),
    "while": in_while(writer),
    "while, read": in_while(reader),
    "cond in scan, read": in_scan(in_branch(reader)),
    "while in checkpoint, read": in_checkpoint(in_while(reader)),
    "scan in grad": in_grad(in_scan(writer)),
    "while in scan": in_scan(in_while(writer)),
}


@pytest.mark.parametrize("body", FINE.values(), ids=FINE)
def test_beside_the_gaps_all_is_well(body):
    """The table refuses nothing that JAX can do."""
    assert gradient_of(body)(X).shape == X.shape
    assert jax.jit(gradient_of(body))(X).shape == X.shape


def test_a_model_in_a_training_loop_is_not_in_a_loop_itself():
    """A branch in a model whose gradient a `scan` takes is no branch in a loop."""
    gradient = gradient_of(in_branch(writer))

    def step(x, _):
        return x - 0.1 * gradient(x), None

    assert jax.lax.scan(step, X, None, length=2)[0].shape == X.shape


def test_a_branch_in_a_loop_in_a_grad_of_the_models_own_is_told():
    """The gap is there too where the model itself takes a gradient around a loop."""
    net = stateful(lambda s, x: created(s, x, in_grad(in_scan(in_branch(writer)))))
    for call in (lambda: net.init(KEY, X), lambda: net.apply({}, STATE, X)):
        refusal(
            sj.ScopeUsageError,
            call,
            match=f"cannot be assigned {BRANCH}",
            name="a/mean",
        )


def test_the_way_out_works():
    """What the error advises: values go through the loop, and are assigned after it."""

    def step(carry, _):
        x, mean = carry
        return (2 * x, jax.lax.cond(x[1] < 3, lambda: x, lambda: mean)), None

    def model(scope, x):
        mean = (scope / "a").get_variable("mean", (3,), trainable=False)
        (x, mean), _ = jax.lax.scan(step, (x, mean), None, length=4)
        (scope / "a").assign("mean", mean)
        return x.sum()

    net = stateful(model)
    params, state = net.init(KEY, X)
    gradient = jax.grad(lambda x: net.apply(params, state, x), has_aux=True)
    grads, new = jax.jit(gradient)(X)
    np.testing.assert_array_equal(grads, 16 * jnp.ones(3))
    np.testing.assert_array_equal(new["a"]["mean"], 2 * X)
