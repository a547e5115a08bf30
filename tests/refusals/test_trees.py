"""Trees that are not what the model asks for: `given`, `params`, what is checked."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj

from ..helpers.refusals import KEY, refusal
from ..helpers.trees import GOOD, NET, STEP, WRONG, B, W, good


@pytest.mark.smoke
@pytest.mark.parametrize(("tree", "lines", "_"), WRONG.values(), ids=WRONG)
def test_check_lists_every_difference(tree, lines, _):
    """All that is missing, unexpected or other is in one error, nearest names too."""
    for call in (lambda: NET.check(tree), lambda: NET.manifest().check(tree)):
        error = refusal(
            sj.VariableMismatchError, call, match="params differs from the model in"
        )
        for line in lines:
            assert re.search(line, error.headline), line


@pytest.mark.parametrize(
    ("tree", "lines"),
    [(tree, lines) for tree, lines, refused in WRONG.values() if refused],
    ids=[name for name, (_, _, refused) in WRONG.items() if refused],
)
def test_given_lists_every_difference(tree, lines):
    """What is given must be what the model asks for; what is missing may be."""
    for call in (
        lambda: NET.init(KEY, given=tree),
        lambda: NET.manifest().initialize(KEY, given=tree),
    ):
        error = refusal(
            sj.VariableMismatchError, call, match="given differs from the model in"
        )
        for line in lines:
            if "missing" not in line and "places" not in line:
                assert re.search(line, error.headline), line
        assert "missing" not in error.headline


@pytest.mark.parametrize(
    "tree",
    [tree for tree, _, refused in WRONG.values() if not refused],
    ids=[name for name, (_, _, refused) in WRONG.items() if not refused],
)
def test_what_is_missing_is_made(tree):
    """What is given is kept, and the rest has the values it always has."""
    whole, params = NET.init(KEY), NET.init(KEY, given=tree)
    expected = sj.to_flat(whole) | sj.to_flat(tree)
    assert sorted(sj.to_flat(params)) == sorted(expected)
    for name, leaf in sj.to_flat(params).items():
        np.testing.assert_array_equal(leaf, expected[name])


@pytest.mark.parametrize("inside", [[W, B], (W, B), [GOOD], None])
def test_a_level_that_is_no_dict_is_told(inside):
    """A list, a tuple or None in place of a scope is named with its type."""
    tree = {"encoder": inside, "step": STEP}
    for call in (lambda: NET.check(tree), lambda: NET.init(KEY, given=tree)):
        error = refusal(sj.VariableMismatchError, call, match="encoder")
        assert type(inside).__name__ in str(error)


@pytest.mark.parametrize(
    ("tree", "name"),
    [
        (WRONG["missing"][0], "encoder/bias"),
        (WRONG["misspelt"][0], "encoder/kernel"),
        (WRONG["missing scope"][0], "encoder/kernel"),
        (WRONG["another level"][0], "encoder/kernel"),
        (WRONG["scope for variable"][0], "encoder/kernel"),
        (WRONG["variable for scope"][0], "encoder/kernel"),
        (WRONG["None"][0], "encoder/kernel"),
        (WRONG["None for scope"][0], "encoder/kernel"),
        ({"encoder": [W, B], "step": STEP}, "encoder/kernel"),
        ({}, "encoder/kernel"),
    ],
)
@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_apply_names_the_first_that_is_missing(tree, name, wrap):
    """At apply the first variable that is not there is named, and `check` offered."""
    if wrap is jax.jit:
        tree = jax.tree.map(jnp.asarray, tree)
    error = refusal(
        sj.VariableNotFoundError,
        lambda: wrap(NET.apply)(tree),
        match=f"Variable {name} does not exist in the variables given",
        name=name,
        file="trees.py",
    )
    assert "check" in error.remedy
    assert "given=params" in error.remedy


def test_apply_shows_the_nearest_names():
    """A misspelt variable is among the nearest names, wherever it is."""
    error = refusal(
        sj.VariableNotFoundError,
        lambda: NET.apply({"encoder": {"kernal": W}, "decoder": {"kernel": W}}),
        match="encoder/kernel does not exist",
        file="trees.py",
    )
    assert set(error.nearest) == {"encoder/kernal", "decoder/kernel"}


@pytest.mark.parametrize("leaf", ["text", object(), np.array(["a"], object), {1, 2}])
def test_apply_refuses_a_leaf_that_is_no_array(leaf):
    """At apply a leaf that no array can be made of is refused with its name."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: NET.apply(good(kernel=leaf)),
        match="The value given for encoder/kernel is no array",
        name="encoder/kernel",
        file="trees.py",
    )
    assert error.found == type(leaf).__name__


