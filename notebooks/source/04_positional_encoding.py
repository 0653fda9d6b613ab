# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 4 · Who tells attention the order?
# *Without a mask attention can't tell, so you build the order in.* You'll keep `mine/positions.py`, three ways to tell a model where its words are, in plain PyTorch. <!-- minutes --> **Before:** [chapter 2](02_scoring_functions.ipynb) (self-attention).
#
# ## Who bites whom?
# You know the room of chapter 2: a query calls, a key answers to its name, and a value is handed over. Now six words are in the room: *the dog bites the man* and the full stop. Each is eight random numbers, which are its query, its key and its value at once. **Before you drag:** if “dog” and “man” change places, what happens to the output of “bites”?

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch04 import again, exercise, hint, labs, solution
from chapters.ch04.kept.positions import NOUNS, WORDS, texts
from course_kit import results
from course_kit.i18n import from_cell
from course_kit.views import asking, heatmap, predict

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
# Nothing happens to it. Each output moves along with its word and stays the same, so “bites” cannot know who bites.
#
# </details>
#
# So two sentences with different meanings look the same to attention. In this lesson you'll tell it the order in two ways. In the first half you'll *add* something to each word, and in the second half you'll *turn* its query and its key, as most of today's language models do. At the end you'll move a whole text further on, and see which model still knows who bites.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: twins
# <a id="equivariant"></a><a id="self-attention"></a>
# Why doesn't “bites” notice? Let's compute its output by hand, for the sentence without its full stop, and for its *twin*, in which the two nouns have changed places. Each word gets a share, and the output is the sum of all words, each times its share. `vectors` has each word's eight random numbers.

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
# A layer is called **equivariant** if shuffling its input shuffles its output in the same way. Is chapter 2's layer equivariant? It's your own, if you solved that exercise. `X` has the vectors of our six words as rows.

# %% slideshow={"slide_type": "skip"}
from mine import SelfAttention

# %% slideshow={"slide_type": "skip"}
layer = SelfAttention(8, 8, 8)
order = torch.tensor([4, 2, 0, 5, 1, 3])
batch = torch.stack([X, X[order]])  # [2, 6, 8]: the sentence as it is, and shuffled
with torch.no_grad():
    Z, shuffled = layer(batch)[0]  # the outputs, [6, 8] each
