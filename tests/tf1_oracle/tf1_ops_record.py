"""Records in TensorFlow what the ops of TF1 give: ``python tf1_ops_record.py``.

It needs `tensorflow` (2.x, used as `tf.compat.v1`) and writes `tf1_ops.npz`: for the
n-th expression its outputs ``n/out/0``, its gradients ``n/grad/a`` by the name of the
input, or ``n/error``. No test imports TensorFlow.
"""

import re
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def used(expression, inputs):
    """The inputs that an expression names."""
    words = set(re.findall(r"[a-z]\w*", expression))
    return [name for name in inputs if name in words]


def weights(shape):
    """What the outputs are multiplied by before they are summed for a gradient."""
    return np.cos(np.arange(int(np.prod(shape)))).reshape(shape)


def recorded(tf, nest, expression, inputs):
    """The outputs and gradients of an expression, by key."""
    names = used(expression, inputs)
    with tf.Graph().as_default(), tf.Session() as session:
        given = {name: tf.constant(inputs[name]) for name in names}
        outputs = nest(eval(expression, {"tf": tf, **given}))
        outputs = [tf.convert_to_tensor(output) for output in outputs]
        found = dict(enumerate(session.run(outputs)))
        result = {f"out/{i}": value for i, value in found.items()}
        floats = [o for o in outputs if o.dtype.is_floating]
        if not floats:
            return result
        arrays = [v for v in found.values() if v.dtype.kind == "f"]
        total = tf.add_n(
            [
                tf.reduce_sum(tf.cast(o, tf.float64) * weights(a.shape))
                for o, a in zip(floats, arrays, strict=True)
            ]
        )
        wanted = [name for name in names if given[name].dtype.is_floating]
        try:
            grads = tf.gradients(total, [given[name] for name in wanted])
        except LookupError:
            return result
        for name, grad in zip(wanted, grads, strict=True):
            if grad is not None:
                result[f"grad/{name}"] = session.run(tf.convert_to_tensor(grad))
    return result


def main():
    """Writes the figures beside the cases."""
    import tensorflow as tf2

    sys.path.insert(0, str(HERE))
    from tf1_ops_cases import EXPRESSIONS, INPUTS

    tf = tf2.compat.v1
    tf.disable_v2_behavior()
    figures = {}
    for number, expression in enumerate(EXPRESSIONS):
        try:
            found = recorded(tf, tf.nest.flatten, expression, INPUTS)
        except Exception as error:
            found = {"error": np.array(type(error).__name__)}
            print(expression, "->", type(error).__name__, str(error)[:120])
        figures |= {f"{number}/{key}": value for key, value in found.items()}
    figures["expressions"] = np.array(EXPRESSIONS)
    np.savez_compressed(HERE / "tf1_ops.npz", **figures)


if __name__ == "__main__":
    main()
