"""Day 7 in the simulator's page: a person rates pairs of reviews in a real Chromium, and what is learnt of it."""

import json

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from AP.answers import FORMAT, read_ratings
from AP.reviews import WORDS
from tests.lab.test_browser import calm, chromium, free_port, origin, page, running_server, wait_for  # noqa: F401
from tests.lab.test_browser_access import resize

RATED = {
    "first": "ramen the egg was good .",
    "second": "ramen the pork was dull .",
    "choice": "first",
    "by": "person",
}
SAVED = """const done = arguments[0]; const original = URL.createObjectURL;
URL.createObjectURL = (blob) => { URL.createObjectURL = original; blob.text().then(done); return '#' };
HTMLAnchorElement.prototype.click = function () {};
document.getElementById('rate-save').click();"""


def open_rate(page, address="/#mode=rate"):  # noqa: F811
    page.driver.get("about:blank")
    page.driver.get(page.origin + address)
    wait_for(lambda: now(page)["pair"] and now(page)["samples"], "the reviews are written", seconds=30)
    return page.settle()


def now(page):  # noqa: F811
    return page.module("rate/session.js", "m.now()")


def count(page):  # noqa: F811
    return len(now(page)["ratings"])


def press(page, *keys):  # noqa: F811
    """Answer by keys, one pair each."""
    for key in keys:
        before = now(page)
        page.keys(key)
        page.wait(lambda before=before: now(page)["pair"] != before["pair"], f"{key} answers")
    return page.settle()


def rest(page, ratings=40):  # noqa: F811
    page.click("rate-rest")
    page.wait(lambda: count(page) == ratings and now(page)["predicted"], "the rest is answered")
    return page.settle()


def load(page, tmp_path, content, name="nanoka-ratings.json"):  # noqa: F811
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    page.get("rate-file").send_keys(str(path))


def file_of(*ratings, **changes):
    return {"format": FORMAT, "language": "en", "ratings": list(ratings)} | changes


def test_a_person_rates_by_keys_alone(page):  # noqa: F811
    open_rate(page)
    assert page.text("rate-progress") == "ramen: which review is better? Pair 1 of 40"
    assert not page.get("rate-back").is_enabled()
    pair = now(page)["pair"]
    shown = pair["first"].split(" ", 1)[1].replace(" .", ".")
    assert page.text("rate-left").endswith(shown)
    assert page.text("rate-said").startswith(f"Pair 1, ramen. 1: {shown} 2: ")  # what a screen reader hears
    press(page, "1", "2", "0", Keys.ARROW_LEFT, Keys.ARROW_RIGHT)
    assert [rating[2] for rating in now(page)["ratings"]] == ["first", "second", "same", "first", "second"]
    assert now(page)["ratings"][0][:2] == [pair["first"], pair["second"]]
    assert page.text("rate-said").startswith("Pair 6")
    assert page.text("rate-guess").startswith(("Predicted: ", "A surprise: "))
    press(page, Keys.BACKSPACE)
    assert count(page) == 4
    answer = "for (let i = 0; i < 3; i += 1) document.getElementById('rate-left').click();"
    page.script(answer)  # faster than the next pair can come
    page.wait(lambda: now(page)["pair"]["number"] == 5)
    page.settle()
    assert count(page) == 5
    press(page, Keys.BACKSPACE)
    words = page.script(
        "return [...document.querySelectorAll('#rate-words li')].map((li) => li.innerText.split(/\\s+/))"
    )
    effects = [float(effect.replace("−", "-")) for _, effect in words]
    assert effects == sorted(effects, reverse=True)
    assert {word for word, _ in words} <= set(WORDS)
    before = now(page)["samples"]
    page.keys("n")
    page.wait(lambda: now(page)["samples"] != before, "n writes new ones")
    page.script(
        "for (const key of ['1', '2']) document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " { key, repeat: true, bubbles: true }))"
    )
    page.get("rate-seed").send_keys("1")  # a digit that is typed is no answer
    page.settle()
    assert count(page) == 4


def test_a_person_rates_by_mouse_and_the_focus_stays(page):  # noqa: F811
    open_rate(page)
    for number, name in enumerate(("left", "right", "same"), 1):
        page.click(f"rate-{name}")
        page.wait(lambda number=number: count(page) == number)
        assert page.script("return document.activeElement.id") == f"rate-{name}"
    assert [rating[2] for rating in now(page)["ratings"]] == ["first", "second", "same"]
    page.click("rate-back")
    page.wait(lambda: count(page) == 2)


