"""A traced program, run one operation at a time, its loops and branches by Python.

XLA compiles nothing but single operations, which all programs share. So a thousand
small programs are run in the time that it takes to compile ten.
"""

import jax
import jax.numpy as jnp
from jax.extend import core

from scopejax._jax.calls import CALLS


def op_by_op(function, *args):
    """What `function(*args)` returns, traced as `jax.jit` would."""
    closed, out = jax.make_jaxpr(function, return_shape=True)(*args)
    results = _run(closed, jax.tree.leaves(args))
    return jax.tree.unflatten(jax.tree.structure(out), results)


def _run(program, args):
    closed = isinstance(program, core.ClosedJaxpr)
    jaxpr, consts = (program.jaxpr, program.consts) if closed else (program, ())
    known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args], strict=True))

    def value(atom):
        return atom.val if isinstance(atom, core.Literal) else known[atom]

    for eqn in jaxpr.eqns:
        results = _result(eqn, [value(atom) for atom in eqn.invars])
        known.update(zip(eqn.outvars, results, strict=True))
    return [value(atom) for atom in jaxpr.outvars]


def _result(eqn, args):
    name, params = eqn.primitive.name, eqn.params
    if name in CALLS:
        programs = core.ClosedJaxpr, core.Jaxpr
        return _run(next(p for p in params.values() if isinstance(p, programs)), args)
    if name == "cond":
        index, *operands = args
        return _run(params["branches"][int(index)], operands)
    if name == "while":
        return _while(params, args)
    if name == "scan":
        return _scan(eqn, args)
    found = eqn.primitive.bind(*args, **params)
    return found if eqn.primitive.multiple_results else [found]


def _while(params, args):
    split = params["cond_nconsts"], params["body_nconsts"]
    of_cond, of_body = args[: split[0]], args[split[0] : sum(split)]
    carry = args[sum(split) :]
    while _run(params["cond_jaxpr"], [*of_cond, *carry])[0]:
        carry = _run(params["body_jaxpr"], [*of_body, *carry])
    return carry


def _scan(eqn, args):
    """What is sliced comes last; each version of JAX has another word for how many."""
    params, body = eqn.params, eqn.params["jaxpr"]
    n_carry = _alike(eqn.outvars, body.jaxpr.outvars)
    last = _alike(eqn.invars, body.jaxpr.invars)
    first = last - n_carry
    consts, carry, xs, outs = args[:first], args[first:last], args[last:], {}
    steps = range(params["length"])
    for i in reversed(steps) if params["reverse"] else steps:
        found = _run(body, [*consts, *carry, *(x[i] for x in xs)])
        carry, outs[i] = found[:n_carry], found[n_carry:]
    stacked = [jnp.stack(ys) for ys in zip(*(outs[i] for i in steps), strict=True)]
    return [*carry, *stacked]


def _alike(outside, inside):
    """How many have no axis for the steps."""
    pairs = zip(outside, inside, strict=True)
    return sum(one.aval.shape == two.aval.shape for one, two in pairs)
