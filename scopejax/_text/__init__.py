"""Tables and progress bars, as plain text.

`table` lays out the table of variables. `progress` counts, and `bars` draws the bar. It
imports `_base`, `_spec` and `initializers`. Begin with `table`.
"""
