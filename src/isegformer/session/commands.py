"""Every act on a session, as a value: what the user did, with nothing about how it is carried out.

Commands say which slice they mean by `axis` and `index`, and which object by its label value; rows and
columns are those of `isegformer.slicing`. All are written to the journal by `to_json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isegformer.errors import GeometryError, SessionError
from isegformer.session.json_codec import Json, decode, encode
from isegformer.session.objects import OverlapRule, check_colour, check_label, check_name
from isegformer.session.packed_array import PackedArray
from isegformer.session.plain_values import normalise_fields
from isegformer.slicing import Plane
from isegformer.types import Mask
from isegformer.volume import LabelMap


@dataclass(frozen=True, kw_only=True)
class Command:
    """Base of all commands. NumPy scalars become Python's; SessionError for any other type than declared."""

    def __post_init__(self) -> None:
        normalise_fields(self)
        self._check()

    def _check(self) -> None:
        """Raise SessionError for values out of range."""


@dataclass(frozen=True, kw_only=True)
class ObjectCommand(Command):
    """Base of the commands about one object."""

    label: int

    def _check(self) -> None:
        check_label(self.label)


@dataclass(frozen=True, kw_only=True)
class SliceCommand(Command):
    """Base of the commands about one slice."""

    axis: int
    index: int

    def _check(self) -> None:
        _ = self.plane

    @property
    def plane(self) -> Plane:
        """The slice that the command is about."""
        try:
            return Plane(axis=self.axis, index=self.index)
        except GeometryError as error:
            raise SessionError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class ObjectSliceCommand(SliceCommand, ObjectCommand):
    """Base of the commands about one object on one slice."""

    def _check(self) -> None:
        SliceCommand._check(self)
        ObjectCommand._check(self)


@dataclass(frozen=True, kw_only=True)
class AddObject(ObjectCommand):
    """Add an empty object."""

    name: str
    colour: str | None = None
    """As "#rrggbb"; None takes the palette's."""

    def _check(self) -> None:
        super()._check()
        check_name(self.name)
        if self.colour is not None:
            check_colour(self.colour)


@dataclass(frozen=True, kw_only=True)
class RenameObject(ObjectCommand):
    """Give an object another name."""

    name: str

    def _check(self) -> None:
        super()._check()
        check_name(self.name)


@dataclass(frozen=True, kw_only=True)
class RecolourObject(ObjectCommand):
    """Give an object another colour."""

    colour: str

    def _check(self) -> None:
        super()._check()
        check_colour(self.colour)


@dataclass(frozen=True, kw_only=True)
class SetObjectLocked(ObjectCommand):
    """Lock an object against every change of its voxels, or unlock it."""

    is_locked: bool


@dataclass(frozen=True, kw_only=True)
class SetObjectVisible(ObjectCommand):
    """Show or hide an object; its voxels stay."""

    is_visible: bool


@dataclass(frozen=True, kw_only=True)
class RemoveObject(ObjectCommand):
    """Remove an object with its voxels and clicks."""


@dataclass(frozen=True, kw_only=True)
class AddClick(ObjectSliceCommand):
    """Click on a slice; the segmenter's new mask replaces what the object had there."""

    row: int
    col: int
    is_positive: bool


@dataclass(frozen=True, kw_only=True)
class ClickPoint:
    """Where one of several clicks is on the slice, and what it says."""

    row: int
    col: int
    is_positive: bool

    def __post_init__(self) -> None:
        normalise_fields(self)


@dataclass(frozen=True, kw_only=True)
class AddClicks(ObjectSliceCommand):
    """Click several times on a slice before the segmenter is asked: one new mask, one step of undo."""

    clicks: tuple[ClickPoint, ...]
    """Oldest first, at least one."""

    def _check(self) -> None:
        super()._check()
        if not self.clicks:
            raise SessionError("there is no click among the clicks, expected at least one")


@dataclass(frozen=True, kw_only=True)
class ClearClicks(ObjectSliceCommand):
    """Start an object over on one slice: its clicks and its voxels there go."""


@dataclass(frozen=True, kw_only=True)
class PaintMask(ObjectSliceCommand):
    """Replace what an object has on one slice by a mask, as from a brush; its clicks stay."""

    mask: PackedArray
    """Bool (H, W)."""

    @classmethod
    def from_mask(cls, mask: Mask, *, label: int, plane: Plane) -> "PaintMask":
        """Return the command for `mask`, bool (H, W)."""
        return cls(label=label, axis=plane.axis, index=plane.index, mask=PackedArray.pack(mask))


