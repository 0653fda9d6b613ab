"""Programs of their own; cells that readers kept import these names from here."""

from .words import held_out, word_by_word
