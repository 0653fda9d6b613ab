# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 4 · Who tells attention the order?
# *Self-attention and positional encoding.* **At the end** you have written self-attention, shown that it cannot tell "dog bites man" from "man bites dog", given its words a place in three ways, and measured which of them still works in a text longer than any it was trained on. Reading 55 minutes · live 50 · exercises 40 · *Deeper* 50 more. **Before:** [chapter 2](02_scoring_functions.ipynb) (scaled dot-product attention) and [chapter 3](03_seq2seq.ipynb) (who asks whom in a translator).

# %%
import torch
import course_utils
from chapters.ch04 import labs
from course_utils.views import heatmap, plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who bites whom?
# Six words, each a vector of eight numbers (drawn by chance). All six ask all six, and each takes home a weighted mean. **Before you touch anything:** let "dog" and "man" change places. What will happen to what "bites" takes home?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
draw = torch.Generator().manual_seed(0)
vectors = {word: torch.randn(8, generator=draw) for word in "the dog bites man cat sees bear .".split()}
sentence = "the dog bites the man .".split()
X = torch.stack([vectors[word] for word in sentence])
labs.shuffle(X, sentence, caption="Drag “dog” and “man” to each other’s places. Does any [output|output] change?")

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# Nothing happens to it. The rows wander about, and each carries its numbers along. For "bites" it is one and the same world whether the dog bites or the man does.
#
# </details>
#
# This chapter is about that hole, and about filling it. (The switch under the lab fills it; how, you will write yourself.)
#
# **Keep this:** attention compares words, and a word's place is in none of the things it compares.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# From chapters 1 to 3. Answer each before you unfold it.
#
# 1. Attention pooling over examples (key, value). Somebody shuffles the examples. What becomes of the estimate?
# 2. Over 60 steps, what became of the gradient in a recurrent network, and with attention?
# 3. What can a weighted average of vectors never be?
#
# <details><summary>Answers</summary>
#
# 1. Nothing: a sum over examples has no order. Remember this one.
# 2. In the recurrent network it faded with each step; attention has a direct way to every word.
# 3. Anything outside the space between them (their convex hull).
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Words ask each other
# <a id="self-attention"></a><a id="cross-attention"></a>
# In chapter 3 French words asked English words: **cross-attention**. Now the words of *one* sentence ask each other: **self-attention**. The formula is the same. What differs is where the three come from.
#
# $$ {\color{#bf5f00}{Q}}=XW_Q,\quad {\color{#007fc6}{K}}=XW_K,\quad {\color{#008a67}{V}}=XW_V,\qquad {\color{#bb51a8}{Z}}=A\,{\color{#008a67}{V}},\quad A=\mathrm{softmax}\!\left({\color{#bf5f00}{Q}}{\color{#007fc6}{K}}^\top/\sqrt d\right) $$
#
# In cross-attention a second sequence $Y$ asks: $Q=YW_Q$, and nothing else changes. Lectures show a table of the two; here it is filled in by a translator that was trained.

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
from course_utils.training.checkpoints import load_checkpoint
from course_utils.views import Table
from course_utils.text import BOS

trained = load_checkpoint("transformer-grammar")
english, french = "we live in the european economic area .".split(), "nous vivons dans la zone économique européenne .".split()
X_ids, Y_ids = torch.tensor([trained.source.encode(english)]), torch.tensor([[BOS, *trained.target.encode(french)]])
with torch.no_grad():
    seen = trained.model(X_ids, Y_ids, need_weights=True)
own, looked = seen.encoder_weights[0][0].mean(0), seen.weights[-1][0].mean(0)[:-1]  # means of the heads
pairs = {"self-attention": ("X", english, english, own), "cross-attention": ("Y", french, english, looked)}
Table([{"": kind, "Q": f"{source} W_Q", "K, V": "X W_K, X W_V", "who asks": " ".join(asks), "who is asked": " ".join(asked),
        "weights": " × ".join(map(str, A.shape))} for kind, (source, asks, asked, A) in pairs.items()])

# %% slideshow={"slide_type": "subslide"}
heatmap(own, english, english, title="Self-attention: whom do English words ask?",
        caption="Rows and columns are the same words. First layer, mean of its heads; chapter 5 takes them apart.")

# %% slideshow={"slide_type": "subslide"}
heatmap(looked, french, english, title="Cross-attention: whom do French words ask?",
        caption="Rows from one sentence, columns from another. Last layer, mean of its heads. Does “zone” find “area”?")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise 1 ●○○ · 5 minutes
# Write self-attention, for one sentence. It should return what comes out and the weights.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch04 import exercise, find_error, hint, solution

