import io
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isegformer.errors import CheckpointError
from isegformer.models.checkpoint.torch_file import looks_like_torch_file, read_torch_file, state_dict_of

CONTENT = {
    "float": torch.arange(12.0).view(3, 4).T,
    "half": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "bfloat": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    "long": torch.tensor(7),
    "bool": torch.tensor([True, False]),
    "byte": torch.tensor([1, 255], dtype=torch.uint8),
    "empty": torch.zeros(0, 3),
    "parameter": torch.nn.Parameter(torch.ones(2)),
}


def written(content: object, *, is_zip: bool = True) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=is_zip)
    return buffer.getvalue()


@pytest.fixture(params=[True, False], ids=["zip", "legacy"])
def is_zip(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_tensors_of_every_type_come_back_equal(tmp_path, is_zip):
    path = tmp_path / "weights.pth"
    path.write_bytes(written(CONTENT, is_zip=is_zip))
    state = state_dict_of(read_torch_file(path))
    assert list(state) == list(CONTENT)
    for name, expected in CONTENT.items():
        assert state[name].dtype == expected.dtype
        assert torch.equal(state[name], expected.detach())


def test_tensors_that_shared_memory_still_do(tmp_path, is_zip):
    whole = torch.arange(6.0)
    path = tmp_path / "weights.pth"
    path.write_bytes(written({"whole": whole, "part": whole[2:4]}, is_zip=is_zip))
    state = state_dict_of(read_torch_file(path))
    state["whole"][2] = -1
    assert state["part"].tolist() == [-1, 3]


def test_attributes_of_a_state_dict_are_ignored(tmp_path, is_zip):
    path = tmp_path / "weights.pth"
    path.write_bytes(written(torch.nn.Linear(2, 1).state_dict(), is_zip=is_zip))
    assert set(state_dict_of(read_torch_file(path))) == {"weight", "bias"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1, exclude_max=True))
def test_truncated_files_are_refused(tmp_path, is_zip, cut):
    data = written(CONTENT, is_zip=is_zip)
    path = tmp_path / "weights.pth"
    path.write_bytes(data[: int(cut * len(data))])
    with pytest.raises(CheckpointError, match=r"weights\.pth"):
        read_torch_file(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), change=st.binary(min_size=1, max_size=8))
def test_altered_files_give_our_errors_or_tensors(tmp_path, is_zip, place, change):
    data = bytearray(written(CONTENT, is_zip=is_zip))
    start = int(place * len(data))
    data[start : start + len(change)] = change
    path = tmp_path / "weights.pth"
    path.write_bytes(bytes(data))
    try:
        state = state_dict_of(read_torch_file(path))
    except CheckpointError:
        state = {}
    assert all(isinstance(value, torch.Tensor) for value in state.values())


def test_a_flipped_bit_in_the_numbers_of_an_archive_is_noticed(tmp_path):
    data = bytearray(written({"a": torch.full((64,), 3.0)}))
    place = data.index(torch.full((64,), 3.0).numpy().tobytes())
    data[place + 5] ^= 1
    path = tmp_path / "weights.pth"
    path.write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match="CRC"):
        read_torch_file(path)


def repacked(
    path: Path, *, compression: int = zipfile.ZIP_STORED, replace: dict[str, bytes] | None = None
) -> None:
    with zipfile.ZipFile(io.BytesIO(written({"a": torch.zeros(1000)}))) as source:
        members = {name: source.read(name) for name in source.namelist()}
    for ending, content in (replace or {}).items():
        name = next(name for name in members if name.endswith(ending))
        members[name] = content
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, content in members.items():
            target.writestr(name, content)


def test_compressed_archives_are_refused_since_they_may_grow_without_bound(tmp_path):
    repacked(tmp_path / "bomb.pth", compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(CheckpointError, match="compresses"):
        read_torch_file(tmp_path / "bomb.pth")


def test_big_endian_archives_are_refused(tmp_path):
    repacked(tmp_path / "big.pth", replace={"byteorder": b"big"})
    with pytest.raises(CheckpointError, match="big-endian"):
        read_torch_file(tmp_path / "big.pth")


def test_storages_of_another_length_are_refused(tmp_path):
    repacked(tmp_path / "short.pth", replace={"data/0": b"\0" * 3996})
    with pytest.raises(
        CheckpointError, match=r"holds 999 elements of torch\.float32, but the pickle claims 1000"
    ):
        read_torch_file(tmp_path / "short.pth")


def test_archives_of_other_programs_are_refused(tmp_path):
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(CheckpointError, match=r"expected one data\.pkl"):
        read_torch_file(path)


def test_what_a_file_is_shows_in_its_first_bytes(tmp_path):
    path = tmp_path / "file"
    for content, expected in (
        (written({}), True),
        (written({}, is_zip=False), True),
        (b"", False),
        (b"\x80\x02\0\0", False),
    ):
        path.write_bytes(content)
        assert looks_like_torch_file(path) is expected
