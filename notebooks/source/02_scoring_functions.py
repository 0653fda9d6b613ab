# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 2 · How does a query meet a key?
# *Twelve scoring functions.* **By the end** you will be able to read all twelve, write the ones that matter, say what each costs and what it cannot see, and explain why scores are divided by √d. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb): score, softmax, weighted average; matrix products and derivatives.

# %%
import torch
import course_kit
from course_utils.scores import SCORES
from course_utils.attention import masked_softmax
from chapters.ch02 import labs
from course_kit.views import heatmap, plot, predict
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One query, four keys
# In chapter 1 a score came from the distance between query and key. Now both are *vectors*, arrows with a direction and a length. A distance depends on both at once, but a score can also look at the direction alone. Here one <b style="color:#bf5f00">query</b> meets four <b style="color:#007fc6">keys</b>, and each key is also its own value.
#
# The key called *short* points almost in the direction of the query. The key called *long* is 35° away from the query, but more than four times as long as *short*. **Guess before you look at the numbers:** which of these two should get more attention? The lab answers with two scores, A and B.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
compass = {"short": [0.7, -0.1], "long": [2.4, 2.0], "up": [-0.3, 1.4], "back": [-1.5, -0.4]}
first = labs.scoring([1.2, 0.1], list(compass.values()), list(compass), a="dot", b="similarity",
                     title="Which key should get the attention?")
first

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(100 * first.steps(slot)["weights"].max()) for slot in "ab"] == [87, 43]
assert round(torch.tensor(first.steps("b")["score"][1]).acos().rad2deg().item()) == 35

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# It depends on the score. Score A gives *long* 87 % of the weight, but under score B *short* gets the most, 43 %.
#
# </details>
#
# <a id="scoring-function"></a>
# The rule that turns a query and a key into one number is the **scoring function**. Score A is the *dot product*, which grows with how far a key reaches in the direction of the query. Score B, *similarity* in the menu, is the *cosine* of the angle between query and key, so it measures only how well their directions agree. The purple marks are the outputs, or *contexts*: the weighted averages of the arrows. Drag the tip of *long*, and compare the weights under A and B.
#
# **Keep this:** the scoring function decides what "fits" means; softmax and weighted average stay as in chapter 1.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# Whatever the score, chapter 1's softmax follows, so recall what it does.
#
# 1. You add 5 to all scores of one query. What happens to the weights?
# 2. You multiply all scores by 10. What happens now?
# 3. Every key of a row is masked. Which weights does `masked_softmax` give this row?
#
# <details><summary>Answers</summary>
#
# 1. Nothing changes, because softmax depends only on the differences between scores.
# 2. The weights become sharper, as at a temperature of 1/10.
# 3. All weights of this row are 0, by chapter 1's convention.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Direction times length
# <a id="dot-product"></a>
# Why do scores A and B disagree? The numbers in a vector are its *features*. The **dot product** multiplies two vectors feature by feature and adds up the products. In geometry, this sum is the product of both lengths and the cosine of the angle θ between the vectors: ${\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}}=\lVert q\rVert\,\lVert k\rVert\cos\theta$.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "q = (1, 0). Key one is (1, 0), the same vector. Key two is (3, 3), more than four times as long, but 45° away from q. "
    "Which has the larger dot product with q?",
    ["key one: nothing fits q better than q", "key two", "both have the same"],
    answer=1,
    because="Key one scores 1·1 + 0·0 = 1, key two 1·3 + 0·3 = 3. Key two's greater length outweighs its worse direction.",
)

# %%
q, keys = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [3.0, 3.0]])
dot, cosine = (SCORES[name](2, 2)(q, keys) for name in ("dot", "similarity"))  # for queries and keys of 2 features
dot, cosine

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert dot.tolist() == [[1, 3]] and torch.allclose(cosine, torch.tensor([[1.0, 0.5**0.5]]))

# %% [markdown]
# <a id="cosine-similarity"></a>
# The second result is the **cosine similarity**: the dot product divided by both lengths, so that only the directions are left.
#
# **Keep this:** dot product = cosine × both lengths. A longer query only sharpens its own weights, but a longer key can change which key wins.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a dot product inside the distance
# Expand the square of chapter 1's distance, and a dot product appears:
#
# $$ -\tfrac12\lVert {\color{#bf5f00}{q}}-{\color{#007fc6}{k}}\rVert^2 \;=\; {\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}} \;-\; \tfrac12\lVert q\rVert^2 \;-\; \tfrac12\lVert k\rVert^2 $$
#
# $\tfrac12\lVert q\rVert^2$ is the same for all keys, so softmax cancels it. If all keys are equally long, softmax cancels the last term too, and only the dot product is left.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a cosine cannot decide
# Cosines lie between −1 and 1, so the weights of two keys never differ by more than a factor $e^{1-(-1)}=e^2\approx 7.4$. Graves et al. (2014) multiply the cosine by a *sharpness* β, which the network chooses.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
ahead, opposite = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
weights = torch.cat([masked_softmax(sharpness * SCORES["similarity"](2, 2)(ahead, opposite)) for sharpness in (1, 5)])
weights  # of two keys, the worse still gets 12 % of the weight at β = 1, less than 0.01 % at β = 5

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.isclose(weights[0, 0] / weights[0, 1], torch.tensor(2.0).exp()) and 0.115 < weights[0, 1] < 0.125
assert weights[1, 1] < 1e-4

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Exercise ●●○ · 4 minutes
# Write the cosine score. Watch out for vectors of zeros: their score is 0.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
from chapters.ch02 import again, exercise, find_error, hint, solution

