# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 2 · How does a word find the word that it needs?
# *It asks all of them, and the better a key matches, the more it takes.* You'll keep self-attention with heads, which trains in seconds. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) and matrix products.
#
# ## A room full of people
# <a id="cross-attention"></a>
# “The cow didn't cross the bridge because it was too tired.” Write *wide* instead of *tired*, and *it* means the bridge. A word needs others, and attention finds them. Watch people first.
#
# You need a drum. Cleo has one, but you don't know who she is. So you call “Cleo?” Everybody compares your call with their name, and hands something over. **Guess before you press ▶:** do you get all of her drum?

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch02 import again, exercise, hint, labs, solution
from course_kit.views import plot, predict
from course_kit.views.view import asking, in_class

runtime = course_kit.setup()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
asking(labs.call(
    title="You call, and who answers?",
    caption="Ada holds an apple, Ben a kite, Cleo a drum. Your [query|call] goes to all three, and "
    "meets each [key|name]. Play it, and then call louder.",
))

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# No. You get four fifths of it, and a tenth of each other thing. Call twice as loudly, and nearly all that you hold is hers.
#
# </details>
#
# Attention does the same with numbers. What you call is the **query**, the name that a person goes by is a **key**, and what they hand over is a **value**.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: call, compare, share, hand over
# <a id="scoring-function"></a><a id="dot-product"></a>
# Let Ada's name be (1, 0, 0), Ben's (0, 1, 0) and Cleo's (0, 0, 1). You call for Cleo with (0, 0, 2). Here is what the picture computed:

# %%
names = torch.eye(3)  # keys: a row for each of Ada, Ben, Cleo
things = torch.eye(3)  # values: apple, kite, drum
call = torch.tensor([0.0, 0, 2])  # the query: “Cleo?”
scores = [sum(c * n for c, n in zip(call.tolist(), name.tolist())) for name in names]
total = sum(math.exp(score) for score in scores)
hands = torch.zeros(3)
for who, score, thing in zip(["Ada", "Ben", "Cleo"], scores, things):
    share = math.exp(score) / total
    hands = hands + share * thing
    print(f"{who:4} score {score:.0f}, share {share:.2f}, your hands so far", hands)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.softmax(names @ (2 * call), -1)[2] > 0.95  # “nearly all is hers”
assert scores == [0, 0, 2] and 0.78 < hands[2] < 0.8 and abs(hands[0] - 0.1) < 0.01

# %% [markdown]
# To **compare** two lists of numbers, you multiply number by number and add up. That's the **dot product** $q\cdot k$, and here it's 2 for Cleo and 0 for the others. To **share**, you take chapter 1's softmax: raise e to each score, and divide by the sum. A score of 0 still counts, because $e^0=1$, and so Ada and Ben get a share, too. Then everybody **hands over** their thing, times their share. The shares are usually called **attention weights**.
#
# The loop is how you'd explain attention to a friend. Your computer is faster with whole tables, and then two lines are enough:

# %% slideshow={"point": ["softmax("]}
shares = torch.softmax(names @ call, -1)  # [3, 3] @ [3] -> [3]
print(shares @ things)  # [3] @ [3, 3] -> [3]

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shares @ things, hands)

# %% [markdown]
# What compares a query with a key is called a **scoring function**. In chapter 1 it was a distance. Why do we multiply now? Multiply out the squared distance, and you find the dot product in it:
#
# $$ -\tfrac12\lVert {\color{#bf5f00}{q}}-{\color{#007fc6}{k}}\rVert^2 \;=\; \underbrace{{\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}}}_{\text{how alike}} \;-\; \underbrace{\tfrac12\lVert {\color{#007fc6}{k}}\rVert^2}_{\text{the key alone}} \;-\; \underbrace{\tfrac12\lVert {\color{#bf5f00}{q}}\rVert^2}_{\text{the query alone}} $$
#
# The last part is the same for every key, and a softmax doesn't see what is added to all scores. Our names are equally long, so the middle part is the same for all of them, too. What's left is the dot product. So with names of one length, both ways of comparing give the same shares.
#
# And if one name is longer? Suppose that Ben writes his as (0, 3, 3), and you call (0, 0, 2) for Cleo, whose name is (0, 0, 1). **Who gets the larger score, and why?**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
asking(labs.shadows(
    (0, 2),
    [(0, 1), (3, 3)],
    title="What is a dot product?",
    caption="The last two numbers, as arrows: your [query|call], and the [key|names] of Cleo (left) and of "
    "Ben (right). How long is the [output|shadow] of each on the line of the call?",
))

# %% jupyter={"source_hidden": true} tags=["asserts"]
long_name = torch.tensor([0.0, 3, 3])
assert float(call @ long_name) == 6 and float(call @ names[2]) == 2
far = torch.cdist(call[None], torch.stack([*names[:1], long_name, names[2]]))[0]
assert far.argmin() == 2  # by distance, Cleo's is the nearest
assert torch.allclose(torch.softmax(-0.5 * torch.cdist(call[None], names) ** 2, -1)[0], shares)

