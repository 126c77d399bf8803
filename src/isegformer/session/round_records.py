"""What a session keeps of a propagation; how it is used is in `rounds`."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RoundKey:
    """Rounds go on from each other within one axis and one method."""

    axis: int
    method: str


@dataclass(frozen=True, kw_only=True)
class ObjectDigest:
    """Which pixels of a slice one object had."""

    label: int
    digest: str
    """Hexadecimal hash of its mask."""


@dataclass(frozen=True, kw_only=True)
class RoundSlice:
    """One annotated slice of a round; an empty one has no objects."""

    index: int
    objects: tuple[ObjectDigest, ...]


@dataclass(frozen=True, kw_only=True)
class Round:
    """What the last propagation went out from; with another window or other weights, the next starts over."""

    slices: tuple[RoundSlice, ...]
    """By rising index."""
    window_low: float
    window_high: float
    weights: str
    """Hash of the propagation weights."""
