"""Every number of the propagation engine."""

from dataclasses import dataclass, field
from pathlib import Path

from isegformer.errors import ConfigError

MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class StopRule:
    """When an object has ended, so that a pass stops carrying it on.

    On each predicted slice an object is weak if its area falls below `area_fraction` of its area on the slice
    where the pass began (at least `min_area_px`, but never more than that area itself), or if its confidence,
    the mean probability inside that area, falls below `confidence_fraction` of the highest that the round has
    seen of it, or below `min_confidence`. How sure a network is depends on the network and on the object;
    where an object ends it becomes less sure than it was. After `patience` weak slices in a row the object is
    background for the rest of the pass and enters memory no more. An object that the user drew at the far end
    of the pass never stops; one that is absent at both ends, or at the start of a pass with no far end, is
    never begun.
    """

    area_fraction: float = 0.05
    """Part of the starting area below which an object is weak, in [0, 1]."""

    min_area_px: int = 4
    """Area in px of the working grid below which an object is weak."""

    confidence_fraction: float = 0.93
    """Part of the highest confidence so far below which an object is weak, in [0, 1]."""

    min_confidence: float = 0.6
    """Confidence below which an object is weak whatever it was before, in [0, 1]."""

    patience: int = 2
    """Weak slices in a row that end the object, at least 1."""

    def __post_init__(self) -> None:
        shares = (self.area_fraction, self.confidence_fraction, self.min_confidence)
        if not all(0 <= share <= 1 for share in shares):
            raise ConfigError(
                f"area_fraction, confidence_fraction and min_confidence are {shares}, expected all in [0, 1]"
            )
        if self.patience < 1 or self.min_area_px < 0:
            raise ConfigError(
                f"patience is {self.patience} and min_area_px {self.min_area_px}, expected at least 1 and 0"
            )


@dataclass(frozen=True, kw_only=True)
class PropagatorConfig:
    """How masks are carried from slice to slice, and how much memory that may take."""

    memory_every: int = 5
    """Every so many predicted slices, one joins the memory of its pass."""

    top_k: int = 20
    """Best matching memory entries that each query reads."""

    min_side_px: int | None = 128
    """Slices whose shorter side is smaller are enlarged to it; None: never."""

    max_enlarged_side_px: int = 512
    """Enlarging stops where the longer side reaches this; larger slices keep their own size."""

    stop: StopRule | None = field(default_factory=StopRule)
    """When a pass lets go of an object; None: never."""

    annotated_slices: int = 32
    """Annotated slices that a pass reads: those nearest to its start."""

    recent_slices: int = 32
    """Predicted slices that the memory of a pass holds; beyond, the oldest is dropped."""

    objects_at_once: int = 8
    """Objects that go through the network together; more take turns, so that the peak does not grow."""

    together_px: int = 2 * 256 * 256
    """Pixels of the working grid that go through the network at once: several slices where they are small
    and read the same memory, never less than one."""

    block_bytes: int = 64 * MIB
    """Budget for the scores of memory entries against queries, computed block by block."""

    key_cache_bytes: int = 256 * MIB
    """Budget for encoded slices that are kept for the other pass over them in the same round."""

    store_bytes: int = 128 * MIB
    """Budget for stored probabilities in memory; beyond, they lie in a temporary file."""

    temporary_folder: Path | None = None
    """Where temporary files lie; None: the folder of `isegformer.scratch`."""

    def __post_init__(self) -> None:
        counts = {
            "memory_every": self.memory_every,
            "top_k": self.top_k,
            "annotated_slices": self.annotated_slices,
            "recent_slices": self.recent_slices,
            "objects_at_once": self.objects_at_once,
            "together_px": self.together_px,
            "block_bytes": self.block_bytes,
            "max_enlarged_side_px": self.max_enlarged_side_px,
            "min_side_px": 1 if self.min_side_px is None else self.min_side_px,
        }
        for name, value in counts.items():
            if value < 1:
                raise ConfigError(f"{name} is {value}, expected at least 1")
        if min(self.key_cache_bytes, self.store_bytes) < 0:
            raise ConfigError(
                f"key_cache_bytes is {self.key_cache_bytes} and store_bytes {self.store_bytes}, "
                "expected at least 0"
            )
