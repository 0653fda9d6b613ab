"""The whole Transformer as one drawing: every part tells what it is for, its shapes and its parameters."""

from typing import NamedTuple

from course_kit.checks import described, one_of
from course_kit.views.live import shell
from course_kit.views.picture import COLOURS
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.blocks import AddNorm
from course_utils.transformer import Transformer

SIDES = ("encoder", "decoder")
INK, QUIET, FRAME = "#1b2430", "#596573", "#c3ced9"

NORM = (
    "Brings every vector to mean 0 and variance 1, then scales and shifts each feature by learned numbers. It comes "
    "before the sub-layer, so nothing interrupts the residual connection around both."
)
ADD = (
    "Adds what the sub-layer has computed to what came in. The vectors run from the bottom to the top along these "
    "connections, and each sub-layer only adds to them."
)
FFN = (
    "Two linear layers with a ReLU between them, the same for every position. Attention moves information between "
    "words; this layer works on each word separately."
)
MASKS = {
    "": "",
    "full": "S × S: only padding is hidden",
    "causal": "T × T: later words are hidden",
    "cross": "T × S: only padding is hidden",
}
EMBEDDING = "Each id picks its row of a table, the vector of that token. It is multiplied by √D, so that the positions"
POSITIONS = (
    "Adds a fixed vector to each position, because attention by itself cannot tell in which order the words come. "
    "Nothing is learned here."
)


class Sketch(NamedTuple):
    """A part as it is drawn, before its model is known. name: where the model keeps it, of the first block's.

    kind: data, layer, sublayer, attention, norm or residual; mask: full, causal or cross; reads, gives: in letters.
    """

    name: str
    kind: str
    label: str
    title: str
    text: str
    made: str
    reads: str
    gives: str
    mask: str = ""


def _sublayer(side: str, around: str, sub: Sketch, axes: str) -> list[Sketch]:
    """A norm, the sub-layer that reads it, and the sum of both ways."""
    what = sub.title.lower()
    norm = Sketch(f"{side}.{around}.norm", "norm", "norm", f"Norm before {what}", NORM, "LayerNorm({D})", axes, axes)
    said = f"{axes} twice: the stream, and what the sub-layer adds"
    add = Sketch(f"{side}.{around}", "residual", "+", f"Residual connection around {what}", ADD,
                 "AddNorm(model_size={D}, dropout={dropout})", said, axes)  # fmt: skip
    return [norm, sub, add]


