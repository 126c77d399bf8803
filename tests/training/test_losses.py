import math

import pytest
import torch

from isegformer.training.losses import normalised_focal_loss, soft_dice_loss


def batch(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype).view(1, 1, 1, -1)


def test_focal_loss_of_two_pixels_equals_the_hand_computed_value():
    # p = 0.8 on the object, p = 0.4 on the background: p_t = 0.8 and 0.6, factors 0.04 and 0.16, mean 0.1
    logits = batch(math.log(0.8 / 0.2), math.log(0.4 / 0.6))
    target = batch(1, 0, dtype=torch.bool)
    expected = 0.5 * (0.4 * -math.log(0.8) + 1.6 * -math.log(0.6)) / 2
    assert normalised_focal_loss(logits, target).item() == pytest.approx(expected, rel=1e-4)


def test_alpha_weighs_the_object_against_the_background():
    logits, target = batch(0.0, 0.0), batch(1, 0, dtype=torch.bool)
    object_only = normalised_focal_loss(logits, target, alpha=1.0).item()
    assert object_only == pytest.approx(math.log(2) / 2, rel=1e-4)
    assert normalised_focal_loss(logits, target, alpha=0.0).item() == pytest.approx(object_only, rel=1e-6)


def test_gamma_zero_is_half_the_cross_entropy():
    torch.manual_seed(0)
    logits, target = torch.randn(3, 1, 4, 5, dtype=torch.float64), torch.rand(3, 1, 4, 5) > 0.5
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, target.double()) / 2
    assert normalised_focal_loss(logits, target, gamma=0.0).item() == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("loss", [normalised_focal_loss, soft_dice_loss])
def test_ignored_pixels_change_nothing(loss):
    logits, target = batch(0.3, -1.0, 5.0), batch(1, 0, 0, dtype=torch.bool)
    ignored = batch(0, 0, 1, dtype=torch.bool)
    expected = loss(logits[..., :2], target[..., :2])
    assert loss(logits, target, ignored=ignored).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("loss", [normalised_focal_loss, soft_dice_loss])
def test_a_sample_without_counted_pixels_is_finite(loss):
    logits, target = batch(0.3, -1.0), batch(1, 0, dtype=torch.bool)
    assert math.isfinite(loss(logits, target, ignored=torch.ones_like(target)).item())


def test_dice_loss_equals_the_hand_computed_value():
    logits, target = batch(0.0, 0.0, -100.0), batch(1, 0, 1, dtype=torch.bool)
    # probabilities 0.5, 0.5, 0 against 1, 0, 1: 1 - (2 * 0.5 + 1) / (1 + 2 + 1)
    assert soft_dice_loss(logits, target).item() == pytest.approx(0.5)


def test_dice_gradient_equals_finite_differences():
    torch.manual_seed(1)
    logits = torch.randn(2, 1, 3, 4, dtype=torch.float64, requires_grad=True)
    target = torch.rand(2, 1, 3, 4) > 0.5
    assert torch.autograd.gradcheck(lambda x: soft_dice_loss(x, target), (logits,))


def focal_loss_by_hand(logits, target, constant):
    """The focal loss of one image with alpha 0.5 and gamma 2, its normalising mean given."""
    p_true = torch.where(target, torch.sigmoid(logits), torch.sigmoid(-logits))
    return (0.5 * (1 - p_true) ** 2 / (constant + 1e-6) * -torch.log(p_true)).mean()


def test_focal_gradient_equals_finite_differences_with_the_normalising_mean_held():
    torch.manual_seed(2)
    logits = torch.randn(1, 1, 3, 4, dtype=torch.float64, requires_grad=True)
    target = torch.rand(1, 1, 3, 4) > 0.5
    p_true = torch.where(target, torch.sigmoid(logits), torch.sigmoid(-logits))
    constant = ((1 - p_true) ** 2).mean().detach()
    torch.testing.assert_close(
        normalised_focal_loss(logits, target), focal_loss_by_hand(logits, target, constant)
    )
    (got,) = torch.autograd.grad(normalised_focal_loss(logits, target), logits)
    small = 1e-6
    for index in range(logits.numel()):
        shift = torch.zeros(12, dtype=torch.float64)
        shift[index] = small
        above, below = (
            focal_loss_by_hand(logits.detach() + sign * shift.view_as(logits), target, constant)
            for sign in (1, -1)
        )
        assert got.flatten()[index].item() == pytest.approx(
            (above - below).item() / (2 * small), rel=1e-5, abs=1e-9
        )


def test_focal_loss_of_two_images_is_the_mean_of_each():
    torch.manual_seed(3)
    logits, target = torch.randn(2, 1, 3, 4, dtype=torch.float64), torch.rand(2, 1, 3, 4) > 0.5
    each = [normalised_focal_loss(logits[n : n + 1], target[n : n + 1]).item() for n in range(2)]
    assert normalised_focal_loss(logits, target).item() == pytest.approx(sum(each) / 2)
