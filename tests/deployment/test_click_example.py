"""The example in examples/: a click without torch and without this package."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from isegformer.clicks import Click
from isegformer.deployment import export_weights, head_phantom
from isegformer.interaction import PredictorConfig, SlicePredictor
from isegformer.models import load
from isegformer.volume import apply_window, window_from_percentiles

EXAMPLE = Path(__file__).parents[2] / "examples" / "click_with_onnxruntime.py"
WITHOUT_US = (
    "import runpy, sys; sys.modules['torch'] = sys.modules['isegformer'] = None; "
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


def test_a_click_with_onnxruntime_alone_gives_the_mask_of_our_predictor(click_weights, tmp_path):
    weights = click_weights("compact")
    export_weights(weights, tmp_path / "out", format_name="onnx")
    image = (head_phantom()[60:300, 90:280] * 1000).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(image), str(tmp_path / "slice.mha"))
    command = [EXAMPLE, tmp_path / "out", tmp_path / "slice.mha", 120, 100, tmp_path / "mask.mha"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_US, *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "mask.mha")))
    looks = json.loads((tmp_path / "out" / "isegformer.json").read_text())["settings"]["predictor"][
        "first_looks"
    ]
    predictor = SlicePredictor(load(weights), PredictorConfig(zoom=None, first_looks=looks))
    predictor.set_slice(apply_window(image, window_from_percentiles(image)))
    expected = predictor.predict([Click(row=120, col=100, is_positive=True)]).mask
    assert 0 < expected.mean() < 1
    assert np.mean(mask != expected) < 0.002  # probabilities at the threshold may fall to either side
    assert done.stdout == f"{mask.sum()} pixels\n"


def test_without_arguments_the_usage_is_told_in_one_line():
    done = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"usage: python {EXAMPLE} EXPORT_FOLDER SLICE ROW COL MASK\n"
