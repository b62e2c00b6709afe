"""Catcher: dynamics worked by hand, and one game seen three ways: scalar, vector, and as a picture."""

import gymnasium as gym
import numpy as np
import pytest

from worlds.catcher import (
    CATCH_Y,
    Catcher,
    CatcherVector,
    catcher_contacts,
    catcher_oracle,
    catcher_step,
    delayed_catcher_step,
    draw_catcher,
)


def game(**changes):
    state = {"paddle_x": 32.0, "paddle_v": 0.0, "fruit_x": 32.0, "fruit_y": 0.0, "lives": 3.0, "next_x": 10.0}
    return np.array([list({**state, **changes}.values())])


def test_paddle_is_pushed_and_slides_on():
    state, reward, terminated, landed = catcher_step(game(), np.array([2]))
    assert state[0, :2] == pytest.approx([32 + 0.9 * 1.344, 0.9 * 1.344])
    state, *_ = catcher_step(state, np.array([1]))
    assert state[0, 1] == pytest.approx(0.81 * 1.344)
    assert (reward[0], terminated[0], landed[0]) == (0, False, False)


def test_wall_stops_the_paddle():
    state, *_ = catcher_step(game(paddle_x=7.0, paddle_v=-5.0), np.array([0]))
    assert state[0, :2].tolist() == [6.5, 0]


@pytest.mark.parametrize(("fruit_x", "reward", "lives"), [(32, 1, 3), (40.5, 1, 3), (40.6, -1, 2), (5, -1, 2)])
def test_fruit_is_caught_if_it_touches_the_paddle(fruit_x, reward, lives):
    state, rewards, terminated, landed = catcher_step(game(fruit_x=fruit_x, fruit_y=CATCH_Y - 2.0), np.array([1]))
    assert (rewards[0], state[0, 4], landed[0], terminated[0]) == (reward, lives, True, False)
    assert state[0, 2:4].tolist() == [10, 0]  # the next fruit


def test_third_miss_ends_the_game():
    _, rewards, terminated, _ = catcher_step(game(fruit_x=60, fruit_y=58.0, lives=1.0), np.array([1]))
    assert (rewards[0], terminated[0]) == (-1, True)


def test_dynamics_leave_their_input_alone():
    state = game()
    catcher_step(state, np.array([2]))
    assert (state == game()).all()


def random_games(rng, number):
    """States as games reach them, walls and the last moment before a landing among them."""
    state = rng.uniform((6.5, -12, 2, 0, 1, 2), (57.5, 12, 62, 30, 4, 62), (number, 6))
    state[:, 3] = 2 * np.floor(state[:, 3])  # a fruit falls two pixels a step, from 0 to 58
    state[:, 4] = np.floor(state[:, 4])
    return state


@pytest.mark.parametrize("how", ["tensors", "graph", "XLA"])
def test_dynamics_and_pictures_are_the_same_inside_a_graph(how):
    tf = pytest.importorskip("tensorflow")
    xp = tf.experimental.numpy

    def step_and_draw(state, action):
        next_state, *rest = catcher_step(state, action, xp)
        return next_state, *rest, draw_catcher(next_state, xp)

    if how != "tensors":
        step_and_draw = tf.function(step_and_draw, jit_compile=how == "XLA")
    rng = np.random.default_rng(0)
    for _ in range(4):
        state, action = random_games(rng, 256), rng.integers(3, size=256)
        next_state, reward, terminated, landed = catcher_step(state, action)
        assert landed.any()
        assert terminated.any()
        for dtype in (np.float64, np.float32):
            tensors = step_and_draw(tf.constant(state, dtype), tf.constant(action))
            assert [t.dtype for t in tensors] == [dtype, dtype, tf.bool, tf.bool, tf.uint8]
            if dtype == np.float32:  # more than this would be luck: what touches or not may hang on the last bit
                np.testing.assert_allclose(tensors[0][:, 3], next_state[:, 3], rtol=1e-6)
                continue
            for tensor, array in zip(tensors, (next_state, reward, terminated, landed), strict=False):
                np.testing.assert_allclose(tensor.numpy(), array, rtol=1e-6)
            np.testing.assert_array_equal(tensors[4].numpy(), draw_catcher(tensors[0].numpy()))


