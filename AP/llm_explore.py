"""Explore by goals that make sense: a language model says what is worth a try (ELLM, Du et al. 2023), Day 7.

A world with 49 actions of a verb and a thing pays nothing. Who explores by novelty tries them all, "milk the gate"
too. A language model knows without a try that the cow is what one milks, and of a goal g in a state s

    score(g | s) = log p(Yes | s, g) - log p(No | s, g)  less the same without a state: the goal's own prior

Each step the three best of the goals on what is in sight are suggested, and the agent, Day 4's DQN, is paid

    r = 1 where it achieves one that is suggested now, and only once an episode; of the world's own reward, nothing

Without "once", whoever can drink from the river stays there and drinks. Achieved means that the world did it:
suggestions that make no sense pay nothing, so what counts is whether those that do make sense are among the three.

    python AP/llm_explore.py                   goals of Qwen2.5-Coder 1.5B, from recorded answers: half a minute
    python AP/llm_explore.py --goals pairs     novelty instead: 1 / sqrt(how often this verb was tried on this thing)
    python AP/llm_explore.py --goals effects   … or how often this came of it; and random, oracle, shuffled
    python AP/llm_explore.py --model smollm2   of another model; --again, --no-pmi: what the two rules are worth
    python AP/llm_explore.py --play            watch the best agent of the newest run; --resume goes on

Of 8 achievements an agent unlocks some 0.2 in an episode, no more than by chance; with --no-pmi 1.2; where all that
can be achieved is suggested (oracle), 3. To take the prior off, as was planned, takes away what the model knows.

Du et al. let a model write goals, and compare their embeddings with a caption of what happened. Here goals are the
49 actions in their own words, each asked by yes or no (AP/goal_questions.py), so that nothing has to be matched.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.goal_questions import can_be_achieved, quality, scores_of
from AP.language import LanguageOptions, open_model
from FN.rainbow_agent import Config as RainbowConfig
from FN.rainbow_agent import RainbowAgent, make_replay
from framework.schedules import Linear
from framework.tf import begin
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds
from worlds.crafting import (
    COUNT,
    LEVELS,
    MOVES,
    PAIRS,
    REACH,
    SEEN,
    SEEN_FLAGS,
    THING_OF,
    THINGS,
    achieved,
    distances,
    level_of,
    nearest,
)


@dataclass(frozen=True)
class Config(RainbowConfig, LanguageOptions):
    """Hyper-parameters; those of DQN are explained in FN/dqn_agent.py."""

    env: str = "Crafting-v0"
    steps: int = 60_000
    num_envs: int = 32
    target_return: float | None = None
    eval_every: int = 5_000
    eval_episodes: int = 100
    final_episodes: int = 200
    log_every: int = 2_500
    buffer_size: int = 60_000
    learning_starts: int = 1_000
    train_period: int = 64
    gradient_steps: int = 16
    learning_rate: float = 1e-3
    gamma: float = 0.9
    target_period: int = 500
    epsilon_end: float = 0.1
    epsilon_steps: int = 20_000
    clip_reward: bool = False
    distributional: bool = False
    noisy: bool = False
    hidden: tuple[int, ...] = (256, 256)
    goals: Literal["llm", "pairs", "effects", "random", "oracle", "shuffled"] = "llm"
    """What is paid for."""
    suggestions: int = 3
    """How many goals are suggested at a time."""
    pmi: bool = True
    """Take a goal's own prior off its score."""
    again: bool = False
    """Pay for a goal each time, not only once an episode: a mistake on purpose."""


SIGHT = np.array([  # [7, 7, 49] whether a goal is on one of the two things that are nearest
    [np.isin(np.arange(len(PAIRS)) % len(THINGS), (first, second)) for second in range(len(THINGS))]
    for first in range(len(THINGS))
])  # fmt: skip


def best_in_sight(scores, count):
    """The best ``count`` of the goals in sight, [5, 7, 7, 49] bool, by scores of that shape, or [5, 1, 1, 49]."""
    scores = np.where(SIGHT, scores, -np.inf)
    ranks = np.argsort(np.argsort(-scores, axis=-1, kind="stable"), axis=-1)
    return SIGHT & (ranks < count)


def shuffled(suggested, rng):
    """The suggestions [5, 7, 7, 49] of other texts: inventories and things in sight change places."""
    first, second = np.nonzero(~np.eye(len(THINGS), dtype=bool))  # nobody sees one thing twice
    mixed = suggested.copy()
    rows = suggested[:, first, second].reshape(-1, len(PAIRS))
    mixed[:, first, second] = rng.permutation(rows).reshape(LEVELS, -1, len(PAIRS))
    return mixed


class GoalSuggester:
    """Which goals make sense, by what is told in words: the inventory and the two nearest things.

    Args:
        suggested: [5, 7, 7, 49] bool, goals by inventory, nearest and second thing.
    """

    def __init__(self, suggested):
        self.suggested = suggested

    def __call__(self, obs):
        """Which goals are suggested where this is seen [B, 57]: [B, 49] bool."""
        return self.suggested[level_of(obs), *nearest(obs).T]


