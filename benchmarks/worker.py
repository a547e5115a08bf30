"""What a fresh process does: take one figure, or look something up; prints JSON.

``python -m benchmarks.worker KIND CASE``, the case as a JSON list, or
``python -m benchmarks.worker check CONTESTANT``, or
``python -m benchmarks.worker device``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from .cases import Case
from .measures import KINDS


def _check(contestant: str) -> Any:
    from .same import check

    return check(contestant)


def _device() -> str:
    import jax

    return str(jax.devices()[0].device_kind)


_ERRANDS: dict[str, Callable[..., Any]] = {"check": _check, "device": _device}


def main(what: str, *arguments: str) -> None:
    """Prints one JSON value."""
    if what in _ERRANDS:
        answer = _ERRANDS[what](*arguments)
    else:
        answer = KINDS[what].take(Case(*json.loads(*arguments)))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
