"""A mesh in force: what manifests, models and `init` take from it."""

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import AxisType, Mesh
from jax.sharding import PartitionSpec as P

import scopejax as sj

from ..helpers.meshes import mesh_of


def always(*entries):
    """A partitioner that answers this `PartitionSpec`."""
    return lambda shape, dtype: P(*entries)


@pytest.mark.smoke
@pytest.mark.parametrize("kind", [AxisType.Auto, AxisType.Explicit])
def test_the_mesh_in_force_is_the_default(kind):
    """Within `jax.set_mesh` shapes and shardings are those of that mesh."""
    net = sj.transform(
        lambda scope: scope.get_variable("w", (8,), partitioner=always("data"))
    )
    mesh = mesh_of(8, kind=kind)
    manifest = net.manifest()
    with jax.set_mesh(mesh):
        shapes, shardings = manifest.shapes(), manifest.shardings()
    assert shapes["w"].sharding == shardings["w"] == manifest.shardings(mesh)["w"]
    assert isinstance(shardings["w"].mesh, Mesh)


def test_explicit_axes_are_part_of_a_models_types(key):
    """While recorded, a placeholder is split as the variable will be."""
    seen = []

    def model(scope):
        w = scope.get_variable("w", (8, 4), partitioner=always("data", "model"))
        seen.append(jax.typeof(w).sharding.spec)
        return w

    net = sj.transform(model)
    mesh = mesh_of(4, 2, kind=AxisType.Explicit)
    params = net.init(key, mesh=mesh)
    with jax.set_mesh(mesh):
        jax.jit(net.apply)(params)
    assert seen == [P("data", "model")] * 2


def test_init_sets_the_mesh_that_it_is_given(key):
    """A model that names mesh axes is recorded, though no mesh was set."""

    def model(scope, x):
        x = jax.lax.with_sharding_constraint(x, P("data"))
        return x * scope.get_variable("w", (8,), partitioner=always("data"))

    net, mesh = sj.transform(model), mesh_of(8)
    params = net.init(key, jnp.ones(8), mesh=mesh)
    assert params["w"].sharding.spec == P("data")
    assert jax.sharding.get_abstract_mesh().empty
