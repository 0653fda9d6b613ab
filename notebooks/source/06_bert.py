# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 6 · Which word is missing?
# *BERT.* **By the end** you will have trained a model to guess masked words, fine-tuned it for four tasks, measured what pre-training was worth, and, if you are online, loaded published parameters into the same classes. <!-- minutes --> **Before:** [chapter 5](05_transformer.ipynb) (blocks, heads, ablation).

# %%
import torch
import course_kit
from chapters.ch06 import labs
from course_kit.views import plot, predict
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A page with holes
# `bert-prose` is an encoder with four of chapter 5's blocks. It learned to guess words that were covered (*masked*) in 29 novels and children's books. **Guess first:** how many of the 12 words below can it guess from the rest of the sentence? And from the words to the left alone? Click a word to cover it.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch06.lesson import BertLesson
from chapters.ch06.pairs import collate, encode
from course_utils.checkpoints import load_checkpoint

prose, stories = (load_checkpoint(name) for name in ("bert-prose", "bert-stories"))
tokenizer, lesson = stories.tokenizer, BertLesson(stories.tokenizer)
gaps = BertLesson(prose.tokenizer).gaps  # each word masked in turn: probabilities of what was there [T, V]
opening = encode(prose.tokenizer, "She opened the door of the house and went into the garden.")
words = [n for n, token in enumerate(opening.tokens) if token.isalpha()]
guessed = labs.predictions(opening.tokens, gaps(prose.model, opening), prose.tokenizer.words, truth=opening.tokens, positions=words,
                           select=opening.tokens.index("garden"), model="bert-prose", title="Which word is missing?",
                           caption="Choose a [query|word] to cover it. The bars show which words bert-prose [output|expects] there.")
left = gaps(prose.model, opening, left=True).argmax(-1)  # attention to everything after the gap is forbidden
from_the_left = sum(prose.tokenizer.words[left[n]] == opening.tokens[n] for n in words)
guessed

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert guessed.right() == (9, 12) and from_the_left == 3
assert [round(100 * prose.card["metrics"][f"valid_top_{n}"]) for n in (1, 10)] == [26, 56]
assert sum(guessed.true(position=n)[2] <= 10 for n in words) == 12 and prose.model.config.num_layers == 4

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# When `bert-prose` sees both sides, its first choice is right for 9 of the 12 words, and the true word is always among its first ten. (Of six sentences that we tried, this was the easiest.) From the left side alone, it gets 3 right, but it was never trained for that. In three held-out books, with 15 % of the words masked at once, its first choice is right for 26 % of them, and its first ten choices include 56 % of them.
#
# </details>
#
# **BERT** (*Bidirectional Encoder Representations from Transformers*, Google, 2018) is an encoder like chapter 5's, trained to guess masked words in a text of 3.3 billion words. It has a norm after each sum, learned positions, and GELU, a smooth ReLU. *Bidirectional* means that BERT reads both sides of a word at once. After further training on single tasks, it reached 80.5 on GLUE, a collection of language tasks (7.7 points above the best result before), and an F1 of 93.2 on the test questions of SQuAD 1.1 (Devlin et al. 2019).
#
# **Keep this:** mask a word, and any text becomes a question with a known answer.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# 1. Which mask does a decoder have that an encoder lacks, and what is it for?
# 2. What are the sub-layers of an encoder block?
# 3. A head attends to the right noun. How do you test whether this matters?
#
# <details><summary>Answers</summary>
#
# 1. The causal mask: a model that is learning to predict the next word must not be able to see it.
# 2. Multi-head attention and a feed-forward network, each with a residual connection and a norm.
# 3. Remove the head, and measure what is lost.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One word, two vectors
# <a id="static"></a><a id="contextual"></a>
# *She drew fifty pounds from the bank. They sat on the bank and fished.* Older methods, word2vec and GloVe, learn a table with one row for each word, so both banks get the same **static** vector. An encoder such as `bert-prose` reads the whole sentence, so its output vector for a word, the **contextual** vector, differs from one sentence to the next.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The model has such a table, too, at its input: there both “banks” share one row (cosine 1). What is the cosine of their two output vectors?",
    ["about 0: they mean different things", "about 0.5", "about 0.95"],
    answer=2,
    because="The cosine is 0.95, but in this model a high cosine says little. In the sentences used below, even a “bank” vector and a “light” vector have a cosine of 0.55 on average (random directions: about 0). For two “bank” vectors, the average is 0.91 if they have the same meaning and 0.89 if not, so the meaning shows only in small differences.")

# %% [markdown]
# Before asking any model, we wrote 24 sentences with “bank” and 24 with “light”, twelve for each meaning. The 24 output vectors of a word have much in common, so we subtract their mean to see the small differences. Then we find each sentence's *nearest* other sentence, the one with the largest cosine. **Guess:** how often does the word mean the same in both sentences? By chance, it would be in about half of the cases.

# %%
from IPython.display import display
from chapters.ch06.experiments.contextual import SENSES, in_two_senses, nearest, nearest_alike, nearest_by_words
from chapters.ch06.experiments.contextual import neighbours, word_vectors
from course_kit.views import Table

alike, outputs = {}, {}
for word in SENSES:
    written, kinds = in_two_senses(word)  # 24 sentences, True for the first meaning
    outputs[word] = word_vectors(prose.model.bert, prose.tokenizer, word, written)[-1]  # after the last block [24, D]
    alike[word] = nearest_alike(outputs[word], kinds), nearest_by_words(written, kinds)
display(Table([{"word": word, "nearest by output vector, %": round(100 * last),
                "nearest by shared words, %": round(100 * shared)} for word, (last, shared) in alike.items()],
              "How often does the word mean the same in the nearest other sentence?"))
others = nearest(outputs[word]).tolist()
Table([{"sentence": written[n], "nearest by output vector": written[others[n]],
        "same meaning": "✓" if kinds[n] == kinds[others[n]] else "✗"}
       for n in range(1, 24, 4)], "Every fourth sentence with “light”")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert word == "light" and len(written) == 24 and int(kinds.sum()) == 12
assert [round(100 * share) for row in alike.values() for share in row] == [96, 46, 83, 50]
assert [in_two_senses("bank")[0][n] for n in (2, 12)] == ["She drew fifty pounds from the bank.", "They sat on the bank and fished."]
assert (banks := torch.cosine_similarity(outputs["bank"][:, None], outputs["bank"], dim=-1)).shape == (24, 24) and round(banks[2, 12].item(), 2) == 0.95
assert round(torch.cosine_similarity(outputs["bank"][:, None], outputs["light"], dim=-1).mean().item(), 2) == 0.55
assert [max(round(100 * nearest_alike(neighbours(prose.model.bert, prose.tokenizer, word, texts, reach), alikes))
            for reach in (1, 2, 3)) for word in SENSES for texts, alikes in [in_two_senses(word)]] == [83, 83]
assert round(banks[:12, 12:].mean().item(), 2) == 0.89 and round((banks * (kinds[:, None] == kinds)).sum().sub(24).item() / (24 * 11), 2) == 0.91

# %% [markdown]
# When output vectors choose the nearest sentence, “bank” means the same there in 96 % of cases, and “light” in 83 %. When shared words choose it, the share is about half, as by chance. A stronger rival needs no encoder: it averages the input table's rows of the neighbouring words. With the best choice of one to three words on each side, it gets 83 % for both words. So for “light”, the output vectors are no better than this rival. For “bank”, they get more, but 24 sentences are too few to prove a difference.
#
# **Keep this:** a table gives a word one vector; an encoder gives it a different one in each sentence.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: four ways to get word vectors
# Which of these methods use both sides of a word?
#
# | | built from | a word's vector sees | this vector is | for a new task |
# |---|---|---|---|---|
# | word2vec, GloVe (2013, 2014) | a table | nothing, once trained | static | a whole model on top |
# | ELMo (2018) | two recurrent networks | left and right separately, joined at the end | contextual | a whole model on top |
# | GPT (2018) | Transformer decoder | its left | contextual | one layer on top |
# | BERT (2018) | Transformer encoder | both sides, in every layer | contextual | one layer on top |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What goes in
# <a id="wordpiece"></a>
# From here to *Published parameters* we use a smaller world, in which you can train a BERT yourself: 10,000 short stories, written by our program. These are the chapter's models:
#
# | model | trained on | blocks, parameters | used in |
# |---|---|---|---|
# | `bert-prose` | 29 books | 4, 5.4 million | the sections above |
# | `bert-stories` | 9,000 stories | 3, 0.8 million | the sections below |
# | your model | the same stories, by you | 2, 0.5 million | *Pre-train it yourself* |
# | `bert-sentiment`, `-pairs`, `-entities`, `-questions` | `bert-stories`, trained further on a task | 3, 0.8 million | *A tag for each word* |
# | `all-MiniLM-L6-v2` | pairs of sentences, by others | 6, 22.7 million | *Published parameters* |
#
# A vocabulary has to be finite, but a text may contain any word. **WordPiece** therefore cuts words into pieces. In our library, the vocabulary is learned by joining pieces that often occur side by side (chapter 7); the original joins the pair that helps the likelihood of the text most. From the left of a word, WordPiece takes the longest piece in its vocabulary and then continues with the rest. Pieces that continue a word are marked with `##`. (A word that cannot be cut becomes `[UNK]`.) Here is one sentence, cut with three vocabularies:

# %% tags=["nbval-check-output"]
from course_kit.data.stories import load
from course_utils.text import WordPiece

train_sentences = [sentence for story in load("stories", "train")[:2000] for sentence in story.sentences]
for size in (150, 400, 1200):
    print(size, "pieces:", *WordPiece.build(train_sentences, max_size=size).cut("She crossed the river on a bridge."))

# %% [markdown]
# <a id="cls"></a><a id="segment"></a>
# Then one or two sentences, A and B, become one sequence of **tokens**, for instance `[CLS] she left [SEP] it was wet [SEP]`: the pieces and two kinds of special token. `[CLS]` stands for no word, so its output vector can be trained to hold what a task needs. `[SEP]` ends a sentence. The **segment** of a position says to which sentence it belongs, here `0 0 0 0 1 1 1 1`.
#
# ### Exercise 1 ●●○ · 5 minutes
# Join two sentences and pad them. Padding gets segment 0.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch06 import again, exercise, find_error, hint, solution

