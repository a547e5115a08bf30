"""Where a user's call enters the library: what is wrong with the call is told here.

JAX takes its own frames out of tracebacks, and so are those of scopejax: the user's
lines are left. `jax_traceback_filtering` says whether that is done, for both. JAX has
no public function for it (`jax.extend` excludes files from the source lines of
equations alone), so the frames are taken out here, as errors pass.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import jax
import numpy as np

from .._base.errors import InvalidArgumentError, ScopeUsageError
from .._base.lines import is_own, raised_at, user_line
from .._base.texts import brief

_UNKNOWN_VALUE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)
# The keywords of a net's own functions; all others are the model's.
_OWN = {"init": {"given", "mesh", "progress"}, "apply": {"key"}}


# What JAX says of a scope that is mapped over and has nothing to map.
_NO_STACK = ("scan got no values to scan over", "vmap must have at least one non-None")


class Boundary:
    """The functions of one net, as the user calls them.

    Args:
      model: what the net was made of.
      given: what the functions take before the model's arguments: ``("params",)``.
      scoped: whether the model takes a scope first; tf1's do not.
    """

    def __init__(
        self, model: Callable[..., Any], given: tuple[str, ...], scoped: bool = True
    ) -> None:
        owner = getattr(model, "__self__", None)
        self._model = getattr(owner, "function", model)  # tf1's, within the core's
        self._skipped = int(scoped and self._model is model)
        self._given = {"init": ("key",), "apply": given, "check": given}

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with errors told and frames taken out."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            try:
                return function(*args, **kwargs)
            except Exception as error:
                told = self._told(error, function.__name__, args, kwargs)
                error.__traceback__ = _without_library(error.__traceback__)
                if told is not None:
                    raise told from error
                raise

        return call

    def _told(
        self, error: Exception, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Exception | None:
        """What is said in place of an error that is not scopejax's; None for itself."""
        given = self._given.get(name, ())
        rest = args[len(given) :]
        own = {k: v for k, v in kwargs.items() if k not in _OWN.get(name, ())}
        if isinstance(error, ValueError) and str(error).startswith(_NO_STACK):
            return _no_stack(error)
        if name != "apply" and isinstance(error, _UNKNOWN_VALUE):
            return self._unknown_value(error, rest, own)
        if isinstance(error, TypeError | SystemError):
            return self._not_an_array(rest, own) or self._misfit(name, args, rest, own)
        return None

    def _not_an_array(
        self, rest: tuple[Any, ...], own: dict[str, Any]
    ) -> InvalidArgumentError | None:
        """The error for an argument that JAX has no arrays or trees of."""
        try:
            leaves = jax.tree.leaves((rest, own))
        except (SystemError, RecursionError, ValueError):
            return InvalidArgumentError(
                "An argument is nested too deep for JAX, or contains itself.",
                found=brief(rest),
                where=user_line(),
            )
        for place, leaf in enumerate(leaves):
            dtype = getattr(leaf, "dtype", None)
            if isinstance(dtype, np.dtype) and dtype.kind in "OSUMmV":
                return InvalidArgumentError(
                    f"JAX has no arrays of dtype {dtype}, but the argument"
                    f" {self._names(rest, own)[place]} is one.",
                    found=brief(leaf),
                    where=user_line(),
                )
        return None

    def _parameters(self) -> list[inspect.Parameter]:
        """The model's own, without its scope."""
        found = inspect.signature(self._model).parameters.values()
        return list(found)[self._skipped :]

    def _misfit(
        self,
        name: str,
        args: tuple[Any, ...],
        rest: tuple[Any, ...],
        own: dict[str, Any],
    ) -> InvalidArgumentError | None:
        """The error for arguments that the model does not take; None if it does."""
        given = self._given.get(name, ())
        try:
            signature = inspect.signature(self._model)
        except (TypeError, ValueError):  # of a built-in
            return None
        try:
            signature.bind(*[None] * self._skipped, *rest, **own)
            if len(args) >= len(given):
                return None
            wrong = f"{' and '.join(given[len(args) :])} missing"
        except TypeError as error:
            wrong = str(error)
        model = _name(self._model)
        takes = ", ".join([*given, *map(str, self._parameters())])
        return InvalidArgumentError(
            f"{name} was called with arguments that {model} does not take: {wrong}.",
            expected=f"{name}({takes})",
            where=user_line(),
            remedy=_remedy(args, rest, own, given),
        )

    def _unknown_value(
        self, error: Exception, rest: tuple[Any, ...], own: dict[str, Any]
    ) -> InvalidArgumentError:
        """The error for a decision of Python's on a number that is not known yet."""
        places = sorted(set(map(int, re.findall(r"arrays\[(\d+)\]", str(error)))))
        names = self._names(rest, own)
        known = [names[place] for place in places if place < len(names)]
        of = f" that depends on {' and '.join(known)}" if known else ""
        return InvalidArgumentError(
            f"{_name(self._model)} needs the value of an array{of}, in Python, and no"
            " value is known while the model is recorded.",
            expected="shapes and dtypes alone to decide what the model does",
            found=type(error).__name__,
            where=raised_at(error.__traceback__) or user_line(),
            remedy="jnp.where or jax.lax.cond in place of if; what Python has to know,"
            " such as a flag or a count, is passed as a Python bool or int.",
        )

    def _names(self, rest: tuple[Any, ...], own: dict[str, Any]) -> list[str]:
        """What the leaves among the arguments are called, in the user's words."""
        parameters = [parameter.name for parameter in self._parameters()]
        found = jax.tree_util.tree_flatten_with_path((rest, own))[0]
        return [_argument(path, parameters) for path, _ in found]


