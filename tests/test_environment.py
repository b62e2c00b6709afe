"""GridWorld, CoinToss, FrozenLakeEasy: what they accept, how they move, and that model and world agree."""

import tracemalloc
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from environment import BOOK_MAZE, CoinToss, GridWorld, TabularModel, tabular_model

UP, RIGHT, DOWN, LEFT = range(4)


@pytest.mark.parametrize(
    "name",
    [
        "GridWorld-v0",
        "FrozenLakeEasy-v0",
        "Catcher-v0",
        "CatcherState-v0",
        "DelayedCatcherState-v0",
        "ShortcutMaze-v0",
    ],
)
def test_gymnasiums_own_checker_is_content(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(name).unwrapped)


def test_bandit_passes_gymnasiums_checker():
    check_env(CoinToss([0.1, 0.9]), skip_render_check=True)


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        ([], "the grid is empty"),
        ([[]], "the grid is empty"),
        (np.zeros((0, 3)), "the grid is empty"),
        ([[0, 0], [0]], "ragged: row 0 has 2 cells, row 1 has 1"),
        ([[0, 5]], "unknown cell 5 at row 0, column 1; cells are 0"),
        ([[0, 0.5]], "unknown cell 0.5"),
        ([[0, float("nan")]], "unknown cell nan"),
        (np.array([[0, np.nan]]), "unknown cell nan"),
        ([[0, "1"]], "unknown cell '1'"),
        ([[0, None]], "unknown cell None"),
        ([[0, True]], "unknown cell True"),
        ([[[0], [0]]], "the grid|unknown cell"),
        (5, "must be a list of rows"),
        ([0, 1], "must be a list of rows"),
        ([[9, 0]], "start on a block, at row 0, column 0"),
        (np.array([["0", "1"]]), "unknown cell '0'"),
    ],
)
def test_malformed_grid_is_refused_in_one_sentence(grid, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        GridWorld(grid)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"move_prob": 5}, "move_prob must be a number from 0 to 1; got 5"),
        ({"move_prob": -0.1}, "move_prob must be"),
        ({"move_prob": float("nan")}, "move_prob must be"),
        ({"move_prob": "often"}, "move_prob must be"),
        ({"step_reward": float("inf")}, "step_reward must be a finite number"),
        ({"start": (0, 4)}, "outside the grid of 3 rows and 4 columns"),
        ({"start": (1, 1)}, "start on a block"),
        ({"start": (0.5, 1)}, r"start must be a cell"),
        ({"step_reward": 10**400}, "step_reward must be a finite number"),
        ({"start": 7}, r"start must be a cell \(row, column\)"),
        ({"render_mode": "tv"}, "render_mode must be None or one of"),
    ],
)
def test_malformed_argument_is_refused_in_one_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        GridWorld(BOOK_MAZE, **arguments)


def test_callers_grid_is_copied_and_never_changed():
    grid = [[0, 0, 1], [0, 9, -1]]
    array = np.array(grid)
    for given_grid in (grid, array):
        env = GridWorld(given_grid)
        env.reset(seed=0)
        env.step(UP)
        env.model, env.P, env.render()
    assert grid == [[0, 0, 1], [0, 9, -1]] == array.tolist()
    array[0, 0] = 9
    assert env.grid[0, 0] == 0


def test_moves_worked_by_hand():
    env = GridWorld(BOOK_MAZE, move_prob=1)
    env.reset()
    #        from 8: a wall, up, up, right, right, a block, right into the treasure
    actions = [LEFT, UP, UP, RIGHT, RIGHT, UP, RIGHT]
    states = [8, 4, 0, 1, 2, 2, 3]
    rewards = [-0.04] * 6 + [1.0]
    for action, state, reward in zip(actions, states, rewards, strict=True):
        assert env.step(action) == (state, reward, state == 3, False, {"slipped": False})


