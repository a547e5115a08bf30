"""What a scope passes down: options and their inheritance, custom getters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj

KEY = jax.random.key(0)
ZEROS, ONES = jax.nn.initializers.zeros, jax.nn.initializers.ones


def specs(model, *args):
    """The manifest of a model."""
    return sj.transform(model).manifest(*args)


def field(name):
    """A function of a manifest: that field of every spec, by full name."""
    return lambda manifest: {key: getattr(spec, name) for key, spec in manifest.items()}


# Inheritance, option by option


def l1(w):
    """A regularizer and a constraint, as good as any function of an array."""
    return jnp.abs(w)


def l2(w):
    """Another one."""
    return w * w


def split(shape, dtype):
    """A partitioner."""
    return (2,) + (1,) * (len(shape) - 1)


def whole(shape, dtype):
    """Another one."""
    return (1,) * len(shape)


# option -> two values, and what a spec has of each, and of none
PASSED_DOWN = {
    "initializer": (ZEROS, ONES, "initializer", sj.initializers.glorot_uniform),
    "regularizer": (l1, l2, "regularizer", None),
    "constraint": (l1, l2, "constraint", None),
    "dtype": ("bfloat16", "float16", "dtype", "float32"),
    "caching_device": ("cpu:0", "cpu:1", "caching_device", None),
    "trainable": (False, True, "trainable", True),
    "partitioner": (split, whole, "partition", None),
}


def stored(option, value):
    """What the spec of a variable of one axis keeps of an option's value."""
    return value((2,), None) if option == "partitioner" and value else value


@pytest.mark.parametrize("option", PASSED_DOWN)
def test_an_option_is_inherited(option):
    """A scope below has what the scope above has, unless it or the call says else."""
    one, two, name, none = PASSED_DOWN[option]

    def model(scope):
        above = scope.with_options(**{option: one})
        below = (above / "x" / "y").with_options(**{option: two})
        scope.get_variable("none", (2,))
        above.get_variable("above", (2,))
        (above / "a" / "b").get_variable("inherited", (2,))
        below.get_variable("own", (2,))
        (above / "x").get_variable("beside", (2,))
        (below / "z").get_variable("nearest", (2,))
        if option not in ("initializer", "dtype"):
            below.get_variable("call", (2,), **{option: one})
        (above / "n").with_options(**{option: None}).get_variable("kept", (2,))

    found = field(name)(specs(model))
    expected = {
        "none": none,
        "above": one,
        "a/b/inherited": one,
        "x/y/own": two,
        "x/beside": one,
        "x/y/z/nearest": two,
        "n/kept": one,
    }
    if option not in ("initializer", "dtype"):
        expected["x/y/call"] = one
    for key, value in expected.items():
        wanted = stored(option, value)
        assert found[key] == wanted, key


@pytest.mark.parametrize("option", ["initializer", "dtype"])
def test_the_calls_argument_comes_first(option):
    """A call's own initializer and dtype go before those of the scope."""
    one, two, name, _ = PASSED_DOWN[option]

    def model(scope):
        scope = scope.with_options(**{option: one})
        return scope.get_variable("w", (2,), **{option: two})

    assert field(name)(specs(model)) == {"w": two}


@pytest.mark.parametrize("option", PASSED_DOWN)
def test_a_scope_with_options_is_another_scope(option):
    """The scope that `with_options` was called on stays as it was."""
    one, _, name, none = PASSED_DOWN[option]

    def model(scope):
        changed = scope.with_options(**{option: one})
        scope.get_variable("before", (2,))
        changed.get_variable("after", (2,))

    found = field(name)(specs(model))
    assert found["before"] == none
    assert found["after"] == stored(option, one)


@pytest.mark.parametrize("option", PASSED_DOWN)
@pytest.mark.parametrize("around", ["jit", "scan", "vmap", "closure"])
def test_options_go_through_transforms(option, around):
    """What a scope passes down arrives behind a JAX transform."""
    one, _, name, _ = PASSED_DOWN[option]

    def ask(scope, x=0.0):
        return (scope / "b").get_variable("w", (2,)).sum()

    def model(scope):
        scope = (scope / "a").with_options(**{option: one})
        if around == "jit":
            return jax.jit(ask)(scope)
        if around == "closure":
            return jax.jit(lambda x: ask(scope))(0.0)
        if around == "vmap":
            return jax.vmap(ask)(scope.stack(3))
        return jax.lax.scan(lambda c, s: (c, ask(s)), 0.0, scope.stack(3))

    assert field(name)(specs(model)) == {"a/b/w": stored(option, one)}


