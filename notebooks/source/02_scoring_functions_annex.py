# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 · Annex: twelve scores, and what circulates about them
# Each section stands alone: choose one by its question. In the notebook, run the first cell before any of them. It belongs to [the lesson](02_scoring_functions.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import torch
import course_kit
from chapters.ch02 import again, exercise, find_error, hint, labs, solution
from course_kit import results
from course_kit.i18n import from_cell
from course_kit.views import Table, heatmap, plot, predict
from course_utils.attention import masked_softmax, scaled_dot_product_attention
from chapters.ch02.experiments.costs import trained_scores
from chapters.ch02.scores import SCORES

runtime = course_kit.setup()
compass = {
    "short": [0.7, -0.1],
    "long": [2.4, 2.0],
    "up": [-0.3, 1.4],
    "back": [-1.5, -0.4],
}

# %% [markdown]
# ## Which twelve?
# <a id="twelve"></a>
# A survey (Chaudhari et al. 2021) lists twelve scoring functions, or *alignment functions*. q and k are rows; W is a learned matrix, w and b learned vectors or numbers.
#
# | score | what it assumes |
# |---|---|
# | **Nothing learned** | |
# | similarity | only directions count: the cosine |
# | dot | directions and lengths count |
# | scaled dot | as dot, for large d |
# | generalized kernel | as scaled dot, nearly: log(φ(q)·φ(k)), see [below](#linear-attention) |
# | **A matrix in between** | |
# | general | q W kᵀ: a feature of q may fit another feature of k |
# | biased general | + b·k: some keys fit better, whatever q is |
# | activated general | tanh(q W kᵀ + b): no key should win by far |
# | **A small network** | |
# | additive | tanh(q W₁ + k W₂ + b)·w: a network can learn what fits |
# | concat | [the same function](#concat), dearer |
# | deep | as additive, two hidden layers, and relu(x), the larger of x and 0 |
# | **One-sided** | |
# | location-based | q alone: position i scores q · row i of W |
# | feature-based | k alone: a small network reads k (ours: its squares, too) |

# %% [markdown]
# A <b style="color:#bf5f00">query</b> meets four <b style="color:#007fc6">keys</b>. *short* points almost in the direction 0°; *long* is more than four times as long, and points 40° further. Row by row the query turns by 45°. **Three things to find**:
# 1. Under which score are all eight rows alike?
# 2. Why does *long* win more rows under *dot* than under *similarity*?
# 3. Compare *general* with *dot*, row by row. Which turn has *general* learned?

# %% jupyter={"source_hidden": true} tags=["lab"]
turns = torch.arange(0, 360, 45)
queries = 1.2 * torch.stack([turns.deg2rad().cos(), turns.deg2rad().sin()], -1)  # [8, 2]
keys = torch.tensor(list(compass.values()))  # [4, 2]
with torch.no_grad():
    rows = {
        name.replace("_", " "): masked_softmax(score(queries, keys))
        for name, score in trained_scores(2).items()
    }
