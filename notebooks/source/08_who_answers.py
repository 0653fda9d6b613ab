# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core"]
# # 8 · Who answers?
# *From predicting to reasoning.* At the end a published language model talks to you through `mine/llama.py`, and a small one of your own has learned to add (`mine/answering.py`). <!-- minutes --> **Before:** a GPT ([chapter 7](07_gpt.ipynb)), rotary positions ([chapter 4](04_positional_encoding.ipynb)).
#
# ## Ten questions
# They were written down before any was asked. Choose one:

# %% jupyter={"source_hidden": true}
import math
import random
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch08 import again, exercise, hint, labs, published, solution
from chapters.ch08 import sums
from course_kit.i18n import from_cell
from course_kit import data, results
from course_kit.views import Table, heatmap, plot, predict
from course_kit.checkpoints import load_checkpoint

runtime = course_kit.setup()
recorded = results.load("smollm_answers")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
said = {
    from_cell("a model that read one novel"): recorded["goes_on"],
    "SmolLM2": recorded["bare"],
    from_cell("SmolLM2, asked in another way"): recorded["answers"],
}
questions = sorted(recorded["answers"], key=lambda question: "Moon" not in question)
nothing = {"∅": "(nothing: it ends at once)"}
labs.replies(
    questions,
    {
        name: [nothing.get(one[q], one[q].strip()) for q in questions]
        for name, one in said.items()
    },
    title="Who answers?",
    caption=from_cell(
        "Long replies are cut at the end. SmolLM2 (135 million parameters) "
        "takes the likeliest token each time, the first model draws among the "
        "likely ones. {about}", about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Who was first on the Moon? SmolLM2 goes on with “1972”. Asked in another way, it "
    "names Neil Armstrong, with the same parameters. Why?",
    [
        "now it is told to think before it speaks",
        "now the question looks as in its training",
        "now it looks the answer up in a text",
    ],
    answer=1,
    because="Before the question, its template says who speaks, as in each of the talks "
    "that it was trained on. (A plain “User:” before it and “Assistant:” after it do as "
    "well here.) The model continues a text either way. Why a model that "
    "read one novel does not answer, this comparison cannot say: it is smaller, too, and "
    "was shown no talks.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch08.experiments import answers as asked

found = [asked.right(question, answer) for question, answer in recorded["answers"].items()]
assert len(found) == 10 and found.count(True) == 4 and found.count(None) == 1
moon = next(question for question in recorded["answers"] if "Moon" in question)
assert "1972" in recorded["bare"][moon] and "Neil Armstrong" in recorded["answers"][moon]
assert len(recorded["bare"]) == 10 and round(recorded["parameters"] / 1e6) == 135 and round(recorded["bytes"] / 1e6) == 98

# %% [markdown]
# In its template it answers, but often wrongly: four of nine answers contain the right word, one beside a “French playwright”, and a spider has “two pairs of legs”. How is such a model built, and how does it learn to answer at all? <!-- source: “User: Who was the first person on the Moon?\nAssistant:” as plain text, the likeliest tokens: “The first person to walk on the Moon was Neil Armstrong” -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: the block of today
# <a id="llama"></a>
# SmolLM2 (2024) has the architecture of **Llama** (2023), close to that of most open models since. It is your GPT with five changes:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
holmes = load_checkpoint("llama-holmes")
labs.architecture(
    holmes,
    select="model",
    title="What has changed since GPT?",
    caption="Numbers mark four changes; the fifth is that linear layers have no biases. "
    "Choose a part: what is it for, and which class makes it?",
)

# %% [markdown]
# This is `llama-holmes`, the first model above, which has read *The Adventures of Sherlock Holmes*.

# %% tags=["nbval-check-output"]
ids = torch.tensor([holmes.tokenizer.encode("“My dear Watson,” said Holmes")])
with torch.no_grad():
    print("ids", tuple(ids.shape), "-> logits", tuple(holmes.model(ids).shape))
print(f"{sum(p.numel() for p in holmes.model.parameters()):,} parameters")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card"]
# ### RMSNorm
# <a id="rmsnorm"></a>
# *New against chapter 7: no mean is subtracted, and nothing is added.* Where a layer norm subtracts the mean, divides by the standard deviation, scales and shifts, **RMSNorm** (Zhang and Sennrich 2019) only divides by the root of the mean square and scales. For (3, 4) the mean square is 12.5 and its root 3.54, so (3, 4) becomes (0.85, 1.13).
#
# $$\mathrm{RMSNorm}(x)=\frac{x}{\underbrace{\sqrt{\frac1D\sum_j x_j^2+\epsilon}}_{\text{root of the mean square}}}\odot w\qquad x, w\in\mathbb R^D$$
#
# #### Exercise 1 ●○○ · 4 minutes
# Write this formula, for rows of any shape: `eps` is $\epsilon$, and `weight` is $w$.
#
# <!-- example: rms norm -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("rms norm")
def rms_norm(x, weight, eps=1e-5):
    """x [..., D], weight [D] -> [..., D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: rms norm -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
three = torch.tensor([3.0, 4.0])
assert three.pow(2).mean() == 12.5 and round(12.5**0.5, 2) == 3.54
assert [round(x, 2) for x in rms_norm(three, torch.ones(2)).tolist()] == [0.85, 1.13]

# %% tags=["definition"]
# course_utils.llama: RMSNorm

# %% [markdown]
# Each block adds to the residual stream. Here its numbers grow, and the norm gives them one size. This is the vector of the last word, "Holmes", on its way through the four blocks:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
grown, parts = [], [*holmes.model.blocks, holmes.model.norm]
watching = [
    part.register_forward_pre_hook(lambda _, given: grown.append(given[0][0, -1]))
    for part in parts
]
with torch.no_grad():
    holmes.model(ids)
for watch in watching:
    watch.remove()
stream = torch.stack(grown)  # [5, D]: what each block reads, and what the last one leaves
both = {"x": stream, "RMSNorm(x)": rms_norm(stream, torch.ones(stream.shape[1]))}
sizes = {name: x.pow(2).mean(-1, keepdim=True).sqrt() for name, x in both.items()}
plot.bars(
    ["root mean square", *(from_cell("feature {n}", n=n) for n in range(1, 4))],
    {name: torch.cat([sizes[name], x[:, :3]], 1) for name, x in both.items()},
    along=("blocks behind it", [0, 1, 2, 3, 4], 4),
    digits=2,
    title="How large is the vector when the next block reads it?",
    caption="The size of the vector x, and three of its 128 features; the next block "
    "reads RMSNorm(x). Move the slider back to 0: which bar keeps its length?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
size = stream.pow(2).mean(-1).sqrt()
assert (size[1:] > size[:-1]).all() and size[-1] > 100 * size[0]
assert torch.allclose(sizes["RMSNorm(x)"], torch.ones(5, 1), atol=1e-3)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### RoPE: positions that turn
# <a id="rotary"></a>
# *New against chapter 7: no table of positions.* In **RoPE** (rotary position embedding, Su et al. 2021) queries and keys are *turned* by an angle that grows with their position, as in chapter 4. Turning both by the same angle leaves their product as it is, so only the distance counts.

# %% slideshow={"point": ["turned ="]} tags=["definition"]
# course_utils.positions: frequencies
# course_utils.rotary: rotation, turn

# %% [markdown] slideshow={"slide_type": "slide"}
# ### SwiGLU: a gate
# <a id="swiglu"></a>
# *New against chapter 7: a third matrix.* In a GPT each hidden feature goes through a GELU. **SwiGLU** (Shazeer 2020) computes every feature twice: `up` says what to pass on, and `gate` how much of it, through $\mathrm{silu}(z)=z\,\sigma(z)$. If `up` is 3, a gate of 0 passes on 0, and a gate of 2 passes on $1.76\cdot3=5.28$.
#
# $$\mathrm{SwiGLU}(x)=\big(\underbrace{\mathrm{silu}(xW_{gate})}_{\text{how much}}\odot\underbrace{xW_{up}}_{\text{what}}\big)\,W_{down}\qquad W_{gate},W_{up}\in\mathbb R^{D\times F},\; W_{down}\in\mathbb R^{F\times D}$$
#
# With three matrices instead of two, $F$ is often about $\frac83D$ instead of $4D$, so that the number of parameters stays.

# %% tags=["definition"]
# course_utils.llama: SwiGLU

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(F.silu(torch.tensor(2.0)).item(), 2) == 1.76 and round(1.76 * 3, 2) == 5.28 and 3 * 8 / 3 == 2 * 4

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Grouped queries: heads that share
# <a id="grouped-queries"></a>
# *New against chapter 7: fewer heads of keys and values than of queries,* because a model that writes keeps the keys and values of all earlier tokens.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "SmolLM2 has 30 blocks of 9 heads with 64 features, and reads up to 8,192 tokens. "
    "How large would a cache of its keys and "
    "values be, in 16-bit numbers?",
    ["5 MB", "57 MB", "566 MB"],
    answer=2,
    because="2 · 30 · 9 · 64 numbers of 2 bytes are 69 kB for each token; 8,192 tokens "
    "need 566 MB, twice as much as the "
    "parameters in 16 bits (269 MB).",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
per_token = 2 * 30 * 9 * 64 * 2
assert round(per_token / 1e3) == 69 and round(per_token * 8192 / 1e6) == 566 and round(recorded["parameters"] * 2 / 1e6) == 269
assert round(per_token / 3 * 8192 / 1e6) == 189

# %% [markdown] tags=["card"]
# In **grouped-query attention** (GQA, Ainslie et al. 2023) several heads of queries share one head of keys and values. SmolLM2 has 9 heads of queries and 3 of keys, so its cache needs only a third, 189 MB.
#
# #### Exercise 2 ●●○ · 5 minutes
# Write what gives each head of queries its head of keys: with 4 heads of queries on 2 of keys, the first two use the first.
#
# <!-- example: share heads -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("share heads")
def share_heads(x, heads):
    """x [B, G, K, d] -> [B, heads, K, d]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: share heads -->
#
# The attention, with a cache, rests on three functions of earlier chapters:

# %% tags=["definition"]
# course_utils.attention: masked_softmax, split_heads, join_heads

# %% jupyter={"source_hidden": true}
from mine import masked_softmax, nucleus, split_heads, with_temperature  # yours

# %% tags=["definition"]
# course_utils.cache: Cache
# course_utils.llama: LlamaConfig

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.llama: GroupedAttention

# %% [markdown]
# The whole model hands turns, mask and caches down to its blocks:

# %% tags=["definition"]
# course_utils.llama: LlamaBlock

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.llama: Llama

# %%
yours = Llama(holmes.model.config)
yours.load_state_dict(holmes.model.state_dict())
caches = [Cache() for _ in yours.blocks]
with torch.no_grad():
    gap = (yours(ids) - holmes.model(ids)).abs().max()
    steps = torch.cat([yours(one, caches) for one in ids.split(1, 1)], 1)
    other = (steps - yours(ids)).abs().max()
print(f"largest difference to the course's: {gap:.0e}; token by token: {other:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and other < 1e-4

# %% [markdown] tags=["asks"]
# Are the changes worth it? We gave a small GPT of chapter 7 one of them, or all four, and trained it again, three times each. **Guess:** which change saves most?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
worth = results.load("gpt_ablation")
bits = {name: torch.tensor(one["bits"]) for name, one in worth["models"].items()}
unchanged = bits.pop("chapter 7")
changes = {name.replace("rotary", "RoPE"): x for name, x in bits.items()}
saved = torch.stack([unchanged - x for x in changes.values()])  # [5, seeds]
plot.bars(
    list(changes),
    saved.mean(1),
    each=saved,
    ylabel="bits per character saved, on text not seen in training",
    digits=3,
    title="What is each change worth?",
    caption=from_cell(
        "A dot: one training, against the unchanged GPT from the same seed; a "
        "bar: the mean. Left of 0 the change makes it worse. {worth} "
        "parameters, equal tokens and rate. {about}",
        worth=f"{worth['models']['chapter 7']['parameters']:,}", about=worth.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
mean = {name: x.mean().item() for name, x in bits.items()}
plain = unchanged.mean().item()
assert mean["+ rotary"] < mean["+ all four"] < mean["+ rotary"] + 0.05
assert 0.09 < plain - mean.pop("+ rotary") < 0.12 and 0.06 < plain - mean.pop("+ all four") < 0.1 and worth["seeds"] == 3
assert all(abs(plain - x) < 0.02 for x in mean.values()) and len(mean) == 3

# %% [markdown]
# In these models of two blocks, after 300 steps, only RoPE makes a visible difference, a tenth of a bit; the others change less than 0.02 on average. It is mostly a head start: with twice the steps, a fifth of its lead was left in the one run that we tried. Grouped queries were chosen to save memory, and SwiGLU because it lowered the loss of larger models. <!-- source: data/results/gpt_ablation.json; ablation.trained with 600 steps, seed 0: 1.909 and 1.890 bits -->
#
# To write, a model reads the whole question at once (**prefill**) and then each new token alone (**decode**), with all before it in the caches: that is [chapter 7’s `generate`](07_gpt.ipynb#kv-cache), and it takes your class, too.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: published parameters
# <a id="open-weights"></a>
# SmolLM2's parameters come in a file of 98 MB, [rounded to four bits](08_who_answers_annex.ipynb#quantisation), and matrix by matrix they fit into your class. Not every model would: Llama 2 has a second table for its output, Mistral 7B a window. Here only the names differ:

# %% slideshow={"point": ["found[renamed("]} tags=["definition"]
# chapters.ch08.kept.smollm: renamed, parameters_of

# %% [markdown]
# [`published.load`](../chapters/ch08/published.py) puts them into your class:

# %% seconds=10
from course_utils.gpt import generate

smol = published.load(Llama)  # your class with these parameters, if they are installed
talker = smol or published.StandIn(Llama)  # if not: llama-holmes
print(talker.about)

question = "What is the capital of France?"  # ask what you like; ■ stops it
written = []
asked = talker.prompt(question)
for token in generate(talker.model, asked, talker.longest, temperature=0):
    if token == talker.stop:
        break
    written.append(token.item())
    print(talker.piece(written), end="", flush=True)

# %% jupyter={"source_hidden": true} tags=["asserts"]
theirs = recorded["transformers"]
assert round(recorded["bytes"] / 1e6) == 98
assert theirs["gap"] < 1e-3 and theirs["same_text"] and theirs["tokens"] >= 40 and theirs["ratio"] >= 1.0
assert smol is None or talker.tokenizer.decode(written) == recorded["answers"][question] == "The capital of France is Paris."

# %% [markdown]
# `transformers`, with the same file, gives the same logits to a ten-thousandth, and the same text.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: from continuing to following
# <a id="chat-template"></a>
# To a model that only continues, a talk is one text, with marks that say who is speaking. This is SmolLM2's **chat template**, after whose end it goes on:

# %% tags=["nbval-check-output"]
from chapters.ch08.kept.smollm import chat_prompt

print(chat_prompt([("system", "You are brief."), ("user", "Who are you?")]))

# %% [markdown]
# The marks are tokens. If a *typed* `<|im_end|>` became one, you could speak as the assistant, so your program encodes what is typed as text. **Prompt injection** remains, because an order inside a quoted page is text like any other.
#
# <a id="sft"></a>
# **Supervised fine-tuning** (SFT) is chapter 7's training, on such talks. To see what it teaches we take a task where answering is computing: [sums](../chapters/ch08/sums.py) of two numbers below 100. Chapter 7's `GPT` with two blocks, which has read nothing, is shown 200 solved sums.

# %%
from torch.nn.utils.rnn import pad_sequence
from chapters.ch08.kept.answering import END, LONGEST, text_of

taught, unsolved, held_out = sums.split(200)  # unsolved: for later, without answers
one = taught[0]
print(repr(sums.question(*one)), "->", repr(sums.result(*one)))
print(repr(sums.question(*one)), "->", repr(sums.draft(*one)))
print(len(taught), len(unsolved), len(held_out))

# %% [markdown]
# The first answer is the result. The second begins with a draft: the units, then the tens with what is carried. Both end with a new line, from which the model learns to stop. In a batch, shorter talks are filled up:

# %% tags=["definition"]
# course_utils.post_training: talk_batch

# %%
ids, is_answer = talk_batch(sums.in_ids(taught[:3], sums.draft))
print("ids", tuple(ids.shape), "of an answer, in each row:", is_answer.sum(1).tolist())

# %% [markdown] tags=["card"]
# Unlike in chapter 7, only the tokens of answers count, because the questions are given.
#
# ### Exercise 3 ●●○ · 4 minutes
# `F.cross_entropy` leaves out every target that is −100. Give each place its target.
#
# <!-- example: answer targets -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("answer targets")
def answer_targets(ids, is_answer):
    """ids, is_answer [B, N] -> targets [B, N - 1], -100 outside of answers"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: answer targets -->

# %% tags=["definition"]
# course_utils.post_training: answer_loss, training

# %% jupyter={"source_hidden": true}
import copy

from course_kit.mine import for_training

def one_step():
    batch = talk_batch(sums.in_ids(taught[:4], sums.draft))
    return answer_loss(sums.fresh(), *batch).backward()

for_training(one_step)  # with nothing solved it does nothing

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Two models learn from the same 200 sums for 400 steps. Which is better "
    "at adding numbers that it was never shown?",
    [
        "result alone: it has less to write",
        "draft, then result",
        "neither: 200 sums are too few",
    ],
    answer=1,
    because="The result alone can be known by heart. A draft consists of small steps "
    "that return in other sums.",
)

# %% seconds=30 slideshow={"point": ["batch = ", "for step, loss"], "slide_type": "subslide"} tags=["training"]
models = {}

def imitation(model, examples):
    return answer_loss(model, *talk_batch(dice.choices(examples, k=32)))

for name, answer in (("alone", sums.result), ("draft", sums.draft)):
    dice, models[name] = random.Random(0), sums.fresh()  # both get the same sums
    batch = partial(imitation, models[name], sums.in_ids(taught, answer))
    for step, loss in training(models[name], batch, steps=400, rate=2e-3):
        if step % 100 == 99:
            known = sums.share_right(models[name], taught)
            new = sums.share_right(models[name], held_out)
            print(f"{name:5} {step + 1}: loss {loss:.2f}, right:", end=" ")
            print(f"{known:.0%} of the taught, {new:.0%} of new sums")

# %% jupyter={"source_hidden": true}
for one in held_out[:3]:
    for name, model in models.items():
        print(f"{sums.question(*one)}  {name:5}", sums.answers(model, [one])[0].strip())

# %% [markdown] tags=["keep"]
# Yours is one run; we recorded three, in [the table below](#verifiable-reward). On average, the result alone gets 6% of the sums that it was never shown, and the draft 67%. More tokens are not the reason: with blanks instead of the draft it is 8%. Nor are more steps: after 2,000, one run of the result alone knew its own sums, and 7% of the others. <!-- source: data/results/reasoning.json, asserted under Five; 2,000 steps at rate 4e-3, batches of 32, seed 0: 98.5 and 7.3% --> In language models such a draft is called a **chain of thought** (Wei et al. 2022).
#
# **Keep this:** from few examples, small written steps carry over to new questions; results alone hardly do (sums, in a small model).

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card"]
# ## Four: which answer is better?
# <a id="dpo"></a>
# Often nobody can write the best answer, but people can say which of two is better. This becomes a loss in four lines:
#
# 1. *Bradley and Terry (1952):* each answer $y$ has a **reward** $r(y)$, and $y^+$ is liked better than $y^-$ with probability $\sigma\big(r(y^+)-r(y^-)\big)$.
# 2. *RLHF* (InstructGPT, 2022): train a **reward model** $r$ on people's choices, then the model $\pi$ by **PPO**, trial and error in cautious steps, to earn reward and stay near what it was, $\pi_0$: maximise $\mathbb E_\pi[r(y)]-\beta\,\mathrm{KL}(\pi\,\|\,\pi_0)$, where $\mathrm{KL}(\pi\,\|\,\pi_0)=\mathbb E_\pi\big[\ln\frac{\pi(y)}{\pi_0(y)}\big]$ is 0 only if the two are equal.
# 3. Put $r=\beta\ln e^{r/\beta}$ into the mean: up to a constant it is $-\beta\,\mathrm{KL}(\pi\,\|\,\pi_0\,e^{r/\beta}/Z)$, with $Z$ so that all sums to 1. The best $\pi$ makes it 0: $\pi(y)=\pi_0(y)\,e^{r(y)/\beta}/Z$. Solved for the reward, $r(y)=\beta\ln\frac{\pi(y)}{\pi_0(y)}+\text{const}$.
# 4. *DPO* (Rafailov et al. 2023): put line 3 into line 1. The constant cancels, no reward model is needed, and the loss is −ln of that probability:
#
# $$L=-\ln\sigma\!\Big(\beta\Big[\underbrace{\ln\frac{\pi(y^+)}{\pi_0(y^+)}}_{\text{gain of the liked}}-\underbrace{\ln\frac{\pi(y^-)}{\pi_0(y^-)}}_{\text{gain of the disliked}}\Big]\Big)$$
#
# With a pencil: the liked answer's log-probability has gone from −4 to −2, a gain of 2, and the disliked one's stayed at −3. With β = ½ the loss is $-\ln\sigma(1)=0.31$. The loss sees only the *difference* of the gains, so both answers may become less likely.
#
# ### Exercise 4 ●●○ · 6 minutes
# Write the loss. It gets four log-probabilities for each pair, and is the mean over the pairs; β is 0.1 unless given.
#
# <!-- example: dpo loss -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("dpo loss")
def dpo_loss(liked, disliked, liked_before, disliked_before, beta=0.1):
    """four log-probabilities [B] -> a number"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: dpo loss -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
pencil = dpo_loss(*(torch.tensor([x]) for x in (-2.0, -3.0, -4.0, -3.0)), beta=0.5)
assert round(pencil.item(), 2) == 0.31 and abs(-F.logsigmoid(torch.zeros(1)).item() - math.log(2)) < 1e-6
both = dpo_loss(*(torch.tensor([x]) for x in (-5.0, -9.0, -4.0, -3.0)))
assert both < math.log(2)  # both lost, and the loss fell

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: a reward that a program checks
# <a id="verifiable-reward"></a>
# A sum needs no people, because a program can check it: a **verifiable reward** (RLVR). Your model writes eight answers to one question, and each right one earns 1. An answer's **advantage** compares this with the group, and the loss makes answers above the mean likelier, those below less likely:
#
# $$L=-\frac1{\text{tokens}}\sum_i A_i\,\ln\pi(y_i)\qquad A_i=\frac{r_i-\bar r}{\text{std}(r)}$$
#
# This is **GRPO** (Shao et al. 2024) with one step for each set of answers, so that its clipping does nothing, without its penalty for leaving $\pi_0$, and with one mean over all tokens, not per answer. The reward sees the last number, never the draft.

# %% slideshow={"point": ["rewards.mean(", "gained ="]} tags=["definition"]
# course_utils.post_training: log_probability, advantages, reward_loss

# %% tags=["definition"]
# chapters.ch08.kept.answering: drawn

# %%
torch.manual_seed(0)
model, earned = copy.deepcopy(models["draft"]), [0.0]

def checked_answers():
    asked = [one for one in dice.sample(unsolved, 16) for _ in range(8)]
    answers = drawn(model, sums.rows_of(asked))
    pairs = zip(asked, map(text_of, answers), strict=True)
    right = [float(sums.is_right(*pair)) for pair in pairs]
    rewards = torch.tensor(right).view(16, 8)  # a row for each question
    earned.append(rewards.mean().item())
    questions = sums.rows_of(asked).tolist()
    ids, is_answer = talk_batch(list(zip(questions, answers, strict=True)))
    return reward_loss(model, ids, is_answer, advantages(rewards).flatten())

# %% seconds=40 slideshow={"slide_type": "subslide"} tags=["training"]
print(f"before {sums.share_right(model, held_out):.0%} of those never shown")
for step, _ in training(model, checked_answers, steps=50, rate=3e-4):
    if step % 10 == 9:
        print(f"{step + 1} steps, reward {earned[-1]:.2f},", end=" ")
        print(f"right: {sums.share_right(model, held_out):.0%} of those never shown")
sums.save(model)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
trials = results.load("reasoning")
ways = (
    "answer alone",
    "blanks",
    "draft",
    "draft + GRPO",
    "draft + as many steps of SFT again",
    "draft + SFT again + GRPO",
    "draft + SFT again + SFT again",
    "draft + GRPO, paid by a coin",
    "draft + GRPO, too fast",
)
percent = {
    name: [100 * one["right"][name] for one in trials["seeds"] if name in one["right"]]
    for name in ways
} | {
    from_cell("draft, {how} of 8", how=how): [100 * one[how] for one in trials["seeds"]]
    for how in ("best", "majority")
}
Table(
    [
        {
            "trained": name,
            "right, %": f"{sum(x) / len(x):.0f}",
            "seeds": ", ".join(f"{one:.0f}" for one in x),
        }
        for name, x in percent.items()
    ],
    from_cell(
        "Of 300 sums never shown. Blanks: as many tokens before the result as "
        "a draft has. A coin: the reward does not look at the answer. {about}",
        about=trials.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
share = {name: [round(x) for x in found] for name, found in percent.items()}
assert len(trials["seeds"]) == 3 and trials["steps"] == {"SFT": 400, "GRPO": 50} and trials["taught"] == len(taught) == 200
average = {name: round(sum(found) / len(found)) for name, found in percent.items()}
assert (average["answer alone"], average["blanks"], average["draft"]) == (6, 8, 67) == (6, 8, average["draft, majority of 8"])
assert all(more > less for less, more in zip(share["draft"], share["draft + GRPO"], strict=True)) and average["draft + GRPO"] == 74
more, again = share["draft + as many steps of SFT again"], percent["draft + SFT again + SFT again"]
assert all(x > y for x, y in zip(more, share["draft + GRPO"], strict=True)) and average["draft + as many steps of SFT again"] == 78
assert all(x >= y for x, y in zip(percent["draft + SFT again + GRPO"], again, strict=True))
assert (average["draft + SFT again + GRPO"], average["draft + SFT again + SFT again"]) == (84, 82)
assert (average["draft + GRPO, paid by a coin"], share["draft + GRPO, too fast"]) == (18, [8])
assert min(one["form"] for one in trials["seeds"]) > 0.98 and len(held_out) == 300 == trials["held out"]
live = [sums.share_right(one, held_out) for one in (models["alone"], models["draft"], model)]
assert live[0] < 0.15 < 0.55 < live[1] and live[2] > live[1] - 0.03 and 400 / 50 == 8 and round(2e-3 / 3e-4) == 7

# %% [markdown] tags=["keep"]
# Without one further solution, each of the three recorded models gets better, on average from 67 to 74%. The check does it: paid by a coin, the same training leaves 18%, and a vote among eight answers, without training, 67%. At a rate seven times as high the reward broke the one model that we tried.
#
# Would more SFT do as well? Another 400 steps on the *same* 200 solved sums do better than the reward, 78%. From there the reward adds as much as a third round of SFT, and a little more. So where you have solutions, use them first; a reward needs only a check.
#
# If all eight answers are right, or all wrong, the question teaches nothing. Whether the draft is sound is never rewarded. DeepSeek-R1-Zero (2025) was trained in this way on mathematics and programming, and its drafts grew long. <!-- source: DeepSeek-AI 2025 -->
#
# **Keep this:** a base model continues; SFT shows it the form of an answer and, where examples have them, the steps; a checked reward improves it without further solutions (on a toy of sums).

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Who answers? Ask
# <a id="ask"></a>
# Ask the model that you have taught, and SmolLM2 where it is installed. Then choose a token and a head: what else was likely there, and where did the head attend?

# %% jupyter={"source_hidden": true} seconds=30 slideshow={"slide_type": "subslide"} tags=["lab"]
asking = labs.replies(
    ["37 + 48 =", "What is seven times eight?", "What is the capital of France?"],
    {
        from_cell("the model you taught"): partial(sums.asked, model),
        ("SmolLM2" if smol else "llama-holmes"): talker.asked,
    },
    live=True,
    title="What do you want to know?",
    caption="Ink below a token: how much the head attends to it when "
    "[output|the coloured token] is written. Bars: the likeliest tokens there. "
    "Both models take the first.",
)
asking

# %% [markdown] tags=["asks"]
# Much of SmolLM2's attention goes to the first mark of the talk, which says nothing about your question: [a sink](08_who_answers_annex.ipynb#sink).
#
# ### One sentence, eight chapters
# <a id="one-sentence"></a>
# **The animal didn't cross the street because it was too tired.** Here is a map of it from each chapter. **Guess:** in which could the model know what “it” means?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch08.experiments.one_sentence import through_all

panels, given = through_all()
labs.journey(
    panels,
    select=("it", "animal"),
    title="Which word does “it” attend to, in each chapter?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
told = asking.view.options["traces"][1][2]
shown = torch.tensor(asking.view.arrays["weights"][told["at"] :].astype("f4"))
shown = shown[: len(told["chances"]) * told["heads"] * len(told["pieces"])].view(-1, len(told["pieces"]))
assert smol is None or shown[:, 0].mean() > 0.3
assert asking.view.options["replies"][1][2] == "The capital of France is Paris." or smol is None
assert len(panels) == 8 and list(given) == ["Transformer", "BERT", "GPT", "Llama"]
column = panels[6][1][2:10, panels[6][2].index("animal")]
assert column.min() > 0.24 and column.argmin() > 5 and panels[6][2][2:10][0] == "didn't" and panels[6][2][9] == "too"

# %% [markdown]
# <details><summary>Answer</summary>
#
# In those of chapters 3, 5 and 6, whose encoders read *tired* as well (in 3 the query is French). At “it”, GPT and Llama have not read it yet; chapters 1 and 2 have vectors made by hand, 4 only positions. Of the last four we show the head with the most weight on “animal”, and only a test, such as removing it, can tell whether the model *uses* it. <!-- source: chapters/ch08/experiments/one_sentence.py -->
#
# </details>
#
# All eight compute $\mathrm{softmax}(\text{scores})\cdot{\color{#008a67}{V}}$; what changes is how scores are computed, and what is averaged.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes your Llama, both trainings, and what lets them talk.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

keep("llama", "answering", "chat", "serve", "__main__")

# %% [markdown]
# In a terminal, in the folder of your notebooks:
#
# ```text
# python -m mine chat                 with SmolLM2, through your Llama
# python -m mine chat talker.pt       with the model that you have just taught to add
# python -m mine serve                SmolLM2 for any program that talks to OpenAI
# ```
#
# <a id="client"></a>
# While it serves, these lines talk to it, or to Ollama at `http://localhost:11434/v1` with the name of one of its models:
#
# ```python
# from openai import OpenAI
#
# client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")
# print([model.id for model in client.models.list()])
# talk = [{"role": "user", "content": "Who are you?"}]
# ask = client.chat.completions.create
# for piece in ask(model="smollm2", messages=talk, stream=True):
#     print(piece.choices[0].delta.content or "", end="")
# ```

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Most open decoders since Llama are GPTs with RMSNorm, RoPE and SwiGLU, many with grouped queries and no biases.
# 2. Shared keys and values make the cache smaller.
# 3. A chat is one text with marks for who is speaking. SFT counts only the tokens of answers.
# 4. DPO compares two answers. GRPO compares an answer with others to the same question.
# 5. A draft gives small steps to learn, a checked reward needs no solutions. Fluent text can be false.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](08_who_answers_annex.ipynb#open-questions).
# 1. *Prove:* the first loss of DPO is ln 2, whatever the model. <!-- source: the asserts under DPO -->
# 2. *Design an experiment:* does your model *use* its draft, or only write it?
# 3. *Why not* train on the tokens of questions, too?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [Llama](#llama) | Llama 架构 | the decoder of most open models since 2023 |
# | [RMSNorm](#rmsnorm) | 均方根归一化 | divides by the root of the mean square |
# | [RoPE](#rotary) | 旋转位置编码 | queries and keys are turned by their position |
# | [SwiGLU](#swiglu) | SwiGLU 门控 | a feed-forward network with gates |
# | [grouped queries](#grouped-queries) | 分组查询注意力 | heads of queries share keys and values |
# | [chat template](#chat-template) | 对话模板 | a talk as one text with marks |
# | [supervised fine-tuning](#sft) | 监督微调 | answers to imitate |
# | [DPO](#dpo) | 直接偏好优化 | learns from which of two is better |
# | [verifiable reward](#verifiable-reward) | 可验证奖励 | a program checks the answer |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(8)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: ask your own questions
# From a weighted mean of neighbours you have come to a model that answers. [The annex](08_who_answers_annex.ipynb) has the attention of the largest models, quantising, tools, and how such models are judged.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 8, edition 0.4.0, and the heading above it.*
