"""What the suite spends on compiling and keeps of it: little, and not for ever.

Most of a run is XLA, so programs are kept in a folder that the workers and later runs
share, and XLA optimizes little except in modules marked `optimized`, which compare the
bits of different programs or look into compiled ones. What a process has compiled is
dropped when it becomes much, since each program takes about a megabyte.
"""

import contextlib
import ctypes
import gc
import sys

import jax
from jax.experimental.compilation_cache import compilation_cache

_MANY = 500  # programs, and so about half a gigabyte


def share_programs(folder):
    """Programs are looked up in `folder`, and added to it.

    A worker may read what another is still writing: JAX warns, and compiles.
    """
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@contextlib.contextmanager
def unshared():
    """Within it no program is looked up, for what counts or reads compiled ones.

    One from the folder may have been compiled for an equal program with other names.
    """
    folder = jax.config.jax_compilation_cache_dir
    _use(None)
    try:
        yield
    finally:
        _use(folder)


def _use(folder):
    compilation_cache.reset_cache()
    jax.config.update("jax_compilation_cache_dir", folder)


def optimize(fully):
    """XLA optimizes as it does for a user, or hardly; what it made is forgotten."""
    if jax.config.values["jax_disable_most_optimizations"] is fully:
        jax.config.update("jax_disable_most_optimizations", not fully)
        forget()


def forget():
    """Drops all that JAX and scopejax have traced and compiled."""
    jax.clear_caches()
    for name, module in list(sys.modules.items()):
        if name.startswith("scopejax.") and "._" in name:
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def tidy():
    """Drops what became too much, and leaves the rest out of garbage collections.

    A collection looks at each object that lives, which with a million of them takes a
    second; `jax.checking_leaks` asks for one at every turn.
    """
    if len(jax.devices()[0].client.live_executables()) > _MANY:
        gc.unfreeze()
        forget()
        gc.collect()
        with contextlib.suppress(AttributeError):  # glibc's alone
            ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()
