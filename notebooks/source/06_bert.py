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
from IPython.display import display
from chapters.ch06.experiments.contextual import TOLD_LATER, gpt_vectors, nearest_alike, word_vectors
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
    "a BERT that has read 29 books [output|expects] there.",
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
# We had cut out *opened, into, chair, hand, life* and *shook*. For the first you need *the door*, for the second *the room*, and for the last *his head*. All of them come after the hole. You used both sides without thinking about it, and so does the model, whose first guess is right five times.
#
# </details>
#
# The bars come from `bert-prose`, a small BERT that we trained on novels and children's books. Nobody had to label anything for it, because whenever you cover a word in a text, you have a question whose answer you know. This lesson is about how much a machine can learn from such questions, and what you can then do with it.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: what is it for?
# BERT is rarely used to fill holes. We use it to *understand* a text that is already there: is this review good or bad, which names are in this letter, which of a million pages answers my question? In each case a text goes in and vectors come out, one for each word or one for the whole text. A small layer should then be enough to compute the answer from them.
#
# <a id="static"></a><a id="contextual"></a>
# What should such a vector know? Take the word *bank* in two sentences: *The bank refused to lend him more*, and *The bank was steep and wet with the rain*. In word2vec and GloVe (2013, 2014) each word has one row in a table, so both banks get the same vector. Such a vector is called **static**. What you want is a **contextual** vector, which depends on the words around it.
#
# ELMo (2018) made such vectors with two recurrent networks, one from each side. GPT (2018) is a Transformer that reads from left to right. When GPT comes to *bank*, it has read only *The bank*, in either sentence. So it has to give the same vector twice, however well it was trained. **BERT** (Google, 2018: *Bidirectional Encoder Representations from Transformers*) is chapter 5's encoder, where each word may look at both sides. <!-- source: Devlin et al. 2019, sections 2 and 3 -->
#
# Let us ask two models that have read the same books, our BERT and a GPT. For each sentence `word_vectors` runs BERT and takes the row at which *bank* stands, `hidden[n, place_of_bank]`. `gpt_vectors` does the same with GPT:

# %%
told = [*TOLD_LATER["money"], *TOLD_LATER["river"]]  # 8 sentences of each kind
money = torch.arange(len(told)) < 8
layers = word_vectors(prose.model.bert, prose.tokenizer, "bank", told)
gpt = gpt_vectors(load_checkpoint("gpt-prose"), "bank", told)  # [16, D]
table, bert = layers[0], layers[-1]  # before the first block, and after the last

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.banks(
    "bank",
    (told[1], told[8]),
    {
        from_cell("one row of a table"): table[[1, 8]],
        from_cell("GPT, from the left"): gpt[[1, 8]],
        from_cell("BERT, both sides"): bert[[1, 8]],
    },
    title="Which bank is it?",
    caption="The [output|vector] of “bank” in two sentences: eight of its numbers. Whose "
    "vectors differ? Play it.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (told[1], told[8]) == ("The bank refused to lend him more.", "The bank was steep and wet with the rain.")
assert all(sentence.startswith("The bank ") for sentence in told) and torch.equal(table, table[:1].expand_as(table))
assert (gpt - gpt[0]).abs().max() < 1e-4 < 0.1 < (bert[1] - bert[8]).abs().max()

# %% [markdown]
# BERT's vectors differ, but do they differ in what matters? We wrote 16 sentences that begin with *The bank*, half of them about money and half about rivers. For each sentence we look for the one whose vector is *nearest*, and ask whether it is about the same kind of bank:

# %%
for name, vectors in {"GPT": gpt, "BERT": bert}.items():
    share = nearest_alike(vectors, money)
    print(f"{name:4} {share * 16:.0f} of 16 have a neighbour of their own kind")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(16 * nearest_alike(bert, money)) == 13 and nearest_alike(gpt, money) < 0.65
last = gpt_vectors(load_checkpoint("gpt-prose"), None, told)
assert round(16 * nearest_alike(last, money)) == 14

# %% [markdown] tags=["keep"]
# At the place of *bank*, BERT has gathered what the sentence is about, and so 13 of 16 have a neighbour of their own kind. GPT's 16 vectors are all equal, so every neighbour is equally near, and its 8 of 16 mean nothing. If you let GPT read on, the vector of its last token, the full stop, does know which bank was meant. But in these sentences the words that tell it come *after* *bank*, and when GPT makes its vector for *bank*, it has not read them yet.
#
# <details><summary>How sure is this?</summary>
#
# We wrote all 16 sentences before we asked any model, so none was picked to suit BERT. If you take GPT's full stop instead, 14 of 16 are right, one more than with BERT. With 16 sentences that is no difference. Without any model, pick for each sentence the one that shares most words with it: 6 of 16 are right. More words and sentences: [the annex](06_bert_annex.ipynb#Do-output-vectors-know-what-a-word-means?). <!-- source: gpt_vectors and nearest_by_words on the same sentences; asserted above -->
#
# </details>
#
# **Keep this:** a contextual vector belongs to a word in its sentence. BERT makes it from both sides.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: the exam
# How would you train such an encoder? A GPT is asked at every word what comes next, and it cannot peep, because it sees only what came before. BERT cannot be asked in this way, because it reads both sides, and so the answer is already in what it reads.
#
# We could forbid each word to look at itself. Is that enough? **Play it.**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.leak(
    "they sat on the bank".split(),
    2,
    title="Can a word hide from itself?",
    caption="No word may look at its own place. Watch [key|“on”] travel.",
)

