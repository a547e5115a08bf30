"""Training on a mesh: the optimizer's state, checkpoints onto other meshes, values."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

import scopejax as sj
from scopejax import checkpoints, partitioners

from ..helpers.closeness import assert_close
from ..helpers.meshes import all_bits, mesh_of

TABLE = {
    "layers/w": P("data", "model"),
    "embed/*": P("model"),
    "**/scale": P(),
    "**": partitioners.largest_axis("data"),
}
X = np.linspace(-1, 1, 8 * 16, dtype=np.float32).reshape(8, 16)
MESHES = [(4, 2), (2, 4), (2, 2, 2)]


def model(scope, x):
    """Variables of all kinds: drawn, constant, stacked, whole, and without a recipe."""
    scope = scope.with_options(partitioner=partitioners.by_name(TABLE))
    table = (scope / "embed").get_variable("table", (16, 16), "bfloat16")
    orthogonal = sj.initializers.orthogonal
    x = x @ scope.get_variable("mix", (16, 16), initializer=orthogonal)

    def layer(x, scope):
        ones = jax.nn.initializers.ones
        scale = scope.get_variable("scale", (16,), initializer=ones)
        y = jnp.tanh(x @ scope.get_variable("w", (16, 16)))
        return x + y * jnp.expand_dims(scale, 0), None

    x = jax.lax.scan(layer, x, (scope / "layers").stack(4))[0]
    return jnp.mean((x @ table.astype("float32") - 1) ** 2)


NET = sj.transform(model)
MANIFEST = NET.manifest(X)


@pytest.fixture(autouse=True)
def _as_optax_computes():
    """Optax promotes dtypes and ranks."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def params_on(mesh):
    """The variables, on a mesh."""
    return NET.init(jax.random.key(0), X, mesh=mesh)


def placed(state, mesh):
    """What the guide to scaling does with an optimizer's new state."""
    whole = NamedSharding(mesh, P())
    places = jax.tree.map(lambda x: x.sharding if x.committed else whole, state)
    return jax.device_put(state, places)


def places(tree):
    """The sharding of each array."""
    return jax.tree.map(lambda array: array.sharding, tree)


def training(tx, mesh):
    """`(step, params, state)` on a mesh; the step keeps what is where it is."""
    params = params_on(mesh)
    state = placed(tx.init(params), mesh)

    def step(params, state):
        loss, grads = jax.value_and_grad(NET.apply)(params, X)
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    return jax.jit(step, out_shardings=(*places((params, state)), None)), params, state


def require_as(tree, shardings):
    """Each array lies as the sharding in its place says."""

    def require(array, sharding):
        assert array.sharding.is_equivalent_to(sharding, array.ndim)

    jax.tree.map(require, tree, shardings)


# The optimizer's state


@pytest.mark.parametrize("sizes", MESHES, ids=str)
def test_adams_moments_lie_as_their_parameters(sizes):
    """Each leaf of mu and nu has its parameter's sharding, before and after steps."""
    mesh = mesh_of(*sizes)
    shardings = MANIFEST.shardings(mesh)
    step, params, state = training(optax.adam(1e-2), mesh)
    for _ in range(2):
        adam = state[0]
        require_as((params, adam.mu, adam.nu), (shardings, shardings, shardings))
        assert adam.count.sharding.is_fully_replicated
        assert adam.mu["layers"]["w"].addressable_shards[0].data.size < 4 * 16 * 16
        params, state, _ = step(params, state)


def test_moments_by_a_tree_of_shardings():
    """So they do where optax is asked which of its leaves belong to which parameter."""
    mesh, tx = mesh_of(4, 2), optax.adam(1e-2)
    shardings = MANIFEST.shardings(mesh)
    of_state = optax.tree_map_params(
        tx,
        lambda _, sharding: sharding,
        jax.eval_shape(tx.init, MANIFEST.shapes()),
        shardings,
        transform_non_params=lambda _: NamedSharding(mesh, P()),
    )
    state = jax.jit(tx.init, out_shardings=of_state)(params_on(mesh))
    require_as((state[0].mu, state[0].nu), (shardings, shardings))


def test_moments_under_explicit_axes():
    """With explicit axes jit knows by their types how they are to lie."""
    mesh = mesh_of(4, 2, kind=AxisType.Explicit)
    params = MANIFEST.initialize(jax.random.key(0), mesh=mesh)
    with jax.set_mesh(mesh):
        adam = jax.jit(optax.adam(1e-2).init)(params)[0]
    require_as((adam.mu, adam.nu), (MANIFEST.shardings(mesh),) * 2)


