"""A GPT-2 that TensorFlow trained says and learns the same in JAX, moved in any way."""

import functools
import json
from collections import namedtuple
from collections.abc import Callable

import jax
import numpy as np
import optax
import pytest

import scopejax as sj
from scopejax import checkpoints, tf1

from ..helpers.migration import models
from ..helpers.pages import ROOT

# One worker runs them all: what they share is made once.
pytestmark = pytest.mark.xdist_group("migration")

FOLDER = ROOT / "tests" / "data" / "gpt2_tiny"
HPARAMS = models.HParams(**json.loads((FOLDER / "hparams.json").read_text()))
RECORDED = dict(np.load(FOLDER / "recorded.npz"))
TOKENS = RECORDED["tokens/text"]
STEPS, MORE = 300, 100  # before the checkpoint and after it

# TensorFlow's own logits are up to 3e-6 from the exact ones, and JAX's as much.
LOGITS = 1e-5


@pytest.fixture(autouse=True)
def _as_the_program_was_written():
    """TensorFlow adds vectors to matrices, and optax mixes dtypes."""
    promotion = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with promotion[0], promotion[1]:
        yield


# The same model three times.


def as_it_is(tree):
    return tree


def in_a_stack(tree):
    return checkpoints.stack_layers(tree, "model/h{}", into="model/layers")


def line_by_line_model(hparams=HPARAMS):
    return tf1.transform(lambda tokens: models.model(hparams, tokens))


def scoped_model(hparams=HPARAMS):
    return sj.transform(lambda s, tokens: models.gpt2(s / "model", tokens, hparams))


def scanned_model(hparams=HPARAMS):
    return sj.transform(
        lambda s, tokens: models.scanned_gpt2(s / "model", tokens, hparams)
    )


