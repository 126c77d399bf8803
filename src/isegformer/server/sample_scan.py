"""A sample for those who have no scan at hand: put into the data root when somebody asks for it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from isegformer.errors import NotFoundError, WriteError
from isegformer.server.data_root import DataRoot, Scan
from isegformer.server.placing import hidden_cell, place_file
from isegformer.volume import Volume
from isegformer.volume.io.nifti import write_voxels

_SUFFIX = ".nii.gz"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A volume that a server can offer."""

    stem: str
    """Name of its file, without suffix."""
    title: str
    """What it is, for people."""
    read: Callable[[], Volume]
    """Reads or makes it; must not need the network."""


class SampleShelf:
    """Gives out the sample of a server; one that is given None has none."""

    def __init__(self, data_root: DataRoot, sample: Sample | None) -> None:
        self._data_root = data_root
        self._sample = sample
        self._lock = threading.Lock()

    @property
    def title(self) -> str | None:
        """What the sample is; None without one."""
        return None if self._sample is None else self._sample.title

    def take(self) -> tuple[Scan, bool]:
        """Return the sample as a scan of the data root, and whether it was put there just now.

        Raises
        ------
        NotFoundError : this server has none
        WriteError : the data root cannot be written
        """
        if self._sample is None:
            raise NotFoundError(
                "this server has no sample scan: the brain template comes with the extra 'demo'; "
                "run: pip install 'isegformer[demo]', then start the server again"
            )
        with self._lock:
            try:
                return self._data_root.scan_at(
                    self._data_root.folder / f"{self._sample.stem}{_SUFFIX}"
                ), False
            except NotFoundError:
                return self._put(self._sample), True

    def _put(self, sample: Sample) -> Scan:
        folder = self._data_root.folder
        try:
            with hidden_cell(folder) as cell:
                draft = cell / f"sample{_SUFFIX}"
                write_voxels(sample.read(), draft)
                return self._data_root.scan_at(place_file(draft, folder, stem=sample.stem, suffix=_SUFFIX))
        except PermissionError as error:
            raise WriteError(
                f"the sample could not be put into the data folder: {error}; start isegformer in a folder "
                "where you may write"
            ) from error
