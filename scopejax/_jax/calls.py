"""The primitives that call one program, once, on their operands.

A table is from the name of a primitive to the parameter that holds the program. Loops,
branches and `shard_map` are none of these: their operands are not the program's.
"""

PLAIN = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr"}
"""Nothing but the call: what is written out in its place is the same."""

WITH_RULES = {
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
}
"""The same as long as nothing is differentiated."""

OTHERS = ("call", "composite", "custom_vmap_call")
"""The same as long as nothing is differentiated, mapped or compiled. Of these
`jaxprs.body_of` finds the program: the name of the parameter is not the same in all
versions of JAX."""

CALLS = frozenset({*PLAIN, *WITH_RULES, *OTHERS})
