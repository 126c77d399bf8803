"""Hostile and damaged pickles: refused with our errors, and nothing runs."""

import argparse
import builtins
import io
import os
import pickle
import struct
import subprocess
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from isegformer.errors import CheckpointError, UnsafeCheckpointError
from isegformer.models import load
from isegformer.models.checkpoint.tensors import StorageRecord, TensorRecord
from isegformer.models.checkpoint.torch_file import (
    LEGACY_MAGIC,
    LEGACY_VERSION,
    read_torch_file,
    state_dict_of,
)
from isegformer.models.checkpoint.unpickler import ForeignObject, unpickle


def no_storage(_key: str, _dtype: torch.dtype, _count: int) -> None:
    raise AssertionError("this pickle has no storages")


def read(data: bytes) -> object:
    return unpickle(io.BytesIO(data), read_storage=no_storage)


class Calls:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.fixture
def foreign(request: pytest.FixtureRequest):
    """Return a module of a package that is forgotten before the file is read."""
    module = types.ModuleType("some_lab")
    sys.modules["some_lab"] = module

    class Loss(torch.nn.Module):
        pass

    class Settings(dict):
        pass

    def run(*_arguments):
        raise AssertionError("foreign code ran")

    for value, name in ((Loss, "Loss"), (Settings, "Settings"), (run, "run")):
        value.__module__, value.__qualname__ = "some_lab", name
        setattr(module, name, value)
    yield module
    sys.modules.pop("some_lab", None)


@pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("place", ["alone", "beside", "inside the state dict"])
def test_a_file_that_would_run_a_command_is_refused_and_runs_nothing(tmp_path, place, is_zip):
    mark = tmp_path / "it_ran"
    bomb = Calls(os.system, f"touch {mark}")
    content = {
        "alone": bomb,
        "beside": {"config": bomb, "state_dict": {"a": torch.zeros(2)}},
        "inside the state dict": {"config": {}, "state_dict": {"a": bomb}},
    }[place]
    path = tmp_path / "bomb.pth"
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(UnsafeCheckpointError, match=r"bomb.pth.*(posix|nt)\.system.*nothing was run"):
        load(path)
    assert not mark.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "call",
    [
        Calls(eval, "1 + 1"),
        Calls(builtins.exec, "x = 1"),
        Calls(getattr, "text", "upper"),
        Calls(__import__, "os"),
        Calls(subprocess.Popen, ["true"]),
        Calls(torch.load, "other.pth"),
        Calls(torch.nn.init.zeros_, 1),
        Calls(torch.zeros, 3),
        Calls(Path, "/"),
        Calls(io.open, "/dev/null"),
        Calls(bytearray, 10),
    ],
    ids=lambda call: call.call[0].__name__,
)
def test_names_that_do_harm_are_refused_by_every_protocol(call, protocol):
    with pytest.raises(UnsafeCheckpointError):
        read(pickle.dumps([call], protocol=protocol))


def test_the_error_names_what_was_asked_for():
    with pytest.raises(UnsafeCheckpointError, match=r"builtins\.eval|__builtin__\.eval"):
        read(pickle.dumps(Calls(eval, "1"), protocol=2))


def test_harmful_names_are_refused_even_when_they_are_not_called():
    with pytest.raises(UnsafeCheckpointError, match="system"):
        read(pickle.dumps({"callback": os.system}, protocol=2))


def test_foreign_classes_become_records_and_are_not_imported(foreign):
    data = pickle.dumps(
        {"loss": foreign.Loss(), "cfg": foreign.Settings(a=1), "class": foreign.Loss}, protocol=2
    )
    del sys.modules["some_lab"]
    content = read(data)
    assert "some_lab" not in sys.modules
    assert isinstance(content["loss"], ForeignObject)
    assert content["loss"].class_name == "some_lab.Loss"
    assert content["loss"].state["training"] is True
    assert content["cfg"].items == [("a", 1)]
    assert repr(content["loss"]) == "<foreign some_lab.Loss>"


@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
def test_the_old_form_keeps_the_source_of_foreign_modules_which_is_not_used(tmp_path, foreign):
    path = tmp_path / "old.pth"
    content = {"loss": foreign.Loss(), "state_dict": {"a": torch.ones(2)}}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    del sys.modules["some_lab"]
    read_back = read_torch_file(path)
    assert read_back["loss"].class_name == "some_lab.Loss"
    assert state_dict_of(read_back["state_dict"])["a"].tolist() == [1, 1]


