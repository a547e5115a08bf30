"""Scopes where they cannot be used, values where a scope is needed, bad options."""

import copy
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, PartitionSpec

import scopejax as sj
from scopejax import layers

from .refusals import KEY, init, manifest, refusal, unharmed

pytestmark = pytest.mark.usefixtures(unharmed.__name__)


# After the transform


def leak(step):
    """A scope that a model has kept, at `a/b`, after `step` ended."""
    kept = []

    def model(scope):
        kept.append(scope / "a" / "b")
        return scope.get_variable("w", ())

    def failing(scope):
        model(scope)
        raise RuntimeError("the user's own")

    net = sj.transform(model)
    if step == "init":
        net.init(KEY)
    elif step == "manifest":
        net.manifest()
    elif step == "check":
        net.check({"w": jnp.ones(())})
    else:
        with pytest.raises(RuntimeError, match="the user's own"):
            init(failing)
    return kept[0]


LEAKED_USES = {
    "get_variable": lambda scope: scope.get_variable("w", ()),
    "a child's": lambda scope: (scope / "c").get_variable("w", ()),
    "with options": lambda scope: scope.with_options(reuse=sj.AUTO_REUSE).get_variable(
        "w", ()
    ),
    "key": lambda scope: scope.key("noise"),
    "stack": lambda scope: scope.stack(3),
    "jit": lambda scope: jax.jit(lambda s: s.get_variable("w", ()))(scope),
    "leaves": jax.tree.leaves,
    "copy": lambda scope: copy.copy(scope).get_variable("w", ()),
    "another init": lambda scope: init(lambda s: scope.get_variable("w", ())),
    "a layer": lambda scope: layers.dense(scope, jnp.ones((1, 2)), 3),
}


@pytest.mark.parametrize("step", ["init", "manifest", "check", "failure"])
@pytest.mark.parametrize("use", LEAKED_USES.values(), ids=LEAKED_USES)
def test_a_scope_ends_with_its_transform(use, step):
    """A scope kept in a closure is refused, wherever it was kept and is used."""
    scope = leak(step)
    error = refusal(
        sj.ScopeUsageError,
        lambda: use(scope),
        match="is used outside of the transform it belongs to",
    )
    assert "scopejax.Scope(params)" in error.remedy


@pytest.mark.parametrize("step", ["init", "manifest", "failure"])
def test_a_scope_that_has_ended_is_named(step):
    """The error names the scope that was kept."""
    scope = leak(step)
    for use in (
        lambda: scope.get_variable("w", ()),
        lambda: scope.key("noise"),
        lambda: jax.tree.leaves(scope),
    ):
        error = refusal(
            sj.ScopeUsageError, use, match="The scope 'a/b' is used outside"
        )
        assert error.name.startswith("a/b")


def test_a_scope_that_has_ended_can_be_looked_at():
    """Its name, its path and its text still are what they were."""
    scope = leak("init")
    assert (scope.name, scope.path, repr(scope)) == ("a/b", ("a", "b"), "Scope('a/b')")
    assert (scope / "c").name == "a/b/c"


def test_a_scope_of_one_call_is_refused_in_the_next():
    """A scope kept by one call of init is not taken for the next one's own."""
    kept = []

    def model(scope):
        kept.append(scope)
        return kept[0].get_variable("w", ())

    net = sj.transform(model)
    assert list(net.init(KEY)) == ["w"]
    refusal(sj.ScopeUsageError, lambda: net.init(KEY), match="outside of the transform")
    kept.clear()
    assert list(net.init(KEY)) == ["w"]


def test_a_scope_over_arrays_outlives_apply():
    """Apply's scope is over arrays that exist, and needs no transform."""
    kept = []
    net = sj.transform(lambda s: kept.append(s / "a"))
    net.apply({"a": {"w": jnp.ones(2)}})
    assert kept[0].get_variable("w", (2,)).shape == (2,)


# Values in place of a scope


X = jnp.ones((2, 4, 6))
CALLS = {
    "dense": lambda scope: layers.dense(scope, X, 4),
    "conv": lambda scope: layers.conv(scope, X, 4, (3,)),
    "conv_transpose": lambda scope: layers.conv_transpose(scope, X, 4, (3,)),
    "embedding": lambda scope: layers.embedding(scope, jnp.arange(3), 4, 4),
    "layer_norm": lambda scope: layers.layer_norm(scope, X),
    "rms_norm": lambda scope: layers.rms_norm(scope, X),
    "dropout": lambda scope: layers.dropout(scope, X, 0.5),
    "attention": lambda scope: layers.attention(scope, X, 2),
    "lstm": lambda scope: layers.lstm(scope, (X, X), X),
    "gru": lambda scope: layers.gru(scope, X, X),
}
NO_SCOPES = {
    "dict": {"kernel": X},
    "array": X,
    "numpy": np.ones(2),
    "None": None,
    "string": "encoder",
    "class": sj.Scope,
}


def test_the_calls_above_are_all_layers():
    """No layer is left out here."""
    public = {name for name, _ in inspect.getmembers(layers, inspect.isfunction)}
    assert public == set(CALLS)


