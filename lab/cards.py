"""Fourteen cards "predict, then press": a maze, a question, and a truth that most people guess wrong.

No answer is written down here. The planners of Day 2 or the learners of Days 3 and 6 work it out in the maze of
the card's own link, the one that "try it" opens; so a card is right as long as they are. What the cards say is in
static/cards/strings.js.

Each card is a generator that finds its truth. It yields now and then, so that the server can compute it in slices,
and returns (truth, shown): the answer, and a dict of the numbers that explain it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from DP.planner import PLANNERS
from DP.undiscounted import steps_to_end
from environment import ORDINARY, GridWorld
from framework.tabular.world import TableWorld, policy_values
from lab.learners import SETTINGS, make_agent

RIGHT, LEFT = 1, 3  # actions
SEEDS = range(1, 6)  # of the learners whose mean or majority is a truth

LEFT_GAP = "........T/........./........./.BBBBBBBB/........./...S....."  # Sutton & Barto 2018, figure 8.5
BOTH_GAPS = "........T/........./........./.BBBBBBB./........./...S....."
BOOK = "...T/.B.D/S..."
BRIDGE = "......./.BDDDB./S.....T/.BDDDB./......."
CLIFF = "............/............/............/SDDDDDDDDDDT"
DYNA_MAZE = ".......BT/..B....B./S.B....B./..B....../.....B.../........."  # the same, figure 8.2
CORRIDOR = "S...........T/BBBBBBBBBBBBB"
LONG_CORRIDOR = "S..................T/BBBBBBBBBBBBBBBBBBBB"
ROOMS = (
    ".....B...../.....B...T./.........../.....B...../.....B...../B.BBBB...../"
    ".....BBB.BB/.....B...../.....B...../.........../S....B....."
)
TRAPPED = "......./..BBB../..BTB../..BBB../......./S......"
TWO_TREASURES = "T...S........T/BBBBBBBBBBBBBB&rewards=1.1:0.3"  # the near one, at row 1, column 1, pays only 0.3
ZIGZAG = "S........../BBBBBBBBBB./.........../.BBBBBBBBBB/..........T"


@dataclass(frozen=True)
class Card:
    """A question about a maze.

    Attributes:
        page: where "try it" opens the maze, "plan" or "learn".
        link: the maze and its settings, as the simulator's links hold them.
        find: function of the link: a generator that returns (truth, shown).
        choices: the names of the answers to choose from; none if the answer is a number from ``low`` to ``high``.
        tolerance: by how much a number may miss the truth and still be right.
        asks: the setting that the number is a value of, if it is one; the page then shows not the value of the link.
    """

    name: str
    page: str
    link: str
    find: Callable
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 1
    step: float = 0.01
    tolerance: float = 0
    asks: str | None = None

    @property
    def kind(self):
        return "choice" if self.choices else "number"

    def truth(self):
        """Generator of None that returns (truth, shown): a choice or a number, and the numbers that explain it.

        All who ask, in any thread, move the same search on, so that a class that asks together computes it once.
        """
        while True:
            with LOCK:
                if self.name not in FOUND:
                    try:
                        next(SEARCHES.setdefault(self.name, self.find(self.link)))
                    except StopIteration as end:
                        FOUND[self.name] = end.value
                if self.name in FOUND:
                    return FOUND[self.name]
            yield

    def is_right(self, answer, truth):
        return answer == truth if self.choices else abs(answer - truth) <= self.tolerance + 1e-9

    def described(self):
        """What a page needs to know of the card, a dict."""
        names = ("choices",) if self.choices else ("low", "high", "step", "asks")
        return {name: getattr(self, name) for name in ("name", "page", "link", "kind", *names)}


CARDS = {}  # {name: Card}, in the order in which the page lists them
SEARCHES = {}  # {name: generator} that finds the truth of a card
FOUND = {}  # {name: (truth, shown)}, which never change
LOCK = threading.Lock()  # around the searches


def card(page, link, **answers):
    """Decorator that makes the `Card` of a function that finds a truth; for the arguments see there."""

    def add(find):
        CARDS[find.__name__] = Card(find.__name__, page, link, find, **answers)
        return find

    return add


def catalogue():
    """What a page needs to know of the cards, a list of dicts."""
    return [card.described() for card in CARDS.values()]


# ------------------------------------------------------------------------------------------
# Links
# ------------------------------------------------------------------------------------------


def fields_of(link):
    """{name: text} of the fields of a link."""
    return dict(field.split("=", 1) for field in link.split("&"))


def changed(link, **fields):
    """The link with other values in some of its fields."""
    return "&".join(f"{name}={value}" for name, value in {**fields_of(link), **fields}.items())


def settings_of(link):
    """{name: number} of all `SETTINGS`: those of the link, else their defaults."""
    fields = fields_of(link)
    kinds = {name: int if setting.whole else float for name, setting in SETTINGS.items()}
    return {name: kind(fields.get(name, SETTINGS[name].default)) for name, kind in kinds.items()}


# ------------------------------------------------------------------------------------------
# Day 2: what a planner finds
# ------------------------------------------------------------------------------------------


def planned(link, plan="value", threshold=1e-6):
    """The planner of a link's maze when it has planned, and its list of `Sweep`."""
    planner = PLANNERS[plan](GridWorld.from_link(link), compile=True)
    return planner, list(planner.sweeps(settings_of(link)["gamma"], threshold))


