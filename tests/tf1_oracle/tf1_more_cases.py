#!/usr/bin/env python3
"""More scenarios in the style of tf1_oracle_cases.py, for what that file leaves out.

  python tf1_more_cases.py     run these cases in TensorFlow, write tf1_more.json

Recorded with TensorFlow 2.21, tf.compat.v1 in graph mode. Tags as in
tf1_oracle_cases.py, plus
  graph_api   uses get_default_graph / Graph / train.* / losses.*
  pvclass     uses tf.PartitionedVariable (not a tf.compat.v1 name; added below)
"""
import inspect
import json
import os

import tf1_oracle_cases as base
from tf1_oracle_cases import (CASES, case, names, shp, dt, err, reuse_name,
                              parts, op_prefix, run_case, _dummy)

HERE = os.path.dirname(os.path.abspath(__file__))
BASE_CASES = frozenset(CASES)


def loss_names(tf):
    """Names of the entries of REGULARIZATION_LOSSES."""
    return names(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))


def etype(fn):
    """Only the type of what fn raises."""
    return err(fn).get("error_type", "no error")


def kind(e):
    """An enum member (or None) as JSON."""
    return None if e is None else getattr(e, "name", str(e))


def opened(scope):
    """What a context manager gives, once it was entered and left."""
    with scope as inside:
        return inside


def both(scope):
    """The name of a scope, and where its operations go."""
    return [scope.name, scope.original_name_scope]


# ===== A. naming ============================================================
A = "A naming"


@case(A)
def case_name_scope_trailing_slash(tf):
    """A trailing '/' re-enters an absolute op name scope as is, however often and wherever."""
    out = []
    a = opened(tf.name_scope("a"))
    for p in ["a", "b"]:
        with tf.name_scope(p):
            with tf.name_scope("a/") as s:
                out += [s, tf.Variable(0.0, name="v").name]
    with tf.name_scope(a) as s:
        out += [s, op_prefix(tf)]
    return out


@case(A)
def case_name_scope_trailing_slash_new(tf):
    """A trailing-slash name that nobody opened is entered as is and does not take the plain name."""
    with tf.name_scope("fresh/") as s:
        v = tf.Variable(0.0, name="v")
    t = opened(tf.name_scope("fresh"))
    return [s, v.name, t]


@case(A)
def case_name_scope_slash_only(tf):
    """name_scope('/') : root pattern."""
    return err(lambda: tf.name_scope("/").__enter__())


@case(A)
def case_name_scope_invalid_root(tf):
    """At root a name scope may not begin with '_', '-', '/', nor contain blanks or ':'."""
    def enter(n):
        with tf.name_scope(n) as s:
            return s
    out = [err(lambda: enter(n)) for n in ["_x", "a b", "-x", "/x", "a:b", "x!"]]
    return out + [enter("a>b"), enter("1.x-y"), enter(".x")]


@case(A)
def case_name_scope_invalid_nested(tf):
    """Nested, a leading '_' is fine, blanks are not - with the other message."""
    def enter(n):
        with tf.name_scope(n) as s:
            return s
    with tf.name_scope("o"):
        return [enter("_x"), enter("-x"), err(lambda: enter("a b")), err(lambda: enter("a:b"))]


@case(A)
def case_name_scope_invalid_absolute_nested(tf):
    """An invalid absolute name inside a scope is judged by the nested pattern."""
    def enter(n):
        with tf.name_scope(n) as s:
            return s
    with tf.name_scope("o"):
        return [err(lambda: enter("a b/")), enter("_x/")]


@case(A)
def case_name_scope_error_leaves_state(tf):
    """A refused name scope leaves the current one in place."""
    with tf.name_scope("o"):
        t = etype(lambda: opened(tf.name_scope("a b")))
        return [t, op_prefix(tf)]


@case(A)
def case_name_scope_exception_inside(tf):
    """An exception inside a name scope passes through and restores the outer one."""
    def bad():
        with tf.name_scope("in"):
            raise KeyError("k")
    with tf.name_scope("o"):
        return [etype(bad), op_prefix(tf)]


@case(A)
def case_name_scope_default_name(tf):
    """name_scope(None, default) opens the default; a given name wins; '' still jumps to the root."""
    out = []
    for args in [(None, "d"), (None, "d"), ("n", "d"), ("", "d")]:
        with tf.name_scope("o"):
            out.append(opened(tf.name_scope(*args)))
    return out


@case(A)
def case_name_scope_values(tf):
    """values= of a name scope are only looked at for their graph."""
    v = tf.get_variable("v", [1])
    s = opened(tf.name_scope("n", values=[v]))
    t = opened(tf.name_scope(None, "d", [v, None, 3.0]))
    return [s, t]


@case(A)
def case_name_scope_values_without_name(tf):
    """Neither name nor default but values: TypeError; with values=None (None, None) is the root."""
    def go(**kw):
        with tf.name_scope(None, **kw) as s:
            return s
    return [err(lambda: go(values=[])), err(lambda: go(values=[1])), go(values=None), go(default_name=None)]


@case(A)
def case_name_scope_wrong_type(tf):
    """The name must be a string."""
    def go(n):
        with tf.name_scope(n) as s:
            return s
    return etype(lambda: go(5))


@case(A)
def case_name_scope_object_reentered(tf):
    """One name_scope object entered twice (one after the other) gives two scopes."""
    cm = tf.name_scope("a")
    s = opened(cm)
    t = opened(cm)
    return [s, t]


@case(A)
def case_name_scope_name_property(tf):
    """A name_scope object knows its name argument."""
    return [tf.name_scope("a").name, tf.name_scope(None).name, tf.name_scope(None, "d").name, tf.name_scope("a", "d").name]


@case(A)
def case_name_scope_slashes_inside(tf):
    """Opening 'a/b' leaves 'a' itself free; each of the two is numbered on its own."""
    return [opened(tf.name_scope(n)) for n in ["a/b", "a", "a/b", "a"]]


@case(A)
def case_variable_marks_parents_used(tf):
    """tf.Variable(name='p/q') takes 'p/q' and with it 'p'."""
    v = tf.Variable(0.0, name="p/q")
    with tf.name_scope("p") as s:
        w = tf.Variable(0.0, name="q")
    return [v.name, s, w.name]


@case(A)
def case_get_variable_slash_and_scope(tf):
    """get_variable('p/q') first, then variable_scope('p'): which op names are left."""
    x = tf.get_variable("p/q", [1])
    with tf.variable_scope("p") as s:
        y = tf.get_variable("r", [1])
        z = tf.Variable(0.0, name="q")
    return [x.name, s.original_name_scope, y.name, z.name]


@case(A)
def case_variable_and_scope_same_name(tf):
    """get_variable('v'), then variable_scope('v') with get_variable('w'): both exist."""
    v = tf.get_variable("v", [1])
    with tf.variable_scope("v") as s:
        w = tf.get_variable("w", [1])
        x = tf.Variable(0.0, name="x")
    return [v.name, s.name, s.original_name_scope, w.name, x.name]


@case(A)
def case_scope_then_variable_same_name(tf):
    """variable_scope('v') with a variable first, then get_variable('v')."""
    with tf.variable_scope("v"):
        tf.get_variable("w", [1])
    v = tf.get_variable("v", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [v.name, tf.get_variable("v") is v, tf.get_variable("v/w").name]


@case(A)
def case_variable_named_as_child_scope(tf):
    """Inside a scope: variable 'c', then scope 'c', then tf.Variable 'c'."""
    with tf.variable_scope("p"):
        a = tf.get_variable("c", [1])
        with tf.variable_scope("c") as s:
            b = tf.get_variable("c", [1])
        d = tf.Variable(0.0, name="c")
    return [a.name, s.original_name_scope, b.name, d.name]


@case(A)
def case_uniquifier_suffix_first(tf):
    """v_1 taken by hand, then v, v: the second v becomes v_2; v_1 again v_1_1."""
    return names([tf.Variable(0.0, name=n) for n in ["v_1", "v", "v", "v", "v_1", "v_1"]])


@case(A)
def case_uniquifier_suffix_last(tf):
    """v, v, then v_1 by hand (taken by the second): v_1_1; then v goes on."""
    return names([tf.Variable(0.0, name=n) for n in ["v", "v", "v_1", "v", "v_2"]])


@case(A)
def case_uniquifier_case_mixed(tf):
    """Upper and lower case share one counter, each keeps its own spelling."""
    return names([tf.Variable(0.0, name=n) for n in ["X", "x", "X", "x_1", "X_1", "x_2"]])


@case(A)
def case_uniquifier_case_mixed_scopes(tf):
    """The same for nested name scopes."""
    out = []
    for n in ["A", "a", "A"]:
        with tf.name_scope("o/"):
            with tf.name_scope(n) as s:
                out.append([s, tf.Variable(0.0, name="V").name, tf.Variable(0.0, name="v").name])
    return out


@case(A)
def case_uniquifier_per_scope(tf):
    """Counters are per op name scope."""
    out = []
    for n in ["a/", "b/", "a/"]:
        with tf.name_scope(n):
            out += names([tf.Variable(0.0, name="v"), tf.Variable(0.0, name="v")])
    return out


@case(A)
def case_variable_name_trailing_slash(tf):
    """tf.Variable(name='v/'): absolute, the slash is cut off; asked twice."""
    out = []
    with tf.name_scope("o"):
        for _ in range(2):
            e = err(lambda: out.append(tf.Variable(0.0, name="v/").name))
            out.append(e)
    return out


@case(A)
def case_get_variable_name_trailing_slash(tf):
    """get_variable('v/') in a scope."""
    out = []
    with tf.variable_scope("s"):
        out.append(err(lambda: out.append(tf.get_variable("v/", [1]).name)))
        out.append(err(lambda: out.append(tf.get_variable("v", [1]).name)))
    return out


@case(A)
def case_get_variable_name_leading_slash(tf):
    """get_variable('/v') at root and in a scope."""
    out = [err(lambda: tf.get_variable("/v", [1]))]
    with tf.variable_scope("s"):
        out.append(tf.get_variable("/v", [1]).name)
    return out


@case(A)
def case_variable_invalid_names(tf):
    """Invalid op names of tf.Variable at root."""
    return [err(lambda: tf.Variable(0.0, name=n)) for n in ["a b", "_x", "a:b", "-x"]]


@case(A)
def case_get_variable_invalid_names(tf):
    """Invalid op names of get_variable, at root and in a scope; nothing stays behind in the store."""
    out = [err(lambda: tf.get_variable(n, [1])) for n in ["a b", "_x", "a:0"]]
    with tf.variable_scope("s"):
        out.append(err(lambda: tf.get_variable("a b", [1])))
        out.append(tf.get_variable("_x", [1]).name)
    return out + [names(tf.global_variables())]


@case(A)
def case_variable_invalid_nested(tf):
    """Invalid op names of tf.Variable inside a scope; a leading '_' is fine there."""
    with tf.variable_scope("s"):
        return [err(lambda: tf.Variable(0.0, name="a b")), tf.Variable(0.0, name="_x").name]


@case(A)
def case_variable_scope_invalid_nested(tf):
    """variable_scope('a b') inside a scope is refused on entering; the outer scope stays current."""
    with tf.variable_scope("s"):
        cm = tf.variable_scope("a b")
        e = err(cm.__enter__)
        return [e, tf.get_variable_scope().name, op_prefix(tf)]


@case(A)
def case_variable_scope_invalid_aux_false(tf):
    """auxiliary_name_scope=False skips the name check until a variable is made."""
    with tf.variable_scope("a b", auxiliary_name_scope=False) as s:
        return [s.name, err(lambda: tf.get_variable("v", [1]))]


@case(A)
def case_variable_scope_trailing_slash(tf):
    """variable_scope('x/') doubles the slash of variables and enters op scope 'x/' as is."""
    out = []
    for _ in range(2):
        with tf.variable_scope("x/", reuse=tf.AUTO_REUSE) as s:
            out.append([s.name, s.original_name_scope, tf.get_variable("g", [1]).name, tf.Variable(0.0, name="v").name])
    return out


@case(A)
def case_variable_scope_trailing_slash_nested(tf):
    """variable_scope('x/') inside a scope: variable prefix relative, op scope absolute."""
    with tf.variable_scope("o"):
        with tf.variable_scope("x/") as s:
            v = tf.Variable(0.0, name="v")
            with tf.variable_scope("y") as t:
                g = tf.get_variable("g", [1])
    return [s.name, s.original_name_scope, v.name, t.name, t.original_name_scope, g.name]


@case(A)
def case_captured_slashed_name_scope(tf):
    """Re-entering a captured scope 'a/b' opens the op scope of its last component, below the current one."""
    cap = opened(tf.variable_scope("a/b"))
    with tf.variable_scope(cap) as s:
        p = op_prefix(tf)
    with tf.name_scope("n"):
        with tf.variable_scope(cap) as t:
            q = op_prefix(tf)
    return [s.name, s.original_name_scope, p, t.original_name_scope, q]


@case(A)
def case_captured_root_name_scope(tf):
    """Re-entering the captured root scope inside others: get_variable at root, the op scope stays the current one."""
    root = tf.get_variable_scope()
    with tf.variable_scope("a"):
        with tf.variable_scope(root) as s:
            g = tf.get_variable("g", [1])
            v = tf.Variable(0.0, name="v")
            p = op_prefix(tf)
    return [s.name, s.original_name_scope, g.name, v.name, p]


@case(A)
def case_captured_trailing_slash_scope(tf):
    """Re-entering a captured scope whose name ends in '/'."""
    cap = opened(tf.variable_scope("x/"))
    with tf.variable_scope("o"):
        with tf.variable_scope(cap) as s:
            return [s.name, s.original_name_scope, op_prefix(tf)]


@case(A)
def case_absolute_name_scope_in_variable_scope(tf):
    """name_scope('abs/') inside a variable_scope moves tf.Variable but not get_variable."""
    with tf.variable_scope("s"):
        with tf.name_scope("abs/"):
            g = tf.get_variable("g", [1])
            v = tf.Variable(0.0, name="v")
            with tf.variable_scope("t") as t:
                w = tf.get_variable("w", [1])
                x = tf.Variable(0.0, name="x")
    return names([g, v, w, x]) + [t.name, t.original_name_scope]


@case(A)
def case_name_scope_none_in_variable_scope(tf):
    """name_scope(None) inside a variable_scope: a scope opened there has the long name but a root op scope."""
    with tf.variable_scope("s"):
        with tf.name_scope(None):
            with tf.variable_scope("t") as t:
                g = tf.get_variable("g", [1])
                v = tf.Variable(0.0, name="v")
    return [t.name, t.original_name_scope, g.name, v.name]


@case(A)
def case_aux_false_nested(tf):
    """auxiliary_name_scope=False inside a scope: original_name_scope is the outer op scope."""
    with tf.variable_scope("o"):
        with tf.variable_scope("i", auxiliary_name_scope=False) as s:
            g = tf.get_variable("g", [1])
            v = tf.Variable(0.0, name="v")
            with tf.variable_scope("j") as t:
                w = tf.Variable(0.0, name="w")
    return [s.name, s.original_name_scope, g.name, v.name, t.name, t.original_name_scope, w.name]


@case(A)
def case_aux_false_reentered(tf):
    """auxiliary_name_scope=False is a matter of one entry, not kept by the scope."""
    cap = opened(tf.variable_scope("o", auxiliary_name_scope=False))
    with tf.variable_scope(cap) as s:
        return [s.original_name_scope, op_prefix(tf)]


@case(A)
def case_aux_false_captured_in_name_scope(tf):
    """A captured scope entered with auxiliary_name_scope=False stays in the current op scope."""
    cap = opened(tf.variable_scope("o"))
    with tf.name_scope("n"):
        with tf.variable_scope(cap, auxiliary_name_scope=False) as s:
            return [s.name, s.original_name_scope, op_prefix(tf), tf.get_variable("g", [1]).name]


@case(A)
def case_aux_bad_values(tf):
    """auxiliary_name_scope: None, 0 and 1 are refused too."""
    return [err(lambda: tf.variable_scope("s", auxiliary_name_scope=x)) for x in [None, 0, 1]]


@case(A)
def case_failed_initializer_burns_name(tf):
    """An initializer that raises leaves no variable - the op name afterwards."""
    def bad(shape, dtype=None, partition_info=None):
        raise KeyError("bad")
    e = err(lambda: tf.get_variable("v", [1], initializer=bad))
    v = tf.get_variable("v", [1])
    return [e, v.name, names(tf.global_variables())]


@case(A)
def case_failed_shape_burns_name(tf):
    """The same where the initializer returns a wrong shape."""
    bad = lambda shape, dtype=None: tf.zeros_initializer()([3], dtype=dtype)
    t = etype(lambda: tf.get_variable("v", [2], initializer=bad))
    return [t, tf.get_variable("v", [2]).name, names(tf.global_variables())]


@case(A)
def case_failed_lookup_keeps_name(tf):
    """Errors before creation (exists / does not exist / no shape) do not use up an op name."""
    t = [etype(lambda: tf.get_variable("v")), etype(lambda: tf.get_variable("v", [1], dtype=tf.complex64)),
         etype(lambda: tf.get_variable("v", [1], initializer=tf.constant([1.0])))]
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        t.append(etype(lambda: tf.get_variable("v", [1])))
    return [t, tf.get_variable("v", [1]).name]


@case(A, "M", note="a port has no constant ops that take names")
def case_op_name_after_constants(tf):
    """Constants are ops and take names; a variable of that name is moved on."""
    tf.constant(1.0, name="c")
    with tf.variable_scope("s"):
        tf.constant(1.0, name="d")
        d = tf.get_variable("d", [1])
    return names([tf.get_variable("c", [1]), d])


@case(A, "R", tags="graph_api", note="the graph's uniquifier as a method of the name table")
def case_graph_unique_name(tf):
    """graph.unique_name counts, mark_as_used=False does not, and scopes prefix it."""
    g = tf.get_default_graph()
    out = [g.unique_name("a"), g.unique_name("a"), g.unique_name("a", mark_as_used=False), g.unique_name("a"), g.unique_name("A")]
    with tf.name_scope("s"):
        out += [g.unique_name("a"), g.unique_name("a")]
    v = tf.get_variable("a", [1])
    return out + [v.name]


@case(A, "R", tags="graph_api", note="the graph's uniquifier as a method of the name table")
def case_graph_unique_name_counter(tf):
    """A name first taken as 'a_1' by hand."""
    g = tf.get_default_graph()
    return [g.unique_name(n) for n in ["a_1", "a", "a", "a_1", "a", "b/c", "b", "b/c"]]


@case(A, "R", tags="graph_api", note="name scopes of the graph object")
def case_graph_name_scope(tf):
    """graph.name_scope and get_name_scope."""
    g = tf.get_default_graph()
    out = [g.get_name_scope()]
    with g.name_scope("a") as a:
        with tf.variable_scope("b"):
            out += [a, g.get_name_scope()]
        with g.name_scope(None) as n:
            out += [n, g.get_name_scope()]
        with g.name_scope("") as n:
            out += [n]
        with g.name_scope("x/y/") as n:
            out += [n, g.get_name_scope()]
    return out


@case(A, "R", tags="graph_api", note="collections through the graph object")
def case_graph_collections(tf):
    """Collections of the graph object are those of the module functions."""
    g = tf.get_default_graph()
    v = tf.get_variable("v", [1])
    g.add_to_collection("k", v)
    g.add_to_collections(["k", "l"], v)
    tf.add_to_collection("m", 1)
    return [names(tf.get_collection("k")), names(g.get_collection("l")), g.get_collection("m"),
            names(g.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, "v"))]


@case(A, "R", tags="graph_api", note="a list of the keys in use")
def case_graph_collection_keys(tf):
    """get_all_collection_keys lists string keys only; clear_collection empties."""
    g = tf.get_default_graph()
    tf.add_to_collection("k", 1)
    tf.add_to_collection(("t",), 2)
    a = sorted(k for k in g.get_all_collection_keys())
    b = sorted(str(k) for k in g.collections if isinstance(k, str))
    g.clear_collection("k")
    return [a, "k" in b, tf.get_collection("k"), tf.get_collection(("t",)), "k" in g.get_all_collection_keys()]


@case(A)
def case_slash_scope_reopened_by_parts(tf):
    """'a/b' and 'a' then 'b' share variables but not op scopes."""
    x = opened(tf.variable_scope("a/b"))
    with tf.variable_scope("a") as y:
        with tf.variable_scope("b") as z:
            v = tf.get_variable("v", [1])
    return [x.name == z.name, x.original_name_scope, y.original_name_scope, z.original_name_scope, v.name]


@case(A)
def case_empty_scope_counts(tf):
    """variable_scope('') repeated, and its op name scope inside a name_scope."""
    with tf.name_scope("n"):
        with tf.variable_scope("") as s:
            g = tf.get_variable("g", [1])
            v = tf.Variable(0.0, name="v")
        with tf.variable_scope("", auxiliary_name_scope=False) as t:
            w = tf.Variable(0.0, name="w")
    return [s.name, s.original_name_scope, g.name, v.name, t.original_name_scope, w.name]


@case(A)
def case_double_slash_names(tf):
    """Double slashes stay in keys and in op names."""
    x = tf.get_variable("a//b", [1])
    with tf.variable_scope("a/"):
        y = etype(lambda: tf.get_variable("b", [1]))
    with tf.variable_scope("a", reuse=True):
        z = tf.get_variable("/b") is x
    return [x.name, y, z]


@case(A, "R", note="an odd corner; a port may refuse an empty name outright")
def case_variable_name_none_and_empty(tf):
    """tf.Variable(name=None) is 'Variable'; name='' is what it is."""
    out = [tf.Variable(0.0, name=None).name]
    with tf.name_scope("n"):
        out.append(tf.Variable(0.0, name=None).name)
        out.append(err(lambda: out.append(tf.Variable(0.0, name="").name)))
    return out


@case(A)
def case_variable_default_name_vs_named(tf):
    """The unnamed 'Variable' shares its counter with those called so."""
    return names([tf.Variable(0.0, name="Variable"), tf.Variable(0.0), tf.Variable(0.0, name="variable"), tf.Variable(0.0)])


@case(A)
def case_numeric_names(tf):
    """Digits and dots are fine in names; '1' , '1_1'."""
    return names([tf.get_variable("1", [1]), tf.Variable(0.0, name="1"), tf.get_variable("a.b-c", [1]), tf.get_variable("x>y", [1])])


# ===== B. default_name ======================================================
B = "B default_name"


@case(B)
def case_scope_without_any_name(tf):
    """Neither name_or_scope nor default_name: TypeError, at construction."""
    return [err(lambda: tf.variable_scope(None)), err(lambda: tf.variable_scope(None, None, reuse=True))]


@case(B)
def case_default_name_empty_string(tf):
    """default_name='' counts as given: what it opens, twice."""
    return [both(opened(tf.variable_scope(None, ""))) for _ in range(2)]


@case(B)
def case_empty_name_with_default_name(tf):
    """name_or_scope='' with a default_name: the empty name wins."""
    out = []
    with tf.variable_scope("o"):
        out.append(both(opened(tf.variable_scope("", "d"))))
    out.append(both(opened(tf.variable_scope("", "d"))))
    return out


@case(B)
def case_default_name_with_slash(tf):
    """default_name='a/b' is numbered as a whole: a/b, a/b_1."""
    return [both(opened(tf.variable_scope(None, "a/b"))) for _ in range(3)]


@case(B)
def case_default_name_slash_vs_nested(tf):
    """default_name='a/b' after named 'a' > 'b': restarted on closing 'a', so 'a/b' is free again."""
    with tf.variable_scope("a"):
        opened(tf.variable_scope("b"))
    s = opened(tf.variable_scope(None, "a/b"))
    with tf.variable_scope("a"):
        t = opened(tf.variable_scope(None, "b"))
    return [s.name, t.name]


@case(B)
def case_default_name_slash_inside_open(tf):
    """An 'a/b' opened from root counts for default_name 'b' inside 'a'."""
    opened(tf.variable_scope("a/b"))
    with tf.variable_scope("a"):
        s = opened(tf.variable_scope(None, "b"))
        t = opened(tf.variable_scope(None, "b"))
    u = opened(tf.variable_scope(None, "a/b"))
    return [s.name, t.name, u.name]


@case(B)
def case_default_name_trailing_slash(tf):
    """default_name='d/' : numbered after the slash."""
    return [both(opened(tf.variable_scope(None, "d/"))) for _ in range(2)]


@case(B)
def case_default_name_after_named(tf):
    """Named 'd', then default 'd': d_1; named 'd' again is 'd'; default: d_2."""
    return [opened(tf.variable_scope(*a)).name for a in [("d",), (None, "d"), ("d",), (None, "d")]]


@case(B)
def case_default_name_case_sensitive(tf):
    """Variable scope counters are case-sensitive, op scopes are not."""
    return [both(opened(tf.variable_scope(None, d))) for d in ["D", "d", "D", "d"]]


@case(B)
def case_default_name_variables_do_not_count(tf):
    """A variable of that name does not count for default_name, but for its op scope."""
    tf.get_variable("d", [1])
    with tf.variable_scope(None, "d") as s:
        return [s.name, s.original_name_scope, tf.get_variable("v", [1]).name]


@case(B)
def case_default_name_collides_with_variable_key(tf):
    """A slashed variable made before is met by the default_name scope: already exists."""
    tf.get_variable("d/v", [1])
    with tf.variable_scope(None, "d"):
        return err(lambda: tf.get_variable("v", [1]))


@case(B)
def case_default_name_name_scope_independent(tf):
    """Under different name scopes the default_name counter is one and the same."""
    out = []
    for n in ["x", "y"]:
        with tf.name_scope(n):
            out.append(both(opened(tf.variable_scope(None, "d"))))
    return out


@case(B)
def case_default_name_in_jump(tf):
    """Inside a jump to a captured scope counters go on from the current ones."""
    out = []
    with tf.variable_scope("a") as a:
        out.append(opened(tf.variable_scope(None, "d")).name)
        with tf.variable_scope(a):
            out.append(opened(tf.variable_scope(None, "d")).name)
        out.append(opened(tf.variable_scope(None, "d")).name)
    return out


@case(B)
def case_default_name_in_jump_elsewhere(tf):
    """Jump from another scope into a closed one: its children start afresh; nothing is left behind."""
    out = []
    with tf.variable_scope("a") as a:
        opened(tf.variable_scope(None, "d"))
    with tf.variable_scope("b"):
        out.append(opened(tf.variable_scope(None, "d")).name)
        with tf.variable_scope(a):
            for _ in range(2):
                out.append(opened(tf.variable_scope(None, "d")).name)
        out.append(opened(tf.variable_scope(None, "d")).name)
        with tf.variable_scope(a):
            out.append(opened(tf.variable_scope(None, "d")).name)
    return out


@case(B)
def case_default_name_nested_jumps(tf):
    """A jump inside a jump: the inner one's counts are dropped on leaving it."""
    out = []
    root = tf.get_variable_scope()
    with tf.variable_scope(root):
        out.append(opened(tf.variable_scope(None, "d")).name)
        with tf.variable_scope(root):
            out.append(opened(tf.variable_scope(None, "d")).name)
        out.append(opened(tf.variable_scope(None, "d")).name)
    out.append(opened(tf.variable_scope(None, "d")).name)
    return out


@case(B)
def case_jump_counts_captured_name(tf):
    """A jump into 'd' counts for nothing once it is left: the next unnamed 'd' is 'd_1'."""
    d = opened(tf.variable_scope("d"))
    e = opened(tf.variable_scope(None, "e"))
    with tf.variable_scope(d):
        x = opened(tf.variable_scope(None, "d"))
    y = opened(tf.variable_scope(None, "d"))
    return [x.name, y.name, e.name]


@case(B)
def case_default_name_with_exception(tf):
    """A scope left by an exception has counted all the same, and its children restart."""
    def bad():
        with tf.variable_scope(None, "d"):
            with tf.variable_scope(None, "c"):
                raise KeyError("k")
    etype(bad)
    out = []
    with tf.variable_scope(None, "d") as s:
        t = opened(tf.variable_scope(None, "c"))
    with tf.variable_scope("d"):
        u = opened(tf.variable_scope(None, "c"))
    return [s.name, t.name, u.name]


@case(B)
def case_default_name_refused_counts_not(tf):
    """Refused with reuse=True, a default_name has not counted (nor taken an op scope)."""
    t = etype(lambda: opened(tf.variable_scope(None, "d", reuse=True)))
    with tf.variable_scope(None, "d") as s:
        return [t, s.name, s.original_name_scope]


@case(B)
def case_default_name_invalid_name(tf):
    """An invalid default_name is refused by the op name scope."""
    return [err(lambda: opened(tf.variable_scope(None, "a b"))), tf.get_variable_scope().name]


@case(B)
def case_default_name_wrong_type(tf):
    """default_name must be a string: TypeError on entering."""
    return etype(lambda: opened(tf.variable_scope(None, 5)))


@case(B)
def case_default_name_false_reuse(tf):
    """reuse=False with default_name is fine; inside a reusing parent the fresh scope reuses."""
    with tf.variable_scope(None, "d", reuse=False) as s:
        a = reuse_name(s)
    with tf.variable_scope("p", reuse=True):
        with tf.variable_scope(None, "d") as t:
            return [s.name, a, t.name, reuse_name(t), err(lambda: tf.get_variable("v", [1]))]


