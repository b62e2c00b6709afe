"""What real code of this kind gets wrong in silence: it still learns, a little worse.

Each test is named after the claim that such a mistake breaks.
"""

import json
import math
import shutil
from collections import namedtuple

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from FN import a2c_agent, ddpg_agent, dqn_agent, ppo_agent, rainbow_agent, sac_agent, value_function_agent
from FN.value_function_agent import Examples
from framework import evaluate
from framework.agent import save_agent
from framework.evaluate import Evaluation
from framework.replay import Batch
from framework.rollout import Rollout
from framework.runs.files import load_arrays
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_vector, make_worlds

SHORT = {
    "env": "CartPole-v1", "steps": 360, "num_envs": 4, "hidden": (8,), "target_return": None, "log_every": 40,
    "eval_every": 160, "eval_episodes": 2, "final_episodes": 2,
}  # fmt: skip
SETTINGS = {
    "dqn_agent": {
        "learning_starts": 40, "train_period": 20, "gradient_steps": 4, "batch_size": 8, "target_period": 100,
        "gamma": 0.5, "learning_rate": 0.02,  # errors are soon below 1, beyond which all pull alike
    },
    "value_function_agent": {"fit_period": 40, "sample_size": 32, "batch_size": 8},
    "policy_gradient_agent": {"steps": 900},
    "a2c_agent": {"rollout_steps": 5, "entropy_weight": 0.1},
    "ppo_agent": {"rollout_steps": 5, "batch_size": 10},
}  # fmt: skip
SMALL = {"env": "Pendulum-v1", "learning_starts": 40, "train_period": 20, "gradient_steps": 4, "batch_size": 8}
FAMILY = {  # the same of the agents that are not among the book's five
    "rainbow_agent": {
        "learning_starts": 40, "train_period": 20, "gradient_steps": 4, "batch_size": 8, "target_period": 100,
    },
    "policy_gradient_continuous_agent": {"env": "Pendulum-v1", "rollout_steps": 5},
    "ddpg_agent": SMALL | {"twin": True, "policy_delay": 2, "target_noise": 0.2, "noise_memory": 0.5},
    "sac_agent": SMALL,
    "trpo_agent": {"rollout_steps": 5},
    "paac_agent": {"rollout_steps": 5, "updates": 3},
    "paac_learners": {"rollout_steps": 5},
}  # fmt: skip
STOP = 240  # steps: all have learnt and evaluated by then, and DQN has copied its network twice


class Stopped(Exception):
    """As if the process had been killed."""


@pytest.fixture
def without_xla(monkeypatch):
    """Gradient steps as plain graphs: XLA compiles for seconds."""
    for method in (
        dqn_agent.DeepQNetworkAgent.train_step, value_function_agent.ValueFunctionAgent.fit,
        rainbow_agent.RainbowAgent.update, ddpg_agent.DDPGAgent.train_step, sac_agent.SACAgent.train_step,
    ):  # fmt: skip
        monkeypatch.setattr(method, "xla", False)


@pytest.fixture
def run_in(module, without_xla, monkeypatch):
    """(name, folder, options of its Config, stop) -> the agent of a short run, stopped after so many steps."""
    monkeypatch.setattr("framework.plots.draw_run", lambda folder, *_, **__: folder)

    def run_in(name, folder, stop=np.inf, **options):
        class Stopping(Trainer):
            def __iter__(self):
                for step in super().__iter__():
                    if step >= stop:
                        raise Stopped
                    yield step

        script = module(name)
        monkeypatch.setattr(script, "Trainer", Stopping)
        return script.train(
            script.Config(**SHORT | (SETTINGS | FAMILY).get(name, {}) | options, run_folder=str(folder))
        )

    return run_in


# A run that goes on