# %% [markdown]
# It is not enough, because in the first layer the neighbours take up the word, and in the second layer the word reads it back from them. (In a real block the residual connection lets the word through even in the first layer. We leave it out here.) You can see it in numbers. In the simplest attention each word gets the mean of all the *others*, and nothing of itself. We put another word at place 2, and look whether the vector at place 2 changes:

# %%
T = 5
others = (1 - torch.eye(T)) / (T - 1)  # row i: equal weights for all but word i
sentence = torch.randn(T, 16, generator=torch.Generator().manual_seed(0))
changed = sentence.clone()
changed[2] += 1  # another word at place 2
for layers_in_a_row in (1, 2):
    weights = torch.linalg.matrix_power(others, layers_in_a_row)
    gap = (weights @ changed - weights @ sentence)[2].abs().max()
    print(f"{layers_in_a_row} layer(s): the vector at place 2 changes by {gap:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (others @ (changed - sentence))[2].abs().max() == 0 and round((others @ others @ (changed - sentence))[2].max().item(), 2) == 0.25

# %% [markdown]
# So this is the idea of BERT: **when each layer reads both sides of the layer below, every word comes back to itself, and “which word stands here?” is no exam. If you cover the word, the model has to work it out from the others.** A model that guesses covered words is a **masked language model** (MLM). <a id="mlm"></a>
#
# ### Why are some of them left visible?
# BERT is asked about 15 of 100 words. With more, too little would be left to read, and with fewer each text would teach it less. The sign `[MASK]` covers most of the 15, but not all of them:
#
# | of the chosen | the model reads | it has to say |
# |---|---|---|
# | 80 % | the tea was much too [MASK] | hot |
# | 10 %, a random word | the tea was much too *ladder* | hot |
# | 10 %, unchanged | the tea was much too hot | hot |

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
# This is the paper's reason: the texts that you will later give to BERT contain no `[MASK]`. So some of the words that are asked about look normal, and because the model cannot know which ones, it has to make a good vector for *every* word. <!-- source: Devlin et al. 2019, section 3.1 --> What it was worth in small models of ours: [annex](06_bert_annex.ipynb#What-is-each-part-of-pre-training-worth?).

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

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 1 ●●● · 11 minutes
# Write the masking (`torch.where` does most of it). For each chosen word, one random number decides between the three cases: below 0.8, up to 0.9, and above. The labels are the words themselves where chosen, and elsewhere −100, which means *not asked*. With a pencil, let `[MASK]` be 4 and the random word be 6:
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
# **Keep this:** in a stack of layers a word can see itself. If you cover it, the others must tell it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: build it
# From outside, BERT is a function of a text. It returns a score for each word of the vocabulary at each place, and two scores for whether the second sentence follows the first.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.two_answers(
    prose.model,
    "[CLS] Was it cold ? [SEP] It was . [SEP]".split(),
    title="Where do BERT's two answers come from?",
    caption="The second sentence is B.",
)

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
from course_utils.bert import make_bert

dummy = make_bert(vocab=1000, size=128, layers=2)
ids = torch.randint(1000, (2, 12))
segments = torch.tensor([[0] * 7 + [1] * 5] * 2)  # 7 tokens of A, 5 of B
mask = torch.ones(2, 12, dtype=torch.bool)  # True = a real token
words, follows = dummy(ids, segments, mask)
print("in: ", *(tuple(x.shape) for x in (ids, segments, mask)))
print("out:", *(tuple(x.shape) for x in (words, follows)))