# %% [markdown] tags=["keep"]
# Ben does, with 6 against her 2. Let the name fall straight onto the line of the call: Ben's shadow there is 3 long, and Cleo's 1. Times the length of the call, 2, that's the dot product. In geometry it's $q\cdot k=\lVert q\rVert\,\lVert k\rVert\cos\theta$, where θ is the angle between the two. So a long key can win although it points elsewhere.
#
# **Keep this:** a dot product says how well two vectors agree in direction, times both their lengths.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: why divide by √d?
# <a id="scaled-dot-product"></a>
# Let d be how many numbers a name has. Before a network has learned anything, its calls and names mean nothing. So let's draw random numbers, with mean 0 and mean square 1, for 24 people. Your call doesn't mean anybody, so you'd expect everybody to get about the same share.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "24 people, each with a name of d = 64 random numbers, and you call 64 random numbers. We try it in a "
    "thousand such rooms. In how many of them does one person get more than 90 % of your attention?",
    ["hardly any: you called nobody", "about one in ten", "about half"],
    answer=2,
    because="In half of the rooms. The scores are about 8 in size, and then the largest of 24 is often far "
    "above the next.",
)

# %%
generator = torch.Generator().manual_seed(1)
calls = torch.randn(1000, 1, 400, generator=generator)
random_names = torch.randn(1000, 24, 400, generator=generator)  # 24 in each room

def certain(d, divisor):
    """In how many rooms one person gets over 90 % of the attention, with d numbers."""
    scores = (calls[..., :d] * random_names[..., :d]).sum(-1) / divisor  # [1000, 24]
    return (torch.softmax(scores, -1).amax(-1) > 0.9).float().mean().item()

