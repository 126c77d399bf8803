"""CUDA graphs: what a network does for inputs of one size is recorded once, then replayed as one piece.

One look at a slice is some hundred small steps on a graphics card, and telling the card each of them takes
the processor longer than the card needs for them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from isegformer.models.click_segmenter import ClickSegmenter
from isegformer.models.stcn import Stcn, StcnKeys
from isegformer.runtimes.engines import ClickEngine, PropagationEngine
from isegformer.runtimes.graphs import ClickPart, DecodePart, ImagePart, KeyPart, ValuePart, keys_of
from isegformer.runtimes.half_precision import half_precision, made_for_size, prepared_for_half
from isegformer.runtimes.pytorch import missing_half_precision
from isegformer.runtimes.runtime import REDUCED, Tolerance

KEPT_SIZES = 8
"""Recordings that are kept of one part of a network; that which was not used for longest goes first."""


@dataclass(frozen=True)
class CudaGraphs:
    """PyTorch with bfloat16 inside, recorded for each size of input that comes again."""

    tolerance: Tolerance = REDUCED

    def missing(self, device: torch.device) -> str | None:
        """Tell where there is no graphics card that records, or it has no bfloat16."""
        if device.type != "cuda":
            return f"CUDA graphs need a graphics card, and the network is on {device.type}"
        return missing_half_precision(device)

    def click(self, network: ClickSegmenter) -> ClickEngine:
        """Return a copy of the network that is recorded."""
        return _RecordedClicks(prepared_for_half(network))

    def propagation(self, network: Stcn) -> PropagationEngine:
        """Return a copy of the network that is recorded."""
        return _RecordedPropagation(prepared_for_half(network))


class RecordedPart:
    """One part of a network; recorded for a size when that comes for the second time. For any thread.

    Parameters
    ----------
    part : takes and returns tensors; its weights change no more
    record : makes what answers as the part does for inputs of the size of those given
    """

    def __init__(self, part: nn.Module, *, record: "Recorder", kept_sizes: int = KEPT_SIZES) -> None:
        self._part = part
        self._record = record
        self._kept_sizes = kept_sizes
        self._replays: OrderedDict[tuple[torch.Size, ...], Replay | None] = OrderedDict()
        self._lock = threading.Lock()

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what the part returns, as tensors of their own."""
        sizes = tuple(one.shape for one in inputs)
        with self._lock:
            if sizes not in self._replays:
                self._replays[sizes] = None  # a size that comes once is not worth a recording
                outputs = outputs_of(self._part, inputs)
            else:
                replay = self._replays[sizes] or self._record(self._part, inputs)
                self._replays[sizes] = replay
                outputs = replay(inputs)
            self._replays.move_to_end(sizes)
            while len(self._replays) > self._kept_sizes:
                self._replays.popitem(last=False)
            return outputs


Replay: TypeAlias = Callable[[Sequence[Tensor]], tuple[Tensor, ...]]
"""Answers as a part of a network does, for inputs of one size; what it returns stays as it is."""

Recorder: TypeAlias = Callable[[nn.Module, Sequence[Tensor]], Replay]


class CardRecorder:
    """Records parts on a graphics card; their recordings share working memory, so they must take turns."""

    @cached_property
    def _pool(self) -> Any:
        return torch.cuda.graph_pool_handle()

    def __call__(self, part: nn.Module, inputs: Sequence[Tensor]) -> Replay:
        """Return a recording of what a part does with inputs of this size; takes a few of its runs."""
        own_inputs = [torch.empty_like(one).copy_(one) for one in inputs]
        device = own_inputs[0].device
        beside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(beside):  # libraries choose and prepare their kernels before the recording
            outputs_of(part, own_inputs)
        torch.cuda.current_stream(device).wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the card: their work is not recorded, and must not end the recording.
        with torch.cuda.graph(graph, pool=self._pool, stream=beside, capture_error_mode="thread_local"):
            outputs = outputs_of(part, own_inputs)
        held = made_for_size(part)  # which the graph reads, also when the network has let go of it

        def replay(given: Sequence[Tensor], _held: object = held) -> tuple[Tensor, ...]:
            for own, one in zip(own_inputs, given, strict=True):
                own.copy_(one)
            graph.replay()
            return tuple(output.clone() for output in outputs)

        return replay


def outputs_of(part: nn.Module, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return what a prepared part of a network makes of its inputs with bfloat16 inside."""
    with half_precision(inputs[0].device):
        outputs = part(*inputs)
    return outputs if isinstance(outputs, tuple) else (outputs,)


class _RecordedClicks:
    def __init__(self, network: ClickSegmenter) -> None:
        self.click_radius_px = network.click_radius_px
        self.device = network.device
        self._image = RecordedPart(ImagePart(network), record=CardRecorder())
        self._clicks = RecordedPart(ClickPart(network), record=CardRecorder())

    def embed(self, image: Tensor) -> Tensor:
        return self._image(image)[0]

    def logits(self, embedded: Tensor, hint: Tensor) -> Tensor:
        return self._clicks(embedded, hint)[0].float()


class _RecordedPropagation:
    def __init__(self, network: Stcn) -> None:
        self.device = network.device
        self._key, self._value, self._decode = (
            RecordedPart(part(network), record=CardRecorder()) for part in (KeyPart, ValuePart, DecodePart)
        )

    def encode_key(self, frame: Tensor) -> StcnKeys:
        key, *others = self._key(frame)
        return keys_of([key.float(), *others])

    def encode_value(self, frame: Tensor, keys: StcnKeys, *, mask: Tensor, others: Tensor) -> Tensor:
        return self._value(frame, keys.sixteenth, mask, others)[0].float()

    def decode(self, readout: Tensor, keys: StcnKeys) -> Tensor:
        return self._decode(readout, keys.context, *keys.skips)[0].float()
