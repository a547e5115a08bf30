"""One model three times: moved line by line, with scopes as values, with a scan.

Its functions stand word for word in docs/migrating_gpt2.md and in
notebooks/07_from_tf1.py. The program in TensorFlow is
tests/data/gpt2_tiny/make_gpt2_tiny.py.
"""
