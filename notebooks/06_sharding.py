# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: jupytext,kernelspec,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sharding
#
# One model on eight devices. At the end you will have
#
# - a classifier of handwritten digits whose parameters are split over eight devices,
# - a picture of which device holds which part, and of the memory that this saves,
# - proof that the numbers are those of one device, bit for bit,
# - a training step whose batch, parameters and optimizer state are all split,
# - the trained parameters on another mesh, from a file.
#
# You should have met `scopejax.transform`, as in the first notebook. The eight devices
# are threads of this processor; on eight accelerators the same cells run as they are.

# %%
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import scopejax as sj
from scopejax import partitioners

jax.config.update("jax_num_cpu_devices", 8)
jax.devices()

# %% [markdown]
# The data are 1797 digits of 8 x 8 pixels. We hold 517 of them back, so that 1280 are
# left, which eight devices can share.

# %%
images, digits = load_digits(return_X_y=True)
images = np.float32(images / 16)
train_images, test_images, train_digits, test_digits = train_test_split(
    images, digits, test_size=517, stratify=digits, random_state=0
)
train_images.shape

# %% [markdown]
# ## 1. A model names its axes
#
# The model does not know of devices. It says what its axes *mean*, by names of our own.


# %%
def dense(scope, x, features, axes):
    kernel = scope.get_variable("kernel", (x.shape[-1], features), axes=axes)
    bias = scope.get_variable(
        "bias", (features,), initializer=jax.nn.initializers.zeros, axes=axes[1:]
    )
    return x @ kernel + bias


def classifier(scope, images):
    x = jax.nn.relu(dense(scope / "first", images, 512, ("pixel", "hidden")))
    x = jax.nn.relu(dense(scope / "second", x, 512, ("embed", "hidden")))
    return dense(scope / "output", x, 10, ("embed", "digit"))


# %% [markdown]
# ## 2. A mesh, and rules
#
# Devices stand in a mesh, a grid whose axes have names too. A **partitioner** brings
# the two together. This one is a table from the names of a model's axes to those of a
# mesh. It hangs on the root scope, so that it holds for all below.


# %%
def mesh_of(*sizes):
    """The first devices as a grid of these sizes."""
    devices = jax.devices()[: np.prod(sizes)]
    kinds = (AxisType.Auto,) * 2
    return jax.make_mesh(sizes, ("data", "model"), kinds, devices=devices)


mesh = mesh_of(2, 4)
rules = partitioners.by_axes(
    {"pixel": None, "embed": "data", "hidden": "model", "digit": None}
)


def sharded(scope, images):
    return classifier(scope.with_options(partitioner=rules), images)


net = sj.transform(sharded)
manifest = net.manifest(train_images)
manifest

# %% [markdown]
# Nothing was computed so far, and yet it is known where each part will lie.

# %%
for name, sharding in sj.to_flat(manifest.shardings(mesh)).items():
    print(f"{name:<14} {tuple(sharding.spec)}")

# %% [markdown]
# ## 3. Split from birth
#
# `init` makes each variable in its parts. No device ever holds more than its own, also
# not for a moment: each draws its part from the variable's key, and nothing is sent.

# %%
key = jax.random.key(0)
params = net.init(key, train_images, mesh=mesh)


def draw(axis, array):
    """A box for each part of a matrix, with the devices that hold it."""
    held = {}
    for device, index in array.sharding.devices_indices_map(array.shape).items():
        part = tuple(s.indices(n)[:2] for s, n in zip(index, array.shape, strict=True))
        held.setdefault(part, []).append(device.id)
    for ((top, bottom), (left, right)), devices in held.items():
        size = right - left, bottom - top
        colour = plt.cm.tab10(devices[0])
        axis.add_patch(plt.Rectangle((left, top), *size, fc=colour, ec="white"))
        middle = (left + right) / 2, (top + bottom) / 2
        text = ", ".join(map(str, devices))
        axis.text(*middle, text, ha="center", va="center", color="white")
    axis.set(xlim=(0, array.shape[1]), ylim=(array.shape[0], 0), xticks=[], yticks=[])


fig, axes = plt.subplots(1, 3, figsize=(8, 2.6), layout="constrained")
for axis, name in zip(axes, ("first", "second", "output"), strict=True):
    kernel = params[name]["kernel"]
    draw(axis, kernel)
    axis.set_title(f"{name}/kernel {kernel.shape}", fontsize=10)
