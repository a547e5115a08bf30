"""One model on one mesh from two processes: ``python docs/examples/two_processes.py``.

What many hosts do, here on one machine: two processes of four CPU devices each make a
model whose variables are split over all eight devices, train it, and write checkpoints
together. Then one process does the same alone, and restores theirs onto another mesh.
"""

from __future__ import annotations

import argparse
import faulthandler
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import scopejax as sj

DEVICES, PROCESSES, STEPS = 8, 2, 5
TX, ORTHOGONAL = optax.adam(1e-2), sj.initializers.orthogonal
LARGEST = sj.partitioners.largest_axis("data")
TABLE = {"layers/kernel": P("data", "model"), "**/bias": P(), "**": LARGEST}
TOKENS = np.arange(8 * 9, dtype=np.int32).reshape(8, 9) ** 2 % 16
GIVEN = {"head": {"kernel": np.eye(32, 16, dtype=np.float32)}}


def layer(x: jax.Array, scope: sj.Scope) -> tuple[jax.Array, None]:
    """One of a stack."""
    y = sj.layers.dense(scope, sj.layers.layer_norm(scope / "norm", x), 32)
    return x + jax.nn.tanh(y), None


def model(scope: sj.Scope, tokens: jax.Array) -> jax.Array:
    """The loss of predicting each token from the one before it."""
    scope = scope.with_options(partitioner=sj.partitioners.by_name(TABLE))
    x = sj.layers.embedding(scope / "embed", tokens[:, :-1], 16, 32)
    x = x @ scope.get_variable("mix", (32, 32), initializer=ORTHOGONAL)
    x, _ = jax.lax.scan(layer, x, (scope / "layers").stack(4))
    logits = sj.layers.dense(scope / "head", x, 16)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, tokens[:, 1:])
    return losses.mean()


NET = sj.transform(model)
AUTO = (AxisType.Auto, AxisType.Auto)
mesh_of = partial(jax.make_mesh, axis_names=("data", "model"), axis_types=AUTO)


def train(mesh: Mesh) -> tuple[Any, Any, list[float]]:
    """Params as made and as trained, and losses; every process runs these lines."""
    manifest = NET.manifest(TOKENS)
    shardings, whole = manifest.shardings(mesh), NamedSharding(mesh, P())
    first = params = NET.init(jax.random.key(0), TOKENS, given=GIVEN, mesh=mesh)
    state = TX.init(params)  # Adam's moments lie as their parameters, its count nowhere
    places = jax.tree.map(lambda x: x.sharding if x.committed else whole, state)
    state = jax.device_put(state, places)

    def step(params: Any, state: Any, tokens: jax.Array) -> tuple[Any, Any, Any]:
        loss, grads = jax.value_and_grad(NET.apply)(params, tokens)
        updates, state = TX.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    jitted = jax.jit(step, out_shardings=(shardings, places, whole))
    rows, losses = NamedSharding(mesh, P("data")), []
    for _ in range(STEPS):  # each process brings the rows that its devices take
        tokens = jax.make_array_from_callback(TOKENS.shape, rows, TOKENS.__getitem__)
        params, state, loss = jitted(params, state, tokens)
        losses.append(float(loss))
    return first, params, losses


def work(process: int, port: int, folder: Path) -> None:
    """What each of the processes runs."""
    jax.config.update("jax_num_cpu_devices", DEVICES // PROCESSES)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", PROCESSES, process)
    first, params, _ = train(mesh_of((4, 2)))
    sj.checkpoints.save(folder / "init", first)
    sj.checkpoints.save(folder / "trained", params)


def start(folder: Path, limit: float) -> None:
    """Runs the processes; ends all of them if one fails, or the time is over."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, __file__, folder, f"--limit={limit}", "--worker"]
    end, workers = time.monotonic() + limit, list[subprocess.Popen[bytes]]()
    try:
        for i in range(PROCESSES):
            with (folder / f"process_{i}.log").open("wb") as log:
                own = [*command, f"{i}", f"{port}"]
                workers.append(subprocess.Popen(own, stdout=log, stderr=log))
            print(f"process {i} has the pid {workers[i].pid}", flush=True)
        while None in (codes := [worker.poll() for worker in workers]) or any(codes):
            for i, code in enumerate(codes):
                if code:
                    told = (folder / f"process_{i}.log").read_text(errors="replace")
                    sys.exit(f"{told[-2000:]}\nprocess {i} ended with {code}")
            if time.monotonic() > end:
                late = [i for i, code in enumerate(codes) if code is None]
                sys.exit(f"not ended within {limit:g} s: processes {late}")
            time.sleep(0.05)
    finally:
        for worker in workers:
            worker.kill()  # jax.distributed catches SIGTERM
            worker.wait()


def compare(folder: Path) -> None:
    """Does the same in one process, and compares."""
    jax.config.update("jax_num_cpu_devices", DEVICES)
    first, params, losses = train(mesh_of((4, 2)))
    for name, alone in (("init", first), ("trained", params)):
        shapes = NET.manifest(TOKENS).shapes(mesh_of((2, 4)))
        loaded = sj.checkpoints.load(folder / name, shapes)
        far = jax.tree.map(lambda a, b: np.abs(np.subtract(a, b)).max(), loaded, alone)
        print(f"{name}: both ways differ by {max(jax.tree.leaves(far)):.1e} at most")
    print("loss:", ", ".join(f"{loss:.4f}" for loss in losses))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="for the checkpoints")
    parser.add_argument("--limit", type=float, default=120, help="in seconds")
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    jax.config.update("jax_platforms", "cpu")
    if chosen.worker:
        faulthandler.dump_traceback_later(chosen.limit + 10, exit=True)  # come what may
        work(*chosen.worker, chosen.folder)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
        with tempfile.TemporaryDirectory() as scratch:
            start(chosen.folder or Path(scratch), chosen.limit)
            compare(chosen.folder or Path(scratch))
