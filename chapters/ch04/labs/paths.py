"""The path lab: how far the first word is from the last in a convolution, a recurrent layer and self-attention."""

from typing import NamedTuple

from course_kit.arguments import flag, one_of, whole_number
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

KINDS = {"recurrent": "Recurrent", "convolution": "Convolution", "attention": "Self-attention"}
MOST_WORDS, MOST_KERNEL = 16, 7
LIT, DIM = {"color": "#1b2430", "lw": 2.6}, {"color": "#cfd7df", "lw": 0.7, "antialiased": False}  # lines drawn


class Graph(NamedTuple):
    """States as nodes (layer, word) and what each is computed from, as edges. Layer 0 holds the words themselves;
    in the recurrent graph it holds the states, which are computed too."""

    layers: int
    words: int
    edges: list[tuple[tuple[int, int], tuple[int, int]]]
    first: int  # the lowest layer that is computed

    def path(self) -> list[tuple[int, int]]:
        """The shortest way from the first word to the top of the last, by walking along the edges; [] if none."""
        after: dict = {}
        for start, end in self.edges:
            after.setdefault(start, []).append(end)
        ways, goal = {(0, 0): [(0, 0)]}, (self.layers, self.words - 1)
        while ways and goal not in ways:
            ways = {end: [*way, end] for node, way in ways.items() for end in after.get(node, ())}
        return ways.get(goal, [])

    def chain(self) -> int:
        """The most states that have to be computed one after another."""
        nodes = [(layer, word) for layer in range(self.layers + 1) for word in range(self.words)]
        depth = {node: int(node[0] >= self.first) for node in nodes}
        for start, end in sorted(self.edges, key=lambda edge: edge[1]):
            depth[end] = max(depth[end], depth[start] + 1)
        return max(depth.values())


def graph(kind: str, words: int, kernel: int = 3, dilated: bool = False) -> Graph:
    """The states of a network over `words` words, with as many layers as the last word needs to hear of the first.

    A convolution's output reads its own word and kernel − 1 before it; dilated, layer l reads at distances of kernelˡ.
    """
    one_of("kind", kind, KINDS), whole_number("words", words, 1, 64), whole_number("kernel", kernel, 1, 64)
    flag("dilated", dilated)
    everyone = range(words)
    if kind == "attention":
        return Graph(1, words, [((0, i), (1, j)) for i in everyone for j in everyone], 1)
    if kind == "recurrent":
        return Graph(0, words, [((0, i), (0, i + 1)) for i in everyone[:-1]], 0)
    edges, made = [], None
    for layer in range(words):
        apart = kernel**layer if dilated else 1
        reads = [(j - m * apart, j) for j in everyone for m in range(kernel)]
        edges += [((layer, i), (layer + 1, j)) for i, j in reads if i >= 0]
        made = Graph(layer + 1, words, list(edges), 1)
        if made.path():
            break
    return made


class Paths(View):
    """See `paths`."""

    kind = "paths"
    size = (7.6, 3.3)

    @property
    def graphs(self) -> dict[str, Graph]:
        """The three graphs at the current length, kernel and dilation."""
        return {kind: graph(kind, *(self.state[k] for k in ("length", "kernel", "dilated"))) for kind in KINDS}

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """kind -> path (steps from the first word to the last), layers, sequential (states one after another),
        per_layer (of them in one layer), lines (edges in one layer): counted by walking each graph."""
        counted = {}
        for kind, made in self.graphs.items():
            layers, chain = max(1, made.layers), made.chain()
            lowest = sum(end[0] == made.first for _, end in made.edges)
            counted[kind] = {"path": len(made.path()) - 1, "layers": layers, "sequential": chain}
            counted[kind] |= {"per_layer": chain // layers, "lines": lowest}
        return counted

    def describe(self) -> str:
        how = f"kernel {self.state['kernel']}" + (", dilated" if self.state["dilated"] else "")
        parts = [
            f"{KINDS[kind]}{f' ({how})' if kind == 'convolution' else ''}: path of {_many(c['path'], 'step')}, "
            f"{_many(c['layers'], 'layer')}, {_many(c['sequential'], 'state')} one after another"
            for kind, c in self.counts.items()
        ]
        return f"From the first of {self.state['length']} words to the last. " + ". ".join(parts) + "."

    def table(self) -> TextTable:
        header = ["network", "longest path", "layers", "one after another", "in one layer", "lines in one layer"]
        names = ("path", "layers", "sequential", "per_layer", "lines")
        return TextTable(header, [[KINDS[kind], *(str(c[n]) for n in names)] for kind, c in self.counts.items()])

    def draw(self, figure) -> None:
        for axes, (kind, made) in zip(figure.subplots(1, 3), self.graphs.items(), strict=True):
            way = made.path()
            lit = set(zip(way, way[1:], strict=False))
            for edge in sorted(made.edges, key=lambda e: e in lit):
                (a, i), (b, j) = edge
                axes.plot([i + 1, j + 1], [a, b], **(LIT if edge in lit else DIM))
            for layer in range(made.layers + 1):
                for word in range(made.words):
                    on = (layer, word) in way
                    axes.plot(word + 1, layer, "o", ms=6 if on else 4, color="#1b2430" if on else "#9aa5b1")
            axes.set(title=f"{KINDS[kind]}: {len(way) - 1}", ylim=(-0.4, max(1, made.layers) + 0.4), yticks=[])
            axes.set_xticks([1, made.words])
            axes.set_xlabel("word")
            axes.spines[:].set_visible(False)


def paths(
    length=9,
    *,
    kernel=3,
    dilated=False,
    title="How far is the first word from the last?",
    caption="Each dot is a state; the thick line is the shortest way from the first word to the last. "
    "Take more words: which way grows?",
    live=False,
    presenting=None,
):
    """Convolution, recurrent layer and self-attention as graphs, with the path from the first word to the last lit.

    length n: 2 to 16 words; kernel k: 2 to 7 words, its own and those before it; dilated: layer l reads at distances of
    kˡ. Layers are added until the last word hears of the first. live=True: Python reads `length`, `kernel`, `dilated`.
    Returns a view: .counts .graphs and what all have. Raises ValueError for other sizes.
    Source: Vaswani et al. 2017, table 1.
    """
    length, kernel = whole_number("length", length, 2, MOST_WORDS), whole_number("kernel", kernel, 2, MOST_KERNEL)
    words, kernels = list(range(2, MOST_WORDS + 1)), list(range(2, MOST_KERNEL + 1))
    controls = [
        {"kind": "range", "name": "length", "label": "words n", "values": words, "digits": 0},
        {"kind": "range", "name": "kernel", "label": "kernel k", "values": kernels, "digits": 0},
        {"kind": "choice", "name": "dilated", "label": "kernel", "options": [False, True],
         "words": {"false": "plain", "true": "dilated"}},
        {"kind": "button", "name": "reset", "label": "reset"},
    ]  # fmt: skip
    state = {"length": length, "kernel": kernel, "dilated": flag("dilated", dilated)}
    return shell(Paths(title, caption, {}, state, controls, {"names": KINDS}, presenting), live)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
