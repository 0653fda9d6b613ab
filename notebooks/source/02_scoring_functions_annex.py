# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 · Annex: twelve scores, and what circulates about them
# Each section stands alone: choose one by its question. Run the first cell before any of them. It belongs to [the lesson](02_scoring_functions.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import torch
import course_kit
from chapters.ch02 import again, exercise, find_error, hint, labs, solution
from course_kit import results
from course_kit.views import Table, heatmap, plot, predict
from course_utils.attention import masked_softmax, scaled_dot_product_attention
from course_utils.scores import SCORES

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
# A survey (Chaudhari et al. 2021) lists twelve scoring functions; it calls them *alignment functions*. Each assumes something about what "fits" means. Here they are in four families. W is a matrix, w a vector, b a number; all three are learned.
#
# | score | assumes | use it if |
# |---|---|---|
# | **Nothing learned** | | |
# | similarity | only directions count: the cosine | lengths mean nothing |
# | dot | directions and lengths count | long keys deserve more weight |
# | scaled dot | as dot | d is large |
# | generalized kernel | an approximation of scaled dot, log(φ(q)·φ(k)) | texts are very long (see [linear attention](#linear-attention)) |
# | **A matrix in between** | | |
# | general | a feature of q may fit another feature of k | their features mean different things |
# | biased general | some keys fit better, whatever q is: + b·k | some keys always deserve more weight |
# | activated general | tanh(q W kᵀ + b): like general, but no score leaves −1 … 1 | no key should win by far |
# | **A small network** | | |
# | additive | a small network can learn what fits | no simpler rule is known |
# | concat | as additive: [the same function](#concat) | (additive costs less) |
# | deep | two hidden layers, with relu(x), the larger of x and 0 | one layer is too simple |
# | **One-sided** | | |
# | location-based | q alone tells which position is right: position i scores q · row i of W | the keys need not be read |
# | feature-based | k alone decides: a small network reads k and, in our version, its squares | the same keys matter for every q |

# %% [markdown]
# Here one <b style="color:#bf5f00">query</b> meets four <b style="color:#007fc6">keys</b>. *short* points almost in the query's direction; *long* is 35° away, but more than four times as long. The purple marks are the outputs. **Three things to try** with the menus A and B:
# 1. Which of them does not move when you turn the query?
# 2. Which does not move when you drag a key?
# 3. Choose *dot* and *similarity*. Where must you put *long* so that both prefer the same key?

# %% jupyter={"source_hidden": true} tags=["lab"]
first = labs.scoring(
    [1.2, 0.1],
    list(compass.values()),
    list(compass),
    a="dot",
    b="similarity",
    title="Which key should get the attention?",
    caption="Drag the tips of the [query|query] and of the [key|keys]. Each score turns "
    "the same arrows into other weights.",
)
first

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(100 * first.steps(slot)["weights"].max()) for slot in "ab"] == [87, 43]
assert round(torch.tensor(first.steps("b")["score"][1]).acos().rad2deg().item()) == 35
arrows = torch.tensor(list(compass.values()))
assert arrows[1].norm() / arrows[0].norm() > 4

# %% [markdown]
# <details><summary>Answers</summary>
#
# *Feature-based* does not read the query, and *location-based* does not read the keys. Dot gives *long* 87 % of the weight, but similarity gives *short* the most, 43 %. They agree if *long* points in the query's direction, or is short.
#
# </details>

# %% [markdown]
# ### What do they cost?
# For 128 queries and 128 keys of 64 features, with 32 hidden units: how many parameters has each score, how many multiply–adds do its matrix products need for each pair of query and key, and how many numbers must training store for each pair? (*Dq ≠ Dk* says whether query and key may differ in size.)

# %%
from chapters.ch02.experiments import comparison

table = comparison(size=64, hidden_size=32, length=128)
table

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [row["parameters"] for row in table[:4]] == [0, 0, 0, 64 * 64]

# %% [markdown]
# The Transformer, and with it BERT and GPT, uses *scaled dot* between vectors that $W_Q$ and $W_K$ have made: one matrix product, nothing stored for each pair inside it, and what is learned is left to the two matrices. Some models also normalise q and k to length 1, so that the score is a cosine times a learned number. <!-- source: Henry et al. 2020 -->

# %% [markdown]
# ## Which of them wins?
# <a id="worlds"></a>
# We trained each score five times in each of five small worlds, where a query meets eight keys and a rule says which key is right. Vectors have 4 features, and keys are ¼ to 4 long:
#
# - *direction*: the key closest in direction to the query,
# - *reach*: the key that reaches furthest in the query's direction,
# - *length*: the longest key,
# - *feature*: as *direction*, but after one fixed rotation and mirroring of the query; all keys have length 1,
# - *place*: each of the eight positions has a fixed direction, which no key contains. The right key is at the position whose direction has the largest dot product with the query.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Which score will be best in most of the five worlds?",
    [
        "deep: it is the largest network",
        "scaled dot: everybody uses it",
        "none: they differ from world to world",
    ],
    answer=2,
    because="In each world, a score whose formula fits the rule is best. A larger "
    "network can approximate most of the rules, "
    "but here concat, additive and deep never beat the score that fits.",
)

# %%
from chapters.ch02.experiments import TASKS

