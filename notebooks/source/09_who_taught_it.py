# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 9 · Who taught it?
# *From continuing to reasoning.* At the end you have taught a small model to add (`talker.pt`), and hold `mine/answering.py`, with which you can teach others. <!-- minutes --> **Before:** a GPT ([chapter 7](07_gpt.ipynb)); chapter 8 says [why a chat is a text](08_who_answers.ipynb#chat-template).
#
# ## Three teachers
# A model goes on with the texts of its training. So who taught it to go on with an *answer*? A teacher can give three things. **Play it: which of the three teachers has least to do?**

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
from chapters.ch08 import published
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, plot, predict
from course_utils.gpt import generate

runtime = course_kit.setup()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.teachers(
    "37+48=",
    "7+8=15 3+4+1=8",
    "85",
    "75",
    title="What can a teacher give?",
    caption="One question, and three ways to teach. In [value|green], what the model should "
    "do more often.",
)

# %% [markdown]
# The first gives a whole answer, the second a choice, and the third a yes or no. SmolLM2 had the first two. DeepSeek-R1-Zero (2025), which became known for its reasoning, had the third alone. In this lesson you teach one small model in all three ways, and we stay with one task: it should add two numbers below 100. Why sums? You see at a glance whether an answer is right, and how it was found. And you will not have to wait, because each training takes only seconds. <!-- source: model card of SmolLM2-135M-Instruct (SFT, then DPO); DeepSeek-AI 2025 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: imitate
# <a id="sft"></a>
# The first teacher writes answers. The model reads question and answer as one text, and learns it as chapter 7's GPT learned its novel: at each place, what comes next? This is called **supervised fine-tuning** (SFT), because usually the model has read a lot before. Ours is chapter 7's `GPT` with two blocks, and it has read nothing before, not even a novel. Each character is a token.
#
# `sums` holds the questions and their answers. We teach it two hundred solved sums and keep three hundred others back for the exam. All the rest stay *unsolved*, for later.

# %%
from torch.nn.utils.rnn import pad_sequence
from chapters.ch09.kept.answering import END, LONGEST, text_of

taught, unsolved, held_out = sums.split(200)
one = taught[0]
print(repr(sums.question(*one)), "->", repr(sums.result(*one)))
print(len(taught), len(unsolved), len(held_out))

# %% [markdown]
# The answer ends with a new line, so the model also learns to stop. But should it learn *everything* in this text? The question will always be given by you. If the model had to learn which question comes, it would spend its effort on something that nobody can know. So we leave the question out of the loss:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.counted(
    "37+48=",
    " 85\n",
    title="Which of these characters should it learn?",
    caption="A [query|question] and its [output|answer], character by character. What "
    "happens to the targets? Play it.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# In a batch, shorter texts are padded, and the loss leaves out the padding, too. `talk_batch` joins each question with its answer, and marks which tokens belong to the answer:

# %% tags=["definition"]
# course_utils.post_training: talk_batch

# %%
ids, is_answer = talk_batch(sums.in_ids(taught[:3], sums.result))
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
# With your targets, the loss is one line, and the loop is the one that you know:

# %% slideshow={"point": ["answer_targets(", "optimiser.step"], "slide_type": "skip"} tags=["definition"]
# course_utils.post_training: answer_loss, training

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    batch = talk_batch(sums.in_ids(taught[:4], sums.draft))
    return answer_loss(sums.fresh(), *batch).backward()

for_training(one_step)  # with nothing solved it does nothing

# %% [markdown] tags=["keep"]
# **Keep this:** imitating answers is chapter 7's training on questions and answers, with a loss on the answers only.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: small steps
# <a id="chain-of-thought"></a>
# What should the teacher write? The result, you would think. But how do *you* add 37 and 48? First the units, then the tens with what you carried, and only then do you know the result. A teacher at the board writes these steps down. So we try two kinds of answers to the same sums: the result alone, and a *draft* with the result behind it. <!-- source: sums.draft, below -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.draft(
    37,
    48,
    title="How do you add 37 and 48?",
    caption="The [query|digits], and what you [output|write] in between. Play it.",
)

