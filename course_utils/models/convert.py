"""The same weights in the classes of the libraries and in ours: transformers' BERT and GPT-2 both ways, and torch's
nn.Transformer. `cls` and `config_class` are the class of ours to make, and that of its config.

What differs in transformers is names, and that GPT-2 keeps queries, keys and values in one matrix, transposed.
"""

import re

import torch
from torch import Tensor, nn

ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}
THEIRS = {"gelu": "gelu", "gelu_tanh": "gelu_new", "relu": "relu"}
BERT = (  # in transformers (a regular expression), in the course
    (r"^(?:bert\.)?embeddings\.word_embeddings", "embeddings.tokens"),
    (r"^(?:bert\.)?embeddings\.token_type_embeddings", "embeddings.segments"),
    (r"^(?:bert\.)?embeddings\.position_embeddings\.weight", "embeddings.positions.table"),
    (r"^(?:bert\.)?embeddings\.LayerNorm", "embeddings.norm"),
    (r"^(?:bert\.)?encoder\.layer\.(\d+)\.attention\.self\.", r"blocks.\1.attention."),
    (r"^(?:bert\.)?encoder\.layer\.(\d+)\.attention\.output\.dense", r"blocks.\1.attention.out"),
    (r"^(?:bert\.)?encoder\.layer\.(\d+)\.attention\.output\.LayerNorm", r"blocks.\1.around_attention.norm"),
    (r"^(?:bert\.)?encoder\.layer\.(\d+)\.intermediate\.dense", r"blocks.\1.ffn.widen"),
    (r"^(?:bert\.)?encoder\.layer\.(\d+)\.output\.dense", r"blocks.\1.ffn.narrow"),
    (r"^(?:bert\.)?encoder\.layer\.(\d+)\.output\.LayerNorm", r"blocks.\1.around_ffn.norm"),
    (r"^(?:bert\.)?pooler\.dense", "pooler"),
)
HEADS = (
    (r"^cls\.predictions\.transform\.dense", "transform"),
    (r"^cls\.predictions\.transform\.LayerNorm", "norm"),
    (r"^cls\.predictions\.decoder\.", "output."),
    (r"^cls\.predictions\.bias", "output.bias"),
    (r"^cls\.seq_relationship", "next_sentence"),
    (r"^qa_outputs", "answer"),
)
CLASSES = {  # ours -> theirs
    "Bert": "BertModel",
    "BertForPreTraining": "BertForPreTraining",
    "BertForSequenceClassification": "BertForSequenceClassification",
    "BertForTokenClassification": "BertForTokenClassification",
    "BertForQuestionAnswering": "BertForQuestionAnswering",
}


def bert_from(cls, config_class, module: nn.Module):
    """transformers' BERT -> ours, on the same device and in the same mode. Raises ValueError as `_check_bert`."""
    theirs = module.config
    _check_bert(cls, module)
    config = config_class(
        theirs.vocab_size, theirs.hidden_size, theirs.num_hidden_layers, theirs.num_attention_heads,
        theirs.intermediate_size, theirs.max_position_embeddings, theirs.type_vocab_size,
        theirs.hidden_dropout_prob, ACTIVATIONS[theirs.hidden_act], theirs.layer_norm_eps,
    )  # fmt: skip
    labels = {"num_labels": module.num_labels} if "Classification" in cls.__name__ else {}
    inside = "" if cls.__name__ == "Bert" else "bert."
    state = {}
    for name, x in module.state_dict().items():
        if not name.endswith("position_ids"):
            state[_renamed(name, inside)] = x
    if cls.__name__ == "BertForTokenClassification" or not any("pooler" in name for name in state):
        with torch.random.fork_rng(devices=[]):  # transformers leaves the pooler out where it is not used
            blank = cls(config, **labels).state_dict()
        state |= {name: x for name, x in blank.items() if "pooler" in name}
    return _filled(cls(config, **labels), state, module)


def bert_to(model: nn.Module) -> nn.Module:
    """Our BERT -> transformers' class of the same kind."""
    import transformers

    c, kind = model.config, CLASSES[type(model).__name__]
    options = {"num_labels": model.classifier.out_features} if hasattr(model, "classifier") else {}
    config = transformers.BertConfig(
        vocab_size=c.vocab_size, hidden_size=c.model_size, num_hidden_layers=c.num_layers,
        num_attention_heads=c.num_heads, intermediate_size=c.inner_size, max_position_embeddings=c.max_length,
        type_vocab_size=c.segments, hidden_act=THEIRS[c.activation], hidden_dropout_prob=c.dropout,
        attention_probs_dropout_prob=c.dropout, layer_norm_eps=c.eps, **options,
    )  # fmt: skip
    theirs = getattr(transformers, kind)(config)
    own, inside = model.state_dict(), "" if kind == "BertModel" else "bert."
    state = {}
    for name, x in theirs.state_dict().items():
        state[name] = x if name.endswith("position_ids") else own[_renamed(name, inside)]
    theirs.load_state_dict(state)
    return theirs.to(next(model.parameters()).device).train(model.training)


