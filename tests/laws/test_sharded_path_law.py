"""Law: the values are the same on any mesh, however variables are partitioned."""

import contextlib
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.nn import initializers as jaxinit
from jax.sharding import AxisType, PartitionSpec

import scopejax as sj
from scopejax import partitioners
from scopejax._making import sharded, threefry

from ..helpers.meshes import all_bits, bits, mesh_of
from ..helpers.randomness import examples

pytestmark = pytest.mark.optimized

MESHES = [(1,), (2,), (4,), (8,), (4, 2)]
INITIALIZERS = {
    "normal": jaxinit.normal(0.02),
    "truncated normal": jaxinit.truncated_normal(0.1),
    "glorot uniform": sj.initializers.glorot_uniform,
    "laplace": jax.random.laplace,
    "ones": jaxinit.ones,
    "orthogonal": sj.initializers.orthogonal,
    "two draws": lambda key, shape, dtype: (
        jax.random.normal(key, shape, dtype) * jax.random.uniform(key, shape, dtype)
    ),
    "of NumPy": lambda key, shape, dtype: jnp.asarray(
        np.arange(np.prod(shape)).reshape(shape), dtype
    ),
}
PARTITIONERS = {
    "none": partitioners.replicated,
    "largest axis": partitioners.largest_axis("data"),
    "fsdp": partitioners.fsdp("data", min_size=100),
    "counts": lambda shape, dtype: [4] + [1] * (len(shape) - 1),
    "last axis": lambda shape, dtype: PartitionSpec(*[None] * (len(shape) - 1), "data"),
}
KEYS = {
    "threefry": lambda: jax.random.key(7),
    "raw threefry": lambda: jax.random.PRNGKey(7),
    "rbg": lambda: jax.random.key(7, impl="rbg"),
}


def model(scope, variables):
    """Asks for variables: name -> (shape, dtype, initializer, partitioner, stack)."""
    for name, (shape, dtype, initializer, partitioner, stack) in variables.items():
        here = scope / name

        def layer(scope, ask=(shape, dtype, initializer, partitioner)):
            *arguments, partitioner = ask
            return scope.get_variable("w", *arguments, partitioner=partitioner)

        jax.vmap(layer)(here.stack(stack)) if stack else layer(here)


def zoo(partitioner):
    """A variable for each initializer, and stacks."""
    stacks = dict.fromkeys(INITIALIZERS, 0) | {"laplace": 3, "two draws": 3}
    return {
        name: ((16, 24), "float32", initializer, partitioner, stacks[name])
        for name, initializer in INITIALIZERS.items()
    }


@functools.cache
def unsharded(key, partitioner="none"):
    """The bits of the zoo on one device."""
    params = sj.transform(model).init(KEYS[key](), zoo(PARTITIONERS[partitioner]))
    return all_bits(params)


@pytest.mark.parametrize("sizes", MESHES, ids=str)
def test_every_initializer_on_every_mesh(sizes):
    """Each initializer gives the bits of one device, and the sharding asked for."""
    mesh, variables = mesh_of(*sizes), zoo(PARTITIONERS["largest axis"])
    net = sj.transform(model)
    params = net.init(KEYS["threefry"](), variables, mesh=mesh)
    assert all_bits(params) == unsharded("threefry")
    shardings = net.manifest(variables).shardings(mesh)
    assert jax.tree.map(lambda array: array.sharding, params) == shardings
    assert shardings["laplace"]["w"].spec == PartitionSpec(None, None, "data")


@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key(name):
    """So does each kind of key."""
    variables = zoo(PARTITIONERS["last axis"])
    params = sj.transform(model).init(KEYS[name](), variables, mesh=mesh_of(8))
    assert all_bits(params) == unsharded(name)


VARIABLES = st.dictionaries(
    st.sampled_from(["a", "b/c"]),
    st.tuples(
        st.sampled_from([(), (3,), (8,), (16, 40)]),
        st.sampled_from(["float32", "float16"]),
        st.sampled_from([INITIALIZERS[n] for n in ("normal", "ones")]),
        st.sampled_from([PARTITIONERS[n] for n in ("largest axis", "counts")]),
        st.sampled_from([0, 0, 2]),
    ),
    min_size=1,
)