@case(B)
def case_default_name_under_reuse_finds(tf):
    """Inside a reopened parent with reuse=True the restarted numbering finds the variables again."""
    made = []
    for r in [None, True]:
        with tf.variable_scope("net", reuse=r):
            for _ in range(2):
                with tf.variable_scope(None, "fc"):
                    made.append(tf.get_variable("w", [1]))
    return [names(made), made[0] is made[2], made[1] is made[3]]


@case(B)
def case_default_name_aux_false_diverges(tf):
    """auxiliary_name_scope=False and True mixed: variable prefixes count on, op scopes only where opened."""
    return [both(opened(tf.variable_scope(None, "d", auxiliary_name_scope=aux))) for aux in [True, False, True]]


@case(B)
def case_default_name_reentered_elsewhere(tf):
    """A default_name object entered again under another parent keeps its chosen last name."""
    cm = tf.variable_scope(None, "d")
    opened(tf.variable_scope(None, "d"))
    a = opened(cm)
    with tf.variable_scope("p"):
        b = opened(cm)
        c = opened(tf.variable_scope(None, "d"))
    return [a.name, b.name, c.name]


@case(B)
def case_default_name_object_moved(tf):
    """A default_name object entered again below another scope: same last name, new prefix."""
    cm = tf.variable_scope(None, "d")
    with cm as a:
        opened(tf.variable_scope("x"))
    with tf.variable_scope("o"):
        with cm as b:
            n = tf.get_variable("v", [1]).name
    return [a.name, b.name, n]


@case(B)
def case_default_name_custom_suffix_gap(tf):
    """Gaps are filled: with d_2 opened by name, default gives d, d_1, d_3."""
    opened(tf.variable_scope("d_2"))
    return [opened(tf.variable_scope(None, "d")).name for _ in range(3)]


@case(B)
def case_default_name_of_suffix(tf):
    """default_name='d_1' has its own numbering: d_1, d_1_1, and is respected by 'd'."""
    return [opened(tf.variable_scope(None, n)).name for n in ["d_1", "d_1", "d", "d"]]


@case(B)
def case_default_name_with_values(tf):
    """variable_scope(None, default, values): the third positional argument."""
    v = tf.get_variable("v", [1])
    s = opened(tf.variable_scope(None, "d", [v]))
    t = opened(tf.variable_scope("n", "d", [v, 1.0, None]))
    return [s.name, t.name]


@case(B)
def case_default_name_deep_restart(tf):
    """Closing the outermost scope restarts all levels below."""
    out = []
    for _ in range(2):
        with tf.variable_scope("a"):
            with tf.variable_scope("b"):
                for _ in range(2):
                    out.append(opened(tf.variable_scope(None, "c")).name)
            out.append(opened(tf.variable_scope(None, "b")).name)
    return out


@case(B)
def case_default_name_prefix_restart(tf):
    """Closing 'a' does not restart 'ab/..': only what lies below 'a/'."""
    opened(tf.variable_scope("ab/x"))
    opened(tf.variable_scope("a"))
    return opened(tf.variable_scope(None, "ab/x")).name


@case(B)
def case_variable_op_scope(tf):
    """variable_op_scope(values, name_or_scope, default_name, ...): the old argument order."""
    out = []
    with tf.variable_op_scope([], "s", "d") as s:
        out.append([s.name, tf.get_variable("v", [1]).name])
    for _ in range(2):
        with tf.variable_op_scope([], None, "d") as s:
            out.append([s.name, tf.get_variable("v", [1]).name])
    with tf.variable_op_scope([], s, reuse=True) as t:
        out.append([t.name, tf.get_variable("v").name])
    return out


@case(B)
def case_variable_op_scope_arguments(tf):
    """variable_op_scope passes the defaults on."""
    init, reg = tf.zeros_initializer(), (lambda v: None)
    with tf.variable_op_scope(None, "s", "d", init, reg, dtype=tf.float16, reuse=tf.AUTO_REUSE) as s:
        v = tf.get_variable("v", [1])
    return [s.initializer is init, s.regularizer is reg, dt(v), reuse_name(s)]


@case(B)
def case_variable_op_scope_errors(tf):
    """variable_op_scope without any name, and with reuse and default only."""
    def go(*a, **k):
        opened(tf.variable_op_scope(*a, **k))
    return [err(lambda: go([], None)), err(lambda: go([], None, "d", reuse=True)), err(lambda: go([], 5))]


# ===== C. reuse =============================================================
C = "C reuse"


@case(C)
def case_reuse_matrix_nested(tf):
    """Every parent flag x every child flag."""
    out = []
    for p in [None, False, True, tf.AUTO_REUSE]:
        row = []
        with tf.variable_scope("p", reuse=p):
            for c in [None, False, True, tf.AUTO_REUSE]:
                row.append(reuse_name(opened(tf.variable_scope("c", reuse=c))))
        out.append(row)
    return out


@case(C)
def case_reuse_matrix_captured(tf):
    """Every captured flag x every flag on re-entry, from inside a reusing scope."""
    out = []
    for p in [None, False, True, tf.AUTO_REUSE]:
        row = []
        cap = opened(tf.variable_scope("p", reuse=p))
        with tf.variable_scope("other", reuse=True):
            for c in [None, False, True, tf.AUTO_REUSE]:
                row.append(reuse_name(opened(tf.variable_scope(cap, reuse=c))))
        out.append(row)
    return out


@case(C)
def case_reuse_constructed_scope(tf):
    """A VariableScope constructed by hand with reuse True / None / AUTO and entered."""
    out = []
    for r in [True, False, None, tf.AUTO_REUSE]:
        sc = tf.VariableScope(r, name="made")
        with tf.variable_scope(sc) as s:
            out.append([reuse_name(sc), reuse_name(s), s.name])
    return out


@case(C)
def case_reuse_auto_captured_then_true(tf):
    """AUTO_REUSE captured, re-entered with True: strict for that entry."""
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE) as cap:
        v = tf.get_variable("v", [1])
    with tf.variable_scope(cap, reuse=True):
        out = [tf.get_variable("v", [1]) is v, err(lambda: tf.get_variable("w", [1]))]
    with tf.variable_scope(cap):
        return out + [tf.get_variable("w", [1]).name]


@case(C)
def case_reuse_variables_root(tf):
    """reuse_variables() on the root scope reaches scopes opened later, and get_variable at root."""
    v = tf.get_variable("v", [1])
    tf.get_variable_scope().reuse_variables()
    with tf.variable_scope("s") as s:
        r = reuse_name(s)
        e = err(lambda: tf.get_variable("v", [1]))
    return [tf.get_variable("v", [1]) is v, r, e, reuse_name(tf.get_variable_scope())]


@case(C)
def case_reuse_variables_ends_with_scope(tf):
    """reuse_variables() inside a scope ends with it."""
    with tf.variable_scope("s"):
        tf.get_variable("v", [1])
        tf.get_variable_scope().reuse_variables()
        tf.get_variable("v", [1])
    with tf.variable_scope("s") as s:
        return [reuse_name(s), err(lambda: tf.get_variable("v", [1]))]


@case(C)
def case_reuse_variables_child_then_parent(tf):
    """reuse_variables() on a child does not reach the parent or a sibling."""
    with tf.variable_scope("p") as p:
        with tf.variable_scope("c") as c:
            c.reuse_variables()
        with tf.variable_scope("d") as d:
            return [reuse_name(p), reuse_name(c), reuse_name(d)]


@case(C)
def case_reuse_variables_returns_none(tf):
    """reuse_variables() returns nothing and may be repeated."""
    with tf.variable_scope("p") as p:
        return [p.reuse_variables(), p.reuse_variables(), reuse_name(p)]


@case(C)
def case_reuse_property_read_only(tf):
    """scope.reuse cannot be assigned."""
    with tf.variable_scope("p") as p:
        def put():
            p.reuse = True
        return etype(put)


@case(C)
def case_reuse_unknown_keyword_get_variable(tf):
    """get_variable takes no reuse argument."""
    return err(lambda: tf.get_variable("v", [1], reuse=True))


@case(C)
def case_reuse_bad_values_more(tf):
    """Falsy others (0, '') are refused too, and enum members of another kind."""
    return [err(lambda: tf.variable_scope("s", reuse=x)) for x in
            [0, "", "AUTO_REUSE", tf.VariableSynchronization.AUTO]]


@case(C)
def case_reuse_same_object_many(tf):
    """AUTO_REUSE over several scope spellings gives one object."""
    out = []
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE) as a:
        with tf.variable_scope("b"):
            out.append(tf.get_variable("v", [1]))
        out.append(tf.get_variable("b/v", [1]))
    with tf.variable_scope("a/b", reuse=tf.AUTO_REUSE):
        out.append(tf.get_variable("v", [1]))
    with tf.variable_scope(a):
        out.append(tf.get_variable("b/v", [1]))
    return [all(v is out[0] for v in out), out[0].name]


@case(C)
def case_reuse_shape_partially_given(tf):
    """On reuse a compatible shape with unknown dims, an int-like one, None: accepted."""
    v = tf.get_variable("v", [2, 3])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [tf.get_variable("v", s) is v for s in [[None, 3], (2, None), None, [2, 3], (2, 3)]] + [
            err(lambda: tf.get_variable("v", [None, 4])), err(lambda: tf.get_variable("v", [])), err(lambda: tf.get_variable("v", 6))]


@case(C)
def case_reuse_scalar_shape_mismatch(tf):
    """A scalar variable reused with shape [1], and the other way round."""
    tf.get_variable("s", [])
    tf.get_variable("o", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [err(lambda: tf.get_variable("s", [1])), err(lambda: tf.get_variable("o", []))]


@case(C)
def case_reuse_dtype_mismatch(tf):
    """dtype mismatches on reuse, by argument and by scope; the shape is checked first."""
    with tf.variable_scope("a"):
        tf.get_variable("v", [1])
    with tf.variable_scope("a", reuse=True):
        out = [err(lambda: tf.get_variable("v", [1], dtype=tf.int32)),
               err(lambda: tf.get_variable("v", [2], dtype=tf.int32))]
    with tf.variable_scope("a", reuse=True, dtype=tf.float16):
        out.append(err(lambda: tf.get_variable("v", [1])))
        out.append(tf.get_variable("v", [1], dtype=tf.float32).name)
    return out


@case(C)
def case_reuse_int_constant_auto(tf):
    """AUTO_REUSE with an integer constant initializer: the second call fails over the default float32."""
    def go(**kw):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            return tf.get_variable("v", initializer=tf.constant([1]), **kw)
    v = go()
    return [dt(v), err(go), go(dtype=tf.int32) is v]


@case(C)
def case_reuse_shape_with_constant(tf):
    """On reuse shape together with a constant initializer is refused as well; without the initializer fine."""
    v = tf.get_variable("v", initializer=tf.constant([1.0, 2.0]))
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [err(lambda: tf.get_variable("v", [2], initializer=tf.constant([1.0, 2.0]))), tf.get_variable("v", [2]) is v]


@case(C)
def case_reuse_order_of_checks(tf):
    """Already exists comes after the shape-with-constant check and before no-shape."""
    tf.get_variable("v", [1])
    return [err(lambda: tf.get_variable("v", [1], initializer=tf.constant([1.0]))), err(lambda: tf.get_variable("v")),
            err(lambda: tf.get_variable("v", initializer=3))]


@case(C)
def case_reuse_missing_order(tf):
    """Under reuse=True the missing variable is reported before a missing shape or initializer."""
    with tf.variable_scope("s", reuse=True):
        return [err(lambda: tf.get_variable("v")), err(lambda: tf.get_variable("v", dtype=tf.complex64)),
                err(lambda: tf.get_variable("v", [1], initializer=lambda x: 1))]


@case(C)
def case_reuse_ignores_initializer(tf):
    """On reuse another initializer class is ignored; an invalid one too."""
    v = tf.get_variable("v", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [tf.get_variable("v", [1], initializer=tf.ones_initializer()) is v,
                tf.get_variable("v", [1], initializer=lambda x, y, z: None) is v,
                tf.get_variable("v", initializer=tf.ones_initializer) is v]


@case(C)
def case_reuse_no_second_collection(tf):
    """Reusing does not add to collections again."""
    for _ in range(3):
        with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
            tf.get_variable("v", [1], collections=["k", tf.GraphKeys.GLOBAL_VARIABLES], regularizer=lambda v: tf.constant(0.0))
    return [len(tf.get_collection("k")), len(tf.global_variables()), len(tf.trainable_variables()), len(loss_names(tf))]


@case(C)
def case_reuse_name_differs_from_key(tf):
    """Reuse goes by key: a variable whose op name was moved on is found under its key, not its name."""
    opened(tf.name_scope("v"))
    v = tf.get_variable("v", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [v.name, tf.get_variable("v") is v, err(lambda: tf.get_variable("v_1"))]


@case(C)
def case_reuse_after_already_exists(tf):
    """'already exists' leaves the first variable and the scope usable."""
    with tf.variable_scope("s") as s:
        v = tf.get_variable("v", [1])
        t = etype(lambda: tf.get_variable("v", [1]))
        s.reuse_variables()
        return [t, tf.get_variable("v", [1]) is v]


@case(C)
def case_context_object_reuse_under_auto(tf):
    """A plain scope object entered under AUTO_REUSE keeps AUTO; entered under True later it stays AUTO."""
    cm = tf.variable_scope("c")
    out = []
    with tf.variable_scope("p", reuse=tf.AUTO_REUSE):
        out.append(reuse_name(opened(cm)))
    with tf.variable_scope("q", reuse=True):
        out.append(reuse_name(opened(cm)))
    out.append(reuse_name(opened(cm)))
    return out


@case(C)
def case_context_object_own_reuse(tf):
    """An object with its own reuse keeps it everywhere."""
    cm = tf.variable_scope("c", reuse=tf.AUTO_REUSE)
    out = []
    for r in [None, True]:
        with tf.variable_scope("p", reuse=r):
            with cm as s:
                out.append([reuse_name(s), tf.get_variable("v", [1]).name])
    return out


@case(C)
def case_context_object_captured_reuse(tf):
    """variable_scope(captured) objects: flags set on the captured one after construction, before entering."""
    cap = opened(tf.variable_scope("a"))
    cm = tf.variable_scope(cap)
    cap.reuse_variables()
    with cm as s:
        return [reuse_name(s), s is cap]


# ===== L. VariableScope objects =============================================
L = "L VariableScope"


@case(L)
def case_scope_defaults(tf):
    """All properties of the root scope and of a plain one."""
    def row(s):
        return [s.name, s.original_name_scope, reuse_name(s), s.initializer, dt(s.dtype), s.regularizer,
                s.caching_device, s.partitioner, s.custom_getter, s.constraint, s.use_resource]
    out = [row(tf.get_variable_scope())]
    with tf.variable_scope("s") as s:
        return out + [row(s)]


@case(L)
def case_scope_all_properties(tf):
    """All properties given are read back."""
    i, r, p, g, c = tf.zeros_initializer(), (lambda v: None), (lambda shape, dtype: [1]), (lambda getter, *a, **k: getter(*a, **k)), (lambda x: x)
    with tf.variable_scope("s", initializer=i, regularizer=r, caching_device="/cpu:0", partitioner=p, custom_getter=g,
                           reuse=True, dtype=tf.int32, use_resource=True, constraint=c) as s:
        return [s.initializer is i, s.regularizer is r, s.caching_device, s.partitioner is p, s.custom_getter is g,
                reuse_name(s), dt(s.dtype), s.use_resource, s.constraint is c]


@case(L)
def case_scope_setters(tf):
    """All setters, with the values read back and inherited by a child."""
    i, r, p, g = tf.zeros_initializer(), (lambda v: None), (lambda shape, dtype: [1]), (lambda getter, *a, **k: getter(*a, **k))
    with tf.variable_scope("s") as s:
        out = [s.set_initializer(i), s.set_regularizer(r), s.set_caching_device("/cpu:0"), s.set_partitioner(p),
               s.set_custom_getter(g), s.set_dtype(tf.float16), s.set_use_resource(True)]
        with tf.variable_scope("t") as t:
            return out + [t.initializer is i, t.regularizer is r, t.caching_device, t.partitioner is p,
                          t.custom_getter is g, dt(t.dtype), t.use_resource]


@case(L)
def case_scope_setters_none(tf):
    """Setters can switch a default off again (unlike arguments)."""
    with tf.variable_scope("s", initializer=tf.ones_initializer(), regularizer=lambda v: tf.constant(0.0),
                           partitioner=tf.fixed_size_partitioner(2)) as s:
        s.set_initializer(None)
        s.set_regularizer(None)
        s.set_partitioner(None)
        s.set_custom_getter(None)
        v = tf.get_variable("v", [4])
    return [v.name, s.initializer, len(loss_names(tf))]


@case(L)
def case_scope_no_constraint_setter(tf):
    """There is no set_constraint; properties are read-only."""
    with tf.variable_scope("s") as s:
        def put(a):
            return etype(lambda: setattr(s, a, None))
        return [hasattr(s, "set_constraint")] + [put(a) for a in ["name", "initializer", "dtype", "original_name_scope", "custom_getter"]]


@case(L)
def case_scope_constructor(tf):
    """VariableScope(reuse, name=..., ...) by hand: properties."""
    i = tf.zeros_initializer()
    s = tf.VariableScope(None, name="made", initializer=i, dtype=tf.float16, name_scope="ns")
    return [s.name, s.original_name_scope, reuse_name(s), s.initializer is i, dt(s.dtype), s.regularizer, s.use_resource]


@case(L)
def case_scope_constructor_defaults(tf):
    """VariableScope(reuse) alone."""
    s = tf.VariableScope(True)
    return [s.name, s.original_name_scope, reuse_name(s), dt(s.dtype)]


@case(L)
def case_scope_constructor_entered(tf):
    """A hand-made scope is entered like a captured one."""
    s = tf.VariableScope(None, name="made/here", dtype=tf.float16, name_scope="ns/")
    with tf.variable_scope("o"):
        with tf.variable_scope(s) as t:
            g = tf.get_variable("g", [1])
            v = tf.Variable(0.0, name="v")
    return [t.name, t.original_name_scope, g.name, v.name, dt(g), t is s]


@case(L)
def case_scope_signature(tf):
    """Parameter names of the VariableScope constructor and of make_template's neighbours."""
    f = tf.VariableScope.__init__
    return [p for p in inspect.signature(f).parameters if p != "self"]


@case(L)
def case_more_signatures(tf):
    """Parameter names of further entry points."""
    def sig(f):
        return [p for p in inspect.signature(f).parameters if p != "self"]
    return {n: sig(getattr(tf, n)) for n in ["get_collection", "get_collection_ref", "add_to_collection", "add_to_collections",
            "global_variables", "trainable_variables", "local_variables", "model_variables", "create_partitioned_variables",
            "variable_creator_scope", "no_regularizer", "get_variable_scope"]}


@case(L)
def case_scope_collections_methods(tf):
    """global_variables / trainable_variables / local_variables / get_collection of a scope."""
    with tf.variable_scope("a") as a:
        tf.get_variable("g", [1])
        tf.get_variable("n", [1], trainable=False)
        tf.get_local_variable("l", [1])
        tf.get_variable("k", [1], collections=["mine"])
        with tf.variable_scope("b"):
            tf.get_variable("g", [1])
    tf.get_variable("ab", [1])
    return [names(a.global_variables()), names(a.trainable_variables()), names(a.local_variables()),
            names(a.get_collection("mine")), a.get_collection("none")]


@case(L)
def case_root_collections_methods(tf):
    """The root scope's methods list everything (no prefix)."""
    tf.get_variable("v", [1])
    with tf.variable_scope("a"):
        tf.get_variable("v", [1])
        tf.get_local_variable("l", [1])
    r = tf.get_variable_scope()
    tf.add_to_collection("k", 3)
    return [names(r.global_variables()), names(r.trainable_variables()), names(r.local_variables()), r.get_collection("k")]


@case(L)
def case_scope_get_collection_regex(tf):
    """A scope's name is used as a regular expression, unescaped, with '/'."""
    with tf.variable_scope("a.b") as s:
        tf.get_variable("v", [1])
    with tf.variable_scope("aXb"):
        tf.get_variable("v", [1])
    return [names(s.global_variables()), names(s.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES))]


@case(L)
def case_scope_methods_of_constructed(tf):
    """A hand-made scope of that name lists the same variables."""
    with tf.variable_scope("a"):
        tf.get_variable("v", [1])
    tf.get_variable("ab", [1])
    return [names(tf.VariableScope(None, name="a").global_variables()), names(tf.VariableScope(None, name="").global_variables())]


@case(L)
def case_scope_sees_partition_shards(tf):
    """A scope lists the shards of a partitioned variable."""
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2)) as a:
        tf.get_variable("v", [4])
    return [names(a.global_variables()), names(a.trainable_variables())]


@case(L)
def case_captured_arguments_override(tf):
    """Arguments on re-entry replace the captured defaults for that entry only."""
    i, j = tf.zeros_initializer(), tf.ones_initializer()
    cap = opened(tf.variable_scope("a", initializer=i, dtype=tf.float16))
    with tf.variable_scope(cap, initializer=j, dtype=tf.int32, regularizer=tf.no_regularizer) as s:
        one = [s.initializer is j, dt(s.dtype), s.regularizer is tf.no_regularizer]
    with tf.variable_scope(cap) as s:
        return one + [s.initializer is i, dt(s.dtype), s.regularizer, cap.initializer is i]


@case(L)
def case_captured_constraint_given(tf):
    """A constraint given on re-entry holds; the captured one alone does not."""
    f, h = (lambda x: x), (lambda x: x)
    cap = opened(tf.variable_scope("a", constraint=f))
    with tf.variable_scope(cap, constraint=h) as s:
        a = tf.get_variable("v", [1]).constraint is h
    with tf.variable_scope(cap) as t:
        return [a, s.constraint is h, t.constraint, cap.constraint is f]


@case(L)
def case_setters_on_copy(tf):
    """Setters on the copy do not change the captured original nor a later copy."""
    cap = opened(tf.variable_scope("a"))
    with tf.variable_scope(cap) as s:
        s.set_dtype(tf.float16)
        s.set_initializer(tf.ones_initializer())
    with tf.variable_scope(cap) as t:
        return [dt(cap.dtype), dt(t.dtype), t.initializer]


@case(L)
def case_setters_after_close(tf):
    """Setters on a closed scope count for later entries of the object, not of the string."""
    cap = opened(tf.variable_scope("a"))
    cap.set_dtype(tf.float16)
    with tf.variable_scope(cap) as s:
        t = opened(tf.variable_scope("a"))
    with tf.variable_scope("a") as u:
        return [dt(s.dtype), dt(t.dtype), dt(u.dtype)]


@case(L)
def case_setter_does_not_reach_open_child(tf):
    """A child copies defaults when it opens."""
    with tf.variable_scope("p") as p:
        with tf.variable_scope("c") as c:
            p.set_dtype(tf.float16)
            a = dt(tf.get_variable("v", [1]))
        with tf.variable_scope("c2") as d:
            return [a, dt(c.dtype), dt(d.dtype)]


@case(L)
def case_captured_from_inside(tf):
    """Re-entering the current scope from inside: same prefix, a copy; setters on the copy end with it."""
    with tf.variable_scope("a") as a:
        with tf.variable_scope(a) as b:
            b.reuse_variables()
            n = [b.name, b is a, op_prefix(tf)]
        return n + [reuse_name(a), tf.get_variable_scope() is a]


@case(L)
def case_captured_parent_from_child(tf):
    """Jump to the parent from a child and back."""
    with tf.variable_scope("a") as a:
        with tf.variable_scope("b") as b:
            with tf.variable_scope(a):
                x = tf.get_variable("x", [1])
                with tf.variable_scope(b):
                    y = tf.get_variable("y", [1])
            z = tf.get_variable("z", [1])
    return names([x, y, z])


@case(L)
def case_captured_multi_level_op_scopes(tf):
    """Re-entering nested captured scopes: op scopes are opened below the current one by last component."""
    with tf.variable_scope("a"):
        b = opened(tf.variable_scope("b"))
    out = []
    for _ in range(2):
        with tf.variable_scope(b) as s:
            out += [s.name, s.original_name_scope, op_prefix(tf)]
    with tf.variable_scope("c"):
        with tf.variable_scope(b):
            with tf.variable_scope("d") as d:
                out += [d.name, d.original_name_scope]
    return out


@case(L)
def case_captured_from_name_scope(tf):
    """original_name_scope of a scope captured inside name scopes, re-entered with the safe idiom."""
    with tf.name_scope("n"):
        cap = opened(tf.variable_scope("a"))
    out = []
    for _ in range(2):
        with tf.variable_scope(cap, auxiliary_name_scope=False) as s:
            with tf.name_scope(s.original_name_scope):
                out.append(tf.Variable(0.0, name="v").name)
    return [cap.original_name_scope] + out


@case(L)
def case_original_name_scope_of_copy_of_copy(tf):
    """A copy of a copy still reports the first op scope."""
    a = opened(tf.variable_scope("a"))
    with tf.name_scope("x"):
        b = opened(tf.variable_scope(a))
    with tf.name_scope("y"):
        with tf.variable_scope(b) as c:
            p = op_prefix(tf)
    return [a.original_name_scope, b.original_name_scope, c.original_name_scope, p]


@case(L)
def case_exception_restores_scope(tf):
    """An exception inside nested scopes passes through and restores name, op scope and reuse."""
    def bad():
        with tf.variable_scope("a", reuse=True):
            with tf.variable_scope("b"):
                raise KeyError("k")
    with tf.variable_scope("o") as o:
        t = etype(bad)
        return [t, tf.get_variable_scope() is o, op_prefix(tf), tf.get_variable("v", [1]).name]


@case(L)
def case_exception_in_jump_restores(tf):
    """The same for a jump, counters included."""
    a = opened(tf.variable_scope("a"))
    def bad():
        with tf.variable_scope(a):
            with tf.variable_scope(None, "d"):
                raise KeyError("k")
    t = etype(bad)
    with tf.variable_scope(a):
        with tf.variable_scope(None, "d") as s:
            return [t, s.name]


@case(L)
def case_error_on_entering_restores(tf):
    """A scope refused on entering (wrong type) leaves the current scope usable."""
    with tf.variable_scope("o") as o:
        t = err(lambda: opened(tf.variable_scope(5)))
        ok = tf.get_variable_scope() is o
        with tf.variable_scope("i") as i:
            return [t, ok, i.name, op_prefix(tf)]


@case(L)
def case_scope_wrong_types(tf):
    """Other wrong types: a list, bytes, a number zero, a name_scope."""
    def go(x):
        return opened(tf.variable_scope(x)).name
    return [err(lambda: go(x)) for x in [["a"], 0, tf.name_scope("n"), 1.5]]


@case(L, "R", note="an accident: the object keeps only its last entry; a port may handle recursion properly")
def case_context_object_recursive(tf):
    """A string scope object entered inside itself: the inner entry works, leaving the outer one is improper nesting."""
    cm = tf.variable_scope("foo")
    out = []
    with cm as a:
        def inner():
            out.append(opened(cm).name)
        out.append(err(inner))
        out.append(tf.get_variable_scope().name)
        out.append(a.name)
    return out


@case(L)
def case_context_object_exit_twice(tf):
    """Exit without enter."""
    cm = tf.variable_scope("foo")
    return etype(lambda: cm.__exit__(None, None, None))


@case(L)
def case_improper_nesting_deep(tf):
    """Leaving the outer of three scopes: RuntimeError; then the current scope."""
    outer = tf.variable_scope("a")
    outer.__enter__()
    with tf.variable_scope("b"):
        with tf.variable_scope("c"):
            e = err(lambda: outer.__exit__(None, None, None))
            return [e, tf.get_variable_scope().name]


@case(L)
def case_scope_attributes_after_close(tf):
    """A scope object stays readable after it closed."""
    s = opened(tf.variable_scope("a", initializer=tf.ones_initializer(), reuse=True))
    return [s.name, s.original_name_scope, reuse_name(s), dt(s.dtype), tf.get_variable_scope().name]


@case(L)
def case_scope_dtype_inheritance(tf):
    """dtype of a scope: inherited, replaced, strings and numpy types accepted."""
    import numpy as np
    out = []
    with tf.variable_scope("a", dtype="float16"):
        out.append(dt(tf.get_variable("v", [1])))
        with tf.variable_scope("b"):
            out.append(dt(tf.get_variable("v", [1])))
        with tf.variable_scope("c", dtype=np.int32):
            out.append(dt(tf.get_variable("v", [1])))
            out.append(dt(tf.get_variable("w", [1], dtype=tf.float32)))
    return out


@case(L)
def case_scope_initializer_class(tf):
    """A class as a scope's initializer is kept as the class and instantiated per variable."""
    with tf.variable_scope("a", initializer=tf.ones_initializer) as s:
        v = tf.get_variable("v", [2])
    return [s.initializer is tf.ones_initializer, shp(v)]


