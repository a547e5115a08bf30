"""The public names of scopejax, module by module."""

import importlib

import numpy as np

import scopejax
from scopejax import getters, tf1

_PUBLIC = [
    *("checkpoints", "getters", "graphs", "initializers", "interop", "layers"),
    *("optim", "partitioners", "regularizers"),
    *("tf1", "tf1.errors", "tf1.keras.utils", "tf1.logging", "tf1.losses"),
    *("tf1.train", "views"),
]
MODULES = (
    scopejax,
    *(importlib.import_module(f"scopejax.{name}") for name in _PUBLIC),
)


def public(module):
    """The names that a module gives to its users, in alphabetical order."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    return sorted(name for name in vars(module) if _is_public(module, name))


def _is_public(module, name):
    """Whether it is the module's own, or what a package passes on."""
    value = vars(module)[name]
    own = hasattr(module, "__path__") or (
        getattr(value, "__module__", None) == module.__name__
    )
    passed_on = name in _PASSED_ON.get(module, ())
    said = not name.startswith("_") and name not in ("annotations", "Any")
    on_demand = module is tf1 and name in tf1._ON_DEMAND
    values = (np.dtype, tf1.DType)
    return said and (own or passed_on) and not (on_demand or isinstance(value, values))


# What a module that is one file passes on.
_PASSED_ON = {
    getters: ("VariableGetter",),
    tf1.keras.utils: ("track_tf1_style_variables",),
}
_LAZY = {scopejax: scopejax._FROM_VIEWS}

NAMES = [
    (module, name)
    for module in MODULES
    for name in (*public(module), *_LAZY.get(module, ()))
]
