"""A variable is asked for: from `scope.get_variable` to a spec or an array.

The way is `scope`, `request` (completed and checked), `sources` (arrays held, or a
recording), `lookup` (found or created), `record` (what one abstract run has created) or
`state` (what is written while a model runs). `pytree` is how a scope enters JAX's
transforms. It imports `_base`, `_jax` and `_spec`; no array is initialized here. Begin
with `place`, then `sources`.
"""
