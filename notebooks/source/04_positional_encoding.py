# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 4 · Who tells attention the order?
# *Self-attention and positional encoding.* **By the end** you will have written self-attention, shown that it cannot tell "dog bites man" from "man bites dog", given words their positions in three ways, and measured how far each way works beyond the length it was trained on. Reading 55 minutes · live 50 · exercises 40 · *Deeper* 50 more. **Before:** [chapter 2](02_scoring_functions.ipynb) (scaled dot-product attention) and [chapter 3](03_seq2seq.ipynb) (attention in a translator).

# %%
import torch
import course_utils
from chapters.ch04 import labs
from course_utils.views import heatmap, plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who bites whom?
# Here are six words, each a vector of eight random numbers. All six attend to all six, and each gets a weighted average. **Before you touch anything:** if "dog" and "man" change places, what will happen to the average that "bites" gets?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
draw = torch.Generator().manual_seed(0)
vectors = {word: torch.randn(8, generator=draw) for word in "the dog bites man cat sees bear .".split()}
sentence = "the dog bites the man .".split()
X = torch.stack([vectors[word] for word in sentence])
labs.shuffle(X, sentence, caption="Drag “dog” and “man” to each other’s places. Does any [output|output] change?")

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# Nothing happens to it. The rows move, and each takes its numbers along. For "bites" it makes no difference whether the dog bites or the man does.
#
# </details>
#
# This chapter is about that problem and its solution. (The switch under the lab solves it; you will write the solution yourself.)
#
# **Keep this:** attention compares word vectors, and a word's position is not in its vector.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# These are from chapters 1 to 3. Answer all three before you unfold the answers.
#
# 1. Attention pooling averages over examples (key, value). You shuffle the examples. How does the estimate change?
# 2. In a translator without attention, which source words are far from the end of the decoder, and how does attention change that?
# 3. What can a weighted average of vectors never be?
#
# <details><summary>Answers</summary>
#
# 1. It does not: a sum has no order. Remember this one.
# 2. The words in the middle of the sentence, if the encoder reads from both ends. With attention, every word is one step away.
# 3. Anything outside the convex hull of these vectors.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Words attend to each other
# <a id="self-attention"></a><a id="cross-attention"></a>
# In chapter 3 French words attended to English words: **cross-attention**. Now the words of *one* sentence attend to each other: **self-attention**. The formula is the same; only the source of queries, keys and values is different.
#
# $$ {\color{#bf5f00}{Q}}=XW_Q,\quad {\color{#007fc6}{K}}=XW_K,\quad {\color{#008a67}{V}}=XW_V,\qquad {\color{#bb51a8}{Z}}=A\,{\color{#008a67}{V}},\quad A=\mathrm{softmax}\!\left({\color{#bf5f00}{Q}}{\color{#007fc6}{K}}^\top/\sqrt d\right) $$
#
# In cross-attention the queries come from a second sequence $Y$: $Q=YW_Q$, and nothing else changes. Lectures show a table of the two. Here it is filled in by a trained translator, which reads an English sentence together with its French translation (we give it both).

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
# Write self-attention for one sentence. It should return the output and the weights.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch04 import again, exercise, find_error, hint, solution

@exercise("self-attention")
def self_attention(X, WQ, WK, WV):
    """X [T, D], WQ and WK [D, d], WV [D, e] -> output [T, e], weights [T, T]"""
    raise NotImplementedError

# %% [markdown]
# Here it is on the course sentence, with the word vectors of the trained model and three untrained matrices:

# %% tags=["nbval-check-output"]
tired = trained.source.tokens(trained.source.encode("The animal didn't cross the street because it was too tired."))
words = trained.model.source_embedding.weight.detach()[trained.source.encode(tired)]
untrained = torch.randn(3, 128, 16, generator=torch.Generator().manual_seed(1)) / 128**0.5
output, A = self_attention(words, *untrained)
print(*tired, "\n", tuple(words.shape), "→ output", tuple(output.shape), "weights", tuple(A.shape))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(A.sum(-1), torch.ones(len(tired)))