@case(L, tags="values")
def case_scope_initializer_constant(tf):
    """A constant (not callable) as a scope's initializer gives every variable shape and value - and forbids shape."""
    with tf.variable_scope("a", initializer=tf.constant([1.0, 2.0])):
        v = tf.get_variable("v")
        return [shp(v), tf.initial_values(v), err(lambda: tf.get_variable("w", [2]))]


@case(L)
def case_scope_initializer_number(tf):
    """A number as a scope's initializer: dtype from the value; with an explicit dtype that differs."""
    with tf.variable_scope("a", initializer=3):
        v = tf.get_variable("v")
        return [shp(v), dt(v), dt(tf.get_variable("w", dtype=tf.float32))]


@case(L)
def case_use_resource_inheritance(tf):
    """use_resource: explicit False, inherited, replaced."""
    out = []
    with tf.variable_scope("a", use_resource=False) as a:
        out.append(a.use_resource)
        with tf.variable_scope("b") as b:
            out.append(b.use_resource)
        with tf.variable_scope("c", use_resource=True) as c:
            out.append(c.use_resource)
    return out


@case(L)
def case_get_variable_scope_is_stable(tf):
    """get_variable_scope() returns the same object again and again."""
    with tf.variable_scope("a"):
        x = tf.get_variable_scope() is tf.get_variable_scope()
    with tf.name_scope("n"):
        y = tf.get_variable_scope() is tf.get_variable_scope()
    return [x, y, tf.get_variable_scope().name]


# ===== M. threads ===========================================================
M_ = "M threads"


@case(M_)
def case_thread_starts_at_root(tf):
    """A new thread starts at the root scope, whatever is open in the main thread."""
    with tf.variable_scope("main", reuse=True, dtype=tf.float16):
        return tf.in_thread(lambda: [tf.get_variable_scope().name, reuse_name(tf.get_variable_scope()),
                                     dt(tf.get_variable_scope().dtype), tf.get_variable("v", [1]).name, op_prefix(tf)])


@case(M_)
def case_thread_default_name_counters(tf):
    """default_name counters are per thread; op name scopes are shared."""
    def work():
        return both(opened(tf.variable_scope(None, "d")))
    return [work(), tf.in_thread(work), tf.in_thread(work), work()]


@case(M_)
def case_thread_store_shared(tf):
    """Variables are shared over threads: already exists, or AUTO_REUSE."""
    v = tf.get_variable("v", [1])
    def work():
        out = [err(lambda: tf.get_variable("v", [1]))]
        opened(tf.variable_scope("", reuse=tf.AUTO_REUSE))
        with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
            out.append(tf.get_variable("v", [1]) is v)
        return out
    return tf.in_thread(work)


@case(M_)
def case_thread_captured_defaults(tf):
    """A captured scope brings reuse and defaults to the thread."""
    with tf.variable_scope("main", dtype=tf.float16) as main:
        v = tf.get_variable("v", [1])
        main.reuse_variables()
    def work():
        with tf.variable_scope(main) as s:
            return [reuse_name(s), tf.get_variable("v", [1]) is v, dt(s.dtype), s.original_name_scope, op_prefix(tf)]
    return tf.in_thread(work)


@case(M_)
def case_thread_open_name_scope(tf):
    """An op name scope open in the main thread is not current in the thread, yet names stay unique."""
    with tf.name_scope("n"):
        tf.Variable(0.0, name="v")
        a = tf.in_thread(lambda: tf.Variable(0.0, name="v").name)
        b = tf.in_thread(lambda: tf.Variable(0.0, name="v").name)
    return [a, b]


@case(M_)
def case_thread_exception(tf):
    """An exception in a thread's scope does not disturb the main thread's."""
    def work():
        with tf.variable_scope("t"):
            raise KeyError("k")
    with tf.variable_scope("main"):
        return [etype(lambda: tf.in_thread(work)), tf.get_variable_scope().name]


@case(M_)
def case_thread_setters_on_root(tf):
    """Each thread has a root scope of its own: setters do not reach over."""
    tf.get_variable_scope().set_dtype(tf.float16)
    a = tf.in_thread(lambda: dt(tf.get_variable_scope().dtype))
    tf.in_thread(lambda: tf.get_variable_scope().set_dtype(tf.int32))
    return [a, dt(tf.get_variable_scope().dtype)]


@case(M_)
def case_thread_same_object_main(tf):
    """A scope object made in the main thread and entered in the thread (with memory)."""
    cm = tf.variable_scope(None, "d")
    a = opened(cm)
    def work():
        return opened(cm).name
    return [a.name, tf.in_thread(work)]


@case(M_)
def case_thread_template(tf):
    """A template called first in a thread, then in the main thread: shared."""
    t = tf.make_template("s", lambda: _dummy(tf))
    a = tf.in_thread(t)
    return [a.name, t() is a]


@case(M_)
def case_thread_partitioned_store(tf):
    """Partitioned variables are shared over threads too."""
    p = tf.fixed_size_partitioner(2)
    a = tf.get_variable("v", [4], partitioner=p)
    def work():
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            return tf.get_variable("v", [4], partitioner=p) is a
    return tf.in_thread(work)


# ===== D. shape, dtype, initializer =========================================
D = "D shape dtype initializer"
X64 = "64-bit dtypes need jax_enable_x64; without it refuse them instead of letting JAX truncate"


@case(D)
def case_shape_forms(tf):
    """shape as int, tuple, list, numpy ints, an array, a mix; 0 is a size."""
    import numpy as np
    forms = [3, (3,), [3], np.int64(3), (np.int32(2), 3), np.array([2, 3]), [0, 2], (), []]
    return [shp(tf.get_variable("v%d" % i, s)) for i, s in enumerate(forms)]


@case(D)
def case_shape_of_other_variable(tf):
    """shape=v.shape and shape=v.get_shape() are accepted."""
    v = tf.get_variable("v", [2, 3])
    return [shp(tf.get_variable("w", v.shape)), shp(tf.get_variable("x", v.get_shape())), shp(tf.get_variable("y", shape=v.shape[:1]))]


@case(D, "R", note="numeric strings and negative sizes are refused; the wording is numpy's or JAX's own")
def case_shape_bad_forms(tf):
    """shape as a negative size, a float, a string."""
    return [err(lambda: tf.get_variable("a", [-1])), etype(lambda: tf.get_variable("b", [1.5])), etype(lambda: tf.get_variable("c", "x"))]


@case(D)
def case_shape_unknown_dim(tf):
    """A shape with None and an initializer object: refused; the name stays free."""
    e = err(lambda: tf.get_variable("v", [None, 2], initializer=tf.zeros_initializer()))
    return [e, err(lambda: tf.get_variable("v", [None])), err(lambda: tf.get_variable("v", [2, None], initializer=lambda shape, dtype: 0)),
            tf.get_variable("v", [2]).name]


@case(D)
def case_shape_missing(tf):
    """No shape and no initializer: ValueError naming the full key."""
    with tf.variable_scope("s"):
        return [err(lambda: tf.get_variable("v")), err(lambda: tf.get_variable("v", None)), err(lambda: tf.get_variable("v", dtype=tf.int32))]


@case(D)
def case_shape_with_constant_forms(tf):
    """shape with any constant initializer (tensor, list, number, array) is refused, even [] with a number."""
    import numpy as np
    return [err(lambda: tf.get_variable("v", s, initializer=x)) for s, x in
            [([2], [1.0, 2.0]), ([], 1.0), ([2], np.zeros(2, np.float32)), ([1], tf.constant([1.0])), ((), tf.constant(1.0))]]


@case(D, "R", note=X64)
def case_shape_with_constant_dtype_first(tf):
    """With shape, constant and another dtype: which error wins."""
    return [err(lambda: tf.get_variable("v", [1], dtype=tf.float64, initializer=tf.constant([1]))),
            err(lambda: tf.get_variable("v", [1], dtype=tf.float32, initializer=[1]))]


@case(D, "R", tags="values", note=X64)
def case_value_list_dtype(tf):
    """A Python list or number is int32 / float32 before it is compared with an explicit dtype: nothing is converted."""
    out = [err(lambda: tf.get_variable("v", initializer=x, dtype=d)) for x, d in
           [([1, 2], tf.float32), (1, tf.float32), ([1.5], tf.float64), (3, tf.int64)]]
    for i, (x, d) in enumerate([([1, 2], tf.int32), (True, tf.bool), ([1.5], tf.float32)]):
        v = tf.get_variable("v%d" % i, initializer=x, dtype=d)
        out.append([dt(v), shp(v), tf.initial_values(v)])
    return out


@case(D)
def case_value_list_dtype_impossible(tf):
    """A float list with an integer dtype: refused, nothing is cast."""
    return [err(lambda: tf.get_variable("v", initializer=[1.5], dtype=tf.int32)), names(tf.global_variables())]


@case(D)
def case_value_numpy_dtype_mismatch(tf):
    """A numpy value against an explicit dtype."""
    import numpy as np
    return [err(lambda: tf.get_variable("v", initializer=np.ones(2, np.int32), dtype=tf.float32)),
            err(lambda: tf.get_variable("w", initializer=np.float32(1), dtype=tf.int32)),
            dt(tf.get_variable("x", initializer=np.ones(2, np.int32), dtype=tf.int32))]


@case(D)
def case_value_nested_list(tf):
    """Nested lists, tuples and mixes of ints and floats."""
    out = []
    for i, x in enumerate([[[1, 2], [3, 4]], (1, 2), [1, 2.5], [[1.0], [2.0]], [[]]]):
        v = tf.get_variable("v%d" % i, initializer=x)
        out.append([shp(v), dt(v)])
    return out


@case(D)
def case_value_ragged_list(tf):
    """A ragged list cannot become a value (type only)."""
    return [etype(lambda: tf.get_variable("v", initializer=[[1, 2], [3]])), names(tf.global_variables())]


@case(D, "R", tags="values", note="no strings in JAX")
def case_value_string(tf):
    """A string is a constant initializer as well."""
    v = tf.get_variable("v", initializer="text")
    w = tf.get_variable("w", [2], dtype=tf.string)
    return [dt(v), shp(v), dt(w), tf.initial_values(w)]


@case(D, "R", note="the value the other variable has at this point of init")
def case_value_variable_as_initializer(tf):
    """A variable as initializer: what dtype and shape it gives."""
    v = tf.get_variable("v", [2], dtype=tf.float16)
    w = tf.get_variable("w", initializer=v)
    return [shp(w), dt(w), err(lambda: tf.get_variable("x", [2], initializer=v))]


@case(D, tags="values")
def case_initializer_no_argument_callable(tf):
    """A callable without arguments: value decides shape and dtype; shape or dtype given in addition."""
    v = tf.get_variable("v", initializer=lambda: [1.0, 2.0])
    out = [shp(v), dt(v), tf.initial_values(v)]
    w = tf.get_variable("w", initializer=lambda: tf.constant([1.0]), dtype=tf.float32)
    return out + [shp(w), dt(w)]


@case(D)
def case_initializer_no_argument_callable_shape(tf):
    """A callable without arguments and a shape: called with the shape all the same, so a TypeError."""
    return [etype(lambda: tf.get_variable("a", [2], initializer=lambda: tf.constant([1.0, 2.0]))),
            etype(lambda: tf.get_variable("b", [3], initializer=lambda: tf.constant([1.0, 2.0])))]


@case(D)
def case_initializer_no_argument_callable_dtype(tf):
    """A bare callable returning ints: neither the scope's float32 nor an explicit dtype is asked or checked."""
    v = tf.get_variable("v", initializer=lambda: tf.constant([1, 2]))
    w = tf.get_variable("w", initializer=lambda: tf.constant([1, 2]), dtype=tf.float32)
    return [dt(v), dt(w)]


@case(D)
def case_initializer_default_arguments(tf):
    """A callable whose arguments all have defaults, without a shape: called bare; with a shape: with it."""
    seen = []
    def init(shape=None, dtype=None):
        seen.append([None if shape is None else list(shape), None if dtype is None else dt(dtype)])
        return tf.zeros_initializer()([4] if shape is None else shape, dtype=dtype or tf.float32)
    a = tf.get_variable("a", initializer=init)
    b = tf.get_variable("b", [2], initializer=init)
    return [seen, shp(a), shp(b)]


@case(D)
def case_initializer_class_forms(tf):
    """Initializer classes, given as the class: instantiated; without shape refused."""
    out = [shp(tf.get_variable("v%d" % i, [2, 2], initializer=c)) for i, c in enumerate(
        [tf.zeros_initializer, tf.ones_initializer, tf.constant_initializer, tf.random_normal_initializer,
         tf.glorot_uniform_initializer, tf.orthogonal_initializer])]
    return out + [err(lambda: tf.get_variable("w", initializer=tf.zeros_initializer))]


@case(D)
def case_initializer_returns_none(tf):
    """An initializer that returns None."""
    return [err(lambda: tf.get_variable("v", [2], initializer=lambda shape, dtype=None: None)), names(tf.global_variables())]


@case(D)
def case_initializer_wrong_dtype(tf):
    """An initializer that returns another dtype than asked for: refused."""
    return [etype(lambda: tf.get_variable("v", [2], initializer=lambda shape, dtype=None: tf.constant([1, 2]))), names(tf.global_variables())]


@case(D)
def case_initializer_returns_list(tf):
    """An initializer returning a plain list or numpy array is converted to the dtype."""
    import numpy as np
    a = tf.get_variable("a", [2], initializer=lambda shape, dtype=None: [1, 2])
    b = tf.get_variable("b", [2], initializer=lambda shape, dtype=None: np.ones(shape, np.float32))
    return [dt(a), dt(b), shp(a)]


@case(D)
def case_initializer_positional_only_shape(tf):
    """A callable taking the shape only (no dtype): TypeError."""
    return etype(lambda: tf.get_variable("v", [2], initializer=lambda shape: tf.zeros_initializer()(shape)))


@case(D, "R", note=X64)
def case_initializer_sees_dtype(tf):
    """dtype handed to an initializer: the argument, the scope's, or float32."""
    seen = []
    def init(shape, dtype=None, partition_info=None):
        seen.append(dt(dtype))
        return tf.zeros_initializer()(shape, dtype=dtype)
    tf.get_variable("a", [1], initializer=init)
    tf.get_variable("b", [1], tf.int64, init)
    with tf.variable_scope("s", dtype=tf.float16):
        tf.get_variable("c", [1], initializer=init)
    return seen


@case(D)
def case_initializer_kwargs_partition_info(tf):
    """An initializer taking **kwargs gets dtype only; partition_info is not among them, even with a partitioner."""
    seen = []
    def init(shape, **kw):
        seen.append(sorted(kw))
        return tf.zeros_initializer()(shape, dtype=kw["dtype"])
    tf.get_variable("v", [2], initializer=init)
    tf.get_variable("p", [2], initializer=init, partitioner=tf.fixed_size_partitioner(2))
    return seen


@case(D, tags="values")
def case_initializer_callable_object(tf):
    """An object with __call__ (and partition_info) serves as initializer."""
    class Init(object):
        def __call__(self, shape, dtype=None, partition_info=None):
            return tf.ones_initializer()(shape, dtype=dtype)
    return tf.initial_values(tf.get_variable("v", [2], initializer=Init()))


@case(D, "R", note="the kind of error of a builtin")
def case_initializer_invalid_kinds(tf):
    """Initializers that are no value: None object, a dict, a set, an object."""
    return [etype(lambda: tf.get_variable("v%d" % i, initializer=x)) for i, x in enumerate([{"a": 1}, object(), len])] + [
        names(tf.global_variables())]


@case(D, tags="values")
def case_initial_values_simple(tf):
    """zeros and ones for floats, ints and bools."""
    out = []
    for i, d in enumerate([tf.float32, tf.int32, tf.bool, tf.float16, tf.uint8]):
        out.append([tf.initial_values(tf.get_variable("z%d" % i, [2], d, tf.zeros_initializer())),
                    tf.initial_values(tf.get_variable("o%d" % i, [2], d, tf.ones_initializer()))])
    return out


@case(D, tags="values")
def case_constant_initializer_list(tf):
    """constant_initializer with a list as long as the shape; reshaped; nested."""
    c = tf.constant_initializer
    a = tf.get_variable("a", [2, 2], initializer=c([1, 2, 3, 4]))
    b = tf.get_variable("b", [4], initializer=c([[1, 2], [3, 4]]))
    d = tf.get_variable("d", [], initializer=c(7))
    return [tf.initial_values(a), tf.initial_values(b), tf.initial_values(d)]


@case(D, tags="values")
def case_constant_initializer_single(tf):
    """One number, or a list of one, fills any shape."""
    c = tf.constant_initializer
    return [tf.initial_values(tf.get_variable("v%d" % i, [2, 2], d, c(x))) for i, (x, d) in
            enumerate([(5, tf.float32), ([5], tf.float32), (5.0, tf.float32), (5, tf.int32), (True, tf.bool)])]


@case(D, tags="values")
def case_constant_initializer_short_list(tf):
    """A list shorter than the shape: the last value is repeated - without verify_shape."""
    return tf.initial_values(tf.get_variable("v", [2, 2], initializer=tf.constant_initializer([1, 2, 3])))


@case(D)
def case_constant_initializer_long_list(tf):
    """A list longer than the shape is refused."""
    return etype(lambda: tf.get_variable("v", [2], initializer=tf.constant_initializer([1, 2, 3])))


@case(D)
def case_constant_initializer_verify_shape(tf):
    """verify_shape=True refuses whatever has not exactly the shape."""
    c = tf.constant_initializer
    return [etype(lambda: tf.get_variable("a", [2, 2], initializer=c([1, 2, 3, 4], verify_shape=True))),
            etype(lambda: tf.get_variable("b", [2, 2], initializer=c([[1, 2], [3, 4]], verify_shape=True))),
            etype(lambda: tf.get_variable("c", [2], initializer=c(1, verify_shape=True)))]


@case(D)
def case_constant_initializer_value_type(tf):
    """constant_initializer refuses values that are no scalar, list or array."""
    return [err(lambda: tf.constant_initializer({"a": 1})), etype(lambda: tf.constant_initializer("x"))]


@case(D, tags="values")
def case_constant_initializer_float_for_int(tf):
    """constant_initializer(1.7) for an integer variable is refused, not truncated."""
    return err(lambda: tf.initial_values(tf.get_variable("v", [2], tf.int32, tf.constant_initializer(1.7))))


@case(D, tags="values")
def case_constant_initializer_dtype_argument(tf):
    """The initializer's own dtype is overruled by the variable's."""
    v = tf.get_variable("v", [2], initializer=tf.constant_initializer(3, dtype=tf.int32))
    w = tf.get_variable("w", [2], tf.int32, tf.constant_initializer(3, dtype=tf.float32))
    return [dt(v), tf.initial_values(v), dt(w), tf.initial_values(w)]


@case(D, tags="values")
def case_constant_initializer_numpy(tf):
    """constant_initializer with a numpy array."""
    import numpy as np
    v = tf.get_variable("v", [2, 3], initializer=tf.constant_initializer(np.arange(6).reshape(2, 3)))
    return [dt(v), tf.initial_values(v)]


@case(D, tags="values")
def case_identity_initializer(tf):
    """identity_initializer: square, oblong, with gain."""
    i = tf.initializers.identity if not hasattr(tf, "identity_initializer") else tf.identity_initializer
    return [tf.initial_values(tf.get_variable("a", [2, 2], initializer=i())), tf.initial_values(tf.get_variable("b", [2, 3], initializer=i())),
            tf.initial_values(tf.get_variable("c", [2, 2], initializer=i(gain=2.0)))]


@case(D)
def case_identity_initializer_rank(tf):
    """identity_initializer wants two dimensions."""
    i = tf.initializers.identity if not hasattr(tf, "identity_initializer") else tf.identity_initializer
    return [err(lambda: tf.get_variable("a", [2], initializer=i())), err(lambda: tf.get_variable("b", [2, 2, 2], initializer=i()))]


@case(D)
def case_orthogonal_initializer_rank(tf):
    """orthogonal_initializer wants at least two dimensions."""
    return [err(lambda: tf.get_variable("a", [2], initializer=tf.orthogonal_initializer())),
            shp(tf.get_variable("b", [2, 2, 2], initializer=tf.orthogonal_initializer()))]


@case(D)
def case_random_initializers_integer(tf):
    """Float-only initializers refuse integer dtypes; random_uniform does not."""
    out = []
    for i, c in enumerate([tf.random_normal_initializer, tf.truncated_normal_initializer, tf.glorot_uniform_initializer,
                           tf.variance_scaling_initializer, tf.orthogonal_initializer]):
        out.append(etype(lambda: tf.get_variable("v%d" % i, [2, 2], tf.int32, c())))
    return out + [dt(tf.get_variable("u", [2], tf.int32, tf.random_uniform_initializer(0, 5)))]


@case(D)
def case_variance_scaling_arguments(tf):
    """variance_scaling_initializer checks scale, mode and distribution."""
    f = tf.variance_scaling_initializer
    return [err(lambda: f(scale=0.0)), err(lambda: f(mode="fan_x")), err(lambda: f(distribution="gauss")), err(lambda: f(scale=-1.0))]


@case(D)
def case_initializer_constructor_dtype(tf):
    """Random initializers refuse a non-float dtype at construction."""
    return [etype(lambda: tf.random_normal_initializer(dtype=tf.int32)), etype(lambda: tf.truncated_normal_initializer(dtype=tf.int32)),
            etype(lambda: tf.orthogonal_initializer(dtype=tf.int32)), etype(lambda: tf.variance_scaling_initializer(dtype=tf.int32))]


@case(D, tags="values")
def case_random_uniform_range(tf):
    """random_uniform_initializer stays in its range; equal bounds are that value."""
    v = tf.initial_values(tf.get_variable("v", [50], initializer=tf.random_uniform_initializer(2.0, 3.0)))
    w = tf.initial_values(tf.get_variable("w", [3], initializer=tf.random_normal_initializer(1.5, 0.0)))
    return [all(2.0 <= x < 3.0 for x in v), w]


@case(D, tags="values")
def case_default_initializer_glorot_range(tf):
    """The default for floats is glorot_uniform: within +-sqrt(6/(fan_in+fan_out))."""
    v = tf.initial_values(tf.get_variable("v", [20, 30]))
    flat = [abs(x) for row in v for x in row]
    return [max(flat) <= (6.0 / 50) ** 0.5, max(flat) > 0.5 * (6.0 / 50) ** 0.5]


@case(D)
def case_dtype_bad(tf):
    """dtype that is none: TypeError."""
    return [etype(lambda: tf.get_variable("v", [1], dtype="no_such")), etype(lambda: tf.get_variable("w", [1], dtype=object()))]


@case(D, "R", note="a port may take int as int32")
def case_dtype_python_types(tf):
    """Python types as dtype: bool, and float as float32; int is refused."""
    return [dt(tf.get_variable("b", [1], dtype=bool)), dt(tf.get_variable("f", [1], dtype=float)), etype(lambda: dt(tf.get_variable("i", [1], dtype=int)))]


@case(D)
def case_scope_initializer_with_explicit_value(tf):
    """A value given in the call beats the scope's initializer; no shape needed."""
    with tf.variable_scope("s", initializer=tf.ones_initializer()):
        v = tf.get_variable("v", initializer=tf.constant([1, 2]))
    return [shp(v), dt(v)]


@case(D)
def case_scope_initializer_needs_shape(tf):
    """A scope's initializer object without a shape: the 'not valid' error."""
    with tf.variable_scope("s", initializer=tf.ones_initializer()):
        return err(lambda: tf.get_variable("v"))


@case(D)
def case_validate_shape_values(tf):
    """validate_shape=False with an initializer object and a shape / without."""
    v = tf.get_variable("v", [2], validate_shape=False, initializer=tf.zeros_initializer())
    return [shp(v), etype(lambda: tf.get_variable("w", validate_shape=False))]


@case(D)
def case_use_resource_argument(tf):
    """use_resource=True and None as arguments."""
    return names([tf.get_variable("a", [1], use_resource=True), tf.get_variable("b", [1], use_resource=None)])


@case(D)
def case_get_variable_unknown_keyword(tf):
    """Unknown keywords and missing name."""
    return [etype(lambda: tf.get_variable("v", [1], nonsense=1)), etype(lambda: tf.get_variable())]


@case(D)
def case_get_variable_all_keywords(tf):
    """Every keyword of get_variable at once."""
    v = tf.get_variable(name="v", shape=[2], dtype=tf.float32, initializer=tf.zeros_initializer(), regularizer=None, trainable=True,
                        collections=None, caching_device=None, partitioner=None, validate_shape=True, use_resource=None,
                        custom_getter=None, constraint=None, synchronization=tf.VariableSynchronization.AUTO,
                        aggregation=tf.VariableAggregation.NONE)
    return [v.name, shp(v), v.trainable]


@case(D)
def case_caching_device_none_argument(tf):
    """A caching device does not change the variable's name or collections."""
    with tf.variable_scope("s", caching_device="/cpu:0"):
        v = tf.get_variable("v", [1])
    return [v.name, names(tf.global_variables())]


# ===== R. properties of variables ===========================================
R_ = "R variable properties"


@case(R_)
def case_variable_properties(tf):
    """name, shape, dtype, trainable, constraint, synchronization, aggregation of a plain variable."""
    v = tf.get_variable("v", [2, 3])
    return [v.name, shp(v), dt(v), v.trainable, v.constraint, kind(v.synchronization), kind(v.aggregation)]


@case(R_)
def case_variable_properties_given(tf):
    """The same given explicitly, for get_variable and tf.Variable."""
    S, A_ = tf.VariableSynchronization, tf.VariableAggregation
    f = lambda x: x
    out = []
    for v in [tf.get_variable("v", [1], constraint=f, synchronization=S.ON_WRITE, aggregation=A_.SUM, trainable=False),
              tf.Variable([1.0], name="w", constraint=f, synchronization=S.ON_WRITE, aggregation=A_.SUM, trainable=False)]:
        out.append([v.constraint is f, kind(v.synchronization), kind(v.aggregation), v.trainable])
    return out


@case(R_)
def case_variable_read_only(tf):
    """name, shape, dtype, trainable, constraint cannot be assigned."""
    v = tf.get_variable("v", [1])
    return [etype(lambda: setattr(v, a, None)) for a in ["name", "shape", "dtype", "trainable", "constraint"]]


@case(R_)
def case_variable_get_shape(tf):
    """get_shape() equals shape; as_list."""
    v = tf.get_variable("v", [2, 3])
    return [[int(d) for d in v.get_shape()], v.shape.as_list(), v.shape.ndims, len(v.shape)]


@case(R_)
def case_variable_hash_in_dict(tf):
    """Variables as dict keys and set members."""
    v, w = tf.get_variable("v", [1]), tf.get_variable("w", [1])
    d = {v: 1, w: 2}
    return [d[v], d[w], v in d, len({v, w, v}), v in [w], v in [w, v]]


@case(R_)
def case_variable_not_equal(tf):
    """!= and comparison with other things."""
    v, w = tf.get_variable("v", [1]), tf.get_variable("w", [1])
    return [(v != w) is True, (v != v) is False, (v == 3) is True, (v == None) is True]  # noqa: E711


@case(R_, "R", note="a port prints its own repr; keep name, shape and dtype in it")
def case_variable_reprs(tf):
    """repr of scalars, int and bool variables, tf.Variable, in a scope."""
    with tf.variable_scope("s"):
        return [repr(tf.get_variable("v", [])), repr(tf.get_variable("n", [2, 3], dtype=tf.int32)), repr(tf.Variable([True], name="w"))]


@case(R_, "R", note="':0' is TF's")
def case_variable_op_names(tf):
    """v.op.name of a moved-on variable, a shard and a tf.Variable."""
    with tf.name_scope("v"):
        x = tf.Variable(0.0, name="x")
    v = tf.get_variable("v", [1])
    p = tf.get_variable("p", [2], partitioner=tf.fixed_size_partitioner(2))
    return [v.op.name, x.op.name] + [s.op.name for s in p]


@case(R_)
def case_variable_bool_and_len(tf):
    """A variable has no truth value in graph mode, nor a length or iteration (types only)."""
    v = tf.get_variable("v", [2])
    return [etype(lambda: len(v))]


# ===== Q. tf.Variable =======================================================
Q = "Q tf.Variable"


@case(Q)
def case_variable_initial_value_forms(tf):
    """Numbers, lists, arrays, tensors, bools as initial_value: shape and dtype."""
    import numpy as np
    out = []
    for x in [1.0, 1, True, [1, 2], [[1.0], [2.0]], np.zeros([2], np.float16), tf.constant([1.0, 2.0]), (1.0, 2.0)]:
        v = tf.Variable(x)
        out.append([shp(v), dt(v)])
    return out


@case(Q, "R", tags="values", note=X64)
def case_variable_dtype_argument(tf):
    """dtype converts Python values; a tensor or array of another dtype is refused."""
    import numpy as np
    v = tf.Variable([1, 2], dtype=tf.float32)
    w = tf.Variable(1, dtype=tf.float64)
    return [dt(v), tf.initial_values(v), dt(w), etype(lambda: tf.Variable(tf.constant([1]), dtype=tf.float32)),
            dt(tf.Variable(np.array([1, 2], np.int32), dtype=tf.float32)), etype(lambda: tf.Variable([1.5], dtype=tf.int32))]


