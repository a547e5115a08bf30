"""Writes the checkpoints of this folder with TensorFlow, and what it reads from them.

python make_tf1_checkpoints.py

Run with TensorFlow 2.21.0 on Python 3.11. It writes the folder of this file and nothing
else. The tests never import TensorFlow: they read what lies here.
"""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import ml_dtypes
import numpy as np
import tensorflow

tf = tensorflow.compat.v1
tf.disable_eager_execution()
tf.disable_resource_variables()

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(0)


def save(prefix, items):
    """Writes `(name, shape and slice, value)` with the op that `Saver` uses."""
    names, slices, values = zip(*items, strict=True)
    prefix.parent.mkdir(exist_ok=True)
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = [
            value() if callable(value) else tf.constant(value) for value in values
        ]
        op = tensorflow.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=names,
            shape_and_slices=slices,
            tensors=tensors,
        )
        session.run(op)


def read(prefix):
    """Name -> dtype, shape and hash of the bytes, as TensorFlow reads them."""
    reader = tensorflow.train.load_checkpoint(str(prefix))
    dtypes = reader.get_variable_to_dtype_map()
    found = {}
    for name, shape in sorted(reader.get_variable_to_shape_map().items()):
        entry = {"dtype": dtypes[name].name, "shape": shape}
        if dtypes[name] not in (tf.string, tf.variant, tf.qint8):
            data = reader.get_tensor(name)
            data = np.asarray(data)
            entry["sha256"] = hashlib.sha256(data.tobytes()).hexdigest()
        found[name] = entry
    return found


# Every dtype, scalars, nothing at all, names of all kinds.


def numpy_dtypes():
    """Name -> dtype, of those that both TensorFlow and ml_dtypes have."""
    names = """float16 float32 float64 bfloat16 float8_e5m2 float8_e4m3fn
    float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2fnuz float4_e2m1fn int2 uint2 int4
    uint4 int8 int16 int32 int64 uint8 uint16 uint32 uint64 complex64 complex128"""
    for name in names.split():
        yield name, np.dtype(getattr(ml_dtypes, name, None) or getattr(np, name))


NO_SCALARS = (
    "float8_e4m3fnuz",
    "float8_e4m3b11fnuz",
    "float8_e5m2fnuz",
    "float4_e2m1fn",
    "int2",
    "uint2",
)
"""TensorFlow makes no constants of them but from bytes."""


def any_dtype():
    """Tensors of every dtype."""
    for name, dtype in numpy_dtypes():
        low = -2 if name.startswith(("int", "float", "bfloat", "complex")) else 0
        values = RANDOM.integers(low, 2, (3, 5)).astype(dtype)
        yield f"matrix/{name}", "", values
        if name not in NO_SCALARS:
            yield f"scalar/{name}", "", values[1, 1]
    yield "matrix/bool", "", RANDOM.integers(0, 2, (2, 3)).astype(bool)
    yield "empty/vector", "", np.zeros((0,), np.float32)
    yield "empty/matrix", "", np.zeros((3, 0, 2), np.int64)
    yield "special", "", np.array([np.nan, -0.0, np.inf, 1e-45], np.float32)
    for name in ("ключ/重み", "a b:0", "a//b", "/a", "a/", "inner\0nul"):
        yield name, "", RANDOM.normal(size=(2,)).astype(np.float32)


def no_arrays():
    """Tensors that are no arrays of numbers, and one that is."""
    yield "plain", "", np.arange(3, dtype=np.float32)
    yield "quantized", "", lambda: tf.bitcast(tf.constant([1, 2], tf.int8), tf.qint8)
    yield "text", "", np.array(["a", "", "long" * 50], object)
    yield "variant", "", some_variant


def some_variant():
    """A tensor of an opaque kind."""
    return tensorflow.raw_ops.EmptyTensorList(
        element_shape=tf.constant([2]), max_num_elements=3, element_dtype=tf.float32
    )


# Partitioned variables.


def partitioned_model():
    """Variables cut along each of three axes, evenly and not."""
    cut = tf.fixed_size_partitioner
    by_size = tf.variable_axis_size_partitioner
    tf.get_variable("rows", [10, 3], partitioner=cut(3))
    tf.get_variable("columns", [3, 11], partitioner=by_size(16, axis=1))
    tf.get_variable("depth", [2, 3, 7], partitioner=cut(4, axis=2))
    tf.get_variable("vector", [5], partitioner=cut(5))
    tf.get_variable("whole", [4, 4], partitioner=cut(1))
    tf.get_variable(
        "counts", [9], tf.int64, partitioner=cut(2), initializer=tf.ones_initializer()
    )
    tf.get_variable("narrow", [6, 2], tf.bfloat16, partitioner=cut(4))
    tf.get_variable("plain", [4, 2])


def partitioned():
    """One shard, and slots that are cut as their variables; the folder was moved."""
    elsewhere = Path(tempfile.mkdtemp())
    with tf.Graph().as_default(), tf.Session() as session:
        partitioned_model()
        loss = tf.add_n([tf.reduce_sum(v**2) for v in variables(tf.float32)])
        tf.train.AdamOptimizer().minimize(loss)
        tf.set_random_seed(0)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(
            session, str(elsewhere / "model.ckpt"), write_meta_graph=False
        )
    shutil.move(elsewhere, fresh("partitioned", there=False))


