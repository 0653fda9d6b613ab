"""The same weights in the classes of the libraries and in ours: transformers' BERT and GPT-2 both ways, and torch's
nn.Transformer. `cls` and `config_class` are the class of ours to make, and that of its config.

What differs in transformers is names, and that GPT-2 keeps queries, keys and values in one matrix, transposed.
"""

import torch
from torch import Tensor, nn

from course_utils.checks import misfit

ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}
THEIRS = {"gelu": "gelu", "gelu_tanh": "gelu_new", "relu": "relu"}
BERT = {  # a piece of a name in transformers -> in the course; replaced one after the other
    "word_embeddings": "tokens",
    "token_type_embeddings": "segments",
    "position_embeddings.weight": "positions.table",
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
    "lm_head": "output",
    "transformer.h.": "blocks.",
    "transformer.": "",
    "wte": "tokens",
    "wpe.weight": "positions.table",
    "ln_1": "around_attention.norm",
    "ln_2": "around_ffn.norm",
    "ln_f": "norm",
    "attn.c_proj": "attention.out",
    "attn.c_attn": "attention.c_attn",
    "mlp.c_fc": "ffn.widen",
    "mlp.c_proj": "ffn.narrow",
}
BERT_SETTINGS = {  # our config -> theirs
    "vocab_size": "vocab_size", "model_size": "hidden_size", "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads", "max_length": "max_position_embeddings", "segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob", "eps": "layer_norm_eps",
}  # fmt: skip
GPT2_SETTINGS = {
    "vocab_size": "vocab_size", "model_size": "n_embd", "num_layers": "n_layer", "num_heads": "n_head",
    "max_length": "n_positions", "dropout": "resid_pdrop", "eps": "layer_norm_epsilon",
}  # fmt: skip
JOINED, PARTS = "c_attn", ("query", "key", "value")  # of GPT-2: one matrix for three


def bert_from(cls, config_class, module: nn.Module):
    """transformers' BERT -> ours, on the same device and in the same mode. Raises ValueError for another class, or
    options of BERT that we do not have."""
    given, needed, theirs = type(module).__name__, _their_class(cls), module.config
    if given != needed:
        raise ValueError(f"this is a {given}; {cls.__name__}.from_huggingface takes transformers' {needed}")
    kind = getattr(theirs, "position_embedding_type", None) or "absolute"
    if kind != "absolute" or theirs.is_decoder or theirs.hidden_act not in ACTIVATIONS:
        raise ValueError(
            f"this BERT has {kind} positions, activation {theirs.hidden_act!r}, is_decoder={theirs.is_decoder}; "
            f"needed: absolute positions, one of {', '.join(ACTIVATIONS)}, and no decoder"
        )
    if needed == "BertForPreTraining":
        _check_tied(theirs)
    settings = {own: getattr(theirs, name) for own, name in BERT_SETTINGS.items()}
    config = config_class(**settings, ffn_size=theirs.intermediate_size, activation=ACTIVATIONS[theirs.hidden_act])
    ours = cls(config, **({"num_labels": module.num_labels} if "Classification" in given else {}))
    state = {_renamed(name, BERT): x for name, x in module.state_dict().items() if not name.endswith("position_ids")}
    if not any("pooler" in name for name in state):  # transformers leaves it out where it is not used: ours is new
        state |= {name: x for name, x in ours.state_dict().items() if "pooler" in name}
    return _filled(ours, state, module)


def bert_to(model: nn.Module) -> nn.Module:
    """Our BERT -> transformers' class of the same kind."""
    import transformers

    c = model.config
    settings = {name: getattr(c, own) for own, name in BERT_SETTINGS.items()}
    settings |= {"num_labels": model.classifier.out_features} if hasattr(model, "classifier") else {}
    settings |= {"intermediate_size": c.inner_size, "attention_probs_dropout_prob": c.dropout}
    config = transformers.BertConfig(**settings, hidden_act=THEIRS[c.activation])
    theirs, own = getattr(transformers, _their_class(type(model)))(config), model.state_dict()
    state = theirs.state_dict()
    state |= {name: own[_renamed(name, BERT)] for name in state if not name.endswith("position_ids")}
    return _filled(theirs, state, model)


def gpt_from(cls, config_class, module: nn.Module):
    """GPT2LMHeadModel -> our GPT. Raises ValueError for another architecture, or options of GPT-2 we do not have."""
    if type(module).__name__ != "GPT2LMHeadModel":
        raise ValueError(f"this is a {type(module).__name__}; GPT.from_huggingface takes transformers' GPT2LMHeadModel")
    c = module.config
    _check_tied(c)
    if c.activation_function not in ACTIVATIONS or c.scale_attn_by_inverse_layer_idx or not c.scale_attn_weights:
        raise ValueError(
            f"this GPT-2 has activation {c.activation_function!r}, scale_attn_weights={c.scale_attn_weights}, "
            f"scale_attn_by_inverse_layer_idx={c.scale_attn_by_inverse_layer_idx}; needed: one of "
            f"{', '.join(ACTIVATIONS)}, True, False"
        )
    settings = {own: getattr(c, name) for own, name in GPT2_SETTINGS.items()}
    config = config_class(**settings, ffn_size=c.n_inner, activation=ACTIVATIONS[c.activation_function])
    state = {}
    for name, x in module.state_dict().items():
        ours, x = _renamed(name, GPT2), _turned(name, x)
        parts = zip(PARTS, x.chunk(3), strict=True) if JOINED in ours else [(JOINED, x)]
        state |= {ours.replace(JOINED, part): one for part, one in parts}
    return _filled(cls(config), state, module)


