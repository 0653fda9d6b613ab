# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 4 · Who tells attention the order?
# *Not attention itself: you have to.* You will hold `mine/positions.py`, three ways to tell a model where its words stand, in plain PyTorch. <!-- minutes --> **Before:** [chapter 2](02_scoring_functions.ipynb) (self-attention) and [chapter 3](03_seq2seq.ipynb) (recurrent networks).
#
# ## Who bites whom?
# *The dog bites the man.* Six words, with the full stop, go into self-attention. For this first test each word gets a vector of eight random numbers, and we use it as query, key and value at once. **Before you drag:** if "dog" and "man" change places, what happens to the output of "bites"?

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch04 import again, exercise, hint, labs, solution
from chapters.ch04.experiments import LettersBefore, WhoDoesIt, multiply_adds
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
# So two sentences with opposite meanings are the same to attention, and we have to tell it the order. How can we do that?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# There are two ways to give attention a word's position. You can *add* a vector to the word, one for each position. Or you can *turn* the word's query and its key, by an angle that grows with the position. We build both. Most language models of today use the second way. It rests on one fact: **if you turn two vectors by the same angle, their product stays the same.** So we turn the query and the key of each word a little further than those of the word before. Then the score of two words depends only on how far apart they are, and on which of them comes first.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.ways(
    title="Where does the position come in?",
    caption="From the words down to a score. What is new stands in [output|purple].",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: twins
# <a id="equivariant"></a><a id="invariant"></a><a id="self-attention"></a>
# Why does "bites" not notice? Compute its output by hand, for the sentence and for its *twin*, in which the two nouns have changed places. Each word gets a share, and the output is the sum of all words, each times its share:

# %% slideshow={"point": ["share * vectors"]}
for said in ["the dog bites the man", "the man bites the dog"]:
    words = said.split()
    shares = [math.exp(vectors["bites"] @ vectors[word] / 8**0.5) for word in words]
    output = torch.zeros(8)
    for word, share in zip(words, shares):
        output += share * vectors[word] / sum(shares)
        print(f"{word} {share / sum(shares):.2f}", end="   ")
    print("\nthe output of bites begins", output[:3].numpy().round(2))

# %% [markdown]
# These are the same five products, only added in another order. Each share is computed from two vectors, and neither of them contains a position. And a sum does not care in which order you add.
#
# What holds for one word holds for all. A layer is called **equivariant** if shuffling its input shuffles its output in the same way, and **invariant** if the output stays as it is. Try the layer of chapter 2 (your own, if you solved that exercise) with three random matrices:

# %%
from mine import SelfAttention

# %% slideshow={"point": ["Z, shuffled"]}
layer = SelfAttention(8, 8, 8)
order = torch.tensor([4, 2, 0, 5, 1, 3])
with torch.no_grad():
    Z, shuffled = (layer(x[None])[0][0] for x in (X, X[order]))
print("equivariant:", torch.allclose(shuffled, Z[order], atol=1e-5))
print("invariant:  ", torch.allclose(shuffled, Z, atol=1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shuffled, Z[order], atol=1e-5) and not torch.allclose(shuffled, Z, atol=1e-5)
assert torch.allclose(shuffled.mean(0), Z.mean(0), atol=1e-5)

# %% [markdown] slideshow={"slide_type": "skip"}
# <details><summary>The proof, for all words at once</summary>
#
# To shuffle the words is to multiply $X$ by a matrix $\Pi$ with one 1 in each row and each column.
#
# 1. Each word makes its own query, key and value, so $Q$, $K$, $V$ become $\Pi Q$, $\Pi K$, $\Pi V$.
# 2. The scores $S=QK^\top/\sqrt d$ become $\Pi Q(\Pi K)^\top/\sqrt d=\Pi S\Pi^\top$: their rows and columns are shuffled.
# 3. Softmax works on each row, whatever the order in it, so the weights $A$ become $\Pi A\Pi^\top$.
# 4. A transposed shuffle undoes the shuffle, $\Pi^\top\Pi=I$. So the output is $\;\Pi A\Pi^\top\,\Pi V=\Pi\,AV=\Pi Z$.
#
# </details>
#
# <details><summary>And with a causal mask?</summary>
#
# Chapter 2's causal mask hides the words to come. So it shows a part of the order: the first word can average only one value, the last word all of them. With such a mask even our small reader, below, tells all twins apart without positions. A GPT is therefore not quite blind to the order even without positions: [how far that goes](04_positional_encoding_annex.ipynb#open-questions). <!-- source: Haviv et al. 2022, table 1 -->
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Can training help?
# Perhaps a model finds a way if you train it. Here is a small one, which reads a sentence and says *who does it*, one of ten nouns. Its last step averages the outputs of all words, and an average stays the same if you shuffle what you average. So we know before any training: **it gives a sentence and its twin the same answer.**

# %% tags=["definition"]
# chapters.ch04.experiments: Reader

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "We test it on new sentences, each together with its twin. What share can it answer "
    "correctly at best, however long it is trained?",
    ["nearly all", "half", "one in ten, by chance"],
    answer=1,
    because="The model can find the two nouns. But its one answer is right for at most "
    "one of the two twins.",
)

