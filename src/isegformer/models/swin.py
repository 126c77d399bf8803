"""Swin Transformer as iSegFormer uses it: any input size, a feature map of every stage.

B is the batch, C the channels, (h, w) the grid of a stage, M the window's side, N = M * M, W the number of
windows in one grid.

Source: Liu et al. 2021, "Swin Transformer". Two details that other libraries treat otherwise: odd blocks are
shifted by M // 2 also where the grid is smaller than a window, and masked logits get -100, not -inf.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from isegformer.models.config import SwinConfig
from isegformer.models.stochastic_depth import DropPath, linear_rates
from isegformer.models.windows import merge_windows, relative_position_index, split_windows

PATCH = 4
"""Side of a patch in pixels."""
MASKED_LOGIT = -100.0
"""Added to the attention between positions that are neighbours only because of the cyclic shift."""
KEPT_MASKS = 2
"""Masks that a stage keeps: a slice is looked at in two sizes. A few MB each."""


class PatchEmbedding(nn.Module):
    """Non-overlapping 4x4 patches to vectors, with layer norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, PATCH, stride=PATCH)
        self.norm = nn.LayerNorm(channels)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C, ceil(H / 4), ceil(W / 4)); zeros are added below and to the right."""
        height, width = image.shape[-2:]
        patches = self.proj(F.pad(image, (0, -width % PATCH, 0, -height % PATCH)))
        return self.norm(patches.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class WindowAttention(nn.Module):
    """Multi-head attention inside windows, with a learned bias per relative position."""

    relative_position_index: Tensor

    def __init__(self, channels: int, *, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_position_index", relative_position_index(window), persistent=False)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, h, w, C) -> (B, h, w, C), h and w multiples of M; `mask` (W, N, N) is added for every head."""
        qkv = split_windows(self.qkv(x), self.window, parts=3, heads=self.heads)
        if mask is None:
            mixed = _attend(qkv.flatten(1, 2), self.bias())  # (B * W, heads, N, C / heads)
        else:
            # Windows and heads share an axis, so that one bias of every window serves the whole batch.
            mixed = _attend(qkv.flatten(2, 3), self.masked_bias(mask))  # (B, W * heads, N, C / heads)
        mixed = mixed.view(qkv.shape[1:])  # (B, W, heads, N, C / heads)
        return self.proj(merge_windows(mixed, window=self.window, size=(x.shape[1], x.shape[2])))

    def bias(self) -> Tensor:
        """Return what is added to the logits for each relative position, (heads, N, N)."""
        return self.relative_position_bias_table.t().contiguous()[:, self.relative_position_index]

    def masked_bias(self, mask: Tensor) -> Tensor:
        """Return the same with a mask (W, N, N), for the heads of every window, (W * heads, N, N)."""
        bias = self.bias()
        return (bias + mask.to(bias.dtype).unsqueeze(1)).flatten(0, 1)


class FixedWindowAttention(WindowAttention):
    """The same with weights that change no more: biases are made once, those with a mask once for a size."""

    made_bias: Tensor

    def __init__(self, attention: WindowAttention, *, dtype: torch.dtype) -> None:
        nn.Module.__init__(self)  # all layers are those of the other
        self.heads, self.window = attention.heads, attention.window
        self.relative_position_index = attention.relative_position_index
        self.qkv, self.proj = attention.qkv, attention.proj
        self.relative_position_bias_table = attention.relative_position_bias_table
        self.register_buffer("made_bias", attention.bias().detach().to(dtype), persistent=False)
        self.made: tuple[Tensor, Tensor] | None = None
        """The last mask, and the bias with it; replaced as one, so that threads may share this."""

    def bias(self) -> Tensor:
        """Return what was made of the weights."""
        return self.made_bias

    def masked_bias(self, mask: Tensor) -> Tensor:
        """Return what was made for the same mask before; for another one it is made now."""
        made = self.made
        if made is None or made[0] is not mask:  # masks of a size that comes again are the same object
            self.made = made = (mask, super().masked_bias(mask))
        return made[1]


def fix_attention(network: nn.Module, *, dtype: torch.dtype) -> None:
    """Make the biases of all window attentions in a network once, in `dtype`; for use, not for training."""
    for block in network.modules():
        if isinstance(block, SwinBlock):
            block.attn = FixedWindowAttention(block.attn, dtype=dtype).eval()


def _attend(qkv: Tensor, bias: Tensor) -> Tensor:
    """Return the attention's output of (3, B, heads, N, C) for a `bias` (heads, N, N); (B, heads, N, C)."""
    query, key, value = qkv.unbind()
    return F.scaled_dot_product_attention(query, key, value, attn_mask=bias.unsqueeze(0))


