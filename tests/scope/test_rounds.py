"""A model may compute on a scope as a tree of arrays: it is recorded in rounds."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax._model import init as init_file

from ..helpers.closeness import assert_close
from ..helpers.tree_models import (
    MODELS,
    ONE,
    TWO,
    dense,
    dense_by_hand,
    flat,
    mean,
    mean_of_towers,
    reused,
)

X = jnp.linspace(-1.0, 1.0, 8).reshape(2, 4)


def shapes(params):
    """The shapes of a tree."""
    return jax.tree.map(lambda leaf: leaf.shape, params)


@pytest.mark.smoke
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_model_gets_its_variables_and_is_the_one_by_hand(model, key):
    """Init makes what apply needs, and apply is the model on a dict."""
    net = sj.transform(functools.partial(model, f=dense, again=reused))
    params = net.init(key, X)
    assert shapes(params) == MODELS[model]
    net.check(params, X)
    by_hand = model(params, X, f=dense_by_hand, again=lambda tree: tree)
    assert_close(net.apply(params, X), by_hand)


def test_values_are_those_of_the_path_law(key):
    """The variables are those of a model that asks for each by itself."""
    net = sj.transform(functools.partial(mean_of_towers, f=dense, again=reused))
    plain = sj.transform(lambda s, x: dense(s / "b", dense(s / "a", x)))
    for name, array in sj.to_flat(plain.init(key, X)).items():
        np.testing.assert_array_equal(sj.to_flat(net.init(key, X))[name], array)


@pytest.mark.parametrize("backwards", [False, True])
def test_weights_that_read_weights_are_found_in_as_many_rounds_as_it_takes(
    backwards, key
):
    """Each part's kernel is as long as the part before has numbers."""
    steps = [("m0", "a"), ("m1", "m0"), ("m2", "m1")]

    def model(scope, x):
        total = jnp.float32(0)
        if not backwards:
            total += dense(scope / "a", x).sum()
        for name, read in steps[::-1] if backwards else steps:
            total += dense(scope / name, flat(scope / read), 2).sum()
        if backwards:
            total += dense(scope / "a", x).sum()
        return total

    net = sj.transform(model)
    params = net.init(key, X)
    sizes = [params[name]["kernel"].shape[0] for name, _ in steps]
    assert sizes == [20, 42, 86]
    assert net.apply(params, X).shape == ()


def test_stacks_are_joined(key):
    """Two stacks become one; each has its own length."""

    def model(scope, x):
        stacks = (scope / "a").stack(2), (scope / "b").stack(3)
        layers = jax.tree.map(lambda *arrays: jnp.concatenate(arrays), *stacks)
        return jax.lax.scan(lambda x, s: (dense(s, x), None), x, layers)[0]

    net = sj.transform(model)
    params = net.init(key, X)
    kernels = [params[name]["kernel"] for name in "ab"]
    assert [kernel.shape for kernel in kernels] == [(2, 4, 4), (3, 4, 4)]
    assert not np.array_equal(kernels[0][0], kernels[0][1])
    expected = X
    for name, n in (("a", 2), ("b", 3)):
        for i in range(n):
            layer = jax.tree.map(lambda leaf, i=i: leaf[i], params[name])
            expected = dense_by_hand(layer, expected)
    assert_close(net.apply(params, X), expected)


def test_means_within_a_stack_are_stacked(key):
    """A counterpart is in the stacks that its own scope is in."""

    def model(scope, x):
        def layer(x, s):
            return dense(mean(s / "a", s / "b"), x), None

        return jax.lax.scan(layer, x, (scope / "h").stack(3))[0]

    net = sj.transform(model)
    params = net.init(key, X)
    layers = {"bias": (3, 4), "kernel": (3, 4, 4)}
    assert shapes(params) == {"h": {"a": layers, "b": layers}}
    assert net.apply(params, X).shape == X.shape


def test_state_beside_it_is_recorded_as_ever(key):
    """A mean of towers, and a counter that the model writes."""

    def model(scope, x):
        count = scope.get_variable("count", (), "int32", trainable=False)
        scope.assign("count", count + 1)
        return dense(mean(scope / "a", scope / "b"), x)

    net = sj.transform_with_state(model)
    params, state = net.init(key, X)
    assert (shapes(params), shapes(state)) == (TWO, {"count": ()})
    assert int(net.apply(params, state, X)[1]["count"]) == 1


def test_reuse_finds_what_a_counterpart_implies(key):
    """The second tower exists since the mean of both was asked for."""

    def model(scope, x):
        x = dense(mean(scope / "a", scope / "b"), x)
        return dense(reused(scope / "b"), x)

    assert shapes(sj.transform(model).init(key, X)) == TWO