@given(
    given_=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                option: st.sampled_from([values[0], values[1], None])
                for option, values in PASSED_DOWN.items()
            },
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_nest_of_options_is_read_from_the_inside(given_):
    """Of each option the innermost value that is not None counts."""

    def model(scope):
        for options in given_:
            scope = (scope / "s").with_options(**options)
        return scope.get_variable("w", (2,))

    (spec,) = specs(model).values()
    for option, (_, _, name, none) in PASSED_DOWN.items():
        values = [o[option] for o in given_ if o.get(option) is not None]
        wanted = stored(option, values[-1]) if values else none
        assert getattr(spec, name) == wanted, option


def test_a_constraint_is_inherited_here():
    """Unlike in TF1, the constraint goes down to the scopes below as all else does."""

    def model(scope):
        scope = scope.with_options(constraint=l1)
        return (scope / "a" / "b").get_variable("w", (2,))

    assert field("constraint")(specs(model)) == {"a/b/w": l1}


def test_an_inherited_regularizer_is_switched_off():
    """`no_regularizer` switches off what is inherited, per call and per scope."""

    def model(scope):
        scope = scope.with_options(regularizer=l2)
        off = (scope / "off").with_options(regularizer=sj.no_regularizer)
        scope.get_variable("on", (2,))
        scope.get_variable("call", (2,), regularizer=sj.no_regularizer)
        off.get_variable("scope", (2,))
        (off / "below").get_variable("inherited", (2,))
        off.get_variable("again", (2,), regularizer=l1)

    assert field("regularizer")(specs(model)) == {
        "on": l2,
        "call": None,
        "off/scope": None,
        "off/below/inherited": None,
        "off/again": l1,
    }


def test_a_scopes_initializer_serves_every_dtype():
    """The default initializer is called with the dtype of each variable."""

    def model(scope):
        scope = scope.with_options(initializer=ONES)
        scope.get_variable("n", (2,), "int32")
        scope.get_variable("w", (2,), "bfloat16")

    params = sj.transform(model).init(KEY)
    assert {name: leaf.dtype.name for name, leaf in params.items()} == {
        "n": "int32",
        "w": "bfloat16",
    }
    assert all(leaf.sum() == 2 for leaf in params.values())


def test_what_is_read_once_is_not_trained():
    """`ON_READ` makes a variable not trainable, unless the call says that it is."""
    on_read = sj.VariableSynchronization.ON_READ

    def model(scope):
        scope.get_variable("plain", ())
        scope.get_variable("on_read", (), synchronization=on_read)
        scope.get_variable("asked", (), synchronization=on_read, trainable=True)

    assert field("trainable")(specs(model)) == {
        "plain": True,
        "on_read": False,
        "asked": True,
    }


def test_collections_follow_trainable():
    """Trained variables are in the collection of those, whatever else is asked for."""

    def model(scope):
        frozen = scope.with_options(trainable=False)
        scope.get_variable("plain", ())
        scope.get_variable("mine", (), collections=["mine"])
        scope.get_variable("none", (), collections=[])
        frozen.get_variable("frozen", ())
        frozen.get_variable("by_hand", (), collections=("trainable_variables",))
        scope.get_variable("once", (), collections=["trainable_variables"])

    assert field("collections")(specs(model)) == {
        "plain": ("variables", "trainable_variables"),
        "mine": ("mine", "trainable_variables"),
        "none": ("trainable_variables",),
        "frozen": ("variables",),
        "by_hand": ("trainable_variables",),
        "once": ("trainable_variables",),
    }


def test_the_callers_list_of_collections_is_left_alone():
    """The list that is passed is not changed."""
    mine = ["mine"]
    specs(lambda s: s.get_variable("w", (), collections=mine))
    assert mine == ["mine"]


# Reuse


def outcome(*reuses, exists):
    """What a lookup in nested scopes of these `reuse` values does."""

    def model(scope):
        if exists:
            scope.get_variable("s/" * len(reuses) + "w", ())
        for reuse in reuses:
            scope = (scope / "s").with_options(reuse=reuse)
        return scope.get_variable("w", ())

    try:
        specs(model)
    except sj.VariableExistsError:
        return "exists"
    except sj.VariableNotFoundError:
        return "missing"
    return "found" if exists else "made"