# %% tags=["nbval-check-output"]
print(repr(sums.question(37, 48)), "->", repr(sums.result(37, 48)))
print(repr(sums.question(37, 48)), "->", repr(sums.draft(37, 48)))

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

# %% seconds=30 slideshow={"point": ["batch = ", "for step, loss"], "slide_type": "subslide"} steps=[400, 200, 199] tags=["training"]
models = {}

def imitation(model, examples):
    return answer_loss(model, *talk_batch(dice.choices(examples, k=32)))

for name, answer in (("alone", sums.result), ("draft", sums.draft)):
    dice, models[name] = random.Random(0), sums.fresh()  # both get the same sums
    batch = partial(imitation, models[name], sums.in_ids(taught, answer))
    for step, loss in training(models[name], batch, steps=400, rate=2e-3):
        if step % 200 == 199:
            known = sums.share_right(models[name], taught)
            new = sums.share_right(models[name], held_out)
            print(f"{name:5} {step + 1}: loss {loss:.2f}, right:", end=" ")
            print(f"{known:.0%} of the taught, {new:.0%} of new sums")

# %% [markdown]
# How do the two models answer sums that neither has seen?

# %% jupyter={"source_hidden": true}
Table(
    [
        {
            "question": sums.question(*one),
            "result alone": sums.answers(models["alone"], [one])[0].strip(),
            "draft": sums.answers(models["draft"], [one])[0].strip(),
            "right": str(sum(one)),
        }
        for one in held_out[:4]
    ],
    "The first new sums, and the likeliest answers of your two models.",
    data=("question", "result alone", "draft"),
)

# %% [markdown]
# The model that writes the result alone knows most of its sums by heart, and little else. The other one can add most new sums. Why is it better, if both saw the same sums? Ask yourself what is *new* in a new sum. For the first model the whole sum is new, because it has seen very few of all sums. For the second model most steps are not new, because it only adds two digits and a carry, and almost every pair of last digits was among its examples. Where it errs, it is mostly in the tens.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
whole, digits = torch.zeros(100, 100), torch.zeros(10, 10)
for a, b in taught:
    whole[a, b] = whole[b, a] = 1  # either order
    digits[a % 10, b % 10] = digits[b % 10, a % 10] = 1
