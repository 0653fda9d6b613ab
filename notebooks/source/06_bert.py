# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 6 · Which word is missing?
# *BERT.* At the end you hold `mine/bert.py`, a BERT in plain PyTorch with your own lines in it, and `bert.pt`, what it learned from a real book. <!-- minutes --> **Before:** [chapter 5](05_transformer.ipynb).
#
# ## A page with holes
# `bert-prose`, an encoder of four blocks, has learned to guess covered words in 29 novels and children's books. This page of ours has six holes. **Before you choose a hole, write a word into each.** For which do you need what comes *after* them? <!-- source: data/checkpoints/bert-prose.json, its corpus -->

# %% jupyter={"source_hidden": true}
import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch06 import again, exercise, hint, labs, solution
from chapters.ch06.pairs import encode
from IPython.display import display
from chapters.ch06.experiments.tasks import spread
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, asking, plot, predict
from course_kit.views.live import below
from course_kit.checkpoints import load_checkpoint

runtime = course_kit.setup()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
prose = load_checkpoint("bert-prose")
page = encode(
    prose.tokenizer,
    "She [MASK] the door and came [MASK] the room. He rose from his [MASK] and gave her "
    "his [MASK]. "
    "I have never seen such a thing in all my [MASK], he said, and he [MASK] his head.",
)
ids = torch.tensor([page.ids])
holes = (ids[0] == prose.tokenizer.mask).nonzero().flatten().tolist()
with torch.no_grad():
    expected = prose.model(ids).mlm_logits[0].softmax(-1)  # [T, V]
first = labs.predictions(
    page.tokens,
    expected,
    prose.tokenizer.words,
    positions=holes,
    select=holes[0],
    model="bert-prose",
    title="Which word is missing?",
    caption="Choose a [query|hole], and write a word into it. The bars show which words "
    "bert-prose [output|expects] there.",
)
asking(first)

# %% jupyter={"source_hidden": true} tags=["asserts"]
written = "opened into chair hand life shook".split()
with torch.no_grad():  # a position sees itself and what is before it
    up_to_it = torch.arange(ids.shape[1]) <= torch.tensor(holes)[:, None]
    from_the_left = prose.model(ids.expand(6, -1), None, up_to_it).mlm_logits[range(6), holes].argmax(-1).tolist()
first_guess = expected[holes].argmax(-1).tolist()
both_right, left_right = ([prose.tokenizer.words[i] == word for i, word in zip(said, written, strict=True)] for said in (first_guess, from_the_left))
assert prose.model.config.layers == 4

# %% [markdown]
# A cover turns any sentence into a question whose answer is known, so nobody has to label anything. How much can be learned from that? And what is it worth to see both sides?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Why BERT came
# *She drew fifty pounds from the **bank**.* · *They sat on the **bank** and fished.*
#
# <a id="static"></a><a id="contextual"></a>
# word2vec and GloVe (2013, 2014) learn one vector for each word. It is **static**: both banks get the same row of a table. A **contextual** vector depends on the words around it. ELMo (2018) makes such vectors with two recurrent networks, one from each side, but every task still needs a network of its own on top. GPT (2018) needs only one new layer for a task, but reads from left to right: at the second *bank*, it has not yet read *fished*.
#
# **BERT** (Google, 2018: *Bidirectional Encoder Representations from Transformers*) has both advantages. It is chapter 5's encoder, trained on covered words in a text of 3.3 billion words; and a new task is one new layer. <!-- source: Devlin et al. 2019, sections 2 and 3 -->
#
# Do its vectors tell the two banks apart? [The annex](06_bert_annex.ipynb#Do-output-vectors-know-what-a-word-means?) measures it.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# There is one way in, and two ways out.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.architecture(prose, select="model", title="Where do BERT's two answers come from?")

# %% tags=["nbval-check-output"]
from course_utils.bert import make_bert

dummy = make_bert(vocab=1000, size=128, layers=2)
ids = torch.randint(1000, (2, 12))
segments = torch.tensor([[0] * 7 + [1] * 5] * 2)  # 7 tokens of A, 5 of B
mask = torch.ones(2, 12, dtype=torch.bool)  # True = a real token
words, follows = dummy(ids, segments, mask)
print("in: ", *(tuple(x.shape) for x in (ids, segments, mask)))
print("out:", *(tuple(x.shape) for x in (words, follows)))

