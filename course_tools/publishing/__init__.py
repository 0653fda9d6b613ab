"""Notebooks in other forms: website, slides."""
