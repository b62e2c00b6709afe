"""The quadruple tank: the numbers of its paper, its integration, its two forms, what is asked of it, its leaks."""

from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from scipy.linalg import eigvals

import environment  # noqa: F401, registers it
from framework.runs.files import load_arrays, save_arrays
from framework.vector import make_vector
from worlds import quadruple_tank
from worlds.quadruple_tank import (
    AREA,
    ASKED,
    CHANGES,
    LEAK_STEPS,
    LEAKS,
    LIMIT,
    MOST_INTEGRAL,
    MOST_UPPER,
    OFFSET,
    OUTLET,
    PERIOD,
    SCALE,
    SETTINGS,
    TALL,
    WORLDS,
    QuadrupleTank,
    QuadrupleTankVector,
    excess,
    is_feasible,
    quadruple_tank_step,
    readings,
    rest_at,
    tank_rates,
)

ENV = "QuadrupleTank-v0"


@dataclass
class Linear:
    """The plant near a state of rest: dx/dt = A x + B u, y = C x."""

    A: np.ndarray
    B: np.ndarray
    C = np.eye(4)[:2]

    def zeros(self):
        """The finite s at which [A - s I, B; C, 0] loses rank."""
        whole = np.block([[self.A, self.B], [self.C, np.zeros((2, 2))]])
        found = eigvals(whole, np.diag([1, 1, 1, 1, 0, 0]))
        return np.sort(found[np.abs(found) < 10].real)

    def relative_gain(self):
        """λ11 of the relative gain array."""
        gain = self.C @ np.linalg.solve(-self.A, self.B)
        return (gain * np.linalg.inv(gain).T)[0, 0]


def linear(name, levels, h=1e-5):
    """The `Linear` of a setting, by central differences of the physics."""
    setting = SETTINGS[name]
    k, split, volts = (np.array(one) for one in (setting.k, setting.split, setting.volts))

    def rates(levels, volts):
        return tank_rates(levels, k * volts, 0.0, split)

    A = [(rates(levels + h * e, volts) - rates(levels - h * e, volts)) / (2 * h) for e in np.eye(4)]
    B = [(rates(levels, volts + h * e) - rates(levels, volts - h * e)) / (2 * h) for e in np.eye(2)]
    return Linear(np.transpose(A), np.transpose(B))


def at_rest(name):
    """The levels [4] of a setting's operating point."""
    env = QuadrupleTank(name)
    env.reset(seed=0)
    return env.levels[0]


# The numbers of the paper (Johansson 2000, tables I and II, section III)


@pytest.mark.parametrize(("name", "zeros"), [("P-", (-0.060, -0.018)), ("P+", (-0.057, 0.013))])
def test_the_zeros_are_the_published_ones(name, zeros):
    assert linear(name, at_rest(name)).zeros() == pytest.approx(zeros, abs=1e-3)


@pytest.mark.parametrize(("name", "gain"), [("P-", 1.40), ("P+", -0.64)])
def test_the_relative_gains_are_the_published_ones(name, gain):
    assert linear(name, at_rest(name)).relative_gain() == pytest.approx(gain, abs=0.005)


@pytest.mark.parametrize(("name", "seconds"), [("P-", (62, 90, 23, 30)), ("P+", (63, 91, 39, 56))])
def test_the_time_constants_are_the_published_ones(name, seconds):
    """The paper cuts off what stands behind the point."""
    levels = np.array(SETTINGS[name].levels)
    assert -1 / np.diag(linear(name, levels).A) == pytest.approx(seconds, abs=0.95)


@pytest.mark.parametrize("name", SETTINGS)
def test_an_episode_begins_at_the_published_operating_point_and_in_rest(name):
    """The paper rounds the levels, h3 of P- a little more than it should."""
    setting, levels = SETTINGS[name], at_rest(name)
    assert levels == pytest.approx(setting.levels, abs=0.17)
    flow = np.array(setting.k) * setting.volts
    assert tank_rates(levels, flow, 0.0, np.array(setting.split)) == pytest.approx(np.zeros(4), abs=1e-12)


