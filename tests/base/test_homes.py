"""Where public things say that they live, and pickles of former versions."""

import pickle
from pathlib import Path
from types import FunctionType

import jax
import numpy as np
import pytest

import scopejax as sj
from scopejax import tf1

from ..helpers.public_names import NAMES

PICKLED = Path(__file__).parents[1] / "data" / "pickled_by_0_1_0.pkl"
OURS = [
    (module, name)
    for module, name in NAMES
    if isinstance(getattr(module, name), type | FunctionType)
    and getattr(module, name).__module__.startswith("scopejax")
]


@pytest.mark.smoke
@pytest.mark.parametrize(("module", "name"), OURS)
def test_public_things_live_in_public_modules(module, name):
    """No private name is in `__module__`, so none is in pickles and tracebacks."""
    home = getattr(module, name).__module__
    assert not any(part.startswith("_") for part in home.split("."))


@pytest.mark.parametrize("former", [True, False], ids=["0.1.0", "today"])
def test_pickles_are_read(former):
    """What version 0.1.0 pickled is read, as is what is pickled today."""
    found = pickle.loads(PICKLED.read_bytes())
    if not former:
        found = pickle.loads(pickle.dumps(found))
    assert found["reuse"] is sj.AUTO_REUSE
    assert found["agg"] is sj.VariableAggregation.MEAN
    assert found["sync"] is sj.VariableSynchronization.ON_READ
    assert found["no_reg"] is sj.no_regularizer
    assert found["init"] is sj.initializers.orthogonal
    assert [type(error) for error in found["errors"]] == [
        sj.VariableNotFoundError,
        sj.VariableMismatchError,
        sj.CheckpointError,
    ]
    assert list(found["manifest"]) == ["w", "b"]
    assert found["manifest"]["w"] == found["spec"]
    assert found["spec"].regularizer(np.ones(3, np.float32)) == pytest.approx(0.3)
    assert isinstance(found["diff"], sj.ManifestDiff)
    assert found["shape"] == tf1.TensorShape([1, 2])
    assert isinstance(found["tf"][0], tf1.ones_initializer)
    w = found["scope"].get_variable("w")  # of a scope that reuses
    np.testing.assert_array_equal(w, np.ones(3, np.float32))


def test_a_pickle_of_today_names_public_things():
    """A variable's spec, an error and a scope are pickled under public names."""
    scope = sj.Scope({"a": {"w": np.ones(3)}}) / "a"
    for value in (scope, sj.ScopeError("no"), sj.VariableAggregation.MEAN):
        text = pickle.dumps(value, 2)
        assert f"scopejax\n{type(value).__name__}".encode() in text
    assert jax.tree.leaves(pickle.loads(pickle.dumps(scope)))
