# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 4 · Who tells attention the order?
# *Attention can't tell, so you have to build the order in.* You'll keep `mine/positions.py`, three ways to tell a model where its words are, in plain PyTorch. <!-- minutes --> **Before:** [chapter 2](02_scoring_functions.ipynb) (self-attention) and [chapter 3](03_seq2seq.ipynb) (recurrent networks).
#
# ## Who bites whom?
# *The dog bites the man.* Each word, and the full stop as the sixth, enters self-attention as eight random numbers, which are its query, key and value at once. **Before you drag:** if "dog" and "man" change places, what happens to the output of "bites"?

# %% jupyter={"source_hidden": true}
import copy
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch04 import again, exercise, hint, labs, solution
from chapters.ch04.experiments.order import WhoDoesIt
from course_kit.i18n import from_cell
from course_kit.views import heatmap, plot, predict
from course_utils.positions import LearnedPositions, SinusoidalPositions

runtime = course_kit.setup()
draw = torch.Generator().manual_seed(0)
vectors = {
    word: torch.randn(8, generator=draw)
    for word in "the dog bites man cat sees bear .".split()
}
sentence = "the dog bites the man .".split()
X = torch.stack([vectors[word] for word in sentence])  # [6, 8]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.shuffle(
    X,
    sentence,
    word="bites",
    title="Whose output changes when words change places?",
    caption="Each row is a word: its weights on all six, and its [output|output]. "
    "Drag “dog” to the place of “man”, and see which outputs change.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# Nothing happens to it. Each output moves along with its word and stays the same, so "bites" cannot know who bites.
#
# </details>
#
# So two sentences with opposite meanings look the same to attention. How can we tell it the order?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# You can give attention a word's position in two ways. In the first half you'll *add* a vector to each word, a different one for each position. In the second you'll *turn* its query and its key, as most of today's language models do: two of its numbers are an arrow, which moves like a clock's hand, a little further for each position. **If you turn two arrows by the same angle, their dot product stays the same.**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.ways(
    title="Where does the position come in?",
    caption="From the words down to a score. What is new stands in [output|purple].",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: twins
# <a id="equivariant"></a><a id="invariant"></a><a id="self-attention"></a>
# Why doesn't "bites" notice? Let's compute its output by hand, for the sentence (its full stop left out) and for its *twin*, in which the two nouns have changed places. Each word gets a share, and the output is the sum of all words, each times its share. (`vectors` has each word's eight random numbers; `X`, below, has those of our six words as rows.)

# %% slideshow={"point": ["share * vectors"]}
for said in ["the dog bites the man", "the man bites the dog"]:
    words = said.split()
    raw = [math.exp(vectors["bites"] @ vectors[word] / 8**0.5) for word in words]
    output = torch.zeros(8)
    for word, share in zip(words, torch.tensor(raw) / sum(raw)):
        output += share * vectors[word]
        print(f"{word} {share:.2f}", end="   ")
    print("\nthe output of bites begins", output[:3].numpy().round(2))

# %% [markdown]
# The outputs are equal, because both sums have the same terms, only in another order. Each share is computed from two vectors, and neither contains a position.
#
# A layer is called **equivariant** if shuffling its input shuffles its output in the same way, and **invariant** if the output stays as it is. Try chapter 2's layer (your own, if you solved that exercise):

# %% slideshow={"slide_type": "skip"}
from mine import SelfAttention

# %% slideshow={"slide_type": "skip"}
layer = SelfAttention(8, 8, 8)
order = torch.tensor([4, 2, 0, 5, 1, 3])
batch = torch.stack([X, X[order]])  # [2, 6, 8]: the sentence as it is, and shuffled
with torch.no_grad():
    Z, shuffled = layer(batch)[0]  # the outputs, [6, 8] each
