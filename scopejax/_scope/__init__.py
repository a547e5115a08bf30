"""Asking for a variable: from `scope.get_variable` to a spec or an array.

The order is `scope`, `request` (arguments completed and checked), `sources` (arrays
that are held, or a recording), `lookup` (found or created), `record` (what one abstract
run has created), and `state` (what is written while a model runs). `pytree` is how a
scope enters JAX's transforms. It imports `_base`, `_jax`, `_spec` and `initializers`;
no array is initialized here. Begin with `place`, then read `sources`.
"""
