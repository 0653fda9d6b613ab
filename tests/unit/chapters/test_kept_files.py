"""The files that the chapters leave behind: each runs with torch alone and computes what the library computes."""

import importlib
import runpy
import subprocess
import sys

import pytest
import torch
import transformers
from own_package import ADD, SOFTMAX, SPLIT, solve

from chapters.ch07 import reader_models
from course_kit import data
from course_kit.convert import to_huggingface
from course_kit.mine import keeping
from course_kit.mine.trying import tried
from course_kit.source_text import plain
from course_utils import bert, merges, positions, rotary, transformer
from course_utils.attention import padding_mask
from course_utils.self_attention import SelfAttention
from course_utils.translator import AttentiveDecoder, Encoder, Translator

FILES = {
    f"{chapter}-{file.name}": file
    for chapter, names in {
        **dict.fromkeys(("ch01", "ch02", "ch03", "ch04", "ch05", "ch06"), ("FILE",)),
        "ch07": ("GPT", "TOKENIZER"),
        "ch08": ("LLAMA", "ANSWERS"),
    }.items()
    for file in (getattr(importlib.import_module(f"chapters.{chapter}.keep"), name) for name in names)
}
OWN = {"stable masked softmax": SOFTMAX, "split heads": SPLIT, "residual and norm": ADD}
FEW_STEPS = {
    "ch01-attention": "main()",
    "ch02-attention": "assert rooms(3)",
    "ch03-seq2seq": "model = Translator(Encoder(11, 16), AttentiveDecoder(11, 16))\n"
    "    train(model, 20)\n    assert 0 <= right_at(model, 5, 10) <= 1",
    "ch07-tokenizer": "main()",
}


def close(ours, theirs, *inputs):
    """Two models with the same parameters give the same."""
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(theirs.eval()(*inputs), ours.eval()(*inputs), atol=1e-5, rtol=0)


def attention_layer(kept):
    close(SelfAttention(6, 4, 5), kept["SelfAttention"](6, 4, 5), torch.randn(2, 5, 6), padding_mask([5, 3]))


def translators(kept):
    theirs = kept["Translator"](kept["Encoder"](20, 8), kept["AttentiveDecoder"](30, 8))
    inputs = torch.randint(20, (2, 7)), torch.randint(30, (2, 5)), padding_mask([7, 4])[:, 0]
    close(Translator(Encoder(20, 8), AttentiveDecoder(30, 8)), theirs, *inputs)


def added_and_turned(kept):
    x = torch.randn(2, 60, 8)
    torch.testing.assert_close(kept["SinusoidalPositions"](50, 8)(x), positions.SinusoidalPositions(50, 8)(x))
    torch.testing.assert_close(kept["rotary"](x[0], torch.arange(60)), rotary.rotary(x[0], torch.arange(60)))


def whole_transformer(kept):
    makers = transformer.make_transformer, kept["make_transformer"]
    ours, theirs = (make(13, model_size=32, layers=2) for make in makers)
    close(ours, theirs, torch.randint(13, (3, 8)), torch.randint(13, (3, 6)), padding_mask([8, 5, 2])[:, 0])


def whole_bert(kept):
    ours, theirs = (make(13, model_size=32, max_length=9) for make in (bert.make_bert, kept["make_bert"]))
    ids, segments = torch.randint(13, (3, 8)), (torch.arange(8) > 4).long().expand(3, 8)
    theirs.load_state_dict(ours.state_dict())
    found = [model.eval()(ids, segments, padding_mask([8, 5, 2])[:, 0]) for model in (ours, theirs)]
    torch.testing.assert_close(tuple(found[1]), tuple(found[0]), atol=1e-5, rtol=0)


def gpt_of_transformers(kept):
    model = with_large_parameters(kept["SmallGPT"](vocab=50, size=32, layers=2))
    ids = torch.randint(50, (2, 12))
    torch.testing.assert_close(
        model(ids), to_huggingface(reader_models.course_of(model))(ids).logits, atol=1e-4, rtol=1e-4
    )