# %% [markdown] slideshow={"slide_type": "skip"}
# $B$ texts, $T$ tokens each, $D$ features, $V$ tokens in the vocabulary. Let us follow a text through it, beginning with the input.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Three rows for each token
# <a id="wordpiece"></a><a id="cls"></a><a id="segment"></a><a id="embedding-sum"></a>
# A text is first cut into pieces of the vocabulary. **WordPiece** takes the longest known piece from the left, then goes on, and marks a continuation with `##`. BERT reads one text or two, `[CLS] A [SEP] B [SEP]`. `[SEP]` ends a text. `[CLS]` is an extra token at the front. Its vector at the output stands for the whole text.
#
# Attention alone knows neither the order of the words nor which text they belong to. So you give each token three learned rows and add them: one for the token, one for its position, and one for its **segment**, which is 0 in the first text and 1 in the second:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.rows(
    "[CLS] Was it cold ? [SEP] It was . [SEP]".split(),
    [0] * 6 + [1] * 4,
    title="What does the first block get?",
    caption="Two texts, and for each token the number of its row in each of the three tables.",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# With a pencil: a token stands in segment 0, at position 1. Its row in the table of tokens is (5, 0), in the table of segments (0, 1), and in the table of positions (10, 20). What is the sum?
#
# ### Exercise 2 ●○○ · 4 minutes
# Write the sum.
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

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
words = torch.tensor([[0, 0], [0, 0], [5.0, 0]])
kinds, places = torch.tensor([[0, 1.0], [0, 0]]), torch.tensor([[0, 0], [10.0, 20]])
ids, segments = torch.tensor([[0, 2]]), torch.tensor([[0, 0]])
print(embed(ids, segments, words, kinds, places)[0, 1].int().tolist())

# %% [markdown] slideshow={"slide_type": "skip"}
# The class adds the layer norm:

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.bert: BertConfig

# %% slideshow={"point": ["tables =", "embed(ids"], "slide_type": "skip"} tags=["definition"]
# course_utils.bert: BertEmbeddings

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Blocks, and what comes after them
# Heads and feed-forward networks come from chapter 5.
#
# **What differs from chapter 5's block:** the norm comes *after* the sum, `norm(x + f(x))`, as in 2017, and the non-linearity is GELU, a smooth ReLU.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.norms(
    title="Where is the norm?",
    caption="Attention in a block, in chapter 5 and here. The [key|curve] is the residual connection.",
)

# %% jupyter={"source_hidden": true}
from course_utils.attention import MultiHeadAttention
from course_utils.blocks import PositionwiseFFN, activation, init_small

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.bert: BertOutput, PreTrainingOutput

# %% slideshow={"point": ["self.norm("]} tags=["definition"]
# course_utils.blocks: PostNorm

# %% slideshow={"point": ["lambda h"], "slide_type": "skip"} tags=["definition"]
# course_utils.bert: BertBlock

# %% [markdown]
# <a id="nsp"></a>
# **New in the encoder:** the three tables in front, and at the end a small layer, the *pooler*. It belongs to a second exam of the first BERT, **next sentence prediction** (NSP): does B really follow A? RoBERTa (2019) was no worse without it, so we do not train it in this lesson ([the annex](06_bert_annex.ipynb#Does-B-follow-A?) does). We keep its layers because `bert-prose` has them, and because a new task will need the pooler. <!-- source: Liu et al. 2019, section 4.2 -->

# %% slideshow={"point": ["pooler"]} tags=["definition"]
# course_utils.bert: Bert

# %% [markdown]
# **New behind the encoder:** each vector goes through one more linear layer, a GELU and a layer norm. Then the logits are computed. As in chapter 5, a logit is a dot product with a row of the token table, plus a bias.

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
# We load the parameters of `bert-prose` into the class on this page. Does it compute the same logits as the course's own model?

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

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A task without data
# Does it learn? Take rows of ten digits that read the same from both ends. If you cover a digit, the answer is at its mirror position, and the model has to find that out.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.mirror(
    [3, 1, 4, 1, 5, 5, 1, 4, 1, 3],
    2,
    title="Where does the answer stand?",
    caption="A row of ten digits. One of them is [query|covered]. Choose who reads.",
)

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.toy_tasks: palindromes