heatmap(
    torch.stack(list(rows.values())),  # [12, 8, 4]
    [f"{turn}°" for turn in turns.tolist()],
    list(compass),
    names=list(rows),
    head=1,
    title="Which key gets the attention when the query turns?",
    caption="Rows are [query|queries], columns are [key|keys], cells are weights. "
    "Scores with parameters were trained: general on a world with a hidden turn.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
spread = {name: (row.amax(0) - row.amin(0)).max().item() for name, row in rows.items()}
assert spread.pop("feature based") < 1e-6 and min(spread.values()) > 0.3
winners = {name: row.argmax(-1) for name, row in rows.items()}
assert [winners[name].eq(1).sum().item() for name in ("dot", "similarity")] == [3, 1]
assert winners["general"].equal(winners["dot"].roll(-2)) and not winners["general"].equal(winners["dot"].roll(-1))
assert keys[1].norm() / keys[0].norm() > 4
assert torch.atan2(keys[1, 1], keys[1, 0]).rad2deg().round() == 40
assert torch.atan2(keys[0, 1], keys[0, 0]).rad2deg().abs() < 10

# %% [markdown]
# <details><summary>Answers</summary>
#
# *Feature-based* does not read the query. *Long* wins three rows under *dot*, one under *similarity*, because only *dot* counts lengths. In each row *general* has the winner that *dot* has two rows below: it was trained in a world that turns the query by 90°, and has learned this turn.
#
# </details>

# %% [markdown]
# Now take them into your own hand: all twelve, and every step from the score to the context, for which the keys are the values, too. Move *long* behind the query. Which scores still prefer it?

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.scoring([1.2, 0.4], list(compass.values()), list(compass))

# %% [markdown]
# ### What do they cost?
# For 128 queries and 128 keys of 64 features, with 32 hidden units. (A *multiply–add* multiplies two numbers and adds the product to a sum; *kept* are the numbers that training must store; *Dq ≠ Dk*: may query and key differ in size?)

# %%
from chapters.ch02.experiments.costs import comparison

table = comparison(size=64, hidden_size=32, length=128)
table

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [row["parameters"] for row in table[:4]] == [0, 0, 0, 64 * 64]

# %% [markdown]
# Transformers use *scaled dot* between vectors that $W_Q$ and $W_K$ have made: one matrix product, and nothing stored for each pair inside it. Some also normalise q and k to length 1, so that the score is a cosine times a learned number. <!-- source: Henry et al. 2020 -->
#
# A widely used overview calls *scaled dot-product attention* an alignment function. But only its score is one: the attention itself is the score, the softmax and the average of the values.

# %% [markdown] tags=["card"]
# ## Five slips in a table
# <a id="slips"></a>
# One version of the survey's table contains mistakes. The first: it calls d the "length of input".
#
# ### Find the error ●○○ · 4 minutes
# One line is wrong: repair it.
#
# <!-- example: program 2.5 -->

# %% tags=["exercise"]
@find_error("program 2.5")
def score(queries, keys):              # queries [Q, D], keys [K, D]
    products = queries @ keys.T        # [Q, K]
    d = len(keys)
    return products / d ** 0.5

# %% [markdown]
# Elsewhere it says "64 or 512" of d: 64 is the size of a head, 512 of the whole model. <!-- source: Chaudhari et al. 2021; Vaswani et al. 2017, section 3.2.2 -->
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | location-based: a(q), one number for all keys | Equal scores give every key the same weight. | one number for each position: q · row i of W |
# | biased general: k (W q + b) | Without a transpose, two vectors have no product. | (q W + b) kᵀ |
# | deep: relu(W₀ q + W₁ k) + b₁ | Outside, b₁ only shifts the result. | relu(q W₀ + k W₁ + b₁): b₁ decides from where on a unit is active |
#
# Let's run all three. Here q and k are columns, as in that table:

# %%
draw = torch.Generator().manual_seed(0)
q, k, b = torch.randn(3, 3, 1, generator=draw)  # columns of three numbers
W, W0, W1, W2 = torch.randn(4, 3, 3, generator=draw)
four = torch.randn(4, 3, generator=draw)  # four keys
a = (b.T @ q).expand(1, 4)  # location-based, as printed: one number
print("location-based:", torch.softmax(a, -1).tolist())
for name, key in {"k": k, "kᵀ": k.T}.items():
    try:
        print(f"biased general, {name} (W q + b):", list((key @ (W @ q + b)).shape))
    except RuntimeError as error:
        print(f"biased general, {name} (W q + b):", error)
hidden, b1, b2 = q.T @ W0 + four @ W1, b.T, k.T  # deep: any numbers do for the biases
outside = (torch.relu(hidden) + b1) @ W2 + b2  # what the second layer gets
print("deep, b₁ outside, or another b₂ alone, the same:",
      torch.allclose(outside, torch.relu(hidden) @ W2 + (b1 @ W2 + b2), atol=1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.softmax(a, -1).tolist() == [[0.25] * 4]
assert torch.allclose(outside, torch.relu(hidden) @ W2 + (b1 @ W2 + b2), atol=1e-5)
assert not torch.allclose(torch.relu(hidden + b1) @ W2 + b2, torch.relu(hidden) @ W2 + (b1 @ W2 + b2), atol=0.1)

# %% [markdown]
# ## Are two of the twelve the same?
# <a id="concat"></a>
# Two papers on translation put a small network between query and key. Here is the first, the additive score (Bahdanau et al., 2015):
#
# $$ \tanh({\color{#bf5f00}{q}}\,W_1+{\color{#007fc6}{k}}\,W_2+b)\cdot w $$
#
# Each *hidden unit* adds up weighted features of q and k and a number of its own, the *bias* b (our addition); *tanh*, an S-shaped curve, squeezes the sum to between −1 and 1. Without it, softmax would cancel what the query adds to every score. The **concat** score (Luong et al., 2015) first joins q and k into one vector $[q;k]$:
#
# $$ \tanh([{\color{#bf5f00}{q}};{\color{#007fc6}{k}}]\,W+b)\cdot w $$
#
# The first rows of W meet q and the others k, so we can cut W in two. The same numbers must give the same scores:

# %% tags=["nbval-check-output"]
from chapters.ch02.experiments.costs import multiply_adds

concat, additive = SCORES["concat"](3, 5), SCORES["additive"](3, 5)
W1, W2 = concat.W.weight.split([3, 5], dim=1)  # the same numbers, cut in two
same_numbers = {"W1.weight": W1, "W1.bias": concat.W.bias, "W2.weight": W2}
additive.load_state_dict(same_numbers | {"w.weight": concat.w.weight})
queries, keys = torch.ones(2, 4, 3), torch.linspace(-1, 1, 2 * 6 * 5).reshape(2, 6, 5)
same = torch.allclose(concat(queries, keys), additive(queries, keys), atol=1e-6)
hundred = torch.ones(100, 3), torch.ones(100, 5)  # queries and keys
print("equal to 1e-6:", same, "· multiply–adds:", multiply_adds(concat, *hundred),
      multiply_adds(additive, *hundred))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 8 < multiply_adds(concat, *hundred) / multiply_adds(additive, *hundred) < 9

# %% [markdown] tags=["card"]
# Concat costs more than eight times as much, because it multiplies each *pair* by W; additive multiplies each query and each key only *once*.
#
# ### Exercise ●●○ · 8 minutes
# Write the additive score. Vectors are rows, as in the formula: `queries @ W1` is [Q, h].

# %% tags=["exercise"]
@exercise("additive score")
def additive_score(queries, keys, W1, W2, b, w):
    """queries [Q, Dq], keys [K, Dk], W1 [Dq, h], W2 [Dk, h], b [h], w [h]
    -> scores [Q, K]"""
    raise NotImplementedError

W1, bias, W2, last = (parameter.detach() for parameter in additive.parameters())
W1, W2 = W1.T, W2.T  # nn.Linear stores [h, Dq] and [h, Dk]
few = torch.linspace(-1, 1, 12).reshape(4, 3)
more = torch.linspace(-1, 1, 30).reshape(6, 5)
pairs = additive_score(few, more, W1, W2, bias, last[0])
difference = (pairs - concat(few[None], more[None])[0]).abs().max().item()
print(f"additive_score and concat differ by {difference:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert difference < 1e-5

# %% [markdown]
# **Sizes, cost and memory:** a dot product needs queries and keys of the same size, additive does not. But to compute derivatives, additive stores a hidden vector for each pair, the dot product only queries and keys:

# %% jupyter={"source_hidden": true}
from chapters.ch02.experiments.costs import numbers_kept

generator = torch.Generator().manual_seed(0)
queries, keys = torch.randn(2, 1, 256, 64, generator=generator)
rows = []
for name, projection in (("scaled_dot", 64 * 64), ("additive", 0)):
    score = SCORES[name](64, 64, hidden_size=64)
    kept = numbers_kept(score, queries, keys)
    rows.append(
        {
            "score": name + " + W_Q, W_K" * bool(projection),
            "parameters": score.num_parameters + 2 * projection,
            "multiply–adds": multiply_adds(score, queries, keys) + 2 * 256 * projection,
            "stored for each pair": kept // 256**2,
        }
    )
Table(rows, "256 queries and keys of 64 features")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert rows[0]["stored for each pair"] == 0 and rows[1]["stored for each pair"] == 64
assert rows[0]["multiply–adds"] == rows[1]["multiply–adds"] and rows[0]["parameters"] == 2 * 64 * 64

# %% [markdown]
# Both need equally many multiply–adds here. But all the dot products are *one* matrix product, whereas additive needs a tanh for each pair and hidden unit. Vaswani et al. (2017) report, citing Britz et al. (2017), that additive beats the plain dot product for large d; they *suspect* small gradients, and therefore divide by √d.

# %% [markdown]
# ## How steep is a softmax?
# <a id="response"></a>
# A score acts only through the weights. With $S=\sum_je^{s_j}$ the quotient rule gives the slopes of a softmax,
#
# $$ \frac{\partial\alpha_i}{\partial s_i}=\frac{e^{s_i}S-e^{s_i}e^{s_i}}{S^2}=\alpha_i(1-\alpha_i),\qquad \frac{\partial\alpha_i}{\partial s_j}=-\alpha_i\alpha_j, $$
#
# which are nearly 0 where the weights are near 0 or 1. Take the lesson's noise, a thousand queries with 24 keys each. The size of all slopes of a query together is their *norm*, the root of the sum of their squares. How does its median depend on d?

# %% slideshow={"point": ["jacobian.flatten"]}
generator = torch.Generator().manual_seed(1)
q = torch.randn(1000, 1, 400, generator=generator)
k = torch.randn(1000, 24, 400, generator=generator)  # 24 keys for each of 1,000 queries
sizes = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 400]

def slopes(d, divisor):
    """The norm of all slopes of each query's softmax, [1000]."""
    alpha = torch.softmax((q[..., :d] * k[..., :d]).sum(-1) / divisor, -1)
    jacobian = torch.diag_embed(alpha) - alpha[..., :, None] * alpha[..., None, :]
    return jacobian.flatten(1).norm(dim=-1)

plain = torch.tensor([slopes(d, 1).median() for d in sizes])
scaled = torch.tensor([slopes(d, d**0.5).median() for d in sizes])
plot.beside(
    {
        "slope of the softmax": plot.lines(
            {"q·k": (sizes, plain), "q·k / √d": (sizes, scaled)}, "size d", "median norm"
        ),
        "if q and k change": plot.lines(
            {
                "q·k": (sizes, plain * torch.tensor(sizes).sqrt()),
                "q·k / √d": (sizes, scaled),
            },
            "size d",
            "slope × size of a score",
        ),
    },
    title="What becomes of the gradient when d grows?",
    caption="Left: how far the weights move with the scores. Right: how far they move "
    "when queries and keys change by a fixed share of themselves.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (plain[[4, 8, 12, 16]].diff() < 0).all() and plain[-1] < 0.01 and (scaled > 0.22).all() and (scaled < 0.28).all()
moved = plain * torch.tensor(sizes).sqrt()
assert moved[sizes.index(64)] > 4 * scaled[sizes.index(64)] and moved[-1] < scaled[-1]
first, then = slopes(64, 1) * 8, slopes(64, 8)
assert abs((first < then.median() / 10).float().mean() - 0.15) < 0.006 and abs((first > 10 * then.median()).float().mean() - 0.31) < 0.006

# %% [markdown]
# On the left is what textbooks tell: without √d the slopes die as d grows, with it they stay as they are. But a score of larger vectors also *moves* farther, √d times as far. Both together, on the right: in the middle the typical softmax without √d is several times too lively, and for very long vectors it is nearly dead. Divided by √d, it is the same for every d. And without √d the queries differ: at d = 64 some 15 % move less than a tenth as far as with it, and 31 % more than ten times as far.

# %% [markdown]
# ## Does √d matter, once the network is trained?
# <a id="trained-without"></a>
# Here is the same small Transformer twice, with √d and without. It reads eight digits, and in front of them a sign that says *copy* or *reverse*. Nothing else differs between the two. This is each step of their training:

# %% jupyter={"source_hidden": true}
import torch.nn.functional as F
from torch import nn
from course_utils.toy_tasks import BEGIN

# %% tags=["definition"]
# course_utils.toy_tasks: train_step

# %% jupyter={"source_hidden": true}
recorded = results.load("scores_scaled")

def curves(rate=0.002, heads=1):
    """Three trainings with √d, and three without: the share of right digits."""
    runs = [run for run in recorded["runs"] if (run["rate"], run["heads"]) == (rate, heads)]
    return {
        name: torch.tensor([run["right"] for run in runs if run["divided"] == divided])
        for name, divided in (("with √d", True), ("without", False))
    }  # [3, 17] each

found = {name: 100 * three.mean(0) for name, three in curves().items()}
plot.lines(
    {name: (recorded["steps"], line) for name, line in found.items()},
    "steps of training",
    "digits right, %",
    limits=(0, 100),
    title="What does √d do for learning?",
    caption=from_cell(
        "Copy or reverse eight digits: the mean of three trainings. Guessing gives 10 %. "
        "{about}", about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(curves()["with √d"][:, 8] > 0.95) and all(curves()["without"][:, -1] < 0.52)
assert len({run["seed"] for run in recorded["runs"]}) == 3 and recorded["steps"][8] == 200
for rate in (0.0005, 0.001, 0.002, 0.005):
    both = curves(rate)
    assert (both["with √d"][:, 8:].mean(1) > both["without"][:, 8:].mean(1)).all() and both["with √d"][:, -1].min() > 0.99
assert curves(0.0005)["without"][:, -1].min() > 0.9 and curves(0.005)["without"][:, -1].max() < 0.2
assert curves(heads=4)["without"][:, -1].min() > 0.99
assert all(run["certain"] == 0 for run in recorded["runs"] if run["divided"])
assert all(0.4 < run["certain"] < 0.45 for run in recorded["runs"] if not run["divided"] and run["heads"] == 1)
from chapters.ch02.scaling import HEADS, SIZE, first_step
assert SIZE == 64 and SIZE // HEADS == 16
assert all(first_step(False, rate, 0) > 10 * first_step(True, rate, 0) for rate in (0.0005, 0.005))

# %% [markdown]
# After 200 steps the model with √d gets nearly every digit right. Without √d it is far behind, and it still is when we stop. Why? A query has 64 numbers here, so without √d the scores are eight times as large, and many queries are certain before they have learned anything. And the first step of training moves the scores more than ten times as far.
#
# We trained both three times at each of four learning rates, from 0.0005 to 0.005. With √d it learned at every rate. Without, it was slower at the smallest and learned next to nothing at the largest. With four heads of 16 numbers instead of one of 64, both learn. √d only sets the scale at the start: during training, a model can still make its scores larger or smaller.

# %% [markdown]
# ## Can a cosine decide?
# Cosines lie between −1 and 1, so the weights of two keys never differ by more than a factor $e^{1-(-1)}=e^2\approx 7.4$. Graves et al. (2014) multiply the cosine by a *sharpness* β, which the network chooses. And the dot product?

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(torch.tensor(2.0).exp().item(), 1) == 7.4

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Here are four claims about the dot product a·b of a query a and a key b. One of "
    "them is a lecture's and goes too far. Which?",
    [
        "a·b = ‖a‖ ‖b‖ cos θ, with θ the angle between them",
        "If a and b are at right angles, a·b is 0",
        "a·b says how similar the directions of a and b are, and nothing else",
        "If all keys are equally long, dot product and cosine put them in the same order",
    ],
    answer=2,
    because=[
        "This is how geometry defines it.",
        "This is true, because cos 90° = 0.",
        "The lengths are factors as well. A long key in a fairly good direction can "
        "have a larger dot product than a short key in the best one.",
        "This is true: the lengths are then the same factor for all keys.",
    ],
)

# %% [markdown]
# ## Four more worked examples
# *Which words does "assis" need?* “The cat sat on the mat” becomes “Le chat était assis sur la natte”. Before the fourth word, the query is (0, 0, 1), and the keys, which are the values, too, are the rows of `K`. Take a pencil: divide the scores by √3. You need $1/\sqrt3\approx0.577$ and $e^{0.577}\approx1.781$.

# %%
K = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]])
scores = K @ torch.tensor([0.0, 0, 1]) / 3**0.5  # The, cat, sat, on, the, mat
weights = torch.softmax(scores, -1)
print("scores", scores, "\nweights", weights, "\noutput", weights @ K)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([0.120, 0.120, 0.213, 0.120, 0.213, 0.213]), atol=5e-4)
assert torch.allclose(weights @ K, torch.tensor([0.453, 0.453, 0.640]), atol=5e-4)
assert round(3**-0.5, 3) == 0.577 and round(torch.tensor(0.577).exp().item(), 3) == 1.781
assert (K[:, 2] == 1).tolist() == [False, False, True, False, True, True]
third = torch.softmax(torch.tensor([0, 0, 1, 0, 1, 1]) / 3**0.5, -1)[2].item()
assert abs(3 * third - 0.6405) < 5e-5 and round(3 * 0.213, 3) == 0.639

# %% [markdown]
# "sat", "the" and "mat" tie, because all three have a 1 where the query has one. *Round last:* the third number of the output is 0.6405, and if you round the weights first, you get 3 · 0.213 = 0.639.
#
# *Cross-attention*, with plain dot products: keys and values are $h_1=(1,0)$, $h_2=(0,1)$, $h_3=(1,1)$, and the query is (0.5, 0.5).

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A lecture gets one number of this example wrong. Which line has it?",
    [
        "The query scores 0.5, 0.5 and 1 with the three keys",
        "exp(0.5) ≈ 1.649 and exp(1) ≈ 2.718, so the three exponentials add up to 6.016",
        "The weights are 0.27, 0.27 and 0.46",
        "The context is the average of the three values, and its two coordinates are "
        "equal",
    ],
    answer=2,
    because=[
        "This is right: ½·1 + ½·0 = ½ for the first two keys, and ½ + ½ = 1 for the "
        "third.",
        "This is right: 1.649 + 1.649 + 2.718 = 6.016.",
        "2.718 / 6.016 = 0.452, which rounds to 0.45. To three digits the weights are "
        "0.274, 0.274 and 0.452, which sum to 1.",
        "This is right: the first two keys mirror each other and have the same weight.",
    ],
)

