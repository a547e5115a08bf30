"""The script of this folder needs TensorFlow, and holds no doctests."""

collect_ignore_glob = ["make_*.py"]
