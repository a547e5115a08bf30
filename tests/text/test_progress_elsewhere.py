"""Bars of checkpoints, and in notebooks."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ipykernel.kernelspec import write_kernel_spec
from jupyter_client.manager import start_new_kernel

from scopejax import checkpoints
from scopejax._text import progress

from ..helpers.meshes import all_bits
from ..helpers.terminals import bars

ROOT = Path(__file__).parents[2]
FORMATS = {"safetensors": "net.safetensors", "tf1": "net.ckpt", "orbax": "net"}
PARAMS = {
    name: {"bias": np.zeros(256, "f"), "kernel": np.ones((256, 256), "f")}
    for name in ("hidden", "head")
}


# Checkpoints


@pytest.mark.smoke
@pytest.mark.parametrize("name", FORMATS.values(), ids=FORMATS)
def test_checkpoints_show_their_bytes(terminal, tmp_path, name):
    """Saving and loading end with all bytes, and the arrays are the same."""
    with terminal:
        checkpoints.save(tmp_path / name, PARAMS, progress=True)
        loaded = checkpoints.load(tmp_path / name, progress=True)
    lines = terminal.text()
    for label in ("writing", "reading"):
        last = [line for line in lines if line.startswith(label)][-1]
        assert "514.0 of 514.0 KiB, 4 arrays" in last
    assert all_bits(loaded) == all_bits(PARAMS)
    assert not bars()


def test_load_counts_the_bytes_of_the_file(terminal, tmp_path):
    """Also where arrays are cast, and only of what is selected."""
    path = tmp_path / "net.safetensors"
    checkpoints.save(path, {"a": jnp.ones((2, 512)), "b": jnp.ones(2)})
    how = {"select": "a", "cast": "bfloat16", "transpose": {"a": (1, 0)}}
    with terminal:
        checkpoints.load(path, progress=True, **how)
        found, _ = checkpoints.load_matching(path, {"b": jnp.ones(2)}, progress=True)
    lines = terminal.text()
    assert any("4.0 of 4.0 KiB, 1 array" in line for line in lines)
    assert "8 of 8 B, 1 array" in lines[-1]
    assert jax.tree.map(jnp.shape, found) == {"b": (2,)}


@pytest.mark.parametrize("name", ["net.safetensors", "net"])
def test_numbers_and_keys_of_a_run_count(terminal, tmp_path, name):
    """What is not an array of JAX is there at once."""
    run = {"w": jnp.ones(2), "step": 3, "key": jax.random.key(0), "x": np.ones(2)}
    with terminal:
        checkpoints.save(tmp_path / name, run, progress=True)
        checkpoints.load(tmp_path / name, like=run, progress=True)
    assert "36 of 36 B, 4 arrays" in terminal.text()[-1]


@pytest.mark.parametrize("name", ["safetensors", "tf1"])
def test_an_array_counts_when_it_is_written(terminal, tmp_path, monkeypatch, name):
    """Not when it is brought; the last one when all is in its place."""
    advance, done = progress.Work.advance, []

    def note(work, nbytes):
        done.append((nbytes, sum(p.stat().st_size for p in tmp_path.rglob("*"))))
        advance(work, nbytes)

    monkeypatch.setattr(progress.Work, "advance", note)
    sizes = {"a": 3 << 20, "b": 1 << 20, "c": 1 << 20}
    params = {name: np.ones(size, np.uint8) for name, size in sizes.items()}
    with terminal:
        checkpoints.save(tmp_path / FORMATS[name], params, progress=True)
    assert [nbytes for nbytes, _ in done] == [3 << 20, 1 << 20]
    assert [size >> 20 for _, size in done] == [3, 4]
    assert "5.0 of 5.0 MiB, 3 arrays" in terminal.text()[-1]


# Notebooks


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A client of a fresh kernel."""
    write_kernel_spec(tmp_path / "kernels" / "python3")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(ROOT))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


CELL = """
import jax, jax.numpy as jnp, scopejax as sj
def model(scope, x):
    return sj.layers.dense(scope / "head", x, 256)
net = sj.transform(model)
params = net.init(jax.random.key(0), jnp.ones((2, 255)), progress={progress})
"""


def outputs(client, code):
    """The kinds and the contents of what a cell puts out."""
    found = []

    def note(message):
        kind, content = message["msg_type"], message["content"]
        if kind not in ("status", "execute_input"):
            found.append((kind, content.get("data", content)))

    reply = client.execute_interactive(code, output_hook=note, timeout=120)
    assert reply["content"]["status"] == "ok", found
    return found


def test_a_notebook_shows_one_output_that_is_updated(kernel):
    """It is an output of its own, empty in the end; standard error stays silent."""
    assert outputs(kernel, CELL.format(progress=False)) == []
    (first, *updates) = outputs(kernel, CELL.format(progress=True))
    assert first[0] == "display_data"
    assert {kind for kind, _ in updates} == {"update_display_data"}
    last, closed = (data for _, data in updates[-2:])
    assert "256.0 of 256.0 KiB, 2 variables" in last["text/plain"]
    assert '<progress value="262144" max="262144">' in last["text/html"]
    assert closed == {"text/plain": "", "text/html": ""}