# %% [markdown]
# All words are computed at once by matrix products; there is no loop and no state.
#
# ### Find the error ●○○ · 3 minutes
# Two neighbouring slides of a lecture have two different formulas. One of them is the program below.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 4.1")

@find_error("program 4.1", line=None)  # the number of the wrong line
def layers(Z, W):                   # Z [T, D], W [L, 3, D, D]
    for WQ, WK, WV in W:
        Q, K, V = Z @ WQ, Z @ WK, Z @ WV
        A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)
        Z = A @ Z                   # Z_out = A · Z_in
    return Z

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three matrices
# <a id="convolution"></a><a id="dense"></a>
# In $Z=A\,V$, a $[T, T]$ matrix on the left mixes the words. Other layers mix words, too. A **convolution** slides a kernel of, say, three parameters along the sentence; a **fully connected** layer along the sentence has a parameter for each pair of positions.
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
    "Three layers with fixed parameters read two sentences of six words. Which of their matrices are different for the second sentence?",
    ["all three", "attention's only", "none: the parameters are fixed"],
    answer=1,
    because="The kernel and the dense matrix are parameters. Attention's matrix is computed from the words it reads.",
)

# %% jupyter={"source_hidden": true}
other = "the cat sees the bear .".split()
kernel, weights = torch.tensor([0.2, 0.5, 0.3]), torch.randn(2, 8, 8, generator=draw)
C, dense = convolution(kernel, 6).float(), torch.rand(6, 6, generator=draw) / 3
same = torch.nn.functional.conv1d(X.T[:, None], kernel[None, None], padding=1)[:, 0].T
assert torch.allclose(C @ X, same, atol=1e-6)  # torch's own convolution, feature by feature

read = {"man": sentence, "cat": other}
found = {end: self_attention(torch.stack([vectors[word] for word in text]), *weights, torch.eye(8))[1] for end, text in read.items()}
shown = {f"{name}, “… {end}”": matrix for end, A in found.items() for name, matrix in {"convolution": C, "dense": dense, "attention": A}.items()}
labels = {name: read[name[-4:-1]] for name in shown}
plot.maps(shown, labels, labels, title="Whose matrix depends on the sentence?",
          caption="Above “dog bites man”, below “cat sees bear”; all weights drawn by chance. Find the pair that is not equal.")

# %% [markdown]
# The band repeats the same three numbers; the dense matrix has 36 and fits only sentences of six words. Attention's matrix has no parameters of its own: they are in $W_Q$ and $W_K$, whose sizes do not depend on $T$. So it can read any length.
#
# **Keep this:** all three mix words by a matrix. Attention computes its matrix from the words.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far, how long, how much?
# <a id="path-length"></a>
# The last word of a sentence depends on the first. How many steps away is it? This is the **path length**, and chapter 3 showed what a long path does to a gradient. Make the sentence longer; then make the kernel wider; then switch to *dilated*, where each layer reaches three times as far as the one below. (In this lab and in the table below, a convolution reads backwards only: its kernel covers a word and the ones before it.)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.paths(9)

