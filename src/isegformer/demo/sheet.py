"""A sheet of slices with the outlines of the objects, as a PNG."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isegformer.atomic import replace_atomically
from isegformer.demo.display import Turn, display_turn, to_display
from isegformer.slicing import Plane, slice_view
from isegformer.types import Labels
from isegformer.volume import LabelMap, Volume, apply_window, default_window

BACKGROUND = "#101418"
TEXT = "#e8eaed"
MARK = "#ffb000"
"""Colour of the frames of annotated slices."""
COLUMNS = 6
TILE_INCHES = 2.1
DOTS_PER_INCH = 150


def write_sheet(
    path: Path,
    volume: Volume,
    label_map: LabelMap,
    *,
    axis: int,
    annotated: Sequence[int],
    title: str,
    colours: Mapping[int, str],
    tiles: int = 24,
) -> None:
    """Write a picture of up to `tiles` slices across `axis`, evenly spread over the objects.

    Annotated slices are among them, with a frame.

    Parameters
    ----------
    colours : "#rrggbb" of every label

    Raises
    ------
    WriteError : the file cannot be written
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  an extra; and without pyplot nothing is global

    indices = sheet_slices(label_map.labels, axis=axis, annotated=annotated, tiles=tiles)
    turn = display_turn(volume.geometry, axis)
    rows = math.ceil(len(indices) / COLUMNS)
    figure = Figure(
        figsize=(COLUMNS * TILE_INCHES, rows * TILE_INCHES + 0.9), facecolor=BACKGROUND, dpi=DOTS_PER_INCH
    )
    grid = figure.subplots(rows, COLUMNS, squeeze=False)
    window = default_window(volume)
    for tile, index in zip(grid.flat, indices, strict=False):
        plane = Plane(axis=axis, index=index)
        image = apply_window(slice_view(volume.voxels, plane), window)
        tile.imshow(to_display(image, turn), cmap="gray", vmin=0, vmax=1, aspect=turn.pixel_aspect)
        labels = to_display(slice_view(label_map.labels, plane), turn)
        _outline(tile, labels, colours=colours)
        _label(tile, index, is_annotated=index in annotated)
    for tile in grid.flat[len(indices) :]:
        tile.set_visible(False)
    _head(figure, title, turn=turn, names=label_map.names, colours=colours)
    with replace_atomically(path) as temporary:
        figure.savefig(temporary, facecolor=BACKGROUND, format="png")


def sheet_slices(labels: Labels, *, axis: int, annotated: Sequence[int], tiles: int) -> list[int]:
    """Return the slices of a sheet, rising: the annotated ones, and others spread evenly over the objects.

    Parameters
    ----------
    labels : uint16 (I, J, K); if it is empty, the slices are spread over the volume
    """
    filled = np.flatnonzero(labels.any(axis=tuple(other for other in range(3) if other != axis)))
    first, last = (int(filled[0]), int(filled[-1])) if filled.size else (0, labels.shape[axis] - 1)
    chosen = set(sorted(annotated)[:tiles])
    spread = [int(index) for index in np.rint(np.linspace(first, last, tiles))]
    # From the widest gap on: an annotated slice stands for those next to it.
    for index in sorted(set(spread), key=lambda index: -min((abs(index - a) for a in annotated), default=0)):
        if len(chosen) < tiles:
            chosen.add(index)
    return sorted(chosen)


def _outline(tile: Any, labels: Labels, *, colours: Mapping[int, str]) -> None:
    for label in np.unique(labels):
        if label != 0:
            mask = np.pad((labels == label).astype(np.float32), 1)
            rows, cols = np.arange(mask.shape[0]) - 1, np.arange(mask.shape[1]) - 1
            tile.contour(cols, rows, mask, levels=[0.5], colors=[colours[int(label)]], linewidths=1.1)
    tile.set_xlim(-0.5, labels.shape[1] - 0.5)
    tile.set_ylim(labels.shape[0] - 0.5, -0.5)


def _label(tile: Any, index: int, *, is_annotated: bool) -> None:
    tile.set_xticks([])
    tile.set_yticks([])
    for side in tile.spines.values():
        side.set(color=MARK if is_annotated else BACKGROUND, linewidth=2.2)
    tile.text(
        0.04,
        0.96,
        f"{index}  clicked" if is_annotated else str(index),
        transform=tile.transAxes,
        color=MARK if is_annotated else TEXT,
        fontsize=8,
        fontweight="bold" if is_annotated else "normal",
        va="top",
    )


def _head(
    figure: Any, title: str, *, turn: Turn, names: Mapping[int, str], colours: Mapping[int, str]
) -> None:
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=1 - 0.8 / height, wspace=0.04, hspace=0.04)
    figure.text(0.012, 1 - 0.2 / height, title, color=TEXT, fontsize=13, fontweight="bold", va="top")
    top, bottom, left, right = turn.sides
    note = f"up {top}, down {bottom}, left {left}, right {right}; framed: slices that were clicked on"
    figure.text(0.012, 1 - 0.52 / height, note, color=TEXT, fontsize=8.5, va="top", alpha=0.8)
    at = 0.988
    for label, name in sorted(names.items(), reverse=True):
        written = figure.text(
            at,
            1 - 0.22 / height,
            f"— {name}",
            color=colours[label],
            fontsize=10,
            fontweight="bold",
            va="top",
            ha="right",
        )
        at -= (0.09 * len(written.get_text()) + 0.15) / figure.get_figwidth()
