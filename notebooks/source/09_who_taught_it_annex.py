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
import copy
import math
import random
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch09 import again, exercise, hint, labs, solution
from chapters.ch09 import sums
from chapters.ch09.kept.answering import END, LONGEST, text_of
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, plot
from course_utils.gpt import generate
from course_utils.post_training import answer_loss, log_probability, talk_batch, training

runtime = course_kit.setup()
trials = results.load("reasoning")


def right(way):
    """Of 300 new sums, in %, for each of three trainings."""
    return [100 * one["right"][way] for one in trials["seeds"] if way in one["right"]]

# %% [markdown]
# ## Which answer is better?
# <a id="dpo"></a>
# Perhaps you couldn't write a good poem, or a kind refusal. But if you are shown two of them, you can usually say which one you like better. That's the second of the lesson's teachers: people who choose. To 37+48= both the result alone and the draft are right, but say that three people of four prefer the draft. What should a model learn from this? <!-- source: sums.draft -->
#
# **The idea:** give each answer a number, its *reward*, so that the differences of rewards explain what people choose. Then tilt the model towards high rewards, but not too far from what it was. That takes us four lines.
#
# 1. *A number for each answer.* Call the answer that somebody chose $y^+$, the other one $y^-$, and the reward $r$. We assume that this choice has the probability $\sigma\big(r(y^+)-r(y^-)\big)$, where σ is the sigmoid (Bradley and Terry, 1952). Equal rewards give one half, and the three quarters of our example need a difference of $\ln 3$. <!-- source: Bradley and Terry 1952 -->
# 2. *What the model should do.* If only rewards counted, the best model would always write the answer with the highest one, and might forget how to write anything else. So we look for a new model near the old one. If they give an answer $y$ the probabilities $\pi(y)$ and $\pi_0(y)$, this difference should be as large as possible:
#
# $$\underbrace{\sum_y\pi(y)\,r(y)}_{\text{mean reward}}\;-\;\beta\underbrace{\sum_y\pi(y)\ln\frac{\pi(y)}{\pi_0(y)}}_{\text{how far from }\pi_0}$$
#
# The second sum is the **KL divergence**, which is 0 if the two models are the same, and otherwise positive. The number β is the price of moving, so with a large β the model stays close. **RLHF** (InstructGPT, 2022) follows this line: a second model learns $r$ from people's choices, and $\pi$ is trained with policy gradients. <!-- source: Ouyang et al. 2022 -->

# %% [markdown]
# 3. *Which π is that?* We can write it down. Multiply the old probability of each answer by $e^{r/\beta}$, then divide by the sum $Z$, so that everything adds up to 1:
#
# $$\pi(y)=\pi_0(y)\,e^{r(y)/\beta}\,/\,Z$$
#
# Try it with β = 1 and an old model that writes both kinds equally often:
#
# | the answer | old $\pi_0$ | $r/\beta$ | times $e^{r/\beta}$ | gives | divided by $Z=2$ |
# |---|---|---|---|---|---|
# | with its steps | ½ | ln 3 | 3 | 1½ | ¾ |
# | the result alone | ½ | 0 | 1 | ½ | ¼ |
#
# So the best model shows its steps three times out of four, exactly as often as people prefer them. With a smaller β it would show them more often.

