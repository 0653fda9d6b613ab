"""Chapters in front of a class: `make present`, and the notes of the one who speaks."""

from .speaker import Note, notes

__all__ = ["Note", "notes"]
