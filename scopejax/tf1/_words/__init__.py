"""TF1's vocabulary: dtypes, shapes, devices, names of collections, what is not here.

Nothing here depends on graphs or variables. It imports no other room of `tf1`, and of
the core public names and helpers for names, lines and TF1's errors. Begin with
`missing`.
"""
