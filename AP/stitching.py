"""What supervised learning cannot do: put two episodes together, and tell skill from luck (Day 7).

**Stitching.** A maze with two kinds of episodes. A starts in the room below and walks at random; it comes by M,
and never goes right there. B starts elsewhere, comes by M, and goes on to the treasure. Nobody ever went from A's
start to the treasure, and yet all that is needed is in the data: A's way to M, then B's. Q-learning finds it, since
its target is the value of the *next state*, whoever left from there:

    Q(s, a) ← Q(s, a) + learning rate × (r + gamma × max over a' of Q(s', a') - Q(s, a))

To RvS and to the Decision Transformer a step is worth what *its own episode* got after it: all of A's are worth 0.
Asked for the treasure from A's start, they are asked what nobody ever was, and walk at random (Brandfonbrener et al.
2022, "When does return-conditioned supervised learning work for offline reinforcement learning?").

**Luck.** One arm always pays 5; another pays 10 in one pull of ten, else nothing. Whoever got 10 had pulled the
second. So the exact answer to "how do I get 10?" is: pull the second. It pays 1 on average (Paster et al. 2022, "You
can't count on luck").

    python AP/stitching.py      half a minute

On five seeds Q-learning always finds the treasure, the exact conditional in 10 to 15% of the walks, both networks in
less than 1%: they go as those went who found it, right and down, which leads nowhere. Asked for 10, one gets 1.
"""

from dataclasses import dataclass
from pathlib import Path

import gymnasium as gym
import numpy as np

from AP import decision_transformer, rvs
from AP.catcher_data import Episodes
from AP.decision_transformer import DecisionTransformer
from EL.q_learning import QLearningAgent
from environment import GridWorld
from framework.cli import CommonOptions, run

ROWS = (  # S where A starts, T the treasure, B a block; B starts in the top left, and M is two cells below it
    ".BBB",
    ".BBB",
    "...T",
    ".BBB",
    "....",
    "....",
    "...S",
)
ELSEWHERE, M, RIGHT, DOWN = 0, 8, 1, 2  # cells, numbered row by row; actions
LIMIT = 30  # steps of a walk; the shortest way from S has 10
WALKS_A, WALKS_B = 300, 100
ARMS = ((5.0, 1.0), (10.0, 0.1))  # what each arm pays, and how probably


def the_maze():
    """The maze: nothing slips, and only the treasure pays, 1."""
    return GridWorld.from_link(f"maze={'/'.join(ROWS)}&prob=1&step_reward=0")


def one_hot(state, count):
    """States [...] as observations [..., S]."""
    return np.eye(count, dtype=np.float32)[state]


def walk(world, start, policy):
    """One episode: [(state, action, reward, next_state, terminated), …] of at most `LIMIT` steps."""
    state, steps, terminated = start, [], False
    while not terminated and len(steps) < LIMIT:
        action = policy(state)
        ((_, next_state, reward, terminated),) = world.P[state][action]
        steps.append((state, action, reward, next_state, terminated))
        state = next_state
    return steps


def two_kinds(world, seed):
    """All walks, of A and of B, mixed."""
    rng = np.random.default_rng((seed, 73))

    def of_a(state):
        """At random; but at M never to the right."""
        return int(rng.choice([0, 2, 3] if state == M else 4))

    walks = [walk(world, world.start_state, of_a) for _ in range(WALKS_A)]
    walks += [walk(world, ELSEWHERE, lambda state: RIGHT if state >= M else DOWN) for _ in range(WALKS_B)]
    return [walks[i] for i in rng.permutation(len(walks))]


def episodes_of(walks, count):
    """`AP.catcher_data.Episodes` of walks; an observation is the state, one of S bits."""
    state, action, reward, _, _ = (np.array(part) for part in zip(*(s for w in walks for s in w), strict=True))
    start, ended = np.cumsum([0, *map(len, walks)]), np.array([w[-1][-1] for w in walks])
    return Episodes(one_hot(state, count), action, np.float32(reward), start, ended, np.float32(ended))


class Recorded(gym.Env):
    """A world that plays recorded walks, one after the other, whatever one would like to do."""

    def __init__(self, world, walks):
        self.observation_space, self.action_space = world.observation_space, world.action_space
        self.walks, self.walk, self.at = walks, -1, 0

    @property
    def now(self):
        """The next step: (state, action, reward, next_state, terminated)."""
        return self.walks[self.walk][self.at]

    def reset(self, *, seed=None, options=None):
        self.walk, self.at = (self.walk + 1) % len(self.walks), 0
        return self.now[0], {}

    def step(self, action):
        _, taken, reward, next_state, terminated = self.now
        if action != taken:
            raise ValueError(f"action {action} is not what was recorded, {taken}")
        self.at += 1
        return next_state, reward, terminated, self.at == len(self.walks[self.walk]), {}


class OfflineQLearning(QLearningAgent):
    """Day 3's Q-learning, word for word; only the actions are those that were recorded."""

    def __init__(self, recorded, **settings):
        super().__init__(recorded, **settings)
        self.recorded = recorded

    def policy(self, state):
        return self.recorded.now[1]


def learn_q(world, walks, passes=10):
    """Q [S, A] after so many passes through all walks."""
    recorded = Recorded(world, walks)
    agent = OfflineQLearning(recorded, gamma=0.95, learning_rate=0.5)
    for _ in agent.learn(recorded, passes * len(walks)):
        pass
    return np.array(agent.q)


