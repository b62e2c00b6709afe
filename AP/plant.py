"""Control of a plant: SAC on the quadruple tank, beside PI loops that were tuned as well (Day 7). Read `train` first.

Four tanks, two pumps, two levels to hold (worlds/quadruple_tank.py; Johansson 2000). With the valves at "P-" a tuned
PI loop for each level hardly ever breaks a constraint: there is nothing to win. At "P+" a level that is to rise must
first be let fall, each pump moves both levels, and PI pays for that. There a policy that sees everything helps:

    reward = -(|e1| + |e2|) / 5 - λ_v [a constraint is broken]      SAC (Day 4) on the volts that it asks for, 3 ± 3 V

A reward that leaves out λ_v hides what it costs to be fast, so that error and violations are told apart everywhere.

Between policy and pumps stands a safety layer (AP/plant_safety.py; after Dalal et al. 2018, arXiv 1801.08757): a
nominal model foretells the levels 10 s ahead, linearly in the volts, and the volts are clipped so that each level
keeps 0.3 cm from its constraint. h3 bounds v2 and h4 bounds v1; of h1 and h2 the direct way counts. What was executed
goes into the replay, not what was asked for: Q would learn what never happened.

    python AP/plant.py                                       train, compare, and draw
    python AP/plant.py --no-safety                           without the layer
    python AP/plant.py --violation-weight 0 --no-safety      the reward that hides violations
    python AP/plant.py --no-integral                         without the integral of the errors
    python AP/plant.py --no-executed                         what was asked for goes into the replay
    python AP/plant.py --no-kept                             new set-points come as a surprise, also to Q
    python AP/plant.py --move-weight 0                       turning the pumps costs nothing
    python AP/plant.py --env QuadrupleTank/MinimumPhase-v0   at P-: nothing to win
    python AP/plant.py --play                                watch the best agent of the newest run; --resume goes on

The PI loops are those of AP/pi_control.py: rightly and wrongly paired, and a linear controller of all levels. Over
five seeds SAC's error is 0.50 cm and PI's 0.67; 0.004% of SAC's steps are in violation, and 0.45% of PI's. Behind the
same layer PI has as few. Beside wrongly paired loops SAC would look three times as good.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AP.pi_control import TUNED, controller
from AP.plant_plots import draw_trends
from AP.plant_safety import MIDDLE, SPAN, safe_volts, within_reach
from AP.plant_trials import LEGEND, MINIMUM, MINIMUM_UNSEEN, Trials, compare, table
from FN.sac_agent import Config as SACConfig
from FN.sac_agent import SACAgent
from framework.replay import ReplayBuffer
from framework.tf import begin
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds
from worlds.quadruple_tank import OFFSET, SCALE, SETTINGS, WORLDS, readings

ERRORS, INTEGRALS = slice(4, 6), slice(8, 10)  # columns of an observation
TAKES = {"QuadrupleTank-v0": "about a minute, 0.9 GB of memory and 1 MB on disk"}


@dataclass(frozen=True)
class Config(SACConfig):
    """Hyper-parameters of SAC for the plant, and what may be left out."""

    env: str = "QuadrupleTank-v0"
    steps: int = 60_000
    num_envs: int = 16
    target_return: float | None = None
    eval_every: int = 5_000
    eval_episodes: int = 100
    final_episodes: int = 200
    log_every: int = 2_500
    buffer_size: int = 60_000
    learning_starts: int = 1_920
    train_period: int = 16
    gradient_steps: int = 4
    batch_size: int = 256
    learning_rate: float = 1e-3
    gamma: float = 0.985
    tau: float = 0.01
    hidden: tuple[int, ...] = (128, 128)
    target_entropy: float = -1.0
    """H_target, in nats."""
    violation_weight: float = 1.0
    """λ_v, what a step in violation costs."""
    move_weight: float = 0.02
    """What it costs to turn the pumps, for each volt; the tables do not count it."""
    safety: bool = True
    """The safety layer stands before the pumps, while learning and afterwards; --no-safety takes it away."""
    margin: float = 0.3
    """How near the safety layer lets a level come to its constraint, in cm."""
    integral: bool = True
    """The policy sees the integral of the errors; --no-integral hides it."""
    executed: bool = True
    """The replay gets the volts that were executed; --no-executed: those that were asked for, a classic mistake."""
    kept: bool = True
    """Q values a state as if its set-points stayed; --no-kept lets it guess the new ones, which nobody can."""


def as_if_kept(obs, next_obs):
    """``next_obs`` [B, 10] with the set-points of ``obs``, as though nobody had asked for others in between.

    New set-points come when nobody expects them. To a critic they are noise, larger than what it should learn.
    """
    before, after = readings(obs), readings(next_obs)
    change = after.level[:, :2] + after.error - before.level[:, :2] - before.error
    kept = next_obs.copy()
    kept[:, ERRORS] -= np.where(np.abs(change) > 1e-3, change, 0.0) / SCALE[ERRORS]
    return kept


class Guarded:
    """Any other controller behind the same safety layer, at P+: is it the policy that helps, or the layer?"""

    def __init__(self, controller, margin):
        self.controller, self.margin = controller, margin

    def player(self):
        """A function obs [B, 10] -> volts to add [B, 2]."""
        act = self.controller.player()

        def guarded(obs):
            volts = readings(obs).volts
            return safe_volts(obs, volts + act(obs), SETTINGS["P+"], self.margin) - volts

        return guarded


class PlantAgent(SACAgent):
    """SAC whose actions are volts to ask for; between it and the pumps stands the safety layer."""

    @property
    def target_entropy(self):
        return self.config.target_entropy

    def sees(self, obs):
        """What the networks see of obs [B, 10]."""
        if self.config.integral:
            return obs
        hidden = obs.copy()
        hidden[:, INTEGRALS] = -OFFSET[INTEGRALS] / SCALE[INTEGRALS]
        return hidden

    def execute(self, obs, action):
        """What is done of what was asked for: volts [B, 2] of actions [B, 2]."""
        wanted = MIDDLE + SPAN * np.asarray(action, float)
        if self.config.safety:
            return safe_volts(obs, wanted, SETTINGS[WORLDS[self.config.env]["setting"]], self.config.margin)
        return within_reach(readings(obs).volts, wanted)

    def player(self):
        """A function obs [B, 10] -> volts to add [B, 2]."""
        return lambda obs: self.execute(obs, self.greedy(self.sees(obs))) - readings(obs).volts

    def remembered(self, transition, asked):
        """The `framework.vector.Transition` as the replay gets it, of the action asked for [B, 2]."""
        volts = readings(transition.obs).volts + transition.action
        action = ((volts - MIDDLE) / SPAN).astype(np.float32) if self.config.executed else asked
        next_obs = as_if_kept(transition.obs, transition.next_obs) if self.config.kept else transition.next_obs
        seen = {"obs": self.sees(transition.obs), "next_obs": self.sees(next_obs)}
        return transition._replace(action=action, **seen)


def train(config):
    """The whole algorithm."""
    if config.env not in WORLDS:
        raise ValueError(f"env must be one of {', '.join(WORLDS)}; got {config.env}")
    begin(config)
    envs = make_worlds(config, violation_weight=config.violation_weight)
    agent = PlantAgent(envs.observation_space, envs.action_space, config)
    replay = ReplayBuffer(config.buffer_size, config.num_envs, config.gamma, config.seed)
    trials = Trials(config.env, config.violation_weight, lambda **values: trainer.log(**values))
    with Trainer(config, agent=agent, envs=envs, replay=replay, evaluate=trials) as trainer:
        for step in trainer:
            learns = step >= config.learning_starts
            asked = agent.act(agent.sees(envs.obs)) if learns else agent.act_at_random(envs.obs)
            volts = agent.execute(envs.obs, asked)
            transition = envs.step(volts - readings(envs.obs).volts)
            transition = transition._replace(reward=transition.reward - config.move_weight * envs.info["moved"])
            replay.add(agent.remembered(transition, asked))
            trainer.log(error=envs.info["error"].mean(), violation=envs.info["violation"].mean())
            if learns and trainer.every(config.train_period):
                trainer.log(**agent.train_step(replay.sample(config.batch_size, batches=config.gradient_steps)))
    report(config, trainer.folder, trainer.best_agent)
    return trainer.best_agent


def rivals(world, margin):
    """{name: controller} that an agent is compared with in a world."""
    if WORLDS[world]["setting"] == "P-":
        return {"PI in P-": controller("PI in P-")}
    tuned = {name: controller(name) for name in TUNED if name != "PI in P-"}
    return tuned | {f"{name}, layer": Guarded(tuned[name], margin) for name in ("PI", "linear")}


def report(config, folder, agent):
    """Print the tables, and draw what became of one episode with PI and with the agent."""
    others, name = rivals(config.env, config.margin), "SAC, layer" if config.safety else "SAC"
    worlds = [name for name in WORLDS if WORLDS[name]["setting"] == WORLDS[config.env]["setting"]]
    if MINIMUM not in worlds:
        found = compare(rivals(MINIMUM, config.margin), config.final_episodes, (MINIMUM, MINIMUM_UNSEEN))
        print("\nValves at P-, where nothing is to be won:", *table(found), "\nValves at P+:", sep="\n")
    found = compare(others | {name: agent}, config.final_episodes, worlds)
    print(*table(found), LEGEND, sep="\n", flush=True)
    first = next(iter(others))
    draw_trends({first: others[first], name: agent}, worlds[-1], Path(folder, "trends.png"))


if __name__ == "__main__":
    run_training(train, PlantAgent, [Config()], __doc__, TAKES)
