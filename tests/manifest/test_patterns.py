"""Patterns: globs over components, expressions, predicates."""

import contextlib
import fnmatch
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax._manifest.patterns import matches


def spec(name):
    """A variable of that name."""
    return sj.VariableSpec(
        name=name, shape=(), dtype=np.dtype("float32"), initializer=None
    )


GLOBS = [
    # pattern, what it matches, what it does not
    ("*", ["a", "kernel", "a.b"], ["a/b", "a/b/c"]),
    ("**", ["a", "a/b", "a/b/c"], []),
    ("a", ["a"], ["b", "aa", "a/a", "ab"]),
    ("a/b", ["a/b"], ["a", "b", "a/b/c", "x/a/b"]),
    ("a/*", ["a/b", "a/kernel"], ["a", "a/b/c", "b/a"]),
    ("*/w", ["a/w"], ["w", "a/b/w", "a/v"]),
    ("a/**", ["a/b", "a/b/c"], ["a", "ab/c", "b/a/c"]),
    ("**/w", ["w", "a/w", "a/b/w"], ["aw", "a/w/b", "a/vw"]),
    ("a/**/w", ["a/w", "a/b/w", "a/b/c/w"], ["w", "ab/w", "a/bw"]),
    ("**/a/**", ["a/b", "x/a/b", "x/y/a/b/c"], ["a", "x/a"]),
    ("**/*", ["a", "a/b"], []),
    ("*/*", ["a/b"], ["a", "a/b/c"]),
    ("h*", ["h", "h1", "h10"], ["h/1", "g", "xh"]),
    ("h?", ["h1", "hx"], ["h", "h10", "h/"]),
    ("h?/w", ["h1/w"], ["h/w", "h10/w", "h//w"]),
    ("h[12]/w", ["h1/w", "h2/w"], ["h3/w", "h12/w", "h/w"]),
    ("h[0-9]", ["h0", "h9"], ["ha", "h10"]),
    ("h[!0]", ["h1", "hx"], ["h0", "h", "h!0"]),
    ("h[!0-4]/w", ["h5/w", "hx/w"], ["h0/w", "h4/w", "h!/w/w"]),
    ("*kernel*", ["kernel", "my_kernel_1"], ["kernels/a", "kern"]),
    ("a.b", ["a.b"], ["axb", "a/b"]),
    ("a+b", ["a+b"], ["aab", "ab"]),
    ("(a|b)", ["(a|b)"], ["a", "b"]),
    ("w:0", ["w:0"], ["w", "w0"]),
    ("a$", ["a$"], ["a"]),
    ("^a", ["^a"], ["a"]),
    ("a\\d", ["a\\d"], ["a1"]),
    ("[", ["["], ["a"]),
    ("a[", ["a["], ["a"]),
    ("]", ["]"], ["["]),
    ("a*c", ["ac", "abc", "abbc"], ["a/c", "ab"]),
    ("a**c", ["ac", "abc"], ["a/c", "a/b/c"]),
    ("", [], ["a", "a/b"]),
    ("é*", ["é", "école"], ["e"]),
]


@pytest.mark.smoke
@pytest.mark.parametrize(("pattern", "yes", "no"), GLOBS, ids=[g[0] for g in GLOBS])
def test_a_glob_covers_the_full_name(pattern, yes, no):
    """`*` stays within a component, `**` spans components, all else is literal."""
    assert [name for name in yes if not matches(pattern, spec(name))] == []
    assert [name for name in no if matches(pattern, spec(name))] == []


@pytest.mark.parametrize("pattern", ["a[!x]b", "a[^x]b", "a[+-9]b", "a[^-z]b"])
def test_a_set_is_one_character_of_one_component(pattern):
    """No set of characters matches the slash between components."""
    assert not matches(pattern, spec("a/b"))


@pytest.mark.parametrize("pattern", ["h[!0]", "h[!0-3]", "[!h]0"])
def test_a_set_that_is_turned_around_excludes(pattern):
    """A set after `!` never takes what it names."""
    assert not matches(pattern, spec("h0"))


