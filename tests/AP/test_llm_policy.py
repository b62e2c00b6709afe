"""GLAM by hand: what an action scores, what is read beforehand, ratios of 1, and that reading helps."""

from dataclasses import replace

import numpy as np
import pytest

from AP import llm_policy
from AP.llm_policy import PAD, READ_ABOUT, VOCABULARY, Config, GLAMAgent, guides, options_of, train
from framework.graph import graphs_of
from framework.rollout import Rollout
from framework.tf import keras, tf
from framework.vector import make_worlds
from worlds.text_room import LENGTH, NUMBER_OF, OBSERVATIONS, TextRoom, TextRoomVector

SMALL = Config(
    steps=64, num_envs=4, rollout_steps=4, batch_size=8, eval_every=32, log_every=32, eval_episodes=4,
    final_episodes=4, pretrain_steps=0, size=(8, 1, 2),
)  # fmt: skip


def agent_of(config=SMALL):
    return GLAMAgent(OBSERVATIONS, TextRoom.action_space, config)


def scenes(count, seed=0):
    return TextRoomVector(count).reset(seed=seed)[0]


def test_actions_are_words_filled_up_by_what_does_not_count():
    assert options_of("word")[0].tolist() == [[NUMBER_OF["left"]], [NUMBER_OF["right"]], [NUMBER_OF["forward"]]]
    words, counts = options_of("words")
    assert [[VOCABULARY[word] for word in row] for row in words] == [
        ["turn", "left"], ["turn", "right"], ["move", "forward"],
    ]  # fmt: skip
    assert counts.tolist() == [[1, 1]] * 3


def test_an_action_scores_the_log_probabilities_of_its_words_each_given_those_before():
    agent, texts = agent_of(replace(SMALL, actions="words")), scenes(2)
    scores, _ = agent.scores_and_value(texts)
    for row, text in enumerate(texts):
        for action, words in enumerate(agent.options):
            read, total = list(text), 0.0
            for word in words:
                logits = agent.head(agent.transformer(np.array([read], np.int32)))[0, -1]
                total += float(tf.nn.log_softmax(logits)[word])
                read.append(word)
            assert float(scores[row, action]) == pytest.approx(total, abs=1e-5)


def test_what_fills_up_counts_nothing(monkeypatch):
    monkeypatch.setitem(llm_policy.OPTIONS, "words", (("turn", "left"), ("right",), ("move", "forward")))
    agent, texts = agent_of(replace(SMALL, actions="words")), scenes(3)
    assert agent.options[1].tolist() == [NUMBER_OF["right"], PAD]
    scores = agent.scores_and_value(texts)[0].numpy()
    alone = agent_of(SMALL)
    for name in ("transformer", "head"):
        ours, theirs = getattr(alone, name).trainable_variables, getattr(agent, name).trainable_variables
        for one, other in zip(ours, theirs, strict=True):
            one.assign(other[: one.shape[0]])  # one place of a text fewer
    assert scores[:, 1] == pytest.approx(alone.scores_and_value(texts)[0].numpy()[:, 1], abs=1e-5)


def test_logits_are_another_policy_where_actions_have_several_words():
    texts = scenes(2)
    right, wrong = (
        tf.nn.softmax(agent_of(replace(SMALL, actions="words", scores=scores)).scores_and_value(texts)[0]).numpy()
        for scores in ("log-probabilities", "logits")
    )
    assert np.abs(right - wrong).max() > 1e-4
    one, other = (
        tf.nn.softmax(agent_of(replace(SMALL, scores=scores)).scores_and_value(texts)[0]).numpy()
        for scores in ("log-probabilities", "logits")
    )
    assert one == pytest.approx(other, abs=1e-6)  # of one word each: the same softmax