def suggester(config):
    """The `GoalSuggester` of a configuration; None where goals are not suggested."""
    rng, shape = np.random.default_rng([config.seed, 5]), (LEVELS, *SIGHT.shape)
    if config.goals == "random":
        return GoalSuggester(best_in_sight(rng.random(shape), config.suggestions))
    if config.goals == "oracle":
        return GoalSuggester(SIGHT & can_be_achieved()[:, None, None])
    if config.goals in ("pairs", "effects"):
        return None
    model = open_model(config)
    scores, prior = scores_of(model)
    print(f"{model.name}: {model.bill}", flush=True)
    model.close()
    suggested = best_in_sight((scores - prior * config.pmi)[:, None, None], config.suggestions)
    suggested = shuffled(suggested, rng) if config.goals == "shuffled" else suggested
    precision, recall = quality(suggested, SIGHT)
    print(f"{precision:.2f} of its suggestions can be achieved, and it suggests {recall:.2f} of what can")
    return GoalSuggester(suggested)


class Reward:
    """What the agent pays itself for transitions of B worlds, in place of what they pay.

    Attributes:
        ever: [8] bool, which achievements were unlocked at all.
    """

    def __init__(self, config):
        self.suggest, self.goals, self.again = suggester(config), config.goals, config.again
        self.paid = np.zeros((config.num_envs, COUNT), bool)  # in this episode
        self.counts = np.zeros(len(PAIRS), np.int64)  # since the start, of pairs or of effects
        self.ever = np.zeros(COUNT, bool)

    def __call__(self, transition):
        """[B] float32."""
        obs, action = transition.obs, transition.action
        unlocked = transition.next_obs[:, SEEN_FLAGS] > obs[:, SEEN_FLAGS]  # [B, 8]
        self.ever |= unlocked.any(axis=0)
        if self.goals == "pairs":
            near = distances(obs)[np.arange(len(obs)), THING_OF[action]] <= REACH
            return self.novelty((action >= len(MOVES)) & near, action - len(MOVES))
        if self.goals == "effects":
            return self.novelty(unlocked.any(axis=1), unlocked.argmax(axis=1))
        number, rows = achieved(obs, action), np.arange(len(obs))
        wanted = (number >= 0) & self.suggest(obs)[rows, action - len(MOVES)]
        reward = wanted & (self.again | ~self.paid[rows, number])
        self.paid[rows[wanted], number[wanted]] = True
        self.paid[transition.terminated | transition.truncated] = False
        return reward.astype(np.float32)

    def novelty(self, happened, what):
        """1 / sqrt(N) where something happened [B] for the Nth time, what [B] tells what; all else is worth 0."""
        np.add.at(self.counts, what[happened], 1)
        return np.where(happened, 1 / np.sqrt(np.maximum(self.counts[what], 1)), 0).astype(np.float32)

    def state(self):
        return {"paid": self.paid, "counts": self.counts, "ever": self.ever}

    def load_state(self, state):
        self.paid, self.counts, self.ever = state["paid"], state["counts"], state["ever"]


class ELLMAgent(RainbowAgent):
    """Day 4's Rainbow agent, which explores a little when it is looked at, too.

    Otherwise it goes to and fro wherever two actions are worth nearly the same; so Mnih et al. (2015) evaluated DQN.
    """

    def player(self):
        """Plays with the share of random actions that training ends with, by random numbers of its own."""
        rng = np.random.default_rng(self.config.seed)

        def play(obs):
            explore = rng.random(len(obs)) < self.config.epsilon_end
            return np.where(explore, rng.integers(self.actions, size=len(obs)), self.greedy(obs))

        return play


def train(config):
    """The whole algorithm."""
    begin(config)
    envs = make_worlds(config)
    if envs.observation_space.shape != (SEEN,):
        raise ValueError("goals are those of Crafting-v0")
    agent = ELLMAgent(envs.observation_space, envs.action_space, config)
    reward, replay = Reward(config), make_replay(config)
    epsilon, beta = Linear(1.0, config.epsilon_end, config.epsilon_steps), Linear(config.beta, 1.0, config.steps)
    with Trainer(config, agent=agent, envs=envs, replay=replay, reward=reward) as trainer:
        for step in trainer:
            transition = envs.step(agent.act(envs.obs, epsilon(step)))
            paid = reward(transition)
            replay.add(transition._replace(reward=paid))
            trainer.log(paid=paid.mean(), ever=reward.ever.sum())
            if step >= config.learning_starts and trainer.every(config.train_period):
                drawn = {"beta": beta(step)} if config.prioritized else {}
                batches = replay.sample(config.batch_size, batches=config.gradient_steps, **drawn)
                logged, surprise = agent.train_step(batches)
                trainer.log(**logged)
                if config.prioritized:
                    replay.update(batches.index, surprise)
            if trainer.every(config.target_period):
                agent.sync_target()
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, ELLMAgent, [Config()], __doc__)
