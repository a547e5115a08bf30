"""Meshes of the eight CPU devices, and what to compare arrays by."""

import math

import jax
import numpy as np
from jax.sharding import AxisType, Mesh

AXES = ("data", "model", "stage")


def mesh_of(*sizes, kind=AxisType.Auto):
    """A mesh of the first devices, with axes ``data``, ``model`` and ``stage``."""
    devices = np.array(jax.devices()[: math.prod(sizes)]).reshape(sizes)
    return Mesh(devices, AXES[: len(sizes)], axis_types=(kind,) * len(sizes))


def bits(array):
    """An array's bits, so that -0.0 is not 0.0 and a NaN is itself."""
    array = np.asarray(array)
    return str(array.dtype), array.shape, array.tobytes()


def all_bits(tree):
    """The same for each array of a tree."""
    return jax.tree.map(bits, tree)
