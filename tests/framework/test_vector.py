"""The adapter of vector worlds: true successors, frame stacks, counts, and going on where a checkpoint was taken."""

import gymnasium as gym
import numpy as np
import pytest

from framework.runs.files import load_arrays, save_arrays
from framework.vector import make_vector


def actions_of(envs, steps, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(envs.action_space.n, size=(steps, envs.num_envs))


@pytest.mark.parametrize("env_id", ["CartPole-v1", "CatcherState-v0"])
def test_every_step_is_that_of_single_worlds_and_successors_are_true(env_id):
    envs = make_vector(env_id, 3, seed=5)
    singles = [gym.make(env_id) for _ in range(3)]
    obs = [single.reset(seed=5 + i)[0] for i, single in enumerate(singles)]
    ends = 0
    for action in actions_of(envs, 600):
        step = envs.step(action)
        for i, single in enumerate(singles):
            following, reward, terminated, truncated, _ = single.step(action[i])
            np.testing.assert_allclose(step.obs[i], obs[i], rtol=1e-6)
            np.testing.assert_allclose(step.next_obs[i], following, rtol=1e-6)
            assert (step.reward[i], step.terminated[i], step.truncated[i]) == (reward, terminated, truncated)
            obs[i] = single.reset()[0] if terminated or truncated else following
            ends += terminated or truncated
    assert ends > 5


def test_a_time_limit_is_truncation_and_its_successor_is_not_the_next_start():
    envs = make_vector("CatcherState-v0", 2, seed=0, max_episode_steps=7)
    for t in range(7):
        step = envs.step(np.ones(2, int))
        assert step.truncated.all() == (t == 6)
    assert not step.terminated.any()
    assert not np.allclose(step.next_obs, envs.obs)


def test_a_frame_stack_never_holds_frames_of_two_episodes():
    envs = make_vector("Catcher-v0", 2, seed=0, frame_stack=3, max_episode_steps=10)
    for t in range(1, 31):
        before = envs.obs
        step = envs.step(np.zeros(2, int))
        np.testing.assert_array_equal(step.next_obs[..., :-1], before[..., 1:])
        if t % 10 == 0:  # a new episode: three times its first frame
            assert (envs.obs == envs.obs[..., :1]).all()
            assert (step.next_obs != envs.obs).any()
        else:
            np.testing.assert_array_equal(envs.obs, step.next_obs)


def test_returns_and_lengths_of_episodes_are_counted_once():
    envs = make_vector("CartPole-v1", 4, seed=0)
    rewards = sum(envs.step(action).reward.sum() for action in actions_of(envs, 200))
    assert envs.total_steps == 800
    assert sum(episode_return for episode_return, _ in envs.finished) + envs.returns.sum() == rewards
    assert all(episode_return == length for episode_return, length in envs.finished)


class Hidden(gym.Env):
    """Its state cannot be read: it is the generator's."""

    observation_space, action_space = gym.spaces.Box(0, 1, (1,)), gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return self.np_random.random(1, np.float32), 1.0, False, False, {}


def test_a_world_that_cannot_be_saved_starts_its_episodes_anew(tmp_path):
    gym.register("Hidden-v0", entry_point=Hidden)
    envs, others = make_vector("Hidden-v0", 2, seed=1), make_vector("Hidden-v0", 2, seed=2)
    for action in actions_of(envs, 5):
        envs.step(action)
    save_arrays(tmp_path / "file.npz", envs.state())
    others.load_state(load_arrays(tmp_path / "file.npz"))
    assert not others.resumes_exactly
    assert others.total_steps == 10  # the clock goes on
    assert (others.obs.tolist(), others.lengths.tolist()) == ([[0], [0]], [0, 0])
    del gym.registry["Hidden-v0"]


@pytest.mark.parametrize(
    ("env_id", "num_envs", "said"),
    [
        ("Nope-v0", 1, "cannot be made"),
        ("FrozenLake-v1", 1, "a Box"),
        ("CartPole-v1", 0, "num_envs must be at least 1"),
    ],
)
def test_impossible_worlds_are_refused_in_a_sentence(env_id, num_envs, said):
    with pytest.raises(ValueError, match=said):
        make_vector(env_id, num_envs, seed=0)
