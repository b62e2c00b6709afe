"""Data of a point maze that somebody else left: what RLPD and Cal-QL start from, Day 7.

A follower of way-points makes two short trips an episode, from anywhere to anywhere else, with noise on each push. It
does not know our goal. Where it happens to touch it, the episode ends; else it is cut off after 200 steps. What it is
paid is what our task pays: -1 for each step, 0 for the one that ends at the goal. So most episodes are failures, none
goes the whole way, and still all that is needed stands in them, in pieces.

    python AP/maze_data.py                        writes runs/maze_data/data.npz, and a picture of it
    python AP/maze_data.py --nine                 with pushes of -1, 0 and 1 only, for Cal-QL
    python AP/maze_data.py --episodes 20 --seed 7

The file is NumPy's .npz, and may be anybody's: N steps, one episode after the other,

    obs         [N, 4]  float32  place across and down, speed across and down, each from -1 to 1
    action      [N, 2]  float32  the push across and down, from -1 to 1
    reward      [N]     float32  per step
    next_obs    [N, 4]  float32  what followed, never the start of another episode
    terminated  [N]     bool     the goal: nothing follows
    truncated   [N]     bool     cut off by the time limit: something would have followed

A time limit is no end. Were it stored as one, to be cut off would be the best that can happen where steps cost 1.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from framework.cli import CommonOptions, run
from framework.evaluate import Evaluation, FreshWorlds
from framework.runs.files import written_whole
from framework.vector import Transition, make_worlds
from worlds.point_maze import (
    CELLS,
    GOAL,
    LIMIT,
    SIDE,
    at_goal,
    cell_of,
    distances,
    point_maze_oracle,
    point_maze_step,
    see_point_maze,
    start_state,
)

EPISODES, TOUCHING = 100, 0.15  # and the share of them, at most, that touch the goal
TRIPS, FAR = 2, 4  # of an episode; cells from one way-point's start to its end, at most
PUSHES = np.array([(across, down) for across in (-1, 0, 1) for down in (-1, 0, 1)], np.float32)  # [9, 2], of --nine
NOISE = 0.5  # the standard deviation of the noise on a push


def collect(seed, episodes=EPISODES, nine=False):
    """So many episodes, as a `framework.vector.Transition` of N steps, one episode after the other.

    Args:
        seed: the same gives the same data.
        nine: pushes are -1, 0 or 1 in each direction.
    """
    rng, found, touching = np.random.default_rng((seed, 7)), [], 0
    while len(found) < episodes:
        one = _episode(rng, nine)
        touching += one.terminated[-1]
        if touching <= TOUCHING * episodes or not one.terminated[-1]:
            found.append(one)
    return Transition(*map(np.concatenate, zip(*found, strict=True)))


def _episode(rng, nine):
    """One episode of the follower: a `Transition` of up to 200 steps."""
    start, rows = rng.choice(NUMBERS[NUMBERS != HOME]), []
    state, trips, aim = start_state(rng, divmod(start, SIDE))[None], TRIPS, None
    for step in range(1, LIMIT + 1):
        if aim is None or (trips and at_goal(state[0, 0], state[0, 1], divmod(aim, SIDE))):
            aim, trips = _way_point(rng, int(cell_of(state)[0])), trips - 1
        push = np.clip(point_maze_oracle(state, aim) + NOISE * rng.normal(size=(1, 2)), -1, 1)
        push = np.round(push) if nine else push
        next_state, reward, terminated = point_maze_step(state, push)
        rows.append(Transition(see_point_maze(state), push.astype(np.float32), reward.astype(np.float32),
                               see_point_maze(next_state), terminated, ~terminated & (step == LIMIT)))  # fmt: skip
        state = next_state
        if terminated[0]:
            break
    return Transition(*map(np.concatenate, zip(*rows, strict=True)))


NUMBERS = SIDE * CELLS[:, 0] + CELLS[:, 1]  # of the cells that are no wall
HOME = SIDE * GOAL[0] + GOAL[1]


def _way_point(rng, cell):
    """Another cell not far from ``cell``, but never our goal."""
    away = distances(divmod(cell, SIDE)).ravel()[NUMBERS]
    return int(rng.choice(NUMBERS[(away >= 1) & (away <= FAR) & (NUMBERS != HOME)]))


def write(path, data):
    """Write data to an ``.npz`` file, whole or not at all."""
    with written_whole(path) as part, open(part, "wb") as file:
        np.savez_compressed(file, **data._asdict())


def read(path):
    """The data of an ``.npz`` file, a `Transition` of N steps; nothing is unpickled.

    Raises:
        ValueError: it is damaged, or not as the top of this file says.
        OSError: there is no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = Transition(*(file[name] for name in Transition._fields))
    except (ValueError, KeyError, EOFError) as error:
        raise ValueError(f"{path} holds no data of a maze: {error}") from None
    except Exception as error:
        if isinstance(error, OSError):
            raise
        raise ValueError(f"{path} is damaged ({type(error).__name__})") from None
    count = len(data.reward) if data.reward.ndim == 1 else 0
    for name, shape in {"obs": (4,), "action": (2,), "reward": (), "next_obs": (4,)}.items():
        array = getattr(data, name)
        if not count or array.shape != (count, *shape) or array.dtype != np.float32 or not np.isfinite(array).all():
            raise ValueError(f"{path}: {name} must be finite float32 numbers [N, {', '.join(map(str, shape))}]")
    for name in ("terminated", "truncated"):
        if getattr(data, name).shape != (count,) or getattr(data, name).dtype != bool:
            raise ValueError(f"{path}: {name} must be true or false, [N]")
    if np.abs(data.action).max() > 1:
        raise ValueError(f"{path}: a push must be from -1 to 1; one is {np.abs(data.action).max():g}")
    if (data.terminated & data.truncated).any() or not (data.terminated | data.truncated)[-1]:
        raise ValueError(f"{path}: an episode ends terminated or truncated, not both, and the last one ends")
    return data


