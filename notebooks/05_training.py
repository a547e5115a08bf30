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
# # Training by name
#
# optax trains, and names say what. At the end you will have
#
# - weight decay on kernels alone, and two learning rates in one optimizer,
# - an encoder of the digits 0 to 4, frozen to the bit, with a new head for 5 to 9,
# - adapters for it, and a picture of what each rank costs and brings,
# - a noisy training run, and the average of its weights, which is less so,
# - pictures of weights that were penalized, or could not be negative,
# - weights that are stored in float32 and computed with in bfloat16.
#
# You should have met `sj.transform` and state, as in the notebooks 01 and 03.

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

images, digits = load_digits(return_X_y=True)
images = np.float32(images / 16)  # 1797 digits, 64 pixels each, from 0 to 1
train_images, test_images, train_digits, test_digits = train_test_split(
    images, digits, test_size=500, stratify=digits, random_state=0
)
train_data, test_data = (train_images, train_digits), (test_images, test_digits)
key = jax.random.key(0)
plt.rcParams["figure.dpi"] = 72


def dense(scope, x, features):
    kernel = scope.get_variable("kernel", (x.shape[-1], features))
    bias = scope.get_variable("bias", (features,), initializer=zeros)
    return x @ kernel + bias


def encoder(scope, images):
    hidden = jax.nn.relu(dense(scope / "first", images, 64))
    return jax.nn.relu(dense(scope / "second", hidden, 64))


def network(head, classes, **options):
    """An encoder and a head of that name, under these options of a scope."""

    def model(scope, images):
        scope = scope.with_options(**options)
        return dense(scope / head, encoder(scope / "encoder", images), classes)

    return sj.transform_with_state(model)


# %% [markdown]
# ## 1. One training loop for all that follows
#
# It is plain JAX and optax. The optimizer gets the params, and what is not trainable
# passes through as state. A model without state has `{}`.


# %%
def trainer(net, optimizer, penalty=lambda params: 0.0):
    """A function that trains `net` from given params and state."""

    def loss(params, state, images, digits):
        scores, state = net.apply(params, state, images)
        losses = optax.softmax_cross_entropy_with_integer_labels(scores, digits)
        return losses.mean() + penalty(params), state

    @jax.jit
    def step(params, state, moments, batch):
        with_grads = jax.value_and_grad(loss, has_aux=True)
        (_, state), grads = with_grads(params, state, *batch)
        updates, moments = optimizer.update(grads, moments, params)
        return optax.apply_updates(params, updates), state, moments

    def train(params, state, data, steps=200, size=64, watch=lambda *_: None):
        moments, random = optimizer.init(params), np.random.default_rng(0)
        for _ in range(steps):
            chosen = random.integers(len(data[0]), size=size)
            batch = [array[chosen] for array in data]
            params, state, moments = step(params, state, moments, batch)
            watch(params, state)
        return params, state

    return train


def accuracy(net, params, state, data=test_data):
    scores, _ = net.apply(params, state, data[0])
    return np.mean(scores.argmax(-1) == data[1])


net = network("head", 10)
manifest = net.manifest(train_images)
params, state = net.init(key, train_images)
assert state == {}
print(manifest)

# %% [markdown]
# ## 2. Weight decay on kernels alone
#
# `manifest.mask` gives a tree of bools, by a glob over full names, and optax takes it.
# The table has the lengths of all variables after training. Decay on all holds biases
# short as well. With the mask they are free, and end up longer than without any decay.

# %%
mask = manifest.mask("**/kernel")
decays = {
    "no decay": optax.adamw(3e-3, weight_decay=0.0),
    "on all": optax.adamw(3e-3, weight_decay=1.0),
    "on kernels": optax.adamw(3e-3, weight_decay=1.0, mask=mask),
}
lengths = {}
for label, optimizer in decays.items():
    trained, _ = trainer(net, optimizer)(params, state, train_data)
    lengths[label] = jax.tree.map(jnp.linalg.norm, sj.to_flat(trained))

