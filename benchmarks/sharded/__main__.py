"""Sharded init, next to other libraries: ``python -m benchmarks.sharded``.

On 8 devices that are threads of one processor. Each figure comes from a fresh process,
in turns. A figure that has not ended in time is told as that, and not tried again; nor
are those of larger models.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..report import about, table
from ..rounds import rotated
from . import DEVICES, installed
from .curves import LINES, draw
from .figures import TAKES, Case, Figure

SIZES = ((48, 128), (8, 1024))
"""Layers and width of those in the table."""

MOST_TIME, MOST_MEMORY = 0.5, 1.15
"""Of the best peer's, and of the bytes of the arrays on all devices."""

Figures = dict[Case, list[Figure]]

# Beyond these bytes an array has pages of its own, which go back when it is dropped.
_PAGES = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
_ENVIRONMENT = {
    **os.environ,
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_COMPILATION_CACHE": "false",
    "XLA_FLAGS": f"--xla_force_host_platform_device_count={DEVICES}",
}


def taken(what: str, case: Case, limit: float) -> Figure | None:
    """What a fresh process tells; None where it has not ended in time.

    Raises:
      RuntimeError: it failed.
    """
    own = _PAGES if what == "memory" else {}
    command = [sys.executable, "-m", "benchmarks.sharded", "--worker", what]
    try:
        done = subprocess.run(
            [*command, json.dumps(case)],
            env={**_ENVIRONMENT, **own},
            capture_output=True,
            text=True,
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise RuntimeError(f"{what} of {case} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def collect(
    what: str, cases: Sequence[Case], ways: Sequence[str], repeats: int, limit: float
) -> Figures:
    """All figures, in turns; tells on stderr how far it is.

    Args:
      cases: the sizes; their ways are replaced.
    """
    found: Figures = {}
    late: set[Case] = set()
    for turn in range(repeats):
        for size in cases:
            for way in rotated(ways, turn):
                case = size._replace(way=way)
                hopeless = any(map(case.is_no_smaller, late))
                figure = None if hopeless else taken(what, case, limit)
                if figure is None:
                    late.add(case)
                else:
                    found.setdefault(case, []).append(figure)
                note = f"{turn + 1}/{repeats} {what} {case} {figure or 'too late'}"
                print(note, file=sys.stderr, flush=True)
    return found


def median(figures: Sequence[Figure], field: str) -> float:
    """That of one field."""
    return statistics.median(figure[field] for figure in figures)


def best_peer(figures: Figures, like: Case) -> float:
    """The smallest median of cold inits by other libraries; NaN if there is none."""
    peers = [name for name, way in installed().items() if way.peer]
    cases = [like._replace(way=name) for name in peers]
    cold = (median(figures[case], "cold") for case in cases if case in figures)
    return min(cold, default=float("nan"))


_TIMES_HEAD = (
    "layers, width",
    "",
    "cold init",
    "min .. max",
    "to best peer",
    "another init",
    "programs",
)


def time_rows(figures: Figures, cases: Iterable[Case]) -> Iterator[tuple[str, ...]]:
    """A row for each case; without figures it came too late."""
    for case in cases:
        size = f"{case.layers}, {case.width}", installed()[case.way].title
        if case not in figures:
            yield (*size, "too late", "", "", "", "")
            continue
        taken = figures[case]
        cold = [figure["cold"] for figure in taken]
        yield (
            *size,
            f"{statistics.median(cold):.3g} s",
            f"{min(cold):.3g} .. {max(cold):.3g}",
            f"{statistics.median(cold) / best_peer(figures, case):.2f}",
            f"{median(taken, 'warm'):.3g} s",
            f"{median(taken, 'programs'):.0f}",
        )


_MEMORY_HEAD = (
    "layers, width",
    "",
    "arrays",
    "largest part",
    "first init",
    "another init",
    "to arrays",
    f"at most {MOST_MEMORY} of arrays and {DEVICES} parts",
)


def memory_rows(figures: Figures) -> Iterator[tuple[str, ...]]:
    """A row for each case that came in time."""
    for case, taken in figures.items():
        cold, warm, held, part = (
            median(taken, field) / 1e6 for field in ("cold", "warm", "held", "part")
        )
        met = warm <= MOST_MEMORY * held + DEVICES * part
        yield (
            f"{case.layers}, {case.width}",
            installed()[case.way].title,
            f"{held:.0f} MB",
            f"{part:.1f} MB",
            f"{cold:.0f} MB",
            f"{warm:.0f} MB",
            f"{warm / held:.2f}",
            "yes" if met else "no",
        )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser("python -m benchmarks.sharded")
    add = parser.add_argument
    names = [*installed()]
    add("--ways", default=",".join(names), metavar="A,B", help=f"of {names}")
    add("--repeats", type=int, default=3, metavar="N")
    add("--limit", type=float, default=300, metavar="SECONDS", help="of one process")
    add("--quick", action="store_true", help="does it all run? two layers, once")
    add("--curves", type=Path, metavar="FILE.png", help="draw how init grows instead")
    add("--worker", nargs=2, help=argparse.SUPPRESS)
    return parser


def _tables(asked: argparse.Namespace, ways: list[str]) -> None:
    """Takes and prints what the tables have."""
    sizes = [Case("", 2 if asked.quick else n, width) for n, width in SIZES]
    cases = [size._replace(way=way) for size in sizes for way in ways]
    repeats = 1 if asked.quick else asked.repeats
    times = collect("times", sizes, ways, repeats, asked.limit)
    memory = collect("memory", sizes[-1:], ways, 1, asked.limit)
    print(table([_TIMES_HEAD, *time_rows(times, cases)]))
    print()
    print(table([_MEMORY_HEAD, *memory_rows(memory)]))
    ours = [case for case in times if case.way == "scopejax"]
    for case in ours:
        ratio = median(times[case], "cold") / best_peer(times, case)
        verdict = "yes" if ratio <= MOST_TIME else "NO"
        size = f"{case.layers} layers {case.width} wide"
        print(f"\n{size}: at most {MOST_TIME} of best peer? {verdict}: {ratio:.2f}")


def _curves(asked: argparse.Namespace, ways: list[str]) -> None:
    """Takes, prints and draws how init grows."""
    figures: Figures = {}
    rows: list[tuple[str, ...]] = [_TIMES_HEAD]
    for line in LINES:
        sizes = [Case("", *size) for size in line.sizes]
        figures |= collect("times", sizes, ways, asked.repeats, asked.limit)
        cases = [size._replace(way=way) for size in sizes for way in ways]
        rows += time_rows(figures, cases)
    print(table(rows))
    draw(figures, ways, asked.curves)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all, or is one worker."""
    asked: Any = parser().parse_args(arguments)
    if asked.worker:
        what, case = asked.worker
        print(json.dumps(TAKES[what](Case(*json.loads(case)))))
        return
    print(", ".join(f"{what} {value}" for what, value in about().items()), end="\n\n")
    (_curves if asked.curves else _tables)(asked, asked.ways.split(","))


if __name__ == "__main__":
    main()
