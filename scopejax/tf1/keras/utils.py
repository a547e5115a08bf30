"""`tf.keras.utils`: the decorator that lets objects keep variables."""

from .._scopes.eager import track_tf1_style_variables as track_tf1_style_variables
from .._words.missing import lookup_of

track_tf1_style_variables.__module__ = __name__  # its public home

__getattr__ = lookup_of("keras.utils")
