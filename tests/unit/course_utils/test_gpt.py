"""GPT: what comes after is not seen, padding counts for nothing, one cache for all, and it translates."""

import pytest
import torch
from edges import REFUSED

from course_kit import checkpoints, decoding, text
from course_kit.caching import GPTWriter, writer_of
from course_kit.heads import attention_weights
from course_utils.gpt import GPT, GPTConfig


def joined(pairs):
    """Pairs as texts of a translating GPT: source <bos> target <eos> <pad> …, and which tokens of it count."""
    texts = [[*source, text.BOS, *target, text.EOS] for source, target in pairs]
    rows, real = text.pad(texts)
    begins = torch.tensor([len(source) for source, _ in pairs])
    return rows, real & (torch.arange(rows.shape[1]) > begins[:, None])


def model(positions="learned", **options):
    torch.manual_seed(0)
    made = GPT(
        GPTConfig(40, 32, **{"num_layers": 2, "num_heads": 4, "max_length": 24, "positions": positions} | options)
    ).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return made


def ids(rows=3, length=9, seed=1):
    return torch.randint(4, 40, (rows, length), generator=torch.Generator().manual_seed(seed))


BOTH = pytest.mark.parametrize("positions", ["learned", "rotary"])


@BOTH
@pytest.mark.parametrize("training", [True, False])
def test_the_future_changes_nothing(positions, training):
    made, given = model(positions).train(training), ids()
    changed = given.clone()
    changed[:, 5:] = 7
    with torch.no_grad():
        a, b = made(given), made(changed)
    assert torch.allclose(a[:, :5], b[:, :5], atol=1e-6) and not torch.allclose(a[:, 5:], b[:, 5:], atol=1e-3)


@BOTH
@torch.no_grad()
def test_the_order_of_earlier_words_counts(positions):
    """With one layer the last word sees them through their positions alone."""
    made, given = model(positions, num_layers=1), ids()
    a, b = (made(x)[:, -1] for x in (given, given[:, [1, 3, 0, 2, *range(4, 9)]]))
    assert ((a - b).abs().amax(1) > 1e-2).all()


@torch.no_grad()
def test_a_step_gives_the_last_layers_weights_on_the_prompt_as_the_mean_of_its_heads():
    made, given = model(), ids()
    with attention_weights(made) as weights:
        made(given)
    writer, mask = writer_of(made), torch.arange(8) < torch.tensor([8, 8, 8])[:, None]
    for prompt_mask in (None, mask):
        seen = writer.step(given[:, -1], writer.start(given[:, :-1], prompt_mask)).weights
        torch.testing.assert_close(seen, weights["decoder"][-1][:, :, -1, :-1].mean(1))


@BOTH
@torch.no_grad()
def test_step_by_step_equals_all_at_once(positions):
    made, given = model(positions), ids()
    writer = writer_of(made)
    for read in (0, 1, 3):
        whole, state = made(given), writer.start(given[:, :read])
        for t in range(read, 9):
            logits, state, weights = writer.step(given[:, t], state)
            torch.testing.assert_close(logits, whole[:, t], atol=1e-4, rtol=0)
            assert weights.shape == (3, read) and (weights.sum(1) <= 1 + 1e-6).all()


@BOTH
@torch.no_grad()
def test_prompts_of_several_lengths_go_on_each_as_it_would_alone(positions):
    """Logits and weights at each step; whatever stands in the padding does not matter."""
    made, given, lengths = model(positions), ids(length=11), [6, 4, 1, 0]
    given = torch.cat([given, given[:1]])
    writer, mask = writer_of(made), torch.arange(6) < torch.tensor(lengths)[:, None]
    states = [writer.start(given[:, :6].masked_fill(~mask, fill), mask) for fill in (0, 17)]
    alone = [writer.start(row[None, :n]) for row, n in zip(given, lengths, strict=True)]
    for t in range(6, 11):
        steps = [writer.step(given[:, t], state) for state in states]
        states = [step.state for step in steps]
        assert torch.equal(steps[0].logits, steps[1].logits)
        for row, length in enumerate(lengths):
            logits, alone[row], weights = writer.step(given[row : row + 1, t], alone[row])
            torch.testing.assert_close(steps[0].logits[row], logits[0], atol=1e-4, rtol=0)
            torch.testing.assert_close(steps[0].weights[row, :length], weights[0], atol=1e-5, rtol=0)
            assert not steps[0].weights[row, length:].any()


