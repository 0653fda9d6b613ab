# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 3 · What does a translator look at?
# *Sequence to sequence, without attention and with it.* **By the end** you will have trained two translators, watched one of them lose the thread, measured what the other one attends to, and you will know what a BLEU score does not tell you. Reading 70 minutes · live 60 · exercises 35 · *Deeper* 70 more. **Before:** [chapter 1](01_nadaraya_watson.ipynb) (query, key, value, softmax, masks) and [chapter 2](02_scoring_functions.ipynb) (additive score).

# %%
import torch
import course_utils
from chapters.ch03 import labs
from course_utils.views import heatmap, plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do your eyes go?
# Translate this sentence into French, or watch how it is done. **Before you press play:** after *parce qu'* comes *il*. Which English word do your eyes go back to?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.data import parallel
from chapters.ch03.lesson import gold_weights

tired = "the animal didn't cross the street because it was too tired ."
course = next(p for p in parallel.load_parallel("en-fr") if " ".join(p.source) == tired)
labs.alignment((course.source, course.target, gold_weights(course)), step=1, languages=("en", "fr"),
               title="Where do your eyes go?",
               caption="Each [output|French word] and the [key|English words] that it translates: our own links, no model yet.")

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="alignment"></a>
# <details><summary>Answer</summary>
#
# *Il*: your eyes go to "it", and your mind goes on to "animal", which is masculine in French.
#
# </details>
#
# A table showing which word translates which is called an **alignment**. It is not a translation, but you cannot translate without one.
#
# You would not memorise all eleven words and then write without looking. Yet this is how the neural translators of 2013 and 2014 worked. Let us build one and see where it breaks.
#
# **Keep this:** to translate is to look back again and again, each time at another word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# These are from chapters 1 and 2. Answer all three before you unfold the answers.
#
# 1. Query, key, value: which of them asks, which is found, which is taken home?
# 2. A batch has short and long sentences. Which mask keeps the padding out of the softmax, and what does True mean?
# 3. The additive score is $w^\top\tanh(W_1q+W_2k)$. What effect would the query have without the tanh?
#
# <details><summary>Answers</summary>
#
# 1. The query asks, the key is found, the value is taken home. In this chapter keys and values are the same vectors.
# 2. The padding mask: True marks a real word, which may be attended to.
# 3. None: it would add one number to all scores of a row, and softmax depends on differences only.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Read, then write
# <a id="encoder"></a><a id="decoder"></a>
# First, words have to become numbers. A **vocabulary** is a numbered list of all the words a model knows, and each word has an **embedding**: a vector of its own, random at first and changed by training. A **recurrent network** (RNN) reads these vectors one after the other and carries a **hidden state** $h$ along: $h_i=f(x_i,h_{i-1})$. In the simplest one, $f$ is $\tanh(W_x x_i+W_h h_{i-1})$. Ours is a **GRU**, which adds *gates*: numbers between 0 and 1 that decide, feature by feature, how much of the old state is kept.
#
# A translator has two of them. The **encoder** reads the source $x$ word by word and ends with a *representation* $c$, its last state. The **decoder** starts from $c$ and writes the *output* $y$ one word at a time. Its state $s_t$ depends on the word that it wrote last, and a matrix turns the state into a score for every word of the vocabulary (the **logits**), which softmax turns into probabilities:
#
# $$ c=h_n,\qquad s_t=f(s_{t-1},\,y_{t-1},\,c),\qquad P(y\mid x)=\prod_t P(y_t\mid s_t,c) $$
#
# Nothing in this is about languages: the same two parts summarise texts, answer questions, transcribe speech, describe pictures, and translate programs. The idea is called *sequence to sequence*, **seq2seq** for short.<a id="seq2seq"></a>
#
# Our sentences come from a grammar of our own: 20,000 English sentences with their French and Chinese translations and gold alignments. No score below counts a sentence that the model was trained on.

# %%
from chapters.ch03.lesson import Lesson, checkpoint

lesson = Lesson("en-fr")
print(f"{len(lesson.examples('train')):,} pairs to learn from, {len(lesson.examples('test')):,} to test with")
for example in lesson.ladder((6, 12)):
    print(" ".join(example.source), "→", " ".join(example.target))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The encoder reads a sentence of 5 words, then one of 20. How many numbers does it hand to the decoder?",
    ["four times as many for the long one", "the same number for both", "as many as it needs"],
    answer=1,
    because="It hands over its last state, and a state has a fixed size: 128 numbers here, for any sentence.",
)

# %% tags=["nbval-check-output"]
plain = lesson.model(attention=None)
for example in lesson.ladder((5, 20)):
    memory = plain.encode(torch.tensor([lesson.source.encode(example.source)]))
    print(f"{len(example.source):2} words:", tuple(memory.states.shape), "on the way,", tuple(memory.summary.shape), "handed over")

# %% [markdown]
# <a id="bottleneck"></a>
# Twenty words make twenty states on the way. All but the last ones are thrown away (our encoder reads from both ends, so it has two last ones), and the decoder sees this same vector at each step, whatever it is about to write. Chapter 1 called this the **bottleneck**: a summary made before the question is known.
#
# **Keep this:** without attention, one vector of fixed size carries the sentence, however long the sentence is.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How it learns
# <a id="teacher-forcing"></a><a id="bos"></a>
# During training the decoder does not read its own words but the correct ones: this is **teacher forcing**. It reads the correct translation, starting with `<bos>` (*beginning of sentence*), and at each word it has to predict the next, up to `<eos>` (*end of sentence*).

# %% tags=["nbval-check-output"]
from course_utils import text

two = [e for e in lesson.examples("train") if " ".join(e.source) in ("i am a student .", "the dog bites the man .")]
pairs = [(lesson.source.encode(e.source), lesson.target.encode(e.target)) for e in sorted(two)]
batch = text.collate(pairs)
for reads, predicts in zip(batch.target_in, batch.target_out, strict=True):
    print("   reads", *lesson.target.tokens(reads), "\npredicts", *lesson.target.tokens(predicts))

# %% [markdown]
# <a id="masked-loss"></a>
# The shorter sentence is filled up with `<pad>`. If padding counted in the loss, the model would earn marks for writing nothing after the end. So the loss is masked: it is a mean over real words.
#
# ### Exercise 1 ●○○ · 4 minutes
# Write this **masked loss**. The logits hold a score for each word of the vocabulary; you want minus the log-probability of the correct word.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch03 import again, exercise, find_error, hint, solution

