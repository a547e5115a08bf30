"""Which checkpoint a path means."""

import shutil

import pytest

import scopejax as sj
from scopejax.checkpoints._tensorflow import Bundle, find

from ..helpers.bundles import DATA, files

TRAINED = DATA / "training" / "model.ckpt-4"


@pytest.mark.smoke
@pytest.mark.parametrize(
    "path", [TRAINED, f"{TRAINED}.index", TRAINED.parent, str(TRAINED)]
)
def test_a_prefix_an_index_and_a_folder(path):
    """The prefix, its index and the folder that names it all mean the prefix."""
    assert find(path) == TRAINED


def test_a_folder_that_was_moved():
    """An absolute name that leads nowhere means the same name in the folder."""
    folder = DATA / "partitioned"
    assert "/tmp/" in (folder / "checkpoint").read_text()
    assert find(folder) == folder / "model.ckpt"


def test_an_absolute_name(tmp_path):
    """A folder may name a checkpoint that lies elsewhere."""
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{TRAINED}"\n')
    assert find(tmp_path) == TRAINED


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("ключ 重", r"\320\272\320\273\321\216\321\207 \351\207\215"),
        ("ключ 重", "ключ 重"),
        ('a"b', r"a\"b"),
        ("a\\b", r"a\\b"),
        ("a\tb", r"a\tb"),
    ],
)
def test_names_are_unescaped(tmp_path, name, written):
    """The text file holds what is not plain as protocol buffers write it."""
    files("tiles/model.ckpt").save(tmp_path / name)
    (tmp_path / "checkpoint").write_text(
        f'model_checkpoint_path: "{written}"\nall_model_checkpoint_paths: "other"\n'
    )
    assert find(tmp_path) == tmp_path / name


def test_a_prefix_that_is_a_folder_too(tmp_path):
    """A bundle beside a folder of its name is the bundle."""
    (tmp_path / "x").mkdir()
    assert find(files("tiles/model.ckpt").save(tmp_path / "x")) == tmp_path / "x"


@pytest.mark.parametrize("folder", ["version_1", "version_1_sharded"])
def test_old_checkpoints_are_found_to_be_refused(folder):
    """A checkpoint of format V1 is found, and reading it says how to convert it."""
    prefix = find(DATA / folder)
    assert prefix.is_file()
    with pytest.raises(sj.CheckpointError, match="old format V1") as info:
        Bundle(prefix)
    assert "Saver()" in info.value.remedy


def test_what_is_none(tmp_path):
    """Nothing, an empty folder and files of other kinds are no checkpoint."""
    (tmp_path / "net.safetensors").write_bytes(b"\x02" + bytes(7) + b"{}")
    (tmp_path / "empty").touch()
    paths = [tmp_path, tmp_path / "no", tmp_path / "no.index", ".", "", "/"]
    for path in [*paths, *tmp_path.iterdir(), DATA / "tiles"]:
        assert find(path) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x81\xa6params\x80",
        b'model_checkpoint_path: "\xff"',
        b'model_checkpoint_path: ""',
        b"model_checkpoint_path: 'a",
        b'model_checkpoint_path: "' + b"\\" * 60_000,
        b"\n" * 60_000,
    ],
)
def test_a_file_that_is_called_checkpoint(tmp_path, content):
    """Other libraries call files so as well; those name no checkpoint."""
    (tmp_path / "checkpoint").write_bytes(content)
    assert find(tmp_path) is None


@pytest.mark.parametrize("name", ["gone", "/nowhere/gone", "x" * 5000, "a\\000b"])
def test_a_name_that_leads_nowhere(tmp_path, name):
    """A folder that names what is not there is an error that says what is missing."""
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{name}"\n')
    with pytest.raises(sj.CheckpointError, match="not there") as info:
        find(tmp_path)
    assert info.value.expected.endswith(".index")
    assert "test_bundle_find.py" in info.value.where


def test_a_folder_is_read_after_it_was_moved(tmp_path):
    """`find` and `Bundle` together read a folder wherever it is."""
    shutil.copytree(TRAINED.parent, tmp_path / "moved")
    with Bundle(find(tmp_path / "moved")) as read:
        assert read.read("global_step") == 4
