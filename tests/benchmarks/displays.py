"""In the kernel: how long a view takes to be displayed, and how large the still picture is that it leaves."""

import statistics
import time

WORDS = ["The", "animal", "didn't", "cross", "the", "street", "because", "it", "was", "too", "tired"]
TEXT = "low lower lowest new newer newest wide wider widest low low new new new"


def shown():
    """Views of the sizes that the course shows: its labs, and its charts. Name -> view."""
    import labs
    import torch

    from course_kit.views import heatmap, plot
    from course_utils.attention import causal_mask

    g = torch.Generator().manual_seed(0)

    def weights(*shape):
        return torch.softmax(2 * torch.randn(*shape, generator=g), -1)

    hours = 24 * torch.rand(50, generator=g).sort().values
    readings = (hours / 4).sin() + torch.randn(50, generator=g) / 3
    grid = torch.linspace(0, 24, 241)
    truth = grid, (grid / 4).sin()
    letters = sorted(set(TEXT))
    panels = [(title, weights(11, 11), WORDS) for title in ("encoder", "BERT", "GPT")]
    length, steps = torch.linspace(1, 100, 40), range(0, 3000, 50)
    return {
        "heatmap": heatmap(weights(11, 11), WORDS, WORDS),
        "heatmap, 2 × 4 heads": heatmap(weights(2, 4, 11, 11), WORDS, WORDS),
        "heads": labs.heads([weights(4, 11, 11)] * 4, WORDS),
        "ask": labs.ask(hours, readings, truth, query=15.0, width=1.0),
        "bandwidth": labs.bandwidth(hours, readings, truth, width=1.0),
        "softmax": labs.softmax([2.0, 1.0, 0.5, -1.0]),
        "scoring": labs.scoring([1.0, 0.5], torch.randn(6, 2, generator=g)),
        "masking": labs.masking(torch.randn(6, 6, generator=g)),
        "shuffle": labs.shuffle(torch.randn(11, 16, generator=g), WORDS),
        "sinusoid": labs.sinusoid(),
        "rotation": labs.rotation(),
        "mask_tokens": labs.mask_tokens(WORDS, [f"word{i}" for i in range(99)]),
        "predictions": labs.predictions(WORDS, weights(11, 99), [f"word{i}" for i in range(99)]),
        "sampling": labs.sampling(torch.randn(65, generator=g), [f"t{i}" for i in range(65)], text="so"),
        "next_character": labs.next_character(TEXT, weights(len(TEXT) - 2, len(letters)), letters),
        "merges": labs.merges(TEXT, 12, word="lowest"),
        "journey": labs.journey(panels, select=("it", "animal")),
        "plot.regression": plot.regression(hours, readings, {"width 1 h": truth}, truth=truth, hours=True),
        "plot.lines": plot.lines({n: (length, length**p) for n, p in (("attention", 2), ("recurrent", 1))}, log="xy"),
        "plot.beside": plot.beside({n: plot.lines({n: (steps, [1 / (s + 1) for s in steps])}) for n in ("a", "loss")}),
        "plot.bars": plot.bars(["with", "without"], [0.25, 0.5]),
        "plot.maps": plot.maps({f"{n}": causal_mask(7) for n in "abc"}, "query", "key"),
    }


def displays(repeats=5):
    """Processor time of a view's display in a notebook, and bytes of its still picture, for views of the course."""
    rows, times, sizes = [], [], []
    views = shown()
    for view in views.values():
        view._repr_mimebundle_()  # fonts and modules are loaded once
    for name, view in views.items():
        spent = []
        for _ in range(repeats):
            start = time.process_time()
            view._repr_mimebundle_()
            spent.append(time.process_time() - start)
        times.append(min(spent))
        sizes.append(len(view.to_image()))
        rows.append(f"| {name} | {1000 * times[-1]:.0f} ms | {sizes[-1] / 1024:.1f} KB |")
    total = f"| **median, sum** | {1000 * statistics.median(times):.0f} ms | {sum(sizes) / 1024:.0f} KB |"
    return ["| view | processor time | picture |", "|---|---|---|", *rows, total]
