"""A pickle as a sequence of instructions, checked before any of them runs.

The stack is followed without making its values: it is enough to know which of them are literals, for only
texts, numbers and None may become keys of dictionaries or members of sets. A pair of twice the same pair,
many levels deep, is a few bytes long and would keep Python busy forever with its hash.
"""

import io
import pickletools
from typing import Any

from isegformer.errors import CheckpointError

PUT_OPCODES = ("PUT", "BINPUT", "LONG_BINPUT")
"""Instructions that name a slot of the memo to write to."""

GET_OPCODES = ("GET", "BINGET", "LONG_BINGET")
"""Instructions that name a slot of the memo to read from."""

LITERAL_OPCODES = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "NONE", "NEWTRUE", "NEWFALSE"),
    )
)
"""Instructions that put a text, number or None on the stack."""

LITERALS = (str, bytes, int, float, bool, type(None))
"""What they make."""


def check_instructions(stream: io.BytesIO) -> None:
    """Read one pickle's instructions and check them.

    The lengths of strings are checked against the file by `pickletools`; memo slots are ours to check, since
    Python's reader allocates up to the highest number.

    Raises
    ------
    CheckpointError : an instruction claims more memory than the file could fill, or makes something other
        than a literal a key or a member of a set
    LookupError : an instruction takes more from the stack than is there, or from an empty slot of the memo
    """
    program = _Program()
    for count, (opcode, argument, _position) in enumerate(pickletools.genops(stream)):
        if opcode.name in PUT_OPCODES and not (isinstance(argument, int) and 0 <= argument <= count):
            raise CheckpointError(f"the pickle is damaged: memo slot {argument} after {count} instructions")
        program.follow(opcode, argument)


def checked_key(value: object) -> object:
    """Return a value that may be a key or a member of a set; raises CheckpointError for others."""
    _check_hashed(type(value) in LITERALS)
    return value


class _Program:
    """The stack and the memo of a pickle as it is read; of each value, whether it is a literal."""

    def __init__(self) -> None:
        self._stack: list[bool] = []
        self._marks: list[int] = []
        self._memo: dict[int, bool] = {}

    def follow(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """Do to the stack what an instruction does."""
        if opcode.name == "MARK":
            self._marks.append(len(self._stack))
        elif opcode.name == "POP" and self._marks and self._marks[-1] == len(self._stack):
            self._marks.pop()
        elif opcode.name in PUT_OPCODES:
            self._memo[argument] = self._stack[-1]
        elif opcode.name == "MEMOIZE":
            self._memo[len(self._memo)] = self._stack[-1]
        elif opcode.name in GET_OPCODES:
            self._stack.append(self._memo[argument])
        elif opcode.name == "DUP":
            self._stack.append(self._stack[-1])
        else:
            _check_hashed(all(_hashed(opcode.name, self._taken(opcode))))
            self._stack += [opcode.name in LITERAL_OPCODES] * len(opcode.stack_after)

    def _taken(self, opcode: pickletools.OpcodeInfo) -> list[bool]:
        """Take what an instruction takes off the stack: above the last mark, or so many."""
        below = opcode.stack_before
        taken = []
        if pickletools.markobject in below:
            height = self._marks.pop()
            taken = self._stack[height:]
            del self._stack[height:]
            below = below[: below.index(pickletools.markobject)]
        return [self._stack.pop() for _ in below][::-1] + taken


def _hashed(name: str, taken: list[bool]) -> list[bool]:
    """Return those of the values that an instruction takes which it uses as keys or members."""
    if name in ("SETITEM", "SETITEMS"):
        return taken[1::2]
    if name == "DICT":
        return taken[::2]
    return {"ADDITEMS": taken[1:], "FROZENSET": taken}.get(name, [])


def _check_hashed(is_literal: bool) -> None:
    if not is_literal:
        raise CheckpointError(
            "the pickle makes something else than a text or a number a key or a member of a set, which no "
            "checkpoint needs"
        )
