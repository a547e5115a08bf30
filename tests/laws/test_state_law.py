"""State law: writes give what the unrolled program gives, in each native transform."""

import chex
import jax
import jax.numpy as jnp
import pytest
from hypothesis import given

import scopejax as sj

from ..helpers.randomness import examples
from ..helpers.state_programs import KEY, NAMES, Under, X, agree, programs


def parts(program):
    """The transformed program, its params and its state."""
    net = sj.transform_with_state(lambda scope, x: program.run(scope / "a", x))
    params, state = net.init(KEY, X)
    full = {name: jnp.zeros(2, dtype) for name, dtype in NAMES.items()}
    chex.assert_trees_all_equal(state, {"a": full})
    return net, params, state


@examples(20)
@given(programs(Under(differentiated=False)))
def test_a_run_is_the_unrolled_program(program):
    """Results and state are those of the program written out on values."""
    net, params, state = parts(program)
    new, y = program.unrolled(state["a"], params["a"]["w"], X)
    agree(jax.jit(net.apply)(params, state, X), (y, {"a": new}))


@pytest.mark.parametrize("jit_inside", [False, True], ids=["jit(grad)", "grad(jit)"])
@examples(10)
@given(program=programs(Under(differentiated=True)))
def test_a_gradient_is_that_of_the_unrolled_program(jit_inside, program):
    """Gradients by input and weight agree as well; none flows through the state."""
    net, params, state = parts(program)

    def ours(params, x):
        apply = jax.jit(net.apply) if jit_inside else net.apply
        y, new = apply(params, state, x)
        return y.sum(), new

    def theirs(params, x):
        new, y = program.unrolled(state["a"], params["a"]["w"], x)
        return y.sum(), {"a": jax.tree.map(jax.lax.stop_gradient, new)}

    def gradients(loss):
        grads = jax.value_and_grad(loss, (0, 1), has_aux=True)
        return (grads if jit_inside else jax.jit(grads))(params, X)

    agree(gradients(ours), gradients(theirs))


@examples(10)
@given(program=programs(Under(differentiated=False), depth=2))
def test_without_jit_it_is_the_same(program):
    """Run op by op, a program gives what it gives compiled."""
    net, params, state = parts(program)
    agree(net.apply(params, state, X), jax.jit(net.apply)(params, state, X))
