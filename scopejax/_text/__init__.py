"""Tables and progress bars, as plain text.

`cells` lays out any table, and `table` is that of variables. `progress` counts, and
`bars` draws the bar. It imports `_base`, `_spec` and `initializers`. Begin with
`table`.
"""
