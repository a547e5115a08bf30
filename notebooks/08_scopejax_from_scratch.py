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
# # scopejax from scratch
#
# The best way to trust a library is to write it. At the end you will have
#
# - the core of scopejax in about a hundred lines of your own: scopes, `get_variable`,
#   `transform`, sharing, stacks,
# - a classifier of handwritten digits, trained with it, whose layers run in JAX's own
#   `scan`,
# - a picture of what names are good for: a layer keeps its values when others come.
#
# Nothing here imports scopejax. You should know `jax.jit`, `jax.eval_shape`, and what a
# pytree is.

# %%
import dataclasses
import hashlib
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.nn import initializers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

# %% [markdown]
# ## 1. A name becomes a key
#
# Random numbers of JAX need a key. Where does the one for `encoder/kernel` come from?
# Splitting a key again and again makes it depend on how many others were split before.
# We fold the *name* in instead. So a value depends on the root key and its name.


# %%
def key_of(root, name):
    words = np.frombuffer(hashlib.sha256(name.encode()).digest()[:8], np.uint32)
    for word in words:
        root = jax.random.fold_in(root, word)
    return root


key_of(jax.random.key(0), "encoder/kernel")

# %% [markdown]
# ## 2. A scope is a place
#
# It knows a nested dict, and where in it we stand. It never changes: `/` returns
# another scope. While a model is recorded it carries a `Record` of what was asked for.


# %%
GLOROT = initializers.glorot_uniform()


@dataclasses.dataclass(eq=False)
class Record:
    """What a model has asked for: name -> (shape, dtype, initializer)."""

    variables: dict[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Scope:
    """A place in a nested dict of arrays."""

    variables: Any
    path: tuple[str, ...] = ()
    reuse: bool = False
    record: Record | None = None
    stack: tuple[int, ...] = ()

    def __truediv__(self, name):
        below = self.variables.get(name, {}) if self.record is None else {}
        return dataclasses.replace(self, variables=below, path=(*self.path, name))

    def sharing(self):
        return dataclasses.replace(self, reuse=True)

    def get_variable(self, name, shape, initializer=GLOROT, dtype="float32"):
        if self.record is None:
            return self.variables[name]
        full = "/".join((*self.path, name))
        if full in self.record.variables and not self.reuse:
            raise ValueError(f"Variable {full} already exists. Say so if you share it.")
        self.record.variables[full] = (*self.stack, *shape), dtype, initializer
        return jnp.zeros(shape, dtype)


# %% [markdown]
# That is lookup-or-init, and it is all there is to it. Over a dict that exists, asking
# is looking up:

# %%
Scope({"encoder": {"bias": jnp.ones(3)}}) / "encoder"

# %% [markdown]
# ## 3. init runs the model without computing
#
# `jax.eval_shape` runs a function on shapes alone. We let it run the model, and look at
# what the record has seen. Only then, *outside* of that run, each variable is made. So
# no array is ever created inside of a trace, and none can leak out of one.


# %%
def transform(model):
    def record(*args):
        found = Record()
        jax.eval_shape(lambda *args: model(Scope({}, record=found), *args), *args)
        return found.variables

    def init(key, *args):
        params = {}
        for name, (shape, dtype, initializer) in record(*args).items():
            *scopes, last = name.split("/")
            place = params
            for scope in scopes:
                place = place.setdefault(scope, {})
            place[last] = make(key_of(key, name), shape, dtype, initializer)
        return params

    def apply(params, *args):
        return model(Scope(params), *args)

    return init, apply


def make(key, shape, dtype, initializer):
    return jax.jit(lambda key: initializer(key, shape, dtype))(key)


# %% [markdown]
# A model is a function of a scope:


# %%
def dense(scope, x, features):
    kernel = scope.get_variable("kernel", (x.shape[-1], features))
    return x @ kernel + scope.get_variable("bias", (features,), initializers.zeros)


def shallow(scope, x):
    return dense(scope / "output", jax.nn.relu(dense(scope / "first", x, 32)), 10)


def deep(scope, x):
    x = jax.nn.relu(dense(scope / "first", x, 32))
    x = jax.nn.relu(dense(scope / "second", x, 32))  # a new layer, in between
    return dense(scope / "output", x, 10)


key, example = jax.random.key(0), jnp.ones((1, 64))
init, apply = transform(shallow)
jax.tree.map(jnp.shape, init(key, example))

# %% [markdown]
# **What names are good for.** We add a layer. Does the output layer start from the same
# values? Made by splitting keys in the order of creation, it does not: everything
# behind the new layer is another draw, and two runs cannot be compared.


# %%
def by_splitting(model, key, *args):
    """The same variables, with keys in the order of creation."""
    found = Record()
    jax.eval_shape(lambda *args: model(Scope({}, record=found), *args), *args)
    keys = jax.random.split(key, len(found.variables))
    items = zip(keys, found.variables.items(), strict=True)
    return {name: make(key, *facts) for key, (name, facts) in items}


kernels = {
    "by name": [
        transform(model)[0](key, example)["output"]["kernel"]
        for model in (shallow, deep)
    ],
    "by order": [
        by_splitting(model, key, example)["output/kernel"] for model in (shallow, deep)
    ],
}
fig, axes = plt.subplots(2, 2, figsize=(7, 3.4), layout="constrained")
for row, (way, pair) in zip(axes, kernels.items(), strict=True):
    for axis, kernel, model in zip(row, pair, ("two layers", "three"), strict=True):
        axis.imshow(kernel.T, cmap="RdBu", vmin=-0.4, vmax=0.4)
        axis.set(xticks=[], yticks=[], title=f"{way}, {model}")
plt.show()

# %% [markdown]
# ## 4. Sharing
#
# Asking twice for a name is an error, unless the scope says `sharing`. It costs two
# lines in `get_variable`, and finds the mistake where it is made.


# %%
def twice(scope, x):
    return dense(scope / "tower", x, 8) - dense(scope / "tower", x + 1, 8)


try:
    transform(twice)[0](key, example)
except ValueError as error:
    print(error)

# %% [markdown]
# ## 5. A scope goes through JAX's transforms
#
# `lax.scan` slices pytrees. If a scope is one, its variables are sliced with the rest,
# and each step gets the parameters of one layer. So a scope tells JAX what of it are
# arrays, and what is fixed.
#
# One thing is missing while the model is recorded: there are no arrays to slice yet. A
# stack carries an array of its length, and what is asked for below it is noted with
# that length in front.


# %%
@jax.tree_util.register_pytree_node_class
class Stack(Scope):
    """The scope of several alike layers; sliced, it is that of one."""

    def tree_flatten(self):
        n = jnp.zeros(self.stack[-1:])
        return (self.variables, n), (self.path, self.reuse, self.record, self.stack)

    @classmethod
    def tree_unflatten(cls, static, children):
        return Scope(children[0], *static)


def stacked(scope, n):
    return Stack(scope.variables, scope.path, scope.reuse, scope.record, (n,))


# %% [markdown]
# Each layer of a stack wants values of its own. `make` draws them one by one, from keys
# folded with the layer's number: we give it the initializer of one.


# %%
def per_layer(initializer):
    def stack(key, shape, dtype):
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(shape[0]))
        return jax.vmap(lambda key: initializer(key, shape[1:], dtype))(keys)

    return stack


