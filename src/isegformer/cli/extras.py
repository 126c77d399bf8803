"""Optional dependencies: named before they are missed."""

from collections.abc import Sequence
from importlib.util import find_spec

from isegformer.errors import DependencyError


def require_extra(extra: str, *, modules: Sequence[str]) -> None:
    """Raise DependencyError, which says what to install, unless all `modules` are there."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise DependencyError(
            f"{', '.join(missing)} is not installed; run: pip install 'isegformer[{extra}]'"
        )
