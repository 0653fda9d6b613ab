"""The tasks without data: what is asked and what is right, a step as torch takes it, and writing word by word."""

import torch
import torch.nn.functional as F

from course_utils.toy_tasks import BEGIN, COPY, REVERSE, TOKENS, copy_or_reverse, rooms, train_step, write
from course_utils.transformer import Transformer, TransformerConfig


def test_everybody_needs_what_the_one_they_look_for_carries():
    torch.manual_seed(0)
    x, there, needed = rooms(300)
    assert x.shape == (300, 8, 24) and set(there.sum(1).tolist()) == set(range(3, 9))
    assert (x[~there] == 0).all() and (x[there].unflatten(-1, (3, 8)).sum(-1) == 1).all()
    for room, present, right in zip(x, there, needed, strict=True):
        people = room[present].unflatten(-1, (3, 8)).argmax(-1).tolist()  # name, looks for, carries
        carries = {name: thing for name, _, thing in people}
        assert len(carries) == len(people)
        assert right[present].tolist() == [carries[wanted] for _, wanted, _ in people]


def test_rows_are_copied_or_reversed_as_their_first_token_says():
    torch.manual_seed(0)
    source, target = copy_or_reverse(200, length=7)
    assert source.shape == (200, 8) and target.shape == (200, 7)
    assert set(source[:, 0].tolist()) == {COPY, REVERSE} and set(source[:, 1:].unique().tolist()) == set(range(10))
    for given, right in zip(source.tolist(), target.tolist(), strict=True):
        assert right == (given[1:] if given[0] == COPY else given[:0:-1])


def test_a_step_predicts_each_word_from_those_before_it_and_follows_the_gradient():
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=8, layers=1, heads=2))
    before = {name: p.clone() for name, p in model.named_parameters()}
    source, target = copy_or_reverse(4, length=3)
    read = torch.tensor([[BEGIN, *row[:-1]] for row in target.tolist()])
    wanted = F.cross_entropy(model(source, read).transpose(1, 2), target)
    gradients = torch.autograd.grad(wanted, list(model.parameters()))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
    for p in model.parameters():
        p.grad = torch.ones_like(p)  # of a step before
    assert abs(train_step(model, optimiser, source, target) - wanted.item()) < 1e-6
    for (name, p), gradient in zip(model.named_parameters(), gradients, strict=True):
        torch.testing.assert_close(p, before[name] - 0.5 * gradient)


def test_it_writes_the_likeliest_word_after_those_that_it_has_written():
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=16))
    source, _ = copy_or_reverse(3, length=5)
    written = write(model, source, 6)
    assert written.shape == (3, 6)
    read = torch.cat([torch.full((3, 1), BEGIN), written[:, :-1]], 1)
    assert torch.equal(model(source, read).argmax(-1), written)
