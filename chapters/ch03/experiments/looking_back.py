"""What is lost without a word, how far a gradient reaches."""

import torch
from torch import Tensor, nn

from course_kit import decoding, text
from course_kit.checkpoints import Loaded
from course_kit.contexts import seeded
from course_kit.decoding.steps import TranslatorState, TranslatorSteps
from course_utils.attention import masked_softmax

from ..lesson import Lesson


def knocked_out(loaded: Loaded, sentence: str) -> list[dict]:
    """What is written when the decoder may not attend to one source word, each in turn: variants for `labs.alignment`.

    A translation that does not stop is cut after four words more than the whole one has.
    """
    whole = decoding.translate(loaded, sentence, beam=1)[0]
    variants, end = [], len(whole.tokens) + 4
    for place, word in enumerate(whole.source_tokens):
        deaf = Loaded(Without(loaded.model, [place]), {}, loaded.source, loaded.target)
        found = decoding.translate(deaf, sentence, beam=1)[0]
        variants.append({"word": place, "tokens": found.tokens[:end], "weights": found.weights[:end], "name": word})
    return variants


class Without(nn.Module):
    """A model that may not attend to some source words. The encoder has read them; a mask before the
    decoder's softmax gives them no weight, and the other words share it out.

    places: positions of source words, from 0: [n], the same for all sentences, or [B, n]
    """

    def __init__(self, model: nn.Module, places):
        super().__init__()
        self.model, self.steps, self.places = model, TranslatorSteps(model), torch.as_tensor(places)
        self.context = self.steps.context
        self.train(model.training)  # what restores this one's mode restores the model's

    def start(self, source: Tensor, source_mask: Tensor | None = None) -> TranslatorState:
        """source [B, K], source_mask [B, K] -> the state before the first word, whose mask is False at the places."""
        state = self.steps.start(source, source_mask)
        rows = self.places.expand(len(source), self.places.shape[-1])
        return state._replace(mask=state.mask.scatter(1, rows, False))

    def step(self, words: Tensor, state: TranslatorState):
        return self.steps.step(words, state)


class Diagonal(nn.Module):
    """No translator, but a baseline for alignments: each target word attends to the source word that is as far along
    its sentence as itself."""

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor) -> tuple[None, Tensor]:
        """source [B, K], target [B, T] (from <bos> on), source_mask [B, K] -> no logits, weights [B, T, K] of 0 and
        1."""
        ours, theirs = source_mask.sum(1, keepdim=True), (target != text.PAD).sum(1, keepdim=True) - 1  # [B, 1]
        places = (2 * torch.arange(target.shape[1]) + 1) * ours // (2 * theirs)  # [B, T], from the middle of each word
        weights = nn.functional.one_hot(places.clamp(max=source.shape[1] - 1), source.shape[1])  # [B, T, K]
        return None, weights.float()


def pronouns(lesson: Lesson, model: nn.Module) -> tuple[float, float]:
    """Of the test twins: the share in which the French pronoun after "parce qu'" agrees with what "it" is, and the
    share of pairs in which both do."""
    twins, pairs = lesson.examples("twins"), {}
    for one, words in zip(twins, lesson.write(model, twins), strict=True):
        written = [word for word in words.split() if word in ("il", "elle")][-1:]
        pairs.setdefault(one.twin.pair, []).append(written == [one.twin.pronoun])
    whole = [all(found) for found in pairs.values() if len(found) == 2]
    return sum(map(sum, pairs.values())) / len(twins), sum(whole) / len(whole)


@torch.no_grad()
def at_pronoun(loaded, source, target):
    """The decoder's state and its context where the French pronoun is due, [1, 1, D]."""
    ids = torch.tensor([loaded.source.encode(source)])
    place = max(i for i, word in enumerate(target) if word in ("il", "elle"))
    reads = torch.tensor([[2, *loaded.target.encode(target)[:place]]])  # 2 is <bos>
    mask, decoder = torch.ones_like(ids, dtype=torch.bool), loaded.model.decoder
    states, c = loaded.model.encoder(ids, mask)
    s, _ = decoder.gru(decoder.embedding(reads), decoder.begin(c))
    context, _ = decoder.context(s[:, -1:], states, c, mask)
    return s[:, -1:], context


@torch.no_grad()
def pronoun_of(loaded, state, context):
    """Which of "il" and "elle" is the likelier next word."""
    logits = loaded.model.decoder.output(torch.cat([state, context], -1))[0, 0]
    return max(("il", "elle"), key=lambda word: logits[loaded.target.encode(word)[0]])


def exchanged(lesson: Lesson, loaded: Loaded) -> tuple[int, int]:
    """Twins whose pronoun follows the other twin's context, their own state left alone; and how many were tried: of
    the test pairs those in which the model has both pronouns right, each twin once."""
    pairs: dict[int, list] = {}
    for one in lesson.examples("twins"):
        pairs.setdefault(one.twin.pair, []).append((one.twin.pronoun, *at_pronoun(loaded, one.source, one.target)))
    follow = tried = 0
    for pair in pairs.values():
        if len(pair) == 2 and all(pronoun_of(loaded, *parts) == pronoun for pronoun, *parts in pair):
            for (_, state, _), (theirs, _, context) in (pair, pair[::-1]):
                follow += pronoun_of(loaded, state, context) == theirs
                tried += 1
    return follow, tried


def felt(
    kind: str, length: int = 60, size: int = 32, gain: float | None = 1.0, kept: float = 0.0, seed: int = 0
) -> Tensor:
    """How much of each input the output feels: norms [length] of d(output · v) / d(input), nearest input first.

    kind: "rnn" (tanh, its recurrent matrix an orthogonal one times `gain`; None: PyTorch's own) or "gru" (`kept` is
    added to what its update gates get before the sigmoid: the more, the more of the old state is kept): the output is
    the last state;
    "attention": a weighted mean of that RNN's states, with scaled dot products of the last one as scores. Untrained.
    """
    generator = torch.Generator().manual_seed(seed)
    with seeded(seed):
        cell = (nn.GRU if kind == "gru" else nn.RNN)(size, size, batch_first=True)
        if kind == "gru":
            cell.bias_ih_l0.data[size : 2 * size] += kept
        elif gain is not None:
            nn.init.orthogonal_(cell.weight_hh_l0, gain)
    inputs = (0.1 * torch.randn(16, length, size, generator=generator)).requires_grad_()
    states, _ = cell(inputs)
    output = states[:, -1]
    if kind == "attention":
        output = (masked_softmax(states[:, -1:] @ states.mT / size**0.5) @ states)[:, 0]
    (gradient,) = torch.autograd.grad((output * torch.randn(size, generator=generator)).sum(), inputs)
    return gradient.norm(dim=-1).mean(0).flip(0).detach()
