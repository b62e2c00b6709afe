"""Bayesian inverse RL: the posterior by hand, by enumeration and by chains; and each usual mistake is far from it."""

import math
import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.bayesian import ABLATIONS, measure, shown
from environment import GridWorld
from framework.tabular.demonstrations import Demonstrations, write_demonstrations
from framework.tabular.world import uniforms
from IM import bayesian
from IM.bayesian import UNKNOWN, WORLD, BayesianIRL, enumerate_posterior, predictive_policy
from IM.chains import Study, draw_studies, effective_sample_size, r_hat, study, total_variation
from IM.inverse import Dynamics, demonstrate, plan
from IM.mazes import random_maze

ROOT = Path(__file__).parents[2]
FAR = 0.1  # four chains come to within 0.07 in 4,000 samples


@pytest.fixture
def choice(model_world):
    """Action 0 ends in cell 1, action 1 in cell 2, each of which may pay 0 or 1."""
    end = {a: [(1.0, s, 0.0, True)] for s in (1, 2) for a in range(2)}
    env = model_world({0: {a: [(1.0, a + 1, 0.0, True)] for a in range(2)}, 1: end, 2: end})
    return BayesianIRL(env, (0.0, 1.0), beta=2.0)


def irl(kind=BayesianIRL, **settings):
    return kind(WORLD, **{"cells": UNKNOWN, **settings})


# -- the posterior ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_posterior_by_hand(choice, count):
    """Under reward (1, 0) action 0 has probability 1 / (1 + e^-2); under equal rewards one half."""
    assert choice.cells.tolist() == [1, 2]
    rewards, probs = enumerate_posterior(choice, [[(0, 0, 0.0, 1)]] * count)
    assert rewards[:, 1:].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    likely = 1 / (1 + math.exp(-2))
    weights = np.array([0.5, 1 - likely, likely, 0.5]) ** count
    assert probs == pytest.approx(weights / weights.sum(), abs=1e-12)


def test_the_prior_is_what_no_demonstration_leaves(model_world, choice):
    one = BayesianIRL(model_world({0: {0: [(1.0, 0, 5.0, False)]}}), prior=(0.1, 0.7, 0.2))
    _, probs = enumerate_posterior(one, [])
    assert probs == pytest.approx([0.1, 0.7, 0.2])
    levels = np.array([sample.level for sample in one.chain([], 0, 20_000)])
    assert total_variation(one, levels, probs) < 0.02


def test_the_posterior_is_a_distribution_and_not_a_point_estimate():
    """One demonstration leaves several rewards; a hundred leave nearly one. Chains say so as enumeration does."""
    variances = []
    for count in (1, 10, 100):
        rewards, probs = enumerate_posterior(irl(), shown(count, seed=0))
        exact = probs @ rewards**2 - (probs @ rewards) ** 2
        result = study(irl(), shown(count, seed=0), steps=4_000, probs=probs)
        assert result.std**2 == pytest.approx(exact, abs=0.12)
        assert result.mean == pytest.approx(probs @ rewards, abs=0.12)
        variances.append(exact[list(UNKNOWN)].mean())
        if count == 1:
            assert (result.low[5], result.high[5]) == (-1, 1)  # a cell that nobody went to
    one, ten, hundred = variances
    assert one > 0.2 > 0.1 > ten > 0.01 > hundred
    assert result.low.tolist() == result.high.tolist() == [0, 0, 1, 0, -1, 0, 0, 0, -1]


def test_the_likelihood_is_not_divided_by_the_number_of_demonstrations(choice):
    episode = [(0, 0, 0.0, 1)]
    Q = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    one, ten = (choice.log_likelihood(Q, choice.count([episode] * n)) for n in (1, 10))
    assert (one, ten) == pytest.approx((-math.log(1 + math.exp(-2)), -10 * math.log(1 + math.exp(-2))))
    wrong = measure(ABLATIONS["likelihood divided by the number of demonstrations"], 10, seed=0, steps=2_000)
    assert wrong["tv"] > 0.5
    assert wrong["variance"] > 2 * wrong["exact_variance"]


