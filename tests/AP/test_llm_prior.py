"""A language model before a policy: its sentences by hand, whose answer they get, and what it is worth."""

from dataclasses import replace

import numpy as np
import pytest

from AP.language import LanguageOptions, open_model
from AP.llm_prior import EXAMPLES, OPTIONS, Config, PriorAgent, log_prior, place, places_of, prior_of, prompts, train
from framework.tf import tf
from worlds.text_room import GOAL, OBSERVATIONS, TextRoom, TextRoomVector, relative, text_room_oracle

SMALL = Config(
    steps=64, num_envs=4, rollout_steps=4, batch_size=8, eval_every=32, log_every=32, eval_episodes=4,
    final_episodes=4, size=(8, 1, 2),
)  # fmt: skip


def agent_of(config=SMALL):
    return PriorAgent(OBSERVATIONS, TextRoom.action_space, config)


def rooms_at_random(count=400):
    rooms = TextRoomVector(count)
    return rooms.reset(seed=3)[0], rooms.state


def test_places_in_words():
    assert [place(0, 0), place(1, 2), place(2, 1), place(2, 2), place(1, 1)] == [
        "behind you and to the left of you", "in front of you", "to the right of you",
        "in front of you and to the right of you", "",
    ]  # fmt: skip


def test_the_goal_is_found_in_the_text_whichever_thing_is_told_first():
    texts, state = rooms_at_random()
    right, ahead = relative(state, GOAL)
    assert places_of(texts).numpy().tolist() == (3 * (np.sign(right) + 1) + np.sign(ahead) + 1).tolist()


@pytest.mark.parametrize("examples", EXAMPLES)
def test_examples_are_no_questions_and_prompts_end_before_the_action(examples):
    for side, way in [(0, 2), (2, 1), (1, 2)]:
        for prompt in prompts(place(side, way), examples):
            shots, _, question = prompt.rpartition("\n\n")
            assert "ball" not in shots
            assert question.endswith("go")
    told = {word for _, _, word in EXAMPLES[examples]}
    assert "left" not in told


def test_without_learning_the_policy_is_what_the_language_model_says():
    texts, _ = rooms_at_random(50)
    policy, _ = agent_of().policy_and_value(texts)
    table = log_prior(open_model(LanguageOptions()), SMALL.examples).mean(axis=0)
    expected = tf.nn.softmax(table[places_of(texts).numpy()])
    assert tf.nn.softmax(policy.logits).numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    even, _ = agent_of(replace(SMALL, prior="none")).policy_and_value(texts)
    assert tf.nn.softmax(even.logits).numpy() == pytest.approx(np.full((50, 3), 1 / 3), abs=1e-5)


def test_the_weight_of_a_prior_is_that_of_its_log_probabilities():
    assert prior_of(replace(SMALL, prior_weight=0.5)) == pytest.approx(0.5 * prior_of(SMALL))


def test_shuffled_every_sentence_gets_the_answer_to_another_one():
    rows, shuffled = prior_of(SMALL), prior_of(replace(SMALL, shuffled=True))
    assert sorted(map(tuple, rows)) == sorted(map(tuple, shuffled))
    assert [row for row in range(9) if (rows[row] == shuffled[row]).all()] == [4]  # that of no place


def test_the_larger_a_model_the_more_of_the_moves_it_knows_and_without_an_example_of_a_side_none_does():
    texts, state = rooms_at_random(2_000)
    right = {}
    for name in ("smollm2", "qwen-1.5b"):
        for examples in EXAMPLES:
            table = log_prior(open_model(LanguageOptions(model=name)), examples).mean(axis=0)
            moves = table[places_of(texts).numpy()].argmax(axis=1)
            right[name, examples] = np.mean(moves == text_room_oracle(state))
    assert right["qwen-1.5b", "right and in front"] > 0.75
    assert right["smollm2", "right and in front"] < 0.6
    assert right["qwen-1.5b", "up and down"] < 0.5
    assert OPTIONS == (" left", " right", " forward")


def test_a_run_that_is_stopped_ends_as_one_that_was_not(ends_alike):
    ends_alike(train, SMALL, 2)


def test_the_script_learns_and_can_be_played(run_page, tmp_path):
    assert "best agent" in run_page("llm_prior", "--quick", "--size", "8", "1", "2").out
    run_page("llm_prior", "--play", "--record", "room.gif")
    assert (tmp_path / "room.gif").stat().st_size > 1_000


def test_an_unknown_model_is_refused_in_one_sentence(run_page):
    errors = run_page("llm_prior", "--prior", "gpt-5").err
    assert "qwen-0.5b" in errors
