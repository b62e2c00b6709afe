"""Skills as programs: a language model writes them, the house runs them, an error is an answer, too (Day 7).

A plan may be a program (Liang et al. 2023, Code as Policies; Vemprala et al. 2023; Wang et al. 2023, Voyager). Here
one is a line of calls, such as

    goto("kitchen"); pick("apple"); goto("bedroom"); drop()

What a model writes is never executed as Python: a grammar says which calls there are, and an interpreter looks each
of them up in a table (`AP/robot_calls.py`). Who runs a stranger's text by ``exec`` has given away the computer.

    write     the most probable program, token after token, that the grammar allows
    run       in the house; the first call that fails ends it with a sentence, and so does a goal that is not reached
    again     the program and its error are added to the prompt: two tries, for a third never helped
    keep      what has worked goes into a library under its task; for a task of several parts, the programs with the
              most similar tasks stand in the prompt as examples

Voyager asks GPT-4 whether a task is done. Here the world knows, and the verifier is ours, not the model's.

    python AP/llm_program.py                     three models, from recorded answers: tables and a plot
    python AP/llm_program.py --task 1            one simple task, try by try
    python AP/llm_program.py --live              beside them SmolLM2 on this machine (extra llm)

Writing is greedy, so that a second try without the error would be the first one again, to the letter: whatever is won
after the first try was won by reading the error.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AP.language import LanguageOptions, open_model, open_models
from AP.program_items import COMPOSED, GRAMMAR, RULES, SHOTS, SIMPLE, WORDINGS
from AP.robot_calls import run_program
from AP.tf_idf import TfIdf
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure
from framework.runs.folder import new_folder

TRIES, MAX_TOKENS, EXAMPLES = 2, 96, 2


class SkillLibrary:
    """Programs that worked, by their tasks."""

    def __init__(self):
        self.known = {}  # {task: program}

    def keep(self, task, program):
        self.known[task] = program

    def nearest(self, ask, count=EXAMPLES):
        """[(task, program)] of the tasks whose words are most like those of another one, the most similar last."""
        if not self.known:
            return []
        similarity = TfIdf([task.ask for task in self.known]).similarity(ask)
        order = np.argsort(similarity, kind="stable")[-count:]
        return [list(self.known.items())[number] for number in order]


class ProgramAgent:
    """Writes a program, reads its error, writes another one.

    Args:
        model: a `LanguageModel`.
        wording: the number of a wording of the prompt.
        library: a `SkillLibrary` that lends examples; None: the worked examples alone.
    """

    def __init__(self, model, wording=0, library=None):
        self.model, self.wording, self.library = model, WORDINGS[wording], library

    def prompt(self, task):
        """All that precedes the first program."""
        lent = self.library.nearest(task.ask) if self.library else []
        examples = [*SHOTS, *((each.told, each.ask, program) for each, program in lent)]
        shown = "\n".join(self.wording.example(*example) for example in examples)
        return f"{RULES}\n{shown}\n\n{self.wording.example(task.told, task.ask)}"

    def solve(self, task, tries=TRIES):
        """[(program, error)] of each try; the last error is "" where the task is done."""
        prompt, tried = self.prompt(task), []
        for _ in range(tries):
            program = self.model.write(prompt, GRAMMAR, MAX_TOKENS).strip()
            error = run_program(program, task)
            tried.append((program, error))
            if not error:
                break
            prompt += f" {program}\n{self.wording.error}: {error}\n{self.wording.program}:"
        return tried


def measure(model):
    """{"tries": [3 wordings, 12 tasks] tries until a task is done, 0 if it never was; "with", "without": the same of
    the composed tasks, with a library of what was done before, [6]}."""
    tries, library = [], SkillLibrary()
    for wording in range(len(WORDINGS)):
        solved = [ProgramAgent(model, wording).solve(task) for task in SIMPLE]
        tries.append([0 if told[-1][1] else len(told) for told in solved])
        if wording == 0:
            for task, told in zip(SIMPLE, solved, strict=True):
                if not told[-1][1]:
                    library.keep(task, told[-1][0])
    result = {"tries": np.array(tries)}
    for name, lent in (("without", None), ("with", library)):
        solved = [ProgramAgent(model, 0, lent).solve(task) for task in COMPOSED]
        result[name] = np.array([0 if told[-1][1] else len(told) for told in solved])
    return result


ask_all = measure  # that is all that this page asks by default


def done_by(tries, number):
    """The share of tasks that were done by a try."""
    return np.mean((tries > 0) & (tries <= number), axis=-1)


def table(results):
    """Lines: of each model what was done by each try, over the wordings, and of the composed tasks."""
    head = "".join(f"{f'try {number}':>8}" for number in range(1, TRIES + 1))
    yield f"{'done by':24}{head}   (least and most of {len(WORDINGS)} wordings, by the last try); composed tasks"
    for name, result in results.items():
        shares = [done_by(result["tries"], number) for number in range(1, TRIES + 1)]
        cells = "".join(f"{share.mean():8.2f}" for share in shares)
        composed = ", ".join(
            f"{kind} a library {done_by(result[kind], 1):.2f}, {done_by(result[kind], TRIES):.2f} by the last try"
            for kind in ("without", "with")
        )
        yield f"{name:24}{cells}   ({shares[-1].min():.2f} to {shares[-1].max():.2f}); {composed}"


def draw(results, path):
    """What was done by each try, for each wording; and composed tasks with a library and without."""
    from matplotlib import pyplot as plt
    from matplotlib.patches import Patch

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained", width_ratios=(3, 2))
    numbers = np.arange(1, TRIES + 1)
    for place, (name, result) in enumerate(results.items()):
        shares = np.array([done_by(result["tries"], number) for number in numbers])  # [tries, wordings]
        style = {"color": COLOURS[place], "marker": "os^D"[place % 4]}
        left.plot(numbers, shares.mean(axis=1), label=name, **style)
        band = {"color": COLOURS[place], "alpha": 0.15}
        left.fill_between(numbers, shares.min(axis=1), shares.max(axis=1), **band)
        for shift, kind, hatch in ((-0.2, "without", ""), (0.2, "with", "//")):
            style = {"color": COLOURS[place], "hatch": hatch, "alpha": 0.75, "edgecolor": "white"}
            bars = right.bar(place + shift, done_by(result[kind], TRIES), 0.36, **style)
            right.bar_label(bars, fmt="%.2f", fontsize=8)
    left.set(xlabel="tries, each with the errors before", ylabel="simple tasks done", ylim=(-0.02, 1.05))
    left.set_xticks(numbers)
    right.set_xticks(range(len(results)), [name.split()[-1] for name in results])
    right.set(ylabel="composed tasks done", ylim=(0, 1.05))
    left.legend(frameon=False)
    kinds = [Patch(facecolor="0.6", edgecolor="white", hatch=hatch) for hatch in ("", "//")]
    right.legend(kinds, ["without a library", "with a library"], frameon=False)
    for ax in (left, right):
        finish(ax, legend=False)
    save_figure(figure, path)


@dataclass(frozen=True)
class Options(LanguageOptions):
    task: int | None = None
    """The number of one simple task, from 0, to see all tries of; with the model that --model names."""
    wording: int = 0
    """Of that task's prompt."""


def main(options):
    if options.task is not None:
        if not (0 <= options.task < len(SIMPLE) and 0 <= options.wording < len(WORDINGS)):
            raise ValueError(f"task must be from 0 to {len(SIMPLE) - 1}, and wording from 0 to {len(WORDINGS) - 1}")
        task, model = SIMPLE[options.task], open_model(options)
        print(f"{task.told} Task: {task.ask}")
        for number, (program, error) in enumerate(ProgramAgent(model, options.wording).solve(task), 1):
            print(f"try {number}: {program}\n       {error or 'done'}")
        print(f"{model.name}: {model.bill}")
        model.close()
        return
    results = {}
    for name, model in open_models(options).items():
        results[name] = measure(model)
        print(f"{name}: {model.bill}", flush=True)
        model.close()
    print(*table(results), sep="\n")
    draw(results, Path(new_folder("llm_program", options.seed), "programs.png"))


if __name__ == "__main__":
    run(main, Options, __doc__)
