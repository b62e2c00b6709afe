"""The clock and the toolbox of a training run.

A chapter's ``train`` iterates over a `Trainer` and does in the body what its algorithm does:

    with Trainer(config, agent=agent, envs=envs, replay=replay) as trainer:
        for step in trainer:
            …
            trainer.log(loss=loss)
            if trainer.every(1000):
                …
    return trainer.best_agent

Between two bodies the trainer looks at the number of steps and does what is due: rows of the log, evaluations on
fresh episodes, checkpoints, the end. It never calls back into the chapter, and knows no network, no buffer and no
distribution. A run that is killed goes on from its newest checkpoint with ``--resume``; everything that learning
depends on is in it, so that it ends with the same weights.
"""

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from framework.agent import save_agent
from framework.evaluate import FreshWorlds, evaluation_seed
from framework.runs.checkpoints import Checkpoints
from framework.runs.config import as_json, check, check_script, config_from, read_config
from framework.runs.ending import NOTE, explained, note, run_folder_flag
from framework.runs.folder import locked, new_folder, runs_of, script_name
from framework.runs.logger import COLUMNS, Logger, Notes, write_config, write_result
from framework.runs.process import Interrupt

FREE_TO_CHANGE = {"checkpoint_seconds"}  # in a run that goes on; learning depends on all else
OWN = ("best_return", "bodies", "evaluations", "episodes")  # what a checkpoint keeps of the trainer