# %% [markdown]
# Now count three things: steps from the first word to the last, found by following the connections; operations that have to *wait* for each other, as autograd recorded them; and multiplications, with 64 features.

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
Table(rows, "Kernel 3. Attention without its projections, as the literature counts it; they cost 4nd² more.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (conv["path, n = 90"], recurrent["path, n = 90"], attention["path, n = 90"]) == (45, 89, 1)
assert attention["in a row, 90"] == attention["in a row, 9"] and recurrent["in a row, 90"] > 9 * recurrent["in a row, 9"]
assert attention["multiplications, 90"] == 100 * attention["multiplications, 9"]

# %% [markdown]
# With ten times as many words, the recurrent layer has ten times as many operations in a row, attention no more than before, but attention's scores and averages take a hundred times as many multiplications.

# %% [markdown]
# ### Find the error ●●○ · 4 minutes
# A widely used set of slides has this table, too.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
import math

find_error("claims 4.2")

@find_error("claims 4.2", line=None)  # the number of the wrong claim
def layers_needed(n, k):
    """n words, kernel k: each output sees its own word and the k - 1 before it -> a number of layers"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** with attention any word is one step away and nothing has to wait, but there are n² pairs. A recurrent layer takes n steps, one after another. A convolution needs about n/(k − 1) layers.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what a long text costs
# Which matters more, steps that wait or multiplications? Here is the processor time of one layer on one thread.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.data import results

costs = results.load("positions_costs")
times = dict(zip(costs["lengths"], zip(*(costs["seconds"][kind] for kind in LAYERS), strict=True), strict=True))
plot.lines({kind: (costs["lengths"], [1000 * s for s in costs["seconds"][kind]]) for kind in LAYERS}, "words", "ms of processor time",
           title="What does a long text cost?", log="xy", caption=f"One layer, {costs['size']} features. {costs.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert times[1024][1] > times[1024][2] and times[2048][1] < times[2048][2]  # attention first, then the recurrent layer
assert costs["slopes_of_the_last_three"]["attention"] > 1.7 > 1.3 > costs["slopes_of_the_last_three"]["recurrent"]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Counted in multiplications, attention should be slower from 64 words on. Measured on one thread it is faster up to about a thousand words, because many small steps in a row cost more than a few large ones; then its line, the steepest, crosses the recurrent one. (The recurrent layer is PyTorch's own `nn.RNN`. A loop in Python would be several times slower and would move the crossing far to the right.)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: lowered and raised
# Within a few lines, an article says that self-attention lowers the complexity and that it raises it. Don't argue, count.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 4.3")

@find_error("claims 4.3", line=None)  # the number of the wrong claim
def cheaper(n, d):
    """n words of d features -> "attention", "recurrent" or "equal": which layer multiplies less?"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# In 2017, sentences had about 30 words and models 512 features, and in this count "lowered" was true. (It leaves out the projections. With them, attention multiplies more than a simple RNN at any length, and less than a GRU or LSTM for short texts.) Today's texts have 100,000 words and models several thousand features, so "raised" is true. On your machine, just now:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch04.experiments import layer_times

here = layer_times((32, 256, 2048), repeats=2)
Table([{"layer": kind, "32 words, ms": 1e3 * a, "256": 1e3 * b, "2,048": 1e3 * c} for kind, (a, b, c) in here.items()])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Shuffle it
# <a id="equivariant"></a><a id="invariant"></a>
# Back to our problem: attention does not notice the order. The lab showed it for one sentence. In one line for any order: if the matrix $\Pi$ shuffles the words, the scores become $\Pi S\Pi^\top$, softmax works row by row, and $\mathrm{softmax}(\Pi S\Pi^\top)\,\Pi V=\Pi\,\mathrm{softmax}(S)\,V$. Here it is as code, for one order.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Self-attention turns X into Z. Now the words come in another order, X[order]. What comes out?",
    ["Z", "Z[order]", "something else"],
    answer=1,
    because="The same vectors in the new order: each row moved with its word.",
)

# %%
order = torch.tensor([4, 2, 0, 5, 1, 3])
Z, shuffled = (self_attention(x, *weights, torch.eye(8))[0] for x in (X, X[order]))
assert torch.allclose(shuffled, Z[order], atol=1e-5)  # the outputs move along: equivariant
assert not torch.allclose(shuffled, Z, atol=0.1)  # they are not the same: not invariant
assert torch.allclose(shuffled.mean(0), Z.mean(0), atol=1e-5)  # their mean is: invariant

# %% [markdown]
# There are two words for this. **Equivariant**: if you shuffle the input, the output is shuffled in the same way. **Invariant**: the output does not change at all. Attention is equivariant; the mean of its outputs is invariant.
#
# ### Find the error ●●○ · 4 minutes

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("claims 4.4")

