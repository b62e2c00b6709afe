"""Teachers: whoever of Day 4 has learnt, how sure they are, their data, and what is refused."""

import importlib.util
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from gymnasium import spaces

from AP.reincarnation import BREAKOUT, Config
from AP.teachers import (
    POLICIES,
    VALUES,
    WORKFLOWS,
    RollIn,
    Teacher,
    Workflow,
    fitted_temperature,
    meet,
    minibatches,
    random_player,
    read_teacher,
    return_of,
)
from framework.agent import save_agent
from framework.replay import ReplayBuffer
from framework.runs.folder import ROOT
from framework.tf import begin, tf
from framework.vector import Transition, make_worlds

pytestmark = pytest.mark.usefixtures("match")


MATCH = Config(
    env="Match-v0", teacher="teacher.npz", teacher_steps=40, num_envs=2, temperature=None, final_episodes=5, hidden=()
)


def agent_of(script, shape=(), **options):
    module = import_module(f"FN.{script}")
    name, _ = (VALUES | POLICIES)[script]
    config = module.Config(env="Match-v0", hidden=shape, **options)
    return getattr(module, name)(spaces.Box(0, 1, (3,), np.float32), spaces.Discrete(3), config)


def write_dqn(path, kernel, env="Match-v0", **options):
    """A DQN whose Q is observation × kernel [3, 3]."""
    config = import_module("FN.dqn_agent").Config(env=env, hidden=(), **options)
    save_agent(path, config, [np.array(kernel, "f"), np.zeros(3, "f")])


def met(tmp_path, kernel, workflow="qdagger", **options):
    write_dqn(tmp_path / "teacher.npz", kernel)
    config = replace(MATCH, teacher=str(tmp_path / "teacher.npz"), **options)
    begin(config)
    return meet(config, make_worlds(config), WORKFLOWS[workflow])


@pytest.mark.parametrize("script", VALUES | POLICIES)
def test_every_agent_of_day_4_is_a_teacher_as_it_acts(script):
    agent = agent_of(script, **({"batch_size": 64, "rollout_steps": 4} if script == "ppo_agent" else {}))
    _, scores = (VALUES | POLICIES)[script]
    rng = np.random.default_rng(0)
    agent.set_weights([rng.normal(size=weights.shape) for weights in agent.weights()])
    teacher, obs = Teacher(agent, scores, 3), rng.normal(size=(4, 5, 3)).astype("f")
    probabilities = teacher.probabilities(obs)
    assert probabilities.shape == (4, 5, 3)
    assert probabilities.sum(axis=-1) == pytest.approx(np.ones((4, 5)), abs=1e-5)
    np.testing.assert_array_equal(probabilities.argmax(axis=-1).ravel(), agent.greedy(obs.reshape(-1, 3)))
    np.testing.assert_array_equal(teacher.greedy(obs[0]), agent.greedy(obs[0]))


def test_the_probabilities_of_a_policy_are_its_own():
    agent, obs = agent_of("ppo_agent", batch_size=64), np.eye(3, dtype="f")
    agent.set_weights([np.arange(weights.size, dtype="f").reshape(weights.shape) for weights in agent.weights()])
    policy, _ = agent.policy_and_value(obs)
    own = np.stack([np.exp(policy.log_prob(tf.constant([a, a, a]))) for a in range(3)], axis=1)
    teacher = Teacher(agent, POLICIES["ppo_agent"][1], 3)
    assert teacher.probabilities(obs[None])[0] == pytest.approx(own, abs=1e-6)


def test_the_temperature_makes_the_best_action_nine_times_of_ten_and_is_in_units_of_q():
    q = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert fitted_temperature(q) == pytest.approx(1 / np.log(9), rel=1e-4)  # e^(1/τ) = 9
    assert fitted_temperature(100 * q) == pytest.approx(100 / np.log(9), rel=1e-4)
    assert fitted_temperature(q, top=0.75) == pytest.approx(1 / np.log(3), rel=1e-4)


def test_a_value_teacher_divides_its_q_by_the_temperature_that_the_student_has(tmp_path):
    teacher, _, config = met(tmp_path, 0.3 * np.eye(3))
    assert config.temperature == teacher.temperature
    expected = np.exp(0.3 / config.temperature) / (np.exp(0.3 / config.temperature) + 2)
    assert expected == pytest.approx(0.9, abs=1e-4)
    assert teacher.probabilities(np.eye(3, dtype="f")[None])[0].max(axis=-1) == pytest.approx(
        np.full(3, 0.9), abs=1e-4
    )
    teacher, _, config = met(tmp_path, 0.3 * np.eye(3), temperature=0.5)
    assert (config.temperature, teacher.temperature) == (0.5, 0.5)