# %% [markdown]
# <details><summary>Why is this the best?</summary>
#
# At the best $\pi$, moving a little probability from one answer to another gains nothing. What a little more probability on $y$ gains is the derivative of line 2's sum with respect to $\pi(y)$, which is $r(y)-\beta\ln\frac{\pi(y)}{\pi_0(y)}-\beta$, because the slope of $x\ln x$ is $\ln x+1$. So this is the same number for all answers, and solved for $\pi(y)$ it is line 3.
#
# </details>
#
# 4. *Now read it backwards.* Line 3 goes from rewards to the best model. But we don't know the rewards, while any model gives us its probabilities. So let's solve line 3 for $r$: divide by $\pi_0$, take the logarithm, multiply by β, and bring $\beta\ln Z$ to the other side.
#
# $$r(y)=\beta\underbrace{\ln\frac{\pi(y)}{\pi_0(y)}}_{\text{gain of }y}+\;\beta\ln Z$$
#
# The *gain* says how much the log-probability of $y$ has risen since the old model. On our table, where β is 1, the answer with steps went from ½ to ¾, so its reward is $\ln\tfrac32+\ln 2=\ln 3$. The other fell to half, so its reward is $\ln\tfrac12+\ln 2=0$. The table began with these two rewards. Pick any model: line 4 hands you a reward whose best model it is, up to the $\beta\ln Z$ that all answers to a question share.

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.tilt(
    ["7+8=15 3+4+1=8 85", "85"], [0.5, 0.5], [3, 1],
    title="What is the best model?",
    caption="Two answers, one half each at first. Here β is 1, and their rewards are ln 3 and 0. "
    "Play it.",
)

# %% [markdown]
# Put line 4 into line 1: in the *difference* of two rewards $\beta\ln Z$ cancels, so you need no reward model. Train $\pi$ so that people's choices become likely: this is **DPO** (*direct preference optimisation*, 2023). Its loss is minus the logarithm of their probability. <!-- source: Rafailov et al. 2023 -->
#
# $$L=-\ln\sigma\!\Big(\beta\Big[\underbrace{\ln\frac{\pi(y^+)}{\pi_0(y^+)}}_{\text{gain of the liked}}-\underbrace{\ln\frac{\pi(y^-)}{\pi_0(y^-)}}_{\text{gain of the disliked}}\Big]\Big)$$

# %% [markdown] tags=["card"]
# Try it with a pencil. The log-probability of the liked answer rose from −4 to −2, a gain of 2; that of the other stayed at −3. With β = ½ the loss is $-\ln\sigma(1)=0.31$. Only the difference of the gains counts. So both may fall in training, if the liked one's falls less. <!-- source: the arithmetic of this paragraph, asserted below -->
#
# ### Exercise 1 ●●○ · 6 minutes
# **Decide first.** Before the first step, no answer has gained anything. How large is the loss, and what does it depend on?
#
# <details><summary>Answer</summary>
#
# It's $-\ln\sigma(0)=\ln 2\approx0.693$, whatever the model and β are. If your first loss is another number, the two models aren't the same (dropout, for example). The slope isn't 0: it's $-\beta/2$ times that of the difference of the gains.
#
# </details>
#
# Write the loss. It gets four log-probabilities for each pair, and is the mean over the pairs; β is 0.1 unless given.
#
# <!-- example: dpo loss -->

