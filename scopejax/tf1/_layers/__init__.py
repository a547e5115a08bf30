"""TF1's layers: objects that make their variables at the first call.

`base` has what all share: the variable scope, reuse, weights. `dense`, `convolutional`,
`transposed`, `normalizing` and `pooling` have the layers, each with the function that
makes one and calls it. They stand on scopes and ops. Begin with `base`.
"""