print(f"{'':<22} {'mask':<5}", *(f"{label:>10}" for label in decays))
for name, chosen in sj.to_flat(mask).items():
    row = (f"{length[name]:10.3f}" for length in lengths.values())
    print(f"{name:<22} {chosen!s:<5}", *row)

# %% [markdown]
# ## 3. Two learning rates
#
# `manifest.labels` gives each variable the label of the first pattern that matches, and
# `optax.partition` an optimizer to each label. In its first step Adam moves a number by
# its rate at most, so that the column *max* of `sj.compare` shows the two rates.

# %%
two_rates = optax.partition(
    {"slow": optax.adam(1e-4), "fast": optax.adam(1e-2)},
    manifest.labels({"head/**": "fast", "**": "slow"}),
)
after_one, _ = trainer(net, two_rates)(params, state, train_data, steps=1)
print(sj.compare(params, after_one))

# %% [markdown]
# ## 4. Transfer
#
# An encoder learns on the digits 0 to 4. Then it meets 5 to 9, under a new head. `init`
# takes what exists as `given=`, checks and keeps it, and makes what is missing. The old
# head has no place in the new model, and `partition` leaves it out.


# %%
def only(data, low, high):
    """The images of the digits from `low` to `high`, which are labelled from 0."""
    chosen = (data[1] >= low) & (data[1] <= high)
    return data[0][chosen], data[1][chosen] - low


low_net, high_net = network("low", 5), network("high", 5)
learn = trainer(low_net, optax.adam(3e-3))
pretrained, _ = learn(*low_net.init(key, train_images), only(train_data, 0, 4))
print(f"0 to 4: {accuracy(low_net, pretrained, {}, only(test_data, 0, 4)):.1%} right")

high_manifest = high_net.manifest(train_images)
known, left_out = high_manifest.partition(pretrained)
before, _ = high_net.init(key, train_images, given=known)
print("kept:", *known, "| left out:", *left_out, "| now:", *before)

# %% [markdown]
# **Frozen** is what `optax.transforms.freeze` gets True for: its updates are zero. We
# train the new head alone, and `sj.compare` tells what has moved.

# %%
high_train, high_test = only(train_data, 5, 9), only(test_data, 5, 9)
freeze = optax.transforms.freeze(high_manifest.mask("encoder/**"))
train_head = trainer(high_net, optax.chain(optax.adam(1e-2), freeze))
after, _ = train_head(before, {}, high_train)
sj.compare(before, after)

# %% [markdown]
# What was frozen is the same to the bit. Does it help? On digits as small as these, no:
# in as many steps, features that tell 0 to 4 apart serve a new head no better than
# random ones. The encoder has to learn too.


# %%
def same_bits(one, two):
    equal = jax.tree.map(lambda a, b: a.tobytes() == b.tobytes(), one, two)
    return all(jax.tree.leaves(equal))


print("bit for bit:", same_bits(pretrained["encoder"], after["encoder"]))
on_random, _ = train_head(*high_net.init(key, train_images), high_train)
tuned, _ = trainer(high_net, optax.adam(3e-3))(before, {}, high_train)
ways = {"pretrained, frozen": after, "random, frozen": on_random, "tuned": tuned}
rights = {way: accuracy(high_net, tree, {}, high_test) for way, tree in ways.items()}
for way, right in rights.items():
    print(f"{way:<18} {right:.1%} of 5 to 9 right")

# %% [markdown]
# ## 5. Low-rank adapters
#
# Between a frozen encoder and a free one stands LoRA (Hu et al., 2021): a kernel stays,
# and the product of two thin matrices is added to it. A **custom getter** does that. It
# stands between a variable and those who read it; `encoder` is neither changed nor
# told. What it freezes is not trainable, hence state: the optimizer never gets it.