OPTIMIZERS = {
    "a chain": optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(optax.linear_schedule(1e-2, 0, 10), mask=MANIFEST.mask("**/w")),
    ),
    "some frozen": optax.partition(
        {"train": optax.adam(1e-2), "freeze": optax.set_to_zero()},
        MANIFEST.labels({"embed/**": "freeze", "**": "train"}),
    ),
    "of other shapes": optax.adafactor(1e-2, min_dim_size_to_factor=8),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_states_of_any_optimizer(name):
    """Whatever the optimizer keeps is placed, and a step leaves it there."""
    mesh, tx = mesh_of(4, 2), OPTIMIZERS[name]
    step, params, state = training(tx, mesh)
    whole, of_state = name == "of other shapes", places(state)
    assert all(s.is_fully_replicated for s in jax.tree.leaves(of_state)) == whole
    params, state, _ = step(params, state)
    require_as((params, state), (MANIFEST.shardings(mesh), of_state))


@pytest.mark.parametrize("sizes", MESHES, ids=str)
def test_training_is_that_of_one_device(sizes):
    """Values after steps are those of one device, but for rounding."""
    tx = optax.adam(1e-2)

    def losses(mesh):
        step, params, state = training(tx, mesh)
        found = []
        for _ in range(4):
            params, state, loss = step(params, state)
            found.append(loss)
        return np.stack(found)

    alone = losses(mesh_of(1, 1))
    assert alone[-1] < 0.9 * alone[0]
    assert_close(losses(mesh_of(*sizes)), alone)


# Checkpoints


@pytest.fixture(params=["step_1", "net.safetensors", "net.ckpt-1"])
def path(request, tmp_path):
    """A path of each format."""
    return tmp_path / request.param


@pytest.mark.parametrize("sizes", [(2, 4), (2, 2, 2), (1, 1)], ids=str)
def test_what_one_mesh_saves_another_loads(path, sizes):
    """In each format, bit for bit, and each device is given its part alone."""
    params, shapes = params_on(mesh_of(4, 2)), MANIFEST.shapes(mesh_of(*sizes))
    checkpoints.save(path, params)
    loaded = checkpoints.load(path, shapes)
    assert all_bits(loaded) == all_bits(params)
    jax.tree.map(
        lambda a, like: same_sharding(a.sharding, like.sharding), loaded, shapes
    )
    part = loaded["layers"]["w"].addressable_shards[0].data.shape
    assert part == (4, 16 // sizes[0], 16 // sizes[1])


def same_sharding(found, wanted):
    assert found == wanted


def test_what_is_sharded_is_loaded_whole(path):
    """Without a target, or by a manifest, arrays come whole to one device."""
    params = params_on(mesh_of(4, 2))
    checkpoints.save(path, params)
    for target in (None, MANIFEST):
        loaded = checkpoints.load(path, target)
        assert all_bits(loaded) == all_bits(params)
        assert all(len(leaf.devices()) == 1 for leaf in jax.tree.leaves(loaded))


def test_given_from_a_checkpoint_goes_to_the_mesh(path):
    """What was loaded whole is split as init is given it; the rest is made."""
    checkpoints.save(path, params_on(mesh_of(4, 2)))
    given = checkpoints.load(path, select="layers/**")
    mesh = mesh_of(2, 4)
    params = NET.init(jax.random.key(0), X, given=given, mesh=mesh)
    assert all_bits(params) == all_bits(params_on(mesh))
    require_as(params, MANIFEST.shardings(mesh))


def test_training_goes_on_on_another_mesh(tmp_path):
    """Params and the optimizer's state, by orbax itself, onto another mesh."""
    tx, old, new = optax.adam(1e-2), mesh_of(4, 2), mesh_of(2, 4)
    step, params, state = training(tx, old)
    params, state, _ = step(params, state)
    folder = tmp_path.absolute() / "1"
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder, {"params": params, "opt": state})
    fresh = training(tx, new)[1:]
    target = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding),
        dict(zip(("params", "opt"), fresh, strict=True)),
    )
    with ocp.StandardCheckpointer() as checkpointer:
        train = checkpointer.restore(folder, target)
    assert all_bits((train["params"], train["opt"])) == all_bits((params, state))
    require_as((train["params"], train["opt"]), places(fresh))
    on_old = step(params, state)[2]
    on_new = training(tx, new)[0](train["params"], train["opt"])[2]
    assert_close(on_new, on_old)
