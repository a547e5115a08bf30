"""Trees whose keys are no names, values that are no trees, trees that do not join."""

import types

import jax.numpy as jnp
import pytest

import scopejax as sj

from ..helpers.refusals import KEY, refusal
from ..helpers.trees import GOOD, NET, STEP, B, W

# Keys that are no names


BAD_KEYS = {
    "number": ({"encoder": {0: W}}, "encoder/0", "Use strings"),
    "number at the top": ({0: W}, "0", "Use strings"),
    "None": ({None: W}, "None", "Use strings"),
    "empty": ({"encoder": {"": W}}, "encoder/''", ""),
    "tuple": ({("encoder", "kernel"): W}, "('encoder', 'kernel')", "Use strings"),
    "flat": ({"encoder/kernel": W}, "'encoder/kernel'", "scopejax.from_flat(tree)"),
    "flat below": ({"encoder": {"a/b": W}}, "encoder/'a/b'", "scopejax.from_flat"),
}
USES = {
    "check": lambda tree: NET.check(tree),
    "given": lambda tree: NET.init(KEY, given=tree),
    "to_flat": lambda tree: sj.to_flat(tree),
    "merge": lambda tree: sj.merge(tree),
    "partition": lambda tree: NET.manifest().partition(tree),
    "project": lambda tree: NET.manifest().project(tree),
}


@pytest.mark.smoke
@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(("tree", "shown", "remedy"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys_are_names(use, tree, shown, remedy):
    """A key that is no name is refused with its path, and with what to do."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: use(tree),
        match="has a key that is not the name of a scope or variable",
    )
    assert error.headline.endswith(shown)
    assert remedy in error.remedy


def test_flat_names_are_told_at_apply():
    """Params under flat names are refused at apply with the way to nest them."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: NET.apply({"encoder/kernel": W, "encoder/bias": B, "step": STEP}),
        match="has a key that is not the name",
        file="trees.py",
    )
    assert "scopejax.from_flat" in error.remedy


NO_TREES = {
    "None": None,
    "array": W,
    "list": [GOOD],
    "pair": (GOOD, {}),
    "string": "params",
    "number": 3,
    "scope": sj.Scope(GOOD),
    "namespace": types.SimpleNamespace(**GOOD),
}


@pytest.mark.parametrize("tree", NO_TREES.values(), ids=NO_TREES)
def test_a_tree_is_a_nested_dict(tree):
    """Anything but a dict is refused with its type, wherever a tree is taken."""
    uses = [
        lambda: sj.Scope(tree),
        lambda: NET.apply(tree),
        *(lambda use=use: use(tree) for use in USES.values()),
    ]
    for use in uses:
        if tree is None and use is uses[3]:  # given=None: nothing is given
            continue
        error = refusal(
            sj.InvalidArgumentError, use, match="must be a nested dict of arrays"
        )
        assert type(tree).__name__ in error.headline
        assert len(error.found) <= 60


def test_a_manifest_is_no_tree():
    """A manifest in place of params is refused: its names are flat."""
    refusal(
        sj.InvalidArgumentError,
        lambda: NET.check(NET.manifest()),
        match="has a key that is not the name",
    )


def test_other_mappings_are_trees():
    """A mapping that is no dict serves as params, and init returns plain dicts."""
    proxy = types.MappingProxyType(
        {"encoder": types.MappingProxyType(GOOD["encoder"]), "step": STEP}
    )
    NET.check(proxy)
    assert NET.apply(proxy)[0] == 9
    params = NET.init(KEY, given=proxy)
    assert type(params) is type(params["encoder"]) is dict


# Joining


def test_a_variable_in_two_trees_is_refused():
    """`merge` refuses to choose between two values of one variable."""
    refusal(
        sj.VariableExistsError,
        lambda: sj.merge({"a": {"w": 1}}, {"a": {"b": 2}}, {"a": {"w": 1}}),
        match="a/w is in both trees",
        name="a/w",
    )


@pytest.mark.parametrize(
    "trees", [({"a": 1}, {"a": {"w": 2}}), ({"a": {"w": 2}}, {"a": 1})]
)
def test_trees_that_disagree_on_a_kind_are_refused(trees):
    """A name that is a variable in one tree and a scope in another is an error."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: sj.merge(*trees),
        match="a cannot be both a variable and a scope",
        name="a",
    )
    assert "a/w" in error.headline


def test_a_loss_names_what_is_missing():
    """A regularizer whose variable is not there is an error with the full name."""

    def regular(scope):
        return scope.get_variable("a/w", (2,), regularizer=jnp.sum)

    manifest = sj.transform(regular).manifest()
    refusal(
        sj.VariableNotFoundError,
        lambda: manifest.regularization_loss({"a": {"v": B}}),
        match="a/w",
        name="a/w",
    )
