# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 6 · Which word is missing?
# *BERT.* At the end you hold `mine/bert.py`: a BERT in plain PyTorch with your own lines in it, which you have pre-trained on a real book. <!-- minutes --> **Before:** [chapter 5](05_transformer.ipynb) (heads, blocks).
#
# ## A page with holes
# `bert-prose` is an encoder of four blocks. It has read 29 novels and children's books in which words were covered, and learned to guess them. Here it meets a page of ours with six holes. **Before you choose a hole, write a word into each yourself.** For which holes do you need what comes *after* them? <!-- source: data/checkpoints/bert-prose.json, its corpus -->

# %% jupyter={"source_hidden": true}
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch06 import again, exercise, hint, labs, solution
from chapters.ch06.pairs import encode
from IPython.display import display
from chapters.ch06.experiments.tasks import spread
from course_kit import results
from course_kit.views import Table, plot, predict
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
labs.predictions(
    page.tokens,
    expected,
    prose.tokenizer.words,
    positions=holes,
    select=holes[0],
    model="bert-prose",
    title="Which word is missing?",
    caption="Choose a [query|hole]. The bars show which words bert-prose "
    "[output|expects] there.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
written = "opened into chair hand life shook".split()
with torch.no_grad():  # a position sees itself and what is before it
    up_to_it = torch.arange(ids.shape[1]) <= torch.tensor(holes)[:, None]
    from_the_left = prose.model(ids.expand(6, -1), None, up_to_it).mlm_logits[range(6), holes].argmax(-1).tolist()
first_guess = expected[holes].argmax(-1).tolist()
both_right, left_right = ([prose.tokenizer.words[i] == word for i, word in zip(said, written, strict=True)] for said in (first_guess, from_the_left))
assert prose.model.config.layers == 4

# %% [markdown]
# A cover makes a question out of any sentence, and its answer is known: nobody has to label anything. Is that enough to learn English from? And is it worth seeing both sides of a hole? First, why anybody asked.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why BERT came
# *She drew fifty pounds from the **bank**.* · *They sat on the **bank** and fished.*
#
# <a id="static"></a>
# **A row in a table knows no context.** word2vec and GloVe (2013, 2014) learn one vector for each word, so both banks get the same **static** vector.
#
# <a id="contextual"></a>
# **From the left, the fish come too late.** GPT (2018) is a Transformer that reads from left to right. Its vector of a word is **contextual**: it depends on the words before. But at the second *bank*, *fished* has not been read. ELMo (2018) used two recurrent networks, one from each side, which met only at the end.
#
# **Both sides, in every layer.** BERT (Google, 2018) is chapter 5's encoder, trained on covered words in 3.3 billion words of text: *Bidirectional Encoder Representations from Transformers*. <!-- source: Devlin et al. 2019, sections 2 and 3 -->
#
# Does the vector tell the two banks apart? We wrote 24 sentences with *bank*, half of each kind. For each we look for the sentence whose *bank* has the nearest output vector of `bert-prose`: in 96 % of cases it means the same kind of bank, where chance gives about half. For 24 sentences with *light* it is 83 %. [The annex](06_bert_annex.ipynb#Do-output-vectors-know-what-a-word-means?) has the sentences, and a rival that is nearly as good.

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch06.experiments.contextual import SENSES, in_two_senses, nearest_alike, word_vectors

alike = {}
for word in SENSES:
    sentences, kinds = in_two_senses(word)
    vectors = word_vectors(prose.model.bert, prose.tokenizer, word, sentences)[-1]
    alike[word] = round(100 * nearest_alike(vectors, kinds))
assert alike == {"bank": 96, "light": 83} and len(sentences) == 24 and int(kinds.sum()) == 12

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole before its parts
# There is one way in, and there are two ways out.

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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One: three rows for each token
# <a id="wordpiece"></a><a id="cls"></a><a id="segment"></a><a id="embedding-sum"></a>
# A text is first cut into pieces that are in the vocabulary: **WordPiece** takes the longest known piece from the left, then goes on, and marks a continuation with `##`. BERT reads one text or two, `[CLS] A [SEP] B [SEP]`. `[CLS]` stands for no word: its vector is free to hold what is asked about the whole. `[SEP]` ends a sentence, and the **segment** of a token says which of the two it belongs to, 0 or 1.
#
# The **embedding sum** adds three learned rows, because attention alone knows neither order nor sentence. With a pencil: token 2 is in segment 0, at position 1. If the tables say (5, 0), (0, 1) and (10, 20), its vector is (15, 21).
#
# ### Exercise 1 ●○○ · 4 minutes
# Write the sum. A table indexed by whole numbers gives its rows.
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

# %% tags=["nbval-check-output"]
words = torch.tensor([[0, 0], [0, 0], [5.0, 0]])
kinds, places = torch.tensor([[0, 1.0], [0, 0]]), torch.tensor([[0, 0], [10.0, 20]])
ids, segments = torch.tensor([[0, 2]]), torch.tensor([[0, 0]])
print(embed(ids, segments, words, kinds, places)[0, 1].int().tolist())

# %% [markdown]
# The class holds the three tables and adds the layer norm:

# %% tags=["definition"]
# course_utils.bert: BertConfig

# %% slideshow={"point": ["tables =", "embed(ids"]} tags=["definition"]
# course_utils.bert: BertEmbeddings

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two: cover some words
# <a id="mlm"></a>
# A **masked language model** (MLM) guesses covered words. But in the texts that it will read one day nothing is covered. So of each 100 words BERT chooses 15, and does not treat all of them alike:
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
        "nothing: a free point",
        "the model learns that a word it sees may be the right one",
        "the loss gets smaller",
    ],
    answer=1,
    because="Without them, a chosen word that is still visible would be a wrong one, so "
    "the model would learn to distrust what it sees. In a text without [MASK], every "
    "word is right.",
)

