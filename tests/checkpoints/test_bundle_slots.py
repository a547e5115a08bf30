"""Which tensors are variables of the model, and which are slots of an optimizer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopejax.checkpoints._tensorflow import NON_SLOT, Bundle, Part, parts

from ..helpers.bundles import DATA

CASES = {
    case: {name: tuple(shape) for name, shape in shapes.items()}
    for case, shapes in json.loads((DATA / "slots.json").read_text()).items()
}
MODEL = CASES["model"]
# A name of the user's own, set out by a scope: nothing tells that it is a slot.
UNKNOWN = [case for case in CASES if "named" in case and not case.endswith("''")]
KNOWN = [case for case in CASES if case not in UNKNOWN]


@pytest.mark.smoke
@pytest.mark.parametrize("case", KNOWN)
def test_the_slots_of_tensorflow(case):
    """What an optimizer of TensorFlow adds to a model is no variable of the model."""
    shapes = CASES[case]
    found = parts(shapes, shapes)
    assert list(found) == list(shapes)
    for name, part in found.items():
        if name in MODEL:
            assert part == Part(name, "")
        elif part.slot == NON_SLOT:
            assert part.variable == name
            assert shapes[name] == ()
        else:
            assert part.variable in MODEL
            assert shapes[part.variable] == shapes[name]
            assert name.endswith(f"{part.variable}/{part.slot}")


@pytest.mark.parametrize("case", KNOWN)
def test_slots_without_their_variables(case):
    """Each tensor of a file of slots alone is one, too, where its name is known."""
    slots = {
        name: shape
        for name, shape in CASES[case].items()
        if name not in MODEL and "named" not in case
    }
    assert all(part.slot for part in parts(slots, slots).values())


@pytest.mark.parametrize("case", UNKNOWN)
def test_names_of_ones_own_in_a_scope(case):
    """A slot of an unknown name that a scope sets out is taken for a variable."""
    found = parts(CASES[case], CASES[case])
    own = [name for name in CASES[case] if name.endswith(("Mine", "Mine_1", "shadow"))]
    assert own
    assert all(found[name] == Part(name, "") for name in own)


def test_a_training_run():
    """Of a checkpoint of a training run, the variables are those of the model."""
    with Bundle(DATA / "training" / "model.ckpt-4") as read:
        shapes = {name: tensor.shape for name, tensor in read.tensors.items()}
    found = parts(shapes, shapes)
    assert {name for name, part in found.items() if not part.slot} == set(MODEL)
    assert found["train/model/h0/w/Adam_1"] == Part("model/h0/w", "Adam_1")
    assert found["model/h0/w/Momentum"] == Part("model/h0/w", "Momentum")
    assert found["train/beta1_power"] == Part("train/beta1_power", NON_SLOT)
    assert found["global_step"] == Part("global_step", NON_SLOT)


def test_slots_of_partitioned_variables():
    """The slots of a partitioned variable are those of the whole."""
    with Bundle(DATA / "partitioned" / "model.ckpt") as read:
        shapes = {name: tensor.shape for name, tensor in read.tensors.items()}
    found = parts(shapes, shapes)
    assert found["rows/Adam_1"] == Part("rows", "Adam_1")
    variables = {name for name, part in found.items() if not part.slot}
    assert variables == {name for name in shapes if "Adam" not in name} - {
        "beta1_power",
        "beta2_power",
    }


EXAMPLES = {
    "any name below a variable": (["w", "w/mine"], "w/mine", Part("w", "mine")),
    "far below": (["w", "w/a/b"], "w/a/b", Part("w", "a/b")),
    "a slot of a slot": (
        ["w/ExponentialMovingAverage", "w/ExponentialMovingAverage/biased"],
        "w/ExponentialMovingAverage/biased",
        Part("w", "ExponentialMovingAverage/biased"),
    ),
    "of what lies below a variable": (
        ["w", "w/x", "w/x/Adam"],
        "w/x/Adam",
        Part("w", "x/Adam"),
    ),
    "in a scope, of what lies below": (
        ["w", "w/x", "train/w/x/Adam"],
        "train/w/x/Adam",
        Part("w", "x/Adam"),
    ),
    "the longest name": (["w", "h/w", "t/h/w/Adam"], "t/h/w/Adam", Part("h/w", "Adam")),
    "a whole component": (["w", "hw", "t/hw/Adam"], "t/hw/Adam", Part("hw", "Adam")),
    "as BERT has them": (["w", "w/adam_m"], "w/adam_m", Part("w", "adam_m")),
    "BERT's without w": (["w/adam_v"], "w/adam_v", Part("w", "adam_v")),
    "nothing above": (["Adam"], "Adam", Part("Adam", "")),
    "below a scope": (["h/w", "h/x"], "h/x", Part("h/x", "")),
    "counted": (
        ["s/beta1_power_3"],
        "s/beta1_power_3",
        Part("s/beta1_power_3", NON_SLOT),
    ),
    "not quite": (["w/Adamant"], "w/Adamant", Part("w/Adamant", "")),
}


@pytest.mark.parametrize(("names", "name", "part"), EXAMPLES.values(), ids=EXAMPLES)
def test_examples(names, name, part):
    """Each sentence of the rule, by an example."""
    assert parts(names, {})[name] == part


def test_shapes_decide_between_variables():
    """Where two variables could have a slot, it is that of the one with its shape."""
    shapes = {"h/w": (3, 5), "w": (5, 2), "h/w/Adam": (5, 2), "h/w/Momentum": (3, 5)}
    found = parts(shapes, shapes)
    assert found["h/w/Adam"] == Part("w", "Adam")
    assert found["h/w/Momentum"] == Part("h/w", "Momentum")


def test_a_global_step_is_a_scalar():
    """An array that is called as what optimizers keep once is a variable."""
    assert parts(["a/global_step"], {"a/global_step": (3,)}) == {
        "a/global_step": Part("a/global_step", "")
    }


COMPONENTS = st.sampled_from(["a", "b", "Adam", "Adam_1", "global_step", ""])
NAMES = st.lists(COMPONENTS, min_size=1, max_size=6).map("/".join)


@given(names=st.lists(NAMES, unique=True))
def test_any_names_have_parts(names):
    """Of any names, the variables are a set that a nested dict can hold."""
    found = parts(names, {})
    assert list(found) == names
    variables = {name for name, part in found.items() if not part.slot}
    assert all(found[name].variable == name for name in variables)
    nested = {(a, b) for a in variables for b in variables if b.startswith(a + "/")}
    assert not nested


def test_names_of_many_components():
    """A name of ten thousand components is no trouble."""
    name = "/".join(["Adam", "a"] * 5000)
    assert parts([name, f"{name}/Adam"], {})[f"{name}/Adam"] == Part(name, "Adam")
