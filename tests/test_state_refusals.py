"""What cannot be assigned: the errors, and that their remedies work."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax
import scopejax as sj

from .refusals import refusal

KEY = jax.random.key(0)
X = jnp.arange(3.0)


def mean_of(scope, x, value=None):
    """A moving mean that is assigned its input, or a value."""
    old = scope.get_variable("mean", (3,), trainable=False)
    scope.assign("mean", x if value is None else value)
    return old


def stateful(model):
    """The transformed model with zeros as its state, if it is recorded at all."""
    return sj.transform_with_state(model)


STATE = {"a": {"mean": jnp.zeros(3)}}


def both_ways(model, state, kind, match, name="a/mean", params=None):
    """The same refusal from init, which records, and from apply, which runs."""
    net = stateful(model)
    first = refusal(kind, lambda: net.init(KEY, X), match=match, name=name)
    refusal(kind, lambda: net.apply(params or {}, state, X), match=match, name=name)
    return first


def test_a_trainable_variable_is_refused():
    """What an optimizer changes is not assigned; the error says what is state."""

    def model(scope, x):
        (scope / "a").get_variable("w", (3,))
        (scope / "a").assign("w", x)

    params = {"a": {"w": jnp.ones(3)}}
    match = "Variable a/w cannot be assigned"
    error = both_ways(model, {}, sj.ScopeUsageError, match, "a/w", params)
    assert "it is trainable" in str(error)
    assert "trainable=False" in error.remedy
    assert "test_state_refusals.py" in error.where


def test_without_state_nothing_is_assigned():
    """`transform` has no state: init, apply and a scope over a dict refuse."""
    net = sj.transform(lambda s, x: mean_of(s / "a", x))
    for call in (
        lambda: net.init(KEY, X),
        lambda: net.apply(STATE, X),
        lambda: mean_of(sj.Scope(STATE) / "a", X),
    ):
        error = refusal(
            sj.ScopeUsageError, call, match="a/mean cannot be assigned", name="a/mean"
        )
        assert "scopejax.transform_with_state" in error.remedy


MISFITS = {
    "shape": (jnp.zeros(2), r"shape \(2,\)"),
    "rank": (jnp.zeros(()), r"shape \(\)"),
    "dtype": (jnp.zeros(3, jnp.int32), "dtype int32"),
    "half": (jnp.zeros(3, jnp.bfloat16), "dtype bfloat16"),
    "a Python number": (1.0, r"shape \(\)"),
}


@pytest.mark.parametrize(("value", "found"), MISFITS.values(), ids=MISFITS)
def test_another_shape_or_dtype_is_refused(value, found):
    """A value has the variable's shape and dtype; the error says both."""
    error = both_ways(
        lambda s, x: mean_of(s / "a", x, value),
        STATE,
        sj.VariableMismatchError,
        "Variable a/mean is assigned a value that does not fit",
    )
    assert error.expected == "shape (3,) and dtype float32"
    assert found.replace("\\", "") in error.found


@pytest.mark.parametrize(
    ("dtype", "value", "fits"),
    [
        ("float32", 2, True),
        ("float32", 2.5, True),
        ("bfloat16", 2.5, True),
        ("int32", 2, True),
        ("int8", True, True),
        ("bool", True, True),
        ("int32", 2.5, False),
        ("bool", 1, False),
        ("int8", 300, False),
        ("uint8", -1, False),
        ("float32", 1j, False),
    ],
)
def test_numbers_of_python_take_the_dtype(dtype, value, fits):
    """Python's own numbers become the variable's dtype, unless that loses something."""

    def model(scope):
        scope.get_variable("n", (), dtype, trainable=False)
        scope.assign("n", value)

    net = stateful(model)
    if not fits:
        with pytest.raises(sj.VariableMismatchError, match="does not fit"):
            net.init(KEY)
        return
    _, state = net.init(KEY)
    _, new = net.apply({}, state)
    assert new["n"].dtype == state["n"].dtype
    assert new["n"].item() == value
    assert not new["n"].weak_type


