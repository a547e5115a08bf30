"""Law: every way of making a variable gives the bits of the plain program."""

import functools

import jax
import numpy as np
import pytest
from jax.nn import initializers as jaxinit

import scopejax as sj
from scopejax._making import fused

from ..helpers.meshes import bits
from ..helpers.path_law_reference import reference

pytestmark = pytest.mark.optimized

SCALED = functools.partial(jaxinit.variance_scaling, 1.3, "fan_in")
# Those that take any shape, and those that want two axes at least.
ANY = {
    "normal": jaxinit.normal(0.02),
    "normal 1": jaxinit.normal(1.0),
    "truncated normal": jaxinit.truncated_normal(0.1),
    "truncated at 1 and 3": jaxinit.truncated_normal(0.1, lower=1.0, upper=3.0),
    "uniform": jaxinit.uniform(0.1),
    "glorot uniform": sj.initializers.glorot_uniform,
    "glorot normal": sj.initializers.glorot_normal,
    "he uniform": sj.initializers.he_uniform,
    "he normal": sj.initializers.he_normal,
    "lecun uniform": sj.initializers.lecun_uniform,
    "lecun normal": sj.initializers.lecun_normal,
    "scaled normal": sj.initializers.variance_scaling(1.3, "fan_out", "normal"),
    "gumbel": jax.random.gumbel,
    "exponential": lambda *args: 0.3 * jax.random.exponential(*args),
    "laplace": jax.random.laplace,
    "constant": jaxinit.constant(0.3),
    "ones": jaxinit.ones,
}
MATRICES = {
    "jax glorot uniform": jaxinit.glorot_uniform(),
    "jax he normal": jaxinit.he_normal(),
    "jax scaled normal": SCALED("normal"),
    "orthogonal": sj.initializers.orthogonal,
}
ALL = {**ANY, **MATRICES}
FLOATS = ["float32", "bfloat16", "float16"]
KEYS = {
    "threefry": lambda: jax.random.key(7),
    "raw threefry": lambda: jax.random.PRNGKey(7),
    "rbg": lambda: jax.random.key(7, impl="rbg"),
    "unsafe_rbg": lambda: jax.random.key(7, impl="unsafe_rbg"),
}
# Of ranks 0 to 5; with no number, one, and about as many as four rows have.
SHAPES = [
    (),
    (1,),
    (4095,),
    (4096,),
    (0, 3),
    (3, 5, 7),
    (2, 3, 4, 5),
    (2, 1, 3, 2, 5),
]
FEW_SHAPES = [(4097,), (17, 241)]
SOME = {
    name: ALL[name]
    for name in ("normal", "he normal", "glorot uniform", "laplace", "ones")
}


def model_of(variables):
    """A model that asks for variables: name -> (shape, dtype, initializer)."""

    def model(scope):
        for name, arguments in variables.items():
            scope.get_variable(name, *arguments)

    return sj.transform(model)


def inits(net, monkeypatch):
    """way -> init by it."""

    def plainly(key):
        with monkeypatch.context() as context:
            context.setenv("SCOPEJAX_FUSED", "off")
            return net.init(key)

    return {"default": net.init, "plain": plainly, "jit": jax.jit(net.init)}


def require_law(variables, key, monkeypatch, ways=("default", "plain", "jit")):
    """Each way gives each variable the reference's bits."""
    expected = {
        name: bits(reference(key, name, *arguments))
        for name, arguments in variables.items()
    }
    for way, init in inits(model_of(variables), monkeypatch).items():
        if way not in ways:
            continue
        made = {name: bits(v) for name, v in sj.to_flat(init(key)).items()}
        wrong = [name for name in expected if made[name] != expected[name]]
        assert not wrong, f"{way}: {wrong}"


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("initializer", ALL)
def test_all_initializers(initializer, dtype, monkeypatch):
    """Every initializer and float dtype; numbers that do not come out even."""
    shapes = [(16, 4)] if initializer == "orthogonal" else FEW_SHAPES
    variables = {
        f"v{len(shape)}": (shape, dtype, ALL[initializer])
        for shape in shapes
        if len(shape) > 1 or initializer in ANY
    }
    require_law(variables, jax.random.key(3), monkeypatch, ["default"])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("initializer", SOME)
def test_all_shapes(initializer, dtype, monkeypatch):
    """Ranks 0 to 5, sizes 0, 1 and about a row's, all of them in one model."""
    shapes = SHAPES if dtype == "float32" else SHAPES[3:6]
    variables = {
        f"v{i}/w": (shape, dtype, SOME[initializer]) for i, shape in enumerate(shapes)
    }
    everyway = dtype == "bfloat16" and initializer in ("normal", "laplace")
    ways = ["default", "plain", "jit"] if everyway else ["default"]
    require_law(variables, jax.random.key(3), monkeypatch, ways)


@pytest.mark.parametrize("key", KEYS)
def test_all_keys(key, monkeypatch):
    """Typed and raw keys of each kind, several variables of each kind of variable."""
    variables = {
        f"{i}/{name}": ((5, 7), "float32", initializer)
        for name, initializer in SOME.items()
        for i in range(2)
    }
    require_law(variables, KEYS[key](), monkeypatch)


@pytest.mark.parametrize("initializer", ["normal", "glorot uniform"])
def test_ten_million_numbers(initializer, monkeypatch):
    """More numbers than one call makes."""
    variables = {
        "w": ((10_000_000,), "float32", ANY[initializer]),
        "v": ((3, 100_001), "float32", ANY[initializer]),
    }
    require_law(variables, jax.random.key(1), monkeypatch)


