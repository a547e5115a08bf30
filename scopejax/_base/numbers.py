"""Numbers as short texts, for tables, diagrams and bars."""

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


def bytes_text(nbytes: int) -> str:
    """A number of bytes in binary units.

    >>> bytes_text(1000), bytes_text(1536), bytes_text(5 * 2**30)
    ('1000 B', '1.5 KiB', '5.0 GiB')
    """
    size = float(nbytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{nbytes} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def short_text(number: float) -> str:
    """Three digits and a prefix.

    >>> short_text(0), short_text(999), short_text(12345), short_text(7_090_000)
    ('0', '999', '12.3 k', '7.09 M')
    """
    size = float(number)
    for prefix in ("", "k", "M", "G", "T", "P"):
        if abs(size) < 999.5 or prefix == "P":
            break
        size /= 1000
    if not prefix:
        return f"{number:,.0f}"
    digits = 2 if abs(size) < 9.995 else 1 if abs(size) < 99.95 else 0
    return f"{size:.{digits}f} {prefix}"


def bare_text(number: float | None) -> str:
    """A figure in few letters; all digits of an `int`, and no commas between them.

    `number_text` is for looking at; these figures of files are copied into code.

    >>> bare_text(0.1234567), bare_text(None), bare_text(12.0), bare_text(2**53 + 1)
    ('0.1235', '', '12', '9007199254740993')
    """
    if number is None:
        return ""
    return str(number) if isinstance(number, int) else f"{number:.4g}"
