"""Convolutions, plain and transposed, against their definition in NumPy."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax import layers

from ..helpers.closeness import assert_close
from ..helpers.layers_reference import KEY, array, filled, wide


def padded(x, kernel, strides, dilation, padding):
    """`x` with zeros around its axes of space."""
    pads = []
    for axis, (k, s, d) in enumerate(zip(kernel, strides, dilation, strict=True)):
        size, reach = x.shape[1 + axis], (k - 1) * d + 1
        if padding == "SAME":
            total = max((math.ceil(size / s) - 1) * s + reach - size, 0)
            pads.append((total // 2, total - total // 2))
        else:
            pads.append((0, 0) if padding == "VALID" else padding[axis])
    return np.pad(x, [(0, 0), *pads, (0, 0)])


def convolution(x, kernel, strides, dilation, padding, groups):
    """The definition: a sum over the kernel's places, group by group."""
    x, kernel = x.astype(np.float64), kernel.astype(np.float64)
    space = kernel.shape[:-2]
    x = padded(x, space, strides, dilation, padding)
    reach = [(k - 1) * d + 1 for k, d in zip(space, dilation, strict=True)]
    sizes = [
        (n - r) // s + 1 for n, r, s in zip(x.shape[1:-1], reach, strides, strict=True)
    ]
    ins, outs = kernel.shape[-2], kernel.shape[-1] // groups
    out = np.zeros((x.shape[0], *sizes, kernel.shape[-1]))
    for place in itertools.product(*map(range, space)):
        window = tuple(
            slice(p * d, p * d + (n - 1) * s + 1, s)
            for p, d, n, s in zip(place, dilation, sizes, strides, strict=True)
        )
        for g in range(groups):
            taken = x[(slice(None), *window, slice(g * ins, (g + 1) * ins))]
            chosen = slice(g * outs, (g + 1) * outs)
            out[..., chosen] += taken @ kernel[place][:, chosen]
    return out


CONVS = {
    "1d": ((2, 7, 3), 4, (3,), {}),
    "1d even": ((2, 8, 3), 4, (4,), {}),
    "1d strided": ((1, 9, 2), 3, (3,), {"strides": 2}),
    "1d dilated": ((1, 9, 2), 3, (3,), {"dilation": 3}),
    "1d explicit": ((1, 6, 2), 3, (3,), {"padding": [(2, 0)]}),
    "2d": ((2, 5, 6, 3), 4, (3, 2), {}),
    "2d valid": ((2, 5, 6, 3), 4, (3, 2), {"padding": "VALID"}),
    "2d strided": ((1, 7, 6, 2), 3, (3, 3), {"strides": (2, 3)}),
    "2d dilated": ((1, 9, 8, 2), 3, (2, 3), {"dilation": (2, 1), "padding": "VALID"}),
    "2d grouped": ((2, 4, 4, 6), 4, (3, 3), {"groups": 2}),
    "2d depthwise": ((2, 4, 4, 3), 6, (3, 3), {"groups": 3}),
    "3d": ((1, 3, 4, 3, 2), 2, (2, 2, 2), {"strides": (1, 2, 1)}),
    "all": (
        (1, 9, 10, 4),
        6,
        (3, 2),
        {
            "strides": (2, 1),
            "dilation": (1, 2),
            "groups": 2,
            "padding": [(1, 0), (0, 2)],
        },
    ),
}


def each(value, axes):
    """One value for each axis of space."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


@pytest.mark.smoke
@pytest.mark.parametrize(("shape", "features", "size", "kw"), CONVS.values(), ids=CONVS)
def test_conv_is_its_definition(shape, features, size, kw):
    """Strides, dilation, groups and padding are those of the sum in NumPy."""
    x, axes = array(*shape), len(size)
    net, params = filled(lambda s, x: layers.conv(s / "c", x, features, size, **kw), x)
    kernel, bias = (np.asarray(params["c"][name]) for name in ("kernel", "bias"))
    groups = kw.get("groups", 1)
    assert kernel.shape == (*size, shape[-1] // groups, features)
    expected = convolution(
        x,
        kernel,
        each(kw.get("strides", 1), axes),
        each(kw.get("dilation", 1), axes),
        kw.get("padding", "SAME"),
        groups,
    )
    assert_close(net.apply(params, x), expected + bias)


@pytest.mark.parametrize("number", [np.int64(2), np.int32(2)], ids=repr)
def test_other_whole_numbers_are_strides(number):
    """NumPy's numbers serve as strides and dilation, as they serve as sizes."""
    x = array(1, 8, 2)
    for option in ("strides", "dilation"):

        def model(scope, value, option=option):
            return layers.conv(scope, x, 3, (3,), **{option: value})

        net = sj.transform(model)
        params = net.init(KEY, 2)
        expected = net.apply(params, 2)
        np.testing.assert_array_equal(net.apply(params, number), expected)


