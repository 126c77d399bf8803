"""OME-Zarr and plain Zarr arrays: where voxels lie, every way to store them, and hostile folders."""

import gzip
import json
import os
import struct
import sys
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

from isegformer import scratch
from isegformer.errors import DependencyError, GeometryError, VolumeReadError
from isegformer.volume import LabelMap, Volume, axis_codes, read_label_map, read_volume, write_label_map
from isegformer.volume.io import zarr_metadata
from isegformer.volume.io.limits import ReadLimits, read_limits
from isegformer.volume.io.ome_zarr import content_of
from isegformer.volume.io.zarr_compression import COMPRESSIONS, unfold

SPACING_MM = (0.5, 0.75, 2.0)
SHAPE = (3, 4, 5)
VALUES = np.arange(60, dtype=np.int16).reshape(SHAPE)
"""z, y, x"""

AXES = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
SCALE = [{"type": "scale", "scale": [2.0, 0.75, 0.5]}]


def image(path: Path, values=VALUES, *, ngff="0.4", axes=AXES, own=SCALE, whole=None, **settings) -> Path:
    """Write an OME-Zarr image of one resolution."""
    older = ngff == "0.4"
    group = zarr.open_group(path, mode="w", zarr_format=2 if older else 3)
    settings = {"chunks": tuple(min(2, n) for n in values.shape), "dtype": values.dtype} | settings
    array = group.create_array("0", shape=values.shape, **settings)
    array[...] = values
    multiscale = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": own}]}
    if whole is not None:
        multiscale["coordinateTransformations"] = whole
    if older:
        group.attrs["multiscales"] = [multiscale | {"version": ngff}]
    else:
        group.attrs["ome"] = {"version": ngff, "multiscales": [multiscale]}
    return path


def plain(path: Path, values=VALUES, *, zarr_format=3, **settings) -> Path:
    """Write an array that is no image."""
    settings = {"chunks": (2, 2, 2), "dtype": values.dtype} | settings
    array = zarr.create_array(path, shape=values.shape, zarr_format=zarr_format, **settings)
    array[...] = values
    return path


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_folder_tells_what_it_holds(tmp_path, zarr_format):
    zarr.open_group(tmp_path / "group", mode="w", zarr_format=zarr_format)
    plain(tmp_path / "array", zarr_format=zarr_format)
    image(tmp_path / "image", ngff={2: "0.4", 3: "0.5"}[zarr_format])
    assert [content_of(tmp_path / name) for name in ("group", "array", "image")] == [
        "group", "array", "image",
    ]  # fmt: skip
    with pytest.raises(VolumeReadError, match=r"absent.*holds no zarr\.json"):
        content_of(tmp_path / "absent")