@pytest.mark.parametrize("name", ["Catcher-v0", "CatcherState-v0"])
def test_vector_form_equals_scalar_form_step_by_step(name):
    """Through ends and resets: 3 games of 700 random steps, of which some end by misses and some by the limit."""
    vector = gym.make_vec(name, num_envs=3)
    scalars = [gym.make(name) for _ in range(3)]
    obs, _ = vector.reset(seed=10)
    for i, env in enumerate(scalars):
        np.testing.assert_array_equal(obs[i], env.reset(seed=10 + i)[0])
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(700):
        actions = rng.integers(3, size=3)
        actions[2] = catcher_oracle(vector.state)[2]  # one that reaches the limit
        obs, rewards, terminated, truncated, info = vector.step(actions)
        for i, env in enumerate(scalars):
            one_obs, *rest = env.step(actions[i])
            assert rest[:3] == [rewards[i], terminated[i], truncated[i]]
            if terminated[i] or truncated[i]:
                ends += 1
                assert info["_final_obs"][i]
                np.testing.assert_array_equal(info["final_obs"][i], one_obs)
                one_obs, _ = env.reset()
            np.testing.assert_array_equal(obs[i], one_obs)
    assert ends >= 5


def test_oracle_catches_all_sixteen_and_chance_loses():
    vector = CatcherVector(200, obs_type="state")
    returns = {}
    for name in ("oracle", "chance"):
        vector.reset(seed=0)
        rng = np.random.default_rng(0)
        total, alive = np.zeros(200), np.ones(200, bool)
        for _ in range(500):
            actions = catcher_oracle(vector.state) if name == "oracle" else rng.integers(3, size=200)
            _, rewards, terminated, truncated, _ = vector.step(actions)
            total += rewards * alive
            alive &= ~(terminated | truncated)
        assert not alive.any()
        returns[name] = total
    assert (returns["oracle"] == 16).all()
    assert returns["chance"].mean() < -1  # -1.8, with a standard error of 0.1


def test_no_action_brings_the_paddle_nearer_to_where_its_fruit_lands_than_the_oracle_s():
    """All three are tried in 300 random states, each followed by waiting, except where a wall stops the paddle."""
    state = random_games(np.random.default_rng(0), 300)
    state[:, 1] /= 4  # slow enough not to meet a wall for the most part
    distances, free = np.full((300, 3), np.nan), np.ones(300, bool)
    for first in range(3):
        games = state.copy()
        for t in range(30):  # by then every fruit has landed
            flying = np.isnan(distances[:, first])
            games, _, _, landed = catcher_step(games, np.full(300, 1 if t else first))
            free &= ~flying | (np.abs(games[:, 0] - 32) < 25.5)
            distances[flying & landed, first] = np.abs(games[:, 0] - state[:, 2])[flying & landed]
    of_oracle = distances[np.arange(300), catcher_oracle(state)]
    assert of_oracle[free] == pytest.approx(distances.min(axis=1)[free], abs=1e-9)
    assert free.sum() > 150


def test_picture_shows_fruit_paddle_and_lives():
    env = Catcher(render_mode="rgb_array")
    obs, _ = env.reset(seed=0)
    assert obs.shape == (64, 64, 3)
    np.testing.assert_array_equal(obs, env.render())
    colours = {tuple(colour) for colour in obs.reshape(-1, 3)}
    assert len(colours) == 4
    after, *_ = env.step(1)
    assert (after != obs).any()


