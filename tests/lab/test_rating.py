"""A person's ratings, what is learnt from them, the blind test, and the job that the page has on the server."""

import asyncio
import json

import numpy as np
import pytest

import lab.rating
from AP.answers import CHOICES, MOST_RATINGS, row_of
from AP.rating import fit
from AP.reviews import ITEM_OF, PROMPTS, WORDS
from lab.errors import BadRequest
from lab.jobs import SLICE_SECONDS, JobRunner
from lab.protocol.rate import KIND, rate_request
from lab.rating import NS, TESTED, WANTED, Rating, Reference

GOOD, DULL = "ramen the egg was good .", "ramen the pork was dull ."
RATED = [[GOOD, DULL, "first", "person"], [DULL, GOOD, "second", "person"], [GOOD, GOOD, "same", "coin"]]


def session(**message):
    return settled(Rating(rate_request({"id": 1, "seed": 3, **message})))


def settled(rating):
    while not rating.go_on():
        pass
    return rating


def ask(rating, kind, value=None):
    """What the page hears when it asks for something, and all is done."""
    rating.frame(False)
    rating.receive(kind, value)
    told = rating.frame(False) or {}
    settled(rating)
    return told | (rating.frame(False) or {})


def rate(rating, count, choice="first"):
    for _ in range(count):
        rating.receive("answer", (len(rating.ratings), choice))
    return settled(rating)


def full(rating):
    return json.loads(json.dumps(rating.frame(True), allow_nan=False))


# -- pairs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", PROMPTS)
def test_a_pair_is_two_reviews_of_one_item_in_the_language_and_the_items_take_turns(language):
    rating = session(language=language)
    items = [WORDS[number] for number in PROMPTS[language]]
    for pair, item in zip(rating.pairs[:4], items, strict=True):
        assert [words.split(" ")[0] for words in pair] == [item, item]
        assert pair[0] != pair[1]
    shown = full(rating)["pair"]
    assert (shown["first"], shown["second"], shown["number"], shown["test"]) == (*rating.pairs[0], 0, False)
    assert all(
        words.isascii() == (language == "en") for words in (shown["first"], *ITEM_OF) if words in shown["first"]
    )


def test_equal_seeds_give_equal_pairs_and_samples_and_others_give_others():
    one, same, other = (full(session(seed=seed)) for seed in (3, 3, 4))
    assert (one["pair"], one["samples"]) == (same["pair"], same["samples"])
    assert one["pair"] != other["pair"]
    assert one["samples"] != other["samples"]


def test_pairs_never_run_out_and_ratings_end_at_the_most():
    rating = session()
    for _ in range(40):
        ask(rating, "rest", "coin")
        assert len(rating.ratings) == MOST_RATINGS or rating.pair is not None
    assert len(rating.ratings) == MOST_RATINGS
    assert full(rating)["pair"] is None
    rating.receive("answer", (MOST_RATINGS, "first"))
    assert len(rating.ratings) == MOST_RATINGS
    ask(rating, "back")
    assert full(rating)["pair"]["number"] == MOST_RATINGS - 1
    assert len({each[:2] for each in rating.ratings}) == MOST_RATINGS - 1  # nobody is asked twice


def test_who_begins_with_ratings_is_not_asked_for_them_again():
    rating = rate(session(), 5)
    again = session(ratings=[list(each) for each in rating.ratings])
    assert again.pairs[: len(rating.pairs)] == rating.pairs
    np.testing.assert_allclose(again.learnt.w, rating.learnt.w, atol=1e-6)


# -- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_with_its_pair_and_learnt_from_at_once():
    rating = session()
    pair = rating.pairs[0]
    told = ask(rating, "answer", (0, "second"))
    assert told["ratings"] == [[*pair, "second", "person"]]
    assert told["pair"]["number"] == 1
    assert told["words"]
    assert told["guess"] == {"chance": None, "choice": "second"}  # it knew nothing
    reader = rating.reference.readers["words"]
    first, second = (reader(row_of(words, "en")[None]) for words in pair)
    np.testing.assert_allclose(rating.learnt.w, fit(first - second, np.zeros(1)), atol=1e-7)
    assert rating.learnt.of(first)[0] < rating.learnt.of(second)[0]
    assert 0 < ask(rating, "answer", (1, "first"))["guess"]["chance"] < 1


