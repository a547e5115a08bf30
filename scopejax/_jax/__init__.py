"""All we know of JAX's inside, so that a JAX release is one room to reread.

`surroundings`: which transforms run around the code that asks, by their frames.
`reach`: where references cannot go. `mesh`: the mesh in force. `memory`: kinds of
memory, and moving arrays between them. `calls`: the primitives that call programs. It
imports `_base` alone. Begin with `surroundings`.
"""