def test_calling_a_foreign_name_is_refused(foreign):
    data = pickle.dumps([Calls(foreign.run, 1)], protocol=2)
    del sys.modules["some_lab"]
    with pytest.raises(UnsafeCheckpointError, match=r"call some_lab\.run; nothing was run"):
        read(data)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_containers_come_back_equal(protocol):
    content = {
        "a": [1, 2.5, -(10**30), True, None],
        "b": ("text", "тест", b"\x00\xff", {1, 2}, frozenset({3})),
        "c": OrderedDict([("z", 1), ("a", {"deep": []})]),
        "d": [torch.Size([2, 3]), torch.float16],
    }
    assert read(pickle.dumps(content, protocol=protocol)) == {**content, "d": [(2, 3), torch.float16]}


def test_settings_of_a_training_script_are_kept_inert():
    content = read(pickle.dumps(argparse.Namespace(epochs=55), protocol=2))
    assert isinstance(content, ForeignObject)
    assert content.state == {"epochs": 55}


BUILD_ON_ORDERED_DICT_CLASS = b"\x80\x02ccollections\nOrderedDict\n}X\x01\x00\x00\x00aK\x01sb."
BUILD_ON_REBUILD = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}X\x0c\x00\x00\x00__defaults__N\x86s\x86b."
BUILD_ON_STORAGE_TYPE = b"\x80\x02ctorch\nFloatStorage\nN}X\x05\x00\x00\x00dtypeK\x01s\x86b."


@pytest.mark.parametrize("data", [BUILD_ON_ORDERED_DICT_CLASS, BUILD_ON_REBUILD, BUILD_ON_STORAGE_TYPE])
def test_a_pickle_cannot_alter_its_reader(data):
    with pytest.raises(CheckpointError):
        read(data)
    assert read(pickle.dumps(OrderedDict(a=1), protocol=2)) == {"a": 1}


def test_memo_slots_beyond_the_file_are_refused():
    with pytest.raises(CheckpointError, match="memo slot 4294967295"):
        read(b"\x80\x02Nr\xff\xff\xff\xff.")


def test_strings_longer_than_the_file_are_refused():
    with pytest.raises(CheckpointError, match="damaged"):
        read(b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"x.")


def nested_pair(depth: int) -> bytes:
    """Return instructions for a pair of twice the same pair, `depth` levels deep: 2 ** depth to hash."""
    return b"K\x01" + b"2\x86" * depth  # a number, then DUP and TUPLE2 for each level


HASHED = {
    "set item": b"}" + nested_pair(40) + b"Ns.",
    "set items": b"}(K\x01N" + nested_pair(40) + b"Nu.",
    "dictionary from the stack": b"(" + nested_pair(40) + b"Nd.",
    "set": b"\x8f(" + nested_pair(40) + b"\x90.",
    "frozenset": b"(" + nested_pair(40) + b"\x91.",
    "set from a list": b"cbuiltins\nset\n]" + nested_pair(40) + b"a\x85R.",
    "frozenset from a list": b"c__builtin__\nfrozenset\n]" + nested_pair(40) + b"a\x85R.",
    "ordered dictionary from pairs": b"ccollections\nOrderedDict\n](" + nested_pair(40) + b"Nla\x85R.",
    "ordered dictionary": b"ccollections\nOrderedDict\n)R" + nested_pair(40) + b"Ns.",
    "from the memo": b"}" + nested_pair(40) + b"q\x000h\x00Ns.",
    "memoised": b"}" + nested_pair(40) + b"\x940h\x00Ns.",
    "below a dropped mark": b"}" + nested_pair(40) + b"(0Ns.",
    "below a dropped list": b"}" + nested_pair(40) + b"(K\x01K\x021Ns.",
}


@pytest.mark.parametrize("data", HASHED.values(), ids=HASHED)
def test_what_takes_endless_to_hash_is_refused_as_a_key(data):
    with pytest.raises(CheckpointError, match="a key or a member of a set"):
        read(b"\x80\x04" + data)