def test_pictures_of_many_games_are_those_drawn_rectangle_by_rectangle():
    """Night, lives, paddle and fruit, one over the other, as a painter would."""
    state = random_games(np.random.default_rng(0), 500)
    state[::7, 4] = 0
    state[0] = (32, 0, 32, 58, 3, 10)  # as a game starts, with half a pixel to round; the fruit before the paddle
    for (paddle_x, _, fruit_x, fruit_y, lives, _), picture in zip(state, draw_catcher(state), strict=True):
        expected = np.full((64, 64, 3), (17, 20, 28), np.uint8)
        for life in range(int(lives)):
            expected[1:3, 1 + 4 * life : 4 + 4 * life] = (110, 130, 160)
        paddle, fruit, top = (int(np.rint(number)) for number in (paddle_x - 6.5, fruit_x - 2, fruit_y))
        expected[60:63, paddle : paddle + 13] = (224, 240, 255)
        expected[top : top + 4, fruit : fruit + 4] = (255, 183, 77)
        np.testing.assert_array_equal(picture, expected)


def test_numbers_stay_within_their_space():
    vector = gym.make_vec("CatcherState-v0", num_envs=8)
    obs, _ = vector.reset(seed=1)
    rng = np.random.default_rng(1)
    for _ in range(300):
        assert vector.observation_space.contains(obs)
        obs, *_ = vector.step(rng.integers(0, 3, size=8) // 2 * 2)  # pushes only: the greatest speeds


def test_unknown_observation_and_action_are_refused():
    with pytest.raises(ValueError, match="obs_type must be 'rgb' or 'state'; got 'smell'"):
        Catcher(obs_type="smell")
    env = Catcher()
    env.reset()
    with pytest.raises(ValueError, match="action 3 does not exist"):
        env.step(3)


def test_vector_form_refuses_what_does_not_fit_its_games():
    vector = CatcherVector(2, obs_type="state")
    vector.reset(seed=0)
    for actions in ([1], [1, 3], [0.5, 1], [[1, 1]]):
        with pytest.raises(ValueError, match="actions must be 2 numbers 0, 1 or 2"):
            vector.step(actions)
    with pytest.raises(ValueError, match="there are 2 games; got 3 seeds"):
        vector.reset(seed=[1, 2, 3])
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        CatcherVector(0)


# -- delayed ---------------------------------------------------------------------------------------------------------


def delayed_game(caught=0.0, **changes):
    return np.column_stack([game(**changes), [caught]])


@pytest.mark.parametrize(
    ("changes", "reward", "over", "caught"),
    [
        ({"fruit_y": 10.0, "caught": 5.0}, 0, False, 5),  # it still falls
        ({"caught": 5.0, "lives": 2.0}, 0, False, 6),  # caught, and nothing is paid yet
        ({"caught": 5.0, "lives": 1.0, "fruit_x": 5.0}, 5 - 3, True, 5),  # the third miss
        ({"caught": 15.0}, 16, True, 16),  # the sixteenth fruit
        ({"caught": 14.0, "lives": 2.0}, 15 - 1, True, 15),
        ({"caught": 13.0, "lives": 2.0, "fruit_x": 5.0}, 0, False, 13),  # the fifteenth
        ({"caught": 13.0, "lives": 1.0, "fruit_x": 5.0}, 13 - 3, True, 13),  # the last life and the last fruit
    ],
)
def test_delayed_score_is_paid_in_one_sum_when_the_game_is_over(changes, reward, over, caught):
    state = delayed_game(**({"fruit_y": CATCH_Y - 2.0} | changes))
    next_state, rewards, terminated, _ = delayed_catcher_step(state, np.array([1]))
    assert (rewards[0], terminated[0], next_state[0, 6]) == (reward, over, caught)
    np.testing.assert_array_equal(next_state[:, :6], catcher_step(state[:, :6], np.array([1]))[0])


def test_delayed_dynamics_are_the_same_inside_a_graph():
    tf = pytest.importorskip("tensorflow")
    step = tf.function(lambda state, action: delayed_catcher_step(state, action, tf.experimental.numpy))
    rng = np.random.default_rng(0)
    state = np.column_stack([random_games(rng, 256), rng.integers(14, size=256)])
    action = rng.integers(3, size=256)
    for dtype in (np.float64, np.float32):
        for one, other in zip(step(state.astype(dtype), action), delayed_catcher_step(state, action), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "action", "contacts"),
    [
        ({}, 1, (False, False, False)),
        ({"fruit_y": 58.0}, 1, (True, False, False)),
        ({"fruit_y": 58.0, "fruit_x": 5.0}, 1, (False, True, False)),
        ({"paddle_x": 7.0, "paddle_v": -5.0}, 0, (False, False, True)),
        ({"paddle_x": 57.0}, 2, (False, False, True)),
        ({"paddle_x": 6.5}, 0, (False, False, False)),  # it was there already
        ({"paddle_x": 6.5}, 2, (False, False, False)),
        ({"paddle_x": 7.0, "fruit_y": 58.0, "lives": 1.0}, 0, (False, True, True)),  # both, as the game ends
    ],
)
def test_contacts_by_hand(changes, action, contacts):
    state = game(**changes)
    next_state, *_ = catcher_step(state, np.array([action]))
    assert catcher_contacts(state, next_state).tolist() == [list(contacts)]


