"""The table of measures, the command line and the report."""

import json
import statistics

import jax
import pytest

from benchmarks import __main__ as command
from benchmarks import contestants, curves, report, table
from benchmarks.rounds import Run, rotated
from benchmarks.table import MEASURES, SLOW
from benchmarks.targets import BEST_PEER, Target

NAMES = ["by_hand", "scopejax"]
PEERS = {"linen": 4.0, "nnx": 2.0}


def cells(text, contestant):
    """The cells of the row of a contestant, behind the measure."""
    row = next(line for line in text.splitlines() if f"| {contestant} " in line)
    return [cell.strip() for cell in row.split("|")[2:-1]]


def run(*measures, names=NAMES, **options):
    """A run of these measures."""
    return Run({name: MEASURES[name] for name in measures}, names, 1, **options)


@pytest.fixture
def peers(monkeypatch):
    """Other libraries, installed or not."""
    found = {
        name: contestants.Contestant(f"flax.{name}", "flax", {}, peer=True)
        for name in PEERS
    }
    found |= {name: contestants.load(name) for name in (*NAMES, "tf1")}
    for module in ("targets", "report"):
        monkeypatch.setattr(f"benchmarks.{module}.installed", lambda: found)


@pytest.mark.smoke
def test_rounds_take_turns():
    """Each round starts with the next contestant, and takes those with the model."""
    plan = Run({"call": MEASURES["call"]}, NAMES, 2)
    assert list(plan.schedule()) == [
        ("call", name) for name in (*NAMES, *rotated(NAMES, 1))
    ]
    task = run("step-mlp-lora", names=[*NAMES, "tf1"])
    assert [name for _, name in task.schedule()] == NAMES


def test_sizes_are_in_names():
    """A measure of several sizes says its layers; quick takes a tenth of them."""
    measure = MEASURES["cold-init-gpt-96"]
    assert (measure.kind, measure.model, measure.layers) == ("cold-init", "gpt", 96)
    assert measure.case("scopejax", quick=True).layers == 9
    assert MEASURES["step-mlp-lora"].case("scopejax", quick=True).layers == 5


def test_by_hand_may_run_another_model():
    """What the block under jit saves is held against the unrolled blocks."""
    measure = MEASURES["trace-blocks"]
    assert measure.case("by_hand").model == "gpt"
    assert measure.case("scopejax").model == "gpt-jit"
    assert MEASURES["trace-blocks-both"].case("by_hand").model == "gpt-jit"
    assert measure.title.endswith("GPT, block under jit (by hand: GPT)")


def test_titles_tell_widths_apart():
    """The width is in the title where it is not the usual one."""
    wide = curves.measures()["cold-init-mlp-width-256"]
    assert wide.title == "cold init, MLP 256 wide"
    assert MEASURES["cold-init-mlp-10"].title == "cold init, MLP"
    assert MEASURES["import"].title == "import beyond jax"


def test_slow_measures_are_asked_for():
    """They are taken when named in full, or all of them when asked for."""
    assert not {*SLOW} & {*table.chosen(["*"], slow=False)}
    assert table.chosen(["*"], slow=True) == MEASURES
    assert [*table.chosen([SLOW[0]], slow=False)] == [SLOW[0]]


def test_the_command_line_takes_everything_by_default():
    """Without arguments all measures but the slow run at full size."""
    asked = command.options([])
    everyone = [*contestants.installed()]
    assert asked.run == Run(table.chosen(["*"], slow=False), everyone, 7)
    assert (asked.json, asked.markdown, asked.curves) == (None, None, None)


def test_the_command_line_narrows():
    """Measures, contestants, repeats, size and clock can be chosen."""
    line = "--only cold-init-gpt-* --only call --repeats 3 --clock cpu --without tf1"
    asked = command.options([*line.split(), "--contestants", "by_hand,scopejax,tf1"])
    sizes = [f"cold-init-gpt-{n}" for n in ("12", "48", "96", "scan-12", "scan-48")]
    assert {*sizes, "call"} < {*asked.run.measures}
    assert all(name.startswith("c") for name in asked.run.measures)
    assert asked.run[1:] == (NAMES, 3, False, "cpu")


