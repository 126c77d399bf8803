"""What took part in the last propagation, so that the next one redoes only what lies next to something new.

Of the slices that were annotated only hashes are kept: as long as a hash fits, the slice is in the label map
as it was then; where it does not, the slice counts as newly annotated.
"""

import hashlib
from collections.abc import Mapping

import numpy as np

from isegformer.session.protocols import EarlierResult
from isegformer.session.round_records import ObjectDigest, Round, RoundSlice
from isegformer.slicing import Plane, slice_view
from isegformer.types import Labels, Mask
from isegformer.volume import only_labels

DIGEST_BYTES = 16


def round_slices(annotations: Mapping[int, Labels]) -> tuple[RoundSlice, ...]:
    """Return what a round keeps of its annotations, uint16 (H, W) by index."""
    return tuple(
        RoundSlice(index=index, objects=_digests(labels)) for index, labels in sorted(annotations.items())
    )


def _digests(labels: Labels) -> tuple[ObjectDigest, ...]:
    return tuple(
        ObjectDigest(label=int(label), digest=_digest(labels == label))
        for label in np.unique(labels)
        if label != 0
    )


def _digest(mask: Mask) -> str:
    data = f"{mask.shape}".encode() + np.packbits(mask).tobytes()
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()


def earlier_result(
    before: Round, annotations: Mapping[int, Labels], *, axis: int, volume_labels: Labels
) -> EarlierResult:
    """Return what the round `before` left.

    Parameters
    ----------
    annotations : uint16 (H, W) of all slices that are annotated now
    volume_labels : uint16 (I, J, K), the label map as it is now

    Objects that are in no annotation now are not part of the result: neither their voxels nor the question
    whether they changed.
    """
    involved = tuple({int(label) for labels in annotations.values() for label in np.unique(labels)} - {0})
    now = {item.index: item.objects for item in round_slices(annotations)}
    same: dict[int, Labels] = {}
    for item in before.slices:
        if item.index not in annotations:
            gone = slice_view(volume_labels, Plane(axis=axis, index=item.index))
            same[item.index] = only_labels(gone, involved)
        elif tuple(known for known in item.objects if known.label in involved) == now[item.index]:
            same[item.index] = annotations[item.index]
    return EarlierResult(annotations=same, labels=only_labels(volume_labels, involved))
