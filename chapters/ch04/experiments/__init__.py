"""Programs of their own; cells that readers kept import these names from here."""

from .costs import LAYERS, costs_of, multiply_adds
