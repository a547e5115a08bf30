"""Variables of many numbers: one at a time, in memory that JAX takes over as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import initializers as jaxinit

import scopejax as sj

pytestmark = pytest.mark.optimized


def identical(one, other):
    """Two trees have the same bits."""
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


LARGE = {
    "rows that come out even": ((512, 1024), ()),
    "a last row in part": ((300_001,), ()),
    "a stack that comes out even": ((1024, 200), (3,)),
    "a stack of rows in part": ((123_457,), (4,)),
}


@pytest.mark.parametrize("large", LARGE)
def test_large_variables_are_arrays_of_their_own(large, key, monkeypatch):
    """They have the bits of the plain way, may be donated, and depend on nothing."""
    shape, stack = LARGE[large]

    def layers(scope):
        scope.get_variable("before", (7,), initializer=jaxinit.normal(0.5))
        scope = scope / "large"

        def read(scope):
            return scope.get_variable("w", shape, initializer=jaxinit.normal(0.5))

        return jax.vmap(read)(scope.stack(*stack)) if stack else read(scope)

    net = sj.transform(layers)
    with monkeypatch.context() as context:
        context.setenv("SCOPEJAX_FUSED", "off")
        expected = net.init(key)
    values = net.init(key)
    identical(values, expected)
    negative = jax.jit(lambda x: jax.tree.map(jnp.negative, x), donate_argnums=0)
    after = negative(values)
    assert all(value.is_deleted() for value in jax.tree.leaves(values))
    identical(jax.tree.map(jnp.negative, after), expected)
