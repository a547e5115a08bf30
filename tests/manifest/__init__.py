"""The manifest: its table, patterns, differences, masks for optax."""
