"""Models whose functions JAX runs again for one call, and models that call twice.

Each is a function of a scope and x, (3, 3), and asks for one variable, "w".
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental.ode import odeint

V = jnp.ones(3)
TIMES = jnp.linspace(0.0, 1.0, 3)


def leaf(scope, x):
    """A linear layer with one variable, (..., 3) -> (..., 3)."""
    return x * scope.get_variable("w", (3,))


def grad(f):
    """The gradient of the sum of a function."""
    return jax.grad(lambda x: f(x).sum())


def with_vjp(f):
    """`f` with its own derivative as the rule."""
    g = jax.custom_vjp(f)
    g.defvjp(lambda scope, x: jax.vjp(f, scope, x), lambda pull, t: pull(t))
    return g


def with_late_vjp(f):
    """The rule computes again on the way back, to save memory."""
    g = jax.custom_vjp(f)
    g.defvjp(
        lambda scope, x: (f(scope, x), (scope, x)),
        lambda kept, t: jax.vjp(f, *kept)[1](t),
    )
    return g


def with_jvp(f):
    """`f` with its own derivative as the rule."""
    g = jax.custom_jvp(f)
    g.defjvp(lambda primals, tangents: jax.jvp(f, primals, tangents))
    return g


def with_vmap(f):
    """`f` one after another as the rule."""
    g = jax.custom_batching.custom_vmap(f)

    @g.def_vmap
    def _(size, mapped, scope, x):
        return lax.map(lambda x: f(scope, x), x), True

    return g


def by_scan(f):
    return lambda s, x: lax.scan(lambda x, _: (f(s, x), None), x, length=2)[0]


def by_weak_scan(f):
    def call(scope, x):
        body = lambda total, _: (total + f(scope, x).sum(), None)  # noqa: E731
        return lax.scan(body, 0.0, length=2)[0] + x

    return call


def by_cond(f):
    return lambda s, x: lax.cond(x.sum() > 0, lambda x: f(s, x), lambda x: x, x)


WITHIN = {
    "alone": lambda f: f,
    "jit": jax.jit,
    "checkpoint": jax.checkpoint,
    "scan": by_scan,
    "weak scan": by_weak_scan,
    "cond": by_cond,
    "vmap": lambda f: lambda s, x: jax.vmap(lambda x: f(s, x))(x),
    "jit of vmap": lambda f: jax.jit(jax.vmap(f, (None, 0))),
    "scan of checkpoint of jit": lambda f: by_scan(jax.checkpoint(jax.jit(f))),
}


def derived(rule, around):
    return lambda s, x: grad(lambda x: around(rule(leaf))(s, x))(x)


def pulled_back(rule):
    """The rule runs when all calls that knew of it have returned."""
    return lambda s, x: jax.vjp(lambda x: jax.jit(rule(leaf))(s, x), x)[1](x)[0]


RULES = {"vjp": with_vjp, "late vjp": with_late_vjp, "jvp": with_jvp}
CUSTOM = {
    f"{name} in {where}": derived(rule, around)
    for name, rule in RULES.items()
    for where, around in WITHIN.items()
}
CUSTOM |= {f"{name}, pulled back": pulled_back(rule) for name, rule in RULES.items()}
CUSTOM |= {
    f"vmap in {where}": lambda s, x, around=around: jax.vmap(
        lambda x: around(with_vmap(leaf))(s, x)
    )(x[None])
    for where, around in WITHIN.items()
    if where != "cond"  # which vmap makes a choice, of variables too
}


def gmres(matvec, b):
    return jax.scipy.sparse.linalg.gmres(matvec, b)[0]


def solved(scope, x):
    def product(z):
        return z + leaf(scope, z)

    return lax.custom_linear_solve(product, x, gmres, lambda mv, b: mv(mv(b)))


def root(scope, x):
    return lax.custom_root(
        lambda z: z + leaf(scope, z) - x[0],
        V,
        lambda f, z: lax.fori_loop(0, 3, lambda _, z: z - 0.1 * f(z), z) - 0.1 * f(z),
        lambda g, y: jnp.linalg.solve(jax.jacobian(g)(y), y),
    )


def converted(scope, x, by_argument=False):
    if by_argument:
        f, kept = jax.closure_convert(leaf, scope, x)
        return f(scope, x, *kept)
    f, kept = jax.closure_convert(lambda x: leaf(scope, x), x)
    return f(x, *kept)


def solved_ode(scope, x):
    return odeint(lambda y, t: leaf(scope, y), x, TIMES)


def solved_ode_by_argument(scope, x):
    return odeint(lambda y, t, scope: leaf(scope, y), x, TIMES, scope)


def counted(scope, x):
    """A body that knows how often it has run."""
    runs = 0

    def body(total, _):
        nonlocal runs
        runs += 1
        return total + leaf(scope, x).sum(), None

    return lax.scan(body, 0.0, length=2)[0]


def one_function_twice(scope, x):
    def f(x):
        return leaf(scope, x)

    return lax.cond(x.sum() > 0, f, f, x)


REPEATED = {
    "associative_scan": lambda s, x: lax.associative_scan(
        lambda a, b: b + leaf(s, a), x
    ),
    "custom_linear_solve": solved,
    "its gradient": lambda s, x: grad(lambda x: solved(s, x))(x),
    "custom_root": root,
    "the gradient of custom_root": lambda s, x: grad(lambda x: root(s, x))(x),
    "gmres": lambda s, x: gmres(lambda z: z + leaf(s, z), V),
    "closure_convert": converted,
    "closure_convert, argument": lambda s, x: converted(s, x, by_argument=True),
    "odeint": solved_ode,
    "odeint, argument": solved_ode_by_argument,
    "gradient of odeint": lambda s, x: grad(lambda x: solved_ode(s, x))(x),
    "gradient of odeint, argument": lambda s, x: grad(
        lambda x: solved_ode_by_argument(s, x)
    )(x),
    "linearize": lambda s, x: jax.linearize(lambda x: leaf(s, x), x)[1](x),
    "linearize, argument": lambda s, x: jax.linearize(leaf, s, x)[1](s, x),
    "jvp, argument": lambda s, x: jax.jvp(leaf, (s, x), (s, x))[1],
    "weak while_loop": lambda s, x: lax.while_loop(
        lambda c: c < 3, lambda c: c + 1 + leaf(s, x).sum() ** 2, 0.0
    ),
    "map by batches": lambda s, x: lax.map(lambda v: leaf(s, v), x, batch_size=2),
    "counted": counted,
    "cond of one function": one_function_twice,
}


def combined(combine):
    """Calls from C, of a generator: CPython runs them otherwise after a while."""
    return by_weak_scan(lambda s, x: combine(leaf(s, x) for _ in range(1)))


def last(found):
    y = None
    for y in found:  # noqa: B007
        pass
    return y


def first_of_list(found):
    y, *_ = list(found)
    return y


def first_of_tuple(found):
    y, *_ = tuple(found)
    return y


def mapped(found):
    return next(map(jnp.sin, found))


_COMBINE = [sum, next, last, first_of_list, first_of_tuple, mapped]
REPEATED |= {f"{f.__name__} in a weak scan": combined(f) for f in _COMBINE}


def looped(call):
    """A Python loop within one transform, of calls that close over the scope."""

    def twice(scope, x):
        for _ in range(2):
            x = call(lambda x: leaf(scope, x))(x)
        return x

    return lambda s, x: jax.jit(lambda x: twice(s, x))(x)


def branch_of_a_function(scope, x):
    def f(x):
        return leaf(scope, x)

    return lax.cond(x.sum() > 0, f, lambda x: 2 * f(x), x)


def twice(f):
    return lambda s, x: f(s, x) + f(s, x)


TWICE = {
    "branches": lambda s, x: lax.cond(
        x.sum() > 0, lambda x: leaf(s, x), lambda x: 2 * leaf(s, x), x
    ),
    "a branch of a function": branch_of_a_function,
    "branches of one code": lambda s, x: lax.switch(
        0, [lambda x, i=i: i * leaf(s, x) for i in range(3)], x
    ),
    "condition and body": lambda s, x: lax.while_loop(
        lambda x: leaf(s, x).sum() < -9, lambda x: leaf(s, x), x
    ),
    "tree.map": lambda s, x: jax.tree.map(lambda x: leaf(s, x), [x, x]),
    "a function with a rule": twice(with_vjp(leaf)),
    "its gradient": lambda s, x: grad(lambda x: twice(with_vjp(leaf))(s, x))(x),
    "associative_scan": twice(REPEATED["associative_scan"]),
    "within associative_scan": lambda s, x: lax.associative_scan(
        lambda a, b: leaf(s, b) + leaf(s, a), x
    ),
    "closure_convert": twice(converted),
    "odeint": twice(solved_ode),
    "odeint, argument": twice(solved_ode_by_argument),
    "custom_linear_solve": twice(solved),
    "loop of vmap": looped(jax.vmap),
    "loop of checkpoint": looped(jax.checkpoint),
    "loop of jit": looped(jax.jit),
    "function, then transform": lambda s, x: jax.vmap(lambda x: leaf(s, x))(leaf(s, x)),
    "transform, then function": lambda s, x: leaf(s, jax.vmap(lambda x: leaf(s, x))(x)),
    "within a scan": by_scan(twice(leaf)),
    "within a weak scan": by_weak_scan(twice(leaf)),
}
