"""The JSON documents of the server: checked when they come in, and described in the OpenAPI document."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Axis = Annotated[int, Field(ge=0, le=2, description="Axis i, j or k across which slices are taken.")]
Index = Annotated[int, Field(ge=0, lt=2**31, description="Index of the slice along its axis.")]
Pixel = Annotated[int, Field(ge=0, lt=2**31, description="Row or column of a slice.")]
Label = Annotated[int, Field(ge=1, le=65535, description="Value of an object in the label map.")]
Voxel = Annotated[list[int], Field(min_length=3, max_length=3, description="Along i, j and k.")]
Spacing = Annotated[list[float], Field(min_length=3, max_length=3, description="Along i, j and k.")]
Affine = Annotated[list[list[float]], Field(description="4 x 4, voxel (i, j, k) to RAS+ mm.")]


class Document(BaseModel):
    """Base of all documents: no unknown fields, no numbers that are written as text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Problem(Document):
    """Why a request failed, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    advice: str | None = None


class Limits(Document):
    """How much may be asked of the server."""

    upload_bytes: int
    body_bytes: int
    voxels: int
    compression: int


class About(Document):
    """What this server is, and who asks."""

    version: str
    user: str
    device: str
    click_weights: str
    propagation_weights: str
    method: str
    target_dice: float
    sample: str | None = Field(description="What `POST /api/scans/sample` puts into the data root.")
    limits: Limits


class SessionOutline(Document):
    """What is known of the session of a scan without opening it."""

    changed_utc: datetime
    objects: int
    accepted: int
    names: list[str] = Field(description="Of the objects.")


class Scan(Document):
    """One scan of the data root."""

    id: str
    name: str
    kind: str
    size_bytes: int
    modified_utc: datetime
    needs_spacing: bool = Field(
        description="Its files do not say how far apart the voxels are, and nobody else did so far."
    )
    session: SessionOutline | None


class Scans(Document):
    """All scans."""

    scans: list[Scan]


class Grid(Document):
    """A scan with the grid of its voxels."""

    id: str
    name: str
    kind: str
    shape: Voxel
    spacing_mm: Spacing
    affine: Affine
    is_rgb: bool


class NewSpacing(Document):
    """How far apart the voxels of a scan are, where its files do not say."""

    spacing_mm: list[Annotated[float, Field(ge=1e-9, le=1e4)]] = Field(
        min_length=3, max_length=3, description="Along i, j and k; given once."
    )

    @property
    def spacing(self) -> tuple[float, float, float]:
        """The same as a tuple."""
        i, j, k = self.spacing_mm
        return i, j, k


class NewSession(Document):
    """Which scan to work on."""

    scan: str = Field(max_length=64)


class WindowBounds(Document):
    """The intensities that the networks see as 0 and 1."""

    low: float
    high: float


class ObjectState(Document):
    """One object and how large it is."""

    label: int
    name: str
    colour: str
    is_locked: bool
    is_visible: bool
    voxels: int
    volume_ml: float


class SliceName(Document):
    """One slice of the volume."""

    axis: int
    index: int


class ClickState(Document):
    """A click that is in force."""

    label: int
    axis: int
    index: int
    row: int
    col: int
    is_positive: bool


class Job(Document):
    """A propagation under way."""

    id: str
    kind: Literal["propagation"]
    axis: int
    done: int
    total: int
    state: Literal["waiting", "running", "cancelling"]


class Suggestion(Document):
    """A slice that is worth annotating."""

    index: int
    reason: str
    gain: float = Field(description="Expected rise of the predicted Dice.")


class Advice(Document):
    """Which slices to annotate next, and whether it is enough."""

    axis: int
    next: list[Suggestion]
    predicted_dice: dict[int, float] = Field(description="Of each object, by label.")
    stop: bool


class Weights(Document):
    """SHA-256 of the weights in use."""

    click: str
    propagation: str


class Session(Document):
    """A session without its voxels."""

    id: str
    scan: str
    name: str
    kind: str = Field(description="Of the scan.")
    shape: Voxel
    spacing_mm: Spacing
    affine: Affine
    seq: int
    can_undo: bool
    can_redo: bool
    overlap_rule: str
    window: WindowBounds
    objects: list[ObjectState]
    accepted: list[SliceName]
    clicks: list[ClickState]
    job: Job | None
    advice: Advice | None
    weights: Weights


class Box(Document):
    """A half-open block of voxels (i, j, k)."""

    start: Voxel
    stop: Voxel


class Applied(Document):
    """What came of a command."""

    is_applied: bool
    seq: int | None
    state: Session
    changed: Box | None
    block: str | None = Field(description="Base64 of the label block of `changed`.")


class ClickPoint(Document):
    """One click on a slice."""

    row: Pixel
    col: Pixel
    is_positive: bool


class NewClicks(Document):
    """Clicks for one object on one slice, oldest first: one prediction, one step of undo."""

    label: Label
    axis: Axis
    index: Index
    clicks: list[ClickPoint] = Field(min_length=1, max_length=256)


class NewBox(Document):
    """A box around an object on a slice, in pixels; the stops are outside."""

    label: Label
    axis: Axis
    index: Index
    row_start: Pixel
    row_stop: Pixel
    col_start: Pixel
    col_stop: Pixel


class NewPaint(Document):
    """The mask of one object on one slice, as from a brush."""

    label: Label
    axis: Axis
    index: Index
    runs: str = Field(description="Base64 of the bits of the slice, row by row, deflated (zlib).")


class NewPropagation(Document):
    """Which way to propagate."""

    axis: Axis


class HistoryEntry(Document):
    """One line of what happened."""

    seq: int
    time_utc: datetime
    user: str | None
    type: str
    summary: str
    is_in_force: bool


class History(Document):
    """Everything that happened, oldest first."""

    entries: list[HistoryEntry]


class NewAdaptation(Document):
    """How long adapting may take."""

    minutes: float = Field(default=20, ge=0.1, le=600)


class WeightsChoice(Document):
    """Which click weights to work with."""

    adapted: bool = Field(description="False: those that the server was started with.")


class AdaptationRun(Document):
    """Adapting under way."""

    state: Literal["preparing", "learning", "cancelling"]
    user: str
    cases: int
    minutes: float
    seconds: float = Field(description="Since the start.")
    seconds_left: float | None = Field(description="At most; null before the first measurement.")
    before: float | None = Field(description="Mean clicks with the present weights.")
    best: float | None = Field(description="Mean clicks with the best weights so far.")


class AdaptationEnd(Document):
    """How the last run of this server ended."""

    state: Literal["better", "no better", "cancelled", "failed"]
    detail: str | None = Field(description="Why it failed.")
    before: float | None
    after: float | None


class AdaptedWeights(Document):
    """Click weights that were adapted on this server."""

    measure: str
    before: float
    after: float
    cases: list[str]
    user: str
    made_utc: datetime
    start_from: str = Field(description="SHA-256 of the weights that were adapted.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    is_in_use: bool


class Adaptation(Document):
    """All about adapting on this server."""

    obstacle: str | None = Field(description="Why adapting is not possible here, and what to do.")
    cases: int = Field(description="Scans with accepted slices.")
    click_weights: str = Field(description="Name of those in use.")
    run: AdaptationRun | None
    last: AdaptationEnd | None
    result: AdaptedWeights | None
