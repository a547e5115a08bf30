"""Numbers as short texts."""

from scopejax._base.numbers import counted


def test_one_thing_is_one():
    """None and several are more; an own plural is taken, and thousands are grouped."""
    found = [counted(n, "array") for n in (0, 1, 2, 1000)]
    assert found == ["0 arrays", "1 array", "2 arrays", "1,000 arrays"]
    assert counted(2, "inf", "inf") == "2 inf"
