"""Parts of checkpoints, and checkpoints in several parts: items, steps, shards."""

import json
import os

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest
from orbax.checkpoint.experimental import v1
from safetensors import numpy as tensors

import scopejax as sj
from scopejax import checkpoints
from scopejax.__main__ import main

from ..helpers.refusals import refusal
from .test_checkpoints import same
from .test_runs import FORMS, PARAMS, alike

OPT_STATE = optax.adam(0.1).init(PARAMS)
RUN = {
    "params": PARAMS,
    "opt_state": OPT_STATE,
    "step": 3,
    "scale": 0.1,
    "key": jax.random.key(5),
}


@pytest.fixture(params=FORMS.values(), ids=FORMS)
def saved(request, tmp_path):
    """A run with items, and where it lies."""
    run = {"params": PARAMS, "opt_state": OPT_STATE, "step": 3}
    place = tmp_path / request.param
    checkpoints.save(place, run)
    return run, place


def test_an_item_is_a_checkpoint_of_its_own(saved):
    """All that is below a name, under the names below it; one leaf by itself."""
    run, place = saved
    assert alike(checkpoints.load(place, item="params"), PARAMS)
    assert alike(checkpoints.load(place, PARAMS, item="params"), PARAMS)
    assert alike(checkpoints.load(place, item="opt_state/0/mu"), run["opt_state"][0].mu)
    assert checkpoints.load(place, item="step") == 3
    count = checkpoints.load(place, like=jnp.int32(0), item="opt_state/0/count")
    assert alike(count, jnp.int32(0))
    found, report = checkpoints.load_matching(
        place, {"head": PARAMS["head"]}, item="params"
    )
    assert alike(found, {"head": PARAMS["head"]})
    assert report.unused == ("dense/bias", "dense/kernel")


def test_items_that_are_there_are_named(saved):
    """A wrong item is an error with those that were found, and a missing one a hint."""
    _, place = saved
    error = refusal(
        sj.CheckpointError,
        lambda: checkpoints.load(place, item="param"),
        match="The checkpoint has no item 'param'",
    )
    assert sorted(error.found.split(", ")) == ["opt_state", "params", "step"]
    error = refusal(
        sj.VariableMismatchError,
        lambda: checkpoints.load(place, PARAMS),
        match="differs from the model",
    )
    assert "item='params'" in error.remedy


def test_params_are_exported_by_the_command_line(saved, tmp_path):
    """`convert --item` writes what is below a name, under the names below it."""
    _, place = saved
    target = tmp_path / "net.safetensors"
    assert main(["convert", str(place), str(target), "--item", "params"]) == 0
    assert alike(checkpoints.load(target), PARAMS)


# Folders of orbax


@pytest.fixture
def managed(tmp_path):
    """The folder of a manager with steps 9 and 10, of which the newest is `RUN`."""
    folder = tmp_path / "run"
    with ocp.CheckpointManager(folder) as manager:
        for step in (9, 10):
            run = RUN | {"step": step}
            manager.save(step, args=ocp.args.StandardSave(run))
    return folder


@pytest.mark.smoke
def test_a_folder_of_a_manager_is_its_newest_step(managed):
    """The folder stands for the step of the greatest number; others are named."""
    assert alike(checkpoints.load(managed, like=RUN), RUN | {"step": 10})
    assert alike(checkpoints.load(managed / "9", like=RUN), RUN | {"step": 9})
    assert checkpoints.load(managed, item="step") == 10
    assert checkpoints.load(managed, item="scale") == 0.1
    assert alike(checkpoints.load(managed, item="key"), RUN["key"])
    (managed / "11.orbax-checkpoint-tmp").mkdir()
    (managed / "12").mkdir()
    assert checkpoints.load(managed, item="step") == 10


def test_our_own_steps_have_a_newest(tmp_path):
    """So have directories that `save` wrote, whatever stands before the number."""
    for step in (9, 10):
        checkpoints.save(tmp_path / f"step_{step:03}", RUN | {"step": step})
    assert checkpoints.load(tmp_path, like=RUN)["step"] == 10


