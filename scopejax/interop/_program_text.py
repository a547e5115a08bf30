"""A jaxpr as text that is equal for equal programs, constants included."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex

from .._jax.jaxprs import is_var
from ._program import Program, program_of


class Writer:
    """Writes jaxprs; of one that is called many times it keeps the text."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, str]] = {}

    def digest(self, program: Program) -> str:
        """The same for two programs that do the same, step for step."""
        consts = ", ".join(map(self._value, program.consts))
        return _digest(f"{self._jaxpr(program.jaxpr)} of ({consts})".encode())

    def _jaxpr(self, jaxpr: jex.Jaxpr) -> str:
        if id(jaxpr) not in self._known:
            self._known[id(jaxpr)] = jaxpr, self._written(jaxpr)  # kept: its id is its
        return self._known[id(jaxpr)][1]

    def _written(self, jaxpr: jex.Jaxpr) -> str:
        numbers: dict[Any, int] = {}

        def name(atom: Any) -> str:
            if not is_var(atom):
                return f"{self._value(atom.val)}:{atom.aval}"
            return f"{numbers.setdefault(atom, len(numbers))}:{atom.aval}"

        def names(atoms: Any) -> str:
            return " ".join(map(name, atoms))

        lines = [f"({names(jaxpr.constvars)}; {names(jaxpr.invars)})"]
        for eqn in jaxpr.eqns:
            params = self._value(eqn.params)
            what = f"{eqn.primitive.name}{params}"
            lines.append(f"{names(eqn.outvars)} = {what} {names(eqn.invars)}")
        return "\n".join([*lines, f"-> {names(jaxpr.outvars)}"])

    def _value(self, value: Any) -> str:
        """A parameter: whatever JAX's primitives have."""
        if isinstance(value, jex.ClosedJaxpr):
            return f"[{self.digest(program_of(value))}]"
        if isinstance(value, jex.Jaxpr):
            return f"[{self._jaxpr(value)}]"
        if isinstance(value, Mapping):
            items = sorted(value.items(), key=lambda item: str(item[0]))
            return f"{{{', '.join(f'{k}={self._value(v)}' for k, v in items)}}}"
        if type(value) in (tuple, list):
            return f"({', '.join(map(self._value, value))})"
        if hasattr(value, "__array__") or isinstance(value, jax.Array):
            return _array(value)
        return f"{type(value).__name__} {value!r}"


def _array(value: Any) -> str:
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return f"{value.dtype} {_array(jax.random.key_data(value))}"
    array = np.asarray(value)
    return f"{array.dtype}{array.shape} {_digest(array.tobytes())}"


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
