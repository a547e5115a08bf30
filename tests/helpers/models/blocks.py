"""What the models are made of, and the plain models."""

import jax
import jax.numpy as jnp

N = 3  # layers of a stack
D = 4  # features everywhere
X = jnp.linspace(-1.0, 1.0, 2 * D).reshape(2, D)


def block(scope, x):
    """A layer with two variables in two scopes, (batch, D) -> (batch, D)."""
    kernel = (scope / "dense").get_variable("kernel", (D, D))
    scale = scope.get_variable("scale", (), initializer=jax.nn.initializers.ones)
    return jnp.tanh(x @ kernel) * scale


def noisy(scope, x):
    """A block with a random mask."""
    keep = jax.random.bernoulli(scope.key("mask"), 0.5, x.shape)
    return jnp.where(keep, block(scope, x), 0.0)


def plain(scope, x, f=block):
    """The reference of most cases."""
    return f(scope / "h", x)


def unrolled(scope, x, f=block):
    """The reference of the loops over layers."""
    for i in range(N):
        x = f(scope / f"layers/{i}", x)
    return x
