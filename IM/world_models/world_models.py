"""World Models, whole (Ha & Schmidhuber 2018), Day 6: learn a world from pictures, then to act inside its dream.

    record   random play                                                  `IM.world_models.record`
    V        picture -> a few numbers z, and back                         `IM.world_models.vae`
    M        z, action, and what it remembers, h -> which z may follow    `IM.world_models.mdn_rnn`
    C        action by one linear function of [z, h]                      `IM.world_models.controller`

Only the first of these plays the real game. V and M learn from what was recorded, and C in the dream, where M takes
the place of the game. Then C is asked to play in reality, where it has never been.

Each part has a folder of its own in the run's folder. A part that is finished is not done again: a run that was
stopped, or killed, goes on in the midst of the part that it had come to.

    python IM/world_models/world_models.py              all of it; C learns in the dream
    python IM/world_models/world_models.py --reality    and C also learns in reality, with memory and without
    python IM/world_models/world_models.py --resume     go on with a run that was stopped or killed, by its settings
    python IM/world_models/world_models.py --play       watch the newest run's C in the real game
    python IM/world_models/world_models.py --env CarRacing-v3     the paper's sizes: days; never run here in full
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import NamedTuple

from framework.agent import load_agent
from framework.cli import CommonOptions, run
from framework.evaluate import evaluation_seed
from framework.play import play
from framework.runs.config import check, check_script, config_from, read_config
from framework.runs.files import load_arrays, save_arrays, written_whole
from framework.runs.folder import locked, new_folder, runs_of
from framework.runs.logger import write_config
from framework.runs.process import Interrupt
from framework.training import shortened
from IM.world_models import controller, mdn_rnn, vae
from IM.world_models.controller import Controller
from IM.world_models.dream import WorldModel
from IM.world_models.games import Judge
from IM.world_models.mdn_rnn import MDNRNN
from IM.world_models.record import Recording, record
from IM.world_models.vae import VAE

SCRIPT, DONE = "world_models", "result.json"


class Parts(NamedTuple):
    """The configurations of V, M and C."""

    v: vae.Config
    m: mdn_rnn.Config
    c: controller.Config


PRESETS = {
    "WindyCatcher-v0": Parts(vae.Config(), mdn_rnn.Config(), controller.Config()),
    "CarRacing-v3": Parts(vae.CAR_RACING, mdn_rnn.CAR_RACING, controller.CAR_RACING),
}
REALITY = {"reality": True, "reality-z": False}  # folders of the Cs that learn in reality: do they see h?
WATCHED = ("dream", "reality")  # folders of the C that --play shows, the first that is there


@dataclass(frozen=True)
class Config(CommonOptions):
    """What is chosen of the whole; V, M and C have their own settings, see `PRESETS`."""

    env: str = "WindyCatcher-v0"
    """The world: WindyCatcher-v0 or CarRacing-v3."""
    temperature: float = 1.0
    """τ of the dream in which C learns."""
    reality: bool = False
    """Other Cs learn in reality: from [z, h], and from z alone."""
    workers: int = 0
    """Processes that step the real games which C plays, 0: this one does."""
    run_folder: str = ""
    """Folder of the run; by default runs/world_models/<time>-seed<seed>. A run that is there already goes on."""


def parts_of(config):
    """The `Parts` of the whole.

    Raises:
        ValueError: there are none for that world.
    """
    if config.env not in PRESETS:
        raise ValueError(f"env must be one of {', '.join(PRESETS)}; got {config.env}")
    parts = [replace(part, seed=config.seed, quick=config.quick or part.quick) for part in PRESETS[config.env]]
    return Parts(*[shortened(part) for part in parts] if config.quick else parts)


def recorded(folder, config):
    """The recording of a run: that in its folder, or a new one, which is kept there."""
    path = folder / "recording.npz"
    if not path.exists():
        recording = record(config)
        save_arrays(path, {name: part for name, part in recording._asdict().items() if part is not None})
    arrays = load_arrays(path)
    if not {"frames", "first"} <= set(arrays) <= set(Recording._fields):
        raise ValueError(f"{path.as_posix()} holds no recording of games; without it they are recorded anew")
    return Recording(**arrays)


def part(interrupt, folder, config, agent_class, train, *learns_from):
    """A part of the whole: the one that is finished in its folder, or else a new one, begun or gone on with."""
    if (folder / "result.json").exists():
        return load_agent(folder / "agent.npz", agent_class, type(config))[0]
    if interrupt.asked:  # while the last part came to its end
        raise KeyboardInterrupt
    return train(replace(config, run_folder=folder.as_posix()), *learns_from)


def train(config):
    """The whole algorithm; returns {part: mean return in reality} of the Cs."""
    parts = parts_of(config)
    with held(begin_run(config)) as folder, Interrupt() as interrupt:
        recording = recorded(folder, parts.v)
        v = part(interrupt, folder / "v", parts.v, VAE, vae.train, recording)
        latents = mdn_rnn.encode(v, recording)
        m = part(interrupt, folder / "m", parts.m, MDNRNN, mdn_rnn.learn, latents)
        world_model = WorldModel.of(v, m, latents)
        world_model.save(folder / "world_model.npz")
        c = replace(
            parts.c, world_model=(folder / "world_model.npz").as_posix(), temperature=config.temperature,
            workers=config.workers,
        )  # fmt: skip
        wanted = {} if c.world == "reality" else {"dream": c}  # the paper has no dream of CarRacing
        if config.reality or not wanted:
            wanted |= {name: replace(c, world="reality", memory=memory) for name, memory in REALITY.items()}
        judge, scores = Judge(replace(c, world="reality"), world_model), {}
        for name, chosen in wanted.items():
            found = part(interrupt, folder / name, chosen, Controller, controller.train, world_model)
            fresh = evaluation_seed(c.seed, 10**6)  # games that nobody has seen
            scores[name] = judge(found, c.final_episodes, fresh).mean
            print(f"C of {name}: {scores[name]:.2f} in reality")
        with written_whole(folder / DONE) as file:
            file.write_text(json.dumps({"real_steps": recording.first.size, "in_reality": scores}), encoding="utf-8")
        return scores


@contextmanager
def held(folder):
    """``with held(folder):`` no other process begins or goes on with this run."""
    lock = locked(folder)
    try:
        yield folder
    finally:
        lock.release()


def begin_run(config):
    """The folder of a run, which is made, or goes on.

    Raises:
        ValueError: it holds a run of another script, or with other settings.
    """
    folder = Path(config.run_folder) if config.run_folder else new_folder(SCRIPT, config.seed)
    known, config = read_config(folder), replace(config, run_folder="")
    if known is None:
        write_config(folder, config)
    else:
        check_script(folder, SCRIPT)
        known = config_from(Config, known)
        if replace(known, reality=config.reality) != config:
            raise ValueError(f"{folder.as_posix()} holds a run with other settings; --resume alone goes on with it")
        if config.reality and not known.reality:
            write_config(folder, config)  # so much more is wanted of a run that may be finished
    print(f"{SCRIPT}: {config.env}, seed {config.seed}, {folder.as_posix()}", flush=True)
    return folder


def newest(condition):
    """The newest run's folder for which a condition holds.

    Raises:
        ValueError: there is none.
    """
    for folder in sorted(runs_of(SCRIPT).glob("*-seed*"), key=lambda folder: folder.name, reverse=True):
        if condition(folder):
            return folder
    raise ValueError(f"there is no such run in {runs_of(SCRIPT).as_posix()}; python IM/world_models/world_models.py")


def watched(folder):
    """Which C of a run --play shows, or None where none is finished."""
    return next((name for name in WATCHED if (folder / name / "result.json").exists()), None)


@dataclass(frozen=True)
class Options(Config):
    resume: bool = False
    """Go on with the newest run that was stopped or killed."""
    play: bool = False
    """Watch the C of the newest run that is finished in the real game; without a display, a GIF is written."""
    record: str = ""
    """With --play: the .gif or .mp4 file to write an episode to, instead of opening a window."""


def main(options):
    if options.record and not options.play:
        raise ValueError("--record writes what --play shows; add --play")
    if options.record and Path(options.record).suffix not in (".gif", ".mp4"):
        raise ValueError(f"--record writes a .gif or an .mp4; got {options.record}")
    if options.play:
        folder = Path(options.run_folder) if options.run_folder else newest(watched)
        if not watched(folder):
            raise ValueError(f"no C is finished in {folder.as_posix()}; --resume --run-folder goes on with a run")
        file = folder / watched(folder) / "agent.npz"
        agent, config = load_agent(file, Controller, controller.Config)
        play(agent, config, file, options.record)
        return
    config = Config(**{field.name: getattr(options, field.name) for field in fields(Config)})
    if options.resume:
        folder = Path(config.run_folder) if config.run_folder else newest(lambda folder: not (folder / DONE).exists())
        if replace(config, run_folder="", reality=False) != Config():
            raise ValueError("--resume goes on with the run's own settings; besides it there may be --reality")
        known = read_config(folder)
        if known is None:
            raise ValueError(f"there is no run in {folder.as_posix()} to go on with")
        check_script(folder, SCRIPT)
        known = config_from(Config, known)
        config = replace(known, reality=known.reality or config.reality, run_folder=folder.as_posix())
    check(config)
    train(config)


if __name__ == "__main__":
    run(main, Options, __doc__)