def outcome(folder):
    """What a run left: its log, its result, and the weights of its last and its best agent."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    weights = [load_arrays(folder / name)["weights"] for name in ("final.npz", "agent.npz")]
    weights = [{number: array.tolist() for number, array in of_one.items()} for of_one in weights]
    return (folder / "metrics.csv").read_text(encoding="utf-8"), result["returns"], weights


def stopped(run_in, name, folder):
    """The folder of a run that was stopped after its first gradient steps and wrote checkpoints."""
    with pytest.raises(Stopped):
        run_in(name, folder, stop=STOP, checkpoint_seconds=0.0)
    assert list(folder.glob("checkpoints/*.npz"))
    return folder


@pytest.mark.parametrize("name", SETTINGS | FAMILY)
def test_a_run_stopped_after_its_first_gradient_steps_ends_as_one_that_was_not(name, run_in, tmp_path):
    run_in(name, tmp_path / "whole")
    broken = stopped(run_in, name, tmp_path / "broken")
    run_in(name, broken)
    assert outcome(broken) == outcome(tmp_path / "whole")


def test_whatever_a_resumed_DQN_loses_is_noticed_in_its_weights(run_in, monkeypatch, tmp_path):
    """Were any of these missing in the checkpoint, the test above would fail."""
    agent_class = dqn_agent.DeepQNetworkAgent
    run_in("dqn_agent", tmp_path / "whole")
    broken = stopped(run_in, "dqn_agent", tmp_path / "broken")
    for lost in ("optimizer", "target_network", "rng"):
        shutil.copytree(broken, tmp_path / lost)
        with monkeypatch.context() as patch:
            patch.setattr(agent_class, "learns_with", tuple(n for n in agent_class.learns_with if n != lost))
            run_in("dqn_agent", tmp_path / lost)
        assert outcome(tmp_path / lost)[2] != outcome(tmp_path / "whole")[2], lost


def test_a_part_of_more_than_ten_arrays_comes_back_in_order(make_agent):
    """As names in a file, 10 stands before 2."""
    agent, other = (make_agent("dqn_agent", hidden=(5, 4), seed=seed) for seed in (1, 2))
    variables = agent.optimizer.variables
    assert len(variables) > 10
    for number, variable in enumerate(variables):
        variable.assign(np.full(variable.shape, number))
    other.load_state(agent.state())
    assert [float(np.mean(variable)) for variable in other.optimizer.variables] == list(range(len(variables)))
    assert np.array_equal(other.greedy(np.eye(3, dtype="f")), agent.greedy(np.eye(3, dtype="f")))


# What changes while a run goes on


def test_the_learning_rate_of_A2C_falls_to_0(run_in, tmp_path):
    agent = run_in("a2c_agent", tmp_path, steps=400, rollout_steps=10, learning_rate=1e-3)
    assert float(agent.optimizer.learning_rate) == pytest.approx(1e-3 / 10)  # of the last of ten rollouts


def test_the_learning_rate_and_the_clip_of_PPO_fall_to_0(run_in, monkeypatch, tmp_path):
    given = []
    monkeypatch.setattr(ppo_agent.PPOAgent, "update", lambda agent, *args: given.append(args[2:]) or {})
    run_in("ppo_agent", tmp_path, steps=400, rollout_steps=10, learning_rate=1e-3, clip=0.2)
    assert given == [pytest.approx((1e-3 * left / 10, 0.2 * left / 10)) for left in range(10, 0, -1)]


def test_PPO_learns_with_the_learning_rate_and_the_clip_of_the_moment(make_agent):
    agent = make_agent("ppo_agent", learning_rate=1e-3, clip=0.2)
    obs, old, number = np.ones((2, 3), "f"), np.log(np.array([0.1, 0.1], "f")), np.array([1, -1], "f")
    batch = namedtuple("Batch", "obs action log_prob advantage returns")(obs, np.array([0, 1]), old, number, number)
    policy, _ = agent.policy_and_value(obs)
    ratio = np.exp(policy.log_prob(batch.action) - old)  # about 5: what is good is clipped, what is bad is not
    for clip in (0.1, 0.4):
        _, logged = agent.loss(batch, clip)
        assert float(logged["policy_loss"]) == pytest.approx(-(1 + clip - ratio[1]) / 2, rel=1e-4)
        assert float(logged["kl"]) == pytest.approx(-np.log(ratio).mean(), rel=1e-4)
    agent.update(batch, np.arange(2)[None], 5e-4, 0.1)
    assert float(agent.optimizer.learning_rate) == pytest.approx(5e-4)


@pytest.mark.parametrize(
    ("name", "learns", "crossed"),  # multiples of the period, in steps; three worlds pass most of them within a body
    [
        ("dqn_agent", {"learning_starts": 100, "train_period": 20, "target_period": 100}, range(120, 401, 20)),
        ("value_function_agent", {"fit_period": 40}, range(40, 401, 40)),
    ],
)
def test_an_agent_with_a_Q_explores_less_and_less_and_learns_once_a_period(
    name, learns, crossed, run_in, module, monkeypatch, tmp_path
):
    (agent_class,) = (c for c in vars(module(name)).values() if isinstance(c, type) and hasattr(c, "train_step"))
    epsilons, learnt, copied = [], [], []

    def act(agent, obs, epsilon):
        epsilons.append(epsilon)
        return np.zeros(len(obs), int)

    monkeypatch.setattr(agent_class, "act", act)
    monkeypatch.setattr(agent_class, "train_step", lambda agent, sample: learnt.append(len(epsilons)) or {})
    monkeypatch.setattr(agent_class, "sync_target", lambda agent: copied.append(len(epsilons)), raising=False)
    run_in(name, tmp_path, steps=400, num_envs=3, epsilon_steps=200, epsilon_end=0.1, **learns)
    assert epsilons == pytest.approx([max(0.1, 1 - 0.9 * step / 200) for step in range(0, 400, 3)])
    assert learnt == [math.ceil(step / 3) for step in crossed]
    assert copied == ([0, 34, 67, 100, 134] if name == "dqn_agent" else [])


@pytest.mark.parametrize("name", ["dqn_agent", "value_function_agent"])
def test_exploration_is_in_each_world_by_itself_and_takes_every_action(name, make_agent):
    agent = make_agent(name)
    obs = np.ones((4_000, 3), "f")
    best = agent.greedy(obs[:1])[0]
    assert (agent.act(obs, 0.0) == best).all()
    other = [(agent.act(obs, epsilon) != best).mean() for epsilon in (0.2, 1.0)]
    assert other == pytest.approx([0.1, 0.5], abs=0.03)  # one random action in two is the best


@pytest.mark.parametrize("name", ["policy_gradient_agent", "a2c_agent", "ppo_agent"])
def test_a_policy_starts_nearly_uniform(name, make_agent):
    agent, obs = make_agent(name), np.random.default_rng(0).normal(size=(50, 3)).astype("f")
    policy_of = getattr(agent, "policy_and_value", None) or agent.policy_and_baseline
    assert policy_of(obs)[0].entropy().numpy() == pytest.approx(np.full(50, np.log(2)), abs=1e-3)


@pytest.mark.parametrize("name", SETTINGS)
def test_long_gradients_are_shortened_together_and_keep_their_direction(name, make_agent):
    """Adam's momentum after its first step is a tenth of the gradient that it took."""
    agent, rng = make_agent(name, max_grad_norm=0.5), np.random.default_rng(0)
    variables = getattr(agent, agent.acts_with[0]).trainable_variables
    gradients = [rng.normal(size=variable.shape).astype("f") * 10**i for i, variable in enumerate(variables)]
    agent.optimizer.apply(gradients, variables)
    taken = [10 * v.numpy() for v in agent.optimizer.variables if v.path.endswith("momentum")]
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    for one, gradient in zip(taken, gradients, strict=True):
        assert one == pytest.approx(gradient * 0.5 / norm, rel=1e-3)