# %% [markdown]
# Here it is in full, the context with it:

# %%
H = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
weights = torch.softmax(torch.tensor([[0.5, 0.5]]) @ H.T, -1)
print("weights", weights, " context", weights @ H)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.274, 0.274, 0.452]]), atol=5e-4)
assert torch.allclose(weights @ H, torch.tensor([[0.726, 0.726]]), atol=5e-4)

# %% [markdown]
# *Self-attention.* The same three vectors are now the words I, am and happy.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "The lecture asks what the last word, happy, attends to. Which of these five lines "
    "does not follow from the numbers?",
    [
        "The query (1, 1) scores 1, 1 and 2, so the weights are about 0.21, 0.21 and "
        "0.58",
        "happy attends most to itself",
        "The new vector of happy is about (0.79, 0.79)",
        "Self-attention has found that happy belongs to I",
        "The new vector of happy still points where the old one pointed",
    ],
    answer=3,
    because=[
        "This is right: (1, 1)·(1, 0) = 1, (1, 1)·(0, 1) = 1 and (1, 1)·(1, 1) = 2, and "
        "softmax makes 0.212, 0.212 and 0.576 of them.",
        "This is right: its score with itself is 2, the others are 1.",
        "This is right: 0.212 + 0.576 = 0.788 in both coordinates.",
        "This is what the lecture concludes. But I and am get the same weight, 0.212, so "
        "happy attends to both of them equally.",
        "This is right: both coordinates are equal, as in (1, 1).",
    ],
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
weights = torch.softmax(H @ H.T, -1)
assert torch.allclose(weights[2], torch.tensor([0.212, 0.212, 0.576]), atol=5e-4)
assert torch.allclose(weights[2] @ H, torch.tensor([0.788, 0.788]), atol=5e-4)

