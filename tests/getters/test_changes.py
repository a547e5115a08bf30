"""What a custom getter may change of a variable, and what it leaves as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.options import (
    KEY,
    ONES,
    ZEROS,
    changing,
    field,
    l1,
    l2,
    passing,
    specs,
    split,
)

CHANGES = [
    ("trainable", False, "trainable", False),
    ("dtype", "bfloat16", "dtype", "bfloat16"),
    ("shape", (4,), "shape", (4,)),
    ("initializer", ONES, "initializer", ONES),
    ("regularizer", l2, "regularizer", l2),
    ("constraint", l2, "constraint", l2),
    ("partitioner", split, "partition", (2,)),
    ("caching_device", "pinned_host", "caching_device", "pinned_host"),
    (
        "synchronization",
        sj.VariableSynchronization.ON_WRITE,
        "synchronization",
        sj.VariableSynchronization.ON_WRITE,
    ),
    (
        "aggregation",
        sj.VariableAggregation.SUM,
        "aggregation",
        sj.VariableAggregation.SUM,
    ),
    ("collections", ["mine"], "collections", ("mine", "trainable_variables")),
]


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("argument", "value", "name", "found"), CHANGES, ids=[c[0] for c in CHANGES]
)
def test_a_getter_may_change_any_argument(argument, value, name, found):
    """What a getter passes on counts, not what the call or the scopes said."""

    def model(scope):
        scope = scope.with_options(custom_getter=changing(**{argument: value}))
        return scope.get_variable("w", (2,))

    assert field(name)(specs(model)) == {"w": found}


def test_a_getter_that_freezes_leaves_the_collection_of_the_trained():
    """A variable that a getter freezes is in no collection of trained ones."""

    def model(scope):
        frozen = scope.with_options(custom_getter=changing(trainable=False))
        frozen.get_variable("w", ())
        frozen.get_variable("v", (), collections=["mine"])

    manifest = specs(model)
    assert field("trainable")(manifest) == {"w": False, "v": False}
    assert field("collections")(manifest) == {"w": ("variables",), "v": ("mine",)}
    assert list(manifest.select(collection="trainable_variables")) == []


def test_a_getter_that_trains_enters_the_collection_of_the_trained():
    """A variable that a getter thaws is in the collection of trained ones."""

    def model(scope):
        scope = scope.with_options(
            trainable=False, custom_getter=changing(trainable=True)
        )
        return scope.get_variable("w", ())

    (spec,) = specs(model).values()
    assert spec.trainable is True
    assert spec.collections == ("variables", "trainable_variables")


def test_a_getter_that_passes_on_changes_nothing():
    """A getter that passes everything on leaves every field of a spec as it was."""

    def model(scope, getter):
        scope = scope.with_options(custom_getter=getter)
        ruled = scope.with_options(
            regularizer=l2, constraint=l1, initializer=ONES, dtype="float16"
        )
        scope.get_variable("plain", (2,))
        ruled.get_variable("ruled", (2,))
        ruled.get_variable("unruly", (2,), regularizer=sj.no_regularizer)
        ruled.get_variable("value", initializer=[1, 2])
        ruled.get_variable("own", (2,), "bfloat16", ZEROS, constraint=l2)
        scope.with_options(trainable=False).get_variable("frozen", ())
        scope.get_variable("mine", (), collections=["mine"], trainable=False)

    def comparable(manifest):
        return {
            name: {
                f: np.asarray(getattr(spec, f)).tolist()
                if f == "initializer" and name == "value"
                else getattr(spec, f)
                for f in spec.__dataclass_fields__
                if f != "where"
            }
            for name, spec in manifest.items()
        }

    with_getter = comparable(specs(lambda s: model(s, passing([]))))
    without = comparable(specs(lambda s: model(s, None)))
    for name, fields in without.items():
        assert with_getter[name] == fields, name
    nested = comparable(
        specs(lambda s: model(s.with_options(custom_getter=passing([])), passing([])))
    )
    assert nested == without


@pytest.mark.parametrize(
    ("argument", "option", "name"),
    [
        ("regularizer", l2, "regularizer"),
        ("constraint", l2, "constraint"),
        ("partitioner", split, "partition"),
        ("caching_device", "device", "caching_device"),
    ],
)
def test_a_getter_may_take_a_default_away(argument, option, name):
    """None, passed on by a getter, is none: the scope's is not filled in again."""

    def model(scope):
        scope = scope.with_options(
            custom_getter=changing(**{argument: None}), **{argument: option}
        )
        return scope.get_variable("w", (2,))

    assert field(name)(specs(model)) == {"w": None}


def test_a_getter_may_take_the_initializer_away():
    """Without an initializer the variable has the default of its dtype."""

    def model(scope):
        scope = scope.with_options(
            initializer=ONES, custom_getter=changing(initializer=None)
        )
        return scope.get_variable("w", (2,))

    found = field("initializer")(specs(model))
    assert found == {"w": sj.initializers.glorot_uniform}


def test_a_getter_may_switch_reuse_off():
    """What a getter passes as `reuse` counts for this lookup."""

    def model(scope):
        scope.get_variable("w", ())
        again = scope.with_options(reuse=True, custom_getter=changing(reuse=False))
        return again.get_variable("w", ())

    with pytest.raises(sj.VariableExistsError, match="Variable w already exists"):
        specs(model)


def test_a_getter_may_switch_reuse_on():
    """A getter may share what the call would have made."""

    def model(scope):
        scope.get_variable("w", ())
        again = scope.with_options(custom_getter=changing(reuse=True))
        return again.get_variable("w", ())

    assert list(specs(model)) == ["w"]


def test_a_getter_may_make_several_variables():
    """One request may make more than one variable, below its own name."""

    def low_rank(getter, name, shape, **arguments):
        left = getter(f"{name}/0", (shape[0], 1), **arguments)
        right = getter(f"{name}/1", (1, shape[1]), **arguments)
        return left @ right

    def model(scope):
        scope = (scope / "s").with_options(custom_getter=low_rank)
        return scope.get_variable("v", (4, 3))

    net = sj.transform(model)
    params = net.init(KEY)
    assert jax.tree.map(jnp.shape, params) == {"s": {"v": {"0": (4, 1), "1": (1, 3)}}}
    np.testing.assert_array_equal(
        net.apply(params), params["s"]["v"]["0"] @ params["s"]["v"]["1"]
    )


def test_a_getter_may_make_nothing():
    """A getter that answers itself makes no variable."""

    def model(scope):
        scope = scope.with_options(custom_getter=lambda getter, **k: jnp.zeros(3))
        return scope.get_variable("w", (3,))

    net = sj.transform(model)
    assert net.init(KEY) == {}
    np.testing.assert_array_equal(net.apply({}), np.zeros(3))


def test_a_getter_may_call_the_true_one_with_little():
    """The true getter has defaults: float32, and no part of the scope's own."""

    def model(scope):
        scope = scope.with_options(
            custom_getter=lambda getter, name, shape, **k: getter(name, shape)
        )
        return scope.get_variable("w", (2,))

    (spec,) = specs(model).values()
    assert (spec.shape, spec.dtype) == ((2,), "float32")


def test_a_getter_takes_positional_arguments():
    """The first four arguments may be passed on by position."""

    def getter(getter, name, shape, dtype, initializer, **arguments):
        return getter(name, shape, dtype, initializer, **arguments)

    def model(scope):
        scope = scope.with_options(custom_getter=getter, initializer=ONES)
        return scope.get_variable("w", (2,), "int32")

    (spec,) = specs(model).values()
    assert (spec.dtype, spec.initializer) == ("int32", ONES)
