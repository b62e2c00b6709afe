"""The command line of a chapter that trains: --test, --quick, --env, --resume and --play around its ``Config``."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import tyro

from framework.agent import build_agent, read_agent
from framework.cli import run
from framework.runs.config import RENAMED, check, check_script, config_from, read_config
from framework.runs.ending import noted, run_folder_flag
from framework.runs.folder import runs_of, script_command, script_name
from worlds.frames import is_picture
from worlds.making import make_world

QUICK_PART = 40  # a quick run has one in so many steps
TEST = "CartPole-v1"  # the world of --test


def run_training(train, agent_class, presets, description, takes=None):
    """Read the command line; train, go on with a run, or play.

    Args:
        train: function of a configuration.
        agent_class: builds the agent to play from (observation_space, action_space, config); a class, or a function.
        presets: configurations, each for the world that it names; the first is the default. ``--env`` takes that of
            its world, else the first whose world shows the same kind of observation, pictures or numbers.
            Where they name no world, there is no --env, --test and --play; ``--task`` takes that of its task.
        takes: {world: what a run with its preset takes, in time and memory}; said before it starts.
    """
    config_class = type(presets[0])

    @dataclass(frozen=True)
    class Training:
        """A configuration, and whether to begin with it or to go on."""

        config: tyro.conf.OmitArgPrefixes[config_class]
        resume: bool = False
        """Go on with the newest run that was stopped or killed."""

    @dataclass(frozen=True)
    class TrainingOrPlay(Training):
        """What there is besides where an agent acts in a world."""

        play: bool = False
        """Watch an agent instead of training; without a display, a GIF is written."""
        agent: str = ""
        """The file to play, agent.npz; by default that of the newest run."""
        record: str = ""
        """With --play: the .gif or .mp4 file to write an episode to, instead of opening a window."""

    @dataclass(frozen=True)
    class TestOrPlay(TrainingOrPlay):
        """What there is besides where the chapter has settings for CartPole."""

        test: bool = False
        """CartPole instead of the chapter's own world."""

    looks_on = isinstance(agent_class, type) and not hasattr(agent_class, "greedy")  # such as V of World Models
    in_worlds = hasattr(presets[0], "env") and not looks_on
    has_test = in_worlds and any(config.env == TEST for config in presets)
    Options = TestOrPlay if has_test else TrainingOrPlay if in_worlds else Training
    to_play = []  # the weights of the file that --play shows, which is read once

    def main(options):
        check(options.config)
        if in_worlds and options.play:
            from framework.play import play

            agent = build_agent(agent_class, options.config, to_play[0])
            play(agent, options.config, options.agent, options.record)
        else:
            cost = (takes or {}).get(getattr(options.config, "env", None))
            if cost and not (options.resume or options.config.quick):
                print(f"This takes {cost} on two cores; Ctrl-C stops it, --resume goes on.", flush=True)
            train(options.config)

    def default():
        """The options without any flag but those that decide about the others."""
        arguments = [_with_dashes(argument) for argument in sys.argv[1:]]
        if "--help" in arguments or "-h" in arguments:
            return Options(presets[0])
        _refuse_old_names(arguments)
        if in_worlds:
            _refuse_contradictions(arguments)
        if "--resume" in arguments:
            known = _run_to_resume(config_class, _value_of("--run-folder", arguments))
            return Options(replace(known, quick=known.quick and "--quick" not in arguments))
        if not in_worlds:
            chosen = next((one for one in presets if _is_named(one, arguments)), presets[0])
            return Options(shortened(chosen) if "--quick" in arguments else chosen)
        env, test = _value_of("--env", arguments), "--test" in arguments
        if "--play" in arguments:
            file = _value_of("--agent", arguments) or _newest_agent(config_class, TEST if test else env)
            known, weights = read_agent(file, config_class)
            to_play.append(weights)
            return Options(replace(known, quick=False), agent=file)  # else --quick beside --play would be refused
        chosen = _preset(presets, TEST if test else env or presets[0].env)
        if env not in (None, chosen.env):  # --test beside another world: its settings, but not its target
            chosen = replace(chosen, env=env, target_return=None)
        return Options(shortened(chosen) if "--quick" in arguments else chosen)

    run(main, Options, description, default)


