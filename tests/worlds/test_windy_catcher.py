"""Windy Catcher: the wind, the mist, and the picture that a player sees."""

import gymnasium as gym
import numpy as np
import pytest

from framework.evaluate import evaluate
from framework.vector import make_vector
from worlds.catcher import FRUIT_X, FRUIT_Y, NEXT_X, catcher_step
from worlds.windy_catcher import (
    CATCHER,
    HIDDEN,
    NEXT_WIND,
    STRONGEST,
    WIND,
    WindyCatcherVector,
    draw_windy_catcher,
    is_visible,
    windy_catcher_oracle,
    windy_catcher_step,
)

ENV = "WindyCatcher-v0"


def game(**changes):
    state = {"paddle_x": 32.0, "paddle_v": 0.0, "fruit_x": 32.0, "fruit_y": 10.0, "lives": 3.0, "next_x": 10.0}
    return np.array([list({**state, "wind": 0.0, "next_wind": -0.25, **changes}.values())])


def random_games(number, rng):
    state = rng.uniform((6.5, -5, 2, 0, 1, 2, -0.5, -0.5), (57.5, 5, 62, 30, 4, 62, 0.5, 0.5), (number, 8))
    state[:, FRUIT_Y] = 2 * np.floor(state[:, FRUIT_Y])
    state[:, 4] = np.floor(state[:, 4])
    return state


def test_the_wind_drifts_a_fruit_as_far_at_each_step_and_stops_at_the_wall():
    state = game(wind=0.5, fruit_x=61.2)
    seen = []
    for _ in range(3):
        state, *_ = windy_catcher_step(state, np.array([1]))
        seen.append(state[0, FRUIT_X])
    assert seen == pytest.approx([61.7, 62, 62])


def test_where_a_fruit_lands_the_next_one_has_its_own_column_and_wind():
    state, reward, _, landed = windy_catcher_step(game(wind=0.5, fruit_y=58.0, fruit_x=40.1), np.array([1]))
    assert (reward[0], landed[0]) == (-1, True)  # blown out of reach: 40.5 would have touched
    assert state[0, [FRUIT_X, FRUIT_Y, WIND]].tolist() == [10, 0, -0.25]


def test_without_wind_it_is_catcher():
    rng = np.random.default_rng(0)
    state, action = random_games(300, rng), rng.integers(3, size=300)
    state[:, WIND] = 0
    moved, *rest = windy_catcher_step(state, action)
    expected, *others = catcher_step(state[:, CATCHER], action)
    np.testing.assert_array_equal(moved[:, CATCHER], expected)
    for ours, theirs in zip(rest, others, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_dynamics_are_the_same_inside_a_graph():
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    state, action = random_games(300, rng), rng.integers(3, size=300)
    step = tf.function(lambda s, a: windy_catcher_step(s, a, tf.experimental.numpy))
    for tensor, array in zip(step(state, action), windy_catcher_step(state, action), strict=True):
        np.testing.assert_allclose(tensor.numpy(), array, rtol=1e-6)


def test_vector_form_equals_single_games_step_by_step():
    vector, singles = gym.make_vec(ENV, num_envs=3), [gym.make(ENV) for _ in range(3)]
    obs, _ = vector.reset(seed=10)
    for i, env in enumerate(singles):
        np.testing.assert_array_equal(obs[i], env.reset(seed=10 + i)[0])
    rng, ends = np.random.default_rng(0), 0
    for _ in range(400):
        actions = rng.integers(3, size=3)
        actions[2] = windy_catcher_oracle(vector.unwrapped.state)[2]  # one that reaches the limit
        obs, rewards, terminated, truncated, info = vector.step(actions)
        for i, env in enumerate(singles):
            seen, *rest = env.step(actions[i])
            assert rest[:3] == [rewards[i], terminated[i], truncated[i]]
            if terminated[i] or truncated[i]:
                np.testing.assert_array_equal(info["final_obs"][i], seen)
                seen, _ = env.reset()
                ends += 1
            np.testing.assert_array_equal(obs[i], seen)
    assert ends >= 4


def test_between_two_heights_a_fruit_cannot_be_seen_and_comes_back_before_it_lands():
    for height in range(0, 60, 2):
        picture, empty = (draw_windy_catcher(game(fruit_x=x, fruit_y=float(height)))[0] for x in (20.0, 45.0))
        seen = height < HIDDEN[0] or height >= HIDDEN[1]
        assert is_visible(game(fruit_y=float(height)))[0] == seen
        assert (picture != empty).any() == seen
    assert HIDDEN[1] < 58


def test_nothing_in_a_picture_of_hidden_fruit_tells_where_it_is_or_how_it_drifts():
    one, other = game(fruit_y=30.0, fruit_x=10.0, wind=0.5), game(fruit_y=40.0, fruit_x=50.0, wind=-0.5)
    np.testing.assert_array_equal(draw_windy_catcher(one), draw_windy_catcher(other))


def test_a_pixel_is_as_bright_as_it_is_covered_so_that_a_tenth_of_a_pixel_shows():
    here, there = (draw_windy_catcher(game(fruit_x=x))[0, :, :, 0].astype(float) for x in (20.0, 20.1))
    assert here.shape == (32, 32)
    np.testing.assert_array_equal(np.unique(here[4:8]), [0, 255])  # 16 to 24 of 64 pixels: 8 to 12 of 32
    assert (here != there).any()
    middle = [(picture[4:8].sum(axis=0) @ (np.arange(32) + 0.5)) / picture[4:8].sum() for picture in (here, there)]
    assert 2 * (middle[1] - middle[0]) == pytest.approx(0.1, abs=0.01)


def test_lives_show_as_the_length_of_a_bar():
    lengths = [(draw_windy_catcher(game(lives=lives))[0, 0, :, 0] > 0).sum() for lives in (1.0, 2.0, 3.0)]
    assert lengths == [11, 22, 32]


def test_lots_are_spread_over_all_columns_and_winds():
    envs = WindyCatcherVector(500)
    envs.reset(seed=0)
    for columns, low, high in (([FRUIT_X, NEXT_X], 2, 62), ([WIND, NEXT_WIND], -STRONGEST, STRONGEST)):
        drawn = envs.state[:, columns]
        assert ((drawn >= low) & (drawn <= high)).all()
        np.testing.assert_allclose(drawn.mean(axis=0), (low + high) / 2, atol=(high - low) / 15)
        assert np.ptp(drawn) > 0.98 * (high - low)


def test_the_oracle_catches_all_ten_and_one_that_forgets_what_it_cannot_see_does_not():
    envs = make_vector(ENV, 200, 0, frame_size=32, frame_stack=1)
    games = envs.envs.unwrapped

    def forgets(_):  # where it sees no fruit, it goes back to the middle
        state, hidden = games.state.copy(), ~is_visible(games.state)
        state[:, WIND] = 0
        state[hidden, FRUIT_X] = 32
        return windy_catcher_oracle(state)

    rng = np.random.default_rng(0)
    players = lambda _: windy_catcher_oracle(games.state), forgets, lambda _: rng.integers(3, size=200)
    oracle, forgetful, chance = (evaluate(player, envs, 0).mean for player in players)
    assert oracle == 10
    assert forgetful < 8
    assert chance < -1
