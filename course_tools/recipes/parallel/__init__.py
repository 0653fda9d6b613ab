"""The grammar behind the course's own parallel corpus: one meaning, said in English, French and Chinese.

    lexicon.py    the word lists of data/parallel/, read
    meaning.py    what is said: things and clauses, without a language
    english.py french.py chinese.py    how each language says it, each word marked with what it says
    things.py sampler.py    draw people and things, then clauses that make sense
    sentences.py details.py reasons.py times.py compound.py    make sentences of them; twins.py makes the twins
    build.py      draws the corpus and splits it; corpus.py writes it (course_kit/data/packed.py is its format)

Word alignments are gold because nobody has to guess them: words that say the same part of the meaning are linked.
"""