@pytest.mark.parametrize("pattern", ["[[]", "[[a]", "[a&&b]", "[a||b]", "[a~~b]"])
def test_a_set_of_any_characters_is_no_warning(pattern):
    """What a later Python might read otherwise is read as characters."""
    assert matches(pattern, spec(pattern[1])) is True


@pytest.mark.parametrize("pattern", ["h[9-0]", "w[z-a]/**"])
def test_an_impossible_range_is_refused_or_empty(pattern):
    """A range the wrong way round takes nothing, or is an error of the library."""
    found = False
    with contextlib.suppress(sj.InvalidArgumentError):
        found = matches(pattern, spec("h5"))
    assert found is False


def test_a_regular_expression_covers_the_full_name():
    """A compiled expression matches all of a name, slashes included."""
    assert matches(re.compile(r"h\d+/.*"), spec("h10/a/w"))
    assert not matches(re.compile(r"h\d+"), spec("h10/a/w"))
    assert not matches(re.compile(r"a"), spec("x/a"))


def test_a_predicate_sees_the_spec():
    """A function of a spec decides by its truth value."""
    assert matches(lambda s: s.name.endswith("w"), spec("a/w")) is True
    assert matches(lambda s: s.shape, spec("a/w")) is False


@pytest.mark.parametrize("pattern", [None, 3, b"a", ["a", "b"], ("a",)], ids=repr)
def test_anything_else_is_no_pattern(pattern):
    """What is no glob, expression or function is refused with the three kinds."""
    with pytest.raises(sj.InvalidArgumentError, match="A pattern is a glob") as info:
        matches(pattern, spec("a"))
    assert repr(pattern) in str(info.value)
    assert "test_patterns.py" in info.value.where


# In a manifest


def model(scope):
    """Variables of two towers and a counter."""
    for tower in ("left", "right"):
        (scope / tower / "h0").get_variable("kernel", (2, 2))
        (scope / tower / "h0").get_variable("bias", (2,))
    scope.get_variable("step", (), "int32", trainable=False)


MANIFEST = sj.transform(model).manifest()


def test_select_takes_what_one_pattern_matches():
    """Several patterns are joined by or, and the order stays that of creation."""
    assert list(MANIFEST.select("right/**", "**/kernel")) == [
        "left/h0/kernel",
        "right/h0/kernel",
        "right/h0/bias",
    ]
    assert list(MANIFEST.select()) == list(MANIFEST)


def test_patterns_and_flags_are_joined_by_and():
    """A pattern and a flag both count."""
    assert list(MANIFEST.select("**", trainable=False)) == ["step"]
    assert list(MANIFEST.select("left/**", trainable=False)) == []
    assert len(MANIFEST.select(trainable=True)) == 4
    assert list(MANIFEST.select(collection="trainable_variables")) == list(
        MANIFEST.select(trainable=True)
    )


def test_a_collection_that_no_variable_is_in_is_refused():
    """A misspelt name is told, with the nearest; TF1's own collections may be empty."""
    with pytest.raises(
        sj.InvalidArgumentError, match="No variable is in the collection 'varibles'"
    ) as info:
        MANIFEST.select(collection="varibles")
    assert info.value.nearest[0] == "variables"
    assert list(MANIFEST.select(collection="local_variables")) == []


def test_trainable_is_a_flag():
    """A string is neither True nor False."""
    with pytest.raises(sj.InvalidArgumentError, match="trainable must be True, False"):
        MANIFEST.select(trainable="no")


USES = {
    "select": lambda pattern: MANIFEST.select(pattern),
    "mask": lambda pattern: MANIFEST.mask("**", pattern),
    "labels": lambda pattern: MANIFEST.labels({pattern: 1, "**": 2}),
}
uses = pytest.mark.parametrize("use", USES.values(), ids=USES)


@uses
@pytest.mark.parametrize("pattern", ["left", "kernel", "**/kernal", "middle/**", ""])
def test_a_pattern_that_matches_nothing_is_refused(use, pattern):
    """A glob that matches no variable is a mistake, and is told with what is near."""
    with pytest.raises(sj.InvalidArgumentError, match="No variable matches") as info:
        use(pattern)
    assert repr(pattern) in info.value.headline
    assert "test_patterns.py" in info.value.where
    assert "**/kernel" in info.value.remedy


