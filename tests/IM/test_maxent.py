"""Maximum-entropy inverse reinforcement learning, against enumeration and finite differences; and what must hurt."""

import subprocess
import sys
from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest

from environment import GridWorld
from framework.tabular.demonstrations import read_demonstrations
from IM import maxent
from IM.dagger import clone_policy
from IM.inverse import Dynamics, demonstrate, optimal_policy, read_episodes, regret
from IM.maxent import MaxEntIRL
from IM.mazes import move_walls, random_maze

ROOT = Path(__file__).parents[2]
GAMMA = 0.95


def shown_by_the_best(env, episodes=30, horizon=40, seed=0):
    dynamics = Dynamics(env)
    policy = optimal_policy(dynamics, dynamics.reward, GAMMA)
    return dynamics, demonstrate(env, policy, episodes, horizon, GAMMA, seed).episodes


def planned(dynamics, reward):
    """The regret of the policy that is best under a recovered reward."""
    return regret(dynamics, optimal_policy(dynamics, reward, GAMMA), dynamics.reward, GAMMA)


@pytest.mark.parametrize("goal", ["open", "terminal"])
@pytest.mark.parametrize("features", [None, 5])
def test_the_gradient_of_the_dual_is_its_finite_difference(goal, features):
    rng = np.random.default_rng(2)
    env = random_maze(5, rng, open_goal=goal == "open")
    dynamics, episodes = shown_by_the_best(env, 5, 15)
    episodes = [*episodes, episodes[0].steps[:4]]  # of several lengths
    irl = MaxEntIRL(dynamics, GAMMA, 0.1, features and rng.normal(size=(25, features)))
    data = read_episodes(dynamics, episodes, GAMMA)
    weights = rng.normal(size=features or 25)
    _, gradient, _ = irl.negative_dual(weights, *data)
    for i, step in enumerate(1e-4 * np.eye(len(weights))):
        up, down = (irl.negative_dual(weights + sign * step, *data)[0] for sign in (1, -1))
        assert gradient[i] == pytest.approx((up - down) / 2e-4, abs=1e-6)


def test_every_path_is_as_probable_as_the_exponential_of_what_it_pays():
    """The claim of the paper, by enumeration: 4^5 paths through a corridor without slips."""
    env = GridWorld([[0, 0, 0]], move_prob=1.0, start=(0, 0))
    reward, horizon = np.array([0.3, -0.5, 1.0]), 5
    paid, entered = [], []
    for actions in product(range(4), repeat=horizon):
        state, path = 0, []
        for action in actions:
            state = env.P[state][action][0][1]
            path.append(state)
        paid.append(reward[path].sum())
        entered.append(np.bincount(path, minlength=3))
    probs = np.exp(paid) / np.exp(paid).sum()
    irl = MaxEntIRL(env, gamma=1.0)
    V, policy = irl.soft_values(reward, horizon)
    starts = np.zeros((horizon + 1, 3))
    starts[horizon, 0] = 1
    assert V[horizon, 0] == pytest.approx(np.log(np.exp(paid).sum()))
    assert irl.visits(policy, starts) == pytest.approx(probs @ np.array(entered))


def test_visits_are_those_of_playing_the_policy():
    env = GridWorld([[0, 0, 1], [0, 9, -1], [0, 0, 0]], move_prob=0.7)
    irl = MaxEntIRL(env, GAMMA)
    policy = np.random.default_rng(0).dirichlet(np.ones(4), 9)
    starts = np.zeros((13, 9))
    starts[12, env.start_state] = 1
    visits = irl.visits(np.broadcast_to(policy, (13, 9, 4)), starts)
    played = read_episodes(irl.dynamics, demonstrate(env, policy, 3000, 12, GAMMA).episodes, GAMMA)[1]
    assert visits == pytest.approx(played, abs=0.08)  # four standard errors


def test_no_mass_leaks_out_of_terminal_states():
    """Undiscounted, an open maze is entered once a step; an end once an episode, however long that could be."""
    for grid in ([[0, 0, 0]], [[0, 0, 1]]):
        irl = MaxEntIRL(GridWorld(grid, start=(0, 0)), gamma=1.0)
        _, policy = irl.soft_values(np.array([-5.0, -5.0, 2.0]), 50)
        starts = np.zeros((51, 3))
        starts[50, 0] = 1
        visits = irl.visits(policy, starts)
        assert (visits[2] if grid[0][2] else visits.sum() / 50) == pytest.approx(1, abs=1e-4)


def test_nothing_is_random_any_more_after_the_end():
    """One step before the end V is the log of four equal choices, however many steps are left."""
    env = GridWorld([[1, 0, 1]], move_prob=1.0, start=(0, 1))
    V, _ = MaxEntIRL(env, gamma=1.0).soft_values(np.array([0.0, -50.0, 0.0]), 30)
    assert V[:, 1] == pytest.approx([0, *[np.log(2)] * 30])  # up and down cost 50


