"""What goes wrong in the first days: each has an answer with a remedy."""

import traceback

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import scopejax as sj
from scopejax import tf1

from ..helpers.refusals import KEY, refusal

X = jnp.ones((4, 3))


def dense(scope, x):
    return sj.layers.dense(scope, x, 3)


def norm(scope, x, training):
    return sj.layers.batch_norm(scope / "bn", x, is_training=training)


def embed(scope, ids):
    return sj.layers.embedding(scope, ids, 5, 3)


def decides(scope, batch):
    return dense(scope, batch["x"]) if batch["x"].sum() > 0 else X


def mapped(scope, x):
    return jax.vmap(dense, (0, None))(scope / "ens", x)


def scanned(scope, x):
    layers = scope / "layers"
    return jax.lax.scan(lambda x, scope: (dense(scope, x), None), x, layers)[0]


NET, BN = sj.transform(dense), sj.transform_with_state(norm)
PARAMS = NET.init(KEY, X)
BOTH = BN.init(KEY, X, True)
Invalid = sj.InvalidArgumentError


def traced_rate():
    net = sj.transform(sj.layers.dropout)
    return jax.jit(lambda rate: net.apply({}, X, rate, key=KEY))(0.5)


# What is done, and what the answer says, in its headline and its remedy.
MISTAKES = {
    "scan without a stack": (
        sj.ScopeUsageError,
        lambda: sj.transform(scanned).init(KEY, X),
        "it is not a stack",
        "stack(n)",
    ),
    "vmap without a stack": (
        sj.ScopeUsageError,
        lambda: sj.transform(mapped).init(KEY, X),
        "it is not a stack",
        "stack(n)",
    ),
    "params passed twice": (
        Invalid,
        lambda: NET.apply(PARAMS, PARAMS, X),
        "apply was called with arguments that dense does not take",
        "Pass params once",
    ),
    "a dict as x": (
        Invalid,
        lambda: NET.apply(PARAMS, PARAMS),
        "x must be an array of numbers, but received: {'bias': float32",
        "apply takes the params once",
    ),
    "None as x": (Invalid, lambda: NET.apply(PARAMS, None), "but received: None", ""),
    "a string as x": (Invalid, lambda: NET.apply(PARAMS, "x"), "received: 'x'", ""),
    "a number as x": (Invalid, lambda: NET.apply(PARAMS, 3), "not a scalar", ""),
    "the model called": (
        sj.ScopeUsageError,
        lambda: NET(PARAMS, X),
        "What transform returns is not a function itself",
        "net.apply(params, x)",
    ),
    "the model with state called": (
        sj.ScopeUsageError,
        lambda: BN(*BOTH, X),
        "What transform returns is not a function itself",
        "net.apply(params, x)",
    ),
    "transformed twice": (
        Invalid,
        lambda: sj.transform(NET),
        "transform takes a function of a scope, but received",
        "",
    ),
    "scope + name": (
        Invalid,
        lambda: sj.transform(lambda s, x: dense(s + "fc", x)).init(KEY, X),
        "A scope is no string, and nothing is added to it: 'fc'",
        "scope / 'fc'",
    ),
    "rngs=": (
        Invalid,
        lambda: NET.apply(PARAMS, X, rngs={"dropout": KEY}),
        "unexpected keyword argument 'rngs'",
        "key=key",
    ),
    "params and state not unpacked": (
        Invalid,
        lambda: BN.apply(BOTH, X, True),
        "params must be a nested dict of arrays, but received: tuple",
        "params, state = net.init",
    ),
    "check without the state": (
        Invalid,
        lambda: BN.check(BOTH[0], X, True),
        "state must be a nested dict of arrays, but received",
        "",
    ),
    "apply without the state": (
        Invalid,
        lambda: BN.apply(BOTH[0], X, True),
        "state must be a nested dict of arrays, but received",
        "",
    ),
    "nothing but params": (
        Invalid,
        lambda: BN.apply(BOTH[0]),
        "apply was called with arguments that norm does not take",
        "The state comes second",
    ),
    "no key": (
        Invalid,
        lambda: NET.init(),
        "init was called with arguments that dense does not take",
        "Pass what the model takes",
    ),
    "a Python if on a value": (
        Invalid,
        lambda: sj.transform(decides).init(KEY, {"x": X, "y": X}),
        "decides needs the value of an array that depends on batch['x'], in Python",
        "jnp.where or jax.lax.cond",
    ),
    "floats into an embedding": (
        Invalid,
        lambda: sj.transform(embed).init(KEY, X),
        "embedding takes ids that are whole numbers, but received: float32[4,3]",
        "",
    ),
    "a traced dropout rate": (
        Invalid,
        traced_rate,
        "dropout's rate must be between 0 and 1, but is float32[]; under jax.jit",
        "",
    ),
    "a traced flag": (
        Invalid,
        lambda: jax.jit(BN.apply)(*BOTH, X, True),
        "is_training must be True or False, but is bool[]; under jax.jit pass it",
        "",
    ),
    "another input at apply": (
        sj.VariableMismatchError,
        lambda: NET.apply(PARAMS, jnp.ones((4, 5))),
        "specified shape (5, 3) and found shape (3, 3)",
        "pass one like that of init",
    ),
    "a hole": (
        sj.VariableNotFoundError,
        lambda: NET.apply({**PARAMS, "kernel": None}, X),
        "kernel does not exist in the variables given: None is in its place",
        "Fill the holes",
    ),
    "holes to merge": (
        sj.VariableExistsError,
        lambda: sj.merge({"w": None}, {"w": X}),
        "w is in both trees, as None in one",
        "Take the holes out",
    ),
}


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("kind", "call", "says", "remedy"), MISTAKES.values(), ids=MISTAKES
)
def test_it_is_told_with_a_remedy(kind, call, says, remedy):
    """The answer names what is at fault, and says what to do."""
    error = refusal(kind, call, match=r".")
    assert says in error.headline
    assert remedy in (error.remedy or "")
    assert "test_everyday_mistakes.py" in error.where