# %% [markdown]
# `WhoDoesIt` holds the sentences and a training loop, chapter 3's `fit`; `right` gives the share of right answers to sentences that were not trained on.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
who = WhoDoesIt()
torch.manual_seed(0)
blind = Reader(len(who.words), len(who.nouns))
who.train(blind)
print(f"right: {who.right(blind):.0%} of {len(who.test)} new sentences")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
twins = ["the dog bites the man .", "the man bites the dog ."]
said = {twin: who.answers(blind, twin) for twin in twins}
plot.bars(
    who.nouns,
    {
        f"“{twin}”": [100 * found[noun] for noun in who.nouns]
        for twin, found in said.items()
    },
    ylabel="%",
    digits=0,
    title="Who does it?",
    caption="What the trained reader says to a sentence and to its twin. Compare the two "
    "bars of each noun.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
dog, man = (who.answers(blind, text) for text in twins)
assert all(abs(dog[noun] - man[noun]) < 1e-4 for noun in dog) and len(who.nouns) == 10

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert who.right(blind) == 0.5

# %% [markdown] tags=["keep"]
# The reader has learned to find the two nouns, and cannot tell which of them comes first. More data or more layers would not help, because a stack of equivariant layers is equivariant, too.
#
# **Keep this:** without positions and without a mask, attention sees a *bag of words*. It cannot tell a sentence from its twin.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: a clock with many hands
# <a id="positional-encoding"></a><a id="sinusoidal"></a>
# So we tell each word its position. A vector that does this is called a **positional encoding**, and you add it to the word's vector. Which vector would you take? It should be different for each position, its numbers should stay small, and a small step should make a small difference. The obvious idea is to number the words 0, 1, 2 and so on, and to add a word's number to each of its features. Look at what attention does with it:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
numbered = X + torch.arange(6)[:, None]  # [6, 8]
heatmap(
    torch.softmax(numbered @ numbered.T / 8**0.5, -1),
    sentence,
    sentence,
    select=("bites", 5),
    title="What if we add the number itself?",
    caption="Each row is a word that asks. To which word do nearly all attend?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (torch.softmax(numbered @ numbered.T / 8**0.5, -1)[1:].argmax(-1) == 5).all()

# %% [markdown]
# Nearly every word now gives most of its weight to the last word, whatever that word is. The features are about 1 in size. The positions are soon much larger, and because a score multiplies two of them, late words win whatever they mean. You could divide the number by the length of the text, but then the fifth word's number would depend on how long the text is. We need small numbers that are the same in every text, and there is an old way to write a large number with small ones: digits. A computer takes *binary* digits, which are 0 or 1:

# %% tags=["nbval-check-output"]
for i in [5, 6, 7, 8, 15]:
    differ = sum(a != b for a, b in zip(f"{i:04b}", f"{7:04b}"))
    print(f"{i:2}  {i:04b}  {differ} of 4 digits differ from 7")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [f"{i:04b}" for i in (7, 8, 15)] == ["0111", "1000", "1111"]

# %% [markdown]
# The last digit changes at every step, the one before it at every second step, and so on. Together they name every position. But look at 7 and 8. They are neighbours, and yet *all* their digits differ, while the distant 15 differs from 7 in only one. A small step should make a small difference.
#
# So we want something that counts as digits do, with fast and slow parts, but changes smoothly. A clock does this: one hand is fast and one is slow, together they tell the time, and no hand ever jumps. So we give each position a clock, with as many hands as we like. Each hand gives two numbers: the *sine* of its angle says how far its tip is to the right, and the *cosine* how far up. (The angle counts as on a clock, from the top.) You need both, because from the height of a hand alone you could not tell whether it rises or falls.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.clocks(
    title="What time is it at position 20?",
    caption="Five hands of one clock, each in a circle of its own, and the two numbers of "
    "each. Move the position: which hand races, and which hardly moves?",
)

# %% [markdown] slideshow={"point": ["P[:, 0::2]"]} tags=["card"]
# Write the numbers of all hands side by side, and you have a row for each position, a table $P$. Hand $j$ turns by the angle $\omega_j$ at each step, its **frequency**. After $i$ steps it stands at $i\,\omega_j$. The Transformer's paper chose these, for a row of $D$ numbers:
#
# $$ P_{i,2j}=\sin(i\,\omega_j),\qquad P_{i,2j+1}=\cos(i\,\omega_j),\qquad \omega_j=10000^{-2j/D} $$
#
# Positions of this kind are called **sinusoidal**. The first hand goes round in about six steps, and each next one more slowly. <!-- source: Vaswani et al. 2017, section 3.5 -->
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
# Here is your table for 50 positions and 128 columns. Follow a column on the left downwards, and you see a wave. The slow ones on the right hardly bend:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
P = sinusoidal_encoding(50, 128).float()  # [50, 128]
plot.maps(
    {"position ↓, column →": P},
    {"position ↓, column →": range(50)},
    {"position ↓, column →": range(128)},
    signed=["position ↓, column →"],
    title="What does the whole table look like?",
    caption="A row for each position, a column for each number. The more ink, the "
    "nearer to 1; red is below 0. The fast hands are on the left.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 6 < 2 * torch.pi < 6.5 and P.abs().max() <= 1 and len(P.round(decimals=3).unique(dim=0)) == 50
assert P.shape == (50, 128) and (P[8] - P[7]).norm() < (P[15] - P[7]).norm()

# %% [markdown]
# Now add it. Say a word has two features, (0.5, −1.0), and stands at position 3. The first hand shows (sin 3, cos 3), which is (0.14, −0.99), so the sum is (0.64, −1.99). This module adds a table to all words, row by row:

# %% slideshow={"point": ["return x + "]}
class AddPositions(nn.Module):
    def __init__(self, table):  # [positions, D]
        super().__init__()
        self.table = table

    def forward(self, x):  # [B, T, D]
        return x + self.table[: x.shape[1]]

# %% [markdown]
# Does the same reader tell the twins apart now?

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
table = sinusoidal_encoding(50, 16).float()
sighted = Reader(len(who.words), len(who.nouns), AddPositions(table))
who.train(sighted)
print(f"right: {who.right(sighted):.0%} of the new sentences")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(x + y, 2) for x, y in zip((0.5, -1.0), (0.14, -0.99))] == [0.64, -1.99] and (round(math.sin(3), 2), round(math.cos(3), 2)) == (0.14, -0.99)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert who.right(sighted) > 0.98 and next(iter(who.answers(sighted, "the dog bites the man ."))) == "dog"

# %% [markdown]
# The share of right answers rises from a half to all. Try both readers. In these sentences the one who does it is the second word, so look at the second column of the map:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
from IPython.display import display

# live=True and view.observe: inside
display(*labs.who_does_it(who, sighted, blind, "the dog bites the man ."))

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Or let the table be learned
# <a id="learned-positions"></a>
# The simplest way needs no clock. You take a table of small random numbers and let the training change them, as it changes the vectors of the words. Chapter 6's BERT, for instance, has such **learned** positions. In PyTorch you only make the table a parameter:

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

# %% [markdown] tags=["keep"]
# Here that is just as good as the clock. But the clock can do something that nobody has to teach it.
#
# **Keep this:** a position is a clock's time. Each hand, fast or slow, gives two numbers, which you add to the word.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: a step is the same turn everywhere
# If you go one word on in the text, each hand turns on by its own angle, and that angle is the same at the beginning of a text and at its end. For a step of $\delta$ positions, hand $j$ turns by $\delta\,\omega_j$. Move the position $i$ and see what stays:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.rotation()

# %% [markdown]
# A turn is a matrix. In it stand the sine and the cosine of the angle $\delta\omega$, but no $i$:
#
# $$ \begin{pmatrix}\sin(i+\delta)\omega\\ \cos(i+\delta)\omega\end{pmatrix}=\underbrace{\begin{pmatrix}\cos\delta\omega&\sin\delta\omega\\-\sin\delta\omega&\cos\delta\omega\end{pmatrix}}_{R,\ \text{the same at every }i}\begin{pmatrix}\sin i\omega\\ \cos i\omega\end{pmatrix} $$
#
# You may know this from school, where it gives the sine and the cosine of a sum. Check it for the hand of columns 40 and 41, at two positions, with one matrix for three steps:

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
# So a layer could find "the word three positions back" with one matrix that works everywhere: turned by $R$, the clock of any position becomes the clock that it looks for. And what about the dot product of two positions? The product of two hands of length 1 is the cosine of the angle between them. Summed over all hands, this gives $P_i\cdot P_m=\sum_j\cos\big((i-m)\,\omega_j\big)$. Only the distance is left in it. You cannot see which of the two comes first.
#
# **Keep this:** a step in the text turns each hand by its own angle, the same wherever you are.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: turn instead of add
# <a id="rotary"></a><a id="relative"></a>
# Does it matter for a word whether it is the 5th or the 5,000th of a book? Usually it does not. What matters is which words stand shortly before it and behind it. But because we add the clock to the words, a score becomes a sum of four products. Without the matrices, which we leave out for a moment, it looks like this:
#
# $$ (x_i+P_i)\cdot(x_m+P_m)=\underbrace{x_i\cdot x_m}_{\text{words}}+\underbrace{x_i\cdot P_m+P_i\cdot x_m}_{\text{a word meets a position}}+\underbrace{P_i\cdot P_m}_{\text{the distance}} $$
#
# The two parts in the middle change when both words move on by the same number of places, although their distance stays as it is. So what a model learns about "two words back" at position 5 need not hold at position 500. What would you change?
#
# **Instead of adding the clock, turn the query and the key, as if they were its hands.** A query's numbers form pairs, and each pair is an arrow in the plane. At position $i$, turn each arrow by $i$ steps of its frequency. Do the same with the keys. Such positions are called **rotary** (Su et al., 2021). Every layer turns its queries and keys anew, and leaves the values alone.
#
# A query at position 7 meets a key at position 5. What happens to the score if both move on, to 47 and 45? Write $R_i$ for the turn by $i$ steps. Then the whole idea is one line:
#
# $$ (R_i\,{\color{#bf5f00}{q}})\cdot(R_m\,{\color{#007fc6}{k}})={\color{#bf5f00}{q}}\cdot(R_{m-i}\,{\color{#007fc6}{k}}) $$
#
# Why? Turn both vectors back by $i$ steps. A turn changes neither the length of a vector nor the angle between two, so it changes no product. (A score adds up the products of all pairs, and each of them stays.) Now the query stands as if it had never been turned. The key is turned by $m-i$ steps, so of the two positions only their difference is left in the score. Such positions are called **relative**.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.meet(
    title="Does the score know where it is?",
    caption="One pair that turns by 30° at each position: a [query|query (2, 0)] and a "
    "[key|key (1, 0)]. Move them apart: which of the two rows stays equal?",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Check the first circle by hand. The query, of length 2, points to 210°, and the key, of length 1, to 150°. They are 60° apart, and the score is $2\cdot1\cdot\cos60°=1$. Now move both on, to 47 and 45. The query points to 330° and the key to 270°: they are 60° apart again, and the score is 1 again. (The row *if added* shows what happens when you add the clock instead.)
#
# A query of $d$ numbers has $d/2$ pairs, and each pair turns at its own speed. You can take the hands of the clock:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.positions: frequencies

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 2 ●●○ · 8 minutes
# Write this turn. A pair $(a,b)$ of neighbouring features, turned by $\varphi$, becomes $(a\cos\varphi-b\sin\varphi,\;a\sin\varphi+b\cos\varphi)$. (In mathematics an angle begins on the right and grows against the clock. Section Three's clock turns the other way, so the signs in its $R$ differ.) `x` may have more axes in front of $[T,d]$, for a batch or for heads.
#
# <!-- example: rotary -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("rotary")
def rotary(x, positions):
    """x [..., T, d], positions [T] -> x with each pair of features turned;
    frequencies(d) [d / 2] is given"""
    raise NotImplementedError

# %% [markdown]
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
# The key stands two places before the query in both, and the score is the same. (We pair neighbouring features, as in the paper. Some programs pair $j$ with $j+d/2$.)
#
# **Keep this:** turn query and key by their positions: their score depends only on how far before or behind the key stands.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: longer than anything it saw
# <a id="extrapolation"></a>
# Suppose that you train a model on short texts, and one day somebody gives it a long one. Which of our three kinds of positions still works there? This is the question of **extrapolation**. Our twins are all equally long, so we take a task that can be as long as we like: random letters, and at each position the model is to say *the letter two positions back*.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.task(
    title="Which letter stood two positions back?",
    caption="What the model [key|reads], and what it [output|should say].",
)

