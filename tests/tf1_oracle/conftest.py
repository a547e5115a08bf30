"""The scenario files are run by tests/tf1/test_oracle.py, and hold no doctests."""

collect_ignore_glob = ["*_cases.py"]
