"""The folder of a session: what is checked before it is opened, and who may go on with it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from isegformer.errors import JournalError, SessionMismatchError, WeightsMismatchError
from isegformer.session.commands import AdoptWeights
from isegformer.session.effect import no_effect
from isegformer.session.folder_lock import FolderLock
from isegformer.session.journal import JOURNAL_NAME, Journal, JournalEntry, JournalHeader, prepare
from isegformer.session.objects import OverlapRule
from isegformer.session.protocols import WeightsFingerprint
from isegformer.session.replay import weights_at
from isegformer.session.sheet import Settings
from isegformer.types import PathLike
from isegformer.volume import Volume, Window

Clock = Callable[[], datetime]
"""Returns the present time with its zone."""


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def adopt_weights(
    folder: PathLike, *, weights: WeightsFingerprint, user: str | None = None, clock: Clock = utc_now
) -> None:
    """Let the session in `folder` go on with other weights from now on; what it holds stays as it is.

    Raises
    ------
    JournalError, SessionError : as for `Session.open`
    """
    lock, journal = open_journal(folder)
    try:
        entry = JournalEntry(
            seq=journal.last_seq + 1,
            time_utc=clock().astimezone(UTC),
            user=user,
            command=AdoptWeights(click=weights.click, propagation=weights.propagation),
            effect=no_effect(),
        )
        journal.append(prepare(entry))
    finally:
        journal.close()
        lock.release()


def open_journal(folder: PathLike) -> tuple[FolderLock, Journal]:
    """Return the held folder and its checked journal; JournalError or SessionError as for `Session.open`."""
    path = Path(folder)
    if not (path / JOURNAL_NAME).is_file():
        raise JournalError(
            f"there is no session in {path} ({JOURNAL_NAME} is missing); create one there first"
        )
    lock = FolderLock(path)
    try:
        return lock, Journal(path / JOURNAL_NAME)
    except BaseException:
        lock.release()
        raise


def made_folder(folder: PathLike) -> Path:
    """Return the folder of a new session, made if need be; JournalError if it cannot be."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"the session folder {path} cannot be made: {error}") from error
    return path


def new_header(
    volume: Volume, *, weights: WeightsFingerprint, window: Window, runtime: str, now: datetime
) -> JournalHeader:
    """Return the header of a new session: KEEP_EXISTING, and all that `Session.open` will check."""
    settings = Settings(
        overlap_rule=OverlapRule.KEEP_EXISTING, window_low=float(window.low), window_high=float(window.high)
    )
    return JournalHeader(
        created_utc=now.astimezone(UTC).isoformat(),
        volume_sha256=volume.sha256,
        shape=volume.geometry.shape,
        affine=tuple(tuple(float(value) for value in row) for row in volume.geometry.affine),
        click_weights_sha256=weights.click,
        propagation_weights_sha256=weights.propagation,
        settings=settings,
        runtime=runtime,
    )


def check_volume(journal: Journal, volume: Volume) -> None:
    """Raise SessionMismatchError unless the session was made on `volume`."""
    header = journal.header
    if header.volume_sha256 != volume.sha256:
        raise SessionMismatchError(
            f"the volume has sha256 {volume.sha256[:12]} and shape {volume.geometry.shape}, but the session "
            f"was made on sha256 {header.volume_sha256[:12]} and shape {header.shape}; open it with that "
            "volume, or create a new session in another folder"
        )


def check_weights(journal: Journal, weights: WeightsFingerprint) -> None:
    """Raise SessionMismatchError unless the session goes on with `weights`."""
    made_with = weights_at(journal)(journal.last_seq)
    for what, got, expected in (
        ("click", weights.click, made_with.click),
        ("propagation", weights.propagation, made_with.propagation),
    ):
        if got != expected:
            raise WeightsMismatchError(
                f"the {what} weights (sha256 {got[:12]}) are not those the session was made with (sha256 "
                f"{expected[:12]}); use those, or call adopt_weights on the folder to go on with the new ones"
            )
