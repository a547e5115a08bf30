"""A run that is killed and started again ends as if it had never been stopped."""

import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from ..helpers.pages import ROOT, blocks, out_of_the_box
from ..helpers.randomness import cases, seed_or

# As the other process has it.
pytestmark = pytest.mark.optimized

GUIDE = ROOT / "docs" / "checkpoints.md"


def program():
    """The guide's training loop: its blocks up to the one with the loop."""
    code = [code for kind, code, _ in blocks(GUIDE) if kind == "python"]
    loop = next(i for i, block in enumerate(code) if "def train(" in block)
    return "\n".join(code[: loop + 1])


def killed(folder, after):
    """Trains in a process of its own, which is killed once a step of that number is."""
    more = f"\ntrain({str(folder)!r}, 10**6, every=3)"
    command = [sys.executable, "-c", program() + more]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder.parent
    ) as process:
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None:
            if any(int(step.name) >= after for step in folder.glob("[0-9]*[0-9]")):
                break
            time.sleep(0.003)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.long
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, monkeypatch):
    """Killed at a random moment, it ends with the bits of one that was not."""
    monkeypatch.chdir(tmp_path)
    random, names = np.random.default_rng(seed_or(0)), {}
    with out_of_the_box():
        exec(program(), names)
        for number in range(cases(1)):
            folder = tmp_path / f"killed_{number}"
            killed(folder, random.integers(3, 60))
            done = max(int(step.name) for step in folder.glob("[0-9]*[0-9]"))
            resumed = names["train"](folder, done + 7, every=3)
            straight = names["train"](tmp_path / f"straight_{number}", done + 7, 1000)
            assert resumed["step"] == straight["step"] == done + 7
            assert resumed["key"] == straight["key"]
            for tree in ("params", "state", "opt_state"):
                jax.tree.map(
                    np.testing.assert_array_equal, resumed[tree], straight[tree]
                )
