"""Demonstrations: what is written is read, and nothing is read that could not have happened."""

import json

import pytest

from environment import GridWorld
from framework.tabular.demonstrations import FORMAT, Demonstration, Demonstrations, read_demonstrations
from framework.tabular.demonstrations import write_demonstrations as write

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
