"""Headers of NRRD and MetaImage files: where their data lies, checked before any library follows it.

Both formats may name other files for their voxels. A file from a stranger could so name any file of this
machine and show its bytes as voxels; data must therefore lie in the header's own folder, links resolved.
What a library could read otherwise than it is read here, or does not survive, is refused.
"""

import re
from pathlib import Path

from isegformer.errors import VolumeReadError
from isegformer.volume.io.limits import StoredSize

_MAX_HEADER = 2**20
"""Bytes searched for the end of a header; real headers have a few thousand."""
_NAME_PATTERN = re.compile(r"([^%\s]*)%0?\d{0,2}d([^%\s]*)(\s+-?\d+){3,4}")
"""The printf pattern of both formats, such as `slice%03d.raw 1 40 1`: before and behind the number, range."""
_LIST = re.compile(r"LIST(\s+\d+)?")
"""In place of a name: names follow, one to a line. ITK takes every value that starts so for a list."""
_META_LINE = re.compile(r"([A-Za-z0-9_|.-]+)[ \t]*=(.*)")
"""ITK writes DICOM elements as `0008|0005 = value`; it ends a key at the first `=` or `:`."""
_NRRD_END = re.compile(rb"\n\r?\n")
_NRRD_STRANGE = re.compile(r"\r(?!\n)|[^\t\n\r -~\x80-\xff]")
"""Marks that NrrdIO may take for the end of a line or of a text."""
_NRRD_FIELD = re.compile(
    r"type|block ?size|dimension|space|space dimension|sizes|spacings|thicknesses|axis ?(mins|maxs)|"
    r"space directions|centers|centerings|kinds|labels|units|number|content|encoding|endian|"
    r"(old ?)?(min|max)|(line|byte) ?skip|(sample|space) ?units|space origin|measurement frame|data ?file",
    re.IGNORECASE,
)
_LONGEST_FIELD = 500
"""Of a line with a field or the name of a file; longer ones that are wrong end the process in NrrdIO."""
_MOST_META_DIMENSIONS = 10
"""Of a MetaImage, as ITK has it; where there are more, it may never end."""
_NRRD_RAW = re.compile(r"encoding\s*:\s*raw", re.IGNORECASE)
_NRRD_LIST = re.compile(r"data ?file:\s*LIST", re.IGNORECASE)
_NRRD_DATA = re.compile(r"data\s*file\s*:", re.IGNORECASE)


def nrrd_stored_size(path: Path) -> StoredSize:
    """Return how the voxels of a NRRD file lie on disk, without their header.

    Raises
    ------
    VolumeReadError : not a NRRD file, data outside its folder, or a data file that is not there
    """
    lines = _nrrd_lines(path)
    end = len(lines) - 1
    named = [number for number, line in enumerate(lines[:end]) if _NRRD_DATA.match(line.strip())]
    is_compressed = not any(_NRRD_RAW.fullmatch(line.strip()) for line in lines[:end])
    if not named:
        behind_header = path.stat().st_size - _byte_count(lines[: end + 1])
        return StoredSize(file_bytes=behind_header, is_compressed=is_compressed)
    if len(named) > 1:
        raise VolumeReadError("header names its data file more than once")
    value = lines[named[0]].split(":", 1)[1].strip()
    file_bytes = _data_bytes(path, value, listed=lines[named[0] + 1 : end])
    return StoredSize(file_bytes=file_bytes, is_compressed=is_compressed)


def _nrrd_lines(path: Path) -> list[str]:
    """Return the lines of a header and the empty one behind it; VolumeReadError for what it may not hold."""
    with path.open("rb") as file:
        start = file.read(_MAX_HEADER)
    end = _NRRD_END.search(start)
    if end is None and len(start) == _MAX_HEADER:
        raise VolumeReadError(f"header does not end within {_MAX_HEADER} bytes")
    header = start[: len(start) if end is None else end.start()].decode("latin-1")
    if not header.startswith("NRRD"):
        raise VolumeReadError("file does not start with NRRD")
    strange = _NRRD_STRANGE.search(header + "\n")
    if strange is not None:
        raise VolumeReadError(f"header holds the character {strange.group()!r}, expected lines of text")
    lines = header.replace("\r\n", "\n").rstrip("\r\n").split("\n")
    listing = next((number for number, line in enumerate(lines) if _NRRD_LIST.match(line)), len(lines))
    for number, line in enumerate(lines[1:], start=1):
        _check_nrrd_line(line, is_file_name=number > listing)
    return [*lines, ""]


def _check_nrrd_line(line: str, *, is_file_name: bool) -> None:
    """Refuse lines that NrrdIO does not know: it says so in a message that may end the process."""
    field, separator, _ = line.partition(":")
    is_text = line.startswith("#") or ":=" in line.split(": ", maxsplit=1)[0]
    is_known = is_file_name or (separator and _NRRD_FIELD.fullmatch(field))
    if (is_text and not is_file_name) or (is_known and len(line) <= _LONGEST_FIELD):
        return
    raise VolumeReadError(
        f"header has the line {line[:60]!r} of {len(line)} characters, expected a comment (#), a value (:=) "
        f"or a field of NRRD with at most {_LONGEST_FIELD}"
    )