def test_at_P_plus_a_level_that_is_to_rise_falls_first_and_at_P_minus_it_does_not():
    """Set-points 1 cm higher for tank 1 alone: the volts of the new state of rest, at once."""
    fell = {}
    for name, setting in SETTINGS.items():
        levels = at_rest(name)
        volts, _ = rest_at(setting, levels[:2] + np.array([1.0, 0.0]))
        seen = [levels[0]]
        for _ in range(60):
            levels = quadruple_tank_step(levels, np.array(setting.k) * volts, 0.0, np.array(setting.split))
            seen.append(levels[0])
        fell[name] = seen[0] - min(seen)
        assert seen[-1] - seen[0] == pytest.approx(1, abs=0.05)
    assert fell["P+"] > 0.05
    assert fell["P-"] == 0


# The physics


def test_rates_by_hand():
    """Tank 1 at 4 cm loses 0.071 √(2 · 981 · 4), gets as much of tank 3 as that loses, and 0.43 of pump 1's 10."""
    levels, flow, leak = np.array([4.0, 9.0, 1.0, 0.25]), np.array([10.0, 20.0]), np.array([0.0, 0.0, 0.0, 2.0])
    rates = tank_rates(levels, flow, leak, np.array([0.43, 0.34]))
    out = np.array([0.071, 0.057, 0.071, 0.057]) * np.array([88.589, 132.883, 44.294, 22.147])
    expected = [
        (-out[0] + out[2] + 4.3) / 28, (-out[1] + out[3] + 6.8) / 32, (-out[2] + 13.2) / 28,
        (-out[3] + 5.7 - 2) / 32,
    ]  # fmt: skip
    assert rates == pytest.approx(expected, abs=1e-5)


def test_four_steps_of_runge_kutta_in_ten_seconds_are_as_good_as_two_thousand():
    rng = np.random.default_rng(0)
    levels, flow = rng.uniform(0.5, 15, (200, 4)), rng.uniform(5, 14, (200, 2))
    leak, split = rng.uniform(0, 1, (200, 4)), np.array([0.43, 0.34])
    fine = levels
    for _ in range(2_000):
        middle = fine + PERIOD / 4_000 * tank_rates(fine, flow, leak, split)
        fine = fine + PERIOD / 2_000 * tank_rates(middle, flow, leak, split)
    assert np.abs(quadruple_tank_step(levels, flow, leak, split) - fine).max() < 1e-3
    plain = levels + PERIOD * tank_rates(levels, flow, leak, split)  # Euler, once
    assert np.abs(plain - fine).max() > 0.1


def test_no_water_is_lost_but_through_the_outlets_below_and_the_leaks():
    levels, flow, leak = np.array([12.0, 13, 5, 4]), np.array([9.0, 11]), np.array([0.0, 0, 0.5, 0])
    out = OUTLET[:2] * np.sqrt(2 * 981 * levels[:2])
    rates = tank_rates(levels, flow, leak, np.array([0.43, 0.34]))
    assert (AREA * rates).sum() == pytest.approx(flow.sum() - out.sum() - 0.5)


def test_a_tank_holds_no_less_than_nothing_and_no_more_than_its_height():
    levels = np.array([[0.1, 0.1, 0.1, 0.1], [19.9, 19.9, 19.9, 19.9]])
    flow, split = np.array([[0.0, 0.0], [60.0, 60.0]]), np.array([0.43, 0.34])
    for _ in range(30):
        levels = quadruple_tank_step(levels, flow, np.array([0.0, 0, 1, 1]), split)
    assert levels[0] == pytest.approx(np.zeros(4), abs=1e-2)
    assert (levels[0] >= 0).all()
    assert (levels[1] == TALL).all()


def test_the_physics_is_the_same_of_tensors():
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    args = rng.uniform(0, 15, (50, 4)), rng.uniform(0, 14, (50, 2)), rng.uniform(0, 1, (50, 4)), np.array([0.4, 0.3])
    of_tensors = quadruple_tank_step(*map(tf.constant, args), xp=tf.experimental.numpy)
    np.testing.assert_allclose(of_tensors.numpy(), quadruple_tank_step(*args), rtol=1e-12)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_state_of_rest_stays(name):
    setting, lower = SETTINGS[name], np.array([[12.0, 12.0], [11.3, 11.9], [14.0, 13.5]])
    volts, levels = rest_at(setting, lower)
    assert levels[:, :2] == pytest.approx(lower)
    flow, split = np.array(setting.k) * volts, np.array(setting.split)
    assert tank_rates(levels, flow, 0.0, split) == pytest.approx(np.zeros((3, 4)), abs=1e-12)


