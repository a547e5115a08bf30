"""Which errors a public function turns into its own, and which it leaves alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax._base.answers import answering, checking
from scopejax._base.rules import RULES

KEY, X = jax.random.key(0), jnp.ones((4, 3))


def test_the_argument_at_fault_is_named():
    """By its rule where that is broken, else with all the others."""
    with pytest.raises(
        sj.InvalidArgumentError, match="rms_norm's epsilon must be a number above 0"
    ):
        sj.transform(lambda s, x: sj.layers.rms_norm(s, x, epsilon="x")).init(KEY, X)
    with pytest.raises(
        sj.InvalidArgumentError, match=r"attention cannot be called with .*mask="
    ):
        sj.layers.attention(
            sj.Scope(sj.transform(attended).init(KEY)), X, 3, mask=jnp.ones((7, 7))
        )


def attended(scope):
    return sj.layers.attention(scope, X, 3)


def test_what_the_users_code_raises_is_the_users():
    """An error that comes through a function of the user's stays what it is."""

    def initializer(key, shape, dtype):
        raise KeyError("mine")

    def getter(getter, name, **arguments):
        return {}["mine"]

    with pytest.raises(KeyError, match="mine"):
        sj.transform(
            lambda s: sj.layers.dense(s.with_options(custom_getter=getter), X, 3)
        ).manifest()
    with pytest.raises(KeyError, match="mine"):
        sj.transform(lambda s: s.get_variable("w", ())).manifest().select(
            lambda spec: {}["mine"]
        )
    del initializer


def test_a_keyword_that_there_is_not_is_pythons_error():
    """As for any function of Python's."""
    with pytest.raises(TypeError, match="featurs"):
        sj.layers.dense(sj.Scope({}), X, featurs=3)
    with pytest.raises(TypeError, match="mesh"):
        sj.partitioners.fsdp(mesh="data")


def test_the_line_is_the_users_where_a_dataclass_is_made():
    """The constructor that Python writes is nobody's line."""
    for make in (
        lambda: sj.getters.lora(rank=-1),
        lambda: sj.initializers.InitialValueOf(3),
        lambda: sj.regularizers.Penalty(l1=-1.0),
    ):
        with pytest.raises(sj.InvalidArgumentError, match="must be") as caught:
            make()
        assert "test_answers.py" in caught.value.where.partition(",")[0]


def test_traced_values_are_for_jax_to_tell():
    """A decision on a traced value is told by JAX, with the line of the user's."""

    @answering
    def decide(x):
        return 1 if x else 0

    with pytest.raises(jax.errors.TracerBoolConversionError, match="bool"):
        jax.jit(decide)(X[0, 0])


def test_what_is_kept_for_later_is_checked_at_once():
    """A function that is called seldom looks at its arguments first."""

    @checking
    def keep(features, rate=0.5):
        return features, rate

    assert keep(3) == (3, 0.5)
    with pytest.raises(sj.InvalidArgumentError, match="keep's features must be"):
        keep("3")
    with pytest.raises(sj.InvalidArgumentError, match="keep's rate must be a number"):
        keep(3, 7.0)


GOOD = {
    "features": [1, np.int32(3), 2**40],
    "kernel_size": [3, (3, 3), [1, 2]],
    "epsilon": [1e-6, 1, np.float32(0.1), jnp.float32(0.1)],
    "rate": [0, 1, 0.5, np.float32(0.5)],
    "use_bias": [True, np.False_],
    "dtype": [None, "bfloat16", jnp.float32, np.dtype("int8")],
    "params": [{}, {"a": 1}],
    "where": [None, "**", lambda name: True],
    "mesh_axis": ["data", ("data", "model")],
    "x": [X, [1.0, 2.0], 3],
}
BROKEN = {
    "features": [0, -1, 1.5, True, None, "3", 2**70],
    "kernel_size": [(), (0,), "33", None],
    "epsilon": [0, -1.0, float("nan"), None, X, 2**70],
    "rate": [-0.1, 1.1, None, KEY],
    "use_bias": [1, None, "no"],
    "dtype": ["text", X, 7.5, "object"],
    "params": [None, [], X],
    "where": [3, ["**"]],
    "mesh_axis": [None, ["data"], 3],
    "x": [None, {}, "x", KEY],
}


@pytest.mark.parametrize("name", GOOD)
def test_rules(name):
    """What a rule allows, and what it does not."""
    from scopejax._base.rules import allows as _allows

    rule = RULES[name]
    assert all(_allows(rule, value) for value in GOOD[name])
    assert not any(_allows(rule, value) for value in BROKEN[name])