def test_guides_go_to_other_things_and_know_the_way_in_four_of_five_moves():
    texts = guides(4_000, np.random.default_rng(0), "word")
    assert texts.shape == (4_000, LENGTH + 1)
    assert {VOCABULARY[word] for word in texts[:, 4]} == set(READ_ABOUT) == {"key", "box", "cup"}
    shuffled = guides(4_000, np.random.default_rng(0), "word", shuffled=True)
    assert np.array_equal(texts[:, :LENGTH], shuffled[:, :LENGTH])
    assert sorted(texts[:, LENGTH]) == sorted(shuffled[:, LENGTH])
    assert (texts[:, LENGTH] == shuffled[:, LENGTH]).mean() < 0.6
    told = [[VOCABULARY[word] for word in text] for text in texts]
    goal_first = [row for row in told if row[6:8] == row[3:5]]
    right = [("forward" if row[11] == "forward" and row[10] != "0" else row[9]) == row[-1] for row in goal_first]
    assert np.mean(right) == pytest.approx(0.8 + 0.2 / 3, abs=0.03)


def test_what_is_read_is_each_word_after_those_before_it_and_nothing_that_fills_up():
    agent, texts = agent_of(replace(SMALL, actions="uneven")), guides(64, np.random.default_rng(0), "uneven")
    log_probs = tf.nn.log_softmax(agent.head(agent.transformer(texts))).numpy()
    told = [log_probs[row, at - 1, word] for row, text in enumerate(texts)
            for at, word in enumerate(text) if at and word != PAD]  # fmt: skip
    assert PAD in texts
    agent.reader = keras.optimizers.Adam()
    agent.reader.build(agent.transformer.trainable_variables + agent.head.trainable_variables)
    assert float(GLAMAgent.read.method(agent, texts[None], 0.0)) == pytest.approx(-np.mean(told), abs=1e-4)


@pytest.mark.parametrize("actions", ["word", "words", "uneven"])
def test_the_first_gradient_step_of_a_rollout_has_ratios_of_exactly_one(actions):
    config = replace(SMALL, actions=actions, epochs=1, batch_size=10**6)  # one gradient step, on all of it
    envs = make_worlds(config)
    agent, rollout = agent_of(config), Rollout()
    for _ in range(4):
        action, log_prob, value = agent.act(envs.obs)
        rollout.add(envs.step(action), log_prob=log_prob, value=value)
    envs.close()
    assert agent.train_step(rollout, 1.0)["kl"] == pytest.approx(0, abs=1e-6)


def test_each_step_is_traced_once():
    envs = make_worlds(SMALL)
    agent = agent_of()
    for _ in range(2):
        rollout = Rollout()
        for _ in range(4):
            action, log_prob, value = agent.act(envs.obs)
            rollout.add(envs.step(action), log_prob=log_prob, value=value)
        agent.train_step(rollout, 1.0)
    envs.close()
    assert {name: graphs_of(agent)[name].traces for name in ("act", "update")} == {"act": 1, "update": 1}


def test_a_world_without_texts_is_refused(run_page):
    assert "this agent reads texts of 20 words" in run_page("llm_policy", "--env", "CartPole-v1").err


def test_the_script_reads_learns_and_can_be_played(run_page, tmp_path):
    flags = ["--quick", "--pretrain-steps", "20", "--size", "8", "1", "2"]
    assert "loss of a word after reading" in run_page("llm_policy", *flags).out
    run_page("llm_policy", "--play", "--record", "room.gif")
    assert (tmp_path / "room.gif").stat().st_size > 1_000


@pytest.mark.slow
def test_who_has_read_is_good_at_once_and_who_has_not_is_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = replace(Config(), steps=4_096, eval_every=4_096, seed=5)
    read, not_read = (train(replace(config, pretrain=what)) for what in ("guides", "none"))
    envs = TextRoomVector(400)
    paid = []
    for agent in (read, not_read):
        obs, total, going = envs.reset(seed=10**6)[0], np.zeros(400), np.ones(400, bool)
        for _ in range(20):
            obs, reward, terminated, truncated, _ = envs.step(np.asarray(agent.greedy(obs)))
            total += reward * going
            going &= ~(terminated | truncated)
        paid.append(np.mean(total > 0))
    assert paid[0] > 0.5
    assert paid[1] < 0.4
