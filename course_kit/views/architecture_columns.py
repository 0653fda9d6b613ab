"""Which parts the models of course_utils have, what each is for, and the columns they stand in.

A column is drawn from below, as the data flow. Its rows, by kind: "box", "norm" and "memory" have the path of a part as
their "key"; "sum" is added to what comes from below; "block" has "rows": the sub-layers of one block. A column that
stands alone can have "notes" beside its parts.
"""

from torch import nn

from course_kit.i18n import sentences, t
from course_kit.views.architecture_parts import Parts, in_words
from course_utils.bert import BertForPreTraining
from course_utils.gpt import GPT
from course_utils.llama import Llama, RMSNorm, SwiGLU
from course_utils.transformer import Transformer

FULL, CAUSAL, CROSS = "full", "causal", "cross"
ATTENTIONS = {  # mask -> name, about
    FULL: (t("self-attention"), t("Every {word} attends to every {word}, the later ones too: there is no mask.")),
    CAUSAL: (
        t("causal self-attention"),
        t(
            "Every {word} attends to itself and to those before it. The mask hides the later ones, so that training "
            "can predict all next words at once."
        ),
    ),
    CROSS: (
        t("cross-attention"),
        t("Here the decoder reads the source: the queries come from the {word}s, the keys and values from the memory."),
    ),
}
PRE_NORM = t(
    "What the sub-layer finds is added to the vector that it has read, so that nothing gets lost: a residual "
    "connection. The sub-layer reads the vector normalised."
)
POST_NORM = t(
    "What the sub-layer finds is added to the vector that it has read, so that nothing gets lost: a residual "
    "connection. Then the sum is normalised."
)
FFN = t(
    "Here each position works by itself, on what attention has brought: two linear layers with a non-linearity "
    "between them."
)
LAST_NORM = t("Each block only adds to its input. After the last block the sum is normalised once more.")
FIRST_NORM = t("A layer norm: it normalises the sum of the three vectors.")
TABLE = t("A table with a learned vector for each word of the vocabulary. Each {word} looks up its own.")
SCALED = t("It is multiplied by √D, so that the positions added next do not drown it.")
EMBEDDINGS = {
    "tokens": t("token embedding"),
    "source_embedding": t("source embedding"),
    "target_embedding": t("target embedding"),
}
SINES = t(
    "Attention does not notice the order of the words, so each position adds a fixed pattern of sines and cosines."
)
LEARNED = t("Attention does not notice the order of the words, so each position adds a learned vector of its own.")
SEGMENTS = t("Does a token belong to the first text or to the second? Each text adds a learned vector of its own.")
MEMORY = t(
    "What the encoder gives: a vector for each source word. Each decoder block takes its keys and values from it."
)
OUTPUT = t("It gives each word of the vocabulary a score, its logit: the dot product with a vector of that word.")
SOFTMAX = t("It turns the logits at each position into probabilities that sum to 1.")
BLOCK = t(
    "In attention the {word}s exchange information; then a small network works on each of them alone. All blocks "
    "have the same design, and each has parameters of its own."
)
POOLER = t("A linear layer and a tanh on the vector of the first token, [CLS], which stands for the whole text.")
HEADS = {  # of a BERT, by the name of its module -> label, about
    "transform": (t("transform"), t("A linear layer and a non-linearity, before a hidden token is predicted.")),
    "next_sentence": (t("next sentence"), t("Two scores: does the second text follow the first, or not?")),
}
GROUPED = t("Queries and keys are turned by their positions. Each key–value head serves {times} query heads.")
SWIGLU = t(
    "Two linear layers widen the vector of each position, and what one of them gives, through a SiLU, multiplies "
    "what the other gives: it is a gate. A third layer brings the vector back to D features."
)
CHANGED = [  # since a GPT: by the number of its section in chapter 8, where it is seen, in a few words
    ("2", "tokens", "box", t("no positions are added")),
    ("1", "blocks.norm1", "box", t("was layer norm")),
    ("2", "blocks.attention", "way", t("positions turn q and k")),
    ("4", "blocks.attention", "box", t("heads share k and v")),
    ("1", "blocks.norm2", "box", t("was layer norm")),
    ("3", "blocks.ffn", "box", t("was GELU")),
    ("1", "norm", "box", t("was layer norm")),
]
ONE_COLUMN = (GPT, Llama)
X = "[B, T, D]"


def drawing(model: nn.Module) -> tuple[Parts, list[dict]]:
    """The parts of a model and its columns. Raises TypeError for a model that is none of these."""
    if not isinstance(model, (Transformer, BertForPreTraining, *ONE_COLUMN)):
        known_ones = "a Transformer, a BERT, a GPT or a Llama of course_utils"
        raise TypeError(f"model is a {type(model).__name__}; needed: {known_ones}")
    parts = Parts(model)
    if isinstance(model, BertForPreTraining):
        return parts, _bert(parts)
    return parts, [_gpt(parts)] if isinstance(model, ONE_COLUMN) else _transformer(parts)