recorded = results.load("scores_task")
percent = torch.tensor(
    [
        [20 * sum(seeds) for seeds in tasks.values()]
        for tasks in recorded["share_right"].values()
    ]
)
best = [list(SCORES)[i] for i in percent.argmax(0).tolist()]
what = "right, %"
plot.maps(
    {what: percent.round()},
    {what: [name.replace("_", " ") for name in SCORES]},
    {what: list(TASKS)},
    axes=("score", "world"),
    limits=(0, 100),
    roles={what: "plus"},
    title="Does one score win everywhere?",
    caption="Each cell shows how often a score (row) is right in a world (column). "
    f"Guessing gives 12.5 %. {recorded.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best == ["similarity", "dot", "feature_based", "general", "location_based"] and percent.amax(0).min() > 98.5
assert (percent[:, 4] < 20).sum() == 11 and (percent[10, :4] < 20).all()
assert percent.amin(1).max() < 20 and percent[7:10].max() < 97
assert len(recorded["seeds"]) == 5 and recorded["steps"] == 300 and percent[1].equal(percent[2])

# %% [markdown]
# **By row:** every score has at least one world in which it is right in less than 20 % of the cases. Eleven scores must fail at *place*, because no key says at which position it is, and the twelfth, location-based, fails in the other four worlds, because it never reads the keys.
#
# **By column:** we built each world *on one assumption*, so by construction a score with this assumption wins there, with over 98 % right. (Dot and scaled dot tie everywhere, because √d does not change the order of the keys.) Concat, additive and deep win in no world, but we did not try more than 300 steps of training or larger networks.
#
# So in worlds built on one assumption each, the best score is the one whose assumption fits; a network that assumes less can come close to several. Why does each row look as it does?

# %% jupyter={"source_hidden": true}
from chapters.ch02.experiments import REASONS

Table([{"score": name, "why": reason} for name, reason in REASONS.items()])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (percent[9] - percent[7:9].amax(0))[0] > 5 and (percent[9] - percent[7:9].amax(0))[1:].max() < 1

# %% [markdown]
# ## Five slips in a table
# <a id="slips"></a>
# One version of the survey's table contains mistakes. The first: it calls d the "length of input". In the program, the variance of the score should not depend on d.
#
# ### Find the error ●○○ · 3 minutes
# One line is wrong: repair it.

# %% tags=["exercise"]
@find_error("program 2.5")
def score(queries, keys):              # queries [Q, D], keys [K, D]
    products = queries @ keys.T        # [Q, K]
    d = len(keys)
    return products / d ** 0.5

# %% [markdown]
# Here are the other four. (Elsewhere the article says "64 or 512" of d; 64 is the size of a head, 512 of the whole model.) <!-- source: Chaudhari et al. 2021; Vaswani et al. 2017, section 3.2.2 -->
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | location-based: a(q), one number for all keys | Equal scores give every one of K keys the weight 1/K. | one number for each position: q · row i of W for position i |
# | biased general: k (W q + b) | Without the transpose, this is a product feature by feature, a vector for each pair. | (q W + b) kᵀ, the sum of these products |
# | deep: relu(W₀ q + W₁ k) + b₁ | Outside, b₁ only shifts the result, which the next layer's bias could do as well. | relu(q W₀ + k W₁ + b₁): now b₁ decides from which sum on a unit is active |
# | feature-based, "Li 2019": a score of k alone | Li et al. use this network, over mean and standard deviation of several keys, to make *one key*, and multiply the query with it. | a network that makes keys; the score is q·k |
#
# We keep the survey's feature-based row among the twelve, because it shows what a score without a query does; the squares in it are our own choice. The article behind *deep* (Pavlopoulos et al. 2017) we have not been able to read, so that row is unchecked.

# %% [markdown]
# ## Can a matrix turn a query?
# <a id="general-score"></a>
# In a dot product, feature 1 of the query meets feature 1 of the key, although the two may mean different things. Here is a task in which they do: *turn the query by a quarter, anticlockwise*. Of eight keys of equal length, the one closest to this new direction is correct.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "How often does the dot product find the correct key?",
    [
        "always: an angle is an angle",
        "about 1 time in 8, like guessing",
        "less often than guessing",
    ],
    answer=2,
    because="The dot product prefers keys in the query's own direction, and these are "
    "far from the new direction. "
    "A score built on the wrong assumption can be worse than none.",
)

# %% [markdown]
# The **general** score of Luong et al. (2015), $q\,W\,k^\top$, puts a learned matrix between query and key. We train it beside the dot product, and the loss is −log of the weight on the correct key: 0 if all the weight is there, large if hardly any is. (Chapter 3 calls this *cross-entropy*.) A `Chooser` is a score with a trained temperature; `task_batch` draws queries, keys and the number of the correct key.

# %% tags=["training"]
from chapters.ch02.experiments import Chooser, choice_loss, share_right, task_batch
from course_kit.training import fit

torch.manual_seed(0)
dot, general = Chooser("dot", size=2), Chooser("general", size=2)


def examples(generator):
    return task_batch("feature", 128, generator, size=2)


def held_out(chooser):
    return {"share of right choices": share_right(chooser, "feature", size=2)}


learned = fit(
    general,
    examples,
    choice_loss,
    steps=300,
    lr=0.02,
    title="Training the general score",
    evaluate=held_out,
    higher_is_better=True,
)
stuck = fit(dot, examples, choice_loss, steps=300, lr=0.02, show=False)

