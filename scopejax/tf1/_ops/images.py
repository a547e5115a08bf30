"""Pictures: resized, turned, cut."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._tensors.calls import op
from .._tensors.convert import as_array, dtype_of, number, sizes
from .._words.dtypes import as_tf


class ResizeMethod:
    """How `resize_images` finds numbers between pixels."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


def _places(before: int, after: int, align: bool, centres: bool) -> np.ndarray:
    """Where the pixels of the new axis lie on the old one."""
    step = before / after
    if align and after > 1:
        step = (before - 1) / (after - 1)
    places = np.arange(after, dtype=np.float32)
    if centres:
        return (places + np.float32(0.5)) * np.float32(step) - np.float32(0.5)
    return places * np.float32(step)


def _linear(x: Any, axis: int, size: int, align: bool, centres: bool) -> Any:
    before = x.shape[axis]
    places = _places(before, size, align, centres)
    lower = np.floor(places)
    part = (places - lower).astype("float32")
    first = np.clip(lower, 0, before - 1).astype("int32")
    second = np.clip(lower + 1, 0, before - 1).astype("int32")
    part = part.reshape(-1, *(1,) * (x.ndim - 1 - axis))
    low, high = jnp.take(x, first, axis), jnp.take(x, second, axis)
    return low + (high - low) * part


@op
def resize_bilinear(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Any:
    """Resized, with numbers between pixels in between; float32."""
    x, (height, width) = as_array(images).astype("float32"), sizes(size)
    x = _linear(x, 1, height, align_corners, half_pixel_centers)
    return _linear(x, 2, width, align_corners, half_pixel_centers)


def _nearest(x: Any, axis: int, size: int, align: bool, centres: bool) -> Any:
    places = _places(x.shape[axis], size, align, False)
    if centres:
        places = places + np.float32(0.5 * x.shape[axis] / size)
    found = np.floor(places + np.float32(0.5)) if align else np.floor(places)
    found = np.clip(found, 0, x.shape[axis] - 1).astype("int32")
    return jnp.take(x, found, axis)


@op
def resize_nearest_neighbor(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Any:
    """Resized, each pixel that of the nearest."""
    x, (height, width) = as_array(images), sizes(size)
    x = _nearest(x, 1, height, align_corners, half_pixel_centers)
    return _nearest(x, 2, width, align_corners, half_pixel_centers)


_METHODS = {
    ResizeMethod.BILINEAR: resize_bilinear,
    ResizeMethod.NEAREST_NEIGHBOR: resize_nearest_neighbor,
    "bilinear": resize_bilinear,
    "nearest": resize_nearest_neighbor,
}


def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Any:
    """Resized, one picture or a batch of them.

    Raises:
      ValueError: the method is not offered, or `size` has not two numbers.
    """
    if method not in _METHODS:
        raise tf_error(
            ValueError,
            f"resize_images has no method {method!r} here.",
            remedy="jax.image.resize has 'cubic' and 'lanczos3'.",
        )
    x = images if len(images.shape) == 4 else expand(images)
    if tuple(map(int, x.shape[1:3])) == _two(size):
        return images
    found = _METHODS[method](x, size, align_corners, name=name)
    return found if len(images.shape) == 4 else found[0]


def _two(size: Any) -> tuple[int, ...]:
    found = sizes(getattr(size, "_array", size))
    if len(found) != 2:
        raise tf_error(
            ValueError,
            "'size' must be a 1-D Tensor of 2 elements: new_height, new_width",
        )
    return found


@op
def expand(image: Any) -> Any:
    """A batch of one picture."""
    return as_array(image)[None]


@op
def flip_left_right(image: Any, name: str | None = None) -> Any:
    """The left to the right."""
    return jnp.flip(as_array(image), -2)


@op
def flip_up_down(image: Any, name: str | None = None) -> Any:
    """Upside down."""
    return jnp.flip(as_array(image), -3)


@op
def crop_to_bounding_box(
    image: Any,
    offset_height: Any,
    offset_width: Any,
    target_height: Any,
    target_width: Any,
) -> Any:
    """A rectangle of a picture."""
    top, left = number(offset_height), number(offset_width)
    bottom, right = top + number(target_height), left + number(target_width)
    return as_array(image)[..., top:bottom, left:right, :]


@op
def pad_to_bounding_box(
    image: Any,
    offset_height: Any,
    offset_width: Any,
    target_height: Any,
    target_width: Any,
) -> Any:
    """A picture in a larger one of zeros."""
    x = as_array(image)
    top, left = number(offset_height), number(offset_width)
    below = number(target_height) - top - x.shape[-3]
    right = number(target_width) - left - x.shape[-2]
    widths = [(0, 0)] * (x.ndim - 3) + [(top, below), (left, right), (0, 0)]
    return jnp.pad(x, widths)


def resize_image_with_crop_or_pad(
    image: Any, target_height: Any, target_width: Any
) -> Any:
    """The middle of a picture, or a picture in the middle of zeros."""
    *_, height, width, _ = image.shape.as_list()
    dh, dw = number(target_height) - height, number(target_width) - width
    top, left = max(-dh // 2, 0), max(-dw // 2, 0)
    cut = crop_to_bounding_box(
        image, top, left, min(height, target_height), min(width, target_width)
    )
    return pad_to_bounding_box(
        cut, max(dh // 2, 0), max(dw // 2, 0), target_height, target_width
    )


@op
def per_image_standardization(image: Any) -> Any:
    """Of mean 0 and variance 1, each picture for itself."""
    x = as_array(image).astype("float32")
    axes, count = (-1, -2, -3), x.shape[-1] * x.shape[-2] * x.shape[-3]
    mean = jnp.mean(x, axes, keepdims=True)
    spread = jnp.std(x, axes, keepdims=True)
    return (x - mean) / jnp.maximum(spread, 1 / np.sqrt(np.float32(count)))


@op
def rgb_to_grayscale(images: Any, name: str | None = None) -> Any:
    """How bright each pixel is."""
    x = as_array(images)
    return jnp.sum(x * np.array([0.2989, 0.587, 0.114], x.dtype), -1, keepdims=True)


@op
def grayscale_to_rgb(images: Any, name: str | None = None) -> Any:
    """One channel, three times."""
    return jnp.tile(as_array(images), (1,) * (images.ndim - 1) + (3,))


@op
def convert_image_dtype(
    image: Any, dtype: Any, saturate: bool = False, name: str | None = None
) -> Any:
    """Whole numbers from 0 on as floats from 0 to 1, and back."""
    x, kind = as_array(image), dtype_of(dtype)
    floating = [jnp.issubdtype(k, jnp.floating) for k in (x.dtype, kind)]
    if x.dtype == kind or all(floating):
        return x.astype(kind)
    if floating[1]:
        return x.astype(kind) * (1 / as_tf(x.dtype).max)
    if floating[0]:
        most = as_tf(kind).max
        scaled = x * (most + 0.5)
        return (
            jnp.clip(scaled, 0, most).astype(kind) if saturate else scaled.astype(kind)
        )
    raise tf_error(ValueError, f"There is no way from {x.dtype} to {kind} here.")


@op
def adjust_brightness(image: Any, delta: Any) -> Any:
    """Brighter by `delta`."""
    return as_array(image) + delta


@op
def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """Further from the mean of each channel, or nearer."""
    x = as_array(images)
    mean = jnp.mean(x, (-3, -2), keepdims=True)
    return (x - mean) * contrast_factor + mean
