"""From names in a nested dict of TF1 variables back to TensorFlow's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import tf1
from scopejax.checkpoints._tensorflow import to_tf1_names
from scopejax.tf1._graph.names import Places

COMPONENTS = st.sampled_from(["a", "b", "v", "part_0", ""])
NAMES = st.lists(COMPONENTS, min_size=1, max_size=4).map("/".join)


@pytest.mark.smoke
@given(names=st.lists(NAMES.filter(bool), unique=True))
def test_places_are_undone(names):
    """Whatever place a variable got in the dict, its name comes back."""
    places = Places()
    found = {places.add(name): name for name in names}
    assert to_tf1_names(found) == found


@given(first=st.lists(NAMES.filter(bool), unique=True), second=NAMES.filter(bool))
def test_places_that_were_given_back_are_undone(first, second):
    """So they are where a variable could not be made."""
    places = Places()
    taken = [places.add(name) for name in first]
    for place in taken[::2]:
        places.free(place)
    if second in first:
        return
    assert to_tf1_names([places.add(second)]).popitem()[1] == second


def test_names_of_a_model():
    """The variables of a model in TF1's style go by TensorFlow's op names."""

    def model():
        tf1.get_variable("v", [1])
        with tf1.variable_scope("v"):
            tf1.get_variable("w", [2])
        tf1.get_variable("a/b", [3])
        tf1.get_variable("a", [4])

    with tf1.Graph().as_default():
        model()
        names = [v.op.name for v in tf1.global_variables()]
    shapes = tf1.transform(model).manifest()
    assert sorted(to_tf1_names(shapes).values()) == sorted(names)
    assert set(shapes) != set(names)


def test_two_of_one_name():
    """Names that are one to TensorFlow are an error that names both."""
    with pytest.raises(sj.InvalidArgumentError, match="a:/w and a/w:0 are both a/w"):
        to_tf1_names(["a:/w", "a/w:0"])
