"""What to do when a run needs more memory than there is."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from isegformer.errors import TrainingMemoryError
from isegformer.training.config import RunConfig

SIGNS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What a RuntimeError says that is about memory: of CUDA and MPS, of torch on CPUs, of cuBLAS."""


@contextmanager
def advice_on_memory(config: RunConfig) -> Iterator[None]:
    """Turn a failure to get memory into TrainingMemoryError, which says what to change.

    Raises
    ------
    TrainingMemoryError : the block ran out of memory
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingMemoryError(advice(config)) from error


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an error means that memory could not be had, on a CPU or a GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def advice(config: RunConfig) -> str:
    """Return what to change in a configuration that needs too much memory."""
    batch, accumulate = config.batch_size, config.accumulate
    height_px, width_px = config.view.input_shape_px
    got = (
        f"out of memory with batch_size {batch}, accumulate {accumulate} and samples of "
        f"{height_px} x {width_px} px; "
    )
    if batch == 1:
        return (
            got + "make the samples smaller (side_px or shape_px of view), or choose a smaller architecture"
        )
    parts = 2 if batch % 2 == 0 else batch
    return got + (
        f"set batch_size to {batch // parts} and accumulate to {parts * accumulate}: the steps stay the same "
        f"and need about 1 / {parts} of the memory. In a run that exists, change its config.yaml and resume"
    )
