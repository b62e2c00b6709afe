"""The Bellman equation as a recursive function (Day 2).

A game of coin flips, as states "state", "state_up", "state_down", "state_up_up" …: every step goes up or down.
Five steps decide: whoever is at least four up wins 1, anybody else loses 1. Trying to go up succeeds with
probability 0.9, and so does trying to go down.

    V(s) = R(s) + gamma * max over a of  sum over s' of P(s' | s, a) V(s')          (Bellman 1957)

No table is needed: V calls itself until the game is over.

    python DP/bellman_equation.py

prints 0.7880942034605892, 0.9068026334400001 and -0.96059601, within a second.
"""

from framework.cli import CommonOptions, run

LIMIT_GAME_COUNT = 5
HAPPY_END_BORDER = 4
MOVE_PROB = 0.9


def V(s, gamma=0.99):
    """The value of state ``s``, a string: its reward, and what the best action then leads to."""
    return R(s) + gamma * max_V_on_next_state(s, gamma)


def R(s):
    """The reward of state ``s``: 1 for a happy end, -1 for a bad one, 0 before the end."""
    if s == "happy_end":
        return 1
    if s == "bad_end":
        return -1
    return 0


def max_V_on_next_state(s, gamma=0.99):
    """The value of the best action in state ``s``: max over a of the sum over s' of P(s' | s, a) V(s')."""
    if s in ("happy_end", "bad_end"):
        return 0
    values = []
    for action in ("up", "down"):
        value = 0
        for next_state, prob in transit_func(s, action).items():
            value += prob * V(next_state, gamma)
        values.append(value)
    return max(values)


def transit_func(s, a):
    """P(s' | s, a) as a dictionary {next state: probability}; a state is its history, "state_up_down"."""
    actions = s.split("_")[1:]
    if len(actions) == LIMIT_GAME_COUNT:
        ups = actions.count("up")
        return {"happy_end" if ups >= HAPPY_END_BORDER else "bad_end": 1.0}
    opposite = "down" if a == "up" else "up"
    return {f"{s}_{a}": MOVE_PROB, f"{s}_{opposite}": 1 - MOVE_PROB}


def main(options):
    for state in ("state", "state_up_up", "state_down_down"):
        print(V(state))


if __name__ == "__main__":
    run(main, CommonOptions, __doc__)