def gpt_from(cls, config_class, module: nn.Module):
    """GPT2LMHeadModel -> our GPT. Raises ValueError for another architecture, or options of GPT-2 we do not have."""
    _check_gpt(module)
    theirs = module.config
    config = config_class(
        theirs.vocab_size, theirs.n_embd, theirs.n_layer, theirs.n_head, theirs.n_inner, theirs.n_positions,
        theirs.resid_pdrop, activation=ACTIVATIONS[theirs.activation_function], eps=theirs.layer_norm_epsilon,
    )  # fmt: skip
    found = module.state_dict()
    state = {"tokens.weight": found["transformer.wte.weight"], "output.weight": found["transformer.wte.weight"],
             "positions.table": found["transformer.wpe.weight"]}  # fmt: skip
    for ours, name in _gpt_names(theirs.n_layer):
        x = found[name]
        state[ours] = x.T if x.dim() == 2 else x
    for n in range(theirs.n_layer):
        for kind in ("weight", "bias"):
            joined = found[f"transformer.h.{n}.attn.c_attn.{kind}"]
            for part, x in zip(("query", "key", "value"), joined.chunk(3, -1), strict=True):
                state[f"blocks.{n}.attention.{part}.{kind}"] = x.T if x.dim() == 2 else x
    return _filled(cls(config), state, module)