# %% [markdown]
# $B$ texts, $T$ tokens each, $D$ features, $V$ tokens in the vocabulary.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card", "core"]
# ## One: three rows for each token
# <a id="wordpiece"></a><a id="cls"></a><a id="segment"></a><a id="embedding-sum"></a>
# A text is first cut into pieces of the vocabulary: **WordPiece** takes the longest known piece from the left, then goes on, and marks a continuation with `##`. BERT reads one text or two, `[CLS] A [SEP] B [SEP]`. `[CLS]` stands for no word, so its vector is free to hold what is asked about the whole. `[SEP]` ends a text, and the **segment** of a token, 0 or 1, says which of the two it belongs to.
#
# Attention alone knows neither order nor segment, so the **embedding sum** adds three learned rows. With a pencil: token 2 is in segment 0, at position 1. If the tables say (5, 0), (0, 1) and (10, 20), its vector is (15, 21).
#
# ### Exercise 1 ●○○ · 4 minutes
# Write the sum.
#
# <!-- example: embedding sum -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("embedding sum")
def embed(ids, segments, words, kinds, places):
    """ids, segments [B, T]; tables words [V, D], kinds [2, D], places [max, D]
    -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: embedding sum -->

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
words = torch.tensor([[0, 0], [0, 0], [5.0, 0]])
kinds, places = torch.tensor([[0, 1.0], [0, 0]]), torch.tensor([[0, 0], [10.0, 20]])
ids, segments = torch.tensor([[0, 2]]), torch.tensor([[0, 0]])
print(embed(ids, segments, words, kinds, places)[0, 1].int().tolist())

# %% [markdown]
# The class adds the layer norm:

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.bert: BertConfig

# %% slideshow={"point": ["tables =", "embed(ids"]} tags=["definition"]
# course_utils.bert: BertEmbeddings

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: cover some words
# <a id="mlm"></a>
# A **masked language model** (MLM) guesses covered words. BERT chooses 15 words of 100 and does not treat all of them alike:
#
# | of the chosen | the model reads | it has to say |
# |---|---|---|
# | 80 % | the tea was much too [MASK] | hot |
# | 10 %, another word | the tea was much too *ladder* | hot |
# | 10 %, unchanged | the tea was much too hot | hot |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "One chosen word in ten stays as it is, and the model could just copy it. What are "
    "these words for?",
    [
        "a free point, to keep the loss low",
        "to learn that a visible word may be right",
        "to learn which words were covered",
    ],
    answer=1,
    because="Without them, a chosen word that is still visible would be a wrong one, so "
    "the model would learn to distrust what it sees. In a text without [MASK], every "
    "word is right.",
)

# %% [markdown]
# Why not `[MASK]` for all fifteen, as is often taught? Then the model is never asked whether to believe what it reads. In our recorded runs it names 73 % of the visible words correctly, instead of 88 % ([annex](06_bert_annex.ipynb#What-is-each-part-of-pre-training-worth?)). <!-- source: data/results/bert_pretraining.json -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
shop = "[CLS] the man went to the store [SEP] he bought a gallon of milk [SEP]".split()
whole_words = [word for word in prose.tokenizer.words if word.isalpha() and len(word) > 2]
labs.mask_tokens(
    shop,
    vocabulary=whole_words[:300],
    seed=221,
    title="Which words must the model guess this time?",
    caption="Of 100 chosen words, about 80 become [MASK], 10 become a random word and "
    "10 stay; we picked a first draw "
    "that has all three. Draw again, then 10,000 times.",
)

# %% [markdown] tags=["card"]
# ### Exercise 2 ●●● · 11 minutes
# Write the masking. For each chosen word, one random number decides between the three cases. The labels are the words themselves where chosen, and elsewhere −100, which means *not asked*.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("mask tokens")
def mask_tokens(ids, special_mask, vocab, mask_id, generator=None):
    """ids [B, T], special_mask [B, T] bool, True = never chosen
    -> what the model reads [B, T], labels [B, T]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: mask tokens -->
#
# The loss counts only what was chosen. If the right words got probabilities ½ and ¼, it is (ln 2 + 2 ln 2) / 2 = 1.04:

# %% tags=["definition"]
# course_utils.bert: mlm_loss

