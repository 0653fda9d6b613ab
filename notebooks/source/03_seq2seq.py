# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 3 · What does a translator look at?
# *Sequence to sequence, without attention and with it.* **At the end** you have trained two translators, watched one of them lose the thread, measured where the other one looks, and you can say what a BLEU score does not tell. Reading 70 minutes · live 60 · exercises 35 · *Deeper* 70 more. **Before:** [chapter 1](01_nadaraya_watson.ipynb) (query, key, value, softmax, masks) and [chapter 2](02_scoring_functions.ipynb) (additive score); what a recurrent network is.

# %%
import torch
import course_utils
from chapters.ch03 import labs
from course_utils.views import heatmap, plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do your eyes go?
# Translate this sentence into French, or watch somebody who can. **Before you press play:** after *parce qu'* comes *il*. Which English word do your eyes go back to?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.data import parallel
from chapters.ch03.lesson import gold_weights

tired = "the animal didn't cross the street because it was too tired ."
course = next(p for p in parallel.load_parallel("en-fr") if " ".join(p.source) == tired)
labs.alignment((course.source, course.target, gold_weights(course)), step=1, languages=("en", "fr"),
               title="Where do your eyes go?",
               caption="Each [output|French word] and the [key|English words] that it says: our links, no model yet.")

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="alignment"></a>
# <details><summary>Answer</summary>
#
# *Il*: your eyes go to "it", and your mind goes on to "animal", which is masculine in French.
#
# </details>
#
# A table of who says whom is called an **alignment**. It is no translation yet, but nobody translates without it.
#
# Nobody keeps all eleven words in the head and then writes without looking. Yet this is how the first neural translators worked, in 2014. Let us build one, and see where it breaks.
#
# **Keep this:** to translate is to look back, again and again, at another place each time.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# From chapters 1 and 2. Answer each before you unfold it.
#
# 1. Query, key, value: which of them asks, which is found, which is taken home?
# 2. A batch of short and long sentences. Which mask keeps the filling out of the softmax, and what does True mean?
# 3. The additive score is $w^\top\tanh(W_1q+W_2k)$. What would be left of the query without the tanh?
#
# <details><summary>Answers</summary>
#
# 1. The query asks, the key is found, the value is taken home. In this chapter keys and values are the same vectors.
# 2. The padding mask: True means *may be attended*, a real word.
# 3. Nothing: one number added to all scores of a row, and softmax looks at differences only.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Read, then write
# <a id="encoder"></a><a id="decoder"></a>
# Two recurrent networks. The **encoder** reads the source, word by word, and ends with a *representation*. The **decoder** starts from it and writes the *output*, one word at a time, hearing each time the word that it wrote last. Nothing in this is about languages: the same two parts summarise texts, answer questions, write down speech, put words under pictures, and turn programs into other programs. *Sequence to sequence*, in short **seq2seq**.<a id="seq2seq"></a>
#
# Our sentences come from a grammar of our own: 20,000 English ones with their French and Chinese, and gold alignments. No sentence that we test with was trained on.

# %%
from chapters.ch03.lesson import Lesson

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
# Twenty words made twenty states on the way. All are thrown away but the last ones, and the decoder sees this same vector at each step, whatever it is about to write. Chapter 1 called that the **bottleneck**: a summary made before the question is known.
#
# **Keep this:** without attention, one vector of fixed size carries the sentence, any sentence.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How it learns
# <a id="teacher-forcing"></a><a id="bos"></a>
# While it learns, the decoder does not hear its own words but the right ones: **teacher forcing**. It hears the translation from `<bos>` on (*beginning of sentence*) and has to say the same, one word further, up to `<eos>`.

# %% tags=["nbval-check-output"]
from course_utils import text

two = [e for e in lesson.examples("train") if " ".join(e.source) in ("i am a student .", "the dog bites the man .")]
pairs = [(lesson.source.encode(e.source), lesson.target.encode(e.target)) for e in sorted(two)]
batch = text.collate(pairs)
for hears, says in zip(batch.target_in, batch.target_out, strict=True):
    print("hears", *lesson.target.tokens(hears), "\n says", *lesson.target.tokens(says))

