# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7 · Annex: what a GPT learns, costs and serves
# Each section stands alone: choose one by its question. In the notebook, run the first cell before any of them. It belongs to [the lesson](07_gpt.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import math

import torch
import course_kit
from chapters.ch07 import again, find_error, hint, labs, solution
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, plot, predict
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import generate
from course_utils.gpt import next_token_loss

runtime = course_kit.setup()
poet, prose = load_checkpoint("gpt-shakespeare"), load_checkpoint("gpt-prose")
tired = "The animal didn't cross the street because it was too tired."
verse = "Thou shalt be free\nAs mountain winds: but then exactly do"

# %% [markdown]
# ## Into how many tokens is a sentence cut?
# Here is the course sentence, cut in five ways.

# %% jupyter={"source_hidden": true}
from chapters.ch07 import language
from course_kit.text import BytePairs

tales = language.load_text("stories")  # our own, which a program wrote from templates
few, learned = (
    BytePairs.build([tales.train], max_size=4 + 256 + merges) for merges in (100, 600)
)
ways = {
    "characters": poet.tokenizer,
    "pieces, 100 merges of our stories": few,
    "pieces, 600 merges": learned,
    "pieces, of gpt-prose": prose.tokenizer,
    "words, of chapter 5": load_checkpoint("transformer-grammar").source,
}
rows = []
for name, tokenizer in ways.items():
    cut = tokenizer.cut(tired)
    rows.append(
        {
            "cut into": name,
            "tokens": len(cut),
            "query–key pairs": len(cut) * (len(cut) + 1) // 2,
            "size of the vocabulary": len(tokenizer),
            "the first tokens": " · ".join(cut[:7]),
        }
    )
