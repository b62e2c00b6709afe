"""What the book's deep code gets wrong is right here; each test is named after one such thing."""

import csv
import json
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from FN import a2c_agent, dqn_agent, policy_gradient_agent, ppo_agent
from framework import evaluate, trainer
from framework.agent import load_agent, save_agent
from framework.evaluate import Evaluation
from framework.replay import ReplayBuffer
from framework.rollout import Rollout
from framework.tf import keras, tf
from framework.vector import make_vector

ON_POLICY = ["policy_gradient_agent", "a2c_agent", "ppo_agent"]
BY_VALUE = ["dqn_agent", "value_function_agent"]
ALL = [*BY_VALUE, *ON_POLICY]


class Rows(NamedTuple):
    """What the losses of on-policy agents read."""

    obs: np.ndarray
    action: np.ndarray
    log_prob: np.ndarray = np.zeros(0, "f")
    advantage: np.ndarray = np.zeros(0, "f")
    returns: np.ndarray = np.zeros(0, "f")


def rollout_of(agent, transitions):
    """A rollout with what each agent computes beside it."""
    rollout, playing = Rollout(), np.ones(len(transitions[0].reward), bool)
    for step in transitions:
        beside = {"value": critic(agent)(step.obs), "log_prob": np.full(len(step.reward), -0.7, "f")}
        rollout.add(step, playing=playing, **beside)
        playing = playing & ~(step.terminated | step.truncated)
    return rollout


def critic(agent):
    return agent.value if hasattr(agent, "value") else agent.baseline


def targets(name, agent, transitions):
    """What the critic or Q is taught for each step [T × B], in their order."""
    if name in ON_POLICY:
        taught = agent.targets(rollout_of(agent, transitions))
        return (taught[1] if name == "ppo_agent" else taught).ravel()
    replay = ReplayBuffer(1000, len(transitions[0].reward), agent.config.gamma, seed=0)
    for step in transitions:
        replay.add(step)
    return np.asarray(agent.targets(replay._batch(np.arange(len(replay)), None)))  # all of it, in order


def best_value(name, agent, obs):
    if name in ON_POLICY:
        return critic(agent)(obs)
    return np.asarray(agent.network(obs)).max(axis=-1)


@pytest.mark.parametrize("script", [policy_gradient_agent, a2c_agent])
def test_returns_of_shape_B_minus_values_of_shape_B_1_are_refused(script):
    vector, column = tf.ones(4), tf.ones((4, 1))
    script.losses(vector, vector, vector)
    for wrong in ((vector, column, vector), (column, vector, vector), (vector, vector, column)):
        with pytest.raises(ValueError, match="incompatible"):
            script.losses(*wrong)


@pytest.mark.parametrize("name", ON_POLICY)
def test_a_column_of_returns_does_not_reach_the_loss(name, make_agent):
    agent = make_agent(name)
    column, number = np.ones((4, 1), "f"), np.ones(4, "f")
    batch = Rows(np.zeros((4, 3), "f"), np.zeros(4, np.int64), number, number, returns=column)
    rest = {"policy_gradient_agent": [], "a2c_agent": [1.0], "ppo_agent": [np.arange(4)[None], 1.0, 1.0]}
    with pytest.raises(ValueError, match="incompatible"):  # at the first call
        agent.update(batch, *rest[name])
    agent.update(batch._replace(returns=number), *rest[name])
    with pytest.raises(ValueError, match="does not fit"):  # and at any other
        agent.update(batch, *rest[name])


def test_the_critic_of_PPO_is_compared_row_by_row(make_agent):
    """Were (N,) minus (N, 1) taken, the loss would not be 0 where all values are right."""
    agent = make_agent("ppo_agent")
    obs = np.random.default_rng(0).normal(size=(4, 3)).astype("f")
    number, value = np.ones(4, "f"), agent.value(obs)
    _, logged = agent.loss(Rows(obs, np.zeros(4, np.int64), number, number, returns=value), 0.2)
    assert np.ptp(value) > 0.1
    assert float(logged["value_loss"]) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("name", ON_POLICY)
