"""A save that is cut off leaves the old checkpoint, or the new one whole."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import scopejax as sj
from scopejax import checkpoints

COUNT, SHAPE = 8, (64, 512)
PRELUDE = f"""
import resource, sys
import numpy as np
from scopejax import checkpoints

def version(number):
    array = np.full({SHAPE}, number, np.float32)
    return {{"h%d" % i: {{"w": array + i}} for i in range({COUNT})}}
"""
OVER_AND_OVER = """
for number in range(10_000):
    checkpoints.save(sys.argv[1] + "/net.safetensors", version(number))
    if number == 0:
        print("ready", flush=True)
"""
SIDE_BY_SIDE = """
for number in range(10_000):
    checkpoints.save(f"{sys.argv[1]}/step_{number}", version(number))
    if number == 0:
        print("ready", flush=True)
"""
FULL = """
checkpoints.save(sys.argv[1], version(1))
print("ready", flush=True)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for limit in (10, 1000, 100_000, 1 << 19):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        checkpoints.save(sys.argv[1], version(2))
    except OSError as error:
        print(error.strerror, flush=True)
"""


def program(source, *arguments):
    """A process of its own that runs `source`, and has come to say that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + source, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


def killed_while_writing(source, folder, seconds):
    """Starts a program, and kills it some time after it is ready."""
    with program(source, folder) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def version_of(path):
    """Which version lies at `path`, once it is found to be all of that one."""
    flat = sj.to_flat(checkpoints.load(path))
    number = np.asarray(flat["h0/w"])[0, 0]
    assert set(flat) == {f"h{i}/w" for i in range(COUNT)}
    for i in range(COUNT):
        expected = np.full(SHAPE, number + i, np.float32)
        np.testing.assert_array_equal(flat[f"h{i}/w"], expected)
    return int(number)


def test_a_killed_process_leaves_a_whole_file(tmp_path):
    """Whenever a process is killed, its file is one of the versions, whole."""
    rng, last = random.Random(0), -1
    for _ in range(4):
        killed_while_writing(OVER_AND_OVER, tmp_path, rng.uniform(0, 0.05))
        last = max(last, version_of(tmp_path / "net.safetensors"))
        beside = [name for name in os.listdir(tmp_path) if name[0] != "."]
        assert beside == ["net.safetensors"]
    assert last > 0


def test_a_killed_process_leaves_whole_directories(tmp_path):
    """What orbax had not finished is no checkpoint, and the rest is whole."""
    rng, found = random.Random(1), 0
    for trial in range(3):
        folder = tmp_path / str(trial)
        folder.mkdir()
        killed_while_writing(SIDE_BY_SIDE, folder, rng.uniform(0, 0.2))
        for path in folder.iterdir():
            if path.name.startswith("step_") and not path.suffix:
                assert version_of(path) == int(path.name.removeprefix("step_"))
                found += 1
            else:
                with pytest.raises(sj.InvalidArgumentError, match="no checkpoint"):
                    checkpoints.load(path)
    assert found >= 3


def test_a_full_disk_leaves_the_old_file(tmp_path):
    """A file that does not fit is an error, and the old one stays alone."""
    path = tmp_path / "net.safetensors"
    with program(FULL, path) as process:
        told = process.stdout.read()
    assert told.splitlines() == [b"File too large"] * 4
    assert version_of(path) == 1
    assert os.listdir(tmp_path) == [path.name]