class Mlp(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, channels: int, *, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C)."""
        return self.fc2(F.gelu(self.fc1(x)))


class SwinBlock(nn.Module):
    """Pre-norm transformer block over windows, shifted by `shift` positions."""

    def __init__(
        self, channels: int, *, heads: int, config: SwinConfig, shift: int, drop_path: float
    ) -> None:
        super().__init__()
        self.window = config.window
        self.shift = shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads=heads, window=config.window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, hidden=int(channels * config.mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, h, w, C) -> (B, h, w, C); `mask` is that of `shift_mask`, used by shifted blocks."""
        x = x + self.drop_path(self._attend(self.norm1(x), mask))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def _attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        height, width = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, -width % self.window, 0, -height % self.window))
        if not self.shift:  # a roll by nothing is a copy
            return self.attn(x, mask)[:, :height, :width]
        x = self.attn(torch.roll(x, (-self.shift, -self.shift), dims=(1, 2)), mask)
        return torch.roll(x, (self.shift, self.shift), dims=(1, 2))[:, :height, :width]


class PatchMerging(nn.Module):
    """Halves the grid: the four positions of each 2x2 patch become one of twice the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, ceil(h / 2), ceil(w / 2), 2 C)."""
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        # The order (row, col) = (0, 0), (1, 0), (0, 1), (1, 1) is that of the published weights.
        corners = [x[:, row::2, col::2] for col in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(corners, dim=-1)))


class SwinStage(nn.Module):
    """The blocks of one scale, every second one shifted, and the step to the next scale."""

    def __init__(self, stage: int, *, config: SwinConfig, drop_paths: list[float]) -> None:
        super().__init__()
        channels = config.widths[stage]
        self.window = config.window
        self.blocks = nn.ModuleList(
            SwinBlock(
                channels,
                heads=config.heads[stage],
                config=config,
                shift=config.window // 2 if block % 2 else 0,
                drop_path=rate,
            )
            for block, rate in enumerate(drop_paths)
        )
        self._masks: tuple[tuple[tuple[tuple[int, int], torch.device], Tensor], ...] = ()
        is_last = stage == len(config.depths) - 1
        self.downsample = None if is_last else PatchMerging(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, h, w, C), before the step to the next scale."""
        mask = self._mask(x)
        for block in self.blocks:
            x = block(x, mask if block.shift else None)
        return x

    def _mask(self, x: Tensor) -> Tensor:
        """Return the `shift_mask` of a grid (B, h, w, C), a kept one if there is; no weights are in it."""
        place = ((x.shape[1], x.shape[2]), x.device)
        if not _is_computed(x):
            return shift_mask(place[0], window=self.window, device=x.device)
        kept = next((mask for known, mask in self._masks if known == place), None)
        if kept is None:
            with torch.inference_mode(False):  # what inference mode makes cannot be used in training
                kept = shift_mask(place[0], window=self.window, device=x.device)
            self._masks = (*self._masks, (place, kept))[-KEPT_MASKS:]
        return kept


class SwinBackbone(nn.Module):
    """Features of every stage from embedded patches."""

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        rates = linear_rates(config.drop_path, sum(config.depths))
        starts = [sum(config.depths[:stage]) for stage in range(len(config.depths))]
        self.layers = nn.ModuleList(
            SwinStage(stage, config=config, drop_paths=rates[start : start + depth])
            for stage, (start, depth) in enumerate(zip(starts, config.depths, strict=True))
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in config.widths)
        self.apply(_initialise)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C, H / 4, W / 4) -> features from fine to coarse, (B, C_s, h_s, w_s), each normalised."""
        x = x.permute(0, 2, 3, 1)
        features = []
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = layer(x)
            features.append(norm(x).permute(0, 3, 1, 2).contiguous())
            if isinstance(layer.downsample, nn.Module):
                x = layer.downsample(x)
        return features


def shift_mask(size: tuple[int, int], *, window: int, device: torch.device) -> Tensor:
    """Return what is added to the attention logits of a shifted grid, (W, N, N): 0 or -100.

    Positions may attend to each other unless the cyclic shift brought them together from opposite borders.
    `size` is (h, w) before padding. Only the last row and the last column of windows hold such borders.
    """
    rows, cols = (torch.arange((length + window - 1) // window, device=device) for length in size)
    position = torch.arange(window * window, device=device)
    has_wrapped = torch.stack([position // window, position % window]) >= window - window // 2  # (2, N)
    is_apart = has_wrapped[:, :, None] != has_wrapped[:, None, :]  # (2, N, N), by row and by column
    is_last_row = (rows == rows.shape[0] - 1)[:, None, None, None]
    is_last_col = (cols == cols.shape[0] - 1)[None, :, None, None]
    masked = (is_last_row & is_apart[0]) | (is_last_col & is_apart[1])  # (h / M, w / M, N, N)
    return masked.flatten(0, 1).to(torch.float32) * MASKED_LOGIT


def _is_computed(x: Tensor) -> bool:
    """Tell whether operations on `x` run now; else they become a graph, and its sizes are no numbers yet."""
    return type(x) is Tensor and type(x.shape[1]) is int and not torch.compiler.is_compiling()


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