@pytest.mark.parametrize("name", ["DelayedCatcher-v0", "DelayedCatcherState-v0"])
def test_delayed_games_are_those_of_catcher_but_for_when_they_pay(name):
    """The same seeds and actions; contacts count up to the score, which is paid at the end alone."""
    delayed, plain = (gym.make_vec(each, num_envs=4) for each in (name, name.removeprefix("Delayed")))
    obs, _ = delayed.reset(seed=10)
    np.testing.assert_array_equal(obs, plain.reset(seed=10)[0])
    rng, total, ends = np.random.default_rng(0), np.zeros(4), 0
    for _ in range(480):
        actions = rng.integers(3, size=4)
        actions[3] = catcher_oracle(plain.state)[3]  # one that catches all sixteen
        obs, reward, terminated, truncated, info = delayed.step(actions)
        _, points, *_ = plain.step(actions)
        caught, missed, _ = info["contacts"].T
        np.testing.assert_array_equal(1.0 * caught - missed, points)
        total += points
        np.testing.assert_array_equal(reward, np.where(terminated, total, 0))
        total[terminated] = 0
        ends += terminated.sum()
        assert not truncated.any()
    assert ends > 4
    assert (reward[3], terminated[3]) == (16, True)  # at step 480


def test_a_delayed_game_and_many_are_the_same_and_other_games_tell_no_contacts():
    vector, single = gym.make_vec("DelayedCatcherState-v0", num_envs=1), gym.make("DelayedCatcherState-v0")
    vector.reset(seed=3)
    single.reset(seed=3)
    rng = np.random.default_rng(1)
    for _ in range(300):
        action = int(rng.integers(3))
        _, rewards, terminated, _, infos = vector.step([action])
        obs, *rest, info = single.step(action)
        assert rest == [rewards[0], terminated[0], False]
        np.testing.assert_array_equal(info["contacts"], infos["contacts"][0])
        if terminated[0]:
            np.testing.assert_array_equal(infos["final_obs"][0], obs)
            single.reset()
    plain = gym.make("CatcherState-v0")
    plain.reset(seed=0)
    assert plain.step(1)[4] == {}


def test_a_delayed_game_goes_on_where_it_was_saved():
    from worlds.saving import load_world, world_state

    env, other = (gym.make_vec("DelayedCatcherState-v0", num_envs=2) for _ in range(2))
    env.reset(seed=0)
    other.reset(seed=9)
    for _ in range(100):
        env.step([0, 1])
    load_world(other, world_state(env))
    for _ in range(100):
        for one, same in zip(env.step([1, 2])[:4], other.step([1, 2])[:4], strict=True):
            np.testing.assert_array_equal(one, same)
