"""Says a meaning in English."""

from .meaning import Word, circumstances, phrase_words

PRONOUNS = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}
POSSESSIVES = ("my", "your", "his", "her", "its", "our", "their")
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
HARD_START = ("eu", "uni", "use")  # written with a vowel, spoken with a consonant


def sentence_words(words):
    """a or an: the only thing in English that depends on the next word."""
    result = list(words)
    for i, word in enumerate(result[:-1]):
        if word.tag == "a":
            after = result[i + 1].text.lower()
            vowel = after[0] in "aeiou" and not after.startswith(HARD_START)
            result[i] = word._replace(text="an" if vowel else "a")
    return result


def pronoun(np, case="subject"):
    if np.person == 3:
        base = "they" if np.plural else np.sex
    else:
        base = {(1, "s"): "I", (1, "p"): "we"}.get((np.person, np.number), "you")
    return base if case == "subject" else PRONOUNS.get(base, base)


def noun_phrase(np, case="subject", denied=False):
    """The words of a thing. denied: "a", "some" stand under a negation or in a question ("any")."""
    i = np.id
    if np.pronoun:
        return [Word(pronoun(np, case), ((i, "n"),))]
    if np.name:
        return [Word(np.name[0], ((i, "n"),))]
    words = []
    if np.det == "'s":
        words += [*noun_phrase(np.owner), Word("'s", ((i, "d"),))]
    elif np.det == "num":
        words.append(Word(NUMBERS[np.count], ((i, "c"),)))
    elif np.det == "some":
        words.append(Word("any" if denied else "some", ((i, "d"),)))
    elif np.det == "this":
        words.append(Word("these" if np.plural else "this", ((i, "d"),)))
    elif np.det in ("a", "job"):
        words.append(Word("a", ((i, "d"),), "a"))
    elif np.det in POSSESSIVES or np.det in ("the", "class"):
        words.append(Word("the" if np.det == "class" else np.det, ((i, "d"),)))
    words += [Word(adjective.en, ((i, "a", k),)) for k, adjective in enumerate(np.adjectives)]
    words.append(Word(np.noun.en_plural if np.plural else np.noun.en, ((i, "n"),)))
    if np.relative:
        who = "who" if np.sex != "it" and np.relative.gap == "subject" else "that"
        words += [Word(who, ((i, "r"),)), *clause(np.relative)]
    return words


def third(verb):
    """The third person: goes, watches, carries."""
    head, *rest = verb.split()
    if head in ("have", "do", "go"):
        head = {"have": "has", "do": "does", "go": "goes"}[head]
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "es" if head.endswith(("s", "sh", "ch", "x", "z")) else "s"
    return " ".join([head, *rest])


def be(np, past=False):
    if past:
        return "was" if np.number == "s" and np.person != 2 else "were"
    if np.number == "p" or np.person == 2:
        return "are"
    return "am" if np.person == 1 else "is"


def finite(c):
    """(auxiliary or "", its negation, the rest of the verb as a list of words) of a clause."""
    subject, verb = c.subject, c.verb
    singular = subject.person == 3 and not subject.plural
    base = verb.en.split()
    particle = base[1:]
    if c.modal == "can":
        return "can", "can't", base
    if c.modal == "must":
        return "must", "mustn't", base
    if c.tense == "f":
        return "will", "won't", base
    if c.tense in "gw":
        auxiliary = be(subject, c.tense == "w")
        return auxiliary, "am not" if auxiliary == "am" else auxiliary + "n't", [verb.ing, *particle]
    if c.tense in "pb" and not c.modal:
        return "", "didn't", [verb.past, *particle]
    return "", "doesn't" if singular else "don't", (third(verb.en) if singular else verb.en).split()


def predicate(c):
    """The words after "is"."""
    i = c.id
    if c.identity:
        return noun_phrase(c.identity)
    words = [Word(c.degree, ((i, "deg"),))] if c.degree else []
    if c.than:
        more = [Word(c.adjective.more, ((i, "adj"), (i, "deg")))]
        return [*more, Word("than", ((i, "than"),)), *noun_phrase(c.than, "object")]
    return [*words, Word(c.adjective.en, ((i, "adj"),))]


