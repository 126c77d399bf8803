"""The engine against a plain retelling of the reference's rounds, and against its golden outputs."""

import importlib.util
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from isegformer.models import load
from isegformer.models.fusion import FusionNetwork
from isegformer.models.soft_aggregation import soft_aggregate
from isegformer.propagation import ArraySlices, Propagator, PropagatorConfig

TOP_K = 4
MEMORY_EVERY = 2
TIE = 4 / 65535
"""Two objects this close may swap when probabilities are rounded to 16 bits."""


class PlainRounds:
    """One annotated slice per round, everything in float32, nothing in blocks: slow and easy to check."""

    def __init__(self, network, fusion, frames, n_objects):
        self.network, self.fusion, self.frames = network, fusion, frames
        self.n_slices = len(frames)
        self.probability = torch.zeros(self.n_slices, n_objects, *frames.shape[-2:])
        self.permanent, self.annotated = [], set()

    def memorise(self, index, masks):
        frame, masks = self.frames[index : index + 1], masks[:, None]
        keys = self.network.encode_key(frame)
        others = torch.stack([masks.sum(0) - one for one in masks])
        return keys.key[0], self.network.encode_value(frame, keys, mask=masks, others=others)

    def weights(self, memory_key, query_key, *, top_k):
        distance = (memory_key.flatten(1)[:, :, None] - query_key.flatten(1)[:, None]).square().sum(0)
        scores = -distance / len(query_key) ** 0.5  # (M, Q)
        if top_k is not None and top_k < len(scores):
            least = scores.sort(dim=0, descending=True).values[top_k - 1]
            scores = scores.masked_fill(scores < least, -torch.inf)
        return scores.softmax(dim=0)

    def predict(self, index, memory):
        keys = self.network.encode_key(self.frames[index : index + 1])
        memory_key = torch.stack([key for key, _ in memory], dim=1)  # (Ck, T, h, w)
        values = torch.stack([value for _, value in memory], dim=2).flatten(2)  # (N, Cv, M)
        read = values @ self.weights(memory_key, keys.key[0], top_k=TOP_K)
        logits = self.network.decode(read.unflatten(2, keys.key.shape[-2:]), keys)
        return soft_aggregate(logits.sigmoid())[1:, 0]

    def fuse(self, index, new, *, near, far, key, change):
        weights = self.weights(
            key, self.network.encode_key(self.frames[index : index + 1]).key[0], top_k=None
        )
        maps = F.interpolate(change, key.shape[-2:], mode="area").flatten(2) @ weights
        maps = maps.unflatten(2, key.shape[-2:])
        share = abs(far - index) / abs(far - near)
        logits = self.fusion(
            self.frames[index : index + 1],
            previous=self.probability[index][:, None],
            current=new[:, None],
            attention=F.interpolate(maps, self.frames.shape[-2:], mode="bilinear", align_corners=False),
            distances=torch.tensor([[share, 1 - share]]),
        )
        return soft_aggregate(logits.sigmoid())[1:, 0]

    def run_round(self, near, masks):
        change = masks - self.probability[near]
        change = torch.stack([change.clamp(min=0), (-change).clamp(min=0)], dim=1)
        self.probability[near] = masks
        entry = self.memorise(near, masks)
        self.permanent.append(entry)
        self.annotated.add(near)
        for step, end in ((1, self.n_slices), (-1, -1)):
            beyond = [one for one in self.annotated if (one - near) * step > 0]
            far = min(beyond, key=lambda one: abs(one - near), default=end)
            memory, last = list(self.permanent), near
            for index in range(near + step, far, step):
                new = self.predict(index, memory)
                if abs(index - last) >= MEMORY_EVERY and index != far - step:
                    memory.append(self.memorise(index, new))
                    last = index
                if far in self.annotated:
                    new = self.fuse(index, new, near=near, far=far, key=entry[0], change=change)
                self.probability[index] = new


@pytest.mark.parametrize("objects", [[3], [3, 700]])
def test_single_annotations_per_round_equal_a_plain_retelling(tiny_stcn, noisy_stack, two_boxes, objects):
    torch.manual_seed(0)
    fusion = FusionNetwork(4).eval()
    stack, labels = noisy_stack[:, :32, :48], two_boxes[:32, :48] * np.isin(two_boxes[:32, :48], objects)
    frames = torch.from_numpy(stack)[:, None].repeat(1, 3, 1, 1)
    config = PropagatorConfig(min_side_px=None, stop=None, top_k=TOP_K, memory_every=MEMORY_EVERY)
    rounds = ((2, labels), (8, labels[::-1].copy()), (5, labels[:, ::-1].copy()), (10, labels))
    with (
        torch.inference_mode(),
        Propagator(tiny_stcn, ArraySlices(stack), fusion=fusion, config=config) as propagator,
    ):
        plain = PlainRounds(tiny_stcn, fusion, frames, len(objects))
        for index, drawn in rounds:
            propagator.run_round({index: drawn})
            plain.run_round(index, torch.stack([torch.from_numpy(drawn == one).float() for one in objects]))
            for at in range(len(stack)):
                got, expected = propagator.store.read(at), plain.probability[at]
                assert (got - expected).abs().max() < 1e-3, (index, at)
        assert len(np.unique(propagator.labels(6))) > 1


@pytest.fixture(scope="module")
def published_networks(parity_dir, tmp_path_factory):
    """Return the network and the fusion network of the golden outputs, from files in the published form."""
    spec = importlib.util.spec_from_file_location("parity_weights", parity_dir / "weights.py")
    weights = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(weights)
    manifest = json.loads((parity_dir / "stcn_propagation.json").read_text())
    path = tmp_path_factory.mktemp("published") / "network.pth"
    networks = []
    for state in (weights.checkpoint(manifest), weights.fusion_state_dict(manifest)):
        torch.save(state, path)
        networks.append(load(path))
        path.unlink()
    return networks


@pytest.mark.parity
@pytest.mark.parametrize("memory_every", [5, 2])
def test_both_rounds_equal_the_reference(parity_dir, published_networks, memory_every):
    stcn, fusion = published_networks
    with np.load(parity_dir / "stcn_propagation.npz") as golden:
        outputs = {name: golden[name] for name in golden}
    config = PropagatorConfig(min_side_px=None, stop=None, memory_every=memory_every)
    with Propagator(stcn, ArraySlices(outputs["frames"]), fusion=fusion, config=config) as propagator:
        for number in (1, 2):
            index = int(outputs[f"round{number}_frame"])
            propagator.run_round({index: outputs[f"round{number}_mask"]})
            expected = outputs[f"round{number}_prob_mem{memory_every}"][:, :, 0]  # (1 + N, T, H', W')
            got = np.stack(
                [propagator.store.read(at).numpy() for at in range(len(propagator.all_labels()))], 1
            )
            assert np.abs(got - expected[1:]).max() < 2e-3
            differs = propagator.all_labels() != outputs[f"round{number}_labels_mem{memory_every}"]
            first, second = np.sort(expected[:, :, 4:-4, 4:-4], axis=0)[:-3:-1]
            assert (first - second)[differs].max(initial=0) < TIE
