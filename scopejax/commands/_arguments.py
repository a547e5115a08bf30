"""The options of the commands, and what they print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .._base.errors import ScopeError
from ._words import OF_TWO, Words, for_stream, told

Command = Callable[[argparse.Namespace], int]


def add_commands(commands: Any) -> None:
    """Adds inspect, diff, convert and tf1 to the sub-parsers of a parser."""
    for add in (_add_inspect, _add_diff, _add_convert, _add_tf1):
        add(commands)


def _careful(command: Command, words: Words | None = None) -> Command:
    """A command that tells what went wrong in words, and ends with status 2."""

    def careful(args: argparse.Namespace) -> int:
        try:
            return command(args)
        except ScopeError as error:
            problem = told(error, words or {})
        except FileNotFoundError as error:
            lost = error.filename
            problem = f"there is no {_absent(Path(lost))}" if lost else str(error)
        except (BrokenPipeError, KeyboardInterrupt):
            raise
        except (OSError, ImportError) as error:
            problem = str(error)
        problem = for_stream(f"python -m scopejax: {problem}", sys.stderr)
        print(problem, file=sys.stderr)
        return 2

    return careful


def _absent(path: Path) -> Path:
    """The outermost part of `path` that is not there, such as the folder of a file."""
    parts = [*reversed(path.parents), path]
    return next((part for part in parts if not part.exists()), path)


def _print(text: str) -> None:
    """Prints at once, so that what goes wrong with the output is told here, too."""
    print(for_stream(text, sys.stdout), flush=True)


def _inspect(args: argparse.Namespace) -> int:
    from ._inspect import inspect

    _print(
        inspect(
            args.path,
            match=args.match,
            slot=args.slot,
            figures=args.stats,
            as_json=args.json,
            format=args.format,
        )
    )
    return 0


def _diff(args: argparse.Namespace) -> int:
    from ._diff import diff

    lines = diff(
        args.a,
        args.b,
        match=args.match,
        rtol=args.rtol,
        atol=args.atol,
        formats=(args.source_format, args.format),
    )
    _print("\n".join(lines) if lines else "No difference.")
    return 1 if lines else 0


def _convert(args: argparse.Namespace) -> int:
    from ._convert import convert

    _print(
        convert(
            args.a,
            args.b,
            select=args.select,
            rename=dict(args.rename) or None,
            cast=args.cast,
            slot=args.slot,
            item=args.item,
            source_format=args.source_format,
            target_format=args.format,
        )
    )
    return 0


def _tf1(args: argparse.Namespace) -> int:
    from ._tf1 import report

    text, status = report(args.files, args.json)
    _print(text)
    return status


def _renaming(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"must be OLD=NEW, but is {text!r}")
    return old, new


def _tolerance(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number from 0 on, but is {text!r}")
    return number


_KINDS = "a safetensors file, a directory of orbax, or a checkpoint of TensorFlow"
_FORMATS = ("safetensors", "orbax", "tf1")


def _add_inspect(commands: Any) -> None:
    parser = commands.add_parser(
        "inspect",
        help="show what is in a checkpoint",
        description=f"Shows the variables in {_KINDS}: names, shapes, dtypes, bytes,"
        " with totals by scope; with --slot, what an optimizer kept for them. Reads no"
        " numbers but for --stats.",
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--match", metavar="GLOB", help="only these: 'encoder/**'")
    parser.add_argument("--slot", default="", help="what an optimizer kept: 'Adam'")
    parser.add_argument(
        "--stats", action="store_true", help="min, mean, max and the count of NaN"
    )
    parser.add_argument("--json", action="store_true", help="JSON in place of a table")
    parser.add_argument("--format", choices=_FORMATS, help="if the path does not tell")
    parser.set_defaults(command=_careful(_inspect))


def _add_diff(commands: Any) -> None:
    parser = commands.add_parser(
        "diff",
        help="compare two checkpoints",
        description="Lists what differs between two checkpoints of whatever kinds: one"
        " line a variable. Ends with status 0 where nothing does, with 1 otherwise.",
    )
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    parser.add_argument("--match", metavar="GLOB", help="only these: 'encoder/**'")
    parser.add_argument(
        "--rtol", type=_tolerance, default=0.0, metavar="R", help="relative tolerance"
    )
    parser.add_argument(
        "--atol", type=_tolerance, default=0.0, metavar="A", help="absolute tolerance"
    )
    _add_formats(parser)
    parser.set_defaults(command=_careful(_diff, OF_TWO))


def _add_convert(commands: Any) -> None:
    parser = commands.add_parser(
        "convert",
        help="write a checkpoint in another format",
        description="Reads one checkpoint and writes another, array by array. B tells"
        " the format: net.safetensors; step_1000, a directory of orbax; or"
        " model.ckpt-1000, which TensorFlow reads.",
    )
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    parser.add_argument(
        "--select", metavar="GLOB", help="only these, by their new names"
    )
    parser.add_argument(
        "--rename",
        type=_renaming,
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="'old/**=new/**'; may be given again, the first that fits counts",
    )
    parser.add_argument("--cast", metavar="DTYPE", help="of all numbers of its kind")
    parser.add_argument(
        "--slot", default="", help="what an optimizer kept, in place of the variables"
    )
    parser.add_argument("--item", default="", help="what is below a name: 'params'")
    _add_formats(parser)
    parser.set_defaults(command=_careful(_convert, OF_TWO))


def _add_tf1(commands: Any) -> None:
    parser = commands.add_parser(
        "tf1",
        help="what of a TensorFlow 1 program is in scopejax.tf1",
        description="Lists the names of TensorFlow that a program uses, without running"
        " it: those that scopejax.tf1 has, and by line those that are to be moved, and"
        " how. Ends with status 0 where all are there, with 1 otherwise, and with 2"
        " where a file cannot be read.",
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="JSON in place of text")
    parser.set_defaults(command=_careful(_tf1))


def _add_formats(parser: argparse.ArgumentParser) -> None:
    """Those of two paths."""
    parser.add_argument(
        "--from", dest="source_format", choices=_FORMATS, help="if A does not tell"
    )
    parser.add_argument(
        "--to", dest="format", choices=_FORMATS, help="if B does not tell"
    )
