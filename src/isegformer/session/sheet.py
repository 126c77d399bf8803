"""Everything a session knows besides the voxels, as one value that is replaced, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from isegformer.clicks import Click
from isegformer.errors import LockedObjectError, SessionError
from isegformer.session.objects import OverlapRule, SegmentObject
from isegformer.session.round_records import Round, RoundKey
from isegformer.slicing import Plane
from isegformer.volume import Window


@dataclass(frozen=True, kw_only=True)
class SliceKey:
    """One object on one slice."""

    label: int
    axis: int
    index: int

    @property
    def plane(self) -> Plane:
        """The slice."""
        return Plane(axis=self.axis, index=self.index)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What holds for every later command until it is set anew."""

    overlap_rule: OverlapRule
    window_low: float
    window_high: float

    @property
    def window(self) -> Window:
        """The intensities that become 0 and 1."""
        return Window(low=self.window_low, high=self.window_high)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The state of a session without its label map."""

    settings: Settings
    objects: Mapping[int, SegmentObject] = field(default_factory=dict)
    """By label value."""
    clicks: Mapping[SliceKey, tuple[Click, ...]] = field(default_factory=dict)
    """Oldest first; a key without clicks is absent."""
    predictions: Mapping[SliceKey, int] = field(default_factory=dict)
    """Number of the journal entry with the last prediction, while nothing else changed the object there."""
    accepted: frozenset[Plane] = frozenset()
    rounds: Mapping[RoundKey, Round] = field(default_factory=dict)
    """The last propagation across each axis with each method, for the next one to go on from."""

    @property
    def locked_labels(self) -> tuple[int, ...]:
        """The label values of the locked objects."""
        return tuple(label for label, item in self.objects.items() if item.is_locked)

    def object(self, label: int) -> SegmentObject:
        """Return the object of `label`, or raise SessionError."""
        if label not in self.objects:
            known = ", ".join(str(key) for key in sorted(self.objects)) or "none"
            raise SessionError(f"there is no object with label {label}; labels in use: {known}")
        return self.objects[label]

    def unlocked_object(self, label: int) -> SegmentObject:
        """Return the object of `label`, or raise LockedObjectError if its voxels must not change."""
        item = self.object(label)
        if item.is_locked:
            raise LockedObjectError(f"object {label} ({item.name!r}) is locked; unlock it to change it")
        return item

    def with_object(self, item: SegmentObject) -> "Sheet":
        """Return the sheet with one object added or replaced; two objects never share a name."""
        for other in self.objects.values():
            if other.name == item.name and other.label != item.label:
                raise SessionError(f"the name {item.name!r} belongs to object {other.label}; choose another")
        return replace(self, objects={**self.objects, item.label: item})

    def without_slices(self, keys: frozenset[SliceKey]) -> "Sheet":
        """Return the sheet without the clicks and predictions of `keys`."""
        return replace(
            self,
            clicks={key: value for key, value in self.clicks.items() if key not in keys},
            predictions={key: value for key, value in self.predictions.items() if key not in keys},
        )
