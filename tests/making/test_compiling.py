"""A compilation on threads: begun once, and done on the spot where it was cancelled."""

import threading
from concurrent.futures import ThreadPoolExecutor

import jax
import pytest

from scopejax._making.compiling import Compiling


class Source:
    """What is lowered and compiled, and how often it was."""

    def __init__(self, error=None):
        self.compiled = 0
        self.error = error

    def lower(self):
        """It is its own lowered program."""
        return self

    def compile(self):
        """The number of the compilation."""
        self.compiled += 1
        if self.error is not None:
            raise self.error
        return self.compiled


@pytest.fixture
def busy():
    """One thread, which has something else to do until the event is set."""
    free = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        threads.submit(free.wait)
        yield threads, free
        free.set()


def test_it_is_begun_once(busy):
    """Whoever starts it again gets the same program."""
    threads, free = busy
    source = Source()
    compiling = Compiling(source.lower)
    for _ in range(3):
        compiling.start(threads)
    free.set()
    assert [compiling.result(), compiling.result(), source.compiled] == [1, 1, 1]


def test_one_that_was_cancelled_is_compiled_on_the_spot(busy):
    """An init that is broken off takes nothing from another that waits."""
    threads, _ = busy
    source = Source()
    compiling = Compiling(source.lower)
    compiling.start(threads)
    threads.shutdown(wait=False, cancel_futures=True)
    assert compiling.succeeds()
    assert [compiling.result(), source.compiled] == [1, 1]


def test_one_that_was_cancelled_can_be_begun_again(busy):
    """The next init has threads of its own."""
    threads, _ = busy
    source = Source()
    compiling = Compiling(source.lower)
    compiling.start(threads)
    threads.shutdown(wait=False, cancel_futures=True)
    with ThreadPoolExecutor(1) as others:
        compiling.start(others)
        assert [compiling.result(), source.compiled] == [1, 1]


def test_what_the_compiler_raises_comes_up_at_each_result():
    """It is known to have failed, and is not tried again."""
    source = Source(RuntimeError("no such instruction"))
    compiling = Compiling(source.lower)
    with ThreadPoolExecutor(1) as threads:
        compiling.start(threads)
    assert not compiling.succeeds()
    with pytest.raises(RuntimeError, match="no such instruction"):
        compiling.result()
    assert source.compiled == 1


def test_a_program_of_jax(key):
    """What it gives runs."""
    compiling = Compiling(lambda: jax.jit(jax.random.normal).lower(key))
    with ThreadPoolExecutor(1) as threads:
        compiling.start(threads)
    assert compiling.result()(key) == jax.random.normal(key)