def test_returns_are_on_the_scale_of_the_bootstrap(name, make_agent, transition):
    """Neither is standardised: rewards of 3 and 5, then what the critic itself says of the last observation."""
    agent = make_agent(name, gamma=0.5, **({"lambda_": 1.0} if name == "ppo_agent" else {}))
    steps = [transition([3.0, -7.0]), transition([5.0, 100.0], truncated=[True, True])]
    value = critic(agent)(steps[-1].next_obs)
    expected = [5.5 + value[0] / 4, 43 + value[1] / 4, 5 + value[0] / 2, 100 + value[1] / 2]
    assert targets(name, agent, steps) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ON_POLICY)
def test_the_policy_loss_does_not_train_the_critic(name, make_agent, variables_of, critic_of):
    agent = make_agent(name)
    rng = np.random.default_rng(0)
    obs, action, number = rng.normal(size=(6, 3)).astype("f"), rng.integers(2, size=6), np.arange(6, dtype="f")
    batch = [Rows(obs, action, number - 0.7, number, number), *[0.2] * (name == "ppo_agent")]
    variables = variables_of(agent)
    with tf.GradientTape(persistent=True) as tape:
        value = critic_of(agent, obs)
        _, logged = agent.loss(*batch)
        policy_loss, value_loss = logged["policy_loss"], logged["value_loss"]
    of_critic = [gradient is not None for gradient in tape.gradient(value, variables)]
    assert sum(of_critic) == 4  # two layers of its own, each a kernel and a bias
    assert [g is not None and bool(np.any(g)) for g in tape.gradient(value_loss, variables)] == of_critic
    trained = [g is not None and bool(np.any(g)) for g in tape.gradient(policy_loss, variables)]
    assert trained == [not critic for critic in of_critic]


@pytest.mark.parametrize("name", ["a2c_agent", "ppo_agent"])
def test_the_policy_loss_does_not_train_the_critics_head_where_layers_are_shared(name, make_agent):
    agent = make_agent(name, shape=(36, 36, 2), dtype=np.uint8)
    obs = np.random.default_rng(0).integers(256, size=(4, 36, 36, 2), dtype=np.uint8)
    action, number = np.array([0, 1, 1, 0]), np.arange(4, dtype="f")
    batch = [Rows(obs, action, number - 0.7, number, number), *[0.2] * (name == "ppo_agent")]
    *_, kernel, bias = agent.network.trainable_variables
    assert (kernel.shape, bias.shape) == ((5, 1), (1,))
    with tf.GradientTape() as tape:
        _, logged = agent.loss(*batch)
        policy_loss = logged["policy_loss"]
    for gradient in tape.gradient(policy_loss, [kernel, bias]):
        assert gradient is None or not np.any(gradient)


@pytest.mark.parametrize("name", ON_POLICY)
def test_old_experience_is_not_replayed_in_an_on_policy_gradient(name, module, monkeypatch, tmp_path):
    """Each rollout is learnt from once, in the gradient of the very policy that played it; there is no buffer."""
    script, parts, ages, used = module(name), [], [], []
    (agent_class,) = (c for c in vars(script).values() if isinstance(c, type) and hasattr(c, "train_step"))
    act, train_step, init = agent_class.act, agent_class.train_step, trainer.Trainer.__init__

    def noting_act(agent, obs):
        ages.append(int(agent.optimizer.iterations))
        return act(agent, obs)

    def noting_train_step(agent, rollout, *rest):
        assert ages == [int(agent.optimizer.iterations)] * len(rollout)
        ages.clear()
        used.append(rollout.reward.size)
        return train_step(agent, rollout, *rest)

    def noting_init(self, config, **kwargs):
        parts.append(set(kwargs))
        init(self, config, **kwargs)

    monkeypatch.setattr(agent_class, "act", noting_act)
    monkeypatch.setattr(agent_class, "train_step", noting_train_step)
    monkeypatch.setattr(trainer.Trainer, "__init__", noting_init)
    script.train(small(script.Config, tmp_path, env="CartPole-v1", steps=600))
    assert parts == [{"envs", "agent"}]
    assert len(used) > 1
    assert 600 <= sum(used) == result(tmp_path)["steps"]


