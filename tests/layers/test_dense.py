"""Dense layers against NumPy."""

import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, filled, wide


@pytest.mark.smoke
@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4), (2, 1, 3, 4), (0, 4)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_is_a_product_and_a_sum(shape, use_bias):
    """The last axis times the kernel, plus the bias, for any rank."""
    net, params = filled(
        lambda s, x: layers.dense(s / "d", x, 5, use_bias=use_bias), x := array(*shape)
    )
    p = wide(params["d"])
    assert set(p) == ({"kernel", "bias"} if use_bias else {"kernel"})
    expected = x.astype(np.float64) @ p["kernel"] + p.get("bias", 0.0)
    assert_close(net.apply(params, x), expected)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(
    ("into", "out"), [((4,), (3, 2)), ((3, 4), (5,)), ((2, 3), (2, 2))]
)
def test_dense_over_several_axes(into, out, use_bias):
    """The last axes are summed over, whatever stands before them."""
    x = array(2, 5, *into)
    net, params = filled(
        lambda s, x: layers.dense(s, x, out, axes=len(into), use_bias=use_bias), x
    )
    p = wide(params)
    assert p["kernel"].shape == into + out
    expected = np.tensordot(x.astype(np.float64), p["kernel"], len(into))
    assert_close(net.apply(params, x), expected + p.get("bias", 0.0))


KERNELS = {
    "dense": (lambda s, **k: layers.dense(s, array(2, 8), (3, 2, 4), **k), (8, 24)),
    "dense, two in": (
        lambda s, **k: layers.dense(s, array(2, 2, 4), 24, axes=2, **k),
        (8, 24),
    ),
    "einsum": (
        lambda s, **k: layers.einsum(
            s, array(2, 8), "bd,dnhk->bnhk", (8, 3, 2, 4), **k
        ),
        (8, 24),
    ),
}


@pytest.mark.parametrize(("model", "matrix"), KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("initializer", ["glorot_uniform", "he_normal", "orthogonal"])
def test_kernels_of_many_axes_start_as_their_matrix(model, matrix, initializer):
    """The layer's initializer, or the scope's, draws all inputs by all outputs."""
    init = getattr(sj.initializers, initializer)
    net = sj.transform(lambda s, **k: model(s, use_bias=False, **k))
    own = net.init(KEY, kernel_initializer=init)["kernel"]
    scopes = sj.transform(lambda s: model(s.with_options(initializer=init)))
    np.testing.assert_array_equal(own, scopes.init(KEY)["kernel"])
    flat = sj.transform(lambda s: s.get_variable("kernel", matrix, initializer=init))
    expected = flat.init(KEY)["kernel"]
    np.testing.assert_array_equal(np.asarray(own).reshape(matrix), expected)


def test_a_kernel_of_many_axes_has_the_default_initializer():
    """Glorot uniform, by all that comes in and all that goes out."""
    kernel = sj.transform(KERNELS["dense"][0]).init(KEY)["kernel"]
    assert float(kernel.std()) == pytest.approx((2 / (8 + 24)) ** 0.5, rel=0.1)


@pytest.mark.parametrize(("shape", "axes"), [((4,), 2), ((4,), 0), ((), 1)])
def test_dense_has_the_axes_that_it_sums_over(shape, axes):
    """Fewer are refused, and so is a scalar."""
    net = sj.transform(lambda s, x: layers.dense(s, x, 3, axes=axes))
    said = f"dense over {axes} axes takes" if shape else "dense takes an array with"
    with pytest.raises(sj.InvalidArgumentError, match=said):
        net.init(KEY, array(*shape))


EQUATIONS = {
    "...d,dhk->...hk": ((2, 3, 8), (8, 2, 4), (2, 4)),
    "bthk,hkd->btd": ((2, 3, 2, 4), (2, 4, 5), (5,)),
    "ebd,edf->ebf": ((3, 2, 4), (3, 4, 5), None),
    "bd,fd->bf": ((2, 4), (5, 4), (5,)),
    "btd, dt -> b": ((2, 3, 4), (4, 3), ()),
}


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum_is_its_equation(equation):
    """The kernel is the second array; the bias has its axes of the result."""
    shape, kernel, bias = EQUATIONS[equation]
    x = array(*shape)
    net, params = filled(
        lambda s, x: layers.einsum(s, x, equation, kernel, use_bias=bias is not None), x
    )
    p = wide(params)
    assert p["kernel"].shape == kernel
    assert bias is None or p["bias"].shape == bias
    expected = np.einsum(equation, x.astype(np.float64), p["kernel"])
    assert_close(net.apply(params, x), expected + p.get("bias", 0.0))


def test_each_expert_starts_with_a_matrix_of_its_own():
    """An axis that input and result share counts for no fan, and repeats nothing."""
    net = sj.transform(
        lambda s, x: layers.einsum(s, x, "ebd,edf->ebf", (3, 64, 64), use_bias=False)
    )
    kernel = net.init(KEY, array(3, 2, 64))["kernel"]
    for matrix in kernel:
        assert float(matrix.std()) == pytest.approx((2 / 128) ** 0.5, rel=0.05)
    assert abs(np.corrcoef(kernel[0].ravel(), kernel[1].ravel())[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("equation", "shape", "error"),
    [
        ("bd,df", (4, 5), "einsum takes an equation such as"),
        ("bd->b", (4,), "einsum takes an equation such as"),
        ("bd,df->bf", (4,), r"each axis of a kernel of shape \(4,\)"),
        ("bd,...d->b...", (5, 4), "a letter for each axis"),
        ("bd,df->fb", (4, 5), "bias over the axes 'f', which the result 'fb' does"),
    ],
)
def test_einsum_refuses_other_equations(equation, shape, error):
    """Both arrays and the result are named, letter by letter, the bias's axes last."""
    net = sj.transform(lambda s, x: layers.einsum(s, x, equation, shape))
    with pytest.raises(sj.InvalidArgumentError, match=error):
        net.init(KEY, array(2, 4))


@pytest.mark.parametrize("activate_last", [True, False])
def test_mlp_is_dense_layers_with_an_activation_between(activate_last):
    """The activation follows each layer but the last, or each."""
    x = array(2, 4)
    net, params = filled(
        lambda s, x: layers.mlp(
            s, x, (5, 6, 3), activation=jnp.tanh, activate_last=activate_last
        ),
        x,
    )
    y, p = x.astype(np.float64), wide(params)
    for i in range(3):
        y = y @ p[f"layer{i}"]["kernel"] + p[f"layer{i}"]["bias"]
        y = np.tanh(y) if i < 2 or activate_last else y
    assert_close(net.apply(params, x), y)