@pytest.mark.parametrize("kind", ["Q under the old reward", "no normaliser"])
def test_a_wrong_likelihood_is_far_from_the_posterior(kind):
    assert measure(ABLATIONS[kind], 10, seed=0, steps=1_000)["tv"] > 0.5


def test_an_asymmetric_proposal_is_far_from_the_posterior_and_r_hat_does_not_see_it():
    wrong = measure(ABLATIONS["asymmetric proposal"], 1, seed=0, steps=4_000)
    assert wrong["tv"] > 0.2
    assert wrong["r_hat"] < 1.05


def test_four_chains_come_near_the_posterior_and_r_hat_is_content_before():
    right = measure(BayesianIRL, 1, seed=0, steps=4_000)
    assert right["tv"] < FAR
    assert right["r_hat"] < 1.01
    assert right["agree_at"][0] < 1_000
    assert right["tv_there"][0] > 1.5 * FAR


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 10, 100])
def test_total_variation_is_below_three_hundredths_after_50_000_samples_of_four_chains(count):
    assert measure(BayesianIRL, count, seed=0, steps=50_000)["tv"] <= 0.03


def test_changing_one_cell_at_a_time_gets_stuck_where_two_cells_trade_their_rewards():
    """R-hat sees it here, since the chains are stuck at different places; two at a time all find the same one."""
    stuck = measure(ABLATIONS["one cell at a time"], 100, seed=3, steps=1_000)
    free = measure(BayesianIRL, 100, seed=3, steps=1_000)
    assert stuck["tv"] > 0.2
    assert stuck["r_hat"] > 1.5
    assert (free["tv"] < 1e-6, free["r_hat"], free["ess"]) == (True, "constant", "constant")


def test_where_nothing_ends_all_rewards_one_level_higher_are_as_likely():
    """A chain goes from the ones to the others, and spends half its time with each."""
    env = GridWorld(np.zeros((2, 4)), 0.8, 0.0, rewards={(0, 3): 1.0})
    of = BayesianIRL(env)
    teacher = np.exp(of.log_policy(of.q_values(Dynamics(env).reward)))
    walks = demonstrate(env, teacher, 100, 8, 0.9).episodes
    high, low = (
        of.weigh(np.array(level), of.count(walks)) for level in ([1, 1, 1, 2] + [1] * 4, [0, 0, 0, 1] + [0] * 4)
    )
    assert high.log_posterior == pytest.approx(low.log_posterior, abs=1e-9)
    result = study(of, walks, steps=1_500, seed=1)
    assert result.r_hat[-1] < 1.05
    assert result.mean == pytest.approx(np.where(np.arange(8) == 3, 0.5, -0.5), abs=0.12)  # 4 standard errors
    of.shifts = 0.0
    assert study(of, walks, steps=500).r_hat[-1] == math.inf


# -- the parts ----------------------------------------------------------------------------------------------------


def test_the_maps_show_each_cell_where_it_is():
    """Cells that are known keep their 0; the goal of the teacher is the best cell."""
    result = study(irl(), shown(10, seed=0), steps=1_000)
    assert result.mean[[0, 3, 6]].tolist() == result.std[[0, 3, 6]].tolist() == [0, 0, 0]
    assert result.mean.argmax() == 2
    assert result.policy.sum(axis=1) == pytest.approx(np.ones(9))


@pytest.mark.parametrize("open_goal", [True, False])
def test_Q_is_that_of_the_proposed_reward_whatever_policy_it_began_from(open_goal):
    env = random_maze(6, np.random.default_rng(3), open_goal=open_goal)
    dynamics, of = Dynamics(env), BayesianIRL(env, gamma=0.95)
    for sample in of.chain([[(env.start_state, 0, 0, 0)]], 0, 30, warm_up=20):
        _, Q = plan(dynamics, sample.reward, 0.95)
        np.testing.assert_allclose(sample.Q, Q, atol=1e-8)


