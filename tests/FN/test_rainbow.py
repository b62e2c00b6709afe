"""Rainbow's six parts: each on numbers worked by hand, each by itself, and none where its switch is off."""

import json
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest

from FN import dqn_agent, rainbow_agent
from FN.rainbow_parts import NoisyDense, projected, signed_root
from framework.replay import Batch, PrioritizedReplayBuffer, ReplayBuffer
from framework.tf import keras, set_precision, tf

OFF = {"double": False, "dueling": False, "prioritized": False, "n_step": 1, "distributional": False, "noisy": False}
SWITCHES = dict.fromkeys(OFF, True) | {"n_step": 3}


def batch_of(rows=6, seed=0):
    """Made-up transitions of a world that shows 3 numbers and has 2 actions."""
    rng = np.random.default_rng(seed)
    obs, next_obs = rng.normal(size=(2, rows, 3)).astype("f")
    action, reward = rng.integers(2, size=rows), rng.normal(size=rows).astype("f")
    ends, one = rng.random(rows) < 0.3, np.ones(rows, "f")
    return Batch(obs, action, reward, next_obs, ends, 0.9 * one, one, np.arange(rows))


def agent_with(make_agent, *names, **options):
    """An agent with these switches on alone."""
    return make_agent("rainbow_agent", **OFF | {name: SWITCHES[name] for name in names} | options)


@pytest.fixture
def without_xla(monkeypatch):
    for method in (dqn_agent.DeepQNetworkAgent.train_step, rainbow_agent.RainbowAgent.update):
        monkeypatch.setattr(method, "xla", False)


def target(agent, batch):
    return agent.target(batch, agent.draw(2)).numpy()


# Nothing but DQN