def goes_right(link):
    """Whether the best policy begins with a step to the right."""
    planner, _ = planned(link)
    return planner.policy[planner.env.start_state] == RIGHT


def falls(link):
    """With which probability the best policy ends in danger and not in treasure, a whole number of percent."""
    planner, _ = planned(link)
    # With no other reward and no discount, a policy's value is its probability of treasure less that of danger.
    only_ends = GridWorld.from_link(changed(link, step_reward=0))
    value = policy_values(only_ends, np.eye(4)[planner.policy], gamma=1)[only_ends.start_state]
    return round(50 * (1 - value))


def never_ends(link):
    """Whether the best policy stays away from every end for ever."""
    planner, _ = planned(link, threshold=1e-8)
    steps = steps_to_end(planner.model, allowed=np.eye(4, dtype=bool)[planner.policy])
    return np.isinf(steps[planner.env.start_state])


def turning_point(low, high, is_past):
    """Generator that returns the number between two at which ``is_past(number)`` turns from False to True."""
    while high - low > 1e-4:
        yield
        middle = (low + high) / 2
        if is_past(middle):
            high = middle
        else:
            low = middle
    return round(high, 3)


@card("plan", f"maze={BRIDGE}&prob=0.8&gamma=0.95", low=0.5, tolerance=0.05, asks="prob")
def bridge(link):
    """From which move probability on the short way, a bridge between dangers, beats the long one."""
    prob = yield from turning_point(0.5, 1, lambda prob: goes_right(changed(link, prob=prob)))
    return prob, {
        "across": falls(changed(link, prob=prob + 0.002)),
        "around": falls(changed(link, prob=prob - 0.002)),
    }


@card("plan", f"maze={TWO_TREASURES}&prob=1&step_reward=0&gamma=0.9", tolerance=0.05, asks="gamma")
def discount(link):
    """From which discount on a far, large treasure beats a near, small one."""
    gamma = yield from turning_point(0, 0.99, lambda gamma: goes_right(changed(link, gamma=gamma)))
    env, shown = GridWorld.from_link(link), {"gamma": settings_of(link)["gamma"]}
    for name, action in {"near": LEFT, "far": RIGHT}.items():
        always = np.eye(4)[[action] * env.num_states]
        shown[name] = round(float(policy_values(env, always, shown["gamma"])[env.start_state]), 3)
    return gamma, shown


@card("plan", f"maze={LONG_CORRIDOR}&plan=value&prob=1&step_reward=0&gamma=0.9", choices=("two", "half", "same"))
def order(link):
    """How many sweeps value iteration in place needs, beside synchronous, if news travels against its order."""
    mirrored = changed(link, maze="/".join(row[::-1] for row in fields_of(link)["maze"].split("/")))
    sweeps = {}
    for name, asked, plan in (
        ("synchronous", link, "value-sync"),
        ("in_place", link, "value"),
        ("mirrored", mirrored, "value"),
    ):
        sweeps[name] = len(planned(asked, plan)[1])
        yield
    if sweeps["in_place"] <= 2:
        return "two", sweeps
    return "same" if sweeps["in_place"] > 0.75 * sweeps["synchronous"] else "half", sweeps


@card("plan", f"maze={BOOK}&step_reward=-2&gamma=0.9", choices=("treasure", "danger", "neither"))
def danger(link):
    """Where the best policy heads for if every step costs 2."""
    yield
    if never_ends(link):
        return "neither", {"danger": 0, "treasure": 0}
    shown = {"danger": falls(link), "treasure": 100 - falls(link)}
    return max(shown, key=shown.get), shown


@card("plan", f"maze={BOOK}&step_reward=0.02&gamma=0.99", high=0.1, step=0.005, tolerance=0.005, asks="step_reward")
def bonus(link):
    """From which step reward on, above 0, the best policy never ends the episode."""
    reward = yield from turning_point(0, 0.1, lambda reward: never_ends(changed(link, step_reward=reward)))
    gamma = settings_of(link)["gamma"]
    return reward, {"gamma": gamma, "forever": round(reward / (1 - gamma), 1)}


