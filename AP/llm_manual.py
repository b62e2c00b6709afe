"""Read the manual, and be rewarded by it: Read and Reward (Wu et al. 2023), Day 7. Read `train`, below, first.

Catcher tells its score when the game is over: which of 480 actions was it for? Its manual says so at once. For each
contact in the game one sentence of the manual is picked, by TF-IDF; a language model is asked in three wordings
whether the contact is good, after that sentence and after none:

    d_i = log-odds of Yes to wording i after the sentence - the same after "N/A",      i = 1, 2, 3
    r(contact) = ± auxiliary where d_1, d_2 and d_3 have one sign, else 0

PPO (or A2C) of Day 4 learns from the game's reward + r. What is reported is the game's score, without r. Contacts
are found by hand in the game's state, as in the paper: the model reads, it does not see.

    python AP/llm_manual.py                      the true manual: about 20 seconds
    python AP/llm_manual.py --manual none        delayed scores alone; --manual truth: judged by hand, the ceiling
    python AP/llm_manual.py --manual inverted    the manual of a game where the fruit is rotten
    python AP/llm_manual.py --manual other       the manual of another game: it should change nothing
    python AP/llm_manual.py --whole              the whole manual before each question; --wordings 1: ask it once
    python AP/llm_manual.py --model smollm2      judged by a smaller model
    python AP/llm_manual.py --learner a2c --num-envs 4 --rollout-steps 16 --learning-rate 2e-3     as in the paper
    python AP/llm_manual.py --play               watch the best agent of the newest run; --resume goes on

After 60,000 steps PPO catches 16 of 16 fruits with the true manual, 3 without one and 0.5 with the inverted one. With
another game's manual it catches 1.5: text that has nothing to say is no blank, and here it has walls pay. (Five
seeds, bench/llm_manual.py.)
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from AP.language import LanguageOptions, open_model
from AP.manual_texts import EXAMPLES, MANUALS, NO_MANUAL, QUESTIONS
from AP.tf_idf import TfIdf
from FN.a2c_agent import ActorCriticAgent
from FN.ppo_agent import Config as PPOConfig
from FN.ppo_agent import PPOAgent
from framework.rollout import Rollout
from framework.schedules import Linear
from framework.tf import begin
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds
from worlds.catcher import CONTACTS

WORLDS = ("DelayedCatcherState-v0", "DelayedCatcher-v0")  # from numbers, from pixels
TRUTH = (1.0, -1.0, 0.0)  # what is so of each contact


@dataclass(frozen=True)
class Config(PPOConfig, LanguageOptions):
    """Hyper-parameters; those of PPO are explained in FN/ppo_agent.py."""

    env: str = "DelayedCatcherState-v0"
    steps: int = 60_000
    num_envs: int = 16
    target_return: float | None = None
    eval_every: int = 6_000
    eval_episodes: int = 50
    epochs: int = 10
    batch_size: int = 64
    hidden: tuple[int, ...] = (64, 64)
    manual: Literal["true", "inverted", "other", "none", "truth"] = "true"
    """What is read; none: nothing, so that no contact is rewarded; truth: contacts are judged by hand."""
    whole: bool = False
    """Put the whole manual before each question, not the sentence that was picked."""
    wordings: Literal[1, 2, 3] = 3
    """How many wordings of a question must agree; 1, the first alone."""
    auxiliary: float = 1.0
    """What a contact pays that was judged good; a bad one costs as much."""
    learner: Literal["ppo", "a2c"] = "ppo"
    """Who learns; A2C takes the same settings, as far as it has them."""


class Manual:
    """A text, as sentences that can be searched.

    Attributes:
        sentences: of the text.
    """

    def __init__(self, text):
        self.text, self.sentences = text, [sentence.strip() for sentence in re.findall(r"[^.]+\.", text)]

    def best(self, query):
        """The sentence most like a query; "" where none shares a word with it."""
        if not self.sentences:
            return ""
        similarity = TfIdf(self.sentences).similarity(query)
        return self.sentences[similarity.argmax()] if similarity.max() > 0 else ""


def log_odds(model, passage, contact):
    """[3]: the log-odds of Yes to whether a contact is good, in three wordings, after a passage of a manual."""
    start = f"{EXAMPLES}Manual: {passage or NO_MANUAL}\n\n"
    return np.array([model.yes_no(start + question.format(contact)) for question in QUESTIONS])


def judge(model, passage, contact):
    """[3]: by how much a passage moves the log-odds of each wording, from where they are without a manual."""
    return log_odds(model, passage, contact) - log_odds(model, "", contact)


def agreed(moved):
    """1 or -1 where all wordings [..., N] moved so, else 0."""
    signs = np.sign(moved)
    return np.where((signs == signs[..., :1]).all(axis=-1), signs[..., 0], 0.0)


class ManualReward:
    """What the contacts of a game pay, by a manual.

    Args:
        name: of `MANUALS`, or "truth".
        model: a `AP.language.LanguageModel` that reads it.
        whole: whether it reads all of it, or for each contact one sentence.
        wordings: how many of the three must agree.
        auxiliary: what a good contact pays.

    Attributes:
        passages: what was read before each contact was judged.
        moved: [3 contacts, 3 wordings] `judge`; None for "truth".
        of_contacts: [3], what each contact pays.
    """

    def __init__(self, name, model, whole=False, wordings=3, auxiliary=1.0):
        self.passages, self.moved = [""] * len(CONTACTS), None
        signs = np.array(TRUTH)
        if name != "truth":
            manual = Manual(MANUALS[name])
            self.passages = [manual.text if whole else manual.best(contact) for contact in CONTACTS]
            asked = zip(self.passages, CONTACTS, strict=True)
            self.moved = np.array([judge(model, passage, contact) for passage, contact in asked])
            signs = agreed(self.moved[:, :wordings])
        self.of_contacts = np.float32(auxiliary * signs)

    def pay(self, contacts):
        """What contacts [B, 3] bool pay, [B]."""
        return contacts @ self.of_contacts

    def report(self):
        """Lines: what was read of each contact, by how much it moved each wording, and what the contact pays."""
        for i, contact in enumerate(CONTACTS):
            how = "by hand"
            if self.moved is not None:
                told = " ".join(f"{one:+.2f}" for one in self.moved[i])
                how = f"{self.passages[i] or NO_MANUAL!r}: moved by {told}, mean {self.moved[i].mean():+.2f}"
            yield f"{contact}: pays {self.of_contacts[i] + 0.0:+g}; {how}"


def ask_all(model):
    """Ask everything that this page can ask."""
    for name in MANUALS:
        for whole in (False, True):
            ManualReward(name, model, whole)


LEARNERS = {  # who learns; what it keeps of each step beside the action
    "ppo": (PPOAgent, ("log_prob", "value")),
    "a2c": (ActorCriticAgent, ("value",)),
}


def learner(observation_space, action_space, config):
    """The agent of a configuration."""
    return LEARNERS[config.learner][0](observation_space, action_space, config)


def train(config):
    """The whole algorithm."""
    if config.env not in WORLDS:
        raise ValueError(f"env must be one of {', '.join(WORLDS)}, which tell their contacts; got {config.env}")
    begin(config)
    model = open_model(config)
    reward = ManualReward(config.manual, model, config.whole, config.wordings, config.auxiliary)
    print(f"{model.name}: {model.bill}", *reward.report(), sep="\n", flush=True)
    model.close()
    envs = make_worlds(config)
    agent, names = learner(envs.observation_space, envs.action_space, config), LEARNERS[config.learner][1]
    remaining = Linear(1.0 if config.learner == "ppo" else config.learning_rate, 0.0, config.steps)
    with Trainer(config, agent=agent, envs=envs) as trainer:
        for step in trainer:
            rollout = Rollout()
            for _ in range(config.rollout_steps):
                action, *kept = agent.act(envs.obs)
                played = envs.step(action)  # the worlds count what the game pays, and that is what is reported
                paid = played._replace(reward=played.reward + reward.pay(envs.info["contacts"]))
                rollout.add(paid, **dict(zip(names, kept, strict=True)))
            trainer.log(**agent.train_step(rollout, remaining(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, learner, [Config()], __doc__)
