"""The same weights in transformers' classes and in ours: BERT and GPT-2, both ways.

    ours = from_huggingface(transformers.GPT2LMHeadModel(config))
    theirs = to_huggingface(ours)

What differs is names, and that GPT-2 keeps queries, keys and values in one matrix, transposed.
"""

from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from course_kit.checkpoints import config_of
from course_kit.programs.arguments import misfit
from course_utils import bert, bert_heads
from course_utils.gpt import GPT, CachedGPT, GPTConfig

Model = TypeVar("Model", bound=nn.Module)

BERTS = {  # name in transformers -> ours
    "BertModel": bert.Bert,
    "BertForPreTraining": bert.BertForPreTraining,
    "BertForSequenceClassification": bert_heads.BertForSequenceClassification,
    "BertForTokenClassification": bert_heads.BertForTokenClassification,
    "BertForQuestionAnswering": bert_heads.BertForQuestionAnswering,
}

ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}
THEIRS = {"gelu": "gelu", "gelu_tanh": "gelu_new", "relu": "relu"}
BERT = {  # a piece of a name in transformers -> in the course; replaced one after the other
    "word_embeddings": "tokens",
    "token_type_embeddings": "segments",
    "position_embeddings": "positions",
    "LayerNorm": "norm",
    "encoder.layer": "blocks",
    "attention.self": "attention",
    "attention.output.dense": "attention.out",
    "attention.output.norm": "around_attention.norm",
    "intermediate.dense": "ffn.widen",
    "output.dense": "ffn.narrow",
    "output.norm": "around_ffn.norm",
    "pooler.dense": "pooler",
    "cls.predictions.transform.dense": "transform",
    "cls.predictions.transform.norm": "norm",
    "cls.predictions.decoder": "output",
    "cls.predictions.bias": "output.bias",
    "cls.seq_relationship": "next_sentence",
    "qa_outputs": "answer",
}
GPT2 = {
    "transformer.h.": "blocks.",
    "transformer.": "",
    "wte": "tokens",
    "wpe": "positions",
    "ln_1": "norm1",
    "ln_2": "norm2",
    "ln_f": "norm",
    "attn.c_proj": "attention.out",
    "attn.c_attn": "attention.c_attn",
    "mlp.c_fc": "ffn.0",
    "mlp.c_proj": "ffn.2",
}
BERT_SETTINGS = {  # our config -> theirs
    "vocab": "vocab_size", "size": "hidden_size", "layers": "num_hidden_layers",
    "heads": "num_attention_heads", "context": "max_position_embeddings", "segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob", "eps": "layer_norm_eps",
}  # fmt: skip
GPT2_SETTINGS = {
    "vocab": "vocab_size", "size": "n_embd", "layers": "n_layer", "heads": "n_head", "context": "n_positions",
    "dropout": "resid_pdrop",
}  # fmt: skip
JOINED, PARTS = "c_attn", ("query", "key", "value")  # of GPT-2: one matrix for three


def from_huggingface(module: nn.Module) -> nn.Module:
    """A model of transformers as ours, on the same device and in the same mode: GPT2LMHeadModel, BertModel, or
    a BERT with one of the heads that bert.py has. Raises ValueError for others, and for options that ours lack.
    """
    name = type(module).__name__
    if name == "GPT2LMHeadModel":
        return _gpt_from(module)
    if name in BERTS:
        return _bert_from(BERTS[name], module)
    raise ValueError(f"this is a {name}; needed: GPT2LMHeadModel, {', '.join(BERTS)}")


def to_huggingface(model: nn.Module) -> nn.Module:
    """Our GPT or BERT as the class of transformers."""
    return _gpt_to(model) if isinstance(model, GPT) else _bert_to(model)


def _bert_from(cls: type[nn.Module], module: nn.Module) -> nn.Module:
    theirs: Any = module.config
    kind = getattr(theirs, "position_embedding_type", None) or "absolute"
    if kind != "absolute" or theirs.is_decoder or theirs.hidden_act not in ACTIVATIONS:
        raise ValueError(
            f"this BERT has {kind} positions, activation {theirs.hidden_act!r}, is_decoder={theirs.is_decoder}; "
            f"needed: absolute positions, one of {', '.join(ACTIVATIONS)}, and no decoder"
        )
    if cls is bert.BertForPreTraining:
        _check_tied(theirs)
    settings = {own: getattr(theirs, name) for own, name in BERT_SETTINGS.items()}
    settings |= {"hidden": theirs.intermediate_size, "activation": ACTIVATIONS[theirs.hidden_act]}
    classes = {"num_labels": module.num_labels} if "Classification" in cls.__name__ else {}
    ours = cls(bert.BertConfig(**settings), **classes)
    state = {_renamed(name, BERT): x for name, x in module.state_dict().items() if not name.endswith("position_ids")}
    if not any("pooler" in name for name in state):  # transformers leaves it out where it is not used: ours is new
        state |= {name: x for name, x in ours.state_dict().items() if "pooler" in name}
    return _filled(ours, state, module)


