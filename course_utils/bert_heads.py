"""BERT with one new layer: a class for each text or token, or where an answer is.

    model = BertForSequenceClassification(config, num_labels=2)
    model.bert.load_state_dict(pretrained.bert.state_dict())  # and then it is fine-tuned
    model(ids, segments, mask)                                # [B, C]

Parameters are named so that those of transformers' classes of the same names fit. Source:
Devlin et al. 2019, section 4. Sizes: B texts, T tokens, D features, C classes.
"""

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .bert import Bert, BertConfig
from .blocks import init_small


def classify(
    hidden: Float[Tensor, "B T D"],
    pooler: Callable[[Tensor], Tensor],
    classifier: Callable[[Tensor], Tensor],
) -> Float[Tensor, "B C"]:
    """One row of logits a text: the pooler, a tanh and the new layer on [CLS]."""
    return classifier(pooler(hidden[:, 0]).tanh())


class BertForSequenceClassification(nn.Module):
    """A class for each text, or pair of texts: one new layer on the vector of [CLS]."""

    def __init__(self, config: BertConfig, num_labels: int = 2):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.classifier = nn.Linear(config.size, num_labels)  # the new layer: D -> C
        init_small(self.classifier)

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        segments: Int[Tensor, "B T"] | None = None,
        mask: Bool[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B C"]:
        hidden = self.bert(ids, segments, mask).hidden  # [B, T, D]
        return classify(hidden, self.bert.pooler, self.classifier)


class BertForTokenClassification(nn.Module):
    """A class for each token: the new layer reads every hidden vector."""

    def __init__(self, config: BertConfig, num_labels: int = 2):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.classifier = nn.Linear(config.size, num_labels)
        init_small(self.classifier)

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        segments: Int[Tensor, "B T"] | None = None,
        mask: Bool[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B T C"]:
        return self.classifier(self.bert(ids, segments, mask).hidden)


class AnswerOutput(NamedTuple):
    """Where the answer begins and ends: logits [B, T]; −inf: padding."""

    start_logits: Tensor
    end_logits: Tensor


class BertForQuestionAnswering(nn.Module):
    """Where does the answer begin and end? Two softmaxes over positions."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.answer = nn.Linear(config.size, 2)  # the new layer: a start, an end
        init_small(self.answer)

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        segments: Int[Tensor, "B T"] | None = None,
        mask: Bool[Tensor, "B T"] | None = None,
    ) -> AnswerOutput:
        logits = self.answer(self.bert(ids, segments, mask).hidden)  # [B, T, 2]
        if mask is not None:
            logits = logits.masked_fill(~mask[..., None], float("-inf"))
        start, end = logits.unbind(-1)  # [B, T] twice
        return AnswerOutput(start, end)


ARCHITECTURES = {
    "BertForSequenceClassification": (BertForSequenceClassification, BertConfig),
    "BertForTokenClassification": (BertForTokenClassification, BertConfig),
    "BertForQuestionAnswering": (BertForQuestionAnswering, BertConfig),
}
