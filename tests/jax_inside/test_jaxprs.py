"""What equations hold, against this version of JAX: bodies, loops, branches, names."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P

from scopejax._jax import jaxprs


def equation(function, *inputs):
    """The last equation of a function."""
    return jax.make_jaxpr(function)(*inputs).eqns[-1]


def run(jaxpr, inputs):
    """What a body computes."""
    return jaxprs.as_function(jaxpr)(*inputs)


def test_a_scan_says_its_body_and_how_often_it_runs():
    """The body takes constants, the carry and one slice, and returns the carry."""

    def step(c, x):
        return c * 2 + x, c

    xs = jnp.arange(3.0)
    body, length = jaxprs.scan_of(equation(lambda x: jax.lax.scan(step, 1.0, x)[0], xs))
    assert length == 3
    assert run(body, [jnp.float32(1), jnp.float32(5)])[0] == 7


def test_a_while_loop_says_what_its_test_and_its_body_take():
    """Each has constants of its own, and both the carry."""

    def model(bound, step, x):
        return jax.lax.while_loop(lambda c: c < bound, lambda c: c + step, x)

    loop = jaxprs.while_of(equation(model, 9.0, 2.0, 4.0), [9.0, 2.0, 4.0])
    assert run(loop.test, map(jnp.float32, loop.test_inputs)) == [True]
    assert run(loop.body, map(jnp.float32, loop.body_inputs)) == [6.0]


def test_a_cond_says_its_branches():
    """Each takes the operands."""
    eqn = equation(lambda i, x: jax.lax.cond(i, jnp.sin, jnp.cos, x), True, 0.0)
    assert [run(b, [jnp.float32(0)]) for b in jaxprs.branches_of(eqn)] == [[1.0], [0.0]]


@pytest.mark.parametrize("axes", [{"a"}, {"a", "b"}])
def test_a_shard_map_says_how_many_devices_run_it(axes):
    """As many as the axes have that it is over."""
    mesh = jax.make_mesh((2, 2), ("a", "b"), axis_types=(AxisType.Auto,) * 2)
    f = jax.shard_map(
        jnp.sin, mesh=mesh, in_specs=P("a"), out_specs=P("a"), axis_names=axes
    )
    assert jaxprs.devices_of(equation(f, jnp.ones(4))) == 2 ** len(axes)


@pytest.mark.parametrize(
    "around", [jax.jit, jax.checkpoint, jax.vmap, jax.grad], ids=lambda f: f.__name__
)
def test_names_stay_with_equations(around):
    """Names are found whatever is around, without what JAX adds to them."""

    @jax.named_scope("inner")
    def model(x):
        return jnp.sin(x)

    x = jnp.ones(2) if around is jax.vmap else 1.0
    with jax.named_scope("outer"):
        eqns = [*jax.make_jaxpr(around(model))(x).eqns]
    for eqn in list(eqns):
        eqns += getattr(jaxprs.body_of(eqn), "eqns", ())
    found = [jaxprs.plain_names(jaxprs.names_of(eqn)) for eqn in eqns]
    assert any(names[-1:] == ("inner",) for names in found), found


def test_what_is_not_needed_goes_from_loops_too():
    """A loop that computes two things, of which one is asked for, computes it alone."""

    def model(x, y):
        def step(c, _):
            return (c[0] + 1, jnp.sin(c[1])), None

        return jax.lax.scan(step, (x, y), None, 2)[0][0]

    jaxpr = jax.make_jaxpr(model)(1.0, 2.0).jaxpr
    assert "sin" in str(jaxpr)
    cut = jaxprs.needed(jaxpr)
    assert "sin" not in str(cut)
    assert len(cut.invars) == 1
    assert len(jaxprs.needed(jaxpr, all_inputs=True).invars) == 2
    np.testing.assert_array_equal(run(cut, [jnp.float32(1)]), [3.0])
