"""TF1's ops cost nothing: their jaxprs are those of jax.numpy, and import is quick."""

import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

A = jnp.ones((2, 3))
B = jnp.ones((3, 4))
V = jnp.ones(3)
S = jnp.ones((4, 5, 6))
X = jnp.ones((2, 5, 6, 3))
K = jnp.ones((3, 3, 3, 4))
I = jnp.ones((2,), jnp.int32)  # noqa: E741

# An op of TF1, the same by hand, the arguments.
PAIRS = {
    "matmul": (tf1.matmul, jnp.matmul, (A, B)),
    "matmul with transpose_b": (
        lambda a, b: tf1.matmul(a, b, transpose_b=True),
        lambda a, b: jnp.matmul(a, jnp.swapaxes(b, -1, -2)),
        (A, A),
    ),
    "add": (tf1.add, jnp.add, (A, A)),
    "a number": (lambda a: tf1.add(a, 1.0), lambda a: a + 1.0, (A,)),
    "operators": (lambda a, b: a * 2 - b / a, lambda a, b: a * 2 - b / a, (A, A)),
    "slices": (lambda s: s[1:, 0, ::2], lambda s: s[1:, 0, ::2], (S,)),
    "exp": (tf1.exp, jnp.exp, (A,)),
    "reduce_mean": (
        lambda s: tf1.reduce_mean(s, [0, 2], keepdims=True),
        lambda s: jnp.mean(s, (0, 2), keepdims=True),
        (S,),
    ),
    "reduce_sum": (tf1.reduce_sum, jnp.sum, (A,)),
    "reduce_max": (lambda a: tf1.reduce_max(a, 1), lambda a: jnp.max(a, 1), (A,)),
    "argmax": (
        lambda a: tf1.argmax(a, 1, output_type=tf1.int32),
        lambda a: jnp.argmax(a, 1),
        (A,),
    ),
    "reshape": (
        lambda s: tf1.reshape(s, [tf1.shape(s)[0] * 5, -1]),
        lambda s: jnp.reshape(s, (20, -1)),
        (S,),
    ),
    "transpose": (
        lambda s: tf1.transpose(s, [2, 0, 1]),
        lambda s: jnp.transpose(s, (2, 0, 1)),
        (S,),
    ),
    "concat": (
        lambda a, b: tf1.concat([a, b], -1),
        lambda a, b: jnp.concatenate([a, b], -1),
        (A, A),
    ),
    "stack": (lambda a: tf1.stack([a, a], 1), lambda a: jnp.stack([a, a], 1), (A,)),
    "split": (
        lambda s: tf1.split(s, [1, 5], 2),
        lambda s: jnp.split(s, [1], 2),
        (S,),
    ),
    "tile": (lambda a: tf1.tile(a, [2, 1]), lambda a: jnp.tile(a, (2, 1)), (A,)),
    "expand_dims": (
        lambda a: tf1.expand_dims(a, 1),
        lambda a: jnp.expand_dims(a, 1),
        (A,),
    ),
    "squeeze": (lambda a: tf1.squeeze(a[:1]), lambda a: jnp.squeeze(a[:1]), (A,)),
    "cast": (
        lambda a: tf1.cast(a, tf1.int32),
        lambda a: a.astype("int32"),
        (A,),
    ),
    "a cast that does nothing": (tf1.to_float, lambda a: a, (A,)),
    "gather": (tf1.gather, lambda a, i: jnp.take(a, i, axis=0), (B, I)),
    "embedding_lookup": (
        tf1.nn.embedding_lookup,
        lambda a, i: jnp.take(a, i, axis=0),
        (B, I),
    ),
    "one_hot": (lambda i: tf1.one_hot(i, 3), lambda i: jax.nn.one_hot(i, 3), (I,)),
    "where": (
        lambda a, b: tf1.where(a > b, a, b),
        lambda a, b: jnp.where(a > b, a, b),
        (A, A),
    ),
    "zeros": (
        lambda a: a + tf1.zeros(tf1.shape(a)),
        lambda a: a + jnp.zeros((2, 3), "float32"),
        (A,),
    ),
    "clip_by_value": (
        lambda a: tf1.clip_by_value(a, -1.0, 1.0),
        lambda a: jnp.clip(a, -1.0, 1.0),
        (A,),
    ),
    "relu": (tf1.nn.relu, jax.nn.relu, (A,)),
    "softmax": (tf1.nn.softmax, jax.nn.softmax, (A,)),
    "bias_add": (tf1.nn.bias_add, lambda a, v: a + v, (A, V)),
    "sparse cross entropy": (
        lambda a, i: tf1.nn.sparse_softmax_cross_entropy_with_logits(
            labels=i, logits=a
        ),
        lambda a, i: (
            -jnp.take_along_axis(jax.nn.log_softmax(a), i[..., None], axis=-1)[..., 0]
        ),
        (A, I),
    ),
    "conv2d": (
        lambda x, k: tf1.nn.conv2d(x, k, [1, 2, 2, 1], "SAME"),
        lambda x, k: jax.lax.conv_general_dilated(
            x, k, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        ),
        (X, K),
    ),
    "max_pool": (
        lambda x: tf1.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
        lambda x: jax.lax.reduce_window(
            x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"
        ),
        (X,),
    ),
    "cond": (
        lambda a: tf1.cond(tf1.reduce_sum(a) > 0.0, lambda: a * 2.0, lambda: -a),
        lambda a: jax.lax.cond(
            jnp.squeeze(jnp.sum(a) > 0.0), lambda: a * 2.0, lambda: -a
        ),
        (A,),
    ),
    "a cond that is known": (
        lambda a: tf1.cond(True, lambda: a * 2.0, lambda: -a),
        lambda a: a * 2.0,
        (A,),
    ),
}