@dataclass(frozen=True, kw_only=True)
class AcceptSlice(SliceCommand):
    """Declare a slice right, for all objects: nothing changes it now, and propagation starts from it."""


@dataclass(frozen=True, kw_only=True)
class ReopenSlice(SliceCommand):
    """Allow an accepted slice to change again."""


@dataclass(frozen=True, kw_only=True)
class Propagate(Command):
    """Carry the objects of the accepted slices across `axis` to the whole volume."""

    axis: int
    method: str
    """One of the names that the session's propagation methods have."""

    def _check(self) -> None:
        if self.axis not in (0, 1, 2):
            raise SessionError(f"axis is {self.axis}, expected 0, 1 or 2")


@dataclass(frozen=True, kw_only=True)
class SetOverlapRule(Command):
    """Decide who gets the voxels that two objects both claim, from now on."""

    rule: OverlapRule


@dataclass(frozen=True, kw_only=True)
class SetWindow(Command):
    """Choose the intensities that become 0 and 1 for the networks, from now on."""

    low: float
    high: float

    def _check(self) -> None:
        if self.low > self.high:
            raise SessionError(f"window is {self.low} to {self.high}, expected the lower one first")


@dataclass(frozen=True, kw_only=True)
class LabelName:
    """The name of one label of an imported label map."""

    label: int
    name: str

    def __post_init__(self) -> None:
        normalise_fields(self)


@dataclass(frozen=True, kw_only=True)
class ImportLabelMap(Command):
    """Take over a mask that exists already: every label in it is an object, made where there is none yet.

    An object that is there already is replaced; objects that the map does not mention stay, and meet the
    imported ones under the overlap rule.
    """

    labels: PackedArray
    """Uint16 (I, J, K)."""
    affine: tuple[tuple[float, ...], ...]
    """4 x 4, voxel to RAS+ mm; must be the session's grid."""
    names: tuple[LabelName, ...] = ()

    @classmethod
    def from_label_map(cls, label_map: LabelMap) -> "ImportLabelMap":
        """Return the command for a label map that was read from a file or made elsewhere."""
        affine = np.asarray(label_map.geometry.affine, float)
        return cls(
            labels=PackedArray.pack(label_map.labels),
            affine=tuple(tuple(float(value) for value in row) for row in affine),
            names=tuple(LabelName(label=int(k), name=v) for k, v in sorted(label_map.names.items())),
        )


@dataclass(frozen=True, kw_only=True)
class Undo(Command):
    """Take the last command back."""


@dataclass(frozen=True, kw_only=True)
class Redo(Command):
    """Do again what was taken back last."""


@dataclass(frozen=True, kw_only=True)
class AdoptWeights(Command):
    """Go on with other weights; what was made with the earlier ones stays as it is. Not undone by `Undo`."""

    click: str
    propagation: str


COMMANDS: Mapping[str, type[Command]] = {
    kind.__name__: kind
    for kind in (
        AddObject,
        RenameObject,
        RecolourObject,
        SetObjectLocked,
        SetObjectVisible,
        RemoveObject,
        AddClick,
        AddClicks,
        ClearClicks,
        PaintMask,
        AcceptSlice,
        ReopenSlice,
        Propagate,
        SetOverlapRule,
        SetWindow,
        ImportLabelMap,
        Undo,
        Redo,
        AdoptWeights,
    )
}
"""Every command by the name that stands for it in JSON."""


def to_json(command: Command) -> Json:
    """Return the command as a JSON object: its fields and its "type"."""
    return {"type": type(command).__name__, **encode(command)}


def from_json(document: Json) -> Command:
    """Return the command that a JSON object describes.

    Raises
    ------
    SessionError : the type or a field is unknown, missing or out of range
    """
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise SessionError(f"command is {repr(document)[:60]}, expected an object with a 'type'")
    fields = dict(document)
    name = fields.pop("type")
    if name not in COMMANDS:
        raise SessionError(f"command has type {name!r}, expected one of {', '.join(COMMANDS)}")
    return decode(COMMANDS[name], fields, where=name)