@exercise("self-attention")
def self_attention(X, WQ, WK, WV):
    """X [T, D], WQ and WK [D, d], WV [D, e] -> output [T, e], weights [T, T]"""
    raise NotImplementedError

# %% [markdown]
# On the course sentence, with the word vectors of the trained model and three matrices that nobody has trained:

# %% tags=["nbval-check-output"]
tired = trained.source.tokens(trained.source.encode("The animal didn't cross the street because it was too tired."))
words = trained.model.source_embedding.weight.detach()[trained.source.encode(tired)]
untrained = torch.randn(3, 128, 16, generator=torch.Generator().manual_seed(1)) / 128**0.5
output, A = self_attention(words, *untrained)
print(*tired, "\n", tuple(words.shape), "→ output", tuple(output.shape), "weights", tuple(A.shape))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(A.sum(-1), torch.ones(len(tired)))

# %% [markdown]
# One matrix product for all words at once; no loop, no state that is handed on.
#
# ### Find the error ●○○ · 3 minutes
# Two neighbouring slides of a lecture, two formulas. One of them has become a program.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("a times what")

@find_error("a times what", line=None)
def layers(Z, W):
    """Z [T, D], W [L, 3, D, D]: WQ, WK, WV of each layer -> [T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three matrices
# <a id="convolution"></a><a id="dense"></a>
# $Z=A\,V$: a matrix $[T, T]$ from the left mixes words. Other layers do that, too. A **convolution** slides a kernel of, say, three weights along the sentence; a **fully connected** layer along time has a weight for each pair of places.
#
# ### Exercise 2 ●●○ · 6 minutes
# Write the convolution as a matrix.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("convolution as a matrix")
def convolution(kernel, length):
    """kernel [k] with odd k -> C [length, length], so that C @ x slides the kernel over x, zeros beyond the ends"""
    raise NotImplementedError

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Three trained layers read two sentences of six words. Whose matrix is another one for the second sentence?",
    ["all three", "attention's only", "none: they are trained"],
    answer=1,
    because="Kernel and dense weights are parameters. Attention's matrix is computed from the words that are there.",
)

# %% jupyter={"source_hidden": true}
other = "the cat sees the bear .".split()
kernel, weights = torch.tensor([0.2, 0.5, 0.3]), torch.randn(2, 8, 8, generator=draw)
C, dense = convolution(kernel, 6), torch.rand(6, 6, generator=draw) / 3
same = torch.nn.functional.conv1d(X.T[:, None], kernel[None, None], padding=1)[:, 0].T
assert torch.allclose(C @ X, same, atol=1e-6)  # torch's own convolution, feature by feature

read = {"man": sentence, "cat": other}
found = {end: self_attention(torch.stack([vectors[word] for word in text]), *weights, torch.eye(8))[1] for end, text in read.items()}
shown = {f"{name}, “… {end}”": matrix for end, A in found.items() for name, matrix in {"convolution": C, "dense": dense, "attention": A}.items()}
labels = {name: read[name[-4:-1]] for name in shown}
plot.maps(shown, labels, labels, title="Whose matrix depends on the sentence?",
          caption="Above “dog bites man”, below “cat sees bear”; all weights drawn by chance. Find the pair that is not equal.")

# %% [markdown]
# The band holds three numbers, again and again; the dense table has 36 and fits sentences of six words only. Attention's matrix has no numbers of its own: its parameters are $W_Q$ and $W_K$, which have never heard of $T$. So it reads any length.
#
# **Keep this:** all three mix words by a matrix. Attention's is a function of the words.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far, how long, how much?
# <a id="path-length"></a>
# A word at the end needs one from the beginning. How many steps is it away? That is the **path length**, and chapter 3 showed what a long one does to a gradient. Make the sentence longer; then make the kernel wider; then switch to *dilated*, where each layer looks three times as far as the one below.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.paths(9)

# %% [markdown]
# Now count three things at once: steps from the first word to the last, found by walking; operations that have to *wait* for each other, as autograd recorded them; and multiplications, with 64 features.

# %% slideshow={"slide_type": "subslide"}
from chapters.ch04.experiments import LAYERS, in_a_row, layer, multiply_adds, steps_between

rows = []
for kind in LAYERS:
    row, run = {"layer": kind}, layer(kind, 64)
    for n in (9, 90):
        row |= {f"path, n = {n}": steps_between(kind, n), f"in a row, {n}": in_a_row(run(torch.zeros(1, n, 64)))}
        row |= {f"multiplications, {n}": multiply_adds(kind, n, 64)}
    rows.append(row)
conv, recurrent, attention = rows
Table(rows, "Kernel 3. Attention without its projections, as everybody counts it.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (conv["path, n = 90"], recurrent["path, n = 90"], attention["path, n = 90"]) == (45, 89, 1)
assert attention["in a row, 90"] == attention["in a row, 9"] and recurrent["in a row, 90"] > 9 * recurrent["in a row, 9"]
assert attention["multiplications, 90"] == 100 * attention["multiplications, 9"]

# %% [markdown]
# Ten times the words: the recurrent layer waits ten times as long, attention not at all, but it multiplies a hundred times as much. Which of the two does one feel? The processor’s clock says:

# %% slideshow={"slide_type": "subslide"}
from course_utils.data import results

costs = results.load("positions_costs")
times = dict(zip(costs["lengths"], zip(*(costs["seconds"][kind] for kind in LAYERS), strict=True), strict=True))
assert times[64][1] > 2 * times[64][2] and times[1024][1] > 2 * times[1024][2]  # attention multiplies more, and is done first
plot.lines({kind: (costs["lengths"], [1000 * s for s in costs["seconds"][kind]]) for kind in LAYERS}, "words", "ms of processor time",
           title="What does a long text cost?", log="xy", caption=f"One layer, {costs['size']} features. {costs.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert costs["slopes_of_the_last_three"]["attention"] > 1.7 > 1.3 > costs["slopes_of_the_last_three"]["recurrent"]

# %% [markdown]
# By multiplications attention should lose from 64 words on. On the clock it still wins at a thousand: many small steps in a row cost more than a few large ones side by side. In the end the square wins, and its line is the steepest.
#
# ### Find the error ●●○ · 4 minutes
# A widely used set of slides has this table, too.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("log n, plainly")

@find_error("log n, plainly", line=None)  # the number of the wrong claim
def layers_needed(n, k):
    """n words, kernel k: each output sees its own word and the k - 1 before it -> a number of layers"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** attention: one step to any word, nothing waits, n² pairs. Recurrent: n steps that wait. Convolution: about n/k layers.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: lowered and raised
