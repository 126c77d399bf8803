"""Square attention windows: cutting a grid into them and back, relative positions inside one.

B is the batch, (h, w) the grid, C the channels, M the window's side, N = M * M, W the windows in one grid.
"""

import torch
from torch import Tensor


def split_windows(x: Tensor, window: int) -> Tensor:
    """Cut a grid into windows in row-major order; (B, h, w, C) -> (B, W, N, C), h and w multiples of M."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // window, window, width // window, window, channels)
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def merge_windows(windows: Tensor, *, window: int, size: tuple[int, int]) -> Tensor:
    """Undo `split_windows`; (B, W, N, C) -> (B, h, w, C) for `size` = (h, w)."""
    rows, cols = size[0] // window, size[1] // window
    x = windows.view(windows.shape[0], rows, cols, window, window, windows.shape[-1])
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def relative_position_index(window: int) -> Tensor:
    """Return the row of the bias table for each pair of positions in a window, int64 (N, N).

    Row and column differences run from -(M - 1) to M - 1; the table is in row-major order of them.

    >>> relative_position_index(2)[0].tolist()
    [4, 3, 1, 0]
    """
    position = torch.arange(window * window)
    row, col = position // window, position % window
    row_step = row[:, None] - row[None, :] + window - 1  # (N, N)
    col_step = col[:, None] - col[None, :] + window - 1  # (N, N)
    return row_step * (2 * window - 1) + col_step
