"""GPT: the decoder alone. Blocks of chapter 5 without cross-attention, each position predicting the next token.

    model = GPT(GPTConfig(vocab_size=69, max_length=128))
    model(ids).logits                      # [B, T, V]: what follows each token
    decoding.sample(model, ids, 100)       # writes on, with `start` and `step` (the KV cache)

The same model translates when it is trained on "i am a student <to-fr> je suis étudiant": `loss` of a text.Batch joins
source and target, and <bos> between them is what is shown as <to-fr>.
Sources: Radford et al. 2018 (GPT) and 2019 (GPT-2); rotary positions: Su et al. 2021.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils import convert
from course_utils.attention import KeyValues, causal_mask, recording
from course_utils.blocks import EncoderBlock, Widened, init_weights
from course_utils.checks import check_ids, check_padding_mask, check_sizes, one_of, real_number
from course_utils.decoding.search import Step
from course_utils.heads import recorded
from course_utils.loss import output_loss
from course_utils.positions import LearnedPositions
from course_utils.text import BOS, Batch, order_of, padding_first

POSITIONS = ("learned", "rotary")


@dataclass(frozen=True)
class GPTConfig(Widened):
    """Sizes and choices of a GPT. Raises ValueError for settings that cannot work."""

    vocab_size: int
    model_size: int = 128
    num_layers: int = 4
    num_heads: int = 4
    ffn_size: int | None = None  # 4 · model_size by default
    max_length: int = 128  # the context: the longest text that is seen at once
    dropout: float = 0.0
    norm_first: bool = True  # pre-norm, as GPT-2; False: post-norm, as the first GPT
    positions: str = "learned"  # as GPT-2; or "rotary", as most later ones
    activation: str = "gelu_tanh"
    bias: bool = True  # of the attention's projections
    eps: float = 1e-5

    def __post_init__(self):
        check_sizes(self, "vocab_size", "model_size", "num_layers", "num_heads", "max_length", or_none=("ffn_size",))
        one_of("positions", self.positions, POSITIONS)
        real_number("dropout", self.dropout, least=0, below=1)


class GPTOutput(NamedTuple):
    """logits [B, T, V] of the token after each; on request weights, a list of [B, H, T, T] for each layer."""

    logits: Tensor
    weights: list[Tensor] | None = None


class GPTState(NamedTuple):
    """The KV cache: past, keys and values of all tokens so far for each layer; real [B, K + t] bool, True = a token,
    False = the padding before a shorter text; source [B, K]: the mask of the text it began with."""

    past: tuple[KeyValues, ...]
    real: Tensor
    source: Tensor


class GPT(nn.Module):
    """Token and position vectors, causal blocks, a norm, and the embedding once more as output matrix."""

    shares_context = True  # what is read and what is written stand in one context

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = c = config
        self.tokens = nn.Embedding(c.vocab_size, c.model_size)
        self.positions = LearnedPositions(c.max_length, c.model_size) if c.positions == "learned" else None
        self.dropout = nn.Dropout(c.dropout)
        sizes = (c.model_size, c.num_heads, c.inner_size, c.dropout, c.norm_first, c.activation, c.eps)
        options = {"ffn_dropout": 0.0, "bias": c.bias, "rotary": c.positions == "rotary"}
        self.blocks = nn.ModuleList(EncoderBlock(*sizes, **options) for _ in range(c.num_layers))
        self.norm = nn.LayerNorm(c.model_size, c.eps)
        self.output = nn.Linear(c.model_size, c.vocab_size, bias=False)
        self.output.weight = self.tokens.weight
        self.apply(init_weights)
        for block in self.blocks:  # what is added 2 · layers times begins small (Radford et al. 2019, section 2.3)
            for last in (block.attention.out, block.ffn.narrow):
                nn.init.normal_(last.weight, std=0.02 * (2 * c.num_layers) ** -0.5)

    def forward(self, ids: Tensor, mask: Tensor | None = None, need_weights: bool = False) -> GPTOutput:
        """ids [B, T], mask [B, T] bool, True = a real token -> GPTOutput. No token sees what comes after it.

        Raises ValueError for ids outside the vocabulary, or more than max_length of them where positions are learned.
        """
        with recorded(self, need_weights) as seen:
            features, _ = self.read(ids, check_padding_mask(mask, ids))  # [B, T, D]
        return GPTOutput(self.output(features), seen["decoder"])  # [B, T, V]

    def loss(self, batch: Tensor | Batch, label_smoothing: float = 0.0) -> Tensor:
        """Mean cross-entropy of each next token, in nats -> scalar.

        batch: ids [B, T + 1], inputs and targets in one, the targets a token further; or a text.Batch of pairs, each
        read as source <to-fr> target <eos>.
        """
        real = None
        if isinstance(batch, Batch):
            batch, real = _joined(batch)
        inputs, target = batch[:, :-1], batch[:, 1:]  # [B, T] twice
        features = self.read(inputs, None if real is None else real[:, :-1])[0]  # [B, T, D]
        counted = None if real is None else real[:, 1:] & real[:, :-1]
        return output_loss(features, self.output, target, counted, label_smoothing)

    def read(self, ids: Tensor, real: Tensor | None = None, past: tuple[KeyValues, ...] = ()):
        """ids [B, T], real [B, P + T] bool, past: keys and values of the P tokens before, for each layer
        -> features [B, T, D], keys and values of all P + T for each layer."""
        check_ids(ids, self.config.vocab_size)
        first = past[0].keys.shape[2] if past else 0
        all_real = real is None or bool(real.all())
        mask = None if ids.shape[1] == 1 else causal_mask(first + ids.shape[1], ids.device)[first:]
        if not all_real:  # padding may see padding, so that no row is empty; what it computes is never read
            seen = real[:, None] | ~real[:, first:, None]
            mask = seen if mask is None else mask & seen
        x = self.tokens(ids)
        if self.positions is not None:
            x = self.positions(x, first if all_real else (real.cumsum(1) - 1).clamp_min(0)[:, first:])
        x, layers_past = self.dropout(x), []
        for n, block in enumerate(self.blocks):
            x, keys_and_values = block(x, mask, past[n] if past else None)
            layers_past.append(keys_and_values)
        return self.norm(x), tuple(layers_past)

    def start(self, source: Tensor, source_mask: Tensor | None = None) -> GPTState:
        """The state after a text: source [B, K] (K may be 0), source_mask [B, K] bool -> GPTState.

        Shorter texts are moved to the right, so that what is written follows each of them at once.
        """
        source_mask = torch.ones_like(source, dtype=torch.bool) if source_mask is None else source_mask
        ids, real = padding_first(source, source_mask)
        past = self.read(ids, real)[1] if ids.shape[1] else ()
        return GPTState(past, real, source_mask)

    def step(self, words: Tensor, state: GPTState) -> Step:
        """One token further: words [B], the ones written last -> Step. Its weights [B, K] lie on the text it began
        with: of the last layer, mean of its heads; the rest of each row lies on what was written since."""
        real = torch.cat([state.real, state.real.new_ones(len(words), 1)], 1)
        last, mask = self.blocks[-1].attention, state.source
        with recording([last]) as weights:
            features, past = self.read(words[:, None], real, state.past)  # [B, 1, D]
        seen = weights[last][-1].mean(1)[:, 0]  # [B, H, 1, P + 1] -> [B, P + 1]
        seen = torch.zeros_like(mask, dtype=seen.dtype).scatter(1, order_of(mask), seen[:, : mask.shape[1]])
        return Step(self.output(features)[:, 0], GPTState(past, real, mask), seen)

    @classmethod
    def from_huggingface(cls, module: nn.Module) -> "GPT":
        """The weights of a GPT2LMHeadModel in our class. Raises ValueError for another architecture, naming it."""
        return convert.gpt_from(cls, GPTConfig, module)

    def to_huggingface(self) -> nn.Module:
        """A GPT2LMHeadModel with these weights. Raises ValueError where GPT-2's layout cannot hold them."""
        return convert.gpt_to(self)


def _joined(batch: Batch) -> tuple[Tensor, Tensor]:
    """Each pair as one row, source <bos> target <eos>, and which tokens of it are real: [B, K + T + 1]."""
    source, real = padding_first(batch.source, batch.source_mask)
    begin, true = torch.full_like(source[:, :1], BOS), torch.ones_like(real[:, :1])
    return torch.cat([source, begin, batch.target_out], 1), torch.cat([real, true, batch.target_mask], 1)
