"""What TF1's layers, cells and slim refuse, and with which words."""

import jax.numpy as jnp
import pytest

from scopejax import tf1

A = tf1.Tensor(jnp.ones((2, 3)))
X = tf1.Tensor(jnp.ones((2, 5, 6, 3)))
nn, layers, cells = tf1.nn, tf1.layers, tf1.nn.rnn_cell
slim, contrib = tf1.contrib.slim, tf1.contrib.layers


def undecorated():
    """Takes no defaults."""


REFUSED = {
    "argument of a layer": (
        lambda: layers.Dense(3, moo=1),
        TypeError,
        "Keyword argument not understood: moo",
    ),
    "scope_name": (
        lambda: layers.Dense(3).scope_name,
        ValueError,
        'because the layer "dense" has not been used yet',
    ),
    "renorm": (
        lambda: layers.batch_normalization(A, renorm=True),
        ValueError,
        "BatchNormalization has no `renorm`",
    ),
    "kernel_size": (
        lambda: layers.conv2d(X, 3, (1, 2, 3)),
        ValueError,
        "`kernel_size` argument must be a tuple of 2 integers",
    ),
    "data_format": (
        lambda: layers.conv2d(X, 3, 1, data_format="NHWC"),
        ValueError,
        "The `data_format` argument must be one of",
    ),
    "state_size": (
        lambda: cells.RNNCell().state_size,
        NotImplementedError,
        "Abstract method",
    ),
    "output_size": (
        lambda: cells.RNNCell().output_size,
        NotImplementedError,
        "Abstract method",
    ),
    "initial state": (
        lambda: cells.GRUCell(3).get_initial_state(batch_size=3),
        ValueError,
        "batch_size and dtype cannot be None",
    ),
    "no cells": (lambda: cells.MultiRNNCell([]), ValueError, "at least one cell"),
    "no list of cells": (
        lambda: cells.MultiRNNCell(cells.GRUCell(3)),
        TypeError,
        "cells must be a list or tuple",
    ),
    "no state": (
        lambda: nn.dynamic_rnn(cells.GRUCell(3), X[0]),
        ValueError,
        "If there is no initial_state, you must give a dtype",
    ),
    "no cell": (lambda: nn.static_rnn(3, [A]), TypeError, "must be an RNNCell"),
    "no sequence": (
        lambda: nn.static_rnn(cells.GRUCell(3), A),
        TypeError,
        "inputs must be a sequence",
    ),
    "no steps": (
        lambda: nn.static_rnn(cells.GRUCell(3), []),
        ValueError,
        "inputs must not be empty",
    ),
    "order": (
        lambda: slim.max_pool2d(X, 2, data_format="moo"),
        ValueError,
        "data_format has to be either NCHW or NHWC",
    ),
    "last_dimension": (
        lambda: slim.utils.last_dimension(A.shape, 3),
        ValueError,
        "rank of shape must be at least 3 not: 2",
    ),
    "two_element_tuple": (
        lambda: slim.utils.two_element_tuple([1, 2, 3]),
        ValueError,
        "Must be an int, a list with 2 elements",
    ),
    "scaling": (
        lambda: contrib.variance_scaling_initializer(mode="moo"),
        TypeError,
        "Unknown mode moo",
    ),
    "unique": (
        lambda: slim.get_unique_variable("moo"),
        ValueError,
        "Variable moo does not uniquely identify",
    ),
    "include": (
        lambda: slim.get_variables_to_restore("moo"),
        TypeError,
        "include is provided but is not a list",
    ),
    "batch_weights": (
        lambda: slim.batch_norm(A, batch_weights=1.0),
        ValueError,
        "batch_norm has no `batch_weights`",
    ),
    "begin_norm_axis": (
        lambda: contrib.layer_norm(A, begin_norm_axis=2),
        ValueError,
        "must be < rank",
    ),
    "num_outputs": (
        lambda: slim.fully_connected(A, 3.0),
        ValueError,
        "num_outputs type should be one of",
    ),
    "dim": (lambda: slim.unit_norm(A, 2), ValueError, "dim must be positive but"),
    "stack_args": (
        lambda: slim.stack(A, slim.fully_connected, 3),
        ValueError,
        "stack_args need to be a list or tuple",
    ),
    "arguments of a scope": (
        lambda: slim.arg_scope({}, a=1).__enter__(),
        ValueError,
        "kwargs must be empty",
    ),
    "no list of functions": (
        lambda: slim.arg_scope(slim.conv2d).__enter__(),
        TypeError,
        "list_ops_or_scope must either be a list/tuple",
    ),
    "undecorated": (
        lambda: slim.arg_scope([undecorated]).__enter__(),
        ValueError,
        "is not decorated with @add_arg_scope",
    ),
    "order of a convolution": (
        lambda: slim.conv2d(X, 3, 1, data_format="moo"),
        ValueError,
        "Invalid data_format: 'moo'",
    ),
    "rank of a convolution": (
        lambda: slim.conv2d(A, 3, 1),
        ValueError,
        "Convolution expects input with rank 4, got 2",
    ),
    "an integer as scale": (
        lambda: slim.l2_regularizer(1),
        ValueError,
        "scale cannot be an integer: 1",
    ),
    "a scale below 0": (
        lambda: slim.l1_regularizer(-1.0),
        ValueError,
        "Setting a scale less than 0",
    ),
    "no weights": (
        lambda: contrib.apply_regularization(slim.l2_regularizer(0.1)),
        ValueError,
        "No weights to regularize",
    ),
    "a loss with axes": (
        lambda: contrib.apply_regularization(lambda w: w * 1.0, [A]),
        ValueError,
        "must return a scalar Tensor instead of a Tensor with rank 2",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name):
    """The kind of error is TF1's, and the words say what is wrong."""
    call, kind, words = REFUSED[name]
    with tf1.Graph().as_default(), pytest.raises(kind, match=words):
        call()