def test_excess_by_hand():
    levels = np.array([[12, 12, 4, 4], [9.5, 15.25, 8.5, 0], [10, 15, 8, 8]])
    assert excess(levels).tolist() == [[0, 0, 0, 0], [0.5, 0.25, 0.5, 0], [0, 0, 0, 0]]


# What is asked for


@pytest.mark.parametrize("env_id", WORLDS)
def test_what_cannot_be_held_is_never_asked_for_though_an_eighth_of_all_pairs_cannot(env_id):
    setting, world = SETTINGS[WORLDS[env_id]["setting"]], QuadrupleTankVector(2_000, **WORLDS[env_id])
    world.reset(seed=0)
    for pairs in (world.set_points, world.next_set_points):
        assert ((pairs >= ASKED[0]) & (pairs <= ASKED[1])).all()
        volts, levels = rest_at(setting, pairs)
        assert (levels[:, 2:] <= MOST_UPPER).all()
        assert ((volts >= 0) & (volts <= 10)).all()
    any_pair = np.random.default_rng(0).uniform(*ASKED, (2_000, 2))
    can = is_feasible(setting, any_pair).mean()
    assert can == (1 if WORLDS[env_id]["setting"] == "P-" else pytest.approx(0.88, abs=0.02))


def test_set_points_change_once_and_a_leak_lasts_thirty_steps():
    world = QuadrupleTankVector(300, max_episode_steps=10**6)
    world.reset(seed=0)
    first, later = world.set_points.copy(), world.next_set_points.copy()
    assert (world.change.min(), world.change.max()) == CHANGES
    assert LEAKS[0] <= world.leak_start.min() <= world.leak_start.max() <= LEAKS[1]
    assert set(world.leak_tank.tolist()) == {2, 3}
    leaking = np.zeros(300)
    for step in range(LIMIT):
        assert (world.set_points == np.where((step < world.change)[:, None], first, later)).all()
        leaking += (world.leaks() > 0).sum(axis=1)
        world.step(np.zeros((300, 2)))
    assert (leaking == LEAK_STEPS).all()
    assert (world.leak_flow.max(), world.leak_flow.min()) == pytest.approx((1, 0), abs=0.02)


def test_unseen_disturbances_are_twice_as_large():
    def most(env_id):
        world = QuadrupleTankVector(2_000, **WORLDS[env_id])
        world.reset(seed=0)
        return np.abs(world.k / SETTINGS["P+"].k - 1).max(), world.leak_flow.max()

    assert most(ENV) == pytest.approx((0.1, 1), rel=0.01)
    assert most("QuadrupleTank/Unseen-v0") == pytest.approx((0.2, 2), rel=0.01)


# A step


def plain_world(**options):
    """One plant in which nothing leaks, wears out or is measured wrongly, and 12 and 12 cm are asked for."""
    env = QuadrupleTank(wear=0, leak=0, **options)
    env.reset(seed=0)
    env.ask_for(12, 12)
    return env


def test_reward_and_info_of_a_step_by_hand(monkeypatch):
    monkeypatch.setattr(quadruple_tank, "NOISE", 0.0)
    env = plain_world(violation_weight=3)
    env.levels[0] = [12.5, 9.0, 8.6, 4.0]
    expected = quadruple_tank_step(env.levels, np.array([[3.14 * 3.65, 3.29 * 2.95]]), 0.0, np.array([0.43, 0.34]))[0]
    obs, reward, terminated, truncated, info = env.step(np.array([0.5, -0.2]))
    assert env.levels[0] == pytest.approx(expected)
    error = np.abs(12 - expected[:2]).sum()
    assert (info["error"], info["moved"]) == pytest.approx((error, 0.7))
    assert info["violation"]
    assert info["excess"] == pytest.approx(10 * ((10 - expected[1]) + max(expected[2] - 8, 0)))
    assert reward == pytest.approx(-error / 5 - 3)
    assert (terminated, truncated) == (False, False)
    now = readings(obs[None])
    assert now.level[0] == pytest.approx(expected, abs=1e-5)
    assert now.error[0] == pytest.approx(12 - expected[:2], abs=1e-5)
    assert now.volts[0] == pytest.approx([3.65, 2.95], abs=1e-6)
    assert now.integral[0] == pytest.approx(10 * (12 - expected[:2]), abs=1e-4)


