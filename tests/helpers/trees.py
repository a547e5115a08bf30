"""What the tests of trees share: a model, the tree that fits it, others that do not."""

import jax.numpy as jnp
import numpy as np

import scopejax as sj


def model(scope):
    """Three variables, in a scope and at the root."""
    encoder = scope / "encoder"
    kernel, bias = (
        encoder.get_variable("kernel", (2, 3)),
        encoder.get_variable("bias", (3,)),
    )
    return kernel.sum() + bias.sum(), scope.get_variable("step", (), "int32")


NET = sj.transform(model)
W, B, STEP = jnp.ones((2, 3)), jnp.ones(3), jnp.int32(0)
GOOD = {"encoder": {"kernel": W, "bias": B}, "step": STEP}


def good(**changes):
    """The good tree with other leaves of the encoder."""
    return {"encoder": {"kernel": W, "bias": B} | changes, "step": STEP}


# Each tree with what `check` must say of it; and whether `given` refuses it too.
WRONG = {
    "extra": (
        good(biass=B),
        [r"unexpected +encoder/biass \(nearest: encoder/bias"],
        True,
    ),
    "misspelt": (
        {"encoder": {"kernal": W, "bias": B}, "step": STEP},
        [
            r"missing +encoder/kernel",
            r"unexpected +encoder/kernal \(nearest: encoder/k",
        ],
        True,
    ),
    "shape": (
        good(kernel=W.T),
        [r"shape +encoder/kernel: expected \(2, 3\) and found \(3, 2\)"],
        True,
    ),
    "dtype": (
        good(bias=B.astype("bfloat16")),
        [r"dtype +encoder/bias: expected float32 and found bfloat16"],
        True,
    ),
    "both": (
        good(bias=jnp.ones(2, "bfloat16")),
        [r"shape +encoder/bias", r"dtype +encoder/bias"],
        True,
    ),
    "float64": (
        good(kernel=np.ones((2, 3))),
        [r"dtype +encoder/kernel: expected float32 and found float64"],
        True,
    ),
    "missing": (
        {"encoder": {"kernel": W}, "step": STEP},
        ["missing +encoder/bias"],
        False,
    ),
    "missing scope": (
        {"step": STEP},
        [r"missing +encoder/kernel: shape \(2, 3\), dtype float32", r"encoder/bias"],
        False,
    ),
    "empty": ({}, ["encoder/kernel", "encoder/bias", "step"], False),
    "another level": (
        {"params": GOOD},
        ["in 1 place", "moved +every name lies below `params/` here"],
        True,
    ),
    "scope for variable": (
        good(kernel={"w": W}),
        [r"missing +encoder/kernel", r"unexpected +encoder/kernel/w"],
        True,
    ),
    "variable for scope": (
        {"encoder": W, "step": STEP},
        [r"unexpected +encoder"],
        True,
    ),
    "None": (good(kernel=None), [r"no array +encoder/kernel: None"], True),
    "None for scope": ({"encoder": None, "step": STEP}, [r"unexpected +encoder"], True),
    "number": (good() | {"step": 3}, [r"no array +step: 3"], True),
    "string": (good(kernel="text"), [r"no array +encoder/kernel: 'text'"], True),
    "list of numbers": (
        good(bias=[1.0, 2.0, 3.0]),
        [r"no array +encoder/bias: \[1\.0, 2\.0, 3\.0\]"],
        True,
    ),
    "everything": (
        {"encoder": {"kernal": W, "bias": B[:1]}, "step": jnp.ones(()), "m": {"z": B}},
        [
            r"in 5 places",
            r"missing +encoder/kernel",
            r"shape +encoder/bias: expected \(3,\) and found \(1,\)",
            r"dtype +step: expected int32 and found float32",
            r"unexpected +encoder/kernal \(nearest: encoder/kernel",
            r"unexpected +m/z",
        ],
        True,
    ),
}
