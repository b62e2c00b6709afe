"""A stated wish as the reward: a language model judges each deed of an agent (Kwon et al. 2023), Day 7.

Nobody writes a reward function. The user says what they want ("a bright room"), a language model is asked of each
deed whether the user likes it, and Q-learning (Day 3) learns from its answers in a small house (`worlds.errands`):

    reward(deed) = log-odds of Yes under the wish - log-odds of Yes under the opposite wish,     clipped to [-1, 1]

Not log-odds alone: models say Yes too often, or No, and like what is pleasant whoever wants what. What a model says
of a deed without having read the wish is the same on both sides, and falls out. (VLM-RM, of rewards from pictures,
subtracts a baseline from its goal for the same reason; Rocamonde et al. 2023.) The model sees sentences, and no more.

    python AP/llm_reward.py                             three panels, in about 15 seconds: tables and a plot
    python AP/llm_reward.py --wish "dark, silence"      one user: what each deed is paid, and what the agent then does
    python AP/llm_reward.py --wish dark --control shuffled     the same answers for other deeds; also blank, opposite
    python AP/llm_reward.py --threshold examples        reward = log-odds - what divides four events that are labelled
    python AP/llm_reward.py --live                      SmolLM2 on this machine, beside its recording (extra llm)

Alignment is the share of the greedy policy's deeds that the user likes, by a table that the reward never sees. Each
trial has a user and their opposite, in every one of whose wishes they differ. So an agent whose reward does not
depend on the wish has 0.5, by construction, however nice its deeds are. Expect 0.66, 0.83 and 0.99 of the three sizes
(seeds from 100 on; the smallest from 0.3 to 0.9 by the wording). Read `WishReward`, `learn` and `trial` first.

The second panel shows what goes wrong without pairs (`AP.niceness`), and the third the paper's ultimatum game
(`AP.ultimatum`), with the base rate beside every accuracy: where all answers are Yes, as in one of the paper's tests,
a constant has 1.00.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import gymnasium as gym
import numpy as np

import environment  # noqa: F401, registers the house
from AP.language import RECORDED, LanguageOptions, open_model, open_models
from AP.llm_reward_report import agents_table, answers_table, draw
from AP.niceness import niceness
from AP.ultimatum import divide, play_games
from AP.wish_items import LABELLED, NOTHING, PHRASES, WORDINGS, wish_prompt
from EL.q_learning import QLearningAgent
from framework.cli import run
from framework.runs.folder import new_folder
from framework.tabular.world import TableWorld
from worlds.errands import DEEDS, LIMIT, PAIRS, ROOM_OF, STARTS, checked_wishes, errands_step, likes, opposite

CONTROLS = {"blank": "no wish is said", "shuffled": "answers shuffled", "opposite": "opposite wish is said"}


# ------------------------------------------------------------------------------------------
# The reward
# ------------------------------------------------------------------------------------------


class WishReward:
    """What a language model pays for each deed, of a user's wishes.

    Args:
        model: a `LanguageModel`.
        wording: of `WORDINGS`.
        threshold: what is taken from the log-odds: those under the "opposite" wish; what divides four labelled
            "examples"; or "zero".
        scale: "clipped" to [-1, 1], or the "sign".
        control: "blank", no wish is said; "opposite", the opposite one is; "shuffled", deeds get each other's pay.
    """

    def __init__(self, model, wording="user", threshold="opposite", scale="clipped", control="none"):
        self.model, self.wording, self.control = model, wording, control
        self.threshold, self.scale = threshold, scale

    def odds(self, wishes):
        """[24]: the log-odds of Yes for each deed, under the wish of its room."""
        said = [NOTHING if self.control == "blank" else PHRASES[wishes[room]] for room in np.repeat(ROOM_OF, 2)]
        asked = [wish_prompt(self.wording, wish, deed) for wish, deed in zip(said, DEEDS, strict=True)]
        return np.array([self.model.yes_no(prompt) for prompt in asked])

    def of(self, wishes, seed=0):
        """[24]: the pay of each deed; ``seed`` is that of the shuffle, another one in each wording."""
        wishes = opposite(wishes) if self.control == "opposite" else wishes
        value = self.odds(wishes)
        if self.threshold == "opposite":
            value = value - self.odds(opposite(wishes))
        elif self.threshold == "examples":
            told = [self.model.yes_no(wish_prompt(self.wording, wish, deed)) for wish, deed, _ in LABELLED]
            value = value - divide(told, [liked for *_, liked in LABELLED])
        if self.control == "shuffled":
            value = np.random.default_rng([seed, 2, *self.wording.encode()]).permutation(value)
        return np.sign(value) if self.scale == "sign" else np.clip(value, -1, 1)


# ------------------------------------------------------------------------------------------
# The learner, and what it does
# ------------------------------------------------------------------------------------------


def learn(rewards, seed, episodes):
    """Q-learning of Day 3 in the house that pays ``rewards`` [24]; nothing there is random. Returns the agent."""
    env = TableWorld(gym.make("Errands-v0", rewards=rewards, disable_env_checker=True))
    env.reset(seed=seed)
    agent = QLearningAgent(env, seed, epsilon=0.5, learning_rate=1.0, gamma=0.9)
    for _ in agent.learn(env, episodes):
        pass
    return agent


def deeds_of(agent):
    """[n] int: all deeds of the greedy policy, from each of the twelve starts."""
    deeds = []
    for state in STARTS:
        for _ in range(LIMIT):
            state, deed, is_over = errands_step(state, agent.best_action(agent.q[state]))
            deeds += [deed] if deed >= 0 else []
            if is_over:
                break
    return np.array(deeds, int)


def alignment(deeds, wishes):
    """The share of what was done for users that they like; 0.5 where nothing was.

    Args:
        deeds: for each user, [n] int.
        wishes: of each user.
    """
    liked = np.concatenate([likes(each)[some] > 0 for some, each in zip(deeds, wishes, strict=True)])
    return float(liked.mean()) if len(liked) else 0.5


def some_user(seed):
    """The wishes of a user, a word of each pair."""
    sides = np.random.default_rng([seed, 1]).integers(2, size=len(PAIRS))
    return tuple(pair[side] for pair, side in zip(PAIRS, sides, strict=True))


class Trial(NamedTuple):
    """A user and their opposite, with an agent each.

    Attributes:
        alignment: the share of the deeds of both that is liked by whom it is done for.
        flipped: with which share of the twelve things the two agents prefer different deeds.
    """

    alignment: float
    flipped: float


def trial(reward, seed, episodes):
    """Draw a user, let an agent learn for them and another one for their opposite, and judge both.

    Args:
        reward: (wishes, seed) -> [24].
    """
    user = some_user(seed)
    users = user, opposite(user)
    agents = [learn(reward(wishes, seed), seed, episodes) for wishes in users]
    prefers = [np.argmax(np.array(agent.q)[STARTS, 4:], axis=1) for agent in agents]
    return Trial(alignment(map(deeds_of, agents), users), float(np.mean(prefers[0] != prefers[1])))


def ask_all(model):
    """Ask everything that this page can ask."""
    for wording in WORDINGS:
        for threshold in ("opposite", "examples"):
            WishReward(model, wording, threshold).of(checked_wishes(()))
    WishReward(model, control="blank").of(checked_wishes(()))
    niceness(model)
    play_games(model)


# ------------------------------------------------------------------------------------------
# The comparison, and one user
# ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options(LanguageOptions):
    """Of one user who is shown, or of the comparison."""

    wish: str = ""
    """One user, by words such as "dark, silence"; a room that is not named has the first wish of its pair."""
    control: Literal["none", "blank", "opposite", "shuffled"] = "none"
    """For one user: no wish is said, the opposite one is, or each deed gets the answer to another one."""
    threshold: Literal["opposite", "examples", "zero"] = "opposite"
    """What is taken from the log-odds: those under the opposite wish, what divides four labelled events, or 0."""
    scale: Literal["clipped", "sign"] = "clipped"
    """Whether pay is clipped to [-1, 1], or its sign alone."""
    episodes: int = 2_000
    """Of Q-learning, three deeds each."""
    users: int = 5
    """Pairs of opposite users, drawn by seeds from --seed on, each for every wording."""


def compare(models, options):
    """{reward: [`Trial`]}: the true one, that of each of {name: model}, and controls of the one of --model."""
    rules, settings = {"true reward": [lambda wishes, seed: likes(wishes)]}, (options.threshold, options.scale)
    for name, model in models.items():
        rules[name] = [WishReward(model, wording, *settings).of for wording in WORDINGS]
    judge = models[RECORDED.get(options.model, list(models)[-1])]
    for control, wordings in (("blank", ("user",)), ("shuffled", WORDINGS), ("opposite", WORDINGS)):
        rules[CONTROLS[control]] = [WishReward(judge, wording, *settings, control).of for wording in wordings]
    seeds = range(options.seed, options.seed + options.users)
    return {name: [trial(rule, seed, options.episodes) for rule in several for seed in seeds]
            for name, several in rules.items()}  # fmt: skip


def right_signs(model):
    """{threshold: share of deeds, under either wish and in each wording, whose reward has the right sign}."""
    users, told = (checked_wishes(()), opposite(())), {}
    for threshold in ("opposite", "examples", "zero"):
        rewards = [WishReward(model, wording, threshold, "sign") for wording in WORDINGS]
        told[threshold] = float(np.mean([each.of(user) == likes(user) for each in rewards for user in users]))
    return told


def show_user(model, options):
    """What each deed is paid for one user, and what an agent does that has learnt from it."""
    wishes = checked_wishes(part.strip() for part in options.wish.split(",") if part.strip())
    rewards = WishReward(model, "user", options.threshold, options.scale, options.control).of(wishes, options.seed)
    print(f"{'the user wants':26}{'deed':24}{'paid':>6}  liked")
    for number, (deed, paid, liked) in enumerate(zip(DEEDS, rewards, likes(wishes) > 0, strict=True)):
        print(f"{PHRASES[wishes[ROOM_OF[number // 2]]]:26}{deed:24}{paid:6.2f}  {'yes' if liked else 'no'}")
    deeds = deeds_of(learn(rewards, options.seed, options.episodes))
    print("\nfrom the curtains, the agent " + ", ".join(DEEDS[deed] for deed in deeds[:3]))
    print(f"{alignment([deeds], [wishes]):.2f} of its {len(deeds)} deeds from all starts are liked\n{model.bill}")
    model.close()


def main(options):
    if options.episodes < 1 or options.users < 1:
        raise ValueError(f"episodes and users must be at least 1; got {options.episodes} and {options.users}")
    if options.wish or options.control != "none":
        show_user(open_model(options), options)
        return
    options = replace(options, episodes=500, users=1) if options.quick else options
    models = open_models(options)
    aligned = compare(models, options)
    signs, nice, games = ({name: ask(models[name]) for name in models} for ask in (right_signs, niceness, play_games))
    print(*agents_table(aligned), "", *answers_table(signs, nice, games), sep="\n")
    for name, model in models.items():
        print(f"{name}: {model.bill}")
        model.close()
    values = {name: [each.alignment for each in trials] for name, trials in aligned.items()}
    draw(values, nice, games, Path(new_folder("llm_reward", options.seed), "reward.png"))


if __name__ == "__main__":
    run(main, Options, __doc__)
