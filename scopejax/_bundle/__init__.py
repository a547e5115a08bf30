"""TensorFlow's checkpoints, tensor bundles, read and written without TensorFlow.

A bundle is an index, ``model.ckpt-123.index``, and data files beside it,
``model.ckpt-123.data-00000-of-00001``. The index is a sorted table that says of each
tensor where its bytes lie; the data files are those bytes. Both have checksums.

Needs the extra ``scopejax[tf1]``.
"""

from ._find import find as find
from ._index import Tensor as Tensor
from ._read import Bundle as Bundle
from ._slots import NON_SLOT as NON_SLOT
from ._slots import Part as Part
from ._slots import parts as parts
from ._tf1_names import to_tf1_names as to_tf1_names
from ._write import write as write
