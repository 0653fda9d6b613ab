# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 6 · Which word is missing?
# *BERT.* **By the end** you will have taught a model to guess masked words from both sides, fine-tuned it for four tasks and measured what pre-training was worth, trained a small part of a model instead of all of it, and loaded published parameters into the same classes. Reading 70 minutes · live 60 · exercises 45 · *Deeper* 60 more. **Before:** [chapter 5](05_transformer.ipynb) (blocks, heads, ablation).

# %%
import torch
import course_utils
from chapters.ch06 import labs
from course_utils.views import plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A story with a hole
# A small model has read stories that a small grammar of ours generates. Nobody told it what a river or a bank is: words were masked, and it had to guess them. **Before you touch anything:** cover the words below with a finger, one after another. Which could you guess? And which from the left side alone?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch06.lesson import BertLesson
from chapters.ch06.pairs import collate, encode
from course_utils.training.checkpoints import load_checkpoint

stories = load_checkpoint("bert-stories")
tokenizer, lesson = stories.tokenizer, BertLesson(stories.tokenizer)
gaps = lesson.gaps  # each word covered in turn: probabilities of what stands in the gap [T, V]
on_the_bank = "Anna was tired and sat down on the bank of the river.", "The grass on the bank was wet."
river = encode(tokenizer, *on_the_bank)
words = [n for n, token in enumerate(river.tokens) if token[0] != "["]
guessed = labs.predictions(river.tokens, gaps(stories.model, river), tokenizer.words, truth=river.tokens, positions=words,
                           select=river.tokens.index("bank"), model="bert-stories", title="Which word is missing?",
                           caption="Click a word: the model gets the text with a gap there. Bars: what it would put in.")
anna, wet = (guessed.bars(position=river.tokens.index(word)) for word in ("anna", "wet"))
guessed

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert anna[0][1] < 0.1 and wet[0][0] == "green" and guessed.right() == (20, 21) and all(map(lesson.seen, on_the_bank))

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# It is confident almost everywhere, and where it hesitates it has good reason to. Mask "anna": many names get a little probability, none gets much. Mask "wet": grass is green more often. Nobody told it what a name is, or grass. It had to find out, because that helps to fill gaps.
#
# </details>
#
# Both sentences are *seen*: they are in the stories that it was trained on, with other words masked each time. So this shows what the task is, and not yet how well the model fills gaps in new sentences.
#
# **Keep this:** a gap is a question, and the text contains the answer. Any text is a book of exercises with solutions.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# These are from chapters 3 to 5. Answer all three before you unfold the answers.
#
# 1. Which mask does a decoder have that an encoder lacks, and what is it for?
# 2. What are the sub-layers of an encoder block?
# 3. A map shows a head that attends to the right noun. What do you do before you call it an explanation?
#
# <details><summary>Answers</summary>
#
# 1. The causal mask: a model that is learning to predict the next word must not be able to see it.
# 2. Multi-head attention and a feed-forward network, each with a residual connection and a norm.
# 3. Remove the head, or forbid the connection, and count what is lost.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One word, two vectors
# <a id="static"></a><a id="contextual"></a>
# *Anna went to the bank to deposit some money. Anna went to the bank to sit down by the river.* The two words "bank" are spelt alike. Word2vec and GloVe learn a table with one row for each word: a **static** vector. The output of an encoder at the word's position is a **contextual** vector.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The model has such a table, too, at its input. How similar are the rows of the two “bank” (cosine)?",
    ["about 0: they mean different things", "about 0.5", "exactly 1"],
    answer=2,
    because="A table depends on the word and on nothing around it. It is the same row, read twice.",
)

# %%
from chapters.ch06.experiments.contextual import banks, cosines, nearest_alike, word_vectors

banked, kinds = banks()
found = word_vectors(stories.model.bert, tokenizer, "bank", banked)
steps = {"in the table": found[0], "with its place": found[1], "after the last block": found[-1]}
apart = {name: nearest_alike(vectors, kinds) for name, vectors in steps.items()}

