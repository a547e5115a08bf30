"""`tf.keras` holds nothing here but `utils.track_tf1_style_variables`."""

from .._words.missing import lookup_of
from . import utils as utils

__getattr__ = lookup_of("keras")
