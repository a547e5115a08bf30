"""Recurrent cells against their formulas in NumPy."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, filled, gru_of_flax, wide


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


@pytest.mark.smoke
@pytest.mark.parametrize("forget_bias", [1.0, 0.0])
def test_lstm_is_its_formula(forget_bias):
    """The gates are input, forget, cell and output; a scan runs it over time."""
    xs = array(3, 2, 4)

    def model(scope, xs):
        zero = jnp.zeros((2, 5))
        return jax.lax.scan(
            lambda c, x: layers.lstm(scope / "cell", c, x, forget_bias=forget_bias),
            (zero, zero),
            xs,
        )

    net, params = filled(model, xs)
    p = wide(params["cell"])
    assert set(sj.to_flat(p)) == {"input/kernel", "input/bias", "hidden/kernel"}
    assert p["input"]["kernel"].shape == (4, 20)
    assert p["hidden"]["kernel"].shape == (5, 20)
    cell = hidden = np.zeros((2, 5))
    states = []
    for x in xs.astype(np.float64):
        gates = x @ p["input"]["kernel"] + p["input"]["bias"]
        i, f, g, o = np.split(gates + hidden @ p["hidden"]["kernel"], 4, -1)
        cell = sigmoid(f + forget_bias) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    (last_cell, last_hidden), outs = net.apply(params, xs)
    assert_close(last_cell, cell)
    assert_close(last_hidden, hidden)
    assert_close(outs, np.stack(states))


def test_gru_is_its_formula():
    """The gates are reset, update and new; the reset acts on the recurrent part."""
    xs = array(3, 2, 4)

    def model(scope, xs):
        return jax.lax.scan(
            lambda h, x: layers.gru(scope / "cell", h, x), jnp.zeros((2, 5)), xs
        )

    net, params = filled(model, xs)
    p = wide(params["cell"])
    names = {"input/kernel", "input/bias", "hidden/kernel", "hidden/bias"}
    assert set(sj.to_flat(p)) == names
    hidden, states = np.zeros((2, 5)), []
    for x in xs.astype(np.float64):
        xr, xz, xn = np.split(x @ p["input"]["kernel"] + p["input"]["bias"], 3, -1)
        recurrent = hidden @ p["hidden"]["kernel"] + p["hidden"]["bias"]
        hr, hz, hn = np.split(recurrent, 3, -1)
        update = sigmoid(xz + hz)
        new = np.tanh(xn + sigmoid(xr + hr) * hn)
        hidden = (1 - update) * new + update * hidden
        states.append(hidden)
    last, outs = net.apply(params, xs)
    assert_close(last, hidden)
    assert_close(outs, np.stack(states))


LENGTHS = np.array([5, 3, 0])


def theirs(params, x, lengths, **kw):
    """flax's RNN of a GRU, with zeros where it has padding."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        carry, out = nn.RNN(
            nn.GRUCell(4), return_carry=True, keep_order=True, **kw
        ).apply({"params": {"cell": gru_of_flax(params)}}, x, seq_lengths=lengths)
    if lengths is None:
        return carry, out
    within = np.arange(x.shape[1]) < lengths[:, None]
    out = jnp.where(within[:, :, None], out, 0.0)
    return jnp.where((lengths > 0)[:, None], carry, 0.0), out


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
def test_rnn_is_that_of_flax(reverse, lengths):
    """Carry, outputs and gradients, from either end, with padding or without."""
    x = jnp.asarray(array(3, 5, 2))

    def model(scope, x):
        zeros = jnp.zeros((3, 4))
        return layers.rnn(scope, layers.gru, zeros, x, lengths=lengths, reverse=reverse)

    net, params = filled(model, x)
    flax = functools.partial(theirs, lengths=lengths, reverse=reverse)
    assert_close(net.apply(params, x), flax(params, x))

    def gradients(run):
        def loss(params, x):
            carry, out = run(params, x)
            return (out**2).sum() + (carry**3).sum()

        return jax.grad(loss, (0, 1))(params, x)

    assert_close(gradients(net.apply), gradients(flax))


@pytest.mark.parametrize("cell", [layers.lstm, layers.gru])
def test_bidirectional_is_two_of_them(cell):
    """One from each end, with variables of its own, side by side."""
    x, zero = jnp.asarray(array(3, 5, 2)), jnp.zeros((3, 4))
    carry = (zero, zero) if cell is layers.lstm else zero

    def model(scope, x):
        return layers.bidirectional(scope, cell, carry, x, lengths=LENGTHS)

    def two(scope, x):
        run = functools.partial(layers.rnn, cell=cell, carry=carry, x=x)
        ahead, ys = run(scope / "forward", lengths=LENGTHS)
        back, zs = run(scope / "backward", lengths=LENGTHS, reverse=True)
        return (ahead, back), jnp.concatenate([ys, zs], -1)

    net, params = filled(model, x)
    assert set(params) == {"forward", "backward"}
    found = net.apply(params, x)
    assert_close(found, sj.transform(two).apply(params, x))
    assert found[1].shape == (3, 5, 8)


def test_a_cell_can_be_any_function():
    """It gets its scope, a carry that is any pytree, and one step."""

    def cell(scope, carry, x):
        rate = scope.get_variable("rate", ())
        carry = {"sum": rate * carry["sum"] + x}
        return carry, -carry["sum"]

    net = sj.transform(
        lambda s, x: layers.rnn(s / "leaky", cell, {"sum": jnp.zeros((1, 1))}, x)
    )
    params = {"leaky": {"rate": jnp.float32(0.5)}}
    carry, out = net.apply(params, jnp.ones((1, 3, 1)))
    assert out.ravel().tolist() == [-1.0, -1.5, -1.75]
    assert carry["sum"].item() == 1.75
    assert set(net.manifest(jnp.ones((1, 3, 1)))) == {"leaky/rate"}


def test_a_sequence_has_an_axis_of_time():
    """A single step is refused."""
    net = sj.transform(lambda s, x: layers.rnn(s, layers.gru, jnp.zeros((2, 3)), x))
    with pytest.raises(sj.InvalidArgumentError, match=r"rnn takes \(batch, time, in\)"):
        net.init(KEY, array(2, 3))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_kernels_start_orthogonal(cell):
    """The rows of a fresh hidden kernel are orthonormal."""
    zero = jnp.zeros((1, 4))
    carry = (zero, zero) if cell == "lstm" else zero
    params = sj.transform(getattr(layers, cell)).init(KEY, carry, jnp.ones((1, 3)))
    kernel = wide(params["hidden"]["kernel"])
    assert_close(np.float32(kernel @ kernel.T), np.eye(4))