# %%
choosers = {"dot": dot, "general": general}
right = {name: share_right(one, "feature", size=2) for name, one in choosers.items()}
equal = torch.tensor(8.0).log().item()  # the loss of eight equal weights
plot.lines(
    {
        "dot product": stuck.history["loss"],
        "general": learned.history["loss"],
        "equal weights": ([0, 300], [equal, equal]),
    },
    "step",
    "loss",
    title="What can the dot product learn here?",
    caption=f"After training, the general score is right in {right['general']:.1%} of "
    "the cases, "
    f"the dot product in {right['dot']:.0%}. Guessing is right in 12.5 %.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert right["dot"] < 0.06 and right["general"] > 0.97
assert stuck.history["loss"][1][0] > 2.2 and abs(stuck.history["loss"][1][-1] - equal) < 0.05 and dot.log_sharpness.exp() < 0.2

# %% [markdown]
# The correct key is about a quarter turn away from the query, so its dot product is near 0, and another key nearly always has more. The dot product has only its temperature to train, so it can only learn to spread its weight more evenly. The general score has learned its matrix W, rescaled here so that its numbers can be compared with those of a rotation:

# %%
W = general.score.W.weight.detach()
W = W / W.norm() * 2**0.5
heatmap(
    (100 * W).round() / 100 + 0.0,
    ["q₁", "q₂"],
    ["k₁", "k₂"],
    kind="scores",
    select=(0, 1),
    title="What has W learned?",
    caption="Each cell shows how strongly W matches a feature of the query (row) with a "
    "feature of the "
    "key (column). Which way does it turn the query?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(W, torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), atol=0.05)

# %% [markdown]
# What has W to do with $W_Q$ and $W_K$? Let word x make the query $xW_Q$ and word y the key $yW_K$ (vectors are rows). Then the dot product of query and key is a general score of the two words themselves, with $W=W_QW_K^\top$:
#
# $$ (xW_Q)\cdot(yW_K)\;=\;x\,(W_QW_K^\top)\,y^\top \;=\; x\,W\,y^\top $$
#
# So attention with $W_Q$ and $W_K$ *is* the general score, apart from 1/√d. Queries and keys of d = 8 numbers see only 8 numbers of each word (the *rank* of W, the number of its independent rows, is at most 8). That costs detail and saves parameters, 1,024 instead of 4,096:

# %% tags=["nbval-check-output"]
generator = torch.Generator().manual_seed(0)
x, y = torch.randn(2, 10, 64, generator=generator)         # ten words of 64 features each
W_Q, W_K = torch.randn(2, 64, 8, generator=generator) / 8  # queries and keys of d = 8
W_both = W_Q @ W_K.T                                       # [64, 64]
same = torch.allclose((x @ W_Q) @ (y @ W_K).T, x @ W_both @ y.T, atol=1e-4)
print("the same scores:", same, "· rank of W:", torch.linalg.matrix_rank(W_both).item(),
      "· parameters:", W_Q.numel() + W_K.numel(), "instead of", W_both.numel())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert same and W_Q.numel() + W_K.numel() == 1024 and W_both.numel() == 4096

# %% [markdown]
# ### Exercise ●○○ · 3 minutes
# Write $q\,W\,k^\top$ for a whole batch.

# %% tags=["exercise"]
@exercise("general score")
def general_score(queries, keys, W):
    """queries [B, Q, Dq], keys [B, K, Dk], W [Dq, Dk] -> scores [B, Q, K]"""
    raise NotImplementedError

asking, offered, meant = task_batch("feature", 1000, torch.Generator().manual_seed(1), size=2)
chosen = general_score(asking, offered, W)[:, 0].argmax(-1)
share = (chosen == meant).float().mean().item()
print(f"with the W from above, general_score chooses the right key in {share:.0%} of 1000 cases")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert share > 0.95

# %% [markdown]
# ## Are two of the twelve the same?
# <a id="concat"></a>
# Two papers on translation (Bahdanau et al., 2015; Luong et al., 2015) put a small network between query and key. Here is the first, the additive score:
#
# $$ \tanh({\color{#bf5f00}{q}}\,W_1+{\color{#007fc6}{k}}\,W_2+b)\cdot w $$
#
# Each *hidden unit* adds up weighted features of q and k and a number of its own, the *bias* b (our addition). Then tanh squeezes the sum to between −1 and 1; without it, the query would add the same number to every score, and softmax would cancel it. The **concat** score first joins q and k into one vector $[q;k]$:
#
# $$ \tanh([{\color{#bf5f00}{q}};{\color{#007fc6}{k}}]\,W+b)\cdot w $$
#
# Some rows of W are multiplied by q and the others by k, so we can cut W in two (PyTorch stores the transpose, so there they are columns), and compare scores and cost. A *multiply–add* multiplies two numbers and adds the product to a sum; we count those of the matrix products:

# %% tags=["nbval-check-output"]
from chapters.ch02.costs import cost_of
from course_utils.scores import Additive

concat = SCORES["concat"](3, 5)
additive = Additive.from_concat(concat)  # the same numbers, cut in two
queries, keys = torch.ones(2, 4, 3), torch.linspace(-1, 1, 2 * 6 * 5).reshape(2, 6, 5)
same = torch.allclose(concat(queries, keys), additive(queries, keys), atol=1e-6)
print("equal to 1e-6:", same, "· multiply–adds:", cost_of(concat).total(100, 100),
      cost_of(additive).total(100, 100))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 8 < cost_of(concat).total(100, 100) / cost_of(additive).total(100, 100) < 9

# %% [markdown]
# For 100 queries and 100 keys, concat's matrix products cost more than eight times as much as additive's, because it multiplies W by each *pair* of a query and a key. Additive multiplies $W_1$ by each query and $W_2$ by each key only *once*, which leaves a sum, the tanh and w for each pair.
#
# ### Exercise ●●○ · 6 minutes
# Write the additive score.

# %% tags=["exercise"]
@exercise("additive score")
def additive_score(queries, keys, W1, W2, b, w):
    """queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] -> scores [Q,
    K]"""
    raise NotImplementedError

W1, bias, W2, last = (parameter.detach() for parameter in additive.parameters())
few, more = torch.linspace(-1, 1, 12).reshape(4, 3), torch.linspace(-1, 1, 30).reshape(6, 5)
pairs = additive_score(few, more, W1, W2, bias, last[0])
difference = (pairs - concat(few[None], more[None])[0]).abs().max().item()
print(f"additive_score and concat differ by {difference:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert difference < 1e-5

# %% [markdown]
# ### Exercise ●○○ · 3 minutes
# Cut the matrix of concat yourself.

# %% tags=["exercise"]
@exercise("cut w in two")
def cut(W, query_size):
    """W [H, Dq + Dk] -> W1 [H, Dq], W2 [H, Dk]"""
    raise NotImplementedError

pieces = cut(concat.W.weight.detach(), 3)
print("as in the additive score:", torch.equal(pieces[0], W1), torch.equal(pieces[1], W2))

# %% [markdown]
# **Sizes:** the additive score accepts queries and keys of different sizes, a dot product only of the same size:

# %% tags=["nbval-check-output"]
print(
    SCORES["additive"](query_size=3, key_size=5)(
        torch.ones(1, 2, 3), torch.ones(1, 4, 5)
    ).shape
)
try:
    SCORES["scaled_dot"](query_size=3, key_size=5)(
        torch.ones(1, 2, 3), torch.ones(1, 4, 5)
    )
except RuntimeError as error:
    print(error)

# %% [markdown]
# **Cost and memory:** to compute derivatives, our additive score stores a hidden vector for each pair; the dot product stores only queries and keys:

# %% jupyter={"source_hidden": true}
from chapters.ch02.experiments import numbers_kept

generator = torch.Generator().manual_seed(0)
queries, keys = torch.randn(2, 1, 256, 64, generator=generator)
rows = []
for name, projection in (("scaled_dot", 64 * 64), ("additive", 0)):
    score = SCORES[name](64, 64, hidden_size=64)
    kept = numbers_kept(score, queries, keys)
    rows.append(
        {
            "score": name + " with W_Q, W_K" * bool(projection),
            "parameters": score.num_parameters + 2 * projection,
            "multiply–adds": cost_of(score).total(256, 256) + 2 * 256 * projection,
            "stored for each pair": kept // 256**2,
        }
    )
Table(rows, "256 queries and keys of 64 features")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert rows[0]["stored for each pair"] == 0 and rows[1]["stored for each pair"] == 64
assert rows[0]["multiply–adds"] == rows[1]["multiply–adds"] and rows[0]["parameters"] == 2 * 64 * 64

# %% [markdown]
# With as many hidden units as features, both scores need equally many multiply–adds. But all the dot products together are *one* matrix product, which is fast, whereas additive needs a tanh for each pair and hidden unit.
#
# **Quality:** Vaswani et al. (2017) report, citing Britz et al. (2017), that additive does better than the plain dot product for large d. They *suspect* small gradients as the reason, and therefore divide by √d.

# %% [markdown]
# ## Which hidden unit matters most?
# Train an additive score with eight hidden units to match directions. It will be right in more than half the cases.

# %% tags=["training"]
from chapters.ch02.experiments import Chooser, choice_loss, share_right, task_batch
from course_kit.training import fit

torch.manual_seed(0)
mine = Chooser("additive", size=2, hidden_size=8)
fit(
    mine,
    lambda g: task_batch("direction", 128, g, size=2),
    choice_loss,
    steps={"class": 300, "full": 3000}[runtime.profile],
    lr=0.02,
    show=False,
)
mine_right = share_right(mine, "direction", size=2)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.5 < mine_right < 0.85

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Each hidden unit is multiplied by a parameter in w. Remove each unit in turn, and "
    "put it back. "
    "Will the unit with the largest parameter be the one that is missed most?",
    [
        "yes: large means important",
        "not necessarily",
        "no unit will be missed: there are eight",
    ],
    answer=1,
    because="A unit matters only if its output differs between the keys of a query: a "
    "constant output cancels in the softmax. The parameter alone does not tell you "
    "that.",
)

# %% tags=["lab"]
view = labs.scoring(
    [1.2, 0.1],
    list(compass.values()),
    list(compass),
    a="additive",
    b="similarity",
    modules={"additive": mine.score},
    title="Does your trained score (A) match directions, as B does?",
    live=True,
)
labs.remove_unit(view, mine.score, list(compass))

# %% [markdown]
# Choose a unit to remove, or drag an arrow and let go. The next plot counts right choices on 4,000 fresh queries.

# %%
def without(unit):
    """Share of right choices with one unit set to zero; the parameter is put back."""
    w = mine.score.w.weight.data
    kept, w[0, unit] = w[0, unit].item(), 0
    share = share_right(mine, "direction", count=4000, size=2)
    w[0, unit] = kept
    return share


missed = [mine_right - without(unit) for unit in range(8)]
largest = mine.score.w.weight.abs().argmax().item()
plot.bars(
    [f"unit {i + 1}" + (" (largest)" if i == largest else "") for i in range(8)],
    missed,
    ylabel="share of right choices lost",
    digits=2,
    title="Which hidden unit is missed most?",
    caption="Each bar shows the share of right choices that your trained score loses "
    "without this unit.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert max(missed) > 0.05 and missed[largest] < max(missed)

# %% [markdown]
# ## Can a cosine decide?
# Cosines lie between −1 and 1, so the weights of two keys never differ by more than a factor $e^{1-(-1)}=e^2\approx 7.4$. Graves et al. (2014) multiply the cosine by a *sharpness* β, which the network chooses.

# %%
ahead, opposite = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
weights = torch.cat(
    [
        masked_softmax(sharpness * SCORES["similarity"](2, 2)(ahead, opposite))
        for sharpness in (1, 5)
    ]
)
# of two keys, the worse still gets 12 % of the weight at β = 1, less than 0.01 % at β =
# 5
weights

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.isclose(weights[0, 0] / weights[0, 1], torch.tensor(2.0).exp()) and 0.115 < weights[0, 1] < 0.125
assert weights[1, 1] < 1e-4

# %% [markdown]
# ### Exercise ●●○ · 4 minutes
# Write the cosine score. Watch out for vectors of zeros: their score is 0.

# %% tags=["exercise"]
@exercise("cosine score")
def cosine_score(queries, keys):
    """queries [Q, D], keys [K, D] -> scores [Q, K]"""
    raise NotImplementedError

# %%
arrows = torch.tensor(list(compass.values()))
by_cosine = masked_softmax(cosine_score(torch.tensor([[1.2, 0.1]]), arrows))[0]
# as B above
print(
    {
        name: f"{weight:.0%}"
        for name, weight in zip(compass, by_cosine.tolist(), strict=True)
    }
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(100 * by_cosine.max().item()) == 43

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A lecture makes these claims about the dot product a·b of a query a and a key b. "
    "Which one goes too far?",
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
# ## Is a large score always bad?
# <a id="unequal-gradients"></a>
# A score changes the loss only through the weights. Differentiate $\alpha_i=e^{s_i}/\sum_k e^{s_k}$:
#
# $$ \frac{\partial \alpha_i}{\partial s_i}=\alpha_i(1-\alpha_i),\qquad \frac{\partial \alpha_i}{\partial s_j}=-\alpha_i\alpha_j\quad(j\ne i) $$
#
# All these slopes of one query form its *Jacobian* matrix. Take a query with four keys: three scores are equal, and the first leads by half a standard deviation. With √d the lead is ½ for every d; without √d it is √d/2, so 2 for d = 16 and 10 for d = 400.

# %%
def jacobian(weights):  # weights α, [..., K] -> diag(α) − ααᵀ, [..., K, K]
    return torch.diag_embed(weights) - weights[..., :, None] * weights[..., None, :]

# %% jupyter={"source_hidden": true}
# of the first score
leads = {"lead ½: with √d": 0.5, "lead 2: d = 16": 2.0, "lead 10: d = 400": 10.0}
felt = {
    name: jacobian(torch.softmax(torch.tensor([lead, 0, 0, 0]), 0))
    for name, lead in leads.items()
}
marks = [{name: [f"{letter}{i}" for i in "₁₂₃₄"] for name in leads} for letter in "αs"]
plot.maps(
    {name: J.abs() for name, J in felt.items()},
    *marks,
    limits=(0, 0.25),
    scale="slope",
    title="Does a confident softmax respond?",
    caption="Each cell shows how steeply a weight (row) changes with a score (column), "
    "without the sign.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(J[0, 0].item(), 5) for J in felt.values()] == [0.22888, 0.20538, 0.00014]
assert [round(torch.tensor([x, 0, 0, 0]).softmax(0)[0].item(), 5) for x in (2.0, 2.4, 10.0, 12.0, 8.0, 0.5, 0.6)
        ] == [0.71123, 0.78607, 0.99986, 0.99998, 0.99899, 0.35466, 0.37787]
assert 16**0.5 / 2 == 2 and (round(0.37787 - 0.35466, 3), round(0.78607 - 0.71123, 3)) == (0.023, 0.075)

# %% [markdown]
# Now raise the first score by a tenth of a standard deviation. How far does its weight $\alpha_1$ follow?
#
# | d | score | the score's lead | weight $\alpha_1$ | change of $\alpha_1$ |
# |---|---|---|---|---|
# | 16 or 400 | q·k/√d | 0.5 → 0.6 | 0.355 → 0.378 | 0.023 |
# | 16 | q·k | 2 → 2.4 | 0.711 → 0.786 | 0.075 |
# | 400 | q·k | 10 → 12 | 0.99986 → 0.99998 | 0.0001 |
#
# Large scores are not always bad. At d = 16 the softmax is not saturated yet, so without √d the weight changes even *more*, because the step is four times as large. But at d = 400 the weight hardly changes without √d, although the step is larger still.

# %% [markdown]
# Not every query is like this one. Here are 1,000 random queries with 24 random keys, at d = 400. The size of all slopes ∂α/∂(q·k) of a query (the root of the sum of their squares, the *Frobenius norm*) is the size of its *gradient*; its median with √d we call *normal*.

# %%
generator = torch.Generator().manual_seed(1)
q, k = (
    torch.randn(1000, 1, 400, generator=generator),
    torch.randn(1000, 24, 400, generator=generator),
)
products = (q * k).sum(-1)  # [1000 queries, 24 keys]

# %%
def gradient(divisor):
    """Scores q·k / divisor -> the size of ∂α/∂(q·k) for each query, [1000]."""
    weights = torch.softmax(products / divisor, -1)
    return jacobian(weights).flatten(1).norm(dim=-1) / divisor


plain, scaled = gradient(1), gradient(400**0.5)
normal = scaled.median()
tiny = (plain < normal / 10).float().mean().item()
huge = (plain > normal * 10).float().mean().item()
print(
    f"mean size with √d {scaled.mean():.3f}, without √d {plain.mean():.3f}; normal: "
    f"{normal:.3f}"
)
print(
    f"without √d, {tiny:.1%} of the queries are below a tenth of normal, {huge:.1%} "
    "above ten times"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 6.5 < plain.mean() / scaled.mean() < 7.5
assert 0.8 * normal < scaled.min() and scaled.max() < 1.4 * normal and 0.45 < tiny < 0.46 and 0.22 < huge < 0.25
assert (scaled > plain).float().mean() < 0.6 and (plain < scaled).float().mean() > 0.5

# %% [markdown]
# With √d, every query's gradient is 0.8 to 1.4 times normal. Without √d the gradients are uneven: their *mean* is seven times as large, but more than 45 % of the queries get less than a tenth of the normal gradient, and almost a quarter more than ten times as much.
#
# So it would be false to say that √d makes every response smaller: it makes the gradient *larger* for more than half of these queries. The curve in the lesson's lab is the median query's gradient times √d, its response to one standard deviation of q·k.

# %% [markdown]
# ## Is a quick check of an output enough?
# The lecture's output for "The weather is nice today", (1.8, 2.3, 0.4), fails a quick check: the first features of the five words range from 0.2 to 0.9, the second from 0.1 to 0.3, the third from 0.1 to 0.8. Is an output possible if each of its features is inside its range?

# %%
X = torch.tensor([[0.6, 0.2, 0.8], [0.2, 0.3, 0.1], [0.9, 0.1, 0.8],
                  [0.4, 0.1, 0.4], [0.4, 0.1, 0.6]])  # The weather is nice today

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "The values are the five words above. Which of these outputs can no weights give "
    "that are ≥ 0 and sum to 1?",
    ["(0.5, 0.16, 0.54)", "(0.9, 0.1, 0.8)", "(0.9, 0.3, 0.5)", "(0.4, 0.1, 0.5)"],
    answer=2,
    because=[
        "Five equal weights give it: it is the mean of the five words.",
        "With all the weight on “is”, the output is the vector of “is”.",
        "Each feature is inside its range. But a first feature of 0.9 needs all the "
        "weight on “is”, and the second feature of “is” is 0.1. So the hull is "
        "smaller than the box of all ranges.",
        "Half the weight on “nice” and half on “today” give it.",
    ],
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert X[:, 0].max() < 1.8 and X[:, 1].max() < 2.3
assert torch.allclose(X.mean(0), torch.tensor([0.5, 0.16, 0.54])) and X[2].tolist() == torch.tensor([0.9, 0.1, 0.8]).tolist()
assert torch.allclose((X[3] + X[4]) / 2, torch.tensor([0.4, 0.1, 0.5])) and X[:, 0].argmax() == 2 and X[2, 0] > X[:, 0].topk(2).values[1]
assert [[round(x, 1) for x in ends.tolist()] for ends in X.aminmax(dim=0)] == [[0.2, 0.1, 0.1], [0.9, 0.3, 0.8]]

# %% [markdown]
# ## Three more worked examples
# *Round last.* In the lesson the third number of the output for *assis* is 0.6405. Some lecture notes round the weights before the average and get 3 · 0.213 = 0.639.
#
# *Cross-attention*, with plain dot products: keys and values are $h_1=(1,0)$, $h_2=(0,1)$, $h_3=(1,1)$, and the query is (0.5, 0.5).

# %% jupyter={"source_hidden": true} tags=["asserts"]
third = torch.softmax(torch.tensor([0, 0, 1, 0, 1, 1]) / 3**0.5, -1)[2].item()
assert abs(3 * third - 0.6405) < 5e-5 and round(3 * 0.213, 3) == 0.639

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A lecture computes this example in four lines. Which one is wrong?",
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

# %%
H = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
weights = torch.softmax(torch.tensor([[0.5, 0.5]]) @ H.T, -1)
weights, weights @ H

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.274, 0.274, 0.452]]), atol=5e-4)
assert torch.allclose(weights @ H, torch.tensor([[0.726, 0.726]]), atol=5e-4)

# %% [markdown]
# *Self-attention.* The same three vectors are now the words I, am and happy.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "The lecture asks what the last word, happy, attends to. Which of its five lines "
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
        "I and am get the same weight, 0.212. The numbers only say that happy attends "
        "to both of them equally.",
        "This is right: both coordinates are equal, as in (1, 1).",
    ],
)

