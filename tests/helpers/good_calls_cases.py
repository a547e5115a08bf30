"""A good call of each public callable, to be made bad in one argument."""

import functools
import pathlib
import tempfile

import jax
import jax.numpy as jnp
import optax
from jax.sharding import AbstractMesh, PartitionSpec

import scopejax as sj
from scopejax import (
    checkpoints,
    getters,
    initializers,
    layers,
    optim,
    partitioners,
    regularizers,
    views,
)

X, KEY = jnp.ones((4, 3)), jax.random.key(0)


def model(scope, x):
    """A layer."""
    return layers.dense(scope / "fc", x, 3)


def counting(scope, x):
    """A layer and a counter."""
    n = scope.get_variable("n", (), trainable=False)
    scope.assign("n", n + 1.0)
    return layers.dense(scope / "fc", x, 3)


@functools.cache
def net():
    return sj.transform(model)


@functools.cache
def stateful():
    return sj.transform_with_state(counting)


@functools.cache
def params():
    return net().init(KEY, X)


@functools.cache
def both():
    return stateful().init(KEY, X)


@functools.cache
def manifest():
    return net().manifest(X)


@functools.cache
def saved():
    folder = tempfile.mkdtemp()
    checkpoints.save(f"{folder}/a.safetensors", params())
    checkpoints.save(f"{folder}/a.ckpt-1", params())
    return pathlib.Path(folder)


def scope():
    return sj.Scope({"w": jnp.ones((2, 3)), "fc": params()["fc"]}, key=KEY)


def spec():
    return manifest()["fc/kernel"]


def getting(getter):
    """A call that reads a kernel through a custom getter."""

    def run(scope):
        return scope.with_options(custom_getter=getter).get_variable("kernel", (4, 3))

    net = sj.transform_with_state(run)
    trees = net.init(KEY)
    return net.apply(*trees, key=KEY)


def reading(**options):
    return sj.transform(lambda s: s.get_variable("w", (2, 3), **options)).init(KEY)


MESH = AbstractMesh((1,), ("data",))


def sharding(partitioner):
    net = sj.transform(lambda s: s.get_variable("w", (2, 3), partitioner=partitioner))
    return net.manifest().shardings(MESH)


def of(function, /, **arguments):
    """A call: a function, what it is given, and what is done with what it makes."""
    return function, arguments


def in_model(layer, /, **arguments):
    """A call of a layer, in a model that is recorded."""

    def call(**given):
        return sj.transform_with_state(lambda scope: layer(scope, **given)).manifest()

    return call, arguments


def _assigning(name, value):
    def run(scope):
        scope.get_variable("w", (3,), trainable=False)
        scope.assign(name, value)

    return sj.transform_with_state(run).manifest()


def _attending(**given):
    def run(scope):
        layers.embedding(scope, jnp.arange(2), 4, 3)
        return layers.attend(scope, **given)

    return sj.transform(run).manifest()


def pool():
    """The arguments of a pool."""
    return {
        "x": jnp.ones((2, 8, 8, 4)),
        "window": 2,
        "strides": None,
        "padding": "VALID",
    }


def sequence():
    """The arguments of a recurrent network."""
    return {"cell": layers.gru, "carry": jnp.zeros((2, 8)), "x": jnp.ones((2, 5, 3))}


def _recording(name, value):
    return sj.transform(lambda scope: scope.record(name, value)).manifest()


def _copying(name):
    def run(scope):
        scope.get_variable("v", (2,))
        copy = initializers.InitialValueOf(name)
        return scope.get_variable("w", (2,), initializer=copy)

    return sj.transform(run).init(KEY)


def _stacking(**given):
    def run(scope):
        split = scope.with_options(partitioner=partitioners.stacked(**given))
        items = split.stack(2)
        return jax.lax.scan(
            lambda x, s: (s.get_variable("w", ()), None), X[0, 0], items
        )

    return sj.transform(run).manifest().shardings(MESH)


def _rows():
    return net().profile(X)


