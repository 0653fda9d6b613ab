"""Which parts a Transformer, a BERT and a GPT of course_utils have, what each is for, and the columns they stand in.

A column is drawn from below, as the data flow. Its rows, by kind: "box", "norm" and "memory" have the path of a part as
their "key"; "sum" is added to what comes from below; "block" has "rows": the sub-layers of one block.
"""

from torch import nn

from course_utils.bert import Bert
from course_utils.gpt import GPT
from course_utils.transformer import Transformer, TransformerConfig

from .architecture_parts import Parts

FULL, CAUSAL, CROSS = "full", "causal", "cross"
ATTENTIONS = {  # mask -> name, about
    FULL: ("self-attention", "Every {word} attends to every {word}, the later ones too: there is no mask."),
    CAUSAL: (
        "causal self-attention",
        "Every {word} attends to itself and to those before it. The mask hides the later ones, so that training can "
        "predict all next words at once.",
    ),
    CROSS: (
        "cross-attention",
        "Here the decoder reads the source: the queries come from the {word}s, the keys and values from the memory.",
    ),
}
PRE_NORM = "A residual connection around a sub-layer: what the sub-layer returns is added to x. It reads x normalised."
POST_NORM = "A residual connection around a sub-layer: what it returns is added to x. Then the sum is normalised."
FFN = "Two linear layers with a non-linearity between them, applied to each position on its own."
LAST_NORM = "Each block only adds to its input. After the last block the sum is normalised once more."
FIRST_NORM = "A layer norm: it normalises the sum of the three vectors."
TABLE = "A table with a learned vector for each word of the vocabulary. Each {word} looks up its own."
SCALED = " It is multiplied by √D, so that the positions added next do not drown it."
SINES = "Attention does not notice the order of the words, so each position adds a fixed pattern of sines and cosines."
LEARNED = "Attention does not notice the order of the words, so each position adds a learned vector of its own."
SEGMENTS = "Does a token belong to the first text or to the second? Each text adds a learned vector of its own."
MEMORY = "What the encoder gives: a vector for each source word. Each decoder block takes its keys and values from it."
OUTPUT = "It gives each word of the vocabulary a score, its logit: the dot product with a vector of that word."
SOFTMAX = "It turns the logits at each position into probabilities that sum to 1."
BLOCK = (
    "In attention the {word}s exchange information; then a small network works on each of them alone. All blocks have "
    "the same design, and each has parameters of its own."
)
POOLER = "A linear layer and a tanh on the vector of the first token, [CLS], which stands for the whole text."
HEADS = {  # of a BERT, by the name of its module -> about
    "transform": "A linear layer and a non-linearity, before a hidden token is predicted.",
    "next_sentence": "Two scores: does the second text follow the first, or not?",
    "classifier": "A linear layer: a score for each class.",
    "answer": "A linear layer: is this token the first of the answer, and is it the last?",
}
POOLED = ("next_sentence", "classifier")  # heads that read the pooled vector, unless they classify tokens
X = "[B, T, D]"


def drawing(model: nn.Module | None, half: str | None, lengths: tuple[int, int] | None) -> tuple[Parts, list[dict]]:
    """The parts of a model and its columns. half: "encoder", "decoder", or None for all there is; lengths: S and T.

    model: None for the letters alone. Raises TypeError for a model that is none of the three, ValueError for a half
    that it does not have.
    """
    known = model is not None
    model = Transformer(TransformerConfig(11, 13, 8, 2, 2, 20)) if model is None else model  # no two sizes alike
    bert = model if isinstance(model, Bert) else getattr(model, "bert", None)
    if not (bert or isinstance(model, Transformer | GPT)):
        raise TypeError(f"model is a {type(model).__name__}; needed: a Transformer, a BERT or a GPT of course_utils")
    only = "encoder" if bert else "decoder" if isinstance(model, GPT) else None
    halves = [None, only] if only else [None, "encoder", "decoder"]
    if not isinstance(half, str | None) or half not in halves:
        raise ValueError(f"half is {half!r}; needed for a {type(model).__name__}: one of {halves}")
    parts = Parts(model, known, lengths)
    if bert:
        return parts, _bert(parts, "" if bert is model else "bert.")
    return parts, [_gpt(parts)] if only else _transformer(parts, half)


