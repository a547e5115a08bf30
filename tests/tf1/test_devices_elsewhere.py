"""Devices that are not here, and devices by function."""

import pytest

from scopejax import tf1

from .test_devices import on

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.parametrize(
    "name", ["/gpu:77", "/cpu:8", "gpu:0", "/job:worker", "/task:1/device:TPU:0"]
)
def test_devices_that_are_not_here(name, graph):
    """A program for other machines runs: a note, and JAX's own choice, as in TF1."""
    with tf1.device("/cpu:3"):
        inner = tf1.device(name)
        match = r"There is no device .* here, at .*test_devices"
        with pytest.warns(UserWarning, match=match):
            inner.__enter__()
        assert graph.thread.device is None
        assert on(tf1.Variable(1.0).value()) == 0
        inner.__exit__(None, None, None)
        assert on(tf1.Variable(1.0).value()) == 3


def test_a_device_by_function_says_where_to_go():
    """TF1 calls it with each op; here there is `jax.sharding`."""
    match = "given a function, which TF1 calls with each op"
    with pytest.raises(ValueError, match=match) as caught, tf1.device(lambda op: ""):
        pass
    assert "jax.sharding" in caught.value.__notes__[0]