# Within a few lines, one article says that self-attention lowers the complexity and that it raises it. Don't argue: count.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("lowered and raised")

@find_error("lowered and raised", line=None)  # the number of the wrong claim
def cheaper(n, d):
    """n words of d features -> "attention", "recurrent" or "equal": which layer multiplies less?"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# In 2017, sentences had 30 words and models 512 features, and "lowered" was true. Today's texts have 100,000 words and models some thousand features: raised. On your machine, just now:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch04.experiments import layer_times

here = layer_times((32, 256, 2048), repeats=2)
Table([{"layer": kind, "32 words, ms": 1e3 * a, "256": 1e3 * b, "2,048": 1e3 * c} for kind, (a, b, c) in here.items()])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Shuffle it
# <a id="equivariant"></a><a id="invariant"></a>
# Back to the hole. The lab showed it for one sentence; here it is as one line of code, for any order.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Z is what self-attention makes of X. The words come in another order, X[order]. What comes out?",
    ["Z", "Z[order]", "something else"],
    answer=1,
    because="The same vectors, in the new order: each row went along with its word.",
)

# %%
order = torch.tensor([4, 2, 0, 5, 1, 3])
Z, shuffled = (self_attention(x, *weights, torch.eye(8))[0] for x in (X, X[order]))
assert torch.allclose(shuffled, Z[order], atol=1e-5)  # the outputs move along: equivariant
assert not torch.allclose(shuffled, Z, atol=0.1)  # they are not the same: not invariant
assert torch.allclose(shuffled.mean(0), Z.mean(0), atol=1e-5)  # their mean is: invariant

# %% [markdown]
# Two words worth telling apart. **Equivariant**: shuffle what goes in, and what comes out is shuffled alike. **Invariant**: what comes out stays as it is. Attention does the first; a mean over its outputs does the second.
#
# ### Find the error ●●○ · 4 minutes

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("invariant or equivariant")

@find_error("invariant or equivariant", line=None)  # the number of the wrong claim
def under_shuffling(layer, x, order):
    """layer: [T, D] -> tensor, x [T, D], order [T] -> "invariant", "equivariant" or "neither" """
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A reader without positions
# Is the hole a matter of training? Let a reader learn to answer *who does it?*, from hundreds of sentences such as "the fox hears the bear". It has word vectors, one self-attention, a mean, a linear layer. "The dog bites the man" and its twin are held out.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "However long it is trained: what share of the held-out sentences can it answer rightly at best?",
    ["nearly all", "exactly half", "one in ten, by chance"],
    answer=1,
    because="It will find the two nouns. But it must give a sentence and its twin the same answer, and that is right for one of them.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch04.experiments import WhoDoesIt

who = WhoDoesIt()
blind = who.model("none")
blind_run = who.train(blind, show=True, title="without positions", evaluate=lambda model: {"held-out right": who.right(model)},
                      higher_is_better=True, every=25)

# %%
twins = ["the dog bites the man .", "the man bites the dog ."]
dog, man = (who.answers(blind, text) for text in twins)
assert all(abs(dog[noun] - man[noun]) < 1e-4 for noun in dog) and who.right(blind) <= 0.5
Table([{"sentence": text, **{f"{noun}": round(p[noun], 3) for noun in ("dog", "man", "cat")}} for text, p in zip(twins, (dog, man), strict=True)],
      f"Who does it? Probabilities, without positions. Of {len(who.test)} held-out sentences right: {who.right(blind):.0%}")

# %% [markdown]
# The same numbers in both rows. More data, more layers, more training: nothing helps, since the two sentences are the same set of words and the mean of the outputs is invariant.
#
# **Keep this:** without positions a sentence is a bag of words, however well it is trained.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Give each word its place
# <a id="positional-encoding"></a>
# Attention compares vectors, so the place must get into the vectors: $x_i + P_i$, a **positional encoding**. What should $P_i$ be? The number $i$ drowns the word from place 20 on. The fraction $i/n$ makes "next to each other" mean something else in each sentence. What about the digits of $i$, in binary?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Count 0, 1, 10, 11, 100 … The last digit flips at every step. How long does the third from the right keep its value?",
    ["2 steps", "4 steps", "8 steps"],
    answer=1,
    because="Each digit flips half as often as its right neighbour. Together they name every number, with small values.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.sinusoid(max_length=50, model_size=128)

# %% [markdown]
# <a id="sinusoidal"></a>
# On the right, binary digits: fast ones and slow ones. In the middle, the same idea without jumps: waves, fast in the first columns and slow in the last. Pairs of columns share a frequency, one a sine, one a cosine:
#
# $$ P_{i,2j}=\sin(i\,\omega_j),\qquad P_{i,2j+1}=\cos(i\,\omega_j),\qquad \omega_j=10000^{-2j/D} $$
#
# The fastest wave needs $2\pi$ places for a turn, the slowest nearly $2\pi\cdot10000$.
#
# ### Exercise 3 ●●○ · 6 minutes
# Write the table.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("sinusoidal encoding")
def sinusoidal(length, model_size):
    """length, model_size D (even) -> P [length, D]"""
    raise NotImplementedError

# %% tags=["nbval-check-output"]
P = sinusoidal(50, 128)
assert P.abs().max() <= 1 and len(P.round(decimals=3).unique(dim=0)) == 50  # small values, and no two rows alike
assert torch.allclose(P.norm(dim=-1), torch.tensor(8.0), atol=1e-4)  # sin² + cos² = 1, 64 times: all are equally long
print(tuple(P.shape), "one row for each place, the same for every word")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two steps on
# <a id="shift"></a>
# Why waves, and why in pairs? A sine with its cosine is a point on a circle. To move on in the text is to turn.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A 2 × 2 matrix turns place 5 into place 8. Which matrix turns place 30 into place 33?",
    ["the same", "its inverse", "one that depends on the sentence"],
    answer=0,
    because="Three places are the same angle everywhere. That is all the matrix knows.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.rotation(model_size=128, max_length=50)

# %% [markdown]
# Move $i$, and the matrix stands still; only δ and the pair of columns change it. For the whole row, put such blocks along the diagonal, each with its own frequency:
#
# $$ P_{i+\delta}=R(\delta)\,P_i\quad\text{for all } i,\qquad R(\delta)\text{ made of }\begin{pmatrix}\cos\delta\omega_j&\sin\delta\omega_j\\-\sin\delta\omega_j&\cos\delta\omega_j\end{pmatrix} $$
#
# ### Exercise 4 ●●○ · 6 minutes
# Write $R(\delta)$.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from course_utils.positions import frequencies

@exercise("shift matrix")
def shift(offset, model_size):
    """offset, model_size D -> R [D, D] with P[i + offset] = R @ P[i] for all i; frequencies(D) [D / 2] is given"""
    raise NotImplementedError

# %%
R = shift(3, 128)
assert torch.allclose(P[:-3] @ R.T, P[3:], atol=1e-4)  # one matrix, all 47 pairs of places
assert torch.allclose(R @ R.T, torch.eye(128), atol=1e-5)  # a rotation: lengths stay

# %% [markdown]
# A layer that wants "the word three places back" can *learn* this matrix, inside $W_Q$ and $W_K$, and use it anywhere in the text. And what do two places have in common? Their dot product, from three starting points:

# %% slideshow={"slide_type": "subslide"}
common = P @ P.T
starts = {f"from place {i}": (range(-i, 50 - i), common[i]) for i in (0, 20, 40)}
plot.lines(starts, "distance", "dot product", title="How alike are two places?",
           caption="Three curves that lie on each other: only the distance counts. Neighbours are alike, and left equals right.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(torch.allclose(common.diagonal(d), common[0, d].expand(50 - d), atol=1e-3) for d in range(50))
assert common[0, 0] > common[0, 1] > common[0, 2] > common[0, 3]

# %% [markdown]
# The curve falls from 64 at distance 0. It is the same on both sides: by itself the dot product doesn't know who comes first. $W_Q$ and $W_K$ between the two can turn it.
#
# **Keep this:** a place is a row of waves; a step in the text is a rotation, the same everywhere.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do they go in?
# ### Find the error ●●○ · 4 minutes
# An article's flow chart has all the right boxes. The code below follows its arrows.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("positions after the softmax")

@find_error("positions after the softmax", line=None)
def attend(x, P, WQ, WK, WV):
    """words x [T, D], positions P [T, D], WQ, WK, WV [D, D] -> [T, D]"""
    raise NotImplementedError

# %% [markdown]
# They go in at the bottom, once, before anybody asks. The reader from above again, with one line more: word vectors *plus* sinusoids.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
sighted = who.model("sinusoidal")
sighted_run = who.train(sighted, show=True, title="with sinusoidal positions", evaluate=lambda model: {"held-out right": who.right(model)},
                        higher_is_better=True, every=25)
assert who.right(sighted) > 0.9 and next(iter(who.answers(sighted, twins[0]))) == "dog"

# %% [markdown]
# Every held-out sentence, or nearly. And now you: this lab holds the *trained* vectors and matrices, and Python asks both readers about your order of the words. What do they say of "bites the dog man the ."? What if you switch the positions off?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import copy
import ipywidgets
from IPython.display import display

off = copy.deepcopy(sighted)
off.positions = torch.nn.Identity()  # what the switch “none” does: the same reader, robbed of its positions
part = {name: getattr(sighted.attention, name).weight.detach().T for name in ("query", "key", "value")}
inside = sighted.embedding(who.encode([" ".join(sentence)])[0])[0].detach()
view = labs.shuffle(inside, sentence, **part, positions=True, live=True, title="Who does it, in your order?",
                    caption="The trained reader. Which word do all the [query|rows] look at? Move it away from there.")
told = ipywidgets.HTML("Move a word: both readers answer.")

def tell(change):
    """What both readers say of the words as they are shown."""
    text = " ".join(sentence[w] for w in view.state["order"])
    readers = {"this reader": sighted if view.state["positions"] else off, "the one that never had positions": blind}
    says = {name: next(iter(who.answers(model, text).items())) for name, model in readers.items()}
    told.value = f"“{text}” Who does it? " + ", ".join(f"{name}: <b>{noun}</b> ({p:.0%})" for name, (noun, p) in says.items())

view.observe(tell, names=["order", "positions"])
display(view, told)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Knock it out
# A real translator now, trained on our corpus with sinusoidal positions. We take them out of its encoder; nothing else is touched.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Without positions in the encoder, it translates “the dog bites the man” and “the man bites the dog”. What comes?",
    ["twice the same sentence", "two different sentences, both wrong", "it still gets them right"],
    answer=0,
    because="The encoder hands over the same vectors, shuffled, and cross-attention doesn't see the shuffling either.",
)

# %% jupyter={"source_hidden": true}
import copy
from dataclasses import replace
from course_utils.data import parallel
from course_utils.decoding import translate

lost = copy.deepcopy(trained.model)
lost.positions = None  # the encoder's; the decoder keeps its own
texts = ["The dog bites the man.", "The man bites the dog.",
         "Anna says that Leo saw the doctor.", "Leo says that Anna saw the doctor.",
         "We live in the European Economic Area.", "We live in the area European Economic."]
right, wrong = (translate(loaded, texts, beam=1) for loaded in (trained, replace(trained, model=lost)))
Table([{"source": s, "trained on": "seen" if a.seen else "new", "with positions": a.text, "without": b.text}
       for s, a, b in zip(texts, right, wrong, strict=True)])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(wrong[n].text == wrong[n + 1].text for n in (0, 2, 4)) and [t.seen for t in right[:4]] == [True, True, False, False]
assert sum("bites" in pair.source for pair in parallel.load_parallel("en-fr")) == 2
assert right[2].text == "anna dit que léo a vu le médecin." and right[3].text == "léo dit qu'anna a vu le médecin."

# %% [markdown]
# The decoder still knows the order of what *it* writes, so the French looks like French. Where the order can be guessed from the words, as in an area that is European and economic, one may hardly notice that it is gone. Who bites whom cannot be guessed, nor who says so and who saw.
#
# (Its *bites* is bad even with positions: *habite* is "lives", *lit* is "reads". In the corpus the verb stands in these two sentences only, and having *seen* it twice is not enough. Yet dog and man keep their places.)
#
# **Keep this:** positions go into the words, before the first question is asked.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Longer than anything it saw
# <a id="learned-positions"></a><a id="rotary"></a><a id="extrapolation"></a>
# A formula reaches everywhere. Does a model that learned with it, too? A task that needs nothing but order: random letters, and at each place *say the letter two places back*. Training texts have 20 letters, the test goes on to 60. Four readers, alike but for their positions:
#
# - **none**; **sinusoidal**, as above;
# - **learned**: one free vector for each place, trained like a word's (BERT does that);
# - **rotary**: nothing is added, but each query and key is *turned* by its place, so that their product knows the distance only.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "All but “none” answer rightly up to place 20. Which of them still does at place 50?",
    ["learned", "sinusoidal", "rotary", "all three"],
    answer=2,
    because="Two places back is the same turn anywhere. The other two meet vectors, or sums of vectors, that training never showed.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch04.experiments import LettersBefore

letters = LettersBefore()
reader = letters.model("sinusoidal")
steps = {"class": 300, "full": 2000}[runtime.profile]
run = letters.train(reader, steps, show=True, title="two places back", every=steps // 4, higher_is_better=True,
                    evaluate=lambda model: dict(zip(("right up to 20", "right beyond"), letters.right(model), strict=True)))
inside_20, beyond_20 = letters.right(reader)
assert inside_20 > 0.95 and beyond_20 < 0.8

# %%
text = letters.batches(torch.Generator().manual_seed(3), length=20, count=1)
with torch.no_grad():
    looks = reader(text).weights[0]
names = [f"{'abcdefghij'[letter]} {place}" for place, letter in enumerate(text[0])]
back = looks.diagonal(-2).mean()
heatmap(looks, names, names, title="Did it learn to look two back?",
        caption=f"A line two below the diagonal: on average {back:.0%} of the weight. Nobody told it; it was paid for right letters.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert back > 0.5

# %% slideshow={"slide_type": "subslide"}
recorded = results.load("positions_order")
rate = str(recorded["rates"][1])
mean = {what: {kind: sum(k[what][rate]) / len(k[what][rate]) for kind, k in recorded["kinds"].items()} for what in ("inside", "beyond")}
assert min(mean["inside"][kind] for kind in ("learned", "sinusoidal", "rotary")) > 0.95 and mean["inside"]["none"] < 0.3
curves = {kind: (range(2, 60), [100 * x for x in found["by_place"]]) for kind, found in recorded["kinds"].items()}
plot.lines(curves, "place", "right, %", title="Who knows the way beyond place 20?", mark=(20, ""),
           caption=f"Dashed: training ended there. Texts of 60 letters, means of {len(recorded['seeds'])} seeds; a guess is right in 10 %. {recorded.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert mean["beyond"]["rotary"] > 0.9 and mean["beyond"]["sinusoidal"] < 0.6 and mean["beyond"]["learned"] < 0.25

# %% [markdown]
# *None* counts letters: the commonest in the text is a better guess than 10 %, and no more. *Learned* falls at once: its vectors from place 20 on were never trained. *Sinusoidal* falls, too: the rows beyond exist, but what the layer made of them was fitted to the first twenty, and even these suffer where forty more places ask for weight. *Rotary* goes on.
#
# This is one layer and one task that needs a distance and nothing else. In large models rotary positions have their limits beyond the trained length as well.
#
# **Keep this:** "the formula goes on" is not "the model goes on". Measure it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: how fair was that?
# One learning rate for all four can favour one of them. So we tried three.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
rows = []
for kind, found in recorded["kinds"].items():
    for what in ("inside", "beyond"):
        rows.append({"positions": kind, "places": what, **{f"rate {r}": sum(x) / len(x) for r, x in found[what].items()}})
Table(rows, "Share right. The middle rate: five seeds, the others two.")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The order beyond place 20 is the same wherever training succeeds inside. At a rate that is too large or too small for one of them, the comparison says more of the rate than of the positions.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: learned positions, and what they cost
# BERT learns 512 vectors of 768 numbers. Another article says that sinusoids add parameters. Count both.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.positions import LearnedPositions, SinusoidalPositions

bert, waves = LearnedPositions(512, 768), SinusoidalPositions(512, 768)
count = [sum(p.numel() for p in module.parameters()) for module in (bert, waves)]
print(f"learned: {count[0]:,} parameters; sinusoidal: {count[1]}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert count == [393_216, 0]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("sinusoids add parameters")

@find_error("sinusoids add parameters", line=None)  # the number of the wrong claim
def parameters(kind, max_length, model_size):
    """kind "sinusoidal", "learned" or "rotary" -> how many numbers are learned for positions"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# What happens at the edges? A text that is longer, a width that is odd, no text at all:

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
from course_utils.positions import sinusoidal_encoding

