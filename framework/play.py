"""Watch a trained agent: in a window, or as a GIF or a video."""

import os
from pathlib import Path

from framework.agent import load_agent_file
from framework.media.gif import save_gif
from framework.media.video import save_video
from framework.runs.folder import config_from
from framework.vector import make_vector
from worlds.window import display_driver, play_in_window

EPISODES, GIF_FRAMES = 3, 1_000


def load_agent_of(agent_class, script, config_class, path):
    """(agent, configuration) of a file, without a command line."""
    config = config_from(config_class, load_agent_file(path, script)[0])
    return load_agent(agent_class, script, config, path), config


def load_agent(agent_class, script, config, path):
    """The agent in a file, ready to act; ``config`` is the one that the file holds.

    Raises:
        ValueError: the file is no agent, or does not fit the world.
        OSError: there is no such file.
    """
    _, weights = load_agent_file(path, script)
    envs = make_vector(config.env, 1, config.seed, config.frame_size, config.frame_stack)
    agent = agent_class(envs.observation_space, envs.action_space, config)
    envs.close()
    agent.set_weights(weights)
    return agent


def play(agent_class, script, config, path, record=""):
    """Show a few episodes, without exploration, and print what each of them paid.

    Args:
        record: a file, .gif or .mp4, that one episode is written to instead.

    Raises:
        ValueError: another kind of file, or what an MP4 needs is missing.
    """
    if record and Path(record).suffix not in (".gif", ".mp4"):
        raise ValueError(f"--record writes a .gif or an .mp4; got {record}")
    in_window = not record and display_driver()
    if not in_window:
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # else pygame looks for a display, and complains
    agent = load_agent(agent_class, script, config, path)
    envs = make_vector(
        config.env, 1, config.seed + 1_000, config.frame_size, config.frame_stack, render_mode="rgb_array"
    )
    fps = envs.envs.metadata.get("render_fps", 30)
    tick = max(10, round(1000 / fps, -1))  # a GIF counts in hundredths of a second
    print(f"{script}: {config.env}, {Path(path).as_posix()}")
    if in_window:
        play_in_window(
            ((tick, lambda frame=frame: frame) for frame in frames(agent, envs, EPISODES)), config.env, tick
        )
    else:
        file = Path(record or Path(path).with_name("play.gif"))
        scale = max(1, 256 // max(envs.envs.render()[0].shape[:2]))
        if file.suffix == ".mp4":
            save_video(file, frames(agent, envs, 1), fps, scale)
        else:
            save_gif(file, list(frames(agent, envs, 1))[:GIF_FRAMES], tick, scale=scale)
        print(f"{'' if record else 'no window can be opened here: '}saved to {file.as_posix()}")
    envs.close()


def frames(agent, envs, episodes):
    """The pictures of whole episodes in one world, [H, W, 3] uint8 each."""
    for number in range(1, episodes + 1):
        ended = False
        while not ended:
            yield envs.envs.render()[0]
            transition = envs.step(agent.greedy(envs.obs))
            ended = bool(transition.terminated[0] or transition.truncated[0])
        (episode_return, length), envs.finished = envs.finished[-1], []
        print(f"episode {number}: return {episode_return:.1f}, {length} steps", flush=True)
