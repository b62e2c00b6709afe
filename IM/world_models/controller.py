"""C of World Models: a linear controller by CMA-ES, in a dream or in reality (Day 6). Read `train` first.

V says what is seen, z, and M what is remembered, h (an LSTM's output and its cell). They have learnt all that is
hard; what is left to find is one linear function of both (Ha & Schmidhuber 2018):

    output  =  w · [z, h] + b          action  =  left below -1/3, wait, right above 1/3

So few weights can be found without any gradient, by CMA-ES (Hansen 2016): a generation of individuals is scattered
around the weights, each plays whole games, and the scatter moves to, and grows along, where games went well. All
individuals of a generation play the same games, the next one others. Its middle is the result, and not its luckiest.

The games may be dreams: M foresees the next z, the reward and the end, from what is done. No real world is needed
then. With a low temperature M dreams of one future only, and C learns what works there and nowhere else.

    python IM/world_models/controller.py                      in the dream of the world model that comes with it
    python IM/world_models/controller.py --world-model FILE   of another one, such as runs/mdn_rnn/…/world_model.npz
    python IM/world_models/controller.py --world reality      in real games, seen through V and M
    python IM/world_models/controller.py --no-memory          z alone: where the fruit is hidden, it is forgotten
    python IM/world_models/controller.py --temperature 0.1    cheating: the dream is won, and reality is not
    python IM/world_models/controller.py --play               watch the newest run's controller in the real game

A controller that has only ever dreamt scores 9.6 in reality (seed 0), where ten fruits are 10 at most, after two
minutes on one core (1.1 GB). generations.png shows both worlds.
"""

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from gymnasium import spaces

from framework.agent import Agent
from framework.cma_es import CMAES
from framework.evaluate import evaluation_seed
from framework.runs.config import WorldConfig
from framework.tf import begin
from framework.trainer import Trainer
from framework.training import run_training
from IM.world_models.controller_plots import draw_generations
from IM.world_models.games import Judge, load_world_model, make_games
from IM.world_models.record import random_actions

RANDOM_STEPS, RANDOM_GAMES = 300, 64  # of random play, for the scale of what C sees
SMALLEST = 1e-3  # what varies less than this is not stretched any further; it is mostly noise


@dataclass(frozen=True)
class Config(WorldConfig):
    """Hyper-parameters for WindyCatcher."""

    env: str = "WindyCatcher-v0"
    """The real world."""
    world_model: str = ""
    """The file with V and M; by default the one that comes with the course."""
    world: Literal["dream", "reality"] = "dream"
    """Where the games of a generation are played."""
    temperature: float = 1.0
    """How uncertain the dream is."""
    memory: bool = True
    """C sees [z, h]; otherwise z alone."""
    steps: int = 3_000_000
    """Game steps of all individuals."""
    eval_every: int = 500_000
    log_every: int = 100_000
    population: int = 32
    """Individuals of a generation."""
    episodes: int = 8
    """Games of each individual: the same ones for all of a generation, others in the next."""
    sigma: float = 0.5
    """How far individuals are scattered at first."""
    decay: float = 0.01
    """What the mean square of its weights costs an individual; without it they, and the scatter, grow for ever."""
    frame_size: int = 32
    frame_stack: int = 1

    @property
    def title(self):
        seen, where = "[z, h]" if self.memory else "z alone", f"dream at τ = {self.temperature:g}"
        return f"{seen}, {where if self.world == 'dream' else 'reality'}, seed {self.seed}"


CAR_RACING = Config(  # population and games of the paper
    env="CarRacing-v3", world="reality", steps=100_000_000, eval_every=1_000_000, log_every=1_000_000, population=64,
    episodes=16, sigma=0.1, frame_size=64,
)  # fmt: skip


def actions_of(outputs, action_space):
    """Actions [n, E] or [n, E, D] by the linear outputs [n, E, D] of n individuals.

    A Box takes tanh of D outputs. Discrete actions must have an order, as left, wait, right have: [-1, 1] is cut into
    as many equal parts, and one output chooses.
    """
    if isinstance(action_space, spaces.Box):
        return np.tanh(outputs)
    borders = np.linspace(-1, 1, action_space.n + 1)[1:-1]
    return (outputs > borders).sum(axis=-1)