# %%
weights = torch.softmax(H @ H.T, -1)
weights

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights[2], torch.tensor([0.212, 0.212, 0.576]), atol=5e-4)
assert torch.allclose(weights[2] @ H, torch.tensor([0.788, 0.788]), atol=5e-4)

# %% [markdown]
# ### Three tokens, every number
# Here is every step of self-attention for three *tokens* (words, or pieces of words). Compute the first rows by hand.

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
# An article that explains these steps makes four mistakes. Here are two of them (relu(x) is the larger of x and 0):
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | S₁₂ = q₂ · k₂ | Each key meets only its own query, so all rows of S are equal: here (1, 0, 3). | S₁₂ = q₁ · k₂: row i belongs to query i |
# | q = relu(x Wq) | A relu cuts off what is negative, so a query can no longer ask for keys *without* a feature. | q = x Wq, a projection like k and v |
#
# ### Find the error ●○○ · 3 minutes
# The third mistake is in this program:

# %% tags=["exercise"]
@find_error("program 2.10")
def own_attention(x, Wq, Wk, Wv):               # x [T, D]
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)
    return weights @ x

# %% [markdown]
# The fourth mistake is about *multi-head attention* (chapter 5): several attentions, or *heads*, run side by side, and a last matrix $W_O$ joins their outputs.

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
        "This is true, although the article leaves it out. Without W_O the outputs of "
        "the heads would only stand side by side.",
    ],
)

