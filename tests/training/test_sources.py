import cv2
import numpy as np
import pytest

from isegformer.errors import DatasetError
from isegformer.training.config import SourceConfig
from isegformer.training.sources import SliceFolder, VolumeFolder, read_image, read_split

SLICES = SourceConfig(path="cells", form="slices")
VOLUMES = SourceConfig(path="organs", form="volumes")


def test_slices_are_pairs_of_image_and_labels(data_root):
    source = SliceFolder(data_root / "cells", config=SLICES)
    first = source.read(0)
    assert len(source) == 3
    assert first.name == "cell_0"
    assert first.image.shape == first.labels.shape == (48, 64)
    assert set(np.unique(first.labels)) == {0, 1, 2}
    assert first.image[first.labels == 1].min() > 0.7
    assert first.labels.dtype == np.uint16


def test_ignored_label_becomes_a_mask(data_root):
    config = SourceConfig(path="cells", form="slices", ignored_label=2)
    first = SliceFolder(data_root / "cells", config=config).read(0)
    assert set(np.unique(first.labels)) == {0, 1}
    assert first.ignored.sum() > 100


def test_drawn_slices_of_volumes_hold_objects(data_root):
    source = VolumeFolder(data_root / "organs", config=VOLUMES)
    for seed in range(20):
        drawn = source.draw(np.random.default_rng(seed))
        assert {0} < set(np.unique(drawn.labels)) <= {0, 3, 7}
        assert drawn.image.shape == drawn.labels.shape
        assert drawn.image.min() >= 0
        assert drawn.image.max() <= 1


def test_clips_move_in_one_direction_and_stay_inside(data_root):
    source = VolumeFolder(data_root / "organs", config=SourceConfig(path="organs", form="volumes", axes=(2,)))
    directions = set()
    for seed in range(20):
        clip = source.draw_clip(np.random.default_rng(seed), length=3, longest_gap=2)
        numbers = [int(labelled.name.split()[-1]) for labelled in clip]
        steps = np.diff(numbers)
        assert (np.abs(steps) <= 2).all()
        assert (steps >= 0).all() or (steps <= 0).all()
        assert 0 <= min(numbers) <= max(numbers) < 24
        directions.add(int(np.sign(steps.sum())))
    assert directions >= {-1, 1}


def test_a_clip_of_an_image_repeats_it(data_root):
    clip = SliceFolder(data_root / "cells", config=SLICES).draw_clip(
        np.random.default_rng(0), length=3, longest_gap=5
    )
    assert len({labelled.name for labelled in clip}) == 1
    assert len(clip) == 3


def test_the_same_seed_draws_the_same_slice(data_root):
    source = VolumeFolder(data_root / "organs", config=VOLUMES)
    first, second = (source.draw(np.random.default_rng(4)) for _ in range(2))
    assert first.name == second.name


def test_the_index_names_the_cases_of_a_split(data_root):
    assert read_split(data_root / "index.json", folder="cells", split="val") == ["cell_2"]
    with pytest.raises(DatasetError, match="no split 'test' of 'cells'"):
        read_split(data_root / "index.json", folder="cells", split="test")
    with pytest.raises(DatasetError, match="cannot read the index"):
        read_split(data_root / "absent.json", folder="cells", split="val")


def test_a_case_that_is_missing_is_named(data_root):
    with pytest.raises(DatasetError, match="'cell_9'"):
        SliceFolder(data_root / "cells", config=SLICES, cases=["cell_0", "cell_9"])


def test_a_folder_of_another_form_is_refused_with_the_expected_one(data_root, tmp_path):
    with pytest.raises(DatasetError, match="images/<name>"):
        SliceFolder(data_root / "organs", config=SLICES)
    with pytest.raises(DatasetError, match="no pair of image and label"):
        VolumeFolder(data_root / "cells", config=VOLUMES)
    with pytest.raises(DatasetError, match="not a folder"):
        VolumeFolder(tmp_path / "absent", config=VOLUMES)


def test_a_damaged_image_is_named(tmp_path):
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "broken.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(DatasetError, match=r"broken\.png"):
        SliceFolder(tmp_path, config=SLICES).read(0)


def test_labels_of_another_size_are_refused(tmp_path):
    for part, shape in (("images", (8, 9)), ("labels", (9, 8))):
        (tmp_path / part).mkdir()
        cv2.imwrite(str(tmp_path / part / "a.png"), np.ones(shape, np.uint8))
    with pytest.raises(DatasetError, match=r"shape \(9, 8\), expected the size of its image, \(8, 9\)"):
        SliceFolder(tmp_path, config=SLICES).read(0)


def test_colour_images_are_read_as_red_green_blue(tmp_path):
    cv2.imwrite(str(tmp_path / "red.png"), np.full((4, 5, 3), (0, 0, 255), np.uint8))
    assert (read_image(tmp_path / "red.png") == (1, 0, 0)).all()


def test_sixteen_bit_images_are_scaled_by_their_range(tmp_path):
    values = np.linspace(1000, 3000, 200).reshape(10, 20).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), values)
    image = read_image(tmp_path / "deep.png")
    assert (image.min(), image.max()) == (0, 1)