print("shuffled in the same way:", torch.allclose(shuffled, Z[order], atol=1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shuffled, Z[order], atol=1e-5) and not torch.allclose(shuffled, Z, atol=1e-5)

# %% [markdown] slideshow={"slide_type": "skip"}
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

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Can training help?
# Perhaps a model finds a way if you train it. In this lesson every model gets one task: it reads three sentences like ours, and at each verb it has to say *who does it*, one of ten nouns. `texts` draws such texts, with random nouns and verbs. Here is one, with its three right answers:

# %% tags=["nbval-check-output"]
ids, who = texts(torch.Generator().manual_seed(0), count=1)  # [1, 18], [1, 3]
print(" ".join(WORDS[i] for i in ids[0]))
print("who does it:", *(NOUNS[i] for i in who[0]))

# %% [markdown] slideshow={"slide_type": "skip"}
# And here is the model. `embedding` is a table with a vector for each of the 18 words, which is trained with everything else. Then comes one layer of attention, and a matrix turns each output into ten scores, the *logits*, one for each noun. `first` is the position where a text begins, which this reader doesn't use.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# chapters.ch04.kept.positions: Reader

# %% [markdown] slideshow={"slide_type": "skip"}
# We know before any training that the reader gives the same answer at “bites” in a text and in its twin. This is the training, and the test on new texts. `2::6` are the places of the verbs:

# %% slideshow={"slide_type": "skip"} steps=[300] tags=["definition"]
# chapters.ch04.kept.positions: train, right

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Each text has three sentences. At how many verbs of new texts can this reader be right at best, "
    "however long it is trained?",
    [
        "at nearly all",
        "at half of them: it knows the two nouns, not which one comes first",
        "at three of ten: it only knows which nouns are in the text",
    ],
    answer=2,
    because="It can't even tell which two of the six nouns belong to the verb. Often a "
    "noun stands twice in a text, so the best it can do is to name the most frequent one. That's right at about "
    "three verbs of ten.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
blind = Reader()
train(blind)
print(f"right: {right(blind):.0%} of the verbs")

# %% jupyter={"source_hidden": true} tags=["asserts"]
ids, who = texts(torch.Generator().manual_seed(1_000_000), 500)
nouns = F.one_hot(ids[:, [1, 4, 7, 10, 13, 16]] - 2, 10).sum(1)  # how often a text has each, [500, 10]
assert round((nouns.max(1).values / 6).mean().item(), 2) == 0.31 and len(WORDS) == 18 and len(NOUNS) == 10

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert 0.27 < right(blind) < 0.34

# %% [markdown] tags=["keep"]
# The reader finds the nouns, and then it's at a loss. More training or more layers wouldn't help, because a stack of equivariant layers is equivariant, too.
#
# **Keep this:** without positions and without a mask, attention sees a *bag of words*. It cannot tell a sentence from its twin.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: a clock with many hands
# <a id="positional-encoding"></a><a id="sinusoidal"></a>
# So let's tell each word its position. A vector that does this, and that you add to the word's vector, is called a **positional encoding**. Which vector would you take? The obvious idea is to number the words, and to add a word's number to each of the numbers in its vector. But look at what attention does with that:

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
# Nearly every word now gives most of its weight to the last one. A word's numbers are about 1 in size, but the positions are soon much larger, and because a score multiplies two of them, late words win almost whatever they mean. We need smaller numbers. You know a way to write a large number with small ones: digits. A computer takes *binary* digits, which are 0 or 1:

# %% tags=["nbval-check-output"]
for i in [0, 1, 2, 3, 4, 5, 6, 7, 8, 15]:
    differ = sum(a != b for a, b in zip(f"{i:04b}", f"{7:04b}"))
    print(f"{i:2}  {i:04b}  {differ} of 4 digits differ from 7")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [f"{i:04b}" for i in (7, 8, 15)] == ["0111", "1000", "1111"]

# %% [markdown]
# The last digit changes at every step, the one before it at every second step, and so on, and together they name every position. But look at the neighbours 7 and 8: *all* their digits differ, while the distant 15 differs from 7 in only one.
#
# So we want something with fast parts and slow ones, as digits have, but it should change smoothly. A clock does this. One hand is fast and another is slow, and together they tell the time. No hand ever jumps. So let's give each position a clock, with as many hands as we like. **Each angle begins at twelve and grows clockwise, and a hand is two numbers: first how far its tip is *up*, the cosine, then how far it is to the *right*, the sine.** You need both, because the height alone can't tell you whether the hand is rising or falling.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.clocks(
    title="What time is it at position 20?",
    caption="Five hands of one clock, each in a circle of its own, and two numbers of each: how "
    "far [key|up] and how far [output|right], now and at all positions. Which hand hardly moves?",
)

