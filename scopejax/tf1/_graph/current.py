"""Which graph is current: the default one, one that was entered, or the eager world."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from .graph import EagerGraph, Graph
from .state import ENTERED, Store
from .values import GraphValues

_DEFAULT = [Graph()]


def get_default_graph() -> Graph:
    """The current graph of this thread.

    >>> from scopejax import tf1
    >>> graph = tf1.Graph()
    >>> with graph.as_default():
    ...     tf1.get_default_graph() is graph
    True
    """
    return ENTERED.graphs[-1] if ENTERED.graphs else _DEFAULT[0]


def reset_default_graph() -> None:
    """Forgets all variables of the default graph, as at the start of a notebook.

    Raises:
      AssertionError: called within ``with graph.as_default()``.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.reset_default_graph()
    Traceback (most recent call last):
    AssertionError: Do not use tf.reset_default_graph() to clear nested graphs. ...
    """
    if ENTERED.graphs:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a"
            " cleared graph, exit the nesting and create a new graph."
        )
    _DEFAULT[0].changed()
    _DEFAULT[0] = Graph()


def set_random_seed(seed: int) -> None:
    """Sets the key that the current graph's initial values depend on.

    As in TF1 it holds for variables that are created after it. Without it the key is
    that of seed 0, so that a notebook gives the same each time.

    Raises:
      TypeError: the graph is a model's, whose init takes a key.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default():
    ...     tf1.set_random_seed(7)
    """
    values = get_default_graph().values
    if not isinstance(values, GraphValues):
        raise TypeError("The key of a model is the argument of its init.")
    values.seed = seed


_EAGER = EagerGraph()


@contextlib.contextmanager
def eager_world(store: Store | None = None) -> Iterator[Store | None]:
    """Within it functions act as in TF2's eager mode, on `store` where one is given."""
    thread = _EAGER.thread
    before = thread.store
    with _EAGER.as_default():
        thread.store = store if store is not None else before
        try:
            yield store
        finally:
            thread.store = before


def new_eager_world() -> None:
    """Forgets everything that the eager world has counted and collected."""
    _EAGER.__init__()  # type: ignore[misc]


def executing_eagerly() -> bool:
    """Whether the current graph is the eager world.

    >>> from scopejax import tf1
    >>> tf1.executing_eagerly()
    False
    """
    return get_default_graph().eager