def test_apply_takes_numpys_arrays():
    """At apply NumPy's arrays are arrays."""
    assert NET.apply(good(kernel=np.ones((2, 3), np.float32)))[0] == 9


@pytest.mark.parametrize("leaf", [[[1.0] * 3] * 2, ((1.0,) * 3,) * 2])
def test_a_list_of_numbers_is_no_array(leaf):
    """A sequence in a variable's place is refused at apply, as by `check`."""
    refusal(
        sj.InvalidArgumentError,
        lambda: NET.apply(good(kernel=leaf)),
        match="The value given for encoder/kernel is no array, but a sequence",
        name="encoder/kernel",
        file="trees.py",
    )


def test_an_abstract_array_is_not_given():
    """A shape without numbers fits in `check`, and is refused as a value."""
    tree = good(kernel=jax.ShapeDtypeStruct((2, 3), jnp.float32))
    NET.check(tree)
    for call, file in (
        (lambda: NET.init(KEY, given=tree), "test_trees.py"),
        (lambda: NET.apply(tree), "trees.py"),
    ):
        refusal(
            sj.InvalidArgumentError,
            call,
            match="The value given for encoder/kernel is no array",
            name="encoder/kernel",
            file=file,
        )


# Nothing is lost


def test_a_refused_tree_is_left_as_it_was():
    """Neither a refusal nor a success changes the tree of the caller."""
    for tree, _, refused in WRONG.values():
        before = jax.tree.map(id, tree)
        if refused:
            refusal(
                sj.VariableMismatchError,
                lambda tree=tree: NET.init(KEY, given=tree),
                match="given differs",
            )
        else:
            NET.init(KEY, given=tree)
        assert jax.tree.map(id, tree) == before


def test_what_is_given_is_the_callers_own():
    """A NumPy array that is given is copied: changes to it do not reach the params."""
    kernel = np.ones((2, 3), np.float32)
    params = NET.init(KEY, given=good(kernel=kernel))
    kernel[:] = 7
    np.testing.assert_array_equal(params["encoder"]["kernel"], W)


def test_params_of_two_calls_are_apart():
    """The dicts that two calls of init return share no level."""
    one, two = NET.init(KEY), NET.init(KEY)
    one["encoder"].pop("kernel")
    one["other"] = W
    NET.check(two)
    NET.check(NET.init(KEY))


# Families


NAMES = ["encoder/kernel", "encoder/bias", "step"]


@given(
    kept=st.sets(st.sampled_from(NAMES)),
    wrong=st.sets(st.sampled_from(NAMES)),
    extra=st.sets(st.sampled_from(["encoder/kernal", "decoder/kernel", "steps"])),
)
def test_any_tree_fits_or_every_difference_is_listed(kept, wrong, extra):
    """The number of differences is that of what is missing, misshapen and extra."""
    flat = sj.to_flat(GOOD)
    tree = {name: flat[name] for name in kept}
    tree |= {name: jnp.ones(7, flat[name].dtype) for name in wrong}
    tree |= dict.fromkeys(extra, B)
    missing = set(NAMES) - kept - wrong
    count = len(missing) + len(wrong) + len(extra)
    if not count:
        NET.check(sj.from_flat(tree))
        return
    error = refusal(
        sj.VariableMismatchError,
        lambda: NET.check(sj.from_flat(tree)),
        match=f"in {count} place",
    )
    lines = error.headline.splitlines()[1:]
    assert len(lines) == count
    for kind, names in (("missing", missing), ("shape", wrong), ("unexpected", extra)):
        told = [line.split()[1].rstrip(":") for line in lines if kind in line[:14]]
        assert sorted(told) == sorted(names)


def test_a_tree_without_end_is_refused():
    """A dict that contains itself, or nests beyond what JAX takes, is told."""
    endless = {}
    endless["a"] = endless
    for call in (sj.to_flat, sj.merge, NET.check):
        refusal(
            sj.InvalidArgumentError, lambda call=call: call(endless), match="920 levels"
        )


def test_a_tree_of_many_levels_is_flattened():
    """What JAX takes, all functions of trees take."""
    tree = W
    for _ in range(900):
        tree = {"d": tree}
    ((name, leaf),) = sj.to_flat(tree).items()
    assert name.count("d") == 900
    assert leaf is W
    assert sj.to_flat(sj.from_flat({name: leaf})) == {name: leaf}
