"""Writes `slots.json`: which names TensorFlow's optimizers and averages add to a model.

python make_tf1_slots.py

Run with TensorFlow 2.21.0 on Python 3.11, beside `make_tf1_checkpoints.py`.
"""

from make_tf1_checkpoints import tf, trained_model, write_json

OPTIMIZERS = {
    "Adam": lambda: tf.train.AdamOptimizer(),
    "named Adam": lambda: tf.train.AdamOptimizer(name="Mine"),
    "Momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "RMSProp": lambda: tf.train.RMSPropOptimizer(0.1),
    "centered RMSProp": lambda: tf.train.RMSPropOptimizer(0.1, centered=True),
    "Adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "AdagradDA": lambda: tf.train.AdagradDAOptimizer(
        0.1, tf.train.get_or_create_global_step()
    ),
    "Adadelta": lambda: tf.train.AdadeltaOptimizer(0.1),
    "Ftrl": lambda: tf.train.FtrlOptimizer(0.1),
    "ProximalAdagrad": lambda: tf.train.ProximalAdagradOptimizer(0.1),
    "ProximalGradientDescent": lambda: tf.train.ProximalGradientDescentOptimizer(0.1),
    "GradientDescent": lambda: tf.train.GradientDescentOptimizer(0.1),
}


def names_of(build):
    """What a graph would save: name -> shape."""
    with tf.Graph().as_default():
        build()
        return {v.op.name: v.shape.as_list() for v in tf.global_variables()}


def minimized(scope, *optimizers):
    """The model, trained by optimizers within a scope."""

    def build():
        loss = trained_model()
        step = tf.train.get_or_create_global_step()
        for optimizer in optimizers:
            if scope:
                with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
                    OPTIMIZERS[optimizer]().minimize(loss, global_step=step)
            else:
                OPTIMIZERS[optimizer]().minimize(loss, global_step=step)

    return build


def averaged(scope, **options):
    """The model and averages of it, within a scope."""

    def build():
        trained_model()
        average = tf.train.ExponentialMovingAverage(0.9, **options)
        if scope:
            with tf.variable_scope(scope):
                average.apply(tf.trainable_variables())
        else:
            average.apply(tf.trainable_variables())

    return build


def slots():
    """Case -> the names of what an optimizer adds."""
    yield "model", names_of(trained_model)
    for scope in ("", "train", "outer/train"):
        for name in OPTIMIZERS:
            yield f"{name} in {scope!r}", names_of(minimized(scope, name))
        yield (
            f"two Adams in {scope!r}",
            names_of(minimized(scope, "Adam", "Adam", "Momentum")),
        )
        yield f"averages in {scope!r}", names_of(averaged(scope))
        yield (
            f"debiased averages in {scope!r}",
            names_of(averaged(scope, zero_debias=True)),
        )
        yield f"named averages in {scope!r}", names_of(averaged(scope, name="shadow"))


if __name__ == "__main__":
    write_json("slots.json", dict(slots()))
