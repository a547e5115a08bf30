"""TensorFlow's checkpoints, tensor bundles, read and written without TensorFlow.

A bundle is an index, ``model.ckpt-123.index``, and data files beside it,
``model.ckpt-123.data-00000-of-00001``. The index is a sorted table that gives the place
of each tensor's bytes in the data files. Both have checksums. This needs the extra
``scopejax[tf1]``. It imports `_base` alone. Begin with `read`.
"""

from .find import find as find
from .index import Tensor as Tensor
from .read import Bundle as Bundle
from .slots import NON_SLOT as NON_SLOT
from .slots import Part as Part
from .slots import parts as parts
from .tf1_names import to_tf1_names as to_tf1_names
from .write import write as write
