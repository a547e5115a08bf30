"""TF1's numeric ops, over jax.numpy, jax.nn and jax.lax.

Each is a few lines, with TF1's signature: `elementwise`, `reductions`, `matrices`,
`shapes` (joins, splits, pads), `making` (zeros, ranges, casts), `indexing`, `clipping`,
`normalizing`, `crossentropy`, `convolutions`, `pooling`, `embedding`, `drawing`
(random numbers), `flow` (loops and branches), `images`, `checks`. The public modules
`math`, `nn` and their like say which of them stands where. Begin with `elementwise`.
"""