# %%
def adapted(adapters):
    def model(scope, images):
        lean = (scope / "encoder").with_options(custom_getter=adapters)
        return dense(scope / "high", encoder(lean, images), 5)

    return sj.transform_with_state(model)


print(adapted(sj.getters.lora(rank=2)).manifest(train_images))

# %% [markdown]
# The pretrained encoder is `given=` as before, and the adapters are made beside it.
# One of the two matrices is zero at first, so that the model starts as it was.


# %%
def count(tree):
    return sum(array.size for array in jax.tree.leaves(tree))


scores_before, _ = high_net.apply(before, {}, test_images)
head_only, full = rights["pretrained, frozen"], rights["tuned"]
points, runs = {"head alone": (count(after["high"]), 100 * head_only)}, {}
for rank in (1, 2, 4, 8):
    adapters = sj.getters.lora(rank, alpha=2.0 * rank)
    lora_net = adapted(adapters)
    trainable, frozen = lora_net.init(key, train_images, given=known)
    scores, _ = lora_net.apply(trainable, frozen, test_images)
    assert np.array_equal(scores, scores_before)
    learn = trainer(lora_net, optax.adam(1e-2))
    learned, still_frozen = learn(trainable, frozen, high_train)
    assert same_bits(still_frozen, frozen)
    runs[rank] = lora_net, adapters, learned, frozen
    right = accuracy(lora_net, learned, frozen, high_test)
    points[f"rank {rank}"] = count(learned), 100 * right
points["everything"] = count(tuned), 100 * full

fig, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
axis.semilogx(*zip(*points.values(), strict=True), "o-")
for label, point in points.items():
    print(f"{label:<10} {point[0]:>5,} trained, {point[1]:.1f}% right")
    axis.annotate(label, point, xytext=(4, -14), textcoords="offset points")
ticks = (300, 1000, 3000, 10000)
axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
axis.set(xlabel="numbers that are trained", ylabel="% of held-out 5 to 9 right")
axis.set(xlim=(250, 20000), ylim=(84, 100))
axis.minorticks_off()
plt.show()

# %% [markdown]
# `merge` adds the products to the kernels. What comes out are plain weights for the
# model without a getter, and the outputs are the same.

# %%
lora_net, adapters, learned, frozen = runs[8]
plain = adapters.merge(sj.merge(learned, frozen))
high_manifest.check(plain)
scores, _ = lora_net.apply(learned, frozen, test_images)
plain_scores, _ = high_net.apply(plain, {}, test_images)
print("the same:", np.array_equal(scores, plain_scores))

# %% [markdown]
# ## 6. Averages to evaluate with
#
# `sj.getters.ema` keeps beside each variable its moving average. Training reads the
# variables and moves the averages; with `evaluate=True` the averages are read. Small
# batches and a high rate make this run noisy. Params and state are values, so that we
# can keep those of all steps, stack them, and evaluate all at once.

# %%
moving = network("head", 10, custom_getter=sj.getters.ema(0.97))
averaged = network("head", 10, custom_getter=sj.getters.ema(0.97, evaluate=True))
history = []
learn, start = trainer(moving, optax.sgd(0.4)), moving.init(key, train_images)
learn(*start, train_data, 300, size=16, watch=lambda *both: history.append(both))
steps = jax.tree.map(lambda *arrays: np.stack(arrays), *history)

fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for label, reader in {"the weights": moving, "their averages": averaged}.items():
    scores, _ = jax.jit(jax.vmap(reader.apply, (0, 0, None)))(*steps, test_images)
    right = 100 * np.mean(scores.argmax(-1) == test_digits, axis=-1)
    late = right[200:]
    print(f"{label:<15} last 100 steps: {late.mean():.1f} ± {late.std():.1f} % right")
    axis.plot(right, label=label)
axis.set(xlabel="step", ylabel="% of held-out digits right", ylim=(50, 100))
axis.legend(loc="lower right")
plt.show()

