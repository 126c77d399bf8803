"""What earlier rounds left, so that the next one can go on from it without a live propagator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from isegformer.errors import PropagationError, ShapeMismatchError
from isegformer.propagation.annotations import check_annotations
from isegformer.types import Labels


class EarlierResult(Protocol):
    """Where the last round ended. Everything is read when it is needed, and nothing is changed."""

    @property
    def annotations(self) -> Mapping[int, Labels]:
        """Uint16 labels (H, W) of the slices annotated in earlier rounds, as they were then."""
        ...

    @property
    def labels(self) -> Labels:
        """The result of all slices: uint16 (I, J, K) of a volume, (T, H, W) of a stack of slices."""
        ...


@dataclass(frozen=True, kw_only=True)
class EarlierLabels:
    """An `EarlierResult` from its parts."""

    annotations: Mapping[int, Labels]
    labels: Labels

    def __post_init__(self) -> None:
        if self.labels.ndim != 3:
            raise ShapeMismatchError(f"earlier labels have shape {self.labels.shape}, expected three axes")
        if self.labels.dtype != np.uint16:
            raise PropagationError(f"earlier labels have dtype {self.labels.dtype}, expected uint16")


def across(earlier: EarlierResult, axis: int) -> EarlierLabels:
    """Return an earlier result of a volume, labels (I, J, K), as one of its slices across `axis`, (T, H, W).

    The labels are a view.

    Raises
    ------
    PropagationError, ShapeMismatchError : labels that are not uint16 with three axes
    """
    whole = EarlierLabels(annotations=earlier.annotations, labels=earlier.labels)
    return EarlierLabels(annotations=whole.annotations, labels=np.moveaxis(whole.labels, axis, 0))


def new_annotations(annotations: Mapping[int, Labels], earlier: EarlierResult) -> dict[int, Labels] | None:
    """Return the slices whose annotation is absent from an earlier result, or another one there.

    None: a slice that was annotated is so no more, so that no round can go on from there.

    Parameters
    ----------
    annotations : uint16 labels (H, W) of all annotated slices by index, at least one
    """
    if not earlier.annotations or earlier.annotations.keys() - annotations.keys():
        return None
    return {
        index: labels
        for index, labels in annotations.items()
        if index not in earlier.annotations or not np.array_equal(labels, earlier.annotations[index])
    }


def checked_earlier(earlier: EarlierResult, *, n_slices: int, shape: tuple[int, int]) -> EarlierLabels:
    """Return an earlier result of a stack with its annotations copied and its labels as they are.

    Raises
    ------
    PropagationError, ShapeMismatchError : it belongs to another stack; see `check_annotations`
    """
    if earlier.labels.shape != (n_slices, *shape):
        raise ShapeMismatchError(
            f"earlier labels have shape {earlier.labels.shape}, expected {(n_slices, *shape)}"
        )
    try:
        drawn = check_annotations(earlier.annotations, n_slices=n_slices, shape=shape)
    except PropagationError as error:
        raise PropagationError(f"earlier result: {error}") from error
    return EarlierLabels(annotations=drawn, labels=earlier.labels)
