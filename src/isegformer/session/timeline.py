"""Which journal entries make up the present: what was done, less what was undone."""

from collections.abc import Iterable

from isegformer.errors import SessionError


class Timeline:
    """Numbers of the entries that are in force, and of those that redo would bring back."""

    def __init__(self) -> None:
        self._done: list[int] = []
        self._undone: list[int] = []

    @property
    def done(self) -> tuple[int, ...]:
        """The entries in force, oldest first."""
        return tuple(self._done)

    @property
    def can_undo(self) -> bool:
        """Whether a command is in force."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether an undone command can be brought back."""
        return bool(self._undone)

    def do(self, seq: int) -> None:
        """Put a new entry in force; what was undone before can no longer be redone."""
        self._done.append(seq)
        self._undone.clear()

    def next_undo(self) -> int:
        """Return the entry that `undo` takes back, or raise SessionError."""
        if not self._done:
            raise SessionError("nothing to undo: no command is in force")
        return self._done[-1]

    def next_redo(self) -> int:
        """Return the entry that `redo` brings back, or raise SessionError."""
        if not self._undone:
            raise SessionError("nothing to redo: nothing was undone since the last command")
        return self._undone[-1]

    def undo(self) -> None:
        """Take the last entry in force back."""
        self._undone.append(self.next_undo())
        self._done.pop()

    def redo(self) -> None:
        """Bring the entry that was undone last back into force."""
        self._done.append(self.next_redo())
        self._undone.pop()


def follow(entries: Iterable[tuple[int, str]]) -> Timeline:
    """Return the timeline after all entries, each given by number and name of its command, oldest first."""
    timeline = Timeline()
    for seq, command_name in entries:
        if command_name == "Undo":
            timeline.undo()
        elif command_name == "Redo":
            timeline.redo()
        elif command_name != "AdoptWeights":
            timeline.do(seq)
    return timeline
