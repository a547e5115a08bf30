"""A checkpoint on its way into a model: checked, chosen, renamed, turned."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import checkpoints

from ..helpers.refusals import refusal
from ..helpers.trees import GOOD, NET

ARRAYS = {
    "old/h0/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "old/h1/kernel": np.arange(6, 12, dtype=np.float32).reshape(2, 3),
    "old/out/bias": np.arange(3, dtype=np.float32),
    "step": np.int32(7),
}


@pytest.fixture
def saved(path):
    """A file with `ARRAYS`."""
    checkpoints.save(path, sj.from_flat(ARRAYS))
    return path


def names(tree):
    """The full names of a tree, in order."""
    return list(sj.to_flat(tree))


# The target


MANIFEST = NET.manifest()
TARGETS = {"manifest": MANIFEST, "shapes": MANIFEST.shapes(), "arrays": GOOD}


@pytest.mark.smoke
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_what_fits_the_target_is_loaded(path, target):
    """A checkpoint of the model's own variables fits each way to say what they are."""
    checkpoints.save(path, GOOD)
    NET.check(checkpoints.load(path, target))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_every_difference_is_listed_at_once(path, target):
    """Names, shapes and dtypes that differ are all in one error."""
    bad = {"encoder": {"kernal": jnp.ones((2, 3)), "bias": jnp.ones(2, "bfloat16")}}
    checkpoints.save(path, {**bad, "step": jnp.ones(())})
    error = refusal(
        sj.VariableMismatchError,
        lambda: checkpoints.load(path, target),
        "the checkpoint differs from the model in 5 places",
    )
    for line in (
        r"missing +encoder/kernel: shape \(2, 3\), dtype float32",
        r"shape +encoder/bias: expected \(3,\) and found \(2,\)",
        r"dtype +encoder/bias: expected float32 and found bfloat16",
        r"dtype +step: expected int32 and found float32",
        r"unexpected +encoder/kernal \(nearest: encoder/kernel",
    ):
        assert re.search(line, str(error)), line


@pytest.mark.parametrize("cast", [False, True])
@pytest.mark.parametrize("leaf", [3, None, "text"])
def test_a_target_of_no_arrays_is_refused(saved, leaf, cast):
    """A leaf of the target that has no shape is an error with its name."""
    target = {"step": leaf}
    refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.load(saved, target, select="step", cast=cast),
        "target has no shape and dtype for step",
        name="step",
    )


def test_a_target_that_is_no_tree_is_refused(saved):
    """A list of arrays is no target."""
    with pytest.raises(sj.InvalidArgumentError, match="target must be a nested dict"):
        checkpoints.load(saved, [jnp.ones(2)])


def test_arrays_go_to_the_sharding_of_the_target(saved):
    """A leaf with a sharding has its array put there."""
    device = jax.sharding.SingleDeviceSharding(jax.devices()[3])
    want = {"step": jax.ShapeDtypeStruct((), "int32", sharding=device)}
    assert checkpoints.load(saved, want, select="step")["step"].sharding == device


# Selecting


SELECTED = {
    "glob": ("old/*/kernel", ["old/h0/kernel", "old/h1/kernel"]),
    "deep glob": ("**/bias", ["old/out/bias"]),
    "expression": (re.compile("old/h[1-9]/.*"), ["old/h1/kernel"]),
    "function": (lambda name: name == "step", ["step"]),
}


@pytest.mark.parametrize(("select", "found"), SELECTED.values(), ids=SELECTED)
def test_only_what_is_selected_is_loaded(saved, select, found):
    """Each kind of pattern chooses by full name."""
    assert names(checkpoints.load(saved, select=select)) == found


def test_only_what_is_selected_is_wanted(saved):
    """The target's other variables are not missed, and the file's not in the way."""
    want = {"step": jnp.int32(0), "more": {"w": jnp.ones(3)}}
    loaded = checkpoints.load(saved, want, select="step")
    assert names(loaded) == ["step"]


