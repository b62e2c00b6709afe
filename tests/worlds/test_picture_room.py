"""The room as a picture: its pixels, moves and sentences by hand, its two forms, and a shortest way."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment  # noqa: F401, registers the room
from worlds.picture_room import (
    ANY_ROOM,
    FLOOR,
    GOAL,
    INK,
    LENGTH,
    LIMIT,
    NEAR_GOAL,
    NEAR_OTHER,
    NOTHING,
    OTHER,
    SENTENCES,
    STAY,
    THINGS,
    WORDS,
    PictureRoom,
    PictureRoomVector,
    draw_picture_room,
    draw_rooms,
    everywhere,
    free_cells,
    is_near,
    picture_room_oracle,
    picture_room_step,
    say,
    scattered,
    see_picture_room,
    thing_number,
    words_of,
)

# The robot at (2, 3); the goal, a yellow box, at (4, 3); a red cup at (0, 0); no step yet.
ROOM = np.array([[2, 3, 4, 3, 13, 0, 0, 2, 0]])
UP, RIGHT, DOWN, LEFT = range(4)


def test_a_picture_has_a_cell_of_four_by_four_pixels_for_each_thing():
    picture = see_picture_room(ROOM)[0]
    assert picture.shape == (32, 32, 3)
    assert (picture[12:16, 16:20] == (240, 190, 20)).all()  # the box
    cup = (picture[0:4, 0:4] == (200, 45, 40)).all(axis=-1)
    assert cup.astype(int).tolist() == [[1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]
    robot = (picture[12:16, 8:12] == INK).all(axis=-1)
    assert robot.astype(int).tolist() == [[0, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 0], [1, 0, 0, 1]]
    assert (picture == FLOOR).all(axis=-1).sum() == 32 * 32 - 16 - 10 - 10


def test_all_things_look_different():
    rooms = np.repeat(ROOM, len(THINGS), axis=0)
    rooms[:, 4] = np.arange(len(THINGS))
    assert len({picture.tobytes() for picture in see_picture_room(rooms)}) == len(THINGS)


def test_moves_by_hand_walls_and_things_are_in_the_way_and_near_pays_at_each_step():
    room, paid = ROOM, []
    for action in (RIGHT, RIGHT, UP, RIGHT, RIGHT, UP, UP, UP, UP):
        room, reward = picture_room_step(room, np.array([action]))
        paid.append((*room[0, :2].tolist(), float(reward[0])))
    assert paid == [
        (3, 3, 1), (3, 3, 1), (3, 2, 1), (4, 2, 1), (5, 2, 1), (5, 1, 0), (5, 0, 0), (5, 0, 0), (5, 0, 0),
    ]  # fmt: skip
    assert room[0, -1] == 9
    assert ROOM[0].tolist() == [2, 3, 4, 3, 13, 0, 0, 2, 0]  # what was passed stays as it was


def test_rooms_are_drawn_as_they_are_asked_for_and_the_robot_is_never_near_both():
    rng, kinds = np.random.default_rng(0), np.arange(3_000) % 3
    rooms = draw_rooms(rng, np.full(3_000, 13), kinds, (2, 3, 13))
    assert is_near(rooms, GOAL).tolist() == (kinds == NEAR_GOAL).tolist()
    assert is_near(rooms, OTHER).tolist() == (kinds == NEAR_OTHER).tolist()
    assert set(rooms[:, 4]) == {13}
    assert set(rooms[:, 7]) == {2, 3}  # what the goal is, the other thing is not
    assert np.abs(rooms[:, 2:4] - rooms[:, 5:7]).max(axis=1).min() >= 3
    moved = scattered(rng, rooms)
    assert len(np.unique(moved[:, :2], axis=0)) == 64
    assert not (is_near(moved, GOAL) & is_near(moved, OTHER)).any()
    assert (moved[:, 2:] == rooms[:, 2:]).all()
    for thing in (GOAL, OTHER):
        assert (moved[:, :2] != moved[:, thing][:, :2]).any(axis=1).all()


def test_everywhere_has_the_robot_on_each_cell_and_two_are_not_free():
    states, free = everywhere(ROOM)[0], free_cells(ROOM)[0]
    assert states[8 * 5 + 7, :2].tolist() == [7, 5]
    assert (states[:, 2:] == ROOM[0, 2:]).all()
    assert np.flatnonzero(~free).tolist() == [0, 8 * 3 + 4]


def test_what_is_said_is_true_and_names_what_the_robot_is_near():
    rng = np.random.default_rng(0)
    rooms = draw_rooms(rng, rng.integers(16, size=6_000), np.arange(6_000) % 3)
    said = [SENTENCES[number] for number in say(rng, rooms)]
    plain = [sentence == ANY_ROOM for sentence in said]
    assert np.mean(plain) == pytest.approx(0.2, abs=0.02)
    for sentence, kind, goal, other in zip(said, np.arange(6_000) % 3, rooms[:, 4], rooms[:, 7], strict=True):
        names = [THINGS[goal], THINGS[other]]
        if sentence == ANY_ROOM:
            continue
        if kind == NOTHING:
            assert sentence.removeprefix("the robot is away from the ") in names
        else:
            start, _, name = sentence.rpartition(" the ")
            assert start in ("the robot is near", "the robot is next to", "the robot is close to")
            assert name == names[kind - 1]
    ways = [sentence.rpartition(" the ")[0] for sentence in said]
    assert min(ways.count(f"the robot is {way}") for way in ("near", "next to", "close to")) > 1_000


def test_sentences_are_words_filled_up_and_an_unknown_word_is_refused():
    words = words_of(["the robot is near the yellow box", ANY_ROOM])
    assert words.shape == (2, LENGTH)
    assert [WORDS[word] for word in words[0]] == ["the", "robot", "is", "near", "the", "yellow", "box", ""]
    assert len(np.unique(words_of(SENTENCES), axis=0)) == len(SENTENCES)
    with pytest.raises(ValueError, match="nobody here knows the word purple"):
        words_of(["the robot is near the purple box"])
    with pytest.raises(ValueError, match="too long"):
        words_of(["a a a a a a a a a"])


def test_the_oracle_takes_a_shortest_way_and_then_stays():
    rng = np.random.default_rng(1)
    rooms = scattered(rng, draw_rooms(rng, rng.integers(16, size=300), np.zeros(300, int)))
    # As many steps as to the square of three around the goal; a step or two more round the other thing.
    least = np.maximum(np.abs(rooms[:, :2] - rooms[:, 2:4]) - 1, 0).sum(axis=1)
    steps, state = np.zeros(300, int), rooms
    for _ in range(LIMIT):
        going = ~is_near(state, GOAL)
        steps += going
        action = picture_room_oracle(state)
        assert ((action == STAY) == ~going).all()
        state, _ = picture_room_step(state, action)
    assert is_near(state, GOAL).all()
    assert set(steps - least) <= {0, 1, 2}
    assert (steps == least).mean() > 0.95


def test_the_oracle_goes_round_what_is_in_the_way():
    room = np.array([[0, 7, 0, 3, 13, 0, 6, 2, 0]])  # the red cup is between the robot and the yellow box
    assert picture_room_oracle(room).tolist() == [RIGHT]


def test_the_vector_form_is_many_single_rooms():
    rooms, singles = PictureRoomVector(3), [gym.make("PictureRoom-v0") for _ in range(3)]
    rng, obs = np.random.default_rng(0), rooms.reset(seed=5)[0]
    assert np.array_equal(obs, [env.reset(seed=5 + i)[0] for i, env in enumerate(singles)])
    for _ in range(45):
        actions = rng.integers(5, size=3)
        obs, reward, terminated, truncated, info = rooms.step(actions)
        for i, env in enumerate(singles):
            last, paid, ended, cut, _ = env.step(int(actions[i]))
            assert (paid, ended, cut) == (reward[i], terminated[i], truncated[i])
            if cut:
                assert np.array_equal(info["final_obs"][i], last)
                last, _ = env.reset()
            assert np.array_equal(obs[i], last)


def test_it_passes_the_checks_of_gymnasium_and_the_same_seed_gives_the_same_room():
    check_env(PictureRoom(render_mode="rgb_array"), skip_render_check=True)
    one, other = PictureRoom(goal="red key"), PictureRoom(goal="red key")
    assert np.array_equal(one.reset(seed=3)[0], other.reset(seed=3)[0])
    assert not np.array_equal(one.reset()[0], other.reset(seed=4)[0])
    assert THINGS[one.state[0, 4]] == "red key"


def test_the_larger_picture_shows_the_goal_in_a_frame():
    picture = draw_picture_room(ROOM)[0]
    assert picture.shape == (384, 384, 3)
    assert picture[3 * 48 + 24, 4 * 48 + 24].tolist() == [240, 190, 20]
    assert picture[3 * 48 + 24, 2 * 48 + 24].tolist() == list(INK)
    assert picture[3 * 48 + 2, 4 * 48 + 24].tolist() == list(INK)
    assert picture[2, 24].tolist() != list(INK)
    rooms = np.repeat(ROOM, len(THINGS), axis=0)
    rooms[:, 7] = np.arange(len(THINGS))
    assert len({each[:48, :48].tobytes() for each in draw_picture_room(rooms)}) == len(THINGS)


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match=r"a thing is a colour .* and a noun .*; got 'pink box'"):
        PictureRoom(goal="pink box")
    assert thing_number("red ball") == 0
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        PictureRoomVector(0)
    room = PictureRoom()
    room.reset(seed=0)
    with pytest.raises(ValueError, match="actions are 0 up"):
        room.step(5)
    with pytest.raises(ValueError, match="actions must be 2 numbers from 0 to 4"):
        PictureRoomVector(2).step([0, 5])
    with pytest.raises(ValueError, match="there are 2 rooms; got 3 seeds"):
        PictureRoomVector(2).reset(seed=[1, 2, 3])
