"""What is known of a variable before it exists.

`options`: what scopes pass down. `spec`: the record of one variable. `partition`: how
it is split over a mesh. `functions`: what can be read off a function. `reached`: the
globals that its code names. `signature`: when two initializers count as one.
`sameness`: the same for values that exist. `stacks`: functions of one item, of many. It
imports `_base`, `_jax` and `initializers`, and doesn't depend on scopes or on arrays.
Begin with `spec`.
"""