# %% [markdown] slideshow={"point": ["P[:, 0::2]"]} tags=["card"]
# Write the numbers of all hands side by side, and each position gets a row of a table $P$. In one step hand $j$ turns by the angle $\omega_j$, its **frequency**, so after $i$ steps its angle is $i\,\omega_j$. The hands are numbered $j=0,1,2,\dots$, and for a row of $D$ numbers these frequencies are usual:
#
# $$ P_{i,2j}=\cos(i\,\omega_j),\qquad P_{i,2j+1}=\sin(i\,\omega_j),\qquad \omega_j=10000^{-2j/D} $$
#
# Positions of this kind are called **sinusoidal**. In the paper that they come from, each sine stands before its cosine. <!-- source: Vaswani et al. 2017, section 3.5 -->
#
# ### Exercise 1 ●●○ · 8 minutes
# **Decide first.** Three colleagues write this table with $D=8$, so their clock has four hands. They agree on the first hand. In one step, the second hand turns by 0.316 in Ann's table, by 0.1 in Bob's, and by 0.01 in Cem's. Whose is right, and what did the others take?
#
# <details><summary>Answer</summary>
#
# Bob's. The second hand has $j=1$, so it turns by $10000^{-2/8}=0.1$. Ann left out the 2, and $10000^{-1/8}=0.316$. Cem took the number of the column, 2, for $j$, and $10000^{-4/8}=0.01$.
#
# </details>
#
# Write the table, a row for each position.
#
# <!-- example: sinusoidal encoding -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("sinusoidal encoding")
def sinusoidal_encoding(length, size):
    """length T, size D (even) -> P [T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: sinusoidal encoding -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
P = sinusoidal_encoding(50, 128).float()  # [50, 128]
assert 6 < 2 * torch.pi < 6.5 and P.abs().max() <= 1 and len(P.round(decimals=3).unique(dim=0)) == 50
assert (P[8] - P[7]).norm() < (P[15] - P[7]).norm()
assert [round(10_000**power, 3) for power in (-1 / 8, -2 / 8, -4 / 8)] == [0.316, 0.1, 0.01]

# %% [markdown] slideshow={"slide_type": "subslide"}
# Now add your table to the words. The new reader inherits everything from the first, but before it computes queries, keys and values it adds the rows:

# %% slideshow={"point": ["self.table[positions]"]} tags=["definition"]
# chapters.ch04.kept.positions: AddingReader

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
sighted = AddingReader(sinusoidal_encoding(60, 32).float())
train(sighted)
print(f"right: {right(sighted):.0%} of the verbs")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert right(sighted) > 0.99

# %% [markdown]
# Now it's right at every verb. Is that because it looks at the right word? **Guess:** which of the 18 words gets most of the weight of “bites”, with positions and without?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
text = "the dog bites the man . the cat sees the bear . the fox hears the girl ."
twin = "the man bites the dog . the cat sees the bear . the fox hears the girl ."
labs.attends(
    {"none": blind, "added": sighted},
    [text, twin],
    title="Where does “bites” look?",
    caption="The [query|verb] gives each word a [value|weight]. Take the twin. Then take the reader "
    "without positions.",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
numbers = torch.tensor([[WORDS.index(word) for word in said.split()] for said in (text, twin)])
with torch.no_grad():
    found = {name: reader(numbers) for name, reader in (("none", blind), ("added", sighted))}
    looks = {name: weights[:, 2] for name, (_, weights) in found.items()}  # [2, 18]
    says = {name: logits[:, 2].softmax(-1) for name, (logits, _) in found.items()}
assert numbers.shape == (2, 18) and (looks["added"][:, 1] > 0.6).all() and [NOUNS[i] for i in says["added"].argmax(-1)] == ["dog", "man"]
assert torch.allclose(looks["none"][0, [1, 4]], looks["none"][1, [4, 1]], atol=1e-5)
assert ((looks["none"][:, [1, 4, 7, 10, 13, 16]] - 1 / 7).abs() < 0.03).all()
assert torch.allclose(says["none"][0], says["none"][1], atol=1e-5)

# %% [markdown] tags=["keep"]
# <a id="learned-positions"></a>
# With positions, “bites” looks at the word just before it, whichever noun that is. Without them no word wins: each of the six nouns gets about a seventh, in the text as in its twin, so the answer is the same, too.
#
# The table needn't be a clock. Chapter 6's BERT begins with small random numbers, `nn.Parameter(0.02 * torch.randn(60, 32))`, and lets the training change them. Such positions are called **learned**.
#
# **Keep this:** a position is a clock's time. Each hand, fast or slow, gives two numbers, which you add to the word.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have positions: with them, the same words in another order are another sentence. But so far a word knows only *where* it is, and you don't know yet what happens further on in a text. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: a step is the same turn everywhere
# Go one word further, and each hand turns by its own angle, at the beginning of a text as at its end. For a step of $\delta$ positions, hand $j$ turns by $\delta\,\omega_j$. Move the position $i$ of one of the hands, and you'll see what stays:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.rotation()

# %% [markdown]
# Such a turn is a matrix, $R$. The step $\delta$ is in it, but the position $i$ isn't. Multiply $R$ by the hand's two numbers at position $i$, and you get its numbers at $i+\delta$:
#
# $$ \underbrace{\begin{pmatrix}\cos\delta\omega&-\sin\delta\omega\\ \sin\delta\omega&\cos\delta\omega\end{pmatrix}}_{R,\ \text{the same at every }i}\begin{pmatrix}\cos i\omega\\ \sin i\omega\end{pmatrix}=\begin{pmatrix}\cos\delta\omega\,\cos i\omega-\sin\delta\omega\,\sin i\omega\\ \sin\delta\omega\,\cos i\omega+\cos\delta\omega\,\sin i\omega\end{pmatrix}=\begin{pmatrix}\cos(i+\delta)\omega\\ \sin(i+\delta)\omega\end{pmatrix} $$
#
# The first step multiplies row by column, and the second is the cosine and the sine of a sum, as at school. Check it with an hour hand, which turns by 30° in a step. Three steps are 90°, and cos 90° = 0, sin 90° = 1. So $R$ has two zeros, a 1 and a −1, and it turns (up, right) into (−right, up):

# %% slideshow={"slide_type": "skip"}
def hand(i):
    """The hour hand at position i: how far up, how far right."""
    return torch.tensor([math.cos(i * math.pi / 6), math.sin(i * math.pi / 6)])

R = torch.tensor([[0.0, -1], [1, 0]])  # three hours
for i in [1, 5, 40]:
    print(f"from position {i}: R turns {hand(i).numpy().round(2)}",
          f"to {(R @ hand(i)).numpy().round(2)};",
          f"position {i + 3} is {hand(i + 3).numpy().round(2)}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(torch.allclose(R @ hand(i), hand(i + 3), atol=1e-5) for i in range(60)) and (360 / 12, 3 * 30) == (30, 90)
assert torch.allclose((P @ P.T)[3:, :-3].diagonal(), (P @ P.T)[3, 0].expand(47), atol=1e-3)

# %% [markdown] tags=["keep"]
# So “three positions on” is one matrix, the same everywhere. And what about the dot product of two positions? The product of two hands of length 1 is the cosine of the angle between them. Added up over all hands, this is $P_i\cdot P_m=\sum_j\cos\big((i-m)\,\omega_j\big)$, and only the distance is left in this sum.
#
# **Keep this:** a step in the text turns each hand by its own angle, the same wherever you are.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: turn instead of add
# <a id="rotary"></a><a id="relative"></a>
# For “bites” it doesn't matter whether it's the 3rd word of a book or the 5,000th. What matters is which noun comes just before it. But if you add the clock to the words, and take the sums as query and key, a score becomes a sum of four products:
#
# $$ (x_i+P_i)\cdot(x_m+P_m)=\underbrace{x_i\cdot x_m}_{\text{words}}+\underbrace{x_i\cdot P_m+P_i\cdot x_m}_{\text{a word meets a position}}+\underbrace{P_i\cdot P_m}_{\text{the distance}} $$
#
# The two parts in the middle change when both words move on together. In a model, matrices come in between, and then even the last part no longer depends on the distance alone. So what a model learns about “the word before” at position 5 need not hold at position 500. What would you change?
#
# **Instead of adding the clock, turn the query and the key, as if they were its hands.** The numbers of a query form pairs, and each pair is an arrow: up, right. At position $i$, turn each arrow clockwise by $i$ steps of its frequency, and do the same with the keys. Such positions are called **rotary** (Su et al., 2021). Every layer turns its queries and keys anew, and leaves the values alone.
#
# A query at position 7 meets a key at position 5. What happens to their score if both move on, to 47 and 45? Write $R_i$ for the turn by $i$ steps, and $R_{-i}$ for the turn back. If you turn *both* arrows back by $i$ steps, neither their lengths change nor the angle between them, so their product stays the same:
#
# $$ (R_i\,{\color{#bf5f00}{q}})\cdot(R_m\,{\color{#007fc6}{k}})=(R_{-i}R_i\,{\color{#bf5f00}{q}})\cdot(R_{-i}R_m\,{\color{#007fc6}{k}})={\color{#bf5f00}{q}}\cdot(R_{m-i}\,{\color{#007fc6}{k}}) $$
#
# In the middle the query is turned by $i$ steps and back again, and the key by $m$ steps and then back by $i$. Only the difference of the two positions is left: how far the key is from the query, and on which side. Such positions are called **relative**.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.meet(
    title="Does the score know where it is?",
    caption="One pair that turns like an hour hand: a [query|query (2, 0)] and a [key|key (1, 0)]. "
    "Below: their score if turned, and if the clock is added instead. Move them apart: which row stays equal?",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Check the first clock by hand. A step is an hour, 30°. So at position 7 the query points to seven o'clock, and the key at position 5 to five. That's two hours, or 60°. The query is twice as long as the key, whose length is 1, so the score is $2\cos60°=1$. Move both on, to 47 and 45, and they point to eleven and nine. That's two hours again, so the score is 1 again.
#
# A query of $d$ numbers has $d/2$ pairs, and each turns at its own speed. You can take the speeds of the clock's hands:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.positions: frequencies

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 2 ●●○ · 8 minutes
# **Decide first.** A model writes a text word by word. It keeps the keys of all earlier words, each turned by its position. For each new word it calls `rotary(q, positions=[0])`: “only the distance counts,” says its author, “so I may begin to count at 0 again.” Which scores come out right?
#
# <details><summary>Answer</summary>
#
# Only those of the first word of the text. The distance counts if query and key are counted from the *same* beginning. A query at position 7 that isn't turned meets the key of position 5 as if that key came five positions *later*, instead of two before. So `rotary` has to be told the positions.
#
# </details>
#
# Write this turn. Neighbouring numbers are a pair, and each pair is turned by the $R$ of section Three, with the angle that belongs to its position and its frequency. `x` may have more axes in front of $[T,d]$, for a batch or for heads.
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
assert abs(score(0, 5) - score(2, 7)) < 1e-3  # a query that is not turned meets the key of position 5 as one five later
query, key, sixth = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.pi / 6
assert all(abs(rotary(query, torch.tensor([i * sixth])) @ rotary(key, torch.tensor([m * sixth])).T - 1) < 1e-3 for i, m in ((7, 5), (47, 45)))
assert (30 * 47 % 360, 30 * 45 % 360) == (330, 270) and (30 * 7, 30 * 5) == (210, 150) and 210 - 150 == 60

# %% [markdown] tags=["keep"]
# In the first two lines the key is two positions before the query, and the score is the same. In the third line it's three before, and the score is different.
#
# **Keep this:** turn query and key by their positions, and their score depends only on how far apart they are, and on which side.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: the same text, further on
# <a id="extrapolation"></a>
# All our texts have begun at position 0. Now take the same texts, word for word, but let them begin at position 3, as if three words came before, or at position 42. Working beyond what was trained is called **extrapolation**, and this is its easier half: no two words are farther apart than before.
#
# Here's the third kind of reader, which turns. Its `qkv` is new, and the rest is inherited:

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# chapters.ch04.kept.positions: TurningReader

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A learned table, the clock that you add, and rotary positions: trained from position 0, each is right at "
    "every verb there. Which of them are still right when the same texts begin at position 42?",
    [
        "all three: the texts are the same",
        "the clock and rotary, because a formula goes on",
        "only rotary",
        "none",
    ],
    answer=2,
    because="A rotary score knows only how far the key is from the query, and on which side. Both are the same "
    "as at position 0.",
)

# %% seconds=4 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
learned = AddingReader(nn.Parameter(0.02 * torch.randn(60, 32)))
torch.manual_seed(0)
turning = TurningReader()
for reader in (learned, turning):
    train(reader)

readers = {"rotary": turning, "sinusoidal": sighted, "learned": learned}
for name, reader in readers.items():
    shares = [f"from {first}: {right(reader, first):4.0%}" for first in (0, 3, 42)]
    print(f"{from_cell(name):11}", *shares, sep="   ")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert min(right(reader) for reader in readers.values()) > 0.99 and min(right(turning, first) for first in range(43)) > 0.99
assert max(right(reader, 3) for reader in (sighted, learned)) < 0.2 < right(blind)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Rotary positions go on as if nothing had happened, as they must: their scores don't depend on where a text begins. The other two fail, and when the texts begin at 3 they're worse than the reader without positions. **Guess before you choose 3:** what does the reader with the clock say at “bites”?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
asking(labs.attends(
    {"rotary": turning, "sinusoidal": sighted, "learned": learned},
    [text],
    first=[0, 3, 42],
    start=("sinusoidal", 3),
    title="Who does it, three positions on?",
    caption="Let the text begin at 3, then at 42. Which word gets the [value|weight] of “[query|bites]”?",
), first="0")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
at = {(name, first): readers[name](numbers[:1], first) for name in readers for first in (0, 3, 42)}
says = {key: NOUNS[int(logits[0, 2].argmax())] for key, (logits, _) in at.items()}
assert [says["sinusoidal", first] for first in (0, 3)] == ["dog", "man"] and at["sinusoidal", 3][1][0, 2].argmax() == 4
assert says["sinusoidal", 42] != "dog" and {says["rotary", first] for first in (0, 3, 42)} == {"dog"}
ids, _ = texts(torch.Generator().manual_seed(1_000_000), 500)
assert (sighted(ids, 3)[0][:, 2].argmax(-1) == ids[:, 4] - 2).float().mean() > 0.9
assert [3 + place for place in (1, 4)] == [4, 7]

# %% [markdown]
# It says that the *man* bites. In training, the one who does it was always at position 1, 7 or 13. Now “dog” is at position 4, where a noun was never right, and “man” is at position 7. So the reader hasn't learned “the noun just before me”. It looks near the positions that were right in training.
#
# Nothing in its training asked for more. So let's ask for it: train the same reader again, but let each batch of texts begin at a random position from 0 to 42.

# %% seconds=2 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
wandering = AddingReader(sinusoidal_encoding(60, 32).float())
train(wandering, last=42)
for first in (0, 3, 42):
    print(f"from position {first:2}: {right(wandering, first):.0%} right")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert min(right(wandering, first) for first in range(43)) > 0.95

# %% [markdown]
# So the clock can do it, if it practises. The reader that turns needs no such practice. Its scores depend on distance and direction alone, so what it learned at position 0 holds at 42. Compare the weights of our text at both:

# %% slideshow={"slide_type": "subslide"}
ids = torch.tensor([[WORDS.index(word) for word in text.split()]])
for name, reader in {"sinusoidal": sighted, "rotary": turning}.items():
    early, late = (reader(ids, first)[1] for first in (0, 42))  # the weights, [1, 18, 18]
    change = (late - early).abs().max()
    print(f"{from_cell(name):11} the largest change of a weight: {change:.3f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
early, late = (turning(ids, first)[1] for first in (0, 42))
assert torch.allclose(early, late, atol=1e-3)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
early, late = (sighted(ids, first)[1] for first in (0, 42))
assert (early - late).abs().max() > 0.3

# %% [markdown] tags=["keep"]
# <details><summary>How sure is this?</summary>
#
# We trained these readers with eight seeds. Rotary positions and the clock trained from anywhere were right at every verb, at each of five beginnings. The clock trained from position 0 said the second noun at nearly every first verb when the texts began at 3, and from 42 on it was right at 7 to 55 % of the verbs.
#
# </details>
#
# In a text that is *longer* than those of the training, words are also farther apart than any were in training, and that's hard even for rotary positions. In texts of a hundred sentences our reader is wrong at more than one verb in five, and the annex shows [why, and what helps](04_positional_encoding_annex.ipynb#How-far-does-rotary-reach?).
#
# **Keep this:** practise added positions wherever you'll use them. Turned ones go on wherever a text begins.

# %% jupyter={"source_hidden": true} tags=["asserts"]
recorded, longer = results.load("positions_begins"), results.load("positions_lengths")
assert longer["sentences"][-1] == 100 and max(shares[-1] for part in ("early", "late") for shares in longer[part]) < 0.8
of = {kind: torch.tensor(shares) for kind, shares in recorded["right"].items()}  # [8, begins]
assert recorded["begins"] == [0, 3, 6, 18, 42] and len(recorded["seeds"]) == 8
assert of["rotary"].min() == 1 and of["anywhere"].min() == 1 and min(recorded["second"]) > 0.98
assert [round(100 * x.item()) for x in of["sinusoidal"][:, -1].aminmax()] == [7, 55]

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So who tells attention the order?
# You do. Without positions the dog and the man look alike to “bites”. Add a clock to the words, or a learned table, and the reader knows who bites, at the positions where it was trained. Turn queries and keys instead, and it knows it at position 42, too.
#
# In [the annex](04_positional_encoding_annex.ipynb) you find [the whole table of the clock](04_positional_encoding_annex.ipynb#How-similar-are-two-positions?), [how far it is from the first word to the last](04_positional_encoding_annex.ipynb#What-does-it-cost-to-connect-the-first-word-with-the-last?), and [errors that circulate](04_positional_encoding_annex.ipynb#errors).

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes all three kinds into one file. `python -m mine.positions` trains a reader with each, and lets the same texts begin at position 42.

# %%
from course_kit.mine import keep

keep("positions")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## Train short, read long · 60 minutes
# Each place of a row has a letter and a digit, and a reader of one layer answers two questions about it: which digit came so many places before, and which digit had the same letter the last time. Write the reader's positions, with at most eight learned numbers, so that after training on rows of 16 it reads rows of 64. In a cell, `!course problem 04` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](04_positional_encoding_annex.ipynb#open-questions).
# 1. *Explain:* sinusoids have no parameters and never run out. Why does a model with them still fail further on?
# 2. *Design an experiment:* how many layers does a causal decoder without positions need to tell the order?
# 3. *Why not* use the number $i/T$ as the position?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [permutation equivariant](#equivariant) | 置换等变 | outputs move with the words |
# | [positional encoding](#positional-encoding) | 位置编码 | a vector that tells a word's position |
# | [sinusoidal encoding](#sinusoidal) | 正弦位置编码 | a clock's hands: fast and slow waves |
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