plt.show()

# %% [markdown]
# The first kernel is split four ways, so that devices 0 and 4 hold the same quarter.
# The second is split both ways, and each device has an eighth of its own.
#
# **The numbers are those of one device**, bit for bit. A value depends on the key, the
# variable's name, shape, dtype and initializer, and on no mesh.

# %%
alone = sj.transform(classifier).init(key, train_images)
equal = jax.tree.map(lambda one, two: bool(jnp.array_equal(one, two)), alone, params)
print("on one device:", jax.tree.leaves(alone)[0].sharding)
print("equal:", equal)

# %% [markdown]
# ## 4. Training is JAX's own
#
# Parameters that lie somewhere are all that `jax.jit` needs: it computes where they
# are, and sends what has to be sent. The batch is split over `data`. Adam's moments are
# made like the parameters, part by part: call `optimizer.init` plainly, since within
# `jax.jit` zeros depend on nothing, and would be whole on each device.

# %%
batch = NamedSharding(mesh, P("data"))
x, y = jax.device_put((train_images, train_digits), batch)
optimizer = optax.adam(3e-3)


def loss(params, x, y):
    scores = net.apply(params, x)
    return optax.softmax_cross_entropy_with_integer_labels(scores, y).mean()


@jax.jit
def step(params, state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, state = optimizer.update(grads, state, params)
    return optax.apply_updates(params, updates), state, value


trained, state = params, optimizer.init(params)
print("Adam's first moment:", tuple(state[0].mu["second"]["kernel"].sharding.spec))

losses = []
for _ in range(60):
    trained, state, value = step(trained, state, x, y)
    losses.append(float(value))

right = np.mean(net.apply(trained, test_images).argmax(-1) == test_digits)
print(
    f"loss {losses[0]:.2f} -> {losses[-1]:.3f}, right on held-out digits: {right:.1%}"
)

# %% [markdown]
# ## 5. What it saves
#
# How many bytes of parameters and Adam's state are on each device, and how many would
# it be if each had everything? The third partitioner needs no names of axes: `fsdp`
# splits the longest axis of whatever is large. The model stays as it is.


# %%
def bytes_on_devices(tree):
    total = dict.fromkeys(range(8), 0)
    for array in jax.tree.leaves(tree):
        for shard in array.addressable_shards:
            total[shard.device.id] += shard.data.nbytes
    return np.array(list(total.values()))


def with_partitioner(partitioner):
    def model(scope, images):
        return classifier(scope.with_options(partitioner=partitioner), images)

    params = sj.transform(model).init(key, train_images, mesh=mesh)
    return params, optimizer.init(params)


split = {
    "whole on each": with_partitioner(partitioners.replicated),
    "by_axes": (trained, state),
    "fsdp": with_partitioner(partitioners.fsdp(("data", "model"), min_size=1000)),
}
fig, axis = plt.subplots(figsize=(7, 2.6), layout="constrained")
for i, label in enumerate(split):
    height = bytes_on_devices(split[label]) / 2**20
    axis.bar(np.arange(8) + 0.27 * (i - 1), height, 0.25, label=label)
axis.legend(loc="upper center", ncols=3)
axis.set(xlabel="device", ylabel="MiB", ylim=(0, 4.5))
axis.set_title("parameters and Adam's state", fontsize=10)
plt.show()

# %% [markdown]
# ## 6. Another mesh
#
# A file knows nothing of devices. `manifest.shapes` says where each variable is to
# lie, here on a mesh of four, and `load` puts it there. A checkpoint of orbax, a
# directory, is read in parts as well, by each process its own.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "digits.safetensors")
    sj.checkpoints.save(path, trained)
    moved = sj.checkpoints.load(path, manifest.shapes(mesh_of(4, 1)))

before, after = (tree["second"]["kernel"] for tree in (trained, moved))
print(len(after.sharding.device_set), "devices,", tuple(after.sharding.spec))
print("equal:", np.array_equal(before, after))

# %% [markdown]
# ## 7. What cannot be split
#
# JAX splits evenly or not at all. The error names the variable, its line and a way out.

# %%
try:
    net.init(key, train_images, mesh=mesh_of(1, 3))
except sj.InvalidArgumentError as error:
    print(error)

# %% [markdown]
# ## Where to go
#
# `docs/scaling.md` has the other partitioners, variables in the memory of the host,
# many processes, and the arithmetic for a model of a hundred billion parameters.
