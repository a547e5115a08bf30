"""Law: what JAX runs again for one call is no sharing, and what is called twice is.

At init and in apply alike, where JAX runs the model's Python.
"""

import jax
import jax.numpy as jnp
import pytest

import scopejax as sj

from ..helpers.models import repeated

X = jnp.ones((3, 3)) / 4
PARAMS = {"w": jnp.full(3, 0.5)}
LEGAL = repeated.CUSTOM | repeated.REPEATED
EXISTS = r"Variable w already exists, disallowed"


@pytest.fixture(autouse=True)
def _usual_promotion():
    """JAX's own solvers need it."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@pytest.mark.parametrize("model", LEGAL.values(), ids=LEGAL)
def test_what_jax_runs_again_is_created_once(model):
    """However often: CPython changes a function that has run some times."""
    net = sj.transform(model)
    for _ in range(3):
        assert list(net.manifest(X)) == ["w"]


@pytest.mark.parametrize("model", LEGAL.values(), ids=LEGAL)
def test_what_jax_runs_again_is_asked_for_once(model):
    """In apply, its gradient and with what JAX has kept of a call before."""
    net = sj.transform(model)
    for _ in range(2):
        net.apply(PARAMS, X)
    jax.jit(net.apply)(PARAMS, X)


@pytest.mark.parametrize("model", repeated.TWICE.values(), ids=repeated.TWICE)
def test_two_calls_are_sharing(model):
    """Told by name, with both lines, at init."""
    with pytest.raises(sj.VariableExistsError, match=EXISTS) as caught:
        sj.transform(model).manifest(X)
    assert "repeated.py" in caught.value.where
    assert "repeated.py" in caught.value.first


@pytest.mark.parametrize("model", repeated.TWICE.values(), ids=repeated.TWICE)
@pytest.mark.parametrize("jit", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_two_calls_are_sharing_in_apply(model, jit):
    """The same error, of params that come from elsewhere."""
    with pytest.raises(sj.VariableExistsError, match=EXISTS) as caught:
        jit(sj.transform(model).apply)(PARAMS, X)
    assert "repeated.py" in caught.value.where
    assert "repeated.py" in caught.value.first


def test_one_line_that_runs_twice_is_said_to():
    """Equal lines do not stand there without a word, and the remedy helps."""

    def model(scope, x):
        for _ in range(2):
            x = repeated.leaf(scope, x)
        return x

    with pytest.raises(sj.VariableExistsError, match="one line that runs twice") as it:
        sj.transform(model).manifest(X)
    assert it.value.where == it.value.first
    assert "AUTO_REUSE" in it.value.remedy
    auto = sj.transform(lambda s, x: model(s.with_options(reuse=sj.AUTO_REUSE), x))
    assert list(auto.manifest(X)) == ["w"]
    auto.apply(PARAMS, X)
