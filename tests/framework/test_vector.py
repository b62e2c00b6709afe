"""The adapter of vector worlds: true successors, frame stacks, counts, and going on where a checkpoint was taken."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from framework.runs.config import WorldConfig
from framework.runs.files import load_arrays, save_arrays
from framework.vector import VectorWorld, make_vector, make_worlds


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
    finished = envs.take_finished()
    assert len(finished) > 20
    assert sum(episode_return for episode_return, _ in finished) + envs.state()["returns"].sum() == rewards
    assert all(episode_return == length for episode_return, length in finished)
    assert envs.take_finished() == []


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
    assert (others.obs.tolist(), others.state()["lengths"].tolist()) == ([[0], [0]], [0, 0])
    del gym.registry["Hidden-v0"]


@pytest.mark.parametrize(
    ("env_id", "num_envs", "said"),
    [
        ("Nope-v0", 1, "no world 'Nope-v0'"),
        ("FrozenLake-v1", 1, "a Box"),
        ("CartPole-v1", 0, "num_envs must be at least 1"),
    ],
)
def test_impossible_worlds_are_refused_in_a_sentence(env_id, num_envs, said):
    with pytest.raises(ValueError, match=said):
        make_vector(env_id, num_envs, seed=0)


# Actions of a Box


def test_actions_in_minus_1_to_1_are_stretched_to_what_the_world_takes():
    """Pendulum takes torques from -2 to 2; what lies outside [-1, 1] acts as if it lay on the border."""
    envs, world = make_vector("Pendulum-v1", 4, seed=0), gym.make("Pendulum-v1")
    assert (envs.action_space.low, envs.action_space.high) == (-1, 1)
    action = np.array([[0.5], [1.0], [7.0], [-1.0]], np.float32)
    step = envs.step(action)
    for i, torque in enumerate([1.0, 2.0, 2.0, -2.0]):
        world.reset(seed=i)
        obs, reward, *_ = world.step(np.array([torque], np.float32))
        np.testing.assert_allclose(step.next_obs[i], obs, rtol=1e-5)
        assert step.reward[i] == pytest.approx(reward, rel=1e-5)
    assert step.action is action  # what the agent chose, for its log-probability


class Unbounded(Hidden):
    """Takes any number."""

    action_space = gym.spaces.Box(-np.inf, np.inf, (1,))


def test_actions_without_bounds_are_refused():
    gym.register("Unbounded-v0", entry_point=Unbounded)
    with pytest.raises(ValueError, match="must be of real numbers with bounds"):
        make_vector("Unbounded-v0", 1, seed=0)
    del gym.registry["Unbounded-v0"]


# Whole episodes


def test_episodes_are_one_in_every_world_and_leave_all_at_a_start():
    envs = make_vector("CartPole-v1", 5, seed=0)
    rng = np.random.default_rng(0)
    envs.step(rng.integers(2, size=5))  # in the midst of something: it starts anew
    lengths, last = np.zeros(5, int), None
    for transition, playing in envs.episodes(lambda obs: rng.integers(2, size=5)):
        lengths += playing
        if last is not None:
            assert not (playing & ~last).any()  # whoever is done stays done
        last = playing & ~transition.terminated
    assert not last.any()
    assert envs.take_finished() == [(float(length), length) for length in lengths.tolist()]
    assert np.abs(envs.obs).max() <= 0.05
    assert envs.state()["lengths"].tolist() == [0] * 5


def test_episodes_that_are_broken_off_lose_none_of_those_before():
    envs = make_vector("CartPole-v1", 3, seed=0)
    for _ in range(60):
        envs.step(np.ones(3, int))
    for _ in envs.episodes(lambda obs: np.ones(3, int)):
        break
    assert len(envs.take_finished()) >= 12


def test_a_vector_form_that_starts_anew_a_step_later_is_refused():
    with pytest.raises(ValueError, match="must start anew in the step in which it ends"):
        VectorWorld(gym.make_vec("CartPole-v1", 2), seed=0)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Catcher-v0"])
def test_processes_step_the_same_worlds_and_go_on_where_a_checkpoint_was_taken(env_id, tmp_path):
    alone, together, others = (make_vector(env_id, 3, seed=s, workers=w) for s, w in ((1, 0), (1, 2), (9, 2)))
    assert together.resumes_exactly
    for t, action in enumerate(actions_of(alone, 120)):
        one, other = alone.step(action), together.step(action)
        for ours, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        if t == 60:
            save_arrays(tmp_path / "file.npz", together.state())
            others.load_state(load_arrays(tmp_path / "file.npz"))
        elif t > 60:
            np.testing.assert_array_equal(others.step(action).next_obs, one.next_obs)
    assert alone.take_finished() == together.take_finished()
    for envs in (alone, together, others):
        envs.close()


def test_worlds_come_from_a_configuration():
    config = WorldConfig(env="Catcher-v0", num_envs=3, seed=4, frame_size=20, frame_stack=3)
    envs = make_worlds(config)
    assert envs.obs.shape == (3, 20, 20, 3)
    np.testing.assert_array_equal(envs.frames(), envs.obs[0])
    np.testing.assert_array_equal(make_worlds(config, num_envs=1, seed=6).obs[0], envs.obs[2])
    assert make_worlds(WorldConfig(env="CartPole-v1", num_envs=2)).frames() is None


# What comes through the door


class Told(gym.Env):
    """A world that does what its class is told to."""

    observation_space, action_space = spaces.Box(-1, 1, (2,), np.float32), spaces.Discrete(2)
    wrong_from, what = 10, {}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        assert action in range(self.action_space.start, self.action_space.start + self.action_space.n)
        self.time += 1
        said = {"obs": self.observation_space.sample(), "reward": 1.0, "end": False}
        if self.time >= self.wrong_from:
            said |= self.what
        if "error" in said:
            raise said["error"]
        return said["obs"], said["reward"], said["end"], False, {}


@pytest.fixture
def told():
    """(class attributes of Told) -> the id of such a world, registered for this test."""

    def register(**attributes):
        gym.register("Told-v0", entry_point=type("World", (Told,), attributes))
        return "Told-v0"

    yield register
    gym.registry.pop("Told-v0", None)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"reward": float("nan")}, "Told-v0 paid a reward of nan after 18 steps; it must be finite"),
        ({"reward": float("-inf")}, "paid a reward of -inf"),
        ({"reward": 1e300}, r"paid a reward of 1e\+300"),  # float32 cannot hold it
        ({"error": SystemExit(0)}, "failed after 18 steps: SystemExit"),
        ({"obs": np.array([0, np.inf], "f")}, "an observation with NaN or infinity after 18 steps"),
        ({"obs": np.array([0, np.nan], "f"), "end": True}, "an observation with NaN or infinity"),
        ({"obs": np.zeros(3, "f"), "end": True}, r"shape \(3,\) at the end of an episode; its space says \(2,\)"),
        ({"error": KeyError("key")}, r"failed after 18 steps: KeyError: 'key' \(test_vector.py, line \d+\)"),
    ],
)
def test_what_is_not_finite_and_a_world_that_fails_are_one_sentence(what, sentence, told):
    envs = make_vector(told(what=what), 2, seed=0)
    for _ in range(9):
        envs.step(np.zeros(2, int))
    with pytest.raises(ValueError, match=sentence):
        envs.step(np.zeros(2, int))


@pytest.mark.parametrize(
    ("obs", "sentence"),
    [(np.full(2, np.nan, "f"), "Told-v0 gave an observation with NaN"), (None, "Told-v0 cannot be reset: KeyError")],
)
def test_a_start_is_looked_at_as_every_step_is(obs, sentence, told):
    """Evaluations start from other seeds than the one that was tried when the world was made."""

    def reset(self, *, seed=None, options=None):
        if seed == 0:
            return Told.reset(self, seed=0)
        if obs is None:
            raise KeyError("start")
        return obs, {}

    envs = make_vector(told(reset=reset), 1, seed=0)
    with pytest.raises(ValueError, match=sentence):
        envs.reset(seed=5)


def test_an_episode_without_an_end_is_cut_off_and_that_is_said_once(told, monkeypatch, capsys):
    monkeypatch.setattr("worlds.vector_form.ENDLESS", 12)
    monkeypatch.setattr("framework.vector.ENDLESS", 12)
    envs = make_vector(told(), 2, seed=0)
    episodes = sum(len(playing) for _, playing in envs.episodes(lambda obs: np.zeros(len(obs), int)))
    assert episodes == 2 * 12
    assert envs.take_finished() == [(12.0, 12)] * 2
    make_vector("Told-v0", 1, seed=0).step(np.zeros(1, int))
    said = capsys.readouterr().err
    assert said.startswith("Told-v0 sets no limit to its episodes, so one was cut off after 12 steps (max_episode")
    assert said.count("Told-v0") == 1


def test_later_cuts_and_those_of_an_evaluation_are_not_told_of(told, monkeypatch, capsys):
    monkeypatch.setattr("worlds.vector_form.ENDLESS", 3)
    monkeypatch.setattr("framework.vector.ENDLESS", 3)
    monkeypatch.setattr("framework.vector._said_of", set())
    env_id = told()
    for seed in range(2):
        envs = make_vector(env_id, 1, seed)
        assert sum(envs.step(np.zeros(1, int)).truncated[0] for _ in range(7)) == 2
    assert capsys.readouterr().err.count("sets no limit") == 1


def test_a_world_with_a_limit_of_its_own_keeps_it(monkeypatch):
    monkeypatch.setattr("worlds.vector_form.ENDLESS", 12)
    envs = make_vector("Acrobot-v1", 1, seed=0)
    assert not any(envs.step(np.ones(1, int)).truncated[0] for _ in range(30))


def test_actions_are_numbered_from_0_for_the_agent_wherever_they_start_in_the_world(told):
    envs = make_vector(told(action_space=spaces.Discrete(3, start=-1)), 2, seed=0)
    assert envs.action_space == spaces.Discrete(3)
    for action in ([0, 1], [2, 2]):
        transition = envs.step(np.array(action))
        assert transition.action.tolist() == action


@pytest.fixture
def taking():
    """action space -> the id of a world that takes such actions, and a list of what it has taken."""

    def register(space):
        taken = []

        def step(self, action):
            taken.append(np.asarray(action))
            return Hidden.step(self, action)

        gym.register("Taking-v0", entry_point=type("Taking", (Hidden,), {"action_space": space, "step": step}))
        return "Taking-v0", taken

    yield register
    gym.registry.pop("Taking-v0", None)


@pytest.mark.parametrize("space", [spaces.MultiDiscrete([2, 3]), spaces.MultiBinary(3)])
def test_actions_that_no_network_gives_are_one_sentence(space, taking):
    with pytest.raises(ValueError, match=r"Taking-v0: agents here take Discrete actions or a Box of them.*Multi"):
        make_vector(taking(space)[0], 2, seed=0)


@pytest.mark.parametrize(("shape", "flat"), [((), 1), ((2, 3), 6)])
def test_a_box_of_actions_is_flat_for_the_agent_whatever_its_shape_in_the_world(shape, flat, taking):
    env_id, taken = taking(spaces.Box(-2, 2, shape, np.float32))
    envs = make_vector(env_id, 2, seed=0)
    assert envs.action_space == spaces.Box(-1, 1, (flat,), np.float32)
    action = np.linspace(-1, 1, 2 * flat, dtype=np.float32).reshape(2, flat)
    envs.step(action)
    np.testing.assert_allclose(taken[-2:], 2 * action.reshape(2, *shape), rtol=1e-5)


def space_of(shape, dtype=np.uint8, high=255):
    return spaces.Box(0, high, shape, dtype)


@pytest.mark.parametrize(
    ("space", "seen"),
    [
        (space_of((60, 50, 3)), (84, 84, 2)),
        (space_of((60, 50, 1)), (84, 84, 2)),
        (space_of((60, 50)), (84, 84, 2)),
        (space_of((7, 7, 3)), (7, 7, 3)),  # symbols
        (space_of((60, 60, 3), high=1), (60, 60, 3)),  # planes
        (space_of((60, 60, 3), np.float32, 1), (60, 60, 3)),
        (space_of((10, 10, 4), bool, 1), (10, 10, 4)),
        (space_of((84, 84, 4)), (84, 84, 4)),  # stacked already
        (space_of((128,)), (128,)),
    ],
)
def test_pictures_are_stacked_and_everything_else_is_seen_as_it_is(space, seen, told):
    envs = make_vector(told(observation_space=space), 2, seed=0)
    transition = envs.step(np.zeros(2, int))
    assert envs.observation_space.shape == seen
    assert transition.next_obs.shape == envs.obs.shape == (2, *seen)
    assert (envs.frames() is None) == (seen != (84, 84, 2))


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        (space_of((3, 60, 60)), r"Told-v0: .*channels first, \(3, 60, 60\).*\[H, W, C\]: turn them round"),
        (space_of((4, 84, 84), np.float32, 1), "channels first"),
        (spaces.Discrete(5), "observations that are a Box.*see Day 3"),
        (spaces.Dict({"x": spaces.Discrete(2)}), "observations that are a Box"),
        (space_of((0,)), "shows nothing"),
    ],
)
def test_observations_that_no_network_reads_are_one_sentence(space, sentence, told):
    with pytest.raises(ValueError, match=sentence):
        make_vector(told(observation_space=space), 2, seed=0)
