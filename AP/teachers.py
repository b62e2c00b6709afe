"""Who teaches a student of AP/reincarnation.py: an agent of Day 4 that has learnt already, and its data. Day 7.

A policy tells its probabilities. A value teacher tells them as softmax(Q / τ), with τ in units of Q; by default τ is
that for which its best action has a probability of 0.9, on average over its own states. With τ = 1 the three actions
of Breakout would look almost alike, since their Q differ by some tenths.

The teacher that ships for MinAtar's Breakout, AP/trained/breakout_teacher.npz, is a DQN that was stopped long before
it was as good as it would have become:

    python FN/dqn_agent.py --env MinAtar/Breakout-v1 --steps 1000000 --filters 16 3 1 --hidden 128 --gamma 0.99
        --learning-rate 2.5e-4 --buffer-size 100000 --train-period 32 --gradient-steps 8 --batch-size 32
        --epsilon-steps 50000 --eval-every 20000 --eval-episodes 20 --target-return 8
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from FN.dqn_agent import clipped
from framework.agent import build_agent, read_agent
from framework.evaluate import evaluate
from framework.graph import compiled
from framework.networks import discrete_actions
from framework.replay import ReplayBuffer, joined
from framework.runs.files import load_arrays
from framework.runs.folder import ROOT
from framework.schedules import Linear
from framework.vector import make_worlds

SEEN = 5_000  # states of its data, by which τ is chosen


def q_of(agent, obs):
    return agent.network(obs)


def atoms_q(agent, obs):
    return agent.q(agent.outputs(agent.network, obs))


def with_value(agent, obs):
    return agent.policy_and_value(obs)[0].logits


def with_baseline(agent, obs):
    return agent.policy_and_baseline(obs)[0].logits


def alone(agent, obs):
    return agent.policy(obs).logits


class Workflow(NamedTuple):
    """How a student uses its teacher."""

    offline: str = ""
    """Whom it imitates beside TD while it learns from the teacher's data: "teacher", who acts in the "data", or "",
    where there is no such phase."""
    online: str = ""
    """Whom it imitates in the worlds, times λ."""
    rehearses: bool = False
    """Online a share of each minibatch is the teacher's data."""
    guided: bool = False
    """The teacher plays the beginning of each episode."""
    reloaded: bool = False
    """It begins as the teacher's own network, with the teacher's data."""


WORKFLOWS = {
    "scratch": Workflow(),
    "fine_tuning": Workflow(reloaded=True),
    "pretraining": Workflow(offline="data"),
    "kickstarting": Workflow(online="teacher"),
    "rehearsal": Workflow(rehearses=True),
    "jsrl": Workflow(guided=True),
    "qdagger": Workflow(offline="teacher", online="teacher"),
}


VALUES = {  # script of Day 4: the name of its agent, and what gives its Q [B, A] of observations [B, …], as tensors
    "dqn_agent": ("DeepQNetworkAgent", q_of),
    "value_function_agent": ("ValueFunctionAgent", q_of),
    "rainbow_agent": ("RainbowAgent", atoms_q),
}
POLICIES = {  # the same for the logits of a policy
    "policy_gradient_agent": ("PolicyGradientAgent", with_baseline),
    "a2c_agent": ("ActorCriticAgent", with_value),
    "paac_agent": ("PAACAgent", with_value),
    "ppo_agent": ("PPOAgent", with_value),
    "trpo_agent": ("TRPOAgent", alone),
}


class Teacher:
    """An agent that has learnt already.

    Args:
        agent: of Day 4.
        scores: function (agent, observations [B, …]) to its Q, or to the logits of its policy, [B, A].
        actions: A.

    Attributes:
        temperature: τ, by which Q is divided; 1 for a policy.
        mean, random_mean: the mean returns of its best actions, and of any; see `meet`.
    """

    def __init__(self, agent, scores, actions):
        self.agent, self.scores_of, self.actions = agent, scores, actions
        self.temperature, self.mean, self.random_mean = 1.0, 1.0, 0.0

    @compiled
    def scores(self, obs):
        """Q or logits [B, A] of observations [B, …]."""
        return self.scores_of(self.agent, obs)

    def greedy(self, obs):
        """The best action of each row [B, …]."""
        return self.scores(obs).argmax(axis=-1)

    def probabilities(self, obs):
        """π_T [K, N, A] of observations [K, N, …]."""
        scores = self.scores(obs.reshape(-1, *obs.shape[2:]))
        return softmax(scores / self.temperature).reshape(*obs.shape[:2], -1)


