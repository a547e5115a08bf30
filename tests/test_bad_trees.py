"""Trees that are not what the model asks for: `given`, `params`, flat and nested."""

import re
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj

from .refusals import KEY, refusal, unharmed

pytestmark = pytest.mark.usefixtures(unharmed.__name__)


def model(scope):
    """Three variables, in a scope and at the root."""
    encoder = scope / "encoder"
    kernel, bias = (
        encoder.get_variable("kernel", (2, 3)),
        encoder.get_variable("bias", (3,)),
    )
    return kernel.sum() + bias.sum(), scope.get_variable("step", (), "int32")


NET = sj.transform(model)
W, B, STEP = jnp.ones((2, 3)), jnp.ones(3), jnp.int32(0)
GOOD = {"encoder": {"kernel": W, "bias": B}, "step": STEP}


def good(**changes):
    """The good tree with other leaves of the encoder."""
    return {"encoder": {"kernel": W, "bias": B} | changes, "step": STEP}


# Each tree with what `check` must say of it; and whether `given` refuses it too.
WRONG = {
    "extra": (
        good(biass=B),
        [r"unexpected +encoder/biass \(nearest: encoder/bias"],
        True,
    ),
    "misspelt": (
        {"encoder": {"kernal": W, "bias": B}, "step": STEP},
        [
            r"missing +encoder/kernel",
            r"unexpected +encoder/kernal \(nearest: encoder/k",
        ],
        True,
    ),
    "shape": (
        good(kernel=W.T),
        [r"shape +encoder/kernel: expected \(2, 3\) and found \(3, 2\)"],
        True,
    ),
    "dtype": (
        good(bias=B.astype("bfloat16")),
        [r"dtype +encoder/bias: expected float32 and found bfloat16"],
        True,
    ),
    "both": (
        good(bias=jnp.ones(2, "bfloat16")),
        [r"shape +encoder/bias", r"dtype +encoder/bias"],
        True,
    ),
    "float64": (
        good(kernel=np.ones((2, 3))),
        [r"dtype +encoder/kernel: expected float32 and found float64"],
        True,
    ),
    "missing": (
        {"encoder": {"kernel": W}, "step": STEP},
        ["missing +encoder/bias"],
        False,
    ),
    "missing scope": (
        {"step": STEP},
        [r"missing +encoder/kernel: shape \(2, 3\), dtype float32", r"encoder/bias"],
        False,
    ),
    "empty": ({}, ["encoder/kernel", "encoder/bias", "step"], False),
    "another level": (
        {"params": GOOD},
        [r"missing +encoder/kernel", r"unexpected +params/step \(nearest: step\)"],
        True,
    ),
    "scope for variable": (
        good(kernel={"w": W}),
        [r"missing +encoder/kernel", r"unexpected +encoder/kernel/w"],
        True,
    ),
    "variable for scope": (
        {"encoder": W, "step": STEP},
        [r"unexpected +encoder"],
        True,
    ),
    "None": (good(kernel=None), [r"no array +encoder/kernel: None"], True),
    "None for scope": ({"encoder": None, "step": STEP}, [r"unexpected +encoder"], True),
    "number": (good() | {"step": 3}, [r"no array +step: 3"], True),
    "string": (good(kernel="text"), [r"no array +encoder/kernel: 'text'"], True),
    "list of numbers": (
        good(bias=[1.0, 2.0, 3.0]),
        [r"no array +encoder/bias: \[1\.0, 2\.0, 3\.0\]"],
        True,
    ),
    "everything": (
        {"encoder": {"kernal": W, "bias": B[:1]}, "step": jnp.ones(()), "m": {"z": B}},
        [
            r"in 5 places",
            r"missing +encoder/kernel",
            r"shape +encoder/bias: expected \(3,\) and found \(1,\)",
            r"dtype +step: expected int32 and found float32",
            r"unexpected +encoder/kernal \(nearest: encoder/kernel",
            r"unexpected +m/z",
        ],
        True,
    ),
}


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
    )
    assert "check" in error.remedy
    assert "given=params" in error.remedy


def test_apply_shows_the_nearest_names():
    """A misspelt variable is among the nearest names, wherever it is."""
    error = refusal(
        sj.VariableNotFoundError,
        lambda: NET.apply({"encoder": {"kernal": W}, "decoder": {"kernel": W}}),
        match="encoder/kernel does not exist",
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
    )
    assert error.found == type(leaf).__name__


@pytest.mark.parametrize("leaf", [[[1.0] * 3] * 2, np.ones((2, 3), np.float32)])
def test_apply_takes_what_an_array_can_be_made_of(leaf):
    """At apply NumPy's arrays and lists of numbers are arrays."""
    assert NET.apply(good(kernel=leaf))[0] == 9


def test_an_abstract_array_is_not_given():
    """A shape without numbers fits in `check`, and is refused as a value."""
    tree = good(kernel=jax.ShapeDtypeStruct((2, 3), jnp.float32))
    NET.check(tree)
    for call in (lambda: NET.init(KEY, given=tree), lambda: NET.apply(tree)):
        refusal(
            sj.InvalidArgumentError,
            call,
            match="The value given for encoder/kernel is no array",
            name="encoder/kernel",
        )


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