def test_a_function_of_tf1_has_no_scope_to_count():
    """What its transform's functions take is told without one."""

    def of_tf1(x):
        return x * tf1.get_variable("w", [])

    net = tf1.transform(of_tf1)
    error = refusal(Invalid, lambda: net.init(KEY), match="that of_tf1 does not take")
    assert error.expected == "init(key, x)"
    error = refusal(Invalid, lambda: net.apply({}, X, X), match="too many positional")
    assert error.expected == "apply(params, x)"


def test_a_flag_of_numpy_is_a_flag():
    """What NumPy compares is known, and decides."""
    assert BN.apply(*BOTH, X, np.True_)[0].shape == X.shape
    assert (
        sj.transform(sj.layers.dropout).apply({}, X, 0.5, deterministic=np.True_) is X
    )


def layers(scope, x):
    for i in range(100):
        x = sj.layers.dense(scope / f"h{i}", x, 3)
    return x


MANY = sj.transform(layers)
TREE = MANY.init(KEY, X)
RUN = {"params": TREE, "opt": optax.adam(1e-3).init(TREE), "note": "x" * 10**4}
LONG = {
    "init": lambda: MANY.init(TREE, X),
    "key": lambda: MANY.apply(TREE, X, key=TREE),
    "save": lambda: sj.checkpoints.save("never.safetensors", RUN),
    "shape": lambda: sj.Scope(TREE).get_variable("w", TREE),
    "name": lambda: sj.Scope(TREE) / TREE,
    "dtype": lambda: sj.Scope(TREE).get_variable("w", (2,), TREE),
    "initializer": lambda: sj.Scope(TREE).get_variable("w", (2,), initializer=TREE),
    "regularizer": lambda: sj.Scope(TREE).with_options(regularizer=TREE),
    "collections": lambda: sj.Scope({}).get_variable("w", (2,), collections=TREE),
    "stack": lambda: sj.Scope(TREE).stack(TREE),
    "assign": lambda: sj.Scope(TREE).assign("w", TREE),
    "x": lambda: NET.apply(PARAMS, TREE),
    "pattern": lambda: MANY.manifest(X).mask(TREE),
    "leaf": lambda: NET.check({"kernel": [TREE] * 100, "bias": X}, X),
}


@pytest.mark.parametrize("call", LONG.values(), ids=LONG)
def test_no_message_holds_a_tree_of_arrays(call):
    """However large what was passed, the message is short, and has no numbers of it."""
    with pytest.raises(sj.ScopeError, match=r"\n") as caught:
        call()
    assert len(str(caught.value)) < 2000
    assert len(str(caught.value).splitlines()) < 10


def test_only_lines_of_the_user_are_in_a_traceback():
    """Frames of the library are taken out, as JAX takes out its own."""

    def frames():
        with pytest.raises(sj.InvalidArgumentError, match="needs the value") as caught:
            sj.transform(decides).init(KEY, {"x": X})
        cause = caught.value.__cause__
        stacks = map(traceback.extract_tb, (caught.tb, cause.__traceback__))
        return [
            f.filename for stack in stacks for f in stack if "scopejax/" in f.filename
        ]

    inside = [name for name in frames() if "/tests/" not in name]
    assert inside
    assert {name.rpartition("/")[2] for name in inside} <= {"boundary.py"}


def test_jax_says_whether_frames_are_taken_out():
    """Where it keeps its own frames, those of scopejax are kept."""
    before = jax.config.jax_traceback_filtering
    jax.config.update("jax_traceback_filtering", "off")
    try:
        with pytest.raises(sj.VariableNotFoundError, match="does not exist") as caught:
            NET.apply({}, X)
    finally:
        jax.config.update("jax_traceback_filtering", before)
    names = {frame.filename for frame in traceback.extract_tb(caught.tb)}
    assert any(name.endswith("lookup.py") for name in names)