@case(Q, tags="values")
def case_variable_callable_initial_value(tf):
    """initial_value may be a callable without arguments, with or without dtype."""
    v = tf.Variable(lambda: [1.0, 2.0], name="v")
    w = tf.Variable(lambda: tf.constant([1.0]), dtype=tf.float32, name="w")
    return [v.name, shp(v), dt(v), tf.initial_values(v), shp(w)]


@case(Q)
def case_variable_callable_called_once(tf):
    """The callable is called once (and may make names of its own)."""
    n = []
    def init():
        n.append(op_prefix(tf))
        return [1.0]
    with tf.name_scope("s"):
        tf.Variable(init, name="v")
    return len(n)


@case(Q)
def case_variable_callable_with_arguments(tf):
    """A callable that wants arguments: TypeError."""
    return [etype(lambda: tf.Variable(lambda x: [1.0], name="v")), etype(lambda: tf.Variable(tf.zeros_initializer(), name="w")), names(tf.global_variables())]


@case(Q)
def case_variable_initial_value_none(tf):
    """initial_value=None: the ValueError, whatever else is given."""
    return [err(lambda: tf.Variable(None)), err(lambda: tf.Variable(name="v", dtype=tf.float32)), err(lambda: tf.Variable(shape=[2], dtype=tf.float32))]


@case(Q)
def case_variable_trainable_forms(tf):
    """trainable None, True, False; the collections."""
    vs = [tf.Variable(0.0, name="v%d" % i, trainable=t) for i, t in enumerate([None, True, False])]
    return [[v.trainable for v in vs], names(tf.trainable_variables()), names(tf.global_variables())]


@case(Q)
def case_variable_collections_forms(tf):
    """collections as list, tuple, set, None, []; duplicates."""
    K = tf.GraphKeys
    tf.Variable(0.0, name="a", collections=["m"])
    tf.Variable(0.0, name="b", collections=("m", "m"))
    tf.Variable(0.0, name="c", collections={"m"})
    tf.Variable(0.0, name="d", collections=[])
    tf.Variable(0.0, name="e", collections=None)
    tf.Variable(0.0, name="f", collections=[K.LOCAL_VARIABLES])
    return [names(tf.get_collection("m")), names(tf.global_variables()), names(tf.trainable_variables()), names(tf.local_variables())]


@case(Q)
def case_variable_collections_bad(tf):
    """collections of a wrong type: a string, a dict, a number; the op name afterwards."""
    return [err(lambda: tf.Variable(0.0, name="v", collections="m")), err(lambda: tf.Variable(0.0, name="v", collections={"m": 1})),
            err(lambda: tf.Variable(0.0, name="v", collections=3)), tf.Variable(0.0, name="v").name]


@case(Q)
def case_variable_collections_list_untouched(tf):
    """The caller's collections list is not changed."""
    mine = ["m"]
    tf.Variable(0.0, name="v", collections=mine)
    tf.get_variable("g", [1], collections=mine)
    return mine


@case(Q)
def case_variable_constraint_bad(tf):
    """A constraint that is not callable: ValueError with the odd text; get_variable alike."""
    return [err(lambda: tf.Variable(0.0, name="v", constraint=3)), err(lambda: tf.get_variable("g", [1], constraint=3)),
            err(lambda: tf.Variable(0.0, name="v", constraint="x")), names(tf.global_variables()), tf.get_variable("g", [1]).name]


@case(Q)
def case_variable_synchronization_bad(tf):
    """Invalid synchronization / aggregation: the two messages for tf.Variable (with and without a name)."""
    return [err(lambda: tf.Variable(0.0, name="v", synchronization="x")), err(lambda: tf.Variable(0.0, name="w", aggregation="y")),
            err(lambda: tf.Variable(0.0, synchronization="x"))]


@case(Q)
def case_get_variable_synchronization_bad(tf):
    """The same for get_variable: at root and in a scope (the full key is printed); with both wrong aggregation is reported."""
    S, A_ = tf.VariableSynchronization, tf.VariableAggregation
    out = [err(lambda: tf.get_variable("v", [1], synchronization="x")), err(lambda: tf.get_variable("w", [1], aggregation="y")),
           err(lambda: tf.get_variable("z", [1], synchronization="x", aggregation="y"))]
    with tf.variable_scope("s"):
        out.append(err(lambda: tf.get_variable("v", [1], synchronization=A_.SUM)))
        out.append(err(lambda: tf.get_variable("v", [1], aggregation=S.AUTO)))
    return out


@case(Q)
def case_variable_none_synchronization(tf):
    """synchronization=None and aggregation=None."""
    v = tf.get_variable("v", [1], synchronization=None, aggregation=None)
    w = tf.Variable(0.0, name="w", synchronization=None, aggregation=None)
    return [[kind(x.synchronization), kind(x.aggregation), x.trainable] for x in (v, w)]


@case(Q, "R", note="a port may refuse plain numbers")
def case_variable_enum_by_number(tf):
    """A plain number in place of an enum member."""
    return [err(lambda: tf.get_variable("v", [1], synchronization=2)), err(lambda: tf.get_variable("w", [1], aggregation=1)),
            err(lambda: tf.Variable(0.0, name="x", aggregation=1))]


@case(Q)
def case_trainable_synchronization_matrix(tf):
    """trainable x synchronization: v.trainable and the collection."""
    out = []
    for s in ["AUTO", "NONE", "ON_WRITE", "ON_READ"]:
        row = []
        for t in [None, True, False]:
            v = tf.get_variable("%s_%s" % (s, t), [1], trainable=t, synchronization=getattr(tf.VariableSynchronization, s))
            row.append([v.trainable, v in tf.trainable_variables(), kind(v.synchronization)])
        out.append(row)
    return out


@case(Q)
def case_aggregation_values(tf):
    """Every aggregation is kept; ONLY_FIRST_TOWER reads back as REPLICA."""
    A_ = tf.VariableAggregation
    return [kind(tf.get_variable(n, [1], aggregation=getattr(A_, n)).aggregation) for n in
            ["NONE", "SUM", "MEAN", "ONLY_FIRST_REPLICA", "ONLY_FIRST_TOWER"]]


@case(Q)
def case_enum_numbers(tf):
    """The numbers behind the enums; hash and equality of the aggregation kinds."""
    S, A_ = tf.VariableSynchronization, tf.VariableAggregation
    return [[m.value for m in S], [m.value for m in A_], S.AUTO == S.AUTO, S.AUTO == A_.NONE, len({A_.SUM, A_.MEAN, A_.SUM}), A_.SUM != A_.MEAN]


@case(Q)
def case_auto_reuse_enum(tf):
    """AUTO_REUSE: name, value, truth."""
    return [tf.AUTO_REUSE.name, tf.AUTO_REUSE.value, bool(tf.AUTO_REUSE), tf.AUTO_REUSE == True, tf.AUTO_REUSE is tf.AUTO_REUSE]  # noqa: E712


@case(Q)
def case_variable_expected_shape(tf):
    """expected_shape is accepted and ignored, a mismatch too."""
    v = tf.Variable([1.0, 2.0], name="v", expected_shape=[2])
    return [shp(v), err(lambda: tf.Variable([1.0, 2.0], name="w", expected_shape=[3]))]


@case(Q)
def case_variable_shape_argument(tf):
    """shape= of tf.Variable: agreeing, incompatible."""
    v = tf.Variable([1.0, 2.0], name="v", shape=[2])
    return [shp(v), err(lambda: tf.Variable([1.0, 2.0], name="w", shape=[3])), err(lambda: tf.Variable(lambda: [1.0, 2.0], name="x", shape=[3]))]


@case(Q, "R", note="static shapes always: a port may refuse unknown dims")
def case_variable_shape_unknown(tf):
    """shape=[None] of tf.Variable is kept as the variable's (looser) shape."""
    v = tf.Variable([1.0, 2.0], name="v", shape=[None])
    return [v.shape.as_list(), str(v.shape)]


@case(Q)
def case_variable_import_scope(tf):
    """import_scope without a variable_def is ignored."""
    with tf.name_scope("n"):
        return [tf.Variable(0.0, name="v", import_scope="i").name]


@case(Q, "M", note="no protos in a port")
def case_variable_def_and_value(tf):
    """variable_def and initial_value together are refused."""
    return err(lambda: tf.Variable(0.0, name="v", variable_def=object()))


@case(Q, "R", note="2.21 has lost collections from its documented third place; a port should follow the documents")
def case_variable_positional_arguments(tf):
    """Positional order of tf.Variable in 2.21: initial_value, trainable, validate_shape, caching_device, name (no collections third)."""
    v = tf.Variable(0.0, False, True, None, "v")
    return [v.name, v.trainable]


@case(Q)
def case_variable_two_positional_arguments(tf):
    """initial_value and trainable by position."""
    v = tf.Variable(0.0, False)
    return [v.name, v.trainable]


@case(Q)
def case_variable_validate_shape(tf):
    """validate_shape=False with a known value."""
    return shp(tf.Variable([1.0, 2.0], validate_shape=False))


@case(Q, "R", note="2.21 swallows them; a port may refuse")
def case_variable_unknown_keyword(tf):
    """Unknown keywords of tf.Variable are swallowed."""
    return etype(lambda: tf.Variable(0.0, nonsense=1))


@case(Q)
def case_variable_bad_values(tf):
    """Values that cannot become tensors."""
    return [etype(lambda: tf.Variable({})), etype(lambda: tf.Variable([[1, 2], [3]])), names(tf.global_variables()), tf.Variable(0.0).name]


@case(Q, "R", note="the value the other variable has at this point of init")
def case_variable_from_variable(tf):
    """tf.Variable(other variable)."""
    v = tf.Variable([1.0, 2.0], name="v")
    w = tf.Variable(v, name="w")
    return [w.name, shp(w), dt(w)]


@case(Q)
def case_variable_in_nested_scopes(tf):
    """tf.Variable in variable scopes entered by capture: names follow op scopes."""
    with tf.variable_scope("a") as a:
        x = tf.Variable(0.0, name="v")
    with tf.variable_scope("b"):
        with tf.variable_scope(a):
            y = tf.Variable(0.0, name="v")
            g = tf.get_variable("v", [1])
    return names([x, y, g])


@case(Q)
def case_variable_ignores_reuse(tf):
    """tf.Variable under reuse=True always makes a new one; and under custom_getter and partitioner."""
    cg = lambda getter, *a, **k: 1 / 0
    with tf.variable_scope("s", reuse=True, custom_getter=cg, partitioner=tf.fixed_size_partitioner(2)):
        return names([tf.Variable([0.0, 1.0], name="v"), tf.Variable(0.0, name="v")])


@case(Q, tags="graph_api values", mark="R", note="assign returns the new value or the variable; a functional port threads state")
def case_assign_keeps_initial(tf):
    """assign / assign_add / assign_sub exist as functions and methods and do not change the initial value."""
    v = tf.get_variable("v", initializer=tf.constant([1.0, 2.0]))
    tf.assign(v, [3.0, 4.0])
    v.assign_add([1.0, 1.0])
    tf.assign_sub(v, [1.0, 1.0])
    return [tf.initial_values(v), names(tf.global_variables())]


@case(Q, tags="graph_api", mark="R", note="the shape is checked")
def case_assign_wrong_shape(tf):
    """assign with another shape is refused."""
    v = tf.get_variable("v", [2])
    return [etype(lambda: tf.assign(v, [1.0, 2.0, 3.0])), etype(lambda: v.assign([1.0])), etype(lambda: v.assign_add([1.0, 2.0, 3.0]))]


# ===== E. regularizers ======================================================
E_ = "E regularizer"


@case(E_)
def case_regularizer_returns_none(tf):
    """A regularizer that returns None adds nothing."""
    tf.get_variable("v", [1], regularizer=lambda v: None)
    return len(loss_names(tf))


@case(E_, "R", note="entry named <var>/Regularizer; the tail after it is an op's own name")
def case_regularizer_loss_names(tf):
    """The first two parts of a loss's name: below '<variable>/Regularizer', also in scopes."""
    tf.get_variable("v", [1], regularizer=lambda v: tf.constant(1.0))
    with tf.variable_scope("s", regularizer=lambda v: tf.constant(1.0)):
        tf.get_variable("w", [1])
        with tf.name_scope("n"):
            tf.get_variable("x", [1])
    return [n[:n.index("Regularizer") + len("Regularizer")] for n in loss_names(tf)]


@case(E_)
def case_regularizer_order(tf):
    """Losses come in order of creation; reuse adds none."""
    r = lambda v: tf.constant(1.0)
    with tf.variable_scope("s", regularizer=r) as s:
        tf.get_variable("b", [1])
        tf.get_variable("a", [1])
        s.reuse_variables()
        tf.get_variable("b", [1])
    return [n.split("/")[1] for n in loss_names(tf)]


@case(E_)
def case_regularizer_scope_filter(tf):
    """Losses can be filtered by scope."""
    K = tf.GraphKeys.REGULARIZATION_LOSSES
    for s in ["a", "b"]:
        with tf.variable_scope(s, regularizer=lambda v: tf.constant(1.0)) as sc:
            tf.get_variable("v", [1])
    return [len(tf.get_collection(K)), len(tf.get_collection(K, "a")), len(tf.get_collection(K, "b/")), len(sc.get_collection(K))]


@case(E_, tags="graph_api")
def case_get_regularization_losses(tf):
    """losses.get_regularization_losses: all, by scope, none."""
    a = len(tf.losses.get_regularization_losses())
    with tf.variable_scope("s", regularizer=lambda v: tf.constant(1.0)):
        tf.get_variable("v", [1])
    tf.get_variable("w", [1], regularizer=lambda v: tf.constant(1.0))
    return [a, len(tf.losses.get_regularization_losses()), len(tf.losses.get_regularization_losses("s")),
            len(tf.losses.get_regularization_losses(scope="zz"))]


@case(E_)
def case_regularizer_not_for_variable(tf):
    """tf.Variable takes no regularizer from its scope."""
    with tf.variable_scope("s", regularizer=lambda v: tf.constant(1.0)):
        tf.Variable(0.0, name="v")
    return len(loss_names(tf))


@case(E_)
def case_regularizer_raises(tf):
    """A regularizer that raises: the error passes, the variable is in the store and the collections."""
    def bad(v):
        raise KeyError("k")
    with tf.variable_scope("s", regularizer=bad):
        t = err(lambda: tf.get_variable("v", [1]))
    with tf.variable_scope("s", reuse=True):
        return [t, tf.get_variable("v").name, names(tf.trainable_variables()), len(loss_names(tf))]


@case(E_)
def case_regularizer_captured(tf):
    """A captured scope keeps its regularizer; no_regularizer on re-entry switches it off there."""
    cap = opened(tf.variable_scope("s", regularizer=lambda v: tf.constant(1.0)))
    with tf.variable_scope(cap):
        tf.get_variable("a", [1])
    with tf.variable_scope(cap, regularizer=tf.no_regularizer):
        tf.get_variable("b", [1])
    return [n.split("/")[1] for n in loss_names(tf)]


@case(E_)
def case_regularizer_falsy(tf):
    """regularizer=None inherits; a falsy one (0, False) switches off, uncalled."""
    with tf.variable_scope("s", regularizer=lambda v: tf.constant(1.0)):
        tf.get_variable("a", [1], regularizer=None)
        e = [etype(lambda: tf.get_variable("b", [1], regularizer=0)), etype(lambda: tf.get_variable("c", [1], regularizer=False))]
    return [e, [n.split("/")[1] for n in loss_names(tf)]]


@case(E_)
def case_regularizer_creates_variable(tf):
    """A regularizer may itself create a variable: op scope is the root, variable scope the current one."""
    made = []
    def reg(v):
        if not made:
            made.append(tf.Variable(0.0, name="r", trainable=False).name)
            made.append(tf.get_variable_scope().name)
        return None
    with tf.variable_scope("s"):
        tf.get_variable("v", [1], regularizer=reg)
    return made


@case(E_)
def case_no_regularizer_is_none(tf):
    """no_regularizer returns None whatever it is called with; as argument it stays visible to getters."""
    seen = []
    def cg(getter, *a, **k):
        seen.append(k["regularizer"] is tf.no_regularizer)
        return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=cg, regularizer=lambda v: tf.constant(1.0)):
        tf.get_variable("v", [1], regularizer=tf.no_regularizer)
    return [seen, tf.no_regularizer(None), len(loss_names(tf))]


# ===== F. collections =======================================================
F = "F collections"


@case(F)
def case_get_variable_collections_forms(tf):
    """collections of get_variable: tuple, set, duplicates, None, custom only."""
    K = tf.GraphKeys
    tf.get_variable("a", [1], collections=("m",))
    tf.get_variable("b", [1], collections={"m"})
    tf.get_variable("c", [1], collections=["m", "m"])
    tf.get_variable("d", [1], collections=None)
    tf.get_variable("e", [1], collections=["m"], trainable=False)
    tf.get_variable("f", [1], collections=[K.GLOBAL_VARIABLES, "m"])
    return [names(tf.get_collection("m")), names(tf.global_variables()), names(tf.trainable_variables())]


@case(F)
def case_get_variable_collections_bad(tf):
    """Wrong types: dict, number, string; falsy ones (0, '', {}) are refused as well."""
    out = [err(lambda: tf.get_variable("a", [1], collections=x)) for x in [{"m": 1}, 3]]
    out += [err(lambda: tf.get_variable("v%d" % i, [1], collections=x)) for i, x in enumerate([0, "", {}])]
    return out + [names(tf.global_variables())]


@case(F)
def case_collections_bad_name_free(tf):
    """After the collections error key and op name are still free."""
    t = etype(lambda: tf.get_variable("v", [1], collections="mine"))
    return [t, tf.get_variable("v", [1]).name]


@case(F)
def case_collection_order(tf):
    """Collections keep the order of creation, across scopes and kinds."""
    tf.Variable(0.0, name="z")
    with tf.variable_scope("s"):
        tf.get_variable("y", [1])
    tf.get_variable("x", [2], partitioner=tf.fixed_size_partitioner(2))
    tf.Variable(0.0, name="w", trainable=False)
    return [names(tf.global_variables()), names(tf.trainable_variables())]


@case(F)
def case_global_variables_scope(tf):
    """global_variables / trainable_variables / local_variables / model_variables with a scope."""
    K = tf.GraphKeys
    for s in ["a", "ab"]:
        with tf.variable_scope(s):
            tf.get_variable("v", [1])
            tf.get_local_variable("l", [1])
            tf.get_variable("m", [1], collections=[K.MODEL_VARIABLES])
    return [names(f(x)) for f in [tf.global_variables, tf.trainable_variables, tf.local_variables, tf.model_variables] for x in ["a", "a/", None, "b"]]


@case(F)
def case_collection_scope_regex(tf):
    """The scope filter is re.match: alternatives, anchors, character classes; with ':0' in the name."""
    for n in ["a", "b", "ab", "a1"]:
        tf.get_variable(n, [1])
    K = tf.GraphKeys.GLOBAL_VARIABLES
    return [names(tf.get_collection(K, s)) for s in ["a|b", "a$", "a:0$", "[ab]:", "a\\d", "B", "(?i)B"]]


@case(F)
def case_collection_scope_bad_regex(tf):
    """A broken regular expression raises on a known key; on an unknown one it is never compiled."""
    tf.get_variable("v", [1])
    return [etype(lambda: tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, "(")) != "no error", tf.get_collection("none", "(")]


@case(F)
def case_collection_scope_empty_string(tf):
    """scope='' is no filter for variables; scope=None neither; nameless items stay or go."""
    tf.add_to_collection("k", 3)
    tf.add_to_collection("k", tf.get_variable("v", [1]))
    return [len(tf.get_collection("k", "")), len(tf.get_collection("k", None)), len(tf.get_collection("k", ".*"))]


@case(F)
def case_collection_of_scopes(tf):
    """Any object with a name can be filtered: a VariableScope."""
    with tf.variable_scope("foo") as s:
        tf.add_to_collection("k", s)
    with tf.variable_scope("bar") as t:
        tf.add_to_collection("k", t)
    return [x.name for x in tf.get_collection("k", "f")]


@case(F)
def case_collection_any_key(tf):
    """Keys need not be strings: numbers, tuples; unhashable ones fail."""
    tf.add_to_collection(3, "a")
    tf.add_to_collection(("x", 1), "b")
    return [tf.get_collection(3), tf.get_collection(("x", 1)), etype(lambda: tf.add_to_collection(["l"], "c")), tf.get_collection(None)]


@case(F)
def case_collection_ref_is_live(tf):
    """get_collection_ref: the same list each time; changes show; clearing works."""
    ref = tf.get_collection_ref("k")
    tf.add_to_collection("k", 1)
    out = [list(ref), tf.get_collection_ref("k") is ref, tf.get_collection("k") is ref]
    del ref[:]
    tf.add_to_collection("k", 2)
    return out + [tf.get_collection("k"), list(ref)]


@case(F)
def case_collection_ref_of_trainables(tf):
    """Removing a variable from the TRAINABLE_VARIABLES ref freezes it in the list only."""
    v = tf.get_variable("v", [1])
    w = tf.get_variable("w", [1])
    tf.get_collection_ref(tf.GraphKeys.TRAINABLE_VARIABLES).remove(v)
    return [names(tf.trainable_variables()), v.trainable, names(tf.global_variables())]


@case(F)
def case_add_to_collections_forms(tf):
    """add_to_collections with a tuple, a set, a single string, an empty list; values may be anything."""
    tf.add_to_collections(("a", "b"), 1)
    tf.add_to_collections({"a"}, 2)
    tf.add_to_collections("ab", 3)
    tf.add_to_collections([], 4)
    return [tf.get_collection(k) for k in ["a", "b", "ab"]]


@case(F)
def case_add_to_collections_wrong_type(tf):
    """add_to_collections(None / 3)."""
    return [etype(lambda: tf.add_to_collections(None, 1)), etype(lambda: tf.add_to_collections(3, 1))]


@case(F)
def case_graph_keys_values(tf):
    """The strings behind GraphKeys."""
    K = tf.GraphKeys
    return {k: getattr(K, k) for k in ["GLOBAL_VARIABLES", "LOCAL_VARIABLES", "METRIC_VARIABLES", "MODEL_VARIABLES", "TRAINABLE_VARIABLES",
            "SUMMARIES", "QUEUE_RUNNERS", "TABLE_INITIALIZERS", "ASSET_FILEPATHS", "MOVING_AVERAGE_VARIABLES", "REGULARIZATION_LOSSES",
            "CONCATENATED_VARIABLES", "SAVERS", "WEIGHTS", "BIASES", "ACTIVATIONS", "UPDATE_OPS", "LOSSES", "SAVEABLE_OBJECTS", "RESOURCES",
            "LOCAL_RESOURCES", "INIT_OP", "LOCAL_INIT_OP", "READY_OP", "READY_FOR_LOCAL_INIT_OP", "SUMMARY_OP", "GLOBAL_STEP", "TRAIN_OP",
            "EVAL_STEP", "COND_CONTEXT", "WHILE_CONTEXT"]}


@case(F)
def case_graph_keys_variables_alias(tf):
    """GraphKeys.VARIABLES is the old spelling of GLOBAL_VARIABLES."""
    return tf.GraphKeys.VARIABLES


@case(F)
def case_get_local_variable(tf):
    """get_local_variable: collections, trainable, name, default dtype."""
    with tf.variable_scope("s"):
        v = tf.get_local_variable("l", [2])
    return [v.name, dt(v), v.trainable, names(tf.local_variables()), names(tf.global_variables()), names(tf.trainable_variables())]


@case(F)
def case_get_local_variable_trainable_true(tf):
    """trainable=True is ignored by get_local_variable."""
    v = tf.get_local_variable("l", [2], trainable=True)
    return [v.trainable, names(tf.trainable_variables())]


@case(F)
def case_get_local_variable_collections(tf):
    """Own collections are joined by LOCAL_VARIABLES; a tuple cannot be appended to."""
    a = tf.get_local_variable("a", [1], collections=["m", tf.GraphKeys.GLOBAL_VARIABLES])
    return [names(tf.get_collection("m")), names(tf.global_variables()), names(tf.local_variables()), a.trainable,
            err(lambda: tf.get_local_variable("b", [1], collections=("m",))), err(lambda: tf.get_local_variable("c", [1], collections=[]))]


@case(F)
def case_get_local_variable_empty_collections(tf):
    """collections=[] of get_local_variable."""
    mine = []
    tf.get_local_variable("c", [1], collections=mine)
    return [mine, names(tf.local_variables()), names(tf.global_variables())]


@case(F)
def case_get_local_variable_trainable_collection(tf):
    """TRAINABLE_VARIABLES among the collections of a local variable."""
    v = tf.get_local_variable("v", [1], collections=[tf.GraphKeys.TRAINABLE_VARIABLES])
    return [v.trainable, names(tf.trainable_variables()), names(tf.local_variables())]


@case(F)
def case_get_local_variable_errors(tf):
    """Already exists, missing shape, shape mismatch under reuse: as get_variable."""
    tf.get_local_variable("v", [1])
    out = [err(lambda: tf.get_local_variable("v", [1])), err(lambda: tf.get_local_variable("w")), err(lambda: tf.get_variable("v", [1]))]
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return out + [err(lambda: tf.get_local_variable("v", [2])), err(lambda: tf.get_local_variable("x", [1]))]


@case(F)
def case_get_local_variable_keywords(tf):
    """Further keywords of get_local_variable."""
    f = lambda x: x
    v = tf.get_local_variable("v", [1], dtype=tf.float16, initializer=tf.ones_initializer(), constraint=f,
                              synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf.VariableAggregation.SUM)
    return [dt(v), v.constraint is f, kind(v.synchronization), kind(v.aggregation), v.trainable]


@case(F)
def case_get_local_variable_partitioned(tf):
    """Local and partitioned."""
    pv = tf.get_local_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))
    return [names(pv), names(tf.local_variables()), names(tf.global_variables()), [v.trainable for v in pv]]


@case(F)
def case_get_local_variable_value(tf):
    """A constant initializer for a local variable."""
    v = tf.get_local_variable("v", initializer=tf.constant([1, 2]))
    return [shp(v), dt(v)]


@case(F)
def case_get_variable_local_collection_reuse(tf):
    """A variable made local by collections, then got under reuse without: collections unchanged."""
    tf.get_variable("v", [1], collections=[tf.GraphKeys.LOCAL_VARIABLES])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        tf.get_variable("v", [1])
    return [names(tf.local_variables()), names(tf.global_variables()), names(tf.trainable_variables())]


# ===== G. constraint ========================================================
G = "G constraint"


@case(G)
def case_constraint_not_callable_scope(tf):
    """A scope's constraint is not checked by the scope but by the variable."""
    with tf.variable_scope("s", constraint=3) as s:
        return [s.constraint, err(lambda: tf.get_variable("v", [1]))]


@case(G)
def case_constraint_default_name_and_kwargs(tf):
    """Constraint of a default_name scope; a child given its own; a grandchild none."""
    f, h = (lambda x: x), (lambda x: x)
    with tf.variable_scope(None, "d", constraint=f):
        a = tf.get_variable("v", [1])
        with tf.variable_scope("c", constraint=h):
            b = tf.get_variable("v", [1])
            with tf.variable_scope("g"):
                c = tf.get_variable("v", [1])
    return [a.constraint is f, b.constraint is h, c.constraint]


@case(G)
def case_constraint_local(tf):
    """A local variable takes the scope's constraint too."""
    f = lambda x: x
    with tf.variable_scope("s", constraint=f):
        return tf.get_local_variable("v", [1]).constraint is f


@case(G)
def case_constraint_never_called(tf):
    """Neither creation nor reuse calls the constraint."""
    n = []
    f = lambda x: n.append(1) or x
    for _ in range(2):
        with tf.variable_scope("s", constraint=f, reuse=tf.AUTO_REUSE):
            tf.get_variable("v", [1])
    return len(n)


@case(G)
def case_constraint_partitioned(tf):
    """Every shard carries the constraint; from the scope as well."""
    f = lambda x: x
    p = tf.fixed_size_partitioner(2)
    with tf.variable_scope("s", constraint=f, partitioner=p):
        a = tf.get_variable("a", [2])
        b = tf.get_variable("b", [2], constraint=None)
    return [[v.constraint is f for v in a], [v.constraint is f for v in b]]


@case(G)
def case_constraint_constructed_scope(tf):
    """VariableScope(constraint=...) by hand, entered: the constraint is lost as well."""
    f = lambda x: x
    s = tf.VariableScope(None, name="s", constraint=f)
    with tf.variable_scope(s) as t:
        return [s.constraint is f, t.constraint, tf.get_variable("v", [1]).constraint]


# ===== H. custom getters ====================================================
H = "H custom_getter"


def _getter(order, tag, suffix=""):
    def cg(getter, name, *a, **k):
        order.append(tag)
        return getter(name + suffix, *a, **k)
    return cg


