"""Tensors: what TF1's ops take and give.

`tensor` is an array with TF1's methods. `calls` makes an op of a function of arrays,
and `convert` makes arrays of what an op is called with. It stands on `_graph` for the
name scope alone. Begin with `tensor`.
"""
