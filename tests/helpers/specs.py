"""What the tests of tables share: variables of any name, and a list of them."""

import jax
import numpy as np

import scopejax as sj


def spec(name, shape=(), dtype="float32", **fields):
    """A variable of that name."""
    fields = {"initializer": jax.nn.initializers.zeros} | fields
    return sj.VariableSpec(name=name, shape=shape, dtype=np.dtype(dtype), **fields)


SPECS = [
    spec("tower/h10/kernel", (4, 4)),
    spec("tower/h2/kernel", (4, 4), where="model.py:3 in dense"),
    spec("tower/h2/bias", (4,), "float16"),
    spec("zeta", (), "int32", trainable=False),
    spec("tower/scale", ()),
    spec("alpha", (1000, 1000)),
]
