"""Build hook: wheels, source distributions and editable installs get the browser app."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BrowserAppHook(BuildHookInterface[Any]):
    """Runs web/build_app.py before files are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the app, unless it is current; CalledProcessError if that fails."""
        script = Path(self.root) / "web" / "build_app.py"
        subprocess.run([sys.executable, str(script)], check=True)
