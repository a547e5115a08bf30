"""What each scope costs: operations, bytes, time, and the table of them."""

import xml.etree.ElementTree as ET

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax import lax

import scopejax as sj
from scopejax.layers import attention, conv, conv_transpose, dense, layer_norm

from ..helpers.models import CASES
from ..helpers.models.blocks import N, X, block

XS = jnp.ones((8, 16))
IMAGES = jnp.ones((2, 12, 10, 4))


def mlp(scope, x):
    for i in range(3):
        x = jax.nn.relu(dense(scope / f"h{i}", x, 64))
    return dense(scope / "head", x, 10)


def transformer(scope, x):
    for i in range(2):
        s = scope / f"h{i}"
        x = x + attention(s / "attn", layer_norm(s / "norm1", x), 4)
        y = jax.nn.relu(dense(s / "up", layer_norm(s / "norm2", x), 128))
        x = x + dense(s / "down", y, 32)
    return x


def convolutions(scope, x):
    x = conv(scope / "same", x, 8, (3, 3))
    x = conv(scope / "strided", x, 8, (3, 2), strides=(2, 1), padding="VALID")
    x = conv(scope / "dilated", x, 8, (3, 3), dilation=2)
    x = conv(scope / "grouped", x, 16, (3, 3), groups=4)
    return conv_transpose(scope / "back", x, 4, (3, 3), strides=2)


def siamese(scope, left, right):
    again = (scope / "tower").with_options(reuse=True)
    return dense(scope / "tower", left, 64) - dense(again, right, 64)


MODELS = {
    "mlp": (mlp, (XS,)),
    "transformer": (transformer, (jnp.ones((2, 16, 32)),)),
    "convolutions": (convolutions, (IMAGES,)),
    "siamese": (siamese, (XS, XS + 1)),
}


def by_xla(function, *args):
    """The operations that XLA counts in the compiled program."""
    cost = jax.jit(function).lower(*args).compile().cost_analysis()
    return cost["flops"] + cost.get("transcendentals", 0.0)


@pytest.mark.parametrize(("model", "args"), MODELS.values(), ids=MODELS)
def test_operations_are_those_of_xla(model, args):
    """The total is XLA's own within two percent, and with the gradient in five."""
    net = sj.transform(model)
    params = net.manifest(*args).shapes()
    assert net.profile(*args).total.flops == pytest.approx(
        by_xla(net.apply, params, *args), rel=0.02
    )

    def grads(params, *args):
        return jax.value_and_grad(lambda p: net.apply(p, *args).sum())(params)

    assert net.profile(*args, grad=True).total.flops == pytest.approx(
        by_xla(grads, params, *args), rel=0.05
    )


def children(profile, row):
    inside = f"{row.name}/" if row.name else ""
    return [
        other
        for other in profile.rows
        if other.name.startswith(inside) and other.depth == row.depth + 1
    ]


@pytest.mark.smoke
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scopes_add_up(case):
    """A scope has what its scopes have, and what its own code adds."""
    profile = sj.transform(case.with_transform).profile(X)
    for row in profile.rows:
        inside = children(profile, row)
        for field in ("parameters", "flops", "nbytes"):
            assert getattr(row, field) >= sum(getattr(r, field) for r in inside)
    assert profile.total.parameters == sum(
        spec.size for spec in sj.transform(case.with_transform).manifest(X).values()
    )


@given(rows=st.integers(1, 5), inner=st.integers(1, 7), features=st.integers(1, 9))
def test_a_dense_layer_costs_two_for_each_product(rows, inner, features):
    """Two operations for each product, one for each bias; bytes of what is touched."""
    net = sj.transform(lambda scope, x: dense(scope / "fc", x, features))
    row = net.profile(jnp.ones((rows, inner)))["fc"]
    assert row.flops == 2 * rows * inner * features + rows * features
    assert row.nbytes == 4 * (inner * features + features + 2 * rows * features)


@pytest.mark.parametrize("grad", [False, True])
def test_a_scan_counts_each_of_its_steps(grad):
    """Layers in a scan cost what they cost in a row."""

    def scanned(scope, x):
        layers = (scope / "layers").stack(N)
        x = x * scope.get_variable("scale", ())
        return lax.scan(lambda x, s: (block(s, x), None), x, layers)[0]

    def unrolled(scope, x):
        x = x * scope.get_variable("scale", ())
        for i in range(N):
            x = block(scope / f"layers/{i}", x)
        return x

    one = sj.transform(scanned).profile(X, grad=grad)["layers/dense"]
    rows = sj.transform(unrolled).profile(X, grad=grad).rows
    alike = [row for row in rows if row.name.endswith("dense")]
    assert one.flops == sum(row.flops for row in alike)
    assert one.parameters == sum(row.parameters for row in alike)


@pytest.mark.parametrize("wrap", [jax.jit, jax.checkpoint])
def test_calls_cost_nothing(wrap):
    """A block under jit or checkpoint costs what it costs without."""

    def model(scope, x, f):
        return f(scope / "b", f(scope / "a", x))

    net = sj.transform(lambda scope, x: model(scope, x, wrap(block)))
    plain = sj.transform(lambda scope, x: model(scope, x, block))
    assert net.profile(X).rows == plain.profile(X).rows


def test_the_gradient_counts_to_its_scope():
    """A layer's backward pass is about two more of its forward pass."""
    net = sj.transform(mlp)
    forward, both = net.profile(XS), net.profile(XS, grad=True)
    for name in ("h1", "h2"):
        assert both[name].flops == pytest.approx(3 * forward[name].flops, rel=0.05)