# %% [markdown]
# ## Which orders of mask and softmax are wrong?
# <a id="masks"></a>
# Two kinds of key are hidden from queries: padding, and for a model that learns to write the words to come, by a *causal mask*. If both masks apply, a key must be allowed by both.
#
# ### Exercise ●●○ · 4 minutes
# Combine the two masks for a *decoder*, the half of a translator that writes. Hide padding keys, but leave padding queries alone, because nobody uses their output.

# %% tags=["exercise"]
@exercise("padding and causal mask")
def decoder_mask(lengths, size):
    """lengths [B], size T -> mask [B, T, T] bool, True = may be attended"""
    raise NotImplementedError

# %% [markdown]
# Here are the masks of three sequences, with 4, 2 and 0 words: a line for each mask, four signs for each row, and ■ for True.

# %% tags=["nbval-check-output"]
for sequence in decoder_mask(torch.tensor([4, 2, 0]), 4):
    print("  ".join("".join("■" if seen else "·" for seen in row) for row in sequence))

# %% [markdown]
# The next table compares four orders of the steps, in percent, on random scores of seven words with a causal mask and two words of padding. The row sum should be 100, everything else 0. *First row empty* masks all keys of the first row as well; if its whole weight leaks, that is a seventh, 14 %.

# %%
noise = 1.5 * torch.randn(7, 7, generator=torch.Generator().manual_seed(3))
masks = labs.masking(noise, list("abcdefg"), length=5, causal=True, order="times")
by_order = labs.orders(masks)
by_order

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [row["on masked keys"] for row in by_order] == [0, 40, 0, 0] and [row["first row empty"] for row in by_order] == [0, 41, 0, 14]
assert [row["smallest row sum"] for row in by_order] == [100, 100, 5, 100]
assert max(row["change by masked scores"] for row in by_order if row["order"] != "softmax, then multiply") == 0 < by_order[2]["change by masked scores"]

