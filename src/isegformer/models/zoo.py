"""Named weights: those that come with the package, downloads, a user's own, and files given by path.

`weights/registry.json` lists those of the project; a bundled file and its card (`<name>.md`) lie next to it.
Downloads go to the user's cache folder, or to the one that ISEGFORMER_CACHE names. A user's own are in a
folder of theirs, see `own_weights`. A file is used only if its SHA-256 is that of its registry.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import torch
from torch import nn

from isegformer.errors import CheckpointError, WeightsNotFoundError
from isegformer.models.checkpoint import reading
from isegformer.models.checkpoint.reading import WeightsSummary
from isegformer.models.own_weights import OWN_REGISTRY, own_entries, own_folder
from isegformer.models.registry import WeightsEntry, read_registry
from isegformer.types import PathLike

BUNDLED_FOLDER = Path(__file__).parent / "weights"
"""Where the registry, the bundled files and their cards lie."""

CACHE_VARIABLE = "ISEGFORMER_CACHE"
"""Environment variable that names the folder of downloaded weights."""

Download = Callable[[str, Path], None]
"""Called as download(url, path); writes the file or raises OSError."""


@dataclass(frozen=True, kw_only=True)
class Zoo:
    """A registry with the folders that its files lie in."""

    entries: Mapping[str, WeightsEntry]
    """Name -> entry."""
    bundled_folder: Path
    """Where bundled files and cards lie."""
    cache_folder: Path
    """Where downloaded files lie."""
    own_folder: Path
    """Where a user's own files and their cards lie."""

    def resolve(self, name_or_path: PathLike, *, download: Download) -> Path:
        """Return the file for a name or a path; downloads it where needed.

        Raises
        ------
        WeightsNotFoundError : neither a name nor a file, or it cannot be downloaded; says what to do
        CheckpointError : the file of a name is damaged
        """
        entry = self.entries.get(os.fspath(name_or_path))
        if entry is None:
            return self._given_file(Path(name_or_path))
        path = self.path_of(entry)
        if not path.is_file():
            if entry.own:
                raise WeightsNotFoundError(
                    f"{path} is missing; {path.parent / OWN_REGISTRY} lists it, so bring it back from a copy"
                )
            if entry.bundled:
                raise WeightsNotFoundError(
                    f"{path} is missing; it comes with the package, so install it again"
                )
            self._fetch(entry, path=path, download=download)
        check_sha256(path, entry=entry)
        return path

    def path_of(self, entry: WeightsEntry) -> Path:
        """Return where the file of an entry lies, or would lie."""
        if entry.own:
            return self.own_folder / entry.file
        return (self.bundled_folder if entry.bundled else self.cache_folder) / entry.file

    def _given_file(self, path: Path) -> Path:
        if path.is_file():
            return path
        names = ", ".join(sorted(self.entries)) or "none"
        raise WeightsNotFoundError(f"weights {str(path)!r} are neither a file nor a name; names: {names}")

    def _fetch(self, entry: WeightsEntry, *, path: Path, download: Download) -> None:
        advice = f"put the file at {path} (SHA-256 {entry.sha256})"
        if entry.url is None:
            raise WeightsNotFoundError(
                f"weights {entry.name!r} cannot be downloaded by this program; {advice}"
            )
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            download(entry.url, partial)
            check_sha256(partial, entry=entry)
            partial.replace(path)
        except OSError as error:
            raise WeightsNotFoundError(
                f"weights {entry.name!r} could not be downloaded from {entry.url}: {error}. Where there is "
                f"no network, {advice}"
            ) from error
        finally:
            partial.unlink(missing_ok=True)


def load(name_or_path: PathLike, *, device: str | torch.device = "cpu") -> nn.Module:
    """Return a ready network: evaluation mode, float32, on `device`.

    Parameters
    ----------
    name_or_path : a name of `available`, or a file: our own, or one published with iSegFormer v1.0, RITM,
        STCN or MiVOS

    Returns
    -------
    nn.Module : a `ClickSegmenter`, an `Stcn` or a `FusionNetwork`

    Raises
    ------
    WeightsNotFoundError : no such name or file, or it cannot be downloaded
    UnsafeCheckpointError : the file tries to run code; nothing was run
    CheckpointError : the file is damaged or does not fit its network
    """
    return reading.network_from_file(_zoo().resolve(name_or_path, download=_download)).to(device)


def fetch(name_or_path: PathLike) -> Path:
    """Return the file of named weights, downloaded where needed; errors as for `load`."""
    return _zoo().resolve(name_or_path, download=_download)


def inspect(name_or_path: PathLike) -> WeightsSummary:
    """Return what named weights or a file hold; errors as for `load`."""
    return reading.inspect(fetch(name_or_path))


def available() -> list[WeightsEntry]:
    """Return the named weights, sorted by name."""
    return sorted(_zoo().entries.values(), key=lambda entry: entry.name)


def weights_sha256(name_or_path: PathLike) -> str:
    """Return the SHA-256 of named weights, as the registry says, or of a file; hexadecimal.

    Raises
    ------
    WeightsNotFoundError : neither a name nor a file
    """
    zoo = _zoo()
    if entry := zoo.entries.get(os.fspath(name_or_path)):
        return entry.sha256
    return reading.file_sha256(zoo.resolve(name_or_path, download=_download))


def check_sha256(path: Path, *, entry: WeightsEntry) -> None:
    """Raise CheckpointError unless the file is the one that the registry means."""
    got = reading.file_sha256(path)
    if got != entry.sha256:
        advice = "delete it, it will be downloaded again"
        if entry.bundled:
            advice = "install the package again"
        elif entry.own:
            advice = "bring it back from a copy, or adapt again"
        raise CheckpointError(
            f"{path} is damaged or of another version: SHA-256 {got}, expected {entry.sha256}; {advice}"
        )


def _zoo() -> Zoo:
    cache = os.environ.get(CACHE_VARIABLE)
    own = own_folder()
    return Zoo(
        # The project's names win: nothing that lies in a user's folder changes what they mean.
        entries={**own_entries(own), **read_registry(BUNDLED_FOLDER / "registry.json")},
        own_folder=own,
        bundled_folder=BUNDLED_FOLDER,
        cache_folder=Path(cache) if cache else platformdirs.user_cache_path("isegformer") / "weights",
    )


def _download(url: str, path: Path) -> None:
    import pooch  # noqa: PLC0415  only downloads need it

    pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent)
