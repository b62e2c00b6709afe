"""The settings that every run has, and how they are kept in its folder."""

import json
import math
import sys
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from framework.cli import CommonOptions

RENAMED = {"minibatch": "batch_size", "max_gradient": "max_grad_norm"}  # settings in files of older versions
LEAST = sys.float_info.min  # above 0
RANGES = {  # what settings may be: the least, the most, and their names in all chapters
    "at least 1": (
        1, math.inf, "steps eval_every eval_episodes final_episodes log_every num_envs frame_size frame_stack filters"
        " hidden buffer_size batch_size train_period gradient_steps target_period epsilon_steps rollout_steps epochs"
        " fit_period sample_size policy_delay conjugate_steps updates devices value_steps n_step atoms population"
        " episodes noise_size window mixtures z_size maps record_steps comparisons reviews size"
        " critics target_critics utd width heads layers warmup_steps games limit obs_size num_actions simulations"
        " teacher_steps suggestions blocks tasks lengths pictures embedding",
    ),
    "at least 0": (
        0, math.inf, "checkpoint_seconds learning_starts learning_rate baseline_learning_rate"
        " value_learning_rate entropy_weight value_weight exploration noise target_noise noise_clip beta"
        " reward_weight auxiliary kl_weight done_weight contrast free_bits"
        " violation_weight move_weight margin"
        " conservative_weight offline_steps weight_decay latency correctness progress"
        " distillation_weight roll_in pretrain_steps pretrain_rate prior_weight",
    ),
    "above 0": (
        LEAST, math.inf, "max_grad_norm adam_epsilon clip temperature reward_scale loss_scale kl_limit max_return"
        " concentration start scale",
    ),
    "from 0 to 1": (0, 1, "gamma lambda_ epsilon_end decay tau alpha noise_memory offline_ratio best_part"
        " noise_share teacher_epsilon rehearsal_share corrupt states"),
    "from 0 to 256": (0, 256, "workers"),
    "from -1e30 to 1e30": (-1e30, 1e30, "value_range"),
    "from 0.001 to 1000": (1e-3, 1_000, "sigma"),
    "from 0 to 4294967295": (0, 2**32 - 1, "seed"),
}  # fmt: skip


@dataclass(frozen=True)
class RunConfig(CommonOptions):
    """What every run has; a chapter's ``Config`` adds its hyper-parameters and overrides these."""

    steps: int = 100_000
    """For how many steps to train at most."""
    target_return: float | None = None
    """End as soon as the mean return of an evaluation, and of a second one on fresh episodes, reaches this."""
    eval_every: int = 10_000
    """Evaluate every so many steps."""
    eval_episodes: int = 20
    """Episodes of an evaluation."""
    final_episodes: int = 100
    """Episodes of the evaluation at the end, and of the one that confirms the target."""
    log_every: int = 2_000
    """A row in metrics.csv every so many steps."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """What layers compute in; mixed_bfloat16 may be faster where the processor or the GPU supports it."""
    checkpoint_seconds: float = 30.0
    """Write a checkpoint every so many seconds."""
    run_folder: str = ""
    """Folder of the run; by default runs/<script>/<time>-seed<seed>. A run that is there already goes on."""

    @property
    def title(self):
        """What a run is of, in a few words."""
        return f"seed {self.seed}"


@dataclass(frozen=True)
class WorldConfig(RunConfig):
    """What a run has besides where an agent acts in worlds."""

    env: str = "Catcher-v0"
    """The world: any suitable id of Gymnasium, or your own: module:World-v0, from a file module.py in the current
    folder that registers it."""
    num_envs: int = 32
    """How many worlds are stepped side by side; a step of all of them counts as so many steps."""
    workers: int = 0
    """How many processes step the worlds, where these are slow; 0: this one does. Evaluations have as many again."""
    frame_size: int = 84
    """Pictures are resized to so many pixels a side, in gray."""
    frame_stack: int = 2
    """How many pictures the agent sees at once."""

    @property
    def title(self):
        return f"{self.env}, seed {self.seed}"


def check(config):
    """Raise ValueError, in one sentence, where a setting is impossible; `RANGES` says what is possible."""
    for field in fields(config):
        numbers = [number for number in _leaves(getattr(config, field.name)) if isinstance(number, int | float)]
        if not all(map(math.isfinite, numbers)):
            raise ValueError(f"{field.name} must be a finite number; got {getattr(config, field.name)}")
        for words, (least, most, names) in RANGES.items():
            if field.name in names.split() and not all(least <= number <= most for number in numbers):
                raise ValueError(f"{field.name} must be {words}; got {getattr(config, field.name)}")
    if config.run_folder and Path(config.run_folder).exists() and not Path(config.run_folder).is_dir():
        raise ValueError(f"run_folder must be a folder; {config.run_folder} is none")


def read_config(folder):
    """The configuration of the run in a folder, as JSON has it, or None if there is no run."""
    path = Path(folder, "config.json")
    if not path.exists():
        return None
    try:
        return _renamed(json.loads(path.read_text(encoding="utf-8"))["config"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path.as_posix()} is damaged") from None


def check_script(folder, script):
    """Raise ValueError, in one sentence, where the run in a folder is another script's.

    (Runs of older versions do not tell; their settings will differ.)
    """
    folder = Path(folder)
    path = folder / "config.json"
    known = json.loads(path.read_text(encoding="utf-8")).get("script") if path.exists() else None
    if known not in (None, script):
        raise ValueError(f"{folder.as_posix()} holds a run of {known}, and this is {script}; take another folder")


def config_from(config_class, known):
    """A configuration from JSON, where tuples are lists. Settings that it lacks have their defaults.

    Raises:
        ValueError: it has settings that the class does not know, or that are not of their kind.
    """
    known = _renamed(known)
    strange = set(known) - {field.name for field in fields(config_class)}
    if strange:
        raise ValueError(f"the run has settings that this version does not know: {', '.join(sorted(strange))}")
    values = {name: _as_tuple(value) for name, value in known.items()}
    kinds, defaults = get_type_hints(config_class), {field.name: field.default for field in fields(config_class)}
    for name, value in values.items():
        if not _is_of(kinds[name], value) and value != defaults[name]:
            raise ValueError(f"the settings of the run are damaged: {name} cannot be {json.dumps(value)}")
    return config_class(**values)


def as_json(config):
    """The configuration as `read_config` would give it back; the folder is no part of it."""
    return json.loads(json.dumps(asdict(replace(config, run_folder=""))))


def _renamed(known):
    return {RENAMED.get(name, name): value for name, value in known.items()}


def _as_tuple(value):
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value


def _leaves(value):
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, tuple) else [value]


def _is_of(kind, value):
    """Whether a value is of a field's kind; of kinds that no table of settings has, everything is."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_is_of(one, value) for one in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        kinds = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return len(kinds) == len(value) and all(map(_is_of, kinds, value))
    return not isinstance(kind, type) or isinstance(value, (int, float) if kind is float else kind)
