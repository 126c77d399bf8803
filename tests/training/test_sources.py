"""Drawing from data folders: which slices, which objects, what with damaged cases."""

import dataclasses
import logging
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from isegformer.datasets import VolumeCases, open_cases
from isegformer.errors import ConfigError, DatasetError, UnreadableCaseError
from isegformer.training.click_samples import ClickSamples
from isegformer.training.clips import Clips
from isegformer.training.config import PropagationTrainingConfig, SourceConfig
from isegformer.training.prepared_volume import VolumeCache, prepared
from isegformer.training.sources import open_sources, source_of

SLICES = SourceConfig(path="cells", form="slices")
VOLUMES = SourceConfig(path="organs", form="volumes")


def opened(data_root, config):
    return source_of(open_cases(config.form, data_root / config.path), config=config)


def drawn_from(source, count=20):
    return [source.draw(np.random.default_rng(seed)) for seed in range(count)]


def numbers_of(slices):
    return {int(labelled.name.split()[-1]) for labelled in slices}


def test_slices_are_drawn_with_their_labels(data_root):
    slices = drawn_from(opened(data_root, SLICES))
    assert {labelled.name for labelled in slices} == {"cell_0", "cell_1", "cell_2"}
    for labelled in slices:
        assert labelled.image.shape == labelled.labels.shape == (48, 64)
        assert set(np.unique(labelled.labels)) == {0, 1, 2}
        assert labelled.image[labelled.labels == 1].min() > 0.7


def test_an_ignored_label_becomes_a_mask(data_root):
    first = opened(data_root, replace(SLICES, ignored_label=2)).draw(np.random.default_rng(0))
    assert set(np.unique(first.labels)) == {0, 1}
    assert first.ignored.sum() > 100


def test_groups_of_labels_are_objects_and_others_background(data_root):
    grouped = opened(data_root, replace(VOLUMES, label_groups=((7, 3),), axes=(2,)))
    assert {int(label) for s in drawn_from(grouped) for label in np.unique(s.labels)} == {0, 7}
    seven = opened(data_root, replace(VOLUMES, label_groups=((7,),), axes=(0,)))
    assert numbers_of(drawn_from(seven)) == set(range(10, 16))


def test_drawn_slices_of_volumes_hold_objects(data_root):
    for labelled in drawn_from(opened(data_root, VOLUMES)):
        assert {0} < set(np.unique(labelled.labels)) <= {0, 3, 7}
        assert labelled.image.shape == labelled.labels.shape
        assert labelled.labels.dtype == np.uint16
        assert labelled.image.min() >= 0
        assert labelled.image.max() <= 1


def test_samples_start_on_the_slices_that_are_asked_for(data_root):
    source = opened(data_root, replace(VOLUMES, axes=(2,), slice_indices=(6, 9, 23)))
    assert numbers_of(drawn_from(source)) == {6, 9}  # slice 23 holds no object


def test_a_volume_without_a_slice_to_start_on_is_named(data_root):
    source = opened(data_root, replace(VOLUMES, axes=(2,), slice_indices=(23,)))
    with pytest.raises(DatasetError, match=r"'case_\d' in organs: no slice across axis 2"):
        source.draw(np.random.default_rng(0))


def test_superpixels_need_no_labels_but_something_to_see(data_root):
    labels_only = opened(data_root, replace(VOLUMES, axes=(0,), objects="superpixels"))
    assert numbers_of(drawn_from(labels_only, 60)) == set(range(4, 16))  # all other slices are black


def test_volumes_without_labels_are_drawn_for_superpixels(data_root, tmp_path):
    (tmp_path / "scans").mkdir()
    for path in (data_root / "organs").glob("*_image.nii.gz"):
        (tmp_path / "scans" / path.name).write_bytes(path.read_bytes())
    source = opened(tmp_path, SourceConfig(path="scans", form="scans", objects="superpixels"))
    assert not any(labelled.labels.any() for labelled in drawn_from(source))


def test_clips_move_in_one_direction_and_stay_inside(data_root):
    source = opened(data_root, replace(VOLUMES, axes=(2,)))
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
    clip = opened(data_root, SLICES).draw_clip(np.random.default_rng(0), length=3, longest_gap=5)
    assert len({labelled.name for labelled in clip}) == 1
    assert len(clip) == 3


def test_the_same_seed_draws_the_same_slice(data_root):
    source = opened(data_root, VOLUMES)
    first, second = (source.draw(np.random.default_rng(4)) for _ in range(2))
    assert first.name == second.name


def test_a_run_opens_the_cases_of_its_split(data_root, click_config):
    config = replace(click_config, index_file="index.json", split="train")
    cells, organs = open_sources(config, data_root=data_root)
    assert {labelled.name for labelled in drawn_from(cells)} == {"cell_0", "cell_1"}
    assert {labelled.name.split()[0] for labelled in drawn_from(organs)} == {"case_1"}


