"""The commands behind pipes, on a full disk, and on a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import numpy as tensors

import scopejax.__main__ as command

DATA = Path(__file__).parents[1] / "data"


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


EVIL = "a\x1b[2J/\x9b31m\u202e\n\x07"
OBEYED = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u202e"} - {"\n"}


@pytest.fixture
def evil(tmp_path):
    """Two files whose names and metadata would move the cursor; and one without."""
    paths = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for path, numbers in zip(paths[:2], (np.ones(2), np.zeros(2)), strict=True):
        tensors.save_file({EVIL: numbers}, path, {"scopejax": EVIL})
    tensors.save_file({"w": np.ones(2)}, paths[2])
    return paths


@pytest.mark.smoke
def test_a_terminal_obeys_no_name(evil, tmp_path, capsys):
    """What it would obey is escaped in tables, lines, JSON and complaints."""
    one, two, other = map(str, evil)
    target = str(tmp_path / "b\x1b[2J.safetensors")
    lines = [
        ["inspect", one, "--stats"],
        ["inspect", one, "--json"],
        ["inspect", one, "--match", "b"],
        ["diff", one, two],
        ["diff", one, other],
        ["convert", one, target],
        ["convert", one, target, "--rename", "*/*=*//*"],
    ]
    for line in lines:
        command.main(line)
        captured = capsys.readouterr()
        assert captured.out + captured.err
        assert not OBEYED & set(captured.out + captured.err), line


def test_a_name_has_one_line(evil, capsys):
    """A line's end in a name is escaped, and columns stay in line."""
    command.main(["inspect", str(evil[0])])
    rows = capsys.readouterr().out.splitlines()
    assert [r"  \x9b31m\u202e\n\x07" in row for row in rows].count(True) == 1
    assert len(rows) == 8
    command.main(["diff", str(evil[0]), str(evil[1])])
    line = r"values      a\x1b[2J/\x9b31m\u202e\n\x07: 2 of 2 numbers, by 1 at most"
    assert capsys.readouterr().out == f"{line}\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_will_do(tmp_path, encoding):
    """What it has no letter for is escaped; JSON stays JSON."""
    path = tmp_path / "net.safetensors"
    tensors.save_file({"é/ж": np.ones(2)}, path)
    for option, expected in (("--json", r"\u00e9/\u0436"), ("--stats", "é/")):
        line = [sys.executable, "-m", "scopejax", "inspect", str(path), option]
        done = subprocess.run(
            line,
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert expected.encode(encoding, "backslashreplace") in done.stdout


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
