"""`import tensorflow` that means scopejax.tf1, and is undone."""

import importlib
import re
import sys
import threading
from types import ModuleType

import jax
import pytest

import scopejax as sj
from scopejax import tf1

pytestmark = pytest.mark.usefixtures("graph")


def ours():
    """TensorFlow's modules that are there."""
    return [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """Each test begins and ends without a module of TensorFlow."""
    finders = list(sys.meta_path)
    assert not ours()
    yield
    assert not ours()
    assert sys.meta_path == finders


IMPORTS = [
    "import tensorflow as tf",
    "import tensorflow.compat.v1 as tf",
    "from tensorflow.compat import v1 as tf",
    "import tensorflow._api.v1 as tf",
    "from tensorflow.python import variable_scope, GraphKeys, get_variable, train\n"
    "import tensorflow as tf",
]


@pytest.mark.smoke
@pytest.mark.parametrize("line", IMPORTS)
def test_a_program_imports_tensorflow(line):
    """Each spelling of the import gives tf1's own functions."""
    names = {}
    with tf1.as_tensorflow() as tf:
        assert tf is tf1
        exec(line, names)
        found = names["tf"]
        assert isinstance(found, ModuleType)
        assert found.__version__.startswith("1.")
        assert found.__version__ == found.VERSION
        assert found.get_variable is tf1.get_variable
        assert found.train.get_global_step is tf1.train.get_global_step
        assert found.compat.v1.Graph is tf1.Graph
    assert found.float32 == tf1.float32  # what was imported stays


SUBMODULES = {
    "from tensorflow.python.ops import variable_scope as m": "get_variable",
    "from tensorflow.python.ops import init_ops as m": "zeros_initializer",
    "from tensorflow.python.ops import variables as m": "global_variables",
    "from tensorflow.python.ops import array_ops as m": "identity",
    "from tensorflow.python.framework import ops as m": "GraphKeys",
    "import tensorflow.python.framework.ops as m": "get_default_graph",
    "from tensorflow.python.training import moving_averages as m": (
        "ExponentialMovingAverage"
    ),
    "from tensorflow.python.training import training_util as m": "get_global_step",
    "from tensorflow.python.platform import tf_logging as m": "info",
    "from tensorflow.python.client import session as m": "Session",
    "import tensorflow.train as m": "get_global_step",
    "import tensorflow.compat.v1.losses as m": "get_regularization_loss",
    "import tensorflow.keras.utils as m": "track_tf1_style_variables",
    "from tensorflow import train as m": "get_global_step",
}


@pytest.mark.parametrize("line", SUBMODULES)
def test_modules_below(line):
    """A long path, or a part of the public one, has the same things."""
    names = {}
    with tf1.as_tensorflow():
        exec(line, names)
        found = getattr(names["m"], SUBMODULES[line])
    name = SUBMODULES[line]
    places = (tf1, tf1.train, tf1.logging, tf1.losses, tf1.keras.utils)
    assert any(getattr(place, name, None) is found for place in places)


ABSENT = {
    "from tensorflow import placeholder": "arguments of the function",
    "import tensorflow.summary": "tensorboardX",
    "from tensorflow.examples.tutorials.mnist import input_data": "a Python iterator",
    "from tensorflow.python.ops.variable_scope import nothing": "not supported",
    "import tensorflow.nothing": "not supported",
    "from tensorflow.python.ops import nothing_ops": "not supported",
    "from tensorflow.keras.layers import Dense": "functions of your own",
}


@pytest.mark.parametrize("line", ABSENT)
def test_what_is_absent_says_where_to_go(line):
    """It is an ImportError with the words of the guide."""
    with tf1.as_tensorflow(), pytest.raises(ImportError, match=re.escape(ABSENT[line])):
        exec(line)


def test_what_is_asked_later_says_so_later():
    """A module of many things imports, and what is not there is told when used."""
    with tf1.as_tensorflow():
        from tensorflow.python.summary import summary
        from tensorflow.python.util import nest, tf_contextlib  # noqa: F401

        with pytest.raises(AttributeError, match="tensorboardX"):
            summary.scalar  # noqa: B018
        with pytest.raises(AttributeError, match="nothing is not supported"):
            nest.nothing  # noqa: B018


def test_a_class_that_stays_outside_can_be_named():
    """Modules name classes when they are imported; an instance is an error."""
    with tf1.as_tensorflow():
        import tensorflow as tf
        from tensorflow.python.framework import sparse_tensor
        from tensorflow.python.training import training

        assert not isinstance(1, tf.SparseTensor)
        assert not issubclass(bool, sparse_tensor.SparseTensor)
        assert callable(training.Optimizer.GATE_OP)
        table = {"Ftrl": training.FtrlOptimizer, "hook": tf.train.SessionRunHook}

        class Hook(tf.train.SessionRunHook):
            """A hook of a program's."""

        assert issubclass(Hook, table["hook"])
        for make in (*table.values(), Hook):
            with pytest.raises(AttributeError, match="is not supported: instead"):
                make(0.1)
        with pytest.raises(AttributeError, match="a Python loop over a jitted step"):
            tf.estimator.ModeKeys.TRAIN  # noqa: B018


def test_custom_gradients():
    """A function that returns its value and its gradient is JAX's custom_vjp."""
    with tf1.as_tensorflow():
        from tensorflow.python.ops import custom_gradient

    @custom_gradient.custom_gradient
    def scaled(x, y):
        return x * y, lambda above: (above * 10.0, above * y)

    assert jax.grad(scaled, argnums=(0, 1))(2.0, 3.0) == (10.0, 3.0)

    @custom_gradient.custom_gradient
    def one(x):
        return x * x, lambda above: above * 7.0

    assert float(jax.grad(one)(2.0)) == 7.0


def test_helpers_of_tensorflows_own():
    """Nests, decorators and the like, which code beside TensorFlow uses."""
    with tf1.as_tensorflow():
        from tensorflow.python.util import deprecation, nest, tf_contextlib
        from tensorflow.python.util.tf_export import tf_export

        nested = {"b": (1, None), "a": [2]}
        assert nest.flatten(nested) == [2, 1, None]
        assert nest.map_structure(lambda x: [x], (1, (2,))) == ([1], ([2],))
        assert nest.pack_sequence_as(nested, [5, 6, 7]) == {"b": (6, 7), "a": [5]}
        assert nest.is_sequence([1])
        nest.assert_same_structure([1], [2])
        with pytest.raises(ValueError, match="different lengths"):
            nest.assert_same_structure([1], [2, 3])

        @tf_export("x")
        @deprecation.deprecated(None, "later")
        @tf_contextlib.contextmanager
        def context():
            yield 3

        with context() as value:
            assert value == 3
        assert deprecation.deprecated_argument_lookup("new", 1, "old", None) == 1


def test_a_program_in_two_files(tmp_path, monkeypatch):
    """Modules that import TensorFlow themselves get the same, and work afterwards."""
    (tmp_path / "their_layers.py").write_text(
        "import tensorflow as tf\n"
        "from tensorflow.python.ops import variable_scope as vs\n"
        "def bias(name):\n"
        "    with vs.variable_scope(name):\n"
        "        return tf.get_variable('b', [2], initializer=tf.zeros_initializer())\n"
    )
    (tmp_path / "their_model.py").write_text(
        "import their_layers\ndef model():\n    return their_layers.bias('a') + 1.0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with tf1.as_tensorflow():
            module = importlib.import_module("their_model")
        assert module.model().tolist() == [1.0, 1.0]
        assert [v.name for v in tf1.global_variables()] == ["a/b:0"]
    finally:
        for name in ("their_layers", "their_model"):
            sys.modules.pop(name, None)


# Beginning and end


def test_it_is_undone_after_an_error_and_within_another():
    """The outermost one ends it, whatever happened."""

    def fails():
        with tf1.as_tensorflow():
            with tf1.as_tensorflow():
                assert "tensorflow" in sys.modules
            assert "tensorflow" in sys.modules
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fails()
    assert not ours()
    with tf1.as_tensorflow():
        import tensorflow.compat.v1  # noqa: F401


def test_threads_see_the_same():
    """Python's modules are those of the process."""
    found = []

    def look():
        found.append(importlib.import_module("tensorflow.python.ops.init_ops"))

    with tf1.as_tensorflow():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert found[0].zeros_initializer is tf1.zeros_initializer


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow.python"])
def test_tensorflow_that_is_imported_stays(name, monkeypatch):
    """It is refused, and nothing is changed, where TensorFlow is there already."""
    real = ModuleType(name)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, name, real)
        match = "TensorFlow is imported already"
        with pytest.raises(sj.ScopeUsageError, match=match), tf1.as_tensorflow():
            pass
        assert sys.modules[name] is real


def test_long_paths_have_older_names():
    """A class that is called otherwise below `tensorflow.python` is the public one."""
    with tf1.as_tensorflow():
        from tensorflow.python.layers import convolutional

        assert convolutional.Convolution2D is convolutional.Conv2D
