"""Placement: where a variable lives, and where it is brought to be read."""

import jax
import jax.numpy as jnp
import optax
import pytest
from jax.sharding import NamedSharding, SingleDeviceSharding
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import partitioners

from ..helpers.closeness import assert_close
from ..helpers.meshes import all_bits, bits, mesh_of

HOST = partitioners.in_memory("pinned_host", partitioners.largest_axis("data"))


def _results_stay():
    """Whether what a program puts into the host's memory is there afterwards."""
    put = jax.jit(lambda x: jax.device_put(x, jax.memory.Space.Host))
    return put(jnp.ones(2)).sharding.memory_kind == "pinned_host"


results_stay = pytest.mark.skipif(
    not _results_stay(), reason="JAX 0.10.0 on CPU brings results back to the device"
)


def kinds(tree):
    """The kind of memory of each array."""
    return jax.tree.map(lambda array: array.sharding.memory_kind, tree)


def puts(jaxpr):
    """How many equations of a jaxpr and of those inside bring something elsewhere."""
    inner = [
        getattr(value, "jaxpr", None)
        for equation in jaxpr.eqns
        for value in equation.params.values()
    ]
    here = sum(equation.primitive.name == "device_put" for equation in jaxpr.eqns)
    return here + sum(puts(jaxpr) for jaxpr in inner if jaxpr is not None)


def model(scope, x):
    """Reads a variable that lives on the host twice, in a loop, and a stack of them."""
    scope = scope.with_options(partitioner=HOST, caching_device="device")
    again = scope.with_options(reuse=True)
    x = x @ scope.get_variable("w", (8, 8)) @ again.get_variable("w", (8, 8))

    def shared(x, _):
        return x @ again.get_variable("w", (8, 8)), None

    def layer(x, scope):
        return x @ scope.get_variable("k", (8, 8)), None

    x, _ = jax.lax.scan(shared, x, None, length=3)
    x, _ = jax.lax.scan(layer, x, (scope / "layers").stack(2))
    return x


def loss(params, x):
    """A number."""
    return (sj.transform(model).apply(params, x) ** 2).sum()


@pytest.mark.smoke
@pytest.mark.parametrize("mesh", [None, mesh_of(8)], ids=["device", "mesh"])
def test_a_variable_lives_where_its_partitioner_says(mesh, key):
    """It is made in the memory of the host, whole or in its parts, to the same bits."""
    net, x = sj.transform(model), jnp.ones((4, 8))
    params = net.init(key, x, mesh=mesh)
    assert set(jax.tree.leaves(kinds(params))) == {"pinned_host"}
    moved = jax.device_put(params, SingleDeviceSharding(jax.devices()[0]))
    assert all_bits(moved) == all_bits(net.init(key, x))
    if mesh is not None:
        shardings = net.manifest(x).shardings(mesh)
        assert jax.tree.map(lambda array: array.sharding, params) == shardings


@results_stay
@pytest.mark.parametrize("mesh", [None, mesh_of(8)], ids=["device", "mesh"])
def test_made_within_jit_it_lives_there_too(mesh, key):
    """`jax.jit(init)` puts it there as well."""
    net, x = sj.transform(model), jnp.ones((4, 8))
    params = jax.jit(lambda key: net.init(key, x, mesh=mesh))(key)
    assert set(jax.tree.leaves(kinds(params))) == {"pinned_host"}
    assert all_bits(params) == all_bits(net.init(key, x))


def test_it_is_brought_to_the_device_once(key):
    """Read twice and in each step of a loop, it is one transfer; a stack is sliced."""
    net, x = sj.transform(model), jnp.ones((4, 8))
    params = net.init(key, x)
    assert puts(jax.make_jaxpr(net.apply)(params, x).jaxpr) == 2


@results_stay
@pytest.mark.parametrize("mesh", [None, mesh_of(8)], ids=["device", "mesh"])
def test_computing_is_as_of_a_variable_on_the_device(mesh, key):
    """Values and gradients are those of the model whose variables never moved."""
    net, x = sj.transform(model), jnp.ones((4, 8))
    host = net.init(key, x, mesh=mesh)
    device = jax.tree.map(
        lambda a: jax.device_put(a, a.sharding.with_memory_kind("device")), host
    )
    with jax.checking_leaks():
        out, slopes = jax.jit(jax.value_and_grad(loss))(host, x)
    expected, expected_slopes = jax.jit(jax.value_and_grad(loss))(device, x)
    assert set(jax.tree.leaves(kinds(slopes))) == {"pinned_host"}
    assert_close(out, expected, ulps=8)
    assert_close(slopes, expected_slopes)
    assert_close(loss(host, x), expected, ulps=8)


def test_a_sharding_gathers_what_is_split(key):
    """Parts are brought together where a sharding says so, once for all reads."""
    mesh = mesh_of(8)
    whole = NamedSharding(mesh, P())

    def gathered(scope, x):
        ask = {"partitioner": partitioners.largest_axis("data")}
        w = scope.get_variable("w", (8, 8), caching_device=whole, **ask)
        scope = scope.with_options(reuse=True)
        return x @ w, w, scope.get_variable("w", (8, 8), caching_device=whole, **ask)

    net, x = sj.transform(gathered), jnp.ones((2, 8))
    params = net.init(key, x, mesh=mesh)
    assert params["w"].sharding.spec == P("data")
    _, one, two = net.apply(params, x)
    assert one.sharding == whole
    assert one is two


