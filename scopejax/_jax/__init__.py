"""All that we rely on inside JAX: one room to reread at each JAX release.

`surroundings`: which transforms run around the calling code, found from their frames.
`reach`: where references can't be followed. `mesh`: the mesh in force. `memory`: kinds
of memory, and moving arrays between them. `calls`: the primitives that call programs.
`flags`: settings that decide how arrays are made and models are traced. `jaxprs`: what
other equations hold, and the names around them. `contexts`: values in the keys of JAX's
caches. It imports `_base` alone. Begin with `surroundings`.
"""
