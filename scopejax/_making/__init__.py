"""From specs and a key to arrays, outside of the model's trace.

`initialize` makes what a manifest lists. `maker` chooses how each variable is made:
`plain` (the reference), `fused` (one program for many), `sharded` (each device draws
its part) or `in_trace` (within a user's jit). All give the same bits, and `way` says
what they have in common. The fused way builds on `threefry`, `recipe` and `rows`. It
imports `_manifest` and the rooms before it, but not `layers` and not `_scope`. Begin
with `maker`, then read `kind` and `way`.
"""
