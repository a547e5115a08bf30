"""What is measured: a table of measures, and the targets of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from .cases import Case
from .contestants import BY_HAND, SCOPEJAX
from .maths import WIDTH
from .measures import KINDS
from .targets import BEST_PEER, Target

MODELS = {
    "mlp": "MLP",
    "gpt": "GPT",
    "gpt-jit": "GPT, block under jit",
    "gpt-scan": "GPT, scan over blocks",
    "mlp-dense": "dense layers of the library",
    "mlp-layer-norm": "layer norms of the library",
    "mlp-norm": "MLP, batch norm",
    "mlp-ema": "MLP, EMA getter",
    "mlp-lora": "MLP, LoRA getter",
}
"""model or training task -> its words in the table."""


class Measure(NamedTuple):
    """A row of the table for each contestant.

    Attributes:
      kind: of its figures, in `KINDS`.
      model, layers, width: of the case.
      by_hand: the model that by hand runs in its place.
      targets: what its medians should keep to.
    """

    kind: str
    model: str
    layers: int
    width: int = WIDTH
    by_hand: str | None = None
    targets: tuple[Target, ...] = ()

    @property
    def title(self) -> str:
        """Its words in the table."""
        kind = KINDS[self.kind]
        model = f", {MODELS[self.model]}" if kind.of_model else ""
        wide = f" {self.width} wide" if self.width != WIDTH else ""
        replaced = f" (by hand: {MODELS[self.by_hand]})" if self.by_hand else ""
        return f"{kind.title}{model}{wide}{replaced}"

    def case(self, contestant: str, clock: str = "wall", quick: bool = False) -> Case:
        """What a contestant's figure is taken of; quick: a tenth of the layers."""
        own = self.by_hand if contestant == BY_HAND else None
        layers = max(1, self.layers // 10) if quick else self.layers
        return Case(contestant, own or self.model, layers, clock, self.width)


_EQUAL, _NEAR = Target(1.05), Target(1.2)
_BEST = Target(1.0, BEST_PEER)

# kind and model -> layers -> targets
_SIZES: dict[tuple[str, str], dict[int, tuple[Target, ...]]] = {
    ("cold-init", "mlp"): {10: (), 100: (), 1000: (Target(0.4, BEST_PEER),)},
    ("cold-init", "gpt"): {
        12: (Target(0.25, BEST_PEER), Target(0.12, "linen")),
        48: (),
        96: (Target(0.4, BEST_PEER),),
    },
    ("cold-init", "gpt-scan"): {12: (_BEST,), 48: (_BEST,), 96: (_BEST,)},
    ("warm-init", "mlp"): {10: (), 100: (), 1000: (Target(0.5, "equinox"),)},
    ("warm-init", "gpt"): {12: (Target(1.5),), 48: (), 96: ()},
    ("warm-init", "gpt-scan"): {12: (), 48: (), 96: ()},
    ("jit-init", "mlp"): {10: (), 100: (), 1000: (Target(0.05, "linen"),)},
    ("jit-init", "gpt"): {12: (), 96: (Target(0.05, "linen"),)},
    ("memory", "mlp"): {1000: (Target(1.0),)},
    ("memory", "gpt"): {12: (Target(1.0),)},
    ("programs", "mlp"): {1000: ()},
    ("programs", "gpt"): {12: (), 96: ()},
    ("trace", "mlp"): {
        100: (_EQUAL,),
        1000: (_EQUAL, Target(1.5, SCOPEJAX, judged="tf1")),
    },
    ("trace", "gpt"): {12: (_EQUAL,), 48: (_EQUAL,), 96: (_EQUAL,)},
    ("trace", "gpt-scan"): {48: (_BEST,)},
    ("trace", "mlp-dense"): {96: (Target(1.1),)},
    ("trace", "mlp-layer-norm"): {96: (Target(1.15),)},
}

# Models as they are, and with state or getters: the last are for us and by hand alone.
_STEPS = {"mlp": 20, "gpt": 4}
_TASKS = {"mlp-norm": 20, "mlp-ema": 50, "mlp-lora": 50, "gpt-scan": 12}

SLOW = ("jit-init-mlp-1000", "jit-init-gpt-96")
"""Taken when asked for: other libraries take minutes for one figure."""


def _measures() -> Iterator[tuple[str, Measure]]:
    beyond = Target(0.02, beyond=True)
    yield "import", Measure("import", "mlp", 1, targets=(beyond,))
    for (kind, model), sizes in _SIZES.items():
        for layers, targets in sizes.items():
            measure = Measure(kind, model, layers, targets=targets)
            yield f"{kind}-{model}-{layers}", measure
    blocks = Measure("trace", "gpt-jit", 96)
    yield "trace-blocks", blocks._replace(by_hand="gpt", targets=(Target(0.25),))
    yield "trace-blocks-both", blocks
    yield "call", Measure("call", "mlp", 100, targets=(_EQUAL,))
    for model, layers in {**_STEPS, **_TASKS}.items():
        yield f"step-{model}", Measure("step", model, layers, targets=(_EQUAL,))
    for task, layers in _TASKS.items():
        measure = Measure("trace-step", task, layers, targets=(_NEAR,))
        yield f"trace-step-{task}", measure


MEASURES = dict(_measures())


def smallest() -> list[str]:
    """The first measure of each kind and model."""
    measures = reversed(MEASURES.items())
    return [*{(m.kind, m.model, m.by_hand): name for name, m in measures}.values()]


def chosen(patterns: Iterable[str], slow: bool) -> dict[str, Measure]:
    """The measures of these names or patterns.

    Those that are slow have to be named in full where `slow` is false.
    """
    named = set(patterns)
    return {
        name: measure
        for name, measure in MEASURES.items()
        if name in named
        or ((slow or name not in SLOW) and any(fnmatchcase(name, p) for p in named))
    }
