"""Where JAX runs a function twice for one call, the second run starts as the first did.

JAX may run a body again (a loop whose carry turns out to have another type; each step,
under `jax.disable_jit`). The names that the first run took must be free for the second,
or one variable would become two. But two calls in a row, even by a Python loop inside
of one transform, are two calls. `scopejax/_jax/runs.py` tells them apart.

What this leaves open: the branches of one `switch` that are one code and close over the
same values count as one function.
"""

from __future__ import annotations

from types import FrameType
from typing import Any, Protocol

from ..._jax.runs import calls, function_of, tag


class Rewindable(Protocol):
    """What a run changes and a second run must find as the first one did."""

    def snapshot(self) -> Any:
        """Its present state."""

    def rewind(self, snapshot: Any) -> None:
        """Back to a state."""


def notice_runs(state: Rewindable, anchor: FrameType | None) -> None:
    """Rewinds `state` where JAX has begun to run a function again.

    Args:
      state: of one model or graph.
      anchor: the frame that runs the model; None for all of the stack.
    """
    for call in [call for call in calls(anchor) if call is not None][::-1]:
        runs, run = tag(call.frame).noted, tag(call.run)
        function = (id(state), *function_of(call.run))
        known = runs.get(function)  # the last run, and the state before the first
        if known is None:
            runs[function] = run, state.snapshot()
        elif known[0] is not run:
            runs[function] = run, known[1]
            state.rewind(known[1])
