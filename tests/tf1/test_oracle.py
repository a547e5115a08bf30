"""scopejax.tf1 answers the recorded scenarios as TensorFlow 1 did."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ..tf1_oracle.namespace import factory

HERE = Path(__file__).parents[1] / "tf1_oracle"
sys.path.insert(0, str(HERE))

import tf1_more_cases as more  # noqa: E402
import tf1_oracle_cases as oracle  # noqa: E402

assert more.CASES is oracle.CASES  # one set of scenarios, in two files

RECORDED = json.loads((HERE / "tf1_oracle.json").read_text())
RECORDED |= json.loads((HERE / "tf1_more.json").read_text())
READINGS = tomllib.loads((HERE / "readings.toml").read_text())


@pytest.mark.smoke
@pytest.mark.parametrize("name", oracle.CASES)
def test_scenarios(name):
    """A scenario ends as in TensorFlow, or as its row in the table of readings says."""
    answer = oracle.run_case(name, *factory())
    if name not in READINGS:
        assert answer == RECORDED[name]
        return
    reading = READINGS[name]
    assert json.loads(reading["tf"]) == RECORDED[name]
    assert json.loads(reading["here"]) == answer
    assert reading["why"]


@pytest.mark.parametrize("name", READINGS)
def test_readings_are_needed(name):
    """A row is there for a scenario that JAX reads otherwise, or that means nothing."""
    mark = oracle.CASES[name].mark
    assert mark in "RM"
    assert mark == "M" or READINGS[name]["tf"] != READINGS[name]["here"]


def test_what_means_nothing_has_a_row():
    """Every scenario marked M stands in the table, agreed with or not."""
    meaningless = {name for name, case in oracle.CASES.items() if case.mark == "M"}
    assert meaningless <= set(READINGS)


def test_the_command_line_works():
    """The scenario file checks the namespace by itself, from the project's root."""
    command = "tests/tf1_oracle/tf1_oracle_cases.py --check"
    done = subprocess.run(
        [sys.executable, *command.split(), "tests.tf1_oracle.namespace:factory"],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    known = [name for name in READINGS if name in _published()]
    same = [n for n in known if READINGS[n]["tf"] == READINGS[n]["here"]]
    agreed = len(_published()) - len(known) + len(same)
    assert f"{agreed} of {len(_published())} agree" in done.stdout, done.stderr


def _published():
    return json.loads((HERE / "tf1_oracle.json").read_text())
