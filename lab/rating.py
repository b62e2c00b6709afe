"""Day 7: a person is the rater: which of two reviews is better? What a small reward model makes of the answers.

What is learnt is `AP/rating.py`'s. The reviews are written by the language model that ships, without TensorFlow: so a
whole class can rate at the same time. What takes longer than a slice, to write reviews or to learn anew without each
answer, is a generator that goes on a little at a time.
"""

import time
from threading import Lock

import numpy as np
from scipy.special import expit

from AP.answers import CHOICES, MOST_RATINGS, answer, row_of, words_of
from AP.plain_language_model import load_plain, writing
from AP.rating import READS, REVIEWS, Learnt, Reader, agreement, left_out, read
from AP.rating_report import best_of_groups, effects
from AP.reviews import LENGTH, PROMPTS, true_score
from lab.jobs import SLICE_SECONDS
from lab.pacing import PacedJob

WANTED = 40  # answers, as many as one has patience for
NS = (4, 16, 64)  # the best of how many
TESTED = 10  # pairs of the blind test
BATCH = 64  # reviews that are read or written together: a few milliseconds a word
NEEDS = ("reference", "pairs", "samples", "blind", "left_out")  # in this order, what is asked for is done
LUCK = {name: number for number, name in enumerate(NEEDS)}  # each has its own, so that none depends on another


