"""Views with data of their own, as tests in a page open them."""

from collections import Counter

import torch
from helpers import labs

from course_kit.views import heatmap, predict
from course_kit.views.view import at

SENTENCES = """The agreement on the European Economic Area was signed in August 1992 .
L' accord sur la zone économique européenne a été signé en août 1992 .
I am eating green apples ."""
ENGLISH, FRENCH, APPLES = (line.split() for line in SENTENCES.splitlines())
GOLD = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 6), (5, 5), (6, 4), (7, 7), (8, 7), (9, 8), (10, 9), (11, 10), (12, 11)]
WORDS = ["the", "animal", "didn't", "cross", "the", "street", "because", "it", "was", "too", "tired", "."]
CHINESE, STREET = list("我正在吃绿色的苹果。"), ["<bos>", "动物", "没有", "穿过", "街道"]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def soft(*shape, links=(), seed=0):
    """Weights over the last dimension; those of links are large."""
    scores = 2 * drawn(*shape, seed=seed)
    for t, s in links:
        scores[t, s] += 6
    return torch.softmax(scores, -1)


# ---- chapter 3
def knocked():
    """Without “European”: one word less; without “Area”: another word."""
    without = [w for w in FRENCH if w != "européenne"]
    other = ["union" if w == "zone" else w for w in FRENCH]
    return [
        {"word": 4, "tokens": without, "weights": soft(13, 12, seed=1)},
        {"word": 6, "tokens": other, "weights": soft(14, 12, seed=2)},
    ]


def european(**options):
    return labs.alignment((ENGLISH, FRENCH, soft(14, 13, links=GOLD)), **options)


def chinese(source=CHINESE, **options):
    weights = soft(6, 10, links=[(0, 0), (2, 3), (4, 7)])
    return labs.alignment((source, APPLES, weights), languages=("zh", "en"), **options)


# ---- heads
def layers(count=3, heads=4, queries=12, keys=12):
    return [soft(1, heads, queries, keys, seed=i) for i in range(count)]


def encoder(**options):
    return labs.heads(layers(), WORDS, **{"select": ("it", "animal"), "layer": 0, **options})


def three(first="encoder", **options):
    causal = torch.ones(5, 5).tril().bool()
    scores = drawn(2, 4, 5, 5, seed=3).masked_fill(~causal, -1e30)
    maps = {"encoder": layers(2), "decoder": torch.softmax(scores, -1), "source": layers(2, 4, 5, 12)}
    asked = {"encoder": WORDS, "decoder": STREET, "source": STREET}
    read = {"encoder": WORDS, "decoder": STREET, "source": WORDS}
    return labs.heads({first: maps[first]} | maps, asked, read, mask={"decoder": causal}, **options)


# ---- chapter 4
def shuffled(order=(0, 5, 2, 3, 4, 1), **options):
    """“the dog bites the old man”: the two *the* are one vector."""
    x = drawn(6, 8, seed=4)
    x[3] = x[0]
    return at(labs.shuffle(x, ["the", "dog", "bites", "the", "old", "man"], **options), order=list(order))


# ---- chapters 1 and 2
def hours(**options):
    return labs.ask([9.5, 14.6, 15.5], [1.0, 2.0, 3.0], query=14.7, width=1.0, key_name="hour", **options)


def sentence(**options):
    parts = (drawn(2, 2, seed=seed) for seed in (2, 3, 4))
    return labs.self_attention(drawn(3, 2, seed=1), *parts, ["the", "train", "stops"], **options)


def query(**options):
    return labs.attention([1.0, 1.5], drawn(3, 2, seed=1), drawn(3, 2, seed=2), **options)