def softmax(x):
    """Of the last axis."""
    weights = np.exp(x - x.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def fitted_temperature(q, top=0.9):
    """τ at which the largest of softmax(q / τ), q [N, A], is ``top`` on average; found by halving an interval."""
    low, high = 1e-6, 1e6  # the larger τ, the more alike are all actions
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if softmax(q / middle).max(axis=-1).mean() > top else (low, middle)
    return float(middle)


def read_teacher(config, envs):
    """(`Teacher`, the name of the script that trained it, its configuration), of the file that a configuration names.

    Raises:
        ValueError: it holds no agent of Day 4 with Discrete actions, or one that learnt in another world, or sees it
            otherwise.
        OSError: there is no such file.
    """
    actions = discrete_actions(envs.action_space)
    path = Path(config.teacher) if Path(config.teacher).exists() else ROOT / config.teacher
    about = load_arrays(path).get("about")
    script = about.get("script") if isinstance(about, dict) else None
    if script not in VALUES | POLICIES:
        names = ", ".join(VALUES | POLICIES)
        raise ValueError(f"{config.teacher} holds {script or 'no agent'}; a teacher is an agent of {names}")
    name, scores = (VALUES | POLICIES)[script]
    module = import_module(f"FN.{script}")
    known, weights = read_agent(path, module.Config)
    if known.env != config.env:
        raise ValueError(
            f"the teacher in {config.teacher} has learnt {known.env}, and the world is {config.env};"
            " --teacher FILE takes another one"
        )
    seen = make_worlds(known, num_envs=1, workers=0)
    seen.close()
    if seen.observation_space != envs.observation_space:
        shapes = f"{seen.observation_space.shape}, and the student {envs.observation_space.shape}"
        raise ValueError(f"the teacher in {config.teacher} sees {shapes}: give its --frame-size and --frame-stack")
    return Teacher(build_agent(getattr(module, name), known, weights), scores, actions), script, known


def meet(config, envs, workflow):
    """Read the teacher of a configuration, let it play, and say how good it is.

    Returns:
        the `Teacher`; its data, a `ReplayBuffer`; and the configuration, now with τ as a number, and for fine-tuning
        with the teacher's network.

    Raises:
        ValueError: there is no such teacher, see `read_teacher`; or it is no better than a random player, or does not
            suit the workflow.
    """
    teacher, script, known = read_teacher(config, envs)
    data = ReplayBuffer(config.teacher_steps, config.num_envs, config.gamma, [config.seed, 1], config.n_step)
    fill(data, teacher, config)
    if workflow.reloaded:
        if script != "dqn_agent":
            raise ValueError(
                f"fine-tuning goes on with the teacher's own network, which must be a DQN's; got {script}"
            )
        config = replace(config, dueling=False, filters=known.filters, hidden=known.hidden)
    if script in VALUES:
        states = data.obs[: len(data)]
        fitted = config.temperature or fitted_temperature(teacher.scores(states[:SEEN]))
        config, teacher.temperature = replace(config, temperature=fitted), fitted
    elif config.temperature is None:
        raise ValueError("a policy has no Q to choose τ by: give --temperature, some tenths of what Q differs by")
    teacher.mean = return_of(teacher.greedy, config, 3)
    teacher.random_mean = return_of(random_player(envs, [config.seed, 4]), config, 4)
    if teacher.mean <= teacher.random_mean:
        raise ValueError(
            f"the teacher, {teacher.mean:.2f}, is no better than a random player, {teacher.random_mean:.2f}"
        )
    top = teacher.probabilities(data.obs[None, : min(len(data), SEEN)]).max(axis=-1).mean()
    print(f"teacher: {script}, return {teacher.mean:.2f}; a random player's is {teacher.random_mean:.2f}")
    print(
        f"τ = {config.temperature:.3g}; the teacher's best action has a probability of {top:.2f} on average",
        flush=True,
    )
    return teacher, data, config


def return_of(policy, config, number):
    """The mean return of a policy, a function of observations [B, …] to actions [B], over ``final_episodes``.

    Args:
        number: another one for other episodes.
    """
    worlds = make_worlds(config, num_envs=config.final_episodes)
    mean = evaluate(policy, worlds, _seed(config, number)).mean
    worlds.close()
    return mean


def random_player(envs, seed):
    """A function that gives each row any action."""
    rng, actions = np.random.default_rng(seed), discrete_actions(envs.action_space)
    return lambda obs: rng.integers(actions, size=len(obs))


def fill(buffer, teacher, config):
    """Add ``teacher_steps`` of the teacher to a buffer: its best actions, but for ``teacher_epsilon`` of any.

    They are in place of its last data, of which no file is kept. Rewards are clipped to [-1, 1].
    """
    envs = make_worlds(config, seed=_seed(config, 2))
    anything, rng = random_player(envs, [config.seed, 5]), np.random.default_rng([config.seed, 6])
    while envs.total_steps < config.teacher_steps:
        explores = rng.random(config.num_envs) < config.teacher_epsilon
        buffer.add(clipped(envs.step(np.where(explores, anything(envs.obs), teacher.greedy(envs.obs)))))
    envs.close()
    return buffer


def _seed(config, number):
    """Of episodes that neither training nor evaluations see."""
    return int(np.random.SeedSequence([config.seed, number, 78]).generate_state(1)[0] >> 1)


def minibatches(own, data, share, config):
    """K minibatches [K, N, …]; in each of them so large a share of the rows is from the teacher's data."""
    from_data = round(share * config.batch_size)
    counts = (data, from_data), (own, config.batch_size - from_data)
    return joined([buffer.sample(count, batches=config.gradient_steps) for buffer, count in counts if count])


def imitated(whom, teacher, batches, weight):
    """π_T [K, N, A] of whom the student imitates: the teacher, or who acted in the data; 0 where weight is 0."""
    in_data = np.eye(teacher.actions, dtype=np.float32)[batches.action]
    return teacher.probabilities(batches.obs) if whom == "teacher" and weight else in_data * bool(weight)


class RollIn:
    """JSRL: the teacher plays the beginning of each episode, and the student goes on (Uchendu et al. 2022).

    How long it plays is drawn anew for each episode, from 0 to a limit that falls from ``roll_in`` to 0 within half
    of the steps. In the other workflows the limit is 0.

    Attributes:
        left: [B] int, for how many steps it still plays in each world; -1 where an episode has just begun.
    """

    def __init__(self, config, workflow):
        self.limit = Linear(config.roll_in if workflow.guided else 0, 0, config.steps // 2)
        self.rng, self.left = np.random.default_rng([config.seed, 7]), np.full(config.num_envs, -1)

    def __call__(self, action, teacher, obs, step):
        """The teacher's actions [B] where it still plays, else the student's."""
        drawn = self.rng.integers(int(self.limit(step)) + 1, size=len(self.left))
        self.left = np.where(self.left < 0, drawn, self.left)
        return np.where(self.left > 0, teacher.greedy(obs), action) if self.left.any() else action

    def after(self, transition):
        """Take note of a step, and give it back."""
        ended = transition.terminated | transition.truncated
        self.left = np.where(ended, -1, np.maximum(self.left - 1, 0))
        return transition

    def state(self):
        return {"rng": self.rng.bit_generator.state, "left": self.left}

    def load_state(self, state):
        self.rng.bit_generator.state, self.left = state["rng"], state["left"]
