"""What it is worth to a policy that it has read something (GLAM), or that a language model stands before it.

    python bench/llm_policy.py                   everything: about 90 minutes of one core
    python bench/llm_policy.py --only guides     settings with this in their name; the others stay as they are

Success is the share of 1,000 new rooms in which the most probable action leads to the ball in 20 steps; evaluated
before the first step of PPO and every 2,048 steps. What stands in results/llm_policy.json is not run again. Draws
docs/llm_policy.png.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from AP import llm_policy, llm_prior
from AP.language import RECORDED
from AP.llm_policy import GLAMAgent
from AP.llm_prior import PriorAgent
from bench.machine import RESULTS, machine, save
from framework.cli import run
from framework.plots import COLOURS, finish, save_figure
from framework.rollout import Rollout
from framework.schedules import Linear
from framework.tf import begin
from framework.vector import make_worlds
from worlds.text_room import LIMIT, TextRoomVector

ROOT = Path(__file__).parents[1]
READING = {
    "guides": {},
    "shuffled guides": {"pretrain": "shuffled"},
    "nothing read": {"pretrain": "none"},
    "guides, actions of two words": {"actions": "words"},
    "guides, logits of two words": {"actions": "words", "scores": "logits"},
    "guides, actions of one or two words": {"actions": "uneven"},
    "guides, logits of one or two words": {"actions": "uneven", "scores": "logits"},
}
PRIORS = {
    **{f"prior: {name}": {"prior": key} for key, name in reversed(RECORDED.items())},
    "prior: none": {"prior": "none"},
    "prior: 1.5B, shuffled": {"shuffled": True},
    "prior: 1.5B, examples of up and down": {"examples": "up and down"},
}
SETTINGS = {
    **{name: (GLAMAgent, replace(llm_policy.Config(), **changed)) for name, changed in READING.items()},
    **{name: (PriorAgent, replace(llm_prior.Config(), **changed)) for name, changed in PRIORS.items()},
}
EVERY, ROOMS, STEPS = 2_048, 1_000, 24_576


def success(agent):
    """The share of new rooms in which the goal is reached."""
    rooms = TextRoomVector(ROOMS)
    obs, reached, going = rooms.reset(seed=10**6)[0], np.zeros(ROOMS, bool), np.ones(ROOMS, bool)
    for _ in range(LIMIT):
        obs, _, terminated, truncated, _ = rooms.step(np.asarray(agent.greedy(obs)))
        reached |= terminated & going
        going &= ~(terminated | truncated)
    return float(reached.mean())


def learn(agent_class, config):
    """[(step, success)] of one run."""
    begin(config)
    envs = make_worlds(config)
    agent = agent_class(envs.observation_space, envs.action_space, config)
    if config.pretrain != "none":
        agent.learn_to_read(config)
    remaining, curve = Linear(1.0, 0.0, llm_policy.Config().steps), [(0, success(agent))]
    while envs.total_steps < config.steps:
        rollout, step = Rollout(), envs.total_steps
        for _ in range(config.rollout_steps):
            action, log_prob, value = agent.act(envs.obs)
            rollout.add(envs.step(action), log_prob=log_prob, value=value)
        agent.train_step(rollout, remaining(step))
        if envs.total_steps % EVERY == 0:
            curve.append((envs.total_steps, success(agent)))
    envs.close()
    return curve


def steps_to(curve, goal=0.8):
    """The first step at which success is at the goal and stays there at the next evaluation; None: never."""
    for (step, one), (_, following) in zip(curve, curve[1:] + curve[-1:], strict=True):
        if min(one, following) >= goal:
            return step
    return None


def draw(known):
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(12, 5.6), layout="constrained", sharey=True)
    titles = "the policy is a language model (GLAM)", "a language model stands before the policy"
    for ax, title, names in zip(axes, titles, (READING, PRIORS), strict=True):
        for number, name in enumerate(name for name in names if name in known):
            for place, row in enumerate(known[name]):
                steps, values = zip(*row["curve"], strict=True)
                style = {"color": COLOURS[number], "marker": "os^DvpX"[number], "markersize": 4, "alpha": 0.8}
                ax.plot(steps, values, label=None if place else name.removeprefix("prior: "), **style)
        ax.set(title=title, xlabel="steps in rooms", ylim=(0, 1.02))
        ax.xaxis.set_major_formatter(lambda steps, _: f"{steps:,.0f}")
        finish(ax, legend=False)
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncol=2, frameon=False, fontsize=9)
    axes[0].set_ylabel("rooms in which the ball is reached")
    save_figure(figure, ROOT / "docs" / "llm_policy.png")


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only settings whose name has this in it."""
    seeds: tuple[int, ...] = (100, 101, 102, 103, 104)
    """Seeds that nothing was tuned on."""


def main(options):
    path = RESULTS / "llm_policy.json"
    known = json.loads(path.read_text(encoding="utf-8"))["result"] if path.exists() else {}
    for name, (agent_class, config) in SETTINGS.items():
        rows = known.setdefault(name, [])
        for seed in options.seeds:
            if options.only in name and seed not in [row["seed"] for row in rows]:
                curve = learn(agent_class, replace(config, steps=STEPS, seed=seed))
                rows.append({"seed": seed, "steps to 0.8": steps_to(curve), "curve": curve})
                print(f"{name}, seed {seed}: {curve[0][1]:.2f} before PPO; 0.8 at {steps_to(curve)}", flush=True)
                save("llm_policy", {"machine": machine("tensorflow-cpu", "keras"), "result": known})
    draw({name: rows for name, rows in known.items() if rows})


if __name__ == "__main__":
    run(main, Options, __doc__)
