"""``python -m benchmarks``: what scopejax costs, next to by hand and to others."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import curves
from .cases import CLOCKS
from .contestants import installed, names
from .report import as_json, text
from .rounds import Figures, Run, check, take
from .same import is_same
from .table import MEASURES, SLOW, chosen, smallest


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add(
        "--quick",
        action="store_true",
        help="shows that everything runs: 2 repeats of the smallest measure of each "
        "kind and model, of a tenth of the layers",
    )
    add(
        "--only",
        action="append",
        metavar="NAME",
        help=f"one measure, or a pattern as in a shell (may be repeated): "
        f"{', '.join(MEASURES)}",
    )
    add("--slow", action="store_true", help=f"also {', '.join(SLOW)}")
    everyone = ",".join(names())
    add("--contestants", metavar="A,B", default=everyone, help=f"of {everyone}")
    add("--without", action="append", default=[], metavar="A", help="all but this one")
    add("--repeats", type=int, metavar="N", help="7 by default, 3 for curves")
    add(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="cpu: processor time, steadier where others use the machine too",
    )
    add("--json", type=Path, metavar="FILE", help="write all figures")
    add("--markdown", type=Path, metavar="FILE", help="write what is printed")
    add(
        "--curves",
        type=Path,
        metavar="FILE.png",
        help="in place of the measures, draw how figures grow with layers and width",
    )
    return parser


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, and in `run` what to take."""
    found = parser().parse_args(arguments)
    patterns = found.only or (smallest() if found.quick else ["*"])
    asked, without = {*found.contestants.split(",")}, {*found.without}
    _refuse("contestant", (asked | without) - {*names()}, names())
    _refuse("measure", {p for p in patterns if not chosen([p], slow=True)}, MEASURES)
    found.run = Run(
        curves.measures() if found.curves else chosen(patterns, found.slow),
        [name for name in installed() if name in asked - without],
        found.repeats or (2 if found.quick else 3 if found.curves else 7),
        found.quick,
        found.clock,
    )
    return found


def _refuse(what: str, unknown: set[str], known: Iterable[str]) -> None:
    if unknown:
        there = ", ".join(known)
        parser().error(f"no {what} {', '.join(sorted(unknown))}; there are {there}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmarks; 1 where a program is not the same as by hand."""
    asked = options(arguments)
    run: Run = asked.run
    figures = take(run)
    checks = {} if asked.curves else check(run)
    _tell(asked, figures, checks)
    if asked.curves:
        curves.draw(run, figures, asked.curves)
    verdicts = [verdict for results in checks.values() for verdict in results.values()]
    return 0 if all(map(is_same, verdicts)) else 1


def _tell(
    asked: argparse.Namespace, figures: Figures, checks: dict[str, dict[str, str]]
) -> None:
    page = text(asked.run, figures, checks)
    print(page)
    if asked.markdown:
        asked.markdown.write_text(page + "\n")
    if asked.json:
        report = as_json(asked.run, figures, checks)
        asked.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
