"""What is known of a variable before it exists.

`options`: what scopes pass down. `spec`: the record of one variable. `partition`: how
it is split. `functions`: what can be read off one. `sameness`: when two initializers
are one. It imports `_base`, `_jax` and `initializers`, and knows nothing of scopes or
arrays. Begin with `spec`.
"""
