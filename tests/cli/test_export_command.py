import json

from isegformer.cli.export import ExportFormat
from isegformer.deployment import FILE_FORMATS


def test_the_command_offers_the_formats_that_there_are():
    assert {form.value for form in ExportFormat} == set(FILE_FORMATS)


def test_bundled_weights_are_exported_by_name_and_compared_on_a_slice(run, volume_file, tmp_path):
    done = run("export", "compact", tmp_path / "out", "--format", "onnx", "--check", volume_file, "--json")
    assert done.code == 0, done.err
    record = done.record
    assert record["files"] == ["isegformer.json", "network.onnx"]
    assert (record["kind"], record["format"]) == ("click", "onnx")
    assert record["compared"][0]["height"] == 24  # the volume's spacing is coarsest across axis 2
    assert record["compared"][0]["width"] == 20
    assert 0 < record["largest_difference"] < 1e-4
    description = json.loads((tmp_path / "out" / "isegformer.json").read_text(encoding="utf-8"))
    assert description["settings"]["click_radius_px"] == 5.0


def test_weights_of_ones_own_are_exported_and_a_person_is_told_how_well(run, click_weights, tmp_path):
    done = run("export", click_weights, tmp_path / "out", "--format", "torchscript")
    assert done.code == 0, done.err
    assert "largest difference" in done.out


def test_what_cannot_be_is_one_line_and_leaves_nothing(run, click_weights, volume_file, tmp_path):
    (tmp_path / "scans").mkdir()
    for arguments, reason in (
        ((click_weights, tmp_path / "scans"), "is no earlier export"),
        (("no-such-weights", tmp_path / "out"), "neither a file nor a name"),
        ((click_weights, tmp_path / "out", "--check", tmp_path / "none.png"), "does not exist"),
    ):
        done = run("export", *arguments, "--format", "torchscript")
        assert done.code == 1
        assert reason in done.err
        assert len(done.err.strip().splitlines()) == 1
    assert run("export", click_weights, tmp_path / "out", "--format", "caffe").code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scans", volume_file.name]