def test_slips_go_to_either_side_of_the_way_wanted():
    """Up from the bottom left of the book's maze, at 0.8: to the left is a wall."""
    assert GridWorld().P[8][UP] == [
        (0.8, 4, -0.04, False),
        (pytest.approx(0.1), 8, -0.04, False),
        (pytest.approx(0.1), 9, -0.04, False),
    ]
    assert GridWorld(move_prob=0).P[8][UP] == [(0.5, 8, -0.04, False), (0.5, 9, -0.04, False)]


def test_model_of_p_equals_model_of_arrays():
    for env in (GridWorld(), GridWorld(move_prob=1), GridWorld([[0, -1, 0], [1, 0, 9]], move_prob=0.3)):
        arrays, table = env.model, TabularModel.from_P(env.P)
        V = np.random.default_rng(0).normal(size=env.num_states + 1)
        expected = [(m.prob * V[m.next_state]).sum(axis=2) for m in (arrays, table)]
        np.testing.assert_allclose(*expected, atol=1e-12, err_msg="V[-1] stands for an end in both")
        np.testing.assert_allclose(arrays.reward, table.reward, atol=1e-12)


grids = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(
        st.lists(st.sampled_from([0, 0, 1, -1, 9]), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


@settings(max_examples=100, deadline=None)
@given(grid=grids, move_prob=st.floats(0, 1), data=st.data())
def test_any_rectangle_is_a_world_whose_moves_are_single_steps(grid, move_prob, data):
    rows, cols = len(grid), len(grid[0])
    start = data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, cols - 1)))
    grid[start[0]][start[1]] = 0
    env = GridWorld(grid, move_prob, start=start)
    assert env.reset()[0] == start[0] * cols + start[1]
    for s, actions in env.P.items():
        for outcomes in actions.values():
            assert sum(prob for prob, *_ in outcomes) == pytest.approx(1)
            for _, s_next, reward, terminated in outcomes:
                entered = env.grid.flat[s_next]
                distance = np.abs(np.subtract(divmod(s, cols), divmod(s_next, cols))).sum()
                assert distance <= 1
                assert s_next == s or entered != 9
                if env.grid.flat[s] == 0:
                    assert reward == (entered if entered in (1, -1) else -0.04)
                    assert terminated == (entered in (1, -1))
                else:
                    assert (s_next, reward, terminated) == (s, 0, True)


def test_steps_follow_the_model():
    """20,000 moves up from the bottom left; each outcome within 4 standard errors of its probability."""
    env = GridWorld()
    env.reset(seed=1)
    count = np.zeros(12)
    for _ in range(20_000):
        env.state = 8
        count[env.step(UP)[0]] += 1
    for prob, state, *_ in env.P[8][UP]:
        assert count[state] / 20_000 == pytest.approx(prob, abs=4 * np.sqrt(prob * (1 - prob) / 20_000))


def test_same_seed_same_walk_and_the_global_generator_is_not_touched():
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    walks = []
    for _ in range(2):
        env = GridWorld()
        env.reset(seed=3)
        walks.append([env.step(a % 4)[0] for a in range(50)])
    assert walks[0] == walks[1]
    assert np.random.get_state()[1].tolist() == before


def test_action_that_does_not_exist_is_refused():
    env = GridWorld()
    env.reset()
    with pytest.raises(ValueError, match="action 4 does not exist"):
        env.step(4)


def test_drawings():
    env = GridWorld(render_mode="ansi")
    env.reset()
    assert env.render() == ". . . +\n. # . -\nA . . ."
    picture = GridWorld(render_mode="rgb_array")
    frame = picture.render()
    assert frame.shape == (3 * 48, 4 * 48, 3)
    picture.state = 0
    assert (picture.render() != frame).any()
    window = gym.make("GridWorld-v0", render_mode="human")
    window.reset(seed=0)
    window.step(UP)
    window.close()