def test_what_was_not_created_is_refused():
    """An assignment to a name that does not exist tells the nearest."""

    def model(scope, x):
        scope.get_variable("a/mean", (3,), trainable=False)
        scope.assign("a/maen", x)

    error = both_ways(
        model, STATE, sj.VariableNotFoundError, "a/maen is assigned", "a/maen"
    )
    assert error.nearest == ("a/mean",)


def test_a_value_that_is_no_array_is_refused():
    """Text and objects are refused by name."""
    both_ways(
        lambda s, x: mean_of(s / "a", x, "text"),
        STATE,
        sj.InvalidArgumentError,
        "The value given for a/mean is no array",
    )


def test_a_whole_stack_is_refused():
    """A stack is written item by item, by the scope that arrives in the loop."""

    def model(scope, x):
        layers = (scope / "a").stack(2)
        jax.lax.scan(lambda c, s: (c, mean_of(s, x)), 0.0, layers)
        layers.assign("mean", x)

    state = {"a": {"mean": jnp.zeros((2, 3))}}
    both_ways(model, state, sj.ScopeUsageError, "is asked of a stack of 2")


# What JAX cannot do


def test_a_batched_value_needs_a_batched_variable():
    """Under `vmap` a variable that is not mapped is not written; a stack is."""
    xs = jnp.ones((2, 3))
    net = stateful(lambda s, x: jax.vmap(lambda x: mean_of(s / "a", x))(x))
    net.init(KEY, xs)
    error = refusal(
        sj.ScopeUsageError,
        lambda: net.apply({}, STATE, xs),
        match="Variable a/mean cannot be assigned here",
        name="a/mean",
    )
    assert "scope.stack(n)" in error.remedy
    mapped = stateful(lambda s, x: jax.vmap(mean_of)((s / "a").stack(2), x))
    params, state = mapped.init(KEY, xs)
    np.testing.assert_array_equal(mapped.apply(params, state, xs)[1]["a"]["mean"], xs)


def reader(scope, x):
    """Reads state, and writes none."""
    return (scope / "a").get_variable("mean", (3,), trainable=False) * x


def writer(scope, x):
    """Writes state, and reads none."""
    (scope / "a").assign("mean", x)
    return x**2


def created(scope, x, body):
    """The same, after the variable has been created."""
    (scope / "a").get_variable("mean", (3,), trainable=False)
    return body(scope.with_options(reuse=True), x)


@pytest.mark.parametrize("closure", [False, True], ids=["argument", "closure"])
@pytest.mark.parametrize(
    ("body", "what"), [(reader, "read"), (writer, "assigned")], ids=["read", "write"]
)
def test_a_native_checkpoint_under_grad_is_refused(body, what, closure):
    """JAX's checkpoint cannot hold state under `grad`; `sj.remat` is the way out."""

    def model(wrap):
        def closed(scope, x):
            return wrap(lambda x: body(scope, x))(x)

        call = closed if closure else wrap(body)
        return stateful(lambda s, x: created(s, x, call).sum())

    net = model(jax.checkpoint)
    way_out = stateful(lambda s, x: created(s, x, sj.remat(body)).sum())
    _, state = net.init(KEY, X)
    gradient = jax.grad(lambda x: net.apply({}, state, x)[0])
    error = refusal(
        sj.ScopeUsageError,
        lambda: gradient(X),
        match=f"a/mean is state and cannot be {what} within jax.checkpoint",
        name="a/mean",
    )
    assert "scopejax.remat" in error.remedy
    refusal(sj.ScopeUsageError, lambda: jax.jit(gradient)(X), match="a/mean is state")
    loss = jax.jit(jax.grad(lambda x: way_out.apply({}, STATE, x), has_aux=True))
    gradient, new = loss(X)
    reads = body is reader
    np.testing.assert_array_equal(gradient, STATE["a"]["mean"] if reads else 2 * X)
    np.testing.assert_array_equal(new["a"]["mean"], STATE["a"]["mean"] if reads else X)


