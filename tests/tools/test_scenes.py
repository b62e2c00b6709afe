"""The two films: what their shots show, what they count, and a player who sees only pictures."""

from types import SimpleNamespace

import numpy as np
import pytest

from environment import GridWorld
from framework.vector import make_vector
from tools.picture import AGENT, SLIPPED
from tools.scenes import TICK, PixelPlayer, catcher_scene, maze_scene
from worlds.catcher import FRUIT_X, Catcher, catcher_oracle

RIGHT = 1


def planned(num_states):
    """A planner that says after five sweeps: always to the right."""
    V = np.linspace(0, 0.9, num_states)
    sweeps = [SimpleNamespace(number=number, V=V * number / 5) for number in range(1, 6)]
    return SimpleNamespace(V=V, policy=np.full(num_states, RIGHT), sweeps=lambda gamma, threshold: iter(sweeps))


def middle(frame, col):
    """The colour in the middle of a cell of a row of five, which are 136 pixels each, from (20, 60) on."""
    return tuple(frame[60 + 68, int(20 + 136 * (col + 0.5))])


@pytest.mark.parametrize(("quick", "planning"), [(False, [2] * (5 + 12) + [20]), (True, [2] * (2 + 3) + [20])])
def test_a_maze_is_planned_sweep_by_sweep_and_then_walked_in_half_steps(quick, planning):
    env = GridWorld([[0, 0, 0, 0, 1]], move_prob=1)
    shots, told = maze_scene(env, planned(5), 0.95, 0, quick)
    assert told == {"sweeps": 5, "steps": 4, "slips": 0, "reward": 1}
    assert [milliseconds for milliseconds, _ in shots] == [TICK * ticks for ticks in [*planning, *[1] * 8, 35]]
    for (_, draw), col in zip(shots[len(planning) :], [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4], strict=True):
        frame = draw()
        assert (frame.shape, frame.dtype) == ((576, 720, 3), np.uint8)
        assert middle(frame, 0) == middle(frame, col) == AGENT  # a dot where it started, and where it is
        assert col == 4 or middle(frame, col + 0.5) != AGENT
    assert (shots[0][1]() == shots[0][1]()).all()  # a shot may be drawn again, and later ones leave it alone
    assert (shots[0][1]() != shots[1][1]()).any()


def test_slips_are_counted_and_a_walk_that_never_arrives_ends():
    env = GridWorld([[0, 0, 0, 0, 1]], move_prob=1e-12)  # it always slips, against the wall
    shots, told = maze_scene(env, planned(5), 0.95, 0, quick=True)
    assert told == {"sweeps": 5, "steps": 200, "slips": 200, "reward": -0.04}
    assert middle(shots[-2][1](), 0) == SLIPPED


@pytest.mark.parametrize(("quick", "fruits"), [(False, 8), (True, 3)])
def test_the_same_fruit_fall_for_all_players_also_when_one_has_lost_its_lives(quick, fruits):
    seen = {"knows": [], "left": []}

    def knows(state):
        seen["knows"].append(state[0, FRUIT_X])
        return catcher_oracle(state)[0]

    def left(state):
        seen["left"].append(state[0, FRUIT_X])
        return 0

    shots, caught = catcher_scene({"knows": knows, "left": left}, seed=2, quick=quick)
    assert seen["knows"] == seen["left"]
    landed = np.array(seen["left"][29::30])  # one lands every 30 steps
    assert len(landed) == fruits
    assert caught == {"knows": fruits, "left": (landed <= 6.5 + 8.5).sum()}  # a paddle at the wall, half of 13 + 4
    assert caught["left"] + 3 <= fruits
    assert [milliseconds for milliseconds, _ in shots] == [*[TICK] * 30 * fruits, 40 * TICK]
    assert (shots[-1][1]() == shots[-2][1]()).all()
    assert (shots[-1][1]() != shots[0][1]()).any()


class Noting:
    """Notes what it sees, and acts on all of it."""

    def __init__(self, size):
        self.seen, weights = [], np.random.default_rng(0).normal(size=(size, 3))
        self.weights = weights - weights.mean(axis=0)  # so that the dark background counts for nothing

    def greedy(self, obs):
        self.seen.append(obs)
        return (obs.reshape(len(obs), -1) @ self.weights).argmax(axis=1)


def test_a_player_who_sees_only_pictures_plays_as_its_agent_in_a_vector_world():
    agent, config = Noting(20 * 20 * 3), SimpleNamespace(frame_size=20, frame_stack=3)
    player, game, envs = PixelPlayer(agent, config), Catcher(), make_vector("Catcher-v0", 1, 7, 20, 3)
    game.reset(seed=7)
    actions, ended = [], False
    while not ended:
        obs = envs.obs
        actions.append(player(game.state))
        np.testing.assert_array_equal(agent.seen[-1], obs)
        _, _, ended, _, _ = game.step(actions[-1])
        transition = envs.step(agent.greedy(obs))
        assert (transition.action, transition.terminated) == (actions[-1], ended)
    assert set(actions) == {0, 1, 2}
    first, second = agent.seen[0][0], agent.seen[2][0]
    assert (first == first[..., :1]).all()  # the first picture fills the stack
    assert (second[..., :2] == first[..., 1:]).all()  # the newest is the last
    assert (second[..., 2] != first[..., 2]).any()