@case(H)
def case_getter_argument_replaces_scope(tf):
    """custom_getter of get_variable replaces the scopes' getters altogether."""
    order = []
    with tf.variable_scope("o", custom_getter=_getter(order, "outer")):
        with tf.variable_scope("i", custom_getter=_getter(order, "inner")):
            tf.get_variable("a", [1], custom_getter=_getter(order, "own"))
            tf.get_variable("b", [1])
    return order


@case(H)
def case_getter_not_callable(tf):
    """A getter that is not callable: scope and argument; the scope takes it in silence."""
    with tf.variable_scope("s", custom_getter="x") as s:
        a = s.custom_getter
        e = err(lambda: tf.get_variable("v", [1]))
        with tf.variable_scope("t", custom_getter=lambda getter, *a, **k: getter(*a, **k)):
            f = etype(lambda: tf.get_variable("v", [1]))
    return [a, e, err(lambda: tf.get_variable("v", [1], custom_getter=3)), f]


@case(H)
def case_getter_checked_before_synchronization(tf):
    """Which error wins: getter not callable or synchronization invalid."""
    return [err(lambda: tf.get_variable("v", [1], custom_getter=3, synchronization="x")),
            err(lambda: tf.get_variable("v", [1], custom_getter=3, dtype=tf.int32, initializer=1.0))]


@case(H)
def case_getter_returns_none(tf):
    """What the getter returns is the answer: None, a string, a tuple."""
    out = []
    for r in [None, "text", (1, 2)]:
        with tf.variable_scope("s", custom_getter=lambda getter, *a, **k: r):
            out.append(tf.get_variable("v", [1]))
    return out + [names(tf.global_variables())]


@case(H)
def case_getter_raises(tf):
    """A getter's error passes through; nothing is created."""
    def cg(getter, *a, **k):
        raise KeyError("k")
    with tf.variable_scope("s", custom_getter=cg):
        e = err(lambda: tf.get_variable("v", [1]))
    with tf.variable_scope("s"):
        return [e, tf.get_variable("v", [1]).name]


@case(H)
def case_getter_twice_same_name(tf):
    """Calling the true getter twice with one name: already exists."""
    def cg(getter, *a, **k):
        getter(*a, **k)
        return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=cg):
        return err(lambda: tf.get_variable("v", [1]))


@case(H)
def case_getter_twice_same_name_auto(tf):
    """The same under AUTO_REUSE gives one variable; with reuse=True passed on the second call too."""
    def cg(getter, *a, **k):
        x = getter(*a, **k)
        k["reuse"] = True
        return [x is getter(*a, **k), x.name]
    with tf.variable_scope("s", custom_getter=cg):
        a = tf.get_variable("v", [1])
    with tf.variable_scope("t", custom_getter=cg, reuse=tf.AUTO_REUSE):
        return [a, tf.get_variable("v", [1])]


@case(H)
def case_getter_sets_reuse(tf):
    """A getter may set reuse=AUTO_REUSE for everything."""
    def cg(getter, *a, **k):
        k["reuse"] = tf.AUTO_REUSE
        return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=cg):
        return tf.get_variable("v", [1]) is tf.get_variable("v", [1])


@case(H)
def case_getter_reuse_flags(tf):
    """reuse as a getter sees it: False, True, AUTO_REUSE, and at root."""
    out = []
    def cg(getter, *a, **k):
        r = k["reuse"]
        out.append(r if isinstance(r, bool) or r is None else r.name)
        return getter(*a, **k)
    tf.get_variable("v", [1], custom_getter=cg)
    with tf.variable_scope("s", custom_getter=cg) as s:
        tf.get_variable("v", [1])
        s.reuse_variables()
        tf.get_variable("v", [1])
    with tf.variable_scope("s", custom_getter=cg, reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [1])
    return out


@case(H)
def case_getter_full_name(tf):
    """The getter sees the full key; it may use any name, out of the scope too."""
    seen = []
    def cg(getter, name, *a, **k):
        seen.append(name)
        return getter("elsewhere/" + name.split("/")[-1], *a, **k)
    with tf.variable_scope("a"):
        with tf.variable_scope("b", custom_getter=cg):
            v = tf.get_variable("v", [1])
    with tf.variable_scope("elsewhere", reuse=True):
        return [seen, v.name, tf.get_variable("v") is v]


@case(H)
def case_getter_calls_get_variable(tf):
    """A getter calling tf.get_variable itself under another scope, not the getter."""
    def cg(getter, name, *a, **k):
        with tf.variable_scope("x", custom_getter=None) as s:
            return [s.name, s.custom_getter is not None]
    with tf.variable_scope("s", custom_getter=cg):
        return tf.get_variable("v", [1])


@case(H)
def case_getter_positional_call(tf):
    """A getter may hand on the first arguments by position: name, shape, dtype, initializer."""
    def cg(getter, name, shape, dtype, initializer, **k):
        return getter(name, shape, dtype, initializer, **k)
    with tf.variable_scope("s", custom_getter=cg):
        v = tf.get_variable("v", [2], tf.int32)
    return [v.name, shp(v), dt(v)]


@case(H)
def case_getter_minimal_call(tf):
    """getter(name, shape) alone: the defaults of the true getter (trainable, collections, dtype)."""
    f = lambda x: x
    def cg(getter, name, shape, **k):
        return getter(name, shape)
    with tf.variable_scope("s", custom_getter=cg, dtype=tf.float16, constraint=f):
        v = tf.get_variable("v", [2], trainable=False)
    return [v.name, dt(v), v.trainable, v.constraint, names(tf.trainable_variables())]


@case(H)
def case_getter_minimal_call_twice(tf):
    """getter(name, shape) without reuse: the second time it shares (the true getter's reuse=None means either)."""
    def cg(getter, name, shape, **k):
        return getter(name, shape)
    with tf.variable_scope("s", custom_getter=cg):
        v = tf.get_variable("v", [2])
        return [v.name, err(lambda: tf.get_variable("v", [2]))]


@case(H)
def case_getter_changes_shape_dtype(tf):
    """A getter may change shape, dtype, initializer and collections."""
    def cg(getter, name, **k):
        k.update(shape=[3], dtype=tf.float16, initializer=tf.ones_initializer(), collections=["m"])
        return getter(name, **k)
    with tf.variable_scope("s", custom_getter=cg):
        v = tf.get_variable("v", [2])
    return [shp(v), dt(v), names(tf.get_collection("m"))]


@case(H)
def case_getter_regularizer_on_rename(tf):
    """The regularizer is applied to what the true getter makes, under the getter's name."""
    order = []
    with tf.variable_scope("s", custom_getter=_getter(order, "g", "_x"), regularizer=lambda v: tf.constant(1.0)):
        tf.get_variable("v", [1])
    return [n[:n.index("/Reg")] for n in loss_names(tf)]


@case(H)
def case_getter_with_partitioner(tf):
    """A getter runs once for the whole partitioned variable, and the shards do not pass through it."""
    seen = []
    def cg(getter, name, *a, **k):
        seen.append([name, k["partitioner"] is not None])
        return getter(name, *a, **k)
    with tf.variable_scope("s", custom_getter=cg, partitioner=tf.fixed_size_partitioner(2)):
        pv = tf.get_variable("v", [4])
    return [seen, names(pv)]


@case(H)
def case_getter_drops_partitioner(tf):
    """A getter may drop the partitioner, or bring one."""
    def off(getter, *a, **k):
        k["partitioner"] = None
        return getter(*a, **k)
    def on(getter, *a, **k):
        k["partitioner"] = tf.fixed_size_partitioner(2)
        return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=off, partitioner=tf.fixed_size_partitioner(2)):
        v = tf.get_variable("v", [4])
    with tf.variable_scope("t", custom_getter=on):
        w = tf.get_variable("w", [4])
    return [v.name, names(w)]


@case(H)
def case_getter_inherited(tf):
    """Getters are inherited by string scopes but not by jumps elsewhere."""
    order = []
    plain = opened(tf.variable_scope("plain"))
    with tf.variable_scope("s", custom_getter=_getter(order, "g")):
        with tf.variable_scope("c"):
            tf.get_variable("v", [1])
        order.append("-")
        with tf.variable_scope(plain):
            tf.get_variable("v", [1])
        order.append("-")
    tf.get_variable("v", [1])
    return order


@case(H)
def case_getter_captured_in_getter_scope(tf):
    """A captured scope with a getter entered inside another getter's scope: the current one is left behind."""
    order = []
    a = opened(tf.variable_scope("a", custom_getter=_getter(order, "a")))
    with tf.variable_scope("b", custom_getter=_getter(order, "b")):
        with tf.variable_scope(a):
            tf.get_variable("v", [1])
        with tf.variable_scope(a, custom_getter=_getter(order, "new")):
            tf.get_variable("w", [1])
    return order


@case(H)
def case_set_custom_getter(tf):
    """set_custom_getter replaces (does not wrap) the scope's getter."""
    order = []
    with tf.variable_scope("a", custom_getter=_getter(order, "first")) as a:
        a.set_custom_getter(_getter(order, "second"))
        tf.get_variable("v", [1])
        with tf.variable_scope("b", custom_getter=_getter(order, "third")):
            tf.get_variable("v", [1])
        a.set_custom_getter(None)
        tf.get_variable("w", [1])
    return order


@case(H)
def case_getter_same_twice(tf):
    """The same getter given to parent and child runs twice."""
    order = []
    g = _getter(order, "g", "x")
    with tf.variable_scope("a", custom_getter=g):
        with tf.variable_scope("b", custom_getter=g):
            v = tf.get_variable("v", [1])
    return [order, v.name]


@case(H)
def case_getter_ignores_variable(tf):
    """tf.Variable does not pass through custom getters."""
    order = []
    with tf.variable_scope("s", custom_getter=_getter(order, "g")):
        tf.Variable(0.0, name="v")
    return order


@case(H)
def case_getter_wrapping_property(tf):
    """A scope's custom_getter property: the very function when alone; a wrapper when nested."""
    g, h = (lambda getter, *a, **k: getter(*a, **k)), (lambda getter, *a, **k: getter(*a, **k))
    with tf.variable_scope("a", custom_getter=g) as a:
        with tf.variable_scope("b", custom_getter=h) as b:
            with tf.variable_scope("c") as c:
                return [a.custom_getter is g, b.custom_getter is h, b.custom_getter is g, c.custom_getter is b.custom_getter]


@case(H)
def case_getter_sees_arguments(tf):
    """Arguments arrive in the getter as given: trainable None becomes True, collections, validate_shape, sync."""
    seen = {}
    def cg(getter, *a, **k):
        seen.update(k)
        return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=cg):
        tf.get_variable("v", [1], synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf.VariableAggregation.MEAN, collections=["m"])
    return [seen["trainable"], seen["collections"], kind(seen["synchronization"]), kind(seen["aggregation"]), seen["initializer"], seen["use_resource"]]


@case(H)
def case_getter_sees_constant_initializer(tf):
    """With a constant initializer the dtype a getter sees is still the default."""
    seen = []
    def cg(getter, *a, **k):
        seen.append([dt(k["dtype"]), k["shape"], k["initializer"]])
        return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=cg):
        v = tf.get_variable("v", initializer=[1, 2])
    return [seen, dt(v)]


@case(H)
def case_getter_on_missing_under_reuse(tf):
    """Under reuse=True the getter runs before the 'does not exist' error and may avoid it."""
    order = []
    def cg(getter, name, *a, **k):
        order.append(name)
        try:
            return getter(name, *a, **k)
        except ValueError:
            return "fallback"
    with tf.variable_scope("s", custom_getter=cg, reuse=True):
        return [tf.get_variable("v", [1]), order]


@case(H)
def case_getter_dtype_check_first(tf):
    """Initializer/dtype mismatch is raised before any getter runs; other creation errors after."""
    order = []
    with tf.variable_scope("s", custom_getter=_getter(order, "g")):
        a = etype(lambda: tf.get_variable("v", initializer=tf.constant(1), dtype=tf.float32))
        n = len(order)
        b = etype(lambda: tf.get_variable("v"))
    return [a, n, b, len(order)]


@case(H)
def case_getter_class_instance(tf):
    """A callable object as a getter."""
    class G_(object):
        def __call__(self, getter, name, *a, **k):
            return getter(name + "_o", *a, **k)
    with tf.variable_scope("s", custom_getter=G_()):
        return tf.get_variable("v", [1]).name


@case(H)
def case_getter_bound_arguments(tf):
    """functools.partial as a getter, nested under another."""
    import functools
    def cg(tag, getter, name, *a, **k):
        return getter(name + tag, *a, **k)
    with tf.variable_scope("s", custom_getter=functools.partial(cg, "_1")):
        with tf.variable_scope("t", custom_getter=functools.partial(cg, "_2")):
            return tf.get_variable("v", [1]).name


@case(H, "R", note="an odd corner; a port may refuse an empty or None name outright")
def case_getter_empty_name(tf):
    """get_variable(None) and '' in the getter."""
    seen = []
    def cg(getter, name, *a, **k):
        seen.append(name)
        return None
    with tf.variable_scope("s", custom_getter=cg):
        tf.get_variable("", [1])
    tf.get_variable(None, [1], custom_getter=cg)
    return seen


# ===== I. creator scopes ====================================================
I = "I variable_creator_scope"


def _creator(order, tag, **change):
    def creator(next_creator, **kw):
        order.append([tag, kw["name"]])
        kw.update(change)
        return next_creator(**kw)
    return creator


@case(I)
def case_creator_nesting_order(tf):
    """Nested creators: the innermost first, each name as the inner one left it."""
    order = []
    with tf.variable_creator_scope(_creator(order, "outer")):
        with tf.variable_creator_scope(_creator(order, "inner", name="n")):
            v = tf.Variable(0.0, name="v")
    return [order, v.name]


@case(I)
def case_creator_changes_arguments(tf):
    """A creator may change trainable, collections, initial_value, dtype, constraint."""
    f = lambda x: x
    with tf.variable_creator_scope(_creator([], "c", trainable=False, collections=["m"], constraint=f)):
        v = tf.Variable(0.0, name="v")
        g = tf.get_variable("g", [1])
    return [[x.trainable, x.constraint is f] for x in (v, g)] + [names(tf.get_collection("m")), names(tf.global_variables()), names(tf.trainable_variables())]


@case(I, tags="values")
def case_creator_changes_initial_value(tf):
    """A creator may replace the initial value."""
    with tf.variable_creator_scope(_creator([], "c", initial_value=[5.0, 6.0])):
        v = tf.Variable([1.0, 2.0], name="v")
        g = tf.get_variable("g", [2])
    return [tf.initial_values(v), tf.initial_values(g)]


@case(I)
def case_creator_initial_value_kinds(tf):
    """initial_value as creators see it: as given by tf.Variable; a callable from get_variable; shape, dtype, trainable, collections."""
    seen = []
    def creator(next_creator, **kw):
        seen.append([kw["name"], callable(kw["initial_value"]), None if kw["shape"] is None else [int(d) for d in kw["shape"]],
                     None if kw["dtype"] is None else dt(kw["dtype"]), kw["trainable"], kw["collections"]])
        return next_creator(**kw)
    with tf.variable_creator_scope(creator):
        tf.Variable([1.0], name="v")
        tf.Variable(lambda: [1.0], name="w", trainable=False)
        tf.get_variable("g", [2])
        tf.get_variable("h", initializer=lambda: tf.constant([1]))
    return seen


@case(I)
def case_creator_value_initial_value(tf):
    """A constant initializer in get_variable reaches the creator as what it is."""
    seen = []
    def creator(next_creator, **kw):
        x = kw["initial_value"]
        seen.append(x if isinstance(x, (list, int, float)) else callable(x))
        return next_creator(**kw)
    with tf.variable_creator_scope(creator):
        tf.get_variable("a", initializer=[1, 2])
        tf.get_variable("b", initializer=3.0)
    return seen


@case(I)
def case_creator_keywords_variable(tf):
    """The keywords of tf.Variable in a creator, with their defaults."""
    seen = {}
    def creator(next_creator, **kw):
        seen.update(kw)
        return next_creator(**kw)
    with tf.variable_creator_scope(creator):
        tf.Variable(0.0, name="v")
    return [sorted(seen), sorted(k for k in seen if seen[k] is None), kind(seen["synchronization"]), kind(seen["aggregation"]), seen["validate_shape"]]


@case(I)
def case_creator_use_resource_from_scope(tf):
    """use_resource as a creator sees it: the scope's."""
    seen = []
    def creator(next_creator, **kw):
        seen.append(kw["use_resource"])
        return next_creator(**kw)
    with tf.variable_creator_scope(creator):
        with tf.variable_scope("s", use_resource=True):
            tf.Variable(0.0, name="v")
            tf.get_variable("g", [1])
        tf.get_variable("h", [1])
    return seen


@case(I)
def case_creator_returns_other_object(tf):
    """A creator returning something else: tf.Variable gives it back as it is."""
    class Fake(object):
        name = "fake:0"
    fake = Fake()
    with tf.variable_creator_scope(lambda next_creator, **kw: fake):
        v = tf.Variable(0.0, name="v")
    return [v is fake, names(tf.global_variables())]


@case(I)
def case_creator_returns_other_variable(tf):
    """A creator may return an existing variable: get_variable stores that under the new key."""
    x = tf.get_variable("x", [1])
    with tf.variable_creator_scope(lambda next_creator, **kw: x):
        y = tf.get_variable("y", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [y is x, tf.get_variable("y") is x, names(tf.global_variables())]


@case(I)
def case_creator_raises(tf):
    """A creator's error passes; nothing is stored; op name free."""
    def creator(next_creator, **kw):
        raise KeyError("k")
    with tf.variable_creator_scope(creator):
        e = [etype(lambda: tf.Variable(0.0, name="v")), etype(lambda: tf.get_variable("g", [1]))]
    return [e, tf.Variable(0.0, name="v").name, tf.get_variable("g", [1]).name]


@case(I)
def case_creator_raises_after(tf):
    """A creator raising after creation: the variable is in the collections but not in the store."""
    def creator(next_creator, **kw):
        next_creator(**kw)
        raise KeyError("k")
    with tf.variable_creator_scope(creator):
        e = etype(lambda: tf.get_variable("g", [1]))
    return [e, names(tf.global_variables()), tf.get_variable("g", [1]).name]


@case(I)
def case_creator_two_variables(tf):
    """A creator may create twice."""
    made = []
    def creator(next_creator, **kw):
        made.append(next_creator(**dict(kw, name="shadow")))
        return next_creator(**kw)
    with tf.variable_creator_scope(creator):
        with tf.variable_scope("s"):
            g = tf.get_variable("g", [1])
            v = tf.Variable(0.0, name="v")
    return names(made) + names([g, v])


@case(I)
def case_creator_rename_in_scope(tf):
    """A creator's name: in a variable scope and a name scope, for both kinds."""
    with tf.variable_creator_scope(_creator([], "c", name="n")):
        with tf.variable_scope("s"):
            g = tf.get_variable("g", [1])
            v = tf.Variable(0.0, name="v")
        with tf.name_scope("t"):
            h = tf.get_variable("h", [1])
            w = tf.Variable(0.0, name="w")
    return names([g, v, h, w])


@case(I)
def case_creator_with_partitioner(tf):
    """Creators see every shard, with the shard's shape."""
    seen = []
    def creator(next_creator, **kw):
        v = next_creator(**kw)
        seen.append([kw["name"], shp(v)])
        return v
    with tf.variable_creator_scope(creator):
        tf.get_variable("v", [3, 2], partitioner=tf.fixed_size_partitioner(2))
    return seen


@case(I)
def case_creator_with_template(tf):
    """A creator active at a template's first call sees its creation; later calls create nothing."""
    order = []
    t = tf.make_template("s", lambda: _dummy(tf))
    with tf.variable_creator_scope(_creator(order, "c")):
        t()
        t()
    return order


@case(I)
def case_creator_scope_ends(tf):
    """After an exception inside, the creator is gone too."""
    order = []
    def bad():
        with tf.variable_creator_scope(_creator(order, "c")):
            raise KeyError("k")
    etype(bad)
    tf.Variable(0.0, name="v")
    return order


@case(I)
def case_creator_local_variable(tf):
    """get_local_variable passes creators with its collections."""
    seen = []
    def creator(next_creator, **kw):
        seen.append([kw["name"], kw["trainable"], kw["collections"]])
        return next_creator(**kw)
    with tf.variable_creator_scope(creator):
        tf.get_local_variable("l", [1])
        tf.get_variable("g", [1], collections=("m",))
        tf.get_variable("h", [1])
    return seen


@case(I)
def case_creator_variable_without_name(tf):
    """An unnamed tf.Variable reaches the creator with name None."""
    order = []
    with tf.variable_creator_scope(_creator(order, "c")):
        v = tf.Variable(0.0)
    return [order, v.name]


@case(I)
def case_creator_bad_values_checked_after(tf):
    """Errors of the arguments themselves come after the creator ran."""
    order = []
    with tf.variable_creator_scope(_creator(order, "c")):
        e = [etype(lambda: tf.Variable(0.0, name="a", collections="m")), etype(lambda: tf.Variable(name="b")),
             etype(lambda: tf.get_variable("d")), etype(lambda: tf.get_variable("e", [1], constraint=3)),
             etype(lambda: tf.Variable(0.0, name="f", synchronization="x"))]
    return [e, [n for _, n in order]]


@case(I)
def case_creator_yields_nothing(tf):
    """with variable_creator_scope(..) as x: x is None."""
    with tf.variable_creator_scope(lambda next_creator, **kw: next_creator(**kw)) as x:
        return x is None


@case(I)
def case_creator_across_variable_scopes(tf):
    """A creator scope opened inside a variable scope: independent of it."""
    order = []
    with tf.variable_scope("a") as a:
        with tf.variable_creator_scope(_creator(order, "c")):
            with tf.variable_scope("b"):
                tf.get_variable("v", [1])
        tf.get_variable("w", [1])
    return order


# ===== J. partitioners ======================================================
J = "J partitioner"
SH = "partitioner -> NamedSharding over a mesh axis: one logical array; keep the part_i view for checkpoints"


def _split(tf, shape, partitioner, name="v", **kw):
    with tf.variable_scope(None, "root"):
        return parts(tf.get_variable(name, shape, partitioner=partitioner, **kw))


@case(J)
def case_partition_uneven_shapes(tf):
    """n // k rows each, the first n % k one more."""
    out = []
    for n, k in [(10, 3), (10, 4), (7, 7), (3, 2), (9, 5)]:
        with tf.variable_scope(None, "r"):
            out.append([shp(v)[0] for v in tf.get_variable("v", [n], partitioner=tf.fixed_size_partitioner(k))])
    return out


@case(J)
def case_fixed_size_partitioner_forms(tf):
    """fixed_size_partitioner: one shard, axis beyond the rank, negative axis."""
    f = tf.fixed_size_partitioner
    return [_split(tf, [4, 6], f(1)), err(lambda: _split(tf, [4], f(2, axis=1))), _split(tf, [4, 6], f(2, axis=-1)),
            _split(tf, [4, 6], f(num_shards=2, axis=1))]


@case(J)
def case_fixed_size_partitioner_zero(tf):
    """num_shards 0 and a negative number."""
    f = tf.fixed_size_partitioner
    return [err(lambda: _split(tf, [4], f(0))), err(lambda: _split(tf, [4], f(-1)))]


@case(J)
def case_fixed_size_partitioner_called(tf):
    """A ready-made partitioner is a plain function of shape and dtype, by keyword only."""
    s = tf.get_variable("v", [5, 3]).shape
    p = tf.fixed_size_partitioner(3)
    return [[int(x) for x in p(shape=s, dtype=tf.float32)], [int(x) for x in tf.fixed_size_partitioner(2, 1)(shape=s, dtype=tf.int32)],
            etype(lambda: p(s, tf.float32))]


@case(J)
def case_variable_axis_size_partitioner(tf):
    """variable_axis_size_partitioner: as many shards as keep each at max_shard_bytes."""
    f = tf.variable_axis_size_partitioner
    return [_split(tf, [4, 8], f(64)), _split(tf, [4, 8], f(32)), _split(tf, [4, 8], f(16)), _split(tf, [4, 8], f(1)),
            _split(tf, [4, 8], f(10 ** 6)), _split(tf, [4, 8], f(64, axis=1)), _split(tf, [64], f(60)), _split(tf, [64], f(60, max_shards=3))]


@case(J)
def case_variable_axis_size_partitioner_dtype(tf):
    """The element size counts: float16, int8, bool."""
    f = tf.variable_axis_size_partitioner
    return [_split(tf, [64], f(32), dtype=d) for d in [tf.float32, tf.float16, tf.int8, tf.bool]]


@case(J)
def case_variable_axis_size_partitioner_errors(tf):
    """variable_axis_size_partitioner argument errors."""
    f = tf.variable_axis_size_partitioner
    return [err(lambda: f(0)), err(lambda: f(-1)), err(lambda: f(8, bytes_per_string_element=0)), err(lambda: f(8, max_shards=-1)),
            err(lambda: f(8, max_shards=0)), _split(tf, [64], f(8, max_shards=0))]


@case(J)
def case_variable_axis_size_partitioner_axis(tf):
    """variable_axis_size_partitioner with an axis the variable lacks."""
    f = tf.variable_axis_size_partitioner
    return [err(lambda: _split(tf, [64], f(8, axis=1))), _split(tf, [4, 64], f(8, axis=-1))]


@case(J)
def case_min_max_partitioner_errors(tf):
    """min_max_variable_partitioner checks nothing at construction."""
    f = tf.min_max_variable_partitioner
    return [err(lambda: f(max_partitions=0)), err(lambda: f(max_partitions=-1)), err(lambda: f(min_slice_size=0)), err(lambda: f(min_slice_size=-3)),
            err(lambda: f(bytes_per_string_element=0))]


@case(J)
def case_min_max_partitioner_defaults(tf):
    """The defaults: one partition, 256 KiB; axis 0."""
    f = tf.min_max_variable_partitioner
    return [_split(tf, [100000], f()), _split(tf, [1000, 200], f(10)), _split(tf, [1000, 200], f(2)), _split(tf, [2, 200000], f(10))]


@case(J)
def case_min_max_partitioner_dtype(tf):
    """The element size counts here too."""
    f = tf.min_max_variable_partitioner
    return [_split(tf, [64], f(100, min_slice_size=32), dtype=d) for d in [tf.float32, tf.float16, tf.int8]]


@case(J)
def case_min_max_partitioner_axis(tf):
    """axis=1, and one too many."""
    f = tf.min_max_variable_partitioner
    return [_split(tf, [4, 64], f(8, axis=1, min_slice_size=16)), err(lambda: _split(tf, [4], f(8, axis=2)))]


@case(J)
def case_partitioner_zero_size(tf):
    """Partitioners on a dimension of size 0."""
    return [err(lambda: _split(tf, [0, 2], tf.fixed_size_partitioner(2))), err(lambda: _split(tf, [0, 2], tf.min_max_variable_partitioner(2)))]


@case(J)
def case_partitioner_not_callable(tf):
    """A partitioner that is not callable: by argument, by scope."""
    out = [err(lambda: tf.get_variable("v", [4], partitioner=7))]
    with tf.variable_scope("s", partitioner="x") as s:
        out += [s.partitioner, err(lambda: tf.get_variable("v", [4]))]
        out.append(tf.get_variable("w", []).name)
    return out


@case(J)
def case_partitioner_bad_returns(tf):
    """What a partitioner may not return."""
    f = lambda r: err(lambda: tf.get_variable("v", [4, 6], partitioner=lambda shape, dtype: r))
    return [f(3), f([2]), f([0, 1]), f(None), f([1, 1, 1]), f([-1, 1]), f("ab"), f([])]


@case(J)
def case_partitioner_return_kinds(tf):
    """A tuple is fine; a numpy array is no sequence."""
    import numpy as np
    g = lambda r: err(lambda: _split(tf, [4, 6], lambda shape, dtype: r))
    return [_split(tf, [4, 6], lambda shape, dtype: (2, 1)), g(np.array([2, 1]))]


@case(J, "R", note="leave nothing behind")
def case_partitioner_too_many(tf):
    """More shards than rows asked by a hand-written partitioner."""
    return [err(lambda: tf.get_variable("v", [4, 6], partitioner=lambda shape, dtype: [5, 1])),
            err(lambda: tf.get_variable("w", [2], partitioner=lambda shape, dtype: [3])), names(tf.global_variables())]


@case(J)
def case_partitioner_raises(tf):
    """A partitioner that raises: the error passes, nothing is made."""
    def bad(shape, dtype):
        raise KeyError("k")
    return [etype(lambda: tf.get_variable("v", [4], partitioner=bad)), tf.get_variable("v", [4]).name]


@case(J)
def case_partitioner_positional_names(tf):
    """A partitioner must take shape and dtype by name."""
    return etype(lambda: tf.get_variable("v", [4], partitioner=lambda s, d: [2]))


@case(J)
def case_partitioner_single_shard(tf):
    """One shard is still a partitioned variable."""
    pv = tf.get_variable("v", [4, 6], partitioner=lambda shape, dtype: [1, 1])
    return [pv.name, names(pv), len(pv), shp(pv)]


@case(J)
def case_partitioner_default_dtype(tf):
    """dtype the partitioner gets: the argument, the scope's, float32, a value's."""
    seen = []
    def p(shape, dtype):
        seen.append([[int(d) for d in shape], dt(dtype)])
        return [1] * len(shape)
    tf.get_variable("a", [2], partitioner=p)
    tf.get_variable("b", [2], tf.int32, partitioner=p)
    with tf.variable_scope("s", dtype=tf.float16, partitioner=p):
        tf.get_variable("c", [2, 3])
    tf.get_variable("d", initializer=tf.constant([1.0, 2.0]), partitioner=p)
    return seen


@case(J)
def case_partition_constant_other_dtype(tf):
    """A constant of another dtype than the default: what the partitioner and the shards have."""
    p = tf.fixed_size_partitioner(2)
    a, b = [tf.get_variable(n, initializer=tf.constant([1, 2]), partitioner=p, **k) for n, k in [("a", {}), ("b", {"dtype": tf.int32})]]
    return [dt(a), [dt(v) for v in a], dt(b), [dt(v) for v in b],
            err(lambda: tf.get_variable("c", dtype=tf.float32, initializer=tf.constant([1, 2]), partitioner=p))]


@case(J)
def case_partition_constant_shape_mismatch(tf):
    """A constant initializer and a disagreeing shape, with a partitioner."""
    p = tf.fixed_size_partitioner(2)
    return [err(lambda: tf.get_variable("a", [4], initializer=tf.constant([1.0, 2.0]), partitioner=p)),
            err(lambda: tf.get_variable("b", [1, 2], initializer=tf.constant([1.0, 2.0]), partitioner=p))]


@case(J, "R", note="a list has a shape as well; a port may take it")
def case_partition_list_initializer(tf):
    """A plain list or array as initializer does not give a partitioned variable its shape; with the shape given it is sliced all right."""
    import numpy as np
    p = tf.fixed_size_partitioner(2)
    return [err(lambda: tf.get_variable("a", initializer=[1.0, 2.0, 3.0], partitioner=p)),
            err(lambda: tf.get_variable("b", initializer=np.zeros([4], np.float32), partitioner=p)),
            err(lambda: tf.get_variable("c", [3], initializer=[1.0, 2.0, 3.0], partitioner=p))]


@case(J)
def case_partition_scalar_value(tf):
    """A scalar constant with a partitioner and no shape."""
    p = tf.fixed_size_partitioner(2)
    return [err(lambda: tf.get_variable("v", initializer=1.0, partitioner=p)),
            err(lambda: tf.get_variable("w", initializer=tf.constant(1.0), partitioner=p)),
            err(lambda: tf.get_variable("x", [], initializer=tf.constant(1.0), partitioner=p))]


@case(J)
def case_partition_bare_callable(tf):
    """A callable without arguments and no shape, with a partitioner; with a shape."""
    p = tf.fixed_size_partitioner(2)
    return [err(lambda: tf.get_variable("v", initializer=lambda: tf.constant([1.0, 2.0]), partitioner=p)),
            etype(lambda: tf.get_variable("w", [2], initializer=lambda: tf.constant([1.0, 2.0]), partitioner=p))]


@case(J, "R", tags="values", note="one sharded array; slice views on demand")
def case_partition_initializer_class(tf):
    """A class, and constant_initializer, shard by shard."""
    p = tf.fixed_size_partitioner(2)
    a = tf.get_variable("a", [3], initializer=tf.ones_initializer, partitioner=p)
    b = tf.get_variable("b", [3], initializer=tf.constant_initializer(2.0), partitioner=p)
    return [[tf.initial_values(v) for v in x] for x in (a, b)]


@case(J, "R", note="one call on the whole array")
def case_partition_constant_list_initializer(tf):
    """constant_initializer with a full-length list is given the shard shapes only."""
    return etype(lambda: tf.get_variable("a", [4], initializer=tf.constant_initializer([1, 2, 3, 4]), partitioner=tf.fixed_size_partitioner(2)))


@case(J)
def case_partition_default_initializers(tf):
    """Default initializers with a partitioner: int, float, complex refused."""
    p = tf.fixed_size_partitioner(2)
    return [dt(tf.get_variable("i", [4], tf.int32, partitioner=p)), dt(tf.get_variable("f", [4], partitioner=p)),
            err(lambda: tf.get_variable("c", [4], tf.complex64, partitioner=p)), names(tf.global_variables())]


@case(J)
def case_partition_initializer_info_axis1(tf):
    """partition_info along axis 1; single_offset and single_slice_dim."""
    seen = []
    def init(shape, dtype=None, partition_info=None):
        i = partition_info
        seen.append([list(shape), list(i.full_shape), list(i.var_offset), i.single_offset(list(shape)), i.single_slice_dim(list(shape))])
        return tf.zeros_initializer()(shape, dtype=dtype)
    tf.get_variable("v", [2, 5], initializer=init, partitioner=tf.fixed_size_partitioner(2, axis=1))
    return seen


@case(J, "R", note="leave nothing behind")
def case_partition_initializer_raises(tf):
    """An initializer raising at the second shard: what stays."""
    n = []
    def init(shape, dtype=None, partition_info=None):
        n.append(1)
        if len(n) == 2:
            raise KeyError("k")
        return tf.zeros_initializer()(shape, dtype=dtype)
    p = tf.fixed_size_partitioner(2)
    t = etype(lambda: tf.get_variable("v", [4], initializer=init, partitioner=p))
    return [t, names(tf.global_variables()), err(lambda: tf.get_variable("v", [4], partitioner=p)), err(lambda: tf.get_variable("v", [4]))]


@case(J)
def case_partition_no_shape(tf):
    """No shape, an initializer object: the partitioned path's own message."""
    p = tf.fixed_size_partitioner(2)
    return [err(lambda: tf.get_variable("v", initializer=tf.zeros_initializer(), partitioner=p)),
            err(lambda: tf.get_variable("v", [2, None], partitioner=p)), err(lambda: tf.get_variable("v", partitioner=p, dtype=tf.int32))]


@case(J)
def case_partition_reuse(tf):
    """Reuse with the partitioner, without it, without the shape."""
    p = tf.fixed_size_partitioner(2)
    with tf.variable_scope("s", partitioner=p):
        a = tf.get_variable("v", [4])
    with tf.variable_scope("s", reuse=True):
        out = [tf.get_variable("v", [4]) is a, tf.get_variable("v") is a]
    with tf.variable_scope("s", reuse=True, partitioner=p):
        return out + [tf.get_variable("v", [4]) is a, err(lambda: tf.get_variable("v"))]


@case(J)
def case_partition_reuse_errors(tf):
    """Shape, dtype and missing errors of the partitioned path under reuse."""
    p = tf.fixed_size_partitioner(2)
    with tf.variable_scope("s", partitioner=p):
        tf.get_variable("v", [4, 2])
    with tf.variable_scope("s", partitioner=p, reuse=True):
        return [err(lambda: tf.get_variable("v", [5, 2])), err(lambda: tf.get_variable("v", [4, 2], dtype=tf.int32)),
                err(lambda: tf.get_variable("w", [4, 2])), err(lambda: tf.get_variable("v", [4]))]


@case(J)
def case_partition_reuse_without_partitioner_errors(tf):
    """Reuse of a partitioned variable without partitioner: the shape and dtype errors are the partitioned ones."""
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("v", [4, 2])
    with tf.variable_scope("s", reuse=True):
        return [err(lambda: tf.get_variable("v", [5, 2])), err(lambda: tf.get_variable("v", [4, 2], dtype=tf.int32)),
                err(lambda: tf.get_variable("v", [4, 2], initializer=tf.zeros_initializer()))]


@case(J)
def case_partition_without_partitioner_create(tf):
    """Asking for the plain name where a partitioned one exists, not reusing."""
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("v", [4])
    with tf.variable_scope("s"):
        return [err(lambda: tf.get_variable("v", [4])), err(lambda: tf.get_variable("v", []))]


@case(J)
def case_partition_auto_reuse(tf):
    """AUTO_REUSE with a partitioner: shares; without on the second call: refused; missing: made."""
    p = tf.fixed_size_partitioner(2)
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        a = tf.get_variable("v", [4], partitioner=p)
        b = tf.get_variable("v", [4], partitioner=p)
        return [a is b, names(tf.global_variables()), err(lambda: tf.get_variable("v", [4])),
                err(lambda: tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(4)))]


