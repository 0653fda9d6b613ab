# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 7 · What comes next?
# *GPT: half a Transformer, endless text.* **By the end** you will have trained a language model and watched its sentences improve, turned the knobs that choose its words, found the head that lets it repeat what it has read once, and called your own model with the client that is used for the large ones. Reading 70 minutes · live 60 · exercises 45 · capstone 45 · *Deeper* 90 more. **Before:** [chapter 5](05_transformer.ipynb) (blocks, causal mask, cache) and [chapter 6](06_bert.ipynb) (tokens, pre-training).

# %%
import torch
import course_utils
from chapters.ch07 import labs
from course_utils.views import plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A game of 1951
# Cover a line and guess it letter by letter. Claude Shannon had people play this game to measure how predictable English is. Here a small model plays against you, on two lines of *The Tempest* that it was not trained on. **Before you start:** who will win, you or five million parameters?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.training.checkpoints import load_checkpoint

poet = load_checkpoint("gpt-shakespeare")
verse = "Thou shalt be free\nAs mountain winds: but then exactly do"
ids = torch.tensor([poet.tokenizer.encode("PROSPERO:\n" + verse)])
with torch.no_grad():
    chances = poet.model(ids).logits.softmax(-1)[0, 9:-1]  # after the name: one row for each letter of the verse