def test_nothing_selected_is_refused(saved):
    """A pattern without a variable is an error that says which are near."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: checkpoints.load(saved, select="old/h2/kernel"),
        "No variable matches 'old/h2/kernel'",
    )
    assert "old/h1/kernel" in error.nearest


def test_a_selection_of_old_names_is_told(saved):
    """A pattern over the names before renaming is an error that says so."""
    rename = {"old/**": "new/**"}
    with pytest.raises(sj.InvalidArgumentError, match="those after rename"):
        checkpoints.load(saved, select="old/**", rename=rename)


# Renaming


RENAMED = {
    "**": ({"old/**": "new/**"}, "new/h0/kernel"),
    "leading **": ({"**/kernel": "**/w"}, "old/h0/w"),
    "** for nothing": ({"**/old/*/kernel": "**/*/w"}, "h0/w"),
    "*": ({"old/h*/kernel": "layer_*/w"}, "layer_0/w"),
    "?": ({"old/h?/kernel": "layer_?/w"}, "layer_0/w"),
    "[01]": ({"old/h[01]/kernel": "layer_[01]/w"}, "layer_0/w"),
    "[!a]": ({"old/h[!a]/kernel": "layer_*/w"}, "layer_0/w"),
    "two": ({"old/*/*": "*/*"}, "h0/kernel"),
    "no wildcard": ({"old/h0/kernel": "w"}, "w"),
    "the first wins": ({"old/h0/**": "a/**", "old/**": "b/**"}, "a/kernel"),
    "expression": ({re.compile(r"old/h(\d)/(.*)"): r"\2/\1"}, "kernel/0"),
    "a backslash": ({"old/h0/*": r"a\1/*"}, r"a\1/kernel"),
    "function": (lambda name: name.removeprefix("old/"), "h0/kernel"),
}


@pytest.mark.parametrize(("rename", "new"), RENAMED.values(), ids=RENAMED)
def test_each_way_to_rename(saved, rename, new):
    """The array is what it was, under its new name."""
    loaded = sj.to_flat(checkpoints.load(saved, rename=rename))
    np.testing.assert_array_equal(loaded[new], ARRAYS["old/h0/kernel"])
    assert len(loaded) == len(ARRAYS)
    assert loaded["step"] == 7


MISNAMED = {
    "no match": ({"older/**": "new/**"}, "nothing in the checkpoint is called 'older"),
    "* stays within": ({"*/kernel": "*/w"}, "nothing in the checkpoint is called"),
    "too few": ({"old/*/*": "new/*"}, "has 2 wildcards and 'new/\\*' has 1"),
    "too many": ({"old/**": "**/**"}, "has 1 wildcards and '\\*\\*/\\*\\*' has 2"),
    "collision": (
        {"old/h?/**": "new?/**", "old/h0/kernel": "x", "old/out/bias": "step"},
        "old/out/bias and step would both be called step",
    ),
    "variable and scope": ({"old/out/bias": "step/w"}, "both a variable and a scope"),
    "bad name": (lambda name: name + "/", "empty component"),
}


@pytest.mark.parametrize(("rename", "message"), MISNAMED.values(), ids=MISNAMED)
def test_bad_renamings_are_refused(saved, rename, message):
    """A pattern that fits nothing, and names that collide, are errors."""
    with pytest.raises(sj.InvalidArgumentError, match=message):
        checkpoints.load(saved, rename=rename)


# Turning


def test_axes_are_turned(saved):
    """The axes come in their new order, and the target is held against that."""
    want = {"old": {"h0": {"kernel": jax.ShapeDtypeStruct((3, 2), "bfloat16")}}}
    turned = checkpoints.load(
        saved, want, select="**/h0/*", transpose={"**/kernel": (1, 0)}, cast=True
    )
    np.testing.assert_array_equal(
        np.asarray(turned["old"]["h0"]["kernel"], np.float32),
        ARRAYS["old/h0/kernel"].T,
    )


@pytest.mark.parametrize(
    ("transpose", "message"),
    [
        ({"**/bias": (1, 0)}, r"\(1, 0\) are not the axes of old/out/bias"),
        ({"**/kernel": (0, 0)}, r"\(0, 0\) are not the axes of old/h0/kernel"),
        ({"**/kernal": (1, 0)}, "No variable matches"),
    ],
)
def test_bad_axes_are_refused(saved, transpose, message):
    """Axes that the array has not, and patterns without one, are errors."""
    with pytest.raises(sj.InvalidArgumentError, match=message):
        checkpoints.load(saved, transpose=transpose)


# What is in common


def test_what_is_in_common_is_loaded(saved):
    """The rest is in the report, and `init` makes it."""
    want = {"step": jnp.int32(0), "more": {"w": jnp.ones(3)}}
    params, report = checkpoints.load_matching(saved, want, rename={"old/*/*": "*/*"})
    assert names(params) == ["step"]
    assert report == checkpoints.Report(
        ("step",), ("more/w",), ("h0/kernel", "h1/kernel", "out/bias")
    )
    assert str(report).splitlines() == [
        "1 loaded, 1 missing, 3 unused",
        "  missing     more/w",
        "  unused      h0/kernel",
        "  unused      h1/kernel",
        "  unused      out/bias",
    ]
    net = sj.transform(
        lambda s: (s.get_variable("step", (), "int32"), s.get_variable("more/w", (3,)))
    )
    made = net.init(jax.random.key(0), given=params)
    assert made["step"] == 7
    assert made["more"]["w"].shape == (3,)


def test_what_is_in_common_has_to_fit(saved):
    """Shapes and dtypes still have to be the model's."""
    want = {"step": jnp.ones(2)}
    with pytest.raises(sj.VariableMismatchError, match="in 2 places") as info:
        checkpoints.load_matching(saved, want)
    assert "old/" not in str(info.value)


# The format


def test_formats_that_are_none(tmp_path):
    """A path that means no format, and a format that there is not, are errors."""
    for path, format in ((tmp_path, None), (tmp_path / "x", "npz")):
        with pytest.raises(sj.InvalidArgumentError, match="orbax, tf1, safetensors"):
            checkpoints.load(path, format=format)
    with pytest.raises(sj.InvalidArgumentError, match=r"'\.npz' stands for none"):
        checkpoints.save(tmp_path / "x.npz", GOOD)


@pytest.mark.parametrize("format", ["safetensors", "orbax", "tf1"])
def test_a_format_that_is_named_counts(tmp_path, format):
    """A named format is written whatever the path is called, and found again."""
    checkpoints.save(tmp_path / "x.bin", {"w": jnp.ones(2)}, format=format)
    loaded = checkpoints.load(tmp_path / "x.bin")
    np.testing.assert_array_equal(loaded["w"], np.ones(2))
