"""Benchmarks of BERT and GPT: training steps beside transformers' and a nanoGPT-style model; writing with a cache."""

import time

ROUNDS = 11


def _median(values):
    return sorted(values)[len(values) // 2]


def _alone(function):
    """Run on one thread, so that processor time is comparable on a busy machine."""

    def run():
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return function()
        finally:
            torch.set_num_threads(threads)

    run.__name__, run.__doc__ = function.__name__, function.__doc__
    return run


def _in_turns(ways, rounds=ROUNDS):
    """{name: function} -> {name: median seconds of processor time}, each in turn."""
    spent = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            start = time.process_time()
            run()
            spent[name].append(time.process_time() - start)
    return {name: _median(values[1:]) for name, values in spent.items()}


def _step(model, loss):
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), fused=True)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def _reference(vocabulary, size, layers, heads, length):
    """A GPT as nanoGPT writes it: one matrix for q, k and v, fused causal attention, all logits, cross-entropy."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)
            self.project, self.join = nn.Linear(size, 3 * size), nn.Linear(size, size)
            self.widen, self.narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)

        def forward(self, x):
            q, k, v = (
                y.view(*y.shape[:2], heads, size // heads).transpose(1, 2)
                for y in self.project(self.first(x)).split(size, 2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.join(y.transpose(1, 2).contiguous().view(x.shape))
            return x + self.narrow(F.gelu(self.widen(self.second(x))))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, size), nn.Embedding(length, size)
            self.blocks, self.norm = nn.ModuleList(Block() for _ in range(layers)), nn.LayerNorm(size)
            self.output = nn.Linear(size, vocabulary, bias=False)
            self.output.weight = self.tokens.weight

        def loss(self, ids):
            x = self.tokens(ids[:, :-1]) + self.places(torch.arange(ids.shape[1] - 1))
            for block in self.blocks:
                x = block(x)
            return F.cross_entropy(self.output(self.norm(x)).flatten(0, 1), ids[:, 1:].flatten())

    return Model()


@_alone
def gpt_step():
    """A training step of a GPT (forward, backward, AdamW), float32: ours, a nanoGPT-style one, transformers' GPT-2."""
    import torch

    from course_kit.convert import to_huggingface
    from course_kit.fused import fuse
    from course_utils.gpt import GPT, next_token_loss

    rows = []
    for name, (vocabulary, size, layers, heads, length, count) in {
        "characters: d 128, 4 layers, 12 × 64": (69, 128, 4, 4, 64, 12),
        "subwords: d 192, 4 layers, 8 × 128": (4000, 192, 4, 6, 128, 8),
    }.items():
        torch.manual_seed(0)
        ids = torch.randint(vocabulary, (count, length + 1))
        ours = fuse(GPT(vocabulary, size, layers, heads, context=length))
        reference = _reference(vocabulary, size, layers, heads, length)
        theirs = to_huggingface(ours)
        spent = _in_turns(
            {
                "ours": _step(ours, lambda m=ours, ids=ids: next_token_loss(m, ids)),
                "reference": _step(reference, lambda m=reference, ids=ids: m.loss(ids)),
                "theirs": _step(theirs.train(), lambda m=theirs, ids=ids: _their_loss(m, ids)),
            }
        )
        a, b, c = (spent[way] for way in ("ours", "reference", "theirs"))
        rows.append(
            f"| {name} | {a * 1e3:.1f} ms | {b * 1e3:.1f} ms | {b / a:.2f}× | {c * 1e3:.1f} ms | {c / a:.2f}× |"
        )
    head = "| model | ours | nanoGPT-style | ratio | transformers | ratio |"
    return [head, "|---|---|---|---|---|---|", *rows]


def _their_loss(model, ids):
    import torch.nn.functional as F

    return F.cross_entropy(model(ids[:, :-1]).logits.flatten(0, 1), ids[:, 1:].flatten())


@_alone
def gpt_writing():
    """Writing 256 tokens greedily with one set of weights: with the cache, without, and by transformers' generate."""
    rows = []
    for name, size, layers, heads in (("d 128, 4 layers", 128, 4, 4), ("d 256, 6 layers", 256, 6, 8)):
        spent = _in_turns(_writers(size, layers, heads), 4)
        a, b, c = (spent[way] for way in ("cached", "full", "theirs"))
        rows.append(f"| {name} | {a:.2f} s | {b:.2f} s | {b / a:.1f}× | {c:.2f} s | {c / a:.1f}× |")
    return ["| model | cached | full | ratio | generate | ratio |", "|---|---|---|---|---|---|", *rows]


def _writers(size, layers, heads):
    """{way: function that writes 256 tokens}, which all write the same."""
    import torch

    from course_kit.convert import to_huggingface
    from course_utils.gpt import GPT, write
    from course_utils.llama import speak

    torch.manual_seed(0)
    model = GPT(69, size, layers, heads, context=300).eval()
    theirs, prompt = to_huggingface(model), torch.randint(4, 69, (1, 16))
    options = {"do_sample": False, "pad_token_id": 0, "attention_mask": torch.ones_like(prompt)}
    ways = {
        "cached": lambda: torch.tensor([list(speak(model, prompt, stop=-1, count=256))]),
        "full": lambda: write(model, prompt, 256, temperature=0)[:, 16:],
        "theirs": lambda: theirs.generate(prompt, max_new_tokens=256, **options)[:, 16:],
    }
    written = [write() for write in ways.values()]
    assert torch.equal(written[0], written[1]) and torch.equal(written[0], written[2])
    return ways


@_alone
def bert_step():
    """A training step of BERT on both tasks, ours and transformers' BertForPreTraining of the same weights, padded."""
    import torch

    from course_kit.convert import to_huggingface
    from course_kit.fused import fuse
    from course_utils.bert import BertConfig, BertForPreTraining, mask_tokens, pretraining_loss

    rows = []
    for name, (vocabulary, size, layers, heads, length, count) in {
        "d 128, 2 layers, 32 × 32": (1000, 128, 2, 4, 32, 32),
        "d 256, 4 layers, V 8,000, 16 × 64": (8000, 256, 4, 4, 64, 16),
    }.items():
        generator = torch.Generator().manual_seed(0)
        ids = torch.randint(5, vocabulary, (count, length), generator=generator)
        mask = torch.arange(length) < torch.randint(length // 2, length + 1, (count, 1), generator=generator)
        inputs, labels = mask_tokens(ids, ~mask, vocabulary, 4, generator)
        segments, follows = (torch.arange(length) > length // 2).long().expand(count, -1), torch.arange(count) % 2
        torch.manual_seed(0)
        ours = fuse(BertForPreTraining(BertConfig(vocabulary, size, layers, heads, context=length)))
        theirs = to_huggingface(ours).train()
        given = {
            "attention_mask": mask.long(), "token_type_ids": segments, "labels": labels, "next_sentence_label": follows,
        }  # fmt: skip
        batch = inputs, labels, follows, segments, mask
        spent = _in_turns(
            {
                "ours": _step(ours, lambda m=ours, x=batch: pretraining_loss(m, *x).total),
                "theirs": _step(theirs, lambda m=theirs, x=inputs, o=given: m(x, **o).loss),
            }
        )
        a, b = spent["ours"], spent["theirs"]
        rows.append(f"| {name} | {a * 1e3:.1f} ms | {b * 1e3:.1f} ms | {b / a:.2f}× |")
    return ["| model | ours | transformers | ratio |", "|---|---|---|---|", *rows]
