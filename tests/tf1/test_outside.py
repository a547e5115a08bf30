"""What stays outside says where to go, in the words of the guide's row."""

import re
from pathlib import Path

import pytest

from scopejax.tf1._words.outside import ROWS, row_of

from .test_missing import ask

GUIDE = Path(__file__).parents[2] / "docs" / "from_tf1.md"

OUTSIDE = {
    "placeholder": "arguments of the function",
    "gradients": "jax.grad",
    "train.FtrlOptimizer": "optax",
    "train.natural_exp_decay": "optax",
    "nn.ctc_loss": "optax",
    "contrib.opt.AdamWOptimizer": "optax",
    "metrics.accuracy": "means of what apply returns",
    "train.latest_checkpoint": "scopejax.checkpoints",
    "summary.scalar": "written by tensorboardX",
    "scalar_summary": "written by tensorboardX",
    "merge_all_summaries": "written by tensorboardX",
    "data.Dataset": "a Python iterator",
    "train.shuffle_batch": "a Python iterator",
    "FIFOQueue": "a Python iterator",
    "parse_single_example": "a Python iterator",
    "FixedLenFeature": "a Python iterator",
    "examples.tutorials.mnist.input_data": "a Python iterator",
    "estimator.ModeKeys": "a Python loop over a jitted step",
    "train.MonitoredTrainingSession": "a Python loop over a jitted step",
    "app.run": "absl.app, argparse",
    "flags.DEFINE_string": "absl.app, argparse",
    "gfile.MakeDirs": "pathlib",
    "contrib.seq2seq.AttentionWrapper": "jax.lax.scan over a function of your own",
    "keras.layers.Dense": "functions of your own",
    "string": "JAX's arrays hold numbers and bools",
    "SparseTensor": "jax.experimental.sparse",
    "train.replica_device_setter": "jax.sharding",
    "contrib.tpu.TPUConfig": "a Python loop",
    "saved_model.loader": "jax.export",
}


@pytest.mark.smoke
@pytest.mark.parametrize("name", OUTSIDE)
def test_the_error_carries_the_row(name):
    """The message says what there is instead, and a note has the guide's row."""
    shown = OUTSIDE[name]
    with pytest.raises(AttributeError, match=r"docs/from_tf1\.md has") as caught:
        ask(name)
    (note,) = caught.value.__notes__
    asked = re.match(r"tf\.([\w.]+) ", str(caught.value))[1]
    assert name.startswith(asked)
    row = row_of(asked)
    assert row.instead.replace("`", "") in note
    assert row_of(name) is not None
    assert shown in row_of(name).instead.replace("`", "")


def test_the_table_is_the_guides():
    """Each row stands in the guide, word by word and in this order."""
    text = GUIDE.read_text().partition("### What is not there")[2]
    found = [f"| {row.shown} | {row.instead} |" for row in ROWS]
    there = [line for line in text.splitlines() if line in found]
    assert there == found


ADVICE = {
    "gather": "jnp.take(x, indices, axis=0)",
    "nn.embedding_lookup": "jnp.take(x, indices, axis=0)",
    "split": "jnp.split(x, n, axis=0), which takes places to cut in place of sizes",
    "cumsum": "jnp.cumsum(x, axis=0)",
    "math.cumsum": "jnp.cumsum(x, axis=0)",
    "cumprod": "jnp.cumprod(x, axis=0)",
    "argmax": "jnp.argmax(x, axis=0)",
    "argmin": "jnp.argmin(x, axis=0)",
    "unstack": "tuple(jnp.moveaxis(x, axis, 0))",
    "div": "jnp.floor_divide for integers",
    "nn.leaky_relu": "jax.nn.leaky_relu(x, 0.2)",
    "nn.batch_normalization": "(x - mean) * jax.lax.rsqrt(variance + epsilon) * scale",
    "nn.conv2d_transpose": "jax.lax.conv_transpose",
    "nn.conv3d": "jax.lax.conv_general_dilated",
    "nn.depthwise_conv2d": "jax.lax.conv_general_dilated with feature_group_count",
}


def told(name):
    """What is said of a name; "" where it is there."""
    try:
        ask(name)
    except AttributeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", ADVICE)
def test_advice_computes_the_same(name):
    """Where JAX's function has another default, or other arguments, they are said."""
    text = told(name)
    assert not text or f"leaves to JAX: use {ADVICE[name]}" in text


CELLS = [f"nn.{n}" for n in ("rnn_cell", "dynamic_rnn", "static_bidirectional_rnn")]


@pytest.mark.parametrize("name", CELLS)
def test_cells_are_no_numeric_ops(name):
    """What creates variables is not sent to JAX's numeric functions."""
    text = told(name)
    assert not text or "is not supported: instead there is jax.lax.scan" in text
    assert "numeric" not in text