def gpt_to(model: nn.Module) -> nn.Module:
    """Our GPT -> GPT2LMHeadModel. Raises ValueError for rotary positions, post-norm, or attention without bias."""
    import transformers

    c = model.config
    needed = {"positions": "learned", "norm_first": True, "bias": True}
    differences = [f"{k} is {getattr(c, k)!r} (it has {x!r})" for k, x in needed.items() if getattr(c, k) != x]
    if differences:
        raise ValueError(f"GPT-2's layout cannot hold this model: {', '.join(differences)}")
    settings = {name: getattr(c, own) for own, name in GPT2_SETTINGS.items()}
    settings |= {"n_inner": c.inner_size, "activation_function": THEIRS[c.activation]}
    settings |= {"embd_pdrop": c.dropout, "attn_pdrop": c.dropout, "bos_token_id": None, "eos_token_id": None}
    config = transformers.GPT2Config(**settings)
    theirs, own, state = transformers.GPT2LMHeadModel(config), model.state_dict(), {}
    for name in theirs.state_dict():
        ours = _renamed(name, GPT2)
        x = torch.cat([own[ours.replace(JOINED, part)] for part in PARTS]) if JOINED in ours else own[ours]
        state[name] = _turned(name, x).contiguous()
    return _filled(theirs, state, model)


def _check_tied(theirs) -> None:
    """Raises ValueError for a model whose output matrix is not its embedding matrix: ours has one for both."""
    if not theirs.tie_word_embeddings:
        raise ValueError("this model has tie_word_embeddings=False; needed: True, one matrix for embedding and output")


def _their_class(cls) -> str:
    return "BertModel" if cls.__name__ == "Bert" else cls.__name__


def _renamed(name: str, pieces: dict[str, str]) -> str:
    """A name of transformers in the course's words."""
    for theirs, ours in pieces.items():
        name = name.replace(theirs, ours)
    return name


def _turned(name: str, x: Tensor) -> Tensor:
    """GPT-2's blocks keep their matrices transposed."""
    return x.T if ".h." in name and x.dim() == 2 else x


def _filled(model: nn.Module, state: dict[str, Tensor], like: nn.Module) -> nn.Module:
    """The model with this state, on the device and in the mode of `like`. Raises ValueError where they do not fit."""
    if wrong := misfit(model.state_dict(), state):
        raise ValueError(f"{type(like).__name__} does not fit {type(model).__name__}: {wrong}")
    model.load_state_dict(state)
    return model.to(next(like.parameters()).device).train(like.training)


# ---- torch's own classes


def transformer_from(cls, config_class, module: nn.Transformer):
    """nn.Transformer -> our Transformer with its weights, which reads and gives features.

    Raises ValueError for a module that is not batch_first, or uses another activation than relu or gelu.
    """
    layers, first = module.encoder.layers, module.encoder.layers[0]
    if not module.batch_first:
        raise ValueError("this nn.Transformer has the batch second; needed: batch_first=True, as everywhere here")
    activation = getattr(first.activation, "__name__", "")
    if activation not in ("relu", "gelu") or len(layers) != len(module.decoder.layers):
        raise ValueError(
            f"an activation {activation!r} and {len(layers)} + {len(module.decoder.layers)} layers; needed: relu or "
            "gelu, and as many layers in the decoder as in the encoder"
        )
    ours = cls(
        config_class(
            None, None, first.linear1.in_features, len(layers), first.self_attn.num_heads, first.linear1.out_features,
            dropout=first.dropout.p, norm_first=first.norm_first, positions="none", activation=activation,
        )
    )  # fmt: skip
    for mine, theirs in zip((*ours.encoder, *ours.decoder), (*layers, *module.decoder.layers), strict=True):
        copy_attention(mine.attention, theirs.self_attn)
        norms = [mine.around_attention, mine.around_ffn]
        if hasattr(mine, "cross_attention"):
            copy_attention(mine.cross_attention, theirs.multihead_attn)
            norms.insert(1, mine.around_cross)
        mine.ffn.widen.load_state_dict(theirs.linear1.state_dict())
        mine.ffn.narrow.load_state_dict(theirs.linear2.state_dict())
        for number, around in enumerate(norms, 1):
            around.norm.load_state_dict(getattr(theirs, f"norm{number}").state_dict())
    ours.encoder_norm.load_state_dict(module.encoder.norm.state_dict())
    ours.decoder_norm.load_state_dict(module.decoder.norm.state_dict())
    return ours.to(first.linear1.weight).train(module.training)


@torch.no_grad()
def copy_attention(ours: nn.Module, theirs: nn.MultiheadAttention) -> None:
    """The weights of an nn.MultiheadAttention into our MultiHeadAttention."""
    for kind in ("weight", "bias"):
        joined = getattr(theirs, f"in_proj_{kind}")
        if joined is not None:
            parts = (*joined.chunk(3), getattr(theirs.out_proj, kind))
            for projection, x in zip((ours.query, ours.key, ours.value, ours.out), parts, strict=True):
                getattr(projection, kind).copy_(x)
