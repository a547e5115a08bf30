"""Two processes and one mesh: the example runs, ends whatever happens, and is right."""

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys

import jax
import numpy as np
import pytest

from scopejax import checkpoints, to_flat

from ..helpers.closeness import assert_close
from ..helpers.meshes import all_bits, mesh_of
from ..helpers.pages import ROOT

# One worker runs them all: what they share is made once.
pytestmark = pytest.mark.xdist_group("two processes")

EXAMPLE = ROOT / "docs" / "examples" / "two_processes.py"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "XLA_FLAGS": "",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # as this process has it
}
SECONDS = 100


def started(*command):
    """A process whose output is read."""
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=ENVIRONMENT,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_there(pid):
    """Whether a process of that number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def worker_pids(example):
    """The two processes that the example says it has started."""
    lines = [example.stdout.readline() for _ in range(2)]
    return [int(re.fullmatch(r"process \d has the pid (\d+)\n", x)[1]) for x in lines]


# What it reports is so


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder that a run of the example has written to, and what it has printed."""
    folder = tmp_path_factory.mktemp("two")
    with started(EXAMPLE, folder, f"--limit={SECONDS}") as example:
        try:
            out, err = example.communicate(timeout=2 * SECONDS)
        finally:
            example.kill()
    assert example.returncode == 0, err
    return folder, out


@pytest.fixture(scope="module")
def example():
    """The example's functions."""
    spec = importlib.util.spec_from_file_location("two_processes", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def restored(example, ran, name):
    """What the two have saved, on another mesh, which is checked."""
    shapes = example.NET.manifest(example.TOKENS).shapes(mesh_of(2, 4))
    params = checkpoints.load(ran[0] / name, shapes)
    jax.tree.map(
        lambda a, like: require_equal(a.sharding, like.sharding), params, shapes
    )
    return params


def require_equal(found, wanted):
    assert found == wanted


def test_two_processes_make_what_one_device_makes(example, ran):
    """What two processes make is, bit for bit, what one device makes."""
    alone = example.NET.init(jax.random.key(0), example.TOKENS, given=example.GIVEN)
    assert all_bits(restored(example, ran, "init")) == all_bits(alone)
    specs = example.NET.manifest(example.TOKENS).shardings(mesh_of(4, 2))
    splits = {str(tuple(sharding.spec)) for sharding in to_flat(specs).values()}
    assert splits >= {"()", "('data',)", "(None, 'data', 'model')"}


def test_two_processes_train_as_one(example, ran):
    """After training they differ by rounding alone from one process."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        first, alone, losses = example.train(mesh_of(4, 2))
    assert losses[-1] < losses[0] / 2
    together = to_flat(restored(example, ran, "trained"))
    for name, array in to_flat(alone).items():
        assert_close(together[name], array, ulps=256)
        assert np.abs(array - to_flat(first)[name]).max() > 1e-3, name


def test_the_report(ran):
    """The example prints what it has compared."""
    assert re.fullmatch(
        r"(process \d has the pid \d+\n){2}"
        r"init: both ways differ by 0\.0e\+00 at most\n"
        r"trained: both ways differ by \d\.\de[-+]\d\d at most\n"
        r"loss: [\d., ]+\n",
        ran[1],
    ), ran[1]


# It ends, whatever happens

ENDS = {
    "one is killed": (1, signal.SIGKILL, SECONDS, "process 1 ended with -9"),
    "one hangs": (1, signal.SIGSTOP, 3, r"not ended within 3 s: processes \[0, 1\]"),
    "it is stopped itself": (None, signal.SIGTERM, SECONDS, "stopped"),
}


@pytest.mark.parametrize(
    ("process", "harm", "limit", "message"), ENDS.values(), ids=ENDS
)
def test_no_process_is_left(tmp_path, process, harm, limit, message):
    """It says why it ends, in time, and its processes end with it."""
    with started(EXAMPLE, tmp_path, f"--limit={limit}") as example:
        try:
            pids = worker_pids(example)
            assert all(map(is_there, pids))
            os.kill(example.pid if process is None else pids[process], harm)
            _, err = example.communicate(timeout=SECONDS / 2)
        finally:
            example.kill()
    assert example.returncode == 1
    assert re.search(rf"{message}$", err.strip()), err
    assert not any(map(is_there, pids))


# What is refused


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each of two processes was told."""
    folder = tmp_path_factory.mktemp("answers")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    module = "tests.helpers.two_processes_worker"
    workers = [started("-m", module, i, port, folder) for i in range(2)]
    try:
        errors = [worker.communicate(timeout=SECONDS)[1] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert [worker.returncode for worker in workers] == [0, 0], errors
    return [json.loads((folder / f"{i}.json").read_text()) for i in range(2)]


REFUSED = {
    "file": ("head/w", "cannot be saved to a file: other processes have parts of it"),
    "file in the background": ("head/w", "Save to a directory of orbax, such as"),
    "mine": ("head/b", "cannot be saved: it is an array of this process alone"),
    "again": (None, "exists, and a directory cannot be replaced at once"),
}


@pytest.mark.parametrize(
    ("what", "name", "message"), [(k, *v) for k, v in REFUSED.items()]
)
def test_what_cannot_be_saved_is_refused(answers, what, name, message):
    """Each process gets the error, with the name, before anything is written."""
    for answer in answers:
        kind, found, text = answer[what]
        assert kind == "InvalidArgumentError"
        assert found == name
        assert message in text


def test_a_mesh_of_other_processes_is_refused(answers):
    """A process that no device of the mesh is of is told so."""
    kind, _, text = answers[1]["other"]
    assert kind == "InvalidArgumentError"
    assert "No device of the mesh is one of this process" in text
    assert "head" in answers[0]["other"]


def test_the_guide_shows_what_processes_are_told(answers):
    """The errors in the guide to scaling are these, but for the lines of the tests."""
    shown = (ROOT / "docs" / "scaling.md").read_text()
    for process, what in ((0, "file"), (0, "mine"), (1, "other")):
        lines = answers[process][what][2].splitlines()
        told = [line for line in lines if not line.startswith("  asked for at")]
        assert len(told) == len(lines) - 1
        assert "\n".join(told) in shown


def test_what_several_processes_save_and_load(answers):
    """Copies go to files, NumPy's arrays to orbax; a load brings the whole to each."""
    for answer in answers:
        assert answer["copies"] == answer["numpy"] == "None"
        assert answer["back"] is None
        assert answer["cast"] == ["bfloat16", True]
        assert np.shape(answer["loaded"]) == (8, 2)
    assert answers[0]["loaded"] == answers[1]["loaded"]
