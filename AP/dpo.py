"""Direct preference optimisation: from choices to a policy, without a reward model (Rafailov et al. 2023), Day 7.

What maximises E[r] - β KL(π ‖ π_ref) is known: π*(review) ∝ π_ref(review) exp(r(review) / β). Turned round, every
policy is the best one for some reward, r = β log(π / π_ref), up to a number for each item. So the policy itself can
be put into the likelihood of the choices, where a reward model stands in `reward_model.py`:

    minimise  -log σ(β [log π(preferred) / π_ref(preferred) - log π(other) / π_ref(other)])        (their equation 7)

No reward, no value, nothing is written during training; and nothing is learnt about reviews that nobody compared.
Read `train`, at the bottom, first.

    python AP/dpo.py                      about a minute; 8,000 comparisons, those of reward_model.py
    python AP/dpo.py --language ja
    python AP/dpo.py --kl-weight 0.1      further away from the reference
    python AP/dpo.py --resume             go on with a run that was stopped or killed

Watch `preferred_log_prob` in metrics.csv: it may fall. Only the difference to the other review is asked for.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.language_model import LanguageModel
from AP.reward_model import compare, load_language_model, preference_loss
from AP.rlhf import Reward
from AP.rlhf_report import report, wins
from framework.evaluate import Evaluation
from framework.graph import compiled
from framework.runs.config import RunConfig
from framework.schedules import Linear
from framework.tf import begin, tf
from framework.trainer import Trainer
from framework.training import run_training


@dataclass(frozen=True)
class Config(RunConfig):
    """Hyper-parameters."""

    comparisons: int = 8_000
    """How many times the rater is asked which of two reviews is better."""
    steps: int = 125
    """Calls of the graph; each takes ``gradient_steps``. The default goes five times through the comparisons."""
    gradient_steps: int = 5
    """K: gradient steps in a call."""
    batch_size: int = 64
    """Comparisons of a gradient step."""
    kl_weight: float = 0.3
    """β: how much a nat away from the reference says about the reward."""
    learning_rate: float = 1e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    model: str = ""
    """The language model to start from, agent.npz of a run of language_model.py; by default the one that ships."""
    reward: Literal["model", "true"] = "model"
    """What is reported beside the taste; nothing learns from it."""
    reward_model: str = ""
    """agent.npz of a run of reward_model.py; by default the one that ships."""
    normalise: bool = True
    """Whether that reward has mean 0 and standard deviation 1 under the reference."""
    language: Literal["en", "ja"] = "en"
    """English or Japanese."""
    size: tuple[int, int, int] = (64, 2, 4)
    """That of the language model."""
    eval_every: int = 25
    eval_episodes: int = 512
    final_episodes: int = 2_000
    log_every: int = 5


class DPOAgent(LanguageModel):
    """The language model that is tuned.

    Args:
        config: `Config`.
    """

    based_on, prediction_target, policy_learnt = "policy", "label", "off-policy"

    def summed(self, words):
        """log π of reviews [N, LENGTH], all their words together: [N]."""
        return tf.reduce_sum(self.log_prob(words), axis=1)

    def loss(self, preferred, other, reference):
        """The loss of pairs of reviews [N, LENGTH], and what to log.

        Args:
            reference: [N, 2] log π_ref of the preferred and of the other.
        """
        log_prob = tf.reshape(self.summed(tf.concat([preferred, other], axis=0)), [2, -1])
        rewards = self.config.kl_weight * (log_prob - tf.transpose(reference))
        loss = tf.reduce_mean(preference_loss(rewards[0], rewards[1]))
        accuracy = tf.reduce_mean(tf.cast(rewards[0] > rewards[1], tf.float32))
        names = ("preferred_log_prob", "other_log_prob")
        return loss, {"loss": loss, "accuracy": accuracy} | dict(
            zip(names, tf.unstack(tf.reduce_mean(log_prob, axis=1)), strict=True)
        )

    @compiled(free=2)
    def train_step(self, preferred, other, reference, learning_rate):
        """A gradient step on each minibatch of pairs [K, N, LENGTH], reference [K, N, 2]; means of what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        total = dict.fromkeys(("loss", "accuracy", "preferred_log_prob", "other_log_prob"), 0.0)
        for k in tf.range(tf.shape(preferred)[0]):
            with tf.GradientTape() as tape:
                loss, logged = self.loss(preferred[k], other[k], reference[k])
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: value / tf.cast(tf.shape(preferred)[0], tf.float32) for name, value in total.items()}


def train(config):
    """The whole algorithm."""
    begin(config)
    reference = load_language_model(config)
    reward = Reward(config, reference)  # it teaches nothing here; the report tells its score
    preferred, other, *_ = compare(reference, config.comparisons, np.random.default_rng(config.seed))
    of_reference = np.stack([reference.log_prob_of(side).sum(axis=1) for side in (preferred, other)], axis=1)
    agent = DPOAgent(config)
    agent.set_weights(reference.weights())
    remaining = Linear(1.0, 0.0, config.steps)

    def evaluate(agent, trials, seed):
        return Evaluation(wins(agent, reference, trials, np.random.default_rng(seed)))

    with Trainer(config, agent=agent, evaluate=evaluate, measure="share that is liked better") as trainer:
        for step in trainer:
            chosen = agent.rng.integers(config.comparisons, size=(config.gradient_steps, config.batch_size))
            learning_rate = config.learning_rate * remaining(step)
            trainer.log(**agent.train_step(preferred[chosen], other[chosen], of_reference[chosen], learning_rate))
        report(agent, reference, reward)
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, DPOAgent, [Config()], __doc__)
