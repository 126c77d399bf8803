"""On what was it measured? Versions and hardware, as plain values."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from isegformer import __version__

PACKAGES = ("numpy", "scipy", "opencv-python-headless", "SimpleITK", "torch", "monai", "itk", "ray")
"""Whose versions results may depend on."""

_CPU_FACTS = Path("/proc/cpuinfo")


def describe_environment(device: str) -> dict[str, str | int]:
    """Return versions and hardware of this machine.

    Parameters
    ----------
    device : torch device that networks run on
    """
    facts: dict[str, str | int] = {"isegformer": __version__, "python": platform.python_version()}
    facts.update({name: found for name in PACKAGES if (found := _version(name)) is not None})
    return {
        **facts,
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "device": _device(device),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Return the model of the processor where the system tells it."""
    try:
        lines = _CPU_FACTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _device(device: str) -> str:
    if torch.device(device).type != "cuda":
        return device
    return f"{device} ({torch.cuda.get_device_name(device)})"
