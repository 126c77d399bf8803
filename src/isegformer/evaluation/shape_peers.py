"""What would a user get without a network? Shapes between the given slices, by methods that others offer.

Neither looks at the image, and neither goes beyond the outermost given slices. They get the same slices as
the networks, in the same run.
"""

import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np

from isegformer.errors import ConfigError, DependencyError, PropagationError
from isegformer.propagation import EvidenceCallback, PropagationMethod, ShapeInterpolation, SliceSource
from isegformer.propagation.annotations import check_annotations
from isegformer.propagation.earlier import EarlierResult
from isegformer.types import CancelCallback, Labels, ProgressCallback, SliceCallback

ITK_EXTRA = "itk"
"""Extra of this package that brings the filter of ITK."""

_PACKAGE = "itk-morphologicalcontourinterpolation"
_PROGRAM = Path(__file__).with_name("contour_process.py")


class MorphologicalContours:
    """Morphological contour interpolation of ITK, as in ITK-SNAP and 3D Slicer, with its own defaults.

    Every pair of neighbouring given slices is filled by itself: an object that only one of the two has ends
    there.

    Source: Albu et al. 2008, doi 10.1109/TBME.2008.921158; Zukic et al. 2016, "ND Morphological Contour
    Interpolation", Insight Journal.
    """

    def __init__(self) -> None:
        """Start ITK where it does not run yet; DependencyError where it is not installed."""
        _itk()

    def propagate(
        self,
        slices: SliceSource,
        annotations: Mapping[int, Labels],
        *,
        earlier: EarlierResult | None = None,
        on_evidence: EvidenceCallback | None = None,
        on_progress: ProgressCallback | None = None,
        is_cancelled: CancelCallback | None = None,
        on_slice: SliceCallback | None = None,
    ) -> Labels:
        """Return labels uint16 (T, H, W); see `PropagationMethod.propagate`. It has no rounds, and sees
        nothing that it could give as evidence."""
        del earlier, on_evidence
        checked = check_annotations(annotations, n_slices=len(slices), shape=slices.shape)
        result = slices.new_labels()
        for index, labels in checked.items():
            result[index] = labels
        gaps = [(first, second) for first, second in pairwise(checked) if second > first + 1]
        for done, (first, second) in enumerate(gaps, start=1):
            if is_cancelled is not None and is_cancelled():
                break
            result[first + 1 : second] = _itk().between(result[first : second + 1])
            if on_slice is not None:
                for index in range(first + 1, second):
                    on_slice(index, result[index].copy())
            if on_progress is not None:
                on_progress(done, len(gaps))
        return result


class _Itk:
    """The process that has ITK, see `contour_process`."""

    def __init__(self) -> None:
        if not has_itk():
            raise DependencyError(
                f"{_PACKAGE} is not installed, which the peer 'morphological' needs; "
                f"run: pip install 'isegformer[{ITK_EXTRA}]', or leave the peer out"
            )
        self._process = subprocess.Popen(  # noqa: S603  our own file
            # -P: the folder of the file holds modules that are called as those of the standard library
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        weakref.finalize(self, _end, self._process)
        self._answer()  # it has loaded its parts, so that this is in no measured time

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    def between(self, stack: Labels) -> Labels:
        """Return the slices between the first and the last of a stack (T, H, W), those two left out."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it died; `_answer` says so
            pickle.dump(stack, self._process.stdin)
            self._process.stdin.flush()
        answer = self._answer()
        if isinstance(answer, Exception):
            raise PropagationError(f"morphological contour interpolation failed: {answer}") from answer
        return np.asarray(answer, dtype=np.uint16)

    def _answer(self) -> object:
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)  # noqa: S301  from a process that runs our own file
        except EOFError as error:
            _itk.cache_clear()  # the next one who asks gets a new process
            raise PropagationError(
                f"the process of ITK ended with exit code {self._process.wait()}; its message is above"
            ) from error


@cache
def _itk() -> _Itk:
    """Return the process of ITK, one for this process, which ends with it: ITK takes seconds to load."""
    return _Itk()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that has nothing to put away."""
    process.kill()
    process.communicate()  # closes its pipes and waits for it


def has_itk() -> bool:
    """Return whether the filter of ITK is installed; without loading ITK."""
    try:
        distribution(_PACKAGE)
    except PackageNotFoundError:
        return False
    return True


SHAPE_PEERS: Mapping[str, Callable[[], PropagationMethod]] = MappingProxyType(
    {"signed-distance": ShapeInterpolation, "morphological": MorphologicalContours}
)
"""How to make each peer, by the name that results call it."""


def check_shape_peer(name: str) -> None:
    """Raise ConfigError, which lists the known ones, unless there is a peer of this name."""
    if name not in SHAPE_PEERS:
        raise ConfigError(f"peer is {name!r}, expected one of: {', '.join(SHAPE_PEERS)}")


def peers_here() -> tuple[str, ...]:
    """Return the names of the peers that can be used without installing anything."""
    return tuple(name for name in SHAPE_PEERS if name != "morphological" or has_itk())
