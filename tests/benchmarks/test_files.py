"""The benchmark of files ends, whatever its workers do. No figure is judged here."""

import sys
import threading

import pytest

from benchmarks import files, peaks


@pytest.mark.smoke
def test_a_worker_that_fails_is_told(tmp_path):
    """By its name, with what it complained of."""
    with pytest.raises(RuntimeError, match=r"(?s)nobody: load failed:.*KeyError"):
        files._measure(sys.executable, "nobody", "load", tmp_path)


def test_a_worker_that_hangs_is_told(tmp_path, monkeypatch):
    """By its name, once the time is over."""
    monkeypatch.setattr(files, "_LIMIT", 0.01)
    with pytest.raises(RuntimeError, match=r"orbax: load has not ended in 0\.01 s"):
        files._measure(sys.executable, "orbax", "load", tmp_path)


def test_nobody_watches_the_memory_of_what_failed():
    """A thread that went on would keep the process from ending."""
    before = threading.active_count()
    with pytest.raises(OSError, match="no file"), peaks.peak():
        raise OSError("no file")
    assert threading.active_count() == before


def test_ratios_are_of_medians():
    """To safetensors; of memory only where that takes some."""
    rows = [{"seconds": s, "bytes": 2e9} for s in (1.0, 2.0, 9.0)]
    plain = [{"seconds": s, "bytes": b} for s, b in ((4.0, 1e9), (4.0, 1e9))]
    figures = {("load", "safetensors"): plain, ("load", "orbax"): rows}
    assert files._ratio(figures, "load", "orbax", "seconds") == "0.50"
    assert files._ratio(figures, "load", "orbax", "bytes") == "2.00"
    nothing = {**figures, ("load", "safetensors"): [{"seconds": 1.0, "bytes": 0.0}]}
    assert files._ratio(nothing, "load", "orbax", "bytes") == ""
