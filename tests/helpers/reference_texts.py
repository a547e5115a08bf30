"""The programs of five texts about TF1's variables, and how tests run them.

Each string is a program of one of the texts, to the letter but for its numeric ops,
which are JAX's, and its import line: `tf` is `scopejax.tf1`, and where a text spells
`tf.compat.v1` that is `scopejax.tf1` too. What a line prints stands in a comment behind
or below it, as in the texts.
"""

import contextlib
import io
import textwrap

import jax

from scopejax import tf1


def run(code, **names):
    """What a program prints, line by line, and the names it leaves."""
    names = {"tf": tf1, "jax": jax, **names}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(textwrap.dedent(code), "<text>", "exec"), names)
    return printed.getvalue().splitlines(), names


# 000: a page on tf.variable_scope, in Chinese

NESTED = """
    with tf.variable_scope("foo"):
        with tf.variable_scope("bar"):
            v = tf.get_variable("v", [1])
            assert v.name == "foo/bar/v:0"
"""
SHARED_BY_REUSE = """
    with tf.variable_scope("foo"):
        v = tf.get_variable("v", [1])
    with tf.variable_scope("foo", reuse=True):
        v1 = tf.get_variable("v", [1])
    assert v1 == v
"""
SHARED_BY_CAPTURE = """
    with tf.variable_scope("foo") as scope:
        v = tf.get_variable("v", [1])
        scope.reuse_variables()
        v1 = tf.get_variable("v", [1])
    assert v1 == v
"""
TWICE = """
    with tf.variable_scope("foo"):
        v = tf.get_variable("v", [1])
        v1 = tf.get_variable("v", [1])
        #  Raises ValueError("... v already exists ...").
"""
MISSING = """
    with tf.variable_scope("foo", reuse=True):
        v = tf.get_variable("v", [1])
        #  Raises ValueError("... v does not exists ...").
"""

# 001: name_scope, variable_scope and what a session prints

NAME_SCOPE = """
    with tf.name_scope("a_name_scope"):
        initializer = tf.constant_initializer(value=1)
        var1 = tf.get_variable(name='var1', shape=[1], dtype=tf.float32, initializer=initializer)
        var2 = tf.Variable(name='var2', initial_value=[2], dtype=tf.float32)
        var21 = tf.Variable(name='var2', initial_value=[2.1], dtype=tf.float32)
        var22 = tf.Variable(name='var2', initial_value=[2.2], dtype=tf.float32)


    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        print(var1.name)        # var1:0
        print(sess.run(var1))   # [ 1.]
        print(var2.name)        # a_name_scope/var2:0
        print(sess.run(var2))   # [ 2.]
        print(var21.name)       # a_name_scope/var2_1:0
        print(sess.run(var21))  # [ 2.0999999]
        print(var22.name)       # a_name_scope/var2_2:0
        print(sess.run(var22))  # [ 2.20000005]
"""  # noqa: E501
VARIABLE_SCOPE = """
    with tf.variable_scope("a_variable_scope") as scope:
        initializer = tf.constant_initializer(value=3)
        var3 = tf.get_variable(name='var3', shape=[1], dtype=tf.float32, initializer=initializer)
        scope.reuse_variables()
        var3_reuse = tf.get_variable(name='var3',)
        var4 = tf.Variable(name='var4', initial_value=[4], dtype=tf.float32)
        var4_reuse = tf.Variable(name='var4', initial_value=[4], dtype=tf.float32)

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        print(var3.name)            # a_variable_scope/var3:0
        print(sess.run(var3))       # [ 3.]
        print(var3_reuse.name)      # a_variable_scope/var3:0
        print(sess.run(var3_reuse)) # [ 3.]
        print(var4.name)            # a_variable_scope/var4:0
        print(sess.run(var4))       # [ 4.]
        print(var4_reuse.name)      # a_variable_scope/var4_1:0
        print(sess.run(var4_reuse)) # [ 4.]
"""  # noqa: E501
FOO_SCOPE = """
    with tf.variable_scope('foo') as foo_scope:
        v = tf.get_variable('v', [1])
    with tf.variable_scope('foo', reuse=True):
        v1 = tf.get_variable('v')
    assert v1 == v
"""

# 002: variables in depth, in Chinese

