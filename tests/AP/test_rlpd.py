"""RLPD: half and half in every gradient step, its targets and losses by hand, and what each part does."""

import csv
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from gymnasium import spaces

from AP.maze_data import collect, write
from AP.rlpd import Config, RLPDAgent, clipped, minibatches, soft_target, train
from framework.graph import graphs_of
from framework.replay import Batch, ReplayBuffer
from framework.tf import begin, tf
from framework.vector import Transition

OBS, ACTIONS = spaces.Box(-1, 1, (4,), np.float32), spaces.Box(-1, 1, (2,), np.float32)
SMALL = Config(
    steps=24, learning_starts=4, utd=2, batch_size=8, hidden=(5,), critics=3, eval_every=12, log_every=12,
    eval_episodes=2, final_episodes=2,
)  # fmt: skip


def agent_of(**options):
    config = replace(SMALL, **options)
    begin(config)
    return RLPDAgent(OBS, ACTIONS, config)


def batch_of(rows=6, seed=0):
    """Made-up transitions, as tensors."""
    rng = np.random.default_rng(seed)
    obs, next_obs = rng.uniform(-1, 1, (2, rows, 4)).astype("f")
    action, reward = rng.uniform(-1, 1, (rows, 2)).astype("f"), rng.normal(size=rows).astype("f")
    ends, one = rng.random(rows) < 0.3, np.ones(rows, "f")
    return Batch(*map(tf.constant, (obs, action, reward, next_obs, ends, 0.9 * one, one, np.arange(rows))))


def batches_of(count, rows=6):
    return Batch(*map(np.stack, zip(*(batch_of(rows, seed) for seed in range(count)), strict=True)))


def moved_apart(agent, seed=2):
    """Weights that are not those of a fresh network, and targets that differ from them."""
    rng = np.random.default_rng(seed)
    for network in (agent.actor, agent.critics, agent.targets):
        for variable in network.trainable_variables:
            variable.assign(0.5 * rng.normal(size=variable.shape))
    return agent


def filled(reward, count=60):
    """A buffer of steps that all have one reward."""
    buffer = ReplayBuffer(count, 1, 0.9, seed=0)
    one, no = np.ones((1, 4), "f"), np.zeros(1, bool)
    for _ in range(count):
        buffer.add(Transition(one, one[:, :2], np.array([reward], "f"), one, no, no))
    return buffer


# Half and half


@pytest.mark.parametrize(("ratio", "expected"), [(0.5, 4), (0.25, 2), (0.0, 0), (1.0, 8)])
def test_each_gradient_step_has_its_share_of_data_and_not_only_all_of_them_together(ratio, expected):
    config = replace(SMALL, offline_ratio=ratio, utd=10)
    batches = minibatches(filled(-1.0), filled(7.0), config)
    assert batches.obs.shape == (10, 8, 4)
    assert batches.reward.shape == batches.discount.shape == (10, 8)
    assert (batches.reward == 7).sum(axis=1).tolist() == [expected] * 10


def test_all_of_a_row_comes_from_the_same_step():
    data, online = ReplayBuffer(50, 1, 0.9, 0), ReplayBuffer(50, 1, 0.9, 1)
    for number in range(50):
        for buffer, sign in ((data, 1), (online, -1)):
            value = np.float32(sign * (number + 1))
            obs, no = np.full((1, 4), value), np.zeros(1, bool)
            step = Transition(obs, obs[:, :2] / 100, np.array([value]), obs + 0.5, np.array([number % 2 == 0]), no)
            buffer.add(step)
    batches = minibatches(online, data, SMALL)
    value = batches.reward
    np.testing.assert_array_equal(batches.obs, np.repeat(value[..., None], 4, axis=-1))
    np.testing.assert_array_equal(batches.next_obs[..., 0], value + 0.5)
    np.testing.assert_array_equal(batches.terminated, np.abs(value) % 2 == 1)


def test_actions_of_the_data_are_a_little_inside_of_what_tanh_gives():
    data = collect(0, 3)
    inside = clipped(data)
    assert np.abs(data.action).max() == 1
    assert np.abs(inside.action).max() == np.float32(1 - 1e-5)
    np.testing.assert_allclose(inside.action, data.action, atol=2e-5)
    assert np.isfinite(np.arctanh(inside.action)).all()


