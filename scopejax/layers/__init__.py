"""Layers: plain functions of a scope. Each is meant to be read, and copied.

Arrays have their features last. A layer computes in `dtype`, by default that of its
input (float32 for whole numbers), and stores its variables in the dtype of its scope:
``scope.with_options(dtype="bfloat16")``. Kernels and tables take the regularizer of
their scope; biases and scales have none. Every layer enters `Scope.named`, so that
profiles show its path. `batch_norm` and `exponential_moving_average` have state: they
are for `scopejax.transform_with_state`.

All raise `InvalidArgumentError` where the first argument is no `Scope`, and whatever
`Scope.get_variable` raises.
"""

from .._base.homes import settle as _settle
from ._attention import attention as attention
from ._linear import conv as conv
from ._linear import conv_transpose as conv_transpose
from ._linear import dense as dense
from ._linear import embedding as embedding
from ._norm import dropout as dropout
from ._norm import layer_norm as layer_norm
from ._norm import rms_norm as rms_norm
from ._recurrent import gru as gru
from ._recurrent import lstm as lstm
from ._state import batch_norm as batch_norm
from ._state import exponential_moving_average as exponential_moving_average

_settle(__name__)
