"""The course's data, always there: small tables, and our own English, French and Chinese.

co2 = load("co2_weekly")                        # tables.py
holmes = book()                                 # a real book, as one text
pairs = parallel.load_parallel("en-fr")         # translations with gold alignments
stories.load("sentiment", "test")               # our own English for chapter 6
"""

from . import parallel, stories
from .tables import book, load

__all__ = ["book", "load", "parallel", "stories"]