def test_a_shift_of_the_reward_is_added_in_learning_alone():
    batches = minibatches(filled(-1.0), filled(0.0), replace(SMALL, reward_shift=1.0))
    assert set(batches.reward.ravel().tolist()) == {0.0, 1.0}


# Targets and losses, by hand


def test_the_target_takes_the_least_critic_and_pays_for_what_was_certain():
    reward, discount = np.array([1, 1, 0], "f"), np.array([0.9, 0.9, 0.5], "f")
    next_q, log_prob = np.array([[3, 5], [100, 50], [8, 6]], "f"), np.array([-2, 1, 1.5], "f")
    y = soft_target(reward, discount, np.array([False, True, False]), next_q, log_prob, 0.1)
    assert y.numpy() == pytest.approx([1 + 0.9 * (3 + 0.2), 1, 0.5 * (6 - 0.15)])


def test_the_target_is_the_least_of_two_target_critics_which_are_drawn_anew_each_time():
    """Were they 1, 2 and 3: of three pairs two have the 1 in them, the other's least is 2; all three would give 1."""
    agent, batch = agent_of(temperature=1e-9), batch_of(1)._replace(terminated=tf.constant([False]))
    *_, kernel, bias = agent.targets.trainable_variables
    kernel.assign(tf.zeros_like(kernel))
    bias.assign([[1.0], [2.0], [3.0]])
    agent.critics.set_weights([weights + 50 for weights in agent.critics.get_weights()])  # they have no say
    least = [(float(agent.target(batch)[0]) - float(batch.reward[0])) / 0.9 for _ in range(90)]
    assert sorted(set(np.round(least, 4).tolist())) == [1, 2]
    assert np.mean(np.round(least) == 1) == pytest.approx(2 / 3, abs=0.15)


def test_the_critics_loss_is_the_sum_over_critics_of_the_mean_over_rows():
    agent, batch = moved_apart(agent_of()), batch_of()
    state = agent.generator.state.numpy()
    target = agent.target(batch).numpy()
    agent.generator.state.assign(state)
    loss, q = agent.critic_loss(batch)
    every = agent.critics([batch.obs, batch.action]).numpy()
    assert every.shape == (6, 3)
    assert float(loss) == pytest.approx(((target[:, None] - every) ** 2).mean(axis=0).sum(), rel=1e-4)
    assert q.numpy() == pytest.approx(every.mean(axis=1), rel=1e-5)


def test_the_actor_maximises_the_mean_of_all_critics():
    agent, batch = moved_apart(agent_of(temperature=0.3)), batch_of()
    state = agent.generator.state.numpy()
    action, log_prob = agent.policy(batch.obs).sample_and_log_prob(agent.generator)
    agent.generator.state.assign(state)
    loss, _ = agent.policy_loss(batch)
    mean_q = agent.critics([batch.obs, action]).numpy().mean(axis=1)
    assert float(loss) == pytest.approx(float(np.mean(0.3 * log_prob.numpy() - mean_q)), rel=1e-4)


def test_every_gradient_agrees_with_finite_differences():
    agent, batch = moved_apart(agent_of(seed=3)), batch_of()
    state, rng, checked, h = agent.generator.state.numpy(), np.random.default_rng(4), 0, 1e-3
    losses = (agent.critic_loss, agent.critics), (agent.policy_loss, agent.actor)
    for loss, network in losses:

        def value(loss=loss):
            agent.generator.state.assign(state)  # noise is drawn alike each time
            return loss(batch)[0]

        with tf.GradientTape() as tape:
            total = value()
        gradients = tape.gradient(total, network.trainable_variables)
        for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
            values = variable.numpy()
            for place in rng.choice(values.size, min(3, values.size), replace=False):
                place, around = np.unravel_index(place, values.shape), []
                for step in (h, -h):
                    moved = values.copy()
                    moved[place] += step
                    variable.assign(moved)
                    around.append(float(value()))
                variable.assign(values)
                difference = (around[0] - around[1]) / (2 * h)
                assert gradient.numpy()[place] == pytest.approx(difference, rel=3e-2, abs=1e-2), variable.path
                checked += abs(difference) > 0.02
    assert checked > 10


