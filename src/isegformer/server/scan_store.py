"""Volumes of the data root: read once while they are used, and as files for the browser."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from isegformer.server import schemas
from isegformer.server.data_root import DataRoot, Scan
from isegformer.server.leases import LeaseStore, Opened
from isegformer.server.settings import Limits
from isegformer.server.spacings import SpacingShelf
from isegformer.volume import Volume, read_volume
from isegformer.volume.io.limits import read_limits
from isegformer.volume.io.nifti import write_voxels


def _nothing() -> None:
    """Close a volume: it is only memory."""


@dataclass(frozen=True, kw_only=True)
class BrowserFile:
    """A volume as NIfTI, ready to be sent."""

    path: Path
    tag: str
    """Changes with the scan."""


class ScanStore:
    """Scans by id; volumes are leased.

    Parameters
    ----------
    root : folder with the scans
    spacings, cache : folders for what people say of spacings, and for files that can be made again
    """

    def __init__(
        self, root: Path, leases: LeaseStore, *, spacings: Path, cache: Path, limits: Limits
    ) -> None:
        self._spacings = SpacingShelf(spacings)
        self.data_root = DataRoot(root, spacing_of=self._spacings.spacing)
        self._leases = leases
        self._cache = cache
        self._limits = limits

    def ready(self) -> tuple[Scan, ...]:
        """Return the scans that can be opened without asking a person for their spacing."""
        return tuple(scan for scan in self.data_root.scans() if not scan.needs_spacing)

    def give_spacing(self, scan_id: str, given: schemas.NewSpacing) -> Scan:
        """Keep what a person says of the spacing of a scan, if it can be read with that; return the scan.

        Raises
        ------
        NotFoundError : there is no such scan
        GeometryError : its files say it themselves
        VolumeReadError : it cannot be read
        SessionError : another spacing was given before
        WriteError : there is no room for the note
        """
        spaced = replace(self.data_root.scan(scan_id), spacing_mm=given.spacing)
        with self.volume(spaced):
            self._spacings.keep(spaced.id, given)
        return spaced

    def volume(self, scan: Scan) -> AbstractContextManager[Volume]:
        """Give the volume of a scan for a block; VolumeReadError if it cannot be read."""
        return self._leases.lease(_key(scan), self._reader(scan))

    def take(self, scan: Scan) -> Volume:
        """Return the volume of a scan, kept until `give_back`."""
        volume: Volume = self._leases.take(_key(scan), self._reader(scan))
        return volume

    def give_back(self, scan: Scan) -> None:
        """End what `take` began."""
        self._leases.give_back(_key(scan))

    def browser_file(self, scan: Scan) -> BrowserFile:
        """Return the volume as .nii.gz, written before if need be; two who ask for one at once wait."""
        tag = f"{scan.id}-{scan.stamp}"
        path = self._cache / f"{tag}.nii.gz"
        with self._leases.lease(("browser file", tag), lambda: self._written(scan, path)):
            return BrowserFile(path=path, tag=tag)

    def _written(self, scan: Scan, path: Path) -> Opened:
        if not path.is_file():
            self._cache.mkdir(parents=True, exist_ok=True)
            for old in self._cache.glob(f"{scan.id}-*"):
                old.unlink(missing_ok=True)
            draft = path.with_name(path.name + ".new")
            try:
                with self.volume(scan) as volume:
                    write_voxels(volume, draft)
                draft.replace(path)  # not flushed: it can be made again
            finally:
                draft.unlink(missing_ok=True)
        return Opened(value=path, size_bytes=0, close=_nothing)

    def _reader(self, scan: Scan) -> Callable[[], Opened]:
        def read() -> Opened:
            with read_limits(self._limits.for_scans):
                volume = read_volume(scan.path, spacing_mm=scan.spacing_mm)
            return Opened(value=volume, size_bytes=volume.voxels.nbytes, close=_nothing)

        return read


def _key(scan: Scan) -> tuple[str, str, str]:
    return "volume", scan.id, scan.stamp
