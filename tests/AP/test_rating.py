"""A taste from a few answers: the logistic regression by hand, what is read, files of answers, the command."""

import contextlib
import io
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from AP.answers import FORMAT, RATERS, answer, asked, read_ratings, row_of, words_of
from AP.plain_language_model import load_plain, write
from AP.rating import READS, Learnt, Reader, agreement, fit, left_out, loss, read
from AP.rating_report import Exam, best_of_groups, effects
from AP.reviews import LENGTH, NUMBER_OF, PAD, STOPS, WORDS, text, true_score

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["en", "ja"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def model(language):
    return load_plain(language)


@pytest.fixture(scope="module")
def rows(model, language):
    return write(model, language, 256, np.random.default_rng(0))


def comparisons(count=30, features=4, seed=0):
    rng = np.random.default_rng(seed)
    differences, true = rng.normal(size=(count, features)), rng.normal(size=features)
    return differences, (rng.random(count) < expit(differences @ true)).astype(float)


# The learning


def test_one_answer_by_hand():
    """One feature, a difference of 1, ρ = 1: w = 1 / (1 + exp(w)), which is 0.401058."""
    assert fit(np.ones((1, 1)), np.ones(1), ridge=1.0) == pytest.approx([0.4010581], abs=1e-6)
    assert fit(np.ones((1, 1)), np.zeros(1), ridge=1.0) == pytest.approx([-0.4010581], abs=1e-6)


def test_the_same_is_half_of_each_and_says_that_two_are_alike():
    assert fit(np.ones((1, 1)), np.array([0.5])) == pytest.approx([0], abs=1e-12)
    differences, choices = comparisons()
    twice = np.repeat(differences[:1], 2, axis=0)
    halves = fit(np.concatenate([differences, twice]), np.append(choices, [0.5, 0.5]))
    both = fit(np.concatenate([differences, twice]), np.append(choices, [1.0, 0.0]))
    np.testing.assert_allclose(halves, both, atol=1e-7)


def test_the_loss_by_hand_and_its_gradient_is_zero_at_what_is_learnt():
    w, difference = np.array([0.5, -1.0]), np.array([[2.0, 1.0]])
    assert loss(w, difference, np.ones(1), ridge=0.2) == pytest.approx(np.log(2) + 0.1 * 1.25)  # a margin of 0
    assert loss(w, 2 * difference + [[1, 0]], np.zeros(1), ridge=0.2) == pytest.approx(np.log1p(np.e**0.5) + 0.125)
    differences, choices = comparisons()
    w, h = fit(differences, choices, ridge=0.7), 1e-5
    gradient = [
        (loss(w + h * e, differences, choices, 0.7) - loss(w - h * e, differences, choices, 0.7)) / (2 * h)
        for e in np.eye(4)
    ]
    np.testing.assert_allclose(gradient, 0, atol=1e-7)


def test_newton_s_steps_come_to_the_minimum_from_far_away_and_where_all_answers_agree():
    differences, choices = comparisons()
    near = fit(differences, choices)
    np.testing.assert_allclose(fit(differences, choices, start=np.full(4, 50.0)), near, atol=1e-6)
    certain = fit(100 * differences, (differences[:, 0] > 0).astype(float), ridge=1e-3)
    assert np.isfinite(certain).all()


def test_more_ridge_smaller_weights():
    norms = [np.linalg.norm(fit(*comparisons(), ridge=ridge)) for ridge in (0.01, 0.3, 10)]
    assert norms[0] > norms[1] > norms[2] > 0


def test_an_answer_that_is_left_out_is_predicted_without_it():
    differences, choices = comparisons()
    chances = list(left_out(differences, choices, fit(differences, choices)))
    for i in (0, 17):
        others = fit(np.delete(differences, i, axis=0), np.delete(choices, i))
        assert chances[i] == pytest.approx(expit(differences[i] @ others), abs=1e-6)
    alone = list(left_out(differences[:1], choices[:1], fit(differences[:1], choices[:1])))
    assert alone == [0.5]  # from no answer nothing is known


def test_agreement_counts_decided_answers_only():
    assert agreement([0.9, 0.2, 0.4, 0.8], [1, 0, 1, 0.5]) == (2, 3)
    assert agreement([], []) == (0, 0)


# What is read


def test_shares_of_words_by_hand(model, language):
    words = "ramen the egg was really good ." if language == "en" else "ラーメン 卵 は 本当に 上等 です。"
    row = row_of(words, language)
    shares = read("words", model, row[None])[0]
    written = words.split(" ")[1:]
    assert {WORDS[i] for i in np.flatnonzero(shares)} == set(written)
    assert shares[NUMBER_OF[written[-2]]] == pytest.approx(1 / len(written))


def test_features_are_the_mean_over_the_written_words(model, rows):
    row = rows[3]
    written = np.flatnonzero(row[1:] != PAD) + 1
    expected = model.features(row[None])[0, written].mean(axis=0)
    np.testing.assert_allclose(read("features", model, rows)[3], expected, atol=1e-5)


@pytest.mark.parametrize("reads", READS)
def test_a_reader_has_mean_0_and_a_square_of_1_on_the_reference(model, rows, reads):
    reader = Reader(reads, model, read(reads, model, rows))
    phi = reader(rows)
    np.testing.assert_allclose(phi, reader.reference, atol=1e-9)
    np.testing.assert_allclose(phi.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose((phi**2).sum(axis=1).mean(), 1)
    if reads == "features":
        turned = (read(reads, model, rows) - reader.mean) @ reader.matrix  # before it is cut at two deviations
        np.testing.assert_allclose(turned.T @ turned / len(rows), np.eye(phi.shape[1]), atol=1e-6)
        assert np.abs(phi / reader.scale).max() == pytest.approx(2)
        assert np.abs(turned).max() > 3


def test_words_that_all_reviews_have_or_nearly_none_are_not_read(model, rows):
    reader = Reader("words", model, read("words", model, rows))
    for number in range(1, len(WORDS)):
        share = (rows[:, 1:] == number).any(axis=1).mean()
        assert reader.matrix[number].any() == (0.01 <= share <= 0.99), WORDS[number]
    assert not reader.matrix[STOPS].any()


@pytest.mark.parametrize("reads", READS)
def test_a_reward_has_mean_0_and_deviation_1_on_the_reference_and_is_0_without_answers(model, rows, language, reads):
    reader = Reader(reads, model, read(reads, model, rows))
    first, second, choices = asked(model, language, "taste", 40, np.random.default_rng(1))
    differences = reader(first) - reader(second)
    learnt = Learnt(reader, differences, choices)
    assert (learnt.reference.mean(), learnt.reference.std()) == pytest.approx((0, 1), abs=1e-9)
    margin = (learnt(first) - learnt(second)) * learnt.deviation
    np.testing.assert_allclose(margin, differences @ learnt.w)
    assert (Learnt(reader, differences[:0], choices[:0]).reference == 0).all()


def test_effects_of_words_by_hand():
    rows = np.array([[1, 5, 6, 0], [1, 5, 7, 0], [2, 6, 7, 0], [2, 7, 7, 0]])
    found = effects(np.array([1.0, 2.0, 4.0, 9.0]), rows)
    assert found == {WORDS[5]: (1.5 - 6.5, 0.5), WORDS[6]: (2.5 - 5.5, 0.5), WORDS[7]: (5 - 1, 0.75)}
    assert not effects(np.zeros(4), rows[:, :1])  # the prompt is no word of the review


def test_the_best_of_groups():
    assert best_of_groups(np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0, 9.0]), 2).tolist() == [1, 3, 5]
    assert best_of_groups(np.array([1.0, 3.0, 2.0]), 1).tolist() == [0, 1, 2]