# %% [markdown]
# ### Three tokens, every number
# Every step of self-attention for three *tokens* (words, or pieces of words). Compute the first rows by hand.

# %%
x = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
Wq, Wk, Wv = (
    torch.tensor([[1.0, 1], [0, 1]]),
    torch.tensor([[0.0, 1], [1, 0]]),
    torch.tensor([[2.0, 0], [0, 1]]),
)
qs, ks, vs = x @ Wq, x @ Wk, x @ Wv
S = qs @ ks.T
qs, ks, vs, S

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert S.tolist() == [[1, 1, 2], [1, 0, 1], [2, 1, 3]] and S.diagonal().tolist() == [1, 0, 3]

# %%
weights = torch.softmax(S / 2**0.5, -1)
output = weights @ vs
weights, output

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights[0], torch.tensor([0.248, 0.248, 0.503]), atol=6e-4)
assert torch.allclose(weights[1:], torch.tensor([[0.401, 0.198, 0.401], [0.284, 0.140, 0.576]]), atol=6e-4)
assert torch.allclose(output, torch.tensor([[1.503, 0.752], [1.604, 0.599], [1.720, 0.716]]), atol=6e-4)

# %% [markdown]
# The same under your hand. Press a weight, and lines lead back to what made it:

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.self_attention(x, Wq, Wk, Wv, ["one", "two", "three"])

