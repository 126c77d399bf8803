"""Threads of PyTorch wait briefly for their next work, so that those of OpenVINO find a core.

GNU's OpenMP, which PyTorch brings along on Linux, lets idle threads spin for milliseconds. Where slices go
from one library to the other, and back, they keep cores from doing the other's work.
"""

import sys
from collections.abc import MutableMapping

SPINS = "10000"
"""Turns of an idle thread before it sleeps. Far fewer, and PyTorch's own short loops would wait for them."""

GIVEN_BY_USERS = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
"""Whoever set one of these knows better."""


def wait_shortly(environment: MutableMapping[str, str]) -> bool:
    """Set how long idle threads of this process spin; False where the user did, or PyTorch is loaded.

    Parameters
    ----------
    environment : of the process; PyTorch reads it once, when it is loaded
    """
    if "torch" in sys.modules or any(name in environment for name in GIVEN_BY_USERS):
        return False
    environment["GOMP_SPINCOUNT"] = SPINS
    return True
