"""What the simulator tells of a walk."""

import pytest

from lab.planning import WALK_STEPS, walk_message
from lab.protocol import walk_request

BOOK_MAZE = [[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]]
UP, RIGHT = 0, 1


def walk(policy, **changes):
    message = {"grid": BOOK_MAZE, "start": None, "prob": 1, "gamma": 0.5, "seed": 0, "policy": policy, **changes}
    return walk_message(walk_request(message))


def test_a_discounted_return_counts_the_first_reward_in_full():
    """Up, up, right, right, right: -0.04 × (1 + 1/2 + 1/4 + 1/8) + 1/16 = -0.0125."""
    told = walk([RIGHT] * 4 + [UP] * 8)
    assert [step[1] for step in told["steps"]] == [UP, UP, RIGHT, RIGHT, RIGHT]
    assert told["discounted_return"] == pytest.approx(-0.0125)
    assert told["return"] == pytest.approx(1 - 4 * 0.04)
    assert (told["terminated"], told["truncated"]) == (True, False)


def test_a_walk_that_never_arrives_is_cut_off():
    told = walk([UP] * 12)
    assert len(told["steps"]) == WALK_STEPS == 200
    assert (told["terminated"], told["truncated"]) == (False, True)


def test_walks_without_a_seed_differ_and_can_be_repeated_by_the_seed_that_is_told():
    one, other = (walk([RIGHT] * 12, seed=None, prob=0.5) for _ in range(2))
    assert one["seed"] != other["seed"]
    assert walk([RIGHT] * 12, seed=one["seed"], prob=0.5) == one
