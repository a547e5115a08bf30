"""Transforms that change nothing: jit, checkpoint, vmap, shard_map."""

import jax
from jax import lax
from jax.sharding import AxisType, PartitionSpec

from .blocks import block


def jit_by_argument(scope, x, f=block):
    return jax.jit(f)(scope / "h", x)


def jit_by_closure(scope, x, f=block):
    return jax.jit(lambda x: f(scope / "h", x))(x)


def checkpoint_by_argument(scope, x, f=block):
    return jax.checkpoint(f)(scope / "h", x)


def checkpoint_by_closure(scope, x, f=block):
    return jax.checkpoint(lambda x: f(scope / "h", x))(x)


def vmap_by_argument(scope, x):
    return jax.vmap(block, in_axes=(None, 0))(scope / "h", x)


def vmap_by_closure(scope, x):
    return jax.vmap(lambda x: block(scope / "h", x))(x)


def lax_map(scope, x):
    return lax.map(lambda x: block(scope / "h", x), x)


def shard_map_by_closure(scope, x, by_argument=False):
    mesh = jax.make_mesh((2,), ("batch",), axis_types=(AxisType.Auto,))
    rows, whole = PartitionSpec("batch"), PartitionSpec()
    if by_argument:
        f = jax.shard_map(block, mesh=mesh, in_specs=(whole, rows), out_specs=rows)
        return f(scope / "h", x)
    f = jax.shard_map(
        lambda x: block(scope / "h", x), mesh=mesh, in_specs=rows, out_specs=rows
    )
    return f(x)


def custom_jvp(scope, x):
    @jax.custom_jvp
    def double(x):
        return 2.0 * x

    double.defjvps(lambda t, out, x: 2.0 * t)
    return double(block(scope / "h", x))


def custom_vjp(scope, x):
    """The scope is an argument, since JAX lets no such function close over params."""

    @jax.custom_vjp
    def f(scope, x):
        return block(scope, x)

    f.defvjp(lambda scope, x: jax.vjp(block, scope, x), lambda pull, g: pull(g))
    return 2.0 * f(scope / "h", x)


def doubled(scope, x):
    return 2.0 * block(scope / "h", x)