def edit(path: Path, change) -> None:
    """Change a file of metadata."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("ngff", ["0.4", "0.5"])
def test_image_lies_where_scale_and_translation_put_it(ngff, tmp_path):
    axes = [
        {"name": "z", "type": "space", "unit": "micrometer"},
        {"name": "y", "type": "space", "unit": "nanometer"},
        {"name": "x", "type": "space"},
    ]
    own = [
        {"type": "scale", "scale": [1000, 250000, 0.5]},
        {"type": "translation", "translation": [500, -1e6, 3]},
    ]
    whole = [
        {"type": "scale", "scale": [2, 3, 1]},
        {"type": "translation", "translation": [0, 5e5, -1]},
    ]
    volume = read_volume(image(tmp_path / "scan.ome.zarr", ngff=ngff, axes=axes, own=own, whole=whole))
    assert volume.voxels.dtype == np.int16
    np.testing.assert_array_equal(volume.voxels, VALUES.transpose(2, 1, 0))
    assert volume.voxels[4, 1, 2] == 2 * 20 + 1 * 5 + 4
    # x: 0.5 and 3 - 1 mm; y: 3 * 0.25 and 3 * -1 + 0.5 mm; z: 2 * 1 and 2 * 0.5 mm; x and y turn to RAS
    expected = [[-0.5, 0, 0, -2], [0, -0.75, 0, 2.5], [0, 0, 2, 1], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.geometry.affine, expected, atol=1e-12)
    assert axis_codes(volume.geometry.affine) == ("L", "P", "S")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_plain_array_takes_the_spacing_that_it_is_given(zarr_format, tmp_path):
    path = plain(tmp_path / "array", zarr_format=zarr_format)
    volume = read_volume(path, spacing_mm=SPACING_MM)
    np.testing.assert_array_equal(volume.voxels, VALUES.T)
    np.testing.assert_array_equal(volume.geometry.affine, np.diag([-0.5, -0.75, 2, 1]))
    with pytest.raises(VolumeReadError, match=r"array .*pass spacing_mm=\(along x.*along z\).* --spacing"):
        read_volume(path)
    with pytest.raises(GeometryError, match="above 0"):
        read_volume(path, spacing_mm=(1, -1, 1))


def test_plain_array_that_names_its_axes_is_read_by_them(tmp_path):
    path = plain(tmp_path / "a.zarr", dimension_names=("x", "z", "y"))
    volume = read_volume(path, spacing_mm=SPACING_MM)
    np.testing.assert_array_equal(volume.voxels, VALUES.transpose(0, 2, 1))
    assert volume.geometry.spacing_mm == SPACING_MM


def test_image_refuses_a_spacing(tmp_path):
    with pytest.raises(GeometryError, match="its own spacing"):
        read_volume(image(tmp_path / "a.zarr"), spacing_mm=SPACING_MM)


def test_image_is_known_by_its_content_too(tmp_path):
    for ngff, name in (("0.4", "older"), ("0.5", "newer")):
        assert read_volume(image(tmp_path / name, ngff=ngff)).voxels.shape == (5, 4, 3)


def test_mask_can_be_written_for_and_read_from_an_image(tmp_path):
    volume = read_volume(image(tmp_path / "a.zarr", ngff="0.5"))
    write_label_map(LabelMap(volume.voxels.astype(np.uint16), volume.geometry), tmp_path / "mask.nii.gz")
    assert read_volume(tmp_path / "mask.nii.gz").geometry.is_close(volume.geometry)
    np.testing.assert_array_equal(read_label_map(tmp_path / "a.zarr").labels, volume.voxels)


def test_axes_of_length_1_fall_away_and_colours_stay(tmp_path):
    axes = [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"}, *AXES]
    own = [{"type": "scale", "scale": [9, 1, 2.0, 0.75, 0.5]}]
    single = read_volume(image(tmp_path / "single.zarr", VALUES[None, None], axes=axes, own=own))
    np.testing.assert_array_equal(single.voxels, VALUES.T)
    assert single.geometry.spacing_mm == SPACING_MM
    colours = np.random.default_rng(0).integers(0, 256, (1, 3, *SHAPE)).astype(np.uint8)
    coloured = read_volume(image(tmp_path / "colours.zarr", colours, axes=axes, own=own))
    np.testing.assert_array_equal(coloured.voxels, colours[0].transpose(3, 2, 1, 0))
    flat = read_volume(
        image(tmp_path / "flat.zarr", VALUES[0], axes=AXES[1:], own=[{"type": "scale", "scale": [3, 2]}])
    )
    assert flat.voxels.shape == (5, 4, 1)
    assert flat.geometry.spacing_mm == (2, 3, 1)


@pytest.mark.parametrize(("place", "name"), [(0, "t"), (1, "c")])
def test_several_time_points_or_channels_are_refused(place, name, tmp_path):
    axes = [{"name": "t"}, {"name": "c", "type": "channel"}, *AXES]
    own = [{"type": "scale", "scale": [1, 1, 2.0, 0.75, 0.5]}]
    values = np.repeat(VALUES[None, None], 3, axis=place)  # int16: no colours
    with pytest.raises(VolumeReadError, match=f"axis {name} has length 3, .* save one time point or channel"):
        read_volume(image(tmp_path / "a.zarr", values, axes=axes, own=own))


@pytest.mark.parametrize(
    "compressor",
    [
        None,
        *(numcodecs.Blosc(cname=name, shuffle=1) for name in ("lz4", "zstd", "zlib", "blosclz")),
        *(
            numcodecs.Zstd(),
            numcodecs.LZ4(),
            numcodecs.GZip(),
            numcodecs.Zlib(),
            numcodecs.BZ2(),
            numcodecs.LZMA(),
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize(("order", "separator", "dtype"), [("C", ".", ">i2"), ("F", "/", "<i2")])
def test_all_ways_to_store_an_array_of_zarr_2_are_read(compressor, order, separator, dtype, tmp_path):
    path = image(
        tmp_path / "a.zarr",
        VALUES.astype(dtype),
        compressors=compressor,
        order=order,
        chunk_key_encoding={"name": "v2", "separator": separator},
    )
    np.testing.assert_array_equal(read_volume(path).voxels, VALUES.T)


@pytest.mark.parametrize(
    "packing",
    [
        None,
        [GzipCodec()],
        [ZstdCodec()],
        [ZstdCodec(checksum=True), Crc32cCodec()],
        [Crc32cCodec(), BloscCodec(typesize=2)],
    ],
    ids=["none", "gzip", "zstd", "zstd+crc32c", "crc32c+blosc"],
)
@pytest.mark.parametrize("shards", [None, (4, 4, 8)])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_all_ways_to_store_an_array_of_zarr_3_are_read(packing, shards, endian, tmp_path):
    path = image(
        tmp_path / "a.zarr",
        ngff="0.5",
        compressors=packing,
        serializer=zarr.codecs.BytesCodec(endian=endian),
        filters=[TransposeCodec(order=(2, 0, 1))],
        shards=shards,
    )
    np.testing.assert_array_equal(read_volume(path).voxels, VALUES.T)


def test_an_index_at_the_start_of_a_shard_is_found(tmp_path):
    shard = ShardingCodec(chunk_shape=(2, 2, 2), index_location="start")
    path = plain(tmp_path / "a.zarr", chunks=(2, 4, 6), serializer=shard, compressors=None)
    np.testing.assert_array_equal(read_volume(path, spacing_mm=SPACING_MM).voxels, VALUES.T)


@pytest.mark.parametrize("shards", [None, (4, 4, 8)])
def test_shards_and_chunks_are_read_in_parts_smaller_than_they(shards, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "SLAB_BYTES", 40)
    monkeypatch.setattr(scratch, "LARGE_BYTES", 0)
    path = plain(tmp_path / "a.zarr", shards=shards)
    np.testing.assert_array_equal(read_volume(path, spacing_mm=SPACING_MM).voxels, VALUES.T)


@pytest.mark.parametrize("ngff", ["0.4", "0.5"])
def test_missing_chunks_hold_the_fill_value(ngff, tmp_path):
    path = image(tmp_path / "a.zarr", ngff=ngff, fill_value=-7)
    chunk = path / "0" / ("1.1.0" if ngff == "0.4" else "c/1/1/0")
    chunk.unlink()
    expected = VALUES.copy()
    expected[2:, 2:, :2] = -7
    np.testing.assert_array_equal(read_volume(path).voxels, expected.T)


@pytest.mark.parametrize(
    ("value", "expected"), [("NaN", np.nan), ("-Infinity", -np.inf), (0.5, 0.5), (None, 0)]
)
def test_fill_values_of_floats_are_read_as_json_has_them(value, expected, tmp_path):
    path = plain(tmp_path / "a.zarr", VALUES.astype(np.float32), zarr_format=2)
    edit(path / ".zarray", lambda content: content.update(fill_value=value))
    (path / "0.0.0").unlink()
    assert np.array_equal(read_volume(path, spacing_mm=SPACING_MM).voxels[0, 0, 0], expected, equal_nan=True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_what_zarr_writes_is_read(data, tmp_path_factory):
    shape = data.draw(st.tuples(*[st.integers(1, 9)] * 3))
    chunks = data.draw(st.tuples(*[st.integers(1, 10)] * 3))
    dtype = data.draw(
        st.sampled_from(["u1", "i1", "<u2", ">i2", "<u4", ">i4", "<u8", ">i8", "<f2", ">f4", "<f8"])
    )
    factors = data.draw(st.none() | st.tuples(*[st.integers(1, 3)] * 3))
    zarr_format = 2 if factors is None and data.draw(st.booleans()) else 3
    shards = None if factors is None else tuple(a * b for a, b in zip(chunks, factors, strict=True))
    values = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    folder = tmp_path_factory.mktemp("zarr")
    path = plain(folder / "a.zarr", values, chunks=chunks, shards=shards, zarr_format=zarr_format)
    volume = read_volume(path, spacing_mm=SPACING_MM)
    np.testing.assert_array_equal(volume.voxels, values.T)
    assert volume.voxels.dtype == (np.float32 if dtype == "<f2" else np.dtype(dtype).newbyteorder("="))
    assert volume.voxels.dtype.isnative


def test_a_large_image_lies_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "LARGE_BYTES", 0)
    made = []
    monkeypatch.setattr(scratch, "on_disk", lambda *a, f=scratch.on_disk, **k: made.append(a) or f(*a, **k))
    np.testing.assert_array_equal(read_volume(image(tmp_path / "a.zarr")).voxels, VALUES.T)
    assert len(made) == 1


def test_without_the_package_it_is_said_what_to_install(tmp_path, monkeypatch):
    path = image(tmp_path / "a.zarr")
    monkeypatch.delitem(sys.modules, "isegformer.volume.io.zarr_store", raising=False)
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(DependencyError, match=r"pip install 'isegformer\[zarr\]'"):
        read_volume(path)


def _attributes(**changes):
    return lambda content: content["multiscales"][0].update(changes)


def _dataset(**changes):
    return lambda content: content["multiscales"][0]["datasets"][0].update(changes)


HUGE = 10**400
NESTED = json.loads("[" * 500 + "]" * 500)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.clear(),
        lambda content: content.update(multiscales={}),
        lambda content: content.update(multiscales=[1]),
        _attributes(version="0.6"),
        _attributes(version=[]),
        _attributes(axes=None),
        _attributes(axes=["z", "y", "x"]),
        _attributes(axes=AXES[:2]),
        _attributes(axes=[AXES[0]] * 3),
        _attributes(axes=[{"name": name} for name in "abc"]),
        _attributes(axes=[*AXES[:2], {"name": "x", "unit": "furlong"}]),
        _attributes(axes=[*AXES[:2], {"name": "x", "unit": ["millimeter"]}]),
        _attributes(datasets=[]),
        _attributes(datasets={"0": 1}),
        _attributes(coordinateTransformations="x"),
        _attributes(coordinateTransformations=[{"type": "affine"}]),
        _attributes(coordinateTransformations=[{"type": "scale", "path": "/etc/passwd"}]),
        _attributes(coordinateTransformations=SCALE * 11),
        _dataset(coordinateTransformations=[]),
        *(
            _dataset(coordinateTransformations=[{"type": "scale", "scale": scale}])
            for scale in (
                *(
                    [0, 1, 1],
                    [-1, 1, 1],
                    [float("nan"), 1, 1],
                    [float("inf"), 1, 1],
                    ["1", 1, 1],
                    [True, 1, 1],
                ),
                *([1, 1], [1, 1, 1, 1], 1, {}, [HUGE, 1, 1], [5e-324, 1, 1], NESTED),
            )
        ),
        _dataset(coordinateTransformations=[*SCALE, {"type": "translation", "translation": [1e999, 0, 0]}]),
        _dataset(coordinateTransformations=[{"type": "scale", "scale": [1e200] * 3}] * 3),
        *(
            _dataset(path=path)
            for path in (
                *(
                    "../secret",
                    "../../etc",
                    "/etc",
                    "..",
                    ".",
                    "",
                    "0/",
                    "0/../..",
                    "0//",
                    "a\\b",
                    "C:0",
                    "\0",
                ),
                *("gone", 0, None, ["0"], "x" * 5000, "0/" * 400 + "0"),
            )
        ),
    ],
)
def test_impossible_metadata_of_an_image_are_refused(change, tmp_path):
    plain(tmp_path / "secret")
    path = image(tmp_path / "in.zarr")
    edit(path / ".zattrs", change)
    with pytest.raises(VolumeReadError, match=r"in\.zarr"):
        read_volume(path)


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"shape": shape}
            for shape in ([], [3, 4], [0, 4, 5], [-3, 4, 5], [3.0, 4, 5], "345", None, [True, 4, 5])
        ),
        *({"shape": shape} for shape in ([10**6] * 3, [HUGE, 4, 5], [2**62, 2**62, 2**62], NESTED)),
        *(
            {"chunks": chunks}
            for chunks in ([0, 2, 2], [2, 2], [-1, 2, 2], [10**6] * 3, [2**62] * 3, None, {})
        ),
        {"shape": [2000, 1000, 1000], "chunks": [1, 1, 1]},
        *(
            {"dtype": dtype}
            for dtype in ("|b1", "<c8", "|O", "<U8", "|S9", "<M8[ns]", "<f16", "|f1", 3, None)
        ),
        {"dtype": [["r", "|u1"], ["g", "|u1"]]},
        *(
            {"compressor": {"id": name}}
            for name in ("pickle", "json2", "vlen-bytes", "zfpy", "isegformer.unfold")
        ),
        *({"compressor": value} for value in (3, [], {"id": []}, {"id": None}, NESTED)),
        {"filters": [{"id": "pickle"}]},
        {"filters": [{"id": "delta", "dtype": "<i2"}]},
        *({"order": order} for order in ("A", None, 1)),
        *({"fill_value": value} for value in (True, "x", 70000, 0.5, float("nan"), HUGE, [], {}, "0x7fc0")),
        *({"dimension_separator": value} for value in ("..", "../", "", None, 5)),
        *({"zarr_format": value} for value in (1, 3, "2", None)),
    ],
)
def test_impossible_metadata_of_an_array_of_zarr_2_are_refused(changes, tmp_path):
    path = image(tmp_path / "a.zarr")
    edit(path / "0" / ".zarray", lambda content: content.update(changes))
    with pytest.raises(VolumeReadError, match=r"a\.zarr.*, expected|a\.zarr.*:"):
        read_volume(path)


BYTES = {"name": "bytes", "configuration": {"endian": "little"}}


def _sharded(**settings):
    good = {"chunk_shape": [2, 2, 2], "codecs": [BYTES], "index_codecs": [BYTES, "crc32c"]}
    return {"codecs": [{"name": "sharding_indexed", "configuration": good | settings}]}


@pytest.mark.parametrize(
    "changes",
    [
        *({"codecs": codecs} for codecs in ([], None, "bytes", [3], ["zstd"], [BYTES, BYTES], [BYTES] * 11)),
        *(
            {"codecs": [BYTES, name]}
            for name in ("numcodecs.pickle", "vlen-utf8", "isegformer.unfold", "lz4")
        ),
        *(
            {"codecs": [{"name": "transpose", "configuration": {"order": order}}, BYTES]}
            for order in ([0, 1], [0, 0, 1], [0, 1, 3], "C", None, [False, True, 2], [[0], 1, 2])
        ),
        {"codecs": ["bytes"]},
        {"codecs": [{"name": "bytes", "configuration": {"endian": "middle"}}]},
        _sharded(chunk_shape=[2, 2, 3]),
        _sharded(chunk_shape=[0, 2, 2]),
        _sharded(codecs=_sharded()["codecs"]),
        _sharded(index_codecs=[BYTES, "zstd"]),
        _sharded(index_location="middle"),
        {"codecs": [*_sharded()["codecs"], "crc32c"]},
        {"data_type": {"name": "struct"}},
        *({"data_type": name} for name in ("bool", "complex64", "string", "r16", "float128", "int2", None)),
        *({"fill_value": value} for value in (True, "NaN", "0x00", 40000, -1e9, HUGE)),
        {"chunk_grid": {"name": "rectangular", "configuration": {}}},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2**62] * 3}}},
        {"chunk_grid": {"name": "regular", "configuration": []}},
        {"chunk_key_encoding": {"name": "fanout"}},
        {"chunk_key_encoding": {"name": "default", "configuration": {"separator": "/../"}}},
        {"storage_transformers": [{"name": "x"}]},
        {"dimension_names": ["z"]},
        {"something_new": {"name": "x"}},
        {"node_type": "group"},
        {"shape": [10**6] * 3},
    ],
)
def test_impossible_metadata_of_an_array_of_zarr_3_are_refused(changes, tmp_path):
    path = image(tmp_path / "a.zarr", ngff="0.5")
    edit(path / "0" / "zarr.json", lambda content: content.update(changes))
    with pytest.raises(VolumeReadError, match=r"a\.zarr"):
        read_volume(path)


@pytest.mark.parametrize("name", [".zattrs", ".zgroup", "0/.zarray"])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b" " * 9 * 1024**2, b"1" * 9999]
)
def test_metadata_that_are_no_json_objects_are_refused(name, content, tmp_path):
    path = image(tmp_path / "a.zarr")
    (path / name).write_bytes(content)
    if name == ".zgroup":  # its presence alone counts
        assert isinstance(read_volume(path), Volume)
        return
    with pytest.raises(VolumeReadError, match=r"a\.zarr"):
        read_volume(path)


def test_groups_without_an_image_name_what_could_be_opened(tmp_path):
    group = zarr.open_group(tmp_path / "plate.zarr", mode="w", zarr_format=2)
    group.create_group("A1")
    with pytest.raises(VolumeReadError, match=r"without a multiscale image.* such as A1"):
        read_volume(tmp_path / "plate.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(VolumeReadError, match=r"holds no zarr\.json"):
        read_volume(tmp_path / "empty.zarr")
    (tmp_path / "file.zarr").write_bytes(b"x")
    with pytest.raises(VolumeReadError, match="is a file"):
        read_volume(tmp_path / "file.zarr")


@pytest.mark.parametrize("name", ["0", "0/.zarray", ".zattrs", "0/0.0.0"])
def test_links_out_of_the_folder_are_refused_and_links_within_it_followed(name, tmp_path):
    path, outside = image(tmp_path / "a.zarr"), tmp_path / "outside"
    (path / name).rename(outside)
    (path / name).symlink_to(outside)
    with pytest.raises(VolumeReadError, match="is a link out of"):
        read_volume(path)
    outside.rename(path / "elsewhere")
    (path / name).unlink()
    (path / name).symlink_to(path / "elsewhere")
    np.testing.assert_array_equal(read_volume(path).voxels, VALUES.T)


def test_a_link_to_the_folder_itself_is_followed(tmp_path):
    image(tmp_path / "a.zarr")
    (tmp_path / "door.zarr").symlink_to(tmp_path / "a.zarr")
    assert read_volume(tmp_path / "door.zarr").voxels.shape == (5, 4, 3)


@pytest.mark.parametrize("kind", ["pipe", "folder", "dangling", "loop"])
@pytest.mark.parametrize("name", ["0/.zarray", "0/0.0.0"])
def test_what_is_no_file_is_refused(kind, name, tmp_path):
    path = image(tmp_path / "a.zarr")
    (path / name).unlink()
    if kind == "pipe":
        os.mkfifo(path / name)
    elif kind == "folder":
        (path / name).mkdir()
    else:
        (path / name).symlink_to(path / (name if kind == "loop" else "gone"))
    with pytest.raises(VolumeReadError, match=r"a\.zarr"):
        read_volume(path)


@pytest.mark.parametrize("compression", [None, *COMPRESSIONS])
@pytest.mark.parametrize("kept", [0, 1, 5, 0.5, 0.95])
def test_truncated_chunks_are_refused(compression, kept, tmp_path):
    compressor = None if compression is None else numcodecs.get_codec({"id": compression})
    values = np.random.default_rng(0).integers(0, 9999, SHAPE).astype(np.int16)
    path = plain(tmp_path / "a.zarr", values, chunks=SHAPE, zarr_format=2, compressors=compressor)
    data = (path / "0.0.0").read_bytes()
    (path / "0.0.0").write_bytes(data[: int(kept if kept >= 1 else kept * len(data))])
    with pytest.raises(VolumeReadError, match=r"a\.zarr"):
        read_volume(path, spacing_mm=SPACING_MM)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_chunks_that_unfold_to_more_than_their_size_are_refused(compression, tmp_path):
    compressor = numcodecs.get_codec({"id": compression})
    path = plain(tmp_path / "a.zarr", zarr_format=2, compressors=compressor)
    (path / "0.0.0").write_bytes(bytes(compressor.encode(bytes(2 * 10**5))))
    with pytest.raises(VolumeReadError, match=r"unfolds to .* or more, expected at most"):
        read_volume(path, spacing_mm=SPACING_MM)


def test_zstandard_without_a_stated_size_is_bounded_by_its_blocks():
    def frame(n_blocks):
        last = [struct.pack("<I", (5 << 3) | 1)[:3] + b"hello"]
        repeated = [struct.pack("<I", (2**17 << 3) | (1 << 1))[:3] + b"a"]
        return b"\x28\xb5\x2f\xfd\x00\x38" + b"".join(repeated * n_blocks + last)

    assert unfold(frame(0), compression="zstd", most_bytes=5) == b"hello"
    assert len(unfold(frame(2), compression="zstd", most_bytes=2**18 + 5)) == 2**18 + 5
    with pytest.raises(VolumeReadError, match="unfolds"):
        unfold(frame(3), compression="zstd", most_bytes=2**18 + 5)
    with pytest.raises(VolumeReadError, match="truncated"):
        unfold(frame(3)[:-9], compression="zstd", most_bytes=2**20)


def test_gzip_with_something_behind_its_data_is_refused():
    data = gzip.compress(b"hello")
    assert unfold(data + bytes(9), compression="gzip", most_bytes=5) == b"hello"
    with pytest.raises(VolumeReadError, match="follows"):
        unfold(data * 2, compression="gzip", most_bytes=100)


def test_files_much_larger_than_a_chunk_are_not_read(tmp_path):
    path = plain(tmp_path / "a.zarr", zarr_format=2, compressors=None)
    with (path / "0.0.0").open("r+b") as file:
        file.truncate(2**40)  # sparse: takes no room
    with pytest.raises(VolumeReadError, match="more than"):
        read_volume(path, spacing_mm=SPACING_MM)


@pytest.mark.parametrize("entry", [(0, 2**40), (2**63, 16), (2**64 - 2, 2**64 - 2), (10**6, 16), (0, 3)])
def test_an_index_that_points_out_of_its_shard_is_refused(entry, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "SLAB_BYTES", 64)  # parts of the shard are read by their places
    index = ShardingCodec(chunk_shape=(2, 2, 2), index_codecs=[zarr.codecs.BytesCodec()])
    path = plain(tmp_path / "a.zarr", chunks=(4, 4, 6), serializer=index, compressors=None)
    file = path / "c" / "0" / "0" / "0"
    data = bytearray(file.read_bytes())
    data[-12 * 16 : -11 * 16] = struct.pack("<QQ", *entry)
    file.write_bytes(data)
    with pytest.raises(VolumeReadError, match=r"a\.zarr"):
        read_volume(path, spacing_mm=SPACING_MM)


@pytest.mark.parametrize(
    ("limit", "match"), [("MAX_CHUNK_BYTES", "smaller chunks"), ("MAX_CHUNKS", "larger chunks")]
)
def test_chunks_beyond_the_limits_are_refused_with_advice(limit, match, tmp_path, monkeypatch):
    path = plain(tmp_path / "a.zarr")  # 12 chunks of 16 bytes
    monkeypatch.setattr(zarr_metadata, limit, 11)
    with pytest.raises(VolumeReadError, match=match):
        read_volume(path, spacing_mm=SPACING_MM)


def test_the_limits_of_a_server_hold(tmp_path):
    path = image(tmp_path / "a.zarr")
    with read_limits(ReadLimits(voxels=59)), pytest.raises(VolumeReadError, match="expected at most 59"):
        read_volume(path)


@pytest.mark.parametrize("settings_", [{"zarr_format": 2}, {"shards": (4, 4, 6)}], ids=["blosc", "shards"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_bytes_give_a_volume_or_a_read_error(settings_, data, tmp_path_factory):
    path = plain(tmp_path_factory.mktemp("fuzz") / "a.zarr", **settings_)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    file = data.draw(st.sampled_from(files))
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: len(content) - data.draw(st.sampled_from([0, 0, 1, 9]))])
    try:
        result: object = read_volume(path, spacing_mm=SPACING_MM)
    except VolumeReadError as error:
        result = error
    assert isinstance(result, Volume | VolumeReadError)
