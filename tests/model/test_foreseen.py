"""How apply knows which variables a model writes inside of transforms."""

import jax
import jax.numpy as jnp
import pytest

import scopejax as sj

from ..helpers.closeness import assert_close

KEY, X = jax.random.key(0), jnp.arange(3.0)


def counting(calls):
    """A model that writes within a transform while it trains, and counts its runs."""

    def model(scope, x, training=True, step=0):
        calls.append(1)
        w = scope.get_variable("w", (3,))
        mean = scope.get_variable("mean", (3,), trainable=False)
        if training:
            jax.jit(lambda x: scope.assign("mean", 0.5 * mean + x))(x)
        return x * w - mean + step

    return sj.transform_with_state(model)


def runs(calls, call):
    """How often the model runs in a call."""
    calls.clear()
    call()
    return len(calls)


@pytest.mark.smoke
@pytest.mark.parametrize("how", ["init", "manifest"])
def test_after_init_the_model_runs_once(how):
    """What init, or the manifest, has recorded apply need not find out."""
    calls = []
    net = counting(calls)
    params, state = counting([]).init(KEY, X)
    net.init(KEY, X) if how == "init" else net.manifest(X)
    assert runs(calls, lambda: net.apply(params, state, X)) == 1
    assert runs(calls, lambda: jax.jit(net.apply)(params, state, 2 * X)) == 1


def test_without_init_it_is_found_out_once():
    """Recorded and run the first time; run alone from then on."""
    params, state = counting([]).init(KEY, X)
    calls = []
    net = counting(calls)
    expected = counting([]).apply(params, state, X)
    assert runs(calls, lambda: net.apply(params, state, X)) == 2
    assert runs(calls, lambda: net.apply(params, state, X)) == 1
    assert_close(net.apply(params, state, X), expected)
    assert_close(net.apply(params, state, X)[1]["mean"], 0.5 * state["mean"] + X)


def test_training_and_not_are_told_apart():
    """Switches among the arguments count; numbers do not."""
    calls = []
    net = counting(calls)
    params, state = net.init(KEY, X)
    apply = jax.jit(net.apply, static_argnums=(3, 4))
    assert "Ref" in str(jax.make_jaxpr(lambda: apply(params, state, X, True, 1))())
    assert "Ref" not in str(jax.make_jaxpr(lambda: apply(params, state, X, False))())
    assert runs(calls, lambda: net.apply(params, state, X, True, 7)) == 1


def test_a_model_that_cannot_be_recorded_runs_all_the_same():
    """Some models run on variables that they could not create."""

    def model(scope, x):
        for name in ("one", "two"):  # shapes that nothing but the state knows
            old = scope.get_variable(name)
            jax.jit(lambda x, n=name, old=old: scope.assign(n, old + x))(x)

    net = sj.transform_with_state(model)
    state = {"one": jnp.ones(3), "two": jnp.zeros(3)}
    with pytest.raises(sj.InvalidArgumentError, match="shape"):
        net.init(KEY, X)
    assert_close(net.apply({}, state, X)[1], {"one": 1 + X, "two": X})


def test_a_write_for_some_shapes_alone():
    """What the recording of one shape did not see is found when it is written."""
    calls = []

    def model(scope, x):
        calls.append(1)
        scope.get_variable("n", (), trainable=False)
        if x.shape[0] > 2:
            jax.jit(lambda x: scope.assign("n", x.sum()))(x)

    net = sj.transform_with_state(model)
    _, state = net.init(KEY, X[:2])
    assert runs(calls, lambda: net.apply({}, state, X[:2])) == 1
    assert runs(calls, lambda: net.apply({}, state, X)) == 2
    assert runs(calls, lambda: net.apply({}, state, 2 * X)) == 1
    assert net.apply({}, state, X)[1]["n"] == 3


def test_an_error_of_the_model_is_the_models():
    """What goes wrong in the model is not hidden by the recording before."""

    def model(scope, x):
        raise RuntimeError("the model's own")

    net = sj.transform_with_state(model)
    with pytest.raises(RuntimeError, match="the model's own"):
        net.apply({}, {"mean": X}, X)


def test_nothing_leaks_from_the_recording():
    """The tracers of the recording are gone when the model runs."""
    params, state = counting([]).init(KEY, X)
    with jax.checking_leaks():
        jax.jit(counting([]).apply)(params, state, X)
        jax.grad(lambda p: counting([]).apply(p, state, X)[0].sum())(params)


def test_arguments_without_a_hash():
    """What is static in the arguments need not be hashable."""

    @jax.tree_util.register_pytree_node_class
    class Odd:
        def tree_flatten(self):
            return (), [1]

        @classmethod
        def tree_unflatten(cls, static, children):
            return cls()

    def model(scope, x, odd):
        scope.get_variable("mean", (3,), trainable=False)
        jax.jit(lambda x: scope.assign("mean", x))(x)

    net = sj.transform_with_state(model)
    assert_close(net.apply({}, {"mean": X}, 2 * X, Odd())[1]["mean"], 2 * X)


def test_arguments_that_are_no_pytree():
    """A dict whose keys have no order is passed on as it is."""

    def model(scope, x, options):
        scope.get_variable("mean", (3,), trainable=False)
        jax.jit(lambda x: scope.assign("mean", options[1] * x))(x)

    net = sj.transform_with_state(model)
    for _ in range(2):
        _, new = net.apply({}, {"mean": X}, X, {1: 2.0, "b": None})
        assert_close(new["mean"], 2 * X)


def test_many_kinds_of_arguments_are_not_kept(monkeypatch):
    """What is remembered has an end."""
    monkeypatch.setattr(sj._model.foreseen, "_MOST", 2)
    calls = []
    net = counting(calls)
    params, state = net.init(KEY, X)
    for words in ("a", "b", "c"):
        net.apply(params, state, X, words)
    assert runs(calls, lambda: net.apply(params, state, X, "c")) == 1
    assert runs(calls, lambda: net.apply(params, state, X)) == 2
