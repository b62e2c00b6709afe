"""Programs by a language model: an interpreter that executes nothing else, errors that are read, a library."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from AP import llm_program, robot_calls
from AP.language import RECORDED, LanguageModel, LanguageOptions, open_model
from AP.llm_program import TRIES, ProgramAgent, SkillLibrary, done_by, measure
from AP.program_items import COMPOSED, GRAMMAR, SHOTS, SIMPLE, WORDINGS
from AP.robot_calls import run_program
from worlds.house import ROOMS, THINGS

FETCH = 'goto("bathroom"); pick("sponge"); goto("living room"); give()'


class Writer(LanguageModel):
    """Writes what it was given, one after the other, and keeps the prompts."""

    def __init__(self, *texts):
        super().__init__("writer")
        self.texts, self.prompts = list(texts), []

    def write(self, prompt, grammar="", max_tokens=64):
        self.prompts.append(prompt)
        return self.texts.pop(0)


@pytest.mark.parametrize(
    ("program", "error"),
    [
        (FETCH, ""),
        (f" {FETCH};", ""),
        ('goto("bathroom"); pick("sponge")', "the task is not done; missing: (sponge: user)"),
        ('goto("kitchen"); pick("sponge")', 'pick("sponge"): the sponge is not in the kitchen; the sponge is in the'),
        ('pick("lamp")', 'pick("lamp"): the lamp is not in the living room; the lamp is not in the house'),
        ("drop()", "drop(): the hand is empty"),
        ("give()", "give(): the hand is empty"),
        ('goto("bathroom"); pick("sponge"); give()', "give(): the user is in the living room"),
        ('goto("bathroom"); pick("sponge"); pick("towel")', 'pick("towel"): the hand holds the sponge'),
        ('goto("garden")', 'goto("garden"): there is no garden'),
        ("", "nothing is no call"),
        ('__import__("os")', '__import__("os") is no call'),
        ("goto()", "goto() is no call"),
        ('drop("sponge")', 'drop("sponge") is no call'),
        (f"{FETCH}; 1 + 1", "1 + 1 is no call"),
    ],
)
def test_a_program_runs_or_says_in_a_sentence_why_not(program, error):
    found = run_program(program, SIMPLE[0])
    assert found == "" if not error else found.startswith(error)


def test_nothing_of_a_program_that_is_none_is_run(monkeypatch):
    ran = []
    monkeypatch.setitem(robot_calls.CALLS, "say", (lambda robot, words: ran.append(words) or "", 1))
    run_program('say("hello"); fly()', SIMPLE[0])
    assert ran == []


def test_what_a_model_writes_is_never_executed_as_python():
    for module in (llm_program, robot_calls):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"exec", "eval", "compile", "getattr", "__import__"}


def test_tasks_can_be_done_are_not_done_and_examples_are_none_of_them():
    for task in (*SIMPLE, *COMPOSED):
        assert set(task.things) <= set(THINGS)
        assert set(task.things.values()) <= set(ROOMS)
        assert run_program('say("nothing")', task).startswith("the task is not done")
        assert "cup" not in task.ask
    assert sum(bool(task.notes) for task in SIMPLE) == len(SIMPLE) / 2
    assert all("cup" in ask for _, ask, _ in SHOTS)
    assert all(f'"{thing}"' in GRAMMAR for thing in THINGS)


def test_an_error_is_added_to_the_prompt_and_each_try_begins_anew():
    book = SIMPLE[1]
    right = 'goto("bedroom"); pick("book"); goto("living room"); give()'
    writer = Writer('goto("study"); pick("book")', right)
    told = ProgramAgent(writer).solve(book)
    assert [error for _, error in told] == [
        'pick("book"): the book is not in the study; the book is in the bedroom',
        "",
    ]
    assert writer.prompts[1].endswith(f'goto("study"); pick("book")\nError: {told[0][1]}\nProgram:')
    assert len(ProgramAgent(Writer(*["drop()"] * TRIES)).solve(book)) == TRIES


def test_a_library_lends_the_programs_of_the_most_similar_tasks():
    library = SkillLibrary()
    assert library.nearest("bring the user the lamp") == []
    for number in (0, 3, 4, 6):
        library.keep(SIMPLE[number], f"program {number}")
    nearest = [program for _, program in library.nearest("bring the user the juice, then say good night")]
    assert nearest[-1] == "program 6"
    prompt = ProgramAgent(None, library=library).prompt(COMPOSED[1])
    assert "Program: program 3" in prompt
    assert prompt.index("cup") < prompt.index("program 3") < prompt.index(COMPOSED[1].ask)


def test_the_share_that_is_done_by_a_try():
    tries = np.array([[1, 2, 0, 2], [1, 1, 1, 1]])
    assert done_by(tries, 1).tolist() == [0.25, 1]
    assert done_by(tries, 2).tolist() == [0.75, 1]


def test_reading_errors_helps_and_so_does_size():
    results = {name: measure(open_model(LanguageOptions(model=name))) for name in RECORDED}
    first, last = ({name: done_by(result["tries"], n).mean() for name, result in results.items()} for n in (1, TRIES))
    assert first["smollm2"] < first["qwen-1.5b"]
    assert last["qwen-1.5b"] >= first["qwen-1.5b"] + 0.2
    assert results["qwen-1.5b"]["tries"].shape == (len(WORDINGS), len(SIMPLE))


def test_the_page_prints_a_task_try_by_try_and_the_table(run_page):
    out = run_page("llm_program", "--task", "1").out
    assert "try 1: goto(" in out
    out = run_page("llm_program").out
    assert "composed tasks" in out
    assert out.count("replayed") == len(RECORDED)
    assert "task must be from 0 to 11" in run_page("llm_program", "--task", "12").err


def test_a_question_whose_wording_changed_was_never_recorded():
    model = open_model(LanguageOptions())
    changed = replace(SIMPLE[0], ask="fetch the sponge for the user")
    with pytest.raises(ValueError, match="never asked"):
        ProgramAgent(model).solve(changed)
