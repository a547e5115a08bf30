"""The graph: the frame that TF1's functions act on, and where values live.

`graph` holds collections and names; `current` says which graph is current; `names` and
`counters` make names unique; `values` and `cells` hold values in a graph or a model;
`caches` and `runs` keep JAX's traces apart. It imports `_words` and `_initial`. Begin
with `graph`.
"""