# ---- models
def _transformer(parts: Parts) -> list[dict]:
    columns = [_encoder(parts), _decoder(parts)]
    about = t(
        "The encoder turns the source into a memory. The decoder reads the target words so far and the memory, and "
        "predicts the next word at each position."
    )
    parts.whole("Transformer", about, given="source [B, S], target [B, T]", out="logits [B, T, V]")
    return columns


def _encoder(parts: Parts) -> dict:
    rows = [
        _embedding(parts, "source_embedding", t("source word"), SCALED, "S"), _positions(parts, "positions", "S"),
        _block(parts, "encoder", t("source word"), [FULL], "S"), _norm(parts, "encoder_norm", LAST_NORM, "S"),
    ]  # fmt: skip
    parts.call(
        "memory",
        t("memory", context="of the encoder"),
        MEMORY,
        f"{type(parts.model).__name__}.encode(source, source_mask)",
        out="[B, S, D]",
    )
    return _column(t("Encoder"), -1, t("source words"), [*rows, {"kind": "memory", "key": "memory"}])


def _decoder(parts: Parts) -> dict:
    own = "target_positions" if hasattr(parts.model, "target_positions") else "positions"
    rows = [
        _embedding(parts, "target_embedding", t("target word"), SCALED), _positions(parts, own),
        _block(parts, "decoder", t("target word"), [CAUSAL, CROSS]), _norm(parts, "decoder_norm", LAST_NORM),
        *_output(parts, "output", "target_embedding"),
    ]  # fmt: skip
    return _column(t("Decoder"), 1, t("target words so far"), rows, t("next word"))


def _gpt(parts: Parts) -> dict:
    """A GPT or a Llama, whose blocks have two norms and add themselves, and which use the table of tokens twice."""
    rows = [_embedding(parts, "tokens", t("token"))]
    if isinstance(parts.model, GPT):
        rows.append(_positions(parts, "positions"))
    parts.stack("blocks", BLOCK.format(word=t("token")), given=f"x {X}", out=X)
    inner = [("attention", "norm1", CAUSAL), ("ffn", "norm2", "")]
    sublayers = [_normed(parts, f"blocks.{inside}", f"blocks.{norm}", mask) for inside, norm, mask in inner]
    rows += [{"kind": "block", "key": "blocks", "rows": sublayers}, _norm(parts, "norm", LAST_NORM)]
    parts.call("output", t("output matrix"), OUTPUT, "x @ tokens.weight.T", given=X, out="[B, T, V]",
               parameters=t("none of its own; the matrix is that of tokens"))  # fmt: skip
    notes = (
        [dict(zip(("mark", "key", "at", "text"), one, strict=True)) for one in CHANGED]
        if type(parts.model) is Llama
        else []
    )
    return _one_column(parts, [*rows, {"kind": "box", "key": "output"}, _softmax(parts)], notes)


def _normed(parts: Parts, inside: str, norm: str, mask: str) -> dict:
    """A sub-layer that reads x normalised, and is added to x."""
    grouped = isinstance(parts.model, Llama)
    parts.add(norm, _short(parts, norm), t("add & norm"), PRE_NORM, given=f"x {X}", out=X)
    if mask:
        name, about = ATTENTIONS[mask]
        about = about.format(word=t("token"))
        shapes = {"q, k, v": "[B, H, T, d]"}
        if grouped:
            heads = parts.sizes["H"] // parts.sizes["G"]
            about = sentences(about, GROUPED.format(times=in_words(heads)))
            shapes = {"q": "[B, H, T, d]", "k, v": "[B, G, T, d]"}
        shapes = {"given": f"x {X}", **shapes, "weights": "[B, H, T, T]", "out": X}
        parts.add(inside, t("self-attention"), name, about, **shapes)
    else:
        label, about = ("SwiGLU", SWIGLU) if isinstance(parts.modules(inside)[0], SwiGLU) else (t("feed-forward"), FFN)
        parts.add(inside, label, t("feed-forward network"), about, given=X, inside="[B, T, F]", out=X)
    return {"inside": inside, "around": norm, "mask": mask, "pre": True}


def _one_column(parts: Parts, rows: list[dict], notes=()) -> dict:
    """What a GPT and its relatives have in common."""
    about = t(
        "A decoder without cross-attention: it reads the tokens so far and predicts the next one at each position."
    )
    parts.whole(type(parts.model).__name__, about, given="ids [B, T]", out="logits [B, T, V]")
    return _column(t("Decoder"), 1, t("tokens so far"), rows, t("next token")) | (
        {"notes": list(notes)} if notes else {}
    )