# ---- models
def _transformer(parts: Parts, half: str | None) -> list[dict]:
    columns = [_encoder(parts)] if half != "decoder" else []
    columns += [_decoder(parts)] if half != "encoder" else []
    source, target, memory, logits = "source [B, S]", "target [B, T]", "memory [B, S, D]", "logits [B, T, V]"
    reads = "the target words so far and the memory, and predicts the next word at each position."
    if half == "encoder":
        about = "It gives each source word a vector that knows all the others."
        parts.whole("Encoder", about, "encode(source, source_mask)", given=source, out=memory)
    elif half == "decoder":
        code = "output(decode(target, memory, source_mask))"
        parts.whole("Decoder", f"It reads {reads}", code, given=f"{target}, {memory}", out=logits)
    else:
        about = f"The encoder turns the source into a memory. The decoder reads {reads}"
        parts.whole("Transformer", about, given=f"{source}, {target}", out=logits)
    return columns


def _encoder(parts: Parts) -> dict:
    rows = [
        _embedding(parts, "source_embedding", "source word", SCALED, "S"), _positions(parts, "positions", "S"),
        _block(parts, "encoder", "source word", [FULL], "S"), _norm(parts, "encoder_norm", LAST_NORM, "S"),
    ]  # fmt: skip
    parts.call("memory", "memory", MEMORY, f"{type(parts.model).__name__}.encode(source, source_mask)", out="[B, S, D]")
    return _column("Encoder", -1, "source words", [*rows, {"kind": "memory", "key": "memory"}])


def _decoder(parts: Parts) -> dict:
    own = "target_positions" if hasattr(parts.model, "target_positions") else "positions"
    rows = [
        _embedding(parts, "target_embedding", "target word", SCALED), _positions(parts, own),
        _block(parts, "decoder", "target word", [CAUSAL, CROSS]), _norm(parts, "decoder_norm", LAST_NORM),
        *_output(parts, "output", "target_embedding"),
    ]  # fmt: skip
    return _column("Decoder", 1, "target words so far", rows, "next word")


def _gpt(parts: Parts) -> dict:
    rows = [_embedding(parts, "tokens", "token")]
    if parts.model.positions is not None:
        rows.append(_positions(parts, "positions"))
    rows += [_block(parts, "blocks", "token", [CAUSAL]), _norm(parts, "norm", LAST_NORM)]
    rows += _output(parts, "output", "tokens")
    about = "A decoder without cross-attention: it reads the tokens so far and predicts the next one at each position."
    parts.whole(type(parts.model).__name__, about, given="ids [B, T]", out="logits [B, T, V]")
    return _column("Decoder", 1, "tokens so far", rows, "next token")


def _bert(parts: Parts, prefix: str) -> list[dict]:
    """Two columns: the encoder with what reads every token, and what reads the pooled vector."""
    model, before = parts.model, f"{prefix}embeddings"
    rows = [
        _embedding(parts, f"{before}.tokens", "token"),
        _sum(parts, f"{before}.segments", SEGMENTS, "[B, T]", X),
        _positions(parts, f"{before}.positions"), _norm(parts, f"{before}.norm", FIRST_NORM),
        _block(parts, f"{prefix}blocks", "token", [FULL]),
    ]  # fmt: skip
    words = hasattr(model, "transform")
    if words:
        rows += [_head(parts, "transform", X), _norm(parts, "norm", "A layer norm, before the output matrix.")]
        rows += _output(parts, "output", f"{before}.tokens")
    single = type(model).__name__ == "BertForTokenClassification"
    rows += [_head(parts, name, "[B, T, 2]" if name == "answer" else "[B, T, C]")
             for name in ("answer", *["classifier"] * single) if hasattr(model, name)]  # fmt: skip
    parts.add(f"{prefix}pooler", "pooler", "pooler", POOLER, given="[B, D]", out="[B, D]")
    pooled = [{"kind": "box", "key": f"{prefix}pooler"}]
    pooled += [_head(parts, name, "[B, 2]" if name == "next_sentence" else "[B, C]", "[B, D]")
               for name in POOLED if hasattr(model, name) and not single]  # fmt: skip
    about = "An encoder: each token reads those before it and those after it, and gets a vector that knows them all."
    parts.whole(type(model).__name__, about, given="ids [B, T], segments [B, T]", hidden=X, pooled="[B, D]")
    gives = "the hidden words" if words else "each token"
    return [_column("Encoder", -1, "tokens", rows, gives), _column("", 1, "", pooled, "the whole text")]


def _column(name: str, side: int, reads: str, rows: list[dict], gives: str = "") -> dict:
    """side: −1 at the left, 1 at the right; reads, gives: what goes in below and comes out above."""
    return {"name": name, "side": side, "reads": reads, "rows": rows, "gives": gives}


