"""`isegformer propagate`, from files to files."""

import numpy as np
import pytest

from isegformer.volume import Geometry, LabelMap, read_label_map, read_volume, write_label_map


@pytest.fixture
def partial(tmp_path, ball, geometry):
    """Write annotations of the ball on slices 4 and 8 across axis 2, and return path and labels."""
    labels = np.zeros(ball.shape, np.uint16)
    labels[:, :, [4, 8]] = np.where(ball, 3, 0)[:, :, [4, 8]]
    path = tmp_path / "partial.nrrd"
    write_label_map(LabelMap(labels, geometry, {3: "ball"}), path)
    return path, labels


@pytest.fixture
def propagate(run, volume_file, partial, tmp_path):
    """Run `propagate` with further arguments."""

    def run_propagate(*arguments, annotations=partial[0], output="mask.nrrd"):
        return run(
            "propagate", volume_file, "--annotations", annotations, "-o", tmp_path / output, *arguments
        )

    return run_propagate


@pytest.mark.parametrize("method", ["combined", "interpolate", "stcn"])
def test_annotated_slices_stay_as_they_are(propagate, partial, stcn_weights, tmp_path, method):
    done = propagate("--method", method, "--weights", stcn_weights, "--device", "cpu", "--json")
    assert done.code == 0, done.err
    labels = read_label_map(tmp_path / "mask.nrrd").labels
    assert np.array_equal(labels[:, :, [4, 8]], partial[1][:, :, [4, 8]])
    assert done.record["axis"] == 2
    assert done.record["annotated_slices"] == [4, 8]


def test_interpolation_between_equal_slices_repeats_them(propagate, ball, tmp_path):
    propagate("--method", "interpolate")
    labels = read_label_map(tmp_path / "mask.nrrd").labels
    assert np.array_equal(ball[:, :, 4], ball[:, :, 8])
    assert all(np.array_equal(labels[:, :, k] == 3, ball[:, :, 4]) for k in range(4, 9))
    assert not labels[:, :, :4].any()
    assert not labels[:, :, 9:].any()


def test_names_and_grid_are_those_of_the_input(propagate, volume_file, tmp_path):
    done = propagate("--method", "interpolate", "--json")
    mask = read_label_map(tmp_path / "mask.nrrd")
    assert mask.names == {3: "ball"}
    assert mask.geometry.is_close(read_volume(volume_file).geometry, 1e-4)
    assert done.record["objects"][0]["name"] == "ball"
    assert done.record["objects"][0]["volume_ml"] == pytest.approx(
        np.count_nonzero(mask.labels) * 0.9 * 0.7 * 2.5 / 1000, rel=1e-3
    )


def test_a_given_axis_is_used(propagate, tmp_path, ball, geometry):
    labels = np.zeros(ball.shape, np.uint16)
    labels[[8, 16]] = ball[[8, 16]]
    labels[8, :, 6] = labels[16, :, 6] = 1
    path = tmp_path / "across_i.nii.gz"
    write_label_map(LabelMap(labels, geometry), path)
    done = propagate("--method", "interpolate", "--axis", "0", "--json", annotations=path)
    assert done.record["annotated_slices"] == [8, 16]
    assert np.array_equal(read_label_map(tmp_path / "mask.nrrd").labels[[8, 16]], labels[[8, 16]])


@pytest.mark.parametrize("method", ["combined", "interpolate"])
def test_the_next_slices_are_suggested_on_request(propagate, stcn_weights, method):
    arguments = ("--method", method, "--weights", stcn_weights, "--device", "cpu", "--json")
    done = propagate(*arguments, "--suggest", "3")
    assert done.code == 0, done.err
    suggestions = done.record["suggestions"]
    assert len(suggestions) == len({item["slice"] for item in suggestions}) == 3
    assert not {4, 8} & {item["slice"] for item in suggestions}
    assert 0 < done.record["predicted_dice"]["3"] <= 1
    assert suggestions[0]["reason"].startswith("object 3: ")
    assert "suggestions" not in propagate(*arguments).record


def test_suggestions_are_told_to_a_person(propagate):
    done = propagate("--method", "interpolate", "--suggest", "1")
    told = " ".join(done.out.split())
    assert "predicted dice" in told
    assert "reason: object 3: it may go on where it was ended" in told


def test_annotations_on_another_grid_are_refused(propagate, tmp_path, ball, geometry):
    moved = geometry.affine.copy()
    moved[0, 3] += 1
    path = tmp_path / "moved.nii.gz"
    write_label_map(LabelMap(ball.astype(np.uint16), Geometry(ball.shape, moved)), path)
    done = propagate(annotations=path)
    assert done.code == 1
    assert "lie elsewhere in space than the volume" in done.err


def test_annotations_of_another_shape_are_refused(propagate, tmp_path, ball, geometry):
    path = tmp_path / "small.nii.gz"
    small = ball[:-1].astype(np.uint16)
    write_label_map(LabelMap(small, Geometry(small.shape, geometry.affine)), path)
    done = propagate(annotations=path)
    assert done.code == 1
    assert "have shape (23, 20, 12), expected that of the volume, (24, 20, 12)" in done.err


@pytest.mark.parametrize(
    ("value", "told"), [(0, "hold no label"), (1, "all 12 slices across axis 2 hold labels")]
)
def test_annotations_that_leave_nothing_to_do_are_refused(propagate, tmp_path, geometry, value, told):
    path = tmp_path / "full.nii.gz"
    write_label_map(LabelMap(np.full(geometry.shape, value, np.uint16), geometry), path)
    done = propagate("--axis", "2", annotations=path)
    assert done.code == 1
    assert told in done.err


def test_suggestions_know_where_a_person_says_the_object_ends(propagate):
    arguments = ("--method", "interpolate", "--suggest", "2", "--json")
    free = [item["slice"] for item in propagate(*arguments).record["suggestions"]]
    told = [item["slice"] for item in propagate(*arguments, "--extent", "3=4:10").record["suggestions"]]
    assert min(free) < 4
    assert set(told) <= {9, 10}


def test_annotations_are_never_replaced_by_what_is_made_of_them(propagate, volume_file, partial):
    path, _ = partial
    before = path.read_bytes()
    for output in (volume_file, path):
        done = propagate(output=output)
        assert done.code == 1
        assert "is what the command reads, and would be lost" in done.err
    assert path.read_bytes() == before


def test_an_object_that_is_left_out_between_its_slices_is_told(propagate, tmp_path, geometry):
    labels = np.zeros(geometry.shape, np.uint16)
    labels[5:12, 5:12, (2, 4, 9)] = 1
    labels[15:20, 5:12, (2, 4, 6, 9, 11)] = 4
    path = tmp_path / "two.nrrd"
    write_label_map(LabelMap(labels, geometry, {1: "liver", 4: "spleen"}), path)
    done = propagate("--method", "interpolate", annotations=path)
    assert done.code == 0
    assert " ".join(done.err.split()).startswith("warning: 'liver' is not on slices 6, but on annotated")
    assert "spleen" not in done.err
