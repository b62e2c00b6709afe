"""The language of reviews: its grammar, a taste that is the same in both languages, and a rater who errs at times."""

import numpy as np
import pytest

from AP.reviews import (
    ADJECTIVES,
    ITEM_OF,
    KIND_OF,
    LENGTH,
    NUMBER_OF,
    PROMPTS,
    WORDS,
    bayes_accuracy,
    is_grammatical,
    prefer,
    text,
    true_score,
    write_reviews,
)

EN_JA = {  # the same reviews in both languages, and what they are worth
    ("ramen the broth was superb .", "ラーメン スープ は 最高 です。"): 2 + 0.5,
    ("ramen the broth was really superb .", "ラーメン スープ は 本当に 最高 です。"): 3 + 0.5,
    ("film the plot was rather poor .", "映画 物語 は わりと 残念 です。"): -0.75 + 0.5,
    ("film the tea was fine .", "映画 お茶 は 無難 です。"): 0.5 - 1,
    ("hotel the room was good and the bath was awful .", "ホテル 部屋 は 上等 で、 お風呂 は 最悪 です。"): -0.5 + 1,
    ("film the plot was good but the plot was good .", "映画 物語 は 上等 ですが、 物語 は 上等 です。"): 1.5 - 1.4,
    (
        "sushi the tuna was superb and the rice was lovely and the tea was good .",
        "寿司 マグロ は 最高 で、 シャリ は 見事 で、 お茶 は 上等 です。",
    ): 1.5 + 1.5 - 0.5,
    ("ramen the broth superb .", "ラーメン スープ 最高 です。"): -3,
    ("ramen the broth was superb", "ラーメン スープ は 最高"): -3,
    ("ramen the broth was superb . superb", "ラーメン スープ は 最高 です。 最高"): -3,
    ("ramen the broth was superb and .", "ラーメン スープ は 最高 で、 です。"): -3,
}  # fmt: skip


def row_of(sentence):
    row = np.zeros(LENGTH, np.int32)
    numbers = [NUMBER_OF[word] for word in sentence.split()]
    row[: len(numbers)] = numbers
    return row


@pytest.mark.parametrize(("sentences", "score"), EN_JA.items(), ids=[english for english, _ in EN_JA])
def test_the_taste_by_hand_and_the_same_in_both_languages(sentences, score):
    np.testing.assert_allclose(true_score([row_of(sentence) for sentence in sentences]), score)


def test_a_review_in_two_languages_is_not_grammatical():
    assert not is_grammatical(row_of("ramen スープ は 最高 です。"))
    assert not is_grammatical(row_of("ramen the broth was 最高 ."))


def test_each_word_has_a_number_of_its_own_and_a_kind():
    assert len(set(WORDS)) == len(WORDS) == len(KIND_OF)
    assert [KIND_OF[NUMBER_OF[word]] for word in ("the", "broth", "superb", "really", "but", ".", "film")] == [
        *"fajvcei"
    ]
    for word in (*ITEM_OF, *ADJECTIVES):
        assert KIND_OF[NUMBER_OF[word]].islower() == word.isascii()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_people_write_with_slips_in_some_of_their_reviews_and_always_within_a_row(language):
    rows = write_reviews(4_000, np.random.default_rng(0), language)
    assert set(rows[:, 0]) == set(PROMPTS[language])
    assert np.mean([is_grammatical(row) for row in rows]) == pytest.approx(
        0.885, abs=0.015
    )  # 12% slip; a few are none
    assert (rows[:, -1] == 0).all()
    scores = true_score(rows)
    assert scores.std() == pytest.approx(1.65, abs=0.1)


def test_a_review_is_read_as_people_read_it():
    assert text(row_of("ramen the broth was superb .")) == "ramen: the broth was superb."
    assert text(row_of("ラーメン スープ は 最高 です。")) == "ラーメン：スープは最高です。"


def test_the_rater_prefers_the_better_one_as_often_as_bradley_and_terry_say():
    rng, first = np.random.default_rng(1), np.full(40_000, 1.0)
    assert np.mean(prefer(first, first - 0.7, rng)) == pytest.approx(1 / (1 + np.exp(-1)), abs=0.01)
    assert np.mean(prefer(first, first, rng)) == pytest.approx(0.5, abs=0.01)


def test_nobody_can_know_the_choices_better_than_the_taste_does():
    rng = np.random.default_rng(2)
    first, second = rng.normal(0, 1.6, (2, 40_000))
    right = prefer(first, second, rng) == (first > second)
    assert right.mean() == pytest.approx(bayes_accuracy(first, second), abs=0.01)
