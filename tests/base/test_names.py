"""Names, paths and their hashes."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from scopejax._base import names as naming

paths = st.lists(st.text(max_size=8), min_size=1, max_size=5).map(tuple)

# The high and the low word. Changing one changes every model's initial values.
GOLDEN = {
    (("w",), "variable"): (1206373355, 124190865),
    (("a", "bc"), "variable"): (3497770885, 2882652106),
    (("ab", "c"), "variable"): (3457739356, 2223008679),
    (("encoder", "h0", "kernel"), "variable"): (3666787033, 3003699780),
    (("größe", "重み"), "variable"): (1627971929, 2530486636),
    (("h0",), "scope"): (2603121815, 3492628316),
    (("dropout",), "key"): (2807422101, 3793582013),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("path", "kind"), GOLDEN)
def test_golden_words(path, kind):
    """A path has the hash it has always had."""
    assert tuple(naming.path_words(path, kind).tolist()) == GOLDEN[path, kind]


@given(paths, paths)
def test_hashes_differ_where_paths_differ(one, two):
    """The encoding is unambiguous: two paths have one hash only if they are one."""
    same = np.array_equal(naming.path_words(one), naming.path_words(two))
    assert same == (one == two)


def test_kinds_keep_names_apart():
    """A variable, a scope and a key of one name have hashes of their own."""
    kinds = ("variable", "scope", "key")
    words = {tuple(naming.path_words(("a",), kind).tolist()) for kind in kinds}
    assert len(words) == 3


def test_words_cannot_be_changed():
    """The cached hash is read-only."""
    with pytest.raises(ValueError, match="read-only"):
        naming.path_words(("a",))[0] = 1


@given(st.lists(st.integers(0, 200), unique=True))
def test_natural_order_counts(numbers):
    """Numbers within names are ordered as numbers."""
    names = [f"h{number}/w" for number in numbers]
    expected = [f"h{number}/w" for number in sorted(numbers)]
    assert sorted(names, key=naming.natural) == expected


@given(st.lists(st.text(), max_size=6))
def test_natural_order_takes_any_text(names):
    """Any names can be ordered, and the order is total."""
    keys = [naming.natural(name) for name in sorted(names, key=naming.natural)]
    assert all(one <= two for one, two in itertools.pairwise(keys))


def test_nearest_names():
    """Names that look alike come first, then those with the same last component."""
    names = ["encoder/h0/kernel", "decoder/out/kernel", "encoder/h0/bias"]
    assert naming.nearest("encoder/h0/kernle", names)[0] == "encoder/h0/kernel"
    assert "decoder/out/kernel" in naming.nearest("x/kernel", names)
    assert naming.nearest("zzz", names) == ()


def test_few_of_many_names_are_compared_letter_by_letter(monkeypatch):
    """Ten thousand names are ranked by their components first, typos included."""
    compared = []
    matches = naming.difflib.get_close_matches

    def counted(name, names, **options):
        compared.append(len(names))
        return matches(name, names, **options)

    monkeypatch.setattr(naming.difflib, "get_close_matches", counted)
    names = [f"encoder/h{i}/attention/w{j}" for i in range(1000) for j in range(10)]
    for wrong, right in {
        "encoder/h7/attention/v3": "encoder/h7/attention/w3",
        "encoder/h7/atention/w3": "encoder/h7/attention/w3",
        "model/encoder/h7/attention/w3": "encoder/h7/attention/w3",
        "encodr/h7/attention/w3": "encoder/h7/attention/w3",
    }.items():
        assert right in naming.nearest(wrong, names)
    assert max(compared) <= 100


def test_a_name_without_end_is_compared_by_its_beginning():
    """The letters that are compared are bounded too."""
    assert naming.nearest("x" * 10**6, ["x" * 10**6 + "y"]) == ()
