"""The version, which is written into checkpoints, too."""

__version__ = "0.1.0"
