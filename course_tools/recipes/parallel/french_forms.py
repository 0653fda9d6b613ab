"""French words: endings of verbs and adjectives, elision and contraction."""

from .lexicon import lexicon, regular
from .meaning import Word

ASPIRATED = ("hérisson", "haie", "haut", "huit", "onze")  # no elision before these
ELIDES = {"le": "l'", "la": "l'", "je": "j'", "me": "m'", "te": "t'", "de": "d'", "ne": "n'", "que": "qu'"}
CONTRACTS = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
IMPARFAIT = ("ais", "ais", "ait", "ions", "iez", "aient")


def starts_with_vowel(word):
    """Is the word spoken with a vowel first? A silent h counts as none, an aspirated one as a consonant."""
    word = word.lower()
    return word[0] in "aeiouéèêâîôœh" and not word.startswith(ASPIRATED)


def sentence_words(words):
    """Elision (l'homme), forms before a vowel (un bel arbre, son amie, cet âne) and contraction (du, aux)."""
    words = list(words)
    for i, (word, after) in enumerate(zip(words, words[1:], strict=False)):
        text = word.text
        if text == "si" and after.text in ("il", "ils"):
            words[i] = word._replace(text="s'")
        elif starts_with_vowel(after.text):
            if word.tag.startswith("vowel:"):
                words[i] = word._replace(text=word.tag.removeprefix("vowel:"))
            elif text in ELIDES:
                words[i] = word._replace(text=ELIDES[text])
    result = []
    for word in words:
        if result and word.tag == "article" and (result[-1].text, word.text) in CONTRACTS:
            before = result.pop()
            text = CONTRACTS[before.text, word.text]
            word = _merge(text, before, word)
        result.append(word)
    return result


def _merge(text, before, word):
    """One word that says what two said. Its keys are tried as pairs: both parts are linked."""
    return Word(text, before.keys, "") if before.keys == word.keys else Word(text, (before.keys, word.keys), "both")


def inflect(adjective, gender, plural):
    """The form of an adjective."""
    form = adjective.feminine if gender == "f" else adjective.fr
    if not plural or form.endswith(("s", "x")):
        return form
    if form.endswith("eau"):
        return form + "x"
    return form[:-2] + "aux" if form.endswith("al") else form + "s"


def agree(participle, np):
    """A participle in the gender and number of a thing."""
    form = participle + ("e" if np.gender == "f" else "")
    return form + "s" if np.plural and not form.endswith("s") else form


def conjugate(infinitive, tense, person):
    """A finite form. tense: present, imparfait; person 0…5."""
    verb = lexicon().french.get(infinitive) or regular(infinitive)
    if tense == "present":
        return verb.present[person]
    stem = "ét" if infinitive == "être" else verb.present[3].removesuffix("ons")
    ending = IMPARFAIT[person]
    if ending.startswith("i") and stem.endswith("ge"):
        stem = stem[:-1]
    return stem + ending


def person_of(np):
    return {1: 0, 2: 1, 3: 2}[np.person] + (3 if np.plural else 0)
