"""The scripts of this folder need TensorFlow, and hold no doctests."""

collect_ignore_glob = ["make_*.py"]