@card("plan", f"maze={ROOMS}&plan=policy&gamma=0.95", low=1, high=100, step=1, tolerance=3)
def improvements(link):
    """How often policy iteration improves its policy, of so many that there are."""
    planner, sweeps = planned(link, "policy", threshold=1e-4)
    yield
    cells = int((planner.env.grid == ORDINARY).sum())
    improved = sum(sweep.phase == "improve" for sweep in sweeps)
    return improved, {"cells": cells, "digits": len(str(4**cells)), "sweeps": len(sweeps)}


@card("plan", f"maze={TRAPPED}&step_reward=-0.04&gamma=0.9", low=-2, high=1, step=0.05, tolerance=0.05)
def trapped(link):
    """What the start is worth if the treasure cannot be reached."""
    planner, _ = planned(link)
    yield
    env = planner.env
    shown = {"step_reward": env.step_reward, "gamma": settings_of(link)["gamma"]}
    return round(float(planner.V[env.start_state]), 3), shown


# ------------------------------------------------------------------------------------------
# Day 3: what learners do
# ------------------------------------------------------------------------------------------


def learner(link, name, seed, **settings):
    """An agent and its world, as a lesson of that link has them; ``settings`` replace those of the link."""
    world = TableWorld(GridWorld.from_link(link))
    world.reset(seed=seed)
    settings = {**settings_of(link), **settings}
    return make_agent(name, world, seed, settings), world


def larger(numbers, one, other, margin):
    """Which of two names has the larger number; "same" where they differ by no more than ``margin``."""
    if abs(numbers[one] - numbers[other]) <= margin:
        return "same"
    return max(one, other, key=numbers.get)


def until_treasure(agent, world):
    """Generator: the agent plays until an episode is not cut off. The only end in its maze is the treasure."""
    for episode in agent.learn(world, 100):
        yield
        if not episode.truncated:
            return


def greedy_steps(agent, world):
    """How many steps the greedy policy takes to an end, 100 at most, in a world without slips."""
    state, _ = world.reset()
    steps, terminated = 0, False
    while not terminated and steps < 100:
        state, _, terminated, _, _ = world.step(int(np.argmax(agent.q[state])))
        steps += 1
    return steps


@card(
    "learn",
    f"maze={CLIFF}&mode=learn&prob=1&step_reward=-0.01&gamma=0.99&learner=sarsa&learner2=q_learning&epsilon=0.1",
    choices=("sarsa", "q_learning", "same"),
)
def cliff(link):
    """Whether SARSA or Q-learning gets more reward while both learn and explore."""
    rewards, paths = {"sarsa": [], "q_learning": []}, {"sarsa": [], "q_learning": []}
    for seed in SEEDS:
        for name in rewards:
            agent, world = learner(link, name, seed)
            for episode in agent.learn(world, 500):
                rewards[name].append(episode.reward)
                yield
            paths[name].append(greedy_steps(agent, world))
    shown = {name: round(fmean(of_name), 2) for name, of_name in rewards.items()}
    return larger(shown, *rewards, margin=0.05), shown | {f"{name}_path": median(paths[name]) for name in paths}


@card(
    "learn",
    f"maze={TWO_TREASURES}&mode=learn&prob=1&gamma=0.99&learner=q_learning&epsilon=0&initial_value=1",
    choices=("exploring", "optimistic", "both", "neither"),
)
def optimism(link):
    """Who finds the far, large treasure: who explores, or who believes that all is good until it is tried."""
    found = {}
    for name, settings in {"exploring": {"epsilon": 0.1, "initial_value": 0}, "optimistic": {}}.items():
        found[name] = 0
        for seed in SEEDS:
            agent, world = learner(link, "q_learning", seed, **settings)
            for _ in agent.learn(world, 500):
                yield
            found[name] += int(np.argmax(agent.q[world.unwrapped.start_state]) == RIGHT)
    winners = [name for name, runs in found.items() if runs > len(SEEDS) / 2]
    truth = {0: "neither", 1: winners[0] if winners else None, 2: "both"}[len(winners)]
    return truth, found | {"runs": len(SEEDS)}


@card(
    "learn",
    f"maze={ZIGZAG}&mode=learn&prob=0.9&gamma=0.98&learner=monte_carlo&learner2=q_learning",
    choices=("monte_carlo", "q_learning", "same"),
)
def patience(link):
    """Whether Monte Carlo or Q-learning meets the treasure at the end of a long maze more often."""
    treasures = {}
    for name in ("monte_carlo", "q_learning"):
        counts = []
        for seed in SEEDS:
            agent, world = learner(link, name, seed)
            steps = count = 0
            while steps < 20_000:
                (episode,) = agent.learn(world, 1)
                steps += episode.length
                count += not episode.truncated
                yield
            counts.append(count)
        treasures[name] = round(fmean(counts))
    return larger(treasures, *treasures, margin=10), treasures | {"limit": world.limit}


