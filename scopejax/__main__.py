"""The command line: ``python -m scopejax demo | inspect | diff | convert | tf1``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from . import __version__
from .commands import add_commands


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help shows the options)\n")


def _steps(text: str) -> int:
    return _whole(text, 1, 10_000_000)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**32 - 1)


def _whole(text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from {least:,} to {most:,}, but is {text!r}"
        )
    return number


def _demo(args: argparse.Namespace) -> int:
    from .demo import run

    return run(args.steps, args.seed, args.out, args.model)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m scopejax",
        description="scopejax: named scopes and shared variables for models in JAX.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="command", required=True)
    demo = commands.add_parser(
        "demo",
        help="train a small network, in half a minute or a minute and a half",
        description="Trains a network, prints its table of variables and writes its"
        " weights and a picture to a folder. digits: a siamese network on"
        " scikit-learn's 8x8 digits, and the error that a forgotten reuse gives. chars:"
        " a transformer on the sources of Python's standard library; Control-C or kill"
        " stops it, and the same command goes on from there, bit for bit. A finished"
        " run that is started again starts anew. No download, no accelerator.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    demo.add_argument(
        "--model", choices=("digits", "chars"), default="digits", help="what to train"
    )
    demo.add_argument(
        "--steps", type=_steps, default=1000, metavar="N", help="batches to train on"
    )
    demo.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="of the initial values, the batches and the digits' split",
    )
    demo.add_argument(
        "--out",
        type=Path,
        default="demo_out",
        metavar="DIR",
        help="folder for the files, made if it is not there",
    )
    demo.set_defaults(command=_demo)
    add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; its exit status."""
    args = _parser().parse_args(arguments)
    try:
        status: int = args.command(args)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the output has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