# ---- chapters 6 to 8
READ, VOCABULARY = map(
    str.split,
    ("[CLS] the man went to the store [SEP] he bought a gallon of milk [SEP]",
     "the a man went to store he bought gallon of milk bread dog penguin [CLS] [SEP]"),
)  # fmt: skip
TRUTH = [word if i in (2, 6, 13) else None for i, word in enumerate(READ)]
HIDDEN = ["[MASK]" if true else word for word, true in zip(READ, TRUTH, strict=True)]
SIGNS = list("\n abcdefgh")
LINE = "the cat sat on the mat . the dog sat on the log . that cat and that dog are at the gate , aaaa aaa"


def masked_words():
    return labs.mask_tokens(READ, VOCABULARY)


def chances(seed=3):
    return torch.softmax(3 * drawn(len(READ), len(VOCABULARY), seed=seed), -1)


def expected(**options):
    return labs.predictions(HIDDEN, {"before": chances(3), "after": chances(4)}, VOCABULARY, truth=TRUTH, **options)


def gaps(**options):
    return labs.predictions(HIDDEN, chances(), VOCABULARY, truth=TRUTH, positions=[2, 6, 13], **options)


def tags(**options):
    """Of five words the last is taken for a person."""
    said, truth = torch.eye(4)[[1, 2, 0, 0, 1]], ["B-person", "I-person", "O", "O", "B-place"]
    kinds = ["O", "B-person", "I-person", "B-place"]
    names = ["Anna", "Berg", "moved", "from", "Lakeside"]
    return labs.predictions(names, said, kinds, truth=truth, covered=False, select=4, **options)


def sampled(**options):
    return labs.sampling(2 * drawn(10), SIGNS, text="a b", **options)


def game(**options):
    return labs.next_character("a bad cafe", (2 * drawn(6, len(SIGNS))).softmax(-1), SIGNS, **options)


VIEWS = {
    "heatmap": lambda **more: heatmap(soft(11, 11), WORDS[:11], WORDS[:11], select=("it", "animal"), **more),
    "maps by name": lambda **more: heatmap(
        soft(3, 6, 6), CHINESE[:6], CHINESE[:6], names=list("abc"), dots=True, **more
    ),
    "bandwidth": lambda **more: labs.bandwidth([1.0, 2.0, 2.5, 4.0], [1.0, 3.0, 2.0, 0.5], ([1, 4], [2, 3]), **more),
    "softmax": lambda **more: labs.softmax([2.0, 1.0, 0.1], ["cat", "sat", "mat"], **more),
    "predict": lambda **more: predict("Where does the curve go?", ["up", "down"], 1, "Because.", **more),
    "alignment": lambda **more: european(variants=knocked(), **more),
    "growing alignment": lambda **more: european(step=6, **more),
    "chinese alignment": chinese, "heads": encoder,
    "knocked heads": lambda **more: at(encoder(**more), layer=1, head=2, knocked=[[0, 1], [2, 3]]),
    "heads of a decoder": lambda **more: at(three("decoder", **more), head=-1),
    "one head": lambda **more: labs.heads(layers(1, 1), WORDS, **more),
    "clocks": labs.clocks, "paths": labs.paths, "rotation": labs.rotation, "shuffle": shuffled, "ask": hours,
    "self-attention": lambda **more: at(sentence(**more), at=["o", 1, 0]),
    "attention": lambda **more: at(query(**more), at=["a", 0, 1]),
    "masking": lambda **more: labs.masking(drawn(6, 6, seed=4), order="times", causal=True, **more),
    "scoring": lambda **more: labs.scoring([1.2, 0.5], drawn(3, 2), ["near", "far", "up"], **more),
    "call": lambda **more: at(labs.call(), step=2, **more),
    "masked words": masked_words, "gaps": gaps, "two models": expected, "tags": tags,
    "sampling": lambda **more: at(sampled(temperature=0.8, top_p=0.9, **more), draws=7),
    "game": lambda **more: at(game(**more), guesses=["x", ""]),
    "merges": lambda **more: labs.merges(Counter(LINE.split()), 12, word="attach", **more),
}  # fmt: skip