def _bert_to(model: Any) -> nn.Module:
    import transformers

    c = model.config
    settings = {name: getattr(c, own) for own, name in BERT_SETTINGS.items()}
    settings |= {"num_labels": model.classifier.out_features} if hasattr(model, "classifier") else {}
    settings |= {"intermediate_size": c.hidden or 4 * c.size, "attention_probs_dropout_prob": 0.0}
    config = transformers.BertConfig(**settings, hidden_act=THEIRS[c.activation])
    their_class = next(name for name, ours in BERTS.items() if ours is type(model))
    theirs, own = getattr(transformers, their_class)(config), model.state_dict()
    state = theirs.state_dict()
    state |= {name: own[_renamed(name, BERT)] for name in state if not name.endswith("position_ids")}
    return _filled(theirs, state, model)


def _gpt_from(module: nn.Module) -> GPT:
    c: Any = module.config
    _check_tied(c)
    needed = {"activation_function": ("gelu_new", "gelu_pytorch_tanh"), "scale_attn_weights": (True,),
              "scale_attn_by_inverse_layer_idx": (False,), "layer_norm_epsilon": (1e-5,),
              "n_inner": (None, 4 * c.n_embd)}  # fmt: skip
    if wrong := {name: getattr(c, name) for name, may in needed.items() if getattr(c, name) not in may}:
        raise ValueError(f"this GPT-2 has {wrong}; needed: { {name: needed[name][0] for name in wrong} }")
    state: dict[str, Tensor] = {}
    for name, x in module.state_dict().items():
        if name == "lm_head.weight":  # the table of tokens
            continue
        ours, x = _renamed(name, GPT2), _turned(name, x)
        parts = zip(PARTS, x.chunk(3), strict=True) if JOINED in ours else [(JOINED, x)]
        state |= {ours.replace(JOINED, part): one for part, one in parts}
    return _filled(
        CachedGPT(GPTConfig(**{own: getattr(c, name) for own, name in GPT2_SETTINGS.items()})), state, module
    )


def _gpt_to(model: GPT) -> nn.Module:
    import transformers

    own, state = config_of(model), {}
    settings = {name: own[ours] for ours, name in GPT2_SETTINGS.items()}
    settings |= {"embd_pdrop": own["dropout"], "attn_pdrop": 0.0, "bos_token_id": None, "eos_token_id": None}
    theirs, own = transformers.GPT2LMHeadModel(transformers.GPT2Config(**settings)), model.state_dict()
    for name in theirs.state_dict():
        ours = _renamed("transformer.wte.weight" if name == "lm_head.weight" else name, GPT2)
        x = torch.cat([own[ours.replace(JOINED, part)] for part in PARTS]) if JOINED in ours else own[ours]
        state[name] = _turned(name, x).contiguous()
    return _filled(theirs, state, model)


def _check_tied(theirs: Any) -> None:
    """Raises ValueError for a model whose output matrix is not its embedding matrix: ours has one for both."""
    if not theirs.tie_word_embeddings:
        raise ValueError("this model has tie_word_embeddings=False; needed: True, one matrix for embedding and output")


def _renamed(name: str, pieces: dict[str, str]) -> str:
    """A name of transformers in the course's words."""
    for theirs, ours in pieces.items():
        name = name.replace(theirs, ours)
    return name


def _turned(name: str, x: Tensor) -> Tensor:
    """GPT-2's blocks keep their matrices transposed."""
    return x.T if ".h." in name and x.dim() == 2 else x


def _filled(model: Model, state: dict[str, Tensor], like: nn.Module) -> Model:
    """The model with this state, on the device and in the mode of `like`. Raises ValueError where they do not fit."""
    if wrong := misfit(model.state_dict(), state):
        raise ValueError(f"{type(like).__name__} does not fit {type(model).__name__}: {wrong}")
    model.load_state_dict(state)
    return model.to(next(like.parameters()).device).train(like.training)
