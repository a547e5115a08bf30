"""``python -m scopejax tf1``: what a program uses, by line, without running it."""

import itertools
import json

import pytest

import scopejax.__main__ as command
from scopejax.commands._tensorflow_names import uses

PROGRAM = """\
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops
from tensorflow import Variable as V, nonsense
raise SystemExit("it was run")
flags = tf.app.flags
x = tf.placeholder(tf.float32, [None, 3])
with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
    w = tf.compat.v1.get_variable("w", [3, 4])
ops.add_to_collection("k", w)
flags.DEFINE_string("name", "", "")
b = V(0.0); np.float32(3)
step = tf.train.AdamOptimizer(
    0.1).minimize(w, aggregation_method=tf.AggregationMethod.ADD_N)
sess = tf.Session()
sess.run(step, feed_dict={x: 1})
sess.run(step, {x: 1})
tf.summary.scalar("w", w)
"""


@pytest.fixture
def program(tmp_path):
    """A program of its time, in a file."""
    path = tmp_path / "net.py"
    path.write_text(PROGRAM)
    return path


@pytest.mark.smoke
def test_the_report(program, capsys):
    """What is there in one list; what is not by line, with the way."""
    assert command.main(["tf1", str(program)]) == 1
    shown = capsys.readouterr().out
    lines = [line.strip() for line in shown.splitlines()]
    assert lines[0].startswith(f"{program}: ")
    there = shown.partition("there: ")[2].partition("  line")[0]
    for name in ("AUTO_REUSE", "get_variable", "Variable", "Session", "float32"):
        assert f"tf.{name}" in there
    assert "tf.python.framework.ops.add_to_collection" in "".join(there.split("\n"))
    ways = dict(itertools.pairwise(lines))
    assert ways["line 7: tf.placeholder"] == "an argument of the function"
    assert ways["line 13: tf.train.AdamOptimizer"] == "optax.adam"
    assert "tensorboardX" in ways["line 18: tf.summary.scalar"]
    assert ways["line 16, 17: feed_dict"] == "arguments of the function"
    assert "argparse" in ways["line 11: tf.app.flags.DEFINE_string"]
    assert "not known here" in ways["line 4: tf.nonsense"]


def test_json(program, capsys):
    """The same for programs: names, lines, whether it is there, and how to move it."""
    assert command.main(["tf1", "--json", str(program)]) == 1
    (found,) = json.loads(capsys.readouterr().out)["files"]
    names = {entry["name"]: entry for entry in found["names"]}
    assert (found["path"], found["problem"]) == (str(program), "")
    assert names["tf.get_variable"] == {
        "name": "tf.get_variable",
        "lines": [9],
        "status": "there",
        "how": "",
        "row": "",
    }
    assert names["tf.train.AdamOptimizer"]["how"] == "optax.adam"
    assert "optimizers" in names["tf.train.AdamOptimizer"]["row"]
    assert names["tf.nonsense"]["status"] == "missing"
    assert names["feed_dict"]["lines"] == [16, 17]
    assert names["tf.summary.scalar"]["status"] == "moved"


STATUS = {
    "import tensorflow as tf\nv = tf.get_variable('v', [1])\n": 0,
    "import numpy as np\n": 0,
    "from scopejax import tf1 as tf\ntf.no_op()\n": 0,
    "import tensorflow as tf\ntf.placeholder(tf.float32)\n": 1,
    "import tensorflow.nothing.below\n": 1,
    "import tensorflow as tf\ntf.GraphKeys.NOTHING\n": 1,
    "import tensorflow as tf\ntf.float32.name; tf.Session.run\n": 0,
    "import tensorflow as tf\nprint tf.Session()\n": 2,
    "import tensorflow as tf\nx = '\0'\n": 2,
}


@pytest.mark.parametrize("text", STATUS)
def test_the_status(text, tmp_path, capsys):
    """0 where all is there, 1 where something is not, 2 where it cannot be read."""
    path = tmp_path / "a.py"
    path.write_text(text)
    assert command.main(["tf1", str(path)]) == STATUS[text]
    assert str(path) in capsys.readouterr().out


def test_several_files_and_folders(program, tmp_path, capsys):
    """A folder stands for its Python files; the last line counts all of them."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "old.py").write_text("print 'two'\n")
    (tmp_path / "sub" / "latin.py").write_bytes(b"x = '\xe9'\n")
    (tmp_path / "sub" / "notes.txt").write_text("import tensorflow\n")
    assert command.main(["tf1", str(tmp_path)]) == 2
    shown = capsys.readouterr().out
    assert "old.py: line 1: " in shown
    assert "it is no Python 3" in shown
    assert "latin.py: " in shown
    assert "notes.txt" not in shown
    assert shown.splitlines()[-1].startswith("3 files: ")


def test_a_file_that_is_not_there(tmp_path, capsys):
    """It is named, with status 2."""
    assert command.main(["tf1", str(tmp_path / "no.py")]) == 2
    assert "there is no" in capsys.readouterr().err


FOLLOWED = {
    "import tensorflow as tf\ntf.train.Saver()": [("train.Saver", 2)],
    "import tensorflow\ntensorflow.Session()": [("Session", 2)],
    "import tensorflow.contrib.slim as slim\nslim.conv2d": [
        ("contrib.slim", 1),
        ("contrib.slim.conv2d", 2),
    ],
    "import tensorflow.compat.v1 as tf\ntf.Session": [("Session", 2)],
    "import tensorflow as tf\ntf = tf.compat.v1\ntf.Session": [
        ("Session", 3),
    ],
    "import tensorflow as tf\nlayers = tf.contrib.layers\nl = layers\nl.conv2d(1)": [
        ("contrib.layers", 2),
        ("contrib.layers", 3),
        ("contrib.layers.conv2d", 4),
    ],
    "from tensorflow.contrib import slim\nslim.conv2d(1)": [
        ("contrib.slim", 1),
        ("contrib.slim.conv2d", 2),
    ],
    "from tensorflow import Session\nwith Session() as s: s.run(1)": [
        ("Session", 1),
        ("Session", 2),
    ],
    "from scopejax import tf1\ntf1.Session": [("Session", 2)],
    "from .tensorflow import x\nfrom tensorflow import *\nx.y": [],
    "import tensorflow as tf\nFLAGS = tf.app.flags.FLAGS\nFLAGS.size": [
        ("app.flags.FLAGS", 2),
    ],
    "def f(tf): return tf.Session": [],
}


@pytest.mark.parametrize("text", FOLLOWED)
def test_names_are_followed(text):
    """Through imports, aliases and the spellings of compat.v1."""
    assert uses(text, "a.py") == FOLLOWED[text]