# Full name -> the call, made anew each time: what is called, and its arguments.
CALLS = {
    "scopejax.Scope": lambda: of(sj.Scope, variables=params(), key=KEY),
    "scopejax.Scope.__truediv__": lambda: of(scope().__truediv__, name="a"),
    "scopejax.Scope.with_options": lambda: of(
        scope().with_options,
        reuse=None,
        initializer=None,
        regularizer=None,
        constraint=None,
        dtype=None,
        partitioner=None,
        custom_getter=None,
        caching_device=None,
        trainable=None,
    ),
    "scopejax.Scope.get_variable": lambda: of(
        scope().get_variable,
        name="w",
        shape=(2, 3),
        dtype=None,
        initializer=None,
        regularizer=None,
        constraint=None,
        trainable=None,
        collections=None,
        partitioner=None,
        caching_device=None,
        custom_getter=None,
        synchronization=sj.VariableSynchronization.AUTO,
        aggregation=sj.VariableAggregation.NONE,
        axes=None,
    ),
    "get_variable while recording": lambda: of(
        reading,
        dtype=None,
        initializer=None,
        regularizer=None,
        constraint=None,
        trainable=None,
        collections=None,
        partitioner=None,
        caching_device=None,
        custom_getter=None,
        axes=None,
    ),
    "scopejax.Scope.assign": lambda: of(_assigning, name="w", value=jnp.ones(3)),
    "scopejax.Scope.record": lambda: of(_recording, name="w", value=jnp.ones(3)),
    "scopejax.Scope.trainable": lambda: of(scope().trainable),
    "scopejax.Scope.key": lambda: of(scope().key, name="k", index=None),
    "scopejax.Scope.stack": lambda: of((scope() / "none").stack, n=2),
    "scopejax.Scope.named": lambda: of(scope().named),
    "scopejax.transform": lambda: of(sj.transform, model=model),
    "scopejax.transform_with_state": lambda: of(sj.transform_with_state, model=model),
    "scopejax.remat": lambda: of(
        sj.remat, function=model, policy=None, prevent_cse=True
    ),
    "init": lambda: of(
        lambda key, x, given, mesh, progress: net().init(
            key, x, given=given, mesh=mesh, progress=progress
        ),
        key=KEY,
        x=X,
        given=None,
        mesh=None,
        progress=False,
    ),
    "apply": lambda: of(
        lambda params, x, key: net().apply(params, x, key=key),
        params=params(),
        x=X,
        key=KEY,
    ),
    "apply with state": lambda: of(
        lambda params, state, x, key: stateful().apply(params, state, x, key=key),
        params=both()[0],
        state=both()[1],
        x=X,
        key=KEY,
    ),
    "manifest": lambda: of(lambda x: net().manifest(x), x=X),
    "check": lambda: of(lambda params, x: net().check(params, x), params=params(), x=X),
    "check with state": lambda: of(
        lambda params, state, x: stateful().check(params, state, x),
        params=both()[0],
        state=both()[1],
        x=X,
    ),
    "scopejax.Transformed.capture": lambda: of(
        lambda params, x, key: net().capture(params, x, key=key),
        params=params(),
        x=X,
        key=KEY,
    ),
    "scopejax.TransformedWithState.capture": lambda: of(
        lambda params, state, x, key: stateful().capture(params, state, x, key=key),
        params=both()[0],
        state=both()[1],
        x=X,
        key=KEY,
    ),
    "scopejax.Transformed.graph": lambda: of(net().graph, x=X, depth=None, fold=True),
    "scopejax.Transformed.profile": lambda: of(
        net().profile, x=X, grad=False, time=False, depth=None
    ),
    "scopejax.TransformedWithState.graph": lambda: of(
        stateful().graph, x=X, depth=None, fold=True
    ),
    "scopejax.TransformedWithState.profile": lambda: of(
        stateful().profile, x=X, grad=False, time=False, depth=None
    ),
    "scopejax.Manifest": lambda: of(sj.Manifest, specs=[spec()]),
    "scopejax.Manifest.select": lambda: of(
        lambda pattern, trainable, collection: manifest().select(
            pattern, trainable=trainable, collection=collection
        ),
        pattern="**",
        trainable=None,
        collection=None,
    ),
    "scopejax.Manifest.mask": lambda: of(
        lambda pattern, trainable, collection: manifest().mask(
            pattern, trainable=trainable, collection=collection
        ),
        pattern="**",
        trainable=None,
        collection=None,
    ),
    "scopejax.Manifest.labels": lambda: of(manifest().labels, labels={"**": 1}),
    "scopejax.Manifest.partition": lambda: of(manifest().partition, tree=params()),
    "scopejax.Manifest.shapes": lambda: of(manifest().shapes, mesh=None),
    "scopejax.Manifest.shardings": lambda: of(manifest().shardings, mesh=MESH),
    "scopejax.Manifest.initialize": lambda: of(
        manifest().initialize, key=KEY, given=None, mesh=None, progress=False
    ),
    "scopejax.Manifest.check": lambda: of(manifest().check, params=params()),
    "scopejax.Manifest.regularization_loss": lambda: of(
        manifest().regularization_loss, params=params()
    ),
    "scopejax.Manifest.project": lambda: of(manifest().project, params=params()),
    "scopejax.Manifest.to_markdown": lambda: of(manifest().to_markdown),
    "scopejax.Manifest.diff": lambda: of(manifest().diff, other=manifest()),
    "scopejax.ManifestDiff": lambda: of(
        sj.ManifestDiff, before=manifest(), after=manifest()
    ),
    "scopejax.VariableSpec.shape_dtype": lambda: of(spec().shape_dtype),
    "scopejax.from_flat": lambda: of(sj.from_flat, flat={"a/b": 1}),
    "scopejax.to_flat": lambda: of(sj.to_flat, tree=params()),
    "scopejax.merge": lambda: of(
        lambda one, two: sj.merge(one, two), one=params(), two={"other": X}
    ),
    "scopejax.compare": lambda: of(
        sj.compare, before=params(), after=params(), manifest=None, sort="name"
    ),
    "scopejax.show": lambda: of(
        sj.show, tree=params(), manifest=None, stats=False, values=False
    ),
    "scopejax.views.compare": lambda: of(
        views.compare, before=params(), after=params(), manifest=manifest(), sort="name"
    ),
    "scopejax.views.show": lambda: of(
        views.show, tree=params(), manifest=manifest(), stats=True, values=False
    ),
    "scopejax.views.View.to_markdown": lambda: of(sj.show(params()).to_markdown),
    "scopejax.views.View.root": lambda: of(sj.show(params()).root),
    "scopejax.graphs.Graph.to_svg": lambda: of(net().graph(X).to_svg, alone=True),
    "scopejax.graphs.Graph.save": lambda: of(
        net().graph(X).save, path=saved() / "graph.svg"
    ),
    "scopejax.graphs.Profile.sort": lambda: of(_rows().sort, by="flops"),
    "scopejax.graphs.Profile.to_markdown": lambda: of(_rows().to_markdown),
    "scopejax.checkpoints.load": lambda: of(
        checkpoints.load,
        path=saved() / "a.safetensors",
        target=manifest(),
        select=None,
        rename=None,
        cast=False,
        transpose=None,
        item="",
        slot="",
        format=None,
        progress=False,
    ),
    "load, like something": lambda: of(
        checkpoints.load,
        path=saved() / "a.safetensors",
        like=params(),
        item="",
    ),
    "scopejax.checkpoints.load_matching": lambda: of(
        checkpoints.load_matching,
        path=saved() / "a.safetensors",
        target=manifest(),
        select=None,
        rename=None,
        cast=False,
        transpose=None,
        item="",
        slot="",
        format=None,
        progress=False,
    ),
    "scopejax.checkpoints.save": lambda: of(
        checkpoints.save,
        path=saved() / "b.safetensors",
        params=params(),
        format=None,
        progress=False,
    ),
    "scopejax.checkpoints.save_async": lambda: of(
        lambda path, params, format: checkpoints.save_async(
            path, params, format=format
        ).result(),
        path=saved() / "c.safetensors",
        params=params(),
        format=None,
    ),
    "scopejax.checkpoints.slots": lambda: of(
        checkpoints.slots, path=saved() / "a.ckpt-1"
    ),
    "scopejax.checkpoints.stack_layers": lambda: of(
        checkpoints.stack_layers,
        params={"h0": {"w": X}, "h1": {"w": X}},
        layers="h{}",
        into="h",
    ),
    "scopejax.checkpoints.unstack_layers": lambda: of(
        checkpoints.unstack_layers, params={"h": {"w": X}}, layers="h", into="h{}"
    ),
    "scopejax.checkpoints.to_tf1_names": lambda: of(
        checkpoints.to_tf1_names, names=["a/b"]
    ),
    "scopejax.getters.bernoulli_noise": lambda: of(
        lambda **given: getting(getters.bernoulli_noise(**given)),
        rate=0.5,
        where="**/kernel",
    ),
    "scopejax.getters.cast": lambda: of(
        lambda **given: getting(getters.cast(**given)), dtype="float16", where=None
    ),
    "scopejax.getters.ema": lambda: of(
        lambda **given: getting(getters.ema(**given)),
        decay=0.9,
        evaluate=False,
        where="**",
    ),
    "scopejax.getters.gaussian_noise": lambda: of(
        lambda **given: getting(getters.gaussian_noise(**given)),
        stddev=0.1,
        where="**/kernel",
    ),
    "scopejax.getters.lora": lambda: of(
        lambda **given: getting(getters.lora(**given)),
        rank=2,
        alpha=1.0,
        where="**/kernel",
    ),
    "scopejax.getters.lora.merge": lambda: of(
        getters.lora(rank=2).merge, params=params()
    ),
    "scopejax.getters.spectral_norm": lambda: of(
        lambda **given: getting(getters.spectral_norm(**given)),
        where="**/kernel",
        iterations=1,
        update=True,
        epsilon=1e-12,
    ),
    "scopejax.getters.weight_norm": lambda: of(
        lambda **given: getting(getters.weight_norm(**given)),
        where="**/kernel",
        epsilon=1e-12,
    ),
    "scopejax.initializers.Fans": lambda: of(
        lambda **given: reading(initializer=initializers.Fans(**given)),
        initializer=initializers.glorot_uniform,
        inputs=1,
        each=(),
    ),
    "scopejax.initializers.InitialValueOf": lambda: of(_copying, name="v"),
    "scopejax.initializers.default_for": lambda: of(
        initializers.default_for, dtype=jnp.dtype("float32")
    ),
    "scopejax.initializers.orthogonal": lambda: of(
        initializers.orthogonal, key=KEY, shape=(2, 2), dtype=jnp.float32
    ),
    "scopejax.initializers.variance_scaling": lambda: of(
        lambda **given: reading(initializer=initializers.variance_scaling(**given)),
        scale=1.0,
        mode="fan_in",
        distribution="normal",
    ),
    "scopejax.layers.attention": lambda: in_model(
        layers.attention,
        x=jnp.ones((2, 4, 6)),
        heads=2,
        context=None,
        features=None,
        mask=None,
        is_causal=False,
        kv_heads=1,
        window=3,
        rotate=None,
        dropout_rate=0.0,
        is_training=False,
        cache_length=None,
        kernel_initializer=None,
        use_bias=True,
        dtype=None,
    ),
    "scopejax.layers.batch_norm": lambda: in_model(
        layers.batch_norm,
        x=X,
        is_training=False,
        momentum=0.9,
        epsilon=1e-5,
        axis_name=None,
        use_scale=True,
        use_bias=True,
        dtype=None,
    ),
    "scopejax.layers.conv": lambda: in_model(
        layers.conv,
        x=jnp.ones((2, 8, 8, 4)),
        features=4,
        kernel_size=(3, 3),
        strides=1,
        padding="SAME",
        dilation=1,
        groups=1,
        use_bias=True,
        dtype=None,
        kernel_initializer=None,
        bias_initializer=jax.nn.initializers.zeros,
    ),
    "scopejax.layers.conv_transpose": lambda: in_model(
        layers.conv_transpose,
        x=jnp.ones((2, 8, 8, 4)),
        features=4,
        kernel_size=(3, 3),
        strides=1,
        padding="SAME",
        use_bias=True,
        dtype=None,
    ),
    "scopejax.layers.dense": lambda: in_model(
        layers.dense,
        x=X,
        features=3,
        axes=1,
        use_bias=True,
        dtype=None,
        kernel_initializer=None,
        bias_initializer=jax.nn.initializers.zeros,
    ),
    "scopejax.layers.dropout": lambda: in_model(
        layers.dropout, x=X, rate=0.5, is_training=True, deterministic=None, index=None
    ),
    "scopejax.layers.embedding": lambda: in_model(
        layers.embedding,
        ids=jnp.array([1, 2]),
        vocabulary=4,
        features=3,
        dtype=None,
        initializer=None,
    ),
    "scopejax.layers.exponential_moving_average": lambda: in_model(
        layers.exponential_moving_average,
        value=X,
        decay=0.9,
        is_training=False,
        debias=True,
    ),
    "scopejax.layers.attend": lambda: of(_attending, x=X, dtype=None),
    "scopejax.layers.avg_pool": lambda: of(layers.avg_pool, **pool()),
    "scopejax.layers.max_pool": lambda: of(layers.max_pool, **pool()),
    "scopejax.layers.bidirectional": lambda: in_model(
        layers.bidirectional, **sequence(), lengths=None
    ),
    "scopejax.layers.rnn": lambda: in_model(
        layers.rnn, **sequence(), lengths=None, reverse=False
    ),
    "scopejax.layers.einsum": lambda: in_model(
        layers.einsum,
        x=X,
        equation="bi,io->bo",
        shape=(3, 5),
        use_bias=True,
        dtype=None,
        kernel_initializer=None,
        bias_initializer=jax.nn.initializers.zeros,
    ),
    "scopejax.layers.group_norm": lambda: in_model(
        layers.group_norm,
        x=jnp.ones((4, 6)),
        groups=2,
        epsilon=1e-6,
        use_scale=True,
        use_bias=True,
        dtype=None,
    ),
    "scopejax.layers.mlp": lambda: in_model(
        layers.mlp,
        x=X,
        features=(5, 2),
        activation=jax.nn.relu,
        activate_last=False,
        use_bias=True,
        dtype=None,
        kernel_initializer=None,
    ),
    "scopejax.layers.rotary_embedding": lambda: of(
        layers.rotary_embedding,
        x=jnp.ones((2, 4, 3, 6)),
        positions=None,
        base=1e4,
        interleaved=False,
    ),
    "scopejax.layers.gru": lambda: in_model(layers.gru, hidden=jnp.ones((4, 5)), x=X),
    "scopejax.layers.layer_norm": lambda: in_model(
        layers.layer_norm,
        x=X,
        epsilon=1e-6,
        use_scale=True,
        use_bias=True,
        dtype=None,
    ),
    "scopejax.layers.lstm": lambda: in_model(
        layers.lstm,
        carry=(jnp.ones((4, 5)), jnp.ones((4, 5))),
        x=X,
        forget_bias=1.0,
    ),
    "scopejax.layers.rms_norm": lambda: in_model(
        layers.rms_norm, x=X, epsilon=1e-6, dtype=None
    ),
    "scopejax.optim.constrain": lambda: of(
        lambda manifest: _updated(optim.constrain(manifest)), manifest=manifest()
    ),
    "scopejax.partitioners.Partition": lambda: of(
        lambda **given: sharding(lambda **_: partitioners.Partition(**given)),
        of_items=PartitionSpec(),
        of_stack=(),
        memory_kind=None,
        label="",
    ),
    "scopejax.partitioners.by_axes": lambda: of(
        lambda rules: sharding(partitioners.by_axes(rules)), rules={"a": None}
    ),
    "scopejax.partitioners.by_name": lambda: of(
        lambda rules: sharding(partitioners.by_name(rules)),
        rules={"**": PartitionSpec()},
    ),
    "scopejax.partitioners.fsdp": lambda: of(
        lambda mesh_axis, min_size, over: sharding(
            partitioners.fsdp(mesh_axis, min_size=min_size, over=over)
        ),
        mesh_axis="data",
        min_size=0,
        over=None,
    ),
    "scopejax.partitioners.in_memory": lambda: of(
        lambda **given: sharding(partitioners.in_memory(**given)),
        kind="device",
        partitioner=partitioners.replicated,
    ),
    "scopejax.partitioners.largest_axis": lambda: of(
        lambda mesh_axis: sharding(partitioners.largest_axis(mesh_axis)),
        mesh_axis="data",
    ),
    "scopejax.partitioners.replicated": lambda: of(
        partitioners.replicated, shape=(2,), dtype="float32"
    ),
    "scopejax.partitioners.stacked": lambda: of(
        _stacking, mesh_axis="data", partitioner=partitioners.replicated
    ),
    "scopejax.regularizers.Penalty": lambda: of(
        lambda **given: regularizers.Penalty(**given)(X), l1=0.1, l2=0.1
    ),
    "scopejax.regularizers.l1": lambda: of(
        lambda weight: regularizers.l1(weight)(X), weight=0.1
    ),
    "scopejax.regularizers.l1_l2": lambda: of(
        lambda **given: regularizers.l1_l2(**given)(X), l1=0.1, l2=0.1
    ),
    "scopejax.regularizers.l2": lambda: of(
        lambda weight: regularizers.l2(weight)(X), weight=0.1
    ),
}


def _updated(transformation):
    optimizer = optax.chain(optax.sgd(0.1), transformation)
    return optimizer.update(params(), optimizer.init(params()), params())
