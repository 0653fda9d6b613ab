"""Every tensor of a Transformer for one sentence, caught by forward hooks in a single pass of the model.

    t = trace(load_checkpoint("transformer-grammar"), "the animal was tired .")
    t.encoder.layers[0]["attention"].weights           # [H, S, S]

Sizes: S source tokens, T tokens in the decoder, D model size, F ffn size, H heads, d = D / H, V vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_kit.arguments import string
from course_kit.decoding.search import LONGEST_RATIO, beam_search
from course_kit.heads import attention_weights
from course_kit.text import BOS
from course_utils.attention import MultiHeadAttention, causal_mask
from course_utils.blocks import AddNorm
from course_utils.transformer import Transformer


class Attention(NamedTuple):
    """One attention part. Q rows ask, K rows are asked: the same words, or in the decoder's cross-attention the source.

    before [Q, D]: the residual stream; read [Q, D]: what queries are made of (before, or its norm); q [H, Q, d],
    k and v [H_k, K, d] (rotary: turned already); scores [H, Q, K], −inf where masked; weights [H, Q, K];
    heads [H, Q, d]: each head's mean of values; written [Q, D]: heads joined and projected; after [Q, D]: the stream.
    """

    before: Tensor
    read: Tensor
    q: Tensor
    k: Tensor
    v: Tensor
    scores: Tensor
    weights: Tensor
    heads: Tensor
    written: Tensor
    after: Tensor


class FFN(NamedTuple):
    """One feed-forward part: before, read, written, after [T, D] as in Attention; hidden [T, F], activated."""

    before: Tensor
    read: Tensor
    hidden: Tensor
    written: Tensor
    after: Tensor


class Side(NamedTuple):
    """Encoder or decoder: token [T, D], the embeddings times √D; position [T, D], what was added; layers: for
    each {"attention": Attention, "cross": Attention in the decoder, "ffn": FFN}; normed [T, D], after the last norm."""

    token: Tensor
    position: Tensor
    layers: list[dict[str, Attention | FFN]]
    normed: Tensor


class Trace(NamedTuple):
    """What `trace` gives. source_tokens [S]; tokens [T] as the decoder read them, from <bos> on; next [T]: the most
    probable word behind each; logits [T, V]."""

    source_tokens: list[str]
    tokens: list[str]
    next: list[str]
    encoder: Side
    decoder: Side
    logits: Tensor


class _Calls(dict):
    """module -> list of (input, output) of its calls; a context that hooks a model and leaves nothing on it."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def __enter__(self):
        self.hooks = [m.register_forward_hook(self._keep) for m in self.model.modules()]
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()

    def _keep(self, module, inputs, output):
        output = output[0] if isinstance(output, tuple) else output  # of an attention: without its weights
        self.setdefault(module, []).append((inputs[0], output))


@torch.no_grad()
def trace(loaded, sentence: str, target: str | None = None) -> Trace:
    """Run a model on a sentence and keep every tensor: float32, on the CPU, without the batch dimension.

    loaded: .model (a Transformer with vocabularies) .source .target; target: the translation that the decoder is fed;
    None: what the model writes, greedily. Raises TypeError for another model, ValueError for a sentence without words.
    """
    model = getattr(loaded, "model", None)
    if not isinstance(model, Transformer):
        raise TypeError(f"loaded.model is a {type(model).__name__}; needed: a Transformer")
    string("sentence", sentence), target is None or string("target", target)
    ids = loaded.source.encode(sentence)
    if not ids:
        raise ValueError(f"{sentence!r} holds no word: give a sentence")
    device, training = next(model.parameters()).device, model.training
    source = torch.tensor([ids], device=device)
    model.eval()
    try:
        written = loaded.target.encode(target) if target is not None else _write(model, source)
        words = torch.tensor([[BOS, *written]], device=device)
        with _Calls(model) as calls, attention_weights(model) as weights:
            logits = model(source, words)
    finally:
        model.train(training)
    sides = []
    for embedding, positions, blocks, norm, ids_ in (
        (model.source_embedding, model.positions, model.encoder, model.encoder_norm, ids),
        (model.target_embedding, model.target_positions, model.decoder, model.decoder_norm, words[0].tolist()),
    ):
        token = _plain(embedding.weight[ids_] * model.config.size**0.5)
        position = _plain(calls[positions][0][1]) - token
        inside, mask = [weights["encoder"]], torch.ones(len(ids_), len(ids_), dtype=torch.bool)
        if blocks is model.decoder:
            inside, mask = [weights["decoder"], weights["cross"]], causal_mask(len(ids_))
        layers = [_layer(calls, block, mask, *maps) for block, *maps in zip(blocks, *inside, strict=True)]
        sides.append(Side(token, position, layers, _plain(calls[norm][0][1])))
    best = logits[0].argmax(-1).tolist()
    return Trace(
        loaded.source.tokens(ids), loaded.target.tokens(words[0]), loaded.target.tokens(best), *sides,
        _plain(logits),
    )  # fmt: skip


def _write(model, source: Tensor) -> list[int]:
    return beam_search(model, source, max_length=int(LONGEST_RATIO * source.shape[1]) + 10)[0].ids


def _layer(calls: _Calls, block: nn.Module, mask: Tensor, own: Tensor, cross: Tensor | None = None) -> dict:
    parts = {"attention": _attention(calls, block.attention, block.around_attention, own, mask)}
    if cross is not None:
        parts["cross"] = _attention(calls, block.cross_attention, block.around_cross, cross)
    read, written = map(_plain, calls[block.ffn][0])
    hidden = _plain(calls[block.ffn.narrow][0][0])
    before, after = map(_plain, calls[block.around_ffn][0])
    return {**parts, "ffn": FFN(before, read, hidden, written, after)}


def _attention(
    calls: _Calls, module: MultiHeadAttention, around: AddNorm, weights: Tensor, mask: Tensor | None = None
) -> Attention:
    size = module.query.out_features // module.heads  # d
    q, k, v, joined = (
        _plain(x).unflatten(-1, (-1, size)).transpose(0, 1)
        for x in (*(calls[m][0][1] for m in (module.query, module.key, module.value)), calls[module.out][0][0])
    )
    keys = k.repeat_interleave(module.heads // len(k), 0)
    scores = q @ keys.transpose(1, 2) / size**0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    read, written = _plain(calls[module.query][0][0]), _plain(calls[module.out][0][1])
    before, after = map(_plain, calls[around][0])
    return Attention(before, read, q, k, v, scores, _plain(weights), joined, written, after)


def _plain(x: Tensor) -> Tensor:
    x = x.detach().float().cpu()
    return x[0] if x.dim() > 2 else x
