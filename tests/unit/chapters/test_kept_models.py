"""The models that chapters 7 to 9 leave behind: they compute what transformers does, and their examples run."""

import importlib
import re
import subprocess
import sys
import textwrap

import pytest
import torch

from chapters.ch01.kept import attention
from chapters.ch03.kept import seq2seq
from chapters.ch05.kept import transformer
from chapters.ch06.kept import bert
from chapters.ch07.kept import gpt, tokenizer, training
from chapters.ch08.kept import llama
from chapters.ch09 import sums
from chapters.ch09.kept import answering
from course_kit import data
from course_utils import merges, positions
from course_utils.positions import sinusoidal_encoding

NAMES = {
    **dict.fromkeys(("files", "gpt", "tokenizer", "training"), "ch07"),
    **dict.fromkeys(("llama", "chat", "smollm"), "ch08"),
    "answering": "ch09",
}
IN_PASSING = {  # where the example is not to be waited for, or needs what is not there
    "training": ("minutes=10", "minutes=0.01"),
    "chat": ("count=20", "count=3"),
}


@pytest.mark.parametrize("name", sorted(NAMES.keys() - {"smollm"}))
def test_what_a_docstring_shows_runs_and_the_check_passes(tmp_path, monkeypatch, name):
    module = importlib.import_module(f"chapters.{NAMES[name]}.kept.{name}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "SIZES", {"size": 16, "layers": 1, "heads": 2, "context": 32})
    (tmp_path / "book.txt").write_text(data.book()[:24_000], "utf-8")
    sums.save(sums.fresh(), tmp_path / "talker.pt")
    shown = [line for line in module.__doc__.splitlines() if line.startswith("    ") and "python -m" not in line]
    space = dict(vars(module))
    exec(textwrap.dedent("\n".join(shown)).replace(*IN_PASSING.get(name, ("", ""))), space)
    module.check()


def test_what_one_brings_oneself_is_taken_or_refused_in_a_sentence():
    """Readings in another unit, a text that is longer than the context."""
    x = torch.linspace(0, 600, 60)
    assert 2 < attention.learn_width(x, 40 * (x / 100).sin()) < 40
    with pytest.raises(ValueError, match="Texts of 100 tokens; the model reads 64 at most"):
        bert.masked_word_loss(bert.make_bert(9, 8, 1, 2), torch.ones(1, 100, dtype=torch.long), mask_id=4)


def test_a_model_keeps_the_order_of_sine_and_cosine_that_it_learned_with(monkeypatch, tmp_path):
    """Saved in 0.6, with the sine first; read again by a file whose own function puts the cosine first."""
    config = transformer.TransformerConfig(8, 9, 8, 1, 2)
    rows, model, path = torch.tensor([[3, 5, 7, 2]]), transformer.Transformer(config).eval(), tmp_path / "model.pt"
    logits = model(rows, rows)
    torch.save({"sizes": vars(config), "parameters": model.state_dict()}, path)  # as 0.6 did

    def cosine_first(length, size):
        return sinusoidal_encoding(length, size).unflatten(1, (-1, 2)).flip(-1).flatten(1)

    monkeypatch.setattr(positions, "sinusoidal_encoding", cosine_first)
    monkeypatch.setattr(transformer, "sinusoidal_encoding", cosine_first)
    other = transformer.Transformer(config)
    other.load_state_dict(model.state_dict())
    assert not torch.allclose(other(rows, rows), logits, atol=1e-3), "the order decides"
    again = transformer.load(path)
    torch.testing.assert_close(again(rows, rows), logits)
    transformer.save(again, path)
    torch.testing.assert_close(transformer.load(path)(rows, rows), logits)


def test_ids_that_a_model_does_not_know_are_named():
    """Beyond its table, or below 0; padding may be any number."""
    rows = torch.tensor([[3, 5, 7, 2]])
    grus = seq2seq.Translator(seq2seq.Encoder(8, 8), seq2seq.AttentiveDecoder(9, 8))
    both = transformer.Transformer(transformer.TransformerConfig(8, 9, 8, 1, 2))
    reader, asks = bert.make_bert(8, 8, 1, 2), bert.BertForQuestionAnswering(bert.BertConfig(8, 8, 1, 2))
    for module, model in (seq2seq, grus), (transformer, both):
        assert module.translation_loss(model, rows, rows + 1, begin=1) > 0
        for source, target, why in (rows + 1, rows, "8 is no id .* from 0 to 7"), (rows, rows + 2, "9 .* from 0 to 8"):
            with pytest.raises(ValueError, match=why):
                module.translation_loss(model, source, target, begin=1)
        with pytest.raises(ValueError, match="-3 is no id of this model: it has a table of 8, from 0 to 7"):
            module.translate(model, rows.masked_fill(rows == 5, -3), begin=1, end=2)
    for read in (lambda ids: bert.masked_word_loss(reader, ids, 4), lambda ids: bert.spans(asks, ids)):
        read(rows)
        with pytest.raises(ValueError, match="8 is no id of this model: it has a table of 8"):
            read(rows + 1)
    with pytest.raises(ValueError, match="103 is no id of this model"):
        bert.masked_word_loss(reader, rows, mask_id=103)


@pytest.mark.parametrize(
    ("sizes", "why"),
    [({"size": 30}, "30 features for 4 heads: each needs as many, and 2 are left"), ({"heads": 0}, "heads is 0"),
     ({"size": 9, "heads": 3}, "an even number"), ({"hidden": 1.5}, "hidden is 1.5; it must be a whole number")],
)  # fmt: skip
def test_sizes_of_a_transformer_that_do_not_fit_are_said(sizes, why):
    """At its first loss, too, where a reader's `split_heads` by `chunk` would give heads of 8, 8, 8 and 6."""
    config = transformer.TransformerConfig(**{"source_vocab": 9, "target_vocab": 9, "size": 8} | sizes)
    with pytest.raises(ValueError, match=why):
        transformer.checked(config)
    model, rows = transformer.Transformer(transformer.TransformerConfig(9, 9, 8)), torch.tensor([[3, 2]])
    model.config = config
    for use in (transformer.translation_loss, transformer.translate):
        with pytest.raises(ValueError, match=why):
            use(model, rows, rows, 1)


LEARNED = {  # what each prints that is run alone, by a command
    "ch01.attention": lambda printed: "width 0." in printed,
    "ch02.rooms": lambda printed: shares(printed)[0] >= 95,
    "ch03.seq2seq": lambda printed: shares(printed)[0] <= 60 and shares(printed)[1] >= 85,
    "ch04.positions": lambda printed: only_rotary_goes_on(*shares(printed)),
    "ch05.transformer": lambda printed: shares(printed)[-1] >= 99,
    "ch06.bert": lambda printed: shares(printed)[-1] >= 95,
    "ch07.gpt": lambda printed: shares(printed)[-1] >= 95,
    "ch07.tokenizer": lambda printed: printed.startswith("the ·"),
    "ch08.llama": lambda printed: shares(printed)[-1] >= 90,
    "ch08.smollm": lambda printed: "Paris" in printed,
    "ch09.answering": lambda printed: [float(x.split()[-1]) > 0.9 for x in printed.splitlines()] == [False, True],
}


def shares(printed):
    return [float(share) for share in re.findall(r"([\d.]+) ?%", printed)]


def only_rotary_goes_on(none, _, learned, learned_beyond, sinusoidal, __, rotated, rotated_beyond):
    return max(none, learned_beyond) < 40 and min(learned, sinusoidal, rotated, rotated_beyond) > 90


@pytest.mark.weekly
@pytest.mark.parametrize("name", LEARNED)
def test_run_alone_it_learns_its_task(name):
    run = [sys.executable, "-m", f"chapters.{name.replace('.', '.kept.')}"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and LEARNED[name](done.stdout), done.stdout + done.stderr


def with_large_parameters(model):
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def renamed(parameters, heads, key_heads):
    """Our parameters under the names of transformers, which turns the halves of a head instead of neighbours."""
    names = {"query": "self_attn.q_proj", "key": "self_attn.k_proj", "value": "self_attn.v_proj"}
    names |= {"out": "self_attn.o_proj", "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj"}
    names |= {"norm1": "input_layernorm", "norm2": "post_attention_layernorm"}
    found = {"lm_head.weight": parameters["tokens.weight"]}
    for name, x in parameters.items():
        if "query" in name or "key" in name:
            count = heads if "query" in name else key_heads
            x = x.unflatten(0, (count, -1, 2)).transpose(1, 2).flatten(0, 2)
        parts = [names.get(part, part) for part in name.split(".") if part not in ("attention", "ffn")]
        theirs = ".".join(parts).replace("blocks", "layers").replace("tokens.weight", "embed_tokens.weight")
        found[f"model.{theirs}"] = x
    return found


@torch.no_grad()
def test_a_llama_writes_what_the_one_of_transformers_writes_also_beyond_a_block(monkeypatch, tmp_path):
    torch.manual_seed(0)
    model = with_large_parameters(llama.Llama(llama.LlamaConfig(50, 32, 2, 4, 2, 48)))
    import transformers  # a second, for whoever gathers tests

    config = transformers.LlamaConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=48, rms_norm_eps=1e-5, tie_word_embeddings=True, max_position_embeddings=256,
    )  # fmt: skip
    theirs = transformers.LlamaForCausalLM(config).eval()
    theirs.load_state_dict(renamed(model.state_dict(), heads=4, key_heads=2))
    ids = torch.randint(50, (1, 40))
    monkeypatch.setattr(llama, "BLOCK", 16)
    whole = {"attention_mask": torch.ones_like(ids), "eos_token_id": None, "pad_token_id": 0}
    written = theirs.generate(ids, max_new_tokens=30, do_sample=False, **whole)
    assert list(llama.generate(model, ids, count=30)) == written[0, 40:].tolist()
    llama.save(model, tmp_path / "a.pt")
    torch.testing.assert_close(llama.load(tmp_path / "a.pt")(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def test_what_does_not_fit_is_said():
    for sizes, why in ({"size": 30}, "even"), ({"key_heads": 3}, "evenly"), ({"layers": 0}, "above 0"):
        with pytest.raises(ValueError, match=why):
            llama.checked(llama.LlamaConfig(vocab=9, **sizes))
    model, ids = llama.small(), torch.zeros(1, 5, dtype=torch.long)
    for wrong, why in (
        ({"count": 9}, "13 fit into the context"),
        ({"temperature": -1}, "temperature -1"),
        ({"top_p": 0}, "top_p 0"),
        ({"ids": ids.expand(2, 5)}, r"\[2, 5\]"),
    ):
        with pytest.raises(ValueError, match=why):
            list(llama.generate(model, **{"ids": ids, "count": 3} | wrong))
    small = gpt.GPT(gpt.GPTConfig(9, 16, 1, 2, 8))
    for wrong in ({"temperature": -1}, {"top_p": 0}, {"top_p": 1.5}, {"ids": ids[:, :0]}):
        with pytest.raises(ValueError, match="needed"):
            gpt.write(small, **{"ids": ids, "count": 3} | wrong)


def test_padding_costs_a_gpt_nothing_and_a_row_ends_with_its_stop(tmp_path):
    torch.manual_seed(0)
    model = with_large_parameters(gpt.GPT(gpt.GPTConfig(9, 16, 2, 2, 8, dropout=0.3)).eval())
    texts = [[1, 2, 3, 4], [5, 6]]
    sums = [gpt.next_token_loss(model, torch.tensor([text])) * (len(text) - 1) for text in texts]
    torch.testing.assert_close(gpt.next_token_loss(model, gpt.padded(texts)), sum(sums) / 4)
    stop = int(gpt.write(model, torch.tensor([[1]]), 1, temperature=0)[0, -1])
    assert gpt.write(model, torch.tensor([[1]]), 5, temperature=0, stop=stop).shape == (1, 2)
    gpt.save(model, tmp_path / "a.pt")
    again = gpt.load(tmp_path / "a.pt")
    assert again.dropout.p == 0.3 and list(tmp_path.iterdir()) == [tmp_path / "a.pt"]
    with pytest.raises(ValueError, match="10 tokens a row"):
        gpt.next_token_loss(model, torch.zeros(1, 10, dtype=torch.long))
    with pytest.raises(IndexError):
        gpt.write(model.train(), torch.tensor([[99]]), 1)
    assert model.training
    model.eval()
    torch.testing.assert_close(again(torch.tensor(texts[:1])), model(torch.tensor(texts[:1])))


def test_merges_are_those_of_the_page_by_either_way():
    text = data.book()[:20_000]
    kept = tokenizer.learned(text, 30)
    assert set(kept.merges) == set(merges.learn_merges(text, 30)) and kept.decode(kept.encode(text)) == text


def test_practice_for_another_task_ends_where_it_is_told_to_and_draws_from_a_source_of_its_own():
    model, before = answering.Pairs(), torch.get_rng_state()
    asked = {"longest": 3, "end": 7, "source": torch.Generator().manual_seed(0)}
    lengths = [len(row) for row in answering.drawn(model, torch.tensor([[1]] * 50), **asked)]
    assert set(lengths) == {1, 2, 3} and torch.equal(torch.get_rng_state(), before)
    small = gpt.GPT(gpt.GPTConfig(12, 8, 1, 2, context=8))
    for questions, why in ([[1, 2]], "25 tokens"), ([[1], [2, 3]], r"\[1, 2\]"), ([], r"\[\]"):
        with pytest.raises(ValueError, match=why):
            next(answering.practise(small, questions, lambda *_: 0.0, 1, 0.1))
    assert next(answering.practise(small, [[1, 2]], lambda *_: 0.0, 1, 0.1, **asked)) == (0, 0.0)


def test_rewards_may_be_whole_numbers_and_a_question_needs_two_answers(monkeypatch):
    """A reader's `advantages` may give them back in the dtype that they come in."""
    seen = []

    def advantages(rewards):
        seen.append(rewards)
        return ((rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-4)).to(rewards.dtype)

    monkeypatch.setattr(answering, "advantages", advantages)
    model, asked = answering.Pairs(), {"groups": 1, "size": 4, "longest": 1}
    for reward in (lambda _, ids: int(ids[0] > 5)), (lambda _, ids: ids[0] > 5):
        next(answering.practise(model, [[1]], reward, 1, 0.1, **asked))
        assert seen.pop().is_floating_point()
    with pytest.raises(ValueError, match="1 answer to a question: each is compared with the others, so 2 at the least"):
        next(answering.practise(model, [[1]], reward, 1, 0.1, **asked | {"size": 1}))
