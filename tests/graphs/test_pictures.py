"""The picture of a model: SVG that is well formed, and nothing in another's way."""

import xml.etree.ElementTree as ET

import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax.layers import attention, dense, layer_norm

from .test_graphs import XS, graph, siamese, tower

HOSTILE = ('<b>&"x"\'', "]]><script>alert(1)<", "\x07bell", "a\u202eb", "${x}`")


@pytest.mark.smoke
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_are_text(name):
    """Names of scopes, variables and arguments are escaped."""

    def model(scope, **arrays):
        return scope.get_variable(f"{name}v", (3,)) * dense(
            scope / name, arrays[name], 3
        )

    drawn = sj.transform(model).graph(**{name: jnp.ones((3,))})
    for text in (drawn.to_svg(), drawn._repr_html_()):
        tags = {
            element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()
        }
        assert tags <= {"div", "svg", "style", "rect", "text", "path", "polygon"}


def test_positions_are_inside():
    """Each part lies within its box, and no two parts overlap."""

    def check(sheet):
        for i, one in enumerate(sheet.sheets):
            assert 0 <= one.x <= one.x + one.width <= sheet.width
            assert 0 <= one.y <= one.y + one.height <= sheet.height
            for two in sheet.sheets[:i]:
                assert (
                    one.x >= two.x + two.width
                    or two.x >= one.x + one.width
                    or one.y >= two.y + two.height
                    or two.y >= one.y + one.height
                )
            check(one)

    def model(scope, x):
        y = attention(scope / "attn", layer_norm(scope / "norm", x), 2)
        return x + y + tower(scope / "side", x) @ jnp.ones((32, 16))

    check(graph(model, jnp.ones((2, 5, 16)))._sheet)
    check(graph(siamese, XS, XS)._sheet)


def test_saving(tmp_path):
    """A graph is saved as SVG, and as nothing else."""
    drawn = graph(siamese, XS, XS)
    drawn.save(tmp_path / "model.svg")
    assert (tmp_path / "model.svg").read_text("utf-8") == drawn.to_svg()
    with pytest.raises(sj.InvalidArgumentError, match=r"saved as SVG"):
        drawn.save(tmp_path / "model.png")


@pytest.mark.parametrize("depth", [-1, 1.5, "all"])
def test_depth_is_a_number(depth):
    """What is no number of levels is refused."""
    with pytest.raises(sj.InvalidArgumentError, match=r"depth is a number of levels"):
        graph(siamese, XS, XS, depth=depth)
