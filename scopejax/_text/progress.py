"""A bar for what takes long, in a terminal or a notebook; elsewhere nothing at all.

Who works counts, and a thread of its own looks ten times a second and shows what it
sees, so that no work waits for the bar. In a terminal it is rich's, or one line of text
where rich is missing, on standard error; in a notebook one output that is updated in
place. It is gone when the work is done. Without a bar there is no thread, and nothing
is imported.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import jax

from .._base.errors import InvalidArgumentError
from .._base.lines import user_line
from .._base.texts import brief
from .._spec.spec import VariableSpec
from .bars import Display, State, display

_SECONDS = 0.1  # from one look to the next

Advance = Callable[[int], None]
W = TypeVar("W", bound="Work")


def asked(progress: Any, work: Callable[[], W]) -> W | None:
    """What `work` makes, if `progress` says that it should be seen.

    Raises:
      InvalidArgumentError: `progress` is no bool.
    """
    if isinstance(progress, bool):
        return work() if progress else None
    raise InvalidArgumentError(
        f"progress must be True or False, but received: {brief(progress)}",
        expected="bool",
        found=type(progress).__name__,
        where=user_line(),
        remedy="It says whether a bar is shown. A model's own keyword of that name"
        " has to be called otherwise.",
    )


# What is counted


class Work:
    """How far some work has come, in bytes.

    An array that is under computation counts when it is there, not when it is begun.

    Args:
      label: what is being done.
      nbytes: how much there is to do; None if it is not known yet.
      arrays: how many there are, if they are counted, too.
      noun: what one of them is called.
    """

    def __init__(
        self, label: str, nbytes: int | None, arrays: int = 0, noun: str = "array"
    ) -> None:
        self.label, self.nbytes = label, nbytes
        self.arrays, self.noun = arrays, noun
        self._done = self._arrays = 0
        self._under_way: deque[tuple[Any, int]] = deque()

    def advance(self, nbytes: int) -> None:
        """Counts an array that is done."""
        self._done += nbytes
        self._arrays += 1

    def begin(self, array: jax.Array, nbytes: int) -> None:
        """Will count an array as soon as it is there."""
        self._under_way.append((array, nbytes))

    def state(self) -> State:
        """What there is to show now; called by one thread at a time."""
        while self._under_way and self._under_way[0][0].is_ready():
            _, nbytes = self._under_way.popleft()
            self.advance(nbytes)
        return State(self.label, self._done, self.nbytes, tuple(self._rest()))

    def finish(self) -> None:
        """Counts all that is left."""
        self._done, self._arrays = self.nbytes or 0, self.arrays

    def wait(self) -> None:
        """Waits for what is begun."""
        for array, _ in self._under_way.copy():
            array.block_until_ready()

    def _rest(self) -> Iterator[str]:
        if self.arrays:
            yield _counted(self._arrays, self.arrays, self.noun)


def _counted(done: int, total: int, noun: str) -> str:
    """``"2 of 3 programs"``, and in the end ``"3 programs"``."""
    some = "" if done == total else f"{done:,} of "
    return f"{some}{total:,} {noun}{'' if total == 1 else 's'}"


class Making(Work):
    """How far a call of init has come: it records the model, and makes the arrays."""

    def __init__(self) -> None:
        super().__init__("recording", None, noun="variable")
        self._recorded: Sized = ()
        self._programs: list[Future[Any]] = []

    def record(self, specs: Sized) -> None:
        """Will look at `specs`, which grow as the model asks for variables."""
        self._recorded = specs

    def expect(self, specs: Collection[VariableSpec]) -> None:
        """The recording is over, and these are to be made, beside those before."""
        self.label = "making"
        self.nbytes = (self.nbytes or 0) + sum(spec.nbytes for spec in specs)
        self.arrays += len(specs)

    def threads(self, count: int | None, prefix: str) -> ThreadPoolExecutor:
        """Threads that compile; what they are given counts as a program."""
        return _NotingThreads(self._programs, count, prefix)

    def _rest(self) -> Iterator[str]:
        if self.nbytes is None:
            seen = len(self._recorded)
            yield _counted(seen, seen, self.noun)
        yield from super()._rest()
        if self._programs:
            done = sum(program.done() for program in self._programs)
            yield _counted(done, len(self._programs), "program")


def making_shown(progress: Any) -> AbstractContextManager[Making | None]:
    """A `Making` that is shown within it; None if `progress` is False, or unseen."""
    return shown(asked(progress, Making))


class _NotingThreads(ThreadPoolExecutor):
    """Threads whose tasks are noted down."""

    def __init__(self, tasks: list[Future[Any]], count: int | None, name: str) -> None:
        super().__init__(count, name)
        self._tasks = tasks

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        task = super().submit(*args, **kwargs)
        self._tasks.append(task)
        return task


@contextlib.contextmanager
def progress(label: str, nbytes: int) -> Iterator[Advance]:
    """Gives a function to call with the bytes of each array that is done."""
    work = Work(label, nbytes)
    with shown(work):
        yield work.advance


# How it is shown


@contextlib.contextmanager
def shown(work: W | None) -> Iterator[W | None]:
    """Shows `work` while the body runs, and gives it; None where nobody sees it."""
    where = None if work is None else display()
    if work is None or where is None:
        yield None
        return
    onlooker = _Onlooker(work, where)
    try:
        onlooker.look()
        onlooker.start()
        yield work
        work.wait()
    finally:
        try:
            onlooker.stop()
        finally:
            with contextlib.suppress(Exception):  # of a terminal that is gone
                where.close()


class _Onlooker(threading.Thread):
    """Looks at some work, now and then, and shows what it sees."""

    def __init__(self, work: Work, where: Display) -> None:
        super().__init__(name="scopejax-bar", daemon=True)
        self._work, self._where = work, where
        self._over = threading.Event()

    def look(self) -> None:
        """Shows how things are; by one thread at a time."""
        try:
            self._where.show(self._work.state())
        except (OSError, ValueError):  # a terminal that is gone stops no work
            self._over.set()

    def run(self) -> None:
        while not self._over.wait(_SECONDS):
            self.look()

    def stop(self) -> None:
        """Ends it with a last look."""
        self._over.set()
        if self.ident is not None:
            self.join()
        self.look()
