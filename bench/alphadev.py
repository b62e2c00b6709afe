"""How many instructions AlphaDev in small runs until it finds the shortest program, and searches without a network.

    python bench/alphadev.py                      everything
    python bench/alphadev.py --only learning
    python bench/alphadev.py --only ablations --run "0.05"   ablations whose name has this in it
    python bench/alphadev.py --only draw

Parts: facts (exhaustive search), by hand (best-first search), random (legal instructions at random), learning (swap
and sort3, each seed), none (the same search without a network), one tree (PUCT that grows one tree and does not move,
with values of 0, or random games for values), ablations, draw. A run ends at the length that is known to be
the shortest: what is measured is when that is found. Steps are instructions run in the simulator, whoever runs them;
what is legal is worked out alike for all, and not counted. Writes results/alphadev.json and docs/alphadev.png.
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from AP.alphadev import SORT3, AlphaDevAgent, Config, SelfPlay, rewards
from AP.alphadev_report import draw_lengths, draw_trace, judge_programs
from AP.assembly import failures, listing
from AP.plain_search import best_first, shortest_programs
from AP.positions import Ledger, PositionBuffer
from AP.tree_search import Forest
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.plots import COLOURS, save_figure
from framework.runs.parallel import computing_threads
from framework.tabular.loops import fast
from framework.tf import begin
from worlds.sort import TASKS, execute, legal_moves

ROOT = Path(__file__).parents[1]
PAGES = {"swap": Config(), "sort3": SORT3}
MOST = {"swap": 1_000_000, "sort3": 3_000_000}  # steps of a run that does not find it
ABLATIONS = {  # what is changed; steps at most are those of the page
    "as it is": {},
    "uniform priors": {"network": "value"},
    "argmax instead of visits": {"target": "argmax"},
    "Q not normalised": {"normalised": False},
    "unvisited moves: the least Q": {"unvisited": "least"},
    "distinct permutations instead of correctness": {"correctness": 0.0, "progress": 0.2},
    "reward at the end alone": {"correctness": 0.0},
    "inputs without ties": {"ties": False},
}
TREES = [  # task, reward, values of leaves
    (task, reward, values)
    for task in ("swap", "sort3") for reward in ("correctness", "permutations") for values in ("0", "random games")
]  # fmt: skip
ROUNDS = 20  # of games that may stop; one who does nothing makes few steps
STOPS = {  # with an instruction that ends a program
    "may stop": {"may_stop": True},
    "may stop, wrong programs pay": {"may_stop": True, "pay_always": True},
    "may stop, wrong programs pay, reward at the end alone": {
        "may_stop": True, "pay_always": True, "correctness": 0.0,
    },
}  # fmt: skip


def learn(config, task=None, rounds=None):
    """One run of the page's algorithm, until the shortest program is found or config.steps are over.

    Args:
        task: another than that of the configuration.
        rounds: so many rounds of games instead, whatever is found.
    """
    began = time.process_time()
    begin(config)
    agent = AlphaDevAgent(config, task)
    games, replay, returns = SelfPlay(agent, config), PositionBuffer(config.buffer_size, config.seed), []
    while rounds or (games.total_steps < config.steps and len(games.best) != games.task.shortest):
        if rounds and len(returns) == rounds:
            break
        replay.add(games.play())
        returns.append(float(np.mean([paid for paid, _ in games.take_finished()])))
        if config.network != "none":
            agent.train_step(replay.sample(config.batch_size, config.gradient_steps))
    whole = TASKS[config.task]
    written = judge_programs(agent, 1_000, config.seed)
    return {
        "seed": config.seed, "found": games.found, "steps": games.total_steps,
        "processor_seconds": round(time.process_time() - began, 1),
        "program": listing(games.task, games.best), "actions": list(games.best),
        "wrong_of_10000": failures(whole, games.best, config.seed) if games.best else None,
        "network_alone": {"right": float((written.returns > 0).mean()), "length": float(written.lengths.mean())},
    }  # fmt: skip


def outcome(row):
    return f"seed {row['seed']}: {row['found'][-1] if row['found'] else 'nothing'} of {row['steps']:,} steps"


def steps_to_shortest(rows, shortest):
    """The steps [n] at which each row found the shortest program, inf where it did not."""
    return [row["found"][-1][0] if row["found"] and row["found"][-1][1] == shortest else np.inf for row in rows]


def summary(rows, shortest):
    steps = steps_to_shortest(rows, shortest)
    there = sorted(one for one in steps if one < np.inf)
    median = float(np.median(steps))
    return {
        "reached": f"{len(there)} of {len(rows)}",
        "median_steps": median if median < np.inf else None,
        "lengths": [row["found"][-1][1] if row["found"] else None for row in rows],
        "seeds": rows,
    }


def learning(options, **changed):
    found = {}
    for name, config in PAGES.items():
        rows = []
        for seed in options.seeds:
            rows.append(learn(replace(config, seed=seed, steps=MOST[name], **changed)))
            print(name, changed, outcome(rows[-1]), flush=True)
        found[name] = summary(rows, TASKS[name].shortest)
    return found


def none(options):
    return learning(options, network="none")


def ablations(options):
    """On the swap move and on sort3, with the steps of the page."""
    found = {}
    for page, config in PAGES.items():
        for name, changed in ABLATIONS.items():
            if options.run in name:
                task = replace(TASKS[page], ties=False) if changed.get("ties") is False else None
                fields = {key: value for key, value in changed.items() if key != "ties"}
                rows = [learn(replace(config, seed=seed, **fields), task) for seed in options.seeds]
                found[f"{page}: {name}"] = summary(rows, TASKS[page].shortest)
                print(page, name, [outcome(row) for row in rows], flush=True)
    for name, changed in STOPS.items():
        if options.run in name:
            config = replace(PAGES["swap"], **changed)
            rows = [learn(replace(config, seed=seed), rounds=ROUNDS) for seed in options.seeds]
            found[f"swap: {name}"] = summary(rows, TASKS["swap"].shortest)
            print(name, [row["network_alone"] for row in rows], flush=True)
    return found


def facts(options):
    """By exhaustive search."""
    found = {}
    for name in ("sort2", "swap"):
        for ties in (True, False):
            one = shortest_programs(replace(TASKS[name], ties=ties), 9)
            found[f"{name}, {'all orders' if ties else 'no ties'}"] = vars(one)
            print(name, ties, one, flush=True)
    return found


def by_hand(options):
    found = {}
    for name, task in TASKS.items():
        for weight in (1.0, 1.5, 2.0, 3.0):
            program, expansions, steps = best_first(task, weight)
            found[f"{name}, weight {weight:g}"] = {"length": len(program), "expansions": expansions, "steps": steps}
            print(name, weight, found[f"{name}, weight {weight:g}"], flush=True)
    return found


def legal_at_random(legal, rng):
    """An action [B] of each row of legal [B, A]."""
    score = np.where(legal, rng.random(legal.shape), -1)
    return score.argmax(axis=1)


def at_random(options):
    """The exact chance of a shortest program in a game of random legal instructions, and how long such a game is."""
    run_all, legal_of, rng, found = fast(execute), fast(legal_moves), np.random.default_rng(options.seeds[0]), {}
    for name in ("sort2", "swap"):
        task, limit, games = TASKS[name], Config().limit, 100_000
        states, lengths, going = np.repeat(task.start, games, axis=0), np.zeros(games, int), np.ones(games, bool)
        for _ in range(limit):
            legal = legal_of(states, task.instructions)
            going &= legal.any(axis=1)
            states = np.where(
                going[:, None, None], run_all(states, legal_at_random(legal, rng), task.instructions), states
            )
            lengths += going
            going &= ~task.is_sorted(states)
        chance = shortest_programs(task, 9).chance
        found[name] = {
            "chance": chance, "games": 1 / chance, "steps_of_a_game": float(lengths.mean()),
            "expected_steps": float(lengths.mean() / chance),
            "expected_steps_if_games_end_at_the_shortest": task.shortest / chance,
        }  # fmt: skip
        print(name, found[name], flush=True)
    return found


def grow_one_tree(config, rollouts, most):
    """PUCT in one tree with uniform priors, which never moves: its `Ledger`.

    Args:
        rollouts: whether the value of a leaf is what a game of random legal instructions from there pays; else 0.
    """
    task, ledger, c = TASKS[config.task], Ledger(config.seed), config.exploration
    run_one, legal_of = fast(execute), fast(legal_moves)
    forest = Forest(1, most + 2, len(task.instructions))

    def priors(legal):
        uneven = legal * (1 + 0.01 * ledger.rng.random(legal.shape))  # ties are broken, in another way for each seed
        return uneven / np.maximum(uneven.sum(axis=1, keepdims=True), 1e-9)

    def random_game(state, length):
        pays = 0.0
        while length < config.limit and not task.is_sorted(state)[0]:
            legal = legal_of(state, task.instructions)
            if not legal.any():
                break
            after, length = run_one(state, legal_at_random(legal, ledger.rng), task.instructions), length + 1
            pays += rewards(task, state, after, np.array([length]), config)[0]
            ledger.total_steps += 1
            if task.is_sorted(after)[0] and (not ledger.best or length < len(ledger.best)):
                ledger.best = (0,) * length  # only its length is asked for
                ledger.found.append((ledger.total_steps, length))
            state = after
        return pays

    forest.plant(task.start, priors(legal_of(task.start, task.instructions)))
    while ledger.total_steps < most and len(ledger.best) != task.shortest:
        leaf = forest.select(c)
        after = run_one(leaf.state, leaf.action, task.instructions)
        legal, solved = legal_of(after, task.instructions), task.is_sorted(after)
        ends = solved | (leaf.depth >= config.limit) | ~legal.any(axis=1)
        reward = rewards(task, leaf.state, after, leaf.depth, config)
        value = random_game(after, int(leaf.depth[0])) if rollouts and not ends[0] and leaf.action[0] >= 0 else 0.0
        forest.grow(leaf, after, reward, priors(legal), np.array([value]), ends)
        ledger.note(forest, leaf, solved)
    return ledger


def one_tree(options):
    """PUCT without a network and without games."""
    found = {}
    for name, reward, values in TREES:
        if options.run not in f"{name}, {reward}, values {values}":
            continue
        changed, rows = {} if reward == "correctness" else {"correctness": 0.0, "progress": 0.2}, []
        for seed in options.seeds:
            ledger = grow_one_tree(replace(PAGES[name], seed=seed, **changed), values != "0", MOST[name])
            rows.append({"seed": seed, "found": ledger.found, "steps": ledger.total_steps})
            print(name, reward, values, outcome(rows[-1]), flush=True)
        found[f"{name}, {reward}, values {values}"] = summary(rows, TASKS[name].shortest)
    return found


def draw(known):
    """docs/alphadev.png: the best length over steps, with a network and without, and a program on one input."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(12, 4.4), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1.25, 1.25, 0.8))
    for ax, name in zip(axes, PAGES, strict=False):
        groups = {}
        for label, part, colour in (("with the network", "learning", COLOURS[0]), ("without", "none", COLOURS[1])):
            rows = known[part]["result"][name]["seeds"] if part in known else []
            groups[label] = (colour, [(row["found"], row["steps"]) for row in rows])
        draw_lengths(ax, groups, TASKS[name].shortest, "log")
        ax.set_title({"swap": "the swap move", "sort3": "three numbers"}[name], fontsize=11)
    rows = known["learning"]["result"]["sort3"]["seeds"]
    draw_trace(axes[2], TASKS["sort3"], min((row["actions"] for row in rows), key=len))
    save_figure(figure, ROOT / "docs" / "alphadev.png")


PARTS = {
    "facts": facts, "by hand": by_hand, "random": at_random, "learning": learning, "none": none,
    "ablations": ablations, "one tree": one_tree,
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only the parts whose name has this in it; the others keep their last results."""
    run: str = ""
    """Of the ablations and of the trees, only those whose name has this in it."""
    seeds: tuple[int, ...] = (110, 111, 112, 113, 114)
    """Seeds that nothing was tuned on."""


def main(options):
    path = RESULTS / "alphadev.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, part in PARTS.items():
        if options.only in name:
            result = part(options)
            if name in ("ablations", "one tree"):
                result = {**known.get(name, {}).get("result", {}), **result}
            about = {**machine("numpy", "numba", "tensorflow-cpu", "keras"), "threads": computing_threads()}
            known[name] = {"machine": about, "result": result}
            save("alphadev", known)
    if "learning" in known and options.only in ("", "draw"):
        draw(known)


if __name__ == "__main__":
    run(main, Options, __doc__)
