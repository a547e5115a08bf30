"""The counters behind default names, against a dict that is copied and searched."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopejax.tf1._graph.counters import Counters

from ..helpers.randomness import examples

PATHS = st.lists(st.sampled_from(["a", "b", "a_1", ""]), min_size=1, max_size=3).map(
    tuple
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["open", "close", "unique"]), PATHS),
        st.tuples(st.sampled_from(["save", "restore"]), st.just(())),
    ),
    max_size=30,
)


class Reference:
    """The same by flat names, as the description has it."""

    def __init__(self):
        self.counts = {}

    def open(self, path):
        self.counts[path] = self.counts.get(path, 0) + 1

    def close(self, path):
        for name in self.counts:
            if len(name) > len(path) and name[: len(path)] == path:
                self.counts[name] = 0

    def unique(self, path):
        *above, last = path
        k, name = 0, last
        while self.counts.get((*above, name), 0):
            k += 1
            name = f"{last}_{k}"
        return name

    def save(self):
        return dict(self.counts)

    def restore(self, saved):
        self.counts = dict(saved)


@pytest.mark.smoke
@examples(25)
@given(STEPS)
def test_counters_are_those_of_flat_names(steps):
    """Any order of openings, closings, jumps and default names gives the same."""
    counters, reference, saved = Counters(), Reference(), []
    for step, path in steps:
        if step == "save":
            saved.append((counters.save(), reference.save()))
        elif step == "restore":
            if saved:
                ours, theirs = saved[-1]
                counters.restore(ours)
                reference.restore(theirs)
        else:
            ours = getattr(counters, step)(path)
            assert ours == getattr(reference, step)(path)


def test_importing_starts_no_backend():
    """JAX can be configured after the import: no array has been made by it."""
    code = """
import jax
from scopejax import tf1
jax.config.update("jax_num_cpu_devices", 3)
assert len(jax.devices("cpu")) == 3
"""
    environment = {"JAX_PLATFORMS": "cpu", "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
