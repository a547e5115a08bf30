"""What of TensorFlow 1 stays outside of `tf1`, and where to go instead.

It is the table "What is not there" of docs/from_tf1.md, row by row, with the names that
each row is about. `tests/tf1/test_outside.py` holds the two together.
"""

from __future__ import annotations

import functools
import re
from fnmatch import translate
from typing import NamedTuple


class Row(NamedTuple):
    """A row of the guide.

    Attributes:
      shown: what it is about, as the guide shows it.
      instead: what there is instead, in the guide's words.
      names: globs over the dotted names below ``tf.``, separated by blanks.
    """

    shown: str
    instead: str
    names: str


ROWS = (
    Row(
        "`tf.placeholder`, `feed_dict`",
        "arguments of the function",
        "placeholder placeholder_with_default sparse_placeholder feed_dict"
        " keras.backend.placeholder",
    ),
    Row(
        "`tf.gradients`, `tf.hessians`",
        "`jax.grad`, `jax.hessian` of `apply`",
        "gradients hessians GradientTape AggregationMethod* stop_gradients"
        " custom_gradient RegisterGradient NoGradient NotDifferentiable",
    ),
    Row(
        "`tf.train` optimizers and schedules",
        "optax",
        "train.*Optimizer train.*_decay* train.piecewise_constant*"
        " contrib.opt.* contrib.*.optimize_loss keras.optimizers*"
        " train.noisy_linear_cosine* contrib.tpu.CrossShardOptimizer",
    ),
    Row(
        "`tf.nn.ctc_loss`, `tf.nn.nce_loss`",
        "optax; `tf.GraphKeys.LOSSES` is there for your own",
        "losses.* contrib.losses.* nn.ctc_* nn.nce_loss",
    ),
    Row(
        "`tf.metrics`",
        "means of what `apply` returns; or state, by `transform_with_state`",
        "metrics metrics.* contrib.metrics* confusion_matrix",
    ),
    Row(
        "`tf.train.Saver`, `tf.train.latest_checkpoint`",
        "`scopejax.checkpoints`",
        "train.Saver train.latest_checkpoint train.checkpoint_exists train.*Checkpoint*"
        " train.get_checkpoint_* train.update_checkpoint_state train.import_meta_graph"
        " train.export_meta_graph contrib.framework.*checkpoint* train.saver*",
    ),
    Row(
        "`tf.train.load_checkpoint`, `tf.train.load_variable`",
        "`checkpoints.load(path)`, `checkpoints.load(path, select=name)`",
        "train.load_checkpoint train.load_variable train.NewCheckpointReader"
        " contrib.framework.load_checkpoint contrib.framework.load_variable",
    ),
    Row(
        "`tf.train.init_from_checkpoint`, `tf.train.warm_start`",
        "`checkpoints.load_matching(path, manifest, rename=...)`, then"
        " `init(..., given=tree)`",
        "train.init_from_checkpoint train.warm_start"
        " contrib.framework.init_from_checkpoint"
        " contrib.framework.assign_from_checkpoint*",
    ),
    Row(
        "`tf.train.list_variables`",
        "`python -m scopejax inspect path`",
        "train.list_variables contrib.framework.list_variables",
    ),
    Row(
        "`tf.summary`, `tf.train.SummaryWriter`",
        "what `apply` returns, written by tensorboardX or the like",
        "summary summary.* Summary *_summary merge_all_summaries merge_summary"
        " train.SummaryWriter Event HistogramProto Summary.* contrib.summary*"
        " contrib.layers.summarize_*",
    ),
    Row(
        "`tf.data`, `tf.train.batch`, `tf.train.Coordinator`, queues, readers,"
        " `tf.python_io`",
        "a Python iterator, such as one of grain: its arrays are the function's"
        " arguments",
        "data data.* contrib.data* train.batch* train.*shuffle_batch* train.*_producer"
        " train.Coordinator train.*ueue*unner* train.limit_epochs train.match_files*"
        " *Queue QueueBase *Reader ReaderBase parse_* *LenFeature SparseFeature"
        " decode_* read_file write_file matching_files python_io python_io.* io io.*"
        " train.Example train.SequenceExample train.Feature* train.*List"
        " contrib.slim.dataset*"
        " contrib.slim.tfexample* image.decode_* image.encode_* examples examples.*"
        " contrib.learn.datasets* train.maybe_*batch* serialize_* deserialize_*",
    ),
    Row(
        "`tf.estimator`, `tf.train.Supervisor`, `tf.train.MonitoredSession`, hooks",
        "a Python loop over a jitted step",
        "estimator estimator.* train.Supervisor train.Monitored* train.*Hook*"
        " train.SessionRun* train.Scaffold train.*SessionCreator train.SessionManager"
        " train.WorkerSessionCreator contrib.learn* contrib.training.*"
        " contrib.slim.learning* contrib.slim.evaluation* contrib.slim.train*"
        " contrib.tpu.*Estimator* contrib.tpu.*Config* contrib.tfprof* profiler*",
    ),
    Row(
        "`tf.app`, `tf.flags`, `tf.gfile`, `tf.test`",
        "`absl.app`, argparse, `pathlib`, pytest",
        "app app.* flags flags.* gfile gfile.* test test.* sysconfig* resource_loader*",
    ),
    Row(
        "`tf.contrib.seq2seq`, `tf.nn.raw_rnn`, other cells than those of"
        " `tf.nn.rnn_cell`",
        "`jax.lax.scan` over a function of your own, or `scopejax.layers.lstm`",
        "nn.rnn_cell* nn.*dynamic_rnn nn.static_*rnn nn.raw_rnn nn.rnn contrib.rnn*"
        " contrib.seq2seq* contrib.legacy_seq2seq* contrib.cudnn_rnn* models.rnn*"
        " nn.seq2seq* nn.*bidirectional_rnn",
    ),
    Row(
        "`tf.keras` layers, other functions of `tf.layers` and `tf.contrib`",
        "functions of your own, as `dense` above",
        "layers layers.* keras.* contrib contrib.*",
    ),
    Row(
        "`tf.distributions` other than Normal, Bernoulli and Categorical",
        "distrax, or TensorFlow Probability on JAX",
        "distributions* contrib.distributions* contrib.bayesflow*",
    ),
    Row(
        "strings, `tf.string`, resources, tables",
        "nothing: JAX's arrays hold numbers and bools",
        "string string_* strings strings.* as_string substr regex_* resource variant"
        " lookup* contrib.lookup* tables_initializer initialize_all_tables"
        " numpy_function py_function reduce_join encode_* quint* qint* Dimension"
        " contrib.text* unicode_* bytes",
    ),
    Row(
        "`tf.SparseTensor`",
        "`jax.experimental.sparse`; a gradient is an array of all rows",
        "SparseTensor* sparse_* sparse sparse.* Ragged* ragged*",
    ),
    Row(
        "devices by function, `tf.train.replica_device_setter`, `tf.distribute`",
        "`jax.sharding`",
        "train.replica_device_setter train.*Server* train.ClusterSpec train.ClusterDef"
        " distribute distribute.* contrib.distribute* contrib.cluster_resolver*"
        " contrib.tpu* tpu* device_* DeviceSpec train.SyncReplicas* colocate_with",
    ),
    Row(
        "unknown shapes, `tf.saved_model`, `tf.GraphDef`, operations of a graph",
        "nothing: what is traced is a jaxpr, and `jax.export` keeps one",
        "saved_model* GraphDef MetaGraphDef import_graph_def graph_util* Operation"
        " NodeDef OpError TensorInfo get_session_* InteractiveSession lite* compat.*"
        " load_op_library tensorboard* train.write_graph contrib.graph_editor*",
    ),
)


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], Row]]:
    return [
        (re.compile("|".join(map(translate, row.names.split()))), row) for row in ROWS
    ]


def row_of(name: str) -> Row | None:
    """The row that a dotted name of TensorFlow belongs to; the first that fits.

    >>> row_of("placeholder").instead
    'arguments of the function'
    >>> row_of("nonsense") is None
    True
    """
    return next((row for p, row in _patterns() if p.fullmatch(name)), None)
