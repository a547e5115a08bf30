"""The same model with its layers in one stack, run by JAX's own scan."""

import jax

from .scoped import embed, layer, layer_norm


def scanned_body(scope, tokens, hparams):
    def step(x, scope):
        return layer(scope, x, hparams.n_head), None

    wte, x = embed(scope, tokens, hparams)
    x, _ = jax.lax.scan(step, x, (scope / "layers").stack(hparams.n_layer))
    return wte, layer_norm(scope / "ln_f", x)


def scanned_gpt2(scope, tokens, hparams):
    wte, x = scanned_body(scope, tokens, hparams)
    return x @ wte.T
