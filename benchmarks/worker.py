"""What a fresh process does: take one figure, or run the check, and print it as JSON.

``python -m benchmarks.worker MEASURE CONTESTANT LAYERS CLOCK``, or
``python -m benchmarks.worker check CONTESTANT``.
"""

from __future__ import annotations

import json
import sys

from .measures import MEASURES


def main(measure: str, contestant: str, layers: str = "1", clock: str = "wall") -> None:
    """Prints one JSON value."""
    if measure == "check":
        from .same import check  # a timing does without it

        print(json.dumps(check(contestant)))
    else:
        print(json.dumps(MEASURES[measure].figure(contestant, int(layers), clock)))


if __name__ == "__main__":
    main(*sys.argv[1:])
