"""Time and memory of saving and loading 1 GB: ``python -m benchmarks.files``.

Each figure comes from a fresh process, the contestants in turns. The arrays are those
of a transformer: many small ones, some of tens of megabytes. Memory is what the process
holds at most, beyond what it held before: of its own, and not what it maps from a file.
Loading is from the page cache: it is the program that is measured, not the disk.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

_WIDTH, _LAYERS = 1536, 9  # 1.02 GB of float32
Tree = dict[str, Any]


def shapes(width: int = _WIDTH, layers: int = _LAYERS) -> dict[str, tuple[int, ...]]:
    """Full name -> shape."""
    block = {
        "ln_1/g": (width,),
        "ln_1/b": (width,),
        "attn/qkv": (width, 3 * width),
        "attn/out": (width, width),
        "mlp/in": (width, 4 * width),
        "mlp/out": (4 * width, width),
    }
    return {f"h{i}/{k}": v for i in range(layers) for k, v in block.items()}


def _arrays() -> dict[str, np.ndarray]:
    return {k: np.full(v, 0.5, np.float32) for k, v in shapes().items()}


def _on_device() -> Any:
    import jax.numpy as jnp

    return _wait({name: jnp.array(array) for name, array in _arrays().items()})


def _wait(tree: Any) -> Any:
    import jax

    for leaf in jax.tree.leaves(tree):
        leaf.block_until_ready()
    return tree


# What is measured: (contestant, "save" | "load") -> what to do with a folder, in two
# steps, the first of which is not counted.


def _scopejax(suffix: str) -> dict[str, Callable[[Path], Callable[[], Any]]]:
    def save(folder: Path) -> Callable[[], Any]:
        from scopejax import checkpoints, from_flat

        tree = from_flat(_on_device())
        return lambda: checkpoints.save(folder / f"new{suffix}", tree)

    def load(folder: Path) -> Callable[[], Any]:
        from scopejax import checkpoints

        path = folder / f"params{suffix}"
        return lambda: _wait(checkpoints.load(path))

    return {"save": save, "load": load}


def _plain_save(folder: Path) -> Callable[[], Any]:
    from safetensors.flax import save_file

    arrays = _on_device()
    return lambda: save_file(arrays, folder / "new.safetensors")


def _plain_load(folder: Path) -> Callable[[], Any]:
    from safetensors.flax import load_file

    return lambda: _wait(load_file(folder / "params.safetensors"))


def _numpy_save(folder: Path) -> Callable[[], Any]:
    arrays = _on_device()
    return lambda: np.savez(folder / "new.npz", **arrays)


def _numpy_load(folder: Path) -> Callable[[], Any]:
    import jax.numpy as jnp

    def load() -> Any:
        with np.load(folder / "params.npz") as file:
            return _wait({name: jnp.array(file[name]) for name in file.files})

    return load


def _orbax_save(folder: Path) -> Callable[[], Any]:
    import orbax.checkpoint as ocp

    from scopejax import from_flat

    tree = from_flat(_on_device())

    def save() -> None:
        with ocp.StandardCheckpointer() as checkpointer:
            checkpointer.save(folder / "new", tree)

    return save


def _orbax_load(folder: Path) -> Callable[[], Any]:
    import jax
    import orbax.checkpoint as ocp

    from scopejax import from_flat

    wanted = from_flat(
        {
            name: jax.ShapeDtypeStruct(shape, np.float32)  # type: ignore[no-untyped-call]
            for name, shape in shapes().items()
        }
    )

    def load() -> Any:
        with ocp.StandardCheckpointer() as checkpointer:
            return _wait(checkpointer.restore(folder / "params", wanted))

    return load


def _tensorflow_load(folder: Path) -> Callable[[], Any]:
    tf = importlib.import_module("tensorflow")

    def load() -> Any:
        reader = tf.train.load_checkpoint(str(folder / "params.ckpt"))
        return [reader.get_tensor(k) for k in reader.get_variable_to_shape_map()]

    return load


CONTESTANTS: dict[str, dict[str, Callable[[Path], Callable[[], Any]]]] = {
    "safetensors": {"save": _plain_save, "load": _plain_load},
    "scopejax safetensors": _scopejax(".safetensors"),
    "numpy npz": {"save": _numpy_save, "load": _numpy_load},
    "orbax": {"save": _orbax_save, "load": _orbax_load},
    "scopejax orbax": _scopejax(""),
    "tensorflow": {"load": _tensorflow_load},
    "scopejax tf1": _scopejax(".ckpt"),
}


@contextmanager
def _peak() -> Iterator[Callable[[], int]]:
    """Gives a function that says how much more memory than now was held, in bytes."""
    done, seen = threading.Event(), [_anonymous()]
    before = seen[0]

    def watch() -> None:
        while not done.wait(0.002):
            seen.append(_anonymous())

    thread = threading.Thread(target=watch)
    thread.start()
    yield lambda: max(seen) - before
    done.set()
    thread.join()


def _anonymous() -> int:
    """Bytes of this process's own memory, without mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell RssAnon")


def _worker(name: str, what: str, folder: Path) -> None:
    work = CONTESTANTS[name][what](folder)
    with _peak() as peak:
        start = time.perf_counter()
        kept = work()
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "bytes": peak()}))
    del kept


def _prepare(folder: Path) -> None:
    """The files to load."""
    from scopejax import checkpoints, from_flat

    arrays = _arrays()
    for suffix in (".safetensors", "", ".ckpt"):
        checkpoints.save(folder / f"params{suffix}", from_flat(arrays))
    np.savez(folder / "params.npz", **arrays)  # type: ignore[arg-type]


def _measure(python: str, name: str, what: str, folder: Path) -> dict[str, float]:
    _remove_new(folder)
    command = [python, __file__, "--worker", name, what, "--folder", str(folder)]
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    if python == sys.executable:
        command[1:2] = ["-m", "benchmarks.files"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _remove_new(folder: Path) -> None:
    import shutil

    for path in folder.glob("new*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _table(figures: dict[tuple[str, str], list[dict[str, float]]]) -> str:
    lines = [
        "| 1.02 GB | | median | min .. max | to safetensors | own memory at most |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for (what, name), rows in sorted(figures.items(), key=lambda item: item[0][0]):
        times = [row["seconds"] for row in rows]
        plain = [row["seconds"] for row in figures[what, "safetensors"]]
        ratio = statistics.median(times) / statistics.median(plain)
        memory = statistics.median(row["bytes"] for row in rows) / 1e9
        lines.append(
            f"| {what} | {name} | {statistics.median(times):.3f} s |"
            f" {min(times):.3f} .. {max(times):.3f} | {ratio:.2f} | {memory:.2f} GB |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures all, or is one worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--tensorflow", metavar="PYTHON", help="an interpreter that has TensorFlow"
    )
    parser.add_argument("--folder", type=Path, help="where the files go")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        _worker(args.worker[0], args.worker[1], args.folder)
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        _prepare(Path(folder))
        print(_table(_figures(args.repeats, args.tensorflow, Path(folder))))


def _figures(
    repeats: int, tensorflow: str | None, folder: Path
) -> dict[tuple[str, str], list[dict[str, float]]]:
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(repeats):
        for what in ("save", "load"):
            for name, does in CONTESTANTS.items():
                python = tensorflow if name == "tensorflow" else sys.executable
                if what in does and python:
                    row = _measure(python, name, what, folder)
                    found.setdefault((what, name), []).append(row)
    return found


if __name__ == "__main__":
    main()