def batches_of(count, seed=0):
    """K minibatches of 4 made-up transitions."""
    rng = np.random.default_rng(seed)
    obs, next_obs = rng.normal(size=(2, count, 4, 3)).astype("f")
    action, number = rng.integers(2, size=(count, 4)), rng.normal(size=(3, count, 4)).astype("f")
    ends = rng.random((count, 4)) < 0.3
    return Batch(obs, action, number[0], next_obs, ends, number[1], np.ones((count, 4), "f"), action)


def test_the_targets_of_DQN_hold_still_while_its_network_changes(make_agent):
    agent, batch = make_agent("dqn_agent"), batches_of(1).at(0)
    before = agent.targets(batch).numpy()
    agent.network.set_weights([weights + 1 for weights in agent.network.get_weights()])
    assert agent.targets(batch).numpy().tolist() == before.tolist()
    agent.sync_target()
    assert np.abs(agent.targets(batch).numpy() - before).max() > 0.1


def test_several_minibatches_are_learnt_from_as_one_after_the_other(make_agent, without_xla):
    together, one_by_one = (make_agent("dqn_agent", learning_rate=0.1) for _ in range(2))
    batches = batches_of(3)
    together.train_step(batches)
    for k in range(3):
        one_by_one.train_step(Batch(*(array[k : k + 1] for array in batches)))
    for one, other in zip(together.network.get_weights(), one_by_one.network.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_fit_takes_every_row_of_its_sample_once_and_its_targets_hold_still(make_agent, without_xla):
    agent, by_hand = (make_agent("value_function_agent", sample_size=12, batch_size=4) for _ in range(2))
    sample = Batch(*(array.reshape(12, *array.shape[2:]) for array in batches_of(3)))
    agent.train_step(sample)
    target = by_hand.targets(sample)  # before the first of the steps
    for rows in (slice(0, 4), slice(4, 8), slice(8, 12)):
        by_hand.fit(Examples(sample.obs[None, rows], sample.action[None, rows], target[None, rows]))
    for one, other in zip(agent.network.get_weights(), by_hand.network.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_REINFORCE_learns_from_the_first_episode_of_each_world_alone(make_agent, transition):
    agent, episodes, given = make_agent("policy_gradient_agent"), Rollout(), []
    for playing in ([True, True], [True, False], [False, False]):
        episodes.add(transition([1.0, 1.0]), playing=np.array(playing))
    agent.update = lambda batch: given.append(batch)  # in place of the graph
    agent.train_step(episodes)
    np.testing.assert_array_equal(given[0].obs, episodes.obs[[0, 0, 1], [0, 1, 0]])


# Worlds


class Echo(gym.Env):
    """Shows the action that it got: from -2 to 4 and from 0 to 10."""

    action_space = spaces.Box(np.array([-2, 0], "f"), np.array([4, 10], "f"))
    observation_space = spaces.Box(-100, 100, (2,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, "f"), {}

    def step(self, action):
        return np.array(action, "f"), 0.0, False, False, {}


def test_a_world_gets_actions_of_its_whole_range_and_none_beyond(monkeypatch):
    monkeypatch.setitem(gym.registry, "Echo-v0", gym.envs.registration.EnvSpec("Echo-v0", entry_point=Echo))
    envs = make_vector("Echo-v0", 4, seed=0)
    step = envs.step(np.array([[-1, 1], [0, -0.5], [0.5, 0], [-7, 7]], "f"))
    assert step.next_obs == pytest.approx(np.array([[-2, 10], [1, 2.5], [2.5, 5], [-2, 10]]))


# Evaluations


def test_every_evaluation_is_of_episodes_that_neither_another_nor_training_has_seen(run_in, monkeypatch, tmp_path):
    starts = []

    def noting(policy, envs, seed):
        starts.extend(map(tuple, envs.reset(seed)))
        return Evaluation(np.full(envs.num_envs, len(starts)), np.ones(envs.num_envs, int))

    monkeypatch.setattr(evaluate, "evaluate", noting)
    agent = run_in("a2c_agent", tmp_path, steps=400, eval_every=100)
    starts.extend(map(tuple, make_worlds(agent.config).obs))
    assert len(starts) >= 4 * 2 + 2 + 4
    assert len(set(starts)) == len(starts)


def test_the_deviation_of_an_evaluation_is_that_between_episodes_not_of_their_mean():
    assert Evaluation(np.array([1.0, 3.0, 5.0, 7.0])).std == pytest.approx(5**0.5)


def test_play_shows_the_agent_of_the_newest_run(make_agent, monkeypatch, tmp_path):
    shown = []
    for day in ("20260102", "20260110", "20260103"):
        agent = make_agent("a2c_agent", shape=(4,), env="CartPole-v1")
        save_agent(
            tmp_path / "runs" / "a2c_agent" / f"{day}-120000-seed0" / "agent.npz", agent.config, agent.weights()
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["a2c_agent.py", "--play"])
    monkeypatch.setattr("framework.play.play", lambda agent, config, path, record: shown.append(path))
    run_training(a2c_agent.train, a2c_agent.ActorCriticAgent, [a2c_agent.Config()], "A description.")
    assert shown == ["runs/a2c_agent/20260110-120000-seed0/agent.npz"]
