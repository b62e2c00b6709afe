"""Dyna: learn a model of the world, and learn from it between two real steps (Day 6).

A real step teaches twice. Q learns from it, as on Day 3, and so does a model: how often each outcome followed an
action. Then the agent imagines. It draws pairs that it tried before, and moves Q to what the model expects of them
(Sutton 1990; Sutton & Barto 2018, sections 8.2 and 8.3):

    Q(s, a) ← sum over (s', r) of p(s', r | s, a) × (r + gamma × max over a' of Q(s', a'))

Dyna-Q+ also plans over what it never tried in a visited state, and adds a bonus for what was not tried for tau real
steps: r + kappa × √tau. So it notices when the world gets better.

    python IM/dyna.py                              Sutton & Barto's maze, 50 imagined updates a step
    python IM/dyna.py --modelstep 5                fewer; -1 is plain Q-learning
    python IM/dyna.py --env FrozenLake-v1 --episodes 1000 --gamma 0.99 --epsilon 0.3
    python IM/dyna.py --maze "...T/.B.D/S..."      a maze of the simulator

prints reports and saves a plot of Q and of the episodes: their lengths, where all pay the same. In the maze
Q-learning needs some 25 episodes for what Dyna knows after 2 or 3. It takes 3 s, and 15 s on the ice. The bonus is
part of Dyna-Q+'s Q, so its greedy policy may prefer to look somewhere again, and the summary may count it as lost.
"""

import math
from collections import Counter, deque
from dataclasses import dataclass

import numpy as np

from EL.el_agent import ELAgent, Step
from EL.q_learning import QLearningAgent
from framework.cli import run
from framework.tabular.plots import draw_study
from framework.tabular.study import LearnOptions, learn_runs, summary
from framework.tabular.world import make_world
from worlds.changing_maze import changing


class Model:
    """What may follow an action, by how often it did.

    Attributes:
        P: ``P[s][a] = [(prob, next_state, reward, terminated), …]``, as worlds show it; [] for a pair never tried.
        pairs: the (state, action) that can be planned over, in the order in which they came.
    """

    def __init__(self, num_states, num_actions):
        self.P = [[[] for _ in range(num_actions)] for _ in range(num_states)]
        self.pairs = []
        self._latest = {}  # (state, action): its latest outcomes, oldest first
        self._counts = {}  # (state, action): how often each of these is among them

    def learn(self, state, action, outcome, memory):
        """Count an outcome (next_state, reward, terminated) of a pair, and forget all but its latest ``memory``."""
        pair = state, action
        if not self.P[state][action]:
            self.pairs.append(pair)
        latest = self._latest.setdefault(pair, deque())
        counts = self._counts.setdefault(pair, Counter())
        latest.append(outcome)
        counts[outcome] += 1
        while len(latest) > memory:
            oldest = latest.popleft()
            counts[oldest] -= 1
            if not counts[oldest]:
                del counts[oldest]
        self.P[state][action] = [(count / len(latest), *outcome) for outcome, count in counts.items()]

    def suppose(self, state):
        """Suppose that an action of this state that was never tried leads back here, for no reward."""
        for action, outcomes in enumerate(self.P[state]):
            if not outcomes:
                self.pairs.append((state, action))
                self.P[state][action] = [(1.0, state, 0.0, False)]


class DynaAgent(ELAgent):
    """Dyna-Q: Q-learning with a model. ``Step.updates`` are the imagined updates that followed a real step."""

    model_is, policy_learnt = "learnt", "off-policy"
    limits = {**ELAgent.limits, "planning_steps": (0, 1000), "planning_rate": (0, 1), "memory": (1, 100_000)}
    planning_steps = 50
    planning_rate = 1.0
    memory = 100

    def __init__(self, env, seed=None, **settings):
        super().__init__(env, seed, **settings)
        self.model = Model(self.num_states, self.num_actions)

    def configure(self, **settings):
        """Change settings, as `ELAgent` does; and those of planning.

        Args:
            planning_steps: how many imagined updates follow a real step.
            planning_rate: the share of its error by which one moves an entry. The model has averaged over luck
                already, so all of it, 1, does no harm.
            memory: how many of the latest outcomes of a pair the model counts. With 1 it knows what happened last,
                which is enough where nothing is random; on ice it needs many, but more are slower to forget.

        Raises:
            ValueError: no such setting, or out of range.
        """
        for name in ("planning_steps", "memory"):
            if name in settings and settings[name] % 1:
                raise ValueError(f"{name} must be a whole number; got {settings[name]}")
        super().configure(**settings)

    def steps(self, env):
        """Generator of `Step`: one episode."""
        state, _ = env.reset()
        done = False
        while not done:
            action = self.policy(state)
            next_state, reward, terminated, truncated, _ = env.step(action)
            td_target = reward + self.gamma * (not terminated) * max(self.q[next_state])
            td_error = td_target - self.q[state][action]
            self.n[state][action] += 1
            self.q[state][action] += self.rate(state, action) * td_error
            self.remember(state, action, (next_state, reward, terminated))
            updates = tuple(self.plan())
            yield Step(state, action, reward, next_state, terminated, truncated, td_error, updates)
            state, done = next_state, terminated or truncated

    def remember(self, state, action, outcome):
        """Let the model learn from a real step."""
        self.model.learn(state, action, outcome, self.memory)

    def plan(self):
        """Generator of (state, action, error): imagined updates of pairs that are drawn, each as often as another."""
        pairs = self.model.pairs
        for _ in range(self.planning_steps):
            state, action = pairs[int(self.random() * len(pairs))]
            error = self.imagined_target(state, action) - self.q[state][action]
            self.q[state][action] += self.planning_rate * error
            yield state, action, error

    def imagined_target(self, state, action):
        """What the model expects of a pair: the mean of the TD targets of its outcomes."""
        target = 0.0
        for prob, next_state, reward, terminated in self.model.P[state][action]:
            target += prob * (reward + self.gamma * (not terminated) * max(self.q[next_state]))
        return target