@pytest.mark.parametrize("shape", [(), (1,), (8,), (1, 8)])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_one_number_a_device(shape, dtype):
    """A device that holds a single number has the one of the whole array."""

    def numbers(scope):
        scope = scope.with_options(partitioner=PARTITIONERS["largest axis"])
        return scope.get_variable("w", shape, dtype, jax.nn.initializers.normal(0.02))

    net, mesh = sj.transform(numbers), mesh_of(8)
    for seed in range(16):
        key = jax.random.key(seed)
        assert all_bits(net.init(key, mesh=mesh)) == all_bits(net.init(key))


@examples(12)
@given(
    VARIABLES,
    st.sampled_from([(1,), (8,), (4, 2)]),
    st.sampled_from([AxisType.Auto, AxisType.Explicit]),
    st.sampled_from(["mesh=", "set_mesh", "jit"]),
    st.integers(0, 2**32 - 1),
)
def test_any_model(variables, sizes, kind, how, seed):
    """Any shapes, dtypes, partitioners and stacks, on any mesh, however it is given."""
    net, mesh = sj.transform(model), mesh_of(*sizes, kind=kind)
    key = jax.random.key(seed)
    whole = net.init(key, variables)
    given_mesh = mesh if how == "mesh=" else None

    def init(key):
        return net.init(key, variables, mesh=given_mesh)

    init = jax.jit(init) if how == "jit" else init
    with contextlib.nullcontext() if given_mesh else jax.set_mesh(mesh):
        params = init(key)
    assert all_bits(params) == all_bits(whole)
    shardings = net.manifest(variables).shardings(mesh)
    jax.tree.map(require_sharding, params, shardings)


def test_a_mesh_passed_within_jit(key):
    """Within a jit the mesh may be passed as well, where its axes are automatic."""
    variables, mesh = zoo(PARTITIONERS["largest axis"]), mesh_of(8)
    some = {name: variables[name] for name in ("normal", "orthogonal", "ones")}
    net = sj.transform(model)
    params = jax.jit(lambda key: net.init(key, some, mesh=mesh))(key)
    assert all_bits(params) == all_bits(net.init(key, some))
    jax.tree.map(require_sharding, params, net.manifest(some).shardings(mesh))


def require_sharding(array, sharding):
    """The array lies as the sharding says."""
    assert array.sharding.is_equivalent_to(sharding, array.ndim)


@pytest.mark.smoke
@pytest.mark.usefixtures("unshared")
def test_each_device_draws_its_part_alone(key):
    """No program sends anything, or needs room beyond its own part."""
    mesh, shape = mesh_of(4, 2), (512, 256)

    def layer(scope):
        for name in ("normal", "truncated normal", "glorot uniform", "ones"):
            scope.get_variable(
                name,
                shape,
                initializer=INITIALIZERS[name],
                partitioner=lambda shape, dtype: PartitionSpec("data", "model"),
            )

    sharded._drawing.cache_clear()
    made = []
    original = sharded.Program.__call__

    def watched(program, *arguments):
        made.append(program._compiling.result())
        return original(program, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharded.Program, "__call__", watched)
        sj.transform(layer).init(key, mesh=mesh)
    assert len(made) == 4
    share = 4 * 512 * 256 / 8
    for program in made:
        text, memory = program.as_text(), program.memory_analysis()
        assert not any(word in text for word in ("all-", "collective", "permute"))
        assert memory.output_size_in_bytes == share
        assert memory.temp_size_in_bytes <= 0.15 * share


