"""A piece of work from end to end: a real volume, a simulated user, a picture of the result."""

from isegformer.demo.brain import brain_scene, brain_volume
from isegformer.demo.display import to_display
from isegformer.demo.rounds import DemoPlan, RoundResult, run_rounds, worst_slices
from isegformer.demo.scene import Scene
from isegformer.demo.sheet import write_sheet
from isegformer.demo.simulated_user import SimulatedUser

__all__ = [
    "DemoPlan",
    "RoundResult",
    "Scene",
    "SimulatedUser",
    "brain_scene",
    "brain_volume",
    "run_rounds",
    "to_display",
    "worst_slices",
    "write_sheet",
]
