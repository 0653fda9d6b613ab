"""Notebooks in another form: the website."""
