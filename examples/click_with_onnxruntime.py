"""One click with onnxruntime alone: python click_with_onnxruntime.py EXPORT_FOLDER SLICE ROW COL MASK

EXPORT_FOLDER comes from `isegformer export --format onnx compact EXPORT_FOLDER`; SLICE is a grey image.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import SimpleITK

if len(sys.argv) != 6:
    print(f"usage: python {sys.argv[0]} EXPORT_FOLDER SLICE ROW COL MASK", file=sys.stderr)
    raise SystemExit(2)
folder, slice_file, row, col, mask_file = sys.argv[1:]
description = json.loads((Path(folder) / "isegformer.json").read_text(encoding="utf-8"))
settings, file = description["settings"], description["graphs"][0]["file"]
network = onnxruntime.InferenceSession(str(Path(folder) / file), providers=["CPUExecutionProvider"])

image = np.squeeze(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(slice_file))).astype(np.float32)  # (H, W)
low, high = np.percentile(image, (0.1, 99.9))
image = np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
rows, cols = np.indices(image.shape)
positive = np.hypot(rows - int(row), cols - int(col)) <= settings["click_radius_px"]
negative = probability = np.zeros_like(image)
for _ in range(settings["predictor"]["first_looks"]):
    hint = np.stack([probability, positive, negative]).astype(np.float32)
    (answer,) = network.run(None, {"image": np.stack([image] * 3)[None], "hint": hint[None]})
    probability = answer[0, 0]
mask = probability > settings["threshold"]
SimpleITK.WriteImage(SimpleITK.GetImageFromArray(mask.astype(np.uint8)), mask_file)
print(int(mask.sum()), "pixels")