def test_million_states_fit_into_a_hundred_megabytes_without_p():
    grid = np.zeros((1000, 1000), np.int8)
    grid[0, -1] = 1
    tracemalloc.start()
    env = GridWorld(grid)
    model = env.model
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert model.next_state.shape == (1_000_000, 4, 3)
    assert held < 80e6
    assert peak < 150e6
    assert "P" not in vars(env)


def test_coins_show_heads_as_often_as_they_should():
    env = CoinToss([0.0, 0.25, 1.0], max_episode_steps=30)
    assert len(env) == 3
    heads = np.zeros(3)
    for coin in range(3):
        env.reset(seed=coin)
        heads[coin] = sum(env.step(coin)[1] for _ in range(10_000)) / 10_000
    assert heads[0] == 0
    assert heads[2] == 1
    assert heads[1] == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 10_000))


def test_bandit_ends_by_truncation_after_its_tosses():
    env = CoinToss([0.5], max_episode_steps=3)
    for _ in range(2):
        env.reset(seed=0)
        assert [env.step(0)[2:4] for _ in range(3)] == [(False, False), (False, False), (False, True)]


@pytest.mark.parametrize(("probs", "steps"), [([], 30), ([1.5], 30), ([float("nan")], 30), ([[0.5]], 30), ([0.5], 0)])
def test_malformed_bandit_is_refused(probs, steps):
    with pytest.raises(ValueError, match="must be"):
        CoinToss(probs, steps)


def test_easy_lake_is_not_slippery_and_has_a_step_limit():
    env = gym.make("FrozenLakeEasy-v0")
    assert env.spec.max_episode_steps == 100
    assert all(len(outcomes) == 1 for actions in env.unwrapped.P.values() for outcomes in actions.values())
    model = tabular_model(env)
    assert model.next_state.shape == (16, 4, 1)


# ------------------------------------------------------------------------------------------
# Rewards of a cell's own
# ------------------------------------------------------------------------------------------

OWN = {(0, 0): 0.5, (0, 3): 0.25, (1, 3): 0.0, (2, 1): -3}


def test_a_reward_of_the_cells_own_is_paid_instead_of_the_usual_one():
    env = GridWorld(rewards=OWN, move_prob=1)
    env.reset(seed=0)
    assert [env.step(action)[1] for action in (RIGHT, LEFT, UP, UP, UP)] == [-3, -0.04, -0.04, 0.5, 0.5]
    assert [env.step(RIGHT)[1:3] for _ in range(3)] == [(-0.04, False), (-0.04, False), (0.25, True)]


def test_own_rewards_are_the_same_in_the_world_in_p_and_in_the_model():
    array = np.full((3, 4), np.nan)
    for cell, reward in OWN.items():
        array[cell] = reward
    for rewards in (OWN, array):
        env = GridWorld(rewards=rewards, move_prob=0.6)
        from_p = TabularModel.from_P(env.P)
        np.testing.assert_allclose(env.model.reward, from_p.reward)
        assert env.entry_reward.tolist() == [0.5, -0.04, -0.04, 0.25, -0.04, 9, -0.04, 0, -0.04, -3, -0.04, -0.04]
    assert GridWorld(rewards={}).rewards is GridWorld(rewards=np.full((3, 4), np.nan)).rewards is None


