"""Scopes: `variable_scope`, `name_scope`, templates, and `get_variable` in them.

`scope` is the object, `scopes` has the context managers, `templates` has
`make_template`. It imports the rooms of `tf1` before it, and not `_running`. Begin with
`scopes`.
"""
