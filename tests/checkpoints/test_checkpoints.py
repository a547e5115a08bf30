"""Params in a file: every dtype there and back, and nothing lost in silence."""

import os
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from safetensors import numpy as tensors

import scopejax as sj
from scopejax import checkpoints

DTYPES = [
    *("float32", "float16", "bfloat16", "bool", "complex64"),
    *("int8", "int16", "int32", "uint8", "uint16", "uint32"),
]
NARROW = ["float8_e4m3fn", "float8_e5m2", "int4", "uint4"]


def same(one, two):
    """Whether two trees are equal: names, dtypes, shapes, bits."""
    one, two = sj.to_flat(one), sj.to_flat(two)
    return one.keys() == two.keys() and all(
        a.dtype == two[name].dtype
        and a.shape == two[name].shape
        and np.asarray(a).tobytes() == np.asarray(two[name]).tobytes()
        for name, a in one.items()
    )


@pytest.mark.smoke
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3)], ids=str)
def test_every_dtype_and_shape_comes_back(path, dtype, shape):
    """What is saved is loaded bit for bit, as JAX arrays."""
    numbers = np.random.default_rng(0).integers(0, 2, shape)
    params = {"a": {"w": jnp.asarray(np.asarray(numbers, jnp.dtype(dtype)))}}
    checkpoints.save(path, params)
    loaded = checkpoints.load(path)
    assert same(params, loaded)
    assert isinstance(loaded["a"]["w"], jax.Array)


@pytest.mark.parametrize("dtype", NARROW)
def test_a_narrow_dtype_comes_back_or_is_refused(path, dtype):
    """A dtype of 8 bits or less is saved whole, or refused by name before writing."""
    params = {"a": {"w": jnp.zeros(4, dtype)}}
    try:
        checkpoints.save(path, params)
    except sj.ScopeError as error:
        refused = str(error)
    else:
        refused = None
        assert same(params, checkpoints.load(path))
    assert refused is None or "a/w" in refused
    assert path.exists() == (refused is None)


def test_special_numbers_come_back(path):
    """Infinities, NaN, a negative zero and the smallest number keep their bits."""
    numbers = [np.inf, -np.inf, np.nan, -0.0, 1e-45, np.finfo(np.float32).max]
    params = {"w": jnp.asarray(np.array(numbers, np.float32))}
    checkpoints.save(path, params)
    assert same(params, checkpoints.load(path))


def test_names_are_full_names(path):
    """Any program that reads the format finds the tensors by full name."""
    checkpoints.save(path, {"a": {"b": {"w": jnp.ones(2)}}, "é": jnp.zeros(1)})
    assert set(tensors.load_file(path)) == {"a/b/w", "é"}


def test_files_of_other_programs_are_read(path):
    """Flat names nest at their slashes; names with dots are names."""
    tensors.save_file(
        {"a/w": np.ones(2, np.float32), "b.c": np.zeros(1, np.int8)}, path
    )
    loaded = checkpoints.load(path)
    assert same(loaded, {"a": {"w": jnp.ones(2)}, "b.c": jnp.zeros(1, "int8")})


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_paths_of_any_kind(path, kind, monkeypatch):
    """A path is text or a `Path`, whole or relative."""
    monkeypatch.chdir(path.parent)
    for place in (kind(path), kind(path.name)):
        checkpoints.save(place, {"w": jnp.ones(2)})
        assert same(checkpoints.load(place), {"w": jnp.ones(2)})
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("tree", [{}, {"a": {}}], ids=str)
def test_nothing_comes_back_as_nothing(path, tree):
    """A tree without arrays is a file without tensors."""
    checkpoints.save(path, tree)
    assert checkpoints.load(path) == {}


def test_numpys_layouts_come_back(path):
    """Arrays in Fortran's order, transposed or strided are saved by their values."""
    base = np.arange(12, dtype=np.float32).reshape(3, 4)
    params = {"t": base.T, "f": np.asfortranarray(base), "s": base[::2, ::3]}
    checkpoints.save(path, params)
    assert same(
        {k: np.ascontiguousarray(v) for k, v in params.items()}, checkpoints.load(path)
    )


@pytest.mark.parametrize("shape", [(), (1,), (0,), (1, 1)], ids=str)
def test_numpys_small_arrays_keep_their_rank(path, shape):
    """A NumPy array of rank 0 comes back as one, not as a vector of one number."""
    params = {"a": {"w": np.zeros(shape, np.float32)}}
    checkpoints.save(path, params)
    assert same(params, checkpoints.load(path))


def test_sharded_arrays_come_back_whole(path):
    """An array on many devices is saved as one."""
    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
    whole = jnp.arange(16.0)
    sharded = jax.device_put(whole, NamedSharding(mesh, PartitionSpec("data")))
    checkpoints.save(path, {"w": sharded})
    assert same(checkpoints.load(path), {"w": whole})


@given(
    names=st.lists(
        st.lists(st.text("ab.é :", min_size=1, max_size=3), min_size=1, max_size=3),
        unique_by=lambda path: path[0],
        max_size=4,
    )
)
def test_any_tree_comes_back(tmp_path_factory, names):
    """Whatever the names are, a tree comes back."""
    path = tmp_path_factory.mktemp("any") / "net.safetensors"
    flat = {"/".join(name): jnp.full((2,), i) for i, name in enumerate(names)}
    checkpoints.save(path, sj.from_flat(flat))
    assert same(sj.from_flat(flat), checkpoints.load(path))


# Nothing is lost in silence


LOSSY = {
    "int64": np.array([2**40]),
    "uint64": np.array([2**63], np.uint64),
    "float64": np.array([1 + 1e-12]),
    "large float64": np.array([1e300]),
}


@pytest.mark.parametrize("leaf", LOSSY.values(), ids=LOSSY)
def test_64_bits_are_saved_or_refused(path, leaf):
    """An array of 64 bits is not cut down on its way into a file."""
    try:
        checkpoints.save(path, {"a": {"w": leaf}})
    except sj.ScopeError as error:
        told = str(error)
    else:
        told = "a/w"
        np.testing.assert_array_equal(tensors.load_file(path)["a/w"], leaf)
    assert "a/w" in told


@pytest.mark.parametrize("leaf", LOSSY.values(), ids=LOSSY)
def test_64_bits_are_not_cut_down_on_loading(path, leaf):
    """A file with 64-bit tensors is refused by name where the mode is off."""
    tensors.save_file({"a/w": leaf}, path)
    with pytest.raises(sj.ScopeError, match="a/w"):
        checkpoints.load(path)


@pytest.mark.parametrize("leaf", LOSSY.values(), ids=LOSSY)
def test_64_bits_come_back_in_their_mode(path, leaf):
    """With the mode on they are saved and loaded as they are."""
    with jax.enable_x64(True):
        checkpoints.save(path, {"w": leaf})
        loaded = checkpoints.load(path)
        assert loaded["w"].dtype == leaf.dtype
        np.testing.assert_array_equal(loaded["w"], leaf)
