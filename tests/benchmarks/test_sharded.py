"""All ways of sharded init make the same arrays in the same parts. None is judged."""

import json
import math
import re
import time
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from benchmarks import peaks, sharded
from benchmarks.sharded import __main__ as command
from benchmarks.sharded import curves, figures
from benchmarks.sharded.figures import Case

PEERS = ("linen", "nnx", "nnx-constrained", "nnx-eager")
WIDTH = 128
WORDS = re.compile(r"\d+|kernel|bias|scale|table|positions|qkv|out|up|down|ln")
SLOW, QUICK = {"cold": 4.0, "warm": 0.5, "programs": 1}, {"cold": 1.0, "warm": 0.5}


@pytest.fixture(autouse=True)
def _as_users_have_it():
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(params=["by_hand", *PEERS])
def way(request):
    """A way whose library is installed."""
    if request.param in PEERS:
        pytest.importorskip("flax", reason="flax is not installed")
    return request.param


@cache
def made(way):
    """words and numbers of its name -> array, of a model of one layer."""
    init, (key, *_), tokens = Case(way, 1, WIDTH).begin()
    leaves = jax.tree_util.tree_leaves_with_path(init(key, tokens))
    return {
        tuple(WORDS.findall(jax.tree_util.keystr(path).removeprefix("[1]"))): leaf
        for path, leaf in leaves
    }


def test_arrays_and_their_parts_are_the_same(way):
    """Names, shapes, dtypes and shardings are those of scopejax."""
    expected, actual = made("scopejax"), made(way)
    assert {*actual} == {*expected}
    for name, leaf in actual.items():
        like = expected[name]
        assert (leaf.shape, leaf.dtype) == (like.shape, like.dtype), name
        assert leaf.sharding.is_equivalent_to(like.sharding, leaf.ndim), name


def test_initial_values_are_alike(way):
    """Mean and spread of each array are those of scopejax."""
    for name, like in made("scopejax").items():
        values = made(way)[name]
        assert jnp.allclose(values.std(), like.std(), rtol=0.05), name
        assert jnp.allclose(values.mean(), like.mean(), atol=0.001), name


@pytest.mark.smoke
def test_parts_are_those_of_the_table():
    """Kernels are split over both axes of the mesh, as the table says."""
    mesh, kernel = sharded.mesh(), made("scopejax")["0", "qkv", "kernel"]
    spec = PartitionSpec(*sharded.axes("h0", "qkv", "kernel"))
    assert kernel.sharding.is_equivalent_to(NamedSharding(mesh, spec), 2)
    assert {part.data.shape for part in kernel.addressable_shards} == {(32, 192)}
    assert sharded.axes("h0", "ln1", "bias") == sharded.WHOLE
    assert mesh.size == sharded.DEVICES


def test_peers_are_other_libraries():
    """By hand and scopejax are no peers; a file has all ways of a library."""
    found = sharded.installed()
    assert {name for name in found if found[name].peer} == {*PEERS} & {*found}
    assert all(sharded.load(name) is found[name] for name in found)


def test_figures_are_taken():
    """Times count programs; memory tells the bytes of the arrays on all devices."""
    case = Case("scopejax", 1, WIDTH)
    assert {*figures.times(case)} == {"cold", "programs", "warm"}
    found = figures.memory(case)
    split, whole = 2 * WIDTH * WIDTH, 8 * WIDTH
    assert found["part"] == max(4 * 1000 * WIDTH / 8, split)
    assert found["held"] > 4 * (12 * WIDTH * WIDTH + 1000 * WIDTH + 9 * whole)


def test_memory_beyond_what_was_held_is_seen():
    """The peak is that of what was made, also when it is dropped again."""
    with peaks.peak() as beyond:
        kept = np.ones(2**26, np.uint8)
        time.sleep(0.1)
        del kept
        assert 0.9 * 2**26 <= beyond() < 2**28  # the system counts pages in batches


def test_a_worker_prints_a_figure_in_time():
    """A fresh process tells it; one that is late is stopped, one that fails is told."""
    case = Case("scopejax", 1, WIDTH)
    assert command.taken("times", case, 120)["programs"] > 0
    assert command.taken("times", case, 0.01) is None
    with pytest.raises(RuntimeError, match="No module named"):
        command.taken("times", case._replace(way="them"), 120)


def test_what_was_late_is_not_tried_again(monkeypatch):
    """Nor are larger models of the same way; smaller ones are."""
    tried = []

    def taken(what, case, limit):
        tried.append(case)
        return None if case == Case("b", 4, 8) else QUICK

    monkeypatch.setattr(command, "taken", taken)
    sizes = [Case("", *size) for size in ((2, 8), (4, 8), (4, 16))]
    found = command.collect("times", sizes, ["a", "b"], 2, 1.0)
    assert [len(found[Case("a", *size[1:])]) for size in sizes] == [2, 2, 2]
    assert {case for case in tried if case.way == "b"} == {
        Case("b", 2, 8),
        Case("b", 4, 8),
    }
    assert tried.count(Case("b", 4, 8)) == 1


def test_rows_show_medians_and_ratios():
    """A ratio is to the best other library; what was late is told as that."""
    pytest.importorskip("flax", reason="flax is not installed")
    ours, theirs, late = (Case(way, 2, 8) for way in ("scopejax", "linen", "nnx"))
    found = {ours: [{**SLOW, "cold": n} for n in (1.0, 2.0, 9.0)], theirs: [SLOW]}
    rows = [*command.time_rows(found, [ours, late])]
    size = ("2, 8", "scopejax")
    assert rows[0] == (*size, "2 s", "1 .. 9", "0.50", "0.5 s", "1")
    assert rows[1][2:4] == ("too late", "")
    assert math.isnan(command.best_peer({ours: [SLOW]}, ours))


def test_rows_of_memory_have_a_verdict():
    """At most 1.15 of the arrays and one part for each device, in another init."""
    figure = {"cold": 3e8, "held": 1e8, "part": 1e6}
    case = Case("scopejax", 2, 8)
    for warm, verdict in ((1.22e8, "yes"), (1.24e8, "no")):
        (row,) = command.memory_rows({case: [{**figure, "warm": warm}]})
        assert row[-1] == verdict
        assert row[2:5] == ("100 MB", "1.0 MB", "300 MB")


def test_curves_are_drawn(tmp_path):
    """Each line grows along its field; what is missing is left out."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    found = {
        Case("scopejax", *size): [QUICK] for line in curves.LINES for size in line.sizes
    }
    file = tmp_path / "sharded.png"
    curves.draw(found, ["scopejax", "by_hand"], file)
    assert file.read_bytes().startswith(b"\x89PNG")
    for line in curves.LINES:
        assert len({getattr(Case("", *size), line.along) for size in line.sizes}) == 3


def test_the_command_is_a_worker_too(capsys):
    """It prints one figure as JSON for the process that started it."""
    command.main(["--worker", "times", json.dumps(["scopejax", 1, WIDTH])])
    assert json.loads(capsys.readouterr().out)["cold"] > 0
