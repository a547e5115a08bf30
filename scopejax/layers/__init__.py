"""Layers: plain functions of a scope. Each is meant to be read, and copied.

Arrays have their features last. A layer computes in `dtype`, by default that of its
input (float32 for whole numbers), and stores its variables in the dtype of its scope:
``scope.with_options(dtype="bfloat16")``. Kernels and tables take the regularizer of
their scope; biases and scales have none. Every layer enters `Scope.named`, so that
profiles show its path. `batch_norm`, `exponential_moving_average` and `attention` with
a cache have state: they are for `scopejax.transform_with_state`.

What does something else in training takes `is_training`, a Python bool. `max_pool`,
`avg_pool` and `rotary_embedding` have no variables and take no scope; all others raise
`InvalidArgumentError` where the first argument is no `Scope`, and whatever
`Scope.get_variable` raises.
"""

from .._base.homes import settle as _settle
from ._attention import attention as attention
from ._conv import conv as conv
from ._conv import conv_transpose as conv_transpose
from ._dense import dense as dense
from ._dense import einsum as einsum
from ._dense import mlp as mlp
from ._dropout import dropout as dropout
from ._embedding import attend as attend
from ._embedding import embedding as embedding
from ._norm import group_norm as group_norm
from ._norm import layer_norm as layer_norm
from ._norm import rms_norm as rms_norm
from ._pool import avg_pool as avg_pool
from ._pool import max_pool as max_pool
from ._recurrent import bidirectional as bidirectional
from ._recurrent import gru as gru
from ._recurrent import lstm as lstm
from ._recurrent import rnn as rnn
from ._rotary import rotary_embedding as rotary_embedding
from ._state import batch_norm as batch_norm
from ._state import exponential_moving_average as exponential_moving_average

_settle(__name__)
