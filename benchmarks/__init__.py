"""Benchmarks: scopejax next to the same models by hand."""
