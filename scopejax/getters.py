"""Custom getters: what stands between a variable and those who read it.

Each is a value to give to a scope, ``scope.with_options(custom_getter=...)``; it then
acts on all variables below that its `where` means: a glob over full names, a compiled
regular expression, or a function of the full name. Getters compose: those of an inner
scope run first, on what the outer ones return. What a getter adds lies beside the
variable: ``kernel_lora_a`` beside ``kernel``. Give `cast` to the innermost scope, so
that the others see what is stored. A reading under ``reuse=True`` is a second one of
the same variable: it moves no state.

Each is a few lines on `VariableGetter`, and meant to be read, and copied.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn.initializers import normal, ones, zeros

from ._base.answers import require_rules
from ._base.trees import Tree, from_flat, to_flat
from ._manifest.patterns import NamePattern, matches_name
from ._scope.getter import VariableGetter as VariableGetter
from ._spec.options import no_regularizer
from .initializers import InitialValueOf

VariableGetter.__module__ = __name__  # its public home

_KERNELS = "**/kernel"
_NORMAL = normal(1.0)


def _beside(
    getter: VariableGetter, name: str, w: Any, like: Mapping[str, Any], **given: Any
) -> jax.Array:
    """A variable of a getter's own: of the dtype, flags and reuse of `name`'s."""
    inherited = {key: like[key] for key in ("dtype", "trainable", "reuse")}
    own = {"shape": w.shape, "regularizer": no_regularizer}
    return getter(name, **{**own, **inherited, **given})


class _Checked:
    """What a getter is made of, checked by the names of its fields."""

    def __post_init__(self) -> None:
        require_rules(type(self).__name__, vars(self))


@dataclasses.dataclass(frozen=True)
class cast(_Checked):
    """Variables of floats in `dtype`, whatever they are stored in.

    State stays as it is, as in TF1's getters for mixed precision: a moving average
    needs its digits.

    Attributes:
      dtype: to compute in.
      where: which variables; all that are trainable by default.

    >>> import scopejax as sj
    >>> half = cast("bfloat16")
    >>> scope = sj.Scope({"w": jnp.ones(2)}).with_options(custom_getter=half)
    >>> scope.get_variable("w", (2,)).dtype
    dtype(bfloat16)
    """

    dtype: Any
    where: NamePattern | None = None

    def __call__(self, getter: VariableGetter, name: str, **arguments: Any) -> Any:
        """The variable, cast."""
        w = getter(name, **arguments)
        is_meant = arguments["trainable"]
        if self.where is not None:
            is_meant = matches_name(self.where, name)
        floating = jnp.issubdtype(w.dtype, jnp.floating)
        return w.astype(self.dtype) if floating and is_meant else w


@dataclasses.dataclass(frozen=True)
class weight_norm(_Checked):
    """Direction and length apart, ``g * v / |v|`` (Salimans and Kingma, 2016).

    The lengths, one for each index of the last axis, are ``kernel_g``; they start as 1.

    Attributes:
      where: which variables; kernels by default.
      epsilon: added to the squared length.

    >>> import scopejax as sj
    >>> def model(scope):
    ...     return scope.get_variable("kernel", (2, 1))
    >>> scope = sj.Scope({"kernel": jnp.array([[3.0], [4.0]]), "kernel_g": jnp.ones(1)})
    >>> model(scope.with_options(custom_getter=weight_norm())).round(3).tolist()
    [[0.6000000238418579], [0.800000011920929]]
    """

    where: NamePattern = _KERNELS
    epsilon: float = 1e-12

    def __call__(self, getter: VariableGetter, name: str, **arguments: Any) -> Any:
        """The kernel of direction and length."""
        v = getter(name, **arguments)
        if not matches_name(self.where, name):
            return v
        shape = v.shape[-1:]
        g = _beside(getter, f"{name}_g", v, arguments, shape=shape, initializer=ones)
        squared = jnp.square(v).sum(range(v.ndim - 1), keepdims=True)
        return v * (g.reshape(squared.shape) * jax.lax.rsqrt(squared + self.epsilon))


@dataclasses.dataclass(frozen=True)
class spectral_norm(_Checked):
    """Kernels over their largest singular value (Miyato et al., 2018).

    Each reading takes `iterations` steps of the power iteration from ``kernel_u``, a
    variable that is not trainable, and keeps where they lead: that needs
    `scopejax.transform_with_state`. A reading under ``reuse=True`` is a second one: it
    takes no step, and gives the kernel that the first one gave. A kernel of more axes
    is a matrix whose columns are its last axis.

    Attributes:
      where: which variables; kernels by default.
      iterations: of the power method, for each reading.
      update: False to evaluate: nothing is written.
      epsilon: added to lengths.

    >>> import scopejax as sj
    >>> def model(scope, update):
    ...     scope = scope.with_options(custom_getter=spectral_norm(update=update))
    ...     return scope.get_variable("kernel", (3, 2))
    >>> net = sj.transform_with_state(model)
    >>> params, state = net.init(jax.random.key(0), True)
    >>> for _ in range(50):
    ...     kernel, state = net.apply(params, state, True)
    >>> jnp.linalg.norm(kernel, 2).round(3).item()
    1.0
    """

    where: NamePattern = _KERNELS
    iterations: int = 1
    update: bool = True
    epsilon: float = 1e-12

    def __call__(self, getter: VariableGetter, name: str, **arguments: Any) -> Any:
        """The kernel, divided."""
        w = getter(name, **arguments)
        if not matches_name(self.where, name):
            return w
        mine = {"shape": w.shape[-1:], "trainable": False, "initializer": _NORMAL}
        u = _beside(getter, f"{name}_u", w, arguments, **mine)
        matrix = w.reshape(-1, w.shape[-1])
        fixed = jax.lax.stop_gradient(matrix)
        moves = self.update and arguments["reuse"] is not True
        for _ in range(self.iterations if moves or not self.update else 0):
            v = self._unit(fixed @ u)
            u = self._unit(v @ fixed)
        if moves:
            getter.assign(f"{name}_u", u.astype(arguments["dtype"]))
        v = self._unit(fixed @ u)
        return w / (v @ matrix @ u)

    def _unit(self, x: jax.Array) -> jax.Array:
        return x * jax.lax.rsqrt(jnp.square(x).sum() + self.epsilon)


@dataclasses.dataclass(frozen=True)
class lora(_Checked):
    """Low-rank adapters: ``w + alpha / rank * a @ b`` (Hu et al., 2021).

    All variables below are frozen, `trainable=False`, and beside each that `where`
    means there are two that are not: ``kernel_lora_a`` `(in, rank)`, normal with
    variance 1 / in, and ``kernel_lora_b`` `(rank, out)`, zeros; so the model starts as
    it was. A kernel of more axes is a matrix whose columns are its last axis.

    Attributes:
      rank: of the adapters, at least 1.
      alpha: their weight, times `rank`.
      where: which variables; kernels by default.

    >>> import scopejax as sj
    >>> adapters = lora(rank=2, alpha=4.0)
    >>> def model(scope):
    ...     scope = scope.with_options(custom_getter=adapters)
    ...     return (scope / "head").get_variable("kernel", (3, 5))
    >>> net = sj.transform(model)
    >>> list(net.manifest().select(trainable=True))
    ['head/kernel_lora_a', 'head/kernel_lora_b']
    >>> params = net.init(jax.random.key(0))
    >>> bool((adapters.merge(params)["head"]["kernel"] == net.apply(params)).all())
    True
    """

    rank: int
    alpha: float = 1.0
    where: NamePattern = _KERNELS

    def __call__(self, getter: VariableGetter, name: str, **arguments: Any) -> Any:
        """The frozen variable and its adapters."""
        w = getter(name, **{**arguments, "trainable": False})
        if w.ndim < 2 or not matches_name(self.where, name):
            return w
        size, rank = math.prod(w.shape[:-1]), self.rank
        a = _beside(
            getter,
            f"{name}_lora_a",
            w,
            arguments,
            shape=(size, rank),
            initializer=normal(size**-0.5),
        )
        b = _beside(
            getter,
            f"{name}_lora_b",
            w,
            arguments,
            shape=(rank, w.shape[-1]),
            initializer=zeros,
        )
        return self._adapted(w, a, b)

    def _adapted(self, w: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
        change: jax.Array = (self.alpha / self.rank) * (a @ b)
        return w + change.reshape(w.shape)

    def merge(self, params: Mapping[str, Any]) -> Tree:
        """`params` without adapters: plain weights, in which they are contained.

        Args:
          params: nested dict of arrays, with stacks or without.

        Returns:
          The params of the same model without this getter.
        """
        flat = to_flat(params)
        for name in [n for n in flat if n.endswith("_lora_a")]:
            base = name.removesuffix("_lora_a")
            a, b = flat.pop(name), flat.pop(f"{base}_lora_b")
            flat[base] = self._adapted(flat[base], a, b)
        return from_flat(flat)


@dataclasses.dataclass(frozen=True)
class ema(_Checked):
    """Exponential moving averages of weights, to evaluate with.

    Beside each trainable variable of floats lies its average, ``kernel_ema``: it starts
    as the variable does, and each reading moves it: ``decay * average + (1 - decay) *
    w``. That needs `scopejax.transform_with_state`. A reading under ``reuse=True`` is
    a second one, and does not move it.

    Attributes:
      decay: of the average, below 1.
      evaluate: True to read the averages in place of the variables, and write nothing.
      where: which variables; all by default.

    >>> import scopejax as sj
    >>> def model(scope, evaluate):
    ...     scope = scope.with_options(custom_getter=ema(0.5, evaluate))
    ...     return scope.get_variable("w", (), initializer=ones)
    >>> net = sj.transform_with_state(model)
    >>> params, state = net.init(jax.random.key(0), False)
    >>> _, state = net.apply({"w": jnp.array(3.0)}, state, False)
    >>> net.apply({"w": jnp.array(3.0)}, state, True)[0].item()
    2.0
    """

    decay: float
    evaluate: bool = False
    where: NamePattern = "**"

    def __call__(self, getter: VariableGetter, name: str, **arguments: Any) -> Any:
        """The variable, or its average."""
        w = getter(name, **arguments)
        floating = jnp.issubdtype(w.dtype, jnp.floating)
        is_meant = arguments["trainable"] and matches_name(self.where, name)
        if not (floating and is_meant):
            return w
        mine = {"trainable": False, "initializer": InitialValueOf(name)}
        average = _beside(getter, f"{name}_ema", w, arguments, **mine)
        if self.evaluate:
            return average
        if arguments["reuse"] is not True:
            constant = jax.lax.stop_gradient(w)
            moved = self.decay * average + (1 - self.decay) * constant
            getter.assign(f"{name}_ema", moved)
        return w


@dataclasses.dataclass(frozen=True)
class gaussian_noise(_Checked):
    """Normal noise on weights, drawn anew for each `key` of `apply` (Graves, 2011).

    Attributes:
      stddev: of the noise; 0 switches it off.
      where: which variables; kernels by default.

    >>> import scopejax as sj
    >>> scope = sj.Scope({"kernel": jnp.zeros((2, 2))}, key=jax.random.key(0))
    >>> noisy = scope.with_options(custom_getter=gaussian_noise(0.1))
    >>> bool((noisy.get_variable("kernel", (2, 2)) != 0).all())
    True
    """

    stddev: float
    where: NamePattern = _KERNELS

    def __call__(self, getter: VariableGetter, name: str, **arguments: Any) -> Any:
        """The variable and its noise."""
        w = getter(name, **arguments)
        if not self.stddev or not matches_name(self.where, name):
            return w
        return w + self.stddev * jax.random.normal(getter.key(name), w.shape, w.dtype)


@dataclasses.dataclass(frozen=True)
class bernoulli_noise(_Checked):
    """Dropout of weights, DropConnect (Wan et al., 2013): each is 0, or scaled up.

    Attributes:
      rate: the share that is dropped, from 0, which switches it off, to below 1.
      where: which variables; kernels by default.

    >>> import scopejax as sj
    >>> scope = sj.Scope({"kernel": jnp.ones((2, 2))}, key=jax.random.key(0))
    >>> noisy = scope.with_options(custom_getter=bernoulli_noise(0.5))
    >>> sorted(set(noisy.get_variable("kernel", (2, 2)).ravel().tolist()))
    [0.0, 2.0]
    """

    rate: float
    where: NamePattern = _KERNELS

    def __call__(self, getter: VariableGetter, name: str, **arguments: Any) -> Any:
        """What is left of the variable."""
        w = getter(name, **arguments)
        if not self.rate or not matches_name(self.where, name):
            return w
        keep = jax.random.bernoulli(getter.key(name), 1.0 - self.rate, w.shape)
        return jnp.where(keep, w / (1 - self.rate), jnp.zeros_like(w))
