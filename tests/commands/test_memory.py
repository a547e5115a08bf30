"""Large checkpoints pass through a small memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scopejax.checkpoints._entry import Source
from scopejax.checkpoints._formats import FORMATS

MIB = 1 << 20
LARGE = 32 * MIB

# Runs a command; prints by how much its own memory grew at most, without mapped files.
PROGRAM = """
import json, re, sys, threading, time
import jax, jax.numpy, numpy, safetensors
import scopejax.__main__ as command
from scopejax import checkpoints
from scopejax.commands import _convert, _diff, _inspect

def anonymous():
    with open("/proc/self/status") as file:
        return 1024 * int(re.search(r"RssAnon:\\s+(\\d+)", file.read())[1])

def watch():
    global peak
    while not done:
        peak = max(peak, anonymous())
        time.sleep(0.002)

done, before = False, anonymous()
peak = before
thread = threading.Thread(target=watch)
thread.start()
status = command.main(sys.argv[1:])
done = True
thread.join()
print(json.dumps({"status": status, "growth": peak - before}))
"""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="memory is read as Linux tells it"
)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Files of 256 MiB by format, of eight arrays."""
    folder = tmp_path_factory.mktemp("large")
    array = np.arange(LARGE // 4, dtype=np.float32)
    sources = [Source(f"w{i}", array.shape, "float32", lambda: array) for i in range(8)]
    paths = {"safetensors": folder / "a.safetensors", "tf1": folder / "a.ckpt-1"}
    for form, path in paths.items():
        FORMATS[form].write(path, sources, {})
    yield paths
    for file in folder.iterdir():
        file.unlink()


def growth(*arguments):
    """How many bytes a command takes at most, besides mapped files."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["status"] == 0
    return found["growth"]


@pytest.mark.parametrize("form", ["safetensors", "tf1"])
def test_figures_take_pieces_of_arrays(large, form):
    """`inspect --stats` holds no copy of the file."""
    assert growth("inspect", large[form], "--stats") < 100 * MIB


def test_a_comparison_takes_pieces_of_arrays(large):
    """`diff` holds no copy of either file."""
    assert growth("diff", large["safetensors"], large["tf1"]) < 100 * MIB


@pytest.mark.parametrize("name", ["b.safetensors", "b.ckpt-1"])
@pytest.mark.parametrize("form", ["safetensors", "tf1"])
def test_arrays_pass_one_at_a_time(large, tmp_path, form, name):
    """`convert` holds one array at most, and a cast copy of it."""
    target = tmp_path / name
    assert growth("convert", large[form], target, "--cast", "bfloat16") < 100 * MIB
    for file in tmp_path.iterdir():
        file.unlink()