def test_the_guess_is_by_what_was_known_before_the_answer():
    rating = rate(session(), 3)
    before, pair = rating.learnt, rating.pair
    margin = (before(row_of(pair[0], "en")[None]) - before(row_of(pair[1], "en")[None])) * before.deviation
    assert ask(rating, "answer", (3, "same"))["guess"]["chance"] == pytest.approx(
        1 / (1 + np.exp(-margin[0])), abs=1e-3
    )


def test_a_key_that_is_pressed_twice_answers_one_pair():
    rating = session()
    for _ in range(2):
        rating.receive("answer", (0, "first"))
    rating.receive("answer", (5, "first"))
    assert len(rating.ratings) == 1


def test_what_is_taken_back_is_asked_again_and_forgotten():
    rating = rate(session(), 4)
    w, pair = rating.learnt.w, rating.pair
    rate(rating, 1, "second")
    told = ask(rating, "back")
    assert len(told["ratings"]) == 4
    assert (told["pair"]["first"], told["pair"]["second"]) == pair
    np.testing.assert_allclose(rating.learnt.w, w, atol=1e-7)
    for _ in range(6):
        ask(rating, "back")
    assert rating.ratings == []
    assert full(rating)["means"] is None


def test_a_synthetic_rater_answers_the_rest_of_forty_and_then_ten_more():
    rating = rate(session(), 3)
    ask(rating, "rest", "longer")
    assert [by for *_, by in rating.ratings] == ["person"] * 3 + ["longer"] * (WANTED - 3)
    for first, second, choice, _ in rating.ratings[3:]:
        length = len(first.split(" ")) - len(second.split(" "))
        assert CHOICES[choice] == 0.5 + 0.5 * np.sign(length)
    ask(rating, "rest", "coin")
    assert len(rating.ratings) == WANTED + 10


def test_what_is_read_may_change_and_nothing_is_lost():
    rating = rate(session(), 6)
    w = rating.learnt.w
    told = ask(rating, "choose", {"reads": "features"})
    assert len(rating.learnt.w) != len(w)
    assert "ratings" not in told
    assert {"words", "means", "samples", "predicted"} <= set(told)
    rate(rating, 2)
    ask(rating, "back")
    ask(rating, "back")
    ask(rating, "choose", {"reads": "words"})
    np.testing.assert_allclose(rating.learnt.w, w, atol=1e-7)
    assert len(rating.differences["words"]) == len(rating.differences["features"]) == 6


# -- what is told ----------------------------------------------------------------------------------------------------


def test_each_answer_is_predicted_by_the_others():
    rating = session(ratings=RATED)
    assert full(rating)["predicted"] == [2, 2]  # the same does not count
    told = ask(rate(session(), 1, "same"), "answer", (1, "same"))
    assert told["predicted"] == (0, 0)


def test_a_taste_is_predicted_and_a_coin_s_is_not():
    taste, coin = session(), session()
    for _ in range(17):
        for each, rater in ((taste, "longer"), (coin, "coin")):
            each.receive("rest", rater)
            settled(each)
    (right, of), (by_luck, tossed) = (full(each)["predicted"] for each in (taste, coin))
    assert right > 0.85 * of
    assert abs(by_luck - tossed / 2) < 1.5 * tossed**0.5  # three standard deviations


def test_words_are_those_of_the_language_with_their_effects():
    rating = session(language="ja")
    ask(rating, "rest", "longer")
    words = {word: effect for word, effect, share in full(rating)["words"] if 0.01 <= share <= 0.99}
    assert len(words) > 20
    assert not any(word.isascii() for word in words)
    assert words["で、"] > 0.3  # what is long has joins
    assert words["ですが、"] > 0.3


def test_samples_are_the_first_and_the_best_of_n_of_each_item():
    rating = rate(session(), 5)
    for n in NS:
        told = ask(rating, "choose", {"n": n})["samples"]
        for rows, (before, best) in zip(rating.samples, told, strict=True):
            scores = rating.learnt(rows[:n])
            assert before[1] == round(float(scores[0]), 2)
            assert best[1] == round(float(scores.max()), 2)
            np.testing.assert_array_equal(row_of(best[0], "en"), rows[scores.argmax()])
            assert before[0].split(" ")[0] == best[0].split(" ")[0]
    assert told != ask(rating, "fresh")["samples"]


