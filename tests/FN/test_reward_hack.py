"""A bonus that is farmed from a bonus on that is worked out by hand, and a potential that changes nothing."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from PIL import Image

from DP.backups import greedy_actions
from environment import GridWorld
from FN.reward_hack import (
    BONUS,
    GOAL,
    LIMIT,
    MAZE,
    PHI,
    POTENTIAL,
    REWARDS,
    Options,
    PaidMaze,
    arrives_from,
    bonus,
    distances,
    farmed_from,
    learn_once,
    main,
    outcome,
    plan,
    potential,
    walk,
    world_of,
)

ROOT = Path(__file__).parents[2]
GAMMA = 0.95


def corridor(extra=0.0):
    """Three cells and a treasure behind them; one starts at the left."""
    return PaidMaze.from_link("maze=S..T&prob=1&step_reward=0", extra=extra)


def test_distances_bonus_and_potential_are_those_counted_by_hand():
    away = distances(corridor())
    assert away.tolist() == [3, 2, 1, 0]
    paid = bonus(away, 0.2)
    assert (paid[0, 1], paid[1, 0], paid[1, 1], paid[2, 3]) == (0.2, 0, 0, 0.2)
    shaped = potential(-0.2 * away, 0.5)  # Φ = -0.6, -0.4, -0.2, 0
    assert (shaped[0, 1], shaped[1, 0], shaped[2, 3]) == pytest.approx((0.5 * -0.4 + 0.6, 0.5 * -0.6 + 0.4, 0.2))


def test_distances_go_round_blocks_and_are_0_where_no_way_leads():
    world = PaidMaze.from_link("maze=.B./.BT/..B&prob=1&step_reward=0")
    assert distances(world).reshape(3, 3).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert distances(PaidMaze.from_link(MAZE))[36] == 12


def test_a_maze_that_pays_nothing_besides_is_a_GridWorld():
    ours, theirs = PaidMaze.from_link(MAZE), GridWorld.from_link(MAZE)
    assert ours.P == theirs.P
    np.testing.assert_array_equal(plan(ours, GAMMA), plan(theirs, GAMMA))


@pytest.mark.parametrize("name", REWARDS)
def test_what_a_step_pays_is_what_the_model_says(name):
    world = world_of(name, 0.2, GAMMA)
    world.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(300):
        state, action = world.state, int(rng.integers(4))
        next_state, reward, terminated, _, _ = world.step(action)
        assert (1.0, next_state, reward, terminated) in world.P[state][action]
        assert reward == pytest.approx(world.model.reward[state, action])
        if terminated:
            world.reset()
    check_env(world, skip_render_check=True)


def test_in_a_corridor_dancing_is_worth_what_was_worked_out():
    """From the middle it is b now, nothing after the step back, b again: b / (1 - γ²)."""
    Q, dance = plan(corridor(bonus(distances(corridor()), 10)), 0.9), 10 / (1 - 0.81)
    up, right, _, left = Q[2]
    assert (right, left) == pytest.approx((10 + 1, 0.9 * dance))
    assert Q[1].max() == pytest.approx(dance)
    assert Q[0].max() == pytest.approx(10 + 0.9 * dance)
    assert up == pytest.approx(0.81 * dance)  # the wall holds


@pytest.mark.parametrize("gamma", [0.8, 0.95, 0.99])
def test_the_bonus_is_farmed_exactly_from_where_it_was_worked_out(gamma):
    limit = farmed_from(gamma)
    assert gamma * limit / (1 - gamma**2) == pytest.approx(1 + limit)
    for b, arrives in ((0.99 * limit, 1), (1.01 * limit, 0)):
        world = world_of(BONUS, b, gamma)
        assert outcome(world, plan(world, gamma))[0] == arrives


def test_where_the_future_counts_little_no_bonus_is_farmed():
    assert farmed_from(0.6) == np.inf  # γ / (1 - γ²) = 0.94: less than one b
    assert farmed_from(0.62) > 100
    world = world_of(BONUS, 100, 0.6)
    assert outcome(world, plan(world, 0.6))[0] == 1


@pytest.mark.parametrize("phi", PHI)
def test_a_potential_takes_itself_from_every_Q_and_leaves_the_best_actions(phi):
    plain, shaped = world_of(GOAL, 0.2, GAMMA), world_of(POTENTIAL, 0.2, GAMMA, phi)
    Q, Q_shaped = plan(plain, GAMMA), plan(shaped, GAMMA)
    phi_of_cells = np.where(plain.ended, 0, PHI[phi](distances(plain), 0.2, GAMMA))
    walked = (plain.grid == 0).ravel()
    np.testing.assert_allclose(Q_shaped[walked], (Q - phi_of_cells[:, None])[walked], atol=1e-8)
    np.testing.assert_array_equal(greedy_actions(Q_shaped)[walked], greedy_actions(Q)[walked])
    assert outcome(shaped, Q_shaped)[0] == 1


def test_a_potential_that_is_not_0_at_the_end_is_none():
    """The mistake that the theorem forbids: Φ at the treasure. Then ending has another price than going on."""
    plain = PaidMaze.from_link(MAZE)
    phi = np.where(plain.ended, -5.0, 0.0)
    world = PaidMaze.from_link(MAZE, extra=potential(phi, GAMMA))
    assert outcome(world, plan(world, GAMMA))[0] == 0


def test_the_bonus_changes_the_best_action_before_the_treasure():
    plain, paid = (plan(world_of(name, 0.2, GAMMA), GAMMA) for name in (GOAL, BONUS))
    before = 7  # the cell at the left of the treasure
    assert greedy_actions(plain)[before].tolist() == [False, True, False, False]
    assert greedy_actions(paid)[before].tolist() == [False, False, False, True]


def test_the_value_of_a_potential_of_values_is_0_from_the_start_on():
    """Φ = V: whoever does what is best is paid for it at once, so nothing is left to look ahead for."""
    Q = plan(world_of(POTENTIAL, 0.2, GAMMA, "value"), GAMMA)
    assert np.abs(Q.max(axis=1)).max() < 1e-8


def test_outcomes_and_walks_agree():
    world = world_of(BONUS, 0.2, GAMMA)
    Q = plan(world, GAMMA)
    path, arrows = walk(world, Q)
    assert (len(path), len(arrows)) == (LIMIT + 1, LIMIT)
    states = [row * 9 + column for row, column in path]
    paid = sum(world.extra[s, to] for s, to in pairwise(states))
    assert outcome(world, Q) == pytest.approx((0, paid))
    plain = world_of(GOAL, 0.2, GAMMA)
    path, arrows = walk(plain, plan(plain, GAMMA))
    assert (path[-1], len(arrows)) == ((0, 8), 12)


def test_an_agent_that_arrives_stops_arriving_and_is_paid_more_with_the_bonus_and_not_with_the_potential():
    """As all of the seeds 100 to 119 do (README)."""
    for seed in (100, 101):
        arrives, paid = learn_once(BONUS, 0.2, GAMMA, "minus", 200, 500, 100, seed)[0].T
        assert arrives[[2, -1]].tolist() == [1, 0]
        assert paid[2] < 4 < 10 < paid[-1]
        arrives, paid = learn_once(POTENTIAL, 0.2, GAMMA, "minus", 200, 500, 100, seed)[0].T
        assert arrives[-1] == 1


def test_an_agent_arrives_for_good_after_the_last_time_that_it_does_not():
    def outcomes(*arrives):
        return np.array([[probability, 0] for probability in arrives])

    assert arrives_from(outcomes(0, 1, 0.5, 1, 1), 5) == 15
    assert arrives_from(outcomes(1, 1), 5) == 0
    assert arrives_from(outcomes(1, 1, 0), 5) == np.inf


def test_a_quick_run_prints_the_table_and_saves_a_plot_and_an_animation(tmp_path):
    command = [sys.executable, str(ROOT / "FN" / "reward_hack.py"), "--quick"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "dancing pays where the bonus is above 0.1144; it is 0.2" in done.stdout
    assert "     bonus     0.00    11.00    28/30 cells           0/3     11.00" in done.stdout
    assert " potential     1.00     4.06    30/30 cells           3/3      4." in done.stdout
    folder = tmp_path / "runs" / "reward_hack"
    assert (folder / "reward_hack.png").stat().st_size > 30_000
    with Image.open(folder / "reward_hack.gif") as gif:
        assert gif.n_frames == 50


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"bonus": -0.1}, "bonus must be from 0 to 100; got -0.1"),
        ({"gamma": 1.0}, "gamma must be from 0.5 to 0.999; got 1.0"),
        ({"every": 0}, "every must be from 1 to 100,000; got 0"),
        ({"animation": "film.mp4"}, "ends in .gif; got 'film.mp4'"),
    ],
)
def test_what_is_impossible_is_said_in_one_sentence(wrong, sentence, monkeypatch):
    monkeypatch.setattr("FN.reward_hack.run_parallel", lambda *_: pytest.fail("worked"))
    with pytest.raises(ValueError, match=sentence):
        main(Options(**wrong))