lengths = [row["tokens"] for row in rows]
Table(
    rows,
    "A space belongs to the piece after it. The pairs are those that a causal mask "
    "allows. "
    "The 860 pieces are 256 bytes, 600 merges and 4 special tokens",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lengths == [60, 32, 13, 14, 12] and len(tired) == 60 and tired in tales.train
assert len(few) < len(learned) == 860 == 256 + 600 + 4 < len(prose.tokenizer)

# %% [markdown]
# Our merges were learned from stories that contain this very sentence, so they cut it into unusually few pieces. A model does not see letters inside a piece: to count the r's in *strawberry*, it must know the spelling by heart.

# %% [markdown]
# ## How is the cache written?
# The lesson's KV cache is a small class: `cache.extend(k, v)` appends the new keys and values to the ones that it has, and returns all of them. `attend_behind` is the attention of new tokens, which projects only these. For a fifth token, one query `[B, H, 1, d]` meets five keys `[B, H, 5, d]`:

# %% jupyter={"source_hidden": true}
import torch.nn.functional as F
from functools import partial
from course_utils.attention import causal_mask, join_heads
from course_utils.blocks import add_norm
from course_utils.cache import Cache
from course_utils.gpt import GPT, CachedGPT, CausalAttention, generate as tokens_of, write

# %% tags=["definition"]
# course_utils.cache: Cache
# course_utils.gpt: attend_behind

# %% [markdown]
# `CachedGPT` calls it in each block, and counts positions on from where the text stopped:

# %% tags=["definition"]
# course_utils.gpt: CachedGPT

# %% [markdown]
# A test: the model reads all letters but the last, and then only that one. Is it the same as reading all at once?

# %%
keeper = CachedGPT(poet.model.config).eval()  # no dropout
keeper.load_state_dict(poet.model.state_dict())
ids = torch.tensor([poet.tokenizer.encode(verse)])
caches = keeper.caches()  # one for each block
with torch.no_grad():
    keeper(ids[:, :-1], caches)  # reads all but the last letter
    last = keeper(ids[:, -1:], caches)  # the last one alone: [1, 1, V]
    gap = (last[:, -1] - keeper(ids)[:, -1]).abs().max()
print(f"kept: {tuple(caches[0].k.shape)}; largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and caches[0].k.shape == (1, 8, ids.shape[1], 32)
torch.manual_seed(3)
wrote = write(keeper, ids, 50, temperature=0.5)
torch.manual_seed(3)
assert torch.cat([ids, *tokens_of(keeper, ids, 50, temperature=0.5)], 1).equal(wrote)

# %% [markdown]
# When a text outgrows the context, its first token has to go, and the others move up one position. From the second block on, the stored keys and values also depend on the token that has gone. So `generate` (in your file) reads the shortened text again.

# %% [markdown] tags=["guess"]
# ## Can a small model draft for a large one?
# <a id="speculative-decoding"></a>
# When a GPT writes, each token has to wait for the one before it. But four tokens that are already written can be *checked* in one call, as in training. So in **speculative decoding** a small, fast model drafts four tokens, and the large model reads them all at once. The text must be as likely as if the large model had written it alone. **Guess:** the small model gives the tokens A and B ½ each, the large one gives A ¾ and B ¼. Which drafted tokens may you keep?

# %% jupyter={"source_hidden": true} tags=["asserts"]
p, q = torch.tensor([0.75, 0.25]), torch.tensor([0.5, 0.5])
kept = q * (p / q).clamp(max=1)
assert (kept + (1 - kept.sum()) * (p - q).clamp(min=0) / (p - q).clamp(min=0).sum()).equal(p) and kept.sum() == 0.75
assert round((1 - 0.75**5) / (1 - 0.75), 2) == 3.05 == round(sum(0.75**n for n in range(5)), 2)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Every A, and half of the B's. In general a token that the large model gives $p$ and the small one $q$ is kept with the probability $\min(1, p/q)$. If it isn't kept, draw another one from $\max(0, p-q)$, divided by its sum. Here B is drafted half the time and kept half of these times, which makes ¼. The ¼ that was thrown away goes to A, which has ½ + ¼ = ¾.
#
# </details>
#
# What comes after a token that was thrown away goes, too, because it continued another text. If each of the four drafted tokens is kept with the probability 0.75, one call of the large model gives 1 + 0.75 + … + 0.75⁴ = 3.05 tokens on average. Leviathan et al. (2023) wrote two to three times as fast with a model of 11 billion parameters. A draft gains only if enough of it is kept to pay for its own time. <!-- source: Leviathan et al. 2023, Fast inference from Transformers via speculative decoding -->

# %% [markdown]
# ## What is the P in GPT worth?
# <a id="pre-training"></a><a id="fine-tuning"></a>
# *Pre-trained* on text alone, a model can be **fine-tuned** to a task with few labels. Is this sentence praise? `gpt-prose` gets a new layer on its last vector; the same model from random parameters is the rival, both at the better of two learning rates (chosen on other sentences, with another seed). The test sentences have new patterns, names and nouns; their adjectives are known.

# %% jupyter={"source_hidden": true}
worth = results.load("gpt_pretraining")
starts = "pre-trained", "from random parameters", "from random parameters, 150 steps"
shares = {name: torch.tensor(worth["starts"][name]["test"]) for name in starts}
ranges = [
    from_cell("{min} to {max}", min=f"{100 * x.min():.0f}", max=f"{100 * x.max():.0f}")
    for x in shares.values()
]
plot.bars(
    list(shares),
    [100 * x.mean().item() for x in shares.values()],
    ylabel="right answers, %",
    digits=0,
    title="What was pre-training worth?",
    caption=from_cell(
        "Means of three seeds ({ranges}), {count} test sentences; guessing gives 50. {about}",
        ranges="; ".join(ranges), count=worth["sentences"]["test"], about=worth.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
pre, short, longer = shares.values()
assert worth["seeds"] == 3 and pre.min() > max(short.max(), longer.max())
assert [round(100 * x.mean().item()) for x in (pre, short, longer)] == [93, 65, 77] and worth["sentences"]["test"] == 400

# %% [markdown]
# The pre-trained model gets 93 % right, the rival 65, and 77 after two and a half times as many steps. The worst of its three runs beats the rival's best. More steps help the rival, so part of the lead is speed; where it would end, these runs do not say.

# %% [markdown]
# ## Can it translate by continuing?
# A prompt can be a task. Suppose that every line a model has read holds an English sentence, a mark, and the same in French. Then what most likely follows the mark is a translation:
#
# > i am a student . &lt;to-fr&gt; je suis étudiant . &lt;eos&gt;
#
# We trained a GPT of the lesson's class on 20,000 such lines of our own corpus, and its only task was the lesson's: predict each next token. It has no encoder, and nobody told it that there are two languages. To translate, we write the sentence and the mark, and let it go on, token by token:

# %%
from course_kit.text import EOS

gpt = load_checkpoint("gpt-en-fr-grammar")
words = gpt.tokenizer.words
line = gpt.tokenizer.encode("I am a student. <to-fr>")
while line[-1] != EOS:
    p = gpt.model(torch.tensor([line]))[0, -1].softmax(-1)  # [V]
    best = p.topk(3)
    line.append(best.indices[0].item())
    print(*(f"{words[i]} {x:.3f}" for x, i in zip(*best, strict=True)), sep="   ")
print(gpt.tokenizer.decode(line[line.index(words.index("<to-fr>")) + 1 :]))

# %% jupyter={"source_hidden": true} tags=["lab"]
from chapters.ch07.labs.continuing import continuing, likeliest

continuing(
    gpt,
    "I am a student. <to-fr>",
    title="What comes after the mark?",
    caption="Above the line, below the three likeliest next tokens. The likeliest one is "
    "written and read again.",
)

# %% [markdown]
# The model has read this very line in training, so perhaps it knows it by heart. To find out we need sentences that it has not read. Chapter 3's translator and chapter 5's Transformer learned from the same 20,000 pairs, so here are all three on the same sentences:

# %% jupyter={"source_hidden": true}
from chapters.ch07 import translators

narrow = "The tractor didn't fit in the barn because it was too narrow."
asked = [
    "I am a student.",
    "Good morning!",
    "Let them eat cake!",
    "Hello my friends! How are you doing today?",
    "We live in the European Economic Area.",
    tired,
    tired.replace("tired", "wide"),
    narrow,
    narrow.replace("narrow", "wide"),
    "My mother bought a scarf yesterday and gave it to the lawyer.",
]
side = translators.side_by_side(asked, "“Seen” sentences were among the 20,000 pairs")
side

# %% [markdown]
# Look at the twins, the sentences that differ in their last word alone. *La grange* is feminine: if “it” is the barn, French says *elle*, and if it is the tractor, *il*. A model that ignores the last word has to write the same pronoun in both. Does the GPT tell them apart? Here is what it gives to the word after *parce qu'*:

# %% jupyter={"source_hidden": true}
pronouns = {"il": [], "elle": []}
twins = asked[5:9]
for sentence in twins:
    steps = likeliest(gpt, f"{sentence} <to-fr>")
    written = [candidates[0][0] for candidates in steps]
    after = dict(steps[written.index("qu'") + 1])
    for word, found in pronouns.items():
        found.append(100 * after.get(word, 0))
plot.bars(
    ["animal: tired", "street: wide", "barn: narrow", "tractor: wide"],
    pronouns,
    ylabel="%",
    digits=0,
    title="Which pronoun comes after “parce qu'”?",
    caption="Each name says what “it” is, and the adjective that tells so. The first pair "
    "was in training, the second is new.",
)

# %% [markdown]
# It does, though the tractor leaves it in doubt. Two pairs prove little, so here are 368 pairs of twins, whose two nouns never met in a twin of the training, beside a thousand other new sentences:

# %% jupyter={"source_hidden": true}
rows = []
for name, checkpoint in translators.NAMES.items():
    loaded = load_checkpoint(checkpoint)
    right = translators.right_pronouns(checkpoint)
    rows.append(
        {
            "model": name,
            "parameters": sum(p.numel() for p in loaded.model.parameters()),
            "BLEU": loaded.card["metrics"]["test_bleu_beam_1"],
            "right pronouns, %": right["sentences, %"],
            "both of a pair, %": right["pairs, %"],
        }
    )
Table(
    rows,
    "On what is new to all three: 1,000 sentences, and 368 pairs of twins, where a coin "
    "gets 50 and 25%",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gpt.card["data"]["train_pairs"] == 20_000 and gpt.card["training"]["recipe"]["threads"] == 20
assert gpt.tokenizer.decode(line) == "i am a student. <to-fr> je suis étudiant."
said = {row["English"]: row["GPT"] for row in side}
assert [said[one] for one in asked[1:3]] == ["bonjour !", "qu'ils mangent de la brioche !"]
assert [max(pronouns, key=lambda word: pronouns[word][i]) for i in range(4)] == ["il", "elle", "elle", "il"]
assert 55 < pronouns["il"][3] < 70 and min(pronouns["il"][0], pronouns["elle"][1], pronouns["elle"][2]) > 98
gru, transformer, mine = rows
assert len(translators.twins.pairs()) == 2 * 368
assert mine["BLEU"] > 95 and 1 < gru["BLEU"] - mine["BLEU"] < transformer["BLEU"] - mine["BLEU"] < 3
assert [round(row["right pronouns, %"]) for row in rows] == [86, 95, 98] and [round(row["both of a pair, %"]) for row in rows] == [76, 90, 97]
assert [row["in training"] for row in side] == 7 * ["seen"] + 3 * ["new"]

# %% [markdown]
# **A decoder alone can translate.** Its French is a little behind that of the two models with an encoder, and it finds the right pronoun more often than they do. We built nothing for this task: the task was in the lines.
#
# (*Bonjour*, the cake and the student are seen sentences, and there the GPT has an unfair lead: it met them twenty times in each pass through the lines, the other two models once.)
#
# <details><summary>How sure is this?</summary>
#
# One seed each. Our corpus is a small world in which every word has one translation, so all scores are high. The three had different optimisers, sizes and numbers of steps, so the table does not say which architecture is best. In training the rare twins came more often for the Transformer and the GPT.
#
# </details>

# %% [markdown]
# ## A head that repeats
# <a id="induction-head"></a><a id="in-context"></a>
# *Mrs. Kowalski came in. “Good morning,” said Mrs.* … you know what comes, because you have just read it. Can a model learn that, for tokens that it has never seen together? We train one with two layers of two heads on texts that repeat a stretch of 4 to 16 random tokens.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "To predict what follows the second b of a b c d a b c d, what must a head attend "
    "to?",
    [
        "the token before: a",
        "the same token, one round earlier: b",
        "the token after that one: c",
    ],
    answer=2,
    because="What followed the earlier b is to be predicted. A head that attends there "
    "is called an induction head.",
)

# %% tags=["training"]
from chapters.ch07.experiments import induction

task = induction.Repeats()
copier = task.model()
copied = task.train(copier, show=True, title="Training two layers to copy")
places, blind = task.by_place(copier), math.log(task.size)
(when, losses), (_, scored) = (
    copied.history["second half"],
    copied.history["induction score"],
)
falls, rises = (
    [sign * (b - a) for a, b in zip(x[:-1], x[1:], strict=True)]
    for sign, x in ((-1, losses), (1, scored))
)
plot.beside(
    {
        "After training, token by token": plot.lines(
            {"loss": (range(2, 2 * task.half + 1), places)},
            "token",
            "nats per token",
            mark=(task.half + 1.5, "second half"),
        ),
        "During training, the second half": plot.lines(
            {
                "loss, as a share of guessing": (when, [x / blind for x in losses]),
                "highest induction score": (when, scored),
            },
            "step",
            "share",
        ),
    },
    title="When can it predict the next token?",
    caption=from_cell(
        "New texts: {half} random tokens, twice. Guessing costs ln {size} = {blind} nats "
        "per token.", half=task.half, size=task.size, blind=f"{blind:.2f}"
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert prose.tokenizer.decode([prose.model(torch.tensor([prose.tokenizer.encode("Mrs. Kowalski came in. “Good morning,” said Mrs.")]))[0, -1].argmax().item()]) == " Arbuthnot"
assert round(blind, 2) == 3.18 and -0.1 < places[: task.half - 1].mean() - blind < 0.5 and places[task.half - 1] > 2
assert (fronts := task.texts(torch.Generator().manual_seed(10**6), 128)[:, :15]).any()
assert (read := torch.zeros(128, task.size).scatter(1, fronts, 1.0)).mean() + 0.1 < (
    copier(fronts)[:, -1].softmax(-1) * read).sum(-1).mean()
assert abs(falls.index(max(falls)) - rises.index(max(rises))) <= 2

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert task.second_half(copier) < 0.3
assert 0.8 < places[task.half] < 1 and 1.1 < places[: task.half - 1].max() / blind < 1.2
assert sum(sorted(falls)[-3:]) > 0.5 * (losses[0] - losses[-1])

# %% [markdown] tags=["guess"]
# The loss of the second half falls suddenly, when a head begins to attend to the right token. In this model it takes two layers (Elhage et al. 2021). Say that B followed A before, and now A comes again. At B, a head of layer 1 attends to the token before and adds “my predecessor is A” to B's vector. At the second A, a head of layer 2 asks “whose predecessor is A?”, finds B, and copies it. No parameter changes while it copies: the model finds what it needs in its context, and that is one kind of **in-context learning**.
#
# The start of the second half stays hard. Its first token cannot be predicted, and the second still costs about 0.9 nats, because after one repeated token the model cannot be sure that the repetition has begun. The first half costs up to 15% *more* than guessing, because most training texts repeat sooner, so the model bets on tokens that it has read.
#
# **Guess, then knock heads out:** which ones does the copying need, and does the loss rise to that of guessing, 3.18 nats per token, without one of them?

# %% jupyter={"source_hidden": true} tags=["lab"]
from IPython.display import display
from course_kit.views.live import below

letters = [
    chr(ord("a") + i)
    for i in task.texts(torch.Generator().manual_seed(10**6), 1)[0].tolist()
]
view = labs.heads(
    task.weights(copier),
    letters,
    layer=1,
    select=task.half + 3,
    live=True,
    title="Which head repeats?",
    caption=from_cell(
        "Sixteen letters, twice. The chosen row is the second “{letters}”; "
        "after the first one came “{letters2}”.", letters=letters[task.half + 3],
        letters2=letters[4]
    ),
)


def tell():
    """The loss of the second half without the heads that are knocked out."""
    with induction.silenced(
        copier, [(layer + 1, head + 1) for layer, head in view.knocked]
    ):
        loss = task.second_half(copier)
    return from_cell(
        "loss of the second half: {loss} nats per token (guessing: {blind})",
        loss=f'{loss:.2f}', blind=f'{blind:.2f}'
    )


display(view, below(view, tell, "knocked"))

# %%
table, pairs = induction.knock_out(task, copier), {}
worst, best, feeder = (
    table[0],
    max(table, key=lambda row: row.induction),
    max(table, key=lambda row: row.before),
)
for layer in (1, 2):
    with induction.silenced(copier, [(layer, 1), (layer, 2)]):
        pairs[layer] = task.second_half(copier)
print(
    f"Loss of the second half without layer 1's heads: {pairs[1]:.2f} nats per token,",
    f"without layer 2's: {pairs[2]:.2f}; guessing: {blind:.2f}",
)
induction.head_table(task, copier)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best.head[0] == 2 and feeder.head[0] == 1
assert worst.head == feeder.head == (1, 2)
assert min(pairs.values()) > 0.9 * blind

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert best.induction > 0.5 and feeder.before > 0.3 and 0.8 < worst.loss < 0.8 * blind
assert table[1].head == best.head == (2, 1)
assert all(row.before > 0.2 for row in table if row.head[0] == 1) and all(row.induction > 0.3 for row in table if row.head[0] == 2)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Two above all: head 2 of layer 1, which attends most to the token before, and head 1 of layer 2, which copies best; with other seeds their order changes. Neither loss rises to 3.18, since the other head of the same layer does part of the work: without both heads of a layer the model is as bad as guessing, or worse.
#
# </details>
#
# A published model picks up whole tasks from its prompt (Brown et al. 2020), but our `gpt-prose` fails to repeat even *Kowalski*: after the second *Mrs.* it prefers *Arbuthnot*.

# %% jupyter={"source_hidden": true} tags=["asserts"]
alone = [run["second half"] for run in results.load("gpt_induction")["runs"] if run["layers"] == 1]
assert len(alone) == 3 and [round(min(alone), 1), round(max(alone), 1)] == [2.1, 2.2] and task.half == 16 and task.size == 24
assert len(occurs := torch.nn.functional.one_hot(task.texts(torch.Generator().manual_seed(0), 20_000), 24))
assert (due := 2 * occurs[:, :16].sum(1, keepdim=True) - occurs.cumsum(1)[:, 16:-1]).min() == 0  # how often each must still come
assert round(-(due / due.sum(-1, keepdim=True))[occurs[:, 17:].bool()].log().mean().item(), 2) == 1.67
assert round(math.log(24), 2) == 3.18

# %% [markdown]
# **And with one layer?** Three models with one layer, trained equally long, reached 2.1 to 2.2 nats. That needs no copying: in *a b a c a b a c*, after *a b a c a*, one *a*, one *b* and one *c* must still come, so each has probability 1/3. If you know that each half has sixteen tokens, such counting reaches 1.67 nats.

# %% [markdown] tags=["guess"]
# ## How large, how long?
# <a id="scaling-law"></a>
# On one budget, a large model on little text, or a small one on a lot? For each token, each parameter takes part in a multiplication and an addition, 2 operations; the backward pass costs 4 more. So training $N$ parameters on $D$ tokens costs <!-- source: Kaplan et al. 2020 -->
#
# $$ C\approx 6\,N\,D $$
#
# floating-point operations (FLOP). A **scaling law** is a formula for the loss, given $N$ and $D$, that was fitted to many trained models.
#
# **Guess:** GPT-3 has 175 billion parameters and read 300 billion tokens. Is it too large for that text, or too small?

# %% tags=["lab"]
from chapters.ch07.scaling_law import best, flops, loss

sizes = 2 ** torch.linspace(-5, 3, 65, dtype=torch.float64)  # of the best size, 1
budgets = {"GPT-3's budget": 175e9 * 300e9, "a hundredth of it": 1.75e9 * 300e9}
plot.lines(
    {
        name: (N := best(6 * product)[0] * sizes, loss(N, product / N))
        for name, product in budgets.items()
    },
    "parameters",
    "loss, nats per token",
    log="x",
    mark=(175e9, "GPT-3"),
    title="A larger model, or more text?",
    caption="Along a curve every model costs the same. Find the lowest point of each.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch07.scaling_law import LARGEST

best_N, best_D = best(flops(175e9, 300e9))
assert f"{best_N / 175e9:.0%}" == "30%" and 1 < 300e9 / 175e9 < 2 and LARGEST < 175e9
assert round(best_D / best_N) == 19
assert f"{loss(best_N, best_D):.2f} {loss(175e9, 300e9):.2f}" == "1.99 2.01"
assert round(70 * 1400 / (280 * 300), 2) == 1.17 and round(18e12 / 3.09e9, -2) == 5800

# %% [markdown]
# <details><summary>Answer</summary>
#
# Too large, by this law: at the same cost, 30% of its parameters and more text would reach 1.99 nats per token instead of 2.01, a small difference. Hoffmann et al. (2022) give twenty tokens per parameter as a rule of thumb; GPT-3 read fewer than two. Their Chinchilla, with 70 billion parameters, beat one of 280 billion; by $6ND$ it cost 17% more. <!-- source: Hoffmann et al. 2022 -->
#
# Many newer models read far more, because a smaller model is cheaper to *use*: Llama 3, with 8 billion parameters, read 15 trillion tokens. Qwen2.5's makers name 18 trillion for their family: for its model of 3.09 billion that is 5,800 per parameter, beside Chinchilla's twenty. <!-- source: Meta 2024; Qwen Team 2024, Qwen2.5 technical report --> And GPT-3 is larger than any model to which the law was fitted. <!-- source: Besiroglu et al. 2024 -->
#
# </details>

# %% [markdown]
# The law has three terms, $L = E + A/N^{\alpha} + B/D^{\beta}$: a constant, one that parameters shrink, and one that tokens shrink. Its constants are from Besiroglu et al. (2024); those that Hoffmann et al. printed ask for 87 tokens per parameter at GPT-3's budget, not for their rule's twenty.

# %%
models = {"GPT-3": (175e9, 300e9), "Gopher": (280e9, 300e9), "Chinchilla": (70e9, 1.4e12)}
rows = [
    {
        "model": name,
        "parameters N": f"{N:.3g}",
        "tokens D": f"{D:.3g}",
        "tokens per parameter": D / N,
        "operations 6ND": f"{flops(N, D):.2g}",
        "best N for this cost": f"{best(flops(N, D))[0]:.2g}",
        "loss on paper": loss(N, D),
    }
    for name, (N, D) in models.items()
]
Table(
    rows,
    "The sizes are from the papers. The loss is computed by the fitted formula, not "
    "measured.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(rows[0]["tokens per parameter"], 1) == 1.7 and rows[2]["tokens per parameter"] == 20
assert rows[2]["loss on paper"] < min(row["loss on paper"] for row in rows[:2])
assert [row["best N for this cost"] for row in rows] == ["5.3e+10", "6.7e+10", "7.3e+10"]
A, B, alpha, beta = 406.4, 410.7, 0.34, 0.28  # as Hoffmann et al. printed them
best_N = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (3.15e23 / 6) ** (beta / (alpha + beta))
assert round(3.15e23 / 6 / best_N**2) == 87

# %% [markdown] tags=["guess"]
# ### Does 6ND agree with the table of 2017?
# [Chapter 3's annex](03_seq2seq_annex.ipynb#What-did-quality-cost-in-2017?) draws the table in which the Transformer's authors compare the cost of ten translators. They counted no multiplications. They took the hours of training, times eight cards, times the 9.5 trillion operations a second of which a card was thought capable. <!-- source: Vaswani et al. 2017, table 2 and its footnote -->
#
# We can count instead. The paper gives 65 million parameters for the base model and 213 million for the big one, trained for 100,000 and 300,000 steps. A step read 25,000 English tokens, which went through the encoder, and 25,000 German ones, which went through the decoder: each parameter met 25,000 tokens. <!-- source: Vaswani et al. 2017, sections 5.1 and 5.2, table 3 -->
#
# **Guess:** is $6ND$ larger or smaller than what the table says?

# %%
from course_kit import data

transformers = {"base": (65e6, 100_000, 3.3e18), "big": (213e6, 300_000, 2.3e19)}
counted = {name: flops(N, 25_000 * T) for name, (N, T, _) in transformers.items()}
for name, (*_, printed) in transformers.items():
    share = counted[name] / printed
    print(f"{name}: 6ND {counted[name]:.1e}, the table {printed:.1e}, {share:.0%} of it")

wmt = data.load("wmt14")
known = [i for i, x in enumerate(wmt.flops_en_de) if x == x]
scores = {name: wmt.bleu_en_de[i] for i, name in enumerate(wmt.name)}
plot.points(
    {
        "the paper's table": ([wmt.flops_en_de[i] for i in known],
                              [wmt.bleu_en_de[i] for i in known]),
        "6ND": ([*counted.values()],
                [scores[f"Transformer ({name})"] for name in counted]),
    },
    xlabel="operations for the training",
    ylabel="BLEU",
    labels={
        "the paper's table": [wmt.name[i].split(" +")[0] + " ×" * bool(wmt.ensemble[i])
                              for i in known],
        "6ND": [f"{name}, 6ND" for name in counted],
    },
    log="x",
    title="What did a translator cost in 2017?",
    caption="English to German. Up is better, left is cheaper; × means several models "
    "that vote.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [f"{counted[name] / printed:.0%}" for name, (*_, printed) in transformers.items()] == ["30%", "42%"]
assert all(wmt.flops_en_de[wmt.name.index(f"Transformer ({name})")] == printed for name, (*_, printed) in transformers.items())
assert round(flops(175e9, 300e9) / counted["big"], -3) == 33_000

# %% [markdown]
# <details><summary>Answer</summary>
#
# Smaller: three tenths of the table's number for the base model, two fifths for the big one. Both are right, but they count different things. The table says what eight cards *could* have computed while they ran; $6ND$ says what the products with the parameters *need*. The ratio of the two is called the **utilisation** of the hardware; the makers of PaLM report 46 %. <!-- source: Chowdhery et al. 2022 -->
#
# By $6ND$, GPT-3 cost 33,000 times as much as the big Transformer.
#
# </details>
#
# Where does so much text come from? Common Crawl is a public copy of parts of the web. Spam is dropped from it by rules or by a classifier, and near-copies, too. FineWeb made 15 trillion tokens in this way. <!-- source: Penedo et al. 2024 -->

# %% [markdown] tags=["guess"]
# ## What does length cost?
# **Guess** twice: when a text gets twice as long, how much more time does its attention take, and how much more memory must it keep for the backward pass? (*Fused* is PyTorch's single function for all of attention.)

# %%
from chapters.ch07.experiments import cost

lengths = (128, 256, 512, 1024)
found = cost.costs(lengths, repeats=2)
twice = {
    name: {what: cost.growth(lengths, x) for what, x in both.items()}
    for name, both in found.items()
}
print(
    f"From {lengths[-2]:,} to {lengths[-1]:,} tokens:",
    *(
        f"{from_cell(name)}: {x['seconds']:.1f} times the time, "
        f"{x['bytes']:.1f} times the memory."
        for name, x in twice.items()
    ),
)
cost.cost_table(lengths, found)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert twice["definition"]["seconds"] > 2 and twice["definition"]["bytes"] > 3.5 and twice["fused"]["bytes"] < 2.5
assert found["fused"]["seconds"][-1] < found["definition"]["seconds"][-1]

# %% [markdown]
# <details><summary>Answer</summary>
#
# With the definition, memory quadruples, because all $T^2$ weights are stored; in our recorded run (128 to 4,096 tokens) each doubling takes 2.5 to 6.2 times as long. The fused form (`F.scaled_dot_product_attention`, after Dao et al. 2022, *FlashAttention*) goes through the map in tiles and computes weights again when it needs them: its memory only doubles, its time still grows faster (3.5 times from 2,048 to 4,096).
#
# </details>

# %%
costs = results.load("gpt_attention_cost")
mega = {
    name: (costs["lengths"], [n / 1e6 for n in both["bytes"]])
    for name, both in costs["forms"].items()
}
plot.lines(
    mega,
    "tokens",
    "MB kept for the backward pass",
    log="xy",
    title="How much memory does the attention map take?",
    caption=costs.about,
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert mega["definition"][1][-1] > 50 * mega["fused"][1][-1] and costs["lengths"][-2:] == [2048, 4096]
assert round(costs["forms"]["fused"]["seconds"][-1] / costs["forms"]["fused"]["seconds"][-2], 1) == 3.5
assert (times := costs["forms"]["definition"]["seconds"])
assert (grew := [round(b / a, 1) for a, b in zip(times[:-1], times[1:], strict=True)])
assert (min(grew), max(grew)) == (2.5, 6.2)

# %% [markdown]
# ## More than one device?
# <a id="data-parallel"></a>
# In **data-parallel** training each device holds the whole model and takes a share of the batch. The gradients are added, weighted by the shares, so all take the step that one device would take with the whole batch. In PyTorch that is `DistributedDataParallel`; `torchrun --nproc-per-node 2` starts a process for each device.

# %% [markdown]
# ## What saves memory and time?
# <a id="paged-cache"></a>
# Five habits need no second device. The first three help in training, the last two where many people ask one model:
#
# | what | how | by numbers |
# |---|---|---|
# | bf16 (*bfloat16*) | numbers of 16 bits with the range of float32 | half the bytes, but the next number after 1 is 1.0078. So 1 + 0.001 is still 1, and the optimiser keeps a copy of the parameters in float32. |
# | gradient accumulation | the gradients of eight batches of 8 are averaged before one step | the step of one batch of 64, with the activations of 8 in memory |
# | gradient checkpointing | keeps what each block reads; the backward pass computes the rest of the block again | one more forward pass: 8ND operations instead of 6ND, a third more |
# | batching of requests | the parameters are fetched from memory once, for a token of *each* request | 1.9 GB at 100 GB a second: at most 52 tokens a second for one request, up to 421 for eight |
# | a paged cache | a conversation gets memory for 16 tokens at a time, not for the whole context at once | SmolLM2 after 500 tokens: 11.8 MB in 32 pages, instead of 189 MB for 8,192 tokens |
#
# Two caveats. If the small batches differ in their number of tokens, weight their gradients by it. And batching helps as long as fetching the parameters takes longer than multiplying with them. <!-- source: Micikevicius et al. 2017 (mixed precision); Chen et al. 2016 (checkpointing); Kwon et al. 2023 (paged cache); the 100 GB a second are an example -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
one = torch.tensor(1.0, dtype=torch.bfloat16)
assert round(1 + torch.finfo(torch.bfloat16).eps, 4) == 1.0078 and one + 0.001 == one and torch.finfo(torch.bfloat16).max > 3e38
x, w = torch.randn(64, 5), torch.zeros(5, requires_grad=True)
(whole,) = torch.autograd.grad(((x @ w - 1) ** 2).mean(), w)
parts = [torch.autograd.grad(((part @ w - 1) ** 2).mean(), w)[0] for part in x.split(8)]
assert len(parts) == 8 and torch.allclose(sum(parts) / 8, whole, atol=1e-5) and (2 + 4 + 2) / 6 == 4 / 3 and 2 + 4 + 2 == 8
assert int(100 / 1.9) == 52 and round(8 * 100 / 1.9) == 421 and (a_token := 2 * 30 * 3 * 64 * 2)
assert 16 * 31 < 500 <= 16 * 32 and round(a_token * 16 * 32 / 1e6, 1) == 11.8 and round(a_token * 8192 / 1e6) == 189

# %% [markdown]
# ## How do you keep track of many runs?
# After ten trainings nobody remembers which curve belonged to which learning rate. So let each run write a *log* into a folder of its own. **TensorBoard** is the usual format. Here two small GPTs learn the lesson's copying task, each with its own rate and its own log, and then we read the logs back:

# %%
import tempfile
from pathlib import Path

from course_utils.gpt import GPT, GPTConfig, copying

runs, curves = Path(tempfile.mkdtemp()), {}
try:
    from tensorboard.backend.event_processing import event_accumulator
    from torch.utils.tensorboard import SummaryWriter

    for rate in (0.0003, 0.003):
        torch.manual_seed(0)
        model = GPT(GPTConfig(vocab=11, size=64, layers=2))
        optimiser = torch.optim.AdamW(model.parameters(), rate)
        with SummaryWriter(runs / f"lr {rate}") as log:
            for step in range(200):
                loss = next_token_loss(model, copying(64))
                model.zero_grad()
                loss.backward()
                optimiser.step()
                log.add_scalar("loss", loss.item(), step)

    for run in sorted(runs.iterdir()):
        kept = event_accumulator.EventAccumulator(str(run)).Reload().Scalars("loss")
        curves[run.name] = [e.step for e in kept], [e.value for e in kept]
    print({name: f"{len(steps)} numbers" for name, (steps, _) in curves.items()})
except ModuleNotFoundError as missing:
    print(missing, "· make lab EXTRA=serve installs it")

# %% jupyter={"source_hidden": true}
plot.lines(
    curves,
    "step",
    "nats per token",
    title="What do the logs say?",
    caption="Drawn from what the two files hold. The digits before “=” can only be guessed, "
    "which alone costs 0.96 nats per token.",
) if curves else None

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not curves or [len(steps) for steps, _ in curves.values()] == [200, 200]
assert not curves or curves["lr 0.003"][1][-1] + 0.15 < curves["lr 0.0003"][1][-1]

# %% [markdown]
# `tensorboard --logdir FOLDER --host 127.0.0.1` draws all runs of a folder together, at port 6006 of your browser. A training with the course's `fit` writes the same log by itself if you give it `callbacks=[TensorBoard("runs/first")]`, from `course_kit.callbacks`. **Weights & Biases** draws such curves on its own servers, unless you set `WANDB_MODE=offline`. <!-- source: tensorboard, wandb -->
#
# **Colab** lends you a GPU: upload the notebook, choose *Runtime → Change runtime type → GPU*, and install the course in the first cell (`!git clone …`, `%cd …`, `!pip install -e .`). <!-- source: colab -->

# %% [markdown] tags=["guess"]
# ## Does another library read your GPT?
# Many programs read models in GPT-2's layout: the class `GPT2LMHeadModel` of `transformers`. Your `GPT` has the same parts, so its parameters fit. **Guess:** how far apart are the logits?

# %%
from course_kit.convert import from_huggingface, to_huggingface
from course_utils.gpt import GPT, GPTConfig

yours = poet.model  # your class, the poet's parameters
theirs = to_huggingface(yours)
window = torch.tensor([poet.tokenizer.encode("PROSPERO:\n" + verse)])
with torch.no_grad():
    gap = (theirs(window).logits - yours(window)).abs().max().item()
    back = from_huggingface(theirs)(window)
print(
    f"{type(theirs).__name__}: largest difference of {back.numel():,} logits: {gap:.0e}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and torch.allclose(back, yours(window), atol=1e-4) and isinstance(yours, GPT)

# %% [markdown]
# <a id="gpt-2"></a>
# And the other way: published parameters of GPT-2, matrix by matrix, into the class that you keep. GPT-2 stores its matrices transposed, and those of queries, keys and values side by side.

# %%
NAMES = {
    "norm1": "ln_1",
    "norm2": "ln_2",
    "attention.out": "attn.c_proj",
    "ffn.0": "mlp.c_fc",
    "ffn.2": "mlp.c_proj",
}


def from_gpt2(gpt2):
    """transformers' GPT2LMHeadModel -> a GPT with its parameters"""
    c, theirs = gpt2.config, gpt2.transformer.state_dict()
    ours = {
        "tokens.weight": theirs["wte.weight"],
        "positions.weight": theirs["wpe.weight"],
    }
    for end in ("weight", "bias"):
        ours[f"norm.{end}"] = theirs[f"ln_f.{end}"]
        for n in range(c.n_layer):
            for name, there in NAMES.items():
                ours[f"blocks.{n}.{name}.{end}"] = theirs[f"h.{n}.{there}.{end}"].t()
            three = theirs[f"h.{n}.attn.c_attn.{end}"].chunk(3, dim=-1)
            for name, part in zip(("query", "key", "value"), three, strict=True):
                ours[f"blocks.{n}.attention.{name}.{end}"] = part.t()
    model = GPT(GPTConfig(c.vocab_size, c.n_embd, c.n_layer, c.n_head, c.n_positions))
    model.load_state_dict(ours)
    return model


with torch.no_grad():
    gap = (from_gpt2(theirs)(window) - theirs(window).logits).abs().max().item()
print(f"the same model, back in your class: largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4

# %% [markdown]
# Where the real one is on this machine, it goes on with a text in your class; `hf download gpt2` brings it.

# %% tags=["shows"]
from course_utils.gpt import write
from transformers import AutoTokenizer, GPT2LMHeadModel

try:
    gpt2 = from_gpt2(GPT2LMHeadModel.from_pretrained("gpt2", local_files_only=True))
    pieces = AutoTokenizer.from_pretrained("gpt2", local_files_only=True)
    begun = pieces("Every effort moves you", return_tensors="pt").input_ids
    print(pieces.decode(write(gpt2, begun, 25, temperature=0.7, top_p=0.9)[0]))
except OSError:
    print("GPT-2 is not on this machine: nothing is claimed of it here.")

# %% [markdown]
# ## How does one serve a model?
# <a id="chat-template"></a><a id="system-prompt"></a>
# To serve `gpt-shakespeare` for chats, you need a **chat template**, which turns a chat into one text with marks for who is speaking. First comes the **system prompt**, written by the operator, then the user's turn.

# %% tags=["nbval-check-output"]
import tempfile
from transformers import AutoTokenizer
from chapters.ch07 import hub_format

folder = f"{tempfile.mkdtemp()}/gpt-shakespeare"
scene = hub_format.save_pretrained(poet, folder)
reader = AutoTokenizer.from_pretrained(scene)
chat = [
    {"role": "system", "content": "A street in Verona."},
    {"role": "user", "content": "What news, my lord?"},
]
print(hub_format.as_text(reader, chat))

# %% [markdown]
# A user who types these marks can pretend to be someone else.
#
# <a id="client"></a>
# `transformers serve` uses OpenAI's protocol, as Ollama and many remote services do, so the same client talks to all of them. Only `base_url` and the name of the model differ (and a remote service wants a key):

# %% tags=["definition"]
# chapters.ch07.serving: client, streamed

# %% tags=["shows"]
import time
from chapters.ch07 import serving

try:
    with serving.serve(scene) as server:
        models = client(server.url).models.list()
        print("models:", [model.id.split("/")[-1] for model in models])
        served = ""
        for piece in streamed(
            server.url, server.model, chat, max_tokens=80, temperature=0
        ):
            served += piece
            print(piece, end="", flush=True)
        started = time.perf_counter()
        next(streamed(server.url, server.model, chat[1:], max_tokens=1))
        waited = time.perf_counter() - started
    assert (
        served == generate(poet, hub_format.as_text(reader, chat), 80, temperature=0)
        and waited < 10
    )
    print(
        "\n\nIt wrote the same letters as without a server; the first came after "
        f"{waited:.2f} s."
    )
except ModuleNotFoundError as missing:
    print(missing)

# %% [markdown]
# **Ollama** serves published models of billions of parameters on your own computer, and the same lines ask it. Here the system prompt is a task, as `<to-fr>` was above:

# %% tags=["shows"]
print(serving.ollama())
wish = [
    {"role": "system", "content": "Translate into Chinese."},
    {"role": "user", "content": "Hello my friends! How are you doing today?"},
]
for model in (serving.models_at(serving.OLLAMA) or [])[:1]:
    print(*streamed(serving.OLLAMA, model, wish, temperature=0), sep="")

# %% [markdown]
# No Ollama answered where this page was made, so what its models say is not ours. A university lecture of April 2025 prints two answers of `qwen2.5:3b` to this greeting. Typed at the model's own prompt it became 朋友们，你好吗？今天怎么样？ (*Friends, how are you? How is today?*). Over the API, with a system prompt, the answer began with 你好朋友们！ (*Hello, friends!*). The same parameters and the same sentence gave two answers, because something else around it was different, or the draw. That is what [chapter 8](08_who_answers.ipynb) is about. <!-- source: a university lecture on the Transformer, 17 April 2025; not computed here -->
#
# Why local at all? What you type stays on your computer, and no network is needed. The lecture advises 16 GB of memory, and a graphics card for larger models. Read the licence, too, because *open weights* need not be free for every use: SmolLM2's is Apache 2.0, which permits selling what you make of it, and that of `qwen2.5:3b` is for research and excludes commercial use. <!-- source: the lecture; licences on the model cards of SmolLM2-135M-Instruct and Qwen2.5-3B-Instruct -->
#
# What we have recorded is a far smaller model, SmolLM2, asked for French:

# %% jupyter={"source_hidden": true}
recorded = results.load("smollm_answers")
(asked_for, answer), = ((q, a) for q, a in recorded["answers"].items() if "French" in q)
size = from_cell(
    "{n} million parameters", n=round(recorded["parameters"] / 1e6)
)
print(f"{asked_for}\nSmolLM2, {size}, on {recorded['date']}: {answer}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "animal" in answer and "fatigu" not in answer and "rue" not in answer and round(recorded["parameters"] / 1e6) == 135

# %% [markdown]
# It writes French, but not this sentence: nothing in its answer is tired, and no street is crossed. A prompt is a task only for a model that has learned the task.

# %% [markdown] tags=["guess"]
# ## How does a 3 B model fit into 1.9 GB?
# <a id="quantisation"></a>
# `ollama run qwen2.5:3b` downloads 1.9 GB, but three billion parameters of four bytes need 12 GB. **Guess** how many bits per parameter are left.

# %%
from chapters.ch07 import hub_format

counted = hub_format.size_table()
counted

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(counted[-1]["parameters"] / 1e9, 2) == 3.09 and round(counted[-1]["MB"] / 1e3, 1) == 1.9

# %% [markdown]
# <details><summary>Answer</summary>
#
# About five bits per parameter are left. **Quantised** parameters are stored in blocks. Each block has scales of its own, and some matrices get more bits than others (format Q4_K_M).
#
# </details>

# %% [markdown]
# ## How did it come to this?

# %% slideshow={"slide_type": "skip"}
from chapters.ch07.timeline import timeline
from course_kit import data

history = data.load("history")
timeline(
    history,
    title=from_cell("How old is a weighted mean?"),
    caption=from_cell("A number in a circle is a chapter of this course."),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert history.year[0] == 1964 and set(range(1, 10)) <= set(history.chapter)
of_nine = [n for what, n in zip(history.what, history.chapter, strict=True) if what.startswith(("Chain of", "InstructGPT", "DPO", "GRPO", "RLVR", "DeepSeek-R1"))]
assert of_nine == 6 * [9]

# %% [markdown]
# ## What are such models used for?
# Wherever people write, classify or choose:
#
# | where | it reads | it gives | an example |
# |---|---|---|---|
# | customer service | a question and the turns before | a reply, or a draft for a person | with a GPT's drafts, agents solved 14 % more cases an hour (Brynjolfsson et al. 2023) <!-- source: the paper --> |
# | finance | news and posts | good or bad for a share; an alert when that changes | FinBERT, chapter 6's class for a sentence (Araci 2019) |
# | recommendation | what you bought or saw, in order | what may come next: things are the tokens | SASRec, a causal Transformer (Kang and McAuley 2018) |
# | summaries | a long text, then “TL;DR:” | the short one: a prompt as a task | GPT-2 (Radford et al. 2019) |
# | medicine | a patient's or a student's question | a draft that a doctor must check | Med-PaLM (Singhal et al. 2023) |
# | education | a pupil's steps | hints; plain answers left pupils worse off in the exam | Bastani et al. 2025 |
# | a city | the traffic at many places so far | the traffic in an hour: attention over places and times | GMAN (Zheng et al. 2020) |
# | programs | the code so far | the next lines, judged by running them | Codex (Chen et al. 2021) |
# | search | a question and what was found | an answer from the texts | RAG (Lewis et al. 2020) |
#
# Models *talk* after training on people's answers and preferences (Ouyang et al. 2022, InstructGPT), and *reason* after rewards that a program can check (DeepSeek-AI 2025, R1); you do both in [chapter 9](09_who_taught_it.ipynb). Attention also reads *sound* (Radford et al. 2022, Whisper), *pictures* in patches (Dosovitskiy et al. 2020, ViT) and *proteins* (Jumper et al. 2021, AlphaFold 2). <!-- source: the papers named -->
#
# **Limits.** Fluent text may be wrong (a *hallucination*, Ji et al. 2023). A model may know a text by heart, as GPT-2 did (Carlini et al. 2021). It repeats the prejudices of the web (Bender, Gebru et al. 2021), uses a long context unevenly (Liu et al. 2023), and cannot reliably tell text from commands (Greshake et al. 2023). It costs electricity (Strubell et al. 2019). <!-- source: the papers named -->
#
# **Open problems.** Why do scaling laws hold, and where do they end? What when all text has been used (Villalobos et al. 2022)? What do the heads compute? How can quality be measured when the test may have been in the training text?
#
# **Where to go next.** Stanford's CS224N and CS336; the course of Hugging Face; ARENA; A. Karpathy's *Let's build GPT* and *nanochat*; in Chinese the benchmark CLUE (Xu et al. 2020). Books: Jurafsky and Martin, *Speech and language processing*; Zhang et al., *Dive into deep learning* (动手学深度学习); 邱锡鹏, 神经网络与深度学习; Tunstall et al., *Natural language processing with Transformers*; Raschka, *Build a large language model (from scratch)*.

# %% [markdown]
# ## What circulates
# Each of these programs runs, but contains a bug from real scripts. First, lines that you will meet:
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | `logits.softmax(dim=1)[:, -1]`, of logits [B, T, V] | `dim=1` is time. The positions share each token among them, and the row that is returned does not sum to 1. | `logits[:, -1].softmax(dim=-1)` |
# | `torch.arange(T)` for the positions of tokens that follow a cache | they begin at 0 again, and so does the text | `past + torch.arange(T)` |
# | `is_causal=True` (or `tril`) for several new tokens behind a cache | the triangle begins in the wrong corner: the first new token sees one key | `tril(diagonal=past)` |
# | "the lower perplexity wins", for models whose tokens differ | a longer piece is harder to guess | bits per character |
# | temperature 0 would divide by 0, so 0.01 is as cold as it gets | nothing has to be divided: in the limit all weight is on the largest | `argmax` at 0 |
# | `2 ** loss` for the perplexity | torch's loss is in nats, and 2 undoes bits. If four tokens are equally likely, the perplexity is 4, but 2^1.386 is 2.6. | `loss.exp()` | <!-- source: 0.01 as people write it -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round((nats := torch.nn.functional.cross_entropy(torch.zeros(3, 4), torch.tensor([0, 2, 1]))).item(), 3) == 1.386
assert round((2**nats).item(), 1) == 2.6 and abs(nats.exp() - 4) < 1e-5
assert not torch.allclose(torch.tensor([[[0.0, 1, 2], [3, 1, 0]]]).softmax(dim=1)[:, -1].sum(-1), torch.ones(1), atol=0.1)

# %% [markdown] tags=["card"]
# ### Find the error ●●○ · 6 minutes
# Models of `transformers` take labels, and return a loss as well as logits. One line of this program is wrong: repair it.
#
# <!-- example: program 7.4 -->

# %% tags=["exercise"]
@find_error("program 7.4")
def their_loss(model, ids):                      # model: GPT2LMHeadModel
    labels = torch.full_like(ids, -100)    # −100: nothing is asked here
    labels[:, :-1] = ids[:, 1:]            # what follows each token
    output = model(ids, labels=labels)
    return output.loss

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Training costs 6ND operations. What does writing cost? One of these claims is "
    "wrong.",
    [
        "In the forward pass each parameter multiplies and adds once per token, which "
        "makes 2 operations",
        "The backward pass costs about twice as much as the forward pass, 4 operations",
        "N parameters cost 6N operations per token, in training and at inference",
        "The scores of attention come on top: they have no parameters, and grow with "
        "the length of the text",
    ],
    answer=2,
    because=[
        "This is true: one multiplication and one addition.",
        "This is true: it computes gradients for the inputs of each layer, and for its "
        "parameters.",
        "At inference there is no backward pass, so a token costs 2N operations, a "
        "third.",
        "This is true, but for short texts in large models it is little.",
    ],
)

# %% [markdown] tags=["card"]
# ### Find the error ●●● · 14 minutes
# This script trains a GPT and lets it write. It runs, it even writes something, and five of its lines are wrong: the training and the writing have their share of them. <!-- source: the exercise's program -->
#
# <!-- source: the program --> <!-- example: program 7.14 -->

# %% tags=["exercise"]
@find_error("program 7.14")
def train_and_write(model, batches, prompt, count, context):  # [N, B, context + 1]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    optimizer.zero_grad()
    model.train()
    for ids in batches:                                        # [B, context + 1]
        inputs, targets = ids[:, :-1], ids[:, :-1]
        p = torch.softmax(model(inputs), dim=-1)               # [B, context, V]
        loss = torch.nn.functional.cross_entropy(p.flatten(0, 1), targets.flatten())
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for _ in range(count):
            logits = model(prompt)                             # [1, T, V]
            prompt = torch.cat([prompt, logits[:, -1:].argmax(dim=-1)], dim=1)
    return loss.item(), prompt

# %% [markdown] tags=["questions"]
# ## Open questions
# <a id="open-questions"></a>
# **Prove: without positions, *a b c* and *b a c*.** At *c* one layer averages the same three values with the same weights, so its output is the same: one layer cannot tell. With two layers it can: in *a b c* the first layer's *b* has read *a*, in *b a c* it has read only itself. So the causal mask itself tells something about the order, from the second layer on.
#
# **Design an experiment: by heart?** Let the model write much text at several temperatures, find the longest stretch that stands in the book, and compare with the longest stretch that two tenths of the book share by chance.
#
# **Why not compare perplexities?** A long piece is harder to guess than a letter, so the model with the longer pieces has the higher perplexity, even if it is better. Divide by characters, not by tokens.

# %% [markdown] tags=["reading"]
# ## Further reading
# Shannon 1951, *Prediction and entropy of printed English* (the game) · Radford et al. 2018, 2019 (GPT, GPT-2) · Sennrich et al. 2016 (BPE) · Holtzman et al. 2020 (top-p) · Elhage et al. 2021, Olsson et al. 2022 (induction heads) · Kaplan et al. 2020 (6ND) · Hoffmann et al. 2022 (Chinchilla) · Leviathan et al. 2023 (speculative decoding) · Kwon et al. 2023 (paged cache).

# %% [markdown] tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [pre-training, fine-tuning](#pre-training) | 预训练、微调 | first text alone, then a task |
# | [induction head](#induction-head) | 归纳头 | finds what followed last time |
# | [in-context learning](#in-context) | 上下文学习 | from the prompt, without training |
# | [speculative decoding](#speculative-decoding) | 推测解码 | a small model drafts, a large one checks |
# | [scaling law](#scaling-law) | 缩放定律 | predicts the loss from size and text |
# | [data-parallel](#data-parallel) | 数据并行 | devices share the batch |
# | [paged cache](#paged-cache) | 分页缓存 | memory for a few tokens at a time |
# | [chat template](#chat-template) | 对话模板 | turns a dialogue into one text |
# | [system prompt](#system-prompt) | 系统提示 | instructions before the user's first turn |
# | [quantised](#quantisation) | 量化 | fewer bits per parameter |

# %% [markdown] tags=["reading"]
# Back to [the lesson](07_gpt.ipynb), or to [Start here and your progress](00_start_here.ipynb#progress).
