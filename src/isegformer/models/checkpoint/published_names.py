"""How published checkpoints name their tensors, and what we call them."""

from collections.abc import Sequence

SWIN_RENAMES = (
    ("backbone.patch_embed.", "image_embedding."),
    ("backbone.norm0.", "backbone.norms.0."),
    ("backbone.norm1.", "backbone.norms.1."),
    ("backbone.norm2.", "backbone.norms.2."),
    ("backbone.norm3.", "backbone.norms.3."),
    ("head.convs.0.conv.", "decoder.scales.0."),
    ("head.convs.1.conv.", "decoder.scales.1."),
    ("head.convs.2.conv.", "decoder.scales.2."),
    ("head.convs.3.conv.", "decoder.scales.3."),
    ("head.fusion_conv.conv.", "decoder.fuse."),
    ("head.conv_seg.", "decoder.classify."),
)
"""Prefix in iSegFormer v1.0 -> ours; the first that fits counts, other names stay."""

SWIN_UNUSED_PREFIXES = ("backbone.patch_embed_coords.", "maps_transform.")
"""Layers that iSegFormer v1.0 creates and saves but never calls."""

RECOMPUTED_SUFFIXES = (".relative_position_index", ".attn_mask")
"""Buffers that follow from the architecture; we compute them."""

_OCR = "feature_extractor.ocr_distri_head."

HRNET_RENAMES = (
    ("maps_transform.0.", "click_embedding.mix."),
    ("maps_transform.2.", "click_embedding.spread."),
    ("maps_transform.3.scale", "click_embedding.scale"),
    ("feature_extractor.conv1.", "image_embedding.conv1."),
    ("feature_extractor.bn1.", "image_embedding.bn1."),
    ("feature_extractor.aux_head.", "decoder.aux_head."),
    ("feature_extractor.conv3x3_ocr.", "decoder.pixel_features."),
    ("feature_extractor.cls_head.", "decoder.classify."),
    (f"{_OCR}object_context_block.f_pixel.0.", "decoder.context.pixel_key.0."),
    (f"{_OCR}object_context_block.f_pixel.1.0.", "decoder.context.pixel_key.1."),
    (f"{_OCR}object_context_block.f_pixel.2.", "decoder.context.pixel_key.3."),
    (f"{_OCR}object_context_block.f_pixel.3.0.", "decoder.context.pixel_key.4."),
    (f"{_OCR}object_context_block.f_object.0.", "decoder.context.region_key.0."),
    (f"{_OCR}object_context_block.f_object.1.0.", "decoder.context.region_key.1."),
    (f"{_OCR}object_context_block.f_object.2.", "decoder.context.region_key.3."),
    (f"{_OCR}object_context_block.f_object.3.0.", "decoder.context.region_key.4."),
    (f"{_OCR}object_context_block.f_down.0.", "decoder.context.region_value.0."),
    (f"{_OCR}object_context_block.f_down.1.0.", "decoder.context.region_value.1."),
    (f"{_OCR}object_context_block.f_up.0.", "decoder.context.out.0."),
    (f"{_OCR}object_context_block.f_up.1.0.", "decoder.context.out.1."),
    (f"{_OCR}conv_bn_dropout.0.", "decoder.combine.0."),
    (f"{_OCR}conv_bn_dropout.1.0.", "decoder.combine.1."),
    ("feature_extractor.", "backbone."),
)
"""Prefix in RITM -> ours; the first that fits counts."""

STCN_RENAMES = (
    ("key_encoder.res2.", "key_encoder.layer1."),
    ("key_proj.key_proj.", "key_proj."),
    ("value_encoder.fuser.attention.ChannelGate.mlp.1.", "value_fuser.attention.channel.hidden."),
    ("value_encoder.fuser.attention.ChannelGate.mlp.3.", "value_fuser.attention.channel.out."),
    ("value_encoder.fuser.attention.SpatialGate.spatial.conv.", "value_fuser.attention.spatial."),
    ("value_encoder.fuser.", "value_fuser."),
    ("decoder.up_16_8.", "decoder.ups.0."),
    ("decoder.up_8_4.", "decoder.ups.1."),
)
"""Prefix in STCN -> ours; the first that fits counts."""

FUSION_RENAMES = (
    ("conv1.0.", "stem."),
    ("conv2.", "residual1."),
    ("conv3.", "residual2."),
    ("final_conv.", "head."),
)
"""Prefix in the fusion network of MiVOS -> ours."""


def rename(name: str, renames: Sequence[tuple[str, str]]) -> str:
    """Return `name` with the first prefix that fits replaced; other names stay."""
    for published, ours in renames:
        if name.startswith(published):
            return ours + name.removeprefix(published)
    return name
