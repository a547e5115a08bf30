"""Telling a second run of a function from a second call, by Python's frames."""

import sys

import jax
import jax.numpy as jnp
import pytest

from scopejax import tf1
from scopejax.tf1._graph import runs

X = jnp.ones((2, 3))


class State:
    """Something to rewind: a list of what was done."""

    def __init__(self):
        self.done = []

    def snapshot(self):
        return list(self.done)

    def rewind(self, snapshot):
        self.done[:] = snapshot

    def do(self, what):
        runs.notice_runs(self, None)
        self.done.append(what)


@pytest.mark.smoke
def test_a_second_run_starts_as_the_first_did():
    """Steps of one loop replace each other, calls of two loops add up."""
    state = State()

    def body(i, x):
        state.do("first")
        state.do("second")
        return x

    with jax.disable_jit():
        jax.lax.fori_loop(0, 3, body, X)
        assert state.done == ["first", "second"]
        for _ in range(2):
            jax.lax.fori_loop(0, 3, body, X)
    assert state.done == ["first", "second"] * 3


def test_what_happens_in_between_stays():
    """Only what a body itself did is undone when it runs again."""
    state = State()

    def outer(x):
        state.do("before")
        jax.lax.fori_loop(0, 2, lambda i, x: (state.do("step"), x)[1], x)
        state.do("after")
        return x

    with jax.disable_jit():
        jax.lax.fori_loop(0, 2, lambda i, x: outer(x), X)
    assert state.done == ["before", "step", "after"]


def test_states_do_not_meet():
    """Two states that notice the same frames are rewound each for itself."""
    one, two = State(), State()

    def body(i, x):
        one.do(1)
        if i == 2:
            two.do(2)
        return x

    with jax.disable_jit():
        jax.lax.fori_loop(0, 3, body, X)
    assert (one.done, two.done) == ([1], [2])


def test_a_debuggers_tracing_goes_on(key):
    """A tracer that is active sees its events, and the model makes its variables."""
    events = []

    def tracer(frame, event, arg):
        if frame.f_code.co_filename == __file__:
            events.append((frame.f_code.co_name, event))
            return tracer
        return None

    def body(x, _):
        with tf1.variable_scope(None, "cell"):
            w = tf1.get_variable("w", [3, 3])
        return x @ w.value(), None

    def model(x):
        return jax.lax.scan(body, x, length=2)[0]

    net, before = tf1.transform(model), sys.gettrace()
    sys.settrace(tracer)
    try:
        params = net.init(key, X)
    finally:
        sys.settrace(before)
    assert list(params) == ["cell"]
    assert ("body", "return") in events
    assert sum(event == "line" for _, event in events) > 4
