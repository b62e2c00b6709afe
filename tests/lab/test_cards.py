"""The cards "predict, then press": truths that hold, for other seeds too, and sentences that fit them."""

import json
import math
import re
from pathlib import Path

import pytest

from environment import GridWorld
from lab import cards
from lab.cards import CARDS, Card, catalogue, fields_of, learner, turning_point
from lab.learners import SETTINGS

STRINGS = Path(cards.__file__).with_name("static") / "cards" / "strings.js"
EACH_CARD = pytest.mark.parametrize("name", CARDS)
LEARNT = [name for name, card in CARDS.items() if card.page == "learn"]


def finish(generator):
    """What a generator returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def strings(language):
    """{key: sentence} of a language."""
    english, japanese = STRINGS.read_text("utf-8").split("\n  ja: {")
    entries = re.findall(r'"(card[\w.]+)": ((?:"[^"]*"[\s+]*)+),', english if language == "en" else japanese)
    return {key: "".join(re.findall(r'"([^"]*)"', text)) for key, text in entries}


def test_there_are_fourteen_cards_for_both_pages_and_of_both_kinds():
    assert len(CARDS) == 14
    assert {(card.page, card.kind) for card in CARDS.values()} == {
        (page, kind) for page in ("plan", "learn") for kind in ("number", "choice")
    }


# What the explanations say in words, each card's truth must bear out.
SAID = {
    "bridge": 0.854,
    "discount": 0.3 ** (1 / 5),  # 0.3 γ³ = γ⁸
    "order": "same",
    "danger": "danger",
    "bonus": 0.01,  # r / (1 - γ) = 1
    "improvements": 3,
    "trapped": -0.4,  # -0.04 / (1 - 0.9)
    "cliff": "sarsa",
    "optimism": "optimistic",
    "patience": "q_learning",
    "traces": 1,
    "double": "lower",
    "imagination": 2,
    "shortcut": "dyna_plus",
}


@EACH_CARD
def test_the_truth_of_a_card_is_what_its_explanation_says(name):
    card = CARDS[name]
    truth, shown = finish(card.truth())
    assert truth == (SAID[name] if card.choices else pytest.approx(SAID[name], abs=0.002))
    assert json.loads(json.dumps([truth, shown])) == [truth, shown]
    assert truth in card.choices if card.choices else card.low < truth < card.high


@pytest.mark.parametrize("name", LEARNT)
def test_the_truth_of_a_learners_card_holds_for_other_seeds(name, monkeypatch):
    monkeypatch.setattr(cards, "SEEDS", range(101, 106))
    truth, shown = finish(CARDS[name].find(CARDS[name].link))
    assert truth == SAID[name]
    margins = {
        "cliff": lambda: (
            shown["sarsa"] - shown["q_learning"] > 0.15 and shown["sarsa_path"] > shown["q_learning_path"]
        ),
        "optimism": lambda: (shown["optimistic"], shown["exploring"]) == (5, 0),
        "patience": lambda: shown["q_learning"] > 10 * shown["monte_carlo"],
        "traces": lambda: shown["traced"] == 12 and 11 <= shown["episodes"] <= 14,
        "imagination": lambda: shown["none"] >= 4 * truth and shown["five"] <= 8,
        "shortcut": lambda: shown["dyna"] < shown["most"] < shown["dyna_plus"] - 10,
        "double": lambda: shown["double_q_learning"] < shown["optimum"] - 0.3 < shown["q_learning"] - 0.33,
    }
    assert margins[name]()


def test_value_iteration_in_place_is_fast_only_where_its_order_suits():
    _, sweeps = finish(CARDS["order"].truth())
    assert sweeps == {"synchronous": 20, "in_place": 20, "mirrored": 2}


def test_left_is_worth_what_the_near_treasure_is_and_not_turning_back_to_the_far_one():
    _, shown = finish(CARDS["discount"].truth())
    assert (shown["near"], shown["far"]) == (round(0.3 * 0.9**3, 3), round(0.9**8, 3))


def test_the_bridge_is_crossed_although_more_walks_end_in_danger():
    prob, falls = finish(CARDS["bridge"].truth())
    assert falls["across"] > falls["around"] + 5
    safe = prob**3  # three cells of it have danger on both sides
    assert falls["across"] == pytest.approx(100 * (1 - safe), abs=4)


def test_a_learner_of_a_card_is_the_one_of_its_link():
    agent, world = learner(CARDS["cliff"].link, "q_learning", 1)
    assert (agent.gamma, agent.epsilon, agent.learning_rate) == (0.99, 0.1, SETTINGS["learning_rate"].default)
    assert world.unwrapped.step_reward == -0.01
    agent, _ = learner(CARDS["optimism"].link, "q_learning", 1, initial_value=0)
    assert (agent.epsilon, agent.initial_value, max(agent.q[0])) == (0, 0, 0)


@EACH_CARD
def test_the_link_of_a_card_holds_a_maze_and_settings_of_the_simulator(name):
    fields = fields_of(CARDS[name].link)
    GridWorld.from_link(CARDS[name].link)
    known = {"maze", "rewards", "prob", "step_reward", "plan", "mode", "learner", "learner2", *SETTINGS}
    assert not set(fields) - known
    assert fields.get("mode", "plan") == CARDS[name].page
    assert all(
        SETTINGS[name].low <= float(fields[name]) <= SETTINGS[name].high for name in SETTINGS if name in fields
    )


def test_turning_point_is_found():
    assert finish(turning_point(0, 2, lambda x: x > math.sqrt(2))) == pytest.approx(math.sqrt(2), abs=1e-3)


def test_a_number_is_right_within_its_tolerance_and_a_choice_if_it_is_the_one():
    number = Card("", "plan", "", None, tolerance=0.05)
    assert number.is_right(0.8, 0.85)  # to rounding
    assert number.is_right(0.9, 0.85)
    assert not number.is_right(0.79, 0.85)
    choice = Card("", "plan", "", None, choices=("left", "right"))
    assert choice.is_right("left", "left")
    assert not choice.is_right("right", "left")


def test_a_tolerance_is_smaller_than_what_a_blind_guess_would_need():
    for card in CARDS.values():
        if not card.choices:
            assert 0 <= 2 * card.tolerance <= (card.high - card.low) / 4


def test_all_who_ask_a_card_share_one_search():
    begun = []

    def find(link):
        begun.append(link)
        yield
        yield
        return "left", {}

    card = Card("shared", "plan", "maze", find, choices=("left", "right"))
    one, other = card.truth(), card.truth()
    try:
        next(one), next(other)
        one.close()  # who leaves loses nothing of what was found
        assert finish(other) == finish(card.truth()) == ("left", {})
        assert begun == ["maze"]
    finally:
        cards.FOUND.pop("shared", None)
        cards.SEARCHES.pop("shared", None)


def test_the_page_is_told_the_answers_that_a_card_takes_and_not_the_truth():
    described = {card["name"]: card for card in catalogue()}
    assert list(described) == list(CARDS)
    assert described["order"]["choices"] == ("two", "half", "same")
    assert (described["bridge"]["low"], described["bridge"]["high"], described["bridge"]["step"]) == (0.5, 1, 0.01)
    allowed = {"name", "page", "link", "kind", "choices", "low", "high", "step", "asks"}
    assert all(set(card) <= allowed for card in described.values())


def test_the_cards_say_the_same_in_both_languages():
    english, japanese = strings("en"), strings("ja")
    assert list(english) == list(japanese)
    for key, sentence in english.items():
        assert set(re.findall(r"{\w+}", japanese[key])) == set(re.findall(r"{\w+}", sentence)), key


@pytest.mark.parametrize("language", ["en", "ja"])
@EACH_CARD
def test_a_card_speaks_both_languages_and_names_only_numbers_that_it_has(name, language):
    said, card = strings(language), CARDS[name]
    wanted = {"title", "question", "why", *(f"choice.{choice}" for choice in card.choices)}
    assert {key.removeprefix(f"card.{name}.") for key in said if key.startswith(f"card.{name}.")} == wanted
    _, shown = finish(card.truth())
    placeholders = set(re.findall(r"{(\w+)}", said[f"card.{name}.why"]))
    assert placeholders <= {"truth", *shown}
    assert not re.search(r"[{}]", said[f"card.{name}.question"])
    if card.kind == "number":
        assert "truth" in placeholders
