import json

import pytest
import torch

from isegformer.errors import ConfigError
from isegformer.models.build import build_click_network
from isegformer.models.config import (
    VARIANTS,
    CompactConfig,
    HrformerConfig,
    HrnetConfig,
    SegformerConfig,
    SwinConfig,
    UnetConfig,
    config_from_json,
    config_to_json,
    variant,
    variant_name,
)

PUBLISHED_MILLIONS = {
    "swin-tiny": 27.5,  # Swin's README: 28.3 with a classifier of 0.77
    "swin-small": 48.8,  # 49.6 with a classifier of 0.77
    "swin-base": 86.9,  # 87.9 with a classifier of 1.0; 88 in the paper of iSegFormer
    "swin-large": 195.2,  # 196.5 with a classifier of 1.5, less the stage norms here; 197 in the paper
    "segformer-b0": 3.3,  # SegFormer, table 6: 3.4 for the encoder
    "segformer-b3": 44.1,  # 44.0
    "segformer-b5": 81.4,  # 81.4
}
"""Parameters of the backbone and its image embedding, in millions."""


@pytest.mark.parametrize("name", sorted(PUBLISHED_MILLIONS))
def test_backbone_has_the_published_number_of_parameters(name):
    with torch.device("meta"):
        network = build_click_network(variant(name))
    parts = (network.backbone, network.image_embedding)
    count = sum(parameter.numel() for part in parts for parameter in part.parameters())
    assert count / 1e6 == pytest.approx(PUBLISHED_MILLIONS[name], abs=0.06)


def test_hrformer_and_unet_have_the_numbers_of_parameters_of_their_sources():
    with torch.device("meta"):
        hrformer, unet = (build_click_network(variant(name)) for name in ("hrformer-b", "unet"))
    # 56.2 M in the source with an OCR decoder of 512 / 256, which has 12.0 M on 1170 channels.
    assert sum(p.numel() for p in hrformer.backbone.parameters()) / 1e6 == pytest.approx(44.04, abs=0.01)
    assert sum(p.numel() for p in unet.parameters()) / 1e6 == pytest.approx(31.0, abs=0.1)


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_every_variant_maps_any_input_size_to_logits_of_that_size(name):
    with torch.device("meta"):
        network = build_click_network(variant(name)).eval()
        outputs = network.forward_all(torch.zeros(1, 3, 101, 87), torch.zeros(1, 3, 101, 87))
    expected = 2 if name.startswith("hrnet") else 1
    assert [output.shape for output in outputs] == [(1, 1, 101, 87)] * expected


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_configuration_survives_json(name):
    text = json.dumps(config_to_json(VARIANTS[name]))
    assert config_from_json(json.loads(text)) == VARIANTS[name]
    assert variant_name(VARIANTS[name]) == name


def test_unnamed_configurations_are_called_custom():
    assert variant_name(UnetConfig(widths=(4, 8))) == "unet (custom)"


def test_shared_embedding_is_part_of_the_name():
    config = config_from_json({**config_to_json(variant("swin-base")), "click_embedding": "shared"})
    assert variant_name(config) == "swin-base, shared click embedding"


def test_unknown_names_are_errors_that_list_the_known_ones():
    with pytest.raises(ConfigError, match=r"'swin-huge'.*swin-base.*unet"):
        variant("swin-huge")
    with pytest.raises(ConfigError, match=r"family is 'vit'.*swin"):
        config_from_json({"family": "vit"})
    with pytest.raises(ConfigError, match="unet has no depth"):
        config_from_json({"family": "unet", "depth": 3})
    with pytest.raises(ConfigError, match="decoder has no width"):
        config_from_json({**config_to_json(variant("swin-tiny")), "decoder": {"width": 3}})
    with pytest.raises(ConfigError, match="hrnet cannot be made"):
        config_from_json({"family": "hrnet"})


@pytest.mark.parametrize(
    "make",
    [
        lambda: CompactConfig(depths=(1, 2)),
        lambda: SwinConfig(embed_channels=8, depths=(2, 2), heads=(2,), window=3),
        lambda: SwinConfig(embed_channels=8, depths=(2, 2), heads=(3, 3), window=3),
        lambda: SwinConfig(embed_channels=8, depths=(2,), heads=(2,), window=3, drop_path=1.0),
        lambda: SwinConfig(embed_channels=8, depths=(2,), heads=(2,), window=3, click_embedding="both"),
        lambda: SegformerConfig(depths=(1, 1)),
        lambda: HrnetConfig(
            width=4, context_channels=4, stem_depth=1, branch_depth=1, modules=(1, 1, 1), dropout=-1
        ),
        lambda: HrformerConfig(width=7, heads=2),
        lambda: UnetConfig(widths=(4,)),
    ],
)
def test_impossible_numbers_are_refused(make):
    with pytest.raises(ConfigError):
        make()
