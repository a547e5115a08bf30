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
# # A first scope
#
# From nothing to a trained model in five minutes. At the end you will have
#
# - a model that reads handwritten digits, trained on real ones,
# - its accuracy on 500 digits that it has never seen, and a picture of its mistakes,
# - a second function that uses the same parameters,
# - a deeper model, whose layers run in JAX's own `scan`.
#
# You need some Python and NumPy, and should have met `jax.jit` and `jax.grad`. A CPU is
# enough, and nothing is downloaded.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.nn.initializers import zeros
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import scopejax as sj

# %% [markdown]
# The data are 1797 digits of 8 x 8 pixels, written by hand. We hold 500 of them back.

# %%
images, digits = load_digits(return_X_y=True)
images = np.float32(images / 16)  # 64 numbers for each image, from 0 to 1
train_images, test_images, train_digits, test_digits = train_test_split(
    images, digits, test_size=500, stratify=digits, random_state=0
)

fig, axes = plt.subplots(1, 10, figsize=(7, 0.9))
for axis, image, digit in zip(axes, train_images, train_digits, strict=False):
    axis.imshow(image.reshape(8, 8), cmap="gray_r")
    axis.set_title(digit)
    axis.axis("off")
plt.show()

# %% [markdown]
# ## 1. A scope is a place in a dict
#
# Variables live in a plain nested dict. We fill one by hand: the mean image of each
# digit, and half the square of its length.

# %%
means = np.stack([train_images[train_digits == digit].mean(0) for digit in range(10)])
variables = {"nearest": {"kernel": means.T, "bias": -(means**2).sum(1) / 2}}

# %% [markdown]
# A `Scope` is a place in that dict. `/` goes down, and `get_variable` looks up a name.
# Give the shape that you expect, and it is checked.

# %%
scope = sj.Scope(variables) / "nearest"
kernel = scope.get_variable("kernel", (64, 10))

print(scope, kernel.shape, kernel.dtype)

# %% [markdown]
# A layer is a plain function. It takes a scope and asks it for variables.


# %%
def dense(scope, x, features):
    kernel = scope.get_variable("kernel", (x.shape[-1], features))
    bias = scope.get_variable("bias", (features,), initializer=zeros)
    return x @ kernel + bias


# %% [markdown]
# With our variables, `dense` compares an image with the ten means. The highest score is
# the nearest mean. So we have a classifier, and it needed no training.


# %%
def accuracy(scores):
    return np.mean(scores.argmax(-1) == test_digits)


scores = dense(scope, test_images, 10)
print(f"nearest mean: {accuracy(scores):.1%} of the held-out digits are right")

# %% [markdown]
# ## 2. A model is a function too
#
# It passes named scopes on. The names say where the variables live.


# %%
def encoder(scope, images):
    return jax.nn.relu(dense(scope / "hidden", images, 64))


def classifier(scope, images):
    return dense(scope / "output", encoder(scope / "encoder", images), 10)


# %% [markdown]
# This time we let the library fill the dict. `transform` turns the model into pure
# functions. The first is `init`: it finds out what the model asks for, and makes it.
# The result is a plain nested dict of arrays again.

# %%
net = sj.transform(classifier)
params = net.init(jax.random.key(0), train_images)

jax.tree.map(np.shape, params)

# %% [markdown]
# `manifest` is the table of all variables. It makes no arrays, however large the model.
# The last column is the line of code that asked for the variable.

# %%
net.manifest(train_images)

# %% [markdown]
# ## 3. Sharing is on purpose
#
# How far apart are two images, as the encoder sees them? Both must go through *one*
# encoder. In this first try we forget to say so.


# %%
def careless(scope, left, right):
    a = encoder(scope / "encoder", left)
    b = encoder(scope / "encoder", right)
    return jnp.linalg.norm(a - b, axis=-1)


try:
    sj.transform(careless).init(jax.random.key(0), images, images)
except sj.VariableExistsError as error:
    print(error)

# %% [markdown]
# The error shows both calls, with their cells and lines. To share, say `reuse=True`.


# %%
def distance(scope, left, right):
    a = encoder(scope / "encoder", left)
    b = encoder((scope / "encoder").with_options(reuse=True), right)
    return jnp.linalg.norm(a - b, axis=-1)


pair = sj.transform(distance)
pair.manifest(images, images)

# %% [markdown]
# There is one encoder, and it is used twice. We come back to it in part 5.
#
# ## 4. Training is plain JAX
#
# The second pure function is `apply`. So `jax.jit`, `jax.grad` and optax work on
# `net.apply(params, images)` as on any other function.


