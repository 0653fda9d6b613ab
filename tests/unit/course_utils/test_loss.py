"""The loss of a batch: real tokens only, without a trace of the padding, smoothed within bounds."""

import pytest
import torch
import torch.nn.functional as F
from unit.edges import REFUSED

from course_utils.loss import masked_loss


def test_masked_loss_divides_by_real_tokens_only():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([[1, 2, 0], [3, 0, 0]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    by_hand = -sum(logits[b, t].log_softmax(-1)[target[b, t]] for b, t in ((0, 0), (0, 1), (1, 0))) / 3
    torch.testing.assert_close(masked_loss(logits, target, mask), by_hand)
    torch.testing.assert_close(masked_loss(logits, target.masked_fill(~mask, -100)), by_hand)
    assert masked_loss(logits, target, mask & False).isnan()  # a mean of nothing
    for wrong in (
        (target, mask.long()),
        (target, mask.float()),
        (target, mask[:, :2]),
        (target[:, :2],),
        (target + 4,),
    ):
        with pytest.raises(REFUSED):
            masked_loss(logits, *wrong)


def test_what_stands_in_the_padding_gives_no_gradient_not_even_nan():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[True, True, False], [True, False, False]])
    logits[~mask] = torch.nan
    logits.requires_grad_()
    masked_loss(logits, torch.ones(2, 3, dtype=torch.long), mask).backward()
    assert logits.grad.isfinite().all() and not logits.grad[~mask].any() and logits.grad[mask].any(-1).all()


def test_losses_are_plain_by_default_and_smoothing_lies_from_0_to_1():
    logits, target = torch.randn(1, 2, 5, generator=torch.Generator().manual_seed(0)), torch.tensor([[1, 4]])
    plain = F.cross_entropy(logits[0], target[0])
    torch.testing.assert_close(masked_loss(logits, target), plain)
    torch.testing.assert_close(
        masked_loss(logits, target, label_smoothing=0.3), 0.7 * plain - 0.3 * logits.log_softmax(-1).mean()
    )
    with pytest.raises(REFUSED):
        masked_loss(logits, target, label_smoothing=1.1)
    for word in (-1, 5):
        with pytest.raises(REFUSED):
            masked_loss(logits, torch.tensor([[1, word]]))
