"""Thirty-two twin sentences that ask SmolLM2 what "it" is.

Source: Levesque et al. 2012 (the Winograd schemas).
"""

from typing import NamedTuple

import torch

from chapters.ch08.published import Published


def question(sentence: str) -> str:
    """A sentence, and the question whose answer is the noun."""
    last = sentence.split(" because it ")[1]
    question = f"was {last[3:]}" if last.startswith("is ") else last
    return f"{sentence}. What {question}? It was the"


class Twin(NamedTuple):
    """A beginning, and two last words: after the first, "it" is `one`, after the second `other`."""

    begin: str
    one: str
    other: str
    if_one: str
    if_other: str

    def sentences(self) -> list[tuple[str, str, str]]:
        """(text with its question, the noun that "it" is, the other noun), for both."""
        return [
            (question(f"{self.begin} {self.if_one}"), self.one, self.other),
            (question(f"{self.begin} {self.if_other}"), self.other, self.one),
        ]


TWINS = tuple(
    Twin(*(part.strip() for part in line.split("|")))
    for line in """
The animal didn't cross the street because it was too | animal | street | tired | wide
The trophy doesn't fit into the suitcase because it is too | trophy | suitcase | big | small
The ball broke the window because it was so | ball | window | hard | thin
The dog couldn't jump over the fence because it was too | dog | fence | old | high
The truck couldn't pass under the bridge because it was too | truck | bridge | tall | low
The knife couldn't cut the bread because it was too | knife | bread | blunt | stale
The horse didn't reach the river because it was too | horse | river | weak | far
The ship couldn't enter the harbour because it was too | ship | harbour | large | shallow
The table won't go through the door because it is too | table | door | wide | narrow
The cat couldn't climb the tree because it was too | cat | tree | lazy | smooth
The plane couldn't land on the field because it was too | plane | field | heavy | short
The bird didn't eat the apple because it was not | bird | apple | hungry | ripe
The book didn't fit on the shelf because it was too | book | shelf | thick | full
The child didn't drink the soup because it was too | child | soup | sleepy | hot
The boat couldn't cross the lake because it was | boat | lake | broken | frozen
The key didn't go into the lock because it was too | key | lock | thick | narrow
The fish couldn't swallow the hook because it was too | fish | hook | young | large
The bus couldn't use the road because it was too | bus | road | heavy | narrow
The sack couldn't hold the grain because it was too | sack | grain | weak | heavy
The nail didn't go into the wood because it was too | nail | wood | soft | hard
The lamp didn't light up the cave because it was too | lamp | cave | weak | deep
The wolf couldn't catch the rabbit because it was too | wolf | rabbit | slow | fast
The mouse didn't get into the box because it was too | mouse | box | fat | tight
The cow didn't eat the grass because it was too | cow | grass | ill | dry
The letter didn't fit into the envelope because it was too | letter | envelope | long | small
The train didn't stop at the station because it was | train | station | late | closed
The wind couldn't move the stone because it was too | wind | stone | gentle | heavy
The bear couldn't get into the tent because it was too | bear | tent | big | small
The rope couldn't lift the piano because it was too | rope | piano | thin | heavy
The snake couldn't swallow the egg because it was too | snake | egg | young | large
The camel couldn't cross the desert because it was too | camel | desert | thirsty | vast
The goat didn't climb the hill because it was too | goat | hill | lame | steep
""".strip().splitlines()
)


@torch.no_grad()
def log_odds(smol: Published, text: str, right: str, wrong: str) -> float:
    """ln p of the right noun minus ln p of the wrong one, as the answer to a text's question."""
    logits = smol.model(torch.tensor([smol.tokenizer.encode(text).ids]))[0, -1]
    yes, no = (smol.tokenizer.encode(f" {noun}").ids[0] for noun in (right, wrong))
    return (logits[yes] - logits[no]).item()
