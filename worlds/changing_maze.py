"""Mazes that change while somebody learns in them (Sutton & Barto 2018, section 8.3).

A maze is written as in a link of the simulator: a letter for each cell and a / between rows; . ordinary, B block,
T treasure, S start.
"""

import gymnasium as gym

DYNA_MAZE = (  # figure 8.2; the shortest path has 14 steps
    ".......BT",
    "..B....B.",
    "S.B....B.",
    "..B......",
    ".....B...",
    ".........",
)
BLOCKING_MAZE = (  # figure 8.4: a way of 10 steps, on the right; after 1000 steps one of 16, on the left
    (
        "........T",
        ".........",
        ".........",
        "BBBBBBBB.",
        ".........",
        "...S.....",
    ),
    (
        "........T",
        ".........",
        ".........",
        ".BBBBBBBB",
        ".........",
        "...S.....",
    ),
)
SHORTCUT_MAZE = (  # figure 8.5: a way of 16 steps, on the left; after 3000 steps also one of 10, on the right
    BLOCKING_MAZE[1],
    (
        "........T",
        ".........",
        ".........",
        ".BBBBBBB.",
        ".........",
        "...S.....",
    ),
)
BLOCKED_AFTER, OPENED_AFTER = 1000, 3000


def link(rows):
    """The maze as a link of the simulator: nothing slips, and only the treasure pays."""
    return f"maze={'/'.join(rows)}&prob=1&step_reward=0"


def scaled(rows, factor):
    """The rows of a maze in which each cell has become ``factor`` × ``factor`` cells.

    Start and treasure are one cell still, the lower left of theirs and the upper right: the shortest way grows with
    the factor.
    """
    cells = [[cell for cell in row for _ in range(factor)] for row in rows for _ in range(factor)]
    for letter, here in (("S", (factor - 1, 0)), ("T", (0, factor - 1))):
        for i, row in enumerate(cells):
            for j, cell in enumerate(row):
                if cell == letter and (i % factor, j % factor) != here:
                    row[j] = "."
    return tuple("".join(row) for row in cells)


class ChangingMaze(gym.Wrapper):
    """A world that turns into another at a given step, in the middle of an episode, and stays so.

    The real steps are counted from the first on: episodes do not start the count anew, and neither do seeds.
    ``unwrapped`` is the world of now: P and what is rendered are of now too.

    Args:
        worlds: worlds with the same states and actions, in order; each shows its ``state``.
        changes: after how many steps each of them but the first takes over, in increasing order.

    Raises:
        ValueError: changes do not fit the worlds, or do not increase.
    """

    def __init__(self, worlds, changes):
        worlds, changes = list(worlds), list(changes)
        if len(changes) != len(worlds) - 1 or changes != sorted(set(changes)) or min(changes, default=1) < 1:
            raise ValueError(
                f"changes must be {len(worlds) - 1} growing numbers of steps, one for each world but the first; "
                f"got {changes}"
            )
        spaces = {(str(world.observation_space), str(world.action_space)) for world in worlds}
        if len(spaces) > 1:
            raise ValueError("a world can only turn into one that has as many states and actions")
        super().__init__(worlds[0])
        self.worlds, self.changes, self.steps_taken = worlds, changes, 0

    def go_to(self, steps_taken):
        """Be at the time after so many steps; returns whether the world has changed."""
        self.steps_taken = steps_taken
        before, now = self.env, self.worlds[sum(change <= steps_taken for change in self.changes)]
        if now is not before:
            now.state, now.spec, now.np_random = before.state, before.spec, before.np_random
            self.env = now
        return now is not before

    def tick(self):
        """Count a step; returns whether the world has changed with it."""
        return self.go_to(self.steps_taken + 1)

    def step(self, action):
        """Step the world of now. After the step whose number is in ``changes`` the world is another."""
        result = self.env.step(action)
        self.tick()
        return result

    def close(self):
        for world in self.worlds:
            world.close()


def changing(env):
    """The `ChangingMaze` among the wrappers of a world, or None."""
    while isinstance(env, gym.Wrapper):
        if isinstance(env, ChangingMaze):
            return env
        env = env.env
    return None
