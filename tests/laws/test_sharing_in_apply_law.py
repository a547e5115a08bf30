"""Law: what is shared by accident is an error in apply too, whatever init has seen."""

import gc
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import scopejax as sj
from scopejax._scope.ledger import Ledger

from ..helpers.models.blocks import D, X, block
from .test_sharing_law import AROUND, CALLS, EXISTS, twice

pytestmark = pytest.mark.smoke

H = {"dense": {"kernel": jnp.eye(D)}, "scale": jnp.ones(())}
# JAX keeps what these functions did at their first call in a model.
KEPT = {"jit", "jit of jit", "checkpoint", "jit of checkpoint"}
RUN = {name: call for name, call in CALLS.items() if name not in KEPT}


def trace(net, name):
    """Traces apply of a model that calls by `name`; a stack's params have an axis."""
    stacked = jax.tree.map(lambda w: jnp.stack([w] * 3), H)
    params = {"h": stacked if name == "scan over a stack" else H}
    jax.eval_shape(lambda params: net.apply(params, X), params)


@pytest.mark.parametrize("name", RUN)
@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_sharing_by_accident_is_an_error(name, around):
    """A second call with one scope is caught where JAX runs it."""
    net = sj.transform(around(twice(RUN[name])))
    with pytest.raises(sj.VariableExistsError, match=EXISTS) as caught:
        trace(net, name)
    assert caught.value.name == "h/dense/kernel"
    assert caught.value.first


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_one_call_is_no_sharing(name, around):
    """However often JAX runs it, and whatever it has kept."""
    net = sj.transform(around(lambda scope, x: CALLS[name](scope / "h", x)))
    for _ in range(2):
        trace(net, name)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("reuse", [True, sj.AUTO_REUSE], ids=["True", "AUTO_REUSE"])
def test_sharing_on_purpose_is_none(name, reuse):
    """A second call that reuses, and a model that reuses all."""

    def model(scope, x):
        call, first = CALLS[name], scope / "h"
        return call(first.with_options(reuse=reuse), call(first, x))

    trace(sj.transform(model), name)
    all_reuse = sj.transform(
        lambda scope, x: twice(CALLS[name])(scope.with_options(reuse=reuse), x)
    )
    trace(all_reuse, name)


def test_a_branch_that_init_did_not_take():
    """Both lines are shown, those of apply."""

    def model(scope, x, again=False):
        x = block(scope / "h", x)
        return block(scope / "h", x) if again else x

    net, first = sj.transform(model), model.__code__.co_firstlineno + 1
    params = net.init(jax.random.key(0), X)
    net.apply(params, X)
    for apply in net.apply, jax.jit(net.apply, static_argnums=2):
        with pytest.raises(sj.VariableExistsError, match="reuse=True") as caught:
            apply(params, X, True)
        assert f":{first} in model" in caught.value.first
        assert f":{first + 1} in model" in caught.value.where


def test_a_model_with_state(key):
    """`transform_with_state` checks as well, and state may be written often."""

    def model(scope, x, again=False):
        count = scope.get_variable("count", (), trainable=False)
        for _ in range(2):
            scope.assign("count", count + 1)
        return (scope.get_variable("count", (), trainable=False) if again else x), x

    net = sj.transform_with_state(model)
    params, state = net.init(key, X)
    net.apply(params, state, X)
    with pytest.raises(sj.VariableExistsError, match="count already exists"):
        net.apply(params, state, X, True)


def test_two_dropouts_are_not_one(key):
    """The same mask twice is an error while training, although init saw no key."""

    def model(scope, x, training=False):
        def drop(x):
            return sj.layers.dropout(scope, x, 0.5, deterministic=not training)

        return drop(x), drop(x)

    net = sj.transform(model)
    assert net.init(key, X) == {}
    for apply in net.apply, jax.jit(net.apply, static_argnums=2):
        with pytest.raises(sj.VariableExistsError, match="Random key dropout was ask"):
            apply({}, X, True, key=key)


@pytest.mark.parametrize("reuse", [True, sj.AUTO_REUSE], ids=["True", "AUTO_REUSE"])
def test_keys_on_purpose(key, reuse):
    """An index or reuse says that it is meant; a run of JAX's own is no second draw."""

    def model(scope, x):
        drawn = [scope.key("n", i) for i in range(2)]
        drawn += [scope.key("n"), scope.with_options(reuse=reuse).key("n")]
        noise = sum(jax.random.normal(key, ()) for key in drawn)

        def body(total, _):
            return total + sum(jax.random.normal(k, ()) for k in drawn[:1]), None

        return x + lax.scan(body, 0.0, length=2)[0] + noise

    sj.transform(model).apply({}, X, key=key)
    jax.jit(sj.transform(model).apply)({}, X, key=key)


