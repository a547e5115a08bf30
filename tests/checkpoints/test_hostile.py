"""Files that nobody should read: pipes, devices, names without end, too many axes."""

import json
import os
import subprocess
import sys

import jax.numpy as jnp
import pytest

import scopejax as sj
from scopejax import checkpoints
from scopejax.__main__ import main


def safetensors(path, **tensors):
    """A file of float32 arrays that hold one number each; only its header is odd."""
    header = {}
    for place, (name, shape) in enumerate(tensors.items()):
        offsets = [4 * place, 4 * place + 4]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
    text = json.dumps(header).encode()
    data = bytes(4 * len(tensors))
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def pipe(folder):
    path = folder / "pipe.safetensors"
    os.mkfifo(path)
    return path


def deep(folder):
    path = folder / "deep.safetensors"
    safetensors(path, **{"/".join("d" * 3000): [1]})
    return path


def many_axes(folder):
    path = folder / "axes.safetensors"
    safetensors(path, a=[1] * 100)
    return path


def device(_):
    return os.devnull


HOSTILE = {
    pipe: "is a pipe, a socket or a device",
    device: "is a pipe, a socket or a device",
    deep: "has a name of 3,000 components",
    many_axes: "has an array of 100 axes",
}


@pytest.mark.smoke
@pytest.mark.parametrize(("make", "text"), HOSTILE.items())
def test_load_refuses_it(make, text, tmp_path):
    """It is a CheckpointError, before anything of it is read."""
    with pytest.raises(sj.CheckpointError, match=text):
        checkpoints.load(make(tmp_path))


@pytest.mark.parametrize(("make", "text"), HOSTILE.items())
@pytest.mark.parametrize("command", ["inspect", "diff", "convert"])
def test_a_command_says_so_with_status_2(command, make, text, tmp_path, capsys):
    """One message, no traceback."""
    path = str(make(tmp_path))
    more = {"inspect": [], "diff": [path], "convert": [str(tmp_path / "b.safetensors")]}
    assert main([command, path, *more[command]]) == 2
    assert text in capsys.readouterr().err


def test_a_pipe_in_place_of_the_numbers(tmp_path):
    """A checkpoint of TensorFlow whose data file is a pipe is damaged."""
    checkpoints.save(tmp_path / "a.ckpt-1", {"w": jnp.ones(2)})
    (data,) = tmp_path.glob("*.data-*")
    data.unlink()
    os.mkfifo(data)
    with pytest.raises(sj.CheckpointError, match="in place of the file"):
        checkpoints.load(tmp_path / "a.ckpt-1")


def broken(path, text):
    path.write_text(text)


UNREADABLE = {
    "nested": lambda path: broken(path, "[" * 200_000),
    "a number": lambda path: broken(path, "1" * 10_000),
    "a list": lambda path: broken(path, "[1]"),
    "other values": lambda path: broken(path, '{"a": {"b": 1}}'),
    "no text": lambda path: path.write_bytes(b"\xff\xfe{"),
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "no bytes": lambda path: broken(path, ""),
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_a_cache_that_cannot_be_read_is_as_good_as_none(make, tmp_path):
    """Whatever is wrong with it: a verdict is unknown, and noted if it can be."""
    from scopejax._making import verdicts

    path = tmp_path / "fused.json"
    make(path)
    assert verdicts._read(path) == {} or make is UNREADABLE["other values"]


def test_init_with_a_broken_cache(tmp_path):
    """A process whose cache is a pipe, or nested without end, makes its variables."""
    code = (
        "import jax, scopejax as sj\n"
        "net = sj.transform(lambda s: s.get_variable('w', (2,)))\n"
        "print(net.init(jax.random.key(0))['w'].shape)"
    )
    environment = {**os.environ, "SCOPEJAX_CACHE_DIR": str(tmp_path)}
    environment["JAX_PLATFORMS"] = "cpu"

    def run():
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.stdout == "(2,)\n", done.stderr

    run()
    (cache,) = tmp_path.iterdir()
    cache.unlink()
    os.mkfifo(cache)
    run()
    assert cache.is_file()
