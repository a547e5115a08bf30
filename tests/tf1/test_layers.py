"""Layers, cells and slim act as TensorFlow's: names, collections, values, gradients."""

import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scopejax import tf1

from ..tf1_oracle.tf1_layers_cases import CASES, value_of
from ..tf1_oracle.tf1_layers_record import HERE, names_in
from ..tf1_oracle.tf1_ops_record import weights

with np.load(HERE / "tf1_layers.npz") as file:
    FIGURES = dict(file)


def recorded(name, kind):
    """The figures of one case and kind, by the rest of their keys."""
    prefix = f"{name}/{kind}/"
    return {
        k.removeprefix(prefix): v for k, v in FIGURES.items() if k.startswith(prefix)
    }


def flat(tree):
    """A nested dict of variables by op name."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {"/".join(str(p.key) for p in path): leaf for path, leaf in leaves}


def filled(name, tree):
    """A tree with the values that the variables had in TensorFlow, shards joined."""
    shown = FIGURES[f"{name}/names"].tolist()
    shapes = dict(line.split(" ", 1) for line in shown[: shown.index("trained")])
    values = {
        variable: value_of(number, variable, json.loads(shape))
        for number, (variable, shape) in enumerate(shapes.items())
    }

    def value(path, leaf):
        whole = "/".join(part.key for part in path)
        parts = [v for v in values if re.fullmatch(rf"{re.escape(whole)}/part_\d+", v)]
        found = np.concatenate([values[v] for v in parts]) if parts else values[whole]
        assert found.shape == leaf.shape
        return jnp.asarray(found)

    return jax.tree_util.tree_map_with_path(value, tree)


@pytest.mark.parametrize("name", CASES)
def test_a_model(name):
    """Variables, collections, outputs, gradients, averages are TensorFlow's."""
    function, x = CASES[name]
    seen = []

    def model(x):
        outputs = function(tf1, x)
        seen.append(names_in(tf1))
        return outputs

    net = tf1.transform_with_state(model, tensors=True)
    params, state = net.init(jax.random.key(0), x)
    assert seen[-1] == FIGURES[f"{name}/names"].tolist()
    params, state = filled(name, params), filled(name, state)

    def total(params):
        outputs, after = net.apply(params, state, x, key=jax.random.key(1))
        outputs = jax.tree.leaves(outputs)
        return sum(jnp.sum(o * weights(o.shape)) for o in outputs), (outputs, after)

    grads, (outputs, after) = jax.grad(total, has_aux=True)(params)
    expected = recorded(name, "out")
    assert len(outputs) == len(expected)
    for number, value in expected.items():
        close(outputs[int(number)], value)
    for kind, tree in (("grad", grads), ("state", after)):
        for variable, value in recorded(name, kind).items():
            close(part_of(flat(tree), variable), value)


def part_of(arrays, variable):
    """A variable's array, or the rows of a shard of two."""
    whole, _, part = variable.partition("/part_")
    if not part:
        return arrays[variable]
    return np.array_split(arrays[whole], 2)[int(part)]


def close(found, expected):
    """Equal within some 1e-6 of the greatest number."""
    size = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=5e-6, atol=5e-6 * size)
