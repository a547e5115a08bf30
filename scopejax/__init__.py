"""Named scopes and shared variables for models in JAX, as pure functions."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import initializers as initializers
from ._base.errors import CheckpointError as CheckpointError
from ._base.errors import InitializerError as InitializerError
from ._base.errors import InvalidArgumentError as InvalidArgumentError
from ._base.errors import ScopeError as ScopeError
from ._base.errors import ScopeUsageError as ScopeUsageError
from ._base.errors import VariableExistsError as VariableExistsError
from ._base.errors import VariableMismatchError as VariableMismatchError
from ._base.errors import VariableNotFoundError as VariableNotFoundError
from ._base.homes import keep_former as _keep_former
from ._base.homes import settle as _settle
from ._base.trees import from_flat as from_flat
from ._base.trees import merge as merge
from ._base.trees import to_flat as to_flat
from ._manifest.diff import ManifestDiff as ManifestDiff
from ._manifest.diff import SpecChange as SpecChange
from ._manifest.manifest import Manifest as Manifest
from ._model.remat import remat as remat
from ._model.transform import Transformed as Transformed
from ._model.transform import TransformedWithState as TransformedWithState
from ._model.transform import transform as transform
from ._model.transform import transform_with_state as transform_with_state
from ._scope.scope import Scope as Scope
from ._spec.options import AUTO_REUSE as AUTO_REUSE
from ._spec.options import no_regularizer as no_regularizer
from ._spec.spec import VariableAggregation as VariableAggregation
from ._spec.spec import VariableSpec as VariableSpec
from ._spec.spec import VariableSynchronization as VariableSynchronization
from ._version import __version__ as __version__

_settle(__name__)
# What pickles of version 0.1.0 name.
_keep_former(
    __name__,
    {
        "_differences": "_manifest.diff",
        "_errors": "_base.errors",
        "_fields": "_scope.fields",
        "_manifest": "_manifest.manifest",
        "_options": "_spec.options",
        "_place": "_scope.place",
        "_scope": "_scope.scope",
        "_spec": "_spec.spec",
    },
)

if _TYPE_CHECKING:
    from . import checkpoints as checkpoints
    from . import getters as getters
    from . import graphs as graphs
    from . import interop as interop
    from . import layers as layers
    from . import optim as optim
    from . import partitioners as partitioners
    from . import regularizers as regularizers
    from . import tf1 as tf1
    from . import views as views
    from .views import compare as compare
    from .views import show as show

_ON_DEMAND = (
    "checkpoints",
    "getters",
    "graphs",
    "interop",
    "layers",
    "optim",
    "partitioners",
    "regularizers",
    "tf1",
    "views",
)
_FROM_VIEWS = ("compare", "show")


def __getattr__(name: str) -> _Any:
    """A module or a view that is imported when it is asked for."""
    if name in _ON_DEMAND:
        return _import_module(f".{name}", __name__)
    if name in _FROM_VIEWS:
        return getattr(_import_module(".views", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ON_DEMAND, *_FROM_VIEWS})
