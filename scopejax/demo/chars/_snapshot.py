"""All of a run in one file, to go on from as if it had never been stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

import scopejax as sj

from .._obstacles import Obstacle
from ._evaluate import due
from ._step import Run, Settings, start
from ._text import Text

Identity = dict[str, Any]


class Snapshot(NamedTuple):
    """How far training is: what steps make, and each loss in bits per character.

    Batches and keys are functions of the seed and the step, and the step is
    ``len(losses)``, so there is nothing else to keep.
    """

    run: Run
    losses: list[float]
    held_out: list[float]


def identity(settings: Settings, text: Text) -> Identity:
    """What has to be the same to go on bit for bit."""
    sizes, rest = settings.sizes._asdict(), settings._asdict()
    del rest["sizes"]
    versions = {module.__name__: module.__version__ for module in (jax, optax, sj)}
    where = {"text": text.digest[:12], "platform": jax.default_backend()}
    return {**rest, **sizes, **versions, **where}


def save(path: Path, snapshot: Snapshot, identity: Identity) -> None:
    """Writes the file, whole or not at all."""
    sj.checkpoints.save(path, to_tree(snapshot, identity))


def to_tree(snapshot: Snapshot, identity: Identity) -> dict[str, Any]:
    """Nested dicts of arrays; the optimizer's leaves by number, a text as its bytes."""
    params, state, optimizer = snapshot.run
    text = json.dumps(identity).encode()
    return {
        "params": params,
        "state": state,
        "optimizer": {str(i): x for i, x in enumerate(jax.tree.leaves(optimizer))},
        "losses": np.array(snapshot.losses, np.float32),
        "held_out": np.array(snapshot.held_out, np.float32),
        "identity": np.frombuffer(text, np.uint8),
    }


def load(path: Path, settings: Settings, identity: Identity) -> Snapshot | None:
    """The run that was stopped; None where there is no file.

    Raises:
      Obstacle: the file is damaged, or of a run that is another in any way.
    """
    if not path.exists():
        return None
    try:
        tree = sj.checkpoints.load(path)
        found = json.loads(np.asarray(tree["identity"]).tobytes())
        if found == identity:
            return from_tree(tree, settings)
    except (OSError, LookupError, TypeError, ValueError) as error:
        what = f"is damaged ({str(error).partition(chr(10))[0]})"
    else:
        what = f"is of another run: {differences(found, identity)}"
    raise Obstacle(
        f"{str(path)!r} {what}; delete it to start anew, or give another --out"
    )


def differences(found: Identity, expected: Identity) -> str:
    """``"steps is 10, here 20"``, for all that differ."""
    names = [n for n in {**found, **expected} if found.get(n) != expected.get(n)]
    return ", ".join(f"{n} is {found.get(n)}, here {expected.get(n)}" for n in names)


def from_tree(tree: dict[str, Any], settings: Settings) -> Snapshot:
    """The inverse of `to_tree`.

    Raises:
      LookupError, ValueError: something is missing, or does not fit the settings.
    """
    like = jax.eval_shape(lambda: start(settings))
    parts, structure = jax.tree.flatten(like.optimizer)
    leaves = [tree["optimizer"][str(i)] for i in range(len(parts))]
    optimizer = jax.tree.unflatten(structure, leaves)
    run = Run(tree["params"], tree["state"], optimizer)
    shapes = jax.tree.map(lambda leaf: (leaf.shape, str(leaf.dtype)), (like, run))
    if shapes[0] != shapes[1]:
        raise ValueError("its arrays are not those of the model")
    losses, held_out = (np.asarray(tree[n]).tolist() for n in ("losses", "held_out"))
    points = [step for step in due(settings.steps) if step <= len(losses)]
    if not 0 < len(losses) <= settings.steps or len(held_out) != len(points):
        raise ValueError("its losses are not those of the steps")
    return Snapshot(run, losses, held_out)
