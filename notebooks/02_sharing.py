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
# # Sharing
#
# One variable, used in several places, on purpose and never by accident. At the end you
# will have
#
# - a map of handwritten digits, drawn by a network that looks at them in pairs,
# - an autoencoder whose decoder is its encoder, turned around,
# - two functions that share their parameters, and one table for both,
# - the errors that you would have met, before they cost you a week.
#
# You should have met `scopejax.transform`, as in the first notebook.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import scopejax as sj

images, digits = load_digits(return_X_y=True)
images = np.float32(images / 16)  # 1797 digits, 64 pixels each, from 0 to 1
train_images, test_images, train_digits, test_digits = train_test_split(
    images, digits, test_size=500, stratify=digits, random_state=0
)


def dense(scope, x, features):
    kernel = scope.get_variable("kernel", (x.shape[-1], features))
    bias = scope.get_variable(
        "bias", (features,), initializer=jax.nn.initializers.zeros
    )
    return x @ kernel + bias


# %% [markdown]
# ## 1. The accident
#
# A *siamese* network looks at two images with the same tower. This tower puts an image
# somewhere on a map of two dimensions.


# %%
def tower(scope, images):
    hidden = jax.nn.relu(dense(scope / "first", images, 128))
    return dense(scope / "map", jax.nn.relu(dense(scope / "second", hidden, 64)), 2)


def mistaken(scope, left, right):
    a = tower(scope / "tower", left)
    b = tower(scope / "tower", right)
    return jnp.linalg.norm(a - b, axis=-1)


# %% [markdown]
# Two calls, one name. Are the two towers meant to be one, or did somebody copy a line
# and forget to change it? The library does not guess. In others the second call makes
# silently another set of parameters, or shares them silently.

# %%
key = jax.random.key(0)
left, right = train_images[:8], train_images[8:16]
try:
    sj.transform(mistaken).init(key, left, right)
except sj.VariableExistsError as error:
    print(error)

# %% [markdown]
# ## 2. On purpose
#
# `reuse=True` says so. What is below that scope must exist, and is looked up. There is
# one tower in the parameters, and gradients come to it from both sides.


# %%
def distance(scope, left, right):
    again = (scope / "tower").with_options(reuse=True)
    a = tower(scope / "tower", left)
    b = tower(again, right)
    return jnp.linalg.norm(a - b + 1e-6, axis=-1)


pairs = sj.transform(distance)
print(pairs.manifest(left, right))

# %% [markdown]
# We train it to bring two images of one digit together, and to keep two others at least
# one apart (the contrastive loss of Hadsell, Chopra and LeCun, 2006).

# %%
optimizer = optax.adam(3e-3)


def loss(params, left, right, same):
    d = pairs.apply(params, left, right)
    return jnp.mean(jnp.where(same, d**2, jnp.maximum(1 - d, 0) ** 2))


@jax.jit
def step(params, state, left, right, same):
    value, grads = jax.value_and_grad(loss)(params, left, right, same)
    updates, state = optimizer.update(grads, state)
    return optax.apply_updates(params, updates), state, value


params = pairs.init(key, left, right)
state, random = optimizer.init(params), np.random.default_rng(0)
for _ in range(800):
    one = random.integers(len(train_images), size=256)
    # Half of the pairs show one digit: a partner is looked for among 40 others.
    others = random.integers(len(train_images), size=(256, 40))
    alike = train_digits[others] == train_digits[one][:, None]
    two = np.where(
        np.arange(256) % 2, others[:, 0], others[range(256), alike.argmax(1)]
    )
    same = train_digits[one] == train_digits[two]
    params, state, value = step(
        params, state, train_images[one], train_images[two], same
    )
print(f"loss {value:.3f}")

# %% [markdown]
# **Another function of the same parameters.** To draw the map we need the tower alone.
# A function that asks for the names that exist gets them: no object has to be taken
# apart. The digits below were held back from training.

# %%
locate = sj.transform(lambda scope, images: tower(scope / "tower", images))
places = locate.apply(params, test_images)

