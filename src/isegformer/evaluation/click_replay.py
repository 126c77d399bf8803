"""Pictures of cases that were clicked: the clicks of a record are shown to its method once more."""

from collections.abc import Sequence

import numpy as np

from isegformer.clicks import Click
from isegformer.evaluation.cases import CaseReader, object_of
from isegformer.evaluation.click_jobs import ClickEvaluation
from isegformer.evaluation.clicks_needed import ClickPredictor
from isegformer.evaluation.ranking import CaseRecord
from isegformer.evaluation.records import ClickRecord
from isegformer.evaluation.report import CasePicture
from isegformer.interaction import Prediction
from isegformer.types import FloatArray, Mask


class ReplayedPictures:
    """A `PictureSource` that reads cases and asks networks when a picture is wanted, and not before.

    Masks are not kept in records: those of some hundred cases would be larger than everything else.
    """

    def __init__(self, evaluation: ClickEvaluation) -> None:
        self._reader = CaseReader(evaluation.folders, evaluation.choice)
        self._methods = {method.name: method for method in evaluation.methods}
        self._loaded: tuple[str, ClickPredictor] | None = None

    def __call__(self, record: CaseRecord) -> tuple[CasePicture]:
        """Return what is drawn of a case, one slice.

        Raises
        ------
        DatasetError : the case has changed since it was measured, or is gone
        """
        assert isinstance(record, ClickRecord), "volumes are not clicked slice by slice"
        case = self._reader.read(object_of(record.key))
        mask = replay(self._predictor(record.key.method), case.image, record.clicks)
        picture = CasePicture(image=case.image, target=case.target, prediction=mask, clicks=record.clicks)
        return (picture,)

    def _predictor(self, method: str) -> ClickPredictor:
        if self._loaded is None or self._loaded[0] != method:
            self._loaded = (method, self._methods[method].load())
        return self._loaded[1]


def replay(predictor: ClickPredictor, image: FloatArray, clicks: Sequence[Click]) -> Mask:
    """Return the mask after `clicks`, given one by one as they were the first time.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), in [0, 1]
    """
    predictor.set_slice(image)
    prediction: Prediction | None = None
    for n_clicks in range(1, len(clicks) + 1):
        prediction = predictor.predict(clicks[:n_clicks], prediction)
    return np.zeros(image.shape[:2], np.bool_) if prediction is None else prediction.mask
