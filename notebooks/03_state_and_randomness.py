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
# # State and randomness
#
# What changes while a model runs, and what differs from run to run, are values that go
# in and come out. At the end you will have
#
# - a classifier of handwritten digits with batch normalization and dropout,
# - a picture of its moving averages on their way to the true ones,
# - dropout masks and initial values that stay when you add a layer,
# - the error for a loop that would draw the same numbers at each step,
# - digits of which the classifier is unsure, and by how much.
#
# You should have met `scopejax.transform`, as in the first notebook.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.nn.initializers import ones, zeros
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import scopejax as sj

images, digits = load_digits(return_X_y=True)
images = np.float32(images / 16)  # 1797 digits, 64 pixels each, from 0 to 1
train_images, test_images, train_digits, test_digits = train_test_split(
    images, digits, test_size=500, stratify=digits, random_state=0
)
key = jax.random.key(0)
plt.rcParams["figure.dpi"] = 72


def draw(axis, pixels, title="", high=1.0):
    axis.imshow(pixels.reshape(8, 8), cmap="gray_r", vmin=0, vmax=high)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=10)


# %% [markdown]
# ## 1. State is what is not trainable
#
# This model counts the images that it has seen. A variable with `trainable=False` is
# state, and `assign` writes it. `transform_with_state` keeps the two kinds apart:
# `init` gives params and state, `apply` takes both and returns its output and the new
# state.
#
# Nothing is written into what you passed, so two calls never see each other. What the
# next call sees is what you pass on. `init` assigns nothing: its count is 0.


# %%
def counting(scope, images):
    seen = scope.get_variable("seen", (), "int32", zeros, trainable=False)
    scope.assign("seen", seen + images.shape[0])
    return sj.layers.dense(scope / "logits", images, 10)


counter = sj.transform_with_state(counting)
weights, at_first = counter.init(key, train_images)
print("params:", jax.tree.map(jnp.shape, weights))
print("state: ", at_first)

_, after_ten = counter.apply(weights, at_first, train_images[:10])
_, after_three = counter.apply(weights, at_first, train_images[:3])
_, after_both = counter.apply(weights, after_ten, train_images[:3])
counts = [int(s["seen"]) for s in (at_first, after_ten, after_three, after_both)]
print("counts:", counts)
assert counts == [0, 10, 3, 13]

# %% [markdown]
# ## 2. Batch normalization
#
# In training each feature is normalized by the mean and the variance of its batch, and
# their moving averages are assigned. In evaluation the moving ones are used. Here the
# pixels are normalized, since for them we know what the averages should become.


# %%
def classifier(scope, images, is_training, drop):
    bn = scope / "pixels"
    x = sj.layers.batch_norm(bn, images, is_training=is_training, momentum=0.9)
    x = jax.nn.relu(sj.layers.dense(scope / "hidden", x, 64))
    x = sj.layers.dropout(scope / "hidden", x, 0.5, is_training=drop)
    return sj.layers.dense(scope / "logits", x, 10)


net = sj.transform_with_state(classifier)
print(net.manifest(train_images, True, True))

# %% [markdown]
# The loss returns the new state beside its value: `has_aux` of `jax.grad`. Each step
# has a random key of its own. Evaluation assigns nothing.

# %%
optimizer = optax.adam(3e-3)


def loss(params, state, images, digits, key, net=net):
    scores, state = net.apply(params, state, images, True, True, key=key)
    losses = optax.softmax_cross_entropy_with_integer_labels(scores, digits)
    return losses.mean(), state


@jax.jit
def step(params, state, moments, images, digits, key):
    grads, state = jax.grad(loss, has_aux=True)(params, state, images, digits, key)
    updates, moments = optimizer.update(grads, moments)
    return optax.apply_updates(params, updates), state, moments


params, state = net.init(key, train_images, True, True)
moments, random, history = optimizer.init(params), np.random.default_rng(0), [state]
for i in range(100):
    b = random.integers(len(train_images), size=128)
    batch = train_images[b], train_digits[b], jax.random.fold_in(key, i)
    params, state, moments = step(params, state, moments, *batch)
    history.append(state)

scores, unchanged = net.apply(params, state, test_images, False, False)
print(f"right on held-out digits: {np.mean(scores.argmax(-1) == test_digits):.1%}")
assert jax.tree.all(jax.tree.map(np.array_equal, state, unchanged))

# %% [markdown]
# The moving mean begins at 0 and the moving variance at 1. After t steps `0.9**t` of
# that start is left. What remains in the end is the noise of the last batches. Black is
# the largest value of all the data, or more: so the variance stays black for a while.

# %%
true = {"mean": train_images.mean(0), "variance": train_images.var(0)}
moving = {k: np.stack([s["pixels"][f"moving_{k}"] for s in history]) for k in true}

