"""TF1's names of devices as JAX's devices."""

from __future__ import annotations

import re
import warnings
from typing import Any

import jax

from ..._base.lines import user_line
from ..._base.tf1_errors import tf_error
from ..._jax.memory import MEMORIES

_WELL_FORMED = re.compile(
    r"(?:/?(?:job:\w+|(?:replica|task):\d+|(?:device:)?(?:cpu|gpu|tpu)(?::(?:\d+|\*))?))+",
    re.IGNORECASE,
)
"""TF1's names of devices, whether they are there or not."""


def device_named(wanted: Any) -> jax.Device | None:
    """The device of a name; None and "" leave it to JAX.

    Args:
      wanted: ``"/gpu:0"``, ``"/job:worker/task:1/device:CPU:1"`` (job, replica and task
        are left aside), a `jax.Device`, or None.

    Raises:
      ValueError: there is no such device, or it is no name.

    >>> device_named("/device:CPU:0").platform
    'cpu'
    """
    if wanted is None or wanted == "":
        return None
    if isinstance(wanted, jax.Device):
        return wanted
    last = str(wanted).lower().rpartition("/")[2].removeprefix("device:")
    platform, _, number = last.partition(":")
    try:
        return dict(enumerate(jax.devices(platform)))[int(number or 0)]
    except (RuntimeError, LookupError, ValueError) as error:
        known = ", ".join(f"/{d.platform}:{d.id}" for d in jax.devices())
        raise tf_error(
            ValueError,
            f"There is no device {wanted!r} here.",
            remedy=f"Name one of these: {known}",
        ) from error


def device_or_note(wanted: Any) -> jax.Device | None:
    """As `device_named`; a device that is not here is JAX's own choice, and a note.

    So it is in TF1, which builds the graph wherever it will run, and with soft
    placement runs it where it can. The note is a `UserWarning`.

    Raises:
      ValueError: it is no name of a device, or a function.

    >>> device_or_note("/device:CPU:0").platform
    'cpu'
    """
    if callable(wanted) and not isinstance(wanted, jax.Device):
        raise tf_error(
            ValueError,
            "tf.device was given a function, which TF1 calls with each op, and there"
            " are no ops here.",
            remedy="Place arrays by jax.sharding: net.init(key, x, mesh=mesh).",
        )
    try:
        return device_named(wanted)
    except ValueError:
        if not (isinstance(wanted, str) and _WELL_FORMED.fullmatch(wanted)):
            raise
    warnings.warn(
        f"There is no device {wanted!r} here, at {user_line()}: what is made there is"
        " where JAX puts it.",
        stacklevel=4,
    )
    return None


def caching_place(wanted: Any) -> Any:
    """Where `caching_device` says that a variable is brought to be read.

    Args:
      wanted: as of `device_named`; besides, as in `scopejax.Scope.get_variable`, a
        `jax.sharding.Sharding`, ``"device"`` or ``"pinned_host"``.

    Raises:
      ValueError: there is no such device, or it is no name.

    >>> caching_place("pinned_host"), caching_place("/cpu:0").id, caching_place("")
    ('pinned_host', 0, None)
    """
    if isinstance(wanted, jax.sharding.Sharding):
        return wanted
    if isinstance(wanted, str) and wanted in MEMORIES:
        return wanted
    return device_named(wanted)
