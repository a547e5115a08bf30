"""What a scope passes down to the variables and scopes below it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import jax

from .._base.dtypes import as_dtype
from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief
from .._jax.memory import MEMORIES


class _ReuseMode(enum.Enum):
    """`AUTO_REUSE`: create what does not exist, return what does."""

    AUTO_REUSE = 1

    def __repr__(self) -> str:
        return "AUTO_REUSE"


AUTO_REUSE: Final = _ReuseMode.AUTO_REUSE

Reuse = bool | None | Literal[_ReuseMode.AUTO_REUSE]
Regularizer = Callable[[Any], Any]
Constraint = Callable[[Any], Any]
Getter = Callable[..., Any]
Partitioner = Callable[..., Any]


def no_regularizer(_: Any) -> None:
    """Give this as `regularizer` to switch an inherited one off.

    >>> import scopejax as sj
    >>> no_regularizer(1.0) is None
    True
    """


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Options:
    """The defaults of one scope. None stands for "nothing given so far"."""

    reuse: Reuse = None
    initializer: Any = None
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None
    dtype: Any = None
    partitioner: Partitioner | None = None
    custom_getter: Getter | None = None
    caching_device: Any = None
    trainable: bool | None = None

    def override(self, where: str, **given: Any) -> Options:
        """These options with those `given` that are not None put over them."""
        changes = {k: v for k, v in given.items() if v is not None}
        for option, value in changes.items():
            check_option(option, value, where)
        for option, value in changes.items():
            put_over = OPTIONS[option].put_over
            if put_over is not None:
                changes[option] = put_over(value, getattr(self, option), where)
        return self._having(changes)

    def _having(self, changes: dict[str, Any]) -> Options:
        """As `dataclasses.replace`, in half the time: models do it for each layer."""
        options = object.__new__(Options)
        for name, (read, write) in _SLOTS.items():
            write(options, changes[name] if name in changes else read(self))
        return options

    def acts_alike(self, other: Options) -> bool:
        """Whether lookups of variables that exist do the same under both."""
        return self.dtype == other.dtype and _equal(
            self.custom_getter, other.custom_getter
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and all(
            _equal(getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
        )

    def __hash__(self) -> int:
        return hash((Options, self.reuse, str(self.dtype), self.trainable))


_SLOTS: dict[str, tuple[Any, Any]] = {
    field.name: (
        getattr(Options, field.name).__get__,
        getattr(Options, field.name).__set__,
    )
    for field in dataclasses.fields(Options)
}


def _equal(one: Any, two: Any) -> bool:
    """Equality that an initializer or getter with arrays inside cannot break."""
    if one is two:
        return True
    try:
        return type(one) is type(two) and bool(one == two)
    except (TypeError, ValueError):  # arrays: the truth value is ambiguous
        return False


def _is_place(value: Any) -> bool:
    if isinstance(value, str):
        return value in MEMORIES
    return isinstance(value, jax.Device | jax.sharding.Sharding)


@dataclasses.dataclass(frozen=True)
class _Composed:
    """Two custom getters, the inner scope's first. A value: equal parts are equal."""

    inner: Getter
    outer: Getter

    def __call__(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        return self.inner(getter.around(self.outer), *args, **kwargs)


def _composed(getter: Getter, inherited: Getter | None, _: str) -> Getter:
    return getter if inherited is None else _Composed(getter, inherited)


class Option(NamedTuple):
    """What holds for one of the options.

    Attributes:
      is_fine: whether it can have a value, which is not None.
      refusal: the text of the error for a value that it cannot have.
      put_over: ``(value, inherited, name of the scope)`` -> what is passed down; None
        where that is the value.
      on_spec: whether the spec of a new variable has it as it is, under its own name.
        What becomes of the others stands in `_scope/lookup.py`.
    """

    is_fine: Callable[[Any], bool] | None = None
    refusal: str = ""
    put_over: Callable[[Any, Any, str], Any] | None = None
    on_spec: bool = False


OPTIONS = {
    "reuse": Option(
        lambda v: v is True or v is False or v is AUTO_REUSE,
        "The reuse parameter must be True or False or None or AUTO_REUSE, but"
        " received: {!r}",
        lambda value, inherited, _: inherited if value is False else value,
    ),
    "initializer": Option(),
    "regularizer": Option(
        callable, "Regularizer must be callable, but received: {!r}", on_spec=True
    ),
    "constraint": Option(
        callable, "Constraint must be callable, but received: {!r}", on_spec=True
    ),
    "dtype": Option(
        put_over=lambda value, _, name: as_dtype(value, name), on_spec=True
    ),
    "partitioner": Option(callable, "Partitioner must be callable, but received: {!r}"),
    "custom_getter": Option(
        callable, "Passed a custom_getter which is not callable: {!r}", _composed
    ),
    "caching_device": Option(
        _is_place,
        "caching_device must be a device, a sharding, 'device' or 'pinned_host', but"
        " received: {!r}",
        on_spec=True,
    ),
    "trainable": Option(
        lambda v: isinstance(v, bool),
        "trainable must be True or False or None, but received: {!r}",
        on_spec=True,
    ),
}
"""All that a scope passes down: a row for each field of `Options`."""

ON_SPEC = tuple(name for name, option in OPTIONS.items() if option.on_spec)


def check_option(option: str, value: Any, name: str) -> None:
    """Refuses a value that `option` cannot have; None is always fine."""
    row = OPTIONS[option]
    if value is not None and row.is_fine is not None and not row.is_fine(value):
        refusal = row.refusal.replace("{!r}", brief(value))
        raise InvalidArgumentError(refusal, name=name, where=user_line())