@exercise("cosine score")
def cosine_score(queries, keys):
    """queries [Q, D], keys [K, D] -> scores [Q, K]"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
arrows = torch.tensor(list(compass.values()))
by_cosine = masked_softmax(cosine_score(torch.tensor([[1.2, 0.1]]), arrows))[0]
print({name: f"{weight:.0%}" for name, weight in zip(compass, by_cosine.tolist(), strict=True)})  # as B above

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert round(100 * by_cosine.max().item()) == 43

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "A lecture makes these claims about the dot product a·b of a query a and a key b. Which one goes too far?",
    ["a·b = ‖a‖ ‖b‖ cos θ, with θ the angle between them",
     "If a and b are at right angles, a·b is 0",
     "a·b says how similar the directions of a and b are, and nothing else",
     "If all keys are equally long, dot product and cosine put them in the same order"],
    answer=2,
    because=["This is how geometry defines it.",
             "This is true, because cos 90° = 0.",
             "The lengths are factors as well. A long key in a fairly good direction can have a larger dot product than a short key in the best one.",
             "This is true: the lengths are then the same factor for all keys."],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why divide by √d?
# <a id="scaled-dot-product"></a>
# How large do dot products become when vectors have many features? As a simple model of a network before training, take queries and keys whose d features are random and independent, with mean 0 and variance 1.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "When d grows from 4 to 400, the typical size of a score grows by …",
    ["a factor of 2", "a factor of 10", "a factor of 100"],
    answer=1,
    because="The standard deviation of a score is √d, as you see below: √400 / √4 = 10.",
)

# %%
generator = torch.Generator().manual_seed(1)
q = torch.randn(1000, 1, 400, generator=generator)
k = torch.randn(1000, 24, 400, generator=generator)
products = {d: (q[..., :d] * k[..., :d]).sum(-1) for d in (4, 400)}  # [1000 queries, 24 keys]
spread = {d: s.std().item() for d, s in products.items()}
print(f"standard deviation of the scores: {spread[4]:.1f} for d = 4, {spread[400]:.1f} for d = 400")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 9.5 < spread[400] / spread[4] < 10.5 and 0.95 < spread[400] / 400**0.5 < 1.05

# %% [markdown]
# Why √d? A score is a sum of d products, $q_1k_1+\dots+q_dk_d$, each with mean 0 and variance 1·1 = 1. Because the products are independent, their variances add up, so the score has variance d and standard deviation √d. Divided by √d, it has standard deviation 1 for every d.
#
# What do large scores do to softmax? Compare the weights of twelve random queries without and with √d, at d = 400.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
sizes = labs.scaling(sizes=range(1, 1025), d=400)
sizes

# %%
certain = {}
for name, divisor in {"without √d": 1, "with √d": 400**0.5}.items():
    weights = torch.softmax(products[400] / divisor, -1)
    certain[name] = (weights.amax(-1) > 0.9).float().mean().item()
    print(f"{name}: {certain[name]:.0%} of our 1,000 queries put over 90 % of their weight on one key")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.75 < certain["without √d"] < 0.85 and certain["with √d"] == 0

# %% [markdown]
# <a id="saturation"></a>
# A softmax is **saturated** when nearly all its weight is on one key. Here all vectors are noise, yet at d = 400 about four in five queries are certain without √d; with √d, none is.
#
# Why is that bad? A score affects the loss only through the weights, so training depends on how steeply the weights change with the scores. This *slope* is a derivative, and differentiating $\alpha_i=e^{s_i}/\sum_k e^{s_k}$ gives
#
# $$ \frac{\partial \alpha_i}{\partial s_i}=\alpha_i(1-\alpha_i),\qquad \frac{\partial \alpha_i}{\partial s_j}=-\alpha_i\alpha_j\quad(j\ne i) $$
#
# If $\alpha_i$ is near 0 or near 1, both slopes are small, so this weight hardly changes with any score. All slopes of a query together form its *Jacobian* matrix:

# %%
def jacobian(weights):  # weights α, [..., K] -> diag(α) − ααᵀ, [..., K, K]
    return torch.diag_embed(weights) - weights[..., :, None] * weights[..., None, :]

# %% [markdown]
# **An example.** A query meets four keys. Three of its scores are equal, and the first leads by half a standard deviation. With √d the standard deviation is 1, so the lead is ½ for every d. Without √d it is √d, so the lead is √d/2: 2 for d = 16, 10 for d = 400.

# %% jupyter={"source_hidden": true}
leads = {"lead ½: with √d": 0.5, "lead 2: d = 16": 2.0, "lead 10: d = 400": 10.0}  # of the first score
felt = {name: jacobian(torch.softmax(torch.tensor([lead, 0, 0, 0]), 0)) for name, lead in leads.items()}
marks = [{name: [f"{letter}{i}" for i in "₁₂₃₄"] for name in leads} for letter in "αs"]
plot.maps({name: J.abs() for name, J in felt.items()}, *marks, limits=(0, 0.25), scale="slope",
          title="A confident softmax hardly responds",
          caption="Each cell shows how steeply a weight (row) changes with a score (column), without the sign.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(J[0, 0].item(), 5) for J in felt.values()] == [0.22888, 0.20538, 0.00014]
assert [round(torch.tensor([x, 0, 0, 0]).softmax(0)[0].item(), 5) for x in (2.0, 2.4, 10.0, 12.0, 8.0, 0.5, 0.6)
        ] == [0.71123, 0.78607, 0.99986, 0.99998, 0.99899, 0.35466, 0.37787]
assert round(0.4 * 0.205, 2) == 0.08

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
# Not every query is like this one. How strongly do the weights of a query respond to a change of q·k itself? Dividing by √d makes every such response √d times smaller. So without √d, a query whose best scores are close responds far more strongly, and a saturated one hardly at all. At d = 400, almost a quarter of our random queries respond more than ten times as strongly as the median query with √d, and almost half less than a tenth as strongly (*Deeper: unequal gradients*).
#
# ### Find the error ●○○ · 3 minutes
# The variance of this score should not depend on d. One line is wrong: repair it.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch02 import again, exercise, find_error, hint, solution

@find_error("program 2.5")
def score(queries, keys):              # queries [Q, D], keys [K, D]
    products = queries @ keys.T        # [Q, K]
    d = len(keys)
    return products / d ** 0.5

# %% [markdown]
# **Keep this:** for independent features with mean 0 and variance 1, scores have standard deviation √d. Divided by √d they have standard deviation 1, so the softmax does not start saturated (here with 24 keys).

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: unequal gradients
# Square all slopes ∂α/∂(q·k) of a query, add the squares, and take the root. This *Frobenius norm* is the size of the query's *gradient*. We call its median with √d, at d = 400, *normal*.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def gradient(divisor):
    """Scores q·k / divisor -> the size of ∂α/∂(q·k) for each query, [1000]."""
    weights = torch.softmax(products[400] / divisor, -1)
    return jacobian(weights).flatten(1).norm(dim=-1) / divisor

plain, scaled = gradient(1), gradient(400**0.5)
normal = scaled.median()
tiny = (plain < normal / 10).float().mean().item()
huge = (plain > normal * 10).float().mean().item()
print(f"mean size with √d {scaled.mean():.3f}, without √d {plain.mean():.3f}; normal: {normal:.3f}")
print(f"without √d, {tiny:.1%} of the queries are below a tenth of normal, {huge:.1%} above ten times")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 6.5 < plain.mean() / scaled.mean() < 7.5
assert 0.8 * normal < scaled.min() and scaled.max() < 1.4 * normal and 0.45 < tiny < 0.46 and 0.22 < huge < 0.25
assert all(0.25 < sizes.measure(d, True)["gradient"] < 0.27 for d in (4, 16, 64, 400, 1024))
assert 1.3 < sizes.measure(16, False)["gradient"] < 1.45
assert 0.23 < sizes.measure(400, False)["gradient"] / sizes.measure(400, True)["gradient"] < 0.26

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With √d, every query's gradient is 0.8 to 1.4 times normal. Without √d, the *mean* is seven times as large, but more than 45 % of the queries have less than a tenth of a normal gradient.
#
# Now go back to the lab, unfold *how the weights respond to q·k*, and drag d. The curves show the median query's gradient times √d: q·k has standard deviation √d, so this is the weights' response to *one standard deviation*. With √d, the response hardly depends on d. Without √d, it is about five times as large at d = 16, and only a quarter as large at d = 400.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which English word does "assis" come from?
# <a id="cross-attention"></a>
# Now follow one query by hand. You translate "The cat sat on the mat", and after *Le chat était* comes *assis* ("seated"). Each English word has one vector, which is both its key and its value. The query for *assis*, (0, 0, 1), comes from the French words before it. Attention from one sequence to another is called **cross-attention**.
#
# **With a pencil:** compute the six dot products of the query with these vectors. Some words will tie for first place, and the tie will show what a 0 in a query means. Which words are they?
#
# | The | cat | sat | on | the | mat |
# |---|---|---|---|---|---|
# | (1, 0, 0) | (0, 1, 0) | (0, 0, 1) | (1, 1, 0) | (0, 1, 1) | (1, 0, 1) |

# %%
words = ["The", "cat", "sat", "on", "the", "mat"]
K = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]])
assis = torch.tensor([[0.0, 0, 1]])
scores = assis @ K.T
weights = torch.softmax(scores / 3**0.5, dim=-1)
context = weights @ K
scores, weights, context

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores.tolist() == [[0, 0, 1, 0, 1, 1]]
assert torch.allclose(weights, torch.tensor([[0.120, 0.120, 0.213, 0.120, 0.213, 0.213]]), atol=5e-4)
assert torch.allclose(context, torch.tensor([[0.453, 0.453, 0.640]]), atol=5e-4)

# %% tags=["lab"]
labs.scoring(assis[0], K, words, a="scaled_dot", b="dot", query_name="assis",
             title="Three words tie. Change one number so that “sat” wins alone")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.softmax(torch.tensor([0, 0, 2, 0, 1, 1]) / 3**0.5, -1)[[2, 4, 5]],
                      torch.tensor([0.326, 0.183, 0.183]), atol=5e-4)
assert all((changed @ K.T)[2] <= max((changed @ K.T)[[4, 5]]) for i in range(3) for size in torch.linspace(-9, 9, 37)
           for changed in [torch.where(torch.arange(3) == i, size, assis[0])])
assert (torch.tensor([-1.0, -1, 1]) @ K.T).tolist() == [-1, -1, 1, -2, 0, 0]

# %% [markdown]
# "sat" gets 0.213, but so do "the" and "mat", because all three have a 1 in the third feature and the query's zeros ignore the other two.
#
# <details><summary>Which number?</summary>
#
# Raise the third number of "sat" to 2: "sat" then gets 0.326, "the" and "mat" get 0.183 each. Changing one number of the query is not enough: the query must reject both other features, as (−1, −1, 1) does.
#
# </details>
#
# ### Exercise 1 ●○○ · 3 minutes
# Write the scaled dot product for a batch. In the shapes, d is called D.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product score")
def scaled_score(queries, keys):
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]"""
    raise NotImplementedError