# %% tags=["exercise"]
@exercise("dpo loss")
def dpo_loss(liked, disliked, liked_before, disliked_before, beta=0.1):
    """four log-probabilities [B] -> a number"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: dpo loss -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
difference = torch.zeros(1, requires_grad=True)
first = -F.logsigmoid(0.1 * difference)
assert round(first.item(), 3) == round(math.log(2), 3) == 0.693
assert abs(torch.autograd.grad(first, difference)[0] + 0.1 / 2) < 1e-6
pencil = dpo_loss(*(torch.tensor([x]) for x in (-2.0, -3.0, -4.0, -3.0)), beta=0.5)
assert round(pencil.item(), 2) == 0.31 and round(torch.tensor(3.0).log().sigmoid().item(), 4) == 0.75
both = dpo_loss(*(torch.tensor([x]) for x in (-5.0, -9.0, -4.0, -3.0)))
assert both < -F.logsigmoid(torch.zeros(1))  # both lost, and the loss fell

# %% [markdown]
# ### Does it do what line 3 says?
# Now let people teach the lesson's model, while a program chooses in their place. First the model itself, which imitates drafts:

# %% seconds=20 steps=400 tags=["training"]
taught, unsolved, held_out = sums.split(200)
examples = {"result alone": sums.in_ids(taught, sums.result)}
examples["draft"] = sums.in_ids(taught, sums.draft)

def imitation(model, talks, dice):  # the loss of 32 talks, drawn
    return answer_loss(model, *talk_batch(dice.choices(talks, k=32)))

adds, dice = sums.fresh(), random.Random(0)
loss_of = partial(imitation, adds, examples["draft"], dice)
for _ in training(adds, loss_of, steps=400, rate=2e-3):
    pass

# %% [markdown]
# To write both kinds of answers, it then learns from both. Of its four answers to each of three hundred unsolved sums, the longest and the shortest become a pair, if they differ in kind.

# %% seconds=10 steps=100 tags=["training"]
dice, old = random.Random(0), copy.deepcopy(adds)
mixed = examples["draft"] + examples["result alone"]
for _ in training(old, partial(imitation, old, mixed, dice), steps=100, rate=1e-3):
    pass
new = copy.deepcopy(old)  # the one that people will teach

# %%
torch.manual_seed(0)
asked, pairs = unsolved[:300], []
rounds = [sums.answers(old, asked, temperature=1.0) for _ in range(4)]
for i, one in enumerate(asked):
    four = sorted((texts[i] for texts in rounds), key=len)
    if "=" in four[-1] and "=" not in four[0]:
        pairs.append(sums.talks([one, one], [four[-1], four[0]]))  # as ids
print(len(pairs), "pairs, such as", [text_of(answer) for _, answer in pairs[0]])

# %% [markdown]
# `log_probability` is the lesson's sum over an answer's tokens. DPO needs four for each pair:

# %%
def people_choose(new, old, dice):  # the loss of 32 pairs, drawn
    liked, other = [], []
    for steps, bare in dice.choices(pairs, k=32):
        if dice.random() < 0.25:  # one in four likes the bare result
            steps, bare = bare, steps
        liked.append(steps)
        other.append(bare)
    liked, other = talk_batch(liked), talk_batch(other)
    with torch.no_grad():
        before = log_probability(old, *liked), log_probability(old, *other)
    now = log_probability(new, *liked), log_probability(new, *other)
    return dpo_loss(*now, *before, beta=1.0)

# %% [markdown]
# With rewards $\ln 3$ apart and β = 1, line 3 predicts that the odds of steps triple.

# %% seconds=20 steps=[60, 20, 19] tags=["training"]
def with_steps(model):  # the share of drawn answers that have steps
    texts = sums.answers(model, held_out * 2, temperature=1.0)
    return sum("=" in text for text in texts) / len(texts)

torch.manual_seed(0)
found = [with_steps(old)]
for step, _ in training(new, partial(people_choose, new, old, dice), steps=60, rate=1e-4):
    if step % 20 == 19:
        found.append(with_steps(new))
odds = 3 * found[0] / (1 - found[0])
says = odds / (1 + odds)
print(f"with steps before {found[0]:.0%}, now {found[-1]:.0%}; line 3 says {says:.0%}")

# %% jupyter={"source_hidden": true}
labs.preferred(
    "37+48=", ["7+8=15 3+4+1=8 85", "85"], found, says, every=20,
    title="Does the model become what its people like?",
    caption="The two kinds of answers. Bars: how many of 600 drawn answers to new sums have "
    "steps, after so many steps of training. Play it.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.35 < found[0] < 0.65
assert len(pairs) > 150

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert abs(found[-1] - says) < 0.08 and found[-1] > found[0] + 0.1

# %% [markdown] tags=["keep"]
# The model saw only choices, and yet it comes near what line 3 says.
#
# <details><summary>How sure is this?</summary>
#
# In ten of eleven other runs the model ended within five points of line 3, above it or below, and in one ten points below. <!-- source: model seed 0, dice 1 to 7: -2.6, -10.5, 1.0, 0.9, -0.7, 2.1, -1.4 points from line 3; model seed 1, dice 0 to 3: -4.8, -2.2, -0.1, 2.6 -->
#
# </details>
#
# **Keep this:** from choices between two answers, DPO tilts the old model. It needs no reward model.

# %% [markdown]
# ## Why may you follow a slope that isn't there?
# <a id="policy-gradient"></a>
# The check has no slope, and yet the lesson takes a step. It wanted a higher *mean* reward, $\sum_y\pi(y)\,r(y)$. Its slope has a term for each answer, $r(y)\,\nabla\pi(y)$, and there are far too many to add up. But use $\nabla\ln\pi=\nabla\pi/\pi$:
#
# $$\nabla\sum_y\pi(y)\,r(y)=\sum_y\pi(y)\;r(y)\,\nabla\ln\pi(y).$$
#
# Now it's a mean over the answers that the model itself writes, so let it write many, and average. **The reward needs no slope; it only says how strongly to push.** This is called a **policy gradient** (*REINFORCE*, 1992). Subtracting the mean $\bar r$ doesn't change the direction on average, because $\sum_y\pi\,\nabla\ln\pi=\nabla\sum_y\pi=\nabla 1=0$. But with it, wrong answers are pushed down, too. <!-- source: Williams 1992 -->
#
# Try it on the lesson's four answers, with all of them, and with ten thousand that the policy writes:

# %%
# logits; the first answer is right
z = torch.tensor([0.1, 0.4, 0.1, 0.4]).log().requires_grad_()
r = torch.tensor([1.0, 0, 0, 0])
torch.manual_seed(0)
draws = torch.multinomial(z.softmax(0).detach(), 10_000, replacement=True)
(exact,) = torch.autograd.grad((z.softmax(0) * r).sum(), z)
(sampled,) = torch.autograd.grad((r[draws] * z.log_softmax(0)[draws]).mean(), z)
for name, slope in {"all answers": exact, "written ones": sampled}.items():
    print(f"{name:12}", [round(x, 2) for x in slope.tolist()])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (exact - sampled).abs().max() < 0.01

# %% [markdown]
# ## What if mistakes count, too?
# <a id="grpo"></a>
# In the lesson the model imitates what passes the check, and its mistakes are thrown away. But the step by hand used them: what is below the mean is pushed down. In the words of the trade, the model is the **agent**, and acts by writing an answer. The **environment**, a question and the program that checks, replies with a reward. To learn from what your own attempts have earned is called **reinforcement learning**.

# %% [markdown] tags=["card"]
# ### The same with your model
# The step by hand is **GRPO** (*group relative policy optimisation*, 2024) in its simplest form. A group is all the answers to one question. The paper's loss also has the *ratio* of new to old probability, a *clip* on it (idle here, with one step for each set of answers) and a KL penalty ([more](#grpo-paper)). <!-- source: Shao et al. 2024 -->
#
# ### Exercise 2 ●●○ · 5 minutes
# **Decide first.** All eight answers to a question are right. Should they become likelier?
#
# <details><summary>Answer</summary>
#
# They don't: none is above the mean, so each advantage is 0, and the question teaches nothing. By the formula it would be 0 / 0, which is why `eps` is added to the deviation.
#
# </details>
#
# Write the advantages of several groups, a row for each.
#
# <!-- example: advantages -->

# %% tags=["exercise"]
@exercise("advantages")
def advantages(rewards, eps=1e-4):
    """rewards [Q, N] of N answers to each of Q questions -> advantages [Q, N]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: advantages -->