def _with_dashes(argument):
    """--run_folder=a_b as --run-folder=a_b: both spellings of a flag are taken."""
    flag, equals, value = argument.partition("=")
    return flag.replace("_", "-") + equals + value if flag.startswith("--") else argument


def _refuse_old_names(arguments):
    flags = {argument.partition("=")[0] for argument in arguments}
    for old, new in RENAMED.items():
        old, new = _with_dashes(f"--{old}"), _with_dashes(f"--{new}")
        if old in flags:
            raise ValueError(f"{old} is called {new} now")


def _refuse_contradictions(arguments):
    if "--play" in arguments and "--resume" in arguments:
        raise ValueError("--play shows an agent and --resume trains one; take one of them")
    if _value_of("--agent", arguments) and "--play" not in arguments:
        raise ValueError("--agent is the file that --play shows; add --play")
    record = _value_of("--record", arguments)
    if record and "--play" not in arguments:
        raise ValueError("--record writes what --play shows; add --play")
    if record and Path(record).suffix not in (".gif", ".mp4"):
        raise ValueError(f"--record writes a .gif or an .mp4; got {record}")


def _is_named(config, arguments):
    """Whether the command line has the world or the task of a preset."""
    named = {name: _value_of(f"--{name}", arguments) for name in ("env", "task")}
    return any(value and getattr(config, name, None) == value for name, value in named.items())


def _preset(presets, env_id):
    """The preset of a world, or one that suits it; its target is then unknown."""
    for config in presets:
        if config.env == env_id:
            return config
    shows = _has_pictures(env_id)
    alike = next((config for config in presets if _has_pictures(config.env) == shows), presets[0])
    return replace(alike, env=env_id, target_return=None)


def shortened(config):
    """The configuration of --quick: the same code, for one in so many steps."""
    every = max(1, config.steps // QUICK_PART // 2)
    shorter = {"steps": config.steps // QUICK_PART, "eval_every": every, "log_every": every}
    if hasattr(config, "learning_starts"):
        shorter["learning_starts"] = min(config.learning_starts, shorter["steps"] // 2)
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
        env = make_world(env_id)
    except ValueError:  # whatever is wrong with it, make_worlds says it better
        return False
    shows = is_picture(env.observation_space)
    env.close()
    return shows


def _run_to_resume(config_class, folder):
    """The configuration of the run in a folder; without one, of the newest run that can go on."""
    script = script_name(config_class)
    for run_folder in [Path(folder)] if folder else _runs(script):
        try:
            known = read_config(run_folder)
            if known is not None and folder and (run_folder / "result.json").exists():
                raise ValueError(f"the run in {run_folder.as_posix()} is finished; --play shows its agent")
            if known is None or (run_folder / "result.json").exists():
                continue
            check_script(run_folder, script)
            if not folder and noted(run_folder):
                raise ValueError(f"{noted(run_folder)} ({run_folder_flag(run_folder)} tries it again)")
            return replace(config_from(config_class, known), run_folder=run_folder.as_posix())
        except ValueError as error:
            if folder:
                raise
            print(f"passed over {run_folder.as_posix()}: {error}", file=sys.stderr)
    raise ValueError(f"there is no run in {folder or runs_of(script).as_posix()} to go on with")


def _newest_agent(config_class, env):
    """Path of the newest run's agent, of a run in world ``env`` if one is given."""
    script = script_name(config_class)
    for folder in _runs(script):
        path = folder / "agent.npz"
        if path.exists() and (env is None or read_agent(path, config_class)[0].env == env):
            return path.as_posix()
    where = f" for {env}" if env else ""
    command = script_command(config_class)
    raise ValueError(f"there is no agent in runs/{script}{where} yet; train one first: {command}")


def _runs(script):
    """Folders of runs, the newest first."""
    return sorted(runs_of(script).glob("*-seed*"), key=lambda folder: folder.name, reverse=True)
