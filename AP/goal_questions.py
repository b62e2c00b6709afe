"""Does a goal make sense now? What AP/llm_explore.py asks, and how good the answers are (Day 7).

All of it was written before anything was asked. A question names what the player has, and one thing that it sees, as
the goal does: "You have an axe and a bucket. Milk the cow now?" There are 5 inventories × 49 goals, and each goal
once more with an inventory without content, its prior. Two other `WORDINGS` are asked a sample, `SAMPLE`.
"""

import numpy as np

from worlds.crafting import ACHIEVEMENTS, LEVELS, NEEDED, ONCE, OWNED, PAIRS, inventory

WORDINGS = {  # {name: (what comes first, "You have", what is asked of a goal)}
    "now?": ("What makes sense?", "You have {}.", "{} now?"),
    "should I?": ("A traveller asks for advice.", "I have {}.", "Should I {}?"),
    "sensible?": ("Which goals are sensible?", "Inventory: {}", "Goal: {}. Sensible?"),
}
SHOTS = (  # an inventory, and two goals with their answers; as many yes as no, and no verb or thing of the world
    ("a needle", (("sew the shirt", "Yes"), ("eat the shirt", "No"))),
    ("nothing", (("taste the apple", "Yes"), ("sew the shirt", "No"))),
)


def prompt(goal, owned, wording="now?"):
    """The question whether a goal makes sense with what is owned, in words, "N/A" for nothing that is known."""
    first, have, ask = WORDINGS[wording]

    def asked(goal):
        text = ask.format(goal)
        return text[0].upper() + text[1:]

    shots = (
        f"{have.format(things)}\n\n" + "\n".join(f"{asked(goal)} {answer}" for goal, answer in answers)
        for things, answers in SHOTS
    )
    return "\n\n".join([first, *shots, have.format(owned), asked(goal)])


def scores_of(model):
    """log p(" Yes") - log p(" No") of each goal with each inventory, [5, 49], and its prior, [49]."""
    scores = [[model.yes_no(prompt(goal, inventory(level))) for goal in PAIRS] for level in range(LEVELS)]
    return np.array(scores), np.array([model.yes_no(prompt(goal, "N/A")) for goal in PAIRS])


def can_be_achieved():
    """Whether a goal can be achieved with an inventory, once its thing is in reach, [5, 49].

    What one has tells what was achieved before; `OWNED` is in that order.
    """
    chain = list(OWNED)
    can = np.zeros((LEVELS, len(PAIRS)), bool)
    for name, once in zip(ACHIEVEMENTS, ONCE, strict=True):
        least = chain.index(NEEDED[name]) + 1 if NEEDED[name] else 0
        most = chain.index(name) if once and name in chain else LEVELS - 1
        can[least : most + 1, PAIRS.index(name)] = True
    return can


def sample():
    """(level, goal) [30]: of each achievement where it can first be had, and one level before; and 16 others."""
    can, rng = can_be_achieved(), np.random.default_rng(11)
    rows = []
    for name in ACHIEVEMENTS:
        first = int(can[:, PAIRS.index(name)].argmax())
        rows += [(level, name) for level in (first, first - 1) if level >= 0]
    absurd = [pair for pair in PAIRS if pair not in NEEDED]
    goals = rng.choice(len(absurd), 16, replace=False)
    levels = rng.integers(LEVELS, size=16).tolist()
    return rows + [(level, absurd[goal]) for level, goal in zip(levels, goals, strict=True)]


SAMPLE = tuple(sample())


def scores_of_sample(model, wording):
    """log p(" Yes") - log p(" No") of `SAMPLE`, and their priors, both [30], in another wording."""
    scores = [model.yes_no(prompt(goal, inventory(level), wording)) for level, goal in SAMPLE]
    return np.array(scores), np.array([model.yes_no(prompt(goal, "N/A", wording)) for _, goal in SAMPLE])


def quality(suggested, in_sight):
    """How good suggestions are: the share of them that can be achieved, and the share of what can be achieved, of
    the goals in sight, that is suggested; over all texts alike.

    Args:
        suggested: [5, 7, 7, 49] bool, goals by inventory and by the two things in sight.
        in_sight: [7, 7, 49] bool.
    """
    two = ~np.eye(len(in_sight), dtype=bool)  # nobody sees one thing twice
    suggested = suggested[:, two]
    able = can_be_achieved()[:, None] & in_sight[two]
    right = (suggested & able).sum()
    return float(right / suggested.sum()), float(right / able.sum())


def ask_all(model):
    """Ask everything that AP/llm_explore.py can ask: some 400 questions."""
    scores_of(model)
    for wording in WORDINGS:
        scores_of_sample(model, wording)
