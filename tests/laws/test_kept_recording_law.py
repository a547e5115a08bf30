"""A model that was recorded isn't run again, unless it might ask for something else."""

import dataclasses
import gc
import threading
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import scopejax as sj
from scopejax._model import recordings


@dataclasses.dataclass(frozen=True)
class Layer:
    """A model as a dataclass."""

    size: int

    def __call__(self, scope):
        return scope.get_variable("w", (self.size,))


def dense(scope, x, features=2, bias=True):
    """A model that can be looked into to its end."""
    kernel = scope.get_variable("kernel", (x.shape[-1], features))
    x = x.astype("float32") @ kernel
    return x + scope.get_variable("bias", (1, features)) if bias else x


@pytest.fixture
def runs(monkeypatch):
    """How often a model was recorded: one entry for each time."""
    noted = []
    record = recordings.record

    def spy(*args, **kwargs):
        noted.append(1)
        return record(*args, **kwargs)

    monkeypatch.setattr(recordings, "record", spy)
    return noted


ROWS = np.ones((4, 3), np.float32)


@pytest.mark.smoke
def test_a_second_init_does_not_run_the_model(key, runs):
    """Nor do manifest and check, nor other numbers of the same shape."""
    net = sj.transform(dense)
    one = net.init(key, ROWS)
    assert len(runs) == 1
    again = net.init(key, 2 * ROWS)
    other = net.init(jax.random.key(1), jax.ShapeDtypeStruct((4, 3), "float32"))
    net.check(one, ROWS)
    assert list(net.manifest(ROWS)) == ["kernel", "bias"]
    assert len(runs) <= 2  # one for keys of the user's, one for the manifest's own
    np.testing.assert_array_equal(one["kernel"], again["kernel"])
    assert not np.array_equal(one["kernel"], other["kernel"])


# Each gives what is another run; a run of its own comes before.
OTHERS = {
    "a shape": lambda net, key: net.init(key, ROWS[:, :2]),
    "a dtype": lambda net, key: net.init(key, ROWS.astype(bool), bias=False),
    "a static argument": lambda net, key: net.init(key, ROWS, 5),
    "a keyword": lambda net, key: net.init(key, ROWS, bias=False),
    "a structure": lambda net, key: net.init(key, ROWS, features=2),
    "a raw key": lambda net, key: net.init(jax.random.PRNGKey(0), ROWS),
    "a kind of key": lambda net, key: net.init(jax.random.key(0, impl="rbg"), ROWS),
}
if jax.device_count() > 1:
    OTHERS["a mesh"] = lambda net, key: net.init(
        key, ROWS, mesh=jax.make_mesh((jax.device_count(),), ("data",))
    )


@pytest.mark.parametrize("other", OTHERS)
def test_other_arguments_are_another_run(other, key, runs):
    """And the same arguments are the run that is known."""
    net = sj.transform(dense)
    net.init(key, ROWS)
    one = OTHERS[other](net, key)
    assert len(runs) == 2
    net.init(key, ROWS)
    two = OTHERS[other](net, key)
    assert len(runs) == 2
    assert jax.tree.all(jax.tree.map(lambda a, b: (a == b).all(), one, two))


@pytest.mark.parametrize(
    "setting", [jax.enable_x64, jax.numpy_rank_promotion, jax.numpy_dtype_promotion]
)
def test_a_setting_of_jax_is_another_run(setting, key, runs):
    """What is recorded may depend on it."""
    value = {
        jax.enable_x64: True,
        jax.numpy_rank_promotion: "allow",
        jax.numpy_dtype_promotion: "standard",
    }[setting]
    net = sj.transform(dense)
    net.init(key, ROWS)
    with setting(value):
        net.init(key, ROWS)
        net.init(key, ROWS)
    net.init(key, ROWS)
    assert len(runs) == 2


def by_numpy(scope):
    """A model whose initial values NumPy draws."""
    return scope.get_variable("w", initializer=np.random.normal(size=2))


def from_inputs(scope, x):
    """A model whose initial value depends on its input."""
    return scope.get_variable("w", initializer=x.mean())


def over_an_array(scope, array=np.ones(3000, np.float32)):  # noqa: B008
    """A model that holds an array."""
    return scope.get_variable("w", initializer=array)


def of_an_array(scope):
    """A model that makes an array, which its initializer holds."""
    array = np.ones(3000, np.float32)
    return scope.get_variable("w", (3000,), initializer=lambda *_: array)


@pytest.mark.parametrize(
    ("model", "args"),
    [(by_numpy, ()), (from_inputs, (ROWS,)), (over_an_array, ()), (of_an_array, ())],
)
def test_what_is_not_known_is_run_again(model, args, key, runs):
    """In doubt a model is recorded at each init."""
    net = sj.transform(model)
    for _ in range(3):
        net.init(key, *args)
    assert len(runs) == 3


def test_data_dependent_values_are_those_of_the_inputs(key):
    """Of each call."""
    net = sj.transform(from_inputs)
    assert [net.init(key, jnp.full((2,), v))["w"] for v in (1.0, 2.0)] == [1.0, 2.0]


@pytest.mark.parametrize("model", [Layer(3), Layer(3).__call__])
def test_a_dataclass_is_a_model(model, key, runs):
    """Its fields and its code say all that it does."""
    net = sj.transform(model)
    assert [net.init(key)["w"].shape for _ in range(2)] == [(3,), (3,)]
    assert len(runs) == 1


def failing(scope, fail):
    """A model that may fail."""
    if fail:
        raise ZeroDivisionError("the model's own")
    return scope.get_variable("w", ())


def test_a_run_that_failed_is_not_kept(key):
    """It fails again, and other arguments work."""
    net = sj.transform(failing)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="own"):
            net.init(key, True)
        net.init(key, False)


def test_within_a_jit(key, runs):
    """A run within a trace and one outside of it are one."""
    net = sj.transform(dense)
    one = net.init(key, ROWS)
    two = jax.jit(net.init)(key, ROWS)
    assert len(runs) == 1
    np.testing.assert_array_equal(one["kernel"], two["kernel"])


def test_threads_record_for_themselves(key):
    """Each init tells its own maker, also where several run at once."""
    net = sj.transform(dense)
    found = {}

    def work(i):
        found[i] = net.init(key, np.ones((2, i + 1), np.float32))["kernel"].shape

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: (i + 1, 2) for i in range(8)}


def test_arguments_and_models_are_let_go(key):
    """Of arrays only shapes are kept, and the runs go with the functions."""

    class Box(np.ndarray):
        """An array that can be watched."""

    rows = ROWS.view(Box)
    array = weakref.ref(rows)
    net = sj.transform(lambda scope, x: dense(scope, x))
    net.init(key, rows)
    net.init(key, rows)
    del rows
    gc.collect()
    assert array() is None
    manifest = weakref.ref(net.manifest(ROWS))
    assert manifest() is net.manifest(ROWS)
    del net
    gc.collect()
    assert manifest() is None


def test_leaks_are_looked_for(key):
    """With a recording that is new, and one that is known."""
    net = sj.transform(dense)
    with jax.checking_leaks():
        net.init(key, ROWS)
        net.init(key, ROWS)


def test_as_many_shapes_as_one_likes(key, runs):
    """What is kept is bounded, and what is not kept is recorded again."""
    net = sj.transform(dense)
    for n in (*range(1, 40), 1):
        assert net.manifest(np.ones((2, n), np.float32))["kernel"].shape == (n, 2)
    for n in range(1, 40):
        net.manifest(ROWS, n)
    assert len(runs) == 40 + 39
