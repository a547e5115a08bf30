"""What runs a graph or a model: `Session`, `transform`, and functions on a graph.

It imports the rooms above. Begin with `transform`.
"""