def meta_stored_size(path: Path) -> StoredSize:
    """Return how the voxels of a MetaImage lie on disk, without their header.

    The header ends with the line ElementDataFile. ITK skips lines that it does not know, so a second,
    hidden line of that name must not be possible: every line up to it must be `key = value`.

    Raises
    ------
    VolumeReadError : not a MetaImage, data outside its folder, or a data file that is not there
    """
    lines = _header_lines(path)
    fields: dict[str, str] = {}
    for number, line in enumerate(lines):
        match = _META_LINE.fullmatch(line)
        if match is None:
            break
        fields[match.group(1)] = match.group(2).strip()
        if match.group(1) == "NDims":
            _check_meta_dimensions(fields["NDims"])
        if match.group(1) == "ElementDataFile":
            return _meta_size(path, fields, lines=lines, end=number + 1)
        if "elementdatafile" in line.lower():
            break
    raise VolumeReadError(
        "header is not a MetaImage header: expected lines `key = value` up to `ElementDataFile`"
    )


def _check_meta_dimensions(text: str) -> None:
    if not text.isdecimal() or int(text) > _MOST_META_DIMENSIONS:
        raise VolumeReadError(f"header has NDims {text[:30]!r}, expected at most {_MOST_META_DIMENSIONS}")


def _meta_size(path: Path, fields: dict[str, str], *, lines: list[str], end: int) -> StoredSize:
    """Return how the voxels lie on disk; lines[end] is the first line behind the header."""
    is_compressed = fields.get("CompressedData", "False").lower() != "false"
    value = fields["ElementDataFile"]
    if value != "LOCAL":
        return StoredSize(
            file_bytes=_data_bytes(path, value, listed=lines[end:]), is_compressed=is_compressed
        )
    file_bytes = path.stat().st_size - _byte_count(lines[:end])
    claimed = fields.get("CompressedDataSize", "0")
    if claimed.isdecimal() and int(claimed) > file_bytes:
        raise VolumeReadError(f"file has {file_bytes} bytes of data, expected {claimed}: it is truncated")
    return StoredSize(file_bytes=file_bytes, is_compressed=is_compressed)


def _byte_count(lines: list[str]) -> int:
    """Return the bytes that header lines take at least, line ends included."""
    return sum(len(line) + 1 for line in lines)


def _header_lines(path: Path) -> list[str]:
    """Return the lines at the start of a file; bytes of any meaning, without line ends."""
    with path.open("rb") as file:
        start = file.read(_MAX_HEADER)
    return [line.removesuffix("\r") for line in start.decode("latin-1").split("\n")]


def _data_bytes(path: Path, value: str, *, listed: list[str]) -> int | None:
    """Check the files that a header names and return their size together; None for a numbered pattern."""
    is_list = value.upper().startswith("LIST")
    if is_list and not _LIST.fullmatch(value):
        raise VolumeReadError(
            f"header takes its data from {value!r}, expected LIST or a name that does not start so"
        )
    names = [line for line in listed if line.strip()] if is_list else [value]
    for name in names:
        _check_inside_folder(path, name)
        for file in _files_of(path.parent, name):
            _check_no_link_elsewhere(path, file)
    if "%" in value:
        return None
    names = [name.strip() for name in names]
    return sum(_file_bytes(path.parent / name) for name in names)


def _check_inside_folder(path: Path, name: str) -> None:
    """Refuse a data file name that leads out of the header's folder."""
    bare = name.strip().removeprefix("./")
    is_pattern = "%" in bare
    if bare in ("", ".", "..", "-") or any(mark in bare for mark in '/\\\0"') or re.match(r"[A-Za-z]:", bare):
        raise VolumeReadError(
            f"header takes its data from {name!r}, expected a file in its own folder {path.parent}: "
            "move the data file beside the header and name it without a folder"
        )
    if is_pattern and not _NAME_PATTERN.fullmatch(bare):
        raise VolumeReadError(
            f"header takes its data from the pattern {name!r}, expected one %d and its range"
        )


def _files_of(folder: Path, name: str) -> list[Path]:
    """Return the files that a name or a numbered pattern may mean, with and without its outer spaces."""
    pattern = _NAME_PATTERN.fullmatch(name.strip().removeprefix("./"))
    if pattern is None:
        return [folder / name, folder / name.strip()]
    before, behind = re.escape(pattern.group(1)), re.escape(pattern.group(2))
    numbered = re.compile(rf"{before}\s*-?\d+{behind}", re.IGNORECASE)
    return [file for file in folder.iterdir() if numbered.fullmatch(file.name)]


def _check_no_link_elsewhere(path: Path, file: Path) -> None:
    """Refuse a data file that is a link out of the header's folder."""
    if file.is_symlink() and file.resolve().parent != path.resolve().parent:
        raise VolumeReadError(
            f"header takes its data from {file.name!r}, a link to a file elsewhere, expected a file in its "
            f"own folder {path.parent}: put the data file itself beside the header"
        )


def _file_bytes(path: Path) -> int:
    """Return the size of a data file, or say that it is missing."""
    if not path.is_file():
        raise VolumeReadError(f"header takes its data from {path.name!r}, which is not in {path.parent}")
    return path.stat().st_size