def test_the_number_of_demonstrations_is_no_horizon_and_a_mean_is_not_compared_with_a_sum():
    """All of them given three times say the same."""
    dynamics, episodes = shown_by_the_best(random_maze(5, np.random.default_rng(0)), 4, 30)
    once, thrice = (MaxEntIRL(dynamics, GAMMA).fit(episodes * times) for times in (1, 3))
    assert once.reward == pytest.approx(thrice.reward, abs=1e-6)
    assert once.visits.sum() == pytest.approx(sum(GAMMA**t for t in range(30)))
    assert once.expert_visits.sum() == pytest.approx(once.visits.sum())


def test_a_hard_max_policy_is_explained_by_no_reward_at_all():
    """With a hard maximum nothing explains the best demonstrator better than r = 0, not even the truth."""
    dynamics = Dynamics(random_maze(6, np.random.default_rng(1)))
    hard, soft = (MaxEntIRL(dynamics, GAMMA, l2=0, hard_max=hard) for hard in (True, False))
    starts = np.zeros((41, 36))
    starts[40, 30] = 1
    visits = hard.visits(hard.soft_values(dynamics.reward, 40)[1], starts)
    rng = np.random.default_rng(0)
    rewards = [10 * dynamics.reward, np.zeros(36), *rng.normal(size=(20, 36))]
    by_hard, by_soft = ([-irl.negative_dual(r, starts, visits)[0] for r in rewards] for irl in (hard, soft))
    assert by_hard[:2] == pytest.approx([0, 0])
    assert max(by_hard[2:]) < 0
    assert by_soft[0] > by_soft[1] + 10
    assert by_soft[0] > max(by_soft[2:])


def test_visits_begin_where_the_demonstrations_begin():
    env = random_maze(5, np.random.default_rng(0))
    dynamics, episodes = shown_by_the_best(env)
    later = [episode.steps[10:] for episode in episodes]
    from_start, from_goal = (MaxEntIRL(dynamics, GAMMA).fit(shown) for shown in (episodes, later))
    assert from_goal.visits[dynamics.reward.argmax()] > 1.2 * from_start.visits[dynamics.reward.argmax()]
    assert planned(dynamics, from_goal.reward) < 0.1


def test_a_constant_cannot_be_identified_where_all_episodes_are_as_long():
    irl = MaxEntIRL(random_maze(5, np.random.default_rng(0)), GAMMA)
    reward = np.random.default_rng(0).normal(size=25)
    (_, policy), (_, shifted) = (irl.soft_values(reward + c, 30) for c in (0, 7))
    assert policy[1:, irl.dynamics.acting] == pytest.approx(shifted[1:, irl.dynamics.acting])


def test_the_dual_rises_at_every_iteration_and_one_may_stop_and_go_on():
    dynamics, episodes = shown_by_the_best(random_maze(6, np.random.default_rng(1)))
    irl = MaxEntIRL(dynamics, GAMMA)
    objective = [estimate.objective for estimate in irl.iterations(episodes)]
    assert objective == sorted(objective)
    *_, half = islice(irl.iterations(episodes), 5)
    *_, rest = irl.iterations(episodes, weights=half.reward)
    assert (half.number, rest.objective) == (4, pytest.approx(objective[-1], abs=1e-6))
    assert rest.gradient_norm < 1e-4


def test_huge_rewards_do_not_overflow():
    V, policy = MaxEntIRL(GridWorld(), GAMMA).soft_values(np.full(12, 1e4), 30)
    assert np.isfinite(V).all()
    assert np.allclose(policy[1:].sum(axis=2), 1)


def test_recovers_a_goal_from_one_start_that_survives_moved_walls_where_cloning_does_not():
    rng = np.random.default_rng(0)
    env = random_maze(8, rng)
    dynamics, episodes = shown_by_the_best(env, 100, 80)
    moved = Dynamics(move_walls(env, 4, rng))
    reward = MaxEntIRL(dynamics, GAMMA).fit(episodes).reward
    cloned = clone_policy(episodes, 64, 4)
    assert reward.argmax() == dynamics.reward.argmax()
    assert planned(dynamics, reward) <= 0.02 < 0.1 < regret(dynamics, cloned, dynamics.reward, GAMMA)
    assert planned(moved, reward) <= 0.05 < 0.15 < regret(moved, cloned, moved.reward, GAMMA)


def test_where_the_goal_ends_the_episode_any_cost_per_step_explains_it():
    for open_goal, loss in ((True, 1.0), (False, 0.0)):
        dynamics = Dynamics(random_maze(8, np.random.default_rng(0), open_goal=open_goal))
        assert planned(dynamics, np.full(64, -1.0)) == pytest.approx(loss, abs=0.01)