def exact_conditional(walks, count, asked):
    """P(a | s, return to go = asked) [S, 4], counted in the data; where nobody ever got that, P(a | s)."""
    wanted, all_ = np.zeros((count, 4)), np.full((count, 4), 1e-9)
    for steps in walks:
        to_go = sum(step[2] for step in steps)
        for state, action, reward, *_ in steps:
            all_[state, action] += 1
            wanted[state, action] += to_go == asked
            to_go -= reward
    counts = np.where(wanted.sum(axis=1, keepdims=True) > 0, wanted, all_)
    return counts / counts.sum(axis=1, keepdims=True)


def success(world, policy):
    """The probability, exact, to reach the treasure from A's start within `LIMIT` steps by a policy [S, 4]."""
    at, reached = np.eye(world.num_states)[world.start_state], 0.0
    for _ in range(LIMIT):
        following = np.zeros_like(at)
        for state in np.flatnonzero(at):
            for action in range(4):
                ((_, next_state, _, terminated),) = world.P[state][action]
                reached += terminated * at[state] * policy[state, action]
                following[next_state] += (not terminated) * at[state] * policy[state, action]
        at = following
    return float(reached)


def success_of_player(world, player, walks):
    """The same of a player with a memory (see `AP.asking`), over so many walks."""
    state, reached = np.full(walks, world.start_state), np.zeros(walks, bool)
    for _ in range(LIMIT):
        action = player(one_hot(state, world.num_states))
        outcomes = [world.P[s][a][0] for s, a in zip(state.tolist(), action.tolist(), strict=True)]
        reward, ended = (np.array([outcome[i] for outcome in outcomes]) for i in (2, 3))
        reached |= ended & (reward > 0)
        player.pay(reward)
        state = np.where(reached, state, [outcome[1] for outcome in outcomes])
    return float(reached.mean())


def pulls(count, seed):
    """`Episodes` of one step: each arm pulled ``count`` times, in random order; there is nothing to see."""
    rng = np.random.default_rng((seed, 74))
    action = rng.permutation(np.repeat(np.arange(len(ARMS)), count))
    pays, probably = np.transpose(ARMS)
    reward = np.float32(pays[action] * (rng.random(len(action)) < probably[action]))
    ones = np.ones(len(action), np.float32)
    return Episodes(ones[:, None], action, reward, np.arange(len(action) + 1), ones > 0, ones)


def given_return(asked):
    """P(arm | return = asked) [A], exact, where both are pulled equally often: Bayes' rule."""
    likelihood = np.array([prob * (pays == asked) + (1 - prob) * (asked == 0) for pays, prob in ARMS])
    return likelihood / likelihood.sum()


WORTH = np.array([pays * prob for pays, prob in ARMS])  # of each arm, on average


def stitch(seed, folder, quick=False):
    """{player: how often it reaches the treasure from A's start}."""
    world = the_maze()
    walks, count = two_kinds(world, seed), world.num_states
    data = episodes_of(walks, count)
    greedy = np.eye(4)[learn_q(world, walks).argmax(axis=1)]
    found = {"Q-learning": success(world, greedy)}
    found["exact conditional"] = success(world, exact_conditional(walks, count, 1.0))
    sizes = {"seed": seed, "limit": LIMIT, "max_return": 1.0}
    home = (folder / "rvs").as_posix()
    agent = rvs.trained(rvs.Config(condition="total", steps=20, run_folder=home, **sizes), data)
    features = np.column_stack([np.eye(count), np.ones(count)])
    found["RvS"] = success(world, agent.probs(features))
    home, steps = (folder / "transformer").as_posix(), 2 if quick else 16
    brief = {"window": 10, "width": 32, "steps": steps, "eval_every": steps, "warmup_steps": 50}
    config = decision_transformer.Config(hide_speed=False, run_folder=home, **brief, **sizes)
    agent = rvs.trained(config, data, DecisionTransformer, decision_transformer.train)
    player = agent.player(np.ones(1_000), np.random.default_rng(seed))
    found["Decision Transformer"] = success_of_player(world, player, 1_000)
    return found


def lucky(seed, folder):
    """{asked: (exact, network)}: what is got on average, by the exact conditional and by RvS's network."""
    data = pulls(2_000, seed)
    home = (folder / "arms").as_posix()
    config = rvs.Config(condition="total", seed=seed, limit=1, max_return=10.0, steps=20, run_folder=home)
    agent = rvs.trained(config, data)
    asked = np.array([0.0, 5.0, 10.0])
    probs = agent.probs(np.column_stack([np.ones(3), asked / config.max_return]))
    return {
        value: (float(given_return(value) @ WORTH), float(p @ WORTH)) for value, p in zip(asked, probs, strict=True)
    }


@dataclass(frozen=True)
class Options(CommonOptions):
    folder: str = ""
    """Where the networks go; by default runs/stitching/seedSEED. What is finished there stays."""


def main(options):
    folder = Path(options.folder or f"runs/stitching/seed{options.seed}{'-quick' * options.quick}")
    found, luck = stitch(options.seed, folder, options.quick), lucky(options.seed, folder)
    print(f"\nfrom A's start to the treasure within {LIMIT} steps:")
    for name, share in found.items():
        print(f"{name:>22} {share:7.1%}")
    print("\ntwo arms, 5 always or 10 in one pull of ten; got on average:")
    print(f"{'asked':>22} exact  network")
    for asked, (exact, network) in luck.items():
        print(f"{asked:22.0f} {exact:5.2f} {network:8.2f}")


if __name__ == "__main__":
    run(main, Options, __doc__)
