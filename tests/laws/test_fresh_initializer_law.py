"""An initializer uses present values, however it reaches them: nothing is stale.

A program that was compiled in one `init` serves the next where it provably does the
same. What an initializer reads through a class, a module, a function's attribute or an
object may have changed, so each `init` must give what a plain call gives at that time.
"""

import dataclasses
import functools
import importlib
import operator
import sys
import types
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax._spec.signature import lasting_signature, signature

STD = 1.0


class Config:
    """Settings as a class."""

    std = 1.0

    @classmethod
    def draw(cls, key, shape, dtype):
        """A class method reads its class."""
        return jnp.full(shape, cls.std, dtype)


class Settings:
    """Settings as an object, and an initializer with state."""

    def __init__(self):
        self.std = 1.0

    def draw(self, key, shape, dtype):
        """A method reads its object."""
        return jnp.full(shape, self.std, dtype)

    __call__ = draw


def full(std, key, shape, dtype):
    """What a partial is made of."""
    return jnp.full(shape, std, dtype)


def helper():
    """Reads a class."""
    return Config.std


def helper_of_a_helper():
    """Reads it through another function."""
    return helper()


def with_attribute(key, shape, dtype):
    """Reads its own attribute."""
    return jnp.full(shape, with_attribute.std, dtype)


def wrapping(function):
    """A decorator that gives a function the name and module of another."""

    @functools.wraps(jnp.zeros)
    def wrapped(key, shape, dtype):
        return function(key, shape, dtype)

    return wrapped


class Counting:
    """A decorator with state, which looks like a function of JAX."""

    def __init__(self, function):
        functools.update_wrapper(self, jnp.zeros)
        self.function = function

    def __call__(self, key, shape, dtype):
        return self.function(key, shape, dtype)


@dataclasses.dataclass
class Draw:
    """An initializer as a dataclass that may change."""

    std: float = 1.0

    def __call__(self, key, shape, dtype):
        return jnp.full(shape, self.std, dtype)


class Named(NamedTuple):
    """Settings as a named tuple, one of them computed."""

    scale: float

    @property
    def std(self):
        """Reads a class."""
        return self.scale * Config.std


OBJECT = Settings()
DRAW = Draw()
TABLE = {"std": 1.0}
LIST = [1.0]


def by(read):
    """An initializer that reads a number by a function without arguments."""
    return lambda key, shape, dtype: jnp.full(shape, read(), dtype)


def set_global(value):
    """Gives this module's global another value."""
    globals()["STD"] = value


def imported_inside(key, shape, dtype):
    """Imports the settings when it runs."""
    import fresh_settings

    return jnp.full(shape, fresh_settings.std, dtype)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """A module of settings; all settings are as they were afterwards."""
    module = types.ModuleType("fresh_settings")
    monkeypatch.setitem(sys.modules, "fresh_settings", module)
    change(1.0)
    yield
    change(1.0)


def change(std):
    """Sets what every case reads."""
    set_global(std)
    Config.std = OBJECT.std = DRAW.std = TABLE["std"] = LIST[0] = std
    with_attribute.std = sys.modules["fresh_settings"].std = std


def of_module(key, shape, dtype):
    """Reads a module that is found where it is kept."""
    return jnp.full(shape, sys.modules["fresh_settings"].std, dtype)


