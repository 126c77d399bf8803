"""How far a run is, in a terminal: in steps, since runs do not count epochs."""

from lightning.pytorch.callbacks import RichProgressBar


class StepsBar(RichProgressBar):
    """Lightning's bar without the number of the epoch, which is 0 of -2 where only steps count."""

    def _get_train_description(self, current_epoch: int) -> str:
        del current_epoch
        return "Training"
