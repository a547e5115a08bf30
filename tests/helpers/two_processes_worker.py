"""One of two processes: what is refused there, and what is loaded without a target.

``python -m tests.helpers.two_processes_worker PROCESS PORT FOLDER`` writes what it was
told.
"""

import faulthandler
import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

import scopejax as sj
from scopejax import checkpoints


def model(scope):
    """One variable that is split."""
    scope = scope.with_options(partitioner=sj.partitioners.largest_axis("data"))
    return (scope / "head").get_variable("w", (8, 2))


def told(call):
    """The name that an error carries, and its text."""
    try:
        return repr(call())
    except sj.ScopeError as error:
        return [type(error).__name__, error.name, str(error)]


def main(process, port, folder):
    """Writes the answers of this process."""
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", 2)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, process)

    def mesh_of(devices):
        return Mesh(np.array(devices), ("data",), axis_types=(AxisType.Auto,))

    mesh, net, key = mesh_of(jax.devices()), sj.transform(model), jax.random.key(0)
    params = net.init(key, mesh=mesh)
    whole = jax.jit(jnp.negative, out_shardings=NamedSharding(mesh, PartitionSpec()))
    copies = {"w": whole(params["head"]["w"])}
    mine = {"head": {"b": jnp.ones(2), **params["head"]}}
    asarray = {"head": {"b": np.ones(2, np.float32), **params["head"]}}
    bfloat16 = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(
            leaf.shape, "bfloat16", sharding=leaf.sharding
        ),
        params,
    )
    own = folder / f"{process}.safetensors"
    answers = {
        "file": told(lambda: checkpoints.save(own, params)),
        "file in the background": told(lambda: checkpoints.save_async(own, params)),
        "copies": told(lambda: checkpoints.save(own, copies)),
        "mine": told(lambda: checkpoints.save(folder / "mine", mine)),
        "numpy": told(lambda: checkpoints.save(folder / "numpy", asarray)),
        "again": told(lambda: checkpoints.save(folder / "numpy", asarray)),
        "other": told(lambda: net.init(key, mesh=mesh_of(jax.devices()[:2]))),
        "back": checkpoints.save_async(folder / "back", params).result(),
    }
    cast = checkpoints.load(folder / "back", bfloat16, cast=True)["head"]["w"]
    loaded = checkpoints.load(folder / "back")["head"]["w"]
    answers["loaded"] = np.asarray(loaded).tolist()
    answers["cast"] = str(cast.dtype), cast.sharding == params["head"]["w"].sharding
    (folder / f"{process}.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    faulthandler.dump_traceback_later(60, exit=True)
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