@exercise("masked loss")
def masked_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word -> one number"""
    raise NotImplementedError

# %% [markdown]
# Now train it. The *learning rate*, the size of the steps of gradient descent, rises at first and then falls in a straight line. Beside the curve you see BLEU, a score of translations from 0 to 100 that we take apart later, and how the model translates one sentence that it has never seen.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from course_utils.training import fit
from course_utils.training.schedules import warm_then_fall

steps = {"class": 1000, "full": 4000}[runtime.profile]
watched = " ".join(lesson.ladder([14])[0].source)

def held_out(model):
    return {"BLEU": lesson.bleu(model, "valid", 100)}

def loss(model, batch):
    logits = model(batch.source, batch.target_in, batch.source_mask).logits
    return masked_loss(logits, batch.target_out, batch.target_mask)

def learn(model, title):
    return fit(model, lesson.batches, loss, steps=steps, lr=1e-2, clip=1.0, schedule=warm_then_fall(steps),
               evaluate=held_out, every=steps // 4, higher_is_better=True, title=title,
               samples=lambda model: lesson.translate(model, watched)[0].text)

plain_run = learn(plain, "without attention")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## It loses the thread
# To translate, the decoder now reads its own words, and stops when it writes `<eos>`. Here are sentences of 5, 8, 11 … 20 words (the full stop counts as one), the first of each length in the test set, not selected. **Guess first:** from which length on will it go wrong, and how: will it stop, stutter, or lie?

# %%
same = "✓: word for word the reference."
lesson.table({"without attention": plain}, lesson.ladder(), f"Longer and longer, not selected. {same}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# It lies. The French is fluent, and its frame is often right, but it says *something else*: a wrong noun, a verb from another sentence, a reason that nobody gave. A network with a blurred memory fills the gaps with what is usual.
#
# </details>
#
# Here are a thousand test sentences by length, in two measures: BLEU, and the share of sentences in which *every* word is right.

# %%
lengths, plain_bleu, plain_right = lesson.by_length(plain)
plot.lines({"BLEU": (lengths, plain_bleu), "every word right, %": (lengths, plain_right)}, "words in the source", "",
           title="What does length cost?", caption="Without attention. 128 numbers carry each sentence, whatever its length.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert plain_right[0] > 10 > plain_right[-1]
assert 800 < len(lesson.source) < 830  # English words

# %% [markdown]
# BLEU forgives, because parts of a sentence are often right. Hardly any long sentence is right as a whole; but that alone would be so if each word went wrong equally often, since a long sentence has more words. Or was the training too short? A model of the same size, trained with three times the words, answers that.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not (longest := checkpoint("seq2seq-plain-en-fr-grammar")) or longest.card["metrics"]["test_bleu_by_length"]["5-7"] > 75
assert not longest or longest.card["metrics"]["test_bleu_by_length"]["20-99"] < 55

# %% [markdown]
# It has learned short sentences well and still loses the long ones, from 80 BLEU at 5 to 7 words down to 51 at 20 and more. (This is one trained model; the section *Real sentences* shows the same gap on another corpus.)
#
# **Keep this:** a fixed vector holds a short sentence and blurs a long one; and a blurred memory does not stop, it makes things up.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Look back
# <a id="additive-attention"></a><a id="context"></a>
# The remedy (Bahdanau, Cho and Bengio, 2014) is to throw nothing away. The encoder reads from both ends at once, as ours did already, so each word's state knows the words to its left and to its right (**bidirectional**). <a id="bidirectional"></a>What is new is that *all* states are kept: they are the <b style="color:#007fc6">keys</b> and the <b style="color:#008a67">values</b>. The decoder's state is the <b style="color:#bf5f00">query</b>, and it asks again at each step:
#
# $$ e_{ti}=w^\top\tanh(W_1{\color{#bf5f00}{s_t}}+W_2{\color{#007fc6}{h_i}}+b),\qquad \alpha_t=\mathrm{softmax}(e_t),\qquad {\color{#bb51a8}{c_t}}=\sum_i\alpha_{ti}\,{\color{#008a67}{h_i}} $$
#
# $c_t$ is the **context**: a new average for each word, instead of one $c$ for all. Padding is never attended to. Bahdanau's query is the state *before* the step, $s_{t-1}$, and the context goes into the new state. Luong's (2015) is the state *after* it, $s_t$. Our models use a simple form of Luong's, in which the context goes only into the prediction (his own also feeds it into the next step), because then attention and output can be computed for all words of a known translation at once. A *Deeper* section compares the two.
#
# ### Exercise 2 ●●○ · 6 minutes
# Write one such step. `masked_softmax` from chapter 1 is available; leave out the bias $b$.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from course_utils.attention import masked_softmax

@exercise("additive attention step")
def look_back(query, keys, mask, W1, W2, w):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [H, Dq], W2 [H, Dk], w [H] -> context [B, Dk], weights [B, K]"""
    raise NotImplementedError

# %% [markdown]
# The second translator has the same state size as the first, the same data and the same number of steps, and it can look back. (It even has fewer parameters, 499,637 against 532,277, because the context no longer enters the recurrence.)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
attentive = lesson.model(attention="additive")
assert [sum(p.numel() for p in model.parameters()) for model in (attentive, plain)] == [499_637, 532_277]
attentive_run = learn(attentive, "with attention")

