"""Our BERT against transformers' with the same weights: outputs, with padding and segments; both ways; refusals."""

import itertools

import pytest
import torch

from course_kit.convert import from_huggingface, to_huggingface
from course_kit.heads import attention_weights
from course_kit.models.fused import fuse
from course_utils import bert, bert_heads
from course_utils.bert import pretraining_loss

transformers = pytest.importorskip("transformers")
KINDS = {
    "Bert": "BertModel",
    "BertForPreTraining": "BertForPreTraining",
    "BertForSequenceClassification": "BertForSequenceClassification",
    "BertForTokenClassification": "BertForTokenClassification",
    "BertForQuestionAnswering": "BertForQuestionAnswering",
}
SHAPES = [(32, 2, 4, 64), (48, 3, 6, 100), (16, 1, 1, 64)]


def theirs(kind, shape, **options):
    torch.manual_seed(0)
    size, layers, heads, inner = shape
    config = transformers.BertConfig(
        vocab_size=60, hidden_size=size, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=inner,
        max_position_embeddings=24, **options,
    )  # fmt: skip
    module = getattr(transformers, KINDS[kind])(config).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return module


def tensors(output):
    """What a model gives, as a tuple: a classifier gives one tensor."""
    return (output,) if isinstance(output, torch.Tensor) else tuple(output)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(60, (3, 12), generator=generator)
    segments = (torch.arange(12) > 5).long().expand(3, -1)
    return ids, segments, torch.arange(12) < torch.tensor([12, 7, 9])[:, None]


ACTIVATIONS = [("BertForPreTraining", SHAPES[0], activation) for activation in ("gelu_new", "relu")]


@pytest.mark.parametrize(("kind", "shape", "activation"), [*itertools.product(KINDS, SHAPES, ["gelu"]), *ACTIVATIONS])
def test_same_weights_give_the_same_outputs_with_padding_and_segments(kind, shape, activation, batch):
    module = theirs(kind, shape, hidden_act=activation, **({"num_labels": 3} if "Classification" in kind else {}))
    ours = from_huggingface(module)
    ids, segments, mask = batch
    with torch.no_grad():
        found = ours(ids, segments, mask)
        fused = fuse(from_huggingface(module))(ids, segments, mask)
        needed = module(ids, attention_mask=mask.long(), token_type_ids=segments)
    pairs = {
        "Bert": lambda o: (o.last_hidden_state, o.pooler_output),
        "BertForPreTraining": lambda o: (o.prediction_logits, o.seq_relationship_logits),
        "BertForQuestionAnswering": lambda o: (o.start_logits, o.end_logits),
    }.get(kind, lambda o: (o.logits,))(needed)
    for a, same, b in zip(tensors(found), tensors(fused), pairs, strict=True):
        real = mask if a.shape[:2] == mask.shape else ...
        assert torch.allclose(a[real], b[real], atol=1e-5)
        assert torch.allclose(a[real], same[real], atol=1e-5)


@torch.no_grad()
def test_attention_weights_are_theirs(batch):
    module = theirs("Bert", SHAPES[0], attn_implementation="eager")
    ours, (ids, segments, mask) = from_huggingface(module), batch
    with attention_weights(ours) as weights:
        ours(ids, segments, mask)
    needed = module(ids, attention_mask=mask.long(), token_type_ids=segments, output_attentions=True).attentions
    for mine, others in zip(weights["encoder"], needed, strict=True):
        assert torch.allclose(mine, others, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back_again(kind, batch):
    ours = (getattr(bert, kind, None) or getattr(bert_heads, kind))(bert.BertConfig(60, 32, 2, 4, context=24)).eval()
    module = to_huggingface(ours)
    assert type(module).__name__ == KINDS[kind] and not module.training
    again = from_huggingface(module)
    for (name, a), b in zip(ours.state_dict().items(), again.state_dict().values(), strict=True):
        assert "pooler" in name or torch.equal(a, b), name
    ids, segments, mask = batch
    with torch.no_grad():
        for a, b in zip(tensors(ours(ids, segments, mask)), tensors(again(ids, segments, mask)), strict=True):
            assert torch.allclose(a.nan_to_num(0, 0, 0), b.nan_to_num(0, 0, 0), atol=1e-6)


def test_the_losses_are_transformers_losses(batch):
    module = theirs("BertForPreTraining", SHAPES[0])
    ours = from_huggingface(module)
    ids, segments, mask = batch
    labels = ids.masked_fill(torch.arange(12) % 5 != 1, -100).masked_fill(~mask, -100)
    follows = torch.tensor([0, 1, 0])
    found = pretraining_loss(ours, ids, labels, follows, segments, mask)
    needed = module(
        ids, attention_mask=mask.long(), token_type_ids=segments, labels=labels, next_sentence_label=follows
    ).loss
    assert abs(found.total - needed) < 1e-5 and abs(found.total - found.mlm - found.nsp) < 1e-6


def test_another_architecture_is_refused_by_name():
    config = transformers.RobertaConfig(vocab_size=60, hidden_size=32, num_hidden_layers=1, num_attention_heads=4)
    with pytest.raises(ValueError):
        from_huggingface(transformers.RobertaModel(config))
    with pytest.raises(ValueError):
        from_huggingface(theirs("Bert", SHAPES[0], is_decoder=True))
    untied = theirs("BertForPreTraining", SHAPES[0], tie_word_embeddings=False)
    with pytest.raises(ValueError):
        from_huggingface(untied)
    module = theirs("Bert", SHAPES[0])
    module.pooler.dense.bias = None
    with pytest.raises(ValueError):
        from_huggingface(module)


def test_a_real_pretrained_model_gives_what_transformers_gives(minilm):
    """sentence-transformers/all-MiniLM-L6-v2: 6 layers of 384, real text, padded."""
    module = transformers.AutoModel.from_pretrained(minilm).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(minilm)
    ours = from_huggingface(module)
    texts = ["She went to the bank to deposit cash.", "He sat down on the bank.", "The animal was too tired."]
    found = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        a = ours(found["input_ids"], found["token_type_ids"], found["attention_mask"].bool())
        b = module(**found)
    real = found["attention_mask"].bool()
    assert torch.allclose(a.hidden[real], b.last_hidden_state[real], atol=1e-5)
    assert torch.allclose(a.pooled, b.pooler_output, atol=1e-5)
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in module.parameters()) == 22_713_216