fig, axis = plt.subplots(figsize=(5.5, 5), layout="constrained")
axis.scatter(*places.T, c=test_digits, cmap="tab10", s=8)
for digit in range(10):
    middle = np.median(places[test_digits == digit], axis=0)
    axis.text(*middle, digit, fontsize=18, weight="bold", ha="center", va="center")
axis.set(xticks=[], yticks=[], title="where the tower puts digits it has never seen")
plt.show()

# %% [markdown]
# ## 3. Tying
#
# Sharing need not be a whole layer. This decoder multiplies with the encoder's own
# kernel, transposed. It takes the scope of the encoder, and asks for one variable.


# %%
def encode(scope, images):
    return jnp.tanh(dense(scope / "encoder", images, 16))


def decode(scope, codes):
    encoder = (scope / "encoder").with_options(reuse=True)
    kernel = encoder.get_variable("kernel", (64, 16))
    bias = scope.get_variable("bias", (64,), initializer=jax.nn.initializers.zeros)
    return codes @ kernel.T + bias


def autoencoder(scope, images):
    return decode(scope, encode(scope, images))


tied = sj.transform(autoencoder)
print(tied.manifest(train_images))

# %%
weights = tied.init(key, train_images)


@jax.jit
def improve(weights, state):
    def error(weights):
        return jnp.mean((tied.apply(weights, train_images) - train_images) ** 2)

    value, grads = jax.value_and_grad(error)(weights)
    updates, state = optimizer.update(grads, state)
    return optax.apply_updates(weights, updates), state, value


state = optimizer.init(weights)
for _ in range(400):
    weights, state, value = improve(weights, state)

again = tied.apply(weights, test_images[:12])
fig, axes = plt.subplots(2, 12, figsize=(8, 1.6), layout="constrained")
for column, pictures in zip(
    axes.T, zip(test_images, again, strict=False), strict=False
):
    for axis, picture in zip(column, pictures, strict=True):
        axis.imshow(picture.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axis.axis("off")
fig.suptitle("held-out digits, and what 16 numbers keep of them", fontsize=10)
plt.show()

# %% [markdown]
# ## 4. Two entry points
#
# Often a model has more than one door: one function encodes, another decodes. Each has
# its own table, and `|` joins them. Where the two disagree on a variable, it is an
# error that names both lines.

# %%
encoder = sj.transform(encode)
decoder = sj.transform(decode)
try:
    decoder.manifest(jnp.ones((1, 16)))
except sj.VariableNotFoundError as error:
    print(error)

# %% [markdown]
# The decoder alone cannot make the encoder's kernel: `reuse=True` forbids it. Who comes
# first should not matter here, so we say `AUTO_REUSE`: take it if it is there, make it
# if not.


# %%
def decode_alone(scope, codes):
    encoder = (scope / "encoder").with_options(reuse=sj.AUTO_REUSE)
    kernel = encoder.get_variable("kernel", (64, 16))
    bias = scope.get_variable("bias", (64,), initializer=jax.nn.initializers.zeros)
    return codes @ kernel.T + bias


decoder = sj.transform(decode_alone)
both = encoder.manifest(train_images) | decoder.manifest(jnp.ones((1, 16)))
print(both)

codes = encoder.apply(weights, test_images)
pictures = decoder.apply(weights, codes)[:12]
print("the same pictures:", np.allclose(pictures, again, atol=1e-5))

# %% [markdown]
# `AUTO_REUSE` is for such doors. Within one model prefer `reuse=True`: a misspelt name
# would then be an error with the nearest names, and not a new variable.

# %%
scope = sj.Scope(weights).with_options(reuse=True)
try:
    (scope / "encoder").get_variable("kernle", (64, 16))
except sj.VariableNotFoundError as error:
    print(error)

# %% [markdown]
# ## What to remember
#
# | you write | a name that is new | a name that exists |
# |---|---|---|
# | `scope` | is made | an error with both lines |
# | `scope.with_options(reuse=True)` | an error with the nearest names | is shared |
# | `scope.with_options(reuse=sj.AUTO_REUSE)` | is made | is shared |
