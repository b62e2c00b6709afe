"""Mazes at random, and mazes whose walls have moved, for inverse reinforcement learning (Day 6)."""

from collections import deque

import numpy as np

from environment import BLOCK, ORDINARY, TREASURE, GridWorld


def random_maze(size, rng, blocks=0.2, slip=0.3, open_goal=True):
    """A size × size `GridWorld`: blocks at random, a start in the bottom left, a goal at least size steps away.

    Args:
        rng: a NumPy Generator.
        blocks: the share of cells that are blocks; cells that nobody could reach become blocks, too.
        slip: the probability of going aside, half of it to each side.
        open_goal: True pays 1 for every step into the goal and goes on; False ends the episode there, as a treasure.

    Raises:
        ValueError: size is not from 3 to 100, or blocks not from 0 to 0.5.
    """
    if not 3 <= size <= 100 or not 0 <= blocks <= 0.5:
        raise ValueError(f"size must be from 3 to 100, and blocks from 0 to 0.5; got {size} and {blocks}")
    start = (size - 1, 0)
    while True:
        grid = np.where(rng.random((size, size)) < blocks, BLOCK, ORDINARY).astype(np.int8)
        grid[start] = ORDINARY
        distance = distances(grid, start)
        grid[distance < 0] = BLOCK
        far = np.argwhere(distance >= size)
        if len(far):
            goal = tuple(rng.choice(far).tolist())
            break
    rewards = {goal: 1.0} if open_goal else None
    if not open_goal:
        grid[goal] = TREASURE
    return GridWorld(grid, 1 - slip, start=start, rewards=rewards)


def distances(grid, start):
    """[rows, cols] int: how many steps each cell is from ``start``, -1 where blocks are or no way leads."""
    distance = np.full(grid.shape, -1)
    distance[start] = 0
    queue = deque([start])
    while queue:
        row, col = queue.popleft()
        for cell in ((row - 1, col), (row, col + 1), (row + 1, col), (row, col - 1)):
            inside = 0 <= cell[0] < grid.shape[0] and 0 <= cell[1] < grid.shape[1]
            if inside and grid[cell] != BLOCK and distance[cell] < 0:
                distance[cell] = distance[row, col] + 1
                queue.append(cell)
    return distance


def move_walls(env, count, rng):
    """Another `GridWorld`: ``count`` blocks of this one have gone, and as many others have come. No cell is cut off.

    Start, ends and cells with a reward of their own stay.

    Raises:
        ValueError: there are fewer blocks or free cells, or no way was found in a thousand tries.
    """
    start = divmod(env.start_state, env.shape[1])
    kept = (env.grid != ORDINARY) | (np.arange(env.grid.size).reshape(env.shape) == env.start_state)
    if env.rewards is not None:
        kept = kept | ~np.isnan(env.rewards)
    blocks, free = np.argwhere(env.grid == BLOCK), np.argwhere(~kept)
    for _ in range(1000 if min(len(blocks), len(free)) >= count else 0):
        grid = env.grid.copy()
        grid[tuple(rng.choice(blocks, count, replace=False).T)] = ORDINARY
        grid[tuple(rng.choice(free, count, replace=False).T)] = BLOCK
        if (distances(grid, start)[grid != BLOCK] >= 0).all():
            return GridWorld(grid, env.move_prob, env.step_reward, start, rewards=env.rewards)
    raise ValueError(f"{count} walls of this maze cannot be moved without cutting off a cell")