def _sketches() -> dict[str, list[Sketch]]:
    """Both halves, each part after those that it reads."""
    s, t, heads = "[B, S, D]", "[B, T, D]", "(model_size={D}, num_heads={H})"
    ffn, table = "(model_size={D}, ffn_size={F})", "Embedding({V}, {D})"
    around = [("around_attention", "attention"), ("around_cross", "cross_attention"), ("around_ffn", "ffn")]
    subs = {
        "encoder.attention": Sketch(
            "encoder.attention", "attention", "self-attention", "Self-attention",
            "Every source word attends to every other: its query is compared with all keys, and the weights that "
            "result make a mean of the values. The mask hides nothing but padding.",
            heads, s, s, "full",
        ),
        "encoder.ffn": Sketch("encoder.ffn", "sublayer", "feed-forward", "Feed-forward network", FFN, ffn, s, s),
        "decoder.attention": Sketch(
            "decoder.attention", "attention", "causal self-attention", "Causal self-attention",
            "Every target word attends to itself and to the words before it. The causal mask hides the later ones, "
            "because they are what the model learns to predict.",
            heads, t, t, "causal",
        ),
        "decoder.cross_attention": Sketch(
            "decoder.cross_attention", "attention", "cross-attention", "Cross-attention",
            "The only way from the source to the translation. Queries come from the words written so far, keys and "
            "values from the memory, and every word may attend to the whole source.",
            heads, f"queries {t}, memory {s}", t, "cross",
        ),
        "decoder.ffn": Sketch("decoder.ffn", "sublayer", "feed-forward", "Feed-forward network", FFN, ffn, t, t),
    }  # fmt: skip

    def blocks(side, axes):
        wanted = [(a, subs[f"{side}.{name}"]) for a, name in around if f"{side}.{name}" in subs]
        return [sketch for a, sub in wanted for sketch in _sublayer(side, a, sub, axes)]

    positions = "(max_length={L}, model_size={D})"
    encoder = [
        Sketch("source", "data", "source ids", "Source words", "The sentence to translate, as a whole number for each "
               "token. Shorter sentences of a batch are filled up with padding.", "Tensor", "", "[B, S]"),
        Sketch("source_embedding", "layer", "embedding × √D", "Source embedding",
               f"{EMBEDDING}, which are added next, do not drown it.", table, "[B, S]", s),
        Sketch("positions", "layer", "+ positions", "Positions", POSITIONS, positions, s, s),
        *blocks("encoder", s),
        Sketch("encoder_norm", "norm", "norm", "Final norm", "The last step of the encoder. Its output is the "
               "memory: one vector for each source word, which every block of the decoder reads.",
               "LayerNorm({D})", s, s),
    ]  # fmt: skip
    decoder = [
        Sketch("target", "data", "target ids", "Target words", "The translation so far, from <bos> on. In training "
               "all of it is given at once, and each word has to be predicted from those before it.",
               "Tensor", "", "[B, T]"),
        Sketch("target_embedding", "layer", "embedding × √D", "Target embedding",
               f"{EMBEDDING} do not drown it. The output matrix is the same table.", table, "[B, T]", t),
        Sketch("target_positions", "layer", "+ positions", "Positions", POSITIONS, positions, t, t),
        *blocks("decoder", t),
        Sketch("decoder_norm", "norm", "norm", "Final norm", "The last step of the decoder. It brings the sum of all "
               "that was added along the way to one scale, so that the output matrix can read it.",
               "LayerNorm({D})", t, t),
        Sketch("output", "layer", "output matrix", "Output matrix", "Compares each vector with the vector of every "
               "target word. Its matrix is the target embedding's table, so only the bias is counted here.",
               "Linear({D}, {V})", t, "[B, T, V]"),
        Sketch("logits", "data", "logits", "Logits", "A score for every word of the target vocabulary, at each "
               "position. Softmax turns them into the probabilities of the next word.", "Tensor", "", "[B, T, V]"),
    ]  # fmt: skip
    return {"encoder": encoder, "decoder": decoder}