# %% [markdown]
# <a id="masked-loss"></a>
# The shorter sentence is filled up with `<pad>`. Whoever counts that in the loss rewards the model for saying nothing after the end. So the loss is masked: a mean over real words.
#
# ### Exercise 1 ●○○ · 4 minutes
# Write this **masked loss**. The logits are scores of each word of the vocabulary; you want minus the log-probability of the right one.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch03 import exercise, find_error, hint, solution

@exercise("masked loss")
def masked_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word -> one number"""
    raise NotImplementedError

# %% [markdown]
# Now train it. The learning rate rises over the first steps, then falls in a line. Beside the curve you see BLEU, a score of translations from 0 to 100 that we take apart later, and what the model makes of one sentence that it has never seen.

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
# To translate, the decoder hears its own words now, and stops when it says `<eos>`. Here are sentences of 5, 8, 11 … 20 words, the first of each length in the test set, not selected. **Guess first:** from which length on will it go wrong, and how: will it stop, stutter, or lie?

# %%
same = "✓: word for word the reference."
lesson.table({"without attention": plain}, lesson.ladder(), f"Longer and longer, not selected. {same}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# It lies. The French is fluent, the frame is often right, and in it stands *another sentence*: a wrong noun, a verb from elsewhere, a reason that nobody gave. A network that has only a blurred memory fills it with what is usual.
#
# </details>
#
# Over a thousand test sentences, by length, in two measures: BLEU, and the share of sentences in which *every* word is right.

# %%
lengths, plain_bleu, plain_right = lesson.by_length(plain)
plot.lines({"BLEU": (lengths, plain_bleu), "every word right, %": (lengths, plain_right)}, "words in the source", "",
           title="What does length cost?", caption="Without attention. 128 numbers carry each sentence, whatever its length.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert plain_right[0] > 10 > plain_right[-1]

# %% [markdown]
# BLEU forgives: the frame of a sentence is often right. Count whole sentences, and hardly a long one comes through.
#
# **Keep this:** a fixed vector holds a short sentence and blurs a long one; and a blurred memory does not stop, it makes things up.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Look back
# <a id="additive-attention"></a><a id="context"></a>
# The way out (Bahdanau, Cho and Bengio, 2014): throw nothing away. The encoder reads from both ends at once, as ours did already, so each word's state knows its left and its right (**bidirectional**). <a id="bidirectional"></a>New is that *all* states are kept: they are <b style="color:#007fc6">keys</b> and <b style="color:#008a67">values</b>. The decoder's state is the <b style="color:#bf5f00">query</b>. At each step it asks anew:
#
# $$ e_{ti}=w^\top\tanh(W_1{\color{#bf5f00}{s_t}}+W_2{\color{#007fc6}{h_i}}),\qquad \alpha_t=\mathrm{softmax}(e_t),\qquad {\color{#bb51a8}{c_t}}=\sum_i\alpha_{ti}\,{\color{#008a67}{h_i}} $$
#
# $c_t$ is the **context**: a new mean for each word. Padding is never attended. That is all there is to add.
#
# ### Exercise 2 ●●○ · 6 minutes
# Write one look back. `masked_softmax` from chapter 1 is there.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from course_utils.attention import masked_softmax

@exercise("additive attention step")
def look_back(query, keys, mask, W1, W2, w):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [H, Dq], W2 [H, Dk], w [H] -> context [B, Dk], weights [B, K]"""
    raise NotImplementedError

# %% [markdown]
# The second translator has the same sizes as the first, the same data, the same number of steps. It has one thing more: it may look back.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
attentive = lesson.model(attention="additive")
attentive_run = learn(attentive, "with attention")