# %% [markdown]
# A widely used article makes several mistakes in these steps. Here are six (relu(x) is the larger of x and 0):
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | Q₁ = (w₁x₁, w₂x₂, w₃x₃) | One query holds all three tokens, and a fourth token would have no weight. | q₁ = x₁ Wq, with one Wq for all tokens |
# | S₁₁ = [q₁ k₁] | Two vectors side by side are a pair, not a score. | S₁₁ = q₁ · k₁ |
# | S₁₂ = q₂ · k₂ | Each key meets only its own query, so all rows of S are equal: here (1, 0, 3). | S₁₂ = q₁ · k₂ |
# | q = relu(x Wq) | A query can no longer ask for keys *without* a feature. | q = x Wq |
# | no √d in the formulas, √d twice in the code | Undivided, the scores of noise grow with d. Divided twice, they shrink, and the weights become nearly equal. | divide once |
# | output = weights · x | The inputs are averaged, and Wv is never used. | weights · v |
#
# What comes out if you make one of three of them?

# %%
own = torch.softmax((qs * ks).sum(-1) / 2**0.5, -1)  # each key with its own query
print("S₁₂ = q₂ · k₂, for every word the same:", own @ vs)
asks = torch.tensor([1.0, -1.0])  # a query that wants keys without the second feature
for name, one in {"x Wq": asks, "relu(x Wq)": torch.relu(asks)}.items():
    print(f"{name} = {one.tolist()} scores the keys {(ks @ one).tolist()}")
