"""Equality up to rounding, of what two different programs have computed.

Compilers add up in an order of their own on each processor. What that changes is as
large as the last digits of the terms, however small their sum: where terms cancel, a
value near zero is off by as much as any other. So the bound is absolute, some units in
the last place (ulps) of numbers as large as the terms. A bound that is relative to the
result alone fails on some processor that nobody has tried.
"""

import jax
import jax.numpy as jnp
import numpy as np

# Where no number is given, by the bytes of a dtype. Half precision has few: sums are
# made in float32 and rounded once.
ULPS = {2: 2, 4: 64, 8: 64}


def assert_close(found, expected, *, ulps=None, scale=None):
    """Trees have one structure, and leaves of the same shapes, equal up to rounding.

    A leaf may be off by `ulps * eps * scale`, with the `eps` of its dtype. The scale is
    how large the terms are that were summed: without one, the largest of the expected
    numbers, and at least 1. NaN is NaN and an infinity itself; whole numbers and flags
    are equal. Dtypes are too, but for doubles and Python's numbers that are expected.
    """
    one, two = jax.tree.structure(found), jax.tree.structure(expected)
    assert one == two, f"the structure is {one}, not {two}"
    named = jax.tree_util.tree_leaves_with_path(found)
    for (path, leaf), wanted in zip(named, jax.tree.leaves(expected), strict=True):
        name = jax.tree_util.keystr(path) or "the result"
        one, two = np.asarray(leaf), np.asarray(wanted)
        python = isinstance(wanted, int | float)
        assert one.shape == two.shape, f"{name} has shape {one.shape}, not {two.shape}"
        assert python or two.dtype in (one.dtype, np.float64), (
            f"{name} is {one.dtype}, not {two.dtype}"
        )
        if jnp.issubdtype(one.dtype, jnp.floating):
            places = ULPS[one.dtype.itemsize] if ulps is None else ulps
            share = places * float(jnp.finfo(one.dtype).eps)
            _within(name, one, two.astype(np.float64), share, scale)
        else:
            np.testing.assert_array_equal(one, two, f"{name} is not equal")


def _within(name, found, expected, share, scale):
    """Doubles that are expected, and a bound that is a share of the scale."""
    if scale is None:
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    found, bound = found.astype(np.float64), share * scale
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    with np.errstate(invalid="ignore"):  # inf - inf
        off = np.where(same, 0.0, np.abs(found - expected))
    if off.size and not (off <= bound).all():
        at = np.unravel_index(np.nan_to_num(off, nan=np.inf).argmax(), off.shape)
        raise AssertionError(
            f"{name} is off by {off[at]:.3g} where {bound:.3g} is allowed: at"
            f" {tuple(map(int, at))} it is {found[at]}, not {expected[at]}"
        )
