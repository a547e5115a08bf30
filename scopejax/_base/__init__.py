"""Errors, names, keys, dtypes, trees, files, user lines: what all rooms use.

`tf1_errors` and `sizes` are TF1's, which `partitioners` and `tf1` share. Nothing here
depends on variables or scopes. It imports JAX, NumPy and the standard library, and no
other room. Begin with `errors`, then read `names`: how a path becomes a random key.
"""
