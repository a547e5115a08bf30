"""TF1's vocabulary: errors, dtypes, shapes, devices, names of collections.

Nothing here depends on graphs or variables. It imports no other room of `tf1`, and of
the core public names and helpers for names and lines. Begin with `errors`.
"""
