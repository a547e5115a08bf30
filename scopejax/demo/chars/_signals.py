"""Being told to stop, without being cut off in the middle of a step."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)  # Control-C; what `kill` and clusters send


@contextmanager
def stop_requests() -> Iterator[Callable[[], signal.Signals | None]]:
    """Gives a function that tells which signal has come, if any.

    The first one only asks; a second of its kind does what it did before. A signal that
    was ignored stays so, as under `nohup`.
    """
    received: list[signal.Signals] = []
    before: dict[int, Any] = {}

    def note(number: int, _: Any) -> None:
        received.append(signal.Signals(number))
        signal.signal(number, before[number])

    for which in SIGNALS:
        if signal.getsignal(which) is not signal.SIG_IGN:
            before[which] = signal.signal(which, note)
    try:
        yield lambda: received[0] if received else None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
