"""The fused way: compared once, remembered, and never taken where it is wrong."""

import json
import threading
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import initializers as jaxinit

import scopejax as sj
from scopejax._making import fused, verdicts

pytestmark = pytest.mark.optimized

DEVICE = jax.devices()[0]


@pytest.fixture
def afresh(tmp_path, monkeypatch):
    """Nothing is known yet; gives the folder for what is found out."""
    monkeypatch.setenv("SCOPEJAX_CACHE_DIR", str(tmp_path / "cache"))
    fused._blocks.cache_clear()
    yield tmp_path / "cache"
    fused._blocks.cache_clear()


def model(scope):
    """Two variables that are drawn alike, and one that is not drawn."""
    init = jaxinit.normal(0.02)
    scope.get_variable("a", (5, 3), initializer=init)
    scope.get_variable("b", (7,), initializer=init)
    scope.get_variable("c", (3,), initializer=jaxinit.zeros)


NET = sj.transform(model)


def plain(monkeypatch, key):
    """The values without the fused way."""
    with monkeypatch.context() as context:
        context.setenv("SCOPEJAX_FUSED", "off")
        return NET.init(key)


def kept(folder):
    """All that is kept on disk."""
    return [json.loads(file.read_text()) for file in folder.glob("*.json")]


def same(one, other):
    """Whether two trees have the same bits."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in pairs)


@pytest.mark.smoke
def test_it_is_compared_once(afresh, key, monkeypatch):
    """The first init compares; the next, and those of other processes, do not."""
    compared = []
    compare = fused.Block._compare
    monkeypatch.setattr(
        fused.Block, "_compare", lambda self: compared.append(1) or compare(self)
    )
    NET.init(key)
    NET.init(key)
    assert (len(compared), [list(v.values()) for v in kept(afresh)]) == (
        1,
        [[True]],
    )
    fused._blocks.cache_clear()  # as a new process has it
    NET.init(key)
    assert len(compared) == 1


def test_wrong_bits_are_found_out(afresh, key, monkeypatch):
    """A program that is wrong in one number's last bit is not used, now or later."""
    numbers = fused.numbers

    def wrong(chain, key, counter, factor):
        right = numbers(chain, key, counter, factor)
        off = jnp.nextafter(right, jnp.full_like(right, jnp.inf))
        return jnp.where(counter[1] == 4100, off, right)

    monkeypatch.setattr(fused, "numbers", wrong)
    expected = plain(monkeypatch, key)
    assert same(NET.init(key), expected)
    assert [list(v.values()) for v in kept(afresh)] == [[False]]
    fused._blocks.cache_clear()
    made = []
    monkeypatch.setattr(fused.Block, "calls", lambda *_: made.append(1))
    assert same(NET.init(key), expected)
    assert same(jax.jit(NET.init)(key), expected)
    assert not made


def test_a_program_that_does_not_compile_is_not_used(afresh, key, monkeypatch):
    """init does without it."""

    class Broken:
        def lower(self, *_):
            return self

        def compile(self):
            raise RuntimeError("no")

    monkeypatch.setattr(fused.Block, "_lowered", lambda *_: Broken())
    assert same(NET.init(key), plain(monkeypatch, key))


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 3}', "\0\0", '"x"'])
def test_a_file_that_is_no_good_is_as_good_as_none(afresh, key, content):
    """It is written anew."""
    afresh.mkdir()
    file = verdicts._file(DEVICE)
    file.write_text(content)
    NET.init(key)
    assert list(kept(afresh)[0].values())[-1] is True


