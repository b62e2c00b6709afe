"""What a run of AlphaDev learnt and found: programs by the network alone; the best, tried, read aloud and drawn."""

from pathlib import Path

import numpy as np

from AP.assembly import contents, failures, listing, read_aloud
from AP.tree_search import draw_moves
from framework.evaluate import Evaluation
from framework.plots import COLOURS, finish
from framework.runs.files import written_whole
from framework.tabular.loops import fast
from worlds.sort import RET, execute, legal_moves

TRIALS = 10_000
SHADES = ("#f2f2f0", "#c6dbef", "#6baed6", "#2166ac")  # of 0 (nothing written yet), 1, 2, 3


def judge_programs(agent, count, seed):
    """An `Evaluation` of ``count`` programs that a network writes alone, each move drawn as its priors say.

    A program is worth 1 - latency × length if it sorts, else 0. None of them counts as found.

    Args:
        agent: a `AP.alphadev.AlphaDevAgent`.
    """
    task, config, rng = agent.task, agent.config, np.random.default_rng(seed)
    run, legal_moves_of = fast(execute), fast(legal_moves)
    states, going = np.repeat(task.start, count, axis=0), np.ones(count, bool)
    worth, lengths = np.zeros(count), np.zeros(count, int)
    for length in range(config.limit):
        legal = legal_moves_of(states, task.instructions)
        going &= legal.any(axis=1)
        prior, _ = agent.judge(states, np.full(count, length / config.limit), legal)
        action = draw_moves(prior * legal, rng)
        states = np.where(going[:, None, None], run(states, action, task.instructions), states)
        lengths += going
        solved = going & task.is_sorted(states)
        worth[solved] = 1 - config.latency * (length + 1)
        going &= ~solved & (task.instructions[action, 0] != RET)
    return Evaluation(worth, lengths)


def tell(folder, task, found, program, steps, seed):
    """Print what was found, write it into program.txt of the run's folder and draw it into program.png.

    Args:
        found: [(step, length)], each time a shorter program was found; empty where none was.
        program: the shortest one.
        steps: for how many the simulator was run.
    """
    if not found:
        print(f"no program that does {task.name} was found in {steps:,} instructions run")
        return
    wrong = failures(task, program, seed, TRIALS)
    lines = [
        f"{task.name}: {len(program)} instructions, found after {found[-1][0]:,} instructions run"
        + (f"; the shortest there is has {task.shortest}" if task.shortest else ""),
        f"wrong on {wrong:,} of {TRIALS:,} random inputs",
        "", *read_aloud(task, program), "", *read_aloud(task, program, "ja"),
    ]  # fmt: skip
    print("\n".join(lines))
    with written_whole(Path(folder, "program.txt")) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    from matplotlib.figure import Figure  # not pyplot, whose windows are none of a run's business

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    draw_lengths(left, {"this run": (COLOURS[0], [(found, steps)])}, task.shortest)
    draw_trace(right, task, program)
    with written_whole(Path(folder, "program.png")) as part:
        figure.savefig(part, dpi=120, format="png")
    print(f"\nprogram.txt and program.png saved to {Path(folder).as_posix()}")


def draw_lengths(ax, groups, shortest, scale="linear"):
    """The length of the best program so far over the instructions run, a line for each run.

    Args:
        groups: {label: (colour, [(found, steps) of each run])}; found is [(step, length)].
        shortest: where the dotted line is; 0: there is none.
        scale: of the steps, "linear" or "log".
    """
    lengths, shift = set(), iter(np.arange(100) * 0.03)  # so that no line hides another
    for label, (colour, runs) in groups.items():
        for number, (found, steps) in enumerate(runs):
            if found:
                x, y = map(np.array, zip(*found, strict=True))
                lengths |= set(y.tolist())
                y = y + next(shift)
                style = {"color": colour, "alpha": 0.85, "linewidth": 1.6}
                ax.step([*x, steps], [*y, y[-1]], where="post", label=None if number else label, **style)
                ax.plot(x[-1], y[-1], "o", color=colour, markersize=4)
    if shortest:
        ax.axhline(shortest, color="0.4", linestyle=":", label="the shortest there is")
        lengths.add(shortest)
    ax.set(xlabel="instructions run in the simulator", ylabel="instructions of the best program", xscale=scale)
    ax.xaxis.set_major_formatter(lambda steps, _: f"{steps:,.0f}")
    ax.minorticks_off()
    if scale == "linear":
        ax.locator_params(axis="x", nbins=4)  # such long numbers would run into each other
    if lengths:
        ax.set_yticks(range(min(lengths), max(lengths) + 1))
        room = 0.3 + 0.3 * (max(lengths) - min(lengths))  # for a legend
        ax.set_ylim(min(lengths) - 0.25, max(lengths) + room)
    finish(ax)


def draw_trace(ax, task, program, chosen=None):
    """What the registers hold after each instruction, for one input; what an instruction changed is framed.

    Args:
        chosen: the number of the input; by default one without ties that changes most often.
    """
    held = contents(task, program)  # [L + 1, I, R]
    changes = (np.diff(held, axis=0) != 0).sum(axis=(0, 2)) * np.diff(task.outputs, axis=1).all(axis=1)
    at = int(np.argmax(changes)) if chosen is None else chosen
    table = held[:, at]
    for row, numbers in enumerate(table):
        for x, number in enumerate(numbers):
            changed = row > 0 and number != table[row - 1, x]
            frame = {"edgecolor": COLOURS[1] if changed else "white", "linewidth": 2.4 if changed else 1}
            size = 0.88 if changed else 0.98
            place = (x - size / 2, row - size / 2)
            ax.add_patch(_rectangle(place, size, facecolor=SHADES[number], **frame))
            colour = "white" if number == 3 else "black"
            ax.text(x, row, number or "·", ha="center", va="center", color=colour, fontsize=9)
    ax.set(xlim=(-0.5, len(task.registers) - 0.5), ylim=(len(table) - 0.5, -0.5))
    ax.set_xticks(range(len(task.registers)), task.registers)
    ax.set_yticks(range(len(table)), ["given", *listing(task, program)], family="monospace", fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _rectangle(place, size, **style):
    from matplotlib.patches import Rectangle

    return Rectangle(place, size, size, **style)
