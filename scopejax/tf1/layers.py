"""`tf.layers`: layers as functions and as classes."""

from __future__ import annotations

from ._layers.base import Layer as Layer
from ._layers.convolutional import Conv1D as Conv1D
from ._layers.convolutional import Conv2D as Conv2D
from ._layers.convolutional import Conv3D as Conv3D
from ._layers.convolutional import conv1d as conv1d
from ._layers.convolutional import conv2d as conv2d
from ._layers.convolutional import conv3d as conv3d
from ._layers.dense import Dense as Dense
from ._layers.dense import Dropout as Dropout
from ._layers.dense import Flatten as Flatten
from ._layers.dense import dense as dense
from ._layers.dense import dropout as dropout
from ._layers.dense import flatten as flatten
from ._layers.normalizing import BatchNormalization as BatchNormalization
from ._layers.normalizing import batch_normalization as batch_normalization
from ._layers.pooling import AveragePooling1D as AveragePooling1D
from ._layers.pooling import AveragePooling2D as AveragePooling2D
from ._layers.pooling import AveragePooling3D as AveragePooling3D
from ._layers.pooling import MaxPooling1D as MaxPooling1D
from ._layers.pooling import MaxPooling2D as MaxPooling2D
from ._layers.pooling import MaxPooling3D as MaxPooling3D
from ._layers.pooling import average_pooling1d as average_pooling1d
from ._layers.pooling import average_pooling2d as average_pooling2d
from ._layers.pooling import average_pooling3d as average_pooling3d
from ._layers.pooling import max_pooling1d as max_pooling1d
from ._layers.pooling import max_pooling2d as max_pooling2d
from ._layers.pooling import max_pooling3d as max_pooling3d
from ._layers.transposed import Conv2DTranspose as Conv2DTranspose
from ._layers.transposed import Conv3DTranspose as Conv3DTranspose
from ._layers.transposed import SeparableConv2D as SeparableConv2D
from ._layers.transposed import conv2d_transpose as conv2d_transpose
from ._layers.transposed import conv3d_transpose as conv3d_transpose
from ._layers.transposed import separable_conv2d as separable_conv2d
from ._words.missing import lookup_of as _lookup_of

__getattr__ = _lookup_of("layers")