class Architecture(View):
    """See `architecture`."""

    kind = "architecture"
    size = (7.0, 6.6)
    colours = 160

    @property
    def parts(self) -> list[dict]:
        """What is drawn, from below, first the encoder: name, side, title, text, made, reads, gives, each, times,
        count: the distinct parameters of all its copies; a shared matrix counts where it comes first."""
        return self.options["parts"]

    @property
    def selection(self) -> dict | None:
        """The chosen part, or None."""
        return next((part for part in self.parts if part["name"] == self.state["selected"]), None)

    def describe(self) -> str:
        if part := self.selection:
            shapes = f"{part['reads']} → {part['gives']}" if part["reads"] else part["gives"]
            return f"{_full(part)}. {part['text']} {part['made']}. Shapes: {shapes}. Parameters: {part['parameters']}."
        sides = [side for side in SIDES if any(part["side"] == side for part in self.parts)]
        halves = " and ".join(f"{side} (× {self.options['times']})" for side in sides)
        return f"The Transformer's {halves}: {len(self.parts)} parts, {self.options['total']:,} parameters in all."

    def table(self) -> TextTable:
        header = ["part", "class", "in", "out", "parameters"]
        return TextTable(header, [[_full(p), p["made"], p["reads"], p["gives"], p["parameters"]] for p in self.parts])

    def draw(self, figure) -> None:
        axes = figure.subplots()
        sides = [side for side in SIDES if any(part["side"] == side for part in self.parts)]
        for left, side in zip((0.0, 3.2), sides, strict=False):
            self._half(axes, left, [part for part in self.parts if part["side"] == side])
        if "decoder" in sides:
            _memory(axes, 3.2 * (len(sides) - 1), [part["name"] for part in self.parts])
        axes.set(xlim=(-1.1, 3.2 * len(sides) - 0.2), ylim=(-1, 14.6 if "decoder" in sides else 9.6))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)

    def _half(self, axes, left: float, parts: list[dict]) -> None:
        """Boxes from below, the frame of the block, and a line around each norm and its sub-layer."""
        mirrored = parts[0]["side"] == "decoder"
        middle, lane = left + 1, left + (2.2 if mirrored else -0.2)
        inside = [y for y, part in enumerate(parts) if "." in part["name"]]
        low, high = inside[0] - 0.62, inside[-1] + 0.55
        axes.add_patch(_box(left - 0.32, low, 2.64, high - low, ec=FRAME, fc="none"))
        outside = left + 2.4 if mirrored else left - 0.4
        axes.text(outside, (low + high) / 2, f"× {self.options['times']}", weight="bold",
                  ha="left" if mirrored else "right", va="center")  # fmt: skip
        for y, part in enumerate(parts):
            for x, colour in _arriving(part, middle) if y else ():
                axes.plot([x, x], [y - 0.7, y - 0.3], color=colour, lw=1.5, zorder=0)
            chosen = part["name"] == self.state["selected"]
            wide = 0.3 if part["kind"] == "residual" else 2
            frame = FRAME if part["kind"] == "data" else QUIET
            box = _box(middle - wide / 2, y - 0.3, wide, 0.6, ec=frame, fc=INK if chosen else "#fafbfc")
            axes.add_patch(box)
            axes.text(middle, y, part["label"], ha="center", va="center", color="#fff" if chosen else INK)
            if part["kind"] == "residual":
                axes.plot([middle, lane, lane, middle + (0.15 if mirrored else -0.15)],
                          [y - 2.5, y - 2.5, y, y], color=QUIET, lw=1, zorder=0)  # fmt: skip
        axes.text(middle, -0.75, parts[0]["side"].capitalize(), weight="bold", ha="center", va="center")


def _box(x, y, wide, high, **look):
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch((x, y), wide, high, boxstyle="round,pad=0,rounding_size=0.08", **look)


def _arriving(part: dict, middle: float) -> list[tuple[float, str]]:
    """Where lines come into a part from below, and their colours."""
    if part["mask"] == "cross":
        return [(middle, COLOURS["query"])]
    if part["mask"]:
        return [(middle + away, COLOURS[role]) for away, role in ((-0.5, "query"), (0, "key"), (0.5, "value"))]
    return [(middle, INK)]


def _memory(axes, left: float, names: list[str]) -> None:
    """From the encoder's last norm, where it is drawn, to the cross-attention, as keys and values."""
    top = names.index("target")  # 0: the decoder alone
    cross, fork = names.index("decoder.cross_attention") - top, left - 0.6
    xs, ys = [fork, fork], [cross + 0.15, cross - 0.15]
    if top:
        xs, ys = [1, 1, *xs], [top - 0.7, top - 0.2, top - 0.2, cross - 0.15]
    axes.plot(xs, ys, color=INK, lw=1)
    axes.text(xs[0], max(ys) + 0.25, "memory", ha="center")
    for role, y in (("key", cross + 0.15), ("value", cross - 0.15)):
        axes.annotate("", (left, y), (fork, y), arrowprops={"arrowstyle": "->", "color": COLOURS[role]})