def test_tab_leads_from_the_skip_link_through_pair_and_answers(page):  # noqa: F811
    open_rate(page)
    page.keys(Keys.TAB, Keys.ENTER)
    reached = []
    for _ in range(4):
        reached.append(page.script("return document.activeElement.id"))
        page.keys(Keys.TAB)
    assert reached == ["rate-stage", "rate-left", "rate-right", "rate-same"]


def test_the_synthetic_rater_answers_the_rest_and_the_page_says_how_well_it_is_predicted(page):  # noqa: F811
    open_rate(page)
    assert page.text("rate-predicted") == "Answer first."
    press(page, "1")
    page.wait(lambda: "fewer than 10" in page.text("rate-predicted"))
    Select(page.get("rate-rater")).select_by_value("longer")
    rest(page)
    right, of = now(page)["predicted"]
    assert f"right in {right} of {of}." in page.text("rate-predicted")
    assert page.text("rate-predicted").endswith("there is something in it.")
    assert page.text("rate-who").startswith("1 by you, 39 by others")
    assert "The best of 64" in page.rows("#rate-samples tr")[0][2]
    chosen = page.rows("#rate-samples tbody tr")
    assert len(chosen) == 4
    page.wait(lambda: "a mean reward of" in page.text("rate-means"))
    Select(page.get("rate-n")).select_by_value("4")
    page.wait(lambda: page.rows("#rate-samples tr")[0][2] == "The best of 4 by your reward")
    words = page.text("rate-words")
    Select(page.get("rate-reads")).select_by_value("features")
    page.wait(lambda: page.text("rate-words") != words, "the features are read")
    page.wait(lambda: "rate_reads=features&rate_n=4&rater=longer" in page.driver.current_url)
    rest(page, 50)


def test_the_blind_test_by_keys(page):  # noqa: F811
    open_rate(page)
    assert not page.get("rate-test").is_enabled()
    Select(page.get("rate-rater")).select_by_value("longer")
    rest(page)
    page.click("rate-test")
    page.wait(
        lambda: page.text("rate-progress").startswith("Blind test, ramen: which review is better? Pair 1 of 10")
    )
    assert page.script("return document.activeElement.id") == "rate-stage"
    press(page, "1", Keys.BACKSPACE)
    for _ in range(9):
        pair = now(page)["pair"]
        press(page, "1" if len(pair["first"]) > len(pair["second"]) else "2")
    press(page, "0")
    won = now(page)["test"]["won"]
    assert won >= 7
    assert f"in {won:g} of 10 pairs" in page.text("rate-over")
    assert page.text("rate-said") == page.text("rate-over")
    assert not page.get("rate-left").is_displayed()
    assert count(page) == 40
    page.click("rate-stop")
    page.wait(lambda: page.get("rate-left").is_displayed(), "the ratings go on")
    page.wait(lambda: page.text("rate-progress") == "ramen: which review is better? Pair 41")