def test_only_what_counts_is_in_the_loss():
    made, given = model(), ids()
    counted = torch.rand(given.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    probabilities = made(given)[:, :-1].log_softmax(-1).gather(2, given[:, 1:, None])[..., 0]
    torch.testing.assert_close(made.loss(given, counted), -probabilities[counted[:, 1:]].mean())
    first = counted.clone()
    first[:, 0] = ~first[:, 0]  # nothing predicts the first token
    assert torch.equal(made.loss(given, first), made.loss(given, counted))


@BOTH
def test_of_pairs_read_as_one_text_the_target_counts_and_padding_does_not(positions):
    made = model(positions)
    pairs = [([5, 6, 7, 8], [9, 10]), ([11], [12, 13, 14]), ([15, 16], [17])]
    total = count = 0
    for source, target in pairs:
        row = torch.tensor([[*source, text.BOS, *target, text.EOS]])
        probabilities = made(row)[0, len(source) : -1].log_softmax(-1)
        total -= probabilities.gather(1, torch.tensor([*target, text.EOS])[:, None]).sum()
        count += len(target) + 1
    torch.testing.assert_close(made.loss(*joined(pairs)), total / count)


def test_what_is_read_takes_one_half_of_the_context_and_what_is_written_less_than_the_other(monkeypatch):
    made, vocabulary = model(), text.Vocabulary([f"w{n}" for n in range(36)])
    step = GPTWriter.step

    def never_ends(*given):
        return step(*given)._replace(logits=step(*given).logits.index_fill(1, torch.tensor(text.EOS), -99.0))

    monkeypatch.setattr(GPTWriter, "step", never_ends)
    found = decoding.translate(checkpoints.Loaded(made, {}, vocabulary, vocabulary), "w1 " * 20, beam=1)[0]
    assert (len(found.source_tokens), len(found.tokens)) == (12, 11), "of 24: <to-fr>, or <bos>, stands between"


def test_input_that_does_not_fit_is_refused():
    made = model()
    for wrong in (torch.tensor([[4, 99]]), torch.tensor([[-1]]), ids(1, 25), ids()[0], ids().float()):
        with pytest.raises(REFUSED):
            made(wrong)
    for counted in (torch.ones(3, 4, dtype=torch.bool), torch.ones(3, 9), torch.ones(3, 9).long()):
        with pytest.raises(REFUSED):
            made.loss(ids(), counted)
    with pytest.raises(REFUSED):
        writer_of(made).start(ids(), torch.ones(3, 4, dtype=torch.bool))


def test_a_rotary_model_reads_beyond_its_context():
    assert model("rotary")(ids(1, 30)).shape == (1, 30, 40)


@BOTH
def test_choices_reach_the_blocks(positions):
    made = model(positions, bias=False, eps=1e-3, dropout=0.25, activation="relu", ffn_size=7)
    for block in made.blocks:
        assert block.attention.query.bias is None and block.ffn.widen.out_features == 7
        assert block.ffn.activation is torch.nn.functional.relu
        for around in (block.around_attention, block.around_ffn):
            assert (around.norm.eps, around.dropout.p) == (1e-3, 0.25)
    assert made.norm.eps == 1e-3 and made.dropout.p == 0.25 and made.output.weight is made.tokens.weight


def test_what_writes_into_the_residual_stream_begins_smaller_the_more_layers_there_are():
    """Radford et al. 2019: the last matrix of each part by 1 / √(2 · layers); all others with 0.02."""
    for layers in (1, 4):
        torch.manual_seed(0)
        net = GPT(GPTConfig(9, 128, layers, 4))
        for block in net.blocks:
            for last in (block.attention.out, block.ffn.narrow):
                assert last.weight.std().item() == pytest.approx(0.02 / (2 * layers) ** 0.5, rel=0.03)
            assert block.ffn.widen.weight.std().item() == pytest.approx(0.02, rel=0.03)
