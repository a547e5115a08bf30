"""Modules of flax, haiku and equinox."""