AUTO = sj.AUTO_REUSE
REUSES = [
    ((None,), "exists", "made"),
    ((False,), "exists", "made"),
    ((True,), "found", "missing"),
    ((AUTO,), "found", "made"),
    ((True, None), "found", "missing"),
    ((True, False), "found", "missing"),
    ((AUTO, None), "found", "made"),
    ((AUTO, False), "found", "made"),
    ((AUTO, True), "found", "missing"),
    ((True, AUTO), "found", "made"),
    ((True, AUTO, True), "found", "missing"),
    ((False, True), "found", "missing"),
]


@pytest.mark.parametrize(("reuses", "existing", "new"), REUSES, ids=str)
def test_reuse_is_inherited_as_in_tf1(reuses, existing, new):
    """None and False inherit, True tightens AUTO_REUSE, which loosens True."""
    assert outcome(*reuses, exists=True) == existing
    assert outcome(*reuses, exists=False) == new


def test_reuse_ignores_what_belongs_to_creation():
    """On reuse the initializer and all that describes a new variable are ignored."""

    def model(scope):
        scope.get_variable("w", (2,), initializer=ONES)
        again = scope.with_options(reuse=True, regularizer=l2, trainable=False)
        return again.get_variable(
            "w",
            initializer=np.zeros(3, np.float32),
            constraint=l1,
            collections=["mine"],
        )

    (spec,) = specs(model).values()
    assert (spec.initializer, spec.regularizer, spec.constraint) == (ONES, None, None)
    assert (spec.trainable, spec.shape) == (True, (2,))
    params = sj.transform(model).init(KEY)
    np.testing.assert_array_equal(sj.transform(model).apply(params), [1.0, 1.0])


# Custom getters


def passing(log):
    """A getter that writes down what it receives and passes it on."""

    def getter(getter, **arguments):
        log.append(arguments)
        return getter(**arguments)

    return getter


def renaming(suffix, log=None):
    """A getter that appends to the name."""

    def getter(getter, name, **arguments):
        if log is not None:
            log.append(name)
        return getter(name + suffix, **arguments)

    return getter


def changing(**changes):
    """A getter that puts other arguments in place of those it receives."""

    def getter(getter, **arguments):
        return getter(**arguments | changes)

    return getter


def test_a_getter_receives_every_argument():
    """A getter is called with keywords: all of `get_variable`'s, defaults filled in."""
    log = []

    def model(scope):
        scope = scope.with_options(
            custom_getter=passing(log),
            initializer=ONES,
            regularizer=l1,
            constraint=l2,
            partitioner=split,
            dtype="float16",
            caching_device="cpu:0",
        )
        return (scope / "a").get_variable("w", (2,))

    specs(model)
    (arguments,) = log
    assert set(arguments) == {
        *("name", "shape", "dtype", "initializer", "regularizer", "constraint"),
        *("trainable", "collections", "partitioner", "caching_device"),
        *("synchronization", "aggregation", "reuse"),
    }
    assert arguments["name"] == "a/w"
    assert arguments["shape"] == (2,)
    assert arguments["initializer"] is ONES
    assert arguments["regularizer"] is l1
    assert arguments["constraint"] is l2
    assert arguments["partitioner"] is split
    assert arguments["dtype"] == "float16"
    assert arguments["caching_device"] == "cpu:0"
    assert arguments["trainable"] is True
    assert not arguments["reuse"]


def test_a_getter_may_rename():
    """The name that reaches the true getter is the variable's."""

    def model(scope):
        scope = (scope / "s").with_options(custom_getter=renaming("_suffix"))
        return scope.get_variable("v", (2,))

    params = sj.transform(model).init(KEY)
    assert list(sj.to_flat(params)) == ["s/v_suffix"]
    np.testing.assert_array_equal(
        sj.transform(model).apply(params), params["s"]["v_suffix"]
    )


def test_the_innermost_getter_runs_first():
    """Each getter's own getter is the next scope out; the true one comes last."""
    log = []

    def model(scope):
        for name, digit in (("o", "1"), ("m", "2"), ("i", "3")):
            scope = (scope / name).with_options(custom_getter=renaming(digit, log))
        return scope.get_variable("v", ())

    assert list(specs(model)) == ["o/m/i/v321"]
    assert log == ["o/m/i/v", "o/m/i/v3", "o/m/i/v32"]