@case(J)
def case_partition_auto_reuse_errors(tf):
    """AUTO_REUSE: shape, dtype mismatch with the partitioner; over a plain variable."""
    p = tf.fixed_size_partitioner(2)
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [4], partitioner=p)
        tf.get_variable("w", [4])
        return [err(lambda: tf.get_variable("v", [6], partitioner=p)), err(lambda: tf.get_variable("v", [4], tf.int32, partitioner=p)),
                err(lambda: tf.get_variable("w", [4], partitioner=p))]


@case(J)
def case_partition_over_plain_reuse(tf):
    """A partitioner over a plain variable under reuse=True."""
    tf.get_variable("v", [4])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [err(lambda: tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2)))]


@case(J)
def case_partition_shard_name_taken(tf):
    """A plain variable 'v/part_0' made before: the partitioned 'v', and the plain 'v'."""
    tf.get_variable("v/part_0", [2])
    return [err(lambda: tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))), err(lambda: tf.get_variable("v", [4])),
            names(tf.global_variables())]


@case(J, "R", note="leave nothing behind")
def case_partition_second_shard_name_taken(tf):
    """'v/part_1' taken only: plain 'v' is fine, partitioned fails at the second shard."""
    tf.get_variable("v/part_1", [2])
    e = err(lambda: tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2)))
    return [e, names(tf.global_variables())]


@case(J)
def case_partition_op_names_taken(tf):
    """A name scope of the variable's name taken before: the taken shard name alone is moved on."""
    with tf.name_scope("v"):
        tf.Variable(0.0, name="part_0")
    pv = tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))
    return [pv.name, names(pv)]


@case(J)
def case_partition_takes_op_scope(tf):
    """After a partitioned 'v' the name scope 'v', a tf.Variable 'v'."""
    tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))
    s = opened(tf.name_scope("v"))
    return [s, tf.Variable(0.0, name="v").name]


@case(J)
def case_partition_in_name_scope(tf):
    """A partitioned variable inside a name scope and nested variable scopes."""
    with tf.variable_scope("a"):
        with tf.name_scope("n"):
            with tf.variable_scope("b", partitioner=tf.fixed_size_partitioner(2)):
                pv = tf.get_variable("v", [4])
    return [pv.name, names(pv)]


@case(J)
def case_partition_inheritance(tf):
    """A partitioner is inherited by scopes and captures; an argument replaces it; None cannot switch it off."""
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2)) as a:
        with tf.variable_scope("b", partitioner=None):
            x = tf.get_variable("v", [4])
        y = tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(4))
        a.set_partitioner(None)
        z = tf.get_variable("z", [4])
    return [len(x), len(y), z.name]


@case(J)
def case_partition_collections(tf):
    """Shards in collections; duplicates; local."""
    K = tf.GraphKeys
    p = tf.fixed_size_partitioner(2)
    tf.get_variable("v", [4], partitioner=p, collections=["m", K.GLOBAL_VARIABLES])
    tf.get_variable("w", [4], partitioner=p, collections=[])
    tf.get_variable("x", [4], partitioner=p, trainable=False)
    return [names(tf.get_collection("m")), names(tf.global_variables()), names(tf.trainable_variables())]


@case(J)
def case_partition_bad_collections(tf):
    """Wrong collections, constraint, synchronization with a partitioner: nothing is made."""
    p = tf.fixed_size_partitioner(2)
    return [err(lambda: tf.get_variable("v", [4], partitioner=p, collections="m")), names(tf.global_variables()),
            err(lambda: tf.get_variable("v", [4], partitioner=p, constraint=3)), err(lambda: tf.get_variable("v", [4], partitioner=p, synchronization="x"))]


@case(J)
def case_partition_synchronization(tf):
    """synchronization and aggregation are handed to the shards; ON_READ freezes."""
    pv = tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2), synchronization=tf.VariableSynchronization.ON_READ,
                         aggregation=tf.VariableAggregation.SUM)
    return [[kind(v.synchronization), kind(v.aggregation), v.trainable] for v in pv]


@case(J)
def case_partition_iteration(tf):
    """Iterating twice, list, len; get_shape and dtype."""
    pv = tf.get_variable("v", [5, 3], tf.float16, partitioner=tf.fixed_size_partitioner(2))
    return [len(pv), names(pv) == names(pv), [v.shape.as_list() for v in pv], pv.get_shape().as_list(), dt(pv), pv.name]


@case(J)
def case_partition_no_getitem(tf):
    """A partitioned variable cannot be indexed."""
    pv = tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))
    return etype(lambda: pv[0])


@case(J)
def case_partition_shards_are_plain(tf):
    """Shards: op names, trainable, constraint, dtype."""
    pv = tf.get_variable("s/v", [4], partitioner=tf.fixed_size_partitioner(2))
    return [[v.op.name, v.trainable, v.constraint, dt(v)] for v in pv]


@case(J, "R", note="offer shard access on the sharded array instead")
def case_partition_shard_reuse_errors(tf):
    """Getting a shard by name: its shape is the shard's; a missing one; not reusing."""
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        pv = tf.get_variable("v", [5, 2])
    with tf.variable_scope("s"):
        a = err(lambda: tf.get_variable("v/part_0", [3, 2]))
    with tf.variable_scope("s", reuse=True):
        return [a, tf.get_variable("v/part_0", [3, 2]) is list(pv)[0], err(lambda: tf.get_variable("v/part_1", [3, 2])), err(lambda: tf.get_variable("v/part_2"))]


@case(J)
def case_partition_reuse_ignores(tf):
    """On reuse trainable and collections of the new call are ignored; no second loss."""
    r = lambda v: tf.constant(1.0)
    p = tf.fixed_size_partitioner(2)
    a = tf.get_variable("v", [4], partitioner=p, regularizer=r)
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        b = tf.get_variable("v", [4], partitioner=p, regularizer=r, trainable=False, collections=["m"])
    return [a is b, [v.trainable for v in b], len(tf.get_collection("m")), len(loss_names(tf))]


@case(J)
def case_partition_regularizer_names(tf):
    """Losses of a partitioned variable are named after the shards."""
    tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2), regularizer=lambda v: tf.constant(1.0))
    return [n[:n.index("/Reg")] for n in loss_names(tf)]


@case(J)
def case_partition_order_of_errors(tf):
    """Which error comes first: partitions against already existing, shape, dtype."""
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("v", [4, 2])
        return [err(lambda: tf.get_variable("v", [5, 2], dtype=tf.int32)), err(lambda: tf.get_variable("v", partitioner=lambda shape, dtype: 3)),
                err(lambda: tf.get_variable("v", [4, 2], partitioner=lambda shape, dtype: [2, 2]))]


@case(J)
def case_partition_reuse_int_dtype(tf):
    """The dtype rule holds here too: int32 shards need dtype again."""
    p = tf.fixed_size_partitioner(2)
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE, partitioner=p):
        a = tf.get_variable("v", [4], dtype=tf.int32)
        return [err(lambda: tf.get_variable("v", [4])), tf.get_variable("v", [4], dtype=tf.int32) is a]


@case(J)
def case_partition_template(tf):
    """A template with a partitioned variable shares it."""
    t = tf.make_template("t", lambda: tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2)))
    a = t()
    return [a is t(), names(a), names(t.variables)]


@case(J, "R", note=SH)
def case_create_partitioned_names(tf):
    """create_partitioned_variables: default and given names, uniquified by variable scope; inside name scopes."""
    z = tf.zeros_initializer()
    out = names(tf.create_partitioned_variables([4], [2], z))
    out += names(tf.create_partitioned_variables([4], [2], z))
    with tf.variable_scope("s"):
        out += names(tf.create_partitioned_variables([4, 2], [1, 2], z, name="n"))
        return out + [err(lambda: tf.create_partitioned_variables([4, 2], [1, 2], z, name="n"))]


@case(J, "R", note=SH)
def case_create_partitioned_arguments(tf):
    """dtype, trainable, collections of create_partitioned_variables."""
    vs = tf.create_partitioned_variables([4], [2], tf.zeros_initializer(), dtype=tf.int32, trainable=False, collections=["m"])
    return [[dt(v), v.trainable] for v in vs] + [names(tf.get_collection("m")), names(tf.global_variables())]


@case(J, "R", note=SH)
def case_create_partitioned_value(tf):
    """A constant as initializer; one slice only; a non-list slicing."""
    f = tf.create_partitioned_variables
    return [names(f([4], [2], tf.constant([1.0, 2.0, 3.0, 4.0]))), names(f([4], [1], tf.zeros_initializer(), name="one")),
            names(f((4,), (2,), tf.zeros_initializer(), name="tuples")), err(lambda: f([4], 2, tf.zeros_initializer()))]


@case(J, "R", note=SH)
def case_create_partitioned_reuse(tf):
    """reuse= of create_partitioned_variables: by name, and without a name."""
    z = tf.zeros_initializer()
    f = tf.create_partitioned_variables
    with tf.variable_scope("s"):
        a = f([4], [2], z, name="n")
    with tf.variable_scope("s"):
        b = err(lambda: f([4], [2], z, name="n", reuse=True))
    with tf.variable_scope("s", reuse=True):
        c = err(lambda: f([4], [2], z, name="n"))
    return [names(a), b, c, names(tf.global_variables())]


@case(J, "R", note=SH)
def case_create_partitioned_uneven(tf):
    """Uneven shards; a slicing that clips nothing."""
    return [[shp(v) for v in tf.create_partitioned_variables([5, 2], [2, 1], tf.zeros_initializer())],
            [shp(v) for v in tf.create_partitioned_variables([2, 5], [1, 3], tf.zeros_initializer())]]


@case(J, "R", tags="slices", note="shard index ranges of a NamedSharding say the same")
def case_create_partitioned_slice_info(tf):
    """Save slices of create_partitioned_variables."""
    vs = tf.create_partitioned_variables([5, 4], [1, 3], tf.zeros_initializer(), name="n")
    return [[i.full_name, list(i.full_shape), list(i.var_offset), list(i.var_shape), i.spec] for i in [v._get_save_slice_info() for v in vs]]


@case(J, "R", tags="slices", note="a plain array has one slice: itself")
def case_plain_slice_info(tf):
    """A plain variable has no save-slice info; one fetched by shard name has."""
    v = tf.get_variable("v", [2])
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2, axis=1)):
        tf.get_variable("p", [2, 4])
    with tf.variable_scope("s", reuse=True):
        i = tf.get_variable("p/part_1")._get_save_slice_info()
    return [v._get_save_slice_info(), i.full_name, i.spec]


@case(J, "R", tags="pvclass", note="constructor of the class")
def case_partitioned_variable_isinstance(tf):
    """The class of partitioned variables."""
    p = tf.fixed_size_partitioner(2)
    pv = tf.get_variable("v", [4], partitioner=p)
    return [isinstance(pv, tf.PartitionedVariable), isinstance(list(pv)[0], tf.PartitionedVariable), isinstance(tf.get_variable("w", [4]), tf.PartitionedVariable)]


@case(J, "R", tags="pvclass slices", note="constructor of the class")
def case_partitioned_variable_constructor_errors(tf):
    """PartitionedVariable built by hand: its checks."""
    P_ = tf.PartitionedVariable
    v = tf.get_variable("v", [2])
    a, b = list(tf.get_variable("p", [4], partitioner=tf.fixed_size_partitioner(2)))
    f = lambda **k: err(lambda: P_(**k))
    return [f(name="v", shape=[2], dtype=tf.float32, variable_list=[v], partitions=[1])["error_type"],
            f(name="p", shape=[4], dtype=tf.float32, variable_list=3, partitions=[2])["error_type"],
            f(name="p", shape=[4], dtype=tf.float32, variable_list=[a, b], partitions=3)["error_type"],
            f(name="p", shape=[4], dtype=tf.float32, variable_list=[a, b], partitions=[0])["error_type"],
            f(name="p", shape=[4], dtype=tf.float32, variable_list=[], partitions=[2])["error_type"],
            names(P_(name="p", shape=[4], dtype=tf.float32, variable_list=[b, a], partitions=[2]))]


# ===== N. templates =========================================================
N = "N make_template"


@case(N)
def case_template_two_of_one_name(tf):
    """Two templates of one name get two scopes, in order of their first calls."""
    t, u = tf.make_template("s", lambda: _dummy(tf)), tf.make_template("s", lambda: _dummy(tf))
    a, b = u(), t()
    return names([a, b]) + [u.variable_scope.name, t.variable_scope.name, t.name]


@case(N)
def case_template_unique_name_twice(tf):
    """unique_name_ taken twice without reuse: already exists, with the trailer."""
    tf.make_template("_", lambda: _dummy(tf), unique_name_="s1")()
    return err(lambda: tf.make_template("_", lambda: _dummy(tf), unique_name_="s1")())


@case(N)
def case_template_unique_name_scope(tf):
    """unique_name_ in a scope; with an invalid name_."""
    with tf.variable_scope("p"):
        t = tf.make_template("a b", lambda: _dummy(tf), unique_name_="u")
        return [t().name, t().name, t.variable_scope_name, t.name]


@case(N)
def case_template_name_none(tf):
    """name_=None is refused; '' adds no prefix."""
    return [err(lambda: tf.make_template(None, lambda: 1)), tf.make_template("", lambda: [tf.get_variable_scope().name, _dummy(tf).name])()]


@case(N)
def case_template_invalid_name(tf):
    """An invalid name_ is refused at the first call, and not at once even with create_scope_now_."""
    t = tf.make_template("a b", lambda: _dummy(tf))
    return [err(t), err(lambda: tf.make_template("a b", lambda: _dummy(tf), create_scope_now_=True))]


@case(N)
def case_template_not_callable(tf):
    """func_ that is not callable is taken in silence; the call fails."""
    t = tf.make_template("s", 3)
    return etype(t)


@case(N)
def case_template_returns(tf):
    """The function's value is handed through; arguments too."""
    t = tf.make_template("s", lambda *a, **k: [list(a), sorted(k.items())], x=1)
    return [t(), t(2, 3), t(x=5), t(y=6)]


@case(N)
def case_template_positional_kwargs(tf):
    """make_template by position: name_, func_, create_scope_now_, unique_name_, custom_getter_."""
    order = []
    def cg(getter, *a, **k):
        order.append(1)
        return getter(*a, **k)
    t = tf.make_template("s", lambda: _dummy(tf), False, "u", cg)
    return [t().name, order]


@case(N)
def case_template_creates_nothing_first(tf):
    """A first call that creates nothing counts all the same: the next one reuses and finds nothing."""
    make = [False]
    def fn():
        return _dummy(tf) if make[0] else [tf.get_variable_scope().name, reuse_name(tf.get_variable_scope())]
    t = tf.make_template("s", fn)
    out = [t(), t()]
    make[0] = True
    return out + [err(t)]


@case(N)
def case_template_creates_local_only(tf):
    """A first call that makes local / non-trainable variables only counts."""
    def fn(n):
        return tf.get_variable(n, [1], trainable=False)
    t = tf.make_template("s", fn)
    a = t("a")
    u = tf.make_template("u", lambda n: tf.get_local_variable(n, [1]))
    b = u("a")
    return [a.name, err(lambda: t("b")), b.name, err(lambda: u("b"))]


@case(N)
def case_template_trainable_later(tf):
    """tf.Variable on a later call: the ValueError with the trailer."""
    t = tf.make_template("s", lambda: tf.Variable(0.0, name="Variable"))
    a = t()
    return [a.name, err(t)]


@case(N)
def case_template_trainable_later_names(tf):
    """What is left after that error: the second variable exists, the current scope is restored."""
    t = tf.make_template("s", lambda: tf.Variable(0.0, name="v"))
    t()
    e = etype(t)
    return [e, names(tf.trainable_variables()), tf.get_variable_scope().name]


@case(N)
def case_template_trainable_elsewhere(tf):
    """A trainable variable made outside between two calls does not matter; one made in another scope inside does."""
    root = tf.get_variable_scope()
    n = [0]
    def fn():
        n[0] += 1
        if n[0] == 3:
            with tf.variable_scope(root):
                tf.get_variable("other", [1])
        return _dummy(tf)
    t = tf.make_template("s", fn)
    t()
    tf.get_variable("between", [1])
    t()
    e = err(t)
    return [e["error_type"], "Trainable variable created" in e["error_message"], names(tf.trainable_variables())]


@case(N)
def case_template_get_variable_new_later_auto(tf):
    """A scope with AUTO_REUSE inside the template makes later creation possible for get_variable - then the trainable check."""
    def fn(n):
        with tf.variable_scope("in", reuse=tf.AUTO_REUSE):
            return tf.get_variable(n, [1], trainable=n != "t").name
    t = tf.make_template("s", fn)
    return [t("a"), err(lambda: t("b")), t("t")]


@case(N)
def case_template_exception_trailer(tf):
    """Any exception gets the trailer, its type and first text stay; through two templates as well."""
    def fn():
        raise RuntimeError("boom")
    t = tf.make_template("s", fn)
    u = tf.make_template("u", lambda: t())
    return [err(t), err(u)]


@case(N)
def case_template_exception_no_args(tf):
    """An exception without arguments."""
    def fn():
        raise ValueError()
    e = err(tf.make_template("s", fn))
    return [e["error_type"], e["error_message"], e.get("error_trailer")]


@case(N)
def case_template_exception_restores(tf):
    """After an exception in a template the scope is as before; the template keeps its variable scope, the op scope moves on."""
    fail = [True]
    def fn():
        v = op_prefix(tf)
        if fail[0]:
            raise KeyError("k")
        return [tf.get_variable_scope().name, v]
    t = tf.make_template("s", fn)
    a = etype(t)
    now = tf.get_variable_scope().name
    fail[0] = False
    return [a, now, t(), t.variable_scope_name]


@case(N)
def case_template_failed_after_creating(tf):
    """A first call failing after it created a variable: what the next call does."""
    fail = [True]
    def fn():
        v = _dummy(tf)
        if fail[0]:
            raise KeyError("k")
        return v
    t = tf.make_template("s", fn)
    a = etype(t)
    fail[0] = False
    return [a, err(t), names(tf.global_variables())]


@case(N)
def case_template_nested(tf):
    """A template calling another: nested scopes; called alone the inner keeps its place."""
    inner = tf.make_template("in", lambda: _dummy(tf))
    outer = tf.make_template("out", lambda: [inner(), _dummy(tf)])
    a, b = outer()
    c, d = outer()
    return [a.name, b.name, a is c, b is d, inner() is a]


@case(N)
def case_template_nested_inner_first(tf):
    """The inner template called first at root keeps root's place inside the outer."""
    inner = tf.make_template("in", lambda: _dummy(tf))
    a = inner()
    outer = tf.make_template("out", lambda: [inner(), _dummy(tf)])
    b, c = outer()
    return [a.name, b is a, c.name]


@case(N)
def case_template_made_inside_template(tf):
    """A template made anew inside each call of another shares by the restarted numbering."""
    def fn():
        t, u = tf.make_template("in", lambda: _dummy(tf)), tf.make_template("in", lambda: _dummy(tf))
        return [t(), u(), t()]
    outer = tf.make_template("out", fn)
    a, b = outer(), outer()
    return [names(a), [x is y for x, y in zip(a, b)]]


@case(N)
def case_template_nested_creates_later(tf):
    """An inner template first called at the outer's second call: reuse is on there."""
    inner = tf.make_template("in", lambda: _dummy(tf))
    outer = tf.make_template("out", lambda call: [_dummy(tf), inner() if call else None])
    outer(False)
    e = err(lambda: outer(True))
    return [e["error_type"], e["error_message"].split("\n")[0]]


@case(N)
def case_template_in_variable_scope(tf):
    """Default-named: templates of one name in one scope, in reopened scopes."""
    out = []
    for _ in range(2):
        with tf.variable_scope("p"):
            t = tf.make_template("t", lambda: _dummy(tf))
            out.append(err(lambda: out.append(t().name)))
    return [x if isinstance(x, str) else x.get("error_message", "ok").split("\n")[0] for x in out]


@case(N)
def case_template_in_name_scope(tf):
    """First call inside a name scope: variables keep the plain key; op scopes nest."""
    t = tf.make_template("t", lambda: [_dummy(tf).name, op_prefix(tf)])
    with tf.name_scope("n"):
        a = t()
    with tf.name_scope("m"):
        b = t()
    return [a, b, t.variable_scope.original_name_scope]


@case(N)
def case_template_later_call_elsewhere(tf):
    """Later calls from inside other scopes with other defaults and reuse: the first call's rule."""
    t = tf.make_template("t", lambda: [dt(tf.get_variable_scope().dtype), reuse_name(tf.get_variable_scope()), _dummy(tf).name])
    a = t()
    with tf.variable_scope("o", dtype=tf.float16, reuse=tf.AUTO_REUSE):
        return [a, t()]


@case(N)
def case_template_takes_scope_defaults(tf):
    """The scope of the first call gives its defaults: dtype, initializer, regularizer."""
    t = tf.make_template("t", lambda: tf.get_variable("v", [1]))
    with tf.variable_scope("p", dtype=tf.float16, regularizer=lambda v: tf.constant(1.0)):
        a = t()
    t()
    return [a.name, dt(a), len(loss_names(tf))]


