"""Reuse: what is inherited of it, and what it does to a lookup."""

import numpy as np
import pytest

import scopejax as sj

from ..helpers.options import KEY, ONES, l1, l2, specs


def outcome(*reuses, exists):
    """What a lookup in nested scopes of these `reuse` values does."""

    def model(scope):
        if exists:
            scope.get_variable("s/" * len(reuses) + "w", ())
        for reuse in reuses:
            scope = (scope / "s").with_options(reuse=reuse)
        return scope.get_variable("w", ())

    try:
        specs(model)
    except sj.VariableExistsError:
        return "exists"
    except sj.VariableNotFoundError:
        return "missing"
    return "found" if exists else "made"


AUTO = sj.AUTO_REUSE
REUSES = [
    ((None,), "exists", "made"),
    ((False,), "exists", "made"),
    ((True,), "found", "missing"),
    ((AUTO,), "found", "made"),
    ((True, None), "found", "missing"),
    ((True, False), "found", "missing"),
    ((AUTO, None), "found", "made"),
    ((AUTO, False), "found", "made"),
    ((AUTO, True), "found", "missing"),
    ((True, AUTO), "found", "made"),
    ((True, AUTO, True), "found", "missing"),
    ((False, True), "found", "missing"),
]


@pytest.mark.smoke
@pytest.mark.parametrize(("reuses", "existing", "new"), REUSES, ids=str)
def test_reuse_is_inherited_as_in_tf1(reuses, existing, new):
    """None and False inherit, True tightens AUTO_REUSE, which loosens True."""
    assert outcome(*reuses, exists=True) == existing
    assert outcome(*reuses, exists=False) == new


def test_reuse_ignores_what_belongs_to_creation():
    """On reuse the initializer and all that describes a new variable are ignored."""

    def model(scope):
        scope.get_variable("w", (2,), initializer=ONES)
        again = scope.with_options(reuse=True, regularizer=l2, trainable=False)
        return again.get_variable(
            "w",
            initializer=np.zeros(3, np.float32),
            constraint=l1,
            collections=["mine"],
        )

    (spec,) = specs(model).values()
    assert (spec.initializer, spec.regularizer, spec.constraint) == (ONES, None, None)
    assert (spec.trainable, spec.shape) == (True, (2,))
    params = sj.transform(model).init(KEY)
    np.testing.assert_array_equal(sj.transform(model).apply(params), [1.0, 1.0])
