"""MinAtar (Young & Tian 2019): five Atari games made small, as worlds of Gymnasium's. Needs the extra ``minatar``.

A picture has ten rows and ten columns, and a plane of true and false for each kind of thing, so that nobody needs to
learn to see; what is hard about the games is as hard as in Atari. Actions stick: with probability 0.1 the last one is
done again.
"""

import logging
import sys

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from worlds.window import Seen, check_render_mode

GAMES = {  # Gymnasium's id: MinAtar's own name
    f"MinAtar/{name.title().replace('_', '')}-v1": name
    for name in ("asterix", "breakout", "freeway", "seaquest", "space_invaders")
}
COLOURS = np.array([  # of the planes, the later ones in front; the background is black
    (0, 0, 0), (86, 180, 233), (230, 159, 0), (0, 114, 178), (213, 94, 0), (0, 158, 115),
    (204, 121, 167), (240, 228, 66), (150, 150, 150), (255, 255, 255), (120, 80, 200),
], np.uint8)  # fmt: skip
CELL = 16  # pixels of a picture to be watched


def _game(name):
    """MinAtar's own environment. It loads seaborn for windows that are not opened here, and warns where it is not."""
    shown, level = sys.modules.get("seaborn"), logging.root.manager.disable
    logging.disable(logging.WARNING)
    sys.modules["seaborn"] = shown  # None: not to be found
    try:
        from minatar import Environment
    except ModuleNotFoundError:
        raise ImportError('MinAtar is not installed: python -m pip install -e ".[minatar]"') from None
    finally:
        logging.disable(level)
        if shown is None:
            del sys.modules["seaborn"]
    return Environment(name, sticky_action_prob=0.1, difficulty_ramping=True)


class MinAtar(Seen, gym.Env):
    """A game of MinAtar's.

    ## Action Space
    ``Discrete``: only those actions that do something in this game; in Breakout 0 wait, 1 left, 2 right.
    ## Observation Space
    ``Box`` [10, 10, planes] bool.
    ## Rewards
    The game's: in Breakout 1 for each brick.
    ## Episode End
    Terminated when the game is lost. There is no time limit.

    Args:
        game: MinAtar's name of it, such as "breakout".
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 10}

    def __init__(self, game, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.game, self.render_mode = _game(game), render_mode
        self.actions = tuple(self.game.minimal_action_set())
        self.action_space = spaces.Discrete(len(self.actions))
        self.observation_space = spaces.Box(0, 1, tuple(self.game.state_shape()), bool)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.game.seed(seed)
            self.game.last_action = 0  # else a seeded game would depend on the one before
        self.game.reset()
        return self._shown(), {}

    def step(self, action):
        reward, terminated = self.game.act(self.actions[action])
        return self._shown(), float(reward), bool(terminated), False, {}

    def _shown(self):
        if self.render_mode == "human":
            self.render()
        return self.game.state()

    def _picture(self):
        planes = self.game.state()
        front = (planes * np.arange(1, planes.shape[-1] + 1)).max(axis=-1)
        return COLOURS[front].repeat(CELL, axis=0).repeat(CELL, axis=1)

    # What a checkpoint keeps (`worlds.saving`). The last action is a part of it: MinAtar keeps it through a reset.

    def inner_state(self):
        inner = {name: value for name, value in vars(self.game.env).items() if name not in ("random", "channels")}
        generator = self.game.random.get_state(legacy=False)
        return {"game": inner, "last_action": int(self.game.last_action), "random": generator}

    def load_inner_state(self, state):
        vars(self.game.env).update(state["game"])
        self.game.last_action = state["last_action"]
        self.game.random.set_state(state["random"])
        self.game.env.random = self.game.random
