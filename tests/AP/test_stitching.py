"""Stitching and luck: who is in the data, exact conditionals by hand, and who finds the treasure."""

import numpy as np
import pytest

from AP import decision_transformer, rvs
from AP.stitching import (
    ELSEWHERE,
    LIMIT,
    RIGHT,
    WORTH,
    M,
    Recorded,
    episodes_of,
    exact_conditional,
    given_return,
    learn_q,
    lucky,
    pulls,
    stitch,
    success,
    success_of_player,
    the_maze,
    two_kinds,
)

WORLD = the_maze()
WALKS = two_kinds(WORLD, 0)


def test_no_walk_leads_from_the_first_start_to_the_treasure_and_every_one_from_elsewhere_does():
    for steps in WALKS:
        paid, start = sum(step[2] for step in steps), steps[0][0]
        assert paid == (start == ELSEWHERE)
        assert start in (WORLD.start_state, ELSEWHERE)
        assert len(steps) <= LIMIT
        if start == WORLD.start_state:
            assert not any(state == M and action == RIGHT for state, action, *_ in steps)
    assert sum(any(step[0] == M for step in steps) for steps in WALKS if steps[0][0] != ELSEWHERE) > 10


def test_walks_as_episodes():
    data = episodes_of(WALKS, WORLD.num_states)
    assert data.lengths.tolist() == [len(steps) for steps in WALKS]
    assert data.returns.tolist() == [sum(step[2] for step in steps) for steps in WALKS]
    assert data.obs.argmax(axis=1).tolist() == [step[0] for steps in WALKS for step in steps]
    assert data.terminated.tolist() == [steps[-1][4] for steps in WALKS]


def test_what_is_recorded_is_played_word_for_word():
    recorded = Recorded(WORLD, WALKS[:2])
    for steps in (*WALKS[:2], WALKS[0]):
        state, _ = recorded.reset()
        for step in steps:
            assert state == step[0]
            assert recorded.now == step
            state, reward, terminated, truncated, _ = recorded.step(step[1])
            assert (reward, terminated) == (step[2], step[4])
        assert truncated
    recorded.reset()
    with pytest.raises(ValueError, match="is not what was recorded"):
        recorded.step((recorded.now[1] + 1) % 4)


def test_q_learning_puts_the_two_together():
    Q = learn_q(WORLD, WALKS)
    assert success(WORLD, np.eye(4)[Q.argmax(axis=1)]) == 1
    assert Q[M].max() == pytest.approx(0.95**2, abs=1e-3)  # three steps before the treasure pays 1
    assert Q[WORLD.start_state].max() == pytest.approx(0.95**9, rel=0.05)


def test_without_the_second_kind_there_is_nothing_to_put_together():
    Q = learn_q(WORLD, [steps for steps in WALKS if steps[0][0] != ELSEWHERE])
    assert not Q.any()


def test_the_exact_conditional_by_hand():
    """State 0 was left by 1 and then paid 1; by 2 twice, for nothing. State 3 was never seen."""
    walks = [[(0, 1, 0.0, 1, False), (1, 3, 1.0, 2, True)], *[[(0, 2, 0.0, 0, False)]] * 2]
    asked = exact_conditional(walks, 4, 1.0)
    assert asked[0] == pytest.approx([0, 1, 0, 0])
    assert asked[1] == pytest.approx([0, 0, 0, 1])
    assert asked[3] == pytest.approx([0.25] * 4)
    assert exact_conditional(walks, 4, 0.0)[0] == pytest.approx([0, 0, 1, 0])
    after = [(2, 0, 1.0, 0, False), (0, 3, 0.0, 0, False)]  # state 0 was left by 3 when all had been paid
    assert exact_conditional([*walks, after], 4, 1.0)[0] == pytest.approx([0, 1, 0, 0])
    assert exact_conditional([*walks, after], 4, 1.0)[2] == pytest.approx([1, 0, 0, 0])
    assert exact_conditional(walks, 4, 7.0)[0] == pytest.approx([0, 1 / 3, 2 / 3, 0], abs=1e-6)  # nobody got 7


class Walker:
    """A player that does what a policy [S, 4] says."""

    def __init__(self, policy, seed):
        self.policy, self.rng, self.paid = policy, np.random.default_rng(seed), 0

    def __call__(self, obs):
        probs = self.policy[obs.argmax(axis=1)].cumsum(axis=1)
        return (probs[:, :-1] <= self.rng.random((len(obs), 1))).sum(axis=1)

    def pay(self, reward):
        self.paid += reward.sum()


def test_the_exact_success_is_that_of_many_walks():
    policy = exact_conditional(WALKS, WORLD.num_states, 1.0)
    exact, player = success(WORLD, policy), Walker(policy, 0)
    assert success_of_player(WORLD, player, 4_000) == pytest.approx(exact, abs=0.02)
    assert 0.05 < exact < 0.2


def test_who_got_10_was_lucky():
    assert given_return(10).tolist() == [0, 1]
    assert given_return(5).tolist() == [1, 0]
    assert given_return(10) @ WORTH == 1
    data = pulls(4_000, 0)
    assert set(data.action[data.reward == 10]) == {1}
    assert data.reward[data.action == 1].mean() == pytest.approx(1, abs=0.2)
    assert (data.reward[data.action == 0] == 5).all()


def test_the_script_prints_both_experiments(run_page, monkeypatch):
    brief = {"steps": 1, "gradient_steps": 1, "eval_every": 1, "batch_size": 8}
    for module in (rvs, decision_transformer):
        monkeypatch.setattr(module, "Config", lambda plain=module.Config, **given: plain(**(given | brief)))
    printed = run_page("stitching", "--quick").out
    for line in ("Q-learning  100.0%", "exact conditional", "Decision Transformer", "10  1.00"):
        assert line in printed


@pytest.mark.slow
def test_neither_network_finds_the_treasure_and_10_is_asked_for_in_vain(tmp_path):
    found = stitch(100, tmp_path)
    assert found["Q-learning"] >= 0.95
    assert max(found["RvS"], found["Decision Transformer"], found["exact conditional"]) <= 0.2
    luck = lucky(100, tmp_path)
    assert luck[5.0][1] > 4.8
    assert luck[10.0][1] < 1.2


def test_the_maze_is_read_as_it_is_drawn():
    assert the_maze().shape == (7, 4)
    assert the_maze().start_state == 27