def test_numbers_of_64_bits(monkeypatch):
    """With x64 on float64 is itself, and float32 and bfloat16 are what they were."""
    arguments = {
        f"{dtype}/{name}": ((33, 40), dtype, initializer)
        for name, initializer in SOME.items()
        for dtype in ("float32", "bfloat16")
    }
    key = jax.random.key(5)
    before = sj.to_flat(model_of(arguments).init(key))
    with jax.enable_x64(True):
        wide = {
            f"wide/{name}": ((33, 40), "float64", initializer)
            for name, initializer in SOME.items()
        }
        require_law({**arguments, **wide}, key, monkeypatch)
        after = sj.to_flat(model_of(arguments).init(key))
    assert {n: bits(v) for n, v in before.items()} == {
        n: bits(v) for n, v in after.items()
    }


def test_counters_that_are_not_partitionable(monkeypatch):
    """With jax_threefry_partitionable off `jax.random` has other bits, and so has init.

    An odd number of them, too, which that way of counting pads.
    """
    variables = {
        f"{i}/{name}": ((3, 7), "float32", initializer)
        for name, initializer in SOME.items()
        for i in range(2)
    }
    key = jax.random.key(5)
    usual = model_of(variables).init(key)
    jax.config.update("jax_threefry_partitionable", False)
    try:
        require_law(variables, key, monkeypatch)
        other = model_of(variables).init(key)
    finally:
        jax.config.update("jax_threefry_partitionable", True)
    assert bits(usual["0"]["normal"]) != bits(other["0"]["normal"])


@pytest.mark.parametrize("shape", [(), (3,), (64, 17), (1025,)])
@pytest.mark.parametrize("stack", [(1,), (5,), (3, 4)])
def test_stacks(stack, shape, monkeypatch):
    """Item i of a stack has the key folded with i, in stacks of stacks as well."""
    initializer = ANY["normal"]

    def item(scope):
        return scope.get_variable("w", shape, "float32", initializer)

    def model(scope):
        body = item
        for depth, n in reversed(list(enumerate(stack))):
            body = functools.partial(_mapped, body, f"s{depth}", n)
        return body(scope)

    key = jax.random.key(2)
    name = "/".join([*(f"s{depth}" for depth in range(len(stack))), "w"])
    for way, init in inits(sj.transform(model), monkeypatch).items():
        value = sj.to_flat(init(key))[name]
        assert value.shape == (*stack, *shape)
        for index in np.ndindex(*stack):
            expected = reference(key, name, shape, "float32", initializer, index)
            assert bits(value[index]) == bits(expected), (way, index)


def _mapped(body, name, n, scope):
    return jax.lax.map(body, (scope / name).stack(n))


@pytest.mark.parametrize("n", [1, 2, 9, 10, 11, 99, 101, 137])
def test_many_alike_under_jit(n):
    """However many variables a kind has, each gets its own values."""
    variables = {f"l{i}/w": ((2, 3), "float32", ANY["normal"]) for i in range(n)}
    key, net = jax.random.key(0), model_of(variables)
    plain, jitted = sj.to_flat(net.init(key)), sj.to_flat(jax.jit(net.init)(key))
    assert {k: bits(v) for k, v in plain.items()} == {
        k: bits(v) for k, v in jitted.items()
    }


def test_ensembles():
    """vmap of init over keys gives each member the values it has alone."""
    net = model_of({f"l{i}/w": ((4, 3), "float32", ANY["normal"]) for i in range(12)})
    keys = jax.random.split(jax.random.key(0), 3)
    many = sj.to_flat(jax.vmap(net.init)(keys))
    for member, key in enumerate(keys):
        for name, value in sj.to_flat(net.init(key)).items():
            assert bits(many[name][member]) == bits(value)


@pytest.mark.smoke
@pytest.mark.parametrize("committed", [True, False])
def test_another_device(committed):
    """Values lie where the key does, or on the default device, as a program's would."""
    device = jax.devices()[5]
    net = model_of({"w": ((5, 3), "float32", ANY["normal"])})
    expected = net.init(jax.random.key(0))["w"]
    if committed:
        value = net.init(jax.device_put(jax.random.key(0), device))["w"]
    else:
        with jax.default_device(device):
            value = net.init(jax.random.key(0))["w"]
    assert value.devices() == {device}
    assert value.committed == committed
    assert bits(value) == bits(expected)


@pytest.mark.parametrize("guard", ["disallow", "log"])
def test_transfers_are_explicit(guard):
    """jax.transfer_guard finds nothing to object to in the fused way."""
    net = model_of({f"l{i}": ((5, 3), "float32", ANY["normal"]) for i in range(3)})
    key = jax.random.key(0)
    expected = net.init(key)
    with jax.transfer_guard(guard):
        values = net.init(key)
    assert [bits(v) for v in values.values()] == [bits(v) for v in expected.values()]


def test_the_fused_way_is_taken(monkeypatch):
    """What has a recipe is made by it, and nothing where it is off."""
    made = []
    make = fused.Fused.make

    def spy(self, wanted):
        made.extend(spec.name for spec, _ in wanted)
        return make(self, wanted)

    monkeypatch.setattr(fused.Fused, "make", spy)
    names = ("normal", "he normal", "gumbel", "laplace", "ones", "orthogonal")
    net = model_of({name: ((5, 3), "float32", ALL[name]) for name in names})
    net.init(jax.random.key(0))
    assert made == ["normal", "he normal", "gumbel"]
    made.clear()
    for key in ("rbg", "unsafe_rbg"):
        net.init(KEYS[key]())
    monkeypatch.setenv("SCOPEJAX_FUSED", "off")
    net.init(jax.random.key(0))
    assert made == []
