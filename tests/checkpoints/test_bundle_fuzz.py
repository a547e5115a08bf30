"""A part of the fuzzing that `python -m tests.helpers.fuzz_bundle` does."""

import pytest

from ..helpers.bundle_changes import MENDED, RAW
from ..helpers.fuzz_bundle import REFUSED, fuzz
from ..helpers.randomness import cases, seed_or


@pytest.mark.long
def test_changed_bundles_are_refused_or_read_rightly():
    """A thousand changed bundles: none is read wrongly, by whichever change."""
    runs = cases(1000)
    counts = fuzz(runs=runs, seed=seed_or(1), measure_each=10)
    assert counts.total() == runs
    assert {change for change, _ in counts} == {c.__name__ for c in (*RAW, *MENDED)}
    refused = sum(n for (_, outcome), n in counts.items() if outcome == REFUSED)
    assert runs / 3 < refused < runs * 0.87  # the rest was read as far as it could
