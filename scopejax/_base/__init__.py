"""Words everybody speaks: errors, names, keys, dtypes, trees, files, user lines.

Nothing here knows of variables or scopes. It imports JAX, NumPy and the standard
library, and no other room. Begin with `errors`, then `names`: how a path becomes a key.
"""