@exercise("bert input")
def bert_input(first, second, cls, sep, pad, length):
    """two lists of ids -> ids, segments, mask, each [T], T = length"""
    raise NotImplementedError

# %% [markdown]
# <a id="embedding-sum"></a>
# Each position now has three numbers: its token, its segment and its position. Each number selects a row from a learned table of its own, and **the three rows are added**. A layer norm follows.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch06.pairs import Batch

two = "she left the bank", "the bank was wet"
pair, embeddings = encode(tokenizer, *two), stories.model.bert.embeddings.eval()
given = bert_input(*map(tokenizer.encode, two), tokenizer.cls, tokenizer.sep, tokenizer.pad, len(pair))  # by your function
batch = Batch(*(row[None] for row in given))
with torch.no_grad():
    places = torch.arange(batch.ids.shape[1])
    parts = embeddings.tokens(batch.ids), embeddings.segments(batch.segments), embeddings.positions(places)[None]
    normed = embeddings(batch.ids, batch.segments)
labs.embeddings(parts, pair.tokens, segments=list(pair.segments), normed=normed[0], select=pair.tokens.index("bank"),
                title="Which three vectors make the input of a word?",
                caption="“bank” occurs twice. Switch off parts until both have the same sum. Each row is a token, each cell a feature.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(map(torch.equal, batch, collate([pair])))
assert len(lesson.examples("train")) == 9000 and stories.model.config.num_layers == 3
assert [round(sum(p.numel() for p in m.parameters()) / 1e6, 1) for m in (prose.model, stories.model, lesson.model())] == [5.4, 0.8, 0.5]

# %% [markdown]
# ### Exercise 2 ●●○ · 4 minutes
# Write the sum and the layer norm (BERT's ε is 1e-12).

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("embedding sum")
def embed(ids, segments, token_table, segment_table, position_table, gain, bias):
    """ids, segments [B, T], tables [V, D], [2, D], [max, D], gain and bias [D] -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** the input is a sum of three learned rows, for the token, the segment and the position.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Mask some words
# <a id="mlm"></a>
# A model that sees both sides also sees the next word, so asking for the next word would teach it nothing. Instead, a **masked language model** (MLM) is asked for words that we have masked.
#
# Of all words but the special tokens, 15 % are chosen (here each piece and full stop counts as a word). Of the chosen words, 80 % become `[MASK]`, 10 % become a random word, and 10 % stay as they are. The loss counts only the chosen positions.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "One chosen word in ten stays as it is, and the model has to predict it, although it could just copy it. What are these words for?",
    ["nothing: a free point", "the model learns that a word it sees may be the right one",
     "the loss gets smaller"],
    answer=1,
    because="If no chosen word stayed as it is, a chosen word that is still visible would nearly always be random, so the model would learn to distrust what it sees. Later, in text without [MASK], every word is right.",
)

# %% [markdown]
# The random words are not marked, so the model has to check every visible word. A widely used slide deck leaves the mixture out, and replaces all 15 % by `[MASK]`. That is not the paper's recipe, although the paper tried it: if all parameters are later trained on a task, it does about as well.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
shop = "[CLS] the man went to the store [SEP] he bought a gallon of milk [SEP]".split()
whole_words = [word for word in tokenizer.words if word.isalpha() and len(word) > 2]
labs.mask_tokens(shop, vocabulary=whole_words[:300], seed=221, title="Which words must the model predict this time?",
                 caption="Of 100 chosen words, about 80 become [MASK], 10 become a random word and 10 stay. We picked this first draw "
                         "because it has all three kinds, so it is not typical. Draw again, then 10,000 times.")

# %% [markdown]
# ### Exercise 3 ●●● · 8 minutes
# Write this masking. For each chosen word, let one random number decide between the three cases.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("mask tokens")
def mask_tokens(ids, special_mask, vocab_size, mask_id, generator):
    """ids [B, T], special_mask [B, T] bool, True = never chosen -> inputs [B, T], labels [B, T]"""
    raise NotImplementedError

# %% [markdown]
# ### Exercise 4 ●●○ · 4 minutes
# Each output vector goes through one more layer. The dot products of the result with the V rows of the token table (V: the size of the vocabulary), plus a learned number for each token, are the logits. From the logits, compute the loss over the chosen positions.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("masked language model loss")
def mlm_loss(logits, labels):
    """logits [B, T, V], labels [B, T], −100 where nothing is asked -> one number"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** choose 15 % of the words, count the loss only there, and leave some of them looking normal.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Does the second follow the first?
# <a id="nsp"></a>
# BERT has a second task, **next sentence prediction** (NSP). In half of the pairs, B really follows A; in the others, B comes from elsewhere. To answer, the output vector of `[CLS]` goes through one more layer, the *pooler* (a matrix and a tanh), and a last matrix gives two logits.
#
# ### Exercise 5 ●●○ · 7 minutes
# Make such pairs from stories: for each pair, a coin decides whether B follows A or comes from another story.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("next sentence pairs")
def next_sentence_pairs(stories, count, generator):
    """stories: lists of sentences -> list of (A, B, label), label 0: B follows A, 1: it does not"""
    raise NotImplementedError

# %% [markdown]
# In the odd rows, B follows A (*IsNext* in the paper); in the even rows, B does not follow (*NotNext*). Rows 1 and 2 are the paper's:
#
# | | A | B |
# |---|---|---|
# | 1 | the man went to [MASK] store | he bought a gallon [MASK] milk |
# | 2 | the man [MASK] to the store | penguin [MASK] are flight ##less birds |
# | 3 | 今天天气很好 (The weather was fine today.) | 我出去跑步了 (I went out for a run.) |
# | 4 | 今天天气很好 | 我买了一本书 (I bought a book.) |
# | 5 | Anna went to the bank to deposit some money. | She waited in the bank until it was her turn. |
# | 6 | Anna went to the bank to deposit some money. | The grass on the bank was wet. |
# | 7 | Anna went to the bank to sit down by the river. | The grass on the bank was wet. |
#
# We give `bert-stories` these seven pairs in English, with the masked words filled in. **Guess:** of which pair is it least sure?

# %% jupyter={"source_hidden": true}
from chapters.ch06.experiments.next_sentence import ByWords, right

held = [story.sentences for story in load("stories", "valid")]
drawn = next_sentence_pairs(held, 200, torch.Generator().manual_seed(0))  # by your function
sure = lesson.follows(stories.model, [pair[:2] for pair in drawn])
known = sum((p > 0.5) == (label == 0) for p, (*_, label) in zip(sure, drawn, strict=True)) / len(drawn)
by_counting = ByWords(story.sentences for story in load("stories", "train"))
print(f"200 pairs that your function drew from held-out stories: bert-stories gets {known:.0%} right, "
      f"counting words {right(by_counting.together, drawn):.0%}")
store, fine, grass = "the man went to the store", "The weather was fine today.", "The grass on the bank was wet."
at_the_bank = "Anna went to the bank to deposit some money.", "She waited in the bank until it was her turn."
in_pairs = [(store, "he bought a gallon of milk"), (store, "penguins are flightless birds"),
            (fine, "I went out for a run."), (fine, "I bought a book."),
            at_the_bank, (at_the_bank[0], grass), ("Anna went to the bank to sit down by the river.", grass)]
believed = lesson.follows(stories.model, in_pairs)
marks = [("neither", "one", "both")[lesson.seen(a) + lesson.seen(b)] for a, b in in_pairs]
Table([{"pair": name} | {str(n): value for n, value in enumerate(row, 1)}
       for name, row in {"probability that B follows": [round(p, 2) for p in believed], "seen in training": marks}.items()],
      "bert-stories on the seven pairs. The last row says how many of the two sentences occurred word for word in training.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [p > 0.5 for p in believed] == [True, False, True, False, True, False, True]
assert lesson.follows(stories.model, [(fine.replace("was", "is"), "I bought a book.")])[0] > 0.5
assert [n for n, mark in enumerate(marks) if mark == "both"] == [0, 1, 2] and known > 0.8 and right(by_counting.together, drawn) > 0.97
assert min(range(7), key=lambda n: abs(believed[n] - 0.5)) == 3 and round(believed[3], 2) == 0.35

# %% [markdown]
# <details><summary>Answer</summary>
#
# The model is least sure of pair 4 (0.35). All seven answers are right, but both sentences of pairs 1 to 3 occurred word for word in training. Pairs 5 and 6 differ only in B, pairs 6 and 7 only in A. The answer changes each time, so the model uses both sentences. But with *is* instead of *was* in pair 4, the model believes that *I bought a book* follows.
#
# </details>
#
# For the 200 held-out pairs, counting which words occur in neighbouring sentences does as well as the model. BERT's paper found this task useful. A later study, RoBERTa, left this task out, and its model was no worse.
#
# **Keep this:** the text itself contains the answers to both tasks, so nobody has to label anything.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One step of pre-training
# <a id="pre-training"></a>
# The whole model, read from bottom to top, has one way in and two ways out:
#
# ```
#   B follows, or not                    which word?
#      2 logits                V logits at each chosen word
#         ↑                                  ↑
#       pooler                  a layer, then the token table
#         ↑                                  ↑
#    one vector for [CLS]        one vector for each position
#         └────────────────┬─────────────────┘
#       the encoder's blocks, each position sees all
#                          ↑
#        token + segment + position, then a layer norm
#                          ↑
#       [CLS] the man [MASK] … [SEP] he bought … [SEP]
# ```
#
# **Pre-training** repeats one step many times: draw a batch (here with your functions), let the model answer both questions, add their losses, and change every parameter a little.

# %% slideshow={"slide_type": "subslide"}
from chapters.ch06.pairs import Masked

books = [story.sentences for story in load("stories", "train")]

def your_batch(generator, size=32):
    """size pairs -> masked ids, segments, mask, labels [B, T]; nsp [B], 0 where B follows A"""
    drawn = next_sentence_pairs(books, size, generator)  # exercise 5
    # joined as in exercise 1, padded to the longest pair
    both = [[tokenizer.encode(text) for text in pair[:2]] for pair in drawn]
    T = max(len(a) + len(b) for a, b in both) + 3
    rows = [bert_input(a, b, tokenizer.cls, tokenizer.sep, tokenizer.pad, T) for a, b in both]
    ids, segments, mask = (torch.stack(column) for column in zip(*rows, strict=True))  # [B, T]
    special = ~mask | (ids == tokenizer.cls) | (ids == tokenizer.sep)
    # exercise 3: never a special token
    inputs, labels = mask_tokens(ids, special, len(tokenizer), tokenizer.mask, generator)
    return Masked(inputs, segments, mask, labels, nsp=torch.tensor([label for *_, label in drawn]))

first_batch = your_batch(torch.Generator().manual_seed(0))
chosen = int((first_batch.labels != -100).sum())
print(f"ids {list(first_batch.ids.shape)}: {int(first_batch.mask.sum())} are not padding, {chosen} were chosen to be guessed")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(chosen / (first_batch.mask.sum() - 3 * 32) - 0.15) < 0.06 and len(first_batch.nsp) == 32

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A fresh model knows nothing. To it, the 1,200 words of its vocabulary are about equally likely, and so are both answers about the pair. What is the sum of its two losses?",
    ["about 1", "about 8", "about 1,200"],
    answer=1,
    because="A masked word costs −log(1/1,200), which is 7.1, and a pair costs −log(1/2), which is 0.7. Random logits are not quite equal, so the loss is a little higher.",
)

# %% [markdown]
# Here is the whole step:

# %% slideshow={"slide_type": "subslide"}
from torch.nn.functional import cross_entropy

def both_losses(model, batch):
    of_words, of_pairs, *_ = model(batch.ids, batch.segments, batch.mask)  # logits: [B, T, V], [B, 2]
    return mlm_loss(of_words, batch.labels) + cross_entropy(of_pairs, batch.nsp)  # exercise 4

fresh = lesson.model()
optimizer = torch.optim.AdamW(fresh.parameters(), lr=1e-4)
before = both_losses(fresh, first_batch)
before.backward()
optimizer.step()
after = both_losses(fresh, first_batch)
print(f"loss before the step {before.item():.2f}, after it {after.item():.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(tokenizer) == 1200 and abs(before - torch.tensor(2.0 * len(tokenizer)).log()) < 0.6 and after < before

# %% [markdown]
# **Keep this:** one forward pass answers both questions, and the sum of their losses trains everything.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Pre-train it yourself
# Now train a model of your own, smaller than `bert-stories`, for 1,600 such steps (with the course's functions). While it runs, **guess**: in stories that it has not read, how many masked words and how many next sentences will it get right, in %?

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch06.lesson import BATCH, STEPS

mine = lesson.model()
text = encode(tokenizer, *at_the_bank)
untrained = lesson.gaps(mine, text)
run = lesson.train(mine, steps={"class": STEPS, "full": 4 * STEPS}[runtime.profile], show=True,
                   evaluate=lesson.valid(128), every=STEPS // 10)

# %% [markdown]
# Some held-out stories have plots that occur in training; others have new plots and new names. For comparison, always answering “the” is right for 11 or 12 % of the `[MASK]`s, and always answering “B follows” for half of the pairs.

# %%
splits = {"known plots": "valid", "new plots and names": "test"}
# words where the input is [MASK]
filled = {name: lesson.masked_right({"your model": mine}, split) for name, split in splits.items()}
follow = {name: lesson.measure(mine, split)["NSP accuracy"] for name, split in splits.items()}
held = [story.sentences for story in load("stories", "test")]
pairs = next_sentence_pairs(held, 500, torch.Generator().manual_seed(0))
print("The rule “B follows A if they share a word that is not among the 40 commonest”, "
      f"with new plots and names: {right(by_counting.shared, pairs):.0%} right")
measured = {"masked words": {name: found["your model"] for name, found in filled.items()}, "next sentence": follow}
Table([{"task": task} | {f"{name}, % right": round(100 * share) for name, share in found.items()}
       for task, found in measured.items()], "Your model, on held-out stories")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(100 * found["always the same answer"]) for found in filled.values()] == [11, 12]
assert 0.7 < right(by_counting.shared, pairs) < 0.82 and len(by_counting.common) == 40
assert (STEPS, BATCH, len(mine.bert.blocks)) == (1600, 32, 2)
assert stories.card["training"]["step"] > STEPS and stories.model.config.num_layers > 2

# %% [markdown]
# With new plots and names, your model gets far fewer masked words right, and on next sentences it is about as good as a coin. The printed rule, which reads the pairs without `[MASK]`, does better. Therefore, a large part of what the model knows holds only for *these* stories.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.predictions(text.tokens, {"untrained": untrained, "your model": lesson.gaps(mine, text)}, tokenizer.words, truth=text.tokens,
                 positions=[n for n, token in enumerate(text.tokens) if token[0] != "["], select=text.tokens.index("bank"), title="What did the training change?",
                 caption="Choose a [query|word] to cover it. Both models get the same text. These two sentences, with other names, are in 24 training stories.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not any(map(lesson.seen, at_the_bank))
assert (told := [" ".join(story.sentences) for story in lesson.examples("train")]) and sum("to deposit some money. " in t and " waited in the bank until" in t.split("to deposit some money. ")[1][:40] for t in told) == 24

# %% [markdown]
# **Keep this:** from two questions about a lot of text, a model learns how that text uses its words.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One model, four uses
# <a id="fine-tuning"></a>
# Keep the encoder, put *one* new layer on top, and train everything a little further on a task with labels: this is **fine-tuning**. The new layer is the **task head** (nothing to do with attention heads). Here are four tasks with generated sentences:
#
# | task | input | an example | the new layer reads the vector of |
# |---|---|---|---|
# | sentiment | `[CLS] A [SEP]` | The house was very ugly. → negative | `[CLS]` |
# | pairs | `[CLS] A [SEP] B [SEP]` | Jack lost the race. Peter was the winner. → A implies B (or contradicts it, or neither) | `[CLS]` |
# | entities | `[CLS] A [SEP]` | Tom and Helen went to Egypt on Friday. → two persons, a place | each word |
# | questions | `[CLS] question [SEP] text [SEP]` | Who was at the farm? … Ben bought pears at the farm at night … → Ben | each token, for start and end |

# %%
from chapters.ch06.finetuning import task_of

encoder = stories.model.bert
tasks = {name: task_of(name, tokenizer) for name in ("sentiment", "pairs", "entities", "questions")}
for task in tasks.values():
    task.max_length = encoder.config.max_length

# %% [markdown]
# For sentiment and pairs, one softmax chooses among a few labels. Here are five steps of fine-tuning for sentiment, all on the same 32 sentences, with a learning rate of 1e-3 (the paper takes 2e-5 to 5e-5 for its larger models):

# %%
tuned = tasks["sentiment"].model(encoder).eval()  # a copy of the encoder, and one new layer; no dropout
optimizer = torch.optim.AdamW(tuned.parameters(), lr=1e-3)
inputs_of, labels_of = tasks["sentiment"].batch(torch.Generator().manual_seed(0))

# %%
by_hand = []
for _ in range(5):
    logits = tuned.classifier(tuned.bert(*inputs_of).pooled)  # [32, 2], from [CLS] alone
    loss = cross_entropy(logits, labels_of)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    by_hand.append(loss.item())
print("loss:", *(f"{value:.3f}" for value in by_hand))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert by_hand[-1] < by_hand[0] and logits.shape == (32, 2)
assert ("The house was very ugly.", "negative") in tasks["sentiment"].examples("train")
assert ("Jack lost the race.", "Peter was the winner.", "follows") in tasks["pairs"].examples("train")
assert any(" ".join(e.words) == "Tom and Helen went to Egypt on Friday ." for e in tasks["entities"].examples("train"))
assert any(e.question == "Who was at the farm?" and e.answer == "Ben" for e in tasks["questions"].examples("train"))

# %% [markdown]
# The course has a model for each task, made from `bert-stories`. For `bert-questions` we trained everything; for the other three, only the new layer and a small addition to some matrices (*LoRA*, below).
#
# **Keep this:** for a new task, put one new layer on the pre-trained model, and train both a little further.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A tag for each word
# <a id="bio"></a>
# The tag **B** begins a name, **I** continues it, and **O** is outside any name, so *South Africa* is one place of two words. The next view shows the right tag under each word, and the model's tag below it. *Lincoln* may be a man, a town or a company. No labelled training sentence contains *Lincoln* or *South Africa*. (But the stories of the model's pre-training have a Lincoln of each kind.)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
shipped = {name: load_checkpoint(f"bert-{name}") for name in tasks}
of_lincoln = [e for e in tasks["entities"].examples("test") if "Lincoln" in e.words]
tagged = next(e for e in of_lincoln if {"B-person", "B-place"} <= {*e.tags})
said = tasks["entities"].predict(shipped["entities"].model, [tagged.words] + [e.words for e in of_lincoln])
as_meant = [one.tags[e.words.index("Lincoln")] == e.tags[e.words.index("Lincoln")] for e, one in zip(of_lincoln, said[1:], strict=True)]
meant = [e.tags[e.words.index("Lincoln")].removeprefix("B-") for e in of_lincoln]
counts = {kind: meant.count(kind) for kind in ("person", "place", "organisation")}
print(f"Lincoln is tagged correctly in {sum(as_meant)} of {len(as_meant)} test sentences. All:", ", ".join(f"{n} × {kind}" for kind, n in counts.items()))
labs.tagged(tagged.words, tagged.tags, predicted=said[0].tags, title="Who is who, and what is where?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not {"Lincoln", "South", "Africa"} & {word for e in tasks["entities"].examples("train") for word in e.words}
assert all(any(said in s for story in lesson.examples("train") for s in story.sentences) for said in ("Lincoln came", "to Lincoln", "works for Lincoln"))
assert round(100 * shipped["entities"].card["metrics"]["test_f1"]) == 38
assert said[0].tags == list(tagged.tags) and len(as_meant) == 58 and counts == {"person": 23, "place": 20, "organisation": 15}
assert [round(100 * n / 58) for n in (sum(as_meant), 23)] == [66, 40]

# %% [markdown]
# A tagger is judged by whole names. *Precision* $P$ is the share of the tagged names that are right. *Recall* $R$ is the share of the true names that were found. **F1** combines the two: $2PR/(P+R)$. The model tags the sentence above perfectly, but over the whole test, where names and sentence patterns are new to the task, its F1 is only 38 %. *Lincoln* is tagged correctly in 66 % of its sentences (38 of 58), where always answering “person” would get 40 %.
#
# **Keep this:** to find names, put the new layer on every word's vector, and count whole names.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: words and pieces
# People tag words, but the model reads pieces. The first piece of a word gets the word's tag, and the other pieces get none.
#
# #### Exercise ●●○ · 4 minutes
# Write −100 for “no tag”.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("tags for pieces")
def piece_labels(tags, words):
    """tags: a number for each word; words: of each token its word's number, −1 for special tokens -> labels [T]"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
pieced, numbers = tasks["entities"].inputs([tagged])[0], [tasks["entities"].number(tag) for tag in tagged.tags]
piece_tags = piece_labels(numbers, list(pieced.words)).tolist()
Table([{"token": token, "label": n, "tag": tagged.tags[word] if n != -100 else "not asked"}
       for token, word, n in zip(pieced.tokens, pieced.words, piece_tags, strict=True)], "The sentence above, labelled by your function.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert piece_tags == tasks["entities"].target(tagged, pieced)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An answer from the text
# <a id="span"></a>
# *Who was at the farm? … Ben bought pears at the farm …* The answer, *Ben*, is a **span** of the text: it has a first and a last position. So the model gives each position two numbers. One softmax over all *positions* says where the answer begins, and another says where it ends. The model answers “none” if `[CLS]`, as both beginning and end, is more probable than every span of the text.
#
# ### Exercise 6 ●●● · 6 minutes
# The two softmaxes are separate, so the most probable beginning may come after the most probable end. Of all *pairs* inside the text with first ≤ last, find the one with the largest product of the two probabilities.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("answer span")
def best_span(start_logits, end_logits, allowed):
    """start_logits, end_logits [T], allowed [T] bool: where an answer may lie -> (first, last)"""
    raise NotImplementedError

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch06.pairs import answer_tokens

asked = tasks["questions"].examples("test")[:80]
said = tasks["questions"].predict(shipped["questions"].model, [(e.question, e.context) for e in asked])
# the first right answer whose best beginning comes after the best end
question, answer = next((e, a) for e, a in zip(asked, said, strict=True)
                        if a.text == e.answer and a.starts.argmax() > a.ends.argmax() > 0)
read = tasks["questions"].inputs([question])[0]
context = slice(read.segments.index(1), len(read) - 1)
first, last = (place - context.start for place in answer_tokens(read, question.start, question.start + len(question.answer)))
inside = (torch.arange(len(read)) >= context.start) & (torch.arange(len(read)) < context.stop)
best = tuple(map(int, best_span(answer.starts.log(), answer.ends.log(), inside)))
print("Your best_span answers:", " ".join(answer.tokens[best[0] : best[1] + 1]).replace(" ##", ""))
labs.tagged(answer.tokens[context], [(first, last, "answer")], start=answer.starts[context], end=answer.ends[context],
            question=question.question, title="The best beginning comes after the best end",
            caption="Bars show how probably the answer starts (filled) or ends (open) at each piece. The best pair is "
                    "[output|framed], with the true answer below it. Then choose “each by itself”.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best == (answer.first, answer.last) and (question.question, answer.text, question.answer) == ("Who sold a coin?", "Ivan", "Ivan") and best[0] < best[1]
assert (peaks := [int(answer.starts.argmax()), int(answer.ends.argmax())]) == [best[0], best[0] - 16] and inside[peaks].all()
assert [answer.tokens[n] for n in peaks] == ["i", "laura"]
assert [round(p.item(), 3) for p in (*answer.starts[peaks], answer.ends[best[1]], answer.ends[peaks[1]])] == [0.795, 0.113, 0.308, 0.592]
assert [round((answer.starts[a] * answer.ends[b]).item(), 3) for a, b in (best, (peaks[1], peaks[1]))] == [0.245, 0.067]
assert [round(shipped["questions"].card["metrics"]["test_exact_match" + part], 2) for part in ("", "_unanswerable")] == [0.69, 0.21]

# %% [markdown]
# In the question that we chose, *Who sold a coin?*, the two softmaxes disagree: the most probable beginning is the *i* of *Ivan*, but the most probable end is *laura*, 16 pieces earlier. As a pair, *Ivan* has the product 0.795 · 0.308 = 0.245, and *laura* only 0.113 · 0.592 = 0.067.
#
# The share of answers that match the true answer exactly (apart from case, punctuation and articles) is called the **exact match**. In the whole test, which has new words and patterns, the exact match of `bert-questions` is 69 %. Where the text contains no answer, the model says so in only one case of five.
#
# If we fine-tune `bert-stories` on our questions alone, it gets only about a third right. `bert-questions` had more help. Before its training, we set head 1.1 (layer 1, head 1) to look for equal words in question and text; without this head, the trained model loses 54.8 of its 69 points, so most of its skill depends on what we set by hand. Many of its training questions were sentences of the text with a gap, and some words were made up, so the model had to look them up.
#
# **Keep this:** a tag is one decision for each word; an answer is two decisions about the whole text.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: is an answer a class?
# An overview calls question answering a classification of each token.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "Which of these claims about question answering does not fit the other three?",
    ["The answer is a part of the text: it has a first and a last token",
     "Two vectors S and E are learned, and token i gets the scores S · Tᵢ and E · Tᵢ",
     "It is a three-way classification of each token: start, end, or neither",
     "P(start = i) is exp(S · Tᵢ), divided by the sum of exp(S · Tⱼ) over all tokens j"],
    answer=2,
    because=["It fits: an answer is such a span.",
             "It fits: each token gets two numbers, and no third one.",
             "The tokens compete with each other to be the first, and again to be the last. So there are two softmaxes, each over all positions, and no classes: in a text of 300 tokens, one of them is the first.",
             "It fits: this is a softmax over positions."],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is pre-training worth?
# Now fine-tune *your* model for all four tasks, and beside it the same model with fresh parameters (*from scratch*). Some test sentences have words and patterns *known* from the task's training sentences. Others have *new* words and patterns, such as “Max expected a polite clerk, but the clerk was rude.” These words are new to the *task*, but six in ten of them occur in the stories.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In how many of the four tasks does pre-training help, on sentences with known words and patterns?",
    ["in none: the stories contain none of these labels", "in one or two", "in all four"],
    answer=2,
    because="The stories contain no labels, but they show how words are used. In the table below, the pre-trained model is ahead in all four tasks.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch06.experiments import tasks as bert_study

live = {}
for name, task in tasks.items():
    for start, given in {"from scratch": mine.config, "pre-trained": mine.bert}.items():
        tuned = task.model(given)
        task.train(tuned, bert_study.LIVE[name], size=bert_study.LIVE_ROWS[name])
        live |= {(name, start, split): task.measure(tuned, split, 300)[task.main] for split in bert_study.SPLITS}
gains = [live[name, "pre-trained", "valid"] - live[name, "from scratch", "valid"] for name in tasks]
Table([{"task": name, "score": task.main}
       | {f"{start}, %": round(100 * live[name, start, "valid"]) for start in ("from scratch", "pre-trained")}
       for name, task in tasks.items()], "Your model, just now, one seed: sentences with known words and patterns")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert min(gains) > 0 and sum(gains) > 0.3
assert all(live[name, "from scratch", "valid"] < bert_study.without_learning(tasks[name], "valid", 300) + 0.05 for name in ("sentiment", "pairs"))
assert all(round(100 * bert_study.without_learning(tasks[name], "test")) == share for name, share in (("sentiment", 50), ("pairs", 33)))
assert sorted(bert_study.LIVE.values()) == [50, 75, 100, 150] and live["sentiment", "from scratch", "test"] < 0.56 and live["pairs", "from scratch", "test"] < 0.4

# %% [markdown]
# Part of this lead is only speed: in so few steps (50 to 150), the model from scratch hardly learns sentiment and pairs. And the result of one seed may be luck. So here are recorded runs of `bert-stories`, with two to four times as many steps, three seeds and the best of three learning rates. (These runs are short, too, so speed may still be part of the lead.) *Counting words* is a simple rival for each task:
#
# - sentiment and pairs: logistic regression on the words;
# - questions: logistic regression, also on neighbouring words;
# - entities: each word's commonest tag.

# %% jupyter={"source_hidden": true}
from course_kit import results
from chapters.ch06.experiments.tasks import spread

by_task, rows = results.load("bert_tasks"), []
for name, found in by_task["tasks"].items():
    rows += [{"task": name, "score": found["main"], "test sentences with": kind, "training steps": found["steps"]}
             | {f"{start}, %": spread(found[start][split]) for start in ("from scratch", "pre-trained")}
             | {"counting words, %": round(100 * bert_study.COUNTING_WORDS[name][split])}
             for split, kind in bert_study.SPLITS.items()]
means = {(name, split): [found[start][split]["mean"] for start in bert_study.STARTS]
         for name, found in by_task["tasks"].items() for split in bert_study.SPLITS}
Table(rows, f"bert-stories: each score is the mean of {by_task['seeds']} seeds (lowest to highest). {by_task.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [*bert_study.STARTS] == ["from scratch", "pre-trained"] and len(by_task["rates tried"]) == by_task["seeds"] == 3
assert [round(100 * x) for x in means["sentiment", "test"]] == [61, 91] and 0.32 < means["questions", "test"][1] < 0.35
assert all(scratch < pre_trained for scratch, pre_trained in means.values())
assert (beyond := {(name, split): high - bert_study.COUNTING_WORDS[name][split] for (name, split), (_, high) in means.items()})
assert all(gain > 0.2 if name in ("sentiment", "entities") else gain < 0.08 for (name, _), gain in beyond.items())
assert beyond["pairs", "test"] > 0 > beyond["questions", "test"]
assert all(2 <= found["steps"] / bert_study.LIVE[name] <= 4 for name, found in by_task["tasks"].items())
assert round(bert_study.told_before(tasks.values()), 1) == 0.6
assert ("Max expected a polite clerk, but the clerk was rude.", "negative") in tasks["sentiment"].examples("test")
assert not any("expected" in e.text for e in tasks["sentiment"].examples("train"))

# %% [markdown]
# In every row, the pre-trained model is ahead of the model from scratch. For sentiment on new words and patterns, it gets 91 % right instead of 61. For pairs and questions, though, counting words comes within 8 points of the pre-trained model or does better.
#
# **Keep this:** pre-training needs only text, and with it our model was ahead in all four tasks, after equally many steps of fine-tuning.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: fewer labels
# In these recorded runs, both models are fine-tuned for sentiment with 20, 100, 500 or 2,000 labelled sentences (with the pre-trained model's learning rate from above). **Guess:** with how many labels is every pre-trained run ahead of every run from scratch, on new words and patterns?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
few = results.load("bert_labels")
Table([{"model": start} | {f"{int(count):,} labels": spread(found["test"]) for count, found in by_count.items()}
       for start, by_count in few["starts"].items()],
      f"Sentiment, {few['splits']['test']}, {few['steps']} steps: % right, mean of {few['seeds']} seeds (lowest to highest). {few.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert [*few["starts"]] == [*bert_study.STARTS] and [*few["starts"]["from scratch"]] == ["20", "100", "500", "2000"]
assert (scratch := few["starts"]["from scratch"]) and (trained := few["starts"]["pre-trained"])
assert [trained[n]["test"]["lowest"] > scratch[n]["test"]["highest"] for n in scratch] == [False, False, False, True]
assert [spread(runs["2000"]["test"]) for runs in (trained, scratch)] == ["82.6 (78.8 to 86.5)", "57.3 (49.8 to 62.0)"]
assert spread(by_task["tasks"]["sentiment"]["pre-trained"]["test"]) == "90.9 (87.8 to 93.5)"
assert all(0.5 < runs[n]["test"]["mean"] < 0.54 for runs in (scratch, trained) for n in ("20", "100"))
assert few["steps"] == 150 and few["seeds"] == 3 and by_task["tasks"]["sentiment"]["steps"] == 150
assert by_task["tasks"]["sentiment"]["pre-trained"]["lr"] == bert_study.STARTS["pre-trained"] and len(tasks["sentiment"].examples("train")) == 2000

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Only with 2,000 labels: the pre-trained runs get 78.8 to 86.5 % right, the runs from scratch 49.8 to 62.0. With 500 labels, the ranges overlap, and with 20 or 100 both models are close to a coin. But three seeds do not show the whole spread: in the table of the four tasks, the same training, on another machine, got 87.8 to 93.5 %.
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what is each part of pre-training worth?
# We trained models of the size of yours for 6,400 steps, in three ways: as in BERT's paper; with `[MASK]` at *every* chosen token, instead of 80/10/10; and without next sentences. Each model was then fine-tuned on the four tasks and measured on new words and patterns. **Guess:** what does each of the two changes make worse?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
parts = results.load("bert_pretraining")
shown = {"at [MASK]": "words right at [MASK], %", "at visible words": "at visible words, %", "next sentence": "next sentence, %"}
shown |= {f"{name}, test": f"{name}, %" for name in tasks}
Table([{"pre-training": way} | {title: spread(found[key]) if key in found else "–" for key, title in shown.items()}
       for way, found in parts["ways"].items()], f"Each cell is the mean of {parts['seeds']} seeds (lowest to highest). {parts.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert parts["steps"] == 6400 and parts["seeds"] == 3 and (every := parts["ways"]) and (paper := every["as in the paper"])
assert (masks := every["always [MASK]"]) and (alone := every["without NSP"]) and [*every.values()] == [paper, masks, alone]
assert [round(100 * way["at visible words"]["mean"]) for way in (paper, masks)] == [88, 73]
assert [way["questions, test"][end] for way in (masks, paper) for end in ("lowest", "highest")] == [0.193, 0.233, 0.265, 0.3]
assert [alone["pairs, test"][end] for end in ("lowest", "highest")] == [0.298, 0.344] and paper["pairs, test"]["lowest"] == 0.382
assert (overlap := {(way, name) for way in ("always [MASK]", "without NSP") for name in tasks
           if (here := every[way][f"{name}, test"])["highest"] >= paper[f"{name}, test"]["lowest"] and here["lowest"] <= paper[f"{name}, test"]["highest"]})
assert len(overlap) == 6
assert all(0 < paper[key]["lowest"] - masks[key]["highest"] < 0.03 for key in ("at [MASK]", "next sentence"))
assert [spread(way["sentiment, test"])[:5] for way in (paper, alone)] == ["71.2 ", "77.2 "]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# - **Always `[MASK]`:** the model is never asked about visible words, so it names only 73 % of them correctly, instead of 88. It gets 19.3 to 23.3 % of the questions right, instead of 26.5 to 30.0. At `[MASK]` and on next sentences, it is slightly worse.
# - **Without next sentences:** the model gets 29.8 to 34.4 % of the pairs right, like guessing one of three answers, instead of at least 38.2. On sentiment, its mean is *better*: 77.2 % instead of 71.2.
#
# For each change, the ranges overlap on the other three tasks. With three seeds, and two changes compared on four tasks each, one or two such differences may be luck.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train a small part
# <a id="adapter"></a><a id="lora"></a>
# If the whole model is trained, four tasks need four copies of the model on the disk. Instead, *freeze* the model, so that its parameters no longer change, and train something small inside it. One way is a bottleneck **adapter** after each sub-layer of a block, before the residual connection:
#
# $$ x+\mathrm{GELU}(x\,W_{\downarrow}+b_{\downarrow})\,W_{\uparrow}+b_{\uparrow} $$
#
# Here $x$ is the output of the sub-layer. $W_\uparrow$ and $b_\uparrow$ start as zeros, so at first the model computes the same as without adapters.
#
# ### Exercise 7 ●○○ · 3 minutes
# Write the adapter, with R features in the middle.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("bottleneck adapter")
def adapter(x, W_down, b_down, W_up, b_up):
    """x [B, T, D], W_down [D, R], b_down [R], W_up [R, D], b_up [D] -> [B, T, D]"""
    raise NotImplementedError

# %% tags=["nbval-check-output"]
with torch.no_grad():
    x = encoder(*batch).hidden
    W_down = torch.randn(x.shape[-1], 16, generator=torch.Generator().manual_seed(0))
    unchanged = adapter(x, W_down, torch.zeros(16), torch.zeros(16, x.shape[-1]), torch.zeros(x.shape[-1]))  # W_up = 0
print(f"Before training, your adapter changes what it is given by {(unchanged - x).abs().max():.0f}.")

# %% [markdown]
# **LoRA** adds no layer. An attention matrix $W$ of `bert-stories` has 128 · 128 = 16,384 numbers. LoRA freezes it and adds a product $BA$ of two thin matrices: $B$ is $D \times r$ and $A$ is $r \times D$, with a small $r$, called the *rank*. With $r=4$, $B$ and $A$ together have only 1,024 numbers.
#
# So $W$ becomes $W+\tfrac{\alpha}{r}BA$, with a constant $\alpha$. $A$ starts at random and $B$ as zeros, so again nothing changes at first. After training, the product can be added to $W$, so LoRA makes the model no slower.
#
# The library PEFT adds LoRA to the matrices that you name: `LoraConfig(r=4, lora_alpha=8, target_modules=["query", "value"], modules_to_save=["classifier"])`. Here `classifier` is the task head, which is trained, too. In the recorded runs below, we trained *all* parameters, the *head only*, the head with adapters, or the head with LoRA, each with the better of two learning rates:

# %% jupyter={"source_hidden": true}
from chapters.ch06 import adapters

ways = results.load("bert_adapters")
mean = {(name, row["what learns"], split): row[split]["mean"] for name, found in ways["tasks"].items()
        for row in found["rows"] for split in ways["splits"]}
counted = {row["what learns"]: row["parameters"] for row in ways["tasks"]["sentiment"]["rows"]}
of_all = {row["what learns"]: row["of all, in %"] for row in ways["tasks"]["sentiment"]["rows"]}
Table([{"task": f"{name} ({found['main']})", "what is trained": row["what learns"], "of all parameters, %": row["of all, in %"]}
       | {f"{kind}, %": spread(row[split]) for split, kind in bert_study.SPLITS.items()}
       for name, found in ways["tasks"].items() for row in found["rows"] if row["what learns"] != "AdaLoRA"],
      f"bert-stories, {ways['steps']} steps: mean of {ways['seeds']} seeds (lowest to highest). "
      f"{ways.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert adapters.of_lora(adapters.lora(tasks["entities"].model(encoder))) == (4, 8, {"query", "value"}) and len(encoder.blocks) == 3
assert all(len(rates) == 2 for rates in adapters.TRIED.values())
assert counted["LoRA"] < counted["adapters"] < 0.05 * counted["all"]
assert counted["LoRA"] == 6 * 2 * 128 * 4 + counted["head only"] == 6144 + 258 and 0.8 < 100 * counted["LoRA"] / counted["all"] < 0.9
assert all(abs(mean[name, "LoRA", "valid"] - mean[name, "all", "valid"]) < 0.01 for name in ways["tasks"])
assert shipped["sentiment"].card["training"]["step"] == ways["steps"]
assert [round(100 * mean["sentiment", way, "test"]) for way in ("LoRA", "all")] == [84, 96]
assert (of_names := {row["what learns"]: row["test"] for row in ways["tasks"]["entities"]["rows"]})["LoRA"]["highest"] > of_names["all"]["lowest"]
assert ways["steps"] == 300 == 2 * by_task["tasks"]["sentiment"]["steps"]
assert all(found.card["weights"]["bytes"] < 50_000 and found.card["training"]["recipe"]["rank"] == 3 for name, found in shipped.items() if name != "questions")

# %% [markdown]
# For sentiment, the head alone is hardly better than a coin. On known words and patterns, LoRA does as well as training everything, with fewer than 1 % of the parameters. On new words and patterns, LoRA is behind for sentiment (84 % against 96), while for entities the ranges of the seeds overlap.
#
# **Keep this:** a model can learn a task by training few parameters, which fit into a small file, but perhaps less accurately.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: AdaLoRA, on their model
# LoRA gives every matrix the same rank. Do all matrices need the same rank?
#
# **AdaLoRA** writes its addition to $W$ as $P\Lambda Q$. Here $P$ and $Q$ are like LoRA's $B$ and $A$, and $\Lambda$ is diagonal. The $i$-th column of $P$, the $i$-th number of $\Lambda$ and the $i$-th row of $Q$ together are one *direction*, which adds 1 to the rank. Training starts with more directions than may stay, and removes the least important ones.
#
# We use AdaLoRA on a copy of our classifier in the classes of `transformers` (“their model”). PEFT needs only a config:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit.views import reveal

reveal(adapters.adalora)

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # of the library
    twin = adapters.adalora(tasks["pairs"].model(encoder), steps=50)
    adapters.train_adalora(tasks["pairs"], twin, steps=50)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
kept = {name: int((x.abs() > 0).sum()) for name, x in twin.named_parameters() if "lora_E" in name}
for name, rank in kept.items():
    print(name.split("encoder.")[-1].removesuffix(".lora_E.default"), "keeps", rank)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert len(kept) == 2 * encoder.config.num_layers and sum(kept.values()) == 4 * len(kept) and len(set(kept.values())) > 1
assert [spread(row["test"]) for row in ways["tasks"]["sentiment"]["rows"][-2:]] \
    == ["84.2 (80.5 to 91.8)", "70.9 (64.5 to 76.0)"]
assert len(kept) == 6 and ways["seeds"] == 3

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Each of the six matrices began with 6 directions, and together they keep 24, unequally shared. That does not show that unequal ranks are better. In recorded runs of 300 steps and three seeds, on sentiment with new words and patterns, AdaLoRA gets 70.9 % right (64.5 to 76.0) and LoRA 84.2 (80.5 to 91.8).

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what do the heads attend to?
# Here is every head of *your* model, on two sentences with one masked word. The number under a head says how many points of accuracy on masked words your model loses without that head, in held-out stories. The *sharpness* of a map is the mean of its rows' largest weights: it is high if each row puts most of its weight on one position. **Guess:** does the head with the sharpest map matter most?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper", "lab"]
from course_kit.views.live import below

new = "Anna went to the [MASK] to deposit some money.", "The man at the bank counted the cash."
seen = lesson.fill(mine, *new)
lost = bert_study.pretraining_loss_of_heads(lesson, mine, 256)
effects = torch.tensor([100 * row["MLM lost"] for row in lost]).view(mine.config.num_layers, -1)
sharp = torch.stack([layer.amax(-1).mean(-1) for layer in seen.weights]).view_as(effects)  # mean largest weight of a row
view = labs.heads(seen.weights, seen.tokens, select="[MASK]", effects=effects, effect="points of accuracy lost without it",
                  live=True, title="What does the model lose without each head?", caption="Each small map is one head. The large map "
                  "is the head that costs most: look where its row [MASK] attends.")
display(view, below(view, lambda: "At [MASK]: " + bert_study.gap_without(lesson, mine, new, view.knocked), "knocked"))
for what, of in {"sharpest map": sharp, "largest loss": effects}.items():
    layer, head = divmod(int(of.argmax()), of.shape[1])
    print(f"{what}: layer {layer + 1}, head {head + 1}, sharpness {sharp[layer, head]:.2f}, "
          f"{effects[layer, head]:.1f} points lost without it")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert not any(lesson.seen(sentence.replace("[MASK]", "bank")) for sentence in new)
assert effects.max() < 25

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The two printed lines give the answer for your model. Now look at the four fine-tuned models: choose a task, then a row.

# %% slideshow={"slide_type": "skip"} tags=["deeper", "lab"]
from course_utils.heads import attention_weights

maps, tokens = {}, {}
for name, task in tasks.items():
    one = min(task.inputs(task.examples("test")[:40]), key=len)  # a short one
    with torch.no_grad(), attention_weights(shipped[name].model) as weights:
        shipped[name].model(*collate([one]))
    maps[name], tokens[name] = [layer[0] for layer in weights["encoder"]], one.tokens
labs.heads(maps, tokens, select="[CLS]", title="For sentiment, [CLS] attends to “lazy”",
           caption="The model decides sentiment from [CLS], so look at its row: in layer 1, three of the four heads give “lazy” "
                   "more than 0.8. Each task has its own model and sentence.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert round(maps["sentiment"][0][0, 0, 3].item(), 3) == 0.915
assert tokens["sentiment"][3] == "lazy" and int((maps["sentiment"][0][:, 0, 3] > 0.8).sum()) == 3

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A map shows where a head attends, not whether that matters. For the next table we removed one head at a time. **Guess:** do all tasks need the same heads?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
heads = results.load("bert_heads")
columns = {"masked words": [row["MLM lost"] for row in heads["pre-training"]],
           "next sentence": [row["NSP lost"] for row in heads["pre-training"]]}
columns |= {name: [next(v for k, v in row.items() if k != "head") for row in found["heads"]]
            for name, found in heads["tasks"].items()}
scores = [*heads["all heads"].values(), *(found["all heads"] for found in heads["tasks"].values())]
asked = [heads["pairs"] * chosen / 32, heads["pairs"], *(len(tasks[name].examples("test")) for name in heads["tasks"])]
noise = [2 * (p * (1 - p) / n) ** 0.5 for p, n in zip(scores, asked, strict=True)]  # two standard errors of each score

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
Table([{"head": row["head"]} | {name: round(100 * lost[n], 1) + 0.0 for name, lost in columns.items()}
       for n, row in enumerate(heads["pre-training"])]
      + [{"head": name} | {column: round(100 * x, 1) for column, x in zip(columns, row, strict=True)}
         for name, row in {"all heads: score": scores, "its noise, ±": noise}.items()],
      "Each number says how many points of 100 are lost without this head. The last two rows are the score with all heads and its "
      f"noise: two standard errors of a score measured on that many examples (for an F1 only a rough guide). {heads.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert [[round(100 * columns[name][head], 1) for head in (0, 3)] for name in ("sentiment", "questions")] == [[-0.8, 21.5], [54.8, 35.2]]
assert all(max(map(abs, columns[name])) < noise[n] for n, name in ((3, "pairs"), (4, "entities"))) and [*columns][3:5] == ["pairs", "entities"]
assert round(100 * scores[5]) == 69 and columns["sentiment"][0] < 0 and round(100 * columns["pairs"][11], 1) == 4.0

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Only partly. Without head 1.4 (layer 1, head 4), sentiment loses 21.5 points and questions lose 35.2. Without head 1.1, questions lose 54.8 of their 69 points, but sentiment loses nothing, although head 1.1 gives “lazy” a weight of 0.915 above. (But the question model was trained differently, so this table cannot separate training from task.)
#
# For pairs and entities, every loss is smaller than the noise of one score. But the same examples are scored with and without a head, so small losses, such as 4.0 points for pairs without head 3.4, may be real.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Published parameters
# <a id="sentence-vectors"></a>
# The original BERT has the same parts in larger numbers. We take a smaller relative, `all-MiniLM-L6-v2`. It was trained further, so that sentences that belong together get similar vectors. A **sentence vector** of this model is the mean of its tokens' output vectors.
#
# ### Find the error ●○○ · 3 minutes
# Two sentences are read in one batch, and this program compares their vectors. One line is wrong: repair it.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@find_error("program 6.5")
def similarity(hidden, mask):                  # [2, T, D], [2, T]
    means = hidden.mean(dim=1)
    unit = means / means.norm(dim=-1, keepdim=True)
    return unit[0] @ unit[1]

# %% [markdown]
# So the mean is over all tokens but padding. We load the model's parameters into our class `Bert` and compare the outputs with the library's:

# %% tags=["optional-network"]
from course_kit.convert import from_huggingface
from course_utils.bert import Bert
from chapters.ch06.published import MINILM, published
from chapters.ch06.experiments.sentences import figures

real, on_record = published(*MINILM), results.load("minilm_sentences")
shown = figures(real) if real else on_record
if real:
    ours, pieces = from_huggingface(real.model), WordPiece(real.tokenizer.backend_tokenizer)
    print(*encode(pieces, "Penguins are flightless birds").tokens, sep=" · ")
origin = "Computed just now." if real else on_record.about
print(origin if real else f"No weights here. {origin}")
print(f"{shown['parameters']:,} parameters, largest difference to the library's own model {shown['gap']:.0g}")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert shown["gap"] <= 1e-5 and shown["parameters"] == on_record["parameters"] == 22_713_216

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“The animal was too tired to cross the street.” Which sentence gets the most similar vector?",
    ["The dog was exhausted and stayed where it was", "The street was too wide to cross", "The road had many lanes"],
    answer=1,
    because=["It means almost the same, but its recorded cosine is only 0.60.",
             "The recorded cosine is 0.66. Meaning counts, but shared words seem to count, too.",
             "It shares neither words nor meaning: the recorded cosine is 0.38."],
)

# %% tags=["optional-network"]
between, compared = shown["cosines"], shown["sentences"]

plot.maps({"cosine": between}, {"cosine": [f"{n} {text}" for n, text in enumerate(compared, 1)]}, {"cosine": list("123456")},
          roles={"cosine": "plus"}, scale="cosine", title="Whose meanings are close?", caption=f"Cosines between the vectors of six sentences. In row 1, compare columns 2 and 3. {origin}")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert all(abs(between[0][n] - wanted) < 0.02 for n, wanted in ((1, 0.60), (2, 0.66), (3, 0.38)))
assert round(between[4][5], 2) == 0.49 and max(between[4][:4]) < 0.03
assert not set(compared[4].lower().strip(".").split()) & set(compared[5].lower().strip(".").split())

# %% [markdown]
# “We live in the European Economic Area.” (5) and “My country belongs to a common market.” (6) share no word, but their cosine is 0.49. With every other sentence, the cosine of the fifth is below 0.03.
#
# **Keep this:** published models fit the same classes; only the sizes and the parameters differ.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: film reviews
# SST-2 has sentences from film reviews. We fine-tune the published model, all but its embeddings, to tell which sentences are positive. **Guess:** what share does it get right before fine-tuning?

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper", "optional-network"]
from chapters.ch06.experiments import minilm
from course_kit.callbacks import Budget
from course_kit.fetching import FetchError

sst2, tuning = results.load("minilm_sst2"), None
rows = [{"model": "before fine-tuning", "right, %": 100 * sst2["before"]},
        {"model": "always the same answer", "right, %": 100 * sst2["always the same answer"]},
        {"model": f"fine-tuned, {sst2['steps']} steps", "right, %": 100 * sst2["accuracy"]}]
if real:
    try:
        film = minilm.reviews(real.tokenizer)
        reviewer = film.model(ours)
        passes = minilm.Passes(film, minilm.BATCH)
        tuning = minilm.tune(film, reviewer, batches=passes, callbacks=[Budget(90)], show=True)
        rows.append({"model": f"yours, just now, {tuning.step} steps", "right, %": 100 * film.measure(reviewer)["accuracy"]})
    except FetchError as error:
        print(error)
Table(rows, f"SST-2, {sst2['test']} sentences that were not trained on. {sst2.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper", "optional-network"]
assert [round(row["right, %"]) for row in rows[:3:2]] == [46, 89] and sst2["train"] == 6920 and (tuning and tuning.stopped or rows[-1]["right, %"] >= 80)
assert sst2["before"] < sst2["always the same answer"] < 0.52 and round(sst2["steps"] * sst2["batch"] / sst2["train"]) == 2

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Before fine-tuning, the new layer is random, so the model is no better than a coin (46 %). In the recorded run, two passes through 6,920 sentences raise the share to 89 %.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: where are the 110 million?
# BERT *base* has 12 layers, 768 features and 12 heads; *large* has 24 layers, 1,024 features and 16 heads. They are said to have “110 and 340 million parameters”. Count them. On the device `meta` a tensor has a shape but no numbers, so even the large model takes no memory.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper", "predict"]
predict(
    "In which part of BERT base are most parameters?",
    ["in the table of 30,522 words", "in attention", "in the feed-forward networks"],
    answer=2,
    because="In each layer, attention has 4 D² parameters and the feed-forward network 8 D². With D = 768, twelve times 8 D² is 57 million, and the table's 30,522 D are 23 million.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch06.lesson import count_parameters
from course_utils.bert import BertConfig, BertForPreTraining

shares_of, models = {"your model": count_parameters(mine)}, {"base": BertConfig(), "large": BertConfig.large()}
for name, config in models.items():
    with torch.device("meta"):
        size = sum(count_parameters(Bert(config)).values())
        shares_of[name] = count_parameters(BertForPreTraining(config))
    print(f"{name:5} encoder {size:,}, with both heads of pre-training {sum(shares_of[name].values()):,}")
    assert size == {"base": 109_482_240, "large": 335_141_888}[name]
large_parts = "feed-forward networks", "attention", "token embeddings"
grouped = {name: {part: of[part] for part in large_parts} | {"the rest": sum(n for part, n in of.items() if part not in large_parts)}
           for name, of in shares_of.items()}
plot.stacked(grouped, xlabel="% of all parameters", title="Where are the parameters?",
             caption="Each bar is one model, cut into the shares of its parts.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert [sum(shares_of[name].values()) for name in models] == [110_106_428, 336_226_108]
assert mine.config.ffn_size == 2 * mine.config.model_size
assert [round(n / 1e6) for n in (12 * 8 * 768**2, 30_522 * 768)] == [57, 23]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With or without the heads of pre-training, “110” and “340” are right to two digits.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <a id="distilbert"></a>
# **Multilingual BERT** is BERT trained on the Wikipedias of 104 languages. **DistilBERT** was *distilled*: its six layers were trained to imitate the outputs of BERT's twelve.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: names in real posts
# WNUT-17 has posts from the web with six kinds of names, and most words of its test names are new. **Guess** the published model's [F1](#bio) after 200 steps of fine-tuning.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
posts = results.load("minilm_wnut17")
print(f"{posts['train']:,} posts to train on, {posts['test']:,} to test; of the words of test names "
      f"{100 * posts['words of test names known']:.0f} % were seen in names before.")
Table([{key: round(posts[key], 2) for key in ("precision", "recall", "F1")}], posts.about)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert posts["words of test names known"] < 0.5 and round(posts["F1"], 1) == 0.3 and posts["steps"] == 200
assert round(posts["recall"], 2) == 0.23

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# The F1 is about 0.3: the model finds fewer than a quarter of the names. So in real posts, too, new names are hard to find.
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: questions about Wikipedia
# SQuAD has questions whose answers are in paragraphs from Wikipedia. We split its small development set by articles, so our scores cannot be compared with published ones. Our model reads windows of 96 pieces.
#
# For the **exact match**, an answer has to match one of several human answers. **F1** counts the words that it shares with the closest human answer. **Guess** which question word is the hardest.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
squad = results.load("minilm_squad")
easy = {word: found for word, found in squad["by question word"].items() if found["questions"] >= 30 and word != "other"}
easy = dict(sorted(easy.items(), key=lambda pair: -pair[1]["F1"]))

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
rows = [{"who": who} | {f"{name}, %": round(100 * value, 1) for name, value in squad[key].items()}
        for who, key in {"people, each judged by the others": "people", "all-MiniLM-L6-v2, fine-tuned": "fine-tuned"}.items()]
display(Table(rows, f"{squad['questions']['test']:,} questions about {squad['articles']['test']} articles, trained on "
              f"{squad['articles']['train']} others, one seed. {squad.about}"),
        plot.bars(list(easy), [100 * found["F1"] for found in easy.values()], ylabel="F1, %", digits=0,
                  title="Which questions are easy?", caption="F1 for each question word."))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert squad["max_length"] == 96
assert [*easy][:2] == ["when", "how many"] and [*easy][-1] == "why" and easy["why"]["questions"] == 30
assert sum(squad["questions"].values()) == 10_570
assert [round(100 * squad[who][name]) for who in ("fine-tuned", "people") for name in ("exact match", "F1")] == [53, 64, 83, 92]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# *Why* is the hardest, but there are only 30 such questions. *When* and *how many* are the easiest.
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what is a model on the hub?
# <a id="hub"></a>
# The *hub* is the site huggingface.co, where people keep models. Each model is a folder with three things: a **config** (the sizes), a **tokenizer** (how to cut text) and a **model** (the parameters). The library `transformers` has a class for each of the three. We save your model in this way and load it with *their* class, which gives the same numbers.

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
import os
import tempfile
from transformers import AutoModelForPreTraining, AutoTokenizer
from transformers.utils.logging import disable_progress_bar
from course_kit.convert import to_huggingface

disable_progress_bar()
with tempfile.TemporaryDirectory() as folder:
    to_huggingface(mine.eval()).save_pretrained(folder)
    tokenizer.to_huggingface().save_pretrained(folder)
    print([name for name in ("config.json", "tokenizer.json", "model.safetensors") if name in os.listdir(folder)])
    theirs, cutter = AutoModelForPreTraining.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
cut_by_it = cutter("she left the bank", "the bank was wet", return_tensors="pt")
with torch.no_grad():
    gap = (theirs(**cut_by_it).prediction_logits - mine(batch.ids, batch.segments, batch.mask).mlm_logits).abs().max()
print("back as", type(theirs).__name__)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.equal(cut_by_it.input_ids, batch.ids) and gap < 1e-4

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# `from_pretrained("someone/name")` downloads such a folder and keeps it. If you cannot reach huggingface.co, try a *mirror*: set the environment variable `HF_ENDPOINT` to its address before Python starts.
#
# The makers of `transformers` also have *Datasets* (tables larger than memory), *Accelerate* (one script for one processor or many GPUs), *PEFT* (above) and *Diffusers* (models that generate images).

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Many tutorials translate with one line, `pipeline("translation_en_to_zh")` (by an encoder with a decoder, not a BERT). Try it:

# %% slideshow={"slide_type": "skip"} tags=["deeper", "optional-network"]
from transformers import pipeline
from course_utils.decoding import translate

try:
    pipeline("translation_en_to_zh")
except KeyError as error:
    print("KeyError:", str(error).strip("'\"").split(".")[0])

apple = "I am eating a green apple."
opus = published("Helsinki-NLP/opus-mt-en-zh", "COURSE_OPUS", "AutoModelForSeq2SeqLM", needs=["sentencepiece"])
if opus:
    written = opus.model.generate(**opus.tokenizer(apple, return_tensors="pt"), max_new_tokens=40)
    print("opus-mt-en-zh:", opus.tokenizer.decode(written[0], skip_special_tokens=True))
own = translate(load_checkpoint("transformer-en-zh"), [apple])[0]
print("transformer-en-zh:", own, "· trained on" if own.seen else "· new")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper", "optional-network"]
assert own.seen is False and "正在吃" in own.text and "蘋果" in own.text and "绿" not in own.text and "綠" not in own.text

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# This shows that a library's shortcut may disappear while the *model* still works: load its config, tokenizer and parameters, and call `generate`.
#
# `transformer-en-zh` is a checkpoint of chapter 5's class. Its translation says *am eating* and *apple*, but leaves out the colour.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Fill a gap, or continue?
# <a id="autoencoding"></a><a id="autoregressive"></a>
# BERT repairs a damaged text: it is **autoencoding**. GPT, in the next chapter, writes a word, reads it, and writes the next: it is **autoregressive**. They differ in the attention mask, and so in what they learn to predict:

# %% jupyter={"source_hidden": true}
from course_utils.attention import causal_mask

sentence = "the grass on the bank was wet".split()
label = {"BERT: both sides": sentence, "GPT: the left side": sentence}
full = torch.ones(len(sentence), len(sentence))
plot.maps(dict(zip(label, (full, causal_mask(len(sentence)).float()), strict=True)), label, label, axes=("query", "key"), title="Which words may each word see?",
          caption="Each row is a word that reads; the filled columns are the words that it may read. In the row “bank”, GPT must predict “was”.")

# %% [markdown]
# | | BERT | GPT |
# |---|---|---|
# | learns to | guess masked words, tell whether B follows | continue a text |
# | predicts, in a text | 15 % of the words | every word |
# | probability of a text | not given directly | product over its words |
# | used for | vectors, labels, tags, spans, search | writing, and tasks whose answer can be written |
#
# An overview calls BERT *discriminative* (it labels a text) and GPT *generative* (it produces one). It also says that GPT predicts words “from left to right or from right to left”, but GPT has one direction: it predicts each word from those before it, in the order in which it writes.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Which of these claims about BERT and GPT is wrong?",
    ["BERT's pre-training predicts hidden words from the words on both sides",
     "BERT is discriminative and GPT is generative, and that is where they differ",
     "Fine-tuned with a head, either of them gives p(label | text)",
     "GPT writes a text easily, word after word, and BERT does not"],
    answer=1,
    because=["This is true, and it is called autoencoding.",
             "A discriminative model gives p(label | text). BERT's pre-training gives p(word | the rest of the text), and a GPT with a head is as discriminative as a BERT with one. They differ in what a word may see.",
             "This is true: GPT's first paper, too, solved its tasks in this way.",
             "This is true: GPT has learned to predict each word from those before it, and that is all that writing needs."],
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a BERT of your own parts
# The model in *One step of pre-training* was the course's. Here you build your own, from your embedding sum and chapter 5's blocks.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from torch import nn
from course_utils.bert import BertBlock

class YourBert(nn.Module):
    """Your embedding sum, chapter 5's blocks, and the two heads of pre-training."""

    def __init__(self, c):
        super().__init__()
        D = c.model_size
        self.tables = nn.ParameterList(torch.empty(n, D) for n in (c.vocab_size, c.segments, c.max_length))
        self.gain, self.bias = nn.Parameter(torch.empty(D)), nn.Parameter(torch.empty(D))
        self.blocks = nn.ModuleList(BertBlock(c) for _ in range(c.num_layers))
        self.pooler, self.transform, self.next_sentence = nn.Linear(D, D), nn.Linear(D, D), nn.Linear(D, 2)
        self.norm, self.word_bias = nn.LayerNorm(D, c.eps), nn.Parameter(torch.empty(c.vocab_size))

    def forward(self, ids, segments, mask):
        """ids, segments, mask [B, T] -> logits of words [B, T, V], of whether the second follows [B, 2]"""
        x = embed(ids, segments, *self.tables, self.gain, self.bias)                     # [B, T, D]
        for block in self.blocks:
            x = block(x, mask[:, None])                                                  # padding is never attended to
        words = self.norm(nn.functional.gelu(self.transform(x))) @ self.tables[0].T + self.word_bias
        return words, self.next_sentence(self.pooler(x[:, 0]).tanh())

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The parameters of `bert-stories` go into your model, some under new names. Then both get the same batch. **Guess:** how far apart are their answers?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
RENAMED = {"embeddings.tokens.weight": "tables.0", "embeddings.segments.weight": "tables.1", "embeddings.positions.weight": "tables.2",
           "embeddings.norm.weight": "gain", "embeddings.norm.bias": "bias", "output.bias": "word_bias"}

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def with_parameters_of(model):
    """YourBert with the parameters of one of the course's models."""
    names = {name: name.removeprefix("bert.") for name in model.state_dict() if name != "output.weight"}  # it is the table
    yours = YourBert(model.config).eval()  # no dropout
    yours.load_state_dict({RENAMED.get(short, short): model.state_dict()[name] for name, short in names.items()})
    return yours

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
ids, segments, mask, labels, follows = first_batch
with torch.no_grad():
    yours, theirs = with_parameters_of(stories.model)(ids, segments, mask), stories.model.eval()(ids, segments, mask)
    their_loss = stories.model.loss(ids, labels, follows, segments, mask)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
words_only = mask[..., None]  # without padding
differ = {"words": ((yours[0].softmax(-1) - theirs.mlm_logits.softmax(-1)) * words_only).abs().max().item(),
          "follows": (yours[1].softmax(-1) - theirs.nsp_logits.softmax(-1)).abs().max().item(),
          "loss of masked words": abs(mlm_loss(yours[0], labels).item() - their_loss.mlm.item())}
print(", ".join(f"{name} {gap:.0e}" for name, gap in differ.items()))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert max(differ.values()) < 1e-5

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# They differ by less than a hundred-thousandth, because it is the same model.
#
# </details>
#
# Now repeat the step of pre-training with fresh parameters.

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
from course_utils.training import fit

assembled = with_parameters_of(lesson.model())
_, fallen = fit(assembled, your_batch, both_losses, steps={"class": 100, "full": 1000}[runtime.profile], lr=1e-3,
                clip=1.0, show=False, title="A BERT of your own parts").history["loss"]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert sum(fallen[-10:]) / 10 < fallen[0] - 0.8

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what circulates
# Here are two faulty programs. The second one runs, but computes the wrong thing.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 8 minutes
# An article fine-tunes a BERT like this and calls it machine translation. Five lines are wrong. In line 1, give the function a name that says what it does.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@find_error("program 6.4")
def translate(model, tokenizer, texts, labels):     # N texts, labels [N]: 0 or 1
    cut = 3 * len(texts) // 4
    train, test = slice(0, None), slice(cut, None)
    output = model(texts)                           # an object with .logits [N, 2]
    loss = torch.nn.BCELoss()(output, labels[train])
    predicted = output.logits[test].argmax(dim=-1)
    accuracy = (predicted == 1).float().mean()
    return loss, accuracy

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●● · 10 minutes
# This BERT of one layer has five errors, from this chapter and earlier ones. Its loss falls all the same.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@find_error("program 6.6")
class MaskedModel(torch.nn.Module):             # one layer, one head
    def __init__(self, words, size, longest):
        super().__init__()
        self.tokens = torch.nn.Embedding(words, size)
        self.segments = torch.nn.Embedding(2, size)
        self.places = torch.nn.Embedding(longest, size)
        self.query, self.key, self.value = (torch.nn.Linear(size, size) for _ in range(3))
        self.norm = torch.nn.LayerNorm(size)
    def forward(self, ids, segments, real, labels):             # all [B, T]
        places = torch.arange(ids.shape[1])
        x = self.tokens(ids) + self.places(places)
        x = self.norm(x)
        scores = self.query(x) @ self.key(x).mT / x.shape[-1] ** 0.5
        weights = torch.softmax(scores, dim=1)
        weights = weights * real[:, None]
        x = x + weights @ self.value(x)
        logits = torch.softmax(x @ self.tokens.weight.T, dim=-1)
        rows = logits.flatten(0, 1)
        loss = torch.nn.functional.cross_entropy(rows, ids.flatten())
        return weights, loss

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# A value outside its band stops the notebook.

# %%
rows = [
    ("words right at [MASK], known plots", filled["known plots"]["your model"], 0.55, 1),
    ("next sentences right, known plots", follow["known plots"], 0.8, 1),
    ("words right at [MASK], new plots and names", filled["new plots and names"]["your model"], 0.2, 0.45),
    ("next sentences right, new plots and names", follow["new plots and names"], 0.4, 0.62),
    ("nearest “bank” means the same, last block", alike["bank"][0], 0.9, 1),
    ("nearest “light” means the same, last block", alike["light"][0], 0.75, 0.95),
    ("gain by pre-training: sentiment, known words", gains[0], 0.1, 0.5),
    ("all-MiniLM-L6-v2 against transformers" + ("" if real else " (recorded)"), shown["gap"], 0, 1e-5),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:48} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. A static vector belongs to a word, a contextual one to a word in a sentence.
# 2. BERT's input is a sum of three rows: token, segment and position.
# 3. Pre-training asks which words are masked (15 % chosen, 80/10/10) and whether B follows A.
# 4. Fine-tuning puts one layer on top and trains everything a little.
# 5. Adapters and LoRA train a small part and share the rest.

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
# | [masked language model](#mlm) | 掩码语言模型 | predicts masked words |
# | [next sentence prediction](#nsp) | 下一句预测 | does B follow A? |
# | [pre-training](#pre-training) | 预训练 | on text alone, before any task |
# | [fine-tuning](#fine-tuning) | 微调 | further training, on a task with labels |
# | [answer span](#span) | 答案片段 | from a first word to a last one |
# | [BIO tags](#bio) | BIO 标注 | begins, inside, outside |
# | [adapter](#adapter) | 适配器 | a small bottleneck inside a frozen model |
# | [LoRA, AdaLoRA](#lora) | 低秩适配 | a thin product added to a matrix |
# | [sentence vector](#sentence-vectors) | 句向量 | one vector for a sentence |
# | [hub](#hub) | 模型中心 | where folders with models are kept |
# | [autoencoding](#autoencoding) | 自编码 | repairs a damaged text |
# | [autoregressive](#autoregressive) | 自回归 | continues, word after word |
# | [DistilBERT](#distilbert) | 蒸馏 BERT | half the layers, trained to imitate BERT |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - J. Devlin et al., *BERT*, 2019, section 3, figure 4, appendices A and C.2.
# - T. Mikolov et al., *word2vec*, 2013; J. Pennington et al., *GloVe*, 2014; M. Peters et al., *ELMo*, 2018.
# - Y. Wu et al., *GNMT*, 2016, section 4.1 (WordPiece).
# - Y. Liu et al., *RoBERTa*, 2019, section 4; V. Sanh et al., *DistilBERT*, 2019.
# - N. Houlsby et al., *Parameter-efficient transfer learning for NLP*, 2019; E. Hu et al., *LoRA*, 2021; Q. Zhang et al., *AdaLoRA*, 2023.
# - P. Rajpurkar et al., *SQuAD*, 2016; R. Socher et al., *SST*, 2013; L. Derczynski et al., *WNUT*, 2017.
# - N. Reimers, I. Gurevych, *Sentence-BERT*, 2019; W. Wang et al., *MiniLM*, 2020.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_tools.classroom.progress import onward

onward(6)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: the other half
# BERT fills a gap, but it cannot write you a letter. Chapter 7 takes the *decoder* alone.
#
# **→ [7 · What comes next?](07_gpt.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 6, edition 0.3.0, and the heading above it.*