@case(N)
def case_template_called_under_reuse(tf):
    """A template first called under reuse=True: does not exist; under AUTO_REUSE: made."""
    t = tf.make_template("t", lambda: _dummy(tf))
    with tf.variable_scope("p", reuse=True):
        e = err(t)
    u = tf.make_template("u", lambda: _dummy(tf))
    with tf.variable_scope("q", reuse=tf.AUTO_REUSE):
        a = u()
    return [e["error_type"], e["error_message"].split("\n")[0], a.name, u() is a]


@case(N)
def case_template_create_now_scope(tf):
    """create_scope_now_: the scope of the construction, not of the call; the name is reserved."""
    with tf.variable_scope("p"):
        t = tf.make_template("t", lambda: _dummy(tf), create_scope_now_=True)
        s = opened(tf.variable_scope(None, "t"))
    with tf.variable_scope("q"):
        a = t()
    return [s.name, a.name, t.variable_scope_name, t() is a]


@case(N)
def case_template_create_now_unique(tf):
    """create_scope_now_ together with unique_name_."""
    t = tf.make_template("t", lambda: _dummy(tf), create_scope_now_=True, unique_name_="u")
    return [t.variable_scope_name, t().name, t().name]


@case(N)
def case_template_create_now_reuse_later(tf):
    """create_scope_now_ made under reuse=True."""
    with tf.variable_scope("p", reuse=True):
        t = tf.make_template("t", lambda: _dummy(tf), create_scope_now_=True)
    e = err(t)
    return [t.variable_scope_name, e["error_type"], e["error_message"].split("\n")[0]]


@case(N)
def case_template_create_now_unused(tf):
    """create_scope_now_ of templates never called: names are used up, op scopes not."""
    tf.make_template("t", lambda: 1, create_scope_now_=True)
    u = tf.make_template("t", lambda: _dummy(tf), create_scope_now_=True)
    s = opened(tf.name_scope("t"))
    return [u.variable_scope_name, s, u().name]


@case(N)
def case_template_custom_getter_order(tf):
    """custom_getter_ against getters of the scope of the first call, of the call, and inside."""
    order = []
    t = tf.make_template("t", lambda: _dummy(tf), custom_getter_=_getter(order, "template"))
    with tf.variable_scope("p", custom_getter=_getter(order, "first")):
        t()
    order.append("-")
    with tf.variable_scope("q", custom_getter=_getter(order, "later")):
        t()
    return order


@case(N)
def case_template_custom_getter_create_now(tf):
    """The same with create_scope_now_."""
    order = []
    with tf.variable_scope("p", custom_getter=_getter(order, "made")):
        t = tf.make_template("t", lambda: _dummy(tf), create_scope_now_=True, custom_getter_=_getter(order, "template"))
    t()
    order.append("-")
    t()
    return order


@case(N)
def case_template_custom_getter_renames(tf):
    """A custom getter that renames: consistent over calls."""
    t = tf.make_template("t", lambda: _dummy(tf), custom_getter_=_getter([], "g", "_x"))
    a = t()
    return [a.name, t() is a, names(t.variables)]


@case(N)
def case_template_variables_property(tf):
    """variables lists what is below the scope by v.name: tf.Variable of the first call, nested scopes."""
    def fn():
        if not tf.get_variable_scope().reuse:
            tf.Variable(0.0, name="free")
        with tf.variable_scope("in"):
            return _dummy(tf)
    t = tf.make_template("t", fn)
    t()
    with tf.variable_scope("t"):
        tf.get_variable("alien", [1])
    return [names(t.variables), names(t.trainable_variables), names(t.global_variables)]


@case(N)
def case_template_properties_before_call(tf):
    """name and func before the first call; variable_scope None."""
    f = lambda: 1
    t = tf.make_template("t", f)
    return [t.name, t.func is f, t.variable_scope, t.variable_scope_name, t.variables, t.trainable_weights]


@case(N)
def case_template_func_with_kwargs(tf):
    """func with bound keywords is not the function itself."""
    f = lambda x: x
    t = tf.make_template("t", f, x=1)
    return [t.func is f, t(), t.func(x=3)]


@case(N)
def case_template_var_scope_property(tf):
    """The old spelling var_scope."""
    t = tf.make_template("t", lambda: 1)
    t()
    return [t.var_scope is t.variable_scope, t.var_scope.name]


@case(N)
def case_template_counts_default_name(tf):
    """A template's first call counts for default_name."""
    t = tf.make_template("d", lambda: 1)
    t()
    s = opened(tf.variable_scope(None, "d"))
    t()
    with tf.variable_scope(None, "d") as u:
        return [s.name, u.name]


@case(N)
def case_template_named_scope_before(tf):
    """A named scope opened before takes the name: the template is s_1."""
    opened(tf.variable_scope("s"))
    t = tf.make_template("s", lambda: _dummy(tf))
    return t().name


@case(N)
def case_template_slash_name(tf):
    """name_ with a slash."""
    t, u = tf.make_template("a/b", lambda: _dummy(tf)), tf.make_template("a/b", lambda: _dummy(tf))
    return [t().name, t.variable_scope_name, u().name]


@case(N)
def case_template_default_name_inside(tf):
    """default_name scopes inside a template: same names at every call."""
    def fn():
        out = []
        for _ in range(2):
            with tf.variable_scope(None, "fc"):
                out.append(_dummy(tf))
        return out
    t = tf.make_template("t", fn)
    a, b = t(), t()
    return [names(a), [x is y for x, y in zip(a, b)]]


@case(N)
def case_template_reuse_flag_inside(tf):
    """reuse inside: False at the first call, True later; with create_scope_now_ alike."""
    out = []
    for now in (False, True):
        t = tf.make_template("t", lambda: (_dummy(tf), reuse_name(tf.get_variable_scope()))[1], create_scope_now_=now)
        out.append([t(), t(), reuse_name(t.variable_scope)])
    return out


@case(N)
def case_template_method(tf):
    """A bound method as the function."""
    class Net(object):
        def __init__(self):
            self.t = tf.make_template("net", self.build)
        def build(self, n):
            return [n, _dummy(tf).name]
    net = Net()
    return [net.t(1), net.t(n=2)]


@case(N)
def case_template_recursive(tf):
    """A template that calls itself during its first call."""
    box = []
    def fn(n):
        v = _dummy(tf)
        return [v.name] + (box[0](n - 1) if n else [])
    box.append(tf.make_template("t", fn))
    return box[0](1)


@case(N)
def case_template_local_variables(tf):
    """local_variables of a template; not among trainable ones."""
    t = tf.make_template("t", lambda: (tf.get_local_variable("l", [1]), _dummy(tf)))
    t()
    return [names(t.local_variables), names(t.global_variables), names(t.variables), names(t.non_trainable_variables)]


# ===== S. averages and the global step ======================================
S_ = "S averages and steps"
EMA = "the averages are state beside the parameters; keep the names"


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_names(tf):
    """ExponentialMovingAverage: shadow names of get_variable and tf.Variable; collections."""
    v = tf.get_variable("v", [1])
    w = tf.Variable([0.0], name="w")
    ema = tf.train.ExponentialMovingAverage(0.9)
    ema.apply([v, w])
    K = tf.GraphKeys
    return [ema.name, ema.average(v).name, ema.average(w).name, ema.average_name(v), ema.average_name(w), names(tf.global_variables()),
            names(tf.trainable_variables()), names(tf.get_collection(K.MOVING_AVERAGE_VARIABLES)), ema.average(v).trainable]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_in_scopes(tf):
    """Applied inside a variable scope or a name scope: where the shadow goes."""
    with tf.variable_scope("a"):
        v = tf.get_variable("v", [1])
        ema = tf.train.ExponentialMovingAverage(0.9)
        ema.apply([v])
    with tf.name_scope("n"):
        w = tf.get_variable("w", [1])
        ema.apply([w])
    return [ema.average(v).name, ema.average(w).name, ema.average_name(v), ema.average_name(w), ema.name]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_custom_name(tf):
    """A name of its own; constructed in a scope."""
    v = tf.get_variable("v", [1])
    with tf.variable_scope("s"):
        ema = tf.train.ExponentialMovingAverage(0.9, name="MyAvg")
    ema.apply([v])
    return [ema.name, ema.average(v).name, ema.average_name(v)]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_two_objects(tf):
    """Two averages of one variable."""
    v = tf.get_variable("v", [1])
    a, b = tf.train.ExponentialMovingAverage(0.9), tf.train.ExponentialMovingAverage(0.5)
    a.apply([v])
    b.apply([v])
    return [a.average(v).name, b.average(v).name, a.average(v) is b.average(v), b.average_name(v)]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_apply_twice(tf):
    """apply twice with the same object keeps the shadow; the moving average collection."""
    v = tf.get_variable("v", [1])
    ema = tf.train.ExponentialMovingAverage(0.9)
    ema.apply([v])
    a = ema.average(v)
    ema.apply([v])
    return [ema.average(v) is a, names(tf.global_variables()), names(tf.get_collection(tf.GraphKeys.MOVING_AVERAGE_VARIABLES))]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_default_list(tf):
    """apply() without a list takes the trainable variables."""
    v = tf.get_variable("v", [1])
    n = tf.get_variable("n", [1], trainable=False)
    ema = tf.train.ExponentialMovingAverage(0.9)
    ema.apply()
    return [ema.average(v).name, ema.average(n), names(tf.get_collection(tf.GraphKeys.MOVING_AVERAGE_VARIABLES))]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_not_applied(tf):
    """average of a variable never applied is None; average_name answers all the same."""
    v = tf.get_variable("v", [1])
    ema = tf.train.ExponentialMovingAverage(0.9)
    return [ema.average(v), ema.average_name(v)]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_variables_to_restore(tf):
    """variables_to_restore maps shadow names to the averaged variables, the others to themselves."""
    v = tf.get_variable("v", [1])
    tf.get_variable("n", [1], trainable=False)
    ema = tf.train.ExponentialMovingAverage(0.9)
    before = {k: x.name for k, x in ema.variables_to_restore().items()}
    ema.apply([v])
    m = {k: x.name for k, x in ema.variables_to_restore().items()}
    return [before, m, sorted(ema.variables_to_restore([v]))]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_zero_debias(tf):
    """zero_debias=True: the global variables stay the same two."""
    v = tf.get_variable("v", [1])
    ema = tf.train.ExponentialMovingAverage(0.9, zero_debias=True)
    ema.apply([v])
    return names(tf.global_variables())


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_wrong_dtype(tf):
    """Integer variables are refused."""
    v = tf.get_variable("v", [1], dtype=tf.int32)
    ema = tf.train.ExponentialMovingAverage(0.9)
    e = err(lambda: ema.apply([v]))
    return [e["error_type"], e["error_message"]]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_under_reuse(tf):
    """apply inside a reusing scope still makes its shadow."""
    with tf.variable_scope("s") as s:
        v = tf.get_variable("v", [1])
        s.reuse_variables()
        ema = tf.train.ExponentialMovingAverage(0.9)
        ema.apply([v])
    return [ema.average(v).name, names(tf.global_variables())]


@case(S_, "R", tags="graph_api", note=EMA)
def case_ema_renamed_variable(tf):
    """A variable whose op name was moved on: the shadow goes by v.op.name."""
    opened(tf.name_scope("v"))
    v = tf.get_variable("v", [1])
    ema = tf.train.ExponentialMovingAverage(0.9)
    ema.apply([v])
    return [v.name, ema.average(v).name, ema.average_name(v)]


@case(S_, "R", tags="graph_api", note="a step counter in the state; keep the key global_step")
def case_global_step_create(tf):
    """get_or_create_global_step: name, dtype, collections; twice the same; get_global_step before is None."""
    a = tf.train.get_global_step()
    g = tf.train.get_or_create_global_step()
    K = tf.GraphKeys
    return [a, g.name, dt(g), shp(g), g.trainable, names(tf.get_collection(K.GLOBAL_STEP)), names(tf.global_variables()),
            names(tf.trainable_variables()), tf.train.get_or_create_global_step() is g, tf.train.get_global_step() is g, kind(g.aggregation)]


@case(S_, "R", tags="graph_api", note="a step counter in the state; keep the key global_step")
def case_global_step_in_scopes(tf):
    """Created inside a variable scope and a name scope."""
    with tf.variable_scope("s"):
        with tf.name_scope("n"):
            g = tf.train.get_or_create_global_step()
    return [g.name, tf.train.get_global_step() is g]


@case(S_, "R", tags="graph_api", note="a step counter in the state; keep the key global_step")
def case_global_step_under_reuse(tf):
    """Created under reuse=True, with a custom getter and defaults in the scope."""
    order = []
    with tf.variable_scope("s", reuse=True, dtype=tf.float16, regularizer=lambda v: tf.constant(1.0), custom_getter=_getter(order, "g")):
        return [err(lambda: tf.train.get_or_create_global_step()), order, names(tf.global_variables())]


@case(S_, "R", tags="graph_api", note="a step counter in the state; keep the key global_step")
def case_global_step_create_twice(tf):
    """create_global_step a second time is refused."""
    tf.train.create_global_step()
    return err(lambda: tf.train.create_global_step())


@case(S_, "R", tags="graph_api", note="a step counter in the state; keep the key global_step")
def case_global_step_by_collection(tf):
    """Anything in the GLOBAL_STEP collection is the step, if it is an integer scalar."""
    v = tf.get_variable("mine", [], dtype=tf.int32, collections=[tf.GraphKeys.GLOBAL_STEP, tf.GraphKeys.GLOBAL_VARIABLES], trainable=False)
    return [tf.train.get_global_step() is v, tf.train.get_or_create_global_step().name]


@case(S_, "R", tags="graph_api", note="a step counter in the state; keep the key global_step")
def case_global_step_wrong(tf):
    """A float global step, one with a shape, and two of them."""
    K = tf.GraphKeys.GLOBAL_STEP
    v = tf.get_variable("f", [], collections=[K])
    a = err(lambda: tf.train.get_global_step())
    tf.get_collection_ref(K)[:] = [tf.get_variable("s", [2], tf.int32, collections=[])]
    return [a, err(lambda: tf.train.get_global_step())]


@case(S_, "R", tags="graph_api", note="no graphs; a fresh store stands for one")
def case_graph_as_default(tf):
    """A second Graph has names, store and collections of its own."""
    v = tf.get_variable("v", [1])
    g = tf.Graph()
    with g.as_default():
        w = tf.get_variable("v", [1])
        inner = [w.name, names(tf.global_variables()), tf.get_default_graph() is g]
    return inner + [names(tf.global_variables()), v is w, len(g.get_collection(tf.GraphKeys.GLOBAL_VARIABLES))]


@case(S_, "R", tags="graph_api", note="no graphs; a fresh store stands for one")
def case_graph_scope_not_carried(tf):
    """Inside a second graph the root scope is current, whatever is open outside."""
    with tf.variable_scope("o", reuse=True):
        with tf.Graph().as_default():
            return [tf.get_variable_scope().name, reuse_name(tf.get_variable_scope()), tf.get_variable("v", [1]).name, op_prefix(tf)]


@case(S_, "R", tags="graph_api", note="no graphs; a fresh store stands for one")
def case_graph_captured_scope_across(tf):
    """A scope captured in one graph entered in another: prefix and defaults come along, variables do not."""
    with tf.variable_scope("a", dtype=tf.float16) as a:
        tf.get_variable("v", [1])
    with tf.Graph().as_default():
        with tf.variable_scope(a) as s:
            v = tf.get_variable("v", [1])
            return [v.name, dt(v), s.original_name_scope, op_prefix(tf)]


# ===== O. eager mode: stores and track_tf1_style_variables ==================
O = "O eager"
FUN = "in a functional port the explicit store plays this part: init collects, apply looks up by name"


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_shares(tf):
    """With a store get_variable shares without any reuse flag; with reuse=True a missing one is made all the same."""
    st = tf.EagerVariableStore()
    with st.as_default():
        a = tf.get_variable("v", [1])
        b = tf.get_variable("v", [1])
        with tf.variable_scope("s", reuse=True):
            c = tf.get_variable("w", [1])
        with tf.variable_scope("s"):
            d = tf.get_variable("w", [1])
    return [a is b, c.name, c is d]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_reenter(tf):
    """A store left and entered again still has its variables; as_default twice."""
    st = tf.EagerVariableStore()
    with st.as_default():
        a = tf.get_variable("v", [1])
    with st.as_default():
        b = tf.get_variable("v", [1])
    return [a is b, len(st.variables())]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_scopes(tf):
    """Scopes inside a store: names, default_name numbering, re-entry."""
    st = tf.EagerVariableStore()
    out = []
    with st.as_default():
        for _ in range(2):
            with tf.variable_scope(None, "d") as s:
                out.append([s.name, tf.get_variable("v", [1]).name])
        with tf.variable_scope(s) as t:
            out.append([t.name, t is s, tf.get_variable("v", [1]).name])
    return out + [names(st.variables())]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_non_trainable(tf):
    """trainable False, ON_READ, local variables in the lists of a store."""
    st = tf.EagerVariableStore()
    with st.as_default():
        tf.get_variable("a", [1], trainable=False)
        tf.get_variable("b", [1], synchronization=tf.VariableSynchronization.ON_READ)
        tf.get_local_variable("c", [1])
        tf.get_variable("d", [1])
    return [names(st.variables()), names(st.trainable_variables()), names(st.non_trainable_variables())]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_variable(tf):
    """tf.Variable is not kept by a store."""
    st = tf.EagerVariableStore()
    with st.as_default():
        v = tf.Variable(0.0, name="v")
    return [v.name, len(st.variables())]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_copy(tf):
    """copy() makes a store with the same names and independent variables."""
    st = tf.EagerVariableStore()
    with st.as_default():
        a = tf.get_variable("v", [1])
        tf.get_variable("w", [2], trainable=False)
    cp = st.copy()
    with cp.as_default():
        b = tf.get_variable("v", [1])
    return [names(cp.variables()), a is b, names(cp.trainable_variables()), len(st.variables())]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_getters(tf):
    """Custom getters and creators run inside a store as ever; getters on every access."""
    st = tf.EagerVariableStore()
    order = []
    def creator(next_creator, **kw):
        order.append("creator")
        return next_creator(**kw)
    with st.as_default():
        with tf.variable_creator_scope(creator):
            with tf.variable_scope("s", custom_getter=_getter(order, "getter")):
                tf.get_variable("v", [1])
                tf.get_variable("v", [1])
    return order


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_errors(tf):
    """No shape, constant with shape, dtype mismatch inside a store."""
    st = tf.EagerVariableStore()
    with st.as_default():
        return [err(lambda: tf.get_variable("v")), err(lambda: tf.get_variable("v", [1], initializer=[1.0])),
                err(lambda: tf.get_variable("v", initializer=1, dtype=tf.float32)), len(st.variables())]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_regularizer(tf):
    """A regularizer inside a store: called how often, and what is collected."""
    st = tf.EagerVariableStore()
    seen = []
    def reg(v):
        seen.append(v.name)
        return None
    with st.as_default():
        tf.get_variable("v", [1], regularizer=reg)
        tf.get_variable("v", [1], regularizer=reg)
    return [sorted(set(seen)), len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))]


@case(O, "R", tags="eager", note=FUN)
def case_eager_store_partitioner(tf):
    """A partitioner inside an eager store works; the store lists the shards; the second call shares."""
    st = tf.EagerVariableStore()
    p = tf.fixed_size_partitioner(2)
    with st.as_default():
        pv = tf.get_variable("v", [4], partitioner=p)
        qv = tf.get_variable("v", [4], partitioner=p)
    return [pv.name, names(pv), pv is qv, names(st.variables())]


@case(O, "R", tags="eager", note=FUN)
def case_eager_partitioner_no_store(tf):
    """A partitioner in eager mode without a store."""
    p = tf.fixed_size_partitioner(2)
    pv, qv = tf.get_variable("v", [4], partitioner=p), tf.get_variable("v", [4], partitioner=p)
    return [pv.name, names(pv), pv is qv]


@case(O, "R", tags="eager", note=FUN)
def case_eager_default_name(tf):
    """default_name in eager mode without a store: numbered as ever."""
    out = [opened(tf.variable_scope(None, "d")).name for _ in range(2)]
    with tf.variable_scope("p"):
        out.append(opened(tf.variable_scope(None, "d")).name)
    return out


@case(O, "R", tags="eager", note=FUN)
def case_eager_default_name_reuse_true(tf):
    """reuse=True with default_name only, in eager mode."""
    def go(r):
        return opened(tf.variable_scope(None, "d", reuse=r)).name
    return [err(lambda: go(True)), err(lambda: go(tf.AUTO_REUSE))]


@case(O, "R", tags="eager", note=FUN)
def case_eager_scope_reuse_flags(tf):
    """reuse in eager mode: every flag reads AUTO_REUSE, root too, after reuse_variables as well."""
    out = [reuse_name(tf.get_variable_scope())]
    for r in [None, False, True, tf.AUTO_REUSE]:
        with tf.variable_scope("s", reuse=r) as s:
            out.append(reuse_name(s))
            s.reuse_variables()
            out.append(reuse_name(s))
    return out


@case(O, "M", tags="eager", note="a masked error: the caller sees improper nesting")
def case_eager_use_resource(tf):
    """variable_scope(use_resource=False) in eager mode; set_use_resource(True)."""
    def go():
        with tf.variable_scope("s", use_resource=False) as s:
            return s.use_resource
    with tf.variable_scope("t") as t:
        t.set_use_resource(True)
        u = t.use_resource
    return [u, etype(go)]


@case(O, "R", tags="eager", note=FUN)
def case_eager_nested_names(tf):
    """Nested scopes and name scopes in eager mode."""
    with tf.variable_scope("a") as a:
        with tf.name_scope("n"):
            with tf.variable_scope("b") as b:
                g = tf.get_variable("g", [1])
                v = tf.Variable(0.0, name="v")
    return [a.original_name_scope, b.name, b.original_name_scope] + names([g, v])


@case(O, "R", tags="eager", note=FUN)
def case_eager_captured(tf):
    """Re-entering a captured scope in eager mode."""
    a = opened(tf.variable_scope("a"))
    with tf.variable_scope("o"):
        with tf.variable_scope(a) as b:
            return [b.name, b.original_name_scope, tf.get_variable("g", [1]).name, op_prefix(tf)]


@case(O, "R", tags="eager", note=FUN)
def case_eager_name_scope_forms(tf):
    """name_scope None, '', 'x/' in eager mode."""
    out = []
    for n in [None, "", "x/", "y"]:
        with tf.name_scope("a"):
            with tf.name_scope(n) as s:
                out.append([s, op_prefix(tf)])
    return out


@case(O, "R", tags="eager", note=FUN)
def case_eager_collections_no_store(tf):
    """Without a store nothing gets into collections."""
    tf.get_variable("v", [1])
    tf.Variable(0.0, name="w")
    tf.get_variable("x", [1], collections=["m"])
    return [names(tf.global_variables()), names(tf.trainable_variables()), len(tf.get_collection("m"))]


@case(O, "R", tags="eager", note=FUN)
def case_eager_template_nested(tf):
    """Nested templates in eager mode."""
    inner = tf.make_template("in", lambda: _dummy(tf))
    outer = tf.make_template("out", lambda: [inner(), _dummy(tf)])
    a, b = outer()
    c, d = outer()
    return [a.name, b.name, a is c, b is d, sorted(names(outer.variables)), names(inner.variables)]


@case(O, "R", tags="eager", note=FUN)
def case_eager_template_create_now(tf):
    """create_scope_now_ in eager mode."""
    t, u = [tf.make_template("s", lambda: _dummy(tf), create_scope_now_=True) for _ in range(2)]
    return [t.variable_scope_name, u.variable_scope_name, t().name, u().name, t() is t()]


@case(O, "R", tags="eager", note=FUN)
def case_eager_template_properties(tf):
    """Properties of an eager template before and after the first call."""
    t = tf.make_template("s", lambda: (_dummy(tf), tf.get_variable("n", [1], trainable=False))[0])
    a = [t.variables, t.trainable_variables, t.variable_scope_name]
    t()
    return a + [names(t.variables), names(t.trainable_variables), names(t.non_trainable_variables), t.variable_scope_name, t.name]


@case(O, "R", tags="eager", note=FUN)
def case_eager_template_new_variable_later(tf):
    """A new get_variable name at a later call in eager mode."""
    t = tf.make_template("s", lambda n: tf.get_variable(n, [1]).name)
    out = [t("a")]
    e = err(lambda: out.append(t("b")))
    return out + [e.get("error_type"), e.get("error_message", "").split(": [<")[0]]


@case(O, "R", tags="eager", note=FUN)
def case_eager_template_variable_later(tf):
    """tf.Variable at a later call in eager mode."""
    t = tf.make_template("s", lambda: (_dummy(tf), tf.Variable(0.0, name="x"))[1].name)
    return [t(), err(t).get("error_type", "no error")]


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_calls_share(tf):
    """Calls of a decorated method share, two objects do not."""
    class Net(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self):
            with tf.variable_scope("s"):
                return tf.get_variable("v", [1])
    a, b = Net(), Net()
    return [a() is a(), a() is b(), a().name, b().name]


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_variables_property(tf):
    """Module.variables and trainable_variables list what was made."""
    class Net(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self):
            tf.get_variable("b", [1])
            tf.get_variable("a", [1], trainable=False)
    n = Net()
    before = len(n.variables)
    n()
    return [before, sorted(names(n.variables)), names(n.trainable_variables)]


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_default_name_root(tf):
    """Unnamed scopes at root are numbered on at every call."""
    class Net(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self):
            with tf.variable_scope(None, "d"):
                return tf.get_variable("v", [1])
    n = Net()
    a, b = n(), n()
    return names([a, b]) + [a is b]


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_reuse_true_creates(tf):
    """reuse=True inside still creates; two names in one call."""
    class Net(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self):
            with tf.variable_scope("s", reuse=True) as s:
                return [tf.get_variable("v", [1]).name, reuse_name(s)]
    return Net()()


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_nested_modules(tf):
    """A decorated method calling another object's decorated method: separate stores."""
    class In(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self):
            return tf.get_variable("v", [1])
    class Out(tf.Module):
        def __init__(self):
            super(Out, self).__init__()
            self.inner = In()
        @tf.track_tf1_style_variables
        def __call__(self):
            with tf.variable_scope("o"):
                return [tf.get_variable("v", [1]), self.inner()]
    n = Out()
    a, b = n(), n()
    return [names(a), [x is y for x, y in zip(a, b)], len(n.variables)]


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_returns_and_arguments(tf):
    """Arguments and values pass through; errors too."""
    class Net(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self, x, y=2):
            if x is None:
                raise KeyError("k")
            return [x, y]
    n = Net()
    return [n(1), n(1, y=3), etype(lambda: n(None)), n(4)]


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_shape_mismatch(tf):
    """A second call with another shape: refused."""
    class Net(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self, n):
            return tf.get_variable("v", [n])
    n = Net()
    n(1)
    return err(lambda: n(2))


@case(O, "R", tags="eager track", note=FUN)
def case_tracked_plain_variable(tf):
    """tf.Variable inside a decorated method: a new one at each call."""
    class Net(tf.Module):
        @tf.track_tf1_style_variables
        def __call__(self):
            return tf.Variable(0.0, name="v")
    n = Net()
    return [n() is n(), len(n.variables)]


# ===== T. two features at a time ============================================
T = "T interactions"


@case(T)
def case_duplicate_node_name(tf):
    """An absolute variable name that is in use: Duplicate node name, for either kind."""
    tf.get_variable("foo", [1])
    return [err(lambda: tf.Variable(0.0, name="foo/")), err(lambda: tf.get_variable("foo/", [1])), names(tf.global_variables())]


@case(T)
def case_duplicate_node_name_scope_open(tf):
    """A name scope 'foo' is no node: the absolute variable 'foo/' is fine once."""
    opened(tf.name_scope("foo"))
    v = tf.Variable(0.0, name="foo/")
    return [v.name, err(lambda: tf.Variable(0.0, name="foo/")), tf.Variable(0.0, name="foo").name]


@case(T)
def case_duplicate_node_name_case(tf):
    """An absolute 'Foo/' does not clash with 'foo': node names are case-sensitive."""
    tf.get_variable("foo", [1])
    return err(lambda: tf.Variable(0.0, name="Foo/"))