# The language model


def test_the_plain_model_has_tensorflow_s_probabilities_and_writes_the_same_reviews(model, rows, language):
    pytest.importorskip("tensorflow")
    from AP import rlhf
    from AP.reward_model import load_language_model

    reference, rng = load_language_model(rlhf.Config(language=language)), np.random.default_rng(5)
    np.testing.assert_allclose(model.log_prob(rows), reference.log_prob_of(rows), atol=2e-5)
    prompt, draws = rows[:, 0], rng.random((len(rows), LENGTH - 1)).astype(np.float32)
    *_, written = model.writing(prompt, draws)
    assert (written == reference.write(prompt, draws)).all(axis=1).mean() > 0.98  # a draw may fall on an edge


def test_a_review_ends_with_its_full_stop(rows):
    after = np.isin(rows, STOPS).cumsum(axis=1) - np.isin(rows, STOPS) > 0  # behind one
    assert (rows[after] == PAD).all()
    assert after.any(axis=1).mean() > 0.99


def test_no_page_of_these_loads_tensorflow():
    code = (
        "import sys, AP.rating, lab.server; sys.exit(any(m.startswith(('tensorflow', 'keras')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# Answers


def test_synthetic_raters_have_the_taste_that_they_say(model, language):
    rng = np.random.default_rng(2)
    first, second = write(model, language, 400, rng), write(model, language, 400, rng)
    better, length = true_score(first) - true_score(second), (first != PAD).sum(axis=1) - (second != PAD).sum(axis=1)
    choices = {rater: answer(rater, first, second, rng) for rater in RATERS}
    np.testing.assert_array_equal(choices["longer"], 0.5 + 0.5 * np.sign(length))
    assert 0.75 < ((better > 0) == choices["taste"]).mean() < 0.95
    assert 0.4 < ((better > 0) == choices["coin"]).mean() < 0.6


def test_a_review_can_be_read_again_from_its_words(rows, language):
    for row in rows:
        np.testing.assert_array_equal(row_of(words_of(row), language), row)
    assert words_of(rows[0]).replace(" ", "") == re.sub("[: ：]", "", text(rows[0]))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "ramen",
        "the egg was good .",
        "ramen the cat was good .",
        "ramen  egg",
        None,
        3,
        ["ramen", "the"],
        "寿司 は",
    ],
)
def test_what_is_no_review_is_refused(words):
    with pytest.raises(ValueError, match="a review has its item"):
        row_of(words, "en")
    with pytest.raises(ValueError, match="a review has its item"):
        row_of("ramen " + "the " * LENGTH, "en")


