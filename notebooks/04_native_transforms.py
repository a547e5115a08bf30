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
# # JAX's own transforms
#
# `jit`, `vmap`, `grad`, `checkpoint`, `scan`, `switch`, `while_loop` and `map` work
# inside a model as they are, at init and at apply. At the end you will have
#
# - a program that does not grow with the depth of its network, and a gradient that
#   needs a fraction of the memory,
# - sixteen networks trained as one, and the digits that they disagree about,
# - a recurrent network that has read the Zen of Python,
# - a network with one door for each way in which a picture may be turned,
# - a classifier that noise disturbs less, since it was taught with its own gradient.
#
# You should have met `scopejax.transform`, as in the first notebook.

# %%
import codecs
import contextlib
import io
import time
from functools import partial
from itertools import chain

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.extend.core import jaxprs_in_params
from jax.nn.initializers import zeros
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import scopejax as sj

images, digits = load_digits(return_X_y=True)
images = np.float32(images / 16)  # 1797 digits, 64 pixels each, from 0 to 1
train_images, test_images, train_digits, test_digits = train_test_split(
    images, digits, train_size=600, stratify=digits, random_state=0
)
train_data = train_images, train_digits
key = jax.random.key(0)
plt.rcParams["figure.dpi"] = 72


def dense(scope, x, features):
    kernel = scope.get_variable("kernel", (x.shape[-1], features))
    bias = scope.get_variable("bias", (features,), initializer=zeros)
    return x @ kernel + bias


# %% [markdown]
# ## 1. `scan` over layers
#
# Alike layers can be a loop in Python, each with its name. Or they can be a *stack*:
# one scope, whose variables have one more axis in front. `lax.scan` slices a scope as
# it slices an array.


# %%
def block(scope, x):
    hidden = jax.nn.gelu(dense(scope / "up", x, 256))
    return x + 0.2 * dense(scope / "down", hidden, x.shape[-1])


def looped(scope, x, depth, block=block):
    for i in range(depth):
        x = block(scope / f"h{i}", x)
    return x


def scanned(scope, x, depth, block=block):
    layers = (scope / "layers").stack(depth)
    return jax.lax.scan(lambda x, layer: (block(layer, x), None), x, layers)[0]


loop, scan = (sj.transform(partial(model, depth=24)) for model in (looped, scanned))
print(scan.manifest(train_images))

# %% [markdown]
# Each of the 24 layers has initial values of its own. And the same arrays, cut into
# layers for the loop, give the same output.

# %%
params = scan.init(key, train_images)
layers = [jax.tree.map(lambda a, i=i: a[i], params["layers"]) for i in range(24)]
single = {f"h{i}": layer for i, layer in enumerate(layers)}
assert len({float(layer["up"]["kernel"][0, 0]) for layer in layers}) == 24

outputs = scan.apply(params, test_images), jax.jit(loop.apply)(single, test_images)
np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)

# %% [markdown]
# What differs is the program. The loop writes each layer out; the scan has one layer,
# however deep the network is.


# %%
def equations(jaxpr):
    """How many equations, those of inner programs included."""
    inner = chain(*(jaxprs_in_params(equation.params) for equation in jaxpr.eqns))
    return len(jaxpr.eqns) + sum(map(equations, inner))


def cost(depth, model, **options):
    """Of a gradient's program: equations, seconds to compile, MiB to run in."""
    net = sj.transform(partial(model, depth=depth, **options))
    shapes = net.manifest(train_images).shapes()
    start = time.perf_counter()
    grad = jax.jit(jax.grad(lambda params: net.apply(params, train_images).sum()))
    traced = grad.trace(shapes)
    compiled = traced.lower().compile()
    seconds = time.perf_counter() - start
    memory = compiled.memory_analysis().temp_size_in_bytes / 2**20
    return equations(traced.jaxpr.jaxpr), seconds, memory


def draw(axis, lines, column, unit, title):
    for name, costs in lines.items():
        axis.plot(depths, costs[:, column], "o-", label=name)
    axis.set(xlabel="layers", ylabel=unit, xticks=depths, ylim=(0, None))
    axis.set_title(title, fontsize=10)
    axis.legend()


depths = [4, 32, 64]
loop_costs = np.array([cost(depth, looped) for depth in depths])
scan_costs = np.array([cost(depth, scanned) for depth in depths])
assert len(set(scan_costs[:, 0])) == 1  # the same number of equations at all depths

