"""TensorFlow 1's variable system, and programs that moved."""
