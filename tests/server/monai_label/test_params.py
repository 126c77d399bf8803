import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.errors import ClickError
from isegformer.server.monai_label.params import parse_params
from isegformer.workflow import VoxelClick

SHAPE = (10, 11, 12)


def parsed(**record):
    return parse_params(json.dumps(record), shape=SHAPE)


def test_deepgrow_names_its_points_by_what_they_say():
    params = parsed(label="liver", foreground=[[1, 2, 3], [4.0, 5, 6]], background=[[7, 8, 9]], slice=3)
    assert params.label == "liver"
    assert params.clicks == (
        VoxelClick(voxel=(1, 2, 3), is_positive=True),
        VoxelClick(voxel=(4, 5, 6), is_positive=True),
        VoxelClick(voxel=(7, 8, 9), is_positive=False),
    )
    assert params.slice_index == 3
    assert params.is_compressed


def test_deepedit_names_its_points_by_the_label():
    params = parsed(label="spleen", spleen=[[1, 2, 3]], liver=[[9, 9, 9]], background=[[0, 0, 0]])
    assert [click.voxel for click in params.clicks] == [(1, 2, 3), (0, 0, 0)]


def test_what_clients_always_send_does_no_harm():
    params = parsed(
        result_extension=".nrrd", result_dtype="uint8", client_id="x", result_compress=False, foreground=None
    )
    assert params.clicks == ()
    assert not params.is_compressed
    assert params.slice_index is None
    assert parse_params("", shape=SHAPE).label == "object"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[1]", "expected a JSON object"),
        ('{"foreground": [[1, 2]]}', "expected \\[i, j, k\\]"),
        ('{"foreground": [[1, 2, 2.5]]}', "whole numbers"),
        ('{"foreground": [[1, 2, true]]}', "whole numbers"),
        ('{"foreground": [[1, 2, NaN]]}', "whole numbers"),
        ('{"foreground": [[1, 2, 12]]}', "outside"),
        ('{"foreground": [[-1, 2, 1]]}', "outside"),
        ('{"foreground": "a"}', "expected a list"),
        ('{"slice": 12}', "expected 0 to 11"),
        ('{"slice": "x"}', "expected 0 to 11"),
        ('{"label": 3}', "expected a name"),
    ],
)
def test_what_is_not_a_request_is_refused_with_the_reason(text, reason):
    with pytest.raises(ClickError, match=reason):
        parse_params(text, shape=SHAPE)


def test_no_hand_makes_so_many_clicks():
    with pytest.raises(ClickError, match="at most"):
        parsed(foreground=[[1, 1, 1]] * 2000)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    )
)
def test_any_json_is_understood_or_refused(record):
    for value in (record, {"foreground": record}, {"slice": record}, {"label": record}):
        try:
            params = parse_params(json.dumps(value), shape=SHAPE)
        except ClickError:
            continue
        assert all(0 <= n < length for c in params.clicks for n, length in zip(c.voxel, SHAPE, strict=True))