# %% [markdown]
# Only *mask, then softmax* is right in every column, although it still needs a rule for a row in which every key is masked: `masked_softmax` gives zeros, `torch.softmax` gives NaN. The other three orders fail:
#
# - *multiply, then softmax* puts 40 % of the weight on masked words,
# - *softmax, then multiply* gives masked words no weight, but these words took their share in the softmax, and the allowed words don't get it back: one row sums to only 5 %,
# - *−1e9, then softmax* replaces masked scores by −10⁹ instead of −∞. It fails here only when a whole row is masked, because all scores of this row are then equal and its whole weight goes to masked words: one row of seven, 14 %.

# %% [markdown]
# ## Can it ever be NaN?
# A row in which every key is masked easily ends in NaN. Here is our attention under a thousand random masks, forward and backward:

# %% tags=["nbval-check-output"]
generator, empty_rows, bad = torch.Generator().manual_seed(0), 0, 0
for _ in range(1000):
    q, k, v = torch.randn(3, 5, 4, generator=generator).requires_grad_()
    mask = torch.rand(5, 5, generator=generator) < torch.rand((), generator=generator)
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    gradient = torch.autograd.grad(output.square().sum(), [q, k, v])
    bad += not all(x.isfinite().all() for x in (output, weights, *gradient))
    empty_rows += int((~mask.any(-1)).sum())