def test_with_all_switches_off_it_learns_as_DQN_does(make_agent, without_xla):
    ours, theirs = agent_with(make_agent, seed=3), make_agent("dqn_agent", seed=3)
    batches = Batch(*(np.stack(pair) for pair in zip(batch_of(seed=1), batch_of(seed=2), strict=True)))
    logged, surprise = ours.train_step(batches)
    assert logged == pytest.approx(theirs.train_step(batches), rel=1e-5)
    for one, other in zip(ours.network.get_weights(), theirs.network.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert surprise.shape == (2, 6)


def test_each_switch_changes_what_is_learnt(make_agent, without_xla):
    """Given the same transitions; two of them are no matter of a gradient step, but of the buffer."""
    batches = Batch(*(array[None] for array in batch_of(64)))
    plain = agent_with(make_agent, seed=3)
    plain.target_network.set_weights([-1.5 * weights for weights in plain.target_network.get_weights()])
    loss = plain.train_step(batches)[0]["loss"]
    for name in ("double", "dueling", "distributional", "noisy"):
        agent = agent_with(make_agent, name, seed=3)
        agent.target_network.set_weights([-1.5 * weights for weights in agent.target_network.get_weights()])
        assert agent.train_step(batches)[0]["loss"] != pytest.approx(loss, rel=1e-4), name
    config = rainbow_agent.Config(**OFF)
    assert type(rainbow_agent.make_replay(config)) is ReplayBuffer
    assert type(rainbow_agent.make_replay(replace(config, prioritized=True))) is PrioritizedReplayBuffer
    assert rainbow_agent.make_replay(replace(config, n_step=3)).n_step == 3


# Double


def linear(agent, online, target):
    """Q of networks without hidden layers: the observation times a matrix [3, 2]."""
    zero = np.zeros(2, "f")
    agent.network.set_weights([np.array(online, "f"), zero])
    agent.target_network.set_weights([np.array(target, "f"), zero])


@pytest.mark.parametrize(("names", "value"), [((), 5.0), (("double",), 2.0)])
def test_double_takes_the_action_that_the_online_network_thinks_best(names, value, make_agent):
    """The online network prefers action 0, of which the target network says 2; it would itself take 1, of 5."""
    agent = agent_with(make_agent, *names, hidden=())
    linear(agent, [[1, 0], [0, 0], [0, 0]], [[2, 5], [0, 0], [0, 0]])
    batch = batch_of(1)._replace(
        next_obs=np.array([[1, 0, 0]], "f"), reward=np.ones(1, "f"), terminated=np.zeros(1, bool)
    )
    assert target(agent, batch) == pytest.approx([1 + 0.9 * value])


# Dueling


@pytest.mark.parametrize("names", [("dueling",), ("dueling", "distributional")])
def test_dueling_takes_the_mean_advantage_away_atom_by_atom(names, make_agent):
    """So the mean over actions is the state's stream alone: it does not change with the other stream's weights."""
    agent = agent_with(make_agent, *names, atoms=5)
    obs = batch_of().obs
    before = agent.network(obs).numpy()
    advantage = agent.network.layers
    last = [layer for layer in advantage if getattr(layer, "units", None) == 2 * (5 if len(names) > 1 else 1)]
    (layer,) = [one for one in last if isinstance(one, keras.layers.Dense) and one.kernel.shape[0] == 5]
    layer.kernel.assign(3 * layer.kernel.numpy() + 1)
    after = agent.network(obs).numpy()
    assert np.abs(after - before).max() > 0.1
    assert after.mean(axis=1) == pytest.approx(before.mean(axis=1), abs=1e-4)


# Several steps


def test_a_target_of_several_steps_is_discounted_by_as_many(make_agent):
    """What the buffer gives is γ^m; no other γ is multiplied to it."""
    agent, batch = agent_with(make_agent), batch_of()
    batch = batch._replace(discount=np.full(6, 0.9**3, "f"))
    best = agent.target_network(batch.next_obs).numpy()[..., 0].max(axis=1)
    expected = batch.reward + 0.9**3 * (1 - batch.terminated) * best
    assert target(agent, batch) == pytest.approx(expected, rel=1e-5)


# Distributional


ATOMS = np.linspace(0, 4, 5).astype("f")  # 0, 1, 2, 3, 4


def moved(probs, reward, discount=1.0, terminated=False):
    row = [np.array([x], "f") for x in (reward, discount)]
    return projected(tf.constant(ATOMS), np.array([probs], "f"), *row, np.array([terminated])).numpy()[0]


@pytest.mark.parametrize(
    ("probs", "reward", "discount", "terminated", "expected"),
    [
        ([0, 1, 0, 0, 0], 1.0, 1.0, False, [0, 0, 1, 0, 0]),  # from atom to atom
        ([0, 1, 0, 0, 0], 0.25, 1.0, False, [0, 0.75, 0.25, 0, 0]),  # between two: in proportion to nearness
        ([0, 0, 0, 0, 1], 1.0, 1.0, False, [0, 0, 0, 0, 1]),  # beyond the end
        ([1, 0, 0, 0, 0], -2.0, 1.0, False, [1, 0, 0, 0, 0]),
        ([0.5, 0, 0, 0, 0.5], 1.0, 0.5, False, [0, 0.5, 0, 0.5, 0]),  # 1 + 0 and 1 + 2
        ([0.2, 0.2, 0.2, 0.2, 0.2], 2.0, 1.0, True, [0, 0, 1, 0, 0]),  # nothing follows an end
    ],
)
def test_a_moved_distribution_is_put_onto_the_atoms(probs, reward, discount, terminated, expected):
    assert moved(probs, reward, discount, terminated) == pytest.approx(expected, abs=1e-6)


def test_projection_loses_no_probability_and_no_mean():
    """Also where atoms fall on atoms; and where none falls beyond the ends, the mean is that of what was moved."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(51), 500).astype("f")
    atoms = np.linspace(-10, 10, 51).astype("f")
    for reward in (np.round(rng.normal(size=500)), rng.normal(size=500)):
        discount, ends = np.where(rng.random(500) < 0.5, 1.0, 0.9).astype("f"), rng.random(500) < 0.2
        onto = projected(tf.constant(atoms), probs, reward.astype("f"), discount, ends).numpy()
        assert onto.sum(axis=1) == pytest.approx(np.ones(500), abs=1e-5)
        assert onto.min() >= 0
    onto = projected(tf.constant(atoms), probs, 0.3 * np.ones(500, "f"), 0.9 * np.ones(500, "f"), np.zeros(500, bool))
    assert onto.numpy() @ atoms == pytest.approx(0.3 + 0.9 * probs @ atoms, abs=1e-4)


def test_the_loss_of_a_row_is_its_divergence_and_0_where_both_agree(make_agent):
    agent, batch = agent_with(make_agent, "distributional", atoms=5, value_range=(0.0, 4.0)), batch_of()
    losses, surprise, q = agent.row_losses(batch, agent.draw(3))
    y = target(agent, batch)
    probs = tf.nn.softmax(agent.network(batch.obs)).numpy()[np.arange(6), batch.action]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(y > 0, y * np.log(y / probs), 0).sum(axis=1)
    assert losses.numpy() == pytest.approx(expected, rel=1e-4)
    assert surprise is losses
    assert q.numpy() == pytest.approx(probs @ np.linspace(0, 4, 5), rel=1e-4)
    agent.target = lambda *_: tf.constant(probs)
    assert agent.row_losses(batch, agent.draw(3))[0].numpy() == pytest.approx(np.zeros(6), abs=1e-5)


@pytest.mark.parametrize(
    "options",
    [{"atoms": 1}, {"value_range": (3.0, 3.0)}, {"value_range": (5.0, -5.0)}, {"value_range": (1e8, 1e8 + 1)}],
)
def test_atoms_that_are_none_are_refused(options, make_agent):
    with pytest.raises(
        ValueError, match=r"there must be two atoms at least, from a low value to a high one; got .* from"
    ):
        make_agent("rainbow_agent", **options)


# Prioritized


def test_a_row_without_weight_does_not_count(make_agent, without_xla):
    """Whatever it is paid: the network learns the same."""
    learnt = []
    for paid in (0.0, 5.0):
        agent, batch = agent_with(make_agent, "prioritized", seed=3), batch_of()
        batch.weight[0], batch.reward[0] = 0.0, paid
        agent.train_step(Batch(*(array[None] for array in batch)))
        learnt.append(agent.network.get_weights())
    for one, other in zip(*learnt, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("names", [("prioritized",), ("prioritized", "distributional")])
def test_priorities_become_what_each_row_itself_surprised_by(names, make_agent, without_xla):
    agent = agent_with(make_agent, *names)
    batches = Batch(*(array[None] for array in batch_of()))
    expected = agent.row_losses(batch_of(), agent.draw(3))[1].numpy()
    assert agent.train_step(batches)[1][0] == pytest.approx(expected, rel=1e-4)
    if names == ("prioritized",):
        q = agent_with(make_agent, *names).network(batch_of().obs).numpy()[np.arange(6), batch_of().action, 0]
        y = target(agent_with(make_agent, *names), batch_of())
        assert expected == pytest.approx(np.abs(y - q), rel=1e-4)  # |TD error|, and no Huber loss


# Noisy


def test_noise_differs_from_call_to_call_and_is_off_in_evaluation(make_agent):
    agent, obs = agent_with(make_agent, "noisy"), tf.constant(batch_of(50).obs)
    noisy = [agent.outputs(agent.network, obs, agent.draw()).numpy() for _ in range(3)]
    assert all(np.abs(one - other).max() > 0.01 for one, other in pairwise(noisy))
    quiet = agent.outputs(agent.network, obs, 0 * agent.draw()).numpy()
    np.testing.assert_array_equal(agent.outputs(agent.network, obs).numpy(), quiet)
    actions = [agent.greedy(obs.numpy()).tolist() for _ in range(5)]
    assert all(action == quiet[..., 0].argmax(axis=1).tolist() for action in actions)
    explored = {tuple(agent.act(obs.numpy(), 1.0).tolist()) for _ in range(20)}
    assert len(explored) > 1


def test_the_noise_of_a_layer_is_the_product_of_one_for_each_input_and_one_for_each_output():
    """With σ = 1 and μ = 0 the weights are the noise itself, a matrix of rank 1, which unit vectors read."""
    layer, rng = NoisyDense(4, 0.5, seed=1), np.random.default_rng(0)
    quiet = layer(tf.eye(3), np.zeros((1, 7), "f")).numpy()
    assert quiet == pytest.approx(layer.kernel.numpy() + layer.bias.numpy())
    layer.kernel.assign(tf.zeros((3, 4)))
    layer.bias.assign(tf.zeros(4))
    assert layer.kernel_noise.numpy() == pytest.approx(np.full((3, 4), 0.5 / 3**0.5))
    layer.kernel_noise.assign(tf.ones((3, 4)))
    layer.bias_noise.assign(tf.zeros(4))
    numbers = rng.standard_normal((600, 1, 7), np.float32)
    noise = np.stack([layer(tf.eye(3), row).numpy() for row in numbers])  # [draws, 3, 4]
    of_input, of_output = np.split(signed_root(numbers[0, 0]).numpy(), [3])
    assert noise[0] == pytest.approx(np.outer(of_input, of_output), rel=1e-5)
    layer.bias_noise.assign(tf.ones(4))
    assert layer(tf.zeros((2, 3)), numbers[0]).numpy() == pytest.approx(np.stack([of_output, of_output]), rel=1e-5)
    assert noise.mean(axis=0) == pytest.approx(np.zeros((3, 4)), abs=0.11)
    assert (noise**2).mean(axis=0) == pytest.approx(np.full((3, 4), 2 / np.pi), abs=0.13)  # E[|ε|]² of each


def test_both_networks_and_both_passes_of_double_have_noise_of_their_own(make_agent):
    """The target network is a copy here; what each says of the same observations differs by its noise alone."""
    agent, said = agent_with(make_agent, "noisy", "double"), []
    batch, outputs = Batch(*map(tf.constant, batch_of())), agent.outputs
    quiet = outputs(agent.network, batch.next_obs, 0 * agent.draw()).numpy()
    agent.outputs = lambda *args: said.append(outputs(*args)) or said[-1]
    agent.row_losses(batch._replace(obs=batch.next_obs), agent.draw(3))
    assert len(said) == 3
    for one, other in combinations([quiet, *said], 2):
        assert np.abs(one - other).max() > 1e-3


def test_weights_and_biases_of_a_noisy_layer_start_apart():
    layer = NoisyDense(4, 0.5, seed=1)
    layer(tf.eye(3), np.zeros((1, 7), "f"))
    assert not np.isin(layer.bias.numpy(), layer.kernel.numpy()).any()


# Learning


@pytest.mark.parametrize("names", [(), tuple(OFF)])
def test_half_precision_keeps_values_and_losses_in_float32(names, make_agent, without_xla):
    set_precision("mixed_bfloat16")
    try:
        agent = agent_with(make_agent, *names)
        agent.train_step(Batch(*(array[None] for array in batch_of())))
        assert agent.outputs(agent.network, tf.constant(batch_of().obs), agent.draw()).dtype == tf.float32
        assert agent.greedy(batch_of().obs).shape == (6,)
    finally:
        set_precision("float32")


@pytest.mark.slow
def test_cartpole_is_learnt_with_five_of_the_six(tmp_path):
    """Seeds 100 to 104 are at 495 or more after 30,000 steps."""
    config = replace(rainbow_agent.CARTPOLE, noisy=False, seed=200, run_folder=str(tmp_path))
    rainbow_agent.train(config)
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["reached"] or result["return"] >= 475
