# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 9 · Who taught it?
# *From continuing to reasoning.* You'll keep `talker.pt`, a small model that you taught to add, and `mine/answering.py`, with which you can teach others. <!-- minutes --> **Before:** a GPT ([chapter 7](07_gpt.ipynb)); chapter 8 says [why a chat is a text](08_who_answers.ipynb#chat-template).
#
# ## Three teachers
# A language model goes on with a text, in the manner of its training texts. Ask it something, and it may go on with another question. So who taught it to go on with an *answer*? There are three kinds of teacher. **Play it: which of the three has least to do?**

# %% jupyter={"source_hidden": true}
import copy
import random
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch09 import again, exercise, hint, labs, solution
from chapters.ch09 import sums
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, asking, plot, predict

runtime = course_kit.setup()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
teachers = labs.teachers(
    "37+48=", "7+8=15 3+4+1=8", "85", "75",
    title="What can a teacher give?",
    caption="One question, and three ways to teach. In [value|green], what the model should "
    "do more often.",
)
asking(teachers)

# %% [markdown]
# The first teacher writes a whole answer, the second chooses between two, and the third has least to do, because it only says yes or no. Chapter 8's SmolLM2 had the first two, and DeepSeek-R1-Zero (2025) only the third. You'll teach one small model in all three ways, always to add two numbers below 100, because with sums you see at a glance whether an answer and its steps are right. <!-- source: model card of SmolLM2-135M-Instruct (SFT, then DPO); DeepSeek-AI 2025 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: imitate
# <a id="sft"></a>
# The first teacher writes answers. The model reads question and answer as one text, and learns it as chapter 7's GPT learned its book: at each place, it predicts what comes next. This is called **supervised fine-tuning** (SFT). Usually the model has read a lot before. Ours, chapter 7's `GPT` with two blocks, hasn't, and each character is a token.
#
# We teach two hundred solved sums, and keep three hundred others back for the exam: the *new* sums. The rest stay *unsolved*, for later. Our module `sums` does the small jobs (`some` is a list of sums):
#
# | call | returns |
# |---|---|
# | `sums.in_ids(some, sums.result)` | ids of each question and of its result, in pairs |
# | `sums.fresh()` | our GPT, untrained |
# | `sums.answers(model, some)` | its likeliest answers; with a `temperature`, drawn ones |
# | `sums.share_right(model, some)` | the share of the likeliest that is right |

# %%
from torch.nn.utils.rnn import pad_sequence
from chapters.ch09.kept.answering import text_of  # ids -> text

taught, unsolved, held_out = sums.split(200)
one = taught[0]
print(repr(sums.question(*one)), "->", repr(sums.result(*one)))
print(len(taught), len(unsolved), len(held_out))

# %% [markdown]
# The answer ends with a new line, so the model learns to stop, too. But should it learn *everything* in this text? You'll always give it the question, so learning which one comes would be wasted effort. So we leave the question out of the loss:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.counted(
    "37+48=",
    " 85\n",
    title="Which of these characters should it learn?",
    caption="A [query|question] and its [output|answer], character by character. What "
    "happens to the targets? Play it.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# `talk_batch` joins the ids of each question with those of its answer, fills up the shorter texts, and marks which tokens belong to an answer. What was filled up is left out of the loss, too.

# %% tags=["definition"]
# course_utils.post_training: talk_batch

# %%
three = sums.in_ids(taught[:3], sums.result)
ids, is_answer = talk_batch(three)
print("ids", tuple(ids.shape), "of an answer, in each row:", is_answer.sum(1).tolist())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (len(taught), len(held_out)) == (200, 300) and not set(taught) & set(held_out)
assert F.cross_entropy(torch.zeros(2, 5), torch.tensor([1, -100])) == F.cross_entropy(torch.zeros(1, 5), torch.tensor([1]))

