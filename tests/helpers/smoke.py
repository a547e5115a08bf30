"""The smoke set: `pytest -m smoke`, a few cases of each law and one test of each part.

A test is marked by hand. Of one with many cases the first two are in the set; a module
that is marked stays whole.
"""

from collections import Counter

_CASES = 2


def thin(items):
    """Takes the mark off all but the first cases of each test."""
    seen = Counter()
    for item in items:
        if any(mark.name == "smoke" for mark in item.own_markers):
            test = item.nodeid.partition("[")[0]
            seen[test] += 1
            if seen[test] > _CASES:
                item.own_markers[:] = [m for m in item.own_markers if m.name != "smoke"]
