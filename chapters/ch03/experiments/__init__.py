"""Programs of their own; cells that readers kept import these names from here."""

from .looking_back import Diagonal, at_pronoun, exchanged, felt, knocked_out, pronoun_of, pronouns
