"""Two short films: a maze that is planned and walked, and players of Catcher side by side.

A scene is a list of shots (milliseconds, draw), where ``draw()`` makes the picture [H, W, 3] uint8 when its turn
comes, so that a film of a thousand pictures takes no room. `worlds.window` plays it, `framework.media.gif` writes it.
"""

import numpy as np

from tools.picture import MazePicture, catcher_page, page
from worlds.catcher import LIVES, LIVES_LEFT, Catcher, draw_catcher
from worlds.frames import gray_frames

TICK = 40  # milliseconds; every picture is shown for a whole number of ticks


def maze_scene(env, planner, gamma, seed, quick):
    """Values spread through a `GridWorld`, sweep by sweep; then an agent follows the arrows.

    Returns:
        the shots, and what happened: {"sweeps", "steps", "slips", "reward": the last}.
    """
    picture = MazePicture(env.grid)

    def shot(ticks, words, *what):
        return ticks * TICK, lambda: picture.draw(page(*words), *what)

    head, below = "Plan: value iteration", "With each sweep, news of the treasure travels one step further."
    sweeps = list(planner.sweeps(gamma, threshold=2e-3))
    shots = [shot(2, (head, f"sweep {sweep.number}", below), sweep.V) for sweep in sweeps[:: 4 if quick else 1]]
    V, policy = planner.V, planner.policy
    words = (head, f"{len(sweeps)} sweeps", "The arrows: in each cell, the action that promises most.")
    shots += [shot(2, words, V, policy, part / 12) for part in range(1, 13, 4 if quick else 1)]
    shots.append(shot(20, words, V, policy))

    head, below = "Walk: follow the arrows", "The floor is slippery: one step in five goes sideways."
    steps, slips, trail = 0, 0, []
    state, _ = env.reset(seed=seed)
    place, terminated = divmod(state, env.shape[1]), False
    while not terminated and steps < 200:
        _, intended, _, _ = env.P[state][policy[state]][0]
        state, reward, terminated, _, _ = env.step(policy[state])
        slipped = state != intended
        steps, slips = steps + 1, slips + slipped
        there = divmod(state, env.shape[1])
        halfway = ((place[0] + there[0]) / 2, (place[1] + there[1]) / 2)
        for next_place in (halfway, there):
            trail, place = [*trail, place], next_place
            words = (head, f"step {steps}   slips {slips}", below)
            shots.append(shot(1, words, V, policy, 1.0, trail, place, slipped))
    words = (head, f"step {steps}   slips {slips}   reward {reward:+g}", below)
    shots.append(shot(35, words, V, policy, 1.0, trail, place))
    return shots, {"sweeps": len(sweeps), "steps": steps, "slips": slips, "reward": reward}


def catcher_scene(players, seed, quick):
    """The same fruit falls for all players, side by side.

    Args:
        players: name -> function from the state of a game [1, 6] to an action.

    Returns:
        the shots, and how many fruits each player caught, name -> number.
    """
    games = {name: Catcher(render_mode="rgb_array") for name in players}
    caught, missed = dict.fromkeys(players, 0), dict.fromkeys(players, 0)
    for game in games.values():
        game.reset(seed=seed)
    below = "On Day 4 an agent learns this game from pixels, in about a minute."
    words = ("Play: Catcher", "the same fruit for both", below)
    shots = []
    for _ in range(90 if quick else 240):
        views = []
        for name, game in games.items():
            _, reward, terminated, _, _ = game.step(players[name](game.state))
            caught[name] += reward > 0
            missed[name] += reward < 0
            if terminated:  # new lives rather than a new game, so that the fruit stay the same for all
                game.state[0, LIVES_LEFT] = LIVES
            views.append((game.render(), name, f"caught {caught[name]}   missed {missed[name]}"))
        shots.append((TICK, lambda views=views: catcher_page(page(*words), views)))
    shots.append((40 * TICK, shots[-1][1]))
    return shots, caught


class PixelPlayer:
    """Plays one game of Catcher, for `catcher_scene`: from its state it sees only the pictures.

    Args:
        agent: has greedy(obs).
        config: how it sees, ``frame_size`` and ``frame_stack``.
    """

    def __init__(self, agent, config):
        self.agent, self.config, self.frames = agent, config, []

    def __call__(self, state):
        """The action for the game [1, 6]."""
        newest = gray_frames(draw_catcher(state), self.config.frame_size)
        self.frames = [*(self.frames or [newest] * self.config.frame_stack)[1:], newest]
        return self.agent.greedy(np.stack(self.frames, axis=-1))[0]
