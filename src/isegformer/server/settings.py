"""Everything that a server is told when it starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import platformdirs

from isegformer.errors import ConfigError
from isegformer.volume.io.limits import ReadLimits

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names under which only this machine reaches itself."""

STATE_FOLDER = ".isegformer"
"""Where sessions lie in a data root that can be written."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much strangers may ask of the server."""

    upload_bytes: int = 2 * 2**30
    """Largest file that is taken."""
    body_bytes: int = 32 * 2**20
    """Largest body of every other request."""
    voxels: int = 2**29
    """Largest volume that is read; 2**29 are 1 GiB at 16 bits."""
    compression: int = 200
    """Largest ratio of voxel data to file of an upload; scans reach about 20."""

    def __post_init__(self) -> None:
        for name in ("upload_bytes", "body_bytes", "voxels", "compression"):
            if getattr(self, name) < 1:
                raise ConfigError(f"limit {name} is {getattr(self, name)}, expected at least 1")

    @property
    def for_scans(self) -> ReadLimits:
        """What a scan of the data root may ask for."""
        return ReadLimits(voxels=self.voxels)

    @property
    def for_uploads(self) -> ReadLimits:
        """What an uploaded file may ask for."""
        return ReadLimits(voxels=self.voxels, compression=self.compression)


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Where the data are, who may use them, and how much memory that may take."""

    data_root: Path
    """Folder with the scans; nothing outside it is read."""
    state_root: Path
    """Folder for sessions and temporary files; see `default_state_root`."""
    users: Mapping[str, str]
    """Token of each user, by name."""
    host: str = "127.0.0.1"
    port: int = 8765
    host_names: tuple[str, ...] = ()
    """Further names under which the server is reached; requests for all others are refused."""
    memory_budget_bytes: int = 4 * 2**30
    """Volumes and sessions that nobody uses are dropped from memory above this."""
    limits: Limits = field(default_factory=Limits)
    visitor: str | None = None
    """User as whom programs on this machine speak MONAI Label without a token; None: they sign in too."""
    origins: tuple[str, ...] = ()
    """Addresses such as "https://viewer.example" whose pages may use the server, as OHIF's do."""
    lock_patience_s: float = 10.0
    """How long a session that is open in another process is waited for: a killed server's is free at once,
    one that is shutting down needs a moment."""
    target_dice: float = 0.9
    """Predicted Dice of every object at which the advice is to stop annotating."""

    def __post_init__(self) -> None:
        if not self.users:
            raise ConfigError("the server has no users, expected at least one name with a token")
        for name, token in self.users.items():
            is_plain = token.isascii() and token.isprintable() and " " not in token
            if not name.strip() or len(token) < 16 or not is_plain:
                raise ConfigError(
                    f"user {name!r} has a token of {len(token)} characters, expected at least 16 letters, "
                    "digits and signs of ASCII"
                )
        if len(set(self.users.values())) < len(self.users):
            raise ConfigError("two users have the same token, expected one for each")
        if self.visitor is not None and not (self.visitor in self.users and self.host.lower() in LOOPBACK):
            raise ConfigError(
                f"visitor is {self.visitor!r} on host {self.host}, expected the name of a user, and a host "
                f"that only this machine reaches: {', '.join(LOOPBACK)}"
            )
        if not 0 < self.target_dice <= 1:
            raise ConfigError(f"target Dice is {self.target_dice}, expected above 0, at most 1")
        if self.memory_budget_bytes < 1:
            raise ConfigError(f"memory budget is {self.memory_budget_bytes} bytes, expected at least 1")

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Names that requests may have in their Host header, lower case, without port."""
        bound = () if self.host in ("0.0.0.0", "::", "") else (self.host,)  # noqa: S104  # compared, not bound
        return frozenset(name.lower() for name in (*LOOPBACK, *bound, *self.host_names))


def default_state_root(data_root: Path) -> Path:
    """Return the folder for sessions on the scans of `data_root`: in it, or the user's if it is read-only."""
    root = data_root.resolve()
    if os.access(root, os.W_OK):
        return root / STATE_FOLDER
    name = f"{root.name}-{sha256(str(root).encode()).hexdigest()[:16]}"
    return platformdirs.user_data_path("isegformer") / "sessions" / name