def variables(dtype):
    """The trainable variables of a dtype."""
    return [v for v in tf.trainable_variables() if v.dtype.base_dtype == dtype]


def tiles():
    """Tensors cut along several axes at once, one of them like a pinwheel."""
    grid = RANDOM.normal(size=(5, 6)).astype(np.float32)
    pinwheel = RANDOM.integers(0, 99, (3, 3)).astype(np.int32)
    for name, whole, boxes in (
        ("grid", grid, [(0, 2, 0, 4), (0, 2, 4, 2), (2, 3, 0, 4), (2, 3, 4, 2)]),
        (
            "pinwheel",
            pinwheel,
            [(0, 1, 0, 2), (0, 2, 2, 1), (2, 1, 1, 2), (1, 2, 0, 1), (1, 1, 1, 1)],
        ),
    ):
        size = "{} {}".format(*whole.shape)
        for i, m, j, n in boxes:
            yield name, f"{size} {i},{m}:{j},{n}", whole[i : i + m, j : j + n]


def sharded():
    """Three shards, one for each device, with pieces of one variable on all."""
    devices = tf.ConfigProto(device_count={"CPU": 3})
    with tf.Graph().as_default(), tf.Session(config=devices) as session:

        def device(op, count=[0]):  # noqa: B006, it counts
            count[0] += op.type == "VariableV2"
            return f"/cpu:{count[0] % 3}"

        with tf.device(device):
            partitioned_model()
        session.run(tf.global_variables_initializer())
        tf.train.Saver(sharded=True, save_relative_paths=True).save(
            session, str(fresh("sharded") / "model.ckpt"), write_meta_graph=False
        )


# A training run.


def trained_model():
    """Two layers, trained by Adam in a scope and by momentum, with averages."""
    with tf.variable_scope("model"):
        x = tf.ones([4, 3])
        for layer, width in (("h0", 5), ("h1", 2)):
            with tf.variable_scope(layer):
                w = tf.get_variable("w", [x.shape[-1], width])
                b = tf.get_variable("b", [width], initializer=tf.zeros_initializer())
            x = tf.tanh(x @ w + b)
        tf.get_variable("moving_mean", [5], trainable=False)
    return tf.reduce_sum(x**2)


def training():
    """A few steps; a folder with the text file that names the newest checkpoint."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        loss = trained_model()
        step = tf.train.get_or_create_global_step()
        with tf.variable_scope("train"):
            adam = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step)
        momentum = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        average = tf.train.ExponentialMovingAverage(0.9)
        averages = average.apply(tf.trainable_variables())
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=1, save_relative_paths=True)
        folder = fresh("training")
        for _ in range(3):
            session.run([adam, momentum, averages])
        for _ in range(2):  # the second takes the place of the first
            saver.save(
                session, str(folder / "model.ckpt"), step, write_meta_graph=False
            )
            session.run(adam)


def version_1():
    """The format that came before bundles: one file."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("v", [3], initializer=tf.ones_initializer())
        session.run(tf.global_variables_initializer())
        for sharded, name in ((False, "version_1"), (True, "version_1_sharded")):
            saver = tf.train.Saver(
                write_version=tf.train.SaverDef.V1,
                sharded=sharded,
                save_relative_paths=True,
            )
            saver.save(session, str(fresh(name) / "model.ckpt"), write_meta_graph=False)


# Several blocks: hashes alone, for the files are long.


def many():
    """Names -> scalars, enough of them for an index of three blocks."""
    for i in range(24_000):
        yield f"stack/{i // 100:03d}/layer_{i % 100}/scale", "", np.float32(i)


def by_name(item):
    """In the order in which `Saver` writes."""
    return item[0].encode()


def hashes(prefix):
    """The SHA-256 of both files of a bundle, and their lengths."""
    files = (f"{prefix}.index", f"{prefix}.data-00000-of-00001")
    contents = [Path(file).read_bytes() for file in files]
    return [[len(data), hashlib.sha256(data).hexdigest()] for data in contents]


def fresh(name, there=True):
    """An empty folder, or none."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    if there:
        folder.mkdir()
    return folder


def write_json(name, value):
    """Writes `value`, a line for each of its entries."""
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
    (HERE / name).write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    save(fresh("dtypes") / "model.ckpt", sorted(any_dtype(), key=by_name))
    save(fresh("no_arrays") / "model.ckpt", list(no_arrays()))
    save(fresh("tiles") / "model.ckpt", list(tiles()))
    partitioned()
    sharded()
    training()
    version_1()
    prefixes = sorted(path.with_suffix("") for path in HERE.glob("*/*.index"))
    write_json(
        "expected.json",
        {str(prefix.relative_to(HERE)): read(prefix) for prefix in prefixes},
    )
    with tempfile.TemporaryDirectory() as scratch:
        save(Path(scratch) / "many", sorted(many(), key=by_name))
        write_json("many.json", {"files": hashes(Path(scratch) / "many")})