def test_two_getters_of_one_place_compose():
    """A getter given again at one place wraps the first: it runs before."""
    log = []

    def model(scope):
        scope = scope.with_options(custom_getter=renaming("1", log))
        scope = scope.with_options(custom_getter=renaming("2", log))
        return scope.get_variable("v", ())

    assert list(specs(model)) == ["v21"]
    assert log == ["v", "v2"]


def test_results_come_back_through_the_getters_from_the_outside():
    """What a getter returns is what the next one in receives."""

    def adding(number):
        def getter(getter, **arguments):
            return getter(**arguments) * 10 + number

        return getter

    def model(scope):
        scope = scope.with_options(initializer=ONES, custom_getter=adding(1))
        return (scope / "a").with_options(custom_getter=adding(2)).get_variable("w", ())

    net = sj.transform(model)
    assert net.apply(net.init(KEY)) == 112


def test_a_getter_of_the_call_replaces_those_of_the_scopes():
    """A getter given to `get_variable` alone decides."""

    def model(scope):
        scope = (scope / "s").with_options(custom_getter=renaming("_scope"))
        scope.get_variable("v", ())
        scope.get_variable("v", (), custom_getter=renaming("_call"))

    assert list(specs(model)) == ["s/v_scope", "s/v_call"]


def test_getters_beside_each_other_do_not_meet():
    """A getter holds below its own scope, and nowhere else."""

    def model(scope):
        one = (scope / "one").with_options(custom_getter=renaming("_1"))
        two = (scope / "two").with_options(custom_getter=renaming("_2"))
        for place in (one, two, scope, one / "below"):
            place.get_variable("v", ())

    assert list(specs(model)) == ["one/v_1", "two/v_2", "v", "one/below/v_1"]


def test_a_getter_runs_on_reuse_too():
    """Under reuse getters run as well, and are told of it."""
    log = []

    def model(scope):
        scope = scope.with_options(custom_getter=passing(log))
        first = scope.get_variable("v", (2,))
        return first, scope.with_options(reuse=True).get_variable("v", (2,))

    specs(model)
    assert [bool(arguments["reuse"]) for arguments in log] == [False, True]
    assert log[1]["reuse"] is True


def test_a_getter_runs_at_apply():
    """At apply a getter does what it did at init."""

    def model(scope):
        scope = (scope / "a").with_options(custom_getter=renaming("_2"))
        return jax.jit(lambda s: s.get_variable("w", (2,)))(scope)

    net = sj.transform(model)
    params = net.init(KEY)
    assert list(sj.to_flat(params)) == ["a/w_2"]
    np.testing.assert_array_equal(jax.jit(net.apply)(params), params["a"]["w_2"])


def test_a_getter_tells_the_layers_of_a_jit_apart():
    """A block that is jitted once still asks each layer's getter by its own name."""
    log = []

    def getter(getter, name, **arguments):
        log.append(name)
        value = getter(name, **arguments)
        return value * (2.0 if name.startswith("h1/") else 1.0)

    block = jax.jit(lambda scope: scope.get_variable("w", ()))

    def model(scope):
        scope = scope.with_options(custom_getter=getter, initializer=ONES)
        return jnp.stack([block(scope / f"h{i}") for i in range(3)])

    net = sj.transform(model)
    params = net.init(KEY)
    log.clear()
    np.testing.assert_array_equal(net.apply(params), [1.0, 2.0, 1.0])
    assert log == ["h0/w", "h1/w", "h2/w"]


# What a getter may change


CHANGES = [
    ("trainable", False, "trainable", False),
    ("dtype", "bfloat16", "dtype", "bfloat16"),
    ("shape", (4,), "shape", (4,)),
    ("initializer", ONES, "initializer", ONES),
    ("regularizer", l2, "regularizer", l2),
    ("constraint", l2, "constraint", l2),
    ("partitioner", split, "partition", (2,)),
    ("caching_device", "cpu:1", "caching_device", "cpu:1"),
    (
        "synchronization",
        sj.VariableSynchronization.ON_WRITE,
        "synchronization",
        sj.VariableSynchronization.ON_WRITE,
    ),
    (
        "aggregation",
        sj.VariableAggregation.SUM,
        "aggregation",
        sj.VariableAggregation.SUM,
    ),
    ("collections", ["mine"], "collections", ("mine", "trainable_variables")),
]


