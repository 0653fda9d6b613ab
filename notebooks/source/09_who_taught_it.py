# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 9 · Who taught it?
# *First you, and then a program that only says yes or no.* You'll keep `talker.pt`, a small model that you taught to add, and `mine/answering.py`, with which you can teach others. <!-- minutes --> **Before:** a GPT ([chapter 7](07_gpt.ipynb)); chapter 8 says [why a chat is a text](08_who_answers.ipynb#chat-template).
#
# ## Three teachers
# A language model goes on with a text, in the manner of its training texts. Ask it something, and it may go on with another question. So who taught it to go on with an *answer*? There are three kinds of teacher. **Play it: which of the three has least to do?** And how much can a model learn from such a teacher?

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
# The first teacher writes a whole answer, the second chooses between two, and the third has least to do, because it only says yes or no. Chapter 8's SmolLM2 had the first two, and DeepSeek-R1-Zero (2025) only the third. In this lesson you'll be the first teacher, and a program will be the third; people who choose are in [the annex](09_who_taught_it_annex.ipynb#dpo). Your pupil is a small model, and it has to add two numbers below 100, because with sums you see at a glance whether an answer and its steps are right. <!-- source: model card of SmolLM2-135M-Instruct (SFT, then DPO); DeepSeek-AI 2025 -->

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
# ### Exercise 1 ●●○ · 6 minutes
# **Decide first.** The question is `37+48=`, and the answer is ` 85` with a new line behind it. For which tokens that the model *reads* does the loss count what comes next?
#
# <details><summary>Answer</summary>
#
# For `=`, the space, 8 and 5: what comes after them belongs to the answer. It's tempting to begin at the space, the answer's first token. But then nobody teaches the model how an answer begins. <!-- source: 37 + 48 -->
#
# </details>
#
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
# Both teachers will use one loop, in which `loss_of()` draws a batch and computes its loss, the rate rises for 20 steps, then falls, and a gradient longer than 1 is shortened:

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

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have a model that adds in small steps. But somebody had to write the answers it learned from. What could a model learn from a program that checks? Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: a check instead of a teacher
# <a id="verifiable-reward"></a>
# A program can check a sum, and this is all of it:

# %% tags=["definition"]
# chapters.ch09.sums: said, is_right

# %% [markdown]
# Such a check is called a **verifiable reward**, and training with it *reinforcement learning with verifiable rewards* (RLVR). But how can a model learn from a yes or a no?
#
# To train, we follow slopes, and a check has none: change a parameter a little, and the answer stays the same, or it becomes another one. What does change smoothly is the *probability* of each answer. So **let the model write several answers, and raise the probability of those that pass the check.**
#
# <a id="policy-gradient"></a>
# Let's do it once by hand. Say that the model knows only four answers to 37+48=, of which only the first is right. It gives each answer a probability; this is called its **policy**, $\pi$. Suppose that, by luck, it writes each answer once. The check gives it a **reward**, 1 or 0. We see how far each reward is above the mean, in standard deviations, and call this the answer's **advantage**, $A$. The loss multiplies it by the answer's log-probability:
#
# $$L=-\frac1n\sum_i A_i\,\ln\pi(y_i)$$

# %% slideshow={"slide_type": "subslide", "point": ["A = ", "loss = "]}
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

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert A.tolist() == [1.5, -0.5, -0.5, -0.5] and round(parts[0].item(), 2) == 0.86 and r.mean() == 0.25 and r.std() == 0.5
assert round(after[0].item(), 2) == 0.23 and round(z.softmax(0)[0].item(), 2) == 0.1

# %% [markdown] slideshow={"slide_type": "fragment"}
# Follow the first answer. It earns 1, while the four earn ¼ on average, so it is ¾ above the mean. The standard deviation is ½ (PyTorch divides by n − 1), so that's 1.5 of them. The wrong answers have −½. One step pushes the first answer up, from 0.10 to 0.23, and the others down.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.group(
    "37+48=", answers, r.tolist(), A.tolist(), z.softmax(0).tolist(), after.tolist(),
    title="What does one step do to four answers?",
    caption="An agent with four answers, an environment that checks them, and one step. "
    "Hollow bars: before the step. Play it.",
)

