"""Text that the model writes."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ._step import Run, Settings, make_net
from ._text import decode, encode

PROMPT, LENGTH, TEMPERATURE = "\n    def ", 900, 0.6


def sample(settings: Settings, run: Run) -> str:
    """`PROMPT` and `LENGTH` characters that go on from it, drawn one by one.

    Each sees the window before it, which is computed anew: simple, and fast enough for
    a window this short.
    """
    net, size = make_net(settings), settings.sizes.window
    prompt = encode(PROMPT)
    keys = jax.random.split(jax.random.key(settings.seed), LENGTH)

    @jax.jit
    def write(run: Run, window: jax.Array, keys: jax.Array) -> jax.Array:
        def following(
            carry: tuple[jax.Array, jax.Array], key: jax.Array
        ) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
            window, length = carry
            ids = window[None]
            logits, _ = net.apply(run.params, run.state, ids, is_training=False)
            new = jax.random.categorical(key, logits[0, length - 1] / TEMPERATURE)
            new = new.astype(window.dtype)
            # Behind what is there while there is room, then the window moves on.
            is_full = length == size
            window = jnp.where(is_full, jnp.roll(window, -1), window)
            window = window.at[length - is_full.astype(length.dtype)].set(new)
            return (window, jnp.minimum(length + 1, size)), new

        length = jnp.int32(len(prompt))
        _, written = jax.lax.scan(following, (window, length), keys)
        return written

    window = jnp.zeros(size, jnp.uint8).at[: len(prompt)].set(prompt)
    return PROMPT + decode(write(run, window, keys))
