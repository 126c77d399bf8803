import pytest
import torch
import torch.nn.functional as F

from isegformer.models import swin
from isegformer.models.config import SwinConfig
from isegformer.models.swin import (
    KEPT_MASKS,
    PatchEmbedding,
    PatchMerging,
    SwinBackbone,
    SwinBlock,
    shift_mask,
)
from isegformer.models.windows import merge_windows, split_windows

CHANNELS, HEADS, WINDOW = 8, 2, 4


def randomised(module: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.3)
    return module.eval()


def plain_block(block: SwinBlock, x: torch.Tensor) -> torch.Tensor:
    """One sample, (h, w, C), position by position: Swin's paper without any rolling or partitioning."""
    height, width, channels = x.shape
    rows, cols = height + -height % WINDOW, width + -width % WINDOW
    padded = torch.zeros(rows, cols, channels)
    padded[:height, :width] = block.norm1(x)
    mixed = torch.zeros_like(padded)
    for window_row in range(0, rows, WINDOW):
        for window_col in range(0, cols, WINDOW):
            shifted = [(window_row + i, window_col + j) for i in range(WINDOW) for j in range(WINDOW)]
            for place, value in zip(shifted, plain_attention(block, padded, shifted), strict=True):
                mixed[(place[0] + block.shift) % rows, (place[1] + block.shift) % cols] = value
    x = x + mixed[:height, :width]
    return x + block.mlp(block.norm2(x))


def plain_attention(block: SwinBlock, grid: torch.Tensor, shifted: list[tuple[int, int]]) -> torch.Tensor:
    rows, cols, channels = grid.shape
    size = channels // HEADS
    moved = [(row + block.shift, col + block.shift) for row, col in shifted]
    has_wrapped = [(row >= rows, col >= cols) for row, col in moved]
    tokens = torch.stack([grid[row % rows, col % cols] for row, col in moved])
    query, key, value = block.attn.qkv(tokens).split(channels, dim=1)
    outputs = []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        logits = query[:, part] @ key[:, part].T / size**0.5
        for i, (row, col) in enumerate(shifted):
            for j, (other_row, other_col) in enumerate(shifted):
                step = (row - other_row + WINDOW - 1) * (2 * WINDOW - 1) + (col - other_col + WINDOW - 1)
                logits[i, j] += block.attn.relative_position_bias_table[step, head]
                logits[i, j] -= 0 if has_wrapped[i] == has_wrapped[j] else 100
        outputs.append(logits.softmax(dim=1) @ value[:, part])
    return block.attn.proj(torch.cat(outputs, dim=1))