# %% [markdown] tags=["card"]
# ### Exercise 1 ●●○ · 4 minutes
# Give each place its target: the next token if it belongs to the answer, and otherwise −100, which `F.cross_entropy` leaves out.
#
# <!-- example: answer targets -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("answer targets")
def answer_targets(ids, is_answer):
    """ids, is_answer [B, N] -> targets [B, N - 1], -100 outside of answers"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: answer targets -->
#
# With your targets, the loss is one line:

# %% slideshow={"point": ["answer_targets("], "slide_type": "skip"} tags=["definition"]
# course_utils.post_training: answer_loss

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    batch = talk_batch(sums.in_ids(taught[:4], sums.draft))
    return answer_loss(sums.fresh(), *batch).backward()

for_training(one_step)  # with nothing solved it does nothing

# %% [markdown] tags=["keep"]
# **Keep this:** to imitate answers is chapter 7's training, with a loss on the answers only.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: small steps
# <a id="chain-of-thought"></a>
# What should the teacher write? The result, you'd think. But how do *you* add 37 and 48? You add the units, then the tens with what you carried, and only then do you know the result. So let's try two kinds of answers to the same sums: the result alone, and a *draft*, which ends with the result. <!-- source: sums.draft, below -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.draft(
    37, 48,
    title="How do you add 37 and 48?",
    caption="The [query|digits], and what you [output|write] in between. Play it.",
)

# %% tags=["definition"]
# chapters.ch09.sums: draft

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

# %% [markdown] slideshow={"slide_type": "skip"}
# All three teachers will use one loop, in which `loss_of()` draws a batch and computes its loss, the rate rises for 20 steps, then falls, and a gradient longer than 1 is shortened:

# %% slideshow={"point": ["loss = ", "backward()", "optimiser.step()"], "slide_type": "subslide"} tags=["definition"]
# course_utils.post_training: training

# %% slideshow={"slide_type": "skip"}
examples = {"result alone": sums.in_ids(taught, sums.result)}
examples["draft"] = sums.in_ids(taught, draft)
models = {name: sums.fresh() for name in examples}

def imitation(model, talks, dice):  # the loss of 32 talks, drawn
    return answer_loss(model, *talk_batch(dice.choices(talks, k=32)))

def exam(model):  # it writes its likeliest answer to every sum
    known, unknown = (sums.share_right(model, some) for some in (taught, held_out))
    return f"{known:.0%} of the taught sums, {unknown:.0%} of new ones"

# %% seconds=30 slideshow={"slide_type": "subslide"} steps=[400, 100, 99] tags=["training"]
for name, model in models.items():
    dice = random.Random(0)  # both see the same sums, in the same order
    # loss_of() is imitation(model, examples[name], dice), with another batch each time
    loss_of = partial(imitation, model, examples[name], dice)
    for step, _ in training(model, loss_of, steps=400, rate=2e-3):
        if step % 100 == 99:
            print(from_cell(name), step + 1, exam(model))

# %% [markdown] slideshow={"slide_type": "skip"}
# Here are two new sums that the second model gets right, and two that it doesn't. **In which step did it go wrong?**

# %% jupyter={"source_hidden": true}
wrote = {name: sums.answers(model, held_out) for name, model in models.items()}
marks = [sums.is_right(*one) for one in zip(held_out, wrote["draft"], strict=True)]
Table(
    [
        {"question": sums.question(*held_out[i]), "result alone": wrote["result alone"][i].strip(),
         "draft": wrote["draft"][i].strip(), "right": str(sum(held_out[i]))}
        for right in (True, False) for i in [i for i, one in enumerate(marks) if one == right][:2]
    ],
    "New sums, and the likeliest answers of your two models.",
    data=("question", "result alone", "draft"),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The model that writes the result alone gets most of the taught sums right, but few new ones. With drafts it adds most of the new ones, too. Why? Ask yourself what is *new* in a new sum. For the first model the whole sum is. But the second adds only two digits and a carry at a time, and it has met most of these steps before: the last digits of 93 % of the new sums, and the first digits, with their carry, of 87 % (in either order). Most of its errors are in the first digits.

# %% jupyter={"source_hidden": true} tags=["asserts"]
def small(step):
    """The share of new sums of which a step occurs in the taught ones."""
    return sum(step(one) in {*map(step, taught)} for one in held_out) / len(held_out)
assert round(100 * small(lambda one: tuple(sorted(n % 10 for n in one)))) == 93
assert round(100 * small(lambda one: (*sorted(n // 10 for n in one), sum(n % 10 for n in one) > 9))) == 87
assert not any(tuple(sorted(one)) in {tuple(sorted(other)) for other in taught} for one in held_out)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert sums.share_right(models["result alone"], taught) > 0.8 and sums.share_right(models["result alone"], held_out) < 0.15
assert sums.share_right(models["draft"], held_out) > 0.5
false = [(one, text.split()) for one, text, right in zip(held_out, wrote["draft"], marks, strict=True) if not right]
tens = [text for one, text in false if len(text) == 3 and text[0] == sums.draft(*one).split()[0]]
assert len(tens) > len(false) / 2  # the units are right, and what is wrong comes behind them

# %% [markdown]
# So a draft **cuts a new question into small steps, most of which are not new.** But perhaps the second model is better only because it writes more, and so computes more, before it names the result. So we let a third write *blanks* first, until its answer is as long as a draft. Your run above is one training; here are three of each kind:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
trials = results.load("reasoning")
shown = {"result alone": "answer alone", "blanks, then the result": "blanks", "draft, then the result": "draft"}
right = torch.tensor([[100 * one["right"][way] for one in trials["seeds"]] for way in shown.values()])
plot.bars(
    list(shown), right.mean(1), each=right, ylabel="right, % of 300 new sums", digits=0,
    title="Is it the steps, or only more room? (% of new sums)",
    caption=from_cell(
        "Each model learned from {taught} sums for {steps} steps. A dot: one training; a bar: "
        "the mean. {about}",
        taught=trials["taught"], steps=trials["steps"]["SFT"], about=trials.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
share = {name: [round(100 * one["right"][name]) for one in trials["seeds"]] for name in trials["seeds"][1]["right"]}
average = {name: round(100 * sum(one["right"][name] for one in trials["seeds"]) / 3) for name in share}
assert (average["answer alone"], average["blanks"], average["draft"]) == (6, 8, 67) and max(share["answer alone"]) < 10 < 50 < min(share["draft"])
assert len(trials["seeds"]) == 3 and trials["taught"] == 200 and len(held_out) == 300 == trials["held out"]

# %% [markdown] tags=["keep"]
# Room alone hardly helps, and written steps help a lot.
#
# In large models such a draft is called a **chain of thought**. You can train a model to write one, as we've done (*scratchpads*, 2021), or ask a large one to think step by step (2022). A *reasoning model* is trained to do so. <!-- source: Nye et al. 2021; Wei et al. 2022; Kojima et al. 2022 -->
#
# <details><summary>How sure is this?</summary>
#
# Trainings differ: in eight of them the draft got 54 to 78 %. With many examples things change: taught 4,000 of the 5,050 sums, the result alone got 61 % of the others. <!-- source: data/results/reasoning.json; seeds 3 to 7: 70, 54, 75, 78, 74 %; 4,000 sums, 800 steps: 61 % -->
#
# </details>
#
# **Keep this:** from 200 sums with their steps the model learned to add most others. From the results alone it did not.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: which answer is better?
# <a id="dpo"></a>
# Perhaps you couldn't write a good poem, or a kind refusal. But if you are shown two of them, you can usually say which one you like better. That's our second teacher: people who choose. To 37+48= both the result alone and the draft are right, but say that three people of four prefer the draft. What should a model learn from this? <!-- source: sums.draft -->
#
# **The idea:** give each answer a number, its *reward*, so that the differences of rewards explain what people choose. Then tilt the model towards high rewards, but not too far from what it was. That takes us four lines, the steepest of this chapter. [Four](#verifiable-reward) doesn't need them: you may run the cells and go on there.
#
# 1. *A number for each answer.* Call the answer that somebody chose $y^+$, the other one $y^-$, and the reward $r$. We assume that this choice has the probability $\sigma\big(r(y^+)-r(y^-)\big)$, where σ is the sigmoid (Bradley and Terry, 1952). Equal rewards give one half, and the three quarters of our example need a difference of $\ln 3$. <!-- source: Bradley and Terry 1952 -->
# 2. *What the model should do.* If only rewards counted, the best model would always write the answer with the highest one, and might forget how to write anything else. So we look for a new model near the old one. If they give an answer $y$ the probabilities $\pi(y)$ and $\pi_0(y)$, this difference should be as large as possible:
#
# $$\underbrace{\sum_y\pi(y)\,r(y)}_{\text{mean reward}}\;-\;\beta\underbrace{\sum_y\pi(y)\ln\frac{\pi(y)}{\pi_0(y)}}_{\text{how far from }\pi_0}$$
#
# The second sum is the **KL divergence**, which is 0 if the two models are the same, and otherwise positive. The number β is the price of moving, so with a large β the model stays close. **RLHF** (InstructGPT, 2022) follows this line: a second model learns $r$ from people's choices, and $\pi$ is trained by trial and error, as in section Four. <!-- source: Ouyang et al. 2022 -->

# %% [markdown] slideshow={"slide_type": "subslide"}
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

# %% [markdown] slideshow={"slide_type": "subslide"}
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

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
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
# ### Exercise 2 ●●○ · 6 minutes
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
assert round(pencil.item(), 2) == 0.31 and round(torch.tensor(3.0).log().sigmoid().item(), 4) == 0.75
both = dpo_loss(*(torch.tensor([x]) for x in (-5.0, -9.0, -4.0, -3.0)))
assert both < -F.logsigmoid(torch.zeros(1))  # both lost, and the loss fell

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Does it do what line 3 says?
# Now let people teach your model (a program chooses in their place). To write both kinds of answers, it first learns from both. Of its four answers to each of three hundred unsolved sums, the longest and the shortest become a pair, if they differ in kind.

# %% seconds=10 slideshow={"slide_type": "skip"} steps=100 tags=["training"]
dice, old = random.Random(0), copy.deepcopy(models["draft"])
mixed = examples["draft"] + examples["result alone"]
for _ in training(old, partial(imitation, old, mixed, dice), steps=100, rate=1e-3):
    pass
new = copy.deepcopy(old)  # the one that people will teach

# %% slideshow={"slide_type": "skip"}
torch.manual_seed(0)
asked, pairs = unsolved[:300], []
rounds = [sums.answers(old, asked, temperature=1.0) for _ in range(4)]
for i, one in enumerate(asked):
    four = sorted((texts[i] for texts in rounds), key=len)
    if "=" in four[-1] and "=" not in four[0]:
        pairs.append(sums.talks([one, one], [four[-1], four[0]]))  # as ids
print(len(pairs), "pairs, such as", [text_of(answer) for _, answer in pairs[0]])

# %% [markdown] slideshow={"slide_type": "skip"}
# `log_probability` is a sum over an answer's tokens. DPO needs four for each pair:

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.post_training: log_probability

# %% slideshow={"point": ["< 0.25", "dpo_loss("], "slide_type": "skip"}
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

# %% [markdown] slideshow={"slide_type": "fragment"}
# With rewards $\ln 3$ apart and β = 1, line 3 predicts that the odds of steps triple.

# %% seconds=20 slideshow={"slide_type": "subslide"} steps=[60, 20, 19] tags=["training"]
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

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
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

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have a model that adds in small steps. But somebody had to write the answers it learned from. What could a model learn from a program that checks? Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: a check instead of a teacher
# <a id="verifiable-reward"></a>
# A program can check a sum, and this is all of it:

# %% tags=["definition"]
# chapters.ch09.sums: said, is_right

# %% [markdown]
# Such a check is called a **verifiable reward**, and training with it *reinforcement learning with verifiable rewards* (RLVR). But how can a model learn from a yes or a no?
#
# To train, we follow slopes, and a check has none: change a parameter a little, and the answer stays the same, or it becomes another one. What does change smoothly is the *probability* of each answer. So **let the model write several answers, and raise the probability of those that pass the check.**
#
# To learn from what your own attempts have earned is called **reinforcement learning**. Our model is the **agent**, and acts by writing an answer. Its **policy** $\pi$ gives each answer its probability. The **environment**, here a question and the program that checks, replies with a **reward**, here 1 or 0.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### By hand, on four answers
# Say that your policy knows only four answers, of which only the first is right. Suppose that, by luck, it writes each once. We reward them, see how far each reward is above the mean, and take the step:

# %% slideshow={"point": ["A = ", "loss = "]}
answers = ["85", "75", "86", "95"]
z = torch.tensor([0.1, 0.4, 0.1, 0.4]).log().requires_grad_()  # logits
r = torch.tensor([float(text == str(37 + 48)) for text in answers])  # the check
A = (r - r.mean()) / r.std()  # the advantage
parts = -A * z.log_softmax(0) / 4  # of the loss
loss = parts.sum()
loss.backward()
after = (z - 2 * z.grad).softmax(0)  # one step of gradient descent, at rate 2
for row in zip(answers, r, A, parts, z.softmax(0), after):
    print("{}: r {:.0f}, A {:+.1f}, loss {:+.2f}, π {:.2f} -> {:.2f}".format(*row))

# %% [markdown]
# Follow the first answer. It earns 1, while the four earn ¼ on average, so it is ¾ above the mean. The deviation of the rewards is ½ (we divide by n − 1, as PyTorch does), so that's 1.5 deviations, and this is its **advantage** $A$. The wrong ones have −½. One step pushes the first answer up, from 0.10 to 0.23, and the others down.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.group(
    "37+48=", answers, r.tolist(), A.tolist(), z.softmax(0).tolist(), after.tolist(),
    title="What does one step do to four answers?",
    caption="An agent with four answers, an environment that checks them, and one step. "
    "Hollow bars: before the step. Play it.",
)

# %% [markdown]
# The loss multiplies the advantage of each answer by its log-probability:
#
# $$L=-\frac1n\sum_i A_i\,\ln\pi(y_i)$$

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### The same with your model
# <a id="grpo"></a>
# This is **GRPO** (*group relative policy optimisation*, 2024) in its simplest form. A group is all the answers to one question. The paper's loss also has the *ratio* of new to old probability, a *clip* on it (idle here, with one step for each set of answers) and a KL penalty ([more](09_who_taught_it_annex.ipynb#grpo)). <!-- source: Shao et al. 2024 -->
#
# ### Exercise 3 ●●○ · 5 minutes
# Write the advantages of several groups, a row for each. What if all answers of a group earn the same?
#
# <!-- example: advantages -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("advantages")
def advantages(rewards, eps=1e-4):
    """rewards [Q, N] of N answers to each of Q questions -> advantages [Q, N]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: advantages -->
