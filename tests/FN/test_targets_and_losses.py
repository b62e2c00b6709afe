"""Targets and losses of Day 4 on numbers worked by hand, and their gradients against finite differences."""

import math
from types import SimpleNamespace as Rows

import numpy as np
import pytest

from FN import a2c_agent, dqn_agent, policy_gradient_agent, ppo_agent, value_function_agent
from framework.tf import tf

BOTH = [dqn_agent, value_function_agent]


def tensors(*lists):
    return [tf.constant(numbers, tf.float32) for numbers in lists]


@pytest.mark.parametrize("script", BOTH)
def test_td_target_is_the_reward_and_the_best_that_may_follow(script):
    reward, discount = np.array([1, 1, -2, 0], "f"), np.array([0.9, 0.9, 0.5, 0.81], "f")
    terminated = np.array([False, True, False, False])
    next_q = np.array([[2, 3], [100, 100], [-4, -6], [0, 10]], "f")
    target = np.asarray(script.td_target(reward, discount, terminated, next_q))
    assert target == pytest.approx([1 + 0.9 * 3, 1, -2 + 0.5 * -4, 0.81 * 10])
    assert target.shape == (4,)


def test_huber_is_a_parabola_up_to_1_and_straight_beyond():
    (error,) = tensors([0.0, 0.5, -0.5, 1.0, -1.0, 3.0, -10.0])
    with tf.GradientTape() as tape:
        tape.watch(error)
        loss = dqn_agent.huber(error)
    assert loss.numpy() == pytest.approx([0, 0.125, 0.125, 0.5, 0.5, 2.5, 9.5])
    assert tape.gradient(loss, error).numpy() == pytest.approx([0, 0.5, -0.5, 1, -1, 1, -1])


@pytest.mark.parametrize(
    ("ratio", "advantage", "objective", "slope"),  # slope: of the objective by the ratio
    [
        (1.0, 2.0, 2.0, 2.0),
        (1.1, 2.0, 2.2, 2.0),
        (1.5, 2.0, 2.4, 0.0),  # good and already more probable by 0.2: no more of it
        (0.5, 2.0, 1.0, 2.0),  # good but less probable: the minimum lets it return
        (1.5, -2.0, -3.0, -2.0),  # bad and more probable: pushed down in full
        (0.5, -2.0, -1.6, 0.0),  # bad and already less probable by 0.2: enough
    ],
)
def test_clipped_surrogate_in_every_case_of_figure_1(ratio, advantage, objective, slope):
    old, new, of = tensors([-0.7], [-0.7 + math.log(ratio)], [advantage])
    with tf.GradientTape() as tape:
        tape.watch(new)
        value = ppo_agent.clipped_surrogate(new, old, of, 0.2)
    assert value.numpy() == pytest.approx([objective], rel=1e-5)
    assert tape.gradient(value, new).numpy() / ratio == pytest.approx([slope], rel=1e-5)


def test_standardise_takes_mean_and_spread_away():
    (numbers,) = tensors([1.0, 3.0, 5.0, 7.0])  # mean 4, variance 5
    assert ppo_agent.standardise(numbers).numpy() == pytest.approx(np.array([-3, -1, 1, 3]) / 5**0.5)
    assert ppo_agent.standardise(tf.ones(4)).numpy() == pytest.approx([0, 0, 0, 0])


def test_a2c_losses():
    log_prob, value, returns = tensors([-0.5, -1.0], [1.0, 5.0], [3.0, 4.0])  # advantages 2, -1
    policy_loss, value_loss = a2c_agent.losses(log_prob, value, returns)
    assert float(policy_loss) == pytest.approx(-(-0.5 * 2 + -1.0 * -1) / 2)
    assert float(value_loss) == pytest.approx((2**2 + 1**2) / 2)


def test_reinforce_losses():
    """The advantages 2 and -1 have a standard deviation of 1.5; they are divided by it, and keep their mean."""
    log_prob, baseline, returns = tensors([-0.5, -2.0], [1.0, 5.0], [3.0, 4.0])
    policy_loss, value_loss = policy_gradient_agent.losses(log_prob, baseline, returns)
    assert float(policy_loss) == pytest.approx(-(-0.5 * 2 + -2.0 * -1) / 2 / 1.5)
    assert float(value_loss) == pytest.approx((2**2 + 1**2) / 2)


# Whole losses. The networks are float32, so that differences are taken over a step of 1e-3 along each of several
# weights: shorter ones would drown in rounding, longer ones cross the bends of ReLU and Huber.


def arguments(name, agent):
    """What ``agent.loss`` takes, six rows of it."""
    rng = np.random.default_rng(1)
    obs, next_obs = rng.normal(size=(2, 6, 3)).astype("f")
    action, number = rng.integers(2, size=6), rng.normal(size=6).astype("f")
    ends = np.array([False, True] * 3)
    if name == "ppo_agent":
        # Old probabilities far enough from the new for some rows to be clipped, and none on the edge.
        ratio = np.array([0.5, 0.9, 1.0, 1.1, 1.6, 2.0], "f")
        old = agent.policy_and_value(obs)[0].log_prob(action).numpy() - np.log(ratio)
        returns = rng.normal(size=6).astype("f")
        return Rows(obs=obs, action=action, log_prob=old, advantage=number, returns=returns), 0.2
    discount = np.full(6, 0.9, "f")
    rest = {"reward": number, "next_obs": next_obs, "discount": discount, "terminated": ends}
    return (Rows(obs=obs, action=action, returns=number, target=number, **rest),)


