"""What a pickle says about tensors, kept as records and checked before any memory is viewed."""

import math
from typing import NoReturn, TypeGuard

import torch
from torch import Tensor

from isegformer.errors import CheckpointError, UnsafeCheckpointError

LARGEST_COUNT = 2**63 - 1
"""Of elements, or bytes; larger numbers are nonsense, and their text in an error message could be endless."""


class Sealed:
    """An object that a pickle cannot alter."""

    __slots__ = ()

    def __setstate__(self, _state: object) -> NoReturn:
        raise UnsafeCheckpointError("the file tries to alter the program that reads it; nothing was run")


class StorageType(Sealed):
    """The element type of a storage, as its class's name in torch says."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype


class StorageRecord(Sealed):
    """The elements of one storage, 1-D."""

    __slots__ = ("elements",)

    def __init__(self, elements: Tensor) -> None:
        self.elements = elements


class TensorRecord(Sealed):
    """A view of a storage as the file claims it; nothing is checked until `tensor` is asked for."""

    __slots__ = ("_offset", "_size", "_storage", "_stride")

    def __init__(self, storage: object, offset: object, size: object, stride: object) -> None:
        self._storage = storage
        self._offset = offset
        self._size = size
        self._stride = stride

    def tensor(self) -> Tensor:
        """Return the tensor.

        Raises
        ------
        CheckpointError : the view is malformed, or reads outside its storage, or repeats elements to become
            larger than it
        """
        if not isinstance(self._storage, StorageRecord):
            raise CheckpointError("a tensor of the file has no storage")
        offset, size, stride = self._offset, _naturals(self._size), _naturals(self._stride)
        elements = self._storage.elements
        if not is_count(offset) or len(size) != len(stride):
            raise CheckpointError("a tensor of the file has a malformed offset, size or stride")
        last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
        if 0 not in size and not (last < len(elements) and math.prod(size) <= len(elements)):
            raise CheckpointError(
                f"a tensor of the file has offset {offset}, size {size}, stride {stride}: outside of its "
                f"storage of {len(elements)} elements"
            )
        return elements.new_empty(size) if 0 in size else elements.as_strided(size, stride, offset)


def _naturals(value: object) -> tuple[int, ...]:
    if isinstance(value, tuple) and all(is_count(item) for item in value):
        return value
    raise CheckpointError("a tensor of the file has a malformed size or stride")


def is_count(value: object) -> TypeGuard[int]:
    """Return whether `value` is a whole number that can count elements; True and False are not."""
    return type(value) is int and 0 <= value <= LARGEST_COUNT