#
# The loss is the one by hand, but divided by the number of tokens, $-\sum_i A_i\ln\pi(y_i)\,/\sum_i|y_i|$, so that it doesn't grow with the drafts' length. At equal advantage all tokens count alike: an answer of 20 five times as much as one of 4:

# %% tags=["definition"]
# course_utils.post_training: reward_loss

# %% [markdown]
# Here is the lesson's model again, which imitates drafts:

# %% seconds=20 steps=400 tags=["training"]
taught, unsolved, held_out = sums.split(200)
is_right, drafts = sums.is_right, sums.in_ids(taught, sums.draft)
pupil, dice = sums.fresh(), random.Random(0)
draws = lambda: answer_loss(pupil, *talk_batch(dice.choices(drafts, k=32)))  # noqa: E731
for _ in training(pupil, draws, steps=400, rate=2e-3):
    pass

# %% [markdown]
# It draws eight answers to each of forty unsolved sums. If all eight are right, or all wrong, every advantage is 0. Here's one of the others:

# %% jupyter={"source_hidden": true} tags=["asserts"]
logits, places = torch.zeros(2, 24, 9, requires_grad=True), torch.arange(25)
is_answer = (places > 0) & (places <= torch.tensor([[20], [4]]))  # the tokens of two answers
reward_loss(lambda ids: logits, torch.ones(2, 25, dtype=torch.long), is_answer, torch.ones(2)).backward()
pushed = logits.grad.abs().sum((1, 2))
assert (pushed[0] / pushed[1] - 5).abs() < 1e-4