def constants_in_place(name, agent, obs, critic_of, monkeypatch):
    """What carries no gradient stays where it is while weights are moved: targets and advantages."""
    if name in ("a2c_agent", "policy_gradient_agent"):
        before = critic_of(agent, obs)[:, 0]
        script = a2c_agent if name == "a2c_agent" else policy_gradient_agent
        losses = script.losses

        def held(log_prob, value, returns):
            policy_loss, _ = losses(log_prob, before, returns)
            return policy_loss, losses(log_prob, value, returns)[1]

        monkeypatch.setattr(script, "losses", held)


@pytest.mark.parametrize(
    "name", ["dqn_agent", "value_function_agent", "policy_gradient_agent", "a2c_agent", "ppo_agent"]
)
def test_gradient_of_the_loss_agrees_with_finite_differences(name, make_agent, variables_of, critic_of, monkeypatch):
    agent = make_agent(name, seed=3)
    rng = np.random.default_rng(2)
    variables = variables_of(agent)
    for variable in variables:  # away from a policy that is uniform and biases that are 0
        variable.assign(rng.normal(size=variable.shape) * 0.7)
    batch = arguments(name, agent)
    with tf.GradientTape() as tape:
        loss, _ = agent.loss(*batch)
    gradients = tape.gradient(loss, variables)

    constants_in_place(name, agent, batch[0].obs, critic_of, monkeypatch)
    h, checked = 1e-3, 0
    for variable, gradient in zip(variables, gradients, strict=True):
        values, gradient = variable.numpy(), gradient.numpy()
        for place in rng.choice(values.size, min(4, values.size), replace=False):
            place = np.unravel_index(place, values.shape)
            around = []
            for step in (h, -h):
                moved = values.copy()
                moved[place] += step
                variable.assign(moved)
                around.append(float(agent.loss(*batch)[0]))
            variable.assign(values)
            difference = (around[0] - around[1]) / (2 * h)
            assert gradient[place] == pytest.approx(difference, rel=1e-2, abs=1e-3), (variable.path, place)
            checked += 1
    assert checked >= 13
    assert max(np.abs(gradient).max() for gradient in gradients) > 0.1


def test_ppo_loss_weighs_its_three_parts(make_agent):
    agent = make_agent("ppo_agent", value_weight=0.25, entropy_weight=0.125)
    loss, logged = agent.loss(*arguments("ppo_agent", agent))
    parts = logged["policy_loss"] + 0.25 * logged["value_loss"] - 0.125 * logged["entropy"]
    assert float(loss) == pytest.approx(float(parts), rel=1e-5)


def test_a2c_loss_weighs_its_three_parts(make_agent):
    agent = make_agent("a2c_agent", value_weight=0.25, entropy_weight=0.125)
    loss, logged = agent.loss(*arguments("a2c_agent", agent))
    parts = logged["policy_loss"] + 0.25 * logged["value_loss"] - 0.125 * logged["entropy"]
    assert float(loss) == pytest.approx(float(parts), rel=1e-5)


def test_dqn_loss_by_hand(make_agent):
    """Q = obs · W + b of a network without hidden layers; errors of 0.5 and 3 cost 0.125 and 2.5."""
    agent = make_agent("dqn_agent", hidden=())
    weights, bias = np.array([[1, 0], [0, 1], [0, 0]], "f"), np.array([0, -1], "f")
    agent.network.set_weights([weights, bias])  # Q = (x, y - 1)
    agent.target_network.set_weights([2 * weights, bias])  # Q = (2 x, 2 y - 1)
    obs = np.array([[4, 9, 9], [9, 3, 9]], "f")  # Q of the actions taken: 4, 2
    next_obs = np.array([[1, 2, 0], [5, 5, 5]], "f")  # the best: 3, and nothing after an end
    batch = Rows(
        obs=obs, action=np.array([0, 1]), reward=np.array([3, 5], "f"), next_obs=next_obs,
        discount=np.array([0.5, 0.5], "f"), terminated=np.array([False, True]),
    )  # fmt: skip
    loss, logged = agent.loss(batch)
    assert float(loss) == pytest.approx((0.125 + 2.5) / 2)  # targets 3 + 0.5 × 3 = 4.5 and 5
    assert float(logged["q"]) == pytest.approx(3)


def test_dqn_loss_does_not_train_the_target(make_agent):
    agent = make_agent("dqn_agent")
    with tf.GradientTape() as tape:
        loss, _ = agent.loss(*arguments("dqn_agent", agent))
    assert tape.gradient(loss, agent.target_network.trainable_variables) == [None] * 4
