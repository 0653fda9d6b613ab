"""Says a meaning in Chinese: measure words, 的, aspect, the circumstances before the verb. One word here is one or more
characters; the corpus has a character as its unit."""

from .meaning import Word, phrase_words

PRONOUNS = {1: "我", 2: "你"}
BY_SEX = {"he": "他", "she": "她", "it": "它"}
POSSESSIVES = {"my": "我", "your": "你", "his": "他", "her": "她", "its": "它", "our": "我们", "their": "他们"}
NUMBERS = {2: "两", 3: "三", 4: "四", 5: "五"}
MODALS = {"want": "想", "wanted": "想", "can": "可以", "must": "必须", "like": "喜欢"}


def characters(words):
    """One word for each character, with the keys of the word it belongs to."""
    return [Word(character, word.keys) for word in words for character in word.text]


def pronoun(np):
    base = PRONOUNS.get(np.person) or BY_SEX["he" if np.plural and not (np.noun or np.name) else np.sex]
    return base + "们" if np.plural else base


def noun_phrase(np, denied=False):
    """The words of a thing. denied: "a", "some" go unsaid under a negation or in a question."""
    i = np.id
    head = ((i, "n"),)
    if np.pronoun:
        return [Word(pronoun(np), head)]
    if np.name:
        return [Word(np.name[2], head)]
    described = [(adjective.zh_attr, ((i, "a", k),)) for k, adjective in enumerate(np.adjectives)]
    with_de = any(text.endswith("的") for text, _ in described)
    words = [Word(text, keys) for text, keys in sorted(described, key=lambda item: not item[0].endswith("的"))]
    suffix = ""
    if "person" in np.noun.classes and np.plural and not np.count and (np.det in POSSESSIVES or not np.noun.the):
        suffix = "们"
    words.append(Word(np.noun.zh + suffix, head))
    if np.relative:
        keys = ((i, "d"), (i, "r"))
        that = "那些" if np.plural else "那" + np.noun.measure
        that = [Word(that, keys)] if np.noun.countable else []
        return [*clause(np.relative), Word("的", ((i, "r"),)), *that, *words]
    return [*_determiner(np, denied, with_de, bool(suffix)), *words]


def _determiner(np, denied, with_de, marked_plural):
    i, noun = np.id, np.noun
    key = ((i, "d"), (i, "n"))
    if np.det == "the" and np.plural:
        return [] if marked_plural else [Word("那些", key)]
    if np.det == "the":
        return [Word("那" + noun.measure, key)] if noun.the else []
    if np.det in ("a", "some") and denied or np.det in ("gen", "job", "class"):
        return []
    if np.det == "a":
        return [Word("一" + noun.measure, key)]
    if np.det == "some":
        return [Word("一些", key)]
    if np.det == "num":
        return [Word(NUMBERS[np.count] + noun.measure, ((i, "c"),))]
    if np.det == "this":
        return [Word("这些" if np.plural else "这" + noun.measure, key)]
    if np.det == "'s":
        return [*noun_phrase(np.owner), Word("的", key)]
    close = "kin" in noun.classes and not np.plural and np.det != "its"
    return [Word(POSSESSIVES[np.det] + ("" if close or with_de else "的"), key)]


def clause(c, bare=False):
    """The words of a clause, in order. bare: inside "when …", where 了 and 正在 go unsaid."""
    i = c.id
    gone = c.gap == "subject" or c.tense in "on"
    subject = [Word("谁", ((i, "ask"),))] if c.ask == "who" else [] if gone else noun_phrase(c.subject)
    when = phrase_words(c.when, "zh", (i, "when")) if c.when else []
    asked = {"why": "为什么", "when": "什么时候"}.get(c.ask)
    finished = c.ask == "when" and c.tense == "p"  # 是什么时候走的
    if asked:
        when = [*when, *[Word("是", ((i, "aux"),))] * finished, Word(asked, ((i, "ask"),))]
    bare = bare or finished or (c.ask == "why" and c.tense == "p")
    often = phrase_words(c.often, "zh", (i, "often")) if c.often else []
    if c.adjective or c.identity:
        rest = _copular(c)
    else:
        where = phrase_words(c.where, "zh", (i, "where")) if c.where and "L" not in c.verb.zh else []
        if c.ask == "where" and "L" not in c.verb.zh:
            where = [Word("在哪儿", ((i, "ask"),))]
        rest = [*_before_verb(c, bool(where), bare), *where, *_pattern(c, bare)]
    happened = c.ask == "yes" and c.tense == "p" and not c.deny
    if happened and not _counted(c) and not rest[-1].text.endswith("了"):  # 你吃饭了吗
        rest.append(Word("了", ((i, "v"),)))
    end = [Word("吗" if c.ask == "yes" else "的", ((i, "aux"), (i, "v")))] if c.ask == "yes" or finished else []
    return [*subject, *when, *often, *rest, *end]


