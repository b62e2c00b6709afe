"""The cards "predict, then press" in the simulator's page: first an answer, then the truth, in a real Chromium."""

import json
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lab.cards import CARDS
from tests.lab.test_browser import Page, calm, chromium, free_port, origin, page, running_server  # noqa: F401  (fixtures)


def open_card(page, name):  # noqa: F811
    if not page.get("cards-panel").is_displayed():
        page.click("cards")
    if page.get("card").is_displayed():
        page.click("card-all")
    page.click(f"cards-{name}")


def predict(page, name, answer):  # noqa: F811
    open_card(page, name)
    if CARDS[name].choices:
        page.click(f"card-choice-{answer}")
    else:
        page.get("card-number").send_keys(str(answer))
    page.click("card-check")
    page.wait(lambda: page.text("card-why"), "the truth is told")


def answers(page):  # noqa: F811
    """What the address holds of the answers."""
    found = re.search(r"cards=([^&]*)", page.driver.current_url)
    return found[1] if found else ""


def test_a_card_takes_the_answer_before_it_tells_the_truth(page):  # noqa: F811
    open_card(page, "danger")
    assert not page.get("card-check").is_enabled()
    assert (page.text("card-verdict"), page.text("card-why")) == ("", "")
    assert not page.get("card-try").is_displayed()
    page.click("card-choice-treasure")
    page.click("card-check")
    page.wait(lambda: page.text("card-why"))
    assert page.text("card-verdict") == "Not right: It heads for the treasure."
    assert "89% of its walks" in page.text("card-why")
    assert not page.get("card-form").is_displayed()  # a prediction stays as it was made


def test_a_number_counts_once_it_is_given_and_in_range(page):  # noqa: F811
    open_card(page, "trapped")
    number = page.get("card-number")
    assert not page.get("card-check").is_enabled()  # the slider stands somewhere, but nobody has moved it
    assert number.get_attribute("value") == ""
    number.send_keys("-3")
    assert not page.get("card-check").is_enabled()
    page.get("card-slider").send_keys(Keys.HOME, Keys.ARROW_RIGHT)
    assert number.get_attribute("value") == "-1.95"
    number.send_keys(Keys.CONTROL, "a")
    number.send_keys("-0.42", Keys.ENTER)
    page.wait(lambda: page.text("card-why"))
    assert page.text("card-verdict") == "Right: −0.42 is near enough."


def test_a_card_does_not_show_the_setting_that_it_asks_for(page):  # noqa: F811
    open_card(page, "bonus")
    assert page.text("card-settings") == "Move probability 0.8 · Discount rate γ 0.99"
    open_card(page, "trapped")
    assert page.text("card-settings") == "Move probability 0.8 · Discount rate γ 0.9 · Step reward −0.04"


def test_the_picture_of_a_maze_has_words_for_who_cannot_see_it(page):  # noqa: F811
    open_card(page, "danger")
    assert page.get("card-maze").get_attribute("aria-label") == (
        "Maze, 3 rows by 4 columns; start: row 3, column 1; treasure: row 1, column 4; danger: row 2, column 4"
    )


def test_answers_stand_in_the_address_and_outlive_a_reload(page):  # noqa: F811
    predict(page, "bridge", 0.6)
    predict(page, "order", "same")
    assert answers(page) == "bridge:0.6,order:same"
    page.driver.refresh()
    page.wait(lambda: page.cells())
    page.click("cards")
    page.wait(
        lambda: page.text("cards-count") == f"1 right, 2 answered, {len(CARDS)} cards", "the answers are judged again"
    )
    assert [page.text(f"cards-{name}") for name in ("bridge", "order", "danger")] == [
        "1. The bridgenot right",
        "3. Against the orderright",
        "4. Every step hurts",
    ]
    page.click("cards-forget")
    page.wait(lambda: not answers(page), "the answers are forgotten")
    assert page.text("cards-count") == f"0 right, 0 answered, {len(CARDS)} cards"


def test_try_it_opens_the_maze_of_the_card_with_its_settings_and_keeps_the_answers(page):  # noqa: F811
    predict(page, "trapped", 0)
    page.click("card-try")
    page.wait(lambda: page.maze().startswith("......./..BBB../..BTB.."), "the maze is on the page")
    page.plan()
    assert "value −0.399" in page.label(35)
    predict(page, "cliff", "q_learning")
    page.click("card-try")
    page.wait(lambda: page.module("core/state.js", "m.state.mode") == "learn", "the other page is shown")
    assert page.module("core/state.js", "m.state.settings.learn.learner2") == "q_learning"
    assert answers(page) == "trapped:0,cliff:q_learning"
    assert page.text("notice") == ""


def test_the_page_can_read_the_link_of_every_card(page):  # noqa: F811
    for card in CARDS.values():
        read = page.module("core/address.js", f"m.fromHash({json.dumps(card.link)})")
        assert (read["mode"], read["problems"]) == (card.page, []), card.name


def test_answers_of_a_link_that_fit_no_card_are_told_and_the_others_kept(page):  # noqa: F811
    page.open("/#cards=bridge:7,danger:danger,joker:1,order,trapped:")
    page.wait(lambda: "fit no card" in page.text("notice"))
    assert "bridge:7, joker:1, order, trapped:" in page.text("notice")
    page.wait(lambda: answers(page) == "danger:danger")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_card_is_explained_in_both_languages_with_its_numbers(page, language):  # noqa: F811
    given = ",".join(f"{name}:{card.choices[0] if card.choices else card.low}" for name, card in CARDS.items())
    page.open(f"/?lang={language}#cards={given}")
    page.click("cards")
    counted = rf"(\d+) right, {len(CARDS)} answered" if language == "en" else rf"正解 (\d+)、回答済み {len(CARDS)}"
    page.wait(lambda: re.match(counted, page.text("cards-count")))
    page.wait(lambda: page.module("cards/cards.js", "[...m.answers.values()].every((given) => given.verdict)"))
    for name in CARDS:
        open_card(page, name)
        page.wait(lambda: page.text("card-why"), f"{name} is explained")
        for part in ("card-name", "card-question", "card-verdict", "card-why"):
            assert page.text(part), (name, part)
            assert not re.search(r"[{}]|undefined|NaN", page.text(part)), (name, page.text(part))
        assert page.get("card-maze").find_elements(By.CSS_SELECTOR, ".start, .treasure")


def test_an_answer_given_while_the_line_is_down_is_judged_when_it_is_back(page):  # noqa: F811
    port = free_port()
    other = Page(page.driver, f"http://127.0.0.1:{port}")
    with running_server(port):
        other.open("/")
        other.wait(lambda: other.module("core/state.js", "m.state.link") == "open")
    other.wait(lambda: other.module("core/state.js", "m.state.link") == "lost")
    open_card(other, "danger")
    other.click("card-choice-danger")
    other.click("card-check")
    assert "The truth is being worked out" in other.text("card-verdict")
    with running_server(port):
        other.wait(lambda: other.text("card-why"), "the truth is told after all")
        assert other.text("card-verdict") == "Right: It jumps into danger."
        other.open("/")
    calm(page)