@pytest.mark.smoke
def test_what_is_given_is_put_on_the_mesh(key):
    """What exists is split like what is made, and keeps its values."""

    def pair(scope):
        scope = scope.with_options(partitioner=PARTITIONERS["largest axis"])
        return scope.get_variable("a", (8, 3)), scope.get_variable("b", (8,))

    net, mesh = sj.transform(pair), mesh_of(8)
    mine = np.arange(24, dtype=np.float32).reshape(8, 3)
    for given_array in (mine, jnp.asarray(mine)):
        params = net.init(key, given={"a": given_array}, mesh=mesh)
        assert bits(params["a"]) == bits(mine)
        jax.tree.map(require_sharding, params, net.manifest().shardings(mesh))


@pytest.mark.smoke
def test_values_and_copies_are_put_on_the_mesh(key):
    """So are constants, copies of other variables, and what inputs give."""

    def many(scope, x):
        scope = scope.with_options(partitioner=PARTITIONERS["largest axis"])
        scope.get_variable("kernel", (8, 2))
        copy = sj.initializers.InitialValueOf("kernel")
        scope.get_variable("copy", (8, 2), initializer=copy)
        scope.get_variable("constant", initializer=np.arange(8.0, dtype=np.float32))
        scope.get_variable("from inputs", initializer=2 * x)

    net, mesh, x = sj.transform(many), mesh_of(4), jnp.arange(8, dtype=jnp.float32)
    params = net.init(key, x, mesh=mesh)
    assert all_bits(params) == all_bits(net.init(key, x))
    jax.tree.map(require_sharding, params, net.manifest(x).shardings(mesh))


@pytest.mark.smoke
def test_state_is_sharded_too(key):
    """What is not trainable is split as its partitioner says."""

    def counting(scope):
        scope = scope.with_options(partitioner=PARTITIONERS["largest axis"])
        scope.get_variable("w", (8,))
        scope.get_variable("n", (16,), "int32", trainable=False)

    net = sj.transform_with_state(counting)
    params, state = net.init(key, mesh=mesh_of(8))
    assert params["w"].sharding.spec == PartitionSpec("data")
    assert state["n"].sharding.spec == PartitionSpec("data")


def test_a_mesh_of_other_devices_than_the_first(key):
    """The devices are those of the mesh, wherever the key is."""
    devices = np.array(jax.devices()[4:6])
    mesh = jax.sharding.Mesh(devices, ("data",), axis_types=(AxisType.Auto,))
    variables = zoo(PARTITIONERS["largest axis"])
    for place in (jax.devices()[0], jax.devices()[7]):
        there = jax.device_put(KEYS["threefry"](), place)
        params = sj.transform(model).init(there, variables, mesh=mesh)
        assert all_bits(params) == unsharded("threefry")
        assert all(a.devices() == set(devices) for a in jax.tree.leaves(params))


@pytest.mark.smoke
@pytest.mark.parametrize("limit", [2**32, 1], ids=["word", "two words"])
def test_counters_are_those_of_jax(limit, key, monkeypatch):
    """Counters of one word and of two give the same numbers."""
    monkeypatch.setattr(sharded, "_WORD", limit)
    sharded._drawing.cache_clear()
    variables = {
        name: ((16, 24), "float32", INITIALIZERS[name], PARTITIONERS["fsdp"], stack)
        for name, stack in [("normal", 0), ("laplace", 2)]
    }
    net, mesh = sj.transform(model), mesh_of(8)
    params = net.init(key, variables, mesh=mesh)
    assert all_bits(params) == all_bits(net.init(key, variables))
    jax.tree.map(require_sharding, params, net.manifest(variables).shardings(mesh))
    sharded._drawing.cache_clear()


WORD = st.integers(0, 2**32 - 1)


@pytest.mark.smoke
@given(WORD, st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_counters_beyond_32_bits(word, factor, more):
    """Two words hold sums and products of 64 bits."""
    product = threefry.wide_product(np.array([word], np.uint32), factor)
    added = tuple(np.array([n], np.uint32) for n in divmod(more, 2**32))
    high, low = threefry.wide_sum(product, added)
    assert int(high[0]) * 2**32 + int(low[0]) == (word * factor + more) % 2**64