@case(T)
def case_duplicate_node_name_reuse(tf):
    """get_variable('v/') keeps its key with the slash."""
    v = tf.get_variable("v/", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [v.name, tf.get_variable("v/") is v, err(lambda: tf.get_variable("v"))]


@case(T)
def case_uniquifier_many(tf):
    """Counting past nine, with holes taken in advance."""
    for n in ["x_3", "x_1"]:
        tf.Variable(0.0, name=n)
    return names([tf.Variable(0.0, name="x") for _ in range(11)])


@case(T)
def case_name_scope_without_slash_again(tf):
    """Re-entering with the slash stripped is a new scope."""
    s = opened(tf.name_scope("a"))
    t = opened(tf.name_scope(s[:-1]))
    with tf.name_scope("o"):
        with tf.name_scope(s) as u:
            w = opened(tf.name_scope("b"))
    return [s, t, u, w]


@case(T)
def case_name_scope_nested_leading_slash(tf):
    """Nested, a leading slash is kept."""
    with tf.name_scope("o"):
        with tf.name_scope("/x") as s:
            return [s, tf.Variable(0.0, name="v").name]


@case(T)
def case_original_name_scope_of_root(tf):
    """The root's original_name_scope is '' inside name scopes, and when re-entered there."""
    with tf.name_scope("n"):
        r = tf.get_variable_scope()
        with tf.variable_scope(r, reuse=tf.AUTO_REUSE) as s:
            return [r.original_name_scope, s.original_name_scope, op_prefix(tf), reuse_name(s)]


@case(T)
def case_reuse_true_op_scopes(tf):
    """Re-entering with reuse=True opens new op scopes while variables stay."""
    out = []
    for r in [None, True, True]:
        with tf.variable_scope("s", reuse=r):
            out.append([tf.get_variable("v", [1]).name, op_prefix(tf), tf.Variable(0.0, name="w").name])
    return out


@case(T)
def case_initializer_creates_variable(tf):
    """An initializer that itself creates a variable: in the current variable scope, before the outer one."""
    def init(shape, dtype=None):
        tf.get_variable("inner", [1])
        return tf.zeros_initializer()(shape, dtype=dtype)
    with tf.variable_scope("s"):
        v = tf.get_variable("v", [2], initializer=init)
    return [v.name, names(tf.global_variables())]


@case(T)
def case_initializer_sees_scope(tf):
    """get_variable_scope() inside an initializer is the current one."""
    seen = []
    def init(shape, dtype=None):
        seen.append([tf.get_variable_scope().name, reuse_name(tf.get_variable_scope())])
        return tf.zeros_initializer()(shape, dtype=dtype)
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [2], initializer=init)
    return seen


@case(T, "M", note="an accident of the lookup coming before the initializer")
def case_initializer_of_own_name(tf):
    """An initializer creating the very variable it initializes: no error, two variables."""
    def init(shape, dtype=None):
        tf.get_variable("v", shape, initializer=tf.ones_initializer())
        return tf.zeros_initializer()(shape, dtype=dtype)
    return [err(lambda: tf.get_variable("v", [2], initializer=init)), names(tf.global_variables())]


@case(T)
def case_creator_inside_getter(tf):
    """A getter opening a creator scope around the true getter."""
    def creator(next_creator, **kw):
        return next_creator(**dict(kw, trainable=False))
    def cg(getter, *a, **k):
        with tf.variable_creator_scope(creator):
            return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=cg):
        v = tf.get_variable("v", [1])
    return [v.trainable, tf.get_variable("w", [1]).trainable, names(tf.trainable_variables())]


@case(T)
def case_creator_opens_scopes(tf):
    """A creator that makes its variable inside another variable scope / name scope."""
    def creator(next_creator, **kw):
        with tf.variable_scope("x"):
            with tf.name_scope("y"):
                return next_creator(**kw)
    with tf.variable_creator_scope(creator):
        return names([tf.get_variable("g", [1]), tf.Variable(0.0, name="v")])


@case(T)
def case_creator_and_regularizer(tf):
    """The regularizer is applied to what the creator returns."""
    x = tf.get_variable("x", [1])
    seen = []
    with tf.variable_creator_scope(lambda next_creator, **kw: x):
        tf.get_variable("y", [1], regularizer=lambda v: seen.append(v is x))
    return sorted(set(seen))


@case(T)
def case_getter_and_local_reuse(tf):
    """A getter over get_local_variable under reuse."""
    order = []
    with tf.variable_scope("s", custom_getter=_getter(order, "g")) as s:
        a = tf.get_local_variable("l", [1])
        s.reuse_variables()
        return [tf.get_local_variable("l", [1]) is a, order]


@case(T)
def case_getter_partition_auto_reuse(tf):
    """A getter over a partitioned variable with AUTO_REUSE."""
    order = []
    with tf.variable_scope("s", custom_getter=_getter(order, "g", "_x"), reuse=tf.AUTO_REUSE, partitioner=tf.fixed_size_partitioner(2)):
        a = tf.get_variable("v", [4])
        return [tf.get_variable("v", [4]) is a, a.name, names(a), order]


@case(T)
def case_getter_and_template_names(tf):
    """A getter that puts a prefix in front, in a template within a scope."""
    def cg(getter, name, *a, **k):
        return getter("pre/" + name, *a, **k)
    with tf.variable_scope("s"):
        t = tf.make_template("t", lambda: _dummy(tf), custom_getter_=cg)
        a = t()
    return [a.name, t() is a, names(t.variables)]


@case(T)
def case_template_with_default_dtype_and_reuse(tf):
    """An int variable in a template: the second call needs the dtype, too, and has it."""
    t = tf.make_template("t", lambda: tf.get_variable("n", [1], dtype=tf.int32))
    u = tf.make_template("u", lambda: tf.get_variable("n", initializer=tf.constant([1])))
    a = t()
    u()
    e = err(u)
    return [t() is a, e["error_type"], e["error_message"]]


@case(T)
def case_template_called_in_captured(tf):
    """A template called inside a re-entered scope: default-named below it, op scope below the current."""
    a = opened(tf.variable_scope("a"))
    t = tf.make_template("t", lambda: [_dummy(tf).name, op_prefix(tf)])
    with tf.variable_scope("b"):
        with tf.variable_scope(a):
            x = t()
        y = t()
    return [x, y]


@case(T)
def case_template_op_scope_taken(tf):
    """A name scope taken before shifts the template's op scope, not its variable scope."""
    opened(tf.name_scope("t"))
    t = tf.make_template("t", lambda: [_dummy(tf).name, op_prefix(tf)])
    return [t(), t.variable_scope_name, t.variable_scope.original_name_scope]


@case(T)
def case_template_partitioner_scope(tf):
    """A partitioner of the first call's scope holds for later calls."""
    t = tf.make_template("t", lambda: tf.get_variable("v", [4]))
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        a = t()
    return [names(a), t() is a]


@case(T)
def case_thread_name_scope_names(tf):
    """Two threads opening the same scope string: op scopes are numbered over all."""
    def work():
        with tf.variable_scope("s", reuse=tf.AUTO_REUSE) as s:
            return [s.original_name_scope, tf.get_variable("v", [1]).name]
    return [tf.in_thread(work), work(), tf.in_thread(work)]


@case(T)
def case_thread_captured_jump_counters(tf):
    """default_name below a captured scope in a thread: counted from nothing there."""
    with tf.variable_scope("m") as m:
        opened(tf.variable_scope(None, "d"))
        def work():
            with tf.variable_scope(m):
                return opened(tf.variable_scope(None, "d")).name
        a = tf.in_thread(work)
        with tf.variable_scope(None, "d") as t:
            return [a, t.name]


@case(T)
def case_thread_getter_and_partitioner(tf):
    """Captured getters and partitioners work in a thread."""
    order = []
    m = opened(tf.variable_scope("m", custom_getter=_getter(order, "g"), partitioner=tf.fixed_size_partitioner(2)))
    def work():
        with tf.variable_scope(m):
            return names(tf.get_variable("v", [4]))
    return [tf.in_thread(work), order]


@case(T)
def case_collection_from_two_scopes_objects(tf):
    """The lists of a captured scope and its copy are the same; of a moved string object not."""
    with tf.variable_scope("a") as a:
        tf.get_variable("v", [1])
    with tf.variable_scope(a) as b:
        tf.get_variable("w", [1])
    return [names(a.global_variables()), names(b.global_variables())]


@case(T)
def case_global_variables_is_a_copy(tf):
    """Changing the list of global_variables() changes nothing."""
    tf.get_variable("v", [1])
    tf.global_variables().append(3)
    tf.trainable_variables().pop()
    return [len(tf.global_variables()), len(tf.trainable_variables()), type(tf.global_variables()).__name__]


@case(T)
def case_collections_of_reused_local(tf):
    """A global variable fetched by get_local_variable under reuse stays global."""
    tf.get_variable("v", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        v = tf.get_local_variable("v", [1])
    return [v.trainable, names(tf.local_variables()), names(tf.global_variables())]


@case(T)
def case_same_variable_two_names(tf):
    """tf.Variable taking the op name a later get_variable wants, inside a scope."""
    with tf.variable_scope("s"):
        a = tf.Variable(0.0, name="v")
        b = tf.get_variable("v", [1])
    with tf.variable_scope("s", reuse=True) as s:
        return names([a, b, tf.get_variable("v")]) + [names(s.global_variables())]


@case(T)
def case_get_variable_shifted_in_reopened(tf):
    """In a reopened scope tf.Variable goes to 's_1/v', so get_variable('v') keeps 's/v'."""
    opened(tf.variable_scope("s"))
    with tf.variable_scope("s"):
        return names([tf.Variable(0.0, name="v"), tf.get_variable("v", [1])])


@case(T)
def case_dtype_scope_and_reuse(tf):
    """The dtype default of the scope decides on reuse."""
    with tf.variable_scope("s", dtype=tf.float16):
        v = tf.get_variable("v", [1])
    with tf.variable_scope("s", reuse=True):
        a = err(lambda: tf.get_variable("v", [1]))
    with tf.variable_scope("s", reuse=True, dtype=tf.float16):
        return [a, tf.get_variable("v", [1]) is v]


@case(T)
def case_value_under_scope_dtype_reuse(tf):
    """A constant of another dtype than the scope's: created, then refused on reuse."""
    def go():
        with tf.variable_scope("s", dtype=tf.float16, reuse=tf.AUTO_REUSE):
            return tf.get_variable("v", initializer=tf.constant([1.0]))
    return [dt(go()), err(go)]


@case(T)
def case_scope_initializer_and_partitioner(tf):
    """Scope initializer and scope partitioner together, int dtype."""
    with tf.variable_scope("s", initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(3)):
        pv = tf.get_variable("v", [4, 2], dtype=tf.int32)
    return [names(pv), [shp(v) for v in pv], dt(pv)]


@case(T)
def case_scope_constant_initializer_and_partitioner(tf):
    """A constant tensor as scope initializer and a partitioner: sliced."""
    with tf.variable_scope("s", initializer=tf.constant([1.0, 2.0, 3.0]), partitioner=tf.fixed_size_partitioner(2)):
        pv = tf.get_variable("v")
        return [[shp(v) for v in pv], shp(pv)]


@case(T)
def case_regularizer_and_trainable_false_partitioned(tf):
    """A frozen partitioned variable is regularized shard by shard all the same."""
    tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2), trainable=False, regularizer=lambda v: tf.constant(0.0))
    return [len(loss_names(tf)), names(tf.trainable_variables())]


@case(T)
def case_getter_exception_restores(tf):
    """A getter raising inside nested scopes: scope and name scope are restored."""
    def cg(getter, *a, **k):
        with tf.variable_scope("deep"):
            raise KeyError("k")
    with tf.variable_scope("s", custom_getter=cg) as s:
        t = etype(lambda: tf.get_variable("v", [1]))
        return [t, tf.get_variable_scope() is s, op_prefix(tf)]


@case(T)
def case_getter_creating_elsewhere_keeps_scope(tf):
    """Variables averaged by a getter: it makes two and returns the second; reuse does the same."""
    def cg(getter, name, *a, **k):
        getter(name + "_raw", *a, **k)
        return getter(name, *a, **k)
    out = []
    for r in [None, True]:
        with tf.variable_scope("s", custom_getter=cg, reuse=r):
            out.append(tf.get_variable("v", [1]))
    return [out[0] is out[1], names(tf.global_variables())]


@case(T)
def case_aux_false_getter_names(tf):
    """auxiliary_name_scope=False does not touch keys: reuse through either form."""
    with tf.variable_scope("s", auxiliary_name_scope=False):
        v = tf.get_variable("v", [1])
    with tf.variable_scope("s", reuse=True):
        return [v.name, tf.get_variable("v") is v, op_prefix(tf)]


@case(T, "R", note="an accident: the object remembers the op scope of its first entry")
def case_aux_false_context_object(tf):
    """A string object with auxiliary_name_scope=False entered under two name scopes."""
    cm = tf.variable_scope("s", auxiliary_name_scope=False)
    out = []
    for n in ["x", "y"]:
        with tf.name_scope(n):
            with cm as s:
                out.append([s.name, s.original_name_scope, op_prefix(tf)])
    return out


@case(T)
def case_nested_captured_same_scope_reuse(tf):
    """The same captured scope entered inside itself, with and without reuse."""
    with tf.variable_scope("a") as a:
        v = tf.get_variable("v", [1])
        with tf.variable_scope(a, reuse=True) as b:
            x = tf.get_variable("v") is v
            with tf.variable_scope(a) as c:
                return [x, reuse_name(b), reuse_name(c), err(lambda: tf.get_variable("v", [1])), op_prefix(tf)]


@case(T)
def case_default_name_then_captured_sibling(tf):
    """Siblings by default_name, the first re-entered with reuse after the second."""
    with tf.variable_scope("net"):
        with tf.variable_scope(None, "fc") as one:
            a = tf.get_variable("w", [1])
        with tf.variable_scope(None, "fc"):
            b = tf.get_variable("w", [1])
        with tf.variable_scope(one, reuse=True) as again:
            c = tf.get_variable("w")
        four = opened(tf.variable_scope(None, "fc"))
    return names([a, b]) + [c is a, again.name, four.name]


@case(T)
def case_reuse_variables_inside_default_name(tf):
    """reuse_variables() inside an unnamed scope, then a child of it."""
    with tf.variable_scope(None, "d") as d:
        tf.get_variable("v", [1])
        d.reuse_variables()
        with tf.variable_scope("c") as c:
            return [reuse_name(c), err(lambda: tf.get_variable("v", [1]))]


@case(T)
def case_variable_scope_positional_arguments(tf):
    """Positional order of variable_scope: name, default, values, initializer, regularizer, caching_device, partitioner, getter, reuse, dtype."""
    i = tf.ones_initializer()
    with tf.variable_scope("s", None, None, i, tf.no_regularizer, None, None, None, tf.AUTO_REUSE, tf.float16) as s:
        return [s.initializer is i, s.regularizer is tf.no_regularizer, reuse_name(s), dt(s.dtype)]


@case(T)
def case_scope_used_as_decorator_or_twice(tf):
    """The context object itself has no name; what it yields has."""
    cm = tf.variable_scope("s")
    with cm as s:
        return [hasattr(s, "name"), s.name]


@case(T, tags="graphs")
def case_new_graph_is_fresh(tf):
    """A second graph starts with empty names, store and counters; the first goes on afterwards."""
    with tf.variable_scope(None, "d"):
        tf.get_variable("v", [1])
    with tf.new_graph():
        with tf.variable_scope(None, "d") as s:
            a = tf.get_variable("v", [1]).name
            inner = [s.name, s.original_name_scope, a, names(tf.global_variables())]
    with tf.variable_scope(None, "d") as s:
        return [inner, s.name, names(tf.global_variables())]


@case(T, tags="graphs")
def case_new_graph_scope_open(tf):
    """Scopes open outside are not current inside a second graph, and are again afterwards."""
    with tf.variable_scope("o", reuse=tf.AUTO_REUSE) as o:
        with tf.new_graph():
            a = [tf.get_variable_scope().name, reuse_name(tf.get_variable_scope()), op_prefix(tf)]
        return a + [tf.get_variable_scope() is o, op_prefix(tf)]


@case(T, "R", tags="graphs", note="keep a template's state per graph")
def case_new_graph_template(tf):
    """A template called in a second graph: its scope was taken in the first."""
    t = tf.make_template("t", lambda: _dummy(tf))
    a = t()
    with tf.new_graph():
        e = err(t)
    return [a.name, e.get("error_type"), e.get("error_message", "").split("\n")[0]]


@case(T, tags="graphs")
def case_new_graph_creators(tf):
    """Creator scopes belong to a graph: not active in a second one."""
    order = []
    with tf.variable_creator_scope(_creator(order, "c")):
        tf.Variable(0.0, name="a")
        with tf.new_graph():
            tf.Variable(0.0, name="b")
    return order


# ===== U. further corners ===================================================
U = "U further corners"


@case(U)
def case_default_name_reopened_by_name(tf):
    """The scope an unnamed opening got, opened again by that name: already exists / shared."""
    with tf.variable_scope(None, "d") as s:
        tf.get_variable("w", [1])
    with tf.variable_scope("d"):
        e = err(lambda: tf.get_variable("w", [1]))
    with tf.variable_scope("d", reuse=True):
        return [e, tf.get_variable("w", [1]).name]


@case(U)
def case_reuse_captured_with_default_name(tf):
    """variable_scope(captured, default_name, reuse=True): the default is ignored, reuse is fine."""
    with tf.variable_scope("a") as cap:
        v = tf.get_variable("v", [1])
    with tf.variable_scope(cap, "d", reuse=True) as s:
        return [s.name, tf.get_variable("v") is v]


@case(U)
def case_constructed_scope_none_reuse(tf):
    """A hand-made scope has reuse None, not False: get_variable then creates or shares."""
    s = tf.VariableScope(None, name="a")
    with tf.variable_scope(s):
        v = tf.get_variable("v", [1])
        return [v.name, err(lambda: tf.get_variable("v", [1]))]


@case(U)
def case_constructed_scope_child(tf):
    """A child of a hand-made scope with reuse None: what its reuse reads, and what get_variable does."""
    with tf.variable_scope(tf.VariableScope(None, name="a")):
        with tf.variable_scope("b") as b:
            tf.get_variable("v", [1])
            return [b.name, reuse_name(b), err(lambda: tf.get_variable("v", [1]))]


@case(U)
def case_constructed_scope_odd_reuse(tf):
    """VariableScope does not check its reuse; the entry neither."""
    s = tf.VariableScope("yes", name="a")
    with tf.variable_scope(s) as t:
        return [t.reuse, t.name]


@case(U)
def case_constructed_scope_original_name(tf):
    """name_scope of a hand-made scope: what original_name_scope reads before and after entering."""
    s = tf.VariableScope(None, name="a", name_scope="given/")
    with tf.variable_scope(s) as t:
        p = op_prefix(tf)
    u = tf.VariableScope(None, name="b")
    with tf.variable_scope(u) as w:
        return [s.original_name_scope, t.original_name_scope, p, u.original_name_scope, w.original_name_scope, op_prefix(tf)]


@case(U)
def case_setters_bad_values(tf):
    """Setters check nothing."""
    s = tf.get_variable_scope()
    return [etype(lambda: s.set_initializer(3)), etype(lambda: s.set_partitioner("x")), etype(lambda: s.set_regularizer(0.5)),
            etype(lambda: s.set_custom_getter("x")), etype(lambda: s.set_dtype("nonsense"))]


@case(U)
def case_scope_bad_dtype(tf):
    """A nonsense dtype of a scope shows when a variable is made."""
    with tf.variable_scope("s", dtype="nonsense"):
        return etype(lambda: tf.get_variable("v", [1]))


@case(U)
def case_scope_dtype_read_back(tf):
    """scope.dtype reads back what was given (a string stays a string)."""
    with tf.variable_scope("s", dtype="float16") as s:
        with tf.variable_scope("t", dtype=tf.int32) as t:
            return [s.dtype if isinstance(s.dtype, str) else dt(s.dtype), dt(t.dtype)]


@case(U)
def case_scope_regularizer_bad(tf):
    """A scope's regularizer that is not callable shows at the variable, which stays."""
    with tf.variable_scope("s", regularizer=0.5):
        e = err(lambda: tf.get_variable("v", [1]))
    return [e, names(tf.global_variables())]


@case(U)
def case_name_scope_values_graph_element(tf):
    """variable_scope with values=[] or numbers."""
    s = opened(tf.variable_scope("s", values=[]))
    d = opened(tf.variable_scope(None, "d", values=[1.0, None]))
    return [s.name, d.name]


@case(U)
def case_get_variable_name_types(tf):
    """Names that are no strings: a number, bytes."""
    with tf.variable_scope("s"):
        return [etype(lambda: tf.get_variable(3, [1])), etype(lambda: tf.get_variable(b"v", [1]))]


@case(U)
def case_get_variable_slashed_shares_op_scope(tf):
    """A slashed key in a scope whose part exists as a scope."""
    with tf.variable_scope("a"):
        with tf.variable_scope("b"):
            tf.get_variable("v", [1])
        return [err(lambda: tf.get_variable("b/v", [1])), tf.get_variable("b/w", [1]).name]


@case(U)
def case_variable_in_aux_false_scope_collides(tf):
    """tf.Variable in scopes without op scope all land in one name table."""
    out = []
    for n in ["a", "b"]:
        with tf.variable_scope(n, auxiliary_name_scope=False):
            out.append(tf.Variable(0.0, name="v").name)
    return out


@case(U)
def case_global_variables_of_aux_false(tf):
    """scope.global_variables() of such a scope misses its tf.Variables."""
    with tf.variable_scope("a", auxiliary_name_scope=False) as a:
        tf.Variable(0.0, name="v")
        tf.get_variable("g", [1])
    return names(a.global_variables())


@case(U)
def case_scope_lists_prefix_of_other(tf):
    """scope 'a' does not list 'ab/..', nor 'b/a/..'; it lists 'a/..' made from root by slash."""
    a = opened(tf.variable_scope("a"))
    for n in ["a/v", "ab/v", "b/a/v", "a"]:
        tf.get_variable(n, [1])
    return names(a.global_variables())


@case(U)
def case_creator_keeps_store_on_name_none(tf):
    """A creator setting name=None: the op name is the default, the key stays."""
    with tf.variable_creator_scope(lambda next_creator, **kw: next_creator(**dict(kw, name=None))):
        v = tf.get_variable("v", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [v.name, tf.get_variable("v") is v]


@case(U)
def case_creator_drops_keywords(tf):
    """A creator may leave keywords out: next_creator needs none but the value."""
    with tf.variable_creator_scope(lambda next_creator, **kw: next_creator(initial_value=kw["initial_value"], name=kw["name"])):
        v = tf.Variable(0.0, name="v", trainable=False)
        g = tf.get_variable("g", [2], trainable=False)
    return [v.name, v.trainable, g.name, g.trainable, shp(g), names(tf.trainable_variables())]


@case(U)
def case_creator_unknown_keyword(tf):
    """A creator adding an unknown keyword."""
    with tf.variable_creator_scope(lambda next_creator, **kw: next_creator(nonsense=1, **kw)):
        return [etype(lambda: tf.Variable(0.0, name="v")), etype(lambda: tf.get_variable("g", [1]))]


@case(U)
def case_creator_not_callable(tf):
    """A creator that is not callable shows at the first variable."""
    with tf.variable_creator_scope(3):
        return etype(lambda: tf.Variable(0.0))


@case(U)
def case_creator_collections_none_to_local(tf):
    """A creator turning everything into local variables."""
    K = tf.GraphKeys.LOCAL_VARIABLES
    with tf.variable_creator_scope(lambda next_creator, **kw: next_creator(**dict(kw, collections=[K], trainable=False))):
        tf.get_variable("g", [1])
        tf.get_variable("p", [2], partitioner=tf.fixed_size_partitioner(2))
    return [names(tf.local_variables()), names(tf.global_variables())]


@case(U)
def case_template_creators_later(tf):
    """A tf.Variable that is not trainable on later calls passes creators each time."""
    order = []
    t = tf.make_template("t", lambda: tf.Variable(0.0, name="x", trainable=False).name)
    with tf.variable_creator_scope(_creator(order, "c")):
        a, b = t(), t()
    return [a, b, order]


@case(U)
def case_template_scope_object(tf):
    """t.variable_scope can be entered by hand, with reuse."""
    t = tf.make_template("t", lambda: _dummy(tf))
    a = t()
    with tf.variable_scope(t.variable_scope, reuse=True):
        b = tf.get_variable("dummy", [1])
    with tf.variable_scope(t.variable_scope):
        tf.get_variable("more", [1])
    return [a is b, names(t.variables), t() is a]


@case(U)
def case_template_reuse_variables_inside(tf):
    """reuse_variables() called inside a template's first call."""
    def fn():
        v = _dummy(tf)
        tf.get_variable_scope().reuse_variables()
        return [v is _dummy(tf), v.name]
    t = tf.make_template("t", fn)
    return [t(), reuse_name(t.variable_scope), t()[1]]


@case(U)
def case_template_get_variable_shape_mismatch(tf):
    """A later call asking another shape."""
    t = tf.make_template("t", lambda n: tf.get_variable("v", [n]))
    t(1)
    return err(lambda: t(2))


@case(U)
def case_partition_name_with_slash(tf):
    """Slashed names of partitioned variables, shared through nested scopes."""
    p = tf.fixed_size_partitioner(2)
    a = tf.get_variable("x/y", [4], partitioner=p)
    with tf.variable_scope("x", reuse=True):
        return [a.name, names(a), tf.get_variable("y", [4], partitioner=p) is a]


@case(U)
def case_partition_failed_leaves(tf):
    """Two-axis partitions are refused before anything is made."""
    e = etype(lambda: tf.get_variable("v", [4, 6], partitioner=lambda shape, dtype: [2, 2]))
    return [e, names(tf.global_variables()), tf.get_variable("v", [4, 6]).name]


@case(U)
def case_partition_after_shard_failure(tf):
    """After failing on too many shards the shards made stay, and AUTO_REUSE meets them."""
    etype(lambda: tf.get_variable("v", [2], partitioner=lambda shape, dtype: [3]))
    with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
        return err(lambda: names(tf.get_variable("v", [2], partitioner=tf.fixed_size_partitioner(2))))


@case(U)
def case_partition_shards_under_auto_reuse(tf):
    """A single shard asked by name under AUTO_REUSE: found or made anew."""
    pv = tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))
    with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
        return [tf.get_variable("v/part_0", [2]) is list(pv)[0], tf.get_variable("v/part_9", [2]).name]


@case(U)
def case_partition_rank_three(tf):
    """The middle axis of three; slices in order."""
    pv = tf.get_variable("v", [2, 5, 3], partitioner=lambda shape, dtype: [1, 2, 1])
    return [[shp(v) for v in pv], parts(pv), shp(pv)]


@case(U, "R", tags="values", note="one sharded array; slice views on demand")
def case_partition_constant_axis1_values(tf):
    """A constant tensor sliced along the second axis."""
    pv = tf.get_variable("v", initializer=tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), partitioner=tf.fixed_size_partitioner(2, axis=1))
    return [tf.initial_values(v) for v in pv]


@case(U, tags="values")
def case_values_of_local_and_plain(tf):
    """Start values of a local variable, a tf.Variable, a scalar, an empty one."""
    return [tf.initial_values(tf.get_local_variable("l", [2], initializer=tf.ones_initializer())), tf.initial_values(tf.Variable([[1, 2]])),
            tf.initial_values(tf.get_variable("s", initializer=2.5)), tf.initial_values(tf.get_variable("e", [0], initializer=tf.zeros_initializer()))]


@case(U, tags="values")
def case_values_with_getter(tf):
    """A getter that replaces the initializer."""
    def cg(getter, *a, **k):
        k["initializer"] = tf.constant_initializer(4.0)
        return getter(*a, **k)
    with tf.variable_scope("s", custom_getter=cg, initializer=tf.ones_initializer()):
        return tf.initial_values(tf.get_variable("v", [2]))


@case(U, tags="values")
def case_values_scope_initializer_inherited(tf):
    """Initializers of nested scopes, overridden and captured."""
    c = tf.constant_initializer
    with tf.variable_scope("a", initializer=c(1.0)) as a:
        x = tf.get_variable("x", [1])
        with tf.variable_scope("b"):
            y = tf.get_variable("y", [1])
        with tf.variable_scope("c", initializer=c(2.0)):
            z = tf.get_variable("z", [1])
            w = tf.get_variable("w", [1], initializer=c(3.0))
            with tf.variable_scope(a):
                u = tf.get_variable("u", [1])
    return [tf.initial_values(v)[0] for v in (x, y, z, w, u)]


@case(U)
def case_shape_value_inferred_then_reuse(tf):
    """A value-made variable reused by shape, in any compatible form."""
    v = tf.get_variable("v", initializer=[[1.0, 2.0]])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [tf.get_variable("v", [1, 2]) is v, tf.get_variable("v", initializer=3.0) is v, err(lambda: tf.get_variable("v", [2]))]


@case(U)
def case_int_shape_reuse(tf):
    """shape=3 and shape=[3] are the same on reuse."""
    v = tf.get_variable("v", 3)
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return [tf.get_variable("v", [3]) is v, tf.get_variable("v", 3) is v, err(lambda: tf.get_variable("v", 4))]


# ---- running ---------------------------------------------------------------
def oracle_namespace():
    tf, fresh = base.tensorflow_namespace()
    from tensorflow.python.ops import variables
    tf.PartitionedVariable = variables.PartitionedVariable
    return tf, fresh


if __name__ == "__main__":
    world = oracle_namespace()
    got = {n: run_case(n, *world) for n in CASES if n not in BASE_CASES}
    with open(os.path.join(HERE, "tf1_more.json"), "w") as f:
        json.dump(got, f, indent=1, ensure_ascii=False)
        f.write("\n")