labs.next_character("PROSPERO:\n" + verse, chances, poet.tokenizer.tokens(range(69)), model="gpt-shakespeare",
                    title="What comes next?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(sum(p.numel() for p in poet.model.parameters()) / 1e6) == 5

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="language-model"></a><a id="next-token"></a>
# <details><summary>Answer</summary>
#
# Both of you are sure inside a word and unsure at its start.
#
# </details>
#
# This game is the whole task of this chapter. A **language model** reads a text and gives each possible next token a probability. **Next-token prediction** needs no labels and no pairs, because every text contains its own answers.
#
# <a id="autoregressive"></a>
# A model that can predict the next token can also write: choose one, append it, ask again. A model that reads its own words in this way is called **autoregressive**. GPT stands for *generative pre-trained Transformer*.
#
# **Keep this:** a language model gives a distribution over the next token, and writing means asking it again and again.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# These are from chapters 5 and 6. Answer all three before you unfold the answers.
#
# 1. A decoder is trained on all words of a sentence in one call. Why can it not cheat?
# 2. Which of the Transformer's three kinds of attention is left when there is no source?
# 3. BERT was trained to fill gaps. What does it see that a writer cannot see?
#
# <details><summary>Answers</summary>
#
# 1. The causal mask: row $t$ is computed from words 1 to $t$ and nothing else, in every layer.
# 2. Self-attention with the causal mask. Without a source there is no encoder to attend to.
# 3. The words to the right. So it cannot continue a text that has no right side yet.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Chapter 5, with something removed
# Take the Transformer's decoder and remove cross-attention. What is left is causal self-attention and the feed-forward network, each with its norm and its residual connection: chapter 5's *encoder* block with a causal mask. **Guess:** compare BERT's block with GPT's, both of the same size. Which parameters does one have that the other lacks?
#
# <details><summary>Answer</summary>
#
# None. A mask has no parameters; the same matrices learn another task because they see less.
#
# </details>
#
# Here is the whole GPT, from ids to logits, with the parameters of the model that you played against.

# %% tags=["nbval-check-output"]
from course_utils.attention import causal_mask

gpt = poet.model
with torch.no_grad():
    h = gpt.positions(gpt.tokens(ids))
    for block in gpt.blocks:
        h = block(h, causal_mask(ids.shape[1])).features
    logits = gpt.norm(h) @ gpt.tokens.weight.T
    assert torch.allclose(logits, gpt(ids).logits, atol=1e-4)
print("ids", tuple(ids.shape), "→ features", tuple(h.shape), "→ logits", tuple(logits.shape))

# %% [markdown]
# Look at how the logits are made: the matrix that turns ids into vectors also turns vectors into logits (*tied* embeddings, as in GPT-2).
#
# Each row of logits is a question with a known answer, the token that follows. So a text of $T+1$ tokens asks $T$ questions at once, and the answers are the text itself, shifted by one.
#
# ### Exercise 1 ●○○ · 3 minutes
# Make both: the inputs and the targets. Which tokens are in only one of them?

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch07 import again, exercise, find_error, hint, solution

@exercise("next token targets")
def inputs_and_targets(ids):
    """ids [B, T + 1] -> inputs [B, T], targets [B, T]"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** GPT is a stack of chapter 5's blocks with a causal mask. Its targets are its inputs, shifted by one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is a token?
# <a id="token"></a>
# The model needs a numbered list of units. There are few characters, but then a word takes many steps. With whole words a text is short, but there are too many of them, and the next text contains a new one. In between are pieces of words, learned from the text itself. Whatever the unit is, it is called a **token**.
#
# <a id="bpe"></a>
# **Byte-pair encoding** (BPE) starts with characters and repeats one step: which two neighbours occur side by side most often? They become one piece. **Guess** the first pair before you press the button.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
words = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
labs.merges(words, word="lowest", title="Which two belong together?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert labs.merges(words, step=6).cut("lowest") == ["▁low", "est"]

# %% [markdown]
# These four words are from the paper that introduced BPE to translation (Sennrich et al. 2016). After a few merges *est* is a piece, and a new word, *lowest*, is cut into two known pieces.
#
# ### Exercise 2 ●●○ · 6 minutes
# Write one merge: count the pairs, then join the most frequent one wherever it occurs.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from collections import Counter

@exercise("bpe merge")
def merge_once(words):
    """words {("l", "o", "w"): 5, …}: pieces -> how often -> the most frequent pair, the words after joining it"""
    raise NotImplementedError

# %% [markdown]
# The library `tokenizers` does the same, fast. Here it learns 300 pieces from our stories, and the course sentence is cut in four ways:

# %% jupyter={"source_hidden": true}
from chapters.ch07 import language
from course_utils import text
from course_utils.views import Table

tired = "The animal didn't cross the street because it was too tired."
translator, grammar = load_checkpoint("gpt-en-fr"), load_checkpoint("transformer-grammar")
learned = text.Subwords.build(language.load_text("stories").train.splitlines()[:5000], max_size=300)  # just now
rows, ways = [], {"characters": poet.tokenizer, "pieces, of our stories": learned, "pieces": translator.tokenizer, "words": grammar.source}
for name, tokenizer in ways.items():
    cut = tokenizer.cut(tired)
    rows.append({"tokens are": name, "how many": len(cut), "pairs to attend": len(cut) * (len(cut) + 1) // 2,
                 "vocabulary": len(tokenizer), "it begins": " · ".join(cut[:6])})
lengths = [row["how many"] for row in rows]
counts = Counter(language.load_text("stories").train.split()[:30_000])
pieces, merges = {("▁", *word): n for word, n in counts.items()}, []
for _ in range(10):  # by your function
    pair, pieces = merge_once(pieces)
    merges.append("".join(pair))
print("The first ten merges of your function, in our stories:", *merges)
Table(rows, "gpt-shakespeare; BPE trained just now; gpt-en-fr; chapter 5's transformer-grammar")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lengths[0] == len(tired) == 60 and lengths == sorted(lengths, reverse=True) and lengths[2] == 13
assert len(set(merges)) == 10 and {"th", "▁t"} & set(merges[:3]) and max(map(len, merges)) > 2

# %% [markdown]
# Sixty characters have 1,830 pairs for causal attention, thirteen pieces have 91. This is one reason why large models are hardly ever trained on characters. The price is that a model does not see the letters inside a piece. To say how many r's are in *strawberry*, it has to know the spelling by heart.
#
# **Keep this:** a token is the unit that a model reads and writes. Longer tokens make texts shorter and the table larger; BPE lets the text choose.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Bigram, one head, GPT
# <a id="bigram"></a>
# Now train. The text is our own short stories, which need no network; with a network, write `"shakespeare"` instead, or the path of a file of your own. We compare with two models that need no training. The first *knows nothing* and gives each of $V$ characters the probability $1/V$. The second, a **bigram** table, counts which character follows which, and sees one character back.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict("The loss is −ln of the probability that the right character got. What is it before training, with V characters?",
        ["0", "ln V", "V", "you cannot say: the parameters are random"], answer=1,
        because="Small random parameters give all characters nearly the same logit, so each gets about 1/V, and −ln 1/V = ln V. "
        "If the first loss is far above this, something is wrong.")

# %%
import math
from chapters.ch07.experiments import live as study
from chapters.ch07 import language

lesson = language.TextLesson(language.load_text("stories"), block=64)
reached = {"knows nothing": lesson.uniform_loss, "bigram": lesson.bigram_loss()}
print(", ".join(f"{name} {loss:.2f} nats" for name, loss in reached.items()), "for a character")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 3 < reached["knows nothing"] < 5 and reached["bigram"] < 0.75 * reached["knows nothing"]

# %% [markdown]
# <a id="bits-per-character"></a>
# The loss is measured in *nats*; **bits per character** are another unit for the same thing, $1\text{ bit}=\ln 2\text{ nats}$. From how well his players did, Shannon estimated between 0.6 and 1.3 bits for printed English.
#
# ### Exercise 3 ●●○ · 4 minutes
# Models with different tokens cannot be compared by their loss, because a piece has several characters. They can be compared per character.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("bits per character")
def bits_per_character(loss, tokens, characters):
    """loss in nats for each token, numbers of tokens and characters of the text -> bits for each character"""
    raise NotImplementedError

# %% [markdown]
# The next step after a table is a single attention head: it sees everything before a character, but it has no feed-forward network. Then comes a GPT with four blocks, smaller than the one above. Watch the samples beside the curve: first letters and spaces, then short words, then longer ones.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
one = study.live_model(lesson, "one head")
study.learn(lesson, one, steps=300, evaluate=None, samples=None)
mine = study.live_model(lesson)
steps = {"class": 500, "full": 3000}[runtime.profile]
run = study.learn(lesson, mine, steps=steps, show=True, resume=True, title="A GPT, four layers")
reached = reached | {"one head": lesson.valid_loss(one), "GPT": lesson.valid_loss(mine)}
size = len(lesson.text.valid)  # tokens are characters here
rows = [{"who": name, "nats": loss, "bits per character": bits_per_character(loss, size, size), "as unsure as between": math.exp(loss)}
        for name, loss in reached.items()]
Table(rows, f"Held-out text of “{lesson.text.name}”; {steps} steps for GPT, 300 for the head")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.85 < reached["one head"] / reached["bigram"] < 1.15 and reached["GPT"] < 0.8 * reached["bigram"]

# %% [markdown]
# In these 300 steps one head alone gains nothing over counting pairs. It sees everything, but its output is an average in which the last letter is blurred. With what chapter 5 added, residual connections, feed-forward networks and more layers, the same attention gets far below.
#
# How low is good? Our stories are simple. The checkpoint that you played against reaches 1.43 nats per letter on held-out Shakespeare; it was trained on a GPU.
#
# **Keep this:** the loss starts at ln V, then beats the bigram; and look at samples. A loss that starts elsewhere points to a bug.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: by heart
# <a id="overfitting"></a>
# A small text is learned faster, and then too well. Here a GPT of the same size reads 3,000 characters of Shakespeare again and again. **Guess** what happens to the held-out loss after the first hundred steps: does it fall more slowly, stay the same, or rise?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.data import results

small = results.load("gpt_overfitting")
curves = small["curves"]
plot.lines(curves, "steps", "nats", mark=(small["best"], "best on new text"), title="Is it still learning?",
           caption=f"{small['characters']:,} characters to learn from. {small.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert curves["train"][1][-1] < 1.2 and min(curves["valid"][1]) < curves["valid"][1][-1] - 0.5

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# It rises. The model learns its text by heart, and becomes too sure of itself on other text. This is **overfitting**, and only held-out text shows it: the training loss improves all the time. `fit` keeps the state with the best held-out loss. More text helps most; otherwise a smaller model, dropout (setting random features to zero during training), or stopping early.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which word will it be?
# The model gives probabilities, and then a token has to be chosen. Depending on how this is done, the same model repeats itself or writes nonsense. It seems safest to take the most likely token each time.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict("gpt-shakespeare writes 160 characters, each time the most likely one. What will you see?",
        ["its best verses", "the same few words again and again", "noise"], answer=1,
        because="What it has written makes itself more likely: after the same words come the same words.")

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
opening = "To be, or not to "
asked = torch.tensor([poet.tokenizer.encode(opening)])

def then(written):
    """What may follow the opening and the ids written so far: logits [V]."""
    with torch.no_grad():
        return gpt(torch.cat([asked, torch.tensor([written], dtype=torch.long)], 1)).logits[0, -1]

labs.sampling(then([]), poet.tokenizer.words, text=opening, then=then, model="gpt-shakespeare", live=True,
              title="Which letter will it be?")

# %% [markdown]
# <a id="temperature"></a><a id="top-k"></a><a id="top-p"></a>
# There are three knobs. **Temperature** $\tau$ divides the logits before the softmax: below 1 the distribution becomes sharper, above 1 flatter, and at 0 the most likely token takes all. **Top-k** keeps the $k$ most likely tokens. **Top-p** keeps the smallest number of tokens that together reach probability $p$: few where the model is sure, many where it is not.
#
# $$ p_i=\frac{\exp(z_i/\tau)}{\sum_j \exp(z_j/\tau)} $$
#
# ### Exercise 4 ●○○ · 3 minutes
# Write the first knob. Take care of 0.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("temperature")
def with_temperature(logits, temperature):
    """logits [..., V], temperature from 0 (all on the largest) -> probabilities [..., V]"""
    raise NotImplementedError

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# Turn this knob from 0.1 to 10, and nothing changes.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 7.1")

@find_error("program 7.1", line=None)
def heated(logits, temperature):           # [..., V]
    p = logits.softmax(dim=-1)
    p = p / temperature
    return p / p.sum(dim=-1, keepdim=True)

# %% [markdown]
# ### Exercise 5 ●●● · 7 minutes
# Write the third knob. The token that crosses $p$ stays; without it, a sure model would keep nothing.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("top-p")
def nucleus(logits, top_p):
    """logits [..., V]: only the smallest set of largest probabilities that reaches top_p -> probabilities [..., V]"""
    raise NotImplementedError

# %% [markdown]
# Now whole lines, with the same seed and different knobs:

# %%
from IPython.display import display
from course_utils.decoding import generate, translate

knobs = {"always the best": {"temperature": 0}, "temperature 0.5": {"temperature": 0.5}, "temperature 1": {},
         "temperature 1, top-p 0.9": {"top_p": 0.9}, "temperature 2": {"temperature": 2.0}}
lines = {name: generate(poet, "ROMEO:\n", 160, **knob) for name, knob in knobs.items()}
sure = {heat: with_temperature(then([]), heat).max().item() for heat in (0.5, 1.0, 2.0)}
stay = {p: int((nucleus(then([]), p) > 0).sum()) for p in (0.5, 0.9, 0.99)}
print(f"After “{opening}”, by your functions. Chance of the best letter at each temperature:", {t: round(p, 2) for t, p in sure.items()})
print("Letters that stay for each top-p:", stay)
Table([{"how": name, "what follows “ROMEO:”": line.replace("\n", " / ")} for name, line in lines.items()],
      "gpt-shakespeare, seed 0, not selected")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lines["always the best"].count("I will be") >= 3
assert sorted(sure.values(), reverse=True) == list(sure.values()) and 1 <= stay[0.5] <= stay[0.9] <= stay[0.99] < 69

# %% [markdown]
# Taking the best letter each time does not make a good verse: *I will be* comes back again and again. At temperature 2 the words fall apart. What lies between is a matter of taste; no knob makes the model know more.
#
# Here is the same class trained on Tang quatrains, character by character. The first five characters are Wang Wei's (山中相送罷，日暮掩柴扉). **Guess:** does it know his poem by heart?

# %%
chinese = load_checkpoint("gpt-quatrains")
begun = "山中相送罷，"
for seed in range(3):
    quatrain = begun + generate(chinese, "\n\n" + begun, 60, temperature=0.8, seed=seed).split("\n\n")[0]
    assert "日暮掩柴扉" not in quatrain
    print(quatrain, end="\n\n")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Three times it is not his poem: the model continues in its own way.
#
# </details>
#
# **Keep this:** the model gives a distribution, and a sampler chooses from it. Temperature divides logits, not probabilities; top-k and top-p cut off the tail and keep the most likely tokens.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: how likely is a line?
# Is the loop an accident? We ask the model itself how likely each letter of three texts is: of the loop that it wrote, of what it drew at temperature 1, and of what Shakespeare wrote.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def surprise(text):
    """Bits for each letter of a text after "ROMEO:"."""
    ids = torch.tensor([poet.tokenizer.encode("ROMEO:\n" + text)])
    with torch.no_grad():
        p = gpt(ids).logits.log_softmax(-1)[0, :-1].gather(-1, ids[0, 1:, None])
    return (-p[6:, 0] / math.log(2)).tolist()

texts = {"always the best": lines["always the best"], "drawn": lines["temperature 1"], "Shakespeare": verse}
means = {name: sum(surprise(text)) / len(text) for name, text in texts.items()}
plot.bars(list(means), list(means.values()), title="Is people's text what a model finds most likely?", ylabel="bits a letter",
          digits=1, caption="By gpt-shakespeare itself: what it wrote, and two held-out lines.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert means["always the best"] < 1.2 < min(means["drawn"], means["Shakespeare"])

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Human text is full of surprises. Holtzman et al. (2020) drew this picture for GPT-2 with beam search, and proposed top-p because of it.
#
# #### Exercise ●●○ · 4 minutes
# Write the second knob.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("top-k")
def only_the_largest(logits, top_k):
    """logits [..., V]: only the top_k largest count (all, if there are fewer) -> probabilities [..., V]"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
p = only_the_largest(then([]), 3)  # by your function
print(*(f"{poet.tokenizer.tokens([i])[0]!r} {p[i]:.2f}" for i in p.nonzero()[:, 0].tolist()), sep=", ")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert (p > 0).sum() == 3 and abs(p.sum() - 1) < 1e-5

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Don't compute it all again
# To write the hundredth token, the model needs the keys and values of the ninety-nine before it. Chapter 5 stored them, and here the **KV cache** is even simpler, because there is no encoder. Just don't forget the *position* of the new token.
#
# ### Exercise 6 ●●● · 8 minutes
# Compute one more token through causal attention. No mask is needed now: why?

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("causal attention step")
def attention_step(x, keys, values, Wq, Wk, Wv, Wo):
    """new token x [B, D], keys and values [B, H, P, d] so far, four W [D, D] -> output [B, D], both [B, H, P + 1, d]"""
    raise NotImplementedError

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# With the cache this GPT writes fast, and nonsense.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 7.2")

@find_error("program 7.2", line=None)
def embed(ids, tokens, positions, past):   # past: in the cache
    places = torch.arange(ids.shape[1])
    return tokens[ids] + positions[places]

# %% [markdown]
# The course's sampler uses the cache, but can do without. With the same seed it writes the same text:

# %%
import time

def clock(cache, count=120):
    """Text, and seconds of one processor, of so many characters after “ROMEO:”."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.process_time()
    text = generate(poet, "ROMEO:\n", count, cache=cache)
    took = time.process_time() - started
    torch.set_num_threads(threads)
    return text, took

(kept, fast), (again, slow) = clock(True), clock(False)
print(f"{len(kept)} characters, the same: {slow / fast:.1f} times faster with the cache")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert kept == again and slow > 1.5 * fast

# %% [markdown]
# **Keep this:** store keys and values, and continue counting positions. The cache costs memory and saves time; the text is the same.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Translating by continuing
# A decoder has no encoder to read a source for it. So write the source into the same line:
#
# > I am a student &lt;to-fr&gt; je suis étudiant
#
# Train on thousands of such lines with next-token prediction as before, and a prompt that ends with `<to-fr>` *asks* for French. No part of the model is made for translation.
#
# **Guess** before you look: chapters 3 and 5 have an encoder that reads in both directions, and this model reads the source from left to right only. All three were trained on the same sentences and are tested on the same sentences.

# %%
from chapters.ch07.experiments import translators

prompt = "i am a student . <to-fr>"
print(prompt, "→", generate(translator, prompt, 20, temperature=0),
      "· trained on" if translator.was_seen("I am a student.") else "· new")
asked = ["Good morning.", "Let them eat cake.", "I love you.", tired, tired.replace("tired", "wide"),
         "If I had known that you were coming I would have baked a cake."]
scores = translators.score_table()
bleus, sizes = ([row[what] for row in scores] for what in ("BLEU", "parameters"))
side_by_side = translators.side_by_side(asked)
display(scores, side_by_side)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert bleus[0] + 5 < bleus[2] < bleus[1] < bleus[2] + 1 and round(bleus[2]) == 51 and 1.5 < sizes[1] / sizes[2] < 2
assert "il était trop fatigué" in side_by_side[3]["GPT with <to-fr>"]

# %% [markdown]
# <details><summary>Answer</summary>
#
# Over all test sentences the Transformer with its encoder is ahead, by less than a point and with nearly twice the parameters; the GPT is far ahead of chapter 3's recurrent model. But they were trained for different times, the GPT longer and on a GPU, so this is no comparison of architectures. It only shows that a decoder alone can translate.
#
# </details>
#
# Look at the twins. *Il … fatigué* is right (*le animal* is not: it must be *l'animal*). For *too wide*, none of the three has learned from this corpus what is wide.
#
# Here is chapter 3's famous pair, now by *self*-attention: French pieces attend back to the English part of their own line. The ink is that of the last layer, averaged over its heads; the rest of each row is on the French written before, and is left out here. Type a sentence of your own.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
import dataclasses

said_so = translate(translator, "We live in the European Economic Area.")[0]
back = said_so.weights / said_so.weights.sum(-1, keepdim=True)
labs.alignment(dataclasses.replace(said_so, weights=back), languages=("en", "fr"), model=translator)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert said_so.seen is False and "zone" not in said_so.text and 0.5 < said_so.weights.sum(-1).mean() < 0.8

# %% [markdown]
# It fails on this sentence, which is new to it: *zone* is missing, and the words are not reordered. A BLEU of 51 over all test sentences includes failures like this one.
#
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>
#
# **Keep this:** a task can be written into the text. Then one model with one loss can do many tasks, and the prompt says which.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: first a lot of text, then the task
# <a id="pre-training"></a><a id="fine-tuning"></a>
# The P in GPT stands for *pre-trained*: first on a lot of text without labels, then on a task with few labels. Chapter 6 did this with BERT; here we do the same with a model that only ever predicted the next token. (Ours was trained on pairs of sentences, so its text was not quite without labels.) Take the translator, which has read English and French, put one matrix on the vector of its last token, and train it to tell whether a sentence is praise. Next to it we train the same model from random parameters.
#
# **Guess** both shares of correct answers after 30 steps, on sentences with new words and patterns. Chance is a half.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
import copy
from course_utils.data import stories
from course_utils import text
from course_utils.models.gpt import GPT

def labelled(split, count):
    """ids [N, T], mask [N, T] and labels [N], 1 = positive."""
    found = stories.load("sentiment", split)[:count]
    return *text.pad([translator.tokenizer.encode(s.text) for s in found]), torch.tensor([s.label == "positive" for s in found]).long()

def tune(model, examples, test, steps=30):
    """Trains model and a new head on its last token -> share of right answers on test."""
    head, generator = torch.nn.Linear(model.config.model_size, 2), torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW([*model.parameters(), *head.parameters()], lr=1e-3)

    def said(ids, mask):
        return head(model.read(ids, mask)[0][torch.arange(len(ids)), mask.sum(1) - 1])

    for _ in range(steps):
        some = torch.randint(len(examples[0]), (32,), generator=generator)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(said(examples[0][some], examples[1][some]), examples[2][some]).backward()
        optimiser.step()
    with torch.no_grad():
        return (said(*test[:2]).argmax(-1) == test[2]).float().mean().item()

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
torch.manual_seed(0)
known, unknown = labelled("train", 1600), labelled("test", 400)
right = {"pre-trained": tune(copy.deepcopy(translator.model), known, unknown), "from random": tune(GPT(translator.model.config), known, unknown)}
plot.bars(list(right), list(right.values()), title="What was the reading worth?", ylabel="right",
          caption="400 held-out sentences, 30 steps each. Chance is 0.5.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert right["pre-trained"] > 0.62 > 0.58 > right["from random"]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# From random parameters, 30 steps achieve nothing. The pre-trained model knows words that are in no labelled example, because it has met them in other sentences. This was the idea of the paper of 2018: one pre-training, many tasks, a new matrix for each. GPT-2 then dropped the matrix and wrote the task into the text, as `<to-fr>` does.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The head that repeats
# <a id="induction-head"></a>
# "Mrs Kowalski came in. Good morning, said Mrs" … and you know what comes, not from grammar, but because you have just read it. A model can do this, too, even for tokens that never occurred together in training. Take sixteen random tokens, then the same sixteen again. The first half cannot be predicted. And the second?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict("To predict the next token in the second half, what must a head attend to?",
        ["the token before", "the same token, one round earlier", "the token after that one"], answer=2,
        because="The token that followed the earlier occurrence is the one to be predicted. "
        "A head that attends to it is called an induction head.")

# %% [markdown]
# Train two layers with two heads on nothing but such texts, of various lengths and new at each step. There is nothing to learn by heart: a model that is right in the second half must have looked it up. Watch the curve stay flat, and then fall.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch07.experiments import induction

task = induction.Repeats()
copier = task.model()
copied = task.train(copier, show=True, title="Copying")
places, blind = task.by_place(copier), math.log(task.size)
plot.lines({"loss": (range(2, 2 * task.half + 1), places)}, "token", "nats", mark=(task.half + 1.5, "known from here"),
           title="When can it know?", caption=f"New texts of {task.half} random tokens, twice. ln {task.size} = {blind:.2f}.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert -0.1 < places[: task.half - 1].mean() - blind < 0.5 and task.second_half(copier) < 0.3

# %% [markdown]
# <a id="in-context"></a>
# In the first half it is as unsure as it must be, or a little more: some training texts repeated sooner, so it expects a repetition at any time. In the second half it knows, and no parameter has changed in between: what it learned is in its context. This is the smallest case of **in-context learning**. Which head does it?
#
# ### Exercise 7 ●●○ · 6 minutes
# Score a head: how much does the second half attend to the token that copying needs, the one *after* the earlier occurrence?

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("induction score")
def induction_score(weights, half):
    """weights [B, H, 2 half, 2 half] of texts whose second half repeats the first -> a score for each head [H]"""
    raise NotImplementedError

# %% [markdown]
# Two heads work together. One in the first layer attends to the *previous* token and adds to each position which token came before it. Then a head in the second layer can ask: at which position was *my* token the previous one? **Guess** the loss of the second half without the induction head, and then without the head below it. Knock them out.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import ipywidgets

letters = [chr(ord("a") + i) for i in task.texts(torch.Generator().manual_seed(10**6), 1)[0].tolist()]
view = labs.heads(task.weights(copier), letters, layer=1, select=task.half + 3, live=True, title="Which head repeats?",
                  caption="Sixteen letters, twice. The [query|letter that asks] stands in the second half.")
told = ipywidgets.HTML()

def tell(change):
    """The loss of the second half without the heads that are knocked out."""
    with induction.silenced(copier, [(layer + 1, head + 1) for layer, head in change["new"]]):
        told.value = f"second half: {task.second_half(copier):.2f} nats (guessing: {blind:.2f})"

tell({"new": []})
view.observe(tell, names="knocked")
display(view, told)

# %%
from course_utils.data import results

table = induction.knock_out(task, copier)
worst, best, below = table[0], max(table, key=lambda row: row.induction), max(table, key=lambda row: row.before)
with induction.silenced(copier, [(2, 1), (2, 2)]):
    both = task.second_half(copier)
alone = [run["second half"] for run in results.load("gpt_induction")["runs"] if run["layers"] == 1]
copying = [[round(x, 2) for x in induction_score(w, task.half).tolist()] for w in task.weights(copier, 64)]
print("By your score, the heads of layer 1:", copying[0], "and of layer 2:", copying[1])
induction.head_table(task, copier)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best.head[0] == 2 and best.induction > 0.5 and below.head[0] == 1 and below.before > 0.3 and worst.loss > 0.8
assert min(both, *alone) > 2 and below.loss > 2 * task.second_half(copier)
assert abs(max(copying[1]) - best.induction) < 0.011

# %% [markdown]
# <details><summary>Answer</summary>
#
# Remove the head that attends to the previous token, and the heads above it find much less, because they need what it has written. Remove one that copies, and the loss rises less far than you might expect, because the other head of its layer has learned to copy as well; only without both is nearly everything lost (more than 2 nats; guessing costs 3.18). A model with a single layer never gets below 2 either (recorded, three seeds): there is no layer below to prepare the information.
#
# </details>
#
# This is one circuit of a tiny model, found by a score and confirmed by an ablation. Olsson et al. (2022) found such heads in models of many sizes, and saw them appear where the loss falls suddenly, as yours did.
#
# **Keep this:** an induction head finds the earlier occurrence of a token and predicts what followed it. It takes two layers, a score to find it, and an ablation to be sure.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Out of the classroom
# Our class has its own names for its matrices, which no other program knows. GPT-2's layout is known to many. So we copy the parameters into `transformers`' class `GPT2LMHeadModel`. **Guess:** the parameters and the text are the same, but the program is another one. How far apart are the logits?

# %%
from course_utils.models.gpt import GPT, GPTConfig

theirs = mine.to_huggingface()
window, following = inputs_and_targets(lesson.windows(count=1)[0])  # by your function
with torch.no_grad():
    gap = (theirs(window).logits - mine(window).logits).abs().max().item()
    back = GPT.from_huggingface(theirs)(window).logits
    costs = torch.nn.functional.cross_entropy(back.flatten(0, 1), following.flatten()).item()
print(f"With your targets, their class is at {costs:.2f} nats a letter.")
print(f"{type(theirs).__name__}: largest difference of {back.numel():,} logits {gap:.0e}, and back again")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and torch.allclose(back, mine(window).logits, atol=1e-5)

# %% [markdown]
# It works in the other direction, too: with a network, `GPT.from_huggingface(AutoModelForCausalLM.from_pretrained("gpt2"))` loads OpenAI's GPT-2 into the class that you know. Its 124,439,808 parameters are counted in *Deeper* below.
#
# <a id="chat-template"></a><a id="system-prompt"></a>
# What others need is a folder with parameters, tokenizer and a **chat template**, and no new kind of model: a chat is a text with marks in it, and the template writes the marks. The **system prompt** comes first and is set by the operator of the service; the user's turn follows; then the model continues.

# %% tags=["nbval-check-output"]
from transformers import AutoTokenizer
from chapters.ch07 import hub_format
from course_tools.classroom import workbook

build = workbook.place().parent / "build"
scene = hub_format.save_pretrained(poet, build / "gpt-shakespeare", template="play")
reader = AutoTokenizer.from_pretrained(scene)
chat = [{"role": "system", "content": "A street in Verona."}, {"role": "user", "content": "What news, my lord?"}]
print(hub_format.as_text(reader, chat))

# %% [markdown]
# Our model knows plays, so its template writes a scene: the system prompt is the stage direction, the user is the first citizen, and the model speaks as the second. Chat models use marks like `<|im_start|>user` and were trained to expect them. Nothing else tells them who is speaking, so if a user can write these marks into the text, they can pretend to be someone else.
#
# Now serve it. `transformers serve` opens a port on this computer only (127.0.0.1) and uses OpenAI's protocol. So the *same client* can talk to it, to Ollama, or to a large model far away; only `base_url` changes.

# %% tags=["shows"]
from chapters.ch07 import serving

try:
    with serving.serve(scene) as server:
        from openai import OpenAI

        client = OpenAI(base_url=server.url, api_key="none")
        print("models:", [model.id.replace("\\", "/").split("/")[-1] for model in client.models.list()])
        answer = client.chat.completions.create(model=server.model, messages=chat, stream=True, max_tokens=80, temperature=0)
        served = ""
        for chunk in answer:  # piece by piece, as it is written
            piece = chunk.choices[0].delta.content or ""
            served += piece
            print(piece, end="", flush=True)
        waited = serving.first_token(server, "What news?", max_tokens=1)
    assert served == generate(poet, hub_format.as_text(reader, chat), 80, temperature=0) and waited < 10
    print(f"\n\nThe same letters as without a server. First one after {waited:.2f} s.")
except ModuleNotFoundError as missing:
    print(missing)
print(serving.ollama())

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a 3 B model in 1.9 GB
# <a id="quantisation"></a>
# `ollama run qwen2.5:3b` downloads 1.9 GB. Three billion numbers of four bytes would be twelve. **Guess** how many bits are left for each parameter. They can be counted from the sizes in the model's configuration: 36 layers with 2,048 features, 16 query heads that share 2 key heads, 151,936 tokens.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
counted = hub_format.size_table()
counted

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert round(counted[-1]["parameters"] / 1e9, 2) == 3.09 and round(counted[-1]["MB"] / 1e3, 1) == 1.9

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# About five bits for each parameter, not four. **Quantised** parameters are stored in blocks; each block has scales of its own, and sensitive parts get more bits (the format is called Q4_K_M). Chapter 5's grouped-query attention makes the key and value matrices small as well.
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: from GPT to GPT-3, counted
# Here is the same class in other sizes. On the *meta* device a tensor has a shape but no numbers, so even the largest is built in a moment. **Guess** how many of GPT-2's 124 M parameters are in its table of tokens: a tenth, a third, half?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
known = {"GPT, 2018": (40_478, 768, 12, 12, 512), "GPT-2, small": (50_257, 768, 12, 12, 1024),
         "GPT-2, 2019": (50_257, 1600, 48, 25, 1024), "GPT-3, 2020": (50_257, 12_288, 96, 96, 2048)}
rows = []
for name, (vocabulary, size, layers, heads, context) in known.items():
    with torch.device("meta"):
        large = GPT(GPTConfig(vocabulary, size, layers, heads, max_length=context))
    count = sum(p.numel() for p in large.parameters())
    rows.append({"model": name, "layers": layers, "features": size, "heads": heads, "context": context,
                 "parameters": count, "of it the table, %": round(100 * vocabulary * size / count, 1)})
Table(rows, "Counted by our class; nothing of these models was loaded.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert rows[1]["parameters"] == 124_439_808 and [round(rows[n]["parameters"] / 1e6) for n in (0, 2, 3)] == [117, 1558, 174_604]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# These are the models known as 117 M, 1.5 B and 175 B. From one line to the next there are hardly any new ideas, only more layers, more features and more text.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: more than one device
# <a id="data-parallel"></a>
# Two computers can train one model. In **data-parallel** training each holds the whole model and takes half of the batch; the gradients are averaged, and both take the same step. **Guess:** does this give the same training as one computer?

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
from chapters.ch07 import distributed

def gradient(batch, weight=1.0):
    """The gradient of weight · loss on a batch, all parameters in a row."""
    mine.zero_grad()
    (mine.loss(batch) * weight).backward()
    return torch.cat([p.grad.flatten() for p in mine.parameters()])

batch = lesson.batch(torch.Generator().manual_seed(0))
alone = gradient(batch)
shares = [distributed.share(batch, rank, size=3) for rank in range(3)]
print(f"{len(batch)} windows shared out as {[len(part) for part, _ in shares]}: the sum of the gradients is the gradient")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(sum(gradient(*share) for share in shares), alone, atol=1e-5)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Yes, apart from the order of the sums. The course's recipes can run in this way on processors (gloo) or GPUs (NCCL) with one command; `accelerate launch` instead of `torchrun` does the same:
#
# </details>
#
# ```
# torchrun --nproc-per-node 2 -m course train gpt-shakespeare
# ```
#
# On a GPU, products are computed in bfloat16: half the bytes, the range of float32, three digits. A training that is killed continues from its last saved state with the batches that it would have drawn; the course's tests kill one and compare the curves.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How large, how long?
# <a id="scaling-law"></a>
# For each token, each parameter takes part in one multiplication and one addition: two operations. The backward pass does this twice more. So training $N$ parameters on $D$ tokens costs
#
# $$ C\approx 6\,N\,D $$
#
# operations, and you can spend a given $C$ on a large model that reads little or on a small one that reads a lot. A **scaling law** is a curve fitted to many trained models that says which is better. **Guess** before you move: GPT-3 has 175 B parameters and read 300 B tokens. Is it too large for the text it read, or too small?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.scaling_law(parameters=175e9, tokens=300e9)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The formula is Chinchilla's (Hoffmann et al. 2022): 70 B parameters and 1.4 T tokens were better than a model of 280 B at nearly the same cost. Its rule of thumb is twenty tokens per parameter, and GPT-3 read fewer than two. (The constants as published give more than twenty for such budgets, as the lab shows; Besiroglu et al. 2024 found that they had been fitted badly. Today's models read far more than twenty, because a smaller model is cheaper to *use*.)
#
# </details>
#
# **Keep this:** six operations per parameter and token. For a given training cost there is a best size, and GPT-3 was too large for its text.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: 6ND against what was printed
# Here are three models of the Chinchilla paper, by the two formulas of the lab:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch07.labs.scaling_law import flops, loss as loss_on_paper

models = {"GPT-3": (175e9, 300e9), "Gopher": (280e9, 300e9), "Chinchilla": (70e9, 1.4e12)}
rows = [{"model": name, "N": f"{N:.3g}", "D": f"{D:.3g}", "tokens per parameter": D / N,
         "6ND": f"{flops(N, D):.2g}", "loss on paper": loss_on_paper(N, D)} for name, (N, D) in models.items()]
Table(rows, "Sizes as the papers give them; the loss is the fitted formula's, not a measurement.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert round(rows[0]["tokens per parameter"], 1) == 1.7 and rows[2]["tokens per parameter"] == 20
assert rows[2]["loss on paper"] < min(row["loss on paper"] for row in rows[:2])

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### The table of 2017
# Chapter 5 found 3.3·10¹⁸ and 2.3·10¹⁹ operations for the first Transformers as *hours × cards × speed*, an estimate. What did the models need? From the paper: 65 M and 213 M parameters, batches of about 25,000 source and 25,000 target tokens, 100,000 and 300,000 steps. A source token passes through the encoder and a target token through the decoder, so a pair of tokens passes through the model about once.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
base, big = 6 * 65e6 * 25_000 * 100_000, 6 * 213e6 * 25_000 * 300_000
print(f"base: 6ND = {base:.1e}, {base / 3.3e18:.0%} of the table's 3.3e18")
print(f"big:  6ND = {big:.1e}, {big / 2.3e19:.0%} of the table's 2.3e19")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 0.25 < base / 3.3e18 < 0.35 < big / 2.3e19 < 0.5

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# So by this count the small model used about a third of the estimate, and the big one more. How well does 6ND count your own GPT? PyTorch counts each product while it runs:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from torch.utils.flop_counter import FlopCounterMode

rows = []
for size, length in ((128, 64), (256, 64), (256, 512)):
    other = GPT(GPTConfig(vocab_size=1000, model_size=size, max_length=512))
    batch = torch.randint(1000, (2, length + 1), generator=torch.Generator().manual_seed(0))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        other(batch[:, :-1], need_weights=True)
    counted, count = 3 * counter.get_total_flops(), sum(p.numel() for p in other.parameters())  # back costs twice as much
    paper = 6 * count * batch[:, 1:].numel()
    rows.append({"features": size, "tokens in a row": length, "N": count, "6ND": f"{paper:.2e}",
                 "counted": f"{counted:.2e}", "counted / 6ND": counted / paper})
Table(rows, "What 6ND leaves out are the attention maps, which grow with the length; what it counts too much are lookups.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert all(0.8 < row["counted / 6ND"] < 1.3 for row in rows)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what length costs
# Each token attends to every token before it. **Guess** twice: when a text gets twice as long, how much more time does its attention take, and how much more memory does training need?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch07.experiments import cost

lengths = (128, 256, 512, 1024)
found = cost.costs(lengths, repeats=2)
twice = {name: {what: cost.growth(lengths, x) for what, x in both.items()} for name, both in found.items()}
cost.cost_table(lengths, found=found)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert twice["definition"]["bytes"] > 3.5 and twice["fused"]["bytes"] < 2.5
assert found["fused"]["seconds"][-1] < found["definition"]["seconds"][-1]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# The definition needs four times the memory, because all $T^2$ weights are stored for the backward pass. The fused form (FlashAttention's idea, in PyTorch `F.scaled_dot_product_attention`) goes through the map in tiles, stores one number for each query, and computes weights again when it needs them. Its memory grows with $T$; its time still grows with $T^2$, but is shorter. Recorded up to 4,096 tokens:
#
# </details>

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.data import results

costs = results.load("gpt_attention_cost")
mega = {name: (costs["lengths"], [n / 1e6 for n in both["bytes"]]) for name, both in costs["forms"].items()}
plot.lines(mega, "tokens", "MB kept for the way back", log="xy", title="Who pays for the map?", caption=costs.about)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert mega["definition"][1][-1] > 50 * mega["fused"][1][-1]

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: logging your runs
# To compare many runs, log them. **TensorBoard** stores the curves of many runs in folders and draws them together. `fit` writes such a log if you give it one:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
import tempfile

try:
    with tempfile.TemporaryDirectory() as log:
        lesson.train(study.live_model(lesson), 20, every=5, count=4, tensorboard=log)
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        kept = EventAccumulator(log).Reload()
        print({name: [event.step for event in kept.Scalars(name)][-3:] for name in kept.Tags()["scalars"]})
except ModuleNotFoundError as missing:
    print(missing)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# To look at it, in a terminal: `tensorboard --logdir FOLDER --host 127.0.0.1`, then port 6006 in the browser.
#
# **Weights & Biases** does the same as a service: `wandb.init(project="gpt")`, then `wandb.log({"loss": loss})` in the loop. It is useful when several people compare many runs. Curves and settings go to its servers, so this course does not use it; `WANDB_MODE=offline` keeps them on your computer.
#
# **Colab** lends you a GPU for some hours: upload the notebook, choose *Runtime → Change runtime type → GPU*, clone the course in the first cell (`!git clone …`, `!pip install -e .`), and continue. `setup()` finds the GPU. Copy what you want to keep to your Drive, because the rest is lost when the session ends; `resume=` and checkpoints are made for this.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: sixty years on one line
# This is the history behind this course, with its chapters marked.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch07.timeline import timeline
from course_utils import data

history = data.load("history")
timeline(history, title="Sixty years of weighted means", caption="In circles: the chapters of this course.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert history.year[0] == 1964 and set(range(1, 8)) <= set(history.chapter)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Look at the distances: fifty years between the kernel and the first learned attention, three more to the Transformer, one more to GPT and BERT.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what such models are used for
# This is for reading only. Each line names a source.
#
# | where | what | read |
# |---|---|---|
# | dialogue, instructions | a GPT fine-tuned on people's answers and preferences; 1.3 B parameters so trained were preferred to 175 B without | Ouyang et al. 2022 (InstructGPT) |
# | tasks from examples in the prompt | no training: the examples are in the context | Brown et al. 2020 (GPT-3) |
# | programs | a GPT trained on code, judged by running what it writes | Chen et al. 2021 (Codex) |
# | every task as text | one encoder–decoder with a task's name in front | Raffel et al. 2020 (T5) |
# | speech | chapter 5's encoder–decoder, reading sound | Radford et al. 2022 (Whisper) |
# | pictures | patches instead of tokens | Dosovitskiy et al. 2020 (ViT) |
# | proteins | attention over residues; a language model of sequences | Jumper et al. 2021 (AlphaFold 2), Rives et al. 2021 |
#
# #### Limits, with sources
# - **It says what is likely, which need not be true.** Text that is fluent and wrong is called a hallucination: Ji et al. 2023, a survey. You have seen it in chapter 3.
# - **It may know a text by heart.** Names, telephone numbers and e-mail addresses from its training text were extracted from GPT-2: Carlini et al. 2021.
# - **It repeats what the web is like**, prejudices included, and size does not fix that: Bender, Gebru et al. 2021.
# - **A long context is not read evenly.** The middle is used least: Liu et al. 2023, *Lost in the middle*.
# - **It cannot tell text from commands.** It may obey an instruction hidden in a page that it reads: Greshake et al. 2023.
# - **It costs.** Attention grows with the square of the length; training costs electricity: Strubell et al. 2019.
#
# #### Open problems
# Why do scaling laws hold, and where do they end? What happens when all available text has been used (Villalobos et al. 2022)? How can we check what a model says when there is too much of it to check? What do the heads compute? (We found one circuit of a small model; large ones have thousands of heads: Olsson et al. 2022.) How can we measure quality when the test may have been in the training text? And what transfers to languages with little text?
#
# #### Where to go next
# - **Courses.** Stanford's CS224N, *Natural language processing with deep learning*: lectures and notes are open. A. Karpathy, *Let's build GPT*, and his nanoGPT: a whole GPT in one file.
# - **A benchmark in Chinese.** CLUE (Xu et al. 2020): classification, pairs, reading comprehension, as GLUE is for English. Fine-tune chapter 6's model on one task of it.
# - **Books.** D. Jurafsky and J. Martin, *Speech and language processing*, 3rd edition, draft online. A. Zhang, Z. Lipton, M. Li, A. Smola, *Dive into deep learning* (动手学深度学习). 邱锡鹏, 神经网络与深度学习. L. Tunstall, L. von Werra, T. Wolf, *Natural language processing with Transformers*. S. Raschka, *Build a large language model (from scratch)*.
# - **Papers in the order of this course.** They are listed at the end of each chapter; those of this chapter are below.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One sentence, seven chapters
# **The animal didn't cross the street because it was too tired.** You have seen it through a kernel, twelve scores, a translator, positions, a Transformer, BERT and GPT. Here they are side by side, each map computed just now.
#
# **Guess** before you point: in which of the seven does "it" attend to "animal" most? And in which could that be knowledge?

# %% jupyter={"source_hidden": true}
from course_utils import data
from course_utils.attention import gaussian_kernel, masked_softmax
from course_utils.positions import sinusoidal_encoding
from chapters.ch02.experiments import trained_scores

def whole_words(layers, tokens):
    """Maps of pieces [1, H, T, T] as maps of words: a word gets what its pieces get, and asks with its last one."""
    begins = [not t.startswith("##") and (t[0] == "▁" or t == "." or "▁" not in "".join(tokens)) for t in tokens]
    number = torch.tensor(begins).cumsum(0) - 1
    ends = [n for n in range(len(tokens)) if n + 1 == len(tokens) or begins[n + 1]]
    columns = torch.nn.functional.one_hot(number).float()
    found = ["".join(t for t, n in zip(tokens, number, strict=True) if n == w).replace("##", "").strip("▁") for w in range(len(ends))]
    return [w[:, :, ends] @ columns for w in layers], found

cards = data.load("word_features")
names, x = cards.words[:11], torch.tensor(cards.features[:11]).float()
near = gaussian_kernel(torch.cdist(x, x), width=0.3)
places = sinusoidal_encoding(len(names), 128)
with torch.no_grad():
    scored = masked_softmax(trained_scores(3)[0]["scaled_dot"](x, x))
french = translate(load_checkpoint("seq2seq-attention-en-fr-grammar"), tired)[0]
panels = [("one kernel", near / near.sum(-1, keepdim=True), names, names, 1),
          ("scaled dot product", scored, names, names, 2),
          ("seq2seq, French", french.weights, french.tokens, french.source_tokens, 3),
          ("positions alone", masked_softmax(places @ places.T / 128**0.5), names, names, 4)]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.models.heads import recorded
from chapters.ch06 import pairs as bert_text

bert = load_checkpoint("bert-stories")
read = bert_text.encode(bert.tokenizer, tired)
english = torch.tensor([grammar.source.encode(tired)])
pieces = torch.tensor([translator.tokenizer.encode(tired)])
with torch.no_grad(), recorded(grammar.model) as seen:
    grammar.model.encode(english)
    looks = {"Transformer": (seen["encoder"], grammar.source.tokens(english[0]), 5),
             "BERT": (bert.model.bert(torch.tensor([read.ids]), need_weights=True).weights, read.tokens, 6),
             "GPT": (translator.model(pieces, need_weights=True).weights, translator.tokenizer.tokens(pieces[0]), 7)}
inks = []
for name, (layers, tokens, chapter) in looks.items():
    maps, found = whole_words(layers, tokens)
    it, animal = found.index("it"), found.index("animal")
    n, h = divmod(torch.stack([w[0, :, it, animal] for w in maps]).argmax().item(), maps[0].shape[1])
    inks.append(maps[n][0, h, it, animal].item())
    panels.append((f"{name}, layer {n + 1}, head {h + 1}", maps[n][0, h], found, found, chapter))
labs.journey(panels, select=("it", "animal"), title="What has become of “it”?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert panels[-1][1][3:-1, animal].mean() > 0.5 and inks[-1] == max(inks)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In chapter 1 the ink is what we put into the vectors. In chapter 3 the query is a French word, and *il* attends to "it". Positions alone know neighbours and no words. Of each of the last three models we chose the head that gives "animal" most: pictures like these are usually chosen in this way, and now you know it.
#
# </details>
#
# GPT's is the darkest. But look at its *column*: nearly every later word attends to "animal", so "it" is no exception, and this head says nothing about "it". And look at the white triangle: when GPT reads "it", it has not yet read *tired* or *wide*. The answer can only come later, at "tired", which can attend back. Which of the seven *knows*? You have the tools to find out: the twin sentence, the forbidden connection, the removed head, and a count.
#
# **Keep this:** seven answers to one question. The formula stayed the same, $\mathrm{softmax}(\text{scores})\cdot{\color{#008a67}{V}}$; what changed is what the vectors know.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Capstone: a GPT of your own
# This takes 45 minutes, in five steps with a check each. Take a text that you know better than any model does: your letters, a book, songs, laws, programs, the log of a game. 100,000 characters are a start, a million is plenty. Without a file our own sentences are used, so that you can try the steps first.
#
# ### Step 1 · 5 minutes: the text
# **Guess** how many different characters it has. Then write the path between the quotes.

# %%
file = ""  # "folder/my.txt"

own = language.TextLesson(language.load_text(file or "sentences"), block=64)
print(f"✓ {len(own.text.train):,} characters to learn from, {len(own.text.valid):,} held out, {len(own.tokenizer)} different")
print(own.text.note or repr(own.text.valid[:100]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(own.text.train) > 20_000, "too short to learn from: 20,000 characters are the least, 100,000 are better"

# %% [markdown]
# May you use this text? Look at its licence. Before you give the model away, remember the telephone numbers in GPT-2: a model may repeat what it has read.
#
# ### Step 2 · 5 minutes: a model, and where it must start
# Choose the sizes. **Write down** two losses before you run the cell: where training starts, and what a bigram table reaches.

# %%
from course_utils.training.checkpoints import Loaded, save_checkpoint

yours = study.live_model(own, model_size=128, num_layers=4, num_heads=4)
me = Loaded(yours, {}, tokenizer=own.tokenizer)
begins, pairs = own.valid_loss(yours, count=32), own.bigram_loss()
size, tokens = sum(p.numel() for p in yours.parameters()), 1000 * own.rows * own.block
print(f"✓ {size:,} parameters, begins at {begins:.2f} (ln V = {own.uniform_loss:.2f}); pairs counted: {pairs:.2f}")
print(f"1,000 steps are {tokens:,} tokens, {6 * size * tokens:.1e} operations")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(begins - own.uniform_loss) < 0.3, "it should begin near ln V"

# %% [markdown]
# ### Step 3 · 15 minutes: train
# The first run is short. Look at the samples, then change 60 to 3,000 and run the cell again: it continues where it was. ■ stops it and keeps the best.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
done = study.learn(own, yours, steps=60, show=True, resume=True, title="A GPT of your own")
held_out = own.valid_loss(yours)
print(f"✓ {held_out:.2f} nats, {own.bits_per_character(held_out):.2f} bits for a character;",
      "better than pairs" if held_out < pairs else "pairs are still ahead: more steps")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert held_out < 0.8 * own.uniform_loss, "it has hardly learned: more steps, or a smaller learning rate (lr=1e-3)?"

# %% [markdown]
# ### Step 4 · 10 minutes: inspect
# Ask three questions about any language model. At which temperature does it write best? Does it *copy*: what is the longest piece of its text that is also in yours, letter by letter? And what do its heads attend to: is there one that attends to the previous letter, or to the start of the word?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
def longest_copy(written, source):
    """The longest stretch of `written` that stands in `source`."""
    best = ""
    for start in range(len(written)):
        while start + len(best) < len(written) and written[start : start + len(best) + 1] in source:
            best = written[start : start + len(best) + 1]
    return best

rows = []
for heat in (0.3, 0.8, 1.2):
    said = generate(me, "\n", 150, temperature=heat)
    rows.append({"temperature": heat, "it writes": said.replace("\n", " / "), "copied": repr(longest_copy(said, own.text.train))})
line = own.text.valid[:16]
with torch.no_grad():
    seen = yours(torch.tensor([own.tokenizer.encode(line)]), need_weights=True).weights
display(Table(rows, "Not selected. Copied: the longest stretch that stands in the training text."),
        labs.heads(seen, list(line), select=len(line) - 1, title="What do your heads read?", caption="A line that it was not trained on."))

# %% [markdown]
# **Check:** describe what one head does, and write down what would refute you. Then remove it, as above.
#
# ### Step 5 · 10 minutes: serve
# Save it with its card, and call it as you would call any model. What should its card say, so that a stranger knows what it can and cannot do?

# %% tags=["shows"]
card = {"text": own.text.name, "licence": own.text.licence, "held_out_nats": held_out, "cannot": "write yours here"}
save_checkpoint(yours, build / "my-gpt" / "mine", card, tokenizer=own.tokenizer)
folder = hub_format.save_pretrained(me, build / "my-gpt")
try:
    with serving.serve(folder) as server:
        answer = "".join(serving.ask(server, line, max_tokens=30))
    assert answer == generate(me, line, 30, temperature=0)
    print(f"✓ served and called: {line!r} → {answer!r}")
except ModuleNotFoundError as missing:
    print(missing)
print(f"✓ in {folder.relative_to(build.parent)}: {', '.join(sorted(f.name for f in folder.iterdir()))}")

# %% [markdown]
# You have trained, inspected and served a language model. To go further, try more text, `model_size=256`, a tokenizer with pieces (`text.Subwords.build`), chapter 6's adapters, or a prompt format of your own, `question <to-answer> answer`.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what circulates
# Here are bugs of real training scripts and samplers. All of these programs run.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# After a hundred steps this loss is nearly 0, and the model writes “aaaa”.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 7.3")

@find_error("program 7.3", line=None)  # the number of the wrong line
def next_token_loss(model, ids):                      # ids [B, T + 1]
    inputs = ids[:, :-1]
    target = ids[:, :-1]
    rows = model(inputs).flatten(0, 1)     # [B · T, V]
    return torch.nn.functional.cross_entropy(rows, target.flatten())

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# The model in `transformers` shifts the labels itself. This program does it again.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 7.4")

@find_error("program 7.4", line=None)
def their_loss(model, ids):                      # model: GPT2LMHeadModel
    labels = torch.full_like(ids, -100)    # −100: nothing is asked here
    labels[:, :-1] = ids[:, 1:]            # what follows each token
    output = model(ids, labels=labels)
    return output.loss

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# All numbers are between 0 and 1, and yet they are not a distribution over tokens.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 7.5")

@find_error("program 7.5", line=None)
def next_token(logits):                    # [B, T, V]
    p = logits.softmax(dim=1)
    return p[:, -1]                        # [B, V]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# *Perplexity* says between how many equally likely tokens the model cannot decide.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 7.6")

@find_error("program 7.6", line=None)
def perplexity(logits, target):            # [T, V], [T]
    loss = torch.nn.functional.cross_entropy(logits, target)
    return 2 ** loss

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 3 minutes
# Leaderboards and papers do it.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 7.7")

@find_error("claims 7.7", line=None)  # the number of the wrong claim
def better(loss_a, tokens_a, loss_b, tokens_b):
    """mean loss in nats for each token, and tokens, of models A and B on the same text -> A or B"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 3 minutes
# Four claims about one knob.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 7.8")

@find_error("claims 7.8", line=None)
def limit(logits):
    """logits [..., V] -> probabilities [..., V] as the temperature falls to 0; equal logits have equal shares"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# It works for weeks, until the model is sure of a word.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 7.9")

@find_error("program 7.9", line=None)
def top_p_again(logits, top_p):                # [..., V]
    p, order = logits.softmax(dim=-1).sort(dim=-1, descending=True)
    keep = p.cumsum(dim=-1) <= top_p
    p = p * keep
    p = p / p.sum(dim=-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# Several new tokens follow a cache. PyTorch's `is_causal=True` does the same.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 7.10")

@find_error("program 7.10", line=None)
def attend(q, k, v):                       # k, v: cache first
    may = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).tril()
    scores = q @ k.mT / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~may, float("-inf"))
    return torch.softmax(scores, dim=-1) @ v

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# What does a cache save, and what does it not?

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 7.11")

@find_error("claims 7.11", line=None)
def products(n, cached):
    """n tokens written, from the first on; cached True or False -> scores computed in one head, in all steps together"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# Training costs 6ND. And writing?

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 7.12")

@find_error("claims 7.12", line=None)
def operations(parameters, tokens, training):
    """N parameters, D tokens, training True or False (only written or read) -> floating-point operations"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# You met this one in chapter 5, in a decoder. A GPT is trained with its mask and used without it.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.19")

@find_error("program 5.19", line=None)
def self_attention(q, k, v, training):           # [B, T, d] each
    future = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if training:
        scores = scores.masked_fill(future, float("-inf"))
    return torch.softmax(scores, dim=-1) @ v

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a GPT of your own parts
# Your positions, your attention step with its cache and your knobs, with the course's norms and feed-forward networks between them, write with the parameters of `gpt-shakespeare`. The parts that you have not solved are the course's.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
built = {"embed": embed, "attention_step": attention_step, "with_temperature": with_temperature, "nucleus": nucleus,
         "inputs_and_targets": inputs_and_targets, "bits_per_character": bits_per_character}
whose = {name: "yours" if one.__module__ == "__main__" else "the course's" for name, one in built.items()}
Table([{"part": name, "whose": who} for name, who in (whose | {"norms and networks": "the course's, of chapter 5"}).items()])

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The checkpoint has biases, and your step has none. So the cell below puts a 1 behind each x, which turns a bias into one more row of a matrix.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch07.assembly import biases_inside, one_behind

class YourGPT:
    """A trained GPT, token by token: your positions, your step with its cache."""

    def __init__(self, gpt):
        self.gpt, self.heads = gpt, gpt.config.num_heads
        self.matrices = [biases_inside(block.attention) for block in gpt.blocks]

    def start(self, rows=1):
        """Empty keys and values for each layer, [B, H, 0, d + 1]."""
        empty = torch.empty(rows, self.heads, 0, self.gpt.config.model_size // self.heads + 1)
        return [(empty, empty) for _ in self.matrices]

    @torch.no_grad()
    def step(self, token, caches):
        """token [B], what start or step gave -> logits [B, V] of the next one, caches with one token more"""
        gpt, past, kept = self.gpt, caches[0][0].shape[2], []
        x = embed(token[:, None], gpt.tokens.weight, gpt.positions.table, past)[:, 0]                    # [B, D]
        for block, matrices, cache in zip(gpt.blocks, self.matrices, caches, strict=True):
            read, *cache = attention_step(one_behind(block.around_attention.norm(x), self.heads), *cache, *matrices)
            x = x + read[:, : x.shape[1]]
            x = x + block.ffn(block.around_ffn.norm(x))
            kept.append(cache)
        return gpt.norm(x) @ gpt.tokens.weight.T, kept

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Does it give the course's numbers? It reads two lines of *The Tempest*, letter by letter, and the course's model reads them in one piece. **Guess:** how far apart are the probabilities?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
assembled = YourGPT(poet.model)
inputs, targets = inputs_and_targets(torch.tensor([poet.tokenizer.encode("PROSPERO:\n" + verse)]))
caches, said = assembled.start(), []
for token in inputs.unbind(1):
    logits, caches = assembled.step(token, caches)
    said.append(logits)
said = torch.stack(said, 1)
with torch.no_grad():
    theirs = poet.model(inputs).logits
differ = (said.softmax(-1) - theirs.softmax(-1)).abs().max().item()
nats = torch.nn.functional.cross_entropy(said.flatten(0, 1), targets.flatten()).item()
print(f"{said.shape[1]} letters, largest difference {differ:.0e};", f"{bits_per_character(nats, 1, 1):.2f} bits a letter")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert differ < 1e-5

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Now it writes. Your knobs choose, with the seed that `generate` has, so the course's sampler should write the same letters.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def write(prompt, count, temperature, top_p, seed=0):
    """What follows the prompt, drawn from your nucleus at your temperature."""
    draw, caches, letters = torch.Generator().manual_seed(seed), assembled.start(), poet.tokenizer.encode(prompt)
    for letter in letters[:-1]:
        _, caches = assembled.step(torch.tensor([letter]), caches)
    for _ in range(count):
        logits, caches = assembled.step(torch.tensor(letters[-1:]), caches)
        p = nucleus(with_temperature(logits, temperature).log(), top_p)
        letters.append(torch.multinomial(p, 1, generator=draw).item())
    return poet.tokenizer.decode(letters)[len(prompt) :]

sample = write("ROMEO:\n", 160, temperature=0.8, top_p=0.9)
print("ROMEO:\n" + sample)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert sample == generate(poet, "ROMEO:\n", 160, temperature=0.8, top_p=0.9)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Less than a hundred-thousandth. The same parameters, the same operations, in another order: a whole text at once, or letter by letter with a cache.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# Measured just now, on this machine, on text that was not trained on, unless a line says otherwise. A value outside its band stops the notebook.

# %%
rows = [
    ("ln V of our stories", reached["knows nothing"], 3.5, 4.5),
    ("pairs counted, nats", reached["bigram"], 1.8, 2.5),
    ("one head, nats", reached["one head"], 1.8, 2.6),
    ("GPT after its minute, nats", reached["GPT"], 0.5, 1.7),
    ("gpt-shakespeare, nats a letter (its card)", poet.card["metrics"]["valid_loss"], 1.3, 1.65),
    ("a logit, transformers' class against ours", gap, 0, 1e-4),
    ("times faster with the cache, 120 letters", slow / fast, 1.5, 100),
    ("BLEU of gpt-en-fr on Tatoeba (its card)", bleus[-1], 30, 70),
    ("copying: the second half, nats", task.second_half(copier), 0, 0.3),
    ("… with its most needed head silent", worst.loss, 0.8, 10),
    ("… with both heads of layer 2 silent", both, 2, 10),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:52} {value:8.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. A language model gives a distribution over the next token; its targets are its inputs, shifted by one. Its loss starts at ln V.
# 2. GPT is a stack of chapter 5's blocks with a causal mask.
# 3. A sampler chooses the token: temperature divides logits, top-k and top-p cut off the tail.
# 4. Tasks can be written into the text, and some heads copy from the context. Remove them and measure what is lost.
# 5. Training costs 6ND. Saved in a common format, your model works with any client.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [language model](#language-model) | 语言模型 | probabilities of what comes next |
# | [next-token prediction](#next-token) | 下一词元预测 | the text is its own answer |
# | [autoregressive](#autoregressive) | 自回归 | it continues its own words |
# | [token](#token) | 词元 | the unit that a model reads and writes |
# | [byte-pair encoding](#bpe) | 字节对编码 | the most frequent neighbours become one piece |
# | [bigram](#bigram) | 二元模型 | counts of which token follows which |
# | [bits per character](#bits-per-character) | 每字符比特数 | a loss that any tokens can share |
# | [overfitting](#overfitting) | 过拟合 | the training text by heart, new text worse |
# | [temperature](#temperature) | 温度 | divides the logits before the softmax |
# | [top-k](#top-k) | top-k 采样 | only the k most likely |
# | [top-p](#top-p) | 核采样（top-p） | the fewest that reach p together |
# | [pre-training](#pre-training) | 预训练 | on a lot of text first, without a task |
# | [fine-tuning](#fine-tuning) | 微调 | then on the task, from those parameters |
# | [induction head](#induction-head) | 归纳头 | attends to what followed this token before |
# | [in-context learning](#in-context) | 上下文学习 | learned from the prompt, no parameter changed |
# | [chat template](#chat-template) | 对话模板 | how a dialogue becomes one text |
# | [system prompt](#system-prompt) | 系统提示 | instructions before the user's first turn |
# | [quantised](#quantisation) | 量化 | fewer bits for each parameter |
# | [data-parallel](#data-parallel) | 数据并行 | each device has a part of the batch |
# | [scaling law](#scaling-law) | 缩放定律 | loss against size and text |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - C. Shannon, *Prediction and entropy of printed English*, 1951: the game.
# - A. Radford et al., *Improving language understanding by generative pre-training*, 2018, section 3 (GPT); *Language models are unsupervised multitask learners*, 2019, section 2 (GPT-2).
# - T. Brown et al., *Language models are few-shot learners*, 2020, section 2 and table D.1 (what it cost).
# - R. Sennrich, B. Haddow, A. Birch, *Neural machine translation of rare words with subword units*, 2016, section 3.2 (BPE).
# - A. Holtzman et al., *The curious case of neural text degeneration*, 2020, sections 3 and 4 (top-p); A. Fan, M. Lewis, Y. Dauphin, *Hierarchical neural story generation*, 2018 (top-k).
# - N. Elhage et al., *A mathematical framework for Transformer circuits*, 2021; C. Olsson et al., *In-context learning and induction heads*, 2022.
# - J. Kaplan et al., *Scaling laws for neural language models*, 2020, section 2.1 (6ND); J. Hoffmann et al., *Training compute-optimal large language models*, 2022, section 3.
# - T. Dao et al., *FlashAttention*, 2022, section 3.
# - L. Ouyang et al., *Training language models to follow instructions with human feedback*, 2022, section 3.
#
# Of the reading boxes: Ji et al., *Survey of hallucination in natural language generation*, 2023. Carlini et al., *Extracting training data from large language models*, 2021. Bender, Gebru et al., *On the dangers of stochastic parrots*, 2021. Liu et al., *Lost in the middle*, 2023. Greshake et al., *Not what you've signed up for*, 2023. Strubell, Ganesh, McCallum, *Energy and policy considerations for deep learning in NLP*, 2019. Villalobos et al., *Will we run out of data?*, 2022. Xu et al., *CLUE: a Chinese language understanding evaluation benchmark*, 2020.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: yours
# The course ends here. It began with a thermometer that nobody had read at three o'clock, and one operation: an average whose weights depend on the query. Every model since then was built around it. What would you like a model to read?
#
# **←** [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 7, edition 0.2.0, and the heading above it.*
