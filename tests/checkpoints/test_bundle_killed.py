"""A write that is cut off leaves no checkpoint, or a whole one."""

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from scopejax.checkpoints._tensorflow import Bundle, find, write

ARRAYS = {f"layer_{i}/w": np.full((64, 512), i, np.float32) for i in range(8)}
# Writes one checkpoint after the other, and says when it starts with it.
WRITER = """
import sys
import numpy as np
from scopejax.checkpoints._tensorflow import write
arrays = {f"layer_{i}/w": np.full((64, 512), i, np.float32) for i in range(8)}
write(sys.argv[1] + "/warm", arrays)
print("ready", flush=True)
for step in range(10_000):
    write(f"{sys.argv[1]}/model.ckpt-{step}", arrays)
"""


def prefixes(folder):
    """All that `find` takes for a checkpoint, by whatever file of it."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    names |= {name.partition(".data-")[0] for name in names}
    return {find(folder / name) for name in names} - {None}


def is_whole(prefix):
    """Whether all of `ARRAYS` can be read."""
    with Bundle(prefix) as read:
        same = [np.array_equal(read.read(name), ARRAYS[name]) for name in ARRAYS]
        return len(read.tensors) == len(ARRAYS) and all(same)


def test_a_killed_process_leaves_whole_checkpoints(tmp_path):
    """Whenever the writer is killed, what is found can be read to the last bit."""
    rng = random.Random(0)
    for trial in range(6):
        folder = tmp_path / str(trial)
        folder.mkdir()
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        found = prefixes(folder)
        assert folder / "warm" in found
        assert all(map(is_whole, found))


@pytest.mark.smoke
@pytest.mark.parametrize("calls", range(6))
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch, step, calls):
    """Whichever call fails, no file is left, or the whole checkpoint is there."""
    real, left = getattr(os, step), [calls]

    def fails(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise OSError("the disk is gone")
        return real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fails)
        with contextlib.suppress(OSError):
            write(tmp_path / "x", ARRAYS)
    if find(tmp_path / "x"):
        assert is_whole(tmp_path / "x")
    else:
        assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("limit", [1000, 100_000, 1 << 19])
def test_a_full_disk_leaves_nothing(tmp_path, limit):
    """A data file that does not fit is an error of the system, and is taken away."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(tmp_path / "x", ARRAYS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == []


def test_a_disk_that_is_full_before_the_index(tmp_path):
    """Where the data fits and the index does not, neither is left."""
    names = {f"layer_{i}/a_rather_long_name": np.float32(i) for i in range(999)}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * len(names), before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(tmp_path / "x", names)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == []
