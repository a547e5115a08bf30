"""Trains a tiny GPT-2 in TensorFlow 1's style, and writes what lies in this folder.

python make_gpt2_tiny.py

Run with TensorFlow 2.21.0 on Python 3.11. It writes the folder of this file and nothing
else. The tests never import TensorFlow: they read what lies here.
"""

import codecs
import contextlib
import json
import math
import os
from collections import namedtuple
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

HERE = Path(__file__).parent

# The program: a model of GPT-2's shape and names, at an eight-thousandth of its size.

HParams = namedtuple("HParams", "n_vocab n_ctx n_embd n_head n_layer")


def shape_list(x):
    static, dynamic = x.shape.as_list(), tf.shape(x)
    return [dynamic[i] if size is None else size for i, size in enumerate(static)]


def gelu(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + tf.tanh(inner))


def norm(x, scope):
    with tf.variable_scope(scope):
        n = x.shape[-1].value
        g = tf.get_variable("g", [n], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [n], initializer=tf.zeros_initializer())
        mean = tf.reduce_mean(x, axis=-1, keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), axis=-1, keepdims=True)
        return (x - mean) * tf.rsqrt(variance + 1e-5) * g + b


def conv1d(x, scope, n_out):
    with tf.variable_scope(scope):
        *start, n = shape_list(x)
        normal = tf.random_normal_initializer(stddev=0.02)
        w = tf.get_variable("w", [1, n, n_out], initializer=normal)
        b = tf.get_variable("b", [n_out], initializer=tf.zeros_initializer())
        y = tf.matmul(tf.reshape(x, [-1, n]), tf.reshape(w, [-1, n_out])) + b
        return tf.reshape(y, [*start, n_out])


def split_heads(x, n_head):
    batch, time, n = shape_list(x)
    heads = tf.reshape(x, [batch, time, n_head, n // n_head])
    return tf.transpose(heads, [0, 2, 1, 3])


def merge_heads(x):
    batch, n_head, time, n = shape_list(x)
    return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, time, n_head * n])


def attn(x, scope, hparams):
    with tf.variable_scope(scope):
        n, time = hparams.n_embd, shape_list(x)[1]
        qkv = conv1d(x, "c_attn", 3 * n)
        q, k, v = [split_heads(y, hparams.n_head) for y in tf.split(qkv, 3, axis=2)]
        scores = tf.matmul(q, tf.transpose(k, [0, 1, 3, 2]))
        scores = scores * tf.rsqrt(float(n // hparams.n_head))
        seen = tf.range(time)[:, None] >= tf.range(time)[None, :]
        mask = tf.cast(seen, tf.float32)
        scores = scores * mask - 1e10 * (1 - mask)
        mixed = tf.matmul(tf.nn.softmax(scores), v)
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
        n, time = hparams.n_embd, shape_list(tokens)[1]
        near = tf.random_normal_initializer(stddev=0.01)
        wpe = tf.get_variable("wpe", [hparams.n_ctx, n], initializer=near)
        normal = tf.random_normal_initializer(stddev=0.02)
        wte = tf.get_variable("wte", [hparams.n_vocab, n], initializer=normal)
        x = tf.gather(wte, tokens) + tf.gather(wpe, tf.range(time))
        for layer in range(hparams.n_layer):
            x = block(x, f"h{layer}", hparams)
        x = norm(x, "ln_f")
        return tf.tensordot(x, tf.transpose(wte), 1)


def loss_of(hparams, tokens):
    logits = model(hparams, tokens[:, :-1])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tokens[:, 1:], logits=logits
    )
    return tf.reduce_mean(losses)


def train_op(hparams, tokens):
    loss = loss_of(hparams, tokens)
    step = tf.train.get_or_create_global_step()
    return loss, tf.train.AdamOptimizer(0.005).minimize(loss, global_step=step)


# The run that is recorded.

TINY = HParams(n_vocab=128, n_ctx=32, n_embd=16, n_head=2, n_layer=4)
STEPS, MORE, BATCH = 300, 100, 8


def record():
    """Trains, saves, notes what the model says, and trains on."""
    text = zen()
    random = np.random.RandomState(0)
    starts = random.randint(len(text) - TINY.n_ctx, size=(STEPS + MORE, BATCH))
    tokens = tf.placeholder(tf.int32, [None, None])
    loss, train = train_op(TINY, tokens)
    logits = model(TINY, tokens, reuse=True)
    saver = tf.train.Saver(save_relative_paths=True)
    noted = {"text": text, "starts": starts[STEPS:].astype(np.int16)}
    losses = []
    tf.set_random_seed(0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i, batch in enumerate(starts):
            if i == STEPS:
                save(saver, session)
                for name, probe in probes(text).items():
                    noted[f"tokens/{name}"] = probe
                    noted[f"logits/{name}"] = session.run(logits, {tokens: probe})
            if i == STEPS + 1:
                noted |= {f"after/{name}": v for name, v in variables(session)}
            value, _ = session.run([loss, train], {tokens: windows(text, batch)})
            losses.append(value)
    np.savez_compressed(HERE / "recorded.npz", losses=np.float32(losses), **noted)
    (HERE / "hparams.json").write_text(json.dumps(TINY._asdict()) + "\n")


def zen():
    """The Zen of Python by Tim Peters, as bytes."""
    with contextlib.redirect_stdout(None):
        import this
    return np.frombuffer(codecs.decode(this.s, "rot13").encode(), np.uint8)


def windows(text, starts):
    """A piece of the text for each start, one byte longer than the context."""
    return np.stack([text[i : i + TINY.n_ctx + 1] for i in starts]).astype(np.int32)


def probes(text):
    """Batches of tokens: of the text, a short one, and any bytes."""
    return {
        "text": windows(text, [0, 400])[:, :-1],
        "short": windows(text, [100])[:, :7],
        "any": np.random.RandomState(1).randint(128, size=(1, 32)).astype(np.int32),
    }


def save(saver, session):
    """Writes the variables, Adam's slots and the step, but no graph."""
    step = tf.train.get_global_step()
    saver.save(session, str(HERE / "model.ckpt"), step, write_meta_graph=False)


def variables(session):
    """The names and values of what is trained."""
    trained = tf.trainable_variables()
    return zip((v.op.name for v in trained), session.run(trained), strict=True)


if __name__ == "__main__":
    record()
