"""The other libraries run the very models that are run by hand."""

import re
from functools import cache

import jax
import jax.numpy as jnp
import pytest

from benchmarks import contestants
from benchmarks.cases import Case
from benchmarks.maths import WIDTH

from ..helpers.closeness import assert_close

LIBRARIES = {
    "linen": "flax",
    "nnx": "flax",
    "haiku": "haiku",
    "equinox": "equinox",
}
MODELS = ("mlp", "gpt", "gpt-jit", "gpt-scan")
WORDS = re.compile(r"\d+|kernel|bias|scale|table|positions|qkv|out|up|down|ln")


@pytest.fixture(autouse=True)
def _as_users_have_it():
    with jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture(params=LIBRARIES)
def peer(request):
    """A contestant whose library is installed."""
    library = LIBRARIES[request.param]
    pytest.importorskip(library, reason=f"{library} is not installed")
    return request.param


def small(contestant, model):
    """A case of two layers."""
    return Case(contestant, model, 2)


def name(path):
    """What a leaf is called by everybody: its words and numbers.

    nnx's params are a pair of graph and state.
    """
    return tuple(WORDS.findall(jax.tree_util.keystr(path).removeprefix("[1]")))


def named(tree):
    """name -> leaf."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    found = {name(path): leaf for path, leaf in leaves}
    assert len(found) == len(leaves)
    return found


def copied(params, case):
    """Params by hand in the structure of another contestant."""
    leaves, (shapes, _) = named(params), case.shapes()
    return jax.tree_util.tree_map_with_path(lambda path, _: leaves[name(path)], shapes)


@cache
def made(case):
    """Initial values."""
    key, x = case.inputs()
    return jax.jit(case.net().init)(key, x)


@cache
def output(case):
    """What a model by hand makes of its initial values."""
    return jax.jit(case.net().apply)(made(case), case.batch()[1])


@cache
def stepped(case):
    """The same after a step of training."""
    return jax.jit(case.task().step)(made(case), {}, {}, case.batch()[1])[0]


@pytest.mark.smoke
@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_the_same(peer, model):
    """There are as many parameters as by hand, of the same shapes and dtypes."""
    (expected, _), (actual, _) = (
        small("by_hand", model).shapes(),
        small(peer, model).shapes(),
    )
    assert named(actual) == named(expected)


@pytest.mark.parametrize("model", MODELS)
def test_outputs_are_the_same(peer, model):
    """The same numbers come from the values that were made by hand."""
    by_hand, other = small("by_hand", model), small(peer, model)
    params, (_, x) = copied(made(by_hand), other), other.batch()
    assert jnp.array_equal(jax.jit(other.net().apply)(params, x), output(by_hand))


@pytest.mark.parametrize("model", ["mlp-dense", "mlp-layer-norm"])
@pytest.mark.parametrize("contestant", ["scopejax", *LIBRARIES])
def test_layers_of_libraries_have_the_sizes_of_those_by_hand(contestant, model):
    """As many numbers are trained, and the output is that of two layers."""
    if contestant in LIBRARIES:
        pytest.importorskip(LIBRARIES[contestant])
    case = small(contestant, model)
    params, x = case.shapes()
    sizes = sorted(leaf.size for leaf in jax.tree.leaves(params))
    leaves = jax.tree.leaves(small("by_hand", model).shapes()[0])
    assert sizes == sorted(leaf.size for leaf in leaves)
    assert jax.eval_shape(case.net().apply, params, x).shape == x.shape


@pytest.mark.parametrize("model", ["mlp", "gpt-scan"])
def test_initial_values_are_alike(peer, model):
    """Initial values have mean and spread of those by hand; no two layers are one."""
    expected, actual = (named(made(small(who, model))) for who in ("by_hand", peer))
    for leaf, values in actual.items():
        like = expected[leaf]
        assert jnp.allclose(values.std(), like.std(), rtol=0.05), leaf
        assert jnp.allclose(values.mean(), like.mean(), atol=0.01), leaf
    if model == "gpt-scan":
        first, second = actual["qkv", "kernel"]
        assert not jnp.allclose(first, second)


def test_steps_are_the_same(peer):
    """A step of training moves the parameters as the one by hand does."""
    by_hand, other = small("by_hand", "mlp"), small(peer, "mlp")
    params, (_, x) = copied(made(by_hand), other), other.batch()
    trained, _, _ = jax.jit(other.task().step)(params, {}, {}, x)
    before, expected, actual = map(named, (params, stepped(by_hand), trained))
    assert_close(actual, expected, ulps=8)
    for leaf, values in actual.items():
        assert not jnp.array_equal(values, before[leaf]), leaf


@pytest.mark.parametrize("model", ["gpt-jit", "gpt-scan"])
def test_blocks_are_traced_once(peer, model):
    """Under jit, and in a scan, all layers share one body."""
    case = Case(peer, model, 4)
    jaxpr = str(jax.make_jaxpr(case.net().apply)(*case.shapes()))
    assert jaxpr.count(" tanh ") == 1


def test_the_mlp_has_a_width(peer):
    """Its width is that of the batch and of all layers."""
    assert WIDTH != 8
    params, x = Case(peer, "mlp", 2, width=8).shapes()
    assert {leaf.shape for leaf in jax.tree.leaves(params)} == {(8, 8), (8,)}
    assert x.shape[-1] == 8


def test_peers_are_other_libraries():
    """By hand and scopejax are no peers; all others are."""
    found = contestants.installed()
    assert {n for n in found if found[n].peer} == {*LIBRARIES} & {*found}
    assert contestants.names()[:2] == ["by_hand", "scopejax"]
