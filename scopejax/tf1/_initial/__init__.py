"""Initial values and initializers, with TF1's signatures.

`values` makes them what the core takes; `fixed` and `random` are TF1's own. It imports
`_words`. Begin with `values`.
"""
