"""A graph comes from a trace of its own, which leaves nothing behind."""

import cProfile
import pstats
import sys

import jax
import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax.graphs._calls import _RUN
from scopejax.layers import dense

from ..helpers.models.blocks import X, block
from .test_graphs import XS, graph, siamese, tower, unrolled

JITTED = jax.jit(tower)


def jitted(scope, x):
    return JITTED(scope / "b", JITTED(scope / "a", x) @ jnp.ones((32, 16)))


@pytest.mark.smoke
def test_a_graph_leaves_nothing_behind():
    """After a graph, apply is traced as before it, without its marks."""
    net = sj.transform(jitted)
    before = str(jax.make_jaxpr(net.apply)(net.manifest(XS).shapes(), XS))
    net.graph(XS)
    assert sys.getprofile() is None
    lowered = jax.jit(net.apply).lower(net.manifest(XS).shapes(), XS)
    assert "@scopejax" not in lowered.as_text(debug_info=True)
    assert str(jax.make_jaxpr(net.apply)(net.manifest(XS).shapes(), XS)) == before


def test_layers_are_traced_once_after_a_graph():
    """A block under jit is traced once for all layers, also after a graph of it."""
    traces = []

    def counted(scope, x):
        traces.append(x)
        return block(scope, x)

    net = sj.transform(lambda scope, x: unrolled(scope, x, one))
    one = jax.jit(counted)
    net.graph(X)
    assert _RUN.value is None
    params = net.manifest(X).shapes()
    traces.clear()
    jax.make_jaxpr(net.apply)(params, X)
    assert len(traces) == 1


def test_a_model_that_fails_leaves_nothing_behind():
    """An error of the model comes through, and the interpreter is as it was."""

    def model(scope, x):
        dense(scope / "h", x, 3)
        if sys.getprofile() is not None:  # not while the manifest is made
            raise RuntimeError("as it happens")

    with pytest.raises(RuntimeError, match="as it happens"):
        graph(model, XS)
    assert sys.getprofile() is None


def test_a_profiler_goes_on():
    """Python's own profiler sees what runs after a graph."""

    def afterwards():
        return 1

    with cProfile.Profile() as profiler:
        graph(siamese, XS, XS)
        afterwards()
    assert "afterwards" in {code[2] for code in pstats.Stats(profiler).stats}
