"""Loaded once, by the server that judging processes are forked from: so none of them has to load torch again."""

from .judging import prepare

prepare()
