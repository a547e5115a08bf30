"""What `check` says of trees that differ in many places, or all in one way."""

import jax.numpy as jnp
import pytest

import scopejax as sj


def model(scope):
    """Four hundred variables."""
    for i in range(100):
        for name in "abcd":
            (scope / f"encoder/h{i}").get_variable(name, (2,))


MANIFEST = sj.transform(model).manifest()
FLAT = sj.to_flat(MANIFEST.shapes())


def said(flat):
    with pytest.raises(sj.VariableMismatchError, match="differs from the") as caught:
        MANIFEST.check(sj.from_flat(flat))
    return caught.value.headline.splitlines()


@pytest.mark.smoke
def test_one_scope_that_explains_all_is_told_once():
    """Names that all lie below another scope, or are without one, are one place."""
    for flat, text in (
        ({f"model/{k}": v for k, v in FLAT.items()}, "below `model/` here"),
        (
            {k.removeprefix("encoder/"): v for k, v in FLAT.items()},
            "below `encoder/` in the model",
        ),
    ):
        first, second = said(flat)
        assert "in 1 place:" in first
        assert text in second


def test_the_rest_is_compared_without_that_scope():
    """Below the other scope a shape may differ as well, and a name be missing."""
    flat = {f"a/b/{k}": v for k, v in FLAT.items()}
    flat["a/b/encoder/h3/a"] = jnp.zeros(3)
    del flat["a/b/encoder/h4/b"]
    lines = said(flat)
    assert len(lines) == 4
    assert "every name lies below `a/b/` here" in lines[1]
    assert "shape       encoder/h3/a: expected (2,) and found (3,)" in lines[2]
    assert "missing     encoder/h4/b" in lines[3]


def test_a_scope_that_explains_some_is_not_told():
    """If one name is right where it is, the others are listed."""
    flat = {f"model/{k}": v for k, v in FLAT.items()}
    one = next(iter(FLAT))
    flat[one] = flat.pop(f"model/{one}")
    lines = said(flat)
    assert not any("every name" in line for line in lines)


def test_of_many_differences_the_first_of_each_kind_are_listed():
    """The list is cut, and says how many more there are of each kind."""
    lines = said({k.replace("encoder", "encodr"): v for k, v in FLAT.items()})
    assert "in 800 places" in lines[0]
    assert len(lines) < 60
    for kind in ("missing     ", "unexpected  "):
        assert f"    {kind}... and 375 more" in lines
    assert any("unexpected  encodr/h0/a (nearest: encoder/h0/a" in x for x in lines)


def test_hints_do_not_grow_with_the_tree(monkeypatch):
    """However many names are unexpected, few of them are looked up."""
    from scopejax._manifest import fit

    asked = []
    monkeypatch.setattr(fit, "nearest", lambda name, names: asked.append(name) or ())
    said({k.replace("encoder", "encodr"): v for k, v in FLAT.items()})
    assert len(asked) == 25
