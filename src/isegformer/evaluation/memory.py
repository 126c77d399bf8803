"""How much memory did that take? Peaks of this process, in megabytes of 10**6 bytes."""

import sys
from contextlib import suppress
from pathlib import Path

import torch

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_RESET_PEAK = "5"
"""Sets VmHWM back to the present size (Linux, man 5 proc)."""


def reset_peaks() -> None:
    """Begin a new measurement. Where the system cannot, peaks are those since the process began."""
    with suppress(OSError):
        _CLEAR_REFS.write_text(_RESET_PEAK, encoding="ascii")
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_rss_mb() -> float | None:
    """Return the largest resident memory of this process; None where the system does not tell."""
    try:
        status = _STATUS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return _peak_rss_since_start_mb()
    kilobytes = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
    return _peak_rss_since_start_mb() if kilobytes is None else int(kilobytes) * 1024 / 1e6


def peak_gpu_mb() -> float | None:
    """Return the largest memory allocated on the GPU; None where there is none."""
    return torch.cuda.max_memory_allocated() / 1e6 if torch.cuda.is_available() else None


def _peak_rss_since_start_mb() -> float | None:
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # bytes there, kilobytes elsewhere
