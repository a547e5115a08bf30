"""The layers, and the same of flax."""