def test_pumps_turn_by_one_volt_at_most_and_stay_from_0_to_10():
    env = plain_world()
    for action, volts in (
        ([5, -5], [4.15, 2.15]),
        ([5, -5], [5.15, 1.15]),
        ([0, -5], [5.15, 0.15]),
        ([0, -1], [5.15, 0]),
    ):
        *_, info = env.step(np.array(action, float))
        assert env.volts[0] == pytest.approx(volts)
    assert info["moved"] == pytest.approx(0.15)  # of what was asked for, what was done
    for _ in range(8):
        env.step(np.ones(2))
    assert env.volts[0, 0] == 10


def test_the_integral_stops_at_its_limit():
    env = plain_world()
    env.levels[:] = 14.9
    for _ in range(30):
        env.step(np.ones(2))
    assert (env.integral == -MOST_INTEGRAL).all()


def test_measured_levels_scatter_and_what_is_told_of_the_error_does_not():
    world = QuadrupleTankVector(4_000, wear=0, leak=0)
    obs, _ = world.reset(seed=0)
    off = readings(obs).level - world.levels
    assert off.std(axis=0) == pytest.approx(4 * [0.05], rel=0.05)
    assert np.abs(off.mean(axis=0)).max() < 0.003
    *_, info = world.step(np.zeros((4_000, 2)))
    np.testing.assert_allclose(info["error"], np.abs(world.set_points - world.levels[:, :2]).sum(axis=1))


def test_readings_undo_the_scaling():
    plain = np.random.default_rng(0).uniform(-5, 15, (6, 10))
    now = readings(((plain - OFFSET) / SCALE).astype(np.float32))
    np.testing.assert_allclose(np.concatenate(now, axis=1), plain, atol=1e-5)


# Its two forms


@pytest.mark.parametrize("env_id", WORLDS)
def test_the_vector_form_equals_single_plants_step_by_step(env_id):
    vector, singles = gym.make_vec(env_id, num_envs=3), [gym.make(env_id) for _ in range(3)]
    obs, _ = vector.reset(seed=10)
    for i, env in enumerate(singles):
        np.testing.assert_array_equal(obs[i], env.reset(seed=10 + i)[0])
    rng, ends = np.random.default_rng(0), 0
    for _ in range(LIMIT + 30):
        actions = rng.uniform(-1.5, 1.5, (3, 2))
        obs, rewards, terminated, truncated, info = vector.step(actions)
        for i, env in enumerate(singles):
            seen, *rest, its_info = env.step(actions[i])
            assert rest == [rewards[i], terminated[i], truncated[i]]
            assert its_info == {name: info[name][i] for name in its_info}
            if truncated[i]:
                np.testing.assert_array_equal(info["final_obs"][i], seen)
                seen, _ = env.reset()
                ends += 1
            np.testing.assert_array_equal(obs[i], seen)
    assert ends == 3


def test_a_plant_depends_on_its_seed_alone():
    def played(count, seed):
        world = QuadrupleTankVector(count)
        world.reset(seed=seed)
        return np.array([world.step(np.full((count, 2), 0.01 * t))[0] for t in range(150)])  # two episodes of each

    one = played(3, 5)
    np.testing.assert_array_equal(one, played(3, [5, 6, 7]))
    np.testing.assert_array_equal(one[:, 2], played(1, 7)[:, 0])
    assert not (one[:, 0, :4] == one[:, 1, :4]).any()


def test_it_passes_the_checks_of_gymnasium():
    check_env(gym.make(ENV).unwrapped, skip_render_check=True)


def test_a_plant_goes_on_exactly_where_a_checkpoint_was_taken(tmp_path):
    envs, others = make_vector(ENV, 3, seed=1), make_vector(ENV, 3, seed=99)
    rng = np.random.default_rng(0)
    for _ in range(70):
        envs.step(rng.uniform(-1, 1, (3, 2)))
    envs.envs.unwrapped.open_leak(4, 0.7)
    save_arrays(tmp_path / "file.npz", envs.state())
    others.load_state(load_arrays(tmp_path / "file.npz"))
    assert envs.resumes_exactly
    for _ in range(150):
        action = rng.uniform(-1, 1, (3, 2))
        np.testing.assert_array_equal(envs.step(action).next_obs, others.step(action).next_obs)
    np.testing.assert_array_equal(envs.envs.unwrapped.k, others.envs.unwrapped.k)