#
# The loss is the one above, but divided by the number of tokens, $-\sum_i A_i\ln\pi(y_i)\,/\sum_i|y_i|$, so that it doesn't grow with the drafts' length. At equal advantage all tokens count alike: an answer of 20 five times as much as one of 4:

# %% slideshow={"point": ["gained ="]} tags=["definition"]
# course_utils.post_training: reward_loss

# %% [markdown] slideshow={"slide_type": "skip"}
# Your draft model draws eight answers to each of forty unsolved sums. If all eight are right, or all wrong, every advantage is 0. Here's one of the others:

# %% jupyter={"source_hidden": true} tags=["asserts"]
logits, places = torch.zeros(2, 24, 9, requires_grad=True), torch.arange(25)
is_answer = (places > 0) & (places <= torch.tensor([[20], [4]]))  # the tokens of two answers
reward_loss(lambda ids: logits, torch.ones(2, 25, dtype=torch.long), is_answer, torch.ones(2)).backward()
pushed = logits.grad.abs().sum((1, 2))
assert (pushed[0] / pushed[1] - 5).abs() < 1e-4

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
torch.manual_seed(0)
asked = unsolved[:40]
eights = [sums.answers(models["draft"], [one] * 8, temperature=1.0) for one in asked]
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

# %% [markdown] slideshow={"slide_type": "fragment"}
# Does the check cause what you gain, or would any further training? We train your draft model twice, rewarded by `is_right` and by a *coin*. What would you expect of the coin? (`drawn` cuts what chapter 7's `generate` writes after its new line.)

