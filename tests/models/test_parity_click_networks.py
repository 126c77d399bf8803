"""Our networks against golden outputs of the reference implementations, through the public loader."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from isegformer.models import Stcn, inspect, load

pytestmark = pytest.mark.parity

TOLERANCE = 1e-4
"""Largest difference over largest value."""

ARCHITECTURES = {
    "isegformer_swin_tiny_like": "swin (custom), shared click embedding",
    "isegformer_swin_base": "swin-base, shared click embedding",
    "ritm_hrnet18s": "hrnet18s",
    "ritm_hrnet32": "hrnet32",
}


def disks(points: np.ndarray, *, shape: tuple[int, int], radius_px: float) -> torch.Tensor:
    """Return the positive and the negative map, (1, 2, H, W); the first half of the points is positive."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    maps = np.zeros((1, 2, *shape), np.float32)
    for number, (row, col, _order) in enumerate(points[0]):
        if row >= 0:
            maps[0, number // (points.shape[1] // 2)][np.hypot(rows - row, cols - col) <= radius_px] = 1
    return torch.from_numpy(maps)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_logits_equal_the_reference(name, parity_dir, parity_checkpoint):
    path = parity_checkpoint(name)
    network = load(path)
    assert inspect(path).architecture == ARCHITECTURES[name]
    path.unlink()
    golden = np.load(parity_dir / f"{name}.npz")
    cases = sorted({key.rpartition("_")[2] for key in golden})
    for case in cases:
        image = torch.from_numpy(golden[f"image_{case}"])
        height, width = image.shape[-2:]
        clicks = disks(golden[f"points_{case}"], shape=(height, width), radius_px=network.click_radius_px)
        hint = torch.cat([torch.from_numpy(golden[f"prev_mask_{case}"]), clicks], dim=1)
        with torch.no_grad():
            outputs = network.forward_all(image, hint)
        heads = [key for key in ("logits", "aux") if f"{key}_{case}" in golden]
        assert len(outputs) == len(heads)
        for head, output in zip(heads, outputs, strict=True):
            expected = golden[f"{head}_{case}"]
            assert np.abs(output.numpy() - expected).max() < TOLERANCE * np.abs(expected).max()


def test_tensors_that_the_released_code_never_uses_are_listed(parity_checkpoint):
    dropped = inspect(parity_checkpoint("isegformer_swin_tiny_like")).dropped
    assert "backbone.patch_embed_coords.proj.weight" in dropped
    assert "maps_transform.3.scale" in dropped
    unused = ("backbone.patch_embed_coords.", "maps_transform.")
    assert all(name.startswith(unused) or name.endswith(".relative_position_index") for name in dropped)
    assert inspect(parity_checkpoint("ritm_hrnet18s")).dropped == ()


def test_a_published_propagation_file_is_recognised_and_gives_the_reference_keys(
    parity_dir, parity_checkpoint
):
    path = parity_checkpoint("stcn_propagation")
    network = load(path)
    path.unlink()
    assert isinstance(network, Stcn)
    with np.load(parity_dir / "stcn_propagation.npz") as golden:
        frame, expected = torch.from_numpy(golden["frames"][0]), torch.from_numpy(golden["key_0"])
    centred = (frame.permute(2, 0, 1)[None] - network.pixel_mean) / network.pixel_std
    padded = F.pad(centred, (4, 4, 4, 4)) * network.pixel_std + network.pixel_mean
    with torch.inference_mode():
        torch.testing.assert_close(network.encode_key(padded).key, expected, rtol=1e-4, atol=1e-5)