def test_ratings_are_saved_forgotten_brought_back_and_read_again(page, tmp_path):  # noqa: F811
    open_rate(page)
    press(page, "1", "2", "0")
    ratings, words = now(page)["ratings"], page.text("rate-words")
    text = page.driver.execute_async_script(SAVED)
    (tmp_path / "saved.json").write_text(text, encoding="utf-8")
    language, first, _, choices = read_ratings(tmp_path / "saved.json")  # by AP/rating.py --ratings
    assert (language, len(first), choices.tolist()) == ("en", 3, [1, 0, 0.5])
    page.click("rate-forget")
    page.wait(lambda: count(page) == 0 and now(page)["pair"])
    assert page.get("rate-undo").is_displayed()
    page.click("rate-undo")
    page.wait(lambda: now(page)["ratings"] == ratings and page.text("rate-words") == words, "all are back")
    page.click("rate-forget")
    page.wait(lambda: count(page) == 0)
    load(page, tmp_path, text)
    page.wait(lambda: now(page)["ratings"] == ratings and page.text("rate-words") == words)
    assert page.text("notice") == "3 ratings were read from nanoka-ratings.json."
    page.click("take")
    assert page.get("command").get_attribute("value") == (
        "python AP/rating.py --ratings nanoka-ratings.json --reads words --n 64"
    )
    page.keys(Keys.ESCAPE)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "holds no ratings in the format"),
        (file_of(RATED, format="other"), "holds no ratings in the format"),
        (file_of(RATED, language="fr"), "holds no ratings in the format"),
        (file_of(), "must hold 1 to 200 ratings"),
        (file_of(*[RATED] * 201), "must hold 1 to 200 ratings"),
        (file_of(RATED, {**RATED, "choice": "left"}), "Rating 2 of bad.json must have"),
        (file_of(RATED, 5), "Rating 2 of bad.json must have"),
        (file_of(RATED, {**RATED, "first": "ramen the cat was good ."}), "rating 2 holds what is no review"),
        (file_of({**RATED, "second": "x" * 501}), "Rating 1 of bad.json must have"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_and_no_rating_is_lost(page, tmp_path, content, sentence):  # noqa: F811
    open_rate(page)
    press(page, "1", "2")
    ratings = now(page)["ratings"]
    load(page, tmp_path, content, "bad.json")
    page.wait(lambda: sentence in page.text("notice"), sentence)
    page.wait(lambda: now(page)["ratings"] == ratings and now(page)["pair"], "the ratings are there")
    press(page, "1")
    assert count(page) == 3


def test_ratings_of_each_language_are_kept_apart(page, tmp_path):  # noqa: F811
    open_rate(page)
    press(page, "1", "2")
    page.click("lang-ja")
    page.wait(lambda: now(page)["pair"] and not now(page)["pair"]["first"].isascii(), "Japanese reviews")
    page.wait(lambda: page.text("rate-progress").startswith("ラーメン: 良いのはどちらですか"))
    assert count(page) == 0
    page.wait(lambda: now(page)["samples"])
    press(page, "0")
    load(page, tmp_path, file_of(*[RATED] * 5))
    page.wait(lambda: "上の English を選んでください" in page.text("notice"))
    assert count(page) == 1
    page.click("lang-en")
    page.wait(lambda: count(page) == 5 and now(page)["pair"], "those of the file")
    page.click("rate-undo")
    page.wait(lambda: count(page) == 2 and now(page)["pair"], "those before")


def test_who_goes_to_another_page_finds_all_as_it_was(page):  # noqa: F811
    open_rate(page)
    press(page, "1", "2")
    pair = now(page)["pair"]
    page.module("core/change.js", "m.setMode('plan')")
    page.wait(lambda: page.get("board").is_displayed())
    page.keys("1", "2")  # keys of other pages answer nothing
    page.module("core/change.js", "m.setMode('rate')")
    page.wait(lambda: page.get("rate-left").is_displayed())
    assert (count(page), now(page)["pair"]) == (2, pair)
    press(page, "1")


def test_another_seed_shows_other_pairs_and_keeps_the_ratings(page):  # noqa: F811
    open_rate(page)
    press(page, "1")
    pair = now(page)["pair"]
    page.field("rate-seed", 7)
    page.wait(lambda: now(page)["pair"] not in (None, pair), "other pairs")
    assert count(page) == 1
    page.field("rate-seed", -1)
    page.wait(lambda: "must be a whole number" in page.text("notice"))
    assert page.get("rate-seed").get_attribute("value") == "7"


def test_no_rating_is_lost_with_the_server(chromium):  # noqa: F811
    from tests.lab.test_browser import Page

    port = free_port()
    page = Page(chromium, f"http://127.0.0.1:{port}")  # noqa: F811
    with running_server(port):
        open_rate(page)
        press(page, "1", "2", "0")
        ratings, pair = now(page)["ratings"], now(page)["pair"]
    page.wait(lambda: page.get("banner").is_displayed(), "the line is lost")
    page.keys("1")
    page.wait(lambda: "try again when it is back" in page.text("notice"))
    with running_server(port):
        wait_for(lambda: page.module("core/state.js", "m.state.link") == "open", "the line is back", seconds=30)
        page.wait(lambda: now(page)["pair"] == pair and now(page)["ratings"] == ratings)
        press(page, "1")
        assert count(page) == 4
        calm(page)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_fits_a_phone_with_the_pair_and_its_answers_above_the_fold(page, language):  # noqa: F811
    resize(page, 390, 844, 2)
    open_rate(page, f"/?lang={language}#mode=rate")
    rest(page)
    page.script("scrollTo(0, 0)")
    assert page.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    left, right, same = (page.get(f"rate-{name}").rect for name in ("left", "right", "same"))
    assert left["y"] + left["height"] <= right["y"]
    assert same["y"] + same["height"] <= 664  # of 844, what a browser's bars leave
    for button in page.driver.find_elements(By.CSS_SELECTOR, ".rate button"):
        assert not button.is_displayed() or button.rect["height"] >= 43, button.get_attribute("id")
