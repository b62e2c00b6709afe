"""The simulator's learners and their settings, each said once: the server checks by them, the page is built of them.

A new learner is a line of `LEARNERS`, a new setting one of `SETTINGS`; their names and hints are the page's strings.
"""

from dataclasses import dataclass

from EL.actor_critic import ActorCritic
from EL.monte_carlo import MonteCarloAgent
from EL.q_learning import DoubleQLearningAgent, QLearningAgent
from EL.sarsa import ExpectedSARSAAgent, NStepSARSAAgent, SARSAAgent
from EL.td_lambda import TDLambdaAgent
from IM.dyna import DynaAgent, DynaPlusAgent
from IM.prioritized_sweeping import PrioritizedSweepingAgent

LEARNERS = {
    "monte_carlo": MonteCarloAgent,
    "sarsa": SARSAAgent,
    "expected_sarsa": ExpectedSARSAAgent,
    "n_step_sarsa": NStepSARSAAgent,
    "q_learning": QLearningAgent,
    "double_q_learning": DoubleQLearningAgent,
    "td_lambda": TDLambdaAgent,
    "actor_critic": ActorCritic,
    "dyna": DynaAgent,
    "dyna_plus": DynaPlusAgent,
    "prioritized_sweeping": PrioritizedSweepingAgent,
}


@dataclass(frozen=True)
class Setting:
    """A number that a page may set: what it is at first, its range, the step of its slider, whether it is whole."""

    default: float
    low: float
    high: float
    step: float
    whole: bool = False


SETTINGS = {  # a learner has those that are in its class's ``limits``; what is not here keeps its default
    "gamma": Setting(0.9, 0, 1, 0.01),
    "learning_rate": Setting(0.1, 0, 1, 0.01),
    "rate_decay": Setting(0, 0, 1, 0.05),
    "epsilon": Setting(0.1, 0, 1, 0.01),
    "epsilon_decay": Setting(0, 0, 1, 0.05),
    "temperature": Setting(0, 0, 10, 0.01),
    "initial_value": Setting(0, -10, 10, 0.1),
    "num_steps": Setting(4, 1, 100, 1, whole=True),
    "lambda_": Setting(0.9, 0, 1, 0.05),
    "actor_rate": Setting(0.5, 0, 10, 0.1),
    "planning_steps": Setting(50, 1, 200, 1, whole=True),
    "memory": Setting(10, 1, 100, 1, whole=True),
    "bonus": Setting(0.001, 0, 0.02, 0.0001),
}


def default_settings():
    """{name: value} of all settings."""
    return {name: setting.default for name, setting in SETTINGS.items()}


def make_agent(name, world, seed, settings):
    """A new agent; of ``settings`` it takes those that it has."""
    learner = LEARNERS[name]
    return learner(world, seed, **{key: value for key, value in settings.items() if key in learner.limits})