lines = {"loop in Python": loop_costs, "scan": scan_costs}
fig, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
draw(axes[0], lines, 0, "equations", "the gradient's program")
draw(axes[1], lines, 1, "seconds", "to trace and compile it")
plt.show()

# %% [markdown]
# To compile a loop has a price of its own here, whatever its length: in a shallow
# network the scan is the slower one. From some depth on it is ahead.
#
# ## 2. `checkpoint`
#
# A gradient needs what the layers have computed on the way. `jax.checkpoint` keeps the
# input of each layer alone, and computes the rest once more. It wraps the block; the
# scope goes through as an argument. A plain scan needs more memory than the loop here;
# with the checkpoint it needs the least.

# %%
frugal = partial(scanned, block=jax.checkpoint(block))
frugal_costs = np.array([cost(depth, frugal) for depth in depths])

assert (frugal_costs[:, 2] < loop_costs[:, 2]).all()

lines = {
    "loop in Python": loop_costs,
    "scan": scan_costs,
    "with checkpoint": frugal_costs,
}
fig, axis = plt.subplots(figsize=(5, 2.8), layout="constrained")
draw(axis, lines, 2, "MiB", "working memory of the gradient")
plt.show()


# %%
def gradient(model):
    net = sj.transform(partial(model, depth=24))
    return jax.jit(jax.grad(lambda params: net.apply(params, test_images).var()))


gradients = gradient(scanned)(params), gradient(frugal)(params)
jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-7), *gradients)
print("the gradients agree")

# %% [markdown]
# ## 3. `vmap` over networks
#
# A stack need not hold layers that follow each other. `jax.vmap` runs it side by side:
# sixteen small classifiers, each with its own initial values, from one `init`. The
# helper `train` is for this section and the next ones; its steps are a `scan` as well.


# %%
def classifier(scope, images, units=64):
    hidden = jax.nn.relu(dense(scope / "hidden", images, units))
    return dense(scope / "output", hidden, 10)


def ensemble(scope, images):
    members = (scope / "members").stack(16)
    return jax.vmap(partial(classifier, units=8), (0, None))(members, images)


def crossentropy(scores, labels):
    labels = jnp.broadcast_to(labels, scores.shape[:-1])
    return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()


def loss_of(net):
    return lambda params, x, labels: crossentropy(net.apply(params, x), labels)


@partial(jax.jit, static_argnums=0)
def train(loss, params, *data):
    optimizer = optax.adam(1e-2)

    def step(carry, _):
        params, state = carry
        value, grads = jax.value_and_grad(loss)(params, *data)
        updates, state = optimizer.update(grads, state)
        return (optax.apply_updates(params, updates), state), value

    carry = params, optimizer.init(params)
    (params, _), values = jax.lax.scan(step, carry, length=120)
    return params, values


def share(scores):
    """The share of the held-out digits that these scores get right."""
    return np.mean(scores.argmax(-1) == test_digits, axis=-1)


crowd = sj.transform(ensemble)
print(crowd.manifest(train_images))

# %%
untrained = crowd.init(key, train_images)
crowd_params, _ = train(loss_of(crowd), untrained, *train_data)
scores = crowd.apply(crowd_params, test_images)
member = jax.tree.map(lambda array: array[3], crowd_params["members"])
alone = classifier(sj.Scope(member), test_images, units=8)  # out of the ensemble
np.testing.assert_allclose(scores[3], alone, rtol=1e-4, atol=1e-4)

worst, *_, best = sorted(share(scores))
together = share(jax.nn.softmax(scores).mean(0))
print(f"right: alone {worst:.1%} to {best:.1%}, together {together:.1%}")

# %% [markdown]
# Here are the held-out digits about which the sixteen disagree most. Green is the digit
# that it was meant to be.

# %%
votes = (np.array(scores.argmax(-1))[..., None] == np.arange(10)).sum(0)
hardest = np.argsort(votes.max(1), kind="stable")[:6]
fig, axes = plt.subplots(2, 6, figsize=(8, 2.8), layout="constrained")
for (picture, bars), i in zip(axes.T, hardest, strict=True):
    picture.imshow(test_images[i].reshape(8, 8), cmap="gray_r")
    picture.axis("off")
    bars.bar(range(10), votes[i], color="tab:red")
    bars.bar(test_digits[i], votes[i, test_digits[i]], color="tab:green")
    bars.set(ylim=(0, 10), yticks=[], xticks=range(10))
    bars.tick_params(labelsize=8, length=0)