@pytest.mark.parametrize("body", [reader, writer])
def test_a_native_checkpoint_without_grad_is_fine(body):
    """Where nothing is differentiated, JAX's checkpoint holds state like any call."""
    net = stateful(lambda s, x: created(s, x, jax.checkpoint(body)))
    plain = stateful(lambda s, x: created(s, x, body))
    params, state = net.init(KEY, X)
    for apply in (net.apply, jax.jit(net.apply)):
        for one, two in zip(
            jax.tree.leaves(apply(params, state, X)),
            jax.tree.leaves(plain.apply(params, state, X)),
            strict=True,
        ):
            np.testing.assert_array_equal(one, two)


def test_a_closed_over_scope_is_refused_by_remat_too():
    """`remat` passes the state of its arguments; the error says to pass the scope."""

    def closed(scope, x):
        return sj.remat(lambda x: writer(scope, x))(x)

    net = stateful(lambda s, x: created(s, x, closed).sum())
    _, state = net.init(KEY, X)
    error = refusal(
        sj.ScopeUsageError,
        lambda: jax.grad(lambda x: net.apply({}, state, x)[0])(X),
        match="within jax.checkpoint",
        name="a/mean",
    )
    assert "the scope as an argument" in error.remedy


def in_scan(body):
    """The body, in a scan of two steps."""
    return lambda s, x: jax.lax.scan(
        lambda x, _: (body(s, x), None), x, None, length=2
    )[0]


def in_branch(body):
    """The body, in a branch of `cond`."""
    return lambda s, x: jax.lax.cond(x[0] < 1, body, lambda s, x: x, s, x)


def in_switch(body):
    """The body, in a branch of `switch`."""
    return lambda s, x: jax.lax.switch(1, [lambda s, x: x, body], s, x)


def in_while(body):
    """The body, in a `while_loop` whose result is not differentiated."""

    def run(s, x):
        still = jax.lax.stop_gradient(x)
        loop = jax.lax.while_loop(
            lambda c: c[0] < 2, lambda c: (c[0] + 1, body(s, c[1])), (0, still)
        )
        return x + loop[1]

    return run


def in_grad(body):
    """The body, in a gradient of the model's own."""
    return lambda s, x: jax.grad(lambda x: body(s, x).sum())(x)


def in_checkpoint(body):
    """The body, in JAX's checkpoint."""
    return lambda s, x: jax.checkpoint(body)(s, x)


GAPS = {
    "checkpoint, write": (in_checkpoint(writer), "within jax.checkpoint"),
    "checkpoint, read": (in_checkpoint(reader), "within jax.checkpoint"),
    "scan of checkpoint": (in_scan(in_checkpoint(writer)), "within jax.checkpoint"),
    "cond in scan, write": (in_scan(in_branch(writer)), "in a branch within a loop"),
    "cond in scan, read": (in_scan(in_branch(reader)), "in a branch within a loop"),
    "switch in scan": (in_scan(in_switch(writer)), "in a branch within a loop"),
    "while": (in_while(writer), "in a while_loop"),
    "scan in grad": (in_grad(in_scan(writer)), "in a loop within a grad"),
}
MENDED = {"while": (0, 12), "scan in grad": (0, 11)}
present = {
    name: gap
    for name, gap in GAPS.items()
    if jax.__version_info__ < MENDED.get(name, (999,))
}


def gradient_of(body):
    """The gradient of a model around `body`, by its input."""
    net = stateful(lambda s, x: created(s, x, body).sum())
    return jax.grad(lambda x: net.apply({}, STATE, x)[0])


