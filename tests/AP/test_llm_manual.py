"""Read and Reward: what is read is picked and judged by hand-made rules, and never counted in the game's score."""

import csv
import hashlib
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from AP.language import ANSWERS
from AP.llm_manual import (
    LEARNERS,
    Config,
    Manual,
    ManualReward,
    agreed,
    ask_all,
    judge,
    learner,
    train,
)
from AP.manual_texts import EXAMPLES, MANUALS, QUESTIONS
from AP.recorded_answers import RecordedModel
from framework.agent import load_agent, read_agent
from framework.graph import graphs_of
from framework.rollout import Rollout
from framework.vector import make_worlds
from worlds.catcher import CONTACTS, CatcherVector

FROZEN = "cf469e2a4a04"  # whoever changes a text after an answer was seen measures something else
SMALL = replace(
    Config(), steps=256, num_envs=4, rollout_steps=16, epochs=2, batch_size=32, hidden=(8,), eval_every=128,
    eval_episodes=2, final_episodes=2, log_every=64, manual="truth",
)  # fmt: skip
PADDLE, GROUND, WALL = CONTACTS


# -- texts -----------------------------------------------------------------------------------------------------------


def test_the_texts_are_those_that_were_written_before_any_answer():
    texts = str((MANUALS, CONTACTS, QUESTIONS, EXAMPLES))
    assert hashlib.sha256(texts.encode()).hexdigest()[:12] == FROZEN


def test_verbs_are_neutral_and_the_opposite_manual_differs_in_what_contacts_are_worth_alone():
    told = " ".join([*MANUALS.values(), *CONTACTS]).lower()
    assert not re.search(r"catch|caught|miss|good|bad|win|lose|score|reward", told)
    true, inverted = (Manual(MANUALS[name]).sentences for name in ("true", "inverted"))
    changed = [i for i, (one, other) in enumerate(zip(true, inverted, strict=True)) if one != other]
    assert [true[i] for i in changed] == [
        "Fruit falls down from the top of the screen.",
        "Fruit that touches the paddle is worth one point.",
        "Fruit that touches the ground costs a life.",
    ]
    assert Counter(" ".join(true).lower().split()) + Counter(["rotten"]) == Counter(
        " ".join(inverted).lower().split()
    )


def test_in_the_examples_each_event_is_good_once_and_bad_once_and_none_is_asked_about():
    answers = re.findall(r"(bell|lamp)\w* \w+\? (Yes|No)", EXAMPLES)
    assert sorted(answers) == [("bell", "No"), ("bell", "Yes"), ("lamp", "No"), ("lamp", "Yes")]
    assert not set(re.findall(r"[a-z]+", EXAMPLES.lower())) & {
        "fruit",
        "paddle",
        "ground",
        "wall",
        "touches",
        "point",
    }


# -- reading ---------------------------------------------------------------------------------------------------------


def test_the_sentence_most_like_a_query_is_picked_and_none_where_no_word_is_shared():
    manual = Manual("Red ball. Red key. Blue key.")
    assert manual.sentences == ["Red ball.", "Red key.", "Blue key."]
    assert manual.best("Is the key blue?") == "Blue key."
    assert Manual("The ball. The key.").best("the door") == Manual("").best("the ball") == ""


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("true", ("paddle is worth one point", "ground costs a life", "A wall at each side stops")),
        ("inverted", ("paddle costs a life", "ground is worth one point", "A wall at each side stops")),
        ("other", ("A torch that touches the wall",) * 3),
        ("none", ("",) * 3),
    ],
)
def test_for_each_contact_this_sentence_is_picked(name, sentences):
    for contact, sentence in zip(CONTACTS, sentences, strict=True):
        assert sentence in Manual(MANUALS[name]).best(contact)


# -- judging ---------------------------------------------------------------------------------------------------------


class Fake:
    """Says yes by a rule for (passage, question), and keeps what it was asked."""

    def __init__(self, rule):
        self.rule, self.prompts = rule, set()

    def yes_no(self, prompt):
        self.prompts.add(prompt)
        passage, question = re.search(r"Manual: ([^\n]*)\n\n([^\n]*\?)$", prompt).groups()
        return self.rule(passage, question)


def test_only_wordings_of_one_sign_count():
    moved = [[0.1, 2.0, 0.3], [-0.1, -2.0, -0.3], [5.0, 5.0, -0.1], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]
    assert agreed(np.array(moved)).tolist() == [1, -1, 0, 0, 0]
    assert agreed(np.array(moved)[:, :1]).tolist() == [1, -1, 1, 0, 1]


def test_a_judgement_is_what_the_passage_moves():
    model = Fake(lambda passage, question: len(passage) + 10 * QUESTIONS.index(question.replace(PADDLE, "{}")))
    assert judge(model, "12345", PADDLE).tolist() == [2, 2, 2]  # from the three letters of N/A
    assert len(model.prompts) == 6
    assert all(prompt == prompt.rstrip() and prompt.startswith(EXAMPLES) for prompt in model.prompts)


def test_who_does_not_read_the_manual_rewards_nothing_however_nice_a_contact_sounds():
    nice = Fake(lambda passage, question: 3.0 if "paddle" in question else -1.0)
    for name in MANUALS:
        assert ManualReward(name, nice).of_contacts.tolist() == [0, 0, 0]