def test_the_largest_branch_counts():
    """Of a cond the largest branch counts, the others nothing."""

    def model(scope, x):
        return lax.cond(
            x[0, 0] > 0,
            lambda x: dense(scope / "small", x, 4) @ jnp.ones((4, 9)),
            lambda x: dense(scope / "large", x, 9),
            x,
        )

    profile = sj.transform(model).profile(XS)
    assert profile["small"].flops == 0
    assert profile["large"].flops == 2 * 8 * 16 * 9 + 8 * 9


def test_a_while_loop_is_marked():
    """A while_loop counts as one step, and the table says so."""

    def model(scope, x):
        def body(carry):
            return carry[0] + 1, block(scope / "h", carry[1])

        x = dense(scope / "first", x, 4)
        return lax.while_loop(lambda carry: carry[0] < 3, body, (0, x))[1]

    profile = sj.transform(model).profile(X)
    assert (profile["first"].is_bounded, profile["h"].is_bounded) == (True, False)
    assert profile["h"].flops == sj.transform(block).profile(X).total.flops
    for text in (str(profile), profile._repr_html_()):
        assert "counts as one step" in text


def test_a_shared_scope_counts_each_call():
    """Two calls of one tower have one set of parameters and twice the operations."""
    profile = sj.transform(siamese).profile(XS, XS)
    assert profile["tower"].parameters == 16 * 64 + 64
    assert profile["tower"].flops == 2 * (2 * 8 * 16 * 64 + 8 * 64)


def test_time_is_measured_if_asked_for():
    """Scopes have a time, also in a scan; what cannot run alone has none."""

    def model(scope, x):
        layers = (scope / "layers").stack(2)
        x = lax.scan(lambda x, s: (block(s, x), None), x, layers)[0]
        jax.debug.callback(lambda x: None, dense(scope / "watched", x, 3))
        with (scope / "printed").named():
            jax.debug.print("{}", x)
        return x

    net = sj.transform(model)
    assert net.profile(X)["layers"].seconds is None
    profile = net.profile(X, time=True)
    assert profile["layers"].seconds is not None
    assert profile.total.seconds is None
    assert "time" in str(profile)
    assert "time" not in str(net.profile(X))


@pytest.mark.parametrize("grad", [False, True])
def test_the_whole_model_is_measured(grad):
    """A model with random numbers and constants runs in parts, and as a whole."""

    def model(scope, x):
        x = sj.layers.dropout(scope / "drop", x, 0.5, deterministic=False)
        return dense(scope / "fc", x + jnp.arange(16.0)[None], 4)

    profile = sj.transform(model).profile(XS, time=True, grad=grad)
    assert all(row.seconds is not None for row in profile.rows)


def test_a_model_with_state():
    """Moving averages count to their layer; the gradient is that of params."""

    def model(scope, x):
        x = sj.layers.batch_norm(scope / "norm", x, is_training=True)
        return dense(scope / "head", x, 3)

    net = sj.transform_with_state(model)
    assert net.profile(XS, grad=True)["norm"].flops > net.profile(XS)["norm"].flops > 0


def test_sorting_keeps_scopes_together():
    """Rows are sorted among the scopes within each scope."""
    profile = sj.transform(transformer).profile(jnp.ones((2, 16, 32))).sort("flops")
    names = [row.name for row in profile.rows]
    assert names[:3] == ["", "h0", "h0/attn"]
    assert sorted(names) == sorted(set(names))
    for row in profile.rows:
        flops = [inside.flops for inside in children(profile, row)]
        assert flops == sorted(flops, reverse=True)
    with pytest.raises(sj.InvalidArgumentError, match=r"not sorted by 'name'"):
        profile.sort("name")


def test_depth_limits_the_rows():
    """The scopes below are counted in those above."""
    net, x = sj.transform(transformer), jnp.ones((2, 16, 32))
    rows = net.profile(x, depth=1).rows
    assert [row.name for row in rows] == ["", "h0", "h1"]
    assert rows == [row for row in net.profile(x).rows if row.depth <= 1]
    with pytest.raises(sj.InvalidArgumentError, match=r"depth is a number of levels"):
        net.profile(x, depth=-1)


def test_the_table_in_markdown():
    """Scopes are indented, and the total comes last."""
    lines = sj.transform(mlp).profile(XS).to_markdown().splitlines()
    assert lines[0] == "| scope | parameters | FLOPs | of all | bytes |"
    assert lines[2] == "| `h0` | 1,088 | 16.9 k | 10.5 % | 8.2 KiB |"
    assert lines[-1].startswith("| `total` | 10,058 |")


def test_the_table_in_html_escapes_names():
    """A hostile name is text, and the markup is well formed."""
    name = "<script>&\"'|`"
    profile = sj.transform(lambda s, x: dense(s / name / "x", x, 3)).profile(XS)
    html = profile._repr_html_()
    assert "<script" not in html
    ET.fromstring(html.replace("&emsp;", " "))
    assert "\\|" in profile.to_markdown()


def test_rich_shows_the_table():
    """rich's console prints names as they are, not as its markup."""
    console = pytest.importorskip("rich.console", reason="rich is not installed")
    profile = sj.transform(lambda s, x: dense(s / "[red]", x, 3)).profile(XS)
    with console.Console(width=100, record=True) as shown:
        shown.print(profile)
    assert "[red]" in shown.export_text()


def test_an_unknown_scope_is_a_key_error():
    """A row is found by its full name."""
    profile = sj.transform(mlp).profile(XS)
    assert profile["h0"].parameters == 16 * 64 + 64
    with pytest.raises(KeyError, match="h9"):
        profile["h9"]
