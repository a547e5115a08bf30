"""Tables and bars, as plain text.

`table` lays out the table of variables; `progress` counts and `bars` draws. It imports
`_base` and `_spec`. Begin with `table`.
"""