# %% slideshow={"slide_type": "skip"}
MASK, TOKENS = 10, 11  # 0 to 9 are the digits
never = torch.zeros(64, 10, dtype=torch.bool)  # there are no special tokens

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.training_step(
    prose,
    "she opened the door and came into the room .",
    (3, 8),
    title="What does one step of training do?",
    caption="Our bert-prose, one sentence, two [query|covered] words. Play it.",
)

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

# %% seconds=10 slideshow={"point": ["mask_tokens(", "mlm_loss("], "slide_type": "subslide"} steps=[400, 100] tags=["training"]
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

# %% [markdown] slideshow={"slide_type": "skip"}
# Now cover one digit in each of 500 new rows. Then hide from the same model what comes *after* the hole. For half of the holes the mirror digit is in the part that we hide.

# %% slideshow={"slide_type": "skip"}
rows, hole = palindromes(500), torch.randint(10, (500, 1))
covered = rows.scatter(1, hole, MASK)
with torch.no_grad():
    both = model(covered).mlm_logits.argmax(-1)
    left = model(covered, mask=torch.arange(10) <= hole).mlm_logits.argmax(-1)
for side, guess in {"both sides": both, "left side only": left}.items():
    right = (guess == rows).gather(1, hole).float().mean()
    print(f"{side:15} {right:.0%} of the holes are right")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert (both == rows).gather(1, hole).float().mean() > 0.95 > 0.75 > right

# %% [markdown] tags=["keep"]
# (Its loss does not reach 0, because sometimes the mirror digit is covered, too.) With both sides the model fills every hole, or nearly every one. With the left side alone it fills about half: those whose mirror digit is visible, and a few by luck.
#
# **Keep this:** a BERT is chapter 5's encoder, with three rows for each token in front.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: pre-train it on a book
# <a id="pre-training"></a>
# Now let your BERT read. **Pre-training** needs no labels, only a text. We take *The Adventures of Sherlock Holmes* and keep its last tenth for the exam. The vocabulary has 1,000 pieces, and the model reads windows of 16, cut anywhere.

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
# This is one window of a batch, with what the model reads of it and what it has to say:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
first = batch(torch.Generator().manual_seed(0))
inputs, labels = (part[30].tolist() for part in first)
labs.exam(
    tokenizer.tokens([i if told == -100 else told for i, told in zip(inputs, labels)]),
    tokenizer.tokens(inputs),
    [label != -100 for label in labels],
    title="What is one window asked?",
    caption="Sixteen pieces of the book, from anywhere in it.",
)

# %% [markdown]
# And this is one step of training, by hand: compute the loss, let it flow back, change the parameters, and compute it again:

# %%
mine = make_bert(len(tokenizer), context=16)
before = loss_of(mine, first)
before.backward()
torch.optim.Adam(mine.parameters(), lr=1e-3).step()
after = loss_of(mine, first)
print(f"loss before the step {before.item():.2f}, after it {after.item():.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(before.item() - 6.91) < 0.6 and after < before and len(tokenizer) == 1000

# %% [markdown]
# `fit` is the loop that you know, with a stop button. It also clips gradients, and lets the learning rate first rise, then fall. The picture has two lines to compare with: pure guessing, and a model that knows how often each piece occurs and nothing else (*by frequency*).

# %%
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 1000, "full": 4000}[runtime.profile]
often = torch.bincount(train) / len(train)  # of each piece

# %% seconds=60 slideshow={"slide_type": "slide"} tags=["training"]
run = fit(mine, batch, loss_of, steps=STEPS, lr=3e-3, clip=1.0,
          schedule=warm_then_fall(STEPS, 100), title="What does it learn first?",
          compare={"guessing": math.log(len(tokenizer)),
                   "by frequency": torch.special.entr(often).sum().item()})

# %% [markdown]
# How good is it? We ask it about the last tenth of the book, and compare it with rivals that only *count* in the rest of the book. One knows the piece on the left, one the two pieces on the left, and one a piece on each side. Each guesses the piece that most often stood beside these neighbours in the rest of the book.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from chapters.ch06.experiments import book as book_study

held = book_study.holmes()
counting, yours_right = book_study.by_counting(held), book_study.right(mine, held)
who = "the commonest piece", "left neighbour", "two on the left", "both neighbours"
rows = [{"who guesses": name, "right, %": round(100 * counting[name])} for name in who]
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
assert abs(early.mean() - torch.special.entr(often).sum()) < 0.2 and torch.equal(held.train, train) and [round(100 * share) for share in counting.values()] == [3, 13, 20, 28]
assert results.load("bert_book")["longer"] == 4000 and round(100 * results.load("bert_book")["both sides, longer"]) == 32

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert 0.14 < yours_right < 0.28 or runtime.profile == "full"