# %% jupyter={"source_hidden": true}
torch.manual_seed(0)
asked = unsolved[:40]
eights = [sums.answers(pupil, [one] * 8, temperature=1.0) for one in asked]
passed = torch.tensor([[float(sums.is_right(one, text)) for text in eight] for one, eight in zip(asked, eights)])
above = advantages(passed)
wasted = (above == 0).all(1).sum().item()
print(wasted, "of 40 questions teach nothing: all eight answers earn the same, all advantages are 0")
n = (passed.sum(1) - 3).abs().argmin()
Table(
    [
        {"it writes": text.strip(), "the check": int(right), "advantage": f"{a:+.1f}"}
        for text, right, a in zip(eights[n], passed[n].tolist(), above[n].tolist())
    ],
    from_cell("Eight answers to {question}, which is {right}.", question=sums.question(*asked[n]), right=sum(asked[n])),
    data=("it writes",),
)

# %% [markdown]
# Does the check cause what you gain, or would any further training? We train the model twice, rewarded by `is_right` and by a *coin*. What would you expect of the coin? (`drawn` cuts what chapter 7's `generate` writes after its new line.)

# %% jupyter={"source_hidden": true}
from chapters.ch09.kept.answering import END, LONGEST
from course_utils.gpt import generate

# %% jupyter={"source_hidden": true} tags=["definition"]
# chapters.ch09.kept.answering: drawn

# %%
def practice(model, reward, dice):  # the loss of eight answers to each of 16 sums
    asked = [one for one in dice.sample(unsolved, 16) for _ in range(8)]  # 16 × 8
    questions = sums.rows_of(asked)  # their ids [128, T]
    answers = drawn(model, questions)  # 128 lists of ids
    r = [float(reward(one, text_of(ids))) for one, ids in zip(asked, answers)]
    A = advantages(torch.tensor(r).view(16, 8))  # a row for each question
    ids, is_answer = talk_batch(list(zip(questions.tolist(), answers)))
    return reward_loss(model, ids, is_answer, A.flatten())

def coin(one, text):
    return torch.rand(()) < 0.5

# %% seconds=25 steps=[30, 10, 9] tags=["training"]
wrote = {}
for name, reward in (("check", is_right), ("coin", coin)):
    torch.manual_seed(0)
    dice, model = random.Random(0), copy.deepcopy(pupil)
    wrote[name] = [sums.answers(model, held_out)]
    loss_of = partial(practice, model, reward, dice)
    for step, _ in training(model, loss_of, steps=30, rate=3e-4):
        if step % 10 == 9:
            wrote[name].append(sums.answers(model, held_out))