def test_the_posterior_of_a_sample_is_that_of_its_own_reward():
    of = irl()
    counts = of.count(shown(3, seed=0))
    for sample in of.chain(shown(3, seed=0), 0, 300):
        again = of.weigh(sample.level, counts)
        assert sample.log_posterior == pytest.approx(again.log_posterior, abs=1e-9)
        assert (sample.reward == again.reward).all()


def test_a_rejected_proposal_counts_the_place_once_more():
    samples = list(irl().chain(shown(10, seed=0), 0, 500))
    for before, after in pairwise(samples):
        moved = (before.level != after.level).any()
        assert moved == after.accepted
    assert 0.01 < np.mean([sample.accepted for sample in samples]) < 0.5


def test_proposals_go_there_as_often_as_back():
    """Two cells of three levels: the 9 × 9 table of proposals is symmetric, and nobody stays."""
    env = GridWorld([[0, 0, 0]], rewards=None)
    of = BayesianIRL(env, cells=(1, 2))
    random = uniforms(np.random.default_rng(0)).__next__
    often = np.zeros((9, 9))
    for here in range(9):
        level = np.array(divmod(here, 3), np.int16)
        for _ in range(4_000):
            often[here, of.number_of(of.propose(level, random))] += 1
    assert (np.diag(often) == 0).all()
    assert np.abs(often - often.T).max() < 5 * math.sqrt(2 * 500)
    one, two = often[0, 1], often[0, 5]  # 0.45 change one cell, to 4 places; 0.45 both, to 4; 0.1 all alike, to 2
    assert (one, two, often[0, 4]) == pytest.approx((450, 450, 650), abs=110)


def test_a_hundred_levels_are_all_proposed_as_often():
    of = BayesianIRL(GridWorld([[0, 0, 0]]), levels=np.arange(100.0), cells=(1, 2))
    now, random = next(of.chain([], 0, 1)).level, uniforms(np.random.default_rng(0)).__next__
    often = np.zeros(100)
    for _ in range(20_000):
        now = of.propose(now, random)
        often[now] += 1
    assert often == pytest.approx(np.full(100, 400), abs=110)


def test_the_same_seed_gives_the_same_chain_and_another_seed_another():
    first, same, other = ([s.log_posterior for s in irl().chain(shown(1, 0), seed, 200)] for seed in (1, 1, 2))
    assert first == same != other


def test_the_predictive_policy_is_the_mean_of_policies_and_not_the_policy_of_the_mean(choice):
    samples = [choice.weigh(np.array(level), np.zeros((3, 2))) for level in ((0, 1), (1, 0), (1, 0))]
    likely = 1 / (1 + math.exp(-2))
    assert predictive_policy(choice, samples)[0, 0] == pytest.approx((1 - likely + 2 * likely) / 3)


def test_entering_an_end_pays_once():
    env = GridWorld([[0, 1]], move_prob=1.0, step_reward=0.0, start=(0, 0))
    Q = BayesianIRL(env, gamma=0.5).q_values(np.array([0.0, 1.0]))
    np.testing.assert_allclose(Q, ([[0.5, 1.0, 0.5, 0.5], [0, 0, 0, 0]]))


def test_an_open_goal_pays_for_ever():
    env = GridWorld([[0, 0]], move_prob=1.0, start=(0, 0), rewards={(0, 1): 1.0})
    Q = BayesianIRL(env, gamma=0.5).q_values(np.array([0.0, 1.0]))
    np.testing.assert_allclose(Q, ([[1.0, 2.0, 1.0, 1.0], [2.0, 2.0, 2.0, 1.0]]))


# -- R-hat and effective sample size --------------------------------------------------------------------------------


def test_r_hat_by_hand():
    """Halves (0, 2) and (0, 2): within 2, between 0. Halves (0, 2) and (4, 6): the means 1 and 5 have variance 8."""
    assert r_hat([[0, 2, 0, 2]]) == pytest.approx(math.sqrt(1 / 2))
    assert r_hat([[0, 2, 4, 6]]) == pytest.approx(math.sqrt(1 / 2 + 8 / 2))


