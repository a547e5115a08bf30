"""What stays in memory after `init`: programs that another call can use."""

import dataclasses
import gc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn.initializers import zeros

import scopejax as sj
from scopejax._making.kind import KEPT, Kind, once

KEY = jax.ShapeDtypeStruct((), jax.random.key(0).dtype)
OPEN = Kind("zeros", (3,), np.dtype("float32"), (), KEY, False, zeros, True)


def init_with(table):
    """An `init` whose initializer closes over an array."""
    net = sj.transform(
        lambda s: s.get_variable("w", table.shape, initializer=lambda *_: table)
    )
    return net.init(jax.random.key(0))["w"]


@pytest.mark.smoke
@pytest.mark.parametrize("array", [jnp.asarray, np.asarray], ids=["jax", "numpy"])
def test_an_array_that_an_initializer_holds_is_let_go(array):
    """Neither programs nor traces keep it once `init` has returned."""
    table = array(np.arange(70.0, dtype=np.float32))
    made = init_with(table)
    np.testing.assert_array_equal(made, table)
    gone = weakref.ref(table)
    del table
    gc.collect()
    assert gone() is None


def beside_others(table):
    """A model with that initializer among others, whose programs are kept."""

    def model(scope):
        scope.get_variable("kept", (71, 3))
        scope.get_variable("zeros", (71, 5), initializer=zeros)
        scope.get_variable("w", table.shape, initializer=lambda *_: table)

    return sj.transform(model)


def test_an_array_is_let_go_beside_initializers_that_are_kept():
    """Programs that outlive an init keep nothing of its other variables."""
    table = jnp.arange(71.0)
    beside_others(table).init(jax.random.key(0))
    gone = weakref.ref(table)
    del table
    gc.collect()
    assert gone() is None


def test_programs_of_an_initializer_that_holds_an_array_are_let_go():
    """Thirty such models leave as many programs as before."""
    client = jax.devices()[0].client
    init_with(jnp.ones(70))
    gc.collect()
    before = len(client.live_executables())
    for i in range(30):
        init_with(jnp.full(70, i, jnp.float32))
    gc.collect()
    assert len(client.live_executables()) <= before + 1


@once
def found(kind):
    """An object that can be watched."""
    return Watched(kind)


@dataclasses.dataclass(eq=False)
class Watched:
    """What is found of a kind."""

    kind: Kind


def test_what_is_known_of_many_kinds_is_bounded():
    """The one that was not used for longest goes first."""
    kinds = [dataclasses.replace(OPEN, shape=(n,)) for n in range(KEPT + 1)]
    first, second = (weakref.ref(found(kind)) for kind in kinds[:2])
    for kind in kinds[2:]:
        found(kind)
    gc.collect()
    assert first() is None
    assert second() is found(kinds[1])


def test_what_is_known_of_a_kind_that_is_not_open_is_its_calls_own():
    """Within one call of `init` it is found once, and it goes with the call."""
    kind = dataclasses.replace(OPEN, is_open=False, own={})
    item = dataclasses.replace(kind, shape=(3,))
    one = weakref.ref(found(kind))
    assert found(item) is one()  # the same call's, and equal
    assert found(dataclasses.replace(kind, own={})) is not one()
    del kind, item
    gc.collect()
    assert one() is None


def test_a_program_is_compiled_once(unshared):
    """What a thread compiles while the model is traced is what makes the variable."""
    compiled = []

    def listen(event, *_, **__):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(event)

    one, other = (
        sj.transform(lambda s, n=n: s.get_variable("w", (7, n), initializer=zeros))
        for n in (11, 13)
    )
    other.init(jax.random.key(0))  # what each init needs, whatever it makes
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        one.init(jax.random.key(0))
    finally:
        jax.monitoring.clear_event_listeners()
    assert len(compiled) == 1