def test_a_device_is_heeded_outside_of_jit(key):
    """The copy is on that device, and the variable stays where it is."""
    other = jax.devices()[3]

    def model(scope):
        return scope.get_variable("w", (3,), caching_device=other)

    net = sj.transform(model)
    params = net.init(key)
    copy = net.apply(params)
    assert copy.devices() == {other}
    assert params["w"].devices() == {jax.devices()[0]}
    assert bits(copy) == bits(params["w"])
    assert jax.jit(net.apply)(params).devices() == {jax.devices()[0]}


@results_stay
def test_state_that_lives_on_the_host(key):
    """Each value of state is brought over anew, and written back where it lives."""

    def count(scope):
        scope = scope.with_options(partitioner=HOST, caching_device="device")
        ask = {"shape": (8,), "dtype": "int32", "trainable": False}
        n = scope.get_variable("n", **ask)
        scope.assign("n", jax.device_put(n + 1, jax.memory.Space.Host))
        return n, scope.with_options(reuse=True).get_variable("n", **ask)

    net = sj.transform_with_state(count)
    params, state = net.init(key)
    (before, after), state = net.apply(params, state)
    assert before.tolist() == [0] * 8
    assert after.tolist() == state["n"].tolist() == [1] * 8
    assert kinds(state) == {"n": "pinned_host"}


@results_stay
def test_offloaded_optimizer_state(key):
    """Adam's moments live on the host between steps, to the same parameters."""

    def line(scope, x):
        scope = scope.with_options(partitioner=partitioners.largest_axis("data"))
        return x @ scope.get_variable("w", (8, 4))

    net, tx, mesh, x = sj.transform(line), optax.adam(0.1), mesh_of(8), jnp.ones((4, 8))
    params = net.init(key, x, mesh=mesh)

    def step(params, state):
        slopes = jax.grad(lambda p: (net.apply(p, x) ** 2).sum())(params)
        updates, state = tx.update(slopes, state, params)
        return optax.apply_updates(params, updates), state

    with jax.numpy_dtype_promotion("standard"), jax.set_mesh(mesh):  # 0.9 ** count
        run_offloaded(params, tx, step)


def run_offloaded(params, tx, step):
    """Three steps with Adam's state on the device, and on the host."""
    on_device = jax.jit(tx.init)(params)
    places = jax.tree.map(lambda array: array.sharding, on_device)
    on_host = jax.tree.map(lambda s: s.with_memory_kind("pinned_host"), places)

    def offloaded(params, state):
        params, state = step(params, jax.device_put(state, places))
        return params, jax.device_put(state, on_host)

    state, mine = jax.device_put(on_device, on_host), params
    step, offloaded = jax.jit(step), jax.jit(offloaded)
    for _ in range(3):
        params, on_device = step(params, on_device)
        mine, state = offloaded(mine, state)
        assert set(jax.tree.leaves(kinds(state))) == {"pinned_host"}
    assert state[0].mu["w"].sharding.spec == mine["w"].sharding.spec == P("data")
    assert all_bits(mine) == all_bits(params)


# What is refused


@pytest.mark.parametrize("place", ["cpu:0", "hbm", 3, "", b"device"])
def test_a_place_that_is_none(place):
    """Only devices, shardings and JAX's two kinds of memory are places."""
    scope = sj.Scope({"w": jnp.ones(2)})
    message = "caching_device must be a device, a sharding, 'device' or 'pinned_host'"
    with pytest.raises(sj.InvalidArgumentError, match=message):
        scope.get_variable("w", (2,), caching_device=place)
    with pytest.raises(sj.InvalidArgumentError, match=message):
        scope.with_options(caching_device=place)


@pytest.mark.parametrize("mesh", [None, mesh_of(2)], ids=["device", "mesh"])
def test_a_memory_that_the_backend_lacks(mesh, key):
    """The error names the variable, and the memories that there are."""

    def model(scope):
        ask = partitioners.in_memory("hbm")
        return scope.get_variable("w", (2,), partitioner=ask)

    message = r"(?s)Variable w cannot .*a memory of .*pinned_host.*'hbm'"
    with pytest.raises(sj.InvalidArgumentError, match=message):
        sj.transform(model).init(key, mesh=mesh)


def test_places_are_kept_in_the_manifest():
    """A spec has both: where a variable lives, and where it is read."""
    device = SingleDeviceSharding(jax.devices()[1])

    def model(scope):
        scope.get_variable("w", (8,), partitioner=HOST, caching_device=device)

    spec = sj.transform(model).manifest()["w"]
    assert spec.caching_device == device
    assert spec.partition.memory_kind == "pinned_host"


def test_a_host_variable_read_on_its_own_device(key):
    """A device as the place to read brings it out of the host's memory too."""

    def model(scope):
        device = jax.devices()[0]
        return scope.get_variable("w", (8,), partitioner=HOST, caching_device=device)

    net = sj.transform(model)
    params = net.init(key)
    assert kinds(params) == {"w": "pinned_host"}
    assert net.apply(params).sharding.memory_kind == "device"