def test_r_hat_is_1_for_chains_that_agree_and_more_for_others():
    noise = np.random.default_rng(0).normal(size=(4, 2_000))
    assert r_hat(noise) == pytest.approx(1, abs=0.005)
    assert r_hat(noise + np.arange(4)[:, None]) > 1.3
    assert r_hat(noise + np.linspace(0, 3, 2_000)) > 1.2  # they drift alike, so only halves disagree


def test_constant_chains_are_told_and_not_0_divided_by_0():
    assert math.isnan(r_hat(np.ones((4, 100))))
    assert math.isnan(effective_sample_size(np.ones((4, 100))))
    stuck = np.repeat([[0.0], [0.0], [1.0], [1.0]], 100, axis=1)
    assert r_hat(stuck) == math.inf
    assert effective_sample_size(stuck) < 10


@pytest.mark.parametrize(("correlation", "share"), [(0.0, 1.0), (0.5, 1 / 3), (0.9, 1 / 19), (-0.5, 3.0)])
def test_effective_sample_size_of_an_autoregressive_chain(correlation, share):
    """It is (1 - rho) / (1 + rho) of the samples."""
    noise = np.random.default_rng(1).normal(size=(4, 20_000))
    chains = np.zeros_like(noise)
    for t in range(1, chains.shape[1]):
        chains[:, t] = correlation * chains[:, t - 1] + noise[:, t]
    assert effective_sample_size(chains) == pytest.approx(80_000 * share, rel=0.15)


def test_chains_that_disagree_are_worth_few_samples():
    noise = np.random.default_rng(2).normal(size=(4, 1_000))
    assert effective_sample_size(noise + 5 * np.arange(4)[:, None]) < 20


def test_total_variation_by_hand(choice):
    levels = np.array([[0, 0], [0, 0], [0, 1], [1, 1]])
    assert total_variation(choice, levels, np.array([0.25, 0.25, 0.25, 0.25])) == pytest.approx(0.25)


# -- bad input, and the script ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"levels": (1.0,)}, "levels must be 2 to 100 different numbers; got (1.0,)"),
        ({"levels": (1.0, 1.0)}, "levels must be 2 to 100 different numbers"),
        ({"levels": (0.0, math.inf)}, "levels must be numbers from -1e6 to 1e6"),
        ({"levels": (0.0, math.nan)}, "levels must be numbers from -1e6 to 1e6"),
        ({"beta": 0.0}, "beta must be from over 0 to 1000; got 0.0"),
        ({"beta": math.nan}, "beta must be from over 0 to 1000; got nan"),
        ({"gamma": 1.0}, "gamma must be from 0 to below 1; got 1.0"),
        ({"prior": (0.5, 0.5)}, "prior must be 3 probabilities above 0, one a level, that sum to 1"),
        ({"prior": (0.0, 0.5, 0.5)}, "prior must be 3 probabilities above 0"),
        ({"cells": (9,)}, "cells must be different states from 0 to 8"),
        ({"cells": ()}, "cells must be different states from 0 to 8"),
        ({"cells": (1, 1)}, "cells must be different states from 0 to 8"),
    ],
)
def test_what_is_out_of_range_gets_one_sentence(settings, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        irl(**settings)


def test_too_many_rewards_or_states_are_refused():
    maze = GridWorld(np.zeros((8, 8)), rewards={(0, 7): 1.0})
    with pytest.raises(ValueError, match=r"3e\+30 rewards cannot be enumerated; at most 100,000 can"):
        enumerate_posterior(BayesianIRL(maze), [])
    with pytest.raises(ValueError, match=r"the world has 1,600 states; at most 1,024"):
        BayesianIRL(GridWorld(np.zeros((40, 40))))
    with pytest.raises(ValueError, match="a step takes action 4 in state 0; the world has no such pair"):
        irl().count([[(0, 4, 0.0, 0)]])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 99}, "there must be 2 to 100 chains of 100 to 1,000,000 steps"),
        ({"chains": 1}, "there must be 2 to 100 chains"),
        ({"chains": 1_000_000_000}, "there must be 2 to 100 chains"),
        ({"chains": 100, "steps": 1_000_000}, "chains × steps × cells must be at most 50,000,000; there are 6 cells"),
        ({"maze": "T"}, "nothing can be entered in this world"),
        ({"counts": (0, 1)}, "counts must be different whole numbers of at least 1; got (0, 1)"),
        ({"counts": (1, 1)}, "counts must be different whole numbers"),
        ({"maze": "S.", "demonstrations": "x.json"}, "--maze and --demonstrations exclude each other"),
        ({"demonstrations": "x.json"}, "x.json cannot be read"),
        ({"maze": "SX"}, "the maze of the link has the letter 'X'"),
        ({"horizon": 0}, "episodes and horizon must be from 1 to 10,000; got 1 and 0"),
        ({"beta": -1.0}, "beta must be from over 0"),
    ],
)
def test_bad_options_are_refused_before_any_work(options, sentence, monkeypatch):
    monkeypatch.setattr(bayesian, "study", lambda *_: pytest.fail("sampled"))
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        bayesian.main(bayesian.Options(**options))


