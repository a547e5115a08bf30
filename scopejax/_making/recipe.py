"""What an initializer does to each number that it draws, read off its jaxpr.

Most initializers draw random bits, one word for each number, and treat all of them
alike: shift, scale, `erf_inv`, cut. That is a `Recipe`: the width of the bits, a chain
of elementwise steps, and a last factor, which often depends on the shape and is kept
apart. Two initializers of one chain can share a program, whatever their shapes; see
`fused`. What is no such chain (`orthogonal`, two draws, a matrix product) has no
recipe, and nothing is lost by it but time.

Nothing here knows a distribution by name. So an initializer that a user has written has
a recipe too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._jax.calls import PLAIN

# Steps that do the same to each number, and depend on no shape.
_STEPS = """
    abs add and bitcast_convert_type clamp convert_element_type copy cos div erf erf_inv
    exp exp2 expm1 integer_pow log log1p logistic max min mul neg nextafter not or pow
    rsqrt shift_left shift_right_logical sign sin sqrt square stop_gradient sub tan tanh
    xor
"""
_ELEMENTWISE = frozenset(_STEPS.split())
# The widths of random bits that Threefry's words of 32 bits are cut to.
_WORDS = {8: jnp.uint8, 16: jnp.uint16, 32: jnp.uint32}
# Steps that change the shape alone, where they keep the number of elements.
_RESHAPING = frozenset(["broadcast_in_dim", "reshape", "squeeze", "expand_dims"])
_LAYOUT = ("sharding",)  # parameters that say where, not what
# What the last factor may be made of: exact in every implementation.
_EXACT = {
    "add": np.add,
    "div": np.divide,
    "mul": np.multiply,
    "neg": np.negative,
    "sqrt": np.sqrt,
    "sub": np.subtract,
}


class NoRecipe(Exception):
    """The initializer is not a chain of elementwise steps over random bits."""


class Scalar(NamedTuple):
    """A number, or a primitive of others."""

    value: Any
    arguments: tuple[Scalar, ...] = ()
    parameters: tuple[tuple[str, Any], ...] = ()


class Step(NamedTuple):
    """One primitive; None among its operands stands for the numbers themselves."""

    primitive: Any
    parameters: tuple[tuple[str, Any], ...]
    operands: tuple[Scalar | None, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Chain:
    """What happens to each number; a fused program is made for one.

    Attributes:
      text: the same in each process, and equal for equal chains.
      width: how many random bits there are for each number.
      steps: from the bits on.
    """

    text: str
    width: int = dataclasses.field(compare=False)
    steps: tuple[Step, ...] = dataclasses.field(compare=False)

    def apply(self, bits: Any) -> Any:
        """The steps on an array of random words of any shape, within a trace."""
        x = bits.astype(_WORDS[self.width])
        for step in self.steps:
            operands = [
                x if o is None else jnp.broadcast_to(_emit(o), x.shape)
                for o in step.operands
            ]
            x = _bind(step.primitive, step.parameters, operands)
        return x


class Recipe(NamedTuple):
    """``chain.apply(bits) * factor``, the factor of the chain's dtype."""

    chain: Chain
    factor: np.ndarray


def read(jaxpr: Any, dtype: np.dtype) -> Recipe:
    """The recipe of an initializer from its closed jaxpr, a function of one key.

    Raises:
      NoRecipe: it has none.

    >>> init = jax.nn.initializers.uniform(0.5)
    >>> jaxpr = jax.make_jaxpr(lambda key: init(key, (2, 3)))(jax.random.key(0))
    >>> recipe = read(jaxpr, np.dtype("float32"))
    >>> recipe.chain.width, float(recipe.factor)
    (32, 0.5)
    """
    (result,) = _walk(jaxpr.jaxpr, jaxpr.consts, [_KEY])
    if not isinstance(result, _Drawn):
        raise NoRecipe("it draws nothing")
    if result.width not in _WORDS:
        raise NoRecipe(f"it draws {result.width} bits for each number")
    steps, factor = _without_factor(result.steps, dtype)
    text = "; ".join([f"{result.width} bits", *map(_step_text, steps), str(dtype)])
    return Recipe(Chain(text, result.width, steps), factor)


def fills(jaxpr: Any) -> bool:
    """Whether an initializer, from its jaxpr, draws nothing and is the same all over.

    >>> ones = jax.make_jaxpr(lambda key: jax.numpy.ones((2, 3)))(jax.random.key(0))
    >>> fills(ones)
    True
    """
    try:
        (result,) = _walk(jaxpr.jaxpr, jaxpr.consts, [_KEY])
    except Exception:  # it has no recipe, or is like none before
        return False
    return isinstance(result, Scalar)


class _Drawn(NamedTuple):
    """Numbers on their way from random bits."""

    width: int
    size: int
    steps: tuple[Step, ...] = ()


_KEY = object()
_Value = Any  # _KEY, a `Scalar` or a `_Drawn`


