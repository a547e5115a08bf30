"""Partitioners: how variables are split over the devices of a mesh.

A partitioner is a function ``(shape=, dtype=)`` of one variable, or of one item where
it is stacked. It answers a `jax.sharding.PartitionSpec`, TF1's number of parts for each
axis, or a `Partition`, as those here do, which is asked again once the mesh is known.
Give one to `Scope.with_options` or `Scope.get_variable`; `init` under `jax.set_mesh`,
or with ``mesh=``, makes each variable in its parts, and `Manifest.shardings` has them
for `jax.jit`.

An axis that does not come out even, one the mesh has not, or one used twice is an error
that names the variable. `largest_axis`, `fsdp` and TF1's counts fall back instead, as
they say.
"""

from .._base.homes import settle as _settle
from .._spec.partition import Partition as Partition
from ._by_count import fixed_size_partitioner as fixed_size_partitioner
from ._by_count import min_max_variable_partitioner as min_max_variable_partitioner
from ._by_count import variable_axis_size_partitioner as variable_axis_size_partitioner
from ._by_mesh import by_axes as by_axes
from ._by_mesh import by_name as by_name
from ._by_mesh import fsdp as fsdp
from ._by_mesh import in_memory as in_memory
from ._by_mesh import largest_axis as largest_axis
from ._by_mesh import replicated as replicated
from ._by_mesh import stacked as stacked

__all__ = [
    "Partition",
    "by_axes",
    "by_name",
    "fixed_size_partitioner",
    "fsdp",
    "in_memory",
    "largest_axis",
    "min_max_variable_partitioner",
    "replicated",
    "stacked",
    "variable_axis_size_partitioner",
]

Partition.__module__ = __name__  # its public home
_settle(__name__)