class Trainer:
    """Iterate over it; see the top of this file.

    Args:
        config: a `framework.runs.config.RunConfig`.
        agent: whatever can act, save and load: ``player()``, ``weights()``, ``set_weights(weights)``, ``state()`` and
            ``load_state(state)``, as `framework.agent.Agent` has them.
        envs: a `framework.vector.VectorWorld`, or something else that has its ``total_steps``, ``take_finished()``,
            ``frames()``, ``state()``, ``load_state(state)`` and ``resumes_exactly``. Without worlds a body is a step.
        evaluate: function (agent, number of episodes, seed) -> `framework.evaluate.Evaluation`, for success that is
            not the return of episodes in the worlds of ``config``, which is what counts by default.
        measure: what ``evaluate`` gives, in words for people; by default "return", and without worlds "success".
        go_on: what a person does to go on with a run that was stopped; by default types --resume.
        parts: whatever else learning depends on, such as a replay buffer; anything with state() and load_state().

    Attributes:
        folder: of the run.
        best_agent: after the run, the agent with the weights that evaluated best.

    Raises:
        ValueError: the configuration is impossible, or not that of the run in its folder; or what is logged, returned
            by an evaluation or learnt is no finite number.
        OSError: the disk is full or cannot be written, or the folder is gone. The last good checkpoint stays.
    """

    def __init__(self, config, *, agent, envs=None, evaluate=None, measure="", go_on="", **parts):
        check(config)
        if evaluate is None and not hasattr(config, "env"):
            raise ValueError("without worlds there are no returns: say what success is, by evaluate")
        self.config, self.agent, self.envs, self.evaluate = config, agent, envs, evaluate or FreshWorlds(config)
        self.measure, self.go_on = measure or ("success" if envs is None else "return"), go_on
        self.notes = Notes()  # since the last row of the log
        taken = {"trainer", "notes"} & set(parts)
        if taken:
            raise ValueError(f"a part must not be called {taken.pop()}; the trainer has one of that name")
        self.parts = {"agent": agent, "notes": self.notes, **parts} | ({} if envs is None else {"envs": envs})
        self.script = script_name(type(config))
        self.best_agent = agent
        self.best_return, self.best_weights = -np.inf, None
        self.bodies = self.evaluations = self.episodes = 0
        self.reached = None  # the step and the time at which the target was confirmed

    @property
    def total_steps(self):
        """Steps of all worlds together; without worlds, bodies."""
        return self.bodies if self.envs is None else self.envs.total_steps

    # The run, from its start to its end

    def __enter__(self):
        self._run = self._running()
        self._run.__enter__()
        return self

    def __exit__(self, *error):
        return self._run.__exit__(*error)

    @contextmanager
    def _running(self):
        """All that is around the bodies."""
        config = self.config
        self.folder = Path(config.run_folder) if config.run_folder else new_folder(self.script, config.seed)
        self.checkpoints = Checkpoints(self.folder)
        lock = locked(self.folder)
        try:
            resumed_at = self._go_on()
            with explained(self.folder, self.checkpoints, self._how_to_go_on(), lambda: self.total_steps):
                if resumed_at is None:
                    write_config(self.folder, replace(config, run_folder=""))
                print(f"{self.script}: {config.title}, {self.folder.as_posix()}", flush=True)
                self._last_checkpoint = time.monotonic()
                with Logger(self.folder, config.steps, resumed_at) as self._logger, Interrupt() as self._interrupt:
                    yield
                    self._finish()
        finally:
            if hasattr(self.evaluate, "close"):  # it may have worlds of its own
                self.evaluate.close()
            lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)  # the run is finished: nobody may go on with it any more

    def _go_on(self):
        """Take over the newest checkpoint of the run that is in the folder.

        Returns:
            the step that it goes on from, None where there is no run yet.
        """
        known = read_config(self.folder)
        if (self.folder / "result.json").exists():
            raise ValueError(f"the run in {self.folder} is finished; --play shows its agent")
        if known is None:
            return None
        check_script(self.folder, self.script)
        known, now = as_json(config_from(type(self.config), known)), as_json(self.config)
        differs = ", ".join(name for name in now if known[name] != now[name] and name not in FREE_TO_CHANGE)
        if differs:
            raise ValueError(
                f"{self.folder} holds a run with another configuration ({differs}): leave that out to go on with it,"
                " or begin another run, without --resume or with another --run-folder"
            )
        state = self.checkpoints.load_newest()
        (self.folder / NOTE).unlink(missing_ok=True)
        if state is None:
            return 0
        try:
            self._load(state)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            sentence = f"the checkpoint in {self.folder} is of another version of this script; begin another run"
            note(self.folder, sentence, error)
            raise ValueError(f"{sentence} ({error})") from error
        if self.envs and not self.envs.resumes_exactly:
            print("the episodes of this world cannot be saved; they start anew", file=sys.stderr)
        return self.total_steps

    def _load(self, state):
        for name, part in self.parts.items():
            part.load_state(state[name])
        for name in OWN:
            setattr(self, name, state["trainer"][name])
        self.best_weights = list(state["trainer"]["best_weights"].values()) or None

    def __iter__(self):
        """Yields the number of steps so far, before each body."""
        while self.total_steps < self.config.steps and not self.reached:
            self._step = self.total_steps
            yield self._step
            self.bodies += 1
            self._between()

    # What a body may use

    def every(self, period):
        """Whether the body that runs now crossed a multiple of ``period`` steps."""
        return self.total_steps // period > self._step // period

    def log(self, **values):
        """Note numbers; the next row has the mean of each.

        Raises:
            ValueError: a name is that of a column which the trainer itself writes, or has a slash; or a number is
                NaN or infinite.
        """
        taken = [name for name in values if name in COLUMNS]
        if taken:
            raise ValueError(f"the columns {', '.join(taken)} are the trainer's own; log under another name")
        self.notes.add(values)

    # What happens between two bodies

    def _between(self):
        finished = self.envs.take_finished() if self.envs else []
        self.episodes += len(finished)
        for episode_return, length in finished:
            self.notes.add({"return": episode_return, "length": length})
        self._logger.progress(self.total_steps)
        is_last = self.total_steps >= self.config.steps
        is_evaluated = is_last or self.every(self.config.eval_every)
        if is_evaluated or self.every(self.config.log_every):
            self._row(is_evaluated)
        if is_last or self.reached:  # the end is near: nothing to go on with
            return
        if self._interrupt.asked:
            self._save()
            tqdm.write(f"saved at step {self.total_steps}; {self._how_to_go_on()}", file=sys.stderr)
            raise KeyboardInterrupt
        if time.monotonic() - self._last_checkpoint > self.config.checkpoint_seconds:
            self._save()

    def _row(self, is_evaluated):
        evaluation = self._evaluate() if is_evaluated else None
        row = {"step": self.total_steps, "episodes": self.episodes} | self.notes.means()
        if evaluation:
            row |= {"eval_return": evaluation.mean, "eval_std": evaluation.std}
            row |= {"eval_min": evaluation.returns.min(), "eval_max": evaluation.returns.max()}
        self._logger.row(row)
        if evaluation and self.envs:
            self._logger.frames(self.total_steps, self.envs.frames())

    def _evaluate(self):
        weights, target = self._weights(), self.config.target_return
        evaluation = self._evaluation(self.config.eval_episodes)
        if target is not None and evaluation.mean >= target:
            confirmation = self._evaluation(self.config.final_episodes)
            self.reached = (self.total_steps, time.time()) if confirmation.mean >= target else None
        if self.reached or evaluation.mean >= self.best_return:
            self.best_return, self.best_weights = evaluation.mean, weights
            self._save_weights("agent.npz", weights)
        return evaluation

    def _evaluation(self, episodes):
        """Fresh episodes each time: no evaluation sees the episodes of another, nor training those of any."""
        self.evaluations += 1
        return self.evaluate(self.agent, episodes, evaluation_seed(self.config.seed, self.evaluations))

    def _weights(self):
        """The agent's weights, to be kept: never those that have diverged."""
        weights = self.agent.weights()
        if not all(np.isfinite(array).all() for array in weights):
            raise ValueError("weights are NaN or infinite: learning diverged; a lower learning rate may help")
        return weights

    def _save_weights(self, name, weights):
        self._logger.check()
        save_agent(self.folder / name, replace(self.config, run_folder=""), weights)

    def _save(self):
        self._weights()
        self._logger.check()
        self._logger.flush()
        own = {name: getattr(self, name) for name in OWN}
        own["best_weights"] = {f"{i:04d}": array for i, array in enumerate(self.best_weights or [])}
        state = {"trainer": own} | {name: part.state() for name, part in self.parts.items()}
        self.checkpoints.save(self.total_steps, state)
        self._last_checkpoint = time.monotonic()

    def _how_to_go_on(self):
        where = "" if self.folder.parent == runs_of(self.script) else f" {run_folder_flag(self.folder)}"
        return f"{self.go_on or f'--resume{where}'} goes on"

    # The end

    def _finish(self):
        """Evaluate the best agent on fresh episodes; write result.json and the plot."""
        if self.best_weights is None:  # nothing was trained
            return
        self._logger.check()
        self._save_weights("final.npz", self._weights())
        self.agent.set_weights(self.best_weights)
        reached_at, reached_time = self.reached or (None, None)
        final = self._evaluation(self.config.final_episodes)  # others than those which it had to pass
        from framework.plots import draw_run  # here, since plotting takes a second to load

        ylabel = "return of an episode" if self.measure == "return" else self.measure
        plot = draw_run(self.folder, f"{self.script}: {self.config.title}", self.envs is not None, ylabel)
        target = {"reached": self.reached is not None, "steps_to_target": reached_at, "reached_time": reached_time}
        write_result(self.folder, self.config, self.total_steps, self.episodes, final, target)  # it marks the end
        self.checkpoints.clear()
        self._logger.close()
        print(
            f"best agent: {self.measure} {final.mean:.2f} ± {final.std:.2f}"
            f" over {len(final.returns)} fresh {'trials' if self.envs is None else 'episodes'}"
            + (f", apart from those that confirmed the target at step {reached_at}" if self.reached else "")
        )
        print(f"plot saved to {plot.as_posix()}")