@find_error("claims 4.4", line=None)  # the number of the wrong claim
def under_shuffling(layer, x, order):
    """layer: [T, D] -> tensor, x [T, D], order [T] -> "invariant", "equivariant" or "neither" """
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A reader without positions
# Can training help? Let a model learn to answer *who does it?* from hundreds of sentences such as "the fox hears the bear". It has word vectors, one self-attention layer, a mean over its outputs, and a linear layer. "The dog bites the man" and its twin are held out.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "However long it is trained, what share of the held-out sentences can it answer correctly at best?",
    ["nearly all", "exactly half", "one in ten, by chance"],
    answer=1,
    because="It can find the two nouns. But it gives a sentence and its twin the same answer, which is right for only one of them.",
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
# Both rows have the same numbers. More data, more layers or more training cannot help, because the two sentences are the same words in another order and the mean of the outputs is invariant.
#
# **Keep this:** without positions a sentence is a bag of words, however well the model is trained.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Give each word its position
# <a id="positional-encoding"></a>
# Attention compares vectors, so the position has to be in the vectors: $x_i + P_i$, where $P_i$ is the **positional encoding**. What should $P_i$ be? The number $i$ itself soon becomes much larger than the features of a word. With the fraction $i/n$, "next to each other" means something different in each sentence. What about the digits of $i$ in binary?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Count 0, 1, 10, 11, 100 … The last digit flips at every step. How long does the third from the right keep its value?",
    ["2 steps", "4 steps", "8 steps"],
    answer=1,
    because="Each digit flips half as often as the one to its right. Together they name every number, and each is only 0 or 1.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.sinusoid(max_length=50, model_size=128)

# %% [markdown]
# <a id="sinusoidal"></a>
# On the right are binary digits, fast ones and slow ones. In the middle is the same idea without jumps: waves, fast in the first columns and slow in the last. Each pair of columns shares a frequency $\omega_j$; one is a sine, the other a cosine:
#
# $$ P_{i,2j}=\sin(i\,\omega_j),\qquad P_{i,2j+1}=\cos(i\,\omega_j),\qquad \omega_j=10000^{-2j/D} $$
#
# The fastest wave repeats after $2\pi\approx 6$ positions, the slowest after nearly $2\pi\cdot10000$, so that within 50 positions half of the columns hardly move. The authors of the Transformer tried learned positions as well and found "nearly identical results"; they chose sinusoids because they hoped that these would work beyond the trained length. Later in this chapter we test that.
#
# ### Exercise 3 ●●○ · 6 minutes
# Write the table.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("sinusoidal encoding")
def sinusoidal(length, model_size):
    """length, model_size D (even) -> P [length, D]"""
    raise NotImplementedError

# %% tags=["nbval-check-output"]
P = sinusoidal(50, 128).float()
assert P.abs().max() <= 1 and len(P.round(decimals=3).unique(dim=0)) == 50  # small values, and no two rows alike
assert torch.allclose(P.norm(dim=-1), torch.tensor(8.0), atol=1e-4)  # sin² + cos² = 1, 64 times: all are equally long
print(tuple(P.shape), "one row for each position, the same for every word")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two steps on
# <a id="shift"></a>
# Why waves, and why in pairs? A sine and its cosine are a point on a circle. Moving on in the text means turning on the circle.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A 2 × 2 matrix turns position 5 into position 8. Which matrix turns position 30 into position 33?",
    ["the same", "its inverse", "one that depends on the sentence"],
    answer=0,
    because="Three positions are the same angle everywhere, and the matrix depends only on this angle.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.rotation(model_size=128, max_length=50)

# %% [markdown]
# Move $i$, and the matrix does not change; only δ and the pair of columns change it. It follows from the angle sums of school:
#
# $$ \sin\big((i+\delta)\omega\big)=\cos\delta\omega\,\sin i\omega+\sin\delta\omega\,\cos i\omega $$
#
# $$ \cos\big((i+\delta)\omega\big)=-\sin\delta\omega\,\sin i\omega+\cos\delta\omega\,\cos i\omega $$
#
# For the whole row, put such blocks along the diagonal, each with its own frequency:
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
R = shift(3, 128).float()
assert torch.allclose(P[:-3] @ R.T, P[3:], atol=1e-4)  # one matrix, all 47 pairs of places
assert torch.allclose(R @ R.T, torch.eye(128), atol=1e-5)  # a rotation: lengths stay

# %% [markdown]
# A layer that needs "the word three positions back" can contain this matrix in $W_Q$ and $W_K$ and use it anywhere in the text. (Whether training finds it is another question.) How similar are two positions? Here is their dot product, from three starting points:

