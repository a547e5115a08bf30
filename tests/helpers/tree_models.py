"""Models that compute on a scope as a tree of arrays, each for a dict as well.

Each is written once: with the layer, and with what marks the second use of a scope.
"""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

import scopejax as sj

LAYER = {"bias": (4,), "kernel": (4, 4)}


def dense(scope, x, n=4):
    """A layer with two variables."""
    return sj.layers.dense(scope, x, n)


def dense_by_hand(params, x):
    """The layer on a dict."""
    return x @ params["kernel"] + params["bias"][None]


def reused(scope):
    """The same place, for a second use."""
    return scope.with_options(reuse=True)


def mean(*trees):
    """The mean of the arrays of several trees."""
    return jax.tree.map(lambda *arrays: sum(arrays) / len(arrays), *trees)


def stacked(*trees):
    """A leading axis over several trees."""
    return jax.tree.map(lambda *arrays: jnp.stack(arrays), *trees)


def broadcast(tree, n):
    """A leading axis over one tree."""
    return jax.tree.map(lambda a: jnp.broadcast_to(a, (n, *a.shape)), tree)


def flat(tree):
    """All numbers of a tree in a row."""
    return ravel_pytree(tree)[0][None]


def below(tree, *names):
    """Parts of a scope or of a dict."""
    return [tree[n] if isinstance(tree, dict) else tree / n for n in names]


def mean_of_towers(s, x, f, again):
    return f(mean(*below(s, "a", "b")), x)


def mean_of_towers_before(s, x, f, again):
    a, b = below(s, "a", "b")
    x = f(mean(a, b), x)
    return f(again(a), f(b, x))


def mean_of_towers_after(s, x, f, again):
    a, b = below(s, "a", "b")
    x = f(a, x) + f(b, x)
    return f(again(mean(a, b)), x)


def mean_of_means(s, x, f, again):
    a, b, c, d = below(s, "a", "b", "c", "d")
    return f(mean(mean(a, b), mean(c, d)), x)


def mean_deep_below(s, x, f, again):
    (inner,) = below(mean(*below(s, "a", "b")), "in")
    return f(inner, x)


def mean_in_jit(s, x, f, again):
    return jax.jit(lambda a, b, x: f(mean(a, b), x))(*below(s, "a", "b"), x)


def mean_in_grad(s, x, f, again):
    a, b = below(s, "a", "b")
    return jax.grad(lambda x: jnp.sum(f(mean(a, b), x) ** 2))(x)


def layers_for_vmap(s, x, f, again):
    layers = stacked(*below(s, "a", "b"))
    return jax.vmap(lambda s: f(s, x))(layers)


def layers_for_scan(s, x, f, again):
    layers = stacked(*below(s, "a", "b"))
    return jax.lax.scan(lambda x, s: (f(s, x), None), x, layers)[0]


def broadcast_for_vmap(s, x, f, again):
    (a,) = below(s, "a")
    return jax.vmap(lambda s: f(s, x))(broadcast(a, 3))


def broadcast_by_vmap(s, x, f, again):
    (a,) = below(s, "a")
    many = jax.vmap(lambda _: a)(jnp.arange(3))
    return jax.vmap(lambda s: f(s, x))(many)


def leaves_before(s, x, f, again):
    total = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(s))
    return f(below(s, "a")[0], x) * total


def one_step_of_training(s, x, f, again):
    (a,) = below(s, "a")
    grads = jax.grad(lambda a: jnp.sum(f(a, x) ** 2))(a)
    return f(again(jax.tree.map(lambda w, g: w - 0.1 * g, a, grads)), x)


ONE, TWO, FOUR = (dict.fromkeys(names, LAYER) for names in ("a", "ab", "abcd"))
MODELS = {
    mean_of_towers: TWO,
    mean_of_towers_before: TWO,
    mean_of_towers_after: TWO,
    mean_of_means: FOUR,
    mean_deep_below: {name: {"in": LAYER} for name in "ab"},
    mean_in_jit: TWO,
    mean_in_grad: TWO,
    layers_for_vmap: TWO,
    layers_for_scan: TWO,
    broadcast_for_vmap: ONE,
    broadcast_by_vmap: ONE,
    leaves_before: ONE,
    one_step_of_training: ONE,
}