# %% [markdown] tags=["keep"]
# Such a step is called a **policy gradient**. The annex says [why you may do this](09_who_taught_it_annex.ipynb#policy-gradient). Your model has no list of answers, but it gives each token a probability, so the log-probability of a whole answer is a sum over its tokens:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.post_training: log_probability

# %% slideshow={"slide_type": "subslide"}
def chance(model, text):
    """The probability that the model writes this text after 37+48=."""
    talk = talk_batch(sums.talks([(37, 48)], [text]))
    with torch.no_grad():
        return log_probability(model, *talk).exp().item()

for text in (draft(37, 48), " 7+8=15 3+4+1=9 95\n"):
    print(repr(text), f"{chance(models['draft'], text):.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert {(37, 48), (48, 37)} & {*unsolved}

# %% [markdown] tags=["keep"]
# So you could take the same step with your model, and [the annex does](09_who_taught_it_annex.ipynb#grpo).
#
# **Keep this:** a reward needs no slope. It only says which answers should become likelier.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: imitate what passes
# <a id="filter"></a>
# The step by hand shows why a yes or no is enough. There's a simpler way to make right answers likelier, and you have all its parts. Let the model write an answer to each of the 4,550 sums that nobody has solved. Keep those that pass the check, and imitate them, as in section One. The teacher who writes is now the model itself, and the check decides what it's allowed to teach. <!-- source: Zelikman et al. 2022, STaR; Gulcehre et al. 2023, ReST -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The model is right at about two thirds of new sums. It imitates only answers of its own that are right. "
    "What will it be afterwards?",
    [
        "the same: these it could write already",
        "better at new sums",
        "worse: it forgets the sums that you've taught",
    ],
    answer=1,
    because="It practises its steps on thousands of other sums, and only where they led to the right result.",
)

