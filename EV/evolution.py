"""Evolution strategies (Salimans et al. 2017), Day 6. Read `train`, at the bottom, first.

No gradient of the policy, no value, no replay. A generation of n individuals is scattered around the weights θ, in
pairs that lie on opposite sides; each plays whole games; and θ moves towards those that did well:

    θᵢ = θ ± σ εᵢ,  εᵢ ~ N(0, I)          g = 1 / (nσ) · Σ rank(Fᵢ) (±εᵢ)          θ ← θ + Adam(g)

Fᵢ is the mean return of individual i. Only its rank counts, from -1/2 to 1/2, so that one lucky game cannot throw θ
away. The rewards of single steps are never looked at: whether a game pays at once or at its end is all the same.

The whole generation is one batch: its weights have a population axis, and all its games are stepped together. With
--workers processes share it, and nothing but scores goes from one to another: all have the same table of noise and do
the same sums. A run *is* the list of its scores; from it θ is worked out anew where a stopped run goes on.

    python EV/evolution.py                           CartPole, in 3 seconds
    python EV/evolution.py --env CatcherState-v0     Catcher from five numbers, in 3 seconds
    python EV/evolution.py --env Catcher-v0          Catcher from pixels, in about 3 minutes; --workers 2 shares them
    python EV/evolution.py --strategy cma            CMA-ES instead, which also learns the shape of the scatter
    python EV/evolution.py --play                    watch the best agent of the newest run
    python EV/evolution.py --resume                  go on with a run that was stopped or killed
"""

import secrets
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from gymnasium import spaces