axes[1, 0].set(ylabel="votes", yticks=[0, 5, 10])
plt.show()

# %% [markdown]
# ## 4. `scan` over time, and `while_loop`
#
# A recurrent network has one cell for all steps. So its scope is no stack: the body of
# the scan *closes over* it, and each step sees the same variables. It reads the Zen of
# Python, letter by letter, all lines at once.

# %%
with contextlib.redirect_stdout(io.StringIO()):
    import this
zen = codecs.decode(this.s, "rot13").splitlines()[2:]
letters = sorted({"\n", *"".join(zen)})
length = max(map(len, zen)) + 2


def encoded(line):
    """The numbers of a line's letters, between line ends."""
    padded = ("\n" + line).ljust(length, "\n")
    return np.array([letters.index(letter) for letter in padded])


def cell(scope, state, letter):
    """A gated recurrent unit: its new state, and scores for the next letter."""
    x = scope.get_variable("letters", (len(letters), 32))[letter]
    both = jnp.concatenate([x, state], axis=-1)
    gates = jax.nn.sigmoid(dense(scope / "gates", both, 192))
    reset, keep = jnp.split(gates, 2, axis=-1)
    both = jnp.concatenate([x, reset * state], axis=-1)
    state = keep * state + (1 - keep) * jnp.tanh(dense(scope / "new", both, 96))
    return state, dense(scope / "output", state, len(letters))


def read(scope, text):
    start = jnp.zeros((*text.shape[1:], 96))
    return jax.lax.scan(partial(cell, scope), start, text)[1]


reader = sj.transform(read)
text = np.stack([encoded(line) for line in zen], axis=1)  # time, line
print(reader.manifest(text))

# %% [markdown]
# To write is another function of the same parameters. How long a line becomes is not
# known before, so that this one is a `while_loop`: until the line ends.


# %%
def write(scope, line, given):
    """Goes on with a line whose first letters are given."""

    def unfinished(carry):
        i, _, line = carry
        return (i < length - 1) & ((i < given) | (line[i] != 0))

    def step(carry):
        i, state, line = carry
        state, scores = cell(scope, state, line[i])
        letter = jnp.where(i < given, line[i + 1], scores.argmax())
        return i + 1, state, line.at[i + 1].set(letter)

    return jax.lax.while_loop(unfinished, step, (0, jnp.zeros(96), line))[2]


writer = sj.transform(write)
assert writer.manifest(text[:, 0], 1).shapes() == reader.manifest(text).shapes()

blank = reader.init(key, text)
zen_params, values = train(loss_of(reader), blank, text[:-1], text[1:])
print(f"loss {values[0]:.2f} -> {values[-1]:.2f}")
finish = jax.jit(writer.apply)
for start in ("Simple", "There", "If the", "Now"):
    line = finish(zen_params, encoded(start), len(start))
    print("".join(letters[i] for i in line).strip())

# %% [markdown]
# ## 5. `switch`, and `map`
#
# The branches of `lax.cond` and `lax.switch` may have variables of their own. Which one
# is taken is not known at init, so all have theirs from then on. Here pictures come
# turned by quarters: there is a door for each turn, and one room behind them. `lax.map`
# brings the four kinds in, one after the other.


# %%
def enter(scope, images, turn):
    def door(i):
        return lambda images: jax.nn.relu(dense(scope / f"door{i}", images, 32))

    hidden = jax.lax.switch(turn, [door(i) for i in range(4)], images)
    return dense(scope / "room", hidden, 10)


def enter_all(scope, turned):
    return jax.lax.map(lambda pair: enter(scope, *pair), (turned, jnp.arange(4)))


def turns(images):
    pictures = images.reshape(-1, 8, 8)
    return np.stack([np.rot90(pictures, k, (1, 2)).reshape(-1, 64) for k in range(4)])


one, house = sj.transform(enter), sj.transform(enter_all)
turned = turns(train_images)
new_house = house.init(key, turned)
house_params, _ = train(loss_of(house), new_house, turned, train_digits)
slopes = jax.grad(lambda p: one.apply(p, test_images, 2).var())(house_params)
print({name: f"{optax.tree.norm(slope):.1f}" for name, slope in slopes.items()})
assert not any(slopes[f"door{i}"]["kernel"].any() for i in (0, 1, 3))

