"""Records in TensorFlow what the layers of TF1 give: ``python tf1_layers_record.py``.

It needs `tensorflow` 2.x, `tf_keras` and `tf_slim`, and writes `tf1_layers.npz`. No
test imports TensorFlow.
"""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

HERE = Path(__file__).parent
COLLECTIONS = ("update_ops", "regularization_losses", "losses")


def names_in(tf):
    """The variables in order, and what the collections hold, as text."""
    shown = [f"{v.op.name} {v.shape.as_list()}" for v in tf.global_variables()]
    trained = [v.op.name for v in tf.trainable_variables()]
    models = [v.op.name for v in tf.get_collection(tf.GraphKeys.MODEL_VARIABLES)]
    counts = [f"{key} {len(tf.get_collection(key))}" for key in COLLECTIONS]
    return [*shown, "trained", *trained, "model", *models, *counts]


def recorded(tf, nest, function, x, value_of, weights):
    """The figures of one case, by key."""
    with tf.Graph().as_default(), tf.Session() as session:
        outputs = nest(function(tf, tf.constant(x)))
        variables = tf.global_variables()
        session.run(tf.global_variables_initializer())
        for number, v in enumerate(variables):
            v.load(value_of(number, v.op.name, v.shape.as_list()), session)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        result = {"names": np.array(names_in(tf))}
        state = [v for v in variables if v not in tf.trainable_variables()]
        terms = [
            tf.reduce_sum(o * weights(o.shape.as_list()).astype("float32"))
            for o in outputs
        ]
        grads = tf.gradients(tf.add_n(terms), tf.trainable_variables())
        dense = [g for g in grads if g is not None]
        found, dense = session.run([outputs, dense])
        dense = iter(dense)
        for number, value in enumerate(found):
            result[f"out/{number}"] = value
        for v, g in zip(tf.trainable_variables(), grads, strict=True):
            if g is not None:
                result[f"grad/{v.op.name}"] = next(dense)
        for number, v in enumerate(variables):
            v.load(value_of(number, v.op.name, v.shape.as_list()), session)
        session.run([outputs, updates])
        for v, value in zip(state, session.run(state), strict=True):
            result[f"state/{v.op.name}"] = value
    return result


def everything(tf, slim):
    """TF1's namespace, with what stood in `tf.contrib` and in Keras."""
    from tensorflow.python.training import moving_averages
    from tf_keras.src.layers.rnn import legacy_cell_wrappers, legacy_cells
    from tf_keras.src.legacy_tf_layers import (
        base,
        convolutional,
        core,
        normalization,
        pooling,
    )
    from tf_slim.layers import layers as slim_layers
    from tf_slim.layers import utils

    names = {}
    for module in (base, core, convolutional, normalization, pooling):
        names |= vars(module)
    cells = SimpleNamespace(**{**vars(legacy_cell_wrappers), **vars(legacy_cells)})
    slim.utils = utils
    contrib = {**vars(slim_layers), **vars(slim)}
    known = {n: getattr(tf, n) for n in dir(tf) if n not in ("layers", "keras", "nn")}
    nn = {n: getattr(tf.nn, n) for n in dir(tf.nn) if n != "rnn_cell"}
    return SimpleNamespace(
        **{
            **known,
            "nn": SimpleNamespace(**{**nn, "rnn_cell": cells}),
            "layers": SimpleNamespace(**names),
            "moving_averages": moving_averages,
            "contrib": SimpleNamespace(slim=slim, layers=SimpleNamespace(**contrib)),
        }
    )


def main():
    """Writes the figures beside the cases."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow as tf2
    from tensorflow.python.framework import ops

    ops.Tensor = tf2.Tensor  # where tf_slim 1.1 looks for it
    from tf_keras.src import legacy_tf_layers as where
    from tf_keras.src.legacy_tf_layers import (  # noqa: F401  # noqa: F401
        base,
        convolutional,
        core,
        normalization,
        pooling,
    )

    for name in ("", ".base", ".convolutional", ".core", ".normalization", ".pooling"):
        # where tf_slim looks for them
        found = sys.modules[where.__name__ + name]
        sys.modules["tf_keras.legacy_tf_layers" + name] = found
    import tf_slim

    sys.path.insert(0, str(HERE))
    from tf1_layers_cases import CASES, value_of
    from tf1_ops_record import weights

    tf2.compat.v1.disable_v2_behavior()
    tf = everything(tf2.compat.v1, tf_slim)
    figures = {}
    for name, (function, x) in CASES.items():
        found = recorded(tf, tf.nest.flatten, function, x, value_of, weights)
        figures |= {f"{name}/{key}": value for key, value in found.items()}
    np.savez_compressed(HERE / "tf1_layers.npz", **figures)


if __name__ == "__main__":
    main()
