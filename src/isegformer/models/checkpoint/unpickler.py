"""Reads pickles without running what they ask for.

A pickle is a program: it can import any name and call it. This reader knows three kinds of names:

- the few that hold data in a checkpoint (`OrderedDict`, tensors, storages, dtypes, ...): replaced by our own
  code, the original is never imported;
- names of the standard library, of torch and of numpy otherwise: the file is refused, for these names are how
  a pickle does harm (`os.system`, `builtins.eval`, `torch.load`, ...);
- every other name: taken as a class of a package that is not here. Its instances become `ForeignObject`,
  which hold the class's name and do nothing. Nothing is imported. A file that calls such a name is refused.

Before that the program is checked as a sequence of instructions, so that a few bytes cannot claim gigabytes
or keep the reader busy forever; see `pickle_program`.
"""

import io
import pickle
import struct
import sys
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import torch

from isegformer.errors import CheckpointError, UnsafeCheckpointError
from isegformer.models.checkpoint.pickle_program import check_instructions, checked_key
from isegformer.models.checkpoint.tensors import (
    Sealed,
    StorageRecord,
    StorageType,
    TensorRecord,
    is_count,
)

REFUSED_PACKAGES = frozenset(sys.stdlib_module_names) | {
    "__builtin__",  # names of the standard library before Python 3, which pickle translates
    "copy_reg",
    "commands",
    "cPickle",
    "exceptions",
    "numpy",
    "torch",
}
"""Packages whose names a checkpoint must not mention, apart from those in the tables below."""

INERT_NAMES = (("argparse", "Namespace"),)
"""Names of refused packages that are only containers of a training script's settings."""

INERT_PACKAGES = ("torch.nn.modules.",)
"""Parts of refused packages whose classes a pickled loss or layer may mention."""

STORAGE_DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
"""Storage classes of torch -> element type."""

DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in STORAGE_DTYPES.values()}
"""Names of element types in torch -> element type."""

