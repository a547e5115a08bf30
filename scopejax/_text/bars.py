"""Where a bar is shown: a terminal, or the output of a notebook's cell.

In a terminal it is rich's, or one line of text where rich is missing, on standard
error. In a notebook it is an output that is updated in place, of IPython's own: rich's
would need ipywidgets, and warn where they are missing. Neither is imported before.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple, Protocol, TextIO

from .._base.numbers import bytes_text


class State(NamedTuple):
    """What there is to show.

    Attributes:
      label: what is being done.
      done, total: bytes; the total is None as long as nobody knows it.
      rest: other counts, in words.
    """

    label: str
    done: int
    total: int | None
    rest: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All numbers."""
        if self.total is None:
            return ", ".join(self.rest)
        done, total = bytes_text(self.done), bytes_text(self.total)
        if done.split()[1] == total.split()[1]:
            done = done.split()[0]
        counted = f"{done} of {total}"
        return ", ".join((counted, *self.rest))


class Display(Protocol):
    """Where a bar is shown."""

    def show(self, state: State) -> None:
        """Shows a state in place of the one before."""

    def close(self) -> None:
        """Takes the bar away."""


def display() -> Display | None:
    """None where nobody would see it."""
    if _in_notebook():
        return _Cell()
    if not _is_terminal(sys.stderr):
        return None
    try:
        return _Bar()
    except ImportError:
        return _Line()


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _in_notebook() -> bool:
    """Whether this is a kernel of Jupyter; if so, it has imported IPython."""
    find = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return find is not None and hasattr(find(), "kernel")


class _Bar:
    """Rich's."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(max(8, min(40, console.width - 70))),
            TextColumn("{task.fields[text]}", markup=False),
            TimeRemainingColumn(),
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=_is_terminal(sys.stdout),  # what goes to a file stays there
        )
        self._task = self._bar.add_task("", total=None, text="")

    def show(self, state: State) -> None:
        self._bar.update(
            self._task,
            description=state.label,
            completed=state.done,
            total=state.total if state.done else None,  # it moves to and fro until then
            text=state.text,
        )
        self._bar.start()  # if nobody has
        self._bar.refresh()

    def close(self) -> None:
        self._bar.stop()


class _Line:
    """One line of text, written over itself."""

    def __init__(self) -> None:
        self._file = sys.stderr
        self._width = 0

    def show(self, state: State) -> None:
        columns = os.get_terminal_size(self._file.fileno()).columns or 80
        self._write(f"{state.label}: {state.text}"[: columns - 1])

    def close(self) -> None:
        self._write("")
        self._file.write("\r")
        self._file.flush()

    def _write(self, line: str) -> None:
        self._file.write(f"\r{line:<{self._width}}")
        self._file.flush()
        self._width = len(line)


class _Cell:
    """An output of a notebook's cell; it is left empty, as none can be taken away."""

    def __init__(self) -> None:
        from IPython import display as ipython

        show: Any = ipython.display
        self._handle = show(_data("", ""), raw=True, display_id=True)

    def show(self, state: State) -> None:
        known = f' value="{state.done}" max="{state.total}"' if state.done else ""
        text = f"{state.label}: {state.text}"
        self._update(text, f"<progress{known}></progress> {text}")

    def close(self) -> None:
        self._update("", "")

    def _update(self, text: str, html: str) -> None:
        self._handle.update(_data(text, html), raw=True)


def _data(text: str, html: str) -> dict[str, str]:
    return {"text/plain": text, "text/html": html}
