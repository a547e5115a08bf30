"""Fifty values that hardly any argument takes."""

import pathlib
import types

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

import scopejax as sj


class Mute:
    """An object that fails when it is shown."""

    def __repr__(self):
        raise RuntimeError("no text")


class Empty:
    """An object without anything."""

    __slots__ = ()


def endless():
    """A dict that contains itself."""
    tree = {}
    tree["a"] = tree
    return tree


BAD = {
    "None": lambda: None,
    "no text": lambda: "",
    "text": lambda: "x",
    "slashes": lambda: "a//b",
    "a long text": lambda: "x" * 10**5,
    "control characters": lambda: "\x1b[31m\n",
    "a surrogate": lambda: "\ud800",
    "bytes": lambda: b"x",
    "zero": lambda: 0,
    "minus one": lambda: -1,
    "seven": lambda: 7,
    "many bits": lambda: 2**70,
    "a fraction": lambda: 1.5,
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "an imaginary number": lambda: 1j,
    "True": lambda: True,
    "False": lambda: False,
    "an empty list": list,
    "a list of None": lambda: [None],
    "a list of text": lambda: ["x"],
    "a list of fractions": lambda: [1.5, 2.5],
    "a ragged list": lambda: [[1], [2, 3]],
    "an empty tuple": tuple,
    "a pair": lambda: ("x", 1),
    "an empty dict": dict,
    "a dict of None": lambda: {"x": None},
    "a dict of numbers": lambda: {1: 2},
    "a dict of slashes": lambda: {"a//b": 1.0},
    "a dict of itself": endless,
    "a set": lambda: {1, 2},
    "an iterator": lambda: iter([1]),
    "a range": lambda: range(3),
    "a slice": lambda: slice(1),
    "an ellipsis": lambda: ...,
    "an object": Empty,
    "a mute object": Mute,
    "a class": lambda: Empty,
    "a module": lambda: types,
    "a function": lambda: lambda: None,
    "a greedy function": lambda: lambda *args, **kwargs: None,
    "a path": lambda: pathlib.Path("no/such/file"),
    "no numbers": lambda: np.zeros((0,)),
    "a NumPy array": lambda: np.ones((2, 5)),
    "an array of text": lambda: np.array(["x"]),
    "an array of objects": lambda: np.array([object()]),
    "a NumPy bool": lambda: np.True_,
    "a JAX array": lambda: jnp.ones((2, 5)),
    "a JAX number": lambda: jnp.float32(1.5),
    "a key": lambda: jax.random.key(0),
    "an abstract array": lambda: jax.ShapeDtypeStruct((2,), "float32"),
    "a dtype": lambda: np.dtype("float32"),
    "a PartitionSpec": lambda: PartitionSpec("x"),
    "a scope": lambda: sj.Scope({}),
}