# %%
_, attentive_bleu, attentive_right = lesson.by_length(attentive)
curves = {"with, BLEU": attentive_bleu, "with, every word": attentive_right, "without, BLEU": plain_bleu, "without, every word": plain_right}
plot.lines({name: (lengths, line) for name, line in curves.items()}, "words in the source", "%", title="Does length still matter?",
           caption="The same thousand sentences. With attention long ones come out about as well as short ones.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert min(attentive_bleu) > 65 and attentive_bleu[-1] - plain_bleu[-1] > 30 and attentive_right[-1] > 40

# %%
both = {"without attention": plain, "with attention": attentive}
lesson.table(both, lesson.ladder()[2:], "The long ones of before. ✓: word for word the reference.")

# %% [markdown]
# **Keep this:** keep every state, and let the decoder ask. The bottleneck is gone.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two rows of four steps
# A widely used table sets the *traditional* and the *attentive* decoder side by side: encode, context, decode, generate. Here it is as code that runs, and each line prints a shape.

# %% tags=["nbval-check-output"]
ids, begin = torch.tensor([lesson.source.encode(tired)]), torch.tensor([text.BOS])
for name, model in {"traditional": plain, "attention": attentive}.items():
    state = model.start(ids)  # encode: read it all
    context = state.memory.summary if model is plain else state.memory.states  # context: one vector, or all of them
    step = model.step(begin, state)  # decode: one word further
    word = step.logits.argmax(-1)  # generate: the best of all words
    shapes = [tuple(x.shape) for x in (ids, context, step.state.hidden, word)]
    print("{:11} encode {} · context from {} · decode {} · generate {}".format(name, *shapes))

# %% [markdown]
# One difference, in the second line. The lab shows it with eight features of the real states. Step through the words: on the left nothing ever changes, on the right each word has its own mean.

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
# Attend, move, read out: the loop that writes each word, with a plain recurrent cell and dot products to keep it short.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("one decoder step")
def decoder_step(word, state, keys, mask, E, Wx, Ws, Wo):
    """word [B], state [B, D], keys [B, K, D], mask [B, K], E [V, D], Wx [D, 2D], Ws [D, D], Wo [V, 2D]
    -> logits [B, V], new state [B, D]"""
    raise NotImplementedError

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: who asks, the state before or after?
# Bahdanau asks with $s_{t-1}$, the state *before* the new word, and the answer feeds the new state: attend, then move. Luong asks with $h_t$, the state *after*, and the answer feeds the prediction alone: move, then attend. Slides use both, sometimes in one deck. Ours has a switch, `query="previous"` or `"current"`. Besides the figures, one thing differs that a computer feels: which of them can handle all target words at once, when they are known?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.views import Table
from course_utils.support.clock import seconds

rows, batch = [], next(iter(lesson.batches))
for query in ("previous", "current"):
    model = lesson.model(attention="additive", query=query)
    took = seconds(lambda model=model: model(batch.source, batch.target_in, batch.source_mask), 3)
    rows.append({"who asks": query, "parameters": sum(p.numel() for p in model.parameters()), "ms a batch": 1000 * took})
Table(rows, f"{len(batch.source)} sentences; measured just now")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With $h_t$ the decoder's states don't depend on what was attended, so a whole sentence goes through in one call; with $s_{t-1}$ each word waits for the look of the word before. We train with $h_t$. Chapter 5 drives this further, until nothing waits.
#
# The loop of Bahdanau as it stands in the course, with the part that can be done ahead taken out of it:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.models.seq2seq import Seq2Seq
from course_utils.views import reveal

reveal(Seq2Seq._attend_then_move)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what tables say of encoders
# Three lists of claims that circulate. In each, one claim is wrong.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("one fixed vector")

@find_error("one fixed vector", line=None)  # the number of the wrong claim
def vectors(kind, length):
    """kind "plain", "attention" or "transformer"; length in tokens -> how many vectors the encoder hands over"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("under another name")

@find_error("under another name", line=None)
def steps_in_a_row(kind, length):
    """kind "rnn" or "transformer", length -> how many steps must wait for each other"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 5 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("a third attention")

@find_error("a third attention", line=None)
def mixes(layer, x):
    """layer [T, D] -> [T, D], x [T, D] -> True if a change of one token changes the output of another"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## European, Economic, Area
# French puts the adjective behind the noun. Here are four words that turn round on their way:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“the European Economic Area” becomes “la zone économique européenne”. While it writes “zone”, the second French word, "
    "which English word should get the weight?",
    ["European, the second", "Area, the last", "all three alike"],
    answer=1,
    because="zone = Area. Then it goes back: économique says Economic, européenne says European.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.decoding import translate
from chapters.ch03.lesson import checkpoint

longer_trained = checkpoint("seq2seq-attention-en-fr-grammar", instead=lesson.loaded(attentive))
area = translate(longer_trained, "We live in the European Economic Area.", beam=1)[0]
labs.alignment(area, step=4, languages=("en", "fr"), title="Which way does it read?", model=longer_trained)

# %% [markdown]
# Play it. The ink follows the diagonal as far as *dans la*. Then it jumps to *area* and walks back, against the reading direction: *économique* to *economic*, *européenne* to *european*. Nobody told the model that French adjectives follow; nobody showed it an alignment. It was paid for right words only, and looking at the right place pays. Between the two adjectives the ink is shared a little: remember it, we come back to that.
#
# (This sentence was *seen* in training: it is one of a few that return through the course. The figures below count new sentences.)
#
# And a translator that learnt from real sentences? In more than 150,000 of them it has met the word *European* a dozen times, and never this name.

# %%
heaviest = area.weights.argmax(-1).tolist()
looks = {word: area.source_tokens[place] for word, place in zip(area.tokens, heaviest, strict=True)}
turned = [looks.get(word) for word in ("zone", "économique", "européenne")]
real = checkpoint("seq2seq-attention-en-fr", instead=lesson.loaded(attentive))
invented = translate(real, "We live in the European Economic Area.", beam=1)[0]
if "name" in longer_trained.card and "name" in real.card:  # what stands in for them may look elsewhere
    assert turned == ["area", "economic", "european"] and "zone" not in invented.tokens
    assert invented.source_tokens[invented.weights[invented.tokens.index("▁car")].argmax()] == "▁europe"
print("our sentences:  zone, économique, européenne look at", *turned)
print("real sentences:", invented.text, "· seen" if invented.seen else "· new")

# %% [markdown]
# It glues pieces into a word that does not exist; the first, *car*, looks at “Europe”, the others half here and half there. Attention finds the place of words that one has learnt; it does not replace learning them.
#
# <a id="cross-attention"></a>
# ### Find the error ●○○ · 2 minutes
# A lecture shows just this picture when it introduces another idea.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("self or cross")

@find_error("self or cross", line=None)  # the number of the wrong claim
def kind_of_attention(queries, keys):
    """queries, keys: lists of words -> "self" or "cross" """
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Gold and learned
# <a id="aer"></a>
# Our grammar knows which word says which, so the learned alignment can be marked. The **alignment error rate** compares links: those predicted, $A$, those that are sure, $S$, and those that are possible, $P$, such as an article with its noun (every sure link is possible).
#
# $$ \mathrm{AER}=1-\frac{|A\cap S|+|A\cap P|}{|A|+|S|} $$
#
# We let each French word link to its heaviest English word.

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
labs.alignment(found, right.links, languages=("en", "fr"), title="Does it look where it should?")

# %% [markdown]
# Boxes are gold links, ink is what the model did. Where they part, look closely: often the ink stands on a *neighbour* of the right word. The neighbour's state has read the right word, too; both ends have. For the model that is as good a place to ask. A weight points at a state, and a state is more than its word.
#
# **Keep this:** alignment was never taught. It appears because looking in the right place lowers the loss, and only as far as it does.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Knock it out
# Take a word's weight away: the encoder has read it, but the decoder may not look there.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In “the old woman bought a red car yesterday .” nobody may look at “red” any more. What becomes of “rouge”?",
    ["it is gone", "it may well stay", "the translation breaks off"],
    answer=1,
    because="The states of “a” and “car” have read “red”. What one place may not say, its neighbours often can.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import ipywidgets
from IPython.display import display
from chapters.ch03.experiments import knocked_out

mine = "the old woman bought a red car yesterday ."  # your own: words of our grammar
deaf = knocked_out(lesson.loaded(attentive), mine, "weight")
gone = knocked_out(lesson.loaded(attentive), mine, "word")
view = labs.alignment(lesson.translate(attentive, mine)[0], variants=deaf, languages=("en", "fr"), live=True,
                      title="And without that one?")
told = ipywidgets.HTML("Knock a word out: Python compares with the sentence in which that word never was.")

def tell(change):
    """What is written without the weight, and what without the word."""
    without_weight, without_word = (" ".join(found[change["new"] - 1]["tokens"]) for found in (deaf, gone))
    if change["new"]:
        told.value = f"No weight on it: {without_weight}<br>Never read: {without_word}"

view.observe(tell, names="variant")
display(view, told)

# %% [markdown]
# Try each word. Then count, over two hundred new sentences: how often does the translation stay the same when one word gets no weight, and how often when the word is really gone?

# %%
from chapters.ch03.experiments import survives

kept = {what: survives(lesson, attentive, what) for what in ("weight", "word")}
print({f"unchanged without the {what}": f"{share:.0%}" for what, share in kept.items()})

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.3 < kept["weight"] < 0.55 and kept["weight"] > 1.3 * kept["word"]

# %% [markdown]
# About four times in ten nothing happens at all when a word loses its weight. So a picture of weights says where the model looked. It does not say what it would have done without.
#
# **Keep this:** attention is not explanation. Knock it out, and compare.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: who is "it"?
# The twins of chapter 1: *too tired*, and "it" is the animal, *il*; *too wide*, and "it" is the street, *elle*. The English "it" is the same word in both. The test twins hold nouns that stood in no twin of the training set. Guess the share of right pronouns; always "il" would get half.

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
lesson.table({"with attention": attentive}, lesson.examples("twins")[:4], "The first two pairs of twins, all new.")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A pronoun needs two things at once, the adjective *behind* it and the noun far before it. One look at one place cannot join them: the recurrent states have to. That takes time to learn, and attention is little help: our checkpoints, trained on three times as many words, get more than four in five right, with it or without it. Chapter 5 measures the same twins with a model in which words look at each other.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: read it backwards
# <a id="reversed-source"></a>
# Before attention there was a trick: feed the source *backwards* (Sutskever, Vinyals and Le, 2014). The first source word then stands right before the first target word, and the beginning of the translation, on which all the rest hangs, has the shortest way. Their encoder read in one direction only. Ours reads in both. **Guess:** does the trick still help?

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
# It does not: a little better with two seeds, worse with the third, and the means lie closer together than the seeds do. Reading backwards moves the burden from one end of the sentence to the other and makes no room, and our encoder, which reads from both ends, had the short way already. Train it yourself: `COURSE_PROFILE=full` gives it the full number of steps, the class forty, so that you see it run.
#
# </details>

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
backward = lesson.model(attention=None, reverse_source=True)
run = lesson.train(backward, steps={"class": 40, "full": 1000}[runtime.profile], show=True, title="backwards")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Real sentences
# So far the language was ours: some hundred words. Here are translators trained on *Tatoeba*, 160,000 English sentences that volunteers translated. The checkpoints come with the course; their cards say how they were made.

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
# Both were trained on the same pairs for the same number of steps; of each the best state on held-out sentences was kept. Here they translate the same test sentences, none of them trained on:

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
# *Seen* matters. A model may know a sentence by heart; only new ones tell whether it can translate. The mark is made by comparing fingerprints of all training sentences, and every table of this course carries it.
#
# Now yours. Type a sentence into the view, or change it in the cell; point at words.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
yours = "The little girl is reading a long letter to her father."
found = translate(real, yours)[0]
labs.alignment(found, languages=("en", "fr"), title=f"Your own sentence ({'trained on' if found.seen else 'new'})",
               model=real)

# %% [markdown]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR. The pieces that begin with ▁ are *subwords*: rare words fall into parts, so that few are unknown.</small>
#
# **Keep this:** always ask whether a sentence was seen. What is known by heart is no translation.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## At the moment of 高兴
# The same model class, other data: Chinese to English, character by character. While it writes *happy*, what does it look at? Two characters make one word, and nobody told it where words begin.

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
    display(labs.alignment(found, languages=("zh", "en"), title=f"What does “{said}” look at?", model=chinese))

# %% [markdown]
# High weights where the meaning is, low ones elsewhere: *happy* looks at 高 and 兴 together, and at 很, which belongs to them. *Eating* looks at 吃, which says what is done, and at 在, which says that it goes on just now. English puts both into one word.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: marks for Chinese
# Its links can be marked like the French ones. A link to one character of a word counts for the word.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
marks = chinese.card["metrics"] if chinese else {}
if "test_aer" in marks:
    assert weighs["happy"]["高"] + weighs["happy"]["兴"] > 0.5 and weighs["eating"]["吃"] > 0.5 > weighs["eating"]["在"] > 0.1
    exact, all_words, no_marks = (marks["test_" + name] for name in ("exact_match", "aer", "aer_without_punctuation"))
    assert exact > 0.88 and all_words < 0.2 and no_marks < 0.6 * all_words
    print(f"recorded: {exact:.0%} right word for word, AER {all_words:.2f}, without commas and full stops {no_marks:.2f}")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Nine translations in ten are right word for word, and still the error rate is far from 0. Nearly half of it are commas and full stops: the decoder knows without looking that a sentence ends, so nothing in the loss says where their weight should lie.
#
# **Keep this:** a weight is learned only where the look is needed.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far does a gradient reach?
# <a id="vanishing-gradient"></a>
# There is a second reason why the plain model fails, and it is about learning. Suppose that the last word of a translation is wrong because of the *first* word of the source. The gradient has to travel back through all steps in between, and each step multiplies it by a matrix. **Guess** what sixty multiplications do to a number, if each is a little below 1, or a little above.

# %%
from chapters.ch03.experiments import felt

kinds = {"RNN × 0.9": felt("rnn", gain=0.9), "RNN × 1.5": felt("rnn", gain=1.5), "GRU": felt("gru"),
         "attention": felt("attention", gain=0.9)}
far = {name: (line[-1] / line[0]).item() for name, line in kinds.items()}
plot.lines({name: (range(60), line) for name, line in kinds.items()}, "steps from the end", "size of the gradient", log="y",
           title="How much of an input does the end feel?",
           caption="Untrained networks. Attention has a road of length one to every place.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert far["RNN × 0.9"] < 1e-3 and far["RNN × 1.5"] > 10 and far["GRU"] < 1e-6 and 0.2 < far["attention"] < 5

# %% [markdown]
# <details><summary>Answer</summary>
#
# Below 1 it **vanishes**, above it **explodes**. A GRU, the recurrent network with gates of which our translators are built, forgets fastest of all while it knows nothing (it *can* learn to keep its gates open, which is why one uses it). Attention is flat: from the output to each state it is one step, however far away. This is why attentive models learn sooner, not only why they remember more.
#
# </details>
#
# **Keep this:** recurrent networks pass a gradient from hand to hand; attention calls everybody directly.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What BLEU counts
# <a id="bleu"></a><a id="n-gram"></a>
# All these scores were **BLEU** (Papineni et al. 2002). Count the runs of 1, 2, 3 and 4 words (**n-grams**) of the translation; how many stand in the reference, each at most as often as there? That gives four precisions $p_n$. Take their geometric mean. And since one could win by writing only the one word that is certain, multiply by a **brevity penalty**:<a id="brevity-penalty"></a>
#
# $$ \mathrm{BLEU}=\mathrm{BP}\cdot\exp\Big(\tfrac14\sum_{n=1}^{4}\ln p_n\Big),\qquad \mathrm{BP}=\begin{cases}1 & c\ge r\\ e^{\,1-r/c} & c<r\end{cases} $$
#
# with $c$ and $r$ the lengths of candidate and reference, summed over *all* sentences: BLEU is a score of a corpus.
#
# ### Exercise 4 ●○○ · 3 minutes

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("brevity penalty")
def brevity_penalty(hypothesis_length, reference_length):
    """two lengths in the same unit -> a number from 0 to 1"""
    raise NotImplementedError

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# A lecture scores the candidate 男孩 踢 足球 against 一个 小 男孩 在 踢 足球 and prints .4167. There are three errors on the way, and each is a short program here. The first:

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("two units in one score")

@find_error("two units in one score", line=None)  # the number of the wrong line
def brevity(candidate, reference):
    """two lists of words -> the brevity penalty"""
    raise NotImplementedError

# %%
from course_utils.metrics import bleu

candidate, reference = "男孩 踢 足球", "一个 小 男孩 在 踢 足球"
score = bleu([candidate], [reference], tokenize="none")
print("By the definition:", float(score), "· precisions", [round(p) for p in score.precisions], f"· brevity {score.brevity:.3f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(brevity(candidate.split(), reference.split()), 3) == 0.368 and score == 0

# %% [markdown]
# By the definition it is 0: no common run of three words, and no run of four at all. For single sentences tools smooth these zeros; sacrebleu's sentence score gives 23.2 here. All are right, and none can be compared with another. That is why papers name the tool, and why we hold our `bleu` to sacrebleu's corpus score, to 1e-6.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the other two errors, and the clipping
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("what is log zero")

@find_error("what is log zero", line=None)
def mean_precision(matches, totals):
    """matches and totals of 1- to 4-grams -> geometric mean of the precisions, without smoothing"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("which logarithm")

@find_error("which logarithm", line=None)
def score_of(precisions, brevity):
    """positive precisions, a brevity penalty -> the score"""
    raise NotImplementedError

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
import math
from sacrebleu import sentence_bleu

printed = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)   # characters, zeros dropped, log₁₀ undone by e
natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)     # the same with one logarithm
smoothed = sentence_bleu(candidate, [reference], tokenize="none").score
print(f"as printed {printed:.4f}, with the natural logarithm {natural:.3f}; sacrebleu, smoothed {smoothed:.1f} of 100")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert abs(printed - 0.4167) < 1e-4 and round(natural, 3) == 0.378 and round(smoothed, 1) == 23.2

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Exercise ●●○ · 5 minutes
# "Each at most as often as there": write the clipped count.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("clipped n-grams")
def clipped(candidate, reference, n):
    """two lists of words, n -> (matches, total)"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A person and some machines
# One sentence, one reference, five translations. A person wrote the first.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“The weather was bad, so we stayed at home.” Reference: “Il faisait mauvais, alors nous sommes restés à la maison.” "
    "A person writes: “Comme il faisait mauvais, on est restés chez nous.” Word for word, a machine: “Le temps était mauvais, "
    "alors nous sommes restés à la maison.” Which gets the higher BLEU?",
    ["the person: it is better French", "the machine, by far", "both about the same"],
    answer=1,
    because="BLEU counts runs of words that the reference happens to share. The machine shares ten in a row.",
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
# The person loses to nonsense. BLEU of one sentence against one reference says how much two people happened to choose the same words. Over thousands of sentences, for systems of one kind, it orders them fairly well; that is what it was made for. More references help, and reading helps more.
#
# **Keep this:** BLEU = clipped n-gram precisions × brevity, over a corpus, with the tool's name. Of a single sentence it says little.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Write the best sentence
# <a id="greedy"></a><a id="beam-search"></a>
# At each step the decoder gives a probability to each word. **Greedy** decoding takes the best one, and can't go back.
#
# ### Exercise 5 ●●○ · 5 minutes
# Write that loop. All decoders of this course use it.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("greedy loop")
def greedy(step, state, bos, eos, max_length):
    """step(word, state) -> (logits [V], state) -> the ids written, without bos and eos"""
    raise NotImplementedError

# %% [markdown]
# **Beam search** keeps several sentences side by side and goes on with the best few at each step. Each word costs probability, so short ones would win; a *length penalty* compares log-probability divided by $((5+\text{length})/6)^{\alpha}$.

# %%
rows = []
for one, wide in zip(translate(real, sentences, beam=1), translate(real, sentences, beam=8, length_penalty=0), strict=True):
    better = wide.text if wide.text != one.text else "the same"
    rows.append({"trained on": "seen" if one.seen else "new", "greedy": one.text, "log p": one.score, "beam of 8, α = 0": better, "log p ": wide.score})
Table(rows, "The six sentences of above")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(row["log p "] for row in rows) >= sum(row["log p"] for row in rows) - 1e-3

# %% [markdown]
# The beam finds sentences that the model thinks more probable, where there are any. Whether they are *better* is another question: probable is often short and dull.
#
# **Keep this:** greedy takes the best word, a beam the best few sentences. Neither asks whether the model is right.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What came of it
# Three years after the first attentive translator, in 2017, a model dropped the recurrence and kept the attention. This table is from its paper: BLEU on the WMT 2014 news test, English to German, against the arithmetic that the training took.

# %% jupyter={"source_hidden": true}
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

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 6 < cost["GNMT + RL"] / cost["Transformer (base)"] < 8 and 3 < cost["ConvS2S ×"] / cost["Transformer (big)"] < 4

# %% [markdown]
# Upper left is where one wants to be. To German, the base model reaches 27.3 with a seventh of GNMT's arithmetic, the big one 28.4 with less than a third of ConvS2S's ensemble; to French they reach 38.1 and 41.8. (ByteNet's 23.75 is missing: nobody wrote down what it cost.) How one gets there without recurrence is the subject of the next two chapters.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: five bugs
# Each of these programs runs, trains, and is wrong. Each has cost somebody a week.
#
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("a loss that looks too good")

@find_error("a loss that looks too good", line=None)
def mended_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] -> one number"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("perfect after one minute")

@find_error("perfect after one minute", line=None)
def teacher_forcing(ids, bos, eos):
    """ids [T] -> what it hears [T + 1], what it has to say [T + 1]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("the first word is always odd")

