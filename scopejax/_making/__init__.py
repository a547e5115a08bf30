"""From specs and a key to arrays, outside of the model's trace.

`maker` chooses how each variable is made: `plain` (the reference), `fused` (one program
for many), `sharded` (each device draws its part) or `in_trace` (within a user's jit).
All give the same bits. The fused way builds on `threefry`, `recipe` and `rows`. It
imports `_text` and the rooms before it, but not `layers`, and of `_scope` only how
arrays are moved. Begin with `maker`, then read `kind`.
"""