plot.maps({name: cosines(vectors) for name, vectors in steps.items()}, "bank", "bank", limits=(-0.5, 1), title="How alike are they?",
          caption=f"How alike are {len(banked)} “bank”? Ink: alike. First half: about money, second half: by the water. "
          "In which of the three do the halves part?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert apart["with its place"] < 0.75 and apart["after the last block"] > 0.85

# %% [markdown]
# In the table they are all the same. Adding their positions makes them different, but not by meaning: whether the nearest other "bank" means the same is a matter of chance. After the last block it nearly always does. Nobody said that there are two kinds of bank. The model has put the meaning together from the neighbouring words.
#
# Here are four ways to get such vectors, in the order in which they appeared:
#
# | | built from | a word sees | its vector | for a new task |
# |---|---|---|---|---|
# | word2vec, GloVe (2013, 2014) | a table | nothing | static | a whole model on top |
# | ELMo (2018) | two LSTMs | left and right separately, joined at the end | contextual | a whole model on top |
# | GPT (2018) | Transformer decoder | its left | contextual | one layer on top |
# | BERT (2018) | Transformer encoder | both sides, in every layer | contextual | one layer on top |
#
# **Keep this:** a table gives a word one vector; an encoder gives it a different one in each sentence.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What goes in
# <a id="wordpiece"></a>
# First, words are cut into pieces. **WordPiece** takes the longest piece from the left that is in its vocabulary, continues with the rest, and marks pieces inside a word with `##`. So hardly any word is unknown, as long as its letters are known. You can choose the size of the vocabulary:

# %% tags=["nbval-check-output"]
from course_utils.data.stories import load
from course_utils.text import WordPiece

sentences = [sentence for story in load("stories", "train")[:2000] for sentence in story.sentences]
for size in (150, 400, 1200):
    print(size, "pieces:", *WordPiece.build(sentences, max_size=size).cut("She crossed the river on a bridge."))

# %% [markdown]
# <a id="cls"></a><a id="segment"></a>
# Then one or two sentences become one sequence, `[CLS] A [SEP] B [SEP]`. `[CLS]` means nothing by itself, so training can make its vector represent the whole sequence. `[SEP]` ends a sentence. And each position has a **segment**, the number of its sentence: `0 0 0 0 1 1 1 1`.
#
# ### Exercise 1 ●●○ · 5 minutes
# Join two sentences, and pad with `[PAD]` to the length that a batch needs. The mask is True for real tokens.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch06 import again, exercise, find_error, hint, solution

@exercise("bert input")
def bert_input(first, second, cls, sep, pad, length):
    """two lists of ids -> ids, segments, mask, each [T], T = length"""
    raise NotImplementedError

# %% [markdown]
# <a id="embedding-sum"></a>
# Each position now has three numbers: which piece, which segment, which position. Each selects a row from a table of its own. All three tables are learned (BERT has no sinusoids), and **the rows are added**. A layer norm follows.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch06.pairs import Batch

two = "she left the bank", "the bank was wet"
pair, embeddings = encode(tokenizer, *two), stories.model.bert.embeddings.eval()
rows = bert_input(*map(tokenizer.encode, two), tokenizer.cls, tokenizer.sep, tokenizer.pad, len(pair))  # by your function
batch = Batch(*(row[None] for row in rows))
with torch.no_grad():
    parts, normed = embeddings.parts(batch.ids, batch.segments), embeddings(batch.ids, batch.segments)
sides = zip(parts, (*parts[1:], parts[0]), strict=True)
labs.embeddings(parts, pair.tokens, segments=list(pair.segments), normed=normed[0], select=pair.tokens.index("bank"),
                title="What is in the sum?", caption="“bank” stands there twice. Switch parts off until both sums are equal.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert max(torch.cosine_similarity(a, b, dim=-1)[0, 1:].abs().max() for a, b in sides) < 0.2
assert all(map(torch.equal, batch, collate([pair])))

# %% [markdown]
# Can a layer separate the three again once they are added? With many features there is room: vectors of random directions are at nearly right angles, so a matrix in a later layer can pick out the one that it needs. (Only the row of `[CLS]` and that of the first position are not: these two always occur together.)
#
# ### Exercise 2 ●●○ · 4 minutes
# Write it: three rows, a sum, and chapter 5's layer norm.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("embedding sum")
def embed(ids, segments, token_table, segment_table, position_table, gain, bias):
    """ids, segments [B, T], tables [V, D], [2, D], [max, D], gain and bias [D] -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** pieces, segments, positions: three tables, one sum. `[CLS]` has no meaning of its own, so training can make its vector represent the whole.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Mask some words
# <a id="mlm"></a>
# A model that sees both sides cannot be asked for the next word, because it can see it. So mask some words and ask for those: this is a **masked language model** (MLM). 15 % of the pieces are chosen; of these, 80 % become `[MASK]`, 10 % a random word, and 10 % stay as they are. The loss counts the chosen positions only.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "One chosen word in ten stays as it is, and the model has to predict it anyway. It could just copy it. What is this for?",
    ["nothing: a free point", "any visible word may be asked for, so each position needs a good vector",
     "the loss gets smaller"],
    answer=1,
    because="If only [MASK] were asked for, the model could neglect all other positions. Later it will read text without any [MASK].",
)

# %% [markdown]
# Draw again and again. Colours and marks show what happened to each word; the counters show how the shares approach 15 %, and 80, 10 and 10 %.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
shop = "[CLS] the man went to the store [SEP] he bought a gallon of milk [SEP]".split()
whole_words = [word for word in tokenizer.words if word.isalpha() and len(word) > 2]
labs.mask_tokens(shop, vocabulary=whole_words[:300], title="What is asked this time?")

# %% [markdown]
# ### Exercise 3 ●●● · 8 minutes
# Choose words, then decide what happens to each. `labels` hold the original word at the chosen positions and −100 elsewhere. Use one random number per word to decide between the three cases: two separate draws of 80 % and 10 % would overlap.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("mask tokens")
def mask_tokens(ids, special_mask, vocab_size, mask_id, generator):
    """ids [B, T], special_mask [B, T] bool, True = never chosen -> inputs [B, T], labels [B, T]"""
    raise NotImplementedError

# %%
draw = torch.Generator().manual_seed(0)
text = torch.randint(5, len(tokenizer), (1000, 100), generator=draw)
inputs, labels = mask_tokens(text, torch.zeros_like(text, dtype=torch.bool), len(tokenizer), tokenizer.mask, draw)
chosen = labels != -100
shares = {"chosen": chosen, "[MASK]": inputs[chosen] == tokenizer.mask, "as it was": inputs[chosen] == text[chosen]}
shares = {name: 100 * found.float().mean().item() for name, found in shares.items()}
shares["another word"] = 100 - shares["[MASK]"] - shares["as it was"]
for (name, share), (wanted, band) in zip(shares.items(), [(15, 0.3), (80, 1), (10, 1), (10, 1)], strict=True):
    assert abs(share - wanted) < band
    print(f"{name:12} {share:5.2f} %")

# %% [markdown]
# ### Exercise 4 ●●○ · 4 minutes
# Write the loss. It counts the chosen positions only.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("masked language model loss")
def mlm_loss(logits, labels):
    """logits [B, T, V], labels [B, T], −100 where nothing is asked -> one number"""
    raise NotImplementedError

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# A slide deck explains the masked language model.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 6.1")

@find_error("program 6.1", line=None)
def hide(ids, chosen, dice, words, mask_id):   # chosen: True for 15 %
    inputs = ids.clone()
    inputs[chosen] = mask_id
    return inputs                              # the loss: where chosen

# %% [markdown]
# **Keep this:** ask for 15 %, count only these, and leave some of them looking normal, because the model will later read text that has no masks at all.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Does the second follow the first?
# <a id="nsp"></a>
# BERT has a second task: in half of the pairs, B is the sentence that really follows A; in the other half it comes from somewhere else. **Next sentence prediction** (NSP) reads the answer from the vector of `[CLS]`. Here are the paper's examples, and a Chinese one:
#
# | A | B | |
# |---|---|---|
# | the man went to [MASK] store | he bought a gallon [MASK] milk | IsNext |
# | the man [MASK] to the store | penguin [MASK] are flight ##less birds | NotNext |
# | 今天天气很好 (fine weather today) | 我出去跑步了 (I went out for a run) | IsNext |
# | 今天天气很好 | 我买了一本书 (I bought a book) | NotNext |
#
# In the last row both sentences are good; only together they are odd. This is what the model has to notice. (Later models, RoBERTa among them, dropped this task and lost nothing.)
#
# ### Exercise 5 ●●○ · 7 minutes
# Make such pairs from stories. Be careful: the sentence from "somewhere else" must not happen to be the one that follows.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("next sentence pairs")
def next_sentence_pairs(stories, count, generator):
    """stories: lists of sentences -> list of (A, B, label), label 0: B follows A, 1: it does not"""
    raise NotImplementedError

# %% [markdown]
# What does our small model say? The first pairs are those of the table (the Chinese ones in English), the others are about the two kinds of bank. **Guess** which answer it is least sure of.

# %% jupyter={"source_hidden": true}
from course_utils.views import Table

held = [story.sentences for story in load("stories", "valid")]
drawn = next_sentence_pairs(held, 200, torch.Generator().manual_seed(0))  # by your function
sure = lesson.follows(stories.model, [pair[:2] for pair in drawn])
known = sum((p > 0.5) == (label == 0) for p, (*_, label) in zip(sure, drawn, strict=True)) / len(drawn)
print(f"200 pairs that your function drew from held-out stories: {known:.0%} right")
asked = [("the man went to the store", "he bought a gallon of milk"),
         ("the man went to the store", "penguins are flightless birds"),
         ("The weather was fine today.", "I went out for a run."), ("The weather was fine today.", "I bought a book."),
         ("Anna went to the bank to deposit some money.", "She waited in the bank until it was her turn."),
         ("Anna went to the bank to deposit some money.", "The grass on the bank was wet."),
         ("Tom walked along the river and sat down on the bank.", "The grass on the bank was wet.")]
believed = lesson.follows(stories.model, asked)
assert [p > 0.5 for p in believed] == [True, False, True, False, True, False, True]
marks = [("new", "one of them", "both")[lesson.seen(a) + lesson.seen(b)] for a, b in asked]
rows = zip(asked, marks, believed, strict=True)
Table([{"A": a, "B": b, "trained on": mark, "B follows": round(p, 2)} for (a, b), mark, p in rows], "bert-stories")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lesson.follows(stories.model, [("The weather is fine today.", "I bought a book.")])[0] > 0.5
assert marks.count("both") == 2 and marks[2] == marks[-1] == "both"
assert known > 0.8

# %% [markdown]
# <details><summary>Answer</summary>
#
# All are right, and in the last two B is the same and only the bank in A is different, so the model uses both sentences. (It has seen the third pair and the last one, sentence for sentence. If you ask with "the weather *is* fine", it fails: our stories are told in the past tense.)
#
# </details>
#
# **Keep this:** there are two tasks, and the text contains the answers to both. Nobody had to label anything.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Pre-train it, in a minute
# <a id="pre-training"></a>
# Both losses are added. Two layers with 128 features, pairs from thousands of stories, about a thousand steps: this is **pre-training**. Beside the curve you see loss and accuracy of both tasks on held-out stories.
#
# **Guess** the two accuracies of a model that has learned nothing. Which task will it learn first?

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch06.lesson import STEPS

mine = lesson.model()
untrained = gaps(mine, river)
run = lesson.train(mine, steps={"class": STEPS, "full": 4 * STEPS}[runtime.profile], show=True,
                   evaluate=lesson.valid(128), every=STEPS // 6)

# %%
import math

held_out, unknown = lesson.measure(mine, "valid"), lesson.measure(mine, "test")
measured = {"new ones": held_out, "new ones, with plots and words it never met": unknown}
rows = [{"stories": name} | {key: f"{found[key]:.2f}" for key in ("MLM accuracy", "NSP accuracy")}
        for name, found in measured.items()]
some = lesson.batch(torch.Generator().manual_seed(1), 64, "valid")
with torch.no_grad():
    nats = mlm_loss(mine(some.ids, some.segments, some.mask).mlm_logits, some.labels).item()  # by your loss
print(f"By your loss, a masked word of 64 held-out pairs costs {nats:.2f} nats; a guess costs {math.log(len(tokenizer)):.2f}.")
Table(rows, f"Yours. A guess is right in 1 of {len(tokenizer):,} words, and in 1 of 2 pairs.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert held_out["MLM accuracy"] >= 0.55 and held_out["NSP accuracy"] >= 0.8 and nats < 0.5 * math.log(len(tokenizer))

# %% [markdown]
# <details><summary>Answer</summary>
#
# It learns words first: which are frequent, and which occur together. Whether B follows A stays at chance for a while, until the model knows words well enough to connect the two sentences. On stories with new plots and new words, masked words are harder to guess and the second task is back at chance: much of what the model knows is about *these* stories.
#
# </details>

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.predictions(river.tokens, {"untrained": untrained, "yours": gaps(mine, river)}, tokenizer.words, truth=river.tokens,
                 positions=words, select=river.tokens.index("bank"), title="What has the minute brought?",
                 caption="Click a word. Both models get the text with the same gap. Its sentences stand in the training stories.")

# %% [markdown]
# **Keep this:** with two questions about a lot of text, a model learns in a minute which words belong together. The next sections use that.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does it attend to?
# Here is every head of your model on two new sentences with a gap. Look first at the row of `[MASK]`: where does it get its information about the gap? Then look at the row of `[CLS]`. Under each head you see how much accuracy on masked words is lost, on held-out stories, when this head is removed. **Guess** before you press: if you remove the head with the sharpest map, will the gap be filled with another word?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import ipywidgets
from IPython.display import display
from chapters.ch06.experiments import tasks as bert_study

new = "Anna went to the [MASK] to deposit some money.", "The man at the bank counted the cash."
seen = lesson.fill(mine, *new)
lost = bert_study.pretraining_loss_of_heads(lesson, mine, 256)
effects = torch.tensor([100 * row["MLM lost"] for row in lost]).view(mine.config.num_layers, -1)
view = labs.heads(seen.weights, seen.tokens, select="[MASK]", effects=effects, effect="masked words lost, in %", live=True,
                  title="Which head fills the gap?", caption="Open a head, knock it out, and read below what stands in the gap.")
told = ipywidgets.HTML()

def tell(change):
    told.value = bert_study.gap_without(lesson, mine, new, change["new"])

tell({"new": []})
view.observe(tell, names="knocked")
display(view, told)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not any(lesson.seen(sentence.replace("[MASK]", "bank")) for sentence in new)
assert effects.max() < 25

# %% [markdown]
# <details><summary>Answer</summary>
#
# Chapter 5's lesson holds here, too: you cannot tell from the maps which head matters most. In a model as small as yours a single head may be important for many masked words; the model at the top spreads the work over more heads, and in *Deeper* below you see how little it loses with any one of them. (A number below zero means: a little better without this head, by chance.)
#
# </details>
#
# **Keep this:** `[CLS]` and the gap read the whole pair, in every layer. How much a weight matters has to be measured.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One model, four uses
# <a id="fine-tuning"></a><a id="span"></a><a id="bio"></a>
# This is what pre-training is for. Keep the encoder, put *one* new layer on top, and train everything a little further on a task with labels: **fine-tuning**. Tasks differ in their input and in which vectors the new layer reads.
#
# | task | input | reads | output |
# |---|---|---|---|
# | sentence | `[CLS] A [SEP]` | `[CLS]` | positive, negative |
# | sentence pair | `[CLS] A [SEP] B [SEP]` | `[CLS]` | B follows from A, contradicts it, neither |
# | tags (BIO) | `[CLS] A [SEP]` | each word | person, place, organisation: **B**egins, **I**nside, **O**utside |
# | answer span | `[CLS] question [SEP] text [SEP]` | each word, twice | where the answer begins, where it ends |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "We fine-tune the model at the top and, for the same few steps, the same model from scratch. In how many of the four "
    "tasks does pre-training help?",
    ["in none: the stories contain none of these labels", "in one or two", "in all four"],
    answer=2,
    because="The stories contain no labels. But the model learned from them how words are used, and every label depends on that.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch06.finetuning import task_of

tasks = {name: task_of(name, tokenizer) for name in ("sentiment", "pairs", "entities", "questions")}
encoder, tuned, curves, live = stories.model.bert, {}, {}, {}
for name, task in tasks.items():
    task.max_length, found = encoder.config.max_length, {}
    for start, given in {"from scratch": encoder.config, "pre-trained": encoder}.items():
        tuned[name] = task.model(given)  # the pre-trained one comes last, and stays
        size = bert_study.LIVE_ROWS[name]
        curves[name, start] = task.train(tuned[name], bert_study.LIVE[name], size=size).history["loss"]
        found |= {f"{start}, {split}": round(task.measure(tuned[name], split, 300)[task.main], 3) for split in ("valid", "test")}
    live[name] = {"task": name, "counted": task.main} | {key: found[key] for key in sorted(found, key=lambda k: k[-5:] != "valid")}
gains = [row["pre-trained, valid"] - row["from scratch, valid"] for row in live.values()]

falls = {name: plot.lines({start: curves[name, start] for start in ("pre-trained", "from scratch")}, "steps", "loss") for name in tasks}
display(Table(live.values(), "Just now, one seed. Valid: words and patterns as in training; test: new ones"),
        plot.beside(falls, title="How fast does each learn?", caption="The losses of these eight trainings."))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(gain > 0 for gain in gains) >= 3 and sum(gains) > 0.3

# %% [markdown]
# A single seed may be luck. Here are three, recorded:

# %% jupyter={"source_hidden": true}
from course_utils.data import results
from chapters.ch06.experiments.tasks import spread

recorded, rows = results.load("bert_tasks"), []
for name, found in recorded["tasks"].items():
    scratch, pre = found["from scratch"], found["pre-trained"]
    assert min(pre[split]["mean"] - scratch[split]["mean"] for split in recorded["splits"]) > 0, name
    for split, what in recorded["splits"].items():
        row = {"task": name, "counted": found["main"], "sentences with": what}
        rows.append(row | {"from scratch, %": spread(scratch[split]), "pre-trained, %": spread(pre[split])})
on_test = {name: [found[start]["test"]["mean"] for start in found if "trained" in start or "scratch" in start]
           for name, found in recorded["tasks"].items()}
Table(rows, f"Mean of {recorded['seeds']} seeds, lowest to highest. {recorded.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(100 * x) for x in on_test["sentiment"]] == [61, 91] and on_test["pairs"][1] < 0.55
assert all(2.8 < on_test[name][1] / on_test[name][0] < 3.4 for name in ("entities", "questions"))

# %% [markdown]
# On sentences of the known kind, a model from scratch can do much by heart: it tags nearly as well. On new words and patterns it falls, and pre-training helps: from 61 to 91 % of the sentiments, three times the F1 of the names, three times as many answers. (*F1* combines two shares: how many of the names it found are right, and how many of the right names it found.) Pairs stay hard for both.
#
# A hundred steps are few. The course comes with four models that were trained longer, so that you don't have to wait: each is a file of less than 50 kB that is added to `bert-stories` (*Train a small part* explains how). On new words and patterns they get 88 % of the sentiments, 48 % of the pairs and 29 % of the answers right, and an F1 of 38 % for names; full fine-tuning, in the table above, gets 91, 49, 34 and 43.
#
# What do the four models attend to? The label of a sentence or of a pair is read from `[CLS]`; a tag is read from its own word, an answer from every word of the text. Choose a task, then a row.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
shipped, maps, tokens = {name: load_checkpoint(f"bert-{name}") for name in tasks}, {}, {}
reached = {name: shipped[name].card["metrics"]["test_" + task.main.lower().replace(" ", "_")] for name, task in tasks.items()}
assert [round(100 * on_test[name][1]) for name in tasks] == [91, 49, 43, 34]
for name, task in tasks.items():
    read = task.inputs(task.examples("test")[:1])[0]
    with torch.no_grad():
        output = shipped[name].model(*collate([read]), need_weights=True)
    maps[name], tokens[name] = [layer[0] for layer in output.weights], read.tokens
labs.heads(maps, tokens, select="[CLS]", title="What does each task attend to?",
           caption="Four fine-tuned models, each on a test sentence of its own.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(100 * x) for x in reached.values()] == [88, 48, 38, 29]
assert max(found.card["weights"]["bytes"] for found in shipped.values()) < 50_000

# %% [markdown]
# **Keep this:** labels are rare, text is not. A model learns words in pre-training; fine-tuning teaches it what to use them for.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: heads removed, task by task
# In the shipped models we remove one head at a time: what does accuracy on masked words lose, and what does each task lose after fine-tuning? **Guess:** do all of them need the same heads?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
heads = results.load("bert_heads")
columns = {"masked words": [row["MLM lost"] for row in heads["pre-training"]],
           "next sentence": [row["NSP lost"] for row in heads["pre-training"]]}
columns |= {name: [next(v for k, v in row.items() if k != "head") for row in found["heads"]]
            for name, found in heads["tasks"].items()}
rows = [{"head": row["head"]} | {name: round(100 * lost[n], 1) + 0.0 for name, lost in columns.items()}
        for n, row in enumerate(heads["pre-training"])]
most = {name: rows[max(range(len(rows)), key=lost.__getitem__)]["head"] for name, lost in columns.items()}
assert sum(head == "1.4" for head in most.values()) == 4 and len(most) == 6
display(Table(rows, f"Points of 100 lost without the head. {heads.about}"))
print("Most missed by", ", ".join(f"{name}: {head}" for name, head in most.items()))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert max(columns["masked words"]) < 0.02 and max(columns["questions"]) > 0.5 * heads["tasks"]["questions"]["all heads"]
assert max(columns["pairs"] + columns["entities"]) < 0.05

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Four of the six depend most on the same head, one in the first layer, whose output all later layers read. Yet the masked words hardly change (less than 2 in 100), while the questions lose more than half of their correct answers. A gap has many clues around it; the answer to a question has only one. Pairs and names lose less than 5 points with any head removed.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A tag for each word
# Lincoln may be a man, a town or a company. The stories mention such Lincolns, but no labelled sentence that the model was fine-tuned on contains Lincoln or South Africa: only the neighbouring words can tell what they are here. Under each word you see the right tag, and under that the model's. *South Africa* is one place of two words: B marks its beginning, I the rest.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
asked = next(e for e in tasks["entities"].examples("test") if "Lincoln" in e.words and {"B-person", "B-place"} <= {*e.tags})
said = tasks["entities"].predict(shipped["entities"].model, [asked.words])[0]
labs.tagged(asked.words, asked.tags, predicted=said.tags, title="Who is who, and what is where?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not {"Lincoln", "South", "Africa"} & {word for e in tasks["entities"].examples("train") for word in e.words}
assert any(" Lincoln " in sentence for story in load("stories", "train") for sentence in story.sentences)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: words and pieces
# People tag words, but the model reads pieces. So the first piece of a word is used for its tag, and the others are ignored.
#
# #### Exercise ●●○ · 4 minutes
# `words` is what `encode(…).words` holds: for each token the number of its word, −1 for `[CLS]` and `[SEP]`.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("tags for pieces")
def piece_labels(tags, words):
    """tags: a number for each word; words: of each token its word's number, −1 for special tokens -> labels [T]"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
pieced, numbers = tasks["entities"].inputs([asked])[0], [tasks["entities"].number(tag) for tag in asked.tags]
piece_tags = piece_labels(numbers, list(pieced.words)).tolist()
Table([{"token": token, "label": n, "tag": asked.tags[word] if n != -100 else "not asked"}
       for token, word, n in zip(pieced.tokens, pieced.words, piece_tags, strict=True)], "The sentence above, labelled by your function.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert piece_tags == tasks["entities"].target(asked, pieced)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An answer from the text
# For a question, the model gives each word two numbers. One softmax over all *positions* says where the answer begins, another one where it ends.
#
# ### Exercise 6 ●●● · 6 minutes
# The most probable beginning may come after the most probable end. So look for the best *pair*: first ≤ last, both inside the text.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("answer span")
def best_span(start_logits, end_logits, allowed):
    """start_logits, end_logits [T], allowed [T] bool: where an answer may lie -> (first, last)"""
    raise NotImplementedError

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch06.pairs import answer_tokens

asked = next(e for e in tasks["questions"].examples("test") if e.answer)
read = tasks["questions"].inputs([asked])[0]
text = slice(read.segments.index(1), len(read) - 1)
first, last = (place - text.start for place in answer_tokens(read, asked.start, asked.start + len(asked.answer)))
answer = tasks["questions"].predict(shipped["questions"].model, [(asked.question, asked.context)])[0]
inside = (torch.arange(len(read)) >= text.start) & (torch.arange(len(read)) < text.stop)
best = tuple(map(int, best_span(answer.starts.log(), answer.ends.log(), inside)))
print("Your best_span answers:", " ".join(answer.tokens[best[0] : best[1] + 1]))
labs.tagged(answer.tokens[text], [(first, last, "answer")], start=answer.starts[text], end=answer.ends[text], longest=8,
            question=asked.question, title="Where does the answer begin?",
            caption="Bars: how likely each place is the first, and the last. Framed: the best pair. Below: the right one.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best == (answer.first, answer.last)

# %% [markdown]
# **Keep this:** tags are one decision for each word; an answer is two decisions about the whole text.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: too long, too short, not in the set
# What happens to texts that do not fit? A text that is too long loses its end, with a message; positions in the rest stay right. An empty text is refused, and so are unknown labels.

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
import warnings

with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    cut = encode(tokenizer, asked.context, max_length=12)
places = zip(cut.tokens[1:-1], cut.spans[1:-1], strict=True)
assert cut.dropped[0] > 0 and all(asked.context[a:b].lower() == token.removeprefix("##") for token, (a, b) in places)
print(cut, heard[0].message, sep="\n")
for wrong in (lambda: encode(tokenizer, ""), lambda: tasks["sentiment"].number("so so")):
    try:
        wrong()
    except ValueError as error:
        print(error)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train a small part
# <a id="adapter"></a><a id="lora"></a>
# Four tasks mean four copies of the whole model on the disk, and nearly everything in them is the same. So freeze the model and train something small inside it. A bottleneck **adapter** follows each sub-layer of a block: down to a few features, a non-linearity (GELU, a smooth version of ReLU), up again, and added to its input.
#
# $$ x+\mathrm{GELU}(x\,W_{\downarrow}+b_{\downarrow})\,W_{\uparrow}+b_{\uparrow} $$
#
# $W_\uparrow$ starts as zeros, so at first the model computes exactly what it did before.
#
# ### Exercise 7 ●○○ · 3 minutes
# Write it: down to R features, a GELU, up again, and added to the input.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("bottleneck adapter")
def adapter(x, W_down, b_down, W_up, b_up):
    """x [B, T, D], W_down [D, R], b_down [R], W_up [R, D], b_up [D] -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# **LoRA** adds no layer; it changes a *matrix*: $W+\tfrac{\alpha}{r}BA$, where $B$ has $D \times r$ numbers and $A$ has $r \times D$: two thin matrices, with a small $r$ (the *rank* of their product). After training the product can be added to $W$, so it costs nothing at inference. The library PEFT adds it to any model, including ours.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch06 import adapters

with torch.no_grad():
    x = encoder(*batch).hidden
    W_down = torch.randn(x.shape[-1], 16, generator=torch.Generator().manual_seed(0))
    fresh = adapter(x, W_down, torch.zeros(16), torch.zeros(16, x.shape[-1]), torch.zeros(x.shape[-1]))  # yours, W_up = 0
print(f"Fresh, your adapter changes the output of BERT by {(fresh - x).abs().max():.0f}.")
small = adapters.compare(tasks["entities"], encoder, steps=60)
by_way = {row["what learns"]: row for row in small}
assert max(by_way[name]["of all, in %"] for name in ("adapters", "LoRA")) < 5
recorded = results.load("bert_adapters")
rows = [{"task": name} | {key: row[key] for key in ("what learns", "parameters", "of all, in %")}
        | {words + ", %": spread(row[split]) for split, words in recorded["splits"].items()}
        for name, found in recorded["tasks"].items() for row in found["rows"]]
mean = {(name, row["what learns"], split): row[split]["mean"] for name, found in recorded["tasks"].items()
        for row in found["rows"] for split in recorded["splits"]}
display(small, Table(rows, f"Means of {recorded['seeds']} seeds, lowest to highest. {recorded.about}"))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(mean["sentiment", "LoRA", "valid"] - mean["sentiment", "all", "valid"]) < 0.02 > 0.51 - mean["sentiment", "head only", "test"]
assert [round(100 * mean["sentiment", way, "test"]) for way in ("LoRA", "all", "head only")] == [84, 96, 49]
assert abs(mean["entities", "LoRA", "test"] - mean["entities", "all", "test"]) < 0.02

# %% [markdown]
# On sentences of the known kind, LoRA with 1 % of the parameters does as well as all of them. On new words it keeps up for names, but for sentiment it gets 84 % where full fine-tuning gets 96 (with more steps than in the table of the four tasks). The new layer alone is at chance there: what it needs is not in `[CLS]` before fine-tuning.
#
# The four models above were made with LoRA of rank 3 in every matrix. Their files hold two thin factors for each matrix, and `load_checkpoint` adds the products to `bert-stories`.
#
# **Keep this:** most parameters can stay as they are. What a task adds fits into a small file; on new kinds of sentences it can cost some accuracy.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: AdaLoRA, on their model
# **AdaLoRA** writes its addition as $P\Lambda Q$ with a diagonal $\Lambda$. It starts with more directions than it may keep and removes the least important ones during training, so that a matrix that needs more keeps more. We train it on our classifier's twin in `transformers`; PEFT only needs a config:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.views import reveal

reveal(adapters.adalora)

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # of the library, about a name of its own
    twin = adapters.adalora(tasks["pairs"].model(encoder), steps=50)
    adapters.train_adalora(tasks["pairs"], twin, steps=50)
kept = {name: int((x.abs() > 0).sum()) for name, x in twin.named_parameters() if "lora_E" in name}
assert len(kept) == 2 * encoder.config.num_layers and len(set(kept.values())) >= 1
for name, rank in kept.items():
    print(name.split("encoder.")[-1].removesuffix(".lora_E.default"), "keeps", rank)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where are the 110 million?
# The paper's base model has 12 layers with 768 features and 12 heads, the large one 24 layers with 1,024 features and 16 heads. They are said to have "110 and 340 million parameters". Count them. On the device `meta` a tensor has a shape but no numbers, so even the large model takes no memory.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In which part of BERT base are most parameters?",
    ["in the table of 30,522 words", "in attention", "in the feed-forward networks"],
    answer=2,
    because="Attention has 4 D² in each layer, the feed-forward network 8 D²: twelve times that is more than 30,522 D.",
)

# %% jupyter={"source_hidden": true}
from course_utils.models.bert import Bert, BertConfig, BertForPreTraining, count_parameters

parts, models = {"yours": count_parameters(mine)}, {"base": BertConfig.base(), "large": BertConfig.large()}
for name, config in models.items():
    with torch.device("meta"):
        size = sum(count_parameters(Bert(config)).values())
        parts[name] = count_parameters(BertForPreTraining(config))
    print(f"{name:5} encoder {size:,}, with both heads of pre-training {sum(parts[name].values()):,}")
    assert size == {"base": 109_482_240, "large": 335_141_888}[name]
for part, order in {"token embeddings": -1, "feed-forward networks": 1}.items():
    share = [found[part] / sum(found.values()) for found in parts.values()]
    assert share == sorted(share)[::order]
plot.stacked(parts, xlabel="% of all parameters", caption="What grows from yours to large, and what shrinks?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [sum(parts[name].values()) for name in models] == [110_106_428, 336_226_108]

# %% [markdown]
# The larger the model, the larger is the share of the feed-forward networks, and the smaller that of the table of words.
#
# So *base* has 109.5 million parameters, and 110.1 with the heads of pre-training: "110" is right either way. *Large* has 335.1, with its heads 336.2. Nothing is missing: 336 million, rounded to two digits, is 340.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The real one
# <a id="sentence-vectors"></a>
# Everything so far was small and our own. Now we take parameters that others trained on a billion pairs of sentences: `all-MiniLM-L6-v2`, a BERT with 6 layers and 384 features, trained so that similar sentences get similar vectors (the mean of a sentence's words). They fit into the class that you have just used, `Bert`.
#
# The next cell looks for it in the folder named by the environment variable `COURSE_MINILM`, or else on the hub (91 MB, once). If it finds neither, it says so and shows recorded numbers.

# %% tags=["optional-network"]
from course_utils.models.bert import Bert
from chapters.ch06.published import MINILM, published
from chapters.ch06.experiments.sentences import figures

real, recorded = published(*MINILM), results.load("minilm_sentences")
shown = figures(real) if real else recorded
if real:
    ours, pieces = Bert.from_huggingface(real.model), WordPiece(real.tokenizer.backend_tokenizer)
    print(*encode(pieces, "Penguins are flightless birds").tokens, sep=" · ")
origin = "Computed just now." if real else recorded.about
print(origin if real else f"No weights here. {origin}")
print(f"{shown['parameters']:,} parameters, largest difference to the library's own model {shown['gap']:.0g}")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert shown["gap"] <= 1e-5 and shown["parameters"] == recorded["parameters"] == 22_713_216

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“The animal was too tired to cross the street.” Which sentence gets the most similar vector?",
    ["The dog was exhausted and stayed where it was.", "The street was too wide to cross.", "The road had many lanes."],
    answer=1,
    because="Recorded: 0.66, 0.60 and 0.38. Meaning counts, but so do shared words.",
)

# %% tags=["optional-network"]
cosines, sentences = shown["cosines"], shown["sentences"]

rows = {"cosine": [f"{text} {n}" for n, text in enumerate(sentences, 1)]}
plot.maps({"cosine": cosines}, rows, {"cosine": list("123456")}, title="Whose meanings are close?", caption="Cosines between sentence "
          f"vectors. The last two share no word: do they belong together? {cosines[4][5]:.2f}. The next best: {max(cosines[4][:4]):.2f}. {origin}")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert abs(cosines[0][2] - 0.66) < 0.02 and abs(cosines[0][1] - 0.60) < 0.02 and abs(cosines[0][3] - 0.38) < 0.02
assert cosines[4][5] > 0.4 > 0.12 > max(cosines[4][:4])

# %% [markdown]
# The Economic Area and the common market share no word, and still their vectors are close. This is search by meaning: a vector for each text, and the nearest one wins. And the nearest "bank"? Below you see, block by block, how often the nearest "bank" has the same meaning, in the published model and in ours.

# %% tags=["optional-network"]
ours_too = [nearest_alike(step, kinds) for step in word_vectors(stories.model.bert, tokenizer, "bank", banked)[1:]]
lines = {"all-MiniLM-L6-v2": shown["bank"], "bert-stories": ours_too}
plot.lines({name: (range(len(share)), share) for name, share in lines.items()}, "blocks", "nearest means the same",
           title="After how many blocks are there two banks?", caption=f"{len(banked)} sentences; 0: words, segments and "
           f"positions only. Half would be chance. The published model: {origin}")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert shown["bank"][-1] > 0.9 and shown["bank"][0] < 0.75

# %% [markdown]
# Now fine-tune it to tell whether a film review is positive. The sentences of SST-2 come from reviews; they are fetched like chapter 3's corpora. The published model was not trained for this.

# %% slideshow={"slide_type": "subslide"} tags=["training", "optional-network"]
from chapters.ch06.experiments import minilm
from course_utils.data.fetching import FetchError

sst2, run = results.load("minilm_sst2"), None
rows = [{"SST-2": "before fine-tuning", "right, %": 100 * sst2["before"]},
        {"SST-2": "always the same answer", "right, %": 100 * sst2["always the same answer"]},
        {"SST-2": f"fine-tuned, {sst2['steps']} steps", "right, %": 100 * sst2["accuracy"]}]
if real:
    try:
        film = minilm.reviews(real.tokenizer)
        reviewer = film.model(ours)
        passes = minilm.Passes(film, minilm.BATCH)
        run = minilm.tune(film, reviewer, batches=passes, budget_s=90, show=True)
        rows.append({"SST-2": f"yours, just now, {run.step} steps", "right, %": 100 * film.measure(reviewer)["accuracy"]})
    except FetchError as error:
        print(error)
Table(rows, f"{sst2['test']} reviews that were not trained on. {sst2.about}")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert round(rows[2]["right, %"]) == 89 and sst2["train"] == 6920 and (run and run.stopped or rows[-1]["right, %"] >= 80)

# %% [markdown]
# It goes from chance to 89 % in two passes through 6,920 sentences.
#
# **Keep this:** the classes are the same; only the parameters differ. What others pre-trained for days, you can fine-tune in minutes.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: names in real posts
# Our own sentences have three kinds of names and few patterns. WNUT-17 consists of posts from the web, with six kinds of names, and the names in the test set are new on purpose. **Guess** the F1 of the published model after a few minutes of fine-tuning.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
posts = results.load("minilm_wnut17")
print(f"{posts['train']:,} posts to train on, {posts['test']:,} to test; of the words of test names "
      f"{100 * posts['words of test names known']:.0f} % were seen in names before.")
Table([{key: round(posts[key], 2) for key in ("precision", "recall", "F1")}], posts.about)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert posts["words of test names known"] < 0.5 and 0.1 < posts["F1"] < 0.8

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# With a network, `course results minilm_wnut17` does it again. *Precision* is the share of the found names that are right, *recall* the share of the right names that were found.
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: questions about Wikipedia
# SQuAD has paragraphs from Wikipedia and questions that people asked about them; the answer is in the paragraph. Whole articles are held out. A paragraph is longer than what the model can read at once, so it is read in overlapping windows, and the best span of all windows is the answer.
#
# **Exact match**: the answer equals one that people gave, apart from case, punctuation and *a, an, the*. **F1**: here it measures the words shared with the best of them. **Guess** which question word is the hardest.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
squad = results.load("minilm_squad")
easy = {word: found for word, found in squad["by question word"].items() if found["questions"] >= 30 and word != "other"}
easy = dict(sorted(easy.items(), key=lambda pair: -pair[1]["F1"]))
assert [round(100 * squad[who][name]) for who in ("fine-tuned", "people") for name in ("exact match", "F1")] == [53, 64, 83, 92]
rows = [{"who": who} | {f"{name}, %": round(100 * value, 1) for name, value in squad[key].items()}
        for who, key in {"people, each judged by the others": "people", "all-MiniLM-L6-v2, fine-tuned": "fine-tuned"}.items()]
display(Table(rows, f"{squad['questions']['test']:,} questions about {squad['articles']['test']} articles, trained on "
              f"{squad['articles']['train']} others, one seed. {squad.about}"),
        plot.bars(list(easy), [100 * found["F1"] for found in easy.values()], ylabel="F1, %", digits=0,
                  title="Which questions are easy?", caption="By question word. Whose answers are the longest?"))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert squad["steps"] * squad["batch"] < squad["questions"]["train"] and (list(easy)[0], list(easy)[-1]) == ("when", "why")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# After less than one pass through the questions, about half of the answers are exact: 53 %, F1 64 (people reach 83 and 92). *When* and *how many* are answered best, because dates and numbers are easy to recognise. *Why* is answered by half a sentence, and where it begins and ends is a matter of taste.
#
# </details>
#
# With a network (or the file in the folder named by `COURSE_DATA_DIR`), `course results minilm_squad` does it again.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is a model on the hub?
# <a id="hub"></a>
# It is a folder with three things in it, and Hugging Face's `transformers` has a class for each: a **config** (the sizes), a **tokenizer** (how to cut text into pieces) and a **model** (the parameters). We can save your model as such a folder and load it with *their* class; it gives the same numbers.

# %% tags=["nbval-check-output"]
import os
import tempfile
from transformers import AutoModelForPreTraining, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

disable_progress_bar()
with tempfile.TemporaryDirectory() as folder:
    mine.eval().to_huggingface().save_pretrained(folder)
    tokenizer.to_huggingface().save_pretrained(folder)
    print([name for name in ("config.json", "tokenizer.json", "model.safetensors") if name in os.listdir(folder)])
    theirs, cut = AutoModelForPreTraining.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
given = cut("she left the bank", "the bank was wet", return_tensors="pt")
with torch.no_grad():
    gap = (theirs(**given).prediction_logits - mine(batch.ids, batch.segments, batch.mask).mlm_logits).abs().max()
print("back as", type(theirs).__name__)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(given.input_ids, batch.ids) and gap < 1e-4

# %% [markdown]
# `from_pretrained("someone/name")` downloads such a folder from the hub and keeps it. If you cannot reach huggingface.co, you may be able to reach a *mirror*: set the environment variable `HF_ENDPOINT` to its address before Python starts. Other libraries around it, in a line each:
#
# - **Datasets**: tables larger than memory, downloaded and split by name.
# - **Accelerate**: one training script for one processor or many GPUs (chapter 7).
# - **PEFT**: LoRA, AdaLoRA and similar methods for any model (above).
# - **Diffusers**: the same kind of folder for models that generate images.
#
# A lecture shows how short it can be: `pipeline("translation_en_to_zh")`, and English turns into Chinese. Try it. Then we call the model behind it directly: from the folder in `COURSE_OPUS`, or from the hub (312 MB, once).

# %% tags=["optional-network"]
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
print("chapter 5's:  ", own, "· trained on" if own.seen else "· new")

# %% jupyter={"source_hidden": true} tags=["asserts", "optional-network"]
assert own.seen is False and "绿" not in own.text and "綠" not in own.text

# %% [markdown]
# Version 5 of the library has removed the task. Tutorials age, but the *model* still works: load its config, tokenizer and parameters, and `generate` writes. (Chapter 5's own translator did the same sentence, which was new to it, and lost the colour and the tense; `translate` is its `generate`.)
#
# **Keep this:** config, tokenizer, model. If you know what is in the folder, you do not need the one-line shortcut.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Fill a gap, or continue?
# <a id="autoencoding"></a><a id="autoregressive"></a>
# BERT repairs a damaged text: it is an **autoencoding** model. GPT, in the next chapter, writes a word, reads it, and writes the next: it is **autoregressive**.
#
# | | BERT | GPT |
# |---|---|---|
# | blocks | encoder | decoder, without cross-attention |
# | a word sees | both sides | its left side |
# | learns to | fill gaps, tell whether B follows | continue a text |
# | predicts, in a text | 15 % of the words | every word |
# | probability of a text | not defined | product over its words |
# | used for | vectors, labels, tags, spans, search | writing, and everything that can be written |
#
# <a id="distilbert"></a>
# Two relatives are common: **multilingual BERT**, the same model trained on the Wikipedias of 104 languages with one vocabulary, and **DistilBERT**, whose six layers were trained to give the same outputs as twelve.
#
# ### Find the error ●○○ · 3 minutes
# A table describes each of the two by one word.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("claims 6.2")

@find_error("claims 6.2", line=None)
def kind_of(target, sees):
    """target: word or label; sees: before, after or both sides -> discriminative, autoregressive or autoencoding"""
    raise NotImplementedError

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what circulates
# Here are a fine-tuning script from an article, slip by slip, claims from overviews, and bugs that raise no error.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# `model(ids)` alone does the same, quietly.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.3")

@find_error("program 6.3", line=None)  # the number of the wrong line
def pair_input(first, second, cls, sep):       # two lists of ids
    ids = [cls] + first + [sep] + second + [sep]
    segments = [0] * len(ids)
    return torch.tensor(ids), torch.tensor(segments)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# This loss falls fast, and the model learns to copy.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.4")

@find_error("program 6.4", line=None)
def all_loss(logits, ids, labels):     # ids before masking; labels: −100
    rows = logits.flatten(0, 1)
    target = ids.flatten()
    return torch.nn.functional.cross_entropy(rows, target)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# What a sentence means must not depend on its neighbours in the batch.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.5")

@find_error("program 6.5", line=None)
def encoder_weights(q, k, ids, pad):           # [B, T, d] twice, [B, T], a number
    real = torch.ones_like(ids, dtype=torch.bool)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~real[:, None], float("-inf"))
    return torch.softmax(scores, dim=-1)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# Pre-training covers words. And use?

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.6")

@find_error("program 6.6", line=None)
def classify(ids, mask_tokens, model):         # ids [B, T]
    inputs, labels = mask_tokens(ids)          # as in pre-training
    output = model(inputs)
    return output.logits.softmax(dim=-1)       # [B, 2]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# An overview calls question answering a classification of each token.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 6.7")

@find_error("claims 6.7", line=None)
def start_and_end(start_logits, end_logits, mask):
    """start_logits, end_logits [B, T], mask [B, T] -> two distributions over the positions, each [B, T]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# A sentence's vector is the mean of its tokens'. Of which?

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.8")

@find_error("program 6.8", line=None)
def similarity(hidden, mask):                  # [2, T, D], [2, T]
    means = hidden.mean(dim=1)
    unit = means / means.norm(dim=-1, keepdim=True)
    return unit[0] @ unit[1]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●● · 6 minutes
# “110 M and 340 M”, and three reasons why.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 6.9")

@find_error("claims 6.9", line=None)  # the number of the wrong claim
def parameters(vocab_size, model_size, num_layers, max_length):
    """V, D, N, T; 2 segments, networks of 4 D -> parameters of the encoder and its pooler, a whole number"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# The same table of BERT and GPT, one row further down.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 6.10")

@find_error("claims 6.10", line=None)
def visible(model, length):
    """model BERT or GPT, T words -> [T, T] bool: True where the word of the row may see the word of the column"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# An article's script for fine-tuning. The tokenizer is loaded, and never called.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.11")

@find_error("program 6.11", line=None)
def ask(model, tokenizer, texts):          # a list of B texts
    with torch.no_grad():
        output = model(texts)
    return output.logits.softmax(dim=-1)       # [B, 2]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# It stops at once. The first repairs that come to mind run on, and are wrong.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.12")

@find_error("program 6.12", line=None)
def classification_loss(model, ids, labels):          # ids [B, T], labels [B]: 0 or 1
    output = model(ids)
    return torch.nn.BCELoss()(output, labels)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 4 minutes
# In the article, training, validation and test are one sentence, the same one. Here is the like with more texts.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.13")

@find_error("program 6.13", line=None)
def split(texts):                          # some of the texts are there twice
    texts = list(dict.fromkeys(texts))     # each text once
    cut = len(texts) // 10 + 1
    train, valid, test = texts, texts[:cut], texts[:cut]
    return train, valid, test

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# Shuffle all labels, and this accuracy stays what it was.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.14")

@find_error("program 6.14", line=None)
def accuracy(logits, labels):                  # [N, 2], [N]
    predicted = logits.argmax(dim=-1)
    right = (predicted == 1).sum()
    return (right / len(logits)).item()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# The script calls itself machine translation.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 6.15")

@find_error("claims 6.15", line=None)
def shape_of_logits(task, B, T, C, V):
    """task: classification, tagging, masked words or translation -> (B, C), (B, T, C) or (B, T, V)"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●● · 10 minutes
# Five of the errors of this chapter and the ones before it in one class, a BERT of one layer. It runs, and its loss falls. `line=(…)` takes all five numbers.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 6.16")

@find_error("program 6.16", line=None)
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

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a BERT of your own parts
# Your row of ids, your embedding sum, your pairs, your masking and your loss, with chapter 5's blocks between them, make a whole BERT. The parts that you have not solved are the course's.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
own = {"bert_input": bert_input, "embed": embed, "next_sentence_pairs": next_sentence_pairs, "mask_tokens": mask_tokens, "mlm_loss": mlm_loss}
whose = {name: "yours" if one.__module__ == "__main__" else "the course's" for name, one in own.items()}
Table([{"part": name, "whose": who} for name, who in (whose | {"the blocks": "the course's, of chapter 5"}).items()])

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from torch import nn
from course_utils.models.blocks import EncoderBlock

class YourBert(nn.Module):
    """Your embedding sum, chapter 5's blocks, and the two heads of pre-training."""

    def __init__(self, c):
        super().__init__()
        D = c.model_size
        self.tables = nn.ParameterList(torch.empty(n, D) for n in (c.vocab_size, c.segments, c.max_length))
        self.gain, self.bias = nn.Parameter(torch.empty(D)), nn.Parameter(torch.empty(D))
        sizes, options = (D, c.num_heads, c.inner_size), {"norm_first": False, "activation": c.activation, "eps": c.eps}
        self.blocks = nn.ModuleList(EncoderBlock(*sizes, **options) for _ in range(c.num_layers))
        self.pooler, self.transform, self.next_sentence = nn.Linear(D, D), nn.Linear(D, D), nn.Linear(D, 2)
        self.norm, self.word_bias = nn.LayerNorm(D, c.eps), nn.Parameter(torch.empty(c.vocab_size))

    def forward(self, ids, segments, mask):
        """ids, segments, mask [B, T] -> logits of words [B, T, V], of whether the second follows [B, 2]"""
        x = embed(ids, segments, *self.tables, self.gain, self.bias)                     # [B, T, D]
        for block in self.blocks:
            x = block(x, mask[:, None]).features                                         # padding is never attended to
        words = self.norm(nn.functional.gelu(self.transform(x))) @ self.tables[0].T + self.word_bias
        return words, self.next_sentence(self.pooler(x[:, 0]).tanh())

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The checkpoint has other names for the same parameters, so a few of them are renamed. Then your model and `bert-stories` get the same batch, which your functions have drawn, joined and masked. **Guess:** how far apart are their answers?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
RENAMED = {"embeddings.tokens.weight": "tables.0", "embeddings.segments.weight": "tables.1", "embeddings.positions.table": "tables.2",
           "embeddings.norm.weight": "gain", "embeddings.norm.bias": "bias", "output.bias": "word_bias"}

def with_parameters_of(model):
    """YourBert with the parameters of one of the course's models."""
    names = {name: name.removeprefix("bert.") for name in model.state_dict() if name != "output.weight"}  # tied: the table
    yours = YourBert(model.config)
    yours.load_state_dict({RENAMED.get(short, short): model.state_dict()[name] for name, short in names.items()})
    return yours

def your_batch(generator, size=32):
    """size pairs -> ids with masks, segments, mask and labels, all [B, T], and whether the second follows [B]"""
    drawn = next_sentence_pairs(books, size, generator)
    both = [[tokenizer.encode(text) for text in pair[:2]] for pair in drawn]
    T = max(len(a) + len(b) for a, b in both) + 3
    rows = [bert_input(a, b, tokenizer.cls, tokenizer.sep, tokenizer.pad, T) for a, b in both]
    ids, segments, mask = (torch.stack(column) for column in zip(*rows, strict=True))
    special = ~mask | (ids == tokenizer.cls) | (ids == tokenizer.sep)
    inputs, labels = mask_tokens(ids, special, len(tokenizer), tokenizer.mask, generator)
    return inputs, segments, mask, labels, torch.tensor([label for *_, label in drawn])

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
books = [story.sentences for story in load("stories", "train")]
one = your_batch(torch.Generator().manual_seed(0))
with torch.no_grad():
    yours, theirs = with_parameters_of(stories.model)(*one[:3]), stories.model.eval()(*one[:3])
    their_loss = stories.model.loss(one[0], one[3], one[4], one[1], one[2])
words_only = one[2][..., None]  # what the model says of padding is never read
differ = {"words": ((yours[0].softmax(-1) - theirs.mlm_logits.softmax(-1)) * words_only).abs().max().item(),
          "follows": (yours[1].softmax(-1) - theirs.nsp_logits.softmax(-1)).abs().max().item(),
          "loss of masked words": abs(mlm_loss(yours[0], one[3]).item() - their_loss.mlm.item())}
print(", ".join(f"{name} {gap:.0e}" for name, gap in differ.items()))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert max(differ.values()) < 1e-5

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Less than a hundred-thousandth. It is the same model, and every number in it has gone through your functions.
#
# </details>
#
# Now train one from scratch, for a few seconds. It begins with the parameters that your first model of this chapter began with.

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
from course_utils.training import fit

def both_losses(model, batch):
    *read, labels, follows = batch
    of_words, of_pairs = model(*read)
    return mlm_loss(of_words, labels) + nn.functional.cross_entropy(of_pairs, follows)

assembled = with_parameters_of(lesson.model())
_, fallen = fit(assembled, your_batch, both_losses, steps={"class": 100, "full": 1000}[runtime.profile], lr=1e-3,
                clip=1.0, show=False, title="A BERT of your own parts").history["loss"]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert sum(fallen[-10:]) / 10 < fallen[0] - 0.8

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# Measured just now, on this machine, on held-out text, unless a line says otherwise. A value outside its band stops the notebook.

# %%
rows = [
    ("masked words right, held-out stories", held_out["MLM accuracy"], 0.55, 1),
    ("next sentences right, held-out stories", held_out["NSP accuracy"], 0.8, 1),
    ("masked words right, new plots", unknown["MLM accuracy"], 0.1, 0.9),
    ("chosen by mask_tokens, %", shares["chosen"], 14.7, 15.3),
    ("nearest “bank” alike, by place", apart["with its place"], 0.3, 0.75),
    ("nearest “bank” alike, after the last block", apart["after the last block"], 0.85, 1),
    ("sentiment, from scratch", live["sentiment"]["from scratch, valid"], 0.4, 0.95),
    ("sentiment, pre-trained", live["sentiment"]["pre-trained, valid"], 0.6, 1),
    ("entities, F1 on new words, from scratch", live["entities"]["from scratch, test"], 0, 0.6),
    ("entities, F1 on new words, pre-trained", live["entities"]["pre-trained, test"], 0.2, 1),
    ("share of parameters in the adapters, %", by_way["adapters"]["of all, in %"], 0.1, 5),
    ("all-MiniLM-L6-v2 against transformers", shown["gap"], 0, 1e-5),
    ("film reviews right, % (recorded)", 100 * sst2["accuracy"], 88, 100),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:44} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. A static vector belongs to a word, a contextual one to a word in a sentence.
# 2. BERT's input is a sum of three rows: piece, segment and position. The vector of `[CLS]` represents the whole sequence.
# 3. Pre-training: 15 % chosen, 80/10/10, loss only there; and whether B follows A. The answers are in the text.
# 4. Fine-tuning: one layer on top, everything trained a little. Tasks differ in their input and in which vectors are read.
# 5. Adapters and LoRA train a small part and share the rest. Published parameters fit the same classes.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [static vector](#static) | 静态词向量 | one per word, whatever its context |
# | [contextual vector](#contextual) | 上下文词向量 | one per word in a sentence |
# | [WordPiece](#wordpiece) | 词片 | longest known piece first, `##` inside a word |
# | [CLS and SEP](#cls) | 分类标记、分隔标记 | its vector represents the whole; ends a sentence |
# | [segment embedding](#segment) | 段嵌入 | which of the two sentences |
# | [embedding sum](#embedding-sum) | 嵌入求和 | token + segment + position |
# | [masked language model](#mlm) | 掩码语言模型 | masks words and predicts them |
# | [next sentence prediction](#nsp) | 下一句预测 | does B follow A? |
# | [pre-training](#pre-training) | 预训练 | on text alone, before any task |
# | [fine-tuning](#fine-tuning) | 微调 | training a little further, on a task with labels |
# | [answer span](#span) | 答案片段 | from a first word to a last one |
# | [BIO tags](#bio) | BIO 标注 | begins, inside, outside |
# | [adapter](#adapter) | 适配器 | a small bottleneck inside a frozen model |
# | [LoRA, AdaLoRA](#lora) | 低秩适配 | a thin product added to a matrix |
# | [sentence vector](#sentence-vectors) | 句向量 | the mean of a sentence's output vectors |
# | [hub](#hub) | 模型中心 | where folders with models are kept |
# | [autoencoding](#autoencoding) | 自编码 | repair a damaged text |
# | [autoregressive](#autoregressive) | 自回归 | continue, one word after another |
# | [DistilBERT](#distilbert) | 蒸馏 BERT | half the layers, trained to imitate the whole |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, *BERT: pre-training of deep bidirectional Transformers*, 2019, section 3, figure 4 (four uses), appendix A (masking, examples).
# - T. Mikolov et al., *Efficient estimation of word representations* (word2vec), 2013; J. Pennington et al., *GloVe*, 2014; M. Peters et al., *Deep contextualized word representations* (ELMo), 2018, section 3.
# - Y. Wu et al., *Google's neural machine translation system*, 2016, section 4.1 (WordPiece).
# - Y. Liu et al., *RoBERTa*, 2019, section 4 (masks drawn anew, next sentences left out); V. Sanh et al., *DistilBERT*, 2019.
# - K. Clark et al., *What does BERT look at?*, 2019, section 3.
# - N. Houlsby et al., *Parameter-efficient transfer learning for NLP*, 2019, section 2 (adapters); E. Hu et al., *LoRA*, 2021, section 4; Q. Zhang et al., *AdaLoRA*, 2023, section 3.
# - P. Rajpurkar et al., *SQuAD*, 2016; R. Socher et al., *Recursive deep models for semantic compositionality* (SST), 2013; L. Derczynski et al., *WNUT 2017*, 2017.
# - N. Reimers, I. Gurevych, *Sentence-BERT*, 2019, section 3; W. Wang et al., *MiniLM*, 2020.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: the other half
# BERT fills a gap when it sees both sides, but it cannot write you a letter. Take the *decoder* alone, keep its causal mask, ask for the next word at every position, and let it read what it wrote: this is chapter 7. Which word is missing, if the whole rest of the text is missing?
#
# **→ [7 · What comes next?](07_gpt.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 6, edition 0.2.0, and the heading above it.*
