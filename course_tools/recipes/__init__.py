"""The programs that made what is in data/: corpora, tables, checkpoints, recorded results; and the lock."""
