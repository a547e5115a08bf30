"""The benchmarks give figures, and what they compare is equal."""
