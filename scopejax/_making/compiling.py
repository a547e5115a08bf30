"""A program that threads compile while the model is still being traced."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any


class Compiling:
    """One compilation, begun once and waited for where its result is needed.

    An init that is broken off cancels what its threads have not begun. Another init may
    wait for the same program: it compiles it on the spot then.

    Args:
      lower: gives what is to be compiled; called when the compilation begins.
    """

    def __init__(self, lower: Callable[[], Any]) -> None:
        self._lower = lower
        self._future: Future[Any] | None = None

    def start(self, threads: Executor) -> None:
        """Begins, if nobody has."""
        if self._future is None or self._future.cancelled():
            self._future = threads.submit(self._lower().compile)

    def result(self) -> Any:
        """The compiled program.

        Raises:
          Exception: what the compiler raised.
        """
        assert self._future is not None  # started before
        try:
            return self._future.result()
        except CancelledError:
            self._future = Future()
            self._future.set_result(self._lower().compile())
            return self._future.result()

    def succeeds(self) -> bool:
        """Whether the compiler is done and has raised nothing; waits for it."""
        try:
            self.result()
        except Exception:
            return False
        return True
