"""`Manifest.diff`: what changed since the manifest of the run before."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import getters, initializers, partitioners
from scopejax._spec.sameness import same

from ..helpers.pages_of_views import Page


def manifest(**variables):
    """A manifest of variables by name, made anew by a model."""

    def model(scope):
        for name, (shape, options) in variables.items():
            scope.get_variable(name, shape, **options)

    return sj.transform(model).manifest()


@pytest.mark.smoke
def test_what_was_added_and_removed_is_listed():
    """Each is told with its shape, its initializer and its line."""
    diff = manifest(a=((2,), {}), new=((3,), {})).diff(
        manifest(a=((2,), {}), old=((), {}))
    )
    assert list(diff.added) == ["new"]
    assert list(diff.removed) == ["old"]
    assert not diff.changed
    first, *lines = str(diff).splitlines()
    assert first == "1 added, 1 removed."
    assert lines[0].startswith("  + new: float32[3], glorot_uniform, ")
    assert "test_diff.py:" in lines[0]
    assert repr(diff) == "<ManifestDiff: 1 added, 1 removed.>"


CHANGES = [
    ("shape", (3,), {}, "shape (2,) -> (3,)"),
    ("dtype", (2,), {"dtype": "bfloat16"}, "dtype float32 -> bfloat16"),
    (
        "initializer",
        (2,),
        {"initializer": jax.nn.initializers.ones},
        "initializer glorot_uniform -> ones",
    ),
    ("trainable", (2,), {"trainable": False}, "trainable True -> False"),
    ("partition", (2,), {"partitioner": lambda **_: P("x")}, "partition None -> (x)"),
    ("regularizer", (2,), {"regularizer": jnp.sum}, "regularizer None -> sum"),
    ("constraint", (2,), {"constraint": jnp.abs}, "constraint None -> "),
    ("axes", (2,), {"axes": ("embed",)}, "axes None -> ('embed',)"),
    (
        "aggregation",
        (2,),
        {"aggregation": sj.VariableAggregation.MEAN},
        "aggregation none -> mean",
    ),
    ("caching_device", (2,), {"caching_device": "device"}, "None -> device"),
    ("collections", (2,), {"collections": ["variables", "mine"]}, "mine"),
]


@pytest.mark.parametrize(
    ("field", "shape", "options", "text"), CHANGES, ids=[c[0] for c in CHANGES]
)
def test_a_field_that_changed_is_named(field, shape, options, text):
    """The difference names the field, and what it was and is."""
    before, after = manifest(w=((2,), {})), manifest(w=(shape, options))
    diff = after.diff(before)
    assert diff
    assert diff.changed["w"].fields == (field,)
    assert text in str(diff)
    assert text in Page(diff._repr_html_()).text.replace("\n", "")
    assert not after.diff(after)


def fresh():
    """Options whose functions are made anew at each call, and do the same."""

    def penalty(w, rate=0.1):
        return rate * (w**2).sum()

    return {
        "normal": jax.nn.initializers.normal(0.02),
        "scaling": initializers.variance_scaling(2.0, "fan_in", "normal"),
        "closure": functools.partial(penalty, rate=0.3),
        "lambda": lambda key, shape, dtype: jnp.full(shape, 2.0, dtype),
        "array": np.arange(3.0, dtype=np.float32),
        "object": Filled(3.0),
        "frozen": Frozen(jnp.ones(2)),
        "fsdp": partitioners.fsdp("data")(shape=(8, 4), dtype=np.dtype("float32")),
        "cast": getters.cast("bfloat16"),
        "loop": recursive(),
    }


class Filled:
    """An initializer that is an object without equality."""

    def __init__(self, value):
        self.value = value

    def __call__(self, key, shape, dtype):
        """An array of that value."""
        return jnp.full(shape, self.value, dtype)


@dataclasses.dataclass(frozen=True)
class Frozen:
    """An initializer whose equality an array breaks."""

    array: jax.Array


def recursive():
    """A function that refers to itself."""

    def f(n):
        return f(n - 1)

    return f


@pytest.mark.parametrize("name", list(fresh()))
def test_what_does_the_same_is_the_same(name):
    """A model that is run again makes its functions again: that is no change."""
    one, two = fresh()[name], fresh()[name]
    assert same(one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (Filled(1.0), Filled(2.0)),
        (Frozen(jnp.ones(2)), Frozen(jnp.zeros(2))),
        (np.ones(2), np.zeros(2)),
        (lambda x: x + 1, lambda x: x + 2),
        (functools.partial(max, 1), functools.partial(max, 2)),
        (jnp.sin, jnp.cos),
        (1, True),
    ],
)
def test_what_does_something_else_is_another(one, two):
    """Other values, other code, another type: not the same."""
    assert not same(one, two)


def test_a_model_that_is_defined_again_has_not_changed():
    """The same text further down a file, as a notebook's cell has it, is no change."""
    source = """
def penalty(w):
    return sum(x for x in [w.sum()])
def model(scope):
    init = lambda key, shape, dtype: jnp.ones(shape, dtype)
    scope.get_variable("w", (2,), initializer=init, regularizer=penalty)
"""
    found = []
    for text in (source, "\n\n\n" + source, source.replace("ones", "zeros")):
        space = {"jnp": jnp}
        exec(compile(text, "<cell>", "exec"), space)
        found.append(sj.transform(space["model"]).manifest())
    assert not found[1].diff(found[0])
    assert str(found[1].diff(found[0])) == "Nothing changed."
    assert found[2].diff(found[0]).changed["w"].fields == ("initializer",)
