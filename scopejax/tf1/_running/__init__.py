"""What runs a graph or a model: `transform`, `Session`, functions on a graph.

`transform` turns a function in TF1's style into pure functions. `session` is for
notebooks, `functions` for collections and assignments. It may import all rooms of `tf1`
before it. Begin with `transform`.
"""