@find_error("the first word is always odd", line=None)
def heard(words, bos):
    """words [T], as they are written -> what the decoder hears before each [T]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("words that are not there")

@find_error("words that are not there", line=None)
def real_weights(scores, lengths):
    """scores [B, K], lengths [B] -> weights [B, K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("what was said before")

@find_error("what was said before", line=None)
def read_all(sentences, Wx, Ws):
    """sentences [N, T, E], Wx [D, E], Ws [D, D] -> last states [N, D]"""
    raise NotImplementedError

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
# Attention does not make a model immune to length; its recurrent states have never counted so far. It falls more slowly. *Unseen* holds pairs of words, such as an adjective and its noun, that training never shows together: here a good memory doesn't help, and the difference between learning words and learning sentences shows.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# The first six just now, on this machine, on sentences that were not trained on; the last three are recorded, means of several seeds. A value outside of its band stops the notebook.

# %%
from course_utils.data import results

seeds = {name: sum(r["bleu"]) / len(r["bleu"]) for name, r in results.load("seq2seq_readers")["readers"].items()}
rows = [
    ("BLEU without attention", lesson.bleu(plain), 5, 70),
    ("BLEU with attention", lesson.bleu(attentive), 85, 100),
    ("the difference at 16 words and more", attentive_bleu[-1] - plain_bleu[-1], 30, 100),
    ("alignment error rate", aer, 0, 0.25),
    ("unchanged without a word's weight", kept["weight"], 0.3, 0.55),
    ("gradient over 60 steps, attention", far["attention"], 0.2, 5),
    ("BLEU without attention (recorded)", seeds["plain"], 20, 70),
    ("BLEU without, source reversed (recorded)", seeds["reversed"], 20, 70),
    ("BLEU with attention (recorded)", seeds["attention"], 90, 100),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:40} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. A seq2seq model reads with an encoder and writes with a decoder; without attention one vector stands between them.
# 2. A blurred memory does not stop: it writes fluent sentences that were never said.
# 3. Attention keeps all states and asks anew at each word: additive score, softmax over real words, a context.
# 4. The alignment is learned, not taught; and a weight says where it looked, not what it needed.
# 5. BLEU is clipped precision × brevity over a corpus, with the tool's name; and "seen or new?" comes first.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [sequence to sequence](#seq2seq) | 序列到序列 | read one sequence, write another |
# | [encoder](#encoder) | 编码器 | the part that reads |
# | [decoder](#decoder) | 解码器 | the part that writes |
# | [alignment](#alignment) | 对齐 | which word says which |
# | [bottleneck](#bottleneck) | 瓶颈 | one vector of fixed size for any sentence |
# | [teacher forcing](#teacher-forcing) | 教师强制 | in training it hears the right words |
# | [beginning of sentence](#bos) | 句首标记 | `<bos>`, what the decoder hears first |
# | [masked loss](#masked-loss) | 带掩码的损失 | a mean over real words only |
# | [additive attention](#additive-attention) | 加性注意力 | wᵀ tanh(W₁q + W₂k) |
# | [context vector](#context) | 上下文向量 | the mean of the values, new at each step |
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
# - M.-T. Luong, H. Pham, C. Manning, *Effective approaches to attention-based neural machine translation*, 2015, section 3 (asks with the state after).
# - K. Papineni et al., *BLEU: a method for automatic evaluation of machine translation*, 2002, section 2; M. Post, *A call for clarity in reporting BLEU scores*, 2018.
# - F. Och and H. Ney, *A systematic comparison of various statistical alignment models*, 2003, section 6 (AER).
# - Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is difficult*, 1994, section 4.
# - Y. Wu et al., *Google's neural machine translation system*, 2016, section 7 (beam search, length penalty).
# - A. Vaswani et al., *Attention is all you need*, 2017, table 2.
# - S. Jain and B. Wallace, *Attention is not explanation*, 2019, section 4.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: words look at each other
# Here a French word asks English words. Nothing forbids that the words of *one* sentence ask each other, all at once, without a recurrent network between them. That is self-attention, chapter 4, and it has a problem that you may guess: who tells it the order of the words?
#
# **→ [4 · Who tells attention the order?](04_positional_encoding.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell whoever gave you the course: chapter 3, edition 0.2.0, and the heading above it.*