def data_of(config, nine=False):
    """The data that a page's configuration names: of its file, or collected anew, from its seed."""
    return read(config.data) if config.data else collect(config.seed, nine=nine)


def fill(buffer, data):
    """Add all N steps of data to a replay buffer of one world; returns the buffer."""
    for i in range(len(data.reward)):
        buffer.add(Transition(*(array[i : i + 1] for array in data)))
    return buffer


def maze_of(config):
    """The maze of a page's configuration, a `framework.vector.VectorWorld` of one world.

    Raises:
        ValueError: it is another world, of which there is no such data, or more than one.
    """
    if config.env != "PointMaze-v0" or config.num_envs != 1:
        raise ValueError(f"this page steps one PointMaze-v0; got {config.num_envs} of {config.env}")
    return make_worlds(config)


class Attempts(FreshWorlds):
    """Evaluates agents by whether they reach the goal: 1 or 0 for each of so many fresh episodes."""

    def __call__(self, agent, episodes, seed):
        evaluation = super().__call__(agent, episodes, seed)
        return Evaluation((evaluation.returns > -LIMIT).astype(float), evaluation.lengths)


def episodes_ended(maze):
    """{"reached": share} of the episodes that have ended since the last call; {} if none has."""
    returns = [episode_return for episode_return, _ in maze.take_finished()]
    return {"reached": float(np.mean(np.array(returns) > -LIMIT))} if returns else {}


def episodes_of(data):
    """[slice] of the rows of each episode."""
    ends = np.flatnonzero(data.terminated | data.truncated) + 1
    return [slice(first, end) for first, end in zip([0, *ends[:-1]], ends, strict=True)]


def calibration(value, returns, known):
    """How values [N] of the data's states stand to G [N], in episodes that reached the goal, ``known`` [N] bool.

    In the others G is the least there can be, and nothing is below it.

    Returns:
        {"gap": by how much the value is below G, 0 where it is not, on average; "calibrated": the share of states
        where it is not, but for 5% of G}; {} where no episode reached it.
    """
    if not known.any():
        return {}
    value, returns = value[known], returns[known]
    return {
        "gap": float(np.maximum(returns - value, 0).mean()),
        "calibrated": float((value >= returns - 0.05 * np.abs(returns)).mean()),
    }


def in_successes(data):
    """[N] bool: whether each step of data is of an episode that reached the goal."""
    return np.concatenate([np.full(rows.stop - rows.start, data.terminated[rows][-1]) for rows in episodes_of(data)])


def number_of(push):
    """The number of each push [..., 2] among `PUSHES`, [...] int.

    Raises:
        ValueError: one is none of them.
    """
    if not np.isin(push, (-1, 0, 1)).all():
        raise ValueError("pushes must be -1, 0 or 1 each here; python AP/maze_data.py --nine collects such data")
    return (3 * (push[..., 0] + 1) + push[..., 1] + 1).astype(np.int64)


@dataclass(frozen=True)
class Options(CommonOptions):
    """How much to collect, and where to."""

    episodes: int = EPISODES
    """How many episodes."""
    nine: bool = False
    """Pushes of -1, 0 and 1 only."""
    folder: str = "runs/maze_data"
    """Where data.npz and data.png are written."""


def main(options):
    from AP.maze_plots import draw_data

    if not 1 <= options.episodes <= 10_000 or not 0 <= options.seed < 2**32:
        raise ValueError("episodes must be from 1 to 10000, and seed from 0 to 4294967295")
    data = collect(options.seed, 10 if options.quick else options.episodes, options.nine)
    path, episodes = Path(options.folder, "data.npz"), episodes_of(data)
    write(path, data)
    touching = int(data.terminated.sum())
    print(f"{len(episodes)} episodes, {len(data.reward):,} steps; {touching} touch the goal")
    print(f"written to {path.as_posix()}")
    draw_data(data, Path(options.folder, "data.png"))


if __name__ == "__main__":
    run(main, Options, __doc__)
