import csv
import io

import numpy as np
import pytest

from isegformer.exports import ObjectSize, measure_objects, sizes_as_csv
from isegformer.volume import Geometry, LabelMap


def test_volume_is_voxels_times_the_volume_of_one():
    labels = np.zeros((10, 10, 10), np.uint16)
    labels[2:8, 2:8, 2:8] = 1
    labels[0, 0, 0] = 7
    sheared = np.array([[0.5, 0.3, 0, 0], [0, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]])  # determinant 3
    first, second, third = measure_objects(
        LabelMap(labels, Geometry((10, 10, 10), sheared), {1: "cube", 2: "none yet"})
    )
    assert (first.label, first.name, first.voxels) == (1, "cube", 216)
    assert first.volume_ml == pytest.approx(216 * 3 / 1000)
    assert (second.name, second.voxels, second.volume_ml, second.surface_cm2) == ("none yet", 0, 0, 0)
    assert (third.name, third.voxels) == ("label 7", 1)


def test_surface_is_in_square_centimetres(ball_map):
    (size,) = measure_objects(ball_map)
    assert size.surface_cm2 == pytest.approx(4 * np.pi * 1.2**2, rel=0.04)


def test_the_table_reads_back_and_carries_nothing_out():
    names = ['plain, with "quotes"\nand a line', "=HYPERLINK(1)", "@x"]
    sizes = [
        ObjectSize(label=n, name=name, voxels=5, volume_ml=0.12345, surface_cm2=1.5)
        for n, name in enumerate(names)
    ]
    rows = list(csv.DictReader(io.StringIO(sizes_as_csv(sizes), newline="")))
    assert [row["name"] for row in rows] == [names[0], "'=HYPERLINK(1)", "'@x"]
    assert rows[0] == {
        "label": "0",
        "name": names[0],
        "voxels": "5",
        "volume_ml": "0.1235",
        "surface_cm2": "1.500",
    }


def test_an_empty_map_gives_the_heading_alone():
    empty = LabelMap(np.zeros((2, 3, 4), np.uint8), Geometry((2, 3, 4), np.eye(4)))
    assert sizes_as_csv(measure_objects(empty)) == "label,name,voxels,volume_ml,surface_cm2\n"
