"""TF1's words: errors, dtypes, shapes, devices, collections' names.

Nothing here knows of graphs or variables. Begin with `errors`.
"""
