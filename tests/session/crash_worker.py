"""Applies random commands until it is killed. Started by test_sigkill.py, once for many lives.

Reads lines "SEED FOLDER" from standard input. For each a child is forked (imports are paid for once), which
opens the session and writes to standard output "pid N", then "ack SEQ" after each command that was applied.
When the child is dead, this process writes "dead".
"""

import os
import sys
from random import Random

from session_fakes import create_session, open_session, random_command

from isegformer.errors import SessionError


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def live(seed: int, folder: str) -> None:
    say(f"pid {os.getpid()}")
    random = Random(seed)
    has_session = os.path.exists(os.path.join(folder, "journal.sqlite"))  # noqa: PTH110, PTH118
    session = open_session(folder) if has_session else create_session(folder)
    say("open")
    while True:
        try:
            outcome = session.apply(random_command(random))
        except SessionError:
            continue
        say(f"ack {outcome.seq}")


def main() -> None:
    for line in sys.stdin:
        seed, folder = line.rstrip("\n").split(" ", 1)
        child = os.fork()
        if child == 0:
            try:
                live(int(seed), folder)
            finally:
                os._exit(3)
        os.waitpid(child, 0)
        say("dead")


if __name__ == "__main__":
    main()