@pytest.mark.parametrize("layer", CALLS)
@pytest.mark.parametrize("value", NO_SCOPES.values(), ids=NO_SCOPES)
def test_a_layer_takes_a_scope_first(layer, value):
    """A layer called with something else first is told by its name, with the call."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: CALLS[layer](value),
        match=f"^{layer} takes a Scope as its first argument, but received",
    )
    assert error.expected == "Scope"
    assert error.found == type(value).__name__
    if isinstance(value, dict):
        assert error.remedy == f"{layer}(scopejax.Scope(variables), ...)"
    else:
        assert "the scope comes first" in error.remedy


def test_a_layer_with_its_arguments_swapped_is_told_in_a_model():
    """An array and a scope in the wrong order are told while a model is recorded."""
    refusal(
        sj.InvalidArgumentError,
        lambda: init(lambda scope, x: layers.dense(x, scope, 4), X),
        match="dense takes a Scope as its first argument",
    )


@pytest.mark.parametrize("value", [X, [X], None, "params", 3, (X, X), sj.Scope({})])
def test_a_scope_is_over_a_dict(value):
    """A scope of its own, and apply's params, are a nested dict."""
    for call in (
        lambda: sj.Scope(value),
        lambda: sj.transform(lambda s: s.get_variable("w")).apply(value),
    ):
        refusal(sj.InvalidArgumentError, call, match="must be a nested dict of arrays")


@pytest.mark.parametrize("value", [None, {}, X, "model", 3, [lambda scope: None]])
def test_transform_takes_a_function(value):
    """What is not callable is refused when it is passed, not when it is run."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: sj.transform(value),
        match="transform takes a function of a scope, but received",
    )
    assert error.found == type(value).__name__


def test_a_bad_call_of_the_model_is_pythons_own_error():
    """Arguments that the model does not take are told as Python tells them."""
    net = sj.transform(lambda scope, x: x)
    for call in (
        lambda: net.init(KEY),
        lambda: net.apply({}),
        lambda: net.manifest(),
        lambda: net.apply({}, 1, 2),
    ):
        with pytest.raises(TypeError, match="positional argument"):
            call()


# Shape and kind of what a layer is given


BAD_LAYERS = {
    "dense on a scalar": lambda s: layers.dense(s, jnp.float32(1), 3),
    "dense of half a feature": lambda s: layers.dense(s, X, 2.5),
    "conv of another rank": lambda s: layers.conv(s, X, 3, (3, 3)),
    "conv of a bare size": lambda s: layers.conv(s, X, 3, 3),
    "conv in odd groups": lambda s: layers.conv(s, X, 3, (3,), groups=4),
    "attention of no heads": lambda s: layers.attention(s, X, 0),
}


@pytest.mark.parametrize("model", BAD_LAYERS.values(), ids=BAD_LAYERS)
def test_a_layer_tells_what_it_cannot_take(model):
    """A layer that cannot be made of its arguments is an error of its own."""
    refusal(sj.InvalidArgumentError, lambda: init(lambda s: model(s / "a")), match=".")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: layers.dropout(s, X, 1.5), "rate must be between 0 and 1"),
        (lambda s: layers.dropout(s, X, -0.1), "rate must be between 0 and 1"),
        (lambda s: layers.dropout(s, X, float("nan")), "rate must be between 0 and 1"),
        (lambda s: layers.attention(s, X, 4), "6 features cannot be shared by 4 heads"),
    ],
)
def test_what_a_layer_documents_is_a_value_error(call, message):
    """Dropout's rate and attention's heads are checked before anything is made."""
    with pytest.raises(ValueError, match=message):
        init(call)


# Reuse and the other options


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


# A scope does not change


ATTRIBUTES = [
    *("path", "name", "reuse", "w"),
    *("_variables", "_key", "_place", "_unsliced"),
]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_attribute_is_set(name):
    """Setting anything on a scope is refused, with what to do in its place."""
    scope = sj.Scope({"w": jnp.ones(2)})
    with pytest.raises(AttributeError, match=f"A Scope is immutable: '{name}'"):
        setattr(scope, name, None)
    assert scope.get_variable("w", (2,)).shape == (2,)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_attribute_is_deleted(name):
    """Deleting anything from a scope is refused, and nothing is lost."""
    scope = sj.Scope({"w": jnp.ones(2)}, key=KEY) / "a"
    with pytest.raises(AttributeError, match="A Scope is immutable"):
        delattr(scope, name)
    assert scope.name == "a"
    assert scope.key("noise").shape == ()


def test_a_scope_is_no_container():
    """A scope is no dict and no function: Python's own errors tell so."""
    scope = sj.Scope({"w": jnp.ones(2)})
    for call in (lambda: scope["w"], lambda: scope(), lambda: "a" / scope):
        with pytest.raises(TypeError, match="Scope"):
            call()
    with pytest.raises(AttributeError, match="'w'"):
        scope.w  # noqa: B018


# Aggregation


MESH = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))


def averaged(scope, x):
    """A variable whose replicas are to be averaged."""
    mean = sj.VariableAggregation.MEAN
    return x * (scope / "a").get_variable("w", (), aggregation=mean)


def test_aggregation_in_shard_map_is_not_implemented():
    """Inside of shard_map aggregation would act, and is refused at init and apply."""

    def model(scope, x):
        return jax.shard_map(
            lambda x: averaged(scope, x),
            mesh=MESH,
            in_specs=PartitionSpec("data"),
            out_specs=PartitionSpec("data"),
        )(x)

    x, params = jnp.ones(8), {"a": {"w": jnp.float32(2)}}
    net = sj.transform(model)
    for call in (lambda: net.init(KEY, x), lambda: net.apply(params, x)):
        with pytest.raises(NotImplementedError, match=r"a/w .* aggregation=MEAN"):
            call()


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