def _no_stack(error: Exception) -> ScopeUsageError:
    """The error for scan or vmap over a scope that is no stack."""
    return ScopeUsageError(
        "A scope is passed to be sliced by scan or vmap, and it is not a stack.",
        found=str(error).partition("\n")[0],
        where=raised_at(error.__traceback__) or user_line(),
        remedy='Pass (scope / "layers").stack(n), of n layers.',
    )


def _argument(path: Any, parameters: list[str]) -> str:
    """``x``, ``batch['image']``."""
    kind, first, *inside = path
    name = str(getattr(first, "key", ""))
    if kind.idx == 0:
        known = first.idx < len(parameters)
        name = parameters[first.idx] if known else f"args[{first.idx}]"
    return name + jax.tree_util.keystr(tuple(inside))


def _name(model: Any) -> str:
    name = getattr(model, "__name__", type(model).__name__)
    return "the model" if name == "<lambda>" else str(name)


def _remedy(
    args: tuple[Any, ...],
    rest: tuple[Any, ...],
    own: dict[str, Any],
    given: tuple[str, ...],
) -> str:
    if "rngs" in own or "rng" in own:
        return "Pass one random key, key=key; the model asks for scope.key(name)."
    if "state" in given and not (len(args) > 1 and isinstance(args[1], Mapping)):
        return f"The state comes second: {', '.join(given)}, and then the arguments."
    if rest and isinstance(rest[0], Mapping) and len(args) > len(rest):
        return f"Pass {', '.join(given)} once, and then the model's own arguments."
    return "Pass what the model takes after its scope, in that order."


def _without_library(traceback: TracebackType | None) -> TracebackType | None:
    """The user's frames; all of them where JAX is asked to keep its own."""
    if getattr(jax.config, "jax_traceback_filtering", "auto") == "off":
        return traceback
    frames = []
    while traceback is not None:
        if not is_own(traceback.tb_frame):
            frames.append(traceback)
        traceback = traceback.tb_next
    kept: TracebackType | None = None
    for step in reversed(frames):
        kept = TracebackType(kept, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return kept
