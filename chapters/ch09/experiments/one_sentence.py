"""The course sentence through all nine chapters: a map of each, computed now, but for the last, which is recorded.

    maps = through_all(SENTENCE)                       # {number of the chapter: its map}, a picture

The first four are those of chapters 1 to 4. Of each of the five large models the head is taken that gives "animal" the
most when "it" is the query, out of all its heads. The last is SmolLM2, which need not be installed.
"""

import torch
from torch import Tensor

from chapters.ch02.experiments.costs import trained_scores
from chapters.ch06 import pairs
from chapters.ch08 import published
from course_kit import data, results
from course_kit.chapter_maps.frames import Frames, Panel
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.heads import attention_weights
from course_kit.i18n import mark
from course_utils.attention import masked_softmax
from course_utils.kernels import gaussian_kernel
from course_utils.positions import sinusoidal_encoding

SENTENCE = "The animal didn't cross the street because it was too tired."


def whole_words(layers: list[Tensor], tokens: list[str]) -> tuple[list[Tensor], list[str]]:
    """Maps of pieces [1, H, T, T] as maps of words, and the words: a word gets what its pieces get, and its query is
    that of its last piece."""
    begins = [not t.startswith("##") and (t[0] == "▁" or t == "." or "▁" not in "".join(tokens)) for t in tokens]
    number = torch.tensor(begins).cumsum(0) - 1
    ends = [n for n in range(len(tokens)) if n + 1 == len(tokens) or begins[n + 1]]
    columns = torch.nn.functional.one_hot(number).float()
    words = ["".join(t for t, n in zip(tokens, number, strict=True) if n == w) for w in range(len(ends))]
    return [w[:, :, ends] @ columns for w in layers], [word.replace("##", "").strip("▁") for word in words]


def on_animal(maps: list[Tensor], words: list[str]) -> tuple[int, int]:
    """Layer and head that give "animal" the most when "it" is the query."""
    it, animal = words.index("it"), words.index("animal")
    return divmod(torch.stack([w[0, :, it, animal] for w in maps]).argmax().item(), maps[0].shape[1])


@torch.no_grad()
def through_all(sentence: str = SENTENCE) -> Frames:
    """{number of the chapter: its map}. The last is of SENTENCE, whatever is given."""
    found = dict(enumerate(_first_four(sentence), 1))
    for chapter, (name, (layers, tokens)) in enumerate(_four_models(sentence).items(), 5):
        maps, words = whole_words(layers, tokens)
        layer, head = on_animal(maps, words)
        found[chapter] = _panel(name, maps[layer][0, head], words, words, layer, head)
    last = results.load("smollm_sentence")
    words, weights = last["words"], torch.tensor(last["weights"])
    found[9] = _panel("SmolLM2", weights, words, words, last["layer"], last["head"])
    return Frames(found)


def _panel(model: str, weights: Tensor, queries: list[str], keys: list[str], *place: int) -> Panel:
    return Panel(model, weights.double().round(decimals=3).numpy(), numbered(queries), numbered(keys), *place)


def numbered(words: list[str]) -> list[str]:
    """Words without case and without a tokenizer's mark; the second of the same is called "the (2)"."""
    seen: dict[str, int] = {}
    for_each = []
    for word in words:
        plain = word.lstrip("▁").casefold() or word
        seen[plain] = seen.get(plain, 0) + 1
        for_each.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return for_each


def record_maps() -> dict:
    """The figures behind data/results/one_sentence.json."""
    return {"maps": {n: one._asdict() | {"weights": one.weights.tolist()} for n, one in through_all().items()}}


@torch.no_grad()
def record_sentence() -> dict:
    """The figures behind data/results/smollm_sentence.json."""
    if (smol := published.load()) is None:
        raise RuntimeError(f"SmolLM2 is not installed: `{published.INSTALL}`")
    ids = smol.tokenizer.encode(" " + SENTENCE).ids
    with attention_weights(smol.model) as seen:
        smol.model(torch.tensor([ids]))
    maps, words = whole_words(seen["decoder"], _marked([smol.tokenizer.decode([n]) for n in ids]))
    layer, head = on_animal(maps, words)
    weights = [[round(x, 4) for x in row] for row in maps[layer][0, head].tolist()]
    return {"words": words, "weights": weights, "layer": layer, "head": head}


def _first_four(sentence: str):
    cards = data.load("word_features")
    names, x = cards.words[:11], torch.tensor(cards.features[:11]).float()
    near, places = gaussian_kernel(torch.cdist(x, x), width=0.3), sinusoidal_encoding(len(names), 128)
    french = translate(load_checkpoint("seq2seq-attention-en-fr-grammar"), sentence)[0]
    yield _panel(mark("one kernel"), near / near.sum(-1, keepdim=True), names, names)
    yield _panel(mark("scaled dot product"), masked_softmax(trained_scores(3)["scaled_dot"](x, x)), names, names)
    yield _panel(mark("seq2seq, French"), french.weights, french.tokens, french.source_tokens)
    yield _panel(mark("positions alone"), masked_softmax(places @ places.T / 128**0.5), names, names)


def _four_models(sentence: str) -> dict[str, tuple]:
    """Each model's maps of the sentence, a list of [1, H, T, T], and its tokens."""
    words, bert, gpt = (load_checkpoint(n) for n in ("transformer-grammar", "bert-stories", "gpt-prose"))
    read, ids = pairs.encode(bert.tokenizer, sentence), torch.tensor([words.source.encode(sentence)])
    llama = load_checkpoint("llama-holmes")
    pieces, of_novel = (torch.tensor([one.tokenizer.encode(" " + sentence)]) for one in (gpt, llama))
    with (
        attention_weights(words.model) as of_words,
        attention_weights(bert.model) as of_bert,
        attention_weights(gpt.model) as of_gpt,
        attention_weights(llama.model) as of_llama,
    ):
        words.model.encode(ids)
        bert.model.bert(torch.tensor([read.ids]))
        gpt.model(pieces)
        llama.model(of_novel)
    return {
        "Transformer": (of_words["encoder"], words.source.tokens(ids[0])),
        "BERT": (of_bert["encoder"], read.tokens),
        "GPT": (of_gpt["decoder"], _marked(gpt.tokenizer.tokens(pieces[0].tolist()))),
        "Llama": (of_llama["decoder"], _marked(llama.tokenizer.tokens(of_novel[0].tolist()))),
    }


def _marked(pieces: list[str]) -> list[str]:
    """Pieces of bytes, with a mark where a word begins."""
    return [piece.replace(" ", "▁") for piece in pieces]
