"""The sentences of the server: a code and arguments, in English here and in two languages on the page."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from lab.errors import SENTENCES, BadRequest, error_message, shown

STATIC = Path(__file__).parents[2] / "lab" / "static"
STRINGS = STATIC / "core" / "errors.js"


def strings_of_the_page(language):
    """{code: sentence} of lab/static/core/errors.js."""
    text = STRINGS.read_text(encoding="utf-8")
    block = re.search(rf"^  {language}: \{{\n(.*?)^  \}},", text, re.DOTALL | re.MULTILINE)[1]
    entries = re.findall(r'"error\.(\w+)":\s*("(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*),?\n', block)
    return {code: "".join(map(json.loads, re.findall(r'"(?:[^"\\]|\\.)*"', texts))) for code, texts in entries}


def test_the_page_says_each_error_as_the_server_does():
    english = strings_of_the_page("en")
    assert {code: english.get(code) for code in SENTENCES} == SENTENCES


def test_the_page_says_each_error_in_japanese_with_the_same_arguments():
    japanese = strings_of_the_page("ja")
    for code, sentence in SENTENCES.items():
        assert set(re.findall(r"\{\w+\}", japanese[code])) == set(re.findall(r"\{\w+\}", sentence)), code


def test_no_two_sentences_of_the_page_share_a_key():
    """Of two equal keys JavaScript keeps the later one, without a word."""
    texts = [path.read_text(encoding="utf-8") for path in (*STATIC.rglob("strings.js"), STRINGS)]
    keys = Counter(re.findall(r'"([\w.-]+)":', "".join(texts)))
    assert {key: count for key, count in keys.items() if count != 2} == {}  # once a language


@pytest.mark.parametrize("sentence", SENTENCES.values())
def test_every_sentence_is_one_line_without_a_full_stop(sentence):
    assert "\n" not in sentence
    assert not sentence.endswith(".")


def test_an_error_travels_as_code_and_arguments_with_its_sentence():
    told = error_message(BadRequest("choice", name="plan", choices="a, b", got='"{name}"'), over=True)
    assert told["message"] == 'plan must be one of a, b; got "{name}"'  # what was sent is not filled in again
    assert (told["code"], told["args"]["name"], told["over"]) == ("choice", "plan", True)
    assert error_message(ValueError("no luck"))["args"] == {"sentence": "no luck"}


def test_a_value_is_shown_cut_short_however_long_or_deep_it_is():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in ("x" * 50, deep):
        assert re.fullmatch(r".{40}…", shown(value))
