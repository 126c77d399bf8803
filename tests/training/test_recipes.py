"""Every recipe in configs/ is read and run for two steps, on tiny data in the folder form that it names."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from isegformer.models import build_click_network, load
from isegformer.models.checkpoint.state import network_state
from isegformer.models.config import (
    CompactConfig,
    HrformerConfig,
    HrnetConfig,
    MlpDecoderConfig,
    SegformerConfig,
    SwinConfig,
    UnetConfig,
    variant,
)
from isegformer.training import click_run, propagation_run
from isegformer.training.click_run import train_clicks
from isegformer.training.config import ClickTrainingConfig, PropagationTrainingConfig, read_config
from isegformer.training.hardware import Hardware
from isegformer.training.propagation_run import train_propagation

sys.path.insert(0, str(Path(__file__).parents[1] / "datasets"))  # import mode importlib leaves tests off it

from dataset_trees import coco_record, put, put_series, put_text, put_volume  # found through the line above

CONFIGS = Path(__file__).parents[2] / "configs"
CLICK_RECIPES = sorted(path for path in CONFIGS.rglob("*.yaml") if not path.name.startswith("stcn"))
PROPAGATION_RECIPES = sorted(CONFIGS.glob("stcn*.yaml"))
SIDE = 64

DECODER = MlpDecoderConfig(channels=8)
TINY = {
    CompactConfig: CompactConfig(
        widths=(8, 8, 16), depths=(1, 1, 1), attention_depth=1, attention_heads=2, decoder_widths=(8, 8)
    ),
    SwinConfig: SwinConfig(embed_channels=6, depths=(1, 1), heads=(1, 2), window=4, decoder=DECODER),
    SegformerConfig: SegformerConfig(
        widths=(8, 8, 8, 8), depths=(1, 1, 1, 1), heads=(1, 1, 1, 1), decoder=DECODER
    ),
    HrnetConfig: HrnetConfig(width=4, context_channels=4, stem_depth=1, branch_depth=1, modules=(1, 1, 1)),
    HrformerConfig: HrformerConfig(
        width=4, heads=1, stem_depth=1, branch_depth=1, modules=(1, 1, 1), decoder=DECODER
    ),
    UnetConfig: UnetConfig(widths=(4, 8, 8)),
}
"""A small network of the family that a recipe names; the recipe's own takes minutes for a step on a CPU."""


def picture():
    """Return RGB noise with a bright square, and its labels."""
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[12:52, 16:56] = 1
    image = np.random.default_rng(0).integers(0, 90, (SIDE, SIDE, 3)).astype(np.uint8)
    image[labels > 0] += 120
    return image, labels


def block(*, axis_length, labels):
    """Return a volume (64, 64, n) with one block of each label, side by side."""
    made = np.zeros((SIDE, SIDE, axis_length), np.uint16)
    for number, label in enumerate(labels):
        made[10 + 24 * number : 32 + 24 * number, 10:54, 1:-1] = label
    return made


def make_slices(root):
    image, labels = picture()
    put(root / "images" / "a.png", image)
    put(root / "labels" / "a.png", labels)


def make_volumes(root):
    labels = block(axis_length=40, labels=(1, 2))
    put_volume(root / "a_image.nii.gz", 50 * labels)
    put_volume(root / "a_label.nii.gz", labels)


def make_coco_lvis(root):
    image, _ = picture()
    put(root / "train2017" / "000000000009.jpg", image)
    square = [16, 12, 56, 12, 56, 52, 16, 52]
    size = {"height": SIDE, "width": SIDE}
    url = "http://images.cocodataset.org/train2017/000000000009.jpg"
    lvis = coco_record([{"segmentation": [square]}], coco_url=url, **size)
    coco = coco_record([{"segmentation": [square], "iscrowd": 0}], file_name="000000000009.jpg", **size)
    put_text(root / "annotations" / "lvis_v1_train.json", json.dumps(lvis))
    put_text(root / "annotations" / "instances_train2017.json", json.dumps(coco))


def make_oai(root):
    put_series(root / "0.C.2" / "9000099" / "20050712" / "10424405", knee())