class Reference:
    """What the language model writes before anybody has rated: the same for all readers of a language.

    Attributes:
        rows: its reviews [M, LENGTH], in the order of their items.
        true: their scores by the course's taste, [M].
        readers: {"words", "features"}: a `Reader` of each.
    """

    known = {}  # {language: Reference}
    unfinished = {}  # {language: a generator}: whoever waits for it takes it a little further
    lock = Lock()

    def __init__(self, model, rows, raw):
        self.model, self.rows, self.true = model, rows, true_score(rows)
        self.readers = {reads: Reader(reads, model, raw[reads]) for reads in READS}

    @classmethod
    def advance(cls, language):
        """Take a few milliseconds' step towards the reference of a language, unless it is there."""
        with cls.lock:  # several threads work for several readers
            if language in cls.known:
                return
            making = cls.unfinished.pop(language, None) or cls.making(language)
            next(making, None)
            if language not in cls.known:
                cls.unfinished[language] = making

    @classmethod
    def making(cls, language):
        """A generator that has made the reference of a language when it ends."""
        model, rng, parts = load_plain(language), np.random.default_rng(0), []
        for _ in range(REVIEWS // BATCH):
            for rows in writing(model, language, BATCH, rng):  # noqa: B007
                yield
            parts.append(rows)
        rows = np.concatenate(parts)
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        raw = {reads: [] for reads in READS}
        for part in np.array_split(rows, REVIEWS // BATCH):
            for reads in READS:
                raw[reads].append(read(reads, model, part))
            yield
        cls.known[language] = cls(model, rows, {reads: np.concatenate(parts) for reads, parts in raw.items()})


class Rating:
    """One reader's answers, and the reward that was learnt from them; `RateJob` runs it.

    Args:
        request: a `lab.protocol.rate.RateRequest`.

    Attributes:
        ratings: [(first, second, choice, by)], the reviews as their words.
        learnt: a `Learnt`, of all ratings.
    """

    def __init__(self, request):
        self.language, self.seed, self.settings = request.language, request.seed, dict(request.settings)
        self.ratings = list(request.ratings)
        self.differences = {reads: [] for reads in READS}  # of each rating, as far as they were needed
        self.pairs, self.drawn, self.fresh, self.tests = [], 0, 0, 0  # to be rated; how often each was drawn
        self.samples = self.test = self.learnt = self.guess = None
        self.work, self.changed = {}, {"ratings"}
        self.need("reference", "pairs", "samples")

    # -- what takes a while

    def need(self, *names):
        for name in names:
            self.work[name] = getattr(self, f"making_{name}")()

    def go_on(self):
        """Do for a slice's time what is still to be done; returns whether nothing is left."""
        until = time.perf_counter() + SLICE_SECONDS
        while self.work and time.perf_counter() < until:
            name = next(name for name in NEEDS if name in self.work)
            if next(self.work[name], "ended") == "ended":
                del self.work[name]
        return not self.work

    def making_reference(self):
        while self.language not in Reference.known:
            Reference.advance(self.language)
            yield
        self.learn()

    def making_pairs(self):
        """Forty pairs more, each of one item, without those that were rated already."""
        rng, sides = self.rng("pairs", self.drawn), []
        self.drawn += 1
        for _ in range(2):
            for rows in writing(self.model, self.language, WANTED, rng):  # noqa: B007
                yield
            sides.append([words_of(row) for row in rows])
        rated = {rating[:2] for rating in self.ratings}
        self.pairs += [pair for pair in zip(*sides, strict=True) if pair not in rated and pair[0] != pair[1]]
        self.changed.add("pair")

    def making_samples(self):
        """The largest n of fresh reviews of each item."""
        count = len(PROMPTS[self.language])
        rng, parts = self.rng("samples", self.fresh), []
        for _ in range(max(NS) * count // BATCH):
            for rows in writing(self.model, self.language, BATCH, rng):  # noqa: B007
                yield
            parts.append(rows)
        rows = np.concatenate(parts)
        self.samples = rows.reshape(-1, count, LENGTH).swapaxes(0, 1)  # [items, n, LENGTH]
        self.phi = {}
        self.changed.add("samples")

    def making_blind(self):
        """Pairs of a review as the model writes it, and the best of n fresh ones; which is which stays here."""
        rng, pairs, n, learnt = self.rng("blind", self.tests), [], self.settings["n"], self.learnt
        self.tests += 1
        while len(pairs) < TESTED:
            prompt = np.full(n + 1, PROMPTS[self.language][len(pairs) % len(PROMPTS[self.language])])
            for rows in self.model.writing(prompt, rng.random((n + 1, LENGTH - 1)).astype(np.float32)):  # noqa: B007
                yield
            before, after = words_of(rows[0]), words_of(rows[1:][learnt(rows[1:]).argmax()])
            if before != after:
                first = bool(rng.integers(2))  # whether "after" stands first
                pairs.append(((after, before) if first else (before, after), first))
        self.test = {"pairs": pairs, "answers": []}
        self.changed |= {"pair", "test"}

    def making_left_out(self):
        """How many answers the others predict."""
        learnt, chances = self.learnt, []
        for chance in left_out(learnt.differences, learnt.choices, learnt.w):
            chances.append(chance)
            yield
        self.predicted = agreement(chances, learnt.choices)
        self.changed.add("predicted")

    # -- what is learnt

    @property
    def reference(self):
        return Reference.known[self.language]

    @property
    def model(self):
        return self.reference.model

    def rng(self, what, number):
        return np.random.default_rng([self.seed, LUCK[what], number])

    def learn(self):
        """The reward anew, from all answers."""
        reads = self.settings["reads"]
        reader, known = self.reference.readers[reads], self.differences[reads]
        if missing := self.ratings[len(known) :]:
            first, second = (np.array([row_of(each[k], self.language) for each in missing]) for k in (0, 1))
            known.extend(reader(first) - reader(second))
        choices = np.array([CHOICES[choice] for _, _, choice, _ in self.ratings])
        self.learnt = Learnt(reader, np.reshape(known, (len(known), reader.reference.shape[1])), choices)
        self.predicted = None
        self.changed |= {"predicted", "words", "samples", "means"}
        self.need("left_out")

    def chance_of_first(self, pair):
        """What the reward says of a pair before it is answered; None while it knows nothing."""
        if not self.ratings:
            return None
        phi = [self.learnt.reader(row_of(words, self.language)[None]) @ self.learnt.w for words in pair]
        return round(float(expit(phi[0] - phi[1])[0]), 3)

    # -- what the page asks

    def started(self):
        return {"type": "rating", "language": self.language, "wanted": WANTED, "most": MOST_RATINGS}

    def receive(self, kind, value):
        """Do what the page asks.

        Args:
            kind: "answer" (value: (the pair's number, choice)), "back" (take back the latest answer), "rest" (value:
                a synthetic rater, who answers what is left of forty or of the test), "fresh" (other samples),
                "choose" (value: some of the settings), "test" (begin the blind test), "stop" (leave it).
        """
        if self.learnt is None:  # the page asks before there is anything; it has seen no pair
            return
        if kind == "answer":
            self.answered(*value)
        elif kind == "rest":
            self.answer_rest(value)
        elif kind == "back":
            self.take_back()
        elif kind == "choose":
            self.settings |= value
            self.learn()
        elif kind == "fresh":
            self.fresh += 1
            self.need("samples")
        elif kind == "test" and self.ratings and self.test is None:
            self.need("blind")
        elif kind == "stop":
            self.work.pop("blind", None)
            self.test = None
            self.changed |= {"pair", "test"}

    @property
    def pair(self):
        """The pair that is asked about now, (first, second); None where there is none."""
        if self.test is not None:
            left = self.test["pairs"][len(self.test["answers"]) :]
            return left[0][0] if left else None
        return self.pairs[0] if self.pairs and len(self.ratings) < MOST_RATINGS else None

    @property
    def number(self):
        """The place of this pair, from 0: of the test, or of all ratings."""
        return len(self.ratings if self.test is None else self.test["answers"])

    def answered(self, number, choice):
        pair = self.pair
        if pair is None or number != self.number:  # a key that was pressed twice
            return
        if self.test is not None:
            self.test["answers"].append(choice)
            self.changed |= {"pair", "test"}
            return
        self.guess = {"chance": self.chance_of_first(pair), "choice": choice}
        self.rate([(*self.pairs.pop(0), choice, "person")])

    def answer_rest(self, rater):
        """Let a synthetic rater answer: as many as are left of forty, else ten more."""
        pairs = [pair for pair, _ in self.test["pairs"][self.number :]] if self.test else self.pairs
        if self.test is None:
            left = WANTED - len(self.ratings) if len(self.ratings) < WANTED else 10
            pairs = pairs[: min(left, MOST_RATINGS - len(self.ratings))]
        if not pairs:
            return
        first, second = (np.array([row_of(pair[k], self.language) for pair in pairs]) for k in (0, 1))
        names = {value: name for name, value in CHOICES.items()}
        luck = np.random.default_rng([self.seed, len(NEEDS), self.number])
        choices = [names[value] for value in answer(rater, first, second, luck)]
        if self.test is not None:
            self.test["answers"] += choices
            self.changed |= {"pair", "test"}
            return
        self.pairs = self.pairs[len(pairs) :]
        self.guess = None
        self.rate([(*pair, choice, rater) for pair, choice in zip(pairs, choices, strict=True)])

    def rate(self, ratings):
        """Take ratings, learn from them, and see to it that there are pairs to go on with."""
        self.ratings += ratings
        self.changed |= {"ratings", "pair"}
        self.learn()
        if not self.pairs and "pairs" not in self.work:
            self.need("pairs")

    def take_back(self):
        if self.test is not None:
            self.test["answers"] = self.test["answers"][:-1]
            self.changed |= {"pair", "test"}
        elif self.ratings:
            self.pairs.insert(0, self.ratings.pop()[:2])
            for known in self.differences.values():
                del known[len(self.ratings) :]
            self.guess = None
            self.changed |= {"ratings", "pair"}
            self.learn()

    # -- what is told

    def frame(self, full):
        """The message "rated", of what has changed; with ``full`` all of it. None if nothing has."""
        if full:
            self.changed = {"ratings", "pair", "predicted", "words", "samples", "means", "test"}
        changed, self.changed = self.changed, set()
        told = {}
        if "ratings" in changed:
            told["ratings"] = [list(rating) for rating in self.ratings]
            told["guess"] = self.guess
        if self.learnt is not None:
            if "pair" in changed:
                told["pair"] = self.pair_message()
            if "test" in changed:
                told["test"] = self.test_message()
            if "predicted" in changed:
                told["predicted"] = self.predicted
            if "words" in changed:
                found = effects(self.learnt.reference, self.reference.rows)
                told["words"] = [[word, round(effect, 3), round(share, 3)] for word, (effect, share) in found.items()]
            if "means" in changed:
                told["means"] = self.means()
            if "samples" in changed and self.samples is not None:
                told["samples"] = self.best_samples()
        return {"type": "rated", **told} if told else None

    def pair_message(self):
        if self.pair is None:
            return None
        return {"first": self.pair[0], "second": self.pair[1], "number": self.number, "test": self.test is not None}

    def test_message(self):
        """How the test stands. Which side was which is told when it is over."""
        if self.test is None:
            return None
        answers, over = self.test["answers"], len(self.test["answers"]) == TESTED
        won = [
            CHOICES[c] if after else 1 - CHOICES[c]
            for c, (_, after) in zip(answers, self.test["pairs"], strict=False)
        ]
        return {"answered": len(answers), "of": TESTED, "over": over, "won": sum(won) if over else None}

    def means(self):
        """{"reward", "taste": [of all of the reference's reviews, of the best of each n]}; None without answers."""
        if not self.ratings:
            return None
        best = best_of_groups(self.learnt.reference, self.settings["n"])  # each n are of one item
        values = {"reward": self.learnt.reference, "taste": self.reference.true}
        return {
            name: [round(float(value.mean()), 3), round(float(value[best].mean()), 3)]
            for name, value in values.items()
        }

    def best_samples(self):
        """Of each item [[words, reward] of its first sample, the same of the best of the first n]."""
        reads, found = self.settings["reads"], []
        if reads not in self.phi:
            self.phi[reads] = [self.learnt.reader(rows) for rows in self.samples]
        for rows, phi in zip(self.samples, self.phi[reads], strict=True):
            scores = self.learnt.of(phi[: self.settings["n"]])
            best = int(scores.argmax())
            found.append([[words_of(rows[k]), round(float(scores[k]), 2)] for k in (0, best)])
        return found


class RateJob(PacedJob):
    """It goes on by itself while there is work, and waits for its page then."""

    def __init__(self, make, runner, send):
        super().__init__(make, runner, send)
        self.news.set()  # so that the first pairs are written without a word of the page

    async def answer(self, lesson):
        """Do one thing that was asked; then, until there is something else, what takes longer."""
        await super().answer(lesson)
        while not self.asked and not await self.work(lesson.go_on):
            await self.show(lesson)