def test_a_file_of_truncated_walks_with_slips_is_read_and_the_plot_is_saved(tmp_path, capsys):
    walks = Demonstrations(WORLD, 0.8, shown(3, seed=0))
    write_demonstrations(tmp_path / "walks.json", walks)
    plot = tmp_path / "a.png"
    bayesian.main(bayesian.Options(demonstrations=str(tmp_path / "walks.json"), steps=300, plot=str(plot)))
    printed = capsys.readouterr().out
    assert "9 cells of 3 levels; 4 chains of 300 samples" in printed
    assert re.search(r"^ {13}3 +0\.\d{4} +- +- ", printed, re.MULTILINE)
    assert plot.stat().st_size > 20_000


def test_chains_that_all_stand_still_are_drawn(tmp_path):
    """They have no R-hat at all, and a total variation of 0, which has no logarithm."""
    drawn = tmp_path / "a.png"
    about = dict.fromkeys(("mean", "std", "low", "high"), np.zeros(9)) | {"policy": np.full((9, 4), 0.25)}
    steps, none = np.array([50, 100]), np.full(2, math.nan)
    result = Study(**about, steps=steps, tv=np.zeros(2), r_hat=none, ess=math.nan, accepted=0.0)
    draw_studies(irl(), WORLD, np.zeros(9), {100: result}, drawn)
    assert drawn.stat().st_size > 20_000


def test_the_script_from_another_folder(tmp_path):
    command = [sys.executable, ROOT / "IM" / "bayesian.py", "--quick", "--counts", "1", "100", "--steps", "1000"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=400)
    assert (result.returncode, result.stderr) == (0, "")
    assert "constant           constant" in result.stdout
    assert (tmp_path / "runs" / "bayesian" / "posterior.png").stat().st_size > 20_000
    refused = subprocess.run([*command, "--beta", "0"], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (refused.returncode, refused.stderr) == (2, "error: beta must be from over 0 to 1000; got 0.0\n")


@pytest.mark.slow
def test_an_8_by_8_maze_gives_500_samples_a_second():
    """By the processor's time, since others may use it, too."""
    env = random_maze(8, np.random.default_rng(0))
    of, began = BayesianIRL(env, gamma=0.95), time.process_time()
    list(of.chain([[(env.start_state, 0, 0, 0)]], 0, 1_000, warm_up=0))
    assert time.process_time() - began < 2


def test_a_maze_planned_with_sparse_matrices_has_the_values_of_a_full_one(monkeypatch):
    """Of more than 81 states: several threads that solve a full matrix stand in each other's way on busy cores."""
    env, reward = random_maze(8, np.random.default_rng(3)), np.random.default_rng(0).normal(size=64)
    full = BayesianIRL(env)
    monkeypatch.setattr("IM.bayesian.FEW_STATES", 63)
    sparse = BayesianIRL(env)
    assert isinstance(full.go_on, np.ndarray)
    assert not isinstance(sparse.go_on, np.ndarray)
    np.testing.assert_allclose(sparse.q_values(reward), full.q_values(reward), atol=1e-12)