# %% [markdown]
# Here is the model. It has one layer of attention, and `kind` says how it learns of the positions:

# %% slideshow={"point": ["self.positions(self.embedding", "return self.output(self.weights"]} tags=["definition"]
# chapters.ch04.kept.positions: LetterReader

# %% [markdown]
# `SinusoidalPositions` and `LearnedPositions` are `AddPositions` with their tables inside:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.positions: SinusoidalPositions, LearnedPositions

# %% [markdown]
# We train on texts of 20 letters and test on texts of 60.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In texts of 20 letters the three kinds get nearly all letters right. Which of them is "
    "still right at position 50 of a text of 60?",
    ["learned", "sinusoidal", "rotary", "all three"],
    answer=2,
    because="With rotary positions a score knows only how far back the key stands, and “two "
    "back” is the same everywhere.",
)

# %% [markdown]
# `LettersBefore` makes the texts and trains; `by_place` gives the share of right letters at each position, over many new texts.

# %% seconds=6 slideshow={"slide_type": "subslide"} tags=["training"]
letters, models = LettersBefore(), {}
for kind in ["rotary", "sinusoidal", "learned", "none"]:
    models[kind] = letters.model(kind)
    letters.train(models[kind])
    print(f"{kind:11}{letters.right(models[kind])[0]:.0%} right in texts of 20 letters")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