@card(
    "learn",
    f"maze={CORRIDOR}&mode=learn&prob=1&step_reward=0&gamma=0.9&learner=td_lambda&lambda_=0",
    high=12,
    step=1,
)
def traces(link):
    """In how many cells something has been learnt when the first treasure has been found, without traces."""

    def cells_learnt(agent):
        return sum(max(row) > 0 for row in agent.q)

    cells, episodes, traced = [], [], []
    for seed in SEEDS:
        agent, world = learner(link, "td_lambda", seed, lambda_=0.9)
        yield from until_treasure(agent, world)
        traced.append(cells_learnt(agent))
        agent, world = learner(link, "td_lambda", seed)
        yield from until_treasure(agent, world)
        cells.append(cells_learnt(agent))
        episodes.append(1)
        while not max(agent.q[world.unwrapped.start_state]):
            yield from until_treasure(agent, world)
            episodes[-1] += 1
    return median(cells), {"traced": median(traced), "episodes": median(episodes)}


@card(
    "learn",
    f"maze={BOOK}&mode=learn&prob=0.5&step_reward=-0.02&gamma=0.95&learner=q_learning"
    "&learner2=double_q_learning&epsilon=0.3&learning_rate=0.5",
    choices=("higher", "same", "lower"),
)
def double(link):
    """On which side of the truth Double Q-learning errs where the ground is slippery and the rate constant."""
    planner, _ = planned(link)
    start = planner.env.start_state
    shown = {"optimum": round(float(planner.V[start]), 2)}
    for name in ("q_learning", "double_q_learning"):
        values = []
        for seed in SEEDS[:3]:
            agent, world = learner(link, name, seed)
            for episode in agent.learn(world, 1500):
                if episode.number > 500:  # before that it has still much to learn
                    values.append(max(agent.q[start]))
                if episode.number % 5 == 0:
                    yield
        shown[name] = round(fmean(values), 2)
    sides = {"higher": shown["double_q_learning"], "lower": shown["optimum"]}
    return larger(sides, "higher", "lower", margin=0.02), shown


# ------------------------------------------------------------------------------------------
# Day 6: what learners do that have a model
# ------------------------------------------------------------------------------------------


@card(
    "learn",
    f"maze={DYNA_MAZE}&mode=learn&prob=1&step_reward=0&gamma=0.95&learner=dyna&learner2=q_learning&planning_steps=50",
    low=1,
    high=40,
    step=1,
    tolerance=1,
)
def imagination(link):
    """After how many episodes the greedy way is at most 1.2 times the shortest, with 50 imagined updates a step."""
    planner, _ = planned(link)
    steps = steps_to_end(planner.model, allowed=np.eye(4, dtype=bool)[planner.policy])
    shortest = int(steps[planner.env.start_state])
    episodes = {}
    for name, planning_steps in {"fifty": 50, "five": 5, "none": 0}.items():
        counts = []
        for seed in SEEDS:
            agent, world = learner(link, "dyna", seed, planning_steps=planning_steps)
            count = 0
            while greedy_steps(agent, world) > 1.2 * shortest:
                for number, _ in enumerate(agent.steps(world)):
                    if number % 50 == 0:  # a long episode would keep others waiting
                        yield
                count += 1
            counts.append(count)
        episodes[name] = median(counts)
    return episodes.pop("fifty"), episodes | {"shortest": shortest}


@card(
    "learn",
    f"maze={LEFT_GAP}&mode=learn&prob=1&step_reward=0&gamma=0.95&learner=dyna&learner2=dyna_plus&planning_steps=10",
    choices=("dyna", "dyna_plus", "both", "neither"),
)
def shortcut(link):
    """Who takes a shortcut that opens after 3000 steps: more treasures in 3000 more than the old way can give."""
    opened = GridWorld.from_link(changed(link, maze=BOTH_GAPS))
    most = 3000 // 16  # steps of the old way
    treasures = {"dyna": [], "dyna_plus": []}
    for seed in SEEDS:
        for name in treasures:
            agent, world = learner(link, name, seed)
            taken = found = 0
            while taken < 6000:
                for step in agent.steps(world):
                    taken += 1
                    found += 3000 < taken <= 6000 and step.reward > 0
                    if taken == 3000:
                        world.change(opened)
                yield
            treasures[name].append(found)
    shown = {name: median(of_name) for name, of_name in treasures.items()}
    taken_by = [name for name, count in shown.items() if count > most]
    truth = {0: "neither", 1: taken_by[0] if taken_by else None, 2: "both"}[len(taken_by)]
    return truth, shown | {"most": most}
