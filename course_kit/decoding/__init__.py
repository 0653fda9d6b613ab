"""Writing with a trained model: greedy, beam search, sampling; one contract for
translators and language models.
"""

from course_kit.decoding.sampling import generate
from course_kit.decoding.search import Translation, beam_search, translate

__all__ = ["Translation", "beam_search", "generate", "translate"]
