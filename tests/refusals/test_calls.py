"""Values where a scope or a model is needed, and layers of what they cannot take."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.refusals import KEY, init, refusal

# Values in place of a scope


X = jnp.ones((2, 4, 6))
CALLS = {
    "dense": lambda scope: layers.dense(scope, X, 4),
    "einsum": lambda scope: layers.einsum(scope, X, "btd,df->btf", (6, 4)),
    "mlp": lambda scope: layers.mlp(scope, X, (4,)),
    "conv": lambda scope: layers.conv(scope, X, 4, (3,)),
    "conv_transpose": lambda scope: layers.conv_transpose(scope, X, 4, (3,)),
    "embedding": lambda scope: layers.embedding(scope, jnp.arange(3), 4, 4),
    "attend": lambda scope: layers.attend(scope, X),
    "group_norm": lambda scope: layers.group_norm(scope, X, 2),
    "layer_norm": lambda scope: layers.layer_norm(scope, X),
    "rms_norm": lambda scope: layers.rms_norm(scope, X),
    "dropout": lambda scope: layers.dropout(scope, X, 0.5),
    "attention": lambda scope: layers.attention(scope, X, 2),
    "lstm": lambda scope: layers.lstm(scope, (X, X), X),
    "gru": lambda scope: layers.gru(scope, X, X),
    "rnn": lambda scope: layers.rnn(scope, layers.gru, X[:, 0], X),
    "bidirectional": lambda scope: layers.bidirectional(scope, layers.gru, X[:, 0], X),
    "batch_norm": lambda scope: layers.batch_norm(scope, X, is_training=True),
    "exponential_moving_average": lambda scope: layers.exponential_moving_average(
        scope, X, 0.9
    ),
}
WITHOUT_SCOPE = {"avg_pool", "max_pool", "rotary_embedding"}
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
    functions = {name for name, _ in inspect.getmembers(layers, inspect.isfunction)}
    assert {name for name in functions if name[0] != "_"} == {*CALLS, *WITHOUT_SCOPE}


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


@pytest.mark.smoke
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


@pytest.mark.parametrize("transform", [sj.transform, sj.transform_with_state])
@pytest.mark.parametrize("value", [None, {}, X, "model", 3, [lambda scope: None]])
def test_transform_takes_a_function(value, transform):
    """What is not callable is refused when it is passed, not when it is run."""
    error = refusal(
        sj.InvalidArgumentError,
        lambda: transform(value),
        match="transform takes a function of a scope, but received",
    )
    assert error.found == type(value).__name__


def test_a_bad_call_of_the_model_is_told():
    """Arguments that the model does not take are told with those that it takes."""
    net = sj.transform(lambda scope, x: x)
    for call in (
        lambda: net.init(KEY),
        lambda: net.apply({}),
        lambda: net.manifest(),
        lambda: net.apply({}, 1, 2),
    ):
        error = refusal(
            sj.InvalidArgumentError,
            call,
            match="arguments that the model does not take",
        )
        assert error.expected.endswith("x)")


# Shape and kind of what a layer is given


BAD_LAYERS = {
    "dense on a scalar": lambda s: layers.dense(s, jnp.float32(1), 3),
    "dense of half a feature": lambda s: layers.dense(s, X, 2.5),
    "conv of another rank": lambda s: layers.conv(s, X, 3, (3, 3)),
    "conv without space": lambda s: layers.conv(s, X[0], 3, 3),
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
