"""Forms of file by name; a new one is one module and one line here."""

from collections.abc import Mapping
from importlib.util import find_spec

from isegformer.deployment.file_format import FileFormat
from isegformer.deployment.onnx_file import ONNX
from isegformer.deployment.openvino_file import OPENVINO
from isegformer.deployment.torchscript_file import TORCHSCRIPT
from isegformer.errors import ConfigError, DependencyError

FILE_FORMATS: Mapping[str, FileFormat] = {"onnx": ONNX, "openvino": OPENVINO, "torchscript": TORCHSCRIPT}


def file_format(name: str) -> FileFormat:
    """Return a form of file by name.

    Raises
    ------
    ConfigError : there is none of this name
    DependencyError : what it needs is not installed
    """
    if name not in FILE_FORMATS:
        raise ConfigError(f"format is {name!r}, expected one of: {', '.join(FILE_FORMATS)}")
    form = FILE_FORMATS[name]
    if missing := [module for module in form.modules if find_spec(module) is None]:
        raise DependencyError(f"{', '.join(missing)} is not installed; run: {form.advice}")
    return form
