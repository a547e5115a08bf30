"""How many random cases a law tries, and from which seed.

Usually few, and always the same. `pytest -m long` tries a hundred times as many from a
seed that is new each time and printed; `--share 0.02` is a part of them, and `--seed`
repeats a run.
"""

import dataclasses
import secrets

import pytest
from hypothesis import seed, settings

_TIMES = 100


@dataclasses.dataclass
class _Chosen:
    times: float = 1.0
    seed: int | None = None


_chosen = _Chosen()


def add_options(parser):
    """The options of `pytest -m long`."""
    parser.addoption(
        "--share", type=float, default=1.0, help="of the long tests' cases"
    )
    parser.addoption("--seed", type=int, help="of the long tests")


def choose(config):
    """Reads the options, before a test file is imported; workers get the same seed."""
    if "long" in config.option.markexpr and "not long" not in config.option.markexpr:
        if config.option.seed is None:
            config.option.seed = secrets.randbelow(2**32)
        _chosen.times = max(1.0, _TIMES * config.option.share)
        _chosen.seed = config.option.seed


def told():
    """A line for the head of pytest's report, if there is something to say."""
    if _chosen.seed is not None:
        yield f"long tests: {_chosen.times:g} times the cases, --seed {_chosen.seed}"


def cases(few):
    """How many cases, of a test that usually tries `few`."""
    return round(few * _chosen.times)


def seed_or(usual):
    """The seed of this run, or the usual one."""
    return usual if _chosen.seed is None else _chosen.seed


def examples(few):
    """A law of hypothesis that tries `few` examples, and many as a long test."""

    def decorate(law):
        random = _chosen.seed is not None
        law = settings(max_examples=cases(few), derandomize=not random)(law)
        return pytest.mark.long(seed(_chosen.seed)(law) if random else law)

    return decorate
