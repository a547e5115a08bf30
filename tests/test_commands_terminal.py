"""The commands behind pipes, on a full disk, and on a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import scopejax.__main__ as command

DATA = Path(__file__).parent / "data"


def test_stops_quietly_where_nobody_reads():
    """A closed pipe, as `head` leaves it, is no traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    line = [sys.executable, "-m", "scopejax", "inspect", str(DATA / "training")]
    done = subprocess.run(
        line, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_is_told():
    """What cannot be printed is an error, too."""
    line = [sys.executable, "-m", "scopejax", "inspect", str(DATA / "training")]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            line, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode != 0


def test_progress_is_shown_on_a_terminal_alone(capsys):
    """The bar goes to standard error; the output is what it is without one."""
    path = DATA / "training"
    main, terminal = pty.openpty()
    line = [sys.executable, "-m", "scopejax", "inspect", str(path), "--stats"]
    done = subprocess.run(
        line,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm-256color"},
        timeout=60,
        check=False,
    )
    os.close(terminal)
    shown = os.read(main, 1 << 16)
    os.close(main)
    assert done.returncode == 0
    assert command.main(["inspect", str(path), "--stats"]) == 0
    assert done.stdout.decode() == capsys.readouterr().out
    assert b"reading" in shown
    assert b"\x1b" in shown
