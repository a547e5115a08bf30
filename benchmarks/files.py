"""Time and memory of saving and loading 1 GB: ``python -m benchmarks.files``.

Each figure comes from a fresh process, the contestants in turns. The arrays are those
of a transformer: many small ones, some of tens of megabytes. Memory is what the process
holds at most, beyond what it held before: of its own, and not what it maps from a file.
Loading is from the page cache: it is the program that is measured, not the disk. Saving
with safetensors alone leaves the numbers there, too; scopejax waits until the disk has
them, as "safetensors, kept" does.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .peaks import peak

_WIDTH, _LAYERS = 1536, 9  # 1.02 GB of float32
_LIMIT = 300  # seconds for one figure, with all that comes before
_PAGES = 1e6  # bytes that a process takes for this and that
_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


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
    """Numbers that no format can press together."""
    rng = np.random.default_rng(0)
    return {k: rng.random(v, np.float32) for k, v in shapes().items()}


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


def _scopejax(
    suffix: str, library: str
) -> dict[str, Callable[[Path], Callable[[], Any]]]:
    """Those of scopejax in the format that `suffix` means, which `library` is for."""

    def save(folder: Path) -> Callable[[], Any]:
        from scopejax import checkpoints, from_flat

        importlib.import_module(library)
        tree = from_flat(_on_device())
        return lambda: checkpoints.save(folder / f"new{suffix}", tree)

    def load(folder: Path) -> Callable[[], Any]:
        from scopejax import checkpoints

        importlib.import_module(library)
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


def _kept_save(folder: Path) -> Callable[[], Any]:
    save = _plain_save(folder)

    def save_and_wait() -> None:
        save()
        with (folder / "new.safetensors").open("rb+") as file:
            os.fsync(file.fileno())

    return save_and_wait


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

    here = jax.sharding.SingleDeviceSharding(jax.devices()[0])  # else NumPy's arrays
    wanted = from_flat(
        {
            name: jax.ShapeDtypeStruct(shape, np.float32, sharding=here)  # type: ignore[no-untyped-call]
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
    "safetensors, kept": {"save": _kept_save},
    "scopejax safetensors": _scopejax(".safetensors", "safetensors"),
    "numpy npz": {"save": _numpy_save, "load": _numpy_load},
    "orbax": {"save": _orbax_save, "load": _orbax_load},
    "scopejax orbax": _scopejax("", "orbax.checkpoint"),
    "tensorflow": {"load": _tensorflow_load},
    "scopejax tf1": _scopejax(".ckpt", "google_crc32c"),
}


def _worker(name: str, what: str, folder: Path) -> None:
    work = CONTESTANTS[name][what](folder)
    _warm_up()
    gc.disable()
    with peak(0.002) as held:
        start = time.perf_counter()
        kept = work()
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "bytes": held()}))
    del kept


def _warm_up() -> None:
    """Takes memory and gives it back: a virtual machine has to fetch it at first."""
    np.ones(3 << 27)  # 3 GB


def _prepare(folder: Path) -> None:
    """The files to load."""
    from scopejax import checkpoints, from_flat

    arrays = _arrays()
    for suffix in (".safetensors", "", ".ckpt"):
        checkpoints.save(folder / f"params{suffix}", from_flat(arrays))
    np.savez(folder / "params.npz", **arrays)  # type: ignore[arg-type]


def _measure(python: str, name: str, what: str, folder: Path) -> dict[str, float]:
    """What a worker prints.

    Raises:
      RuntimeError: it failed, or has not ended in time.
    """
    _remove_new(folder)
    program = ["-m", "benchmarks.files"] if python == sys.executable else [__file__]
    command = [python, *program, "--worker", name, what, "--folder", str(folder)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **_ENVIRONMENT},
            timeout=_LIMIT,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"{name}: {what} has not ended in {_LIMIT} s") from error
    if done.returncode:
        raise RuntimeError(f"{name}: {what} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _remove_new(folder: Path) -> None:
    """Nothing of one contestant is left to the next."""
    import shutil

    for path in folder.glob("new*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    os.sync()  # the disk rests


_HEAD = (
    "1.02 GB",
    "",
    "median",
    "min .. max",
    "to safetensors",
    "own memory at most",
    "to safetensors",
)
Figures = dict[tuple[str, str], list[dict[str, float]]]
"""("save" | "load", contestant) -> what its workers told."""


def _rows(figures: Figures) -> Iterator[tuple[str, ...]]:
    names = [*CONTESTANTS]
    for what, name in sorted(figures, key=lambda key: (key[0], names.index(key[1]))):
        rows = figures[what, name]
        times = [row["seconds"] for row in rows]
        yield (
            what,
            name,
            f"{statistics.median(times):.3f} s",
            f"{min(times):.3f} .. {max(times):.3f}",
            _ratio(figures, what, name, "seconds"),
            f"{_median(rows, 'bytes') / 1e9:.2f} GB",
            _ratio(figures, what, name, "bytes"),
        )


def _median(rows: list[dict[str, float]], field: str) -> float:
    return statistics.median(row[field] for row in rows)


def _ratio(figures: Figures, what: str, name: str, field: str) -> str:
    """To the plain library; none where that takes next to nothing."""
    plain = _median(figures[what, "safetensors"], field)
    small = field == "bytes" and plain < _PAGES
    return "" if small else f"{_median(figures[what, name], field) / plain:.2f}"


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
    from .report import table

    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        _prepare(Path(folder))
        figures = _figures(args.repeats, args.tensorflow, Path(folder))
    print(table([_HEAD, *_rows(figures)]))


def _figures(repeats: int, tensorflow: str | None, folder: Path) -> Figures:
    """All figures, in turns; tells on stderr how far it is."""
    from .rounds import rotated

    found: Figures = {}
    for turn in range(repeats):
        for what in ("save", "load"):
            for name in rotated([*CONTESTANTS], turn):
                python = tensorflow if name == "tensorflow" else sys.executable
                if what in CONTESTANTS[name] and python:
                    row = _measure(python, name, what, folder)
                    found.setdefault((what, name), []).append(row)
                    note = f"{turn + 1}/{repeats} {what} {name} {row['seconds']:.3f}"
                    print(note, file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
