"""Compiled graphs on disk, so that only the first start on a computer has to compile.

A file holds the SHA-256 of what follows it, then the graph as its runtime wrote it: a damaged one is compiled
again, not loaded. Whoever can write to the folder could run code, as in the folder of the package itself; it
is made for its owner alone.

What is read lies in a temporary file that is mapped into memory: runtimes use the weights in it where they
are, and the system may take back the pages that nobody looks at. The file of the cache itself is not mapped,
since another computer that shares the folder may delete it meanwhile.
"""

import hashlib
import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import platformdirs
from torch import nn

import isegformer
from isegformer.atomic import replace_atomically
from isegformer.errors import ScratchError, WriteError
from isegformer.scratch import on_disk
from isegformer.types import AnyArray

CACHE_VARIABLE = "ISEGFORMER_COMPILED"
"""Environment variable that names the folder of compiled graphs."""

DIGEST_BYTES = hashlib.sha256().digest_size

logger = logging.getLogger(__name__)


def default_folder() -> Path:
    """Return where compiled graphs lie unless another folder is named."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("isegformer") / "compiled"


@dataclass(frozen=True, kw_only=True)
class CompiledCache:
    """A folder of compiled graphs; what was not used for longest goes when it grows too large."""

    folder: Path = field(default_factory=default_folder)
    """Made when something is written."""
    most_bytes: int = 4 * 1024**3
    """Of all files together."""

    def read(self, key: str) -> AnyArray | None:
        """Return a graph as uint8 (bytes,), on disk if there is room; None if it is missing or damaged."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                digest = file.read(DIGEST_BYTES)
                graph = _room_for(os.fstat(file.fileno()).st_size - DIGEST_BYTES)
                file.readinto(graph.data)
        except OSError:
            return None
        if hashlib.sha256(graph.data).digest() != digest:
            logger.warning("%s is damaged and will be made again", path)
            return None
        with suppress(OSError):  # the folder may be read-only
            os.utime(path)  # used now
        return graph

    def write(self, key: str, graph: memoryview) -> None:
        """Keep a graph; where that cannot be, a warning says so, and the next start compiles again."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replace_atomically(self._path(key)) as temporary, temporary.open("wb") as file:
                file.write(hashlib.sha256(graph).digest())
                file.write(graph)
            self._make_room(newest=self._path(key))
        except (OSError, WriteError) as error:
            logger.warning("compiled graphs are not kept for the next start: %s", error)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.graph"

    def _make_room(self, *, newest: Path) -> None:
        by_age = sorted(self.folder.glob("*.graph"), key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in by_age)
        for path in by_age:
            if total <= self.most_bytes or path == newest:
                return
            total -= path.stat().st_size
            path.unlink()


def _room_for(n_bytes: int) -> AnyArray:
    """Return where a graph is read to, uint8 (bytes,): on disk, or in memory where that has no room."""
    if n_bytes <= 0:
        return np.zeros(0, np.uint8)
    try:
        return on_disk((n_bytes,), np.uint8)
    except ScratchError as error:
        logger.warning("a compiled graph lies in memory: %s", error)
        return np.empty(n_bytes, np.uint8)


def graph_key(module: nn.Module, *, settings: Iterable[str]) -> str:
    """Return a name for a module with its weights under some settings, hexadecimal.

    It changes with the weights, the module's structure, the code of our networks and the settings.
    """
    digest = hashlib.sha256(_code_digest())
    for part in (type(module).__name__, repr(module), *settings):
        digest.update(part.encode() + b"\0")
    for name, tensor in module.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    return digest.hexdigest()


@cache
def _code_digest() -> bytes:
    """Return a hash of the code that networks are made of."""
    digest = hashlib.sha256(isegformer.__version__.encode())
    for package in ("isegformer.models", "isegformer.runtimes"):
        for source in sorted(resources.files(package).iterdir(), key=lambda item: item.name):
            if source.name.endswith(".py"):
                digest.update(source.read_bytes())
    return digest.digest()
