"""Two translators in plain PyTorch that differ in one method: does the decoder look back?

    python -m mine.seq2seq          # checks itself, then trains both for a minute

    model = Translator(Encoder(vocab=5000, size=32), AttentiveDecoder(vocab=6000, size=32))
    source, target = torch.randint(3, 5000, (2, 9)), torch.randint(3, 6000, (2, 7))
    source[1, 6:] = target[1, 4:] = 0                             # padding, on the right, in both
    target[0, 6] = target[1, 3] = 2                               # <eos> ends each row: so it learns to stop
    loss = translation_loss(model, source, target, begin=1)       # counts no padding
    rows = translate(model, source, begin=1, end=2)               # lists of ids, without <bos> and <eos>
    save(model, "seq2seq.pt")
    model = load("seq2seq.pt")                                    # ready to translate; model.train() goes on

Sizes: B batch, S source, T target, D features, V vocabulary. A mask is boolean, True = a real word.
Sources: Cho et al. 2014; Bahdanau, Cho & Bengio 2015; Luong et al. 2015.

1 of 5 functions are yours: look_back. What is not yours is from the attention course: MIT License.
"""

import contextlib
from tempfile import TemporaryDirectory

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def greedy(step, state, bos, eos, max_length):
    """step(word, state) -> (logits [V], state) -> the ids written, without bos and eos."""
    ids, word = [], bos
    while len(ids) < max_length and word != eos:
        logits, state = step(word, state)
        word = int(logits.argmax())
        ids += [word] if word != eos else []
    return torch.tensor(ids)


def read(words, Wx, Wh):
    """words [T, E], Wx [E, D], Wh [D, D] -> states [T, D]."""
    state, states = torch.zeros(len(Wh)), []
    for word in words:
        state = torch.tanh(word @ Wx + state @ Wh)  # [D]
        states.append(state)
    return torch.stack(states)


@contextlib.contextmanager
def evaluating(model):
    """Within it a model is in eval mode; afterwards in the mode that it was in."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def masked_softmax(scores, mask=None, dim=-1):
    """Weights that sum to 1 over the keys that may be attended; elsewhere they are 0.
    scores [...], mask [...] bool or None -> [...]"""
    if mask is None:
        return scores.softmax(dim)
    hidden = (~mask).expand_as(scores)  # refuses a mask with more axes than the scores
    weights = scores.masked_fill(hidden, float("-inf")).softmax(dim)
    return weights.masked_fill(hidden, 0.0)  # a row of −inf alone became NaN


IGNORED = -100  # a target that counts for nothing, as in torch and transformers


def masked_loss(logits, target, mask=None, label_smoothing=0.0):
    """Mean over the real tokens: padding counts neither in the sum nor in its divisor.
    logits [B, T, V], target [B, T] int, mask [B, T] bool or None -> scalar"""
    if mask is not None:
        target = target.masked_fill(~mask, IGNORED)
    counted = target != IGNORED  # [B, T]
    logits, target = logits[counted], target[counted]  # [N, V], [N]
    return F.cross_entropy(logits, target, label_smoothing=label_smoothing)


class Decoder(nn.Module):
    """Word after word, and all that it knows of the source is c."""

    def __init__(self, vocab, size):
        super().__init__()
        self.embedding = nn.Embedding(vocab, size)
        self.first = nn.Linear(size, size)
        self.gru = nn.GRU(size, size, batch_first=True)
        self.output = nn.Linear(2 * size, vocab)

    def begin(self, c):
        """c [B, D] -> [1, B, D]"""
        return torch.tanh(self.first(c)).unsqueeze(0)  # one layer: [1, B, D]

    def context(self, s, states, c, mask):
        """s [B, T, D] -> context [B, T, D], weights [B, T, S] or None"""
        context, weights = c[:, None].expand_as(s), None  # the same for every word
        return context, weights

    def forward(self, target, last, states, c, mask):
        """target: the words so far; the logits say which word follows each of them.
        target [B, T] int, last [1, B, D], states [B, S, D], c [B, D],
        mask [B, S] bool
        -> logits [B, T, V], weights [B, T, S] or None, last [1, B, D]"""
        s, last = self.gru(self.embedding(target), last)  # [B, T, D], [1, B, D]
        context, weights = self.context(s, states, c, mask)
        logits = self.output(torch.cat([s, context], dim=-1))  # [B, T, V]
        return logits, weights, last


def look_back(query, keys, mask, W1, W2, w):
    # W1 for the query, W2 for the keys
    scores = torch.tanh((query @ W1).unsqueeze(1) + keys @ W2) @ w
    weights = masked_softmax(scores, mask)
    context = (weights.unsqueeze(-1) * keys).sum(dim=1)
    return context, weights


class AttentiveDecoder(Decoder):
    """The same, but each word brings a query, and gets a context of its own."""

    def __init__(self, vocab, size):
        super().__init__(vocab, size)
        self.W1 = nn.Parameter(torch.randn(size, size // 2) / size**0.5)  # new
        self.W2 = nn.Parameter(torch.randn(size, size // 2) / size**0.5)  # new
        self.w = nn.Parameter(torch.randn(size // 2) / size**0.5)  # new

    def context(self, s, states, c, mask):
        """s [B, T, D] -> output [B, T, D], [B, T, S]"""
        contexts, weights = [], []
        for t in range(s.shape[1]):  # new: each word's state s[:, t] looks back
            look = look_back(s[:, t], states, mask, self.W1, self.W2, self.w)
            contexts.append(look[0])
            weights.append(look[1])
        return torch.stack(contexts, 1), torch.stack(weights, 1)


def run_packed(gru, x, mask):
    """The states of a GRU that reads no padding, and the last of each direction.
    x [B, S, E], mask [B, S] bool -> output [B, S, D], last [directions, B, size]"""
    lengths = mask.sum(1).cpu()
    packed = pack_padded_sequence(x, lengths, True, enforce_sorted=False)
    states, last = gru(packed)
    return pad_packed_sequence(states, True, total_length=x.shape[1])[0], last


class Encoder(nn.Module):
    """One state for each word, read from both ends, and c, one vector for all."""

    def __init__(self, vocab, size):
        super().__init__()
        self.embedding = nn.Embedding(vocab, size)
        self.gru = nn.GRU(size, size // 2, bidirectional=True, batch_first=True)

    def forward(self, source, mask):
        """source [B, S] int, mask [B, S] bool -> states [B, S, D], c [B, D]"""
        x = self.embedding(source)  # [B, S, D]
        states, last = run_packed(self.gru, x, mask)  # last [2, B, D / 2]
        c = torch.cat([last[0], last[1]], dim=-1)  # the ends of both directions
        return states, c


class Translator(nn.Module):
    """Reads a source and says, after each word of a target, what comes next."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, source, target, mask):
        """source [B, S] int, target [B, T] int, mask [B, S] bool
        -> logits [B, T, V], weights [B, T, S] or None"""
        states, c = self.encoder(source, mask)
        begun = self.decoder.begin(c)
        logits, weights, _ = self.decoder(target, begun, states, c, mask)
        return logits, weights


