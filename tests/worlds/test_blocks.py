"""Blocks told in words: how many states there are, moves by hand, texts there and back, shortest plans, the world."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment  # noqa: F401, registers the world
from worlds.blocks import (
    COLOURS,
    Blocks,
    blocks_step,
    draw_blocks,
    is_clear,
    legal_moves,
    satisfied,
    say_move,
    see_blocks,
    table_of,
    text_of,
)

TABLE, HAND = 4, 5  # places, of four blocks
TOWER = np.array([[1, 2, TABLE, TABLE]])  # red on blue on green; yellow beside


def move(block, place):
    return np.array([COLOURS.index(block) * 6 + place])


@pytest.mark.parametrize(("blocks", "states", "pairs"), [(3, 22, 42), (4, 125, 272), (5, 866, 2_090)])
def test_there_are_so_many_states_and_moves(blocks, states, pairs):
    table = table_of(blocks)
    assert (len(table.states), len(table.pairs)) == (states, pairs)
    assert (table.next[~table.legal] == -1).all()
    assert len(np.unique(table.states, axis=0)) == states


def test_all_states_are_those_that_moves_lead_to():
    """From all blocks on the table, by moves alone: no state is missing, and none is impossible."""
    table = table_of(4)
    known, new = set(), {int(table.number(np.full((1, 4), TABLE))[0])}
    while new:
        known |= new
        new = {int(after) for state in new for after in table.next[state] if after >= 0} - known
    assert known == set(range(125))


def test_moves_by_hand():
    state = blocks_step(TOWER, move("red", HAND))
    assert state.tolist() == [[HAND, 2, TABLE, TABLE]]
    assert is_clear(state).tolist() == [[True, True, False, True]]
    state = blocks_step(state, move("red", COLOURS.index("yellow")))
    assert state.tolist() == [[3, 2, TABLE, TABLE]]
    assert satisfied(state, TOWER).tolist() == [3]
    assert TOWER.tolist() == [[1, 2, TABLE, TABLE]]


@pytest.mark.parametrize(
    ("state", "block", "place"),
    [
        (TOWER, "blue", HAND),  # red stands on it
        (TOWER, "red", 3),  # it is not in the hand
        (np.array([[HAND, 2, TABLE, TABLE]]), "yellow", HAND),  # the hand is full
        (np.array([[HAND, 2, TABLE, TABLE]]), "red", 2),  # blue stands there
        (np.array([[HAND, 2, TABLE, TABLE]]), "red", 0),  # on itself
    ],
)
def test_what_is_not_legal_changes_nothing(state, block, place):
    assert not legal_moves(state)[0, move(block, place)]
    assert np.array_equal(blocks_step(state, move(block, place)), state)


def test_every_move_can_be_taken_back():
    for blocks in (3, 4, 5):
        table = table_of(blocks)
        for state, action in table.pairs[::7]:
            assert state in table.next[table.next[state, action]]


def test_a_state_and_a_move_are_texts():
    state = blocks_step(TOWER, move("red", HAND))
    assert text_of(see_blocks(state)[0]) == "red in hand , blue on green , green on table , yellow on table ,"
    moves = np.concatenate([move("red", HAND), move("red", TABLE), move("red", 3)])
    told = ["take red in hand :", "put red on table :", "put red on yellow :"]
    assert [text_of(text) for text in say_move(moves, 4)] == told


def test_texts_are_read_word_by_word():
    table = table_of(4)
    assert np.array_equal(table.read(table.texts), np.arange(125))
    assert len(np.unique(table.texts, axis=0)) == 125
    wrong = np.repeat(table.texts[:1], table.texts.shape[1], axis=0)
    places = np.arange(len(wrong))
    wrong[places, places] = (wrong[places, places] + 1) % 15  # one word is another one
    assert (table.read(wrong) == -1).all()


def test_the_oracle_needs_so_many_moves():
    table = table_of(4)
    start, goal = table.number(np.array([[1, 2, TABLE, TABLE], [TABLE, 0, 1, TABLE]]))  # a tower upside down
    assert table.moves_to(goal)[start] == 6  # red, blue and green, each taken and put once
    for number in range(0, 125, 9):
        moves, state = table.moves_to(number), 7
        assert moves[number] == 0
        plan = table.shortest(state, number)
        for action in plan:
            assert table.legal[state, action]
            state = table.next[state, action]
        assert (state, len(plan)) == (number, moves[7])


def test_tasks_are_as_long_as_asked_and_begin_and_end_with_an_empty_hand():
    table, rng = table_of(5), np.random.default_rng(0)
    for _ in range(20):
        start, goal, moves = table.task(rng, (6, 10))
        assert moves in (6, 8, 10)
        assert len(table.shortest(start, goal)) == moves
        assert (table.states[[start, goal]] <= 5).all()


def test_the_world_is_gymnasiums_and_the_same_seed_gives_the_same_task():
    env = gym.make("Blocks-v0", render_mode="rgb_array")
    check_env(env.unwrapped, skip_render_check=True)
    one, other = env.reset(seed=3)[0], env.reset(seed=3)[0]
    assert np.array_equal(one, other)
    assert not np.array_equal(one, env.reset(seed=4)[0])
    world = env.unwrapped
    plan = world.table.shortest(world.now, world.goal)
    for action in plan[:-1]:
        obs, reward, terminated, *_ = env.step(action)
        assert (reward, terminated) == (0, False)
    obs, reward, terminated, _, info = env.step(plan[-1])
    assert (reward, terminated, info["moves"]) == (1, True, 0)
    assert np.array_equal(obs[:16], obs[17:])


def test_the_world_refuses_to_move_what_is_not_legal_and_says_what_is():
    env = Blocks(5)
    obs, info = env.reset(seed=0)
    assert np.array_equal(env.step(int(np.flatnonzero(info["action_mask"] == 0)[0]))[0], obs)
    assert not np.array_equal(env.step(int(np.flatnonzero(info["action_mask"])[0]))[0], obs)


def test_a_picture_shows_the_piles_and_the_hand():
    one, other = (draw_blocks(state)[:, :, :] for state in (TOWER[0], np.array([HAND, 2, TABLE, TABLE])))
    assert one.shape == other.shape == (448, 352, 3)
    red = np.array([178, 24, 43])
    rows = [np.flatnonzero((picture == red).all(axis=2).any(axis=1)).mean() for picture in (one, other)]
    assert rows[1] < 100 < rows[0]
    assert not np.array_equal(draw_blocks(TOWER[0]), draw_blocks(TOWER[0], TOWER[0]))


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match="blocks must be 3, 4 or 5; got 6"):
        table_of(6)
    with pytest.raises(ValueError, match="from 2 to 12; got \\(7, 7\\)"):
        Blocks(4, (7, 7))
    with pytest.raises(ValueError, match="an action is a number from 0 to 23; got 24"):
        Blocks(4).step(24)
    with pytest.raises(ValueError, match="render_mode must be"):
        Blocks(4, render_mode="ansi")
