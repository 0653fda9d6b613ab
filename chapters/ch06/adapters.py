"""Fine-tuning with few parameters: LoRA and AdaLoRA by PEFT.

    model = lora(task.model(encoder))                      # everything else is frozen, but the task's head

Sources: Hu et al. 2022 (LoRA); Zhang et al. 2023 (AdaLoRA).
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_kit.contexts import seeded
from course_kit.convert import to_huggingface
from course_kit.training import Run

from .finetuning import Classify

TARGETS = ["query", "value"]
EVERYWHERE = ["query", "key", "value", "out", "widen", "narrow"]


def lora(model: nn.Module, rank: int = 4, seed: int = 0, targets: Sequence[str] = TARGETS) -> nn.Module:
    """LoRA by PEFT on our own model: query and value projections get W + B A, of which A and B learn, and the head.
    targets: other projections, such as EVERYWHERE.

    PEFT finds the projections by their names and wraps the model: `.unload()` gives it back, `.merge_and_unload()` with
    the products added into the weights.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(targets), modules_to_save=["classifier"])
    with seeded(seed):
        return get_peft_model(model, config)


def adalora(model: nn.Module, steps: int, rank: int = 4, seed: int = 0) -> nn.Module:
    """AdaLoRA by PEFT on the Hugging Face twin of our classifier: it begins with ranks of 1.5 · rank and takes away
    those that matter least, until `rank` is the mean. steps: of the training to come."""
    from peft import AdaLoraConfig, TaskType, get_peft_model

    twin, first = to_huggingface(model), -(-3 * rank // 2)
    config = AdaLoraConfig(
        task_type=TaskType.SEQ_CLS, target_modules=TARGETS, init_r=first, target_r=rank, lora_alpha=2 * first,
        tinit=max(1, steps // 10), tfinal=max(1, steps // 3), deltaT=max(1, steps // 50), total_step=steps,
    )  # fmt: skip
    # all directions until step tinit; then every deltaT steps the least important go; the last tfinal steps only train
    with seeded(seed):
        return get_peft_model(twin, config)


class OnTwin(Classify):
    """A classification task for a Hugging Face model: the arguments have other names there, and the loss is its own."""

    def read(self, model, batch) -> Tensor:
        return model(input_ids=batch.ids, token_type_ids=batch.segments, attention_mask=batch.mask.long()).logits

    def loss(self, model, batch) -> Tensor:
        inputs = batch.inputs
        return model(
            input_ids=inputs.ids, token_type_ids=inputs.segments, attention_mask=inputs.mask.long(), labels=batch.labels
        ).loss


def train_adalora(task: Classify, model: nn.Module, steps: int, seed: int = 0, **options) -> Run:
    """`task.train` for what `adalora` gave: after each step the ranks are shared out anew."""
    count = itertools.count(1)

    def optimizer(parameters, lr):
        made = torch.optim.AdamW(parameters, lr=lr)
        made.register_step_post_hook(lambda *_: model.base_model.update_and_allocate(next(count)))
        return made

    return on_twin(task).train(model, steps, seed, optimizer=optimizer, **({"lr": 2e-2} | options))


def on_twin(task: Classify) -> OnTwin:
    """The same task for the Hugging Face model."""
    if not isinstance(task, Classify):
        raise ValueError(f"{task.name} is no classification; AdaLoRA is shown with sentiment or pairs")
    return OnTwin(task.name, task.tokenizer, task.labels, task.given, task.max_length)
