import pytest
import torch

from isegformer.models.click_stem import ClickStem, ImageStem
from isegformer.models.config import HrformerConfig, HrnetConfig, MlpDecoderConfig
from isegformer.models.hrformer import HrformerBlock, hrformer_backbone
from isegformer.models.hrnet import hrnet_backbone
from isegformer.models.mlp_decoder import MlpDecoder
from isegformer.models.ocr import gather_regions
from isegformer.models.stochastic_depth import DropPath, linear_rates
from isegformer.models.unet import UnetBackbone, UnetDecoder


def test_regions_are_means_weighted_by_the_softmax_over_positions():
    pixels = torch.tensor([[[[1.0, 3.0]], [[10.0, 20.0]]]])  # (1, 2 channels, 1, 2)
    logits = torch.tensor([[[[0.0, torch.tensor(3.0).log()]]]])  # weights 1/4 and 3/4
    assert gather_regions(pixels, logits).flatten().tolist() == pytest.approx([2.5, 17.5])


def test_click_stem_is_leaky_mixing_then_convolution_times_the_absolute_scale():
    stem = ClickStem(2, stride=2)
    with torch.no_grad():
        stem.mix.weight.zero_()
        stem.mix.bias.fill_(-1.0)
        stem.spread.weight.zero_()
        stem.spread.weight[:, :, 1, 1] = 1.0
        stem.spread.bias.zero_()
        stem.scale.fill_(-0.5)
    output = stem(torch.zeros(1, 3, 5, 4))
    assert output.shape == (1, 2, 3, 2)
    assert output.flatten().tolist() == pytest.approx([16 * -0.2 * 0.5] * 12)


def test_click_stem_starts_small():
    assert ClickStem(stride=1).scale.tolist() == pytest.approx([0.05])


@pytest.mark.parametrize("stride", [1, 2])
def test_both_stems_end_on_the_same_grid(stride):
    size = (7, 10)
    assert ImageStem(6, stride=stride)(torch.zeros(2, 3, *size)).shape == (
        2,
        6,
        -(-7 // stride),
        10 // stride,
    )
    assert ClickStem(6, stride=stride)(torch.zeros(2, 3, *size)).shape == (
        2,
        6,
        -(-7 // stride),
        10 // stride,
    )


def test_mlp_decoder_resizes_all_scales_to_the_finest_and_concatenates_from_fine_to_coarse():
    decoder = MlpDecoder((1, 1), config=MlpDecoderConfig(channels=1)).eval()
    with torch.no_grad():
        for layer in (*decoder.scales, decoder.fuse, decoder.classify):
            layer.weight.fill_(1.0)
            layer.bias.zero_()
        decoder.fuse.weight[0, :, 0, 0] = torch.tensor([1.0, 10.0])
    fine = torch.tensor([[[[1.0, -2.0], [3.0, 4.0]]]])
    (logits,) = decoder([fine, torch.full((1, 1, 1, 1), 0.5)])
    assert logits.tolist() == [[[[6.0, 5.0], [8.0, 9.0]]]]


@pytest.mark.parametrize(
    "backbone",
    [
        hrnet_backbone(
            HrnetConfig(width=3, context_channels=4, stem_depth=1, branch_depth=1, modules=(1, 1, 1))
        ),
        hrformer_backbone(HrformerConfig(width=4, heads=2, stem_depth=1, branch_depth=1, modules=(1, 1, 1))),
    ],
    ids=["hrnet", "hrformer"],
)
def test_branches_double_channels_and_halve_the_grid(backbone):
    features = backbone.eval()(torch.rand(1, 64, 34, 21))
    sizes = [tuple(feature.shape[-2:]) for feature in features]
    widths = [feature.shape[1] for feature in features]
    assert sizes == [(17, 11), (9, 6), (5, 3), (3, 2)]
    assert widths == [widths[0] * factor for factor in (1, 2, 4, 8)]


def test_local_attention_stays_in_windows_centred_on_the_padded_grid():
    config = HrformerConfig(width=4, heads=2, window=4)
    block = HrformerBlock(4, heads=2, config=config, drop_path=0.0).eval()
    x = torch.rand(1, 6, 6, 4, generator=torch.Generator().manual_seed(0))  # padded by 1 all around: 3 + 3
    changed = x.clone()
    changed[0, 0, 0] += 1.0
    with torch.no_grad():
        difference = (block._attend(changed) - block._attend(x)).abs().sum(dim=-1)[0]
    assert bool((difference[:3, :3] > 0).all())
    assert difference.sum() == difference[:3, :3].sum()


def test_drop_rates_grow_from_zero_and_each_branch_starts_where_its_stage_does():
    backbone = hrformer_backbone(
        HrformerConfig(width=4, heads=2, branch_depth=2, modules=(1, 1, 1), drop_path=0.5)
    )
    rates = [
        [block.drop_path.rate for block in branch]
        for stage in (backbone.stage2, backbone.stage3, backbone.stage4)
        for branch in stage[0].branches
    ]
    two, three, four = ([0.0, 0.1], [0.2, 0.3], [0.4, 0.5])
    assert [[round(rate, 6) for rate in pair] for pair in rates] == [two] * 2 + [three] * 3 + [four] * 4


def test_drop_path_drops_whole_samples_and_keeps_the_mean():
    torch.manual_seed(0)
    drop = DropPath(0.25)
    out = drop(torch.ones(4000, 2, 3))
    assert out.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert bool((out == out[:, :1, :1]).all())
    assert out.mean().item() == pytest.approx(1.0, abs=0.05)
    assert torch.equal(drop.eval()(out), out)  # in evaluation nothing is dropped


def test_linear_rates_of_a_single_block_are_zero():
    assert linear_rates(0.3, 1) == [0.0]


def test_unet_rounds_odd_sizes_up_and_crops_what_comes_back():
    widths = (2, 3, 4)
    features = UnetBackbone(widths).eval()(torch.rand(1, 2, 7, 9))
    assert [tuple(feature.shape) for feature in features] == [(1, 2, 7, 9), (1, 3, 4, 5), (1, 4, 2, 3)]
    (logits,) = UnetDecoder(widths).eval()(features)
    assert logits.shape == (1, 1, 7, 9)
