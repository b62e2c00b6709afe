"""Read and Reward: what a manual is worth to a learner, seed by seed, and what three models read in it.

    python bench/llm_manual.py                        everything: about 12 minutes of one core
    python bench/llm_manual.py --learners ppo         one learner
    python bench/llm_manual.py --only inverted        only settings whose name has this in it

Each run is one of AP/llm_manual.py, with recorded answers. Its last agent, not its best, then plays 200 new games:
fruits caught out of 16, and the game's score, in which no auxiliary reward is counted. What stands in
results/llm_manual.json is not run again. Draws docs/llm_manual.png.
"""

import csv
import json
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from AP.language import RECORDED, LanguageOptions, open_model
from AP.llm_manual import CONTACTS, Config, ManualReward, learner, train
from bench.machine import RESULTS, machine, save
from framework.agent import load_agent
from framework.cli import run
from framework.plots import COLOURS, draw_curve, finish, save_figure
from framework.scores import interval, iqm
from worlds.catcher import FRUITS, CatcherVector

ROOT = Path(__file__).parents[1]
CURVES = {
    "judged by hand": {"manual": "truth"},
    "true manual": {"manual": "true"},
    "delayed score alone": {"manual": "none"},
    "another game's manual": {"manual": "other"},
    "inverted manual": {"manual": "inverted"},
}
ABLATIONS = {  # of PPO alone
    "true manual, whole": {"manual": "true", "whole": True},
    "true manual, one wording": {"manual": "true", "wordings": 1},
    "true manual, SmolLM2": {"manual": "true", "model": "smollm2"},
    "inverted manual, SmolLM2": {"manual": "inverted", "model": "smollm2"},
}
LEARNERS = {
    "ppo": {},
    "a2c": {"learner": "a2c", "num_envs": 4, "rollout_steps": 16, "learning_rate": 2e-3},
}
GAMES = 200


def play(agent):
    """What the agent does in new games: its mean score, fruits caught, and each contact, in one of them."""
    games = CatcherVector(GAMES, "state", delayed=True)
    obs, playing = games.reset(seed=10**6)[0], np.ones(GAMES, bool)
    score, contacts = np.zeros(GAMES), np.zeros((GAMES, len(CONTACTS)))
    while playing.any():
        obs, reward, terminated, truncated, info = games.step(np.asarray(agent.greedy(obs)))
        score += reward * playing
        contacts += info["contacts"] * playing[:, None]
        playing &= ~(terminated | truncated)
    means = contacts.mean(axis=0)
    told = dict(zip(("caught", "missed", "walls"), means.round(3).tolist(), strict=True))
    return {"score": round(float(score.mean()), 3), **told}