def whitening(features):
    """(mean [F], matrix [F, F]) after which features [N, F] have no correlations, and the variance 1.

    x -> (x - mean) @ matrix. CMA-ES begins with a round scatter, and finds its way in such a space much sooner.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    variance, directions = np.linalg.eigh(np.cov(features, rowvar=False))
    return mean, directions / np.sqrt(np.maximum(variance, SMALLEST**2))


def folded(theta, mean, matrix):
    """Weights for features as they are, of weights theta [n, (F + 1) D] for whitened ones: C stays linear."""
    weights = theta.reshape(len(theta), len(mean) + 1, -1)  # [n, F + 1, D], the bias last
    plain = matrix @ weights[:, :-1]  # [n, F, D]
    bias = weights[:, -1:] - mean[None] @ plain  # [n, 1, D]
    return np.concatenate([plain, bias], axis=1).reshape(theta.shape).astype(np.float32)


class Controller(Agent):
    """w · x + b, made to be one of many; x are the first ``seen`` of the features [z, h].

    Args:
        observation_space: a Box [H, W, C], pictures of the real world.
        action_space: of the real world.
        config: `Config`.
        world_model: a `IM.world_models.dream.WorldModel`; by default that of the configuration.
    """

    model_is, based_on, prediction_target = "learnt", "policy", "actual return"
    acts_with = ("theta",)

    def __init__(self, observation_space, action_space, config, world_model=None):
        self.action_space, self.world_model = action_space, world_model or load_world_model(config)
        z_size = self.world_model.vae.config.z_size
        self.seen = z_size + self.world_model.mdn_rnn.initial(1)[0].shape[1] * config.memory
        self.outputs = 1 if isinstance(action_space, spaces.Discrete) else int(np.prod(action_space.shape))
        self.theta = np.zeros((self.seen + 1) * self.outputs, np.float32)
        self.rng = np.random.default_rng([config.seed, 4])

    def act(self, theta, features):
        """The actions of n individuals theta [n, P] in n × E worlds: features [n × E, Z + H] -> [n × E, …]."""
        x = features[:, : self.seen].reshape(len(theta), -1, self.seen)
        weights = theta.reshape(len(theta), self.seen + 1, self.outputs)
        actions = actions_of(np.matmul(x, weights[:, :-1]) + weights[:, -1:], self.action_space)  # [n, E, …]
        return actions.reshape(len(features), *actions.shape[2:])

    def greedy(self, features):
        return self.act(self.theta[None], features)

    def player(self):
        """One who plays from pictures, with V for eyes, and M for a memory, which is empty at first."""
        vae, mdn_rnn = self.world_model.vae, self.world_model.mdn_rnn
        memory = None

        def act(pictures):  # [B, H, W, C] uint8
            nonlocal memory
            memory = mdn_rnn.initial(len(pictures)) if memory is None else memory
            mean, log_var = vae.encode(pictures)
            z = vae.sample(mean, log_var, self.rng.standard_normal(mean.shape, np.float32))
            action = self.greedy(np.concatenate([z, memory[0]], axis=1))
            memory = mdn_rnn.step(z, action, memory)
            return action

        return act


class Search:
    """CMA-ES over the weights of a controller. To a `framework.trainer.Trainer` it stands for the worlds."""

    resumes_exactly = True

    def __init__(self, config, world_model):
        self.config, self.total_steps, self.scores, self.finished = config, 0, [], []
        self.worlds = make_games(config, world_model, config.population * config.episodes)
        agent = self.agent = Controller(self.worlds.observation_space, self.worlds.action_space, config, world_model)
        self.mean, self.matrix = whitening(self.random_play()[:, : agent.seen])
        shared = {name: getattr(config, name) for name in ("population", "sigma", "decay", "seed")}
        self.strategy = CMAES(np.zeros_like(agent.theta), **shared)

    def random_play(self):
        """Features [N, Z + H] that random play sees, in the worlds where C is going to play."""
        config, rng = self.config, np.random.default_rng([self.config.seed, 2])
        worlds = make_games(config, self.agent.world_model, RANDOM_GAMES)
        actions, seen = random_actions(worlds.action_space, RANDOM_GAMES, rng), []
        for _ in range(RANDOM_STEPS):
            seen.append(worlds.step(next(actions)).obs)
        worlds.close()
        self.total_steps += worlds.total_steps
        return np.concatenate(seen)

    def generation(self):
        """Let every individual play the same games, and move the weights by the mean returns [n]."""
        config, population = self.config, folded(self.strategy.ask(), self.mean, self.matrix)
        first_seed = int(np.random.SeedSequence([config.seed, 3, len(self.scores)]).generate_state(1)[0] >> 1)
        self.worlds.reset([first_seed + game for game in range(config.episodes)] * config.population)
        for _ in self.worlds.episodes(partial(self.agent.act, population)):
            pass
        games = self.worlds.take_finished()  # (return, length) of each
        self.finished += games
        self.total_steps += sum(length for _, length in games)
        scores = np.array([episode_return for episode_return, _ in games]).reshape(config.population, -1).mean(axis=1)
        self.learn(scores)
        return scores

    def learn(self, scores):
        self.strategy.tell(scores)
        self.scores.append(scores)
        self.agent.theta[:] = folded(self.strategy.theta[None], self.mean, self.matrix)[0]

    # The rest is what a `framework.trainer.Trainer` asks of worlds.

    def take_finished(self):
        finished, self.finished = self.finished, []
        return finished

    def frames(self):
        return None

    def close(self):
        self.worlds.close()

    def state(self):
        return {"scores": np.array(self.scores).reshape(-1, self.config.population), "total_steps": self.total_steps}

    def load_state(self, state):
        """A run is the list of its scores; the weights follow from it."""
        for scores in state["scores"]:
            self.strategy.ask()
            self.learn(scores)
        self.total_steps = state["total_steps"]


def train(config, world_model=None):
    """The whole algorithm. A dreamer is watched in reality, too; it learns nothing from that."""
    begin(config)
    world_model = world_model or load_world_model(config)
    own, reality = (Judge(c, world_model) for c in (config, replace(config, world="reality")))
    search = Search(config, world_model)
    trainer = Trainer(config, agent=search.agent, envs=search, evaluate=own)
    with closing(search), closing(own), closing(reality), trainer:
        for step in trainer:
            scores = search.generation()
            trainer.log(best=scores.max(), mean=scores.mean(), worst=scores.min())
            if config.world == "dream" and trainer.every(config.eval_every):
                seed = evaluation_seed(config.seed, step)
                trainer.log(reality=reality(search.agent, config.eval_episodes, seed).mean)
    draw_generations(trainer.folder, config)
    return trainer.best_agent


def train_alone(config):
    """`train`, and then the real games that a dreamer has never seen."""
    agent = train(config)
    if config.world == "dream":
        with closing(Judge(replace(config, world="reality"), agent.world_model)) as reality:
            found = reality(agent, config.final_episodes, evaluation_seed(config.seed, 10**6))
        print(f"in reality: return {found.mean:.2f} ± {found.std:.2f} over {config.final_episodes} fresh episodes")
    return agent


if __name__ == "__main__":
    run_training(train_alone, Controller, [Config(), CAR_RACING], __doc__)
