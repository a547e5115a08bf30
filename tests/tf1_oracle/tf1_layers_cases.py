"""Models of TF1's layers, cells and slim, run by TensorFlow once and by `tf1` in the tests.

Each case is a function ``(tf, x) -> outputs``. What is recorded of it: the names, shapes
and order of its variables, what its collections hold, and, for given values of the
variables, the outputs, the gradients, and the moving averages after the updates.
`tf1_layers_record.py` writes the figures.
"""

import numpy as np

_DRAW = np.random.RandomState(1)
ROWS = _DRAW.standard_normal((3, 5)).astype("float32")
PICTURES = _DRAW.standard_normal((2, 6, 7, 3)).astype("float32")
SEQUENCES = _DRAW.standard_normal((3, 4, 5)).astype("float32")
VOLUMES = _DRAW.standard_normal((1, 4, 5, 4, 2)).astype("float32")
CASES = {}


def case(x):
    """Notes a function as a case with this input."""

    def note(function):
        CASES[function.__name__.removeprefix("case_")] = (function, x)
        return function

    return note


def value_of(number, name, shape):
    """What the n-th variable holds."""
    drawn = np.random.RandomState(100 + number).standard_normal(shape) * 0.4
    drawn = np.abs(drawn) + 0.5 if "variance" in name else drawn
    return np.asarray(drawn, "float32")


@case(ROWS)
def case_dense(tf, x):
    return tf.layers.dense(x, 4, activation=tf.nn.relu)


@case(ROWS)
def case_dense_twice(tf, x):
    return tf.layers.dense(tf.layers.dense(x, 4), 2, use_bias=False)


@case(ROWS)
def case_dense_named(tf, x):
    with tf.variable_scope("net"):
        a = tf.layers.dense(x, 4, name="fc")
        b = tf.layers.dense(x, 4, name="fc", reuse=True)
    return a + b


@case(ROWS)
def case_dense_in_reused_scope(tf, x):
    with tf.variable_scope("net"):
        a = tf.layers.dense(x, 4)
    with tf.variable_scope("net", reuse=True):
        b = tf.layers.dense(x, 4)
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        c = tf.layers.dense(x, 3, name="other")
    return a * b, c


@case(ROWS)
def case_dense_object(tf, x):
    layer = tf.layers.Dense(5, activation=tf.tanh, name="shared")
    with tf.variable_scope("a"):
        y = layer(x)
    with tf.variable_scope("b"):
        return layer(y), layer.apply(y)


@case(SEQUENCES)
def case_dense_of_sequences(tf, x):
    return tf.layers.dense(x, 3, name="d")


@case(ROWS)
def case_dense_regularized(tf, x):
    y = tf.layers.dense(
        x, 4, kernel_regularizer=lambda w: 0.1 * tf.nn.l2_loss(w), name="a"
    )
    z = tf.layers.dense(
        x, 4, kernel_regularizer=lambda w: 0.1 * tf.nn.l2_loss(w), name="a", reuse=True
    )
    return y + z, tf.losses.get_regularization_loss()


@case(ROWS)
def case_dense_in_a_regularized_scope(tf, x):
    with tf.variable_scope("s", regularizer=lambda w: 0.3 * tf.nn.l2_loss(w)):
        y = tf.layers.dense(x, 4, bias_regularizer=lambda w: 0.1 * tf.nn.l2_loss(w))
    return y, tf.losses.get_regularization_loss()


@case(ROWS)
def case_dense_with_getter(tf, x):
    def getter(getter, name, *args, **kwargs):
        return getter(name + "_own", *args, **kwargs)

    with tf.variable_scope("s", custom_getter=getter):
        return tf.layers.dense(x, 4)


@case(ROWS)
def case_dense_partitioned(tf, x):
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        return tf.layers.dense(x, 4)


@case(ROWS)
def case_dense_frozen(tf, x):
    return tf.layers.dense(x, 4, trainable=False) + tf.layers.dense(x, 4)