# ---- rows: each adds its parts and tells where they stand
def _embedding(parts: Parts, path: str, word: str, scaled: str = "", time: str = "T") -> dict:
    label = "embedding × √D" if scaled else "embedding"
    name = f"{word.split()[0]} embedding"
    parts.add(path, label, name, TABLE.format(word=word) + scaled, given=f"[B, {time}]", out=f"[B, {time}, D]")
    return {"kind": "box", "key": path}


def _positions(parts: Parts, path: str, time: str = "T") -> dict:
    module = parts.modules(path)[0]
    given, out = (f"[{time}]", f"[{time}, D]") if isinstance(module, nn.Embedding) else (f"[B, {time}, D]",) * 2
    return _sum(parts, path, LEARNED if [*module.parameters()] else SINES, given, out, "positions")


def _sum(parts: Parts, path: str, about: str, given: str, out: str, name: str = "segments") -> dict:
    return {"kind": "sum", "key": parts.add(path, name, name, about, given=given, out=out)}


def _norm(parts: Parts, path: str, about: str, time: str = "T") -> dict:
    x = f"[B, {time}, D]"
    return {"kind": "norm", "key": parts.add(path, "norm", "layer norm", about, given=x, out=x)}


def _head(parts: Parts, name: str, out: str, given: str = X) -> dict:
    label = name.replace("_", " ")
    return {"kind": "box", "key": parts.add(name, label, label, HEADS[name], given=given, out=out)}


def _output(parts: Parts, path: str, table: str) -> list[dict]:
    """The output matrix, and the softmax on what it gives."""
    tied = parts.modules(path)[0].weight is parts.modules(table)[0].weight
    note = f"; the matrix is that of {table}" if tied else ""
    parts.add(path, "output matrix", "output matrix", OUTPUT, note, given=X, out="[B, T, V]")
    parts.call("softmax", "softmax", SOFTMAX, "torch.softmax(logits, -1)", given="[B, T, V]", out="[B, T, V]")
    return [{"kind": "box", "key": path}, {"kind": "box", "key": "softmax"}]


def _block(parts: Parts, path: str, word: str, masks: list[str], time: str = "T") -> dict:
    """One block of a stack: its attentions, each with a mask, and the network."""
    x = f"[B, {time}, D]"
    memory = ", memory [B, S, D]" if CROSS in masks else ""
    parts.stack(path, BLOCK.format(word=word), given=f"x {x}{memory}", out=x)
    names = {CROSS: ("cross_attention", "around_cross")}
    sublayers = [(*names.get(mask, ("attention", "around_attention")), mask) for mask in masks]
    sublayers.append(("ffn", "around_ffn", ""))
    rows = []
    for inner, outer, mask in sublayers:
        inside, around = f"{path}.{inner}", f"{path}.{outer}"
        pre = norm_first(parts.modules(around)[0])
        if pre:
            parts.add(around, "norm", "add & norm", PRE_NORM, given=f"x {x}, f", out=x)
        _sublayer(parts, inside, mask, word, time)
        if not pre:
            parts.add(around, "norm", "add & norm", POST_NORM, given=f"x {x}, f", out=x)
        rows.append({"inside": inside, "around": around, "mask": mask, "pre": pre})
    return {"kind": "block", "key": path, "rows": rows}


def norm_first(around: nn.Module) -> bool:
    """Whether an AddNorm normalises what its sub-layer reads, instead of the sum."""
    return getattr(around, "norm_first", type(around).__name__ == "AddNorm")


def _sublayer(parts: Parts, path: str, mask: str, word: str, time: str) -> None:
    x = f"[B, {time}, D]"
    if not mask:
        parts.add(path, "feed-forward", "feed-forward network", FFN, given=x, inside=f"[B, {time}, F]", out=x)
        return
    name, about = ATTENTIONS[mask]
    if mask == CROSS:
        given, keys = {"given": f"x {x}, memory [B, S, D]"}, "S"
        inside = {"q": f"[B, H, {time}, d]", "k, v": "[B, H, S, d]"}
    else:
        given, keys = {"given": f"x and memory {x}"}, time
        inside = {"q, k, v": f"[B, H, {time}, d]"}
    shapes = {**given, **inside, "weights": f"[B, H, {time}, {keys}]", "out": x}
    parts.add(path, name.removeprefix("causal "), name, about.format(word=word), **shapes)
