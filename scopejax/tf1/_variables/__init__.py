"""Variables: created, stored, split and shared.

`store` is lookup-or-create, `creation` the way past the creators, `variable` and
`partitioned` what comes out. It imports the rooms above. Begin with `store`.
"""
