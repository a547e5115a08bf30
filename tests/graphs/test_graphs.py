"""The diagram of a model: what is in which box, and what flows between them."""

import xml.etree.ElementTree as ET

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import scopejax as sj
from scopejax.layers import dense, dropout, embedding, layer_norm

from ..helpers.models import CASES
from ..helpers.models.blocks import X, block

XS = jnp.ones((8, 16))


def tower(scope, x):
    return dense(scope / "fc2", jax.nn.relu(dense(scope / "fc1", x, 64)), 32)


def siamese(scope, left, right):
    again = (scope / "tower").with_options(reuse=True)
    return tower(scope / "tower", left) - tower(again, right)


def layers(scope, x, f=tower, n=4):
    for i in range(n):
        x = f(scope / f"h{i}", x @ jnp.ones((x.shape[-1], 32)))
    return dense(scope / "head", x, 10)


def graph(model, *args, **options):
    return sj.transform(model).graph(*args, **options)


def boxes(graph):
    return {"/".join(box.path): box for box in graph.root.walk()}


def edges(box):
    """The edges in a box as pairs of names; "" is its border."""

    def name(number):
        if number is None:
            return ""
        part = box.parts[number]
        return part.box.name if part.box else part.label

    return [(name(e.source), name(e.target)) for e in box.edges]


@pytest.mark.smoke
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_holds_for_every_model(case):
    """Each variable is in one box, totals are the model's, and the picture is XML."""
    net = sj.transform(case.with_transform)
    manifest, flops = net.manifest(X), net.profile(X).total.flops
    for options in ({}, {"depth": 1, "fold": False}):
        drawn = net.graph(X, **options)
        held = [spec.name for box in drawn.root.walk() for spec in box.variables]
        assert sorted(held) == sorted(manifest)
        assert drawn.root.flops == flops
        assert drawn.root.size == sum(spec.size for spec in manifest.values())
        assert ET.fromstring(drawn.to_svg()).tag == "{http://www.w3.org/2000/svg}svg"


WRITTEN_OUT = ("jit by", "checkpoint by", "vmap by", "shard_map by")


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.name.startswith(WRITTEN_OUT)],
    ids=lambda case: case.name,
)
def test_calls_leave_no_trace(case):
    """A block under jit, checkpoint, vmap or shard_map is drawn as without."""
    one, two = graph(case.with_transform, X), graph(case.without, X)
    assert one.root.flops == two.root.flops
    assert {name: edges(box) for name, box in boxes(one).items()} == {
        name: edges(box) for name, box in boxes(two).items()
    }


def scanned(scope, x):
    return lax.scan(lambda x, s: (block(s, x), None), x, (scope / "h").stack(4))[0]


def unrolled(scope, x, f=block):
    for i in range(4):
        x = f(scope / f"h{i}", x)
    return x


@pytest.mark.parametrize("f", [block, jax.jit(block), jax.checkpoint(block)])
def test_layers_alike_are_drawn_as_their_scan(f):
    """Layers in a row, jitted or not, are the picture of a scan over a stack."""
    one = graph(lambda scope, x: unrolled(scope, x, f), X)
    two = graph(scanned, X)
    assert str(one).replace("h0 … h3", "h").split()[1:] == str(two).split()[1:]
    names = edges(boxes(one)["h0 … h3"])
    assert names == edges(boxes(two)["h"])


def test_a_shared_tower_is_one_box_entered_twice():
    """Two calls of a tower are two edges into its box and two out of it."""
    drawn = graph(siamese, XS, XS)
    root = drawn.root
    assert boxes(drawn)["tower"].visits == 2
    assert sorted(edges(root)) == [
        ("left: f32[8,16]", "tower"),
        ("right: f32[8,16]", "tower"),
        ("tower", "\u2212"),
        ("tower", "\u2212"),
        ("\u2212", "f32[8,32]"),
    ]
    assert [e.passes for e in root.edges if e.passes[1]] == [(0, 1), (0, 2)]
    assert edges(boxes(drawn)["tower"]) == [
        ("", "fc1"),
        ("fc1", "relu"),
        ("relu", "fc2"),
        ("fc2", ""),
    ]


def test_the_outline():
    """`print` shows the boxes, their costs, and where their arrays come from."""
    lines = [" ".join(line.split()) for line in str(graph(siamese, XS, XS)).split("\n")]
    assert lines == [
        "siamese 3.17 k params · 101 k FLOPs",
        "└─ tower (shared, 2 calls) <- left, right 3.17 k params · 2 x 50.4 k FLOPs",
        "├─ fc1 1.09 k params · 16.9 k FLOPs",
        "└─ fc2 <- fc1 2.08 k params · 33.0 k FLOPs",
    ]