def test_a_run_hands_its_split_to_forms_with_lists_of_their_own(tmp_path, click_config):
    for part in ("image", "annotations"):
        (tmp_path / "knees" / "val" / part).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "knees" / "val" / part / "a.png"), np.ones((8, 9), np.uint8))
    source = SourceConfig(path="knees", form="oai-zib-slices")
    (opened,) = open_sources(replace(click_config, train=(source,), split="val"), data_root=tmp_path)
    assert opened.draw(np.random.default_rng(0)).name == "a"


def test_volumes_are_read_once_while_there_is_room(data_root):
    cases = open_cases("volumes", data_root / "organs")
    reads = []

    def read(number):
        reads.append(number)
        return prepared(cases.read(number), config=VOLUMES)

    roomy, tight = VolumeCache(read), VolumeCache(read, most_bytes=1)
    bytes_of_one = 2 * 20 * 30 * 24  # intensities and labels, 8 bits each
    for number in (0, 1, 0, 1):
        assert roomy.get(number).name == f"case_{number}"
    assert reads == [0, 1]
    for number in (0, 0, 1, 0):
        assert tight.get(number).name == f"case_{number}"
    assert reads == [0, 1, 0, 1, 0]
    reads.clear()
    two = VolumeCache(lambda number: read(number % 2), most_bytes=2 * bytes_of_one)
    for number in (0, 1, 0, 2, 0):
        two.get(number)
    assert reads == [0, 1, 0]  # 2 replaced 1, which was used longest ago


def test_colour_volumes_keep_their_colours(data_root):
    case = open_cases("volumes", data_root / "organs").read(0)
    colours = np.stack([np.full(case.volume.voxels.shape, value, np.uint8) for value in (0, 51, 255)], axis=3)
    coloured = replace(case, volume=type(case.volume)(colours, case.volume.geometry))
    source = source_of(VolumeCases(names=("a",), read_named=lambda _: coloured), config=VOLUMES)
    drawn = source.draw(np.random.default_rng(0))
    np.testing.assert_allclose(drawn.image[0, 0], (0, 0.2, 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"form": "stacks"}, "form of organs is 'stacks', expected one of: .*volumes"),
        ({"slice_indices": ()}, "slice_indices of organs"),
        ({"slice_indices": (-1,)}, "slice_indices of organs"),
        ({"label_groups": ((0,),)}, "labels from 1"),
    ],
)
def test_impossible_sources_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        replace(VOLUMES, **changes)


@pytest.fixture
def damaged_root(data_root, tmp_path):
    """Return a data folder of which one image of three is cut short."""
    for path in (data_root / "cells").glob("*/*.png"):
        copy = tmp_path / path.relative_to(data_root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes()[: 100 if path.match("images/cell_1.png") else None])
    return tmp_path


@pytest.fixture
def damaged_config(click_config):
    return replace(click_config, train=(SLICES,))


def clip_config(config):
    shared = {field.name for field in dataclasses.fields(PropagationTrainingConfig)} - {"architecture"}
    values = {name: getattr(config, name) for name in shared if hasattr(config, name)}
    return PropagationTrainingConfig(**values)


@pytest.mark.parametrize("kind", [ClickSamples, Clips])
def test_a_damaged_case_ends_the_run_and_is_named(kind, damaged_root, damaged_config):
    config = damaged_config if kind is ClickSamples else clip_config(damaged_config)
    samples = kind(open_sources(config, data_root=damaged_root), config=config)
    with pytest.raises(UnreadableCaseError, match=r"'cell_1'.*images/cell_1\.png"):
        [samples[number] for number in range(30)]


@pytest.mark.parametrize("kind", [ClickSamples, Clips])
def test_damaged_cases_are_skipped_when_asked_and_named_once(kind, damaged_root, damaged_config, caplog):
    config = damaged_config if kind is ClickSamples else clip_config(damaged_config)
    config = replace(config, skip_unreadable=True)
    samples = kind(open_sources(config, data_root=damaged_root), config=config)
    with caplog.at_level(logging.WARNING, "isegformer"):
        drawn = [samples[number] for number in range(30)]
    assert len(drawn) == 30
    (message,) = caplog.messages
    assert "skipped: case 'cell_1'" in message


def test_samples_after_a_skip_depend_on_their_number_alone(damaged_root, damaged_config):
    config = replace(damaged_config, skip_unreadable=True)
    ahead, again = (
        ClickSamples(open_sources(config, data_root=damaged_root), config=config) for _ in range(2)
    )
    images = [ahead[number].image for number in range(12)]
    for number in reversed(range(12)):
        assert torch.equal(again[number].image, images[number])


def test_a_folder_of_damaged_cases_alone_ends_the_run(damaged_root, damaged_config):
    for path in (damaged_root / "cells" / "images").iterdir():
        path.write_bytes(b"")
    config = replace(damaged_config, skip_unreadable=True)
    samples = ClickSamples(open_sources(config, data_root=damaged_root), config=config)
    with pytest.raises(DatasetError, match="no usable object in 20 draws"):
        samples[0]