MALFORMED = (
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a damaged pickle makes Python's reader raise."""

ReadStorage = Callable[[str, torch.dtype, int], StorageRecord]
"""Called as read_storage(key, dtype, element count)."""


class ForeignObject:
    """An instance of a class that is not here: its name and what the file says about it, nothing else."""

    class_name: ClassVar[str] = ""

    def __init__(self) -> None:
        self.state: object = None
        self.items: list[object] = []

    def __new__(cls, *_arguments: object, **_named: object) -> "ForeignObject":
        made = super().__new__(cls)
        ForeignObject.__init__(made)
        return made

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __setitem__(self, key: object, value: object) -> None:
        self.items.append((key, value))

    def append(self, value: object) -> None:
        """Keep a list item."""
        self.items.append(value)

    def __repr__(self) -> str:
        return f"<foreign {self.class_name}>"


class _ForeignType(type):
    """The type of stand-ins for foreign classes: calling one is an attempt to run code."""

    def __call__(cls, *_arguments: object, **_named: object) -> NoReturn:
        name = getattr(cls, "class_name", "an unknown name")
        raise UnsafeCheckpointError(
            f"the file asks to call {name}; nothing was run. Load it only if its source is trusted, with the "
            "package that wrote it, and save its state dict alone"
        )


class _Function(Sealed):
    """One of our own functions, which stands in for a name of the file."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __call__(self, *arguments: object) -> object:
        return self._function(*arguments)


class _PlainDict(dict[Any, Any]):
    """A dictionary that ignores attributes, such as the `_metadata` of a state dict."""

    def __setstate__(self, _state: object) -> None:
        pass


def _plain_dict(entries: Any = ()) -> _PlainDict:
    pairs = entries.items() if isinstance(entries, dict) else entries
    return _PlainDict((checked_key(key), value) for key, value in pairs)


def _set(members: Any = ()) -> set[object]:
    return {checked_key(member) for member in members}


def _frozenset(members: Any = ()) -> frozenset[object]:
    return frozenset(_set(members))


def _encode_latin(text: str, _encoding: str) -> bytes:
    return text.encode("latin1")


def _rebuild_parameter(data: TensorRecord, *_ignored: object) -> TensorRecord:
    return data


def _rebuild_tensor(
    storage: StorageRecord, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_ignored: object
) -> TensorRecord:
    return TensorRecord(storage, offset, size, stride)


def _device_name(*arguments: object) -> str:
    return ":".join(
        str(argument) for argument in arguments if isinstance(argument, str) or is_count(argument)
    )


_FUNCTIONS: dict[tuple[str, str], Callable[..., object]] = {
    ("collections", "OrderedDict"): _plain_dict,
    ("builtins", "set"): _set,
    ("builtins", "frozenset"): _frozenset,
    ("__builtin__", "set"): _set,
    ("__builtin__", "frozenset"): _frozenset,
    ("_codecs", "encode"): _encode_latin,
    ("torch", "Size"): tuple,
    ("torch", "device"): _device_name,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}
"""Names that a file may call -> what is called instead."""


class RestrictedUnpickler(pickle.Unpickler):
    """Builds containers, tensor records and inert stand-ins; see the module's docstring."""

    def __init__(self, stream: io.BytesIO, *, read_storage: ReadStorage) -> None:
        super().__init__(stream)
        self._read_storage = read_storage

    def find_class(self, module: str, name: str) -> Any:
        """Return our stand-in for a name of the file; never imports."""
        if function := _FUNCTIONS.get((module, name)):
            return _Function(function)
        if module == "torch" and name in STORAGE_DTYPES:
            return StorageType(STORAGE_DTYPES[name])
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        if is_refused(module, name):
            raise UnsafeCheckpointError(
                f"the file asks for {module}.{name}, which no checkpoint needs; nothing was run. "
                "It may be an attack; do not open it with other tools either"
            )
        return _ForeignType("ForeignObject", (ForeignObject,), {"class_name": f"{module}.{name}"})

    def persistent_load(self, pid: Any) -> object:
        """Return what a persistent id of torch names: a storage, or the stand-in for a module's class."""
        if (
            isinstance(pid, tuple)
            and len(pid) == 4
            and pid[0] == "module"
            and isinstance(pid[1], _ForeignType)
        ):
            return pid[1]  # the old form stores the class's source beside it, for a warning; it stays unread
        if not (isinstance(pid, tuple) and len(pid) in (5, 6) and pid[0] == "storage"):
            raise CheckpointError("the pickle has a persistent id that is not a storage of torch")
        _, kind, key, _location, count = pid[:5]
        if len(pid) == 6 and pid[5] is not None:
            raise CheckpointError("the pickle holds views of storages, a form of torch before 0.4")
        if not (isinstance(kind, StorageType) and isinstance(key, str) and is_count(count)):
            raise CheckpointError(
                "the pickle has a malformed storage: expected its type, key and element count"
            )
        return self._read_storage(key, kind.dtype, count)


def is_refused(module: str, name: str) -> bool:
    """Return whether a file that mentions this name must not be read."""
    if (module, name) in INERT_NAMES or f"{module}.".startswith(INERT_PACKAGES):
        return False
    return module.partition(".")[0] in REFUSED_PACKAGES


def unpickle(stream: io.BytesIO, *, read_storage: ReadStorage) -> Any:
    """Return what the pickle at the stream's position holds; the position moves past it.

    Raises
    ------
    UnsafeCheckpointError : the pickle names or calls something other than data; nothing was run
    CheckpointError : the pickle is damaged
    """
    start = stream.tell()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of odd escapes in texts of damaged files
            check_instructions(stream)
            stream.seek(start)
            return RestrictedUnpickler(stream, read_storage=read_storage).load()
    except CheckpointError:
        raise
    except MALFORMED as error:
        raise CheckpointError(f"the pickle is damaged: {error}") from error
