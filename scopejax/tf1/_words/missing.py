"""What is asked of `tf1` and not there: an error that says where to go instead.

A numeric op that `tf1` does not have may be one of JAX: where one is called the same it
is found by that.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

from .outside import row_of

_RENAMED: dict[str, str] = {
    "function": "jax.jit",
    "gradients": "jax.grad",
    "hessians": "jax.hessian",
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


def is_module(value: Any) -> bool:
    """Whether it is one of TF1's modules, empty ones among them."""
    return isinstance(value, ModuleType | _Family)


def _where(family: str) -> str:
    return _FAMILIES[family][0][0]


def missing(name: str) -> AttributeError:
    """The error for a name that is not offered; the guide's row is a note of it."""
    error = AttributeError(
        f"tf.{name} {why_missing(name)}. docs/from_tf1.md has the table of what there"
        " is."
    )
    row = row_of(name)
    if row is not None:
        error.add_note(f"  {_plain(row.shown)}\n  instead: {_plain(row.instead)}")
    return error


def _plain(text: str) -> str:
    return text.replace("`", "")


def way(name: str) -> str | None:
    """What there is instead of a name that is not offered; None where nothing is known.

    >>> way("train.AdamOptimizer"), way("placeholder"), way("nonsense")
    ('optax.adam', 'an argument of the function', None)
    """
    row = row_of(name)
    like = instead(name) if name in _RENAMED or row is None else None
    if like is not None:
        return like
    if row is not None:
        return _plain(row.instead)
    family = name.partition(".")[0]
    return f"look into {_where(family)}" if family in _FAMILIES else None


def why_missing(name: str) -> str:
    """What is said of a name that is not offered, after the name itself.

    >>> why_missing("train.AdamOptimizer")
    'is not part of scopejax.tf1: use optax.adam'
    """
    found, is_renamed = way(name), name in _RENAMED or row_of(name) is None
    if found is None:
        return (
            "is not supported: scopejax.tf1 is TensorFlow 1's variable system, and no"
            " more of it"
        )
    if found.startswith("look into"):
        return f"{_IS_NUMERIC}: {found}"
    if not is_renamed:
        return f"is not supported: instead there is {found}"
    return _told(found)


_IS_NUMERIC = "is a numeric op, which scopejax.tf1 leaves to JAX"


def _told(like: str) -> str:
    if like.startswith(_NUMERIC):
        return f"{_IS_NUMERIC}: use {like}"
    return f"is not part of scopejax.tf1: use {like}"


def lookup_of(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of one module of this package; "" stands for `tf1` itself."""

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not module and name == "signal":
            return _Family(name)
        raise missing(f"{module}.{name}" if module else name)

    return __getattr__
