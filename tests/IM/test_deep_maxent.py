"""Deep MaxEnt: backpropagation takes the dual's gradient on to the weights; a network says what no sum can."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from framework.tf import set_seed, tf
from IM import deep_maxent
from IM.deep_maxent import GAMMA, KINDS, TRUE, DeepMaxEntIRL, Lesson, lesson, losses, mushroom_maze
from IM.maxent import MaxEntIRL

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lessons():
    rng = np.random.default_rng(0)
    return [lesson(6, rng, 10, 20, 100 * i) for i in range(4)]


def test_a_maze_pays_for_its_mushrooms_and_for_nothing_else():
    env, kinds = mushroom_maze(8, np.random.default_rng(0))
    pays = Lesson(deep_maxent.Dynamics(env), kinds).dynamics.reward
    assert (pays == TRUE[kinds]).all()
    assert kinds[env.start_state] == 0
    assert set(kinds) == {0, 1, 2, 3, 4}


def test_no_weighted_sum_of_the_features_is_the_true_reward():
    seen = np.column_stack([KINDS, np.ones(5)])
    weights = np.linalg.lstsq(seen, TRUE, rcond=None)[0]
    assert np.abs(seen @ weights - TRUE).max() > 0.7


@pytest.mark.parametrize("hidden", [(), (5,)])
def test_the_gradient_of_the_weights_is_the_finite_difference_of_the_dual(lessons, hidden):
    """Of the whole chain: weights, rewards of cells, soft values. The network is float32, so the steps are large."""
    maze, irl = lessons[0], DeepMaxEntIRL(3, seed=0, hidden=hidden, l2=0.0)
    dual = MaxEntIRL(maze.dynamics, GAMMA, l2=0.0)
    seen = KINDS[maze.kinds]

    def value():
        return dual.negative_dual(irl.reward(seen).astype(float), maze.starts, maze.expert_visits)

    _, minus_difference, _ = value()
    variables = irl.network.trainable_variables
    with tf.GradientTape() as tape:
        loss = irl.loss(seen, -minus_difference.astype(np.float32))
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        before = variable.numpy()
        direction = np.random.default_rng(1).normal(size=before.shape).astype(np.float32)
        ends = []
        for step in (1e-2, -1e-2):
            variable.assign(before + step * direction)
            ends.append(value()[0])
        variable.assign(before)
        slope = float(np.sum(gradient.numpy() * direction))
        assert (ends[0] - ends[1]) / 2e-2 == pytest.approx(slope, rel=0.02, abs=0.02)


def test_a_network_learns_what_a_weighted_sum_cannot(lessons):
    set_seed(0)
    rng = np.random.default_rng(99)
    others = [lesson(6, rng, 0, 0, 0) for _ in range(8)]
    lost = {}
    for hidden in ((16, 16), ()):
        irl = DeepMaxEntIRL(3, seed=0, hidden=hidden)
        *_, difference = irl.iterations(lessons, KINDS, 120)
        lost[hidden] = np.mean(losses(irl.reward(KINDS), others)), difference
    assert lost[16, 16][0] < 0.1 < 0.15 < lost[()][0]
    assert lost[16, 16][1] < lost[()][1]  # and its visits agree better


def test_quick_run_from_any_folder_prints_the_rewards_and_saves_a_plot(tmp_path):
    script = [sys.executable, ROOT / "IM/deep_maxent.py", "--quick"]
    result = subprocess.run(script, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300)
    assert (result.returncode, result.stderr) == (0, "")
    assert "weighted sum: relative regret" in result.stdout
    assert (tmp_path / "runs/deep_maxent/mushrooms.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mazes": 0}, "seeds and mazes must be from 1 to 1,000"),
        ({"mazes": 1_000_000_000}, "seeds and mazes must be from 1 to 1,000"),
        ({"iterations": 1_000_000_000}, "iterations from 1 to 100,000"),
        ({"seed": -1}, "seed must be at least 0; got -1"),
        ({"size": 2}, "size must be from 3 to 100"),
        ({"size": 2, "quick": True}, "size must be from 3 to 100"),
        ({"horizon": 0}, "episodes and horizon must be from 1 to 10,000"),
    ],
)
def test_bad_options_get_one_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        deep_maxent.main(deep_maxent.Options(**options))
