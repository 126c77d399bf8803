"""The chain of pages of a TIFF file, walked before any library follows it.

ITK counts pages without looking whether it has seen one before, and does not survive some without the tables
of their data.

Source: TIFF 6.0, section 2; BigTIFF (magic 43) as libtiff has it.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from isegformer.errors import VolumeReadError

MOST_PAGES = 65_535
"""As many as libtiff can count."""

_WIDTH, _LENGTH = 256, 257
_TABLES = ((273, 279), (324, 325))
"""Tags of where the data lie and how long they are, in strips or in tiles."""


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How numbers lie in the file."""

    order: str
    """Of bytes, as `struct` has it."""
    offset: str
    count: str
    entry_bytes: int


def check_pages(path: Path) -> None:
    """Refuse a TIFF file whose pages are a ring, lie outside the file, or do not say where their data are.

    Raises
    ------
    VolumeReadError : it is such a file, or no TIFF
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        layout, at = _start(file)
        seen: set[int] = set()
        while at:
            if at in seen or len(seen) >= MOST_PAGES:
                raise VolumeReadError("the pages of the TIFF have no end: one follows itself, or too many")
            if at >= size:
                raise VolumeReadError(
                    f"the TIFF is truncated: a page lies at {at}, the file has {size} bytes"
                )
            seen.add(at)
            at = _next_page(file, at, layout)
    if not seen:
        raise VolumeReadError("the TIFF has no pages")


def _start(file: BinaryIO) -> tuple[_Layout, int]:
    """Return the layout and the place of the first page."""
    head = file.read(4)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 4:
        raise VolumeReadError("file does not start as a TIFF does")
    (magic,) = struct.unpack(f"{order}H", head[2:])
    if magic not in (42, 43):
        raise VolumeReadError(f"TIFF has the number {magic}, expected 42 or 43")
    if magic == 42:
        layout = _Layout(order=order, offset="I", count="H", entry_bytes=12)
    else:
        layout = _Layout(order=order, offset="Q", count="Q", entry_bytes=20)
        file.read(4)  # size of offsets, and zero
    return layout, _number(file, layout, layout.offset)


def _next_page(file: BinaryIO, at: int, layout: _Layout) -> int:
    """Check the page at a place and return the place of the next one; 0 after the last."""
    file.seek(at)
    count = _number(file, layout, layout.count)
    if count > MOST_PAGES:
        raise VolumeReadError(f"a page of the TIFF has {count} tags, expected at most {MOST_PAGES}")
    entries = file.read(count * layout.entry_bytes)
    if len(entries) < count * layout.entry_bytes:
        raise VolumeReadError("the TIFF is truncated: it ends within the tags of a page")
    starts = range(0, len(entries), layout.entry_bytes)
    tags = [struct.unpack_from(f"{layout.order}H", entries, start)[0] for start in starts]
    has_data = any(places in tags and lengths in tags for places, lengths in _TABLES)
    if len(set(tags)) < len(tags) or not {_WIDTH, _LENGTH} <= set(tags) or not has_data:
        raise VolumeReadError("a page of the TIFF has a tag twice, or lacks its size or where its data lie")
    return _number(file, layout, layout.offset)


def _number(file: BinaryIO, layout: _Layout, code: str) -> int:
    form = struct.Struct(layout.order + code)
    data = file.read(form.size)
    if len(data) < form.size:
        raise VolumeReadError("the TIFF is truncated: it ends within the list of its pages")
    (number,) = form.unpack(data)
    return int(number)