def _bert(parts: Parts) -> list[dict]:
    """Two columns: the encoder with what reads every token, and what reads the pooled vector."""
    before = "bert.embeddings"
    rows = [
        _embedding(parts, f"{before}.tokens", t("token")),
        _sum(parts, f"{before}.segments", SEGMENTS, "[B, T]", X),
        _positions(parts, f"{before}.positions"), _norm(parts, f"{before}.norm", FIRST_NORM),
        _block(parts, "bert.blocks", t("token"), [FULL]),
        _head(parts, "transform", X, X), _norm(parts, "norm", t("A layer norm, before the output matrix.")),
        *_output(parts, "output", f"{before}.tokens"),
    ]  # fmt: skip
    parts.add("bert.pooler", t("pooler"), t("pooler"), POOLER, given="[B, D]", out="[B, D]")
    pooled = [{"kind": "box", "key": "bert.pooler"}, _head(parts, "next_sentence", "[B, 2]", "[B, D]")]
    about = t("An encoder: each token reads those before it and those after it, and gets a vector that knows them all.")
    given = "ids [B, T], segments [B, T]"
    parts.whole("BertForPreTraining", about, given=given, words="[B, T, V]", follows="[B, 2]")
    encoder = _column(t("Encoder"), -1, "[CLS] A [SEP] B [SEP]", rows, t("which word?"))
    return [encoder, _column("", 1, t("the vector of [CLS]"), pooled, t("does B follow?"))]


def _column(name: str, side: int, reads: str, rows: list[dict], gives: str = "") -> dict:
    """side: −1 at the left, 1 at the right; reads, gives: what goes in below and comes out above."""
    return {"name": name, "side": side, "reads": reads, "rows": rows, "gives": gives}


# ---- rows: each adds its parts and tells where they stand
def _embedding(parts: Parts, path: str, word: str, scaled: str = "", time: str = "T") -> dict:
    label = t("embedding × √D") if scaled else t("embedding")
    about = sentences(TABLE.format(word=word), scaled)
    parts.add(path, label, EMBEDDINGS[path.rpartition(".")[2]], about, given=f"[B, {time}]", out=f"[B, {time}, D]")
    return {"kind": "box", "key": path}


def _positions(parts: Parts, path: str, time: str = "T") -> dict:
    module = parts.modules(path)[0]
    given, out = (f"[{time}]", f"[{time}, D]") if isinstance(module, nn.Embedding) else (f"[B, {time}, D]",) * 2
    return _sum(parts, path, LEARNED if [*module.parameters()] else SINES, given, out, t("positions"))


def _sum(parts: Parts, path: str, about: str, given: str, out: str, name: str = t("segments")) -> dict:
    return {"kind": "sum", "key": parts.add(path, name, name, about, given=given, out=out)}


def _norm(parts: Parts, path: str, about: str, time: str = "T") -> dict:
    x, short = f"[B, {time}, D]", _short(parts, path)
    name = t("layer norm") if short == "norm" else short
    return {"kind": "norm", "key": parts.add(path, short, name, about, given=x, out=x)}


def _short(parts: Parts, path: str) -> str:
    """What is written on a norm."""
    return "RMSNorm" if isinstance(parts.modules(path)[0], RMSNorm) else "norm"


def _head(parts: Parts, name: str, out: str, given: str) -> dict:
    label, about = HEADS[name]
    return {"kind": "box", "key": parts.add(name, label, label, about, given=given, out=out)}


def _output(parts: Parts, path: str, table: str) -> list[dict]:
    """The output matrix, and the softmax on what it gives."""
    tied = parts.modules(path)[0].weight is parts.modules(table)[0].weight
    parts.add(path, t("output matrix"), t("output matrix"), OUTPUT, table if tied else "", given=X, out="[B, T, V]")
    return [{"kind": "box", "key": path}, _softmax(parts)]


def _softmax(parts: Parts) -> dict:
    code = "torch.softmax(logits, -1)"
    return {"kind": "box", "key": parts.call("softmax", "softmax", SOFTMAX, code, given="[B, T, V]", out="[B, T, V]")}


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
            parts.add(around, "norm", t("add & norm"), PRE_NORM, given=f"x {x}, f", out=x)
        _sublayer(parts, inside, mask, word, time)
        if not pre:
            parts.add(around, "norm", t("add & norm"), POST_NORM, given=f"x {x}, f", out=x)
        rows.append({"inside": inside, "around": around, "mask": mask, "pre": pre})
    return {"kind": "block", "key": path, "rows": rows}


def norm_first(around: nn.Module) -> bool:
    """Whether an AddNorm normalises what its sub-layer reads, instead of the sum."""
    return getattr(around, "norm_first", type(around).__name__ == "AddNorm")


def _sublayer(parts: Parts, path: str, mask: str, word: str, time: str) -> None:
    x = f"[B, {time}, D]"
    if not mask:
        parts.add(path, t("feed-forward"), t("feed-forward network"), FFN, given=x, inside=f"[B, {time}, F]", out=x)
        return
    name, about = ATTENTIONS[mask]
    if mask == CROSS:
        given, keys = {"given": f"x {x}, memory [B, S, D]"}, "S"
        inside = {"q": f"[B, H, {time}, d]", "k, v": "[B, H, S, d]"}
    else:
        given, keys = {"given": t("x and memory {x}", x=x)}, time
        inside = {"q, k, v": f"[B, H, {time}, d]"}
    shapes = {**given, **inside, "weights": f"[B, H, {time}, {keys}]", "out": x}
    label = ATTENTIONS[FULL if mask == CAUSAL else mask][0]
    parts.add(path, label, name, about.format(word=word), **shapes)
