"""From specs and a key to arrays, outside of the model's trace.

`maker` decides which way each variable is made: `plain` (the reference), `fused` (one
program for all), `sharded` (each device its part) or `in_trace` (within a user's jit);
all give the same bits. `threefry`, `recipe` and `rows` are what the fused way stands
on. It imports the rooms above but `_scope`. Begin with `maker`, then `kind`.
"""
