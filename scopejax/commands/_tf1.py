"""What of a program's TensorFlow 1 is in `scopejax.tf1`, and what is to be moved."""

from __future__ import annotations

import json
import textwrap
import tokenize
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .._base.numbers import counted
from ..tf1._running.as_tensorflow import is_importable, look_up
from ..tf1._words.missing import way
from ..tf1._words.outside import row_of
from ._tensorflow_names import uses

THERE, MOVED, MISSING = "there", "moved", "missing"
_WIDTH = 88


class Name(NamedTuple):
    """A name of TensorFlow in one file.

    Attributes:
      name: below ``tf.``.
      lines: where it is used.
      status: `THERE`; `MOVED`, where there is something else; `MISSING`.
      how: what there is instead, or "".
      row: which row of the guide it belongs to, or "".
    """

    name: str
    lines: tuple[int, ...]
    status: str
    how: str = ""
    row: str = ""

    @property
    def shown(self) -> str:
        """As a program spells it."""
        return self.name if self.name == "feed_dict" else f"tf.{self.name}"


class Report(NamedTuple):
    """What one file uses, or why it cannot be read."""

    path: Path
    names: tuple[Name, ...] = ()
    problem: str = ""

    @property
    def absent(self) -> list[Name]:
        """What is not there, by the line that it is first used in."""
        absent = [name for name in self.names if name.status != THERE]
        return sorted(absent, key=lambda name: name.lines)


def report(paths: Iterable[Path], as_json: bool = False) -> tuple[str, int]:
    """What is printed for the files, and the exit status.

    Args:
      paths: files, and folders, of which all ``.py`` files are read.
      as_json: JSON in place of text.

    Returns:
      The text, and 0 where all names are there, 1 where some are not, 2 where a file
      could not be read.

    Raises:
      FileNotFoundError: there is no such file.
    """
    reports = [_report(file) for path in paths for file in _files(path)]
    text = _json(reports) if as_json else _text(reports)
    if any(found.problem for found in reports):
        return text, 2
    return text, int(any(found.absent for found in reports))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.rglob("*.py"))
    if not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    return [path]


def _report(path: Path) -> Report:
    try:
        with tokenize.open(path) as file:
            found = uses(file.read(), str(path))
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        return Report(path, problem=f"{where}{error.msg}; it is no Python 3")
    except (UnicodeDecodeError, ValueError) as error:
        return Report(path, problem=str(error))
    lines: dict[str, list[int]] = {}
    for name, line in found:
        lines.setdefault(name, []).append(line)
    return Report(path, tuple(_name(n, lines[n]) for n in sorted(lines)))


def _name(name: str, lines: Sequence[int]) -> Name:
    if is_there(name):
        return Name(name, tuple(lines), THERE)
    how, row = way(name), row_of(name)
    status = MISSING if how is None else MOVED
    return Name(name, tuple(lines), status, how or "", row.shown if row else "")


def is_there(name: str) -> bool:
    """Whether `tf1` has what a dotted name of TensorFlow stands for.

    What is said of an object, as ``float32.name`` in ``tf.float32.name``, is Python's.

    >>> is_there("get_variable"), is_there("train.Saver"), is_there("float32.name")
    (True, False, True)
    """
    path = ""
    for part in name.split("."):
        below = f"{path}.{part}" if path else part
        if is_importable(below):
            path = below
            continue
        try:
            value = look_up(path, part)
        except AttributeError:
            return False
        rest = name[len(below) + 1 :]
        first = rest.partition(".")[0]
        return not (first and isinstance(value, type) and not hasattr(value, first))
    return is_importable(path)


# As text


def _text(reports: Sequence[Report]) -> str:
    parts = [part for found in reports for part in _part(found)]
    if len(reports) != 1:
        parts += ["", _total(reports)]
    return "\n".join(parts).strip("\n")


def _total(reports: Sequence[Report]) -> str:
    names = {name.name: name.status for found in reports for name in found.names}
    there = sum(status == THERE for status in names.values())
    return f"{counted(len(reports), 'file')}: {_counts(len(names), there)}"


def _counts(count: int, there: int) -> str:
    text = f"{counted(count, 'name')} of TensorFlow, {there} in scopejax.tf1"
    return text + (f", {count - there} not" if count > there else "")


def _part(found: Report) -> list[str]:
    if found.problem:
        return ["", f"{found.path}: {found.problem}"]
    there = [name.shown for name in found.names if name.status == THERE]
    lines = ["", f"{found.path}: {_counts(len(found.names), len(there))}"]
    if there:
        wrap = textwrap.TextWrapper(_WIDTH, "  there: ", "         ")
        lines += wrap.wrap(", ".join(there))
    for name in found.absent:
        where = ", ".join(map(str, name.lines[:5])) + ", ..." * (len(name.lines) > 5)
        how = name.how or "not known here: docs/from_tf1.md has the table"
        lines.append(f"  line {where}: {name.shown}")
        lines.append(f"      {how}")
    return lines


# As JSON


def _json(reports: Sequence[Report]) -> str:
    return json.dumps({"files": [_as_dict(found) for found in reports]}, indent=2)


def _as_dict(found: Report) -> dict[str, Any]:
    names = [{**name._asdict(), "name": name.shown} for name in found.names]
    return {"path": str(found.path), "problem": found.problem, "names": names}