def classifier(scope, x):
    def layer(x, scope):
        kernel = scope.get_variable("kernel", (64, 64), per_layer(GLOROT))
        return x + jax.nn.relu(x) @ kernel, None

    x, _ = jax.lax.scan(layer, x, stacked(scope / "layers", 4))
    return dense(scope / "output", x, 10)


init, apply = transform(classifier)
params = init(key, example)
jax.tree.map(jnp.shape, params)

# %% [markdown]
# ## 6. It trains
#
# Parameters are a nested dict, `apply` is a function. `jax.jit`, `jax.grad` and optax
# need to know nothing of scopes.

# %%
images, digits = load_digits(return_X_y=True)
images = np.float32(images / 16)
train_images, test_images, train_digits, test_digits = train_test_split(
    images, digits, test_size=500, stratify=digits, random_state=0
)
optimizer = optax.adam(3e-3)


@jax.jit
def step(params, state):
    def loss(params):
        scores = apply(params, train_images)
        labels = optax.softmax_cross_entropy_with_integer_labels(scores, train_digits)
        return labels.mean()

    value, grads = jax.value_and_grad(loss)(params)
    updates, state = optimizer.update(grads, state)
    return optax.apply_updates(params, updates), state, value


trained, state = params, optimizer.init(params)
for _ in range(100):
    trained, state, value = step(trained, state)
right = np.mean(apply(trained, test_images).argmax(-1) == test_digits)
print(f"loss {value:.3f}, right on held-out digits: {right:.1%}")

# %% [markdown]
# ## What the real one has besides
#
# - *The accident* is found behind `jit`, `scan`, `vmap` and `checkpoint` too, where JAX
#   may run a function twice for one call, or not at all for the second. The error has
#   the lines of both calls, and a remedy.
# - *A program for each variable*, here, is few for all: a GPT of 12 blocks compiles
#   five, while the model is still being traced. The values are the same.
# - *Stacks* may stand in stacks, and each layer has random keys of its own.
# - *State* is written by `assign`, also within loops and branches of JAX.
# - *The record* is a manifest: masks for optax, checks of checkpoints, tables.
# - *Many devices*: variables are made in parts, and nowhere whole.
#
# `docs/how_it_works.md` tells how, with the file for each.
