"""Square attention windows: cutting a grid into them and back, relative positions inside one.

B is the batch, (h, w) the grid, C the channels of a head, M the window's side, N = M * M, W the windows in
one grid.
"""

import torch
from torch import Tensor


def split_windows(x: Tensor, window: int, *, parts: int, heads: int) -> Tensor:
    """Cut a grid into windows in row-major order, and its channels into parts (query, key, value) of heads.

    (B, h, w, parts * heads * C) -> (parts, B, W, heads, N, C), h and w multiples of M. One transposition does
    both, since each is a pass over the whole grid.
    """
    batch, height, width, channels = x.shape
    rows, cols = height // window, width // window
    x = x.view(batch, rows, window, cols, window, parts, heads, channels // (parts * heads))
    x = x.permute(5, 0, 1, 3, 6, 2, 4, 7)  # (parts, B, h / M, w / M, heads, M, M, C)
    return x.flatten(5, 6).flatten(2, 3)


def merge_windows(windows: Tensor, *, window: int, size: tuple[int, int]) -> Tensor:
    """Undo `split_windows` for one part; (B, W, heads, N, C) -> (B, h, w, heads * C) for `size` = (h, w)."""
    batch, _, heads, _, channels = windows.shape
    rows, cols = size[0] // window, size[1] // window
    x = windows.view(batch, rows, cols, heads, window, window, channels)
    x = x.permute(0, 1, 4, 2, 5, 3, 6)  # (B, h / M, M, w / M, M, heads, C)
    return x.flatten(5, 6).flatten(3, 4).flatten(1, 2)


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