# %% slideshow={"slide_type": "subslide"}
common = P @ P.T
starts = {f"from position {i}": (range(-i, 50 - i), common[i]) for i in (0, 20, 40)}
plot.lines(starts, "distance", "dot product", title="How similar are two positions?",
           caption="Three curves that lie on each other: only the distance counts. Neighbours are similar, and left equals right.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(torch.allclose(common.diagonal(d), common[0, d].expand(50 - d), atol=1e-3) for d in range(50))
assert common[0, 0] > common[0, 1] > common[0, 2] > common[0, 3]

# %% [markdown]
# The three curves are one, because each pair of columns contributes $\sin i\omega\,\sin k\omega+\cos i\omega\,\cos k\omega=\cos\big((i-k)\omega\big)$, so that $P_i\cdot P_k=\sum_j\cos\big((i-k)\omega_j\big)$. It falls from 64 at distance 0 and is the same on both sides: by itself the dot product does not know which word comes first. $W_Q$ and $W_K$ can turn one against the other, and then it does.
#
# **Keep this:** a position is a row of waves; a step in the text is a rotation, the same everywhere.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do they go in?
# ### Find the error ●●○ · 4 minutes
# The flow chart in an article has all the right boxes. The code below follows its arrows.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 4.5")

@find_error("program 4.5", line=None)  # the number of the wrong line
def attend(x, P, WQ, WK, WV):       # words x, positions P [T, D]
    Q, K, V = x @ WQ, x @ WK, x @ WV
    A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)
    return A @ V + P                # add positional encoding

# %% [markdown]
# They are added once, at the bottom, before the first attention. Here is the model from above again, with one more line: word vectors *plus* sinusoids.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
sighted = who.model("sinusoidal")
sighted_run = who.train(sighted, show=True, title="with sinusoidal positions", evaluate=lambda model: {"held-out right": who.right(model)},
                        higher_is_better=True, every=25)
assert who.right(sighted) > 0.9 and next(iter(who.answers(sighted, twins[0]))) == "dog"

# %% [markdown]
# It gets every held-out sentence right, or nearly. Now it is your turn: this lab uses the *trained* vectors and matrices, and Python asks both models about your order of the words. What do they say about "bites the dog man the ."? What if you switch the positions off?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import copy
import ipywidgets
from IPython.display import display

off = copy.deepcopy(sighted)
off.positions = torch.nn.Identity()  # what the switch “none” does: the same reader, robbed of its positions
part = {name: getattr(sighted.attention, name).weight.detach().T for name in ("query", "key", "value")}
inside = sighted.embedding(who.encode([" ".join(sentence)])[0])[0].detach()
view = labs.shuffle(inside, sentence, **part, positions=True, live=True, title="Who does it, in your order?",
                    caption="The trained model. Which word do all the [query|rows] attend to? Move it to another position.")
told = ipywidgets.HTML("Move a word: both models answer.")

def tell(change):
    """What both readers say of the words as they are shown."""
    text = " ".join(sentence[w] for w in view.state["order"])
    readers = {"this model": sighted if view.state["positions"] else off, "the one that never had positions": blind}
    says = {name: next(iter(who.answers(model, text).items())) for name, model in readers.items()}
    told.value = f"“{text}” Who does it? " + ", ".join(f"{name}: <b>{noun}</b> ({p:.0%})" for name, (noun, p) in says.items())

