"""A model reads present values at each init, however it reaches them."""

import dataclasses
import types

import jax.numpy as jnp
import pytest

import scopejax as sj

SIZE = 3


class Config:
    """Settings as a class."""

    size = 3


@dataclasses.dataclass
class Sizes:
    """Settings as a dataclass that may change."""

    size: int = 3


@dataclasses.dataclass(frozen=True)
class Layer:
    """A model as a dataclass."""

    size: int

    def __call__(self, scope):
        return scope.get_variable("w", (self.size,))


class Stateful:
    """An object that can't be looked into."""

    size = 3


def helper():
    """Reads a global."""
    return SIZE


def of_size(read):
    """A model whose variable has the size that is read."""
    return lambda scope, *_: scope.get_variable("w", (read(),))


def set_size(size):
    """Gives this module's global another value."""
    globals()["SIZE"] = size


settings = types.ModuleType("settings")
settings.inner = types.ModuleType("settings.inner")
SIZES = Sizes()
OBJECT = Stateful()
TABLE = {"size": 3}


def change(size):
    """Sets what every case reads."""
    set_size(size)
    Config.size = SIZES.size = OBJECT.size = TABLE["size"] = size
    settings.size = settings.inner.size = size


@pytest.fixture(autouse=True)
def restored():
    """All settings are as they were afterwards."""
    change(3)
    yield
    change(3)


def closing_over(sizes):
    """A model that closes over an object."""
    return lambda scope: scope.get_variable("w", (sizes.size,))


def counting():
    """A model that has a count of its own, which its closure keeps."""
    n = SIZE - 1

    def model(scope):
        nonlocal n
        n += 1
        return scope.get_variable("w", (n,))

    return model


WAYS = {
    "a global": lambda: of_size(lambda: SIZE),
    "a helper": lambda: of_size(helper),
    "a class": lambda: of_size(lambda: Config.size),
    "a dataclass": lambda: of_size(lambda: SIZES.size),
    "an object": lambda: of_size(lambda: OBJECT.size),
    "a dict": lambda: of_size(lambda: TABLE["size"]),
    "a closure": lambda: closing_over(SIZES),
    "a closure over an object": lambda: closing_over(OBJECT),
    "a default": lambda: lambda scope, s=SIZES: scope.get_variable("w", (s.size,)),
    "a module": lambda: of_size(lambda: settings.size),
    "a module of a module": lambda: of_size(lambda: settings.inner.size),
    "a module that is handed on": lambda: of_size(lambda: vars(settings)["size"]),
    "a module in a list": lambda: of_size(lambda: [settings][0].size),
    "getattr": lambda: of_size(lambda: getattr(Config, "si" + "ze")),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_model_reads_is_read_anew(way, key):
    """Manifest, init and check are those of the present values."""
    net = sj.transform(WAYS[way]())
    for size in (3, 5, 3):
        change(size)
        assert net.manifest()["w"].shape == (size,)
        assert net.init(key)["w"].shape == (size,)
        net.check({"w": jnp.zeros(size)})


def test_a_helper_that_is_defined_again(key, monkeypatch):
    """As by running another cell of a notebook."""
    net = sj.transform(of_size(helper))
    assert net.init(key)["w"].shape == (3,)
    monkeypatch.setitem(globals(), "helper", lambda: 7)
    model = of_size(lambda: helper())
    net = sj.transform(model)
    assert net.init(key)["w"].shape == (7,)
    monkeypatch.setitem(globals(), "helper", lambda: 8)
    assert net.init(key)["w"].shape == (8,)


def test_a_model_with_a_count_of_its_own(key):
    """Each run asks for a larger one."""
    net = sj.transform(counting())
    sizes = [net.init(key)["w"].size for _ in range(3)]
    assert sizes == [3, 4, 5]
