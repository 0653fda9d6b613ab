"""What is taken where nothing else is said: recorded results, shipped models and every notebook count on it."""

import importlib
import inspect
import pkgutil

import pytest

import course_utils

ROOMS = ("attention", "decoding", "metrics", "models", "positions", "text", "training")
NAMES = [m.name.removeprefix("course_utils.") for m in pkgutil.walk_packages(course_utils.__path__, "course_utils.")]
MODULES = [name for name in NAMES if name.startswith(ROOMS) and name != "models.convert"]
TAKEN = """\
attention.linear PositiveFeatures: seed=0
attention.linear linear_attention: keys_first=True
attention.multihead MultiHeadAttention: bias=True, dropout=0.0, rotary=False
attention.multihead MultiHeadAttention.forward: need_weights=False
attention.multihead MultiHeadAttention.project: first=0
attention.multihead MultiHeadAttention.attend: need_weights=False, first=0
attention.pooling gaussian_kernel: width=1.0
attention.pooling boxcar_kernel: width=1.0
attention.pooling epanechnikov_kernel: width=1.0
attention.pooling nadaraya_watson: kernel=gaussian_kernel
attention.pooling NadarayaWatson: width=1.0, learnable=False
attention.scaled_dot_product masked_softmax: dim=-1
attention.scaled_dot_product local_mask: causal=True
attention.scores Score: hidden_size=32, max_keys=64
decoding.sampling next_probabilities: temperature=1.0
decoding.sampling stream: temperature=1.0, cache=True
decoding.sampling sample: temperature=1.0, cache=True
decoding.sampling generate: max_new_tokens=100, temperature=1.0, seed=0, cache=True
decoding.search greedy: max_length=64
decoding.search beam_search: max_length=64, beam=4, length_penalty=1.0
decoding.search Translation: unknown=<factory>, score=0.0
decoding.search translate: beam=4, length_penalty=1.0, batch=64
metrics bleu: lowercase=False, tokenize='13a'
models.bert BertConfig.base: vocab_size=30522
models.bert BertConfig.large: vocab_size=30522
models.bert BertConfig: vocab_size=30522, model_size=768, num_layers=12, num_heads=12, max_length=512, \
segments=2, dropout=0.1, activation='gelu', eps=1e-12
models.bert Bert.forward: need_weights=False
models.bert BertForPreTraining.forward: need_weights=False
models.bert BertForSequenceClassification: num_labels=2
models.bert BertForSequenceClassification.forward: need_weights=False
models.bert BertForQuestionAnswering.forward: need_weights=False
models.bert mask_tokens: share=0.15
models.blocks PositionwiseFFN: dropout=0.0, activation='relu'
models.blocks AddNorm: dropout=0.0, norm_first=True, eps=1e-05
models.blocks EncoderBlock: dropout=0.0, norm_first=True, activation='relu', eps=1e-05, rotary=False
models.gpt GPTConfig: model_size=128, num_layers=4, num_heads=4, max_length=128, dropout=0.0, norm_first=True, \
positions='learned', activation='gelu_tanh', bias=True, eps=1e-05
models.gpt GPT.forward: need_weights=False
models.gpt GPT.loss: label_smoothing=0.0
models.heads recorded: wanted=True
models.loss masked_loss: label_smoothing=0.0
models.loss output_loss: label_smoothing=0.0
models.seq2seq Seq2SeqConfig: model_size=128, num_layers=1, attention='additive', query='previous', \
reverse_source=False, dropout=0.0, max_length=64
models.seq2seq Seq2Seq.forward: need_weights=False
models.seq2seq Seq2Seq.loss: label_smoothing=0.0
models.transformer TransformerConfig: model_size=128, num_layers=2, num_heads=4, max_length=64, dropout=0.1, \
norm_first=True, tie_embeddings=True, positions='sinusoidal', activation='relu'
models.transformer Transformer.forward: need_weights=False
models.transformer Transformer.loss: label_smoothing=0.0
positions SinusoidalPositions.forward: first=0
positions LearnedPositions.forward: first=0
text.batches Batches: tokens=2000
text.bytepairs learn: min_count=2
text.bytepairs BytePairs.build: max_size=4096, min_count=2
text.subwords Subwords.build: max_size=8000, min_count=2, special=('<pad>', '<unk>', '<bos>', '<eos>')
text.vocabulary Vocabulary: split='words'
text.vocabulary Vocabulary.build: split='words', min_count=1
text.wordpiece WordPiece.build: max_size=1000, min_count=1
training.checkpoints save_checkpoint: rank=4
training fit: higher_is_better=False, seed=0, show=True
training Run: step=0, history=<factory>, lr=0.01, make=Adam
training warm_then_fall: warm_up=40
"""


def taken(function):
    """`name=default` of each argument that has one; None, and what is empty, are left out."""
    given = {name: p.default for name, p in inspect.signature(function).parameters.items() if p.default is not p.empty}
    return [f"{n}={getattr(x, '__name__', repr(x))}" for n, x in given.items() if x not in (None, "", ())]


def functions(module):
    """(name, function) of a module and of its classes, those that are private left out."""
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", "") == module.__name__ and name[0] != "_":
            if inspect.isfunction(thing):
                yield name, thing
            for inner, one in vars(thing).items() if inspect.isclass(thing) else ():
                one = getattr(one, "__func__", one)
                if inspect.isfunction(one) and (inner == "__init__" or inner[0] != "_"):
                    yield name if inner == "__init__" else f"{name}.{inner}", one


@pytest.mark.parametrize("name", MODULES)
def test_what_is_taken_where_nothing_else_is_said(name):
    module = importlib.import_module(f"course_utils.{name}")
    found = {f"{name} {one}: {', '.join(said)}" for one, function in functions(module) if (said := taken(function))}
    assert found == {line for line in TAKEN.splitlines() if line.startswith(f"{name} ")}