by_position = {kind: 100 * letters.by_place(model) for kind, model in models.items()}
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
assert beyond["sinusoidal"] < 60 and beyond["learned"] < 25 and letters.by_place(models["rotary"]).shape == (58,)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert min(letters.right(models[kind])[0] for kind in ("learned", "sinusoidal", "rotary")) > 0.95
def near(x, reader=models["rotary"]):  # its weights, with the keys hidden that are farther away than in training
    places = torch.arange(x.shape[1])
    q, k = (rotary(layer(x), places).to(x) for layer in (reader.q, reader.k))
    far = (places[:, None] - places).abs() >= 20
    return (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(far, -math.inf).softmax(-1)
models["rotary"].weights = near
assert letters.by_place(models["rotary"]).min() > 0.98
del models["rotary"].weights
assert beyond["rotary"] > 90

# %% [markdown]
# Learned positions fail at once, because nobody has trained row 20 of the table. Rotary positions go on with few errors. These come from keys that are farther away than any key was in training: if we hide those, all letters are right. But why do the sinusoids fail? You can compute their row for any position, and each step is the same turn. So the *formula* goes on. But the matrices that read it have met the first twenty rows only. After that the slow hands stand where they never stood in training, and the matrices have not learned what to make of it.
#
# We can test whether this is the cause. We train the same model again, with as many texts of 20 letters, but let them begin at random positions. Now all sixty positions are met in training:

# %% seconds=3 slideshow={"slide_type": "subslide"} tags=["training"]
wandering = letters.model("sinusoidal")
letters.train(wandering, anywhere=True)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
two = {"from anywhere": 100 * letters.by_place(wandering), "from position 0": by_position["sinusoidal"]}
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
assert letters.by_place(wandering).shape == (58,)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert two["from anywhere"][18:].mean() > 90

# %% [markdown] tags=["keep"]
# At most positions it works now. It is worst at the two ends, which the training met most seldom. So the formula was all right. The model had never practised at those positions. In much longer texts rotary positions fail, too, because there many more keys compete at distances that training has never shown. *Language models with rotary positions usually fail soon after the trained length*, unless their positions are rescaled: [how far rotary reaches](04_positional_encoding_annex.ipynb#How-far-does-rotary-reach?). <!-- source: Press et al. 2022; Chen et al. 2023 -->
#
# <details><summary>How sure is this?</summary>
#
# One small layer, one easy task. With each of five seeds the order was the same beyond the trained length: rotary positions nearly all right, sinusoids mostly wrong, learned ones near guessing; and sinusoids trained from anywhere got most letters right. The sinusoidal curve has a hump near position 31: there the fast hands stand as they stood in training.
#
# </details>
#
# **Keep this:** a formula for every position does not make a trained model work at every position.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: how far is it from word to word?
# <a id="path-length"></a><a id="convolution"></a>
# If attention needs so much help with the order, why not read the words one by one, as chapter 3's recurrent network does? Such a network knows the order by itself. But what the first word says has to pass through every word in between before it reaches the last. The number of steps on this way is called the **path length**, and a short path is usually easier to learn. You saw this in chapter 3, where the network forgot digits that it had to carry through many states. <!-- source: Vaswani et al. 2017, section 4 -->
#
# Beside the two there is a third kind of layer, the **convolution**. Its layers read each word together with the $k-1$ words before it. If you let the second layer skip words, and the third skip more, the convolution is called *dilated*. Count the multiplications of each layer for $n$ words of $d$ features: a matrix takes $d^2$ for each word. The column *in a row* counts the steps that have to wait for each other. The last column is drawn below.
#
# | layer | multiplications | in a row | path, about |
# |---|---|---|---|
# | **recurrent**, two matrices | $2nd^2$ | $n$ | $n$ |
# | **convolution**, $k$ matrices | $k\,nd^2$ | 1 | $n/(k-1)$, dilated $\log n$ |
# | **attention**, four matrices, and all pairs | $4nd^2+2n^2d$ | 1 | 1 |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.paths(
    title="How does the first word reach the last?",
    caption="[key|Dots] are words, with a row for each layer, the input below. In [value|green] "
    "is a shortest path. Make the text shorter, or the kernel wider.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
steps = {n: [len(labs.drawings.spreads(kind, n, 3)) for kind in ("plain", "dilated")] for n in (9, 27)}
assert steps == {9: [4, 2], 27: [13, 3]}
assert multiply_adds("attention", 30, 512) == 4 * 30 * 512**2 + 2 * 30**2 * 512
assert all(multiply_adds("attention", n, d) > 2 * multiply_adds("recurrent", n, d) for n in (1, 30, 4096) for d in (8, 512))

# %% [markdown]
# In attention any word is one step from any other, and it need not wait for the words before it. What does that cost you? The new part is $2n^2d$. A score takes $d$ multiplications, and there are $n^2$ scores, one for each pair of words; averaging the values takes as many again. Twice as many words make four times as many pairs, and from $n=2d$ on the pairs cost more than the four matrices. That is the price of short paths ([measured, in the annex](04_positional_encoding_annex.ipynb#What-does-it-cost-to-connect-the-first-word-with-the-last?)).

# %% [markdown] tags=["keep"]
# **Keep this:** in attention any word is one step from any other, but every pair needs a score.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So who tells attention the order?
# You do. Without positions our reader got half of the twins right, and with them all. You can add a clock to the words, let a table be learned, or turn queries and keys, so that only their distance and its direction count.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes all three into one file. `python -m mine.positions` trains each on the letters, and reads texts twice as long.

# %%
from course_kit.mine import keep

keep("positions")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## Train short, read long · 60 minutes
# A reader of one layer answers two questions at each place of a row: which digit stood so many places before, and which digit had the same letter the last time. Write its positions, with eight learned numbers at most, so that after training on rows of 16 it reads rows of 64. `course problem 04` gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Without positions and without a mask attention is equivariant: shuffle the words, and the outputs move along.
# 2. A position is a clock's time: fast and slow hands, a sine and a cosine each, which you add to the word.
# 3. A step in the text is the same turn everywhere. So turn queries and keys instead: $(R_iq)\cdot(R_mk)=q\cdot(R_{m-i}k)$.
# 4. Beyond the trained length, learned positions and sinusoids fail at once. Rotary ones last longer, in our task.
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
# | [learned positions](#learned-positions) | 可学习的位置嵌入 | a trained vector for each position |
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
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 4, edition 0.4.0, and the heading above it.*
