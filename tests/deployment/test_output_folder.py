import pytest

from isegformer.deployment.description import DESCRIPTION
from isegformer.deployment.output_folder import filled_folder
from isegformer.errors import WriteError


def fill(folder, text, *, overwrite=False):
    with filled_folder(folder, overwrite=overwrite) as temporary:
        (temporary / DESCRIPTION).write_text(text)


def write_half(folder):
    (folder / "file").write_text("x")
    (folder / "rest").write_text(str(1 / 0))


def test_a_folder_appears_as_a_whole(tmp_path):
    with filled_folder(tmp_path / "out", overwrite=False) as temporary:
        (temporary / "file").write_text("x")
        assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "file"]


def test_an_error_leaves_nothing_new_and_keeps_what_was_there(tmp_path):
    fill(tmp_path / "out", "old")
    with pytest.raises(ZeroDivisionError), filled_folder(tmp_path / "out", overwrite=True) as temporary:
        write_half(temporary)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / DESCRIPTION).read_text() == "old"


def test_a_full_disk_is_a_write_error(tmp_path):
    with pytest.raises(WriteError, match="No space left; what was there is intact"):  # noqa: SIM117
        with filled_folder(tmp_path / "out", overwrite=False):
            raise OSError("No space left")
    assert list(tmp_path.iterdir()) == []


def test_only_an_earlier_export_is_replaced(tmp_path):
    fill(tmp_path / "out", "old")
    fill(tmp_path / "out", "new", overwrite=True)
    assert (tmp_path / "out" / DESCRIPTION).read_text() == "new"
    (tmp_path / "scans").mkdir()
    for overwrite in (False, True):
        with pytest.raises(WriteError, match="scans exists and is no earlier export"):
            fill(tmp_path / "scans", "new", overwrite=overwrite)
    with pytest.raises(WriteError, match=r"there is no folder .*none; make it first"):
        fill(tmp_path / "none" / "out", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "scans"]
