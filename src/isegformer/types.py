"""Names for the arrays that cross package borders.

Types do not check shapes; the docstring of each function states them.
"""

import os
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]
"""True inside the object; (H, W) for a slice, (I, J, K) for a volume."""

Labels: TypeAlias = NDArray[np.uint16]
"""0 is background, every other value one object; (H, W) or (I, J, K)."""

FloatArray: TypeAlias = NDArray[np.float32]
"""Intensities or probabilities in [0, 1], click maps, logits."""

PathLike: TypeAlias = str | os.PathLike[str]

ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Called as progress(done, total) after each unit of work."""

SliceCallback: TypeAlias = Callable[[int, Labels], None]
"""Called as on_slice(index, labels) as soon as a slice has a result, uint16 (H, W); a later result of the
same slice replaces it."""

CancelCallback: TypeAlias = Callable[[], bool]
"""Asked between units of work; True ends the work with what is there."""
