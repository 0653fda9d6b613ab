"""The grammar behind the course's own parallel corpus: one meaning, said in English, French and Chinese.

    lexicon.py    the word lists of data/parallel/, read
    meaning.py    what is said: things and clauses, without a language
    english.py french.py chinese.py    how each language says it, each word marked with the part of the meaning it says
    sampler.py    draws clauses that make sense; sentences.py joins them into sentences; twins.py makes the twins
    build.py      draws the corpus, splits it, writes it

Word alignments are gold because nobody has to guess them: words that say the same part of the meaning are linked.
"""
