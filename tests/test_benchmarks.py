"""The benchmarks run what they say they run. No figure is judged here."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks import __main__ as command
from benchmarks import contestants, measures, report, rounds, same
from benchmarks.measures import MEASURES, Case, Target
from benchmarks.rounds import Run

MODELS = ("mlp", "gpt", "gpt-jit")
ENTRANTS = [*(("scopejax", model) for model in MODELS), ("tf1", "mlp")]


@pytest.fixture(autouse=True)
def _as_users_have_it():
    with jax.numpy_rank_promotion("allow"):
        yield


def small(contestant, model):
    """A case of two layers."""
    return Case(contestant, model, 2)


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
    """By hand runs the unrolled model where a measure says so."""
    assert MEASURES["trace-blocks"].figure("scopejax", 1, "wall") > 0
    assert MEASURES["trace-blocks"].figure("by_hand", 1, "wall") > 0


def test_calls_and_memory_give_figures():
    """Calls are counted one by one; a process has some megabytes."""
    assert measures.call(small("scopejax", "mlp"), calls=2) > 0
    assert measures.peak_memory(small("by_hand", "mlp")) > 1


def test_a_fresh_process_gives_a_figure():
    """The worker prints its figure as JSON."""
    assert rounds.in_fresh_process("import", "by_hand", "1", "wall") > 0


def test_a_failure_in_a_fresh_process_is_told():
    """What the worker says on stderr is in the error."""
    with pytest.raises(RuntimeError, match="KeyError: 'nothing'"):
        rounds.in_fresh_process("nothing", "by_hand")


def test_rounds_take_turns():
    """Each round starts with the next contestant."""
    run = Run(["call"], repeats=2)
    names = rounds.entrants("call")
    assert list(run.schedule()) == [
        ("call", name) for name in (*names, *rounds.rotated(names, 1))
    ]


def test_by_hand_is_the_first_contestant():
    """All ratios are to by hand; scopejax is there to be judged."""
    assert contestants.names()[0] == "by_hand"
    for measure in MEASURES.values():
        assert {measure.judged, measure.against} <= set(contestants.installed())


def test_the_command_line_takes_everything_by_default():
    """Without arguments all measures run at full size, by the clock on the wall."""
    run, file = command.run([])
    assert run == Run(list(MEASURES), 7)
    assert file is None
    assert run.layers("trace-mlp") == 1000


def test_the_command_line_narrows(tmp_path):
    """Measures, repeats, size, clock and the file can be chosen."""
    file = tmp_path / "figures.json"
    line = f"--quick --only call --only import --repeats 3 --clock cpu --json {file}"
    run, written = command.run(line.split())
    assert run == Run(["call", "import"], 3, quick=True, clock="cpu")
    assert written == file
    assert run.layers("call") == 10


def test_an_unknown_measure_is_refused(capsys):
    """The error lists the measures."""
    with pytest.raises(SystemExit, match="2"):
        command.run(["--only", "nothing"])
    assert "trace-mlp" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "met", "missed"),
    [(Target(1.15), 2.2, 2.4), (Target(0.5, beyond=True), 2.4, 2.6)],
)
def test_targets(target, met, missed):
    """A target is a ratio to by hand, or so much beyond it."""
    assert target.met(met, 2.0)
    assert not target.met(missed, 2.0)


def test_the_report_shows_medians_spread_ratio_and_verdict():
    """One row for each contestant of each measure, and a line for the programs."""
    run = Run(["trace-mlp"], 3)
    figures = {"trace-mlp": {"by_hand": [1.0, 2.0, 9.0], "scopejax": [2.0, 3.0, 5.0]}}
    text = report.text(run, figures, {"scopejax": {"jaxpr of mlp 20": "yes"}})
    row = next(line for line in text.splitlines() if "| scopejax" in line)
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [
        "1000",
        "scopejax",
        "3 s",
        "2 .. 5",
        "1.50",
        "1.15 at most",
        "NO",
    ]
    assert "jaxpr of mlp 20: yes" in text
    assert jax.__version__ in text


def test_a_target_may_be_against_another_contestant():
    """The row of TF1's style is held against explicit scopes, not against by hand."""
    figures = {"trace-tf1": {"by_hand": [1.0], "scopejax": [2.0], "tf1": [2.9]}}
    text = report.text(Run(["trace-tf1"], 1), figures, {})
    row = next(line for line in text.splitlines() if "| scopejax.tf1" in line)
    assert [cell.strip() for cell in row.split("|")[-4:-1]] == [
        "2.90",
        "1.5 at most",
        "yes",
    ]