print("more than 500 empty rows:", empty_rows > 500, "· runs with NaN or ∞:", bad)

# %% [markdown]
# ## Must every key get something?
# <a id="sparsemax"></a>
# Softmax gives every allowed key something. **Hardmax** gives everything to the best key, as softmax does when the temperature goes to 0; its gradient is 0. **Sparsemax** (Martins and Astudillo, 2016) lies in between: of all weights that are ≥ 0 and sum to 1, it takes those closest to the scores, so weak keys can get exactly 0.

# %%
from course_utils.linear import hardmax, sparsemax

# both sides of the jump at 0
gap = torch.cat([torch.linspace(-2, -1e-4, 41), torch.linspace(1e-4, 2, 41)])
two = torch.stack([gap, torch.zeros(82)], dim=1)  # two keys; the first leads by `gap`
lines = {f.__name__: (gap, f(two)[:, 0]) for f in (sparsemax, masked_softmax, hardmax)}
plot.lines(
    {name.replace("masked_", ""): line for name, line in lines.items()},
    "lead of the first key",
    "its weight",
    title="From which lead on does the second key get nothing?",
    caption="Two keys share a weight of 1. Sparsemax is a ramp.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (sparsemax(two)[gap > 1.01, 1] == 0).all() and (masked_softmax(two) > 0).all()

# %% [markdown]
# ## Can attention cost less?
# <a id="generalized-kernel"></a><a id="linear-attention"></a>
# Softmax needs every pair, so twice the length means four times the work. But let φ turn each query and each key into new features that are never negative. Let φ(q)·φ(k) be a pair's weight, and divide each row by its sum at the end. Before the division, the outputs are $(\varphi(Q)\,\varphi(K)^\top)\,V$, which equals $\varphi(Q)\,(\varphi(K)^\top V)$. The second form computes $\varphi(K)^\top V$ once for all queries and never builds the table of all pairs. The row sums come from $\varphi(K)^\top 1$ in the same way. This is **linear attention** (Katharopoulos et al., 2020).
#
# The **generalized kernel** of the model Performer uses random features whose product is $e^{q\cdot k/\sqrt d}$ on average (Choromanski et al., 2021). As a score it returns log(φ(q)·φ(k)): softmax undoes the logarithm and divides by the sum.

# %%
from course_utils.linear import PositiveFeatures, linear_attention

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
# Computed in either order, or as a score, the result is the same. How far are random features from exact attention? The plot shows, for short queries and keys, what share of a row's weight must move to give the exact weights, averaged over rows and five draws of the features.

# %%
costs = results.load("scores_cost")
counts, errors = (
    [int(n) for n in costs["kernel_errors"]],
    list(costs["kernel_errors"].values()),
)
# the queries and keys of the record
small = 0.5 * torch.randn(2, 128, 16, generator=torch.Generator().manual_seed(0))
equal = (torch.softmax(small[0] @ small[1].T / 4, -1) - 1 / 128).abs().sum(
    -1
).mean().item() / 2
plot.lines(
    {"Performer": (counts, errors), "equal weights": (counts, [equal] * len(counts))},
    "random features",
    "share of the weight that must move",
    log="xy",
    title="How far off is Performer's kernel?",
    caption="Four times the features leave between half and two thirds of the error. "
    f"{costs.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(b == 4 * a for a, b in zip(counts, counts[1:], strict=False))
assert errors[0] > 0.1 > equal > errors[1] > 0.85 * equal and errors[-1] < 0.02 and all(0.5 < b / a < 0.66 for a, b in zip(errors, errors[1:], strict=False))

# %%
lengths = [row["tokens"] for row in costs["times"]]
times = {
    f"{kind} attention": (lengths, [row[f"{kind} s"] for row in costs["times"]])
    for kind in ("exact", "linear")
}
ratio = [row["exact s"] / row["linear s"] for row in costs["times"]]
plot.lines(
    times,
    "tokens",
    "seconds",
    log="xy",
    title="What does length cost?",
    caption=f"Both axes are logarithmic. {costs.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lengths[0] == 128 and lengths[-1] == 8192
assert ratio[0] < 1 and 250 < ratio[-1] < 350
assert [round(2 ** costs["slopes"][kind], 1) for kind in ("exact", "linear")] == [4.6, 1.7]
steps = [b["exact s"] / a["exact s"] for a, b in zip(costs["times"], costs["times"][1:], strict=False)]
assert [round(min(steps), 1), round(max(steps), 1)] == [1.8, 9.4]

# %% [markdown]
# At 128 tokens exact attention is faster. At 8,192 tokens our exact attention, which stores all weights, took about three hundred times as long as linear attention with 64 random features. Counted in multiply–adds, twice the length costs exact attention four times as much, and linear attention twice. Timed, over all lengths, it was 4.6 and 1.7 times on average; a single doubling of exact attention took 1.8 to 9.4 times as long, with the largest jump where the table of weights outgrows the processor's caches.
#
# The price of this speed is Performer's error. The exact weights of short queries and keys are nearly equal. So with equal weights less than a tenth of the weight must move, and with 64 random features only slightly less.
#
# ### Exercise ●●● · 5 minutes
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
# The sentence and its word vectors come from chapter 1.

# %% jupyter={"source_hidden": true}
from course_kit import data
from chapters.ch02.experiments import trained_scores

cards = data.load("word_features")
tired, x = cards.words[:11], torch.tensor(cards.features[:11]).float()
scores, _ = trained_scores(3)
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
    "parameters were trained in a world above; only location-based is untrained.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tired[twelve[1, tired.index("it")].argmax()] == "animal"

# %% [markdown]
# Under the dot product, "it" attends most to "animal". But the maps say nothing about language: no score was trained on sentences.

# %% [markdown]
# ## Open questions
# <a id="open-questions"></a>
# **Prove: $W_QW_K^\top$ is all that a score sees.** $(xW_Q)\cdot(yW_K)=x\,W_Q\,W_K^\top\,y^\top$ with rows x and y. So only the product counts: $W_QA$ and $W_K(A^{-1})^\top$ give the same scores for every invertible A. The score reads word x only through $xW_Q$, d numbers.
#
# **Design an experiment: is $W_V$ needed in our rooms?** Take it away and read the thing from the last eight numbers of the average of x. Train this as in the lesson:

# %%
from chapters.ch02.experiments import served_without_values

print(f"without W_V: {served_without_values():.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert served_without_values() >= 0.95

# %% [markdown]
# It works. But *we* chose the eight numbers; $W_V$ finds them itself. And without it, every output has as many numbers as a word, however few of them are needed.
#
# **Why not let the values be the keys?** In the lesson's rooms they may share a matrix, and nine people in ten are still served. But a key must say who a person is, and a value what they carry: with one matrix, what is found by also gets into the answer.

# %% [markdown]
# ## Further reading
# - S. Chaudhari et al., *An attentive survey of attention models*, 2021, section 2: the table of twelve.
# - D. Bahdanau et al., *Neural machine translation by jointly learning to align and translate*, 2015, appendix A.1.2: additive.
# - M.-T. Luong et al., *Effective approaches to attention-based neural machine translation*, 2015, section 3.1: dot, general, concat, location.
# - A. Vaswani et al., *Attention is all you need*, 2017, section 3.2.1: scaled dot; a footnote explains √d.
# - D. Britz et al., *Massive exploration of neural machine translation architectures*, 2017: additive against dot, measured.
# - Less known: A. Graves et al., *Neural Turing machines*, 2014 (similarity); A. Sordoni et al., *Iterative alternating neural attention for machine reading*, 2016 (biased general); D. Ma et al., *Interactive attention networks*, 2017 (activated general); J. Pavlopoulos et al., *Deeper attention to abusive user content moderation*, 2017 (deep); Y. Li et al., *Area attention*, 2019 (feature-based).

# %% [markdown]
# Back to [the lesson](02_scoring_functions.ipynb), or on to [chapter 3](03_seq2seq.ipynb).
