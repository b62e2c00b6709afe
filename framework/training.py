"""The command line of a deep chapter: --test, --quick, --env, --resume and --play around its ``Config``."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import gymnasium as gym
import tyro

from framework.agent import load_agent_file
from framework.cli import run
from framework.runs.folder import config_from, read_config, runs_of, script_name
from worlds.frames import is_picture

QUICK_PART = 40  # a quick run has one in so many steps


def run_training(train, agent_class, config, description, test=None, takes=None):
    """Read the command line; train, go on with a run, or play.

    Args:
        train: function of a configuration.
        agent_class: builds the agent to play from (observation_space, action_space, config).
        config: the defaults.
        description: shown by --help.
        test: the defaults with --test, and for worlds whose observations are not pictures; None if ``config`` is
            that already.
        takes: {world: what a run with its defaults takes, in time and memory}; said before it starts.
    """
    config_class = type(config)
    script = script_name(config_class)

    @dataclass(frozen=True)
    class Options:
        """A configuration, and what to do with it: train, go on, or play."""

        config: tyro.conf.OmitArgPrefixes[config_class]
        test: bool = False
        """CartPole instead of the chapter's own world."""
        play: bool = False
        """Watch an agent instead of training; without a display, a GIF is written."""
        agent: str = ""
        """The file to play, agent.npz; by default that of the newest run."""
        record: str = ""
        """With --play: the .gif or .mp4 file to write an episode to, instead of opening a window."""
        resume: bool = False
        """Go on with the newest run that was stopped or killed."""

    def main(options):
        if options.play:
            from framework.play import play

            play(agent_class, script, options.config, options.agent, options.record)
        else:
            cost = (takes or {}).get(options.config.env)
            if cost and not (options.resume or options.config.quick):
                print(f"This takes {cost} on two cores; Ctrl-C stops it, --resume goes on.", flush=True)
            train(options.config)

    def default():
        """The options without any flag but those that decide about the others."""
        arguments = sys.argv[1:]
        if "--help" in arguments or "-h" in arguments:
            return Options(config)
        if "--play" in arguments and "--resume" in arguments:
            raise ValueError("--play shows an agent and --resume trains one; take one of them")
        if _value_of("--agent", arguments) and "--play" not in arguments:
            raise ValueError("--agent is the file that --play shows; add --play")
        if _value_of("--record", arguments) and "--play" not in arguments:
            raise ValueError("--record writes what --play shows; add --play")
        if "--resume" in arguments:
            known = _run_to_resume(script, config_class, _value_of("--run-folder", arguments))
            return Options(replace(known, quick=known.quick and "--quick" not in arguments))
        if "--play" in arguments:
            wanted = test.env if test and "--test" in arguments else _value_of("--env", arguments)
            file = _value_of("--agent", arguments) or _newest_agent(script, wanted)
            known = config_from(config_class, load_agent_file(file, script)[0])
            return Options(replace(known, quick=False), agent=file)  # else --quick beside --play would be refused
        env = _value_of("--env", arguments)
        chosen = test if test and ("--test" in arguments or (env and not _has_pictures(env))) else config
        if env:
            chosen = replace(chosen, env=env, target_return=None)
        if "--quick" in arguments:
            chosen = _quick(chosen)
        return Options(chosen)

    run(main, Options, description, default)


def _quick(config):
    every = max(1, config.steps // QUICK_PART // 2)
    shorter = {"steps": config.steps // QUICK_PART, "eval_every": every, "log_every": every}
    return replace(config, **shorter, eval_episodes=5, final_episodes=10, target_return=None)


def _value_of(flag, arguments):
    for i, argument in enumerate(arguments):
        if argument == flag and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(f"{flag}="):
            return argument.partition("=")[2]
    return None


def _has_pictures(env_id):
    """Whether a world shows pictures; False where it does not exist, which is found out later."""
    try:
        env = gym.make(env_id)
    except Exception:  # whatever is wrong with it, make_vector says it better
        return False
    shows = is_picture(env.observation_space)
    env.close()
    return shows


def _run_to_resume(script, config_class, folder):
    for run_folder in [Path(folder)] if folder else _runs(script):
        known = read_config(run_folder)
        if known is not None and not (run_folder / "result.json").exists():
            return replace(config_from(config_class, known), run_folder=run_folder.as_posix())
    raise ValueError(f"there is no run in {folder or runs_of(script).as_posix()} to go on with")


def _newest_agent(script, env):
    """Path of the newest run's agent, of a run in world ``env`` if one is given."""
    for folder in _runs(script):
        path = folder / "agent.npz"
        if path.exists() and env in (None, load_agent_file(path, script)[0]["env"]):
            return path.as_posix()
    where = f" for {env}" if env else ""
    raise ValueError(f"there is no agent in runs/{script}{where} yet; train one first: python FN/{script}.py")


def _runs(script):
    """Folders of runs, the newest first."""
    return sorted(runs_of(script).glob("*-seed*"), key=lambda folder: folder.name, reverse=True)
