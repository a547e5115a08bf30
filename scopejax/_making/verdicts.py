"""What was found out once: whether a fused program's bits are right on this machine.

A verdict is kept in a small file for each backend, machine and version of JAX, in
``$SCOPEJAX_CACHE_DIR``, or ``scopejax`` in ``$XDG_CACHE_HOME`` or ``~/.cache``. To lose
one costs a comparison; a file that cannot be read or written is as good as none.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

from .._base.files import is_special, write_whole
from .._jax.flags import optimizes


def known(program: str, device: Any) -> bool | None:
    """The verdict on a program, or None.

    Args:
      program: its text, the same in each process.
      device: a JAX device.
    """
    verdict = _read(_file(device)).get(_digest(program))
    return verdict if isinstance(verdict, bool) else None


def note(program: str, device: Any, *, right: bool) -> None:
    """Keeps a verdict."""
    file = _file(device)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        verdicts = {**_read(file), _digest(program): right}
        write_whole(file, json.dumps(verdicts).encode())


_LARGEST = 1 << 24  # bytes: a verdict takes forty


def _read(file: Path) -> dict[str, Any]:
    """What is in a file; nothing where it cannot be read, whatever is wrong with it."""
    try:
        if is_special(file) or file.stat().st_size > _LARGEST:
            return {}
        verdicts = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return verdicts if isinstance(verdicts, dict) else {}


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _file(device: Any) -> Path:
    return _folder() / f"fused-{_digest(_circumstances(device, optimizes()))}.json"


def _folder() -> Path:
    if own := os.environ.get("SCOPEJAX_CACHE_DIR"):
        return Path(own)
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(caches) / "scopejax"


@functools.cache
def _circumstances(device: Any, optimized: bool) -> str:
    """All that the bits may depend on, as text."""
    facts = (
        _RULES,
        jax.__version__,
        metadata.version("jaxlib"),
        device.platform,
        device.device_kind,
        getattr(device.client, "platform_version", ""),
        platform.machine(),
        _processor() if device.platform == "cpu" else "",
        os.environ.get("XLA_FLAGS", ""),
        "" if optimized else "without most optimizations",
    )
    return "\n".join(facts)


# To be changed with what a fused program computes.
_RULES = "1"


def _processor() -> str:
    """The processor's instruction sets, which XLA compiles for."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = ("flags", "features", "model name")
    found = {line for line in lines if line.lower().startswith(names)}
    return "\n".join(sorted(found))
