"""Says a meaning in French: agreement, clitics, negation around the verb, questions; and the forms of its words."""

from .lexicon import lexicon, regular
from .meaning import Word, circumstances, phrase_words

NUMBERS = {2: "deux", 3: "trois", 4: "quatre", 5: "cinq"}
SUBJECTS = ("je", "tu", "il", "nous", "vous", "ils")
POSSESSIVES = {"my": "m", "your": "t", "his": "s", "her": "s", "its": "s", "our": "notre", "their": "leur"}
ASK = {"where": "où", "why": "pourquoi", "when": "quand"}
MODALS = {"want": "vouloir", "wanted": "vouloir", "can": "pouvoir", "must": "devoir", "like": "aimer"}
ASPIRATED = ("hérisson", "haie", "haut", "huit", "onze")  # no elision before these
ELIDES = {"le": "l'", "la": "l'", "je": "j'", "me": "m'", "te": "t'", "de": "d'", "ne": "n'", "que": "qu'"}
CONTRACTS = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
IMPARFAIT = ("ais", "ais", "ait", "ions", "iez", "aient")


def subject_pronoun(np):
    text = SUBJECTS[person_of(np)]
    if np.person == 3 and np.gender == "f":
        text = "elles" if np.plural else "elle"
    return [Word(text, ((np.id, "n"),))]


def object_pronoun(np, indirect=False):
    if np.person != 3:
        text = {0: "me", 1: "te", 3: "nous", 4: "vous"}[person_of(np)]
    elif indirect:
        text = "leur" if np.plural else "lui"
    else:
        text = "les" if np.plural else "la" if np.gender == "f" else "le"
    return Word(text, ((np.id, "n"),))


def determiner(np, denied):
    i, feminine = np.id, np.gender == "f"
    keys = ((i, "d"), (i, "n"))
    definite = "les" if np.plural else "la" if feminine else "le"
    if np.det == "num":
        return [Word(NUMBERS[np.count], ((i, "c"),))]
    if np.det in ("a", "some") and denied:
        return [Word("de", keys)]
    if np.det == "a":
        return [Word("une" if feminine else "un", keys)]
    if np.det == "some":
        if np.plural:
            return [Word("de" if any(a.place == "pre" for a in np.adjectives) else "des", keys)]
        return [Word("de", keys), Word(definite, keys, "article")]
    if np.det == "this":
        text = "ces" if np.plural else "cette" if feminine else "ce"
        return [Word(text, keys, "vowel:cet" if text == "ce" else "")]
    if np.det in POSSESSIVES:
        base = POSSESSIVES[np.det]
        if len(base) == 1:
            base += "es" if np.plural else "a" if feminine else "on"
        elif np.plural:
            base = {"notre": "nos", "leur": "leurs"}[base]
        return [Word(base, keys, "vowel:" + base[0] + "on" if base in ("ma", "ta", "sa") else "")]
    return [] if np.det == "job" else [Word(definite, keys, "article")]


def noun_phrase(np, denied=False):
    """The words of a thing. denied: "un", "du", "des" become "de"."""
    i = np.id
    if np.pronoun:
        return subject_pronoun(np)
    if np.name:
        return [Word(np.name[1], ((i, "n"),))]
    described = []
    for k, adjective in enumerate(np.adjectives):
        form = inflect(adjective, np.gender, np.plural)
        special = adjective.before_vowel and form == adjective.fr and not np.plural
        tag = "vowel:" + adjective.before_vowel if special else ""
        described.append((adjective.place, Word(form, ((i, "a", k),), tag)))
    words = determiner(np, denied) + [word for place, word in described if place == "pre"]
    words.append(Word(np.noun.fr_plural if np.plural else np.noun.fr, ((i, "n"),)))
    words += [word for place, word in reversed(described) if place == "post"]
    if np.owner:
        words += [Word("de", ((i, "d"),)), *noun_phrase(np.owner)]
    if np.relative:
        words += [Word("qui" if np.relative.gap == "subject" else "que", ((i, "r"),)), *clause(np.relative)]
    return words


def clause(c):
    """The words of a clause, in order."""
    i = c.id
    subject = [] if c.gap == "subject" or c.ask == "who" or c.tense in "on" else noun_phrase(c.subject)
    after = []
    if c.adjective or c.identity:
        verb, after = _copular(c)
        before, main = [], []
    else:
        before, verb, main = _verb_group(c)
    never = c.deny == "never"
    if c.deny:
        keys = ((i, "not"), (i, "v"))
        ne, pas = Word("ne", keys), Word("jamais" if never else "pas", keys)
        verb = [ne, *verb[:-1], verb[-1], pas]
    if c.often:
        verb = [*verb, *phrase_words(c.often, "fr", (i, "often"))]
    things = [*_objects(c), *circumstances(c, "fr")]
    return [*_question(c), *subject, *verb, *before, *main, *after, *things]


