"""The demo: a siamese network on small handwritten digits, from nothing to a picture.

Read `_model.py` first: it is all that a user of scopejax writes to have a model. The
rest trains it (`_train.py`), tries it (`_evaluate.py`), draws it (`_picture.py`) and
tells the story (`_story.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from ._obstacles import obstacle


def run(steps: int, seed: int, out: Path) -> int:
    """Runs the demo.

    Args:
      steps: how many batches to train on, at least 1.
      seed: of the data's split, the initial values and the batches.
      out: folder for `digits.safetensors` and `digits.png`, made if it is not there.

    Returns:
      The exit status: 0; 1 if the weights read back predict something else; 2 if a
      package is missing or `out` cannot be written to.
    """
    problem = obstacle(out)
    if problem:
        print(f"python -m scopejax demo: {problem}", file=sys.stderr)
        return 2
    from ._story import tell  # imports the packages that have just been looked for

    return tell(steps, seed, out)
