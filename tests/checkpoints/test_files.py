"""What cannot be saved, and files that are not whole."""

import os
import stat

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import numpy as tensors

import scopejax as sj
from scopejax import checkpoints

# What cannot be saved


@jax.tree_util.register_pytree_with_keys_class
class Odd:
    """A pytree whose only part has a name that can't be one."""

    def tree_flatten_with_keys(self):
        """Its part."""
        return [(jax.tree_util.GetAttrKey("a/b"), jnp.ones(2))], None

    @classmethod
    def tree_unflatten(cls, _, parts):
        """Another one."""
        return cls()


BAD_TREES = {
    "string": ({"a": {"w": "text"}}, "a/w"),
    "object": ({"a": {"w": object()}}, "a/w"),
    "strings": ({"a": {"w": np.array(["x"])}}, "a/w"),
    "number as key": ({"a": {0: jnp.ones(2)}}, "a/0"),
    "flat": ({"a/w": jnp.ones(2)}, "a/w"),
    "empty name": ({"a": {"": jnp.ones(2)}}, "a/"),
    "array": (jnp.ones(2), "ArrayImpl"),
    "text in a list": ({"a": [jnp.ones(2), "text"]}, "a/1"),
    "flat in a function": (jax.tree_util.Partial(print, {"a/b": 1}), "a/b"),
    "part without a name": ([Odd()], "GetAttrKey"),
    "scope": (sj.Scope({}), "Scope"),
    "reserved name": ({"__metadata__": jnp.ones(2)}, "__metadata__"),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("tree", "named"), BAD_TREES.values(), ids=BAD_TREES)
def test_what_cannot_be_saved_is_refused_by_name(path, tree, named):
    """A bad leaf or key is an error that names it, and the old file stays."""
    checkpoints.save(path, {"old": jnp.ones(2)})
    before = path.read_bytes()
    with pytest.raises(sj.ScopeError, match=named) as info:
        checkpoints.save(path, tree)
    assert "test_files.py" in info.value.where
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_traced_array_is_refused(path):
    """Within `jit` there are no numbers to save, and no file is left behind."""
    with pytest.raises(
        (sj.ScopeError, jax.errors.TracerArrayConversionError), match="trac"
    ):
        jax.jit(lambda w: checkpoints.save(path, {"a": {"w": w}}))(jnp.ones(2))
    assert os.listdir(path.parent) == []


# Files


def test_a_file_appears_whole_or_not_at_all(path, monkeypatch):
    """If writing fails the old file stays and nothing is left beside it."""
    checkpoints.save(path, {"old": jnp.ones(2)})
    before = path.read_bytes()

    def fails(*_):
        raise OSError("the disk is full")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, step, fails)
            with pytest.raises(OSError, match="the disk is full"):
                checkpoints.save(path, {"new": jnp.zeros(2)})
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == [path.name]


def test_an_existing_file_is_replaced(path):
    """A second save takes the place of the first."""
    checkpoints.save(path, {"old": jnp.ones(2)})
    checkpoints.save(path, {"new": jnp.zeros(2)})
    assert list(checkpoints.load(path)) == ["new"]
    assert os.listdir(path.parent) == [path.name]


def test_a_file_may_be_read_by_whom_other_files_may(path):
    """The file has the permissions that any new file has, not those of a temporary."""
    other = path.parent / "other"
    other.touch()
    checkpoints.save(path, {"w": jnp.ones(2)})
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_a_folder_that_is_not_there(path):
    """Saving below a folder that does not exist is Python's own error."""
    with pytest.raises(FileNotFoundError, match="No such file"):
        checkpoints.save(path / "below" / "net.safetensors", {"w": jnp.ones(2)})


def test_a_folder_is_no_file(path):
    """Saving in place of a folder fails and leaves the folder alone."""
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        checkpoints.save(path, {"w": jnp.ones(2)})
    assert os.listdir(path.parent) == [path.name]
    assert path.is_dir()


def test_a_file_that_is_not_there(path):
    """Loading what does not exist is Python's own error."""
    with pytest.raises(FileNotFoundError, match="No such file"):
        checkpoints.load(path)


@pytest.mark.parametrize("content", [b"", b"junk", b"\0" * 64, b"{}" * 40])
def test_another_file_is_refused(path, content):
    """What is no safetensors file is an error of the format."""
    path.write_bytes(content)
    with pytest.raises(sj.CheckpointError, match="deserializing"):
        checkpoints.load(path)


@given(part=st.floats(0, 0.999))
def test_a_file_cut_short_is_refused(tmp_path_factory, part):
    """A file that lost its end is never taken for a whole one."""
    path = tmp_path_factory.mktemp("cut") / "net.safetensors"
    checkpoints.save(path, {"a": {"w": jnp.arange(8.0)}, "b": jnp.ones(3)})
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(sj.CheckpointError, match="deserializing"):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "a/b"], "a cannot be both a variable and a scope"),
        (["a//b"], "empty component"),
        (["/a"], "empty component"),
    ],
)
def test_names_that_do_not_nest_are_refused(path, names, message):
    """Names in a file that no tree can have are errors with the name."""
    tensors.save_file({name: np.ones(1, np.float32) for name in names}, path)
    with pytest.raises(sj.InvalidArgumentError, match=message):
        checkpoints.load(path)