print("averages of x:", weights[2] @ x, " of v:", output[2])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not torch.allclose(own @ vs, output[0], atol=0.1) and not torch.allclose(weights[2] @ x, output[2], atol=0.1)
assert (ks @ asks).tolist() == [-1, 1, 0] and (ks @ torch.relu(asks)).tolist() == [0, 1, 1]
noise_q, noise_k = torch.randn(2, 10_000, 64, generator=torch.Generator().manual_seed(0))
noise = (noise_q * noise_k).sum(-1)  # size 8 undivided, 1 divided once, 1/8 divided twice
assert abs(noise.std() / 8 - 1) < 0.05 and (torch.softmax(noise[:24] / 64, -1) * 24 - 1).abs().max() < 0.4

# %% [markdown]
# With the ReLU the query can no longer tell the second key, which lacks the feature, from the third, which has it.
#
# The seventh mistake is about *multi-head attention* (chapter 5): several attentions, or *heads*, run side by side, and $W_O$ joins their outputs.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "These claims are about multi-head attention. Which one is the article's mistake?",
    [
        "Each head can attend to something else",
        "For H heads, run one head with its Wq, Wk, Wv H times, and put the outputs "
        "side by side",
        "The outputs of the heads, side by side, are H · D numbers for each token if "
        "each head returns D",
        "A last matrix W_O mixes the heads and brings them back to the size of the model",
    ],
    answer=1,
    because=[
        "This is true, and it is what several heads are for.",
        "The same Wq, Wk and Wv give the same output H times. Each head needs "
        "projections of its own, and then comes W_O.",
        "This is true: the outputs are joined end to end.",
        "This is true. Without W_O the outputs of the heads would only stand side by "
        "side.",
    ],
)

# %% [markdown]
# ## Where can an average be?
# <a id="convex-hull"></a>
# Take the five words of "The weather is nice today", whose vectors are both keys and values. The query is that of "The", and the scores are not divided.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "The five vectors are (0.6, 0.2, 0.8), (0.2, 0.3, 0.1), (0.9, 0.1, 0.8), "
    "(0.4, 0.1, 0.4) and (0.4, 0.1, 0.6). "
    "A friend computes the output (1.8, 2.3, 0.4). Can that be?",
    [
        "yes, with the right weights",
        "no, the vectors alone tell",
        "that takes computing it",
    ],
    answer=1,
    because="Weights are ≥ 0 and sum to 1, so the first number of the output is an "
    "average of numbers between 0.2 and 0.9. It cannot be 1.8.",
)

# %%
nice = ["The", "weather", "is", "nice", "today"]
X = torch.tensor(
    [[0.6, 0.2, 0.8], [0.2, 0.3, 0.1], [0.9, 0.1, 0.8], [0.4, 0.1, 0.4], [0.4, 0.1, 0.6]]
)
weights = torch.softmax(X[:1] @ X.T, dim=-1)
print("weights", weights, "\noutput", weights @ X)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.250, 0.114, 0.293, 0.158, 0.185]]), atol=5e-4) and abs(X[:, 0].max() - 0.9) < 1e-6
assert torch.allclose(weights @ X, torch.tensor([[0.574, 0.148, 0.620]]), atol=5e-4)
cosines = X @ X[0] / (X.norm(dim=-1) * X[0].norm())
assert nice[weights[0].argmax()] == "is" and nice[cosines.argmax()] == "The" and X.norm(dim=-1).argmax() == 2
assert (torch.tensor([1.8, 2.3, 0.4]) > X.amax(0)).tolist() == [True, True, False] and round(X[:, 0].min().item(), 1) == 0.2

# %% [markdown]
# A lecture reads a larger weight as closer to “The”. Yet “is” gets the largest, 0.293, and “The” itself only 0.250, because the vector of “is” is the longest, and a dot product counts lengths, too. By the cosine, “The” would come first.
#
# All averages whose weights are not negative and add up to 1 make up the **convex hull** of the values. Here are two of the three numbers of each word. Try to get out: drag the query as far as you like, and watch the output.

# %% jupyter={"source_hidden": true} tags=["lab"]
two = X[:, [0, 2]]
labs.attention(
    two[0],
    two,
    two,
    query="The",
    keys=nice,
    score="dot",
    title="Can the output leave its values?",
    caption="Drag the [query|query] on the left. The [output|output] on the right is an "
    "average of the [value|values]: how far does it come?",
)

# %% [markdown]
# The longer the query, the sharper the softmax, and the output runs to a corner of the hull. It never gets out. This is true of every score with a softmax, and it is why a layer has a matrix for the values: what should come out has to be among what can be averaged.

# %% [markdown]
# ## Can one vector do all three jobs?
# <a id="one-vector"></a>
# In "train station" let "train" be (2, 0) and "station" (1, 1), and let each word use its vector as query, key and value:

# %%
pair = torch.tensor([[2.0, 0.0], [1.0, 1.0]])  # train, station
scores = pair @ pair.T
weights = torch.softmax(scores, -1)
print("scores", scores.tolist(), " new station", weights[1] @ pair)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores.tolist() == [[4, 2], [2, 2]] and torch.allclose(weights[1] @ pair, torch.tensor([1.5, 0.5]))
w = torch.tensor([1.0, 0.0])
moved = pair + torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # "station" moves to (3, 1)
before, after = torch.softmax(pair @ w, -1), torch.softmax(moved @ w, -1)
assert torch.allclose(torch.stack([before, after]), torch.tensor([[0.731, 0.269], [0.269, 0.731]]), atol=5e-4)
assert torch.allclose(after @ moved, torch.tensor([2.731, 0.731]), atol=5e-4)
assert torch.allclose(after @ pair, torch.tensor([1.269, 0.731]), atol=5e-4) and torch.allclose(before @ pair, torch.tensor([1.731, 0.269]), atol=5e-4)