def test_the_teacher_and_a_random_player_are_measured(tmp_path, capsys):
    teacher, *_ = met(tmp_path, np.diag([1.0, 1.0, -1.0]), final_episodes=60)  # knows two of three
    assert teacher.mean == pytest.approx(20 / 3, abs=0.6)
    assert teacher.random_mean == pytest.approx(10 / 3, abs=0.6)
    said = capsys.readouterr().out
    assert f"return {teacher.mean:.2f}" in said
    assert "τ = " in said


def test_data_are_the_teachers_best_actions_but_for_a_share_of_any(tmp_path):
    _, data, _ = met(tmp_path, np.eye(3), teacher_steps=3_000, teacher_epsilon=0.3, n_step=1)
    best = data.obs[: len(data)].argmax(axis=-1) == data.action[: len(data)]
    assert len(data) == 3_000
    assert best.mean() == pytest.approx(0.7 + 0.3 / 3, abs=0.03)
    np.testing.assert_array_equal(data.reward[: len(data)], best)
    _, data, _ = met(tmp_path, np.eye(3), teacher_epsilon=0.0)
    assert (data.obs[: len(data)].argmax(axis=-1) == data.action[: len(data)]).all()


def test_the_teacher_explores_in_each_world_by_itself(tmp_path):
    """Of two worlds: half of the actions are any of three, so a third is wrong, and a ninth of the steps in both."""
    _, data, _ = met(tmp_path, np.eye(3), teacher_steps=3_000, teacher_epsilon=0.5, n_step=1)
    wrong = (data.obs[:3_000].argmax(axis=-1) != data.action[:3_000]).reshape(-1, 2)
    assert wrong.mean() == pytest.approx(1 / 3, abs=0.03)
    assert wrong.all(axis=1).mean() == pytest.approx(1 / 9, abs=0.03)


def test_data_give_n_step_transitions_and_are_the_same_for_the_same_seed(tmp_path):
    _, data, config = met(tmp_path, np.eye(3), teacher_epsilon=0.0)
    batch = data.sample(50)
    assert data.n_step == config.n_step == 3
    assert batch.reward.max() == pytest.approx(1 + 0.98 + 0.98**2)
    _, again, _ = met(tmp_path, np.eye(3), teacher_epsilon=0.0)
    np.testing.assert_array_equal(data.obs, again.obs)
    _, other, _ = met(tmp_path, np.eye(3), teacher_epsilon=0.0, seed=1)
    assert (data.obs != other.obs).any()


def test_the_data_are_drawn_from_by_other_luck_than_the_students_own_buffer(tmp_path):
    _, data, config = met(tmp_path, np.eye(3), teacher_steps=3_000)
    own = ReplayBuffer(config.teacher_steps, config.num_envs, config.gamma, config.seed, config.n_step)
    own.load_state(data.state() | {"rng": own.state()["rng"]})
    assert (own.sample(50).index != data.sample(50).index).any()


def test_fine_tuning_takes_the_teachers_network_and_no_other_workflow_does(tmp_path):
    write_dqn(tmp_path / "other.npz", np.eye(3))
    for workflow in WORKFLOWS:
        _, _, config = met(tmp_path, np.eye(3), workflow, hidden=(7,))
        assert (config.dueling, config.hidden) == ((False, ()) if workflow == "fine_tuning" else (True, (7,)))


# What is refused, in one sentence


def refused(config, workflow=WORKFLOWS["qdagger"]):
    begin(config)
    with pytest.raises((ValueError, OSError)) as error:
        meet(config, make_worlds(config), workflow)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_teacher_of_another_world_or_that_sees_it_otherwise_is_refused(tmp_path):
    path = tmp_path / "teacher.npz"
    write_dqn(path, np.eye(3))
    assert "has learnt Match-v0, and the world is CartPole-v1" in refused(
        replace(MATCH, env="CartPole-v1", teacher=str(path))
    )
    assert "sees (84, 84, 2), and the student (40, 40, 3)" in refused(
        Config(num_envs=1, frame_size=40, frame_stack=3)
    )


def test_a_file_that_is_missing_damaged_or_no_teacher_is_refused(tmp_path):
    for name in ("no", "bad", "sac"):
        assert not (tmp_path / f"{name}.npz").exists()
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    sac = import_module("FN.sac_agent").Config()
    save_agent(tmp_path / "sac.npz", sac, [np.zeros(3)])
    for name, said in {"no": "no.npz", "bad": "damaged", "sac": "holds sac_agent; a teacher is an agent of"}.items():
        assert said in refused(replace(MATCH, teacher=str(tmp_path / f"{name}.npz")))


def test_a_student_of_continuous_actions_is_refused():
    assert "Discrete" in refused(replace(MATCH, env="Pendulum-v1"))


