"""What is asked of `tf1` and not there: an error that says where to go instead.

A numeric op that `tf1` does not have may be one of JAX: where one is called the same it
is found by that.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

_RENAMED: dict[str, str] = {
    "function": "jax.jit",
    "gradients": "jax.grad",
    "group": "nothing: program order is the order",
    "hessians": "jax.hessian",
    "no_op": "nothing: program order is the order",
    "placeholder": "an argument of the function",
    "placeholder_with_default": "an argument of the function, with a default",
    "train.AdagradOptimizer": "optax.adagrad",
    "train.AdamOptimizer": "optax.adam",
    "train.GradientDescentOptimizer": "optax.sgd",
    "train.MomentumOptimizer": "optax.sgd(..., momentum=...)",
    "train.RMSPropOptimizer": "optax.rmsprop",
    "train.exponential_decay": "optax.exponential_decay",
    "train.cosine_decay": "optax.cosine_decay_schedule",
    "train.polynomial_decay": "optax.polynomial_schedule",
    "train.Saver": "scopejax.checkpoints.save and load",
    "train.NewCheckpointReader": "scopejax.checkpoints.load",
    "train.init_from_checkpoint": (
        "scopejax.checkpoints.load_matching and init(..., given=)"
    ),
    "train.latest_checkpoint": "scopejax.checkpoints.load of the folder",
    "train.list_variables": "python -m scopejax inspect",
    "train.load_checkpoint": "scopejax.checkpoints.load",
    "train.load_variable": "scopejax.checkpoints.load(..., select=name)",
    "train.warm_start": "scopejax.checkpoints.load_matching and init(..., given=)",
}

_NUMERIC = ("jnp", "jax.n", "jax.l", "jax.i", "jax.sc", "jax.r")

# Where the ops of TF1's modules are looked for, in this order; imported when asked.
_JNP, _NN, _LAX = ("jnp", "jax.numpy"), ("jax.nn", "jax.nn"), ("jax.lax", "jax.lax")
_SPECIAL = ("jax.scipy.special", "jax.scipy.special")
_ROOT = (_JNP, _NN, _LAX, _SPECIAL)
_FAMILIES: dict[str, tuple[tuple[str, str], ...]] = {
    "nn": (_NN, _LAX, _JNP),
    "math": (_JNP, _SPECIAL, _LAX, _NN),
    "linalg": (("jnp.linalg", "jax.numpy.linalg"), _JNP),
    "random": (("jax.random", "jax.random"),),
    "signal": (("jnp.fft", "jax.numpy.fft"),),
    "image": (("jax.image", "jax.image"),),
}


def instead(name: str) -> str | None:
    """JAX's name for a numeric op of TF1, where there is an obvious one.

    >>> instead("bincount"), instead("nn.gelu"), instead("gradients"), instead("gfile")
    ('jnp.bincount', 'jax.nn.gelu', 'jax.grad', None)
    """
    if name in _RENAMED:
        return _RENAMED[name]
    family, _, last = name.rpartition(".")
    if family == "math" and last in _RENAMED:
        return _RENAMED[last]
    called = last.removeprefix("reduce_")
    for short, module in _FAMILIES.get(family, ()) if family else _ROOT:
        if callable(getattr(import_module(module), called, None)):
            return f"{short}.{called}"
    return None


class _Family:
    """A module of TF1's that is there only to say where to look."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> NoReturn:
        raise missing(f"{self._name}.{name}")

    def __repr__(self) -> str:
        return f"<tf.{self._name}: numeric ops, which are in {_where(self._name)}>"


def _where(family: str) -> str:
    return _FAMILIES[family][0][0]


def missing(name: str) -> AttributeError:
    """The error for a name that is not offered."""
    like = instead(name)
    if like is not None and like.startswith(_NUMERIC):
        text = (
            f"tf.{name} is a numeric op, which scopejax.tf1 leaves to JAX: use {like}"
        )
    elif like is not None:
        text = f"tf.{name} is not part of scopejax.tf1: use {like}"
    elif name.partition(".")[0] in _FAMILIES:
        family = name.partition(".")[0]
        text = (
            f"tf.{name} is a numeric op, which scopejax.tf1 leaves to JAX: look into"
            f" {_where(family)}"
        )
    else:
        text = (
            f"tf.{name} is not supported: scopejax.tf1 is TensorFlow 1's variable"
            " system, and no more of it"
        )
    return AttributeError(f"{text}. docs/from_tf1.md has the table of what there is.")


def lookup_of(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of one module of this package; "" stands for `tf1` itself."""

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not module and name == "signal":
            return _Family(name)
        raise missing(f"{module}.{name}" if module else name)

    return __getattr__