@case(ROWS)
def case_dense_after_a_scope_of_its_name(tf, x):
    with tf.variable_scope("dense"):
        w = tf.get_variable("w", [5], initializer=tf.zeros_initializer())
    return tf.layers.dense(x + w, 4)


@case(ROWS)
def case_names_in_a_name_scope(tf, x):
    with tf.name_scope("n"):
        y = tf.layers.dense(x, 4)
        v = tf.Variable(tf.zeros([4]), name="v")
    return y + v


@case(PICTURES)
def case_conv2d(tf, x):
    return tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu)


@case(PICTURES)
def case_conv2d_strided(tf, x):
    y = tf.layers.conv2d(x, 4, (3, 2), strides=(2, 1), padding="same", name="c")
    return tf.layers.conv2d(y, 2, 2, dilation_rate=2, use_bias=False)


@case(SEQUENCES)
def case_conv1d(tf, x):
    return tf.layers.conv1d(x, 4, 3, padding="same")


@case(VOLUMES)
def case_conv3d(tf, x):
    return tf.layers.conv3d(x, 3, 2, strides=(1, 2, 1))


@case(PICTURES)
def case_conv2d_transpose(tf, x):
    y = tf.layers.conv2d_transpose(x, 4, 3, strides=2)
    return tf.layers.conv2d_transpose(y, 2, 4, strides=2, padding="same", name="up")


@case(PICTURES)
def case_separable_conv2d(tf, x):
    return tf.layers.separable_conv2d(x, 4, 3, depth_multiplier=2, padding="same")


@case(PICTURES)
def case_pooling(tf, x):
    a = tf.layers.max_pooling2d(x, 2, 2)
    b = tf.layers.average_pooling2d(x, pool_size=3, strides=2, padding="same")
    return a, b, tf.layers.flatten(x)


@case(PICTURES)
def case_batch_normalization(tf, x):
    return tf.layers.batch_normalization(x, training=True)


@case(PICTURES)
def case_batch_normalization_at_rest(tf, x):
    return tf.layers.batch_normalization(x, momentum=0.9, name="bn")


@case(ROWS)
def case_batch_normalization_of_rows(tf, x):
    y = tf.layers.batch_normalization(x, training=True, scale=False)
    return tf.layers.batch_normalization(y, training=True, center=False, epsilon=0.1)


@case(PICTURES)
def case_batch_normalization_not_fused(tf, x):
    return tf.layers.batch_normalization(x, training=True, fused=False, axis=3)


@case(PICTURES)
def case_batch_normalization_of_channels_first(tf, x):
    x = tf.transpose(x, [0, 3, 1, 2])
    return tf.layers.batch_normalization(x, axis=1, name="bn", fused=False)


@case(PICTURES)
def case_batch_normalization_object(tf, x):
    layer = tf.layers.BatchNormalization(momentum=0.5)
    y = layer(x, training=False)  # first: the averages are assigned as it is called
    layer(x, training=True)
    return y


def _cells(tf):
    return tf.nn.rnn_cell


@case(SEQUENCES)
def case_basic_rnn(tf, x):
    return tf.nn.dynamic_rnn(_cells(tf).BasicRNNCell(4), x, dtype=tf.float32)


@case(SEQUENCES)
def case_gru(tf, x):
    return tf.nn.dynamic_rnn(
        _cells(tf).GRUCell(4), x, sequence_length=[2, 4, 1], dtype=tf.float32
    )


@case(SEQUENCES)
def case_basic_lstm(tf, x):
    cell = _cells(tf).BasicLSTMCell(4, forget_bias=0.5)
    state = cell.zero_state(3, tf.float32)
    return tf.nn.dynamic_rnn(cell, x, initial_state=state, scope="lm")


@case(SEQUENCES)
def case_basic_lstm_joined_state(tf, x):
    cell = _cells(tf).BasicLSTMCell(4, state_is_tuple=False)
    return tf.nn.dynamic_rnn(cell, tf.transpose(x, [1, 0, 2]), [4, 2, 0],
                             dtype=tf.float32, time_major=True)


@case(SEQUENCES)
def case_lstm(tf, x):
    cell = _cells(tf).LSTMCell(
        4, use_peepholes=True, num_proj=3, cell_clip=0.3, proj_clip=0.2
    )
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)