class DynaPlusAgent(DynaAgent):
    """Dyna-Q+: what was not tried for long looks better in imagination, and only there. ``bonus`` is kappa."""

    limits = {**DynaAgent.limits, "bonus": (0, 1)}
    bonus = 0.001

    def __init__(self, env, seed=None, **settings):
        super().__init__(env, seed, **settings)
        self.time = 0  # in real steps
        self.last_tried = [[0] * self.num_actions for _ in range(self.num_states)]

    def remember(self, state, action, outcome):
        super().remember(state, action, outcome)
        self.time += 1
        self.last_tried[state][action] = self.time
        self.suppose(state)

    def suppose(self, state):
        """Plan over all actions of a visited state: one that was never tried was last tried at time 0."""
        self.model.suppose(state)

    def imagined_target(self, state, action):
        tau = self.time - self.last_tried[state][action]
        return self.bonus * math.sqrt(tau) + super().imagined_target(state, action)


@dataclass(frozen=True)
class Options(LearnOptions):
    env: str = "DynaMaze-v0"
    """The world, as on Day 3: DynaMaze-v0, BlockingMaze-v0, ShortcutMaze-v0, any of Gymnasium's toy_text …"""
    modelstep: int = 50
    """How many imagined updates follow a real step; -1 is plain Q-learning."""
    episodes: int = 50
    """How many episodes to learn from."""
    gamma: float = 0.95
    """The discount."""
    memory: int = DynaAgent.memory
    """How many of the latest outcomes of a state and action the model counts; 1: it knows what happened last."""
    bonus: float = DynaPlusAgent.bonus
    """Dyna-Q+'s kappa."""
    report: int = 10
    """Report every so many episodes."""
    plot: str = "runs/dyna/learning.png"
    """Where the plot goes."""


def main(options):
    compare_with_q_learning({"Dyna-Q": DynaAgent, "Dyna-Q+": DynaPlusAgent}, options)


def compare_with_q_learning(agents, options):
    """Let agents with a model and Q-learning learn, with several seeds; print reports, and save a plot.

    Raises:
        ValueError: an option is out of range, or the world has no table.
    """
    for agent in agents.values():
        low, high = agent.limits["planning_steps"]
        if options.modelstep != -1 and not low <= options.modelstep <= high:
            accepted = f"from {low} to {high}, or -1 for plain Q-learning"
            raise ValueError(f"modelstep must be {accepted}; got {options.modelstep}")
    methods = {name: (agent, {"planning_steps": options.modelstep}) for name, agent in agents.items()}
    runs = learn_runs({**(methods if options.modelstep >= 0 else {}), "Q-learning": QLearningAgent}, options)
    env, (first, *_) = make_world(options.env, options.maze), next(iter(runs.values()))
    if changing(env):
        changing(env).go_to(int(first.lengths.sum()))  # what was learnt is of the maze of then
    print(*summary(env, runs), sep="\n")
    for label, of_seeds in runs.items():
        lengths = np.array([run.lengths for run in of_seeds])
        at = [number for number in (1, 2, 3, 5, 10, 30, 100) if number <= lengths.shape[1]]
        steps = ", ".join(f"{np.median(lengths[:, number - 1]):.0f}" for number in at)
        print(f"{label:>20}: steps of episode {', '.join(map(str, at))} (medians): {steps}")
    pay = {reward for of_seeds in runs.values() for run in of_seeds for reward in run.rewards}
    title = options.env if options.maze is None else "a maze of the simulator"
    draw_study(env, title, runs, options.plot, value="lengths" if len(pay) == 1 else "rewards")


if __name__ == "__main__":
    run(main, Options, __doc__)
