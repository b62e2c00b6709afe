"""What the book's deep code gets wrong is right here; each test is named after one such thing."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from FN import a2c_agent, dqn_agent, policy_gradient_agent, ppo_agent
from framework import trainer
from framework.agent import save_agent
from framework.evaluate import Evaluation
from framework.play import load_agent
from framework.replay import ReplayBuffer
from framework.rollout import Rollout
from framework.tf import keras, tf
from framework.vector import make_vector

ON_POLICY = ["policy_gradient_agent", "a2c_agent", "ppo_agent"]
BY_VALUE = ["dqn_agent", "value_function_agent"]
ALL = [*BY_VALUE, *ON_POLICY]


def recorded(agent, name, result):
    """Put a function into the place of a compiled one that notes what it was given."""
    calls = []
    setattr(agent, name, lambda *args: calls.append([np.asarray(a) for a in args]) or result)
    return calls


def rollout_of(agent, transitions):
    """A rollout with what each agent says beside it."""
    rollout, playing = Rollout(), np.ones(len(transitions[0].reward), bool)
    for step in transitions:
        said = {"value": agent.value(step.obs), "log_prob": np.full(len(step.reward), -0.7, "f"), "playing": playing}
        rollout.add(step, **said)
        playing = playing & ~(step.terminated | step.truncated)
    return rollout


def targets(name, agent, transitions):
    """What the critic or Q is taught for each step [T × B], in their order."""
    if name in ON_POLICY:
        numbers = {"policy_gradient_agent": 2, "a2c_agent": 3, "ppo_agent": 4}[name]
        calls = recorded(agent, "_update", tf.zeros(numbers))
        agent.train_step(rollout_of(agent, transitions), *[1.0] * (name != "policy_gradient_agent"))
        return calls[0][4 if name == "ppo_agent" else 2]
    replay = ReplayBuffer(1000, len(transitions[0].reward), agent.config.gamma, seed=0)
    for step in transitions:
        replay.add(step)
    batch = replay._batch(np.arange(len(replay)), None)  # all of it, in order
    if name == "value_function_agent":
        calls = recorded(agent, "_fit", 0.0)
        agent.train_step(batch)
        return calls[0][2].ravel()
    calls = recorded(agent, "_update", (0.0, 0.0))
    agent.train_step(batch)
    _, _, reward, next_obs, discount, terminated = (array.reshape(-1, *array.shape[2:]) for array in calls[0])
    return dqn_agent.td_target(reward, discount, terminated, agent.target_network(next_obs)).numpy()


def best_value(name, agent, obs):
    if name in ON_POLICY:
        return agent.value(obs)
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
    obs, action, column = np.zeros((4, 3), "f"), np.zeros(4, np.int64), np.ones((4, 1), "f")
    number = np.float32(1.0)
    rest = {
        "policy_gradient_agent": [column],
        "a2c_agent": [column, number],
        "ppo_agent": [column[:, 0], column[:, 0], column, np.arange(4)[None], number, number],
    }
    with pytest.raises((TypeError, ValueError)):
        agent._update(obs, action, *rest[name])


def test_the_critic_of_PPO_is_compared_row_by_row(make_agent):
    """Were (N,) minus (N, 1) taken, the loss would not be 0 where all values are right."""
    agent = make_agent("ppo_agent")
    obs = np.random.default_rng(0).normal(size=(4, 3)).astype("f")
    numbers = np.ones(4, "f")
    _, logged = agent.loss(obs, np.zeros(4, np.int64), numbers, numbers, agent.value(obs), 0.2)
    assert np.ptp(agent.value(obs)) > 0.1
    assert float(logged[1]) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("name", ON_POLICY)
def test_returns_are_on_the_scale_of_the_bootstrap(name, make_agent, transition):
    """Neither is standardised: rewards of 3 and 5, then what the critic itself says of the last observation."""
    agent = make_agent(name, gamma=0.5, **({"lambda_": 1.0} if name == "ppo_agent" else {}))
    steps = [transition([3.0, -7.0]), transition([5.0, 100.0], truncated=[True, True])]
    value = agent.value(steps[-1].next_obs)
    expected = [5.5 + value[0] / 4, 43 + value[1] / 4, 5 + value[0] / 2, 100 + value[1] / 2]
    assert targets(name, agent, steps) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ON_POLICY)
def test_the_policy_loss_does_not_train_the_critic(name, make_agent, variables_of, critic_of):
    agent = make_agent(name)
    rng = np.random.default_rng(0)
    obs, action, number = rng.normal(size=(6, 3)).astype("f"), rng.integers(2, size=6), np.arange(6, dtype="f")
    batch = (obs, action, number - 0.7, number, number, 0.2) if name == "ppo_agent" else (obs, action, number)
    variables = variables_of(agent)
    with tf.GradientTape(persistent=True) as tape:
        value = critic_of(agent, obs)
        _, logged = agent.loss(*batch)
        policy_loss, value_loss = logged[0], logged[1]
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
    batch = (obs, action, number - 0.7, number, number, 0.2) if name == "ppo_agent" else (obs, action, number)
    *_, kernel, bias = agent.network.trainable_variables
    assert (kernel.shape, bias.shape) == ((5, 1), (1,))
    with tf.GradientTape() as tape:
        _, logged = agent.loss(*batch)
        policy_loss = logged[0]
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
        used.append(rollout["reward"].size)
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
    if name in BY_VALUE:
        agent.config = type(agent.config)(**{size_of_rows(name): 3, "gamma": 0.9})
    step = transition([1.0, 1.0, 1.0], [False, False, True], [False, True, False])
    got = targets(name, agent, [step])
    value = best_value(name, agent, step.next_obs)
    assert np.abs(value).min() > 0.01
    first = 1.0 if name == "policy_gradient_agent" else 1 + 0.9 * value[0]  # REINFORCE waits for the end
    assert got == pytest.approx([first, 1 + 0.9 * value[1], 1.0], rel=1e-5)


def size_of_rows(name):
    return "batch_size" if name == "dqn_agent" else "minibatch"


def test_the_kept_agent_is_not_that_of_the_single_luckiest_episode(monkeypatch, tmp_path):
    """The best mean over all episodes of an evaluation is kept, and 500 in one of them does not help."""
    returns = iter([[100, 100, 100], [130, 130, 130], [0, 0, 500 - 200], [110, 110, 110], [1, 2, 3]])
    weights = []

    def scripted(policy, envs, seed):
        weights.append(policy.__self__.weights())
        episodes = np.array(next(returns), float)
        return Evaluation(episodes, np.ones(3, int))

    monkeypatch.setattr(trainer, "evaluate", scripted)
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
    save_agent(tmp_path / "agent.npz", name, agent.config, agent.weights())
    loaded = load_agent(type(agent), name, replace(agent.config, seed=4), tmp_path / "agent.npz")
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


def test_ratio_of_PPO_is_1_at_the_first_gradient_step(make_agent):
    agent = make_agent("ppo_agent", epochs=1, minibatch=32)
    rollout = rollout_by(agent)
    obs, action, old = rollout.flat("obs"), rollout.flat("action"), rollout.flat("log_prob")
    logits, _ = agent.network(obs)
    assert ppo_agent.log_prob(logits, action).numpy() == pytest.approx(old, abs=1e-6)
    assert old == pytest.approx(np.log(tf.nn.softmax(logits).numpy()[np.arange(32), action]), abs=1e-5)
    assert agent.train_step(rollout, 1.0)["kl"] == pytest.approx(0, abs=1e-6)
    logits, _ = agent.network(obs)
    assert np.abs(ppo_agent.log_prob(logits, action).numpy() - old).max() > 1e-4  # and then it moves


def test_first_gradient_of_PPO_is_that_of_the_plain_policy_gradient(make_agent):
    agent = make_agent("ppo_agent", value_weight=0.0, entropy_weight=0.0)
    rollout = rollout_by(agent)
    obs, action, old = rollout.flat("obs"), rollout.flat("action"), rollout.flat("log_prob")
    advantage = np.random.default_rng(1).normal(size=32).astype("f")
    actor = agent.network.trainable_variables[:1]
    with tf.GradientTape(persistent=True) as tape:
        loss, _ = agent.loss(obs, action, old, advantage, advantage, 0.2)
        logits, _ = agent.network(obs)
        plain = -tf.reduce_mean(ppo_agent.log_prob(logits, action) * ppo_agent.standardise(advantage))
    for ours, expected in zip(tape.gradient(loss, actor), tape.gradient(plain, actor), strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-7)


def test_advantages_are_standardised_in_each_minibatch(make_agent):
    """Raw ones arrive; the loss of any 8 rows is the same if they are 10 times as large and all raised by 5."""
    agent = make_agent("ppo_agent", gamma=0.9, lambda_=0.8, minibatch=8)
    rollout = rollout_by(agent)
    calls = recorded(agent, "_update", tf.zeros(4))
    agent.train_step(rollout, 1.0)
    obs, action, old, advantage, returns, minibatches, *_ = calls[0]
    no = np.zeros((8, 4), bool)
    next_value = rollout.next_values(agent.value)
    raw = ppo_agent.gae(rollout["reward"], rollout["value"], next_value, no, no, 0.9, 0.8).ravel()
    np.testing.assert_array_equal(advantage, raw)
    assert minibatches.shape[1] == 8
    for rows in minibatches[:3]:
        batch = [array[rows] for array in (obs, action, old - 0.05, advantage, returns)]
        loss, _ = agent.loss(*batch, 0.2)
        batch[3] = 10 * batch[3] + 5
        assert float(agent.loss(*batch, 0.2)[0]) == pytest.approx(float(loss), abs=1e-5)


def test_every_epoch_of_PPO_takes_every_row_once(make_agent):
    agent = make_agent("ppo_agent", epochs=3, minibatch=8)
    calls = recorded(agent, "_update", tf.zeros(4))
    agent.train_step(rollout_by(agent), 1.0)
    epochs = calls[0][5].reshape(3, 32)
    for epoch in epochs:
        assert sorted(epoch) == list(range(32))
    assert not np.array_equal(epochs[0], epochs[1])


@pytest.mark.parametrize("name", ["a2c_agent", "ppo_agent"])
def test_nothing_crosses_from_one_episode_into_the_next(name, make_agent, transition):
    """The second step belongs to other episodes: its reward of 1000 does not reach the first."""
    agent = make_agent(name, gamma=0.9, **({"lambda_": 1.0} if name == "ppo_agent" else {}))
    steps = [transition([1.0, 1.0], [True, False], [False, True]), transition([1000.0, 1000.0], [True, True])]
    value = agent.value(steps[0].next_obs)
    assert targets(name, agent, steps)[:2] == pytest.approx([1.0, 1 + 0.9 * value[1]], rel=1e-5)


def test_the_log_of_REINFORCE_counts_the_episodes_that_it_learns_from(make_agent):
    """Worlds that are done early go on meanwhile; what they play then is short, and would look like a bad policy."""
    envs = make_vector("CartPole-v1", 5, seed=0)
    agent = make_agent("policy_gradient_agent", shape=(4,))
    episodes = policy_gradient_agent.play_episodes(envs, agent)
    lengths = episodes["playing"].sum(axis=0).tolist()
    assert max(lengths) > 2 * min(lengths)  # somebody went on
    assert envs.finished == [(float(length), length) for length in lengths]


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
        agent.baseline.set_weights([np.zeros_like(array) for array in agent.baseline.get_weights()])
        agent._update(obs[0], action[0], (size * returns[0]).astype("f"))
        agent._update(obs[1], action[1], returns[1].astype("f"))
        policies.append(agent.policy.get_weights())
    for one, other in zip(*policies, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
