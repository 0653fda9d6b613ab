"""The course's data: small tables and our own corpora, always there; real ones are one call away.

co2 = load("co2_weekly")                        # tables.py
pairs = parallel.load_parallel("en-fr")         # our own English, French and Chinese, with gold alignments
stories.load("sentiment", "test")               # our own English for chapter 6
fetch("tatoeba-en-fr")                          # fetching.py; chapters/ch03/tatoeba.py reads what it brings
results.load("scores_task")                     # what was recorded, since it takes longer than a lesson
"""

from course_utils.text.vocabulary import Vocabulary

from . import parallel, results, stories
from .fetching import fetch
from .tables import load

__all__ = ["Vocabulary", "fetch", "load", "parallel", "results", "stories"]