def clause(c):
    """The words of a clause, in order."""
    i = c.id
    subject = [] if c.gap == "subject" or c.ask == "who" or c.tense in "on" else noun_phrase(c.subject)
    not_key, aux_key = (i, "not"), (i, "aux")
    asks = bool(c.ask) and c.ask != "who"
    if c.adjective or c.identity:
        return _copular(c, subject, asks)
    verb_words = c.verb.en.split()
    infinitive = [Word(word, ((i, "v"),)) for word in verb_words]
    often = phrase_words(c.often, "en", (i, "often")) if c.often else []
    if c.deny == "never":
        often = [Word("never", (not_key,))]
    if c.tense == "o":
        front, verb = ([Word("don't", (aux_key, not_key))] if c.deny else []), infinitive
    elif c.tense == "n":
        front, verb = [Word("to", ((i, "to"),))], infinitive
    elif c.modal in ("want", "wanted", "like"):
        front, verb = _wanting(c, subject, asks, infinitive)
    else:
        front, verb = _front(c, subject, asks, infinitive)
    front = [*_question_word(c), *front]
    denied = c.deny != "" or c.ask == "yes"
    unsaid = c.object is None or c.gap == "object" or c.ask in ("what", "how many")
    things = [] if unsaid else noun_phrase(c.object, "object", denied)
    if c.recipient:
        things += [Word("to", ((i, "rto"),)), *noun_phrase(c.recipient, "object")]
    return [*front, *often, *verb, *things, *circumstances(c, "en")]


def _question_word(c):
    key = ((c.id, "ask"),)
    if c.ask == "how many":
        noun = Word(c.object.noun.en_plural, ((c.object.id, "n"),))
        return [Word("how", key), Word("many", key), noun]
    return [Word(c.ask, key)] if c.ask not in ("", "yes") else []


def _front(c, subject, asks, infinitive):
    i = c.id
    auxiliary, negated, rest = finite(c)
    denied = c.deny == "not"
    verb = [Word(word, ((i, "v"),)) for word in rest]
    if denied:
        parts = negated.split()
        keys = ((i, "aux"), (i, "not")) if len(parts) == 1 else ((i, "aux"),)
        helper = [Word(parts[0], keys), *[Word("not", ((i, "not"),)) for _ in parts[1:]]]
        verb = verb if c.tense in "gw" else infinitive
    elif auxiliary:
        helper = [Word(auxiliary, ((i, "aux"),))]
    elif asks:
        singular = c.subject.person == 3 and not c.subject.plural
        helper = [Word("did" if c.tense in "pb" else "does" if singular else "do", ((i, "aux"),))]
        verb = infinitive
    else:
        helper = []
    return ([*helper, *subject] if asks else [*subject, *helper]), verb


def _wanting(c, subject, asks, infinitive):
    i = c.id
    base = "like" if c.modal == "like" else "want"
    singular = c.subject.person == 3 and not c.subject.plural
    past = c.modal == "wanted"
    form = base + "ed" if past else third(base) if singular else base
    helper = "did" if past else "does" if singular else "do"
    verb = [Word("to", ((i, "m"),)), *infinitive]
    if asks:
        return [Word(helper, ((i, "aux"),)), *subject, Word(base, ((i, "m"),))], verb
    if c.deny == "not":
        return [*subject, Word(helper + "n't", ((i, "aux"), (i, "not"))), Word(base, ((i, "m"),))], verb
    return [*subject, Word(form, ((i, "m"),))], verb


def _copular(c, subject, asks):
    i = c.id
    form = be(c.subject, c.past)
    denied = [Word("not", ((i, "not"),))] if c.deny and form == "am" else []
    text = form + "n't" if c.deny and not denied else form
    keys = ((i, "v"), (i, "not")) if c.deny and not denied else ((i, "v"),)
    helper = [Word(text, keys), *denied]
    front = [*helper, *subject] if asks else [*subject, *helper]
    return [*front, *predicate(c), *circumstances(c, "en")]
