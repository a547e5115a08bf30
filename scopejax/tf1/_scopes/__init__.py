"""Scopes: `variable_scope`, `name_scope`, templates, and `get_variable` in them.

`scope` is the object, `scopes` the context managers. It imports the rooms above. Begin
with `scopes`.
"""