def small(config_class, folder, **options):
    """A configuration of a run of a moment."""
    options = {"steps": 400, "num_envs": 4, "eval_every": 200, "eval_episodes": 3, "final_episodes": 4} | options
    return config_class(**{"hidden": (8,), "target_return": None, "run_folder": str(folder), **options})


def result(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def test_Q_is_not_cut_off_by_a_ReLU(make_agent):
    for name in BY_VALUE:
        agent = make_agent(name)
        assert agent.network.layers[-1].activation is keras.activations.linear
        q = np.asarray(agent.network(np.random.default_rng(0).normal(size=(50, 3)).astype("f")))
        assert (q < 0).mean() > 0.2


def test_the_target_network_starts_synchronised_and_again_at_each_copy(make_agent):
    agent = make_agent("dqn_agent", seed=5)
    for number in range(2):
        weights, target = agent.network.get_weights(), agent.target_network.get_weights()
        assert all(np.array_equal(w, t) for w, t in zip(weights, target, strict=True))
        agent.network.set_weights([w + 1 for w in weights])
        assert all(np.array_equal(w, t) for w, t in zip(weights, agent.target_network.get_weights(), strict=True))
        agent.sync_target()
        assert np.array_equal(agent.target_network.get_weights()[0], weights[0] + 1), number


@pytest.mark.parametrize("name", ALL)
def test_time_limit_truncation_is_not_taken_for_termination(name, make_agent, transition):
    """Three worlds: one goes on, one is cut off, one ends. Only after the end is there nothing to come."""
    agent = make_agent(name, gamma=0.9, **({"lambda_": 0.0} if name == "ppo_agent" else {}))
    step = transition([1.0, 1.0, 1.0], [False, False, True], [False, True, False])
    got = targets(name, agent, [step])
    value = best_value(name, agent, step.next_obs)
    assert np.abs(value).min() > 0.01
    first = 1.0 if name == "policy_gradient_agent" else 1 + 0.9 * value[0]  # REINFORCE waits for the end
    assert got == pytest.approx([first, 1 + 0.9 * value[1], 1.0], rel=1e-5)


def test_the_kept_agent_is_not_that_of_the_single_luckiest_episode(monkeypatch, tmp_path):
    """The best mean over all episodes of an evaluation is kept, and 500 in one of them does not help."""
    returns = iter([[100, 100, 100], [130, 130, 130], [0, 0, 500 - 200], [110, 110, 110], [1, 2, 3]])
    weights = []

    def scripted(policy, envs, seed):
        weights.append(policy.inside.__self__.weights())
        episodes = np.array(next(returns), float)
        return Evaluation(episodes, np.ones(3, int))

    monkeypatch.setattr(evaluate, "evaluate", scripted)
    config = small(a2c_agent.Config, tmp_path, env="CartPole-v1", steps=800, rollout_steps=10)
    agent = a2c_agent.train(config)
    assert len(weights) == 5  # four evaluations, and one of the best agent at the end
    assert not np.array_equal(weights[0][0], weights[1][0])
    for kept in (agent.weights(), weights[4]):
        assert all(np.array_equal(w, k) for w, k in zip(weights[1], kept, strict=True))
    assert result(tmp_path)["returns"] == [1, 2, 3]  # what is reported is of fresh episodes, not of the choice


@pytest.mark.parametrize("name", ALL)
def test_a_loaded_agent_does_not_act_at_random(name, make_agent, tmp_path):
    agent = make_agent(name, shape=(4,), env="CartPole-v1", seed=3)
    save_agent(tmp_path / "agent.npz", replace(agent.config, seed=4), agent.weights())
    loaded, _ = load_agent(tmp_path / "agent.npz", type(agent), type(agent.config))
    obs = np.random.default_rng(0).normal(size=(200, 4)).astype("f")
    actions = agent.greedy(obs)
    assert set(actions.tolist()) == {0, 1}
    for _ in range(5):
        assert np.array_equal(loaded.greedy(obs), actions)


@pytest.mark.parametrize(("clip", "stored"), [(True, 1.0), (False, 10.0)])
def test_reward_clipping_is_done_where_promised_and_returns_are_shown_unclipped(clip, stored, monkeypatch, tmp_path):
    seen = set()

    class Noting(ReplayBuffer):
        def add(self, transition):
            seen.update(transition.reward.tolist())
            super().add(transition)

    monkeypatch.setattr(dqn_agent, "ReplayBuffer", Noting)
    config = small(dqn_agent.Config, tmp_path, env="SteadyPays10-v0", clip_reward=clip, learning_starts=100)
    dqn_agent.train(config)
    assert seen == {stored}
    with open(tmp_path / "metrics.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["return"], row["eval_return"]) for row in rows} == {("100", "100")}
    assert result(tmp_path)["return"] == 100


# PPO


def rollout_by(agent, steps=8, worlds=4):
    """A rollout of made-up steps in which the agent itself chose."""
    from framework.vector import Transition

    rng, rollout = np.random.default_rng(0), Rollout()
    no = np.zeros(worlds, bool)
    for _ in range(steps):
        obs, next_obs = rng.normal(size=(2, worlds, 3)).astype("f")
        action, log_prob, value = agent.act(obs)
        reward = rng.normal(size=worlds).astype("f")
        rollout.add(Transition(obs, action, reward, next_obs, no, no), log_prob=log_prob, value=value)
    return rollout


def given_to_update(agent, rollout):
    """The batch and the minibatches of a call of train_step, which does nothing else."""
    given = []
    agent.update = lambda *args: given.extend(args)  # in place of the graph
    agent.train_step(rollout, 1.0)
    return given[:2]


def test_ratio_of_PPO_is_1_at_the_first_gradient_step(make_agent):
    agent = make_agent("ppo_agent", epochs=1, batch_size=32)
    rollout = rollout_by(agent)
    obs, action, old = rollout.batch("obs", "action", "log_prob")
    policy, _ = agent.policy_and_value(obs)
    assert policy.log_prob(action).numpy() == pytest.approx(old, abs=1e-6)
    assert old == pytest.approx(np.log(tf.nn.softmax(policy.logits).numpy()[np.arange(32), action]), abs=1e-5)
    assert agent.train_step(rollout, 1.0)["kl"] == pytest.approx(0, abs=1e-6)
    policy, _ = agent.policy_and_value(obs)
    assert np.abs(policy.log_prob(action).numpy() - old).max() > 1e-4  # and then it moves


def test_first_gradient_of_PPO_is_that_of_the_plain_policy_gradient(make_agent):
    agent = make_agent("ppo_agent", value_weight=0.0, entropy_weight=0.0)
    rollout = rollout_by(agent)
    advantage = np.random.default_rng(1).normal(size=rollout.reward.shape).astype("f")
    batch = rollout.batch("obs", "action", "log_prob", advantage=advantage, returns=advantage)
    actor = agent.network.trainable_variables[:1]
    with tf.GradientTape(persistent=True) as tape:
        loss, _ = agent.loss(batch, 0.2)
        policy, _ = agent.policy_and_value(batch.obs)
        plain = -tf.reduce_mean(policy.log_prob(batch.action) * ppo_agent.standardise(batch.advantage))
    for ours, expected in zip(tape.gradient(loss, actor), tape.gradient(plain, actor), strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-7)


def test_advantages_are_standardised_in_each_minibatch(make_agent):
    """Raw ones arrive; the loss of any 8 rows is the same if they are 10 times as large and all raised by 5."""
    agent = make_agent("ppo_agent", gamma=0.9, lambda_=0.8, batch_size=8)
    rollout = rollout_by(agent)
    batch, minibatches = given_to_update(agent, rollout)
    no = np.zeros((8, 4), bool)
    next_value = rollout.next_values(agent.value)
    raw = ppo_agent.gae(rollout.reward, rollout.value, next_value, no, no, 0.9, 0.8).ravel()
    np.testing.assert_array_equal(batch.advantage, raw)
    assert minibatches.shape[1] == 8
    for steps in minibatches[:3]:
        few = type(batch)(*(array[steps] for array in batch))
        few = few._replace(log_prob=few.log_prob - 0.05)
        loss, _ = agent.loss(few, 0.2)
        larger = few._replace(advantage=10 * few.advantage + 5)
        assert float(agent.loss(larger, 0.2)[0]) == pytest.approx(float(loss), abs=1e-5)


def test_every_epoch_of_PPO_takes_every_row_once(make_agent):
    agent = make_agent("ppo_agent", epochs=3, batch_size=8)
    _, minibatches = given_to_update(agent, rollout_by(agent))
    epochs = minibatches.reshape(3, 32)
    for epoch in epochs:
        assert sorted(epoch) == list(range(32))
    assert not np.array_equal(epochs[0], epochs[1])


@pytest.mark.parametrize("name", ["a2c_agent", "ppo_agent"])
def test_nothing_crosses_from_one_episode_into_the_next(name, make_agent, transition):
    """The second step belongs to other episodes: its reward of 1000 does not reach the first."""
    agent = make_agent(name, gamma=0.9, **({"lambda_": 1.0} if name == "ppo_agent" else {}))
    steps = [transition([1.0, 1.0], [True, False], [False, True]), transition([1000.0, 1000.0], [True, True])]
    value = critic(agent)(steps[0].next_obs)
    assert targets(name, agent, steps)[:2] == pytest.approx([1.0, 1 + 0.9 * value[1]], rel=1e-5)


def test_the_log_of_REINFORCE_counts_the_episodes_that_it_learns_from(make_agent):
    """Worlds that are done early go on meanwhile; what they play then is short, and would look like a bad policy."""
    envs = make_vector("CartPole-v1", 5, seed=0)
    agent = make_agent("policy_gradient_agent", shape=(4,))
    lengths = sum(playing.astype(int) for _, playing in envs.episodes(agent.act)).tolist()
    assert max(lengths) > 2 * min(lengths)  # somebody went on
    assert envs.take_finished() == [(float(length), length) for length in lengths]


def test_large_errors_of_the_baseline_leave_the_policys_steps_as_they_are(make_agent):
    """Clipped by one norm with the baseline's gradient, the policy's would shrink as the baseline is wrong."""
    rng = np.random.default_rng(0)
    obs, action, returns = (
        rng.normal(size=(2, 8, 3)).astype("f"),
        rng.integers(2, size=(2, 8)),
        rng.normal(size=(2, 8)),
    )
    policies = []
    for size in (1, 1000):  # of the first returns; advantages are standardised
        agent = make_agent("policy_gradient_agent", baseline_learning_rate=0.0)
        network = agent.baseline_network
        network.set_weights([np.zeros_like(array) for array in network.get_weights()])
        agent.update(Rows(obs[0], action[0], returns=(size * returns[0]).astype("f")))
        agent.update(Rows(obs[1], action[1], returns=returns[1].astype("f")))
        policies.append(agent.policy_network.get_weights())
    for one, other in zip(*policies, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
