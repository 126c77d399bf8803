"""OpenVINO's files, an .xml beside a .bin, for Intel's CPUs and GPUs.

Conversion goes straight to OpenVINO's PyTorch front end: `openvino.convert_model` reports to its maker.
"""

from collections.abc import Sequence
from pathlib import Path

from isegformer.deployment.file_format import FileFormat, Runner, Traced
from isegformer.deployment.graph import Graph, Port
from isegformer.runtimes import load_openvino, openvino_core
from isegformer.types import AnyArray


def _write(traced: Traced, path: Path) -> None:
    openvino = load_openvino()
    from openvino.frontend import FrontEndManager  # noqa: PLC0415
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder  # noqa: PLC0415

    front_end = FrontEndManager().load_by_framework("pytorch")
    # The decoder must outlive the conversion; the front end holds no reference to it.
    decoder = TorchScriptPythonDecoder(traced.module, example_input=traced.example)
    model = front_end.convert(front_end.load(decoder))
    for parameter, port in zip(model.inputs, traced.graph.inputs, strict=True):
        parameter.get_node().set_partial_shape(openvino.PartialShape(_lengths(port)))
        parameter.get_node().set_element_type(openvino.Type.f32)
        parameter.get_tensor().set_names({port.name})
    for result, port in zip(model.outputs, traced.graph.outputs, strict=True):
        result.get_tensor().set_names({port.name})
    model.validate_nodes_and_infer_types()
    openvino.save_model(model, path, compress_to_fp16=False)


def _lengths(port: Port) -> list[int]:
    return [-1 if isinstance(axis, str) else axis for axis in port.axes]


def _open(path: Path, graph: Graph) -> Runner:
    compiled = openvino_core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(inputs: Sequence[AnyArray]) -> Sequence[AnyArray]:
        named = {port.name: array for port, array in zip(graph.inputs, inputs, strict=True)}
        outputs = compiled(named)
        return [outputs[port.name] for port in graph.outputs]

    return run


OPENVINO = FileFormat(
    suffix=".xml", modules=("openvino",), advice="pip install openvino", write=_write, open=_open
)
