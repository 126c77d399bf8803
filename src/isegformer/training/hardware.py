"""What a run computes on: one processor or many, in one machine or several.

Several processes train one network: each takes its share of every step's samples, and gradients are averaged.
They are started by Lightning (`isegformer train --devices 2`), by torchrun, or by SLURM.
"""

import re
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch.utilities import rank_zero_only

from isegformer.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """The processors of a run."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1, ... or mps; auto takes the fastest kind that is there."""
    devices: int = 1
    """Processes per machine, each with a processor of that kind to itself."""
    num_nodes: int = 1
    """Machines."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", self.device):
            raise ConfigError(f"device is {self.device!r}, expected auto, cpu, cuda, cuda:1, ... or mps")
        if self.devices < 1 or self.num_nodes < 1:
            raise ConfigError(
                f"devices is {self.devices} and num_nodes {self.num_nodes}, expected at least 1 of each"
            )
        if self.processes > 1 and (self.device == "mps" or ":" in self.device):
            raise ConfigError(
                f"device is {self.device!r}, which is one, but {self.processes} processes want one each; "
                "expected cpu or cuda"
            )

    @property
    def processes(self) -> int:
        """Processes of the whole run."""
        return self.devices * self.num_nodes

    @property
    def kind(self) -> str:
        """Kind of processor: cpu, cuda or mps."""
        if self.device != "auto":
            return self.device.partition(":")[0]
        if torch.cuda.is_available():
            return "cuda"
        is_mps = torch.backends.mps.is_available() and self.processes == 1
        return "mps" if is_mps else "cpu"

    def trainer_options(self) -> dict[str, Any]:
        """Return the arguments of `lightning.Trainer` that say where to compute.

        Raises
        ------
        ConfigError : this machine lacks them
        """
        kind, index = self.kind, self.device.partition(":")[2]
        self._check_present(kind, least=int(index) + 1 if index else self.devices)
        return {
            "accelerator": kind,
            "devices": [int(index)] if index else self.devices,
            "num_nodes": self.num_nodes,
            "strategy": "ddp" if self.processes > 1 else "auto",
            # Statistics of a share of the batch would be noisier; torch synchronises them on GPUs only.
            "sync_batchnorm": kind == "cuda" and self.processes > 1,
        }

    def _check_present(self, kind: str, *, least: int) -> None:
        present = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
        if kind in present and present[kind] < least:
            raise ConfigError(
                f"this machine has {present[kind]} {kind} devices, expected at least {least}; "
                "choose another --device or fewer --devices"
            )


def is_first_process() -> bool:
    """Tell, once a run has started, whether this is the one process of it that writes files and speaks."""
    rank: int = rank_zero_only.rank  # type: ignore[attr-defined]  # Lightning sets it on its function
    return rank == 0
