"""Chapter 5's benchmarks: a training step beside torch.nn.Transformer; writing with the cache and without."""

import time
import warnings

SIZES = {  # vocabulary of each side, features, layers, heads, ffn, sentences in a batch, tokens in each
    "our corpus: d 128, 2 + 2 layers": (1200, 128, 2, 4, 512, 64, 16),
    "Tatoeba: d 256, 3 + 3 layers": (5000, 256, 3, 8, 768, 128, 12),
}
ROUNDS = 9
LENGTHS = (32, 128)


def _median(values):
    return sorted(values)[len(values) // 2]


def transformer_step():
    """A training step (forward, backward, Adam), ours and the same model with torch.nn.Transformer inside, in turns, on
    one thread: the whole model with embeddings and loss, and the two stacks alone. Dropout 0.1 (torch drops attention
    weights, too), padded batches."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = []
    try:
        for name, sizes in SIZES.items():
            for part, step in _steps(*sizes).items():
                spent = {"ours": [], "torch": []}
                for _ in range(ROUNDS):
                    for way, run in step.items():
                        start = time.process_time()
                        run()
                        spent[way].append(time.process_time() - start)
                ours, theirs = (_median(s[1:]) for s in spent.values())
                rows.append(f"| {name} | {part} | {ours * 1e3:.0f} ms | {theirs * 1e3:.0f} ms | {theirs / ours:.2f}× |")
    finally:
        torch.set_num_threads(threads)
    return ["| model | what | ours | torch.nn | ratio |", "|---|---|---|---|---|", *rows]


def _steps(vocabulary, features, layers, heads, ffn, count, length):
    """{"whole model" or "stacks alone": {"ours" or "torch": function of one step}}"""
    import torch
    from torch import nn

    from course_kit.fused import fuse
    from course_kit.text import collate
    from course_utils.attention import causal_mask
    from course_utils.positions import SinusoidalPositions
    from course_utils.transformer import Transformer, TransformerConfig

    warnings.filterwarnings("ignore", message="enable_nested_tensor")
    draw = torch.Generator().manual_seed(0)
    lengths = torch.randint(length // 2, length + 1, (count, 2), generator=draw).tolist()
    batch = collate([[torch.randint(4, vocabulary, (n,), generator=draw).tolist() for n in pair] for pair in lengths])
    torch.manual_seed(0)
    config = TransformerConfig(vocabulary, vocabulary, features, layers, heads, ffn)
    ours, same = fuse(Transformer(config)), fuse(Transformer(config))
    stacks = nn.Transformer(features, heads, layers, layers, ffn, 0.1, batch_first=True, norm_first=True)

    class Theirs(nn.Module):
        def __init__(self):
            super().__init__()
            self.source, self.target = (nn.Embedding(vocabulary, features) for _ in range(2))
            self.positions, self.dropout = SinusoidalPositions(length, features), nn.Dropout(0.1)
            self.stacks, self.output = stacks, nn.Linear(features, vocabulary)
            self.output.weight = self.target.weight

        def loss(self, batch):
            source, target = (
                self.dropout(self.positions(embedding(ids) * features**0.5))
                for embedding, ids in ((self.source, batch.source), (self.target, batch.target_in))
            )
            logits = self.output(run(self.stacks, source, target))
            wanted = batch.target_out.masked_fill(~batch.target_mask, -100)
            return nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())

    def run(module, source, target):
        later, padded = ~causal_mask(target.shape[1]), ~batch.source_mask
        return module(
            source, target, tgt_mask=later, src_key_padding_mask=padded, memory_key_padding_mask=padded,
            tgt_key_padding_mask=~batch.target_mask, tgt_is_causal=True,
        )  # fmt: skip

    def stacked(model, source, target):
        real, earlier = batch.source_mask[:, None], causal_mask(target.shape[1])
        for block in model.encoder:
            source = block(source, real)
        memory = model.encoder_norm(source)
        for block in model.decoder:
            target = block(target, memory, earlier, real)
        return model.decoder_norm(target)

    x, y = (torch.randn(*ids.shape, features, generator=draw) for ids in (batch.source, batch.target_in))

    def stepper(model, loss):
        optimizer = torch.optim.Adam(model.parameters(), fused=True)

        def step():
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

        return step

    theirs = Theirs()
    return {
        "whole model": {
            "ours": stepper(ours, lambda: ours.loss(batch)),
            "torch": stepper(theirs, lambda: theirs.loss(batch)),
        },
        "stacks alone": {
            "ours": stepper(same, lambda: stacked(same, x, y).square().mean()),
            "torch": stepper(stacks, lambda: run(stacks, x, y).square().mean()),
        },
    }


class Full:
    """The same model without a cache: at each step the decoder reads all words anew."""

    def __init__(self, model):
        self.model = model

    def start(self, source, mask=None):
        return self.model.encode(source, mask), source.new_zeros(len(source), 0)

    def step(self, words, state):
        import torch

        memory, written = state[0], torch.cat([state[1], words[:, None]], 1)
        features = self.model.decode(written, memory)
        return self.model.output(features[:, -1]), (memory, written), None


def cache():
    """Writing so many tokens greedily, one sentence: with the cache, and reading all words anew at each step."""
    import torch

    from course_kit.decoding.steps import steps_of
    from course_utils.transformer import Transformer, TransformerConfig

    torch.manual_seed(0)
    model = Transformer(TransformerConfig(5000, 5000, 256, 3, 8, 768, context=LENGTHS[-1])).eval()
    source, rows = torch.randint(4, 5000, (1, 20)), []
    for length in LENGTHS:
        spent = {"cached": [], "full": []}
        for _ in range(5):
            for way, reader in (("cached", steps_of(model)), ("full", Full(model))):
                start = time.process_time()
                _write(reader, source, length)
                spent[way].append(time.process_time() - start)
        cached, full = (_median(s) for s in spent.values())
        rows.append(f"| {length} | {cached * 1e3:.0f} ms | {full * 1e3:.0f} ms | {full / cached:.1f}× |")
    return ["| tokens | cached | full | ratio |", "|---|---|---|---|", *rows]


def _write(model, source, length):
    import torch

    with torch.no_grad():
        state, words = model.start(source), source[:, 0]
        for _ in range(length):
            logits, state, _ = model.step(words, state)
            words = logits.argmax(-1)


if __name__ == "__main__":
    print("\n".join([*transformer_step(), *cache()]))
