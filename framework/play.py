"""Watch a trained agent: in a window, or as a GIF or a video."""

import os
import sys
import warnings
from collections import deque
from itertools import islice
from pathlib import Path

import numpy as np

from framework.media.gif import save_gif
from framework.media.video import save_video
from framework.runs.folder import script_name
from framework.vector import make_worlds
from worlds.making import FAILURES, in_one_line, world_spec
from worlds.window import display_driver, play_in_window

EPISODES, GIF_FRAMES = 3, 1_000


def play(agent, config, path, record=""):
    """Show a few episodes, without exploration, and print what each of them paid.

    Args:
        agent: a `framework.agent.Agent`.
        config: its configuration.
        path: the file that it comes from; without a display a GIF is written beside it.
        record: a file, .gif or .mp4, that one episode is written to instead.

    Raises:
        ValueError: another kind of file, a world that draws no pictures, or what an MP4 needs is missing.
    """
    if record and Path(record).suffix not in (".gif", ".mp4"):
        raise ValueError(f"--record writes a .gif or an .mp4; got {record}")
    in_window = not record and display_driver()
    if not in_window:
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # else pygame looks for a display, and complains
        if sys.platform == "linux":
            os.environ.setdefault("MUJOCO_GL", "egl")  # else MuJoCo looks for one, too
    seed, workers = config.seed + 1_000, int(is_drawn_by_opengl(config.env))
    envs = make_worlds(config, num_envs=1, seed=seed, workers=workers, render_mode="rgb_array")
    frame = first_picture(envs)
    fps = envs.envs.metadata.get("render_fps", 30)
    tick = max(10, 10 * round(100 / fps))  # milliseconds; a GIF counts in hundredths of a second
    print(f"{script_name(type(config))}: {config.env}, {Path(path).as_posix()}")
    if in_window:
        shots = ((tick, lambda picture=picture: picture) for picture in pictures(agent, envs, EPISODES))
        play_in_window(shots, config.env, tick)
    else:
        file = Path(record or Path(path).with_name("play.gif"))
        scale = max(1, 256 // max(frame.shape[:2]))
        shown = pictures(agent, envs, 1)
        if file.suffix == ".mp4":
            save_video(file, shown, fps, scale)
        else:
            save_gif(file, islice(shown, GIF_FRAMES), tick, scale=scale)
            deque(shown, maxlen=0)  # the rest of a long episode is played, but not kept
        print(f"{'' if record else 'no window can be opened here: '}saved to {file.as_posix()}")
    envs.close()


def is_drawn_by_opengl(env_id):
    """Whether a world needs a process of its own to be drawn in: a driver such as Mesa's brings another LLVM than
    TensorFlow's, and where both are in one process it crashes."""
    return "mujoco" in str(world_spec(env_id).entry_point)


def first_picture(envs):
    """The picture [H, W, 3] uint8 that the first world shows now.

    Raises:
        ValueError: it shows none.
    """
    env_id = envs.envs.spec.id
    try:
        with warnings.catch_warnings(action="ignore"):  # Gymnasium says at length what is said below
            shown = envs.envs.render()
    except FAILURES as error:
        raise ValueError(f"{env_id} cannot be shown: {in_one_line(error)}") from None
    frame = None if shown is None else shown[0]
    if not (isinstance(frame, np.ndarray) and frame.dtype == np.uint8 and frame.shape[2:] == (3,)):
        shows = "nothing" if frame is None else f"{type(frame).__name__} {list(np.shape(frame))}"
        raise ValueError(f"{env_id} cannot be shown: render() must give a picture [H, W, 3] uint8; it gives {shows}")
    return frame


def pictures(agent, envs, episodes):
    """The pictures of whole episodes in one world, [H, W, 3] uint8 each."""
    for number in range(1, episodes + 1):
        player, ended = agent.player(), False
        while not ended:
            yield first_picture(envs)
            transition = envs.step(player(envs.obs))
            ended = bool(transition.terminated[0] or transition.truncated[0])
        episode_return, length = envs.take_finished()[-1]
        print(f"episode {number}: return {episode_return:.1f}, {length} steps", flush=True)