# %% [markdown]
# ## 7. Regularizers and constraints
#
# Scopes pass both down. `manifest.regularization_loss` sums all regularizers, for the
# loss. `sj.optim.constrain` stands last in a chain, and makes updates that keep the
# constraints. In the picture are the weights from the 64 pixels to each of 10 units:
# red is positive, blue negative, white zero.


# %%
def small(**rule):
    def model(scope, images):
        first = (scope / "first").with_options(**rule)
        hidden = jax.nn.relu(images @ first.get_variable("kernel", (64, 10)))
        return dense(scope / "head", hidden, 10)

    return sj.transform_with_state(model)


rules = {
    "free": {},
    "l1": {"regularizer": sj.regularizers.l1(1e-3)},
    "not negative": {"constraint": jax.nn.relu},
}
fig, axes = plt.subplots(3, 1, figsize=(8, 2.6), layout="constrained")
for axis, (label, rule) in zip(axes, rules.items(), strict=True):
    small_net = small(**rule)
    table = small_net.manifest(train_images)
    optimizer = optax.chain(optax.adam(1e-2), sj.optim.constrain(table))
    learn = trainer(small_net, optimizer, table.regularization_loss)
    trained, _ = learn(*small_net.init(key, train_images), train_data)
    kernel = np.asarray(trained["first"]["kernel"])
    print(
        f"{label:<12} {accuracy(small_net, trained, {}):.1%} right,",
        f"{np.mean(np.abs(kernel) < 0.01):3.0%} of weights near 0,",
        f"least {kernel.min():5.2f}, penalty {table.regularization_loss(trained):.2f}",
    )
    squares, gaps = kernel.T.reshape(10, 8, 8), ((0, 0), (0, 0), (1, 1))
    row = np.hstack(np.pad(squares, gaps, constant_values=np.nan))
    drawn = axis.imshow(row, cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set(xticks=[], yticks=[], frame_on=False)
    axis.set_ylabel(label, rotation=0, ha="right", va="center")
assert kernel.min() >= 0  # those of the last network
fig.colorbar(drawn, ax=axes, pad=0.01, aspect=12, label="weight")
plt.show()

# %% [markdown]
# ## 8. Two precisions
#
# `sj.getters.cast` stores float32 and gives bfloat16 to those who read. The input is
# cast too, or JAX would compute in the wider of both.


# %%
def in_half(scope, images):
    half = scope.with_options(custom_getter=sj.getters.cast("bfloat16"))
    hidden = encoder(half / "encoder", images.astype("bfloat16"))
    return dense(half / "head", hidden, 10).astype("float32")


half_net = sj.transform_with_state(in_half)
half_params, _ = trainer(half_net, optax.adam(3e-3))(params, {}, train_data)
equations = jax.make_jaxpr(half_net.apply)(params, {}, test_images).eqns
products = [e.outvars[0].aval for e in equations if e.primitive.name == "dot_general"]
print("stored:  ", *{str(array.dtype) for array in jax.tree.leaves(half_params)})
print("products:", *products)
print(f"{accuracy(half_net, half_params, {}):.1%} right")

# %% [markdown]
# ## What to remember
#
# | for | write |
# |---|---|
# | an optimizer that acts on some names | `mask=manifest.mask("**/kernel")` |
# | an optimizer for each scope | `optax.partition(..., manifest.labels({...}))` |
# | a frozen scope | `optax.transforms.freeze(manifest.mask("encoder/**"))` |
# | a start from what exists | `init(key, x, given=manifest.partition(old)[0])` |
# | weights that are read in another way | `scope.with_options(custom_getter=...)` |
# | penalties | `loss + manifest.regularization_loss(params)` |
# | bounds on weights | `sj.optim.constrain(manifest)`, last in a chain |
#
# Where a model has state, optax gets the params alone: take masks and labels of
# `manifest.trainable`.
#
# `sj.getters` has more: `weight_norm`, `spectral_norm`, noise on weights. Each is a few
# lines, meant to be read and copied. Next is a model on eight devices, in the notebook
# 06.
