"""Checkpoints: files, formats, TensorFlow's bundles."""