@pytest.mark.parametrize("shift", [0, WINDOW // 2])
@pytest.mark.parametrize("size", [(8, 12), (7, 9), (3, 2), (4, 4), (5, 3)], ids=str)
def test_block_equals_plain_attention_over_windows(size, shift):
    config = SwinConfig(embed_channels=CHANNELS, depths=(2,), heads=(HEADS,), window=WINDOW)
    block = randomised(SwinBlock(CHANNELS, heads=HEADS, config=config, shift=shift, drop_path=0.0))
    x = torch.randn(2, *size, CHANNELS, generator=torch.Generator().manual_seed(1))
    mask = shift_mask(size, window=WINDOW, device=torch.device("cpu")) if shift else None
    with torch.no_grad():
        got = block(x, mask)
        expected = torch.stack([plain_block(block, sample) for sample in x])
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_odd_blocks_are_shifted_even_where_the_map_is_smaller_than_a_window():
    config = SwinConfig(embed_channels=CHANNELS, depths=(2,), heads=(HEADS,), window=WINDOW)
    backbone = randomised(SwinBackbone(config))
    x = torch.randn(1, CHANNELS, 3, 3, generator=torch.Generator().manual_seed(1))
    first, second = backbone.layers[0].blocks
    with torch.no_grad():
        (feature,) = backbone(x)
        x = plain_block(second, plain_block(first, x[0].permute(1, 2, 0)))
        expected = backbone.norms[0](x).permute(2, 0, 1)[None]
    assert (first.shift, second.shift) == (0, WINDOW // 2)
    torch.testing.assert_close(feature, expected, rtol=1e-4, atol=1e-5)


def test_mask_of_one_window_parts_the_wrapped_rows_and_columns():
    mask = shift_mask((2, 2), window=2, device=torch.device("cpu"))
    apart = -100.0
    expected = [
        [0, apart, apart, apart],
        [apart, 0, apart, apart],
        [apart, apart, 0, apart],
        [apart] * 3 + [0],
    ]
    assert mask.tolist() == [expected]


def test_mask_of_several_windows_parts_only_the_last_row_and_column_of_them():
    first, right, below, corner = shift_mask((3, 4), window=2, device=torch.device("cpu"))
    by_col = [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]
    by_row = [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]]
    by_both = [[0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]]
    assert not first.any()
    for mask, expected in ((right, by_col), (below, by_row), (corner, by_both)):
        assert torch.equal(mask, -100.0 * torch.tensor(expected))


def test_masks_are_made_once_for_a_size_and_used_in_training_after_inference(monkeypatch):
    config = SwinConfig(embed_channels=4, depths=(2,), heads=(1,), window=2, drop_path=0.0)
    backbone = SwinBackbone(config)
    made = []
    monkeypatch.setattr(
        swin, "shift_mask", lambda size, **options: made.append(size) or shift_mask(size, **options)
    )
    x = torch.rand(2, 4, 5, 7)
    with torch.inference_mode():
        expected = backbone(x)[0].clone()
    (feature,) = backbone(x)
    feature.sum().backward()
    torch.testing.assert_close(feature.detach(), expected)
    backbone(torch.rand(1, 4, 3, 7))
    backbone(x)
    assert made == [(5, 7), (3, 7)]
    for height in range(6, 6 + KEPT_MASKS):
        backbone(torch.rand(1, 4, height, 7))
    backbone(x)
    assert made[2:] == [(6, 7), (7, 7), (5, 7)]
    assert not any("mask" in name for name in backbone.state_dict())


def test_windows_are_cut_in_row_major_order_and_merged_back():
    grid = torch.arange(24).view(1, 4, 6, 1)
    windows = split_windows(grid, 2, parts=1, heads=1)
    assert windows[0, 0, :, 0, :, 0].tolist()[:2] == [[0, 1, 6, 7], [2, 3, 8, 9]]
    assert torch.equal(merge_windows(windows[0], window=2, size=(4, 6)), grid)


def test_channels_are_cut_into_parts_of_heads():
    grid = torch.rand(2, 4, 6, 3 * 5 * 7)
    windows = split_windows(grid, 2, parts=3, heads=5)
    assert windows.shape == (3, 2, 6, 5, 4, 7)
    assert torch.equal(windows[2, 1, 4, 3, 1], grid[1, 2, 3, (2 * 5 + 3) * 7 : (2 * 5 + 4) * 7])
    for part, expected in zip(windows, grid.chunk(3, dim=3), strict=True):
        assert torch.equal(merge_windows(part, window=2, size=(4, 6)), expected)


def test_patches_start_at_the_top_left_and_are_padded_with_zeros():
    embedding = PatchEmbedding(5).eval()
    image = torch.rand(1, 3, 6, 9, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        assert torch.equal(embedding(image), embedding(F.pad(image, (0, 3, 0, 2))))
    assert embedding(image).shape == (1, 5, 2, 3)


def test_merging_concatenates_corners_down_the_columns_first():
    merging = PatchMerging(1)
    merging.norm = torch.nn.Identity()
    merging.reduction = torch.nn.Identity()
    grid = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).view(1, 2, 3, 1)
    assert merging(grid).tolist() == [[[[1, 4, 2, 5], [3, 6, 0, 0]]]]


def test_stages_double_channels_and_halve_the_grid_rounding_up():
    config = SwinConfig(embed_channels=4, depths=(1, 1, 1), heads=(1, 1, 1), window=2)
    features = SwinBackbone(config)(torch.rand(1, 4, 5, 7))
    assert [tuple(feature.shape) for feature in features] == [(1, 4, 5, 7), (1, 8, 3, 4), (1, 16, 2, 2)]
