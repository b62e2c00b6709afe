"""The clock and the toolbox of a training run.

A chapter's ``train`` iterates over a `Trainer` and does in the body what its algorithm does:

    with Trainer(config, envs=envs, agent=agent, replay=replay) as trainer:
        for step in trainer:
            …
            trainer.log(loss=loss)
            if trainer.every(1000):
                …
    return trainer.best_agent

Between two bodies the trainer looks at ``envs.total_steps`` and does what is due: rows of the log, evaluations on
fresh episodes, checkpoints, the end. It never calls back into the chapter. A run that is killed goes on from its
newest checkpoint with ``--resume``; everything that learning depends on is in it, so that it ends with the same
weights.
"""

import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from tqdm import tqdm

from framework.agent import save_agent
from framework.cli import CommonOptions
from framework.evaluate import evaluate, evaluation_seed, evaluation_worlds
from framework.runs.checkpoints import Checkpoints
from framework.runs.files import written_whole
from framework.runs.folder import as_json, locked, new_folder, read_config, runs_of, script_name
from framework.runs.logger import Logger, write_config
from framework.runs.process import Interrupt, peak_megabytes

FREE_TO_CHANGE = {"checkpoint_seconds"}  # in a run that goes on; learning depends on all else


@dataclass(frozen=True)
class TrainConfig(CommonOptions):
    """What every training has; a chapter's ``Config`` adds its hyper-parameters and overrides these."""

    env: str = "Catcher-v0"
    """The world: any suitable id of Gymnasium."""
    steps: int = 100_000
    """For how many steps of all worlds together to train at most."""
    num_envs: int = 32
    """How many worlds are stepped side by side."""
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
    frame_size: int = 84
    """Pictures are resized to so many pixels a side, in gray."""
    frame_stack: int = 2
    """How many of them the agent sees at once."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """What layers compute in; mixed_bfloat16 may be faster where the processor or the GPU supports it."""
    checkpoint_seconds: float = 30.0
    """Write a checkpoint every so many seconds."""
    run_folder: str = ""
    """Folder of the run; by default runs/<script>/<time>-seed<seed>. A run that is there already goes on."""


class Trainer:
    """Iterate over it; see the top of this file.

    Args:
        config: a `TrainConfig`.
        envs: a `framework.vector.VectorWorld`.
        agent: a `framework.agent.Agent`.
        parts: whatever else learning depends on, such as a replay buffer; anything with state() and load_state().

    Attributes:
        folder: of the run.
        best_agent: after the run, the agent with the weights that evaluated best.

    Raises:
        ValueError: the configuration is impossible, or not that of the run in its folder.
        OSError: the disk is full or cannot be written; the last good checkpoint stays.
    """

    def __init__(self, config, *, envs, agent, **parts):
        _check(config)
        self.config, self.envs, self.agent = config, envs, agent
        self.parts = {"envs": envs, "agent": agent, **parts}
        self.script = script_name(type(config))
        self.best_agent = agent
        self.best_return, self.best_weights = -np.inf, None
        self.evaluations, self.episodes, self.reached_at = 0, 0, None
        self.since_row = {"returns": [], "lengths": [], "logged": {}}
        self._evaluation_worlds = {}

    # The run, from its start to its end

    def __enter__(self):
        config = self.config
        self.folder = Path(config.run_folder) if config.run_folder else new_folder(self.script, config.seed)
        self.checkpoints = Checkpoints(self.folder, self._how_to_go_on())
        self._lock = locked(self.folder)
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def _open(self):
        """Begin a run in its folder, or go on with the one that is there."""
        config = self.config
        known = read_config(self.folder)
        if (self.folder / "result.json").exists():
            raise ValueError(f"the run in {self.folder} is finished; --play shows its agent")
        differs = [name for name, value in as_json(config).items() if known and known.get(name) != value]
        differs = ", ".join(name for name in differs if name not in FREE_TO_CHANGE)
        if differs:
            raise ValueError(f"{self.folder} holds a run with another configuration ({differs}); take a new folder")
        resumed_at = None
        if known is None:
            write_config(self.folder, replace(config, run_folder=""))
        else:
            resumed_at = self._load_newest()
        self.logger = Logger(self.folder, resumed_at)
        self._last_checkpoint = time.monotonic()
        self._began = time.monotonic(), self.envs.total_steps
        self._interrupt = Interrupt().__enter__()
        print(f"{self.script}: {config.env}, seed {config.seed}, {self.folder.as_posix()}", flush=True)
        if resumed_at is not None:
            print(f"resumed at step {resumed_at}", flush=True)
        self.bar = tqdm(
            total=config.steps, initial=self.envs.total_steps, unit=" steps", leave=False, disable=None,
            dynamic_ncols=True,
        )  # fmt: skip

    def __iter__(self):
        """Yields the number of steps so far, before each body."""
        while self.envs.total_steps < self.config.steps and self.reached_at is None:
            self._step = self.envs.total_steps
            yield self._step
            self._between()

    def __exit__(self, kind, error, traceback):
        try:
            if kind is None:
                self._finish()
        finally:
            self.bar.close()
            self.logger.close()
            for envs in self._evaluation_worlds.values():
                envs.close()
            self._interrupt.__exit__()
            self._lock.release()
        if kind is None:  # the run is finished: nobody may go on with it any more
            Path(self._lock.lock_file).unlink(missing_ok=True)

    # What a body may use

    def every(self, period):
        """Whether the body that runs now crossed a multiple of ``period`` steps."""
        return self.envs.total_steps // period > self._step // period

    def log(self, **values):
        """Note numbers; the next row has the mean of each."""
        for name, value in values.items():
            self.since_row["logged"].setdefault(name, []).append(value)

    # What happens between two bodies

    def _between(self):
        finished, self.envs.finished = self.envs.finished, []
        self.episodes += len(finished)
        self.since_row["returns"] += [episode_return for episode_return, _ in finished]
        self.since_row["lengths"] += [length for _, length in finished]
        self.bar.update(self.envs.total_steps - self._step)
        is_last = self.envs.total_steps >= self.config.steps
        evaluation = self._evaluate() if self.every(self.config.eval_every) or is_last else None
        if evaluation or self.every(self.config.log_every):
            self._row(evaluation)
        if is_last or self.reached_at is not None:  # the end is near: nothing to go on with
            return
        if self._interrupt.asked:
            self._save()
            tqdm.write(f"saved at step {self.envs.total_steps}; {self._how_to_go_on()}", file=sys.stderr)
            raise KeyboardInterrupt
        if time.monotonic() - self._last_checkpoint > self.config.checkpoint_seconds:
            self._save()

    def _evaluate(self):
        config = self.config
        evaluation = self._evaluation(config.eval_episodes)
        if config.target_return is not None and evaluation.mean >= config.target_return:
            self.confirmed = self._evaluation(config.final_episodes)
            if self.confirmed.mean >= config.target_return:
                self.reached_at = self.envs.total_steps
                self.reached_time = time.time()
        if self.reached_at is not None or evaluation.mean >= self.best_return:
            self.best_return, self.best_weights = evaluation.mean, self.agent.weights()
            self._save_weights("agent.npz", self.best_weights)
        return evaluation

    def _evaluation(self, episodes):
        """Fresh episodes each time: no evaluation sees the episodes of another, nor training those of any."""
        self.evaluations += 1
        if episodes not in self._evaluation_worlds:
            self._evaluation_worlds[episodes] = evaluation_worlds(self.config, episodes)
        seed = evaluation_seed(self.config.seed, self.evaluations)
        return evaluate(self.agent.greedy, self._evaluation_worlds[episodes], seed)

    def _save_weights(self, name, weights):
        save_agent(self.folder / name, self.script, replace(self.config, run_folder=""), weights)

    def _row(self, evaluation):
        step, since, self.since_row = self.envs.total_steps, self.since_row, _empty_row()
        row = {"step": step, "episodes": self.episodes}
        if since["returns"]:
            row |= {"return": np.mean(since["returns"]), "length": np.mean(since["lengths"])}
        if evaluation:
            row |= {"eval_return": evaluation.mean, "eval_std": evaluation.std}
        row |= {name: np.mean([float(value) for value in values]) for name, values in since["logged"].items()}
        self.logger.row(row)
        began, first = self._began
        self.logger.scalars(step, {"steps per second": (step - first) / (time.monotonic() - began)})
        if "return" in row:
            self.bar.set_postfix({"return": f"{row['return']:.1f}"}, refresh=False)
        if evaluation:
            if getattr(self.envs, "pictures", False):
                self.logger.frames(step, self.envs.obs[0])
            trained = f"return {row['return']:8.2f}   " if "return" in row else " " * 18
            line = f"step {step:8d}   {trained}evaluation {evaluation.mean:8.2f} ± {evaluation.std:.2f}"
            tqdm.write(line, file=sys.stdout)
            sys.stdout.flush()

    # Checkpoints

    def _save(self):
        """The state of everything into a new file; then files older than the last but one go."""
        self._last_checkpoint = time.monotonic()
        since = self.since_row
        own = {
            "best_return": self.best_return,
            "best_weights": {f"{i:04d}": array for i, array in enumerate(self.best_weights or [])},
            "evaluations": self.evaluations,
            "episodes": self.episodes,
            "returns": since["returns"],
            "lengths": since["lengths"],
            "logged": {name: [float(value) for value in values] for name, values in since["logged"].items()},
        }
        state = {"trainer": own} | {name: part.state() for name, part in self.parts.items()}
        self.checkpoints.save(self.envs.total_steps, state)

    def _how_to_go_on(self):
        where = "" if self.folder.parent == runs_of(self.script) else f" --run-folder {self.folder.as_posix()}"
        return f"--resume{where} goes on"

    def _load_newest(self):
        """Take over the newest checkpoint; returns its step, or 0 where there is none."""
        state = self.checkpoints.load_newest()
        if state is None:
            return 0
        for name, part in self.parts.items():
            part.load_state(state[name])
        own = state["trainer"]
        self.best_return, self.best_weights = own["best_return"], list(own["best_weights"].values()) or None
        self.evaluations, self.episodes = own["evaluations"], own["episodes"]
        self.since_row = {name: own[name] for name in ("returns", "lengths", "logged")}
        if not self.envs.resumes_exactly:
            print("the episodes of this world cannot be saved; they start anew", file=sys.stderr)
        return self.envs.total_steps

    # The end

    def _finish(self):
        """Evaluate the best agent on fresh episodes; write result.json and the plot."""
        if self.best_weights is None:  # nothing was trained
            return
        self._save_weights("final.npz", self.agent.weights())
        self.agent.set_weights(self.best_weights)
        final = self.confirmed if self.reached_at is not None else self._evaluation(self.config.final_episodes)
        result = {
            "env": self.config.env,
            "seed": self.config.seed,
            "steps": self.envs.total_steps,
            "episodes": self.episodes,
            "return": final.mean,
            "std": final.std,
            "returns": final.returns.tolist(),
            "reached": self.reached_at is not None,
            "steps_to_target": self.reached_at,
            "reached_time": self.reached_time if self.reached_at is not None else None,
            "peak_megabytes": peak_megabytes(),
        }
        from framework.plots import draw_run  # here, since plotting takes a second to load

        plot = draw_run(self.folder, f"{self.script}: {self.config.env}, seed {self.config.seed}")
        with written_whole(self.folder / "result.json") as part:  # last: it marks a run that is finished
            part.write_text(json.dumps(result, indent=2), encoding="utf-8")
        self.checkpoints.clear()
        self.bar.close()
        print(
            f"best agent: return {final.mean:.2f} ± {final.std:.2f} over {len(final.returns)} fresh episodes"
            + (f"; target reached at step {self.reached_at}" if self.reached_at is not None else "")
        )
        print(f"plot saved to {plot.as_posix()}")


def _empty_row():
    return {"returns": [], "lengths": [], "logged": {}}


def _check(config):
    for name in ("steps", "num_envs", "eval_every", "eval_episodes", "final_episodes", "log_every"):
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be at least 1; got {getattr(config, name)}")
    if config.seed < 0:
        raise ValueError(f"seed must be at least 0; got {config.seed}")
