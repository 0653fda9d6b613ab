# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 9 · Annex: what is worth knowing about rewards
# Each section stands alone: choose one by its question. In the notebook, run the first cell before any of them. It belongs to [the lesson](09_who_taught_it.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import plot

runtime = course_kit.setup()
trials = results.load("reasoning")


def right(way):
    """Of 300 new sums, in %, for each of three trainings."""
    return [100 * one["right"][way] for one in trials["seeds"] if way in one["right"]]

# %% [markdown] tags=["guess"]
# ## What has the paper's GRPO besides?
# <a id="grpo"></a>
# In the lesson the model writes answers, takes one step, and throws the answers away. Writing them is what takes the time, so the paper's method allows *several* steps on the same answers. But after the first step, the model isn't the one that wrote them any more. What has to change? **Guess before you run it:** an answer was written with the probability 0.1, and meanwhile it has 0.2. How strongly should it count?

# %%
advantage, old = 1.0, 0.1
for now in (0.05, 0.1, 0.12, 0.2, 0.4):
    ratio = now / old
    clipped = min(max(ratio, 0.8), 1.2)
    gained = min(ratio * advantage, clipped * advantage)
    print(f"probability now {now:.2f}: ratio {ratio:.1f}, counts {gained:.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gained == 1.2 and 0.2 / 0.1 == 2

# %% [markdown]
# The model would write it twice as often today, so it should count twice, once for each time: it is weighted with the **ratio** of the two probabilities. (The mean over the old answers is then again a mean over the new model's.) But a few steps on the same answers can push such a ratio far up, because of a handful of samples. So the paper **clips** it. Above 1.2, a good answer earns nothing more, so there's nothing left to push.
#
# Besides:
# - **A penalty for leaving the first model**, the KL divergence of the lesson's line 2. With a program as the judge there's less to fear, and many leave it out. With a learned reward there's more ([why](#learned-reward)).
# - **The length.** The paper divides each answer's sum by its own number of tokens, so in a long wrong answer each token is pushed down less. *Dr. GRPO* (2025) leaves this out, and the division by the deviation, too. We divide by all tokens of the batch. <!-- source: Shao et al. 2024; Liu et al. 2025, Understanding R1-Zero-like training -->
#
# The lesson takes one step for each set of answers. So the ratio is 1, and clipping would do nothing:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.post_training: training

# %% [markdown] tags=["guess"]
# ## What if the reward is learned?
# <a id="learned-reward"></a>
# RLHF learns the reward from what people chose. Here is the smallest learned reward: w for each step of an answer. People who prefer two steps to none three times out of four teach it 2w = ln 3. Now it meets an answer that nobody was asked about: twenty steps that lead nowhere, and a wrong result. The old model writes it once in a thousand answers. **Guess before you run it:** how often does the best model, as line 3 of the lesson has it, write this answer?

# %%
steps = torch.tensor([0, 2, 20])  # the result alone; a draft; one that leads nowhere
old_model = torch.tensor([0.4995, 0.4995, 0.001])
for beta in (10, 2, 1):
    best = old_model * torch.exp(steps * math.log(3) / 2 / beta)
    print(f"β = {beta}:", [f"{p:.1%}" for p in best / best.sum()])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (best / best.sum())[2] > 0.96 and old_model.sum() == 1

# %% [markdown]
# With β = 1 it writes hardly anything else, although its result is wrong. The learned reward has only seen that two steps are better than none, and counts on. A model that is trained for such a reward may find the places where the reward is wrong: this is called **reward hacking**. A large β keeps the model near the old one, where the reward was learned. A program that checks can be cheated, too, and the lesson's problem is about that.

# %% [markdown] tags=["guess"]
# ## More checks, or more solutions?
# <a id="again"></a>
# You've got a model that has imitated 200 solved sums. Should you let it practise with a check, or imitate *the same* sums once more? **Guess**, then look: each training was recorded three times.

# %% jupyter={"source_hidden": true}
ways = {
    from_cell("imitated once"): "draft",
    from_cell("then rewarded by the check"): "draft + GRPO",
    from_cell("imitated again"): "draft + as many steps of SFT again",
    from_cell("imitated again, then rewarded"): "draft + SFT again + GRPO",
    from_cell("imitated three times"): "draft + SFT again + SFT again",
    from_cell("rewarded by a coin"): "draft + GRPO, paid by a coin",
}
shares = torch.tensor([right(way) for way in ways.values()])
plot.bars(
    list(ways), shares.mean(1), each=shares, ylabel="right, % of 300 new sums", digits=0,
    title="What comes after the first imitation?",
    caption=from_cell(
        "A dot: one training; a bar: the mean. To imitate takes {sft} steps, practising {rl}. {about}",
        sft=trials["steps"]["SFT"], rl=trials["steps"]["GRPO"], about=trials.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
mean = dict(zip(ways.values(), shares.mean(1).round().int().tolist(), strict=True))
assert (mean["draft"], mean["draft + GRPO"], mean["draft + as many steps of SFT again"]) == (67, 74, 78)
assert (mean["draft + SFT again + GRPO"], mean["draft + SFT again + SFT again"], mean["draft + GRPO, paid by a coin"]) == (84, 82, 18)
assert all(a > b for a, b in zip(right("draft + GRPO"), right("draft"), strict=True)) and len(trials["seeds"]) == 3 and trials["taught"] == 200

# %% [markdown]
# More imitation of the same sums does as well as the reward, and you can have both, first one and then the other. A reward needs no solutions. That's no advantage here, where 200 are at hand, but a large one where nobody has any. With five other seeds the check helped, too, once by only two sums of 300. Whether imitation or the check gave more changed from seed to seed. <!-- source: seeds 3 to 7: 0.6, 4.3, 7.7, 6.0, 9.7 points -->
#
# And if you take large steps? At a learning rate seven times as high the check left 8 % in the one training that we tried. Where all eight answers to a question are wrong, all advantages are 0, and nothing leads back.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(x) for x in right("draft + GRPO, too fast")] == [8] and round(2e-3 / 3e-4) == 7

# %% [markdown] tags=["guess"]
# ## Can you do without training?
# <a id="best-of-eight"></a>
# The model writes eight answers, and they differ. Without any training you can take the one that comes most often, a **majority vote** (*self-consistency*, 2022). Or, if you have a check, take any that passes it: *best of eight*. **Guess:** which of the two helps our model? <!-- source: Wang et al. 2022 -->

# %% jupyter={"source_hidden": true}
votes = {
    from_cell("the likeliest answer"): right("draft"),
    from_cell("the majority of eight"): [100 * one["majority"] for one in trials["seeds"]],
    from_cell("one of eight passes the check"): [100 * one["best"] for one in trials["seeds"]],
    from_cell("trained with the check"): right("draft + GRPO"),
}
several = torch.tensor(list(votes.values()))
plot.bars(
    list(votes), several.mean(1), each=several, ylabel="right, % of 300 new sums", digits=0,
    title="What do eight answers bring without training?",
    caption=from_cell("The draft model; the eight are drawn at temperature 1. {about}", about=trials.about),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert several.mean(1).round().int().tolist() == [67, 67, 79, 74]

# %% [markdown]
# A vote brings nothing here, because where the model is wrong, it's mostly wrong eight times. If a check picks a right one of eight, the model does at least as well as after the training. But then you need the check for every question, in the exam, too.

# %% [markdown] tags=["guess"]
# ## Can a model teach another?
# <a id="distillation"></a>
# In the lesson a program wrote the answers to imitate. A large model can write them, too, and a small one learns to imitate it: this is called **distillation**. If you have the teacher on your machine, you can ask for more than its texts. **Guess before you run it:** where a book has *The old man opened the*, one next word follows. What can chapter 7's GPT tell a student that the book cannot?

# %%
from course_kit.checkpoints import load_checkpoint

teacher = load_checkpoint("gpt-prose")
start = torch.tensor([teacher.tokenizer.encode(" The old man opened the")])
with torch.no_grad():
    logits = teacher.model(start)[0, -1]
likeliest = logits.topk(3).indices
print(names := teacher.tokenizer.tokens(likeliest.tolist()))
for T in (1, 2):
    p = (logits / T).softmax(-1)[likeliest]
    print(f"T = {T}:", [round(x, 3) for x in p.tolist()], f"ratio {p[0] / p[1]:.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert names == [" door", " gate", " window"] and 3.5 < p[0] / p[1] < 5.5

# %% [markdown]
# It tells what else would do: a door is likeliest, but a gate or a window opens as well. If the book has *door* there, that place says nothing about the others. So the student learns from all the teacher's probabilities, its *soft targets*. The loss is the cross-entropy with them, to which that with the book's word may be added (Hinton et al. 2015). A temperature above 1, for both models in training, gives small probabilities more weight: at T = 2 the ratio of *door* to *gate* is the square root of what it was. DistilBERT (2019), with half as many layers as BERT, was pre-trained on soft targets, but not on these alone. <!-- source: Hinton et al. 2015; Sanh et al. 2019 -->
#
# If you only have the teacher's texts, let it write answers, keep those that pass a check, and imitate them, as in section One of the lesson. DeepSeek-AI (2025) taught smaller models by imitation alone, with about 800,000 texts. Three quarters of these were drafts with results, and only right ones had been kept. <!-- source: DeepSeek-AI 2025, distilled models: SFT alone, about 800k samples, 600k of reasoning and 200k others -->

# %% [markdown] tags=["questions"]
# ## Open questions, discussed
# <a id="open-questions"></a>
# **Prove: DPO's first loss is ln 2, whatever the model.** At the first step $\pi=\pi_0$, so both gains are 0, and $-\ln\sigma(0)=\ln 2\approx 0.693$. If your first loss is another number, the two models aren't the same (dropout, for example). The gradient is *not* 0: it is $-\beta/2$ times the gradient of the difference of the gains.

# %% jupyter={"source_hidden": true} tags=["asserts"]
difference = torch.zeros(1, requires_grad=True)
first = -F.logsigmoid(0.1 * difference)
assert round(first.item(), 3) == round(math.log(2), 3) == 0.693
assert abs(torch.autograd.grad(first, difference)[0] + 0.1 / 2) < 1e-6

# %% [markdown]
# **Design an experiment: does it use its draft?** Put a wrong number into the draft, let the model go on, and count how often the result follows the wrong draft. If it never does, the draft is decoration. Decide on the number of sums before you look.
#
# **Why not train on the questions' tokens, too?** You want a model that answers questions, not one that asks them, and the template's tokens repeat again and again, which makes the loss look good. But where answers are very short and examples few, counting the prompt has been found to help (Shi et al. 2024, *Instruction tuning with loss over instructions*). <!-- source: its title -->

# %% [markdown] tags=["reading"]
# ## Further reading
# - **Teachers.** L. Ouyang et al., *InstructGPT*, 2022. N. Lambert et al., *Tülu 3*, 2024 (RLVR). DeepSeek-AI, *DeepSeek-R1*, 2025: rewarded for right results, it learned to write long drafts. Y. Yue et al., *Does reinforcement learning really incentivize reasoning capacity in LLMs beyond the base model?*, 2025. C. Snell et al., *Scaling LLM test-time compute optimally*, 2024. S. Goyal et al., *Think before you speak*, 2023 (blank tokens). <!-- source: their titles -->
# - **Rewards.** R. Williams, *Simple statistical gradient-following algorithms*, 1992 (the slope of a mean reward). Z. Liu et al., *Understanding R1-Zero-like training*, 2025 (Dr. GRPO). L. Ben Allal et al., *SmolLM2*, 2025. <!-- source: their titles -->
# - **To build it.** S. Raschka, *Build a reasoning model (from scratch)*.

# %% [markdown] tags=["reading"]
# Back to [the lesson](09_who_taught_it.ipynb), or to [Start here and your progress](00_start_here.ipynb#progress).