def saved(path, **changes):
    rating = {"first": "ramen the egg was good .", "second": "ramen the pork was dull .", "choice": "first"}
    others = [{**rating, "choice": choice, "by": "person"} for choice in ("second", "same")]
    path.write_text(json.dumps({"format": FORMAT, "language": "en", "ratings": [rating, *others]} | changes))
    return path


def test_saved_ratings_are_read_and_wrong_files_refused_in_one_sentence(tmp_path):
    path = tmp_path / "nanoka-ratings.json"
    language, first, second, choices = read_ratings(saved(path))
    assert (language, words_of(first[0]), choices.tolist()) == ("en", "ramen the egg was good .", [1, 0, 0.5])
    assert first.shape == second.shape == (3, LENGTH)
    for wrong in ({"format": "x"}, {"language": "fr"}, {"ratings": []}, {"ratings": [1]}, {"ratings": 5}):
        with pytest.raises(ValueError, match="holds no ratings: 1 to 200"):
            read_ratings(saved(path, **wrong))
    for content in (b"\xff", b"[]", b"{", b""):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="holds no ratings"):
            read_ratings(path)


# The page


def command(tmp_path, monkeypatch, *arguments):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rating.py", *map(str, arguments)])
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        runpy.run_path(str(ROOT / "AP" / "rating.py"), run_name="__main__")
    return out.getvalue()


def test_the_page_runs_with_a_synthetic_rater_and_with_a_person_s_ratings(tmp_path, monkeypatch):
    told = command(tmp_path, monkeypatch, "--quick")
    assert told.startswith("40 answers. Of 40 that are decided, the others predict ")
    told = command(tmp_path, monkeypatch, "--ratings", saved(tmp_path / "mine.json"), "--n", "4")
    assert told.startswith("3 answers. Of 2 that are decided")
    assert "The first and the best of 4" in told
    for wrong in (["--answers", "0"], ["--n", "1000"], ["--ratings", "nowhere.json"]):
        with pytest.raises(SystemExit) as error, contextlib.redirect_stderr(io.StringIO()):
            command(tmp_path, monkeypatch, *wrong)
        assert error.value.code == 2


def test_a_taste_is_learnt_from_answers_and_from_a_coin_s_there_is_nothing_to_learn(model, language):
    rng = np.random.default_rng(3)
    rows, exam = write(model, language, 1_024, rng), Exam(model, language, rng, 2_000, 4_096)
    reader = Reader("words", model, read("words", model, rows))
    phi, found = reader(exam.rows), {}
    for rater in RATERS:
        first, second, choices = asked(model, language, rater, 400, rng)
        found[rater] = exam.measure(Learnt(reader, reader(first) - reader(second), choices), phi, 16)
    assert found["taste"]["right"] > 0.64
    assert found["taste"]["after"] > found["taste"]["before"] + 1
    assert 0.42 < found["coin"]["right"] < 0.58
    assert abs(found["coin"]["predicted"] - 200) < 45
    assert found["longer"]["predicted"] > 0.85 * found["longer"]["of"]
    assert found["longer"]["after"] < found["longer"]["before"]
