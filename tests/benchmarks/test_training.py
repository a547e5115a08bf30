"""The benchmarks of training steps train what they say. No figure is judged here."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks import measures, same, training
from benchmarks.cases import Case
from benchmarks.contestants import load
from benchmarks.table import MEASURES

TASKS = tuple(training.load("by_hand"))
OWN = tuple(training.own("by_hand"))
COMPILED = ("mlp", "gpt-scan", *OWN)  # the unrolled GPT would show nothing else
LAYERS = 2
OPERATION = "  %{name} = f32[2]{{0}} {operation}(%x.1, %x.1)\n"
MULTIPLY = OPERATION.format(name="mul.1", operation="multiply")
ADD = OPERATION.format(name="add.1", operation="add")


@pytest.fixture(autouse=True)
def _as_users_have_it():
    with jax.numpy_rank_promotion("allow"):
        yield


def cases(task):
    """A small case by hand, and the same with scopejax."""
    return Case("by_hand", task, LAYERS), Case("scopejax", task, LAYERS)


def numbers(shapes):
    """Small positive numbers of these shapes, none alike."""
    return [
        jnp.linspace(0.01, 0.1 + 0.01 * i, leaf.size).reshape(leaf.shape)
        for i, leaf in enumerate(shapes)
    ]


def stepped(case, leaves):
    """The leaves of what a step makes of these variables."""
    structure = jax.tree.structure(case.step_shapes()[:-1])
    _, x = case.batch()
    parts = jax.tree.unflatten(structure, leaves)
    return jax.tree.leaves(jax.jit(case.task().step)(*parts, x))


@pytest.mark.smoke
def test_scopejax_has_every_task():
    """Both write the same tasks, and train all models; TF1's style trains its model."""
    assert tuple(training.load("scopejax")) == TASKS
    assert (*load("by_hand").models, *OWN) == TASKS
    assert training.own("tf1") == {}
    assert [*training.load("tf1")] == ["mlp"]


@pytest.mark.parametrize("task", TASKS)
def test_parts_are_alike(task):
    """Both train, move on and freeze variables of the same shapes, in one order."""
    expected, actual = (
        [[leaf.shape for leaf in jax.tree.leaves(part)] for part in case.step_shapes()]
        for case in cases(task)
    )
    assert expected == actual


@pytest.mark.parametrize("task", COMPILED)
def test_steps_are_equal(task):
    """Both make the same of the same variables, and both parts that they write move."""
    by_hand, scopejax = cases(task)
    shapes = by_hand.step_shapes()
    leaves = numbers(jax.tree.leaves(shapes[:-1]))
    expected, actual = stepped(by_hand, leaves), stepped(scopejax, leaves)
    assert all(map(jnp.array_equal, expected, actual))
    trained, written = (len(jax.tree.leaves(shapes[:n])) for n in (1, 2))
    stayed = [*map(jnp.array_equal, actual[:written], leaves)]
    assert not all(stayed[:trained])
    assert not any(stayed[trained:])
    assert jnp.isfinite(actual[-1])


@pytest.mark.parametrize("task", TASKS)
def test_state_and_frozen_variables_are_where_they_should_be(task):
    """Norm and averages have state, adapters have frozen weights."""
    parts = training.Parts(*cases(task)[1].step_shapes()[:-1])
    has = {name for name, part in parts._asdict().items() if jax.tree.leaves(part)}
    more = {"mlp-norm": {"state"}, "mlp-ema": {"state"}, "mlp-lora": {"frozen"}}
    assert has == {"trained", *more.get(task, ())}


@pytest.mark.parametrize("task", COMPILED)
def test_programs_of_steps_are_the_same(task):
    """XLA makes the same program of both, whatever its values are called."""
    by_hand, scopejax = (same.step_hlo(case._replace(layers=1)) for case in cases(task))
    assert same.verdict(scopejax, by_hand) == same.YES


def test_the_program_is_that_of_the_step_that_is_timed():
    """The comparison gives variables other names, and changes nothing else."""
    case = Case("by_hand", "mlp-norm", 1)
    compiled = case.task().jitted().lower(*case.step_shapes()).compile()
    text = same.without_metadata(compiled.as_text())
    assert same.instructions(text) == same.instructions(same.step_hlo(case))
    assert "input_output_alias" in text


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        (MULTIPLY + ADD, same.YES),
        (MULTIPLY.replace("mul.1", "mul.7") + ADD, same.YES),
        (ADD + MULTIPLY, same.OTHER_ORDER),
        (MULTIPLY, f"{same.NO}, 0 more and 1 fewer of 2 instructions"),
        (MULTIPLY + ADD + ADD, f"{same.NO}, 1 more and 0 fewer of 2 instructions"),
        (
            MULTIPLY + ADD.replace("[2]", "[3]"),
            f"{same.NO}, 1 more and 1 fewer of 2 instructions",
        ),
    ],
)
def test_verdicts(program, verdict):
    """Numbers of values are no difference; order is one that is told apart."""
    assert same.verdict(program, MULTIPLY + ADD) == verdict
    assert same.is_same(verdict) is not verdict.startswith(same.NO)


def test_constants_and_tuples_are_told_apart():
    """A constant counts with its value, and a loop with the shapes that it carries."""
    text = "%a = f32[] constant(0.5)\n%w = (f32[], f32[2]{0}) while(%t), condition=%c"
    assert dict(same.instructions(text)) == {
        "constant(0.5) f32[]": 1,
        "while (f32[], f32[2]{0})": 1,
    }


def test_steps_and_their_traces_give_figures():
    """Steps run as often as they are told at least; a trace takes some time."""
    case = Case("scopejax", "mlp-ema", 1)
    assert measures.step(case, duration=0, at_least=2) > 0
    assert measures.trace_step(case._replace(clock="cpu")) > 0


def test_every_task_is_measured_and_judged():
    """Each task has a row for its step and one for its trace, with targets."""
    for task in (*OWN, "gpt-scan"):
        step, trace = MEASURES[f"step-{task}"], MEASURES[f"trace-step-{task}"]
        assert (step.kind, trace.kind) == ("step", "trace-step")
        assert [target.limit for target in step.targets] == [1.05]
        assert [target.limit for target in trace.targets] == [1.2]
    assert MEASURES["step-mlp"].targets == MEASURES["step-gpt"].targets == step.targets