six = torch.softmax(scaled_score(assis[None], K[None]), dim=-1)
six  # the six weights from above

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(six[0], torch.tensor([[0.120, 0.120, 0.213, 0.120, 0.213, 0.213]]), atol=5e-4)

# %% [markdown]
# **Keep this:** a 0 in the query ignores a feature. queries @ keysᵀ gives all scores at once: one row per query, one column per key.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Can this be the output?
# In the same way, a widely used lecture gives each word of "The weather is nice today" a vector, which is both key and value. The query is the vector of "The", and the lecture prints (1.8, 2.3, 0.4) as the output.

# %%
nice = ["The", "weather", "is", "nice", "today"]
X = torch.tensor([[0.6, 0.2, 0.8], [0.2, 0.3, 0.1], [0.9, 0.1, 0.8],
                  [0.4, 0.1, 0.4], [0.4, 0.1, 0.6]])
weights = torch.softmax(X[:1] @ X.T, dim=-1)
computed = weights @ X
X, weights

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.250, 0.114, 0.293, 0.158, 0.185]]), atol=5e-4)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "You have not seen the computed output yet. Can it be (1.8, 2.3, 0.4)?",
    ["yes, why not", "no, and you can tell from the vectors alone", "you have to compute it to know"],
    answer=1,
    because="Weights are ≥ 0 and sum to 1, so the first coordinate of the output is an average of numbers between 0.2 and 0.9. It cannot be 1.8.",
)

# %% jupyter={"source_hidden": true}
averages = tuple(torch.tensor([[0.2, 0.4, 0.6, 0.9], [0.1, 0.3, 0.5, 0.8], [0.1, 0.6, 0.8, 0.8]]))  # x, low, high
outputs = torch.cat([computed, torch.tensor([[1.8, 2.3, 0.4]])])
drawn = X.flip(0)  # "The" last, so that no name covers another
groups = {"all averages": averages, "the words": (drawn[:, 0], drawn[:, 2]), "outputs": (outputs[:, 0], outputs[:, 2])}
plot.points(groups, xlabel="first feature", ylabel="third feature", title="Where can an average be?",
            role={"all averages": "value", "the words": "value", "outputs": "output"},
            labels={"the words": nice[::-1], "outputs": ["computed", "printed"]},
            caption="The plot shows two of the three features. Every average of the five words (squares) lies in the shaded area, but the printed output does not.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(computed, torch.tensor([[0.574, 0.148, 0.620]]), atol=5e-4)
assert {(0.2, 0.1), (0.4, 0.6), (0.6, 0.8), (0.9, 0.8)} < {(round(x, 1), round(z, 1)) for x, _, z in X.tolist()}

# %% [markdown]
# <a id="convex-hull"></a>
# It cannot: no first feature exceeds 0.9, so no average can reach 1.8. The correct output is (0.574, 0.148, 0.620). The **convex hull** of the values is the set of all their averages with weights ≥ 0 that sum to 1. Softmax makes such weights, so the output of attention stays in the hull, whatever the score. There are two exceptions: a row in which every key is masked, and *dropout*, which sets random weights to 0 in training.
#
# **Keep this:** with weights from a softmax, the output is an average of the values, so it never leaves their hull.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: is a quick check enough?
# The printed output fails a quick check: 1.8 is outside the range of the first features, 0.2 to 0.9. The second features range from 0.1 to 0.3, the third from 0.1 to 0.8. Is an output possible if each of its features is inside its range?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "The values are the five words above. Which of these outputs can no weights give that are ≥ 0 and sum to 1?",
    ["(0.5, 0.16, 0.54)", "(0.9, 0.1, 0.8)", "(0.9, 0.3, 0.5)", "(0.4, 0.1, 0.5)"],
    answer=2,
    because=["Five equal weights give it: it is the mean of the five words.",
             "With all the weight on “is”, the output is the vector of “is”.",
             "Each feature is inside its range. But a first feature of 0.9 needs all the weight on “is”, and the second feature of “is” is 0.1. So the hull is smaller than the box of all ranges.",
             "Half the weight on “nice” and half on “today” give it."],
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(X.mean(0), torch.tensor([0.5, 0.16, 0.54])) and X[2].tolist() == torch.tensor([0.9, 0.1, 0.8]).tolist()
assert torch.allclose((X[3] + X[4]) / 2, torch.tensor([0.4, 0.1, 0.5])) and X[:, 0].argmax() == 2 and X[2, 0] > X[:, 0].topk(2).values[1]
assert [[round(x, 1) for x in ends.tolist()] for ends in X.aminmax(dim=0)] == [[0.2, 0.1, 0.1], [0.9, 0.3, 0.8]]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One vector, three jobs
# <a id="self-attention"></a>
# The lecture took its query from the same sentence as the keys and values, which is called **self-attention**. In "train station", it lets the second word take something from the first. Let "train" be (2, 0) and "station" (1, 1), and let each word use its vector as query, key and value.

# %%
pair = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
weights = torch.softmax(pair @ pair.T, -1)
label = ["train (2, 0)", "station (1, 1)"]
heatmap(weights, label, label, select=(1, 0), title="Which words does “station” attend to?",
        caption="“station” scores 2 with “train” and 2 with itself, so the new “station” is half of each: (1.5, 0.5).")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (pair @ pair.T)[1].tolist() == [2, 2] and torch.allclose(weights, torch.tensor([[0.881, 0.119], [0.5, 0.5]]), atol=5e-4) and torch.allclose(weights[1] @ pair, torch.tensor([1.5, 0.5]))

# %% [markdown]
# Now a word's vector is both its *content* and the *reason for its weight*. Is that a problem? Moving a word would also move its query, so we fix the query to see only the key and the value: w = (1, 0), and $\alpha=\mathrm{softmax}(w\cdot x_i)$. This w prefers "train". To give "station" more weight, we can move its whole vector along w, or only its key:

# %%
w = torch.tensor([1.0, 0.0])
louder = pair + torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # "station" moves to (3, 1)
weights, new_weights = torch.softmax(pair @ w, -1), torch.softmax(louder @ w, -1)
print("weights before:       ", weights, "→ output", weights @ pair)
print("whole vector moved:   ", new_weights, "→ output", new_weights @ louder)
print("only the key moved:   ", new_weights, "→ output", new_weights @ pair)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.stack([weights, new_weights]), torch.tensor([[0.731, 0.269], [0.269, 0.731]]), atol=5e-4)
assert torch.allclose(weights @ pair, torch.tensor([1.731, 0.269]), atol=5e-4)
assert torch.allclose(new_weights @ louder, torch.tensor([2.731, 0.731]), atol=5e-4)
assert torch.allclose(new_weights @ pair, torch.tensor([1.269, 0.731]), atol=5e-4)