def test_a_jitted_block_serves_all_layers():
    """One trace, and no alarm: each layer's names are its own."""
    traces = []

    @jax.jit
    def layer(scope, x):
        traces.append(1)
        return block(scope, x)

    def model(scope, x):
        for i in range(3):
            x = layer(scope / f"h{i}", x)
        return x

    params = {f"h{i}": H for i in range(3)}
    for _ in range(2):
        sj.transform(model).apply(params, X)
    assert len(traces) == 1


def test_each_run_knows_the_layer_it_serves():
    """Where a function runs anew for a layer, it is for that layer's names."""

    def wide(scope, x):
        return x * scope.get_variable("w", x.shape)

    calls = [jax.jit(wide), jax.checkpoint(wide), jax.jit(jax.checkpoint(wide))]

    def model(scope):
        for call in calls:
            for size in range(1, 4):
                here = scope / f"{calls.index(call)}" / f"h{size}"
                call(here, jnp.ones(size))

    sizes = {f"h{size}": {"w": jnp.ones(size)} for size in range(1, 4)}
    params = {str(i): sizes for i in range(len(calls))}
    for apply in sj.transform(model).apply, jax.jit(sj.transform(model).apply):
        for _ in range(2):
            apply(params)


def test_an_interactive_scope_may_be_asked_often():
    """Over params that exist nobody counts, within a model neither."""
    scope = sj.Scope({"h": H})
    np.testing.assert_array_equal(*(block(scope / "h", X) for _ in range(2)))

    def model(scope, x):
        other = sj.Scope({"h": H})
        return block(scope / "h", x) + block(other / "h", x) + block(other / "h", x)

    sj.transform(model).apply({"h": H}, X)


def test_a_lookup_that_failed_is_none():
    """What could not be had may be asked for again."""

    def model(scope):
        with pytest.raises(sj.VariableMismatchError, match="shape"):
            scope.get_variable("w", (9,))
        return scope.get_variable("w", (2,))

    sj.transform(model).apply({"w": jnp.ones(2)})


def test_a_shell_within_a_model_is_no_transform():
    """A notebook's own frames may lie between the model and the call."""
    names = {}
    code = "def run(f, *args): return f(*args)"
    exec(compile(code, "/env/lib/IPython/shell.py", "exec"), names)
    net = sj.transform(lambda scope, x: names["run"](block, scope / "h", x))
    net.apply({"h": H}, X)
    assert len(net.manifest(X)) == 2
    again = sj.transform(lambda scope, x: names["run"](twice(block), scope, x))
    for run in (lambda: again.manifest(X)), (lambda: again.apply({"h": H}, X)):
        with pytest.raises(sj.VariableExistsError, match=EXISTS):
            run()


def ledgers():
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, Ledger)]


def test_nothing_is_kept_of_a_run():
    """JAX's caches keep scopes, and no record of what they were asked."""
    inner = jax.jit(lambda scope, x: jax.checkpoint(block)(scope, x))
    net = sj.transform(lambda scope, x: inner(scope / "h", x))
    before = len(ledgers())
    jax.jit(net.apply)({"h": H}, X)
    net.apply({"h": H}, X)
    assert len(ledgers()) == before


def test_nothing_leaks():
    """No tracer outlives its trace, also where functions run again."""

    def model(scope, x):
        def body(total, _):
            return total + jax.checkpoint(block)(scope / "h", x).sum(), None

        return lax.scan(body, 0.0, length=2)[0]

    with jax.checking_leaks():
        jax.jit(jax.grad(sj.transform(model).apply))({"h": H}, X)


def test_runs_do_not_meet():
    """A run within a run, and runs on two threads, each count for themselves."""
    inner = sj.transform(lambda scope, x: block(scope / "h", x))

    def model(scope, x):
        x = inner.apply({"h": H}, block(scope / "h", x))
        return inner.apply({"h": H}, x)

    net, failed = sj.transform(model), []

    def run():
        try:
            for _ in range(5):
                net.apply({"h": H}, X)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_scope_that_is_kept_counts_no_more():
    """When a run is over its scopes are like interactive ones."""
    kept = []
    sj.transform(lambda scope, x: kept.append(scope) or x).apply({"h": H}, X)
    for _ in range(2):
        block(kept[0] / "h", X)
    assert kept[0]._place.asked() is None
