"""The table of the primitives that call programs, against this version of JAX."""

import jax
import jax.numpy as jnp
import pytest
from jax.extend import core

from scopejax._jax.calls import CALLS, PLAIN, WITH_RULES
from scopejax._jax.jaxprs import body_of

LOOPS = {"scan", "while", "cond"}


def ruled(kind):
    """The sine, with a rule of its own."""
    f = kind(jnp.sin)
    if kind is jax.custom_batching.custom_vmap:
        f.def_vmap(lambda size, batched, x: (jnp.sin(x), batched[0]))
    elif kind is jax.custom_vjp:
        f.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (g * jnp.cos(x),))
    else:
        f.defjvp(lambda x, t: (jnp.sin(*x), t[0] * jnp.cos(*x)))
    return f


MODELS = {
    "jit": jax.jit(jnp.sin),
    "checkpoint": jax.checkpoint(jnp.sin),
    "custom_jvp": ruled(jax.custom_jvp),
    "custom_vjp": ruled(jax.custom_vjp),
    "custom_vmap": ruled(jax.custom_batching.custom_vmap),
    "composite": jax.lax.composite(jnp.sin, "sj.sin"),
    "scan": lambda x: jax.lax.scan(lambda c, _: (jnp.sin(c), None), x, None, 2)[0],
    "while": lambda x: jax.lax.while_loop(lambda c: c < 1, jnp.sin, x),
    "cond": lambda x: jax.lax.cond(x < 1, jnp.sin, jnp.cos, x),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_primitive_that_holds_a_program_is_known(model):
    """It is in the table, with the parameter that holds its program, or a loop."""
    eqns = jax.make_jaxpr(model)(1.0).eqns
    holders = [eqn for eqn in eqns if [*core.jaxprs_in_params(eqn.params)]]
    assert holders
    for eqn in holders:
        name = eqn.primitive.name
        parameter = {**PLAIN, **WITH_RULES}.get(name)
        assert parameter is None or hasattr(eqn.params[parameter], "eqns"), name
        assert name in LOOPS or (name in CALLS and body_of(eqn) is not None), name