def test_means_are_over_the_reference_and_rise_with_n_by_the_reward_that_chose():
    rating = rate(session(), 8)
    rewards = [ask(rating, "choose", {"n": n})["means"]["reward"] for n in NS]
    assert [before for before, _ in rewards] == pytest.approx([0] * 3, abs=1e-3)
    assert 0.5 < rewards[0][1] < rewards[1][1] < rewards[2][1]
    taste = full(rating)["means"]["taste"]
    assert taste[0] == pytest.approx(rating.reference.true.mean(), abs=1e-3)


def test_a_frame_holds_what_has_changed_and_is_small():
    rating = session()
    full(rating)
    assert rating.frame(False) is None
    rate(rating, WANTED)
    assert len(json.dumps(rating.frame(False))) < 20_000
    rating.receive("back", None)
    assert "test" not in rating.frame(False)


# -- the blind test --------------------------------------------------------------------------------------------------


def test_the_blind_test_hides_which_is_which_teaches_nothing_and_counts_the_chosen_ones():
    rating = session()
    ask(rating, "rest", "longer")
    w = rating.learnt.w
    told = ask(rating, "test")
    assert told["pair"]["test"] is True
    assert told["test"] == {"answered": 0, "of": TESTED, "over": False, "won": None}
    assert {first for _, first in rating.test["pairs"]} == {True, False}
    for number, (pair, first) in enumerate(list(rating.test["pairs"])):
        scores = [float(rating.learnt(row_of(words, "en")[None])[0]) for words in pair]
        assert (scores[0] > scores[1]) == first
        won = ask(rating, "answer", (number, "same" if number < 2 else "first" if first else "second"))["test"]["won"]
    assert won == TESTED - 1  # two halves
    assert len(rating.ratings) == WANTED
    assert rating.learnt.w is w
    assert full(rating)["pair"] is None
    told = ask(rating, "stop")
    assert (told["test"], told["pair"]["number"]) == (None, WANTED)


def test_an_answer_of_the_test_can_be_taken_back_and_the_test_be_left_and_begun_anew():
    rating = rate(session(), 3)
    ask(rating, "test")
    pairs = rating.test["pairs"]
    ask(rating, "answer", (0, "first"))
    assert ask(rating, "back")["pair"]["number"] == 0
    assert len(rating.ratings) == 3
    ask(rating, "stop")
    ask(rating, "test")
    assert rating.test["pairs"] != pairs  # nobody remembers the answers
    ask(rating, "rest", "longer")
    assert full(rating)["test"]["over"] is True
    rating.receive("stop", None)
    rating.receive("test", None)
    rating.receive("stop", None)  # before it is written
    settled(rating)
    assert full(rating)["test"] is None


def test_the_best_of_n_is_of_fresh_ones_and_may_be_worse_than_the_one_before():
    rating, better = session(n=4), []
    ask(rating, "rest", "longer")
    for _ in range(2):
        ask(rating, "test")
        for pair, first in rating.test["pairs"]:
            scores = [float(rating.learnt(row_of(words, "en")[None])[0]) for words in pair]
            better.append((scores[0] > scores[1]) == first)
        ask(rating, "stop")
    assert 0.5 < np.mean(better) < 1


def test_who_likes_longer_reviews_finds_them_in_the_test():
    rating = session()
    for _ in range(5):
        ask(rating, "rest", "longer")
    ask(rating, "test")
    ask(rating, "rest", "longer")
    assert full(rating)["test"]["won"] >= 8


def test_without_answers_there_is_no_test():
    rating = session()
    ask(rating, "test")
    assert full(rating)["test"] is None


# -- messages --------------------------------------------------------------------------------------------------------


def test_what_a_page_chose_before_counts_from_the_start():
    assert rate_request({"id": 1, "n": 4, "reads": "features"}).settings == {"n": 4, "reads": "features"}
    assert rate_request({"id": 1, "n": 4}).settings == {"n": 4, "reads": "words"}


