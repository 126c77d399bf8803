"""Drives MONAI Label's own client against a server; run by Python of an environment that has monailabel.

python real_client.py http://127.0.0.1:PORT I J K VOLUME
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from monailabel.client import MONAILabelClient

address, i, j, k, volume = sys.argv[1], *(int(text) for text in sys.argv[2:5]), sys.argv[5]
client = MONAILabelClient(address, tmpdir=tempfile.mkdtemp(), client_id="test")
assert not client.auth_enabled()
info = client.info()
sample = client.next_sample("first", {})
asked = {"label": "liver", "foreground": [[i, j, k]], "background": [], "result_extension": ".nrrd"}
slice_file, params = client.infer("isegformer_slice", sample["id"], {**asked, "slice": k})
answer_file, _ = client.infer("isegformer_volume", sample["id"], dict(asked))
volume_file = shutil.copy(
    answer_file, Path(answer_file).with_name("volume.nrrd")
)  # the next answer replaces it
saved = client.save_label(sample["id"], volume_file, "final", {"label_info": [{"name": "liver", "idx": 1}]})
label_file = client.download_label(sample["id"], "final")
session = client.create_session(volume)
session_file, _ = client.infer(
    "isegformer_slice", "", {**asked, "slice": k}, session_id=session["session_id"]
)
client.remove_session(session["session_id"])
sys.stdout.write(
    json.dumps(
        {
            "models": sorted(info["models"]),
            "params": params,
            "saved": saved == {"image": sample["id"], "label": sample["id"]},
            "volume_file": str(volume_file),
            "label_file": label_file,
            "session_file": session_file,
            "is_training": client.train_status(check_if_running=True),
        }
    )
)