@pytest.mark.parametrize("seed", [201, 203])
def test_episodes_that_ended_could_have_gone_on_and_a_horizon_that_forgets_it_misleads(seed):
    """With no more steps than the longest demonstration had, it costs the learner little not to reach the goal."""
    env = random_maze(8, np.random.default_rng(seed), open_goal=False)
    dynamics, episodes = shown_by_the_best(env, 10, 80, seed=1000 * seed)
    assert planned(dynamics, MaxEntIRL(dynamics, GAMMA).fit(episodes).reward) < 0.05
    assert planned(dynamics, MaxEntIRL(dynamics, GAMMA, horizon=1).fit(episodes).reward) > 0.9


def test_too_much_penalty_makes_a_planner_stay_beside_a_goal_that_ends_the_episode():
    env = random_maze(8, np.random.default_rng(208), open_goal=False)
    dynamics, episodes = shown_by_the_best(env, 100, 80, seed=208_000)
    lost = [planned(dynamics, MaxEntIRL(dynamics, GAMMA, l2).fit(episodes).reward) for l2 in (0.01, 0.3)]
    assert lost[0] < 0.05 < 0.9 < lost[1]


@pytest.mark.slow
def test_medians_over_ten_mazes():
    found = []
    for seed in range(200, 210):
        rng = np.random.default_rng(seed)
        env = random_maze(8, rng)
        dynamics, episodes = shown_by_the_best(env, 100, 80, seed=1000 * seed)
        moved = Dynamics(move_walls(env, 4, rng))
        reward, cloned = MaxEntIRL(dynamics, GAMMA).fit(episodes).reward, clone_policy(episodes, 64, 4)
        lost = [regret(maze, cloned, maze.reward, GAMMA) for maze in (dynamics, moved)]
        found.append([planned(dynamics, reward), planned(moved, reward), *lost])
    same, after, clone_same, clone_after = np.median(found, axis=0)
    assert (same, after) <= (0.02, 0.05)
    assert after <= 0.05
    assert min(clone_same, clone_after) >= 0.1


@pytest.mark.slow
def test_a_20_by_20_maze_takes_seconds():
    import time

    dynamics, episodes = shown_by_the_best(random_maze(20, np.random.default_rng(0)), 100, 200)
    began = time.process_time()
    reward = MaxEntIRL(dynamics, GAMMA).fit(episodes).reward
    assert time.process_time() - began < 10  # one or two on a quiet core
    assert planned(dynamics, reward) < 0.05


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"gamma": 1.5}, "gamma must be a number from 0 to 1"),
        ({"l2": -1}, "l2 must be a number of at least 0"),
        ({"horizon": 0}, "horizon must be from 1 to 10,000 steps"),
        ({"features": np.ones((3, 2))}, r"features must be an array \[12, K\]; got shape \(3, 2\)"),
    ],
)
def test_bad_arguments_get_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        MaxEntIRL(GridWorld(), **arguments)


def run(*arguments, folder):
    return subprocess.run(
        [sys.executable, ROOT / "IM/maxent.py", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def test_quick_run_from_any_folder_prints_the_rewards_and_saves_two_plots(tmp_path):
    result = run("--quick", "--save", "shown.json", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "true reward, and recovered reward" in result.stdout
    assert "relative regret, 4 walls moved: MaxEnt 0.0" in result.stdout
    assert {path.name for path in (tmp_path / "runs" / "maxent").glob("*.png")} == {"maps.png", "same_policy.png"}
    assert len(read_demonstrations(tmp_path / "shown.json").episodes) == 100


def test_a_file_of_demonstrations_gives_what_its_maze_gives(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(maxent, "draw_maps", lambda *_: None)
    monkeypatch.setattr(maxent, "draw_same_policy", lambda *_: None)
    printed = []
    maze = "maze=...B./.B.../.B.B./S...B&prob=0.7&rewards=1.5:1"
    file = str(tmp_path / "shown.json")
    for options in ({"maze": maze, "save": file}, {"demonstrations": file}):
        maxent.main(maxent.Options(episodes=20, walls=1, **options))
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "20 demonstrations" in printed[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"maze": "S.T", "terminal_goal": True}, "give one of maze, demonstrations"),
        ({"maze": "T"}, "an episode starts in state 0, an end or a block"),
        ({"quick": True, "size": -1}, "size must be from 3 to 100"),
        ({"episodes": 0}, "episodes and horizon must be from 1 to 10,000"),
        ({"gamma": 1.0}, "gamma must be from 0 to below 1"),
        ({"seed": -1}, "seed and walls must be at least 0"),
        ({"size": 1}, "size must be from 3 to 100"),
        ({"demonstrations": "missing.json"}, "missing.json cannot be read"),
    ],
)
def test_bad_options_get_one_sentence_before_work_starts(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        maxent.main(maxent.Options(**options))