@pytest.mark.parametrize(
    ("argument", "value", "name", "found"), CHANGES, ids=[c[0] for c in CHANGES]
)
def test_a_getter_may_change_any_argument(argument, value, name, found):
    """What a getter passes on counts, not what the call or the scopes said."""

    def model(scope):
        scope = scope.with_options(custom_getter=changing(**{argument: value}))
        return scope.get_variable("w", (2,))

    assert field(name)(specs(model)) == {"w": found}


def test_a_getter_that_freezes_leaves_the_collection_of_the_trained():
    """A variable that a getter freezes is in no collection of trained ones."""

    def model(scope):
        frozen = scope.with_options(custom_getter=changing(trainable=False))
        frozen.get_variable("w", ())
        frozen.get_variable("v", (), collections=["mine"])

    manifest = specs(model)
    assert field("trainable")(manifest) == {"w": False, "v": False}
    assert field("collections")(manifest) == {"w": ("variables",), "v": ("mine",)}
    assert list(manifest.select(collection="trainable_variables")) == []


def test_a_getter_that_trains_enters_the_collection_of_the_trained():
    """A variable that a getter thaws is in the collection of trained ones."""

    def model(scope):
        scope = scope.with_options(
            trainable=False, custom_getter=changing(trainable=True)
        )
        return scope.get_variable("w", ())

    (spec,) = specs(model).values()
    assert spec.trainable is True
    assert spec.collections == ("variables", "trainable_variables")


def test_a_getter_that_passes_on_changes_nothing():
    """A getter that passes everything on leaves every field of a spec as it was."""

    def model(scope, getter):
        scope = scope.with_options(custom_getter=getter)
        ruled = scope.with_options(
            regularizer=l2, constraint=l1, initializer=ONES, dtype="float16"
        )
        scope.get_variable("plain", (2,))
        ruled.get_variable("ruled", (2,))
        ruled.get_variable("unruly", (2,), regularizer=sj.no_regularizer)
        ruled.get_variable("value", initializer=[1, 2])
        ruled.get_variable("own", (2,), "bfloat16", ZEROS, constraint=l2)
        scope.with_options(trainable=False).get_variable("frozen", ())
        scope.get_variable("mine", (), collections=["mine"], trainable=False)

    def comparable(manifest):
        return {
            name: {
                f: np.asarray(getattr(spec, f)).tolist()
                if f == "initializer" and name == "value"
                else getattr(spec, f)
                for f in spec.__dataclass_fields__
                if f != "where"
            }
            for name, spec in manifest.items()
        }

    with_getter = comparable(specs(lambda s: model(s, passing([]))))
    without = comparable(specs(lambda s: model(s, None)))
    for name, fields in without.items():
        assert with_getter[name] == fields, name
    nested = comparable(
        specs(lambda s: model(s.with_options(custom_getter=passing([])), passing([])))
    )
    assert nested == without


@pytest.mark.parametrize(
    ("argument", "option", "name"),
    [
        ("regularizer", l2, "regularizer"),
        ("constraint", l2, "constraint"),
        ("partitioner", split, "partition"),
        ("caching_device", "cpu:0", "caching_device"),
    ],
)
def test_a_getter_may_take_a_default_away(argument, option, name):
    """None, passed on by a getter, is none: the scope's is not filled in again."""

    def model(scope):
        scope = scope.with_options(
            custom_getter=changing(**{argument: None}), **{argument: option}
        )
        return scope.get_variable("w", (2,))

    assert field(name)(specs(model)) == {"w": None}


def test_a_getter_may_take_the_initializer_away():
    """Without an initializer the variable has the default of its dtype."""

    def model(scope):
        scope = scope.with_options(
            initializer=ONES, custom_getter=changing(initializer=None)
        )
        return scope.get_variable("w", (2,))

    found = field("initializer")(specs(model))
    assert found == {"w": sj.initializers.glorot_uniform}


def test_a_getter_may_switch_reuse_off():
    """What a getter passes as `reuse` counts for this lookup."""

    def model(scope):
        scope.get_variable("w", ())
        again = scope.with_options(reuse=True, custom_getter=changing(reuse=False))
        return again.get_variable("w", ())

    with pytest.raises(sj.VariableExistsError, match="Variable w already exists"):
        specs(model)