# %% [markdown] tags=["keep"]
# At first your model learns only how often each piece occurs, and says nearly the same at every hole. Later its guesses depend on the words around the hole. After a minute it is right several times as often as the commonest piece. But counting two pieces is still better, because in one small book counting is hard to beat. With four times the steps BERT gets 32 %, more than any row of this table. <!-- source: data/results/bert_book.json -->
#
# How much does it help to see both sides? Counting can answer this, because you can give it two pieces each time: with one on each side 28 % are right, and with two on the left 20 %.
#
# **Keep this:** pre-training needs no labels, only text. What comes after a word helps to guess it.

# %% [markdown]
# Now ask your own model. Here is a sentence of the kind that Holmes says. What does it expect in the place of each piece?

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
    return from_cell(
        "With the piece before it covered, too: {guesses}", guesses=", ".join(guesses)
    )


display(view, below(view, with_two_covered, "position"))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(line) <= 16

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a new task is one new layer
# <a id="fine-tuning"></a>
# Guessing holes was never the aim. Say you run a hotel, and want to know which of a thousand reviews are bad. You label some of them by hand. The model does not have to learn English from these few labels, because you take an encoder that can read already. You put *one* new layer on it, the *task head*, and train everything a little further on your labels. This is called **fine-tuning**. BERT's paper solves eleven tasks in this way, and shows four kinds of head: <!-- source: Devlin et al. 2019, figure 4 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.task_heads(
    title="On which vectors does the new layer sit?",
    caption="Below what BERT reads, above what the [output|new layer] says. Choose a task.",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# <a id="span"></a>
# If a question is answered by a piece of a text, this piece is a **span**: one softmax over all *positions* picks its first token, another one its last. We do the first task here, and [the annex](06_bert_annex.ipynb#Is-an-answer-a-class?) the others.
#
# ### Exercise 3 ●○○ · 3 minutes
# Write the head: the pooler on the vector of `[CLS]`, a tanh, and the new layer. With a pencil: the vector is (0, 1), the pooler multiplies it by 10, and the classifier turns (a, b) into (a, b, a + b). The tanh of 10 is nearly 1. Which three numbers come out?
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
# Which encoder? Your own has read a single book, and `bert-prose` novels, which say little about hotels. `bert-stories` is smaller, but has read short stories of everyday life. Our labelled sentences are 2,000 short reviews, such as *The waiter seemed mean, but was really polite.* You cannot solve this by counting good and bad words, because this review has one of each. A batch is 32 reviews, padded:

# %%
from course_kit.data import stories
from course_kit.text import pad

reader = load_checkpoint("bert-stories")
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
# We test twice: on other reviews of the same kind, and on reviews with *new* names and patterns, such as *Max expected a polite clerk, but the clerk was rude*. No review in the training has *Max*, *expected* or *clerk*, or is built like this one.

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

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What was the reading worth?
# Would the same network have learned it *without* having read anything? We trained it from scratch on the same reviews, for as many steps.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The network from scratch gets the same 2,000 reviews and the same 200 steps. How "
    "well does it judge reviews with new names and patterns?",
    ["as well: the reviews are enough", "worse, but better than a coin", "like a coin"],
    answer=1,
    because="From 2,000 reviews it learns something of English, but less than the other "
    "network, which had read before.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