def make_oai_zib(root):
    put_series(root / "00m" / "0.C.2" / "9001104" / "20050826" / "10593811", knee())
    masks = np.zeros((121, SIDE, SIDE), np.uint16)  # left, back, head
    masks[:, 10:32, 10:54], masks[:, 34:56, 10:54] = 2, 4
    put_volume(root / "segmentation" / "segmentation_masks" / "9001104.segmentation_masks.mhd", masks)
    put_text(
        root / "segmentation" / "doc" / "oai_mri_paths.txt", "9001104: 0.C.2/9001104/20050826/10593811\n"
    )


def knee():
    """Return intensities (columns, rows, slices), 121 slices, so that slices 40, 80 and 120 are there."""
    noise = np.random.default_rng(1).integers(0, 60, (SIDE, SIDE, 121)).astype(np.uint16)
    noise[10:32, 10:54] += 300
    noise[34:56, 10:54] += 150
    return noise


MAKERS = {
    "slices": make_slices,
    "volumes": make_volumes,
    "coco-lvis": make_coco_lvis,
    "oai": make_oai,
    "oai-zib": make_oai_zib,
}
NAMES = {"slices": ["a"], "volumes": ["a"], "oai-zib": ["9001104"]}


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """Return a folder with every source that a recipe names, and an index of those with one."""
    root = tmp_path_factory.mktemp("recipes")
    index = {}
    for path in CONFIGS.rglob("*.yaml"):
        record = yaml.safe_load(path.read_text(encoding="utf-8"))
        for source in record["train"]:
            if not (root / source["path"]).exists():
                (root / source["path"]).mkdir(parents=True)
                MAKERS[source["form"]](root / source["path"])
            if "index_file" in record:
                index[source["path"]] = {"train": NAMES[source["form"]]}
    put_text(root / "index.json", json.dumps(index))
    return root


@pytest.fixture
def short(tmp_path, monkeypatch):
    """Return a function that makes a recipe small and two steps long."""
    monkeypatch.setattr(click_run, "variant", lambda name: TINY[type(variant(name))])

    def shortened(config):
        shape = None if config.view.shape_px is None else (SIDE, 96)
        return dataclasses.replace(
            config,
            view=dataclasses.replace(config.view, side_px=SIDE, shape_px=shape),
            steps=2,
            batch_size=2,
            workers=0,
            checkpoint_every=2,
            warmup_steps=min(config.warmup_steps, 1),
            start_from=None if config.start_from is None else str(tmp_path / config.start_from),
        )

    return shortened


def save_backbone(path):
    """Write a tiny Swin as it is published for ImageNet: other names, and a classifier."""
    names = {"image_embedding.": "patch_embed.", "backbone.layers.": "layers."}
    state = {"head.bias": torch.zeros(10)}
    for name, value in network_state(build_click_network(TINY[SwinConfig])).items():
        for ours, theirs in names.items():
            if name.startswith(ours):
                state[theirs + name.removeprefix(ours)] = value.detach()
    torch.save({"model": state}, path)


def test_there_are_recipes():
    assert len(CLICK_RECIPES) >= 17
    assert len(PROPAGATION_RECIPES) >= 1


@pytest.mark.parametrize("path", CLICK_RECIPES, ids=lambda path: path.relative_to(CONFIGS).as_posix())
def test_click_recipes_run(path, short, data_root, tmp_path):
    recipe = read_config(path, ClickTrainingConfig)
    config = short(recipe)
    if config.start_from is not None:
        save_backbone(config.start_from)
    weights = train_clicks(
        config, data_root=data_root, run_path=tmp_path / "run", hardware=Hardware(device="cpu")
    )
    network = load(weights)
    assert type(network.config) is type(variant(recipe.architecture))
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert np.isfinite(losses).all()


@pytest.mark.parametrize("path", PROPAGATION_RECIPES, ids=lambda path: path.name)
def test_propagation_recipes_run(path, short, data_root, tmp_path):
    config = dataclasses.replace(short(read_config(path, PropagationTrainingConfig)), start_from=None)
    weights = train_propagation(
        config, data_root=data_root, run_path=tmp_path / "run", hardware=Hardware(device="cpu")
    )
    assert type(load(weights)) is propagation_run.Stcn
