"""What costs nothing is there: groups, settings, switches, logging."""

import logging

import jax.numpy as jnp
import pytest

from scopejax import tf1

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.smoke
def test_a_program_begins_as_it_did():
    """The lines that many programs begin with run as they are."""
    tf1.compat.v1.disable_v2_behavior()
    tf1.disable_eager_execution()
    tf1.enable_resource_variables()
    tf1.disable_resource_variables()
    tf1.compat.v1.logging.set_verbosity(tf1.logging.ERROR)
    config = tf1.ConfigProto(
        allow_soft_placement=True,
        gpu_options=tf1.GPUOptions(per_process_gpu_memory_fraction=0.5),
    )
    config.gpu_options.allow_growth = True
    config.graph_options.optimizer_options.global_jit_level = 1
    assert config.graph_options.optimizer_options.global_jit_level == 1
    assert not hasattr(config, "_private")
    v = tf1.Variable(1.0)
    with tf1.Session(config=config) as sess:
        options = tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE)
        metadata = tf1.RunMetadata()
        sess.run(v.initializer, options=options, run_metadata=metadata)
        assert sess.run(v) == 1.0


def test_a_group_runs_its_inputs():
    """Ops, assignments and arrays, in any nest; the names are TF1's."""
    v, w = tf1.Variable(1.0, name="v"), tf1.Variable(2.0, name="w")
    more = tf1.group([v.assign_add(1.0), (w.assign_add(1.0).op,)], {"a": jnp.ones(2)})
    v.initializer.run()
    w.initializer.run()
    assert (more.name, tf1.group(v).name) == ("group_deps", "group_deps_1")
    assert tf1.group(v, name="train").name == "train"
    with tf1.name_scope("a"):
        assert (tf1.no_op().name, tf1.no_op("x").name) == ("a/NoOp", "a/x")
    assert more.run() is None
    assert (float(v), float(w)) == (2.0, 3.0)
    assert tf1.Session().run([tf1.no_op(), tf1.group()]) == [None, None]


@pytest.mark.parametrize(
    ("inputs", "keywords", "kind", "message"),
    [
        ([3], {}, TypeError, "'inputs' should be zero or more .nested. Tensors"),
        ([], {"nam": "x"}, ValueError, "Unknown keyword arguments: nam"),
    ],
)
def test_what_is_no_group(inputs, keywords, kind, message):
    """Numbers and other keywords are TF1's errors."""
    with pytest.raises(kind, match=message):
        tf1.group(*inputs, **keywords)


def test_logging_is_pythons(caplog):
    """Messages go to the logger that is called tensorflow."""
    tf1.logging.set_verbosity(tf1.logging.INFO)
    with caplog.at_level(logging.INFO, logger="tensorflow"):
        tf1.logging.info("step %d", 3)
        tf1.logging.log_if(tf1.logging.WARN, "loss %s", True, "nan")
        tf1.logging.log_if(tf1.logging.WARN, "not shown", False)
        tf1.logging.debug("not shown")
    assert [record.getMessage() for record in caplog.records] == ["step 3", "loss nan"]
    assert tf1.logging.get_verbosity() == tf1.logging.INFO
    tf1.logging.flush()
    with pytest.raises(AttributeError, match=r"tf\.logging\.nothing is"):
        tf1.logging.nothing  # noqa: B018
