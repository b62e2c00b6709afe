"""What games of self-play leave: positions, with what a tree search said of them; a buffer of the last; a ledger."""

from typing import NamedTuple

import numpy as np


class Positions(NamedTuple):
    """N positions of games, or K minibatches of them: then every shape has a K in front."""

    states: np.ndarray  # [N, …]
    time: np.ndarray  # [N] float32, how much of the limit has been used, 0 … 1
    legal: np.ndarray  # [N, A] bool, the moves that there are
    visits: np.ndarray  # [N, A] float32, the shares of the search's visits; they sum to 1
    returns: np.ndarray  # [N] float32, what the rest of the game paid


def positions_of(record):
    """All positions of a round of B games.

    Args:
        record: of each move (states [B, …], time [B], legal [B, A], visits [B, A], reward [B], going [B] bool: which
            games were still going on).

    Returns:
        `Positions`, without those of games that were over; and the return [B] and the length [B] of each whole game.
    """
    *seen, reward, going = map(np.array, zip(*record, strict=True))
    returns = np.where(going, reward, 0)[::-1].cumsum(axis=0)[::-1].astype(np.float32)  # [T, B]
    return Positions(*(array[going] for array in (*seen, returns))), returns[0], going.sum(axis=0)


class PositionBuffer:
    """The last ``capacity`` positions, drawn uniformly.

    Args:
        capacity: positions to keep.
        seed: of the draws.
    """

    def __init__(self, capacity, seed):
        self.capacity, self.rng, self.kept = capacity, np.random.default_rng([seed, 2]), None

    def add(self, positions):
        """Store `Positions` [N]; the oldest give way."""
        both = [part for part in (self.kept, positions) if part is not None]
        self.kept = Positions(*(np.concatenate(arrays)[-self.capacity :] for arrays in zip(*both, strict=True)))

    def sample(self, batch_size, batches):
        """`Positions` [K, N, …]: K minibatches of N = ``batch_size``."""
        index = self.rng.integers(len(self.kept.returns), size=(batches, batch_size))
        return Positions(*(array[index] for array in self.kept))

    def state(self):
        kept = {} if self.kept is None else self.kept._asdict()
        return {"kept": kept, "rng": self.rng.bit_generator.state}

    def load_state(self, state):
        self.kept = Positions(**state["kept"]) if state["kept"] else None
        self.rng.bit_generator.state = state["rng"]


class Ledger:
    """What was run and found in games that are searched. To a `framework.trainer.Trainer` it stands for the worlds.

    Args:
        seed: of ``rng``.

    Attributes:
        total_steps: moves that the simulator has worked out, also those that were only tried in a tree.
        best: the moves of the shortest game that was won, () where none was; found: (step, length) of each that was
            the shortest so far.
        finished: (return, length) of each game that was played to its end.
    """

    resumes_exactly = True

    def __init__(self, seed):
        self.rng = np.random.default_rng([seed, 1])
        self.total_steps, self.best, self.found, self.finished = 0, (), [], []

    def note(self, forest, leaf, won):
        """Count a forest's new nodes, at the ends of a `AP.tree_search.Leaf`; keep a game that is won, won [B]."""
        new = leaf.action >= 0
        for tree in np.flatnonzero(new & won):
            if not self.best or leaf.depth[tree] < len(self.best):
                self.best = forest.way_to(tree, forest.size[tree] - 1)
                self.found.append((self.total_steps + int(new[: tree + 1].sum()), len(self.best)))
        self.total_steps += int(new.sum())

    def take_finished(self):
        finished, self.finished = self.finished, []
        return finished

    def frames(self):
        return None

    def state(self):
        found = {"best": list(self.best), "found": [list(one) for one in self.found]}
        return {"rng": self.rng.bit_generator.state, "total_steps": self.total_steps, **found}

    def load_state(self, state):
        self.rng.bit_generator.state, self.total_steps = state["rng"], state["total_steps"]
        self.best, self.found = tuple(state["best"]), [tuple(one) for one in state["found"]]