# %% jupyter={"source_hidden": true}
half, quarter = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25])
logits = torch.stack([half, quarter, half]).log()[None]  # [1, 3, 3]
loss = mlm_loss(logits, torch.tensor([[0, 0, -100]]))
print(f"{loss:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(loss.item(), 2) == 1.04

# %% [markdown] tags=["keep"]
# <a id="nsp"></a>
# BERT had a second question, **next sentence prediction** (NSP): does B really follow A, or does it come from elsewhere? The vector of `[CLS]`, through one more layer (the *pooler*), gives two logits. RoBERTa (2019) was no worse without it, <!-- source: Liu et al. 2019, section 4.2 --> so we leave it out; [the annex](06_bert_annex.ipynb#Does-B-follow-A?) trains it.
#
# **Keep this:** BERT's recipe is to choose 15 % of the words, to count the loss only there, and to leave some of them looking normal.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: the whole model
# Heads and feed-forward networks come from chapter 5.
#
# **New against chapter 5, in a block:** the norm comes *after* each sum, as in 2017, and the non-linearity is GELU, a smooth ReLU.

# %% jupyter={"source_hidden": true}
from course_utils.attention import MultiHeadAttention
from course_utils.blocks import PositionwiseFFN, activation, init_small

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.bert: BertOutput, PreTrainingOutput

# %% slideshow={"point": ["self.norm("]} tags=["definition"]
# course_utils.blocks: PostNorm

# %% slideshow={"point": ["lambda h"]} tags=["definition"]
# course_utils.bert: BertBlock

# %% [markdown]
# **New in the encoder:** the three tables in front, and the pooler, which turns the vector of `[CLS]` into one vector for the text.

# %% slideshow={"point": ["pooler"]} tags=["definition"]
# course_utils.bert: Bert

# %% [markdown]
# **New behind it:** one more layer, GELU and norm before the logits. As in chapter 5, a logit is a dot product with a row of the token table, plus a bias.

# %% slideshow={"point": ["self.output.weight ="]} tags=["definition"]
# course_utils.bert: BertForPreTraining

# %% [markdown]
# Do the parameters of `bert-prose` give the same logits in the class on this page?

# %% jupyter={"source_hidden": true}
yours = BertForPreTraining(prose.model.config).eval()
yours.load_state_dict(prose.model.state_dict())
given = torch.tensor([page.ids])
with torch.no_grad():
    gap = (yours(given).mlm_logits - prose.model(given).mlm_logits).abs().max()
count = sum(p.numel() for p in yours.parameters())
print(f"{count:,} parameters, largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-3 and yours.output.weight is yours.bert.embeddings.tokens.weight

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## A task without data
# A row of ten digits reads the same from both ends, so the answer to a covered digit is at its mirror position.

# %% tags=["definition"]
# course_utils.toy_tasks: palindromes

# %%
MASK, TOKENS = 10, 11  # 0 to 9 are the digits
never = torch.zeros(64, 10, dtype=torch.bool)  # there are no special tokens

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    model = make_bert(TOKENS, size=64, context=10)
    optimiser = torch.optim.Adam(model.parameters())
    inputs, labels = mask_tokens(palindromes(64), never, TOKENS, MASK)
    loss = mlm_loss(model(inputs).mlm_logits, labels)
    loss.backward()
    optimiser.step()

for_training(one_step)  # with nothing solved it does nothing

# %% seconds=10 slideshow={"point": ["mask_tokens(", "mlm_loss("], "slide_type": "subslide"} tags=["training"]
model = make_bert(TOKENS, size=64, context=10)
optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
for step in range(400):
    inputs, labels = mask_tokens(palindromes(64), never, TOKENS, MASK)
    loss = mlm_loss(model(inputs).mlm_logits, labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 100 == 0:
        print(f"step {step:3}  loss {loss.item():.2f}")

# %% [markdown]
# Now cover one digit in each of 500 new rows. Then hide from the same model what comes *after* the hole, and with it half of the answers.

# %%
rows, hole = palindromes(500), torch.randint(10, (500, 1))
covered = rows.scatter(1, hole, MASK)
with torch.no_grad():
    both = model(covered).mlm_logits.argmax(-1)
    left = model(covered, mask=torch.arange(10) <= hole).mlm_logits.argmax(-1)
for side, guess in {"both sides": both, "left side only": left}.items():
    right = (guess == rows).gather(1, hole).float().mean()
    print(f"{side:15} {right:.0%} of the holes are right")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (both == rows).gather(1, hole).float().mean() > 0.95 > 0.75 > right

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: pre-train it on a real book
# <a id="pre-training"></a>
# Now *The Adventures of Sherlock Holmes*, without its last tenth, in 1,000 pieces. Windows begin anywhere, without `[CLS]`.

# %% tags=["nbval-check-output"]
from course_kit import data
from course_kit.text import WordPiece

text = data.book()
cut = 9 * len(text) // 10  # the last tenth is held out
tokenizer = WordPiece.build([text[:cut]], max_size=1000)
train = torch.tensor(tokenizer.encode(text[:cut]))
print(f"{len(train):,} pieces, such as:")
print(*tokenizer.cut("Holmes examined the footprints."))

# %%
def batch(generator, rows=128, T=16):
    """Windows from anywhere in the book: what the model reads, what it must guess."""
    starts = torch.randint(len(train) - T, (rows, 1), generator=generator)
    ids = train[starts + torch.arange(T)]  # [B, T]
    never = torch.zeros_like(ids, dtype=torch.bool)
    return mask_tokens(ids, never, len(tokenizer), tokenizer.mask, generator)

# %%
def loss_of(model, batch):
    inputs, labels = batch
    asked = labels != -100  # only these vectors meet the table of all pieces
    hidden = model.bert(inputs).hidden[asked]  # [N, D]
    return mlm_loss(model.words(hidden), labels[asked])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A fresh model knows nothing: to it, the 1,000 pieces are about equally likely. "
    "What is its loss?",
    ["about 1", "about 7", "about 1,000"],
    answer=1,
    because="A covered piece costs −ln(1/1,000), which is 6.9. Random logits are not "
    "quite equal, so it can be a little more.",
)

# %% [markdown]
# One step by hand:

# %% jupyter={"source_hidden": true}
mine = make_bert(len(tokenizer), context=16)
first = batch(torch.Generator().manual_seed(0))
before = loss_of(mine, first)
before.backward()
torch.optim.Adam(mine.parameters(), lr=1e-3).step()
after = loss_of(mine, first)
print(f"loss before the step {before.item():.2f}, after it {after.item():.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(before.item() - 6.91) < 0.6 and after < before and len(tokenizer) == 1000

# %% [markdown]
# `fit` is the loop above with a stop button; it also clips gradients, and the learning rate first rises, then falls. Below, *by frequency* is the loss of a model that knows how often each piece occurs, and nothing else.

# %%
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 1000, "full": 4000}[runtime.profile]
often = torch.bincount(train) / len(train)  # of each piece

# %% seconds=60 slideshow={"slide_type": "slide"} tags=["training"]
run = fit(mine, batch, loss_of, steps=STEPS, lr=3e-3, clip=1.0,
          schedule=warm_then_fall(STEPS, 100), title="What does it learn first?",
          compare={"guessing": math.log(len(tokenizer)),
                   "by frequency": torch.special.entr(often).sum().item()})

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from chapters.ch06.experiments import book as book_study

held = book_study.holmes()
counting, yours_right = book_study.by_counting(held), book_study.right(mine, held)
rows = [
    {"who guesses": name, "right, %": round(100 * share)}
    for name, share in counting.items()
]
rows.append({"who guesses": "your BERT", "right, %": round(100 * yours_right)})
Table(
    rows,
    from_cell(
        "Which piece is missing? First guesses at the {sum} holes in the "
        "book's last tenth", sum=f'{int((held.inputs == tokenizer.mask).sum()):,}'
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
early = torch.tensor(run.history["loss"][1][60:100])
assert abs(early.mean() - torch.special.entr(often).sum()) < 0.2 and torch.equal(held.train, train) and [round(100 * share) for share in counting.values()] == [3, 13, 28]
assert results.load("bert_book")["longer"] == 4000 and round(100 * results.load("bert_book")["both sides, longer"]) == 32
assert 0.14 < yours_right < 0.28 or runtime.profile == "full"

# %% [markdown] tags=["keep"]
# For the first hundred steps and more the loss does not, on average, fall below *by frequency*: so far the model says nearly the same at every hole. <!-- holes and guesses share less than 0.01 nats after 60 and 100 steps, seeds 0 to 3; the mean of 20 losses falls below between steps 120 and 220, also with seeds 5 to 7; single ones do before --> After a minute, it guesses several times better than the commonest piece, and better than counting what followed the left neighbour. Counting *both* neighbours still wins; in a recorded run of 4,000 steps, the model overtakes it with 32 %. <!-- source: data/results/bert_book.json -->
#
# **Keep this:** pre-training needs no labels, only text.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
line = torch.tensor(
    tokenizer.encode("I have no doubt that you are right, my dear Watson.")
)
pieces = tokenizer.tokens(line)
# each piece covered in turn
one_by_one = line.repeat(len(line), 1).fill_diagonal_(tokenizer.mask)
with torch.no_grad():
    # [T, V]
    theirs = mine.eval()(one_by_one).mlm_logits.diagonal(dim1=0, dim2=1).T.softmax(-1)
view = labs.predictions(
    pieces,
    theirs,
    tokenizer.words,
    truth=pieces,
    select=pieces.index("you"),
    live=True,
    title="What does your BERT expect?",
    caption="Choose a [query|piece] to cover it. The bars show what your model "
    "[output|expects] there.",
)


def with_two_covered():
    n, two = view.position, line.clone()
    two[max(n - 1, 0) : n + 1] = tokenizer.mask
    with torch.no_grad():
        likely = mine(two[None]).mlm_logits[0, n].softmax(-1).topk(3)
    guesses = [
        f"<b>{tokenizer.words[i]}</b> {p:.2f}"
        for p, i in zip(likely.values.tolist(), likely.indices.tolist(), strict=True)
    ]
    return "With the piece before it covered, too: " + ", ".join(guesses)


display(view, below(view, with_two_covered, "position"))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(line) <= 16

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card", "core"]
# ## Five: a new task is one new layer
# <a id="fine-tuning"></a>
# **Fine-tuning** keeps the encoder, puts *one* new layer on it, the *task head*, and trains everything a little further on examples with labels. With four patterns BERT's paper solves eleven tasks: <!-- source: Devlin et al. 2019, figure 4 -->
#
# | task | an example | the new layer |
# |---|---|---|
# | a sentence | *The soup was cold.* → negative | D → C classes, on `[CLS]` |
# | two sentences | *A man plays the guitar. / He makes music.* → follows | the same |
# | a tag for each word | *Ada lived in London.* → person O O place | D → C tags, on each vector |
# | an answer in a text | *Who found it? / Anna found the key.* → Anna | D → 2, on each vector: start, end |
#
# <a id="span"></a>
# Such an answer is a **span**: one softmax over all *positions* says where it begins, another where it ends. Here we do the first task, and [the annex](06_bert_annex.ipynb#Is-an-answer-a-class?) the others.
#
# ### Exercise 3 ●○○ · 3 minutes
# Write the head. The classifier is new. The pooler comes with the encoder, but only NSP trains it, so in `bert-prose` it begins here, too. With a pencil, if the pooler multiplies by 10 and the classifier is (a, b) → (a, b, a + b): `[CLS]` = (0, 1) → tanh (0, 10) ≈ (0, 1) → (0, 1, 1). <!-- source: the arithmetic is in the sentence -->
#
# <!-- example: task head -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("task head")
def classify(hidden, pooler, classifier):
    """hidden [B, T, D]; pooler D -> D and classifier D -> C, two layers -> [B, C]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: task head -->

# %% slideshow={"point": ["self.classifier =", "return classify"]} tags=["definition"]
# course_utils.bert_heads: BertForSequenceClassification

# %% [markdown]
# The task is to tell good from bad in 2,000 short sentences of ours, such as *The waiter seemed mean, but was really polite.* A batch is 32 of them, padded:

# %%
from course_kit.data import stories
from course_kit.text import pad

cut = prose.tokenizer
known, valid, new = (stories.load("sentiment", n) for n in ("train", "valid", "test"))


def numbers(examples):
    """Sentences with labels -> ids, mask [B, T], labels [B]."""
    ids, mask = pad([[cut.cls, *cut.encode(e.text), cut.sep] for e in examples])
    return ids, mask, torch.tensor([int(e.label == "positive") for e in examples])

# %%
def draw(generator):
    chosen = torch.randint(len(known), (32,), generator=generator).tolist()
    return numbers([known[n] for n in chosen])


def task_loss(model, batch):
    ids, mask, labels = batch
    return F.cross_entropy(model(ids, None, mask), labels)


@torch.no_grad()
def right(model, examples):
    ids, mask, labels = numbers(examples)
    return (model.eval()(ids, None, mask).argmax(-1) == labels).float().mean().item()

# %% seconds=30 slideshow={"slide_type": "subslide"} tags=["training"]
falls = warm_then_fall(200, 20)
tuned = BertForSequenceClassification(prose.model.config)
tuned.bert.load_state_dict(prose.model.bert.state_dict())  # all but the new layer
run = fit(tuned, draw, task_loss, steps=200, lr=3e-4, clip=1.0, schedule=falls,
          title="When does it beat a coin?", compare={"a coin": math.log(2)})
whole = [right(tuned, examples) for examples in (valid, new)]
print("right: {:.0%}; with new names and patterns: {:.0%}".format(*whole))

# %% jupyter={"source_hidden": true} tags=["asserts"]
import re

assert any(e.text == "The waiter seemed mean, but was really polite." for e in known) and len(known) == 2000
seen_words = {word for e in known for word in re.findall("[a-z]+", e.text.lower())}
assert not {"max", "expected", "clerk"} & seen_words and whole[0] > 0.95 > whole[1] > 0.6
assert not {e.text for e in known} & {e.text for e in new}

# %% [markdown] tags=["keep"]
# “New”: in *Max expected a polite clerk, but the clerk was rude*, no training sentence has *Max*, *expected*, *clerk* or the pattern.
#
# **Keep this:** a new task is one new layer on the same encoder, and everything is trained a little further.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## What was pre-training worth?
# Would the same network have learned a task *without* having read anything? We ask on SST-2, sentences from film reviews: 6,920 to learn from, 872 to be judged on. Two models each meet the same network from scratch: `bert-prose`, which has read 29 novels and children's books, and all-MiniLM-L6-v2, which learned from a larger model, then from a collection of a billion pairs of sentences. <!-- source: data/results/bert_worth.json, minilm_sst2.json; model card of all-MiniLM-L6-v2 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "bert-prose has read novels, MiniLM has read pairs of sentences. On film "
    "reviews, which is ahead of the same network from scratch?",
    ["both", "neither: the reviews say enough", "MiniLM alone"],
    answer=2,
    because=[
        "True of MiniLM, but our novels were no help here.",
        "True of the novels, but MiniLM is far ahead of its rival.",
        "The novels put our model ahead of nobody. MiniLM is four times as large, and "
        "has read far more.",
    ],
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
worth, minilm = results.load("bert_worth"), results.load("minilm_sst2")
rows = {
    "bert-prose, 29 novels": (worth["bert-prose"], worth["bert-prose"]["pre-trained"]),
    "MiniLM, a billion pairs": (worth["MiniLM"], minilm["accuracy"]),
}
Table(
    [
        {
            "model": name,
            "steps": both["steps"],
            "from scratch, %": round(100 * both["from scratch"]),
            "pre-trained, %": round(100 * pretrained),
        }
        for name, (both, pretrained) in rows.items()
    ],
    from_cell(
        "Right of {worth} film reviews, one seed. Counting words (logistic "
        "regression: one learned number for each word) gets {worth2} %. {about}",
        worth=worth['test'], worth2=round(100 * worth['counting words']),
        about=worth.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
in_percent = [[round(100 * both["from scratch"]), round(100 * pretrained)] for both, pretrained in rows.values()]
assert in_percent == [[77, 75], [79, 89]] and round(100 * worth["counting words"]) == 78
assert worth["train"] == 6920 == minilm["train"] and worth["test"] == 872 == minilm["test"]
assert worth["MiniLM"]["steps"] == minilm["steps"] == 432 and 2 * (0.78 * 0.22 / 872) ** 0.5 < 0.03

# %% [markdown] tags=["keep"]
# Our novels were worth nothing here: 75 % with them, 77 without. A share of 872 is uncertain by three points, so these two are alike, but MiniLM's 89 against 79 are not. MiniLM read other texts, far more of them, and is larger; the table does not say which of these made the difference. A small model that has read texts of the *same* kind is far ahead of its rival on [four tasks of the annex](06_bert_annex.ipynb#What-can-be-read-from-two-sentences?).
#
# **Keep this:** measure pre-training beside the same network from scratch. On film reviews our novels brought nothing, and MiniLM's reading ten points. <!-- source: the table above -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card"]
# ## A thin change: LoRA
# <a id="lora"></a>
# Do four tasks need four copies of the model? **LoRA** (*low-rank adaptation*, 2021) freezes each matrix $W$ and learns only a thin change beside it: <!-- source: Hu et al. 2021 -->
#
# $$ W' = \underbrace{W}_{\text{frozen}} + \tfrac{\alpha}{r}\,\underbrace{B A}_{\text{trained}},\qquad B\;[D, r],\quad A\;[r, D] $$
#
# $r$ is the **rank** and $\alpha$ a constant. A matrix of 256 × 256 has 65,536 numbers; with rank 4, $B$ and $A$ together have 2,048. $B$ starts as zeros, so at first nothing changes, and after training the product can be added to $W$.
#
# ### Exercise 4 ●○○ · 4 minutes
# Write the line.
#
# <!-- example: low-rank change -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("low-rank change")
def low_rank(W, B, A, alpha):
    """W [O, I], B [O, r], A [r, I], alpha a number -> [O, I]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: low-rank change -->
#
# A *parametrization* of torch computes a layer's matrix anew each time it is used, here by your line:

# %% slideshow={"point": ["self.B =", "low_rank(W"]} tags=["definition"]
# course_utils.low_rank: LowRank

# %% jupyter={"source_hidden": true}
from torch.nn.utils import parametrize

# %% slideshow={"point": ["requires_grad_(False)", "endswith"]} tags=["definition"]
# course_utils.low_rank: add_low_rank

# %% [markdown]
# Now only the thin matrices and the head learn, at a larger rate because they are so few:

# %% seconds=30 slideshow={"slide_type": "subslide"} tags=["training"]
lean = BertForSequenceClassification(prose.model.config)
lean.bert.load_state_dict(prose.model.bert.state_dict())
add_low_rank(lean.bert, rank=4)
fit(lean, draw, task_loss, steps=200, lr=3e-3, clip=1.0, schedule=falls,
    title="Do thin matrices learn as much?",
    compare={"a coin": math.log(2),
             "the whole model, a tenth of the rate": run.history["loss"]})
thin = [right(lean, examples) for examples in (valid, new)]
print("right: {:.0%}; with new names and patterns: {:.0%}".format(*thin))

# %% jupyter={"source_hidden": true}
learns = sum(p.numel() for p in lean.parameters() if p.requires_grad)
every = sum(p.numel() for p in tuned.parameters())
W = lean.bert.blocks[0].attention.query.parametrizations.weight.original
before = prose.model.bert.blocks[0].attention.query.weight
print(f"{learns:,} of {every:,} numbers learned; W as before: {torch.equal(W, before)}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert learns == 8 * 2 * 4 * 256 + 256 * 257 + 2 * 257 == 82_690 and round(100 * learns / every, 1) == 1.5 and torch.equal(W, before)
alone = next(row for row in results.load("bert_adapters")["tasks"]["sentiment"]["rows"] if row["what learns"] == "head only")
assert max(alone[split]["mean"] for split in ("valid", "test")) < 0.57
assert thin[0] > 0.85 and thin[0] < whole[0] + 0.01 and thin[1] < whole[1] and 4 * (256 + 256) == 2048 and 256**2 == 65_536

# %% [markdown] tags=["keep"]
# With 1.5 % of the numbers LoRA learns most of what it was shown. On new names and patterns it is behind, here as in [our recorded runs](06_bert_annex.ipynb#What-is-a-bottleneck-adapter?) on a smaller model. There, the head alone is hardly better than a coin, so the thin matrices do the work.
#
# **Keep this:** LoRA leaves every matrix as it is and learns a thin product beside it, so a task fits into a small file.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Both sides, or the left one?
# Back to the page with holes. We had covered *opened, into, chair, hand, life* and *shook*. The first guess of `bert-prose` is right five times on this easy page, and at 26 % of the holes in three books that it has not read. If it may read only what comes *before* a hole, it is right twice, but it was never trained for that. So your small BERT learns from the book twice, in 1,000 steps each: once with both sides, once with a causal mask, which shows only the left.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
sides = results.load("bert_book")
seen = {
    "nothing": "the commonest piece",
    "the left neighbour": "left neighbour",
    "both neighbours": "both neighbours",
}
rows = [
    {
        "who guesses": "counting",
        "sees": what,
        "right, %": f"{100 * sides['counting'][name]:.1f}",
    }
    for what, name in seen.items()
]
rows += [
    {"who guesses": "BERT, 1,000 steps", "sees": side, "right, %": spread(sides[side])}
    for side in ("the left side", "both sides")
]
Table(
    rows,
    from_cell(
        "First guesses at {sides} holes in the book's last tenth; means of "
        "{sides2} seeds (lowest to highest). {about}", sides=f"{sides['gaps']:,}",
        sides2=sides['seeds'], about=sides.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (sum(both_right), sum(left_right)) == (5, 2) and not both_right[4] and left_right[3] and left_right[4]
assert prose.tokenizer.words[expected[holes[4]].topk(2).indices[1]] == "life" and round(100 * prose.card["metrics"]["valid_top_1"]) == 26
assert [round(100 * sides[side]["mean"]) for side in book_study.SIDES] == [20, 12] and sides["both sides"]["lowest"] > sides["the left side"]["highest"]
assert (sides["steps"], sides["seeds"]) == (1000, 3)
assert [round(100 * share) for share in sides["counting"].values()] == [3, 13, 28]

# %% [markdown] tags=["keep"]
# With both sides the model guesses 20 % of the pieces, and with the left side 12 %. Both have only begun to learn, but counting agrees: 28 % with both neighbours against 13 with the left one. (A GPT sees only the left, but learns from every position.)
#
# **Keep this:** what comes after a word tells much about it. That is what BERT was built to use.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# One file holds tokenizer, model, heads, LoRA, `save` and `load`, with your functions where they are right, and needs only torch. What your model learned goes into `bert.pt` beside it: `python -m mine.bert bert.pt "It was a [MASK] man."`

# %%
from course_kit.mine import keep

keep("bert")

# %% tags=["workbook"]
from course_kit.files import workbook_folder
from chapters.ch06.kept.bert import save

if folder := workbook_folder():
    save(mine, str(folder / "bert.pt"), tokenizer.words)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. A static vector belongs to a word, a contextual one to a word in a sentence.
# 2. BERT's input is a sum of three rows: token, segment and position.
# 3. Pre-training: choose some words, cover most of them, and count the loss only there.
# 4. A new task is one new layer; then the whole model is trained a little further.
# 5. LoRA freezes the matrices and learns two thin ones beside some of them.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](06_bert_annex.ipynb#open-questions).
# 1. *Prove:* $BA$ has at most rank $r$, and every matrix of rank $r$ can be written so.
# 2. *Design an experiment:* has a model learned what *polite* means, or only the sentences it stands in?
# 3. *Why not* cover half of the words, so that each text gives more to learn?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [static vector](#static) | 静态词向量 | one per word |
# | [contextual vector](#contextual) | 上下文词向量 | one per word in a sentence |
# | [WordPiece](#wordpiece) | 词片 | longest known piece first |
# | [CLS and SEP](#cls) | 分类标记、分隔标记 | what tasks read; an end |
# | [segment embedding](#segment) | 段嵌入 | which of two texts |
# | [embedding sum](#embedding-sum) | 嵌入求和 | three rows added |
# | [masked language model](#mlm) | 掩码语言模型 | predicts covered words |
# | [next sentence prediction](#nsp) | 下一句预测 | does B follow A? |
# | [pre-training](#pre-training) | 预训练 | on text alone |
# | [fine-tuning](#fine-tuning) | 微调 | further, on labels |
# | [answer span](#span) | 答案片段 | from a first word to a last |
# | [LoRA](#lora) | 低秩适配 | a thin product added to a matrix |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(6)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: the other half
# [The annex](06_bert_annex.ipynb#What-are-BERTs-for-today?) shows what BERTs are used for today, and how one [writes](06_bert_annex.ipynb#writing). Chapter 7 takes the *decoder* alone, which writes from left to right.
#
# **→ [7 · What comes next?](07_gpt.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 6, edition 0.4.0, and the heading above it.*
