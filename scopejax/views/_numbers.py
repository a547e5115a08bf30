"""Numbers as short texts."""

from __future__ import annotations

import math


def number_text(value: float) -> str:
    """A number in four digits, or what it is instead.

    >>> number_text(0.0), number_text(-0.12345), number_text(7.5e-08), number_text(3)
    ('0', '-0.1235', '7.5e-08', '3')
    >>> number_text(float("nan")), number_text(float("-inf"))
    ('-', '-inf')
    """
    if math.isnan(value):
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}"


def ratio_text(value: float) -> str:
    """A ratio in percent; how often, where it is large.

    >>> ratio_text(0.0123), ratio_text(1e-7), ratio_text(25.0), ratio_text(0.0)
    ('1.23%', '1e-05%', '25x', '0%')
    >>> ratio_text(math.inf)
    'from 0'
    """
    if math.isinf(value):
        return "from 0"
    return f"{value:.3g}x" if value >= 10 else f"{100 * value:.3g}%"


def counted(count: int, one: str, several: str = "") -> str:
    """``"1 variable"``, ``"2 variables"``.

    >>> counted(1, "variable"), counted(2000, "inf", "inf")
    ('1 variable', '2,000 inf')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"
