"""Whatever a public function is given, the answer is scopejax's and names the argument.

A function that is decorated is run as it is: nothing is checked on the way that it does
not check itself. Where it fails with an error of Python, NumPy or JAX, the arguments
are looked at, by the rules of this table, to find the one at fault. Errors that pass
through code of the user's are the user's, and stay what they are.
"""

from __future__ import annotations

import functools
import inspect
import os
import sysconfig
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

import jax

from .errors import InvalidArgumentError, ScopeError
from .lines import is_user, user_line
from .rules import RULES, allows
from .texts import brief, cut

C = TypeVar("C")
F = TypeVar("F", bound=Callable[..., Any])

# What is not an argument's fault, or is for JAX to say: a value that is traced, a file
# that is not there, a library that is missing; and NameError, of an axis without a map.
_PASSED_ON = (
    ScopeError,
    OSError,
    ImportError,
    jax.errors.JAXTypeError,
    jax.errors.JAXIndexError,
    jax.errors.UnexpectedTracerError,
    jax.errors.JaxRuntimeError,
)
_TOLD = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
_ALSO_TOLD = (RuntimeError, AssertionError, SystemError)


def answering(function: F) -> F:
    """The function, with an error of its own for whatever it is given."""

    @functools.wraps(function)
    def answered(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return function(*args, **kwargs)
        except _PASSED_ON:
            raise
        except (*_TOLD, *_ALSO_TOLD) as error:
            told = blamed(function, error, args, kwargs)
            if told is None:
                raise
            raise told from error

    return answered  # type: ignore[return-value]


def answering_methods(kind: type[C]) -> type[C]:
    """A class whose public methods and constructor are all `answering`."""
    for name, method in list(vars(kind).items()):
        if inspect.isfunction(method) and (name == "__init__" or name[0] != "_"):
            setattr(kind, name, answering(method))
    return kind


def checking(function: F) -> F:
    """`answering` for what is called seldom, and keeps what it is given for later."""

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        require_rules(_name(function), _given(function, args, kwargs) or {})
        return answered(*args, **kwargs)

    answered = answering(function)
    return checked  # type: ignore[return-value]


def require_rules(function: str, given: Mapping[str, Any]) -> None:
    """Refuses the first argument that is not what its rule says.

    The rule is that of the function, or else that of all functions.

    Raises:
      InvalidArgumentError: names it.
    """
    for name, value in given.items():
        rule = RULES.get(f"{function}.{name}", RULES.get(name))
        if rule is not None and not allows(rule, value):
            raise InvalidArgumentError(
                f"{function}'s {name} must be {rule.words}, but received:"
                f" {brief(value)}",
                expected=rule.words,
                found=type(value).__name__,
                where=user_line(),
            )


def blamed(
    function: Callable[..., Any],
    error: Exception,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> InvalidArgumentError | None:
    """The error that names the argument at fault.

    None where the error is the user's own, or the call is: a keyword that there is not.
    """
    name, given = _name(function), _given(function, args, kwargs)
    if given is None or _is_users(error.__traceback__):
        return None
    try:
        require_rules(name, given)
    except InvalidArgumentError as found:
        return found
    shown = ", ".join(f"{key}={brief(value)}" for key, value in given.items())
    return InvalidArgumentError(
        f"{name} cannot be called{' with ' * bool(shown)}{cut(shown, 400)}.",
        found=cut(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"),
        where=user_line(),
    )


def _name(function: Callable[..., Any]) -> str:
    return function.__qualname__.removesuffix(".__init__")


def _given(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any] | None:
    """The arguments by their names, without defaults; None if they are not taken."""
    signature = inspect.signature(function)
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return None
    defaults = {k: p.default for k, p in signature.parameters.items()}
    return {k: v for k, v in bound.items() if k != "self" and v is not defaults[k]}


_LIBRARIES = tuple(
    os.path.join(sysconfig.get_path(kind), "")
    for kind in ("stdlib", "platstdlib", "purelib", "platlib")
)


def _is_users(traceback: TracebackType | None) -> bool:
    """Whether an error came through a function of the user's."""
    step = traceback.tb_next if traceback else None  # the first frame is our own
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if is_user(step.tb_frame) and not name.startswith((*_LIBRARIES, "<")):
            return True
        step = step.tb_next
    return False
