"""A tiny language of reviews, in English and in Japanese, and a rater with a known taste (Day 7).

    ramen: the broth was really superb but the egg was dull.
    映画：物語は本当に見事ですが、音楽は平凡です。

A review is a row of whole numbers, one a word: first what it is about, which is the prompt; last a full stop; then
padding. How good a review is can be computed (`true_score`), as it never can be for people. So it can be seen what a
reward model gets wrong, which has only seen choices between two reviews.
"""

import re

import numpy as np

PAD = 0
LENGTH = 23  # words of a row, the prompt and the full stop among them
SLIPS = 0.12  # the share of reviews in which a word is wrong, lost or doubled
TEMPERATURE = 0.7  # of the rater's choices
UNGRAMMATICAL = -3.0
ADJECTIVES = {  # how good each says that a thing is
    "superb": 2.0, "lovely": 1.5, "good": 1.0, "fine": 0.5, "plain": -0.5, "dull": -1.0, "poor": -1.5, "awful": -2.0,
    "最高": 2.0, "見事": 1.5, "上等": 1.0, "無難": 0.5, "平凡": -0.5, "微妙": -1.0, "残念": -1.5, "最悪": -2.0,
}  # fmt: skip
ADVERBS = {"really": 1.5, "rather": 0.5, "本当に": 1.5, "わりと": 0.5}  # what they make of an adjective
JOINS = ("and", "but", "で、", "ですが、")
ASPECTS = {
    "ramen": ("broth", "pork", "egg"), "sushi": ("tuna", "rice", "tea"),
    "hotel": ("room", "bath", "view"), "film": ("plot", "music", "acting"),
    "ラーメン": ("スープ", "豚肉", "卵"), "寿司": ("マグロ", "シャリ", "お茶"),
    "ホテル": ("部屋", "お風呂", "眺め"), "映画": ("物語", "音楽", "演技"),
}  # fmt: skip
ITEM_OF = {aspect: item for item, aspects in ASPECTS.items() for aspect in aspects}
# The kinds of words, by a letter; capitals for Japanese. f and g frame a clause: "the broth was …", 「スープは…」.
KINDS = {"f": ("the",), "g": ("was",), "F": ("は",), "e": (".",), "E": ("です。",)}
for _letter, _words in (("i", ASPECTS), ("a", ITEM_OF), ("j", ADJECTIVES), ("v", ADVERBS), ("c", JOINS)):
    KINDS[_letter] = tuple(word for word in _words if word.isascii())
    KINDS[_letter.upper()] = tuple(word for word in _words if not word.isascii())
GRAMMAR = re.compile("ifagv?j(cfagv?j)*e|IAFV?J(CAFV?J)*E")

WORDS = ("", *(word for words in KINDS.values() for word in words))  # the number of a word is its place here
KIND_OF = "_" + "".join(letter * len(words) for letter, words in KINDS.items())
NUMBER_OF = {word: number for number, word in enumerate(WORDS)}
PROMPTS = {  # of each language
    language: np.array([NUMBER_OF[item] for item in KINDS[letter]], np.int32)
    for language, letter in (("en", "i"), ("ja", "I"))
}
STOPS = np.array([NUMBER_OF["."], NUMBER_OF["です。"]])


def write_reviews(count, rng, language="en"):
    """Reviews as people write them, in English ("en") or Japanese ("ja"): rows [count, LENGTH] int32."""
    rows = np.zeros((count, LENGTH), np.int32)
    for row in rows:
        words = _one_review(WORDS[rng.choice(PROMPTS[language])], rng)
        if rng.random() < SLIPS:
            words = _slip(words, rng)
        row[: len(words)] = [NUMBER_OF[word] for word in words]
    return rows


def _one_review(item, rng):
    """The words of a review without slips. People may praise the tea of a film, or say "but" where "and" is due."""
    english = item.isascii()
    all_aspects, adjectives, adverbs, joins = (KINDS[kind if english else kind.upper()] for kind in "ajvc")
    words, before = [item], 0
    for clause in range(rng.choice(3, p=(0.35, 0.4, 0.25)) + 1):
        aspect = rng.choice(ASPECTS[item] if rng.random() < 0.85 else all_aspects)
        adverb = [rng.choice(adverbs)] if rng.random() < 0.4 else []
        adjective = rng.choice(adjectives)
        if clause:
            alike, right = before * ADJECTIVES[adjective] > 0, rng.random() < 0.85
            words.append(joins[0 if alike == right else 1])
        words += ["the", aspect, "was", *adverb, adjective] if english else [aspect, "は", *adverb, adjective]
        before = ADJECTIVES[adjective]
    return [*words, "." if english else "です。"]


def _slip(words, rng):
    """One word after the prompt is lost, doubled or replaced by any word of the language."""
    at, kind = rng.integers(1, len(words)), rng.integers(3)
    others = [word for word in WORDS[1:] if word not in ASPECTS and (word.isascii() == words[0].isascii())]
    middle = ([], [words[at]] * 2, [str(rng.choice(others))])[kind]
    return words[:at] + middle + words[at + 1 :]


def is_grammatical(row):
    """Whether a row [LENGTH] is a prompt, clauses with joins between them, a full stop and then nothing."""
    kinds = "".join(KIND_OF[number] for number in row)
    return GRAMMAR.fullmatch(kinds.rstrip("_")) is not None


def clauses(row):
    """[(aspect, adjective, how good it says the aspect is)] of a grammatical row."""
    found, factor = [], 1.0
    for number in row:
        word, kind = WORDS[number], KIND_OF[number].lower()
        if kind == "a":
            aspect, factor = word, 1.0
        elif kind == "v":
            factor = ADVERBS[word]
        elif kind == "j":
            found.append((aspect, word, factor * ADJECTIVES[word]))
    return found


def true_score(rows):
    """How good reviews [N, LENGTH] are, [N] float: the taste that a reward model is to find out.

    The mean of what is said of the aspects, each from -3 to 3; + 0.5 for each aspect that the item has; - 1 for each
    that it has not; - 0.7 for each aspect and each adjective said before; - 0.5 for each clause after the second.
    What is not grammatical has `UNGRAMMATICAL`.
    """
    return np.array([_true_score(row) for row in rows])


def _true_score(row):
    if not is_grammatical(row):
        return UNGRAMMATICAL
    found, item = clauses(row), WORDS[row[0]]
    aspects, adjectives, goods = zip(*found, strict=True)
    own = {aspect for aspect in aspects if ITEM_OF[aspect] == item}
    strange = sum(ITEM_OF[aspect] != item for aspect in aspects)
    repeats = 2 * len(found) - len(set(aspects)) - len(set(adjectives))
    return np.mean(goods) + 0.5 * len(own) - strange - 0.7 * repeats - 0.5 * max(0, len(found) - 2)


def prefer(first, second, rng, temperature=TEMPERATURE):
    """Whether the rater likes the first of two reviews better, [N] bool (Bradley & Terry 1952).

    Args:
        first, second: [N] their true scores. P(first) = 1 / (1 + exp(-(first - second) / temperature)).
    """
    return rng.random(len(first)) < 1 / (1 + np.exp((second - first) / temperature))


def bayes_accuracy(first, second, temperature=TEMPERATURE):
    """How often the better of two reviews is the one that the rater chooses: no reward model can do better."""
    return float(np.mean(1 / (1 + np.exp(-np.abs(first - second) / temperature))))


def text(row):
    """A row as one reads it."""
    item, *words = [WORDS[number] for number in row if number != PAD]
    if item.isascii():
        return f"{item}: {' '.join(words)}".replace(" .", ".")
    return f"{item}：{''.join(words)}"
