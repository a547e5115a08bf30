"""Variables: created, stored, split and shared.

`store` is lookup-or-create. `creation` passes a new variable through the creators.
`variable` and `partitioned` are the results. It imports `_words`, `_initial` and
`_graph`, and doesn't depend on scopes. Begin with `store`.
"""
