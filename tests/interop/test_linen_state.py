"""flax.linen's other collections and random streams, in a scope."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest
from flax.errors import ModifyScopeVariableError

import scopejax as sj
from scopejax import interop

from ..helpers.closeness import assert_close
from ..helpers.interop_reference import KEY, OTHER, X, filled, jaxpr, of, shapes
from ..helpers.refusals import refusal


class Net(nn.Module):
    """Batch statistics and dropout."""

    @nn.compact
    def __call__(self, x, train):
        x = nn.BatchNorm(use_running_average=not train)(nn.Dense(5)(x))
        x = nn.Dropout(0.5, deterministic=not train)(x)
        return nn.Dense(2)(x)


class Counter(nn.Module):
    """One name in three collections, and a number."""

    @nn.compact
    def __call__(self, x, count=True):
        w = self.param("w", nn.initializers.ones, (6,))
        sums = self.variable("sums", "w", lambda: jnp.zeros(6))
        self.variable("fixed", "w", lambda: jnp.full(6, 2.0))
        calls = self.variable("sums", "calls", lambda: 0)
        if count and not self.is_initializing():
            sums.value = sums.value + x.sum((0, 1))
            calls.value += 1
        return x * w + sums.value


def stateful(module, **kwargs):
    """A model of the module with state."""
    return sj.transform_with_state(of(interop.linen, module, **kwargs))


def split(net, *args):
    """Random params and state."""
    variables = filled(net, *args)
    return net.manifest(*args).select(trainable=True).partition(variables)


@pytest.mark.smoke
def test_state_lies_beside_parameters():
    """Other collections than params are not trainable, and start as linen's do."""
    net = stateful(Net())
    params, state = net.init(KEY, X, True)
    assert set(params["part"]) == {"BatchNorm_0", "Dense_0", "Dense_1"}
    assert_close(
        state, {"part": {"BatchNorm_0": {"mean": jnp.zeros(5), "var": jnp.ones(5)}}}
    )


def test_training_moves_state_as_linen_does():
    """Results, gradients and new statistics are those of linen's mutable apply."""
    net = stateful(Net())
    params, state = split(net, X, True)
    dropout = (sj.Scope({}, key=OTHER) / "part").key("dropout")

    def ours(params, state):
        out, state = net.apply(params, state, X, True, key=OTHER)
        return jnp.sum(out**2), (out, state["part"])

    def theirs(params, state):
        variables = {"params": params["part"], "batch_stats": state["part"]}
        out, changed = Net().apply(
            variables, X, True, rngs={"dropout": dropout}, mutable=["batch_stats"]
        )
        return jnp.sum(out**2), (out, changed["batch_stats"])

    found, expected = (
        jax.jit(jax.grad(function, has_aux=True))(params, state)
        for function in (ours, theirs)
    )
    assert_close(found, expected)


def test_evaluation_reads_state_under_plain_transform():
    """Nothing is written, so nothing has to be state, and no key is wanted."""
    net = sj.transform(of(interop.linen, Net()))
    params = net.init(KEY, X, False)
    variables = interop.to_linen_variables(params["part"], Net(), X, train=False)

    def theirs(params):
        both = params["part"]["BatchNorm_0"]
        stats = {name: both[name] for name in ("mean", "var")}
        norm = {name: both[name] for name in ("bias", "scale")}
        variables = {
            "params": {**params["part"], "BatchNorm_0": norm},
            "batch_stats": {"BatchNorm_0": stats},
        }
        return Net().apply(variables, X, train=False)

    assert jaxpr(lambda p: net.apply(p, X, train=False), params) == jaxpr(
        theirs, params
    )
    assert_close(net.apply(params, X, False), Net().apply(variables, X, False))


def test_training_without_state_is_refused():
    """Under plain transform the error is that of scope.assign."""
    net = sj.transform(lambda scope: interop.linen(scope / "part", Net(), X, True))
    refusal(
        sj.ScopeUsageError,
        lambda: net.init(KEY),
        "mean cannot be assigned: the model was made by scopejax.transform",
        "part/BatchNorm_0/mean",
    )


def test_what_is_not_mutable_is_linens_error():
    """mutable=False is linen's: writing raises what linen raises."""
    net = stateful(Counter(), mutable=False)
    with pytest.raises(ModifyScopeVariableError, match='Cannot update variable "w"'):
        net.init(KEY, X)
    params, state = net.init(KEY, X, count=False)
    assert net.apply(params, state, X, count=False)[1] == state


def test_names_that_are_taken_get_their_collection():
    """The parameter keeps its name; then the collections go by the alphabet."""
    params, state = stateful(Counter()).init(KEY, X)
    assert shapes(params) == {"part": {"w": (6,)}}
    assert shapes(state) == {
        "part": {"@sums": {"w": (6,)}, "calls": (), "@fixed": {"w": (6,)}}
    }


