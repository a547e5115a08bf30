"""Stacks: bad lengths, and whole stacks read as if they were one layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj

from ..helpers.refusals import KEY, init, refusal

N = 3
STACKED = {"layers": {"w": jnp.arange(6.0).reshape(N, 2)}}


def layers(scope):
    """The stack of all models here."""
    return (scope / "layers").stack(N)


def read(scope):
    """Asks the stack itself for what its items have."""
    return layers(scope).get_variable("w", (2,))


def read_below(scope):
    """Asks a scope below the stack."""
    return (layers(scope) / "block").get_variable("w", (2,))


def read_in_jit(scope):
    """Passes the stack through a transform that slices nothing."""
    return jax.jit(lambda s: s.get_variable("w", (2,)))(layers(scope))


def read_by_closure(scope):
    """Closes over the stack in place of scanning it."""
    stack = layers(scope)

    def body(carry, x):
        return carry, stack.get_variable("w", (2,))

    return jax.lax.scan(body, 0.0, jnp.arange(N))[1]


def read_outer_of_two(scope):
    """Closes over the outer stack within a scan over it."""
    stack = layers(scope)

    def body(carry, scope):
        return carry, stack.get_variable("w", (2,)) + scope.get_variable("w", (2,))

    return jax.lax.scan(body, 0.0, stack)[1]


READS = {
    "stack": (read, "layers/w", STACKED),
    "below": (
        read_below,
        "layers/block/w",
        {"layers": {"block": {"w": jnp.ones((N, 2))}}},
    ),
    "jit": (read_in_jit, "layers/w", STACKED),
    "closure": (read_by_closure, "layers/w", STACKED),
    "outer": (read_outer_of_two, "layers/w", STACKED),
}
MESSAGE = "is asked of a stack of 3, not of one of its items"


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("model", "name"), [case[:2] for case in READS.values()], ids=READS
)
def test_a_stack_is_not_read_whole_at_init(model, name):
    """A variable asked of a whole stack is refused, and the way through is told."""
    error = refusal(
        sj.ScopeUsageError,
        lambda: init(model),
        match=f"variable {name} {MESSAGE}",
        name=name,
    )
    assert "jax.lax.scan" in error.remedy
    assert "jax.vmap" in error.remedy


@pytest.mark.parametrize(("model", "name", "params"), READS.values(), ids=READS)
@pytest.mark.parametrize("key", [None, KEY], ids=["no key", "key"])
def test_a_stack_is_not_read_whole_at_apply(model, name, params, key):
    """The same is refused over arrays that exist."""
    refusal(
        sj.ScopeUsageError,
        lambda: sj.transform(model).apply(params, key=key),
        match=f"variable {name} {MESSAGE}",
        name=name,
    )


@pytest.mark.parametrize("shape", [None, (N, 2), (None, 2), (None, None)])
@pytest.mark.parametrize("key", [None, KEY], ids=["no key", "key"])
def test_init_and_apply_refuse_the_same_reads(shape, key):
    """The stack's own whole shape, or none, is refused at apply as it is at init."""

    def model(scope):
        scope = scope.with_options(initializer=jax.nn.initializers.zeros)
        return layers(scope).get_variable("w", shape)

    for call in (
        lambda: init(model),
        lambda: sj.transform(model).apply(STACKED, key=key),
    ):
        refusal(sj.ScopeUsageError, call, match=MESSAGE, name="layers/w")


@pytest.mark.parametrize(
    "ask",
    [
        lambda scope: layers(scope).key("noise"),
        lambda scope: jax.jit(lambda s: jax.random.normal(s.key("noise")))(
            layers(scope)
        ),
    ],
    ids=["stack", "jit"],
)
@pytest.mark.parametrize("key", [KEY, jax.random.PRNGKey(0)], ids=["typed", "raw"])
def test_a_stack_has_no_key_of_its_own(ask, key):
    """A key asked of a whole stack is refused at init and at apply."""

    def model(scope):
        ask(scope)

    net = sj.transform(model)
    for call in (lambda: net.init(key), lambda: net.apply({}, key=key)):
        refusal(
            sj.ScopeUsageError,
            call,
            match=f"key layers/noise {MESSAGE}",
            name="layers/noise",
        )


def test_a_stack_of_a_stack_is_refused():
    """A whole stack is not stacked again, at init or at apply."""

    def model(scope):
        return layers(scope).stack(2) and None

    params = {"layers": {"w": jnp.ones((N, 2))}}
    for call in (lambda: init(model), lambda: sj.transform(model).apply(params)):
        refusal(sj.ScopeUsageError, call, match="a stack of 3", name="layers")


