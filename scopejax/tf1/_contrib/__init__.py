"""`tf.contrib.layers` and slim: layers as functions with default arguments by scope.

`arg_scope` has those defaults, `variables` the functions that make and find variables,
`regularizers` and `initializers` what their names say, `outputs` what layers share,
`convolutional`, `separable`, `normalizing` and `dense` the layers, `tables` which name
stands where. They stand on `_layers` and `_ops`. Begin with `arg_scope`.
"""
