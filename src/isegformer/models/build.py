"""From a configuration to a network with fresh weights; a new family is one function and one line here."""

from collections.abc import Callable, Mapping
from typing import Any

from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.click_stem import ClickStem, ImageStem
from isegformer.models.compact import CompactBackbone, TopDownDecoder, click_embedding, image_embedding
from isegformer.models.config import (
    ClickNetworkConfig,
    CompactConfig,
    HrformerConfig,
    HrnetConfig,
    SegformerConfig,
    SwinConfig,
    UnetConfig,
)
from isegformer.models.high_resolution import branch_widths
from isegformer.models.hrformer import hrformer_backbone
from isegformer.models.hrnet import hrnet_backbone
from isegformer.models.mlp_decoder import MlpDecoder
from isegformer.models.ocr import OcrDecoder
from isegformer.models.segformer import OverlapEmbedding, SegformerBackbone
from isegformer.models.swin import PatchEmbedding, SwinBackbone
from isegformer.models.unet import UnetBackbone, UnetDecoder


def build_click_network(config: ClickNetworkConfig) -> ClickSegmenter:
    """Return a network of the given architecture with random weights, in training mode."""
    network = _BUILDERS[type(config)](config)
    network.config = config
    return network


def _build_compact(config: CompactConfig) -> ClickSegmenter:
    return ClickSegmenter(
        image_embedding=image_embedding(config.widths[0]),
        click_embedding=click_embedding(config.widths[0]),
        backbone=CompactBackbone(config),
        decoder=TopDownDecoder(config.widths, decoder_widths=config.decoder_widths),
        click_radius_px=config.click_radius_px,
    )


def _build_swin(config: SwinConfig) -> ClickSegmenter:
    image_embedding = PatchEmbedding(config.embed_channels)
    is_shared = config.click_embedding == "shared"
    return ClickSegmenter(
        image_embedding=image_embedding,
        click_embedding=image_embedding if is_shared else PatchEmbedding(config.embed_channels),
        backbone=SwinBackbone(config),
        decoder=MlpDecoder(config.widths, config=config.decoder),
        click_radius_px=config.click_radius_px,
    )


def _build_segformer(config: SegformerConfig) -> ClickSegmenter:
    channels, patch, stride = config.widths[0], config.patch_sizes[0], config.strides[0]
    return ClickSegmenter(
        image_embedding=OverlapEmbedding(channels, patch=patch, stride=stride),
        click_embedding=OverlapEmbedding(channels, patch=patch, stride=stride),
        backbone=SegformerBackbone(config),
        decoder=MlpDecoder(config.widths, config=config.decoder),
        click_radius_px=config.click_radius_px,
    )


def _build_hrnet(config: HrnetConfig) -> ClickSegmenter:
    return ClickSegmenter(
        image_embedding=ImageStem(stride=2),
        click_embedding=ClickStem(stride=2),
        backbone=hrnet_backbone(config),
        decoder=OcrDecoder(config),
        click_radius_px=config.click_radius_px,
    )


def _build_hrformer(config: HrformerConfig) -> ClickSegmenter:
    return ClickSegmenter(
        image_embedding=ImageStem(stride=2),
        click_embedding=ClickStem(stride=2),
        backbone=hrformer_backbone(config),
        decoder=MlpDecoder(branch_widths(config.width), config=config.decoder),
        click_radius_px=config.click_radius_px,
    )


def _build_unet(config: UnetConfig) -> ClickSegmenter:
    return ClickSegmenter(
        image_embedding=ImageStem(config.widths[0], stride=1),
        click_embedding=ClickStem(config.widths[0], stride=1),
        backbone=UnetBackbone(config.widths),
        decoder=UnetDecoder(config.widths),
        click_radius_px=config.click_radius_px,
    )


_BUILDERS: Mapping[type[Any], Callable[[Any], ClickSegmenter]] = {
    CompactConfig: _build_compact,
    SwinConfig: _build_swin,
    SegformerConfig: _build_segformer,
    HrnetConfig: _build_hrnet,
    HrformerConfig: _build_hrformer,
    UnetConfig: _build_unet,
}
