"""TF1's numeric ops give what TensorFlow gave: values, shapes, dtypes, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

from ..tf1_oracle.tf1_ops_cases import EXPRESSIONS, INPUTS
from ..tf1_oracle.tf1_ops_record import HERE, used, weights

with np.load(HERE / "tf1_ops.npz") as file:
    FIGURES = dict(file)
ERRORS = {"InvalidArgumentError": ValueError}  # TensorFlow's own kinds


def recorded(number, kind):
    """The figures of one expression and kind, by the rest of their keys."""
    prefix = f"{number}/{kind}/"
    return {
        k.removeprefix(prefix): v for k, v in FIGURES.items() if k.startswith(prefix)
    }


def run(expression, given):
    """The outputs of an expression in `tf1`, as a list of arrays."""
    names = {name: tf1.Tensor(jnp.asarray(value)) for name, value in given.items()}
    found = eval(expression, {"tf": tf1, **names})
    leaves = jax.tree.leaves(found, is_leaf=lambda x: isinstance(x, tf1.Tensor))
    return [jnp.asarray(tf1.convert_to_tensor(leaf)) for leaf in leaves]


def test_the_figures_are_of_these_expressions():
    """What was recorded is what is run."""
    assert FIGURES["expressions"].tolist() == EXPRESSIONS


@pytest.mark.parametrize(
    ("number", "expression"), list(enumerate(EXPRESSIONS)), ids=EXPRESSIONS
)
def test_an_op(number, expression):
    """Outputs and gradients of an op are TensorFlow's, or its error is."""
    given = {name: INPUTS[name] for name in used(expression, INPUTS)}
    error = FIGURES.get(f"{number}/error")
    with jax.enable_x64(True), tf1.Graph().as_default():
        if error is not None:
            kind = {"TypeError": TypeError, "ValueError": ValueError}[str(error)]
            with pytest.raises(kind, match=r"."):
                run(expression, given)
            return
        outputs = run(expression, given)
        for key, expected in recorded(number, "out").items():
            found = outputs[int(key)]
            assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
            close(found, expected)
        assert len(outputs) == len(recorded(number, "out"))
        check_gradients(number, expression, given)


def close(found, expected):
    """Equal within 1e-6 of the greatest number, or half precision's own."""
    if not np.issubdtype(expected.dtype, np.inexact):
        np.testing.assert_array_equal(found, expected)
        return
    size = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    within = 2e-3 if expected.dtype == np.float16 else 2e-6
    np.testing.assert_allclose(found, expected, rtol=within, atol=within * size)


def check_gradients(number, expression, given):
    """The gradients of the weighted sum of the outputs."""
    expected = recorded(number, "grad")
    if not expected:
        return

    def total(floats):
        outputs = run(expression, {**given, **floats})
        floating = [o for o in outputs if jnp.issubdtype(o.dtype, jnp.floating)]
        return sum(jnp.sum(o.astype("float64") * weights(o.shape)) for o in floating)

    found = jax.grad(total)({name: jnp.asarray(given[name]) for name in expected})
    for name, gradient in expected.items():
        close(found[name], gradient)