def test_half_as_much_entropy_is_asked_for_as_in_SAC():
    agent = agent_of()
    assert agent.target_entropy == -1  # for two numbers of an action; SAC asks for -2
    rising = agent.temperature_loss(tf.constant([1.5, 1.5]))  # entropy -1.5: too little, so α is to rise
    assert float(rising) == pytest.approx(-0.1 * 0.5)


# The networks


def test_the_critics_have_layer_norm_before_each_activation_and_the_actor_has_none():
    def names(network):
        return [type(layer).__name__ for layer in network.layers]

    agent = agent_of(hidden=(5, 4))
    assert names(agent.critics).count("LayerNormalization") == 2
    assert "LayerNormalization" not in names(agent.actor)
    assert "LayerNormalization" not in names(agent_of(layer_norm=False).critics)


def test_with_layer_norm_no_action_makes_Q_larger_than_its_last_weights_allow():
    """|Q| ≤ |w| |h| + |b|, and |h| ≤ √units, however far the action is from any other; without, Q goes on growing."""
    far = 1e6 * np.ones((1, 2), "f")
    q = {norm: agent_of(layer_norm=norm).critics([np.ones((1, 4), "f"), far]).numpy() for norm in (True, False)}
    assert np.abs(q[True]).max() <= np.sqrt(5) + 1e-5
    assert np.abs(q[False]).max() > 1e4


def test_critics_side_by_side_are_what_each_is_by_itself():
    agent, batch = moved_apart(agent_of(hidden=(5, 4))), batch_of()
    q = agent.critics([batch.obs, batch.action]).numpy()
    weights, both = agent.critics.get_weights(), np.concatenate([batch.obs, batch.action], axis=1)
    for critic in range(3):
        x = both
        for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            x = x @ kernel[critic] + bias[critic]
            x = np.maximum((x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-3), 0)
        assert q[:, critic] == pytest.approx(
            (x @ weights[-2][critic] + weights[-1][critic])[:, 0], rel=1e-4, abs=1e-5
        )


def test_no_two_critics_start_alike_and_targets_start_as_copies():
    agent, batch = agent_of(), batch_of()
    q = agent.critics([batch.obs, batch.action]).numpy()
    assert len(np.unique(q[0])) == 3
    np.testing.assert_array_equal(q, agent.targets([batch.obs, batch.action]).numpy())
    for kernel, scale in zip(agent.critics.get_weights()[::2], (2, 1), strict=True):  # each starts orthogonal
        for one in kernel:
            small = one @ one.T if one.shape[0] < one.shape[1] else one.T @ one
            assert small == pytest.approx(scale * np.eye(len(small)), abs=1e-5)


# A call of train_step; as a plain function, since to compile it takes seconds


def step(agent, batches):
    agent.train_step.inside(Batch(*map(tf.constant, batches)))


def test_a_call_is_K_steps_of_the_critics_and_one_of_actor_and_temperature():
    agent = agent_of()
    step(agent, batches_of(4))
    assert [int(optimizer.iterations) for optimizer in agent.optimizers] == [4, 1, 1]


def test_the_actor_learns_from_the_last_minibatch_alone():
    def actor_after(changed):
        agent, batches = agent_of(), batches_of(3)
        agent.optimizers[0].learning_rate = 0.0  # the critics stay, so that nothing but obs reaches the actor
        batches.obs[changed] += 0.3
        step(agent, batches)
        return np.concatenate([weights.ravel() for weights in agent.actor.get_weights()])

    np.testing.assert_array_equal(actor_after(0), actor_after(1))
    assert (actor_after(0) != actor_after(2)).any()


def test_targets_follow_after_every_gradient_step():
    agent, batches = agent_of(learning_rate=0.0, tau=0.5), batches_of(3)
    for variable in agent.targets.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    step(agent, batches)
    for new, old in zip(agent.critics.trainable_variables, agent.targets.trainable_variables, strict=True):
        assert old.numpy() == pytest.approx(0.875 * new.numpy(), rel=1e-5, abs=1e-7)  # 1/2 + 1/4 + 1/8


