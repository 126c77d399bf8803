"""Settings that travel with weights: strict reading, exact round trip."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isegformer.errors import ConfigError
from isegformer.interaction import PredictorConfig, ZoomConfig
from isegformer.interaction.settings import predictor_config_from_json, predictor_config_to_json

configs = st.builds(
    PredictorConfig,
    mirror=st.booleans(),
    first_looks=st.integers(1, 4),
    zoom=st.none()
    | st.builds(
        ZoomConfig,
        side_px=st.integers(16, 1000),
        margin=st.floats(1, 4),
        least_side_px=st.integers(1, 500),
        keep_iou=st.floats(0, 1),
        object_threshold=st.floats(0, 1),
        first_side_px=st.none() | st.integers(16, 1000),
        before_mask=st.sampled_from(["as_is", "whole_slice"]),
        grid=st.sampled_from(["corners", "centres"]),
        fit=st.sampled_from(["longer_side", "square"]),
    ),
)


def test_weights_without_settings_are_asked_in_the_published_way():
    assert predictor_config_from_json(None) == PredictorConfig()


def test_settings_that_are_left_out_have_their_default():
    assert predictor_config_from_json({"zoom": {"side_px": 256}}) == PredictorConfig(
        zoom=ZoomConfig(side_px=256)
    )


def test_null_zoom_shows_whole_slices():
    assert predictor_config_from_json({"zoom": None, "mirror": True}) == PredictorConfig(
        zoom=None, mirror=True
    )


@given(configs)
def test_settings_survive_the_way_through_json(config):
    assert predictor_config_from_json(json.loads(json.dumps(predictor_config_to_json(config)))) == config


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"zom": {}}, "no zom"),
        ({"zoom": {"side": 256}}, "no side"),
        ({"zoom": 256}, "zoom is 256"),
        ({"zoom": {"side_px": 25.5}}, "side_px is 25.5"),
        ({"zoom": {"side_px": True}}, "side_px is True"),
        ({"zoom": {"first_side_px": 25.5}}, "first_side_px is 25.5, expected a whole number"),
        ({"zoom": {"first_side_px": 8}}, "first zoom side is 8 px"),
        ({"zoom": {"margin": "1.4"}}, "margin is '1.4'"),
        ({"zoom": {"fit": "circle"}}, "longer_side, square"),
        ({"zoom": {"grid": "edges"}}, "corners, centres"),
        ({"zoom": {"margin": 0.5}}, "margin is 0.5"),
        ({"mirror": 1}, "mirror is 1"),
        ({"first_looks": 0}, "first_looks is 0"),
        ({"first_looks": 1.5}, "first_looks is 1.5"),
        ({"first_looks": True}, "first_looks is True"),
    ],
)
def test_a_wrong_setting_is_named(record, told):
    with pytest.raises(ConfigError, match=told):
        predictor_config_from_json(record)