# %% [markdown]
# A widely used slide deck replaces all 15 % by `[MASK]`. That is not the paper's recipe. [The annex](06_bert_annex.ipynb#What-is-each-part-of-pre-training-worth?) measures the difference.

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

# %% [markdown]
# ### Exercise 2 ●●● · 11 minutes
# Write the masking. For each chosen word, let one random number decide between the three cases. The labels are the words themselves where chosen, and −100 elsewhere, which means: not asked.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("mask tokens")
def mask_tokens(ids, special_mask, vocab, mask_id, generator=None):
    """ids [B, T], special_mask [B, T] bool, True = never chosen
    -> what the model reads [B, T], labels [B, T]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: mask tokens -->
#
# The loss counts only what was chosen. If the right words got probabilities ½ and ¼, it is (ln 2 + 2 ln 2) / 2 = 1.04, whatever stands at the other positions:

# %% tags=["definition"]
# course_utils.bert: mlm_loss

# %%
half, quarter = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25])
logits = torch.stack([half, quarter, half]).log()[None]  # [1, 3, 3]
loss = mlm_loss(logits, torch.tensor([[0, 0, -100]]))
print(f"{loss:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(loss.item(), 2) == 1.04

# %% [markdown]
# <a id="nsp"></a>
# BERT had a second question, **next sentence prediction** (NSP): in half of the pairs B really follows A, in the others it comes from elsewhere. The output vector of `[CLS]`, through one more layer (the *pooler*), gives two logits. <!-- source: Devlin et al. 2019, section 3.1, appendix A.1 -->
#
# | A | B | |
# |---|---|---|
# | the man went to [MASK] store | he bought a gallon [MASK] milk | IsNext |
# | the man [MASK] to the store | penguin [MASK] are flight ##less birds | NotNext |
#
# RoBERTa (2019) left it out and was no worse. <!-- source: Liu et al. 2019, section 4.2 --> The head stays in the class, but below we train with covered words alone. Pairs: [in the annex](06_bert_annex.ipynb#Does-B-follow-A?).
#
# **Keep this:** choose 15 % of the words, count the loss only there, and leave some of them looking normal.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: the whole model
# The parts come from chapter 5. Two things are older here: the norm comes *after* each sum, as in 2017, and GELU, a smooth ReLU, is the non-linearity.

# %%
from course_utils.attention import MultiHeadAttention
from course_utils.blocks import PositionwiseFFN, activation, init_small

# %% tags=["definition"]
# course_utils.blocks: PostNorm

# %% tags=["definition"]
# course_utils.bert: BertBlock

# %% tags=["definition"]
# course_utils.bert: BertOutput, Bert

# %% [markdown]
# To name a word, the model compares its vector with every row of the token table: $V$ dot products, plus a bias for each word, are the $V$ logits.

# %% tags=["definition"]
# course_utils.bert: PreTrainingOutput, BertForPreTraining

# %% tags=["definition"]
# course_utils.bert: make_bert

# %% [markdown]
# Is it the same machine? The parameters of `bert-prose` go into the class on this page, and both read the page with holes:

# %%
yours = BertForPreTraining(prose.model.config).eval()
yours.load_state_dict(prose.model.state_dict())
given = torch.tensor([page.ids])
with torch.no_grad():
    gap = (yours(given).mlm_logits - prose.model(given).mlm_logits).abs().max()
count = sum(p.numel() for p in yours.parameters())
print(f"{count:,} parameters, largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-3 and yours.output.weight is yours.bert.embeddings.tokens.weight

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A task without data
# A row of ten digits that reads the same from both ends, some of them covered. Each digit's answer stands at its mirror position, for the first half on the right, for the second half on the left.

# %% tags=["definition"]
# course_utils.toy_tasks: palindromes

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

MASK, TOKENS = 10, 11
never = torch.zeros(64, 10, dtype=torch.bool)

def one_step():
    model = make_bert(TOKENS, size=64, context=10)
    optimiser = torch.optim.Adam(model.parameters())
    inputs, labels = mask_tokens(palindromes(64), never, TOKENS, MASK)
    loss = mlm_loss(model(inputs).mlm_logits, labels)
    loss.backward()
    optimiser.step()

for_training(one_step)  # with nothing solved it does nothing

# %% seconds=10 slideshow={"point": ["mask_tokens(", "mlm_loss("], "slide_type": "subslide"} tags=["training"]
MASK, TOKENS = 10, 11  # 0 to 9 are the digits
model = make_bert(TOKENS, size=64, context=10)
optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
never = torch.zeros(64, 10, dtype=torch.bool)  # there are no special tokens
for step in range(400):
    inputs, labels = mask_tokens(palindromes(64), never, TOKENS, MASK)
    loss = mlm_loss(model(inputs).mlm_logits, labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 100 == 0:
        print(f"step {step:3}  loss {loss.item():.2f}")

# %% [markdown]
# Now cover one digit in each of 500 new rows. Beside it, the same model when nothing *after* the hole may be read. In half of the rows the twin of the covered digit stands before it, so more than about half cannot be expected:

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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: pre-train it on a real book
# <a id="pre-training"></a>
# Now words from a real book: *The Adventures of Sherlock Holmes*, without its last tenth, in 1,000 pieces. We cut windows from anywhere in it, without `[CLS]` and without pairs: this BERT learns to guess words, and not to answer about the whole.

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

# %%
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
# `fit` is the loop above with a stop button; it also clips gradients, and the learning rate first rises, then falls. (For a while hardly anything happens: the model knows which pieces are common, but not yet where to attend. Be patient.)

# %% seconds=60 slideshow={"slide_type": "subslide"} tags=["training"]
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 1000, "full": 4000}[runtime.profile]
run = fit(mine, batch, loss_of, steps=STEPS, lr=3e-3, clip=1.0,
          schedule=warm_then_fall(STEPS, 100), title="Pre-training your BERT")

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
    "Which piece is missing? First guesses at the "
    f"{int((held.inputs == tokenizer.mask).sum()):,} holes in the book's last tenth",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(held.train, train) and [round(100 * share) for share in counting.values()] == [3, 13, 28]
assert 0.14 < yours_right < 0.28 or runtime.profile == "full"

# %% [markdown]
# Your model began with nothing, and after a minute guesses several times better than the commonest piece, and better than a table that counts which piece followed the left neighbour. But counting *both* neighbours still wins.

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
    "[output|expects] there. "
    "In the running notebook, the line below covers the piece before it, too.",
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

# %% [markdown]
# **Keep this:** pre-training needs only text, but much of it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: one model, four uses
# <a id="fine-tuning"></a>
# **Fine-tuning:** keep the encoder, put *one* new layer on it, the *task head*, and train everything a little further on examples with labels. Four patterns cover most tasks:
#
# | task | two examples | the head reads |
# |---|---|---|
# | a sentence | *The soup was cold and the waiter rude.* → negative · *I would go back tomorrow.* → positive | `[CLS]`: one of C classes |
# | two sentences | *A man plays the guitar. / A man makes music.* → follows · *… / The man is asleep.* → contradicts | `[CLS]`: one of C classes |
# | a tag for each word | *Ada Lovelace lived in London.* → B-person I-person O O B-place · *It rained.* → O O | each vector: one of C tags |
# | an answer in a text | *Who found it? / Anna found the key under the mat.* → Anna · *Where? / …* → under the mat | each vector: start? end? |
#
# We do the first and the last; [the annex](06_bert_annex.ipynb#What-can-be-read-from-two-sentences?) does the others.
#
# **A sentence.** 2,000 short sentences of ours, good or bad: *The waiter seemed mean, but was really polite.* The encoder is `bert-prose`, the loop is the one you know:

# %%
from chapters.ch06.finetuning import task_of

task = task_of("sentiment", prose.tokenizer)
tuned = task.model(prose.model.bert)  # a copy of the encoder, and one new layer
optimiser = torch.optim.AdamW(tuned.parameters(), lr=3e-4)
falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=200)

# %% seconds=30 slideshow={"slide_type": "subslide"} tags=["training"]
draw = torch.Generator().manual_seed(0)
for step in range(200):
    inputs, labels = task.batch(draw)
    loss = F.cross_entropy(tuned(*inputs), labels)  # logits [32, 2], from [CLS]
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    falling.step()
    if step % 40 == 0:
        print(f"step {step:3}  loss {loss.item():.2f}")
right = {split: task.measure(tuned, split)["accuracy"] for split in ("valid", "test")}
print(f"right: {right['valid']:.0%}; new names and patterns: {right['test']:.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert ("The waiter seemed mean, but was really polite.", "positive") in task.examples("train") and len(task.examples("train")) == 2000
assert right["valid"] > 0.85 and right["test"] > 0.6

# %% [markdown]
# <a id="span"></a>
# **An answer in a text.** The answer is a **span** with a first and a last token. Each token gets two logits. One softmax over all *positions* says where the answer begins, another where it ends. The two may disagree, and the best end may come before the best beginning.
#
# ### Exercise 3 ●●● · 8 minutes
# Of all pairs inside the text with first ≤ last, find the one with the largest product of probabilities.
#
# <!-- example: answer span -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("answer span")
def best_span(start_logits, end_logits, allowed):
    """start_logits, end_logits [T]; allowed [T] bool: where an answer may lie
    -> (first, last)"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: answer span -->
