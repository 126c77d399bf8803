import dataclasses

import pytest
import torch

from isegformer.errors import CheckpointError
from isegformer.models import build_click_network, load_backbone, variant
from isegformer.models.checkpoint.state import network_state

CLASSIFIER = {
    "norm.weight": torch.ones(24),
    "norm.bias": torch.zeros(24),
    "head.weight": torch.zeros(10, 24),
    "head.bias": torch.zeros(10),
    "layers.0.blocks.1.attn_mask": torch.zeros(4, 9, 9),
    "layers.0.blocks.0.attn.relative_position_index": torch.zeros(9, 9, dtype=torch.int64),
}


def imagenet_state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a backbone in the names of the original Swin Transformer, with its classifier."""
    names = {"image_embedding.": "patch_embed.", "backbone.layers.": "layers."}
    state = dict(CLASSIFIER)
    for name, value in network_state(network).items():
        for ours, theirs in names.items():
            if name.startswith(ours):
                state[theirs + name.removeprefix(ours)] = value.detach() + 1
    return state


@pytest.fixture
def path(tmp_path, tiny_swin):
    torch.save({"model": imagenet_state(build_click_network(tiny_swin))}, tmp_path / "swin.pth")
    return tmp_path / "swin.pth"


def test_image_embedding_and_all_stages_are_copied_and_the_rest_kept(path, tiny_swin):
    network = build_click_network(tiny_swin)
    before = {name: value.detach().clone() for name, value in network_state(network).items()}
    file_state = torch.load(path, weights_only=True)["model"]
    report = load_backbone(network, path)
    after = network_state(network)
    assert torch.equal(after["image_embedding.proj.weight"], file_state["patch_embed.proj.weight"])
    table = "layers.2.blocks.1.attn.relative_position_bias_table"
    assert torch.equal(after[f"backbone.{table}"], file_state[table])
    assert all(torch.equal(after[name], before[name]) for name in report.untouched)
    assert set(report.loaded) | set(report.untouched) == set(after)
    assert set(report.dropped) == set(CLASSIFIER)
    assert {name.partition(".")[0] for name in report.untouched} == {"click_embedding", "backbone", "decoder"}


def test_names_without_the_outer_dictionary_work_too(path, tiny_swin):
    torch.save(torch.load(path, weights_only=True)["model"], path)
    assert "image_embedding.proj.weight" in load_backbone(build_click_network(tiny_swin), path).loaded


def test_another_window_is_an_error_and_changes_nothing(path, tiny_swin):
    network = build_click_network(dataclasses.replace(tiny_swin, window=4))
    before = {name: value.detach().clone() for name, value in network_state(network).items()}
    with pytest.raises(CheckpointError, match=r"window 4 expected.*(.|\n)*bias_table 25x1, expected 49x1"):
        load_backbone(network, path)
    assert all(torch.equal(value, before[name]) for name, value in network_state(network).items())


def test_absolute_positions_are_an_error(path, tiny_swin):
    state = torch.load(path, weights_only=True)["model"]
    torch.save({"model": {**state, "absolute_pos_embed": torch.zeros(1, 9, 6)}}, path)
    with pytest.raises(CheckpointError, match="1 unexpected: absolute_pos_embed 1x9x6"):
        load_backbone(build_click_network(tiny_swin), path)


def test_other_networks_have_no_such_backbone(path):
    with pytest.raises(CheckpointError, match="Swin networks only"):
        load_backbone(build_click_network(variant("compact")), path)