# %% jupyter={"source_hidden": true}
curves = {
    name: [100 * sum(map(sums.is_right, held_out, texts)) / len(held_out) for texts in every]
    for name, every in wrote.items()
}
by = {"check": from_cell("rewarded by the check"), "coin": from_cell("rewarded by a coin")}
plot.lines(
    {by[name]: (range(0, 10 * len(line), 10), line) for name, line in curves.items()},
    "step",
    "right, % of 300 new sums",
    limits=(0, 100),
    title="Is it the check that teaches?",
    caption="One model, trained on with two rewards. In each step it writes eight answers to "
    "each of 16 sums.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert curves["check"][-1] > curves["check"][0] - 3
assert [round(sum(right(way)) / 3) for way in ("draft + GRPO", "draft + GRPO, paid by a coin")] == [74, 18]
assert all(more > less for less, more in zip(right("draft"), right("draft + GRPO"), strict=True))
assert trials["steps"]["GRPO"] == 50 and min(one["form"] for one in trials["seeds"]) > 0.98

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert curves["coin"][-1] < curves["check"][-1] - 10
assert 0 < passed[n].mean() < 1 and 0 < wasted < 40

# %% [markdown]
# With the coin your model gets worse: its pushes are zero on average, but thirty of them still move the parameters away from what imitation had found. With the check it gains only a few points, although it saw no further draft to imitate. That could be the luck of one training, so we ran eleven more, from two models: on the same sums ten got better, by one to six points, and one got worse by two. So the check does teach, but in thirty steps only a little. <!-- source: 30 steps, model seed 0, dice 1 to 7: 5.7, 1.0, 2.7, 2.0, -2.3, 6.0, 4.0 points; model seed 1, dice 0 to 3: 2.7, 3.4, 2.4, 2.4 -->
#
# <details><summary>How sure is this?</summary>
#
# The coin made all five other models that we tried worse. Three recorded trainings took 50 steps: the check raised 67 % to 74 on average, and each got better. The coin lowered it to 18. With five other seeds the check helped, too, once by only two sums of 300. <!-- source: 30 steps: the coin, seed 0, dice 1: -39.6, seed 1, dice 0 to 3: -25.0, -13.6, -14.3, -22.6; 50 steps: data/results/reasoning.json; seeds 3 to 7: 0.6, 4.3, 7.7, 6.0 and 9.7 points -->
#
# </details>
#
# %% [markdown] tags=["guess"]
# ## What has the paper's GRPO besides?
# <a id="grpo-paper"></a>
# With [GRPO in its simplest form](#grpo), the model writes answers, takes one step, and throws the answers away. Writing them is what takes the time, so the paper's method allows *several* steps on the same answers. But after the first step, the model isn't the one that wrote them any more. What has to change? **Guess before you run it:** an answer was written with the probability 0.1, and meanwhile it has 0.2. How strongly should it count?

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
# - **A penalty for leaving the first model**, the KL divergence of [line 2](#dpo). With a program as the judge there's less to fear, and many leave it out. With a learned reward there's more ([why](#learned-reward)).
# - **The length.** The paper divides each answer's sum by its own number of tokens, so in a long wrong answer each token is pushed down less. *Dr. GRPO* (2025) leaves this out, and the division by the deviation, too. We divide by all tokens of the batch. <!-- source: Shao et al. 2024; Liu et al. 2025, Understanding R1-Zero-like training -->
#
# [Ours](#grpo) takes one step for each set of answers. So the ratio is 1, and clipping would do nothing:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.post_training: training

# %% [markdown] tags=["guess"]
# ## What if the reward is learned?
# <a id="learned-reward"></a>
# RLHF learns the reward from what people chose. Here is the smallest learned reward: w for each step of an answer. People who prefer two steps to none three times out of four teach it 2w = ln 3. Now it meets an answer that nobody was asked about: twenty steps that lead nowhere, and a wrong result. The old model writes it once in a thousand answers. **Guess before you run it:** how often does the best model, as [line 3](#dpo) has it, write this answer?

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
# **Explain: imitating what passes is a policy gradient, too.** The loss is $-\ln\pi(y)$ for a right answer, and nothing for a wrong one. So the advantages are 1 and 0, the rewards themselves, with no mean subtracted. Two things differ from the step by hand: after the first step the answers are those of an older model, and we took the likeliest answer instead of drawing one.
#
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