MY_VARIABLES = """
    my_variable = tf.get_variable("my_variable", [1, 2, 3])

    my_int_variable = tf.get_variable("my_int_variable", [1, 2, 3], dtype=tf.int32,
      initializer=tf.zeros_initializer)
    other_variable = tf.get_variable("other_variable", dtype=tf.int32,
      initializer=tf.constant([23, 42]))
"""
COLLECTIONS = """
    my_local = tf.get_variable("my_local", shape=(),
    collections=[tf.GraphKeys.LOCAL_VARIABLES])

    my_non_trainable = tf.get_variable("my_non_trainable", shape=(), trainable=False)

    tf.add_to_collection("my_collection_name", my_local)

    found = tf.get_collection("my_collection_name")
"""
# The numeric ops: tf.nn.conv2d takes a variable, jax.lax its value; `conv + biases`
# adds arrays of two ranks, which JAX allows unless it is told to be strict.
CONV_RELU = """
    def conv_relu(input, kernel_shape, bias_shape):
        # Create variable named "weights".
        weights = tf.get_variable("weights", kernel_shape,
            initializer=tf.random_normal_initializer())
        # Create variable named "biases".
        biases = tf.get_variable("biases", bias_shape,
            initializer=tf.constant_initializer(0.0))
        conv = jax.lax.conv_general_dilated(input, weights.value(),
            (1, 1), 'SAME', dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return jax.nn.relu(conv + biases)

    def my_image_filter(input_images):
        with tf.variable_scope("conv1"):
            # Variables created here will be named "conv1/weights", "conv1/biases".
            relu1 = conv_relu(input_images, [5, 5, 32, 32], [32])
        with tf.variable_scope("conv2"):
            # Variables created here will be named "conv2/weights", "conv2/biases".
            return conv_relu(relu1, [5, 5, 32, 32], [32])
"""
INPUTS = """
    input1 = jax.random.normal(jax.random.key(1), [1,10,10,32])
    input2 = jax.random.normal(jax.random.key(2), [1,20,20,32])
"""
FAILS = """
    x = conv_relu(input1, kernel_shape=[5, 5, 32, 32], bias_shape=[32])
    x = conv_relu(x, kernel_shape=[5, 5, 32, 32], bias_shape = [32])  # This fails.
"""
MODEL_REUSE = """
    with tf.variable_scope("model"):
      output1 = my_image_filter(input1)
    with tf.variable_scope("model", reuse=True):
      output2 = my_image_filter(input2)
"""
MODEL_REUSE_VARIABLES = """
    with tf.variable_scope("model") as scope:
      output1 = my_image_filter(input1)
      scope.reuse_variables()
      output2 = my_image_filter(input2)
"""
TWO_VARIABLES = """
    with tf.variable_scope("conv1"):
        a = tf.Variable([1.0], name='a')
    with tf.variable_scope("conv2"):
        b = tf.Variable([1.0], name='a')
    print(a)
    print(b)
    # <tf.Variable 'conv1/a:0' shape=(1,) dtype=float32_ref>
    # <tf.Variable 'conv2/a:0' shape=(1,) dtype=float32_ref>
"""
TWO_SCOPES = """
    with tf.variable_scope("conv1"):
        a = tf.get_variable('a', [1])
    with tf.variable_scope("conv2"):
        b = tf.get_variable('a', [1])
    print(a)
    print(b)
    # <tf.Variable 'conv1/a:0' shape=(1,) dtype=float32_ref>
    # <tf.Variable 'conv2/a:0' shape=(1,) dtype=float32_ref>
"""
REUSED = """
    with tf.variable_scope("conv1"):
        a = tf.get_variable('a', [1])
    with tf.variable_scope("conv1", reuse=True):
        b = tf.get_variable('a', [1])
    print(a)
    print(b)
    # <tf.Variable 'conv1/a:0' shape=(1,) dtype=float32_ref>
    # <tf.Variable 'conv1/a:0' shape=(1,) dtype=float32_ref>
"""
NAME_SCOPE_HAS_NO_EFFECT = """
    with tf.name_scope("conv1"):
        a = tf.get_variable('a', [1])
    print(a)
    # <tf.Variable 'a:0' shape=(1,) dtype=float32_ref>
"""
NOT_REUSED = """
    with tf.variable_scope("conv1"):
        a = tf.get_variable('a', [1])
    with tf.variable_scope("conv1"):
        b = tf.get_variable('a', [1])
    # ValueError: Variable conv1/a already exists, disallowed. Did you mean to set reuse=True in
    # VarScope? Originally defined at:
"""  # noqa: E501
TWO_NAME_SCOPES = """
    with tf.name_scope("conv1"):
        a = tf.get_variable('a', [1])
    with tf.name_scope("conv2"):
        b = tf.get_variable('a', [1])
    # ValueError: Variable a already exists, disallowed. Did you mean to set reuse=True in VarScope? Originally defined at:
"""  # noqa: E501

# 003: the page of tf.compat.v1.variable_scope for .NET, and the examples that it
# announces, which are those of TensorFlow's own page

SAFE_REENTRY = """
    with tf.variable_scope("foo") as vs:
        pass
    # Re-enter the variable scope.
    with tf.variable_scope(vs, auxiliary_name_scope=False) as vs1:
        # Restore the original name_scope.
        with tf.name_scope(vs1.original_name_scope):
            v = tf.get_variable("v", [1])
            assert v.name == "foo/v:0"
            c = tf.Variable([1.0], name="c")
            assert c.name == "foo/c:0"
"""
THREADS = """
    main_thread_scope = variable_scope.get_variable_scope()

    # Thread's target function:
    def thread_target_fn(captured_scope):
        with variable_scope.variable_scope(captured_scope):
            made.append(tf.get_variable("v", [1]))
"""

# 004: the page of tf.compat.v1.get_variable, in Chinese

AUTO_REUSE = """
    def foo():
      with tf.variable_scope("foo", reuse=tf.AUTO_REUSE):
        v = tf.get_variable("v", [1])
      return v

    v1 = foo()  # Creates v.
    v2 = foo()  # Gets the same, existing v.
    assert v1 == v2
"""
CUSTOM_GETTER = """
    def custom_getter(getter, name, *args, **kwargs):
      return getter(name + '_suffix', *args, **kwargs)
"""