Way = namedtuple("Way", "net arranged")
WAYS: dict[str, Callable[[], Way]] = {
    "line by line": lambda: Way(line_by_line_model(), as_it_is),
    "scopes": lambda: Way(scoped_model(), as_it_is),
    "scan": lambda: Way(scanned_model(), in_a_stack),
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@pytest.fixture(scope="module")
def params():
    return checkpoints.load(FOLDER)


# What the model says.


@pytest.mark.parametrize("batch", ["text", "short", "any"])
@each_way
def test_the_logits_are_those_of_tensorflow(way, batch, params):
    """Each way of writing the model gives what TensorFlow gave, but for rounding."""
    net, arranged = way()
    logits = jax.jit(net.apply)(arranged(params), RECORDED[f"tokens/{batch}"])
    expected = RECORDED[f"logits/{batch}"]
    assert np.abs(expected).max() > 7
    np.testing.assert_allclose(logits, expected, rtol=0, atol=LOGITS)


@pytest.mark.smoke
@each_way
def test_the_model_asks_for_what_the_checkpoint_has(way, params):
    """Names, shapes and dtypes are those of the checkpoint, with nothing left over."""
    net, arranged = way()
    net.check(arranged(params), TOKENS)
    assert set(net.manifest(TOKENS)) == set(sj.to_flat(arranged(params)))


def test_a_checkpoint_of_another_size_is_refused():
    """Every layer that the checkpoint lacks is listed, and every other shape."""
    wide = line_by_line_model(HPARAMS._replace(n_layer=5, n_ctx=64))
    with pytest.raises(sj.VariableMismatchError, match="in 13 places") as caught:
        checkpoints.load(FOLDER, wide.manifest(TOKENS))
    assert "missing     model/h4/attn/c_attn/w: shape (1, 16, 48)" in str(caught.value)
    assert "model/wpe: expected (64, 16) and found (32, 16)" in str(caught.value)


def test_both_styles_are_initialized_alike(key):
    """TF1's initializers and JAX's of the same law make equal bits for equal names."""
    one, other = (
        net.init(key, TOKENS) for net in (line_by_line_model(), scoped_model())
    )
    for name, value in sj.to_flat(one).items():
        np.testing.assert_array_equal(value, sj.to_flat(other)[name])


# Arranged in a stack, and back.


def test_a_stack_comes_apart_again(params):
    """Stacked and unstacked, the variables are the same bits under the same names."""
    layers = in_a_stack(params)["model"]["layers"]
    assert layers["attn"]["c_attn"]["w"].shape == (4, 1, 16, 48)
    back = checkpoints.unstack_layers(
        in_a_stack(params), "model/layers", into="model/h{}"
    )
    assert set(sj.to_flat(back)) == set(sj.to_flat(params))
    for name, value in sj.to_flat(back).items():
        np.testing.assert_array_equal(value, sj.to_flat(params)[name])


def test_a_scan_is_one_layer_however_many_there_are():
    """The program of the scanned model does not grow with its layers."""

    def equations(model, layers):
        net = model(HPARAMS._replace(n_layer=layers))
        shapes = net.manifest(TOKENS).shapes()
        return len(jax.make_jaxpr(net.apply)(shapes, TOKENS).eqns)

    assert equations(scanned_model, 4) == equations(scanned_model, 8)
    assert equations(scoped_model, 4) < equations(scoped_model, 8)


# Files of its own.


@each_way
def test_a_safetensors_file_keeps_the_bits(way, params, path):
    """Saved and loaded against the manifest, the model says the same to the bit."""
    net, arranged = way()
    checkpoints.save(path, arranged(params))
    loaded = checkpoints.load(path, net.manifest(TOKENS))
    for name, value in sj.to_flat(loaded).items():
        np.testing.assert_array_equal(value, sj.to_flat(arranged(params))[name])


def test_a_part_of_it_starts_another_model(params, path, key):
    """Renamed and selected, the body that TensorFlow trained gets another head."""

    def classifier(scope, tokens):
        _, x = models.scanned_body(scope / "body", tokens, HPARAMS)
        return sj.layers.dense(scope / "head", x[:, -1], 3)

    net = sj.transform(classifier)
    checkpoints.save(path, in_a_stack(params))
    body = checkpoints.load(
        path, net.manifest(TOKENS), rename={"model/**": "body/**"}, select="body/**"
    )
    started = net.init(key, TOKENS, given=body)
    assert set(started) == {"body", "head"}
    np.testing.assert_array_equal(started["body"]["wte"], params["model"]["wte"])
    assert net.apply(started, TOKENS).shape == (2, 3)


# How it learns.


def batch_of(i):
    """The batch of a step after the checkpoint."""
    context = HPARAMS.n_ctx + 1
    text, starts = RECORDED["text"], RECORDED["starts"][i]
    return np.stack([text[start : start + context] for start in starts]).astype("int32")


@functools.cache
def training(way):
    """Params in their arrangement, an optimizer, and one compiled step."""
    net, arranged = way()
    optimizer = optax.adam(0.005)

    def loss_of(params, tokens):
        return models.mean_loss(net.apply(params, tokens[:, :-1]), tokens[:, 1:])

    @jax.jit
    def step(params, state, tokens):
        loss, gradient = jax.value_and_grad(loss_of)(params, tokens)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, loss

    return arranged(checkpoints.load(FOLDER)), optimizer, step


def steps_done():
    """The global step of the checkpoint, which is an int64 there."""
    once = checkpoints.load(FOLDER, slot="non_slot", cast={"global_step": "int32"})
    return once["global_step"]


def with_moments(state, arranged):
    """A state of optax with what TensorFlow's Adam had kept."""
    mu, nu = (arranged(checkpoints.load(FOLDER, slot=s)) for s in ("Adam", "Adam_1"))
    return optax.tree_utils.tree_set(state, mu=mu, nu=nu, count=steps_done())


def key_biases(name, size):
    """Which numbers of a variable are biases of keys.

    A bias of the keys adds the same to all scores of a query, so its gradient is zero.
    What is computed is rounding, and Adam divides rounding by rounding.
    """
    return (np.arange(size) // 16 == 1) & name.endswith("c_attn/b")


def test_the_slots_are_those_of_adam():
    """The checkpoint has two moments for each variable, and the step that it was at."""
    assert set(checkpoints.slots(FOLDER)) == {"Adam", "Adam_1", "non_slot"}
    assert steps_done() == STEPS


@each_way
def test_the_next_step_is_that_of_tensorflow(way):
    """A step of optax with TensorFlow's moments moves each number as TensorFlow did."""
    params, optimizer, step = training(way)
    arranged = way().arranged
    params, *_ = step(
        params, with_moments(optimizer.init(params), arranged), batch_of(0)
    )
    after = {
        name.removeprefix("after/"): value
        for name, value in RECORDED.items()
        if name.startswith("after/")
    }
    for name, value in sj.to_flat(arranged(sj.from_flat(after))).items():
        error = np.abs(sj.to_flat(params)[name] - value)
        noise = key_biases(name, value.shape[-1])
        assert error[..., ~noise].max() < 1e-6, name
        assert error[..., noise].max(initial=0) < 0.005, name


@each_way
def test_a_hundred_steps_are_those_of_tensorflow(way):
    """The losses follow TensorFlow's with its moments, and do not without."""
    params, optimizer, step = training(way)
    fresh = optimizer.init(params)
    for state, low, high in (
        (with_moments(fresh, way().arranged), 0, 1e-4),
        (fresh, 1e-2, 1),
    ):
        losses, now = [], params
        for i in range(MORE):
            now, state, loss = step(now, state, batch_of(i))
            losses.append(float(loss))
        assert low <= np.abs(losses - RECORDED["losses"][STEPS:]).max() < high
