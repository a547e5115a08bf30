"""The graph: what TF1's functions act on, and where values are stored.

`graph` holds collections and names; `current` finds the current graph. `names` and
`counters` make names unique. `values` and `cells` store values in a graph or a model.
`caches` and `runs` keep JAX's traces apart. It imports `_words` and `_initial`, and no
variables or scopes. Begin with `graph`.
"""
