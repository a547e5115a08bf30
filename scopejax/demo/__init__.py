"""The demos: from nothing to a trained model, its weights in a file and a picture.

`digits` is a siamese network on small handwritten digits. Read `_model.py` first: it is
all that a user of scopejax writes to have a model. The rest trains it (`_train.py`),
tries it (`_evaluate.py`), draws it (`_picture.py`) and tells the story (`_story.py`).

`chars` is a small transformer on Python's own sources, with a training loop that can be
stopped: the package `chars`, from `chars/_model.py` on.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ._obstacles import Obstacle, require_folder, require_packages


def run(steps: int, seed: int, out: Path, model: str = "digits") -> int:
    """Runs a demo.

    Args:
      steps: how many batches to train on, at least 1.
      seed: of the initial values, the batches and, for the digits, the data's split.
      out: folder for the files, made if it is not there.
      model: "digits" or "chars".

    Returns:
      The exit status: 0; 1 if the weights read back predict something else; 2 if a
      package or the text is missing, or `out` cannot be written to or holds a snapshot
      of another run; 128 and the signal's number if one stopped the training.
    """
    try:
        require_packages()
        require_folder(out)
        return _tell(steps, seed, out, model)
    except Obstacle as problem:
        print(f"python -m scopejax demo: {problem}", file=sys.stderr)
        return 2


def _tell(steps: int, seed: int, out: Path, model: str) -> int:
    """Imports what has just been looked for, and runs it."""
    if model == "chars":
        from .chars import _story as chars

        return chars.tell(steps, seed, out)
    from . import _story as digits

    return digits.tell(steps, seed, out)
