"""The room that is told in words: its sentences and its dynamics by hand, its two forms, and a shortest way."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment  # noqa: F401, registers the room
from worlds.text_room import (
    FORWARD,
    GOAL,
    LEFT,
    LENGTH,
    LIMIT,
    OTHER,
    RIGHT,
    WORDS,
    TextRoom,
    TextRoomVector,
    draw_text_room,
    relative,
    see_text_room,
    text_of,
    text_room_oracle,
    text_room_step,
)

# At (2, 3), looking up; the goal, a red ball, at (4, 2); a blue key at (0, 5); the goal is told first; no step yet.
ROOM = np.array([[2, 3, 0, 4, 2, 0, 0, 0, 5, 1, 1, 0, 0]])


def turned(times, room=ROOM):
    for _ in range(times):
        room, *_ = text_room_step(room, np.array([RIGHT]))
    return room


def test_a_scene_is_a_sentence_as_seen_by_who_stands_there():
    assert text_of(see_text_room(ROOM)[0]) == (
        "goal go to red ball . red ball 2 right 1 forward , blue key 2 left 2 back ."
    )
    assert text_of(see_text_room(turned(1))[0]).endswith(". red ball 1 left 2 forward , blue key 2 right 2 back .")
    other_first = ROOM.copy()
    other_first[0, 11] = 1
    assert "blue key 2 left 2 back , red ball 2 right 1 forward ." in text_of(see_text_room(other_first)[0])


def test_where_a_thing_is_turns_with_who_looks():
    places = [tuple(int(each[0]) for each in relative(turned(times), GOAL)) for times in range(4)]
    assert places == [(2, 1), (-1, 2), (-2, -1), (1, -2)]
    assert tuple(int(each[0]) for each in relative(ROOM, OTHER)) == (-2, -2)


def test_moves_by_hand_and_walls_hold():
    room, reward, reached = text_room_step(ROOM, np.array([FORWARD]))
    assert (room[0, :3].tolist(), reward[0], reached[0]) == ([2, 2, 0], 0, False)
    room, *_ = text_room_step(room, np.array([LEFT]))
    for _ in range(5):
        room, *_ = text_room_step(room, np.array([FORWARD]))
    assert room[0, :3].tolist() == [0, 2, 3]


def test_the_goal_pays_less_the_longer_the_way():
    room, rewards = ROOM, []
    for action in (FORWARD, RIGHT, FORWARD, FORWARD):
        room, reward, reached = text_room_step(room, np.array([action]))
        rewards.append(float(reward[0]))
    assert rewards == [0, 0, 0, 1 - 0.5 * 4 / LIMIT]
    assert reached[0]


def test_the_oracle_gets_to_every_goal_in_time():
    rooms = TextRoomVector(300)
    rooms.reset(seed=1)
    ended = np.zeros(300, bool)
    for _ in range(LIMIT):
        _, _, terminated, truncated, _ = rooms.step(text_room_oracle(rooms.state))
        ended |= terminated
        assert not truncated.any()
    assert ended.all()


def test_the_vector_form_is_many_single_rooms():
    rooms, singles = TextRoomVector(3), [gym.make("TextRoom-v0") for _ in range(3)]
    rng, obs = np.random.default_rng(0), rooms.reset(seed=5)[0]
    seen = [env.reset(seed=5 + i)[0] for i, env in enumerate(singles)]
    assert np.array_equal(obs, seen)
    for _ in range(60):
        actions = rng.integers(3, size=3)
        obs, reward, terminated, truncated, info = rooms.step(actions)
        for i, env in enumerate(singles):
            last, paid, ended, cut, _ = env.step(int(actions[i]))
            assert (paid, ended, cut) == (reward[i], terminated[i], truncated[i])
            if ended or cut:
                assert np.array_equal(info["final_obs"][i], last)
                last, _ = env.reset()
            assert np.array_equal(obs[i], last)


def test_it_passes_the_checks_of_gymnasium_and_asks_for_balls_only():
    check_env(TextRoom(render_mode="rgb_array"), skip_render_check=True)
    rooms = TextRoomVector(200)
    obs, _ = rooms.reset(seed=0)
    assert obs.shape == (200, LENGTH)
    assert {WORDS[noun] for noun in obs[:, 4]} == {"ball"}
    others, _ = TextRoomVector(200, ("key", "cup")).reset(seed=0)
    assert {WORDS[noun] for noun in others[:, 4]} == {"key", "cup"}
    assert (obs[:, 6:8] != obs[:, 13:15]).any(axis=1).all()  # the other thing is another one


def test_a_picture_shows_who_stands_there_and_both_things():
    picture = draw_text_room(ROOM)[0]
    assert picture.shape == (384, 384, 3)
    assert picture[2 * 64 + 12, 4 * 64 + 30].tolist() == [178, 24, 43]
    assert picture[5 * 64 + 14, 30].tolist() == [33, 102, 172]
    assert picture[3 * 64 + 32, 2 * 64 + 32].tolist() == [34, 34, 34]


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match="nouns must be some of ball, key, box, cup; got hat"):
        TextRoom(nouns=("hat",))
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        TextRoomVector(0)
    room = TextRoom()
    room.reset(seed=0)
    with pytest.raises(ValueError, match="actions are 0 turn left"):
        room.step(3)
    with pytest.raises(ValueError, match="there are 2 rooms; got 3 seeds"):
        TextRoomVector(2).reset(seed=[1, 2, 3])