# %% jupyter={"source_hidden": true}
from chapters.ch09.kept.answering import END, LONGEST
from course_utils.gpt import generate

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch09.kept.answering: drawn

# %% slideshow={"point": ["A = ", "reward_loss("]}
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

# %% seconds=25 slideshow={"slide_type": "skip"} steps=[30, 10, 9] tags=["training"]
wrote = {}
for name, reward in (("check", is_right), ("coin", coin)):
    torch.manual_seed(0)
    dice, model = random.Random(0), copy.deepcopy(models["draft"])
    models[name], wrote[name] = model, [sums.answers(model, held_out)]
    loss_of = partial(practice, model, reward, dice)
    for step, _ in training(model, loss_of, steps=30, rate=3e-4):
        if step % 10 == 9:
            wrote[name].append(sums.answers(model, held_out))
sums.save(models["check"])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
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
assert (average["draft + GRPO"], average["draft + GRPO, paid by a coin"], average["draft + as many steps of SFT again"]) == (74, 18, 78)
assert all(more > less for less, more in zip(share["draft"], share["draft + GRPO"], strict=True))
assert trials["steps"]["GRPO"] == 50 and min(one["form"] for one in trials["seeds"]) > 0.98

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert curves["coin"][-1] < curves["check"][-1] - 10
assert 0 < passed[n].mean() < 1 and 0 < wasted < 40

