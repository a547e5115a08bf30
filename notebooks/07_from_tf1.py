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
# # From TensorFlow 1: a GPT-2
#
# Somebody trained a small GPT-2 with TensorFlow 1, and stopped too early. At the end of
# this notebook you will have
#
# - that model in JAX, from TensorFlow's own checkpoint, with the same logits,
# - the same with its layers in one `scan`, and in a file of its own,
# - Adam going on where TensorFlow stopped, with the same losses for 100 steps,
# - and a model that has learned its text.
#
# It takes less than a minute on a CPU, and TensorFlow is not needed. You should have
# seen `tf.variable_scope` and `jax.jit` before.
# [The guide](../docs/migrating_gpt2.md) has the same steps with more words.

# %%
import json
import math
import tempfile
from collections import namedtuple
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.nn.initializers import normal, ones, zeros

import scopejax as sj
from scopejax import checkpoints
from scopejax import tf1 as tf

# %% [markdown]
# In this folder are the checkpoint that `tf.train.Saver` wrote after 300 steps, and
# what TensorFlow said at that time. It is in the clone of the repository that you
# installed from.

# %%
folder = Path(sj.__file__).parents[1] / "tests" / "data" / "gpt2_tiny"
recorded = dict(np.load(folder / "recorded.npz"))
tokens = np.concatenate([recorded["tokens/text"], recorded["tokens/any"]])
logits = np.concatenate([recorded["logits/text"], recorded["logits/any"]])
plt.rcParams["figure.dpi"] = 72

print((folder / "checkpoint").read_text())

# %% [markdown]
# `checkpoints.load` reads it. TensorFlow saved Adam's moments beside each variable, and
# they are left aside until part 5.

# %%
params = checkpoints.load(folder)

jax.tree.map(jnp.shape, params["model"]["h0"])

# %% [markdown]
# ## 1. Line by line
#
# The program was written for TensorFlow:
#
# ```python
# import tensorflow as tf
#
#
# def conv1d(x, scope, n_out):
#     with tf.variable_scope(scope):
#         *start, n = shape_list(x)
#         normal = tf.random_normal_initializer(stddev=0.02)
#         w = tf.get_variable("w", [1, n, n_out], initializer=normal)
#         b = tf.get_variable("b", [n_out], initializer=tf.zeros_initializer())
#         y = tf.matmul(tf.reshape(x, [-1, n]), tf.reshape(w, [-1, n_out])) + b
#         return tf.reshape(y, [*start, n_out])
# ```
#
# `scopejax.tf1` has TF1's scopes and variables, and its ops as well, so changing the
# import is enough. Here the ops become JAX's too: what follows is then plain JAX. More
# than half of the lines stay as they were.

# %%
HParams = namedtuple("HParams", "n_vocab n_ctx n_embd n_head n_layer")


def gelu(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + jnp.tanh(inner))