# %% [markdown]
# Only the door that is taken has a gradient. So each has learnt one turn. It reads what
# is upside down to it in part: a 0 is still a 0 then, a 6 is not a 6.

# %%
enter_one = jax.jit(one.apply)
rows = [
    [share(enter_one(house_params, x, door)) for x in turns(test_images)]
    for door in range(4)
]
fig, axis = plt.subplots(figsize=(4, 3.2), layout="constrained")
axis.imshow(rows, cmap="Greens", vmin=0, vmax=1.3)
for (door, turn), value in np.ndenumerate(rows):
    axis.text(turn, door, f"{value:.0%}", ha="center", va="center")
axis.set(xlabel="pictures turned by", ylabel="door", yticks=range(4))
axis.set_xticks(range(4), ["0°", "90°", "180°", "270°"])
axis.set_title("held-out digits that are right", fontsize=10)
plt.show()

# %% [markdown]
# ## 6. `jit` within a model
#
# Where layers shall keep their names, a block under `jax.jit` is traced once for all:
# at apply the place of a scope is no part of what is computed. At init it is, since the
# names are what `init` is after. A list counts how often Python comes by.

# %%
visits = []


@jax.jit
def counted(scope, x):
    visits.append(x.shape)
    return block(scope, x)


deep = sj.transform(partial(looped, depth=24, block=counted))
deep_params = deep.init(key, train_images)
at_init = len(visits)
again = jax.jit(deep.apply)(deep_params, train_images)
print(f"24 layers, traced {at_init} times by init, {len(visits) - at_init} by apply")
assert len(visits) - at_init == 1

# %% [markdown]
# ## 7. `grad` within a model
#
# A loss may ask for a gradient itself. This one has a classifier pay for the slope of
# its loss in the pixels (double backpropagation, Drucker and LeCun, 1992). Its
# variables are made within `jax.value_and_grad`, and are those of the classifier alone.


# %%
def penalized(scope, images, labels, strength):
    def loss(images):
        return crossentropy(classifier(scope, images), labels)

    value, slopes = jax.value_and_grad(loss)(images)
    return value + strength * len(images) * jnp.sum(slopes**2)


lesson, pupil = sj.transform(penalized), sj.transform(classifier)
first = lesson.init(key, train_images, train_digits, 0.0)
jax.tree.map(np.testing.assert_array_equal, first, pupil.init(key, train_images))

noise = np.random.default_rng(0).normal(size=test_images.shape).astype("float32")
levels = np.linspace(0, 0.6, 7, dtype="float32")
fig, axis = plt.subplots(figsize=(5, 2.8), layout="constrained")
for strength, label in ((0.0, "plain"), (1.0, "with penalty")):
    taught, _ = train(lesson.apply, first, *train_data, strength)
    right = [share(pupil.apply(taught, test_images + s * noise)) for s in levels]
    axis.plot(levels, np.multiply(right, 100), "o-", label=label)
axis.set(xlabel="standard deviation of noise in the pixels", ylabel="% right")
axis.legend()
plt.show()

# %% [markdown]
# ## What to remember
#
# | for | write |
# |---|---|
# | alike layers, one after the other | `lax.scan` over `(scope / "layers").stack(n)` |
# | alike networks, side by side | `jax.vmap` over a stack |
# | one cell for all steps | a loop whose body closes over the scope |
# | less memory | `jax.checkpoint(block)`, with the scope as an argument |
# | less tracing | `jax.jit(block)`, with the scope as an argument |
# | one of several layers | `lax.cond`, `lax.switch`: all are made |
# | a slope in the loss | `jax.grad` of a function that closes over the scope |
#
# Other libraries have ways of their own for native `jit`, `scan`, `cond` and
# `checkpoint` inside a model:
#
# | | inside a model | init |
# |---|---|---|
# | scopejax | JAX's own, at init too | outside of every trace |
# | flax.linen | lifted copies: `nn.scan`, `nn.remat`, ... | eager, or in `jit` |
# | flax.nnx | its own `nnx.jit`, `nnx.scan`, or split and merge | eager, or in `jit` |
# | haiku | wrappers: `hk.scan`, ..., or state passed by hand | eager, or in `jit` |
# | equinox | JAX's own: the layers exist by then | eager, or in `jit` |
#
# What is refused in a loop, keys and state, and why: `docs/sharp_bits.md` and the
# notebook 03. How a scope travels through a transform: `docs/how_it_works.md`. Next is
# training, in the notebook 05.
