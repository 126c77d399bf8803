"""What a run has measured so far, on disk, so that it can be taken up again.

::

    legs.jsonl          one line per measurement: {"step": 60, "loss": 3.4, "seconds": 71.2}
    legs/000060.safetensors
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from isegformer.adaptation.early_stopping import Leg
from isegformer.atomic import replace_atomically
from isegformer.errors import ConfigError


class LegLog:
    """The legs of one network in a folder; the folder is made by the first leg."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "legs.jsonl"

    def read(self) -> list[Leg]:
        """Return the legs in order; ConfigError where the file is damaged."""
        if not self._file.is_file():
            return []
        try:
            records = [json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines()]
            return [
                Leg(step=int(record["step"]), loss=float(record["loss"]), seconds=float(record["seconds"]))
                for record in records
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{self._file} is damaged ({error}); start anew in another folder, or without --resume"
            ) from error

    def weights_file(self, step: int) -> Path:
        """Return where the weights of a leg lie."""
        return self._folder / "legs" / f"{step:06d}.safetensors"

    def write(self, legs: Sequence[Leg], *, weights: Path | None) -> None:
        """Keep the weights of the newest leg, then write all legs, so that every line has its weights.

        Raises
        ------
        WriteError : the disk is full, for instance; what was there before is intact
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if weights is not None:
            kept = self.weights_file(legs[-1].step)
            kept.parent.mkdir(exist_ok=True)
            with replace_atomically(kept) as temporary:
                shutil.copyfile(weights, temporary)
        lines = [json.dumps(asdict(leg)) for leg in legs]
        with replace_atomically(self._file) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
