"""CUDA graphs: what a network does for inputs of one size is recorded once, then replayed as one piece.

One look at a slice is some hundred small steps on a graphics card, and telling the card each of them takes
the processor longer than the card needs for them.
"""

import logging
import threading
from collections import OrderedDict, deque
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

KEPT_SIZES = 6
"""Recordings that are kept of one part of a network; that which was not used for longest goes first."""

REMEMBERED_SIZES = 64
"""Sizes that came once and are known again."""

MOST_RECORDED_PX = 768 * 768
"""Pixels of inputs that are recorded, all of a batch together: with more the card is busy anyway, and what a
recording holds grows with them."""

logger = logging.getLogger(__name__)

_RECORDING = threading.Lock()
"""Held while anything is recorded: a process can record one thing at a time."""


@dataclass(frozen=True)
class CudaGraphs:
    """PyTorch with bfloat16 inside, recorded for each size of input that comes again."""

    tolerance: Tolerance = REDUCED

    def missing(self, device: torch.device) -> str | None:
        """Tell where there is no NVIDIA card, or it has no bfloat16."""
        if device.type != "cuda":
            return f"CUDA graphs need a graphics card, and the network is on {device.type}"
        if torch.version.hip is not None:
            return "CUDA graphs are not tried on AMD's graphics cards"
        return missing_half_precision(device)

    def click(self, network: ClickSegmenter) -> ClickEngine:
        """Return a copy of the network that is recorded."""
        return _RecordedClicks(prepared_for_half(network))

    def propagation(self, network: Stcn) -> PropagationEngine:
        """Return a copy of the network that is recorded."""
        return _RecordedPropagation(prepared_for_half(network))


class RecordedPart:
    """One part of a network; recorded for a size when that comes for the second time. For any thread.

    Where the first recording fails, its error passes through; if a later one does, all are given up and the
    part is computed step by step from then on.

    Parameters
    ----------
    part : takes and returns tensors; its weights change no more
    record : makes what answers as the part does for inputs of the size of those given
    """

    def __init__(self, part: nn.Module, *, record: "Recorder", kept_sizes: int = KEPT_SIZES) -> None:
        self._part = part
        self._record: Recorder | None = record
        self._kept_sizes = kept_sizes
        self._seen: deque[_Size] = deque(maxlen=REMEMBERED_SIZES)
        self._replays: OrderedDict[_Size, Replay] = OrderedDict()
        self._has_recorded = False
        self._lock = threading.Lock()

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what the part returns, as tensors of their own."""
        with self._lock:
            replay = self._replay(inputs)
            return outputs_of(self._part, inputs) if replay is None else replay(inputs)

    def _replay(self, inputs: Sequence[Tensor]) -> "Replay | None":
        """Return a recording for these inputs, made now if it is due; None where they are not recorded."""
        size = tuple((one.shape, one.dtype) for one in inputs)
        if size in self._replays:
            self._replays.move_to_end(size)
            return self._replays[size]
        if self._record is None or max(map(_pixels, inputs)) > MOST_RECORDED_PX:
            return None
        if size not in self._seen:
            self._seen.append(size)  # what comes once is not worth a recording
            return None
        while len(self._replays) >= self._kept_sizes:
            self._replays.popitem(last=False)
        try:
            self._replays[size] = self._record(self._part, inputs)
        except RuntimeError as error:  # out of memory, for one
            if not self._has_recorded:
                raise
            logger.warning("networks are not recorded any more, and slower: %s", error)
            self._record = None
            self._replays.clear()
            return None
        self._has_recorded = True
        return self._replays[size]


Replay: TypeAlias = Callable[[Sequence[Tensor]], tuple[Tensor, ...]]
"""Answers as a part of a network does, for inputs of one size; what it returns stays as it is."""

Recorder: TypeAlias = Callable[[nn.Module, Sequence[Tensor]], Replay]

_Size: TypeAlias = tuple[tuple[torch.Size, torch.dtype], ...]


class CardRecorder:
    """Records parts on a graphics card; its recordings share working memory, so they must take turns."""

    @cached_property
    def _pool(self) -> Any:
        return torch.cuda.graph_pool_handle()

    @cached_property
    def _stream(self) -> torch.cuda.Stream:
        """Where everything is recorded: the allocator uses memory again within one stream only."""
        return torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def __call__(self, part: nn.Module, inputs: Sequence[Tensor]) -> Replay:
        """Return a recording of what a part does with inputs of this size; takes a few of its runs.

        Raises
        ------
        RuntimeError : it cannot be recorded; out of memory, too
        """
        device = inputs[0].device
        outputs_of(part, inputs)  # what the part keeps is made here, where every thread sees it
        # The last one brings the thread back to its stream, also where a recording breaks off.
        with _RECORDING, torch.cuda.device(device), torch.cuda.stream(torch.cuda.current_stream(device)):
            return self._recorded(part, [torch.empty_like(one).copy_(one) for one in inputs])

    def _recorded(self, part: nn.Module, own_inputs: list[Tensor]) -> Replay:
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):  # libraries choose and prepare their kernels before
            outputs_of(part, own_inputs)
        torch.cuda.current_stream().wait_stream(self._stream)
        graph = torch.cuda.CUDAGraph()
        # cuBLAS works in memory that it keeps for a stream. Made anew while recording, it lies in the pool;
        # else it would be freed with the first recording that goes, and the others write into it.
        torch._C._cuda_clearCublasWorkspaces()
        # Other threads may go on using the card: their work is not recorded, and must not end the recording.
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            outputs = outputs_of(part, own_inputs)
        torch._C._cuda_clearCublasWorkspaces()
        held = made_for_size(part)  # which the graph reads, also when the network has let go of it

        def replay(given: Sequence[Tensor], _held: object = held) -> tuple[Tensor, ...]:
            for own, one in zip(own_inputs, given, strict=True):
                own.copy_(one)
            graph.replay()
            return tuple(output.clone() for output in outputs)

        return replay


def _pixels(tensor: Tensor) -> int:
    """Return the pixels of a batch (B, C, h, w)."""
    return tensor.shape[0] * tensor.shape[2] * tensor.shape[3] if tensor.ndim == 4 else 0


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
