"""Fine-tuning with few parameters: bottleneck adapters of ours, LoRA and AdaLoRA by PEFT, beside all of them.

    model = add_adapters(task.model(encoder), size=16)     # everything else is frozen, but the task's head
    trainable(model)                                       # (those that learn, all)

Sources: Houlsby et al. 2019 (adapters); Hu et al. 2022 (LoRA); Zhang et al. 2023 (AdaLoRA).
"""

import itertools
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.contexts import seeded
from course_kit.convert import to_huggingface
from course_kit.training import Run
from course_utils.bert import Bert

from .finetuning import Classify, Task

HEADS = ("classifier", "answer")  # what is new for a task, and learns whatever else is frozen
TARGETS = ["query", "value"]
EVERYWHERE = ["query", "key", "value", "out", "widen", "narrow"]
TRIED = {  # learning rates, of which the first serves in class: fewer parameters bear more
    "all": (1e-3, 5e-4), "head only": (1e-2, 3e-3), "adapters": (5e-3, 2e-3), "LoRA": (1e-2, 3e-3),
    "AdaLoRA": (2e-2, 5e-3),
}  # fmt: skip


class Adapter(nn.Module):
    """x + up(gelu(down(x))): a narrow bottleneck, D -> size -> D, that begins as nothing: x [..., D] -> [..., D]."""

    def __init__(self, model_size: int, size: int = 16):
        super().__init__()
        if size < 1:
            raise ValueError(f"size is {size}; needed: at least 1 feature in the narrow middle")
        self.down, self.up = nn.Linear(model_size, size), nn.Linear(size, model_size)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.up(F.gelu(self.down(x)))


def freeze(model: nn.Module) -> nn.Module:
    """Nothing of a task's model learns but its head; in place."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.split(".")[0] in HEADS)
    return model


def add_adapters(model: nn.Module, size: int = 16, seed: int = 0) -> nn.Module:
    """An Adapter behind the attention and behind the feed-forward network of each block, before the residual; the rest
    is frozen, the head apart. In place; at the start the model says what it said before."""
    freeze(model)
    with seeded(seed):
        for block in model.bert.blocks:
            for part, name in ((block.attention, "out"), (block.ffn, "narrow")):
                linear = getattr(part, name)
                if not isinstance(linear, nn.Linear):
                    raise ValueError(
                        f"{name} of a block is {type(linear).__name__} already: were adapters added before?"
                    )
                setattr(part, name, nn.Sequential(linear, Adapter(linear.out_features, size).to(linear.weight)))
    return model


def lora(model: nn.Module, rank: int = 4, seed: int = 0, targets: Sequence[str] = TARGETS) -> nn.Module:
    """LoRA by PEFT on our own model: query and value projections get W + B A, of which A and B learn, and the head.
    targets: other projections, such as EVERYWHERE.

    PEFT finds the projections by their names and wraps the model: `.unload()` gives it back, `.merge_and_unload()` with
    the products added into the weights.
    """
    from peft import LoraConfig, get_peft_model

    kept = [name for name in HEADS if hasattr(model, name)]
    with seeded(seed):
        return get_peft_model(
            model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(targets), modules_to_save=kept)
        )


def of_lora(model: nn.Module) -> tuple[int, int, set[str]]:
    """What `lora` added: its rank, its alpha, and the projections it is added to."""
    config = model.peft_config["default"]
    return config.r, config.lora_alpha, set(config.target_modules)


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

    return on_twin(task).train(model, steps, seed, optimizer=optimizer, **({"lr": TRIED["AdaLoRA"][0]} | options))


def on_twin(task: Classify) -> OnTwin:
    """The same task for the Hugging Face model."""
    if not isinstance(task, Classify):
        raise ValueError(f"{task.name} is no classification; AdaLoRA is shown with sentiment or pairs")
    return OnTwin(task.name, task.tokenizer, task.labels, task.given, task.max_length)


def trainable(model: nn.Module) -> tuple[int, int]:
    """(parameters that learn, all parameters of the model)."""
    every = list(model.parameters())
    return sum(p.numel() for p in every if p.requires_grad), sum(p.numel() for p in every)


def ways(task: Task, encoder: Bert, steps: int, seed: int = 0) -> dict[str, Any]:
    """name -> a model that is ready to be fine-tuned that way; AdaLoRA for classification only."""

    def fresh():
        return task.model(encoder, seed)

    found = {
        "all": fresh(), "head only": freeze(fresh()), "adapters": add_adapters(fresh(), seed=seed),
        "LoRA": lora(fresh(), seed=seed),
    }  # fmt: skip
    if isinstance(task, Classify):
        found["AdaLoRA"] = adalora(fresh(), steps, seed=seed)
    return found


def learn(task: Task, model: nn.Module, way: str, steps: int, seed: int = 0, lr: float | None = None) -> Task:
    """Fine-tune what `ways` gave under this name -> the task that reads such a model."""
    lr = lr or TRIED[way][0]
    if way == "AdaLoRA":
        train_adalora(task, model, steps, seed, lr=lr)
        return on_twin(task)
    task.train(model, steps, seed, lr=lr)
    return task
