"""The law over bad calls: whatever an argument is given, scopejax answers, or accepts.

Every public callable is called with each of some fifty values in place of each of its
arguments, one at a time. It may take the value; if not, the error is scopejax's. A
table says what is left to others, and why. A new public name without a call in
`tests/helpers/good_calls_cases.py` fails.
"""

import inspect
import random
import warnings

import pytest

import scopejax as sj

from ..helpers.bad_values import BAD
from ..helpers.good_calls_cases import CALLS
from ..helpers.public_names import NAMES
from ..helpers.randomness import cases, seed_or

# Names that are not called by users, or not with arguments of theirs.
NOT_CALLED = {
    "results, which functions make and users read": (
        *("Transformed", "TransformedWithState", "VariableSpec", "SpecChange"),
        *("Report", "Graph", "Profile", "View", "VariableGetter"),
    ),
    "members of an enumeration": ("VariableAggregation", "VariableSynchronization"),
    "the errors themselves": tuple(n for _, n in NAMES if n.endswith("Error")),
    "a mark that is passed and not called": ("no_regularizer",),
    "TF1's own counts: errors in TF1's words, by its oracle": (
        *("fixed_size_partitioner", "min_max_variable_partitioner"),
        "variable_axis_size_partitioner",
    ),
}
# Modules whose arguments are those of another library, with tests of their own.
ELSEWHERE = {
    "scopejax.interop": "modules of flax, haiku and equinox; tests/interop/test_errors",
    "scopejax.tf1": "TF1's kinds of error and texts; tests/tf1_oracle",
}

ARGUMENTS = tuple({argument for call in CALLS.values() for argument in call()[1]})
# What is left to others: an argument, the values, the errors, and why.
LEFT = (
    (
        ("where", "custom_getter", "partitioner", "over", "of_items"),
        ("a class", "a function"),
        TypeError,
        "a function of the user's that does not take what it is given: Python's words",
    ),
    (
        ARGUMENTS,
        ("a mute object",),
        RuntimeError,
        "its own __repr__ raises it, which JAX and NumPy call",
    ),
    (
        ("path",),
        tuple(BAD),
        OSError,
        "a file that is not there, or cannot be: the system's words, as of `open`",
    ),
    (
        ("axis_name",),
        tuple(BAD),
        NameError,
        "an axis that nothing is mapped over: JAX's words, in tests/layers",
    ),
    (
        ("path", "format"),
        tuple(BAD),
        ImportError,
        "a library that is not installed",
    ),
)
# A tree that contains itself is refused where scopejax walks it. Where JAX does, its
# flattening leaves the interpreter's count of calls too high, and all later calls fail.
WALKED = (
    *("params", "state", "tree", "flat", "variables", "given", "one", "two"),
    *("labels", "rules", "rename", "transpose", "target"),
)
ENDLESS = "a dict of itself"

# An argument that is a function or an array of the model, with values that it takes.
CASES = [
    (call, argument, value)
    for call in CALLS
    for argument in CALLS[call]()[1]
    for value in BAD
    if value != ENDLESS or argument in WALKED
]


def is_left(argument, value, error):
    """Whether the table leaves this to others."""
    return any(
        argument in arguments and value in values and isinstance(error, kind)
        for arguments, values, kind, _ in LEFT
    )


def answer(call, argument, value):
    """What is wrong with the answer to a bad call; nothing where all is well."""
    function, arguments = CALLS[call]()
    try:
        function(**{**arguments, argument: BAD[value]()})
    except sj.ScopeError as error:
        long = len(str(error)) > 5000
        return f"{call}({argument}={value}): a long message" if long else ""
    except Exception as error:
        if not is_left(argument, value, error):
            text = str(error).partition("\n")[0][:100]
            return f"{call}({argument}={value}): {type(error).__name__}: {text}"
    return ""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    """Files that are saved under odd names are not left behind."""
    monkeypatch.chdir(tmp_path)


def tried(chosen):
    """All that is wrong with the answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of NumPy, on objects that it converts
        return [wrong for case in chosen if (wrong := answer(*case))]


@pytest.mark.parametrize("call", CALLS)
def test_a_good_call_is_accepted(call):
    """The calls that are made bad are good."""
    function, arguments = CALLS[call]()
    function(**arguments)


@pytest.mark.smoke
@pytest.mark.long
def test_bad_calls_are_answered():
    """A share of all bad calls, the same each time: the answer is scopejax's."""
    count = min(cases(600), len(CASES))
    assert tried(random.Random(seed_or(0)).sample(CASES, count)) == []


def called():
    """Full names of what users call: functions, classes and their methods."""
    left = {name for names in NOT_CALLED.values() for name in names}
    for module, name in NAMES:
        value = getattr(module, name)
        home = module.__name__
        if home.startswith(tuple(ELSEWHERE)) or not callable(value):
            continue
        if name not in left and value.__module__ is not None:
            yield f"{home}.{name}"
        if inspect.isclass(value) and not issubclass(value, Exception):
            yield from (
                f"{home}.{name}.{method}"
                for method, found in vars(value).items()
                if not method.startswith("_") and inspect.isfunction(found)
            )


METHODS_OF_RESULTS = ("scopejax.getters.VariableGetter.",)


def test_each_public_callable_is_tried():
    """A new name needs a good call, or a reason why it has none."""
    missing = [
        name
        for name in called()
        if name not in CALLS
        and not name.startswith(METHODS_OF_RESULTS)
        and not _is_annotation(name)
    ]
    assert missing == []


def _is_annotation(name):
    """Whether a name is a type for annotations, such as `Initializer`."""
    module, _, last = name.rpartition(".")
    found = (getattr(m, last) for m, n in NAMES if m.__name__ == module and n == last)
    value = next(found, None)
    return not (value is None or inspect.isroutine(value) or inspect.isclass(value))
