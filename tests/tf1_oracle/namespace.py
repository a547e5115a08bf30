"""scopejax.tf1 as the neutral namespace that the scenarios are written against."""

import contextlib
import threading

import jax
import numpy as np

from scopejax import tf1
from scopejax.tf1._graph.current import eager_world, new_eager_world


class Namespace:
    """`tf1` and the hooks that are not names of `tf.compat.v1`."""

    Module = Layer = object
    track_tf1_style_variables = staticmethod(tf1.keras.utils.track_tf1_style_variables)

    def __getattr__(self, name):
        return getattr(tf1, name)

    def in_thread(self, function):
        """Runs `function` on a new thread that sees the same graph."""
        graph, result = tf1.get_default_graph(), {}

        def target():
            try:
                with graph.as_default():
                    result["value"] = function()
            except BaseException as error:
                result["error"] = error

        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
        if "error" in result:
            raise result["error"]
        return result["value"]

    def new_graph(self):
        """A second fresh graph."""
        return tf1.Graph().as_default()

    def initial_values(self, variable):
        """What a variable starts with, as a nested list."""
        return np.asarray(variable.initial_value).tolist()


@contextlib.contextmanager
def fresh(tags):
    """A fresh world for a case with these tags; 64-bit mode is on, as in TF."""
    with jax.enable_x64(True):
        if "eager" in tags:
            new_eager_world()
            with eager_world():
                yield
        else:
            with tf1.Graph().as_default():
                yield


def factory():
    """What `tf1_oracle_cases.py --check` asks for."""
    return Namespace(), fresh