def architecture(
    model,
    select=None,
    half=None,
    *,
    title="What is a Transformer made of?",
    caption="The data flow upwards, starting from the words. Choose a part to see what it is for. "
    "Only the arrows into attention are coloured: [query|queries], [key|keys] and [value|values].",
    live=False,
    presenting=None,
):
    """The whole Transformer as a drawing in which every part can be chosen, with its shapes and parameters.

    model: a Transformer whose norms come first, as `make_transformer` builds it. select: the name of the part that is
    chosen at first, which is where the model keeps it: "source_embedding", "encoder.attention", "decoder.around_cross"
    (a residual connection), "decoder.around_cross.norm", "output", …; None for none. half: "encoder" or "decoder" draws
    that half alone. live=True: Python reads `selected`.

    Returns a view: .parts .selection and what all have. Raises TypeError for other models, ValueError for an unknown
    part or half, or norms that come last.
    Source: Vaswani et al. 2017, figure 1; norms first: Xiong et al. 2020.
    """
    if not isinstance(model, Transformer):
        raise TypeError(f"model is {described(model)}; needed: a Transformer, as make_transformer builds it")
    if any(isinstance(part, AddNorm) and type(part) is not AddNorm for part in model.modules()):
        raise ValueError("the norms of this model come last; needed: one whose norms come first, as it is drawn")
    parts = _measured(model)
    if half is not None:
        one_of("half", half, SIDES)
        parts = [part for part in parts if part["side"] == half]
    if select is not None:
        one_of("select", select, [part["name"] for part in parts])
    options = {"parts": parts, "times": len(model.encoder), "total": sum(part["count"] for part in parts)}
    return shell(Architecture(title, caption, {}, {"selected": select or ""}, (), options, presenting), live)


def _measured(model: Transformer) -> list[dict]:
    """Every part with what this model says of it."""
    seen, parts = set(), []
    whole = sum(p.numel() for p in model.parameters())
    for side, sketches in _sketches().items():
        vocabulary = model.source_embedding if side == "encoder" else model.target_embedding
        sizes = _sizes(model, vocabulary.num_embeddings)
        for sketch in sketches:
            copies = _copies(model, sketch.name)
            counts = [_count_new(copy, seen) for copy in copies]
            told = {"side": side, "each": counts[0] if counts else 0, "times": len(copies), "count": sum(counts)}
            made = sketch.made.format(**sizes)
            told["made"] = type(copies[0]).__name__ + made[made.index("(") :] if copies else made
            told |= {name: _sized(getattr(sketch, name), sizes) for name in ("reads", "gives")}
            told |= {"parameters": _parameters(counts, whole), "masked": MASKS[sketch.mask]}
            if sketch.kind == "residual":
                told["parameters"] = "none of its own: the norm is a part by itself"
            parts.append(sketch._asdict() | told)
    return parts


def _sizes(model: Transformer, vocabulary: int) -> dict:
    c, dropout = model.config, model.encoder[0].around_ffn.dropout.p
    sizes = {"D": c.model_size, "F": c.ffn_size or 4 * c.model_size, "H": c.num_heads, "L": c.max_length}
    return sizes | {"V": vocabulary, "dropout": dropout}


def _copies(model: Transformer, name: str) -> list:
    """The modules of this name: one, one in each block, or none where data are meant."""
    if name in ("source", "target", "logits"):
        return []
    stack, _, inside = name.partition(".")
    found = getattr(model, stack)
    return [block.get_submodule(inside) for block in found] if inside else [found]


def _count_new(module, seen: set) -> int:
    """How many parameters a module has that no part before it has; `seen` learns of them."""
    new = [p for p in module.parameters() if id(p) not in seen]
    seen.update(map(id, new))
    return sum(p.numel() for p in new)


def _sized(shapes: str, sizes: dict) -> str:
    """Behind each shape in letters the same in numbers, as far as a model knows them."""
    pieces = shapes.split("]")
    for i, piece in enumerate(pieces[:-1]):
        before, letters = piece.split("[")
        numbers = [str(sizes.get(letter, letter)) for letter in letters.split(", ")]
        known = numbers != letters.split(", ")
        pieces[i] = f"{before}[{letters}]" + (f" = [{', '.join(numbers)}]" if known else "")
    return "".join(pieces)


def _parameters(counts: list[int], whole: int) -> str:
    if not sum(counts):
        return "none"
    percent = 100 * sum(counts) / whole
    share = f"{percent:.1f}% of the model" if percent >= 0.1 else "less than 0.1% of the model"
    if len(counts) == 1:
        return f"{counts[0]:,}, {share}"
    return f"{counts[0]:,} in each of {len(counts)} blocks: {sum(counts):,}, {share}"


def _full(part: dict) -> str:
    """The name of a part that no other has."""
    return f"{part['side'].capitalize()}: {part['title'][0].lower()}{part['title'][1:]}"
