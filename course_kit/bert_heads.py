"""BERT with a head for a task: a class for each text or token, or where an answer begins and ends.

    model = BertForSequenceClassification(config, num_labels=2)
    model.bert.load_state_dict(pretrained.bert.state_dict())        # and then it is fine-tuned
    model(ids, segments, mask)                                      # [B, C]

Parameters are named so that those of transformers' classes of the same names fit. Source: Devlin et al. 2019,
section 4. Sizes: B texts, T tokens, C classes.
"""

from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_utils.bert import Bert, BertConfig
from course_utils.blocks import init_small


class BertForSequenceClassification(nn.Module):
    """A class for each text, or pair of texts: a linear layer on the pooled vector."""

    def __init__(self, config: BertConfig, num_labels: int = 2):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.size, num_labels)
        init_small(self.classifier)

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        segments: Int[Tensor, "B T"] | None = None,
        mask: Bool[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B C"]:
        return self.classifier(self.dropout(self.bert(ids, segments, mask).pooled))


class BertForTokenClassification(nn.Module):
    """A class for each token: a linear layer on every hidden vector."""

    def __init__(self, config: BertConfig, num_labels: int = 2):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.size, num_labels)
        init_small(self.classifier)

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        segments: Int[Tensor, "B T"] | None = None,
        mask: Bool[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B T C"]:
        return self.classifier(self.dropout(self.bert(ids, segments, mask).hidden))


class AnswerOutput(NamedTuple):
    """start_logits and end_logits [B, T]: where the answer begins and ends; −inf:
    padding.
    """

    start_logits: Tensor
    end_logits: Tensor


class BertForQuestionAnswering(nn.Module):
    """Where does the answer begin and end? Two softmaxes over positions."""

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.answer = nn.Linear(config.size, 2)
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