def test_what_the_remedy_says_works():
    """The scope that arrives in a scan or a vmap is one layer, and is read."""

    def model(scope):
        def body(carry, scope):
            return carry, scope.get_variable("w", (2,))

        scanned = jax.lax.scan(body, 0.0, layers(scope))[1]
        again = layers(scope.with_options(reuse=True))
        mapped = jax.vmap(lambda s: s.get_variable("w", (2,)))(again)
        return scanned, mapped

    params = init(model)
    assert params["layers"]["w"].shape == (N, 2)
    for out in sj.transform(model).apply(params):
        np.testing.assert_array_equal(out, params["layers"]["w"])


# Lengths


@pytest.mark.parametrize("n", [0, -1, 2.5, 3.0, True, None, "3", (3,), [3]], ids=repr)
def test_the_length_of_a_stack_is_positive_and_whole(n):
    """What is no positive whole number is no length, at init or at apply."""

    def model(scope):
        (scope / "layers").stack(n)

    for call in (lambda: init(model), lambda: sj.transform(model).apply(STACKED)):
        refusal(
            sj.InvalidArgumentError,
            call,
            match="The length of a stack must be a positive whole number",
            name="layers",
        )


@pytest.mark.parametrize("n", [np.int64(3), np.uint8(3), jnp.int32(3)], ids=repr)
def test_other_whole_numbers_are_a_length(n):
    """NumPy's and JAX's concrete numbers are lengths."""
    stack = (sj.Scope(STACKED) / "layers").stack(n)
    out = jax.vmap(lambda scope: scope.get_variable("w", (2,)))(stack)
    assert out.shape == (N, 2)


@pytest.mark.parametrize(
    ("leaf", "n"),
    [(jnp.ones((3, 2)), 4), (jnp.ones((3, 2)), 2), (jnp.ones(()), 3)],
)
def test_a_stack_of_another_length_is_refused(leaf, n):
    """Arrays without a first axis of the length are refused with their shape."""
    error = refusal(
        sj.VariableMismatchError,
        lambda: (sj.Scope({"layers": {"a": {"w": leaf}}}) / "layers").stack(n),
        match=f"Variable layers/a/w is no stack of {n} alike layers",
        name="layers/a/w",
    )
    assert (error.expected, error.found) == (f"({n}, ...)", str(leaf.shape))


def test_one_odd_array_of_a_stack_is_named():
    """Of many arrays the one without the axis is named."""
    tree = {"layers": {"a": jnp.ones((3, 1)), "b": jnp.ones((2, 1))}}
    refusal(
        sj.VariableMismatchError,
        lambda: (sj.Scope(tree) / "layers").stack(3),
        match="Variable layers/b is no stack of 3",
        name="layers/b",
    )


def test_a_variable_is_no_stack():
    """A variable where the stack's scope should be is refused by its full name."""
    refusal(
        sj.InvalidArgumentError,
        lambda: (sj.Scope({"net": {"layers": jnp.ones((3, 2))}}) / "net/layers").stack(
            3
        ),
        match="net/layers",
        name="net/layers",
    )


def test_a_bad_key_below_a_stack_is_told_by_its_path():
    """A key that is no name, below a stack, is told from the root."""
    refusal(
        sj.InvalidArgumentError,
        lambda: (sj.Scope({"layers": {0: jnp.ones(3)}}) / "layers").stack(3),
        match="layers/0",
    )


# One variable, in a stack and outside of it


def scanned(scope, n=N):
    """The stacked `w`, item by item."""

    def body(carry, scope):
        return carry, scope.get_variable("w", (2,))

    return jax.lax.scan(body, 0.0, (scope / "layers").stack(n))[1]


def shared(second):
    """A model that makes the stacked `w` and shares it with `second`."""

    def model(scope):
        return scanned(scope), second(scope.with_options(reuse=True))

    return model


def test_the_whole_array_of_a_stack_is_shared_outside():
    """Under reuse the stacked variable has its whole shape outside of the stack."""
    model = shared(lambda scope: (scope / "layers").get_variable("w", (N, 2)))
    params = init(model)
    stacked, whole = sj.transform(model).apply(params)
    np.testing.assert_array_equal(stacked, whole)


@pytest.mark.parametrize(
    "second",
    [
        lambda scope: (scope / "layers").get_variable("w", (2,)),
        lambda scope: scanned(scope, n=4),
    ],
    ids=["one layer's shape", "another length"],
)
def test_init_refuses_what_apply_would_refuse(second):
    """A stacked variable shared in another stack, or as if in none, is wrong."""
    model = shared(second)
    for call in (lambda: init(model), lambda: sj.transform(model).apply(STACKED)):
        refusal(sj.VariableMismatchError, call, match="layers/w", name="layers/w")


def test_two_scans_over_one_stack_are_an_accident():
    """Two stacks of one name, made without reuse, are sharing by accident."""

    def model(scope):
        return scanned(scope), scanned(scope)

    refusal(
        sj.VariableExistsError,
        lambda: init(model),
        match="Variable layers/w already exists",
        name="layers/w",
    )