@pytest.mark.parametrize("layer", [layers.conv, layers.conv_transpose])
def test_one_number_is_the_size_along_all_axes(layer):
    """``3`` is ``(3, 3)`` for images."""
    x = array(1, 5, 6, 2)
    net = sj.transform(lambda s, size: layer(s, x, 3, size))
    params = net.init(KEY, 3)
    assert params["kernel"].shape == (3, 3, 2, 3)
    np.testing.assert_array_equal(net.apply(params, 3), net.apply(params, (3, 3)))


@pytest.mark.parametrize("size", [(3,), (3, 3, 3)])
def test_a_kernel_has_the_axes_of_its_input(size):
    """One size for each axis between the batch and the features, or one for all."""
    x = array(1, 5, 6, 2)
    with pytest.raises(sj.InvalidArgumentError, match="does not fit an input of shape"):
        sj.transform(lambda s: layers.conv(s, x, 3, size)).init(KEY)


def test_there_is_space_to_convolve():
    """A batch of vectors has no axis of space."""
    with pytest.raises(sj.InvalidArgumentError, match="kernel of size 3 does not fit"):
        sj.transform(lambda s: layers.conv(s, array(4, 2), 3, 3)).init(KEY)


TRANSPOSED = [
    ((1, 4, 2), 3, (3,), 1, "SAME"),
    ((1, 4, 2), 3, (3,), 2, "SAME"),
    ((1, 4, 2), 3, (4,), 2, "SAME"),
    ((1, 4, 2), 3, (2,), 3, "SAME"),
    ((1, 4, 2), 3, (3,), 2, "VALID"),
    ((1, 3, 4, 2), 3, (3, 2), (2, 1), "SAME"),
    ((1, 3, 4, 2), 3, (3, 5), (2, 3), "SAME"),
    ((1, 3, 4, 2), 3, (3, 3), 2, "VALID"),
]


@pytest.mark.parametrize(
    ("shape", "features", "size", "strides", "padding"), TRANSPOSED
)
def test_conv_transpose_is_the_adjoint_of_conv(shape, features, size, strides, padding):
    """It undoes the shapes of a convolution, of which it is the gradient.

    <transpose(x; kernel), y> = <x, conv(y; kernel turned around)> for every y.
    """
    x, axes = array(*shape), len(size)
    net, params = filled(
        lambda s, x: layers.conv_transpose(
            s, x, features, size, strides=strides, padding=padding, use_bias=False
        ),
        x,
    )
    out = net.apply(params, x)
    steps = each(strides, axes)
    if padding == "SAME":
        grown = [n * s for n, s in zip(shape[1:-1], steps, strict=True)]
    else:
        grown = [
            (n - 1) * s + max(k, s)
            for n, s, k in zip(shape[1:-1], steps, size, strict=True)
        ]
    assert out.shape == (shape[0], *grown, features)
    kernel = np.asarray(params["kernel"])
    assert kernel.shape == (*size, shape[-1], features)
    turned = np.flip(kernel, range(axes)).swapaxes(-1, -2)
    y = array(*out.shape)
    back = convolution(y, turned, steps, (1,) * axes, padding, 1)
    assert back.shape == x.shape
    terms = x * back
    assert_close(np.float32((wide(out) * y).sum()), terms.sum(), scale=abs(terms).sum())
    gradient = jax.grad(lambda x: (net.apply(params, x) * y).sum())(jnp.asarray(x))
    assert_close(gradient, back)


def test_conv_transpose_has_a_bias():
    """The bias is added to every place."""
    x = array(1, 4, 2)
    net, params = filled(lambda s, x: layers.conv_transpose(s, x, 3, (3,)), x)
    without = params | {"bias": jnp.zeros(3)}
    difference = net.apply(params, x) - net.apply(without, x)
    assert_close(difference, np.broadcast_to(params["bias"], (1, 4, 3)))
