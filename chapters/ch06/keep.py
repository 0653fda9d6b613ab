"""What chapter 6 leaves behind: `mine/bert.py`."""

from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part

ABOUT = """A BERT in plain PyTorch: it fills the holes in palindromes after a few seconds.

    python -m mine.bert

    model = make_bert(vocab=8000, model_size=256, layers=4, heads=4, max_length=128)
    words, follows = model(ids, segments, mask)      # [B, T] each -> [B, T, V], [B, 2]

Sizes: B batch, T tokens, D features, V vocabulary. A mask is boolean, True = a real token.
Source: Devlin et al. 2019."""

MAIN = '''def step(model, optimiser, ids, mask_id):
    """Hide some tokens, guess them, improve; the loss before."""
    never = torch.zeros_like(ids, dtype=torch.bool)
    inputs, labels = mask_tokens(ids, never, len(model.output.weight), mask_id, None)
    loss = mlm_loss(model(inputs).mlm_logits, labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def check():
    """Padding never matters, both sides do, and training improves the loss."""
    torch.manual_seed(0)
    model, ids = make_bert(MASK + 1, 16, 2, 2, max_length=12), palindromes(32)
    real, padded = (torch.arange(12) < 10).expand(32, 12), F.pad(ids, (0, 2), value=3)
    logits = model(ids).mlm_logits
    assert torch.allclose(model(padded, None, real).mlm_logits[:, :10], logits, atol=1e-4)
    other = ids.clone()
    other[:, -1] = MASK
    assert not torch.allclose(model(other).mlm_logits[:, 0], logits[:, 0], atol=1e-4)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = [step(model, optimiser, ids, MASK) for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])


def main(steps=400):
    """Train on palindromes with holes, then fill one hole in each of 500 new ones."""
    torch.manual_seed(0)
    model = make_bert(MASK + 1, model_size=64, max_length=10)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for n in range(steps):
        loss = step(model, optimiser, palindromes(64), MASK)
        if n % 50 == 0:
            print(f"step {n:3}  loss {loss:.3f}")
    ids, hole = palindromes(500), torch.randint(10, (500, 1))
    with torch.no_grad():
        guess = model(ids.scatter(1, hole, MASK)).mlm_logits.argmax(-1)
    right = guess.gather(1, hole) == ids.gather(1, hole)
    print(f"{right.float().mean():.1%} of 500 holes are filled rightly.")'''

ATTENTION, BLOCKS = "course_utils.attention", "course_utils.blocks"
BERT, TASKS = "course_utils.bert", "course_utils.toy_tasks"
FILE = KeptFile(
    "bert",
    ABOUT,
    parts=(
        Part("masked_softmax", ATTENTION, "stable masked softmax"),
        Part("scaled_dot_product_attention", ATTENTION),
        Part("split_heads", ATTENTION, "split heads"),
        Part("join_heads", ATTENTION),
        Part("multi_head", ATTENTION, "attention in heads"),
        Part("MultiHeadAttention", ATTENTION),
        Part("PositionwiseFFN", BLOCKS),
        Part("PostNorm", BLOCKS),
        Part("init_small", BLOCKS),
        Part("BertConfig", BERT),
        Part("embed", BERT, "embedding sum"),
        Part("BertEmbeddings", BERT),
        Part("BertBlock", BERT),
        Part("BertOutput", BERT),
        Part("Bert", BERT),
        Part("PreTrainingOutput", BERT),
        Part("BertForPreTraining", BERT),
        Part("make_bert", BERT),
        Part("mask_tokens", BERT, "mask tokens"),
        Part("mlm_loss", BERT, "masked language model loss"),
        Part("palindromes", TASKS),
    ),
    values=("MASK = 10  # the token that says: guess here; 0 to 9 are the digits",),
    main=MAIN,
)


def keep() -> None:
    """Write mine/bert.py from the cells above, test it, and say whose its functions are."""
    keeping.keep(FILE)