# %% [markdown]
# Yes, it is a problem. If the whole vector moves, "station" gets more weight, but its content changes too. If only the key moves, the word gets just as much weight and keeps its content.
#
# So each word gets a <b style="color:#007fc6">key</b>, by which it is found, and a separate <b style="color:#008a67">value</b>, which it contributes. And instead of the fixed w, each word asks with a <b style="color:#bf5f00">query</b> of its own. Learned matrices make all three from the word's vector x, a row:
#
# $$ {\color{#bf5f00}{q}}=xW_Q,\qquad {\color{#007fc6}{k}}=xW_K,\qquad {\color{#008a67}{v}}=xW_V $$
#
# Why must the query differ from the key? Without $W_Q$ and $W_K$, two words always give each other the same score, because $x_i\cdot x_j=x_j\cdot x_i$: "train" and "station" give each other 2. The next cell shows three tables: these scores, the scores with two matrices that we chose by hand, and the weights of the latter:

# %%
W_Q, W_K = torch.tensor([[1.0, -1], [1, 0]]), torch.eye(2)
asked = (pair @ W_Q) @ (pair @ W_K).T
pair @ pair.T, asked, torch.softmax(asked, -1)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (pair @ pair.T).tolist() == [[4, 2], [2, 2]] and asked.tolist() == [[4, 0], [4, 1]]
assert torch.allclose(torch.softmax(asked, -1), torch.tensor([[0.982, 0.018], [0.953, 0.047]]), atol=5e-4)

# %% [markdown]
# Now "station" gives "train" the score 4 and gets 0 back, so it gives "train" 95 % of its weight but gets only 2 %. (For simple numbers, we did not divide by √d.)
#
# **Keep this:** q, k and v are three vectors because asking, being found and answering are three jobs.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: two more worked examples
# Round last: the third number of the context of "assis" is 0.6405. Some lecture notes round the weights *before* the average and get 3 · 0.213 = 0.639.
#
# The two examples use plain dot products. The first is cross-attention: keys and values are $h_1=(1,0)$, $h_2=(0,1)$, $h_3=(1,1)$, and the query is (0.5, 0.5).

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "A lecture computes this example in four lines. Which one is wrong?",
    ["The query scores 0.5, 0.5 and 1 with the three keys",
     "exp(0.5) ≈ 1.649 and exp(1) ≈ 2.718, so the three exponentials add up to 6.016",
     "The weights are 0.27, 0.27 and 0.46",
     "The context is the average of the three values, and its two coordinates are equal"],
    answer=2,
    because=["This is right: ½·1 + ½·0 = ½ for the first two keys, and ½ + ½ = 1 for the third.",
             "This is right: 1.649 + 1.649 + 2.718 = 6.016.",
             "2.718 / 6.016 = 0.452, which rounds to 0.45. To three digits the weights are 0.274, 0.274 and 0.452, which sum to 1.",
             "This is right: the first two keys mirror each other and have the same weight."],
)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
H = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
weights = torch.softmax(torch.tensor([[0.5, 0.5]]) @ H.T, -1)
weights, weights @ H

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(weights, torch.tensor([[0.274, 0.274, 0.452]]), atol=5e-4) and round(3 * 0.213, 3) == 0.639
assert abs(3 * (torch.softmax(assis @ K.T / 3**0.5, dim=-1)[0, 2].item()) - 0.6405) < 5e-5
assert torch.allclose(weights @ H, torch.tensor([[0.726, 0.726]]), atol=5e-4)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The second example is self-attention. The same three vectors are now the words I, am and happy.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "The lecture asks what the last word, happy, attends to. Which of its five lines does not follow from the numbers?",
    ["The query (1, 1) scores 1, 1 and 2, so the weights are about 0.21, 0.21 and 0.58",
     "happy attends most to itself",
     "The new vector of happy is about (0.79, 0.79)",
     "Self-attention has found that happy belongs to I",
     "The new vector of happy still points where the old one pointed"],
    answer=3,
    because=["This is right: (1, 1)·(1, 0) = 1, (1, 1)·(0, 1) = 1 and (1, 1)·(1, 1) = 2, and softmax makes 0.212, 0.212 and 0.576 of them.",
             "This is right: its score with itself is 2, the others are 1.",
             "This is right: 0.212 + 0.576 = 0.788 in both coordinates.",
             "I and am get the same weight, 0.212. The numbers only say that happy attends to both of them equally.",
             "This is right: both coordinates are equal, as in (1, 1)."],
)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
weights = torch.softmax(H @ H.T, -1)
weights

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(weights[2], torch.tensor([0.212, 0.212, 0.576]), atol=5e-4)
assert torch.allclose(weights[2] @ H, torch.tensor([0.788, 0.788]), atol=5e-4)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: three tokens, every number
# Here is every step of self-attention for three *tokens* (words, or pieces of words). Compute the first rows by hand.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
x = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
Wq, Wk, Wv = torch.tensor([[1.0, 1], [0, 1]]), torch.tensor([[0.0, 1], [1, 0]]), torch.tensor([[2.0, 0], [0, 1]])
qs, ks, vs = x @ Wq, x @ Wk, x @ Wv
S = qs @ ks.T
qs, ks, vs, S

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert S.tolist() == [[1, 1, 2], [1, 0, 1], [2, 1, 3]] and S.diagonal().tolist() == [1, 0, 3]

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
weights = torch.softmax(S / 2**0.5, -1)
output = weights @ vs
weights, output

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(weights[0], torch.tensor([0.248, 0.248, 0.503]), atol=6e-4)
assert torch.allclose(weights[1:], torch.tensor([[0.401, 0.198, 0.401], [0.284, 0.140, 0.576]]), atol=6e-4)
assert torch.allclose(output, torch.tensor([[1.503, 0.752], [1.604, 0.599], [1.720, 0.716]]), atol=6e-4)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# An article that explains these steps makes four mistakes. Here are two of them (relu(x) is the larger of x and 0):
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | S₁₂ = q₂ · k₂ | Each key meets only its own query, so all rows of S are equal: here (1, 0, 3). | S₁₂ = q₁ · k₂: row i belongs to query i |
# | q = relu(x Wq) | A relu cuts off what is negative, so a query can no longer ask for keys *without* a feature. | q = x Wq, a projection like k and v |
#
# #### Find the error ●○○ · 3 minutes
# The third mistake is in this program:

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@find_error("program 2.10")
def own_attention(x, Wq, Wk, Wv):               # x [T, D]
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)
    return weights @ x

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The fourth mistake is about *multi-head attention* (chapter 5): several attentions, or *heads*, run side by side, and a last matrix $W_O$ joins their outputs.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "These claims are about multi-head attention. Which one is the article's mistake?",
    ["Each head can attend to something else",
     "For H heads, run one head with its Wq, Wk, Wv H times, and put the outputs side by side",
     "The outputs of the heads, side by side, are H · D numbers for each token if each head returns D",
     "A last matrix W_O mixes the heads and brings them back to the size of the model"],
    answer=1,
    because=["This is true, and it is what several heads are for.",
             "The same Wq, Wk and Wv give the same output H times. Each head needs projections of its own, and then comes W_O.",
             "This is true: the outputs are joined end to end.",
             "This is true, although the article leaves it out. Without W_O the outputs of the heads would only stand side by side."],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A matrix in between
# <a id="general-score"></a>
# What else can a matrix do? In a dot product, feature 1 of the query meets feature 1 of the key, although the two may mean different things. Here is a task in which they do: *turn the query by 90° anticlockwise*. Of eight keys of equal length, the one closest to this new direction is correct.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "How often does the dot product find the correct key?",
    ["always: an angle is an angle", "about 1 time in 8, like guessing", "less often than guessing"],
    answer=2,
    because="The dot product prefers keys in the query's own direction, and these are far from the new direction. "
    "A score built on the wrong assumption can be worse than none.",
)

