"""Strict numerics on eight CPU devices, and the fixtures that many tests share."""

import os
import signal
import tempfile

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
import jax
import pytest
from hypothesis import settings

from scopejax import tf1

from .helpers import compiling, randomness, smoke
from .helpers.terminals import Terminal

# A shell starts what is in the background deaf to Control-C, and so what that starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What a test run finds out about this machine is its own.
_CACHE = tempfile.TemporaryDirectory(prefix="scopejax-tests-")
os.environ["SCOPEJAX_CACHE_DIR"] = _CACHE.name

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

settings.register_profile("suite", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("suite")


def pytest_addoption(parser):
    """How much of the long tests, and from which seed."""
    randomness.add_options(parser)


def pytest_sessionstart(session):
    """The seed is printed first, so that a run can be repeated however it ends."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    for line in randomness.told() if terminal is not None else ():
        terminal.write_line(line)


def pytest_configure(config):
    """Programs are shared with other workers and runs; random tests get a seed."""
    randomness.choose(config)
    if hasattr(config, "cache"):  # not with -p no:cacheprovider
        compiling.share_programs(config.cache.mkdir("programs"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Modules that are `optimized` come first, so that few change XLA's settings."""
    smoke.thin(items)
    items.sort(key=lambda item: item.get_closest_marker("optimized") is None)


def pytest_collection_finish():
    """What was imported stays, and need not be looked through again and again."""
    compiling.tidy()


@pytest.fixture(scope="module", autouse=True)
def _programs(request):
    """XLA optimizes as the module wants it; little is kept when it is over."""
    compiling.optimize(request.node.get_closest_marker("optimized") is not None)
    yield
    compiling.tidy()


@pytest.fixture
def unshared():
    """Programs are compiled here, and not looked up."""
    with compiling.unshared():
        yield


@pytest.fixture
def key():
    """A root key."""
    return jax.random.key(0)


@pytest.fixture
def path(tmp_path):
    """A file in a folder of its own."""
    return tmp_path / "net.safetensors"


@pytest.fixture
def graph():
    """A `tf1.Graph` that is the current one."""
    with tf1.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def v(graph):
    """A global variable of that graph."""
    with tf1.variable_scope("a"):
        return tf1.get_variable("v", [2], initializer=tf1.ones_initializer())


@pytest.fixture
def local(graph):
    """A local variable of that graph."""
    return tf1.get_local_variable("n", [], "int32")


@pytest.fixture
def terminal(monkeypatch):
    """A terminal with room for a line."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    yield terminal
    terminal.written()
