"""Demonstrations: what is written is read, and nothing is read that could not have happened."""

import json

import numpy as np
import pytest

from environment import GridWorld
from framework.tabular.demonstrations import FORMAT, Demonstration, Demonstrations, read_demonstrations
from framework.tabular.demonstrations import write_demonstrations as write
from framework.tabular.world import make_world

STEPS = [[8, 0, -0.04, 4], [4, 0, -0.04, 0], [0, 1, -0.04, 1], [1, 1, 0.5, 2], [2, 1, 1.0, 3]]
PAGE = {
    "format": FORMAT,
    "maze": "maze=...T/.B.D/S...&rewards=1.3:0.5&prob=0.8&gamma=0.9&step_reward=-0.04",
    "gamma": 0.9,
    "episodes": [{"seed": 5, "steps": STEPS, "terminated": True}, {"seed": None, "steps": [], "terminated": False}],
}


def saved(tmp_path, data):
    path = tmp_path / "shown.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_the_file_of_the_page_is_read(tmp_path):
    shown = read_demonstrations(saved(tmp_path, PAGE))
    assert (shown.gamma, shown.env.entry_reward[2], shown.env.move_prob) == (0.9, 0.5, 0.8)
    assert shown.episodes[0] == Demonstration(5, tuple(map(tuple, STEPS)), True)
    assert shown.episodes[1] == Demonstration(None, (), False)


def test_what_is_written_is_read_again(tmp_path):
    env = GridWorld([[0, 1], [0, 0]], 0.6, rewards={(1, 1): -0.5})
    episode = Demonstration(1, ((2, 1, -0.5, 3), (3, 0, 1.0, 1)), True)
    write(tmp_path / "new" / "shown.json", Demonstrations(env, 0.5, (episode,)))
    again = read_demonstrations(tmp_path / "new" / "shown.json")
    assert (again.env.link, again.gamma, again.episodes) == (env.link, 0.5, (episode,))


def test_an_open_goal_slips_and_a_cut_episode_are_read_again(tmp_path):
    """Numbers of NumPy, as a program has them, become plain ones; what is around the maze is left away."""
    env = make_world("", maze="maze=S..&rewards=1.3:1&prob=0.5&step_reward=0")
    state, _ = env.reset(seed=0)
    steps = []
    for _ in range(50):
        next_state, reward, terminated, _, _ = env.step(1)
        steps.append((np.int64(state), np.int32(1), np.float32(reward), np.int64(next_state)))
        state = next_state
    shown = (Demonstration(np.int64(3), tuple(steps), np.bool_(terminated)),)
    write(tmp_path / "shown.json", Demonstrations(env, 0.9, shown))
    again = read_demonstrations(tmp_path / "shown.json")
    assert (again.episodes, again.env.entry_reward.tolist()) == (shown, [0, 0, 1])
    assert {step[2] for step in steps} == {0, 1}
    assert again.episodes[0].terminated is False


@pytest.mark.parametrize(
    ("env", "steps", "sentence"),
    [
        (GridWorld(), ((8, 0, -0.04, 0),), "step 1 of episode 1 leads from state 8 to 0; action 0 cannot lead there"),
        (GridWorld(), ((4, 0, -0.04, 0),), "step 1 of episode 1 begins in state 4; the agent was in state 8"),
        (GridWorld(start=(0, 3)), (), "a link cannot hold a maze whose start, at row 0, column 3, is an end"),
        (make_world("FrozenLake-v1"), (), "demonstrations are written of a maze, a GridWorld; got FrozenLakeEnv"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(env, steps, sentence, tmp_path):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        write(tmp_path / "shown.json", Demonstrations(env, 0.9, (Demonstration(0, steps, False),)))
    assert list(tmp_path.iterdir()) == []


def episode(steps, terminated=False):
    return {"episodes": [{"seed": 1, "steps": steps, "terminated": terminated}]}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("{", "it holds no JSON"),
        ("[" * 100_000, "it holds no JSON"),
        ([], 'its "format" must be'),
        ({**PAGE, "format": "2"}, 'its "format" must be "nanoka-demonstrations-1"'),
        ({**PAGE, "maze": 5}, 'its "maze" must be a link of the simulator'),
        ({**PAGE, "maze": "." * 30_000}, "of at most 20,000 letters"),
        ({**PAGE, "maze": "..X"}, "the maze of the link has the letter 'X'"),
        ({**PAGE, "gamma": True}, 'its "gamma" must be a number from 0 to 1'),
        ({**PAGE, "episodes": {}}, 'its "episodes" must be a list'),
        ({**PAGE, "episodes": [5]}, "episode 1 must have a seed"),
        ({**PAGE, **episode([[8, 0, -0.04]])}, r"step 1 of episode 1 must be \[state, action, reward, next_state\]"),
        ({**PAGE, **episode([[0, 0, -0.04, 0]])}, "step 1 of episode 1 begins in state 0; the agent was in state 8"),
        ({**PAGE, **episode([[8, 4, -0.04, 8]])}, "step 1 of episode 1 takes action 4"),
        ({**PAGE, **episode([[8, 0, 1, 4]])}, "step 1 of episode 1 pays 1; in this maze it pays -0.04"),
        ({**PAGE, **episode([[8, 0, 10**400, 4]])}, "step 1 of episode 1 must pay a number"),
        ({**PAGE, **episode([[8, 0, -0.04, 0]])}, "leads from state 8 to 0; action 0 cannot lead there"),
        ({**PAGE, **episode(STEPS)}, "episode 1 says terminated: false, but its steps say otherwise"),
        ({**PAGE, **episode([*STEPS, [3, 0, 0, 3]], True)}, "step 6 of episode 1 comes after the end"),
    ],
)
def test_what_cannot_have_happened_is_refused_in_one_sentence(data, sentence, tmp_path):
    path = saved(tmp_path, data)
    with pytest.raises(ValueError, match=sentence) as error:
        read_demonstrations(path)
    assert str(error.value).startswith(str(path))


def test_a_file_that_is_not_there_gets_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"nothing.json cannot be read"):
        read_demonstrations(tmp_path / "nothing.json")
