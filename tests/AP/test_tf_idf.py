"""TF-IDF by hand."""

import numpy as np
import pytest

from AP.tf_idf import TfIdf


def test_similarity_by_hand():
    texts = TfIdf(["Red ball.", "Red key.", "Blue key."])
    rare, common = np.log(3), np.log(3 / 2)  # of ball and blue; of red and key
    expected = common / np.sqrt(2) / np.hypot(common, rare)
    assert texts.similarity("the red key") == pytest.approx([expected, 1, expected])
    asked = np.array([common, rare, common])  # of red, ball and key
    expected = np.array([common**2 + rare**2, 2 * common**2, common**2])
    expected /= np.hypot(common, [rare, common, rare]) * np.linalg.norm(asked)
    assert texts.similarity("a red ball, a key") == pytest.approx(expected)


def test_a_word_that_all_texts_have_counts_nothing():
    assert TfIdf(["The ball.", "The key."]).similarity("the").tolist() == [0, 0]


def test_a_word_that_one_text_has_twice_is_as_rare_as_one_that_it_has_once():
    assert TfIdf(["Ball ball.", "Key."]).similarity("ball key") == pytest.approx([1 / np.sqrt(2)] * 2)
