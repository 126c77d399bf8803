"""Networks in forms that other programs run: ONNX, OpenVINO, TorchScript."""

from isegformer.deployment.check import Comparison
from isegformer.deployment.check_slices import head_phantom
from isegformer.deployment.export import ExportedNetwork, export_weights
from isegformer.deployment.registry import FILE_FORMATS

__all__ = ["FILE_FORMATS", "Comparison", "ExportedNetwork", "export_weights", "head_phantom"]
