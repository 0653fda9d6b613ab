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
"""

from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from chapters.ch03.exercises.solutions import (
    greedy,  # exercise: greedy loop
    read,  # exercise: recurrent network
)
from course_kit.contexts import evaluating
from course_utils.attention import masked_softmax  # exercise: stable masked softmax
from course_utils.loss import masked_loss  # exercise: masked loss
from course_utils.seq2seq import (
    AttentiveDecoder,
    Decoder,
    Encoder,
    Translator,
    look_back,  # exercise: additive attention step
    run_packed,
)

__all__ = ["look_back", "masked_softmax", "run_packed"]
PADDING, BEGIN, END, DIGITS = 0, 1, 2, range(3, 13)  # the ids of the rows of digits below


def real_words(rows: Tensor, padding: int, empty: bool = False, known: nn.Embedding | None = None) -> Tensor:
    """Mask of the ids [B, T] that are neither padding nor −100. Raises ValueError for padding in front of a word, for a
    row without one unless it may be empty, and for a word that a table does not know."""
    real = (rows != padding) & (rows != -100)
    if known is not None and len(wrong := rows[real & ((rows < 0) | (rows >= known.num_embeddings))]):
        count = known.num_embeddings
        raise ValueError(
            f"{int(wrong[0])} is no id of this model: it has a table of {count:,}, from 0 to {count - 1:,}."
        )
    for row, (words, gaps) in enumerate(zip(real, rows == padding, strict=True)):
        if (words & (gaps.cumsum(0) > 0)).any() or not (empty or words.any()):
            what = "padding in front of a word" if words.any() else "only padding"
            raise ValueError(f"Row {row} has {what}.")
    return real


def translation_loss(model: nn.Module, source: Tensor, target: Tensor, begin: int, padding: int = 0) -> Tensor:
    """Mean cross-entropy of the right next words, in nats; padding and −100 do not count; 0 where nothing does.

    source [B, S]; target [B, T], rows end in <eos>; `padding` only behind, or ValueError; begin: read first.
    A ValueError, too, for ids that the model does not know.
    """
    real = real_words(source, padding, known=model.encoder.embedding)
    counted = real_words(target, padding, empty=True, known=model.decoder.embedding)
    target = target.masked_fill(~counted, begin)  # since −100 has no embedding
    reads = torch.cat([torch.full_like(target[:, :1], begin), target[:, :-1]], 1)  # [B, T]
    logits, _ = model(source, reads, real)
    return masked_loss(logits, target, counted) if counted.any() else 0.0 * logits.sum()


@torch.no_grad()
def translate(
    model: Translator, source: Tensor, begin: int, end: int, padding: int = 0, longest: int = 100
) -> list[list[int]]:
    """Word by word the likeliest next one, without dropout, until <eos>: for each row its ids, at most `longest`.

    All rows at once; each is what `greedy` writes alone. source [B, S], `padding` only behind, or ValueError;
    likewise for ids that the model does not know
    """
    real = real_words(source, padding, known=model.encoder.embedding)
    words, written = torch.full_like(source[:, :1], begin), source[:, :0]
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

        alone = [int(word) for word in greedy(one_word, model.decoder.begin(c), BEGIN, END, 5)]
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
    assert list(greedy(lambda word, state: (table[word], state), torch.zeros(1), BEGIN, END, 9)) == [5]
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