# %% [markdown] tags=["card"]
# ### Exercise 2 ●●○ · 6 minutes
# **Decide first.** The model gets better. You want to know whether the *check* was the reason. With what do you compare?
#
# 1. The model before.
# 2. The same model after as many steps on *all* its own answers, checked or not.
# 3. The same model after as many steps on the sums that you've taught.
#
# <details><summary>Answer</summary>
#
# The second: it has the same answers and the same steps, and only the check is missing. The first would also count what any further training does. The third tells you something else, whether you could have had the same without new answers.
#
# </details>
#
# Write the filter: of questions and an answer to each, which answers pass?
#
# <!-- example: passing answers -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("passing answers")
def passing(asked, texts, check):
    """asked: questions, texts: an answer to each, check(question, answer) -> bool
    -> the numbers of the answers that pass, from 0, as a list"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: passing answers -->
#
# Now two rounds, half a minute each. In the second, the model that has become better writes anew:

# %% seconds=60 slideshow={"slide_type": "subslide", "point": ["passing(", "imitation"]} steps=[200, 4550] tags=["training"]
model = copy.deepcopy(models["draft"])
asked = unsolved[:4550]
for turn in (1, 2):
    texts = sums.answers(model, asked)
    good = passing(asked, texts, is_right)
    talks = sums.talks([asked[i] for i in good], [texts[i] for i in good])  # as ids
    loss_of = partial(imitation, model, talks, random.Random(turn))
    for _ in training(model, loss_of, steps=200, rate=1e-3):
        pass
    print(f"round {turn}: {len(talks):,} answers passed; now {exam(model)}")
models["check"] = model
sums.save(model)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(unsolved) == 4550 and {*unsolved}.isdisjoint([*taught, *held_out])

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
gained = [sums.share_right(models[name], held_out) for name in ("draft", "check")]
assert gained[1] > gained[0] + 0.1 and gained[1] > 0.8
practised = [asked[i] for i in good]
for step in (lambda one: tuple(sorted(n % 10 for n in one)), lambda one: (*sorted(n // 10 for n in one), sum(n % 10 for n in one) > 9)):
    known, taught_too = ({step(one) for one in some} for some in (practised, taught))
    assert sum(step(one) in known for one in held_out) > sum(step(one) in taught_too for one in held_out)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nobody has written a single further answer, and your model has become much better at sums that it never saw. In its own right answers it has practised small steps that your two hundred sums didn't have. And 37+48=, which is one of the sums that it has practised?

# %% slideshow={"slide_type": "fragment"}
for name in ("draft", "check"):
    right = chance(models[name], draft(37, 48))
    print(f"{from_cell(name):6} writes the right answer with probability {right:.2f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# Was it the check? Here are the comparisons of the exercise, each trained three times:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
filtered = results.load("filter")
ways = {"before": "before", "on what passes": "checked", "on all its answers": "unchecked", "on the taught sums": "taught again"}
found = torch.tensor([[100 * one["right"][way][-1] for one in filtered["seeds"]] for way in ways.values()])
plot.bars(
    list(ways), found.mean(1), each=found, ylabel="right, % of 300 new sums", digits=0,
    title="Is it the check that teaches?",
    caption=from_cell(
        "The draft model, and what it is after two rounds of {steps} steps. A dot: one training; a bar: the mean. {about}",
        steps=filtered["steps"], about=filtered.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
before, checked, unchecked, again_ = found.mean(1).round().int().tolist()
assert (before, checked, unchecked, again_) == (67, 89, 65, 72) and (found[1] > found[[0, 2, 3]]).all()
assert len(filtered["seeds"]) == 3 and filtered["unsolved"] == 4550
assert ((found[1] - found[[0, 2, 3]]).min() > 13)

# %% [markdown] tags=["keep"]
# With the check the model gets from 67 to 89 %. Without it, it learns its mistakes along with the rest, and stays where it was. Imitating your own sums again brings little, because it has them all right already.
#
# Models that reason are trained with such checks, on mathematics and programs, where a program can tell what is right. DeepSeek-R1-Zero took policy gradients, as in section Three, instead of a filter, and during training its drafts grew long. What a check doesn't see, it doesn't teach: ours reads only the result, so a right result counts even after wrong steps. <!-- source: DeepSeek-AI 2025 -->
#
# <details><summary>How sure is this?</summary>
#
# In each of the three trainings the check won by more than 13 points over each of the others. A model that solves hardly anything can't begin like this, because nothing passes. <!-- source: data/results/filter.json -->
#
# </details>
#
# **Keep this:** let a model write, keep what passes a check, and let it imitate that. It can outgrow its teacher's examples.

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
# So who taught it? First you did, with two hundred solved sums. And then it learned from its own answers, those that a program had let pass.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes the code that imitates and practises, with what the annex adds, and a chat program. In a terminal, in the folder of your notebooks, `python -m mine chat talker.pt` talks to the model that you have just taught.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

keep("answering", "chat", "__main__")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A checker that cannot be cheated · 45 minutes
# A model learns to write what its check lets through. Write a check for long sums that looks at the draft, too: every right answer passes, and nothing else, so that a model trained on it has to add. In a cell, `!course problem 09` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](09_who_taught_it_annex.ipynb#open-questions).
# 1. *Explain:* imitating what passes is a policy gradient, too. Which advantage does it give to a right answer, and to a wrong one?
# 2. *Design an experiment:* does your model *use* its draft, or only write it?
# 3. *Why not* train on the tokens of questions, too?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [supervised fine-tuning](#sft) | 监督微调 | answers to imitate |
# | [chain of thought](#chain-of-thought) | 思维链 | written steps before the result |
# | [verifiable reward](#verifiable-reward) | 可验证奖励 | a program checks the answer |
# | [policy gradient](#policy-gradient) | 策略梯度 | answers above the mean become likelier |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(9)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: ask your own questions
# [The annex](09_who_taught_it_annex.ipynb) has people who choose ([DPO](09_who_taught_it_annex.ipynb#dpo)), the policy gradient on your model ([GRPO](09_who_taught_it_annex.ipynb#grpo)), and more on rewards. And [chapter 8's](08_who_answers_annex.ipynb) the attention of the largest models, tools, and how such models are judged.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 9, edition <!-- edition -->, and the heading above it.*
