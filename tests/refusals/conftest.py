"""After each refusal a model does what it did before."""

from ..helpers.refusals import unharmed  # noqa: F401 - a fixture of all tests