plot.maps(
    {"the whole sum": whole[:50, :50], "its last digits": digits.kron(torch.ones(5, 5))},
    "first number",
    "second number",
    title="What has it seen?",
    caption="Ink: the 200 taught sums have it. On the left all sums of two numbers below "
    "50, on the right all pairs of last digits, five times as large.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.03 < whole.mean() < 0.05 and digits.mean() > 0.9 and len(taught) == 200

# %% [markdown]
# This is what a draft does: **it cuts a question that is new into small steps, most of which are not.** But wait. Perhaps the second model is only better because it may write more, and so compute more, before it must name the result. How would you find out? We let a third model write as many *blanks* as a draft has characters:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
trials = results.load("reasoning")
shown = {"result alone": "answer alone", "blanks, then the result": "blanks", "draft, then the result": "draft"}
right = torch.tensor([[100 * one["right"][way] for one in trials["seeds"]] for way in shown.values()])
plot.bars(
    list(shown),
    right.mean(1),
    each=right,
    ylabel="right, % of 300 new sums",
    digits=0,
    title="Is it the steps, or only more room?",
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
new = [sums.share_right(one, held_out) for one in models.values()]

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert new[0] < 0.15 < 0.3 < new[1]

# %% [markdown] tags=["keep"]
# Room alone helps a little, and written steps help far more: taught drafts, the model solves more than half of the new sums.
#
# In large models such a draft is called a **chain of thought**. You can train a model to write one, as we do (*scratchpads*, 2021), or ask a large one to think step by step (2022). A model that is trained to write such steps before its answer is called a *reasoning model*. <!-- source: Nye et al. 2021; Wei et al. 2022; Kojima et al. 2022 -->
#
# <details><summary>How sure is this?</summary>
#
# Single trainings differ: in nine of them the draft got 54 to 78 %. It is a matter of few examples: taught 4,000 of the 5,050 sums, the result alone got 61 % of the others. <!-- source: data/results/reasoning.json; seeds 0 and 3 to 7: 71, 70, 54, 75, 78, 74 %; 4,000 sums, 800 steps: 61 % -->
#
# </details>
#
# **Keep this:** from 200 sums with their steps the model learned to add. From the results alone it did not.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: which answer is better?
# <a id="dpo"></a>
# Who could write the best poem, or the kindest refusal? Hardly anybody. But shown two of them, most people can say which one they like better. That is the second teacher. Take two answers to 37+48=, both right: *85*, and *7+8=15 3+4+1=8 85*. Say that three people of four like the one with its steps. What should a model learn from this? <!-- source: sums.draft -->
#
# **The idea:** give each answer a number, its *reward*, so that the differences explain what people choose. Then tilt the model towards high rewards, but not too far from what it was. This takes four lines.
#
# 1. *A number for each answer.* We assume that with rewards $r$ people choose $y^+$ over $y^-$ with the probability $\sigma\big(r(y^+)-r(y^-)\big)$. If the rewards are equal that is one half, and if the first is higher by $\ln 3$ it is three quarters. (Bradley and Terry, 1952) <!-- source: Bradley and Terry 1952 -->
# 2. *What the model should do.* Earn much reward, but stay near the old model $\pi_0$, or it forgets how to write. So look for the $\pi$ with the largest
#
# $$\sum_y\pi(y)\,r(y)\;-\;\beta\underbrace{\sum_y\pi(y)\ln\frac{\pi(y)}{\pi_0(y)}}_{\text{how far from }\pi_0}$$
#
# The second sum is the **KL divergence**. It is 0 if the two models are the same, and otherwise above 0. With a large β the model stays close. **RLHF** (InstructGPT, 2022) trains a second model on people's choices for $r$, and then $\pi$ by trial and error, as we do in section Four. <!-- source: Ouyang et al. 2022 -->
#
# 3. *Which π is that?* Multiply the old probability of each answer by $e^{r/\beta}$, and divide by the sum $Z$, so that all add up to 1:
#
# $$\pi(y)=\pi_0(y)\,e^{r(y)/\beta}\,/\,Z$$
#
# | the answer | old $\pi_0$ | $r/\beta$ | times $e^{r/\beta}$ | gives | divided by $Z=2$ |
# |---|---|---|---|---|---|
# | with its steps | ½ | ln 3 | 3 | 1½ | ¾ |
# | the result alone | ½ | 0 | 1 | ½ | ¼ |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.tilt(
    ["7+8=15 3+4+1=8 85", "85"],
    [0.5, 0.5],
    [3, 1],
    title="What is the best model?",
    caption="Two answers, one half each at first. Their rewards are β ln 3 and 0, so they "
    "are multiplied by 3 and by 1. Play it.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# <details><summary>Why is this the best?</summary>
#
# At the best $\pi$, moving a little probability from one answer to another gains nothing. What a little more probability on $y$ gains is the derivative of line 2's sum with respect to $\pi(y)$, which is $r(y)-\beta\ln\frac{\pi(y)}{\pi_0(y)}-\beta$, because the slope of $x\ln x$ is $\ln x+1$. So this is the same number for all answers, and solved for $\pi(y)$ it is line 3. (No answer gets the probability 0, because there the slope has no bound.)
#
# </details>
#
# 4. *Read it backwards.* Solve line 3 for the reward: $r(y)=\beta\ln\frac{\pi(y)}{\pi_0(y)}+\beta\ln Z$. In the table, the answer with steps gives $\ln(\tfrac34:\tfrac12)+\ln 2=\ln 3$, and the other one $\ln(\tfrac14:\tfrac12)+\ln 2=0$, which are the rewards that we put in. So *every* model is the best one for *some* reward, and this line says for which. Put it into line 1. Since both answers belong to the same question, $\beta\ln Z$ is in both rewards and cancels, so the probability of people's choice depends on $\pi$ alone:
#
# $$P(y^+\text{ is chosen})=\sigma\Big(\beta\ln\frac{\pi(y^+)}{\pi_0(y^+)}-\beta\ln\frac{\pi(y^-)}{\pi_0(y^-)}\Big)$$
#
# Train $\pi$ so that the choices become likely, and you need no second model for the reward. This is **DPO** (*direct preference optimisation*, 2023): <!-- source: Rafailov et al. 2023 -->
#
# $$L=-\ln\sigma\!\Big(\beta\Big[\underbrace{\ln\frac{\pi(y^+)}{\pi_0(y^+)}}_{\text{gain of the liked}}-\underbrace{\ln\frac{\pi(y^-)}{\pi_0(y^-)}}_{\text{gain of the disliked}}\Big]\Big)$$

# %% [markdown] tags=["card"]
# With a pencil: the liked answer's log-probability has gone from −4 to −2, a gain of 2, and the disliked one's stayed at −3. With β = ½ the loss is $-\ln\sigma(1)=0.31$. The loss sees only the *difference* of the gains, so both answers may become less likely. <!-- source: the arithmetic of this paragraph, asserted below -->
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
# Now let people teach your model (a program chooses in their place). For this your model has to write both kinds of answers, so it learns for another hundred steps, from drafts and results mixed. Then it writes four answers to each of three hundred unsolved sums. If both kinds are among the four, the longest, which has steps, and the shortest, which has none, become a pair:

# %% seconds=10 slideshow={"slide_type": "skip"} steps=100 tags=["training"]
dice, old = random.Random(0), copy.deepcopy(models["draft"])
mixed = sums.in_ids(taught, sums.draft) + sums.in_ids(taught, sums.result)
for _ in training(old, partial(imitation, old, mixed), steps=100, rate=1e-3):
    pass

torch.manual_seed(0)
pairs, asked = [], unsolved[:300]
for one, *four in zip(asked, *(sums.answers(old, asked, 1.0) for _ in range(4))):
    longer, shorter = max(four, key=len), min(four, key=len)
    if "=" in longer and "=" not in shorter:
        pairs.append((one, longer, shorter))
print(len(pairs), "pairs, such as", pairs[0])

# %% [markdown] slideshow={"slide_type": "skip"}
# The loss needs the probability of a whole answer. `log_probability` adds up the logarithms of its tokens. Under the old model we compute them once:

# %% tags=["definition"]
# course_utils.post_training: log_probability

# %% slideshow={"point": ["likes =", "dpo_loss("], "slide_type": "skip"}
asked, *texts = zip(*pairs)  # with steps, without
kinds = [talk_batch(sums.talks(asked, kind)) for kind in texts]
with torch.no_grad():
    before = [log_probability(old, *kind) for kind in kinds]

def people_choose():
    rows = torch.randint(len(pairs), (32,))
    likes = torch.rand(32) < 0.75  # three people of four like the steps
    now = [log_probability(new, ids[rows], of_answer[rows]) for ids, of_answer in kinds]
    old0 = [log_p[rows] for log_p in before]
    liked, liked0 = torch.where(likes, *now), torch.where(likes, *old0)
    other, other0 = torch.where(likes, *now[::-1]), torch.where(likes, *old0[::-1])
    return dpo_loss(liked, other, liked0, other0, beta=1.0)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The people's rewards differ by $\ln 3$, and β is 1. So line 3 makes a prediction: the odds of an answer with steps, against one without, should become three times as large. `with_steps` gives the share of drawn answers to new sums that have steps.

# %% seconds=20 slideshow={"slide_type": "subslide"} steps=[60, 20, 19] tags=["training"]
def with_steps(model, times=2):
    drawn_ = [text for _ in range(times) for text in sums.answers(model, held_out, 1.0)]
    return sum("=" in text for text in drawn_) / len(drawn_)

torch.manual_seed(0)
new, found = copy.deepcopy(old), [with_steps(old)]
for step, _ in training(new, people_choose, steps=60, rate=1e-4):
    if step % 20 == 19:
        found.append(with_steps(new))
odds = 3 * found[0] / (1 - found[0])
says = odds / (1 + odds)
print(f"with steps before {found[0]:.0%}, now {found[-1]:.0%}; line 3 says {says:.0%}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
plot.lines(
    {"your model": ([0, 20, 40, 60], [100 * x for x in found])},
    "step",
    "answers with steps, %",
    compare={"what line 3 says": ([0, 60], [100 * says] * 2)},
    limits=(40, 100),
    title="Does the model become what its people like?",
    caption="Two answers to each of 300 new sums, drawn at steps 0, 20, 40 and 60.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.35 < found[0] < 0.65
assert len(pairs) > 150

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert abs(found[-1] - says) < 0.08 and found[-1] > found[0] + 0.1

# %% [markdown] tags=["keep"]
# Nobody told the model *three quarters*. It saw only choices, and yet it comes out near line 3. A quarter of the people want the bare result, and your model still writes it, too.
#
# <details><summary>How sure is this?</summary>
#
# In eleven other runs the model ended below line 3, by seven points at most. <!-- source: seeds 0 to 3, two trainings each: 70.2, 69.4, 74.0, 74.5, 71.0, 74.4, 76.7, 76.9 % where line 3 says 71.5, 71.5, 74.7, 74.7, 76.2, 76.2, 78.6, 78.6 -->
#
# </details>
#
# **Keep this:** from choices between two answers, DPO tilts the old model. No reward model is needed.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: a check instead of a teacher
# <a id="verifiable-reward"></a>
# Whether a sum is right is no matter of taste. A program can check it: the last number is right, or it is not. Such a check is called a **verifiable reward**, and training with it RLVR. Now nobody writes a solution any more. How can a model learn from a yes or a no?
#
# You see the difficulty. To train, we follow slopes, and a check has none. If a parameter changes a little, the answer stays the same or becomes another one. But the *probability* of each answer changes smoothly. So here is the idea: **let the model write several answers, and raise the probability of those that pass the check.**

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### By hand, on four answers
# Before we train a network, let us do a step by hand. Take a model so small that it knows only four answers to our question, two of them likely. Say that it writes each of them once. Only the first is right:

# %% slideshow={"point": ["A = ", "loss = "]}
answers = ["85", "75", "86", "95"]
z = torch.tensor([0.1, 0.4, 0.1, 0.4]).log().requires_grad_()  # logits
r = torch.tensor([float(text == str(37 + 48)) for text in answers])  # the check
A = (r - r.mean()) / r.std()  # the advantage
loss = -(A * z.log_softmax(0)).mean()
loss.backward()
after = (z - 2 * z.grad).softmax(0)  # one step of gradient descent, at rate 2
for row in zip(answers, r, A, z.log_softmax(0), z.softmax(0), after):
    print("{}  r {:.0f}  A {:+.1f}  ln π {:.2f}  π {:.2f} -> {:.2f}".format(*row))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.group(
    "37+48=",
    answers,
    r.tolist(),
    A.tolist(),
    z.softmax(0).tolist(),
    after.tolist(),
    title="What does one step do to four answers?",
    caption="From the check to the [output|advantage], and from there to new probabilities. "
    "Play it.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert A.tolist() == [1.5, -0.5, -0.5, -0.5] and r.mean() == 0.25 and r.std() == 0.5
assert round(after[0].item(), 2) == 0.23 and round(z.softmax(0)[0].item(), 2) == 0.1

# %% [markdown]
# Follow the first answer. The four earn ¼ on average, and the first earns 1. How far above the mean is that, in standard deviations? The deviation is ½ (we divide by n − 1, as PyTorch does), so the answer is 1.5. That is its **advantage** $A$. The wrong ones are half a deviation below. Then one step on the loss
# $$L=-\frac1n\sum_i A_i\,\ln\pi(y_i)$$
# pushes the first up and the others down, and 0.10 becomes 0.23. If all four were right, or all wrong, each advantage would be 0, and the question would teach nothing.
#
# ### Why may you do this?
# We want a higher *mean* reward, $\sum_y\pi(y)\,r(y)$. The slope of this sum has a term for each answer, $r(y)\,\nabla\pi(y)$, and there are far too many answers for us to add them up. But look what happens if you use $\nabla\ln\pi=\nabla\pi/\pi$:
# $$\nabla\sum_y\pi(y)\,r(y)=\sum_y\pi(y)\;r(y)\,\nabla\ln\pi(y).$$
# That is a mean over answers, each weighted with the probability that the model itself writes it. So let it write many, and average. **The reward needs no slope; it only says how strongly to push.** This is called a **policy gradient** (*REINFORCE*, 1992). Taking off the mean $\bar r$ does not change the direction, because a constant times $\nabla\ln\pi$ is 0 on average: $\sum_y\pi\,\nabla\ln\pi=\nabla\sum_y\pi=\nabla 1=0$. With it, wrong answers are pushed down, too. <!-- source: Williams 1992 -->
#
# Try it on the four answers. First the slope of the mean reward from all of them, and then the average over ten thousand that the model writes:

# %% slideshow={"slide_type": "skip"}
torch.manual_seed(0)
draws = torch.multinomial(z.softmax(0).detach(), 10_000, replacement=True)
(exact,) = torch.autograd.grad((z.softmax(0) * r).sum(), z)
(sampled,) = torch.autograd.grad((r[draws] * z.log_softmax(0)[draws]).mean(), z)
for name, slope in {"all answers": exact, "written ones": sampled}.items():
    print(f"{name:12}", [round(x, 2) for x in slope.tolist()])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (exact - sampled).abs().max() < 0.01

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The same with your model
# <a id="grpo"></a>
# This is **GRPO** (*group relative policy optimisation*, 2024) in its simplest form; what the paper has besides is in [the annex](09_who_taught_it_annex.ipynb#grpo). A group is all the answers to one question. The code does what you have just done by hand, for a batch of groups, with one difference: it divides by the number of tokens, not of answers: <!-- source: Shao et al. 2024 -->

# %% slideshow={"point": ["rewards.mean(", "gained ="]} tags=["definition"]
# course_utils.post_training: advantages, reward_loss

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch09.kept.answering: drawn

# %% [markdown]
# Here is such a group. Your draft model has drawn eight answers to a sum that nobody solved for it, and the check has read the last number of each:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
def group_of(one, seed=0):
    """Eight drawn answers to a sum, and what the check says of each."""
    torch.manual_seed(seed)
    texts = sums.answers(models["draft"], [one] * 8, 1.0)
    return texts, torch.tensor([float(sums.is_right(one, text)) for text in texts])


one = min(unsolved[:40], key=lambda one: abs(group_of(one)[1].mean() - 0.4))
texts, r = group_of(one)
Table(
    [
        {"it writes": text.strip(), "the check": int(right), "advantage": f"{a:+.1f}"}
        for text, right, a in zip(texts, r.tolist(), advantages(r[None])[0].tolist())
    ],
    from_cell(
        "Eight answers to {question}, which is {right}.", question=sums.question(*one), right=sum(one)
    ),
    data=("it writes",),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(texts) == 8

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert 0 < r.mean() < 1

# %% [markdown] slideshow={"slide_type": "skip"}
# Is it the check that teaches, or would any further training help? To find out, we train your draft model twice. Once the program checks its answers: `sums.is_right` compares the last number of the text with the sum. And once it tosses a *coin* for each of them, whatever the answer says. What would you expect of the coin?

# %% slideshow={"point": ["A = ", "reward_loss("]}
def practice(model, reward):
    asked = [one for one in dice.sample(unsolved, 16) for _ in range(8)]  # 16 × 8
    answers = drawn(model, sums.rows_of(asked))  # 128 of them
    r = [float(reward(one, text_of(ids))) for one, ids in zip(asked, answers)]
    A = advantages(torch.tensor(r).view(16, 8))  # a row for each question
    questions = sums.rows_of(asked).tolist()
    ids, is_answer = talk_batch(list(zip(questions, answers)))
    return reward_loss(model, ids, is_answer, A.flatten())

def coin(one, text):
    return torch.rand(()) < 0.5

# %% seconds=35 slideshow={"slide_type": "subslide"} steps=[50, 30, 10, 9] tags=["training"]
wrote = {}
for name, reward, steps in (("check", sums.is_right, 50), ("coin", coin, 30)):
    torch.manual_seed(0)
    dice, model = random.Random(0), copy.deepcopy(models["draft"])
    wrote[name] = [sums.answers(model, held_out)]
    batch = partial(practice, model, reward)
    for step, _ in training(model, batch, steps=steps, rate=3e-4):
        if step % 10 == 9:
            wrote[name].append(sums.answers(model, held_out))
    models[name] = model
sums.save(models["check"])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
curves = {
    name: [100 * sum(map(sums.is_right, held_out, texts)) / len(held_out) for texts in every]
    for name, every in wrote.items()
}
plot.lines(
    {
        from_cell("rewarded by the check"): (range(0, 51, 10), curves["check"]),
        from_cell("rewarded by a coin"): (range(0, 31, 10), curves["coin"]),
    },
    "step",
    "right, % of 300 new sums",
    limits=(0, 100),
    title="Is it the check that teaches?",
    caption="One model, trained on with two rewards. In each step it writes eight answers to "
    "each of 16 sums.",
)

# %% [markdown]
# And what does it write meanwhile? Here is a new sum that the check has put right:

# %% jupyter={"source_hidden": true}
ends = (wrote["check"][0], wrote["check"][-1], wrote["coin"][-1])
marks = [[sums.is_right(one, texts[i]) for texts in ends] for i, one in enumerate(held_out)]
place = marks.index([False, True, False]) if [False, True, False] in marks else 0
Table(
    [
        {"reward": reward, "step": 10 * n, "it writes": wrote[name][n][place].strip()}
        for name, reward in (("check", from_cell("check")), ("coin", from_cell("coin")))
        for n in (0, 2, len(wrote[name]) - 1)
    ],
    from_cell(
        "The likeliest answer to {question}, which is {right}.",
        question=sums.question(*held_out[place]), right=sum(held_out[place])
    ),
    data=("it writes",),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert curves["check"][-1] > curves["check"][0] - 3
assert (average["draft + GRPO"], average["draft + GRPO, paid by a coin"], average["draft + as many steps of SFT again"]) == (74, 18, 78)
assert all(more > less for less, more in zip(share["draft"], share["draft + GRPO"], strict=True))
assert trials["steps"]["GRPO"] == 50 and min(one["form"] for one in trials["seeds"]) > 0.98

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert curves["coin"][-1] < curves["check"][-1] - 10

# %% [markdown] tags=["keep"]
# With the check your model gets a little better, without one further draft to imitate. With the coin it gets much worse, even in fewer steps. A coin pushes at random, so nothing is learned from it, and each push changes a model that was already good. So it is the check that teaches.
#
# The program knows the result, since it can add. But it never looks at the draft: a right result earns as much behind wrong steps. DeepSeek-R1-Zero was trained in this way on mathematics and programs, and in training its drafts grew long. <!-- source: DeepSeek-AI 2025 -->
#
# Is a check better than more solutions? No. If your model imitates the *same* solved sums once more, it does as well ([annex](09_who_taught_it_annex.ipynb#again)). A check is useful where you have no solutions, or where nobody knows how best to write one.
#
# <details><summary>How sure is this?</summary>
#
# The curve jumps, because each step sees only 16 sums. In three recorded trainings of 50 steps the check raised 67 % to 74 on average, and each of the three got better. The coin lowered it to 18. With five other seeds it got better, too. <!-- source: data/results/reasoning.json; seeds 3 to 7: 0.6, 4.3, 7.7, 6.0 and 9.7 points -->
#
# </details>
#
# **Keep this:** raise the probability of answers above their group's mean. A reward needs no slope, and no further solutions.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Who taught it? Ask
# <a id="ask"></a>
# Ask the model that you have taught. Beside it you see what the model answers that was taught results alone. Choose a token and a head, and see where your model looks while it adds.

# %% jupyter={"source_hidden": true} seconds=10 slideshow={"slide_type": "subslide"} tags=["lab"]
asking = labs.replies(
    ["37 + 48 =", "64 + 19 =", "What is the capital of France?"],
    {
        from_cell("the model you taught"): partial(sums.asked, models["check"]),
        from_cell("results alone"): partial(sums.asked, models["alone"]),
    },
    live=True,
    title="What is 37 + 48?",
    caption="Ink below a token: how much the head attends to it when "
    "[output|the coloured token] is written. Bars: the likeliest tokens there.",
)
asking

# %% [markdown]
# So who taught it? You did. First you showed it answers, and it learned to imitate. From there one copy learned what people prefer, and another learned to be right, from a program that checked its answers. SmolLM2, which spoke in chapter 8, had teachers of the first two kinds. A program that checks what it says about spiders was not among them.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One sentence, nine chapters
# <a id="one-sentence"></a>
# **The animal didn't cross the street because it was too tired.** This sentence has come with you through the course. Here is what each chapter made of it, side by side. An arc is as thick as what “it” gives to the word at its end.

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
# In the first two chapters we had written the words' vectors by hand. Chapter 3's translator asks in French, and chapter 4 knows only positions. The Transformer and BERT read both sides, so at “it” they have seen *tired*. GPT, Llama and SmolLM2 have not: they have come no further than “it”. Of the large models you see the head that gives “animal” most. Whether a model *uses* this, no map tells you. You have learned how to ask: remove it, and see what changes. <!-- source: chapters/ch09/experiments/one_sentence.py -->
#
# And under all nine frames is one line, which you wrote in the first lesson: a score for each pair, a softmax, and an average of what is there,
#
# $$\mathrm{softmax}(\text{scores})\cdot{\color{#008a67}{V}}.$$
#
# In this line, from the readings of a thermometer to a model that answers, only two things have changed: how the scores are computed, and what is averaged.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes the code that imitates and practises, the loss of DPO, and a chat program for your model.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

keep("answering", "chat", "__main__")

# %% [markdown]
# In a terminal, in the folder of your notebooks, `python -m mine chat talker.pt` talks to the model that you have just taught.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. SFT imitates: chapter 7's training on questions and answers, with a loss on the answers only.
# 2. A draft cuts a new question into small steps, most of which are not new.
# 3. DPO learns from choices: it tilts the old model, as if there were a reward.
# 4. GRPO raises the probability of answers whose reward is above their group's mean. A reward needs no slope.
# 5. With SFT a model learns to imitate, with a reward to succeed. A check knows only the result.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](09_who_taught_it_annex.ipynb#open-questions).
# 1. *Prove:* the first loss of DPO is ln 2, whatever the model. <!-- source: the asserts under DPO -->
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
# You have come from an average of neighbours to a model that reasons a little. [The annex](09_who_taught_it_annex.ipynb) has more on rewards, and [chapter 8's](08_who_answers_annex.ipynb) the attention of the largest models, tools, and how such models are judged.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 9, edition 0.4.0, and the heading above it.*
