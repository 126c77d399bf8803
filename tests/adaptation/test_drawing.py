import numpy as np
import pytest

from isegformer.adaptation.drawing import CaseDraws
from isegformer.errors import DatasetError


def number_of(labelled):
    return int(labelled.name.rsplit(" ", 1)[1])


def test_drawn_slices_hold_an_object_and_lie_on_known_slices(ball_case, drawn_case):
    draws = CaseDraws([ball_case, drawn_case])
    seen = [draws.draw(np.random.default_rng(seed)) for seed in range(60)]
    assert all((labelled.labels == 2).sum() >= 30 for labelled in seen)
    assert all(labelled.image.shape == labelled.labels.shape for labelled in seen)
    names = [labelled.name.split() for labelled in seen]
    drawn = [name for name in names if name[0] == "drawn"]
    assert {name[-1] for name in drawn} == {"4", "8", "12"}
    assert 15 < len(drawn) < 45
    assert {name[2] for name in names if name[0] == "ball"} == {"0", "1", "2"}


def test_clips_move_over_known_slices_in_one_direction(drawn_case):
    draws = CaseDraws([drawn_case])
    found = set()
    for seed in range(60):
        clip = draws.draw_clip(np.random.default_rng(seed), length=3, longest_gap=6)
        numbers = [number_of(labelled) for labelled in clip]
        assert set(numbers) <= {4, 8, 12}
        steps = np.diff(numbers)
        assert (steps >= 0).all() or (steps <= 0).all()
        assert np.abs(steps).max() <= 6
        found.add(tuple(numbers))
    assert {(4, 8, 12), (12, 8, 4)} <= found


def test_a_clip_stays_where_the_next_known_slice_is_too_far(drawn_case):
    draws = CaseDraws([drawn_case])
    for seed in range(10):
        clip = draws.draw_clip(np.random.default_rng(seed), length=3, longest_gap=2)
        assert len({number_of(labelled) for labelled in clip}) == 1


def test_the_seed_decides(ball_case):
    draws = CaseDraws([ball_case])
    first, again = (draws.draw(np.random.default_rng(5)) for _ in range(2))
    assert first.name == again.name


def test_cases_without_an_object_of_any_size_are_refused(ball_case):
    tiny = ball_case.restricted({2: (2,)}, part="its end")
    with pytest.raises(DatasetError, match="no object is large enough"):
        CaseDraws([tiny])
