"""What finds the programs of `worlds.sort` without a network: all of them in turn, and the most promising first.

`shortest_programs` goes through all states, length by length, and so proves that nothing is shorter. `best_first`
takes next, of all programs that were begun, the one with the least

    f  =  length + weight × (different permutations - 1)

which is how few instructions a program may have when each step needs ``weight`` to make two permutations one. That
is a guess by hand, and no lower bound: with a weight of 1 and more, the first program found need not be the shortest
(Ullrich & Hack 2025 search with bounds that are).
"""

import heapq
from dataclasses import dataclass
from itertools import count

import numpy as np

from framework.tabular.loops import fast
from worlds.sort import execute, legal_moves


@dataclass(frozen=True)
class Shortest:
    """What `shortest_programs` found."""

    length: int
    programs: int  # so many of this length sort
    legal: int  # so many of this length are legal
    chance: float  # that one who plays legal instructions at random writes one of them
    states: int  # different ones that were gone through


def shortest_programs(task, limit):
    """The `Shortest` programs of a task; exact.

    Raises:
        ValueError: none of up to ``limit`` instructions sorts.
    """
    run, legal_moves_of = fast(execute), fast(legal_moves)
    states, programs, chance, seen = task.start, np.ones(1, np.int64), np.ones(1), 1
    for length in range(1, limit + 1):
        legal = legal_moves_of(states, task.instructions)
        at, actions = np.nonzero(legal)
        after = run(states[at], actions, task.instructions)
        ways, odds = programs[at], (chance / np.maximum(legal.sum(axis=1), 1))[at]
        solved = task.is_sorted(after)
        if solved.any():
            return Shortest(length, int(ways[solved].sum()), int(ways.sum()), float(odds[solved].sum()), seen)
        rows = np.ascontiguousarray(after.reshape(len(after), -1))
        keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        programs, chance = np.zeros(len(first), np.int64), np.bincount(which, odds)
        np.add.at(programs, which, ways)
        states, seen = after[first], seen + len(first)
    raise ValueError(f"no program of {limit} instructions or fewer does {task.name}")


def best_first(task, weight, most=1_000_000):
    """(program, how many were expanded, how many instructions were run) by the rule at the top of this file.

    Raises:
        ValueError: ``most`` expansions found none.
    """
    run, legal_moves_of, number = fast(execute), fast(legal_moves), count()
    queue, shortest_to, steps = [(0.0, next(number), (), task.start)], {}, 0
    for expansions in range(1, most + 1):
        if not queue:
            break
        *_, program, state = heapq.heappop(queue)
        actions = np.flatnonzero(legal_moves_of(state, task.instructions)[0])
        after = run(np.repeat(state, len(actions), axis=0), actions, task.instructions)
        steps += len(actions)
        solved, left = task.is_sorted(after), task.distinct(after) - 1
        if solved.any():
            return (*program, int(actions[solved][0])), expansions, steps
        for i, action in enumerate(actions.tolist()):
            longer, key = (*program, action), after[i].tobytes()
            if len(longer) < shortest_to.get(key, np.inf):
                shortest_to[key] = len(longer)
                heapq.heappush(queue, (len(longer) + weight * left[i], next(number), longer, after[i : i + 1]))
    raise ValueError(f"best-first search found no program for {task.name}")