# By hand, in the browser or elsewhere


def test_a_leak_that_is_opened_by_hand_stays_until_it_is_closed_or_the_plant_is_reset():
    env = plain_world()
    env.open_leak(3, 1.5)
    for _ in range(50):
        env.step(np.zeros(2))
    assert env.leaks()[0].tolist() == [0, 0, 1.5, 0]
    expected = (SETTINGS["P+"].k[1] * 3.15 * 0.66 - 1.5) / OUTLET[2]  # what is left flows out below
    assert np.sqrt(2 * 981 * env.levels[0, 2]) == pytest.approx(expected, rel=1e-3)
    env.open_leak(3, 0)
    assert not env.leaks().any()
    env.open_leak(1, 2)
    env.reset(seed=1)
    assert not env.opened.any()


def test_set_points_that_are_asked_for_by_hand_stay():
    env = QuadrupleTank()
    env.reset(seed=0)
    env.ask_for(12.5, 13)
    for _ in range(LIMIT):
        env.step(np.zeros(2))
    assert env.set_points[0].tolist() == [12.5, 13]


@pytest.mark.parametrize("pair", [(11, 14.5), (10.9, 12), (12, 14.6), (np.nan, 12)])
def test_set_points_that_cannot_be_held_are_refused(pair):
    env = QuadrupleTank()
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"must be from 11 to 14\.5 cm, and such that the upper tanks can rest"):
        env.ask_for(*pair)


@pytest.mark.parametrize(("tank", "flow"), [(0, 1), (5, 1), (3, -0.1), (3, 5.1), (3, np.nan)])
def test_a_leak_that_there_cannot_be_is_refused(tank, flow):
    with pytest.raises(ValueError, match="a leak is in tank 1 to 4 and loses 0 to 5"):
        plain_world().open_leak(tank, flow)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"setting": "P"}, "setting must be one of P-, P+"),
        ({"wear": 0.6}, "wear must be from 0 to 0.5"),
        ({"wear": np.nan}, "wear must be from 0 to 0.5"),
        ({"leak": -1}, "leak must be from 0 to 5"),
        ({"violation_weight": -1}, "violation_weight must be from 0"),
        ({"render_mode": "ansi"}, "render_mode"),
    ],
)
@pytest.mark.parametrize("world", [QuadrupleTank, QuadrupleTankVector])
def test_a_plant_that_there_cannot_be_is_refused(world, options, words):
    with pytest.raises(ValueError, match=words):
        world(**options)


@pytest.mark.parametrize("action", [np.zeros(3), np.zeros((1, 2)), np.array([np.nan, 0]), 1])
def test_a_malformed_action_is_refused(action):
    world = QuadrupleTankVector(2)
    world.reset(seed=0)
    with pytest.raises(ValueError, match="2 finite numbers"):
        plain_world().step(action)
    with pytest.raises(ValueError, match=r"must be \[2, 2\] finite numbers"):
        world.step(action)


def test_impossible_numbers_of_plants_and_seeds_are_refused():
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        QuadrupleTankVector(0)
    with pytest.raises(ValueError, match="there are 3 plants; got 2 seeds"):
        QuadrupleTankVector(3).reset(seed=[1, 2])


def test_what_the_caller_passed_is_left_alone():
    world, actions = QuadrupleTankVector(2), np.array([[3.0, -3], [0.5, 0]])
    obs, _ = world.reset(seed=0)
    kept, asked = obs.copy(), actions.copy()
    volts = world.volts
    before = volts.copy()
    world.step(actions)
    np.testing.assert_array_equal(actions, asked)
    np.testing.assert_array_equal(obs, kept)
    np.testing.assert_array_equal(volts, before)


def test_it_is_drawn_on_demand_alone():
    env = gym.make(ENV, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (480, 640, 3)
    assert plain_world().render() is None
    world = QuadrupleTankVector(2, render_mode="rgb_array")
    world.reset(seed=0)
    assert [picture.shape for picture in world.render()] == 2 * [(480, 640, 3)]
