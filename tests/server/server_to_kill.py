"""A real server in a process of its own, for tests that kill it.

Started with the data root; writes "ready PORT" to standard output, and "slice N" before each slice of a
propagation. It goes on to the next slice only after a line on standard input.
"""

import os
import sys
from pathlib import Path

from server_fakes import NearestPropagation, fake_networks, make_settings

from isegformer.server import create_app
from isegformer.server.run import bound_socket, run


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def before_slice(index: int) -> None:
    say(f"slice {index}")
    sys.stdin.readline()


def main() -> None:
    settings = make_settings(Path(sys.argv[1]), port=0)
    networks = fake_networks(propagation=lambda: NearestPropagation(before_slice=before_slice))
    bound = bound_socket(settings)
    app = create_app(settings, networks=networks)
    run(app, bound, on_ready=lambda: say(f"ready {bound.getsockname()[1]}"))


if __name__ == "__main__":
    main()