print("equivariant:", torch.allclose(shuffled, Z[order], atol=1e-5))
print("invariant:  ", torch.allclose(shuffled, Z, atol=1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shuffled, Z[order], atol=1e-5) and not torch.allclose(shuffled, Z, atol=1e-5)
assert torch.allclose(shuffled.mean(0), Z.mean(0), atol=1e-5)

# %% [markdown] slideshow={"slide_type": "skip"}
# A widely used slide calls self-attention *invariant*. It is equivariant. What is invariant is the average of its outputs, for example.
#
# <details><summary>The proof, for all words at once</summary>
#
# To shuffle the words is to multiply $X$ by a matrix $\Pi$ with one 1 in each row and each column.
#
# 1. The query, key and value of a word are computed from that word alone, so $Q$, $K$, $V$ become $\Pi Q$, $\Pi K$, $\Pi V$.
# 2. The scores $S=QK^\top/\sqrt d$ become $\Pi Q(\Pi K)^\top/\sqrt d=\Pi S\Pi^\top$: their rows and columns are shuffled.
# 3. Softmax works on each row, whatever the order in it, so the weights $A$ become $\Pi A\Pi^\top$.
# 4. A transposed shuffle undoes the shuffle, $\Pi^\top\Pi=I$. So the output is $\;\Pi A\Pi^\top\,\Pi V=\Pi\,AV=\Pi Z$.
#
# </details>
#
# <details><summary>And with a causal mask?</summary>
#
# Chapter 2's causal mask hides the words to come, and so it reveals a part of the order: the first word can average only one value, the last word all of them. With such a mask even our small reader, below, tells all twins apart without positions, and a GPT isn't quite blind to the order either: [how far that goes](04_positional_encoding_annex.ipynb#open-questions). <!-- source: Haviv et al. 2022, table 1 -->
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Can training help?
# Perhaps a model finds a way if you train it. Here is a small one, which reads a sentence and says *who does it*, one of ten nouns. (The argument `positions` stays empty until section Two.) At the end it averages the outputs of all words, and an average doesn't depend on their order. So we know before any training: **the reader gives a sentence and its twin the same answer.**

# %% tags=["definition"]
# chapters.ch04.experiments.order: Reader

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "We test it on new sentences, each together with its twin. What share can it answer "
    "correctly at best, however long it is trained?",
    ["nearly all", "half", "one in ten, by chance"],
    answer=1,
    because="The model can find the two nouns. But its one answer is right for at most "
    "one of the two twins.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# `WhoDoesIt` has the sentences, each together with its twin. In `training` are those to learn from; `encode` gives the numbers of their words, and of the noun that does it; and `right` tests a model on the others. Here's the whole training, in steps of 64 random sentences:

# %% slideshow={"slide_type": "skip"}
who = WhoDoesIt()
torch.manual_seed(0)
blind = Reader(len(who.words), len(who.nouns))
optimiser = torch.optim.Adam(blind.parameters(), lr=1e-2)
ids, does_it = who.encode(who.training)  # [B, T], [B]

# %% slideshow={"point": ["loss = ", "backward()", "optimiser.step()"], "slide_type": "subslide"} steps=[150, 50, 49] tags=["training"]
for step in range(150):
    some = torch.randint(len(ids), (64,))
    loss = F.cross_entropy(blind(ids[some]), does_it[some])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 50 == 49:
        print(f"step {step + 1}: loss {loss:.2f}, right: {who.right(blind):.0%}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
twins = ["the dog bites the man .", "the man bites the dog ."]
said = {twin: who.answers(blind, twin) for twin in twins}
nouns = ["dog", "man"]
plot.bars(
    [*nouns, "another"],
    {
        f"“{twin}”": [100 * p for p in (*two, 1 - sum(two))]
        for twin, found in said.items()
        for two in [[found[noun] for noun in nouns]]
    },
    ylabel="%",
    digits=0,
    title="Who does it?",
    caption="What the trained reader says to a sentence and to its twin, neither of which "
    "it was trained on.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
dog, man = (who.answers(blind, text) for text in twins)
assert all(abs(dog[noun] - man[noun]) < 1e-4 for noun in dog) and len(who.nouns) == 10

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert who.right(blind) == 0.5

# %% [markdown] tags=["keep"]
# The reader has learned to find the two nouns, but it can't tell which of them comes first. More data or more layers wouldn't help, because a stack of equivariant layers is equivariant, too.
#
# **Keep this:** without positions and without a mask, attention sees a *bag of words*. It cannot tell a sentence from its twin.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: a clock with many hands
# <a id="positional-encoding"></a><a id="sinusoidal"></a>
# So let's tell each word its position. A vector that does this, and that you add to the word's vector, is called a **positional encoding**. Which vector would you take? It should differ for each position, its numbers should stay small, and a small step should make a small difference. The obvious idea is to number the words, and to add a word's number to each of its features. But look at what attention does with that:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
numbered = X + torch.arange(6)[:, None]  # [6, 8]
heatmap(
    torch.softmax(numbered @ numbered.T / 8**0.5, -1),
    sentence,
    sentence,
    select=("bites", 5),
    dots=True,
    title="What if we add the number itself?",
    caption="Each row is a word that asks. To which word do nearly all attend?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (torch.softmax(numbered @ numbered.T / 8**0.5, -1)[1:].argmax(-1) == 5).all()

# %% [markdown]
# Nearly every word now gives most of its weight to the last word. The features are about 1 in size, but the positions are soon much larger, and because a score multiplies two of them, late words win almost whatever they mean. We need smaller numbers. You know a way to write a large number with small ones: digits. A computer takes *binary* digits, which are 0 or 1:

# %% tags=["nbval-check-output"]
for i in [5, 6, 7, 8, 15]:
    differ = sum(a != b for a, b in zip(f"{i:04b}", f"{7:04b}"))
    print(f"{i:2}  {i:04b}  {differ} of 4 digits differ from 7")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [f"{i:04b}" for i in (7, 8, 15)] == ["0111", "1000", "1111"]

# %% [markdown]
# The last digit changes at every step, the one before it at every second step, and so on, and together they name every position. But look at the neighbours 7 and 8: *all* their digits differ, while the distant 15 differs from 7 in only one.
#
# So we want something with fast parts and slow ones, as digits have, but it should change smoothly. A clock does this: one hand is fast and another is slow, together they tell the time, and no hand ever jumps. So let's give each position a clock, with as many hands as we like. **In this lesson every angle begins at twelve and grows clockwise.** Each hand gives two numbers: the *sine* of its angle says how far its tip is to the right, and the *cosine* how far up. You need both, because the height alone can't tell you whether the hand is rising or falling.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.clocks(
    title="What time is it at position 20?",
    caption="Five hands of one clock, each in a circle of its own, and two numbers of each: how "
    "far [output|right] and how far [key|up], now and at all positions. Which hand hardly moves?",
)

# %% [markdown] slideshow={"point": ["P[:, 0::2]"]} tags=["card"]
# Write the numbers of all hands side by side, and each position gets a row of a table $P$. In one step hand $j$ turns by the angle $\omega_j$, its **frequency**, so after $i$ steps its angle is $i\,\omega_j$. The Transformer's paper chose these frequencies, for a row of $D$ numbers:
#
# $$ P_{i,2j}=\sin(i\,\omega_j),\qquad P_{i,2j+1}=\cos(i\,\omega_j),\qquad \omega_j=10000^{-2j/D} $$
#
# Positions of this kind are called **sinusoidal**. The first hand takes about six steps for a whole turn, and each next hand is slower. <!-- source: Vaswani et al. 2017, section 3.5 -->
#
# ### Exercise 1 ●●○ · 8 minutes
# Write the table, a row for each position.
#
# <!-- example: sinusoidal encoding -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("sinusoidal encoding")
def sinusoidal_encoding(length, size):
    """length T, size D (even) -> P [T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: sinusoidal encoding -->
#
# Here is your table for 50 positions and 128 columns. Run your eye down a column on the left, and you'll see a wave. On the right the waves are so slow that they look straight:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
P = sinusoidal_encoding(50, 128).float()  # [50, 128]
plot.maps(
    {"position ↓, column →": P},
    {"position ↓, column →": range(50)},
    {"position ↓, column →": range(128)},
    signed=["position ↓, column →"],
    title="What does the whole table look like?",
    caption="A row for each position, a column for each number. The stronger the colour, "
    "the farther from 0; red is below 0. The fast hands are on the left.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 6 < 2 * torch.pi < 6.5 and P.abs().max() <= 1 and len(P.round(decimals=3).unique(dim=0)) == 50
assert P.shape == (50, 128) and (P[8] - P[7]).norm() < (P[15] - P[7]).norm()

# %% [markdown]
# Now add your table to the words, row by row:

# %% slideshow={"point": ["return x + "]}
class AddPositions(nn.Module):
    def __init__(self, table):  # [positions, D]
        super().__init__()
        self.table = table

    def forward(self, x, first=0):  # [B, T, D]; first: the position of its first word
        return x + self.table[first : first + x.shape[1]]

# %% [markdown]
# Does the same reader tell the twins apart now? `who.train` is the loop above, with a stop button (chapter 3's `fit`):

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
table = sinusoidal_encoding(50, 16).float()
sighted = Reader(len(who.words), len(who.nouns), AddPositions(table))
who.train(sighted)
print(f"right: {who.right(sighted):.0%} of the new sentences")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert who.right(sighted) > 0.98 and next(iter(who.answers(sighted, "the dog bites the man ."))) == "dog"

# %% [markdown]
# Now it gets all twins right. The second word is always the one who does it. Is that where the reader looks?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
labs.who_does_it(
    who,
    {"none": blind, "added": sighted},
    twins,
    title="Where does the reader look?",
    caption="An arrow is as thick as the weight that a word gets, averaged over all six "
    "[query|queries]. Choose the twin; then the reader trained without positions.",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
with torch.no_grad():
    shares = [one.attention(one.positions(one.embedding(who.encode(twins)[0])))[1].mean(1) for one in (sighted, blind)]  # [2, T]
assert (shares[0][:, 1] > 0.8).all() and torch.allclose(shares[1][0], shares[1][1][[0, 4, 2, 3, 1, 5]], atol=1e-4)

# %% [markdown] tags=["keep"]
# With positions the second word gets most of the weight, whichever noun it is. The reader without positions gives each noun the same weight in both sentences.
#
# **Keep this:** a position is a clock's time. Each hand, fast or slow, gives two numbers, which you add to the word.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Or let the table be learned
# <a id="learned-positions"></a>
# You can also take a table of small random numbers, and let the training change them as it changes the vectors of the words. Chapter 6's BERT has such **learned** positions. In PyTorch you make the table a parameter:

# %% slideshow={"slide_type": "skip"} tags=["training"]
torch.manual_seed(0)
table = nn.Parameter(0.02 * torch.randn(50, 16))
third = Reader(len(who.words), len(who.nouns), AddPositions(table))
who.train(third)
print(f"right: {who.right(third):.0%} of the new sentences")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(p.numel() for p in AddPositions(table).parameters()) == 50 * 16

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert who.right(third) > 0.98

# %% [markdown] slideshow={"slide_type": "skip"}
# Here the learned table is just as good as the clock.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have positions: with them, the same words in another order are another sentence. But so far a word knows only *where* it is, and you don't know yet what happens in a longer text. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: a step is the same turn everywhere
# Go one word further, and each hand turns by its own angle, at the beginning of a text as at its end. For a step of $\delta$ positions, hand $j$ turns by $\delta\,\omega_j$. Move the position $i$ of one of the hands, and you'll see what stays:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.rotation()

# %% [markdown]
# Such a turn is a matrix, $R$. The step $\delta$ is in it, but the position $i$ isn't. Multiply $R$ by the hand's two numbers at position $i$, and you get its numbers at $i+\delta$:
#
# $$ \underbrace{\begin{pmatrix}\cos\delta\omega&\sin\delta\omega\\-\sin\delta\omega&\cos\delta\omega\end{pmatrix}}_{R,\ \text{the same at every }i}\begin{pmatrix}\sin i\omega\\ \cos i\omega\end{pmatrix}=\begin{pmatrix}\cos\delta\omega\,\sin i\omega+\sin\delta\omega\,\cos i\omega\\-\sin\delta\omega\,\sin i\omega+\cos\delta\omega\,\cos i\omega\end{pmatrix} $$
#
# $$ =\begin{pmatrix}\sin(i+\delta)\omega\\ \cos(i+\delta)\omega\end{pmatrix} $$
#
# The first line multiplies row by column, and the second is the sine and the cosine of a sum, as at school. Check it for the hand of columns 40 and 41, at two positions, with one matrix for three steps:

# %% slideshow={"slide_type": "skip"}
angle = 3 * 10000 ** (-40 / 128)
sin, cos = math.sin(angle), math.cos(angle)
R = torch.tensor([[cos, sin], [-sin, cos]])
for i in [5, 30]:
    print(f"from position {i}: R turns {P[i, 40:42].numpy().round(2)}",
          f"to {(R @ P[i, 40:42]).numpy().round(2)};",
          f"position {i + 3} is {P[i + 3, 40:42].numpy().round(2)}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(R @ P[5, 40:42], P[8, 40:42], atol=1e-4) and torch.allclose(R @ P[30, 40:42], P[33, 40:42], atol=1e-4)
assert torch.allclose((P @ P.T)[3:, :-3].diagonal(), (P @ P.T)[3, 0].expand(47), atol=1e-3)

# %% [markdown] tags=["keep"]
# So "three positions back" is one matrix, the same everywhere: the $R$ of $\delta=-3$. And what about the dot product of two positions? The product of two hands of length 1 is the cosine of the angle between them. Added up over all hands, this is $P_i\cdot P_m=\sum_j\cos\big((i-m)\,\omega_j\big)$. Only the distance is left in this sum, so it can't tell you which of the two comes first.
#
# **Keep this:** a step in the text turns each hand by its own angle, the same wherever you are.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: turn instead of add
# <a id="rotary"></a><a id="relative"></a>
# Does it matter for a word whether it's the 5th or the 5,000th of a book? Usually what matters is which words come shortly before it and after it. But if you add the clock to the words, a score becomes a sum of four products (we leave the matrices out for a moment):
#
# $$ (x_i+P_i)\cdot(x_m+P_m)=\underbrace{x_i\cdot x_m}_{\text{words}}+\underbrace{x_i\cdot P_m+P_i\cdot x_m}_{\text{a word meets a position}}+\underbrace{P_i\cdot P_m}_{\text{the distance}} $$
#
# The two parts in the middle change when both words move on together. So what a model learns about "two words back" at position 5 need not hold at position 500. What would you change?
#
# **Instead of adding the clock, turn the query and the key, as if they were its hands.** The numbers of a query form pairs, and each pair is an arrow. At position $i$, turn each arrow clockwise by $i$ steps of its frequency, and do the same with the keys. (A pair is *up*, *right* here, so (1, 0) points to twelve. In the table it was *right*, *up*, and (0, 1) did.) Such positions are called **rotary** (Su et al., 2021). Every layer turns its queries and keys anew, and leaves the values alone.
#
# A query at position 7 meets a key at position 5. What happens to their score if both move on, to 47 and 45? Write $R_i$ for the turn by $i$ steps, and $R_{-i}$ for the turn back. If you turn *both* arrows back by $i$ steps, neither their lengths change nor the angle between them, so their product stays the same:
#
# $$ (R_i\,{\color{#bf5f00}{q}})\cdot(R_m\,{\color{#007fc6}{k}})=(R_{-i}R_i\,{\color{#bf5f00}{q}})\cdot(R_{-i}R_m\,{\color{#007fc6}{k}})={\color{#bf5f00}{q}}\cdot(R_{m-i}\,{\color{#007fc6}{k}}) $$
#
# In the middle the query is turned by $i$ steps and back again, and the key by $m$ steps and then back by $i$. Only the difference of the two positions is left: how far the key is from the query, and on which side. Such positions are called **relative**. (A score adds up the products of all pairs, and this holds for each of them.)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.meet(
    title="Does the score know where it is?",
    caption="One pair that turns by 30° at each position, like an hour hand: a [query|query (2, 0)] "
    "and a [key|key (1, 0)]. Move them apart: which of the two rows stays equal?",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Check the first clock by hand. A step is an hour here, 30°. So at position 7 the query points to seven o'clock, and the key at position 5 to five. That's two hours, or 60°. The query is twice as long as the key, whose length is 1, so the score is $2\cos60°=1$. Move both on, to 47 and 45, and they point to eleven and nine. That's two hours again, so the score is 1 again. (The row *if added* is the score when you add the clock instead.)
#
# A query of $d$ numbers has $d/2$ pairs, and each turns at its own speed. You can take the speeds of the clock's hands:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.positions: frequencies

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 2 ●●○ · 8 minutes
# Write this turn. A pair $(a,b)$ of neighbouring features, turned by $\varphi$, becomes $(a\cos\varphi-b\sin\varphi,\;a\sin\varphi+b\cos\varphi)$. (It's clockwise again: the signs differ from those of $R$ because *up* comes first here.) `x` may have more axes in front of $[T,d]$, for a batch or for heads.
#
# <!-- example: rotary -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("rotary")
def rotary(x, positions):
    """x [..., T, d], positions [T] -> x with each pair of features turned;
    frequencies(d) [d / 2] is given, in float64"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: rotary -->
#
# Try yours, with a random query and key:

# %% slideshow={"slide_type": "skip"}
torch.manual_seed(0)
q, k = torch.randn(2, 1, 16)

def score(i, m):
    """The product of one query at position i with one key at position m."""
    return (rotary(q, torch.tensor([i])) @ rotary(k, torch.tensor([m])).T).item()

for i, m in [(7, 5), (47, 45), (7, 4)]:
    print(f"positions {i} and {m}: {score(i, m):.3f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(score(7, 5) - score(47, 45)) < 1e-3 and abs(score(7, 5) - score(7, 4)) > 1e-3
query, key, sixth = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.pi / 6
assert all(abs(rotary(query, torch.tensor([i * sixth])) @ rotary(key, torch.tensor([m * sixth])).T - 1) < 1e-3 for i, m in ((7, 5), (47, 45)))
assert (30 * 47 % 360, 30 * 45 % 360) == (330, 270) and (30 * 7, 30 * 5) == (210, 150) and 210 - 150 == 60

# %% [markdown] tags=["keep"]
# In your first two lines the key is two positions before the query, and the score is the same. In the third line it's three before, and the score is different.
#
# **Keep this:** turn query and key by their positions, and of the positions only distance and direction count in the score.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: longer than anything it saw
# <a id="extrapolation"></a>
# Suppose you train a model on short texts, and one day somebody gives it a long one. Which of our three kinds of positions still works there? That's the question of **extrapolation**. We need texts as long as we like, so here's another task: random letters, and at each position the model has to say *the letter two positions back*.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.task(
    title="Which letter stood two positions back?",
    caption="What the model [key|reads], and what it [output|should say].",
)

# %% [markdown]
# The model has one layer of attention, and `kind` says how it's told the positions. `SinusoidalPositions` and `LearnedPositions` are your `AddPositions` with a table of 60 rows inside.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch04.kept.positions: LetterReader

# %% [markdown]
# We train on texts of 20 letters and test on texts of 60.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In texts of 20 letters the three kinds get nearly all letters right. Which of them is "
    "still right at position 50 of a text of 60?",
    ["learned", "sinusoidal", "rotary", "all three"],
    answer=2,
    because="Of two positions, a rotary score knows only the distance and its direction, and "
    "“two back” is the same everywhere.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# A batch is 64 random texts. The answer at position 2 should be the letter at position 0, and so on. `right` says how often it is, and in 300 steps of `fit` the learning rate will fall to 0:

# %% slideshow={"slide_type": "skip"}
from course_kit.training import fit

def texts(draw, count=64, length=20):
    return torch.randint(10, (count, length), generator=draw)  # [count, length]

def loss(model, ids):
    return F.cross_entropy(model(ids)[:, 2:].transpose(1, 2), ids[:, :-2])

@torch.no_grad()
def right(model, length, count=500):
    """The share of right letters at each position from 2 on, [length - 2]."""
    ids = texts(torch.Generator().manual_seed(1_000_000), count, length)
    return (model(ids)[:, 2:].argmax(-1) == ids[:, :-2]).double().mean(0)

# %% seconds=6 slideshow={"slide_type": "subslide"} tags=["training"]
models, settings = {}, {"lr": 6e-3, "schedule": lambda i: 1 - i / 300, "show": False}
for kind in ["rotary", "sinusoidal", "learned", "none"]:
    torch.manual_seed(0)
    models[kind] = LetterReader(kind)
    fit(models[kind], texts, loss, steps=300, **settings)
    print(f"{from_cell(kind):17}{right(models[kind], 20).mean():.0%}",
          "right in texts of 20 letters")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
by_position = {kind: 100 * right(model, 60) for kind, model in models.items()}
plot.lines(
    {kind: (range(2, 60), shares) for kind, shares in by_position.items()},
    "position",
    "right, %",
    limits=(0, 100),
    title="Which positions still work beyond 20?",
    mark=(20, ""),
    start=33,
    caption="Dashed: training texts ended there. Texts of 60 letters; guessing gives 10 %.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
inside, beyond = ({kind: shares[part].mean().item() for kind, shares in by_position.items()} for part in (slice(18), slice(18, None)))
assert inside["none"] < 30
assert beyond["sinusoidal"] < 60 and beyond["learned"] < 25 and right(models["rotary"], 60).shape == (58,)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert min(right(models[kind], 20).mean() for kind in ("learned", "sinusoidal", "rotary")) > 0.95
def hidden(kind):  # far from every key that is farther away than in training
    reader, weights = copy.copy(models[kind]), models[kind].weights
    def near(x):
        places = torch.arange(x.shape[1])
        return weights(x).log().masked_fill((places[:, None] - places).abs() >= 20, -math.inf).softmax(-1)
    reader.weights = near
    return reader
assert all(right(hidden("rotary"), n, count).min() > 0.9 and right(hidden("rotary"), n, count).mean() > 0.99 for n, count in ((60, 200), (160, 50), (640, 10)))
assert right(models["sinusoidal"], 60)[18:].mean() + 0.1 < right(hidden("sinusoidal"), 60)[18:].mean() < 0.75
assert beyond["rotary"] > 90

# %% [markdown]
# Learned positions fail at once, because row 20 of their table was never trained. Rotary positions go on with few errors. But why do the sinusoids fail soon, too? You can compute their row for any position, and each step is the same turn, so the *formula* goes on. But the matrices that read it have met only the first twenty rows. After that the hands point where they never pointed *together* in training, and the matrices haven't learned what to make of it.
#
# Is that the cause? Let's train the same model again, but let the texts of each batch begin at a random position, so that all sixty occur in training. If we're right, it should now work beyond 20:

# %% seconds=3 slideshow={"slide_type": "subslide"} tags=["training"]
def from_anywhere(model, ids):
    first = int(torch.randint(41, (1,)))  # where the text begins, 0 to 40
    x = model.positions(model.embedding(ids), first)
    said = model.output(model.weights(x) @ model.v(x))  # [B, T, 10]
    return F.cross_entropy(said[:, 2:].transpose(1, 2), ids[:, :-2])

torch.manual_seed(0)
wandering = LetterReader("sinusoidal")
fit(wandering, texts, from_anywhere, steps=300, **settings)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
two = {"from anywhere": 100 * right(wandering, 60), "from position 0": by_position["sinusoidal"]}
plot.lines(
    {name: (range(2, 60), shares) for name, shares in two.items()},
    "position",
    "right, %",
    limits=(0, 100),
    title="What if training begins anywhere?",
    caption="Sinusoidal positions, trained on texts of 20 letters that begin at random "
    "positions, and on texts that all begin at 0.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert right(wandering, 60).shape == (58,)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert two["from anywhere"][18:].mean() > 90

# %% [markdown] tags=["keep"]
# Ours is nearly always right now, except near the two ends, which came up least often in training (other seeds also have dips between). So the formula was fine, but the model had never practised at those positions.
#
# And the few errors of the rotary model? Here the trouble is keys that are farther away than any key was in training: if we hide those, the model gets nearly every letter right. So on our letters rotary positions reach farthest of the three, trained alike. But *language models* with rotary positions, such as LLaMA, *usually fail soon after the trained length*, unless their positions are rescaled: [how far rotary reaches](04_positional_encoding_annex.ipynb#How-far-does-rotary-reach?). <!-- source: Press et al. 2022; Chen et al. 2023 -->
#
# <details><summary>How sure is this?</summary>
#
# One small layer, one easy task. With each of five seeds the order was the same beyond the trained length: rotary positions nearly all right, sinusoids mostly wrong, learned ones near guessing; and sinusoids trained from anywhere got most letters right. The sinusoidal curve has a hump near position 31 with three of the five seeds, and we don't know why. Far keys are a part of its trouble, too: with them hidden it gets more letters right, but not all.
#
# </details>
#
# **Keep this:** a formula for every position does not make a trained model work at every position.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far is it from word to word?
# <a id="path-length"></a><a id="convolution"></a>
# Chapter 3's recurrent network reads the words one by one, so it knows their order by itself. But what the first word says has to pass through every word in between before it reaches the last. The number of steps on this way is called the **path length**, and what travels a long path is usually harder to learn.
#
# A third kind of layer, the **convolution**, reads each word together with the $k-1$ words before it, and a *dilated* one skips more words in each next layer. What do they cost for $n$ words of $d$ features? ($O(n)$ leaves constant factors out: twice as many words take about twice as much.) <!-- source: Vaswani et al. 2017, section 4 -->
#
# | layer | multiplications | steps that wait for each other | path |
# |---|---|---|---|
# | **recurrent** | $O(nd^2)$ | $O(n)$ | $O(n)$ |
# | **convolution** of $k$ words | $O(knd^2)$ | $O(1)$ | $O(n/k)$, dilated $O(\log n)$ |
# | **attention** | $O(nd^2+n^2d)$ | $O(1)$ | $O(1)$ |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.paths(
    title="How does the first word reach the last?",
    caption="[key|Dots] are words, with a row for each layer, the input below. In [value|green] "
    "is a shortest path. Make the text shorter, or the kernel wider.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
steps = {n: [len(labs.drawings.spreads(kind, n, 3)) for kind in ("plain", "dilated")] for n in (9, 27)}
assert steps == {9: [4, 2], 27: [13, 3]}

# %% [markdown] slideshow={"slide_type": "skip"}
# In attention any word is one step from any other, and none has to wait. You pay with the $n^2$: each pair of words needs a score, so twice as many words make four times as many pairs. ([Counted and measured](04_positional_encoding_annex.ipynb#What-does-it-cost-to-connect-the-first-word-with-the-last?).)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So who tells attention the order?
# You do. Without positions our reader got half of the twins right; with positions, all of them. You can add a clock to the words, let a table be learned, or turn queries and keys.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes all three into one file. `python -m mine.positions` trains each on the letters, and reads texts twice as long.

# %%
from course_kit.mine import keep

keep("positions")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## Train short, read long · 60 minutes
# Each place of a row has a letter and a digit, and a reader of one layer answers two questions about it: which digit came so many places before, and which digit had the same letter the last time. Write the reader's positions, with at most eight learned numbers, so that after training on rows of 16 it reads rows of 64. In a cell, `!course problem 04` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Without positions and without a mask attention is equivariant: shuffle the words, and the outputs move along.
# 2. A position is a clock's time: fast and slow hands, a sine and a cosine each, which you add to the word.
# 3. A step in the text is the same turn everywhere. So turn queries and keys instead: $(R_iq)\cdot(R_mk)=q\cdot(R_{m-i}k)$.
# 4. Beyond the trained length, learned positions fail at once and sinusoids soon. Rotary ones last longer, in our task.
# 5. In attention any word is one step from any other, but every pair needs a score.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](04_positional_encoding_annex.ipynb#open-questions).
# 1. *Explain:* sinusoids have no parameters and never run out. Why does a model with them still fail in long texts?
# 2. *Design an experiment:* how many layers does a causal decoder without positions need to tell the order?
# 3. *Why not* use the number $i/T$ as the position?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [self-attention](#self-attention) | 自注意力 | words of one sentence attend to each other |
# | [convolution](#convolution) | 卷积 | one small kernel slides along the words |
# | [path length](#path-length) | 路径长度 | steps from one word to another |
# | [permutation equivariant](#equivariant) | 置换等变 | outputs move with the words |
# | [permutation invariant](#invariant) | 置换不变 | the output stays as it is |
# | [positional encoding](#positional-encoding) | 位置编码 | a vector that tells a word's position |
# | [sinusoidal encoding](#sinusoidal) | 正弦位置编码 | waves, fast and slow |
# | [learned positions](#learned-positions) | 可学习的位置编码 | a trained vector for each position |
# | [rotary positions](#rotary) | 旋转位置编码 | queries and keys are turned |
# | [relative positions](#relative) | 相对位置 | how far before or behind, not where |
# | [extrapolation](#extrapolation) | 外推 | use beyond the trained range |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(4)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: a whole translator of nothing but this
# Chapter 5 stacks several attentions and a small network into a translator without recurrence, the Transformer.
#
# **→ [5 · What can attention do alone?](05_transformer.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](04_positional_encoding_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 4, edition <!-- edition -->, and the heading above it.*
