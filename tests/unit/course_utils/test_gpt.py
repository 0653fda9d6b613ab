"""GPT: what comes after is not seen, padding counts for nothing, one cache for all, and it translates."""

import dataclasses

import pytest
import torch
from edges import holds

from course_kit.keeping import saving
from course_utils import checkpoints, decoding, text
from course_utils.gpt import GPT, GPTConfig
from course_utils.loss import masked_loss


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
        a, b = made(given).logits, made(changed).logits
    assert torch.allclose(a[:, :5], b[:, :5], atol=1e-6) and not torch.allclose(a[:, 5:], b[:, 5:], atol=1e-3)


@BOTH
@torch.no_grad()
def test_the_order_of_earlier_words_counts(positions):
    """With one layer the last word sees them through their positions alone."""
    made, given = model(positions, num_layers=1), ids()
    a, b = (made(x).logits[:, -1] for x in (given, given[:, [1, 3, 0, 2, *range(4, 9)]]))
    assert ((a - b).abs().amax(1) > 1e-2).all()


@BOTH
@torch.no_grad()
def test_two_tokens_are_masked_too_and_a_model_of_one_layer_keeps_its_cache(positions):
    made, given = model(positions, num_layers=1), ids(length=2)
    torch.testing.assert_close(made(given).logits[:, 0], made(given[:, :1]).logits[:, 0])
    step = made.step(given[:, 1], made.start(given[:, :1]))
    torch.testing.assert_close(step.logits, made(given).logits[:, 1], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_step_gives_the_last_layers_weights_on_the_prompt_as_the_mean_of_its_heads():
    made, given = model(), ids()
    whole = made(given, need_weights=True).weights[-1]  # [B, H, T, T]
    seen = made.step(given[:, -1], made.start(given[:, :-1])).weights
    torch.testing.assert_close(seen, whole[:, :, -1, :-1].mean(1))


@BOTH
@torch.no_grad()
def test_step_by_step_equals_all_at_once(positions):
    made, given = model(positions), ids()
    whole, state = made(given).logits, made.start(given[:, :3])
    for t in range(3, 9):
        logits, state, weights = made.step(given[:, t], state)
        assert torch.allclose(logits, whole[:, t], atol=1e-5)
        assert weights.shape == (3, 3) and (weights.sum(1) <= 1 + 1e-6).all()


@BOTH
@torch.no_grad()
def test_weights_and_the_fused_path(positions):
    made, given = model(positions), ids()
    explained, plain = made(given, need_weights=True), made(given)
    assert torch.allclose(explained.logits, plain.logits, atol=1e-5) and plain.weights is None
    for weights in explained.weights:
        assert weights.shape == (3, 4, 9, 9)
        assert torch.allclose(weights.sum(-1), torch.ones(3, 4, 9), atol=1e-6) and not weights.triu(1).any()


@BOTH
@torch.no_grad()
def test_padding_changes_nothing_on_either_side(positions):
    made, given = model(positions), ids()
    alone = made(given[:, :6]).logits
    after = torch.arange(9) < 6
    assert torch.allclose(made(given, after.expand(3, -1)).logits[:, :6], alone, atol=1e-5)
    before = torch.cat([torch.zeros(3, 3, dtype=torch.long), given[:, :6]], 1)
    assert torch.allclose(made(before, (torch.arange(9) >= 3).expand(3, -1)).logits[:, 3:], alone, atol=1e-5)


def test_loss_is_the_mean_over_the_next_tokens():
    made, given = model(), ids()
    with torch.no_grad():
        needed = masked_loss(made(given[:, :-1]).logits, given[:, 1:])
    assert torch.allclose(made.loss(given), needed, atol=1e-6)


@BOTH
def test_pairs_are_read_as_one_text_and_padding_counts_for_nothing(positions):
    made = model(positions)
    pairs = [([5, 6, 7, 8], [9, 10]), ([11], [12, 13, 14]), ([15, 16], [17])]
    together = made.loss(text.collate(pairs))
    total = count = 0
    for source, target in pairs:
        row = torch.tensor([[*source, text.BOS, *target, text.EOS]])
        total, count = total + made.loss(row) * (row.shape[1] - 1), count + row.shape[1] - 1
    assert torch.allclose(together, total / count, atol=1e-6)


def test_a_gpt_learns_to_translate_and_says_what_it_looks_at():
    """<to-fr> by a toy language: every word becomes its upper case neighbour; exact after a short training."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    made = GPT(GPTConfig(24, 64, 2, 4, max_length=32, positions="rotary"))
    optimizer = torch.optim.AdamW(made.parameters(), 3e-3)
    for _ in range(260):
        lengths = torch.randint(1, 5, (64,), generator=generator).tolist()
        pairs = [(s := torch.randint(4, 14, (n,), generator=generator).tolist(), [x + 10 for x in s]) for n in lengths]
        loss = made.loss(text.collate(pairs))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    made.eval()
    source, mask = text.pad([[4, 9, 13], [7], [12, 5]])
    greedy = decoding.greedy(made, source, mask, 8)
    assert [w.ids for w in greedy] == [[14, 19, 23], [17], [22, 15]] and all(w.ended for w in greedy)
    assert [w.ids for w in decoding.beam_search(made, source, mask, 8, beam=3)] == [w.ids for w in greedy]
    assert greedy[1].weights.shape == (1, 3) and not greedy[1].weights[:, 1:].any()
    vocabulary = text.Vocabulary(list("abcdefghijklmnopqrst"))
    loaded = checkpoints.Loaded(made, {}, vocabulary, vocabulary)
    assert [t.text for t in decoding.translate(loaded, ["a f j", "d"])] == ["k p t", "n"]
    assert "only the first 16 of 20 tokens" in decoding.translate(loaded, ["a " * 20])[0].note


def test_what_is_read_takes_one_half_of_the_context_and_what_is_written_less_than_the_other(monkeypatch):
    made, vocabulary = model(), text.Vocabulary([f"w{n}" for n in range(36)])
    step = made.step

    def never_ends(*given):
        return step(*given)._replace(logits=step(*given).logits.index_fill(1, torch.tensor(text.EOS), -99.0))

    monkeypatch.setattr(made, "step", never_ends)
    found = decoding.translate(checkpoints.Loaded(made, {}, vocabulary, vocabulary), "w1 " * 20, beam=1)[0]
    assert (len(found.source_tokens), len(found.tokens)) == (12, 11), "of 24: <to-fr>, or <bos>, stands between"


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_checkpoint_there_and_back(positions, tmp_path):
    made, tokenizer = model(positions), text.Characters.build("".join(map(chr, range(60, 96))))
    saving.save_checkpoint(made, tmp_path / "tiny", {"data": {"pair": "en-fr"}}, tokenizer=tokenizer)
    loaded = checkpoints.load_checkpoint(tmp_path / "tiny.json")
    assert dataclasses.asdict(loaded.model.config) == dataclasses.asdict(made.config)
    assert torch.allclose(loaded.model(ids()).logits, made(ids()).logits, atol=0.05)
    assert loaded.source is loaded.target is loaded.tokenizer


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vocab_size": 0}, "vocab_size is 0"),
        ({"positions": "none"}, "positions is 'none'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"num_heads": 3}, "cannot be cut into 3 heads"),
        ({"activation": "swish"}, "activation is 'swish'"),
    ],
)
def test_settings_that_cannot_work(options, message):
    with pytest.raises(ValueError, match=message):
        GPT(GPTConfig(**{"vocab_size": 40, "model_size": 32, "num_heads": 4} | options))


def test_bad_input_is_named():
    made = model()
    with pytest.raises(ValueError, match="ids from 4 to 99; the vocabulary has 0 … 39"):
        made(torch.tensor([[4, 99]]))
    with pytest.raises(ValueError, match="position 24 was asked for"):
        made(ids(1, 25))
    with pytest.raises(ValueError, match="mask is a tensor of bool with shape \\[3, 4\\]"):
        made(ids(), torch.ones(3, 4, dtype=torch.bool))


def test_dropout_lies_from_0_below_1():
    holds(lambda dropout: model(dropout=dropout), [0, 0.99], [-0.1, 1])


def test_a_config_holds_the_size_of_the_lessons_models_and_is_frozen():
    config = GPTConfig(9)
    assert dataclasses.astuple(config) == (9, 128, 4, 4, None, 128, 0.0, True, "learned", "gelu_tanh", True, 1e-5)
    with pytest.raises(AttributeError):
        config.model_size = 5


def test_what_writes_into_the_residual_stream_begins_smaller_the_more_layers_there_are():
    """Radford et al. 2019: the last matrix of each part by 1 / √(2 · layers); all others with 0.02."""
    for layers in (1, 4):
        torch.manual_seed(0)
        net = GPT(GPTConfig(9, 128, layers, 4))
        for block in net.blocks:
            for last in (block.attention.out, block.ffn.narrow):
                assert last.weight.std().item() == pytest.approx(0.02 / (2 * layers) ** 0.5, rel=0.03)
            assert block.ffn.widen.weight.std().item() == pytest.approx(0.02, rel=0.03)
