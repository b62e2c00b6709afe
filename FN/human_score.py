"""A person's score on Catcher (Day 5): games played by hand, in a window or in the simulator, kept in a file.

`FN/sample_efficiency.py` asks for them, and measures how many frames its agents need for the same score.
"""

import json
import math
import time
from pathlib import Path
from typing import NamedTuple

import gymnasium as gym
import numpy as np

import environment  # noqa: F401  (it registers Catcher)
from framework.plots import mean_and_band
from framework.runs.files import written_whole
from worlds.catcher import CATCH_Y, FRUIT_SPEED, LIVES, Catcher
from worlds.window import display_driver

WORLD = "Catcher-v0"
FRAMES_A_SECOND = Catcher.metadata["render_fps"]
MOST_FRAMES = gym.spec(WORLD).max_episode_steps  # of a game; a step is one frame, none is skipped
FALL = int(np.ceil(CATCH_Y / FRUIT_SPEED))  # frames for which a fruit falls
MOST = MOST_FRAMES // FALL  # fruits of a game, and so its best return
LEAST = -LIVES  # a game with nothing but misses
RECENT = 10  # games whose mean is the score; those before are practice
LEFT, WAIT, RIGHT = range(3)
NO_WINDOW = (
    "no window can be opened here; play in the browser instead: python DP/run_server.py, page Catch, pace 30 steps a "
    "second, and then note the returns of your rounds: python FN/sample_efficiency.py --human-returns 8 14 -1"
)


class Game(NamedTuple):
    """A game that a person has played to its end."""

    returned: int  # fruits caught less fruits missed
    frames: int
    seconds: float | None  # None where nobody has measured them


class Person(NamedTuple):
    """What a person's games say."""

    score: float  # the mean return of the latest games
    half: float  # half the width of its 95% interval; nan with one game
    games: int  # so many they are
    frames: int  # of all games, the practice
    seconds: float | None  # of the games whose seconds are known


def frames_of(returned):
    """How many frames a game took, which its return tells.

    A game is lost with the third miss; until then so many fruits have landed as were caught and missed, one every 30
    frames. Otherwise it is cut off after 500 frames, and all 16 fruits have landed.

    Raises:
        ValueError: no game of Catcher can return that.
    """
    fruits = returned + 2 * LIVES  # of a lost game: caught less missed is what it returned, and missed is 3
    if LIVES <= fruits <= MOST:
        return FALL * fruits
    if returned in range(MOST, MOST - 2 * LIVES, -2):
        return MOST_FRAMES
    raise ValueError(f"a game of Catcher returns -3 to 10, 12, 14 or 16, what was caught less missed; got {returned}")


def read_games(path):
    """The games in a file, the oldest first; none where there is no file.

    Raises:
        ValueError: the file is damaged.
    """
    if not Path(path).exists():
        return []
    try:
        known = json.loads(Path(path).read_text(encoding="utf-8"))["games"]
        games = [Game(int(one["return"]), int(one["frames"]), one["seconds"]) for one in known]
        games = [game._replace(seconds=game.seconds and float(game.seconds)) for game in games]
        for one, game in zip(known, games, strict=True):
            took = game.seconds is None or 0 < game.seconds < math.inf
            if frames_of(game.returned) != game.frames or one["return"] != game.returned or not took:
                raise ValueError
        return games
    except (ValueError, KeyError, TypeError, OverflowError):
        raise ValueError(f"{Path(path).as_posix()} is damaged; delete it, and play anew") from None


def add_games(path, games):
    """Write more games behind those in a file."""
    whole = [*read_games(path), *games]
    known = [{"return": game.returned, "frames": game.frames, "seconds": game.seconds} for game in whole]
    with written_whole(path) as part:
        part.write_text(json.dumps({"world": WORLD, "games": known}, indent=1) + "\n", encoding="utf-8")


def person_of(games):
    """A `Person`, or None without games. Whoever goes on playing has practised more, and is judged by the latest."""
    if not games:
        return None
    latest = np.array([[game.returned] for game in games[-RECENT:]], float)
    (score,), (half,) = mean_and_band(latest)
    seconds = [game.seconds for game in games if game.seconds is not None]
    return Person(float(score), float(half), len(latest), sum(game.frames for game in games), sum(seconds) or None)


def sentence(person):
    """A `Person` in words."""
    games = "1 game" if person.games == 1 else f"{person.games} games"
    interval = f" ± {person.half:.1f}" if math.isfinite(person.half) else ""
    minutes = person.frames / FRAMES_A_SECOND / 60
    practice = f"{person.frames:,} frames of practice, {minutes:.1f} minutes at {FRAMES_A_SECOND} a second"
    return f"your score: {person.score:.2f}{interval}, the mean of {games}, after {practice}"


def note_games(path, returns, count):
    """Note games that were played elsewhere, or let the reader play up to so many; then say how it stands.

    Args:
        path: of the file.
        returns: of games that were played in the simulator; without any, the reader plays here.

    Raises:
        ValueError: no window can be opened, or no game can return that.
    """
    if returns:
        add_games(path, [Game(returned, frames_of(returned), None) for returned in returns])
    else:
        for game in play(count):
            add_games(path, [game])  # each at once: nobody plays it again after a crash
            rate = game.frames / game.seconds
            print(f"{game.returned:3} in {game.frames} frames, {rate:.1f} a second", flush=True)
    person = person_of(read_games(path))
    if person:
        print(f"{sentence(person)}; python FN/sample_efficiency.py measures how many frames the agents need for it")
    else:
        print("no game was played to its end")


class Closed(Exception):
    """The reader has closed the window, or pressed Esc."""


class Keys:
    """The arrow keys, read once a frame; a key that was let go before the next frame counts for that one."""

    def __init__(self):
        import pygame  # here, so that nothing but a window needs it

        self.pygame, self.held = pygame, set()
        self.actions = {pygame.K_LEFT: LEFT, pygame.K_RIGHT: RIGHT}

    def action(self):
        """What is pressed now: left, right, or wait for neither or both.

        Raises:
            Closed: the window, or Esc.
        """
        pygame, tapped = self.pygame, set()
        for event in pygame.event.get():
            if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                raise Closed
            if event.type == pygame.KEYDOWN and event.key in self.actions:
                tapped.add(self.actions[event.key])
                self.held.add(self.actions[event.key])
            elif event.type == pygame.KEYUP:
                self.held.discard(self.actions.get(event.key))
        pressed = self.held | tapped
        return next(iter(pressed)) if len(pressed) == 1 else WAIT


def play(count):
    """Generator of `Game`: up to so many in a window; fewer where the reader closes it, and no half one.

    Raises:
        ValueError: no window can be opened.
    """
    if not display_driver():
        raise ValueError(NO_WINDOW)
    env = gym.make(WORLD, render_mode="human")
    try:
        for number in range(1, count + 1):
            yield play_game(env, f"Catcher, game {number} of {count}")
    except Closed:
        return
    finally:
        env.close()


def play_game(env, title):
    """One `Game`; it stands still until an arrow key is pressed.

    Raises:
        Closed: before its end.
    """
    env.reset()
    keys = Keys()
    keys.pygame.display.set_caption(f"{title}: ← or → begins, Esc ends")
    while (action := keys.action()) == WAIT:
        env.render()
    keys.pygame.display.set_caption(title)
    began, returned, frames, over = time.perf_counter(), 0.0, 0, False
    while not over:
        _, reward, terminated, truncated, _ = env.step(action)
        returned, frames, over = returned + reward, frames + 1, terminated or truncated
        action = keys.action()
    return Game(int(returned), frames, round(time.perf_counter() - began, 1))
