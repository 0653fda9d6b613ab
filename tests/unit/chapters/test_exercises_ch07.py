"""Chapter 7's exercises: what its errata and claims say."""

import json
from collections import Counter

import torch
import torch.nn.functional as F

from chapters.ch07.exercises.targets import ShiftsItself
from course_kit.data import stories
from course_kit.text.subwords import WORD
from course_utils.merges import joined, merge_once


def test_transformers_shifts_labels_by_itself():
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2)).eval()
    ids = torch.randint(11, (2, 6), generator=torch.Generator().manual_seed(0))
    for shifts_itself in (model, ShiftsItself(11, 0)):
        own = F.cross_entropy(shifts_itself(ids).logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        torch.testing.assert_close(shifts_itself(ids, labels=ids).loss, own)
    inputs, labels = ids[:, :-1], ids[:, 1:]
    after_the_next = F.cross_entropy(model(inputs).logits[:, :-1].flatten(0, 1), ids[:, 2:].flatten())
    torch.testing.assert_close(model(inputs, labels=labels).loss, after_the_next)


def test_the_library_differs_only_where_pairs_are_equally_frequent():
    """Each pair that `tokenizers` joins is one of the most frequent, by the counts of `merge_once`."""
    from tokenizers import ByteLevelBPETokenizer

    passage = " ".join(story.sentences[0] for story in stories.load("stories", "train")[:200])
    library = ByteLevelBPETokenizer()
    library.train_from_iterator([passage], vocab_size=256 + 60, show_progress=False)
    merges = json.loads(library.to_str())["model"]["merges"]
    words = Counter(tuple(word) for word in WORD.findall(passage))
    for left, right in merges:
        pair = left.replace("Ġ", " "), right.replace("Ġ", " ")
        found = Counter()
        for pieces, times in words.items():
            for one in zip(pieces, pieces[1:], strict=False):
                found[one] += times
        assert found[pair] == max(found.values()) == found[merge_once(words)[0]]
        words = {joined(pieces, pair): times for pieces, times in words.items()}