def test_who_reads_rewards_by_each_manual_and_without_one_nobody_does():
    reader = Fake(lambda passage, question: ("one point" in passage) - ("costs" in passage))
    pays = {name: ManualReward(name, reader, auxiliary=2.0).of_contacts.tolist() for name in MANUALS}
    assert pays == {"true": [2, -2, 0], "inverted": [-2, 2, 0], "other": [0, 0, 0], "none": [0, 0, 0]}
    assert ManualReward("truth", None).of_contacts.tolist() == [1, -1, 0]
    whole = ManualReward("true", reader, whole=True)
    assert (whole.passages, whole.of_contacts.tolist()) == ([MANUALS["true"]] * 3, [0, 0, 0])


def test_contacts_are_paid_and_several_at_once_add_up():
    reward = ManualReward("truth", None, auxiliary=3.0)
    contacts = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1], [1, 0, 1]], bool)
    assert reward.pay(contacts).tolist() == [0, 3, -3, -3, 3]
    assert reward.pay(contacts).dtype == np.float32


def test_sixty_questions_are_all():
    model = Fake(lambda passage, question: 0.0)
    ask_all(model)
    assert len(model.prompts) == 60


def recorded(name):
    return RecordedModel(ANSWERS, name)


def test_the_largest_model_reads_the_manual_and_its_opposite_by_sentence_but_not_whole():
    large = recorded("qwen-1.5b")
    true, inverted = (ManualReward(name, large).of_contacts.tolist() for name in ("true", "inverted"))
    assert (true, inverted) == ([1, 0, 0], [0, 1, 0])
    whole = [ManualReward(name, large, whole=True).of_contacts.tolist() for name in ("true", "inverted")]
    assert whole[0] == whole[1] == [1, 1, 0]


def test_another_games_manual_is_no_blank_and_the_smallest_model_likes_the_paddle_by_any_manual():
    assert ManualReward("other", recorded("qwen-1.5b")).of_contacts.any()  # the trap
    small = recorded("smollm2")
    assert {ManualReward(name, small).of_contacts[0] for name in ("true", "inverted", "other")} == {1}


# -- learning --------------------------------------------------------------------------------------------------------


def column(folder, name):
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        return np.array([float(row[name]) for row in csv.DictReader(file) if row[name]])


def test_what_the_manual_pays_is_learnt_from_and_never_counted(tmp_path):
    weights = {}
    for name, changed in {
        "a fortune": {"auxiliary": 1_000.0},
        "nothing": {"auxiliary": 0.0},
        "no manual": {"manual": "none"},
    }.items():
        train(replace(SMALL, steps=512, eval_every=512, run_folder=str(tmp_path / name), **changed))
        for what in ("return", "eval_return", "eval_min", "eval_max"):
            paid = column(tmp_path / name, what)
            assert len(paid)
            assert ((paid >= -3) & (paid <= 16)).all()
        weights[name] = np.concatenate([w.ravel() for w in read_agent(tmp_path / name / "final.npz", Config)[1]])
    assert np.abs(weights["a fortune"] - weights["nothing"]).max() > 1e-4
    np.testing.assert_array_equal(weights["nothing"], weights["no manual"])


def test_a_stopped_run_ends_as_one_that_was_not(ends_alike):
    ends_alike(train, SMALL, 1, 3)


@pytest.mark.parametrize("name", LEARNERS)
def test_each_step_is_traced_once(name):
    config = replace(SMALL, learner=name)
    envs = make_worlds(config)
    agent = learner(envs.observation_space, envs.action_space, config)
    for _ in range(2):
        rollout = Rollout()
        for _ in range(config.rollout_steps):
            action, *kept = agent.act(envs.obs)
            rollout.add(envs.step(action), **dict(zip(LEARNERS[name][1], kept, strict=True)))
        agent.train_step(rollout, 1e-3)
    envs.close()
    assert {each: graphs_of(agent)[each].traces for each in ("act", "update")} == {"act": 1, "update": 1}


def test_the_script_reads_learns_and_can_be_played(run_page, tmp_path):
    told = run_page("llm_manual", "--quick").out
    assert "replayed" in told
    assert "the fruit touches the paddle: pays +1; 'Fruit that touches the paddle is worth one point.'" in told
    run_page("llm_manual", "--play", "--record", "game.gif")
    assert (tmp_path / "game.gif").stat().st_size > 1_000


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--env", "CatcherState-v0"), "env must be one of DelayedCatcherState-v0, DelayedCatcher-v0, which tell"),
        (("--model", "gpt-9"), "model must be one of smollm2"),
        (("--auxiliary", "-1"), "auxiliary must be at least 0; got -1"),
    ],
)
def test_bad_input_is_one_sentence(flags, said, run_page):
    assert said in run_page("llm_manual", *flags).err


@pytest.mark.slow
def test_the_true_manual_is_worth_more_than_twice_the_score_alone_and_its_opposite_less_than_half(tmp_path):
    caught = {}
    for name in ("true", "none", "inverted"):
        train(replace(Config(), manual=name, seed=5, eval_every=60_000, run_folder=str(tmp_path / name)))
        agent = load_agent(tmp_path / name / "final.npz", learner, Config)[0]
        games = CatcherVector(100, "state", delayed=True)
        obs, playing, of_name = games.reset(seed=1)[0], np.ones(100, bool), 0
        while playing.any():
            obs, _, terminated, _, info = games.step(np.asarray(agent.greedy(obs)))
            of_name += (info["contacts"][:, 0] & playing).sum()
            playing &= ~terminated
        caught[name] = of_name / 100
    assert caught["true"] > 2 * caught["none"]
    assert caught["inverted"] < 0.5 * caught["none"]
