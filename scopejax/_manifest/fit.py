"""How a tree of arrays differs from a manifest, and one manifest from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from .._base.errors import VariableMismatchError
from .._base.lines import user_line
from .._base.names import nearest
from .._base.trees import flat_names, is_array
from .._spec.spec import VariableSpec

Specs = Mapping[str, VariableSpec]


class Described(Protocol):
    """What has a shape and a dtype: a spec, an array, an abstract array."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...


def require_fit(
    specs: Specs, tree: Any, what: str, *, complete: bool
) -> dict[str, Any]:
    """Raises unless `tree` holds what `specs` say; lists every difference at once.

    Args:
      specs: full name -> spec.
      tree: nested dict of arrays.
      what: how the error calls it.
      complete: whether nothing may be missing.

    Returns:
      The leaves of `tree` by full name.

    Raises:
      VariableMismatchError: there is a difference.
    """
    flat = flat_names(tree, what)
    refuse(what, list(differences(specs, flat, complete)))
    return flat


def refuse(what: str, lines: list[str], remedy: str | None = None) -> None:
    """Raises if there are any differences.

    Raises:
      VariableMismatchError: lists them, one a line.
    """
    if lines:
        places = "1 place" if len(lines) == 1 else f"{len(lines)} places"
        raise VariableMismatchError(
            "\n    ".join([f"{what} differs from the model in {places}:", *lines]),
            where=user_line(),
            remedy=remedy,
        )


def differences(
    specs: Mapping[str, Described], flat: Mapping[str, Any], complete: bool
) -> Iterator[str]:
    """One line for each difference: missing, unexpected, of other shape or dtype."""
    for name, spec in specs.items():
        if name in flat:
            yield from _differs(name, spec, flat[name])
        elif complete:
            yield f"missing     {name}: shape {spec.shape}, dtype {spec.dtype}"
    for name, leaf in flat.items():
        if name not in specs:
            close = nearest(name, specs)
            hint = f" (nearest: {', '.join(close)})" if close else ""
            kind = "" if is_array(leaf) else f", a {type(leaf).__name__}"
            yield f"unexpected  {name}{kind}{hint}"


def _differs(name: str, spec: Described, leaf: Any) -> Iterator[str]:
    if not is_array(leaf):
        yield f"no array    {name}: {leaf!r}"
        return
    shape, dtype = tuple(leaf.shape), leaf.dtype
    for field, expected, found in (
        ("shape", spec.shape, shape),
        ("dtype", spec.dtype, dtype),
    ):
        if expected != found:
            yield f"{field:<10}  {name}: expected {expected} and found {found}"


_COMPARED = ("shape", "dtype", "trainable", "stack")


def require_agreement(one: VariableSpec, two: VariableSpec) -> None:
    """Raises where two models ask for other variables under one name."""
    for field in _COMPARED:
        ours, theirs = getattr(one, field), getattr(two, field)
        if ours != theirs:
            raise VariableMismatchError(
                f"The two models disagree on {one.name}: {field} {ours} and {theirs}.",
                name=one.name,
                expected=str(ours),
                found=str(theirs),
                where=two.where,
                first=one.where,
            )
