"""Session and the ops that it runs, for notebooks and tutorials.

Variables exist as the line runs, and ops are done at once; a session gives their values
as NumPy arrays, runs an op again, and knows which variables an initializer was run for.
Each session of a graph has values of its own, as in TF1. The graph has those of the one
that ran last, and they stay when that is closed.
"""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import Any

import jax
import numpy as np

from ..._base.tf1_errors import tf_error
from .._graph.current import get_default_graph
from .._graph.graph import Graph
from .._graph.values import GraphValues, Kept, Stamps
from .._variables.operation import InitializerOp, Operation
from .._variables.variable import Variable
from .._words.array_like import ArrayLike
from .._words.recipes import Again, is_known
from ..errors import FailedPreconditionError
from .functions import global_variables, local_variables


class Session:
    """Runs ops and gives values as NumPy arrays.

    Args:
      target: without effect.
      graph: the default graph where it is None.
      config: without effect.

    Raises:
      RuntimeError: within a model, which `apply` runs.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.Session() as sess:
    ...     v = tf1.get_variable("v", [2], initializer=tf1.ones_initializer())
    ...     sess.run(tf1.global_variables_initializer())
    ...     print(sess.run([v, v * 2]))
    [array([1., 1.], dtype=float32), array([2., 2.], dtype=float32)]
    """

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: Any = None
    ) -> None:
        del target, config
        self.graph = graph if graph is not None else get_default_graph()
        self._default = self.graph.as_default()
        if not isinstance(self.graph.values, GraphValues):
            raise tf_error(
                RuntimeError,
                "A session runs a graph, and this is a model that is transformed.",
                remedy="net.apply runs it; a session is for what is outside of it.",
            )
        self.graph.values.sessions.add(self)
        self._closed = False
        self._kept: Kept | None = None
        self._seen: dict[int, tuple[weakref.ref[Any], Stamps]] = {}

    def run(
        self,
        fetches: Any,
        feed_dict: Any = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """The values of `fetches`, a nest of variables, arrays, ops and names.

        A function without arguments is called, and what operators of variables gave is
        computed again.

        Raises:
          FailedPreconditionError: a variable's initializer was not run.
          RuntimeError: the session is closed.
          ValueError: there is a `feed_dict`; or an array is fetched again, and
            variables have changed since the first time.
        """
        del options, run_metadata
        if feed_dict:
            raise tf_error(
                ValueError,
                "There are no placeholders to feed: a model is a function, and they are"
                " its arguments.",
                remedy="tf1.transform(fn).apply(graph.variables, x)",
            )
        if self._closed:
            raise tf_error(
                RuntimeError,
                "Attempted to use a closed Session.",
                remedy="Its values are still the graph's: graph.variables has them.",
            )
        nodes = (ArrayLike, Operation)
        with self.graph.lock:
            self._take_over()
            again = Again()
            again.moment(self.graph.values)
            try:
                return jax.tree.map(
                    lambda fetch: self._fetch(again, fetch),
                    fetches,
                    is_leaf=lambda x: x is None or isinstance(x, nodes),
                )
            finally:
                self._keep()

    def _take_over(self) -> None:
        """Makes the graph's values those of this session."""
        values = self.graph.values
        before = values.session
        if before is self:
            return
        if before is not None:
            if not before._closed:
                before._kept = values.ran or values.keep()
            values.bring(self._kept)
        values.session, self._kept = self, None

    def _keep(self) -> None:
        values = self.graph.values
        values.ran = values.keep() if len(values.sessions) > 1 else None

    def _fetch(self, again: Again, fetch: Any) -> Any:
        if isinstance(fetch, str):
            fetch = self._named(fetch)
        if isinstance(fetch, Variable) and not fetch._started:
            raise tf_error(
                FailedPreconditionError,
                f"Attempting to use uninitialized value {fetch.op.name}",
                name=fetch.op.name,
                first=fetch.defined_at,
                remedy="sess.run(tf1.global_variables_initializer()) first, in each"
                " session; or read variable.value(), which needs none.",
            )
        if fetch is None:
            raise tf_error(
                TypeError,
                "Argument `fetch` = None has invalid type NoneType. Cannot be None",
            )
        self._require_current(again, fetch)
        result = again.value(fetch)
        return None if result is None else np.asarray(result)

    def _require_current(self, again: Again, fetch: Any) -> None:
        """Refuses an array of JAX that may have been computed from other values."""
        array: Any = fetch.value() if isinstance(fetch, ArrayLike) else fetch
        if not isinstance(array, jax.Array) or is_known(fetch):
            return
        key, now = id(array), again.moment(self.graph.values)
        seen, before = self._seen.get(key, (None, {}))
        is_same = seen is not None and seen() is array
        if is_same and not now.has(before):
            raise tf_error(
                ValueError,
                f"An array of shape {array.shape} is fetched again, but variables have"
                " changed since, and it may depend on them.",
                remedy="Fetch a function, which is called at each run:"
                " sess.run(lambda: jnp.sum(v)).",
            )
        read = {cell: now.stamps[cell] for cell in self.graph.values.read()}
        self._seen[key] = weakref.ref(array, lambda _: self._seen.pop(key, None)), read

    def _named(self, name: str) -> Any:
        wanted = name if name.endswith(":0") else name + ":0"
        for variable in self.graph.placed.values():
            if getattr(variable, "name", None) == wanted:
                return variable
        raise tf_error(
            ValueError,
            f"Fetch argument {name!r} cannot be interpreted as a Tensor. (The name"
            f" {name!r} refers to a Tensor which does not exist.)",
        )

    def as_default(self) -> Any:
        """Within it this is the session of `get_default_session`."""
        return self

    def close(self) -> None:
        """Ends it; the graph keeps its values until another session runs."""
        self._closed, self._kept = True, None

    def __enter__(self) -> Session:
        self._default = self.graph.as_default()
        self._default.__enter__()
        _SESSIONS.entered.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        _SESSIONS.entered.pop()
        self._default.__exit__(None, None, None)


class _Sessions(threading.local):
    def __init__(self) -> None:
        self.entered: list[Session] = []


_SESSIONS = _Sessions()


def get_default_session() -> Session | None:
    """The session that this thread is in, or None.

    >>> from scopejax import tf1
    >>> tf1.get_default_session() is None
    True
    """
    return _SESSIONS.entered[-1] if _SESSIONS.entered else None


def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """An op that gives the variables of a list their initial values.

    >>> from scopejax import tf1
    >>> tf1.variables_initializer([])
    <tf.Operation 'init'>
    """
    return InitializerOp(var_list, name)


def global_variables_initializer() -> Operation:
    """An op that gives all global variables their initial values.

    >>> from scopejax import tf1
    >>> tf1.global_variables_initializer().run()
    """
    return InitializerOp(global_variables())


def initialize_all_variables() -> Operation:
    """TF1's older name of `global_variables_initializer`.

    >>> from scopejax import tf1
    >>> tf1.initialize_all_variables().run()
    """
    return global_variables_initializer()


def local_variables_initializer() -> Operation:
    """An op that gives all local variables their initial values.

    >>> from scopejax import tf1
    >>> tf1.local_variables_initializer().run()
    """
    return InitializerOp(local_variables())


class _Report(Operation):
    """The names of the variables that no initializer was run for."""

    __slots__ = ("_variables",)

    def __init__(self, variables: list[Any], name: str) -> None:
        super().__init__(name)
        self._variables = variables

    def _again(self, run: Again) -> np.ndarray:
        """The names as bytes, as TF1's strings are."""
        names = [v.op.name.encode() for v in self._variables if not v._started]
        return np.asarray(names, object)


def report_uninitialized_variables(
    var_list: Any = None, name: str = "report_uninitialized_variables"
) -> Operation:
    """An op for the names of the variables that no initializer was run for.

    They have values all the same; what is reported is what TF1 would.

    >>> from scopejax import tf1
    >>> with tf1.Graph().as_default(), tf1.Session() as sess:
    ...     v = tf1.get_variable("v", [1])
    ...     sess.run(tf1.report_uninitialized_variables()).tolist()
    [b'v']
    """
    variables = global_variables() + local_variables() if var_list is None else var_list
    return _Report(list(variables), name)