# Each gives an initializer that reads the setting.
WAYS = {
    "a global": lambda: by(lambda: STD),
    "a class": lambda: by(lambda: Config.std),
    "an object": lambda: by(lambda: OBJECT.std),
    "a dict": lambda: by(lambda: TABLE["std"]),
    "a list": lambda: by(lambda: LIST[0]),
    "a helper": lambda: by(helper),
    "a helper of a helper": lambda: by(helper_of_a_helper),
    "a class method": lambda: Config.draw,
    "a method": lambda: OBJECT.draw,
    "a callable object": lambda: OBJECT,
    "an attribute of the function": lambda: with_attribute,
    "a partial of a method": lambda: functools.partial(OBJECT.draw),
    "a partial with the class": lambda: functools.partial(
        lambda cls, *args: cls.draw(*args), Config
    ),
    "a partial of JAX": lambda: jax.tree_util.Partial(OBJECT.draw),
    "a closure over the class": lambda: (lambda c: by(lambda: c.std))(Config),
    "a default": lambda: (
        lambda key, shape, dtype, c=Config: full(c.std, key, shape, dtype)
    ),
    "a module": lambda: of_module,
    "a module imported inside": lambda: imported_inside,
    "a decorator with state": lambda: Counting(by(lambda: Config.std)),
    "a dataclass": lambda: DRAW,
    "a method of a dataclass": lambda: DRAW.__call__,
    "a property of a named tuple": lambda: by(
        functools.partial(operator.attrgetter("std"), Named(1.0))
    ),
    "a closure over a named tuple": lambda: (lambda n: by(lambda: n.std))(Named(1.0)),
    "getattr": lambda: by(lambda: getattr(Config, "s" + "td")),
    "globals()": lambda: by(lambda: globals()["STD"]),
    "eval": lambda: by(lambda: eval("Config.std")),
    "operator.attrgetter": lambda: by(lambda: operator.attrgetter("std")(Config)),
    "a name of JAX on another function": lambda: wrapping(by(helper)),
    "a bound method of a list": lambda: by(functools.partial(LIST.__getitem__, 0)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("jitted", [False, True], ids=["init", "jit"])
def test_each_init_uses_the_present_value(way, jitted, key):
    """As a plain call of the initializer does, in `init` and in a jit of it."""
    initializer = WAYS[way]()
    net = sj.transform(lambda s: s.get_variable("w", (2,), initializer=initializer))
    for std in (1.0, 5.0, 7.0):
        change(std)
        init = jax.jit(lambda key: net.init(key)) if jitted else net.init
        assert init(key)["w"].tolist() == [std, std]
        assert initializer(key, (2,), "float32").tolist() == [std, std]


def test_a_module_that_is_reloaded(tmp_path, monkeypatch, key):
    """The settings of a file that was edited."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "reloaded_settings.py"
    file.write_text("std = 1.0\n")
    settings = importlib.import_module("reloaded_settings")
    net = sj.transform(
        lambda s: s.get_variable("w", (2,), initializer=by(lambda: settings.std))
    )
    assert net.init(key)["w"].tolist() == [1.0, 1.0]
    file.write_text("std = 5.0  # edited\n")
    importlib.reload(settings)
    assert net.init(key)["w"].tolist() == [5.0, 5.0]


def local_import(key, shape, dtype):
    """Imports from JAX when it runs."""
    from jax import random

    return random.normal(key, shape, dtype)


# What can be looked into to the end, or belongs to a library.
PROVEN = {
    "a class of numbers": lambda: by(lambda: Config.std),
    "a dataclass": lambda: DRAW,
    "a named tuple": lambda: (lambda n: by(lambda: n.std))(Named(1.0)),
    "of JAX": lambda: jax.nn.initializers.normal(0.02),
    "a partial": lambda: functools.partial(full, 0.5),
    "a global number": lambda: by(lambda: STD),
    "jax.numpy and math": lambda: by(lambda: jnp.sqrt(np.float32(2))),
    "a number of NumPy": lambda: functools.partial(full, np.float32(0.5)),
    "a dtype": lambda: lambda key, shape, _, d=jnp.bfloat16: jnp.zeros(shape, d),
    "imports of JAX": lambda: local_import,
    "a jitted function": lambda: jax.jit(local_import),
    "a function of JAX": lambda: jax.random.normal,
}


@pytest.mark.parametrize("proven", PROVEN)
def test_what_is_proven_equal_is_shared(proven):
    """Its program serves the next `init`."""
    initializer = PROVEN[proven]()
    assert signature(initializer, object()) == signature(initializer, object())
    assert lasting_signature(initializer) is not None


def numbers_of_numpy(key, shape, dtype):
    """Draws from NumPy's generator, which has a state."""
    return jnp.asarray(np.random.normal(size=shape), dtype)


def test_what_draws_from_numpy_is_not_shared():
    """Each call gives other numbers."""
    assert lasting_signature(numbers_of_numpy) is None
    assert lasting_signature(lambda *_: np.random.rand()) is None
    assert lasting_signature(lambda key, *_: jax.random.normal(key)) is not None


def test_functions_that_name_each_other_come_to_an_end():
    """A thousand functions over one another are looked into in time, or not at all."""
    scope = {"f0": lambda: 0}
    for i in range(1, 60):
        code = f"lambda: f{i - 1}() + f{i - 1}() + f{i}()"
        scope[f"f{i}"] = eval(code, scope)
    assert lasting_signature(scope["f59"]) == lasting_signature(scope["f59"])
    for i in range(60, 1000):
        scope[f"f{i}"] = eval(f"lambda: f{i - 1}()", scope)
    assert lasting_signature(scope["f999"]) is None
