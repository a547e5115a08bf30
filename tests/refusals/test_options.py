"""Options that are none: reuse, functions, modes, collections, aggregation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, PartitionSpec

import scopejax as sj

from ..helpers.refusals import KEY, init, manifest, refusal

# Reuse and the other options


@pytest.mark.smoke
@pytest.mark.parametrize(
    "reuse", ["True", 1, 0, "auto", np.True_, [True], jnp.array(True), "AUTO_REUSE"]
)
def test_reuse_is_one_of_four_values(reuse):
    """Anything else is refused where it is passed: 1 and 'True' are not True."""
    refusal(
        sj.InvalidArgumentError,
        lambda: init(lambda s: (s / "a").with_options(reuse=reuse) and None),
        match="The reuse parameter must be True or False or None or AUTO_REUSE",
        name="a",
    )


def tied(other):
    """A model that makes `tower/kernel` and shares what it calls `other`."""

    def model(scope):
        tower = scope / "tower"
        first = tower.get_variable("kernel", (2,))
        return first, tower.with_options(reuse=True).get_variable(other, (2,))

    return model


def test_reuse_of_what_does_not_exist_shows_the_nearest_names():
    """A misspelt name under reuse is told with the nearest ones, at init and apply."""
    model = tied("kernal")
    params = {"tower": {"kernel": jnp.ones(2)}}
    for call in (lambda: init(model), lambda: sj.transform(model).apply(params)):
        error = refusal(
            sj.VariableNotFoundError,
            call,
            match="Variable tower/kernal does not exist, or was not created",
            name="tower/kernal",
        )
        assert error.nearest == ("tower/kernel",)
        assert "nearest names     tower/kernel" in str(error)
        assert error.remedy


def test_reuse_before_anything_exists_is_an_error():
    """Under reuse the first call finds nothing, and there is nothing near."""
    error = refusal(
        sj.VariableNotFoundError,
        lambda: init(lambda s: s.with_options(reuse=True).get_variable("w", ())),
        match="Variable w does not exist",
        name="w",
    )
    assert error.nearest == ()
    assert "nearest" not in str(error)


def test_reuse_does_not_look_in_the_scopes_above():
    """A variable is looked up by its full name alone, not in the scopes around."""

    def model(scope):
        scope.get_variable("w", ())
        return (scope / "a").with_options(reuse=True).get_variable("w", ())

    error = refusal(
        sj.VariableNotFoundError,
        lambda: init(model),
        match="Variable a/w does not exist",
        name="a/w",
    )
    assert error.nearest == ("w",)


NOT_CALLABLE = {
    "regularizer": "Regularizer must be callable",
    "constraint": "Constraint must be callable",
    "partitioner": "Partitioner must be callable",
    "custom_getter": "Passed a custom_getter which is not callable",
}


@pytest.mark.parametrize(("option", "message"), NOT_CALLABLE.items())
@pytest.mark.parametrize("value", [1, "l2", 0.5, [abs]], ids=repr)
def test_functions_are_callable(option, message, value):
    """An option that is a function is one, as an argument and as a default."""
    for model, name in (
        (lambda s: (s / "a").with_options(**{option: value}) and None, "a"),
        (lambda s: (s / "a").get_variable("w", (2,), **{option: value}), "a/w"),
    ):
        refusal(
            sj.InvalidArgumentError,
            lambda model=model: init(model),
            match=message,
            name=name,
        )


@pytest.mark.parametrize("value", [1, 0, "yes", np.True_], ids=repr)
def test_trainable_is_a_bool(value):
    """Whether a variable is trained is True or False."""
    for model in (
        lambda s: (s / "a").with_options(trainable=value) and None,
        lambda s: s.get_variable("a", (2,), trainable=value),
    ):
        refusal(
            sj.InvalidArgumentError,
            lambda model=model: init(model),
            match="trainable must be True or False or None",
            name="a",
        )


@pytest.mark.parametrize("what", ["synchronization", "aggregation"])
@pytest.mark.parametrize("value", [None, 0, "AUTO", "MEAN"])
def test_modes_are_members(what, value):
    """How replicas are kept together is a member of its enumeration."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: init(lambda s: s.get_variable("a/w", (2,), **{what: value})),
        match=f"Invalid variable {what} mode: {value} for variable: a/w",
        name="a/w",
    )
    assert f"Variable{what.capitalize()}" in error.expected


@pytest.mark.parametrize("value", ["mine", 3, {"mine": 1}, iter(["mine"])])
def test_collections_are_a_list(value):
    """A bare string, which would be taken letter by letter, is no list of names."""
    refusal(
        sj.InvalidArgumentError,
        lambda: init(lambda s: s.get_variable("a/w", (2,), collections=value)),
        match="collections argument to Variable constructor must be a list, tuple",
        name="a/w",
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (3, "Partitioner must return a sequence"),
        (None, "Partitioner must return a sequence"),
        ("ab", "Partitioner must return a sequence"),
        ((1,), "does not match the Variable's rank"),
        ((1, 1, 1), "does not match the Variable's rank"),
        (PartitionSpec("x", None, None), "does not match the Variable's rank"),
    ],
)
def test_a_partitioner_answers_for_each_axis(answer, message):
    """What a partitioner answers has one entry for each axis."""
    refusal(
        sj.InvalidArgumentError,
        lambda: manifest(
            lambda s: s.get_variable(
                "a/w", (2, 3), partitioner=lambda shape, dtype: answer
            )
        ),
        match=message,
        name="a/w",
    )


def test_options_have_names():
    """An unknown option, or one without its name, is refused."""
    scope = sj.Scope({})
    with pytest.raises(TypeError, match="unexpected keyword argument 'reusee'"):
        scope.with_options(reusee=True)
    with pytest.raises(TypeError, match="positional argument"):
        scope.with_options(True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'init'"):
        scope.get_variable("w", (), init=None)


# Aggregation


MESH = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))


def averaged(scope, x):
    """A variable whose replicas are to be averaged."""
    mean = sj.VariableAggregation.MEAN
    return x * (scope / "a").get_variable("w", (), aggregation=mean)


def test_aggregation_outside_of_shard_map_is_noted():
    """Elsewhere aggregation does nothing and is kept in the spec."""
    spec = manifest(averaged, jnp.ones(8))["a/w"]
    assert spec.aggregation is sj.VariableAggregation.MEAN
    net = sj.transform(averaged)
    params = net.init(KEY, jnp.ones(8))
    assert net.apply(params, jnp.ones(8)).shape == (8,)


def test_no_aggregation_in_shard_map_is_fine():
    """Without aggregation a variable is read inside of shard_map as anywhere."""

    def model(scope, x):
        return jax.shard_map(
            lambda x: x * scope.get_variable("w", ()),
            mesh=MESH,
            in_specs=PartitionSpec("data"),
            out_specs=PartitionSpec("data"),
        )(x)

    net, x = sj.transform(model), jnp.arange(8.0)
    params = net.init(KEY, x)
    np.testing.assert_array_equal(net.apply(params, x), x * params["w"])
