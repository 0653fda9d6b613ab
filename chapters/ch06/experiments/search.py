"""What BERTs are for today: find the sentence that answers a question.

`course results minilm_search` records it for those without MiniLM's weights.
"""

import re

import torch

from chapters.ch06.pairs import collate, encode_all
from chapters.ch06.published import MINILM, Published, require_minilm, sentence_vectors
from course_kit.convert import from_huggingface
from course_kit.text.subwords import WordPiece

_WRITTEN = """
Anna bought pears at the market. Tom lost his wallet on the train. Helen works at a bank in London.
Peter caught a fish in the river. Lucy has a sore tooth. The doctor told Sam to stay in bed.
Clara forgot her umbrella at home. Paul cooked soup for dinner. The cat slept under the table.
Maria plays the violin in an orchestra. The baker opens his shop at six. Nina planted roses in the garden.
The bus to Oslo was late. Leo broke his leg on the ice. Emma wrote a letter to her aunt.
The teacher read a story to the class. Oscar sold his bicycle. The farmer milked the cows.
Julie painted the kitchen yellow. Ben won a prize for his poem. The pilot landed in a storm.
Rosa found a ring in the sand. The waiter brought the bill. Martin repaired the clock.
Alice won the race. The library closes on Sunday. Jack burned the bread.
The nurse changed the bandage. Eva speaks four languages. The dog barked at the postman.
Hugo climbed the mountain. Vera missed her flight. The judge sent the thief to prison.
The lake was frozen. Olga knitted a scarf. The mayor opened the new bridge.
Felix repaired the roof. The children built a castle of snow. Ruth is afraid of spiders.
The bridge was closed because of the flood. Ivan paid his rent. The museum shows old coins.
Greta lives next to the station. The shop is out of milk. Simon moved to Canada.
Edith married a sailor. The concert was cancelled. Bruno drank too much coffee.
The king built a palace. Walter grows his own tomatoes.
"""
SENTENCES = tuple(re.findall(r"[^.\s][^.]*\.", _WRITTEN))
QUESTIONS = {  # no word of a question but small ones is in its sentence
    "Who got some fruit?": "Anna bought pears at the market.",
    "Who should go to a dentist?": "Lucy has a sore tooth.",
    "Who is a musician?": "Maria plays the violin in an orchestra.",
    "Who got wet in the rain?": "Clara forgot her umbrella at home.",
    "Who had an accident?": "Leo broke his leg on the ice.",
    "Who could translate for us?": "Eva speaks four languages.",
    "Who cannot sleep at night?": "Bruno drank too much coffee.",
    "Who went abroad?": "Simon moved to Canada.",
    "Who was the fastest runner?": "Alice won the race.",
    "Who keeps a vegetable garden?": "Walter grows his own tomatoes.",
}


@torch.no_grad()
def figures(found: Published) -> dict:
    """What is found for each question."""
    ours, tokenizer = from_huggingface(found.model).eval(), WordPiece(found.tokenizer.backend_tokenizer)
    vectors, asked = (
        sentence_vectors(ours, collate(encode_all(tokenizer, texts))) for texts in (SENTENCES, [*QUESTIONS])
    )
    rows = []
    for (question, wanted), cosines in zip(QUESTIONS.items(), asked @ vectors.T, strict=True):
        cosine, hit = cosines.max().item(), SENTENCES[cosines.argmax()]
        rows.append({"question": question, "cosine": round(cosine, 2), "found": hit, "right": hit == wanted})
    return {"sentences": len(SENTENCES), "rows": rows}


def record_minilm_search() -> dict:
    """Recorded for those without the weights. Needs the package, COURSE_MINILM or a network."""
    return {"model": MINILM[0], **figures(require_minilm())}