PADDING, BEGIN, END, DIGITS = 0, 1, 2, range(3, 13)  # the ids of the rows of digits below


def real_words(rows: Tensor, padding: int, empty: bool = False) -> Tensor:
    """Mask of the ids [B, T] that are neither padding nor −100. Raises ValueError for padding in front of a word, and
    for a row without one unless it may be empty."""
    real = (rows != padding) & (rows != -100)
    for row, (words, gaps) in enumerate(zip(real, rows == padding, strict=True)):
        if (words & (gaps.cumsum(0) > 0)).any() or not (empty or words.any()):
            what = "padding in front of a word" if words.any() else "only padding"
            raise ValueError(f"Row {row} has {what}.")
    return real


def translation_loss(model: nn.Module, source: Tensor, target: Tensor, begin: int, padding: int = 0) -> Tensor:
    """Mean cross-entropy of the right next words, in nats; padding and −100 do not count; 0 where nothing does.

    source [B, S]; target [B, T], rows end in <eos>; `padding` only behind, or ValueError; begin: read first
    """
    real, counted = real_words(source, padding), real_words(target, padding, empty=True)
    target = target.masked_fill(~counted, begin)  # since −100 has no embedding
    reads = torch.cat([torch.full_like(target[:, :1], begin), target[:, :-1]], 1)  # [B, T]
    logits, _ = model(source, reads, real)
    return masked_loss(logits, target, counted) if counted.any() else 0.0 * logits.sum()


@torch.no_grad()
def translate(
    model: Translator, source: Tensor, begin: int, end: int, padding: int = 0, longest: int = 100
) -> list[list[int]]:
    """Word by word the likeliest next one, without dropout, until <eos>: for each row its ids, at most `longest`.

    All rows at once; each is what `greedy` writes alone. source [B, S], `padding` only behind, or ValueError
    """
    real, words, written = real_words(source, padding), torch.full_like(source[:, :1], begin), source[:, :0]
    with evaluating(model):
        states, c = model.encoder(source.masked_fill(~real, 0), real)
        state = model.decoder.begin(c)
        while written.shape[1] < longest and not (written == end).any(1).all():
            logits, _, state = model.decoder(words, state, states, c, real)
            words = logits.argmax(-1)  # [B, 1]
            written = torch.cat([written, words], 1)
    rows = written.tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]


