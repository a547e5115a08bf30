"""TF1's recurrent cells, and the loops over time that run them.

`cells` and `lstm` have the cells, `wrappers` what stands around one, `loops` the
functions over time, by `jax.lax.scan`. They stand on layers and ops. Begin with
`cells`.
"""
