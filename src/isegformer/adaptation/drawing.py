"""Training samples from a user's cases, in the form in which training takes them."""

from collections.abc import Sequence

import numpy as np

from isegformer.adaptation.case import AdaptationCase
from isegformer.datasets import LabelledSlice
from isegformer.errors import DatasetError
from isegformer.slicing import Plane


class CaseDraws:
    """Draws slices and clips from cases; every case, then every known slice with an object, is as likely."""

    def __init__(self, cases: Sequence[AdaptationCase]) -> None:
        self._cases = tuple(cases)
        self._planes = [_planes_with_objects(case) for case in self._cases]
        usable = [number for number, planes in enumerate(self._planes) if planes]
        if not usable:
            raise DatasetError("no object is large enough to learn from on any labelled slice")
        self._usable = usable

    def draw(self, rng: np.random.Generator) -> LabelledSlice:
        """Draw a slice with an object."""
        number = self._usable[int(rng.integers(len(self._usable)))]
        planes = self._planes[number]
        return _labelled(self._cases[number], planes[int(rng.integers(len(planes)))])

    def draw_clip(self, rng: np.random.Generator, *, length: int, longest_gap: int) -> list[LabelledSlice]:
        """Draw a slice with an object and further known ones in one direction, `longest_gap` apart at most.

        Where the next known slice is farther away the clip stays, so that it shows one slice several times.
        """
        number = self._usable[int(rng.integers(len(self._usable)))]
        case, planes = self._cases[number], self._planes[number]
        first = planes[int(rng.integers(len(planes)))]
        direction = int(rng.choice([-1, 1]))
        indices = [first.index]
        for gap in rng.integers(1, longest_gap + 1, size=length - 1):
            indices.append(_onwards(indices[-1], direction * int(gap), case.known[first.axis]))
        return [_labelled(case, Plane(axis=first.axis, index=index)) for index in indices]


def _onwards(index: int, step: int, known: Sequence[int]) -> int:
    """Return the known slice nearest to `index + step` that lies on the way there, or `index`."""
    low, high = sorted((index, index + step))
    on_the_way = [other for other in known if low <= other <= high]
    return min(on_the_way, key=lambda other: abs(index + step - other), default=index)


def _planes_with_objects(case: AdaptationCase) -> list[Plane]:
    """Return the known slices across all axes that hold an object of sufficient area."""
    found = {plane for axis in case.known for label in case.objects for plane in case.planes_of(label, axis)}
    return sorted(found, key=lambda plane: (plane.axis, plane.index))


def _labelled(case: AdaptationCase, plane: Plane) -> LabelledSlice:
    labels = np.ascontiguousarray(case.slice_labels(plane))
    return LabelledSlice(
        name=f"{case.name} axis {plane.axis} slice {plane.index}",
        image=case.image(plane),
        labels=labels,
        ignored=np.zeros(labels.shape, dtype=bool),
    )