def test_largest_q_is_of_all_critics_whatever_its_sign():
    agent, batch = moved_apart(agent_of()), batch_of()
    obs, action = batch.obs.numpy(), batch.action.numpy()
    expected = np.abs(agent.critics([obs, action]).numpy()).max()
    assert agent.largest_q(obs, action) == pytest.approx(expected, rel=1e-5)


# Runs


def rows_of(folder):
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_that_is_killed_goes_on_to_the_same_bits(ends_alike, monkeypatch):
    """Weights, buffers, generators and the maze come back: a run that was stopped ends as one that was not."""
    monkeypatch.setattr(RLPDAgent.train_step, "xla", False)  # which takes seconds each time
    config = replace(SMALL, steps=30, eval_every=10, log_every=10)
    agent = ends_alike(train, config, 17)
    assert {graph.traces for graph in graphs_of(agent).values()} == {1}


def test_the_first_actions_are_at_random_and_then_the_policys(tmp_path, monkeypatch):
    write(tmp_path / "data.npz", collect(9, 3))
    done = []

    def noted(name):
        return lambda agent, obs: done.append(name) or np.zeros((1, 2), "f")

    for name in ("act", "act_at_random"):
        monkeypatch.setattr(RLPDAgent, name, noted(name))
    monkeypatch.setattr(RLPDAgent, "train_step", lambda agent, batches: {})
    train(replace(SMALL, data=str(tmp_path / "data.npz"), run_folder=str(tmp_path / "run")))
    assert done == ["act_at_random"] * 4 + ["act"] * 20


def test_a_run_with_a_share_of_0_never_looks_at_the_data(tmp_path, monkeypatch):
    write(tmp_path / "data.npz", collect(9, 3))
    drawn, sample = [], ReplayBuffer.sample

    def noted(self, count, batches=None):
        drawn.append(self.size)
        return sample(self, count, batches)

    monkeypatch.setattr(ReplayBuffer, "sample", noted)
    monkeypatch.setattr(RLPDAgent, "train_step", lambda agent, batches: {})
    train(replace(SMALL, data=str(tmp_path / "data.npz"), offline_ratio=0.0, run_folder=str(tmp_path / "run")))
    assert len(drawn) == 20
    assert max(drawn) < 30  # its own experience has 24 steps, and the data hundreds


def test_a_file_that_holds_no_data_is_refused(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"no data")
    with pytest.raises(ValueError, match=r"bad\.npz"):
        train(replace(SMALL, data=str(tmp_path / "bad.npz"), run_folder=str(tmp_path / "other")))


def test_more_target_critics_than_critics_are_refused():
    with pytest.raises(ValueError, match="target_critics must be at most critics, 3; got 4"):
        train(replace(SMALL, target_critics=4))


@pytest.fixture
def command(run_page):
    return partial(run_page, "rlpd")


def test_quick_run_through_the_command_line_with_a_file_of_data_and_a_film_of_it(command, tmp_path):
    write(tmp_path / "data.npz", collect(9, 3))
    said = command("--quick", "--hidden", "16", "--data", "data.npz")
    assert "error" not in said.err
    (home,) = (tmp_path / "runs" / "rlpd").iterdir()
    result = json.loads((home / "result.json").read_text(encoding="utf-8"))
    assert f"best agent: success {result['return']:.2f}" in said.out
    assert "episode 1: return" in command("--play", "--record", "film.gif").out
    assert "offline_ratio must be from 0 to 1; got 2.0" in command("--offline-ratio", "2").err


@pytest.mark.slow
def test_with_data_the_goal_is_found_and_without_it_is_not(tmp_path):
    """Half of the default run; measured with seeds 100 to 104: 1.0 each with the data, with 0 and 100 0.0 without."""
    success = {}
    for ratio in (0.5, 0.0):
        home = tmp_path / str(ratio)
        train(Config(seed=100, steps=5_000, eval_every=5_000, offline_ratio=ratio, run_folder=str(home)))
        success[ratio] = float(rows_of(home)[-1]["eval_return"])
    assert success[0.5] >= 0.8
    assert success[0.0] <= 0.1