#
# `bert-questions` answers *Who sold a coin?* It was trained on our own small texts; before that, one of its heads was set by hand to look for words that stand in both question and text, and [without this head it can do little](06_bert_annex.ipynb#What-do-the-heads-attend-to?).

# %% jupyter={"source_hidden": true}
answerer = load_checkpoint("bert-questions")
questions = task_of("questions", answerer.tokenizer)
questions.max_length = answerer.model.config.context
several = [
    e
    for e in questions.examples("test")[:80]
    if (e.question, e.answer) == ("Who sold a coin?", "Ivan")
]
answers = questions.predict(answerer.model, [(e.question, e.context) for e in several])
question, answer = next(
    (e, a)
    for e, a in zip(several, answers, strict=True)
    if a.starts.argmax() > a.ends.argmax() > 0
)
read = questions.inputs([question])[0]
context = slice(read.segments.index(1), len(read) - 1)
inside = (torch.arange(len(read)) >= context.start) & (
    torch.arange(len(read)) < context.stop
)

# %%
first, last = best_span(answer.starts.log(), answer.ends.log(), inside)
print(question.question, "→", *answer.tokens[first : last + 1])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
first, last = int(first) - context.start, int(last) - context.start
labs.tagged(
    answer.tokens[context],
    [(first, last, "answer")],
    start=answer.starts[context],
    end=answer.ends[context],
    question=question.question,
    title="Where does the answer begin, and where does it end?",
    caption="Bars show how probably the answer starts (filled) or ends (open) at each "
    "piece; the best pair is "
    "[output|framed]. Then choose “each by itself”.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (answer.first, answer.last) == (first + context.start, last + context.start) and question.answer == answer.text == "Ivan"
assert answer.starts.argmax() > answer.ends.argmax() > 0
assert round(answerer.card["metrics"]["test_exact_match"], 2) == 0.69

# %% [markdown]
# In 69 % of our test questions its answer is right to the letter. A single BERT-large, trained on other questions first, reached an F1 of 91.8 (shared words) on SQuAD 1.1, with questions that people wrote about Wikipedia. <!-- source: Devlin et al. 2019, table 2, single model with TriviaQA -->
#
# **Keep this:** a new task is one new layer; which vectors it reads depends on the task.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What was pre-training worth?
# Would the same network have learned the same from your 2,000 sentences *without* having read novels first? That is a fair question only to a decent rival: the same sizes and vocabulary, the same sentences, 300 steps, and for each of the two the best of three learning rates, chosen with another seed on other sentences. <!-- source: data/results/bert_worth.json -->
#
# And it matters what is *new* in a test. In the first, names, nouns and sentence patterns are: of “Max expected a polite clerk, but the clerk was rude.”, *Max*, *expected* and *clerk* are in no training sentence, but *polite* and *rude* are. In the second, the judging words themselves are new: *polite, clean, beautiful, delicious* and *rude, dirty, ugly, horrible* are in no labelled sentence, while the patterns are known.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In the second test, no labelled sentence has told anybody that polite is good. "
    "Which of the two models gets more than a coin right?",
    [
        "both: the patterns give it away",
        "neither: nobody told them",
        "only the pre-trained one",
    ],
    answer=2,
    because="See the table: 70 % against 43. What the labels did not say, the novels "
    "had.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
worth = results.load("bert_worth")
new_in = {"patterns": "names, nouns, patterns", "adjectives": "eight adjectives"}
Table(
    [
        {
            "new in the test": new_in[name],
            "from scratch, %": spread(found["from scratch"]),
            "pre-trained, %": spread(found["pre-trained"]),
            "counting words, %": f"{100 * found['counting words']:.0f}",
        }
        for name, found in worth["questions"].items()
    ],
    f"Right of {worth['questions']['patterns']['sentences']['test']} and "
    f"{worth['questions']['adjectives']['sentences']['test']} sentences, "
    f"{worth['steps']} steps, mean of {worth['seeds']} seeds (lowest to highest). "
    "Counting words is logistic regression: a learned weight for each word. "
    f"{worth.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch06.experiments import worth as worth_study

found = {name: [round(100 * one[start]["mean"]) for start in worth_study.STARTS] for name, one in worth["questions"].items()}
assert found == {"patterns": [83, 82], "adjectives": [43, 70]} and worth["steps"] == 300 and worth["seeds"] == len(worth["rates"]) == 3
adjectives = worth["questions"]["adjectives"]
assert [round(100 * adjectives["pre-trained"][end]) for end in ("lowest", "highest")] == [61, 80]
assert adjectives["from scratch"]["highest"] < 0.53 and abs(adjectives["counting words"] - 0.5) < 0.02
assert sum(one[start]["rate"] == min(worth["rates"]) for one in worth["questions"].values() for start in worth_study.STARTS) == 3
known = {word for e in task.examples("train") for word in worth_study.words_of(e.text)}
assert not {"max", "expected", "clerk"} & known and {"polite", "rude"} <= known
assert sorted(sum(worth_study.HELD_OUT.values(), ())) == sorted("polite clean beautiful delicious rude dirty ugly horrible".split())
assert ("Max expected a polite clerk, but the clerk was rude.", "negative") in task.examples("test")

# %% [markdown]
# New names and patterns: no difference, 83 % from scratch and 82 pre-trained. New adjectives: from scratch, the model has no idea (43 %, no better than a coin), and counting words cannot have one either. Pre-trained, it gets 70 % (61 to 80), because in novels *polite* keeps company with words that the labels did explain. (In three of the four cases the best rate was the smallest that we tried.)
#
# **Keep this:** pre-training is worth what the labelled examples do not say.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A thin change: LoRA
# <a id="lora"></a>
# Four tasks, four copies of the model on the disk? You have fine-tuned all of `bert-prose`. Take one of its matrices before, $W$, and after. How large is the difference $\Delta W$ really? A *singular value decomposition* writes it as a sum of directions, the strongest first, each an outer product of a column and a row:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
name = "bert.blocks.3.attention.value.weight"
delta = (tuned.state_dict()[name] - prose.model.state_dict()[name]).float()  # [256, 256]
U, S, V = torch.linalg.svd(delta)
kept_4 = (S[:4].square().sum() / S.square().sum()).item()
plot.lines(
    {"ΔW of the last block's value matrix": (list(range(1, 65)), S[:64])},
    "direction",
    "singular value",
    title="How many directions has the change?",
    caption=f"The first 64 of 256 singular values. The first four hold {kept_4:.0%} of "
    "the sum of squares.",
)

# %% [markdown]
# A few directions carry most of it. **LoRA** (*low-rank adaptation*, 2021) therefore freezes $W$ and learns only a thin change: <!-- source: Hu et al. 2021 -->
#
# $$ W' = \underbrace{W}_{\text{frozen}} + \tfrac{\alpha}{r}\,\underbrace{B A}_{\text{trained}},\qquad B\;[D, r],\quad A\;[r, D] $$
#
# $r$ is the **rank**, 4 for instance, and $\alpha$ a constant. $B$ starts as zeros, so at first nothing changes. After training, the product is added to $W$, so the model is no slower.
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

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
B, A = U[:, :4] * S[:4].sqrt(), S[:4, None].sqrt() * V[:4]  # [256, 4], [4, 256]
corner = {"ΔW": delta[:16, :16], "B": B[:16], "A": A[:, :16], "B A": (B @ A)[:16, :16]}
corner = {name: matrix.abs() / matrix.abs().max() for name, matrix in corner.items()}
sides = {
    name: [list(map(str, range(1, n + 1))) for n in matrix.shape]
    for name, matrix in corner.items()
}
plot.maps(
    corner,
    {name: rows for name, (rows, _) in sides.items()},
    {name: columns for name, (_, columns) in sides.items()},
    across=4,
    title="How do two thin matrices make a square one?",
    caption="B A has the shape of ΔW, but is made of two matrices of rank 4. Shown are "
    "the first 16 of 256 features; "
    "ink is the size of a number.",
)

# %% [markdown]
# How much of what was learned is in four directions? Give every matrix of the blocks only the best rank-4 part of its change:

# %%
def thin(before, after, rank):
    """The best change of this rank, put onto the matrix as it was."""
    U, S, V = torch.linalg.svd(after - before, full_matrices=False)
    return low_rank(before, U[:, :rank] * S[:rank], V[:rank], alpha=rank)

# %%
start = prose.model.state_dict()
end = {n: W.clone() for n, W in tuned.state_dict().items()}
matrices = [n for n, W in end.items() if n.startswith("bert.blocks") and W.dim() == 2]
shares, numbers = {}, {}
for rank in (1, 4, 16):
    thinner = {n: thin(start[n].float(), end[n], rank) for n in matrices}
    tuned.load_state_dict(end | thinner)
    shares[rank] = task.measure(tuned, "test")["accuracy"]
    numbers[rank] = sum(rank * sum(end[n].shape) for n in matrices)
    print(f"rank {rank:2}: {numbers[rank]:9,} numbers, {shares[rank]:.0%} right")

# %%
tuned.load_state_dict(end)
every = sum(end[n].numel() for n in matrices)
print(f"all:     {every:9,} numbers, {right['test']:.0%} right")

# %% [markdown]
# Sixteen directions of each change, with a tenth of its numbers, do nearly as well as the whole; one direction does next to nothing. LoRA goes further, and *trains* $B$ and $A$ alone. In our recorded runs on a smaller model, rank 4 is 0.8 % of all parameters: as good as training everything on sentences with known words and patterns, behind it on new names and patterns (84 % against 96). [The annex](06_bert_annex.ipynb#What-is-a-bottleneck-adapter?) has the table, and the adapters that came before.

# %% jupyter={"source_hidden": true} tags=["asserts"]
ways = results.load("bert_adapters")
assert shares[16] > right["test"] - 0.05 and shares[1] < right["test"] - 0.1
assert 10 * numbers[16] < 1.1 * every and kept_4 > 0.5
of_sentiment = {row["what learns"]: row for row in ways["tasks"]["sentiment"]["rows"]}
assert round(of_sentiment["LoRA"]["of all, in %"], 1) == 0.8
assert abs(of_sentiment["LoRA"]["valid"]["mean"] - of_sentiment["all"]["valid"]["mean"]) < 0.01
assert [round(100 * of_sentiment[way]["test"]["mean"]) for way in ("LoRA", "all")] == [84, 96]

# %% [markdown]
# **Keep this:** a change of low rank can be nearly as good as a whole one, and fits into a small file.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Both sides, or the left one?
# Back to the page with holes. We had covered *opened, into, chair, hand, life* and *shook*. The first guess of `bert-prose` is right five times, and *life* is its second. If it may read only what comes *before* a hole, it is right twice, but it was never trained for that. (This page is easy. Of all words covered in three books that it has not read, it gets 26 %.)
#
# So we train for it. Your small BERT learns from the book twice: once every hole sees both sides, once only its left, by a causal mask. Nothing else differs; 1,000 steps, three seeds, recorded.

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
rows.append(
    {
        "who guesses": "BERT, 4,000 steps",
        "sees": "both sides",
        "right, %": f"{100 * sides['both sides, longer']:.1f}",
    }
)
Table(
    rows,
    f"First guesses at {sides['gaps']:,} holes in the book's last tenth; means of "
    f"{sides['seeds']} seeds (lowest to highest), one seed for 4,000 steps. "
    f"{sides.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (sum(both_right), sum(left_right)) == (5, 2) and not both_right[4] and left_right[3] and left_right[4]
assert prose.tokenizer.words[expected[holes[4]].topk(2).indices[1]] == "life" and round(100 * prose.card["metrics"]["valid_top_1"]) == 26
assert [round(100 * sides[side]["mean"]) for side in book_study.SIDES] == [20, 12] and sides["both sides"]["lowest"] > sides["the left side"]["highest"]
assert (sides["steps"], sides["longer"], sides["seeds"]) == (1000, 4000, 3) and round(100 * sides["both sides, longer"]) == 32
assert [round(100 * share) for share in sides["counting"].values()] == [3, 13, 28]

# %% [markdown]
# With both sides the same model guesses 20 % of the pieces, with the left side 12 %. Counting neighbours agrees: 28 % against 13. And what your model lacked was practice: after 4,000 steps it guesses 32 %, more than counting. (A real GPT learns from *every* position of a text, not only from covered ones; so this tells what the right side is worth, not which model learns faster.)
#
# **Keep this:** what comes after a word tells much about it. That is what BERT was built for.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# This writes your BERT into one file, with your functions where they are right and the course's where not. It needs only torch, knows all four heads and LoRA, fills palindromes when it is run, and is tested in a process of its own.

# %%
from course_kit.mine import keep

keep("bert")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. A static vector belongs to a word, a contextual one to a word in a sentence.
# 2. BERT's input is a sum of three rows: token, segment and position.
# 3. Pre-training: choose some words, cover most of them, and count the loss only there.
# 4. Fine-tuning puts one layer on top and trains everything a little.
# 5. LoRA freezes the matrices and learns two thin ones beside each.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three open questions
# They are discussed in [the annex](06_bert_annex.ipynb#open-questions).
# 1. *Prove:* $BA$ has at most rank $r$, and every matrix of rank $r$ can be written so.
# 2. *Design an experiment:* how would you find out whether a model has learned what *polite* means, or only which sentences it stands in?
# 3. *Why not* cover half of the words, so that each text gives more to learn?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [static vector](#static) | 静态词向量 | one per word |
# | [contextual vector](#contextual) | 上下文词向量 | one per word in a sentence |
# | [WordPiece](#wordpiece) | 词片 | longest known piece first |
# | [CLS and SEP](#cls) | 分类标记、分隔标记 | a position that tasks read; the end of a sentence |
# | [segment embedding](#segment) | 段嵌入 | which of the two sentences |
# | [embedding sum](#embedding-sum) | 嵌入求和 | token + segment + position |
# | [masked language model](#mlm) | 掩码语言模型 | predicts covered words |
# | [next sentence prediction](#nsp) | 下一句预测 | does B follow A? |
# | [pre-training](#pre-training) | 预训练 | on text alone, before any task |
# | [fine-tuning](#fine-tuning) | 微调 | further training, on a task with labels |
# | [answer span](#span) | 答案片段 | from a first word to a last one |
# | [LoRA](#lora) | 低秩适配 | a thin product added to a matrix |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(6)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: the other half
# BERT fills a hole, but it cannot write you a letter. Chapter 7 takes the *decoder* alone. And what are BERTs for today? Mostly for search: [the annex](06_bert_annex.ipynb#What-are-BERTs-for-today?) begins with it.
#
# **→ [7 · What comes next?](07_gpt.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 6, edition 0.3.0, and the heading above it.*
