"""All variables of a model at once, as one immutable table.

`manifest` is the table. `patterns` selects by name. `fit` compares the table with a
tree of arrays, `diff` with another table, and `digest` hashes it. It imports the
private rooms before it, but not `layers`. Begin with `manifest`.
"""