def test_what_was_made_of_a_variable_may_be_asked_for_by_its_new_shape(key):
    """The variable keeps its own, whichever is asked for first."""

    def model(scope, x, *, first):
        wide = jax.tree.map(lambda w: jnp.concatenate([w, w], -1), scope / "a")
        asks = [lambda s: dense(s, x), lambda s: dense(reused(s), x, 8)]
        scopes = [scope / "a", wide]
        if not first:
            return [ask(s) for ask, s in zip(asks, scopes, strict=True)]
        jax.eval_shape(asks[0], scope / "a")
        return [ask(reused(s)) for ask, s in zip(asks[::-1], scopes[::-1], strict=True)]

    for first in (False, True):
        net = sj.transform(functools.partial(model, first=first))
        params = net.init(key, X)
        assert shapes(params) == ONE
        widths = sorted(out.shape[-1] for out in net.apply(params, X))
        assert widths == [4, 8]


def test_one_round_is_enough_where_nobody_looks(key, monkeypatch):
    """A model that hands its scopes on is recorded once."""
    rounds = []

    def settled(run):
        return original(lambda round: (rounds.append(round), run(round)))

    original = init_file.settled
    monkeypatch.setattr(init_file, "settled", settled)

    def model(scope, x):
        x = jax.checkpoint(jax.jit(dense))(scope / "a", x)
        x = jax.lax.scan(lambda x, s: (dense(s, x), None), x, (scope / "h").stack(2))[0]
        return jax.vmap(dense, (None, 0))(scope / "b", x[:, None])

    sj.transform(model).manifest(X)
    assert len(rounds) == 1
    sj.transform(lambda s, x: mean_of_towers(s, x, dense, reused)).manifest(X)
    assert len(rounds) == 3


def test_sharing_by_accident_is_seen_in_every_round(key):
    """What was computed from a scope has that scope's names."""

    def model(scope, x):
        x = dense(mean(scope / "a", scope / "b"), x)
        return dense(scope / "a", x)

    with pytest.raises(sj.VariableExistsError, match="a/kernel already exists"):
        sj.transform(model).init(key, X)


def test_what_apply_would_refuse_is_refused_by_init(key):
    """A scope whose arrays were cast or widened has no longer what is asked for."""

    def cast(scope, x):
        half = jax.tree.map(lambda w: w.astype(jnp.bfloat16), scope / "a")
        return dense(half, x)

    def wide(scope, x):
        two = jax.tree.map(lambda w: jnp.concatenate([w, w], -1), scope / "a")
        return dense(two, x)

    with pytest.raises(sj.VariableMismatchError, match="found dtype bfloat16"):
        sj.transform(cast).init(key, X)
    with pytest.raises(sj.VariableMismatchError, match=r"found shape \(4, 8\)"):
        sj.transform(wide).init(key, X)


def test_leaves_that_cannot_be_guessed_are_an_error_by_name(key):
    """The error says which scope is still empty, where, and what to write."""

    def model(scope, x, *, asks=False):
        if asks:
            jax.eval_shape(dense, scope / "h", x)
        halves = jax.tree.map(lambda w: w.reshape(2, -1, *w.shape[1:]), scope / "h")
        rows = jax.vmap(lambda s: s.get_variable("kernel", (2, 4)))
        return x @ rows(reused(halves)).reshape(4, 4)

    with pytest.raises(sj.ScopeUsageError, match="Scope h has no variables") as caught:
        sj.transform(model).init(key, X)
    assert "test_rounds.py" in caught.value.where
    assert "jax.eval_shape(layer, scope, x)" in caught.value.remedy
    net = sj.transform(functools.partial(model, asks=True))
    params = net.init(key, X)
    assert_close(net.apply(params, X), X @ params["h"]["kernel"])


def test_variables_that_grow_with_themselves_are_an_error_by_name(key):
    """No tree of variables would do."""

    def model(scope, x):
        return dense(scope / "a" / "x", flat(scope / "a"))

    with pytest.raises(sj.ScopeUsageError, match="Variable a/x/kernel is another each"):
        sj.transform(model).init(key, X)


def test_an_error_of_the_model_is_its_own(key):
    """Looking at a scope does not change what a mistake elsewhere says."""

    def model(scope, x):
        jax.tree.leaves(scope / "empty")
        return dense(scope / "a", x) @ jnp.ones((7, 7))

    with pytest.raises(TypeError, match="dot_general"):
        sj.transform(model).init(key, X)
