"""What is trainable and what is not, in profiles, graphs, tables and views."""

import jax.numpy as jnp

import scopejax as sj


def counted(scope, x):
    """Twelve numbers that are trained, and twelve that are not."""
    tower = scope / "tower"
    mean = tower.get_variable("mean", (3, 4), trainable=False)
    return x @ (tower.get_variable("kernel", (3, 4)) - mean)


def test_trainable_and_state_are_shown_apart():
    """Profile, graph, table and view say how many numbers are trainable."""
    net, x = sj.transform_with_state(counted), jnp.ones((2, 3))
    profile = net.profile(x)
    for row in (profile.total, profile["tower"]):
        assert (row.parameters, row.state) == (12, 12)
    assert str(profile).splitlines()[0].split()[:3] == ["scope", "parameters", "state"]
    assert "12 params · 12 state" in str(net.graph(x))
    manifest = net.manifest(x)
    assert "12 of 24" in str(manifest)
    assert "12 of them trainable" in repr(manifest)
    assert "12 of 24 numbers are trainable" in manifest._repr_html_()


def test_without_state_nothing_is_said_of_it():
    """A model of parameters alone has no such column."""
    net, x = sj.transform(lambda s, x: sj.layers.dense(s / "a", x, 4)), jnp.ones((2, 3))
    assert net.profile(x).total.state == 0
    for shown in (net.profile(x), net.graph(x)):
        assert "state" not in str(shown)
    assert " of " not in repr(net.manifest(x)).partition("variables")[2]
