"""Morphological contour interpolation of ITK, in a process that has nothing but ITK.

Run as a file. It reads stacks of labels from standard input and answers each on standard output, both
pickled; an error is answered in place of labels. It ends when its input does.

ITK has a process of its own because it does not survive the end of one that torch and MONAI live in: its
wrapper (SWIG) makes a Python type while the interpreter is taken down, and goes on without checking whether
it got one. The process would end with a segmentation fault after everything had been done and written.

Shapes: T slices, H x W pixels of a slice.
"""

import importlib
import os
import pickle
import signal
import sys
import warnings
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

_SLICE_AXIS = 2
"""ITK counts axes from the fastest one: (W, H, T) are its 0, 1, 2."""


class Contours:
    """The filter, its parts loaded."""

    def __init__(self) -> None:
        warnings.simplefilter("ignore", DeprecationWarning)  # about the types that ITK is wrapped in
        self._itk: Any = importlib.import_module("itk")  # here: this module can be imported without
        self.between(np.ones((3, 2, 2), np.uint16))  # ITK loads its parts when they are first used

    def between(self, stack: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        """Return the slices between the first and the last of a stack (T, H, W), those two left out."""
        shared = np.intersect1d(stack[0], stack[-1])
        shared = shared[shared > 0]
        if not len(shared):
            return np.zeros_like(stack[1:-1])
        stack = np.where(np.isin(stack, shared), stack, 0).astype(np.uint16)
        image = self._itk.image_view_from_array(stack)
        contours = self._itk.MorphologicalContourInterpolator.New(image, Axis=_SLICE_AXIS)
        # Slices that the filter looks for itself must hold a pixel with all neighbours of its label: thin
        # shapes would not count.
        contours.SetUseCustomSlicePositions(True)
        for label in shared:
            contours.SetLabeledSliceIndices(_SLICE_AXIS, int(label), [0, len(stack) - 1])
        contours.Update()
        return np.array(self._itk.array_from_image(contours.GetOutput()), dtype=np.uint16)[1:-1]


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer stacks until there are no more; the first answer is None, once the filter is ready."""
    contours = Contours()
    _write(None, answers)
    while True:
        try:
            stack = pickle.load(questions)  # noqa: S301  from the process that started this one
        except EOFError:
            return
        try:
            _write(contours.between(stack), answers)
        except Exception as error:  # noqa: BLE001  whatever ITK raises is for the one who asked
            _write(RuntimeError(str(error)), answers)


def _write(answer: object, answers: BinaryIO) -> None:
    pickle.dump(answer, answers)
    answers.flush()


def main() -> None:
    """Serve on standard input and output; what ITK prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks, and ends the input
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)
    os._exit(0)  # without taking the interpreter down; see above


if __name__ == "__main__":
    main()
