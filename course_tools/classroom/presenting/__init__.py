"""Chapters in front of a class: `make present`, and the notes of the speaker."""
