"""What runs again and what is called again, in libraries that call as JAX does."""

import jax
import jax.numpy as jnp
import pytest

import scopejax as sj

X = jnp.ones(3)
PARAMS = {"w": jnp.full(3, 0.5)}


def leaf(scope, x):
    """A layer, (3,) -> (3,)."""
    return jnp.tanh(x * scope.get_variable("w", (3,)))


def flow(scope, x):
    diffrax = pytest.importorskip("diffrax")
    term = diffrax.ODETerm(lambda t, y, _: leaf(scope, y))
    return diffrax.diffeqsolve(term, diffrax.Tsit5(), 0.0, 1.0, 0.1, x).ys[0]


def flow_by_argument(scope, x):
    diffrax = pytest.importorskip("diffrax")
    term = diffrax.ODETerm(lambda t, y, scope: leaf(scope, y))
    solver = diffrax.Tsit5()
    return diffrax.diffeqsolve(term, solver, 0.0, 1.0, 0.1, x, args=scope).ys[0]


def root(scope, x):
    optimistix = pytest.importorskip("optimistix")
    solver = optimistix.Newton(1e-3, 1e-3)
    f = lambda y, _: y - leaf(scope, y)  # noqa: E731
    return optimistix.root_find(f, solver, x, throw=False).value


def line_search(scope, x):
    optax = pytest.importorskip("optax")

    def loss(x):
        return ((x - leaf(scope, x)) ** 2).sum()

    search = optax.scale_by_backtracking_linesearch(max_backtracking_steps=3)
    start = {"value": jnp.ones(()), "grad": x, "value_fn": loss}
    return search.update(x, search.init(x), x, **start)[0]


def filtered(scope, x):
    equinox = pytest.importorskip("equinox")
    return equinox.filter_jit(lambda x: leaf(scope, x))(x)


MODELS = [flow, flow_by_argument, root, line_search, filtered]


@pytest.fixture(autouse=True)
def _usual_promotion():
    """The libraries need it."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", MODELS)
def test_one_call_is_no_sharing(model):
    """One function, handed over once, is recorded once and asked for once."""
    net = sj.transform(model)
    assert list(net.manifest(X)) == ["w"]
    jax.eval_shape(net.apply, PARAMS, X)
    net = sj.transform(lambda s, x: jax.grad(lambda x: model(s, x).sum())(x))
    if model in (flow, flow_by_argument, filtered):
        assert list(net.manifest(X)) == ["w"]
        jax.eval_shape(net.apply, PARAMS, X)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", MODELS)
def test_two_calls_are(model):
    """As with JAX's own functions."""
    net = sj.transform(lambda scope, x: model(scope, x) + model(scope, x))
    with pytest.raises(sj.VariableExistsError, match="Variable w already exists"):
        net.manifest(X)
