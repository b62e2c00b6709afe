"""Reinforcement learning from human feedback (Ziegler et al. 2019; Ouyang et al. 2022), Day 7. Read `train` first.

A language model writes what people write. It is to write what people like: its words are actions, and a reward model,
which has learnt from people's choices (`reward_model.py`), pays at the full stop. A price β for every step away from
the first model, the reference, keeps it from writing what only the reward model likes:

    maximise  E[r(review)] - β KL(π ‖ π_ref),   reward of word t:  -β log(π / π_ref), and at the last word + r

Three ways to an advantage, and one update, PPO's (Day 4):

    ppo     GAE by a value of each word, a head on the same network; γ 1, λ 0.95
    rloo    R - the mean R of the other reviews of the same item, R the summed reward; no value (Ahmadian et al. 2024)
    grpo    (r - mean) / standard deviation of the reviews of the same item; KL is a loss (Shao et al. 2024)

    python AP/rlhf.py                         80 seconds; prints reviews before and after
    python AP/rlhf.py --language ja
    python AP/rlhf.py --kl-weight 0           over-optimisation: the score rises, the reviews become nonsense
    python AP/rlhf.py --algorithm grpo
    python AP/rlhf.py --reward true --kl-weight 0      a reward that can be checked, as in mathematics: no harm in it
    python AP/rlhf.py --resume                go on with a run that was stopped or killed

The rater is synthetic, so it can be asked what it really thinks: the share of reviews that it likes better than the
reference's is the success of an evaluation, and chooses the best agent. Nothing learns from that.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from AP import reward_model
from AP.language_model import LanguageModel, write
from AP.reviews import PAD, PROMPTS, STOPS, true_score
from AP.reward_model import TRAINED, RewardModel, load_alike, load_language_model
from AP.rlhf_report import report, wins
from AP.tiny_gpt import linear_head
from FN.ppo_agent import clipped_surrogate
from framework.distributions import Categorical
from framework.evaluate import Evaluation, evaluation_seed
from framework.graph import compiled
from framework.returns import gae
from framework.runs.config import RunConfig
from framework.schedules import Linear
from framework.tf import begin, tf
from framework.trainer import Trainer
from framework.training import run_training

NO_STOP = -1.0  # the reward of a review without a full stop


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters; a step is one batch of reviews."""

    steps: int = 100
    reviews: int = 256
    """How many reviews are written in a step, of each item equally many."""
    algorithm: Literal["ppo", "rloo", "grpo"] = "ppo"
    """Where advantages come from."""
    kl_weight: float = 0.2
    """β, the price of a nat away from the reference; the reward has standard deviation 1 under the reference."""
    reward: Literal["model", "true"] = "model"
    """What pays: the reward model, or the taste itself, which only a checkable reward can be."""
    epochs: int = 4
    """Gradient steps on each batch."""
    learning_rate: float = 3e-4
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    clip: float = 0.2
    """ε, how far a word's probability may go, as a ratio."""
    lambda_: float = 0.95
    """λ of PPO's advantages."""
    value_weight: float = 0.1
    """How much the loss of the value counts."""
    model: str = ""
    """The language model to start from, agent.npz of a run of language_model.py; by default the one that ships."""
    reward_model: str = ""
    """agent.npz of a run of reward_model.py; by default the one that ships."""
    language: Literal["en", "ja"] = "en"
    """English or Japanese."""
    size: tuple[int, int, int] = (64, 2, 4)
    """That of the language model."""
    normalise: bool = True
    """Whether the reward is brought to mean 0 and standard deviation 1 under the reference."""
    mistake: Literal["none", "score on every word", "words after the end"] = "none"
    """A known mistake, made on purpose."""
    eval_every: int = 20
    eval_episodes: int = 512
    final_episodes: int = 2_000
    log_every: int = 2


class Reward:
    """What pays: scores [N] of reviews [N, LENGTH], as multiples of their scatter under the reference.

    Args:
        config: `Config`.
        reference: the language model to start from.
    """

    def __init__(self, config, reference):
        self.of = true_score
        if config.reward == "model":
            path = config.reward_model or TRAINED / f"reward_model_{config.language}.npz"
            self.of = load_alike(path, RewardModel, reward_model.Config, config).score
        self.mean, self.std = 0.0, 1.0
        if config.normalise:
            scores = self.of(write(reference, 2_000, np.random.default_rng(evaluation_seed(config.seed, 0))))
            self.mean, self.std = scores.mean(), scores.std()

    def __call__(self, words):
        ended = np.isin(words, STOPS).any(axis=1)
        return np.where(ended, (self.of(words) - self.mean) / self.std, NO_STOP)


def is_last(mask):
    """Whether a word is the last that counts, of a mask [N, T] that is 1 up to there."""
    return np.arange(mask.shape[1]) == mask.sum(axis=1, keepdims=True) - 1


def ppo_advantages(reward, value, mask, lambda_):
    """Advantages and targets of the value, both [N, T], of rewards and values [N, T]; behind the end all is 0."""
    value = (value * mask).T
    next_value = np.concatenate([value[1:], 0 * value[:1]])
    terminated = is_last(mask).T
    advantage = gae(reward.T, value, next_value, terminated, np.zeros_like(terminated), 1.0, lambda_)
    return advantage.T, (advantage + value).T


def leave_one_out(returns, item):
    """R [N] minus the mean R of the *other* reviews of the same item [N]."""
    same = item[:, None] == item
    return returns - (same @ returns - returns) / (same.sum(axis=1) - 1)


