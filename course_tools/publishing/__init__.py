"""Notebooks for other eyes: website, slides, paper, and for the projector."""
