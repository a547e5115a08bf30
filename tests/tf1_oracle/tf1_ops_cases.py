"""Numeric ops of TF1 as expressions, run by TensorFlow once and by `tf1` in the tests.

Each line is an expression over `tf` and the inputs below. What is recorded of it: the
outputs with their shapes and dtypes, the gradients of a weighted sum of the outputs, or
the kind of the error. `tf1_ops_record.py` writes the figures.
"""

import numpy as np

_DRAW = np.random.RandomState(0)


def _floats(*shape, dtype="float32"):
    return _DRAW.standard_normal(shape).astype(dtype)


INPUTS = {
    "a": _floats(2, 3),
    "b": _floats(3, 4),
    "c": _floats(2, 3),
    "d": _floats(4, 3),
    "p": np.abs(_floats(2, 3)) + 0.5,
    "q": np.abs(_floats(2, 3)) + 0.5,
    "u": _DRAW.uniform(-0.9, 0.9, (2, 3)).astype("float32"),
    "s": _floats(4, 5, 6),
    "r": _floats(4, 6, 2),
    "v": _floats(3),
    "x": _floats(2, 5, 6, 3),
    "k": _floats(3, 3, 3, 4),
    "kd": _floats(3, 3, 3, 2),
    "kp": _floats(1, 1, 6, 4),
    "kt": _floats(3, 3, 4, 3),
    "k1": _floats(2, 6, 3),
    "x3": _floats(1, 3, 4, 5, 2),
    "k3": _floats(2, 2, 2, 2, 3),
    "m": _floats(3, 3),
    "spd": (lambda g: (g @ g.T + 3 * np.eye(3)).astype("float32"))(_floats(3, 3)),
    "h": _floats(2, 3, dtype="float16"),
    "e": _floats(2, 3, dtype="float64"),
    "prob": (lambda g: (g / g.sum(1, keepdims=True)).astype("float32"))(
        np.abs(_floats(2, 3)) + 0.1
    ),
    "i": np.array([[0, 2, 1], [3, 1, 0]], "int32"),
    "j": np.array([2, 0, 1, 2], "int32"),
    "g": np.array([[0, 1], [1, 2]], "int32"),
    "n": np.array([-7, 5, 3], "int32"),
    "o": np.array([2, -3, 2], "int32"),
    "l": np.array([1, 2], "int32"),
    "long": np.array([3, -4], "int64"),
    "z": np.array([[True, False, True], [False, False, True]]),
    "z1": np.array([True, False]),
    "one": _floats(1, 3, 1),
}

_ALONE = (
    "abs acos acosh angle asin asinh atan atanh ceil cos cosh digamma erf erfc exp expm1"
    " floor is_finite is_inf is_nan lgamma log log1p log_sigmoid negative rint round"
    " rsqrt sigmoid sign sin sinh sqrt square tan tanh nn.elu nn.relu nn.relu6 nn.selu"
    " nn.softplus nn.softsign nn.swish nn.crelu nn.leaky_relu nn.tanh nn.sigmoid"
    " zeros_like ones_like to_float to_int32 to_int64 to_double identity stop_gradient"
    " shape rank size nn.l2_loss nn.softmax nn.log_softmax math.reciprocal"
    " nn.zero_fraction"
).split()
_FOR = {"acosh": "p + 1.0", "lgamma": "p", "digamma": "p", "log": "p", "rsqrt": "p"}
_FOR |= dict.fromkeys(("sqrt", "log1p"), "p")
_FOR |= dict.fromkeys(("acos", "asin", "atanh"), "u")
_PAIRS = (
    "add subtract multiply divide maximum minimum pow squared_difference equal"
    " not_equal less less_equal greater greater_equal atan2 div truediv floordiv mod"
    " floormod realdiv math.divide_no_nan"
).split()
_REDUCED = (
    "reduce_sum reduce_mean reduce_max reduce_min reduce_prod reduce_logsumexp"
).split()