@pytest.mark.parametrize("mutable", [None, True, "sums", ["sums"]])
def test_state_is_written_where_it_is_mutable(mutable):
    """All of it by default; a number counts on."""
    net = stateful(Counter(), mutable=mutable)
    params, state = net.init(KEY, X)
    for _ in range(3):
        _, state = net.apply(params, state, X)
    assert state["part"]["calls"] == 3
    assert_close(state["part"]["@sums"]["w"], 3 * X.sum((0, 1)))


def test_what_a_module_sows_is_returned_where_it_is_wanted():
    """By default it is dropped; `capture` names the collections to return."""

    class Sows(nn.Module):
        @nn.compact
        def __call__(self, x):
            h = nn.Dense(3)(x)
            self.sow("intermediates", "h", h)
            self.sow("losses", "l2", jnp.sum(h**2))
            return nn.Dense(2)(h)

    captured = stateful(Sows(), capture=["intermediates", "losses"])
    params, state = captured.init(KEY, X)
    assert not state
    (_, caught), _ = captured.apply(params, state, X)
    assert_close(
        caught["losses"]["l2"][0], jnp.sum(caught["intermediates"]["h"][0] ** 2)
    )


def test_what_init_sows_and_a_run_sows_again_is_refused():
    """Linen's init keeps such losses; the error says how to have them returned."""

    class Penalty(nn.Module):
        @nn.compact
        def __call__(self, x):
            self.sow("losses", "l2", jnp.sum(x**2))
            return x

    error = refusal(
        sj.ScopeUsageError,
        lambda: sj.transform(lambda s: interop.linen(s, Penalty(), X)).init(KEY),
        "l2/1 of losses comes into being",
    )
    assert "capture=" in error.remedy


def test_a_variable_that_init_does_not_make_is_refused():
    """What comes into being when the module runs has no place in a scope."""

    class Late(nn.Module):
        @nn.compact
        def __call__(self, x):
            self.variable("seen", "x", jnp.zeros, 3)
            if not self.is_initializing():
                self.variable("seen", "y", jnp.zeros, 3)
            return x

    refusal(
        sj.ScopeUsageError,
        lambda: stateful(Late()).init(KEY, X),
        "y of seen comes into being when the module runs",
        "y",
        file="interop_reference.py",
    )


# Random streams


class Noise(nn.Module):
    """Two streams, and a submodule with one of them."""

    @nn.compact
    def __call__(self, x):
        x = x + jax.random.normal(self.make_rng("noise"), x.shape)
        return nn.Dropout(0.5, deterministic=False)(nn.Dropout(0.1)(x, False))


def test_streams_have_keys_of_the_scope():
    """Each stream that the module draws from has the scope's key of its name."""
    net = sj.transform(of(interop.linen, Noise()))
    scope = sj.Scope({}, key=OTHER) / "part"
    rngs = {name: scope.key(name) for name in ("noise", "dropout")}
    assert_close(net.apply({}, X, key=OTHER), Noise().apply({}, X, rngs=rngs))


def test_a_key_that_nobody_uses_is_not_asked_for():
    """With a key at hand a deterministic module still has linen's jaxpr."""
    net = sj.transform(of(interop.linen, nn.Dropout(0.5, deterministic=True)))
    assert jaxpr(lambda x: net.apply({}, x, key=KEY), X) == jaxpr(lambda x: x, X)


def test_a_stream_without_a_key_is_named():
    """The error names the stream and what to pass."""
    net = sj.transform(lambda scope: interop.linen(scope / "part", Noise(), X))
    error = refusal(
        sj.ScopeUsageError, lambda: net.apply({}), "was given no key", "part/dropout"
    )
    assert "key=key" in error.remedy


def test_keys_may_be_given():
    """`rngs` stands in place of the scope's keys, for the streams that it has."""
    rngs = {"noise": KEY, "dropout": OTHER}
    net = sj.transform(of(interop.linen, Noise(), rngs=rngs))
    assert_close(net.apply({}, X), Noise().apply({}, X, rngs=rngs))


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg"])
def test_keys_of_any_kind(impl):
    """Typed keys of another implementation, and raw ones, draw what linen draws."""
    drop = nn.Dropout(0.5, deterministic=False)
    net = sj.transform(of(interop.linen, drop))
    keys = [jax.random.key(3, impl=impl)]
    if impl == "threefry2x32":
        keys.append(jax.random.PRNGKey(3))
    for key in keys:
        stream = (sj.Scope({}, key=key) / "part").key("dropout")
        assert_close(
            net.apply({}, X, key=key), drop.apply({}, X, rngs={"dropout": stream})
        )