# %%
_, attentive_bleu, attentive_right = lesson.by_length(attentive)
curves = {"with, BLEU": attentive_bleu, "with, every word": attentive_right, "without, BLEU": plain_bleu, "without, every word": plain_right}
plot.lines({name: (lengths, line) for name, line in curves.items()}, "words in the source", "%", title="Does length still matter?",
           caption="The same thousand sentences. With attention, BLEU is no lower for long ones than for short ones.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert min(attentive_bleu) > 65 and attentive_bleu[-1] - plain_bleu[-1] > 30 and attentive_right[-1] > 40

# %%
both = {"without attention": plain, "with attention": attentive}
lesson.table(both, lesson.ladder()[2:], "The long sentences from above, translated by both. ✓: word for word the reference.")

# %% [markdown]
# **Keep this:** keep every state, and let the decoder ask at each word. Then there is no bottleneck.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far does a gradient reach?
# <a id="vanishing-gradient"></a>
# Attention also shortens the path of the gradient. Suppose that the last word of a translation is wrong because of one source word. The gradient has to travel back from the end of the decoder to that word, and each recurrent step on the way multiplies it by a matrix. If each step makes it a little smaller, it **vanishes**; if a little larger, it **explodes**. So it matters how many steps lie between.
#
# **Guess:** before training and without attention, which of sixteen source words move the last target word most: the first, the ones in the middle, or the last?

# %%
from chapters.ch03.experiments import reach

u, flat = (reach(lesson, lesson.model(attention=score).eval()) for score in (None, "additive"))
lines = {"without attention": (range(1, 17), u), "with attention": (range(1, 17), flat)}
plot.lines(lines, "source word", "share of the gradient", title="Which source words move the last target word?",
           caption="Untrained models, a mean over twenty sentences of sixteen words. The shares add up to 1.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert min(u[0], u[-1]) > 20 * u.min() and flat.max() < 1.5 * flat.min()

# %% [markdown]
# <details><summary>Answer</summary>
#
# The first *and* the last, more than twenty times as much as the middle. Our encoder reads from both ends, and the last state of each direction goes into every step of the decoder. So the first word and the last are one step away, and the words in the middle are far from both. (The translators of 2014 that read in one direction had only one arm of this U.) With attention, every source word is one step away from every target word, and the curve is flat. This is where training starts from.
#
# </details>
#
# **Keep this:** a recurrent network hands a gradient on from step to step; attention connects every source word directly.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: sixty steps
# How fast does a gradient vanish or explode? Here are four small untrained networks with sixty inputs and one output, the last state. In the two RNNs the recurrent matrix is a rotation times 0.9 or 1.5; the GRU has PyTorch's own initialisation, which is small; the last one is the first RNN with attention over its states.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch03.experiments import felt

kinds = {"RNN × 0.9": felt("rnn", gain=0.9), "RNN × 1.5": felt("rnn", gain=1.5), "GRU": felt("gru"),
         "attention": felt("attention", gain=0.9)}
far = {name: (line[-1] / line[0]).item() for name, line in kinds.items()}
plot.lines({name: (range(60), line) for name, line in kinds.items()}, "steps from the end", "size of the gradient", log="y",
           title="How much does each input move the end?",
           caption="Untrained networks. With attention, every input is one step away from the output.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert far["RNN × 0.9"] < 1e-3 and far["RNN × 1.5"] > 10 and far["GRU"] < 1e-6 and 0.2 < far["attention"] < 5

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The GRU's gradient vanishes fastest here, because of its small initial parameters. Training can open its gates so that it keeps a state for a long time, which is why GRUs and LSTMs replaced simple RNNs. Attention does not need to learn this first.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two rows of four steps
# A widely used table compares the *traditional* decoder with the *attentive* one in four steps: encode, context, decode, generate. Here it is as code that runs. Each model prints one line, with the shape after each step.

# %% tags=["nbval-check-output"]
ids, begin = torch.tensor([lesson.source.encode(tired)]), torch.tensor([text.BOS])
for name, model in {"traditional": plain, "attention": attentive}.items():
    state = model.start(ids)  # encode: read it all
    context = state.memory.summary if model is plain else state.memory.states  # context: one vector, or all of them
    step = model.step(begin, state)  # decode: one word further
    word = step.logits.argmax(-1)  # generate: the best of all words
    shapes = [tuple(x.shape) for x in (state.memory.states, context, step.state.hidden, word)]
    print("{:11} encode {} · context from {} · decode {} · generate {}".format(name, *shapes))

W1, W2, w = attentive.score.W1, attentive.score.W2.weight, attentive.score.w.weight[0]
query = torch.cat([step.state.hidden[:, -1], torch.ones(1, 1)], -1)  # the 1 meets the bias b, one more column of W1
_, weights = look_back(query, context, state.memory.mask, torch.cat([W1.weight, W1.bias[:, None]], -1), W2, w)
assert torch.allclose(weights, step.weights, atol=1e-4)  # your look_back gives the model's own weights

# %% [markdown]
# The two lines differ in one place: the context comes from one vector or from all states. The last lines check your `look_back`: with the trained parameters it gives the model's own weights. The lab shows this with eight features of the real states. Step through the words: on the left nothing ever changes, on the right each word gets its own average.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch03.lesson import checkpoint

short = "the animal was too tired ."
translated, without = lesson.translate(attentive, short)[0], lesson.translate(plain, short)[0]
with torch.no_grad():
    reads = [model.encode(torch.tensor([lesson.source.encode(short)])) for model in (attentive, plain)]
labs.flow(translated, reads[0].states[0, :, 60:68], plain=without, plain_states=reads[1].states[0, :, 60:68],
          plain_context=reads[1].summary[0, 60:68], plain_from=(0, -1), features=(60, 68),
          models=[checkpoint(f"seq2seq-{kind}-en-fr-grammar") for kind in ("attention", "plain")])

# %% [markdown]
# ### Exercise 3 ●●● · 8 minutes
# Attend, update the state, predict: this is what happens for each word. To keep it short, use a simple recurrent cell and dot products, and Bahdanau's order: the query is the state *before* the step.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("one decoder step")
def decoder_step(word, state, keys, mask, E, Wx, Ws, Wo):
    """word [B], state [B, D], keys [B, K, D], mask [B, K], E [V, D], Wx [D, 2D], Ws [D, D], Wo [V, 2D]
    -> logits [B, V], new state [B, D]"""
    raise NotImplementedError

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: is the query the state before or after?
# Bahdanau's query is $s_{t-1}$, the state *before* the new word, and the context goes into the new state: attend, then update. Luong's query is $s_t$, the state *after*, and in our form the context goes only into the prediction: update, then attend. Lecture slides use both, sometimes in one deck. Our model has a switch, `query="previous"` or `"current"`. In which of the two can attention and output be computed for all target words at once, when they are known?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.views import Table
from course_utils.support.clock import seconds

rows, batch = [], next(iter(lesson.batches))
for query in ("previous", "current"):
    model = lesson.model(attention="additive", query=query)
    took = seconds(lambda model=model: model(batch.source, batch.target_in, batch.source_mask), 3)
    rows.append({"query": query, "parameters": sum(p.numel() for p in model.parameters()), "ms a batch": 1000 * took})
Table(rows, f"{len(batch.source)} sentences; measured just now")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With $s_t$ the decoder's states don't depend on what was attended to, so attention and output are computed for a whole sentence in one call (the recurrence itself still goes step by step, inside one call of the GRU); with $s_{t-1}$ each word has to wait for the attention of the word before. We train with $s_t$. Chapter 5 goes further, until nothing has to wait.
#
# This is Bahdanau's loop as the course uses it; the keys are projected once, before the loop:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.models.seq2seq import Seq2Seq
from course_utils.views import reveal

reveal(Seq2Seq._attend_then_move)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what tables say of encoders
# Here are three lists of claims that circulate. In each, one claim is wrong.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 3.1")

@find_error("claims 3.1", line=None)  # the number of the wrong claim
def vectors(kind, length):
    """kind "plain", "attention" or "transformer"; length in tokens -> how many vectors the encoder hands over"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 3.2")

@find_error("claims 3.2", line=None)  # the number of the wrong claim
def steps_in_a_row(kind, length):
    """kind "rnn" or "transformer", length -> how many steps must wait for each other"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 5 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 3.3")

@find_error("claims 3.3", line=None)  # the number of the wrong claim
def mixes(layer, x):
    """layer [T, D] -> [T, D], x [T, D] -> True if a change of one token changes the output of another"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## European, Economic, Area
# French puts most adjectives after the noun. Here are three words that change their order:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“the European Economic Area” becomes “la zone économique européenne”. While it writes “zone”, the second French word, "
    "which English word should get the weight?",
    ["European, the second", "Area, the last", "all three equally"],
    answer=1,
    because="zone translates Area. Then it goes back: économique translates Economic, européenne European.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.decoding import translate
from chapters.ch03.lesson import checkpoint

longer_trained = checkpoint("seq2seq-attention-en-fr-grammar", instead=lesson.loaded(attentive))
area = translate(longer_trained, "We live in the European Economic Area.", beam=1)[0]
labs.alignment(area, languages=("en", "fr"), title="Which way does it read?", model=longer_trained)

# %% [markdown]
# Play it. The ink follows the diagonal as far as *dans la*. Then it jumps to *area* and goes back, against the reading direction: *économique* to *economic*, *européenne* to *european*. Nobody told the model that French adjectives follow, and nobody showed it an alignment. We rewarded it only for correct words. Attending to the right word turned out to help.
#
# This sentence was *seen* in training, and so was the phrase. Type one that was not: *My aunt is discussing the European economic crisis.* The ink turns round there as well.
#
# And a translator that learned from real sentences? In its training data the word *European* is rare, and this name never occurs.

# %%
heaviest = area.weights.argmax(-1).tolist()
looks = {word: area.source_tokens[position] for word, position in zip(area.tokens, heaviest, strict=True)}
turned = [looks.get(word) for word in ("zone", "économique", "européenne")]
real = checkpoint("seq2seq-attention-en-fr", instead=lesson.loaded(attentive))
invented = translate(real, "We live in the European Economic Area.", beam=1)[0]
if "name" in longer_trained.card and "name" in real.card:  # what stands in for them may look elsewhere
    assert turned == ["area", "economic", "european"] and "zone" not in invented.tokens
    assert invented.source_tokens[invented.weights[invented.tokens.index("▁car")].argmax()] == "▁europe"
print("our sentences:  zone, économique, européenne attend to", *turned)
print("real sentences:", invented.text, "· seen" if invented.seen else "· new")

# %% [markdown]
# It joins pieces into a word that does not exist. The first piece, *car*, attends to “Europe”, the others to several words at once. Attention finds the position of words that the model has learned; it does not replace learning them.
#
# <a id="cross-attention"></a>
# ### Find the error ●○○ · 2 minutes
# A lecture shows this very picture when it introduces another idea.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("claims 3.4")

@find_error("claims 3.4", line=None)  # the number of the wrong claim
def kind_of_attention(queries, keys):
    """queries, keys: lists of words -> "self" or "cross" """
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Gold and learned
# <a id="aer"></a>
# Our grammar knows which word translates which, so the learned alignment can be scored. The **alignment error rate** compares three sets of links: those predicted, $A$, those that are sure, $S$, and those that are possible, $P$, such as an article with its noun (every sure link is also possible).
#
# $$ \mathrm{AER}=1-\frac{|A\cap S|+|A\cap P|}{|A|+|S|} $$
#
# We link each French word to the English word with the largest weight.

# %%
aer = lesson.alignment_error(attentive)
untrained = lesson.alignment_error(lesson.model(attention="additive"), count=200)
print(f"AER on {len(lesson.examples('test')):,} new sentences: {aer:.2f}; before training: {untrained:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert untrained > 0.6 and aer < 0.25

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
written = lesson.write(attentive, lesson.examples("test")[:200])
fits = [e for e, w in zip(lesson.examples("test"), written, strict=False) if " ".join(e.target) == w]
right = next(e for e in fits if len(e.source) >= 13)  # the first long one that equals its reference: gold links fit it
found = lesson.translate(attentive, " ".join(right.source))[0]
labs.alignment(found, right.links, languages=("en", "fr"), title="Does it attend where it should?")

# %% [markdown]
# Boxes are gold links, ink is what the model did. Where they differ, look closely: often the ink is on a *neighbour* of the right word. The neighbour's state has read the right word as well, so for the model it is as good a place to ask. A weight points at a state, and a state knows more than its own word.
#
# Now look at our own sentence and its twin. In the first, "it" is the animal; in the second, the street. **Guess:** when the model has to decide between *il* and *elle*, where will it look: at "animal" and "street", at "it", or at the adjective?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
said = {}
for adjective, pronoun in (("tired", "il"), ("wide", "elle")):
    twin = translate(longer_trained, f"The animal didn't cross the street because it was too {adjective}.", beam=1)[0]
    if pronoun in twin.tokens:
        said[pronoun] = dict(zip(twin.source_tokens, twin.weights[twin.tokens.index(pronoun)].tolist(), strict=True))
        print(f"{pronoun}:", ", ".join(f"{word} {weight:.2f}" for word, weight in said[pronoun].items() if weight > 0.05))
if "name" in longer_trained.card:
    assert said["il"]["it"] > 0.6 and said["elle"]["."] > 0.5 and all(said["il"]["animal"] + x["street"] < 0.05 for x in said.values())
labs.alignment(twin, step=11, languages=("en", "fr"), title="What decides between “il” and “elle”?", model=longer_trained)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Almost nothing goes to "animal" or "street". For *il* most of the weight is on "it", but for *elle* more than half is on the *full stop*. By the full stop, the recurrent network has read the whole sentence, the adjective and both nouns included, so its state can know the answer. That suggests that the decision is made in the recurrent states and attention only picks up the result; a map cannot prove it. (Both sentences were seen in training, and this is one trained model.)
#
# </details>
#
# **Keep this:** alignment was never taught. It appears because attending to the right state lowers the loss; and a state is more than its word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take a word away
# Set a word's weight to zero: the encoder has read the word, but the decoder may not attend to it.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In “the old woman bought a red car yesterday .” the decoder may no longer attend to “red”. What happens to “rouge”?",
    ["it disappears", "it may well stay", "the translation breaks off"],
    answer=1,
    because="The states of “a” and “car” have read “red” as well, and they often contain enough of it.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import ipywidgets
from IPython.display import display
from chapters.ch03.experiments import knocked_out

mine = "the old woman bought a red car yesterday ."  # your own: words of our grammar
deaf = knocked_out(lesson.loaded(attentive), mine, "weight")
gone = knocked_out(lesson.loaded(attentive), mine, "word")
view = labs.alignment(lesson.translate(attentive, mine)[0], variants=deaf, languages=("en", "fr"), live=True,
                      title="And without that word?")
told = ipywidgets.HTML("Knock a word out: Python compares with the sentence that never had this word.")

def tell(change):
    """What is written without the weight, and what without the word."""
    without_weight, without_word = (" ".join(found[change["new"] - 1]["tokens"]) for found in (deaf, gone))
    if change["new"]:
        told.value = f"No weight on it: {without_weight}<br>Never read: {without_word}"

view.observe(tell, names="variant")
display(view, told)

# %% [markdown]
# Try each word. Then count over two hundred new sentences, with one word in each, at a different position each time: how often does the translation stay the same when the word gets no weight, and how often when it is really missing?

# %%
from chapters.ch03.experiments import survives

kept = {what: survives(lesson, attentive, what) for what in ("weight", "word")}
print({f"unchanged without the {what}": f"{share:.0%}" for what, share in kept.items()})

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.3 < kept["weight"] < 0.55 and kept["weight"] > 1.3 * kept["word"]

# %% [markdown]
# In about four cases out of ten nothing changes when a word loses its weight. So a picture of weights shows where the model looked. It does not show what the model would have done without it. (How much the weights explain is debated; chapter 1's reading list has both sides.)
#
# **Keep this:** to know whether a word mattered, take it away and compare.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what is "it"?
# Count the pronouns of the twins: *too tired*, and "it" is the animal, *il*; *too wide*, and "it" is the street, *elle*. The test twins contain nouns that were in no twin of the training set. Guess the share of correct pronouns; always writing "il" would get half of them right.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch03.lesson import checkpoint
from chapters.ch03.experiments import pronouns_right

who = {name: pronouns_right(lesson, model) for name, model in both.items()}
assert all(0.3 < share < 0.75 for share in who.values())
trained_on = {name: checkpoint(f"seq2seq-{kind}-en-fr-grammar") for name, kind in zip(both, ("plain", "attention"), strict=True)}
later = {name: pronouns_right(lesson, loaded.model) for name, loaded in trained_on.items() if loaded}
assert all(share > 0.75 for share in later.values())
for when, shares in {"just now": who, "three times as long": later}.items():
    print(f"right pronouns, trained {when}:", {name: f"{share:.0%}" for name, share in shares.items()})
pairs_of_twins = sorted(lesson.examples("twins"), key=lambda example: example.twin.pair)
lesson.table({"with attention": attentive}, pairs_of_twins[:4], "The first two pairs of twins, all new.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert pairs_of_twins[0].twin.pair == pairs_of_twins[1].twin.pair

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A pronoun depends on two words at once: the adjective *after* it and a noun far before it. The recurrent states can combine them, but that takes time to learn. After this chapter's short training neither model does well, and the one with attention is no better than the other; our checkpoints, trained with three times as many words, get more than three in four right, with attention or without. Chapter 5 measures the same twins with a model in which words attend to each other.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: read it backwards
# <a id="reversed-source"></a>
# Before attention there was a trick: feed the source *backwards* (Sutskever, Vinyals and Le, 2014). Then the first source word comes right before the first target word, and the beginning of the translation, on which the rest depends, is the easiest to learn. Their encoder read in one direction only. Ours reads in both. **Guess:** does the trick still help?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.data import results

recorded = results.load("seq2seq_readers")
mean = {name: [sum(x) / len(x) for x in zip(*r["by_length"], strict=True)] for name, r in recorded["readers"].items()}
total = {name: sum(r["bleu"]) / len(r["bleu"]) for name, r in recorded["readers"].items()}
plot.lines({name: (recorded["lengths"], line) for name, line in mean.items()}, "words in the source", "BLEU",
           title="Does it help to read backwards?",
           caption=f"Means of {len(recorded['seeds'])} seeds, {recorded['steps']} steps each. {recorded.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert total["attention"] > total["plain"] + 20 and abs(total["reversed"] - total["plain"]) < 2

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
helps = [b > a for a, b in zip(*(recorded["readers"][name]["bleu"] for name in ("plain", "reversed")), strict=True)]
assert sorted(helps) == [False, True, True]
for name, r in recorded["readers"].items():
    print(f"{name:12} BLEU, seed by seed: {r['bleu']}", f"AER {r['aer']}" if r["aer"] else "")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# It does not: it is a little better with two seeds and worse with the third, and the means lie closer together than the seeds do. A likely reason is that our encoder reads from both ends, so that the first word was close already; this is the U of *How far does a gradient reach?* Train it yourself: with `COURSE_PROFILE=full` it trains to the end; otherwise it runs forty steps, just so that you see it start.
#
# </details>

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
backward = lesson.model(attention=None, reverse_source=True)
run = lesson.train(backward, steps={"class": 40, "full": 1000}[runtime.profile], show=True, title="backwards")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Real sentences
# So far we used a language of our own, with about 800 English words. Here are translators trained on *Tatoeba*, 160,000 English sentences with translations by volunteers. These checkpoints (trained parameters, stored in a file) come with the course; their cards say how they were made.

# %%
from IPython.display import display
from chapters.ch03.lesson import checkpoint, translations

real = checkpoint("seq2seq-attention-en-fr", instead=lesson.loaded(attentive))
real_plain = checkpoint("seq2seq-plain-en-fr", instead=lesson.loaded(plain))
sentences = ["I am a student.", "Let them eat cake.", "He didn't come because he was ill.",
             "My grandmother told me a story that I have never forgotten.",
             "If I had known that you were coming I would have baked a cake.",
             "The animal didn't cross the street because it was too tired."]
display(translations(real, sentences, caption=f"With attention: {real.card.get('name', 'the model trained above')}."))
translations(real_plain, sentences, caption=f"Without attention: {real_plain.card.get('name', 'the model trained above')}.")

# %% [markdown]
# Both were trained on the same pairs for the same number of steps, and of each we kept the state that was best on held-out sentences. Here they translate the same test sentences, none of which they were trained on:

# %%
from course_utils.views import Table

rows = []
for name, loaded in {"with attention": real, "without": real_plain}.items():
    if found := loaded.card.get("metrics"):  # a model that stands in has none
        by_words = {f"{words} words": score for words, score in found["test_bleu_by_length"].items()}
        rows.append({"": name, "steps": loaded.card["training"]["steps"], "BLEU": found["test_bleu_beam_4"], **by_words})
if len(rows) == 2:
    gap = [a - b for a, b in list(zip(rows[0].values(), rows[1].values(), strict=True))[1:]]
    assert gap[0] == 0 and gap[1] > 8 and gap[2:] == sorted(gap[2:])
Table(rows or [{"": "no checkpoints"}], "BLEU on test sentences of Tatoeba, all and by length. Recorded.")

# %% [markdown]
# The gap widens from one length to the next, as it did with our own sentences.
#
# *Our own sentence* is in the first table as well, and neither model gets it right.
#
# *Seen* matters. A model may know a sentence by heart; only new sentences show whether it can translate. Every table of translations in this course says which were trained on: it compares them with fingerprints of all training sentences.
#
# Now it is your turn. Type a sentence into the view, or change it in the cell, and point at words.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
yours = "The little girl is reading a long letter to her father."
found = translate(real, yours)[0]
labs.alignment(found, languages=("en", "fr"), title=f"Your own sentence ({'trained on' if found.seen else 'new'})",
               model=real)

# %% [markdown]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR. The pieces that begin with ▁ are *subwords*: rare words fall into parts, so that few are unknown.</small>
#
# **Keep this:** always ask whether a sentence was seen in training. Repeating what you know by heart is not translating.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## At the moment of 高兴
# The same model class with other data translates from Chinese to English, character by character. When it writes *happy*, what does it attend to? The word has two characters, and nobody told the model where words begin.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from IPython.display import display

chinese = checkpoint("seq2seq-attention-zh-en-grammar", instead="seq2seq-attention-zh-en")
weighs = {}
for moment, said in {"我今天很高兴。": "happy", "我正在吃绿色的苹果。": "eating"}.items() if chinese else ():
    found = translate(chinese, moment)[0]
    words = [token.strip("▁") for token in found.tokens]
    print(moment, "→", found.text, "· trained on" if found.seen else "· new")
    if said in words:
        weighs[said] = dict(zip(found.source_tokens, found.weights[words.index(said)].tolist(), strict=True))
        print(f"   {said}:", ", ".join(f"{c} {w:.2f}" for c, w in weighs[said].items() if w > 0.05))
    display(labs.alignment(found, languages=("zh", "en"), title=f"What does “{said}” attend to?", model=chinese))

# %% [markdown]
# Most of the weight is where the meaning is: *happy* attends to 高 and 兴 together, and to 很 (*very*), which belongs to them. *Eating* attends to 吃, which names the action, and to 在, which says that it is going on now. English puts both into one word.
#
# But compare the translations with the Chinese. 今天 means *today*, and *today* is missing; and it says *an green*. The weights look sensible and the translation is still wrong. They show where the model looked, not whether it understood.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a score for Chinese
# Its links can be scored like the French ones. A link to one character of a word counts for the word.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
marks = chinese.card["metrics"] if chinese else {}
if "test_aer" in marks:
    assert weighs["happy"]["高"] + weighs["happy"]["兴"] > 0.5 and weighs["eating"]["吃"] > 0.5 > weighs["eating"]["在"] > 0.1
    exact, all_words, no_marks = (marks["test_" + name] for name in ("exact_match", "aer", "aer_without_punctuation"))
    assert exact > 0.88 and all_words < 0.2 and no_marks < 0.6 * all_words
    print(f"recorded: {exact:.0%} right word for word, AER {all_words:.2f}, without commas and full stops {no_marks:.2f}")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Nine translations out of ten are right word for word, and still the error rate is far from 0. Nearly half of it comes from commas and full stops: the decoder knows without attention that a sentence ends, so nothing in the loss says where their weight should be.
#
# **Keep this:** the model learns an alignment only where it needs one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What BLEU counts
# <a id="bleu"></a><a id="n-gram"></a>
# All these scores were **BLEU** (Papineni et al. 2002). Count the runs of 1, 2, 3 and 4 words (**n-grams**) in the translation. How many of them are in the reference, counting each at most as often as it occurs there? This gives four precisions $p_n$. Take their geometric mean. A model could still win by writing only the few words that it is sure of, so multiply by a **brevity penalty**:<a id="brevity-penalty"></a>
#
# $$ \mathrm{BLEU}=\mathrm{BP}\cdot\exp\Big(\tfrac14\sum_{n=1}^{4}\ln p_n\Big),\qquad \mathrm{BP}=\begin{cases}1 & c\ge r\\ e^{\,1-r/c} & c<r\end{cases} $$
#
# with $c$ and $r$ the lengths of candidate and reference, summed over *all* sentences: BLEU is a score of a corpus.
#
# ### Exercise 4 ●○○ · 3 minutes
# Write the brevity penalty, BP. `hypothesis_length` is $c$, the length of the translation, and `reference_length` is $r$.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
import math

@exercise("brevity penalty")
def brevity_penalty(hypothesis_length, reference_length):
    """two lengths in the same unit -> a number from 0 to 1"""
    raise NotImplementedError

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# A lecture scores the candidate 男孩 踢 足球 against 一个 小 男孩 在 踢 足球 and prints .4167. It makes three errors on the way, and each is a short program here. This is the first:

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 3.5")

@find_error("program 3.5", line=None)  # the number of the wrong line
def brevity(candidate, reference):          # lists of words
    c, r = len("".join(candidate)), len("".join(reference))
    return 1.0 if c >= r else math.exp(1 - r / c)

# %%
from course_utils.metrics import bleu, ngrams

candidate, reference = "男孩 踢 足球", "一个 小 男孩 在 踢 足球"
ours, theirs = candidate.split(), reference.split()
hits = [(ngrams(ours, n) & ngrams(theirs, n)).total() for n in (1, 2, 3, 4)]
precisions = [100 * hit / max(1, len(ours) - n) for n, hit in enumerate(hits)]
print("by the definition: precisions", precisions, f"· brevity {brevity(ours, theirs):.3f}")
print("your penalty of 1, 2, … 7 words for 6:", [round(brevity_penalty(c, 6), 3) for c in range(1, 8)])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(brevity(ours, theirs), 3) == 0.368 and precisions == [100, 50, 0, 0]
assert brevity(ours, theirs) == brevity_penalty(len(ours), len(theirs)) and brevity_penalty(7, 6) == 1

# %% [markdown]
# By the definition BLEU is 0: the two have no run of three words in common, and the candidate has no run of four at all. So tools *smooth* such zeros, in different ways. sacrebleu's score of this sentence is 23.2; its corpus score, which our `bleu` equals to 1e-6, replaces a precision of 0 by half an n-gram, then a quarter, and so on. None of these can be compared with another, which is why papers name the tool.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the other two errors, and the clipping
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 3.6")

@find_error("program 3.6", line=None)  # the number of the wrong line
def mean_precision(matches, totals):         # [3, 1, 0, 0] of [3, 2, 1, 0]
    total = 0.0
    for m, t in zip(matches, totals, strict=True):
        if m > 0:
            total += math.log(m / t) / 4
    return math.exp(total)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 3.7")

@find_error("program 3.7", line=None)  # the number of the wrong line
def score_of(precisions, brevity):
    logs = [math.log10(p) for p in precisions]
    mean = sum(logs) / len(logs)
    return brevity * math.exp(mean)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from sacrebleu import sentence_bleu

printed = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)   # characters, zeros dropped, log₁₀ undone by e
natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)     # the same with one logarithm
smoothed = sentence_bleu(candidate, [reference], tokenize="none").score
print(f"in the lecture .4167 (unrounded {printed:.4f}), with the natural logarithm {natural:.3f}; sacrebleu, smoothed {smoothed:.1f} of 100")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert abs(printed - 0.4167) < 1e-4 and round(natural, 3) == 0.378 and round(smoothed, 1) == 23.2

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Exercise ●●○ · 5 minutes
# "Counting each at most as often as it occurs there": write this clipped count. `Counter` counts the elements of a list.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
from collections import Counter

@exercise("clipped n-grams")
def clipped(candidate, reference, n):
    """two lists of words, n -> (matches, total)"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# These are all the parts of BLEU. Here they are put together, for one sentence, without smoothing:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def your_bleu(candidate, reference):
    """Two lists of words -> BLEU of one sentence, 0 to 100."""
    matches, totals = zip(*(clipped(candidate, reference, n) for n in (1, 2, 3, 4)), strict=True)
    return 100 * brevity_penalty(len(candidate), len(reference)) * mean_precision(matches, totals)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
right = "la petite fille lit une longue lettre à son père .".split()
spoilt = "la petite petite fille lit une lettre à son père .".split()
print(f"a longer sentence: {your_bleu(spoilt, right):.1f}; the lecture's: {your_bleu(ours, theirs):.1f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert your_bleu(ours, theirs) == 0 and abs(your_bleu(right, right) - 100) < 1e-6
assert abs(your_bleu(spoilt, right) - bleu([" ".join(spoilt)], [" ".join(right)], tokenize="none")) < 1e-6

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A person and some machines
# Here is one sentence with one reference and five translations. A person wrote the first.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“The weather was bad, so we stayed at home.” Reference: “Il faisait mauvais, alors nous sommes restés à la maison.” "
    "A person writes: “Comme il faisait mauvais, on est restés chez nous.” Word for word, a machine: “Le temps était mauvais, "
    "alors nous sommes restés à la maison.” Which gets the higher BLEU?",
    ["the person: it is better French", "the machine, by far", "both about the same"],
    answer=1,
    because="BLEU counts runs of words that also occur in the reference. The machine shares ten in a row.",
)

# %% jupyter={"source_hidden": true}
from course_utils.views import Table

source, answer = "The weather was bad, so we stayed at home.", "Il faisait mauvais, alors nous sommes restés à la maison."
tried = {
    "a person": "Comme il faisait mauvais, on est restés chez nous.",
    "word for word": "Le temps était mauvais, alors nous sommes restés à la maison.",
    "nonsense": "Il faisait mauvais, alors nous sommes restés à la maison maison.",
    "checkpoint with attention": translate(real, source)[0].text,
    "checkpoint without": translate(real_plain, source)[0].text,
}
scores = {name: float(bleu([words], [answer], lowercase=True)) for name, words in tried.items()}
mark = "trained on" if any(loaded.was_seen(source) for loaded in (real, real_plain)) else "new"
Table([{"by": name, "translation": words, "BLEU": scores[name]} for name, words in tried.items()],
      f"{source} For the checkpoints: {mark}.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores["a person"] < 30 < 60 < scores["word for word"] < scores["nonsense"]

# %% [markdown]
# The person loses to nonsense. BLEU for one sentence against one reference says how far two translators happened to choose the same words. Over thousands of sentences it ranks systems of one kind fairly well, if they differ enough, which is what it was made for. More references help, and reading the translations helps more.
#
# **Keep this:** BLEU = clipped n-gram precisions × brevity, over a corpus, with the tool's name. For a single sentence it says little.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Write the best sentence
# <a id="greedy"></a><a id="beam-search"></a>
# At each step the decoder gives each word a probability. **Greedy** decoding takes the most probable one and never goes back.
#
# ### Exercise 5 ●●○ · 5 minutes
# Write this loop. It works for every decoder in this course; below it writes with the translator that you trained.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("greedy loop")
def greedy(step, state, bos, eos, max_length):
    """step(word, state) -> (logits [V], state) -> the ids written, without bos and eos"""
    raise NotImplementedError

# %% [markdown]
# **Beam search** keeps several sentences side by side and continues the best few at each step. Each further word makes a sentence less probable, so short ones would win; therefore sentences are compared by log-probability divided by $((5+\text{length})/6)^{\alpha}$, a *length penalty*. (Below, α = 0 switches it off, so that you see the plain log-probabilities.)

# %%
attentive.eval()

def one_word(word, state):
    """The trained model one word further: id, state -> logits [V], state."""
    step = attentive.step(torch.tensor([int(word)]), state)
    return step.logits[0], step.state

begun = attentive.start(torch.tensor([lesson.source.encode(watched)]))
own_words = lesson.target.tokens(greedy(one_word, begun, text.BOS, text.EOS, 40).tolist())
print("Your loop:", *own_words)
rows = []
for one, wide in zip(translate(real, sentences, beam=1), translate(real, sentences, beam=8, length_penalty=0), strict=True):
    better = wide.text if wide.text != one.text else "the same"
    rows.append({"trained on": "seen" if one.seen else "new", "greedy": one.text, "log p": one.score, "beam of 8, α = 0": better, "log p ": wide.score})
Table(rows, "The six sentences from above")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert " ".join(own_words) == lesson.write(attentive, lesson.ladder([14]))[0]
assert sum(row["log p "] for row in rows) >= sum(row["log p"] for row in rows) - 1e-3

# %% [markdown]
# Over these six sentences the beam's translations are more probable, taken together. (A beam is a search, and gives no guarantee for a single sentence.) Whether they are *better* is another question: probable sentences are often short and dull.
#
# **Keep this:** greedy takes the best word, a beam keeps the best few sentences. Neither can tell whether the model is right.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a decoder of your own
# You have written a loss, a decoder step and a loop. Together they are a decoder; only its parameters are missing. Here are four matrices of random numbers. The encoder is the one that you trained, and it is not changed. **Guess:** how much French does your step learn in two hundred steps of training?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from torch import nn

V, draw = len(lesson.target), torch.Generator().manual_seed(6)
shapes = (V, 128), (128, 256), (128, 128), (V, 256)  # E, Wx, Ws, Wo
own = nn.ParameterList(torch.randn(*shape, generator=draw) / shape[1] ** 0.5 for shape in shapes)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def own_loss(own, batch):
    """Your decoder_step, word after word, and then your masked_loss."""
    with torch.no_grad():
        memory = attentive.encode(batch.source, batch.source_mask)
    state, rows = memory.summary, []
    for word in batch.target_in.unbind(1):
        logits, state = decoder_step(word, state, memory.states, batch.source_mask, *own)
        rows.append(logits)
    return masked_loss(torch.stack(rows, 1), batch.target_out, batch.target_mask)

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
own_steps = {"class": 200, "full": 1000}[runtime.profile]
trial = next(iter(lesson.batches))
before = own_loss(own, trial).item()
own_run = fit(own, lesson.batches, own_loss, steps=own_steps, lr=1e-2, clip=1.0, schedule=warm_then_fall(own_steps), title="your own decoder")

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def own_translation(source):
    """Your greedy loop around your step: English words -> French words."""
    memory = attentive.encode(torch.tensor([lesson.source.encode(source)]))

    def one_word(word, state):
        logits, state = decoder_step(torch.tensor([int(word)]), state, memory.states, memory.mask, *own)
        return logits[0], state

    return lesson.target.tokens(greedy(one_word, memory.summary, text.BOS, text.EOS, 40).tolist())

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
for example in lesson.ladder((5, 8, 11)):
    print(" ".join(example.source), "→", *own_translation(example.source))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert before > 5 and own_loss(own, trial).item() < 0.4 * before

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The sentences are new, and much of their French is right already: short ones come out well, long ones only in part. The states of the encoder hold what is needed; your step has learned where to find it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what came next
# In 2017, three years after the first translator with attention, a model dropped the recurrence and kept the attention. These figures are from its paper: BLEU on the WMT 2014 news test against the arithmetic that the training took.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils import data

wmt = data.load("wmt14")
names = [name + " ×" * bool(many) for name, many in zip(wmt.name, wmt.ensemble, strict=True)]
figures = {"to German": (wmt.flops_en_de, wmt.bleu_en_de), "to French": (wmt.flops_en_fr, wmt.bleu_en_fr)}

def quality(flops, score):
    known = [i for i, x in enumerate(flops) if x == x]
    x, y, labels = ([column[i] for i in known] for column in (flops, score, names))
    return plot.points(x, y, "operations for the training", "BLEU", labels=labels, log="x")

cost = dict(zip(names, wmt.flops_en_de, strict=True))
plot.beside({f"English {name}": quality(*columns) for name, columns in figures.items()}, title="What does quality cost?",
            caption="Up is better, left is cheaper; × means several models that vote. As printed in 2017.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 6 < cost["GNMT + RL"] / cost["Transformer (base)"] < 8 and 3 < cost["ConvS2S ×"] / cost["Transformer (big)"] < 4

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The upper left corner is best: good and cheap. Into German, the base model reaches 27.3 with a seventh of GNMT's arithmetic, the big one 28.4 with less than a third of what ConvS2S's ensemble took. Into French the big model reaches 41.8, more than any other here, but the base model's 38.1 is the lowest of all. (ByteNet's 23.75 is missing because its cost was not published.) How to get there without recurrence is the subject of the next two chapters.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: five bugs
# Each of these programs runs and trains, and each is wrong.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 3.8")

@find_error("program 3.8", line=None)  # the number of the wrong line
def mended_loss(logits, target, mask):            # [B, T, V], [B, T], [B, T] True = a real token
    log_p = logits.log_softmax(-1)
    right = log_p.gather(-1, target[..., None])[..., 0]
    return -right.mean()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 3.9")

@find_error("program 3.9", line=None)  # the number of the wrong line
def teacher_forcing(ids, bos, eos):               # ids [T], the right translation
    sentence = torch.cat([torch.tensor([bos]), ids, torch.tensor([eos])])
    reads = sentence[:-1]
    predicts = sentence[:-1]
    return reads, predicts

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 3.10")

@find_error("program 3.10", line=None)  # the number of the wrong line
def heard(words, bos):      # words [T], as they are written
    reads, last = [], 0
    for word in words:
        reads.append(last)
        last = word
    return torch.tensor(reads)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 3.11")

@find_error("program 3.11", line=None)  # the number of the wrong line
def real_weights(scores, lengths):                     # scores [B, K], lengths [B]
    real = torch.arange(scores.shape[1]) < lengths[:, None]
    scores = scores * real
    return torch.softmax(scores, dim=-1)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 3.12")

@find_error("program 3.12", line=None)  # the number of the wrong line
def read_all(sentences, Wx, Ws):          # [N, T, E]: N sentences of T words
    states, state = [], torch.zeros(len(Ws))
    for words in sentences:
        for word in words:
            state = torch.tanh(Wx @ word + Ws @ state)
        states.append(state)
    return torch.stack(states)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: longer than anything it saw
# The longest training sentence has 24 words. The challenge set begins at 25, with the same words.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
longer, unseen = ({name: lesson.bleu(model, split, 200) for name, model in both.items()} for split in ("long", "unseen"))
print("25 to 40 words:", {name: round(score) for name, score in longer.items()})
print("new pairs of words:", {name: round(score) for name, score in unseen.items()})

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert longer["with attention"] > longer["without attention"] + 10 and unseen["with attention"] > 70

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Attention does not make a model immune to length: its score drops, too, on sentences longer than any in its training, though it stays ahead. The *unseen* set contains pairs of words, such as an adjective and its noun, that never occur together in training. A good memory does not help there; the model has to have learned words, not sentences.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# The first six were measured just now, on this machine, on sentences that were not trained on; the last three are recorded means of three seeds. A value outside its band stops the notebook.

# %%
from course_utils.data import results

seeds = {name: sum(r["bleu"]) / len(r["bleu"]) for name, r in results.load("seq2seq_readers")["readers"].items()}
rows = [
    ("BLEU without attention", lesson.bleu(plain), 5, 70),
    ("BLEU with attention", lesson.bleu(attentive), 85, 100),
    ("the difference at 16 words and more", attentive_bleu[-1] - plain_bleu[-1], 30, 100),
    ("alignment error rate", aer, 0, 0.25),
    ("unchanged without a word's weight", kept["weight"], 0.3, 0.55),
    ("gradient, without attention: ends over middle", (u[0] / u.min()).item(), 20, 100),
    ("BLEU without attention (recorded)", seeds["plain"], 20, 70),
    ("BLEU without, source reversed (recorded)", seeds["reversed"], 20, 70),
    ("BLEU with attention (recorded)", seeds["attention"], 90, 100),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:40} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. A seq2seq model reads with an encoder and writes with a decoder; without attention, one vector has to carry everything between them.
# 2. A blurred memory does not stop: it writes fluent sentences that are not translations.
# 3. Attention keeps all states and asks again at each word: additive score, softmax over real words, a context.
# 4. The alignment is learned, not taught; and a weight shows where the model looked, not what it needed.
# 5. BLEU is clipped precision × brevity over a corpus, with the tool's name; and "seen or new?" comes first.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [sequence to sequence](#seq2seq) | 序列到序列 | read one sequence, write another |
# | [encoder](#encoder) | 编码器 | the part that reads |
# | [decoder](#decoder) | 解码器 | the part that writes |
# | [alignment](#alignment) | 对齐 | which word translates which |
# | [bottleneck](#bottleneck) | 瓶颈 | one vector of fixed size for any sentence |
# | [teacher forcing](#teacher-forcing) | 教师强制 | in training the decoder reads the correct words |
# | [beginning of sentence](#bos) | 句首标记 | `<bos>`, what the decoder reads first |
# | [masked loss](#masked-loss) | 带掩码的损失 | a mean over real words only |
# | [additive attention](#additive-attention) | 加性注意力 | wᵀ tanh(W₁q + W₂k) |
# | [context vector](#context) | 上下文向量 | the weighted average of the values, new at each step |
# | [bidirectional](#bidirectional) | 双向 | read from both ends |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from one sentence, keys from another |
# | [alignment error rate](#aer) | 对齐错误率 | how far learned links are from gold ones |
# | [reversed source](#reversed-source) | 源序列反转 | a trick from before attention |
# | [vanishing gradient](#vanishing-gradient) | 梯度消失 | multiplied by less than 1, again and again |
# | [BLEU](#bleu) | BLEU（双语评估替补） | n-gram precision × brevity |
# | [n-gram](#n-gram) | n 元语法 | n words in a row |
# | [brevity penalty](#brevity-penalty) | 过短惩罚 | for translations that are too short |
# | [greedy decoding](#greedy) | 贪心解码 | the best word at each step |
# | [beam search](#beam-search) | 束搜索 | the best few sentences, side by side |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - I. Sutskever, O. Vinyals, Q. Le, *Sequence to sequence learning with neural networks*, 2014, section 3.3: the reversed source.
# - K. Cho et al., *Learning phrase representations using RNN encoder–decoder*, 2014, section 2 (the GRU is in 2.3).
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural machine translation by jointly learning to align and translate*, 2015, section 3, and figure 3 with the European Economic Area.
# - M.-T. Luong, H. Pham, C. Manning, *Effective approaches to attention-based neural machine translation*, 2015, section 3 (the query is the state after the step).
# - K. Papineni et al., *BLEU: a method for automatic evaluation of machine translation*, 2002, section 2; M. Post, *A call for clarity in reporting BLEU scores*, 2018.
# - F. Och and H. Ney, *A systematic comparison of various statistical alignment models*, 2003, section 6 (AER).
# - Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is difficult*, 1994, section 4.
# - Y. Wu et al., *Google's neural machine translation system*, 2016, section 7 (beam search, length penalty).
# - A. Vaswani et al., *Attention is all you need*, 2017, table 2.
# - S. Jain and B. Wallace, *Attention is not explanation*, 2019, section 4.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: words attend to each other
# Here a French word asks English words. The words of *one* sentence can ask each other, too, all at once and without a recurrent network. This is self-attention, the subject of chapter 4, and it has a problem that you may guess: who tells it the order of the words?
#
# **→ [4 · Who tells attention the order?](04_positional_encoding.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 3, edition 0.2.0, and the heading above it.*
