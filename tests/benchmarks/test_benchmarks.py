"""The benchmarks run what they say they run. No figure is judged here."""

import json

import jax
import jax.numpy as jnp
import pytest

from benchmarks import measures, rounds, same
from benchmarks.cases import Case
from benchmarks.table import Measure

MODELS = ("mlp", "gpt", "gpt-jit", "gpt-scan")
ENTRANTS = [*(("scopejax", model) for model in MODELS), ("tf1", "mlp")]


@pytest.fixture(autouse=True)
def _as_users_have_it():
    with jax.numpy_rank_promotion("allow"):
        yield


def small(contestant, model):
    """A case of two layers."""
    return Case(contestant, model, 2)


@pytest.mark.smoke
@pytest.mark.parametrize(("contestant", "model"), ENTRANTS)
def test_parameters_have_one_structure(contestant, model):
    """All contestants make parameters of the same names, shapes and dtypes."""
    expected, _ = small("by_hand", model).shapes()
    actual, _ = small(contestant, model).shapes()
    assert expected == actual


@pytest.mark.parametrize(("contestant", "model"), ENTRANTS)
def test_outputs_are_equal(contestant, model):
    """All contestants compute the same from the same parameters."""
    by_hand, scopejax = small("by_hand", model), small(contestant, model)
    shapes, x = by_hand.shapes()
    params = jax.tree.map(lambda leaf: jnp.linspace(0, 1, leaf.size), shapes)
    params = jax.tree.map(lambda leaf, like: leaf.reshape(like.shape), params, shapes)
    expected = jax.jit(by_hand.net().apply)(params, x)
    actual = jax.jit(scopejax.net().apply)(params, x)
    assert jnp.array_equal(expected, actual)


@pytest.mark.parametrize(("contestant", "model"), ENTRANTS)
def test_jaxprs_are_equal(contestant, model):
    """apply has the very equations of the model by hand."""
    assert same.jaxpr(small("by_hand", model)) == same.jaxpr(small(contestant, model))


def test_a_dense_layer_of_the_library_is_the_one_by_hand():
    """`layers.dense` has the very equations and the program of ``x @ k + b``."""
    by_hand, stock = small("by_hand", "mlp-dense"), small("scopejax", "mlp-dense")
    assert same.jaxpr(by_hand) == same.jaxpr(stock)
    assert same.hlo(by_hand) == same.hlo(stock)


@pytest.mark.parametrize("contestant", ["scopejax", "tf1"])
def test_programs_are_equal(contestant):
    """XLA makes the same program of all."""
    assert same.hlo(small("by_hand", "mlp")) == same.hlo(small(contestant, "mlp"))


def test_metadata_is_left_out():
    """What only profilers read is no difference between two programs."""
    text = 'HloModule f\n\nFileNames\n1 "a.py"\n\n  y = f32[] x, metadata={a="b"}'
    assert same.without_metadata(text) == "HloModule f\n\n  y = f32[] x"


def test_blocks_under_jit_are_traced_once():
    """The GPT with its block under jit has one body for all layers."""
    assert same.jaxpr(Case("scopejax", "gpt-jit", 4)).count("name=block") == 4
    assert same.jaxpr(Case("scopejax", "gpt-jit", 4)).count("tanh") < 4


@pytest.mark.parametrize("take", [measures.cold_init, measures.warm_init])
def test_an_init_gives_a_figure(take):
    """Making the parameters takes some time, by either clock."""
    assert take(small("scopejax", "mlp")) > 0
    assert take(small("by_hand", "mlp")._replace(clock="cpu")) > 0


def test_a_trace_gives_a_figure():
    """Tracing takes some time, of blocks under jit as well."""
    assert measures.trace(small("scopejax", "gpt-jit")) > 0


def test_an_init_under_jit_gives_a_figure():
    """Making the parameters in one program takes some time."""
    assert measures.cold_jitted_init(small("scopejax", "mlp")) > 0


def test_programs_are_counted():
    """The first init compiles something, and another one nothing."""
    jax.clear_caches()
    assert measures.programs(small("by_hand", "mlp")) > 0
    assert measures.programs(small("by_hand", "mlp")) == 0


def test_calls_and_memory_give_figures():
    """Calls are counted one by one; a process has some megabytes."""
    assert measures.call(small("scopejax", "mlp"), calls=2) > 0
    assert measures.peak_memory(small("by_hand", "mlp")) > 1


def test_a_fresh_process_gives_a_figure():
    """The worker prints its figure as JSON."""
    case = json.dumps(small("by_hand", "mlp"))
    assert rounds.in_fresh_process("import", case) > 0


def test_a_failure_in_a_fresh_process_is_told():
    """What the worker says on stderr is in the error."""
    with pytest.raises(RuntimeError, match="KeyError: 'nothing'"):
        rounds.in_fresh_process("nothing", "[]")


def test_a_run_takes_its_figures():
    """Each figure stands with its measure and contestant, once for each repeat."""
    measure = Measure("import", "mlp", 1)
    figures = rounds.take(rounds.Run({"import": measure}, ["scopejax"], 2, quick=True))
    assert [len(taken) for taken in figures["import"].values()] == [2]


def test_other_libraries_are_not_checked():
    """Their programs take other arguments, and read otherwise."""
    assert rounds.check(rounds.Run({}, ["by_hand", "linen"], 1)) == {}