@case(SEQUENCES)
def case_lstm_in_shards(tf, x):
    with tf.variable_scope("s", initializer=tf.ones_initializer()):
        cell = _cells(tf).LSTMCell(4, num_unit_shards=2)
        return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)


@case(SEQUENCES)
def case_multi(tf, x):
    cells = [_cells(tf).LSTMCell(4), _cells(tf).GRUCell(3)]
    cell = _cells(tf).MultiRNNCell(cells)
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)


@case(SEQUENCES)
def case_wrapped(tf, x):
    cell = _cells(tf).DropoutWrapper(_cells(tf).GRUCell(5), output_keep_prob=1.0)
    return tf.nn.dynamic_rnn(_cells(tf).ResidualWrapper(cell), x, dtype=tf.float32)


@case(SEQUENCES)
def case_bidirectional(tf, x):
    return tf.nn.bidirectional_dynamic_rnn(
        _cells(tf).BasicLSTMCell(4),
        _cells(tf).GRUCell(3),
        x,
        sequence_length=[2, 4, 1],
        dtype=tf.float32,
    )


@case(SEQUENCES)
def case_bidirectional_whole(tf, x):
    return tf.nn.bidirectional_dynamic_rnn(
        _cells(tf).GRUCell(4), _cells(tf).GRUCell(4), x, dtype=tf.float32, scope="b"
    )


@case(SEQUENCES)
def case_static(tf, x):
    cell = _cells(tf).BasicLSTMCell(4)
    return tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)


@case(SEQUENCES)
def case_static_with_lengths(tf, x):
    return tf.nn.static_rnn(
        _cells(tf).GRUCell(4),
        tf.unstack(x, axis=1),
        dtype=tf.float32,
        sequence_length=[2, 4, 1],
    )


@case(SEQUENCES)
def case_static_bidirectional(tf, x):
    return tf.nn.static_bidirectional_rnn(
        _cells(tf).GRUCell(4),
        _cells(tf).BasicRNNCell(3),
        tf.unstack(x, axis=1),
        dtype=tf.float32,
    )


@case(SEQUENCES)
def case_a_cell_by_hand(tf, x):
    cell = _cells(tf).GRUCell(4)
    state = cell.zero_state(3, tf.float32)
    with tf.variable_scope("hand"):
        for time in range(3):
            if time > 0:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(x[:, time], state)
    return output


@case(SEQUENCES)
def case_two_cells_of_two_scopes(tf, x):
    outputs = []
    for name in ("one", "two"):
        with tf.variable_scope(name):
            cell = _cells(tf).BasicRNNCell(4)
            outputs.append(tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0])
    return outputs


@case(ROWS)
def case_fully_connected(tf, x):
    return tf.contrib.layers.fully_connected(x, 4)


@case(ROWS)
def case_fully_connected_more(tf, x):
    layers = tf.contrib.layers
    y = layers.fully_connected(x, 4, normalizer_fn=layers.batch_norm)
    z = layers.fully_connected(y, 3, activation_fn=None, biases_initializer=None,
                               weights_regularizer=layers.l2_regularizer(0.1))
    return z, tf.losses.get_regularization_loss()


@case(ROWS)
def case_fully_connected_stacked(tf, x):
    slim = tf.contrib.slim
    y = slim.stack(x, slim.fully_connected, [4, 3], scope="fc")
    return slim.stack(y, slim.fully_connected, [3, 3])


@case(PICTURES)
def case_slim_network(tf, x):
    slim = tf.contrib.slim
    norm = {"is_training": True, "decay": 0.9, "scale": True}
    with slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        weights_regularizer=slim.l2_regularizer(0.01),
        normalizer_fn=slim.batch_norm,
        normalizer_params=norm,
    ), tf.variable_scope("net", values=[x]), slim.arg_scope(
        [slim.conv2d, slim.max_pool2d], stride=1, padding="SAME"
    ):
        y = slim.repeat(x, 2, slim.conv2d, 4, [3, 3], scope="conv1")
        y = slim.max_pool2d(y, [2, 2], stride=2, scope="pool1")
        y = slim.conv2d(y, 2, 1)
        y = slim.flatten(y, scope="flat")
        y = slim.fully_connected(y, 3, scope="fc")
        y = slim.dropout(y, 0.5, is_training=False)
        y = slim.fully_connected(
            y, 2, activation_fn=None, normalizer_fn=None, scope="logits"
        )
    return y, tf.losses.get_regularization_loss()