fig = plt.figure(figsize=(7, 4.2), layout="constrained")
above, below = fig.subfigures(2, 1, height_ratios=(1.2, 1))
for axes, (name, goal) in zip(above.subplots(2, 6), true.items(), strict=True):
    for axis, t in zip(axes, (0, 5, 15, 30, 60), strict=False):
        draw(axis, moving[name][t], f"step {t}", goal.max())
    draw(axes[-1], goal, "all the data", goal.max())
    axes[0].set_ylabel(name)

axis = below.subplots()
for name, goal in true.items():
    axis.semilogy(np.abs(moving[name] - goal).mean(-1), label=f"moving {name}")
axis.semilogy(0.9 ** np.arange(101), "k:", label="$0.9^t$")
axis.set(xlabel="step", ylabel="mean distance\nfrom all the data", ylim=(1e-3, 2))
axis.legend()
plt.show()

# %% [markdown]
# ## 3. No gradient flows through state
#
# What is written is a value and what is read is a constant, as in TensorFlow 1. Here
# the weight comes into the output twice, as it is and by way of state. Its gradient
# counts the first alone, and the gradient of the state is 0.


# %%
def detour(scope, x):
    weight = scope.get_variable("weight", (), initializer=ones)
    scope.get_variable("last", (), initializer=zeros, trainable=False)
    scope.assign("last", 5.0 * weight)
    last = scope.with_options(reuse=True).get_variable("last")
    return weight * x + last


small = sj.transform_with_state(detour)
with_slopes = jax.value_and_grad(small.apply, (0, 1), has_aux=True)
(value, _), slopes = with_slopes(*small.init(key, 3.0), 3.0)
print("value", value, "gradients", slopes)
assert slopes == ({"weight": 3}, {"last": 0})

# %% [markdown]
# ## 4. State within JAX's own transforms
#
# `assign` stands where the value is known: in the body of `lax.scan`, under `vmap`, in
# a branch of `lax.cond`, here one within the other. `watch` sees images one by one
# and keeps their mean. `scope.stack(10)` is a scope of ten alike places; `vmap` gives
# each of ten calls its own, one for each digit. With the branch closed nothing changes.
#
# JAX writes no state in a branch under `vmap`: there, assign what `jnp.where` chooses.


# %%
def watch(scope, images):
    def look(_, image):
        seen = scope.get_variable("seen", (), initializer=zeros, trainable=False)
        mean = scope.get_variable("mean", (64,), initializer=zeros, trainable=False)
        scope.assign("seen", seen + 1)
        scope.assign("mean", mean + (image - mean) / (seen + 1))
        return None, None

    jax.lax.scan(look, None, images)


def ten_watchers(scope, images, is_open):
    ten = (scope / "digit").stack(10)
    jax.lax.cond(is_open, lambda: jax.vmap(watch)(ten, images), lambda: None)


watchers = sj.transform_with_state(ten_watchers)
by_digit = np.stack([train_images[train_digits == d][:100] for d in range(10)])
none, watched = watchers.init(key, by_digit, True)
fig, grid = plt.subplots(3, 10, figsize=(7.5, 2.6), layout="constrained")
for axes, (start, n) in zip(grid, ((0, 1), (1, 10), (10, 100)), strict=True):
    _, watched = watchers.apply(none, watched, by_digit[:, start:n], True)
    _, closed = watchers.apply(none, watched, by_digit[:, start:n], False)
    assert jax.tree.all(jax.tree.map(np.array_equal, watched, closed))
    assert np.allclose(watched["digit"]["mean"], by_digit[:, :n].mean(1), atol=1e-6)
    for axis, mean in zip(axes, watched["digit"]["mean"], strict=True):
        draw(axis, mean)
    axes[0].set_ylabel(f"{n} seen")
fig.suptitle("means of the images of each digit", fontsize=10)
plt.show()

# %% [markdown]
# `jax.checkpoint` runs a body once more for its gradient; state is not written a second
# time. `sj.remat` is `jax.checkpoint` for blocks that also take what is no array: it
# passes `is_training` as it is, and not as a traced array.

# %%
remat_net = sj.transform_with_state(sj.remat(classifier))
batch = train_images, train_digits, key
slope_and_state = jax.jit(jax.grad(loss, has_aux=True), static_argnames="net")
plain, saving = (
    slope_and_state(params, state, *batch, net=each) for each in (net, remat_net)
)
same = jax.tree.map(lambda a, b: np.allclose(a, b, atol=1e-6), plain, saving)
print("the same:", jax.tree.all(same))

# %% [markdown]
# ## 5. Randomness has names
#
# `scope.key("dropout")` depends on the root key, the path, the name and the index, and
# on nothing else. Here are the dropout masks of three layers; then with a fourth, in
# another order; then under another root key. Black units are kept. Keys that are split
# off one after another would all have changed with the fourth.
#
# **Initial values** follow the same law: root key, full name, shape, dtype and
# initializer. The three layers begin as before, bit for bit.


# %%
def layer(x, scope):
    mask = sj.layers.dropout(scope, jnp.ones(64), 0.5)
    return sj.layers.dense(scope, x * mask, 64), mask


