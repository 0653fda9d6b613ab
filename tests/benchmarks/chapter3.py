"""Chapter 3's benchmark: a training step beside the same model written as textbooks write it."""

import time

SIZES = {  # vocabulary of each side, features, sentences in a batch, words in each
    "our corpus: 1,500 words, 128 features": (1500, 128, 64, 20),
    "Tatoeba: 6,000 pieces, 256 features": (6000, 256, 64, 10),
}
ROUNDS = 12


def naive_loss(model, batch):
    """The same model and loss: nn.GRU word by word, all keys projected anew for each, logits for padding too."""
    import torch
    import torch.nn.functional as F

    from course_utils.attention import masked_softmax
    from course_utils.loss import masked_loss

    memory = model.encode(batch.source, batch.source_mask)
    hidden = model.bridge(memory.summary).tanh()[None]
    outputs = []
    for words in batch.target_in.unbind(1):
        x = model.target_embedding(words)[:, None]
        if model.feeds:
            scores = model.score(hidden[-1][:, None], memory.states)
            context = masked_softmax(scores, batch.source_mask[:, None]) @ memory.states
            x = torch.cat([x, context], -1)
        state, hidden = model.decoder(x, hidden)
        if not model.feeds:
            scores = model.score(state, memory.states)
            context = masked_softmax(scores, batch.source_mask[:, None]) @ memory.states
        features = model.readout(torch.cat([state, context], -1)).tanh()
        outputs.append(F.linear(features, model.target_embedding.weight, model.bias))
    return masked_loss(torch.cat(outputs, 1), batch.target_out, batch.target_mask)


def steps(rounds=ROUNDS):
    """{(size, query): (ours, naive) seconds a training step}: medians, taken in turns."""
    import torch

    from course_kit.seq2seq import Seq2Seq, Seq2SeqConfig
    from course_kit.text import collate

    result = {}
    for name, (vocabulary, features, count, length) in SIZES.items():
        for query in ("previous", "current"):
            draw = torch.Generator().manual_seed(0)
            lengths = torch.randint(length // 2, length + 1, (count, 2), generator=draw).tolist()
            ids = [[torch.randint(4, vocabulary, (n,), generator=draw).tolist() for n in pair] for pair in lengths]
            torch.manual_seed(0)
            model = Seq2Seq(Seq2SeqConfig(vocabulary, vocabulary, features, query=query))
            optimizer, batch = torch.optim.Adam(model.parameters()), collate(ids)
            spent = {"ours": [], "naive": []}
            for _ in range(rounds):
                for way, loss in (("ours", model.loss), ("naive", lambda b, m=model: naive_loss(m, b))):
                    start = time.process_time()
                    optimizer.zero_grad()
                    loss(batch).backward()
                    optimizer.step()
                    spent[way].append(time.process_time() - start)
            result[name, query] = tuple(sorted(s)[len(s) // 2] for s in spent.values())
    return result


def training_step():
    """Rows of the table: a training step, ours and naive, on one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [
            f"| {name} | {query} | {ours * 1e3:.0f} ms | {naive * 1e3:.0f} ms | {naive / ours:.2f}× |"
            for (name, query), (ours, naive) in steps().items()
        ]
    finally:
        torch.set_num_threads(threads)
    return ["| model | query | ours | naive | ratio |", "|---|---|---|---|---|", *rows]


if __name__ == "__main__":
    print("\n".join(training_step()))