def test_keys_and_members_are_texts_and_numbers():
    content = {"a": 1, 2: "b", 2.5: None, None: True, False: {1, "c", b"d"}, b"e": frozenset({"f"})}
    assert read(pickle.dumps(content, protocol=4)) == content
    assert read(pickle.dumps(OrderedDict(content), protocol=4)) == content
    old = {"a": 1, 2: {"c", b"d", 1.5}, None: frozenset({3})}
    assert read(pickle.dumps(OrderedDict(old), protocol=0)) == old
    assert read(b"\x80\x02ccollections\nOrderedDict\n](]K\x01aK\x02ae\x85R.") == {1: 2}


def test_names_of_storages_in_the_old_form_are_texts(tmp_path):
    data = b"".join(pickle.dumps(part, protocol=2) for part in (LEGACY_MAGIC, LEGACY_VERSION, {}, {}))
    path = tmp_path / "old.pth"
    path.write_bytes(data + b"\x80\x02]" + nested_pair(40) + b"a.")
    with pytest.raises(CheckpointError, match="list of storages"):
        read_torch_file(path)


def tensor_pickle(*, offset: int, size: tuple, stride: tuple) -> TensorRecord:
    """A record on a storage of six numbers 0 to 5, as `_rebuild_tensor_v2` makes it."""

    class Storage:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (None, offset, size, stride, False, OrderedDict())

    record = read(pickle.dumps(Storage(), protocol=2))
    assert isinstance(record, TensorRecord)
    return record


def on_six_numbers(*, offset: object, size: object, stride: object) -> torch.Tensor:
    return TensorRecord(StorageRecord(torch.arange(6)), offset, size, stride).tensor()


def test_views_of_a_storage_are_rebuilt():
    assert on_six_numbers(offset=1, size=(2, 2), stride=(1, 2)).tolist() == [[1, 3], [2, 4]]
    assert on_six_numbers(offset=5, size=(), stride=()).item() == 5
    assert on_six_numbers(offset=0, size=(0, 3), stride=(3, 1)).shape == (0, 3)


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (7,), (1,)),
        (1, (6,), (1,)),
        (0, (2, 2), (5, 1)),
        (0, (2,), (2**62,)),
        (6, (), ()),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (-2,), (1,)),
        (0, (2,), (1, 1)),
        (0, (2**40,), (0,)),
        (0, (True,), (1,)),
        (0, (2.0,), (1,)),
        (0, [2], (1,)),
        pytest.param(10**5000, (2,), (1,), id="endless"),
        ("0", (2,), (1,)),
    ],
)
def test_views_outside_their_storage_are_refused(offset, size, stride):
    with pytest.raises(CheckpointError):
        on_six_numbers(offset=offset, size=size, stride=stride)


def test_a_tensor_without_a_storage_is_refused():
    with pytest.raises(CheckpointError, match="no storage"):
        tensor_pickle(offset=0, size=(1,), stride=(1,)).tensor()


def test_a_storage_claimed_larger_than_its_bytes_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.arange(7.0)}, path)
    data = path.read_bytes()
    assert data.count(b"K\x07") > 0
    path.write_bytes(rewritten(data, b"K\x07", b"K\x09"))
    with pytest.raises(CheckpointError, match="the pickle claims 9"):
        read_torch_file(path)


def rewritten(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return a zip archive of torch with `old` replaced in its pickle, checksums made right."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            content = source.read(name)
            out.writestr(name, content.replace(old, new) if name.endswith("data.pkl") else content)
    return target.getvalue()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_random_bytes_give_our_errors_only(data):
    try:
        read(b"\x80\x02" + data)
    except CheckpointError:
        pass
    else:
        assert data  # a few random programs are valid


GOOD = pickle.dumps({"a": [1, 2, OrderedDict(x=torch.Size([3])), ("t", {4})], "b": "text" * 5}, protocol=2)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6))
def test_altered_pickles_give_our_errors_only(position, change):
    try:
        content = read(GOOD[:position] + change + GOOD[position + len(change) :])
    except CheckpointError:
        content = None
    assert content is None or content is not NotImplemented


@pytest.mark.parametrize("length", range(0, len(GOOD), 7))
def test_truncated_pickles_are_refused(length):
    with pytest.raises(CheckpointError):
        read(GOOD[:length])


def test_state_dicts_hold_names_and_tensors_only():
    with pytest.raises(CheckpointError, match="is a list"):
        state_dict_of([1])
    with pytest.raises(CheckpointError, match="maps 'a' to a int"):
        state_dict_of({"a": 1})
    with pytest.raises(CheckpointError, match="maps a tuple to a int"):
        state_dict_of({(1,): 1})
