"""The scenario files are run by tests/test_tf1_oracle.py, and hold no doctests."""

collect_ignore_glob = ["*_cases.py"]