def _copular(c):
    i = c.id
    is_key, deny = ((i, "v"),), [Word("不", ((i, "not"),))] if c.deny else []
    if c.identity:
        return [*deny, Word("是", is_key), *noun_phrase(c.identity)]
    quality = Word(c.adjective.zh_pred, ((i, "adj"),))
    if c.than:
        return [Word("比", ((i, "than"),)), *noun_phrase(c.than), quality]
    if c.degree == "too":
        return [*deny, Word("太", ((i, "deg"),)), quality, Word("了", ((i, "deg"),))]
    if c.degree == "very":
        return [*deny, Word("非常", ((i, "deg"),)), quality]
    plain = deny or c.ask == "yes" or not takes_degree(c.adjective)
    return [*deny, quality] if plain else [Word("很", is_key), quality]


def takes_degree(adjective):
    """很累, 太累了, but 空的 and 烂了 stand alone."""
    return not (adjective.zh_pred.endswith("了") or adjective.zh_pred.startswith("是"))


def _before_verb(c, at_place, bare):
    """Negation, aspect and wishes."""
    i = c.id
    not_key, aux = ((i, "not"),), ((i, "aux"), (i, "v"))
    denied = c.deny == "not"
    never = [Word("从来不", not_key)] if c.deny == "never" else []
    if "不" in c.verb.zh or c.tense == "n" or (c.modal == "can" and c.deny and "到了" in c.verb.zh):
        return []
    if c.tense == "o":
        return [Word("别", not_key)] if denied else []
    if c.modal:
        if denied and c.modal == "can":
            return [Word("不", not_key), Word("能", aux)]
        return [Word("不", not_key)] * denied + [Word(MODALS[c.modal], ((i, "m"), (i, "aux")))]
    if c.tense in "gw":
        if bare:
            return []
        if denied:
            return [Word("没有", not_key)] + [Word("在", aux)] * (not at_place)
        return [Word("正" if at_place else "正在", aux)]
    if c.tense == "f":
        return [Word("不", not_key)] * denied + [Word("会", aux)]
    if c.tense == "p":
        return [Word("没有", not_key)] * denied
    return never or [Word("不", not_key)] * denied


def _pattern(c, bare):
    i, verb = c.id, c.verb
    pattern = verb.zh
    done = c.tense == "p" and not c.deny and not c.modal
    if verb.zh_ba and c.object and c.gap != "object" and c.ask not in ("what", "how many"):
        it = c.object.pronoun and done and not bare
        known = verb.frame == "d" and c.object.det not in ("a", "some", "num")
        pattern = verb.zh_ba if it or known else pattern
    denied = bare or c.deny != "" or c.ask == "yes"
    if c.modal == "can" and c.deny and "到了" in pattern:
        pattern = pattern.replace("到了", "不到")  # 找不到
    words = []
    for character in pattern:
        if character == "O":
            words += _object(c, denied)
        elif character == "R":
            words += noun_phrase(c.recipient)
        elif character in "LG":
            part, question = ("where", "在哪儿") if character == "L" else ("goal", "哪儿")
            asked = c.ask == "where"
            words += [Word(question, ((i, "ask"),))] if asked else phrase_words(getattr(c, part), "zh", (i, part))
        elif character == "了":
            last = pattern.endswith("了")
            said = done and not bare and c.gap != "object" and (c.ask != "yes" or last or _counted(c))
            words += [Word("了", ((i, "v"),))] * said
        elif character == "不":
            words.append(Word("不", ((i, "not"), (i, "v"))))
        else:
            words.append(Word(character, ((i, "v"),)))
    return words


def _counted(c):
    """Two pears: then 了 stays at the verb in a question."""
    return c.object is not None and c.object.det == "num"


def _object(c, denied):
    if c.gap == "object":
        return []
    if c.ask == "what":
        return [Word("什么", ((c.id, "ask"),))]
    if c.ask == "how many":
        noun = c.object.noun
        return [Word("几" + noun.measure, ((c.id, "ask"),)), Word(noun.zh, ((c.object.id, "n"),))]
    return noun_phrase(c.object, denied)