def layers_in_order(scope, x, names):
    masks = {}
    for name in names:
        x, masks[name] = layer(x, scope / name)
    return masks


by_name = sj.transform(layers_in_order)
three, four = ("first", "second", "third"), ("extra", "third", "first", "second")
runs = {
    "3 layers": (three, key),
    "4 layers": (four, key),
    "new key": (four, jax.random.key(1)),
}
lean, rich = (by_name.init(key, test_images, names) for names in (three, four))
equal = jax.tree.map(np.array_equal, lean, {name: rich[name] for name in three})
print("initial values as before:", equal)
assert jax.tree.all(equal)

masks = {
    label: by_name.apply(rich, test_images, names, key=root)
    for label, (names, root) in runs.items()
}
fig, grid = plt.subplots(3, 4, figsize=(5.2, 4.2), layout="constrained")
for axes, label in zip(grid, masks, strict=True):
    axes[0].set_ylabel(label)
    for axis, name in zip(axes, (*three, "extra"), strict=True):
        axis.set_visible(name in masks[label])
        if name in masks[label]:
            first = masks["3 layers" if name in three else "4 layers"][name]
            same = np.array_equal(masks[label][name], first)
            draw(axis, masks[label][name], name if same else f"{name}: new", 2)
            axis.title.set_color("k" if same else "C3")
            assert same == (label != "new key")
plt.show()

# %% [markdown]
# ## 6. Loops
#
# Under a stack each layer has its own keys and its own initial values, and they do not
# depend on how many layers there are. `layer` is the one from above.

# %%
stacked = sj.transform(
    lambda scope, x, n: jax.lax.scan(layer, x, (scope / "layers").stack(n))[1]
)
low, high = (stacked.init(key, test_images, n) for n in (4, 6))
low_masks = stacked.apply(low, test_images, 4, key=key)
high_masks = stacked.apply(high, test_images, 6, key=key)
low_kernels, high_kernels = (tree["layers"]["kernel"] for tree in (low, high))
print("different masks:", len(np.unique(high_masks, axis=0)))
assert np.array_equal(low_kernels, high_kernels[:4])
assert np.array_equal(low_masks, high_masks[:4])
assert len(np.unique(high_kernels, axis=0)) == 6

# %% [markdown]
# A loop that closes over its scope is another matter. JAX traces its body once, so each
# step would have the same key, and drop the same units. That is an error; the number of
# the step makes the keys differ.


# %%
def noise(scope, tell):
    def step(_, i):
        index = i if tell else None
        return None, sj.layers.dropout(scope, jnp.ones(64), 0.5, index=index)

    return jax.lax.scan(step, None, jnp.arange(5))[1]


noisy = sj.transform(noise)
try:
    noisy.apply({}, False, key=key)
except sj.ScopeUsageError as error:
    print(error)
different = np.unique(noisy.apply({}, True, key=key), axis=0)
print("with index=i, different masks:", len(different))
assert len(different) == 5

# %% [markdown]
# ## 7. How sure is the network?
#
# Dropout at evaluation draws networks that all fit the data, and where they disagree,
# the answer is uncertain (*Monte-Carlo dropout*, Gal and Ghahramani, 2016). `apply` is
# a pure function of its key, so 100 networks are one `vmap` over 100 keys. Below is the
# digit that is surest and the three that are least sure: a dot for each network's
# probability of each answer, and a bar for their mean.


# %%
@jax.jit
@jax.vmap
def sample(key):
    scores, _ = net.apply(params, state, test_images, False, True, key=key)
    return jax.nn.softmax(scores)


samples = np.asarray(sample(jax.random.split(key, 100)))  # network, image, digit
mean = samples.mean(0)
order = np.argsort(-mean.max(-1))  # the surest first
is_right = mean.argmax(-1) == test_digits
print(f"right where it is surest, 450 digits: {is_right[order[:450]].mean():.1%}")
print(f"right where it is least sure, 50:     {is_right[order[450:]].mean():.1%}")

fig, grid = plt.subplots(
    2, 4, figsize=(7, 3.6), layout="constrained", height_ratios=(1, 1.6)
)
jitter = np.random.default_rng(0).uniform(-0.3, 0.3, (100, 1))
for (above, below), image in zip(grid.T, order[[0, -3, -2, -1]], strict=True):
    draw(above, test_images[image], f"a {test_digits[image]}")
    below.plot(np.arange(10) + jitter, samples[:, image], "C0.", ms=2)
    below.bar(range(10), mean[image], 0.9, fc="none", ec="k")
    below.set(xticks=range(10), ylim=(-0.02, 1.03), xlabel="answer")
    below.tick_params(labelleft=below is grid[1, 0])
grid[1, 0].set_ylabel("probability")
plt.show()

# %% [markdown]
# ## Where to go
#
# `04_native_transforms` has more of JAX's transforms within a model, and
# `docs/sharp_bits.md` says where they refuse state and keys. `sj.getters.ema` keeps
# averages of weights as state. In `06_sharding` the initial values of eight devices
# are those of one.
