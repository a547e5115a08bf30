"""``python -m benchmarks``: what scopejax costs, next to the same models by hand."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .measures import CLOCKS, MEASURES
from .report import as_json, text
from .rounds import Run, check, take
from .same import is_same


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a tenth of the layers and 2 repeats: shows that everything runs",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=MEASURES,
        metavar="NAME",
        help=f"one measure (may be repeated): {', '.join(MEASURES)}",
    )
    parser.add_argument("--repeats", type=int, metavar="N", help="7 by default")
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="cpu: processor time, steadier where others use the machine too",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    return parser


def run(arguments: Sequence[str] | None = None) -> tuple[Run, Path | None]:
    """The command line as what to take and where to write it."""
    options = parser().parse_args(arguments)
    measures = options.only or list(MEASURES)
    repeats = options.repeats or (2 if options.quick else 7)
    return Run(measures, repeats, options.quick, options.clock), options.json


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmarks; 1 where a program is not the same as by hand."""
    what, file = run(arguments)
    figures = take(what)
    checks = check()
    print(text(what, figures, checks))
    if file:
        report = as_json(what, figures, checks)
        file.write_text(json.dumps(report, indent=2) + "\n")
    verdicts = [verdict for results in checks.values() for verdict in results.values()]
    return 0 if all(map(is_same, verdicts)) else 1


if __name__ == "__main__":
    sys.exit(main())