def text(function, *args):
    """The jaxpr as text, without addresses."""
    jaxpr = jax.make_jaxpr(lambda *args: jax.tree.map(jnp.asarray, function(*args)))
    return re.sub(r"0x[0-9a-f]+", "", str(jaxpr(*args)))


def tensors(function):
    """A function of tensors, as one of arrays."""

    def call(*args):
        found = function(*[tf1.Tensor(arg) for arg in args])
        return jax.tree.map(
            jnp.asarray, found, is_leaf=lambda x: isinstance(x, tf1.Tensor)
        )

    return call


@pytest.mark.parametrize("name", PAIRS)
def test_an_op_is_the_same_equations(name):
    """The jaxpr of an op is that of the same in jax.numpy, jax.nn or jax.lax."""
    op, by_hand, args = PAIRS[name]
    with jax.numpy_rank_promotion("allow"):
        assert text(tensors(op), *args) == text(by_hand, *args)


def test_a_model_is_the_same_equations():
    """A network of TF1's layers has the jaxpr of the same on a dict, by hand."""

    def model(x):
        h = tf1.layers.dense(x, 5, activation=tf1.nn.relu, name="a")
        return tf1.nn.softmax(tf1.layers.dense(h, 2, name="b"))

    def by_hand(params, x):
        h = jax.nn.relu(jnp.matmul(x, params["a"]["kernel"]) + params["a"]["bias"])
        h = jnp.matmul(h, params["b"]["kernel"]) + params["b"]["bias"]
        return jax.nn.softmax(h)

    net = tf1.transform(model, tensors=True)
    params = net.init(jax.random.key(0), A)
    with jax.numpy_rank_promotion("allow"):
        found, expected = text(net.apply, params, A), text(by_hand, params, A)
    assert found == expected


def test_sizes_are_known_while_jax_traces():
    """What is computed from shapes is a number, under jit too."""

    @jax.jit
    def model(x):
        x = tf1.Tensor(x)
        n = tf1.shape(x)[0]
        turned = tf1.transpose(x, tf1.concat([[1, 0], tf1.range(2, tf1.rank(x))], 0))
        whole = tf1.reduce_prod(tf1.shape(x))
        assert (int(n), int(whole)) == (4, 120)
        assert turned.get_shape().as_list() == [5, 4, 6]
        ones = tf1.ones(tf1.stack([n, whole // n // 3]))
        part = tf1.cast(n, tf1.float32) / 8.0
        return jnp.asarray(tf1.reshape(x, [n, whole // n])[0, : tf1.size(x) - 119]), (
            jnp.asarray(ones),
            float(part.eval()),
        )

    first, (ones, part) = model(S)
    assert (first.shape, ones.shape, part) == ((1,), (4, 10), 0.5)


def test_ops_and_layers_are_imported_when_asked_for():
    """`from scopejax import tf1` takes none of them along."""
    code = (
        "import sys; from scopejax import tf1; tf1.get_variable, tf1.float32;"
        "names = [n for n in sys.modules if n.startswith('scopejax.tf1._')];"
        "assert not [n for n in names if n.split('.')[2] in"
        " ('_ops', '_layers', '_recurrent', '_contrib')], names;"
        "tf1.matmul; assert 'scopejax.tf1._ops' in sys.modules;"
        "assert 'scopejax.tf1._layers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_numpy_is_taken_as_it_is():
    """NumPy's arrays take the dtype of the tensor beside them, as in TF1."""
    found = tf1.Tensor(A) * np.ones(3) + np.ones((2, 3), np.int64).astype("float32")
    assert found.dtype == tf1.float32
    assert tf1.add(tf1.Tensor(A), np.arange(3)).dtype == "float32"