def test_a_quick_run_has_every_kind_and_model():
    """It takes the smallest of several sizes, two times."""
    quick = command.options(["--quick"]).run
    assert quick.repeats == 2
    full = table.chosen(["*"], slow=False)
    for taken in (quick.measures, full):
        assert {m[:2] for m in taken.values()} == {m[:2] for m in full.values()}
    assert "cold-init-mlp-10" in quick.measures
    assert "cold-init-mlp-100" not in quick.measures


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("--only call --only no*", "no measure no*; there are import, cold-init-mlp"),
        ("--contestants by_hand,them", "no contestant them; there are by_hand"),
        ("--without them", "no contestant them; there are by_hand"),
    ],
)
def test_unknown_names_are_refused(line, error, capsys):
    """The error says what there is."""
    with pytest.raises(SystemExit, match="2"):
        command.options(line.split())
    assert error in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "figure", "words"),
    [
        (Target(1.15), 1.5, "1.15 of by hand"),
        (Target(0.5, beyond=True), 1.0, "by hand + 0.5"),
        (Target(0.4, BEST_PEER), 1.5, "0.4 of best peer"),
        (Target(0.1, "linen"), 0.75, "0.1 of flax.linen"),
        (Target(0.1, "haiku"), None, "0.1 of haiku"),
        (Target(1.5, "scopejax", judged="tf1"), 2.0, "1.5 of scopejax"),
    ],
)
def test_targets(peers, target, figure, words):
    """A target is a ratio to a contestant or the best peer, or so much beyond it."""
    medians = {"by_hand": 2.0, "scopejax": 3.0, "tf1": 6.0, **PEERS}
    assert target.figure(medians) == figure
    assert str(target) == words


def test_the_best_peer_is_the_fastest(peers):
    """By hand and scopejax are none; without figures of others there is none."""
    target = Target(1.0, BEST_PEER)
    assert target.other({"by_hand": 0.1, "scopejax": 0.1, **PEERS}) == 2.0
    assert target.other({"by_hand": 0.1, "scopejax": 0.1}) is None


def test_the_report_shows_medians_spread_ratios_and_verdicts(peers):
    """One row for each contestant of each measure, and a line for the programs."""
    figures = {name: [value] for name, value in PEERS.items()}
    figures |= {"scopejax": [0.4, 0.5, 0.9], "by_hand": [0.5]}
    text = report.text(
        run("cold-init-gpt-12"),
        {"cold-init-gpt-12": figures},
        {"scopejax": {"jaxpr of mlp 20": "yes"}},
    )
    assert cells(text, "scopejax") == [
        "12",
        "scopejax",
        "0.5 s",
        "0.4 .. 0.9",
        "1.00",
        "0.25",
        "0.25 of best peer; 0.12 of flax.linen",
        "yes: 0.25; NO: 0.125",
    ]
    assert cells(text, "flax.linen")[4:] == ["8.00", "2.00", "", ""]
    assert "jaxpr of mlp 20: yes" in text
    assert jax.__version__ in text
    assert f"device {jax.devices()[0].device_kind}" in text


def test_a_target_without_figures_is_told(peers):
    """Where nobody is there to be held against, the report says so."""
    text = report.text(run("call"), {"call": {"scopejax": [1.0]}}, {})
    assert cells(text, "scopejax")[4:] == ["", "", "1.05 of by hand", "not taken"]


def test_everything_is_json():
    """The figures can be read by other programs."""
    figures = {"call": {"by_hand": [1.0]}}
    read = json.loads(json.dumps(report.as_json(run("call"), figures, {})))
    assert read["figures"] == figures
    assert read["measures"] == ["call"]
    assert read["jaxlib"]


def test_curves_have_a_size_on_each_axis():
    """A panel's measures differ along its axis, and the others stay."""
    for panel in curves.PANELS:
        cases = [measure.case("scopejax") for _, measure in panel.measures()]
        assert tuple(getattr(case, panel.along) for case in cases) == panel.sizes
        other = {"layers": "width", "width": "layers"}[panel.along]
        assert len({getattr(case, other) for case in cases}) == 1
    assert sum(len(p.sizes) for p in curves.PANELS) == len(curves.measures())


def test_curves_are_drawn(tmp_path):
    """The command takes their figures in place of the measures, into one picture."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    file = tmp_path / "curves.png"
    asked = command.options(
        ["--curves", str(file), "--contestants", "by_hand,scopejax"]
    )
    assert asked.run.measures == curves.measures()
    assert asked.run.repeats == 3
    figures = {
        measure: {name: [0.1, 0.2, 0.4] for name in NAMES}
        for measure in asked.run.measures
    }
    curves.draw(asked.run, figures, file)
    assert file.read_bytes().startswith(b"\x89PNG")
    line = curves.PANELS[0].line(asked.run, figures, "scopejax")
    assert statistics.median(line[1000]) == 0.2


def test_contestants_keep_their_colours():
    """A contestant that is not installed leaves those of the others as they are."""
    assert [*curves.styles()] == contestants.names()
    assert len({*curves.styles().values()}) == len(contestants.names())