# %% [markdown] tags=["keep"]
# With the coin your model gets worse: its pushes are zero on average, but thirty of them still move the parameters away from what imitation had found. With the check it gains only a few points, although it saw no further draft to imitate. That could be the luck of one training, so we ran eleven more, from two models: on the same sums ten got better, by one to six points, and one got worse by two. So the check does teach, but in thirty steps only a little. <!-- source: 30 steps, model seed 0, dice 1 to 7: 5.7, 1.0, 2.7, 2.0, -2.3, 6.0, 4.0 points; model seed 1, dice 0 to 3: 2.7, 3.4, 2.4, 2.4 -->
#
# But the program doesn't look at the draft, so a right result earns as much after wrong steps. DeepSeek-R1-Zero was trained in this way on mathematics and programs, and during training its drafts grew long. <!-- source: DeepSeek-AI 2025 -->
#
# Imitating the *same* solved sums once more does as well here ([annex](09_who_taught_it_annex.ipynb#again)). A check is useful where you have no solutions.
#
# <details><summary>How sure is this?</summary>
#
# The coin made all five other models that we tried worse. Three recorded trainings took 50 steps: the check raised 67 % to 74 on average, and each got better. The coin lowered it to 18. With five other seeds the check helped, too, once by only two sums of 300. <!-- source: 30 steps: the coin, seed 0, dice 1: -39.6, seed 1, dice 0 to 3: -25.0, -13.6, -14.3, -22.6; 50 steps: data/results/reasoning.json; seeds 3 to 7: 0.6, 4.3, 7.7, 6.0 and 9.7 points -->
#
# </details>
#
# **Keep this:** raise the probability of answers above their group's mean. A reward needs no slope, and no written solutions.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: why may you do this?
# <a id="policy-gradient"></a>
# We wanted a higher *mean* reward, $\sum_y\pi(y)\,r(y)$. Its slope has a term for each answer, $r(y)\,\nabla\pi(y)$, and there are far too many to add up. But use $\nabla\ln\pi=\nabla\pi/\pi$:
#
# $$\nabla\sum_y\pi(y)\,r(y)=\sum_y\pi(y)\;r(y)\,\nabla\ln\pi(y).$$
#
# Now it's a mean over the answers that the model itself writes, so let it write many, and average. **The reward needs no slope; it only says how strongly to push.** This is called a **policy gradient** (*REINFORCE*, 1992). Subtracting the mean $\bar r$ doesn't change the direction on average, because $\sum_y\pi\,\nabla\ln\pi=\nabla\sum_y\pi=\nabla 1=0$. But with it, wrong answers are pushed down, too. <!-- source: Williams 1992 -->
#
# Try it on the four answers, with all of them, and with ten thousand that the policy writes:

