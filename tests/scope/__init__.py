"""Asking for a variable: scopes as pytrees, state, keys, replicas, placement."""
