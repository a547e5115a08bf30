"""Numerics are those that the other libraries need."""

from ..helpers.interop_reference import relaxed  # noqa: F401 - a fixture of all tests
