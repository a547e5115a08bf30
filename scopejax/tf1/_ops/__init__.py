"""TF1's numeric ops, over jax.numpy, jax.nn and jax.lax.

Each is a few lines, with TF1's signature: `elementwise`, `reductions`, `matrices`,
`shapes` (joins, splits, pads), `making` (zeros, ranges, casts), `indexing`, `clipping`,
`normalizing`, `crossentropy`, `convolutions`, `pooling`, `embedding`, `drawing` and
`sampling` (random numbers and classes), `flow` (loops and branches), `checks`,
`images`, `scattering`, `losses` and `entropies` (those of `tf.losses`). `tables` says
which stands where. Begin with `elementwise`.
"""
