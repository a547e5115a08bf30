"""The notebooks: in step with their text, and they run, in any order."""

import os
from pathlib import Path

import jupytext
import matplotlib.font_manager  # noqa: F401 - builds its cache, or a kernel would say so
import nbformat
import pytest
from ipykernel.kernelspec import write_kernel_spec
from nbclient import NotebookClient

import scopejax

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SECONDS_PER_CELL = 120

each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS]
)


@pytest.fixture
def kernel_path(tmp_path, monkeypatch):
    """A Jupyter path with one kernel: this Python, on the CPU, without settings."""
    source = str(Path(scopejax.__file__).parents[1])
    env = {
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JAX_PLATFORMS": "cpu",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": os.pathsep.join([source, os.environ.get("PYTHONPATH", "")]),
        "XLA_FLAGS": "",
    }
    write_kernel_spec(tmp_path / "kernels" / "python3", overrides={"env": env})
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(path, kernel_path):
    """A client with a fresh kernel in a directory of its own, for a copy of `path`."""
    directory = kernel_path / "run"
    directory.mkdir()
    client = NotebookClient(
        read(path),
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(directory)}},
    )
    with client.setup_kernel():
        yield client


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run(client, cells):
    """Runs `cells`; the kinds of their outputs by the cells' ids."""
    for cell in cells:
        client.execute_cell(cell, client.nb.cells.index(cell))
    return {cell.id: kinds(cell) for cell in cells}


def kinds(cell):
    """The stream or the mime types of each output of a cell."""
    return [
        output.name if output.output_type == "stream" else sorted(output.data)
        for output in cell.outputs
    ]


@pytest.mark.smoke
@each_notebook
def test_the_text_pair_is_in_sync(path):
    """The notebook and its text have the same cells."""
    notebook, text = read(path), jupytext.read(path.with_suffix(".py"))
    assert notebook.metadata.jupytext.formats == "ipynb,py:percent"
    assert [(cell.cell_type, cell.source) for cell in text.cells] == [
        (cell.cell_type, cell.source) for cell in notebook.cells
    ]


@each_notebook
def test_what_is_checked_in_is_one_clean_run(path):
    """Every cell was run once, in order, and the file is small."""
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert all("execution" not in cell.metadata for cell in cells)
    assert path.stat().st_size < 200_000


@pytest.mark.kernel
@each_notebook
def test_it_shows_what_is_checked_in_however_often_it_is_run(path, client):
    """In order, and then backwards; and nothing goes to stderr."""
    expected = {cell.id: kinds(cell) for cell in code_cells(read(path))}
    cells = code_cells(client.nb)
    assert run(client, cells) == expected
    assert run(client, cells[::-1]) == expected
    assert all("stderr" not in shown for shown in expected.values())