def test_a_getter_may_switch_reuse_on():
    """A getter may share what the call would have made."""

    def model(scope):
        scope.get_variable("w", ())
        again = scope.with_options(custom_getter=changing(reuse=True))
        return again.get_variable("w", ())

    assert list(specs(model)) == ["w"]


def test_a_getter_may_make_several_variables():
    """One request may make more than one variable, below its own name."""

    def low_rank(getter, name, shape, **arguments):
        left = getter(f"{name}/0", (shape[0], 1), **arguments)
        right = getter(f"{name}/1", (1, shape[1]), **arguments)
        return left @ right

    def model(scope):
        scope = (scope / "s").with_options(custom_getter=low_rank)
        return scope.get_variable("v", (4, 3))

    net = sj.transform(model)
    params = net.init(KEY)
    assert jax.tree.map(jnp.shape, params) == {"s": {"v": {"0": (4, 1), "1": (1, 3)}}}
    np.testing.assert_array_equal(
        net.apply(params), params["s"]["v"]["0"] @ params["s"]["v"]["1"]
    )


def test_a_getter_may_make_nothing():
    """A getter that answers itself makes no variable."""

    def model(scope):
        scope = scope.with_options(custom_getter=lambda getter, **k: jnp.zeros(3))
        return scope.get_variable("w", (3,))

    net = sj.transform(model)
    assert net.init(KEY) == {}
    np.testing.assert_array_equal(net.apply({}), np.zeros(3))


def test_a_getter_may_call_the_true_one_with_little():
    """The true getter has defaults: float32, and no part of the scope's own."""

    def model(scope):
        scope = scope.with_options(
            custom_getter=lambda getter, name, shape, **k: getter(name, shape)
        )
        return scope.get_variable("w", (2,))

    (spec,) = specs(model).values()
    assert (spec.shape, spec.dtype) == ((2,), "float32")


def test_a_getter_takes_positional_arguments():
    """The first four arguments may be passed on by position."""

    def getter(getter, name, shape, dtype, initializer, **arguments):
        return getter(name, shape, dtype, initializer, **arguments)

    def model(scope):
        scope = scope.with_options(custom_getter=getter, initializer=ONES)
        return scope.get_variable("w", (2,), "int32")

    (spec,) = specs(model).values()
    assert (spec.dtype, spec.initializer) == ("int32", ONES)


# Getters that do wrong


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a//b"}, "has an empty component"),
        ({"name": 3}, "A name must be a string"),
        ({"shape": (2.5,)}, "A shape holds whole numbers"),
        ({"dtype": "float64"}, "needs 64-bit mode"),
        ({"trainable": "no"}, "trainable must be True or False"),
        ({"regularizer": 3}, "Regularizer must be callable"),
        ({"reuse": 1}, "The reuse parameter must be"),
        ({"reuse": "yes"}, "The reuse parameter must be"),
        ({"collections": "mine"}, "collections argument"),
        ({"initializer": "zeros"}, "neither callable nor an array"),
    ],
    ids=str,
)
def test_what_a_getter_passes_on_is_checked(changes, message):
    """The arguments of the true getter are checked as those of the call are."""

    def model(scope):
        scope = scope.with_options(custom_getter=changing(**changes))
        return scope.get_variable("w", (2,))

    with pytest.raises(sj.InvalidArgumentError, match=message):
        specs(model)


def test_a_getter_that_fails_is_its_own_error():
    """What a getter raises comes through, and the next call is as before."""

    def failing(getter, **arguments):
        raise RuntimeError("no such table")

    def model(scope, getter):
        return scope.with_options(custom_getter=getter).get_variable("w", (2,))

    net = sj.transform(model)
    good = net.init(KEY, None)
    with pytest.raises(RuntimeError, match="no such table"):
        net.init(KEY, failing)
    np.testing.assert_array_equal(net.init(KEY, None)["w"], good["w"])


@given(suffixes=st.lists(st.sampled_from(["_a", "_b", "/c"]), max_size=5))
def test_any_nest_of_renaming_getters_composes(suffixes):
    """Suffixes are appended from the innermost scope outwards."""

    def model(scope):
        for i, suffix in enumerate(suffixes):
            scope = (scope / f"s{i}").with_options(custom_getter=renaming(suffix))
        return scope.get_variable("v", ())

    path = "".join(f"s{i}/" for i in range(len(suffixes)))
    assert list(specs(model)) == [path + "v" + "".join(reversed(suffixes))]
