"""TF1's initializers, over `jax.nn.initializers`.

Each is a class as in TF1: make an instance with its options, or pass the class. In a
call, ``init(shape, dtype=None, partition_info=None)``, it gives an array. As the
initializer of a variable it draws from the variable's own key, so the value depends on
the root key and on the variable's name, shape and dtype alone; with a `seed` it depends
on the seed and the shape instead, and two variables of one seed and shape are equal.
The numbers are JAX's, not TensorFlow's.

Every class has its name in TF1's two spellings: ``initializers.zeros`` and
``zeros_initializer``. The ops that bring initial values back have theirs too:
``initializers.global_variables`` and ``global_variables_initializer``.
"""

from ._initial.base import Initializer as Initializer
from ._initial.fixed import constant_initializer as constant_initializer
from ._initial.fixed import identity_initializer as identity_initializer
from ._initial.fixed import ones_initializer as ones_initializer
from ._initial.fixed import orthogonal_initializer as orthogonal_initializer
from ._initial.fixed import zeros_initializer as zeros_initializer
from ._initial.random import glorot_normal_initializer as glorot_normal_initializer
from ._initial.random import glorot_uniform_initializer as glorot_uniform_initializer
from ._initial.random import he_normal_initializer as he_normal_initializer
from ._initial.random import he_uniform_initializer as he_uniform_initializer
from ._initial.random import lecun_normal_initializer as lecun_normal_initializer
from ._initial.random import lecun_uniform_initializer as lecun_uniform_initializer
from ._initial.random import random_normal_initializer as random_normal_initializer
from ._initial.random import random_uniform_initializer as random_uniform_initializer
from ._initial.random import (
    truncated_normal_initializer as truncated_normal_initializer,
)
from ._initial.random import (
    uniform_unit_scaling_initializer as uniform_unit_scaling_initializer,
)
from ._initial.random import (
    variance_scaling_initializer as variance_scaling_initializer,
)
from ._running.session import (
    global_variables_initializer,
    local_variables_initializer,
    variables_initializer,
)
from ._words.missing import lookup_of

constant = constant_initializer
glorot_normal = glorot_normal_initializer
glorot_uniform = glorot_uniform_initializer
he_normal = he_normal_initializer
he_uniform = he_uniform_initializer
identity = identity_initializer
lecun_normal = lecun_normal_initializer
lecun_uniform = lecun_uniform_initializer
ones = ones_initializer
orthogonal = orthogonal_initializer
random_normal = random_normal_initializer
random_uniform = random_uniform_initializer
truncated_normal = truncated_normal_initializer
uniform_unit_scaling = uniform_unit_scaling_initializer
variance_scaling = variance_scaling_initializer
zeros = zeros_initializer
global_variables = global_variables_initializer
local_variables = local_variables_initializer
variables = variables_initializer

__getattr__ = lookup_of("initializers")
