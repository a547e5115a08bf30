"""Changes the bundles that TensorFlow wrote, at random, and reads them.

python -m tests.helpers.fuzz_bundle --runs 100000 --seed 0

Whatever is changed, reading ends in a `CheckpointError`, or the arrays are made of just
those bytes of the files that the index names, and equal to the original ones where
neither was touched. Where no checksum was mended, every array is the original one. No
run takes much more memory than the files, or long.
"""

import argparse
import random
import tempfile
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scopejax._base.errors import CheckpointError
from scopejax.checkpoints._tensorflow import Bundle
from scopejax.checkpoints._tensorflow.index import Stored

from .bundle_changes import MENDED, RAW
from .bundles import EXPECTED, Files, compressed, files

MOST_MEMORY = 100  # times the size of the files, and
MEMORY = 4 << 20  # bytes, for what Python keeps of strings
SECONDS = 30.0  # far more than any run takes
REFUSED = "refused when it was opened"


class Original(NamedTuple):
    """A bundle as TensorFlow wrote it, and what is read from it."""

    files: Files
    stored: dict[str, Stored]
    arrays: dict[str, np.ndarray]


def originals(folder):
    """All bundles of the test data."""
    found = []
    for i, name in enumerate(EXPECTED):
        whole = files(name)
        with Bundle(whole.save(folder / f"original-{i}")) as bundle:
            arrays = dict(readable(bundle))
            found.append(Original(whole, dict(bundle._stored), arrays))
    return found


def readable(bundle):
    """Name and array of each tensor that can be read."""
    for name in bundle.tensors:
        try:
            yield name, bundle.read(name)
        except CheckpointError:
            continue


def run(rng, originals, prefix, measured):
    """One changed bundle, and what became of it; `measured`: as to memory too."""
    original = rng.choice(originals)
    change = rng.choice(RAW if rng.random() < 0.25 else MENDED)
    changed = change(rng, original.files)
    changed.save(prefix)
    start = time.perf_counter()
    outcome = judged(original, changed, prefix, change in RAW)
    assert time.perf_counter() - start < SECONDS
    if measured:
        most = MOST_MEMORY * changed.size + MEMORY
        # Whatever else goes on in the process, such as collecting, is in one of them.
        peaks = [peak_of(original, changed, prefix, change in RAW) for _ in range(3)]
        assert min(peaks) <= most, (peaks, changed.size)
    return change.__name__, outcome


def peak_of(*bundle):
    """How much memory `judged` takes, in bytes."""
    tracemalloc.start()
    try:
        judged(*bundle)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def judged(original, changed, prefix, raw):
    """What became of a changed bundle; raises where it is read wrongly."""
    try:
        bundle = Bundle(prefix)
    except CheckpointError:
        return REFUSED
    with bundle:
        arrays = dict(readable(bundle))
        for name, array in arrays.items():
            require_true(bundle, name, array, changed)
            known = bundle._stored[name] == original.stored.get(name)
            if raw or (known and changed.shards == original.files.shards):
                require_equal(array, original.arrays[name])
        if len(arrays) < len(bundle.tensors):
            return "some tensors refused, the others read"
        same = bundle._stored == original.stored
    return "read as it was" if same else "read as it is now"


def require_true(bundle, name, array, files):
    """The array is what the index says, made of the bytes that it names."""
    tensor = bundle.tensors[name]
    assert (array.shape, array.dtype.name) == (tensor.shape, tensor.dtype)
    assert array.nbytes == tensor.nbytes
    assert not array.flags.writeable
    seen = np.zeros(array.shape, np.int8)
    for where, entry in bundle._stored[name].pieces:
        data = files.shards[entry.shard][entry.offset : entry.offset + entry.size]
        assert np.ascontiguousarray(array[where]).tobytes() == data
        seen[where] += 1
    assert (seen == 1).all()


def require_equal(array, other):
    """Both are the same, bit for bit."""
    assert (array.shape, array.dtype) == (other.shape, other.dtype)
    assert array.tobytes() == other.tobytes()


def require_unchanged(original, prefix):
    """In compressed blocks a bundle is the same."""
    index = compressed(original.files.index)
    again = original.files._replace(index=index)
    again.save(prefix)
    assert judged(original, again, prefix, raw=True) != REFUSED


def fuzz(runs, seed, measure_each=1):
    """How often which change had which outcome, in `runs` runs."""
    counts = Counter()
    with tempfile.TemporaryDirectory() as folder:
        known = originals(Path(folder))
        for original in known:  # this imports what runs shall not count
            require_unchanged(original, Path(folder, "changed"))
        for i in range(runs):
            for left in Path(folder).glob("changed*"):
                left.unlink()
            rng, prefix = random.Random(f"{seed} {i}"), Path(folder, "changed")
            try:
                counts[run(rng, known, prefix, i % measure_each == 0)] += 1
            except BaseException as error:
                error.add_note(f"run {i} of seed {seed}")
                raise
    return counts


def main():
    """The table of outcomes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts = fuzz(options.runs, options.seed)
    for (change, outcome), count in sorted(counts.items()):
        print(f"{change:<16} {outcome:<40} {count:>8,}")
    print(f"{'all':<57} {counts.total():>8,}")


if __name__ == "__main__":
    main()