from EV.adam import Adam
from EV.plots import draw_generations
from EV.population import Network
from EV.sharing import shared_games
from framework.agent import Agent
from framework.cma_es import CMAES
from framework.evaluate import FreshWorlds
from framework.runs.config import RunConfig
from framework.runs.parallel import Workers
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters for CartPole; `CATCHER` has those of Catcher from five numbers, `PIXELS` from pictures."""

    env: str = "CartPole-v1"
    """The world: any suitable id of Gymnasium, or your own: module:World-v0."""
    steps: int = 2_000_000
    target_return: float | None = 475.0
    eval_every: int = 5_000
    precision: Literal["float32"] = "float32"
    """What NumPy computes in."""
    strategy: Literal["es", "cma"] = "es"
    """Evolution strategies as above, or CMA-ES (Hansen 2016)."""
    population: int = 64
    """Individuals of a generation, an even number."""
    episodes: int = 2
    """Games of each individual: the same ones for all of a generation, others in the next."""
    sigma: float = 0.5
    """How far individuals are scattered. Too small, and all of them do the same: no rank tells anything."""
    learning_rate: float = 0.2
    """The step size of Adam."""
    decay: float = 0.0
    """Weights shrink by this share of learning_rate in a generation; with CMA-ES, what their mean square costs."""
    hidden: tuple[int, ...] = (16,)
    """Units of the hidden layers; none: the action is a linear function of what is seen."""
    noise_size: int = 1_000_000
    """How many random numbers the table of noise has."""
    workers: int = 0
    """How many processes play the games of a generation; 0: this one does. The result is the same for any number."""
    frame_size: int = 16
    """Pictures are resized to so many pixels a side, in gray."""
    frame_stack: int = 2
    """How many pictures the agent sees at once."""
    filters: int = 4
    """How many places in a picture the network looks for."""

    @property
    def title(self):
        return f"{self.env}, {self.strategy}, seed {self.seed}"


CATCHER = Config(
    env="CatcherState-v0", steps=50_000_000, target_return=15.2, eval_every=250_000, log_every=100_000,
    population=128, episodes=4, sigma=0.2, learning_rate=0.1,
)  # fmt: skip
PIXELS = replace(CATCHER, env="Catcher-v0", steps=20_000_000, target_return=12.8, hidden=(8,))


def centred_ranks(scores):
    """Ranks of scores [n] from -1/2, the worst, to 1/2, the best; their sum is 0. What is no finite number is worst.

    Equal scores share the mean of their ranks: were they told apart by their places, chance would move the weights.
    """
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count + 1) / 2)[place]  # 0 … n - 1
    return (ranks / max(1, len(scores) - 1) - 0.5).astype(np.float32)


def gradient_estimate(ranks, noise, sigma):
    """g [P] of ranks [n], first of θ + σε and then of θ - σε, and ε [n/2, P] (Salimans et al., algorithm 1)."""
    plus, minus = np.split(ranks, 2)
    return (plus - minus) @ noise / (len(ranks) * sigma)


class OpenES:
    """Evolution strategies as above: ``ask`` for a generation, ``tell`` its scores; ``theta`` [P] is the result."""

    def __init__(self, theta, config):
        self.theta, self.config, self.generation, self.adam = theta.copy(), config, 0, Adam(config.learning_rate)
        table = np.random.default_rng([config.seed, 1]).standard_normal(config.noise_size, np.float32)
        self.noise_at = np.lib.stride_tricks.sliding_window_view(table, len(theta))  # [offset, P]

    def ask(self):
        """The weights of all individuals [n, P]. The offsets are all that is random, and they follow from seeds."""
        rng = np.random.default_rng([self.config.seed, 2, self.generation])
        self.noise = self.noise_at[rng.integers(len(self.noise_at), size=self.config.population // 2)]
        return self.theta + self.config.sigma * np.concatenate([self.noise, -self.noise])

    def tell(self, scores):
        """Move θ; scores [n] that are all equal tell nothing, and leave it where it is."""
        ranks, self.generation = centred_ranks(scores), self.generation + 1
        if ranks.any():
            self.theta += self.adam.step(gradient_estimate(ranks, self.noise, self.config.sigma))
            self.theta *= 1 - self.config.learning_rate * self.config.decay  # apart from Adam, as in AdamW


class EvolutionalAgent(Agent):
    """A network of plain NumPy, made to be one of many."""

    based_on, prediction_target = "policy", "actual return"
    acts_with = ("theta",)

    def __init__(self, observation_space, action_space, config):
        self.network = Network(observation_space, action_space, config)
        if self.network.weights > config.noise_size:
            raise ValueError(f"noise_size must be at least the number of weights, {self.network.weights}")
        self.discrete = isinstance(action_space, spaces.Discrete)
        self.theta = self.network.first_weights(np.random.default_rng([config.seed, 0]))

    def act(self, theta, obs):
        """The actions of n individuals theta [n, P] in n × E worlds: obs [n × E, …] -> [n × E] or [n × E, D]."""
        outputs = self.network.outputs(theta, obs.reshape(len(theta), -1, *obs.shape[1:])).reshape(len(obs), -1)
        return outputs.argmax(axis=-1) if self.discrete else np.tanh(outputs)

    def greedy(self, obs):
        return self.act(self.theta[None], obs)


class Generation(NamedTuple):
    """A generation that has played: its number, from 0; the scores [n]; of every game the return and the steps."""

    number: int
    scores: np.ndarray  # [n] mean return of each individual; NaN where its world failed
    games: np.ndarray  # [n, E, 2]


class EvolutionalTrainer:
    """Runs generations; to a `framework.trainer.Trainer` it stands for the worlds. Each worker process has another,
    and all of them come to the same weights."""

    resumes_exactly, failure = True, "the worker processes tell no reason, and here the first of them plays well"

    def __init__(self, config, workers=None):
        if config.population % 2:
            raise ValueError(f"population must be an even number; got {config.population}")
        self.config, self.workers, self.worlds = config, workers, {}
        envs = self.worlds_for(1)
        agent = self.agent = EvolutionalAgent(envs.observation_space, envs.action_space, config)
        self.token, self.total_steps, self.finished, self.scores = secrets.token_hex(8), 0, [], []
        shared = {name: getattr(config, name) for name in ("population", "sigma", "decay", "seed")}
        self.strategy = OpenES(agent.theta, config) if config.strategy == "es" else CMAES(agent.theta, **shared)
        self.population = self.strategy.ask()  # [n, P]

    def worlds_for(self, individuals):
        if individuals not in self.worlds:
            self.worlds[individuals] = make_worlds(self.config, individuals * self.config.episodes, workers=0)
        return self.worlds[individuals]

    def generations(self):
        """Generator of `Generation`: play, then move the weights."""
        while True:
            parallel = self.workers and self.workers.count > 1
            games = shared_games(self) if parallel else self.play(np.arange(self.config.population))
            generation = Generation(len(self.scores), games[..., 0].mean(axis=1), games)
            if not np.isfinite(generation.scores).any():
                self.play(np.arange(1))  # once more, in this process, to learn why
                raise ValueError(f"all individuals of generation {generation.number} failed: {self.failure}")
            self.learn(generation.scores)
            played = games[np.isfinite(games).all(axis=2)]
            self.total_steps += int(played[:, 1].sum())
            self.finished += map(tuple, played.tolist())
            yield generation

    def play(self, rows):
        """The games [rows, E, 2] of some individuals, each the same games. A world that fails costs one of them."""
        episodes, theta, envs = self.config.episodes, self.population[rows], self.worlds_for(len(rows))
        first_seed = int(np.random.SeedSequence([self.config.seed, 3, len(self.scores)]).generate_state(1)[0] >> 1)
        try:
            envs.reset([first_seed + game for game in range(episodes)] * len(rows))
            for _ in envs.episodes(partial(self.agent.act, theta)):
                pass
        except ValueError as error:
            self.failure = str(error)
            if len(rows) > 1:
                return np.concatenate([self.play(rows[i : i + 1]) for i in range(len(rows))])
            return np.full((1, episodes, 2), np.nan)
        return np.array(envs.take_finished(), float).reshape(len(rows), episodes, 2)

    def learn(self, scores):
        """Move the weights by the scores [n] of the generation, and scatter the next one."""
        self.strategy.tell(scores)
        self.scores.append(scores)
        self.population = self.strategy.ask()
        self.agent.theta[:] = self.strategy.theta

    # The rest is what `framework.trainer.Trainer` asks of worlds.
    def take_finished(self):
        finished, self.finished = self.finished, []
        return finished

    def frames(self):
        return None

    def state(self):
        return {"scores": np.array(self.scores).reshape(-1, self.config.population), "total_steps": self.total_steps}

    def load_state(self, state):
        for scores in state["scores"]:
            self.learn(scores)
        self.total_steps = state["total_steps"]


def train(config):
    """The whole algorithm."""
    with Workers(config.workers) as workers:
        search = EvolutionalTrainer(config, workers)
        evaluate = FreshWorlds(replace(config, workers=0))
        with Trainer(config, agent=search.agent, envs=search, evaluate=evaluate) as trainer:
            for _, (_, scores, _) in zip(trainer, search.generations(), strict=False):
                trainer.log(best=np.nanmax(scores), mean=np.nanmean(scores), worst=np.nanmin(scores))
    draw_generations(trainer.folder, config.title)
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, EvolutionalAgent, [Config(), CATCHER, PIXELS], __doc__, {"Catcher-v0": "about 3 minutes"})