EXPRESSIONS = [
    *(f"tf.{name}({_FOR.get(name, 'a')})" for name in _ALONE),
    *(f"tf.{name}(p, q)" for name in _PAIRS),
    *(f"tf.{name}(n, o)" for name in _PAIRS if name not in _PAIRS[6:7] + _PAIRS[14:15]
      and name not in ("pow", "realdiv", "math.divide_no_nan")),
    *(f"tf.{name}(a)" for name in _REDUCED),
    *(f"tf.{name}(s, 1)" for name in _REDUCED),
    *(f"tf.{name}(s, axis=[0, -1], keepdims=True)" for name in _REDUCED),
    *(f"tf.{name}(s, reduction_indices=2, keep_dims=True)" for name in _REDUCED),
    *(f"tf.{name}(n)" for name in _REDUCED[:5]),
    *(f"tf.{name}(h, 0)" for name in _REDUCED[:5]),
    *(f"tf.{name}(z, {axis})" for name in ("reduce_all", "reduce_any") for axis in (0, None)),
]
EXPRESSIONS += """
tf.abs(n)
tf.square(i)
tf.sign(n)
tf.negative(n)
tf.logical_not(z)
tf.logical_and(z, tf.logical_not(z))
tf.logical_or(z, z1[:, None])
tf.logical_xor(z, z)
tf.exp(h)
tf.tanh(e)
tf.exp(1.0)
tf.sqrt([1.0, 4.0])
tf.add(a, 1)
tf.add(1.5, a)
tf.multiply(a, [1.0, 2.0, 3.0])
tf.add(a, v)
tf.maximum(a, 0.0)
tf.pow(p, 2)
tf.pow(n, 2)
tf.pow(2.0, a)
tf.add_n([a, c, p])
tf.add(a, i)
tf.matmul(a, i)
tf.add_n([])
a + c * 2 - 1 / p
a[0]
a[:, 1:]
a[..., tf.newaxis]
s[1:3, ::2, -1]
s[::-1, 0]
-a
abs(a)
a > c
n // o
n % o
n / o
a ** 2
2 ** i
1 - a
a @ b
tf.cumsum(s, axis=1)
tf.cumsum(s, 2, exclusive=True)
tf.cumsum(s, axis=0, reverse=True)
tf.cumsum(s, axis=1, exclusive=True, reverse=True)
tf.cumprod(p, axis=1)
tf.cumprod(p, axis=1, exclusive=True)
tf.argmax(a)
tf.argmax(a, 1)
tf.argmax(a, axis=-1, output_type=tf.int32)
tf.argmin(a, 1)
tf.argmax(a, dimension=1)
tf.reduce_sum(a, 5)
tf.reduce_sum(a, axis=1, keep_dims=True)
tf.reduce_mean(a, [])
tf.count_nonzero(i)
tf.count_nonzero(i, 1, dtype=tf.int32)
tf.segment_sum(d, [0, 0, 1, 2])
tf.unsorted_segment_sum(d, j, 3)
tf.unsorted_segment_max(d, j, 3)
tf.matmul(a, b)
tf.matmul(a, c, transpose_b=True)
tf.matmul(a, c, transpose_a=True)
tf.matmul(a, c, True)
tf.matmul(s, r, transpose_a=False)
tf.matmul(a, c)
tf.matmul(a, v)
tf.tensordot(s, r, [[2], [1]])
tf.tensordot(a, b, 1)
tf.einsum('ij,jk->ik', a, b)
tf.einsum('bij->bji', s)
tf.matrix_transpose(s)
tf.matrix_band_part(m, -1, 0)
tf.matrix_band_part(m, 0, -1)
tf.matrix_band_part(m, 1, 1)
tf.matrix_band_part(m, -1, -1)
tf.diag(v)
tf.diag_part(m)
tf.matrix_diag(a)
tf.matrix_diag_part(m)
tf.trace(m)
tf.matrix_inverse(spd)
tf.matrix_determinant(spd)
tf.cholesky(spd)
tf.matrix_solve(spd, m)
tf.norm(a)
tf.norm(a, axis=1)
tf.norm(a, axis=1, keepdims=True)
tf.norm(a, ord=1, axis=0)
tf.shape(s)
tf.shape(s, out_type=tf.int64)
tf.reshape(s, [-1, 6])
tf.reshape(s, [4, -1])
tf.reshape(s, tf.reverse(tf.shape(s), [0]))
tf.reshape(s, tf.stack([tf.shape(s)[0] * 5, 6]))
tf.reshape(a, [4])
tf.transpose(a)
tf.transpose(s, [2, 0, 1])
tf.transpose(s, perm=(0, 2, 1))
tf.squeeze(one)
tf.squeeze(one, [0])
tf.squeeze(one, squeeze_dims=[2])
tf.squeeze(a, [0])
tf.expand_dims(a, 1)
tf.expand_dims(a, -1)
tf.expand_dims(a, dim=0)
tf.expand_dims(a)
tf.concat([a, c], 0)
tf.concat([a, c], axis=-1)
tf.concat([a, b], 0)
tf.concat(values=[tf.shape(a), [1]], axis=0)
tf.stack([a, c])
tf.stack([a, c], axis=-1)
tf.stack([tf.shape(a)[0], 3])
tf.unstack(a)
tf.unstack(s, axis=1)
tf.unstack(a, num=3, axis=1)
tf.unstack(a, num=4, axis=1)
tf.split(s, 2, 0)
tf.split(s, [1, 2, 3], axis=2)
tf.split(s, [1, -1], 1)
tf.split(value=s, num_or_size_splits=3, axis=-1)
tf.split(a, 2, 1)
tf.tile(a, [2, 1])
tf.tile(a, [1, 3])
tf.broadcast_to(v, [2, 3])
tf.pad(a, [[1, 0], [0, 2]])
tf.pad(a, [[1, 1], [1, 1]], 'REFLECT')
tf.pad(a, [[1, 1], [1, 1]], mode='SYMMETRIC')
tf.pad(a, [[1, 1], [0, 0]], constant_values=7.0)
tf.pad(a, [[1, 1], [0, 0]], mode='NOTHING')
tf.reverse(s, [1])
tf.reverse(s, axis=[0, -1])
tf.roll(a, 1, 1)
tf.meshgrid(v, v * 2.0)
tf.meshgrid(v, v * 2.0, indexing='ij')
tf.space_to_depth(x[:, :4], 2)
tf.depth_to_space(tf.concat([x, x[..., :1]], 3), 2)
tf.slice(s, [1, 0, 2], [2, -1, 3])
tf.strided_slice(s, [0, 1, 0], [2, 4, 6], [1, 2, 3])
tf.strided_slice(s, [1], [3])
tf.zeros([2, 3])
tf.zeros([2], tf.int32)
tf.zeros(tf.shape(a))
tf.ones([2, 3], dtype=tf.float64)
tf.ones([2, 3], tf.bool)
tf.fill([2, 3], 9)
tf.fill(tf.shape(a), 0.5)
tf.eye(3)
tf.eye(2, 3)
tf.eye(2, batch_shape=[3])
tf.zeros_like(i)
tf.zeros_like(a, dtype=tf.int32)
tf.ones_like(z)
tf.range(5)
tf.range(2, 8, 3)
tf.range(1.0, 2.0, 0.25)
tf.range(3, dtype=tf.int64)
tf.range(tf.shape(a)[1])
tf.linspace(0.0, 1.0, 5)
tf.cast(a, tf.int32)
tf.cast(i, tf.float32)
tf.cast(z, tf.float32)
tf.cast(a, tf.bool)
tf.cast(a, tf.float64)
tf.saturate_cast(a * 300.0, tf.uint8)
tf.convert_to_tensor([1.0, 2.0])
tf.convert_to_tensor([[1, 2]])
tf.convert_to_tensor(a, tf.int32)
tf.convert_to_tensor(3, dtype=tf.float32)
tf.constant(2.5)
tf.constant([1, 2, 3])
tf.constant(1, shape=[2, 2])
tf.one_hot(j, 3)
tf.one_hot(i, 4, axis=0)
tf.one_hot(j, 3, on_value=5.0, off_value=-1.0)
tf.one_hot(j, 2)
tf.one_hot(j, 3, dtype=tf.int32)
tf.one_hot(j, depth=3, on_value=True, off_value=False, dtype=tf.bool)
tf.sequence_mask(l, 4)
tf.sequence_mask(l)
tf.sequence_mask(l, 3, dtype=tf.float32)
tf.invert_permutation([2, 0, 1])
tf.gather(d, j)
tf.gather(d, i)
tf.gather(a, [0, 2], axis=1)
tf.gather(s, [[0, 1], [2, 2], [1, 0], [0, 0]], batch_dims=1)
tf.gather_nd(a, g)
tf.gather_nd(s, g)
tf.gather_nd(s, [[1]])
tf.scatter_nd([[0], [2], [0]], m, [4, 3])
tf.boolean_mask(a, [True, False])
tf.boolean_mask(a, [[True, False, True], [False, True, False]])
tf.where(z, a, c)
tf.where(z1, a, c)
tf.where(z)
tf.where(z, a)
tf.nn.top_k(a)
tf.nn.top_k(a, k=2)
tf.nn.in_top_k(a, l, 2)
tf.reverse_sequence(s, [1, 5, 3, 2], seq_axis=1)
tf.reverse_sequence(s, [6, 2, 4, 1, 3], seq_dim=2, batch_dim=1)
tf.sort(a)
tf.sort(a, axis=0, direction='DESCENDING')
tf.argsort(a)
tf.searchsorted([1.0, 3.0, 5.0], [0.0, 3.0, 9.0])
tf.clip_by_value(a, -0.5, 0.5)
tf.clip_by_value(n, -2, 4)
tf.clip_by_norm(a, 1.0)
tf.clip_by_norm(a, 1.0, axes=[0])
tf.clip_by_norm(a, 100.0)
tf.clip_by_global_norm([a, b], 1.0)
tf.clip_by_global_norm([a, b], 100.0)
tf.global_norm([a, b])
tf.nn.softmax(s, axis=1)
tf.nn.softmax(s, dim=0)
tf.nn.log_softmax(s, axis=0)
tf.nn.l2_normalize(a, 1)
tf.nn.l2_normalize(s, dim=[0, 1])
tf.nn.l2_normalize(a, axis=0, epsilon=10.0)
tf.nn.moments(a, [0])
tf.nn.moments(s, [0, 1], keep_dims=True)
tf.nn.moments(s, axes=[2])
tf.nn.moments(h, [1])
tf.nn.batch_normalization(a, v, tf.square(v), v, v, 1e-3)
tf.nn.batch_normalization(a, v, tf.square(v), None, None, 1e-3)
tf.nn.fused_batch_norm(x, v, v)
tf.nn.fused_batch_norm(x, v, v, mean=v, variance=tf.abs(v), is_training=False)[0]
tf.nn.local_response_normalization(x, depth_radius=1, bias=1.0, alpha=0.5, beta=0.75)
tf.nn.bias_add(a, v)
tf.nn.bias_add(x, v)
tf.nn.bias_add(tf.transpose(x, [0, 3, 1, 2]), v, data_format='NCHW')
tf.nn.xw_plus_b(a, b, b[0])
tf.nn.relu_layer(a, b, b[0])
tf.nn.leaky_relu(a, alpha=0.1)
tf.nn.leaky_relu(a, 0.3)
tf.nn.softmax_cross_entropy_with_logits(labels=prob, logits=a)
tf.nn.softmax_cross_entropy_with_logits(labels=prob, logits=a, dim=0)
tf.nn.softmax_cross_entropy_with_logits_v2(labels=prob, logits=a)
tf.nn.softmax_cross_entropy_with_logits_v2(labels=prob, logits=a, axis=0)
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=l, logits=a)
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=j, logits=a)
tf.nn.sparse_softmax_cross_entropy_with_logits(logits=s, labels=tf.zeros([4, 5], tf.int32))
tf.nn.sigmoid_cross_entropy_with_logits(labels=prob, logits=a)
tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.ones_like(a), logits=a * 50.0)
tf.nn.sigmoid_cross_entropy_with_logits(labels=v, logits=a)
tf.nn.weighted_cross_entropy_with_logits(labels=prob, logits=a, pos_weight=2.0)
tf.nn.conv2d(x, k, [1, 1, 1, 1], 'SAME')
tf.nn.conv2d(x, k, [1, 2, 2, 1], padding='SAME')
tf.nn.conv2d(x, k, strides=[1, 2, 1, 1], padding='VALID')
tf.nn.conv2d(x, filter=k, strides=2, padding='VALID')
tf.nn.conv2d(x, k, [1, 1, 1, 1], 'SAME', dilations=[1, 2, 2, 1])
tf.nn.conv2d(x, k, [1, 1, 1, 1], [[0, 0], [1, 0], [2, 1], [0, 0]])
tf.nn.conv2d(x, k, [1, 1, 1, 1], 'NOTHING')
tf.nn.conv1d(s, k1, 1, 'SAME')
tf.nn.conv1d(s, k1, stride=2, padding='VALID')
tf.nn.conv3d(x3, k3, [1, 1, 1, 1, 1], 'SAME')
tf.nn.conv3d(x3, k3, [1, 1, 2, 2, 1], 'VALID')
tf.nn.convolution(x, k, 'SAME', dilation_rate=[2, 2])
tf.nn.atrous_conv2d(x, k, 2, 'SAME')
tf.nn.depthwise_conv2d(x, kd, [1, 1, 1, 1], 'SAME')
tf.nn.depthwise_conv2d(x, kd, [1, 2, 2, 1], 'VALID')
tf.nn.separable_conv2d(x, kd, kp, [1, 1, 1, 1], 'SAME')
tf.nn.conv2d_transpose(x, kt, [2, 10, 12, 4], [1, 2, 2, 1])
tf.nn.conv2d_transpose(x, kt, [2, 9, 11, 4], [1, 2, 2, 1], 'SAME')
tf.nn.conv2d_transpose(x, kt, output_shape=[2, 11, 13, 4], strides=[1, 2, 2, 1], padding='VALID')
tf.nn.conv2d_transpose(x, kt, tf.stack([tf.shape(x)[0], 5, 6, 4]), [1, 1, 1, 1])
tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
tf.nn.max_pool(x, ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding='VALID')
tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
tf.nn.avg_pool(x, [1, 3, 3, 1], [1, 2, 1, 1], 'VALID')
tf.nn.pool(x, [2, 2], 'AVG', 'SAME', strides=[2, 2])
tf.nn.embedding_lookup(d, j)
tf.nn.embedding_lookup(d, i)
tf.nn.embedding_lookup([d, d * 2.0], [0, 1, 5])
tf.nn.embedding_lookup([d, d * 2.0], [0, 1, 5], partition_strategy='div')
tf.nn.embedding_lookup(d, j, max_norm=1.0)
tf.nn.sampled_softmax_loss(d, d[:, 0], tf.constant([[1], [2]]), a, 3, 4, sampled_values=(tf.constant([0, 2, 3]), q[:, :1], v * v))
tf.nn.sampled_softmax_loss(d, d[:, 0], tf.constant([[1, 0], [2, 1]]), a, 3, 4, 2, (tf.constant([0, 2, 3]), q[:, :2], v * v), False)
tf.cond(tf.reduce_sum(a) > 0.0, lambda: a * 2.0, lambda: -a)
tf.cond(tf.constant(True), lambda: (a, c), lambda: (c, a))
tf.case([(tf.reduce_sum(a) > 100.0, lambda: a)], default=lambda: -a)
tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), [0, 1.0])
tf.while_loop(lambda y: tf.reduce_sum(y) < 9.0, lambda y: y + 1.0, [tf.zeros([2])])
tf.while_loop(lambda i, y: i < 3, lambda i, y: [i + 1, y * p], [0, a], maximum_iterations=5)
tf.map_fn(lambda row: row * 2.0, a)
tf.map_fn(lambda t: t[0] + t[1], (a, c), dtype=tf.float32)
tf.scan(lambda acc, row: acc + row, a)
tf.scan(lambda acc, row: acc * 0.5 + row, a, initializer=tf.zeros([3]))
tf.scan(lambda acc, row: acc + row, a, reverse=True)
tf.foldl(lambda acc, row: acc + row, a)
tf.foldr(lambda acc, row: acc * 2.0 + row, a)
tf.image.resize_images(x, [10, 9])
tf.image.resize_images(x, [3, 4], method=tf.image.ResizeMethod.NEAREST_NEIGHBOR)
tf.image.resize_bilinear(x, [7, 11], align_corners=True)
tf.image.resize_nearest_neighbor(x, [10, 12])
tf.image.resize_nearest_neighbor(x, [3, 4], align_corners=True)
tf.image.flip_left_right(x)
tf.image.flip_up_down(x)
tf.image.crop_to_bounding_box(x, 1, 2, 3, 3)
tf.image.pad_to_bounding_box(x, 1, 2, 8, 9)
tf.image.resize_image_with_crop_or_pad(x, 4, 9)
tf.image.per_image_standardization(x)
tf.image.rgb_to_grayscale(x)
tf.image.grayscale_to_rgb(x[..., :1])
tf.image.convert_image_dtype(x, tf.float64)
tf.image.adjust_brightness(x, 0.25)
tf.image.adjust_contrast(x, 2.0)
tf.losses.absolute_difference(c, a)
tf.losses.mean_squared_error(c, a)
tf.losses.mean_squared_error(c, a, weights=[[1.0], [0.0]])
tf.losses.mean_squared_error(c, a, weights=2.0, reduction=tf.losses.Reduction.SUM)
tf.losses.mean_squared_error(c, a, reduction='none')
tf.losses.mean_squared_error(c, a, weights=p, reduction='weighted_mean')
tf.losses.mean_squared_error(c, a, weights=0.5, reduction='weighted_sum_over_batch_size')
tf.losses.mean_squared_error(c, v)
tf.losses.mean_squared_error(c, a, weights=[1.0, 2.0])
tf.losses.hinge_loss(tf.round(prob), a)
tf.losses.huber_loss(c, a, delta=0.5)
tf.losses.log_loss(prob, tf.sigmoid(a))
tf.losses.cosine_distance(c, a, axis=1)
tf.losses.sigmoid_cross_entropy(prob, a, label_smoothing=0.1)
tf.losses.softmax_cross_entropy(prob, a, label_smoothing=0.1)
tf.losses.softmax_cross_entropy(prob, a, weights=[1.0, 3.0])
tf.losses.sparse_softmax_cross_entropy(l, a)
tf.losses.sparse_softmax_cross_entropy(tf.expand_dims(l, 1), a)
tf.distributions.Normal(a, p).log_prob(c)
tf.distributions.Normal(a, p).prob(c)
tf.distributions.Normal(a, 2.0).entropy()
tf.distributions.Normal(0.0, p).mean()
tf.distributions.Normal(a, 2.0).stddev()
tf.distributions.Normal(a, p).variance()
tf.distributions.Normal(a, p).cdf(c)
tf.distributions.kl_divergence(tf.distributions.Normal(a, p), tf.distributions.Normal(c, q))
tf.distributions.Categorical(logits=a).log_prob(l)
tf.distributions.Categorical(probs=prob).log_prob(l)
tf.distributions.Categorical(logits=a).entropy()
tf.distributions.Categorical(logits=a).mode()
tf.distributions.Categorical(logits=a).probs
tf.distributions.kl_divergence(tf.distributions.Categorical(a), tf.distributions.Categorical(c))
tf.distributions.Bernoulli(logits=a).log_prob(i // 2)
tf.distributions.Bernoulli(probs=prob).mean()
tf.distributions.Bernoulli(logits=a).entropy()
tf.math.top_k(v, 2)
tf.math.reduce_std(a, 1)
tf.math.reduce_variance(a)
tf.linalg.band_part(m, 0, 1)
tf.linalg.matmul(a, b)
tf.linalg.diag(a)
tf.tuple([a, c])
tf.identity_n([a, c])
tf.check_numerics(a, 'no')
tf.batch_matmul(a, b)
""".strip().splitlines()
# What TensorFlow 2.21 no longer has under TF1's name.
EXPRESSIONS.remove("tf.batch_matmul(a, b)")
