"""A function of a scope becomes pure functions.

`transform` makes `init` and `apply`; `init` records the model and has its variables
made; `transformed` is what the user holds; `remat` is `jax.checkpoint` for arguments
that are not arrays. It imports all rooms above. Begin with `transform`.
"""