# %% [markdown]
# The **general** score, $q^\top W k$ with columns q and k, puts a learned matrix between query and key. We train it beside the dot product, and the loss is −log of the weight on the correct key. A `Chooser` is a score with a trained temperature; `task_batch` draws queries, keys and the number of the correct key.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch02.experiments import Chooser, choice_loss, share_right, task_batch
from course_utils.training import fit

torch.manual_seed(0)
dot, general = Chooser("dot", size=2), Chooser("general", size=2)

def examples(generator):
    return task_batch("feature", 128, generator, size=2)

def held_out(chooser):
    return {"share of right choices": share_right(chooser, "feature", size=2)}

learned = fit(general, examples, choice_loss, steps=300, lr=0.02, title="Training the general score",
              evaluate=held_out, higher_is_better=True)
stuck = fit(dot, examples, choice_loss, steps=300, lr=0.02, show=False)

# %%
choosers = {"dot": dot, "general": general}
right = {name: share_right(one, "feature", size=2) for name, one in choosers.items()}
equal = torch.tensor(8.0).log().item()  # the loss of eight equal weights
plot.lines({"dot product": stuck.history["loss"], "general": learned.history["loss"],
            "equal weights": ([0, 300], [equal, equal])},
           "step", "loss", title="The dot product can only give up",
           caption=f"After training, the general score is right in {right['general']:.1%} of the cases, "
                   f"the dot product in {right['dot']:.0%}. Guessing is right in 12.5 %.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert right["dot"] < 0.06 and right["general"] > 0.97
assert stuck.history["loss"][1][0] > 2.2 and abs(stuck.history["loss"][1][-1] - equal) < 0.05 and dot.log_sharpness.exp() < 0.2

# %% [markdown]
# The correct key is at about 90° from the query, so its dot product is near 0, and another key nearly always has more. The dot product has only its temperature to train, so it can only learn to spread its weight more evenly. The general score has learned its matrix W, rescaled here so that its numbers can be compared with those of a rotation:

# %%
W = general.score.W.weight.detach()
W = W / W.norm() * 2**0.5
heatmap((100 * W).round() / 100 + 0.0, ["q₁", "q₂"], ["k₁", "k₂"], kind="scores", select=(0, 1),
        title="W has learned to turn the query by 90°",
        caption="Each cell shows how strongly W matches a feature of the query (row) with a feature of the "
                "key (column). It matches q₁ with k₂, and q₂ with −k₁.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(W, torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), atol=0.05)

# %% [markdown]
# What has W to do with $W_Q$ and $W_K$? Let word x make the query $xW_Q$ and word y the key $yW_K$ (both words are rows). Then the dot product of query and key is a general score of the two words themselves, with $W=W_QW_K^\top$:
#
# $$ (xW_Q)\cdot(yW_K)\;=\;x\,(W_QW_K^\top)\,y^\top \;=\; x\,W\,y^\top $$
#
# So attention with $W_Q$ and $W_K$ *is* the general score, apart from 1/√d. If queries and keys have d features, W can pass on only d numbers about a word, because its *rank*, the number of independent rows, is at most d. In return, the two factors have fewer parameters than W if d is small:

# %% tags=["nbval-check-output"]
generator = torch.Generator().manual_seed(0)
x, y = torch.randn(2, 10, 64, generator=generator)         # ten words of 64 features each
W_Q, W_K = torch.randn(2, 64, 8, generator=generator) / 8  # queries and keys of d = 8
W_both = W_Q @ W_K.T                                       # [64, 64]
same = torch.allclose((x @ W_Q) @ (y @ W_K).T, x @ W_both @ y.T, atol=1e-4)
print("the same scores:", same, "· rank of W:", torch.linalg.matrix_rank(W_both).item(),
      "· parameters:", W_Q.numel() + W_K.numel(), "instead of", W_both.numel())

# %% [markdown]
# ### Exercise 2 ●○○ · 3 minutes
# Write $q^\top W k$ for a whole batch.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
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
# **Keep this:** a matrix between query and key learns which feature of the query to match with which feature of the key.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two names, one function
# <a id="additive-attention"></a><a id="concat"></a>
# Instead of a matrix, two papers on translation (Bahdanau et al., 2015; Luong et al., 2015) put a small network between query and key. Here is the first, the **additive** score:
#
# $$ w^\top\tanh(W_1{\color{#bf5f00}{q}}+W_2{\color{#007fc6}{k}}+b) $$
#
# Each *hidden unit* adds up weighted features of q and k and a number of its own, the *bias* b (our addition). Then tanh squeezes the sum to between −1 and 1; without it, the query would add the same number to every score, and softmax would cancel it. The **concat** score first joins q and k into one vector $[q;k]$:
#
# $$ w^\top\tanh(W[{\color{#bf5f00}{q}};{\color{#007fc6}{k}}]+b) $$
#
# Some columns of W are multiplied by q and the others by k, so we can cut W in two, and compare scores and cost. A *multiply–add* multiplies two numbers and adds the product to a sum; we count those of the matrix products:

# %% tags=["nbval-check-output"]
from course_utils.scores import Additive

concat = SCORES["concat"](3, 5)
additive = Additive.from_concat(concat)  # the same numbers, cut in two
queries, keys = torch.ones(2, 4, 3), torch.linspace(-1, 1, 2 * 6 * 5).reshape(2, 6, 5)
same = torch.allclose(concat(queries, keys), additive(queries, keys), atol=1e-6)
print("equal to 1e-6:", same, "· multiply–adds:", concat.cost.total(100, 100),
      additive.cost.total(100, 100))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 8 < concat.cost.total(100, 100) / additive.cost.total(100, 100) < 9

# %% [markdown]
# For 100 queries and 100 keys, concat's matrix products cost more than eight times as much as additive's, because it multiplies W by each of the 10,000 *pairs*. Additive multiplies $W_1$ by each query and $W_2$ by each key only *once*, which leaves a sum, the tanh and w for each pair.
#
# ### Exercise 3 ●●○ · 6 minutes
# Write the additive score.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("additive score")
def additive_score(queries, keys, W1, W2, b, w):
    """queries [Q, Dq], keys [K, Dk], W1 [H, Dq], W2 [H, Dk], b [H], w [H] -> scores [Q, K]"""
    raise NotImplementedError

W1, bias, W2, last = (parameter.detach() for parameter in additive.parameters())
few, more = torch.linspace(-1, 1, 12).reshape(4, 3), torch.linspace(-1, 1, 30).reshape(6, 5)
pairs = additive_score(few, more, W1, W2, bias, last[0])
difference = (pairs - concat(few[None], more[None])[0]).abs().max().item()
print(f"additive_score and concat differ by {difference:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert difference < 1e-5

# %% [markdown]
# **Keep this:** concat and additive are the same function, but concat costs more if you compute it as written.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: additive beside scaled dot
# #### Exercise ●○○ · 3 minutes
# Cut the matrix of concat yourself.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("cut w in two")
def cut(W, query_size):
    """W [H, Dq + Dk] -> W1 [H, Dq], W2 [H, Dk]"""
    raise NotImplementedError

pieces = cut(concat.W.weight.detach(), 3)
print("as in the additive score:", torch.equal(pieces[0], W1), torch.equal(pieces[1], W2))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# **Sizes:** the additive score accepts queries and keys of different sizes, a dot product only of the same size:

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
print(SCORES["additive"](query_size=3, key_size=5)(torch.ones(1, 2, 3), torch.ones(1, 4, 5)).shape)
try:
    SCORES["scaled_dot"](query_size=3, key_size=5)(torch.ones(1, 2, 3), torch.ones(1, 4, 5))
except RuntimeError as error:
    print(error)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# **Cost and memory:** to compute derivatives, our additive score stores a hidden vector for each pair; the dot product stores only queries and keys:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit.views import Table
from chapters.ch02.experiments import numbers_kept

generator = torch.Generator().manual_seed(0)
queries, keys = torch.randn(2, 1, 256, 64, generator=generator)
rows = []
for name, projection in (("scaled_dot", 64 * 64), ("additive", 0)):
    score = SCORES[name](64, 64, hidden_size=64)
    kept = numbers_kept(score, queries, keys)
    rows.append({"score": name + " with W_Q, W_K" * bool(projection), "parameters": score.num_parameters + 2 * projection,
                 "multiply–adds": score.cost.total(256, 256) + 2 * 256 * projection, "stored for each pair": kept // 256**2})
Table(rows, "256 queries and keys of 64 features")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert rows[0]["stored for each pair"] == 0 and rows[1]["stored for each pair"] == 64
assert rows[0]["multiply–adds"] == rows[1]["multiply–adds"] and rows[0]["parameters"] == 2 * 64 * 64

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With as many hidden units as features, both scores need equally many multiply–adds. But all the dot products together are *one* matrix product, which is fast, whereas additive needs a tanh for each pair and hidden unit.
#
# **Quality:** Vaswani et al. (2017) report, citing Britz et al. (2017), that additive does better than the plain dot product for large d. They *suspect* small gradients as the reason, and therefore divide by √d.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: remove one hidden unit
# Train an additive score with eight hidden units to match directions. It will be right in more than half the cases.

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
torch.manual_seed(0)
mine = Chooser("additive", size=2, hidden_size=8)
fit(mine, lambda g: task_batch("direction", 128, g, size=2), choice_loss, steps={"class": 300, "full": 3000}[runtime.profile], lr=0.02, show=False)
mine_right = share_right(mine, "direction", size=2)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 0.5 < mine_right < 0.85

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "Each hidden unit is multiplied by a parameter in w. Remove each unit in turn, and put it back. "
    "Will the unit with the largest parameter be the one that is missed most?",
    ["yes: large means important", "not necessarily", "no unit will be missed: there are eight"],
    answer=1,
    because="A unit matters only if its output differs between the keys of a query: a constant output cancels in the softmax. The parameter alone does not tell you that.",
)

# %% slideshow={"slide_type": "skip"} tags=["lab", "deeper"]
view = labs.scoring([1.2, 0.1], list(compass.values()), list(compass), a="additive", b="similarity",
                    modules={"additive": mine.score}, title="Does your trained score (A) match directions, as B does?", live=True)
labs.remove_unit(view, mine.score, list(compass))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Choose a unit to remove, or drag an arrow and let go. The next plot counts right choices on 4,000 fresh queries.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def without(unit):
    """Share of right choices with one unit set to zero; the parameter is put back."""
    w = mine.score.w.weight.data
    kept, w[0, unit] = w[0, unit].item(), 0
    share = share_right(mine, "direction", count=4000, size=2)
    w[0, unit] = kept
    return share

missed = [mine_right - without(unit) for unit in range(8)]
largest = mine.score.w.weight.abs().argmax().item()
plot.bars([f"unit {i + 1}" + (" (largest)" if i == largest else "") for i in range(8)], missed, ylabel="share of right choices lost",
          digits=2, title="Which hidden unit is missed most?",
          caption="Each bar shows the share of right choices that your trained score loses without this unit.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert max(missed) > 0.05 and missed[largest] < max(missed)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The twelve
# Each score so far assumes something about what "fits" means. A survey (Chaudhari et al., 2021) lists twelve scores, here in four families, with the six new ones in italics:
#
# | score | assumes | use it if |
# |---|---|---|
# | **Nothing learned** | | |
# | similarity | only directions count | lengths mean nothing |
# | dot | directions and lengths count | long keys deserve more weight |
# | scaled dot | as dot | d is large |
# | *generalized kernel* | an approximation of scaled dot: log(φ(q)·φ(k)) | texts are very long (*Deeper: attention at linear cost*) |
# | **A matrix in between** | | |
# | general | a feature of q may fit another feature of k | their features mean different things |
# | *biased general* | as general, but some keys fit better whatever q is: + b·k | some keys always deserve more weight |
# | *activated general* | as general, but tanh squeezes the score, plus a number b, to between −1 and 1 | no key should win by far: two weights differ at most by the factor e² |
# | **A small network** | | |
# | additive | a small network can learn what fits | no simpler rule is known |
# | concat | as additive | (additive costs less) |
# | *deep* | as additive, with two hidden layers, and relu(x), the larger of x and 0, instead of tanh | one layer is too simple |
# | **One-sided** | | |
# | *location-based* | q alone tells which position is right: position i scores q · row i of W | the keys need not be read |
# | *feature-based* | k alone decides: a small network reads the features of k and their squares | the same keys matter for every q |

# %% [markdown]
# The next table gives, per pair of query and key, the multiply–adds of the matrix products and the numbers that the score must *keep* for the backward pass. (For example, *general* keeps 64 numbers for each key, and 64 numbers / 128 queries = 0.5 per pair.) *Dq ≠ Dk* says whether query and key may differ in size. Matrices W, vectors w and biases b are learned.

# %%
from chapters.ch02.experiments import comparison

table = comparison()
table

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [row["parameters"] for row in table[:4]] == [0, 0, 0, 64 * 64]

# %% [markdown]
# The Transformer (Vaswani et al., 2017), and with it BERT and GPT, uses *scaled dot* between vectors that $W_Q$ and $W_K$ have made. Then the scores of all pairs are one matrix product, which itself keeps nothing per pair, and learning is left to the two matrices, as in *general*. Some models also normalise q and k to length 1, so that the score is a cosine times a learned number (Henry et al., 2020).
#
# **Keep this:** the four families are: nothing learned, a matrix in between, a small network, one-sided. The Transformer uses scaled dot with learned $W_Q$ and $W_K$.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: slips in a table
# One version of the survey's table contains mistakes. You know the first from program 2.5: the table calls d "the length of the input (64 or 512)", although it is the size of a key. Here are three more:
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | location-based: a(q), one number for all keys | Equal scores give every one of K keys the weight 1/K. | one number for each position: row i of W · q for position i |
# | biased general: k (W q + b) | Without the transpose, this is a product feature by feature, a vector for each pair. | kᵀ(W q + b), the sum of these products |
# | deep: relu(W₀ q + W₁ k) + b₁ | Outside, b₁ only shifts the result, which the next layer's bias could do as well. | relu(W₀ q + W₁ k + b₁): now b₁ decides from which sum on a unit is active |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who can learn what?
# We trained each score five times in each of five small worlds, where a query meets eight keys and a rule says which key is right. Vectors have 4 features, and keys are ¼ to 4 long:
#
# - *direction*: the key closest in direction to the query,
# - *reach*: the key that reaches furthest in the query's direction,
# - *length*: the longest key,
# - *feature*: as *direction*, but after one fixed rotation and mirroring of the query; all keys have length 1,
# - *place*: each of the eight positions has a fixed direction, which no key contains. The right key is at the position whose direction has the largest dot product with the query.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Which score will be best in most of the five worlds?",
    ["deep: it is the largest network", "scaled dot: everybody uses it", "none: they differ from world to world"],
    answer=2,
    because="In each world, a score whose formula fits the rule is best. A larger network can approximate most of the rules, "
    "but here concat, additive and deep never beat the score that fits.",
)

# %%
from course_kit import results
from chapters.ch02.experiments import TASKS

recorded = results.load("scores_task")
percent = torch.tensor([[20 * sum(seeds) for seeds in tasks.values()]
                        for tasks in recorded["share_right"].values()])
best = [list(SCORES)[i] for i in percent.argmax(0).tolist()]
what = "right, %"
plot.maps({what: percent.round()}, {what: [name.replace("_", " ") for name in SCORES]}, {what: list(TASKS)},
          axes=("score", "world"), limits=(0, 100), roles={what: "plus"}, title="No score wins everywhere",
          caption=f"Each cell shows how often a score (row) is right in a world (column). Guessing gives 12.5 %. {recorded.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best == ["similarity", "dot", "feature_based", "general", "location_based"] and percent.amax(0).min() > 98.5
assert (percent[:, 4] < 20).sum() == 11 and (percent[10, :4] < 20).all()
assert percent.amin(1).max() < 20 and percent[7:10].max() < 97
assert len(recorded["seeds"]) == 5 and recorded["steps"] == 300 and percent[1].equal(percent[2])

# %% [markdown]
# **By row:** every score has at least one world in which it is right in less than 20 % of the cases. Eleven scores must fail at *place*, because no key says at which position it is, and the twelfth, location-based, fails in the other four worlds, because it never reads the keys.
#
# **By column:** we built each world on one assumption, so by construction a score with this assumption wins there, with over 98 % right. (Dot and scaled dot tie everywhere, because √d does not change the order of the keys.) Concat, additive and deep win in no world, but we did not try more than 300 steps of training or larger networks.
#
# **Keep this:** the best score is the one whose assumption fits the task; a network that assumes less can come close to several rules.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: why each row looks as it does

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit.views import Table
from chapters.ch02.experiments import REASONS

Table([{"score": name, "why": reason} for name, reason in REASONS.items()])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert (percent[9] - percent[7:9].amax(0))[0] > 5 and (percent[9] - percent[7:9].amax(0))[1:].max() < 1

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the sentence, twelve times
# The sentence and its word vectors come from chapter 1.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit import data
from chapters.ch02.experiments import trained_scores

cards = data.load("word_features")
tired, x = cards.words[:11], torch.tensor(cards.features[:11]).float()
scores, _ = trained_scores(3)
scores["location_based"] = SCORES["location_based"](3, 3, max_keys=11)  # the trained one knows only 8 places
with torch.no_grad():
    twelve = torch.stack([masked_softmax(score(x, x)) for score in scores.values()])
heatmap(twelve, tired, tired, names=[name.replace("_", " ") for name in scores], head=1, select=("it", "animal"),
        title="Which word does “it” attend to, under each score?",
        caption="Rows are queries, columns are keys, cells are weights. Scores with parameters were trained in a world above; only location-based is untrained.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert tired[twelve[1, tired.index("it")].argmax()] == "animal"

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Under the dot product, "it" attends most to "animal". But the maps say nothing about language: no score was trained on sentences.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Masks, and the order of the steps
# No score knows that two kinds of key must be hidden from queries:
#
# - <a id="padding"></a>**Padding** fills up the short sentences of a batch to the length of the longest, so no query should attend to it.
# - <a id="causal-mask"></a>A model that learns to write must not see the words to come. With a **causal mask**, position t may attend only to positions 0 … t.
#
# A mask is a table of True (may be attended) and False, with a row for each query and a column for each key. If both masks apply, a key must be allowed by both.
#
# ### Exercise 4 ●●○ · 4 minutes
# Combine the two masks for a *decoder*, the half of a translator that writes. Hide padding keys, but leave padding queries alone, because nobody uses their output.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
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
# ### Where does the mask go?
# In this lab the scores are random, the mask is causal, and the last two of seven words (*tokens*) count as padding. The order of the steps is wrong on purpose: *before* the softmax, masked scores are multiplied by 0.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In this lab, how much of the weight goes to masked words?",
    ["none: zero times a score is zero", "about a twentieth", "about two fifths"],
    answer=2,
    because="A masked score becomes 0, not −∞, so the softmax still gives it the share of exp(0) = 1.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
noise = 1.5 * torch.randn(7, 7, generator=torch.Generator().manual_seed(3))
masks = labs.masking(noise, ["The", "animal", "didn't", "cross", "the", "street", "because"],
                     length=5, causal=True, order="times")
_, _, weights = masks.compute()
masks

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "Weight where the mask says no: 40 %" in masks.describe()
assert torch.softmax(torch.full((3,), -torch.inf), 0).isnan().all()

# %% [markdown]
# The next table compares four orders of the steps, in percent. The row sum should be 100, everything else 0:
#
# - *on masked keys*: the share of a row's weight that masked keys get, averaged over the seven rows,
# - *first row empty*: the same share, after we also mask every key of the first row (if all the weight of this row leaks, that is 1/7 = 14 %),
# - *smallest row sum*: the smallest sum of a row's weights, with the mask as it was,
# - *change by masked scores*: the largest change of an allowed weight when all *masked* scores rise by 1.

# %%
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
#
# ### Exercise 5 ●●○ · 6 minutes
# Put everything together, with `masked_softmax`.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product attention")
def attention(queries, keys, values, mask):
    """queries [B, Q, D], keys [B, K, D], values [B, K, Dv], mask [B, Q, K]
    -> output [B, Q, Dv], weights [B, Q, K]"""
    raise NotImplementedError

# %% [markdown]
# <a id="fused"></a>
# PyTorch does all this in one **fused** call, which need not store the matrix of weights.

# %% tags=["nbval-check-output"]
from torch.nn.functional import scaled_dot_product_attention as fused

generator = torch.Generator().manual_seed(0)
queries, keys, values = torch.randn(3, 2, 6, 16, generator=generator)
mask = decoder_mask(torch.tensor([6, 3]), 6)
output, weights = attention(queries, keys, values, mask)
by_pytorch = fused(*(x[:, None] for x in (queries, keys, values)), attn_mask=mask[:, None])
apart = (output - by_pytorch[:, 0]).abs().max().item()
print("output", *output.shape, "weights", *weights.shape, "· equal to 1e-5:", apart < 1e-5)

# %% [markdown]
# **Keep this:** score → scale → mask → softmax → average. Masked means −∞ before the softmax, not 0.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: never NaN
# A row in which every key is masked easily ends in NaN. Here is our attention under a thousand random masks, forward and backward:

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
from course_utils.attention import scaled_dot_product_attention

generator, empty_rows, bad = torch.Generator().manual_seed(0), 0, 0
for _ in range(1000):
    q, k, v = torch.randn(3, 5, 4, generator=generator).requires_grad_()
    mask = torch.rand(5, 5, generator=generator) < torch.rand((), generator=generator)
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    gradient = torch.autograd.grad(output.square().sum(), [q, k, v])
    bad += not all(x.isfinite().all() for x in (output, weights, *gradient))
    empty_rows += int((~mask.any(-1)).sum())
print("more than 500 empty rows:", empty_rows > 500, "· runs with NaN or ∞:", bad)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: other ways to share
# <a id="sparsemax"></a>
# Softmax gives every allowed key something. **Hardmax** gives everything to the best key, as softmax does when the temperature goes to 0; its gradient is 0. **Sparsemax** (Martins and Astudillo, 2016) lies in between: of all weights that are ≥ 0 and sum to 1, it takes those closest to the scores, so weak keys can get exactly 0.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.linear import hardmax, sparsemax

gap = torch.cat([torch.linspace(-2, -1e-4, 41), torch.linspace(1e-4, 2, 41)])  # both sides of the jump at 0
two = torch.stack([gap, torch.zeros(82)], dim=1)  # two keys; the first leads by `gap`
lines = {f.__name__: (gap, f(two)[:, 0]) for f in (sparsemax, masked_softmax, hardmax)}
plot.lines({name.replace("masked_", ""): line for name, line in lines.items()}, "lead of the first key", "its weight",
           title="Three ways to share", caption="Sparsemax is a ramp: beyond a lead of 1, the second key gets nothing.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert (sparsemax(two)[gap > 1.01, 1] == 0).all() and (masked_softmax(two) > 0).all()

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: attention at linear cost
# <a id="generalized-kernel"></a><a id="linear-attention"></a>
# Softmax needs every pair, so twice the length means four times the work. But let φ turn each query and each key into new features that are never negative. Let φ(q)·φ(k) be a pair's weight, and divide each row by its sum at the end. Before the division, the outputs are $(\varphi(Q)\,\varphi(K)^\top)\,V$, which equals $\varphi(Q)\,(\varphi(K)^\top V)$. The second form computes $\varphi(K)^\top V$ once for all queries and never builds the table of all pairs. The row sums come from $\varphi(K)^\top 1$ in the same way. This is **linear attention** (Katharopoulos et al., 2020).
#
# The **generalized kernel** of the model Performer uses random features whose product is $e^{q\cdot k/\sqrt d}$ on average (Choromanski et al., 2021). As a score it returns log(φ(q)·φ(k)): softmax undoes the logarithm and divides by the sum.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.linear import PositiveFeatures, linear_attention

generator = torch.Generator().manual_seed(0)
queries, keys, values = torch.randn(3, 64, 8, generator=generator, dtype=torch.float64)
features = PositiveFeatures(8, 32).double()
linear, quadratic = (linear_attention(queries, keys, values, features, keys_first=order) for order in (True, False))
by_score = masked_softmax(SCORES["generalized_kernel"](8, 8, hidden_size=32).double()(queries, keys)) @ values
assert torch.allclose(linear, quadratic, atol=1e-10) and torch.allclose(linear, by_score, atol=1e-10)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Computed in either order, or as a score, the result is the same. How far are random features from exact attention? The plot shows, for short queries and keys, what share of a row's weight must move to give the exact weights, averaged over rows and five draws of the features.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit import results

costs = results.load("scores_cost")
counts, errors = [int(n) for n in costs["kernel_errors"]], list(costs["kernel_errors"].values())
small = 0.5 * torch.randn(2, 128, 16, generator=torch.Generator().manual_seed(0))  # the queries and keys of the record
equal = (torch.softmax(small[0] @ small[1].T / 4, -1) - 1 / 128).abs().sum(-1).mean().item() / 2
plot.lines({"Performer": (counts, errors), "equal weights": (counts, [equal] * len(counts))}, "random features", "share of the weight that must move", log="xy", title="How far off is Performer's kernel?",
           caption=f"Four times the features leave between half and two thirds of the error. {costs.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert all(b == 4 * a for a, b in zip(counts, counts[1:], strict=False))
assert errors[0] > 0.1 > equal > errors[1] > 0.85 * equal and errors[-1] < 0.02 and all(0.5 < b / a < 0.66 for a, b in zip(errors, errors[1:], strict=False))

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
lengths = [row["tokens"] for row in costs["times"]]
times = {f"{kind} attention": (lengths, [row[f"{kind} s"] for row in costs["times"]]) for kind in ("exact", "linear")}
ratio = [row["exact s"] / row["linear s"] for row in costs["times"]]
plot.lines(times, "tokens", "seconds", log="xy", title="What does length cost?",
           caption=f"Both axes are logarithmic. {costs.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert lengths[0] == 128 and lengths[-1] == 8192
assert ratio[0] < 1 and 250 < ratio[-1] < 350
assert [round(seconds[-1] / seconds[-2]) for _, seconds in times.values()] == [4, 2]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# At 128 tokens exact attention is faster. At 8,192 tokens our exact attention, which stores all weights, took about three hundred times as long as linear attention with 64 random features. From 4,096 to 8,192 tokens, the time of linear attention about doubled, and that of exact attention about quadrupled.
#
# The price of this speed is Performer's error. The exact weights of short queries and keys are nearly equal. So with equal weights less than a tenth of the weight must move, and with 64 random features only slightly less.
#
# #### Exercise ●●● · 5 minutes
# Write the weighted average of the values with weights φ(q)·φ(k), without the [Q, K] matrix.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("linear attention")
def linear_output(phi_q, phi_k, values):
    """phi_q [Q, m], phi_k [K, m], values [K, Dv] -> output [Q, Dv]"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
averaged = linear_output(features(queries), features(keys), values)
print(f"linear_output and linear_attention differ by {(averaged - linear).abs().max():.0e}")
assert torch.allclose(averaged, linear, atol=1e-10)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# A value outside its band stops the notebook.

# %%
rows = [
    ("scores: standard deviation at d = 400 over d = 4", spread[400] / spread[4], 9.5, 10.5),
    ("without √d: queries with over 90 % on one key", certain["without √d"], 0.75, 0.85),
    ("quarter turn: share of right choices, dot", right["dot"], 0, 0.06),
    ("quarter turn: share of right choices, general", right["general"], 0.97, 1),
    ("largest difference from PyTorch's fused attention", apart, 0, 1e-5),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:52} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. The score decides what "fits" means. The best score is the one whose assumption fits the task.
# 2. Dot product = cosine × both lengths. Its standard deviation is √d for independent features with mean 0 and variance 1, so divide by √d.
# 3. A matrix lets query and key use different features; $W_Q$ and $W_K$ are its two factors.
# 4. Score → scale → mask → softmax → average. Masked means −∞ before the softmax.
# 5. With softmax weights, the output is an average of values, so it stays in their convex hull.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [scoring function](#scoring-function) | 评分函数 | query and key → one number (alignment function, 对齐函数) |
# | [dot product](#dot-product) | 点积 | multiply feature by feature, add up |
# | [cosine similarity](#cosine-similarity) | 余弦相似度 | the dot product without the lengths |
# | [scaled dot-product attention](#scaled-dot-product) | 缩放点积注意力 | scores divided by √d |
# | [saturation](#saturation) | 饱和 | nearly all the weight on one key |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from one sequence, keys from another |
# | [self-attention](#self-attention) | 自注意力 | queries, keys and values from the same sequence |
# | [convex hull](#convex-hull) | 凸包 | all weighted averages of some points |
# | [general score](#general-score) | 双线性（通用）评分 | qᵀWk |
# | [additive attention](#additive-attention) | 加性注意力 | a small network as the score |
# | [concat](#concat) | 拼接评分 | the additive score, with q and k joined |
# | [padding](#padding) | 填充 | filling for short sequences |
# | [causal mask](#causal-mask) | 因果掩码 | no position sees a later one |
# | [fused](#fused) | 融合（算子） | several steps in one call |
# | [sparsemax](#sparsemax) | 稀疏最大（sparsemax） | shares that can be exactly 0 |
# | [generalized kernel](#generalized-kernel) | 广义核 | weights as a product φ(q)·φ(k) |
# | [linear attention](#linear-attention) | 线性注意力 | cost linear in the length |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - S. Chaudhari et al., *An attentive survey of attention models*, 2021, section 2: the table of twelve.
# - D. Bahdanau et al., *Neural machine translation by jointly learning to align and translate*, 2015, appendix A.1.2: additive.
# - M.-T. Luong et al., *Effective approaches to attention-based neural machine translation*, 2015, section 3.1: dot, general, concat, location.
# - A. Vaswani et al., *Attention is all you need*, 2017, section 3.2.1: scaled dot; footnote 4 explains √d.
# - Less known: A. Graves et al., *Neural Turing machines*, 2014 (similarity); A. Sordoni et al., *Iterative alternating neural attention for machine reading*, 2016 (biased general); D. Ma et al., *Interactive attention networks*, 2017 (activated general); J. Pavlopoulos et al., *Deeper attention to abusive user content moderation*, 2017 (deep); Y. Li et al., *Area attention*, 2019 (feature-based).

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_tools.classroom.progress import onward

onward(2)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: attention learns to translate
# In chapter 3 a network makes queries and keys itself.
#
# **→ [3 · What does a translator look at?](03_seq2seq.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 2, edition 0.3.0, and the heading above it.*