def learn(config):
    """What becomes of one run: what its last agent does, its curve, and its processor time."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "run")
        train(replace(config, run_folder=home.as_posix()))
        agent, _ = load_agent(home / "final.npz", learner, Config)
        with open(home / "metrics.csv", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["eval_return"]]
    curve = [(int(row["step"]), round(float(row["eval_return"]), 3)) for row in rows]
    return {**play(agent), "processor seconds": round(time.process_time() - began, 1), "curve": curve}


def read():
    """{model: {manual: [3 contacts, 3 wordings] moved}} by the sentence that was picked, and by the whole."""
    moved = {}
    for name, title in RECORDED.items():
        model = open_model(LanguageOptions(model=name))
        moved[title] = {
            manual + (", whole" if whole else ""): ManualReward(manual, model, whole).moved.round(3).tolist()
            for whole in (False, True)
            for manual in ("true", "inverted", "other")
        }
    return moved


def report(known):
    """Lines: of each learner and setting what its last agents catch, over all seeds."""
    for name, rows in known.items():
        caught, scores = ([row[what] for row in rows] for what in ("caught", "score"))
        low, high = interval([caught])
        told = ", ".join(f"{one:.1f}" for one in caught)
        middle = f"{iqm(caught):.2f} [{low:.2f}, {high:.2f}]"
        yield f"{name}: caught {middle} of {FRUITS} ({told}); score {iqm(scores):.2f}"


def draw_read(figure, moved):
    """By how much the picked sentences moved the log-odds of Yes, for each model."""
    ax, manuals = figure.subplots(), {"true": "true", "inverted": "inverted", "other": "another game's"}
    rows = [(manual, contact) for manual in manuals for contact in range(len(CONTACTS))]
    for number, (name, of_model) in enumerate(moved.items()):
        y = np.arange(len(rows)) + 0.24 * (number - 1)
        values = np.array([of_model[manual][contact] for manual, contact in rows])
        bars = np.abs(values.mean(axis=1) - [values.min(axis=1), values.max(axis=1)])
        style = {"fmt": "os^"[number], "color": COLOURS[number], "markersize": 5, "capsize": 2}
        ax.errorbar(values.mean(axis=1), y, xerr=bars, label=name, **style)
    told = ("fruit, paddle", "fruit, ground", "paddle, wall")
    ax.set_yticks(range(len(rows)), [f"{manuals[manual]}: {told[contact]}" for manual, contact in rows])
    for border in (2.5, 5.5):
        ax.axhline(border, color="0.75", linewidth=0.8)
    ax.axvline(0, color="0.3", linewidth=0.8)
    ax.invert_yaxis()
    ax.set(
        title="what is read in a manual of a contact",
        xlabel="log-odds that it is good, less without a manual: mean and\n"
        "range of 3 wordings; paid where all are on one side of 0",
    )
    finish(ax, legend=False)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)


def draw(known, moved):
    """What is read, and the score over steps of each learner."""
    from matplotlib import pyplot as plt

    learners = [one for one in LEARNERS if any(name.startswith(one) for name in known)]
    figure = plt.figure(figsize=(6 + 3.4 * len(learners), 4.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(6, 3.4 * len(learners)))
    draw_read(left, moved)
    for ax, of_whom in zip(right.subplots(1, len(learners), squeeze=False)[0], learners, strict=True):
        for number, name in enumerate(CURVES):
            lines = known.get(f"{of_whom}, {name}", [])
            if lines:
                steps = [step for step, _ in lines[0]["curve"]]
                scores = np.array([[score for _, score in row["curve"]] for row in lines])
                draw_curve(ax, steps, scores, name, COLOURS[number], marker="os^Dv"[number], markersize=3.5)
        title = f"{of_whom.upper()}, {max(len(known.get(f'{of_whom}, {name}', [])) for name in CURVES)} seeds"
        ax.set(title=title, xlabel="steps", ylim=(-3.4, 16.6), yticks=range(0, 17, 4))
        ax.set_ylabel("score of a game: mean and 95% band")
        ax.xaxis.set_major_formatter(lambda steps, _: f"{steps / 1_000:.0f}k")
        finish(ax, legend=False)
    handles = ax.get_legend_handles_labels()
    right.legend(*handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    save_figure(figure, ROOT / "docs" / "llm_manual.png")


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only settings whose name has this in it."""
    learners: tuple[str, ...] = tuple(LEARNERS)
    """ppo, a2c, or both."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def main(options):
    path = RESULTS / "llm_manual.json"
    known = json.loads(path.read_text(encoding="utf-8"))["result"] if path.exists() else {}
    moved = read()
    for who in options.learners:
        for name, changed in (CURVES | ABLATIONS if who == "ppo" else CURVES).items():
            rows = known.setdefault(f"{who}, {name}", [])
            for seed in options.seeds:
                if options.only in name and seed not in [row["seed"] for row in rows]:
                    rows.append({"seed": seed, **learn(replace(Config(), seed=seed, **LEARNERS[who], **changed))})
                    print(f"{who}, {name}, seed {seed}: caught {rows[-1]['caught']:.1f}", flush=True)
                    kept = {name: rows for name, rows in known.items() if rows}
                    save("llm_manual", {"machine": machine("tensorflow-cpu", "keras"), "read": moved, "result": kept})
    known = {name: rows for name, rows in known.items() if rows}
    print(*report(known), sep="\n")
    draw(known, moved)


if __name__ == "__main__":
    run(main, Options, __doc__)
