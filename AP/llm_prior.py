"""A language model that stays as it is, as the prior of a policy that learns (Day 7). Read `llm_policy.py` before.

GLAM trains the language model itself. Most people cannot: it is too large, or it answers on somebody else's server.
So its log-probabilities of the actions stand in front of what a small network adds, and PPO trains that alone:

    π(a | s) = softmax(f(a, s) + β log p_LM(a | a sentence about s))

f begins at 0: the policy begins as what the language model says. The sentence tells where the ball is, such as "The
ball is in front of you and to the left of you. To reach the ball, you should go". A rule makes it from the text of
the room, and there are eight of them. In 41,000 steps the language model answers 24 questions, three wordings of each
sentence; the answers were recorded.

    python AP/llm_prior.py                              Qwen2.5-Coder 1.5B as the prior: about a minute
    python AP/llm_prior.py --prior smollm2              another one: smollm2, qwen-0.5b, qwen-1.5b, or none
    python AP/llm_prior.py --examples "up and down"     examples that do not tell right from left
    python AP/llm_prior.py --shuffled                   each sentence gets the answer to another one
    python AP/llm_prior.py --play                       watch the best agent of the newest run; --resume goes on

The first prompts had examples of up and down alone. After these even the largest of three models calls left right:
they stayed, as a warning. The others, written next, tell of two of the eight places, right and in front, for other
things.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP import llm_policy
from AP.language import LanguageOptions, open_model
from AP.llm_policy import GLAMAgent, Reached
from framework.distributions import Categorical
from framework.rollout import Rollout
from framework.schedules import Linear
from framework.tf import begin, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds
from worlds.text_room import ACTIONS, NUMBER_OF

SIDES = ("to the left of you", "", "to the right of you")  # where a thing is, as seen by who stands there
WAYS = ("behind you", "", "in front of you")
OPTIONS = tuple(f" {action}" for action in ACTIONS)
WORDINGS = (  # all end before the action; {thing} and {place}
    "The {thing} is {place}. To reach the {thing}, you should go",
    "You want the {thing}. It is {place}. So you go",
    "Goal: the {thing}. Seen: the {thing} {place}. Next move: go",
)
EXAMPLES = {  # a thing, where it is, and the way to go
    "right and in front": (("lamp", "to the right of you", "right"), ("bird", "in front of you", "forward")),
    "up and down": (("lamp", "above you", "up"), ("bird", "below you", "down")),
}


@dataclass(frozen=True)
class Config(llm_policy.Config):
    """Hyper-parameters; those which are not here are explained in AP/llm_policy.py."""

    pretrain: Literal["none"] = "none"
    """The network has read nothing."""
    prior: Literal["smollm2", "qwen-0.5b", "qwen-1.5b", "none"] = "qwen-1.5b"
    """Whose recorded answers."""
    examples: Literal["right and in front", "up and down"] = "right and in front"
    """What the examples before each question tell of."""
    prior_weight: float = 1.0
    """β."""
    shuffled: bool = False
    """Whether each sentence gets the answer to another one."""


def place(side, way):
    """Words for a place: one of `SIDES` and one of `WAYS`, by number."""
    return " and ".join(words for words in (WAYS[way], SIDES[side]) if words)


def prompts(told, examples):
    """The three prompts about a ball at a place in words, one for each wording."""
    for wording in WORDINGS:
        shots = "\n".join(f"{wording.format(thing=thing, place=at)} {way}" for thing, at, way in EXAMPLES[examples])
        yield f"{shots}\n\n{wording.format(thing='ball', place=told)}"


def log_prior(model, examples):
    """log p [3 wordings, 9 places, A] of a `LanguageModel` over the actions; row 3 × side + way, 0 for no place."""
    table = np.zeros((len(WORDINGS), len(SIDES) * len(WAYS), len(OPTIONS)), np.float32)
    for row in range(table.shape[1]):
        if told := place(*divmod(row, len(WAYS))):
            scores = np.array([model.choose(prompt, OPTIONS)[0] for prompt in prompts(told, examples)])
            table[:, row] = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return table


def ask_all(model):
    """Ask everything that this page can ask."""
    for examples in EXAMPLES:
        log_prior(model, examples)


def prior_of(config):
    """β log p [9, A]: the mean over the wordings, of the model that a configuration names."""
    if config.prior == "none":
        return np.zeros((len(SIDES) * len(WAYS), len(OPTIONS)), np.float32)
    model = open_model(LanguageOptions(model=config.prior))
    wordings = log_prior(model, config.examples)
    print(f"{model.name}: {model.bill}", flush=True)
    table = wordings.mean(axis=0)
    if config.shuffled:
        told = [row for row in range(len(table)) if place(*divmod(row, len(WAYS)))]
        order = np.random.default_rng([config.seed, 4]).permutation(told)
        table[order] = table[np.roll(order, 1)]  # in a ring: none keeps its own
    return config.prior_weight * table


def places_of(texts):
    """Rows [B] of `log_prior` for texts [B, LENGTH]: where the goal is that each text names."""
    texts = tf.cast(texts, tf.int32)
    goal_first = tf.reduce_all(texts[:, 6:8] == texts[:, 3:5], axis=1)
    number, side, far, way = tf.unstack(tf.where(goal_first[:, None], texts[:, 8:12], texts[:, 15:19]), axis=1)
    zero = NUMBER_OF["0"]
    side = tf.where(number == zero, 1, tf.where(side == NUMBER_OF["left"], 0, 2))
    way = tf.where(far == zero, 1, tf.where(way == NUMBER_OF["back"], 0, 2))
    return len(WAYS) * side + way


class PriorAgent(GLAMAgent):
    """GLAM's network, from nothing, behind the log-probabilities of a language model that does not learn.

    Args:
        observation_space, action_space: of `worlds.text_room.TextRoom`.
        config: `Config`.
    """

    def __init__(self, observation_space, action_space, config):
        super().__init__(observation_space, action_space, config)
        self.head.kernel.assign(tf.zeros_like(self.head.kernel))  # f is 0 for every action
        self.prior = prior_of(config)

    def policy_and_value(self, obs):
        scores, value = self.scores_and_value(obs)
        return Categorical(scores + tf.gather(self.prior, places_of(obs))), value


def train(config):
    """The whole algorithm: PPO; what is new stands in `PriorAgent.policy_and_value`."""
    begin(config)
    envs = make_worlds(config)
    agent = PriorAgent(envs.observation_space, envs.action_space, config)
    reached, remaining = Reached(config), Linear(1.0, 0.0, config.steps)
    with Trainer(config, agent=agent, envs=envs, evaluate=reached, measure=Reached.measure) as trainer:
        if trainer.total_steps == 0:
            reached.before(agent)
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, log_prob, value = agent.act(envs.obs)
                rollout.add(envs.step(action), log_prob=log_prob, value=value)
            trainer.log(**agent.train_step(rollout, remaining(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, PriorAgent, [Config()], __doc__)
