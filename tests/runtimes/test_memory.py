"""A compiled network takes little more memory than its weights do."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openvino", reason="openvino is not installed")

_GROWTH = """
import gc
from pathlib import Path
import torch
from isegformer.freed_memory import return_large_blocks
from isegformer.models import build_click_network
from isegformer.models.config import CompactConfig
from isegformer.runtimes import RUNTIMES

def own():
    status = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in status if line.startswith(("RssAnon", "RssShmem"))) * 1024

def network(width):
    torch.manual_seed(0)
    widths = (width // 8, width // 2, width)
    config = CompactConfig(widths=widths, depths=(1, 2, 2), attention_heads=2, decoder_widths=(16, 16))
    return build_click_network(config).eval()

return_large_blocks()
runtime = RUNTIMES["openvino"]()
small = runtime.click(network(16))  # OpenVINO's own part
large = network(768)
weights = 4 * sum(parameter.numel() for parameter in large.parameters())
assert weights > 32e6, weights
before = own()
engine = runtime.click(large)
image = torch.rand(1, 3, 64, 64)
engine.logits(engine.embed(image), image)
gc.collect()
print((own() - before) / weights)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc, as on Linux")
def test_weights_are_in_memory_once_beside_the_network_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("ISEGFORMER_COMPILED", str(tmp_path))
    growths = []
    for _ in range(2):  # the second start reads what the first compiled
        done = subprocess.run([sys.executable, "-c", _GROWTH], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        growths.append(float(done.stdout))
    assert max(growths) < 1.8, growths