def test_a_folder_that_cannot_be_written(tmp_path, key, monkeypatch):
    """init works, and compares again in the next process."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SCOPEJAX_CACHE_DIR", str(tmp_path / "file" / "below"))
    fused._blocks.cache_clear()
    assert same(NET.init(key), plain(monkeypatch, key))


@pytest.mark.parametrize("variable", ["SCOPEJAX_CACHE_DIR", "XDG_CACHE_HOME", "HOME"])
def test_where_verdicts_are_kept(variable, tmp_path, monkeypatch):
    """One's own folder, or one among caches."""
    for name in ("SCOPEJAX_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    below = {"SCOPEJAX_CACHE_DIR": "", "XDG_CACHE_HOME": "scopejax"}
    folder = tmp_path / below.get(variable, ".cache/scopejax")
    verdicts.note("a program", DEVICE, right=False)
    assert verdicts._file(DEVICE).parent == folder
    assert verdicts.known("a program", DEVICE) is False
    assert verdicts.known("another", DEVICE) is None
    assert [file.suffix for file in folder.iterdir()] == [".json"]


def test_other_circumstances_have_a_file_of_their_own(tmp_path, monkeypatch):
    """A verdict holds for one version of JAX and one set of XLA's flags."""
    files = {verdicts._file(DEVICE)}
    changes = [
        lambda m: m.setattr(jax, "__version__", "99.0"),
        lambda m: m.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true"),
    ]
    if DEVICE.platform == "cpu":
        changes.append(lambda m: m.setattr(verdicts, "_processor", lambda: "another"))
    for change in changes:
        with monkeypatch.context() as context:
            change(context)
            verdicts._circumstances.cache_clear()
            files.add(verdicts._file(DEVICE))
    verdicts._circumstances.cache_clear()
    assert len(files) == 1 + len(changes)


def test_it_compiles_while_the_model_is_traced(afresh, key):
    """The model can wait for its own variables' programs."""
    compiled = threading.Event()

    def listen(event, *_, **__):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.set()

    jax.monitoring.register_event_duration_secs_listener(listen)

    def patient(scope):
        scope.get_variable("w", (3, 11), initializer=jaxinit.truncated_normal(0.3))
        compiled.clear()
        assert compiled.wait(60)

    try:
        sj.transform(patient).init(key)
    finally:
        jax.monitoring.clear_event_listeners()


def test_a_model_that_fails_leaves_no_thread(afresh, key):
    """Nor does the next init suffer from it."""

    def failing(scope):
        model(scope)
        raise ZeroDivisionError("the model's own")

    with pytest.raises(ZeroDivisionError, match="own"):
        sj.transform(failing).init(key)
    deadline = time.monotonic() + 60
    while any(t.name.startswith("scopejax") for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert same(NET.init(key), NET.init(key))


def test_a_few_programs_serve_many_shapes(afresh, key):
    """A hundred kinds of variable are three programs: zeros, the draw and its check."""
    NET.init(key)
    compiled = []

    def listen(event, *_, **__):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(event)

    def many(scope):
        for i in range(1, 101):
            scope.get_variable(f"w{i}", (i, 3), initializer=jaxinit.normal(0.1 * i))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        sj.transform(many).init(key)
    finally:
        jax.monitoring.clear_event_listeners()
    assert compiled == []


@pytest.mark.parametrize("n", [499, 500, 501])
def test_many_variables_of_one_kind(n, key, monkeypatch):
    """Above some number they are copied to the device another way."""

    def many(scope):
        for i in range(n):
            scope.get_variable(f"w{i}", (3,), initializer=jaxinit.normal(1.0))

    net = sj.transform(many)
    values = net.init(key)
    with monkeypatch.context() as context:
        context.setenv("SCOPEJAX_FUSED", "off")
        assert same(values, net.init(key))
    assert not any(value.committed for value in values.values())
    pointers = {value.unsafe_buffer_pointer() for value in values.values()}
    assert len(pointers) == n


def test_values_are_nobodys_view(key):
    """Each variable may be donated, and gives its memory back by itself."""
    values = NET.init(key)
    kept = jax.tree.map(np.array, values)
    step = jax.jit(lambda tree: jax.tree.map(lambda x: x + 1, tree), donate_argnums=0)
    after = step(values)
    assert all(value.is_deleted() for value in values.values())
    for name, value in after.items():
        np.testing.assert_array_equal(value, kept[name] + 1)


def test_the_file_says_how_to_switch_it_off():
    """The environment variable of the docs is the one that is read."""
    text = Path(fused.__file__).read_text()
    assert "SCOPEJAX_FUSED=off" in text
    assert 'os.environ.get("SCOPEJAX_FUSED", "on")' in text


@pytest.mark.parametrize("way", ["init", "jit", "manifest"])
def test_an_initializer_runs_once(afresh, key, way):
    """Once for each shape and dtype, after the model, if it shares state with it."""
    calls = []

    def counting(key, shape, dtype):
        calls.append(shape)
        return jax.random.normal(key, shape, dtype)

    def counted(scope):
        for i in range(3):
            (scope / f"l{i}").get_variable("w", (4, 3), initializer=counting)
        (scope / "s").get_variable("b", (3,), initializer=counting)
        assert not calls

    net = sj.transform(counted)
    make = {"init": net.init, "jit": jax.jit(net.init)}
    make.get(way, lambda key: net.manifest().initialize(key))(key)
    assert calls == [(4, 3), (3,)]


def test_what_was_found_with_x64_is_not_taken_without(afresh, key, monkeypatch):
    """And the other way round."""
    expected = plain(monkeypatch, key)
    with jax.enable_x64(True):
        assert same(NET.init(key), expected)
    assert same(NET.init(key), expected)
    with jax.enable_x64(True):
        assert same(NET.init(key), expected)
