"""The chain of pages of a TIFF file, walked before any library follows it.

ITK counts pages without looking whether it has seen one before, and does not survive some without the tables
of their data. It leaves small pictures and masks out of its count of slices, but not out of their places, so
that it writes behind its memory if slices come after them; and it reads all pages as the first.

Source: TIFF 6.0, sections 2 and 8 (NewSubfileType); BigTIFF (magic 43) as libtiff has it; ITK 5.4,
`TIFFImageIO::ReadVolume` and `TIFFReaderInternal::Initialize`.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from isegformer.errors import VolumeReadError

MOST_PAGES = 65_535
"""As many as libtiff can count."""

_KIND, _OLD_KIND, _WIDTH, _LENGTH, _BITS, _SAMPLES = 254, 255, 256, 257, 258, 277
_TABLES = ((273, 279), (324, 325))
"""Tags of where the data lie and how long they are, in strips or in tiles."""
_LOOKED_AT = frozenset((_KIND, _OLD_KIND, _WIDTH, _LENGTH, _BITS, _SAMPLES, *_TABLES[0], *_TABLES[1]))
_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""Type of a tag -> as `struct` has it."""
_REDUCED, _MASK = 1, 4
_NEW_KINDS = {2: _REDUCED, 3: 2}
"""Value of the tag that NewSubfileType replaced -> of NewSubfileType, as libtiff has it."""


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How numbers lie in the file."""

    order: str
    """Of bytes, as `struct` has it."""
    offset: str
    count: str
    entry_bytes: int


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What matters of a page for its place among the slices."""

    form: tuple[int, int, int, int]
    """Width, height, bits of a sample, samples of a pixel."""
    kind: int | None
    """NewSubfileType; None where it is left out."""

    @property
    def is_slice(self) -> bool:
        """Whether it is neither a small picture nor a mask of another page."""
        return not (self.kind or 0) & (_REDUCED | _MASK)


def check_pages(path: Path) -> None:
    """Refuse a TIFF file whose pages are a ring, lie outside the file, do not say where their data are, or
    are not one stack.

    Raises
    ------
    VolumeReadError : it is such a file, or no TIFF
    """
    size = path.stat().st_size
    pages: list[_Page] = []
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
            page, at = _read_page(file, at, layout)
            pages.append(page)
    if not pages:
        raise VolumeReadError("the TIFF has no pages")
    _check_one_stack(pages)


def _check_one_stack(pages: Sequence[_Page]) -> None:
    """Refuse pages that ITK would put into wrong places, or read as what they are not."""
    slices = [page for page in pages if page.is_slice]
    if not all(page.is_slice for page in pages[: len(slices)]):
        raise VolumeReadError(
            "the TIFF has small pictures (thumbnails) or masks before or between its pages, expected them "
            "behind or not at all: save it without them, for example with ImageJ"
        )
    forms = sorted({page.form for page in slices})
    if len(forms) > 1:
        shown = ", ".join("{} x {} px, {} bits x {}".format(*form) for form in forms[:4])
        raise VolumeReadError(
            f"the TIFF has pages of {len(forms)} forms ({shown}), expected one size and type"
        )
    if len({page.kind == 0 for page in slices}) > 1:  # ITK would count those alone that are 0
        raise VolumeReadError(
            "some pages of the TIFF say what they are (NewSubfileType 0), expected all or none"
        )


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


def _read_page(file: BinaryIO, at: int, layout: _Layout) -> tuple[_Page, int]:
    """Check the page at a place and return it with the place of the next one; 0 after the last."""
    file.seek(at)
    count = _number(file, layout, layout.count)
    if count > MOST_PAGES:
        raise VolumeReadError(f"a page of the TIFF has {count} tags, expected at most {MOST_PAGES}")
    entries = file.read(count * layout.entry_bytes)
    if len(entries) < count * layout.entry_bytes:
        raise VolumeReadError("the TIFF is truncated: it ends within the tags of a page")
    following = _number(file, layout, layout.offset)
    starts = range(0, len(entries), layout.entry_bytes)
    tagged = [(_tag(entries, start, layout), start) for start in starts]
    found = {tag: start for tag, start in tagged if tag in _LOOKED_AT}
    is_twice = len(found) < sum(tag in _LOOKED_AT for tag, _ in tagged)
    has_data = any(places in found and lengths in found for places, lengths in _TABLES)
    if is_twice or not {_WIDTH, _LENGTH} <= found.keys() or not has_data:
        raise VolumeReadError("a page of the TIFF has a tag twice, or lacks its size or where its data lie")
    values = {
        tag: _first_value(file, entries[start : start + layout.entry_bytes], layout)
        for tag, start in found.items()
        if tag in (_KIND, _OLD_KIND, _WIDTH, _LENGTH, _BITS, _SAMPLES)
    }
    return _page_of(values), following


def _page_of(values: Mapping[int, int]) -> _Page:
    """Return a page by the values of its tags."""
    return _Page(
        form=(values[_WIDTH], values[_LENGTH], values.get(_BITS, 1), values.get(_SAMPLES, 1)),
        kind=_NEW_KINDS.get(values.get(_OLD_KIND, 0), values.get(_KIND)),
    )


def _tag(entries: bytes, start: int, layout: _Layout) -> int:
    (tag,) = struct.unpack_from(f"{layout.order}H", entries, start)
    return int(tag)


def _first_value(file: BinaryIO, entry: bytes, layout: _Layout) -> int:
    """Return the first value of a tag, which lies in its entry or, where they are many, elsewhere."""
    tag, kind, count = struct.unpack_from(f"{layout.order}HH{layout.offset}", entry)
    if kind not in _NUMBERS or count == 0:
        raise VolumeReadError(f"the tag {tag} of a page of the TIFF holds no number, expected one")
    code, room = _NUMBERS[kind], struct.calcsize(layout.offset)
    value = entry[-room:]
    if count * struct.calcsize(code) <= room:
        return int(struct.unpack_from(layout.order + code, value)[0])
    file.seek(struct.unpack(layout.order + layout.offset, value)[0])
    return _number(file, layout, code)


def _number(file: BinaryIO, layout: _Layout, code: str) -> int:
    form = struct.Struct(layout.order + code)
    data = file.read(form.size)
    if len(data) < form.size:
        raise VolumeReadError("the TIFF is truncated: it ends within a page's tags or the list of its pages")
    (number,) = form.unpack(data)
    return int(number)