# %% [markdown]
# "station" becomes (1.5, 0.5), and half of that comes from "train": a station for trains. So one vector can do something. But with its own vector as the query a word asks for words like itself, and a score is the same both ways, which is what the three people of [the lesson](02_scoring_functions.ipynb#self-attention) suffer from.
#
# The other fault shows if one vector $w$ asks for all words: $\alpha=\mathrm{softmax}(w\cdot x_i)$. Then $x_i$ is both what a word says and how much it counts. With $w=(1,0)$, let "station" count more:
#
# | "station" | its weight | output |
# |---|---|---|
# | at (1, 1) | 0.269 | (1.731, 0.269) |
# | at (3, 1) | 0.731 | (2.731, 0.731): says something else, too |
# | key (3, 1), value (1, 1) | 0.731 | (1.269, 0.731), in the old hull |
#
# Only with a key apart from the value does "station" become louder and say the same as before.

# %% [markdown] tags=["card"]
# ## Two masks at once?
# <a id="masks"></a>
# Padding is hidden from queries, and, from a model that learns to write, the words to come (by a *causal mask*). A key must be allowed by both.
#
# ### Exercise ●●○ · 6 minutes
# Combine the masks for a *decoder*, the half of a translator that writes. Leave padding queries alone, because nobody uses their output.

# %% tags=["exercise"]
@exercise("padding and causal mask")
def decoder_mask(lengths, size):
    """lengths [B], size T -> mask [B, T, T] bool, True = may be attended"""
    raise NotImplementedError

# %% [markdown]
# Three sequences, of 4, 2 and 0 words: a line each, four signs for each row, ■ for True.

# %% tags=["nbval-check-output"]
for sequence in decoder_mask(torch.tensor([4, 2, 0]), 4):
    print("  ".join("".join("■" if seen else "·" for seen in row) for row in sequence))

# %% [markdown]
# A row with nothing to attend to gets zeros from `masked_softmax`, and no NaN comes back from the gradients:

# %% tags=["nbval-check-output"]
generator, bad = torch.Generator().manual_seed(0), 0
for _ in range(1000):
    q, k, v = torch.randn(3, 5, 4, generator=generator).requires_grad_()
    mask = torch.rand(5, 5, generator=generator) < torch.rand((), generator=generator)
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    gradient = torch.autograd.grad(output.square().sum(), [q, k, v])
    bad += not all(x.isfinite().all() for x in (output, weights, *gradient))
print("1000 random masks, with NaN or ∞:", bad)

# %% [markdown]
# ## Can attention cost less?
# <a id="generalized-kernel"></a><a id="linear-attention"></a>
# **In blocks.** Softmax needs all scores of a row, but not at once. Keep the largest so far, m, the sum of the exps and the sum of the values times their exps, and correct both when a larger score comes. So FlashAttention never stores the [Q, K] table: <!-- source: Milakov & Gimelshein 2018; Dao et al. 2022 -->

# %% tags=["nbval-check-output"]
generator = torch.Generator().manual_seed(0)
scores = torch.randn(64, generator=generator)
values = torch.randn(64, 8, generator=generator)
m, total, output = torch.tensor(-torch.inf), torch.tensor(0.0), torch.zeros(8)
for s, v in zip(scores.split(16), values.split(16), strict=True):  # 16 keys at a time
    old, m = m, torch.maximum(m, s.max())
    total = total * (old - m).exp() + (s - m).exp().sum()
    output = output * (old - m).exp() + (s - m).exp() @ v
at_once = torch.softmax(scores, -1) @ values
print("the same:", torch.allclose(output / total, at_once, atol=1e-6))

# %% [markdown]
# This saves memory, not work.
#
# **Linear.** Let φ turn each query and key into features that are never negative, let φ(q)·φ(k) be a pair's weight, and divide each row by its sum at the end: another p. Then $(\varphi(Q)\,\varphi(K)^\top)\,V=\varphi(Q)\,(\varphi(K)^\top V)$, and the second form never builds the table of all pairs. This is **linear attention** (Katharopoulos et al., 2020).
#
# The **generalized kernel** of the model Performer uses random features whose product is $e^{q\cdot k/\sqrt d}$ on average (Choromanski et al., 2021). As a score it returns log(φ(q)·φ(k)): softmax undoes the logarithm and divides by the sum.

# %%
from chapters.ch02.linear import PositiveFeatures, linear_attention

generator = torch.Generator().manual_seed(0)
queries, keys, values = torch.randn(3, 64, 8, generator=generator, dtype=torch.float64)
features = PositiveFeatures(8, 32).double()
linear, quadratic = (
    linear_attention(queries, keys, values, features, keys_first=order)
    for order in (True, False)
)
by_score = (
    masked_softmax(
        SCORES["generalized_kernel"](8, 8, hidden_size=32).double()(queries, keys)
    )
    @ values
)
print(
    "the same:",
    torch.allclose(linear, quadratic, atol=1e-10),
    torch.allclose(linear, by_score, atol=1e-10),
)

# %% [markdown]
# How far are random features from exact attention? For 128 queries and keys of 16 features, this share of a row's weight must move to give the exact weights:

# %%
def moved(weights):
    """The share of its weight that a row must move to become exact, on average."""
    return (weights - exact).abs().sum(-1).mean().item() / 2

def by_features(count):
    """The same for so many random features, the mean of five draws."""
    draws = [PositiveFeatures(16, count, seed) for seed in range(5)]
    return sum(moved(linear_attention(q, k, torch.eye(128), phi)) for phi in draws) / 5

for size in (0.5, 1.0):  # the standard deviation of each feature
    q, k = size * torch.randn(2, 128, 16, generator=torch.Generator().manual_seed(0))
    exact = torch.softmax(q @ k.T / 4, -1)
    performer = {count: round(by_features(count), 3) for count in (64, 1024)}
    equal = moved(torch.full((128, 128), 1 / 128))
    print(f"size {size}: random features {performer}, equal weights {equal:.3f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.36 < equal < 0.38 and 0.34 < performer[64] < 0.37 and performer[1024] < 0.27

# %% [markdown]
# With 64 features, hardly better than equal weights. What does it save?

# %%
costs = results.load("scores_cost")
lengths = [row["tokens"] for row in costs["times"]]
kinds = {"exact attention": "exact s", "linear attention": "linear s"}
times = {
    kind: (lengths, [row[column] for row in costs["times"]])
    for kind, column in kinds.items()
}
ratio = [row["exact s"] / row["linear s"] for row in costs["times"]]
plot.lines(
    times,
    "tokens",
    "seconds",
    log="xy",
    title="What does length cost?",
    caption=from_cell("Both axes are logarithmic. {about}", about=costs.about),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lengths[0] == 128 and lengths[-1] == 8192
assert ratio[0] < 1 and 250 < ratio[-1] < 350
assert [round(2 ** costs["slopes"][kind], 1) for kind in ("exact", "linear")] == [4.6, 1.7]

# %% [markdown] tags=["card"]
# Twice the length costs exact attention four times as many multiply–adds, linear attention twice as many; timed, 4.6 and 1.7 times on average. At 128 tokens exact attention is faster; at 8,192 ours, which stores all weights, took about three hundred times as long.
#
# ### Exercise ●●● · 7 minutes
# Write the weighted average of the values with weights φ(q)·φ(k), without the [Q, K] matrix.

# %% tags=["exercise"]
@exercise("linear attention")
def linear_output(phi_q, phi_k, values):
    """phi_q [Q, m], phi_k [K, m], values [K, Dv] -> output [Q, Dv]"""
    raise NotImplementedError

# %%
averaged = linear_output(features(queries), features(keys), values)
print(
    f"linear_output and linear_attention differ by {(averaged - linear).abs().max():.0e}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(averaged, linear, atol=1e-10) and torch.allclose(linear, by_score, atol=1e-10)

# %% [markdown]
# ## What does "it" attend to, twelve times?
# The sentence and its word vectors are chapter 1's.

# %% jupyter={"source_hidden": true}
from course_kit import data

cards = data.load("word_features")
tired, x = cards.words[:11], torch.tensor(cards.features[:11]).float()
scores = trained_scores(3)
# the trained one knows only 8 places
scores["location_based"] = SCORES["location_based"](3, 3, max_keys=11)
with torch.no_grad():
    twelve = torch.stack([masked_softmax(score(x, x)) for score in scores.values()])
heatmap(
    twelve,
    tired,
    tired,
    names=[name.replace("_", " ") for name in scores],
    head=1,
    select=("it", "animal"),
    title="Which word does “it” attend to, under each score?",
    caption="Rows are queries, columns are keys, cells are weights. Scores with "
    "parameters were trained on other vectors; only location-based is untrained.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tired[twelve[1, tired.index("it")].argmax()] == "animal"

# %% [markdown]
# Under the dot product, "it" attends most to "animal". But no score was trained on sentences.

# %% [markdown] tags=["questions"]
# ## Open questions
# <a id="open-questions"></a>
# **Prove: $W_QW_K^\top$ is all that a score sees.** $(xW_Q)\cdot(yW_K)=x\,W_Q\,W_K^\top\,y^\top$ with rows x and y, so $W_QA$ and $W_K(A^{-1})^\top$ give the same scores for every invertible A. The score reads word x only through $xW_Q$, d numbers.
#
# **Design an experiment: how few numbers may a query have?** Train the lesson's layer with other sizes, several times each. With as many numbers as there are names, the names can all be at right angles; with two they can still point eight different ways.
#
# **Why not let the values be the keys?** You can, if there is room and $W_O$ reads the answer out: the vector only has to be longer.

# %% [markdown] tags=["reading"]
# ## Further reading
# - S. Chaudhari et al., *An attentive survey of attention models*, 2021, section 2: the table of twelve.
# - D. Bahdanau et al., 2015, appendix A.1.2 (additive); M.-T. Luong et al., 2015, section 3.1 (dot, general, concat, location); A. Vaswani et al., 2017, section 3.2.1 (scaled dot; a footnote explains √d); D. Britz et al., 2017 (additive against dot, measured).
# - A. Graves et al., 2014 (similarity); A. Sordoni et al., 2016 (biased general); D. Ma et al., 2017 (activated general); J. Pavlopoulos et al., 2017 (deep); Y. Li et al., *Area attention*, 2019, from which the survey's feature-based row comes.

# %% [markdown] tags=["reading"]
# Back to [the lesson](02_scoring_functions.ipynb), or on to [chapter 3](03_seq2seq.ipynb).
