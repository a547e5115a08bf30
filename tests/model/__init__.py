"""Whole models: training on meshes, two processes."""