def _walk(jaxpr: Any, consts: Sequence[Any], arguments: list[_Value]) -> list[_Value]:
    known: dict[Any, _Value] = dict(zip(jaxpr.invars, arguments, strict=True))
    for var, const in zip(jaxpr.constvars, consts, strict=True):
        known[var] = _constant(const, var.aval)
    for equation in jaxpr.eqns:
        operands = [_read(known, atom) for atom in equation.invars]
        known |= zip(equation.outvars, _results(equation, operands), strict=True)
    return [_read(known, atom) for atom in jaxpr.outvars]


def _read(known: dict[Any, _Value], atom: Any) -> _Value:
    if hasattr(atom, "val"):  # a literal; its type is slow to import
        return _constant(atom.val, atom.aval)
    return known[atom]


def _constant(value: Any, aval: Any) -> Scalar:
    if isinstance(value, jax.core.Tracer) or np.ndim(value):
        raise NoRecipe("it uses an array")
    return Scalar(np.asarray(value, aval.dtype)[()])


def _results(equation: Any, operands: list[_Value]) -> list[_Value]:
    """What an equation of the jaxpr gives."""
    name = equation.primitive.name
    if name in PLAIN:
        inner = equation.params[PLAIN[name]]
        return _walk(inner.jaxpr, inner.consts, operands)
    if name == "random_wrap" and operands[0] is _KEY:
        return [_KEY]
    if name == "random_bits" and operands[0] is _KEY:
        return [_Drawn(equation.params["bit_width"], equation.outvars[0].aval.size)]
    if any(operand is _KEY for operand in operands):
        raise NoRecipe(f"its key goes into {name}")
    drawn = [operand for operand in operands if isinstance(operand, _Drawn)]
    if drawn and any(drawn[0].size != var.aval.size for var in equation.outvars):
        raise NoRecipe("it does not keep one number for each that it draws")
    if name in _RESHAPING:
        return operands[:1]
    if name not in _ELEMENTWISE:
        raise NoRecipe(f"it uses {name}")
    parameters = tuple(sorted(equation.params.items()))
    if not drawn:
        return [Scalar(equation.primitive, tuple(operands), parameters)]
    if len(drawn) > 1:
        raise NoRecipe("it uses a draw twice")
    others = tuple(None if operand is drawn[0] else operand for operand in operands)
    step = Step(equation.primitive, parameters, others)
    return [drawn[0]._replace(steps=(*drawn[0].steps, step))]


def _without_factor(
    steps: tuple[Step, ...], dtype: np.dtype
) -> tuple[tuple[Step, ...], np.ndarray]:
    """The steps before the last factor, and it.

    XLA makes one constant of two that follow each other. Numbers of 16 bits it computes
    as float32 and rounds in between, so there each stays.
    """
    if not steps or not _scales(steps[-1]):
        return steps, np.ones((), dtype)
    *before, last = steps
    factor = _scale(last)
    if before and _scales(before[-1]) and dtype.itemsize >= 4:
        factor = np.multiply(_scale(before.pop()), factor)
    return tuple(before), np.asarray(factor, dtype)


def _scales(step: Step) -> bool:
    return bool(step.primitive.name == "mul")


def _scale(step: Step) -> Any:
    return _number(next(operand for operand in step.operands if operand is not None))


def _number(scalar: Scalar) -> Any:
    """The value of a scalar, where it is made of steps that are exact."""
    name = getattr(scalar.value, "name", None)
    if name is None:
        return scalar.value
    arguments = map(_number, scalar.arguments)
    if name == "convert_element_type":
        dtype = dict(scalar.parameters)["new_dtype"]
        return np.asarray(*arguments).astype(dtype)[()]
    if name in _RESHAPING or name in ("stop_gradient", "copy"):
        return next(arguments)
    if name not in _EXACT:
        raise NoRecipe(f"its factor uses {name}")
    return _EXACT[name](*arguments)


def _emit(scalar: Scalar) -> Any:
    if not hasattr(scalar.value, "bind"):
        return jnp.asarray(scalar.value, scalar.value.dtype)
    arguments = list(map(_emit, scalar.arguments))
    return _bind(scalar.value, scalar.parameters, arguments)


def _bind(
    primitive: Any, parameters: tuple[tuple[str, Any], ...], operands: list[Any]
) -> Any:
    plain = {name: None if name in _LAYOUT else it for name, it in parameters}
    return primitive.bind(*operands, **plain)


def _step_text(step: Step) -> str:
    operands = ", ".join("x" if o is None else _scalar_text(o) for o in step.operands)
    return f"{step.primitive.name}{_parameters_text(step.parameters)}({operands})"


def _scalar_text(scalar: Scalar) -> str:
    if not hasattr(scalar.value, "bind"):
        return f"{scalar.value!r}:{scalar.value.dtype}"
    arguments = ", ".join(map(_scalar_text, scalar.arguments))
    text = _parameters_text(scalar.parameters)
    return f"{scalar.value.name}{text}({arguments})"


def _parameters_text(parameters: tuple[tuple[str, Any], ...]) -> str:
    shown = [f"{name}={it}" for name, it in parameters if name not in _LAYOUT]
    return f"[{' '.join(shown)}]" if shown else ""