print("sinusoidal, 600 words:", tuple(waves(torch.zeros(1, 600, 768)).shape))
for attempt in (lambda: bert(torch.zeros(1, 600, 768)), lambda: sinusoidal_encoding(50, 127)):
    try:
        attempt()
    except ValueError as error:
        print("ValueError:", error)
print("no words:", tuple(sinusoidal_encoding(0, 128).shape))

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: turn instead of add
# Rotary positions (Su et al., 2021) add nothing. Each pair of features of a query or a key is turned by its place times the frequency of the pair; most language models of today do that.
#
# #### Exercise 5 ●●○ · 6 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("rotary")
def rotary(x, positions):
    """x [T, D], positions [T] -> x with each pair of features turned, [T, D]; frequencies(D) [D / 2] is given"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
q, k = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(4))

def score(i, j):
    """The product of one query at place i with one key at place j."""
    return rotary(q, torch.tensor([i])) @ rotary(k, torch.tensor([j])).T

assert torch.allclose(score(7, 5), score(107, 105), atol=1e-4)  # two apart: the same score, wherever
assert not torch.allclose(score(7, 5), score(7, 4), atol=1e-2)  # three apart: another one
assert torch.allclose(rotary(q, torch.tensor([9])).norm(), q.norm())  # a turn changes no length

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Turned by $i$ and by $j$, what is left in the product is the turn by $i-j$. That is the sense of **relative** positions<a id="relative"></a>: the score knows how far, not where.
#
# #### Find the error ●○○ · 3 minutes
# A lecture announces relative positions and prints a formula.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("absolute under the name relative")

@find_error("absolute under the name relative", line=None)
def relative(i, j, D):
    """query at place i, key at place j -> a vector [D] of their distance"""
    raise NotImplementedError

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: Transformer-XL
# <a id="transformer-xl"></a>
# With added positions, the score of word $x_i$ at place $i$ and word $x_j$ at place $j$ falls into four parts. **Guess:** which of them know the places, and in what way?
#
# $$ (x_i+P_i)^\top M\,(x_j+P_j)=x_i^\top Mx_j+x_i^\top MP_j+P_i^\top Mx_j+P_i^\top MP_j,\qquad M=W_QW_K^\top $$

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
x, place, M = X, sinusoidal(6, 8), weights[0] @ weights[1].T
added = (x + place) @ M @ (x + place).T
four = x @ M @ x.T, x @ M @ place.T, place @ M @ x.T, place @ M @ place.T
assert torch.allclose(added, sum(four), atol=1e-3)

def far(i, j):
    """Sinusoids of the distance, [8]: P[i − j], behind or ahead."""
    return shift(i - j, 8) @ place[0]

u, v = torch.randn(2, 8, generator=torch.Generator().manual_seed(5))
by_place = torch.stack([torch.stack([v @ M @ far(i, j) for j in range(6)]) for i in range(6)])
assert torch.allclose(by_place[1:, 1:], by_place[:-1, :-1], atol=1e-4)  # equal along each diagonal: only the distance
assert not torch.allclose(four[3][1:, 1:], four[3][:-1, :-1], atol=0.1)  # the fourth part of before is not

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Transformer-XL (Dai et al., 2019) puts the distance $R_{i-j}$ in place of $P_j$, and one learned vector in place of each $P_i$, $u$ and $v$: where the query stands should not matter. It also keeps the keys and values of the text before, so that a word can look back over the edge of its piece; with absolute places two words would then both claim place 3.
#
# BERT learned its places, Transformer-XL counts distances, rotary positions turn. All three answer the question of this chapter's first lab.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a comment is not code
# The article with the flow chart has a program, too.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("an encoder that is not there")

@find_error("an encoder that is not there", line=None)
def read(ids, E, P, W):
    """ids [T], embeddings E [V, D], positions P [max, D], W [3, D, D] -> [T, D]"""
    raise NotImplementedError

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: does a mask tell the order?
# With a causal mask (chapter 2) each word sees itself and those before it. Nobody added a position. **Guess:** is attention still equivariant?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.attention import causal_mask, scaled_dot_product_attention

masked, after = (scaled_dot_product_attention(x, x, x, causal_mask(6))[0] for x in (X, X[order]))
assert not torch.allclose(after, masked[order], atol=0.1)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# It is not: the first word sees one word, the last sees six, and a network can count. Decoders learn some order from their mask alone; encoders, which see everything, cannot.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# The first five just now, on this machine; the last four are recorded, means of several seeds. A value outside of its band stops the notebook.

# %%
rows = [
    ("who does it, without positions", who.right(blind), 0.3, 0.5),
    ("who does it, sinusoidal", who.right(sighted), 0.9, 1),
    ("two letters back, up to place 20", inside_20, 0.95, 1),
    ("two letters back, beyond", beyond_20, 0.1, 0.8),
    ("largest error of P[i + 3] = R P[i]", (P[:-3] @ R.T - P[3:]).abs().max().item(), 0, 1e-4),
    *((f"beyond place 20, {kind} (recorded)", mean["beyond"][kind], *band) for kind, band in
      {"none": (0.1, 0.3), "learned": (0.08, 0.25), "sinusoidal": (0.15, 0.6), "rotary": (0.9, 1)}.items()),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:40} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. In self-attention queries, keys and values are made of the same words; its matrix is a function of them, and fits any length.
# 2. One step from any word to any other, nothing waits, n² pairs.
# 3. Shuffle the words, and the outputs move along: equivariant. Without positions a sentence is a bag of words.
# 4. Sinusoids: a place is a row of waves, a step is a rotation, the same everywhere, and nothing is learned.
# 5. Learned places end where training ended, sinusoids stumble there, rotary ones go on: measured on one task.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [self-attention](#self-attention) | 自注意力 | the words of one sentence ask each other |
# | [cross-attention](#cross-attention) | 交叉注意力 | one sequence asks another |
# | [convolution](#convolution) | 卷积 | one small kernel, slid along |
# | [fully connected layer](#dense) | 全连接层 | a weight for each pair of places |
# | [path length](#path-length) | 路径长度 | steps from one word to another |
# | [permutation equivariant](#equivariant) | 置换等变 | outputs move along with the words |
# | [permutation invariant](#invariant) | 置换不变 | the output stays as it is |
# | [positional encoding](#positional-encoding) | 位置编码 | a vector that says where |
# | [sinusoidal encoding](#sinusoidal) | 正弦位置编码 | waves, fast ones and slow ones |
# | [shift by rotation](#shift) | 旋转平移 | P[i + δ] = R(δ) P[i] |
# | [learned positions](#learned-positions) | 可学习的位置嵌入 | one trained vector for each place |
# | [rotary positions](#rotary) | 旋转位置编码 | queries and keys are turned |
# | [relative positions](#relative) | 相对位置 | how far, not where |
# | [extrapolation](#extrapolation) | 外推 | beyond what was trained |
# | [Transformer-XL](#transformer-xl) | Transformer-XL 模型 | distances, and a memory of the text before |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - A. Vaswani et al., *Attention is all you need*, 2017, section 3.5 (sinusoids) and section 4 with table 1 (costs and paths).
# - J. Gehring et al., *Convolutional sequence to sequence learning*, 2017, section 3.1; J. Devlin et al., *BERT*, 2019, section 3 (learned positions).
# - P. Shaw, J. Uszkoreit, A. Vaswani, *Self-attention with relative position representations*, 2018, section 3.
# - Z. Dai et al., *Transformer-XL*, 2019, section 3.3 (the four parts of the score).
# - J. Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021, section 3.
# - O. Press, N. Smith, M. Lewis, *Train short, test long*, 2022, section 2: extrapolation, measured on language models.
# - A. Haviv et al., *Transformer language models without positional encodings still learn positional information*, 2022.
# - N. Kalchbrenner et al., *Neural machine translation in linear time*, 2016 (dilated convolutions: where log n is true).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: a whole translator of nothing but this
# One self-attention can look two places back, or find who bites. A sentence needs many such looks at once, and something to think about what was found. Chapter 5 gives attention several heads, puts it into blocks, stacks them, and has a translator without any recurrence: the Transformer.
#
# **→ [5 · What can attention do alone?](05_transformer.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell whoever gave you the course: chapter 4, edition 0.2.0, and the heading above it.*