def test_items_side_by_side_are_one_tree(tmp_path):
    """What a manager saved as several items has their names first."""
    args = ocp.args
    with ocp.CheckpointManager(tmp_path / "run") as manager:
        items = {
            "params": args.StandardSave(PARAMS),
            "opt_state": args.StandardSave(OPT_STATE),
            "notes": args.JsonSave({"a": 1}),
        }
        manager.save(1, args=args.Composite(**items))
    like = {"params": PARAMS, "opt_state": OPT_STATE}
    assert alike(checkpoints.load(tmp_path / "run", like=like), like)
    assert alike(checkpoints.load(tmp_path / "run", PARAMS, item="params"), PARAMS)
    assert alike(checkpoints.load(tmp_path / "run" / "1" / "params"), PARAMS)


def test_items_that_are_no_trees_are_named(tmp_path):
    """Where there is nothing to read the error says what there is."""
    with ocp.CheckpointManager(tmp_path / "run") as manager:
        args = ocp.args
        manager.save(1, args=args.Composite(notes=args.JsonSave({"a": 1})))
    refusal(
        sj.CheckpointError,
        lambda: checkpoints.load(tmp_path / "run"),
        match="none of its items is a tree: notes",
    )


def test_folders_of_version_1_are_read(tmp_path):
    """Those of orbax's new functions, whole, in items, and in steps."""
    v1.save(tmp_path / "whole", RUN)
    assert alike(checkpoints.load(tmp_path / "whole", like=RUN), RUN)
    assert checkpoints.load(tmp_path / "whole", item="step") == 3
    v1.save_checkpointables(tmp_path / "items", {"params": PARAMS, "other": {"a": 1}})
    assert alike(checkpoints.load(tmp_path / "items", item="params"), PARAMS)
    with v1.training.Checkpointer(tmp_path / "steps") as checkpointer:
        checkpointer.save(5, RUN)
    assert alike(checkpoints.load(tmp_path / "steps", like=RUN), RUN)


# Files that hold a checkpoint together


SHARDS = {
    "model-00001-of-00002.safetensors": {"a.w": np.ones((2, 3), np.float32)},
    "model-00002-of-00002.safetensors": {
        "b.w": np.arange(4, dtype=np.int32),
        "b.x": np.zeros(1, np.float16),
    },
}


def sharded(folder, **changes):
    """A folder as Hugging Face's, and its index."""
    folder.mkdir()
    for file, arrays in SHARDS.items():
        tensors.save_file(arrays, folder / file, {"format": "pt"})
    index = folder / "model.safetensors.index.json"
    names = {name: file for file, arrays in SHARDS.items() for name in arrays}
    index.write_text(json.dumps({"metadata": {}, "weight_map": names | changes}))
    return index


def test_shards_are_read_together(tmp_path):
    """From the folder or from the index, all arrays under their names."""
    index = sharded(tmp_path / "model")
    expected = {name: a for arrays in SHARDS.values() for name, a in arrays.items()}
    for path in (index, str(index), index.parent):
        assert same(checkpoints.load(path), expected)
    turned = checkpoints.load(
        index,
        rename={"*.w": "*/kernel"},
        transpose={"a/kernel": (1, 0)},
        select="a/*",
    )
    assert turned["a"]["kernel"].shape == (3, 2)


def broken(index):
    """An index that is cut short."""
    index.write_text(index.read_text()[:-9])


def lost(index):
    """A file that is not there."""
    os.unlink(index.parent / "model-00002-of-00002.safetensors")


def of_another_kind(index):
    """Another JSON."""
    index.write_text("[1, 2]")


BROKEN = {
    "broken": (broken, {}, "is not an index of safetensors files"),
    "another kind": (of_another_kind, {}, "is not an index of safetensors files"),
    "lost": (lost, {}, "names a file that is missing: model-00002"),
    "elsewhere": (None, {"b.w": "../secret.safetensors"}, "is not an index"),
    "absolute": (None, {"b.w": "/secret.safetensors"}, "is not an index"),
    "number": (None, {"b.w": 3}, "is not an index"),
    "wrong": (
        None,
        {"c.w": "model-00001-of-00002.safetensors"},
        "says that c.w is in model-00001-of-00002.safetensors, which does not have it",
    ),
}


@pytest.mark.parametrize(("harm", "changes", "why"), BROKEN.values(), ids=BROKEN)
def test_an_index_that_is_not_right_is_refused(tmp_path, harm, changes, why):
    """A damaged index, and one whose files don't fit, is an error that names it."""
    index = sharded(tmp_path / "model", **changes)
    if harm:
        harm(index)
    for path in (index, index.parent):
        refusal(sj.CheckpointError, lambda path=path: checkpoints.load(path), match=why)
