"""A function of a scope becomes pure functions.

`transform` returns `init` and `apply`, which `transformed` describes. `init` records
the model and has its variables made; `recordings` keeps what is recorded. `remat` is
`jax.checkpoint` for functions that also take arguments that aren't arrays. It may
import all rooms before it, but not `layers`; `graphs` is imported when it is needed.
Begin with `transform`.
"""
