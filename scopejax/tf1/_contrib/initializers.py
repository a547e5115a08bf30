"""Initializers of contrib.layers, by the modules of TF1."""

from __future__ import annotations

from typing import Any

from ..._base.tf1_errors import tf_error
from .._initial.random import variance_scaling_initializer as scaled

_MODES = {"FAN_IN": "fan_in", "FAN_OUT": "fan_out", "FAN_AVG": "fan_avg"}


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: Any = None,
    dtype: Any = "float32",
) -> Any:
    """Of variance `factor` divided by a number of inputs, of outputs or their mean.

    Raises:
      TypeError: the mode is none.
    """
    if mode not in _MODES:
        raise tf_error(TypeError, f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")
    # TF1 takes 1.3 for the variance that is cut off with the tails.
    cut = 1.3 * 0.87962566103423978**2
    return scaled(
        scale=factor if uniform else factor * cut,
        mode=_MODES[mode],
        distribution="uniform" if uniform else "truncated_normal",
        seed=seed,
        dtype=dtype,
    )


def xavier_initializer(
    uniform: bool = True, seed: Any = None, dtype: Any = "float32"
) -> Any:
    """Of variance 2 divided by the number of inputs and outputs."""
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)