def merges_of_the_book(kept):
    text = data.book()[:20_000]
    assert kept["learn_merges"](text, 30) == merges.learn_merges(text, 30)


def llama_of_transformers(kept):
    model = with_large_parameters(kept["Llama"](kept["LlamaConfig"](50, 32, 2, 4, 2, 48)))
    config = transformers.LlamaConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=48, rms_norm_eps=1e-5, tie_word_embeddings=True, max_position_embeddings=256,
    )  # fmt: skip
    theirs = transformers.LlamaForCausalLM(config).eval()
    theirs.load_state_dict(renamed(model.state_dict(), heads=4, key_heads=2))
    ids = torch.randint(50, (2, 12))
    torch.testing.assert_close(model(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def with_large_parameters(model):
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


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


SAME = {
    "ch02-attention": attention_layer,
    "ch03-seq2seq": translators,
    "ch04-positions": added_and_turned,
    "ch05-transformer": whole_transformer,
    "ch06-bert": whole_bert,
    "ch07-gpt": gpt_of_transformers,
    "ch07-tokenizer": merges_of_the_book,
    "ch08-llama": llama_of_transformers,
}


@pytest.mark.parametrize("solved", [False, True], ids=["nothing solved", "all solved"])
@pytest.mark.parametrize("name", SAME)
def test_it_computes_what_the_library_computes(book, name, solved):
    file = FILES[name]
    asked = [part for part in file.parts if part.exercise]
    known = {key: thing for part in file.parts for key, thing in vars(importlib.import_module(part.module)).items()}
    for part in asked if solved else ():
        text = OWN.get(part.exercise, plain(f"{part.module}:{part.name}")).replace("IGNORED", "-100")
        solve(part.exercise, text, **{key: thing for key, thing in known.items() if key in text})
    made = keeping.written(file, {})
    assert made.of("yours") == [part.name for part in asked if solved] and not made.notes
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    torch.manual_seed(0)
    with torch.no_grad():
        SAME[name](kept)
    if solved:
        kept["check"]()


def test_alone_they_pass_their_checks_and_train_for_a_few_steps():
    texts = {
        name: f"{keeping.written(file, {}).text}\n\nof_file = check\n\n\ndef check():\n    of_file()\n"
        f"    {FEW_STEPS.get(name, 'main(20)')}\n"
        for name, file in FILES.items()
    }
    assert tried(texts) == dict.fromkeys(texts, "")


def shares(printed):
    return [float(word.strip("%,")) for word in printed.split() if "%" in word]


def only_rotary_goes_on(none, _, learned, learned_beyond, sinusoidal, __, rotated, rotated_beyond):
    return max(none, learned_beyond) < 40 and min(learned, sinusoidal, rotated, rotated_beyond) > 90


LEARNED = {
    "ch02-attention": lambda printed: shares(printed)[0] >= 95,
    "ch03-seq2seq": lambda printed: shares(printed)[0] <= 60 and shares(printed)[1] >= 95,
    "ch04-positions": lambda printed: only_rotary_goes_on(*shares(printed)),
    "ch05-transformer": lambda printed: shares(printed)[-1] >= 99,
    "ch06-bert": lambda printed: shares(printed)[-1] >= 95,
    "ch07-gpt": lambda printed: shares(printed)[-1] >= 95,
    "ch08-llama": lambda printed: shares(printed)[-1] >= 90,
    "ch08-answering": lambda printed: [float(line.split()[-1]) > 0.9 for line in printed.splitlines()] == [False, True],
}


@pytest.mark.weekly
@pytest.mark.parametrize("name", LEARNED)
def test_run_alone_it_learns_its_task(tmp_path, name):
    (tmp_path / "kept.py").write_text(keeping.written(FILES[name], {}).text, "utf-8")
    done = subprocess.run([sys.executable, "kept.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0 and LEARNED[name](done.stdout), done.stdout + done.stderr