for d in [4, 64, 400]:
    print(f"d = {d:3}: q·k {certain(d, 1):4.0%}, q·k/√d {certain(d, d**0.5):4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(certain(d, 1), 2) for d in (64, 400)] == [0.50, 0.78] and certain(4, 2) < 0.01 and certain(64, 8) == certain(400, 20) == 0
all_scores = (calls[..., :64] * random_names[..., :64]).sum(-1)
assert 7.5 < all_scores.std() < 8.5

# %% [markdown] slideshow={"slide_type": "slide"}
# With 64 numbers every second caller is certain of somebody, by pure chance. Why? A dot product adds up d products, some above zero and some below. They cancel only in part, and the more you add, the farther the sum strays from zero.
#
# How far? The mean of a product of independent numbers is the product of their means. So $q_1k_1$ has mean 0. Its square, $q_1^2$ times $k_1^2$, has mean 1 · 1 = 1. For numbers of mean 0 the mean square is called the *variance*. The d products are independent, too, and then their variances add up:
#
# $$ \mathrm{var}(q\cdot k)=\mathrm{var}(q_1k_1)+\dots+\mathrm{var}(q_dk_d)=d $$
#
# A typical size is the square root of the variance: √d. Divide every score by √d, and it's about 1 in size, whatever d is. That's why the second column says 0 %. Try it:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sizes = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 400]

def shares_by_size(divided):
    products = [(calls[:10, :, :d] * random_names[:10, :, :d]).sum(-1) for d in sizes]
    divisors = [d**0.5 if divided else 1 for d in sizes]
    scores = [x / divisor for x, divisor in zip(products, divisors, strict=True)]
    return torch.softmax(torch.stack(scores), -1)  # [17, 10, 24]

plot.maps(
    {"softmax(q·k)": shares_by_size(False), "softmax(q·k / √d)": shares_by_size(True)},
    "query",
    "key",
    along=("size d", sizes, 64),
    scale="share",
    title="Why divide by √d?",
    caption="A row for each of ten [query|callers]: the shares of the 24 [key|people] in the room. "
    "Move d down to 4, and up to 400: what becomes of the rows?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (shares_by_size(False)[sizes.index(64)].amax(-1) > 0.9).sum() >= 3 and (shares_by_size(False)[sizes.index(4)].amax(-1) > 0.9).sum() <= 1
assert (shares_by_size(False)[-1].amax(-1) > 0.9).sum() >= 7 and shares_by_size(True)[-1].max() < 0.6

# %% [markdown] tags=["keep"]
# Why does it matter? With such calls and names, half of the rooms are certain before anything has been learned. And the larger d is, the closer most shares get to 0 or 1. Such a softmax is **saturated**, and hardly any gradient gets through. The annex has [its slope as a curve over d](02_scoring_functions_annex.ipynb#response), and [a small model trained with √d and without](02_scoring_functions_annex.ipynb#trained-without).
#
# **Keep this:** dot products of d independent random numbers of mean 0 and size 1 are about √d in size. Divide them by √d.

# %% [markdown] tags=["card"]
# ### Exercise 1 ●○○ · 6 minutes
# **Decide first.** A colleague divides by the root of how many *people* there are, and tests it in a room of four, whose names have four numbers. Will the test find the mistake? What would a better test look like?
#
# <details><summary>Answer</summary>
#
# It won't: there both numbers are 4, so the wrong divisor is right by luck. In a good test no two sizes are equal, and none is √d. Below there are two calls, four people, and nine numbers to a name.
#
# </details>
#
# Now write the **scaled dot product**, $q\cdot k/\sqrt d$, for many rooms at once; d is D in the docstring. `x.mT` transposes every matrix of a batch: [B, K, D] becomes [B, D, K].
#
# <!-- example: scaled dot-product score -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product score")
def scaled_score(queries, keys):
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: scaled dot-product score -->

# %% [markdown] slideshow={"slide_type": "skip"}
# Try yours on your call, but take a pencil first. Cleo's score was 2, and now it's divided by √3. What is her share? You need $2/\sqrt3\approx1.155$ and $e^{1.155}\approx3.17$.

# %%
one_room = scaled_score(call[None, None], names[None])  # one room: [1, 1, 3]
print(torch.softmax(one_room, -1))

# %% jupyter={"source_hidden": true} tags=["asserts"]
pencil = torch.softmax(scaled_score(call[None, None], names[None]), -1)[0, 0]
assert abs(pencil[2] - 3.17 / 5.17) < 1e-3 and round(2 * 3**-0.5, 3) == 1.155 and round(math.exp(1.155), 2) == 3.17

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: empty chairs
# <a id="padding"></a><a id="causal-mask"></a>
# A computer works on many rooms at once, as one tensor, so all of them must have the same number of chairs. In a small room some stay empty. With sentences it's the same: short ones are filled up by **padding**.
#
# ```text
# room 1   Ada   Ben   Cleo      Dan
# room 2   Ada   Ben   (empty)   (empty)
# ```
#
# An empty chair must not get a share. We know which chairs are taken: True, True, False, False. Such a list is called a **mask**. Where would you put it: before the softmax or after it?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In room 2 you call “Ben?”, with a 2. Suppose that we multiply the scores of the empty chairs by 0, and then take "
    "the softmax. How much of your attention goes to empty chairs?",
    ["none: zero times anything is zero", "about a fifth", "about half"],
    answer=1,
    because="About a fifth. The scores are 0, 2, 0, 0, and a score of 0 still gets the share of e⁰ = 1: both chairs "
    "together 2 of 10.4.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
chairs = ["Ada", "Ben", "chair 3", "chair 4"]
looks = torch.tensor([[0.0, 2, 0, 0], [2, 0, 0, 0], [0, 2, 0, 0], [0, 2, 0, 0]])
labs.masking(
    looks,
    chairs,
    length=2,
    title="What leaks if the mask comes at the wrong step?",
    caption="Room 2: Ada calls Ben, Ben calls Ada. Below is the right order of the steps. Try the three others, too. Nobody reads the "
    "rows of the empty chairs.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(2 / (3 + math.exp(2)), 2) == 0.19 and round(3 + math.exp(2), 1) == 10.4
by_order = {order: labs.masking(looks, chairs, length=2, order=order).compute() for order in ("times", "after")}
assert round(by_order["times"][2][0, 2:].sum().item(), 2) == 0.19
assert torch.allclose(by_order["after"][2][0] / by_order["after"][2][0].sum(), labs.masking(looks, chairs, length=2).compute()[2][0])

# %% [markdown] tags=["keep"]
# A fifth leaks if you multiply the scores by 0, because a score of 0 doesn't silence anybody. The score that gives a share of exactly nothing is −∞, because $e^{-\infty}=0$. So we write −∞ where the mask is False, **before** the softmax.
#
# A mask can hide other things than empty chairs. A model that learns to write must not see the words that are still to come, or it would copy them. So word *t* may reach the first *t* words only. This is the **causal mask**, a triangle of True: `torch.ones(T, T).tril().bool()`. You'll need it in chapter 5.
#
# **Keep this:** hide a key by making its score −∞, before the softmax. The others share the 1.

# %% [markdown] tags=["card"]
# ### Exercise 2 ●●○ · 6 minutes
# **Decide first.** The steps are: compare, divide by √d, mask, softmax, hand over. Three people exchange two of them. The first masks before dividing, the second takes the softmax before dividing, the third takes the softmax before masking. Who still has the same result?
#
# <details><summary>Answer</summary>
#
# Only the first: −∞ divided by √d is still −∞.
#
# </details>
#
# Now put the five together. Your `masked_softmax` of chapter 1 does two of them.
#
# <!-- example: scaled dot-product attention -->

# %%
from mine import masked_softmax  # (scores, mask) -> shares, yours of chapter 1

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product attention")
def scaled_dot_product_attention(q, k, v, mask=None):
    """q [..., Q, D], k [..., K, D], v [..., K, Dv], mask [..., Q or 1, K] bool or None
    -> output [..., Q, Dv], weights [..., Q, K]; the dots are any batch"""
    raise NotImplementedError

# %% [markdown] slideshow={"point": ["masked_softmax("], "slide_type": "subslide"}
# <!-- solution: scaled dot-product attention -->
#
# PyTorch has this in one call, which gives the output alone. Does yours agree with it, in a room of four and in one of two?

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
q, k, v = torch.randn(3, 2, 4, 9)  # two rooms of four chairs, nine numbers
taken = torch.arange(4) < torch.tensor([4, 2])[:, None, None]  # [2, 1, 4]
output, weights = scaled_dot_product_attention(q, k, v, taken)
gap = (output - F.scaled_dot_product_attention(q, k, v, taken)).abs().max()
print(tuple(output.shape), tuple(weights.shape), "equal:", bool(gap < 1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-5 and (weights[1, :, 2:] == 0).all()
theirs = nn.MultiheadAttention(9, 1, bias=False, batch_first=True)
with torch.no_grad():  # one head, the identity for each matrix
    theirs.in_proj_weight.copy_(torch.eye(9).repeat(3, 1))
    theirs.out_proj.weight.copy_(torch.eye(9))
    other_way = theirs(q, k, v, key_padding_mask=~taken[:, 0])[0]
assert torch.allclose(other_way, output, atol=1e-5)

# %% [markdown]
# In our code True means *may be reached*. PyTorch's layer `nn.MultiheadAttention` reads masks the other way round: there True means hidden.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have attention, and it computes what PyTorch's does. So far *we* wrote every call and every name. Where do they come from, and can they be learned? Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: looking for somebody, and being found
# <a id="self-attention"></a>
# At the door you called from outside. When queries come from somewhere else than keys, it's called **cross-attention**. Now everybody in the room looks for somebody: Ada for Ben, Ben for Cleo, and Cleo for Ada. When those who ask are also those who are asked, it's **self-attention**.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.circle(
    title="Who looks for whom?",
    caption="Ada, Ben and Cleo stand in a circle, and each has [query|a wish].",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Suppose that each person had just one vector, to call with and to be called by. You may choose the three "
    "vectors as you like. Can each person give most attention to the one they look for?",
    [
        "yes, any three different vectors do",
        "yes, if the vectors are long enough",
        "no, not all three of them",
    ],
    answer=2,
    because="No. Ada·Ben is the same number as Ben·Ada. So what draws Ada to Ben also draws Ben "
    "to Ada, although Ben looks for Cleo.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
wanted = [1, 2, 0]  # Ada looks for number 1, Ben; Ben for Cleo; Cleo for Ada
def find(x, who):  # a search for vectors with which these people attend to the one they look for
    optimiser = torch.optim.Adam([x], lr=0.05)
    for _ in range(400):
        alike = torch.softmax(x @ x.T, -1)
        optimiser.zero_grad()
        (-alike[who, [wanted[i] for i in who]].log().mean()).backward()
        optimiser.step()
    return alike.detach()
for seed in range(2):
    start = torch.randn(3, 16, generator=torch.Generator().manual_seed(seed))
    assert torch.allclose(find(start.clone().requires_grad_(), [0, 1, 2]), torch.full((3, 3), 1 / 3), atol=0.02)
    assert find(start.clone().requires_grad_(), [0, 1])[[0, 1], [1, 2]].min() > 0.9

# %% [markdown]
# Write the three wishes down. A dot product is the same both ways, so you can put them in a row:
#
# $$ \text{Ada·Ben} \;>\; \text{Cleo·Ada} \;>\; \text{Ben·Cleo} \;>\; \text{Ada·Ben} $$
#
# Ada wants Ben rather than Cleo, Cleo wants Ada rather than Ben, and Ben wants Cleo rather than Ada. So a number would have to be larger than itself, and no three vectors can do it, however long they are. Looking for somebody is one job, and being found is another. Let's give each person a vector for each. And a third for what they hand over, because whoever looks for Cleo wants her drum, and not her name.
#
# All three can be made from what we know about a person. Let a person be nine numbers: three for the name, three for whom they look for, three for what they hold. Then one matrix picks out the wish, one the name, and one the thing:

# %% slideshow={"slide_type": "subslide", "point": ["W_Q = ", "W_K = ", "W_V = "]}
I, O = torch.eye(3), torch.zeros(3, 3)
X = torch.cat([I, I[[1, 2, 0]], I], -1)  # Ada, Ben, Cleo: name, looks for, holds
W_Q = torch.cat([O, 8 * I, O])  # [9, 3]: the wish, and loud
W_K = torch.cat([I, O, O])  # the name
W_V = torch.cat([O, O, I])  # the thing
output, _ = scaled_dot_product_attention(X @ W_Q, X @ W_K, X @ W_V)
print(X.int(), output, sep="\n")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert output[0, 1] > 0.98 and output[1, 2] > 0.98 and output[2, 0] > 0.98

# %% [markdown] slideshow={"slide_type": "slide"}
# Read the last three rows: Ada gets 98 % of Ben's kite, Ben gets Cleo's drum, and Cleo gets Ada's apple. In formulas, for all people at once, as rows of $X$:
#
# $$ {\color{#bb51a8}{Y}}=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q}}\,{\color{#007fc6}{K}}^\top}{\sqrt d}\Big){\color{#008a67}{V}},\qquad Q=XW_Q,\;K=XW_K,\;V=XW_V $$
#
# In other people's code the matrices have names like `q_proj` or `W_query`, and some books call a row of $Y$ a *context vector*. With T people the shares are a table of T × T numbers. For a text of twice the length it's four times as large, which is one reason why very long texts cost so much.
#
# What decides who gets whom? Before it's divided by √d, the score of person *i* with person *j* is
#
# $$ {\color{#bf5f00}{q_i}}\cdot{\color{#007fc6}{k_j}}\;=\;x_i\,{\color{#bf5f00}{W_Q}}{\color{#007fc6}{W_K}}^{\top}x_j^\top. $$
#
# In the middle stands a table, with a row for each number of the one who asks, and a column for each number of the one who is asked. Here is yours, divided by √d and rounded:

# %%
written = W_Q @ W_K.T / 3**0.5  # [9, 9], over √d as in a score
print(written.round().int())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(written[3, 0].item(), 1) == 4.6 and (written != 0).sum() == 3 and written[[3, 4, 5], [0, 1, 2]].min() > 4.6

# %% [markdown] tags=["keep"]
# Read its fourth row: *looks for Ada* goes with *is called Ada*. Two more entries say the same of Ben and Cleo, and everything else is 0. The table isn't symmetric: if Ada looks for Ben, you learn nothing about whom Ben looks for.
#
# **Keep this:** a query asks, a key is found, a value is given. Each is made by a matrix of its own.

# %% [markdown] tags=["card"]
# ### Exercise 3 ●●○ · 8 minutes
# Now the layer, a class with three matrices, `query`, `key` and `value`. **Decide first:** a person is 24 numbers, and queries, keys and values are 8 numbers long. How many parameters does the layer have? How many more does it need if twice as many people come into the room?
#
# <details><summary>Answer</summary>
#
# Three matrices of 24 × 8 are 576 parameters, and it needs no more: the same matrices serve everybody.
#
# </details>
#
# `nn.Linear(D, d, bias=False)` is a matrix $W$ that is learned: called with x [T, D] it gives $xW$, [T, d]. (It stores the transpose, [d, D].) In the example `head_size` is nine, and nobody may ask the third person. The query repeats the first number of x nine times, the key repeats the second, and the value is 2 × first + second.
#
# <!-- example: a self-attention layer -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("a self-attention layer")
class SelfAttention(nn.Module):
    def __init__(self, size, head_size, value_size):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, mask=None):
        """x [B, T, D], mask [B, 1, T] bool or None
        -> output [B, T, dv], weights [B, T, T]"""

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(p.numel() for p in SelfAttention(24, 8, 8).parameters()) == 3 * 24 * 8 == 576

# %% [markdown] slideshow={"point": ["self.query", "scaled_dot_product_attention("], "slide_type": "subslide"}
# <!-- solution: a self-attention layer -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: can it be learned?
# You knew what to put into the matrices, because you knew which numbers are the name and which the wish. For words nobody knows. So can your layer find out *by itself* who needs whom?
#
# We give it rooms of three to eight people, whose names, wishes and things are drawn at random. Some look for themselves. All that we tell it is which thing each person should have got. There are eight names and eight things, so a person is 24 numbers, zeros and ones. (`F.one_hot(i, 8)` writes a number i so, and `gather` looks up what the person at place `w` has.)

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.toy_tasks: rooms

# %% slideshow={"slide_type": "subslide"}
torch.manual_seed(0)
x, there, needed = rooms(1)  # [1, 8, 24], [1, 8], [1, 8]: one room
print(f"{int(there.sum())} people. The first one’s name, wish and thing:")
print(x[0, 0].view(3, 8).int())
print("she needs thing number", int(needed[0, 0]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
person = x[0, 0].view(3, 8).argmax(-1).tolist()
assert len({*person, int(needed[0, 0])}) == 4  # four different numbers, so that nothing can be mixed up

# %% [markdown]
# The loop is chapter 1's: guess, measure the mean squared error, take a step. `[there]` picks the people who are there, and `Adam` is gradient descent that chooses a step size for each parameter. `served` is the share of people in 500 new rooms whose largest number is the right thing.

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    x, there, needed = rooms(64)
    output, _ = SelfAttention(24, 8, 8)(x, there[:, None])
    (output - F.one_hot(needed, 8))[there].pow(2).mean().backward()

for_training(one_step)  # with nothing solved it does nothing

# %%
import copy

@torch.no_grad()  # no gradients: nothing is trained here
def served(layer):
    x, there, needed = rooms(500)
    right = layer(x, there[:, None])[0].argmax(-1) == needed  # [500, 8]
    return right[there].float().mean().item()

torch.manual_seed(0)
layer = SelfAttention(size=24, head_size=8, value_size=8)
optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
trained = {0: copy.deepcopy(layer)}  # the layer after so many steps

# %% slideshow={"point": ["loss = ", "backward()", "optimiser.step()"], "slide_type": "subslide"} steps=[100] tags=["training"]
for step in range(1, 101):
    x, there, needed = rooms(64)  # [B, T, 24], [B, T], [B, T]
    output, _ = layer(x, there[:, None])
    loss = (output - F.one_hot(needed, 8))[there].pow(2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step in (20, 40, 60, 100):
        trained[step] = copy.deepcopy(layer)
        print(f"step {step:3}: {served(layer):4.0%} of the people get what they need")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert served(trained[100]) >= 0.995

# %% [markdown]
# It can. In 500 rooms that the layer has never seen, everybody gets what they need. Watch it learn:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.room(
    trained,
    title="Who attends to whom?",
    caption="Each person has a [key|name tag], [query|a wish] and a [value|thing in hand]. The arrows are "
    "the shares after so many steps. Send Ada to somebody else.",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
room = labs.room(trained)
assert room.describe().endswith("5 of 5 are served.") and [said.endswith("5 of 5 are served.") for said in room.options["said"][len(trained) - 1 :: len(trained)]] == [True] * 5

# %% [markdown]
# What has it learned? Print its table, as you printed yours:

# %% slideshow={"slide_type": "skip", "point": ["learned = "]}
with torch.no_grad():
    # a Linear stores its matrix transposed, so query.weight.T is W_Q
    learned = layer.query.weight.T @ layer.key.weight / 8**0.5  # [24, 24], over √d
print(learned[8:16, :8].round().int())  # a row for each wish, a column for each name

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
who = [f"name {n}" for n in range(8)] + [f"wish {n}" for n in range(8)] + [f"thing {n}" for n in range(8)]
people = ["Ada", "Ben", "Cleo"]
nine = [*people, *(f"looks for {name}" for name in people), "apple", "kite", "drum"]
plot.maps(
    {"you wrote": written, "it learned": learned},
    {"you wrote": nine, "it learned": who},
    {"you wrote": nine, "it learned": who},
    signed=["you wrote", "it learned"],
    limits=(0, 6),
    axes=("who asks", "who is asked"),
    title="What goes with what?",
    caption="Your table, 9 by 9, and the learned one, 24 by 24. In both, one diagonal stands out: where a "
    "[query|wish] meets its [key|name].",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
same, corner = torch.eye(8, dtype=torch.bool), learned[8:16, :8]
assert corner[same].round().min() >= 4 and corner[same].round().max() <= 6 and corner[~same].max() < 2
assert max(learned[:8].abs().max(), learned[16:].abs().max(), learned[8:16, 8:].abs().max()) < 0.6

# %% [markdown] tags=["keep"]
# There's your diagonal. In this run each wish goes with its name at 4 to 6, and no other entry of the table is above 2. You wrote your table by hand. Nobody wrote this one.
#
# **Keep this:** $W_QW_K^\top$ is a learned table of what goes with what.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: two wishes at once
# <a id="head"></a>
# Now everybody looks for *two* people, a first and a second, and needs both their things, in this order. But in your layer a person has one row of shares. She can give half to the one and half to the other, and then she holds two half things, and nothing in them says which comes first.
#
# What she needs is a second row. A layer that makes one row of shares is called a **head**, and you have one: it's your `SelfAttention`. Let several heads look at the same people, each with matrices of its own. Put what they bring back side by side, and let a last matrix, $W_O$, mix it. Its output has the size of x. We'll read the first thing in the first eight of its numbers, and the second in the next eight.

# %% [markdown] tags=["card"]
# ### Exercise 4 ●●○ · 8 minutes
# **Decide first.** A colleague adds up the scores of two heads, and takes one softmax of the sum. Does each person have two questions now?
#
# <details><summary>Answer</summary>
#
# No. The sum of two dot products is one dot product of longer vectors. So there's still one row of shares.
#
# </details>
#
# Now write the layer. The heads are in `heads`, an `nn.ModuleList`, and the last matrix is `out`. `torch.cat(…, -1)` puts outputs side by side, `torch.stack(…, 1)` lays the tables of shares on top of each other.
#
# In the example nobody may ask the third person. Head 1 asks with the first number of x, is found by the second, and gives the third; head 2 asks with the second, is found by the third, and gives the first. `out` gives head 1, head 2, and their sum.
#
# <!-- example: heads -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("heads")
class Heads(nn.Module):
    def __init__(self, size, heads, head_size, value_size):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, mask=None):
        """x [B, T, D], mask [B, 1, T] bool or None
        -> output [B, T, D], weights [B, H, T, T]"""

# %% [markdown] slideshow={"point": ["torch.cat"], "slide_type": "subslide"}
# <!-- solution: heads -->

# %% [markdown] slideshow={"slide_type": "skip"}
# You have 1,536 parameters for queries, keys and values, and you may spend them as you like: on one head of 16 numbers, on two of 8, or on four of 4.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Each is trained on two wishes, with five different beginnings. How many wishes will one head of 16 serve, and two "
    "heads of 8?",
    [
        "both nearly all: they have the same number of parameters",
        "one head about two thirds, two heads all of them",
        "one head half of them, two heads about two thirds",
    ],
    answer=1,
    because="One head serves about two thirds, two heads all.",
)

# %% jupyter={"source_hidden": true}
def one_step_of_two():
    x, there, needed = rooms(64, wishes=2)
    output, _ = Heads(32, 2, 8, 8)(x, there[:, None])
    (output[..., :16] - F.one_hot(needed, 8).flatten(2))[there].pow(2).mean().backward()

for_training(one_step_of_two)

# %% slideshow={"slide_type": "skip"}
def learn(layer, steps=100):
    """Train it on two wishes -> the share of first and second wishes served, [2]."""
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
    for _ in range(steps):  # all rooms are new, so those of the last step are a test
        x, there, needed = rooms(64, wishes=2)  # [64, 8, 32], [64, 8], [64, 8, 2]
        output = layer(x, there[:, None])[0][..., :16]  # two things of 8 numbers
        loss = (output - F.one_hot(needed, 8).flatten(2))[there].pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    right = output.unflatten(2, (2, 8)).argmax(-1) == needed  # [64, 8, 2]
    return right[there].float().mean(0)

# %% slideshow={"slide_type": "fragment"} tags=["training"]
for heads in (1, 2, 4):
    shares = []
    for seed in range(5):
        torch.manual_seed(seed)
        size = 16 // heads
        spent = Heads(size=32, heads=heads, head_size=size, value_size=size)
        shares.append(learn(spent))  # [2]
    print(f"{heads} × {size:2}", end="")
    for wish, served in enumerate(torch.stack(shares, dim=1), 1):
        print(f"   wish {wish}: {served.min():4.0%} to {served.max():4.0%}", end="")
    print()

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
by_heads = {}
for heads in (1, 2, 4):
    torch.manual_seed(7)
    by_heads[heads] = Heads(32, heads, 16 // heads, 16 // heads)
    assert sum(p.numel() for head in by_heads[heads].heads for p in head.parameters()) == 1536
    by_heads[heads] = learn(by_heads[heads]).mean().item()
assert 0.58 < by_heads[1] < 0.7 and by_heads[2] > 0.99 and by_heads[4] > 0.99
_, there, needed = rooms(5000, wishes=2)
alike = (needed[..., 0] == needed[..., 1])[there].float().mean().item()
assert round(100 * alike) in (28, 29) and round(100 * (alike + (1 - alike) / 2)) == 64 and 28 + 72 / 2 == 64

# %% [markdown]
# With two heads nearly every wish is served, and there are no more parameters than with one. And why does one head serve nearly two thirds? It hasn't chosen one of the wishes, because it serves both about equally often. In 28 % of the cases both things are the same, and then it's right. In the others it holds both and has to guess their order, and half of these guesses are right. Together that's 64 %.
#
# What does each of two heads ask? Nobody told them who should look after which wish, because $W_O$ can mix them in any way. Train two more, and look in the table of each where the first wishes meet the names, and where the second ones do:

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
two = Heads(size=32, heads=2, head_size=8, value_size=8)
learn(two, steps=300)
for number, head in enumerate(two.heads, 1):
    table = (head.query.weight.T @ head.key.weight / 8**0.5).detach()  # [32, 32]
    first, second = table[8:16, :8].diag().mean(), table[16:24, :8].diag().mean()
    print(f"head {number}: first wish with its name {first:3.1f}, second {second:3.1f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
def corners(head):
    return (head.query.weight.T @ head.key.weight / 8**0.5).detach()[8:24, :8]

wishes = [f"first wish {n}" for n in range(8)] + [f"second wish {n}" for n in range(8)]
plot.maps(
    {"head 1": corners(two.heads[0]), "head 2": corners(two.heads[1])},
    {"head 1": wishes, "head 2": wishes},
    {"head 1": [f"name {n}" for n in range(8)], "head 2": [f"name {n}" for n in range(8)]},
    signed=["head 1", "head 2"],
    limits=(0, 6),
    axes=("who asks", "who is asked"),
    title="Which wish does each head look after?",
    caption="The [query|first wishes] above, the second ones below, and the [key|names] across. Compare the two.",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
strength = torch.stack([torch.stack([corners(head)[:8].diag().mean(), corners(head)[8:].diag().mean()]) for head in two.heads])
assert (strength.max(-1).values > 4.5).all() and (strength.min(-1).values < 3.5).all() and strength.argmax(-1).tolist() in ([0, 1], [1, 0])

# %% [markdown]
# In this run they've divided the work: one mostly asks for the first wish, and the other for the second. From another beginning it may be the other way round.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### All heads at once
# Your `Heads` works on one head after the other. Large models ask all at once: one large matrix makes the queries of all heads, and `cut` cuts them into pieces. Here's the whole layer, which you can take into any project, because all it needs is torch. The lines that you haven't met are marked *new*:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch02.kept.attention: MultiHeadSelfAttention

# %% [markdown] slideshow={"slide_type": "skip"}
# `unflatten` cuts each vector into equal pieces, so `num_heads` must divide `embed_dim`. `transpose` puts the heads in front of the people, so PyTorch treats them like more rooms. **Dropout** sets shares to 0 at random, each with probability p, and divides the others by 1 − p; after `eval()` it does nothing. (Here each row of the mask needs a True: a row without any would give NaN.) Two heads of 16 numbers fill its 32. So give it the matrices of such a `Heads`, one below the other: is it the same? Then let it learn the two wishes.

# %% slideshow={"slide_type": "skip"} tags=["training"]
slow = Heads(size=32, heads=2, head_size=16, value_size=16)
fast = MultiHeadSelfAttention(embed_dim=32, num_heads=2)
with torch.no_grad():
    for name in ("query", "key", "value"):
        of_heads = [getattr(head, name).weight for head in slow.heads]  # two of [16, 32]
        getattr(fast, name).weight.copy_(torch.cat(of_heads))
    fast.out.weight.copy_(slow.out.weight)
x, there, _ = rooms(64, wishes=2)
gap = (slow(x, there[:, None])[0] - fast(x, there[:, None])[0]).abs().max()
print("equal:", bool(gap < 1e-5), f" served, after 100 steps: {learn(fast).mean():.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert gap < 1e-5 and learn(fast, steps=50).mean() > 0.99
from course_utils.attention import MultiHeadAttention
torch.manual_seed(0)
attention = MultiHeadSelfAttention(embed_dim=24, num_heads=3, dropout=0.1)
causal, lengths = torch.ones(6, 6).tril().bool(), torch.tensor([6, 3])
mask = causal & (torch.arange(6) < lengths[:, None, None])  # [2, 6, 6]
_, by_head = attention(torch.randn(2, 6, 24), mask)
whole, x = MultiHeadAttention(24, 3, bias=False), torch.randn(2, 6, 24)
whole.load_state_dict(attention.state_dict())
attention.eval()
assert all(torch.allclose(whole(x, x, m)[0], attention(x, m)[0], atol=1e-5) for m in (None, causal, mask))
assert (by_head.triu(1) == 0).all() and (by_head[1, ..., 3:] == 0).all() and by_head.shape == (2, 3, 6, 6)
theirs = nn.MultiheadAttention(24, 3, bias=False, batch_first=True)
theirs.in_proj_weight.data = torch.cat([part.weight for part in (attention.query, attention.key, attention.value)])
theirs.out_proj.weight.data = attention.out.weight
assert torch.allclose(theirs(x, x, x, attn_mask=~causal)[0], attention(x, causal)[0], atol=1e-5)
attention.train()(x, causal)[0].sum().backward()
assert all(p.grad.abs().sum() > 0 for p in attention.parameters())

# %% [markdown] tags=["keep"]
# It computes what a `Heads` of two does, and it serves nearly every wish, too.
#
# **Keep this:** a head has one row of shares for each word. Several heads can ask several questions at once.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Let the words in
# <a id="words"></a>
# Now the people leave, and our sentence comes in: “The cow didn't cross the bridge because it was too tired.” Each word is a row of numbers, and learned matrices make its query, its key and its value. You'll see one of the twelve heads of the translator of [Start here](00_start_here.ipynb), the one whose arcs you saw there.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The word “tired” asks. Who gets most of its attention?",
    ["“it”, which stands nearby", "“cow”", "“bridge”"],
    answer=1,
    because="“cow”, with more than 99 %. Press “wide” in place of “tired”, and “bridge” gets 85 %.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
in_class(labs.adjective_asks(
    title="Whom does the adjective ask?",
    caption="“The cow didn't cross the bridge because it was too …” Choose the last word, the [query|one who asks].",
), "word")

# %% [markdown]
# The cow answers, and if you put *wide* in the place of *tired*, the bridge does. Here are the scores that this head gives to more words. A row is a word that asks, a column one that is asked:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch02.experiments.words import ADJECTIVES, ANIMALS, PLACES, asks, table

head_table = table()
plot.maps(
    {"animals": head_table[:, :8], "places": head_table[:, 8:]},
    {"animals": list(ADJECTIVES), "places": list(ADJECTIVES)},
    {"animals": list(ANIMALS), "places": list(PLACES)},
    signed=["animals", "places"],
    limits=(0, 7),
    axes=("who asks", "who is asked"),
    title="What goes with what, in words?",
    caption="Scores, over √d, of each [query|adjective] with each [key|noun], in “The … didn't cross the … because "
    "it was too …”. Point at one.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert asks()[0, 1] > 0.99 and round(asks()[ADJECTIVES.index("wide"), 5].item(), 2) == 0.85
rows = {word: (head_table[n, :8], head_table[n, 8:]) for n, word in enumerate(ADJECTIVES)}
for word in ("tired", "weak", "hungry"):
    assert rows[word][0].min() > rows[word][1].max()
for word in ("wide", "high", "dangerous", "dirty"):
    assert rows[word][1].mean() > rows[word][0].max()

# %% [markdown]
# In sentences like ours, *tired*, *weak* and *hungry* go with the animal, and *wide*, *high* and *dangerous* with the place. Nobody wrote this table, either. It's from the one head of twelve in which you see it best. The translator was only shown English sentences with their French, where a cow is *elle* and a bridge *il*. To choose between them, it may help to know who was tired.
#
# What a word takes is then added to its own numbers, and in the next layer it can ask again. A large model does this dozens of times, with dozens of heads each time.
#
# So how does a word find the word that it needs? It asks with its query, finds others by their keys, and takes a share of their values. What attention lacks is order: in the room it didn't matter who sat where, but in a sentence it does. Chapter 4 is about that.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# Your functions and layers join those of chapter 1 in `mine/attention.py`, and `python -m mine.rooms` trains one in a room.

# %%
from course_kit.mine import keep

keep("attention", "rooms")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A look-up, by hand · 30 minutes
# One layer of attention can look a value up in a table of 64 keys without any training. Write its three matrices so that the last row, which asks, gets the value of its key within 0.05 in 99 tables of a hundred, and does not find itself. In a cell, `!course problem 02` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](02_scoring_functions_annex.ipynb#open-questions).
# 1. *Prove:* $W_QW_K^\top$ is all that a score sees of the two matrices, for a given d. How many numbers about a person can it use?
# 2. *Design an experiment:* how few numbers may a query have in our rooms?
# 3. *Why not* let the values be the keys?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [scoring function](#scoring-function) | 评分函数 | query and key → number (alignment function, 对齐函数) |
# | [dot product](#dot-product) | 点积 | multiply and add up |
# | [scaled dot-product attention](#scaled-dot-product) | 缩放点积注意力 | scores divided by √d |
# | [padding](#padding) | 填充 | filling up |
# | [causal mask](#causal-mask) | 因果掩码 | nothing later is seen |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries and keys from two |
# | [self-attention](#self-attention) | 自注意力 | all three from one sequence |
# | [head](#head) | 注意力头 | one question |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(2)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: attention learns to translate
# In chapter 3 a translator looks back with queries and keys that it makes itself.
#
# **→ [3 · What does a translator look at?](03_seq2seq.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](02_scoring_functions_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 2, edition <!-- edition -->, and the heading above it.*