@case(PICTURES)
def case_slim_more_convolutions(tf, x):
    slim = tf.contrib.slim
    y = slim.conv2d_transpose(x, 4, 3, stride=2)
    y = slim.separable_conv2d(y, 3, [3, 3], depth_multiplier=1, stride=2)
    y = slim.separable_conv2d(y, None, [3, 3], depth_multiplier=2, scope="deep")
    return slim.avg_pool2d(y, [2, 2])


@case(PICTURES)
def case_slim_collections(tf, x):
    slim = tf.contrib.slim
    with slim.arg_scope([slim.conv2d], outputs_collections="ends",
                        variables_collections=["vars"]):
        with tf.variable_scope("n"):
            slim.conv2d(x, 2, 1, scope="a")
            slim.conv2d(x, 2, 1)
    ends = slim.utils.convert_collection_to_dict("ends")
    names = [v.op.name for v in tf.get_collection("vars")]
    assert names == [v.op.name for v in slim.get_variables("n")], names
    assert list(ends) == ["n/a", "n/Conv"], list(ends)
    assert len(slim.get_variables_by_suffix("weights")) == 2
    assert [v.op.name for v in slim.get_variables_by_name("biases", "n/a")] == [
        "n/a/biases"
    ]
    return list(ends.values())


@case(PICTURES)
def case_slim_batch_norm(tf, x):
    layers = tf.contrib.layers
    y = layers.batch_norm(x, decay=0.5, updates_collections=None)
    return layers.batch_norm(y, is_training=False, scale=True, scope="rest",
                             activation_fn=tf.nn.relu)


@case(SEQUENCES)
def case_layer_norm(tf, x):
    layers = tf.contrib.layers
    y = layers.layer_norm(x)
    y = layers.layer_norm(y, begin_norm_axis=2, scope="own")
    return layers.layer_norm(y, center=False, begin_norm_axis=-1, begin_params_axis=1)


@case(PICTURES)
def case_bias_add(tf, x):
    layers = tf.contrib.layers
    y = layers.bias_add(x, activation_fn=tf.nn.relu)
    return layers.unit_norm(y, 3), layers.softmax(y), layers.flatten(y)


@case(ROWS)
def case_apply_regularization(tf, x):
    layers = tf.contrib.layers
    w = tf.get_variable("w", [5, 2])
    both = layers.l1_l2_regularizer(0.1, 0.2)
    return tf.matmul(x, w), layers.apply_regularization(both, [w])


@case(ROWS)
def case_model_variables(tf, x):
    slim = tf.contrib.slim
    with tf.variable_scope("s"):
        w = slim.model_variable(
            "w", [5, 2], regularizer=slim.l2_regularizer(0.1), collections=["own"]
        )
        v = slim.variable("v", [2], initializer=tf.zeros_initializer())
    assert [u.op.name for u in slim.get_model_variables("s")] == ["s/w"]
    assert [u.op.name for u in tf.get_collection("own")] == ["s/w"]
    return tf.matmul(x, w) + v


@case(ROWS)
def case_moving_averages(tf, x):
    def average(name):
        zeros = tf.zeros_initializer()
        return tf.get_variable(name, [5], initializer=zeros, trainable=False)

    w = tf.get_variable("w", [5])
    with tf.variable_scope("a"):
        v = average("v")
        done = tf.moving_averages.assign_moving_average(v, x[0], 0.9)
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, done)
        u = average("u")
        tf.add_to_collection(
            tf.GraphKeys.UPDATE_OPS,
            tf.moving_averages.assign_moving_average(u, x[1], 0.9, zero_debias=False),
        )
    return x * w
