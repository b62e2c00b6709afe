"""Demonstrations: walks through a maze that somebody showed. The simulator writes them, and agents learn from them.

{"format": "nanoka-demonstrations-1", "maze": "maze=...T/.B.D/S...&prob=0.8", "gamma": 0.9,
 "episodes": [{"seed": 1, "steps": [[state, action, reward, next_state], …], "terminated": true}, …]}
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from environment import GridWorld
from framework.runs.files import written_whole
from worlds.model import LARGEST

FORMAT = "nanoka-demonstrations-1"
LARGEST_FILE = 20_000_000  # bytes
LONGEST_LINK = 20_000  # letters


@dataclass(frozen=True)
class Demonstration:
    """One episode: ``steps``, a tuple of (state, action, reward, next_state), and whether an end was reached.

    ``seed`` is that of the world's luck, or None where nobody knows.
    """

    seed: int | None
    steps: tuple
    terminated: bool


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """Episodes in one maze, and the discount that they were meant for."""

    env: GridWorld
    gamma: float
    episodes: tuple


def read_demonstrations(path):
    """Read a file of demonstrations; returns `Demonstrations`.

    Every step is checked to be possible in the maze, and to pay what the maze pays.

    Raises:
        ValueError: one sentence, with the name of the file, that says what is wrong.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"it is larger than {LARGEST_FILE:,} bytes")
        return _read(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError(f"{path} is not a file of demonstrations: it holds no JSON") from None
    except ValueError as error:
        raise ValueError(f"{path} is not a file of demonstrations: {error}") from None


def write_demonstrations(path, demonstrations):
    """Write `Demonstrations` to a file; its folder is made.

    Raises:
        ValueError: one sentence that says why nobody could read the file: what `read_demonstrations` refuses, or a
            world that is no maze. Nothing is written then.
    """
    env = demonstrations.env.unwrapped
    if not isinstance(env, GridWorld):
        raise ValueError(f"demonstrations are written of a maze, a GridWorld; got {type(env).__name__}")
    episodes = [
        {
            "seed": None if episode.seed is None else int(episode.seed),
            "steps": [
                [int(state), int(action), float(reward), int(next_state)]
                for state, action, reward, next_state in episode.steps
            ],
            "terminated": bool(episode.terminated),
        }
        for episode in demonstrations.episodes
    ]
    about = {"format": FORMAT, "maze": env.link, "gamma": float(demonstrations.gamma), "episodes": episodes}
    text = json.dumps(about)
    _read(about)
    if len(text) > LARGEST_FILE:
        raise ValueError(f"the demonstrations are larger than {LARGEST_FILE:,} bytes")
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def _read(data):
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f'its "format" must be "{FORMAT}"')
    maze, gamma, episodes = (data.get(name) for name in ("maze", "gamma", "episodes"))
    if not isinstance(maze, str) or len(maze) > LONGEST_LINK:
        raise ValueError(f'its "maze" must be a link of the simulator, of at most {LONGEST_LINK:,} letters')
    env = GridWorld.from_link(maze)
    if isinstance(gamma, bool) or not isinstance(gamma, int | float) or not 0 <= gamma <= 1:
        raise ValueError('its "gamma" must be a number from 0 to 1')
    if not isinstance(episodes, list):
        raise ValueError('its "episodes" must be a list')
    return Demonstrations(
        env, float(gamma), tuple(_read_episode(env, i, episode) for i, episode in enumerate(episodes, 1))
    )


def _read_episode(env, number, episode):
    keys = ("seed", "steps", "terminated")
    seed, steps, terminated = (episode.get(key) for key in keys) if isinstance(episode, dict) else (None,) * 3
    if not (seed is None or _is_whole(seed)) or not isinstance(steps, list) or not isinstance(terminated, bool):
        raise ValueError(f"episode {number} must have a seed (a whole number or null), steps (a list), terminated")
    state, ended, read = env.start_state, False, []
    for count, step in enumerate(steps, 1):
        where = f"step {count} of episode {number}"
        if ended:
            raise ValueError(f"{where} comes after the end of the episode")
        state, ended = _check_step(env, state, step, where)
        read.append((*step[:2], float(step[2]), state))
    if terminated != ended:
        raise ValueError(f"episode {number} says terminated: {json.dumps(terminated)}, but its steps say otherwise")
    return Demonstration(seed, tuple(read), terminated)


def _check_step(env, state, step, where):
    """Check a step that begins in ``state``; returns (next_state, whether the episode has ended)."""
    if not isinstance(step, list) or len(step) != 4 or not all(map(_is_whole, (step[0], step[1], step[3]))):
        raise ValueError(f"{where} must be [state, action, reward, next_state]")
    begins, action, reward, next_state = step
    if begins != state:
        raise ValueError(f"{where} begins in state {begins}; the agent was in state {state}")
    if not 0 <= action < 4:
        raise ValueError(f"{where} takes action {action}; actions are 0 up, 1 right, 2 down, 3 left")
    if isinstance(reward, bool) or not isinstance(reward, int | float) or not abs(reward) < LARGEST:
        raise ValueError(f"{where} must pay a number")
    for _, leads_to, pays, ends in env.P[state][action]:
        if leads_to == next_state:
            if not math.isclose(pays, reward, abs_tol=1e-9):
                raise ValueError(f"{where} pays {reward}; in this maze it pays {pays}")
            return next_state, ends
    raise ValueError(f"{where} leads from state {state} to {next_state}; action {action} cannot lead there")


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)