@pytest.mark.parametrize(
    ("rewards", "sentence"),
    [
        ({(1, 1): 1}, "the block at row 1, column 1 is never entered, so it has no reward"),
        ({(3, 0): 1}, "the reward at row 3, column 0 is outside the grid"),
        ({(0, 0): np.inf}, "the reward at row 0, column 0 must be a finite number"),
        ({5: 1}, r"rewards must be \{\(row, column\): reward\}; got the cell 5"),
        (np.zeros((2, 2)), "rewards must be"),
        (np.full((3, 4), np.inf), "a cell's reward must be a finite number"),
        (0.5, "rewards must be"),
    ],
)
def test_malformed_rewards_are_refused_in_one_sentence(rewards, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        GridWorld(rewards=rewards)
    assert "\n" not in str(error.value)


def test_a_step_tells_whether_the_agent_slipped():
    always, never = GridWorld(move_prob=0), GridWorld(move_prob=1)
    for env, slipped in ((always, True), (never, False)):
        env.reset(seed=0)
        assert env.step(UP)[4] == {"slipped": slipped}


def test_cells_with_a_reward_of_their_own_are_shaded():
    drawn, plain = (GridWorld(render_mode="rgb_array", rewards=rewards).render() for rewards in (OWN, None))
    assert (drawn[10, 10] != plain[10, 10]).any()
    assert (drawn[10, 60] == plain[10, 60]).all()


# ------------------------------------------------------------------------------------------
# Links
# ------------------------------------------------------------------------------------------

LINK = "maze=...T/.B.D/S...&prob=0.7&step_reward=-0.1&rewards=1.2:0.5,3.4:-1"


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        f"{LINK}&mode=learn&epsilon=0.3&from=the future",
        f"http://127.0.0.1:8888/TOKEN/?lang=ja#{LINK}",
        f"#{LINK}".replace("/", "%2F").replace(":", "%3A"),
    ],
)
def test_a_link_holds_the_maze_and_how_it_moves_and_pays(link):
    env = GridWorld.from_link(link)
    assert env.grid.tolist() == np.array(BOOK_MAZE).tolist()
    assert (env.start_state, env.move_prob, env.step_reward) == (8, 0.7, -0.1)
    assert (env.rewards[0, 1], env.rewards[2, 3]) == (0.5, -1)
    again = GridWorld.from_link(env.link)
    assert again.link == env.link
    np.testing.assert_array_equal(again.entry_reward, env.entry_reward)


def test_a_maze_alone_is_a_link_and_arguments_go_before_it():
    env = GridWorld.from_link(".S/.T", move_prob=1)
    assert (env.start_state, env.move_prob, env.step_reward) == (1, 1, -0.04)


@pytest.mark.parametrize(("maze", "start"), [("../..", 2), ("../BT", 0), ("T./T.", 3)])
def test_a_maze_without_a_start_has_the_one_that_the_page_gives_it(maze, start):
    assert GridWorld.from_link(maze).start_state == start


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("..S/.S.", "the maze of the link has 2 starts; it must have one S"),
        ("..X/...", "the maze of the link has the letter 'X'; its letters must be"),
        ("..T/..", "the grid is ragged: row 0 has 3 cells, row 1 has 2"),
        ("", "the link has no maze"),
        ("prob=0.8", "the link has no maze"),
        ("BB/BB", "the agent would start on a block"),
        ("maze=.T/..&prob=most", "prob in the link must be a number from 0 to 1; got 'most'"),
        ("maze=.T/..&prob=2", "prob in the link must be a number from 0 to 1; got '2'"),
        ("maze=.T/..&step_reward=nan", "step_reward in the link must be a finite number"),
        ("maze=.T/..&rewards=11:5", "rewards in the link must be row.column:reward, counted from 1"),
        ("maze=.T/..&rewards=0.1:5", "rewards in the link must be row.column:reward, counted from 1"),
        (f"maze=.T/..&rewards=1.{'9' * 5000}:5", "rewards in the link must be row.column:reward, counted from 1"),
        ("maze=.T/..&rewards=1.1:much", "the reward of the cell 1.1 must be a finite number; got 'much'"),
        ("maze=.T/B.&rewards=2.1:1", "the block at row 1, column 0 is never entered"),
    ],
)
def test_a_malformed_link_is_refused_in_one_sentence(link, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        GridWorld.from_link(link)


@pytest.mark.parametrize("end", [1, -1])
def test_a_link_does_not_lose_the_end_on_which_an_agent_starts(end):
    with pytest.raises(ValueError, match="a link cannot hold a maze whose start, at row 0, column 1, is an end"):
        _ = GridWorld([[0, end]], start=(0, 1)).link
