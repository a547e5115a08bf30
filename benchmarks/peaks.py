"""How much memory a process holds at most."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def peak(every: float = 0.001) -> Iterator[Callable[[], int]]:
    """Gives a function that says how much more memory than now was held, in bytes.

    Args:
      every: seconds from one look to the next.
    """
    done, seen = threading.Event(), [own_memory()]
    before = seen[0]

    def watch() -> None:
        while not done.wait(every):
            seen.append(own_memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: max([*seen, own_memory()]) - before
    finally:  # a thread that goes on would keep a process that failed from ending
        done.set()
        thread.join()


def own_memory() -> int:
    """Bytes of this process's own memory, without mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell RssAnon")
