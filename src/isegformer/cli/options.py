"""Options that several commands have, written once. Nothing heavy may be imported here: --help reads it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CLICK_WEIGHTS = "compact"
"""The bundled click network."""

DEFAULT_PROPAGATION_WEIGHTS = "stcn-small"
"""The bundled propagation network."""


class Method(StrEnum):
    """How labels get from annotated slices to the others."""

    COMBINED = "combined"
    """The network, held to the shapes of the annotated slices."""
    STCN = "stcn"
    """A network with a memory of the slices that it has seen."""
    INTERPOLATE = "interpolate"
    """Shapes between annotated slices, without a network; never beyond the outermost."""


class Networks(StrEnum):
    """Which networks a command works on."""

    CLICK = "click"
    PROPAGATION = "propagation"
    BOTH = "both"


class Objects(StrEnum):
    """Which objects of an image are measured."""

    ALL = "all"
    LAST = "last"
    """Only the one with the largest label: the published code of RITM and iSegFormer keeps no other."""


DEFAULT_METHOD = Method.COMBINED
"""The best with any number of annotated slices."""


ClickWeights = Annotated[
    str, typer.Option("--weights", metavar="NAME_OR_PATH", help="Weights of the click network.")
]
PropagationWeights = Annotated[
    str, typer.Option("--weights", metavar="NAME_OR_PATH", help="Weights of the propagation network.")
]
SecondPropagationWeights = Annotated[
    str,
    typer.Option("--propagation-weights", metavar="NAME_OR_PATH", help="Weights of the propagation network."),
]
Device = Annotated[
    str,
    typer.Option(
        "--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps; auto takes the fastest."
    ),
]
Runtime = Annotated[
    str,
    typer.Option(
        "--runtime",
        metavar="NAME",
        help="What computes the networks: auto takes the fastest that is there and passes its check, pytorch "
        "is exact; see `isegformer info --runtime`.",
    ),
]
MemoryBudget = Annotated[
    str,
    typer.Option("--memory-budget", metavar="SIZE", help="Memory for volumes and sessions, as 4GB or 500MB."),
]
DEFAULT_MEMORY_BUDGET = "4GB"
StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FOLDER",
        help="Folder for the sessions; by default .isegformer beside the scans.",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, and nothing else, on standard output.")
]
VolumePath = Annotated[
    Path,
    typer.Argument(
        metavar="VOLUME",
        help="NIfTI, NRRD or MetaImage file, OME-Zarr, or a folder with a DICOM series or numbered images.",
        show_default=False,
    ),
]
Axis = Annotated[
    int | None,
    typer.Option(
        "--axis",
        min=0,
        max=2,
        help="Axis (0, 1, 2 = i, j, k) across which slices are taken.",
        show_default=False,
    ),
]
PropagationMethod = Annotated[
    Method,
    typer.Option(
        "--method",
        help="combined: network and interpolated shapes; stcn: the network alone; interpolate: no network, "
        "nothing beyond the annotated slices.",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        metavar="MASK",
        help="Mask to write: .nii.gz, .nii, .nrrd, .mha.",
        show_default=False,
    ),
]
Spacing = Annotated[
    tuple[float, float, float] | None,
    typer.Option(
        "--spacing",
        metavar="I J K",
        help="Voxel spacing in mm, for image stacks and plain Zarr arrays only.",
        show_default=False,
    ),
]
