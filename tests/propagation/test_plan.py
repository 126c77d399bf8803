"""Tests for isegformer.propagation.plan."""

from isegformer.propagation.plan import Joining, plan_round


def summary(new, annotated, n_slices):
    return [
        (one.start, list(one.indices), one.joining.value)
        for one in plan_round(new, annotated, n_slices=n_slices)
    ]


def test_single_annotation_runs_to_both_ends():
    assert summary({2}, {2}, 5) == [(2, [3, 4], "replace"), (2, [1, 0], "replace")]


def test_between_two_new_slices_the_second_pass_blends():
    assert summary([4, 1], [1, 4], 6) == [
        (1, [2, 3], "replace"),
        (1, [0], "replace"),
        (4, [5], "replace"),
        (4, [3, 2], "blend"),
    ]


def test_towards_earlier_annotations_results_are_fused_and_nothing_beyond_them_is_visited():
    assert summary({5}, {0, 3, 5, 8}, 12) == [(5, [6, 7], "fuse"), (5, [4], "fuse")]


def test_new_slices_run_in_ascending_order_however_a_set_holds_them():
    starts = [one.start for one in plan_round({1000, 3}, set(), n_slices=1002)]
    assert starts == [3, 3, 1000, 1000]


def test_neighbouring_annotations_need_no_pass():
    assert summary({0, 1}, {0, 1, 2}, 3) == []


def test_far_share_is_one_at_the_start_and_zero_at_the_far_end():
    (one,) = plan_round({6}, {2, 6}, n_slices=7)
    assert one.joining is Joining.FUSE
    assert [one.far_share(index) for index in (6, 5, 4, 3, 2)] == [1, 0.75, 0.5, 0.25, 0]
