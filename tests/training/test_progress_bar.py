import io

import lightning as L
import pytest
from lightning.pytorch.demos.boring_classes import BoringModel

from isegformer.training.fitting import NOISE
from isegformer.training.progress_bar import StepsBar

pytestmark = [pytest.mark.filterwarnings(f"ignore:{message}") for message in NOISE]


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
def test_the_bar_counts_steps_and_names_no_epoch(tmp_path):
    screen = io.StringIO()
    bar = StepsBar(console_kwargs={"file": screen, "force_terminal": True, "width": 100})
    trainer = L.Trainer(
        accelerator="cpu",
        max_steps=2,
        max_epochs=-1,
        limit_val_batches=0,
        callbacks=[bar],
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(BoringModel())
    assert "Training" in screen.getvalue()
    assert "2/" in screen.getvalue()
    assert "Epoch" not in screen.getvalue()