def norm(x, scope):
    with tf.variable_scope(scope):
        n = x.shape[-1]
        g = tf.get_variable("g", [n], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        mean = jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(jnp.square(x - mean), axis=-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * g + b


def conv1d(x, scope, n_out):
    with tf.variable_scope(scope):
        *start, n = x.shape
        normal = tf.random_normal_initializer(stddev=0.02)
        w = tf.get_variable("w", [1, n, n_out], initializer=normal)
        b = tf.get_variable("b", [n_out], initializer=tf.zeros_initializer())
        y = jnp.matmul(jnp.reshape(x, [-1, n]), jnp.reshape(w, [-1, n_out])) + b
        return jnp.reshape(y, [*start, n_out])


def split_heads(x, n_head):
    batch, time, n = x.shape
    heads = jnp.reshape(x, [batch, time, n_head, n // n_head])
    return jnp.transpose(heads, [0, 2, 1, 3])


def merge_heads(x):
    batch, n_head, time, n = x.shape
    return jnp.reshape(jnp.transpose(x, [0, 2, 1, 3]), [batch, time, n_head * n])


def attn(x, scope, hparams):
    with tf.variable_scope(scope):
        n, time = hparams.n_embd, x.shape[1]
        qkv = conv1d(x, "c_attn", 3 * n)
        q, k, v = [split_heads(y, hparams.n_head) for y in jnp.split(qkv, 3, axis=2)]
        scores = jnp.matmul(q, jnp.transpose(k, [0, 1, 3, 2]))
        scores = scores * jax.lax.rsqrt(float(n // hparams.n_head))
        seen = jnp.arange(time)[:, None] >= jnp.arange(time)[None, :]
        mask = seen.astype(tf.float32)
        scores = scores * mask - 1e10 * (1 - mask)
        mixed = jnp.matmul(jax.nn.softmax(scores), v)
        return conv1d(merge_heads(mixed), "c_proj", n)


def mlp(x, scope, hparams):
    with tf.variable_scope(scope):
        h = gelu(conv1d(x, "c_fc", 4 * hparams.n_embd))
        return conv1d(h, "c_proj", hparams.n_embd)


def block(x, scope, hparams):
    with tf.variable_scope(scope):
        x = x + attn(norm(x, "ln_1"), "attn", hparams)
        return x + mlp(norm(x, "ln_2"), "mlp", hparams)


def model(hparams, tokens, scope="model", reuse=False):
    with tf.variable_scope(scope, reuse=reuse):
        n, time = hparams.n_embd, tokens.shape[1]
        near = tf.random_normal_initializer(stddev=0.01)
        wpe = tf.get_variable("wpe", [hparams.n_ctx, n], initializer=near)
        normal = tf.random_normal_initializer(stddev=0.02)
        wte = tf.get_variable("wte", [hparams.n_vocab, n], initializer=normal)
        x = jnp.take(wte, tokens, 0) + jnp.take(wpe, jnp.arange(time), 0)
        for layer in range(hparams.n_layer):
            x = block(x, f"h{layer}", hparams)
        x = norm(x, "ln_f")
        return jnp.tensordot(x, jnp.transpose(wte), 1)


def loss_of(hparams, tokens):
    logits = model(hparams, tokens[:, :-1])
    losses = optax.softmax_cross_entropy_with_integer_labels(
        labels=tokens[:, 1:], logits=logits
    )
    return jnp.mean(losses)


# %% [markdown]
# What has to change, the errors tell:

# %%
try:
    tf.gradients
except AttributeError as error:
    print(error)

# %% [markdown]
# `tf.transform` makes pure functions of it. Loaded against the manifest, the checkpoint
# has to have each variable that the model asks for, of the same shape, and no other.

# %%
hparams = HParams(**json.loads((folder / "hparams.json").read_text()))
moved = tf.transform(lambda tokens: model(hparams, tokens))
params = checkpoints.load(folder, moved.manifest(tokens))

# %% [markdown]
# Does it say what TensorFlow said?


# %%
def differences(net, params):
    """How far each logit is from TensorFlow's."""
    return np.abs(jax.jit(net.apply)(params, tokens) - logits).ravel()


by_lines = differences(moved, params)
print(f"{by_lines.size} logits, at most {by_lines.max():.1e} from TensorFlow's")

# %% [markdown]
# ## 2. Scopes as values
#
# Now we write it as one writes JAX. A function is given its scope and hands on the
# places below, so nothing depends on the `with` block around a call. JAX's own `gelu`
# and attention save some lines. The names of the variables stay, so `params` fits.


# %%
def layer_norm(scope, x):
    n = x.shape[-1]
    g = scope.get_variable("g", (n,), initializer=ones)
    b = scope.get_variable("b", (n,), initializer=zeros)
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * g + b


def linear(scope, x, n_out):
    n = x.shape[-1]
    w = scope.get_variable("w", (1, n, n_out), initializer=normal(0.02))
    b = scope.get_variable("b", (n_out,), initializer=zeros)
    return x @ w[0] + b


def attention(scope, x, n_head):
    batch, time, n = x.shape
    qkv = linear(scope / "c_attn", x, 3 * n)
    q, k, v = jnp.moveaxis(qkv.reshape(batch, time, 3, n_head, n // n_head), 2, 0)
    mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
    return linear(scope / "c_proj", mixed.reshape(x.shape), n)


def feed_forward(scope, x):
    n = x.shape[-1]
    h = jax.nn.gelu(linear(scope / "c_fc", x, 4 * n))
    return linear(scope / "c_proj", h, n)


def layer(scope, x, n_head):
    x = x + attention(scope / "attn", layer_norm(scope / "ln_1", x), n_head)
    return x + feed_forward(scope / "mlp", layer_norm(scope / "ln_2", x))


def embed(scope, tokens, hparams):
    n = hparams.n_embd
    wpe = scope.get_variable("wpe", (hparams.n_ctx, n), initializer=normal(0.01))
    wte = scope.get_variable("wte", (hparams.n_vocab, n), initializer=normal(0.02))
    return wte, wte[tokens] + wpe[: tokens.shape[1]]


def gpt2(scope, tokens, hparams):
    wte, x = embed(scope, tokens, hparams)
    for i in range(hparams.n_layer):
        x = layer(scope / f"h{i}", x, hparams.n_head)
    return layer_norm(scope / "ln_f", x) @ wte.T


def mean_loss(logits, tokens):
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, tokens)
    return losses.mean()


# %%
scoped = sj.transform(lambda scope, tokens: gpt2(scope / "model", tokens, hparams))
by_scopes = differences(scoped, params)

assert set(scoped.manifest(tokens)) == set(moved.manifest(tokens))
print(f"at most {by_scopes.max():.1e} from TensorFlow's")

# %% [markdown]
# ## 3. One stack of layers
#
# The four layers are alike. `stack` is the scope of all of them, and JAX's own `scan`
# takes it apart. `layer` stays as it is.


# %%
def scanned_body(scope, tokens, hparams):
    def step(x, scope):
        return layer(scope, x, hparams.n_head), None

    wte, x = embed(scope, tokens, hparams)
    x, _ = jax.lax.scan(step, x, (scope / "layers").stack(hparams.n_layer))
    return wte, layer_norm(scope / "ln_f", x)


def scanned_gpt2(scope, tokens, hparams):
    wte, x = scanned_body(scope, tokens, hparams)
    return x @ wte.T


# %% [markdown]
# The variables of the layers become one, with a first axis of 4.

# %%
stack = checkpoints.stack_layers(params, "model/h{}", into="model/layers")
scanned = sj.transform(
    lambda scope, tokens: scanned_gpt2(scope / "model", tokens, hparams)
)
by_scan = differences(scanned, stack)

print(f"at most {by_scan.max():.1e} from TensorFlow's")
scanned.manifest(tokens)

# %% [markdown]
# Are such differences large or small? The logits go up to 8.6, and there two neighbours
# in float32 are 0.00000095 apart. So we count in these.

# %%
fig, axis = plt.subplots(figsize=(6, 2.3), layout="constrained")
edges = np.arange(0, 4.01, 0.25)
for name, found, style in (
    ("1. line by line", by_lines, "-"),
    ("2. scopes as values", by_scopes, "--"),
    ("3. one stack", by_scan, ":"),
):
    counts, _ = np.histogram(found / np.spacing(np.float32(8)), edges)
    axis.stairs(counts, edges, label=name, linestyle=style, linewidth=2)
axis.set(yscale="log", ylabel="logits", ylim=(0.8, None), xlim=(0, 4))
axis.set(xlabel="distance from TensorFlow's, in steps of float32 at 8")
axis.legend(frameon=False, title=f"{by_scan.size} logits, moved in three ways")
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# Most are less than one step off, and none more than four. That is rounding: TensorFlow
# and XLA add the same numbers in another order.
#
# ## 4. A file of its own
#
# From here on there is no need for TensorFlow's files. A safetensors file can be read
# by any other program, and comes back bit by bit.

# %%
with tempfile.TemporaryDirectory() as home:
    file = Path(home) / "gpt2.safetensors"
    checkpoints.save(file, stack)
    again = checkpoints.load(file, scanned.manifest(tokens))
    print(f"{file.stat().st_size} bytes")

jax.tree.all(jax.tree.map(jnp.array_equal, again, stack))

# %% [markdown]
# ## 5. Adam goes on
#
# Adam keeps two moments for each variable. TensorFlow saved them as `w/Adam` and
# `w/Adam_1`. As slots they come by the names of the variables, so they take the same
# way into the stack, and then into the state of optax.


# %%
def arranged(tree):
    return checkpoints.stack_layers(tree, "model/h{}", into="model/layers")


once = checkpoints.load(folder, slot="non_slot", cast={"global_step": "int32"})
optimizer = optax.adam(0.005)
fresh = optimizer.init(stack)
kept = optax.tree_utils.tree_set(
    fresh,
    mu=arranged(checkpoints.load(folder, slot="Adam")),
    nu=arranged(checkpoints.load(folder, slot="Adam_1")),
    count=once["global_step"],
)

# %% [markdown]
# TensorFlow went on for 100 steps, and noted the batches and the losses. We train on
# the same batches: once with its moments, and once with those of a new Adam, zeros.


# %%
def loss_at(params, tokens):
    return mean_loss(scanned.apply(params, tokens[:, :-1]), tokens[:, 1:])


@partial(jax.jit, static_argnums=0)
def train(optimizer, params, state, batches):
    """Params and state after all batches, and the loss before each."""

    def step(carry, tokens):
        params, state = carry
        loss, grads = jax.value_and_grad(loss_at)(params, tokens)
        updates, state = optimizer.update(grads, state)
        return (optax.apply_updates(params, updates), state), loss

    (params, state), losses = jax.lax.scan(step, (params, state), batches)
    return params, state, losses


text = recorded["text"].astype("int32")
batches = text[recorded["starts"][..., None] + np.arange(33)]
after, state, losses = train(optimizer, stack, kept, batches)
_, _, losses_anew = train(optimizer, stack, fresh, batches)

theirs = recorded["losses"]
print(f"at most {np.abs(losses - theirs[300:]).max():.1e} from TensorFlow's losses")

# %% [markdown]
# On the left, TensorFlow's losses, before the checkpoint and after it, and ours. On the
# right, how far ours are from TensorFlow's. Both runs begin with the same params. But
# an Adam that starts anew is on another path after one step, and stays there.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6), layout="constrained")
steps = np.arange(300, 400)
left.plot(theirs[:301], color="0.6", label="TensorFlow, before the checkpoint")
left.plot(steps, theirs[300:], color="black", label="TensorFlow, after it")
left.plot(steps[::4], losses[::4], ".", color="tab:green", label="JAX, from it")
left.axvline(300, ymax=0.7, color="0.8", zorder=0)
left.set(xlim=(150, 402), ylim=(1.3, 3), xlabel="step", title="Loss")
left.legend(frameon=False)

for found, name, color in (
    (losses_anew, "a new Adam", "tab:red"),
    (losses, "TensorFlow's moments", "tab:green"),
):
    gap = np.maximum(np.abs(found - theirs[300:]), np.spacing(np.float32(1)))
    right.plot(steps, gap, color=color, label=name)
right.set(yscale="log", ylim=(3e-8, 3), xlabel="step")
right.set(title="Distance from TensorFlow's loss")
right.legend(frameon=False, loc="center right")
for axis in (left, right):
    axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## 6. To the end
#
# So far we have only done what TensorFlow did. Now we train on, with a rate that goes
# down to zero, from where the 100 steps have led. The optimizer is another one, and
# takes over moments and count of the last.

# %%
more = 500
starts = jax.random.randint(jax.random.key(0), (more, 16, 1), 0, len(text) - 32)
falling = optax.adam(optax.cosine_decay_schedule(0.015, 400 + more))
taken = {name: optax.tree_utils.tree_get(state, name) for name in ("mu", "nu", "count")}
learned, _, final_losses = train(
    falling,
    after,
    optax.tree_utils.tree_set(falling.init(after), **taken),
    jnp.asarray(text)[starts + jnp.arange(33)],
)

print(f"loss: {final_losses[0]:.2f} before, {final_losses[-50:].mean():.2f} at the end")

# %% [markdown]
# What has it learned? Each byte of its text is coloured by how much it surprises the
# model, which sees the 32 bytes before it. A byte of a text without any pattern costs 7
# bits.


# %%
def bits(params):
    """For each byte from the 32nd on, what it costs, in bits."""
    windows = text[np.arange(len(text) - 32)[:, None] + np.arange(32)]
    logits = jax.jit(scanned.apply)(params, windows)[:, -1]
    costs = -jax.nn.log_softmax(logits) / math.log(2)
    return np.take_along_axis(np.asarray(costs), text[32:, None], 1)[:, 0]


def draw(axis, costs, title, rows=7):
    lines = bytes(text[32:].tolist()).decode().splitlines(keepends=True)
    grid, at = np.full((rows, 42), np.nan), 0
    for y, line in enumerate(lines[: rows + 2], start=-2):
        if y >= 0:
            grid[y, : len(line) - 1] = costs[at : at + len(line) - 1]
            for x, letter in enumerate(line[:-1]):
                axis.text(x, y, letter, ha="center", va="center", fontsize=8)
        at += len(line)
    image = axis.imshow(grid, cmap="OrRd", vmin=0, vmax=7, aspect="auto")
    axis.set_title(f"{title}: {costs.mean():.2f} bits for a byte", loc="left")
    axis.axis("off")
    return image


fig, axes = plt.subplots(2, 1, figsize=(7, 3.4), layout="constrained")
draw(axes[0], bits(stack), "As TensorFlow left it")
image = draw(axes[1], bits(learned), "At the end")
fig.colorbar(image, ax=axes, label="bits", shrink=0.5)
plt.show()

# %% [markdown]
# It knows its text nearly by heart now. So it can go on from the first word of a line:


# %%
def write(params, start, length=40):
    apply, written = jax.jit(scanned.apply), list(start.encode())
    for _ in range(length):
        seen = written[-32:]
        window = np.array([seen + [0] * (32 - len(seen))])
        written.append(int(apply(params, window)[0, len(seen) - 1].argmax()))
    return bytes(written).decode().partition("\n")[0]


for start in ("Explicit is ", "Beautiful is "):
    print("TensorFlow:", write(stack, start))
    print("at the end:", write(learned, start))

# %% [markdown]
# ## Where to go next
#
# - [From TensorFlow 1](../docs/from_tf1.md) has the rules: names, sharing, state,
#   collections, and the table of what there is.
# - [The guide to this migration](../docs/migrating_gpt2.md) shows another model on top
#   of this body, and where a step of optax is not one of TensorFlow.
# - [`01_first_scope.ipynb`](01_first_scope.ipynb) begins with scopes from nothing.