@pytest.mark.parametrize(("body", "where"), present.values(), ids=present)
def test_where_jax_cannot_follow_is_told(body, where):
    """State under `grad` where JAX has gaps: an error by name, with a way out."""
    error = refusal(
        sj.ScopeUsageError, lambda: gradient_of(body)(X), match=where, name="a/mean"
    )
    assert error.remedy
    net = stateful(lambda s, x: created(s, x, body))
    _, new = net.apply({}, net.init(KEY, X)[1], X)  # without grad all is well
    assert new["a"]["mean"].shape == (3,)


@pytest.mark.parametrize("body", [body for body, _ in present.values()], ids=present)
def test_the_gaps_are_jaxs_own(body, monkeypatch):
    """Without our error JAX fails there; a row that JAX has mended has to go."""
    monkeypatch.setattr(scopejax._reach, "_GAPS", ())
    with pytest.raises(
        Exception, match=r"Ref|JaxprInputEffect|accum|State|while_loop|ref"
    ):
        gradient_of(body)(X)


FINE = {
    "scan": in_scan(writer),
    "cond": in_branch(writer),
    "switch": in_switch(writer),
    "grad": in_grad(writer),
    "scan in cond": in_branch(in_scan(writer)),
    "grad in scan": in_scan(in_grad(writer)),
    "cond in grad": in_grad(in_branch(writer)),
    "remat of cond": sj.remat(in_branch(writer)),
    "scan of remat": in_scan(sj.remat(writer)),
}


@pytest.mark.parametrize("body", FINE.values(), ids=FINE)
def test_beside_the_gaps_all_is_well(body):
    """The table refuses nothing that JAX can do."""
    assert gradient_of(body)(X).shape == X.shape
    assert jax.jit(gradient_of(body))(X).shape == X.shape


def test_a_model_in_a_training_loop_is_not_in_a_loop_itself():
    """A branch in a model whose gradient is taken in a `scan` is no branch in a loop."""
    gradient = gradient_of(in_branch(writer))

    def step(x, _):
        return x - 0.1 * gradient(x), None

    assert jax.lax.scan(step, X, None, length=2)[0].shape == X.shape


# Trees that are no state


def test_params_and_state_have_nothing_in_common():
    """A variable in both is an error that names it."""
    net = stateful(lambda s, x: mean_of(s / "a", x))
    with pytest.raises(sj.VariableExistsError, match="a/mean is in both trees"):
        net.apply(STATE, STATE, X)


BAD_STATES = {
    "no dict": (jnp.zeros(3), "state must be a nested dict"),
    "no array": ({"a": {"mean": "text"}}, "value given for a/mean is no array"),
    "nothing": ({"a": {"mean": None}}, "value given for a/mean is no array"),
    "a flat name": ({"a/mean": jnp.zeros(3)}, "a key that is not the name"),
}


@pytest.mark.parametrize(("state", "match"), BAD_STATES.values(), ids=BAD_STATES)
def test_a_state_is_a_nested_dict_of_arrays(state, match):
    """Whatever else is passed as the state is refused by name."""
    net = stateful(lambda s, x: mean_of(s / "a", x))
    refusal(sj.InvalidArgumentError, lambda: net.apply({}, state, X), match=match)


def test_a_missing_state_is_told():
    """Apply without the state names what it lacks; check lists every difference."""
    net = stateful(lambda s, x: mean_of(s / "a", x))
    refusal(
        sj.VariableNotFoundError,
        lambda: net.apply({}, {}, X),
        match="Variable a/mean does not exist in the variables given",
        name="a/mean",
    )
    with pytest.raises(sj.VariableMismatchError, match="differs from the model in 2"):
        net.check({"w": jnp.zeros(1)}, {}, X)
    net.check({}, STATE, X)


def test_a_model_is_a_function():
    """What cannot be called is no model."""
    with pytest.raises(sj.InvalidArgumentError, match="takes a function of a scope"):
        sj.transform_with_state("model")