view.observe(tell, names=["order", "positions"])
display(view, told)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Remove the positions
# Now take a real translator, trained on our corpus with sinusoidal positions. We remove them from its encoder and change nothing else.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Without positions in the encoder, it translates “the dog bites the man” and “the man bites the dog”. What do we get?",
    ["the same sentence twice", "two different sentences, both wrong", "it still gets them right"],
    answer=0,
    because="The encoder outputs the same vectors in another order, and cross-attention does not notice their order either.",
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
# The decoder still knows the order of what *it* writes, so the French looks like French. Where the order can be guessed from the words, as in an area that is European and economic, you hardly notice that the positions are missing. Who bites whom cannot be guessed, nor who says something and who saw something.
#
# (The model translates *bites* wrongly even with positions: *habite* means "lives", *lit* means "reads". In the corpus the verb occurs only in these two sentences, and that is not enough to learn it. Still, the dog and the man keep their positions.)
#
# **Keep this:** sinusoidal positions are added to the words, before the first attention.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Longer than anything it saw
# <a id="learned-positions"></a><a id="rotary"></a><a id="extrapolation"></a>
# The formula gives an encoding for any position. Does a model that was trained with it work at any position, too? Here is a task that needs nothing but order: given random letters, output at each position *the letter two positions back*. The training texts have 20 letters, the test goes on to 60. Four models differ only in their positions:
#
# - **none**; **sinusoidal**, as above;
# - **learned**: one free vector for each position, trained like a word's (BERT does this);
# - **rotary**: nothing is added, but each query and key is *turned* by its position, so that the positions enter their product only through their distance: $(R_iq)\cdot(R_jk)=q\cdot R_{j-i}\,k$.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "All but “none” are right up to position 20. Which of them is still right at position 50?",
    ["learned", "sinusoidal", "rotary", "all three"],
    answer=2,
    because="For rotary, two positions back is the same turn everywhere. The other two meet vectors, or sums of vectors, that training never showed them.",
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
heatmap(looks, names, names, title="Did it learn to attend two back?",
        caption=f"A line two below the diagonal has {back:.0%} of the weight on average. The model was rewarded only for correct letters.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert back > 0.5

# %% slideshow={"slide_type": "subslide"}
from course_utils.data import results

recorded = results.load("positions_order")
rate = str(recorded["rates"][1])
mean = {what: {kind: sum(k[what][rate]) / len(k[what][rate]) for kind, k in recorded["kinds"].items()} for what in ("inside", "beyond")}
assert min(mean["inside"][kind] for kind in ("learned", "sinusoidal", "rotary")) > 0.95 and mean["inside"]["none"] < 0.3
curves = {kind: (range(2, 60), [100 * x for x in found["by_place"]]) for kind, found in recorded["kinds"].items()}
plot.lines(curves, "position", "right, %", title="Which positions work beyond 20?", mark=(20, ""),
           caption=f"Dashed: training ended there. Texts of 60 letters, means of {len(recorded['seeds'])} seeds; a guess is right in 10 %. {recorded.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert mean["beyond"]["rotary"] > 0.9 and mean["beyond"]["sinusoidal"] < 0.6 and mean["beyond"]["learned"] < 0.25

# %% [markdown]
# *None* can only count letters: guessing the commonest one is better than 10 %. *Learned* falls at once, because its vectors from position 20 on were never trained. *Sinusoidal* falls as well: the encoding exists there, but the layer was fitted to the first twenty positions. (Why its curve rises again towards the end we have not found out.) *Rotary* still works at three times the trained length. Does it work at any length? Train it and go on to 640.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
turning = letters.model("rotary")
letters.train(turning, 300)
reached = {length: letters.by_place(turning, length, count=50)[18:].mean().item() for length in (60, 160, 640)}
print("rotary, right beyond position 20, in texts of …", {length: f"{share:.0%}" for length, share in reached.items()})

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert reached[60] > 0.9 and reached[640] < 0.8 and reached[640] < reached[160] < reached[60]

# %% [markdown]
# It falls, too, only later; how fast differs from one training to the next. This is why models for long texts use extensions of rotary positions.
#
# Did the sinusoids fail, or the training? In *Deeper* we write a head by hand that finds "two back" at any of 640 positions. There are no words in that test, only positions: the encoding can do it, and training on twenty positions did not find it. This is one layer and one task that needs only a distance, so remember the picture and not the figures.
#
# **Keep this:** that an encoding continues does not mean that the trained model does. Measure it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a head by hand
# Did the sinusoids fail, or the training? Let $W_Q$ turn a position by $R(-2)$, so that a query looks like the position two back, and let $W_K$ do nothing.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
far_away = sinusoidal(640, 32).float()
queries = far_away @ shift(-2, 32).float().T
by_hand = torch.softmax(20 * queries @ far_away.T / 32**0.5, -1)
print(f"by hand: right at all 638 positions; smallest weight on the position two back: {by_hand.diagonal(-2).min():.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert (by_hand[2:].argmax(-1) == torch.arange(638)).all() and by_hand.diagonal(-2).min() > 0.5

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: how fair was that?
# A single learning rate for all four could favour one of them. So we tried three.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
rows = []
for kind, found in recorded["kinds"].items():
    for what in ("inside", "beyond"):
        rows.append({"positions": kind, "where": what, **{f"rate {r}": sum(x) / len(x) for r, x in found[what].items()}})
Table(rows, "Share right. The middle rate: five seeds, the others two.")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Beyond position 20 their order is the same at every rate with which training succeeds up to 20. At a rate that is too large or too small for one of them, the comparison says more about the rate than about the positions.

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
find_error("claims 4.6")

@find_error("claims 4.6", line=None)  # the number of the wrong claim
def parameters(kind, max_length, model_size):
    """kind "sinusoidal", "learned" or "rotary" -> how many numbers are learned for positions"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# What happens with a text that is too long, a width that is odd, or no text at all?

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
# Rotary positions (Su et al., 2021) add nothing. Each pair of features of a query or a key is turned by an angle: its position times the frequency of the pair. Most of today's language models use them.
#
# #### Exercise 5 ●●○ · 6 minutes
# Write this turn. A pair $(a,b)$ becomes $(a\cos\varphi-b\sin\varphi,\;a\sin\varphi+b\cos\varphi)$, where the angle $\varphi$ is the position times the frequency of the pair.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("rotary")
def rotary(x, positions):
    """x [T, D], positions [T] -> x with each pair of features turned, [T, D]; frequencies(D) [D / 2] is given"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
q, k = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(4))

def score(i, j):
    """The product of one query at position i with one key at position j."""
    return rotary(q, torch.tensor([i])) @ rotary(k, torch.tensor([j])).T

assert torch.allclose(score(7, 5), score(107, 105), atol=1e-4)  # two apart: the same score, wherever
assert not torch.allclose(score(7, 5), score(7, 4), atol=1e-2)  # three apart: another one
assert torch.allclose(rotary(q, torch.tensor([9])).norm(), q.norm())  # a turn changes no length

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# If the query is turned by $i$ and the key by $j$, their product depends on the two vectors and on $i-j$ only. This is what **relative** positions<a id="relative"></a> means: the score depends on how far apart two words are, not on where they are.
#
# #### Find the error ●○○ · 3 minutes
# A lecture announces relative positions and prints a formula.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 4.7")

@find_error("program 4.7", line=None)  # the number of the wrong line
def relative(i, j, D):              # query at i, key at j
    place = torch.tensor(float(i))
    omega = 10000 ** (-torch.arange(0, D, 2) / D)
    sin, cos = torch.sin(place * omega), torch.cos(place * omega)
    return torch.stack([sin, cos], dim=-1).flatten()

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: Transformer-XL
# <a id="transformer-xl"></a>
# With added positions, the score of word $x_i$ at position $i$ and word $x_j$ at position $j$ is a sum of four parts. **Guess:** which of them depend on the positions, and how?
#
# $$ (x_i+P_i)^\top M\,(x_j+P_j)=x_i^\top Mx_j+x_i^\top MP_j+P_i^\top Mx_j+P_i^\top MP_j,\qquad M=W_QW_K^\top $$

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
x, place, M = X, sinusoidal(6, 8).float(), weights[0] @ weights[1].T
added = (x + place) @ M @ (x + place).T
four = x @ M @ x.T, x @ M @ place.T, place @ M @ x.T, place @ M @ place.T
assert torch.allclose(added, sum(four), atol=1e-3)

def far(i, j):
    """Sinusoids of the distance, [8]: P[i − j], behind or ahead."""
    return shift(i - j, 8).float() @ place[0]

u, v = torch.randn(2, 8, generator=torch.Generator().manual_seed(5))
by_place = torch.stack([torch.stack([v @ M @ far(i, j) for j in range(6)]) for i in range(6)])
assert torch.allclose(by_place[1:, 1:], by_place[:-1, :-1], atol=1e-4)  # equal along each diagonal: only the distance
assert not torch.allclose(four[3][1:, 1:], four[3][:-1, :-1], atol=0.1)  # the fourth part above is not

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Transformer-XL (Dai et al., 2019) replaces $P_j$ by an encoding of the distance, $R_{i-j}$, and $P_i$ by two learned vectors, $u$ and $v$, because the position of the query should not matter. It also keeps the hidden states of the previous piece of text, so that a word can attend across the boundary; with absolute positions, two words would then both be at position 3.
#
# BERT learns its positions, Transformer-XL uses distances, rotary positions turn. All three solve the problem of this chapter's first lab.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a comment is not code
# The article with the flow chart also has a program.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 4.8")

@find_error("program 4.8", line=None)  # the number of the wrong line
def read(ids, E, P, W):             # E embeddings, P positions
    x = E[ids]                      # embedding, positional encoder
    Q, K, V = (x @ M for M in W)
    A = torch.softmax(Q @ K.T / Q.shape[-1] ** 0.5, dim=-1)
    return A @ V

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: does a mask tell the order?
# With a causal mask (chapter 2) each word sees itself and the words before it. No positions are added. **Guess:** is attention still equivariant?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.attention import causal_mask, scaled_dot_product_attention

masked, after = (scaled_dot_product_attention(x, x, x, causal_mask(6))[0] for x in (X, X[order]))
assert not torch.allclose(after, masked[order], atol=0.1)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# It is not: the first word sees one word and the last sees six, and a network can learn to use that. Decoders can learn some order from their mask alone; encoders, in which every word sees every other, cannot.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# The first five were measured just now, on this machine; the last four are recorded means of five seeds. A value outside its band stops the notebook.

# %%
rows = [
    ("who does it, without positions", who.right(blind), 0.3, 0.5),
    ("who does it, sinusoidal", who.right(sighted), 0.9, 1),
    ("two letters back, up to position 20", inside_20, 0.95, 1),
    ("two letters back, beyond", beyond_20, 0.1, 0.8),
    ("largest error of P[i + 3] = R P[i]", (P[:-3] @ R.T - P[3:]).abs().max().item(), 0, 1e-4),
    *((f"beyond position 20, {kind} (recorded)", mean["beyond"][kind], *band) for kind, band in
      {"none": (0.1, 0.3), "learned": (0.08, 0.25), "sinusoidal": (0.15, 0.6), "rotary": (0.9, 1)}.items()),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:40} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. In self-attention, queries, keys and values are computed from the same words; so is its matrix, for any length.
# 2. Any word is one step from any other and nothing has to wait, but there are n² pairs.
# 3. If you shuffle the words, the outputs move with them: equivariant. Without positions a sentence is a bag of words.
# 4. Sinusoids: a position is a row of waves, a step is a rotation, the same everywhere, and nothing is learned.
# 5. Beyond the trained length, learned positions fail at once, sinusoidal ones soon, rotary ones later: measured on one task.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [self-attention](#self-attention) | 自注意力 | the words of one sentence attend to each other |
# | [cross-attention](#cross-attention) | 交叉注意力 | one sequence attends to another |
# | [convolution](#convolution) | 卷积 | one small kernel, slid along |
# | [fully connected layer](#dense) | 全连接层 | a parameter for each pair of positions |
# | [path length](#path-length) | 路径长度 | steps from one word to another |
# | [permutation equivariant](#equivariant) | 置换等变 | outputs move along with the words |
# | [permutation invariant](#invariant) | 置换不变 | the output stays as it is |
# | [positional encoding](#positional-encoding) | 位置编码 | a vector that says where |
# | [sinusoidal encoding](#sinusoidal) | 正弦位置编码 | waves, fast ones and slow ones |
# | [shift by rotation](#shift) | 旋转平移 | P[i + δ] = R(δ) P[i] |
# | [learned positions](#learned-positions) | 可学习的位置嵌入 | one trained vector for each position |
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
# One self-attention layer can attend two positions back, or find who bites. A sentence needs several kinds of attention at once, and a network that works on what they find. Chapter 5 gives attention several heads, puts it into blocks, stacks them, and gets a translator without any recurrence: the Transformer.
#
# **→ [5 · What can attention do alone?](05_transformer.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 4, edition 0.2.0, and the heading above it.*