def save(model: Translator, path: str) -> None:
    """The kind of decoder, the sizes and the parameters. Raises ValueError for classes that `load` does not know."""
    kinds = [type(part).__name__ for part in (model, model.encoder, model.decoder)]
    if kinds[:2] != ["Translator", "Encoder"] or kinds[2] not in ("Decoder", "AttentiveDecoder"):
        raise ValueError(f"`load` would not know {kinds}; it knows a Translator of Encoder and (Attentive)Decoder.")
    source, target = model.encoder.embedding, model.decoder.embedding
    sizes = source.num_embeddings, target.num_embeddings, source.embedding_dim
    torch.save({"sizes": sizes, "looks_back": kinds[2] == "AttentiveDecoder", "parameters": model.state_dict()}, path)


def load(path: str) -> Translator:
    """A translator as it was saved, with its dtype, on the CPU, with dropout off."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    words, others, size = saved["sizes"]
    decoder = AttentiveDecoder if saved["looks_back"] else Decoder
    model = Translator(Encoder(words, size), decoder(others, size))
    model.to(next(iter(saved["parameters"].values())).dtype).load_state_dict(saved["parameters"])
    return model.eval()


def check() -> None:
    """Padding is never read, no word sees a later one, all learns, <eos> ends a row, files hold all; PyTorch agrees."""
    torch.manual_seed(0)
    for kind in (Decoder, AttentiveDecoder):
        model = Translator(Encoder(13, 16), kind(13, 16))
        source, target = backwards(4, length=6)
        longer = [torch.cat([rows, torch.zeros(4, 2, dtype=torch.long)], 1) for rows in (source, target)]
        loss, padded = translation_loss(model, source, target, BEGIN), translation_loss(model, *longer, BEGIN)
        assert torch.allclose(loss, padded, atol=1e-5)
        everything = source != PADDING
        other = torch.cat([target[:, :3], target[:, 3:].flip(1)], 1)
        logits, later = (model(source, rows, everything)[0][:, :3] for rows in (target, other))
        assert torch.allclose(logits, later, atol=1e-5)
        assert translate(model, longer[0], BEGIN, END, longest=5) == translate(model, source, BEGIN, END, longest=5)
        states, c = model.encoder(source[:1], everything[:1])

        def one_word(word: int, state: Tensor, to: tuple = (model.decoder, states, c, everything[:1])) -> tuple:
            logits, _, state = to[0](torch.full((1, 1), int(word)), state, *to[1:])
            return logits[0, 0], state

        alone = greedy(one_word, model.decoder.begin(c), BEGIN, END, 5).tolist()
        assert translate(model, source, BEGIN, END, longest=5)[0] == alone
        loss.backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
        with TemporaryDirectory() as folder:
            save(model, f"{folder}/model.pt")
            again = load(f"{folder}/model.pt")
        assert torch.equal(again(source, target, everything)[0], model(source, target, everything)[0])
        for push, count in ((-100, 5), (100, 0)):  # <eos> never comes, or at once; and <bos> may be the same
            model.decoder.output.bias.data[END] = push
            assert [len(row) for row in translate(model, source, END, END, longest=5)] == 4 * [count]
    table = nn.functional.one_hot(torch.tensor([0, 5, 0, 0, 0, END])).float()  # after <bos> 5, after 5 <eos>
    assert greedy(lambda word, state: (table[word], state), torch.zeros(1), BEGIN, END, 9).tolist() == [5]
    network, words = nn.RNN(3, 4, bias=False), torch.randn(5, 3)
    found = read(words, network.weight_ih_l0.detach().T, network.weight_hh_l0.detach().T)
    assert torch.allclose(found, network(words)[0].detach(), atol=1e-5)


def backwards(rows: int, length: int) -> tuple[Tensor, Tensor]:
    """Rows of digits [B, T], and the same digits backwards with <eos> behind them [B, T + 1]."""
    source = torch.randint(DIGITS.start, DIGITS.stop, (rows, length))
    return source, torch.cat([source.flip(1), torch.full((rows, 1), END)], 1)


def main(steps: int = 600, rows: int = 20) -> float:
    """Rows of 4 to 16 digits, written backwards, without attention and with it."""
    for kind in (Decoder, AttentiveDecoder):
        torch.manual_seed(0)
        model = Translator(Encoder(13, 64), kind(13, 64))
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
        falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
        for step in range(steps):
            loss = translation_loss(model, *backwards(64, length=4 + step % 13), begin=BEGIN)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            falling.step()
        right = 0
        for length in range(4, 17):
            source, target = backwards(rows, length)
            right += sum(map(list.__eq__, translate(model, source, BEGIN, END), target[:, :-1].tolist()))
        print(f"{kind.__name__:16} {right / 13 / rows:.1%} of rows with 4 to 16 digits are right.")
    return right / 13 / rows


if __name__ == "__main__":
    check()
    main()
