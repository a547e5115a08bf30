"""Initial values and initializers, with TF1's signatures.

`values` converts what TF1 code passes into what the core takes. `fixed` and `random`
are TF1's own initializers, and `base` is what they share. It imports `_words`, and
doesn't depend on graphs. Begin with `values`.
"""
