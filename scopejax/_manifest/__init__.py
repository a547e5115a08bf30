"""All variables of a model at once, as one immutable table.

`manifest` is the table; `patterns` chooses by name; `fit` compares with a tree of
arrays, `diff` with another manifest. It imports the rooms above. Begin with `manifest`.
"""