def test_a_teacher_no_better_than_random_is_refused(tmp_path):
    write_dqn(tmp_path / "teacher.npz", -np.eye(3))
    config = replace(MATCH, teacher=str(tmp_path / "teacher.npz"))
    assert "no better than a random player" in refused(config)


def test_fine_tuning_and_a_temperature_of_its_own_need_a_dqn(tmp_path):
    agent = agent_of("ppo_agent", batch_size=64)
    weights = [np.zeros_like(array) for array in agent.weights()]
    weights[0][:] = np.eye(3)  # of the logits, as they have no hidden layer
    save_agent(tmp_path / "ppo.npz", agent.config, weights)
    config = replace(MATCH, teacher=str(tmp_path / "ppo.npz"))
    assert "must be a DQN's; got ppo_agent" in refused(replace(config, temperature=0.1), WORKFLOWS["fine_tuning"])
    assert "give --temperature" in refused(config)


# Minibatches, and JSRL


def filled(reward, worlds=2):
    buffer, no = ReplayBuffer(60, worlds, 0.9, seed=0), np.zeros(worlds, bool)
    obs = np.ones((worlds, 3), "f")
    for _ in range(30):
        buffer.add(Transition(obs, np.zeros(worlds, int), np.full(worlds, reward, "f"), obs, no, no))
    return buffer


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 2), (1.0, 8)])
def test_each_minibatch_has_its_share_of_the_teachers_data(share, expected):
    config = replace(MATCH, gradient_steps=4, batch_size=8)
    batches = minibatches(filled(1.0), filled(7.0), share, config)
    assert batches.obs.shape == (4, 8, 3)
    assert (batches.reward == 7).sum(axis=1).tolist() == [expected] * 4


class Always:
    """A teacher that knows one action."""

    def greedy(self, obs):
        return np.full(len(obs), 9)


def step_of(ended):
    ended = np.array(ended)
    return Transition(None, None, None, None, ended, np.zeros_like(ended))


def test_the_teacher_plays_the_beginning_of_each_episode_and_the_student_goes_on():
    roll_in = RollIn(replace(MATCH, num_envs=2, steps=100, roll_in=10), Workflow(guided=True))
    own, obs = np.array([1, 2]), np.zeros((2, 3))
    roll_in.left[:] = 2, 0  # drawn before
    assert roll_in(own, Always(), obs, 0).tolist() == [9, 2]
    roll_in.after(step_of([False, False]))
    assert roll_in(own, Always(), obs, 0).tolist() == [9, 2]
    roll_in.after(step_of([False, True]))
    assert roll_in.left.tolist() == [0, -1]
    roll_in.rng = np.random.default_rng(1)
    drawn = np.random.default_rng(1).integers(11, size=2)
    assert roll_in(own, Always(), obs, 0).tolist() == [1, 9 if drawn[1] else 2]
    assert roll_in.left.tolist() == [0, drawn[1]]


def test_how_long_the_teacher_plays_is_drawn_up_to_a_limit_that_falls_to_none_at_half_of_the_steps():
    roll_in, longest = RollIn(replace(MATCH, num_envs=500, steps=100, roll_in=10), Workflow(guided=True)), {}
    for step in (0, 25, 50, 90):
        roll_in.left[:] = -1
        roll_in(np.zeros(500), Always(), np.zeros((500, 3)), step)
        longest[step] = (roll_in.left.min(), roll_in.left.max())
    assert longest == {0: (0, 10), 25: (0, 5), 50: (0, 0), 90: (0, 0)}


def test_in_the_other_workflows_the_teacher_never_plays():
    roll_in = RollIn(replace(MATCH, roll_in=10), WORKFLOWS["qdagger"])
    own = np.array([1, 2])
    for _ in range(20):
        assert roll_in(own, Always(), np.zeros((2, 3)), 0) is own
        roll_in.after(step_of([True, False]))


def test_what_ships_is_below_a_megabyte_each():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "AP" / "trained").iterdir()}
    assert sizes
    assert max(sizes.values()) < 1_000_000, sizes


@pytest.mark.skipif(importlib.util.find_spec("minatar") is None, reason="needs the extra minatar")
def test_the_teacher_of_breakout_breaks_some_bricks_and_could_learn_more():
    """Over 1,000 episodes 8.0 bricks; a random player 0.4."""
    config = replace(BREAKOUT, final_episodes=50)
    begin(config)
    envs = make_worlds(config)
    teacher, script, _ = read_teacher(config, envs)
    assert script == "dqn_agent"
    assert 6 < return_of(teacher.greedy, config, 3) < 10
    assert return_of(random_player(envs, 4), config, 4) < 1
    envs.close()
