"""What TF1's initializers have in common."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._base.tf1_errors import tf_error
from .._words.dtypes import as_dtype, require_floating
from .values import named, next_key


class Initializer:
    """Base of TF1's initializers; the options are the fields of each class."""

    dtype: Any

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: Any = None
    ) -> jax.Array:
        """An array of `shape`; outside of an initialisation drawn from key 0."""
        del partition_info  # a shard is a part of the whole
        dtype = as_dtype(self.dtype if dtype is None else dtype)
        self.check(dtype)
        key = next_key()
        key = jax.random.key(0) if key is None else key
        return self.as_jax()(key, tuple(shape), dtype)

    def check(self, dtype: Any) -> None:
        """Refuses a dtype that cannot be made; any can by default."""

    def as_jax(self) -> Callable[..., jax.Array]:
        """The function ``(key, shape, dtype) -> array``, equal for equal options."""
        options = tuple(self.get_config().values())
        return named(functools.partial(_make, type(self), options), type(self))

    def get_config(self) -> dict[str, Any]:
        """The options by name, plain enough for JSON."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        config = {field.name: getattr(self, field.name) for field in fields}
        return {**config, "dtype": jnp.dtype(self.dtype).name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initializer with the options of `get_config`."""
        return cls(**config)

    def draw(self, key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        """The array."""
        raise NotImplementedError


def _make(
    kind: type[Initializer],
    options: tuple[Any, ...],
    key: jax.Array,
    shape: tuple[int, ...],
    dtype: Any,
) -> jax.Array:
    init = kind(*options)
    seed = getattr(init, "seed", None)
    return init.draw(key if seed is None else jax.random.key(seed), shape, dtype)


class Floating(Initializer):
    """Base of those that draw floating numbers alone."""

    def __post_init__(self) -> None:
        require_floating(self.dtype)

    def check(self, dtype: Any) -> None:
        """Refuses whole numbers and bools."""
        if not jnp.issubdtype(dtype, jnp.floating):
            raise tf_error(
                TypeError,
                f"Expected {np.dtype(dtype).name}, but got 0.0 of type 'float'.",
                remedy=f"{type(self).__name__} draws floating numbers.",
            )
