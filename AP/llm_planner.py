"""A language model as the planner, with learnt affordances: SayCan (Ahn et al. 2022), Day 7.

Read `SayCanPlanner` first.

"I spilled my tea." A language model knows that a sponge is of use. It does not know that the sponge is nowhere to be
found, nor that the door of the bathroom tends to be stuck. The robot has tried its skills, and knows just that. So a
skill is scored by both: is it likely to be said next, and is it likely to work here?

    score(skill) = log p(skill | prompt) - log p(skill | "N/A" prompt) + log Q(what is seen, skill)

The first two terms are the pmi of `AP.language`; the paper has no second one. The last is the affordance: how
probably the skill works, seen what is seen. It is learnt, by Q-learning from the robot's own tries: the reward is 1
where the skill worked, and each try is an episode of one step, so with gamma = 1 and a learning rate of 1 / n

    Q(seen, skill) ← Q(seen, skill) + (worked - Q(seen, skill)) / n(seen, skill)

is the share of tries that worked. The skill with the highest score is executed; if it worked it is appended to the
prompt, and all skills are scored again, until `done`.

    python AP/llm_planner.py                                       three models, from recorded answers: seconds
    python AP/llm_planner.py --instruction "I am hungry" --scene 1 another plan, told step by step
    python AP/llm_planner.py --score sum                           it, without pmi; --no-affordance, without Q
    python AP/llm_planner.py --live                                SmolLM2 on this machine (extra llm)

prints a plan as a table of scores, and how often the first step is right and a whole plan is, with and without each
term, and draws both. From the smallest model to the largest, first steps by log p alone are right in 0.16, 0.32 and
0.63 of the scenes, with affordances in 0.50, 0.56 and 0.91, and by pmi and affordances in 0.59, 0.67 and 0.82.

What is said, and the three wordings of prompts, were written before any model was asked (AP/house_items.py). Whether
a skill worked is told by the world, and what "seen" is made of was chosen by us.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from AP.house_items import OPTIONS, SAID, WORDINGS
from AP.language import RECORDED, LanguageOptions, compared, open_models
from framework.cli import run
from framework.runs.folder import new_folder
from worlds.house import (
    ASKED,
    INSTRUCTIONS,
    LIMIT,
    PAIRS,
    SITUATIONS,
    SKILLS,
    STEPS,
    house_step,
    right_skills,
    situations,
    start_houses,
    tell,
)

HOUSES = 27  # side by side, in which the robot tries


class Affordances:
    """How probably each skill works, seen what is seen: a table that is learnt from tries.

    Attributes:
        q: [27, S]; what was never tried may work or not, 0.5.
        n: tries, [27, S].
    """

    def __init__(self):
        self.q, self.n = np.full((len(SKILLS), SITUATIONS), 0.5), np.zeros((len(SKILLS), SITUATIONS), int)

    def of(self, state):
        """The probabilities [B, 27] that each skill works in states [B, 21]."""
        return self.q[np.arange(len(SKILLS)), situations(state)]

    def learn(self, skill, seen, worked):
        """Q-learning of an episode of one step."""
        self.n[skill, seen] += 1
        learning_rate = 1 / self.n[skill, seen]
        td_error = float(worked) - self.q[skill, seen]
        self.q[skill, seen] += learning_rate * td_error

    def practise(self, tries, seed):
        """Try as many skills as this makes for each: always one of those least tried so far in what is seen."""
        rng, rows = np.random.default_rng((seed, 1)), np.arange(HOUSES)
        state = start_houses(rng, rng.integers(len(SAID), size=HOUSES))
        for _ in range(tries * len(SKILLS) // HOUSES):
            seen = situations(state)
            skill = np.argmin(self.n[np.arange(len(SKILLS)), seen] + rng.random(seen.shape), axis=1)
            state, worked, over = house_step(state, skill)
            for one, where, success in zip(skill, seen[rows, skill], worked, strict=True):
                self.learn(one, where, success)
            ended = np.flatnonzero(over | (state[:, STEPS] >= LIMIT))
            state[ended] = start_houses(rng, rng.integers(len(SAID), size=len(ended)))
        return self


@dataclass(frozen=True)
class Scores:
    """What speaks for each skill, [27] each, logarithms.

    Attributes:
        sum, mean, pmi: of the language model, as in `AP.language`.
        language: the one of these that counts.
        affordance: log Q.
    """

    sum: np.ndarray
    mean: np.ndarray
    pmi: np.ndarray
    language: np.ndarray
    affordance: np.ndarray

    @property
    def total(self):
        """By which a skill is chosen, [27]."""
        return self.language + self.affordance

    def favourites(self, count):
        """The numbers of the skills that the language model likes best, the best first."""
        return np.argsort(-self.language, kind="stable")[:count]

    def best(self, count):
        """The same of skills by both."""
        return np.argsort(-self.total, kind="stable")[:count]


@dataclass(frozen=True)
class Step:
    """One step of a plan: the scores, the skill, whether it worked and is of use, what the robot did, the state."""

    scores: Scores
    skill: int
    worked: bool
    right: bool
    text: str
    state: np.ndarray


class SayCanPlanner:
    """Says what would be of use, and does what can be done.

    Args:
        model: a `LanguageModel`.
        affordances: `Affordances`; None: every skill is taken to work.
        way: "pmi", "sum" or "mean".
        wording: the number of a wording of the prompt.
    """

    def __init__(self, model, affordances, way="pmi", wording=0):
        self.model, self.affordances, self.way, self.wording = model, affordances, way, WORDINGS[wording]

    def say(self, said, steps):
        """{way: scores [27]} of all skills, after what the user says and the skills so far."""
        prior, _ = self.model.choose(self.wording.empty, OPTIONS)
        return compared(*self.model.choose(self.wording.prompt(said, steps), OPTIONS), prior)

    def can(self, state):
        """log Q [B, 27]; what never worked has minus infinity."""
        with np.errstate(divide="ignore"):
            return np.log(self.affordances.of(state)) if self.affordances else np.zeros((len(state), len(SKILLS)))

    def score(self, state, steps):
        """`Scores` of a state [1, 21] after so many skills."""
        said = self.say(SAID[state[0, ASKED]], steps)
        return Scores(**said, language=said[self.way], affordance=self.can(state)[0])

    def plan(self, state):
        """Generator of `Step`, from a state [1, 21]; the user stops what is of no use."""
        steps = []
        for _ in range(LIMIT):
            scores = self.score(state, steps)
            skill = int(scores.total.argmax())
            after, (worked,), (over,) = house_step(state, [skill])
            right = bool(right_skills(state)[0, skill])
            yield Step(scores, skill, bool(worked), right, tell(state[0], skill, after[0]), after)
            if over or (worked and not right):
                return
            if worked:
                steps.append(SKILLS[skill])
            state = after


def first_steps(model, wording):
    """{way: [12, 27]}: scores of all skills as the first step, for each of the things that the user says."""
    planner = SayCanPlanner(model, None, wording=wording)
    said = [planner.say(each, ()) for each in SAID]
    return {way: np.array([each[way] for each in said]) for way in said[0]}


def later_steps(model):
    """{way: [12, 7, 27]}: scores after each history that a right plan may have: none; then, for both things of the
    pair, found, picked up, brought."""
    planner, rows = SayCanPlanner(model, None), []
    for said, pair in INSTRUCTIONS.items():
        plans = [(f"find the {thing}", f"pick up the {thing}", "bring it") for thing in PAIRS[pair]]
        rows.append([planner.say(said, ()), *(planner.say(said, plan[:n]) for plan in plans for n in (1, 2, 3))])
    return {way: np.array([[each[way] for each in row] for row in rows]) for way in rows[0][0]}


def ask_all(model):
    """Ask everything that this page can ask."""
    for number in range(len(WORDINGS)):
        first_steps(model, number)
    later_steps(model)


@dataclass(frozen=True)
class Options(LanguageOptions):
    """Of which plan is told, and of how much is measured."""

    instruction: str = "I am cold"
    """What the user says, for the plan that is told."""
    scene: int = 3
    """Which scene the plan is for; in this one what comes to mind first is nowhere."""
    score: Literal["pmi", "sum", "mean"] = "pmi"
    """How the language model is read, for the plan that is told."""
    no_affordance: bool = False
    """Take every skill to work, for the plan that is told."""
    tries: int = 200
    """How often the robot tries each skill, in the mean."""
    scenes: int = 400
    """For each of the things that the user says."""


def main(options):
    from AP.llm_planner_trials import draw, measure, table, tell_plan  # here, for it uses this page

    if options.instruction not in SAID:
        raise ValueError(f"the user says one of: {', '.join(SAID)}; got {options.instruction}")
    if options.scene < 0 or min(options.tries, options.scenes) < 1:
        raise ValueError("tries and scenes are 1 or more, and scene is 0 or more")
    affordances = Affordances().practise(options.tries, options.seed)
    models = open_models(options)
    asked = list(models.values())[-1] if options.live or options.server else models[RECORDED[options.model]]
    planner = SayCanPlanner(asked, None if options.no_affordance else affordances, options.score)
    state = start_houses(np.random.default_rng((options.seed, 4, options.scene)), [SAID.index(options.instruction)])
    plan = list(planner.plan(state))
    print(*tell_plan(options.instruction, plan), sep="\n")
    scenes, results = min(options.scenes, 40) if options.quick else options.scenes, {}
    for name, model in models.items():
        results[name] = measure(model, affordances, scenes, options.seed)
        print(f"{name}: {model.bill}", flush=True)
        model.close()
    print(*table(results), sep="\n")
    draw(results, state, plan, Path(new_folder("llm_planner", options.seed), "planner.png"))


if __name__ == "__main__":
    run(main, Options, __doc__)