def gpt_to(model: nn.Module) -> nn.Module:
    """Our GPT -> GPT2LMHeadModel. Raises ValueError for rotary positions, post-norm, or attention without bias."""
    import transformers

    c = model.config
    differences = [
        f"{name} is {given!r} (it has {needed!r})"
        for name, given, needed in (
            ("positions", c.positions, "learned"), ("norm_first", c.norm_first, True), ("bias", c.bias, True),
        )
        if given != needed
    ]  # fmt: skip
    if differences:
        raise ValueError(f"GPT-2's layout cannot hold this model: {', '.join(differences)}")
    config = transformers.GPT2Config(
        vocab_size=c.vocab_size, n_positions=c.max_length, n_embd=c.model_size, n_layer=c.num_layers,
        n_head=c.num_heads, n_inner=c.inner_size, activation_function=THEIRS[c.activation], resid_pdrop=c.dropout,
        embd_pdrop=c.dropout, attn_pdrop=c.dropout, layer_norm_epsilon=c.eps, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    theirs, own = transformers.GPT2LMHeadModel(config), model.state_dict()
    state = {"transformer.wte.weight": own["tokens.weight"], "lm_head.weight": own["tokens.weight"],
             "transformer.wpe.weight": own["positions.table"]}  # fmt: skip
    for ours, name in _gpt_names(c.num_layers):
        state[name] = own[ours].T if own[ours].dim() == 2 else own[ours]
    for n in range(c.num_layers):
        for kind in ("weight", "bias"):
            parts = [own[f"blocks.{n}.attention.{part}.{kind}"] for part in ("query", "key", "value")]
            joined: Tensor = torch.cat(parts, 0)
            state[f"transformer.h.{n}.attn.c_attn.{kind}"] = joined.T if joined.dim() == 2 else joined
    theirs.load_state_dict({name: x.contiguous() for name, x in state.items()})
    return theirs.to(next(model.parameters()).device).train(model.training)


def _gpt_names(layers: int):
    """(ours, theirs) of all that is copied as it is, or transposed."""
    pairs = [("norm.", "transformer.ln_f.")]
    for n in range(layers):
        ours, theirs = f"blocks.{n}.", f"transformer.h.{n}."
        pairs += [
            (f"{ours}around_attention.norm.", f"{theirs}ln_1."), (f"{ours}around_ffn.norm.", f"{theirs}ln_2."),
            (f"{ours}attention.out.", f"{theirs}attn.c_proj."), (f"{ours}ffn.widen.", f"{theirs}mlp.c_fc."),
            (f"{ours}ffn.narrow.", f"{theirs}mlp.c_proj."),
        ]  # fmt: skip
    return [(a + kind, b + kind) for a, b in pairs for kind in ("weight", "bias")]


def _renamed(name: str, inside: str) -> str:
    """A name of transformers' BERT in the course's words."""
    for pattern, ours in BERT:
        renamed, count = re.subn(pattern, ours, name)
        if count:
            return inside + renamed
    for pattern, ours in HEADS:
        name = re.sub(pattern, ours, name)
    return name


def _filled(model: nn.Module, state: dict[str, Tensor], like: nn.Module) -> nn.Module:
    wanted = model.state_dict()
    for name in sorted(wanted.keys() | state.keys()):
        shapes = [tuple(x[name].shape) if name in x else None for x in (wanted, state)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"{type(like).__name__} does not fit {type(model).__name__}: {name} is {shapes[1] or 'missing'}; "
                f"needed: {shapes[0] or 'nothing of that name'}"
            )
    model.load_state_dict(state)
    return model.to(next(like.parameters()).device).train(like.training)


def _check_bert(cls, module: nn.Module) -> None:
    given, needed = type(module).__name__, CLASSES[cls.__name__]
    if given != needed:
        raise ValueError(f"this is a {given}; {cls.__name__}.from_huggingface takes transformers' {needed}")
    c = module.config
    kind = getattr(c, "position_embedding_type", None) or "absolute"
    decoder = getattr(c, "is_decoder", False)
    if kind != "absolute" or decoder or c.hidden_act not in ACTIVATIONS:
        raise ValueError(
            f"this BERT has {kind} positions, activation {c.hidden_act!r}, is_decoder={decoder}; "
            f"needed: absolute positions, one of {', '.join(ACTIVATIONS)}, and no decoder"
        )


def _check_gpt(module: nn.Module) -> None:
    if type(module).__name__ != "GPT2LMHeadModel":
        raise ValueError(f"this is a {type(module).__name__}; GPT.from_huggingface takes transformers' GPT2LMHeadModel")
    c = module.config
    if c.activation_function not in ACTIVATIONS or c.scale_attn_by_inverse_layer_idx or not c.scale_attn_weights:
        raise ValueError(
            f"this GPT-2 has activation {c.activation_function!r}, scale_attn_weights={c.scale_attn_weights}, "
            f"scale_attn_by_inverse_layer_idx={c.scale_attn_by_inverse_layer_idx}; needed: one of "
            f"{', '.join(ACTIVATIONS)}, True, False"
        )


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
    with torch.no_grad():
        for mine, theirs in zip(ours.encoder, module.encoder.layers, strict=True):
            _block(mine, theirs, (("attention", "self_attn"),), ("around_attention", "around_ffn"))
        for mine, theirs in zip(ours.decoder, module.decoder.layers, strict=True):
            parts = (("attention", "self_attn"), ("cross_attention", "multihead_attn"))
            _block(mine, theirs, parts, ("around_attention", "around_cross", "around_ffn"))
        for mine, theirs in ((ours.encoder_norm, module.encoder.norm), (ours.decoder_norm, module.decoder.norm)):
            mine.load_state_dict(theirs.state_dict())
    return ours.to(first.linear1.weight).train(module.training)


def _block(mine: nn.Module, theirs: nn.Module, attentions, norms) -> None:
    for ours, name in attentions:
        copy_attention(getattr(mine, ours), getattr(theirs, name))
    mine.ffn.widen.load_state_dict(theirs.linear1.state_dict())
    mine.ffn.narrow.load_state_dict(theirs.linear2.state_dict())
    for number, name in enumerate(norms, 1):
        getattr(mine, name).norm.load_state_dict(getattr(theirs, f"norm{number}").state_dict())


@torch.no_grad()
def copy_attention(ours: nn.Module, theirs: nn.MultiheadAttention) -> None:
    """The weights of an nn.MultiheadAttention into our MultiHeadAttention."""
    parts: tuple[Tensor, ...] = theirs.in_proj_weight.chunk(3)
    for projection, weight in zip((ours.query, ours.key, ours.value), parts, strict=True):
        projection.weight.copy_(weight)
    ours.out.weight.copy_(theirs.out_proj.weight)
    if theirs.in_proj_bias is not None:
        for projection, bias in zip((ours.query, ours.key, ours.value), theirs.in_proj_bias.chunk(3), strict=True):
            projection.bias.copy_(bias)
        ours.out.bias.copy_(theirs.out_proj.bias)