def group_standardised(score, item):
    """(r - mean) / standard deviation [N], within the reviews of the same item [N]."""
    same = (item[:, None] == item) / (item[:, None] == item).sum(axis=1, keepdims=True)
    mean = same @ score
    return (score - mean) / (np.sqrt(np.maximum(same @ score**2 - mean**2, 0)) + 1e-8)


def kl_estimate(log_prob, reference):
    """KL(π ‖ π_ref) of each word by exp(d) - d - 1, d = log π_ref - log π: never below 0, and right in the mean."""
    return tf.exp(reference - log_prob) - (reference - log_prob) - 1


class Batch(NamedTuple):
    """What a step learns from: reviews [N, LENGTH], and of their T words after the prompt, arrays [N, T]."""

    words: np.ndarray
    mask: np.ndarray
    log_prob: np.ndarray
    reference: np.ndarray  # log π_ref
    advantage: np.ndarray
    returns: np.ndarray


class RLHFAgent(LanguageModel):
    """The language model that is tuned, and the value of each word.

    Args:
        config: `Config`.

    Raises:
        ValueError: there are not at least two reviews of each item to compare.
    """

    based_on = "policy"
    learns_with = ("value_head", "optimizer", "rng")

    def __init__(self, config):
        least = 2 * len(PROMPTS[config.language])
        if config.reviews < least:
            raise ValueError(f"reviews must be at least {least}, two of each item; got {config.reviews}")
        self.value_head = linear_head(config.size[0], 1, config.seed, stddev=0.0)
        super().__init__(config)

    @property
    def trainable_variables(self):
        of_value = self.value_head.trainable_variables if self.config.algorithm == "ppo" else []
        return super().trainable_variables + of_value

    def log_prob_and_value(self, words):
        """log π of each word after the prompt, and what is still to come before it is written: both [N, T]."""
        features = self.transformer(words[:, :-1])
        return Categorical(self.head(features)).log_prob(words[:, 1:]), self.value_head(features)[..., 0]

    @compiled
    def judge(self, words):
        """The same as arrays."""
        return self.log_prob_and_value(words)

    def train_step(self, words, score, reference, remaining):
        """The gradient steps on reviews that the agent has just written; returns what to log.

        Args:
            words: [N, LENGTH]. score: [N]. reference: [N, T] log π_ref of their words.
            remaining: 1 at the start of training, 0 at its end.
        """
        config, item, written = self.config, words[:, 0], words[:, 1:] != PAD
        mask = np.ones_like(written) if config.mistake == "words after the end" else written
        log_prob, value = self.judge(words)
        kl, returns = (log_prob - reference) * mask, np.zeros_like(value)
        if config.algorithm == "ppo":
            at_all = written if config.mistake == "score on every word" else is_last(written)
            reward = at_all * score[:, None] - config.kl_weight * kl
            advantage, returns = ppo_advantages(reward, value, mask, config.lambda_)
            advantage = (advantage - advantage[mask].mean()) / (advantage[mask].std() + 1e-8)
        elif config.algorithm == "rloo":
            advantage = leave_one_out(score - config.kl_weight * kl.sum(axis=1), item)[:, None] * mask
        else:
            advantage = group_standardised(score, item)[:, None] * mask
        batch = Batch(words, mask.astype(np.float32), log_prob, reference, advantage, returns)
        logged = self.update(batch, config.learning_rate * remaining)
        return logged | {"kl": float(((log_prob - reference) * written).sum(axis=1).mean())}

    def loss(self, batch):
        """The loss of a `Batch`, and what to log."""
        config = self.config
        log_prob, value = self.log_prob_and_value(batch.words)
        surrogate = clipped_surrogate(log_prob, batch.log_prob, batch.advantage, config.clip)
        policy_loss = -mean_of(surrogate, batch.mask)
        value_loss = mean_of((batch.returns - value) ** 2, batch.mask)
        loss = policy_loss
        if config.algorithm == "ppo":
            loss += config.value_weight * value_loss
        if config.algorithm == "grpo":
            loss += config.kl_weight * mean_of(kl_estimate(log_prob, batch.reference), batch.mask)
        return loss, {"policy_loss": policy_loss, "value_loss": value_loss}

    @compiled
    def update(self, batch, learning_rate):
        """So many gradient steps on a `Batch`, a loop in the graph; returns the means of what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        total = dict.fromkeys(("policy_loss", "value_loss"), 0.0)
        for _ in tf.range(self.config.epochs):
            with tf.GradientTape() as tape:
                loss, logged = self.loss(batch)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: value / self.config.epochs for name, value in total.items()}


def mean_of(values, mask):
    """The mean of values [N, T] where a mask [N, T] is 1."""
    return tf.reduce_sum(values * mask) / tf.reduce_sum(mask)


def train(config):
    """The whole algorithm."""
    begin(config)
    reference = load_language_model(config)
    reward = Reward(config, reference)
    agent = RLHFAgent(config)
    agent.set_weights(reference.weights())
    remaining = Linear(1.0, 0.0, config.steps)

    def evaluate(agent, trials, seed):
        return Evaluation(wins(agent, reference, trials, np.random.default_rng(seed)))

    with Trainer(config, agent=agent, evaluate=evaluate, measure="share that is liked better") as trainer:
        for step in trainer:
            words = write(agent, config.reviews, agent.rng)
            score = reward(words)
            logged = agent.train_step(words, score, reference.log_prob_of(words), remaining(step))
            trainer.log(**logged, score=score.mean(), true_score=true_score(words).mean())
        report(agent, reference, reward)
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, RLHFAgent, [Config()], __doc__)
