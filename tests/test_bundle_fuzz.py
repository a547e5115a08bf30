"""A part of the fuzzing that `python -m tests.fuzz_bundle` does."""

from .bundle_changes import MENDED, RAW
from .fuzz_bundle import REFUSED, fuzz


def test_changed_bundles_are_refused_or_read_rightly():
    """Three thousand changed bundles: none is read wrongly, by whichever change."""
    counts = fuzz(runs=3000, seed=1, measure_each=10)
    assert counts.total() == 3000
    assert {change for change, _ in counts} == {c.__name__ for c in (*RAW, *MENDED)}
    refused = sum(n for (_, outcome), n in counts.items() if outcome == REFUSED)
    assert 1000 < refused < 2600  # the rest was read as far as it could