def test_the_nearest_names_of_a_pattern_are_shown():
    """A misspelt glob is told with names that look like it."""
    with pytest.raises(sj.InvalidArgumentError, match="No variable matches") as info:
        MANIFEST.select("left/h0/kernal")
    assert info.value.nearest[0] == "left/h0/kernel"


@uses
def test_an_expression_that_matches_nothing_is_refused(use):
    """So is a regular expression."""
    with pytest.raises(sj.InvalidArgumentError, match="No variable matches"):
        use(re.compile("left"))


def test_a_predicate_may_match_nothing():
    """A function may be false everywhere."""
    assert list(MANIFEST.select(lambda s: False)) == []


@uses
@pytest.mark.parametrize("pattern", [3, ("a", "b")], ids=repr)
def test_no_pattern_is_refused_in_a_manifest(use, pattern):
    """What is no pattern is refused by each method that takes one."""
    with pytest.raises(sj.InvalidArgumentError, match="A pattern is a glob"):
        use(pattern)


def test_labels_take_the_first_pattern_that_matches():
    """Labels are given in the order of the patterns, and to every variable."""
    labels = MANIFEST.labels({"**/bias": "no decay", "left/**": "left", "**": "rest"})
    assert sj.to_flat(labels) == {
        "left/h0/kernel": "left",
        "left/h0/bias": "no decay",
        "right/h0/kernel": "rest",
        "right/h0/bias": "no decay",
        "step": "rest",
    }


def test_a_variable_without_a_label_is_refused():
    """A variable that no pattern takes is named, with the pattern for the rest."""
    with pytest.raises(sj.InvalidArgumentError, match="No pattern gives step") as info:
        MANIFEST.labels({"left/**": 1, "right/**": 2})
    assert info.value.name == "step"
    assert "'**'" in info.value.remedy


def test_a_mask_has_the_structure_of_the_params():
    """A mask is a tree of bools, one for each variable."""
    mask = sj.to_flat(MANIFEST.mask("left/**"))
    assert list(mask) == list(MANIFEST)
    assert {name for name, chosen in mask.items() if chosen} == {
        "left/h0/kernel",
        "left/h0/bias",
    }
    assert all(type(chosen) is bool for chosen in mask.values())


# Families


PIECES = st.text(alphabet="ab*?", min_size=1, max_size=4)
COMPONENTS = st.text(alphabet="ab", min_size=1, max_size=3)


@given(piece=PIECES, component=COMPONENTS)
def test_within_a_component_a_glob_is_that_of_fnmatch(piece, component):
    """For one component, `**` within it included, the standard library agrees."""
    if piece == "**":
        return
    expected = fnmatch.fnmatchcase(component, piece)
    assert matches(piece, spec(component)) is expected


def _by_components(pattern, name):
    """A reference for whole names, written down by recursion."""
    if not pattern:
        return not name
    head, *rest = pattern
    if head == "**":
        if not rest:
            return bool(name)
        return any(_by_components(rest, name[i:]) for i in range(len(name) + 1))
    return (
        bool(name)
        and fnmatch.fnmatchcase(name[0], head)
        and _by_components(rest, name[1:])
    )


@given(
    pattern=st.lists(PIECES | st.just("**"), min_size=1, max_size=4),
    name=st.lists(COMPONENTS, min_size=1, max_size=4),
)
def test_across_components_a_glob_is_the_recursion(pattern, name):
    """`**` stands for any number of components; at the end for one at least."""
    expected = _by_components(pattern, name)
    assert matches("/".join(pattern), spec("/".join(name))) is expected


@given(name=st.lists(st.text("ab.+$^()|{}\\-", min_size=1), min_size=1).map("/".join))
def test_a_name_matches_itself(name):
    """A name without wildcards is a glob for itself alone."""
    assert matches(name, spec(name))
    assert not matches(name, spec(f"{name}x"))
    assert not matches(name, spec(f"x/{name}"))