# %%
def train(net, params, steps=300):
    optimizer = optax.adam(3e-3)

    def loss(params, images, digits):
        scores = net.apply(params, images)
        losses = optax.softmax_cross_entropy_with_integer_labels(scores, digits)
        return losses.mean()

    @jax.jit
    def step(params, state):
        held_out = loss(params, test_images, test_digits)  # to look at, not to train on
        value, gradient = jax.value_and_grad(loss)(params, train_images, train_digits)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, (value, held_out)

    state, history = optimizer.init(params), []
    for _ in range(steps):
        params, state, losses = step(params, state)
        history.append(losses)
    return params, np.array(history)


trained, history = train(net, params)
scores = net.apply(trained, test_images)
print(f"trained: {accuracy(scores):.1%} of the held-out digits are right")

# %% [markdown]
# And the rest? On the left, the loss goes on falling for the training digits and levels
# off for the others. On the right, a row is the digit that was written, and a column is
# what the model read. Green numbers count the digits that it read right. The images are
# those that it read wrong. Where there are several, one is shown, with their number in
# red. Can you read them?

# %%
fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 5.6), width_ratios=(1, 1.6), layout="constrained"
)
left.plot(history, label=["training digits", "held-out digits"])
left.set(yscale="log", xlabel="step", title="Loss")
left.legend(frameon=False)

read = np.asarray(net.apply(trained, test_images).argmax(-1))
counts = np.zeros((10, 10), int)
np.add.at(counts, (test_digits, read), 1)
for image, row, column in zip(test_images, test_digits, read, strict=True):
    if row != column:
        edges = (column - 0.45, column + 0.45, row + 0.45, row - 0.45)
        right.imshow(image.reshape(8, 8), cmap="gray_r", extent=edges, zorder=2)
for (row, column), count in np.ndenumerate(counts):
    if row == column:
        right.text(column, row, count, ha="center", va="center", color="tab:green")
    elif count > 1:
        right.text(column + 0.5, row, f"x{count}", va="center", color="tab:red")
right.set(xlim=(-0.5, 9.5), ylim=(9.5, -0.5), xlabel="read as", ylabel="written")
right.set(xticks=range(10), yticks=range(10), title="Held-out digits")
right.grid(color="0.92")
plt.show()

# %% [markdown]
# ## 5. Two functions, one dict
#
# `distance` was never trained. But it asks for `encoder/hidden/kernel`, and that is
# what the classifier trained. So it takes the classifier's params as they are.
#
# Do they help? We take each held-out digit and the next one as a pair, and ask how many
# times as far apart unequal digits are as equal ones.

# %%
equal = test_digits[1:] == test_digits[:-1]
for when, tree in (("before", params), ("after", trained)):
    apart = pair.apply(tree, test_images[1:], test_images[:-1])
    ratio = apart[~equal].mean() / apart[equal].mean()
    print(f"{when} training: {ratio:.2f} times as far apart")

# %% [markdown]
# ## 6. Deeper, with JAX's own `scan`
#
# `scope.stack(n)` is the scope of `n` alike layers. `jax.lax.scan` takes it apart, so
# that each step gets the scope of its own layer.


# %%
def block(x, scope):
    return x + jax.nn.relu(dense(scope, x, x.shape[-1])), None


def deep_classifier(scope, images):
    x = dense(scope / "input", images, 64)
    x, _ = jax.lax.scan(block, x, (scope / "blocks").stack(4))
    return dense(scope / "output", x, 10)


deep = sj.transform(deep_classifier)
deep.manifest(train_images)

# %% [markdown]
# The variables of the blocks have a new first axis of 4. Each block has initial values
# of its own. XLA compiles one block, however many there are.

# %%
deep_trained, _ = train(deep, deep.init(jax.random.key(0), train_images))
scores = deep.apply(deep_trained, test_images)
print(f"deep: {accuracy(scores):.1%} of the held-out digits are right")

# %% [markdown]
# Digits as small as these do not need the depth. The point is that nothing else had to
# change.
#
# ## Where to go next
#
# That was nearly all: scopes have names, `get_variable` looks up or makes, `transform`
# gives pure functions, and the rest is JAX.
#
# - `sj.layers` has `dense`, `conv`, `attention`, `layer_norm`, `dropout` and more. They
#   are plain functions like ours.
# - A manifest also makes labels for `optax.partition`. To train the encoder alone, use
#   `net.manifest(train_images).labels({"encoder/**": "train", "**": "keep"})`.
# - `net.init(key, images, given=params)` keeps those params and makes what is missing.
# - `help(sj.Scope)` and `help(sj.transform)` have examples that you can run.
