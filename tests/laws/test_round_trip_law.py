"""Law: params that were saved and loaded are the params, bit for bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopejax as sj
from scopejax import checkpoints

from ..checkpoints.test_checkpoints import DTYPES, same
from ..helpers.randomness import examples

FILES = {
    "safetensors": "net.safetensors",
    "orbax": "step_1",
    "tf1": "net.ckpt-1",
}
KEY = jax.random.key(0)

NAMES = st.text("abé.-_", min_size=1, max_size=4).filter(
    lambda name: set(name) != {"."}
)
# A dtype, its shape, and where in the tree it is.
VARIABLES = st.lists(
    st.tuples(
        st.lists(NAMES, min_size=1, max_size=3).map(tuple),
        st.sampled_from(DTYPES),
        st.sampled_from([(), (3,), (2, 3)]),
    ),
    unique_by=lambda variable: variable[0][0],
    min_size=1,
    max_size=3,
)


def model_of(variables):
    """A model with these variables, which returns each twice."""

    def model(scope):
        found = [
            scope.get_variable("/".join(path), shape, dtype, initializer=bits)
            for path, dtype, shape in variables
        ]
        return [jnp.stack([array, array]) for array in found]

    return sj.transform(model)


def bits(key, shape, dtype):
    """Some numbers of any dtype."""
    return jax.random.randint(key, shape, 0, 100).astype(dtype)


def there_and_back(folder, params, kind):
    """Saves and loads; each time under a path that is new."""
    checkpoints.save(folder / FILES[kind], params)
    return checkpoints.load(folder / FILES[kind])


@examples(8)
@given(variables=VARIABLES)
def test_a_model_applies_to_the_same_bits(tmp_path_factory, variables):
    """Init, save, load, apply is init, apply, whatever the variables are."""
    net = model_of(variables)
    params, folder = net.init(KEY), tmp_path_factory.mktemp("law")
    expected = net.apply(params)
    for kind in FILES:
        loaded = there_and_back(folder, params, kind)
        net.check(loaded)
        assert same(params, loaded)
        for one, other in zip(expected, net.apply(loaded), strict=True):
            assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.smoke
@examples(15)
@given(
    data=st.data(),
    dtype=st.sampled_from(["float32", "float16", "bfloat16", "complex64", "int32"]),
    shape=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    order=st.permutations(list(FILES)),
)
def test_any_bits_go_from_format_to_format(tmp_path_factory, data, dtype, shape, order):
    """From one format into the next no bit is changed, in NaNs and infinities too."""
    size = int(np.prod(shape)) * jnp.dtype(dtype).itemsize
    content = data.draw(st.binary(min_size=size, max_size=size))
    numbers = np.frombuffer(content, jnp.dtype(dtype)).reshape(shape)
    folder, params = tmp_path_factory.mktemp("law"), {"a": {"w": numbers}}
    for kind in order:
        params = there_and_back(folder, params, kind)
        assert np.asarray(params["a"]["w"]).tobytes() == content


def test_a_trained_model_goes_from_format_to_format(tmp_path):
    """Params of layers, updated once, give the same output to the bit."""

    def model(scope, x):
        x = jnp.tanh(sj.layers.dense(scope / "encoder" / "h0", x, 8))
        return sj.layers.dense(scope / "head", x, 2)

    net, x = sj.transform(model), jnp.linspace(0, 1, 12).reshape(3, 4)
    params = net.init(KEY, x)
    grads = jax.grad(lambda p: (net.apply(p, x) ** 2).sum())(params)
    params = jax.tree.map(lambda w, g: w - 0.1 * g, params, grads)
    expected = np.asarray(net.apply(params, x)).tobytes()
    loaded = params
    for kind in FILES:
        loaded = there_and_back(tmp_path, loaded, kind)
        net.check(loaded, x)
        assert same(loaded, params)
        assert np.asarray(net.apply(loaded, x)).tobytes() == expected