recorded = results.load("bert_sentiment")
ways = {"from scratch": "from scratch", "pre-trained": "pre-trained on stories"}
kinds = ["reviews of the same kind", "new names and patterns"]
plot.bars(
    kinds,
    {
        name: [100 * recorded[way][split]["mean"] for split in ("valid", "test")]
        for way, name in ways.items()
    },
    ylabel="right, %",
    digits=0,
    title="What was the reading worth?",
    caption=from_cell(
        "One network, with and without pre-training, after {steps} steps: means of {seeds} "
        "trainings. A coin gets 50 %. {about}",
        steps=recorded["steps"], seeds=recorded["seeds"], about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
scratch, read = recorded["from scratch"], recorded["pre-trained"]
assert recorded["steps"] == 200 and recorded["seeds"] == 3 and len(known) == 2000
assert [round(100 * way["test"]["mean"]) for way in (scratch, read)] == [70, 85] and 0.9 < scratch["valid"]["mean"] < read["valid"]["mean"]
assert [round(100 * x) for x in (read["test"]["lowest"], read["test"]["highest"], scratch["test"]["highest"])] == [83, 88, 77] and len(scratch["rates tried"]) == 2

# %% [markdown] tags=["keep"]
# On reviews of the kind that both have seen, the network from scratch nearly keeps up. On new names and patterns it reaches 70 %, and the network that has read reaches 85. (These are means of three trainings, and yours above is a single one.) Both are the same network, with the same labels and as many steps. The only difference is that one of them was pre-trained on stories, for which nobody had to write a label.
#
# Does reading always pay? On film reviews our small `bert-prose` gained nothing, and a published model that has read far more gained ten points ([annex](06_bert_annex.ipynb#How-good-is-it-on-real-text?)).
#
# <details><summary>How sure is this?</summary>
#
# Each bar is the mean of three trainings. With reading the three got 83 to 88 % of the new reviews, and the best one from scratch 77. With another random start of the new layer one training reached 95. For the network from scratch we kept the better of two learning rates, and chose first parameters that suit a small network. Stories and reviews were both written by our programs and share many words, so elsewhere expect less.
#
# </details>
#
# **Keep this:** a new task is one new layer on an encoder that has read before.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A thin change: LoRA
# <a id="lora"></a>
# Fine-tuning may change every number of the model, so for four tasks you would have to keep four copies of it. **LoRA** (*low-rank adaptation*, 2021) leaves a matrix $W$ as it is, and learns a thin change beside it: <!-- source: Hu et al. 2021 -->
#
# $$ W' = \underbrace{W}_{\text{frozen}} + \tfrac{\alpha}{r}\,\underbrace{B A}_{\text{trained}},\qquad B\;[D, r],\quad A\;[r, D] $$

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.thin(
    128,
    4,
    title="How thin is a thin change?",
    caption="One matrix of our model, frozen, and the two that [output|learn] beside it.",
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
# How does the change get into a layer? PyTorch can compute a layer's matrix anew each time the layer is used (a *parametrization*), here by your line. `LowRank` keeps the two thin matrices, and `add_low_rank` puts them beside each query and value matrix:

# %% slideshow={"point": ["self.B =", "low_rank(W"], "slide_type": "skip"} tags=["definition"]
# course_utils.low_rank: LowRank

# %% jupyter={"source_hidden": true}
from torch.nn.utils import parametrize

# %% slideshow={"point": ["requires_grad_(False)", "endswith"]} tags=["definition"]
# course_utils.low_rank: add_low_rank

# %% [markdown] slideshow={"slide_type": "skip"}
# Now only the thin matrices and the head learn. They need a larger learning rate. We tried several, and took 0.01.

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
assert round(100 * slim / every, 1) == 0.8 and round(100 * head / every, 1) == 2.2
assert 4 * (128 + 128) == 1024 and 128**2 == 16_384
assert [round(100 * recorded[way]["test"]["mean"]) for way in ("LoRA", "pre-trained")] == [86, 85] and recorded["rank"] == 4
adapted = {row["what learns"]: row["test"]["mean"] for row in results.load("bert_adapters")["tasks"]["sentiment"]["rows"]}
assert round(100 * adapted["head only"]) == 49

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert thin[0] > 0.85

# %% [markdown] tags=["keep"]
# On reviews of the same kind LoRA is as good as training everything. On new names and patterns it gets 86 % on average over three trainings, and the whole model 85. Single trainings differ, and in yours the whole model may be well ahead. Of all numbers 0.8 % are LoRA's, and 2.2 % the pooler's and the new layer's. The new layer cannot do it alone: if only the classifier learns, it gets 49 %, no better than a coin ([annex](06_bert_annex.ipynb#What-is-a-bottleneck-adapter?)). If the pooler learns as well, but still without LoRA, it is again about half.
#
# **Keep this:** LoRA leaves the matrices as they are, and learns a thin product beside some of them.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# One file holds the tokenizer, the model, its heads, LoRA, `save` and `load`. If your version of a function passed its check, the file has yours, and otherwise ours. It needs only torch. What your model learned goes into `bert.pt` beside it: `python -m mine.bert bert.pt "It was a [MASK] man."`

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
# 1. A static vector belongs to a word, a contextual one to a word in its sentence.
# 2. In a stack of layers a word can see itself. If you cover it, the others must tell it.
# 3. BERT is chapter 5's encoder. Its input is a sum of three rows: token, segment, position.
# 4. A new task needs one new layer. Then everything is trained a little further.
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