def _copular(c):
    i, subject = c.id, c.subject
    tense = "imparfait" if c.past else "present"
    degree = [Word({"very": "très", "too": "trop"}[c.degree], ((i, "deg"),))] if c.degree else []
    to_have = bool(c.adjective) and c.adjective.fr == "avoir"
    verb = [Word(conjugate("avoir" if to_have else "être", tense, person_of(subject)), ((i, "v"),))]
    if c.identity:
        return verb, noun_phrase(c.identity)
    if to_have:
        return verb, [*degree, Word(c.adjective.fr_f, ((i, "adj"),))]
    if "_" in c.adjective.fr:
        return verb, [*degree, *[Word(word, ((i, "adj"),)) for word in c.adjective.fr.split("_")]]
    form = Word(inflect(c.adjective, subject.gender, subject.plural), ((i, "adj"),))
    if c.than:
        than = [Word("que", ((i, "than"),)), *noun_phrase(c.than)]
        return verb, [Word("plus", ((i, "deg"), (i, "adj"))), form, *than]
    return verb, [*degree, form]


def _clitics(c):
    """Object pronouns before the verb, in French order: me le, le lui."""
    direct = c.object if c.object and c.object.pronoun and not c.gap else None
    indirect = c.recipient if c.recipient and c.recipient.pronoun else None
    words = [object_pronoun(direct)] if direct else []
    if indirect:
        word = object_pronoun(indirect, indirect=True)
        words = [*words, word] if indirect.person == 3 else [word, *words]
    return words


def _verb_group(c):
    """([clitics and] infinitive after a modal verb, what "ne … pas" goes around, what follows "pas")."""
    i, verb, person = c.id, c.verb, person_of(c.subject)
    clitics, key = _clitics(c), ((i, "v"),)
    if c.modal:
        tense = "imparfait" if c.modal == "wanted" else "present"
        modal = Word(conjugate(MODALS[c.modal], tense, person), ((i, "m"), (i, "aux")))
        return [], [modal], [*clitics, Word(verb.fr, key)]
    if c.tense == "n":
        return [], [Word("pour", ((i, "to"),)), *clitics, Word(verb.fr, key)], []
    if c.tense == "p":
        forms = lexicon().french.get(verb.fr) or regular(verb.fr)
        auxiliary = Word(conjugate(forms.auxiliary, "present", person), ((i, "aux"), (i, "v")))
        return [], [*clitics, auxiliary], [Word(_participle(c, forms), key)]
    if c.tense == "o":
        form = conjugate(verb.fr, "present", 1)
        form = form.removesuffix("s") if form.endswith("es") else form
        return [], [*clitics, Word(form, key)], []
    if c.tense == "f":
        going = Word(conjugate("aller", "present", person), ((i, "aux"),))
        return [], [going], [*clitics, Word(verb.fr, key)]
    tense = {"w": "imparfait", "b": "imparfait"}.get(c.tense, "present")
    return [], [*clitics, Word(conjugate(verb.fr, tense, person), key)], []


def _participle(c, forms):
    """Agrees with the subject (être), or with a direct object that stands before it (avoir)."""
    if forms.auxiliary == "être":
        return agree(forms.participle, c.subject)
    direct = c.object and (c.verb.frame == "d" or not c.verb.fr_preposition)
    ahead = direct and (c.object.pronoun or c.gap == "object" or c.ask == "how many")
    return agree(forms.participle, c.object) if ahead else forms.participle


def _objects(c):
    i = c.id
    words = []
    if c.object and not c.object.pronoun and c.gap != "object" and c.ask not in ("what", "how many"):
        preposition = c.verb.fr_preposition if c.verb.frame != "d" else ""
        words = [Word(preposition, ((i, "v"),))] if preposition else []
        words += noun_phrase(c.object, bool(c.deny) and not preposition)
    if c.recipient and not c.recipient.pronoun:
        words += [Word(c.verb.fr_preposition, ((i, "rto"),)), *noun_phrase(c.recipient)]
    return words


def _question(c):
    ask, aux = ((c.id, "ask"),), ((c.id, "aux"), (c.id, "v"))
    if not c.ask:
        return []
    if c.ask == "who":
        return [Word("qui", ask)]
    if c.ask == "what":
        return [Word("que", ask), Word("est-ce", ask), Word("que", ask)]
    is_it = [Word("est-ce", aux), Word("que", aux)]
    if c.ask == "how many":
        key = ((c.object.id, "n"),)
        return [Word("combien", ask), Word("de", ask), Word(c.object.noun.fr_plural, key), *is_it]
    return ([] if c.ask == "yes" else [Word(ASK[c.ask], ask)]) + is_it


# ---- the forms of words: endings, elision, contraction ---------------------------------------------------------------


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
    form = adjective.fr_f if gender == "f" else adjective.fr
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
