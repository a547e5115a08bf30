"""The models of the core's laws, written in TF1's style.

`Ambient` looks like a scope to the models in `models`, and does with TF1's functions
what they ask of it.
"""

import dataclasses
import functools

from scopejax import tf1

from .models import CASES

# A scope that is an argument of a JAX function is a pytree; TF1's are ambient.
BY_ARGUMENT = {
    "jit by argument",
    "checkpoint by argument",
    "vmap by argument",
    "shard_map by argument",
    "custom_vjp",
    "grad of the scope",
    "jvp of the scope",
    "scan with the scope in its carry",
    "cond by argument",
}


@dataclasses.dataclass(frozen=True)
class Ambient:
    """A place, entered by `variable_scope` whenever it is asked for a variable."""

    name: str = ""
    reuse: object = None

    def __truediv__(self, name):
        return dataclasses.replace(self, name=f"{self.name}/{name}".strip("/"))

    def with_options(self, reuse):
        return dataclasses.replace(self, reuse=reuse)

    def get_variable(self, name, shape, initializer=None):
        with tf1.variable_scope(self.name, reuse=self.reuse):
            return tf1.get_variable(name, shape, initializer=initializer).value()


def in_tf1_style(model):
    """A model of a scope as a function in TF1's style."""
    return functools.partial(model, Ambient())


CLOSURES = [
    dataclasses.replace(
        case,
        with_transform=in_tf1_style(case.with_transform),
        without=in_tf1_style(case.without),
    )
    for case in CASES
    if not case.stacked and case.name not in BY_ARGUMENT
]