# %% slideshow={"slide_type": "skip"}
torch.manual_seed(0)
draws = torch.multinomial(z.softmax(0).detach(), 10_000, replacement=True)
(exact,) = torch.autograd.grad((z.softmax(0) * r).sum(), z)
(sampled,) = torch.autograd.grad((r[draws] * z.log_softmax(0)[draws]).mean(), z)
for name, slope in {"all answers": exact, "written ones": sampled}.items():
    print(f"{name:12}", [round(x, 2) for x in slope.tolist()])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (exact - sampled).abs().max() < 0.01
assert A.tolist() == [1.5, -0.5, -0.5, -0.5] and round(parts[0].item(), 2) == 0.86 and r.mean() == 0.25 and r.std() == 0.5
assert round(after[0].item(), 2) == 0.23 and round(z.softmax(0)[0].item(), 2) == 0.1

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Who taught it? Ask
# <a id="ask"></a>
# Beside the model that you've taught is the one that was taught the results alone. Choose a token and a head, and see what your model attends to.

# %% jupyter={"source_hidden": true} seconds=10 slideshow={"slide_type": "subslide"} tags=["lab"]
asking = labs.replies(
    ["37 + 48 =", "64 + 19 =", "What is the capital of France?"],
    {
        from_cell("the model you taught"): partial(sums.asked, models["check"]),
        from_cell("results alone"): partial(sums.asked, models["result alone"]),
    },
    live=True,
    title="What is 37 + 48?",
    caption="Ink below a token: how much the head attends to it when "
    "[output|the coloured token] is written. Bars: the likeliest tokens there.",
)
asking