def test_malformed_messages_are_refused_in_one_sentence():
    right = {"id": 1, "language": "en", "ratings": RATED}
    assert rate_request(right).ratings == tuple(map(tuple, RATED))
    for change in ({"language": "fr"}, {"seed": -1}, {"n": 5}, {"n": "64"}, {"n": 128}, {"reads": "all"}):
        with pytest.raises(BadRequest):
            rate_request({**right, **change})
    for ratings in (None, 3, [RATED[0]] * (MOST_RATINGS + 1)):
        with pytest.raises(BadRequest, match="at most 200"):
            rate_request({**right, "ratings": ratings})
    for wrong in (
        3,
        [],
        RATED[0][:3],
        [GOOD, DULL, "left", "person"],
        [GOOD, DULL, "first", "cat"],
        [GOOD, 1, "first", "coin"],
    ):
        with pytest.raises(BadRequest, match="rating 2 must be two reviews"):
            rate_request({**right, "ratings": [RATED[0], wrong]})
    with pytest.raises(BadRequest, match="rating 1 holds what is no review of this language"):
        rate_request({**right, "language": "ja"})
    request = rate_request(right)
    for kind, message in (
        ("answer", {"pair": 0}),
        ("answer", {"pair": -1, "choice": "first"}),
        ("answer", {"pair": 0, "choice": "left"}),
        ("rest", {"rater": "person"}),
        ("choose", {"n": 1}),
    ):
        with pytest.raises(BadRequest):
            KIND.receives[kind](message, request)
    assert KIND.receives["choose"]({"n": 4, "else": 1}, request) == {"n": 4}
    assert KIND.survives


# -- the job ---------------------------------------------------------------------------------------------------------


def test_no_slice_takes_long_and_a_language_s_reference_is_made_once():
    Reference.known.pop("en", None)
    runner, sent = JobRunner(), []

    async def run(count):
        async def send(message):
            sent.append(json.loads(json.dumps(message, allow_nan=False)))
            return True

        jobs = [KIND.job(rate_request({"id": i, "seed": i}), runner, send) for i in range(count)]
        tasks = [asyncio.create_task(job.run()) for job in jobs]
        while sum("pair" in message for message in sent) < count:
            await asyncio.sleep(0.001)
        seconds = [job.seconds for job in jobs]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return seconds

    assert sum(asyncio.run(run(1))) > 0.1
    reference = Reference.known["en"]
    assert max(asyncio.run(run(3))) < 1.0
    assert Reference.known["en"] is reference
    runner.close()
    assert sent[0] == {"type": "rating", "language": "en", "wanted": WANTED, "most": MOST_RATINGS}


def test_readers_share_the_making_of_a_reference_and_a_failure_is_not_kept(monkeypatch):
    kept, made = Reference.known.pop("en"), []
    load = lab.rating.load_plain

    def fails(language):
        raise OSError("no such file")

    monkeypatch.setattr(lab.rating, "load_plain", fails)
    with pytest.raises(OSError, match="no such file"):
        session()
    monkeypatch.setattr(lab.rating, "load_plain", lambda language: made.append(language) or load(language))
    readers = [Rating(rate_request({"id": i, "seed": i})) for i in range(3)]
    while sum(not each.go_on() for each in readers):
        pass
    assert made == ["en"]
    np.testing.assert_array_equal(Reference.known["en"].rows, kept.rows)


def test_an_answer_does_not_wait_until_all_is_learnt_anew():
    """What takes longer gives way to what the page asks."""
    runner = JobRunner()
    sent = []

    async def run():
        async def send(message):
            sent.append(message)
            return True

        job = KIND.job(rate_request({"id": 1, "seed": 1}), runner, send)
        task = asyncio.create_task(job.run())

        async def until(condition):
            while not any(map(condition, sent)):
                await asyncio.sleep(0.001)

        await until(lambda message: message.get("samples"))
        sent.clear()
        job.receive("fresh", None)
        for number in range(3):
            job.receive("answer", (number, "first"))
        await until(lambda message: message.get("samples") and not job.asked)
        await until(lambda message: message.get("predicted"))
        task.cancel()

    asyncio.run(run())
    runner.close()
    counts = [len(message["ratings"]) for message in sent if "ratings" in message]
    assert counts == [1, 2, 3]


def test_a_slice_ends_in_time():
    import time

    rating, longest = session(), []
    for kind, value in (("fresh", None), ("rest", "taste"), ("test", None)):
        rating.receive(kind, value)
        done = False
        while not done:
            began = time.thread_time()
            done = rating.go_on()
            longest.append(time.thread_time() - began)
    assert np.median(longest) < 3 * SLICE_SECONDS