def test_a_tied_embedding_is_entered_twice():
    """The table's box is read first by the ids, then by what becomes logits."""

    def model(scope, ids):
        x = layer_norm(scope / "norm", embedding(scope / "wte", ids, 11, 4))
        again = (scope / "wte").with_options(reuse=True)
        return x @ again.get_variable("table", (11, 4)).T

    drawn = graph(model, jnp.zeros((2, 3), int))
    assert boxes(drawn)["wte"].visits == 2
    assert edges(drawn.root) == [
        ("ids: i32[2,3]", "wte"),
        ("wte", "norm"),
        ("norm", "wte"),
        ("wte", "f32[2,3,11]"),
    ]


def test_a_variable_read_elsewhere_is_an_edge():
    """A function of another scope that reads a variable takes it from its box."""

    def head(scope, x, table):
        return x @ table.T + scope.get_variable("bias", (11,))[None, None]

    def model(scope, ids):
        x = embedding(scope / "wte", ids, 11, 4)
        again = (scope / "wte").with_options(reuse=True)
        return head(scope / "head", x, again.get_variable("table", (11, 4)))

    (read,) = (
        edge
        for edge in graph(model, jnp.zeros((2, 3), int)).root.edges
        if edge.is_parameter
    )
    assert not any(read.passes)


def test_only_layers_alike_are_folded():
    """The first layer differs and stands alone; three others are one box."""
    drawn = graph(layers, jnp.ones((2, 8)))
    assert [box.name for box in drawn.root.inside()] == ["h0 … h3", "head"]

    def odd(scope, x):
        x = block(scope / "h0", x)
        for i in range(1, 5):
            x = dense(scope / f"h{i}", x, 4)
        return x

    assert [box.name for box in graph(odd, X).root.inside()] == ["h0", "h1 … h4"]
    assert len(graph(odd, X, fold=False).root.inside()) == 5


def test_branches_of_a_cond_are_boxes():
    """Each branch has its box; the smaller one counts nothing."""

    def model(scope, x):
        return lax.cond(
            x[0, 0] > 0,
            lambda x: tower(scope / "deep", x),
            lambda x: dense(scope / "flat", x, 32),
            x,
        )

    drawn = graph(model, XS)
    assert boxes(drawn)["deep"].is_counted
    assert not boxes(drawn)["flat"].is_counted
    assert "stroke-dasharray" in drawn.to_svg()


def test_a_loop_over_one_layer_says_how_often():
    """A scan that closes over a scope is one box, with its number of steps."""

    def model(scope, x):
        return lax.scan(lambda x, _: (block(scope / "h", x), None), x, length=5)[0]

    assert "h (5 times)  <- x" in str(graph(model, X))


def test_dropout_is_a_box_without_variables():
    """A scope that has a random key alone is drawn, and needs no key."""

    def model(scope, x):
        x = dropout(scope / "drop", x, 0.5, deterministic=False)
        return dense(scope / "head", x, 3)

    assert edges(graph(model, XS).root) == [
        ("x: f32[8,16]", "drop"),
        ("drop", "head"),
        ("head", "f32[8,3]"),
    ]


def test_a_model_with_state_has_a_graph():
    """Moving averages are variables of their layer's box."""

    def model(scope, x):
        x = sj.layers.batch_norm(scope / "norm", x, is_training=True)
        return dense(scope / "head", x, 3)

    drawn = sj.transform_with_state(model).graph(XS)
    assert {spec.path[-1] for spec in boxes(drawn)["norm"].variables} >= {"scale"}
    assert ("norm", "head") in edges(drawn.root)


def test_abstract_arguments_will_do():
    """Nothing is computed: shapes are enough."""
    shape = jax.ShapeDtypeStruct((8, 16), jnp.bfloat16)
    assert "bf16[8,16]" in graph(siamese, shape, shape).to_svg()


def test_a_method_is_a_model():
    """Arguments have the names that the model's function gives them."""

    class Model:
        def forward(self, scope, image, *, label):
            return dense(scope / "fc", image + label, 3)

    drawn = sj.transform(Model().forward).graph(XS, label=XS)
    assert drawn.name == "forward"
    labels = [part.label for part in drawn.root.parts if part.kind == "in"]
    assert labels == ["image: f32[8,16]", "label: f32[8,16]"]