# %% [markdown]
# So who taught it? You did: it learned to imitate your answers, and then to pass a check.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One sentence, nine chapters
# <a id="one-sentence"></a>
# **The animal didn't cross the street because it was too tired.** Here you see side by side how much “it” gives to the other words (the thicker the arc, the more), in a model from each chapter. (The ninth model is SmolLM2, because your model here reads only sums.)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
from chapters.ch09.experiments.one_sentence import through_all

maps = through_all()
maps

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_kit import chapter_maps

recorded = chapter_maps.maps()  # what the website, slides and the workbook show
assert list(maps) == list(recorded) == list(range(1, 10))
assert all(one.told() == recorded[n].told() for n, one in maps.items())

# %% [markdown]
# The first two models work on word vectors that we wrote. The third is a translator that asks in French, and the fourth knows only positions. The Transformer and BERT read both sides, so at “it” they've seen *tired*. GPT, Llama and SmolLM2 haven't. From the fifth on you see the head that gives “animal” most. <!-- source: chapters/ch09/experiments/one_sentence.py -->
#
# Behind all nine is one line: a score for each pair, a softmax, and an average of the values,
#
# $$\mathrm{softmax}(\text{scores})\cdot{\color{#008a67}{V}}.$$
#
# Between the chapters, only two things in this line change: how the scores are computed, and what is averaged.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes the code that imitates and practises, with the loss of DPO, and a chat program. In a terminal, in the folder of your notebooks, `python -m mine chat talker.pt` talks to the model that you have just taught.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

keep("answering", "chat", "__main__")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A checker that cannot be cheated · 45 minutes
# A model learns to write what its check lets through. Write a check for long sums that looks at the draft, too: every right answer passes, and nothing else, so that a model trained on it has to add. In a cell, `!course problem 09` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. SFT imitates: chapter 7's training, with a loss on the answers only.
# 2. A draft cuts a new question into small steps, most of which are not new.
# 3. DPO learns from choices: it tilts the old model, as if there were a reward. (not in class)
# 4. GRPO raises the probability of answers whose reward is above their group's mean. A reward needs no slope.
# 5. With SFT a model learns to imitate, with a reward to succeed. Our check knows only the result.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](09_who_taught_it_annex.ipynb#open-questions).
# 1. *Prove:* the first loss of DPO is ln 2, whatever the model. (not in class) <!-- source: the asserts under DPO -->
# 2. *Design an experiment:* does your model *use* its draft, or only write it?
# 3. *Why not* train on the tokens of questions, too?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [supervised fine-tuning](#sft) | 监督微调 | answers to imitate |
# | [chain of thought](#chain-of-thought) | 思维链 | written steps before the result |
# | [DPO](#dpo) | 直接偏好优化 | learns from which of two is better |
# | [verifiable reward](#verifiable-reward) | 可验证奖励 | a program checks the answer |
# | [GRPO](#grpo) | 组相对策略优化 | answers above their group's mean become likelier |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(9)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: ask your own questions
# [The annex](09_who_taught_it_annex.ipynb) has more on rewards, and [chapter 8's](08_who_answers_annex.ipynb) the attention of the largest models, tools, and how such models are judged.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 9, edition <!-- edition -->, and the heading above it.*
